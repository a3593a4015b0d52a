#include "async/async_store.h"
#include "async/call_data.h"
#include "codec/argument_codec.h"
#include "host/async_run.h"
#include "host/async_values.h"
#include "host/host_state.h"
#include "host/outbox.h"
#include "host/raw_call.h"
#include "host/run_call.h"
#include "host/sdk_call.h"
#include "host/target.h"
#include "types/host_texts.h"
#include "types/message.h"

/* Legacy calls come back by this name (async.md 12). */
static const vmh_bytes legacy_callback = {(const uint8_t *)"callBack", 8};

/* ---- how a method ends early ---- */

vmh_status vmh_sdk_async_refuse_ended(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_frame *frame = vmh_service_stack_top(run->context);
    bool stopped = frame->end == VMH_FRAME_STOPPED;

    *run->result = (vmh_sdk_result){
        .outcome = VMH_SDK_ABORT,
        .error = vmh_bytes_text(stopped ? VMH_TEXT_ASYNC_FAILED : frame->refusal.text),
        .code = stopped ? VMH_CODE_NESTED_CALL_FAILED : frame->refusal.code,
    };
    (void)why;
    return VMH_OK;
}

/* A refused registration fails the method; who called it may catch that. */
static vmh_status end_method(vmh_sdk_run *run, vmh_frame_end end, vmh_async_refusal refusal,
                             vmh_failure *why)
{
    vmh_frame *frame = &run->context->stack[run->context->depth - 1];
    uint64_t gas_used = run->result->gas_used;
    vmh_status status;

    frame->end = end;
    frame->refusal = refusal;
    frame->line = run->call->line;
    status = vmh_sdk_async_refuse_ended(run, why);
    run->result->gas_used = gas_used;
    return status;
}

/* ---- gas ---- */

/* What the method has left at this point. */
static uint64_t gas_of(const vmh_sdk_run *run)
{
    uint64_t left = run->context->gas_left;

    return run->call->gas_used < left ? left - run->call->gas_used : 0;
}

static void take_gas(vmh_sdk_run *run, uint64_t before, uint64_t after)
{
    run->context->gas_left -= before - after;
    run->result->gas_used = before - after;
}

/* ---- what the engine asks ---- */

static bool is_read_only(const vmh_sdk_run *run)
{
    return run->context->access_scope != VMH_ACCESS_READ_WRITE || run->call->is_read_only;
}

/* An empty name is none. A name that is none of a callback is told. */
static vmh_status check_callback(vmh_sdk_run *run, vmh_bytes name, bool *valid, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    const vmh_frame *frame = vmh_service_stack_top(context);
    vmh_processor *processor = vmh_host_find_processor(context->host, frame->processor_type);
    bool may = false;
    vmh_status status = VMH_OK;

    if (name.size == 0)
        return VMH_OK;
    if (processor != NULL && processor->may_call_back != NULL)
        status = processor->may_call_back(processor, vmh_bytes_hash(&context->id), frame->service,
                                          name, &may, why);
    if (status == VMH_OK && !may && *valid)
        status = vmh_execution_context_explain(
            context, VMH_LITERAL(VMH_TEXT_ASYNC_BAD_CALLBACK), why, "'%.*s' has no callback '%.*s'",
            VMH_PRINT(frame->service), VMH_PRINT(name));
    *valid = *valid && may;
    return status;
}

/* Whether the target has code on this host. Looking costs nothing and leaves nothing. */
static vmh_status find_mode(vmh_sdk_run *run, const vmh_target *target, vmh_async_mode *mode,
                            vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_run_mark mark = vmh_execution_context_mark(context);
    vmh_run_record record = context->record;
    size_t record_depth = context->record_depth;
    uint64_t gas_left = context->gas_left;
    vmh_process_call_output refusal = {0};
    vmh_processor *processor;
    vmh_status status;

    *mode = VMH_ASYNC_REMOTE;
    if (target->chain != context->host->genesis->virtual_chain_id)
        return VMH_OK;
    status = vmh_find_processor(context, target->service, &processor, &refusal, why);
    vmh_execution_context_undo(context, &mark);
    context->record = record;
    context->record_depth = record_depth;
    context->gas_left = gas_left;
    /* A stack that is full here is full when the call starts, and tells so then. */
    if (status == VMH_OK && (processor != NULL || refusal.code == VMH_CODE_SERVICE_STACK))
        *mode = VMH_ASYNC_LOCAL;
    return status;
}

