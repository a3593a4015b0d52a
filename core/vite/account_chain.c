#include "vite/account_chain.h"

#include <stdlib.h>

#include "crypto/digest.h"

enum { LARGEST_LATENCY = 75, SMALLEST_RATIO = 10, LARGEST_RATIO = 100, GID = 10 };

/* Data of a creation, taken apart (spec/vite-vm.md 5.4). */
typedef struct creation {
    vmh_bytes gid;
    uint8_t type;
    uint8_t latency;
    uint8_t random_degree;
    uint8_t quota_ratio;
    vmh_bytes code; /* and arguments */
} creation;

static bool read_creation(const vmh_vite_revision *revision, vmh_bytes data, creation *out)
{
    size_t header = GID + (revision->creation_has_degree ? 4 : 3);
    const uint8_t *at = data.data;

    if (data.size < header)
        return false;
    out->gid = vmh_bytes_of(at, GID);
    at += GID;
    out->type = *at++;
    out->latency = *at++;
    out->random_degree = revision->creation_has_degree ? *at++ : 0;
    out->quota_ratio = *at;
    out->code = vmh_bytes_of(data.data + header, data.size - header);
    return true;
}

/* What code asks of the chain around it, from a look at its instructions. */
typedef struct code_needs {
    bool snapshot; /* HEIGHT or TIMESTAMP */
    bool random;   /* SEED or RANDOM */
} code_needs;

/*
 * Operands of PUSH are no instructions. Nor is what begins with the compiler's
 * tail: the hash of the source, and behind it the arguments of the constructor.
 */
static code_needs scan_code(vmh_bytes code)
{
    static const uint8_t tail[] = {0xa1, 0x65, 0x62, 0x7a, 0x7a, 0x72, 0x30, 0x58, 0x20};
    code_needs needs = {0};
    size_t at = 0;

    while (at < code.size) {
        vmh_bytes rest = vmh_bytes_of(code.data + at, code.size - at);

        if (vmh_bytes_begins(rest, vmh_bytes_of(tail, sizeof tail)))
            break;
        switch (code.data[at]) {
        case VMH_VITE_OP_TIMESTAMP:
        case VMH_VITE_OP_HEIGHT:
            needs.snapshot = true;
            break;
        case VMH_VITE_OP_SEED:
        case VMH_VITE_OP_RANDOM:
            needs.random = true;
            break;
        default:
            break;
        }
        at += 1 + (size_t)vmh_vite_operand_size(code.data[at]);
    }
    return needs;
}

static vmh_vite_error check_creation(const creation *made)
{
    code_needs needs;

    if (made->type != 1 || made->gid.data[GID - 1] == 1)
        return VMH_VITE_ERROR_METHOD_PARAM;
    if (made->latency > LARGEST_LATENCY)
        return VMH_VITE_ERROR_LATENCY;
    if (made->random_degree > LARGEST_LATENCY || made->random_degree > made->latency)
        return VMH_VITE_ERROR_RANDOM_DEGREE;
    if (made->quota_ratio < SMALLEST_RATIO || made->quota_ratio > LARGEST_RATIO)
        return VMH_VITE_ERROR_QUOTA_RATIO;
    needs = scan_code(made->code);
    if (needs.snapshot && made->latency == 0)
        return VMH_VITE_ERROR_LATENCY;
    if (needs.random && made->random_degree == 0)
        return VMH_VITE_ERROR_RANDOM_DEGREE;
    return VMH_VITE_ERROR_NONE;
}

/* What the request costs its sender; refuses a target. */
static vmh_status request_cost(vmh_vite_ledger *ledger, const vmh_vite_send_input *input,
                               vmh_vite_sent *sent, vmh_failure *why)
{
    const vmh_vite_prices *prices = &input->revision->prices;
    uint64_t data_cost = prices->transaction_byte * (uint64_t)sent->request.data.size;
    uint32_t ratio = 10;
    vmh_status status;

    if (sent->request.kind == VMH_VITE_KIND_SEND_CREATE) {
        sent->quota_used = prices->create_request + data_cost;
        return VMH_OK;
    }
    status = ledger->environment.get_quota_ratio(&ledger->environment, &sent->request.to, &ratio,
                                                 &sent->error, why);
    /* Of a request of a user it is always known whether its target is there. */
    if (sent->error == VMH_VITE_ERROR_NO_STATUS)
        sent->error = VMH_VITE_ERROR_NO_CONTRACT;
    sent->quota_used = (prices->transaction + data_cost) * ratio / 10;
    return status;
}

