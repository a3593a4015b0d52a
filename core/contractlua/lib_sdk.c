/*
 * `sdk`: what a contract declares, who calls it, the block, and its events. Reading and
 * writing of state is in handle.c, other contracts in lib_service.c.
 */
#include "codec/argument_codec.h"
#include "contractlua/handle.h"
#include "contractlua/lib_sdk.h"

/* ---- sdk.contract ---- */

static vmh_lua_step emit_event(vmh_lua_state *L, vmh_lua_frame *frame);

const vmh_lua_native vmh_lua_event_native = {"emit", emit_event};

/* A function per event, in a table. */
static vmh_lua_table *make_events(vmh_lua_state *L, const vmh_lua_interface *interface)
{
    vmh_lua_table *table = vmh_lua_table_new(&L->heap);

    for (size_t i = 0; table != NULL && i < interface->event_count; i++) {
        vmh_lua_native_object *made;
        vmh_lua_string *name;

        if (!vmh_lua_heap_count(&L->heap, VMH_LUA_CLOSURE_COST + VMH_LUA_CAPTURE_COST))
            return NULL;
        made = vmh_lua_heap_alloc(&L->heap, sizeof *made + sizeof made->kept[0]);
        name = vmh_lua_string_new(&L->heap, interface->events[i].name);
        if (made == NULL || name == NULL)
            return NULL;
        made->native = &vmh_lua_event_native;
        made->kept_count = 1;
        made->kept[0] = vmh_lua_integer((int64_t)i);
        if (!vmh_lua_raw_set(L, table, vmh_lua_of_string(name),
                             (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = made}}))
            return NULL;
    }
    if (table != NULL)
        table->is_read_only = true;
    return table;
}

/* Makes the interface, or takes the one that the code is known to declare. */
static bool take_interface(vmh_lua_state *L, const vmh_lua_table *declaration, vmh_lua_step *step)
{
    vmh_lua_sdk *sdk = L->sdk;
    vmh_bytes wrong = {0};
    vmh_status status;

    if (sdk->interface != NULL)
        return true;
    status = vmh_lua_interface_new(declaration, sdk->scratch, &sdk->made, &wrong, L->why);
    if (status != VMH_OK)
        *step = vmh_lua_host_failed(L, status);
    else if (wrong.size != 0)
        *step = vmh_lua_abort(L, VMH_CODE_CONTRACT_FAILED, "%.*s", VMH_PRINT(wrong));
    sdk->interface = sdk->made;
    return sdk->interface != NULL;
}

/*
 * sdk.contract(declaration) -> contract, state, emit. What is wrong with a declaration ends
 * the execution, so that what a code declares is the same in each run that gets past it.
 */
static vmh_lua_step sdk_contract(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_table *declaration, *contract, *events;
    vmh_lua_handle *state;
    vmh_lua_value *slots;
    vmh_lua_step step;

    if (!L->sdk->is_declaring)
        return vmh_lua_raise_text(L, "'contract' is for the main chunk");
    if (!vmh_lua_check_table(L, frame, 0, &declaration, &step))
        return step;
    if (L->sdk->has_declared)
        return vmh_lua_abort(L, VMH_CODE_CONTRACT_FAILED, "sdk.contract: called twice");
    vmh_arena_reset(L->sdk->scratch);
    L->sdk->has_declared = true;
    if (!take_interface(L, declaration, &step))
        return step;
    if (!vmh_lua_charge(L, (L->sdk->interface->text_size / 4 + 1) * VMH_LUA_GAS_DECLARATION))
        return vmh_lua_stopped(L);
    contract = vmh_lua_table_new(&L->heap);
    state = contract == NULL ? NULL : vmh_lua_handle_root(L, L->sdk->interface);
    events = state == NULL ? NULL : make_events(L, L->sdk->interface);
    if (events == NULL)
        return vmh_lua_stopped(L);
    slots = vmh_lua_slots(L, frame);
    slots[0] = vmh_lua_of_table(contract);
    slots[1] = (vmh_lua_value){.tag = VMH_LUA_HANDLE, .as = {.handle = state}};
    slots[2] = vmh_lua_of_table(events);
    return vmh_lua_return_from(frame, 0, 3);
}

