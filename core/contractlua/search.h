/* Finding bytes in bytes, in a time that grows with their sizes alone. */
#ifndef VMH_CONTRACTLUA_SEARCH_H
#define VMH_CONTRACTLUA_SEARCH_H

#include "base/bytes.h"

/* Where `needle` begins in `text` first; SIZE_MAX: nowhere. */
size_t vmh_lua_search(vmh_bytes text, vmh_bytes needle);

#endif
