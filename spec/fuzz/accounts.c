/*
 * Accounts that answer requests of each other: a user sends one, and what it
 * triggers is answered in order, so that runs suspend, resume and fail on state
 * that the machine itself wrote. An input is a head of numbers (take_case), then
 * parts, each behind its length of two bytes:
 *
 *     code of account c0.. | code of c1.. | code of c2.. | data of the request
 *
 * Whatever happens: value is neither made nor lost, a failed response writes no
 * storage, and the same input gives the same blocks on one machine for all
 * responses as on a new one for each.
 */
#include <stdlib.h>

#include "crypto/digest.h"
#include "harness.h"
#include "vite/account_chain.h"
#include "vite/memory_ledger.h"

enum { CONTRACTS = 3, MOST_RESPONSES = 24 };

static const vmh_vite_address contracts[CONTRACTS] = {
    {{0xc0, 0xc0, [20] = 1}}, {{0xc1, 0xc1, [20] = 1}}, {{0xc2, 0xc2, [20] = 1}}};
static const vmh_vite_address user = {{0x0a, 0x0a, [20] = 0}};

typedef struct test_case {
    vmh_vite_revision revision;
    const vmh_vite_rules *rules;
    vmh_vite_request request;
    vmh_vite_surroundings surroundings;
    uint64_t budget;
    uint64_t memory_limit;
    uint32_t depth; /* of the request */
    uint32_t latency;
    vmh_bytes codes[CONTRACTS];
} test_case;

/* A chain while it runs. */
typedef struct account_chain {
    const test_case *test;
    vmh_vite_memory_ledger *ledger;
    vmh_vite_ledger *port;
    vmh_hash32 waiting[MOST_RESPONSES]; /* requests, in the order they were sent */
    size_t waiting_count;
    vmh_word total; /* of VITE, in balances and on its way */
    vmh_buffer blocks;
} account_chain;

static bool bit(uint64_t bits, int number)
{
    return (bits >> number & 1) != 0;
}

static void take_case(harness_input *input, test_case *test)
{
    static const uint32_t forks[] = {12, 0, 1, 2, 6, 10, 11, 15};
    uint64_t bits = harness_take_number(input, 1);
    uint32_t fork = forks[harness_take_number(input, 1) % 8];
    uint64_t amount;

    *test = (test_case){
        .revision = vmh_vite_revision_of(fork, bit(bits, 1) ? VMH_VITE_FORM_METADATA
                                                            : VMH_VITE_FORM_CONTEXTS,
                                         VMH_VITE_MODE_RUN),
        .rules = bit(bits, 0) ? &vmh_rules_reference.vite : &vmh_rules_vmhost_1.vite,
        .surroundings = {.seed = 9, .has_status = !bit(bits, 4), .knows_all = bit(bits, 5)},
        .budget = harness_take_number(input, 3) & 0x7ffff,
    };
    test->memory_limit = (uint64_t)256 << harness_take_number(input, 1) % 19;
    test->depth = bit(bits, 3) ? VMH_VITE_DEPTH_LIMIT - 6 : 0;
    test->latency = (uint32_t)harness_take_number(input, 1) % 76;
    amount = harness_take_number(input, 2);
    for (int i = 0; i < CONTRACTS; i++)
        test->codes[i] = harness_take_part(input);
    test->request = (vmh_vite_request){
        .kind = bit(bits, 2) ? VMH_VITE_KIND_SEND_CREATE : VMH_VITE_KIND_SEND_CALL,
        .from = user,
        .to = contracts[0],
        .token = vmh_vite_token_vite,
        .amount = vmh_word_of(amount),
        .fee = vmh_word_of(bit(bits, 6) ? 10 : 0),
        .data = harness_take_part(input),
    };
}

/* ---- value ---- */

static void add(vmh_word *sum, const vmh_word *amount)
{
    EXPECT(!vmh_word_add(sum, amount, sum), "value beyond all bounds");
}

static vmh_word total_of(const account_chain *chain)
{
    vmh_word sum = vmh_word_of(0);

    for (size_t i = 0; i < vmh_vite_memory_ledger_balance_count(chain->ledger); i++) {
        vmh_vite_ledger_row row = vmh_vite_memory_ledger_balance(chain->ledger, i);

        add(&sum, &row.value);
    }
    for (size_t i = 0; i < chain->waiting_count; i++) {
        vmh_vite_request request;
        uint32_t depth;

        EXPECT(vmh_vite_memory_ledger_find_request(chain->ledger, &chain->waiting[i], &request,
                                                   &depth), "a request is lost");
        add(&sum, &request.amount);
        add(&sum, &request.fee);
    }
    return sum;
}

/* ---- a chain ---- */