/* ---- events ---- */

static vmh_lua_step emit_event(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Events", "emitEvent", VMH_PERMISSION_SERVICE};
    size_t number = (size_t)frame->native->kept[0].as.integer;
    const vmh_lua_declared_event *event = &L->sdk->interface->events[number];
    vmh_lua_expected expected = {"event", event->name, event->fields, event->field_count,
                                 event->field_names, false};
    vmh_argument_array array;
    vmh_argument arguments[2];
    vmh_bytes packed;
    uint64_t size;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_EVENT))
        return vmh_lua_stopped(L);
    if (!vmh_lua_check_values(L, &expected, vmh_lua_slots(L, frame), frame->argument_count,
                              &array, &step))
        return step;
    size = vmh_lua_size_with_header(array);
    if (!vmh_lua_charge_packed(L, size) ||
        !vmh_lua_charge(L, (size / 32 + 1) * VMH_LUA_GAS_EVENT_WORD))
        return vmh_lua_stopped(L);
    if (!vmh_lua_pack(L, array, &packed, &step))
        return step;
    arguments[0] = vmh_argument_string(event->name);
    arguments[1] = vmh_argument_bytes(VMH_ARGUMENT_BYTES, packed);
    if (!vmh_lua_sdk_call(L, &operation, (vmh_argument_array){arguments, 2}, NULL, &step))
        return step;
    return vmh_lua_return_none(frame);
}

/* ---- who and where ---- */

/* An operation without arguments that answers one value. */
static vmh_lua_step ask(vmh_lua_state *L, vmh_lua_frame *frame, const vmh_lua_operation *operation,
                        vmh_argument_type type)
{
    vmh_argument answer;
    vmh_lua_value value;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK))
        return vmh_lua_stopped(L);
    if (!vmh_lua_sdk_ask(L, operation, (vmh_argument_array){0}, type, &answer, &step))
        return step;
    if (!vmh_lua_from_argument(L, &answer, &value))
        return vmh_lua_stopped(L);
    return vmh_lua_return(L, frame, value);
}

/* While `_init` runs the caller is who deploys, not the contract that does it for him. */
static vmh_lua_step ask_deployer(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Address", "getDeployerAddress",
                                                VMH_PERMISSION_SYSTEM};
    vmh_argument answer;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK))
        return vmh_lua_stopped(L);
    if (!vmh_lua_sdk_ask(L, &operation, (vmh_argument_array){0}, VMH_ARGUMENT_BYTES, &answer,
                         &step))
        return step;
    /* Behind the address is a byte that tells what it is of. */
    return vmh_lua_return_bytes(L, frame, vmh_bytes_of(answer.value.bytes.data, 20));
}

/* A function of `sdk` that is one operation of the host. */
#define ASKS(name, operation_name, method_name, type)                                        \
    static vmh_lua_step name(vmh_lua_state *L, vmh_lua_frame *frame)                         \
    {                                                                                        \
        static const vmh_lua_operation operation = {operation_name, method_name,             \
                                                    VMH_PERMISSION_SERVICE};                 \
                                                                                             \
        return ask(L, frame, &operation, type);                                              \
    }
ASKS(sdk_called_by, "Sdk.Address", "getCallerAddress", VMH_ARGUMENT_BYTES)
ASKS(sdk_signer, "Sdk.Address", "getSignerAddress", VMH_ARGUMENT_BYTES)
ASKS(sdk_own_address, "Sdk.Address", "getOwnAddress", VMH_ARGUMENT_BYTES)
ASKS(sdk_block_height, "Sdk.Env", "getBlockHeight", VMH_ARGUMENT_UINT64)
ASKS(sdk_block_time, "Sdk.Env", "getBlockTimestamp", VMH_ARGUMENT_UINT64)
ASKS(sdk_chain_id, "Sdk.Env", "getVirtualChainId", VMH_ARGUMENT_UINT32)
ASKS(sdk_committee, "Sdk.Env", "getBlockCommittee", VMH_ARGUMENT_BYTES_ARRAY)
#undef ASKS

