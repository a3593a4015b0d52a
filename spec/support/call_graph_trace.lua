--- What an observed run of a scenario was, put in order: executions with those above and beneath
-- them, and calls, each with what registered it, its callee and its callbacks. It joins what the
-- hosts told (ids, order, outcomes) with what the scenario says (which steps a function does).
local call_graph_trace = {}

local ID_SIZE <const> = 32
local KIND_CALL <const> = 11
local LEGACY_CALLBACK <const> = "callBack"

--- The steps that an execution did, if it ended well: those up to the one that ends the body.
function call_graph_trace.steps_of(scenario, execution)
  local contract = scenario.contracts[execution.contract]
  local done = {}
  for _, step in ipairs(contract and contract.functions[execution.method] or {}) do
    done[#done + 1] = step
    if step.op == "return" or step.op == "legacy_async" then break end
  end
  return done
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

--- The calls that an execution registered, if it ended well, by group and then by registration.
-- Also which groups have a callback: name of the group -> method.
function call_graph_trace.registrations(scenario, execution)
  local groups, by_name, callbacks = {}, {}, {}
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
    end
  end
  local list = {}
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

local function link_executions(trace)
  for round = 0, trace.last do
    for position, execution in ipairs(trace.rounds[round].executions) do
      execution.position = position
      execution.order = #trace.executions + 1
      trace.executions[execution.order] = execution
      execution.beneath, execution.calls = {}, {}
      local above = execution.parent and trace.by_id[execution.parent] or execution.around
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
      local owner = trace.by_id[message.context_id:sub(1, ID_SIZE)]
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
  run.executions, run.by_id, run.calls, run.call_by_id = {}, {}, {}, {}
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
