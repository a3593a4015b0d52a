/* What a machine keeps from run to run, and how a run begins and ends. */
#include <stdlib.h>

#include "vite/frame.h"

/* More than this is given back before the next run. */
enum { KEPT_MEMORY = 1024 * 1024, KEPT_SLOTS = 64 * 1024, KEPT_FRAMES = 64 };

vmh_vite_run_input vmh_vite_run_input_of(const vmh_vite_revision *revision,
                                         const vmh_vite_rules *rules,
                                         const vmh_vite_request *request)
{
    return (vmh_vite_run_input){
        .revision = revision,
        .rules = rules,
        .request = request,
        .call_data = request->data,
        .answers = true,
        .memory_limit = VMH_VITE_HARD_MEMORY_LIMIT,
        .frame_limit = VMH_VITE_HARD_FRAME_LIMIT,
        .request_limit = UINT32_MAX,
    };
}

vmh_status vmh_vite_machine_new(vmh_vite_machine **out, vmh_failure *why)
{
    vmh_vite_machine *machine = calloc(1, sizeof *machine);

    if (machine == NULL)
        return vmh_fail_memory(why);
    vmh_arena_init(&machine->arena);
    vmh_buffer_init(&machine->scratch);
    vmh_vite_slots_init(&machine->slots);
    vmh_vite_interpret(NULL, NULL, &machine->labels);
    *out = machine;
    return VMH_OK;
}

static void free_frame(vmh_vite_frame *frame)
{
    if (frame == NULL)
        return;
    free(frame->stack);
    free(frame->memory.data);
    free(frame);
}

void vmh_vite_machine_free(vmh_vite_machine *machine)
{
    if (machine == NULL)
        return;
    for (size_t i = 0; i < VMH_VITE_CACHE_SIZE; i++)
        vmh_vite_analysis_release(machine->cache[i].analysis);
    for (size_t i = 0; i < machine->frame_count; i++)
        free_frame(machine->frames[i]);
    free(machine->frames);
    free(machine->logs);
    free(machine->triggered);
    vmh_vite_slots_clear(&machine->slots);
    vmh_arena_clear(&machine->arena);
    vmh_buffer_clear(&machine->scratch);
    free(machine);
}

vmh_vite_counters vmh_vite_machine_counters(const vmh_vite_machine *machine)
{
    vmh_vite_counters counters = machine->counters;

    counters.allocation_count += machine->slots.allocation_count;
    return counters;
}

/* The entry of that code, or the one to replace: a free one, else the least recently used. */
static vmh_vite_cached *find_cached(vmh_vite_machine *machine, const vmh_hash32 *hash,
                                    uint32_t revision_id, bool *found)
{
    vmh_vite_cached *oldest = &machine->cache[0];

    for (size_t i = 0; i < VMH_VITE_CACHE_SIZE; i++) {
        vmh_vite_cached *cached = &machine->cache[i];

        if (cached->analysis != NULL && cached->revision_id == revision_id &&
            memcmp(&cached->code_hash, hash, sizeof *hash) == 0) {
            *found = true;
            return cached;
        }
        if (cached->last_use < oldest->last_use)
            oldest = cached;
    }
    *found = false;
    return oldest;
}

static void evict(vmh_vite_machine *machine, vmh_vite_cached *cached)
{
    /* A run that still uses it keeps it alive. */
    vmh_vite_analysis_release(cached->analysis);
    machine->cache_bytes -= cached->size;
    *cached = (vmh_vite_cached){0};
}

static void make_room(vmh_vite_machine *machine)
{
    while (machine->cache_bytes > VMH_VITE_CACHE_BYTES) {
        vmh_vite_cached *oldest = &machine->cache[0];

        for (size_t i = 1; i < VMH_VITE_CACHE_SIZE; i++) {
            vmh_vite_cached *cached = &machine->cache[i];

            if (cached->analysis != NULL &&
                (oldest->analysis == NULL || cached->last_use < oldest->last_use))
                oldest = cached;
        }
        evict(machine, oldest);
    }
}

