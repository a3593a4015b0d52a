/*
 * The function that is being compiled: its instructions so far, its registers,
 * and the stretch whose charge is being added up.
 *
 * A fault (no memory, a refusal) is sticky: of what is emitted afterwards nothing
 * is used, and vmh_lua_compile tells once, at the end.
 */
#ifndef VMH_CONTRACTLUA_EMITTER_H
#define VMH_CONTRACTLUA_EMITTER_H

#include "contractlua/details.h"

enum {
    VMH_LUA_MAX_REGISTERS = 250,
    VMH_LUA_LONGEST_STRETCH = 60000 /* a longer one is cut, so that charges fit their field */
};

/*
 * Where the charge of the running stretch goes once it is known: up to two
 * instructions, in d, or in W of a CHARGE. Neither: the charge of entry.
 */
typedef struct vmh_lua_stretch {
    uint32_t sum;
    uint32_t places[2]; /* instruction + 1; 0: none */
    uint32_t first_share, last_share; /* for symbols.c */
} vmh_lua_stretch;

/*
 * Jumps that lead to a place that is not known yet: the number of the newest + 1, in whose W
 * stands that of the one before it; 0: none.
 */
typedef struct vmh_lua_jumps {
    uint32_t newest;
} vmh_lua_jumps;

typedef struct vmh_lua_loop {
    struct vmh_lua_loop *outer;
    vmh_lua_jumps breaks;
} vmh_lua_loop;

typedef struct vmh_lua_goto {
    uint32_t at;
    const vmh_lua_label *label;
} vmh_lua_goto;

/* Where instructions of a function grow, until it is done and they are the code's. */
typedef struct vmh_lua_emit_buffer {
    struct vmh_lua_emit_buffer *next;
    uint32_t capacity, line_capacity, constant_capacity;
    vmh_lua_instruction *code;
    vmh_lua_line_mark *lines;
    vmh_lua_value *constants;
    /* Of details. */
    uint32_t operand_capacity, point_capacity, live_capacity;
    vmh_lua_operand_pair *operands;
    vmh_lua_point *points;
    vmh_lua_live *lives;
} vmh_lua_emit_buffer;

/* What a name was as a constant of a function around, which a constant of an inner one hides. */
typedef struct vmh_lua_hidden_constant {
    vmh_lua_name *name;
    uint32_t constant, holder;
} vmh_lua_hidden_constant;

typedef struct vmh_lua_symbols vmh_lua_symbols;

typedef struct vmh_lua_compiler {
    vmh_lua_code *code;
    vmh_status status;
    bool is_refused; /* beside the status, with which it is asked for */
    bool is_plain;   /* nothing is made shorter */
    uint32_t ahead;  /* in the trail of the tree, of the names that were compiled */
    vmh_lua_emit_buffer *free_buffers;
    const vmh_lua_emit_buffer *largest; /* has room for the whole source */
    const vmh_lua_expression **nodes; /* of the spines that are walked, the inner above the outer */
    uint32_t node_count, node_capacity;
    vmh_lua_tree tree;
    vmh_lua_names numbers; /* nil, false, true and integers, as constants: by their bytes */
    vmh_lua_parts kept;    /* what goes with the code */
    vmh_lua_parts kept_details; /* with the details */
    bool *is_open; /* by number + 1: the function is being compiled */
    vmh_lua_hidden_constant *hidden;
    uint32_t hidden_count, hidden_capacity;
    vmh_lua_refusal *refusal;
    vmh_failure *why;
    vmh_lua_instruction nowhere;
    const vmh_lua_code *before; /* whose source is compiled again, for what follows; else NULL */
    vmh_lua_symbols *symbols;   /* NULL: nobody records them */
    vmh_lua_details *details;   /* NULL: nobody records them */
} vmh_lua_compiler;

/*
 * What has a meaning at a place of the tree: the operands that wait, hidden values of loops
 * included, and, 2^32 times, the newest of what is live, + 1, where details are recorded.
 * Operands are counted by the tree: those that stand in an instruction, and need no register, too.
 */
typedef uint64_t vmh_lua_waiting;

