/// Bytes of messages, and the hashes made of them.
// Names of messages and fields are those of the sheets (docs/formats.md lists
// them); `messages` and `fields` give them as data. Byte strings are raw.
//
// uint64 values are integers, negative for the upper half; enum values are their
// names, or numbers that have none; an absent nested message is nil; the chosen
// alternative of a union is a key of the table itself.
// @module vmhost.codec
#include "argument_table.h"
#include "codec/argument_codec.h"
#include "codec/block_codec.h"
#include "codec/canonical.h"
#include "codec/field_codec.h"
#include "codec/genesis_codec.h"
#include "codec/message_codec.h"
#include "codec/receipt_codec.h"
#include "codec/response_codec.h"
#include "codec/schema.h"
#include "codec/state_diff_codec.h"
#include "codec/transaction_codec.h"
#include "convert.h"
#include "crypto/digest.h"
#include "failure.h"
#include "handle.h"
#include "schema_table.h"

__attribute__((visibility("default"))) int luaopen_vmhost_codec(lua_State *L);

static const vmh_schema *check_schema(lua_State *L, int index)
{
    const vmh_schema *schema = vmh_schema_find(vmh_check_bytes(L, index));

    if (schema == NULL)
        luaL_argerror(L, index,
                      lua_pushfstring(L, "unknown message '%s'", lua_tostring(L, index)));
    return schema;
}