static vmh_status take_target(vmh_sdk_run *run, vmh_bytes text, vmh_async_draft *draft,
                              vmh_failure *why)
{
    vmh_target target = vmh_target_read(text, run->context->host->genesis->virtual_chain_id);

    draft->to_chain = target.chain;
    draft->to_service = target.service;
    draft->is_read_only = is_read_only(run);
    if (draft->is_read_only)
        return VMH_OK;
    return find_mode(run, &target, &draft->mode, why);
}

static bool is_token(vmh_bytes token)
{
    return token.size == 0 || token.size == VMH_TOKEN_SIZE;
}

static vmh_bytes token_of(vmh_bytes token)
{
    return token.size == 0 ? VMH_DEFAULT_TOKEN : token;
}

/* What the engine said to a registration. */
static vmh_status conclude(vmh_sdk_run *run, uint64_t before, uint64_t after,
                           vmh_async_refusal refusal, vmh_failure *why)
{
    vmh_status status = VMH_OK;

    take_gas(run, before, after);
    if (refusal.text == NULL)
        return VMH_OK;
    if (refusal.code == VMH_CODE_OUT_OF_GAS)
        status = vmh_execution_context_explain_gas(run->context, &run->context->engine.lack, why);
    if (status != VMH_OK)
        return status;
    return end_method(run, VMH_FRAME_REFUSED, refusal, why);
}

/* ---- operations ---- */

/*
 * Registers a call: target, method, arguments, token, amount, whether a limit of gas is given,
 * that limit, lock, callbacks of success and error, group, closure.
 */
vmh_status vmh_sdk_async_call(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_argument *arguments = run->arguments;
    vmh_async_draft draft = {
        .callbacks_are_valid = true,
        .method = arguments[1].value.bytes,
        .input = vmh_argument_array_strip_header(arguments[2].value.bytes),
        .token = token_of(arguments[3].value.bytes),
        .amount = vmh_word_from_bytes(arguments[4].value.bytes.data),
        .has_gas = arguments[5].value.boolean,
        .gas = arguments[6].value.uint64,
        .lock = arguments[7].value.uint64,
        .on_success = arguments[8].value.bytes,
        .on_error = arguments[9].value.bytes,
        .group = arguments[10].value.bytes,
        .closure = arguments[11].value.bytes,
    };
    uint64_t before = gas_of(run), after = before;
    vmh_async_refusal refusal = {0};
    vmh_status status;

    if (!is_token(arguments[3].value.bytes))
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_MESSAGE_TOKEN);
    if (draft.method.size == 0)
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_BAD_CALL_DATA);
    status = take_target(run, arguments[0].value.bytes, &draft, why);
    if (status == VMH_OK)
        status = check_callback(run, draft.on_success, &draft.callbacks_are_valid, why);
    if (status == VMH_OK)
        status = check_callback(run, draft.on_error, &draft.callbacks_are_valid, why);
    if (status == VMH_OK)
        status = vmh_async_track(run->context, why);
    if (status == VMH_OK)
        status = vmh_async_register(&run->context->engine, &draft, &after, &refusal, why);
    return status == VMH_OK ? conclude(run, before, after, refusal, why) : status;
}

/* Bytes of a call data string as the arguments of a method. */
static vmh_status pack_data(vmh_sdk_run *run, const vmh_call_data *data, vmh_bytes *input,
                            vmh_failure *why)
{
    vmh_argument *arguments =
        vmh_arena_alloc_array(run->arena, data->argument_count, sizeof *arguments);

    if (arguments == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < data->argument_count; i++)
        arguments[i] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, data->arguments[i]);
    return vmh_argument_array_pack((vmh_argument_array){arguments, data->argument_count},
                                   run->arena, input, why);
}

