/*
 * `sdk`: other contracts, called and sent to. A method is named by its signature,
 * "transfer(bytes20,uint256)(bool)": its types say how values are packed, and bytecode knows it
 * by them.
 */
#include <stdarg.h>
#include <stdio.h>

#include "codec/argument_codec.h"
#include "contractlua/lib_service.h"
#include "types/host_texts.h"
#include "types/message.h"

/* Of a signature in a text about it. */
enum { SHOWN_SIZE = 100 };

/* Of a value of a field that is a string. */
enum { SHOWN_VALUE = 40 };

/* Bytes of a name of a service. */
enum { USUAL_NAME = 64 };

static bool stop(vmh_lua_state *L, vmh_lua_step *step)
{
    *step = vmh_lua_stopped(L);
    return false;
}

static bool fail(vmh_lua_state *L, vmh_status status, vmh_lua_step *step)
{
    *step = vmh_lua_host_failed(L, status);
    return false;
}

/* ---- lists of values ---- */

bool vmh_lua_charge_packed(vmh_lua_state *L, uint64_t size)
{
    return vmh_lua_charge(L, (size / 32 + (size % 32 != 0)) * VMH_LUA_GAS_PACKED_WORD);
}

static bool raise_count(vmh_lua_state *L, const vmh_lua_expected *expected, uint32_t count,
                        vmh_lua_step *step)
{
    *step = vmh_lua_raise_text(L, "%s '%.*s' has %s%zu value%s, got %u", expected->what,
                               VMH_PRINT(expected->name), expected->is_variadic ? "at least " : "",
                               expected->count - (expected->is_variadic ? 1 : 0),
                               expected->count - (expected->is_variadic ? 1 : 0) == 1 ? "" : "s",
                               count);
    return false;
}

static bool raise_mismatch(vmh_lua_state *L, const vmh_lua_expected *expected, uint32_t index,
                           const char *mismatch, vmh_lua_step *step)
{
    vmh_bytes name = {0};

    if (expected->names != NULL && index < expected->count)
        name = expected->names[index];
    if (name.size != 0)
        *step = vmh_lua_raise_text(L, "%s '%.*s': value %u ('%.*s'): %s", expected->what,
                                   VMH_PRINT(expected->name), index + 1, VMH_PRINT(name), mismatch);
    else
        *step = vmh_lua_raise_text(L, "%s '%.*s': value %u: %s", expected->what,
                                   VMH_PRINT(expected->name), index + 1, mismatch);
    return false;
}

bool vmh_lua_check_values(vmh_lua_state *L, const vmh_lua_expected *expected,
                          const vmh_lua_value *values, uint32_t count, vmh_argument_array *out,
                          vmh_lua_step *step)
{
    size_t fixed = expected->count - (expected->is_variadic ? 1 : 0);
    vmh_argument *items;
    const char *mismatch;

    if (count < fixed || (count > fixed && !expected->is_variadic))
        return raise_count(L, expected, count, step);
    items = vmh_arena_alloc_array(L->sdk->scratch, count, sizeof *items);
    if (items == NULL)
        return fail(L, vmh_fail_memory(L->why), step);
    for (uint32_t i = 0; i < count; i++) {
        size_t last = expected->count - 1;

        if (vmh_lua_to_argument(L, values[i], expected->types[i < last ? i : last],
                                L->sdk->scratch, &items[i], &mismatch))
            continue;
        return mismatch == NULL ? stop(L, step)
                                : raise_mismatch(L, expected, i, mismatch, step);
    }
    *out = (vmh_argument_array){items, count};
    return true;
}

bool vmh_lua_pay_for_array(vmh_lua_state *L, vmh_argument_array array, vmh_lua_step *step)
{
    uint64_t size = vmh_argument_array_packed_size(array);

    if (!vmh_lua_charge_packed(L, size))
        return stop(L, step);
    if (size <= L->sdk->argument_limit)
        return true;
    *step = vmh_lua_raise_text(L, VMH_TEXT_ARGUMENTS_TOO_LONG, (size_t)size,
                               (unsigned long long)L->sdk->argument_limit);
    return false;
}

uint64_t vmh_lua_size_with_header(vmh_argument_array array)
{
    return vmh_argument_array_packed_size(array) + 4;
}

