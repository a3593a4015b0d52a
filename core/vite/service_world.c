#include "vite/service_world.h"

#include "crypto/address.h"
#include "crypto/digest.h"
#include "types/message.h"
#include "types/protected_key.h"
#include "vite/suspension.h"

vmh_status vmh_vite_sdk(vmh_vite_service_world *world, const char *operation, const char *method,
                        vmh_argument_array arguments, vmh_argument_array *outputs,
                        vmh_failure *why)
{
    vmh_sdk_call call = {
        .context_id = world->input->context_id,
        .operation_name = vmh_bytes_text(operation),
        .method_name = vmh_bytes_text(method),
        .input_arguments = arguments,
        .permission_scope = VMH_PERMISSION_SYSTEM,
    };
    vmh_sdk_result result;
    vmh_status status =
        world->handler->handle_sdk_call(world->handler, &call, world->arena, &result, why);

    if (status != VMH_OK)
        return status;
    *outputs = result.output_arguments;
    if (result.outcome != VMH_SDK_OK) {
        world->trouble = result.outcome == VMH_SDK_ABORT ? VMH_VITE_SDK_ABORTED
                                                         : VMH_VITE_SDK_REFUSED;
        world->text = result.error;
        world->code = result.code;
    }
    return VMH_OK;
}

/* A call that answers bytes; empty bytes when it was refused. */
static vmh_status ask_bytes(vmh_vite_service_world *world, const char *operation,
                            const char *method, vmh_argument_array arguments, vmh_bytes *answer,
                            vmh_failure *why)
{
    vmh_argument_array outputs;
    vmh_status status = vmh_vite_sdk(world, operation, method, arguments, &outputs, why);

    *answer = (vmh_bytes){0};
    if (status == VMH_OK && world->trouble == VMH_VITE_NO_TROUBLE && outputs.count != 0)
        *answer = outputs.items[0].value.bytes;
    return status;
}

/* ---- the environment ---- */

static vmh_vite_service_world *world_of(vmh_vite_environment *environment)
{
    return (vmh_vite_service_world *)environment;
}

/* Values are kept without leading zeros; a slot that is a key of the host fails the run. */
static vmh_status get_storage(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_word *key, vmh_word *value, vmh_vite_error *error,
                              vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    uint8_t slot[32];
    vmh_argument argument;
    vmh_bytes bytes;
    vmh_status status;

    (void)account; /* always the running one */
    vmh_word_to_bytes(key, slot);
    if (vmh_is_protected_key(vmh_bytes_of(slot, 32))) {
        *error = VMH_VITE_ERROR_PROTECTED_KEY;
        return VMH_OK;
    }
    argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(slot, 32));
    status = ask_bytes(world, "Sdk.State", "read", (vmh_argument_array){&argument, 1}, &bytes,
                       why);
    if (status == VMH_OK)
        *value = bytes.size > 32 ? vmh_word_of(0) : vmh_word_from_short(bytes);
    return status;
}

static vmh_status get_balance(vmh_vite_environment *environment, const vmh_vite_address *account,
                              const vmh_vite_token *token, vmh_word *balance, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    vmh_argument arguments[2] = {
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(account->bytes, 20)),
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(token->bytes, sizeof token->bytes)),
    };
    vmh_argument_array outputs;
    vmh_status status = vmh_vite_sdk(world, "Sdk.Service", "getBalance",
                                     (vmh_argument_array){arguments, 2}, &outputs, why);

    *balance = vmh_word_of(0);
    if (status == VMH_OK && world->trouble == VMH_VITE_NO_TROUBLE && outputs.count == 1)
        *balance = vmh_word_from_bytes(outputs.items[0].value.bytes.data);
    return status;
}

static vmh_status find_name(vmh_vite_service_world *world, const vmh_vite_address *address,
                            vmh_bytes *name, vmh_failure *why)
{
    vmh_argument argument =
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(address->bytes, 20));

    return ask_bytes(world, "Sdk.Service", "findName", (vmh_argument_array){&argument, 1}, name,
                     why);
}

vmh_status vmh_vite_service_name(vmh_vite_service_world *world, const vmh_vite_address *address,
                                 vmh_bytes *name, vmh_failure *why)
{
    vmh_status status = find_name(world, address, name, why);
    char *text;

    if (status != VMH_OK || name->size != 0)
        return status;
    text = vmh_arena_alloc(world->arena, 1 + 2 * sizeof address->bytes);
    if (text == NULL)
        return vmh_fail_memory(why);
    text[0] = '@';
    for (size_t i = 0; i < sizeof address->bytes; i++) {
        text[1 + 2 * i] = "0123456789abcdef"[address->bytes[i] >> 4];
        text[2 + 2 * i] = "0123456789abcdef"[address->bytes[i] & 15];
    }
    *name = vmh_bytes_of(text, 1 + 2 * sizeof address->bytes);
    return VMH_OK;
}