static vmh_lua_step sdk_caller(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return L->sdk->is_deploying ? ask_deployer(L, frame) : sdk_called_by(L, frame);
}

/* Amount and token that came with the call; zero and nil where nothing did. */
static vmh_lua_step sdk_call_value(vmh_lua_state *L, vmh_lua_frame *frame)
{
    static const vmh_lua_operation operation = {"Sdk.Service", "getCallValue",
                                                VMH_PERMISSION_SERVICE};
    vmh_argument_array outputs;
    vmh_lua_value *slots;
    vmh_lua_value token = vmh_lua_nil(), amount;
    vmh_lua_step step;

    if (!vmh_lua_sdk_begin(L, frame, &step))
        return step;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_ASK))
        return vmh_lua_stopped(L);
    if (!vmh_lua_sdk_call(L, &operation, (vmh_argument_array){0}, &outputs, &step))
        return step;
    if (outputs.count != 2 || outputs.items[0].type != VMH_ARGUMENT_BYTES ||
        outputs.items[1].type != VMH_ARGUMENT_UINT256)
        return vmh_lua_host_failed(L, vmh_fail(L->why, VMH_E_SCRIPT,
                                               "SDK handler answered no value to getCallValue"));
    if (!vmh_lua_from_argument(L, &outputs.items[1], &amount) ||
        (outputs.items[0].value.bytes.size != 0 &&
         !vmh_lua_from_argument(L, &outputs.items[0], &token)))
        return vmh_lua_stopped(L);
    slots = vmh_lua_slots(L, frame);
    slots[0] = amount;
    slots[1] = token;
    return vmh_lua_return_from(frame, 0, 2);
}

const vmh_lua_native vmh_lua_sdk_natives[] = {
    {"contract", sdk_contract},
    {"service", vmh_lua_sdk_service},
    {"call", vmh_lua_sdk_call_service},
    {"call_with_value", vmh_lua_sdk_call_with_value},
    {"await", vmh_lua_sdk_await},
    {"await_with_value", vmh_lua_sdk_await_with_value},
    {"await_all", vmh_lua_sdk_await_all},
    {"send", vmh_lua_sdk_send},
    {"send_with_value", vmh_lua_sdk_send_with_value},
    {"balance", vmh_lua_sdk_balance},
    {"transfer", vmh_lua_sdk_transfer},
    {"has", vmh_lua_sdk_has},
    {"key_at", vmh_lua_sdk_key_at},
    {"caller", sdk_caller},
    {"signer", sdk_signer},
    {"own_address", sdk_own_address},
    {"block_height", sdk_block_height},
    {"block_time", sdk_block_time},
    {"committee", sdk_committee},
    {"chain_id", sdk_chain_id},
    {"call_value", sdk_call_value},
    {"sha256", vmh_lua_sdk_sha256},
    {"keccak256", vmh_lua_sdk_keccak256},
    {"blake2b", vmh_lua_sdk_blake2b},
    {"ripemd160", vmh_lua_sdk_ripemd160},
    {"ed25519_verify", vmh_lua_sdk_ed25519_verify},
    {"secp256k1_verify", vmh_lua_sdk_secp256k1_verify},
    {"secp256k1_recover", vmh_lua_sdk_secp256k1_recover},
    {"address_of_service", vmh_lua_sdk_address_of_service},
    {"address_of_key", vmh_lua_sdk_address_of_key},
    {"address_text", vmh_lua_sdk_address_text},
    {"address", vmh_lua_sdk_address},
    {NULL, NULL},
};
