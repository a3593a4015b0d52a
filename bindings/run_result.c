#include "run_result.h"

#include "argument_table.h"
#include "codec/argument_codec.h"
#include "codec/receipt_codec.h"
#include "convert.h"
#include "failure.h"
#include "field.h"
#include "schema_table.h"

static void push_packed(lua_State *L, vmh_bytes packed, vmh_arena *arena)
{
    vmh_argument_array arguments;
    vmh_argument_fault fault;
    vmh_failure why;
    bool known;

    if (vmh_argument_array_decode(packed, arena, &arguments, &known, &fault, &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
    vmh_push_argument_array(L, arguments);
}

static void push_events(lua_State *L, vmh_bytes packed, vmh_arena *arena)
{
    const vmh_event *events;
    size_t count;
    vmh_failure why;

    if (vmh_events_decode(packed, arena, &events, &count, &why) != VMH_OK)
        luaL_error(L, "%s", why.text);
    vmh_push_events(L, events, count);
}

void vmh_push_calls(lua_State *L, const vmh_run_record *record)
{
    lua_createtable(L, (int)record->call_count, 0);
    for (size_t i = 0; i < record->call_count; i++) {
        lua_createtable(L, 0, 3);
        vmh_push_bytes(L, record->calls[i].contract_name);
        lua_setfield(L, -2, "contract_name");
        vmh_push_bytes(L, record->calls[i].method_name);
        lua_setfield(L, -2, "method_name");
        if (record->calls[i].line != 0)
            vmh_set_integer_field(L, "line", record->calls[i].line);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void vmh_set_detail(lua_State *L, const vmh_run_record *record)
{
    if (record->detail.size != 0)
        vmh_set_bytes_field(L, "detail", record->detail);
}

static void set_id(lua_State *L, const char *name, const vmh_hash32 *id)
{
    static const vmh_hash32 none;

    if (memcmp(id->bytes, none.bytes, sizeof none.bytes) != 0)
        vmh_set_bytes_field(L, name, vmh_bytes_hash(id));
}

static void push_executions(lua_State *L, const vmh_run_record *record)
{
    lua_createtable(L, (int)record->execution_count, 0);
    for (size_t i = 0; i < record->execution_count; i++) {
        const vmh_inline_execution *execution = &record->executions[i];

        lua_createtable(L, 0, 8); /* of one that went well */
        lua_pushstring(L, vmh_execution_kind_name(execution->kind));
        lua_setfield(L, -2, "kind");
        vmh_set_bytes_field(L, "contract_name", execution->contract_name);
        vmh_set_bytes_field(L, "method_name", execution->method_name);
        set_id(L, "id", &execution->id);
        set_id(L, "parent", &execution->parent);
        set_id(L, "answered", &execution->answered);
        vmh_set_integer_field(L, "gas_given", execution->gas_given);
        vmh_set_integer_field(L, "gas_used", execution->gas_used);
        vmh_set_integer_field(L, "code", execution->code);
        if (execution->code != VMH_CODE_OK)
            vmh_set_bytes_field(L, "error", execution->error);
        if (execution->detail.size != 0)
            vmh_set_bytes_field(L, "detail", execution->detail);
        if (execution->line != 0)
            vmh_set_integer_field(L, "line", execution->line);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_undone(lua_State *L, const vmh_run_record *record)
{
    lua_createtable(L, (int)record->event_count, 0);
    for (size_t i = 0; i < record->event_count; i++) {
        lua_pushboolean(L, record->undone_events[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

static void push_bytes_list(lua_State *L, const vmh_bytes *items, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_push_bytes(L, items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* Each only where there is something to tell. */
void vmh_set_async_fields(lua_State *L, const vmh_run_record *record)
{
    bool has_undone = false;

    for (size_t i = 0; i < record->event_count; i++)
        has_undone = has_undone || record->undone_events[i];
    if (record->execution_count != 0) {
        push_executions(L, record);
        lua_setfield(L, -2, "executions");
    }
    if (record->message_count != 0) {
        push_bytes_list(L, record->messages, record->message_count);
        lua_setfield(L, -2, "messages");
    }
    if (has_undone) {
        push_undone(L, record);
        lua_setfield(L, -2, "undone_events");
    }
    if (record->gas_refunded != 0)
        vmh_set_integer_field(L, "gas_refunded", record->gas_refunded);
    if (record->is_refused) {
        lua_pushboolean(L, true);
        lua_setfield(L, -2, "is_refused");
    }
}

/* Most have the calls alone. */
static int count_fields(const vmh_run_record *record)
{
    return 1 + (record->is_resumed ? 1 : 0) + (record->execution_count != 0 ? 1 : 0) +
           (record->message_count != 0 ? 1 : 0);
}

static void push_records(lua_State *L, const vmh_transaction_set_result *result)
{
    lua_createtable(L, (int)result->report_count, 0);
    for (size_t i = 0; i < result->report_count; i++) {
        const vmh_run_record *record = &result->reports[i]->record;

        lua_createtable(L, 0, count_fields(record));
        if (result->reports[i]->receipt.execution_result != VMH_RESULT_SUCCESS) {
            vmh_set_bytes_field(L, "error", record->error);
            vmh_set_detail(L, record);
        }
        if (record->is_resumed)
            vmh_set_bytes_field(L, "first_run_id", vmh_bytes_hash(&record->first_run_id));
        vmh_push_calls(L, record);
        lua_setfield(L, -2, "calls");
        vmh_set_async_fields(L, record);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/* The encoded receipts, which are fields of the receipts at `index`. */
static void push_receipt_messages(lua_State *L, int index, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 1; i <= count; i++) {
        lua_rawgeti(L, index, (lua_Integer)i);
        lua_getfield(L, -1, "message");
        lua_rawseti(L, -3, (lua_Integer)i);
        lua_pop(L, 1);
    }
}

/* What storage:commit_state_diff takes; the diff is on top of the stack and stays. */
static void push_block(lua_State *L, int receipts, const vmh_transaction_set *set,
                       const vmh_transaction_set_result *result)
{
    lua_createtable(L, 0, 7);
    vmh_set_integer_field(L, "height", set->block.height);
    vmh_set_integer_field(L, "timestamp", set->block.timestamp);
    vmh_set_bytes_field(L, "block_proposer", vmh_block_ref_proposer(&set->block));
    vmh_set_integer_field(L, "reference_time", set->block.reference_time);
    push_bytes_list(L, set->signed_transactions, set->count);
    lua_setfield(L, -2, "transactions");
    push_receipt_messages(L, receipts, result->report_count);
    lua_setfield(L, -2, "receipts");
    lua_pushvalue(L, -2);
    lua_setfield(L, -2, "state_diffs");
}

/* What did not prove itself, in order. */
static void push_refused(lua_State *L, const vmh_transaction_set_result *result)
{
    lua_createtable(L, (int)result->refused_count, 0);
    for (size_t i = 0; i < result->refused_count; i++) {
        const vmh_refused_record *refused = &result->refused[i];

        lua_createtable(L, 0, 3);
        lua_pushstring(L, refused->is_acknowledgement ? "acknowledgements" : "incoming");
        lua_setfield(L, -2, "list");
        vmh_set_integer_field(L, "index", refused->index + 1);
        lua_pushstring(L, refused->reason);
        lua_setfield(L, -2, "reason");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

void vmh_push_transaction_set_result(lua_State *L, const vmh_transaction_set *set,
                                     const vmh_transaction_set_result *result)
{
    int receipts;

    lua_createtable(L, 0, 5);
    push_refused(L, result);
    lua_setfield(L, -2, "refused");
    push_records(L, result);
    lua_setfield(L, -2, "records");
    vmh_push_messages(L, &vmh_schema_transaction_receipt, result->receipts, result->report_count);
    receipts = lua_gettop(L);
    vmh_push_state_diff(L, &result->diff);
    push_block(L, receipts, set, result);
    lua_setfield(L, -4, "block");
    lua_setfield(L, -3, "state_diffs");
    lua_setfield(L, -2, "receipts");
}

int vmh_push_pre_order_result(lua_State *L, const vmh_transaction_status *statuses, size_t count,
                              size_t failed, vmh_bytes refusal)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, vmh_transaction_status_name(statuses[i]));
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    if (failed == SIZE_MAX)
        return 1;
    lua_createtable(L, 0, 3);
    vmh_set_integer_field(L, "index", failed + 1);
    lua_pushstring(L, vmh_transaction_status_name(statuses[failed]));
    lua_setfield(L, -2, "status");
    lua_pushfstring(L, "transaction %I: %s", (lua_Integer)failed + 1,
                    vmh_transaction_status_name(statuses[failed]));
    if (statuses[failed] == VMH_STATUS_REJECTED_GLOBAL_PRE_ORDER) {
        lua_pushliteral(L, ": ");
        vmh_push_bytes(L, refusal);
        lua_concat(L, 3);
    }
    lua_setfield(L, -2, "message");
    return 2;
}

static void set_outputs(lua_State *L, vmh_execution_result result, uint32_t code,
                        vmh_bytes packed, vmh_arena *arena)
{
    lua_pushstring(L, vmh_execution_result_name(result));
    lua_setfield(L, -2, "execution_result");
    vmh_set_integer_field(L, "code", code);
    push_packed(L, packed, arena);
    lua_setfield(L, -2, "output_arguments");
    vmh_set_bytes_field(L, "output_argument_bytes", packed);
}

int vmh_push_query_result(lua_State *L, const vmh_query_result *result, vmh_arena *arena)
{
    lua_createtable(L, 0, 9);
    set_outputs(L, result->execution_result, result->code, result->output_arguments, arena);
    push_events(L, result->output_events, arena);
    lua_setfield(L, -2, "output_events");
    vmh_set_bytes_field(L, "output_event_bytes", result->output_events);
    vmh_set_integer_field(L, "reference_height", result->reference_height);
    vmh_set_integer_field(L, "reference_timestamp", result->reference_timestamp);
    vmh_push_calls(L, &result->record);
    lua_setfield(L, -2, "calls");
    if (result->execution_result == VMH_RESULT_SUCCESS)
        return 1;
    vmh_set_detail(L, &result->record);
    vmh_push_bytes(L, result->record.error);
    return 2;
}

int vmh_push_system_call_result(lua_State *L, const vmh_process_call_output *output,
                                vmh_arena *arena)
{
    lua_createtable(L, 0, 4);
    set_outputs(L, output->call_result, output->code, output->output_arguments, arena);
    if (output->call_result == VMH_RESULT_SUCCESS)
        return 1;
    vmh_push_bytes(L, output->error);
    return 2;
}
