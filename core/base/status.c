#include "base/status.h"

#include <stdio.h>
#include <string.h>

const char *vmh_status_code(vmh_status status)
{
    switch (status) {
#define VMH_STATUS_CASE(name, code) \
    case VMH_##name:                \
        return code;
        VMH_STATUS_LIST(VMH_STATUS_CASE)
#undef VMH_STATUS_CASE
    }
    return "unknown";
}

vmh_status vmh_fail(vmh_failure *why, vmh_status code, const char *format, ...)
{
    va_list args;

    if (why == NULL)
        return code;
    why->code = code;
    va_start(args, format);
    vsnprintf(why->text, sizeof why->text, format, args);
    va_end(args);
    return code;
}

vmh_status vmh_fail_within(vmh_status code, vmh_failure *why, const char *format, ...)
{
    char context[256];
    size_t context_size, kept;
    va_list args;

    if (why == NULL)
        return code;
    va_start(args, format);
    vsnprintf(context, sizeof context - 2, format, args);
    va_end(args);
    strcat(context, ": ");
    context_size = strlen(context);
    kept = strlen(why->text);
    if (kept > sizeof why->text - 1 - context_size)
        kept = sizeof why->text - 1 - context_size;
    memmove(why->text + context_size, why->text, kept);
    memcpy(why->text, context, context_size);
    why->text[context_size + kept] = '\0';
    return code;
}

vmh_status vmh_fail_memory(vmh_failure *why)
{
    return vmh_fail(why, VMH_E_NO_MEMORY, "out of memory");
}
