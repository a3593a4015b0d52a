/* Functions that are globals (manual of Lua 5.4, section 6.1, as spec/lua.md 2 has it). */
#include "contractlua/call.h"
#include "contractlua/natives.h"

static vmh_lua_step base_assert(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    if (vmh_lua_is_true(vmh_lua_argument(L, frame, 0)))
        return vmh_lua_return_from(frame, 0, frame->argument_count);
    if (frame->argument_count > 1)
        return vmh_lua_raise(L, vmh_lua_argument(L, frame, 1));
    return vmh_lua_raise_text(L, "assertion failed!");
}

static vmh_lua_step base_error(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return vmh_lua_raise(L, vmh_lua_argument(L, frame, 0));
}

/* Calls a metamethod, which lies at slot `at` with its arguments behind it. */
static vmh_lua_step call_metamethod(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t at,
                                    uint32_t count, uint32_t phase)
{
    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL + VMH_LUA_GAS_NATIVE +
                               count * VMH_LUA_GAS_ARGUMENT))
        return VMH_LUA_STEP_STOP;
    return vmh_lua_call_at(frame, at, count, phase);
}

/* ---- traversal ---- */

vmh_lua_step vmh_lua_next_native(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value key = vmh_lua_argument(L, frame, 1), value = vmh_lua_nil();
    vmh_lua_table *table;
    uint64_t work = 0;
    vmh_lua_step step;

    if (!vmh_lua_check_table(L, frame, 0, &table, &step))
        return step;
    switch (vmh_lua_table_next(table, &key, &value, &work)) {
    case VMH_LUA_NEXT_INVALID:
        return vmh_lua_raise_text(L, "invalid key to 'next'");
    case VMH_LUA_NEXT_END:
        if (!vmh_lua_charge_slots(L, work))
            return VMH_LUA_STEP_STOP;
        return vmh_lua_return(L, frame, vmh_lua_nil());
    case VMH_LUA_NEXT_FOUND:
        break;
    }
    if (!vmh_lua_charge_slots(L, work))
        return VMH_LUA_STEP_STOP;
    vmh_lua_slots(L, frame)[0] = key;
    vmh_lua_slots(L, frame)[1] = value;
    return vmh_lua_return_from(frame, 0, 2);
}

vmh_lua_step vmh_lua_base_pairs(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_value method;
    vmh_lua_step step;

    if (frame->phase == VMH_LUA_PHASE_CALLED) {
        for (uint32_t i = frame->returned; i < 3; i++)
            slots[1 + i] = vmh_lua_nil();
        return vmh_lua_return_from(frame, 1, 3);
    }
    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    method = vmh_lua_metamethod(L, slots[0], VMH_LUA_EVENT_PAIRS);
    if (vmh_lua_is_nil(method)) {
        if (slots[0].tag != VMH_LUA_TABLE)
            return vmh_lua_wrong_type(L, frame, 0, "table");
        slots[1] = slots[0];
        slots[0] = L->library->next;
        slots[2] = vmh_lua_nil();
        return vmh_lua_return_from(frame, 0, 3);
    }
    slots[2] = slots[0];
    slots[1] = method;
    return call_metamethod(L, frame, 1, 1, VMH_LUA_PHASE_CALLED);
}

