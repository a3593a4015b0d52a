/*
 * Between the files of the engine: its stack (async_engine.c), contexts that
 * work off their calls (async_close.c), and contexts that come from the state
 * (async_late.c).
 */
#ifndef VMH_ASYNC_ASYNC_MACHINE_H
#define VMH_ASYNC_ASYNC_MACHINE_H

#include "async/async_engine.h"
#include "async/async_store.h"

/* Puts an empty context on the stack. */
vmh_status vmh_async_push_level(vmh_async_engine *engine, vmh_async_context **out,
                                vmh_failure *why);

/* Numbers a child of the top context and gives its id. */
void vmh_async_number_child(vmh_async_engine *engine, vmh_hash32 *id);

/* The execution has failed: it is undone next. */
void vmh_async_fail(vmh_async_context *context, uint32_t code, vmh_bytes message);

/* `a + b`, at most 2^64 - 1. */
static inline uint64_t vmh_async_add_gas(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static inline bool vmh_async_is_complete(const vmh_async_context *context)
{
    return context->open_count == 0 && !context->is_suspended;
}

/* A walk over the calls that this run registered: groups in order, calls in order. */
void vmh_async_walk_begin(vmh_async_context *context);
vmh_async_call *vmh_async_walk_next(vmh_async_context *context);

/* What a state machine does in one phase; fills in `step` and sets `*is_step`, or goes on. */
typedef vmh_status vmh_async_handler(vmh_async_engine *engine, vmh_async_context *context,
                                     vmh_async_step *step, bool *is_step, vmh_failure *why);

/* async_close.c */
vmh_async_handler vmh_async_do_local, vmh_async_do_outcome, vmh_async_do_finish,
    vmh_async_do_group, vmh_async_do_send, vmh_async_do_settle, vmh_async_do_close,
    vmh_async_do_undo, vmh_async_do_failed, vmh_async_do_end;

/* What follows when all calls of this run are out: the records, or the end. */
void vmh_async_after_calls(vmh_async_context *context);

/* The outcome of an execution that is over and good. */
vmh_async_outcome vmh_async_good_outcome(const vmh_async_context *context);

/* async_save.c */
vmh_async_handler vmh_async_do_save, vmh_async_do_save_call, vmh_async_do_delete;

/* Shows the bytes that follow the key in the scratch buffer; none: the key is deleted. */
vmh_status vmh_async_step_write(vmh_async_engine *engine, const vmh_async_context *context,
                                size_t key_size, vmh_async_step *step, bool *is_step,
                                vmh_failure *why);
size_t vmh_async_put_header_key(vmh_async_engine *engine, const vmh_async_context *context);
size_t vmh_async_put_record_key(vmh_async_engine *engine, const vmh_async_context *context,
                                uint32_t index);

/* async_late.c */
vmh_async_handler vmh_async_do_load, vmh_async_do_load_values, vmh_async_do_load_call,
    vmh_async_do_return_value, vmh_async_do_load_group, vmh_async_do_decide,
    vmh_async_do_notify;

/* Gives the bytes of a READ, whose key is in the scratch buffer; false, and the step asks for
   them, where they have not come. */
bool vmh_async_take_loaded(vmh_async_engine *engine, const vmh_async_context *context,
                           size_t key_size, vmh_bytes *value, vmh_async_step *step,
                           bool *is_step);

/* async_kept.c */
vmh_async_handler vmh_async_do_keep, vmh_async_do_collect;

#endif
