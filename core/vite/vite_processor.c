#include "vite/vite_processor.h"

#include <stdlib.h>

#include "codec/abi.h"
#include "codec/argument_codec.h"
#include "codec/method.h"
#include "crypto/digest.h"
#include "types/host_texts.h"
#include "types/message.h"
#include "vite/abi_call.h"
#include "vite/service_world.h"

typedef struct vite_processor {
    vmh_processor port; /* first */
    const vmh_genesis *genesis;
    vmh_sdk_handler *handler;
    vmh_vite_machine *machine;
    vmh_vite_revision run;
    vmh_vite_revision query;
} vite_processor;

/* One call while it is processed. */
typedef struct vite_call {
    vite_processor *processor;
    const vmh_process_call_input *input;
    uint64_t quota; /* of the run */
    vmh_vite_service_world world;
    bool has_signature; /* the method is named by `signature` */
    vmh_abi_signature signature;
    vmh_arena *arena;
    vmh_process_call_output *out;
    vmh_failure *why;
} vite_call;

static vmh_status fail(vite_call *call, vmh_execution_result result, uint32_t code, vmh_bytes text)
{
    call->out->call_result = result;
    call->out->code = code;
    call->out->error = text;
    return vmh_argument_array_pack_text(text, call->arena, &call->out->output_arguments,
                                        call->why);
}

/* The contract failed by an SDK call that was refused. */
static vmh_status fail_by_sdk(vite_call *call)
{
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, call->world.code, call->world.text);
}

/* ---- failures of bytecode ---- */

static uint32_t code_of(vmh_vite_error error)
{
    switch (error) {
    case VMH_VITE_ERROR_OUT_OF_QUOTA:
        return VMH_CODE_OUT_OF_GAS;
    case VMH_VITE_ERROR_BALANCE:
        return VMH_CODE_LACK_OF_FUNDS;
    case VMH_VITE_ERROR_TOO_MANY_REQUESTS:
        return VMH_CODE_NESTED_CALL_FAILED;
    default:
        return VMH_CODE_CONTRACT_FAILED;
    }
}

/* What a revert says, as others read it: its text, the panic's meaning, or the bytes. */
static vmh_status revert_text(vite_call *call, vmh_bytes data, vmh_bytes *text)
{
    static const char digits[] = "0123456789abcdef";
    vmh_abi_error error = vmh_abi_error_of(data);
    size_t shown = data.size < 256 ? data.size : 256;
    const char *meaning;
    char *out;

    if (error.kind == VMH_ABI_ERROR_TEXT)
        return vmh_arena_copy(call->arena, error.text, text, call->why);
    if (error.kind == VMH_ABI_ERROR_PANIC) {
        meaning = vmh_abi_panic_meaning(&error.code);
        return vmh_arena_format(call->arena, text, call->why, VMH_TEXT_PANIC,
                                (unsigned long long)error.code.limb[0],
                                meaning == NULL ? "unknown" : meaning);
    }
    out = vmh_arena_alloc(call->arena, 12 + 2 * shown);
    if (out == NULL)
        return vmh_fail_memory(call->why);
    memcpy(out, "reverted: 0x", 12);
    for (size_t i = 0; i < shown; i++) {
        out[12 + 2 * i] = digits[data.data[i] >> 4];
        out[13 + 2 * i] = digits[data.data[i] & 15];
    }
    *text = vmh_bytes_of(out, 12 + 2 * shown);
    return VMH_OK;
}

static vmh_status fail_by_bytecode(vite_call *call, const vmh_vite_outcome *outcome)
{
    vmh_bytes text = vmh_bytes_text(vmh_vite_error_text(outcome->error));
    vmh_status status = VMH_OK;

    if (outcome->error == VMH_VITE_ERROR_REVERTED) {
        status = vmh_arena_copy(call->arena, outcome->output, &call->out->raw_output, call->why);
        if (status == VMH_OK)
            status = revert_text(call, call->out->raw_output, &text);
    }
    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, code_of(outcome->error), text);
}

/* ---- running ---- */

static vmh_status ask_block(vite_call *call, const char *method, uint64_t *number)
{
    vmh_argument_array outputs;
    vmh_status status =
        vmh_vite_sdk(&call->world, "Sdk.Env", method, (vmh_argument_array){0}, &outputs, call->why);

    if (status == VMH_OK && outputs.count == 1)
        *number = outputs.items[0].value.uint64;
    return status;
}