bool vmh_lua_pack(vmh_lua_state *L, vmh_argument_array array, vmh_bytes *packed,
                  vmh_lua_step *step)
{
    vmh_bytes bare;
    vmh_status status = vmh_argument_array_pack(array, L->sdk->scratch, &bare, L->why);

    if (status == VMH_OK)
        status = vmh_argument_array_add_header(bare, L->sdk->scratch, packed, L->why);
    return status == VMH_OK || fail(L, status, step);
}

/* ---- a call ---- */

static bool read_amount(vmh_lua_value value, vmh_word *amount)
{
    if (value.tag == VMH_LUA_UINT256)
        *amount = *value.as.word;
    else if (value.tag == VMH_LUA_INTEGER && value.as.integer >= 0)
        *amount = vmh_word_of((uint64_t)value.as.integer);
    else
        return false;
    return true;
}

bool vmh_lua_service_take_amount(vmh_lua_service_call *of, uint32_t index)
{
    vmh_lua_value value = vmh_lua_argument(of->L, of->frame, index);

    if (read_amount(value, &of->amount))
        return true;
    of->step = value.tag == VMH_LUA_INTEGER
                   ? vmh_lua_bad_argument(of->L, of->frame, index, "an amount is not negative")
                   : vmh_lua_wrong_type(of->L, of->frame, index, "uint256");
    return false;
}

bool vmh_lua_service_take_token(vmh_lua_service_call *of, uint32_t index)
{
    vmh_lua_string *token;

    of->token = VMH_DEFAULT_TOKEN;
    if (vmh_lua_is_nil(vmh_lua_argument(of->L, of->frame, index)))
        return true;
    if (!vmh_lua_check_string(of->L, of->frame, index, &token, &of->step))
        return false;
    of->token = vmh_lua_string_bytes(token);
    if (of->token.size == VMH_TOKEN_SIZE)
        return true;
    of->step = vmh_lua_bad_argument(of->L, of->frame, index, "a token has 10 bytes, got %zu",
                                    of->token.size);
    return false;
}

/* Reads a signature; `name` empty: it has its own. */
static bool read_signature(vmh_lua_service_call *of, vmh_bytes name, vmh_bytes text)
{
    vmh_bytes wrong = {0};
    vmh_status status;

    if (!vmh_lua_charge(of->L, VMH_LUA_GAS_SIGNATURE + text.size * VMH_LUA_GAS_SIGNATURE_BYTE))
        return stop(of->L, &of->step);
    status = vmh_lua_read_signature(name, text, of->L->sdk->scratch, &of->signature, &wrong,
                                    of->L->why);
    if (status != VMH_OK)
        return fail(of->L, status, &of->step);
    if (!vmh_lua_charge(of->L, (uint64_t)of->signature.abi_type_count * VMH_LUA_GAS_ABI_TYPE))
        return stop(of->L, &of->step);
    if (wrong.size == 0)
        return true;
    of->step = vmh_lua_raise_text(of->L, "method '%.*s%s': %.*s",
                                  (int)(text.size < SHOWN_SIZE ? text.size : SHOWN_SIZE),
                                  (const char *)text.data, text.size < SHOWN_SIZE ? "" : "...",
                                  VMH_PRINT(wrong));
    return false;
}

/* The arguments of a call, as the signature has them. */
static bool pack_values(vmh_lua_service_call *of, const vmh_lua_value *values, uint32_t count)
{
    const vmh_method *method = &of->signature.method;
    vmh_lua_expected expected = {"method", method->name, method->parameters,
                                 method->parameter_count, NULL, method->is_variadic};
    vmh_argument_array array;

    return vmh_lua_check_values(of->L, &expected, values, count, &array, &of->step) &&
           vmh_lua_pay_for_array(of->L, array, &of->step) &&
           vmh_lua_pack(of->L, array, &of->packed, &of->step);
}

/* Those from argument `index` on. */
static bool pack_arguments(vmh_lua_service_call *of, uint32_t index)
{
    uint32_t count = of->frame->argument_count > index ? of->frame->argument_count - index : 0;

    return pack_values(of, vmh_lua_slots(of->L, of->frame) + index, count);
}

