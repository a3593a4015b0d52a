#include "contractlua/interface.h"

#include <stdlib.h>

/* An interface in the making. */
typedef struct maker {
    vmh_lua_interface *made;
    vmh_arena *arena; /* of `wrong` */
    vmh_bytes *wrong;
    vmh_failure *why;
    vmh_status status;
} maker;

/* One name and its text. */
typedef struct item {
    vmh_bytes name;
    vmh_bytes text;
} item;

static bool is_fine(const maker *of)
{
    return of->status == VMH_OK && of->wrong->size == 0;
}

static void refuse_item(maker *of, const char *what, vmh_bytes name, vmh_bytes wrong)
{
    of->status = vmh_arena_format(of->arena, of->wrong, of->why, "sdk.contract: %s '%.*s': %.*s",
                                  what, VMH_PRINT(name), VMH_PRINT(wrong));
}

/* Copies a name and a text out of the run that declares them. */
static bool take_item(maker *of, const char *what, const vmh_lua_entry *entry, item *out)
{
    if (entry->key.tag != VMH_LUA_STRING) {
        of->status = vmh_arena_format(of->arena, of->wrong, of->why,
                                      "sdk.contract: %s: names are strings, not a %s", what,
                                      vmh_lua_type_name(entry->key));
        return false;
    }
    out->name = vmh_lua_string_bytes(entry->key.as.string);
    if (!vmh_lua_is_declarable(out->name)) {
        refuse_item(of, what, out->name,
                    VMH_LITERAL("not a name of letters, digits and _, of at most 64 bytes"));
        return false;
    }
    if (entry->value.tag != VMH_LUA_STRING) {
        refuse_item(of, what, out->name, VMH_LITERAL("declared by a text"));
        return false;
    }
    out->text = vmh_lua_string_bytes(entry->value.as.string);
    of->made->text_size += out->name.size + out->text.size;
    of->status = vmh_arena_copy(&of->made->arena, out->name, &out->name, of->why);
    if (of->status == VMH_OK)
        of->status = vmh_arena_copy(&of->made->arena, out->text, &out->text, of->why);
    return of->status == VMH_OK;
}

static bool has_items(maker *of, const char *what, const vmh_lua_table *table)
{
    if (table->present == 0 && table->live_count <= VMH_LUA_MAX_DECLARATIONS)
        return true;
    of->status = vmh_arena_format(
        of->arena, of->wrong, of->why,
        table->present != 0 ? "sdk.contract: %s: names are strings, not numbers"
                            : "sdk.contract: %s: more than 256 are declared",
        what);
    return false;
}

static bool is_absent(const vmh_lua_entry *entry)
{
    return vmh_lua_is_nil(entry->value);
}

/* ---- state ---- */

static void add_kept(maker *of, const vmh_lua_entry *entry)
{
    vmh_lua_kept *kept = &of->made->kept[of->made->kept_count];
    vmh_bytes wrong = {0};
    item given;

    if (!take_item(of, "state", entry, &given))
        return;
    kept->name = given.name;
    kept->text = given.text;
    of->status = vmh_lua_read_kept(given.text, &of->made->arena, &kept->type, &wrong, of->why);
    if (of->status == VMH_OK && wrong.size != 0)
        refuse_item(of, "state", given.name, wrong);
    of->made->kept_count++;
}

static void add_state(maker *of, const vmh_lua_table *table)
{
    if (!has_items(of, "state", table))
        return;
    of->made->kept = vmh_arena_alloc_array(&of->made->arena, table->live_count,
                                           sizeof *of->made->kept);
    if (of->made->kept == NULL)
        of->status = vmh_fail_memory(of->why);
    for (uint32_t i = 0; is_fine(of) && i < table->entry_count; i++) {
        if (!is_absent(&table->entries[i]))
            add_kept(of, &table->entries[i]);
    }
}

/* ---- events ---- */

static void add_event(maker *of, const vmh_lua_entry *entry)
{
    vmh_lua_declared_event *event = &of->made->events[of->made->event_count];
    vmh_bytes wrong = {0};
    item given;

    if (!take_item(of, "event", entry, &given))
        return;
    event->name = given.name;
    of->status = vmh_lua_read_event(given.text, &of->made->arena, event, &wrong, of->why);
    if (of->status == VMH_OK && wrong.size != 0)
        refuse_item(of, "event", given.name, wrong);
    of->made->event_count++;
}