/* The step of ipairs reads with __index: it asks the machine for it by a small detour. */
static vmh_lua_step ipairs_step(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_value object = vmh_lua_argument(L, frame, 0), value, method;
    vmh_lua_value key;
    vmh_lua_step step;
    int64_t index;

    if (frame->phase == VMH_LUA_PHASE_CALLED) {
        value = frame->returned > 0 ? slots[1] : vmh_lua_nil();
        key = vmh_lua_integer(frame->numbers[0]);
    } else {
        if (!vmh_lua_check_integer(L, frame, 1, &index, &step))
            return step;
        key = vmh_lua_integer((int64_t)((uint64_t)index + 1));
        frame->numbers[0] = key.as.integer;
        for (int hops = 0;; hops++) {
            value = vmh_lua_nil();
            if (object.tag == VMH_LUA_TABLE) {
                if (!vmh_lua_charge(L, vmh_lua_access_cost(object.as.table, key)))
                    return VMH_LUA_STEP_STOP;
                value = vmh_lua_table_get(object.as.table, key);
            }
            if (!vmh_lua_is_nil(value))
                break;
            method = vmh_lua_metamethod(L, object, VMH_LUA_EVENT_INDEX);
            if (vmh_lua_is_nil(method) && object.tag != VMH_LUA_TABLE)
                return vmh_lua_raise_text(L, "attempt to index a %s value",
                                          vmh_lua_type_name(object));
            if (vmh_lua_is_nil(method))
                break;
            if (method.tag == VMH_LUA_CLOSURE || method.tag == VMH_LUA_NATIVE) {
                slots[1] = method;
                slots[2] = object;
                slots[3] = key;
                return call_metamethod(L, frame, 1, 2, VMH_LUA_PHASE_CALLED);
            }
            if (hops == VMH_LUA_MAX_CHAIN)
                return vmh_lua_raise_text(L, "'__index' chain too long");
            if (!vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))
                return VMH_LUA_STEP_STOP;
            object = method;
        }
    }
    if (vmh_lua_is_nil(value))
        return vmh_lua_return(L, frame, value);
    slots = vmh_lua_slots(L, frame);
    slots[0] = key;
    slots[1] = value;
    return vmh_lua_return_from(frame, 0, 2);
}

static const vmh_lua_native ipairs_step_native = {"ipairs", ipairs_step};
const vmh_lua_native_object vmh_lua_ipairs_next = {.native = &ipairs_step_native};

static vmh_lua_step base_ipairs(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    slots[1] = slots[0];
    /* Values have no constant pointers; nobody writes to what keeps nothing. */
    slots[0] = (vmh_lua_value){.tag = VMH_LUA_NATIVE,
                               .as = {.native = (vmh_lua_native_object *)&vmh_lua_ipairs_next}};
    slots[2] = vmh_lua_integer(0);
    return vmh_lua_return_from(frame, 0, 3);
}

/* ---- protected calls ---- */

enum {
    CALLED = VMH_LUA_PROTECTED_CALLED,
    FAILED = VMH_LUA_PROTECTED_FAILED,
    HANDLED = VMH_LUA_PROTECTED_HANDLED,
    HANDLER_FAILED = VMH_LUA_PROTECTED_HANDLER_FAILED,
};

/* Results of a good call lie from slot 1 on. */
static vmh_lua_step succeed(vmh_lua_state *L, vmh_lua_frame *frame)
{
    frame->is_protected = false;
    vmh_lua_slots(L, frame)[0] = vmh_lua_boolean(true);
    return vmh_lua_return_from(frame, 0, 1 + frame->returned);
}

static vmh_lua_step fail(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_value error)
{
    vmh_lua_slots(L, frame)[0] = vmh_lua_boolean(false);
    vmh_lua_slots(L, frame)[1] = error;
    return vmh_lua_return_from(frame, 0, 2);
}

vmh_lua_step vmh_lua_base_pcall(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_step step;

    if (frame->phase == CALLED)
        return succeed(L, frame);
    if (frame->phase == FAILED)
        return fail(L, frame, L->error);
    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    for (uint32_t i = frame->argument_count; i > 0; i--)
        slots[i] = slots[i - 1];
    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
        return VMH_LUA_STEP_STOP;
    frame->is_protected = true;
    frame->error_phase = FAILED;
    return vmh_lua_call_at(frame, 1, frame->argument_count - 1, CALLED);
}