/* Registers the legacy call, at which the method ends: target, call data string, token, amount. */
vmh_status vmh_sdk_async_call_legacy(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_argument *arguments = run->arguments;
    vmh_async_draft draft = {
        .callbacks_are_valid = true,
        .token = token_of(arguments[2].value.bytes),
        .amount = vmh_word_from_bytes(arguments[3].value.bytes.data),
    };
    uint64_t before = gas_of(run), after = before;
    vmh_async_refusal refusal = {0};
    vmh_call_data data;
    bool known, has_callback = true;
    vmh_status status;

    if (!is_token(arguments[2].value.bytes))
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, "%s", VMH_TEXT_MESSAGE_TOKEN);
    status = vmh_call_data_parse(arguments[1].value.bytes, false, run->arena, &data, &known, why);
    if (status == VMH_OK && known) {
        draft.method = data.function;
        status = pack_data(run, &data, &draft.input, why);
    }
    if (status == VMH_OK)
        status = take_target(run, arguments[0].value.bytes, &draft, why);
    if (status == VMH_OK)
        status = check_callback(run, legacy_callback, &has_callback, why);
    if (has_callback)
        draft.on_success = legacy_callback;
    if (status == VMH_OK)
        status = vmh_async_track(run->context, why);
    if (status == VMH_OK)
        status = vmh_async_register_legacy(&run->context->engine, &draft, !known, &after, &refusal,
                                           why);
    if (status == VMH_OK)
        status = conclude(run, before, after, refusal, why);
    if (status != VMH_OK || refusal.text != NULL)
        return status;
    return end_method(run, VMH_FRAME_STOPPED, (vmh_async_refusal){0}, why);
}

/* What a refusal about a group does not say of it. */
static vmh_status explain_group(vmh_sdk_run *run, const vmh_group_callback *callback,
                                vmh_async_refusal refusal, vmh_failure *why)
{
    vmh_bytes text;

    if (refusal.text == NULL)
        return VMH_OK;
    text = vmh_bytes_text(refusal.text);
    if (vmh_bytes_equal(text, VMH_LITERAL(VMH_TEXT_ASYNC_NO_GROUP)) ||
        vmh_bytes_equal(text, VMH_LITERAL(VMH_TEXT_ASYNC_GROUP_SET)))
        return vmh_execution_context_explain(run->context, text, why, "'%.*s'",
                                             VMH_PRINT(callback->group));
    if (vmh_bytes_equal(text, VMH_LITERAL(VMH_TEXT_ASYNC_BAD_CALLBACK)) &&
        callback->method.size == 0)
        return vmh_execution_context_explain(run->context, text, why,
                                             "none is named for group '%.*s'",
                                             VMH_PRINT(callback->group));
    return VMH_OK;
}

/* Names the callback of a group: group, method, data, gas. */
vmh_status vmh_sdk_async_set_group_callback(vmh_sdk_run *run, vmh_failure *why)
{
    const vmh_argument *arguments = run->arguments;
    vmh_group_callback callback = {
        .is_read_only = is_read_only(run),
        .is_valid = arguments[1].value.bytes.size != 0,
        .group = arguments[0].value.bytes,
        .method = arguments[1].value.bytes,
        .data = arguments[2].value.bytes,
        .gas = arguments[3].value.uint64,
    };
    uint64_t before = gas_of(run), after = before;
    vmh_async_refusal refusal = {0};
    vmh_status status = check_callback(run, callback.method, &callback.is_valid, why);

    if (status == VMH_OK)
        status = vmh_async_track(run->context, why);
    if (status == VMH_OK)
        status = vmh_async_set_group_callback(&run->context->engine, &callback, &after, &refusal,
                                              why);
    if (status == VMH_OK)
        status = explain_group(run, &callback, refusal, why);
    return status == VMH_OK ? conclude(run, before, after, refusal, why) : status;
}

/* Whether what is owed answers raw call data: of this method, or of whom this callback is of. */
static bool answers_raw(const vmh_execution_context *context)
{
    const vmh_async_engine *engine = &context->engine;
    const vmh_async_context *of = vmh_async_top(engine);
    bool is_callback =
        of->kind == VMH_ASYNC_CALLBACK || of->kind == VMH_ASYNC_GROUP_CALLBACK;

    if (is_callback && engine->depth < 2)
        return false; /* it goes on after an answer: the engine knows where to */
    if (is_callback)
        of = vmh_async_at(engine, engine->depth - 2);
    return (of->request.kind == VMH_MESSAGE_SYNC_CALL ||
            of->request.kind == VMH_MESSAGE_ASYNC_CALL) &&
           of->request.method.size == 0;
}