static inline uint32_t vmh_lua_newest_live(vmh_lua_waiting of)
{
    return (uint32_t)(of >> 32);
}

typedef struct vmh_lua_emitter {
    vmh_lua_compiler *compiler;
    struct vmh_lua_emitter *outer;
    const vmh_lua_function *function;
    vmh_lua_proto *proto;
    vmh_lua_emit_buffer *buffer; /* has the instructions of the proto */
    vmh_lua_instruction *code;   /* in it */
    uint32_t code_count, code_capacity;
    uint32_t line;
    uint32_t marked_line; /* of the newest instruction; 0, of none, where symbols are recorded */
    uint32_t next_register;
    uint32_t most_waiting; /* the greatest count of operands that waited at once */
    vmh_lua_waiting live;
    vmh_lua_stretch stretch; /* the running one */
    uint32_t longest; /* beyond it vmh_lua_pay does more; 0 where symbols are recorded */
    uint32_t last_target; /* the newest instruction that a jump leads to */
    uint32_t last_test; /* the newest test whose charge is a stretch's; + 1 */
    uint32_t first_hidden; /* of the compiler's */
    size_t child_capacity;
    uint32_t statement_line;
    struct vmh_lua_proto_symbols *symbols; /* NULL: nobody records them */
    vmh_lua_details *details;              /* NULL: nobody records them */
    vmh_lua_proto_details recorded;        /* in the buffer */
    uint32_t live_at_point;                /* the greatest that a point has */
    vmh_lua_loop *loop;
    vmh_lua_goto *gotos;
    size_t goto_count, goto_capacity;
} vmh_lua_emitter;

/* ---- faults ---- */

static inline bool vmh_lua_has_fault(const vmh_lua_emitter *to)
{
    return to->compiler->status != VMH_OK || to->compiler->is_refused;
}

void vmh_lua_refuse(vmh_lua_emitter *to, vmh_lua_place place, const char *text);

/* There is no memory. */
void vmh_lua_fail_memory(vmh_lua_emitter *to);

/* ---- symbols, where they are recorded (symbols.c) ---- */

/* An instruction is emitted. */
void vmh_lua_note_line(vmh_lua_emitter *to);

/* The statement costs so much of the running stretch. */
void vmh_lua_note_share(vmh_lua_emitter *to, uint32_t gas);

/* ---- details, where they are recorded (record_details.c) ---- */

/* Of a function, in its buffer. */
void vmh_lua_record_begin(vmh_lua_emitter *to);
void vmh_lua_record_end(vmh_lua_emitter *to);

/* What vmh_lua_name_operands, _live_add, _live_hold, _live_drop and _point_here do then. */
void vmh_lua_record_operands(vmh_lua_emitter *to, const vmh_lua_expression *first,
                             const vmh_lua_expression *second);
void vmh_lua_record_live(vmh_lua_emitter *to, vmh_lua_live_kind kind, uint32_t at);
void vmh_lua_record_hold(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t at,
                         bool may_change);
void vmh_lua_record_drop(vmh_lua_emitter *to);
void vmh_lua_record_point(vmh_lua_emitter *to);

/* ---- instructions ---- */

/* A buffer for the instructions of a function. False, with the fault, where there is no memory. */
bool vmh_lua_emitter_begin(vmh_lua_emitter *to);

/* Leaves the instructions to the code and gives the buffer back; also after a fault. */
void vmh_lua_emitter_end(vmh_lua_emitter *to);

/*
 * A name that lives as long as the code: the source does, what was made for the tree does not, and
 * is copied into `arena`.
 */
vmh_bytes vmh_lua_keep_name(vmh_lua_compiler *compiler, vmh_arena *arena, vmh_bytes name);

/* What the compiler holds beside the code. */
void vmh_lua_emit_buffers_free(vmh_lua_compiler *compiler);

/* Of constants and names of operands each is another: ".abc". */
enum { VMH_LUA_BYTES_PER_NAME = 4 };

/*
 * More room for what grows in a buffer, of which the whole source makes about `most`; false, with
 * the fault, where there is none.
 */
bool vmh_lua_grow_items(vmh_lua_emitter *to, void **items, uint32_t *capacity, size_t size,
                        size_t most);

