--- Rules of the async engine, each broken, and the specs that have to notice.
local CORE <const>, SPEC <const> = "core/async/", "spec/async/"

local mutants = {}

-- `spec`: the name of one in spec/async.
local function rule(spec, name, file, old, new)
  mutants[#mutants + 1] = { name = name, file = CORE .. file, old = old, new = new,
    test = SPEC .. spec .. "_spec.lua" }
end

-- ---- ids

rule("engine", "child ids are made of eight bytes", "async_context.c",
  "while (skipped < sizeof counter && counter[skipped] == 0)", "while (false)")
rule("engine", "callbacks of remote calls are numbered", "async_close.c",
  "    if (vmh_async_call_is_local(call))\n        vmh_async_number_child(engine, &id);",
  "    if (true)\n        vmh_async_number_child(engine, &id);")
rule("engine", "service calls take no number", "async_engine.c",
  "context->number = ++caller->child_count;", "context->number = caller->child_count + 1;")
rule("engine", "a run that goes on counts its children anew", "async_store.c",
  "out->child_count = vmh_reader_u64(&reader);",
  "out->child_count = vmh_reader_u64(&reader) * 0;")

-- ---- registering

rule("engine", "calls are registered read-only", "async_register.c",
  "    if (draft->is_read_only)\n        return refuse(context, read_only, refusal);\n"
    .. "    if (context->is_init || ",
  "    if (context->is_init || ")
rule("engine", "names are looked at after the gas", "async_register.c",
  "if (names_callback(draft) && !draft->callbacks_are_valid)",
  "if (*gas != 0 && names_callback(draft) && !draft->callbacks_are_valid)")
rule("engine", "the reserved group is open", "async_register.c",
  "vmh_bytes_equal(draft->group, VMH_LEGACY_GROUP) ||", "false ||")
rule("engine", "gas that is too little is left over", "async_register.c",
  "*gas = is_enough ? *gas - amount : 0;", "*gas = is_enough ? *gas - amount : *gas;")
rule("engine", "a lock without a callback", "async_register.c",
  "call->gas_locked = names_callback(draft) ? lock_of(engine, draft->lock) : 0;",
  "call->gas_locked = lock_of(engine, draft->lock);")
rule("engine", "a lock that wraps", "async_machine.h",
  "return a > UINT64_MAX - b ? UINT64_MAX : a + b;", "return a + b;")
rule("engine", "local calls pay for their record", "async_register.c",
  "    *price = 0;\n    if (vmh_async_call_is_local(call))\n        return VMH_OK;\n", "")
rule("engine", "a refusal can be caught", "async_engine.c",
  "if (outcome->code == VMH_CODE_OK && context->refusal.text != NULL) {", "if (false) {")
rule("engine", "nesting is one deeper than allowed", "async_register.c",
  "    if (context->nesting > engine->options.nesting)\n"
    .. "        return refuse(context, nested, refusal);\n    return append(context, draft->group,",
  "    if (context->nesting > engine->options.nesting + 1)\n"
    .. "        return refuse(context, nested, refusal);\n    return append(context, draft->group,")
rule("engine", "service calls forget that a callee made them", "async_engine.c",
  "context->nesting = caller->nesting;", "context->nesting = 0;")
rule("engine", "a second legacy call", "async_register.c",
  "return !vmh_async_is_callback(context) && context->groups.count == 0 &&",
  "return !vmh_async_is_callback(context) &&")
rule("engine", "a group's callback is set twice", "async_register.c",
  "    if (group->has_callback)\n", "    if (false)\n")

-- ---- gas

rule("engine", "the share is not taken from the caller", "async_engine.c",
  "        context->gas -= share;\n", "")
rule("engine", "a share of nothing is let through", "async_engine.c",
  "    if (share == 0)\n", "    if (false)\n")
rule("engine", "a limit of the step alone starts", "async_close.c",
  "if (call->gas_limit <= engine->options.prices.step) {",
  "if (call->gas_limit < engine->options.prices.step) {")
rule("engine", "remote calls without gas are sent", "async_close.c",
  "    if (call->gas_limit == 0) {\n", "    if (false) {\n")
rule("engine", "a failed callee gives gas back", "async_close.c",
  "vmh_async_add_gas(is_good ? outcome->gas : 0, call->gas_locked)",
  "vmh_async_add_gas(outcome->gas, call->gas_locked)")
rule("engine", "the lock stays spent where there is no callback", "async_close.c",
  "    if (name.size == 0) {\n        give_back(context, gas);",
  "    if (name.size == 0) {\n        give_back(context, gas - call->gas_locked);")
rule("engine", "a callback runs on nothing", "async_close.c",
  "    if (gas > price)\n", "    if (gas >= price)\n")