bool vmh_lua_service_text(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t index,
                          vmh_lua_string **out, vmh_lua_step *step)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, index);

    if (value.tag == VMH_LUA_STRING) {
        *out = value.as.string;
        return true;
    }
    *step = vmh_lua_wrong_type(L, frame, index, "string");
    return false;
}

bool vmh_lua_service_no_more(vmh_lua_state *L, vmh_lua_frame *frame, uint32_t most,
                             vmh_lua_step *step)
{
    if (frame->argument_count <= most)
        return true;
    *step = vmh_lua_bad_argument(L, frame, most, "no such argument; it takes at most %u", most);
    return false;
}

/* A name is copied where it is called; usual ones are part of the price of that. */
static bool take_service(vmh_lua_service_call *of, vmh_lua_string *service)
{
    of->service = vmh_lua_string_bytes(service);
    return of->service.size <= USUAL_NAME ||
           vmh_lua_charge(of->L, (of->service.size - USUAL_NAME) * VMH_LUA_GAS_SIGNATURE_BYTE) ||
           stop(of->L, &of->step);
}

bool vmh_lua_service_take(vmh_lua_service_call *of, uint32_t index)
{
    vmh_lua_string *service, *signature;

    if (!vmh_lua_service_text(of->L, of->frame, index, &service, &of->step) ||
        !vmh_lua_service_text(of->L, of->frame, index + 1, &signature, &of->step))
        return false;
    return take_service(of, service) &&
           read_signature(of, (vmh_bytes){0}, vmh_lua_string_bytes(signature)) &&
           pack_arguments(of, index + 2);
}

bool vmh_lua_service_take_values(vmh_lua_service_call *of, const char *name)
{
    vmh_lua_string *types;

    return vmh_lua_service_text(of->L, of->frame, 0, &types, &of->step) &&
           read_signature(of, vmh_bytes_text(name), vmh_lua_string_bytes(types)) &&
           pack_arguments(of, 1);
}

/* ---- a call as a table: { service, signature, arguments..., gas = } ---- */