/* Room for more instructions. */
bool vmh_lua_grow_code(vmh_lua_emitter *to);

/*
 * So many instructions, which are emitted next, stand in another line than what was last, or their
 * line is noted.
 */
bool vmh_lua_mark_line(vmh_lua_emitter *to, uint32_t count);

/* Emits; gives its number. */
static inline uint32_t vmh_lua_emit(vmh_lua_emitter *to, vmh_lua_instruction_name op, uint32_t a,
                                    uint32_t b, uint32_t c)
{
    uint32_t number = to->code_count;

    if (number == to->code_capacity && !vmh_lua_grow_code(to))
        return 0;
    if (to->line != to->marked_line && !vmh_lua_mark_line(to, 1))
        return 0;
    to->code[number] = (vmh_lua_instruction){
        .op = (uint8_t)op, .a = (uint8_t)a, .b = (uint16_t)b, .c = (uint16_t)c};
    to->code_count = number + 1;
    return number;
}

/* Emits `count` in a row, which the caller writes there; NULL after a fault. */
static inline vmh_lua_instruction *vmh_lua_emit_row(vmh_lua_emitter *to, uint32_t count)
{
    uint32_t number = to->code_count;

    if (to->code_capacity - number < count && !vmh_lua_grow_code(to))
        return NULL;
    if (to->line != to->marked_line && !vmh_lua_mark_line(to, count))
        return NULL;
    to->code_count = number + count;
    return &to->code[number];
}

static inline uint32_t vmh_lua_emit_wide(vmh_lua_emitter *to, vmh_lua_instruction_name op,
                                         uint32_t a, uint32_t wide)
{
    return vmh_lua_emit(to, op, a, wide & 0xffff, wide >> 16);
}

/* The instruction of that number; somewhere harmless after a fault. */
vmh_lua_instruction *vmh_lua_instruction_at(vmh_lua_emitter *to, uint32_t number);

/* The operands of the newest instruction, for errors; the second one may be NULL. */
static inline void vmh_lua_name_operands(vmh_lua_emitter *to, const vmh_lua_expression *first,
                                         const vmh_lua_expression *second)
{
    if (to->details != NULL)
        vmh_lua_record_operands(to, first, second);
}

/* So far ahead names are fetched. */
enum { VMH_LUA_AHEAD = 8 };

/*
 * A name of the tree is compiled: fetches one further on, where they are many. Always inline: the
 * compiler takes a function that fetches for one that does nothing.
 */
static inline __attribute__((always_inline)) void vmh_lua_pass_name(vmh_lua_emitter *to)
{
    vmh_lua_compiler *compiler = to->compiler;

    if (compiler->ahead < compiler->tree.trail.count)
        __builtin_prefetch(compiler->tree.trail.names[compiler->ahead]);
    compiler->ahead++;
}

/* Numbers among the constants. */
uint32_t vmh_lua_integer_constant(vmh_lua_emitter *to, int64_t integer);
uint32_t vmh_lua_string_constant(vmh_lua_emitter *to, vmh_lua_name *string);
uint32_t vmh_lua_plain_constant(vmh_lua_emitter *to, vmh_lua_tag tag); /* nil, false, true */

/* ---- jumps ---- */

/* Emits a jump to a place that is told later. */
void vmh_lua_jump(vmh_lua_emitter *to, vmh_lua_jumps *jumps);

/* The place is here. */
void vmh_lua_jumps_land(vmh_lua_emitter *to, vmh_lua_jumps *jumps);

/* Notes that a jump leads to what is emitted next; gives its number. */
uint32_t vmh_lua_target_here(vmh_lua_emitter *to);

/* Makes the wide jump at `at` lead to `target`. */
void vmh_lua_jump_set(vmh_lua_emitter *to, uint32_t at, uint32_t target);

/* ---- stretches ---- */

/* In place of an instruction: the function's entry. */
#define VMH_LUA_AT_ENTRY UINT32_MAX

