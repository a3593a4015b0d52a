/// Blocks of a state storage: what commits them, and what finds them again.
// @submodule vmhost.state_storage
#include "codec/block_codec.h"
#include "codec/state_diff_codec.h"
#include "convert.h"
#include "failure.h"
#include "field.h"
#include "state_storage.h"

static void set_list(lua_State *L, const char *name, const vmh_bytes *items, size_t count)
{
    lua_createtable(L, count > INT32_MAX ? 0 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_push_bytes(L, items[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, name);
}

/* A list of bytes under `name`, copied into the arena; absent is empty. */
static const vmh_bytes *field_list(lua_State *L, const char *name, vmh_arena *arena, size_t *count)
{
    vmh_path path = vmh_path_root(name);
    vmh_bytes *list = NULL;

    *count = 0;
    if (vmh_push_field(L, 2, name)) {
        *count = vmh_path_check_list(L, -1, &path);
        list = vmh_path_new_list(L, arena, *count, sizeof *list);
        for (size_t i = 0; i < *count; i++) {
            vmh_path item = vmh_path_item(&path, (lua_Integer)i + 1);

            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            list[i] = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &item));
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return list;
}

static uint64_t field_u64(lua_State *L, const char *name, bool needed)
{
    vmh_path path = vmh_path_root(name);
    uint64_t value = 0;

    if (vmh_push_field(L, 2, name) || needed)
        value = vmh_path_check_u64(L, -1, &path);
    lua_pop(L, 1);
    return value;
}

static void check_block_ref(lua_State *L, vmh_block_ref *out)
{
    vmh_bytes proposer = vmh_check_bytes_field(L, 2, "block_proposer", false);
    vmh_path path = vmh_path_root("reference_time");

    *out = (vmh_block_ref){.height = field_u64(L, "height", true),
                           .timestamp = field_u64(L, "timestamp", false)};
    if (vmh_push_field(L, 2, "reference_time"))
        out->reference_time = vmh_path_check_u32(L, -1, &path);
    lua_pop(L, 1);
    if (proposer.size > sizeof out->proposer)
        luaL_argerror(L, 2, lua_pushfstring(L, "block_proposer: at most %d bytes, got %d",
                                            VMH_PROPOSER_SIZE_MAX, (int)proposer.size));
    if (proposer.size != 0)
        memcpy(out->proposer, proposer.data, proposer.size);
    out->proposer_size = proposer.size;
}

/// Commits the next block: state, trie, headers, transactions, receipts and
// diffs, in one write.
//
// A height that is not the last one + 1 changes nothing and is no failure. Of
// several records for one key the last one wins; an empty value deletes.
// After a failed write the height is as the store has it.
// Rule: the state storage specification, method CommitStateDiff.
// @function StateStorage:commit_state_diff
// @tparam table block
// @tparam integer block.height
// @tparam[opt=0] integer block.timestamp nanoseconds
// @tparam[opt=""] string block.block_proposer at most 32 bytes
// @tparam[opt=0] integer block.reference_time seconds
// @tparam[opt] {string,...} block.transactions SignedTransaction messages
// @tparam[opt] {string,...} block.receipts TransactionReceipt messages
// @tparam[opt] table block.state_diffs `{ { contract_name=, state_diffs={ {key=,
//   value=}, ... } }, ... }`
// @treturn[1] integer the height to commit next
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `store_io`, `store_corrupt`, `script_error`, `limit` or
//   `no_memory`
// @raise for an unknown or wrong field
static int storage_commit_state_diff(lua_State *L)
{
    static const char *const known[] = {"height",         "timestamp",    "block_proposer",
                                        "reference_time", "transactions", "receipts",
                                        "state_diffs",    NULL};
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_path path = vmh_path_root("state_diffs");
    vmh_state_diff diff = {0};
    vmh_block block = {.diff = &diff};
    uint64_t next;
    vmh_arena *arena;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 2);
    vmh_check_options(L, 2, known);
    arena = vmh_push_arena(L);
    check_block_ref(L, &block.ref);
    block.transactions = field_list(L, "transactions", arena, &block.transaction_count);
    block.receipts = field_list(L, "receipts", arena, &block.receipt_count);
    if (vmh_push_field(L, 2, "state_diffs"))
        vmh_check_state_diff(L, -1, &path, arena, &diff);
    status = vmh_state_storage_commit_state_diff(vmh_storage_enter(handle), &block, &next, &why);
    vmh_storage_leave(handle);
    vmh_clear_scratch(L, 3);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushinteger(L, (lua_Integer)next);
    return 1;
}

static vmh_status decode_diffs(const vmh_stored_block *block, vmh_arena *arena,
                               vmh_state_diff *out, vmh_failure *why)
{
    vmh_contract_state_diff *contracts =
        vmh_arena_alloc_array(arena, block->diff_count + 1, sizeof *contracts);
    vmh_status status = VMH_OK;

    if (contracts == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; status == VMH_OK && i < block->diff_count; i++)
        status = vmh_contract_state_diff_decode(block->diffs[i], arena, &contracts[i], why);
    *out = (vmh_state_diff){contracts, block->diff_count};
    return status;
}

static void push_block(lua_State *L, uint64_t height, const vmh_stored_block *block,
                       const vmh_state_diff *diff)
{
    vmh_hash32 hash;

    vmh_block_hash(block->transactions_header, block->results_header, &hash);
    lua_createtable(L, 0, 7);
    vmh_set_integer_field(L, "height", height);
    vmh_set_bytes_field(L, "block_hash", vmh_bytes_hash(&hash));
    vmh_set_bytes_field(L, "transactions_header", block->transactions_header);
    vmh_set_bytes_field(L, "results_header", block->results_header);
    set_list(L, "transactions", block->transactions, block->transaction_count);
    set_list(L, "receipts", block->receipts, block->receipt_count);
    vmh_push_state_diff(L, diff);
    lua_setfield(L, -2, "state_diffs");
}

/// A committed block; blocks of all heights are kept.
// @function StateStorage:block
// @tparam integer height from 1
// @treturn[1] table `{ height=, block_hash=, transactions_header=, results_header=,
//   transactions={string,...}, receipts={string,...}, state_diffs={...} }`; headers,
//   transactions and receipts are messages as bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `height_ahead`, `not_found` for height 0, `store_io`,
//   `store_corrupt`, `script_error` or `no_memory`
static int storage_block(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    uint64_t height = vmh_check_unsigned(L, 2);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_stored_block block;
    vmh_state_diff diff;
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_block(vmh_storage_enter(handle), height, arena, &block, &why);

    vmh_storage_leave(handle);
    if (status == VMH_OK)
        status = decode_diffs(&block, arena, &diff, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    push_block(L, height, &block, &diff);
    return 1;
}

static vmh_hash32 check_hash(lua_State *L, int index)
{
    vmh_hash32 hash;

    memcpy(hash.bytes, vmh_check_bytes_of_size(L, index, sizeof hash.bytes).data,
           sizeof hash.bytes);
    return hash;
}

/// The height of the block with this hash.
// @function StateStorage:find_block
// @tparam string block_hash 32 bytes
// @treturn[1] integer height
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `not_found`, `store_io`, `store_corrupt` or `script_error`
static int storage_find_block(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_hash32 hash = check_hash(L, 2);
    uint64_t height;
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_find_block(vmh_storage_enter(handle), &hash, &height, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushinteger(L, (lua_Integer)height);
    return 1;
}

/// Where a receipt is: by transaction hash, or by request id under rules whose
// receipts carry one. A transaction committed twice is found where it was first.
// @function StateStorage:find_receipt
// @tparam string id 32 bytes
// @treturn[1] integer height
// @treturn[1] integer index in the receipts of that block, from 1
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `find_block`
static int storage_find_receipt(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_hash32 id = check_hash(L, 2);
    uint64_t height;
    uint32_t index;
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_find_receipt(vmh_storage_enter(handle), &id, &height, &index, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_pushinteger(L, (lua_Integer)height);
    lua_pushinteger(L, (lua_Integer)index + 1);
    return 2;
}

const luaL_Reg vmh_storage_block_methods[] = {
    {"commit_state_diff", storage_commit_state_diff},
    {"block", storage_block},
    {"find_block", storage_find_block},
    {"find_receipt", storage_find_receipt},
    {NULL, NULL},
};
