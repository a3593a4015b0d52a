#include "contractlua/look.h"

#include <stdio.h>

#include "base/buffer.h"
#include "contractlua/call.h"
#include "contractlua/sdk.h"

enum {
    SHOWN_ITEMS = 8,   /* of a table */
    SHOWN_DEPTH = 2,   /* tables in tables */
    SHOWN_STRING = 40, /* bytes of a string in a table */
    LONGEST_EXPRESSION = 4096,
};

void vmh_lua_look_clear(vmh_lua_look *look)
{
    vmh_lua_state_free(look->evaluator);
    look->evaluator = NULL;
    vmh_arena_clear(&look->arena);
}

/* ---- frames ---- */

/* A Lua frame by number, and in which coroutine it is; NULL: there are not so many. */
static const vmh_lua_frame *find_frame(const vmh_lua_look *look, size_t number,
                                       const vmh_lua_coroutine **coroutine)
{
    for (*coroutine = look->L->running; *coroutine != NULL; *coroutine = (*coroutine)->resumer) {
        for (uint32_t i = (*coroutine)->frame_count; i-- > 0;) {
            const vmh_lua_frame *frame = &(*coroutine)->frames[i];

            if (frame->closure != NULL && number-- == 0)
                return frame;
        }
    }
    return NULL;
}

uint32_t vmh_lua_look_instruction(const vmh_lua_frame *frame, bool is_before)
{
    uint32_t number = (uint32_t)(frame->ip - frame->closure->proto->code);

    return is_before || number == 0 ? number : number - 1;
}

vmh_trace_place vmh_lua_look_place(const vmh_lua_look *look, const vmh_lua_frame *frame,
                                   bool is_before)
{
    const vmh_lua_proto *proto = frame->closure->proto;
    uint32_t at = vmh_lua_look_instruction(frame, is_before);

    return (vmh_trace_place){
        .contract_name = look->name,
        .function_name = proto->name,
        .function_line = proto->number == 0 ? 0 : proto->line,
        .line = look->symbols->protos[proto->number].lines[at],
    };
}

static size_t frame_count(vmh_trace_sight *sight)
{
    const vmh_lua_look *look = (const vmh_lua_look *)sight;
    size_t count = 0;

    for (const vmh_lua_coroutine *of = look->L->running; of != NULL; of = of->resumer) {
        for (uint32_t i = 0; i < of->frame_count; i++)
            count += of->frames[i].closure != NULL;
    }
    return count;
}

static void frame_place(vmh_trace_sight *sight, size_t number, vmh_trace_place *place)
{
    const vmh_lua_look *look = (const vmh_lua_look *)sight;
    const vmh_lua_coroutine *coroutine;
    const vmh_lua_frame *frame = find_frame(look, number, &coroutine);

    *place = (vmh_trace_place){.line = 0};
    if (frame != NULL)
        *place = vmh_lua_look_place(look, frame, number == 0 && look->is_before);
}

/* ---- values as text ---- */

static void put(vmh_buffer *out, const char *text)
{
    vmh_buffer_append(out, vmh_bytes_text(text));
}

/* A string as the source has it, cut. */
static void put_string(vmh_buffer *out, const vmh_lua_string *string)
{
    char text[4 * SHOWN_STRING + 8];
    size_t size = 0;

    text[size++] = '"';
    for (size_t i = 0; i < string->size && i < SHOWN_STRING; i++) {
        uint8_t byte = string->bytes[i];

        if (byte == '"' || byte == '\\')
            text[size++] = '\\';
        if (byte >= ' ' && byte <= '~')
            text[size++] = (char)byte;
        else
            size += (size_t)snprintf(text + size, 5, "\\x%02X", byte);
    }
    snprintf(text + size, sizeof text - size, string->size > SHOWN_STRING ? "...\"" : "\"");
    put(out, text);
}

static void put_value(vmh_buffer *out, vmh_lua_value value, int depth);

static void put_key(vmh_buffer *out, vmh_lua_value key)
{
    bool is_name = key.tag == VMH_LUA_STRING && key.as.string->size > 0 &&
                   key.as.string->size <= SHOWN_STRING;

    for (size_t i = 0; is_name && i < key.as.string->size; i++) {
        uint8_t byte = key.as.string->bytes[i];

        is_name = byte == '_' || (uint8_t)((byte | 0x20) - 'a') < 26 ||
                  (i > 0 && byte >= '0' && byte <= '9');
    }
    if (is_name) {
        vmh_buffer_append(out, vmh_lua_string_bytes(key.as.string));
        put(out, " = ");
        return;
    }
    put(out, "[");
    put_value(out, key, 0);
    put(out, "] = ");
}

