#include "contractlua/declaration.h"

#include "codec/argument_abi.h"

static const struct {
    const char *name;
    size_t size;
} scalars[] = {
#define X(name, text, size) {text, size},
    VMH_LUA_SCALAR_LIST(X)
#undef X
};

const char *vmh_lua_scalar_name(vmh_lua_scalar scalar)
{
    return scalars[scalar].name;
}

size_t vmh_lua_scalar_size(vmh_lua_scalar scalar)
{
    return scalars[scalar].size;
}

/* ---- words of a text ---- */

typedef struct reader {
    vmh_bytes text;
    size_t at;
    bool knows_abi; /* types of bytecode are known too */
    uint32_t abi_type_count; /* of those that were read, whether or not there is such a type */
    vmh_arena *arena;
    vmh_bytes *wrong; /* not empty: the text is refused, nothing more is read */
    vmh_failure *why;
    vmh_status status;
} reader;

static reader open_reader(vmh_bytes text, vmh_arena *arena, vmh_bytes *wrong, vmh_failure *why)
{
    *wrong = (vmh_bytes){0};
    return (reader){.text = text, .arena = arena, .wrong = wrong, .why = why};
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static void skip_blanks(reader *of)
{
    while (of->at < of->text.size &&
           (of->text.data[of->at] == ' ' || (of->text.data[of->at] >= 9 && of->text.data[of->at] <= 13)))
        of->at++;
}

/* A name, empty where none follows. */
static vmh_bytes peek_name(reader *of)
{
    size_t end;

    skip_blanks(of);
    end = of->at;
    while (end < of->text.size && (is_letter(of->text.data[end]) ||
                                   (end > of->at && is_digit(of->text.data[end]))))
        end++;
    return vmh_bytes_of(of->text.data + of->at, end - of->at);
}

static vmh_bytes take_name(reader *of)
{
    vmh_bytes name = peek_name(of);

    of->at += name.size;
    return name;
}

static bool take(reader *of, const char *sign)
{
    size_t size = strlen(sign);

    skip_blanks(of);
    if (of->text.size - of->at < size || memcmp(of->text.data + of->at, sign, size) != 0)
        return false;
    of->at += size;
    return true;
}

/* Refuses the text for what stands at the reader: always false. */
static bool refuse(reader *of, const char *wanted)
{
    vmh_bytes found = peek_name(of);

    if (found.size == 0 && of->at < of->text.size)
        found = vmh_bytes_of(of->text.data + of->at, 1);
    if (found.size == 0)
        of->status = vmh_arena_format(of->arena, of->wrong, of->why, "%s expected at the end",
                                      wanted);
    else
        of->status = vmh_arena_format(of->arena, of->wrong, of->why, "%s expected before '%.*s'",
                                      wanted, VMH_PRINT(found));
    return false;
}

/* Refuses a word that was read. */
static bool refuse_word(reader *of, const char *format, vmh_bytes word)
{
    of->status = vmh_arena_format(of->arena, of->wrong, of->why, format, VMH_PRINT(word));
    return false;
}

static bool fail_memory(reader *of)
{
    of->status = vmh_fail_memory(of->why);
    return false;
}

static bool expect(reader *of, const char *sign, const char *wanted)
{
    return take(of, sign) || refuse(of, wanted);
}

static bool expect_end(reader *of)
{
    skip_blanks(of);
    return of->at == of->text.size || refuse(of, "nothing more");
}

bool vmh_lua_is_declarable(vmh_bytes name)
{
    if (name.size == 0 || name.size > VMH_LUA_MAX_NAME || !is_letter(name.data[0]))
        return false;
    for (size_t i = 1; i < name.size; i++) {
        if (!is_letter(name.data[i]) && !is_digit(name.data[i]))
            return false;
    }
    return true;
}

/* ---- what is kept ---- */

static bool find_scalar(vmh_bytes name, vmh_lua_scalar *out)
{
    for (int i = 0; i < VMH_LUA_SCALAR_COUNT; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(scalars[i].name))) {
            *out = (vmh_lua_scalar)i;
            return true;
        }
    }
    return false;
}

