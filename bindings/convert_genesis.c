#include "convert.h"
#include "failure.h"
#include "field.h"
#include "types/message.h"
#include "word.h"

static vmh_bytes copy_fixed(lua_State *L, int index, const vmh_path *path, const char *name,
                            const char *type, size_t size, vmh_arena *arena)
{
    vmh_path field;
    vmh_bytes bytes;

    vmh_path_push_field(L, index, path, name, &field);
    bytes = vmh_path_copy(L, arena, vmh_path_check_fixed(L, -1, &field, type, size));
    lua_pop(L, 1);
    return bytes;
}

static vmh_bytes copy_optional(lua_State *L, int index, const vmh_path *path, const char *name,
                               const char *type, size_t size, vmh_arena *arena)
{
    vmh_path field;
    bool present = vmh_path_push_field(L, index, path, name, &field);

    lua_pop(L, 1);
    return present ? copy_fixed(L, index, path, name, type, size, arena) : (vmh_bytes){0};
}

static uint32_t check_u32_field(lua_State *L, int index, const vmh_path *path, const char *name)
{
    vmh_path field;
    uint32_t value;

    vmh_path_push_field(L, index, path, name, &field);
    value = vmh_path_check_u32(L, -1, &field);
    lua_pop(L, 1);
    return value;
}