static vmh_status set_values(vmh_sdk_run *run, vmh_bytes packed, uint64_t size, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    vmh_bytes raw;
    vmh_status status;

    if (!answers_raw(context))
        return vmh_async_set_values(&context->engine, packed, size, why);
    status = vmh_raw_call_encode(context, packed, &raw, why);
    if (status == VMH_E_LIMIT)
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_BAD_CALL_DATA);
    if (status != VMH_OK)
        return status;
    return vmh_async_set_values(&context->engine, raw, vmh_call_data_value_size(raw.size), why);
}

/* Replaces the values that are owed: of this method, or of whom this callback belongs to. */
vmh_status vmh_sdk_async_set_return(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_bytes packed = vmh_argument_array_strip_header(run->arguments[0].value.bytes);
    uint64_t limit = run->context->host->genesis->limits.argument_array_size;
    uint64_t size;
    bool known;
    vmh_status status = vmh_async_values_size(packed, run->arena, &size, &known, why);

    if (status != VMH_OK)
        return status;
    if (!known)
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_BAD_CALL_DATA);
    if (packed.size > limit)
        return vmh_sdk_refuse(run, VMH_CODE_CONTRACT_FAILED, why, VMH_TEXT_ARGUMENTS_TOO_LONG,
                              packed.size, (unsigned long long)limit);
    status = vmh_async_track(run->context, why);
    return status == VMH_OK ? set_values(run, packed, size, why) : status;
}

/* ---- calls that the method waits for ---- */

/* Registers one of them; the lists have as many items each. */
static vmh_status register_kept(vmh_sdk_run *run, size_t index, uint64_t *gas,
                                vmh_async_refusal *refusal, vmh_failure *why)
{
    const vmh_argument *lists = run->arguments;
    vmh_target target = vmh_target_read(lists[0].value.array.items[index].value.bytes,
                                        run->context->host->genesis->virtual_chain_id);
    uint64_t given = lists[5].value.array.items[index].value.uint64;
    vmh_async_draft draft = {
        .is_kept = true,
        .to_chain = target.chain,
        .to_service = target.service,
        .method = lists[1].value.array.items[index].value.bytes,
        .input = vmh_argument_array_strip_header(lists[2].value.array.items[index].value.bytes),
        .token = token_of(lists[3].value.array.items[index].value.bytes),
        .amount = vmh_word_from_bytes(lists[4].value.array.items[index].value.bytes.data),
        .has_gas = given != VMH_GAS_SHARE,
        .gas = given == VMH_GAS_SHARE ? 0 : given,
    };

    return vmh_async_register(&run->context->engine, &draft, gas, refusal, why);
}

static bool are_calls(const vmh_argument *lists)
{
    size_t count = lists[0].value.array.count;

    for (size_t i = 1; i < 6; i++) {
        if (lists[i].value.array.count != count)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (lists[1].value.array.items[i].value.bytes.size == 0 ||
            !is_token(lists[3].value.array.items[i].value.bytes))
            return false;
    }
    return count != 0;
}

/*
 * Gas that waits for what goes on: as given; else half of what is left, where calls share the
 * rest; else, with none that does, a share of what the run has at its end.
 */
static uint64_t take_lock(const vmh_async_context *context, uint64_t given, uint64_t *gas,
                          vmh_gas_lack *lack, vmh_async_refusal *refusal)
{
    uint64_t lock = given;

    if (given == VMH_GAS_SHARE && context->unlimited_count == 0)
        return VMH_GAS_SHARE;
    if (given == VMH_GAS_SHARE)
        lock = *gas / 2 < VMH_AWAIT_LOCK_MAX ? *gas / 2 : VMH_AWAIT_LOCK_MAX;
    if (lock > *gas) {
        *lack = (vmh_gas_lack){lock, *gas};
        *refusal = (vmh_async_refusal){VMH_TEXT_NOT_ENOUGH_GAS, VMH_CODE_OUT_OF_GAS};
        lock = *gas;
    }
    *gas -= lock;
    return lock;
}

