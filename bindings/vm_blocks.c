/// Sets of transactions, as they come from scripts and go to a host.
// @submodule vmhost.vm
#include <pthread.h>

#include "convert.h"
#include "failure.h"
#include "handle.h"
#include "run_result.h"
#include "schema_table.h"
#include "state_storage.h"
#include "vm.h"

vmh_bytes vmh_vm_check_signed(lua_State *L, int index, const char *schema, const vmh_path *path,
                              vmh_arena *arena)
{
    vmh_buffer *message;
    vmh_bytes copy;

    index = lua_absindex(L, index);
    if (lua_type(L, index) == LUA_TSTRING)
        return vmh_path_copy(L, arena, vmh_path_check_bytes(L, index, path));
    message = vmh_push_buffer(L);
    vmh_encode_table(L, index, vmh_schema_find(vmh_bytes_text(schema)), path, message);
    copy = vmh_path_copy(L, arena, vmh_buffer_bytes(message));
    vmh_clear_scratch(L, -1);
    lua_pop(L, 1);
    return copy;
}

static void check_signed_list(lua_State *L, int index, vmh_arena *arena,
                              vmh_transaction_set *set)
{
    vmh_path root = vmh_path_root("signed_transactions");
    vmh_bytes *messages;

    index = lua_absindex(L, index);
    if (lua_isnil(L, index))
        vmh_path_expected(L, &root, "a list", index);
    set->count = vmh_path_check_list(L, index, &root);
    messages = vmh_path_new_list(L, arena, set->count, sizeof *messages);
    for (size_t i = 0; i < set->count; i++) {
        vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        messages[i] = vmh_vm_check_signed(L, -1, "SignedTransaction", &item, arena);
        lua_pop(L, 1);
    }
    set->signed_transactions = messages;
}

void vmh_vm_check_block(lua_State *L, int index, const char *const *known, vmh_block_ref *out)
{
    static const char *const fields[] = {"height", "timestamp", "block_proposer",
                                         "reference_time", "prev_reference_time"};
    vmh_path root = vmh_path_root("block");

    vmh_path_check_keys(L, index, &root, known);
    lua_createtable(L, 0, 5);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        lua_getfield(L, index, fields[i]);
        lua_setfield(L, -2, fields[i]);
    }
    vmh_check_block_ref(L, -1, &root, out);
    lua_pop(L, 1);
}

/* Bytes under `name` of the table at `index`, copied. */
static vmh_bytes check_bytes_of(lua_State *L, int index, const vmh_path *path, const char *name,
                                vmh_arena *arena)
{
    vmh_path field;
    vmh_bytes copy;

    vmh_path_push_field(L, index, path, name, &field);
    copy = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &field));
    lua_pop(L, 1);
    return copy;
}

/* Records of peers under `name`, whose value is called `value`; absent: none. */
static const vmh_peer_record *check_records(lua_State *L, int index, const char *name,
                                            const char *value, vmh_arena *arena, size_t *count)
{
    const char *const known[] = {"header", "signature", value, "proof", NULL};
    vmh_path root = vmh_path_root(name);
    vmh_peer_record *records = NULL;

    *count = 0;
    if (lua_getfield(L, index, name) != LUA_TNIL) {
        *count = vmh_path_check_list(L, -1, &root);
        records = vmh_path_new_list(L, arena, *count, sizeof *records);
        for (size_t i = 0; i < *count; i++) {
            vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);
            int record;

            lua_rawgeti(L, -1, (lua_Integer)i + 1);
            record = lua_gettop(L);
            vmh_path_check_keys(L, record, &item, known);
            records[i].header = check_bytes_of(L, record, &item, "header", arena);
            records[i].signature = check_bytes_of(L, record, &item, "signature", arena);
            records[i].value = check_bytes_of(L, record, &item, value, arena);
            records[i].proof = check_bytes_of(L, record, &item, "proof", arena);
            lua_pop(L, 1);
        }
    }
    lua_pop(L, 1);
    return records;
}

