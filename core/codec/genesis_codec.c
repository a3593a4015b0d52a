#include "codec/genesis_codec.h"

#include "codec/canonical.h"
#include "codec/reader.h"
#include "codec/writer.h"
#include "crypto/digest.h"

enum { GENESIS_VERSION = 1, HOST_KEY_SIZE = 32, OWNER_SIZE = 20, TOKEN_SIZE = 10 };

static void write_limits(const vmh_genesis_limits *limits, vmh_writer *writer)
{
#define WRITE(name, default_value) vmh_writer_u64(writer, limits->name);
    VMH_GENESIS_LIMIT_LIST(WRITE)
#undef WRITE
}

static void write_names(const vmh_bytes *names, size_t count, vmh_writer *writer)
{
    vmh_writer list;
    size_t place = vmh_writer_begin(writer, &list);

    for (size_t i = 0; i < count; i++)
        vmh_writer_bytes(&list, names[i]);
    vmh_writer_end(writer, place);
}

/* Left out where there are none, as fields at the end may be. */
static void write_allowances(const vmh_genesis_peer *peer, vmh_writer *writer)
{
    vmh_writer list;
    size_t place;

    if (peer->allowance_count == 0)
        return;
    place = vmh_writer_begin(writer, &list);
    for (size_t i = 0; i < peer->allowance_count; i++) {
        vmh_writer allowance;
        size_t allowance_place = vmh_writer_begin(&list, &allowance);

        vmh_writer_bytes(&allowance, peer->allowances[i].token);
        vmh_writer_fixed(&allowance, vmh_bytes_of(peer->allowances[i].amount, 32));
        vmh_writer_end(&list, allowance_place);
    }
    vmh_writer_end(writer, place);
}

static void write_peers(const vmh_genesis *genesis, vmh_writer *writer)
{
    vmh_writer list;
    size_t place = vmh_writer_begin(writer, &list);

    for (size_t i = 0; i < genesis->peer_count; i++) {
        vmh_writer peer;
        size_t peer_place = vmh_writer_begin(&list, &peer);

        vmh_writer_u32(&peer, genesis->peers[i].virtual_chain_id);
        vmh_writer_fixed(&peer, vmh_bytes_hash(&genesis->peers[i].host_key));
        write_allowances(&genesis->peers[i], &peer);
        vmh_writer_end(&list, peer_place);
    }
    vmh_writer_end(writer, place);
}

static void write_services(const vmh_genesis *genesis, vmh_writer *writer)
{
    vmh_writer list;
    size_t place = vmh_writer_begin(writer, &list);

    for (size_t i = 0; i < genesis->service_count; i++) {
        vmh_writer service;
        size_t service_place = vmh_writer_begin(&list, &service);

        vmh_writer_bytes(&service, genesis->services[i].name);
        vmh_writer_u32(&service, genesis->services[i].processor);
        write_names(genesis->services[i].code, genesis->services[i].code_count, &service);
        vmh_writer_end(&list, service_place);
    }
    vmh_writer_end(writer, place);
}

static void write_issues(const vmh_genesis *genesis, vmh_writer *writer)
{
    vmh_writer list;
    size_t place = vmh_writer_begin(writer, &list);

    for (size_t i = 0; i < genesis->issue_count; i++) {
        vmh_writer issue;
        size_t issue_place = vmh_writer_begin(&list, &issue);

        vmh_writer_fixed(&issue, vmh_bytes_address(&genesis->issues[i].to));
        vmh_writer_bytes(&issue, genesis->issues[i].token);
        vmh_writer_fixed(&issue, vmh_bytes_of(genesis->issues[i].amount, 32));
        vmh_writer_end(&list, issue_place);
    }
    vmh_writer_end(writer, place);
}

void vmh_genesis_encode(const vmh_genesis *genesis, vmh_buffer *out)
{
    vmh_writer writer;

    vmh_writer_init(&writer, out);
    vmh_writer_u32(&writer, GENESIS_VERSION);
    vmh_writer_u32(&writer, genesis->virtual_chain_id);
    vmh_writer_bytes(&writer, vmh_bytes_text(genesis->rules->name));
    vmh_writer_u32(&writer, genesis->revision);
    write_limits(&genesis->limits, &writer);
    vmh_writer_bytes(&writer, genesis->host_key);
    vmh_writer_bytes(&writer, genesis->ledger_owner);
    write_peers(genesis, &writer);
    write_names(genesis->native_contracts, genesis->native_contract_count, &writer);
    write_services(genesis, &writer);
    write_issues(genesis, &writer);
}

