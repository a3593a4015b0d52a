/* SLOAD's slow road, SSTORE and LOG. */
#include <stdlib.h>

#include "vite/frame.h"

vmh_vite_error vmh_vite_slot_of(vmh_vite_run *run, const vmh_word *key, vmh_vite_slot **out)
{
    vmh_vite_error error = VMH_VITE_ERROR_NONE;
    vmh_word value;

    *out = vmh_vite_slots_find(run->slots, key);
    if (*out != NULL)
        return VMH_VITE_ERROR_NONE;
    if (check_host(run, run->environment->get_storage(run->environment, &run->input->request->to,
                                                      key, &value, &error, run->why)))
        return VMH_VITE_HOST_FAILED;
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    *out = vmh_vite_slots_add(run->slots, key, &value);
    return *out != NULL ? VMH_VITE_ERROR_NONE : check_host(run, vmh_fail_memory(run->why));
}

/* The first rule of spec/vite-vm.md 3.3 that fits; below 0 is a credit. */
static int64_t sstore_cost(const vmh_vite_prices *prices, const vmh_vite_slot *slot,
                           const vmh_word *value)
{
    const int64_t reset = prices->sstore_reset, init = prices->sstore_init;
    const int64_t clean = prices->sstore_clean, noop = prices->sstore_noop;
    const int64_t memory = prices->sstore_memory;
    bool original_empty = vmh_word_is_zero(&slot->original);
    bool current_empty = vmh_word_is_zero(&slot->current);
    bool value_empty = vmh_word_is_zero(value);

    if (vmh_word_equal(value, &slot->current))
        return noop;
    if (vmh_word_equal(&slot->original, &slot->current))
        return original_empty ? init : value_empty ? clean : reset;
    if (vmh_word_equal(&slot->original, value)) {
        if (original_empty)
            return -(init - memory - noop);
        return current_empty ? noop + memory - clean : -(reset - memory - noop);
    }
    if (!original_empty && current_empty && !value_empty)
        return reset + memory - clean;
    if (!original_empty && !current_empty && value_empty)
        return -(reset - memory - clean);
    return memory;
}

static vmh_vite_error count_target(vmh_vite_run *run, vmh_vite_slot *slot)
{
    if (slot->is_targeted)
        return VMH_VITE_ERROR_NONE;
    if (run->slots->targeted_count >= run->revision->storage_key_limit)
        return VMH_VITE_ERROR_STORAGE_KEYS;
    slot->is_targeted = true;
    run->slots->targeted_count++;
    return VMH_VITE_ERROR_NONE;
}

vmh_vite_error vmh_vite_do_sstore(vmh_vite_frame *frame, const vmh_word *top, int64_t *left)
{
    vmh_vite_run *run = frame->run;
    const vmh_word *value = &top[-1];
    vmh_vite_slot *slot;
    vmh_vite_error error = vmh_vite_slot_of(run, &top[0], &slot);
    int64_t cost;

    if (error != VMH_VITE_ERROR_NONE)
        return error;
    cost = sstore_cost(&run->revision->prices, slot, value);
    if (cost > *left)
        return VMH_VITE_ERROR_OUT_OF_QUOTA;
    *left -= cost;
    if (cost < 0)
        run->credits += (uint64_t)-cost;
    error = count_target(run, slot);
    if (error != VMH_VITE_ERROR_NONE || vmh_word_equal(value, &slot->current))
        return error;
    if (!vmh_vite_slots_write(run->slots, slot, value))
        return check_host(run, vmh_fail_memory(run->why));
    return VMH_VITE_ERROR_NONE;
}

/* Room for one more log; NULL when memory is short. */
static vmh_vite_log *new_log(vmh_vite_run *run)
{
    vmh_vite_machine *machine = run->machine;

    if (run->log_count == machine->log_capacity) {
        size_t capacity = machine->log_capacity == 0 ? 16 : 2 * machine->log_capacity;
        vmh_vite_log *logs = realloc(machine->logs, capacity * sizeof *logs);

        if (logs == NULL)
            return NULL;
        machine->logs = logs;
        machine->log_capacity = capacity;
        machine->counters.allocation_count++;
    }
    return &machine->logs[run->log_count];
}

vmh_vite_error vmh_vite_do_log(vmh_vite_frame *frame, const vmh_word *top, size_t topic_count,
                               int64_t *left)
{
    vmh_vite_run *run = frame->run;
    const vmh_word *size = &top[-1];
    vmh_double_limb cost = (vmh_double_limb)size->limb[0] * run->revision->prices.log_byte;
    vmh_vite_error error;
    vmh_vite_log *log;

    error = vmh_vite_memory_reach(frame, &top[0], size,
                                  cost > INT64_MAX ? INT64_MAX : (uint64_t)cost, left);
    if (error != VMH_VITE_ERROR_NONE)
        return error;
    log = new_log(run);
    if (log == NULL)
        return check_host(run, vmh_fail_memory(run->why));
    log->topic_count = topic_count;
    for (size_t i = 0; i < topic_count; i++)
        log->topics[i] = top[-2 - (int)i];
    if (check_host(run, vmh_arena_copy(&run->machine->arena,
                                       memory_slice(frame, top[0].limb[0], size->limb[0]),
                                       &log->data, run->why)))
        return VMH_VITE_HOST_FAILED;
    run->log_count++;
    return VMH_VITE_ERROR_NONE;
}
