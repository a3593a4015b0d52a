/*
 * The two backends behind ports/store.h. Each opens into a vmh_store that the
 * state storage takes over.
 */
#ifndef VMH_STATE_STORE_BACKENDS_H
#define VMH_STATE_STORE_BACKENDS_H

#include "ports/store.h"

/* In memory; gone when closed. */
vmh_status vmh_store_memory_open(vmh_store **out, vmh_failure *why);

/*
 * LevelDB in the folder `path`, made when absent and `create` is set. Records
 * are verified by checksum when read; a log that is damaged is refused, not cut.
 *
 * Fails with VMH_E_STORE_LOCKED (another process has it open), VMH_E_NOT_FOUND
 * (absent and not `create`), VMH_E_STORE_CORRUPT, VMH_E_STORE_IO.
 */
vmh_status vmh_store_leveldb_open(const char *path, bool create, vmh_store **out,
                                  vmh_failure *why);

#endif