static vmh_status make_input(vite_call *call, vmh_vite_code code, bool is_creation,
                             vmh_vite_run_input *input)
{
    const vmh_rules *rules = call->processor->genesis->rules;
    bool reads = call->input->access_scope != VMH_ACCESS_READ_WRITE;
    uint64_t timestamp = 0;
    vmh_status status;

    *input = vmh_vite_run_input_of(reads ? &call->processor->query : &call->processor->run,
                                   &rules->vite, &call->world.request);
    input->code = code;
    input->is_creation = is_creation;
    input->answers = false; /* the host answers, with what RETURN gives */
    input->owes_answer = call->input->request_kind == VMH_MESSAGE_SYNC_CALL ||
                         call->input->request_kind == VMH_MESSAGE_ASYNC_CALL;
    input->quota = call->quota;
    input->memory_limit = call->processor->genesis->limits.bytecode_memory_size;
    input->frame_limit = (uint32_t)call->input->stack_left;
    input->request_limit = 256;
    status = ask_block(call, "getBlockHeight", &input->height);
    if (status == VMH_OK)
        status = ask_block(call, "getBlockTimestamp", &timestamp);
    input->time = timestamp / 1000000000;
    return status;
}

/* Packs the output of a good run, before what it did is done: it may not be what was said. */
static vmh_status pack_output(vite_call *call, vmh_bytes output, bool *good)
{
    vmh_argument result = vmh_argument_bytes(VMH_ARGUMENT_BYTES, output);
    vmh_bytes refusal = {0};
    vmh_status status;

    call->out->raw_output = output;
    *good = true;
    if (call->input->is_raw)
        return VMH_OK;
    if (call->has_signature)
        status = vmh_vite_abi_call_results(&call->world, &call->signature, output,
                                           &call->out->output_arguments, &refusal, call->why);
    else
        status = vmh_argument_array_pack((vmh_argument_array){&result, 1}, call->arena,
                                         &call->out->output_arguments, call->why);
    if (status != VMH_OK || refusal.size == 0)
        return status;
    *good = false;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_CONTRACT_FAILED, refusal);
}