/* Refuses what a call is made of, by its place in a list. */
static bool bad_call(vmh_lua_service_call *of, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool bad_call(vmh_lua_service_call *of, const char *format, ...)
{
    char text[200];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    of->step = of->place == 0
                   ? vmh_lua_bad_argument(of->L, of->frame, 0, "%s", text)
                   : vmh_lua_bad_argument(of->L, of->frame, 0, "call %u: %s", of->place, text);
    return false;
}

bool vmh_lua_service_bad_field(vmh_lua_service_call *of, vmh_bytes name, const char *is,
                               vmh_lua_value value)
{
    char text[80];
    size_t size = vmh_lua_number_text(value, text);
    vmh_bytes shown = vmh_bytes_of((const uint8_t *)text, size);
    const char *quote = "";

    if (value.tag == VMH_LUA_STRING) {
        shown = vmh_lua_string_bytes(value.as.string);
        shown.size = shown.size < SHOWN_VALUE ? shown.size : SHOWN_VALUE;
        quote = "'";
    } else if (size == 0) {
        shown = vmh_bytes_text(vmh_lua_type_name(value));
    }
    return bad_call(of, "'%.*s' is %s, got %s%.*s%s", VMH_PRINT(name), is, quote,
                    VMH_PRINT(shown), quote);
}

bool vmh_lua_service_no_field(vmh_lua_service_call *of, vmh_bytes name)
{
    return bad_call(of, "a call has no field '%.*s'",
                    (int)(name.size < SHOWN_SIZE ? name.size : SHOWN_SIZE),
                    (const char *)name.data);
}

bool vmh_lua_service_take_gas(vmh_lua_service_call *of, vmh_bytes name, vmh_lua_value value,
                              uint64_t *out)
{
    if (value.tag != VMH_LUA_INTEGER || value.as.integer < 0)
        return vmh_lua_service_bad_field(of, name, "an integer from 0 on", value);
    *out = (uint64_t)value.as.integer;
    return true;
}

/* A field of it that has a name. */
static bool take_field(vmh_lua_service_call *of, vmh_bytes name, vmh_lua_value value)
{
    if (vmh_bytes_equal(name, VMH_LITERAL("gas")))
        return vmh_lua_service_take_gas(of, name, value, &of->gas);
    if (vmh_bytes_equal(name, VMH_LITERAL("lock")) && of->place == 0)
        return vmh_lua_service_take_gas(of, name, value, &of->lock);
    if (vmh_bytes_equal(name, VMH_LITERAL("amount")))
        return read_amount(value, &of->amount) ||
               vmh_lua_service_bad_field(of, name, "a uint256 or an integer from 0 on", value);
    if (vmh_bytes_equal(name, VMH_LITERAL("token"))) {
        if (value.tag != VMH_LUA_STRING || value.as.string->size != VMH_TOKEN_SIZE)
            return vmh_lua_service_bad_field(of, name, "a string of 10 bytes", value);
        of->token = vmh_lua_string_bytes(value.as.string);
        return true;
    }
    return of->take_more != NULL ? of->take_more(of, name, value)
                                 : vmh_lua_service_no_field(of, name);
}

static bool take_fields(vmh_lua_service_call *of, const vmh_lua_table *call)
{
    /* Places of deleted keys are walked too. */
    if (!vmh_lua_charge(of->L, call->entry_count / 8))
        return stop(of->L, &of->step);
    for (uint32_t i = 0; i < call->entry_count; i++) {
        const vmh_lua_entry *entry = &call->entries[i];

        if (vmh_lua_is_nil(entry->value))
            continue;
        if (entry->key.tag != VMH_LUA_STRING)
            return bad_call(of, "a call is a list without holes, and named fields");
        if (!take_field(of, vmh_lua_string_bytes(entry->key.as.string), entry->value))
            return false;
    }
    return true;
}

bool vmh_lua_service_take_call(vmh_lua_service_call *of, const vmh_lua_table *call)
{
    uint64_t count = vmh_lua_table_length(call);
    vmh_lua_value service = vmh_lua_table_get(call, vmh_lua_integer(1));
    vmh_lua_value signature = vmh_lua_table_get(call, vmh_lua_integer(2));

    if (service.tag != VMH_LUA_STRING && !vmh_lua_is_nil(service))
        return vmh_lua_service_bad_field(of, VMH_LITERAL("service"), "a string", service);
    if (signature.tag != VMH_LUA_STRING && !vmh_lua_is_nil(signature))
        return vmh_lua_service_bad_field(of, VMH_LITERAL("signature"), "a string", signature);
    if (vmh_lua_is_nil(service) || vmh_lua_is_nil(signature) ||
        count != call->present || count > VMH_LUA_MAX_VALUES)
        return bad_call(of, "a call begins with a service and a signature, and its arguments "
                            "follow without holes");
    return take_fields(of, call) && take_service(of, service.as.string) &&
           read_signature(of, (vmh_bytes){0}, vmh_lua_string_bytes(signature.as.string)) &&
           pack_values(of, call->items + 2, (uint32_t)count - 2);
}

bool vmh_lua_service_take_table(vmh_lua_service_call *of)
{
    vmh_lua_table *call;

    if (of->frame->argument_count > 1) {
        of->step = vmh_lua_bad_argument(of->L, of->frame, 1, "all of a call is in its table");
        return false;
    }
    return vmh_lua_check_table(of->L, of->frame, 0, &call, &of->step) &&
           vmh_lua_service_take_call(of, call);
}

bool vmh_lua_service_begin(vmh_lua_service_call *of, vmh_lua_state *L, vmh_lua_frame *frame)
{
    *of = (vmh_lua_service_call){.L = L, .frame = frame, .token = VMH_DEFAULT_TOKEN,
                         .gas = VMH_LUA_LEFT_TO_HOST, .lock = VMH_LUA_LEFT_TO_HOST};
    return vmh_lua_sdk_begin(L, frame, &of->step);
}

/* Amount and token in front of a call. */
static bool begin_with_value(vmh_lua_service_call *of, vmh_lua_state *L, vmh_lua_frame *frame)
{
    if (!vmh_lua_service_begin(of, L, frame))
        return false;
    of->has_value = true;
    return vmh_lua_service_take_amount(of, 0) && vmh_lua_service_take_token(of, 1);
}

bool vmh_lua_service_amount(vmh_lua_service_call *of, vmh_argument *out)
{
    uint8_t *bytes = vmh_arena_alloc(of->L->sdk->scratch, 32);

    if (bytes == NULL)
        return fail(of->L, vmh_fail_memory(of->L->why), &of->step);
    vmh_word_to_bytes(&of->amount, bytes);
    *out = vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(bytes, 32));
    return true;
}

