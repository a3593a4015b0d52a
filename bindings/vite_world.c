/// @submodule vmhost.vite_core
#include "vite_world.h"

#include <stdlib.h>

#include "crypto/digest.h"
#include "failure.h"
#include "handle.h"
#include "path.h"
#include "vite/memory_ledger.h"
#include "vite_request.h"
#include "word.h"

#define WORLD_TYPE "vmhost.ViteWorld"

typedef struct world {
    vmh_vite_memory_ledger *ledger;
    vmh_vite_machine *machine;
    const vmh_rules *rules;
    vmh_vite_revision revision;
    vmh_vite_revision query_revision;
} world;

static void world_free(world *of)
{
    if (of == NULL)
        return;
    vmh_vite_memory_ledger_free(of->ledger);
    vmh_vite_machine_free(of->machine);
    free(of);
}

static vmh_status world_new(world **out, vmh_failure *why)
{
    world *made = calloc(1, sizeof *made);
    vmh_status status;

    if (made == NULL)
        return vmh_fail_memory(why);
    status = vmh_vite_memory_ledger_new(&made->ledger, why);
    if (status == VMH_OK)
        status = vmh_vite_machine_new(&made->machine, why);
    if (status != VMH_OK) {
        world_free(made);
        return status;
    }
    *out = made;
    return VMH_OK;
}

static world *check_world(lua_State *L)
{
    return vmh_handle_check(L, 1, WORLD_TYPE)->core;
}

static int world_close(lua_State *L)
{
    world_free(vmh_handle_take_core(L, WORLD_TYPE));
    return 0;
}

static bool option_bool(lua_State *L, int index, const char *name)
{
    bool value;

    lua_getfield(L, index, name);
    value = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return value;
}

