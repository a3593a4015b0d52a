--- What must come of a scenario of asynchronous calls: a small model of spec/async.md, made of
-- plain Lua tables and written from that sheet alone. It knows no host, no encoding and no ids:
-- contexts and calls are numbered, and everything that a failure undoes is one table, `world`,
-- which is copied when an execution begins and put back when it fails.
--
-- `predict(scenario, single_level)` gives all fields of `expect`, and `trace`: per execution its
-- kind, depth and parent, for who wants to know what kind of graph it was.
local add_waits = require "spec.support.call_graph_model_waits"
local failures = require "spec.support.call_graph_failures"

local call_graph_model = {}

local DEFAULT_GAS <const> = 1000000000
local OUT_OF_GAS <const> = "not enough gas"
local NO_FUNDS <const> = "insufficient funds"
local SYNC_FAILED <const> = "execution failed"
local LEGACY_GROUP <const> = "LegacyAsync"
local LEGACY_CALLBACK <const> = "callBack"

local fail, abort, caught = failures.fail, failures.abort, failures.caught
local deep_copy, text_of_failure = failures.deep_copy, failures.text_of

-- Raised where a scenario runs more than it may.
local TOO_MANY <const> = {}

local Model = {}
Model.__index = Model

local function new_model(scenario, single_level)
  local prices = scenario.prices or {}
  local self = setmetatable({
    contracts = scenario.contracts, single_level = single_level,
    step_price = prices.step or 0, lock_price = prices.lock or 150,
    byte_price = prices.argument or 0,
    round = 0, last_id = 0, stack = {}, queue = {}, returns = {},
    order = {}, callbacks = {}, failed = {}, messages = {}, stored = {}, dropped = {},
    executions = {}, ids = {}, carried = {}, trace = {}, refunded = 0, unpaid = 0,
    late_local = 0, waits = 0, sent_waits = 0, used = {},
    several = { sent = 0, failed = 0, value = 0, mixed = 0 },
    world = { state = {}, balances = {}, events = {}, outbox = {}, contexts = {} },
  }, Model)
  for name, contract in pairs(scenario.contracts) do
    self.world.state[name] = {}
    for key, value in pairs(contract.storage or {}) do
      self.world.state[name][key] = tostring(value)
    end
    self.world.balances[name] = contract.balance or 0
  end
  return self
end

function Model:next_id()
  self.last_id = self.last_id + 1
  return self.last_id
end

