/*
 * Bodies of instructions that tell about the request, the account and the chain.
 */
#ifndef VMH_VITE_OPS_ENV_H
#define VMH_VITE_OPS_ENV_H

#include "vite/frame.h"

static inline vmh_vite_error op_balance(vmh_vite_frame *frame, vmh_word *top)
{
    vmh_vite_run *run = frame->run;
    vmh_vite_token token = vmh_vite_token_of_word(top);

    return check_host(run, run->environment->get_balance(run->environment,
                                                         &run->input->request->to, &token, top,
                                                         run->why));
}

static inline vmh_vite_error op_seed(vmh_vite_frame *frame, vmh_word *top)
{
    vmh_vite_run *run = frame->run;

    *top = vmh_word_of(0);
    return check_host(run, run->environment->get_seed(run->environment, &top->limb[0], run->why));
}

static inline vmh_vite_error op_random(vmh_vite_frame *frame, vmh_word *top)
{
    vmh_vite_run *run = frame->run;

    *top = vmh_word_of(0);
    return check_host(run, run->environment->get_random(run->environment, run->random_count++,
                                                        &top->limb[0], run->why));
}

static inline vmh_vite_error op_sload(vmh_vite_frame *frame, vmh_word *top)
{
    vmh_vite_slot *slot;
    vmh_vite_error error = vmh_vite_slot_of(frame->run, top, &slot);

    if (error == VMH_VITE_ERROR_NONE)
        *top = slot->current;
    return error;
}

/* 50 for each significant byte of the exponent. */
static inline vmh_vite_error op_exp(vmh_vite_frame *frame, vmh_word *top, int64_t *left)
{
    uint64_t size = (vmh_word_bits(&top[-1]) + 7) / 8;
    vmh_vite_error error = charge(left, size * frame->run->revision->prices.exp_byte);

    if (error == VMH_VITE_ERROR_NONE)
        top[-1] = vmh_word_exp(&top[0], &top[-1]);
    return error;
}

#endif
