#include "host/host.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/signature.h"
#include "host/genesis_state.h"
#include "host/host_state.h"
#include "host/sdk_call.h"
#include "contractlua/lua_processor.h"
#include "native/native_processor.h"
#include "vite/vite_processor.h"

static atomic_bool interrupt_asked;

void vmh_host_interrupt(void)
{
    atomic_store(&interrupt_asked, true);
}

void vmh_host_clear_interrupt(void)
{
    atomic_store(&interrupt_asked, false);
}

bool vmh_host_take_interrupt(void)
{
    return atomic_load_explicit(&interrupt_asked, memory_order_relaxed) &&
           atomic_exchange(&interrupt_asked, false);
}

vmh_processor *vmh_host_find_processor(const vmh_host *host, uint32_t type)
{
    for (size_t i = 0; i < host->processor_count; i++) {
        if (host->processors[i].type == type)
            return host->processors[i].processor;
    }
    return NULL;
}

uint32_t vmh_host_processor_type(const vmh_host *host, const vmh_processor *processor)
{
    for (size_t i = 0; i < host->processor_count; i++) {
        if (host->processors[i].processor == processor)
            return host->processors[i].type;
    }
    return VMH_PROCESSOR_RESERVED;
}

vmh_processor *vmh_host_own_native(const vmh_host *host)
{
    return host->own_native;
}

vmh_state_storage *vmh_host_storage(const vmh_host *host)
{
    return host->storage;
}

const vmh_logged_run *vmh_host_runs_of(const vmh_host *host, const vmh_hash32 *root)
{
    return vmh_run_log_find(&host->log, root);
}

vmh_sdk_handler *vmh_host_sdk_handler(vmh_host *host)
{
    return &host->sdk_handler;
}

static vmh_status add_processor(vmh_host *host, uint32_t type, vmh_processor *processor,
                                vmh_failure *why)
{
    if (vmh_host_find_processor(host, type) != NULL)
        return vmh_fail(why, VMH_E_INPUT, "two processors of type %u (%s)", type,
                        vmh_processor_type_name(type));
    if (host->processor_count == VMH_PROCESSOR_COUNT_MAX)
        return vmh_fail(why, VMH_E_INPUT, "more than %d processors", VMH_PROCESSOR_COUNT_MAX);
    host->processors[host->processor_count++] = (vmh_host_processor){type, processor};
    return VMH_OK;
}

/* Init of seed 002: the handler goes to each processor, once. */
static vmh_status register_processors(vmh_host *host, const vmh_host_options *options,
                                      vmh_failure *why)
{
    vmh_status status;

    for (size_t i = 0; i < options->processor_count; i++) {
        status = add_processor(host, options->processors[i].type, options->processors[i].processor,
                               why);
        if (status != VMH_OK)
            return status;
    }
    if (vmh_host_find_processor(host, VMH_PROCESSOR_NATIVE) == NULL) {
        status = vmh_native_processor_new(host->genesis, &host->own_native, why);
        if (status == VMH_OK)
            status = add_processor(host, VMH_PROCESSOR_NATIVE, host->own_native, why);
        if (status != VMH_OK)
            return status;
    }
    if (vmh_host_find_processor(host, VMH_PROCESSOR_LUA) == NULL) {
        status = vmh_lua_processor_new(host->genesis, &host->own_lua, why);
        if (status == VMH_OK)
            status = add_processor(host, VMH_PROCESSOR_LUA, host->own_lua, why);
        if (status != VMH_OK)
            return status;
    }
    if (vmh_host_find_processor(host, VMH_PROCESSOR_VITE) == NULL) {
        status = vmh_vite_processor_new(host->genesis, &host->own_vite, why);
        if (status == VMH_OK)
            status = add_processor(host, VMH_PROCESSOR_VITE, host->own_vite, why);
        if (status != VMH_OK)
            return status;
    }
    for (size_t i = 0; i < host->processor_count; i++) {
        vmh_processor *processor = host->processors[i].processor;

        status = processor->contract_sdk_call_handler(processor, &host->sdk_handler, why);
        if (status != VMH_OK)
            return status;
    }
    return VMH_OK;
}

static size_t thread_count(size_t asked)
{
    long cores;

    if (asked != 0)
        return asked;
    cores = sysconf(_SC_NPROCESSORS_ONLN);
    return cores < 1 ? 1 : (size_t)cores;
}

vmh_status vmh_host_open(const vmh_host_options *options, vmh_host **out, vmh_failure *why)
{
    vmh_host *host = calloc(1, sizeof *host);
    vmh_status status;

    *out = NULL;
    if (host == NULL)
        return vmh_fail_memory(why);
    host->sdk_handler.handle_sdk_call = vmh_host_handle_sdk_call;
    vmh_code_memory_init(&host->codes);
    vmh_run_log_init(&host->log);
    host->storage = options->storage;
    host->genesis = vmh_state_storage_genesis(options->storage);
    host->rules = host->genesis->rules;
    host->connector = options->connector;
    host->committee = options->committee;
    host->trace = options->trace;
    host->verify_threads = thread_count(options->verify_threads);
    status = vmh_random_bytes(host->context_salt.bytes, sizeof host->context_salt.bytes, why);
    if (status == VMH_OK)
        status = register_processors(host, options, why);
    if (status == VMH_OK && vmh_state_storage_is_new(host->storage))
        status = vmh_genesis_state_apply(host, why);
    if (status != VMH_OK) {
        vmh_host_close(host);
        return status;
    }
    *out = host;
    return VMH_OK;
}

bool vmh_host_runs_lua(const vmh_host *host)
{
    return host->own_lua != NULL;
}

void vmh_host_close(vmh_host *host)
{
    if (host == NULL)
        return;
    if (host->own_native != NULL)
        host->own_native->free(host->own_native);
    if (host->own_lua != NULL)
        host->own_lua->free(host->own_lua);
    if (host->own_vite != NULL)
        host->own_vite->free(host->own_vite);
    vmh_code_memory_clear(&host->codes);
    vmh_run_log_clear(&host->log);
    free(host);
}