/* Messages that run as if they had been proved. */
static void check_unproved(lua_State *L, int index, vmh_arena *arena, vmh_transaction_set *set)
{
    vmh_path root = vmh_path_root("unproved_messages");
    vmh_bytes *messages;

    index = lua_absindex(L, index);
    if (lua_isnil(L, index))
        return;
    set->unproved_count = vmh_path_check_list(L, index, &root);
    messages = vmh_path_new_list(L, arena, set->unproved_count, sizeof *messages);
    for (size_t i = 0; i < set->unproved_count; i++) {
        vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);

        lua_rawgeti(L, index, (lua_Integer)i + 1);
        messages[i] = vmh_path_copy(L, arena, vmh_path_check_bytes(L, -1, &item));
        lua_pop(L, 1);
    }
    set->unproved_messages = messages;
}

/* What those who step through a chain say of its messages. */
static void check_stepping(lua_State *L, int index, vmh_arena *arena, vmh_transaction_set *set)
{
    vmh_path limit_path = vmh_path_root("message_limit");

    lua_getfield(L, index, "message_limit");
    set->limits_messages = !lua_isnil(L, -1);
    if (set->limits_messages)
        set->message_limit = vmh_path_check_u64(L, -1, &limit_path);
    lua_getfield(L, index, "unproved_messages");
    check_unproved(L, -1, arena, set);
    lua_pop(L, 2);
}

/* The table of a set at `index`, with or without what peers bring. */
static void check_set(lua_State *L, int index, bool with_peers, vmh_arena *arena,
                      vmh_transaction_set *set)
{
    static const char *const known[] = {
        "height",         "timestamp",           "block_proposer",
        "reference_time", "prev_reference_time", "signed_transactions",
        "incoming",       "acknowledgements",    "message_limit",
        "unproved_messages", NULL};
    static const char *const known_alone[] = {
        "height",         "timestamp",           "block_proposer",
        "reference_time", "prev_reference_time", "signed_transactions",
        NULL};

    luaL_checktype(L, index, LUA_TTABLE);
    vmh_vm_check_block(L, index, with_peers ? known : known_alone, &set->block);
    lua_getfield(L, index, "signed_transactions");
    check_signed_list(L, -1, arena, set);
    lua_pop(L, 1);
    if (!with_peers)
        return;
    set->incoming = check_records(L, index, "incoming", "message", arena, &set->incoming_count);
    set->acknowledgements = check_records(L, index, "acknowledgements", "taken", arena,
                                          &set->acknowledgement_count);
    check_stepping(L, index, arena, set);
}

/// ProcessTransactionSet: runs signed transactions in order.
// Rule: spec/host.md 4.3.
// @function VM:process_transaction_set
// @tparam table set height (last committed + 1), timestamp (ns), block_proposer
//   (bytes), reference_time and prev_reference_time (s), signed_transactions (list of
//   SignedTransaction bytes or tables of their fields); from other hosts: incoming
//   (list of `{ header=, signature=, message=, proof= }`: the ResultsBlockHeader bytes of a
//   peer, its signature by his host key over their SHA-256, Message bytes, and the proof of the
//   `Out_` record that holds them under the header's pre-execution root), acknowledgements (list
//   of `{ header=, signature=, taken=, proof= }`: the same of his `Taken_` record of this chain)
// @treturn[1] table receipts (fields of TransactionReceipt, and `message`, its bytes),
//   state_diffs, records (per receipt: error, detail, which is
//   what its text leaves out, and calls, where the failure began; of a run that
//   went on with one that had waited first_run_id, the message_id of its beginning),
//   block (what `storage:commit_state_diff` takes), refused (list of `{ list=, index=,
//   reason= }`: what of `incoming` and `acknowledgements` did not prove itself)
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code `malformed` (names the transaction), `invalid_input` (height),
//   `script_error`, `interrupted`, or of the storage
// @raise for a table of the wrong shape, with the path of the fault
int vmh_vm_process_transaction_set(lua_State *L)
{
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
    vmh_arena *arena = vmh_push_arena(L);
    int scratch = lua_gettop(L);
    vmh_transaction_set set = {0};
    vmh_transaction_set_result result;
    vmh_failure why;
    vmh_status status;
    lua_State *outer;

    check_set(L, 2, true, arena, &set);
    outer = vmh_vm_enter(L, vm);
    status = vmh_host_process_transaction_set(host, &set, arena, &result, &why);
    vmh_vm_leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    vmh_push_transaction_set_result(L, &set, &result);
    vmh_clear_scratch(L, scratch);
    return 1;
}