static vmh_status get_code(vmh_vite_environment *environment, const vmh_vite_address *account,
                           vmh_vite_code *code, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    vmh_argument argument;
    vmh_bytes name = world->input->contract_name, bytes;
    vmh_status status = VMH_OK;

    *code = (vmh_vite_code){0};
    if (memcmp(account, &world->own, sizeof *account) != 0)
        status = find_name(world, account, &name, why);
    if (status != VMH_OK || name.size == 0)
        return status;
    argument = vmh_argument_string(name);
    status = ask_bytes(world, "Sdk.Service", "getCode", (vmh_argument_array){&argument, 1},
                       &bytes, why);
    if (status != VMH_OK || bytes.size < 1)
        return status;
    code->bytes = vmh_bytes_of(bytes.data + 1, bytes.size - 1);
    vmh_sha256(code->bytes, &code->hash);
    return VMH_OK;
}

/* No quota ratio other than 10; an address that is nobody's form is refused (joins.md 1). */
static vmh_status get_quota_ratio(vmh_vite_environment *environment,
                                  const vmh_vite_address *account, uint32_t *ratio,
                                  vmh_vite_error *error, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    uint8_t last = account->bytes[20];
    vmh_bytes name = {0};
    vmh_status status = VMH_OK;

    *ratio = 10;
    if (last == 0)
        status = find_name(world, account, &name, why);
    if (last > 1 || name.size != 0)
        *error = VMH_VITE_ERROR_INVALID_ADDRESS;
    return status;
}

/* Of a resumed run: its SYNCCALL, and what its first run answers to. */
static vmh_status find_request(vmh_vite_environment *environment, const vmh_hash32 *hash,
                               vmh_vite_request *request, bool *found, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);

    (void)why;
    *found = world->input->resume != NULL;
    if (!*found)
        return VMH_OK;
    if (memcmp(hash, &world->input->resume->answered_id, sizeof *hash) == 0) {
        *request = (vmh_vite_request){.kind = VMH_VITE_KIND_SEND_SYNC_CALL,
                                      .from = world->own,
                                      .to = world->request.from,
                                      .hash = *hash};
        return VMH_OK;
    }
    *request = (vmh_vite_request){
        .kind = world->input->request_kind, .from = world->caller, .to = world->own, .hash = *hash};
    return VMH_OK;
}

/* The context of an answer refers to the SYNCCALL; that of the SYNCCALL is what was stored. */
static vmh_status find_context(vmh_vite_environment *environment, const vmh_hash32 *request_hash,
                               vmh_bytes *context, bool *found, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    vmh_vite_context answer = {0};
    vmh_buffer bytes;
    vmh_status status;

    *found = world->input->resume != NULL;
    if (!*found)
        return VMH_OK;
    if (memcmp(request_hash, &world->input->resume->answered_id, sizeof *request_hash) == 0) {
        *context = world->input->resume->stored;
        return VMH_OK;
    }
    answer.referrer = world->input->resume->answered_id;
    vmh_buffer_init(&bytes);
    status = vmh_vite_context_encode(&answer, &bytes, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(world->arena, vmh_buffer_bytes(&bytes), context, why);
    vmh_buffer_clear(&bytes);
    return status;
}

/* The ids of CALL2: of the message that this will be, behind those triggered before it. */
static vmh_status get_request_hash(vmh_vite_environment *environment,
                                   const vmh_vite_request *request, size_t index,
                                   vmh_hash32 *hash, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    uint8_t amount[32];
    vmh_argument arguments[5];
    vmh_bytes name, id;
    vmh_status status = vmh_vite_service_name(world, &request->to, &name, why);

    if (status != VMH_OK)
        return status;
    vmh_word_to_bytes(&request->amount, amount);
    arguments[0] = vmh_argument_string(name);
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, request->data);
    arguments[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES,
                                      vmh_bytes_of(request->token.bytes, VMH_TOKEN_SIZE));
    arguments[3] = vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32));
    arguments[4] = vmh_argument_uint32((uint32_t)index);
    status = ask_bytes(world, "Sdk.Message", "identify", (vmh_argument_array){arguments, 5}, &id,
                       why);
    memset(hash, 0, sizeof *hash);
    if (status == VMH_OK && id.size == sizeof hash->bytes)
        memcpy(hash->bytes, id.data, sizeof hash->bytes);
    return status;
}

