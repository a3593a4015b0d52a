#include "crypto/digest.h"
#include "native/native_contract.h"
#include "types/host_texts.h"

static const vmh_bytes problem_key = {(const uint8_t *)"SubscriptionProblem", 19};
static const vmh_bytes contract_key = {(const uint8_t *)"SubscriptionContract", 20};

/* The Ethereum contract's answer: id, plan, start (s), tokens (of 10^-18). */
typedef struct subscription {
    uint32_t virtual_chain_id;
    vmh_bytes plan;
    uint64_t start_time;
    vmh_word tokens;
} subscription;

static bool approve(vmh_native_call *call)
{
    vmh_bytes problem;

    if (!vmh_native_read(call, problem_key, &problem))
        return false;
    if (problem.size != 0)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%.*s", VMH_PRINT(problem));
    return true;
}

/* getSubscriptionData(bytes32): selector, then the chain id as 32 bytes. */
static void pack_request(uint32_t virtual_chain_id, uint8_t out[36])
{
    vmh_hash32 selector;

    vmh_keccak256(VMH_LITERAL("getSubscriptionData(bytes32)"), &selector);
    memset(out, 0, 36);
    memcpy(out, selector.bytes, 4);
    vmh_put_u32_be(out + 32, virtual_chain_id);
}

/* Four words and a string: every offset and length is checked. */
static bool unpack_answer(vmh_bytes packed, subscription *out)
{
    vmh_word offset, length, start;

    if (packed.size < 5 * 32)
        return false;
    offset = vmh_word_from_bytes(packed.data + 32);
    if (!vmh_word_fits_u64(&offset) || offset.limb[0] > packed.size - 32)
        return false;
    length = vmh_word_from_bytes(packed.data + offset.limb[0]);
    if (!vmh_word_fits_u64(&length) || length.limb[0] > packed.size - 32 - offset.limb[0])
        return false;
    out->virtual_chain_id = vmh_get_u32_be(packed.data + 28);
    out->plan = vmh_bytes_of(packed.data + offset.limb[0] + 32, length.limb[0]);
    start = vmh_word_from_bytes(packed.data + 64);
    out->start_time = vmh_word_fits_u64(&start) ? start.limb[0] : UINT64_MAX;
    out->tokens = vmh_word_from_bytes(packed.data + 96);
    return true;
}

static bool ask_ethereum(vmh_native_call *call, vmh_bytes contract, uint32_t virtual_chain_id,
                         subscription *out)
{
    static const char abi[] =
        "[{\"constant\":true,\"inputs\":[{\"name\":\"_id\",\"type\":\"bytes32\"}],"
        "\"name\":\"getSubscriptionData\",\"outputs\":[{\"name\":\"id\",\"type\":\"bytes32\"},"
        "{\"name\":\"profile\",\"type\":\"string\"},{\"name\":\"startTime\",\"type\":\"uint256\"},"
        "{\"name\":\"tokens\",\"type\":\"uint256\"}],\"payable\":false,"
        "\"stateMutability\":\"view\",\"type\":\"function\"}]";
    uint8_t request[36];
    vmh_argument inputs[5];
    vmh_argument_array outputs;

    pack_request(virtual_chain_id, request);
    inputs[0] = vmh_argument_string(contract);
    inputs[1] = vmh_argument_string(vmh_bytes_text(abi));
    inputs[2] = vmh_argument_uint64(0);
    inputs[3] = vmh_argument_string(VMH_LITERAL("getSubscriptionData"));
    inputs[4] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_of(request, sizeof request));
    if (!vmh_native_sdk(call, "Sdk.Ethereum", "callMethod", (vmh_argument_array){inputs, 5},
                        &outputs))
        return false;
    if (outputs.count == 1 && outputs.items[0].type == VMH_ARGUMENT_BYTES &&
        unpack_answer(outputs.items[0].value.bytes, out))
        return true;
    return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_SUBSCRIPTION_OUTPUT);
}

