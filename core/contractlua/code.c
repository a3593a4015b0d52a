#include "contractlua/code.h"

#include <stdlib.h>

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

vmh_lua_operand_pair vmh_lua_operands_of(const vmh_lua_proto *proto, uint32_t instruction)
{
    uint32_t low = 0, high = proto->operand_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (proto->operands[middle].instruction < instruction)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < proto->operand_count && proto->operands[low].instruction == instruction)
        return proto->operands[low];
    return (vmh_lua_operand_pair){instruction, 0, 0};
}

size_t vmh_lua_code_size(const vmh_lua_code *code)
{
    size_t size = sizeof *code + vmh_arena_size(&code->arena);

    for (const vmh_lua_code_block *block = code->blocks; block != NULL; block = block->next)
        size += block->size;
    return size;
}

void vmh_lua_code_free(vmh_lua_code *code)
{
    if (code == NULL)
        return;
    for (const vmh_lua_code_block *block = code->blocks; block != NULL; block = block->next) {
        for (int i = 0; i < VMH_LUA_BLOCK_PARTS; i++)
            free(block->parts[i]);
    }
    vmh_arena_clear(&code->arena);
    free(code);
}
