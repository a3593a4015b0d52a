/// State storage: the committed state of one chain, its recent heights, its
// merkle trie and its blocks, on LevelDB, in memory, or over a store made of
// Lua functions.
//
// Keys, values, hashes, proofs and messages are Lua strings of raw bytes.
// Heights and times are integers: nanoseconds since the epoch for `timestamp`,
// seconds for reference times. A function that can fail gives `nil, message,
// code`; what it was to change is then as it was.
// @module vmhost.state_storage
#include "state/state_storage.h"

#include "convert.h"
#include "failure.h"
#include "field.h"
#include "handle.h"
#include "scripted_store.h"
#include "state/store_backends.h"
#include "state/trie_proof.h"
#include "state_storage.h"
#include "trie_proof.h"

__attribute__((visibility("default"))) int luaopen_vmhost_state_storage(lua_State *L);

/* User value of a handle that keeps the functions of a scripted store. */
enum { USER_VALUE_FUNCTIONS = 2 };

static int push_hash_or_failure(lua_State *L, vmh_status status, const vmh_hash32 *hash,
                                const vmh_failure *why)
{
    if (status != VMH_OK)
        return vmh_push_failure(L, why);
    vmh_push_bytes(L, vmh_bytes_hash(hash));
    return 1;
}

static int push_true_or_failure(lua_State *L, vmh_status status, const vmh_failure *why)
{
    if (status != VMH_OK)
        return vmh_push_failure(L, why);
    lua_pushboolean(L, 1);
    return 1;
}

/* The height at `index`, or the last committed one. */
static uint64_t opt_height(lua_State *L, int index, const vmh_handle *handle)
{
    if (lua_isnoneornil(L, index))
        return vmh_state_storage_last_block(handle->core)->block.height;
    return vmh_check_unsigned(L, index);
}

static bool opt_boolean(lua_State *L, int index, const char *name, bool absent)
{
    bool value = absent;

    if (vmh_push_field(L, index, name)) {
        vmh_path path = vmh_path_root(name);

        value = vmh_path_check_bool(L, -1, &path);
    }
    lua_pop(L, 1);
    return value;
}

static uint64_t opt_unsigned(lua_State *L, int index, const char *name, uint64_t absent)
{
    vmh_path path = vmh_path_root(name);
    uint64_t value = absent;

    if (vmh_push_field(L, index, name)) {
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 0)
            vmh_path_expected(L, &path, "an integer that is not negative", -1);
        value = (uint64_t)lua_tointeger(L, -1);
    }
    lua_pop(L, 1);
    return value;
}

static uint64_t opt_history(lua_State *L, int index, uint64_t absent)
{
    vmh_path path = vmh_path_root("history");
    uint64_t history = absent;

    if (vmh_push_field(L, index, "history")) {
        if (lua_type(L, -1) == LUA_TSTRING && strcmp(lua_tostring(L, -1), "all") == 0)
            history = VMH_HISTORY_ALL;
        else if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
            vmh_path_error(L, &path, "expected a number of heights from 1, or 'all'");
        else
            history = (uint64_t)lua_tointeger(L, -1);
    }
    lua_pop(L, 1);
    return history;
}

/* What the options ask for, read before anything is opened. */
typedef struct request {
    const char *path; /* NULL: not on LevelDB */
    bool memory;
    lua_State *functions; /* NULL: not scripted */
    bool create;
    bool has_genesis;
    vmh_genesis genesis;
    vmh_state_storage_options options;
} request;

/* Finds out which store is meant; the handle at `handle_index` keeps the functions. */
static void check_backend(lua_State *L, int handle_index, request *r)
{
    vmh_path path_option = vmh_path_root("path");
    int given = 0;

    if (vmh_push_field(L, 1, "path")) {
        vmh_bytes path = vmh_path_check_bytes(L, -1, &path_option);

        if (memchr(path.data, '\0', path.size) != NULL)
            vmh_path_error(L, &path_option, "a zero byte in the name of a folder");
        r->path = (const char *)path.data;
        given++;
    }
    lua_pop(L, 1); /* the table keeps the string */
    r->memory = opt_boolean(L, 1, "memory", false);
    given += r->memory;
    if (vmh_push_field(L, 1, "store")) {
        r->functions = vmh_push_scripted_store_functions(L, -1);
        lua_setiuservalue(L, handle_index, USER_VALUE_FUNCTIONS);
        given++;
    }
    lua_pop(L, 1);
    if (given != 1)
        luaL_argerror(L, 1, "one of path, memory = true and store is needed");
}

