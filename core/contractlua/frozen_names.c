#include "contractlua/frozen.h"

#include <assert.h>

#include "contractlua/handle.h"
#include "contractlua/lib_sdk.h"
#include "contractlua/natives.h"

/* What no table of the library holds. */
typedef struct hidden_object {
    const char *name;
    const vmh_lua_native_object *object;
} hidden_object;

static const hidden_object hidden[] = {
    {"ipairs iterator", &vmh_lua_ipairs_next},
    {"utf8.codes iterator", &vmh_lua_utf8_codes_next},
    {"utf8.codes lax iterator", &vmh_lua_utf8_codes_next_lax},
};

static const char string_metatable[] = "metatable of strings";

static bool is_same(vmh_lua_value a, vmh_lua_value b)
{
    return a.tag == b.tag && a.as.pointer == b.as.pointer;
}

static bool is_nameable(vmh_lua_value value)
{
    return value.tag == VMH_LUA_TABLE || value.tag == VMH_LUA_NATIVE;
}

/* Adds to a name, whose table this is, the parts that lead on to a value. */
static bool find_in_table(const vmh_lua_table *table, vmh_lua_value value,
                          vmh_lua_library_name *out)
{
    uint32_t at = out->count;

    if (at == VMH_LUA_NAME_PARTS)
        return false;
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const vmh_lua_entry *entry = &table->entries[i];

        if (!is_nameable(entry->value))
            continue;
        out->parts[at] = vmh_lua_string_bytes(entry->key.as.string);
        out->count = at + 1;
        /* No deeper than a name has parts. */
        if (is_same(entry->value, value) ||
            (entry->value.tag == VMH_LUA_TABLE &&
             find_in_table(entry->value.as.table, value, out)))
            return true;
    }
    out->count = at;
    return false;
}

static bool set_name(vmh_lua_library_name *out, const char *name)
{
    out->parts[0] = vmh_bytes_text(name);
    out->count = 1;
    return true;
}

bool vmh_lua_library_name_of(const vmh_lua_library *library, vmh_lua_value value,
                             vmh_lua_library_name *out)
{
    out->count = 0;
    if (!is_nameable(value) || (value.tag == VMH_LUA_TABLE && !value.as.table->is_read_only) ||
        (value.tag == VMH_LUA_NATIVE && value.as.native->kept_count != 0))
        return false;
    for (size_t i = 0; i < library->global_count; i++) {
        vmh_lua_value global = library->globals[i];

        set_name(out, library->names[i]);
        if (is_same(global, value) ||
            (global.tag == VMH_LUA_TABLE && find_in_table(global.as.table, value, out)))
            return true;
    }
    if (value.tag == VMH_LUA_TABLE && value.as.table == library->string_metatable)
        return set_name(out, string_metatable);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (value.tag == VMH_LUA_NATIVE && value.as.native == hidden[i].object)
            return set_name(out, hidden[i].name);
    }
    return false;
}

static vmh_lua_value field_of(const vmh_lua_table *table, vmh_bytes name)
{
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const vmh_lua_entry *entry = &table->entries[i];

        if (entry->key.tag == VMH_LUA_STRING && is_nameable(entry->value) &&
            vmh_bytes_equal(vmh_lua_string_bytes(entry->key.as.string), name))
            return entry->value;
    }
    return vmh_lua_nil();
}

/* Up to the first dot, which is taken off with it. */
static vmh_bytes take_part(vmh_bytes *name)
{
    const uint8_t *dot = name->size == 0 ? NULL : memchr(name->data, '.', name->size);
    vmh_bytes part = *name;

    if (dot == NULL) {
        *name = (vmh_bytes){0};
        return part;
    }
    part.size = (size_t)(dot - name->data);
    *name = vmh_bytes_of(dot + 1, name->size - part.size - 1);
    return part;
}

/* What a name leads to whose first part is a global; nil: nothing, or no global. */
static vmh_lua_value find_named(const vmh_lua_library *library, vmh_bytes name)
{
    vmh_bytes rest = name, first = take_part(&rest);
    vmh_lua_value value = vmh_lua_nil();

    for (size_t i = 0; i < library->global_count && vmh_lua_is_nil(value); i++) {
        if (vmh_bytes_equal(vmh_bytes_text(library->names[i]), first) &&
            is_nameable(library->globals[i]))
            value = library->globals[i];
    }
    while (rest.size > 0 && value.tag == VMH_LUA_TABLE)
        value = field_of(value.as.table, take_part(&rest));
    /* A dot at its end, or behind a function, is in no name. */
    return rest.size > 0 || (name.size > 0 && name.data[name.size - 1] == '.') ? vmh_lua_nil()
                                                                               : value;
}