static vmh_status take_value(vmh_vite_ledger *ledger, const vmh_vite_request *request,
                             vmh_vite_error *error, vmh_failure *why)
{
    bool is_enough;
    vmh_status status = ledger->subtract_balance(ledger, &request->from, &request->token,
                                                 &request->amount, &is_enough, why);

    if (status != VMH_OK)
        return status;
    if (!is_enough) {
        *error = VMH_VITE_ERROR_BALANCE;
        return VMH_OK;
    }
    status = ledger->subtract_balance(ledger, &request->from, &vmh_vite_token_vite, &request->fee,
                                      &is_enough, why);
    if (status != VMH_OK || is_enough)
        return status;
    *error = VMH_VITE_ERROR_BALANCE;
    return ledger->add_balance(ledger, &request->from, &request->token, &request->amount, why);
}

static vmh_status send_creation(vmh_vite_ledger *ledger, const vmh_vite_send_input *input,
                                vmh_vite_sent *sent, vmh_failure *why)
{
    vmh_vite_request *request = &sent->request;
    vmh_vite_contract contract;
    creation made;
    vmh_status status;

    if (!read_creation(input->revision, request->data, &made)) {
        sent->error = VMH_VITE_ERROR_METHOD_PARAM;
        return VMH_OK;
    }
    sent->error = check_creation(&made);
    if (sent->error != VMH_VITE_ERROR_NONE)
        return VMH_OK;
    request->to = vmh_vite_address_of_contract(&request->from, input->place.height,
                                               &input->place.previous_hash);
    status = take_value(ledger, request, &sent->error, why);
    if (status != VMH_OK || sent->error != VMH_VITE_ERROR_NONE)
        return status;
    contract = (vmh_vite_contract){
        .is_known = true,
        .quota_ratio = made.quota_ratio,
        .latency = made.latency,
        .random_degree = made.random_degree,
    };
    return ledger->put_contract(ledger, &request->to, &contract, why);
}

vmh_status vmh_vite_send(vmh_vite_ledger *ledger, const vmh_vite_send_input *input,
                         vmh_vite_sent *sent, vmh_failure *why)
{
    static const uint8_t no_nonce[8];
    vmh_status status;

    *sent = (vmh_vite_sent){.request = *input->request};
    if (sent->request.kind != VMH_VITE_KIND_SEND_CREATE &&
        sent->request.kind != VMH_VITE_KIND_SEND_CALL) {
        sent->error = VMH_VITE_ERROR_KIND;
        return VMH_OK;
    }
    status = request_cost(ledger, input, sent, why);
    if (status != VMH_OK)
        return status;
    if (sent->error == VMH_VITE_ERROR_NONE && sent->quota_used > input->budget)
        sent->error = VMH_VITE_ERROR_OUT_OF_QUOTA;
    if (sent->error != VMH_VITE_ERROR_NONE)
        return VMH_OK;
    status = sent->request.kind == VMH_VITE_KIND_SEND_CREATE
                 ? send_creation(ledger, input, sent, why)
                 : take_value(ledger, &sent->request, &sent->error, why);
    vmh_vite_request_hash(&sent->request, &input->place, no_nonce, &sent->request.hash);
    return status;
}

/* One response while it is made. */
typedef struct responding {
    vmh_vite_machine *machine;
    vmh_vite_ledger *ledger;
    const vmh_vite_respond_input *input;
    vmh_vite_response *response;
    vmh_failure *why;
    vmh_vite_run_input run;
    vmh_vite_outcome outcome;
    bool has_run;
    uint64_t left;
} responding;

static vmh_status fail(responding *now, vmh_vite_error error)
{
    now->response->error = error;
    return VMH_OK;
}

