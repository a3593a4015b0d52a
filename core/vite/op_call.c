/*
 * What leaves a run and what comes back into it: CALL, SYNCCALL, answers and
 * resumes (spec/vite-vm.md 4). Suspended state is told apart by form in one
 * place on the way out (trigger) and one on the way in (read_context).
 */
#include <stdlib.h>

#include "vite/frame.h"

/* Room for one more request; NULL when memory is short. */
static vmh_vite_triggered *new_triggered(vmh_vite_run *run)
{
    vmh_vite_machine *machine = run->machine;

    if (run->triggered_count == machine->triggered_capacity) {
        size_t capacity = machine->triggered_capacity == 0 ? 16 : 2 * machine->triggered_capacity;
        vmh_vite_triggered *all = realloc(machine->triggered, capacity * sizeof *all);

        if (all == NULL)
            return NULL;
        machine->triggered = all;
        machine->triggered_capacity = capacity;
        machine->counters.allocation_count++;
    }
    machine->triggered[run->triggered_count] = (vmh_vite_triggered){0};
    return &machine->triggered[run->triggered_count];
}

static vmh_vite_metadata_type metadata_of_kind(uint32_t kind)
{
    switch (kind) {
    case VMH_VITE_KIND_SEND_SYNC_CALL:
        return VMH_VITE_METADATA_SYNC_CALL;
    case VMH_VITE_KIND_SEND_CALLBACK:
        return VMH_VITE_METADATA_CALLBACK;
    default:
        return VMH_VITE_METADATA_FAILURE_CALLBACK;
    }
}

/* Copies parts into the arena as one. */
static vmh_vite_error keep(vmh_vite_run *run, vmh_bytes first, vmh_bytes second, vmh_bytes *out)
{
    uint8_t *bytes = vmh_arena_alloc(&run->machine->arena, first.size + second.size + 1);

    if (bytes == NULL)
        return check_host(run, vmh_fail_memory(run->why));
    if (first.size > 0)
        memcpy(bytes, first.data, first.size);
    if (second.size > 0)
        memcpy(bytes + first.size, second.data, second.size);
    *out = vmh_bytes_of(bytes, first.size + second.size);
    return VMH_VITE_ERROR_NONE;
}

/* Writes suspended state to the scratch buffer, in the form of the revision. */
static vmh_vite_error encode_context(vmh_vite_run *run, uint32_t kind,
                                     const vmh_vite_context *context)
{
    vmh_buffer *scratch = &run->machine->scratch;
    size_t capacity = scratch->capacity;
    vmh_status status;

    vmh_buffer_reset(scratch);
    if (run->revision->form == VMH_VITE_FORM_METADATA)
        status = vmh_vite_metadata_encode(metadata_of_kind(kind), context, scratch, run->why);
    else
        status = vmh_vite_context_encode(context, scratch, run->why);
    run->machine->counters.allocation_count += scratch->capacity != capacity;
    if (status == VMH_E_LIMIT)
        return VMH_VITE_ERROR_CONTEXT_SIZE;
    if (check_host(run, status))
        return VMH_VITE_HOST_FAILED;
    return VMH_VITE_ERROR_NONE;
}

/* What a request takes of this machine, which its price says nothing about. */
static uint64_t request_size(uint64_t data_size, const vmh_vite_context *context)
{
    enum { REQUEST = 512 };
    uint64_t size = REQUEST + data_size;

    if (context != NULL)
        size += sizeof *context->stack * context->stack_count + context->memory.size;
    return size;
}

/* Asked before any of it is done. What is undone later stays counted. */
static vmh_vite_error admit(const vmh_vite_run *run, uint64_t data_size,
                            const vmh_vite_context *context)
{
    uint64_t left = VMH_VITE_HARD_REQUEST_LIMIT - run->triggered_bytes;

    if (data_size > left || request_size(data_size, context) > left)
        return VMH_VITE_ERROR_REQUEST_LIMIT;
    return VMH_VITE_ERROR_NONE;
}

/*
 * Adds a request to those that the run triggers, with what the scratch buffer
 * holds as its suspended state where `context` is not NULL.
 */
