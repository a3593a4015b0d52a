/*
 * The machine of Vite bytecode, run with everything that an input can say:
 * code, request, rules, revision, limits, what is stored of a suspended run. An
 * input is a head of single bytes and little-endian numbers (take_case), then
 * parts, each behind its length of two bytes:
 *
 *     code of the account that runs | code of another one | call data |
 *     context of the request | context of the call it answers | data of the origin
 *
 * In the older form the last three are data of those requests. Requests of the
 * past have hashes of one letter: C.. for the call, O.. for its origin.
 *
 * An input is run many times: on a fresh machine and on a used one, with its
 * quota and with more, with exactly what it took and with less, by blocks and by
 * single instructions, and with one allocation failing. What has to agree is
 * written down as bytes.
 */
#include <stdlib.h>

#include "crypto/digest.h"
#include "harness.h"
#include "vite/frame.h"
#include "vite/memory_ledger.h"

/* A machine's own, and what any input may make it hold. */
enum { ROOM = 640 * 1024 * 1024 };

static const vmh_vite_address own = {{0xc0, 0xc0, [20] = 1}};
static const vmh_vite_address other = {{0xc1, 0xc1, [20] = 1}};
static const vmh_vite_address user = {{0x0a, 0x0a, [20] = 0}};

/* What an input says. */
typedef struct test_case {
    vmh_vite_revision revision;
    vmh_vite_run_input input;
    vmh_vite_request request, call, origin;
    bool has_call, has_origin; /* among the requests of the past */
    bool knows_all, has_status;
    uint64_t fail_at;
    vmh_bytes code, other_code;
    vmh_bytes contexts[3]; /* of request, call and origin */
} test_case;

static vmh_hash32 hash_of_letter(char letter)
{
    vmh_hash32 hash;

    memset(hash.bytes, letter, sizeof hash.bytes);
    return hash;
}

static vmh_vite_request request_of(uint32_t kind, const vmh_vite_address *from,
                                   const vmh_vite_address *to, char letter)
{
    return (vmh_vite_request){
        .kind = kind,
        .from = *from,
        .to = *to,
        .token = vmh_vite_token_vite,
        .hash = hash_of_letter(letter),
    };
}

static vmh_vite_code code_of(vmh_bytes bytes)
{
    vmh_vite_code code = {.bytes = bytes};

    vmh_blake2b(bytes, code.hash.bytes, sizeof code.hash.bytes);
    return code;
}

static bool bit(uint64_t bits, int number)
{
    return (bits >> number & 1) != 0;
}

static vmh_vite_revision take_revision(harness_input *input, uint64_t bits)
{
    static const uint32_t forks[] = {12, 0, 1, 2, 6, 10, 11, 15};
    static const vmh_vite_mode modes[] = {VMH_VITE_MODE_RUN, VMH_VITE_MODE_RUN,
                                          VMH_VITE_MODE_QUERY, VMH_VITE_MODE_STRICT_QUERY};

    return vmh_vite_revision_of(forks[harness_take_number(input, 1) % 8],
                                bit(bits, 1) ? VMH_VITE_FORM_METADATA : VMH_VITE_FORM_CONTEXTS,
                                modes[bits >> 2 & 3]);
}

static void take_limits(harness_input *input, vmh_vite_run_input *run)
{
    uint64_t frame_limit, request_limit;

    run->quota = harness_take_number(input, 3) & 0x1ffff;
    frame_limit = harness_take_number(input, 1);
    run->memory_limit = (uint64_t)256 << harness_take_number(input, 1) % 19;
    request_limit = harness_take_number(input, 1);
    /* Many frames take long; 255 stands for as many as there may be. */
    if (frame_limit != 255)
        run->frame_limit = frame_limit != 0 ? (uint32_t)frame_limit % 64 : 32;
    if (request_limit != 0)
        run->request_limit = (uint32_t)request_limit;
}

static void take_parts(harness_input *input, test_case *test)
{
    test->code = harness_take_part(input);
    test->other_code = harness_take_part(input);
    test->request.data = harness_take_part(input);
    for (int i = 0; i < 3; i++)
        test->contexts[i] = harness_take_part(input);
    if (test->revision.form == VMH_VITE_FORM_METADATA) {
        test->call.data = test->contexts[1];
        test->origin.data = test->contexts[2];
    }
}

