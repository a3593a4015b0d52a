/*
 * The tree of a source, with every name resolved: what the parser makes and the
 * compiler reads. It lives in the arena that was given to the parser.
 *
 * A variable is one declared local (parameters and loop variables too). A name
 * that no local in scope has is a global. `captured` says that an inner function
 * names the variable: it lives in a cell then.
 *
 * Depth. Statements and expressions stand in each other at most
 * VMH_LUA_MAX_NESTING deep. What belongs to its statement counts with it: a
 * target, the call of CALL, the function of `function f() end`. Left ends do not
 * count: in `a + b + c`, `a.b[c].d` and `f(1)(2):m()` the first operand of each
 * BINARY, AND, OR, INDEX, CALL and METHOD_CALL may be such an expression again, a
 * hundred thousand deep, so whoever walks the tree follows
 *
 *     pair.left       of BINARY, AND, OR, INDEX
 *     call.function   of CALL, METHOD_CALL
 *
 * in a loop. Everything else, operands of UNARY and PARENTHESES too, may be
 * walked by recursion.
 *
 * Names and strings are interned: equal ones are one pointer.
 */
#ifndef VMH_CONTRACTLUA_AST_H
#define VMH_CONTRACTLUA_AST_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/word.h"
#include "contractlua/names.h"

/*
 * A line and a column, both from 1, the column in bytes; 24 bits of each. There are millions of
 * them, and a processor waits where it reads at once what was written in two.
 */
typedef struct vmh_lua_place {
    uint64_t bits;
} vmh_lua_place;

static inline vmh_lua_place vmh_lua_place_at(uint32_t line, uint32_t column)
{
    return (vmh_lua_place){line | (uint64_t)column << 24};
}

static inline uint32_t vmh_lua_place_line(vmh_lua_place place)
{
    return (uint32_t)place.bits & 0xffffff;
}

static inline uint32_t vmh_lua_place_column(vmh_lua_place place)
{
    return (uint32_t)(place.bits >> 24);
}

typedef struct vmh_lua_function vmh_lua_function;
typedef struct vmh_lua_expression vmh_lua_expression;
typedef struct vmh_lua_statement vmh_lua_statement;
typedef struct vmh_lua_label vmh_lua_label;

typedef struct vmh_lua_variable {
    vmh_lua_name *name;
    vmh_lua_place place;        /* of the name; of a `self` that is not written, that of the method */
    vmh_lua_function *function; /* that declares it */
    uint32_t number;            /* in order of declaration within the function, from 0 */
    bool is_constant;           /* <const> */
    bool is_captured;
    bool is_assigned;           /* after its declaration, by any function */
    bool is_read;               /* by any function */
    uint32_t slot;              /* for the compiler: register */
} vmh_lua_variable;

/* An outer variable that a function names, in order of first mention. */
typedef struct vmh_lua_capture {
    vmh_lua_variable *variable;
    bool is_of_parent;     /* a local of the function around; else a capture of that function */
    uint32_t parent_index; /* else: its number among the parent's captures */
} vmh_lua_capture;

typedef struct vmh_lua_block {
    vmh_lua_statement *first; /* linked by `next` */
    /* Declared by its own statements, in order. Parameters and loop variables stand elsewhere. */
    vmh_lua_variable **variables;
    uint32_t variable_count;
    bool has_captured; /* any of them */
} vmh_lua_block;

struct vmh_lua_function {
    vmh_lua_function *parent; /* NULL: the main chunk */
    uint32_t number;          /* in source order of `function`, main is 0 */
    vmh_bytes name;           /* as declared or assigned: "token.transfer", "f"; empty: none */
    vmh_lua_place place, end; /* of `function` and of its `end`; main: begin and end of the source */
    vmh_lua_variable **parameters; /* `self` of a method included */
    uint32_t parameter_count;
    bool is_variadic;         /* main is */
    vmh_lua_capture *captures;
    uint32_t capture_count;
    uint32_t variable_count;  /* declared anywhere in it, parameters included */
    vmh_lua_block body;
};

