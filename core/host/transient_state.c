#include "host/transient_state.h"

typedef struct transient_record {
    vmh_state_record record;
    bool dirty;
} transient_record;

struct vmh_transient_contract {
    vmh_ordmap keys;
    transient_record *records; /* numbered as in keys */
    size_t capacity;
};

typedef enum change_kind { CONTRACT_ADDED, KEY_ADDED, VALUE_CHANGED } change_kind;

struct vmh_transient_change {
    change_kind kind;
    size_t contract;
    size_t key;
    vmh_bytes old_value;
    bool old_dirty;
};

void vmh_transient_state_init(vmh_transient_state *state, vmh_arena *arena)
{
    *state = (vmh_transient_state){.arena = arena};
    vmh_ordmap_init(&state->names, arena);
}

static transient_record *find_record(const vmh_transient_state *state, vmh_bytes contract_name,
                                     vmh_bytes key)
{
    size_t contract = vmh_ordmap_find(&state->names, contract_name);
    size_t number;

    if (contract == VMH_ORDMAP_ABSENT)
        return NULL;
    number = vmh_ordmap_find(&state->contracts[contract]->keys, key);
    return number == VMH_ORDMAP_ABSENT ? NULL : &state->contracts[contract]->records[number];
}

bool vmh_transient_state_get(const vmh_transient_state *state, vmh_bytes contract_name,
                             vmh_bytes key, vmh_bytes *value)
{
    const transient_record *record = find_record(state, contract_name, key);

    if (record == NULL)
        return false;
    *value = record->record.value;
    return true;
}

/* Makes room for one more change, so that noting it cannot fail. */
static vmh_status reserve_change(vmh_transient_state *state, vmh_failure *why)
{
    vmh_transient_change *journal =
        vmh_arena_grow(state->arena, state->journal, &state->journal_capacity,
                       state->journal_count + 1, sizeof *journal);

    if (journal == NULL)
        return vmh_fail_memory(why);
    state->journal = journal;
    return VMH_OK;
}

static void note_change(vmh_transient_state *state, vmh_transient_change change)
{
    state->journal[state->journal_count++] = change;
}

static vmh_status add_contract(vmh_transient_state *state, vmh_bytes name, vmh_failure *why)
{
    vmh_transient_contract **contracts;
    vmh_transient_contract *contract;
    vmh_bytes copy;
    vmh_status status = reserve_change(state, why);

    if (status != VMH_OK)
        return status;
    contracts = vmh_arena_grow(state->arena, state->contracts, &state->contract_capacity,
                               state->names.count + 1, sizeof(vmh_transient_contract *));
    contract = vmh_arena_alloc_array(state->arena, 1, sizeof *contract);
    if (contracts == NULL || contract == NULL)
        return vmh_fail_memory(why);
    state->contracts = contracts;
    vmh_ordmap_init(&contract->keys, state->arena);
    status = vmh_arena_copy(state->arena, name, &copy, why);
    if (status == VMH_OK)
        status = vmh_ordmap_add(&state->names, copy, why);
    if (status != VMH_OK)
        return status;
    state->contracts[state->names.count - 1] = contract;
    note_change(state, (vmh_transient_change){.kind = CONTRACT_ADDED});
    return VMH_OK;
}

static vmh_status find_or_add_contract(vmh_transient_state *state, vmh_bytes name, size_t *number,
                                       vmh_failure *why)
{
    *number = vmh_ordmap_find(&state->names, name);
    if (*number != VMH_ORDMAP_ABSENT)
        return VMH_OK;
    *number = state->names.count;
    return add_contract(state, name, why);
}

/* `value` lives in the arena already. */
static vmh_status add_key(vmh_transient_state *state, size_t number, vmh_bytes key, vmh_bytes value,
                          bool dirty, vmh_failure *why)
{
    vmh_transient_contract *contract = state->contracts[number];
    transient_record *records;
    vmh_bytes copy;
    vmh_status status = reserve_change(state, why);

    if (status != VMH_OK)
        return status;
    records = vmh_arena_grow(state->arena, contract->records, &contract->capacity,
                             contract->keys.count + 1, sizeof *records);
    if (records == NULL)
        return vmh_fail_memory(why);
    contract->records = records;
    status = vmh_arena_copy(state->arena, key, &copy, why);
    if (status == VMH_OK)
        status = vmh_ordmap_add(&contract->keys, copy, why);
    if (status != VMH_OK)
        return status;
    records[contract->keys.count - 1] = (transient_record){{copy, value}, dirty};
    note_change(state, (vmh_transient_change){.kind = KEY_ADDED, .contract = number});
    return VMH_OK;
}

