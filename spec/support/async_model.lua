--- What becomes of a call graph, by plain recursion over tables that are never stored: the naive
-- answer to what spec/support/async_player.lua does with the engine. Contexts know whom to tell
-- when they are complete by a function.
local model = {}

local Model = {}
Model.__index = Model

function model.new(graph, options)
  local self = setmetatable({
    graph = graph, prices = options.prices, nesting = options.nesting, state = {}, journal = {},
    outbox = {}, events = {}, queue = {}, round = 0, open = {},
    seen = { order = {}, callbacks = {}, failed = {}, messages = {}, executions = {},
      refunded_later = 0, stored = {} },
  }, Model)
  for name, contract in pairs(graph.contracts) do
    self.state[name] = { ["\0balance"] = contract.balance or 0 }
  end
  return self
end

local function stop(code, message) error({ code = code, message = message }, 0) end

-- ---- what is undone ----

function Model:set(keys, key, value)
  self.journal[#self.journal + 1] = { keys, key, keys[key] }
  keys[key] = value
end

function Model:mark() return { #self.journal, #self.outbox, #self.events } end

function Model:undo(mark)
  for i = #self.journal, mark[1] + 1, -1 do
    local keys, key, value = table.unpack(self.journal[i], 1, 3)
    keys[key] = value
    self.journal[i] = nil
  end
  for i = #self.outbox, mark[2] + 1, -1 do self.outbox[i] = nil end
  for i = #self.events, mark[3] + 1, -1 do self.events[i] = nil end
end

function Model:pay(from, to, amount)
  local balance = from and self.state[from]["\0balance"]
  if balance and balance < amount then return false end
  if balance then self:set(self.state[from], "\0balance", balance - amount) end
  if to then self:set(self.state[to], "\0balance", self.state[to]["\0balance"] + amount) end
  return true
end

-- ---- contexts ----

local function new_context(kind, service, method, around)
  local deeper = kind ~= "direct" and kind ~= "sync" and 1 or 0
  return { kind = kind, service = service, method = method, groups = {}, open = 0, gas = 0,
    back = 0, values = {}, nesting = (around and around.nesting or 0) + deeper }
end

local function give_back(context, gas)
  local to = context.running and "gas" or "back"
  context[to] = context[to] + gas
end

-- A late child has finished: perhaps that was the last one.
function Model:look(context)
  if context.open > 0 or context.running then return end
  self:set(self.open, context, nil)
  context.tell(context)
end

function Model:run(context, arguments, gas, before)
  local mark = self:mark()
  local name = context.service .. "." .. context.method
  local place = { name, gas, 0 }
  context.gas, context.running = gas, true
  local ok, failure = pcall(function()
    if before then before() end
    table.insert(self.seen.executions, place)
    self:body(context, arguments)
    place[3] = context.gas
    self:close(context)
  end)
  context.running = false
  if ok then return end
  if type(failure) ~= "table" then error(failure, 0) end
  self:undo(mark)
  table.insert(self.seen.failed, { name, failure.code, failure.message })
  context.failed = failure
end

-- ---- bodies ----

local function list_of(values, arguments)
  local out = {}
  for _, value in ipairs(values) do
    local from = value == "$args" and 1 or value == "$result" and 2
    if from then
      table.move(arguments, from, #arguments, #out + 1, out)
    else
      out[#out + 1] = value
    end
  end
  return out
end

local ops = {}

function ops.add(self, context, step)
  local keys = self.state[context.service]
  self:set(keys, step.key, tostring(tonumber(keys[step.key] or 0) + step.by))
end

function ops.emit(self, context, step)
  table.insert(self.events, { context.service, step.name, step.data })
end

local function take(context, gas)
  if gas > context.gas then
    context.gas = 0
    stop(5, "not enough gas")
  end
  context.gas = context.gas - gas
end

function ops.burn(_, context, step) take(context, step.gas) end

function ops.fail(_, _, step) stop(4, step.message) end

ops["return"] = function(_, context, step, arguments)
  if context.kind ~= "callback" and context.kind ~= "group" then
    context.values = list_of(step.values, arguments)
  end
  return true
end

function ops.set_return(_, context, step, arguments)
  local values = list_of(step.values, arguments)
  if context.initiator then context.sets = values else context.values = values end
end

function ops.sync(self, context, step)
  local child = new_context("sync", step.to, step["function"], context)
  local gas = step.gas or context.gas
  if gas > context.gas then stop(5, "not enough gas") end
  self:run(child, {}, gas)
  local is_used = child.failed and child.failed.code == 5 and child.failed.of_body
  context.gas = context.gas - gas + (is_used and 0 or child.gas)
  if child.failed and not step.catches then stop(10, "execution failed") end
  if child.failed or child.open == 0 then return end
  context.open = context.open + 1
  child.tell = function()
    context.open = context.open - 1
    context.back = context.back + child.back
    self:look(context)
  end
end

local function group_of(context, name)
  for _, group in ipairs(context.groups) do
    if group.name == name then return group end
  end
end

function ops.async(self, context, step)
  local locked = (step.on_success or step.on_error)
    and self.prices.minimum_lock + (step.lock or 0) or 0
  take(context, self.prices.step)
  take(context, locked)
  take(context, step.gas or 0)
  if self.nesting and context.nesting > self.nesting then
    stop(10, "async: nested call not allowed")
  end
  local group = group_of(context, step.group or "")
  if not group then
    group = { name = step.group or "", calls = {}, open = 0 }
    table.insert(context.groups, group)
  end
  table.insert(group.calls, { step = step, limit = step.gas, locked = locked, group = group })
  group.open = group.open + 1
  context.open = context.open + 1
end

function ops.group_callback(self, context, step)
  local group = group_of(context, step.group)
  if not group then stop(10, "async: no such group") end
  if group.callback then stop(10, "async: group callback already set") end
  local locked = self.prices.minimum_lock + (step.gas or 0)
  take(context, locked)
  group.callback, group.data, group.locked = step["function"], step.data, locked
end

function Model:body(context, arguments)
  local code = self.graph.contracts[context.service].functions[context.method]
  if not code then stop(1, "function not found") end
  table.insert(self.seen.order, { self.round, context.service .. "." .. context.method,
    context.kind })
  local ok, failure = pcall(function()
    for _, step in ipairs(code) do
      if ops[step.op](self, context, step, arguments) then break end
    end
  end)
  if ok then return end
  if type(failure) == "table" then failure.of_body = true end
  error(failure, 0)
end

-- ---- calls ----

local function calls_of(context, is_wanted)
  local out = {}
  for _, group in ipairs(context.groups) do
    for _, call in ipairs(group.calls) do
      if is_wanted(call) then out[#out + 1] = call end
    end
  end
  return out
end

function Model:close(context)
  local function is_local(call)
    local to = self.graph.contracts[call.step.to]
    return to ~= nil and to.shard == self.graph.contracts[context.service].shard
  end
  local shared = calls_of(context, function(call) return not call.limit end)
  local share = #shared > 0 and context.gas // #shared
  if share == 0 then stop(5, "not enough gas") end
  for _, call in ipairs(shared) do
    call.limit = share
    context.gas = context.gas - share
  end
  local near, far = calls_of(context, is_local), calls_of(context,
    function(call) return not is_local(call) end)
  for _, call in ipairs(near) do self:start(context, call) end
  for _, call in ipairs(far) do
    if call.limit == 0 then stop(5, "not enough gas") end
    if not self:pay(context.service, nil, call.step.value or 0) then
      stop(7, "insufficient funds")
    end
    table.insert(self.outbox, { kind = "call", call = call, context = context })
  end
  if context.open > 0 then self:set(self.open, context, true) end
end

function Model:start(context, call)
  local step = call.step
  local callee = new_context("async", step.to, step["function"], context)
  if call.limit <= self.prices.step then stop(5, "not enough gas") end
  self:run(callee, {}, call.limit, function()
    if not self:pay(context.service, step.to, step.value or 0) then
      stop(7, "insufficient funds")
    end
  end)
  if callee.failed then
    self:settle(context, call, callee.failed, 0)
  elseif callee.open == 0 then
    self:settle(context, call, { code = 0, values = callee.values }, callee.gas)
  else
    callee.tell = function()
      self:settle(context, call, { code = 0, values = callee.values }, callee.gas + callee.back)
      self:look(context)
    end
  end
end

-- A call has its outcome.
function Model:settle(context, call, outcome, unused)
  local name = outcome.code == 0 and call.step.on_success or nil
  if outcome.code ~= 0 then name = call.step.on_error end
  local gas = unused + call.locked
  if not name then
    give_back(context, gas)
    return self:finish(context, call)
  end
  local arguments = { outcome.code == 0 and "\0" or string.char(outcome.code),
    table.unpack(outcome.code == 0 and outcome.values or { outcome.message }) }
  local size = #name
  for _, argument in ipairs(arguments) do size = size + 1 + 2 * #argument end
  gas = gas - self.prices.step - size * self.prices.argument_byte
  if gas <= 0 then
    table.insert(self.seen.failed, { context.service .. "." .. name, 5, "not enough gas" })
    return self:finish(context, call)
  end
  table.insert(self.seen.callbacks, { ["in"] = context.service, ["function"] = name,
    args = { outcome.code, table.unpack(arguments, 2) } })
  self:call_back(context, "callback", name, arguments, gas, function()
    self:finish(context, call)
  end)
end

-- Runs a callback; `after` once all that it began is finished.
function Model:call_back(context, kind, name, arguments, gas, after)
  local callback = new_context(kind, context.service, name, context)
  callback.initiator = context
  self:run(callback, arguments, gas)
  if callback.failed then return after() end
  if callback.sets then context.values = callback.sets end
  give_back(context, callback.gas)
  if callback.open == 0 then return after() end
  callback.tell = function()
    context.back = context.back + callback.back
    after()
    self:look(context)
  end
end

function Model:finish(context, call)
  local group = call.group
  context.open = context.open - 1
  group.open = group.open - 1
  if group.open > 0 or not group.callback then return end
  if group.locked == 0 then
    table.insert(self.seen.failed, { context.service .. "." .. group.callback, 5,
      "not enough gas" })
    return
  end
  context.open = context.open + 1
  table.insert(self.seen.callbacks, { ["in"] = context.service, ["function"] = group.callback,
    group = group.name, args = { group.data } })
  self:call_back(context, "group", group.callback, { group.data }, group.locked, function()
    context.open = context.open - 1
  end)
end

-- ---- messages ----

function Model:leave()
  for _, message in ipairs(self.outbox) do
    local step = message.call.step
    local is_call = message.kind == "call"
    table.insert(self.seen.messages, { self.round, message.kind,
      is_call and message.context.service or step.to,
      is_call and step.to .. "." .. step["function"] or message.context.service })
    table.insert(self.queue, message)
  end
  self.outbox, self.journal = {}, {}
  local names = {}
  for context in pairs(self.open) do
    names[#names + 1] = context.service .. "." .. context.method
  end
  table.sort(names)
  if #names > 0 then self.seen.stored[tostring(self.round)] = names end
end

function Model:answer(message, outcome, gas)
  table.insert(self.outbox, { kind = "return", call = message.call, context = message.context,
    outcome = outcome, gas = gas })
end

function Model:deliver(message)
  local call, context = message.call, message.context
  local step = call.step
  if message.kind == "return" then
    if message.outcome.code ~= 0 then self:pay(nil, context.service, step.value or 0) end
    self:settle(context, call, message.outcome, message.gas)
    return self:look(context)
  end
  if not self.graph.contracts[step.to] then
    local failure = { code = 3, message = "contract not found" }
    table.insert(self.seen.failed, { step.to .. "." .. step["function"], 3, failure.message })
    return self:answer(message, failure, 0)
  end
  local callee = new_context("async", step.to, step["function"])
  self:run(callee, {}, call.limit, function() self:pay(nil, step.to, step.value or 0) end)
  callee.tell = function()
    self:answer(message, { code = 0, values = callee.values }, callee.gas + callee.back)
  end
  if callee.failed then return self:answer(message, callee.failed, 0) end
  if callee.open == 0 then callee.tell() end
end

--- Runs a graph to its end; `choose`, where given, picks the place of the next message.
function Model:play(choose)
  local start = self.graph.start
  local root = new_context("direct", start.to, start["function"])
  self:run(root, {}, start.gas)
  root.tell = function() self.seen.refunded_later = self.seen.refunded_later + root.back end
  self.closed = root.failed or { code = 0, values = root.values, gas = root.gas }
  self:leave()
  while #self.queue > 0 do
    self.round = self.round + 1
    self:deliver(table.remove(self.queue, choose and choose(#self.queue) or 1))
    self:leave()
  end
  return self
end

return model