/// TransactionSetPreOrder: checks signatures, then asks `_GlobalPreOrder` once.
// Rule: spec/host.md 4.6.
// @function VM:transaction_set_pre_order
// @tparam table set as of process_transaction_set
// @treturn[1] {string,...} one TransactionStatus per transaction
// @treturn[1] table|nil the first failure: index (from 1), status, message
// @return[2] nil
// @treturn[2] string message
// @treturn[2] string code as of process_transaction_set
int vmh_vm_pre_order(lua_State *L)
{
    vmh_vm *vm;
    vmh_host *host = vmh_vm_check(L, &vm);
    vmh_arena *arena = vmh_push_arena(L);
    vmh_transaction_set set = {0};
    vmh_transaction_status *statuses;
    vmh_bytes refusal;
    vmh_failure why;
    vmh_status status;
    lua_State *outer;
    size_t failed;

    check_set(L, 2, false, arena, &set);
    statuses = vmh_path_new_list(L, arena, set.count, sizeof *statuses);
    outer = vmh_vm_enter(L, vm);
    status = vmh_host_pre_order(host, &set, arena, statuses, &failed, &refusal, &why);
    vmh_vm_leave(vm, outer);
    if (status != VMH_OK)
        return vmh_push_failure(L, &why);
    return vmh_push_pre_order_result(L, statuses, set.count, failed, refusal);
}

/* ---- several hosts at once ---- */

/* The block of one host. */
typedef struct block_job {
    vmh_vm *vm;
    vmh_host *host;
    vmh_handle *storage;
    lua_State *outer;
    vmh_transaction_set set;
    vmh_arena *arena;
    vmh_transaction_set_result result;
    vmh_status status;
    vmh_failure why;
    pthread_t thread;
    bool has_thread;
} block_job;

static void run_job(block_job *job)
{
    vmh_block block;
    uint64_t next;

    job->status = vmh_host_process_transaction_set(job->host, &job->set, job->arena, &job->result,
                                                   &job->why);
    if (job->status != VMH_OK)
        return;
    block = (vmh_block){
        .ref = job->set.block,
        .transactions = job->set.signed_transactions,
        .transaction_count = job->set.count,
        .receipts = job->result.receipts,
        .receipt_count = job->result.report_count,
        .diff = &job->result.diff,
    };
    job->status = vmh_state_storage_commit_state_diff(vmh_host_storage(job->host), &block, &next,
                                                      &job->why);
}

static void *run_thread(void *job)
{
    run_job(job);
    return NULL;
}

/* A host with functions of Lua in it stays on the thread of Lua. */
static void start_job(block_job *job)
{
    job->has_thread =
        !job->vm->is_scripted && pthread_create(&job->thread, NULL, run_thread, job) == 0;
}

/* Nothing in here may raise: threads run. */
static void run_jobs(lua_State *L, block_job *jobs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        jobs[i].outer = vmh_vm_enter(L, jobs[i].vm);
        vmh_storage_enter(jobs[i].storage);
    }
    for (size_t i = 0; i < count; i++)
        start_job(&jobs[i]);
    for (size_t i = 0; i < count; i++) {
        if (!jobs[i].has_thread)
            run_job(&jobs[i]);
    }
    for (size_t i = 0; i < count; i++) {
        if (jobs[i].has_thread)
            pthread_join(jobs[i].thread, NULL);
        vmh_storage_leave(jobs[i].storage);
        vmh_vm_leave(jobs[i].vm, jobs[i].outer);
    }
}

