#include "schema_table.h"

#include "argument_table.h"
#include "codec/argument_codec.h"
#include "codec/field_codec.h"
#include "codec/receipt_codec.h"
#include "failure.h"
#include "handle.h"
#include "word.h"

/* One conversion: its scratch memory lies on the Lua stack. */
typedef struct conversion {
    lua_State *L;
    vmh_arena *arena;
    vmh_buffer *scratch;
} conversion;

static void encode_message(const conversion *c, int index, const vmh_schema *schema,
                           const vmh_path *path, vmh_writer *out);

static bool is_argument(const vmh_schema *schema)
{
    return schema->field_count == 1 && schema->fields[0].type == VMH_FIELD_ARGUMENT;
}

/* Pushes the raw field `name`; false for nil. */
static bool push_field(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    return lua_rawget(L, index) != LUA_TNIL;
}

static void encode_list(const conversion *c, int index, const vmh_schema *schema,
                        const vmh_path *path, vmh_writer *list)
{
    size_t count = vmh_path_check_list(c->L, index, path);

    for (size_t i = 1; i <= count; i++) {
        vmh_path item = vmh_path_item(path, (lua_Integer)i);
        vmh_writer message;
        size_t place = vmh_writer_begin(list, &message);

        lua_rawgeti(c->L, index, (lua_Integer)i);
        encode_message(c, lua_gettop(c->L), schema, &item, &message);
        lua_pop(c->L, 1);
        vmh_writer_end(list, place);
    }
}

/* Message, list of messages, arguments or events: what is behind a length. */
static void encode_nested(const conversion *c, int index, const vmh_field *field,
                          const vmh_path *path, vmh_writer *out)
{
    vmh_writer nested;
    size_t place = vmh_writer_begin(out, &nested);
    vmh_argument_array arguments;

    switch (field->type) {
    case VMH_FIELD_MESSAGE:
        encode_message(c, index, field->message, path, &nested);
        break;
    case VMH_FIELD_MESSAGES:
        encode_list(c, index, field->message, path, &nested);
        break;
    case VMH_FIELD_EVENTS:
        encode_list(c, index, &vmh_schema_event, path, &nested);
        break;
    default:
        vmh_check_argument_array_at(c->L, index, path, c->arena, &arguments);
        vmh_argument_array_encode(arguments, out->out);
        vmh_arena_reset(c->arena);
        break;
    }
    vmh_writer_end(out, place);
}

/* A scalar or bytes; `word` holds the bytes of a uint256. */
static void check_scalar(lua_State *L, int index, const vmh_field *field, const vmh_path *path,
                         uint8_t word[32], vmh_field_value *out)
{
    vmh_word number;

    switch (field->type) {
    case VMH_FIELD_BOOL:
        out->number = vmh_path_check_bool(L, index, path);
        break;
    case VMH_FIELD_U16:
        if (field->value_name != NULL)
            out->number = vmh_path_check_enum(L, index, path, field->value_name);
        else
            out->number = vmh_path_check_u32(L, index, path);
        if (out->number > UINT16_MAX)
            vmh_path_error(L, path, "uint16 out of range: %I", (lua_Integer)out->number);
        break;
    case VMH_FIELD_U32:
        out->number = vmh_path_check_u32(L, index, path);
        break;
    case VMH_FIELD_U64:
        out->number = vmh_path_check_u64(L, index, path);
        break;
    case VMH_FIELD_UINT256:
        number = vmh_path_check_word(L, index, path);
        vmh_word_to_bytes(&number, word);
        out->bytes = vmh_bytes_of(word, 32);
        break;
    case VMH_FIELD_BYTES20:
        out->bytes = vmh_path_check_fixed(L, index, path, "bytes20", 20);
        break;
    case VMH_FIELD_BYTES32:
        out->bytes = vmh_path_check_fixed(L, index, path, "bytes32", 32);
        break;
    default:
        out->bytes = vmh_path_check_bytes(L, index, path);
        break;
    }
}

static bool is_nested(lua_State *L, int index, const vmh_field *field)
{
    switch (field->type) {
    case VMH_FIELD_MESSAGE:
    case VMH_FIELD_MESSAGES:
        return true;
    case VMH_FIELD_ARGUMENTS:
    case VMH_FIELD_EVENTS:
        return lua_type(L, index) != LUA_TSTRING;
    default:
        return false;
    }
}

/* What a field that is nil is written as. */
static vmh_field_value zero_value(const vmh_field *field, uint8_t word[32])
{
    vmh_field_value value = {0};

    memset(word, 0, 32);
    if (field->type == VMH_FIELD_BYTES20)
        value.bytes = vmh_bytes_of(word, 20);
    else if (field->type == VMH_FIELD_BYTES32 || field->type == VMH_FIELD_UINT256)
        value.bytes = vmh_bytes_of(word, 32);
    return value;
}