/* The decoded code, which the caller uses from now on. */
static vmh_status find_analysis(vmh_vite_machine *machine, const vmh_vite_code *code,
                                const vmh_vite_revision *revision, vmh_vite_analysis **out,
                                vmh_failure *why)
{
    uint32_t revision_id = vmh_vite_revision_id(revision);
    bool found;
    vmh_vite_cached *cached = find_cached(machine, &code->hash, revision_id, &found);
    vmh_status status;

    if (found) {
        cached->last_use = ++machine->use_count;
        *out = cached->analysis;
        (*out)->user_count++;
        return VMH_OK;
    }
    status = vmh_vite_analyse(code->bytes, revision, machine->labels, out, why);
    if (status != VMH_OK)
        return status;
    (*out)->user_count++;
    evict(machine, cached);
    *cached = (vmh_vite_cached){code->hash, revision_id, ++machine->use_count, *out,
                                vmh_vite_analysis_size(*out)};
    machine->cache_bytes += cached->size;
    machine->counters.analysis_count++;
    machine->counters.allocation_count++;
    make_room(machine);
    return VMH_OK;
}

vmh_status vmh_vite_delegate_find(vmh_vite_run *run, const vmh_vite_address *account,
                                  const vmh_vite_delegate **out)
{
    vmh_vite_machine *machine = run->machine;
    vmh_vite_delegate *delegate;
    vmh_vite_code code;
    vmh_status status;

    *out = NULL;
    for (size_t i = 0; i < machine->delegate_count; i++) {
        *out = &machine->delegates[i];
        if (vmh_vite_address_equal(&(*out)->account, account))
            return VMH_OK;
    }
    *out = NULL;
    if (machine->delegate_count == VMH_VITE_DELEGATE_LIMIT)
        return VMH_OK;
    status = run->environment->get_code(run->environment, account, &code, run->why);
    if (status != VMH_OK)
        return status;
    delegate = &machine->delegates[machine->delegate_count];
    *delegate = (vmh_vite_delegate){.account = *account, .code = code.bytes};
    if (code.bytes.size > 0)
        status = find_analysis(machine, &code, run->revision, &delegate->analysis, run->why);
    if (status != VMH_OK)
        return status;
    machine->delegate_count++;
    *out = delegate;
    return VMH_OK;
}

static void release_delegates(vmh_vite_machine *machine)
{
    while (machine->delegate_count > 0)
        vmh_vite_analysis_release(machine->delegates[--machine->delegate_count].analysis);
}

static vmh_vite_frame *new_frame(void)
{
    vmh_vite_frame *frame = calloc(1, sizeof *frame);

    if (frame == NULL)
        return NULL;
    frame->stack = malloc((VMH_VITE_STACK_ROOM + 2) * sizeof *frame->stack);
    if (frame->stack == NULL) {
        free(frame);
        return NULL;
    }
    return frame;
}

static bool add_frame(vmh_vite_machine *machine)
{
    vmh_vite_frame **frames;
    vmh_vite_frame *frame;

    frames = realloc(machine->frames, (machine->frame_count + 1) * sizeof(vmh_vite_frame *));
    if (frames == NULL)
        return false;
    machine->frames = frames;
    frame = new_frame();
    if (frame == NULL)
        return false;
    machine->frames[machine->frame_count++] = frame;
    machine->counters.allocation_count++;
    return true;
}

vmh_vite_frame *vmh_vite_frame_open(vmh_vite_run *run, uint32_t depth)
{
    vmh_vite_machine *machine = run->machine;
    vmh_vite_frame *frame;

    if (depth == machine->frame_count && !add_frame(machine))
        return NULL;
    frame = machine->frames[depth];
    /* Every field is named, here and in prepare: else the compiler wipes the whole first. */
    *frame = (vmh_vite_frame){
        .run = run,
        .analysis = NULL,
        .stack = frame->stack,
        .memory = {.data = frame->memory.data, .size = 0,
                   .capacity = frame->memory.capacity, .charged = 0},
        .code = {NULL, 0},
        .call_data = {NULL, 0},
        .return_data = {NULL, 0},
        .has_return_data = false,
        .depth = depth,
        .end = VMH_VITE_END_STOP,
        .output = {NULL, 0},
    };
    return frame;
}

/*
 * A failed frame that kept its credits may have gained more than it spent. A loop
 * around such frames would have no end, so what they gain in all has a limit; what
 * a frame within it gained is not counted again. Nothing loops around the first.
 */
static void limit_gain(vmh_vite_frame *frame, const vmh_vite_checkpoint *checkpoint, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    int64_t within = (int64_t)(run->kept_credits - checkpoint->kept_credits);
    int64_t gain = *left - checkpoint->left - within;

    if (frame->depth == 0 || gain <= 0)
        return;
    if ((uint64_t)gain > VMH_VITE_HARD_CREDIT_LIMIT - run->kept_credits)
        *left -= gain;
    else
        run->kept_credits += (uint64_t)gain;
}

