#include "harness.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

static struct {
    bool watched;
    size_t live;
    size_t peak;
    uint64_t count;
    uint64_t fail_at;
} memory;

void harness_fail(const char *file, int line, const char *what)
{
    fflush(stdout);
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

uint64_t harness_take_number(harness_input *input, size_t size)
{
    vmh_bytes bytes = harness_take_bytes(input, size);
    uint64_t number = 0;

    for (size_t i = 0; i < bytes.size; i++)
        number |= (uint64_t)bytes.data[i] << (8 * i);
    return number;
}

vmh_bytes harness_take_bytes(harness_input *input, size_t size)
{
    size_t taken = size < input->size ? size : input->size;
    vmh_bytes bytes = vmh_bytes_of(input->data, taken);

    if (taken > 0)
        *input = vmh_bytes_of(input->data + taken, input->size - taken);
    return bytes;
}

vmh_bytes harness_take_part(harness_input *input)
{
    size_t size = (size_t)harness_take_number(input, 2);

    return harness_take_bytes(input, size);
}

static bool refuse(void)
{
    return memory.watched && ++memory.count == memory.fail_at;
}

static void *count(void *block)
{
    if (memory.watched && block != NULL)
        memory.live += malloc_usable_size(block);
    if (memory.live > memory.peak)
        memory.peak = memory.live;
    return block;
}

static void discount(void *block)
{
    if (memory.watched && block != NULL)
        memory.live -= malloc_usable_size(block);
}

void *__wrap_malloc(size_t size)
{
    return refuse() ? NULL : count(__real_malloc(size));
}

void *__wrap_calloc(size_t number, size_t size)
{
    return refuse() ? NULL : count(__real_calloc(number, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    size_t old_size = old != NULL ? malloc_usable_size(old) : 0;
    void *block = refuse() ? NULL : __real_realloc(old, size);

    if (memory.watched && block != NULL)
        memory.live -= old_size;
    return count(block);
}

void __wrap_free(void *block)
{
    discount(block);
    __real_free(block);
}

void harness_watch_memory(uint64_t fail_at)
{
    if (!memory.watched)
        memory.live = memory.peak = 0;
    memory.watched = true;
    memory.count = 0;
    memory.fail_at = fail_at;
}

size_t harness_memory_live(void)
{
    return memory.live;
}

size_t harness_memory_peak(void)
{
    return memory.peak;
}

void harness_expect_no_memory(void)
{
    memory.watched = false;
    EXPECT(memory.live == 0, "memory is not given back");
}
