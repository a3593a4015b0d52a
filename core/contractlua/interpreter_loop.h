/*
 * The loop. Bodies end with a jump to the next one; gas, position and registers
 * are locals that are written back where something else may look at them.
 *
 * A source that includes this compiles a loop of its own, named VMH_LUA_LOOP.
 */
#ifndef VMH_CONTRACTLUA_INTERPRETER_LOOP_H
#define VMH_CONTRACTLUA_INTERPRETER_LOOP_H

#include "contractlua/interpreter_steps.h"
#include "contractlua/watch.h"

#ifndef VMH_LUA_LOOP
#define VMH_LUA_LOOP vmh_lua_interpret
#define VMH_LUA_LOOP_IS_WATCHED 0
#endif

#define UNLIKELY(condition) __builtin_expect((condition) != 0, 0)

#define PAY(amount)                  \
    do {                             \
        gas -= (int64_t)(amount);    \
        if (UNLIKELY(gas < 0))       \
            goto out_of_gas;         \
    } while (0)

#define R(number) base[number]
#if VMH_LUA_LOOP_IS_WATCHED
#define NEXT goto watched
#define IS_FIXED(table) vmh_lua_is_fixed(L, table)
/* Who looks changes nothing of what is looked at. */
#define TOUCH(is_own)                                                         \
    do {                                                                      \
        if (UNLIKELY(L->is_looking && !(is_own)))                             \
            SLOW(vmh_lua_raise_plain(L, VMH_LUA_LOOK_ONLY));                  \
    } while (0)
#else
#define NEXT                      \
    do {                          \
        i = *ip++;                \
        goto *labels[i.op];       \
    } while (0)
#define IS_FIXED(table) ((table)->is_read_only)
#define TOUCH(is_own) ((void)0)
#endif

/* What others may look at is written back. */
#define SAVE             \
    do {                 \
        frame->ip = ip;  \
        L->gas = gas;    \
    } while (0)

/* A slow road; it may have grown the stack or pushed a frame. */
#define SLOW(call)                            \
    do {                                      \
        vmh_lua_act act_;                     \
                                              \
        SAVE;                                 \
        act_ = (call);                        \
        if (act_ != VMH_LUA_ACT_NEXT) {       \
            act = act_;                       \
            goto changed;                     \
        }                                     \
        gas = L->gas;                         \
        base = running->stack + frame->base;  \
    } while (0)

/* Something that can only stop the execution. */
#define MUST(call)            \
    do {                      \
        SAVE;                 \
        if (UNLIKELY(!(call))) \
            goto stopped;     \
        gas = L->gas;         \
    } while (0)