static void read_limits(vmh_reader *reader, vmh_genesis_limits *limits)
{
#define READ(name, default_value) limits->name = vmh_reader_u64(reader);
    VMH_GENESIS_LIMIT_LIST(READ)
#undef READ
}

/*
 * Room for the items of an array. Their number is bounded by the input: each
 * takes four bytes or more of it.
 */
static vmh_status new_list(vmh_bytes content, vmh_arena *arena, size_t item_size, void **list,
                           size_t *count, vmh_failure *why)
{
    *list = NULL;
    *count = vmh_items_count(content);
    if (*count == 0)
        return VMH_OK;
    *list = vmh_arena_alloc_array(arena, *count, item_size);
    return *list == NULL ? vmh_fail_memory(why) : VMH_OK;
}

static vmh_status read_names(vmh_bytes content, vmh_arena *arena, const vmh_bytes **names,
                             size_t *count, vmh_failure *why)
{
    vmh_items walk = vmh_items_of(content);
    void *list;
    vmh_status status = new_list(content, arena, sizeof **names, &list, count, why);

    if (status != VMH_OK)
        return status;
    *names = list;
    for (size_t i = 0; i < *count; i++)
        vmh_items_next(&walk, (vmh_bytes *)list + i);
    return VMH_OK;
}

static vmh_status check_token(const char *what, size_t index, vmh_bytes token, vmh_failure *why)
{
    if (token.size == TOKEN_SIZE)
        return VMH_OK;
    return vmh_fail(why, VMH_E_MALFORMED, "Genesis: %s %zu has %zu bytes, not %d", what, index + 1,
                    token.size, TOKEN_SIZE);
}

static vmh_status read_allowances(vmh_bytes content, vmh_arena *arena, vmh_genesis_peer *out,
                                  vmh_failure *why)
{
    vmh_items walk = vmh_items_of(content);
    vmh_genesis_allowance *allowances;
    void *list;
    vmh_bytes message;
    vmh_status status = new_list(content, arena, sizeof *allowances, &list, &out->allowance_count,
                                 why);

    allowances = list;
    for (size_t i = 0; status == VMH_OK && vmh_items_next(&walk, &message); i++) {
        vmh_reader reader;

        vmh_reader_init(&reader, message);
        allowances[i].token = vmh_reader_bytes(&reader);
        memcpy(allowances[i].amount, vmh_reader_fixed(&reader, 32).data, 32);
        status = check_token("allowance token", i, allowances[i].token, why);
    }
    out->allowances = allowances;
    return status;
}

static vmh_status read_peers(vmh_bytes content, vmh_arena *arena, vmh_genesis *out,
                             vmh_failure *why)
{
    vmh_items walk = vmh_items_of(content);
    vmh_genesis_peer *peers;
    void *list;
    vmh_bytes message;
    vmh_status status = new_list(content, arena, sizeof *peers, &list, &out->peer_count, why);

    peers = list;
    for (size_t i = 0; status == VMH_OK && vmh_items_next(&walk, &message); i++) {
        vmh_reader reader;

        vmh_reader_init(&reader, message);
        peers[i].virtual_chain_id = vmh_reader_u32(&reader);
        memcpy(peers[i].host_key.bytes, vmh_reader_fixed(&reader, 32).data, 32);
        status = read_allowances(vmh_reader_bytes(&reader), arena, &peers[i], why);
    }
    out->peers = peers;
    return status;
}

static vmh_status read_services(vmh_bytes content, vmh_arena *arena, vmh_genesis *out,
                                vmh_failure *why)
{
    vmh_items walk = vmh_items_of(content);
    vmh_genesis_service *services;
    void *list;
    vmh_bytes message;
    vmh_status status = new_list(content, arena, sizeof *services, &list, &out->service_count,
                                 why);

    services = list;
    for (size_t i = 0; status == VMH_OK && vmh_items_next(&walk, &message); i++) {
        vmh_reader reader;

        vmh_reader_init(&reader, message);
        services[i].name = vmh_reader_bytes(&reader);
        services[i].processor = vmh_reader_u32(&reader);
        status = read_names(vmh_reader_bytes(&reader), arena, &services[i].code,
                            &services[i].code_count, why);
    }
    out->services = services;
    return status;
}