static uint64_t option_u64(lua_State *L, int index, const vmh_path *path, const char *name,
                           uint64_t if_absent)
{
    vmh_path field;
    uint64_t value = if_absent;

    if (vmh_path_push_field(L, index, path, name, &field))
        value = vmh_path_check_u64(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

static const vmh_rules *option_rules(lua_State *L, int index)
{
    const vmh_rules *rules = &vmh_rules_vmhost_1;

    lua_getfield(L, index, "rule_set");
    if (!lua_isnil(L, -1)) {
        rules = vmh_rules_find(vmh_bytes_text(luaL_checkstring(L, -1)));
        if (rules == NULL)
            luaL_error(L, "unknown rule set '%s'", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return rules;
}

static void configure(lua_State *L, world *of)
{
    vmh_path root = vmh_path_root("world");
    uint64_t fork = option_u64(L, 1, &root, "fork", VMH_VITE_FORK_NEWEST);
    vmh_vite_form form = option_bool(L, 1, "metadata") ? VMH_VITE_FORM_METADATA
                                                       : VMH_VITE_FORM_CONTEXTS;
    vmh_vite_surroundings *around = vmh_vite_memory_ledger_surroundings(of->ledger);

    luaL_argcheck(L, fork <= VMH_VITE_FORK_X, 1, "fork must be at most 15");
    of->rules = option_rules(L, 1);
    of->revision = vmh_vite_revision_of((uint32_t)fork, form, VMH_VITE_MODE_RUN);
    of->query_revision = vmh_vite_revision_of((uint32_t)fork, form,
                                              of->rules->vite.queries_refuse_writes
                                                  ? VMH_VITE_MODE_STRICT_QUERY
                                                  : VMH_VITE_MODE_QUERY);
    around->seed = option_u64(L, 1, &root, "seed", 0);
    around->has_status = option_bool(L, 1, "has_status");
    around->knows_all = option_bool(L, 1, "knows_all");
}

/// Makes a world: accounts in memory whose contracts run as on a Vite chain.
// @function world
// @tparam[opt] table options rule_set (default "vmhost-1"); fork, the number of the newest
// active fork (default 12); metadata, true for the older form; seed; has_status, true where a
// snapshot block is known; knows_all, true where every contract address counts as a contract
// @treturn ViteWorld
int vmh_vite_world_open(lua_State *L)
{
    static const char *const known[] = {"rule_set", "fork", "metadata", "seed", "has_status",
                                        "knows_all", NULL};
    vmh_handle *handle;
    world *made = NULL;
    vmh_failure why;

    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    vmh_check_options(L, 1, known);
    handle = vmh_handle_push(L, WORLD_TYPE, sizeof *handle, 0);
    if (world_new(&made, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_handle_opened(handle, made);
    configure(L, made);
    return 1;
}

/* Nothing to give, or the failure. */
static int push_done(lua_State *L, vmh_status status, const vmh_failure *why)
{
    if (status != VMH_OK)
        return vmh_push_failure(L, why);
    lua_pushboolean(L, true);
    return 1;
}

/// Sets a balance.
// @function ViteWorld:set_balance
// @tparam string account 21 bytes
// @tparam string token 10 bytes
// @tparam word amount
// @treturn boolean true
static int world_set_balance(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);
    vmh_vite_token token = vmh_check_vite_token(L, 3);
    vmh_word amount;
    vmh_failure why;

    vmh_check_word(L, 4, &amount);
    return push_done(L, vmh_vite_memory_ledger_set_balance(of->ledger, &account, &token, &amount,
                                                           &why), &why);
}

/// Lists the balances of an account that are not 0.
// @function ViteWorld:balances
// @tparam string account 21 bytes
// @treturn table amount, a word, by token (10 bytes)
static int world_balances(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);

    lua_newtable(L);
    for (size_t i = 0; i < vmh_vite_memory_ledger_balance_count(of->ledger); i++) {
        vmh_vite_ledger_row row = vmh_vite_memory_ledger_balance(of->ledger, i);

        if (!vmh_vite_address_equal(&row.account, &account) || vmh_word_is_zero(&row.value))
            continue;
        vmh_push_bytes(L, vmh_bytes_of(row.token.bytes, sizeof row.token.bytes));
        vmh_push_word(L, &row.value);
        lua_rawset(L, -3);
    }
    return 1;
}

/// Sets a storage slot.
// @function ViteWorld:set_storage
// @tparam string account 21 bytes
// @tparam string key 32 bytes
// @tparam string value at most 32 bytes, a number with the most significant byte first
// @treturn boolean true
static int world_set_storage(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);
    vmh_word key = vmh_word_from_bytes(vmh_check_bytes_of_size(L, 3, 32).data);
    vmh_bytes bytes = vmh_check_bytes(L, 4);
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_word value;
    vmh_failure why;

    luaL_argcheck(L, bytes.size <= 32, 4, "at most 32 bytes");
    value = vmh_word_from_short(bytes);
    return push_done(L, port->put_storage(port, &account, &key, &value, &why), &why);
}

/// Lists the storage of an account.
// @function ViteWorld:storage
// @tparam string account 21 bytes
// @treturn table value, bytes without leading zeros, by key (32 bytes); empty ones left out
static int world_storage(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);

    lua_newtable(L);
    for (size_t i = 0; i < vmh_vite_memory_ledger_storage_count(of->ledger); i++) {
        vmh_vite_ledger_row row = vmh_vite_memory_ledger_storage(of->ledger, i);
        size_t size = (vmh_word_bits(&row.value) + 7) / 8;
        uint8_t bytes[32];

        if (!vmh_vite_address_equal(&row.account, &account) || size == 0)
            continue;
        vmh_word_to_bytes(&row.key, bytes);
        vmh_push_bytes(L, vmh_bytes_of(bytes, sizeof bytes));
        vmh_word_to_bytes(&row.value, bytes);
        vmh_push_bytes(L, vmh_bytes_of(bytes + sizeof bytes - size, size));
        lua_rawset(L, -3);
    }
    return 1;
}

/// Makes an account a contract.
// @function ViteWorld:set_contract
// @tparam string account 21 bytes
// @tparam table contract code (with its type byte; default none), quota_ratio (default 10),
// latency and random_degree (default 0)
// @treturn boolean true
static int world_set_contract(lua_State *L)
{
    static const char *const known[] = {"code", "quota_ratio", "latency", "random_degree", NULL};
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_path root = vmh_path_root("contract");
    vmh_path field;
    vmh_vite_contract contract;
    vmh_failure why;
    vmh_status status;

    vmh_path_check_keys(L, 3, &root, known);
    contract = (vmh_vite_contract){
        .is_known = true,
        .quota_ratio = (uint32_t)option_u64(L, 3, &root, "quota_ratio", 10),
        .latency = (uint32_t)option_u64(L, 3, &root, "latency", 0),
        .random_degree = (uint32_t)option_u64(L, 3, &root, "random_degree", 0),
    };
    status = port->put_contract(port, &account, &contract, &why);
    if (status == VMH_OK && vmh_path_push_field(L, 3, &root, "code", &field))
        status = port->put_code(port, &account, vmh_path_check_bytes(L, -1, &field), &why);
    return push_done(L, status, &why);
}

/// Tells about a contract.
// @function ViteWorld:contract
// @tparam string account 21 bytes
// @treturn ?table quota_ratio, latency, random_degree, and code with its type byte or nil;
// nil for an account that is no contract
static int world_contract(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_vite_contract contract;
    vmh_vite_code code;
    vmh_failure why;

    if (port->get_contract(port, &account, &contract, &why) != VMH_OK ||
        port->environment.get_code(&port->environment, &account, &code, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (!contract.is_known && !contract.has_code)
        return 0;
    lua_newtable(L);
    lua_pushinteger(L, contract.quota_ratio);
    lua_setfield(L, -2, "quota_ratio");
    lua_pushinteger(L, contract.latency);
    lua_setfield(L, -2, "latency");
    lua_pushinteger(L, contract.random_degree);
    lua_setfield(L, -2, "random_degree");
    if (contract.has_code) {
        lua_pushlstring(L, "\1", 1);
        vmh_push_bytes(L, code.bytes);
        lua_concat(L, 2);
        lua_setfield(L, -2, "code");
    }
    return 1;
}

/// Sets where an account's chain of blocks stands.
// @function ViteWorld:set_place
// @tparam string account 21 bytes
// @tparam integer height of its last block
// @tparam string hash of its last block, 32 bytes
// @treturn boolean true
static int world_set_place(lua_State *L)
{
    world *of = check_world(L);
    vmh_vite_address account = vmh_check_vite_address(L, 2);
    vmh_vite_place place = {.height = vmh_check_unsigned(L, 3)};
    vmh_failure why;

    memcpy(place.previous_hash.bytes, vmh_check_bytes_of_size(L, 4, 32).data, 32);
    return push_done(L, vmh_vite_memory_ledger_set_place(of->ledger, &account, &place, &why),
                     &why);
}

static const char *const request_fields[] = {"kind", "from", "to", "token", "amount", "fee",
                                             "data", "hash", NULL};

/* Raises for a request, the table at `index`, that goes to nobody. */
static void check_receiver(lua_State *L, int index, const vmh_path *path)
{
    vmh_path field;

    if (!vmh_path_push_field(L, index, path, "to", &field))
        vmh_path_expected(L, &field, "address", -1);
    lua_pop(L, 1);
}

/// Makes a request known that was sent earlier, so that it can be answered or referred to.
// @function ViteWorld:put_request
// @tparam table request kind, from, to, token, amount, fee, data, hash
// @tparam[opt=0] integer depth
// @tparam[opt] string context what is suspended under it
// @treturn boolean true
static int world_put_request(lua_State *L)
{
    world *of = check_world(L);
    vmh_path root = vmh_path_root("request");
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    uint32_t depth = (uint32_t)luaL_optinteger(L, 3, 0);
    vmh_vite_request request;
    vmh_failure why;
    vmh_status status;

    vmh_path_check_keys(L, 2, &root, request_fields);
    vmh_read_vite_request(L, 2, &root, &request);
    status = vmh_vite_memory_ledger_put_request(of->ledger, &request, depth, &why);
    if (status == VMH_OK && !lua_isnoneornil(L, 4))
        status = port->put_context(port, &request.hash, vmh_check_bytes(L, 4), &why);
    return push_done(L, status, &why);
}

static void push_error(lua_State *L, vmh_vite_error error)
{
    if (error == VMH_VITE_ERROR_NONE)
        return;
    lua_pushstring(L, vmh_vite_error_text(error));
    lua_setfield(L, -2, "error");
}

static void push_triggered(lua_State *L, const vmh_vite_triggered *triggered, size_t count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        vmh_push_vite_triggered(L, &triggered[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "triggered");
}

static void push_outcome(lua_State *L, const vmh_vite_outcome *outcome)
{
    static const char *const ends[] = {
        [VMH_VITE_END_STOP] = "stop",
        [VMH_VITE_END_RETURN] = "return",
        [VMH_VITE_END_SUSPENDED] = "suspended",
        [VMH_VITE_END_FAILED] = "failed",
    };

    lua_newtable(L);
    push_error(L, outcome->error);
    lua_pushstring(L, ends[outcome->end]);
    lua_setfield(L, -2, "ended");
    vmh_push_bytes(L, outcome->output);
    lua_setfield(L, -2, "output");
    lua_pushinteger(L, (lua_Integer)outcome->quota_left);
    lua_setfield(L, -2, "quota_left");
    vmh_push_vite_logs(L, outcome->logs, outcome->log_count);
    lua_setfield(L, -2, "logs");
    push_triggered(L, outcome->triggered, outcome->triggered_count);
}

/* Takes what a run wrote into the storage of its account. */
static vmh_status commit(world *of, const vmh_vite_address *account,
                         const vmh_vite_outcome *outcome, vmh_failure *why)
{
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_status status = VMH_OK;

    for (size_t i = 0; i < outcome->slots->count && status == VMH_OK; i++) {
        const vmh_vite_slot *slot = &outcome->slots->items[i];

        if (!vmh_word_equal(&slot->current, &slot->original))
            status = port->put_storage(port, account, &slot->key, &slot->current, why);
    }
    return status;
}

/* The code that is given, without its type byte, else that of the account. */
static vmh_vite_code read_code(lua_State *L, world *of, const vmh_path *path,
                               const vmh_vite_address *account)
{
    vmh_vite_environment *environment = &vmh_vite_memory_ledger_port(of->ledger)->environment;
    vmh_vite_code code = {0};
    vmh_path field;
    vmh_failure why;

    if (vmh_path_push_field(L, 2, path, "code", &field)) {
        code.bytes = vmh_path_check_bytes(L, -1, &field);
        vmh_blake2b(code.bytes, code.hash.bytes, sizeof code.hash.bytes);
    } else {
        vmh_check_memory(L, environment->get_code(environment, account, &code, &why));
    }
    lua_pop(L, 1);
    return code;
}

static void read_run(lua_State *L, world *of, vmh_vite_request *request,
                     vmh_vite_run_input *input)
{
    vmh_path root = vmh_path_root("run");
    vmh_path field;
    bool query = option_bool(L, 2, "query");

    vmh_path_push_field(L, 2, &root, "request", &field);
    vmh_path_check_keys(L, -1, &field, request_fields);
    check_receiver(L, lua_gettop(L), &field);
    vmh_read_vite_request(L, -1, &field, request);
    *input = vmh_vite_run_input_of(query ? &of->query_revision : &of->revision, &of->rules->vite,
                                   request);
    input->code = read_code(L, of, &root, &request->to);
    input->is_creation = option_bool(L, 2, "creation");
    input->owes_answer = option_bool(L, 2, "owes_answer");
    input->quota = option_u64(L, 2, &root, "quota", 1000000);
    input->height = option_u64(L, 2, &root, "height", 0);
    input->time = option_u64(L, 2, &root, "time", 0);
    input->memory_limit = option_u64(L, 2, &root, "memory_limit", 16 * 1024 * 1024);
    input->frame_limit = (uint32_t)option_u64(L, 2, &root, "frame_limit", 64);
    input->request_limit = (uint32_t)option_u64(L, 2, &root, "request_limit", UINT32_MAX);
    input->previous = vmh_vite_memory_ledger_place(of->ledger, &request->to);
    vmh_vite_memory_ledger_surroundings(of->ledger)->host =
        (vmh_vite_place){input->previous.height + 1, input->previous.previous_hash};
}

/// Runs code for a request, without an account's response around it.
// @function ViteWorld:run
// @tparam table run code (without type byte; default that of the account), request (needs
// `to`, the running account; kind, from, token, amount, data, hash), quota (default 1,000,000),
// height, time (of the snapshot block, seconds), memory_limit (bytes), frame_limit,
// request_limit; query, true for a query; creation, owes_answer; commit, true to keep what a
// good run writes; times, how often the same is run (default 1), for measuring
// @treturn[1] table ended ("stop", "return", "suspended", "failed"), error or nil, output,
// quota_left, logs, triggered
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code
static int world_run(lua_State *L)
{
    static const char *const known[] = {"code", "request", "quota", "height", "time", "query",
                                        "memory_limit", "frame_limit", "request_limit", "commit",
                                        "creation", "owes_answer", "times", NULL};
    world *of = check_world(L);
    vmh_path root = vmh_path_root("run");
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_vite_request request;
    vmh_vite_run_input input;
    vmh_vite_outcome outcome;
    vmh_failure why;
    uint64_t times;
    vmh_status status;

    vmh_path_check_keys(L, 2, &root, known);
    read_run(L, of, &request, &input);
    times = option_u64(L, 2, &root, "times", 1);
    luaL_argcheck(L, times > 0, 2, "times must be positive");
    do
        status = vmh_vite_machine_run(of->machine, &port->environment, &input, &outcome, &why);
    while (status == VMH_OK && --times > 0);
    if (status == VMH_OK && option_bool(L, 2, "commit"))
        status = commit(of, &request.to, &outcome, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    push_outcome(L, &outcome);
    return 1;
}

/* The sender's chain is one block longer. */
static vmh_status record_sent(world *of, const vmh_vite_sent *sent, uint64_t height,
                              vmh_failure *why)
{
    vmh_vite_place last = {height, sent->request.hash};
    vmh_status status = vmh_vite_memory_ledger_put_request(of->ledger, &sent->request, 0, why);

    return status == VMH_OK ? vmh_vite_memory_ledger_set_place(of->ledger, &sent->request.from,
                                                               &last, why)
                            : status;
}

/// Sends a request of a user: checks it and takes its amount and fee.
// @function ViteWorld:send
// @tparam table request kind (1 or 2, default 2), from, to, token, amount, fee, data;
// budget (default 1,000,000)
// @treturn[1] table error or nil, quota_used, request (with its hash; of a creation with
// the contract's address as `to`)
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code
static int world_send(lua_State *L)
{
    static const char *const known[] = {"kind", "from", "to", "token", "amount", "fee", "data",
                                        "budget", NULL};
    world *of = check_world(L);
    vmh_vite_ledger *port = vmh_vite_memory_ledger_port(of->ledger);
    vmh_path root = vmh_path_root("request");
    vmh_vite_send_input input = {.revision = &of->revision};
    vmh_vite_request request;
    vmh_vite_place last;
    vmh_vite_sent sent;
    vmh_failure why;
    vmh_status status;

    vmh_path_check_keys(L, 2, &root, known);
    vmh_read_vite_request(L, 2, &root, &request);
    if (request.kind == VMH_VITE_KIND_SEND_CALL)
        check_receiver(L, 2, &root);
    last = vmh_vite_memory_ledger_place(of->ledger, &request.from);
    input.request = &request;
    input.place = (vmh_vite_place){last.height + 1, last.previous_hash};
    input.budget = option_u64(L, 2, &root, "budget", 1000000);
    status = vmh_vite_send(port, &input, &sent, &why);
    if (status == VMH_OK && sent.error == VMH_VITE_ERROR_NONE)
        status = record_sent(of, &sent, input.place.height, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    lua_newtable(L);
    push_error(L, sent.error);
    lua_pushinteger(L, (lua_Integer)sent.quota_used);
    lua_setfield(L, -2, "quota_used");
    vmh_push_vite_request(L, &sent.request);
    lua_setfield(L, -2, "request");
    return 1;
}

/* The receiver's chain is one block longer, and what it triggered is on its way. */
static vmh_status record_response(world *of, const vmh_vite_respond_input *input,
                                  const vmh_vite_response *response, vmh_failure *why)
{
    vmh_vite_place last = {input->previous.height + 1, response->hash};
    vmh_status status = VMH_OK;

    for (size_t i = 0; i < response->triggered_count && status == VMH_OK; i++)
        status = vmh_vite_memory_ledger_put_request(
            of->ledger, &response->triggered[i].request, input->depth + 1, why);
    if (status == VMH_OK && response->is_block)
        status = vmh_vite_memory_ledger_set_place(of->ledger, &input->request->to, &last, why);
    return status;
}

static void push_response(lua_State *L, const vmh_vite_response *response)
{
    static const char *const statuses[] = {
        [VMH_VITE_RESPONSE_OK] = "ok",
        [VMH_VITE_RESPONSE_FAILED] = "failed",
        [VMH_VITE_RESPONSE_DEPTH] = "depth",
    };

    lua_newtable(L);
    push_error(L, response->error);
    lua_pushboolean(L, response->is_block);
    lua_setfield(L, -2, "is_block");
    lua_pushboolean(L, response->is_retry);
    lua_setfield(L, -2, "is_retry");
    lua_pushinteger(L, response->kind);
    lua_setfield(L, -2, "kind");
    lua_pushstring(L, statuses[response->status]);
    lua_setfield(L, -2, "status");
    lua_pushinteger(L, (lua_Integer)response->quota_used);
    lua_setfield(L, -2, "quota_used");
    lua_pushinteger(L, (lua_Integer)response->quota_spent);
    lua_setfield(L, -2, "quota_spent");
    vmh_push_bytes(L, response->output);
    lua_setfield(L, -2, "output");
    vmh_push_bytes(L, vmh_bytes_of(response->data, sizeof response->data));
    lua_setfield(L, -2, "data");
    vmh_push_bytes(L, vmh_bytes_hash(&response->hash));
    lua_setfield(L, -2, "hash");
    vmh_push_vite_logs(L, response->logs, response->log_count);
    lua_setfield(L, -2, "logs");
    push_triggered(L, response->triggered, response->triggered_count);
}

/// Lets the receiver of a request answer it.
// @function ViteWorld:respond
// @tparam table response hash of the request; budget (default 1,000,000), height and time
// of the snapshot block (default 0), memory_limit (default 16 MiB); has_unconfirmed, true where
// the account has blocks that no snapshot block confirms yet
// @treturn[1] table is_block, is_retry, kind (4 or 5), status ("ok", "failed", "depth"), error
// or nil, output, quota_used (as the block records it), quota_spent, data, hash, logs,
// triggered
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `not_found` for a hash that no request has
static int world_respond(lua_State *L)
{
    static const char *const known[] = {"hash", "budget", "height", "time", "memory_limit",
                                        "has_unconfirmed", NULL};
    world *of = check_world(L);
    vmh_path root = vmh_path_root("response");
    vmh_path field;
    vmh_vite_request request;
    vmh_vite_response response;
    vmh_vite_respond_input input = {.revision = &of->revision, .rules = &of->rules->vite};
    vmh_hash32 hash;
    vmh_failure why;
    vmh_status status;

    vmh_path_check_keys(L, 2, &root, known);
    vmh_path_push_field(L, 2, &root, "hash", &field);
    memcpy(hash.bytes, vmh_path_check_fixed(L, -1, &field, "bytes32", 32).data, 32);
    if (!vmh_vite_memory_ledger_find_request(of->ledger, &hash, &request, &input.depth))
        return vmh_push_failure_text(L, VMH_E_NOT_FOUND, "no request has this hash");
    input.request = &request;
    input.budget = option_u64(L, 2, &root, "budget", 1000000);
    input.height = option_u64(L, 2, &root, "height", 0);
    input.time = option_u64(L, 2, &root, "time", 0);
    input.memory_limit = option_u64(L, 2, &root, "memory_limit", 16 * 1024 * 1024);
    input.has_unconfirmed = option_bool(L, 2, "has_unconfirmed");
    input.previous = vmh_vite_memory_ledger_place(of->ledger, &request.to);
    vmh_vite_memory_ledger_surroundings(of->ledger)->host =
        (vmh_vite_place){input.previous.height + 1, input.previous.previous_hash};
    status = vmh_vite_respond(of->machine, vmh_vite_memory_ledger_port(of->ledger), &input,
                              &response, &why);
    if (status == VMH_OK)
        status = record_response(of, &input, &response, &why);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    push_response(L, &response);
    return 1;
}

/// Tells what the machine has done so far.
// @function ViteWorld:counters
// @treturn table analyses (codes read), allocations (growths of what is kept between runs)
static int world_counters(lua_State *L)
{
    vmh_vite_counters counters = vmh_vite_machine_counters(check_world(L)->machine);

    lua_newtable(L);
    lua_pushinteger(L, (lua_Integer)counters.analysis_count);
    lua_setfield(L, -2, "analyses");
    lua_pushinteger(L, (lua_Integer)counters.allocation_count);
    lua_setfield(L, -2, "allocations");
    return 1;
}

/// Closes a world; twice is quiet.
// @function ViteWorld:close
void vmh_vite_world_register(lua_State *L)
{
    static const luaL_Reg methods[] = {
        {"balances", world_balances},
        {"contract", world_contract},
        {"counters", world_counters},
        {"put_request", world_put_request},
        {"respond", world_respond},
        {"run", world_run},
        {"send", world_send},
        {"set_balance", world_set_balance},
        {"set_contract", world_set_contract},
        {"set_place", world_set_place},
        {"set_storage", world_set_storage},
        {"storage", world_storage},
        {NULL, NULL},
    };

    vmh_handle_register(L, WORLD_TYPE, methods, world_close);
}
