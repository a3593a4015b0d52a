/* Coroutines of a contract: stacks side by side, switched in call.c. */
#include "contractlua/call.h"
#include "contractlua/coroutine.h"
#include "contractlua/natives.h"
#include "contractlua/watch.h"

static bool is_function(vmh_lua_value value)
{
    return value.tag == VMH_LUA_CLOSURE || value.tag == VMH_LUA_NATIVE;
}

static bool check_coroutine(vmh_lua_state *L, const vmh_lua_frame *frame,
                            vmh_lua_coroutine **out, vmh_lua_step *step)
{
    vmh_lua_value value = vmh_lua_argument(L, frame, 0);

    if (value.tag == VMH_LUA_COROUTINE) {
        *out = value.as.coroutine;
        return true;
    }
    *step = vmh_lua_wrong_type(L, frame, 0, "coroutine");
    return false;
}

/* A new coroutine of argument 0, counted; NULL with the step. */
static vmh_lua_coroutine *create(vmh_lua_state *L, const vmh_lua_frame *frame, vmh_lua_step *step)
{
    vmh_lua_value function = vmh_lua_argument(L, frame, 0);
    vmh_lua_coroutine *made;

    if (!is_function(function)) {
        *step = vmh_lua_wrong_type(L, frame, 0, "function");
        return NULL;
    }
    *step = VMH_LUA_STEP_STOP;
    if (!vmh_lua_charge(L, VMH_LUA_GAS_COROUTINE))
        return NULL;
    made = vmh_lua_heap_count(&L->heap, VMH_LUA_COROUTINE_COST)
               ? vmh_lua_coroutine_new(L, function)
               : NULL;
    if (made == NULL)
        *step = vmh_lua_stopped(L);
    return made;
}

static vmh_lua_step coroutine_create(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    vmh_lua_coroutine *made = create(L, frame, &step);

    if (made == NULL)
        return step;
    return vmh_lua_return(
        L, frame, (vmh_lua_value){.tag = VMH_LUA_COROUTINE, .as = {.coroutine = made}});
}

static const char *status_of(const vmh_lua_coroutine *of)
{
    static const char *const texts[] = {"suspended", "running", "normal", "dead"};

    return texts[of->status];
}

enum { BACK = VMH_LUA_PHASE_CALLED, FAILED = 2 };

/* Resumes with the values from slot `at` on. */
static vmh_lua_step resume_at(vmh_lua_state *L, vmh_lua_frame *frame, vmh_lua_coroutine *which,
                              uint32_t at, uint32_t count)
{
    L->resumed = which;
    frame->call_at = at;
    frame->call_count = count;
    frame->phase = BACK;
    frame->error_phase = FAILED;
    return VMH_LUA_STEP_RESUME;
}

static vmh_lua_step coroutine_resume(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);
    vmh_lua_coroutine *which;
    vmh_lua_step step;

    if (frame->phase == BACK) {
        slots[0] = vmh_lua_boolean(true);
        return vmh_lua_return_from(frame, 0, 1 + frame->returned);
    }
    if (frame->phase == FAILED) {
        slots[0] = vmh_lua_boolean(false);
        slots[1] = L->error;
        return vmh_lua_return_from(frame, 0, 2);
    }
    if (!check_coroutine(L, frame, &which, &step))
        return step;
    if (which->status != VMH_LUA_COROUTINE_SUSPENDED) {
        char text[64] = "cannot resume non-suspended coroutine";
        vmh_lua_string *made;

        if (which->status == VMH_LUA_COROUTINE_DEAD)
            memcpy(text, "cannot resume dead coroutine", sizeof "cannot resume dead coroutine");
        made = vmh_lua_string_new(&L->heap, vmh_bytes_text(text));
        if (made == NULL)
            return vmh_lua_stopped(L);
        slots[0] = vmh_lua_boolean(false);
        slots[1] = vmh_lua_of_string(made);
        return vmh_lua_return_from(frame, 0, 2);
    }
    return resume_at(L, frame, which, 1, frame->argument_count - 1);
}

