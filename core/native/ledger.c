#include "crypto/address.h"
#include "native/native_contract.h"
#include "types/host_texts.h"
#include "types/message.h"

static bool check_token(vmh_native_call *call, vmh_bytes token)
{
    if (token.size != VMH_TOKEN_SIZE)
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_TOKEN_SIZE, token.size);
    return true;
}

/* Account of an address in a token: address (20), token (10). */
static bool account_key(vmh_native_call *call, vmh_bytes address, vmh_bytes token, vmh_bytes *key)
{
    return vmh_native_join(call, key, (vmh_bytes[]){address, token}, 2);
}

/* Zero deletes. */
static bool write_amount(vmh_native_call *call, vmh_bytes key, const vmh_word *amount)
{
    if (vmh_word_is_zero(amount))
        return vmh_native_clear(call, key);
    return vmh_native_write_word(call, key, amount);
}

static bool credit(vmh_native_call *call, vmh_bytes address, vmh_bytes token,
                   const vmh_word *amount)
{
    vmh_word balance;
    vmh_bytes key;

    if (!account_key(call, address, token, &key) || !vmh_native_read_word(call, key, &balance))
        return false;
    /* Cannot overflow: all that is here of a token stays below 2^256. */
    vmh_word_add(&balance, amount, &balance);
    return write_amount(call, key, &balance);
}

static bool debit(vmh_native_call *call, vmh_bytes address, vmh_bytes token,
                  const vmh_word *amount)
{
    char wanted[79], present[79];
    vmh_word balance;
    vmh_bytes key;

    if (!account_key(call, address, token, &key) || !vmh_native_read_word(call, key, &balance))
        return false;
    if (vmh_word_compare(&balance, amount) < 0) {
        vmh_word_to_decimal(amount, wanted);
        vmh_word_to_decimal(&balance, present);
        return vmh_native_raise(call, VMH_CODE_LACK_OF_FUNDS, VMH_TEXT_LACK_OF_FUNDS, wanted,
                                present);
    }
    vmh_word_sub(&balance, amount, &balance);
    return write_amount(call, key, &balance);
}

static bool move(vmh_native_call *call, vmh_bytes from, vmh_bytes to, vmh_bytes token,
                 const vmh_word *amount)
{
    if (!check_token(call, token))
        return false;
    if (vmh_word_is_zero(amount))
        return true;
    return debit(call, from, token, amount) && credit(call, to, token, amount);
}

static bool get_balance(vmh_native_call *call)
{
    vmh_bytes address = call->arguments[0].value.bytes;
    vmh_bytes token = call->arguments[1].value.bytes;
    uint8_t *amount = vmh_arena_alloc(call->arena, 32);
    vmh_word balance;
    vmh_bytes key;

    if (amount == NULL)
        return vmh_native_check(call, vmh_fail_memory(call->why));
    if (!check_token(call, token) || !account_key(call, address, token, &key) ||
        !vmh_native_read_word(call, key, &balance))
        return false;
    vmh_word_to_bytes(&balance, amount);
    vmh_native_return(call, vmh_argument_bytes(VMH_ARGUMENT_UINT256, vmh_bytes_of(amount, 32)));
    return true;
}

static bool transfer(vmh_native_call *call)
{
    vmh_word amount = vmh_word_from_bytes(call->arguments[2].value.bytes.data);
    vmh_address caller;

    return vmh_native_ask_address(call, "getCallerAddress", &caller) &&
           move(call, vmh_bytes_address(&caller), call->arguments[0].value.bytes,
                call->arguments[1].value.bytes, &amount);
}

/* Credits new amounts; what was issued of a token in total is kept beside the accounts. */
static bool issue_to(vmh_native_call *call)
{
    vmh_bytes token = call->arguments[1].value.bytes;
    vmh_word amount = vmh_word_from_bytes(call->arguments[2].value.bytes.data);
    char text[79];
    vmh_word total, foreign, here;
    vmh_bytes key, foreign_key;

    if (!check_token(call, token) ||
        !vmh_native_join(call, &key, (vmh_bytes[]){VMH_LITERAL("Issued_"), token}, 2) ||
        !vmh_native_read_word(call, key, &total) ||
        !vmh_native_join(call, &foreign_key, (vmh_bytes[]){VMH_LITERAL("Foreign_"), token}, 2) ||
        !vmh_native_read_word(call, foreign_key, &foreign))
        return false;
    if (vmh_word_is_zero(&amount))
        return true;
    /* What is here: the issued, what other hosts sent, less what they were sent. */
    vmh_word_add(&total, &foreign, &here);
    if (vmh_word_add(&total, &amount, &total) || vmh_word_add(&here, &amount, &here)) {
        vmh_word_to_decimal(&amount, text);
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_ISSUE_OVERFLOW, text);
    }
    return vmh_native_write_word(call, key, &total) &&
           credit(call, call->arguments[0].value.bytes, token, &amount);
}