typedef enum __attribute__((packed)) vmh_lua_expression_kind {
    VMH_LUA_EXPR_NIL,
    VMH_LUA_EXPR_FALSE,
    VMH_LUA_EXPR_TRUE,
    VMH_LUA_EXPR_INTEGER,
    VMH_LUA_EXPR_STRING,
    VMH_LUA_EXPR_VARARGS,
    VMH_LUA_EXPR_FUNCTION,
    VMH_LUA_EXPR_LOCAL,    /* of this function */
    VMH_LUA_EXPR_CAPTURE,  /* of an outer one */
    VMH_LUA_EXPR_GLOBAL,
    VMH_LUA_EXPR_INDEX,    /* a[b], a.b */
    VMH_LUA_EXPR_CALL,
    VMH_LUA_EXPR_METHOD_CALL, /* a:b(...) */
    VMH_LUA_EXPR_TABLE,
    VMH_LUA_EXPR_UNARY,
    VMH_LUA_EXPR_BINARY,
    VMH_LUA_EXPR_AND,
    VMH_LUA_EXPR_OR,
    VMH_LUA_EXPR_PARENTHESES, /* cuts to one value */
} vmh_lua_expression_kind;

/* The order of binary ones is that of the events in events.h. */
typedef enum __attribute__((packed)) vmh_lua_operator {
    VMH_LUA_OP_ADD,
    VMH_LUA_OP_SUB,
    VMH_LUA_OP_MUL,
    VMH_LUA_OP_IDIV,
    VMH_LUA_OP_MOD,
    VMH_LUA_OP_BAND,
    VMH_LUA_OP_BOR,
    VMH_LUA_OP_BXOR,
    VMH_LUA_OP_SHL,
    VMH_LUA_OP_SHR,
    VMH_LUA_OP_CONCAT,
    VMH_LUA_OP_EQ,
    VMH_LUA_OP_NE,
    VMH_LUA_OP_LT,
    VMH_LUA_OP_LE,
    VMH_LUA_OP_GT,
    VMH_LUA_OP_GE,
    VMH_LUA_OP_NEG, /* unary from here */
    VMH_LUA_OP_BNOT,
    VMH_LUA_OP_NOT,
    VMH_LUA_OP_LENGTH,
} vmh_lua_operator;

/* An item of a table constructor: `[key] = value` and `name = value`, or a value alone. */
typedef struct vmh_lua_item {
    vmh_lua_expression *key; /* NULL: the next integer */
    vmh_lua_expression *value;
} vmh_lua_item;

/*
 * No more is there than the kind has a use for: see vmh_lua_expression_size. The arguments of a
 * call stand right behind it.
 */
struct vmh_lua_expression {
    vmh_lua_expression_kind kind;
    union {
        vmh_lua_operator operator; /* UNARY and BINARY */
        uint8_t capture;           /* CAPTURE: its number in the function */
    };
    /*
     * Of the operator (`.` or `[` of INDEX), of the opening parenthesis of a call (or of the only
     * argument, which has none), else the begin.
     */
    uint8_t place[6];
    union {
        int64_t integer;
        vmh_lua_name *string;       /* also the name of a global */
        vmh_lua_variable *variable; /* LOCAL and CAPTURE */
        vmh_lua_function *function;
        struct {
            vmh_lua_expression *left, *right; /* UNARY and PARENTHESES: left; INDEX: object, key */
        } pair;
        struct {
            vmh_lua_expression *function; /* of a method call the object */
            uint32_t argument_count;
            vmh_lua_name *method; /* METHOD_CALL */
        } call;
        struct {
            vmh_lua_item *items;
            uint32_t item_count;
        } table;
    } as;
};

_Static_assert(offsetof(vmh_lua_expression, as) == 8, "there are millions of them");
_Static_assert(sizeof(void *) == sizeof(int64_t), "an integer takes the place of a pointer");

static inline vmh_lua_place vmh_lua_place_of(const vmh_lua_expression *expression)
{
    return (vmh_lua_place){vmh_get_u64_le((const uint8_t *)expression) >> 16};
}

static inline uint32_t vmh_lua_expression_line(const vmh_lua_expression *expression)
{
    return vmh_lua_place_line(vmh_lua_place_of(expression));
}

/* All that stands before `as`; the operator is 0. */
static inline void vmh_lua_begin_expression(vmh_lua_expression *expression,
                                            vmh_lua_expression_kind kind, vmh_lua_place place)
{
    vmh_put_u64_le((uint8_t *)expression, place.bits << 16 | (uint64_t)kind);
}