static vmh_vite_error trigger(vmh_vite_run *run, const vmh_vite_request *request,
                              const vmh_vite_context *context)
{
    vmh_bytes state = vmh_buffer_bytes(&run->machine->scratch);
    bool in_data = run->revision->form == VMH_VITE_FORM_METADATA;
    vmh_vite_triggered *triggered;
    vmh_vite_error error;

    if (!vmh_vite_kind_is_answer(request->kind)) {
        if (run->limited_count >= run->input->request_limit)
            return VMH_VITE_ERROR_TOO_MANY_REQUESTS;
        run->limited_count++;
    }
    triggered = new_triggered(run);
    if (triggered == NULL)
        return check_host(run, vmh_fail_memory(run->why));
    triggered->request = *request;
    error = keep(run, context != NULL && in_data ? state : (vmh_bytes){0}, request->data,
                 &triggered->request.data);
    if (error == VMH_VITE_ERROR_NONE && context != NULL && !in_data)
        error = keep(run, state, (vmh_bytes){0}, &triggered->context);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (in_data)
        triggered->request.kind = VMH_VITE_KIND_SEND_CALL;
    if (context != NULL) {
        triggered->has_context = true;
        triggered->callback_id = context->callback_id;
        triggered->stack_count = context->stack_count;
        triggered->memory_size = context->memory.size;
    }
    run->triggered_count++;
    run->triggered_bytes += request_size(request->data.size, context);
    return VMH_VITE_ERROR_NONE;
}

/* What a request of `size` bytes of data to `to` costs at its arrival, less the discount. */
static vmh_vite_error send_cost(vmh_vite_run *run, const vmh_vite_address *to,
                                const vmh_word *size, uint64_t *cost)
{
    const vmh_vite_prices *prices = &run->revision->prices;
    vmh_vite_error error = VMH_VITE_ERROR_NONE;
    vmh_double_limb send;
    uint32_t ratio;

    if (!vmh_word_fits_u64(size))
        return VMH_VITE_ERROR_QUOTA_OVERFLOW;
    if (check_host(run, run->environment->get_quota_ratio(run->environment, to, &ratio, &error,
                                                          run->why)))
        return VMH_VITE_HOST_FAILED;
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    send = prices->transaction + (vmh_double_limb)prices->transaction_byte * size->limb[0];
    if (send > UINT64_MAX / ratio)
        return VMH_VITE_ERROR_QUOTA_OVERFLOW;
    send = send * ratio / 10;
    *cost = send > prices->call_discount ? (uint64_t)send - prices->call_discount : 0;
    return VMH_VITE_ERROR_NONE;
}

/* Operands from `top` down: to, token, amount, offset of the data, its size. */
static vmh_vite_request request_of(const vmh_vite_frame *frame, const vmh_word *top,
                                   uint32_t kind)
{
    return (vmh_vite_request){
        .kind = kind,
        .from = frame->run->input->request->to,
        .to = vmh_vite_address_of_word(&top[0]),
        .token = vmh_vite_token_of_word(&top[-1]),
        .amount = top[-2],
    };
}

vmh_vite_error vmh_vite_do_call(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_request request = request_of(frame, top, VMH_VITE_KIND_SEND_CALL);
    uint64_t cost;
    vmh_vite_error error = vmh_vite_memory_check(&top[-3], &top[-4]);

    if (error == VMH_VITE_ERROR_NONE)
        error = send_cost(frame->run, &request.to, &top[-4], &cost);
    if (error == VMH_VITE_ERROR_NONE)
        error = vmh_vite_memory_reach(frame, &top[-3], &top[-4], cost, left);
    if (error == VMH_VITE_ERROR_NONE)
        error = admit(frame->run, top[-4].limb[0], NULL);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    request.data = memory_slice(frame, top[-3].limb[0], top[-4].limb[0]);
    return trigger(frame->run, &request, NULL);
}

/* Whether memory already reaches so far. */
static bool is_covered(const vmh_vite_frame *frame, const vmh_word *offset, const vmh_word *size)
{
    if (vmh_word_is_zero(size))
        return true;
    return vmh_word_fits_u64(offset) && vmh_word_fits_u64(size) &&
           size->limb[0] <= frame->memory.size &&
           offset->limb[0] <= frame->memory.size - size->limb[0];
}