static bool issue(vmh_native_call *call)
{
    vmh_address caller;

    if (!vmh_native_ask_address(call, "getCallerAddress", &caller))
        return false;
    if (!vmh_bytes_equal(call->genesis->ledger_owner, vmh_bytes_address(&caller)))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, "%s", VMH_TEXT_NOT_LEDGER_OWNER);
    return issue_to(call);
}

/* Services of the host take no value, but for _Deployments, which passes it on. */
static bool check_takes_value(vmh_native_call *call, vmh_bytes service)
{
    if (service.size != 0 && service.data[0] == '_' &&
        !vmh_bytes_equal(service, VMH_LITERAL("_Deployments")))
        return vmh_native_raise(call, VMH_CODE_CONTRACT_FAILED, VMH_TEXT_VALUE_TO_SYSTEM,
                                VMH_PRINT(service));
    return true;
}

static bool call_with_value(vmh_native_call *call)
{
    const vmh_argument *arguments = call->arguments;
    vmh_word amount = vmh_word_from_bytes(arguments[4].value.bytes.data);
    vmh_argument_array outputs;
    vmh_argument inputs[6];
    vmh_address caller, service;

    vmh_address_of_contract(arguments[0].value.bytes, &service);
    if (!check_takes_value(call, arguments[0].value.bytes) ||
        !vmh_native_ask_address(call, "getCallerAddress", &caller) ||
        !move(call, vmh_bytes_address(&caller), vmh_bytes_address(&service),
              arguments[3].value.bytes, &amount))
        return false;
    inputs[0] = arguments[0];
    inputs[1] = arguments[1];
    inputs[2] = arguments[2];
    inputs[3] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, vmh_bytes_address(&caller));
    inputs[4] = arguments[3];
    inputs[5] = arguments[4];
    if (!vmh_native_sdk(call, "Sdk.Service", "callOnBehalf", (vmh_argument_array){inputs, 6},
                        &outputs) ||
        !vmh_native_check_answer(call, "callOnBehalf", outputs, VMH_ARGUMENT_BYTES))
        return false;
    vmh_native_return(call, outputs.items[0]);
    return true;
}

static const vmh_native_method methods[] = {
    {.name = "getBalance",
     .function = get_balance,
     .parameter_count = 2,
     .parameters = {VMH_ARGUMENT_BYTES20, VMH_ARGUMENT_BYTES},
     .result_count = 1,
     .results = {VMH_ARGUMENT_UINT256}},
    {.name = "transfer",
     .function = transfer,
     .writes = true,
     .parameter_count = 3,
     .parameters = {VMH_ARGUMENT_BYTES20, VMH_ARGUMENT_BYTES, VMH_ARGUMENT_UINT256}},
    {.name = "issue",
     .function = issue,
     .writes = true,
     .parameter_count = 3,
     .parameters = {VMH_ARGUMENT_BYTES20, VMH_ARGUMENT_BYTES, VMH_ARGUMENT_UINT256}},
    {.name = "callWithValue",
     .function = call_with_value,
     .writes = true,
     .parameter_count = 5,
     .parameters = {VMH_ARGUMENT_STRING, VMH_ARGUMENT_STRING, VMH_ARGUMENT_BYTES,
                    VMH_ARGUMENT_BYTES, VMH_ARGUMENT_UINT256},
     .result_count = 1,
     .results = {VMH_ARGUMENT_BYTES}},
    {.name = "_issueGenesis",
     .function = issue_to,
     .is_internal = true,
     .writes = true,
     .parameter_count = 3,
     .parameters = {VMH_ARGUMENT_BYTES20, VMH_ARGUMENT_BYTES, VMH_ARGUMENT_UINT256}},
};

/* _Ledger (spec/joins.md 8): amounts of tokens, by address of 20 bytes. */
const vmh_native_contract vmh_native_ledger = {
    .name = "_Ledger",
    .permission = VMH_PERMISSION_SYSTEM,
    .is_implicit = true,
    .methods = methods,
    .method_count = sizeof methods / sizeof methods[0],
};