/* ---- calls that answer ---- */

bool vmh_lua_service_call_method(vmh_lua_service_call *of, vmh_bytes service, vmh_bytes method,
                                 vmh_bytes packed, vmh_bytes *results)
{
    static const vmh_lua_operation operation = {"Sdk.Service", "callMethod",
                                                VMH_PERMISSION_SERVICE};
    vmh_argument arguments[3] = {vmh_argument_string(service), vmh_argument_string(method),
                                 vmh_argument_bytes(VMH_ARGUMENT_BYTES, packed)};
    vmh_argument answer;

    if (!vmh_lua_charge(of->L, VMH_LUA_GAS_SERVICE_CALL))
        return stop(of->L, &of->step);
    if (!vmh_lua_sdk_ask(of->L, &operation, (vmh_argument_array){arguments, 3},
                         VMH_ARGUMENT_BYTES, &answer, &of->step))
        return false;
    *results = answer.value.bytes;
    return true;
}

/* What a service of the host answers, unpacked: one value of a type. */
static bool unpack_one(vmh_lua_service_call *of, vmh_bytes results, vmh_argument_type type,
                       vmh_argument *out)
{
    vmh_argument_array array;
    vmh_argument_fault fault;
    bool known;
    vmh_status status = vmh_argument_array_decode(vmh_argument_array_strip_header(results),
                                                  of->L->sdk->scratch, &array, &known, &fault,
                                                  of->L->why);

    if (status == VMH_OK && (!known || array.count != 1 || array.items[0].type != type))
        status = vmh_fail(of->L->why, VMH_E_SCRIPT, "a service of the host answered no %s",
                          vmh_argument_type_name(type));
    if (status != VMH_OK)
        return fail(of->L, status, &of->step);
    *out = array.items[0];
    return true;
}

/* The call moves its value by way of _Ledger. */
static bool call_by_ledger(vmh_lua_service_call *of, vmh_bytes *results)
{
    vmh_argument arguments[5] = {
        vmh_argument_string(of->service),
        vmh_argument_string(of->signature.text),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->packed),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->token),
    };
    vmh_argument answer;
    vmh_bytes bare, packed;
    vmh_status status;

    if (!vmh_lua_service_amount(of, &arguments[4]))
        return false;
    status = vmh_argument_array_pack((vmh_argument_array){arguments, 5}, of->L->sdk->scratch,
                                     &bare, of->L->why);
    if (status == VMH_OK)
        status = vmh_argument_array_add_header(bare, of->L->sdk->scratch, &packed, of->L->why);
    if (status != VMH_OK)
        return fail(of->L, status, &of->step);
    if (!vmh_lua_service_call_method(of, VMH_LITERAL("_Ledger"), VMH_LITERAL("callWithValue"), packed,
                     results) ||
        !unpack_one(of, *results, VMH_ARGUMENT_BYTES, &answer))
        return false;
    *results = answer.value.bytes;
    return true;
}

/* Results that are not what the signature says fail the caller: he could not use them. */
static bool check_results(vmh_lua_state *L, vmh_bytes service, const vmh_method *method,
                          vmh_argument_array results, vmh_lua_step *step)
{
    if (results.count != method->result_count) {
        *step = vmh_lua_raise_text(L, "'%.*s.%.*s' gave %zu results, %zu are declared",
                                   VMH_PRINT(service), VMH_PRINT(method->name), results.count,
                                   method->result_count);
        return false;
    }
    for (size_t i = 0; i < results.count; i++) {
        if (results.items[i].type == method->results[i])
            continue;
        *step = vmh_lua_raise_text(L, "'%.*s.%.*s' gave a %s as result %zu, %s is declared",
                                   VMH_PRINT(service), VMH_PRINT(method->name),
                                   vmh_argument_type_name(results.items[i].type), i + 1,
                                   vmh_argument_type_name(method->results[i]));
        return false;
    }
    return true;
}

