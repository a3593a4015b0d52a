#include "types/argument.h"

const char *vmh_argument_type_name(vmh_argument_type type)
{
    static const char *const names[] = {
#define NAME(name, number, text, go) [number] = text,
        VMH_ARGUMENT_TYPE_LIST(NAME)
#undef NAME
    };

    return (size_t)type < VMH_ARGUMENT_TYPE_COUNT ? names[type] : "unknown";
}

const char *vmh_argument_type_go_name(vmh_argument_type type)
{
    static const char *const names[] = {
#define NAME(name, number, text, go) [number] = go,
        VMH_ARGUMENT_TYPE_LIST(NAME)
#undef NAME
    };

    return (size_t)type < VMH_ARGUMENT_TYPE_COUNT ? names[type] : "unknown";
}

bool vmh_argument_type_find(vmh_bytes name, vmh_argument_type *type)
{
    for (size_t i = 0; i < VMH_ARGUMENT_TYPE_COUNT; i++) {
        if (vmh_bytes_equal(name, vmh_bytes_text(vmh_argument_type_name((vmh_argument_type)i)))) {
            *type = (vmh_argument_type)i;
            return true;
        }
    }
    return false;
}
