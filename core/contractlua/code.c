#include "contractlua/code.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "contractlua/details.h"

uint32_t vmh_lua_line_of(const vmh_lua_proto *proto, uint32_t instruction)
{
    uint32_t low = 0, high = proto->line_count;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (proto->lines[middle].instruction <= instruction)
            low = middle;
        else
            high = middle;
    }
    return low < high ? proto->lines[low].line : 0;
}

size_t vmh_lua_code_size(const vmh_lua_code *code)
{
    return sizeof *code + vmh_arena_size(&code->arena) + vmh_lua_pieces_size(code->pieces);
}

size_t vmh_lua_code_details_size(const vmh_lua_code *code)
{
    const vmh_lua_details *details =
        atomic_load_explicit(&code->details, memory_order_acquire);

    return details == NULL ? 0 : vmh_lua_details_size(details);
}

void vmh_lua_code_free(vmh_lua_code *code)
{
    if (code == NULL)
        return;
    vmh_lua_pieces_free(code->pieces);
    vmh_lua_details_free(atomic_load_explicit(&code->details, memory_order_relaxed));
    vmh_arena_clear(&code->arena);
    free(code);
}