static vmh_status open_store(const request *r, vmh_store **store, vmh_failure *why)
{
    if (r->path != NULL)
        return vmh_store_leveldb_open(r->path, r->create, store, why);
    if (r->memory)
        return vmh_store_memory_open(store, why);
    return vmh_scripted_store_open(r->functions, store, why);
}

bool vmh_storage_is_scripted(lua_State *L, int index)
{
    bool is_scripted = lua_getiuservalue(L, index, USER_VALUE_FUNCTIONS) != LUA_TNIL;

    lua_pop(L, 1);
    return is_scripted;
}

/// Opens the state storage of a chain, or makes a new chain in an empty store.
//
// Exactly one of `path`, `memory` and `store` is given. A `store` is a table of
// functions: `get(key)` gives a value or nil; `write(operations, sync)` applies a
// list of `{key=, value=}` and `{key=, delete=true}`, all or none; `seek(from)`
// gives a function that gives the next key and value, ascending, and nil at the
// end. Each may return `nil, message`, which becomes the code `store_io`; what it
// raises becomes `script_error`, with a traceback.
// @function open
// @tparam table options
// @tparam[opt] string options.path folder of a LevelDB store
// @tparam[opt] boolean options.memory keep everything in memory
// @tparam[opt] table options.store a store made of functions
// @tparam[opt] table options.genesis what the chain is made from; needed for an
//   empty store, and compared with that of the store otherwise
// @tparam[opt=5] integer|string options.history how many heights stay readable,
//   or `"all"`
// @tparam[opt=true] boolean options.sync a commit survives a crash of the machine
// @tparam[opt=true] boolean options.create make the folder of `path` when absent
// @treturn[1] StateStorage
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `not_found`, `store_locked`, `store_version`,
//   `genesis_mismatch`, `store_corrupt`, `store_io`, `script_error`,
//   `invalid_input` or `no_memory`
// @raise for an unknown or wrong option
static int storage_open(lua_State *L)
{
    static const char *const known[] = {"path",    "memory", "store",  "genesis",
                                        "history", "sync",   "create", NULL};
    request r = {.options = vmh_state_storage_options_default()};
    vmh_path genesis_path = vmh_path_root("genesis");
    vmh_state_storage *core;
    vmh_store *store;
    vmh_handle *handle;
    vmh_arena *arena;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 1);
    vmh_check_options(L, 1, known);
    handle = vmh_handle_push(L, VMH_STATE_STORAGE_TYPE, sizeof *handle, 0);
    arena = vmh_push_arena(L);
    check_backend(L, 2, &r);
    r.create = opt_boolean(L, 1, "create", true);
    r.options.sync = opt_boolean(L, 1, "sync", true);
    r.options.history = opt_history(L, 1, r.options.history);
    if (vmh_push_field(L, 1, "genesis")) {
        vmh_check_genesis(L, -1, &genesis_path, arena, &r.genesis);
        r.options.genesis = &r.genesis;
    }
    status = open_store(&r, &store, &why);
    if (status == VMH_OK)
        status = vmh_state_storage_open(store, &r.options, &core, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_handle_opened(handle, core);
    lua_pushvalue(L, 2);
    return 1;
}

/// Closes the storage; closing twice is quiet.
// @function StateStorage:close
// @raise while a host that uses the storage is open
static int storage_close(lua_State *L)
{
    vmh_state_storage_close(vmh_handle_take_core(L, VMH_STATE_STORAGE_TYPE));
    return 0;
}