/* Runs code; `*good` tells whether its output is there and what it did is done. */
static vmh_status run(vite_call *call, vmh_vite_code code, bool is_creation, vmh_bytes *output,
                      bool *good)
{
    vmh_vite_run_input input;
    vmh_vite_outcome outcome;
    vmh_status status = make_input(call, code, is_creation, &input);

    *good = false;
    if (status == VMH_OK)
        status = vmh_vite_machine_run(call->processor->machine, &call->world.environment, &input,
                                      &outcome, call->why);
    if (status != VMH_OK)
        return status;
    call->out->gas_used = input.quota - outcome.quota_left;
    if (call->world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(call);
    if (outcome.end == VMH_VITE_END_FAILED)
        return fail_by_bytecode(call, &outcome);
    status = vmh_arena_copy(call->arena, outcome.output, output, call->why);
    if (status == VMH_OK && !is_creation && outcome.end != VMH_VITE_END_SUSPENDED) {
        status = pack_output(call, *output, good);
        if (status != VMH_OK || !*good)
            return status;
    }
    *good = false;
    if (status == VMH_OK)
        status = vmh_vite_service_world_apply(&call->world, &outcome, call->why);
    if (status != VMH_OK)
        return status;
    if (call->world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(call);
    *good = true;
    return VMH_OK;
}

/* ---- deployment ---- */

/* A method of _Deployments about this service; its first result, of any type. */
static vmh_status ask_deployments(vite_call *call, vmh_bytes method, vmh_argument_array arguments,
                                  vmh_argument *answer)
{
    vmh_argument inputs[3];
    vmh_argument_array outputs, results;
    vmh_argument_fault fault;
    vmh_bytes packed, with_header;
    bool known;
    vmh_status status = vmh_argument_array_pack(arguments, call->arena, &packed, call->why);

    if (status == VMH_OK)
        status = vmh_argument_array_add_header(packed, call->arena, &with_header, call->why);
    if (status != VMH_OK)
        return status;
    inputs[0] = vmh_argument_string(VMH_LITERAL("_Deployments"));
    inputs[1] = vmh_argument_string(method);
    inputs[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, with_header);
    status = vmh_vite_sdk(&call->world, "Sdk.Service", "callMethod",
                          (vmh_argument_array){inputs, 3}, &outputs, call->why);
    if (status != VMH_OK || call->world.trouble != VMH_VITE_NO_TROUBLE)
        return status;
    status = vmh_argument_array_decode(
        vmh_argument_array_strip_header(outputs.items[0].value.bytes), call->arena, &results,
        &known, &fault, call->why);
    if (status == VMH_OK && results.count != 0)
        *answer = results.items[0];
    return status;
}

/* The parts that were deployed, joined: init code and constructor arguments. */
static vmh_status read_init_code(vite_call *call, vmh_bytes *code)
{
    vmh_argument arguments[2] = {vmh_argument_string(call->input->contract_name)};
    vmh_argument answer = {0};
    uint32_t count;
    vmh_buffer joined;
    vmh_status status = ask_deployments(call, VMH_LITERAL("getCodeParts"),
                                        (vmh_argument_array){arguments, 1}, &answer);

    count = answer.value.uint32;
    vmh_buffer_init(&joined);
    for (uint32_t i = 0; status == VMH_OK && call->world.trouble == VMH_VITE_NO_TROUBLE &&
                         i < count; i++) {
        arguments[1] = vmh_argument_uint32(i);
        status = ask_deployments(call, VMH_LITERAL("getCodePart"),
                                 (vmh_argument_array){arguments, 2}, &answer);
        if (status == VMH_OK && call->world.trouble == VMH_VITE_NO_TROUBLE)
            vmh_buffer_append(&joined, answer.value.bytes);
    }
    if (status == VMH_OK)
        status = vmh_buffer_check(&joined, call->why);
    if (status == VMH_OK)
        status = vmh_arena_copy(call->arena, vmh_buffer_bytes(&joined), code, call->why);
    vmh_buffer_clear(&joined);
    return status;
}

/* The type byte in front says that it is bytecode of this kind. */
static vmh_status keep_code(vite_call *call, vmh_bytes runtime)
{
    uint8_t *code = vmh_arena_alloc(call->arena, 1 + runtime.size);
    vmh_argument argument;
    vmh_argument_array outputs;

    if (code == NULL)
        return vmh_fail_memory(call->why);
    code[0] = 1;
    if (runtime.size != 0)
        memcpy(code + 1, runtime.data, runtime.size);
    argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(code, 1 + runtime.size));
    return vmh_vite_sdk(&call->world, "Sdk.Service", "putCode", (vmh_argument_array){&argument, 1},
                        &outputs, call->why);
}

static vmh_status fail_out_of_quota(vite_call *call)
{
    call->out->gas_used = call->input->gas_limit;
    return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_OUT_OF_GAS,
                vmh_bytes_text(vmh_vite_error_text(VMH_VITE_ERROR_OUT_OF_QUOTA)));
}

