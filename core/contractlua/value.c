#include "contractlua/value.h"

#include <assert.h>

static bool is_word_of(const vmh_word *word, int64_t integer)
{
    return integer >= 0 && vmh_word_fits_u64(word) && word->limb[0] == (uint64_t)integer;
}

bool vmh_lua_raw_equal(vmh_lua_value a, vmh_lua_value b)
{
    if (a.tag != b.tag) {
        if (a.tag == VMH_LUA_UINT256 && b.tag == VMH_LUA_INTEGER)
            return is_word_of(a.as.word, b.as.integer);
        if (a.tag == VMH_LUA_INTEGER && b.tag == VMH_LUA_UINT256)
            return is_word_of(b.as.word, a.as.integer);
        return false;
    }
    switch ((vmh_lua_tag)a.tag) {
    case VMH_LUA_NIL:
    case VMH_LUA_FALSE:
    case VMH_LUA_TRUE:
        return true;
    case VMH_LUA_INTEGER:
        return a.as.integer == b.as.integer;
    case VMH_LUA_UINT256:
        return vmh_word_equal(a.as.word, b.as.word);
    case VMH_LUA_STRING:
        return vmh_lua_string_equal(a.as.string, b.as.string);
    case VMH_LUA_TABLE:
    case VMH_LUA_CLOSURE:
    case VMH_LUA_NATIVE:
    case VMH_LUA_COROUTINE:
    case VMH_LUA_HANDLE:
    case VMH_LUA_CELL:
        break;
    }
    return a.as.pointer == b.as.pointer;
}

const char *vmh_lua_type_name(vmh_lua_value value)
{
    static const char *const names[] = {
        [VMH_LUA_NIL] = "nil",
        [VMH_LUA_FALSE] = "boolean",
        [VMH_LUA_TRUE] = "boolean",
        [VMH_LUA_INTEGER] = "number",
        [VMH_LUA_UINT256] = "uint256",
        [VMH_LUA_STRING] = "string",
        [VMH_LUA_TABLE] = "table",
        [VMH_LUA_CLOSURE] = "function",
        [VMH_LUA_NATIVE] = "function",
        [VMH_LUA_COROUTINE] = "thread",
        [VMH_LUA_HANDLE] = "state",
    };

    assert(value.tag < VMH_LUA_CELL);
    return names[value.tag];
}
