/*
 * The machine of Vite bytecode: runs code for one request and tells what came
 * of it. It decides nothing about accounts; account_chain.h does.
 *
 *     environment --reads--> machine --outcome--> whoever ran it
 *
 * A machine keeps decoded code, stacks, memory and journals from run to run, so
 * that a warm run allocates nothing. One run at a time; not thread-safe.
 */
#ifndef VMH_VITE_INTERPRETER_H
#define VMH_VITE_INTERPRETER_H

#include "types/rules.h"
#include "vite/block.h"
#include "vite/environment.h"
#include "vite/revision.h"
#include "vite/slots.h"

typedef struct vmh_vite_machine vmh_vite_machine;

/*
 * What no price bounds and yet every machine bounds, alike: else one run could
 * take any time or memory.
 */
enum {
    VMH_VITE_HARD_MEMORY_LIMIT = 16 * 1024 * 1024,  /* where the rules set none; of free growth */
    VMH_VITE_HARD_REQUEST_LIMIT = 8 * 1024 * 1024,  /* bytes that requests of a run take */
    VMH_VITE_HARD_RESUME_LIMIT = 1024 * 1024, /* bytes restored by all but the first CALLBACKDEST */
    VMH_VITE_HARD_CREDIT_LIMIT = 1000000,     /* of SSTORE, kept by frames that fail */
    VMH_VITE_HARD_FRAME_LIMIT = 1024,         /* frames upon frames */
    VMH_VITE_DELEGATE_LIMIT = 64,             /* accounts whose code one run delegates to */
    /*
     * Bytes that SHA3 and BLAKE2B may read in a run, in blocks begun: so many,
     * and so many more per quota given. They cost one quota per 32 bytes, for
     * which no processor hashes them in the time that other instructions take.
     */
    VMH_VITE_HARD_HASH_LIMIT = 64 * 1024,
    VMH_VITE_HARD_HASH_PER_QUOTA = 3,
    VMH_VITE_HASH_BLOCK = 128,
};

typedef struct vmh_vite_run_input {
    const vmh_vite_revision *revision;
    const vmh_vite_rules *rules;
    const vmh_vite_request *request; /* what is answered; its `to` is the running account */
    vmh_vite_code code;
    vmh_bytes call_data;             /* the older form's metadata is taken off here */
    bool is_creation;                /* code and call data are init code and arguments */
    bool answers;                    /* RETURN answers the origin, as on the Vite chain */
    bool owes_answer;                /* data of RETURN and REVERT is paid for */
    const vmh_vite_request *origin;  /* where it is known before CALLBACKDEST, else NULL */
    uint64_t quota;
    uint64_t height;                 /* of the snapshot block */
    uint64_t time;                   /* of the snapshot block, seconds */
    vmh_vite_place previous;         /* height and hash of the account's last block, or zero */
    uint64_t memory_limit;           /* bytes over all frames, where the rules limit it */
    uint32_t frame_limit;            /* frames that may lie upon the first */
    uint32_t request_limit;          /* UINT32_MAX: none */
} vmh_vite_run_input;

/* The input of a run without limits of its own. */
vmh_vite_run_input vmh_vite_run_input_of(const vmh_vite_revision *revision,
                                         const vmh_vite_rules *rules,
                                         const vmh_vite_request *request);

typedef enum vmh_vite_end {
    VMH_VITE_END_STOP,
    VMH_VITE_END_RETURN,
    VMH_VITE_END_SUSPENDED, /* by SYNCCALL, where that ends a run */
    VMH_VITE_END_FAILED,
} vmh_vite_end;

/* All views live until the next run of the machine. A failed run wrote and sent nothing. */
typedef struct vmh_vite_outcome {
    vmh_vite_end end;
    vmh_vite_error error;
    vmh_bytes output; /* of RETURN and REVERT */
    uint64_t quota_left; /* at most what was given */
    const vmh_vite_request *origin; /* from CALLBACKDEST or the input, else NULL */
    vmh_vite_triggered *triggered;
    size_t triggered_count;
    const vmh_vite_log *logs;
    size_t log_count;
    const vmh_vite_slots *slots; /* written are those whose current is not their original */
} vmh_vite_outcome;

vmh_status vmh_vite_machine_new(vmh_vite_machine **out, vmh_failure *why);
void vmh_vite_machine_free(vmh_vite_machine *machine);

/*
 * Runs. What the contract does wrong is in the outcome; a failure is one of the
 * environment, passed on, or VMH_E_NO_MEMORY. After it the machine can be used.
 */
vmh_status vmh_vite_machine_run(vmh_vite_machine *machine, vmh_vite_environment *environment,
                                const vmh_vite_run_input *input, vmh_vite_outcome *outcome,
                                vmh_failure *why);

/*
 * The answer of kind 10 to whoever awaits a run with `input` that failed with
 * `output`, or was undone; false in `is_answered` where nobody does. `outcome` is
 * that of the run, if it came to one, and may be of the machine's last run.
 * Fails as the run.
 */
vmh_status vmh_vite_machine_answer_failure(vmh_vite_machine *machine,
                                           vmh_vite_environment *environment,
                                           const vmh_vite_run_input *input,
                                           const vmh_vite_outcome *outcome, vmh_bytes output,
                                           vmh_vite_triggered *answer, bool *is_answered,
                                           vmh_failure *why);

/* Work that a machine has done since it was made. */
typedef struct vmh_vite_counters {
    uint64_t analysis_count;   /* codes read */
    uint64_t allocation_count; /* growths of what is kept between runs */
} vmh_vite_counters;

vmh_vite_counters vmh_vite_machine_counters(const vmh_vite_machine *machine);

#endif
