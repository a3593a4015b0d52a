--- What holds of every run of a scenario of asynchronous calls, whatever a model says: see 16 of
-- spec/async.md. Each invariant takes a trace and gives nothing, or what is wrong.
local call_graph_legs = require "spec.support.call_graph_legs"
local call_graph_trace = require "spec.support.call_graph_trace"

local invariants = {}

local KIND_ANSWER <const> = 12
local OUT_OF_GAS <const> = 5
local OUT_OF_FUNDS <const> = 7
local ANSWERS <const> = { [9] = true, [10] = true, [KIND_ANSWER] = true }
-- Gas of a byte that is sent or stored to wait (joins.md 7), and the bytes that are stored.
local WAIT_BYTE <const> = 28
local STORED_SIZE <const> = 4

local parts_of, waits_of = call_graph_legs.parts_of, call_graph_legs.waits_of
local where = call_graph_trace.where
local last_beneath, is_beneath = call_graph_trace.last_beneath, call_graph_trace.is_beneath

local function wrong(format, ...) return format:format(...) end

local function hex(id)
  return (id:sub(1, 4):gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

local function names_of(calls)
  local names = {}
  for index, call in ipairs(calls) do names[index] = call.name end
  return table.concat(names, " ")
end

local function started(owner, is_remote)
  local names = {}
  for _, call in ipairs(owner.calls) do
    if (call.message ~= nil) == is_remote then
      names[#names + 1] = call.message and call.message.to_service .. "." .. call.message.method
        or call.callee.name
    end
  end
  return table.concat(names, " ")
end

-- Whether a failed execution was over when it failed: its local calls may have run, and are undone.
local function failed_behind_its_body(execution)
  return execution.code == OUT_OF_GAS or execution.code == OUT_OF_FUNDS
end

local function starts_of(trace, call)
  local count = 0
  for _, execution in ipairs(trace.executions) do
    if execution.kind == "async" and execution.id == call.id then count = count + 1 end
  end
  return count
end

--- 1. A registered call of an execution that stays starts once; of an undone one it never does.
function invariants.starts(trace)
  for _, owner in ipairs(trace.executions) do
    local near, far = started(owner, false), started(owner, true)
    if owner.survives then
      if near ~= names_of(owner.registered_local) then
        return wrong("%s registered '%s' here, and started '%s'", where(owner),
          names_of(owner.registered_local), near)
      end
      if far ~= names_of(owner.registered_remote) then
        return wrong("%s registered '%s' elsewhere, and sent '%s'", where(owner),
          names_of(owner.registered_remote), far)
      end
    else
      if far ~= "" then return wrong("%s is undone, and sent '%s'", where(owner), far) end
      if near ~= "" and owner.code ~= 0 and not failed_behind_its_body(owner) then
        return wrong("%s failed in its body, and started '%s'", where(owner), near)
      end
      for _, call in ipairs(owner.calls) do
        if call.callee and not call.callee.is_undone then
          return wrong("%s is undone, its callee %s is not", where(owner), where(call.callee))
        end
      end
    end
  end
  for _, call in ipairs(trace.calls) do
    local count = starts_of(trace, call)
    if count ~= 1 then
      return wrong("call %s of %s started %d times", hex(call.id), where(call.owner), count)
    end
  end
end

local function answers_of(trace, call)
  local count = 0
  for round = 0, trace.last do
    local delivered = trace.rounds[round].delivered
    if delivered and delivered.kind == KIND_ANSWER and delivered.answered_id == call.id
      and not trace.rounds[round].is_refused then
      count = count + 1
    end
  end
  return count
end

-- What came of an execution that may have had several legs.
local function outcome_of(execution)
  local last = execution.legs[#execution.legs] or execution
  return last.code
end

local function callback_name(call)
  return outcome_of(call.callee) == 0 and call.registered.on_success or call.registered.on_error
end

--- 2. A started call finishes once, and has at most one callback: that of its outcome.
function invariants.finishes(trace)
  for _, call in ipairs(trace.calls) do
    local stays = call.owner.survives and call.callee and call.registered
    if #call.callbacks > 1 then
      return wrong("%s has %d callbacks", where(call.callee), #call.callbacks)
    end
    local callback = call.callbacks[1]
    if callback and call.registered and callback.method ~= callback_name(call) then
      return wrong("%s with code %d is answered to %s", where(call.callee), call.callee.code,
        callback.method)
    end
    if stays and not callback and callback_name(call) ~= "" then
      return wrong("%s with code %d has no callback", where(call.callee), call.callee.code)
    end
    if stays and call.message and answers_of(trace, call) ~= 1 then
      return wrong("%s was answered %d times", where(call.callee), answers_of(trace, call))
    end
  end
end

-- The last of all that belongs to the calls of a group, their callbacks included.
local function last_of_group(owner, name)
  local last
  for _, call in ipairs(owner.calls) do
    if call.registered and call.registered.group == name then
      for _, execution in ipairs { call.callee or false, call.callbacks[1] or false } do
        local candidate = execution and last_beneath(execution)
        if candidate and (not last or candidate.order > last.order) then last = candidate end
      end
    end
  end
  return last
end

local function group_executions(owner, name)
  local list = {}
  for _, part in ipairs(parts_of(owner)) do
    for _, execution in ipairs(part.beneath) do
      if execution.kind == "group" and execution.group == name then list[#list + 1] = execution end
    end
  end
  return list
end

--- 3. No callback before all beneath its callee, none of a group before all its calls; each once.
function invariants.waits(trace)
  for _, call in ipairs(trace.calls) do
    local callback = call.callbacks[1]
    local last = callback and last_beneath(call.callee)
    if last and last.order > callback.order then
      return wrong("%s ran before %s", where(callback), where(last))
    end
  end
  for _, owner in ipairs(trace.executions) do
    for name, method in pairs(owner.group_callbacks or {}) do
      local list = group_executions(owner, name)
      if owner.survives and #list ~= 1 or #list > 1 then
        return wrong("the callback %s of group '%s' of %s ran %d times", method, name,
          where(owner), #list)
      end
      local last = last_of_group(owner, name)
      if list[1] and (not last or last.order > list[1].order) then
        return wrong("%s of group '%s' ran before %s", where(list[1]), name,
          last and where(last) or "any call")
      end
    end
  end
end

-- Whether an execution and all beneath it was over in its round.
local function is_complete_at_once(execution)
  for _, call in ipairs(execution.calls) do
    if call.message then return false end
  end
  for _, child in ipairs(execution.beneath) do
    if child.round ~= execution.round or not is_complete_at_once(child) then return false end
  end
  return true
end

--- 4. Local calls run by group, then by registration; each callback right behind its callee, where
-- that is complete, and in a later round where it is not.
function invariants.order(trace)
  for _, owner in ipairs(trace.executions) do
    local last
    for index, call in ipairs(owner.calls) do
      if not call.message then
        local registered = owner.registered_local[index]
        if not registered or registered.name ~= call.callee.name then
          return wrong("%s is local call %d of %s, which registered '%s'", call.callee.name, index,
            where(owner), names_of(owner.registered_local))
        end
        if last and call.callee.order < last.order then
          return wrong("%s began before %s was over", where(call.callee), where(last))
        end
        local callback = call.callbacks[1]
        local complete = is_complete_at_once(call.callee)
        if callback and complete ~= (callback.round == call.callee.round) then
          return wrong("%s ran in round %d, its callee %s is %s then", where(callback),
            callback.round, where(call.callee), complete and "complete" or "open")
        end
        last = call.callee
        for _, execution in ipairs(trace.rounds[owner.round].executions) do
          if is_beneath(execution, call.callee) and execution.order > last.order then
            last = execution
          end
        end
        if callback and complete and callback.order ~= last.order + 1 then
          return wrong("%s does not come right behind %s", where(callback), where(last))
        end
      end
    end
  end
end

--- 14. What stays and waits goes on once, with the last of its answers and the outcomes in the
-- order of its calls; what is undone does not.
invariants.legs = call_graph_legs.fault

local function price(trace, name) return (trace.scenario.prices or {})[name] or 0 end

-- What the steps of an execution that ended well took.
local function own_burn(trace, execution)
  local burnt = 0
  for _, step in ipairs(call_graph_trace.steps_of(trace.scenario, execution)) do
    if step.op == "burn" then burnt = burnt + step.gas end
    if step.op == "async" or step.op == "legacy_async" then
      burnt = burnt + price(trace, "step")
    elseif step.op == "await_all" then
      burnt = burnt + #step.calls * price(trace, "step")
    elseif step.op == "await" then
      local message = call_graph_legs.message_of(trace, execution)
      burnt = burnt + WAIT_BYTE * ((message and #message.input or 0) + STORED_SIZE)
    end
  end
  return burnt
end

-- The step, and `name@code@value...` by the byte.
local function price_of_callback(trace, callback)
  local size = #callback.method + 3
  for index = 2, #callback.arguments do size = size + 1 + 2 * #callback.arguments[index] end
  return price(trace, "step") + size * price(trace, "argument")
end

local burnt_by, burnt_by_call

local BENEATH <const> = { sync = true, group = true, direct = true }

-- What a part of an execution burnt itself, and what was burnt for it.
local function burnt_by_part(trace, part)
  if part.code ~= 0 then return part.first.kind == "direct" and part.gas_used or part.gas end
  local burnt = own_burn(trace, part)
  for _, child in ipairs(part.beneath) do
    if BENEATH[child.kind] then burnt = burnt + burnt_by(trace, child) end
  end
  for _, call in ipairs(part.calls) do burnt = burnt + burnt_by_call(trace, call) end
  return burnt
end

-- What is lost of what a call was given: its limit, and what is kept for its callback.
function burnt_by_call(trace, call)
  local limit, callback = call.callee.gas, call.callbacks[1]
  local is_unpaid = callback and not callback.id
  if is_unpaid then return limit + call.registered.lock end
  local burnt = call.callee.code == 0 and burnt_by(trace, call.callee) or limit
  if not callback then return burnt end
  return burnt + price_of_callback(trace, callback) + burnt_by(trace, callback)
end

function burnt_by(trace, execution)
  if execution.code ~= 0 then
    local is_nested = execution.kind == "sync" or execution.kind == "direct"
    return is_nested and execution.gas_used or execution.gas
  end
  if execution.kind == "async" and outcome_of(execution) ~= 0 then return execution.gas end
  local burnt = 0
  for _, part in ipairs(parts_of(execution)) do burnt = burnt + burnt_by_part(trace, part) end
  return burnt
end

-- Gas that a leg of the user's call did not use, less what it had got from the part before it: what
-- that one gave, and did not come back, is what the calls burnt.
local function left_by_leg(trace, part, leg)
  local given = leg.gas
  for _, each in ipairs(waits_of(trace, part)) do
    given = given + each.message.gas - trace.rounds[each.answers[1]].delivered.gas
  end
  return leg.gas - leg.gas_used - given
end

-- A leg has what came back with its answers, and what was kept for it by name.
local function wrong_gas_of_leg(trace, leg)
  local wait = call_graph_trace.wait_of(trace.scenario, leg.above)
  local gas = wait.lock
  for _, each in ipairs(gas and waits_of(trace, leg.above) or {}) do
    gas = gas + trace.rounds[each.answers[1]].delivered.gas
  end
  if gas and gas ~= leg.gas then
    return wrong("%s has %d, of what it kept and got %d", where(leg), leg.gas, gas)
  end
end

--- 5. What the user gave is what was burnt, what was left and what came back later; nobody leaves
-- more than he was given.
function invariants.gas(trace)
  local gas = trace.observed.gas
  local root = trace.executions[1]
  local burnt = burnt_by(trace, root)
  for index, leg in ipairs(root.legs) do
    burnt = burnt + left_by_leg(trace, root.legs[index - 1] or root, leg)
  end
  if root.gas ~= burnt + gas.root_left + gas.refunded_later then
    return wrong("%d given, %d burnt, %d left, %d refunded", root.gas, burnt, gas.root_left,
      gas.refunded_later)
  end
  for _, execution in ipairs(trace.executions) do
    local fault = execution.kind == "leg" and wrong_gas_of_leg(trace, execution)
    if fault then return fault end
  end
  for _, execution in ipairs(gas.executions) do
    local name, given, left = table.unpack(execution)
    if left > given or left < 0 then return wrong("%s leaves %d of %d", name, left, given) end
  end
end

--- 6. All balances and the value in messages are the same at the end of every round.
function invariants.value(trace)
  for round = 0, trace.last do
    local total = trace.rounds[round].total
    for _, message in ipairs(trace.rounds[round].waiting) do
      total = total + message.amount:tointeger()
    end
    if total ~= trace.first_total then
      return wrong("%d at the end of round %d, %d before", total, round, trace.first_total)
    end
  end
end

-- The contract of each surviving execution of a round: keys that its steps write, events.
local function effects_of(trace, round)
  local keys, events = {}, {}
  for _, execution in ipairs(trace.rounds[round].executions) do
    for _, step in ipairs(execution.survives
      and call_graph_trace.steps_of(trace.scenario, execution) or {}) do
      local key = (step.op == "write" or step.op == "add") and step.key or step.into
      if key then keys[execution.contract .. "." .. key] = true end
      if step.op == "emit" then
        events[#events + 1] = execution.contract .. "." .. step.name
      end
    end
  end
  table.sort(events)
  return keys, table.concat(events, " ")
end

local function changed_key(before, after, may_change)
  for contract, keys in pairs(after) do
    for _, both in ipairs { keys, before[contract] } do
      for key in pairs(both) do
        local name = contract .. "." .. key
        if keys[key] ~= before[contract][key] and not may_change[name] then return name end
      end
    end
  end
end

-- What balances must have gone by in a round: the value of what survives.
local function flows_of(trace, round)
  local flows, told = {}, trace.rounds[round]
  local function move(contract, amount)
    if trace.scenario.contracts[contract] then
      flows[contract] = (flows[contract] or 0) + amount
    end
  end
  for _, execution in ipairs(told.executions) do
    local call = execution.kind == "async" and trace.call_by_id[execution.id]
    if call and execution.survives and call.registered then
      move(execution.contract, call.registered.value)
      if not call.message then move(call.owner.contract, -call.registered.value) end
    elseif execution.kind == "direct" and execution.survives then
      move(execution.contract, round == 0 and (trace.scenario.start.value or 0)
        or told.delivered.amount:tointeger())
    end
  end
  for _, message in ipairs(told.sent) do
    if not ANSWERS[message.kind] then
      move(message.from_service, -message.amount:tointeger())
    end
  end
  if told.delivered and ANSWERS[told.delivered.kind] and not told.is_refused then
    move(told.delivered.to_service, told.delivered.amount:tointeger())
  end
  return flows
end

local function event_names(events)
  local names = {}
  for index, event in ipairs(events) do names[index] = event[1] .. "." .. event[2] end
  table.sort(names)
  return table.concat(names, " ")
end

local function wrong_balance(trace, round, before)
  local flows = flows_of(trace, round)
  for contract, balance in pairs(trace.rounds[round].balances) do
    local expected = before[contract] + (flows[contract] or 0)
    if balance ~= expected then
      return wrong("%s has %d behind round %d, %d by what survives", contract, balance, round,
        expected)
    end
  end
end

local function context_of_nobody(trace, round)
  for id, contract in pairs(trace.rounds[round].contexts) do
    local execution = trace.by_id[id]
    if not execution or not execution.survives or execution.round > round then
      return wrong("a context %s of %s is stored in round %d: %s", hex(id), contract, round,
        execution and where(execution) or "of no execution")
    end
  end
end

--- 7. What is undone leaves no key, event, message, context or balance behind.
function invariants.undoing(trace)
  local state, balances = trace.first_state, trace.first_balances
  for round = 0, trace.last do
    local told = trace.rounds[round]
    local keys, events = effects_of(trace, round)
    local changed = changed_key(state, told.state, keys)
    if changed then
      return wrong("%s changed in round %d, where nobody wrote it that stays", changed, round)
    end
    if event_names(told.events) ~= events then
      return wrong("events of round %d are '%s', those that stay '%s'", round,
        event_names(told.events), events)
    end
    for _, message in ipairs(told.sent) do
      local sender = call_graph_trace.sender(trace, message)
      if not ANSWERS[message.kind] and not (sender and sender.survives) then
        return wrong("round %d sent a call of %s", round,
          sender and where(sender) or "no execution")
      end
    end
    local fault = context_of_nobody(trace, round) or wrong_balance(trace, round, balances)
    if fault then return fault end
    state, balances = told.state, told.balances
  end
end

-- Contexts that wait for a message that is under way: who sent the call, and all above, up to the
-- user's call; and a message whose way does not end there.
local function waiting_contexts(trace, round)
  local ids, may_wait = {}, {}
  for _, message in ipairs(trace.rounds[round].waiting) do
    local execution, waits_alone = call_graph_trace.asker(trace, message)
    local last
    while execution do
      last = execution.first or execution
      local list = waits_alone and may_wait or ids
      list[last.id] = execution
      waits_alone = execution.waiting_caller ~= nil
      execution = execution.above
      -- Legs are parts of one context.
      while execution and (execution.first or execution) == last do
        waits_alone = execution.waiting_caller ~= nil
        execution = execution.above
      end
    end
    if last ~= trace.executions[1] then return ids, may_wait, message end
  end
  return ids, may_wait
end

--- 8. At the end of a round those contexts are stored that wait for a message, and no others. One
-- that waits for a call of its method, and for nothing else, may be.
function invariants.contexts(trace)
  for round = 0, trace.last do
    local stored = trace.rounds[round].contexts
    local waiting, may_wait, stray = waiting_contexts(trace, round)
    if stray then
      return wrong("a message of %s leads to nobody in round %d", stray.from_service, round)
    end
    for id, execution in pairs(waiting) do
      if not stored[id] then
        return wrong("the context of %s waits in round %d, and is not stored", where(execution),
          round)
      end
    end
    for id in pairs(stored) do
      if not waiting[id] and not may_wait[id] then
        return wrong("a context is stored in round %d that waits for nothing: %s", round,
          trace.by_id[id] and where(trace.by_id[id]) or hex(id))
      end
    end
  end
  local left = next(trace.rounds[trace.last].contexts)
  if left then return wrong("a context is left in the end") end
  if trace.observed.contexts_left ~= 0 then return wrong("records are left in the end") end
end

--- 9, the first half. All ids differ.
function invariants.ids(trace)
  local seen = {}
  local function meet(id, execution)
    if seen[id] and seen[id] ~= execution then
      return wrong("%s and %s have the id %s", where(seen[id]), where(execution), hex(id))
    end
    seen[id] = execution
  end
  for _, execution in ipairs(trace.executions) do
    local fault = execution.id and meet(execution.id, execution)
    if fault then return fault end
  end
  for _, call in ipairs(trace.calls) do
    if seen[call.id] and call.callee ~= seen[call.id] then
      return wrong("a call and %s have the id %s", where(seen[call.id]), hex(call.id))
    end
  end
end

--- 9, the second half. The same run twice gives the same ids, messages and roots.
function invariants.repeats(trace, again)
  if trace.last ~= again.last then return wrong("%d rounds, then %d", trace.last, again.last) end
  for round = 0, trace.last do
    local first, second = trace.rounds[round], again.rounds[round]
    for shard, root in pairs(first.roots) do
      if root ~= second.roots[shard] then return wrong("another root in round %d", round) end
    end
    for index, message in ipairs(first.sent) do
      if not second.sent[index] or message.bytes ~= second.sent[index].bytes then
        return wrong("another message in round %d", round)
      end
    end
    for index, execution in ipairs(first.executions) do
      if not second.executions[index] or execution.id ~= second.executions[index].id then
        return wrong("another id in round %d", round)
      end
    end
  end
end

local function sorted(list)
  table.sort(list)
  return list
end

-- A value as text, the same for the same value. What is a list has no keys but its places.
local function text_of(value)
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  if #value > 0 then
    for index, item in ipairs(value) do parts[index] = text_of(item) end
    return "[" .. table.concat(parts, ",") .. "]"
  end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  for index, key in ipairs(sorted(keys)) do parts[index] = key .. "=" .. text_of(value[key]) end
  return "{" .. table.concat(parts, ",") .. "}"
end
invariants.text_of = text_of

--- 10. A message that comes again, or with ids of nobody, is refused and changes nothing.
-- @tparam {table,...} again what deliver_again of the observer gave
function invariants.again(again)
  for _, entry in ipairs(again) do
    if not entry.is_refused then
      return wrong("%s is taken behind round %d", entry.what, entry.round)
    end
    if entry.is_changed then
      return wrong("%s changes the state behind round %d", entry.what, entry.round)
    end
  end
end

--- 10, 12. Two runs that must come to the same: what is seen and what is in the stores.
function invariants.same_end(trace, other)
  for field, value in pairs(trace.observed) do
    if text_of(value) ~= text_of(other.observed[field]) then
      return wrong("%s: %s, and now %s", field, text_of(value), text_of(other.observed[field]))
    end
  end
  for shard, root in pairs(trace.rounds[trace.last].roots) do
    if root ~= other.rounds[other.last].roots[shard] then
      return wrong("host %d has another root in the end", shard)
    end
  end
end

-- Executions and arguments of callbacks without their order; those undone by others left out.
local function what_ran(trace)
  local list = {}
  for _, execution in ipairs(trace.executions) do
    if not execution.is_undone then
      list[#list + 1] = ("%s %s %d %s"):format(execution.kind, execution.name, execution.code,
        text_of(execution.arguments or {}))
    end
  end
  return table.concat(sorted(list), "\n")
end

--- Whether where the contracts are may change nothing but order: see 11.
function invariants.may_move(trace)
  for _, execution in ipairs(trace.executions) do
    if execution.code == OUT_OF_GAS then return false end
  end
  return true
end

--- 11. All contracts on one host: the same executions, arguments of callbacks and keys.
function invariants.place(trace, moved)
  if what_ran(trace) ~= what_ran(moved) then
    return wrong("there ran\n%s\non one host\n%s", what_ran(trace), what_ran(moved))
  end
  if text_of(trace.observed.state) ~= text_of(moved.observed.state) then
    return wrong("keys are %s, on one host %s", text_of(trace.observed.state),
      text_of(moved.observed.state))
  end
end

return invariants