static void put_table(vmh_buffer *out, const vmh_lua_table *table, int depth)
{
    vmh_lua_value key = vmh_lua_nil(), value = vmh_lua_nil();
    int64_t next_index = 1;
    uint64_t work = 0;

    put(out, "{");
    for (int i = 0; vmh_lua_table_next(table, &key, &value, &work) == VMH_LUA_NEXT_FOUND; i++) {
        bool is_item = key.tag == VMH_LUA_INTEGER && key.as.integer == next_index;

        put(out, i > 0 ? ", " : "");
        if (i == SHOWN_ITEMS) {
            put(out, "...");
            break;
        }
        if (!is_item)
            put_key(out, key);
        put_value(out, value, depth - 1);
        next_index += is_item;
    }
    put(out, "}");
}

static void put_value(vmh_buffer *out, vmh_lua_value value, int depth)
{
    char number[80];
    size_t size = vmh_lua_number_text(value, number);

    if (size > 0)
        vmh_buffer_append(out, vmh_bytes_of((const uint8_t *)number, size));
    else if (value.tag == VMH_LUA_STRING)
        put_string(out, value.as.string);
    else if (value.tag == VMH_LUA_TRUE)
        put(out, "true");
    else if (value.tag == VMH_LUA_FALSE)
        put(out, "false");
    else if (value.tag != VMH_LUA_TABLE)
        put(out, vmh_lua_type_name(value));
    else if (depth > 0)
        put_table(out, value.as.table, depth);
    else
        put(out, vmh_lua_table_size(value.as.table) == 0 ? "{}" : "{...}");
}

