#include "host/code_memory.h"

enum { LARGEST_CODE = 64 * 1024, LARGEST_SIZE = 4 * 1024 * 1024 };

void vmh_code_memory_init(vmh_code_memory *memory)
{
    *memory = (vmh_code_memory){0};
    vmh_arena_init(&memory->arena);
    vmh_ordmap_init(&memory->codes, &memory->arena);
}

void vmh_code_memory_clear(vmh_code_memory *memory)
{
    vmh_arena_clear(&memory->arena);
}

/* What is remembered from now on is of `height`. */
void vmh_code_memory_forget(vmh_code_memory *memory, uint64_t height)
{
    vmh_arena_reset(&memory->arena);
    vmh_ordmap_init(&memory->codes, &memory->arena);
    memory->values = NULL;
    memory->value_count = memory->value_capacity = 0;
    memory->size = 0;
    memory->height = height;
}

bool vmh_code_memory_find(const vmh_code_memory *memory, uint64_t height, vmh_bytes service,
                          vmh_bytes *code)
{
    size_t number;

    if (memory->height != height)
        return false;
    number = vmh_ordmap_find(&memory->codes, service);
    if (number == VMH_ORDMAP_ABSENT)
        return false;
    *code = memory->values[number];
    return true;
}

vmh_status vmh_code_memory_remember(vmh_code_memory *memory, uint64_t height, vmh_bytes service,
                                    vmh_bytes code, vmh_failure *why)
{
    size_t size = service.size + code.size;
    vmh_bytes *values, name, copy;
    vmh_status status;

    if (size > LARGEST_CODE)
        return VMH_OK;
    if (memory->height != height || memory->size + size > LARGEST_SIZE)
        vmh_code_memory_forget(memory, height);
    values = vmh_arena_grow(&memory->arena, memory->values, &memory->value_capacity,
                            memory->value_count + 1, sizeof *values);
    if (values == NULL)
        return vmh_fail_memory(why);
    memory->values = values;
    status = vmh_arena_copy(&memory->arena, service, &name, why);
    if (status == VMH_OK)
        status = vmh_arena_copy(&memory->arena, code, &copy, why);
    if (status == VMH_OK)
        status = vmh_ordmap_add(&memory->codes, name, why);
    if (status != VMH_OK)
        return status;
    values[memory->value_count++] = copy;
    memory->size += size;
    return VMH_OK;
}