vmh_vite_error vmh_vite_do_call2(vmh_vite_frame *frame, vmh_word *top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    vmh_vite_request request = request_of(frame, top, VMH_VITE_KIND_SEND_CALL);
    vmh_hash32 hash;
    uint64_t cost;
    vmh_vite_error error = send_cost(run, &request.to, &top[-4], &cost);

    if (error == VMH_VITE_ERROR_NONE)
        error = charge(left, cost);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (!is_covered(frame, &top[-3], &top[-4]))
        return VMH_VITE_ERROR_MEMORY_BOUNDS;
    error = admit(run, top[-4].limb[0], NULL);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    request.data = memory_slice(frame, top[-3].limb[0], top[-4].limb[0]);
    if (check_host(run, run->environment->get_request_hash(
                            run->environment, &request, run->triggered_count, &hash, run->why)))
        return VMH_VITE_HOST_FAILED;
    error = trigger(run, &request, NULL);
    if (error == VMH_VITE_ERROR_NONE)
        top[-4] = vmh_word_from_bytes(hash.bytes);
    return error;
}

/* Grows memory over the input of a SYNCCALL; charged as a CALL, or free. */
static vmh_vite_error reach_input(vmh_vite_frame *frame, const vmh_word *to,
                                  const vmh_word *offset, const vmh_word *size, int64_t *left)
{
    vmh_vite_address address;
    uint64_t cost = 0;
    vmh_vite_error error;

    if (!frame->run->rules->messages_are_charged)
        return vmh_vite_memory_reach(frame, offset, size, 0, NULL);
    address = vmh_vite_address_of_word(to);
    error = vmh_vite_memory_check(offset, size);
    if (error == VMH_VITE_ERROR_NONE)
        error = send_cost(frame->run, &address, size, &cost);
    return error != VMH_VITE_ERROR_NONE ? error
                                        : vmh_vite_memory_reach(frame, offset, size, cost, left);
}

static const vmh_vite_request *origin_of(const vmh_vite_run *run)
{
    return run->origin != NULL ? run->origin : run->input->request;
}

vmh_vite_error vmh_vite_do_synccall(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    const vmh_word *offset = &top[-4], *size = &top[-5];
    vmh_vite_request request;
    vmh_vite_context context;
    vmh_vite_error error;

    if (run->rules->outermost_frame_speaks && frame->depth > 0)
        return VMH_VITE_ERROR_NOT_OUTERMOST;
    error = reach_input(frame, &top[-1], offset, size, left);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (!vmh_word_fits_u64(&top[0]) || top[0].limb[0] > UINT32_MAX)
        return VMH_VITE_ERROR_CALLBACK_ID;
    context = (vmh_vite_context){
        .referrer = origin_of(run)->hash,
        .callback_id = (uint32_t)top[0].limb[0],
        .stack = frame->stack + 1,
        .stack_count = (size_t)(top - 6 - frame->stack),
        .memory = memory_slice(frame, 0, frame->memory.size),
    };
    error = admit(run, size->limb[0], &context);
    if (error == VMH_VITE_ERROR_NONE)
        error = encode_context(run, VMH_VITE_KIND_SEND_SYNC_CALL, &context);
    if (error == VMH_VITE_ERROR_NONE && run->rules->messages_are_charged)
        error = charge(left, run->machine->scratch.size *
                                 (uint64_t)run->revision->prices.transaction_byte);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    request = request_of(frame, &top[-1], VMH_VITE_KIND_SEND_SYNC_CALL);
    request.data = memory_slice(frame, offset->limb[0], size->limb[0]);
    return trigger(run, &request, &context);
}

