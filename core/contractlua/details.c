#include "contractlua/details.h"

#include <stdlib.h>

const vmh_lua_operand *vmh_lua_operand_of(const vmh_lua_details *details,
                                          const vmh_lua_proto *proto, uint32_t instruction,
                                          bool is_second)
{
    const vmh_lua_proto_details *of = &details->protos[proto->number];
    uint32_t low = 0, high = of->operand_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (of->operands[middle].instruction < instruction)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == of->operand_count || of->operands[low].instruction != instruction)
        return &details->operands[0];
    return &details->operands[is_second ? of->operands[low].second : of->operands[low].first];
}

size_t vmh_lua_details_size(const vmh_lua_details *details)
{
    return sizeof *details + vmh_arena_size(&details->arena) +
           vmh_lua_pieces_size(details->pieces) +
           vmh_lua_items_size(details->operand_capacity, details->operand_count,
                              sizeof *details->operands);
}

void vmh_lua_details_free(vmh_lua_details *details)
{
    if (details == NULL)
        return;
    vmh_lua_pieces_free(details->pieces);
    vmh_arena_clear(&details->arena);
    vmh_lua_items_free(details->operands, details->operand_capacity,
                       sizeof *details->operands);
    free(details);
}