/* Slots: handler, function, arguments. The handler runs where xpcall stands. */
vmh_lua_step vmh_lua_base_xpcall(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_value handler;

    switch (frame->phase) {
    case CALLED:
        return succeed(L, frame);
    case FAILED:
        slots[2] = L->error;
        slots[1] = slots[0];
        if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
            return VMH_LUA_STEP_STOP;
        frame->is_protected = true;
        frame->error_phase = HANDLER_FAILED;
        return vmh_lua_call_at(frame, 1, 1, HANDLED);
    case HANDLED:
        frame->is_protected = false;
        if (frame->returned == 0)
            slots[1] = vmh_lua_nil();
        slots[0] = vmh_lua_boolean(false);
        return vmh_lua_return_from(frame, 0, 2);
    case HANDLER_FAILED:
        return fail(L, frame, L->error);
    default:
        break;
    }
    handler = vmh_lua_argument(L, frame, 1);
    if (handler.tag != VMH_LUA_CLOSURE && handler.tag != VMH_LUA_NATIVE)
        return vmh_lua_wrong_type(L, frame, 1, "function");
    slots[1] = slots[0];
    slots[0] = handler;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_CALL))
        return VMH_LUA_STEP_STOP;
    frame->is_protected = true;
    frame->error_phase = FAILED;
    return vmh_lua_call_at(frame, 1, frame->argument_count - 2, CALLED);
}

/* ---- raw access and metatables ---- */

static vmh_lua_step base_rawequal(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value a = vmh_lua_argument(L, frame, 0), b = vmh_lua_argument(L, frame, 1);
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step) || !vmh_lua_check_any(L, frame, 1, &step))
        return step;
    if (a.tag == VMH_LUA_STRING && b.tag == VMH_LUA_STRING &&
        a.as.string->size == b.as.string->size && !vmh_lua_charge_bytes(L, a.as.string->size))
        return VMH_LUA_STEP_STOP;
    return vmh_lua_return(L, frame, vmh_lua_boolean(vmh_lua_raw_equal(a, b)));
}

static vmh_lua_step base_rawget(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_table *table;
    vmh_lua_step step;

    if (!vmh_lua_check_table(L, frame, 0, &table, &step) ||
        !vmh_lua_check_any(L, frame, 1, &step))
        return step;
    if (!vmh_lua_charge(L, vmh_lua_access_cost(table, vmh_lua_argument(L, frame, 1))))
        return VMH_LUA_STEP_STOP;
    return vmh_lua_return(L, frame, vmh_lua_table_get(table, vmh_lua_argument(L, frame, 1)));
}

static vmh_lua_step base_rawset(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_table *table;
    vmh_lua_step step;

    if (!vmh_lua_check_table(L, frame, 0, &table, &step) ||
        !vmh_lua_check_any(L, frame, 1, &step) || !vmh_lua_check_any(L, frame, 2, &step))
        return step;
    if (vmh_lua_is_nil(vmh_lua_argument(L, frame, 1)))
        return vmh_lua_raise_text(L, "table index is nil");
    if (vmh_lua_is_fixed(L, table))
        return vmh_lua_raise_text(L, "%s", vmh_lua_fixed_text(table));
    if (!vmh_lua_raw_set(L, table, vmh_lua_argument(L, frame, 1), vmh_lua_argument(L, frame, 2)))
        return vmh_lua_stopped(L);
    return vmh_lua_return_from(frame, 0, 1);
}

static vmh_lua_step base_rawlen(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 0);

    if (value.tag == VMH_LUA_STRING)
        return vmh_lua_return(L, frame, vmh_lua_integer((int64_t)value.as.string->size));
    if (value.tag != VMH_LUA_TABLE)
        return vmh_lua_wrong_type(L, frame, 0, "table or string");
    return vmh_lua_return(L, frame,
                          vmh_lua_integer((int64_t)vmh_lua_table_length(value.as.table)));
}

static vmh_lua_step base_getmetatable(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 0);
    vmh_lua_value guard;
    vmh_lua_table *metatable = NULL;
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    guard = vmh_lua_metamethod(L, value, VMH_LUA_EVENT_METATABLE);
    if (!vmh_lua_is_nil(guard))
        return vmh_lua_return(L, frame, guard);
    if (value.tag == VMH_LUA_TABLE)
        metatable = value.as.table->metatable;
    else if (value.tag == VMH_LUA_STRING)
        metatable = L->library->string_metatable;
    return vmh_lua_return(L, frame,
                          metatable == NULL ? vmh_lua_nil() : vmh_lua_of_table(metatable));
}

