/*
 * One execution: its stacks, its frames, what it has spent, and why it ended.
 *
 *     coroutine    stack   [ f | arguments, locals, operands | f | ... ]
 *                  frames  [ Lua ][ library ][ Lua ] ...
 *
 * Nothing here recurses in C: a function of the library that calls back returns
 * VMH_LUA_STEP_CALL, and is entered again, with `phase` as it left it, once the
 * results are there. An error unwinds frames until one is protected; what ends
 * an execution (`stop`) passes all of them.
 *
 * Pointers into a stack are good until the next call of something that may let
 * it grow: anything that pushes a frame, and vmh_lua_reserve.
 */
#ifndef VMH_CONTRACTLUA_STATE_H
#define VMH_CONTRACTLUA_STATE_H

#include "base/status.h"
#include "contractlua/code.h"
#include "contractlua/heap.h"
#include "contractlua/table.h"

typedef struct vmh_lua_state vmh_lua_state;
typedef struct vmh_lua_frame vmh_lua_frame;

enum {
    VMH_LUA_MAX_FRAMES = 1000,       /* Lua calls, library calls and coroutines together */
    VMH_LUA_MAX_CHAIN = 100,         /* hops of __index, __newindex, __call */
    VMH_LUA_MAX_VALUES = 100000,     /* of a list of values */
    VMH_LUA_NATIVE_ROOM = 16,        /* slots that a function of the library has beyond arguments */
};

/* Why an execution is over, whatever it catches. */
typedef enum vmh_lua_stop {
    VMH_LUA_STOP_NONE,
    VMH_LUA_STOP_GAS,
    VMH_LUA_STOP_MEMORY,  /* the logical count passed its limit */
    VMH_LUA_STOP_ABORT,   /* the host ends it; `error` is the text */
    VMH_LUA_STOP_FAILED,  /* the host cannot go on: `status` and `why` */
} vmh_lua_stop;

/* What a function of the library did. */
typedef enum vmh_lua_step {
    VMH_LUA_STEP_RETURN, /* result_count values from result_at on */
    VMH_LUA_STEP_CALL,   /* calls what lies at call_at with call_count arguments behind it */
    VMH_LUA_STEP_RAISE,  /* L->error is raised */
    VMH_LUA_STEP_STOP,   /* L->stop says why */
    VMH_LUA_STEP_RESUME, /* goes on in L->resumed with the values from call_at on, call_count */
    VMH_LUA_STEP_YIELD,  /* gives the values from call_at on, call_count, to who resumed */
    VMH_LUA_STEP_SUSPEND, /* stops the execution with these values: vmh_lua_suspend */
} vmh_lua_step;

typedef vmh_lua_step (*vmh_lua_native_function)(vmh_lua_state *L, vmh_lua_frame *frame);

/* A function of the library. */
typedef struct vmh_lua_native {
    const char *name;
    vmh_lua_native_function function;
} vmh_lua_native;

/* As a value: with what it keeps, where it is made by another (gmatch, wrap). */
struct vmh_lua_native_object {
    const vmh_lua_native *native;
    uint32_t kept_count;
    vmh_lua_value kept[];
};

struct vmh_lua_closure {
    const vmh_lua_proto *proto;
    vmh_lua_cell *cells[]; /* captures */
};

/*
 * What becomes of the results of a frame. VMH_LUA_BACK_EVENT is or-ed to it where `__call` is what
 * runs.
 */
typedef enum vmh_lua_back {
    VMH_LUA_BACK_CALL,    /* `wanted` of them from the function's slot on */
    VMH_LUA_BACK_VALUE,   /* one, to register back_register of the Lua frame below */
    VMH_LUA_BACK_TEST,    /* its truth decides the test before ip of the frame below */
    VMH_LUA_BACK_NOTHING,
    VMH_LUA_BACK_CONCAT,  /* joins the operands that are left of the frame below */
    VMH_LUA_BACK_NATIVE,  /* all, from the function's slot on, for the library frame below */
    VMH_LUA_BACK_END,     /* the coroutine, or the execution, ends */
    VMH_LUA_BACK_EVENT = 0x80,
} vmh_lua_back;