vmh_lua_value vmh_lua_library_find(const vmh_lua_library *library, vmh_bytes name)
{
    vmh_lua_value found = find_named(library, name);

    if (vmh_lua_is_nil(found) && vmh_bytes_equal(name, vmh_bytes_text(string_metatable)))
        return vmh_lua_of_table(library->string_metatable);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0] && vmh_lua_is_nil(found); i++) {
        /* Values have no constant pointers; nobody writes to what keeps nothing. */
        if (vmh_bytes_equal(name, vmh_bytes_text(hidden[i].name)))
            found = (vmh_lua_value){
                .tag = VMH_LUA_NATIVE,
                .as = {.native = (vmh_lua_native_object *)hidden[i].object}};
    }
    return found;
}

static const vmh_lua_frozen_native natives[] = {
    {VMH_LUA_FROZEN_WRAP, &vmh_lua_wrapped, 1},
    {VMH_LUA_FROZEN_GMATCH, &vmh_lua_gmatch_next, 4},
    {VMH_LUA_FROZEN_LIST_NEXT, &vmh_lua_list_next, 2},
    {VMH_LUA_FROZEN_COUNTED_NEXT, &vmh_lua_counted_next, 2},
    {VMH_LUA_FROZEN_EVENT, &vmh_lua_event_native, 1},
    {VMH_LUA_FROZEN_METHOD, &vmh_lua_service_method, 3},
};

const vmh_lua_frozen_native *vmh_lua_frozen_native_of_tag(uint8_t tag)
{
    for (size_t i = 0; i < sizeof natives / sizeof natives[0]; i++) {
        if (natives[i].tag == tag)
            return &natives[i];
    }
    return NULL;
}

const vmh_lua_frozen_native *vmh_lua_frozen_native_of(const vmh_lua_native *native)
{
    for (size_t i = 0; i < sizeof natives / sizeof natives[0]; i++) {
        if (natives[i].native == native)
            return &natives[i];
    }
    return NULL;
}

/* ---- what a frame holds ---- */

void vmh_lua_live_at(const vmh_lua_proto *proto, const vmh_lua_proto_details *details,
                     const vmh_lua_point *point, uint32_t waiting, vmh_lua_live_list *out)
{
    const vmh_lua_instruction *at = &proto->code[point->instruction];
    uint32_t count = 0, number;

    for (number = point->live; number != 0; number = details->lives[number - 1].outer)
        count++;
    assert(count <= VMH_LUA_MAX_REGISTERS);
    out->count = count;
    for (number = point->live; number != 0; number = details->lives[number - 1].outer)
        out->items[--count] = &details->lives[number - 1];
    /* All operands of a row but the last are there; some of the last were joined already. */
    if (at->op == VMH_LUA_DO_CONCAT)
        out->count -= at->c - waiting;
}

vmh_lua_back vmh_lua_back_of(const vmh_lua_proto *proto, const vmh_lua_point *point)
{
    switch (proto->code[point->instruction].op) {
    case VMH_LUA_DO_CALL:
    case VMH_LUA_DO_FOR_IN_CALL:
        return VMH_LUA_BACK_CALL;
    case VMH_LUA_DO_CONCAT:
        return VMH_LUA_BACK_CONCAT;
    case VMH_LUA_DO_SET_INDEX:
    case VMH_LUA_DO_SET_FIELD:
    case VMH_LUA_DO_SET_ITEM:
        return VMH_LUA_BACK_NOTHING;
    case VMH_LUA_DO_EQ:
    case VMH_LUA_DO_EQ_CONSTANT:
    case VMH_LUA_DO_EQ_NUMBER:
    case VMH_LUA_DO_LT:
    case VMH_LUA_DO_LE:
    case VMH_LUA_DO_LT_NUMBER:
    case VMH_LUA_DO_LE_NUMBER:
    case VMH_LUA_DO_GT_NUMBER:
    case VMH_LUA_DO_GE_NUMBER:
        return VMH_LUA_BACK_TEST;
    default:
        return VMH_LUA_BACK_VALUE;
    }
}