/* Keeps what a good creation gave, at its price. */
static vmh_status finish_creation(vite_call *call, vmh_bytes runtime)
{
    const vmh_vite_revision *revision = &call->processor->run;
    uint64_t price = revision->prices.code_byte * (1 + (uint64_t)runtime.size);
    vmh_status status;

    if (runtime.size > revision->code_limit)
        return fail(call, VMH_RESULT_ERROR_SMART_CONTRACT, VMH_CODE_CONTRACT_FAILED,
                    vmh_bytes_text(vmh_vite_error_text(VMH_VITE_ERROR_CODE_LENGTH)));
    if (price > call->input->gas_limit - call->out->gas_used)
        return fail_out_of_quota(call);
    call->out->gas_used += price;
    status = keep_code(call, runtime);
    if (status != VMH_OK)
        return status;
    if (call->world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(call);
    call->out->call_result = VMH_RESULT_SUCCESS;
    return VMH_OK;
}

/* Create-response price, the run, then the price of each byte that is kept. */
static vmh_status create(vite_call *call)
{
    uint64_t price = call->processor->run.prices.create_response;
    vmh_bytes init_code, runtime = {0};
    vmh_vite_code code;
    bool good;
    vmh_status status = read_init_code(call, &init_code);

    if (status != VMH_OK)
        return status;
    if (call->world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(call);
    if (price > call->input->gas_limit)
        return fail_out_of_quota(call);
    call->quota = call->input->gas_limit - price;
    call->world.request.data = init_code;
    code.bytes = init_code;
    vmh_sha256(init_code, &code.hash);
    status = run(call, code, true, &runtime, &good);
    call->out->gas_used += price;
    return status == VMH_OK && good ? finish_creation(call, runtime) : status;
}

/* ---- methods ---- */

static vmh_status find_code(vite_call *call, vmh_vite_code *code, bool *found)
{
    vmh_status status = call->world.environment.get_code(&call->world.environment,
                                                         &call->world.own, code, call->why);

    /* Empty code is code too: it stops at once. */
    *found = status == VMH_OK && code->bytes.data != NULL;
    return status;
}

/* The one bytes argument of `call` and `query`; false for anything else. */
static vmh_status read_raw(vite_call *call, vmh_bytes *data, bool *valid)
{
    vmh_argument_array arguments;
    vmh_argument_fault fault;
    bool known;
    vmh_status status = vmh_argument_array_decode(call->input->input_arguments, call->arena,
                                                  &arguments, &known, &fault, call->why);

    *valid = status == VMH_OK && known && arguments.count == 1 &&
             arguments.items[0].type == VMH_ARGUMENT_BYTES;
    if (*valid)
        *data = arguments.items[0].value.bytes;
    return status;
}

static vmh_status refuse_method(vite_call *call)
{
    vmh_bytes text;
    vmh_status status = vmh_arena_format(call->arena, &text, call->why, VMH_TEXT_METHOD_NOT_FOUND,
                                         VMH_PRINT(call->input->method_name),
                                         VMH_PRINT(call->input->contract_name));

    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_INPUT, VMH_CODE_UNKNOWN_METHOD, text);
}

/* What makes a contract is run once, when it is deployed. */
static vmh_status refuse_init(vite_call *call)
{
    vmh_bytes name = call->input->method_name, text;
    vmh_status status =
        vmh_arena_format(call->arena, &text, call->why, VMH_TEXT_SYSTEM_ONLY, VMH_PRINT(name));

    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_INPUT, vmh_internal_method_code(name), text);
}

static vmh_status refuse_arguments(vite_call *call)
{
    vmh_bytes text;
    vmh_status status = vmh_arena_format(call->arena, &text, call->why, VMH_TEXT_TAKES_BYTES,
                                         VMH_PRINT(call->input->contract_name),
                                         VMH_PRINT(call->input->method_name));

    if (status != VMH_OK)
        return status;
    return fail(call, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS, text);
}