/* Fills a case that stays where it is: the input of its run points into it. */
static void take_case(harness_input *input, test_case *test)
{
    uint64_t bits = harness_take_number(input, 1);
    uint64_t past = harness_take_number(input, 1);
    uint32_t kind = (uint32_t)harness_take_number(input, 1) % 12;

    *test = (test_case){
        .revision = take_revision(input, bits),
        .request = request_of(kind, &other, &own, 'R'),
        .call = request_of(VMH_VITE_KIND_SEND_SYNC_CALL, bit(past, 4) ? &other : &own, &other, 'C'),
        .origin = request_of(bit(past, 1) ? VMH_VITE_KIND_SEND_SYNC_CALL : VMH_VITE_KIND_SEND_CALL,
                             &user, bit(past, 5) ? &other : &own, 'O'),
        .has_call = !bit(past, 2),
        .has_origin = !bit(past, 3),
        .knows_all = bit(bits, 7),
        .has_status = bit(past, 6),
    };
    test->input = vmh_vite_run_input_of(
        &test->revision, bit(bits, 0) ? &vmh_rules_reference.vite : &vmh_rules_vmhost_1.vite,
        &test->request);
    test->input.is_creation = bit(bits, 4);
    test->input.answers = !bit(bits, 5);
    test->input.owes_answer = bit(bits, 6);
    test->input.origin = bit(past, 0) ? &test->origin : NULL;
    test->input.height = 5;
    test->input.time = 6;
    test->input.previous = (vmh_vite_place){7, hash_of_letter('P')};
    take_limits(input, &test->input);
    test->request.amount = vmh_word_of(harness_take_number(input, 1));
    test->fail_at = harness_take_number(input, 1);
    take_parts(input, test);
    test->input.code = code_of(test->code);
    test->input.call_data = test->request.data;
}

/* ---- the world of a case ---- */

/* In front of the ledger, to see whether code was delegated to. */
typedef struct test_world {
    vmh_vite_environment environment; /* first */
    vmh_vite_memory_ledger *ledger;
    vmh_status (*get_code)(vmh_vite_environment *environment, const vmh_vite_address *account,
                           vmh_vite_code *code, vmh_failure *why);
    bool has_delegated;
} test_world;

static test_world world; /* of the case */

static vmh_status get_code(vmh_vite_environment *environment, const vmh_vite_address *account,
                           vmh_vite_code *code, vmh_failure *why)
{
    world.has_delegated = true;
    return world.get_code(environment, account, code, why);
}

static void put_account(vmh_vite_ledger *port, const vmh_vite_address *account, vmh_bytes code)
{
    vmh_vite_contract contract = {.is_known = true, .quota_ratio = 25};
    vmh_buffer typed;

    vmh_buffer_init(&typed);
    vmh_buffer_append_u8(&typed, 1);
    vmh_buffer_append(&typed, code);
    EXPECT(port->put_code(port, account, vmh_buffer_bytes(&typed), NULL) == VMH_OK &&
               port->put_contract(port, account, &contract, NULL) == VMH_OK,
           "no account");
    vmh_buffer_clear(&typed);
}

static void put_slots(vmh_vite_ledger *port)
{
    static const vmh_word all = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

    for (uint64_t i = 0; i < 4; i++) {
        vmh_word key = vmh_word_of(2 * i), value = i % 2 == 0 ? all : key;

        EXPECT(port->put_storage(port, &own, &key, &value, NULL) == VMH_OK, "no slot");
    }
}

static void put_past(vmh_vite_ledger *port, const test_case *test)
{
    const vmh_vite_request *requests[3] = {&test->request, &test->call, &test->origin};
    const bool there[3] = {true, test->has_call, test->has_origin};

    for (int i = 0; i < 3; i++) {
        if (there[i])
            EXPECT(vmh_vite_memory_ledger_put_request(world.ledger, requests[i], 0, NULL) == VMH_OK,
                   "no request");
        if (test->contexts[i].size > 0)
            EXPECT(port->put_context(port, &requests[i]->hash, test->contexts[i], NULL) == VMH_OK,
                   "no context");
    }
}

