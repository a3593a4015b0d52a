/* What there is without being assigned: one set of read-only tables, made once, shared by all. */
#include <stdlib.h>

#include "contractlua/call.h"
#include "contractlua/handle.h"

static const vmh_lua_native_list lists[] = {
    {NULL, vmh_lua_base_natives, NULL},
    {"coroutine", vmh_lua_coroutine_natives, NULL},
    {"math", vmh_lua_math_natives, vmh_lua_math_constants},
    {"string", vmh_lua_string_natives, NULL},
    {"table", vmh_lua_table_natives, NULL},
    {"utf8", vmh_lua_utf8_natives, vmh_lua_utf8_constants},
};

/* What there is on a chain, beside those. */
static const vmh_lua_native_list sdk_lists[] = {
    {"sdk", vmh_lua_sdk_natives, NULL},
    {"sdk.async", vmh_lua_async_natives, NULL},
    {"sdk.uint32", vmh_lua_uint32_natives, NULL},
    {"sdk.uint64", vmh_lua_uint64_natives, NULL},
};

/* In the order of vmh_lua_event. */
static const char *const event_names[VMH_LUA_EVENT_COUNT] = {
    "__add",   "__sub",     "__mul",  "__idiv",     "__mod",  "__band",  "__bor",      "__bxor",
    "__shl",   "__shr",     "__concat", "__eq",     "__lt",   "__le",    "__unm",      "__bnot",
    "__len",   "__index",   "__newindex", "__call", "__tostring", "__name", "__pairs", "__metatable",
    "__gc",    "__mode",    "__close",
};

static size_t count_natives(const vmh_lua_native_list *list)
{
    size_t count = 0;

    while (list->natives[count].name != NULL)
        count++;
    return count;
}

static bool make_native(vmh_lua_heap *heap, const vmh_lua_native *native, vmh_lua_value *out)
{
    vmh_lua_native_object *made = vmh_lua_heap_alloc(heap, sizeof *made);

    if (made == NULL)
        return false;
    made->native = native;
    made->kept_count = 0;
    *out = (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = made}};
    return true;
}

static bool set_field(vmh_lua_heap *heap, vmh_lua_table *table, const char *name,
                      vmh_lua_value value)
{
    vmh_lua_string *key = vmh_lua_string_new(heap, vmh_bytes_text(name));
    uint64_t work;

    return key != NULL &&
           vmh_lua_table_set(heap, table, vmh_lua_of_string(key), value, &work);
}

static bool set_constant(vmh_lua_heap *heap, vmh_lua_table *table, const vmh_lua_constant *constant)
{
    vmh_lua_string *text;

    if (constant->text.data == NULL)
        return set_field(heap, table, constant->name, vmh_lua_integer(constant->integer));
    text = vmh_lua_string_new(heap, constant->text);
    if (text == NULL)
        return false;
    /* Threads share it: nobody is to write its hash later. */
    vmh_lua_string_hash(text);
    return set_field(heap, table, constant->name, vmh_lua_of_string(text));
}

static vmh_lua_table *make_table(vmh_lua_heap *heap, const vmh_lua_native_list *list)
{
    vmh_lua_table *table = vmh_lua_table_new(heap);
    vmh_lua_value function;

    if (table == NULL)
        return NULL;
    for (const vmh_lua_native *native = list->natives; native->name != NULL; native++) {
        if (!make_native(heap, native, &function) ||
            !set_field(heap, table, native->name, function))
            return NULL;
    }
    for (const vmh_lua_constant *constant = list->constants;
         constant != NULL && constant->name != NULL; constant++) {
        if (!set_constant(heap, table, constant))
            return NULL;
    }
    table->is_read_only = true;
    return table;
}

/* A table that lies in the one that was made for the name in front of the dot. */
static bool add_inner(vmh_lua_library *library, const vmh_lua_native_list *list, const char *dot)
{
    vmh_lua_table *table = make_table(&library->heap, list);

    for (size_t i = 0; table != NULL && i < library->global_count; i++) {
        if (strncmp(library->names[i], list->name, (size_t)(dot - list->name)) == 0 &&
            library->names[i][dot - list->name] == '\0')
            return set_field(&library->heap, library->globals[i].as.table, dot + 1,
                             vmh_lua_of_table(table));
    }
    return false;
}

