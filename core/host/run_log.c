#include "host/run_log.h"

#include <stdlib.h>

#include "base/siphash.h"

struct vmh_root_log {
    vmh_root_log *same_bucket;
    size_t bucket; /* its number */
    vmh_hash32 root;
    vmh_logged_run *first, *last;
    size_t size; /* bytes of its runs */
};

void vmh_run_log_init(vmh_run_log *log)
{
    *log = (vmh_run_log){.next = 0};
}

/* ---- a run: one piece of memory, with all that it refers to ---- */

/* Bytes that a run takes. */
static size_t size_of(const vmh_logged_run *run)
{
    const vmh_run_record *record = &run->record;
    size_t size = sizeof *run + run->parent.size + record->error.size + record->detail.size +
                  record->contract_name.size + record->method_name.size + record->message.size +
                  record->call_count * sizeof *record->calls +
                  record->execution_count * sizeof *record->executions +
                  record->message_count * sizeof *record->messages;

    for (size_t i = 0; i < record->call_count; i++)
        size += record->calls[i].contract_name.size + record->calls[i].method_name.size;
    for (size_t i = 0; i < record->execution_count; i++)
        size += record->executions[i].contract_name.size +
                record->executions[i].method_name.size + record->executions[i].error.size +
                record->executions[i].detail.size;
    for (size_t i = 0; i < record->message_count; i++)
        size += record->messages[i].size;
    return size;
}

/* Puts `size` bytes at `*place`, and gives where they are. */
static void *put(uint8_t **place, const void *from, size_t size)
{
    void *put = *place;

    if (size != 0)
        memcpy(put, from, size);
    *place += size;
    return put;
}

static void put_bytes(uint8_t **place, vmh_bytes *bytes)
{
    bytes->data = put(place, bytes->data, bytes->size);
}

/* Lists first, which are aligned as the run is; its events are not kept. */
static vmh_logged_run *copy_run(const vmh_logged_run *from, size_t size)
{
    vmh_logged_run *run = malloc(size);
    uint8_t *place;
    vmh_run_record *record;
    vmh_inline_execution *executions;
    vmh_call_site *calls;
    vmh_bytes *messages;

    if (run == NULL)
        return NULL;
    *run = *from;
    place = (uint8_t *)(run + 1);
    record = &run->record;
    record->undone_events = NULL;
    record->event_count = 0;
    record->executions = executions =
        put(&place, record->executions, record->execution_count * sizeof *executions);
    record->calls = calls = put(&place, record->calls, record->call_count * sizeof *calls);
    record->messages = messages =
        put(&place, record->messages, record->message_count * sizeof *messages);
    for (size_t i = 0; i < record->execution_count; i++) {
        put_bytes(&place, &executions[i].contract_name);
        put_bytes(&place, &executions[i].method_name);
        put_bytes(&place, &executions[i].error);
        put_bytes(&place, &executions[i].detail);
    }
    for (size_t i = 0; i < record->call_count; i++) {
        put_bytes(&place, &calls[i].contract_name);
        put_bytes(&place, &calls[i].method_name);
    }
    for (size_t i = 0; i < record->message_count; i++)
        put_bytes(&place, &messages[i]);
    put_bytes(&place, &run->parent);
    put_bytes(&place, &record->error);
    put_bytes(&place, &record->detail);
    put_bytes(&place, &record->contract_name);
    put_bytes(&place, &record->method_name);
    put_bytes(&place, &record->message);
    return run;
}

/* ---- roots ---- */

/* Peers choose roots, and whoever signs transactions can look for one: not which share a bucket. */
static size_t bucket_of(const vmh_hash32 *root)
{
    return vmh_siphash(vmh_bytes_hash(root)) % VMH_RUN_LOG_ROOTS;
}

static void free_runs(const vmh_logged_run *run)
{
    while (run != NULL) {
        const vmh_logged_run *next = run->next;

        free((void *)run);
        run = next;
    }
}

/* The root stays, without its runs. */
static void empty_root(vmh_run_log *log, vmh_root_log *of)
{
    log->size -= of->size;
    free_runs(of->first);
    of->first = of->last = NULL;
    of->size = 0;
}

