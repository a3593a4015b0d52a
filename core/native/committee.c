#include "crypto/address.h"
#include "crypto/digest.h"
#include "native/native_contract.h"
#include "types/host_texts.h"

/* Misses that cost nothing, and at which reputation is at its worst. */
enum { MISSES_TOLERATED = 2, MISSES_CAP = 6, REPUTATION_MAX = MISSES_CAP - MISSES_TOLERATED };

typedef struct committee {
    const vmh_argument *members; /* bytes */
    size_t count;
} committee;

static bool ask_committee(vmh_native_call *call, const char *method, committee *out)
{
    vmh_argument answer;

    if (!vmh_native_ask(call, "Sdk.Env", method, VMH_ARGUMENT_BYTES_ARRAY, &answer))
        return false;
    *out = (committee){answer.value.array.items, answer.value.array.count};
    return true;
}

static void return_array(vmh_native_call *call, vmh_argument_type type,
                         const vmh_argument *items, size_t count)
{
    vmh_native_return(call, (vmh_argument){type, {.array = {items, count}}});
}

/* ---- misses and reputation ---- */

static bool misses_key(vmh_native_call *call, vmh_bytes member, vmh_bytes *key)
{
    vmh_bytes hex;

    return vmh_native_hex(call, member, &hex) &&
           vmh_native_join(call, key,
                           (vmh_bytes[]){VMH_LITERAL("Address_"), hex, VMH_LITERAL("_Misses")}, 3);
}

static bool read_misses(vmh_native_call *call, vmh_bytes member, uint32_t *misses)
{
    vmh_bytes key;

    return misses_key(call, member, &key) && vmh_native_read_u32(call, key, misses);
}

static uint32_t reputation_of(uint32_t misses)
{
    if (misses <= MISSES_TOLERATED)
        return 0;
    return misses < MISSES_CAP ? misses - MISSES_TOLERATED : REPUTATION_MAX;
}

static bool read_reputation(vmh_native_call *call, vmh_bytes member, uint32_t *reputation)
{
    uint32_t misses;

    if (!read_misses(call, member, &misses))
        return false;
    *reputation = reputation_of(misses);
    return true;
}

static bool get_misses(vmh_native_call *call)
{
    uint32_t misses;

    if (!read_misses(call, call->arguments[0].value.bytes, &misses))
        return false;
    vmh_native_return(call, vmh_argument_uint32(misses));
    return true;
}

static bool get_reputation(vmh_native_call *call)
{
    uint32_t reputation;

    if (!read_reputation(call, call->arguments[0].value.bytes, &reputation))
        return false;
    vmh_native_return(call, vmh_argument_uint32(reputation));
    return true;
}

