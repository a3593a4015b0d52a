#include "host/run_log.h"

#include <stdlib.h>

struct vmh_root_log {
    vmh_arena arena;
    vmh_hash32 root;
    vmh_logged_run *runs;
    size_t count;
    size_t capacity;
    size_t size; /* bytes that were copied */
};

void vmh_run_log_init(vmh_run_log *log)
{
    *log = (vmh_run_log){.next = 0};
}

/* The root stays, without its runs. */
static void empty_root(vmh_run_log *log, vmh_root_log *of)
{
    log->size -= of->size;
    vmh_arena_clear(&of->arena);
    of->runs = NULL;
    of->count = of->capacity = of->size = 0;
}

static void free_root(vmh_run_log *log, size_t place)
{
    vmh_root_log *of = log->roots[place];

    log->roots[place] = NULL;
    if (of == NULL)
        return;
    empty_root(log, of);
    free(of);
}

void vmh_run_log_clear(vmh_run_log *log)
{
    for (size_t i = 0; i < VMH_RUN_LOG_ROOTS; i++)
        free_root(log, i);
    vmh_run_log_init(log);
}

void vmh_run_log_forget(vmh_run_log *log, uint64_t height)
{
    size_t next = log->next;
    bool is_newest = true;

    /* From the newest back: the places of those that are gone are used again. */
    for (size_t i = 1; i <= VMH_RUN_LOG_ROOTS; i++) {
        size_t place = (log->next + VMH_RUN_LOG_ROOTS - i) % VMH_RUN_LOG_ROOTS;
        vmh_root_log *of = log->roots[place];

        while (of != NULL && of->count > 0 && of->runs[of->count - 1].height >= height)
            of->count--;
        if (of != NULL && of->count == 0)
            free_root(log, place);
        is_newest = is_newest && log->roots[place] == NULL;
        next = is_newest ? place : next;
    }
    log->next = next;
}

/* From the newest back: it is mostly that. */
static vmh_root_log *find(const vmh_run_log *log, const vmh_hash32 *root)
{
    for (size_t i = 1; i <= VMH_RUN_LOG_ROOTS; i++) {
        vmh_root_log *of = log->roots[(log->next + VMH_RUN_LOG_ROOTS - i) % VMH_RUN_LOG_ROOTS];

        if (of != NULL && memcmp(of->root.bytes, root->bytes, sizeof root->bytes) == 0)
            return of;
    }
    return NULL;
}

/* Forgets the oldest roots until `size` more bytes fit, and what `of` has where it alone is too
   much: whoever sends messages chooses what their root is. */
static void make_room(vmh_run_log *log, vmh_root_log *of, size_t size)
{
    for (size_t i = 0; i < VMH_RUN_LOG_ROOTS && log->size + size > VMH_RUN_LOG_SIZE; i++) {
        size_t place = (log->next + i) % VMH_RUN_LOG_ROOTS;

        if (log->roots[place] != of)
            free_root(log, place);
    }
    if (log->size + size > VMH_RUN_LOG_SIZE)
        empty_root(log, of);
}

/* Bytes that a run takes. */
static size_t size_of(const vmh_logged_run *run)
{
    const vmh_run_record *record = &run->record;
    size_t size = sizeof *run + run->parent.size + record->error.size +
                  record->contract_name.size + record->method_name.size + record->message.size +
                  record->call_count * sizeof *record->calls +
                  record->execution_count * sizeof *record->executions +
                  record->message_count * sizeof *record->messages;

    for (size_t i = 0; i < record->call_count; i++)
        size += record->calls[i].contract_name.size + record->calls[i].method_name.size;
    for (size_t i = 0; i < record->execution_count; i++)
        size += record->executions[i].contract_name.size +
                record->executions[i].method_name.size + record->executions[i].error.size;
    for (size_t i = 0; i < record->message_count; i++)
        size += record->messages[i].size;
    return size;
}

/* A root of its own, in the place of the oldest one, and in its memory. */
static vmh_root_log *make(vmh_run_log *log, const vmh_hash32 *root)
{
    vmh_root_log *of = log->roots[log->next];

    if (of == NULL)
        of = calloc(1, sizeof *of);
    if (of == NULL)
        return NULL;
    log->size -= of->size;
    vmh_arena_reset(&of->arena);
    *of = (vmh_root_log){.arena = of->arena, .root = *root};
    log->roots[log->next] = of;
    log->next = (log->next + 1) % VMH_RUN_LOG_ROOTS;
    return of;
}