static vmh_status get_code(responding *now, const vmh_vite_address *account, vmh_vite_code *code)
{
    vmh_vite_environment *environment = &now->ledger->environment;

    return environment->get_code(environment, account, code, now->why);
}

/* Takes what a run costs before it begins. */
static vmh_status charge_base(responding *now, uint32_t latency)
{
    const vmh_vite_prices *prices = &now->input->revision->prices;
    bool creates = now->input->request->kind == VMH_VITE_KIND_SEND_CREATE;
    uint64_t cost = (creates ? prices->create_response : prices->transaction) +
                    (uint64_t)prices->snapshot * latency;

    if (cost > now->left) {
        now->left = 0;
        return fail(now, VMH_VITE_ERROR_OUT_OF_QUOTA);
    }
    now->left -= cost;
    return VMH_OK;
}

static void prepare_run(responding *now)
{
    const vmh_vite_respond_input *input = now->input;

    now->run = vmh_vite_run_input_of(input->revision, input->rules, input->request);
    now->run.is_creation = input->request->kind == VMH_VITE_KIND_SEND_CREATE;
    now->run.answers = !now->run.is_creation;
    now->run.owes_answer = input->request->kind == VMH_VITE_KIND_SEND_SYNC_CALL;
    now->run.height = input->height;
    now->run.time = input->time;
    now->run.previous = input->previous;
    if (input->memory_limit > 0)
        now->run.memory_limit = input->memory_limit;
}

static vmh_status run(responding *now, const vmh_vite_code *code, vmh_bytes call_data)
{
    vmh_status status;

    now->run.code = *code;
    now->run.call_data = call_data;
    now->run.quota = now->left;
    status = vmh_vite_machine_run(now->machine, &now->ledger->environment, &now->run,
                                  &now->outcome, now->why);
    if (status != VMH_OK)
        return status;
    now->has_run = true;
    now->left = now->outcome.quota_left;
    now->response->output = now->outcome.output;
    return fail(now, now->outcome.error);
}

/* Gives back what the first `count` triggered requests took. */
static vmh_status return_values(responding *now, size_t count)
{
    vmh_status status = VMH_OK;

    for (size_t i = 0; i < count && status == VMH_OK; i++) {
        const vmh_vite_request *request = &now->outcome.triggered[i].request;

        status = now->ledger->add_balance(now->ledger, &request->from, &request->token,
                                          &request->amount, now->why);
    }
    return status;
}

/* Takes the value of each triggered request, in order; a lack fails the whole run. */
static vmh_status take_values(responding *now)
{
    for (size_t i = 0; i < now->outcome.triggered_count; i++) {
        const vmh_vite_request *request = &now->outcome.triggered[i].request;
        bool is_enough;
        vmh_status status = now->ledger->subtract_balance(now->ledger, &request->from,
                                                          &request->token, &request->amount,
                                                          &is_enough, now->why);

        if (status != VMH_OK)
            return status;
        if (!is_enough) {
            now->response->error = VMH_VITE_ERROR_BALANCE;
            return return_values(now, i);
        }
    }
    return VMH_OK;
}

static vmh_status store_code(responding *now, const vmh_vite_address *account, vmh_bytes code)
{
    uint8_t *bytes = malloc(code.size + 1);
    vmh_status status;

    if (bytes == NULL)
        return vmh_fail_memory(now->why);
    bytes[0] = 1;
    if (code.size > 0)
        memcpy(bytes + 1, code.data, code.size);
    status = now->ledger->put_code(now->ledger, account, vmh_bytes_of(bytes, code.size + 1),
                                   now->why);
    free(bytes);
    return status;
}

static int compare_slots(const void *a, const void *b)
{
    const vmh_vite_slot *const *left = a, *const *right = b;

    return vmh_word_compare(&(*left)->key, &(*right)->key);
}

static void append_slot(vmh_buffer *out, const vmh_vite_slot *slot)
{
    uint8_t bytes[32];
    size_t size = (vmh_word_bits(&slot->current) + 7) / 8;

    vmh_word_to_bytes(&slot->key, bytes);
    vmh_buffer_append(out, vmh_bytes_of(bytes, sizeof bytes));
    vmh_word_to_bytes(&slot->current, bytes);
    vmh_buffer_append(out, vmh_bytes_of(bytes + sizeof bytes - size, size));
}

