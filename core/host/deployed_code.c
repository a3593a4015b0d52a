/* What was deployed under a name, read past every contract: for tools that look in. */
#include "host/host_state.h"

static vmh_status read_key(vmh_host *host, vmh_bytes name, const char *suffix, vmh_arena *arena,
                           vmh_bytes *value, vmh_failure *why)
{
    uint64_t height = vmh_state_storage_last_block(host->storage)->block.height;
    vmh_bytes key;
    vmh_status status = vmh_arena_format(arena, &key, why, "%.*s%s", (int)name.size,
                                         (const char *)name.data, suffix);

    if (status != VMH_OK)
        return status;
    return vmh_state_storage_read_keys(host->storage, height, VMH_LITERAL("_Deployments"), &key, 1,
                                       arena, value, why);
}

vmh_status vmh_host_deployed_code(vmh_host *host, vmh_bytes name, vmh_arena *arena,
                                  uint32_t *processor_type, vmh_bytes *code, vmh_failure *why)
{
    vmh_bytes type;
    vmh_status status = read_key(host, name, ".Processor", arena, &type, why);

    *processor_type = 0;
    *code = (vmh_bytes){0};
    if (status != VMH_OK || type.size != 4)
        return status;
    *processor_type = vmh_get_u32_le(type.data);
    return read_key(host, name, ".Code", arena, code, why);
}