static vmh_status read_issues(vmh_bytes content, vmh_arena *arena, vmh_genesis *out,
                              vmh_failure *why)
{
    vmh_items walk = vmh_items_of(content);
    vmh_genesis_issue *issues;
    void *list;
    vmh_bytes message;
    vmh_status status = new_list(content, arena, sizeof *issues, &list, &out->issue_count, why);

    issues = list;
    for (size_t i = 0; status == VMH_OK && vmh_items_next(&walk, &message); i++) {
        vmh_reader reader;

        vmh_reader_init(&reader, message);
        memcpy(issues[i].to.bytes, vmh_reader_fixed(&reader, 20).data, 20);
        issues[i].token = vmh_reader_bytes(&reader);
        memcpy(issues[i].amount, vmh_reader_fixed(&reader, 32).data, 32);
        status = check_token("token", i, issues[i].token, why);
    }
    out->issues = issues;
    return status;
}

/* An optional key or address: empty or of its full size. */
static vmh_status check_size(const char *name, vmh_bytes bytes, size_t size, vmh_failure *why)
{
    if (bytes.size == 0 || bytes.size == size)
        return VMH_OK;
    return vmh_fail(why, VMH_E_MALFORMED, "Genesis: %s has %zu bytes, not %zu", name, bytes.size,
                    size);
}

static vmh_status read_head(vmh_reader *reader, vmh_genesis *out, vmh_failure *why)
{
    uint32_t version = vmh_reader_u32(reader);
    vmh_bytes rule_set;
    vmh_status status;

    if (version != GENESIS_VERSION)
        return vmh_fail(why, VMH_E_MALFORMED, "Genesis: version %u, not %d", version,
                        GENESIS_VERSION);
    out->virtual_chain_id = vmh_reader_u32(reader);
    rule_set = vmh_reader_bytes(reader);
    out->rules = vmh_rules_find(rule_set);
    if (out->rules == NULL)
        return vmh_fail(why, VMH_E_MALFORMED, "Genesis: unknown rule set '%.*s'",
                        VMH_PRINT(rule_set));
    out->revision = vmh_reader_u32(reader);
    read_limits(reader, &out->limits);
    out->host_key = vmh_reader_bytes(reader);
    out->ledger_owner = vmh_reader_bytes(reader);
    status = check_size("host key", out->host_key, HOST_KEY_SIZE, why);
    if (status == VMH_OK)
        status = check_size("ledger owner", out->ledger_owner, OWNER_SIZE, why);
    return status;
}

static vmh_status read_lists(vmh_reader *reader, vmh_arena *arena, vmh_genesis *out,
                             vmh_failure *why)
{
    vmh_status status = read_peers(vmh_reader_bytes(reader), arena, out, why);

    if (status == VMH_OK)
        status = read_names(vmh_reader_bytes(reader), arena, &out->native_contracts,
                            &out->native_contract_count, why);
    if (status == VMH_OK)
        status = read_services(vmh_reader_bytes(reader), arena, out, why);
    if (status == VMH_OK)
        status = read_issues(vmh_reader_bytes(reader), arena, out, why);
    return status;
}

static vmh_status check_canonical(vmh_bytes bytes, const vmh_genesis *genesis, vmh_failure *why)
{
    vmh_buffer encoded;
    vmh_status status;

    vmh_buffer_init(&encoded);
    vmh_genesis_encode(genesis, &encoded);
    status = vmh_buffer_check(&encoded, why);
    if (status == VMH_OK)
        status = vmh_canonical_compare("Genesis", bytes, vmh_buffer_bytes(&encoded), why);
    vmh_buffer_clear(&encoded);
    return status;
}

vmh_status vmh_genesis_decode(vmh_bytes bytes, vmh_arena *arena, vmh_genesis *out,
                              vmh_failure *why)
{
    vmh_reader reader;
    vmh_status status;

    *out = (vmh_genesis){0};
    vmh_reader_init(&reader, bytes);
    status = read_head(&reader, out, why);
    if (status == VMH_OK)
        status = read_lists(&reader, arena, out, why);
    if (status == VMH_OK)
        status = check_canonical(bytes, out, why);
    return status;
}

vmh_status vmh_genesis_hash(const vmh_genesis *genesis, vmh_hash32 *out, vmh_failure *why)
{
    vmh_buffer encoded;
    vmh_status status;

    vmh_buffer_init(&encoded);
    vmh_genesis_encode(genesis, &encoded);
    status = vmh_buffer_check(&encoded, why);
    if (status == VMH_OK)
        vmh_sha256(vmh_buffer_bytes(&encoded), out);
    vmh_buffer_clear(&encoded);
    return status;
}
