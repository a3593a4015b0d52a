/*
 * The inside of the machine, for its own files: a run, and its frames.
 *
 *     run     request, origin, slots, logs, triggered requests: one for all frames
 *     frame   stack, memory, code, return data: one more for each DELEGATECALL
 *
 * The interpreter's loop keeps the stack pointer, which points at the top item,
 * and the quota in registers and hands them to what it calls out of line.
 */
#ifndef VMH_VITE_FRAME_H
#define VMH_VITE_FRAME_H

#include "vite/analysis.h"
#include "vite/interpreter.h"
#include "vite/suspension.h"

/*
 * Items that a frame has room for. Rules stop at 1,024; a resume under the rule
 * set `reference` may pass that, and ends here.
 */
enum { VMH_VITE_STACK_LIMIT = 1024, VMH_VITE_STACK_ROOM = 4096 };

/* Beside the errors of contracts: the run's status tells what happened. */
#define VMH_VITE_HOST_FAILED ((vmh_vite_error)-1)

typedef struct vmh_vite_memory {
    uint8_t *data;
    size_t size;
    size_t capacity;
    uint64_t charged; /* total paid so far; growth that is free does not move it */
} vmh_vite_memory;

typedef struct vmh_vite_run vmh_vite_run;

typedef struct vmh_vite_frame {
    vmh_vite_run *run;
    const vmh_vite_analysis *analysis;
    vmh_word *stack; /* slot 0 lies below the first item */
    vmh_vite_memory memory;
    vmh_bytes code;
    vmh_bytes call_data;
    vmh_bytes return_data; /* of the last DELEGATECALL */
    bool has_return_data;
    uint32_t depth;
    vmh_vite_end end;
    vmh_bytes output;
} vmh_vite_frame;

/* What of a run is undone with a failed frame. */
typedef struct vmh_vite_checkpoint {
    size_t journal_count;
    size_t log_count;
    size_t triggered_count;
    uint32_t limited_count;
    uint64_t credits;
    uint64_t kept_credits;
    int64_t left;
} vmh_vite_checkpoint;

/* What an answer resumes. */
typedef struct vmh_vite_suspended {
    vmh_vite_error error; /* why there is nothing */
    vmh_vite_context saved;
    vmh_vite_request origin;
} vmh_vite_suspended;

struct vmh_vite_run {
    vmh_vite_machine *machine;
    vmh_vite_environment *environment;
    const vmh_vite_run_input *input;
    const vmh_vite_revision *revision;
    const vmh_vite_rules *rules;
    vmh_vite_slots *slots;
    uint32_t kind;           /* of the request, told by metadata in the older form */
    vmh_bytes request_data;  /* without metadata */
    const vmh_vite_address *caller;
    const vmh_vite_request *origin; /* the input's or what is suspended; NULL: not known */
    uint64_t memory_size;    /* of all frames */
    uint64_t memory_limit;
    uint64_t free_growth;    /* bytes by which memory grew without charge */
    uint64_t hash_limit;     /* bytes that may still be hashed */
    uint64_t credits;        /* given back by SSTORE so far */
    uint64_t kept_credits;   /* quota that delegated frames gained which failed */
    uint64_t triggered_bytes; /* what requests take, undone ones too (admit in op_call.c) */
    vmh_vite_suspended *suspended; /* NULL: not looked up */
    uint32_t limited_count;  /* requests that count against the limit */
    uint64_t random_count;
    uint64_t repeated_bytes; /* restored by CALLBACKDEST beyond the first */
    bool has_resumed;
    size_t log_count;
    size_t triggered_count;
    vmh_status status;
    vmh_failure *why;
};

/* Code that a run delegates to, kept until its end. */
typedef struct vmh_vite_delegate {
    vmh_vite_address account;
    vmh_bytes code;
    vmh_vite_analysis *analysis; /* NULL: no code there */
} vmh_vite_delegate;

typedef struct vmh_vite_cached {
    vmh_hash32 code_hash;
    uint32_t revision_id;
    uint64_t last_use;
    vmh_vite_analysis *analysis; /* NULL: free */
    size_t size;
} vmh_vite_cached;

/* The cache holds so many codes, and so many bytes of what was read from them. */
enum { VMH_VITE_CACHE_SIZE = 64, VMH_VITE_CACHE_BYTES = 32 * 1024 * 1024 };