static void add_events(maker *of, const vmh_lua_table *table)
{
    if (!has_items(of, "events", table))
        return;
    of->made->events = vmh_arena_alloc_array(&of->made->arena, table->live_count,
                                             sizeof *of->made->events);
    if (of->made->events == NULL)
        of->status = vmh_fail_memory(of->why);
    for (uint32_t i = 0; is_fine(of) && i < table->entry_count; i++) {
        if (!is_absent(&table->entries[i]))
            add_event(of, &table->entries[i]);
    }
}

/* ---- methods ---- */

/* What the host calls on its own must be as it calls it. */
static void check_init(maker *of, const vmh_method *method)
{
    if (!vmh_bytes_equal(method->name, VMH_LITERAL("_init")))
        return;
    if (!method->is_internal || !method->writes)
        refuse_item(of, "method", method->name, VMH_LITERAL("it is 'internal write'"));
    else if (method->result_count != 0)
        refuse_item(of, "method", method->name, VMH_LITERAL("it has no results"));
}

static void add_method(maker *of, const vmh_lua_entry *entry)
{
    vmh_lua_declared_method *method = &of->made->methods[of->made->method_count];
    vmh_bytes wrong = {0};
    item given;

    if (!take_item(of, "method", entry, &given))
        return;
    of->status = vmh_lua_read_method(given.text, &of->made->arena, method, &wrong, of->why);
    if (of->status != VMH_OK)
        return;
    method->method.name = given.name;
    of->made->method_count++;
    if (wrong.size != 0)
        refuse_item(of, "method", given.name, wrong);
    else
        check_init(of, &method->method);
}

/* A key that holds no method: "state" or "events". */
static bool is_section(maker *of, const vmh_lua_entry *entry, const char *name,
                       const vmh_lua_table **table)
{
    if (entry->key.tag != VMH_LUA_STRING ||
        !vmh_bytes_equal(vmh_lua_string_bytes(entry->key.as.string), vmh_bytes_text(name)))
        return false;
    *table = entry->value.tag == VMH_LUA_TABLE ? entry->value.as.table : NULL;
    if (*table == NULL)
        of->status = vmh_arena_format(of->arena, of->wrong, of->why,
                                      "sdk.contract: '%s' is a table of names and texts", name);
    return true;
}

static void add_all(maker *of, const vmh_lua_table *declaration)
{
    const vmh_lua_table *section;

    if (!has_items(of, "methods", declaration))
        return;
    of->made->methods = vmh_arena_alloc_array(&of->made->arena, declaration->live_count,
                                              sizeof *of->made->methods);
    if (of->made->methods == NULL)
        of->status = vmh_fail_memory(of->why);
    for (uint32_t i = 0; is_fine(of) && i < declaration->entry_count; i++) {
        const vmh_lua_entry *entry = &declaration->entries[i];

        if (is_absent(entry))
            continue;
        if (is_section(of, entry, "state", &section)) {
            if (section != NULL)
                add_state(of, section);
        } else if (is_section(of, entry, "events", &section)) {
            if (section != NULL)
                add_events(of, section);
        } else {
            add_method(of, entry);
        }
    }
}

vmh_status vmh_lua_interface_new(const vmh_lua_table *declaration, vmh_arena *arena,
                                 vmh_lua_interface **out, vmh_bytes *wrong, vmh_failure *why)
{
    vmh_lua_interface *made = calloc(1, sizeof *made);
    maker of = {made, arena, wrong, why, VMH_OK};

    *out = NULL;
    *wrong = (vmh_bytes){0};
    if (made == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&made->arena);
    add_all(&of, declaration);
    if (is_fine(&of))
        *out = made;
    else
        vmh_lua_interface_free(made);
    return of.status;
}

void vmh_lua_interface_free(vmh_lua_interface *interface)
{
    if (interface == NULL)
        return;
    vmh_arena_clear(&interface->arena);
    free(interface);
}

const vmh_lua_declared_method *vmh_lua_interface_method(const vmh_lua_interface *interface,
                                                        vmh_bytes name)
{
    for (size_t i = 0; i < interface->method_count; i++) {
        if (vmh_bytes_equal(interface->methods[i].method.name, name))
            return &interface->methods[i];
    }
    return NULL;
}

bool vmh_lua_interface_kept(const vmh_lua_interface *interface, vmh_bytes name, size_t *number)
{
    for (size_t i = 0; i < interface->kept_count; i++) {
        if (vmh_bytes_equal(interface->kept[i].name, name)) {
            *number = i;
            return true;
        }
    }
    return false;
}
