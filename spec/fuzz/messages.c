/*
 * What hosts send each other, and what waits for it in the state, from hostile
 * bytes. The first byte of an input chooses what the rest is:
 *
 *     0   a message, canonical     5   an outcome that is kept
 *     1   the header of a context  6   a suspended run
 *     2   values that it owes      7   what was taken of a peer
 *     3   a call of it             8   a call data string
 *     4   a group of it            9   a message, as it reads
 *
 * What is taken as one of them is written again as the same bytes; a call data
 * string, whose digits may be of either case, as one that says the same.
 */
#include "async/async_store.h"
#include "async/call_data.h"
#include "async/suspended_run.h"
#include "async/taken.h"
#include "codec/argument_codec.h"
#include "codec/message_codec.h"
#include "harness.h"
#include "host/incoming.h"

enum { SORTS = 10, GAS_LIMIT = 1000 };

/* A call in a string takes its hex digits, and its list at most as many places as it has bytes. */
static size_t room_for(size_t size)
{
    return 128 * size + 64 * 1024;
}

static void expect_same(vmh_bytes bytes, const vmh_buffer *again)
{
    EXPECT(!again->failed, "it is written");
    EXPECT(vmh_bytes_equal(bytes, vmh_buffer_bytes(again)), "what is taken is what is written");
}

/* ---- messages ---- */

static void check_input(vmh_bytes input, vmh_arena *arena)
{
    vmh_argument_array values;
    vmh_argument_fault fault;
    vmh_failure why;
    bool known;
    vmh_status status = vmh_argument_array_decode(input, arena, &values, &known, &fault, &why);

    EXPECT(status == VMH_OK, "arguments that are none are no fault of ours");
}

static void check_message(vmh_bytes bytes, bool canonical, vmh_arena *arena, vmh_buffer *again)
{
    vmh_message message;
    vmh_hash32 id, other;
    vmh_failure why;
    const char *fault;

    if (vmh_message_decode(bytes, canonical, &message, &why) != VMH_OK)
        return;
    vmh_message_encode(&message, again);
    if (canonical)
        expect_same(bytes, again);
    EXPECT(vmh_message_id(&message, &id, &why) == VMH_OK, "a message has an id");
    message.gas ^= 1;
    EXPECT(vmh_message_id(&message, &other, &why) == VMH_OK, "another one too");
    EXPECT(memcmp(&id, &other, sizeof id) == 0, "gas is no part of the id");
    message.gas ^= 1;
    message.sequence ^= 1;
    EXPECT(vmh_message_id(&message, &other, &why) == VMH_OK, "and a third one");
    EXPECT(memcmp(&id, &other, sizeof id) != 0, "the sequence is");
    fault = vmh_find_field_fault(&message, GAS_LIMIT);
    EXPECT(fault != NULL || message.gas <= GAS_LIMIT ||
               (message.kind != VMH_MESSAGE_CALL && message.kind != VMH_MESSAGE_SYNC_CALL &&
                message.kind != VMH_MESSAGE_ASYNC_CALL),
           "a call has no more gas than a transaction");
    check_input(message.input, arena);
}

/* ---- records ---- */

static void check_header(vmh_bytes bytes, vmh_buffer *again)
{
    vmh_async_context context = {0};
    vmh_failure why;

    if (vmh_async_header_decode(bytes, &context, &why) != VMH_OK)
        return;
    vmh_async_header_encode(&context, again);
    expect_same(bytes, again);
    EXPECT(context.awaited_open <= context.awaited_count, "no more is waited for than there is");
}

static void check_values(vmh_bytes bytes, vmh_arena *arena, vmh_buffer *again)
{
    vmh_async_values values = {0};
    vmh_bytes packed;
    uint64_t text_size;
    vmh_failure why;

    if (vmh_async_values_decode(bytes, &packed, &text_size, &why) != VMH_OK)
        return;
    EXPECT(vmh_async_values_set(&values, packed, text_size, arena, &why) == VMH_OK, "they fit");
    vmh_async_values_encode(&values, again);
    expect_same(bytes, again);
}

static void check_call(vmh_bytes bytes, vmh_buffer *again)
{
    vmh_async_call call = {0};
    vmh_failure why;

    if (vmh_async_call_decode(bytes, &call, &why) != VMH_OK)
        return;
    EXPECT(vmh_async_is_call_record(bytes), "a call is told from other records");
    vmh_async_call_encode(&call, again);
    expect_same(bytes, again);
}