/* The suspended state that belongs to a request. */
static vmh_vite_error read_context(vmh_vite_run *run, const vmh_vite_request *request,
                                   vmh_vite_context *out)
{
    vmh_vite_environment *environment = run->environment;
    vmh_arena *arena = &run->machine->arena;
    vmh_vite_metadata metadata;
    vmh_bytes bytes;
    bool found;
    vmh_status status;

    if (run->revision->form == VMH_VITE_FORM_METADATA) {
        if (!vmh_vite_metadata_decode(request->data, &metadata))
            return VMH_VITE_ERROR_METADATA;
        if (metadata.type != VMH_VITE_METADATA_SYNC_CALL) {
            *out = (vmh_vite_context){.referrer = metadata.referrer};
            return VMH_VITE_ERROR_NONE;
        }
        status = vmh_vite_metadata_context(&metadata, arena, out, run->why);
    } else {
        if (check_host(run, environment->find_context(environment, &request->hash, &bytes, &found,
                                                      run->why)))
            return VMH_VITE_HOST_FAILED;
        if (!found)
            return VMH_VITE_ERROR_CONTEXT;
        status = vmh_vite_context_decode(bytes, arena, out, run->why);
    }
    if (status == VMH_E_MALFORMED)
        return VMH_VITE_ERROR_CONTEXT;
    return check_host(run, status);
}

static vmh_vite_error read_request(vmh_vite_run *run, const vmh_hash32 *hash,
                                   vmh_vite_error if_absent, vmh_vite_request *out)
{
    bool found;

    if (check_host(run, run->environment->find_request(run->environment, hash, out, &found,
                                                       run->why)))
        return VMH_VITE_HOST_FAILED;
    return found ? VMH_VITE_ERROR_NONE : if_absent;
}

/* The synchronous call that is answered here, and the request whose run it stopped. */
static vmh_vite_error read_suspended(vmh_vite_run *run, vmh_vite_context *saved,
                                     vmh_vite_request *origin)
{
    const vmh_vite_request *answer = run->input->request;
    vmh_vite_request call;
    vmh_vite_context context;
    vmh_vite_error error = read_context(run, answer, &context);

    if (error == VMH_VITE_ERROR_NONE)
        error = read_request(run, &context.referrer, VMH_VITE_ERROR_INVALID_SEND, &call);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    if (!vmh_vite_address_equal(&call.from, &answer->to) ||
        !vmh_vite_address_equal(&call.to, &answer->from))
        return VMH_VITE_ERROR_INVALID_SEND;
    error = read_context(run, &call, saved);
    if (error == VMH_VITE_ERROR_NONE)
        error = read_request(run, &saved->referrer, VMH_VITE_ERROR_INVALID_ORIGIN, origin);
    if (error == VMH_VITE_ERROR_NONE && !vmh_vite_address_equal(&origin->to, &answer->to))
        return VMH_VITE_ERROR_INVALID_ORIGIN;
    return error;
}

/* The same, read once: all CALLBACKDESTs of a run stand for the same answer. */
static vmh_vite_error find_suspended(vmh_vite_run *run)
{
    vmh_vite_suspended *suspended = run->suspended;

    if (suspended == NULL) {
        suspended = vmh_arena_alloc(&run->machine->arena, sizeof *suspended);
        if (suspended == NULL)
            return check_host(run, vmh_fail_memory(run->why));
        suspended->error = read_suspended(run, &suspended->saved, &suspended->origin);
        run->suspended = suspended;
    }
    return suspended->error;
}

/*
 * Bytes that count of a resume: none the first time. Restoring costs the
 * contract nothing, so that to do it again and again has an end.
 */
static uint64_t repeated_size(const vmh_vite_run *run, const vmh_vite_context *saved)
{
    if (!run->has_resumed)
        return 0;
    return saved->memory.size + sizeof *saved->stack * saved->stack_count;
}

/* Memory that was saved covers what is there; what lies behind it stays. */
static vmh_vite_error restore_memory(vmh_vite_frame *frame, vmh_bytes saved, int64_t *left)
{
    vmh_word start = vmh_word_of(0);
    vmh_word size = vmh_word_of(saved.size);
    vmh_vite_error error;

    if (frame->run->rules->messages_are_charged)
        error = vmh_vite_memory_reach(frame, &start, &size, 0, left);
    else
        error = vmh_vite_memory_extend(frame, saved.size);
    if (error == VMH_VITE_ERROR_NONE && saved.size > 0)
        memcpy(frame->memory.data, saved.data, saved.size);
    return error;
}

