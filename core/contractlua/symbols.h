/*
 * What the machine does not need to know of a source, and who watches it does:
 * where statements begin, the names of locals and where they are in scope, and
 * what each line costs of a charge. Made on demand, by compiling the source again:
 * instructions come out the same, so that all is told by their number.
 */
#ifndef VMH_CONTRACTLUA_SYMBOLS_H
#define VMH_CONTRACTLUA_SYMBOLS_H

#include "contractlua/emitter.h"

/* A local, in scope at instructions `begin` to `end` - 1. */
typedef struct vmh_lua_symbol {
    vmh_bytes name;
    uint32_t slot; /* register */
    uint32_t begin, end;
} vmh_lua_symbol;

/* A statement, or a turn of a loop, begins at an instruction. */
typedef struct vmh_lua_begin {
    uint32_t instruction;
    uint32_t line;
} vmh_lua_begin;

/* What a line costs of the charge at a place: an instruction + 1, or 0, the entry. */
typedef struct vmh_lua_share {
    uint32_t place;
    uint32_t line;
    uint32_t gas;
    uint32_t next; /* while compiling: of the same stretch, its number + 1; 0: none */
} vmh_lua_share;

/* Of one function. */
typedef struct vmh_lua_proto_symbols {
    vmh_lua_symbol *locals; /* in order of declaration: a later one hides an earlier one */
    uint32_t local_count;
    vmh_lua_begin *begins; /* in order */
    uint32_t begin_count;
    vmh_lua_share *shares; /* by place */
    uint32_t share_count;
    vmh_bytes *captures; /* names */
    uint32_t capture_count;
    uint32_t *lines;       /* of each instruction: that of its statement */
    uint32_t *begun_lines; /* of each instruction that one begins at; else 0 */
    uint32_t line_count;
    size_t local_capacity, begin_capacity, share_capacity, line_capacity;
} vmh_lua_proto_symbols;

struct vmh_lua_symbols {
    vmh_arena arena;
    vmh_lua_proto_symbols *protos; /* by number of the function */
    uint32_t proto_count;
};

/* Of compiled code. `library` is what it was compiled with. Fails with VMH_E_NO_MEMORY alone. */
vmh_status vmh_lua_symbols_new(const vmh_lua_code *code, const char *const *library,
                               size_t library_count, vmh_lua_symbols **out, vmh_failure *why);
void vmh_lua_symbols_free(vmh_lua_symbols *symbols);

/* The shares of a charge at a place, `*count` of them. */
const vmh_lua_share *vmh_lua_find_shares(const vmh_lua_proto_symbols *of, uint32_t place,
                                         uint32_t *count);

/* ---- for the compiler; all but begin_proto do nothing where nobody records ---- */

bool vmh_lua_symbols_begin_proto(vmh_lua_emitter *to);
void vmh_lua_symbols_end_proto(vmh_lua_emitter *to);

/* A statement begins here; where the one before began in the same line, that said it already. */
void vmh_lua_note_statement(vmh_lua_emitter *to, uint32_t line);

/* A turn of a loop begins here, in any case. */
void vmh_lua_note_turn(vmh_lua_emitter *to, uint32_t line);

void vmh_lua_note_local(vmh_lua_emitter *to, const vmh_lua_variable *variable);

/* How many locals there are; those beyond are out of scope from here on. */
uint32_t vmh_lua_note_scope(const vmh_lua_emitter *to);
void vmh_lua_note_scope_end(vmh_lua_emitter *to, uint32_t count);

/* The charge of a stretch is known. */
void vmh_lua_note_charge(vmh_lua_emitter *to, const vmh_lua_stretch *stretch);

/* Instruction `at` charges what `from` does. */
void vmh_lua_note_same_charge(vmh_lua_emitter *to, uint32_t at, uint32_t from);

#endif
