--- What an observed run of a scenario was, put in order: executions with those above and beneath
-- them, and calls, each with what registered it, its callee and its callbacks. It joins what the
-- hosts told (ids, order, outcomes) with what the scenario says (which steps a function does).
local call_graph_trace = {}

local ID_SIZE <const> = 32
local KIND_CALL <const> = 11
local KIND_WAITED_CALL <const> = 8
local LEGACY_CALLBACK <const> = "callBack"

--- How an execution is called where something is wrong with it.
function call_graph_trace.where(execution)
  return ("%s %s of round %d"):format(execution.kind, execution.name, execution.round)
end

local ENDS <const> = { ["return"] = true, legacy_async = true, await = true, await_all = true }

local WAITED_ANSWERS <const> = { [9] = true, [10] = true }

local function waits(step) return step ~= nil and (step.op == "await" or step.op == "await_all") end

--- The steps that an execution did, if it ended well: those up to the one that ends the body. Those
-- of a leg are behind the one that it waited at.
function call_graph_trace.steps_of(scenario, execution)
  local contract = scenario.contracts[execution.contract]
  local done, skipped = {}, execution.leg or 0
  for _, step in ipairs(contract and contract.functions[execution.method] or {}) do
    if skipped == 0 then
      done[#done + 1] = step
      if ENDS[step.op] then break end
    elseif waits(step) then
      skipped = skipped - 1
    end
  end
  return done
end

--- The step at which an execution ended that waits, or nothing.
function call_graph_trace.wait_of(scenario, execution)
  local steps = call_graph_trace.steps_of(scenario, execution)
  return waits(steps[#steps]) and steps[#steps] or nil
end

local function lock_of(scenario, step, has_callback)
  if not has_callback then return 0 end
  return (scenario.prices and scenario.prices.lock or 150) + (step.lock or 0)
end

local function registration_of(scenario, execution, step)
  local from = scenario.contracts[execution.contract]
  local target = scenario.contracts[step.to]
  local registered = { group = step.group or "", to = step.to, method = step["function"],
    on_success = step.on_success or "", on_error = step.on_error or "", value = step.value or 0,
    is_local = target ~= nil and target.shard == from.shard }
  if step.op == "legacy_async" then
    registered.method = step.data:match "^[^@]*"
    registered.on_success = from.functions[LEGACY_CALLBACK] and LEGACY_CALLBACK or ""
    registered.on_error = registered.on_success
  end
  registered.name = registered.to .. "." .. registered.method
  registered.lock = lock_of(scenario, step,
    registered.on_success ~= "" or registered.on_error ~= "")
  return registered
end

-- A call that the method waits for with others.
local function kept_call(scenario, execution, call)
  local registered = registration_of(scenario, execution, call)
  registered.is_local, registered.is_kept, registered.group = false, true, nil
  return registered
end

--- The calls that an execution registered, if it ended well, by group and then by registration.
-- Also which groups have a callback: name of the group -> method.
function call_graph_trace.registrations(scenario, execution)
  local groups, by_name, callbacks, kept = {}, {}, {}, {}
  for _, step in ipairs(call_graph_trace.steps_of(scenario, execution)) do
    if step.op == "async" or step.op == "legacy_async" then
      local registered = registration_of(scenario, execution, step)
      local group = by_name[registered.group]
      if not group then
        group = {}
        by_name[registered.group], groups[#groups + 1] = group, group
      end
      group[#group + 1] = registered
    elseif step.op == "group_callback" then
      callbacks[step.group] = step["function"]
    elseif step.op == "await_all" then
      for index, call in ipairs(step.calls) do
        kept[index] = kept_call(scenario, execution, call)
      end
    end
  end
  local list = {}
  groups[#groups + 1] = kept
  for _, group in ipairs(groups) do table.move(group, 1, #group, #list + 1, list) end
  return list, callbacks
end

local function only(list, wanted)
  local kept = {}
  for _, registered in ipairs(list) do
    if registered.is_local == wanted then kept[#kept + 1] = registered end
  end
  return kept
end

-- Whether an execution that was running around one has failed.
local function is_undone(execution)
  local running = execution.above
  while running and running.round == execution.round do
    if running.code ~= 0 then return true end
    running = running.above
  end
  return false
end

-- A leg follows the one before it of the same method, or its first run.
local function link_leg(trace, leg)
  local first = trace.by_id[leg.first_id]
  if not first then return nil end
  first.legs[#first.legs + 1] = leg
  leg.leg, leg.first = #first.legs, first
  return first.legs[#first.legs - 1] or first
end

-- Who sent the call that an execution answers, which somebody waits for.
local function waiting_caller(trace, round)
  local delivered = trace.rounds[round].delivered
  if not delivered or delivered.kind ~= KIND_WAITED_CALL then return nil end
  return trace.by_run[delivered.parent] or trace.by_id[delivered.parent]
end

-- Who sent a call, or whom it answers: the execution that waits for it.
local function context_of(trace, message)
  return trace.by_id[message.context_id:sub(1, ID_SIZE)]
end

--- The part of a method that ran in a round: its first run, or a leg of it.
function call_graph_trace.part_of(execution, round)
  for _, leg in ipairs(execution and execution.legs or {}) do
    if leg.round == round then return leg end
  end
  return execution
end

local part_of = call_graph_trace.part_of

--- The part of an execution that sent a call, in the round in which it left.
function call_graph_trace.sender(trace, message)
  if message.kind == KIND_WAITED_CALL then
    return trace.by_run[message.parent] or trace.by_id[message.parent]
  end
  return message.round and part_of(context_of(trace, message), message.round)
    or context_of(trace, message)
end

--- The execution that waits for a message that is under way, and whether it waits for that call
-- alone.
function call_graph_trace.asker(trace, message)
  if message.kind == KIND_WAITED_CALL then return call_graph_trace.sender(trace, message), true end
  if WAITED_ANSWERS[message.kind] then
    local callee = trace.by_id[message.answered_id]
    return callee and callee.waiting_caller, true
  end
  return context_of(trace, message), false
end

local function above_of(trace, execution, position)
  if execution.kind == "leg" then return link_leg(trace, execution) end
  if execution.parent then return part_of(trace.by_id[execution.parent], execution.round) end
  if execution.around then return execution.around end
  local caller = position == 1 and waiting_caller(trace, execution.round) or nil
  execution.waiting_caller = caller
  return caller
end

local function link_executions(trace)
  for round = 0, trace.last do
    local outermost = trace.rounds[round].executions[1]
    if outermost then trace.by_run[trace.rounds[round].run_id] = outermost end
    for _, message in ipairs(trace.rounds[round].sent) do message.round = round end
    for position, execution in ipairs(trace.rounds[round].executions) do
      execution.position = position
      execution.order = #trace.executions + 1
      trace.executions[execution.order] = execution
      execution.beneath, execution.calls, execution.legs = {}, {}, {}
      local above = above_of(trace, execution, position)
      execution.above = above
      if above then above.beneath[#above.beneath + 1] = execution end
      execution.is_undone = is_undone(execution)
      execution.survives = execution.code == 0 and not execution.is_undone
      if execution.id then trace.by_id[execution.id] = execution end
    end
  end
end

local function add_call(trace, owner, registered, id, callee, message)
  local call = { owner = owner, registered = registered, id = id, callee = callee,
    message = message, callbacks = {} }
  owner.calls[#owner.calls + 1] = call
  trace.calls[#trace.calls + 1] = call
  trace.call_by_id[id] = call
end

-- The n-th local callee of an execution is its n-th local call, the n-th message its n-th remote
-- one; what does not fit has no registration.
local function link_calls(trace)
  for _, owner in ipairs(trace.executions) do
    local list, group_callbacks = call_graph_trace.registrations(trace.scenario, owner)
    owner.registered_local, owner.registered_remote = only(list, true), only(list, false)
    owner.group_callbacks = group_callbacks
    local count = 0
    for _, callee in ipairs(owner.beneath) do
      if callee.kind == "async" and callee.round == owner.round then
        count = count + 1
        add_call(trace, owner, owner.registered_local[count], callee.id, callee)
      end
    end
  end
  local counts = {}
  for round = 0, trace.last do
    for _, message in ipairs(trace.rounds[round].sent) do
      local owner = part_of(trace.by_id[message.context_id:sub(1, ID_SIZE)], round)
      if message.kind == KIND_CALL and owner then
        counts[owner] = (counts[owner] or 0) + 1
        add_call(trace, owner, (owner.registered_remote or {})[counts[owner]],
          message.answered_id, trace.by_id[message.answered_id], message)
      end
    end
  end
  for _, execution in ipairs(trace.executions) do
    local call = execution.kind == "callback" and trace.call_by_id[execution.answered]
    if call then call.callbacks[#call.callbacks + 1] = execution end
  end
end

--- Puts an observed run in order.
-- @tparam table run as call_graph_observer gives it
-- @treturn table the same, with `executions`, `calls`, `by_id`, `call_by_id`
function call_graph_trace.of(run)
  run.executions, run.by_id, run.calls, run.call_by_id, run.by_run = {}, {}, {}, {}, {}
  link_executions(run)
  link_calls(run)
  return run
end

--- Whether an execution is one above or the other itself.
function call_graph_trace.is_beneath(execution, above)
  while execution do
    if execution == above then return true end
    execution = execution.above
  end
  return false
end

--- The last execution, in order, of all beneath one, itself included.
function call_graph_trace.last_beneath(execution)
  local last = execution
  for _, child in ipairs(execution.beneath) do
    local candidate = call_graph_trace.last_beneath(child)
    if candidate.order > last.order then last = candidate end
  end
  return last
end

return call_graph_trace