struct vmh_lua_frame {
    union {
        struct { /* of a Lua frame */
            const vmh_lua_instruction *ip;    /* what runs next */
            uint32_t concat_at, concat_count; /* in the middle of a CONCAT */
        };
        int64_t numbers[4]; /* of the library: its own, kept from phase to phase */
    };
    vmh_lua_closure *closure; /* NULL: of the library */
    vmh_lua_native_object *native;
    uint32_t function_at;          /* slot of the function; results go from here on */
    uint32_t base;                 /* first register, or first argument */
    uint32_t vararg_count;         /* they lie below base */
    uint32_t wanted;               /* VMH_LUA_OPEN: all */
    uint8_t back;
    uint8_t back_register;
    bool is_protected;             /* an error stops here; phase becomes error_phase */
    bool is_callback_barrier;      /* no yield passes: sort, gsub, metamethods */
    uint32_t cost;                 /* logical bytes */
    /* of the library: */
    uint32_t argument_count;
    uint32_t phase;
    uint32_t error_phase;
    uint32_t call_at, call_count;  /* from base */
    uint32_t returned;             /* results of that call, from call_at on */
    uint32_t result_at, result_count;
};

/* The instruction that a Lua frame runs; the first where none ran yet. */
static inline uint32_t vmh_lua_frame_instruction(const vmh_lua_frame *frame)
{
    const vmh_lua_instruction *code = frame->closure->proto->code;

    return frame->ip > code ? (uint32_t)(frame->ip - code) - 1 : 0;
}

typedef enum vmh_lua_coroutine_status {
    VMH_LUA_COROUTINE_SUSPENDED,
    VMH_LUA_COROUTINE_RUNNING,
    VMH_LUA_COROUTINE_NORMAL, /* it resumed another */
    VMH_LUA_COROUTINE_DEAD,
} vmh_lua_coroutine_status;

struct vmh_lua_coroutine {
    vmh_lua_coroutine *resumer; /* while it runs */
    vmh_lua_value *stack;
    uint32_t stack_size;
    uint32_t top; /* end of an open list of values */
    vmh_lua_frame *frames;
    uint32_t frame_count, frame_capacity;
    uint32_t cost, greatest_cost; /* of its frames, logical bytes; the greatest is counted */
    vmh_lua_coroutine_status status;
    vmh_lua_value function;       /* before the first resume */
    vmh_lua_value error;          /* has_failed: what it died of */
    bool has_failed;              /* until it is closed */
};

/* Metamethods. The first ones are in the order of vmh_lua_operator. */
typedef enum vmh_lua_event {
    VMH_LUA_EVENT_ADD,
    VMH_LUA_EVENT_SUB,
    VMH_LUA_EVENT_MUL,
    VMH_LUA_EVENT_IDIV,
    VMH_LUA_EVENT_MOD,
    VMH_LUA_EVENT_BAND,
    VMH_LUA_EVENT_BOR,
    VMH_LUA_EVENT_BXOR,
    VMH_LUA_EVENT_SHL,
    VMH_LUA_EVENT_SHR,
    VMH_LUA_EVENT_CONCAT,
    VMH_LUA_EVENT_EQ,
    VMH_LUA_EVENT_LT,
    VMH_LUA_EVENT_LE,
    VMH_LUA_EVENT_UNM,
    VMH_LUA_EVENT_BNOT,
    VMH_LUA_EVENT_LEN,
    VMH_LUA_EVENT_INDEX,
    VMH_LUA_EVENT_NEWINDEX,
    VMH_LUA_EVENT_CALL,
    VMH_LUA_EVENT_TOSTRING,
    VMH_LUA_EVENT_NAME,
    VMH_LUA_EVENT_PAIRS,
    VMH_LUA_EVENT_METATABLE,
    VMH_LUA_EVENT_GC, /* from here on refused: they would mean something elsewhere */
    VMH_LUA_EVENT_MODE,
    VMH_LUA_EVENT_CLOSE,
    VMH_LUA_EVENT_COUNT,
} vmh_lua_event;

/* Where Lua functions stood, the innermost first. */
enum { VMH_LUA_TRACE_LENGTH = 20 };

typedef struct vmh_lua_trace_entry {
    const vmh_lua_proto *proto;
    uint32_t line;
} vmh_lua_trace_entry;

typedef struct vmh_lua_trace {
    vmh_lua_trace_entry entries[VMH_LUA_TRACE_LENGTH];
    uint32_t count;
    uint32_t left_out; /* outer ones beyond these */
} vmh_lua_trace;