struct vmh_vite_machine {
    const void *const *labels;
    vmh_vite_cached cache[VMH_VITE_CACHE_SIZE];
    size_t cache_bytes;
    uint64_t use_count;
    vmh_vite_delegate delegates[VMH_VITE_DELEGATE_LIMIT]; /* of the run */
    size_t delegate_count;
    vmh_vite_frame **frames;
    size_t frame_count;
    vmh_vite_slots slots;
    vmh_vite_log *logs;
    size_t log_capacity;
    vmh_vite_triggered *triggered;
    size_t triggered_capacity;
    vmh_arena arena;    /* data of logs and requests */
    vmh_buffer scratch; /* contexts being encoded */
    vmh_vite_counters counters;
    vmh_vite_run run;
};

/* Notes a status that is not VMH_OK; gives VMH_VITE_HOST_FAILED, or NONE. */
static inline vmh_vite_error check_host(vmh_vite_run *run, vmh_status status)
{
    run->status = status;
    return status == VMH_OK ? VMH_VITE_ERROR_NONE : VMH_VITE_HOST_FAILED;
}

/* Takes `cost`, or fails and takes nothing. */
static inline vmh_vite_error charge(int64_t *left, uint64_t cost)
{
    if (cost > (uint64_t)*left)
        return VMH_VITE_ERROR_OUT_OF_QUOTA;
    *left -= (int64_t)cost;
    return VMH_VITE_ERROR_NONE;
}

static inline vmh_bytes memory_slice(const vmh_vite_frame *frame, uint64_t offset, uint64_t size)
{
    /* An empty slice may lie anywhere, or nowhere. */
    return vmh_bytes_of(size == 0 ? NULL : frame->memory.data + offset, size);
}

/* What is wrong with a reach that no quota pays for. */
vmh_vite_error vmh_vite_memory_check(const vmh_word *offset, const vmh_word *size);

/*
 * Makes memory reach offset + size and charges the growth, with `cost` for what
 * is done there; without `left` it is free, and bounded as below. Charges and
 * grows nothing when it fails.
 */
vmh_vite_error vmh_vite_memory_reach(vmh_vite_frame *frame, const vmh_word *offset,
                                     const vmh_word *size, uint64_t cost, int64_t *left);

/* Makes memory reach `size` exactly, without charge; a run may do that for so many bytes. */
vmh_vite_error vmh_vite_memory_extend(vmh_vite_frame *frame, uint64_t size);

/* The slot of the running account, read from the environment at the first touch. */
vmh_vite_error vmh_vite_slot_of(vmh_vite_run *run, const vmh_word *key, vmh_vite_slot **out);

/* A run's frame number `depth`, empty; NULL when memory is short. */
vmh_vite_frame *vmh_vite_frame_open(vmh_vite_run *run, uint32_t depth);

/*
 * The code of an account, read and kept for the run. NULL in `out` for no room
 * among the delegates; one without analysis for no code.
 */
vmh_status vmh_vite_delegate_find(vmh_vite_run *run, const vmh_vite_address *account,
                                  const vmh_vite_delegate **out);

/* Runs a frame to its end; undoes what it did if it fails. */
vmh_vite_error vmh_vite_frame_run(vmh_vite_frame *frame, int64_t *left);

/* The loop. Without a frame it gives, in `labels`, where its bodies are. */
vmh_vite_error vmh_vite_interpret(vmh_vite_frame *frame, int64_t *left,
                                  const void *const **labels);

/*
 * Sends the answer of a run, its output or revert data, to whoever awaits it,
 * if anybody does: kind 9 from RETURN, kind 10 once the run has failed.
 */
vmh_vite_error vmh_vite_answer(vmh_vite_run *run, uint32_t kind, vmh_bytes output);

/* Bodies that live out of the loop; `top` is the stack pointer. */
vmh_vite_error vmh_vite_do_sstore(vmh_vite_frame *frame, const vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_log(vmh_vite_frame *frame, const vmh_word *top, size_t topic_count,
                               int64_t *left);
vmh_vite_error vmh_vite_do_call(vmh_vite_frame *frame, const vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_call2(vmh_vite_frame *frame, vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_delegatecall(vmh_vite_frame *frame, vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_synccall(vmh_vite_frame *frame, const vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_callbackdest(vmh_vite_frame *frame, vmh_word **top, int64_t *left);
vmh_vite_error vmh_vite_do_return(vmh_vite_frame *frame, const vmh_word *top, int64_t *left);
vmh_vite_error vmh_vite_do_revert(vmh_vite_frame *frame, const vmh_word *top, int64_t *left);

#endif