static bool read_scalar(reader *of, const char *wanted, vmh_lua_scalar *out)
{
    vmh_bytes name = take_name(of);

    if (name.size == 0)
        return refuse(of, wanted);
    return find_scalar(name, out) || refuse_word(of, "there is no type '%.*s' to keep", name);
}

/*
 * The type at the reader, of which `depth` are around. One that holds others is read from the
 * outside in: its parts are all on one way, so that nothing recurses.
 */
static const vmh_lua_kept_type *read_kept(reader *of)
{
    vmh_lua_kept_type *types =
        vmh_arena_alloc_array(of->arena, VMH_LUA_MAX_KEPT_NESTING + 1, sizeof *types);
    uint32_t depth = 0;

    if (types == NULL) {
        fail_memory(of);
        return NULL;
    }
    for (;; depth++) {
        vmh_lua_kept_type *type = &types[depth];
        vmh_bytes name = take_name(of);

        type->depth = depth;
        if (depth > 0)
            types[depth - 1].of = type;
        if (name.size == 0) {
            refuse(of, "a type");
            return NULL;
        }
        if (find_scalar(name, &type->scalar))
            break;
        type->kind = vmh_bytes_equal(name, VMH_LITERAL("map"))       ? VMH_LUA_KEPT_MAP
                     : vmh_bytes_equal(name, VMH_LITERAL("list"))    ? VMH_LUA_KEPT_LIST
                     : vmh_bytes_equal(name, VMH_LITERAL("counted")) ? VMH_LUA_KEPT_COUNTED
                                                                     : VMH_LUA_KEPT_VALUE;
        if (type->kind == VMH_LUA_KEPT_VALUE) {
            refuse_word(of, "there is no type '%.*s' to keep", name);
            return NULL;
        }
        if (depth > 0 && types[depth - 1].kind != VMH_LUA_KEPT_MAP) {
            refuse_word(of, "only a map holds collections, not what holds '%.*s'", name);
            return NULL;
        }
        if (depth == VMH_LUA_MAX_KEPT_NESTING) {
            refuse_word(of, "'%.*s' lies in too many others", name);
            return NULL;
        }
        if (!expect(of, "(", "'('"))
            return NULL;
        if (type->kind != VMH_LUA_KEPT_LIST &&
            !(read_scalar(of, "the type of keys", &type->scalar) && expect(of, ",", "','")))
            return NULL;
    }
    for (; depth > 0; depth--) {
        if (!expect(of, ")", "')'"))
            return NULL;
    }
    return types;
}

vmh_status vmh_lua_read_kept(vmh_bytes text, vmh_arena *arena, const vmh_lua_kept_type **out,
                             vmh_bytes *wrong, vmh_failure *why)
{
    reader of = open_reader(text, arena, wrong, why);

    *out = read_kept(&of);
    if (*out != NULL)
        expect_end(&of);
    return of.status;
}

/* ---- lists of types ---- */

typedef struct type_list {
    vmh_argument_type types[VMH_LUA_MAX_PARAMETERS];
    vmh_bytes texts[VMH_LUA_MAX_PARAMETERS]; /* of the types */
    vmh_bytes names[VMH_LUA_MAX_PARAMETERS];
    size_t count;
} type_list;

/* What is kept of a list takes no more room than it has items. */
static bool keep_list(reader *of, const type_list *list, const vmh_argument_type **types,
                      const vmh_bytes **names)
{
    vmh_argument_type *kept_types =
        vmh_arena_alloc_array(of->arena, list->count, sizeof *kept_types);
    vmh_bytes *kept_names = vmh_arena_alloc_array(of->arena, list->count, sizeof *kept_names);

    if (kept_types == NULL || kept_names == NULL)
        return fail_memory(of);
    if (list->count != 0) {
        memcpy(kept_types, list->types, list->count * sizeof *kept_types);
        memcpy(kept_names, list->names, list->count * sizeof *kept_names);
    }
    *types = kept_types;
    *names = kept_names;
    return true;
}

