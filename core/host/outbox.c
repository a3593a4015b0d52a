#include "host/outbox.h"

#include "async/mailbox.h"
#include "async/suspended_run.h"
#include "codec/message_codec.h"
#include "crypto/address.h"
#include "host/host_state.h"
#include "host/value.h"
#include "types/host_texts.h"

static const vmh_bytes mailbox_name = {(const uint8_t *)"_Mailbox", 8};

/* ---- issuing ---- */

typedef struct context_state {
    vmh_service_state port; /* first */
    vmh_execution_context *context;
} context_state;

static vmh_status read_mailbox(vmh_service_state *state, vmh_bytes key, vmh_arena *arena,
                               vmh_bytes *value, vmh_failure *why)
{
    (void)arena; /* what the context reads lives in its own */
    return vmh_execution_context_read(((context_state *)state)->context, mailbox_name, key, value,
                                      why);
}

static vmh_status write_mailbox(vmh_service_state *state, vmh_bytes key, vmh_bytes value,
                                vmh_failure *why)
{
    return vmh_transient_state_write(&((context_state *)state)->context->transient, mailbox_name,
                                     key, value, why);
}

/* Whether a message leaves this host. */
static bool leaves(const vmh_execution_context *context, const vmh_message *message)
{
    return vmh_find_peer(context->host->genesis, message->to_chain) != NULL;
}

/*
 * Fills in what the host knows, and gives the message its number and id; what leaves is
 * counted, so that all of it is undone with the call.
 */
static vmh_status number_message(vmh_execution_context *context, vmh_message *message,
                                 vmh_hash32 *id, vmh_failure *why)
{
    context_state state = {{read_mailbox, write_mailbox}, context};
    vmh_status status;

    message->version = VMH_MESSAGE_VERSION;
    message->root = context->request.root;
    message->parent = context->run_id;
    message->signer = context->request.signer;
    if (message->token.size == 0)
        message->token = VMH_DEFAULT_TOKEN;
    status = vmh_mailbox_next_sequence(&state.port, message->to_chain, context->arena,
                                       &message->sequence, why);
    if (status == VMH_OK && leaves(context, message))
        status = vmh_out_add(&state.port, message->to_chain, context->arena, why);
    return status == VMH_OK ? vmh_message_id(message, id, why) : status;
}

/* Other calls than those of kind 11 come from the service on top of the stack. */
static vmh_target target_of(const vmh_execution_context *context, const vmh_message_draft *draft)
{
    return draft->kind == VMH_MESSAGE_ASYNC_CALL
               ? draft->to
               : vmh_target_read(draft->target, context->host->genesis->virtual_chain_id);
}

static vmh_status find_refusal(vmh_execution_context *context, const vmh_message_draft *draft,
                               vmh_issue_refusal *refusal, vmh_failure *why)
{
    context_state state = {{read_mailbox, write_mailbox}, context};
    const vmh_genesis *genesis = context->host->genesis;
    uint32_t chain = target_of(context, draft).chain;
    uint64_t out_count = 0;
    vmh_status status = VMH_OK;

    if (vmh_find_peer(genesis, chain) != NULL)
        status = vmh_out_count(&state.port, chain, context->arena, &out_count, why);
    if (status != VMH_OK)
        return status;
    if (draft->token.size != 0 && draft->token.size != VMH_TOKEN_SIZE)
        *refusal = (vmh_issue_refusal){VMH_TEXT_MESSAGE_TOKEN, VMH_CODE_CONTRACT_FAILED};
    else if (context->issued_count >= VMH_MESSAGES_PER_RUN)
        *refusal = (vmh_issue_refusal){VMH_TEXT_TOO_MANY_REQUESTS, VMH_CODE_NESTED_CALL_FAILED};
    else if (out_count >= VMH_OUT_CAPACITY ||
             vmh_mailbox_count(context->mailbox) + context->outbox_count >= VMH_MAILBOX_CAPACITY)
        *refusal = (vmh_issue_refusal){VMH_TEXT_MAILBOX_FULL, VMH_CODE_NESTED_CALL_FAILED};
    else
        *refusal = (vmh_issue_refusal){0};
    return VMH_OK;
}