/* Writes the changed slots in the order of their keys; their digest is the receipt hash. */
static vmh_status write_slots(responding *now, const vmh_vite_slot **changed, size_t count,
                              vmh_buffer *receipt)
{
    vmh_status status = VMH_OK;

    qsort(changed, count, sizeof(const vmh_vite_slot *), compare_slots);
    for (size_t i = 0; i < count && status == VMH_OK; i++) {
        append_slot(receipt, changed[i]);
        status = now->ledger->put_storage(now->ledger, &now->input->request->to,
                                          &changed[i]->key, &changed[i]->current, now->why);
    }
    if (status == VMH_OK)
        status = vmh_buffer_check(receipt, now->why);
    if (status == VMH_OK && count > 0)
        vmh_blake2b(vmh_buffer_bytes(receipt), now->response->receipt_hash.bytes,
                    sizeof now->response->receipt_hash.bytes);
    return status;
}

static vmh_status commit_storage(responding *now)
{
    const vmh_vite_slots *slots = now->outcome.slots;
    const vmh_vite_slot **changed = calloc(slots->count + 1, sizeof(const vmh_vite_slot *));
    size_t count = 0;
    vmh_buffer receipt;
    vmh_status status;

    vmh_buffer_init(&receipt);
    if (changed == NULL) {
        status = vmh_fail_memory(now->why);
        goto done;
    }
    for (size_t i = 0; i < slots->count; i++) {
        if (!vmh_word_equal(&slots->items[i].current, &slots->items[i].original))
            changed[count++] = &slots->items[i];
    }
    status = write_slots(now, changed, count, &receipt);

done:
    vmh_buffer_clear(&receipt);
    free(changed);
    return status;
}

static vmh_status keep_context(responding *now, const vmh_vite_triggered *triggered)
{
    if (!triggered->has_context || triggered->context.size == 0)
        return VMH_OK;
    return now->ledger->put_context(now->ledger, &triggered->request.hash, triggered->context,
                                    now->why);
}

/* Gives each triggered request its hash and stores what is suspended under it. */
static vmh_status send_triggered(responding *now, vmh_vite_triggered *triggered, size_t count)
{
    vmh_vite_environment *environment = &now->ledger->environment;
    vmh_status status = VMH_OK;

    for (size_t i = 0; i < count && status == VMH_OK; i++) {
        status = environment->get_request_hash(environment, &triggered[i].request, i,
                                               &triggered[i].request.hash, now->why);
        if (status == VMH_OK)
            status = keep_context(now, &triggered[i]);
    }
    now->response->triggered = triggered;
    now->response->triggered_count = count;
    return status;
}

/* A run that ended well takes effect, unless it sends more than there is. */
static vmh_status settle(responding *now)
{
    vmh_status status = take_values(now);

    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE)
        return status;
    now->response->logs = now->outcome.logs;
    now->response->log_count = now->outcome.log_count;
    status = commit_storage(now);
    if (status != VMH_OK)
        return status;
    return send_triggered(now, now->outcome.triggered, now->outcome.triggered_count);
}

static vmh_status respond_to_creation(responding *now)
{
    const vmh_vite_revision *revision = now->input->revision;
    const vmh_vite_request *request = now->input->request;
    vmh_vite_code code;
    uint64_t cost;
    creation made;
    vmh_status status = get_code(now, &request->to, &code);

    if (status != VMH_OK)
        return status;
    if (code.bytes.size > 0)
        return fail(now, VMH_VITE_ERROR_ADDRESS_COLLISION);
    if (!read_creation(revision, request->data, &made))
        return fail(now, VMH_VITE_ERROR_METHOD_PARAM);
    now->left = revision->creation_budget;
    status = charge_base(now, made.latency);
    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE)
        return status;
    code.bytes = made.code;
    vmh_blake2b(made.code, code.hash.bytes, sizeof code.hash.bytes);
    status = run(now, &code, made.code);
    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE)
        return status;
    if (now->outcome.output.size > revision->code_limit)
        return fail(now, VMH_VITE_ERROR_CODE_LENGTH);
    cost = revision->prices.code_byte * (1 + (uint64_t)now->outcome.output.size);
    if (cost > now->left) {
        now->left = 0;
        return fail(now, VMH_VITE_ERROR_OUT_OF_QUOTA);
    }
    now->left -= cost;
    status = settle(now);
    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE)
        return status;
    return store_code(now, &request->to, now->outcome.output);
}