static vmh_status get_seed(vmh_vite_environment *environment, uint64_t *seed, vmh_failure *why)
{
    vmh_vite_service_world *world = world_of(environment);
    vmh_argument_array outputs;
    vmh_status status = VMH_OK;

    if (!world->has_seed) {
        status = vmh_vite_sdk(world, "Sdk.Env", "getSeed", (vmh_argument_array){0}, &outputs, why);
        if (status == VMH_OK && outputs.count == 1)
            world->seed = outputs.items[0].value.uint64;
        world->has_seed = status == VMH_OK;
    }
    *seed = world->seed;
    return status;
}

/* First 8 bytes of SHA-256 of SEED and the number, both big-endian (joins.md 2). */
static vmh_status get_random(vmh_vite_environment *environment, uint64_t index, uint64_t *number,
                             vmh_failure *why)
{
    uint64_t seed = 0;
    uint8_t bytes[16];
    vmh_hash32 digest;
    vmh_status status = get_seed(environment, &seed, why);

    vmh_put_u64_be(bytes, seed);
    vmh_put_u64_be(bytes + 8, index);
    vmh_sha256(vmh_bytes_of(bytes, sizeof bytes), &digest);
    *number = vmh_get_u64_be(digest.bytes);
    return status;
}

void vmh_vite_service_world_init(vmh_vite_service_world *world,
                                 const vmh_process_call_input *input, vmh_sdk_handler *handler,
                                 vmh_arena *arena)
{
    *world = (vmh_vite_service_world){
        .environment = {get_storage, get_balance, get_code, get_quota_ratio, find_request,
                        find_context, get_request_hash, get_seed, get_random},
        .input = input,
        .handler = handler,
        .arena = arena,
    };
}

/* ---- before a run ---- */

static vmh_status ask_caller(vmh_vite_service_world *world, vmh_failure *why)
{
    bool is_init = vmh_bytes_equal(world->input->method_name, VMH_LITERAL("_init"));
    vmh_bytes address;
    vmh_status status = ask_bytes(world, "Sdk.Address",
                                  is_init ? "getDeployerAddress" : "getCallerAddress",
                                  (vmh_argument_array){0}, &address, why);

    if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
        return status;
    memcpy(world->caller.bytes, address.data, address.size < 21 ? address.size : 21);
    if (!is_init)
        world->caller.bytes[20] = world->input->caller_is_client ? 0 : 1;
    return VMH_OK;
}

static vmh_status ask_value(vmh_vite_service_world *world, vmh_failure *why)
{
    vmh_argument_array value;
    vmh_status status = vmh_vite_sdk(world, "Sdk.Service", "getCallValue",
                                     (vmh_argument_array){0}, &value, why);

    world->request.token = vmh_vite_token_vite;
    if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE ||
        value.items[0].value.bytes.size != VMH_TOKEN_SIZE)
        return status;
    memcpy(world->request.token.bytes, value.items[0].value.bytes.data, VMH_TOKEN_SIZE);
    world->request.amount = vmh_word_from_bytes(value.items[1].value.bytes.data);
    return VMH_OK;
}

/* What a resumed run is: the answer, from whoever was asked, behind the callback id. */
static vmh_status open_answer(vmh_vite_service_world *world, vmh_failure *why)
{
    const vmh_resume *resume = world->input->resume;
    uint8_t *data = vmh_arena_alloc(world->arena, 4 + resume->answer.size);
    vmh_address target;
    uint32_t callback_id;

    if (data == NULL)
        return vmh_fail_memory(why);
    if (!vmh_vite_context_callback_id(resume->stored, &callback_id))
        return vmh_fail(why, VMH_E_STORE_CORRUPT, "suspended run of bytecode: cut");
    vmh_put_u32_be(data, callback_id);
    if (resume->answer.size != 0)
        memcpy(data + 4, resume->answer.data, resume->answer.size);
    world->request.data = vmh_bytes_of(data, 4 + resume->answer.size);
    world->request.kind = resume->succeeded ? VMH_VITE_KIND_SEND_CALLBACK
                                            : VMH_VITE_KIND_SEND_FAILURE_CALLBACK;
    target = resume->target;
    memcpy(world->request.from.bytes, target.bytes, sizeof target.bytes);
    world->request.from.bytes[20] = resume->target_is_client ? 0 : 1;
    return VMH_OK;
}