vmh_vite_error vmh_vite_do_callbackdest(vmh_vite_frame *frame, vmh_word **top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    size_t height = (size_t)(*top - frame->stack);
    size_t limit = run->rules->resume_checks_stack ? VMH_VITE_STACK_LIMIT : VMH_VITE_STACK_ROOM;
    const vmh_vite_context *saved;
    uint64_t repeated;
    vmh_vite_error error;

    if (!vmh_vite_kind_is_answer(run->kind))
        return VMH_VITE_ERROR_NONE;
    if (run->rules->outermost_frame_speaks && frame->depth > 0)
        return VMH_VITE_ERROR_NOT_OUTERMOST;
    error = find_suspended(run);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    saved = &run->suspended->saved;
    repeated = run->repeated_bytes + repeated_size(run, saved);
    if (repeated > VMH_VITE_HARD_RESUME_LIMIT)
        return VMH_VITE_ERROR_MEMORY_LIMIT;
    run->origin = &run->suspended->origin;
    run->caller = &run->origin->from;
    if (saved->stack_count + 1 > limit - height)
        return VMH_VITE_ERROR_STACK_LIMIT;
    error = restore_memory(frame, saved->memory, left);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    run->repeated_bytes = repeated;
    run->has_resumed = true;
    if (saved->stack_count > 0)
        memcpy(*top + 1, saved->stack, saved->stack_count * sizeof *saved->stack);
    *top += saved->stack_count + 1;
    **top = vmh_word_of(run->kind == VMH_VITE_KIND_SEND_CALLBACK);
    return VMH_VITE_ERROR_NONE;
}

/* The id under which the origin's caller waits; false where nobody does. */
static vmh_vite_error callback_of(vmh_vite_run *run, const vmh_vite_request *origin,
                                  bool *is_awaited, uint32_t *callback_id)
{
    vmh_vite_metadata metadata;
    vmh_bytes context;
    bool found;

    *is_awaited = false;
    if (run->revision->form == VMH_VITE_FORM_METADATA) {
        if (!vmh_vite_metadata_decode(origin->data, &metadata))
            return VMH_VITE_ERROR_METADATA;
        *is_awaited = metadata.type == VMH_VITE_METADATA_SYNC_CALL;
        *callback_id = metadata.callback_id;
        return VMH_VITE_ERROR_NONE;
    }
    if (origin->kind != VMH_VITE_KIND_SEND_SYNC_CALL)
        return VMH_VITE_ERROR_NONE;
    *is_awaited = true;
    if (check_host(run, run->environment->find_context(run->environment, &origin->hash, &context,
                                                       &found, run->why)))
        return VMH_VITE_HOST_FAILED;
    if (!found || !vmh_vite_context_callback_id(context, callback_id))
        return VMH_VITE_ERROR_CONTEXT;
    return VMH_VITE_ERROR_NONE;
}

static vmh_vite_error answer_origin(vmh_vite_run *run, uint32_t kind, vmh_bytes output)
{
    const vmh_vite_request *origin = origin_of(run);
    vmh_vite_context context = {.referrer = origin->hash};
    vmh_vite_request answer = {
        .kind = kind,
        .from = run->input->request->to,
        .to = origin->from,
        .token = vmh_vite_token_vite,
    };
    uint32_t callback_id = 0;
    uint8_t id[4];
    bool is_awaited;
    vmh_vite_error error = callback_of(run, origin, &is_awaited, &callback_id);

    if (error != VMH_VITE_ERROR_NONE || !is_awaited)
        return error;
    error = admit(run, sizeof id + output.size, &context);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    vmh_put_u32_be(id, callback_id);
    error = keep(run, vmh_bytes_of(id, sizeof id), output, &answer.data);
    if (error == VMH_VITE_ERROR_NONE)
        error = encode_context(run, kind, &context);
    if (error == VMH_VITE_ERROR_NONE)
        error = trigger(run, &answer, &context);
    return error;
}