static bool add_globals(vmh_lua_library *library, const vmh_lua_native_list *list)
{
    const char *dot = list->name == NULL ? NULL : strchr(list->name, '.');
    vmh_lua_table *table;

    if (dot != NULL)
        return add_inner(library, list, dot);
    if (list->name != NULL) {
        table = make_table(&library->heap, list);
        if (table == NULL)
            return false;
        library->names[library->global_count] = list->name;
        library->globals[library->global_count++] = vmh_lua_of_table(table);
        return true;
    }
    for (const vmh_lua_native *native = list->natives; native->name != NULL; native++) {
        if (!make_native(&library->heap, native, &library->globals[library->global_count]))
            return false;
        library->names[library->global_count++] = native->name;
    }
    return true;
}

/* Strings look up their methods in the table `string`. */
static bool make_string_metatable(vmh_lua_library *library)
{
    vmh_lua_table *metatable = vmh_lua_table_new(&library->heap);

    if (metatable == NULL)
        return false;
    library->string_metatable = metatable;
    for (size_t i = 0; i < library->global_count; i++) {
        if (strcmp(library->names[i], "string") == 0 &&
            !set_field(&library->heap, metatable, "__index", library->globals[i]))
            return false;
    }
    metatable->is_read_only = true;
    return true;
}

static bool make_handle_methods(vmh_lua_library *library)
{
    static const struct {
        vmh_lua_event event;
        const vmh_lua_native *native;
    } methods[] = {
        {VMH_LUA_EVENT_INDEX, &vmh_lua_handle_index},
        {VMH_LUA_EVENT_NEWINDEX, &vmh_lua_handle_newindex},
        {VMH_LUA_EVENT_LEN, &vmh_lua_handle_len},
        {VMH_LUA_EVENT_PAIRS, &vmh_lua_handle_pairs},
    };

    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!make_native(&library->heap, methods[i].native,
                         &library->handle_methods[methods[i].event]))
            return false;
    }
    return true;
}

static bool make_event_names(vmh_lua_library *library)
{
    for (int i = 0; i < VMH_LUA_EVENT_COUNT; i++) {
        library->event_names[i] =
            vmh_lua_string_new(&library->heap, vmh_bytes_text(event_names[i]));
        if (library->event_names[i] == NULL)
            return false;
        /* Threads share them: the hash is there before any of them asks. */
        vmh_lua_string_hash(library->event_names[i]);
    }
    return true;
}

static bool add_lists(vmh_lua_library *library, const vmh_lua_native_list *of, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!add_globals(library, &of[i]))
            return false;
    }
    return true;
}

static void find_next(vmh_lua_library *library)
{
    for (size_t i = 0; i < library->global_count; i++) {
        if (strcmp(library->names[i], "next") == 0)
            library->next = library->globals[i];
    }
}

static bool fill(vmh_lua_library *library, bool with_sdk, const vmh_lua_native_list *more)
{
    size_t list_count = sizeof lists / sizeof lists[0];
    size_t sdk_count = with_sdk ? sizeof sdk_lists / sizeof sdk_lists[0] : 0;
    size_t count = sdk_count + (more == NULL ? 0 : more->name != NULL ? 1 : count_natives(more));

    for (size_t i = 0; i < list_count; i++)
        count += lists[i].name != NULL ? 1 : count_natives(&lists[i]);
    library->names = calloc(count, sizeof(const char *));
    library->globals = calloc(count, sizeof *library->globals);
    if (library->names == NULL || library->globals == NULL ||
        !add_lists(library, lists, list_count) || !add_lists(library, sdk_lists, sdk_count) ||
        (more != NULL && !add_lists(library, more, 1)))
        return false;
    find_next(library);
    return make_event_names(library) && make_string_metatable(library) &&
           (!with_sdk || make_handle_methods(library));
}

vmh_status vmh_lua_library_new(bool with_sdk, vmh_lua_library **out, vmh_failure *why)
{
    return vmh_lua_library_new_with(with_sdk, NULL, out, why);
}

vmh_status vmh_lua_library_new_with(bool with_sdk, const vmh_lua_native_list *more,
                                    vmh_lua_library **out, vmh_failure *why)
{
    vmh_lua_library *library = calloc(1, sizeof *library);

    if (library == NULL)
        return vmh_fail_memory(why);
    vmh_lua_heap_init(&library->heap, UINT64_MAX);
    if (!fill(library, with_sdk, more)) {
        vmh_lua_library_free(library);
        return vmh_fail_memory(why);
    }
    *out = library;
    return VMH_OK;
}

void vmh_lua_library_free(vmh_lua_library *library)
{
    if (library == NULL)
        return;
    vmh_lua_heap_clear(&library->heap);
    free(library->names);
    free(library->globals);
    free(library);
}
