/*
 * Names and tables of the opcodes; all derive from opcodes.def.
 */
#ifndef VMH_VITE_OPCODES_H
#define VMH_VITE_OPCODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum vmh_vite_opcode {
#define X(byte, name, pops, pushes, quota_a, quota_b, fork) VMH_VITE_OP_##name = byte,
#include "vite/opcodes.def"
#undef X
} vmh_vite_opcode;

typedef struct vmh_vite_opcode_info {
    const char *name; /* NULL: no opcode of any revision */
    uint8_t pops;
    uint8_t pushes;
    uint16_t quota_a;
    uint16_t quota_b;
    uint8_t fork;
} vmh_vite_opcode_info;

extern const vmh_vite_opcode_info vmh_vite_opcodes[256];

/* Bytes of the operand in the code: 1 to 32 for PUSH, else 0. */
static inline uint32_t vmh_vite_operand_size(uint8_t opcode)
{
    uint8_t number = (uint8_t)(opcode - VMH_VITE_OP_PUSH1);

    return number < 32 ? number + 1u : 0;
}

/* Whether a block of instructions ends here: nothing behind it runs, or what runs is not known. */
static inline bool vmh_vite_ends_block(uint8_t opcode)
{
    switch (opcode) {
    case VMH_VITE_OP_STOP:
    case VMH_VITE_OP_JUMP:
    case VMH_VITE_OP_JUMPI:
    case VMH_VITE_OP_RETURN:
    case VMH_VITE_OP_REVERT:
    case VMH_VITE_OP_DELEGATECALL:
    case VMH_VITE_OP_SYNCCALL:
    case VMH_VITE_OP_CALLBACKDEST:
        return true;
    default:
        return vmh_vite_opcodes[opcode].name == NULL;
    }
}

#endif