static void check_group(vmh_bytes bytes, vmh_buffer *again)
{
    vmh_call_group group = {0};
    vmh_failure why;

    if (vmh_async_group_decode(bytes, &group, &why) != VMH_OK)
        return;
    EXPECT(!vmh_async_is_call_record(bytes), "a group is no call");
    EXPECT(group.open_count != 0, "a group that is kept has a call");
    vmh_async_group_encode(&group, again);
    expect_same(bytes, again);
}

static void check_outcome(vmh_bytes bytes, vmh_buffer *again)
{
    vmh_async_outcome outcome = {0};
    vmh_failure why;

    if (vmh_async_outcome_decode(bytes, &outcome, &why) != VMH_OK)
        return;
    EXPECT(!vmh_async_is_call_record(bytes), "an outcome is no call");
    vmh_async_outcome_encode(&outcome, again);
    expect_same(bytes, again);
}

static void check_suspended(vmh_bytes bytes, vmh_buffer *again)
{
    vmh_suspended_run run;
    vmh_failure why;

    if (vmh_suspended_run_decode(bytes, &run, &why) != VMH_OK)
        return;
    vmh_suspended_run_encode(&run, again);
    expect_same(bytes, again);
}

static void check_taken(vmh_bytes bytes, vmh_arena *arena, vmh_buffer *again)
{
    vmh_taken taken;
    vmh_failure why;
    uint64_t end;

    if (vmh_taken_decode(bytes, arena, &taken, &why) != VMH_OK)
        return;
    /* No record is one of nothing. */
    vmh_taken_encode(&taken, again);
    if (bytes.size != 0)
        expect_same(bytes, again);
    end = vmh_taken_end(&taken);
    EXPECT(end >= taken.base, "the end is not before the base");
    EXPECT(taken.base == 0 || vmh_taken_has(&taken, taken.base - 1), "below the base all is taken");
    if (vmh_taken_is_beyond(&taken, end) || vmh_taken_has(&taken, end))
        return;
    EXPECT(vmh_taken_add(&taken, end, arena, &why) == VMH_OK, "the next one is taken");
    EXPECT(vmh_taken_has(&taken, end), "and was");
}

static void check_call_data(vmh_bytes text, vmh_arena *arena, vmh_buffer *again)
{
    vmh_call_data data, other;
    vmh_failure why;
    bool known;

    EXPECT(vmh_call_data_parse(text, false, arena, &data, &known, &why) == VMH_OK, "it is read");
    if (!known)
        return;
    vmh_call_data_build(&data, again);
    EXPECT(again->size == text.size, "it is as long when it is written");
    EXPECT(vmh_call_data_parse(vmh_buffer_bytes(again), false, arena, &other, &known, &why) ==
                   VMH_OK &&
               known && other.argument_count == data.argument_count &&
               vmh_bytes_equal(other.function, data.function),
           "and says the same");
    for (size_t i = 0; i < data.argument_count; i++)
        EXPECT(vmh_bytes_equal(data.arguments[i], other.arguments[i]), "in each argument");
}

static void check(uint64_t sort, vmh_bytes bytes, vmh_arena *arena, vmh_buffer *again)
{
    switch (sort) {
    case 1:
        check_header(bytes, again);
        break;
    case 2:
        check_values(bytes, arena, again);
        break;
    case 3:
        check_call(bytes, again);
        break;
    case 4:
        check_group(bytes, again);
        break;
    case 5:
        check_outcome(bytes, again);
        break;
    case 6:
        check_suspended(bytes, again);
        break;
    case 7:
        check_taken(bytes, arena, again);
        break;
    case 8:
        check_call_data(bytes, arena, again);
        break;
    default:
        check_message(bytes, sort == 0, arena, again);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    harness_input input = vmh_bytes_of(data, size);
    uint64_t sort = harness_take_number(&input, 1) % SORTS;
    vmh_arena arena;
    vmh_buffer again;

    harness_watch_memory(0);
    vmh_arena_init(&arena);
    vmh_buffer_init(&again);
    check(sort, input, &arena, &again);
    vmh_buffer_clear(&again);
    vmh_arena_clear(&arena);
    EXPECT(harness_memory_peak() <= room_for(size), "no more room than the bytes give reason for");
    harness_expect_no_memory();
    return 0;
}