rule("engine", "callbacks do not pay the step", "async_close.c",
  "    price = vmh_async_add_gas(price, prices->step);\n", "")
rule("engine", "the result code is free", "async_close.c",
  "name.size + vmh_call_data_value_size(code_size);", "name.size + 0 * code_size;")
rule("engine", "what a callback leaves is lost", "async_close.c",
  "    give_back(initiator, callback->gas);\n", "")
rule("engine", "late gas goes to a run that is over", "async_close.c",
  "uint64_t *to = context->is_base ? &context->gas_accumulated : &context->gas;",
  "uint64_t *to = &context->gas;")
rule("engine", "an answer brings more gas than the call had", "async_late.c",
  "    if (context->outcome.gas > call->gas_limit)\n", "    if (false)\n")
rule("engine", "a late answer forgets what came back", "async_late.c",
  "result.gas = vmh_async_add_gas(context->result_gas, context->gas_accumulated);",
  "result.gas = context->result_gas;")
rule("engine", "a failure of kind 12 carries gas", "async_close.c",
  "if (outcome->code != VMH_CODE_OK && context->kind == VMH_ASYNC_CALLEE)", "if (false)")

-- ---- order

rule("engine", "groups run newest first", "call_group.c",
  "    if (groups->last == NULL)\n        groups->first = group;\n    else\n"
    .. "        groups->last->next = group;\n",
  "    group->next = groups->first;\n    groups->first = group;\n")
rule("engine", "remote calls go first", "async_close.c",
  "while (call != NULL && !vmh_async_call_is_local(call))", "while (false)")
rule("engine", "the callback of an open callee runs", "async_close.c",
  "    if (!vmh_async_is_complete(callee)) {\n", "    if (false) {\n")
rule("engine", "a group's callback runs after each call", "async_close.c",
  "    if (group->open_count != 0)\n        return VMH_OK;\n    if (!context->is_base)",
  "    if (!context->is_base)")
rule("engine", "a group's callback does not keep its owner open", "async_close.c",
  "    context->open_count++;\n    callback->method", "    callback->method")

-- ---- values and failures

rule("engine", "a failed callback sets values", "async_close.c",
  "    } else if (child->kind == VMH_ASYNC_CALLBACK) {\n",
  "    } else if (child->kind == VMH_ASYNC_CALLBACK) {\n"
    .. "        vmh_async_values_swap(&parent->values,\n"
    .. "                              (vmh_async_values *)&child->initiator_values);\n")
rule("engine", "what is set for a callback goes up", "async_close.c",
  "if (callback->initiator_values.is_set && !vmh_async_is_callback(initiator)) {",
  "if (callback->initiator_values.is_set) {")
rule("engine", "a callback's own values are its initiator's", "async_engine.c",
  "    if (!outcome->has_values || vmh_async_is_callback(context))\n",
  "    if (!outcome->has_values)\n")
rule("engine", "closures are open to service calls", "async_register.c",
  "if (context == NULL || context->kind != VMH_ASYNC_CALLBACK || context->call == NULL)",
  "if (context == NULL || (context = engine->levels[1])->call == NULL)")
rule("engine", "an open service call is not waited for", "async_close.c",
  "        caller->open_count++;\n", "        caller->open_count += 0;\n")
rule("engine", "a continuation that fails takes earlier calls with it", "async_close.c",
  "    context->open_count = context->loaded_open_count;\n", "    context->open_count = 0;\n")

-- ---- what is kept

rule("engine", "an answer is taken twice while its callback is open", "async_close.c",
  "initiator->is_base ? VMH_ASYNC_PHASE_SAVE_CALL : VMH_ASYNC_PHASE_LOCAL;",
  "initiator->is_base ? VMH_ASYNC_PHASE_DECIDE : VMH_ASYNC_PHASE_LOCAL;")
rule("engine", "an answer names a call by its index alone", "async_late.c",
  "if (!is_named(event, call) || vmh_async_call_is_local(call) ||",
  "if (vmh_async_call_is_local(call) ||")
rule("engine", "local calls are answered from outside", "async_late.c",
  "if (!is_named(event, call) || vmh_async_call_is_local(call) ||",
  "if (!is_named(event, call) ||")
rule("engine", "an answer comes from anybody", "async_late.c",
  "    if (event->checks_sender && (", "    if (false && (")
rule("engine", "value of a failed call stays away", "async_late.c",
  "context->phase = event->outcome.code != VMH_CODE_OK && !vmh_word_is_zero(&call->amount)",
  "context->phase = false")
rule("engine", "a finished call's record stays", "async_close.c",
  "    key_size = vmh_async_put_record_key(engine, context, call->index);\n"
    .. "    return vmh_async_step_write(engine, context, key_size, step, is_step, why);",
  "    (void)step, (void)is_step, (void)why;\n"
    .. "    key_size = vmh_async_put_record_key(engine, context, call->index);\n"
    .. "    return key_size == 0 ? VMH_E_INPUT : VMH_OK;")