struct vmh_lua_state {
    int64_t gas;  /* left */
    vmh_lua_heap heap;
    vmh_lua_coroutine *running;
    vmh_lua_coroutine *main;
    vmh_lua_coroutine *resumed; /* by a STEP_RESUME */
    uint32_t depth;             /* frames of all running and normal coroutines */
    const vmh_lua_code *code;
    vmh_lua_value *globals;
    const struct vmh_lua_library *library;
    vmh_lua_value error;
    uint32_t error_code; /* vmh_outcome_code that came with it from the host; else 0 */
    vmh_lua_stop stop;
    bool is_suspended;          /* the top frame of main has asked for it */
    vmh_status status;
    vmh_failure *why;
    vmh_lua_trace trace;        /* of the newest error, or of where it stopped */
    /* Gets what `print` writes, a part at a time; may be NULL. A failure ends the execution. */
    vmh_status (*print)(void *context, vmh_bytes text, vmh_failure *why);
    void *print_context;
    struct vmh_lua_sdk *sdk; /* of a contract on a chain; else NULL */
    struct vmh_lua_watch *watch; /* NULL: nobody watches */
    bool is_looking; /* evaluates for who watches: what its heap does not own stays as it is */
};

/* Whether a table may not be changed. */
static inline bool vmh_lua_is_fixed(const vmh_lua_state *L, const vmh_lua_table *table)
{
    return table->is_read_only || (L->is_looking && !vmh_lua_heap_owns(&L->heap, table));
}

/* Why not. */
static inline const char *vmh_lua_fixed_text(const vmh_lua_table *table)
{
    return table->is_read_only ? "attempt to change a table of the library"
                               : "attempt to change what is watched";
}

/*
 * What there is without being assigned: shared by all executions, made once. Its tables
 * are read-only.
 */
typedef struct vmh_lua_library {
    vmh_lua_heap heap;
    const char **names; /* of the globals, in slot order */
    vmh_lua_value *globals;
    size_t global_count;
    vmh_lua_table *string_metatable;
    vmh_lua_value handle_methods[VMH_LUA_EVENT_COUNT]; /* of state handles; nil: none */
    vmh_lua_string *event_names[VMH_LUA_EVENT_COUNT];
    vmh_lua_value next; /* the function `next`, which pairs gives */
} vmh_lua_library;

/* `with_sdk`: with what only a contract on a chain has. */
vmh_status vmh_lua_library_new(bool with_sdk, vmh_lua_library **out, vmh_failure *why);

struct vmh_lua_native_list;

/* The same with one list more; NULL: none. */
vmh_status vmh_lua_library_new_with(bool with_sdk, const struct vmh_lua_native_list *more,
                                    vmh_lua_library **out, vmh_failure *why);
void vmh_lua_library_free(vmh_lua_library *library);

/* ---- running ---- */

vmh_lua_state *vmh_lua_state_new(const vmh_lua_library *library);
void vmh_lua_state_free(vmh_lua_state *L);

/* What came of a run. */
typedef struct vmh_lua_outcome {
    bool is_good;
    bool is_suspended;       /* not at its end: `results` are what the function asks for */
    vmh_lua_stop stop;       /* why it ended past every pcall; NONE: an error, or good */
    vmh_lua_value error;
    const vmh_lua_trace *trace; /* of what is not good */
    const vmh_lua_value *results;
    uint32_t result_count;
    uint64_t gas_used;
    uint64_t memory_counted;
} vmh_lua_outcome;

/*
 * Runs a main chunk to its end, or until a function of the library suspends it, with nothing left
 * of what ran before. What the contract does wrong is in the outcome, whose values live until the
 * next run; a failure is the host's.
 */
vmh_status vmh_lua_run(vmh_lua_state *L, const vmh_lua_code *code, uint64_t gas_limit,
                       uint64_t memory_limit, vmh_lua_outcome *outcome, vmh_failure *why);

/*
 * Calls a function, found in what the run before left (results, their fields), with `count`
 * values, in the same execution: gas and memory go on. Values of the outcome live until the
 * next run.
 */
vmh_status vmh_lua_call(vmh_lua_state *L, vmh_lua_value function, const vmh_lua_value *values,
                        uint32_t count, vmh_lua_outcome *outcome, vmh_failure *why);
/* What a suspended execution goes on with. */
typedef struct vmh_lua_answer {
    bool is_error;               /* values[0] is raised where the function stands */
    const vmh_lua_value *values; /* else: its results, at most VMH_LUA_MAX_VALUES; of L->heap */
    uint32_t count;
} vmh_lua_answer;