static bool find_price(vmh_bytes plan, uint64_t *price)
{
    static const struct {
        const char *plan;
        uint64_t price;
    } plans[] = {{"B0", 450},  {"B1", 850},  {"B2", 1650},
                 {"B3", 3300}, {"B4", 6600}, {"B5", 13200}};

    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++) {
        if (vmh_bytes_equal(plan, vmh_bytes_text(plans[i].plan))) {
            *price = plans[i].price;
            return true;
        }
    }
    return false;
}

/* What is wrong with a subscription; empty if nothing is. */
static bool find_problem(vmh_native_call *call, const subscription *paid, uint32_t chain_id,
                         uint64_t timestamp, vmh_bytes *problem)
{
    static const vmh_word unit = {{1000000000000000000u, 0, 0, 0}};
    vmh_word whole, needed;
    char text[79];
    uint64_t price;
    vmh_status status = VMH_OK;

    *problem = (vmh_bytes){0};
    if (paid->virtual_chain_id != chain_id) {
        status = vmh_arena_format(call->arena, problem, call->why, VMH_TEXT_SUBSCRIPTION_CHAIN,
                                  paid->virtual_chain_id, chain_id);
    } else if (paid->start_time > timestamp / 1000000000 ||
               paid->start_time * 1000000000 >= timestamp) {
        status = vmh_arena_format(call->arena, problem, call->why, VMH_TEXT_SUBSCRIPTION_STARTS,
                                  (unsigned long long)paid->start_time);
    } else if (!find_price(paid->plan, &price)) {
        status = vmh_arena_format(call->arena, problem, call->why, VMH_TEXT_SUBSCRIPTION_PLAN,
                                  VMH_PRINT(paid->plan));
    } else {
        vmh_word_divide(&paid->tokens, &unit, &whole, NULL);
        needed = vmh_word_of(price);
        vmh_word_to_decimal(&whole, text);
        if (vmh_word_compare(&whole, &needed) < 0)
            status = vmh_arena_format(call->arena, problem, call->why, VMH_TEXT_SUBSCRIPTION_PAID,
                                      VMH_PRINT(paid->plan), (unsigned long long)price, text);
    }
    return vmh_native_check(call, status);
}

/* The first address that is ever used stays the one. */
static bool settle_contract(vmh_native_call *call, vmh_bytes contract)
{
    vmh_bytes current;

    if (!vmh_native_read(call, contract_key, &current))
        return false;
    if (current.size == 0)
        return vmh_native_write(call, contract_key, contract);
    if (!vmh_bytes_equal(current, contract))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_SUBSCRIPTION_CONTRACT,
                                VMH_PRINT(current));
    return true;
}

static bool refresh_subscription(vmh_native_call *call)
{
    vmh_bytes contract = call->arguments[0].value.bytes;
    vmh_argument chain_id, timestamp;
    subscription paid;
    vmh_bytes problem;

    return settle_contract(call, contract) &&
           vmh_native_ask(call, "Sdk.Env", "getVirtualChainId", VMH_ARGUMENT_UINT32, &chain_id) &&
           vmh_native_ask(call, "Sdk.Env", "getBlockTimestamp", VMH_ARGUMENT_UINT64, &timestamp) &&
           ask_ethereum(call, contract, chain_id.value.uint32, &paid) &&
           find_problem(call, &paid, chain_id.value.uint32, timestamp.value.uint64, &problem) &&
           vmh_native_write(call, problem_key, problem);
}

static const vmh_native_method methods[] = {
    {.name = "approve", .function = approve},
    {.name = "refreshSubscription",
     .function = refresh_subscription,
     .writes = true,
     .parameter_count = 1,
     .parameters = {VMH_ARGUMENT_STRING}},
};

/* _GlobalPreOrder (spec/host.md 9.3): whether the chain's subscription is in order. */
const vmh_native_contract vmh_native_global_pre_order = {
    .name = "_GlobalPreOrder",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
