/*
 * What a host remembers of the runs that belong to each other: those of a root
 * transaction that sent messages or made asynchronous calls, and the messages
 * themselves. It is memory, not state: it holds what this host object has run,
 * of the newest roots only, and decides nothing.
 */
#ifndef VMH_HOST_RUN_LOG_H
#define VMH_HOST_RUN_LOG_H

#include "host/host.h"

/* So many roots are remembered, and so many bytes: the oldest ones are forgotten first. */
enum { VMH_RUN_LOG_ROOTS = 4096, VMH_RUN_LOG_SIZE = 64 << 20 };

typedef struct vmh_root_log vmh_root_log;

typedef struct vmh_run_log {
    vmh_root_log *roots[VMH_RUN_LOG_ROOTS];   /* in the order in which they came; NULL: free */
    vmh_root_log *buckets[VMH_RUN_LOG_ROOTS]; /* the same ones by their hash */
    size_t next;                              /* whose place the next one takes */
    size_t size;                              /* bytes that are remembered */
    uint64_t height;                          /* of the newest run */
} vmh_run_log;

void vmh_run_log_init(vmh_run_log *log);
void vmh_run_log_clear(vmh_run_log *log);

/* Forgets runs of that height and above: the set is processed anew. */
void vmh_run_log_forget(vmh_run_log *log, uint64_t height);

/* Remembers a run, if it sent something, made calls, or is a message itself. Copies all of it. */
vmh_status vmh_run_log_add(vmh_run_log *log, uint64_t height, const vmh_receipt *receipt,
                           const vmh_run_record *record, vmh_failure *why);

/* The first run of a root, in the order in which they ran; NULL where none is known. */
const vmh_logged_run *vmh_run_log_find(const vmh_run_log *log, const vmh_hash32 *root);

#endif