static vmh_status copy_executions(vmh_arena *arena, vmh_run_record *record, vmh_failure *why)
{
    vmh_inline_execution *executions =
        vmh_arena_alloc_array(arena, record->execution_count, sizeof *executions);
    vmh_status status = executions == NULL ? vmh_fail_memory(why) : VMH_OK;

    for (size_t i = 0; i < record->execution_count && status == VMH_OK; i++) {
        executions[i] = record->executions[i];
        status = vmh_arena_copy(arena, executions[i].contract_name, &executions[i].contract_name,
                                why);
        if (status == VMH_OK)
            status =
                vmh_arena_copy(arena, executions[i].method_name, &executions[i].method_name, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(arena, executions[i].error, &executions[i].error, why);
    }
    record->executions = executions;
    return status;
}

static vmh_status copy_calls(vmh_arena *arena, vmh_run_record *record, vmh_failure *why)
{
    vmh_call_site *calls = vmh_arena_alloc_array(arena, record->call_count, sizeof *calls);
    vmh_status status = calls == NULL ? vmh_fail_memory(why) : VMH_OK;

    for (size_t i = 0; i < record->call_count && status == VMH_OK; i++) {
        calls[i] = record->calls[i];
        status = vmh_arena_copy(arena, calls[i].contract_name, &calls[i].contract_name, why);
        if (status == VMH_OK)
            status = vmh_arena_copy(arena, calls[i].method_name, &calls[i].method_name, why);
    }
    record->calls = calls;
    return status;
}

static vmh_status copy_messages(vmh_arena *arena, vmh_run_record *record, vmh_failure *why)
{
    vmh_bytes *messages = vmh_arena_alloc_array(arena, record->message_count, sizeof *messages);
    vmh_status status = messages == NULL ? vmh_fail_memory(why) : VMH_OK;

    for (size_t i = 0; i < record->message_count && status == VMH_OK; i++)
        status = vmh_arena_copy(arena, record->messages[i], &messages[i], why);
    record->messages = messages;
    return status;
}

/* What a run leaves here is in the arena; its events are not kept. */
static vmh_status copy_run(vmh_arena *arena, vmh_logged_run *run, vmh_failure *why)
{
    vmh_run_record *record = &run->record;
    vmh_bytes *names[] = {&run->parent, &record->error, &record->contract_name,
                          &record->method_name, &record->message};
    vmh_status status = VMH_OK;

    record->undone_events = NULL;
    record->event_count = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == VMH_OK; i++)
        status = vmh_arena_copy(arena, *names[i], names[i], why);
    if (status == VMH_OK)
        status = copy_executions(arena, record, why);
    if (status == VMH_OK)
        status = copy_calls(arena, record, why);
    return status == VMH_OK ? copy_messages(arena, record, why) : status;
}

vmh_status vmh_run_log_add(vmh_run_log *log, uint64_t height, const vmh_receipt *receipt,
                           const vmh_run_record *record, vmh_failure *why)
{
    vmh_logged_run run = {
        .height = height,
        .id = receipt->message_id,
        .txhash = receipt->txhash,
        .parent = receipt->parent,
        .execution_result = receipt->execution_result,
        .code = receipt->code,
        .gas_used = receipt->gas_used,
        .suspended = receipt->suspended,
        .record = *record,
    };
    vmh_root_log *of;
    vmh_logged_run *runs;
    size_t size = size_of(&run);
    vmh_status status;

    if (record->execution_count == 0 && record->message_count == 0 && record->message.size == 0)
        return VMH_OK;
    of = find(log, &receipt->root);
    if (of == NULL)
        of = make(log, &receipt->root);
    if (of == NULL)
        return vmh_fail_memory(why);
    make_room(log, of, size);
    runs = vmh_arena_grow(&of->arena, of->runs, &of->capacity, of->count + 1, sizeof *runs);
    if (runs == NULL)
        return vmh_fail_memory(why);
    of->runs = runs;
    status = copy_run(&of->arena, &run, why);
    if (status != VMH_OK)
        return status;
    runs[of->count++] = run;
    of->size += size;
    log->size += size;
    return VMH_OK;
}

const vmh_logged_run *vmh_run_log_find(const vmh_run_log *log, const vmh_hash32 *root,
                                       size_t *count)
{
    const vmh_root_log *of = find(log, root);

    *count = of == NULL ? 0 : of->count;
    return *count == 0 ? NULL : of->runs;
}