static vmh_status set(vmh_transient_state *state, vmh_bytes contract_name, vmh_bytes key,
                      vmh_bytes value, bool dirty, vmh_failure *why)
{
    vmh_transient_contract *contract;
    transient_record *record;
    vmh_bytes copy;
    size_t number, key_number;
    vmh_status status = vmh_arena_copy(state->arena, value, &copy, why);

    if (status == VMH_OK)
        status = find_or_add_contract(state, contract_name, &number, why);
    if (status != VMH_OK)
        return status;
    contract = state->contracts[number];
    key_number = vmh_ordmap_find(&contract->keys, key);
    if (key_number == VMH_ORDMAP_ABSENT)
        return add_key(state, number, key, copy, dirty, why);
    status = reserve_change(state, why);
    if (status != VMH_OK)
        return status;
    record = &contract->records[key_number];
    note_change(state, (vmh_transient_change){.kind = VALUE_CHANGED,
                                              .contract = number,
                                              .key = key_number,
                                              .old_value = record->record.value,
                                              .old_dirty = record->dirty});
    record->record.value = copy;
    record->dirty = dirty;
    return VMH_OK;
}

vmh_status vmh_transient_state_cache(vmh_transient_state *state, vmh_bytes contract_name,
                                     vmh_bytes key, vmh_bytes value, vmh_failure *why)
{
    return set(state, contract_name, key, value, false, why);
}

vmh_status vmh_transient_state_write(vmh_transient_state *state, vmh_bytes contract_name,
                                     vmh_bytes key, vmh_bytes value, vmh_failure *why)
{
    return set(state, contract_name, key, value, true, why);
}

vmh_checkpoint vmh_transient_state_checkpoint(const vmh_transient_state *state)
{
    return state->journal_count;
}

void vmh_transient_state_restore(vmh_transient_state *state, vmh_checkpoint checkpoint)
{
    while (state->journal_count > checkpoint) {
        const vmh_transient_change *change = &state->journal[--state->journal_count];
        vmh_transient_contract *contract;

        if (change->kind == CONTRACT_ADDED) {
            vmh_ordmap_truncate(&state->names, state->names.count - 1);
            continue;
        }
        contract = state->contracts[change->contract];
        if (change->kind == KEY_ADDED) {
            vmh_ordmap_truncate(&contract->keys, contract->keys.count - 1);
        } else {
            contract->records[change->key].record.value = change->old_value;
            contract->records[change->key].dirty = change->old_dirty;
        }
    }
}

vmh_status vmh_transient_state_merge(const vmh_transient_state *state, vmh_transient_state *batch,
                                     vmh_failure *why)
{
    for (size_t i = 0; i < state->names.count; i++) {
        const vmh_transient_contract *contract = state->contracts[i];

        for (size_t j = 0; j < contract->keys.count; j++) {
            const transient_record *record = &contract->records[j];
            vmh_status status;

            if (!record->dirty)
                continue;
            status = vmh_transient_state_write(batch, vmh_ordmap_key(&state->names, i),
                                               record->record.key, record->record.value, why);
            if (status != VMH_OK)
                return status;
        }
    }
    return VMH_OK;
}

static vmh_status contract_diff(const vmh_transient_contract *contract, vmh_arena *arena,
                                vmh_contract_state_diff *out, vmh_failure *why)
{
    vmh_state_record *records =
        vmh_arena_alloc_array(arena, contract->keys.count, sizeof *records);

    if (records == NULL)
        return vmh_fail_memory(why);
    for (size_t j = 0; j < contract->keys.count; j++) {
        if (contract->records[j].dirty)
            records[out->record_count++] = contract->records[j].record;
    }
    out->records = records;
    return VMH_OK;
}

vmh_status vmh_transient_state_diff(const vmh_transient_state *state, vmh_state_diff *out,
                                    vmh_failure *why)
{
    size_t count = 0;
    vmh_contract_state_diff *contracts =
        vmh_arena_alloc_array(state->arena, state->names.count, sizeof *contracts);

    if (contracts == NULL)
        return vmh_fail_memory(why);
    for (size_t i = 0; i < state->names.count; i++) {
        vmh_contract_state_diff *diff = &contracts[count];
        vmh_status status;

        *diff = (vmh_contract_state_diff){.contract_name = vmh_ordmap_key(&state->names, i)};
        status = contract_diff(state->contracts[i], state->arena, diff, why);
        if (status != VMH_OK)
            return status;
        if (diff->record_count != 0)
            count++;
    }
    *out = (vmh_state_diff){contracts, count};
    return VMH_OK;
}
