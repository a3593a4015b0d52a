/* One of two, where no processor can foresee which: compilers make no branch of this. */
#ifndef VMH_BASE_SELECT_H
#define VMH_BASE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

static inline void *vmh_select(bool is_first, const void *first, const void *second)
{
    uintptr_t mask = -(uintptr_t)is_first;

    return (void *)(((uintptr_t)first & mask) | ((uintptr_t)second & ~mask));
}

#endif