/*
 * Goes on with what is suspended in L, after a run or a thaw, as vmh_lua_run does; what it used
 * before is not in the outcome's gas. Only a state that is suspended.
 */
vmh_status vmh_lua_go_on(vmh_lua_state *L, const vmh_lua_answer *answer, uint64_t gas_limit,
                         vmh_lua_outcome *outcome, vmh_failure *why);

/* Nothing is left in L of what ran before; nothing runs yet. False where there is no memory. */
bool vmh_lua_state_reset(vmh_lua_state *L, const vmh_lua_code *code, uint64_t memory_limit);

/* ---- for functions of the library ---- */

static inline vmh_lua_value *vmh_lua_slots(vmh_lua_state *L, const vmh_lua_frame *frame)
{
    return L->running->stack + frame->base;
}

/* Argument number `index`, from 0; nil where there is none. */
static inline vmh_lua_value vmh_lua_argument(vmh_lua_state *L, const vmh_lua_frame *frame,
                                             uint32_t index)
{
    return index < frame->argument_count ? vmh_lua_slots(L, frame)[index] : vmh_lua_nil();
}

/* Takes all the gas there is and stops; gives false. */
bool vmh_lua_run_out_of_gas(vmh_lua_state *L);

/* Takes gas; false, with stop set, where there is not so much: return vmh_lua_stopped(L). */
static inline bool vmh_lua_charge(vmh_lua_state *L, uint64_t gas)
{
    if (gas > (uint64_t)L->gas)
        return vmh_lua_run_out_of_gas(L);
    L->gas -= (int64_t)gas;
    return true;
}

/* Gas for `size` bytes copied, compared or searched. */
static inline bool vmh_lua_charge_bytes(vmh_lua_state *L, uint64_t size)
{
    return vmh_lua_charge(L, (size / 32 + (size % 32 != 0)) * VMH_LUA_GAS_PER_WORD);
}

/* Gas for a string of `size` bytes that is made. */
static inline bool vmh_lua_charge_made(vmh_lua_state *L, uint64_t size)
{
    return vmh_lua_charge(L, (size / 8 + (size % 8 != 0)) * VMH_LUA_GAS_PER_MADE);
}

/* Gas for what a table says an access took: slots passed, keys moved. */
static inline bool vmh_lua_charge_slots(vmh_lua_state *L, uint64_t work)
{
    return vmh_lua_charge(L, work / 4 * VMH_LUA_GAS_PER_SLOTS);
}

/* Gas for `count` values that are handed on. */
static inline bool vmh_lua_charge_moved(vmh_lua_state *L, uint64_t count)
{
    return vmh_lua_charge(L, count / 4 * VMH_LUA_GAS_PER_MOVED);
}

/* Gas for the text of a number, beside its bytes: a uint256 is divided for it. */
bool vmh_lua_charge_number_text(vmh_lua_state *L, vmh_lua_value value);

/* After anything that gave NULL or false: tells why in L->stop and gives VMH_LUA_STEP_STOP. */
vmh_lua_step vmh_lua_stopped(vmh_lua_state *L);

/* Room for `count` slots from base on; false: return vmh_lua_stopped(L). */
bool vmh_lua_reserve(vmh_lua_state *L, const vmh_lua_frame *frame, uint64_t count);

/* Results: none, one, or `count` from slot `at` on. */
vmh_lua_step vmh_lua_return_none(vmh_lua_frame *frame);
vmh_lua_step vmh_lua_return(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value value);
vmh_lua_step vmh_lua_return_from(vmh_lua_frame *frame, uint32_t at, uint32_t count);

/* A string result; counts and copies. */
vmh_lua_step vmh_lua_return_bytes(vmh_lua_state *L, vmh_lua_frame *frame, vmh_bytes bytes);

/* Calls slot `at` with the `count` values behind it; comes again in `phase`. */
vmh_lua_step vmh_lua_call_at(vmh_lua_frame *frame, uint32_t at, uint32_t count, uint32_t phase);

/*
 * Stops the whole execution with the values from slot `at` on, for the host; the results of the
 * function are what the host goes on with, and it is not called again. Where that is not allowed
 * the execution ends with `async: not allowed here`: in a coroutine, and below any function of the
 * library but pcall and the function of xpcall, and any metamethod.
 */