static void put_contract(account_chain *chain, int number)
{
    vmh_vite_contract contract = {.is_known = true, .quota_ratio = 10 + (uint32_t)number,
                                  .latency = chain->test->latency};
    vmh_word amount = vmh_word_of(1000);
    vmh_buffer typed;

    vmh_buffer_init(&typed);
    vmh_buffer_append_u8(&typed, 1);
    vmh_buffer_append(&typed, chain->test->codes[number]);
    EXPECT(chain->port->put_code(chain->port, &contracts[number], vmh_buffer_bytes(&typed), NULL) ==
                   VMH_OK &&
               chain->port->put_contract(chain->port, &contracts[number], &contract, NULL) ==
                   VMH_OK &&
               vmh_vite_memory_ledger_set_balance(chain->ledger, &contracts[number],
                                                  &vmh_vite_token_vite, &amount, NULL) == VMH_OK,
           "no contract");
    vmh_buffer_clear(&typed);
}

/* Puts a request among those that wait, as long as there is room. */
static bool await(account_chain *chain, const vmh_vite_request *request, uint32_t depth)
{
    if (chain->waiting_count == MOST_RESPONSES)
        return false;
    EXPECT(vmh_vite_memory_ledger_put_request(chain->ledger, request, depth, NULL) == VMH_OK,
           "no request");
    chain->waiting[chain->waiting_count++] = request->hash;
    return true;
}

static void open_chain(account_chain *chain, const test_case *test)
{
    vmh_word amount = vmh_word_of(40000);

    *chain = (account_chain){.test = test};
    EXPECT(vmh_vite_memory_ledger_new(&chain->ledger, NULL) == VMH_OK, "no ledger");
    chain->port = vmh_vite_memory_ledger_port(chain->ledger);
    *vmh_vite_memory_ledger_surroundings(chain->ledger) = test->surroundings;
    for (int i = 0; i < CONTRACTS; i++)
        put_contract(chain, i);
    EXPECT(vmh_vite_memory_ledger_set_balance(chain->ledger, &user, &vmh_vite_token_vite, &amount,
                                              NULL) == VMH_OK,
           "no user");
    chain->total = total_of(chain);
}

static void send(account_chain *chain)
{
    vmh_vite_send_input input = {
        .revision = &chain->test->revision,
        .request = &chain->test->request,
        .place = {.height = 1},
        .budget = chain->test->budget,
    };
    vmh_vite_sent sent;

    EXPECT(vmh_vite_send(chain->port, &input, &sent, NULL) == VMH_OK, "the host failed");
    EXPECT(sent.error != VMH_VITE_ERROR_NONE || sent.quota_used <= input.budget,
           "a request for which there is no quota");
    vmh_buffer_append_u32_le(&chain->blocks, sent.error);
    if (sent.error == VMH_VITE_ERROR_NONE)
        await(chain, &sent.request, chain->test->depth);
}

/* ---- responses ---- */

static void write_storage(const account_chain *chain, vmh_buffer *out)
{
    for (size_t i = 0; i < vmh_vite_memory_ledger_storage_count(chain->ledger); i++) {
        vmh_vite_ledger_row row = vmh_vite_memory_ledger_storage(chain->ledger, i);

        vmh_buffer_append(out, vmh_bytes_of(row.account.bytes, sizeof row.account.bytes));
        vmh_word_to_bytes(&row.key, vmh_buffer_extend(out, 32));
        vmh_word_to_bytes(&row.value, vmh_buffer_extend(out, 32));
    }
}

/* The hash of a block covers what it triggers; output, quota and logs are beside it. */
static void write_block(account_chain *chain, const vmh_vite_response *response)
{
    vmh_buffer *out = &chain->blocks;

    vmh_buffer_append(out, vmh_bytes_hash(&response->hash));
    vmh_buffer_append_u32_le(out, response->error);
    vmh_buffer_append_u64_le(out, response->quota_used);
    vmh_buffer_append_u64_le(out, response->quota_spent);
    vmh_buffer_append_u64_le(out, response->output.size);
    vmh_buffer_append(out, response->output);
    vmh_buffer_append_u64_le(out, response->log_count);
}

static void expect_sane(const account_chain *chain, const vmh_vite_respond_input *input,
                        const vmh_vite_response *response)
{
    bool has_failed = response->error != VMH_VITE_ERROR_NONE;
    bool creates = input->request->kind == VMH_VITE_KIND_SEND_CREATE;

    EXPECT(response->quota_spent <=
               (creates ? input->revision->creation_budget : chain->test->budget),
           "more quota than there was");
    EXPECT((response->kind == VMH_VITE_KIND_RECEIVE_ERROR) ==
               (response->error == VMH_VITE_ERROR_OUT_OF_QUOTA),
           "a kind of block that fits no error");
    EXPECT(!response->is_retry || response->error == VMH_VITE_ERROR_NO_STATUS,
           "put off without reason");
    if (has_failed && !response->is_retry)
        EXPECT(response->status != VMH_VITE_RESPONSE_OK &&
                   response->triggered_count <= VMH_VITE_FAILURE_REQUESTS &&
                   response->log_count == 0,
               "a failed response did something");
}

