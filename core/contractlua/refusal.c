#include "contractlua/lexer.h"

#include <stdio.h>

enum {
    SHOWN_LINE = 80,   /* bytes of a source line */
    SHOWN_BEFORE = 50, /* of them at most before the place, where the line is longer */
    SHOWN_NAME = 200,
};

/* The line of that number, without its break. */
static vmh_bytes find_line(vmh_bytes source, uint32_t number)
{
    const uint8_t *begin = source.data, *end = begin + source.size, *at = begin;

    for (; at < end; at++) {
        size_t size = vmh_lua_line_break(at, end);

        if (size == 0)
            continue;
        if (--number == 0)
            break;
        begin = at + size;
        at = begin - 1;
    }
    return vmh_bytes_of(begin, (size_t)(at - begin));
}

/* What cannot be printed is shown as '?', a tab as one space: columns stay what they are. */
static void show(char *out, vmh_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        uint8_t byte = bytes.data[i] == '\t' ? ' ' : bytes.data[i];

        out[i] = byte >= ' ' && byte <= '~' ? (char)byte : '?';
    }
    out[bytes.size] = '\0';
}

vmh_status vmh_lua_findings_add(vmh_lua_findings *findings, vmh_arena *arena,
                                vmh_lua_refusal found, vmh_failure *why)
{
    vmh_lua_refusal *items;

    if (findings->count == VMH_LUA_MAX_FINDINGS) {
        findings->has_more = true;
        return VMH_OK;
    }
    items = vmh_arena_grow(arena, findings->items, &findings->capacity, findings->count + 1,
                           sizeof *items);
    if (items == NULL)
        return vmh_fail_memory(why);
    items[findings->count++] = found;
    findings->items = items;
    return VMH_OK;
}

vmh_status vmh_lua_findings_warn(vmh_lua_findings *findings, vmh_arena *arena, vmh_lua_place place,
                                 const char *hint, vmh_failure *why, const char *format,
                                 va_list arguments)
{
    vmh_lua_refusal found = {.kind = VMH_LUA_REFUSAL_WARNING, .place = place};
    char text[300];
    vmh_status status;

    vsnprintf(text, sizeof text, format, arguments);
    status = vmh_arena_format(arena, &found.text, why, "%s%s%s", text, hint == NULL ? "" : ": ",
                              hint == NULL ? "" : hint);
    if (status != VMH_OK)
        return status;
    if (hint != NULL)
        found.hint = vmh_bytes_of(found.text.data + found.text.size - strlen(hint), strlen(hint));
    return vmh_lua_findings_add(findings, arena, found, why);
}

vmh_status vmh_lua_refusal_format(vmh_bytes name, vmh_bytes source, const vmh_lua_refusal *refusal,
                                  vmh_arena *arena, vmh_bytes *text, vmh_failure *why)
{
    uint32_t number = vmh_lua_place_line(refusal->place);
    uint32_t column = vmh_lua_place_column(refusal->place);
    vmh_bytes line = source.size == 0 ? VMH_LITERAL("") : find_line(source, number);
    size_t before = column - 1;
    size_t skipped = line.size > SHOWN_LINE && before > SHOWN_BEFORE ? before - SHOWN_BEFORE : 0;
    const char *begin_mark = skipped > 0 ? "..." : "", *end_mark = "";
    char shown[SHOWN_LINE + 1], shown_name[SHOWN_NAME + 1];

    line = vmh_bytes_of(line.data + skipped, line.size - skipped);
    if (line.size > SHOWN_LINE) {
        line.size = SHOWN_LINE;
        end_mark = "...";
    }
    if (name.size > SHOWN_NAME)
        name.size = SHOWN_NAME;
    show(shown, line);
    show(shown_name, name);
    return vmh_arena_format(arena, text, why, "%s:%u:%u: %s%.*s\n    %s%s%s\n    %*s^", shown_name,
                            number, column,
                            refusal->kind == VMH_LUA_REFUSAL_WARNING ? "warning: " : "",
                            VMH_PRINT(refusal->text),
                            begin_mark, shown, end_mark,
                            (int)(before - skipped + strlen(begin_mark)), "");
}