static vmh_vite_environment *open_world(const test_case *test)
{
    vmh_word amount = vmh_word_of(1000);
    vmh_vite_ledger *port;
    vmh_vite_surroundings *surroundings;

    EXPECT(vmh_vite_memory_ledger_new(&world.ledger, NULL) == VMH_OK, "no ledger");
    port = vmh_vite_memory_ledger_port(world.ledger);
    surroundings = vmh_vite_memory_ledger_surroundings(world.ledger);
    surroundings->host = (vmh_vite_place){8, hash_of_letter('H')};
    surroundings->seed = 9;
    surroundings->knows_all = test->knows_all;
    surroundings->has_status = test->has_status;
    put_account(port, &own, test->code);
    put_account(port, &other, test->other_code);
    put_slots(port);
    put_past(port, test);
    EXPECT(vmh_vite_memory_ledger_set_balance(world.ledger, &own, &vmh_vite_token_vite, &amount,
                                              NULL) == VMH_OK,
           "no balance");
    world.get_code = port->environment.get_code;
    port->environment.get_code = get_code;
    return &port->environment;
}

/* ---- what came of a run, as bytes ---- */

static void write_word(vmh_buffer *out, const vmh_word *word)
{
    vmh_word_to_bytes(word, vmh_buffer_extend(out, 32));
}

static void write_bytes(vmh_buffer *out, vmh_bytes bytes)
{
    vmh_buffer_append_u64_le(out, bytes.size);
    vmh_buffer_append(out, bytes);
}

static void write_request(vmh_buffer *out, const vmh_vite_request *request)
{
    vmh_buffer_append_u32_le(out, request->kind);
    vmh_buffer_append(out, vmh_bytes_of(request->from.bytes, sizeof request->from.bytes));
    vmh_buffer_append(out, vmh_bytes_of(request->to.bytes, sizeof request->to.bytes));
    vmh_buffer_append(out, vmh_bytes_of(request->token.bytes, sizeof request->token.bytes));
    write_word(out, &request->amount);
    write_word(out, &request->fee);
    write_bytes(out, request->data);
    vmh_buffer_append(out, vmh_bytes_hash(&request->hash));
}

static void write_triggered(vmh_buffer *out, const vmh_vite_triggered *triggered)
{
    write_request(out, &triggered->request);
    vmh_buffer_append_u8(out, triggered->has_context);
    write_bytes(out, triggered->context);
    vmh_buffer_append_u32_le(out, triggered->callback_id);
    vmh_buffer_append_u64_le(out, triggered->stack_count);
    vmh_buffer_append_u64_le(out, triggered->memory_size);
}

static void write_outcome(vmh_buffer *out, const vmh_vite_outcome *outcome)
{
    vmh_buffer_append_u32_le(out, outcome->end);
    vmh_buffer_append_u32_le(out, outcome->error);
    write_bytes(out, outcome->output);
    vmh_buffer_append_u8(out, outcome->origin != NULL);
    if (outcome->origin != NULL)
        write_request(out, outcome->origin);
    for (size_t i = 0; i < outcome->triggered_count; i++)
        write_triggered(out, &outcome->triggered[i]);
    for (size_t i = 0; i < outcome->log_count; i++) {
        vmh_buffer_append_u64_le(out, outcome->logs[i].topic_count);
        for (size_t j = 0; j < outcome->logs[i].topic_count; j++)
            write_word(out, &outcome->logs[i].topics[j]);
        write_bytes(out, outcome->logs[i].data);
    }
    for (size_t i = 0; i < outcome->slots->count; i++) {
        write_word(out, &outcome->slots->items[i].key);
        write_word(out, &outcome->slots->items[i].original);
        write_word(out, &outcome->slots->items[i].current);
        vmh_buffer_append_u8(out, outcome->slots->items[i].is_targeted);
    }
    EXPECT(vmh_buffer_check(out, NULL) == VMH_OK, "no memory for an outcome");
}

/* ---- what has to hold of any run ---- */

static size_t count_written(const vmh_vite_slots *slots)
{
    size_t count = 0;

    for (size_t i = 0; i < slots->count; i++)
        count += !vmh_word_equal(&slots->items[i].original, &slots->items[i].current);
    return count;
}

static void expect_nothing_done(const vmh_vite_outcome *outcome, const char *what)
{
    EXPECT(outcome->triggered_count == 0 && outcome->log_count == 0 &&
               count_written(outcome->slots) == 0,
           what);
}

