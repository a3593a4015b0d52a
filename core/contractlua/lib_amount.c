/* `sdk`: what the ledger has, and transfers from the contract's own account. */
#include "codec/argument_codec.h"
#include "contractlua/lib_service.h"

static bool check_address(vmh_lua_service_call *of, uint32_t index, vmh_bytes *out)
{
    vmh_lua_string *address;

    if (!vmh_lua_check_string(of->L, of->frame, index, &address, &of->step))
        return false;
    *out = vmh_lua_string_bytes(address);
    if (out->size == 20)
        return true;
    of->step = vmh_lua_bad_argument(of->L, of->frame, index, "an address has 20 bytes, got %zu",
                                    out->size);
    return false;
}

/* sdk.balance([address[, token]]): of the contract itself where no address is given. */
vmh_lua_step vmh_lua_sdk_balance(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation own = {"Sdk.Address", "getOwnAddress", VMH_PERMISSION_SERVICE};
    static const vmh_lua_operation operation = {"Sdk.Service", "getBalance",
                                                VMH_PERMISSION_SYSTEM};
    vmh_argument arguments[2], answer;
    vmh_lua_value amount;
    vmh_bytes address;
    vmh_lua_service_call of;

    if (!vmh_lua_service_begin(&of, L, frame) || !vmh_lua_service_take_token(&of, 1))
        return of.step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_STATE_READ))
        return vmh_lua_stopped(L);
    if (vmh_lua_is_nil(vmh_lua_argument(L, frame, 0))) {
        if (!vmh_lua_sdk_ask(L, &own, (vmh_argument_array){0}, VMH_ARGUMENT_BYTES, &answer,
                             &of.step))
            return of.step;
        address = answer.value.bytes;
    } else if (!check_address(&of, 0, &address)) {
        return of.step;
    }
    arguments[0] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, address);
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, of.token);
    if (!vmh_lua_sdk_ask(L, &operation, (vmh_argument_array){arguments, 2}, VMH_ARGUMENT_UINT256,
                         &answer, &of.step))
        return of.step;
    if (!vmh_lua_from_argument(L, &answer, &amount))
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, amount);
}

/* sdk.transfer(to, amount[, token]): from the contract's own account. */
vmh_lua_step vmh_lua_sdk_transfer(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_argument arguments[3];
    vmh_bytes address, bare, packed, results;
    vmh_status status;
    vmh_lua_service_call of;

    if (!vmh_lua_service_begin(&of, L, frame) || !check_address(&of, 0, &address) ||
        !vmh_lua_service_take_amount(&of, 1) ||
        !vmh_lua_service_take_token(&of, 2) || !vmh_lua_service_amount(&of, &arguments[2]))
        return of.step;
    arguments[0] = vmh_argument_bytes(VMH_ARGUMENT_BYTES20, address);
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, of.token);
    status = vmh_argument_array_pack((vmh_argument_array){arguments, 3}, L->sdk->scratch, &bare,
                                     L->why);
    if (status == VMH_OK)
        status = vmh_argument_array_add_header(bare, L->sdk->scratch, &packed, L->why);
    if (status != VMH_OK)
        return vmh_lua_host_failed(L, status);
    if (!vmh_lua_service_call_method(&of, VMH_LITERAL("_Ledger"), VMH_LITERAL("transfer"), packed, &results))
        return of.step;
    return vmh_lua_return_none(frame);
}