static const vmh_rules *check_rules(lua_State *L, int index, const vmh_path *path)
{
    const vmh_rules *rules = &vmh_rules_vmhost_1;
    vmh_path field;

    if (vmh_path_push_field(L, index, path, "rule_set", &field)) {
        rules = vmh_rules_find(vmh_path_check_bytes(L, -1, &field));
        if (rules == NULL)
            vmh_path_error(L, &field, "unknown rule set '%s'", lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return rules;
}

static void check_limit(lua_State *L, int index, const vmh_path *path, const char *name,
                        uint64_t *out)
{
    vmh_path field;

    if (vmh_path_push_field(L, index, path, name, &field)) {
        *out = vmh_path_check_u64(L, -1, &field);
        if (*out > INT64_MAX)
            vmh_path_error(L, &field, "limit out of range: %s", luaL_tolstring(L, -1, NULL));
    }
    lua_pop(L, 1);
}

static void check_limits(lua_State *L, int index, const vmh_path *path, vmh_genesis_limits *out)
{
#define NAME(name, default_value) #name,
    static const char *const known[] = {VMH_GENESIS_LIMIT_LIST(NAME) NULL};
#undef NAME
    vmh_path field;

    if (vmh_path_push_field(L, index, path, "limits", &field)) {
        int limits = lua_gettop(L);

        vmh_path_check_keys(L, limits, &field, known);
#define CHECK(name, default_value) check_limit(L, limits, &field, #name, &out->name);
        VMH_GENESIS_LIMIT_LIST(CHECK)
#undef CHECK
    }
    lua_pop(L, 1);
}

/*
 * Walks the list in the field `name`, calling `check` with each item on the
 * top. Gives the array made of `item_size` records, NULL where the field is nil.
 */
typedef void check_item(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                        void *out);

static void *check_items(lua_State *L, int index, const vmh_path *path, const char *name,
                         vmh_arena *arena, size_t item_size, check_item *check, size_t *count)
{
    vmh_path field;
    uint8_t *items = NULL;

    *count = 0;
    if (vmh_path_push_field(L, index, path, name, &field)) {
        *count = vmh_path_check_list(L, -1, &field);
        items = vmh_path_new_list(L, arena, *count, item_size);
        for (size_t i = 0; i < *count; i++) {
            vmh_path item = vmh_path_item(&field, (lua_Integer)i + 1);

            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            check(L, lua_gettop(L), &item, arena, items + i * item_size);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return items;
}

static void check_name(lua_State *L, int index, const vmh_path *path, vmh_arena *arena, void *out)
{
    *(vmh_bytes *)out = vmh_path_copy(L, arena, vmh_path_check_bytes(L, index, path));
}

static void check_allowance(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                            void *out)
{
    static const char *const known[] = {"token", "amount", NULL};
    vmh_genesis_allowance *allowance = out;
    vmh_path field;
    vmh_word amount;

    vmh_path_check_keys(L, index, path, known);
    allowance->token = copy_fixed(L, index, path, "token", "token", VMH_TOKEN_SIZE, arena);
    vmh_path_push_field(L, index, path, "amount", &field);
    amount = vmh_path_check_word(L, -1, &field);
    vmh_word_to_bytes(&amount, allowance->amount);
    lua_pop(L, 1);
}

static void check_peer(lua_State *L, int index, const vmh_path *path, vmh_arena *arena, void *out)
{
    static const char *const known[] = {"virtual_chain_id", "host_key", "allowances", NULL};
    vmh_genesis_peer *peer = out;
    vmh_bytes key;

    vmh_path_check_keys(L, index, path, known);
    peer->virtual_chain_id = check_u32_field(L, index, path, "virtual_chain_id");
    key = copy_fixed(L, index, path, "host_key", "bytes32", sizeof peer->host_key, arena);
    memcpy(peer->host_key.bytes, key.data, sizeof peer->host_key);
    peer->allowances = check_items(L, index, path, "allowances", arena, sizeof *peer->allowances,
                                   check_allowance, &peer->allowance_count);
}

/* One string is one part. */
static void check_code(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                       vmh_genesis_service *service)
{
    vmh_path field;
    vmh_bytes *part;

    vmh_path_push_field(L, index, path, "code", &field);
    if (lua_type(L, -1) == LUA_TSTRING) {
        part = vmh_path_new_list(L, arena, 1, sizeof *part);
        check_name(L, lua_gettop(L), &field, arena, part);
        service->code = part;
        service->code_count = 1;
    } else {
        service->code = check_items(L, index, path, "code", arena, sizeof *part, check_name,
                                    &service->code_count);
    }
    lua_pop(L, 1);
}

static void check_service(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                          void *out)
{
    static const char *const known[] = {"name", "processor", "code", NULL};
    vmh_genesis_service *service = out;
    vmh_path field;

    vmh_path_check_keys(L, index, path, known);
    vmh_path_push_field(L, index, path, "name", &field);
    check_name(L, lua_gettop(L), &field, arena, &service->name);
    vmh_path_push_field(L, index, path, "processor", &field);
    service->processor = vmh_path_check_enum(L, -1, &field, vmh_processor_type_name);
    lua_pop(L, 2);
    check_code(L, index, path, arena, service);
}

static void check_issue(lua_State *L, int index, const vmh_path *path, vmh_arena *arena, void *out)
{
    static const char *const known[] = {"to", "token", "amount", NULL};
    vmh_genesis_issue *issue = out;
    vmh_path field;
    vmh_bytes to;
    vmh_word amount;

    vmh_path_check_keys(L, index, path, known);
    to = copy_fixed(L, index, path, "to", "bytes20", sizeof issue->to, arena);
    memcpy(issue->to.bytes, to.data, sizeof issue->to);
    issue->token = copy_fixed(L, index, path, "token", "token", VMH_TOKEN_SIZE, arena);
    vmh_path_push_field(L, index, path, "amount", &field);
    amount = vmh_path_check_word(L, -1, &field);
    vmh_word_to_bytes(&amount, issue->amount);
    lua_pop(L, 1);
}

static void check_lists(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                        vmh_genesis *out)
{
    out->peers = check_items(L, index, path, "peers", arena, sizeof *out->peers, check_peer,
                             &out->peer_count);
    out->native_contracts =
        check_items(L, index, path, "native_contracts", arena, sizeof *out->native_contracts,
                    check_name, &out->native_contract_count);
    out->services = check_items(L, index, path, "services", arena, sizeof *out->services,
                                check_service, &out->service_count);
    out->issues = check_items(L, index, path, "issues", arena, sizeof *out->issues, check_issue,
                              &out->issue_count);
}

void vmh_check_genesis(lua_State *L, int index, const vmh_path *path, vmh_arena *arena,
                       vmh_genesis *out)
{
    static const char *const known[] = {
        "virtual_chain_id", "rule_set", "revision",         "limits",   "host_key",
        "ledger_owner",     "peers",    "native_contracts", "services", "issues",
        NULL,
    };
    vmh_path field;

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    index = lua_absindex(L, index);
    vmh_path_check_keys(L, index, path, known);
    *out = vmh_genesis_default();
    out->virtual_chain_id = check_u32_field(L, index, path, "virtual_chain_id");
    out->rules = check_rules(L, index, path);
    if (vmh_path_push_field(L, index, path, "revision", &field))
        out->revision = vmh_path_check_u32(L, -1, &field);
    lua_pop(L, 1);
    check_limits(L, index, path, &out->limits);
    out->host_key = copy_optional(L, index, path, "host_key", "bytes32", 32, arena);
    out->ledger_owner = copy_optional(L, index, path, "ledger_owner", "bytes20", 20, arena);
    check_lists(L, index, path, arena, out);
}

static void set_names(lua_State *L, const char *name, const vmh_bytes *names, size_t count)
{
    lua_newtable(L);
    for (size_t i = 0; i < count; i++) {
        vmh_push_bytes(L, names[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, name);
}

static void set_limits(lua_State *L, const vmh_genesis_limits *limits)
{
    lua_newtable(L);
#define SET(name, default_value) vmh_set_integer_field(L, #name, limits->name);
    VMH_GENESIS_LIMIT_LIST(SET)
#undef SET
    lua_setfield(L, -2, "limits");
}

/* Only where there are some. */
static void set_allowances(lua_State *L, const vmh_genesis_peer *peer)
{
    if (peer->allowance_count == 0)
        return;
    lua_newtable(L);
    for (size_t i = 0; i < peer->allowance_count; i++) {
        vmh_word amount = vmh_word_from_bytes(peer->allowances[i].amount);

        lua_newtable(L);
        vmh_set_bytes_field(L, "token", peer->allowances[i].token);
        vmh_push_word(L, &amount);
        lua_setfield(L, -2, "amount");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "allowances");
}

static void set_peers(lua_State *L, const vmh_genesis *genesis)
{
    lua_newtable(L);
    for (size_t i = 0; i < genesis->peer_count; i++) {
        lua_newtable(L);
        vmh_set_integer_field(L, "virtual_chain_id", genesis->peers[i].virtual_chain_id);
        vmh_set_bytes_field(L, "host_key", vmh_bytes_hash(&genesis->peers[i].host_key));
        set_allowances(L, &genesis->peers[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "peers");
}

static void set_services(lua_State *L, const vmh_genesis *genesis)
{
    lua_newtable(L);
    for (size_t i = 0; i < genesis->service_count; i++) {
        const vmh_genesis_service *service = &genesis->services[i];

        lua_newtable(L);
        vmh_set_bytes_field(L, "name", service->name);
        vmh_push_enum(L, service->processor, vmh_processor_type_name);
        lua_setfield(L, -2, "processor");
        set_names(L, "code", service->code, service->code_count);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "services");
}

static void set_issues(lua_State *L, const vmh_genesis *genesis)
{
    lua_newtable(L);
    for (size_t i = 0; i < genesis->issue_count; i++) {
        vmh_word amount = vmh_word_from_bytes(genesis->issues[i].amount);

        lua_newtable(L);
        vmh_set_bytes_field(L, "to", vmh_bytes_address(&genesis->issues[i].to));
        vmh_set_bytes_field(L, "token", genesis->issues[i].token);
        vmh_push_word(L, &amount);
        lua_setfield(L, -2, "amount");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "issues");
}

void vmh_push_genesis(lua_State *L, const vmh_genesis *genesis)
{
    luaL_checkstack(L, LUA_MINSTACK, NULL);
    lua_newtable(L);
    vmh_set_integer_field(L, "virtual_chain_id", genesis->virtual_chain_id);
    lua_pushstring(L, genesis->rules->name);
    lua_setfield(L, -2, "rule_set");
    vmh_set_integer_field(L, "revision", genesis->revision);
    set_limits(L, &genesis->limits);
    if (genesis->host_key.size != 0)
        vmh_set_bytes_field(L, "host_key", genesis->host_key);
    if (genesis->ledger_owner.size != 0)
        vmh_set_bytes_field(L, "ledger_owner", genesis->ledger_owner);
    set_peers(L, genesis);
    set_names(L, "native_contracts", genesis->native_contracts, genesis->native_contract_count);
    set_services(L, genesis);
    set_issues(L, genesis);
}
