#include "contractlua/contract.h"

#include "contractlua/sdk.h"
#include "types/host_texts.h"

enum { ERROR_SIZE = 1024 };

vmh_lua_value vmh_lua_find_function(const vmh_lua_outcome *outcome, vmh_bytes name)
{
    const vmh_lua_table *table;

    if (outcome->result_count == 0 || outcome->results[0].tag != VMH_LUA_TABLE)
        return vmh_lua_nil();
    table = outcome->results[0].as.table;
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const vmh_lua_entry *entry = &table->entries[i];

        if (entry->key.tag == VMH_LUA_STRING &&
            (entry->value.tag == VMH_LUA_CLOSURE || entry->value.tag == VMH_LUA_NATIVE) &&
            vmh_bytes_equal(vmh_lua_string_bytes(entry->key.as.string), name))
            return entry->value;
    }
    return vmh_lua_nil();
}

vmh_status vmh_lua_check_contract(const vmh_lua_interface *interface,
                                  const vmh_lua_outcome *outcome, vmh_arena *arena,
                                  vmh_bytes *wrong, vmh_failure *why)
{
    *wrong = (vmh_bytes){0};
    if (interface == NULL)
        *wrong = VMH_LITERAL(VMH_TEXT_LUA_NO_DECLARATION);
    else if (outcome->result_count == 0 || outcome->results[0].tag != VMH_LUA_TABLE)
        *wrong = VMH_LITERAL(VMH_TEXT_LUA_NO_RESULT);
    if (wrong->size != 0)
        return VMH_OK;
    for (size_t i = 0; i < interface->method_count; i++) {
        vmh_bytes name = interface->methods[i].method.name;

        if (vmh_lua_is_nil(vmh_lua_find_function(outcome, name)))
            return vmh_arena_format(arena, wrong, why, VMH_TEXT_LUA_NO_FUNCTION, VMH_PRINT(name));
    }
    return VMH_OK;
}

vmh_bytes vmh_lua_error_text(const vmh_lua_outcome *outcome, char number[80])
{
    vmh_lua_value error = outcome->error;
    vmh_bytes text = vmh_bytes_of(number, vmh_lua_number_text(error, number));

    if (outcome->stop == VMH_LUA_STOP_GAS)
        return VMH_LITERAL(VMH_TEXT_OUT_OF_GAS);
    if (outcome->stop == VMH_LUA_STOP_MEMORY)
        return VMH_LITERAL(VMH_TEXT_OUT_OF_MEMORY);
    if (error.tag == VMH_LUA_STRING)
        text = vmh_lua_string_bytes(error.as.string);
    else if (text.size == 0)
        text = vmh_bytes_text(vmh_lua_type_name(error));
    if (text.size > ERROR_SIZE)
        text.size = ERROR_SIZE;
    return text;
}

/* What the main chunk came to, as the text of what is wrong with it. */
static vmh_status judge(const vmh_lua_sdk *sdk, const vmh_lua_outcome *outcome, vmh_arena *arena,
                        vmh_bytes *wrong, vmh_failure *why)
{
    char number[80];

    if (outcome->is_good)
        return vmh_lua_check_contract(sdk->interface, outcome, arena, wrong, why);
    return vmh_arena_copy(arena, vmh_lua_error_text(outcome, number), wrong, why);
}

vmh_status vmh_lua_learn_interface(vmh_lua_contract *contract, uint64_t gas_limit,
                                   uint64_t memory_limit, vmh_arena *arena, vmh_bytes *wrong,
                                   vmh_failure *why)
{
    vmh_lua_sdk sdk = {.scratch = arena, .is_declaring = true, .gas_limit = gas_limit};
    vmh_lua_outcome outcome;
    vmh_arena scratch;
    vmh_lua_state *L;
    vmh_status status;

    *wrong = (vmh_bytes){0};
    if (vmh_lua_contract_interface(contract) != NULL)
        return VMH_OK;
    L = vmh_lua_state_new(vmh_lua_cache_library());
    if (L == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&scratch);
    sdk.scratch = &scratch;
    L->sdk = &sdk;
    status = vmh_lua_run(L, vmh_lua_contract_code(contract), gas_limit, memory_limit, &outcome,
                         why);
    if (status == VMH_OK)
        status = judge(&sdk, &outcome, arena, wrong, why);
    if (status == VMH_OK && wrong->size == 0) {
        vmh_lua_contract_declare(contract, sdk.made);
        sdk.made = NULL;
    }
    vmh_lua_interface_free(sdk.made);
    vmh_arena_clear(&scratch);
    vmh_lua_state_free(L);
    return status;
}