#define ARITHMETIC(NAME, expression)                                             \
    do_##NAME: {                                                                 \
        const vmh_lua_value *b = &R(i.b), *c = &R(i.c);                          \
                                                                                 \
        if (is_integer(b) && is_integer(c)) {                                    \
            uint64_t x = (uint64_t)b->as.integer, y = (uint64_t)c->as.integer;   \
                                                                                 \
            R(i.a) = vmh_lua_integer((int64_t)(expression));                     \
            NEXT;                                                                \
        }                                                                        \
        SLOW(vmh_lua_arithmetic(L, VMH_LUA_OP_##NAME, *b, *c, i.a));             \
        NEXT;                                                                    \
    }

/* By a positive number; all others go the slow road. */
#define DIVISION(NAME, expression)                                               \
    do_##NAME: {                                                                 \
        const vmh_lua_value *b = &R(i.b), *c = &R(i.c);                          \
                                                                                 \
        if (is_integer(b) && is_integer(c) && c->as.integer > 0) {               \
            int64_t x = b->as.integer, y = c->as.integer;                        \
                                                                                 \
            R(i.a) = vmh_lua_integer(expression);                                \
            NEXT;                                                                \
        }                                                                        \
        SLOW(vmh_lua_arithmetic(L, VMH_LUA_OP_##NAME, *b, *c, i.a));             \
        NEXT;                                                                    \
    }

#define ARITHMETIC_SLOW(NAME)                                                 \
    do_##NAME:                                                                \
    SLOW(vmh_lua_arithmetic(L, VMH_LUA_OP_##NAME, R(i.b), R(i.c), i.a));      \
    NEXT;

#define ARITHMETIC_NUMBER(NAME, expression, number)                                     \
    do_##NAME##_NUMBER: {                                                               \
        const vmh_lua_value *b = &R(i.b);                                               \
        int64_t c = (number);                                                           \
                                                                                        \
        if (is_integer(b)) {                                                            \
            int64_t a = b->as.integer;                                                  \
                                                                                        \
            R(i.a) = vmh_lua_integer((int64_t)(expression));                            \
            NEXT;                                                                       \
        }                                                                               \
        SLOW(vmh_lua_arithmetic(L, VMH_LUA_OP_##NAME, *b, vmh_lua_integer(c), i.a));    \
        NEXT;                                                                           \
    }

/* Decides the test that is `i`. */
#define DECIDE(truth)                       \
    do {                                    \
        if ((truth) == (i.c != 0)) {        \
            ip++;                           \
            PAY(i.d);                       \
            NEXT;                           \
        }                                   \
        i = *ip;                            \
        PAY(i.d);                           \
        ip += 1 + vmh_lua_signed_wide(i);   \
        NEXT;                               \
    } while (0)

#define COMPARE(operator, left, right)                                 \
    do {                                                               \
        bool truth = false;                                            \
                                                                       \
        SLOW(vmh_lua_compare(L, operator, left, right, &truth));       \
        DECIDE(truth);                                                 \
    } while (0)

#define TEST_NUMBER(NAME, relation, operator, is_turned)                                    \
    do_##NAME##_NUMBER: {                                                                   \
        const vmh_lua_value *a = &R(i.a);                                                   \
        int64_t b = (int16_t)i.b;                                                           \
                                                                                            \
        if (is_integer(a))                                                                  \
            DECIDE(a->as.integer relation b);                                               \
        COMPARE(operator, (is_turned) ? vmh_lua_integer(b) : *a,                            \
                (is_turned) ? *a : vmh_lua_integer(b));                                     \
    }

void VMH_LUA_LOOP(vmh_lua_state *L)
{
    static const void *const labels[] = {
#define X(name, text) (const void *)&&do_##name,
#include "contractlua/instructions.def"
#undef X
    };
    vmh_lua_coroutine *running;
    vmh_lua_frame *frame;
    const vmh_lua_proto *proto;
    const vmh_lua_instruction *ip;
    vmh_lua_instruction i;
    vmh_lua_value *base;
    vmh_lua_act act;
    int64_t gas;

    if (!vmh_lua_settle(L))
        return;
reload:
    running = L->running;
    frame = vmh_lua_top_frame(L);
    if (frame->closure == NULL) {
        if (!vmh_lua_settle(L))
            return;
        goto reload;
    }
    proto = frame->closure->proto;
    ip = frame->ip;
    base = running->stack + frame->base;
    gas = L->gas;
    NEXT;

#if VMH_LUA_LOOP_IS_WATCHED
watched:
    SAVE;
    if (L->watch != NULL && !vmh_lua_watch_step(L))
        return;
    i = *ip++;
    goto *labels[i.op];
#endif

changed:
    if (act == VMH_LUA_ACT_RELOAD)
        goto reload;
    if (act == VMH_LUA_ACT_RAISE && vmh_lua_unwind(L))
        goto reload;
    return;

out_of_gas:
    L->gas = 0;
    L->stop = VMH_LUA_STOP_GAS;
    frame->ip = ip;
    return;

stopped:
    vmh_lua_stopped(L);
    return;

do_MOVE:
    R(i.a) = R(i.b);
    NEXT;
do_LOAD_NIL:
    for (uint32_t k = 0; k < i.b; k++)
        R(i.a + k) = vmh_lua_nil();
    NEXT;
do_LOAD_FALSE:
    R(i.a) = vmh_lua_boolean(false);
    NEXT;
do_LOAD_TRUE:
    R(i.a) = vmh_lua_boolean(true);
    NEXT;
do_LOAD_INTEGER:
    R(i.a) = vmh_lua_integer(vmh_lua_signed_wide(i));
    NEXT;
do_LOAD_CONSTANT:
    R(i.a) = proto->constants[vmh_lua_wide(i)];
    NEXT;
do_NEW_CELL:
    MUST(make_cell(L, &R(i.a)));
    NEXT;
do_GET_CELL:
    R(i.a) = R(i.b).as.cell->value;
    NEXT;
do_SET_CELL:
    TOUCH(vmh_lua_heap_owns(&L->heap, R(i.a).as.cell));
    R(i.a).as.cell->value = R(i.b);
    NEXT;
do_GET_CAPTURE:
    R(i.a) = frame->closure->cells[i.b]->value;
    NEXT;
do_SET_CAPTURE:
    TOUCH(vmh_lua_heap_owns(&L->heap, frame->closure->cells[i.b]));
    frame->closure->cells[i.b]->value = R(i.a);
    NEXT;
do_GET_GLOBAL:
    R(i.a) = L->globals[vmh_lua_wide(i)];
    NEXT;
do_SET_GLOBAL:
    TOUCH(false);
    L->globals[vmh_lua_wide(i)] = R(i.a);
    NEXT;
do_NO_GLOBAL: {
    const vmh_lua_string *name = proto->constants[vmh_lua_wide(i)].as.string;

    SLOW(vmh_lua_raise_plain(L, "no global '%.*s'%s", (int)(name->size < 200 ? name->size : 200),
                             (const char *)name->bytes,
                             i.a == 0 ? "" : ": the main chunk assigns none of that name"));
    NEXT;
}

do_GET_INDEX: {
    const vmh_lua_value *object = &R(i.b), *key = &R(i.c);

    if (object->tag == VMH_LUA_TABLE && is_integer(key)) {
        const vmh_lua_table *table = object->as.table;
        uint64_t at = (uint64_t)key->as.integer - 1;

        if (at < table->reach && table->items[at].tag != VMH_LUA_NIL &&
            vmh_lua_table_size(table) <= 4096) {
            R(i.a) = table->items[at];
            NEXT;
        }
    } else if (object->tag == VMH_LUA_TABLE && key->tag == VMH_LUA_STRING &&
               is_plain_access(object->as.table, key->as.string)) {
        const vmh_lua_value *found =
            vmh_lua_table_find_string(object->as.table, key->as.string);

        if (found != NULL) {
            R(i.a) = *found;
            NEXT;
        }
    }
    SLOW(vmh_lua_index(L, *object, *key, i.a));
    NEXT;
}
do_GET_FIELD: {
    const vmh_lua_value *object = &R(i.b);
    vmh_lua_value key = proto->constants[i.c];
    uint32_t hops;
    const vmh_lua_value *found = find_method(L, object, key.as.string, &hops);

    if (found != NULL) {
        PAY(hops * VMH_LUA_GAS_PER_HOP);
        R(i.a) = *found;
        NEXT;
    }
    SLOW(vmh_lua_index(L, *object, key, i.a));
    NEXT;
}
do_GET_ITEM: {
    const vmh_lua_value *object = &R(i.b);

    if (object->tag == VMH_LUA_TABLE) {
        const vmh_lua_table *table = object->as.table;
        uint64_t at = (uint64_t)i.c - 1;

        if (at < table->reach && table->items[at].tag != VMH_LUA_NIL &&
            vmh_lua_table_size(table) <= 4096) {
            R(i.a) = table->items[at];
            NEXT;
        }
    }
    SLOW(vmh_lua_index(L, *object, vmh_lua_integer(i.c), i.a));
    NEXT;
}
do_SET_INDEX: {
    const vmh_lua_value *object = &R(i.a), *key = &R(i.b), *value = &R(i.c);

    if (object->tag == VMH_LUA_TABLE && is_integer(key) && value->tag != VMH_LUA_NIL) {
        vmh_lua_table *table = object->as.table;
        uint64_t at = (uint64_t)key->as.integer - 1;

        if (at < table->reach && table->items[at].tag != VMH_LUA_NIL && !IS_FIXED(table) &&
            vmh_lua_table_size(table) <= 4096) {
            table->items[at] = *value;
            NEXT;
        }
    } else if (object->tag == VMH_LUA_TABLE && key->tag == VMH_LUA_STRING &&
               value->tag != VMH_LUA_NIL && !IS_FIXED(object->as.table) &&
               is_plain_access(object->as.table, key->as.string)) {
        vmh_lua_value *found = vmh_lua_table_find_string(object->as.table, key->as.string);

        if (found != NULL) {
            *found = *value;
            NEXT;
        }
    }
    SLOW(vmh_lua_store(L, *object, *key, *value));
    NEXT;
}
do_SET_FIELD: {
    const vmh_lua_value *object = &R(i.a), *value = &R(i.c);
    vmh_lua_value key = proto->constants[i.b];

    if (object->tag == VMH_LUA_TABLE && value->tag != VMH_LUA_NIL &&
        !IS_FIXED(object->as.table) && is_plain_access(object->as.table, key.as.string)) {
        vmh_lua_value *found = vmh_lua_table_find_field(object->as.table, key.as.string);

        if (found != NULL) {
            *found = *value;
            NEXT;
        }
    }
    SLOW(vmh_lua_store(L, *object, key, *value));
    NEXT;
}
do_SET_ITEM:
    SLOW(vmh_lua_store(L, R(i.a), vmh_lua_integer(i.b), R(i.c)));
    NEXT;
do_GET_METHOD: {
    vmh_lua_value object = R(i.b);
    uint32_t hops;
    const vmh_lua_value *found =
        find_method(L, &object, proto->constants[i.c].as.string, &hops);

    R(i.a + 1) = object;
    if (found != NULL) {
        PAY(hops * VMH_LUA_GAS_PER_HOP);
        R(i.a) = *found;
        NEXT;
    }
    SLOW(vmh_lua_index(L, object, proto->constants[i.c], i.a));
    NEXT;
}
do_NEW_TABLE: {
    vmh_lua_table *table;

    SAVE;
    table = new_table(L, i);
    if (UNLIKELY(table == NULL))
        goto stopped;
    R(i.a) = vmh_lua_of_table(table);
    NEXT;
}
do_SET_LIST: {
    uint32_t count = i.d;

    if (count == VMH_LUA_OPEN)
        count = (uint32_t)(running->stack + running->top - &R(i.a + 1));
    MUST(set_items(L, &R(i.a), vmh_lua_wide(i), count, i.d == VMH_LUA_OPEN));
    NEXT;
}

    ARITHMETIC(ADD, x + y)
    ARITHMETIC(SUB, x - y)
    ARITHMETIC(MUL, x * y)
    ARITHMETIC(BAND, x & y)
    ARITHMETIC(BOR, x | y)
    ARITHMETIC(BXOR, x ^ y)
    DIVISION(IDIV, floor_divide(x, y))
    DIVISION(MOD, floor_modulo(x, y))
    ARITHMETIC_SLOW(SHL)
    ARITHMETIC_SLOW(SHR)
    ARITHMETIC_NUMBER(ADD, (uint64_t)a + (uint64_t)c, (int16_t)i.c)
    ARITHMETIC_NUMBER(SUB, (uint64_t)a - (uint64_t)c, (int16_t)i.c)
    ARITHMETIC_NUMBER(MUL, (uint64_t)a * (uint64_t)c, (int16_t)i.c)
    ARITHMETIC_NUMBER(IDIV, floor_divide(a, c), i.c)
    ARITHMETIC_NUMBER(MOD, floor_modulo(a, c), i.c)

do_CONCAT:
    frame->concat_at = frame->base + i.b;
    frame->concat_count = i.c;
    SLOW(vmh_lua_concat(L));
    NEXT;
do_NEG:
    SLOW(vmh_lua_unary(L, VMH_LUA_OP_NEG, R(i.b), i.a));
    NEXT;
do_BNOT:
    SLOW(vmh_lua_unary(L, VMH_LUA_OP_BNOT, R(i.b), i.a));
    NEXT;
do_NOT:
    R(i.a) = vmh_lua_boolean(!vmh_lua_is_true(R(i.b)));
    NEXT;
do_LENGTH: {
    const vmh_lua_value *b = &R(i.b);

    if (b->tag == VMH_LUA_TABLE && b->as.table->metatable == NULL) {
        R(i.a) = vmh_lua_integer((int64_t)vmh_lua_table_length(b->as.table));
        NEXT;
    }
    SLOW(vmh_lua_unary(L, VMH_LUA_OP_LENGTH, *b, i.a));
    NEXT;
}

do_JUMP:
    PAY(i.d);
    ip += vmh_lua_signed_wide(i);
    NEXT;
do_CHARGE:
    PAY(vmh_lua_wide(i));
    NEXT;
do_TEST:
    DECIDE(vmh_lua_is_true(R(i.a)));
do_EQ: {
    const vmh_lua_value *a = &R(i.a), *b = &R(i.b);

    if (is_integer(a) && is_integer(b))
        DECIDE(a->as.integer == b->as.integer);
    COMPARE(VMH_LUA_OP_EQ, *a, *b);
}
do_EQ_CONSTANT: {
    const vmh_lua_value *a = &R(i.a), *b = &proto->constants[i.b];

    if (b->tag <= VMH_LUA_TRUE || a->tag != b->tag)
        DECIDE(a->tag == b->tag);
    if (a->as.string == b->as.string) {
        PAY((a->as.string->size + 31) / 32 * VMH_LUA_GAS_PER_WORD);
        DECIDE(true);
    }
    COMPARE(VMH_LUA_OP_EQ, *a, *b);
}
do_LT: {
    const vmh_lua_value *a = &R(i.a), *b = &R(i.b);

    if (is_integer(a) && is_integer(b))
        DECIDE(a->as.integer < b->as.integer);
    COMPARE(VMH_LUA_OP_LT, *a, *b);
}
do_LE: {
    const vmh_lua_value *a = &R(i.a), *b = &R(i.b);

    if (is_integer(a) && is_integer(b))
        DECIDE(a->as.integer <= b->as.integer);
    COMPARE(VMH_LUA_OP_LE, *a, *b);
}
    TEST_NUMBER(EQ, ==, VMH_LUA_OP_EQ, false)
    TEST_NUMBER(LT, <, VMH_LUA_OP_LT, false)
    TEST_NUMBER(LE, <=, VMH_LUA_OP_LE, false)
    TEST_NUMBER(GT, >, VMH_LUA_OP_LT, true)
    TEST_NUMBER(GE, >=, VMH_LUA_OP_LE, true)

do_FOR_BEGIN: {
    bool has_turn = false;

    SLOW(begin_for(L, &R(i.a), &has_turn));
    if (!has_turn) {
        ip += vmh_lua_signed_wide(i);
        NEXT;
    }
    PAY(i.d);
    NEXT;
}
do_FOR_TURN: {
    vmh_lua_value *at = &R(i.a);
    uint64_t left = (uint64_t)at[1].as.integer;
    int64_t next = (int64_t)((uint64_t)at[0].as.integer + (uint64_t)at[2].as.integer);

    if (left == 0)
        NEXT;
    PAY(i.d);
    at[1].as.integer = (int64_t)(left - 1);
    at[0].as.integer = next;
    at[3] = vmh_lua_integer(next);
    ip += vmh_lua_signed_wide(i);
    NEXT;
}
do_FOR_IN_BEGIN:
    if (R(i.a + 3).tag != VMH_LUA_NIL)
        SLOW(vmh_lua_raise_plain(L, "'for' takes no fourth value"));
    ip += vmh_lua_signed_wide(i);
    NEXT;
do_FOR_IN_CALL:
    PAY(VMH_LUA_GAS_FOR_IN_TURN);
    SLOW(step_iterator(L, &R(i.a), frame->base + i.a, i.b));
    NEXT;
do_FOR_IN_TURN: {
    vmh_lua_value *at = &R(i.a);

    if (at[4].tag == VMH_LUA_NIL)
        NEXT;
    PAY(i.d);
    at[2] = at[4];
    ip += vmh_lua_signed_wide(i);
    NEXT;
}

do_CLOSURE:
    MUST(make_closure(L, frame, proto->children[vmh_lua_wide(i)], &R(i.a)));
    NEXT;
do_VARARGS:
    MUST(spread_varargs(L, frame, i.a, i.b, i.b == VMH_LUA_OPEN));
    base = running->stack + frame->base;
    NEXT;
do_CALL: {
    uint32_t slot = frame->base + i.a;
    uint32_t count = i.b == VMH_LUA_OPEN ? running->top - slot - 1 : i.b;
    vmh_lua_frame *callee;

    SAVE;
    callee = begin_plain_call(L, slot, count, i.c);
    if (callee != NULL) {
        frame = callee;
        proto = frame->closure->proto;
        ip = proto->code;
        base += i.a + 1;
        PAY(proto->entry_charge);
        NEXT;
    }
    act = vmh_lua_begin_call(L, slot, count, i.c, VMH_LUA_BACK_CALL, 0);
    goto changed;
}
do_TAIL_CALL: {
    uint32_t slot = frame->base + i.a;

    SAVE;
    act = vmh_lua_begin_tail_call(L, slot, i.b == VMH_LUA_OPEN ? running->top - slot - 1 : i.b);
    goto changed;
}
do_RETURN: {
    uint32_t slot = frame->base + i.a;

    /* The usual case: one value, for a Lua function that called. */
    if (frame->back == VMH_LUA_BACK_CALL && frame->wanted == 1 && i.b == 1) {
        running->stack[frame->function_at] = R(i.a);
        running->cost -= frame->cost;
        running->frame_count--;
        L->depth--;
        frame--;
        proto = frame->closure->proto;
        ip = frame->ip;
        base = running->stack + frame->base;
        PAY(ip[-1].d);
        NEXT;
    }
    SAVE;
    act = vmh_lua_finish(L, slot, i.b == VMH_LUA_OPEN ? running->top - slot : i.b);
    goto changed;
}
}

#endif