/* Takes back what SSTORE gave in a failed frame; what is not there any more ends the run. */
static vmh_vite_error take_credits(vmh_vite_run *run, const vmh_vite_checkpoint *checkpoint,
                                   vmh_vite_error error, int64_t *left)
{
    uint64_t gained = run->credits - checkpoint->credits;

    run->credits = checkpoint->credits;
    if (charge(left, gained) == VMH_VITE_ERROR_NONE)
        return error;
    *left = 0;
    return VMH_VITE_ERROR_OUT_OF_QUOTA;
}

/* Undoes what a failed frame did. Its quota stays spent, and more where credits are lost. */
static vmh_vite_error undo_frame(vmh_vite_frame *frame, const vmh_vite_checkpoint *checkpoint,
                                 vmh_vite_error error, int64_t *left)
{
    vmh_vite_run *run = frame->run;

    frame->end = VMH_VITE_END_FAILED;
    vmh_vite_slots_undo(run->slots, checkpoint->journal_count);
    run->log_count = checkpoint->log_count;
    run->triggered_count = checkpoint->triggered_count;
    run->limited_count = checkpoint->limited_count;
    if (run->rules->failed_frame_loses_credits)
        error = take_credits(run, checkpoint, error, left);
    else
        limit_gain(frame, checkpoint, left);
    if (error != VMH_VITE_ERROR_REVERTED)
        frame->output = (vmh_bytes){0};
    return error;
}

vmh_vite_error vmh_vite_frame_run(vmh_vite_frame *frame, int64_t *left)
{
    const vmh_vite_run *run = frame->run;
    vmh_vite_checkpoint checkpoint = {
        .journal_count = run->slots->journal_count,
        .log_count = run->log_count,
        .triggered_count = run->triggered_count,
        .limited_count = run->limited_count,
        .credits = run->credits,
        .kept_credits = run->kept_credits,
        .left = *left,
    };
    vmh_vite_error error = vmh_vite_interpret(frame, left, NULL);

    if (error == VMH_VITE_ERROR_NONE || error == VMH_VITE_HOST_FAILED)
        return error;
    return undo_frame(frame, &checkpoint, error, left);
}

/* Forgets the last run; gives back memory that one big run had taken. */
static void reset(vmh_vite_machine *machine)
{
    vmh_arena_reset(&machine->arena);
    while (machine->frame_count > KEPT_FRAMES)
        free_frame(machine->frames[--machine->frame_count]);
    for (size_t i = 0; i < machine->frame_count; i++) {
        vmh_vite_memory *memory = &machine->frames[i]->memory;

        if (memory->capacity > KEPT_MEMORY) {
            free(memory->data);
            *memory = (vmh_vite_memory){0};
        }
    }
    if (machine->scratch.capacity > KEPT_MEMORY)
        vmh_buffer_clear(&machine->scratch);
    if (machine->slots.capacity > KEPT_SLOTS)
        vmh_vite_slots_clear(&machine->slots);
    vmh_vite_slots_reset(&machine->slots);
}

static uint64_t hash_limit(uint64_t quota)
{
    if (quota > INT64_MAX / VMH_VITE_HARD_HASH_PER_QUOTA)
        return UINT64_MAX;
    return VMH_VITE_HARD_HASH_LIMIT + VMH_VITE_HARD_HASH_PER_QUOTA * quota;
}

static void prepare(vmh_vite_machine *machine, vmh_vite_environment *environment,
                    const vmh_vite_run_input *input, vmh_failure *why)
{
    vmh_vite_run *run = &machine->run;

    *run = (vmh_vite_run){
        .machine = machine,
        .environment = environment,
        .input = input,
        .revision = input->revision,
        .rules = input->rules,
        .slots = &machine->slots,
        .kind = input->request->kind,
        .request_data = input->call_data,
        .caller = &input->request->from,
        .origin = input->origin,
        .memory_size = 0,
        .memory_limit = input->rules->memory_is_limited ? input->memory_limit
                                                        : VMH_VITE_HARD_MEMORY_LIMIT,
        .hash_limit = hash_limit(input->quota),
        .free_growth = 0,
        .credits = 0,
        .kept_credits = 0,
        .triggered_bytes = 0,
        .suspended = NULL,
        .limited_count = 0,
        .random_count = 0,
        .repeated_bytes = 0,
        .has_resumed = false,
        .log_count = 0,
        .triggered_count = 0,
        .status = VMH_OK,
        .why = why,
    };
}

