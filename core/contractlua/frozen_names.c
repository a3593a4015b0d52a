#include "contractlua/frozen.h"

#include <assert.h>

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

/* The key of a value in a table of the library. */
static bool find_field(const vmh_lua_table *table, vmh_lua_value value, vmh_bytes *name)
{
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const vmh_lua_entry *entry = &table->entries[i];

        if (is_same(entry->value, value) && entry->key.tag == VMH_LUA_STRING) {
            *name = vmh_lua_string_bytes(entry->key.as.string);
            return true;
        }
    }
    return false;
}

bool vmh_lua_library_name_of(const vmh_lua_library *library, vmh_lua_value value,
                             vmh_lua_library_name *out)
{
    *out = (vmh_lua_library_name){.table = {0}};
    if (value.tag != VMH_LUA_TABLE && value.tag != VMH_LUA_NATIVE)
        return false;
    if (value.tag == VMH_LUA_TABLE && !value.as.table->is_read_only)
        return false;
    for (size_t i = 0; i < library->global_count; i++) {
        vmh_lua_value global = library->globals[i];

        if (is_same(global, value)) {
            out->name = vmh_bytes_text(library->names[i]);
            return true;
        }
        if (global.tag == VMH_LUA_TABLE && find_field(global.as.table, value, &out->name)) {
            out->table = vmh_bytes_text(library->names[i]);
            return true;
        }
    }
    if (value.tag == VMH_LUA_TABLE && value.as.table == library->string_metatable) {
        out->name = vmh_bytes_text(string_metatable);
        return true;
    }
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        if (value.tag == VMH_LUA_NATIVE && value.as.native == hidden[i].object) {
            out->name = vmh_bytes_text(hidden[i].name);
            return true;
        }
    }
    return false;
}

static bool is_nameable(vmh_lua_value value)
{
    return value.tag == VMH_LUA_TABLE || value.tag == VMH_LUA_NATIVE;
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

vmh_lua_value vmh_lua_library_find(const vmh_lua_library *library, vmh_bytes name)
{
    const uint8_t *dot = name.size == 0 ? NULL : memchr(name.data, '.', name.size);
    vmh_bytes table = vmh_bytes_of(name.data, dot == NULL ? 0 : (size_t)(dot - name.data));

    for (size_t i = 0; i < library->global_count; i++) {
        vmh_bytes global = vmh_bytes_text(library->names[i]);
        vmh_lua_value value = library->globals[i];

        if (vmh_bytes_equal(global, name) && is_nameable(value))
            return value;
        if (dot != NULL && value.tag == VMH_LUA_TABLE && vmh_bytes_equal(global, table)) {
            value = field_of(value.as.table,
                             vmh_bytes_of(dot + 1, name.size - table.size - 1));
            if (!vmh_lua_is_nil(value))
                return value;
        }
    }
    if (vmh_bytes_equal(name, vmh_bytes_text(string_metatable)))
        return vmh_lua_of_table(library->string_metatable);
    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        /* Values have no constant pointers; nobody writes to what keeps nothing. */
        if (vmh_bytes_equal(name, vmh_bytes_text(hidden[i].name)))
            return (vmh_lua_value){
                .tag = VMH_LUA_NATIVE,
                .as = {.native = (vmh_lua_native_object *)hidden[i].object}};
    }
    return vmh_lua_nil();
}

void vmh_lua_live_at(const vmh_lua_proto *proto, const vmh_lua_point *point, uint32_t waiting,
                     vmh_lua_live_list *out)
{
    const vmh_lua_instruction *at = &proto->code[point->instruction];
    uint32_t count = 0, number;

    for (number = point->live; number != 0; number = proto->lives[number - 1].outer)
        count++;
    assert(count <= VMH_LUA_MAX_REGISTERS);
    out->count = count;
    for (number = point->live; number != 0; number = proto->lives[number - 1].outer)
        out->items[--count] = &proto->lives[number - 1];
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