static void expect_sane(const vmh_vite_machine *machine, const vmh_vite_run_input *input,
                        const vmh_vite_outcome *outcome)
{
    const vmh_vite_run *run = &machine->run;
    bool has_failed = outcome->error != VMH_VITE_ERROR_NONE;

    EXPECT((outcome->end == VMH_VITE_END_FAILED) == has_failed, "an end that fits no error");
    EXPECT(outcome->quota_left <= input->quota, "quota out of nothing");
    if (has_failed)
        expect_nothing_done(outcome, "a failed run did something");
    if (has_failed && outcome->error != VMH_VITE_ERROR_REVERTED)
        EXPECT(outcome->output.size == 0, "a failed run has output");
    if (outcome->error == VMH_VITE_ERROR_OUT_OF_QUOTA)
        EXPECT(outcome->quota_left == 0, "out of quota, and some is left");
    if (input->revision->mode != VMH_VITE_MODE_RUN)
        expect_nothing_done(outcome, "a query did something");
    EXPECT(run->memory_size <= run->memory_limit, "too much memory");
    EXPECT(run->memory_size == machine->frames[0]->memory.size, "memory is counted wrongly");
    EXPECT(run->triggered_bytes <= VMH_VITE_HARD_REQUEST_LIMIT, "too many bytes in requests");
    EXPECT(run->limited_count <= input->request_limit, "too many requests");
    EXPECT(outcome->slots->targeted_count <= input->revision->storage_key_limit, "too many keys");
    EXPECT(harness_memory_peak() <= ROOM, "too much room");
}

/* ---- runs of a case ---- */

typedef struct ran {
    vmh_vite_outcome outcome; /* its views are dead */
    uint64_t credits;
    vmh_buffer bytes;
} ran;

static void run(vmh_vite_machine *machine, vmh_vite_environment *environment,
                const vmh_vite_run_input *input, ran *out)
{
    vmh_status status = vmh_vite_machine_run(machine, environment, input, &out->outcome, NULL);

    EXPECT(status == VMH_OK, "the host failed");
    expect_sane(machine, input, &out->outcome);
    out->credits = machine->run.credits;
    vmh_buffer_reset(&out->bytes);
    write_outcome(&out->bytes, &out->outcome);
}

static void expect_same(const ran *first, const ran *again, uint64_t quota_left, const char *what)
{
    EXPECT(vmh_bytes_equal(vmh_buffer_bytes(&first->bytes), vmh_buffer_bytes(&again->bytes)), what);
    EXPECT(again->outcome.quota_left == quota_left, "another quota is left");
}

/*
 * Leaves something in everything that a machine keeps, and fails: memory and, by
 * a loop without end, the stack are all ones.
 */
static void soil(vmh_vite_machine *machine, vmh_vite_environment *environment)
{
    static const uint8_t code[] = "\x61\x08\x00\x60\x00\x60\x00\x37" /* CALLDATACOPY */
                                  "\x60\x07\x60\x01\x55\x60\x07\x60\x02\x55" /* SSTORE */
                                  "\x60\x40\x60\x00\xa0" /* LOG0 */
                                  "\x60\x40\x60\x00\x60\x00\x60\x00\x60\x00\xf1" /* CALL */
                                  "\x60\x40\x60\x00\x80\x80\x80\x80\xf7" /* SYNCCALL */
                                  "\x5b\x60\x00\x19\x60\x2b\x56"; /* NOT, JUMP back */
    static const vmh_vite_request request = {.kind = VMH_VITE_KIND_SEND_SYNC_CALL};
    static uint8_t ones[2048];
    vmh_vite_revision revision = vmh_vite_revision_of(VMH_VITE_FORK_NEWEST, VMH_VITE_FORM_CONTEXTS,
                                                      VMH_VITE_MODE_RUN);
    vmh_vite_run_input input = vmh_vite_run_input_of(&revision, &vmh_rules_reference.vite,
                                                     &request);
    vmh_vite_outcome outcome;

    memset(ones, 0xff, sizeof ones);
    input.code = code_of(vmh_bytes_of(code, sizeof code - 1));
    input.call_data = vmh_bytes_of(ones, sizeof ones);
    input.quota = 1000000;
    EXPECT(vmh_vite_machine_run(machine, environment, &input, &outcome, NULL) == VMH_OK &&
               outcome.error == VMH_VITE_ERROR_STACK_LIMIT,
           "a machine is not used as it should be");
}

/*
 * Whether frames may have failed for quota that the run does not tell of: under
 * rules by which such a frame fails alone.
 */
static bool may_hide_end_of_quota(const test_case *test)
{
    return world.has_delegated && !test->input.rules->out_of_quota_ends_run;
}

/*
 * More quota changes nothing but what is left; exactly what was used is enough; less
 * is not. But what may be hashed hangs on the quota that is given.
 */