function Model:note_failure(contract, method, code, message)
  self.failed[#self.failed + 1] = { contract .. "." .. method, code, message }
end

-- Contexts, groups, calls

function Model:context(id)
  return assert(self.world.contexts[id], "a context that there is not")
end

local function path_with(path, number)
  local longer = { table.unpack(path) }
  longer[#longer + 1] = number
  return longer
end

-- Where a context stands: the numbers of children on the way from the user's call. An id follows
-- from them; a number that was given stays taken.
function Model:path_of_child(id)
  local context = self:context(id)
  context.children = context.children + 1
  return path_with(context.path, context.children)
end

local function is_complete(context)
  return context.open == 0 and #context.groups == 0 and not context.waiting
end

-- What was called synchronously and asks for something asynchronous has an id, and those around it.
function Model:track()
  for index = #self.stack, 2, -1 do
    if self.stack[index].kind ~= "sync" then return end
    self.used[self.stack[index - 1].context] = true
  end
end

function Model:use_ids(id)
  self.used[id] = true
  self:track()
end

-- Each leg of a function has groups of its own.
local function find_group(context, name, leg)
  for index, group in ipairs(context.groups) do
    if group.name == name and group.leg == leg then return group, index end
  end
end

local function find_call(context, id)
  for _, group in ipairs(context.groups) do
    for index, call in ipairs(group.calls) do
      if call.id == id then return call, group, index end
    end
  end
end

local function is_callback(kind)
  return kind == "callback" or kind == "group"
end

-- Steps of a body. A `run` is an execution: kind, contract, method, args, gas (what is left), and
-- the number of its context.

local function text_of(run, value)
  if value == "$closure" then return run.closure or "" end
  if value ~= "$args" then return tostring(value) end
  local texts = {}
  for index, argument in ipairs(run.args) do texts[index] = tostring(argument) end
  return table.concat(texts, ",")
end

local function expand(run, values)
  local list = {}
  for _, value in ipairs(values or {}) do
    if value == "$args" or value == "$result" then
      for index = value == "$args" and 1 or 2, #run.args do
        list[#list + 1] = tostring(run.args[index])
      end
    else
      list[#list + 1] = tostring(value)
    end
  end
  return list
end

function Model:write(contract, key, value)
  self.world.state[contract][key] = value ~= "" and value or nil
end

local function spend(run, gas)
  if gas > run.gas then
    run.gas = 0
    fail(5, OUT_OF_GAS)
  end
  run.gas = run.gas - gas
end

function Model:has_function(contract, name)
  return self.contracts[contract].functions[name] ~= nil
end

function Model:check_callback(run, name)
  if (name or "") == "" then return end
  if name == "init" or not self:has_function(run.contract, name) then
    fail(10, "async: bad callback")
  end
end

function Model:check_nesting()
  if not self.single_level then return end
  for _, run in ipairs(self.stack) do
    if run.kind == "async" or is_callback(run.kind) then
      fail(10, "async: nested call not allowed")
    end
  end
end

local function check_place(run)
  if run.read_only then fail(10, "async: read-only") end
  if run.method == "init" then fail(10, "async: not allowed here") end
end

function Model:add_call(run, group_name, call)
  local context = self:context(run.context)
  local group = find_group(context, group_name, run.leg)
  if not group then
    group = { name = group_name, leg = run.leg, calls = {} }
    context.groups[#context.groups + 1] = group
  end
  local target = self.contracts[call.to]
  call.id = self:next_id()
  call.is_local = target ~= nil and target.shard == self.contracts[run.contract].shard
  group.calls[#group.calls + 1] = call
end

local STEP = {}

function STEP.write(model, run, step)
  model:write(run.contract, step.key, text_of(run, step.value))
end

function STEP.add(model, run, step)
  local old = math.tointeger(model.world.state[run.contract][step.key]) or 0
  model:write(run.contract, step.key, ("%d"):format(old + step.by))
end

function STEP.emit(model, run, step)
  local events = model.world.events
  events[#events + 1] = { run.contract, step.name, text_of(run, step.data) }
end

function STEP.burn(_, run, step) spend(run, step.gas) end

function STEP.fail(_, _, step) fail(4, step.message) end

-- The list that a callback replaces is that of the execution it belongs to.
STEP["return"] = function(model, run, step)
  if not is_callback(run.kind) then
    model:track()
    model:context(run.context).values = expand(run, step.values)
    model:context(run.context).has_values = true
  end
  run.ended = true
end

function STEP.set_return(model, run, step)
  local owner = is_callback(run.kind) and run.parent.context or run.context
  model:track()
  model:context(owner).values = expand(run, step.values)
  model:context(owner).has_values = true
end

function STEP.sync(model, run, step)
  local gas = math.min(step.gas or run.gas, run.gas)
  spend(run, gas)
  local outcome = model:execute { kind = "sync", contract = step.to, method = step["function"],
    args = expand(run, step.args), gas = gas, from = run.contract, read_only = run.read_only,
    parent = { kind = "sync", context = run.context } }
  run.gas = run.gas + outcome.gas
  if outcome.is_final then abort(outcome.code, outcome.message) end
  if outcome.code ~= 0 then
    if step.catch then return end
    fail(10, SYNC_FAILED)
  end
  if not outcome.is_complete then
    local context = model:context(run.context)
    context.open = context.open + 1
  end
  if step.into then model:write(run.contract, step.into, outcome.values[1] or "") end
end

function STEP.async(model, run, step)
  model:track()
  check_place(run)
  if step.group == LEGACY_GROUP then fail(10, "async: not allowed here") end
  model:check_callback(run, step.on_success)
  model:check_callback(run, step.on_error)
  local has_callback = (step.on_success or "") ~= "" or (step.on_error or "") ~= ""
  local lock = has_callback and model.lock_price + (step.lock or 0) or 0
  spend(run, model.step_price)
  spend(run, lock)
  if step.gas then spend(run, step.gas) end
  model:check_nesting()
  model:add_call(run, step.group or "", { to = step.to, method = step["function"],
    args = expand(run, step.args), value = step.value or 0, gas = step.gas, lock = lock,
    on_success = step.on_success, on_error = step.on_error, closure = step.closure })
end

function STEP.group_callback(model, run, step)
  model:track()
  check_place(run)
  local group = find_group(model:context(run.context), step.group, run.leg)
  if not group then fail(10, "async: no such group") end
  if group.callback then fail(10, "async: group callback already set") end
  if step["function"] == "" then fail(10, "async: bad callback") end
  model:check_callback(run, step["function"])
  local lock = model.lock_price + (step.lock or 0)
  spend(run, lock)
  group.callback = { method = step["function"], data = step.data or "", gas = lock }
end

-- `function@hex@hex...`: name and arguments, or nothing.
local function parse_call_data(data)
  local method, rest = data:match "^([^@]+)(.*)$"
  if not method then return nil end
  local args = {}
  for piece in rest:gmatch "@([^@]*)" do
    if #piece % 2 ~= 0 or piece:find "%X" then return nil end
    args[#args + 1] = piece:gsub("%x%x", function(hex)
      return string.char(tonumber(hex, 16))
    end)
  end
  return method, args
end

function STEP.legacy_async(model, run, step)
  model:track()
  check_place(run)
  if is_callback(run.kind) or #model:context(run.context).groups > 0 then
    fail(10, "async: legacy call not allowed here")
  end
  local callback = model:has_function(run.contract, LEGACY_CALLBACK) and LEGACY_CALLBACK or nil
  local lock = callback and model.lock_price or 0
  spend(run, model.step_price)
  spend(run, lock)
  if run.gas == 0 then fail(5, OUT_OF_GAS) end
  local gas = run.gas
  spend(run, gas)
  model:check_nesting()
  local method, args = parse_call_data(step.data)
  model:add_call(run, LEGACY_GROUP, { to = step.to, method = method, args = args,
    value = step.value or 0, gas = gas, lock = lock, on_success = callback, on_error = callback })
  run.ended = true
end

-- An execution, from its entry to the moment when its remote calls are out

-- What refuses an execution before its body begins.
function Model:enter(run)
  local balances = self.world.balances
  local target = self.contracts[run.contract]
  if run.value > 0 then
    if run.pays == "sender" then
      if balances[run.from] < run.value then fail(7, NO_FUNDS) end
      balances[run.from] = balances[run.from] - run.value
    end
    if target then balances[run.contract] = balances[run.contract] + run.value end
  end
  if not target then fail(3, "contract not found") end
  if run.kind == "sync" and target.shard ~= self.contracts[run.from].shard then
    fail(3, "contract not found")
  end
  local is_legacy_callback = run.method == LEGACY_CALLBACK and target.functions[run.method]
  if is_legacy_callback and run.kind ~= "callback" or run.method == "init" and not run.deploy then
    fail(4, "callback called directly")
  end
  if not target.functions[run.method] then fail(1, "function not found") end
end

function Model:note_body(run)
  if self.most and #self.order >= self.most then error(TOO_MANY, 0) end
  local name = run.contract .. "." .. run.method
  self.order[#self.order + 1] = { self.round, name, run.kind }
  run.entry = { name, run.gas, 0 }
  self.executions[#self.executions + 1] = run.entry
  if is_callback(run.kind) and not run.leg then
    self.callbacks[#self.callbacks + 1] = { ["in"] = run.contract, ["function"] = run.method,
      args = run.args, group = run.group_name }
  end
  self.trace[#self.trace + 1] = { round = self.round, name = name, contract = run.contract,
    kind = run.leg and "leg" or run.kind, value = run.value, context = run.context,
    parent = run.parent.context, run = run }
end

function Model:run_body(run)
  if not run.leg then self:enter(run) end
  self:note_body(run)
  local steps = self.contracts[run.contract].functions[run.method]
  for place = run.first or 1, #steps do
    run.place = place
    STEP[steps[place].op](self, run, steps[place])
    if run.ended then break end
  end
  run.entry[3] = run.gas
end

-- What the body leaves is shared by the calls that name no gas.
function Model:share_gas(run)
  local unlimited = {}
  for _, group in ipairs(self:context(run.context).groups) do
    for _, call in ipairs(group.calls) do
      if not call.gas then unlimited[#unlimited + 1] = call end
    end
  end
  for _, call in ipairs(run.waiting and run.waiting.calls or {}) do
    if not call.gas then unlimited[#unlimited + 1] = call end
  end
  if #unlimited == 0 then return end
  local share = run.gas // #unlimited
  if share == 0 then fail(5, OUT_OF_GAS) end
  for _, call in ipairs(unlimited) do call.gas = share end
  run.gas = run.gas - share * #unlimited
end

local function calls_of(context, leg, wanted)
  local list = {}
  for _, group in ipairs(context.groups) do
    for _, call in ipairs(group.leg == leg and group.calls or {}) do
      if call.is_local == wanted then list[#list + 1] = call.id end
    end
  end
  return list
end

function Model:run_local_calls(run)
  local function give(gas) run.gas = run.gas + gas end
  for _, id in ipairs(calls_of(self:context(run.context), run.leg, true)) do
    local call = find_call(self:context(run.context), id)
    if not call.method then fail(10, "bad call data") end
    if call.gas <= self.step_price then fail(5, OUT_OF_GAS) end
    local outcome = self:execute { kind = "async", contract = call.to, method = call.method,
      args = call.args, gas = call.gas, value = call.value, pays = "sender", from = run.contract,
      parent = { kind = "local", context = run.context, call = id } }
    if outcome.is_complete then
      self:answer(run.context, id, outcome, outcome.gas, give)
    end
  end
end

function Model:send_remote_calls(run)
  local balances = self.world.balances
  local list = {}
  for _, id in ipairs(calls_of(self:context(run.context), run.leg, false)) do
    list[#list + 1] = find_call(self:context(run.context), id)
  end
  table.move(run.waiting and run.waiting.calls or {}, 1, 1 << 10, #list + 1, list)
  for _, call in ipairs(list) do
    if not call.method then fail(10, "bad call data") end
    if call.gas == 0 then fail(5, OUT_OF_GAS) end
    -- It has its number, which stays taken, when its value leaves or does not.
    self:use_ids(run.context)
    call.path = self:path_of_child(run.context)
    if balances[run.contract] < call.value then fail(7, NO_FUNDS) end
    balances[run.contract] = balances[run.contract] - call.value
    self.world.outbox[#self.world.outbox + 1] = { kind = "call", from = run.contract,
      path = call.path, to = call.to, method = call.method, args = call.args, value = call.value,
      gas = call.gas, context = run.context, call = call.id }
  end
end

-- Who begins inside of a run, not with it.
local INSIDE <const> = { ["local"] = true, callback = true, group = true }

-- An execution inside of a run pays for what it waits for at the end of its body, one that a run
-- begins with behind its calls.
function Model:run_whole(run)
  local is_nested = INSIDE[run.parent.kind] and not run.leg
  self:run_body(run)
  if run.waiting and is_nested then self:settle_waiting(run, true) end
  self:share_gas(run)
  self:run_local_calls(run)
  self:send_remote_calls(run)
  if run.waiting and not is_nested then
    run.is_settling = true
    self:settle_waiting(run)
  end
  if run.waiting then self:keep_waiting(run) end
end

--- Runs an execution with all that belongs to it in this transaction. Its outcome: code, message
-- or values, the gas left, and whether its context is complete; one that failed is.
function Model:execute(run)
  run.path = run.path or run.kind == "direct" and {} or self:path_of_child(run.parent.context)
  if run.kind ~= "direct" and run.kind ~= "sync" then
    self.ids[#self.ids + 1] = { run.contract .. "." .. run.method, run.path }
    if run.parent.context and run.parent.kind ~= "remote" then self:use_ids(run.parent.context) end
  end
  local before = deep_copy(self.world)
  run.value = run.value or 0
  run.context = self:next_id()
  self.world.contexts[run.context] = { name = run.contract .. "." .. run.method,
    contract = run.contract, parent = run.parent, groups = {}, open = 0, accumulated = 0,
    values = {}, path = run.path, children = 0 }
  self.stack[#self.stack + 1] = run
  local failure = caught(self.run_whole, self, run)
  self.stack[#self.stack] = nil
  if failure then
    self.world = before
    if run.entry then run.entry[3] = 0 end
    self:note_failure(run.contract, run.method, failure.code, failure.message)
    -- Gas stays spent; what the failing execution still had goes back to a synchronous caller.
    local is_nested = run.kind == "sync" or run.kind == "direct"
    return { code = failure.code, message = text_of_failure(failure), is_complete = true,
      is_final = failure.is_final and run.kind == "sync", gas = is_nested and run.gas or 0 }
  end
  local context = self:context(run.context)
  context.left = context.waiting and 0 or run.gas
  local complete = is_complete(context)
  if complete then self.world.contexts[run.context] = nil end
  return { code = 0, values = context.values, gas = run.gas, is_complete = complete,
    given = run.given }
end

-- What follows an outcome. `give` takes the gas that comes back to the context of the call.

local function price_of_callback(model, method, args)
  local size = #method + 3
  for index = 2, #args do size = size + 1 + 2 * #args[index] end
  return model.step_price + size * model.byte_price
end

--- The call of a context has an outcome: its callback, if there is one, then its end.
function Model:answer(context_id, call_id, outcome, unused, give, is_far)
  local context = self:context(context_id)
  local call = find_call(context, call_id)
  call.is_answered = true
  local method = outcome.code == 0 and call.on_success or outcome.code ~= 0 and call.on_error
  if (method or "") == "" then
    give(unused + call.lock)
    return self:finish_call(context_id, call_id, give)
  end
  local args = { outcome.code, table.unpack(outcome.values or { outcome.message }) }
  local gas = unused + call.lock - price_of_callback(self, method, args)
  if gas <= 0 then
    self:note_failure(context.contract, method, 5, OUT_OF_GAS)
    self.unpaid = self.unpaid + 1
    return self:finish_call(context_id, call_id, give)
  end
  local callback = self:execute { kind = "callback", contract = context.contract, method = method,
    args = args, gas = gas, closure = call.closure,
    -- What comes back from elsewhere is numbered by the call alone.
    path = is_far and path_with(call.path, 0) or nil,
    parent = { kind = "callback", context = context_id, call = call_id } }
  give(callback.gas)
  if callback.is_complete then self:finish_call(context_id, call_id, give) end
end

--- Removes a call, and its group with the last one.
function Model:finish_call(context_id, call_id, give)
  local context = self:context(context_id)
  local _, group, index = find_call(context, call_id)
  table.remove(group.calls, index)
  if #group.calls > 0 then return end
  local _, place = find_group(context, group.name, group.leg)
  table.remove(context.groups, place)
  local last = group.callback
  if not last then return end
  local outcome = self:execute { kind = "group", contract = context.contract,
    method = last.method, args = { last.data }, gas = last.gas, group_name = group.name,
    parent = { kind = "group", context = context_id } }
  give(outcome.gas)
  if not outcome.is_complete then
    context = self:context(context_id)
    context.open = context.open + 1
  end
end

function Model:give_later(context_id)
  return function(gas)
    local context = self:context(context_id)
    context.accumulated = context.accumulated + gas
  end
end

function Model:send_answer(context_parent, from, outcome, gas, value)
  self.world.outbox[#self.world.outbox + 1] = { kind = "return", from = from,
    to = context_parent.from, outcome = outcome, gas = gas, value = value,
    context = context_parent.context, call = context_parent.call, wait = context_parent.wait }
end

--- Goes up from a context that may be complete now, as far as that completes others.
function Model:go_up(id)
  while true do
    local context = self:context(id)
    if not is_complete(context) then return end
    self.world.contexts[id] = nil
    local parent = context.parent
    if parent.kind == "root" then
      self.refunded = self.refunded + context.accumulated
      return
    end
    local all_gas = context.left + context.accumulated
    local outcome = context.result or { code = 0, values = context.values }
    if parent.kind == "remote" or parent.kind == "awaited" then
      -- A call that fails late has its value, and burns its limit.
      if outcome.code ~= 0 and parent.kind == "remote" then all_gas = 0 end
      return self:send_answer(parent, context.contract, outcome, all_gas, 0)
    end
    local give = self:give_later(parent.context)
    if parent.kind == "local" then
      self.late_local = self.late_local + 1
      self:answer(parent.context, parent.call, outcome, outcome.code == 0 and all_gas or 0, give)
    else
      give(context.accumulated)
      if parent.kind == "callback" then
        self:finish_call(parent.context, parent.call, give)
      else
        local above = self:context(parent.context)
        above.open = above.open - 1
      end
    end
    id = parent.context
  end
end

add_waits(Model, STEP, { spend = spend, expand = expand, is_callback = is_callback })

-- Rounds

function Model:run_call(message)
  local parent = { kind = message.wait and "awaited" or "remote", from = message.from,
    context = message.context, call = message.call, wait = message.wait }
  local outcome = self:execute { kind = message.wait and "direct" or "async",
    contract = message.to, method = message.method, args = message.args, gas = message.gas,
    value = message.value, from = message.from, path = message.path, parent = parent }
  if not outcome.is_complete then return end
  self:send_answer(parent, message.to, outcome, outcome.gas,
    outcome.code ~= 0 and message.value or 0)
end

function Model:refuse(text)
  self.dropped[#self.dropped + 1] = { self.round, text }
end

function Model:run_return(message)
  if message.wait then return self:run_awaited(message) end
  if self:takes_kept(message) then return end
  local context = self.world.contexts[message.context]
  if context and context.waiting and not context.is_kept then context = nil end
  local call = context and find_call(context, message.call)
  if not call or call.is_answered then
    return self:refuse(context and "call_not_found" or "no_context")
  end
  local balances = self.world.balances
  balances[context.contract] = balances[context.contract] + message.value
  self:answer(message.context, message.call, message.outcome, message.gas,
    self:give_later(message.context), true)
  self:go_up(message.context)
end

function Model:end_round()
  for _, message in ipairs(self.world.outbox) do
    local is_call = message.kind ~= "return"
    local kind = is_call and "call" or "return"
    local to = is_call and message.to .. "." .. message.method or message.to
    self.messages[#self.messages + 1] = { self.round, kind, message.from, to }
    self.carried[#self.carried + 1] = { self.round, kind, message.gas, message.value }
    self.queue[#self.queue + 1] = message
    if message.kind == "await" then
      self.sent_waits = self.sent_waits + 1
      message.path = { -self.sent_waits }
    end
    if message.kind == "return" then self.returns[#self.returns + 1] = message end
  end
  self.world.outbox = {}
  local names = {}
  for _, context in pairs(self.world.contexts) do
    if context.is_kept or not context.waiting then names[#names + 1] = context.name end
  end
  table.sort(names)
  if #names > 0 then self.stored[("%d"):format(self.round)] = names end
end

function Model:inject(entries)
  local place = 1
  for _, entry in ipairs(entries or {}) do
    if entry.after_round == self.round then
      local message = entry.unknown_call_id
        and { kind = "return", context = self.root, call = -1 }
        or self.returns[entry.replay_return + 1]
      table.insert(self.queue, place, message)
      place = place + 1
    end
  end
end

function Model:start(start)
  local gas = start.gas or DEFAULT_GAS
  self.root = self.last_id + 1
  local outcome = self:execute { kind = "direct", contract = start.to, method = start["function"],
    args = expand({ args = {} }, start.args), gas = gas, value = start.value,
    read_only = start.query, deploy = start.deploy, parent = { kind = "root" } }
  self.root_left = outcome.gas + (outcome.given or 0)
  self.result = outcome.code == 0 and { code = 0, data = outcome.given and {} or outcome.values }
    or { code = outcome.code, message = outcome.message }
end

local function count_keys(map)
  local count = 0
  for _ in pairs(map) do count = count + 1 end
  return count
end

local function run_rounds(model, scenario)
  model:start(scenario.start)
  model:end_round()
  model:inject(scenario.inject)
  while #model.queue > 0 do
    local message = table.remove(model.queue, 1)
    model.round = model.round + 1
    if message.kind ~= "return" then
      model:run_call(message)
    else
      message.delivered = message.delivered or model.round
      model:run_return(message)
    end
    model:end_round()
    model:inject(scenario.inject)
  end
end

--- All fields of `expect`, as the rules of the sheet give them.
-- @tparam table scenario as in vectors/async
-- @tparam boolean single_level whether nested asynchronous calls are forbidden
-- @tparam[opt] integer most how many executions there may be; default any number
-- @treturn[1] table the fields of `expect`
-- @treturn[1] table `trace`, `unpaid`, `late_local` (calls answered later than they began,
-- without a message), `rounds`, and `returns` with the round in which each was `delivered`
-- @return[2] nil, where there are more than `most`
function call_graph_model.predict(scenario, single_level, most)
  local model = new_model(scenario, single_level)
  model.most = most
  local is_good, raised = pcall(run_rounds, model, scenario)
  if raised == TOO_MANY then return nil end
  if not is_good then error(raised, 0) end
  return {
    order = model.order, callbacks = model.callbacks, state = model.world.state,
    result = model.result, failed = model.failed, messages = model.messages,
    stored_contexts = model.stored, contexts_left = count_keys(model.world.contexts),
    events = model.world.events, balances = model.world.balances, dropped = model.dropped,
    ids = model.ids, carried = model.carried,
    gas = { executions = model.executions, root_left = model.root_left,
      refunded_later = model.refunded },
  }, { trace = model.trace, unpaid = model.unpaid, late_local = model.late_local,
    rounds = model.round, returns = model.returns, several = model.several }
end

return call_graph_model