static vmh_status show(vmh_lua_look *look, vmh_lua_value value, vmh_trace_value *out,
                       vmh_failure *why)
{
    vmh_buffer text;
    vmh_status status;

    out->type = vmh_lua_type_name(value);
    if (value.tag == VMH_LUA_STRING)
        return vmh_arena_copy(&look->arena, vmh_lua_string_bytes(value.as.string), &out->text,
                              why);
    vmh_buffer_init(&text);
    put_value(&text, value, SHOWN_DEPTH);
    status = vmh_buffer_check(&text, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(&look->arena, vmh_buffer_bytes(&text), &out->text, why);
    vmh_buffer_clear(&text);
    return status;
}

/* ---- variables ---- */

/* What can be named in a frame: locals in scope, the newest first, then outer ones. */
typedef struct walk {
    const vmh_lua_coroutine *coroutine;
    const vmh_lua_frame *frame;
    const vmh_lua_proto_symbols *symbols;
    uint32_t at;    /* instruction */
    uint32_t local; /* those from here on are done */
    uint32_t capture;
} walk;

static bool begin_walk(const vmh_lua_look *look, size_t number, walk *of)
{
    of->frame = find_frame(look, number, &of->coroutine);
    if (of->frame == NULL)
        return false;
    of->symbols = &look->symbols->protos[of->frame->closure->proto->number];
    of->at = vmh_lua_look_instruction(of->frame, number == 0 && look->is_before);
    of->local = of->symbols->local_count;
    of->capture = 0;
    return true;
}

static bool is_in_scope(const walk *of, const vmh_lua_symbol *local)
{
    return local->begin <= of->at && of->at < local->end;
}

/* Whether a local that is in scope hides the name. */
static bool is_hidden(const walk *of, vmh_bytes name, uint32_t from)
{
    for (uint32_t i = from; i < of->symbols->local_count; i++) {
        if (is_in_scope(of, &of->symbols->locals[i]) &&
            vmh_bytes_equal(of->symbols->locals[i].name, name))
            return true;
    }
    return false;
}

static bool next_local(walk *of, vmh_bytes *name, vmh_lua_value *value)
{
    while (of->local > 0) {
        const vmh_lua_symbol *local = &of->symbols->locals[--of->local];

        if (!is_in_scope(of, local) || is_hidden(of, local->name, of->local + 1))
            continue;
        *name = local->name;
        *value = of->coroutine->stack[of->frame->base + local->slot];
        if (value->tag == VMH_LUA_CELL)
            *value = value->as.cell->value;
        return true;
    }
    return false;
}

static bool next_variable(walk *of, vmh_bytes *name, vmh_lua_value *value, bool *is_upvalue)
{
    *is_upvalue = !next_local(of, name, value);
    if (!*is_upvalue)
        return true;
    while (of->capture < of->symbols->capture_count) {
        uint32_t number = of->capture++;

        *name = of->symbols->captures[number];
        if (is_hidden(of, *name, 0))
            continue;
        *value = of->frame->closure->cells[number]->value;
        return true;
    }
    return false;
}

static vmh_status variable(vmh_trace_sight *sight, size_t frame, size_t number,
                           vmh_trace_variable *out, bool *found, vmh_failure *why)
{
    vmh_lua_look *look = (vmh_lua_look *)sight;
    vmh_lua_value value = vmh_lua_nil();
    walk of;

    *found = begin_walk(look, frame, &of);
    do {
        *found = *found && next_variable(&of, &out->name, &value, &out->is_upvalue);
    } while (*found && number-- > 0);
    return *found ? show(look, value, &out->value, why) : VMH_OK;
}

/* ---- expressions ---- */

/* The globals of an evaluation: those of the contract at their slots, then the variables. */
typedef struct names {
    const char **names;
    vmh_lua_value *values;
    size_t count, capacity, value_capacity;
} names;

static vmh_status add_name(vmh_lua_look *look, names *to, vmh_bytes name, vmh_lua_value value,
                           vmh_failure *why)
{
    vmh_bytes text;
    vmh_status status =
        vmh_arena_format(&look->arena, &text, why, "%.*s", VMH_PRINT(name));

    if (status != VMH_OK)
        return status;
    to->names = vmh_arena_grow(&look->arena, to->names, &to->capacity, to->count + 1,
                               sizeof *to->names);
    to->values = vmh_arena_grow(&look->arena, to->values, &to->value_capacity, to->count + 1,
                                sizeof *to->values);
    if (to->names == NULL || to->values == NULL)
        return vmh_fail_memory(why);
    to->names[to->count] = (const char *)text.data;
    to->values[to->count++] = value;
    return VMH_OK;
}

static bool has_variable(const vmh_lua_look *look, size_t frame, vmh_bytes name)
{
    vmh_bytes other;
    vmh_lua_value value;
    bool is_upvalue;
    walk of;

    if (!begin_walk(look, frame, &of))
        return false;
    while (next_variable(&of, &other, &value, &is_upvalue)) {
        if (vmh_bytes_equal(other, name))
            return true;
    }
    return false;
}

static vmh_status collect_names(vmh_lua_look *look, size_t frame, names *to, vmh_failure *why)
{
    const vmh_lua_code *code = look->L->code;
    vmh_status status = VMH_OK;
    vmh_bytes name;
    vmh_lua_value value;
    bool is_upvalue;
    walk of;

    for (uint32_t i = 0; i < code->global_count && status == VMH_OK; i++) {
        char hidden[16]; /* no name of a source */

        snprintf(hidden, sizeof hidden, "%u", i);
        name = has_variable(look, frame, code->globals[i]) ? vmh_bytes_text(hidden)
                                                           : code->globals[i];
        status = add_name(look, to, name, look->L->globals[i], why);
    }
    if (status != VMH_OK || !begin_walk(look, frame, &of))
        return status;
    while (status == VMH_OK && next_variable(&of, &name, &value, &is_upvalue))
        status = add_name(look, to, name, value, why);
    return status;
}

static vmh_status show_outcome(vmh_lua_look *look, const vmh_lua_outcome *outcome,
                               vmh_trace_answer *answer, vmh_failure *why)
{
    vmh_trace_value *values;
    vmh_trace_value error;
    vmh_status status = VMH_OK;

    answer->is_good = outcome->is_good;
    if (!outcome->is_good) {
        error.text = outcome->is_suspended              ? VMH_LITERAL(VMH_LUA_LOOK_ONLY)
                     : outcome->stop == VMH_LUA_STOP_GAS ? VMH_LITERAL("it takes too long")
                                                         : VMH_LITERAL("it takes too much memory");
        if (!outcome->is_suspended &&
            (outcome->stop == VMH_LUA_STOP_NONE || outcome->stop == VMH_LUA_STOP_ABORT))
            status = show(look, outcome->error, &error, why);
        answer->error = error.text;
        return status;
    }
    values = vmh_arena_alloc_array(&look->arena, outcome->result_count + 1, sizeof *values);
    if (values == NULL)
        return vmh_fail_memory(why);
    for (uint32_t i = 0; i < outcome->result_count && status == VMH_OK; i++)
        status = show(look, outcome->results[i], &values[i], why);
    answer->values = values;
    answer->value_count = outcome->result_count;
    return status;
}

/* Lets through what only reads. */
typedef struct reading_handler {
    vmh_sdk_handler port; /* first */
    vmh_sdk_handler *handler;
} reading_handler;

static bool begins_with(vmh_bytes text, const char *begin)
{
    return text.size >= strlen(begin) && memcmp(text.data, begin, strlen(begin)) == 0;
}

static vmh_status handle_sdk_call(vmh_sdk_handler *handler, const vmh_sdk_call *call,
                                  vmh_arena *arena, vmh_sdk_result *result, vmh_failure *why)
{
    vmh_sdk_handler *asked = ((reading_handler *)handler)->handler;
    vmh_sdk_call reading = *call;

    reading.is_read_only = true;
    if (asked != NULL &&
        (begins_with(call->method_name, "get") ||
         (vmh_bytes_equal(call->operation_name, VMH_LITERAL("Sdk.State")) &&
          vmh_bytes_equal(call->method_name, VMH_LITERAL("read")))))
        return asked->handle_sdk_call(asked, &reading, arena, result, why);
    *result = (vmh_sdk_result){.outcome = VMH_SDK_ERROR,
                               .error = VMH_LITERAL(VMH_LUA_LOOK_ONLY),
                               .code = VMH_CODE_CONTRACT_FAILED};
    return VMH_OK;
}

static vmh_status run_with_sdk(vmh_lua_look *look, const vmh_lua_code *code,
                               vmh_lua_outcome *outcome, vmh_failure *why)
{
    reading_handler handler = {{handle_sdk_call}, NULL};
    vmh_lua_sdk sdk;
    vmh_arena scratch;
    vmh_status status;

    vmh_arena_init(&scratch);
    if (look->L->sdk != NULL) {
        sdk = *look->L->sdk;
        handler.handler = sdk.handler;
        sdk.handler = &handler.port;
        sdk.scratch = &scratch;
        sdk.is_declaring = false;
        sdk.has_declared = true;
        sdk.made = NULL;
        sdk.gas_limit = VMH_LUA_LOOK_GAS;
        sdk.nested_gas = 0;
        look->evaluator->sdk = &sdk;
    }
    status = vmh_lua_run(look->evaluator, code, VMH_LUA_LOOK_GAS, VMH_LUA_LOOK_MEMORY, outcome,
                         why);
    look->evaluator->sdk = NULL;
    vmh_arena_clear(&scratch);
    return status;
}

/* Runs the expression as a main chunk of its own, whose library is all that has a name here. */
static vmh_status run(vmh_lua_look *look, const vmh_lua_code *code, const names *of,
                      vmh_trace_answer *answer, vmh_failure *why)
{
    vmh_lua_library library = *look->L->library;
    vmh_lua_outcome outcome;
    vmh_status status;

    library.globals = of->values;
    library.global_count = of->count;
    look->evaluator->library = &library;
    status = run_with_sdk(look, code, &outcome, why);
    look->evaluator->library = look->L->library;
    return status == VMH_OK ? show_outcome(look, &outcome, answer, why) : status;
}

static vmh_status evaluate(vmh_trace_sight *sight, size_t frame, vmh_bytes expression,
                           vmh_trace_answer *answer, vmh_failure *why)
{
    vmh_lua_look *look = (vmh_lua_look *)sight;
    names of = {.count = 0};
    vmh_lua_refusal refusal;
    vmh_lua_code *code;
    vmh_bytes source;
    vmh_status status;

    *answer = (vmh_trace_answer){.error = VMH_LITERAL("the expression is too long")};
    if (expression.size > LONGEST_EXPRESSION)
        return VMH_OK;
    if (look->evaluator == NULL)
        look->evaluator = vmh_lua_state_new(look->L->library);
    if (look->evaluator == NULL)
        return vmh_fail_memory(why);
    look->evaluator->is_looking = true;
    status = vmh_arena_format(&look->arena, &source, why, "return %.*s", VMH_PRINT(expression));
    if (status == VMH_OK)
        status = collect_names(look, frame, &of, why);
    if (status == VMH_OK)
        status = vmh_lua_compile(VMH_LITERAL("expression"), source, of.names, of.count,
                                 &look->arena, &code, &refusal, why);
    if (status != VMH_OK)
        return status;
    if (code == NULL) {
        answer->error = refusal.text;
        return VMH_OK;
    }
    status = run(look, code, &of, answer, why);
    vmh_lua_code_free(code);
    return status;
}

void vmh_lua_look_init(vmh_lua_look *look, vmh_lua_state *L, vmh_bytes name)
{
    *look = (vmh_lua_look){
        .port = {frame_count, frame_place, variable, evaluate},
        .L = L,
        .name = name,
    };
    vmh_arena_init(&look->arena);
}