/* The first key that would mean something elsewhere, and must not be thought to mean it here. */
static const vmh_lua_string *find_refused_key(const vmh_lua_state *L,
                                              const vmh_lua_table *metatable)
{
    for (int event = VMH_LUA_EVENT_GC; event < VMH_LUA_EVENT_COUNT; event++) {
        vmh_lua_string *name = L->library->event_names[event];

        if (!vmh_lua_is_nil(vmh_lua_table_get_string(metatable, name)))
            return name;
    }
    return NULL;
}

static vmh_lua_step base_setmetatable(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value given = vmh_lua_argument(L, frame, 1);
    const vmh_lua_string *key = NULL;
    vmh_lua_table *table;
    vmh_lua_step step;

    if (!vmh_lua_check_table(L, frame, 0, &table, &step))
        return step;
    if (frame->argument_count < 2 || (given.tag != VMH_LUA_NIL && given.tag != VMH_LUA_TABLE))
        return vmh_lua_wrong_type(L, frame, 1, "nil or table");
    if (!vmh_lua_is_nil(vmh_lua_metamethod(L, vmh_lua_argument(L, frame, 0),
                                           VMH_LUA_EVENT_METATABLE)))
        return vmh_lua_raise_text(L, "cannot change a protected metatable");
    if (vmh_lua_is_fixed(L, table))
        return vmh_lua_raise_text(L, "%s", vmh_lua_fixed_text(table));
    if (given.tag == VMH_LUA_TABLE)
        key = find_refused_key(L, given.as.table);
    if (key != NULL)
        return vmh_lua_raise_text(L, "there is no '%s' here", (const char *)key->bytes);
    table->metatable = given.tag == VMH_LUA_TABLE ? given.as.table : NULL;
    return vmh_lua_return_from(frame, 0, 1);
}

/* ---- values ---- */

static vmh_lua_step base_type(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;

    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    return vmh_lua_return_bytes(
        L, frame, vmh_bytes_text(vmh_lua_type_name(vmh_lua_argument(L, frame, 0))));
}

static vmh_lua_step base_select(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value which = vmh_lua_argument(L, frame, 0);
    int64_t index, count = frame->argument_count;
    vmh_lua_step step;

    if (which.tag == VMH_LUA_STRING && which.as.string->size == 1 &&
        which.as.string->bytes[0] == '#')
        return vmh_lua_return(L, frame, vmh_lua_integer(count - 1));
    if (!vmh_lua_check_integer(L, frame, 0, &index, &step))
        return step;
    if (index < 0)
        index = count + index;
    else if (index > count)
        index = count;
    if (index < 1)
        return vmh_lua_bad_argument(L, frame, 0, "index out of range");
    return vmh_lua_return_from(frame, (uint32_t)index, (uint32_t)(count - index));
}

/* The text of a value, with __tostring or __name; in slot 0 when it returns. */
static vmh_lua_step base_tostring(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_value method;
    vmh_lua_string *text;
    vmh_lua_step step;

    if (frame->phase == 1) {
        if (frame->returned == 0 || slots[1].tag != VMH_LUA_STRING)
            return vmh_lua_raise_text(L, "'__tostring' must return a string");
        return vmh_lua_return_from(frame, 1, 1);
    }
    if (!vmh_lua_check_any(L, frame, 0, &step))
        return step;
    method = vmh_lua_metamethod(L, slots[0], VMH_LUA_EVENT_TOSTRING);
    if (!vmh_lua_is_nil(method)) {
        slots[2] = slots[0];
        slots[1] = method;
        frame->is_callback_barrier = true;
        return call_metamethod(L, frame, 1, 1, 1);
    }
    method = vmh_lua_metamethod(L, slots[0], VMH_LUA_EVENT_NAME);
    if (slots[0].tag == VMH_LUA_TABLE && method.tag == VMH_LUA_STRING)
        return vmh_lua_return(L, frame, method);
    text = vmh_lua_charge_number_text(L, slots[0]) ? vmh_lua_plain_text(L, slots[0]) : NULL;
    return text == NULL ? vmh_lua_stopped(L)
                        : vmh_lua_return(L, frame, vmh_lua_of_string(text));
}