static vmh_status copy_draft(vmh_execution_context *context, const vmh_message_draft *draft,
                             vmh_outgoing *out, vmh_failure *why)
{
    uint32_t own_chain = context->host->genesis->virtual_chain_id;
    bool is_async = draft->kind == VMH_MESSAGE_ASYNC_CALL;
    vmh_target target = target_of(context, draft);
    const vmh_bytes from[8] = {
        target.service, draft->method, draft->input, draft->token, draft->stored,
        is_async ? draft->from_service : vmh_service_stack_top(context)->service,
        draft->answered_id, draft->context_id};
    vmh_bytes *to[8] = {&out->message.to_service,  &out->message.method,
                        &out->message.input,       &out->message.token,
                        &out->stored,              &out->message.from_service,
                        &out->message.answered_id, &out->message.context_id};

    *out = (vmh_outgoing){.message = {.from_chain = own_chain,
                                      .to_chain = target.chain,
                                      .kind = (uint16_t)draft->kind,
                                      .amount = draft->amount,
                                      .gas = is_async ? draft->gas : 0},
                          .gas = draft->gas,
                          .lock = draft->lock,
                          .language = draft->language,
                          .is_settled = is_async};
    for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
        vmh_status status = vmh_arena_copy(context->arena, from[i], to[i], why);

        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

/*
 * False, with the execution aborted, when the gas does not reach. Machines that count
 * gas themselves have paid for their messages already, by their bytes.
 */
static vmh_status pay(vmh_execution_context *context, uint64_t bytes, uint64_t spent, bool *paid,
                      vmh_failure *why)
{
    const vmh_processor *processor = vmh_host_find_processor(
        context->host, vmh_service_stack_top(context)->processor_type);
    bool is_paid = processor != NULL && processor->pays_for_messages;
    uint64_t price = is_paid ? 0 : bytes * VMH_GAS_PER_MESSAGE_BYTE;
    vmh_bytes text;
    vmh_status status;

    *paid = price == 0 ||
            (spent <= context->gas_left && price <= context->gas_left - spent);
    if (*paid) {
        context->gas_left -= price;
        return VMH_OK;
    }
    context->gas_left = 0;
    status = vmh_arena_copy(context->arena, VMH_LITERAL(VMH_TEXT_OUT_OF_GAS), &text, why);
    if (status == VMH_OK)
        vmh_execution_context_abort(context, text, VMH_CODE_OUT_OF_GAS);
    return status;
}

/* Pays for a message, or for an asynchronous one, whose bytes are paid for, its amount. */
static vmh_status settle_draft(vmh_execution_context *context, const vmh_message_draft *draft,
                               vmh_issue_refusal *refusal, vmh_failure *why)
{
    bool is_async = draft->kind == VMH_MESSAGE_ASYNC_CALL;
    vmh_message message = {.to_chain = draft->to.chain};
    bool enough;
    vmh_address sender;
    vmh_status status;

    if (is_async) {
        vmh_address_of_contract(draft->from_service, &sender);
        status = vmh_value_debit(context, &sender, draft->token, &draft->amount, &enough, why);
        if (status == VMH_OK && enough && leaves(context, &message))
            status = vmh_value_send(context, draft->to.chain, draft->token, &draft->amount,
                                    &enough, why);
    } else {
        status = pay(context, draft->input.size + draft->stored.size, draft->spent, &enough,
                     why);
    }
    if (status == VMH_OK && !enough)
        *refusal = is_async
                       ? (vmh_issue_refusal){VMH_TEXT_ASYNC_FUNDS, VMH_CODE_LACK_OF_FUNDS}
                       : (vmh_issue_refusal){VMH_TEXT_OUT_OF_GAS, VMH_CODE_OUT_OF_GAS};
    return status;
}

/* Puts it at the end. */
static vmh_status append(vmh_execution_context *context, const vmh_outgoing *outgoing,
                         vmh_failure *why)
{
    vmh_outgoing *outbox =
        vmh_arena_grow(context->arena, context->outbox, &context->outbox_capacity,
                       context->outbox_count + 1, sizeof *outbox);

    if (outbox == NULL)
        return vmh_fail_memory(why);
    context->outbox = outbox;
    outbox[context->outbox_count++] = *outgoing;
    return VMH_OK;
}

vmh_status vmh_outbox_issue(vmh_execution_context *context, const vmh_message_draft *draft,
                            vmh_hash32 *id, vmh_issue_refusal *refusal, vmh_failure *why)
{
    vmh_outgoing outgoing;
    vmh_status status = find_refusal(context, draft, refusal, why);

    if (status != VMH_OK || refusal->text != NULL)
        return status;
    status = settle_draft(context, draft, refusal, why);
    if (status != VMH_OK || refusal->text != NULL)
        return status;
    status = copy_draft(context, draft, &outgoing, why);
    if (status == VMH_OK)
        status = number_message(context, &outgoing.message, &outgoing.id, why);
    if (status == VMH_OK)
        status = append(context, &outgoing, why);
    if (status != VMH_OK)
        return status;
    context->issued_count++;
    *id = outgoing.id;
    return VMH_OK;
}

vmh_status vmh_outbox_wait(vmh_execution_context *context, const vmh_waiting_draft *draft,
                           vmh_failure *why)
{
    vmh_outgoing outgoing = {
        .message = {.from_service = vmh_service_stack_top(context)->service,
                    .token = VMH_DEFAULT_TOKEN},
        .id = *draft->context_id,
        .lock = draft->lock,
        .lock_is_taken = draft->lock != VMH_GAS_SHARE,
        .language = draft->language,
        .first_call = draft->first_call,
    };
    vmh_status status = vmh_arena_copy(context->arena, draft->stored, &outgoing.stored, why);

    return status == VMH_OK ? append(context, &outgoing, why) : status;
}

uint64_t vmh_outbox_lock_taken(const vmh_execution_context *context,
                               const vmh_hash32 *context_id)
{
    uint64_t lock = 0;

    for (size_t i = 0; i < context->outbox_count; i++) {
        const vmh_outgoing *outgoing = &context->outbox[i];

        if (outgoing->lock_is_taken &&
            memcmp(&outgoing->id, context_id, sizeof *context_id) == 0)
            lock = outgoing->lock;
    }
    return lock;
}

vmh_status vmh_outbox_identify(vmh_execution_context *context, const vmh_message_draft *draft,
                               uint32_t ahead, vmh_hash32 *id, vmh_failure *why)
{
    vmh_checkpoint checkpoint = vmh_transient_state_checkpoint(&context->transient);
    vmh_outgoing outgoing;
    vmh_status status = copy_draft(context, draft, &outgoing, why);

    if (status == VMH_OK)
        status = number_message(context, &outgoing.message, id, why);
    vmh_transient_state_restore(&context->transient, checkpoint);
    if (status != VMH_OK)
        return status;
    outgoing.message.sequence += ahead;
    return vmh_message_id(&outgoing.message, id, why);
}

/* ---- the end of a run ---- */

/* No message: what is kept is of a run that waits for calls. */
static bool is_waiting(const vmh_outgoing *outgoing)
{
    return outgoing->first_call != 0;
}

/* Whether gas is to go with it: with all but amounts for clients. */
static bool takes_gas(const vmh_outgoing *outgoing)
{
    const vmh_message *message = &outgoing->message;

    return !outgoing->is_settled &&
           (message->kind == VMH_MESSAGE_SYNC_CALL || is_waiting(outgoing) ||
            (message->kind == VMH_MESSAGE_CALL && !vmh_target_is_client(message->to_service)));
}

static bool waits(const vmh_outgoing *outgoing)
{
    return outgoing->message.kind == VMH_MESSAGE_SYNC_CALL || is_waiting(outgoing);
}

/* Whether a part of what is divided goes with it, for the call or for what goes on. */
static bool takes_share(const vmh_outgoing *outgoing)
{
    return takes_gas(outgoing) &&
           (outgoing->gas == VMH_GAS_SHARE ||
            (waits(outgoing) && outgoing->lock == VMH_GAS_SHARE));
}

/* What was given for it; false where that is more than there is. */
static bool take_given(const vmh_outgoing *outgoing, uint64_t *left)
{
    bool gives_lock = waits(outgoing) && !outgoing->lock_is_taken;
    const uint64_t given[2] = {outgoing->gas, gives_lock ? outgoing->lock : VMH_GAS_SHARE};

    for (size_t i = 0; i < 2 && takes_gas(outgoing); i++) {
        if (given[i] == VMH_GAS_SHARE)
            continue;
        if (given[i] > *left)
            return false;
        *left -= given[i];
    }
    return true;
}

/* The gas of a call and of what goes on from its answer, where `share` is what it gets. */
static void divide(const vmh_outgoing *outgoing, uint64_t share, uint64_t *gas, uint64_t *lock)
{
    *gas = outgoing->gas;
    *lock = waits(outgoing) ? outgoing->lock : 0;
    if (*gas == VMH_GAS_SHARE && *lock == VMH_GAS_SHARE) {
        *lock = share / 2 < VMH_AWAIT_LOCK_MAX ? share / 2 : VMH_AWAIT_LOCK_MAX;
        *gas = share - *lock;
    } else if (*gas == VMH_GAS_SHARE) {
        *gas = share;
    } else if (*lock == VMH_GAS_SHARE) {
        *lock = share;
    }
}

/* What waits for the answer becomes state of the service. */
static vmh_status keep_suspended(vmh_execution_context *context, const vmh_outgoing *outgoing,
                                 uint64_t lock, vmh_failure *why)
{
    vmh_suspended_run run = {
        .language = outgoing->language,
        .stored = outgoing->stored,
        .to_chain = outgoing->message.to_chain,
        .to_service = outgoing->message.to_service,
        .token = outgoing->message.token,
        .amount = outgoing->message.amount,
        .gas = outgoing->message.gas,
        .lock = lock,
        .request = context->request,
    };
    uint8_t key[VMH_WAITING_KEY_SIZE];
    size_t key_size = VMH_SUSPENDED_KEY_SIZE;
    vmh_buffer bytes;
    vmh_status status;

    if (is_waiting(outgoing)) {
        key_size = VMH_WAITING_KEY_SIZE;
        vmh_waiting_run_key(&outgoing->id, outgoing->first_call, key);
    } else {
        vmh_suspended_run_key(&outgoing->id, key);
    }
    vmh_buffer_init(&bytes);
    vmh_suspended_run_encode(&run, &bytes);
    status = vmh_buffer_check(&bytes, why);
    if (status == VMH_OK)
        status = vmh_transient_state_write(&context->transient, outgoing->message.from_service,
                                           vmh_bytes_of(key, key_size), vmh_buffer_bytes(&bytes),
                                           why);
    vmh_buffer_clear(&bytes);
    return status;
}

static vmh_status settle_one(vmh_execution_context *context, vmh_outgoing *outgoing,
                             uint64_t share, bool *enough, vmh_failure *why)
{
    vmh_message *message = &outgoing->message;
    uint64_t lock = 0;
    vmh_address sender;
    vmh_status status;

    if (takes_gas(outgoing))
        divide(outgoing, share, &message->gas, &lock);
    outgoing->is_settled = true;
    if (is_waiting(outgoing))
        return keep_suspended(context, outgoing, lock, why);
    vmh_address_of_contract(message->from_service, &sender);
    status = vmh_value_debit(context, &sender, message->token, &message->amount, enough, why);
    if (status == VMH_OK && *enough && leaves(context, message))
        status = vmh_value_send(context, message->to_chain, message->token, &message->amount,
                                enough, why);
    if (status != VMH_OK || !*enough || !waits(outgoing))
        return status;
    return keep_suspended(context, outgoing, lock, why);
}

/* Gas that a message and what waits for its answer are given by name. */
static uint64_t given_gas(const vmh_outgoing *outgoing)
{
    bool gives_lock = waits(outgoing) && !outgoing->lock_is_taken;
    uint64_t gas = outgoing->gas == VMH_GAS_SHARE ? 0 : outgoing->gas;
    uint64_t lock = gives_lock && outgoing->lock != VMH_GAS_SHARE ? outgoing->lock : 0;

    return lock > UINT64_MAX - gas ? UINT64_MAX : gas + lock;
}

/* What messages that are not settled yet take of the gas; false where it does not reach. */
static bool count_gas(const vmh_execution_context *context, size_t first, uint64_t *left,
                      uint64_t *count, vmh_gas_lack *lack)
{
    for (size_t i = first; i < context->outbox_count; i++) {
        *lack = (vmh_gas_lack){given_gas(&context->outbox[i]), *left};
        *count += takes_share(&context->outbox[i]) ? 1 : 0;
        if (!take_given(&context->outbox[i], left))
            return false;
    }
    return true;
}

vmh_status vmh_outbox_settle(vmh_execution_context *context, size_t first,
                             vmh_gas_division *division, vmh_issue_refusal *refusal,
                             vmh_failure *why)
{
    uint64_t left = division->gas, count = 0;
    uint64_t share = 0;
    bool enough = true;

    division->left = 0;
    *refusal = (vmh_issue_refusal){0};
    if (!count_gas(context, first, &left, &count, &division->lack)) {
        *refusal = (vmh_issue_refusal){VMH_TEXT_NOT_ENOUGH_GAS, VMH_CODE_OUT_OF_GAS};
        return VMH_OK;
    }
    if (division->divides && count + (division->answers ? 1 : 0) != 0)
        share = left / (count + (division->answers ? 1 : 0));
    for (size_t i = first; i < context->outbox_count && enough; i++) {
        vmh_status status = VMH_OK;

        if (!context->outbox[i].is_settled)
            status = settle_one(context, &context->outbox[i], share, &enough, why);
        if (status != VMH_OK)
            return status;
    }
    division->left = division->answers && division->divides ? share : left - share * count;
    if (!enough)
        *refusal = (vmh_issue_refusal){VMH_TEXT_TRANSFER_BALANCE, VMH_CODE_LACK_OF_FUNDS};
    return VMH_OK;
}

/* What left is known to those who ask for the record of the run. */
static vmh_status note_sent(vmh_execution_context *context, vmh_bytes message, vmh_failure *why)
{
    vmh_bytes *sent = vmh_arena_grow(context->arena, context->sent, &context->sent_capacity,
                                     context->sent_count + 1, sizeof *sent);

    if (sent == NULL)
        return vmh_fail_memory(why);
    context->sent = sent;
    sent[context->sent_count++] = message;
    return VMH_OK;
}

static vmh_status put_bytes(vmh_execution_context *context, const vmh_message *message,
                            const vmh_hash32 *id, vmh_bytes bytes, vmh_failure *why)
{
    vmh_out_key key = vmh_out_key_of(message->to_chain, message->sequence);
    vmh_mail mail = {.has_id = true, .id = *id};
    vmh_status status = vmh_arena_copy(context->mailbox->arena, bytes, &mail.message, why);

    if (status == VMH_OK)
        status = note_sent(context, mail.message, why);
    if (status == VMH_OK && leaves(context, message))
        return vmh_transient_state_write(&context->transient, mailbox_name,
                                         vmh_bytes_of(key.bytes, sizeof key.bytes), mail.message,
                                         why);
    return status == VMH_OK ? vmh_mailbox_add(context->mailbox, &mail, why) : status;
}

static vmh_status put(vmh_execution_context *context, const vmh_message *message,
                      const vmh_hash32 *id, vmh_failure *why)
{
    vmh_buffer bytes;
    vmh_status status;

    vmh_buffer_init(&bytes);
    vmh_message_encode(message, &bytes);
    status = vmh_buffer_check(&bytes, why);
    if (status == VMH_OK)
        status = put_bytes(context, message, id, vmh_buffer_bytes(&bytes), why);
    vmh_buffer_clear(&bytes);
    return status;
}

vmh_status vmh_outbox_send(vmh_execution_context *context, vmh_failure *why)
{
    for (size_t i = 0; i < context->outbox_count; i++) {
        vmh_status status = VMH_OK;

        if (!is_waiting(&context->outbox[i]))
            status = put(context, &context->outbox[i].message,
                                &context->outbox[i].id, why);
        if (status != VMH_OK)
            return status;
    }
    context->outbox_count = 0;
    return VMH_OK;
}

vmh_status vmh_outbox_send_own(vmh_execution_context *context, vmh_message *message, bool counts,
                               vmh_failure *why)
{
    vmh_hash32 id;
    bool fits = true;
    vmh_status status = number_message(context, message, &id, why);

    /* It fits: the amount goes back to where it was taken from. */
    if (status == VMH_OK && counts && leaves(context, message))
        status = vmh_value_send(context, message->to_chain, message->token, &message->amount,
                                &fits, why);
    return status == VMH_OK ? put(context, message, &id, why) : status;
}
