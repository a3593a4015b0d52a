#include "contractlua/check.h"

#include <stdlib.h>

#include "contractlua/code.h"

static int compare(const void *left, const void *right)
{
    const vmh_lua_refusal *a = left, *b = right;

    if (vmh_lua_place_line(a->place) != vmh_lua_place_line(b->place))
        return vmh_lua_place_line(a->place) < vmh_lua_place_line(b->place) ? -1 : 1;
    if (vmh_lua_place_column(a->place) != vmh_lua_place_column(b->place))
        return vmh_lua_place_column(a->place) < vmh_lua_place_column(b->place) ? -1 : 1;
    return 0;
}

/* What only the compiler refuses: at most one thing. */
static vmh_status compile(vmh_bytes source, const char *const *library, size_t library_count,
                          vmh_arena *arena, vmh_lua_findings *findings, vmh_failure *why)
{
    vmh_lua_refusal refusal;
    vmh_lua_code *code;
    vmh_status status = vmh_lua_compile(VMH_LITERAL("check"), source, library, library_count, arena,
                                        &code, &refusal, why);

    if (status != VMH_OK || code != NULL) {
        vmh_lua_code_free(code);
        return status;
    }
    return vmh_lua_findings_add(findings, arena, refusal, why);
}

vmh_status vmh_lua_check(vmh_bytes source, const char *const *library, size_t library_count,
                         vmh_arena *arena, vmh_lua_findings *findings, vmh_failure *why)
{
    vmh_lua_tree tree;
    vmh_status status = vmh_lua_parse_on(source, arena, &tree, findings, why);

    if (status == VMH_OK && findings->count == 0)
        status = compile(source, library, library_count, arena, findings, why);
    if (status == VMH_OK && !findings->is_broken && !findings->has_more)
        status = vmh_lua_lint(&tree, library, library_count, arena, findings, why);
    if (status == VMH_OK && !findings->is_broken && !findings->has_more)
        status = vmh_lua_lint_contract(&tree, arena, findings, why);
    if (status == VMH_OK && findings->count > 1)
        qsort(findings->items, findings->count, sizeof *findings->items, compare);
    return status;
}