bool vmh_lua_unpack_results(vmh_lua_state *L, vmh_bytes service,
                            const vmh_lua_signature *signature, vmh_bytes packed,
                            vmh_argument_array *out, vmh_lua_step *step)
{
    vmh_argument_fault fault;
    bool known;
    vmh_status status;

    *out = (vmh_argument_array){0};
    if (!vmh_lua_charge_packed(L, packed.size))
        return stop(L, step);
    if (!signature->has_results)
        return true;
    status = vmh_argument_array_decode(packed, L->sdk->scratch, out, &known, &fault, L->why);
    if (status != VMH_OK)
        return fail(L, status, step);
    if (known)
        return check_results(L, service, &signature->method, *out, step);
    *step = vmh_lua_raise_text(L, "'%.*s.%.*s' gave a result of unknown type", VMH_PRINT(service),
                               VMH_PRINT(signature->name));
    return false;
}

static vmh_lua_step give_results(vmh_lua_service_call *of, vmh_bytes with_header)
{
    vmh_bytes packed = vmh_argument_array_strip_header(with_header);
    vmh_argument_array results;
    vmh_lua_value *slots;

    if (!vmh_lua_unpack_results(of->L, of->service, &of->signature, packed, &results, &of->step))
        return of->step;
    if (!vmh_lua_reserve(of->L, of->frame, results.count))
        return vmh_lua_stopped(of->L);
    slots = vmh_lua_slots(of->L, of->frame);
    for (size_t i = 0; i < results.count; i++) {
        if (!vmh_lua_from_argument(of->L, &results.items[i], &slots[i]))
            return vmh_lua_stopped(of->L);
    }
    return vmh_lua_return_from(of->frame, 0, (uint32_t)results.count);
}

static vmh_lua_step finish_call(vmh_lua_service_call *of)
{
    vmh_bytes results;
    bool good = of->has_value ? call_by_ledger(of, &results)
                              : vmh_lua_service_call_method(of, of->service, of->signature.text, of->packed,
                                            &results);

    return good ? give_results(of, results) : of->step;
}

vmh_lua_step vmh_lua_sdk_call_service(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;

    return vmh_lua_service_begin(&of, L, frame) && vmh_lua_service_take(&of, 0) ? finish_call(&of)
                                                                                : of.step;
}

vmh_lua_step vmh_lua_sdk_call_with_value(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;

    return begin_with_value(&of, L, frame) && vmh_lua_service_take(&of, 2) ? finish_call(&of)
                                                                           : of.step;
}

/* ---- calls that the execution waits for ---- */

/* The execution stops here; the processor sends the call, and goes on with the answer. */
static vmh_lua_step finish_await(vmh_lua_service_call *of)
{
    if (!vmh_lua_charge(of->L, VMH_LUA_GAS_SERVICE_CALL))
        return vmh_lua_stopped(of->L);
    of->L->sdk->awaited = (vmh_lua_awaited){of->service, of->signature.text, of->packed,
                                            of->token, of->amount, of->gas, of->lock};
    return vmh_lua_suspend(of->frame, 0, 0);
}

vmh_lua_step vmh_lua_sdk_await(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;
    bool good = vmh_lua_service_begin(&of, L, frame) &&
                (vmh_lua_argument(L, frame, 0).tag == VMH_LUA_TABLE ? vmh_lua_service_take_table(&of)
                                                                    : vmh_lua_service_take(&of, 0));

    return good ? finish_await(&of) : of.step;
}

vmh_lua_step vmh_lua_sdk_await_with_value(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;

    return begin_with_value(&of, L, frame) && vmh_lua_service_take(&of, 2) ? finish_await(&of)
                                                                           : of.step;
}

/* ---- sdk.service(name, methods): a function per method ---- */

static vmh_lua_step call_declared(vmh_lua_state *L, vmh_lua_frame *frame)
{
    const vmh_lua_value *kept = frame->native->kept;
    vmh_lua_service_call of;

    if (!vmh_lua_service_begin(&of, L, frame))
        return of.step;
    if (!take_service(&of, kept[0].as.string) ||
        !read_signature(&of, vmh_lua_string_bytes(kept[1].as.string),
                        vmh_lua_string_bytes(kept[2].as.string)) ||
        !pack_arguments(&of, 0))
        return of.step;
    return finish_call(&of);
}

