/*
 * Preloaded into a process: all randomness is zeros, so that keys are hashed under
 * the same key in every such process.
 */
#include <string.h>
#include <sys/random.h>

ssize_t getrandom(void *buffer, size_t size, unsigned flags)
{
    (void)flags;
    memset(buffer, 0, size);
    return (ssize_t)size;
}