static bool is_space(uint8_t byte)
{
    return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

static int digit_of(uint8_t byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'z')
        return byte - 'a' + 10;
    if (byte >= 'A' && byte <= 'Z')
        return byte - 'A' + 10;
    return 99;
}

/* An integer in text, spaces around it; wraps with a base other than 10. */
static bool read_integer(vmh_bytes text, int base, bool may_be_hex, int64_t *out)
{
    size_t at = 0, end = text.size, first;
    uint64_t value = 0;
    bool is_negative = false;

    while (at < end && is_space(text.data[at]))
        at++;
    while (end > at && is_space(text.data[end - 1]))
        end--;
    if (at < end && (text.data[at] == '-' || text.data[at] == '+'))
        is_negative = text.data[at++] == '-';
    if (may_be_hex && end - at > 2 && text.data[at] == '0' && (text.data[at + 1] | 32) == 'x') {
        base = 16;
        at += 2;
    }
    first = at;
    for (; at < end; at++) {
        int digit = digit_of(text.data[at]);

        if (digit >= base)
            return false;
        /* A decimal numeral beyond the integers is a float to Lua. */
        if (may_be_hex && base == 10 &&
            (value > (uint64_t)INT64_MAX / 10 ||
             value * 10 + (uint64_t)digit > (uint64_t)INT64_MAX + is_negative))
            return false;
        value = value * (uint64_t)base + (uint64_t)digit;
    }
    *out = (int64_t)(is_negative ? 0 - value : value);
    return at > first;
}

static vmh_lua_step base_tonumber(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 0);
    int64_t base, number;
    vmh_lua_step step;

    if (value.tag == VMH_LUA_STRING &&
        !vmh_lua_charge(L, value.as.string->size * VMH_LUA_GAS_PER_DIGIT))
        return VMH_LUA_STEP_STOP;
    if (vmh_lua_is_nil(vmh_lua_argument(L, frame, 1))) {
        if (value.tag == VMH_LUA_INTEGER || value.tag == VMH_LUA_UINT256)
            return vmh_lua_return(L, frame, value);
        if (!vmh_lua_check_any(L, frame, 0, &step))
            return step;
        if (value.tag == VMH_LUA_STRING &&
            read_integer(vmh_lua_string_bytes(value.as.string), 10, true, &number))
            return vmh_lua_return(L, frame, vmh_lua_integer(number));
        return vmh_lua_return(L, frame, vmh_lua_nil());
    }
    if (!vmh_lua_check_integer(L, frame, 1, &base, &step))
        return step;
    if (value.tag != VMH_LUA_STRING)
        return vmh_lua_wrong_type(L, frame, 0, "string");
    if (base < 2 || base > 36)
        return vmh_lua_bad_argument(L, frame, 1, "base out of range");
    if (read_integer(vmh_lua_string_bytes(value.as.string), (int)base, false, &number))
        return vmh_lua_return(L, frame, vmh_lua_integer(number));
    return vmh_lua_return(L, frame, vmh_lua_nil());
}

static bool print_part(vmh_lua_state *L, vmh_bytes text)
{
    if (L->print == NULL)
        return true;
    L->status = L->print(L->print_context, text, L->why);
    if (L->status != VMH_OK)
        L->stop = VMH_LUA_STOP_FAILED;
    return L->status == VMH_OK;
}

static bool charge_printed(vmh_lua_state *L, const vmh_lua_string *text)
{
    return vmh_lua_charge(L, VMH_LUA_GAS_PRINTED) && vmh_lua_charge_made(L, text->size);
}