/* False where there is no such type, or memory is short: see of->status. */
static bool find_type(reader *of, vmh_bytes text, vmh_argument_type *out)
{
    const vmh_abi_type *types;
    vmh_bytes list;

    if (vmh_argument_type_find(text, out))
        return true;
    if (!of->knows_abi || text.size > VMH_LUA_MAX_NAME)
        return false;
    of->abi_type_count++;
    of->status = vmh_arena_format(of->arena, &list, of->why, "(%.*s)", VMH_PRINT(text));
    if (of->status == VMH_OK)
        of->status = vmh_abi_types_parse(list, of->arena, &types, of->why);
    if (of->status == VMH_OK)
        return types->count == 1 && vmh_argument_type_of_abi(&types->items[0], out);
    if (of->status != VMH_E_NO_MEMORY)
        of->status = VMH_OK;
    return false;
}

/* "uint64", "amount uint64", "bytes[]" */
static bool read_field(reader *of, type_list *list)
{
    vmh_bytes first = take_name(of);
    vmh_bytes second = peek_name(of);
    vmh_bytes name = {0};
    size_t begin;

    if (first.size == 0)
        return refuse(of, "a type");
    if (list->count == VMH_LUA_MAX_PARAMETERS)
        return refuse_word(of, "'%.*s' is one of too many", first);
    if (second.size != 0) {
        if (!vmh_lua_is_declarable(first))
            return refuse_word(of, "'%.*s' is too long a name", first);
        name = first;
        first = take_name(of);
    }
    begin = (size_t)(first.data - of->text.data);
    if (of->text.size - of->at >= 2 && memcmp(of->text.data + of->at, "[]", 2) == 0)
        of->at += 2;
    first = vmh_bytes_of(of->text.data + begin, of->at - begin);
    if (!find_type(of, first, &list->types[list->count]))
        return of->status == VMH_OK &&
               refuse_word(of, "there is no type '%.*s' of arguments", first);
    list->texts[list->count] = first;
    for (size_t i = 0; name.size != 0 && i < list->count; i++) {
        if (vmh_bytes_equal(list->names[i], name))
            return refuse_word(of, "two are called '%.*s'", name);
    }
    list->names[list->count++] = name;
    return true;
}

/* Zero or more, up to what ends them; the last may be followed by dots. */
static bool read_fields(reader *of, type_list *list, const char *end, bool *is_variadic)
{
    list->count = 0;
    skip_blanks(of);
    if (*end == '\0' ? of->at == of->text.size : take(of, end))
        return true;
    do {
        if (!read_field(of, list))
            return false;
        if (is_variadic != NULL && take(of, "...")) {
            *is_variadic = true;
            break;
        }
    } while (take(of, ","));
    return *end == '\0' ? expect_end(of) : expect(of, end, "',' or ')'");
}

vmh_status vmh_lua_read_event(vmh_bytes text, vmh_arena *arena, vmh_lua_declared_event *out,
                              vmh_bytes *wrong, vmh_failure *why)
{
    reader of = open_reader(text, arena, wrong, why);
    type_list list;

    if (read_fields(&of, &list, "", NULL) &&
        keep_list(&of, &list, &out->fields, &out->field_names))
        out->field_count = list.count;
    return of.status;
}

/* ---- methods ---- */

/* The parts of "(parameters)", "(parameters) results" and "(parameters)(results)" */
typedef struct method_types {
    type_list parameters, results;
    const vmh_bytes *parameter_names, *result_names;
    bool has_results;
} method_types;