/* Pushes what the buffer holds, or the failure; frees the buffer's memory. */
static int push_buffer_bytes(lua_State *L, vmh_buffer *buffer)
{
    vmh_failure why;

    if (vmh_buffer_check(buffer, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_bytes(L, vmh_buffer_bytes(buffer));
    vmh_buffer_clear(buffer);
    return 1;
}

static int push_hash(lua_State *L, vmh_status status, const vmh_hash32 *hash,
                     const vmh_failure *why)
{
    if (status != VMH_OK)
        return vmh_push_failure(L, why);
    vmh_push_bytes(L, vmh_bytes_hash(hash));
    return 1;
}

/// Writes a message.
// Fields that are nil are written as zero or empty, nested messages as absent.
// The further fields of a TransactionReceipt are written when one of them is given.
// Rule: docs/formats.md, membuffers.
// @function encode
// @tparam string name message name, such as "SignedTransaction"
// @tparam table fields values by field name
// @treturn string the canonical bytes
// @raise with the path of the value for unknown keys and values of a wrong type,
// size or range, as in "Transaction.signer.eddsa.network_type: unknown enum value 'X'"
static int codec_encode(lua_State *L)
{
    const vmh_schema *schema = check_schema(L, 1);
    vmh_path root = vmh_path_root(schema->name);
    vmh_buffer *buffer;

    luaL_checkany(L, 2);
    buffer = vmh_push_buffer(L);
    vmh_encode_table(L, 2, schema, &root, buffer);
    return push_buffer_bytes(L, buffer);
}

static bool check_canonical_option(lua_State *L, int index)
{
    static const char *const known[] = {"canonical", NULL};
    bool canonical;

    if (lua_isnoneornil(L, index))
        return false;
    vmh_check_options(L, index, known);
    lua_getfield(L, index, "canonical");
    canonical = lua_toboolean(L, -1) != 0;
    lua_pop(L, 1);
    return canonical;
}

/// Reads a message.
// Missing fields at the end read as zero or empty, bytes behind the known fields
// are ignored, and an invalid message has all fields zero or empty. An argument or
// events array that its list would not give again byte for byte stays a byte string.
// Rule: docs/formats.md, membuffers.
// @function decode
// @tparam string name message name
// @tparam string bytes the message
// @tparam[opt] {canonical=boolean} options canonical: refuse bytes that differ from
// their re-encoding; arrays of arguments and events are bytes to this check
// @treturn[1] table values by field name
// @return[2] nil
// @treturn[2] string message with the first offset that differs
// @treturn[2] string code `malformed`
// @raise for an unknown message name
static int codec_decode(lua_State *L)
{
    const vmh_schema *schema = check_schema(L, 1);
    vmh_bytes bytes = vmh_check_bytes(L, 2);
    vmh_failure why;

    if (check_canonical_option(L, 3) && vmh_canonical_check(schema, bytes, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_message(L, schema, bytes);
    return 1;
}

/// Lists the messages.
// @function messages
// @treturn {string,...} names, in the order of the sheets
static int codec_messages(lua_State *L)
{
    size_t count;
    const vmh_schema *const *schemas = vmh_schema_list(&count);

    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_pushstring(L, schemas[i]->name);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    return 1;
}

static const char *field_type_name(const vmh_field *field)
{
    static const char *const names[] = {
        [VMH_FIELD_BOOL] = "bool",
        [VMH_FIELD_U16] = "uint16",
        [VMH_FIELD_U32] = "uint32",
        [VMH_FIELD_U64] = "uint64",
        [VMH_FIELD_UINT256] = "uint256",
        [VMH_FIELD_BYTES20] = "bytes20",
        [VMH_FIELD_BYTES32] = "bytes32",
        [VMH_FIELD_BYTES] = "bytes",
        [VMH_FIELD_STRING] = "string",
        [VMH_FIELD_MESSAGE] = "message",
        [VMH_FIELD_MESSAGES] = "messages",
        [VMH_FIELD_ARGUMENTS] = "arguments",
        [VMH_FIELD_EVENTS] = "events",
        [VMH_FIELD_ARGUMENT] = "argument",
        [VMH_FIELD_UNION] = "union",
    };

    return field->value_name != NULL ? "enum" : names[field->type];
}

static void push_fields(lua_State *L, const vmh_field *fields, size_t count, size_t plain_count)
{
    lua_createtable(L, (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        lua_newtable(L);
        lua_pushstring(L, fields[i].name);
        lua_setfield(L, -2, "name");
        lua_pushstring(L, field_type_name(&fields[i]));
        lua_setfield(L, -2, "type");
        if (fields[i].message != NULL) {
            lua_pushstring(L, fields[i].message->name);
            lua_setfield(L, -2, "message");
        }
        if (fields[i].alternatives != NULL) {
            push_fields(L, fields[i].alternatives, fields[i].alternative_count, 0);
            lua_setfield(L, -2, "alternatives");
        }
        if (plain_count != 0 && i >= plain_count) {
            lua_pushboolean(L, true);
            lua_setfield(L, -2, "optional");
        }
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
}

/// Describes a message.
// @function fields
// @tparam string name message name
// @treturn {table,...} in the order of the bytes: `name`, `type`, the `message` of
// nested ones, the `alternatives` of a union, and `optional` for those that are
// written all or none
// @raise for an unknown message name
static int codec_fields(lua_State *L)
{
    const vmh_schema *schema = check_schema(L, 1);

    push_fields(L, schema->fields, schema->field_count, schema->plain_field_count);
    return 1;
}

/// Packs an argument list, without outer length.
// An argument is `{ type = "uint32", value = 1 }`, `{ uint32 = 1 }`, or an integer
// (uint64), string, boolean or word (uint256) as it is.
// Rule: docs/formats.md, argument arrays.
// @function pack_arguments
// @tparam {argument,...} arguments
// @treturn string packed argument array
// @raise with the path of the value, as in "arguments[2]: uint32 out of range: 4294967296"
static int codec_pack_arguments(lua_State *L)
{
    vmh_arena *arena;
    vmh_buffer *buffer;
    vmh_argument_array arguments;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    buffer = vmh_push_buffer(L);
    vmh_check_argument_array(L, 1, arena, &arguments);
    vmh_argument_array_encode(arguments, buffer);
    vmh_arena_clear(arena);
    return push_buffer_bytes(L, buffer);
}

/// Reads a packed argument array as contracts see it: leniently.
// @function unpack_arguments
// @tparam string packed
// @treturn[1] {argument,...} list of `{ type =, value = }`
// @return[2] nil
// @treturn[2] string message with the number of the argument
// @treturn[2] string code `malformed`, for an argument of unknown type
static int codec_unpack_arguments(lua_State *L)
{
    vmh_bytes packed = vmh_check_bytes(L, 1);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_argument_array arguments;
    vmh_argument_fault fault;
    vmh_failure why;
    bool known;

    if (vmh_argument_array_decode(packed, arena, &arguments, &known, &fault, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    if (!known) {
        vmh_arena_clear(arena);
        return vmh_push_failure_text(L, VMH_E_MALFORMED, "argument %I has an unknown type",
                                     (lua_Integer)fault.index + 1);
    }
    vmh_push_argument_array(L, arguments);
    vmh_arena_clear(arena);
    return 1;
}

/// Packs an events list, without outer length.
// @function pack_events
// @tparam {table,...} events with the fields of Event
// @treturn string packed events array
// @raise with the path of the value
static int codec_pack_events(lua_State *L)
{
    vmh_path root = vmh_path_root("events");
    vmh_arena *arena;
    vmh_buffer *buffer;
    const vmh_event *events;
    size_t count;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    buffer = vmh_push_buffer(L);
    vmh_check_events(L, 1, &root, arena, &events, &count);
    vmh_events_encode(events, count, buffer);
    vmh_arena_clear(arena);
    return push_buffer_bytes(L, buffer);
}

/// Reads a packed events array; a cut event reads as empty.
// @function unpack_events
// @tparam string packed
// @treturn {table,...} with the fields of Event
static int codec_unpack_events(lua_State *L)
{
    vmh_bytes packed = vmh_check_bytes(L, 1);
    vmh_arena *arena = vmh_push_arena(L);
    const vmh_event *events;
    vmh_failure why;
    size_t count;

    if (vmh_events_decode(packed, arena, &events, &count, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_events(L, events, count);
    vmh_arena_clear(arena);
    return 1;
}

/*
 * A transaction or query, signed or bare. A signed one begins with the length
 * of the other, which then reads as a valid message; a bare one begins with its
 * protocol version, a length too small for that.
 */
static bool read_transaction(vmh_bytes bytes, vmh_transaction *out)
{
    vmh_reader reader;

    vmh_signed_transaction_decode(bytes, false, out, NULL);
    if (vmh_message_open(&vmh_schema_transaction, out->message, &reader))
        return true;
    vmh_transaction_decode(bytes, false, out, NULL);
    return vmh_message_open(&vmh_schema_transaction, bytes, &reader);
}

static int push_no_transaction(lua_State *L, vmh_bytes bytes)
{
    return vmh_push_failure_text(L, VMH_E_MALFORMED, "%I bytes are no transaction or query",
                                 (lua_Integer)bytes.size);
}

static int push_transaction_hash(lua_State *L)
{
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_transaction transaction;
    vmh_hash32 hash;

    if (!read_transaction(bytes, &transaction))
        return push_no_transaction(L, bytes);
    vmh_transaction_hash(&transaction, &hash);
    vmh_push_bytes(L, vmh_bytes_hash(&hash));
    return 1;
}

/// Hash of a transaction: SHA-256 of the Transaction message as received.
// @function transaction_hash
// @tparam string bytes SignedTransaction or Transaction message
// @treturn[1] string 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int codec_transaction_hash(lua_State *L)
{
    return push_transaction_hash(L);
}

/// Hash of a query: SHA-256 of the Query message as received.
// @function query_hash
// @tparam string bytes SignedQuery or Query message
// @treturn[1] string 32 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int codec_query_hash(lua_State *L)
{
    return push_transaction_hash(L);
}

/// Id of a transaction: its timestamp, 8 bytes little-endian, then its hash.
// @function transaction_id
// @tparam string bytes SignedTransaction or Transaction message
// @treturn[1] string 40 bytes
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int codec_transaction_id(lua_State *L)
{
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_transaction transaction;
    vmh_hash32 hash;
    uint8_t id[8 + 32];

    if (!read_transaction(bytes, &transaction))
        return push_no_transaction(L, bytes);
    vmh_transaction_hash(&transaction, &hash);
    vmh_put_u64_le(id, transaction.timestamp);
    memcpy(id + 8, hash.bytes, sizeof hash.bytes);
    vmh_push_bytes(L, vmh_bytes_of(id, sizeof id));
    return 1;
}

/// Request id of a transaction that runs in a set, so that one sent twice has two.
// @function request_id
// @tparam string txhash 32 bytes
// @tparam integer height block height
// @tparam integer index in the set, from 0
// @treturn string 32 bytes
static int codec_request_id(lua_State *L)
{
    vmh_bytes txhash = vmh_check_bytes_of_size(L, 1, 32);
    uint64_t height = vmh_check_unsigned(L, 2);
    uint64_t index = vmh_check_unsigned(L, 3);
    vmh_hash32 hash;
    vmh_hash32 id;

    luaL_argcheck(L, index <= UINT32_MAX, 3, "must be below 2^32");
    memcpy(hash.bytes, txhash.data, sizeof hash.bytes);
    vmh_transaction_request_id(&hash, height, (uint32_t)index, &id);
    vmh_push_bytes(L, vmh_bytes_hash(&id));
    return 1;
}

/// Hash of a state diff, as a results block header holds it.
// @function state_diff_hash
// @tparam {table,...} diff contract state diffs, in order
// @treturn string 32 bytes
// @raise with the path of the value
static int codec_state_diff_hash(lua_State *L)
{
    vmh_path root = vmh_path_root("state_diff");
    vmh_arena *arena;
    vmh_state_diff diff;
    vmh_hash32 hash;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    vmh_check_state_diff(L, 1, &root, arena, &diff);
    status = vmh_state_diff_hash(&diff, &hash, &why);
    vmh_arena_clear(arena);
    return push_hash(L, status, &hash, &why);
}

/// Hash of a block: SHA-256 of the hashes of its two headers.
// @function block_hash
// @tparam string transactions_header TransactionsBlockHeader message
// @tparam string results_header ResultsBlockHeader message
// @treturn string 32 bytes
static int codec_block_hash(lua_State *L)
{
    vmh_hash32 hash;

    vmh_block_hash(vmh_check_bytes(L, 1), vmh_check_bytes(L, 2), &hash);
    vmh_push_bytes(L, vmh_bytes_hash(&hash));
    return 1;
}

/// Writes a genesis.
// Rule: docs/formats.md, Genesis.
// @function pack_genesis
// @tparam table genesis all but `virtual_chain_id` may be left out
// @treturn string the bytes that the genesis hash covers
// @raise with the path of the value
static int codec_pack_genesis(lua_State *L)
{
    vmh_path root = vmh_path_root("genesis");
    vmh_arena *arena;
    vmh_buffer *buffer;
    vmh_genesis genesis;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    buffer = vmh_push_buffer(L);
    vmh_check_genesis(L, 1, &root, arena, &genesis);
    vmh_genesis_encode(&genesis, buffer);
    vmh_arena_clear(arena);
    return push_buffer_bytes(L, buffer);
}

/// Reads a genesis, strictly.
// @function unpack_genesis
// @tparam string bytes
// @treturn[1] table genesis with all fields
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed`
static int codec_unpack_genesis(lua_State *L)
{
    vmh_bytes bytes = vmh_check_bytes(L, 1);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_genesis genesis;
    vmh_failure why;

    if (vmh_genesis_decode(bytes, arena, &genesis, &why) != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_genesis(L, &genesis);
    vmh_arena_clear(arena);
    return 1;
}

/// Hash of a genesis, which names the chain.
// @function genesis_hash
// @tparam table genesis
// @treturn string 32 bytes
// @raise with the path of the value
static int codec_genesis_hash(lua_State *L)
{
    vmh_path root = vmh_path_root("genesis");
    vmh_arena *arena;
    vmh_genesis genesis;
    vmh_hash32 hash;
    vmh_failure why;
    vmh_status status;

    lua_settop(L, 1);
    arena = vmh_push_arena(L);
    vmh_check_genesis(L, 1, &root, arena, &genesis);
    status = vmh_genesis_hash(&genesis, &hash, &why);
    vmh_arena_clear(arena);
    return push_hash(L, status, &hash, &why);
}

/// Id of a message between services: SHA-256 of its bytes with `gas` as 0.
// @function message_id
// @tparam table message with the fields of Message
// @treturn string 32 bytes
// @raise with the path of the value
static int codec_message_id(lua_State *L)
{
    vmh_path root = vmh_path_root("Message");
    vmh_buffer *buffer;
    vmh_message message;
    vmh_hash32 hash;
    vmh_failure why;
    vmh_status status;

    luaL_checkany(L, 1);
    buffer = vmh_push_buffer(L);
    vmh_encode_table(L, 1, &vmh_schema_message, &root, buffer);
    status = vmh_message_decode(vmh_buffer_bytes(buffer), false, &message, &why);
    if (status == VMH_OK)
        status = vmh_message_id(&message, &hash, &why);
    vmh_buffer_clear(buffer);
    return push_hash(L, status, &hash, &why);
}

static uint32_t check_enum(lua_State *L, int index, const char *what,
                           const char *(*value_name)(uint32_t))
{
    vmh_path root = vmh_path_root(what);

    luaL_checkany(L, index);
    return vmh_path_check_enum(L, index, &root, value_name);
}

/// Request status of a query, or of a committed transaction.
// @function request_status_of_result
// @tparam string|integer execution_result
// @treturn string name of the request status
static int codec_request_status_of_result(lua_State *L)
{
    uint32_t result = check_enum(L, 1, "execution_result", vmh_execution_result_name);

    vmh_push_enum(L, vmh_request_status_of_result(result), vmh_request_status_name);
    return 1;
}

/// Request status of a transaction.
// @function request_status_of_transaction
// @tparam string|integer transaction_status
// @tparam[opt="RESERVED"] string|integer execution_result that of the receipt, which
// decides for committed transactions
// @treturn string name of the request status
static int codec_request_status_of_transaction(lua_State *L)
{
    uint32_t status = check_enum(L, 1, "transaction_status", vmh_transaction_status_name);
    uint32_t result = VMH_RESULT_RESERVED;

    if (!lua_isnoneornil(L, 2))
        result = check_enum(L, 2, "execution_result", vmh_execution_result_name);
    vmh_push_enum(L, vmh_request_status_of_transaction(status, result), vmh_request_status_name);
    return 1;
}

/// HTTP code of a response.
// @function http_status
// @tparam string|integer request_status
// @treturn integer code; 501 for a number that is no request status
static int codec_http_status(lua_State *L)
{
    uint32_t status = check_enum(L, 1, "request_status", vmh_request_status_name);

    lua_pushinteger(L, vmh_request_status_http_code(status));
    return 1;
}

int luaopen_vmhost_codec(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"encode", codec_encode},
        {"decode", codec_decode},
        {"messages", codec_messages},
        {"fields", codec_fields},
        {"pack_arguments", codec_pack_arguments},
        {"unpack_arguments", codec_unpack_arguments},
        {"pack_events", codec_pack_events},
        {"unpack_events", codec_unpack_events},
        {"transaction_hash", codec_transaction_hash},
        {"query_hash", codec_query_hash},
        {"transaction_id", codec_transaction_id},
        {"request_id", codec_request_id},
        {"state_diff_hash", codec_state_diff_hash},
        {"block_hash", codec_block_hash},
        {"pack_genesis", codec_pack_genesis},
        {"unpack_genesis", codec_unpack_genesis},
        {"genesis_hash", codec_genesis_hash},
        {"message_id", codec_message_id},
        {"request_status_of_result", codec_request_status_of_result},
        {"request_status_of_transaction", codec_request_status_of_transaction},
        {"http_status", codec_http_status},
        {NULL, NULL},
    };

    vmh_handle_init(L);
    luaL_newlib(L, functions);
    return 1;
}