static void try_quotas(vmh_vite_machine *machine, vmh_vite_environment *environment,
                       const test_case *test, const ran *first, ran *again)
{
    enum { MORE = 1000003 };
    uint64_t left = first->outcome.quota_left;
    vmh_vite_error error = first->outcome.error;
    vmh_vite_run_input input = test->input;
    uint64_t used = input.quota - left;

    if (may_hide_end_of_quota(test) || error == VMH_VITE_ERROR_HASH_LIMIT)
        return;
    if (error != VMH_VITE_ERROR_OUT_OF_QUOTA) {
        input.quota = test->input.quota + MORE;
        run(machine, environment, &input, again);
        expect_same(first, again, left + MORE, "more quota makes a difference");
    }
    /* A delegated frame that met the limit of memory did not pay for it, but needed the price. */
    if (first->credits > 0 || world.has_delegated)
        return;
    /* The machine's own limit of memory is found after the price, which is not taken then. */
    if (error != VMH_VITE_ERROR_OUT_OF_QUOTA && error != VMH_VITE_ERROR_MEMORY_LIMIT) {
        input.quota = used;
        run(machine, environment, &input, again);
        if (again->outcome.error != VMH_VITE_ERROR_HASH_LIMIT)
            expect_same(first, again, 0, "exactly what was used is not enough");
    }
    for (uint64_t less = 1; less <= used; less = 64 * less) {
        input.quota = used - less;
        run(machine, environment, &input, again);
        EXPECT(again->outcome.error == VMH_VITE_ERROR_OUT_OF_QUOTA ||
                   again->outcome.error == VMH_VITE_ERROR_HASH_LIMIT,
               "less than what was used is enough");
    }
}

/* The same by the other road through code: no block is entered, each instruction runs alone. */
static void try_one_by_one(vmh_vite_machine *machine, vmh_vite_environment *environment,
                           const test_case *test, const ran *first, ran *again)
{
    static const uint64_t impossible_need = (uint64_t)0xffff << 16;

    for (size_t i = 0; i < VMH_VITE_CACHE_SIZE; i++) {
        vmh_vite_analysis *analysis = machine->cache[i].analysis;

        for (size_t j = 0; analysis != NULL && j < analysis->instruction_count; j++) {
            if (analysis->instructions[j].label == machine->labels[VMH_VITE_DO_BLOCK])
                analysis->instructions[j].operand = impossible_need;
        }
    }
    run(machine, environment, &test->input, again);
    expect_same(first, again, first->outcome.quota_left, "blocks make a difference");
}

/* A run for which there is no memory ends so, and leaves a machine that can be used. */
static void try_failing(vmh_vite_environment *environment, const test_case *test, const ran *first,
                        ran *again)
{
    vmh_vite_machine *machine;
    vmh_vite_outcome outcome;
    vmh_status status;

    EXPECT(vmh_vite_machine_new(&machine, NULL) == VMH_OK, "no machine");
    harness_watch_memory(test->fail_at);
    status = vmh_vite_machine_run(machine, environment, &test->input, &outcome, NULL);
    harness_watch_memory(0);
    EXPECT(status == VMH_OK || status == VMH_E_NO_MEMORY, "another status");
    run(machine, environment, &test->input, again);
    expect_same(first, again, first->outcome.quota_left, "a failure of the host leaves a trace");
    vmh_vite_machine_free(machine);
}

static void try_case(const test_case *test)
{
    vmh_vite_environment *environment = open_world(test);
    vmh_vite_machine *machine;
    ran first = {0}, again = {0};

    EXPECT(vmh_vite_machine_new(&machine, NULL) == VMH_OK, "no machine");
    run(machine, environment, &test->input, &first);
    soil(machine, environment);
    run(machine, environment, &test->input, &again);
    expect_same(&first, &again, first.outcome.quota_left, "a used machine makes a difference");
    try_quotas(machine, environment, test, &first, &again);
    try_one_by_one(machine, environment, test, &first, &again);
    vmh_vite_machine_free(machine);
    if (test->fail_at > 0)
        try_failing(environment, test, &first, &again);
    vmh_vite_memory_ledger_free(world.ledger);
    vmh_buffer_clear(&first.bytes);
    vmh_buffer_clear(&again.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    harness_input input = vmh_bytes_of(data, size);
    test_case test;

    harness_watch_memory(0);
    world = (test_world){0};
    take_case(&input, &test);
    try_case(&test);
    harness_expect_no_memory();
    return 0;
}