/* Twenty bytes of a member: cut or filled with zeros. */
static bool as_bytes20(vmh_native_call *call, vmh_bytes member, vmh_argument *out)
{
    uint8_t *bytes = vmh_arena_alloc_array(call->arena, 20, 1);

    if (bytes == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    if (member.size != 0)
        memcpy(bytes, member.data, member.size < 20 ? member.size : 20);
    *out = vmh_argument_bytes(VMH_ARGUMENT_BYTES20, vmh_bytes_of(bytes, 20));
    return true;
}

static bool return_all(vmh_native_call *call,
                       bool (*read)(vmh_native_call *, vmh_bytes, uint32_t *))
{
    vmh_argument *addresses, *numbers;
    committee members;

    if (!ask_committee(call, "getBlockCommittee", &members))
        return false;
    addresses = vmh_arena_alloc_array(call->arena, members.count, sizeof *addresses);
    numbers = vmh_arena_alloc_array(call->arena, members.count, sizeof *numbers);
    if (addresses == NULL || numbers == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    for (size_t i = 0; i < members.count; i++) {
        vmh_bytes member = members.members[i].value.bytes;
        uint32_t number;

        if (!as_bytes20(call, member, &addresses[i]) || !read(call, member, &number))
            return false;
        numbers[i] = vmh_argument_uint32(number);
    }
    return_array(call, VMH_ARGUMENT_BYTES20_ARRAY, addresses, members.count);
    return_array(call, VMH_ARGUMENT_UINT32_ARRAY, numbers, members.count);
    return true;
}

static bool get_all_misses(vmh_native_call *call)
{
    return return_all(call, read_misses);
}

static bool get_all_reputations(vmh_native_call *call)
{
    return return_all(call, read_reputation);
}

/* ---- order ---- */

/* Weights summed up in committee order; 0 stands for a member that was picked. */
typedef struct lottery {
    uint32_t *weights;
    uint32_t *sums;
    uint32_t total;
} lottery;

static bool make_lottery(vmh_native_call *call, committee members, lottery *out)
{
    out->weights = vmh_arena_alloc_array(call->arena, members.count, sizeof *out->weights);
    out->sums = vmh_arena_alloc_array(call->arena, members.count, sizeof *out->sums);
    out->total = 0;
    if (out->weights == NULL || out->sums == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    for (size_t i = 0; i < members.count; i++) {
        uint32_t reputation;

        if (!read_reputation(call, members.members[i].value.bytes, &reputation))
            return false;
        out->weights[i] = (uint32_t)1 << (REPUTATION_MAX - reputation);
        out->total += out->weights[i];
        out->sums[i] = out->total;
    }
    return true;
}

static size_t pick(lottery *tickets, size_t count, uint32_t ticket)
{
    size_t picked = 0;

    while (picked < count && ticket > tickets->sums[picked])
        picked++;
    tickets->total -= tickets->weights[picked];
    tickets->sums[picked] = 0;
    for (size_t i = picked + 1; i < count; i++) {
        if (tickets->sums[i] != 0)
            tickets->sums[i] -= tickets->weights[picked];
    }
    return picked;
}

static bool order_committee(vmh_native_call *call, committee *ordered)
{
    vmh_argument height, *members;
    committee source;
    lottery tickets;
    vmh_hash32 random;
    uint8_t seed[8];

    if (!ask_committee(call, "getBlockCommittee", &source) ||
        !vmh_native_ask(call, "Sdk.Env", "getBlockHeight", VMH_ARGUMENT_UINT64, &height) ||
        !make_lottery(call, source, &tickets))
        return false;
    members = vmh_arena_alloc_array(call->arena, source.count, sizeof *members);
    if (members == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    vmh_put_u64_le(seed, height.value.uint64);
    vmh_sha256(vmh_bytes_of(seed, sizeof seed), &random);
    for (size_t slot = 0; slot < source.count; slot++) {
        uint32_t ticket = vmh_get_u32_le(random.bytes + 28) % tickets.total + 1;

        members[slot] = source.members[pick(&tickets, source.count, ticket)];
        vmh_sha256(vmh_bytes_hash(&random), &random);
    }
    *ordered = (committee){members, source.count};
    return true;
}

static bool get_ordered_committee(vmh_native_call *call)
{
    committee ordered;

    if (!order_committee(call, &ordered))
        return false;
    return_array(call, VMH_ARGUMENT_BYTES_ARRAY, ordered.members, ordered.count);
    return true;
}

/* ---- updateMisses ---- */

static bool emit_member(vmh_native_call *call, const char *event, vmh_bytes member)
{
    vmh_argument argument = vmh_argument_bytes(VMH_ARGUMENT_BYTES, member);

    return vmh_native_emit(call, event, (vmh_argument_array){&argument, 1});
}

static bool clear_misses(vmh_native_call *call, vmh_bytes member, const char *event)
{
    vmh_bytes key;

    return misses_key(call, member, &key) && vmh_native_clear(call, key) &&
           emit_member(call, event, member);
}

static bool add_miss(vmh_native_call *call, vmh_bytes member)
{
    uint32_t misses;
    vmh_bytes key;

    if (!misses_key(call, member, &key) || !vmh_native_read_u32(call, key, &misses))
        return false;
    if (misses == UINT32_MAX)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_OVERFLOW_ADD);
    return vmh_native_write_u32(call, key, misses + 1) &&
           emit_member(call, "CommitteeMemberMissed", member);
}

static bool is_member(committee members, vmh_bytes address)
{
    for (size_t i = 0; i < members.count; i++) {
        if (vmh_bytes_equal(members.members[i].value.bytes, address))
            return true;
    }
    return false;
}

static bool raise_not_member(vmh_native_call *call, vmh_bytes proposer)
{
    vmh_argument height;
    vmh_bytes hex;

    return vmh_native_ask(call, "Sdk.Env", "getBlockHeight", VMH_ARGUMENT_UINT64, &height) &&
           vmh_native_hex(call, proposer, &hex) &&
           vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_PROPOSER_NOT_MEMBER,
                            (const char *)hex.data, (unsigned long long)height.value.uint64);
}

/* Members whose turn came before the proposer's missed it. */
static bool update_in_order(vmh_native_call *call, committee ordered, vmh_bytes proposer)
{
    for (size_t i = 0; i < ordered.count; i++) {
        vmh_bytes member = ordered.members[i].value.bytes;

        if (vmh_bytes_equal(member, proposer))
            return clear_misses(call, member, "CommitteeMemberClosedBlock");
        if (!add_miss(call, member))
            return false;
    }
    return true;
}

static bool clear_leaving(vmh_native_call *call)
{
    committee current, next;

    if (!ask_committee(call, "getBlockCommittee", &current) ||
        !ask_committee(call, "getNextBlockCommittee", &next))
        return false;
    for (size_t i = 0; i < current.count; i++) {
        vmh_bytes member = current.members[i].value.bytes;

        if (!is_member(next, member) &&
            !clear_misses(call, member, "CommitteeMemberLeavesNextBlock"))
            return false;
    }
    return true;
}

static bool check_caller_is_triggers(vmh_native_call *call)
{
    vmh_address caller, triggers;

    if (!vmh_native_ask_address(call, "getCallerAddress", &caller))
        return false;
    vmh_address_of_contract(VMH_LITERAL("_Triggers"), &triggers);
    if (!vmh_bytes_equal(vmh_bytes_address(&caller), vmh_bytes_address(&triggers)))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_TRIGGERS_ONLY);
    return true;
}

static bool update_misses(vmh_native_call *call)
{
    committee ordered;
    vmh_argument proposer;

    if (!check_caller_is_triggers(call) || !order_committee(call, &ordered) ||
        !vmh_native_ask(call, "Sdk.Env", "getBlockProposerAddress", VMH_ARGUMENT_BYTES, &proposer))
        return false;
    if (ordered.count == 0)
        return clear_misses(call, proposer.value.bytes, "CommitteeMemberClosedBlock");
    /* First, since events of a failed transaction stay. */
    if (!is_member(ordered, proposer.value.bytes))
        return raise_not_member(call, proposer.value.bytes);
    return update_in_order(call, ordered, proposer.value.bytes) && clear_leaving(call);
}

static bool init(vmh_native_call *call)
{
    (void)call;
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "getOrderedCommittee",
     .function = get_ordered_committee,
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES_ARRAY}},
    {.name = "getReputation",
     .function = get_reputation,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_BYTES},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT32}},
    {.name = "getMisses",
     .function = get_misses,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_BYTES},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT32}},
    {.name = "getAllCommitteeReputations",
     .function = get_all_reputations,
     .result_count = 2,
     .results = {VMH_ARGUMENT_BYTES20_ARRAY, VMH_ARGUMENT_UINT32_ARRAY}},
    {.name = "getAllCommitteeMisses",
     .function = get_all_misses,
     .result_count = 2,
     .results = {VMH_ARGUMENT_BYTES20_ARRAY, VMH_ARGUMENT_UINT32_ARRAY}},
    {.name = "updateMisses", .function = update_misses, .writes = true},
    {.name = "_init", .function = init, .is_internal = true},
};

/* _Committee (spec/host.md 9.5): who closes the next block, and who missed a turn. */
const vmh_native_contract vmh_native_committee = {
    .name = "_Committee",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
