/* What there is without being assigned: one set of read-only tables, made once, shared by all. */
#include <stdlib.h>

#include "contractlua/call.h"

static const vmh_lua_native_list lists[] = {
    {NULL, vmh_lua_base_natives, NULL},
    {"coroutine", vmh_lua_coroutine_natives, NULL},
    {"math", vmh_lua_math_natives, vmh_lua_math_constants},
    {"string", vmh_lua_string_natives, NULL},
    {"table", vmh_lua_table_natives, NULL},
    {"utf8", vmh_lua_utf8_natives, vmh_lua_utf8_constants},
};

/* In the order of vmh_lua_event. */
static const char *const event_names[VMH_LUA_EVENT_COUNT] = {
    "__add",   "__sub",     "__mul",  "__idiv",     "__mod",  "__band",  "__bor",      "__bxor",
    "__shl",   "__shr",     "__concat", "__eq",     "__lt",   "__le",    "__unm",      "__bnot",
    "__len",   "__index",   "__newindex", "__call", "__tostring", "__name", "__pairs", "__metatable",
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

static bool add_globals(vmh_lua_library *library, const vmh_lua_native_list *list)
{
    vmh_lua_table *table;

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

static bool fill(vmh_lua_library *library)
{
    size_t count = 0;

    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        count += lists[i].name != NULL ? 1 : count_natives(&lists[i]);
    library->names = calloc(count, sizeof(const char *));
    library->globals = calloc(count, sizeof *library->globals);
    if (library->names == NULL || library->globals == NULL)
        return false;
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        if (!add_globals(library, &lists[i]))
            return false;
    }
    for (int i = 0; i < VMH_LUA_EVENT_COUNT; i++) {
        library->event_names[i] =
            vmh_lua_string_new(&library->heap, vmh_bytes_text(event_names[i]));
        if (library->event_names[i] == NULL)
            return false;
        /* Threads share them: the hash is there before any of them asks. */
        vmh_lua_string_hash(library->event_names[i]);
    }
    return make_string_metatable(library);
}

vmh_status vmh_lua_library_new(vmh_lua_library **out, vmh_failure *why)
{
    vmh_lua_library *library = calloc(1, sizeof *library);

    if (library == NULL)
        return vmh_fail_memory(why);
    vmh_lua_heap_init(&library->heap, UINT64_MAX);
    if (!fill(library)) {
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