static vmh_status respond_to_call(responding *now)
{
    const vmh_vite_request *request = now->input->request;
    vmh_vite_contract contract;
    vmh_vite_code code;
    vmh_status status = now->ledger->get_contract(now->ledger, &request->to, &contract, now->why);

    if (status != VMH_OK)
        return status;
    status = charge_base(now, contract.latency);
    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE ||
        request->kind == VMH_VITE_KIND_SEND_REFUND)
        return status;
    status = get_code(now, &request->to, &code);
    if (status != VMH_OK || code.bytes.size == 0)
        return status;
    status = run(now, &code, request->data);
    if (status != VMH_OK || now->response->error != VMH_VITE_ERROR_NONE)
        return status;
    return settle(now);
}

static void add_refund(responding *now, size_t *count, const vmh_vite_token *token,
                       const vmh_word *amount)
{
    const vmh_vite_request *request = now->input->request;

    if (vmh_word_is_zero(amount))
        return;
    now->response->failure_requests[(*count)++] = (vmh_vite_triggered){
        .request = {
            .kind = VMH_VITE_KIND_SEND_REFUND,
            .from = request->to,
            .to = request->from,
            .token = *token,
            .amount = *amount,
        },
    };
}

/* Amount and fee go back; in one request where both are VITE. */
static size_t refund(responding *now)
{
    const vmh_vite_request *request = now->input->request;
    bool is_vite = memcmp(request->token.bytes, vmh_vite_token_vite.bytes,
                          sizeof request->token.bytes) == 0;
    vmh_word amount = request->amount;
    size_t count = 0;

    if (is_vite && !vmh_word_is_zero(&amount) && !vmh_word_is_zero(&request->fee)) {
        vmh_word_add(&amount, &request->fee, &amount);
        add_refund(now, &count, &request->token, &amount);
        return count;
    }
    add_refund(now, &count, &request->token, &amount);
    add_refund(now, &count, &vmh_vite_token_vite, &request->fee);
    return count;
}

/* The amount was credited and leaves again; a fee passes through. */
static vmh_status take_back_credit(responding *now)
{
    const vmh_vite_request *request = now->input->request;
    bool is_enough;

    return now->ledger->subtract_balance(now->ledger, &request->to, &request->token,
                                         &request->amount, &is_enough, now->why);
}

static vmh_status send_failure(responding *now)
{
    vmh_vite_response *response = now->response;
    size_t count = refund(now);
    bool is_answered = false;
    vmh_status status = take_back_credit(now);

    response->status = VMH_VITE_RESPONSE_FAILED;
    if (response->error == VMH_VITE_ERROR_OUT_OF_QUOTA)
        response->kind = VMH_VITE_KIND_RECEIVE_ERROR;
    if (status == VMH_OK)
        status = vmh_vite_machine_answer_failure(
            now->machine, &now->ledger->environment, &now->run,
            now->has_run ? &now->outcome : NULL, response->output,
            &response->failure_requests[count], &is_answered, now->why);
    if (status != VMH_OK)
        return status;
    return send_triggered(now, response->failure_requests, count + is_answered);
}

/* Nothing happened: the request stays, and is answered another time. */
static vmh_status put_off(responding *now)
{
    now->response->is_block = false;
    now->response->is_retry = true;
    now->response->quota_spent = 0;
    now->response->output = (vmh_bytes){0};
    return take_back_credit(now);
}

static vmh_status refuse_for_depth(responding *now)
{
    now->left = now->input->budget;
    now->response->status = VMH_VITE_RESPONSE_DEPTH;
    return fail(now, VMH_VITE_ERROR_DEPTH);
}