static void encode_value(const conversion *c, int index, const vmh_field *field,
                         const vmh_path *path, vmh_writer *out)
{
    uint8_t word[32];
    vmh_field_value value = zero_value(field, word);

    if (!lua_isnil(c->L, index) && is_nested(c->L, index, field)) {
        encode_nested(c, index, field, path, out);
        return;
    }
    if (!lua_isnil(c->L, index))
        check_scalar(c->L, index, field, path, word, &value);
    vmh_field_write(field, &value, out);
}

/* The only alternative whose key is there; of proofs the first where none is. */
static uint16_t chosen_alternative(const conversion *c, int index, const vmh_field *field,
                                   const vmh_path *path)
{
    uint16_t chosen = VMH_READER_NO_UNION;

    for (uint16_t i = 0; i < field->alternative_count; i++) {
        bool present = push_field(c->L, index, field->alternatives[i].name);

        lua_pop(c->L, 1);
        if (present && chosen != VMH_READER_NO_UNION)
            vmh_path_error(c->L, path, "both %s and %s are given",
                           field->alternatives[chosen].name, field->alternatives[i].name);
        if (present)
            chosen = i;
    }
    if (chosen == VMH_READER_NO_UNION && field->alternatives[0].type == VMH_FIELD_MESSAGE)
        vmh_path_error(c->L, path, "none of the %s alternatives is given (the first is %s)",
                       field->name, field->alternatives[0].name);
    return chosen == VMH_READER_NO_UNION ? 0 : chosen;
}

static void encode_field(const conversion *c, int index, const vmh_field *field,
                         const vmh_path *path, vmh_writer *out)
{
    vmh_path field_path;

    if (field->type == VMH_FIELD_UNION) {
        uint16_t selector = chosen_alternative(c, index, field, path);

        vmh_writer_u16(out, selector);
        field = &field->alternatives[selector];
    }
    field_path = vmh_path_field(path, field->name);
    push_field(c->L, index, field->name);
    encode_value(c, lua_gettop(c->L), field, &field_path, out);
    lua_pop(c->L, 1);
}

static bool has_further_fields(lua_State *L, int index, const vmh_schema *schema)
{
    bool found = schema->plain_field_count == 0;

    for (size_t i = schema->plain_field_count; i < schema->field_count && !found; i++) {
        found = push_field(L, index, schema->fields[i].name);
        lua_pop(L, 1);
    }
    return found;
}

/* Raises for keys that are no field. The table of names fits the longest schema. */
static void check_keys(lua_State *L, int index, const vmh_schema *schema, const vmh_path *path)
{
    const char *known[32];
    size_t count = 0;

    for (size_t i = 0; i < schema->field_count; i++) {
        const vmh_field *field = &schema->fields[i];

        for (size_t j = 0; j < field->alternative_count && count < 31; j++)
            known[count++] = field->alternatives[j].name;
        if (field->type != VMH_FIELD_UNION && count < 31)
            known[count++] = field->name;
    }
    known[count] = NULL;
    vmh_path_check_keys(L, index, path, known);
}

static void encode_message(const conversion *c, int index, const vmh_schema *schema,
                           const vmh_path *path, vmh_writer *out)
{
    size_t count;

    luaL_checkstack(c->L, LUA_MINSTACK, NULL);
    check_keys(c->L, index, schema, path);
    count = has_further_fields(c->L, index, schema) ? schema->field_count
                                                    : schema->plain_field_count;
    for (size_t i = 0; i < count; i++)
        encode_field(c, index, &schema->fields[i], path, out);
}

static conversion begin_conversion(lua_State *L)
{
    conversion c = {.L = L};

    luaL_checkstack(L, LUA_MINSTACK, NULL);
    c.arena = vmh_push_arena(L);
    c.scratch = vmh_push_buffer(L);
    return c;
}

/* Releases the scratch memory below the `results` values on the top. */
static void end_conversion(const conversion *c, int results)
{
    vmh_arena_clear(c->arena);
    vmh_buffer_clear(c->scratch);
    for (int i = 0; i < 2; i++)
        lua_remove(c->L, -1 - results);
}

void vmh_encode_table(lua_State *L, int index, const vmh_schema *schema, const vmh_path *path,
                      vmh_buffer *out)
{
    conversion c;
    vmh_argument argument;
    vmh_writer writer;

    index = lua_absindex(L, index);
    c = begin_conversion(L);
    if (is_argument(schema)) {
        vmh_check_argument(L, index, path, c.arena, &argument);
        vmh_argument_encode(&argument, out);
    } else {
        vmh_writer_init(&writer, out);
        encode_message(&c, index, schema, path, &writer);
    }
    vmh_check_memory(L, vmh_buffer_check(out, NULL));
    end_conversion(&c, 0);
}

static void push_message(const conversion *c, const vmh_schema *schema, vmh_bytes message);

static bool gives_again(const conversion *c, vmh_bytes packed)
{
    vmh_check_memory(c->L, vmh_buffer_check(c->scratch, NULL));
    return vmh_bytes_equal(vmh_buffer_bytes(c->scratch), packed);
}