/*
 * Begins a stretch; gives the one around it, for vmh_lua_stretch_end.
 * Its charge goes to the d of instruction `at`, or is that of entry; for _here into a CHARGE emitted
 * for it, unless the newest instruction is a test that nothing jumps behind.
 */
vmh_lua_stretch vmh_lua_stretch_begin_at(vmh_lua_emitter *to, uint32_t at);
vmh_lua_stretch vmh_lua_stretch_begin_here(vmh_lua_emitter *to);

/* The running stretch, and those cut from it, ends; goes back to the one around it. */
void vmh_lua_stretch_end(vmh_lua_emitter *to, vmh_lua_stretch around);

/* The running stretch ends in place, and one begins whose charge goes to d of `at`. */
void vmh_lua_stretch_next_at(vmh_lua_emitter *to, uint32_t at);
void vmh_lua_stretch_next_here(vmh_lua_emitter *to);

/* The running stretch is longer than to->longest, by what is added now. */
void vmh_lua_pay_beyond(vmh_lua_emitter *to, uint32_t gas);

/* Adds to the charge of the running stretch. */
static inline void vmh_lua_pay(vmh_lua_emitter *to, uint32_t gas)
{
    to->stretch.sum += gas;
    if (to->stretch.sum > to->longest)
        vmh_lua_pay_beyond(to, gas);
}

/* ---- registers ---- */

/* There are no more of them; gives the first. */
uint32_t vmh_lua_refuse_registers(vmh_lua_emitter *to);

/* Takes the next ones; gives the first. */
static inline uint32_t vmh_lua_take_registers(vmh_lua_emitter *to, uint32_t count)
{
    uint32_t first = to->next_register;

    if (count > VMH_LUA_MAX_REGISTERS - first)
        return vmh_lua_refuse_registers(to);
    to->next_register += count;
    if (to->next_register > to->proto->register_count)
        to->proto->register_count = to->next_register;
    return first;
}

static inline uint32_t vmh_lua_take_register(vmh_lua_emitter *to)
{
    return vmh_lua_take_registers(to, 1);
}

/* Gives back all from `first` on. */
static inline void vmh_lua_drop_registers(vmh_lua_emitter *to, uint32_t first)
{
    to->next_register = first;
}

/* ---- what a stopped execution is told by ---- */

/* Operands wait of which nothing is recorded: they stand in the instruction. */
static inline void vmh_lua_wait(vmh_lua_emitter *to, uint32_t count)
{
    to->live += count;
    if ((uint32_t)to->live > to->most_waiting)
        to->most_waiting = (uint32_t)to->live;
}

/* From here on a register has a meaning, until vmh_lua_live_drop. */
static inline void vmh_lua_live_add(vmh_lua_emitter *to, vmh_lua_live_kind kind, uint32_t at)
{
    static const uint8_t operands[] = {
        [VMH_LUA_LIVE_LOCAL] = 0, [VMH_LUA_LIVE_CELL] = 0, [VMH_LUA_LIVE_FOR] = 3,
        [VMH_LUA_LIVE_FOR_IN] = 4, [VMH_LUA_LIVE_OPERAND] = 1};

    vmh_lua_wait(to, operands[kind]);
    if (to->details != NULL)
        vmh_lua_record_live(to, kind, at);
}

/* The value of an expression waits in a register; `may_change` where a local in it may, meanwhile. */
static inline void vmh_lua_live_hold(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                     uint32_t at, bool may_change)
{
    vmh_lua_wait(to, 1);
    if (to->details != NULL)
        vmh_lua_record_hold(to, of, at, may_change);
}

/* What was added since to->live was `mark` has no meaning any more. */
static inline void vmh_lua_live_drop(vmh_lua_emitter *to, vmh_lua_waiting mark)
{
    to->live = mark;
    if (to->details != NULL)
        vmh_lua_record_drop(to);
}

/* The newest instruction is a point. */
static inline void vmh_lua_point_here(vmh_lua_emitter *to)
{
    if (to->details != NULL)
        vmh_lua_record_point(to);
}

/* ---- expressions (compile_expression.c) ---- */

/* Leaves the value in register `to_register`, which is none that the expression reads. */
void vmh_lua_compile_into(vmh_lua_emitter *to, const vmh_lua_expression *of, uint32_t register_);

