/*
 * Compiled source: shared, read-only, one per code hash.
 *
 * An instruction is 64 bits: operation, register a, and three numbers. A test is
 * two of them, the second a JUMP that is taken where the test says so; `d` of the
 * test is the charge of the way that goes on behind the pair, `d` of the jump the
 * charge where it leads. Registers 0.. are the locals in scope in order, then the
 * operands that were evaluated, in order: what a stopped execution is told by.
 */
#ifndef VMH_CONTRACTLUA_CODE_H
#define VMH_CONTRACTLUA_CODE_H

#include "contractlua/ast.h"
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

/* How an operand is called in the source, for errors: "local 'x'", "field 'y'". */
typedef enum vmh_lua_operand_kind {
    VMH_LUA_OPERAND_UNNAMED,
    VMH_LUA_OPERAND_LOCAL,
    VMH_LUA_OPERAND_UPVALUE,
    VMH_LUA_OPERAND_GLOBAL,
    VMH_LUA_OPERAND_FIELD,
    VMH_LUA_OPERAND_METHOD,
    VMH_LUA_OPERAND_CONSTANT,
} vmh_lua_operand_kind;

typedef struct vmh_lua_operand {
    vmh_lua_operand_kind kind;
    uint32_t before; /* for the compiler: the one of the same name before it; 0: none */
    vmh_bytes name;
} vmh_lua_operand;

/* Names of up to two operands of an instruction, by number in the code's list; 0: unnamed. */
typedef struct vmh_lua_operand_pair {
    uint32_t instruction;
    uint32_t first, second;
} vmh_lua_operand_pair;

/* From this instruction on, up to the next mark, the line is that one. */
typedef struct vmh_lua_line_mark {
    uint32_t instruction;
    uint32_t line;
} vmh_lua_line_mark;

/* What a register holds at a point where a function can be left. */
typedef enum vmh_lua_live_kind {
    VMH_LUA_LIVE_LOCAL,
    VMH_LUA_LIVE_CELL,    /* a local that an inner function names */
    VMH_LUA_LIVE_FOR,     /* three: index, turns left, step */
    VMH_LUA_LIVE_FOR_IN,  /* three: iterator, state, control */
    VMH_LUA_LIVE_OPERAND, /* evaluated, and waiting for the rest of its expression or statement */
    VMH_LUA_LIVE_COPY,    /* an operand that is the local in register `of` */
    VMH_LUA_LIVE_LITERAL, /* an operand that stands in the source */
} vmh_lua_live_kind;

typedef struct vmh_lua_live {
    uint8_t kind;
    uint8_t at; /* register */
    uint8_t of;
    uint32_t outer; /* what was there before it: its number + 1; 0: nothing */
} vmh_lua_live;

/* So many before a LITERAL hold its value. */
enum { VMH_LUA_LITERAL_ROOM = sizeof(vmh_lua_value) / sizeof(vmh_lua_live) };

static inline vmh_lua_value vmh_lua_live_literal(const vmh_lua_live *live)
{
    vmh_lua_value value;

    memcpy(&value, live - VMH_LUA_LITERAL_ROOM, sizeof value);
    return value;
}

/*
 * A place where another function runs, or may run by a metamethod. They are numbered as the tree
 * is walked, in the order of evaluation, whatever instructions are made of it: calls but tail
 * calls, steps of a generic for (behind its body), accesses by key, operations but `not`, `and` and
 * `or`, comparisons, each row of `..`, and stores by key. By this number a stopped execution tells
 * where a frame stands, and by `live` what of its registers has a meaning then.
 */
typedef struct vmh_lua_point {
    uint32_t instruction;
    uint32_t live; /* the newest: its number + 1; 0: nothing */
} vmh_lua_point;

typedef struct vmh_lua_proto_capture {
    bool is_of_parent; /* a cell in a register of the function around; else one of its captures */
    uint32_t index;
} vmh_lua_proto_capture;

typedef struct vmh_lua_proto {
    vmh_lua_instruction *code;
    uint32_t code_count;
    vmh_lua_line_mark *lines;        /* in the order of their instructions, as the operands */
    uint32_t line_count;
    vmh_lua_operand_pair *operands;  /* of the instructions that have named ones */
    uint32_t operand_count;
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
    vmh_lua_point *points; /* in the order of their instructions */
    uint32_t point_count;
    vmh_lua_live *lives;
    uint32_t live_count;
    uint32_t number;       /* of the function in the source */
    uint32_t line;
    vmh_bytes name;
} vmh_lua_proto;

/* What of the code is large, and not worth a copy. */
enum { VMH_LUA_BLOCK_PARTS = 6 };

typedef struct vmh_lua_code_block {
    struct vmh_lua_code_block *next;
    size_t size;    /* of all parts */
    void *parts[VMH_LUA_BLOCK_PARTS]; /* of malloc */
} vmh_lua_code_block;

typedef struct vmh_lua_code {
    vmh_arena arena; /* holds all of it, the source too, but for the blocks */
    vmh_lua_code_block *blocks;
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
    vmh_lua_operand *operands; /* [0] is unnamed */
    uint32_t operand_count;
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

/* The names of its operands. */
vmh_lua_operand_pair vmh_lua_operands_of(const vmh_lua_proto *proto, uint32_t instruction);

/* Bytes that it has of the system. */
size_t vmh_lua_code_size(const vmh_lua_code *code);

void vmh_lua_code_free(vmh_lua_code *code);

#endif