vmh_lua_step vmh_lua_suspend(vmh_lua_frame *frame, uint32_t at, uint32_t count);
bool vmh_lua_may_suspend(const vmh_lua_state *L);

/* Raises a text (printf), a value. Position and traceback are added by nobody. */
vmh_lua_step vmh_lua_raise_text(vmh_lua_state *L, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
vmh_lua_step vmh_lua_raise(vmh_lua_state *L, vmh_lua_value value);

/* "bad argument #2 to 'rep' (text)"; index from 0. */
vmh_lua_step vmh_lua_bad_argument(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                  const char *format, ...) __attribute__((format(printf, 4, 5)));

/* "bad argument #2 to 'rep' (number expected, got nil)", "... got no value" */
vmh_lua_step vmh_lua_wrong_type(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                const char *expected);

/*
 * Checks of arguments: false after raising, `return VMH_LUA_STEP_RAISE` (or what
 * `*step` is). An integer is taken where one is wanted, a number as text where a string
 * is (it is counted and charged).
 */
bool vmh_lua_check_integer(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                           int64_t *out, vmh_lua_step *step);
bool vmh_lua_check_optional_integer(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                                    int64_t if_absent, int64_t *out, vmh_lua_step *step);
bool vmh_lua_check_string(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                          vmh_lua_string **out, vmh_lua_step *step);
bool vmh_lua_check_table(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                         vmh_lua_table **out, vmh_lua_step *step);
bool vmh_lua_check_any(vmh_lua_state *L, const vmh_lua_frame *frame, uint32_t index,
                       vmh_lua_step *step);

/* The metamethod of a value for an event, or nil. */
vmh_lua_value vmh_lua_metamethod(vmh_lua_state *L, vmh_lua_value value, vmh_lua_event event);

/*
 * A number's text: decimal. For anything else nothing is written; size 0. `out`
 * has room for 80 bytes.
 */
size_t vmh_lua_number_text(vmh_lua_value value, char out[80]);

/*
 * tostring without metamethods: of a table, function or coroutine its type name. NULL where
 * limit or system stop it.
 */
vmh_lua_string *vmh_lua_plain_text(vmh_lua_state *L, vmh_lua_value value);

/* Reads and writes of tables by the library, without metamethods, charged by what they take. */
bool vmh_lua_raw_set(vmh_lua_state *L, vmh_lua_table *table, vmh_lua_value key,
                     vmh_lua_value value);

/* Gas of an access by `key`, beyond INDEX or STORE. */
uint64_t vmh_lua_access_cost(const vmh_lua_table *table, vmh_lua_value key);

/* ---- tables of functions, for library.c ---- */

/* A value that lies among the functions of a table: a text, or an integer where that has no data. */
typedef struct vmh_lua_constant {
    const char *name;
    int64_t integer;
    vmh_bytes text;
} vmh_lua_constant;

typedef struct vmh_lua_native_list {
    const char *name;              /* of the table among the globals; NULL: they are globals;
                                      "a.b": in the table that was made for "a" before it */
    const vmh_lua_native *natives; /* ends with a NULL name */
    const vmh_lua_constant *constants; /* ends with a NULL name; NULL: none */
} vmh_lua_native_list;

extern const vmh_lua_native vmh_lua_base_natives[];
extern const vmh_lua_native vmh_lua_string_natives[];
extern const vmh_lua_native vmh_lua_table_natives[];
extern const vmh_lua_native vmh_lua_math_natives[];
extern const vmh_lua_native vmh_lua_utf8_natives[];
extern const vmh_lua_native vmh_lua_coroutine_natives[];
extern const vmh_lua_native vmh_lua_sdk_natives[];
extern const vmh_lua_native vmh_lua_async_natives[];
extern const vmh_lua_native vmh_lua_uint32_natives[];
extern const vmh_lua_native vmh_lua_uint64_natives[];

extern const vmh_lua_constant vmh_lua_math_constants[];
extern const vmh_lua_constant vmh_lua_utf8_constants[];

/*
 * Functions that no table holds, by which a stopped execution names what a loop calls.
 * gmatch keeps its string, its pattern, where it goes on and where the last match ended, both
 * integers from 0 on, the second -1 before the first match; the iterators of utf8.codes keep
 * nothing and are the same object wherever they are asked for.
 */
extern const vmh_lua_native vmh_lua_gmatch_next;
extern const vmh_lua_native_object vmh_lua_utf8_codes_next, vmh_lua_utf8_codes_next_lax;

#endif
