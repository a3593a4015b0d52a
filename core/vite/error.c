#include "vite/error.h"

const char *vmh_vite_error_text(vmh_vite_error error)
{
    static const char *const texts[] = {
#define ERROR_TEXT(name, text) [VMH_VITE_ERROR_##name] = text,
        VMH_VITE_ERROR_LIST(ERROR_TEXT)
#undef ERROR_TEXT
    };

    return texts[error];
}