/* What a response triggers waits; false where there is no room for all of it. */
static bool await_triggered(account_chain *chain, const vmh_vite_response *response, uint32_t depth)
{
    for (size_t i = 0; i < response->triggered_count; i++) {
        if (!await(chain, &response->triggered[i].request, depth + 1))
            return false;
    }
    return true;
}

static vmh_vite_respond_input input_of(account_chain *chain, const vmh_vite_request *request,
                                       uint32_t depth)
{
    vmh_vite_respond_input input = {
        .revision = &chain->test->revision,
        .rules = chain->test->rules,
        .request = request,
        .depth = depth,
        .budget = chain->test->budget,
        .height = 5,
        .time = 6,
        .previous = vmh_vite_memory_ledger_place(chain->ledger, &request->to),
        .memory_limit = chain->test->memory_limit,
    };

    vmh_vite_memory_ledger_surroundings(chain->ledger)->host =
        (vmh_vite_place){input.previous.height + 1, input.previous.previous_hash};
    return input;
}

static void expect_value(const account_chain *chain, const vmh_vite_request *request,
                         const vmh_vite_response *response)
{
    vmh_word now = total_of(chain), total = chain->total;

    /* The fee of a creation that succeeds is burnt; one that has no retry is answered once. */
    if (!vmh_word_is_zero(&request->fee) &&
        (response->error == VMH_VITE_ERROR_NONE || response->status == VMH_VITE_RESPONSE_DEPTH))
        vmh_word_sub(&total, &request->fee, &total);
    EXPECT(vmh_word_equal(&now, &total), "value is made or lost");
}

/* Answers the first request that waits. False at the end: none waits, or there is no room. */
static bool respond(account_chain *chain, vmh_vite_machine *machine)
{
    vmh_vite_request request;
    vmh_vite_respond_input input;
    vmh_vite_response response;
    vmh_buffer before, after;
    uint32_t depth;
    bool has_room;

    if (chain->waiting_count == 0)
        return false;
    EXPECT(vmh_vite_memory_ledger_find_request(chain->ledger, &chain->waiting[0], &request, &depth),
           "a request is lost");
    vmh_buffer_init(&before);
    vmh_buffer_init(&after);
    write_storage(chain, &before);
    input = input_of(chain, &request, depth);
    EXPECT(vmh_vite_respond(machine, chain->port, &input, &response, NULL) == VMH_OK,
           "the host failed");
    expect_sane(chain, &input, &response);
    write_storage(chain, &after);
    EXPECT(response.error == VMH_VITE_ERROR_NONE ||
               vmh_bytes_equal(vmh_buffer_bytes(&before), vmh_buffer_bytes(&after)),
           "a failed response wrote storage");
    vmh_buffer_clear(&before);
    vmh_buffer_clear(&after);
    write_block(chain, &response);
    if (response.is_retry)
        return false;
    EXPECT(response.is_block, "a request that nobody answers");
    chain->waiting_count--;
    memmove(&chain->waiting[0], &chain->waiting[1], chain->waiting_count * sizeof(vmh_hash32));
    has_room = await_triggered(chain, &response, depth);
    if (has_room)
        expect_value(chain, &request, &response);
    chain->total = total_of(chain);
    EXPECT(vmh_vite_memory_ledger_set_place(
               chain->ledger, &request.to,
               &(vmh_vite_place){input.previous.height + 1, response.hash}, NULL) == VMH_OK,
           "no place");
    return has_room;
}

static void run_chain(account_chain *chain, const test_case *test, bool on_one_machine)
{
    vmh_vite_machine *machine = NULL;
    bool goes_on = true;

    open_chain(chain, test);
    send(chain);
    chain->total = total_of(chain);
    for (int i = 0; i < MOST_RESPONSES && goes_on; i++) {
        if (machine == NULL)
            EXPECT(vmh_vite_machine_new(&machine, NULL) == VMH_OK, "no machine");
        goes_on = respond(chain, machine);
        if (!on_one_machine) {
            vmh_vite_machine_free(machine);
            machine = NULL;
        }
    }
    vmh_vite_machine_free(machine);
    write_storage(chain, &chain->blocks);
    vmh_vite_memory_ledger_free(chain->ledger);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    harness_input input = vmh_bytes_of(data, size);
    test_case test;
    account_chain first, again;

    harness_watch_memory(0);
    take_case(&input, &test);
    run_chain(&first, &test, false);
    run_chain(&again, &test, true);
    EXPECT(vmh_bytes_equal(vmh_buffer_bytes(&first.blocks), vmh_buffer_bytes(&again.blocks)),
           "a used machine gives other blocks");
    vmh_buffer_clear(&first.blocks);
    vmh_buffer_clear(&again.blocks);
    harness_expect_no_memory();
    return 0;
}