/*
 * Calls whose outcomes go on with this run once all are there: lists of targets, methods,
 * arguments, tokens, amounts and gas (VMH_GAS_SHARE: not given); what the processor will go on
 * from, and the lock. After it the run ends.
 */
vmh_status vmh_sdk_async_await_all(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    size_t count = run->arguments[0].value.array.count;
    uint64_t before = gas_of(run), after = before;
    vmh_async_refusal refusal = {0};
    vmh_waiting_draft waiting = {.stored = run->arguments[6].value.bytes};
    bool may;
    vmh_status status = vmh_sdk_check_suspension(run, &may, why);

    if (status != VMH_OK || !may)
        return status;
    if (!are_calls(run->arguments))
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_BAD_CALL_DATA);
    if (count > VMH_MESSAGES_PER_RUN - context->issued_count)
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_TOO_MANY_REQUESTS);
    status = vmh_async_track(context, why);
    for (size_t i = 0; i < count && status == VMH_OK && refusal.text == NULL; i++)
        status = register_kept(run, i, &after, &refusal, why);
    if (status == VMH_OK && refusal.text == NULL)
        waiting.lock = take_lock(vmh_async_top(&context->engine),
                                 run->arguments[7].value.uint64, &after, &context->engine.lack,
                                 &refusal);
    if (status != VMH_OK)
        return status;
    if (refusal.text != NULL)
        return conclude(run, before, after, refusal, why);
    take_gas(run, before, after);
    waiting.context_id = vmh_async_top_id(&context->engine);
    waiting.first_call = vmh_async_top(&context->engine)->awaited_first;
    waiting.language = (uint16_t)vmh_service_stack_top(context)->processor_type;
    status = vmh_outbox_wait(context, &waiting, why);
    return status == VMH_OK ? vmh_sdk_suspended(run, why) : status;
}

/*
 * A callback that went on after an answer: its call is open until it is complete, and lies with
 * the context that registered it, of the same service. `*found` false: it is none.
 */
static vmh_status read_closure(vmh_sdk_run *run, bool *found, vmh_bytes *closure,
                               vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    const vmh_async_context *of = vmh_async_top(&context->engine);
    uint8_t key[VMH_ASYNC_RECORD_KEY_SIZE];
    vmh_async_call call = {.index = of->parent_index};
    vmh_bytes record;
    vmh_status status;

    *found = of->kind == VMH_ASYNC_CALLBACK && of->call == NULL && of->has_parent;
    if (!*found)
        return VMH_OK;
    vmh_async_record_key(&of->parent_id, of->parent_index, key);
    status = vmh_execution_context_read(context, of->parent_service,
                                        vmh_bytes_of(key, sizeof key), &record, why);
    if (status == VMH_OK)
        status = vmh_async_call_decode(record, &call, why);
    if (status == VMH_OK && memcmp(&call.id, &of->parent_call_id, sizeof call.id) != 0)
        status = vmh_fail(why, VMH_E_STORE_CORRUPT, "async context of '%.*s': the call that a "
                          "callback answers is another's", VMH_PRINT(of->parent_service));
    *closure = call.closure;
    return status;
}

/* The note that came with the call which this callback answers. */
vmh_status vmh_sdk_async_get_closure(vmh_sdk_run *run, vmh_failure *why)
{
    vmh_execution_context *context = run->context;
    bool found = false;
    vmh_bytes closure, copy;
    vmh_status status = VMH_OK;

    if (vmh_service_stack_top(context)->level != 0) {
        found = vmh_async_get_closure(&context->engine, &closure);
        if (!found)
            status = read_closure(run, &found, &closure, why);
    }
    if (status != VMH_OK)
        return status;
    if (!found)
        return vmh_sdk_refuse(run, VMH_CODE_NESTED_CALL_FAILED, why, "%s",
                              VMH_TEXT_ASYNC_NOT_HERE);
    status = vmh_arena_copy(run->arena, closure, &copy, why);
    if (status != VMH_OK)
        return status;
    return vmh_sdk_answer(run, vmh_argument_bytes(VMH_ARGUMENT_BYTES, copy), why);
}