/* What wrap gives: a function that resumes the coroutine it keeps. */
static vmh_lua_step wrapped(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_coroutine *which = frame->native->kept[0].as.coroutine;

    if (frame->phase == BACK)
        return vmh_lua_return_from(frame, 0, frame->returned);
    if (frame->phase == FAILED)
        return vmh_lua_raise(L, L->error);
    if (which->status == VMH_LUA_COROUTINE_DEAD)
        return vmh_lua_raise_text(L, "cannot resume dead coroutine");
    if (which->status != VMH_LUA_COROUTINE_SUSPENDED)
        return vmh_lua_raise_text(L, "cannot resume non-suspended coroutine");
    return resume_at(L, frame, which, 0, frame->argument_count);
}

const vmh_lua_native vmh_lua_wrapped = {"wrap", wrapped};

static vmh_lua_step coroutine_wrap(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_step step;
    vmh_lua_coroutine *made = create(L, frame, &step);
    vmh_lua_native_object *object;

    if (made == NULL)
        return step;
    object = vmh_lua_heap_count(&L->heap, VMH_LUA_CLOSURE_COST)
                 ? vmh_lua_heap_alloc(&L->heap, sizeof *object + sizeof object->kept[0])
                 : NULL;
    if (object == NULL)
        return vmh_lua_stopped(L);
    object->native = &vmh_lua_wrapped;
    object->kept_count = 1;
    object->kept[0] = (vmh_lua_value){.tag = VMH_LUA_COROUTINE, .as = {.coroutine = made}};
    return vmh_lua_return(L, frame,
                          (vmh_lua_value){.tag = VMH_LUA_NATIVE, .as = {.native = object}});
}

vmh_lua_step vmh_lua_coroutine_yield(vmh_lua_state *L, vmh_lua_frame *frame)
{
    (void)L;
    if (frame->phase == BACK)
        return vmh_lua_return_from(frame, 0, frame->returned);
    frame->call_at = 0;
    frame->call_count = frame->argument_count;
    frame->phase = BACK;
    return VMH_LUA_STEP_YIELD;
}

static vmh_lua_step coroutine_status(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_coroutine *which;
    vmh_lua_step step;

    if (!check_coroutine(L, frame, &which, &step))
        return step;
    return vmh_lua_return_bytes(L, frame, vmh_bytes_text(status_of(which)));
}

static vmh_lua_step coroutine_running(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_value *slots = vmh_lua_slots(L, frame);

    slots[0] = (vmh_lua_value){.tag = VMH_LUA_COROUTINE, .as = {.coroutine = L->running}};
    slots[1] = vmh_lua_boolean(L->running == L->main);
    return vmh_lua_return_from(frame, 0, 2);
}

static vmh_lua_step coroutine_isyieldable(vmh_lua_state *L, vmh_lua_frame *frame)
{
    return vmh_lua_return(L, frame, vmh_lua_boolean(L->running != L->main));
}

/*
 * A suspended or dead one becomes dead; what it would have closed there is nothing of here. The
 * error that one died of is told once.
 */
static vmh_lua_step coroutine_close(vmh_lua_state *L, vmh_lua_frame *frame)
{
    vmh_lua_coroutine *which;
    vmh_lua_step step;

    if (!check_coroutine(L, frame, &which, &step))
        return step;
    if (which->status == VMH_LUA_COROUTINE_RUNNING || which->status == VMH_LUA_COROUTINE_NORMAL)
        return vmh_lua_raise_text(L, "cannot close a %s coroutine", status_of(which));
    if (L->is_looking && !vmh_lua_heap_owns(&L->heap, which))
        return vmh_lua_raise_text(L, VMH_LUA_LOOK_ONLY);
    which->status = VMH_LUA_COROUTINE_DEAD;
    vmh_lua_coroutine_drop_stack(L, which);
    if (!which->has_failed)
        return vmh_lua_return(L, frame, vmh_lua_boolean(true));
    which->has_failed = false;
    vmh_lua_slots(L, frame)[0] = vmh_lua_boolean(false);
    vmh_lua_slots(L, frame)[1] = which->error;
    return vmh_lua_return_from(frame, 0, 2);
}

const vmh_lua_native vmh_lua_coroutine_natives[] = {
    {"close", coroutine_close},
    {"create", coroutine_create},
    {"isyieldable", coroutine_isyieldable},
    {"resume", coroutine_resume},
    {"running", coroutine_running},
    {"status", coroutine_status},
    {"wrap", coroutine_wrap},
    {"yield", vmh_lua_coroutine_yield},
    {NULL, NULL},
};
