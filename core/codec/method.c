#include "codec/method.h"

#include "codec/argument_codec.h"
#include "types/enums.h"
#include "types/host_texts.h"

/* One check: what is asked for, and where its text goes. */
typedef struct check {
    const vmh_method *method;
    vmh_bytes contract_name;
    bool go_type_names;
    vmh_arena *arena;
    vmh_bytes *refusal;
    vmh_failure *why;
} check;

static vmh_status check_count(const check *of, size_t count)
{
    const vmh_method *method = of->method;
    size_t fixed = method->parameter_count - (method->is_variadic ? 1 : 0);

    if (count < fixed && method->is_variadic)
        return vmh_arena_format(of->arena, of->refusal, of->why, VMH_TEXT_ARGUMENTS_AT_LEAST,
                                VMH_PRINT(of->contract_name), VMH_PRINT(method->name), fixed);
    if (count < fixed)
        return vmh_arena_format(of->arena, of->refusal, of->why, VMH_TEXT_ARGUMENTS_LESS,
                                VMH_PRINT(of->contract_name), VMH_PRINT(method->name), fixed);
    if (count > fixed && !method->is_variadic)
        return vmh_arena_format(of->arena, of->refusal, of->why, VMH_TEXT_ARGUMENTS_MORE,
                                VMH_PRINT(of->contract_name), VMH_PRINT(method->name), fixed);
    return VMH_OK;
}

static const char *type_name(const check *of, vmh_argument_type type)
{
    return of->go_type_names ? vmh_argument_type_go_name(type) : vmh_argument_type_name(type);
}

static vmh_status check_types(const check *of, vmh_argument_array arguments)
{
    for (size_t i = 0; i < arguments.count; i++) {
        size_t last = of->method->parameter_count - 1;
        vmh_argument_type wanted = of->method->parameters[i < last ? i : last];
        vmh_argument_type given = arguments.items[i].type;

        if (given != wanted)
            return vmh_arena_format(of->arena, of->refusal, of->why, VMH_TEXT_ARGUMENT_TYPE,
                                    VMH_PRINT(of->contract_name), VMH_PRINT(of->method->name), i,
                                    type_name(of, wanted), type_name(of, given));
    }
    return VMH_OK;
}

vmh_status vmh_method_read_arguments(const vmh_method *method, vmh_bytes contract_name,
                                     vmh_bytes packed, bool go_type_names, vmh_arena *arena,
                                     vmh_argument_array *out, vmh_bytes *refusal,
                                     vmh_failure *why)
{
    check of = {method, contract_name, go_type_names, arena, refusal, why};
    vmh_argument_fault fault;
    bool known;
    vmh_status status = vmh_argument_array_decode(packed, arena, out, &known, &fault, why);

    *refusal = (vmh_bytes){0};
    if (status != VMH_OK)
        return status;
    if (!known)
        return vmh_arena_format(arena, refusal, why, VMH_TEXT_ARGUMENT_UNKNOWN, fault.index);
    status = check_count(&of, out->count);
    return status == VMH_OK && refusal->size == 0 ? check_types(&of, *out) : status;
}

uint32_t vmh_internal_method_code(vmh_bytes name)
{
    return vmh_bytes_equal(name, VMH_LITERAL("_init")) ? VMH_CODE_CONTRACT_FAILED
                                                       : VMH_CODE_UNKNOWN_METHOD;
}