static void leave_bucket(vmh_run_log *log, const vmh_root_log *of)
{
    vmh_root_log **link = &log->buckets[of->bucket];

    while (*link != of)
        link = &(*link)->same_bucket;
    *link = of->same_bucket;
}

static void free_root(vmh_run_log *log, size_t place)
{
    vmh_root_log *of = log->roots[place];

    log->roots[place] = NULL;
    if (of == NULL)
        return;
    leave_bucket(log, of);
    empty_root(log, of);
    free(of);
}

static vmh_root_log *find(const vmh_run_log *log, size_t bucket, const vmh_hash32 *root)
{
    vmh_root_log *of = log->buckets[bucket];

    while (of != NULL && memcmp(of->root.bytes, root->bytes, sizeof root->bytes) != 0)
        of = of->same_bucket;
    return of;
}

/* A root of its own, in the place of the oldest one. */
static vmh_root_log *make(vmh_run_log *log, size_t bucket, const vmh_hash32 *root)
{
    vmh_root_log *of;

    free_root(log, log->next);
    of = malloc(sizeof *of);
    if (of == NULL)
        return NULL;
    *of = (vmh_root_log){.same_bucket = log->buckets[bucket], .bucket = bucket, .root = *root};
    log->buckets[bucket] = of;
    log->roots[log->next] = of;
    log->next = (log->next + 1) % VMH_RUN_LOG_ROOTS;
    return of;
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

void vmh_run_log_clear(vmh_run_log *log)
{
    for (size_t i = 0; i < VMH_RUN_LOG_ROOTS; i++)
        free_root(log, i);
    vmh_run_log_init(log);
}

/* Drops the runs of that height and above, which are the last ones. */
static void cut_root(vmh_run_log *log, vmh_root_log *of, uint64_t height)
{
    vmh_logged_run *run = of->first, *kept = NULL;

    log->size -= of->size;
    of->size = 0;
    while (run != NULL && run->height < height) {
        of->size += size_of(run);
        kept = run;
        run = (vmh_logged_run *)run->next;
    }
    log->size += of->size;
    free_runs(run);
    of->last = kept;
    if (kept == NULL)
        of->first = NULL;
    else
        kept->next = NULL;
}

void vmh_run_log_forget(vmh_run_log *log, uint64_t height)
{
    size_t next = log->next;
    bool is_newest = true;

    if (log->height < height)
        return;
    /* From the newest back: the places of those that are gone are used again. */
    for (size_t i = 1; i <= VMH_RUN_LOG_ROOTS; i++) {
        size_t place = (log->next + VMH_RUN_LOG_ROOTS - i) % VMH_RUN_LOG_ROOTS;
        vmh_root_log *of = log->roots[place];

        if (of != NULL)
            cut_root(log, of, height);
        if (of != NULL && of->first == NULL)
            free_root(log, place);
        is_newest = is_newest && log->roots[place] == NULL;
        next = is_newest ? place : next;
    }
    log->next = next;
    log->height = height - 1;
}

/* ---- use ---- */

vmh_status vmh_run_log_add(vmh_run_log *log, uint64_t height, const vmh_receipt *receipt,
                           const vmh_run_record *record, vmh_failure *why)
{
    vmh_logged_run given = {
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
    size_t size = size_of(&given), bucket;
    vmh_root_log *of;
    vmh_logged_run *run;

    if (record->execution_count == 0 && record->message_count == 0 && record->message.size == 0)
        return VMH_OK;
    run = copy_run(&given, size);
    bucket = bucket_of(&receipt->root);
    of = run == NULL ? NULL : find(log, bucket, &receipt->root);
    if (run != NULL && of == NULL)
        of = make(log, bucket, &receipt->root);
    if (of == NULL) {
        free(run);
        return vmh_fail_memory(why);
    }
    make_room(log, of, size);
    if (of->last == NULL)
        of->first = run;
    else
        of->last->next = run;
    of->last = run;
    of->size += size;
    log->size += size;
    log->height = height;
    return VMH_OK;
}

const vmh_logged_run *vmh_run_log_find(const vmh_run_log *log, const vmh_hash32 *root)
{
    const vmh_root_log *of = find(log, bucket_of(root), root);

    return of == NULL ? NULL : of->first;
}