/* Texts of all arguments, one after the other, then one line of them. */
static vmh_lua_step base_print(vmh_lua_state *L, vmh_lua_frame *frame)
{
    uint32_t count = frame->argument_count;
    uint32_t done = (uint32_t)frame->numbers[0];

    if (frame->phase == 0)
        done = 0;
    else if (frame->phase == 1) {
        vmh_lua_value text = vmh_lua_slots(L, frame)[count];

        if (frame->returned == 0 || text.tag != VMH_LUA_STRING)
            return vmh_lua_raise_text(L, "'__tostring' must return a string");
        if (!charge_printed(L, text.as.string))
            return VMH_LUA_STEP_STOP;
        vmh_lua_slots(L, frame)[done++] = text;
    }
    for (; done < count; done++) {
        vmh_lua_value *slots = vmh_lua_slots(L, frame);
        vmh_lua_value method = vmh_lua_metamethod(L, slots[done], VMH_LUA_EVENT_TOSTRING);
        vmh_lua_string *text;

        if (!vmh_lua_is_nil(method)) {
            slots[count] = method;
            slots[count + 1] = slots[done];
            frame->numbers[0] = done;
            frame->is_callback_barrier = true;
            return call_metamethod(L, frame, count, 1, 1);
        }
        text = vmh_lua_charge_number_text(L, slots[done]) ? vmh_lua_plain_text(L, slots[done])
                                                          : NULL;
        if (text == NULL)
            return vmh_lua_stopped(L);
        if (!charge_printed(L, text))
            return VMH_LUA_STEP_STOP;
        slots[done] = vmh_lua_of_string(text);
    }
    for (uint32_t i = 0; i < count; i++) {
        if ((i > 0 && !print_part(L, VMH_LITERAL("\t"))) ||
            !print_part(L, vmh_lua_string_bytes(vmh_lua_slots(L, frame)[i].as.string)))
            return VMH_LUA_STEP_STOP;
    }
    if (!print_part(L, VMH_LITERAL("\n")))
        return VMH_LUA_STEP_STOP;
    return vmh_lua_return_none(frame);
}

/* uint256(5), uint256 "0xff", uint256 "123" */
static vmh_lua_step base_uint256(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 0), made;
    vmh_word word;

    if (value.tag == VMH_LUA_UINT256)
        return vmh_lua_return(L, frame, value);
    if (value.tag == VMH_LUA_INTEGER) {
        if (value.as.integer < 0)
            return vmh_lua_bad_argument(L, frame, 0, "not negative expected");
        word = vmh_word_of((uint64_t)value.as.integer);
    } else if (value.tag != VMH_LUA_STRING) {
        return vmh_lua_wrong_type(L, frame, 0, "number or string");
    } else if (!vmh_lua_charge(L, (value.as.string->size < 80 ? value.as.string->size : 80) *
                                      VMH_LUA_GAS_PER_DIGIT)) {
        return VMH_LUA_STEP_STOP;
    } else if (!vmh_word_parse(vmh_lua_string_bytes(value.as.string), &word)) {
        return vmh_lua_bad_argument(L, frame, 0, "no uint256: decimal digits or 0x and hex digits "
                                                 "expected");
    }
    if (!vmh_lua_charge(L, VMH_LUA_GAS_UINT256))
        return VMH_LUA_STEP_STOP;
    made = vmh_lua_uint256_new(&L->heap, &word);
    return made.tag == VMH_LUA_UINT256 ? vmh_lua_return(L, frame, made) : vmh_lua_stopped(L);
}

const vmh_lua_native vmh_lua_base_natives[] = {
    {"assert", base_assert},
    {"error", base_error},
    {"getmetatable", base_getmetatable},
    {"ipairs", base_ipairs},
    {"next", vmh_lua_next_native},
    {"pairs", vmh_lua_base_pairs},
    {"pcall", vmh_lua_base_pcall},
    {"print", base_print},
    {"rawequal", base_rawequal},
    {"rawget", base_rawget},
    {"rawlen", base_rawlen},
    {"rawset", base_rawset},
    {"select", base_select},
    {"setmetatable", base_setmetatable},
    {"tonumber", base_tonumber},
    {"tostring", base_tostring},
    {"type", base_type},
    {"uint256", base_uint256},
    {"xpcall", vmh_lua_base_xpcall},
    {NULL, NULL},
};