/* Leaves it in the next register, which is taken. */
static inline uint32_t vmh_lua_compile_next(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    uint32_t into = vmh_lua_take_register(to);

    vmh_lua_compile_into(to, of, into);
    return into;
}

/* Whether its value stands in a register already. */
static inline bool vmh_lua_is_register(const vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_LOCAL && !of->as.variable->is_captured &&
           !to->compiler->is_plain;
}

/* The register that has the value: that of a local, else the next one, taken for it. */
static inline uint32_t vmh_lua_compile_operand(vmh_lua_emitter *to, const vmh_lua_expression *of)
{
    while (of->kind == VMH_LUA_EXPR_PARENTHESES)
        of = of->as.pair.left;
    return vmh_lua_is_register(to, of) ? of->as.variable->slot : vmh_lua_compile_next(to, of);
}

/*
 * Leaves the values of a list in the next registers, taken: `wanted` of them, the
 * rest nil or left out, or all of them (VMH_LUA_OPEN). Gives how many were
 * named, VMH_LUA_OPEN where they go to the top.
 */
uint32_t vmh_lua_compile_list(vmh_lua_emitter *to, vmh_lua_expression *const *values, size_t count,
                              uint32_t wanted);

/* Goes on here where the truth of the expression is `sense`, else takes one of the jumps. */
void vmh_lua_compile_condition(vmh_lua_emitter *to, const vmh_lua_expression *of, bool sense,
                               vmh_lua_jumps *jumps);

/* A call whose results nobody wants. */
void vmh_lua_compile_call_statement(vmh_lua_emitter *to, const vmh_lua_expression *of);

/* `return` of one call. */
void vmh_lua_compile_tail_call(vmh_lua_emitter *to, const vmh_lua_expression *of);

/* What keys can stand in an instruction themselves. */
typedef enum vmh_lua_key { VMH_LUA_KEY_REGISTER, VMH_LUA_KEY_FIELD, VMH_LUA_KEY_ITEM } vmh_lua_key;

/* An assignment's target, its object and key evaluated, and the store into it. */
typedef struct vmh_lua_target {
    const vmh_lua_expression *expression;
    uint32_t object;      /* register */
    uint32_t key;         /* register, or what stands in the instruction */
    vmh_lua_key key_kind; /* which of them */
    vmh_lua_waiting live; /* for an assignment of several: what is live at its store */
} vmh_lua_target;

/*
 * `keeps` copies locals that the same statement could change before the store. Object and key are
 * live: vmh_lua_target_hold adds them once more, after a drop.
 */
vmh_lua_target vmh_lua_compile_target(vmh_lua_emitter *to, const vmh_lua_expression *of,
                                      bool keeps);
void vmh_lua_target_hold(vmh_lua_emitter *to, const vmh_lua_target *target, bool keeps);
void vmh_lua_compile_store(vmh_lua_emitter *to, const vmh_lua_target *target, uint32_t from);

/* Whether it gives as many values as are wanted. */
static inline bool vmh_lua_is_open(const vmh_lua_expression *of)
{
    return of->kind == VMH_LUA_EXPR_CALL || of->kind == VMH_LUA_EXPR_METHOD_CALL ||
           of->kind == VMH_LUA_EXPR_VARARGS;
}

/* ---- sources (compile_source.c) ---- */

/* Compiles the source of `code` as it was, and records symbols or details; the other is NULL. */
vmh_status vmh_lua_compile_again(const vmh_lua_code *code, const char *const *library,
                                 size_t library_count, vmh_lua_symbols *symbols,
                                 vmh_lua_details *details, vmh_failure *why);

/* ---- functions (compile.c) ---- */

/* Compiles a function, main where there is none around it. NULL: there is a fault. */
vmh_lua_proto *vmh_lua_compile_proto(vmh_lua_compiler *compiler, vmh_lua_emitter *outer,
                                     const vmh_lua_function *of);

/* Compiles a function in this one; gives its number among the children. */
uint32_t vmh_lua_compile_function(vmh_lua_emitter *to, const vmh_lua_function *of);

#endif