/// Writes the state of height 0, once; it may be empty.
// @function StateStorage:commit_genesis
// @tparam table state_diffs as in `commit_state_diff`
// @treturn[1] boolean true
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `invalid_input` when it was written before, `store_io`,
//   `store_corrupt`, `script_error` or `no_memory`
static int storage_commit_genesis(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_path path = vmh_path_root("state_diffs");
    vmh_state_diff diff;
    vmh_arena *arena;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 2);
    arena = vmh_push_arena(L);
    vmh_check_state_diff(L, 2, &path, arena, &diff);
    status = vmh_state_storage_commit_genesis(vmh_storage_enter(handle), &diff, &why);
    vmh_storage_leave(handle);
    return push_true_or_failure(L, status, &why);
}

/// Whether the state of height 0 is still to be written.
// @function StateStorage:is_new
// @treturn boolean
static int storage_is_new(lua_State *L)
{
    lua_pushboolean(L, vmh_state_storage_is_new(vmh_storage_check_handle(L)->core));
    return 1;
}

/// Reads several keys of one contract.
// A key never written reads as the empty string.
// Rule: the state storage specification, method ReadKeys.
// @function StateStorage:read_keys
// @tparam string contract contract name
// @tparam {string,...} keys raw bytes
// @tparam[opt] integer height block height; default the last committed one
// @treturn[1] {string,...} values, in the order of `keys`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `height_ahead`, `snapshot_pruned`, `invalid_input` for an
//   empty contract name or no keys, `store_io`, `store_corrupt`, `script_error` or
//   `no_memory`
// @raise if `keys` holds anything but strings, or the storage is closed
static int storage_read_keys(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_bytes contract_name = vmh_check_bytes(L, 2);
    uint64_t height = opt_height(L, 4, handle);
    vmh_path path = vmh_path_root("keys");
    size_t count = vmh_path_check_list(L, 3, &path);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_bytes *keys = vmh_path_new_list(L, arena, count, sizeof *keys);
    vmh_bytes *values = vmh_path_new_list(L, arena, count, sizeof *values);
    vmh_failure why;
    vmh_status status;

    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(&path, (lua_Integer)i + 1);

        lua_rawgeti(L, 3, (lua_Integer)i + 1);
        keys[i] = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &item));
        lua_pop(L, 1);
    }
    status = vmh_state_storage_read_keys(vmh_storage_enter(handle), height, contract_name, keys,
                                         count, arena, values, &why);
    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, count > INT32_MAX ? 0 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_push_bytes(L, values[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/// Reads one key of a contract.
// @function StateStorage:read
// @tparam string contract contract name
// @tparam string key raw bytes
// @tparam[opt] integer height block height; default the last committed one
// @treturn[1] string value, empty for a key that has none
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `read_keys`
static int storage_read(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_bytes contract_name = vmh_check_bytes(L, 2);
    vmh_bytes key = vmh_check_bytes(L, 3), value;
    uint64_t height = opt_height(L, 4, handle);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_failure why;
    vmh_status status = vmh_state_storage_read_keys(vmh_storage_enter(handle), height,
                                                    contract_name, &key, 1, arena, &value, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, value);
    return 1;
}

static void push_block_info(lua_State *L, const vmh_block_info *info)
{
    vmh_push_block_ref(L, &info->block);
    vmh_set_integer_field(L, "num_keys", info->key_count);
    vmh_set_integer_field(L, "size", info->value_size);
    vmh_set_integer_field(L, "size_mib", info->value_size / (1024 * 1024));
    vmh_set_bytes_field(L, "root", vmh_bytes_hash(&info->root));
}

/// What is known of the last committed block; never fails.
// Rule: the state storage specification, method GetLastCommittedBlockInfo.
// @function StateStorage:last_committed_block_info
// @treturn table `{ height=, timestamp=, block_proposer=, reference_time=,
//   prev_reference_time=, num_keys=, size=, size_mib=, root= }`; `num_keys` counts
//   keys that have a value, `size` the bytes of all values, `size_mib` the same in
//   whole MiB, `root` is the merkle root
static int storage_last_committed_block_info(lua_State *L)
{
    push_block_info(L, vmh_state_storage_last_block(vmh_storage_check_handle(L)->core));
    return 1;
}

/// The same of another readable height.
// @function StateStorage:block_info
// @tparam integer height
// @treturn[1] table as of `last_committed_block_info`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `height_ahead`, `snapshot_pruned`, `store_io`,
//   `store_corrupt` or `script_error`
static int storage_block_info(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    uint64_t height = vmh_check_unsigned(L, 2);
    vmh_block_info info;
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_block_info(vmh_storage_enter(handle), height, &info, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    push_block_info(L, &info);
    return 1;
}

/// The oldest height that can be read.
// @function StateStorage:oldest_height
// @treturn integer
static int storage_oldest_height(lua_State *L)
{
    lua_pushinteger(
        L, (lua_Integer)vmh_state_storage_oldest_height(vmh_storage_check_handle(L)->core));
    return 1;
}

/// The merkle root of a height.
// Rule: the state storage specification, method GetStateHash.
// @function StateStorage:state_hash
// @tparam[opt] integer height default the last committed one
// @treturn[1] string 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `block_info`
static int storage_state_hash(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    uint64_t height = opt_height(L, 2, handle);
    vmh_hash32 hash;
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_state_hash(vmh_storage_enter(handle), height, &hash, &why);

    vmh_storage_leave(handle);
    return push_hash_or_failure(L, status, &hash, &why);
}

/// A proof that a key has its value, or none, under the root of a height.
// @function StateStorage:prove
// @tparam string contract contract name
// @tparam string key
// @tparam[opt] integer height default the last committed one
// @treturn[1] string proof bytes, for `verify_proof`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `read_keys`
static int storage_prove(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_bytes contract_name = vmh_check_bytes(L, 2), key = vmh_check_bytes(L, 3);
    uint64_t height = opt_height(L, 4, handle);
    vmh_buffer *proof = vmh_push_buffer(L);
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_prove(vmh_storage_enter(handle), height, contract_name, key, proof, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(proof));
    return 1;
}

/* Keys and values met on a walk, kept in an arena: nothing of Lua runs during it. */
typedef struct collection {
    vmh_arena *arena;
    vmh_state_record *records;
    size_t count;
    size_t capacity;
} collection;

static vmh_status collect(void *self, vmh_bytes key, vmh_bytes value, vmh_failure *why)
{
    collection *c = self;
    vmh_state_record *records, *record;
    vmh_status status;

    records = vmh_arena_grow(c->arena, c->records, &c->capacity, c->count + 1, sizeof *records);
    if (records == NULL)
        return vmh_fail_memory(why);
    c->records = records;
    record = &records[c->count++];
    status = vmh_arena_copy(c->arena, key, &record->key, why);
    return status == VMH_OK ? vmh_arena_copy(c->arena, value, &record->value, why) : status;
}

/// The keys of a contract, ascending by byte value.
// @function StateStorage:keys
// @tparam string contract contract name
// @tparam[opt] table options
// @tparam[opt=""] string options.prefix only keys that begin with it
// @tparam[opt=""] string options.from only keys that are not less
// @tparam[opt] integer options.limit at most so many
// @tparam[opt] integer options.height default the last committed one
// @treturn[1] {table,...} `{ { key=, value= }, ... }`
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of `read_keys`
static int storage_keys(lua_State *L)
{
    static const char *const known[] = {"prefix", "from", "limit", "height", NULL};
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_bytes contract_name = vmh_check_bytes(L, 2), prefix = {0}, from = {0};
    uint64_t height, limit;
    collection found;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 3);
    if (lua_isnil(L, 3)) {
        lua_newtable(L);
        lua_replace(L, 3);
    }
    vmh_check_options(L, 3, known);
    prefix = vmh_check_bytes_field(L, 3, "prefix", false);
    from = vmh_check_bytes_field(L, 3, "from", false);
    height = opt_unsigned(L, 3, "height", vmh_state_storage_last_block(handle->core)->block.height);
    limit = opt_unsigned(L, 3, "limit", UINT64_MAX);
    found = (collection){.arena = vmh_push_arena(L)};
    status = vmh_state_storage_each_key(vmh_storage_enter(handle), height, contract_name, prefix,
                                        from, limit, collect, &found, &why);
    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, found.count > INT32_MAX ? 0 : (int)found.count, 0);
    for (size_t i = 0; i < found.count; i++) {
        lua_createtable(L, 0, 2);
        vmh_set_bytes_field(L, "key", found.records[i].key);
        vmh_set_bytes_field(L, "value", found.records[i].value);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/// The names of all contracts that have keys at the last height.
// @function StateStorage:contracts
// @treturn[1] {string,...} names, shorter ones first, those of one length ascending
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `store_io`, `store_corrupt`, `script_error` or `no_memory`
static int storage_contracts(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    collection found = {.arena = vmh_push_arena(L)};
    vmh_failure why;
    vmh_status status =
        vmh_state_storage_each_contract(vmh_storage_enter(handle), collect, &found, &why);

    vmh_storage_leave(handle);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_createtable(L, found.count > INT32_MAX ? 0 : (int)found.count, 0);
    for (size_t i = 0; i < found.count; i++) {
        vmh_push_bytes(L, found.records[i].key);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

/// What the chain was made from.
// @function StateStorage:genesis
// @treturn table a genesis table, with all its fields
static int storage_genesis(lua_State *L)
{
    vmh_push_genesis(L, vmh_state_storage_genesis(vmh_storage_check_handle(L)->core));
    return 1;
}

/// The hash that names the chain.
// @function StateStorage:genesis_hash
// @treturn string 32 bytes
static int storage_genesis_hash(lua_State *L)
{
    vmh_push_bytes(
        L, vmh_bytes_hash(vmh_state_storage_genesis_hash(vmh_storage_check_handle(L)->core)));
    return 1;
}

/// The merkle root built anew from all keys of the last height.
// Equals `state_hash()` in a sound store, unless under the rule set `reference`
// two keys have the same trie path.
// @function StateStorage:rebuild_root
// @treturn[1] string 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `store_io`, `store_corrupt`, `script_error` or `no_memory`
static int storage_rebuild_root(lua_State *L)
{
    vmh_handle *handle = vmh_storage_check_handle(L);
    vmh_hash32 root;
    vmh_failure why;
    vmh_status status = vmh_state_storage_rebuild_root(vmh_storage_enter(handle), &root, &why);

    vmh_storage_leave(handle);
    return push_hash_or_failure(L, status, &root, &why);
}

/// What the trie did since the storage was opened, for specs that count work.
// @function StateStorage:trie_counters
// @treturn table `{ hashes=, reads= }`: nodes hashed for new roots, and nodes asked
//   for, from the store or from memory
static int storage_trie_counters(lua_State *L)
{
    vmh_trie_counters counters = vmh_state_storage_trie_counters(vmh_storage_check_handle(L)->core);

    lua_createtable(L, 0, 2);
    vmh_set_integer_field(L, "hashes", counters.hashes);
    vmh_set_integer_field(L, "reads", counters.reads);
    return 1;
}

static const luaL_Reg methods[] = {
    {"commit_genesis", storage_commit_genesis},
    {"is_new", storage_is_new},
    {"read_keys", storage_read_keys},
    {"read", storage_read},
    {"last_committed_block_info", storage_last_committed_block_info},
    {"block_info", storage_block_info},
    {"oldest_height", storage_oldest_height},
    {"state_hash", storage_state_hash},
    {"prove", storage_prove},
    {"keys", storage_keys},
    {"contracts", storage_contracts},
    {"genesis", storage_genesis},
    {"genesis_hash", storage_genesis_hash},
    {"rebuild_root", storage_rebuild_root},
    {"trie_counters", storage_trie_counters},
    {NULL, NULL},
};

static const luaL_Reg functions[] = {
    {"open", storage_open},
    {NULL, NULL},
};

/// The root of a trie without keys, 32 bytes.
// @table empty_root

int luaopen_vmhost_state_storage(lua_State *L)
{
    vmh_handle_init(L);
    vmh_handle_register(L, VMH_STATE_STORAGE_TYPE, methods, storage_close);
    vmh_handle_add_methods(L, VMH_STATE_STORAGE_TYPE, vmh_storage_block_methods);
    luaL_newlib(L, functions);
    luaL_setfuncs(L, vmh_trie_proof_functions, 0);
    vmh_set_bytes_field(L, "empty_root", vmh_bytes_hash(&vmh_trie_empty_root));
    return 1;
}