/* The call data of `call` and `query`, or made of the arguments of a signature. */
static vmh_status take_arguments(vite_call *call, bool *good)
{
    vmh_bytes *data = &call->world.request.data;
    vmh_bytes refusal = {0};
    bool valid = true;
    vmh_status status = VMH_OK;

    if (call->input->is_raw)
        *data = call->input->input_arguments;
    else if (call->has_signature)
        status = vmh_vite_abi_call_data(&call->world, &call->signature, data, &refusal, call->why);
    else
        status = read_raw(call, data, &valid);
    *good = status == VMH_OK && valid && refusal.size == 0 &&
            call->world.trouble == VMH_VITE_NO_TROUBLE;
    if (status != VMH_OK || *good)
        return status;
    if (call->world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(call);
    if (!valid)
        return refuse_arguments(call);
    return fail(call, VMH_RESULT_ERROR_INPUT, VMH_CODE_WRONG_ARGUMENTS, refusal);
}

static vmh_status run_method(vite_call *call)
{
    vmh_bytes output = {0};
    vmh_vite_code code;
    bool found, good = true;
    vmh_status status = find_code(call, &code, &found);

    if (status != VMH_OK)
        return status;
    if (!found)
        return fail(call, VMH_RESULT_ERROR_CONTRACT_NOT_DEPLOYED, VMH_CODE_NOT_DEPLOYED,
                    VMH_LITERAL(VMH_TEXT_CODE_NOT_AVAILABLE));
    if (call->input->resume == NULL)
        status = take_arguments(call, &good);
    if (status == VMH_OK && good)
        status = run(call, code, false, &output, &good);
    if (status == VMH_OK && good)
        call->out->call_result = VMH_RESULT_SUCCESS;
    return status;
}

static bool is_raw_method(const vmh_process_call_input *input)
{
    return input->is_raw || vmh_bytes_equal(input->method_name, VMH_LITERAL("call")) ||
           vmh_bytes_equal(input->method_name, VMH_LITERAL("query"));
}

/* Any name but those of raw calls is a signature, or no method. */
static vmh_status read_method(vite_call *call, bool *found)
{
    *found = true;
    if (is_raw_method(call->input))
        return VMH_OK;
    call->has_signature = true;
    return vmh_vite_abi_call_open(&call->world, &call->signature, found, call->why);
}

static vmh_status process_call(vmh_processor *port, const vmh_process_call_input *input,
                               vmh_arena *arena, vmh_process_call_output *out, vmh_failure *why)
{
    vite_processor *processor = (vite_processor *)port;
    vite_call call = {.processor = processor,
                      .input = input,
                      .quota = input->gas_limit,
                      .arena = arena,
                      .out = out,
                      .why = why};
    bool is_init = vmh_bytes_equal(input->method_name, VMH_LITERAL("_init"));
    bool found = true;
    vmh_status status = VMH_OK;

    *out = (vmh_process_call_output){0};
    vmh_vite_service_world_init(&call.world, input, processor->handler, arena);
    if (is_init && input->calling_permission_scope != VMH_PERMISSION_SYSTEM)
        return refuse_init(&call);
    if (!is_init)
        status = read_method(&call, &found);
    if (status != VMH_OK)
        return status;
    if (!found)
        return refuse_method(&call);
    status = vmh_vite_service_world_open(&call.world, why);
    if (status != VMH_OK)
        return status;
    if (call.world.trouble != VMH_VITE_NO_TROUBLE)
        return fail_by_sdk(&call);
    return is_init ? create(&call) : run_method(&call);
}

/* Bytecode is nothing that this processor knows beforehand. */
static vmh_status get_contract_info(vmh_processor *port, vmh_bytes context_id,
                                    vmh_bytes contract_name, bool *found,
                                    vmh_permission_scope *permission_scope, vmh_failure *why)
{
    (void)port;
    (void)context_id;
    (void)contract_name;
    (void)permission_scope;
    (void)why;
    *found = false;
    return VMH_OK;
}

static vmh_status take_handler(vmh_processor *port, vmh_sdk_handler *handler, vmh_failure *why)
{
    (void)why;
    ((vite_processor *)port)->handler = handler;
    return VMH_OK;
}

static void free_processor(vmh_processor *port)
{
    vmh_vite_machine_free(((vite_processor *)port)->machine);
    free(port);
}

vmh_status vmh_vite_processor_new(const vmh_genesis *genesis, vmh_processor **out,
                                  vmh_failure *why)
{
    vite_processor *processor = calloc(1, sizeof *processor);
    vmh_vite_mode query = genesis->rules->vite.queries_refuse_writes ? VMH_VITE_MODE_STRICT_QUERY
                                                                     : VMH_VITE_MODE_QUERY;
    vmh_status status;

    *out = NULL;
    if (processor == NULL)
        return vmh_fail_memory(why);
    status = vmh_vite_machine_new(&processor->machine, why);
    if (status != VMH_OK) {
        free(processor);
        return status;
    }
    processor->port.process_call = process_call;
    processor->port.get_contract_info = get_contract_info;
    processor->port.contract_sdk_call_handler = take_handler;
    processor->port.free = free_processor;
    processor->port.pays_for_messages = true; /* CALL and SYNCCALL cost by their bytes */
    processor->genesis = genesis;
    processor->run =
        vmh_vite_revision_of(VMH_VITE_FORK_NEWEST, VMH_VITE_FORM_CONTEXTS, VMH_VITE_MODE_RUN);
    processor->query = vmh_vite_revision_of(VMH_VITE_FORK_NEWEST, VMH_VITE_FORM_CONTEXTS, query);
    *out = &processor->port;
    return VMH_OK;
}
