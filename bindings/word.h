/*
 * 256-bit words in Lua: an immutable userdata `vmhost.Word` that holds the
 * word itself, so it has nothing to close.
 */
#ifndef VMH_BINDINGS_WORD_H
#define VMH_BINDINGS_WORD_H

#include <lauxlib.h>
#include <lua.h>

#include "base/word.h"

#define VMH_WORD_TYPE "vmhost.Word"

/* Pushes a new userdata; works before the module vmhost.word is required. */
void vmh_push_word(lua_State *L, const vmh_word *word);

/*
 * Reads a word userdata, an integer that is not negative, or a text as
 * vmh_word_parse takes it; raises an argument error for anything else.
 */
void vmh_check_word(lua_State *L, int index, vmh_word *out);

/* The word of a userdata, borrowed while it is on the stack; NULL for any other value. */
const vmh_word *vmh_test_word(lua_State *L, int index);

#endif
