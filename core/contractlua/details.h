/*
 * What the machine does not need to know of a source, and errors and frozen executions do: how
 * operands are called, and where a function can be left, with what has a meaning there. Made when
 * it is first asked for, by compiling the source again: instructions come out the same, so that all
 * is told by their number. It stays with the code.
 */
#ifndef VMH_CONTRACTLUA_DETAILS_H
#define VMH_CONTRACTLUA_DETAILS_H

#include "contractlua/code.h"

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
    uint32_t before; /* while compiling: the one of the same name before it; 0: none */
    vmh_bytes name;
} vmh_lua_operand;

/* Names of up to two operands of an instruction, by number in the list; 0: unnamed. */
typedef struct vmh_lua_operand_pair {
    uint32_t instruction;
    uint32_t first, second;
} vmh_lua_operand_pair;

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

/* So many before a LITERAL hold its value; of a string, its number among the constants. */
enum { VMH_LUA_LITERAL_ROOM = sizeof(vmh_lua_value) / sizeof(vmh_lua_live) };

static inline vmh_lua_value vmh_lua_live_literal(const vmh_lua_proto *proto,
                                                 const vmh_lua_live *live)
{
    vmh_lua_value value;

    memcpy(&value, live - VMH_LUA_LITERAL_ROOM, sizeof value);
    return value.tag == VMH_LUA_STRING ? proto->constants[value.as.integer] : value;
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

/* Of one function. */
typedef struct vmh_lua_proto_details {
    vmh_lua_operand_pair *operands; /* of the instructions that have named ones, in order */
    uint32_t operand_count;
    vmh_lua_point *points; /* in the order of their instructions */
    uint32_t point_count;
    vmh_lua_live *lives;
    uint32_t live_count;
} vmh_lua_proto_details;

typedef struct vmh_lua_details {
    vmh_arena arena;
    vmh_lua_piece *pieces;
    vmh_lua_proto_details *protos; /* by number of the function */
    vmh_lua_operand *operands;     /* [0] is unnamed */
    uint32_t operand_count, operand_capacity;
} vmh_lua_details;

/*
 * Those of a code, for as long as it lives; from any thread. `library` is what the code was
 * compiled with. Fails with VMH_E_NO_MEMORY alone.
 */
vmh_status vmh_lua_details_of(const vmh_lua_code *code, const char *const *library,
                              size_t library_count, const vmh_lua_details **out,
                              vmh_failure *why);

/* The first or the second operand of an instruction. */
const vmh_lua_operand *vmh_lua_operand_of(const vmh_lua_details *details,
                                          const vmh_lua_proto *proto, uint32_t instruction,
                                          bool is_second);

/* Bytes that they have of the system. */
size_t vmh_lua_details_size(const vmh_lua_details *details);

void vmh_lua_details_free(vmh_lua_details *details);

#endif