/* Reads the entry of the list on top of the stack. */
static void check_job(lua_State *L, const vmh_path *item, block_job *jobs, size_t index)
{
    static const char *const known[] = {"host", "set", NULL};
    block_job *job = &jobs[index];
    int entry = lua_gettop(L);
    vmh_path field;

    vmh_path_check_keys(L, entry, item, known);
    vmh_path_push_field(L, entry, item, "host", &field);
    if (luaL_testudata(L, -1, VMH_VM_TYPE) == NULL)
        vmh_path_expected(L, &field, "a VM", -1);
    job->vm = (vmh_vm *)vmh_handle_check(L, -1, VMH_VM_TYPE);
    job->host = job->vm->handle.core;
    lua_getiuservalue(L, -1, 1);
    job->storage = vmh_handle_check(L, -1, VMH_STATE_STORAGE_TYPE);
    for (size_t i = 0; i < index; i++) {
        if (jobs[i].storage == job->storage)
            vmh_path_error(L, &field, "the same chain as in sets[%d]", (int)i + 1);
    }
    lua_pop(L, 2);
    vmh_path_push_field(L, entry, item, "set", &field);
    if (!lua_istable(L, -1))
        vmh_path_expected(L, &field, "a table", -1);
    check_set(L, lua_gettop(L), true, job->arena, &job->set);
    lua_settop(L, entry);
}

static void push_job_result(lua_State *L, const block_job *job)
{
    if (job->status == VMH_OK) {
        vmh_push_transaction_set_result(L, &job->set, &job->result);
        return;
    }
    lua_createtable(L, 0, 2);
    vmh_push_failure(L, &job->why);
    lua_setfield(L, -4, "code");
    lua_setfield(L, -3, "message");
    lua_pop(L, 1);
}

/// Processes and commits one set on each of several hosts at once, each host on a thread of its
// own. Hosts with functions of Lua in them (processors, seams, a store) stay on this one. What
// comes out is what the hosts would have given one after the other.
// @function commit_sets
// @tparam {table,...} sets `{ host = VM, set = table }` each; a set is as of
//   `process_transaction_set`, and each host has one
// @treturn {table,...} per set what `process_transaction_set` gives, the block committed; or for
//   a host that failed `{ message =, code = }`
// @raise for a table of the wrong shape, a host that is closed or named twice
int vmh_vm_commit_sets(lua_State *L)
{
    vmh_path root = vmh_path_root("sets");
    size_t count;
    block_job *jobs;

    lua_settop(L, 1);
    count = vmh_path_check_list(L, 1, &root);
    jobs = vmh_path_new_list(L, vmh_push_arena(L), count, sizeof *jobs);
    lua_createtable(L, (int)count, 0); /* keeps the arenas, then holds the results */
    for (size_t i = 0; i < count; i++) {
        vmh_path item = vmh_path_item(&root, (lua_Integer)i + 1);

        jobs[i].arena = vmh_push_arena(L);
        lua_rawseti(L, 3, (lua_Integer)i + 1);
        lua_rawgeti(L, 1, (lua_Integer)i + 1);
        check_job(L, &item, jobs, i);
        lua_pop(L, 1);
    }
    run_jobs(L, jobs, count);
    for (size_t i = 0; i < count; i++) {
        push_job_result(L, &jobs[i]);
        lua_rawgeti(L, 3, (lua_Integer)i + 1);
        vmh_clear_scratch(L, -1);
        lua_pop(L, 1);
        lua_rawseti(L, 3, (lua_Integer)i + 1);
    }
    return 1;
}