/* The bytes of an expression of that kind, arguments left out. */
static inline size_t vmh_lua_expression_size(vmh_lua_expression_kind kind)
{
    switch (kind) {
    case VMH_LUA_EXPR_METHOD_CALL:
        return sizeof(vmh_lua_expression);
    case VMH_LUA_EXPR_NIL:
    case VMH_LUA_EXPR_FALSE:
    case VMH_LUA_EXPR_TRUE:
    case VMH_LUA_EXPR_VARARGS:
        return offsetof(vmh_lua_expression, as);
    case VMH_LUA_EXPR_CALL:
    case VMH_LUA_EXPR_TABLE:
    case VMH_LUA_EXPR_INDEX:
    case VMH_LUA_EXPR_BINARY:
    case VMH_LUA_EXPR_AND:
    case VMH_LUA_EXPR_OR:
        return offsetof(vmh_lua_expression, as) + 2 * sizeof(void *);
    default:
        return offsetof(vmh_lua_expression, as) + sizeof(void *);
    }
}

/* Of a CALL or METHOD_CALL. */
static inline vmh_lua_expression **vmh_lua_arguments(const vmh_lua_expression *call)
{
    return (vmh_lua_expression **)((uintptr_t)call + vmh_lua_expression_size(call->kind));
}

typedef enum vmh_lua_statement_kind {
    VMH_LUA_STMT_LOCAL,      /* variables = values */
    VMH_LUA_STMT_LOCAL_FUNCTION, /* one variable, one value: in scope in it */
    VMH_LUA_STMT_ASSIGN,     /* targets = values; also `function a.b.c() end` */
    VMH_LUA_STMT_CALL,
    VMH_LUA_STMT_DO,
    VMH_LUA_STMT_WHILE,
    VMH_LUA_STMT_REPEAT,     /* the condition sees the variables of the body */
    VMH_LUA_STMT_IF,
    VMH_LUA_STMT_FOR,        /* variables[0], values[3]: start, limit, step (or NULL, count 2) */
    VMH_LUA_STMT_FOR_IN,     /* variables, values */
    VMH_LUA_STMT_RETURN,
    VMH_LUA_STMT_BREAK,
    VMH_LUA_STMT_GOTO,
    VMH_LUA_STMT_LABEL,
} vmh_lua_statement_kind;

struct vmh_lua_label {
    vmh_bytes name;
    vmh_lua_place place;
    bool is_used;
    uint32_t position; /* for the compiler */
    /*
     * Locals of the function that are in scope where it stands. At the end of a block, where only
     * labels and `;` follow, those of the block are no longer: a goto there leaves their scope.
     */
    uint32_t scope_variable_count;
};

/* An arm of `if`; the last one may have no condition. */
typedef struct vmh_lua_arm {
    vmh_lua_expression *condition; /* NULL: else */
    vmh_lua_block block;
} vmh_lua_arm;

struct vmh_lua_statement {
    vmh_lua_statement *next;
    vmh_lua_place place; /* its first token */
    vmh_lua_statement_kind kind;
    uint32_t value_count;
    vmh_lua_expression **values; /* of CALL the call, of WHILE and REPEAT the condition */
    uint32_t variable_count;
    uint32_t target_count;
    union {
        vmh_lua_variable **variables;
        vmh_lua_expression **targets; /* ASSIGN: LOCAL, CAPTURE, GLOBAL or INDEX */
        vmh_lua_expression *single;   /* where there is one value and none of those */
    };
    /* Those that vmh_lua_statement_is_short end here. */
    vmh_lua_block block;  /* DO, WHILE, REPEAT, FOR, FOR_IN: the body */
    vmh_lua_label *label; /* GOTO: where to; LABEL: itself */
    vmh_lua_arm *arms;
    uint32_t arm_count;
};

static inline bool vmh_lua_statement_is_short(vmh_lua_statement_kind kind)
{
    return kind == VMH_LUA_STMT_LOCAL || kind == VMH_LUA_STMT_LOCAL_FUNCTION ||
           kind == VMH_LUA_STMT_ASSIGN || kind == VMH_LUA_STMT_CALL ||
           kind == VMH_LUA_STMT_RETURN;
}

/* A parsed source. */
typedef struct vmh_lua_tree {
    vmh_lua_function *main;
    uint32_t function_count;
    /*
     * Names of globals that the main chunk's own statements assign (not those
     * inside functions), each once, in source order.
     */
    vmh_lua_name **assigned_globals;
    uint32_t assigned_global_count;
    vmh_lua_names names;
    vmh_lua_trail trail; /* GLOBAL, STRING and methods */
    vmh_lua_parts parts; /* of the names, and for what goes with the tree */
} vmh_lua_tree;

#endif
