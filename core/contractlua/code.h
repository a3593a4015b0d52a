/*
 * Compiled source: shared, read-only, one per code hash.
 *
 * An instruction is 64 bits: operation, register a, and three numbers. A test is
 * two of them, the second a JUMP that is taken where the test says so; `d` of the
 * test is the charge of the way that goes on behind the pair, `d` of the jump the
 * charge where it leads. Registers 0.. are the locals in scope in order, then the
 * operands that were evaluated, in order.
 */
#ifndef VMH_CONTRACTLUA_CODE_H
#define VMH_CONTRACTLUA_CODE_H

#include "contractlua/ast.h"
#include "contractlua/items.h"
#include "contractlua/parser.h"
#include "contractlua/value.h"

typedef enum vmh_lua_gas {
#define X(name, gas, text) VMH_LUA_GAS_##name = gas,
#include "contractlua/gas.def"
#undef X
} vmh_lua_gas;

typedef enum vmh_lua_instruction_name {
#define X(name, text) VMH_LUA_DO_##name,
#include "contractlua/instructions.def"
#undef X
    VMH_LUA_DO_COUNT,
} vmh_lua_instruction_name;

enum { VMH_LUA_OPEN = 65535 }; /* a count: all values, to the top */

typedef struct vmh_lua_instruction {
    uint8_t op;
    uint8_t a;
    uint16_t b;
    uint16_t c;
    uint16_t d;
} vmh_lua_instruction;

/* b and c as one number. */
static inline uint32_t vmh_lua_wide(vmh_lua_instruction of)
{
    return (uint32_t)of.c << 16 | of.b;
}

static inline int32_t vmh_lua_signed_wide(vmh_lua_instruction of)
{
    return (int32_t)vmh_lua_wide(of);
}

/* From this instruction on, up to the next mark, the line is that one. */
typedef struct vmh_lua_line_mark {
    uint32_t instruction;
    uint32_t line;
} vmh_lua_line_mark;

typedef struct vmh_lua_proto_capture {
    bool is_of_parent; /* a cell in a register of the function around; else one of its captures */
    uint32_t index;
} vmh_lua_proto_capture;

typedef struct vmh_lua_proto {
    vmh_lua_instruction *code;
    uint32_t code_count;
    vmh_lua_line_mark *lines;        /* in the order of their instructions */
    uint32_t line_count;
    vmh_lua_value *constants;
    uint32_t constant_count;
    struct vmh_lua_proto **children; /* functions in it */
    uint32_t child_count;
    vmh_lua_proto_capture *captures;
    uint32_t capture_count;
    uint32_t parameter_count;
    uint32_t register_count;
    bool is_variadic;
    uint32_t entry_charge; /* of the first stretch */
    uint32_t frame_cost;   /* logical bytes, passed values beyond the parameters left out */
    uint32_t number;       /* of the function in the source */
    uint32_t line;
    vmh_bytes name;
} vmh_lua_proto;

typedef struct vmh_lua_code {
    vmh_arena arena; /* holds all of it, the source too, but for what is large */
    vmh_lua_piece *pieces;
    vmh_bytes name;  /* contract or file, for errors */
    vmh_bytes source;
    vmh_hash32 source_hash;
    vmh_lua_proto *main;
    vmh_lua_proto **protos; /* by number */
    uint32_t proto_count;
    vmh_bytes *globals; /* name of each slot; the library's come first, in its order */
    uint32_t global_count;
    uint32_t *assigned_globals; /* slots of those that the main chunk assigns, in source order */
    uint32_t assigned_global_count;
    bool is_plain; /* by vmh_lua_compile_plainly */
    _Atomic(struct vmh_lua_details *) details; /* NULL until somebody asks: details.h */
} vmh_lua_code;

/*
 * Compiles. `library` names the globals that there are without being assigned,
 * slots 0.. in this order. A refusal is VMH_OK with `*out` NULL and `*refusal` set, whose
 * text lives in `arena`. Fails with VMH_E_NO_MEMORY alone.
 */
vmh_status vmh_lua_compile(vmh_bytes name, vmh_bytes source, const char *const *library,
                           size_t library_count, vmh_arena *arena, vmh_lua_code **out,
                           vmh_lua_refusal *refusal, vmh_failure *why);

/*
 * The same without what makes instructions fewer: each local is copied before it is used, keys and
 * numbers go through registers, and each charge has its own instruction. Nothing but speed can tell
 * the two apart, and which sources need too many registers.
 */
vmh_status vmh_lua_compile_plainly(vmh_bytes name, vmh_bytes source, const char *const *library,
                                   size_t library_count, vmh_arena *arena, vmh_lua_code **out,
                                   vmh_lua_refusal *refusal, vmh_failure *why);

/* The line of an instruction. */
uint32_t vmh_lua_line_of(const vmh_lua_proto *proto, uint32_t instruction);

/* Bytes that it has of the system, and its details have; of these 0 where there are none. */
size_t vmh_lua_code_size(const vmh_lua_code *code);
size_t vmh_lua_code_details_size(const vmh_lua_code *code);

void vmh_lua_code_free(vmh_lua_code *code);

#endif