vmh_vite_error vmh_vite_answer(vmh_vite_run *run, uint32_t kind, vmh_bytes output)
{
    if (run->kind < VMH_VITE_KIND_SEND_SYNC_CALL || !run->input->answers ||
        run->revision->mode != VMH_VITE_MODE_RUN)
        return VMH_VITE_ERROR_NONE;
    return answer_origin(run, kind, output);
}

/* The slice that RETURN and REVERT give; an outermost frame that owes an answer pays for it. */
static vmh_vite_error take_output(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    uint64_t cost = 0;
    vmh_vite_error error;

    if (run->rules->messages_are_charged && run->input->owes_answer && frame->depth == 0 &&
        top[-1].limb[0] <= UINT32_MAX)
        cost = top[-1].limb[0] * run->revision->prices.transaction_byte;
    error = vmh_vite_memory_reach(frame, &top[0], &top[-1], cost, left);
    if (error == VMH_VITE_ERROR_NONE)
        frame->output = memory_slice(frame, top[0].limb[0], top[-1].limb[0]);
    return error;
}

vmh_vite_error vmh_vite_do_return(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_error error = take_output(frame, top, left);

    if (error != VMH_VITE_ERROR_NONE)
        return error;
    frame->end = VMH_VITE_END_RETURN;
    if (frame->depth > 0 && frame->run->rules->outermost_frame_speaks)
        return VMH_VITE_ERROR_NONE;
    return vmh_vite_answer(frame->run, VMH_VITE_KIND_SEND_CALLBACK, frame->output);
}

vmh_vite_error vmh_vite_do_revert(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_error error = take_output(frame, top, left);

    return error != VMH_VITE_ERROR_NONE ? error : VMH_VITE_ERROR_REVERTED;
}

/* Runs the code and leaves what it gave as return data. */
static vmh_vite_error delegate(vmh_vite_frame *frame, const vmh_vite_delegate *to, vmh_bytes input,
                               int64_t *left)
{
    vmh_vite_run *run = frame->run;
    vmh_vite_frame *callee;
    vmh_vite_error error;

    frame->has_return_data = true;
    frame->return_data = (vmh_bytes){0};
    if (to != NULL && to->analysis == NULL)
        return VMH_VITE_ERROR_NONE;
    if (to == NULL || frame->depth >= run->input->frame_limit ||
        frame->depth >= VMH_VITE_HARD_FRAME_LIMIT)
        return VMH_VITE_ERROR_DEPTH;
    callee = vmh_vite_frame_open(run, frame->depth + 1);
    if (callee == NULL)
        return check_host(run, vmh_fail_memory(run->why));
    callee->analysis = to->analysis;
    callee->code = to->code;
    callee->call_data = input;
    error = vmh_vite_frame_run(callee, left);
    run->memory_size -= callee->memory.size;
    frame->return_data = callee->output;
    return error;
}

vmh_vite_error vmh_vite_do_delegatecall(vmh_vite_frame *frame, vmh_word *top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    vmh_vite_address address = vmh_vite_address_of_word(&top[0]);
    const vmh_word *offset = &top[-3], *size = &top[-4];
    const vmh_vite_delegate *to;
    vmh_vite_error error;
    uint64_t copied;

    if (!is_covered(frame, &top[-1], &top[-2]) || !is_covered(frame, offset, size))
        return VMH_VITE_ERROR_MEMORY_BOUNDS;
    if (check_host(run, vmh_vite_delegate_find(run, &address, &to)))
        return VMH_VITE_HOST_FAILED;
    error = delegate(frame, to, memory_slice(frame, top[-1].limb[0], top[-2].limb[0]), left);
    if (error == VMH_VITE_HOST_FAILED)
        return error;
    if (error == VMH_VITE_ERROR_OUT_OF_QUOTA && run->rules->out_of_quota_ends_run)
        return error;
    copied = frame->return_data.size < size->limb[0] ? frame->return_data.size : size->limb[0];
    if (copied > 0)
        memcpy(frame->memory.data + offset->limb[0], frame->return_data.data, copied);
    top[-4] = vmh_word_of(error == VMH_VITE_ERROR_NONE);
    return VMH_VITE_ERROR_NONE;
}