const vmh_lua_native vmh_lua_service_method = {"method", call_declared};

static bool add_method(vmh_lua_service_call *of, vmh_lua_table *methods, vmh_lua_string *service,
                       const vmh_lua_entry *entry)
{
    vmh_lua_state *L = of->L;
    vmh_lua_native_object *made;

    if (entry->key.tag != VMH_LUA_STRING || entry->value.tag != VMH_LUA_STRING) {
        of->step = vmh_lua_bad_argument(L, of->frame, 1, "names of methods and their types");
        return false;
    }
    /* Read once now, so that what is wrong with it is told where it stands. */
    vmh_arena_reset(L->sdk->scratch);
    if (!read_signature(of, vmh_lua_string_bytes(entry->key.as.string),
                        vmh_lua_string_bytes(entry->value.as.string)))
        return false;
    if (!vmh_lua_heap_count(&L->heap, VMH_LUA_CLOSURE_COST + 3 * VMH_LUA_CAPTURE_COST))
        return stop(L, &of->step);
    made = vmh_lua_heap_alloc(&L->heap, sizeof *made + 3 * sizeof made->kept[0]);
    if (made == NULL)
        return stop(L, &of->step);
    made->native = &vmh_lua_service_method;
    made->kept_count = 3;
    made->kept[0] = vmh_lua_of_string(service);
    made->kept[1] = entry->key;
    made->kept[2] = entry->value;
    return vmh_lua_raw_set(L, methods, entry->key,
                           (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = made}}) ||
           stop(L, &of->step);
}

/* A declaration: it can be in the main chunk too. */
vmh_lua_step vmh_lua_sdk_service(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of = {.L = L, .frame = frame};
    vmh_lua_table *declared, *methods;
    vmh_lua_string *service;

    if (!vmh_lua_service_text(L, frame, 0, &service, &of.step) ||
        !vmh_lua_check_table(L, frame, 1, &declared, &of.step))
        return of.step;
    if (declared->present != 0)
        return vmh_lua_bad_argument(L, frame, 1, "names of methods and their types");
    methods = vmh_lua_table_new(&L->heap);
    if (methods == NULL)
        return vmh_lua_stopped(L);
    for (uint32_t i = 0; i < declared->entry_count; i++) {
        if (!vmh_lua_is_nil(declared->entries[i].value) &&
            !add_method(&of, methods, service, &declared->entries[i]))
            return of.step;
    }
    return vmh_lua_return(L, frame, vmh_lua_of_table(methods));
}

/* ---- messages ---- */

/* A message without answer (kind 2); gives its id. */
static vmh_lua_step finish_send(vmh_lua_service_call *of)
{
    static const vmh_lua_operation operation = {"Sdk.Message", "send", VMH_PERMISSION_SERVICE};
    vmh_argument arguments[5] = {
        vmh_argument_string(of->service),
        vmh_argument_string(of->signature.text),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->packed),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, of->token),
    };
    size_t size = vmh_argument_array_strip_header(of->packed).size;
    vmh_argument answer;
    vmh_lua_value id;

    if (!vmh_lua_charge(of->L, VMH_LUA_GAS_SERVICE_CALL + size * VMH_LUA_GAS_MESSAGE_BYTE))
        return vmh_lua_stopped(of->L);
    if (!vmh_lua_service_amount(of, &arguments[4]) ||
        !vmh_lua_sdk_ask(of->L, &operation, (vmh_argument_array){arguments, 5},
                         VMH_ARGUMENT_BYTES, &answer, &of->step))
        return of->step;
    if (!vmh_lua_from_argument(of->L, &answer, &id))
        return vmh_lua_stopped(of->L);
    return vmh_lua_return(of->L, of->frame, id);
}

vmh_lua_step vmh_lua_sdk_send(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;

    return vmh_lua_service_begin(&of, L, frame) && vmh_lua_service_take(&of, 0) ? finish_send(&of)
                                                                                : of.step;
}

vmh_lua_step vmh_lua_sdk_send_with_value(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_service_call of;

    return begin_with_value(&of, L, frame) && vmh_lua_service_take(&of, 2) ? finish_send(&of)
                                                                           : of.step;
}