static bool read_types(reader *of, vmh_method *method, method_types *types)
{
    if (!expect(of, "(", "'('") ||
        !read_fields(of, &types->parameters, ")", &method->is_variadic))
        return false;
    skip_blanks(of);
    types->has_results = of->at < of->text.size;
    if (take(of, "(")) {
        if (!read_fields(of, &types->results, ")", NULL) || !expect_end(of))
            return false;
    } else if (!read_fields(of, &types->results, "", NULL)) {
        return false;
    }
    method->parameter_count = types->parameters.count;
    method->result_count = types->results.count;
    return keep_list(of, &types->parameters, &method->parameters, &types->parameter_names) &&
           keep_list(of, &types->results, &method->results, &types->result_names);
}

/* One of two words. */
static bool read_either(reader *of, vmh_bytes yes, vmh_bytes no, const char *wanted, bool *is_yes)
{
    vmh_bytes word = peek_name(of);

    *is_yes = vmh_bytes_equal(word, yes);
    if (!*is_yes && !vmh_bytes_equal(word, no))
        return refuse(of, wanted);
    take_name(of);
    return true;
}

vmh_status vmh_lua_read_method(vmh_bytes text, vmh_arena *arena, vmh_lua_declared_method *out,
                               vmh_bytes *wrong, vmh_failure *why)
{
    reader of = open_reader(text, arena, wrong, why);
    vmh_method method = {.name = out->method.name};
    method_types types;

    *out = (vmh_lua_declared_method){.method = method};
    if (vmh_bytes_equal(peek_name(&of), VMH_LITERAL("callback"))) {
        take_name(&of);
        out->is_callback = true;
        out->method.writes = true;
        expect_end(&of);
        return of.status;
    }
    if (read_either(&of, VMH_LITERAL("internal"), VMH_LITERAL("external"),
                    "'external', 'internal' or 'callback'", &method.is_internal) &&
        read_either(&of, VMH_LITERAL("write"), VMH_LITERAL("read"), "'read' or 'write'",
                    &method.writes) &&
        read_types(&of, &method, &types)) {
        out->method = method;
        out->parameter_names = types.parameter_names;
    }
    return of.status;
}

static void append_types(vmh_buffer *out, const type_list *list)
{
    vmh_buffer_append_u8(out, '(');
    for (size_t i = 0; i < list->count; i++) {
        if (i > 0)
            vmh_buffer_append_u8(out, ',');
        vmh_buffer_append(out, list->texts[i]);
    }
    vmh_buffer_append_u8(out, ')');
}

/* The signature in its one form, without blanks and names. */
static vmh_status write_signature(reader *of, const method_types *types, vmh_lua_signature *out)
{
    vmh_buffer text;
    vmh_status status;

    vmh_buffer_init(&text);
    vmh_buffer_append(&text, out->name);
    append_types(&text, &types->parameters);
    if (types->has_results)
        append_types(&text, &types->results);
    status = vmh_buffer_check(&text, of->why);
    if (status == VMH_OK)
        status = vmh_arena_copy(of->arena, vmh_buffer_bytes(&text), &out->text, of->why);
    vmh_buffer_clear(&text);
    return status;
}

vmh_status vmh_lua_read_signature(vmh_bytes name, vmh_bytes text, vmh_arena *arena,
                                  vmh_lua_signature *out, vmh_bytes *wrong, vmh_failure *why)
{
    reader of = open_reader(text, arena, wrong, why);
    method_types types;

    types.has_results = false;
    of.knows_abi = true;
    *out = (vmh_lua_signature){.name = name};
    if (name.size == 0)
        out->name = take_name(&of);
    if (out->name.size == 0)
        refuse(&of, "the name of a method");
    else if (read_types(&of, &out->method, &types))
        of.status = write_signature(&of, &types, out);
    out->method.name = out->name;
    out->has_results = types.has_results;
    out->abi_type_count = of.abi_type_count;
    return of.status;
}