/* In the older form metadata tells the kind, and code does not see it. */
static vmh_vite_error read_metadata(vmh_vite_run *run)
{
    vmh_vite_metadata metadata;

    if (run->revision->form != VMH_VITE_FORM_METADATA || run->input->is_creation)
        return VMH_VITE_ERROR_NONE;
    if (!vmh_vite_metadata_decode(run->input->request->data, &metadata))
        return VMH_VITE_ERROR_METADATA;
    if (metadata.type == VMH_VITE_METADATA_SYNC_CALL)
        run->kind = VMH_VITE_KIND_SEND_SYNC_CALL;
    if (metadata.type == VMH_VITE_METADATA_CALLBACK)
        run->kind = VMH_VITE_KIND_SEND_CALLBACK;
    if (metadata.type == VMH_VITE_METADATA_FAILURE_CALLBACK)
        run->kind = VMH_VITE_KIND_SEND_FAILURE_CALLBACK;
    run->request_data = metadata.call_data;
    return VMH_VITE_ERROR_NONE;
}

static void tell(const vmh_vite_run *run, const vmh_vite_frame *frame, vmh_vite_error error,
                 int64_t left, vmh_vite_outcome *outcome)
{
    const vmh_vite_machine *machine = run->machine;

    /* Credits that failed frames kept pay for the run and are no quota of anybody else's. */
    if ((uint64_t)left > run->input->quota)
        left = (int64_t)run->input->quota;
    *outcome = (vmh_vite_outcome){
        .end = frame->end,
        .error = error,
        .output = frame->output,
        .quota_left = (uint64_t)left,
        .origin = run->origin,
        .triggered = machine->triggered,
        .triggered_count = run->triggered_count,
        .logs = machine->logs,
        .log_count = run->log_count,
        .slots = run->slots,
    };
}

vmh_status vmh_vite_machine_run(vmh_vite_machine *machine, vmh_vite_environment *environment,
                                const vmh_vite_run_input *input, vmh_vite_outcome *outcome,
                                vmh_failure *why)
{
    vmh_vite_run *run = &machine->run;
    int64_t left = input->quota > INT64_MAX ? INT64_MAX : (int64_t)input->quota;
    vmh_vite_analysis *analysis;
    vmh_vite_frame *frame;
    vmh_vite_error error;
    vmh_status status;

    reset(machine);
    prepare(machine, environment, input, why);
    frame = vmh_vite_frame_open(run, 0);
    if (frame == NULL)
        return vmh_fail_memory(why);
    status = find_analysis(machine, &input->code, input->revision, &analysis, why);
    if (status != VMH_OK)
        return status;
    frame->analysis = analysis;
    frame->code = input->code.bytes;
    error = read_metadata(run);
    frame->call_data = run->request_data;
    if (error == VMH_VITE_ERROR_NONE)
        error = vmh_vite_frame_run(frame, &left);
    else
        frame->end = VMH_VITE_END_FAILED;
    release_delegates(machine);
    vmh_vite_analysis_release(analysis);
    if (error == VMH_VITE_HOST_FAILED)
        return run->status;
    tell(run, frame, error, left, outcome);
    return VMH_OK;
}

vmh_status vmh_vite_machine_answer_failure(vmh_vite_machine *machine,
                                           vmh_vite_environment *environment,
                                           const vmh_vite_run_input *input,
                                           const vmh_vite_outcome *outcome, vmh_bytes output,
                                           vmh_vite_triggered *answer, bool *is_answered,
                                           vmh_failure *why)
{
    vmh_vite_run *run = &machine->run;

    prepare(machine, environment, input, why);
    *is_answered = false;
    if (outcome != NULL && outcome->origin != NULL)
        run->origin = outcome->origin;
    /* Metadata that cannot be read names nobody who waits. */
    if (read_metadata(run) != VMH_VITE_ERROR_NONE)
        return VMH_OK;
    if (vmh_vite_answer(run, VMH_VITE_KIND_SEND_FAILURE_CALLBACK, output) == VMH_VITE_HOST_FAILED)
        return run->status;
    *is_answered = run->triggered_count > 0;
    if (*is_answered)
        *answer = machine->triggered[0];
    return VMH_OK;
}