rule("engine", "finished calls are kept", "async_save.c",
  "while (call != NULL && call->is_finished)", "while (false)")
rule("engine", "the values of a complete context stay", "async_late.c",
  "    context->is_loaded = true;\n", "    context->is_loaded = true;\n"
    .. "    context->has_values_record = false;\n")
rule("records", "records may be longer", "async_store.c",
  "(!is_sound || !vmh_bytes_equal(vmh_buffer_bytes(again), bytes))",
  "(!is_sound || !vmh_bytes_begins(bytes, vmh_buffer_bytes(again)))")
rule("records", "a header is taken for another context", "async_late.c",
  "if (!vmh_bytes_equal(vmh_bytes_hash(&context->request.id), vmh_bytes_hash(&context->id)))",
  "if (false)")
rule("records", "a context is answered more often than it has calls", "async_late.c",
  "        if (context->open_count == 0)\n            return fail_corrupt",
  "        if (false)\n            return fail_corrupt")

-- ---- calls that a body waits for

rule("kept", "kept calls may run here", "async_register.c",
  "call->mode = draft->is_kept ? VMH_ASYNC_REMOTE : draft->mode;", "call->mode = draft->mode;")
rule("kept", "kept calls may have others between them", "async_register.c",
  "context->record_count == context->awaited_first + context->awaited_count - 1", "true")
rule("kept", "kept calls may have callbacks", "async_register.c", "(!names_callback(draft) &&",
  "(true &&")
rule("kept", "nesting holds for kept calls", "async_register.c",
  "    if (draft->is_kept)\n        return append_kept(context, call, why);\n"
    .. "    if (context->nesting > engine->options.nesting)\n"
    .. "        return refuse(context, nested, refusal);\n",
  "    if (context->nesting > engine->options.nesting)\n"
    .. "        return refuse(context, nested, refusal);\n"
    .. "    if (draft->is_kept)\n        return append_kept(context, call, why);\n")
rule("kept", "a body that waits for calls may end", "async_engine.c",
  "is_suspended || context->awaited_count != 0", "is_suspended")
rule("kept", "a body goes on before its calls are answered", "async_late.c",
  "!context->is_suspended || context->awaited_count != 0", "!context->is_suspended")
rule("kept", "the first outcome is enough", "async_kept.c", "--context->awaited_open != 0",
  "--context->awaited_open > 1")
rule("kept", "an answered call stays open", "async_kept.c", "    context->open_count--;\n", "")
rule("kept", "failures give gas back", "async_kept.c",
  "if (context->outcome.code != VMH_CODE_OK)", "if (false)")
rule("kept", "outcomes stay in the state", "async_kept.c",
  "    context->collected_count++;\n    return vmh_async_step_write(",
  "    context->collected_count++;\n    vmh_async_outcome_encode(outcome, &engine->scratch);\n"
    .. "    return vmh_async_step_write(")
rule("kept", "only the last outcome's gas comes back", "async_kept.c",
  "gas = vmh_async_add_gas(gas, context->collected[i].gas);", "gas = context->outcome.gas;")
rule("kept", "a context waits on when all is there", "async_kept.c",
  "    context->awaited_first = context->awaited_count = 0;\n", "")
rule("kept", "a failed body is still waited for", "async_close.c",
  "    context->awaited_first = context->awaited_count = context->awaited_open = 0;\n", "")
rule("kept", "the value of a kept call comes twice, or not", "async_late.c",
  "    context->phase = phase_of_outcome(context);\n    step->kind",
  "    context->phase = VMH_ASYNC_PHASE_OUTCOME;\n    step->kind")
rule("records", "a header waits for calls that there are not", "async_store.c",
  "context->awaited_first - 1 <= context->record_count - context->awaited_count", "true")

-- ---- graphs of the vectors

rule("graphs", "messages go in the order of local calls", "async_close.c",
  "    if (call == NULL) {\n        vmh_async_walk_begin(context);\n",
  "    if (call == NULL) {\n")
rule("graphs", "a callback hears of success only", "async_call.h",
  "return call->status == VMH_ASYNC_RESOLVED ? call->on_success : call->on_error;",
  "return call->on_success;")
rule("graphs", "a legacy call has no callback for errors", "async_register.c",
  "    fixed.on_error = fixed.on_success;\n", "")
rule("graphs", "a replayed answer finds its context", "async_save.c",
  "        key_size = vmh_async_put_header_key(engine, context);\n    }",
  "        key_size = vmh_async_put_record_key(engine, context, 0);\n    }")

return mutants