vmh_status vmh_vite_service_world_open(vmh_vite_service_world *world, vmh_failure *why)
{
    const vmh_process_call_input *input = world->input;
    vmh_address own;
    vmh_status status = ask_caller(world, why);

    if (status == VMH_OK && world->trouble == VMH_VITE_NO_TROUBLE)
        status = ask_value(world, why);
    if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
        return status;
    vmh_address_of_contract(input->contract_name, &own);
    memcpy(world->own.bytes, own.bytes, sizeof own.bytes);
    world->own.bytes[20] = 1;
    world->request.kind = input->request_kind == VMH_VITE_KIND_SEND_SYNC_CALL
                              ? VMH_VITE_KIND_SEND_SYNC_CALL
                              : VMH_VITE_KIND_SEND_CALL;
    world->request.from = world->caller;
    world->request.to = world->own;
    if (input->request_id.size == sizeof world->request.hash.bytes)
        memcpy(world->request.hash.bytes, input->request_id.data, input->request_id.size);
    return input->resume == NULL ? VMH_OK : open_answer(world, why);
}

/* ---- after a good run ---- */

static vmh_status write_slot(vmh_vite_service_world *world, const vmh_vite_slot *slot,
                             vmh_failure *why)
{
    uint8_t key[32], value[32];
    vmh_argument arguments[2];
    vmh_argument_array outputs;
    size_t zeros = 0;

    vmh_word_to_bytes(&slot->key, key);
    vmh_word_to_bytes(&slot->current, value);
    while (zeros < sizeof value && value[zeros] == 0)
        zeros++;
    arguments[0] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(key, sizeof key));
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES,
                                      vmh_bytes_of(value + zeros, sizeof value - zeros));
    return vmh_vite_sdk(world, "Sdk.State", "write", (vmh_argument_array){arguments, 2}, &outputs,
                        why);
}

static vmh_status tell_log(vmh_vite_service_world *world, const vmh_vite_log *log,
                           vmh_failure *why)
{
    uint8_t topics[4 * 32];
    vmh_argument arguments[2];
    vmh_argument_array outputs;

    for (size_t i = 0; i < log->topic_count; i++)
        vmh_word_to_bytes(&log->topics[i], topics + 32 * i);
    arguments[0] =
        vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(topics, 32 * log->topic_count));
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, log->data);
    return vmh_vite_sdk(world, "Sdk.Events", "emitLog", (vmh_argument_array){arguments, 2},
                        &outputs, why);
}

/* Service, empty method for raw data, data, token, amount, and what a SYNCCALL stores. */
static vmh_status send(vmh_vite_service_world *world, const vmh_vite_triggered *triggered,
                       vmh_failure *why)
{
    const vmh_vite_request *request = &triggered->request;
    bool waits = request->kind == VMH_VITE_KIND_SEND_SYNC_CALL;
    uint8_t amount[32];
    vmh_argument arguments[8];
    vmh_argument_array outputs;
    vmh_bytes name;
    vmh_status status = vmh_vite_service_name(world, &request->to, &name, why);

    if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
        return status;
    vmh_word_to_bytes(&request->amount, amount);
    arguments[0] = vmh_argument_string(name);
    arguments[1] = vmh_argument_string((vmh_bytes){0});
    arguments[2] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, request->data);
    arguments[3] = vmh_argument_bytes(VMH_ARGUMENT_BYTES,
                                      vmh_bytes_of(request->token.bytes, VMH_TOKEN_SIZE));
    arguments[4] = vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32));
    arguments[5] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, triggered->context);
    arguments[6] = arguments[7] = vmh_argument_uint64(UINT64_MAX); /* no gas is given */
    return vmh_vite_sdk(world, "Sdk.Message", waits ? "suspend" : "send",
                        (vmh_argument_array){arguments, waits ? 8 : 5}, &outputs, why);
}

vmh_status vmh_vite_service_world_apply(vmh_vite_service_world *world,
                                        const vmh_vite_outcome *outcome, vmh_failure *why)
{
    vmh_status status = VMH_OK;

    for (size_t i = 0; i < outcome->slots->count; i++) {
        const vmh_vite_slot *slot = &outcome->slots->items[i];

        if (vmh_word_compare(&slot->original, &slot->current) == 0)
            continue;
        status = write_slot(world, slot, why);
        if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
            return status;
    }
    for (size_t i = 0; i < outcome->log_count; i++) {
        status = tell_log(world, &outcome->logs[i], why);
        if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
            return status;
    }
    for (size_t i = 0; i < outcome->triggered_count; i++) {
        status = send(world, &outcome->triggered[i], why);
        if (status != VMH_OK || world->trouble != VMH_VITE_NO_TROUBLE)
            return status;
    }
    return status;
}