/* Other blocks of the account may have taken the quota; more comes with the next snapshot. */
static bool may_end_well_later(const responding *now)
{
    if (now->response->error == VMH_VITE_ERROR_OUT_OF_QUOTA)
        return now->input->has_unconfirmed &&
               now->input->request->kind != VMH_VITE_KIND_SEND_CREATE;
    return now->response->error == VMH_VITE_ERROR_NO_STATUS;
}

static vmh_status execute(responding *now)
{
    const vmh_vite_request *request = now->input->request;
    vmh_status status = now->ledger->add_balance(now->ledger, &request->to, &request->token,
                                                 &request->amount, now->why);

    if (status != VMH_OK)
        return status;
    if (now->input->depth >= VMH_VITE_DEPTH_LIMIT)
        return refuse_for_depth(now);
    status = request->kind == VMH_VITE_KIND_SEND_CREATE ? respond_to_creation(now)
                                                        : respond_to_call(now);
    if (status != VMH_OK || now->response->error == VMH_VITE_ERROR_NONE)
        return status;
    return may_end_well_later(now) ? put_off(now) : send_failure(now);
}

/* The hash of the block, over all that is known by now. */
static vmh_status hash_block(responding *now)
{
    vmh_vite_response *response = now->response;
    const vmh_vite_respond_input *input = now->input;
    vmh_vite_response_block block = {
        .kind = response->kind,
        .place = {input->previous.height + 1, input->previous.previous_hash},
        .account = input->request->to,
        .request_hash = input->request->hash,
        .data = vmh_bytes_of(response->data, sizeof response->data),
        .triggered = response->triggered,
        .triggered_count = response->triggered_count,
    };
    vmh_hash32 log_hash;
    vmh_buffer scratch;
    vmh_status status = VMH_OK;

    vmh_buffer_init(&scratch);
    if (response->log_count > 0) {
        bool has_place = input->revision->log_hash_has_place;

        status = vmh_vite_logs_hash(response->logs, response->log_count,
                                    has_place ? &block.account : NULL,
                                    &block.place.previous_hash, &scratch, &log_hash, now->why);
        block.log_hash = &log_hash;
    }
    if (status == VMH_OK)
        status = vmh_vite_response_hash(&block, &scratch, &response->hash, now->why);
    vmh_buffer_clear(&scratch);
    return status;
}

static bool is_answerable(uint32_t kind)
{
    return kind == VMH_VITE_KIND_SEND_CREATE || kind == VMH_VITE_KIND_SEND_CALL ||
           kind == VMH_VITE_KIND_SEND_REFUND || kind == VMH_VITE_KIND_SEND_SYNC_CALL ||
           vmh_vite_kind_is_answer(kind);
}

vmh_status vmh_vite_respond(vmh_vite_machine *machine, vmh_vite_ledger *ledger,
                            const vmh_vite_respond_input *input, vmh_vite_response *response,
                            vmh_failure *why)
{
    bool creates = input->request->kind == VMH_VITE_KIND_SEND_CREATE;
    responding now = {
        .machine = machine,
        .ledger = ledger,
        .input = input,
        .response = response,
        .why = why,
        .left = creates ? input->revision->creation_budget : input->budget,
    };
    vmh_status status;

    *response = (vmh_vite_response){.is_block = true, .kind = VMH_VITE_KIND_RECEIVE};
    if (!is_answerable(input->request->kind)) {
        response->is_block = false;
        return fail(&now, VMH_VITE_ERROR_KIND);
    }
    prepare_run(&now);
    status = execute(&now);
    if (status != VMH_OK)
        return status;
    response->quota_spent = (creates ? input->revision->creation_budget : input->budget) - now.left;
    if (!creates && response->error != VMH_VITE_ERROR_OUT_OF_QUOTA)
        response->quota_used = response->quota_spent;
    memcpy(response->data, response->receipt_hash.bytes, sizeof response->receipt_hash.bytes);
    response->data[sizeof response->data - 1] = (uint8_t)response->status;
    return hash_block(&now);
}