static void push_arguments(const conversion *c, vmh_bytes packed)
{
    vmh_argument_array list;
    vmh_argument_fault fault;
    bool known;

    vmh_check_memory(c->L,
                 vmh_argument_array_decode(packed, c->arena, &list, &known, &fault, NULL));
    vmh_buffer_reset(c->scratch);
    vmh_argument_array_encode(list, c->scratch);
    if (known && gives_again(c, packed))
        vmh_push_argument_array(c->L, list);
    else
        vmh_push_bytes(c->L, packed);
    vmh_arena_reset(c->arena);
}

static void push_list(const conversion *c, const vmh_schema *schema, vmh_bytes content)
{
    vmh_items walk = vmh_items_of(content);
    vmh_bytes item;

    lua_newtable(c->L);
    for (lua_Integer i = 1; vmh_items_next(&walk, &item); i++) {
        push_message(c, schema, item);
        lua_rawseti(c->L, -2, i);
    }
}

static void push_events(const conversion *c, vmh_bytes packed)
{
    const vmh_event *events;
    size_t count;

    vmh_check_memory(c->L, vmh_events_decode(packed, c->arena, &events, &count, NULL));
    vmh_buffer_reset(c->scratch);
    vmh_events_encode(events, count, c->scratch);
    vmh_arena_reset(c->arena);
    if (gives_again(c, packed))
        push_list(c, &vmh_schema_event, packed);
    else
        vmh_push_bytes(c->L, packed);
}

/* Most have none. */
static void push_packed(const conversion *c, const vmh_field *field, vmh_bytes packed)
{
    if (packed.size == 0)
        lua_newtable(c->L);
    else if (field->type == VMH_FIELD_ARGUMENTS)
        push_arguments(c, packed);
    else
        push_events(c, packed);
}

static void push_number(lua_State *L, const vmh_field *field, uint64_t number)
{
    if (field->type == VMH_FIELD_BOOL)
        lua_pushboolean(L, number != 0);
    else if (field->value_name != NULL)
        vmh_push_enum(L, (uint32_t)number, field->value_name);
    else
        lua_pushinteger(L, (lua_Integer)number);
}

static void push_value(const conversion *c, const vmh_field *field, const vmh_field_value *value)
{
    vmh_word word;

    switch (field->type) {
    case VMH_FIELD_BOOL:
    case VMH_FIELD_U16:
    case VMH_FIELD_U32:
    case VMH_FIELD_U64:
        push_number(c->L, field, value->number);
        break;
    case VMH_FIELD_UINT256:
        word = vmh_word_from_bytes(value->bytes.data);
        vmh_push_word(c->L, &word);
        break;
    case VMH_FIELD_MESSAGE:
        if (value->bytes.size == 0)
            lua_pushnil(c->L);
        else
            push_message(c, field->message, value->bytes);
        break;
    case VMH_FIELD_MESSAGES:
        push_list(c, field->message, value->bytes);
        break;
    case VMH_FIELD_ARGUMENTS:
    case VMH_FIELD_EVENTS:
        push_packed(c, field, value->bytes);
        break;
    default:
        vmh_push_bytes(c->L, value->bytes);
        break;
    }
}

static void push_message(const conversion *c, const vmh_schema *schema, vmh_bytes message)
{
    vmh_reader reader;

    luaL_checkstack(c->L, LUA_MINSTACK, NULL);
    vmh_message_open(schema, message, &reader);
    lua_createtable(c->L, 0, (int)schema->field_count);
    for (size_t i = 0; i < schema->field_count; i++) {
        const vmh_field *field = &schema->fields[i];
        vmh_field_value value;

        if (i != 0 && i == schema->plain_field_count && vmh_reader_ended(&reader))
            break;
        vmh_field_read(field, &reader, &value);
        if (field->type == VMH_FIELD_UNION) {
            if (value.selector == VMH_READER_NO_UNION)
                continue;
            field = &field->alternatives[value.selector];
        }
        push_value(c, field, &value);
        lua_setfield(c->L, -2, field->name);
    }
}

static void push_argument_message(const conversion *c, vmh_bytes message)
{
    vmh_argument argument;
    bool known;

    vmh_check_memory(c->L, vmh_argument_decode(message, c->arena, &argument, &known, NULL));
    if (known)
        vmh_push_argument(c->L, &argument);
    else
        lua_newtable(c->L);
}

void vmh_push_message(lua_State *L, const vmh_schema *schema, vmh_bytes message)
{
    conversion c = begin_conversion(L);

    if (is_argument(schema))
        push_argument_message(&c, message);
    else
        push_message(&c, schema, message);
    end_conversion(&c, 1);
}

void vmh_push_messages(lua_State *L, const vmh_schema *schema, const vmh_bytes *messages,
                       size_t count)
{
    conversion c = begin_conversion(L);

    lua_createtable(L, count > INT32_MAX ? 0 : (int)count, 0);
    for (size_t i = 0; i < count; i++) {
        push_message(&c, schema, messages[i]);
        vmh_push_bytes(L, messages[i]);
        lua_setfield(L, -2, "message");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    end_conversion(&c, 1);
}
