--- A host for the async engine, in plain tables: contracts are lists of steps, as the scenarios of
-- the vectors write them (their `format` says what each step does), and each shard is a chain.
-- It does what a host has to do for the engine and decides nothing.
local async = require "vmhost.async"

local player = {}

local HEADER <const> = "\0vmhost\0async"
local TOKEN <const> = "VITE TOKEN"
local SIGNER <const> = ("u"):rep(20)

local function bytes32(text) return text .. ("\0"):rep(32 - #text) end

local Player = {}
Player.__index = Player

--- A chain of chains. `graph` is a scenario, or any table with its contracts and start.
function player.new(graph, options)
  options = options or {}
  local self = setmetatable({
    graph = graph, shards = {}, state = {}, journal = {}, outbox = {}, events = {}, queue = {},
    returns = {}, round = 0, steps = 0,
    prices = options.prices or { minimum_lock = 150 }, nesting = options.nesting,
    seen = { order = {}, callbacks = {}, failed = {}, messages = {}, dropped = {},
      executions = {}, refunded_later = 0, ids = {}, stored = {} },
  }, Player)
  for name, contract in pairs(graph.contracts) do
    self.shards[name] = contract.shard
    self.state[name] = {}
    for key, value in pairs(contract.storage or {}) do self.state[name][key] = value end
    self.state[name]["\0balance"] = contract.balance or 0
  end
  return self
end

-- ---- state ----

function Player:write(service, key, value)
  local keys = self.state[service]
  self.journal[#self.journal + 1] = { service, key, keys[key] }
  keys[key] = value ~= "" and value or nil
end

function Player:checkpoint()
  return { #self.journal, #self.outbox, #self.events }
end

function Player:restore(mark)
  for i = #self.journal, mark[1] + 1, -1 do
    local service, key, value = table.unpack(self.journal[i], 1, 3)
    self.state[service][key] = value
    self.journal[i] = nil
  end
  for i = #self.outbox, mark[2] + 1, -1 do self.outbox[i] = nil end
  for i = #self.events, mark[3] + 1, -1 do self.events[i] = nil end
end

function Player:move(from, to, amount)
  if amount == 0 then return true end
  if from then
    local balance = self.state[from]["\0balance"]
    if balance < amount then return false end
    self:write(from, "\0balance", balance - amount)
  end
  if to then self:write(to, "\0balance", self.state[to]["\0balance"] + amount) end
  return true
end

-- ---- bodies ----

local function stop(code, message) error({ code = code, message = message }, 0) end

local function code_of(argument)
  local code = 0
  for i = 1, #argument do code = code * 256 + argument:byte(i) end
  return code
end

-- What `$args` stands for.
local function shown(body)
  local list = table.move(body.arguments, 1, #body.arguments, 1, {})
  if body.kind == "callback" then list[1] = tostring(code_of(list[1])) end
  return table.concat(list, ",")
end

local function filled(body, value) return value == "$args" and shown(body) or value end

local function returned(body, values)
  local list = {}
  for _, value in ipairs(values) do
    if value == "$args" then
      for _, argument in ipairs(body.arguments) do list[#list + 1] = argument end
    elseif value == "$result" then
      for i = 2, #body.arguments do list[#list + 1] = body.arguments[i] end
    else
      list[#list + 1] = value
    end
  end
  return list
end

local function take(body, gas, message, code, left)
  body.gas = gas or left
  if not gas then stop(code, message) end
end

local steps = {}

function steps:write(body, step) self:write(body.service, step.key, filled(body, step.value)) end

function steps:add(body, step)
  local old = tonumber(self.state[body.service][step.key] or 0)
  self:write(body.service, step.key, tostring(old + step.by))
end

function steps:emit(body, step)
  self.events[#self.events + 1] = { body.service, step.name, step.data }
end

function steps.burn(_, body, step)
  if step.gas > body.gas then stop(5, "not enough gas") end
  body.gas = body.gas - step.gas
end

function steps.fail(_, _, step) stop(4, step.message) end

steps["return"] = function(_, body, step)
  body.values = returned(body, step.values)
  return true
end

function steps:set_return(body, step)
  assert(self.engine:set_values(returned(body, step.values)))
end

function steps:sync(body, step)
  local gas = step.gas or body.gas
  if gas > body.gas then stop(5, "not enough gas") end
  local level = self.engine:push(step.to, step["function"], step.args or {})
  self.marks[level] = self:checkpoint()
  self.names[level] = step.to .. "." .. step["function"]
  self:execute { kind = "sync", service = step.to, method = step["function"],
    arguments = step.args or {}, gas = gas }
  local closed = self:drive(level)
  body.gas = body.gas - gas + closed.gas
  if closed.code ~= 0 then
    if step.catches then return end
    stop(10, "execution failed")
  end
  if step.into then self:write(body.service, step.into, closed.values[1] or "") end
end

local function may_be_callback(self, body, name)
  return name == nil or (self.graph.contracts[body.service].functions[name] ~= nil
    and name ~= "init")
end

function steps:async(body, step)
  take(body, self.engine:register({
    read_only = body.read_only, group = step.group,
    bad_callback = not (may_be_callback(self, body, step.on_success)
      and may_be_callback(self, body, step.on_error)),
    remote = self.shards[step.to] ~= self.shards[body.service], to_service = step.to,
    to_chain = self.shards[step.to], method = step["function"], arguments = step.args,
    token = TOKEN, amount = step.value, gas = step.gas, lock = step.lock,
    on_success = step.on_success, on_error = step.on_error, closure = step.closure,
  }, body.gas))
end

function steps:group_callback(body, step)
  take(body, self.engine:set_group_callback({ group = step.group, method = step["function"],
    data = step.data, gas = step.gas, read_only = body.read_only,
    bad_callback = not may_be_callback(self, body, step["function"]) }, body.gas))
end

function steps:legacy_async(body, step)
  local name, arguments = async.parse_call_data(step.data)
  local has_callback = self.graph.contracts[body.service].functions.callBack
  take(body, self.engine:register_legacy({ read_only = body.read_only,
    remote = self.shards[step.to] ~= self.shards[body.service], to_service = step.to,
    to_chain = self.shards[step.to], method = name, arguments = name and arguments,
    token = TOKEN, amount = step.value, on_success = has_callback and "callBack" or nil,
  }, body.gas, not name))
  return true
end

function Player:run_steps(body)
  local functions = self.graph.contracts[body.service].functions
  local code = functions[body.method]
  if (body.kind == "direct" and not self.graph.start.deploy and body.method == "init")
    or (body.kind == "direct" and body.method == "callBack") then
    stop(4, "callback called directly")
  end
  if not code then stop(1, "function not found") end
  local seen = self.seen
  seen.order[#seen.order + 1] = { self.round, body.service .. "." .. body.method, body.kind }
  for _, step in ipairs(code) do
    self.steps = self.steps + 1
    if steps[step.op](self, body, step) then return end
  end
end

-- Runs a body that is on the engine's stack, and tells the engine how it ended.
function Player:execute(body)
  local seen = self.seen
  local place = { body.service .. "." .. body.method, body.gas, 0 }
  seen.executions[#seen.executions + 1] = place
  local ok, failure = pcall(self.run_steps, self, body)
  if not ok and type(failure) ~= "table" then error(failure, 0) end
  if ok then
    place[3] = body.gas
    assert(self.engine:end_body { values = body.values, gas = body.gas })
  else
    assert(self.engine:end_body { code = failure.code, message = failure.message,
      gas = failure.code == 5 and 0 or body.gas })
  end
end

-- ---- the engine's steps ----

local doing = {}

function doing:run(step)
  local seen = self.seen
  self.marks[step.level] = self:checkpoint()
  self.names[step.level] = step.service .. "." .. step.method
  seen.ids[#seen.ids + 1] = step.id
  if step.kind ~= "async" then
    local arguments = table.move(step.arguments, 1, #step.arguments, 1, {})
    if step.kind == "callback" then arguments[1] = code_of(arguments[1]) end
    seen.callbacks[#seen.callbacks + 1] = { ["in"] = step.service, ["function"] = step.method,
      group = step.group, args = arguments }
  elseif not self:move(step.caller_service, step.service, step.amount:tointeger()) then
    assert(self.engine:end_body { code = 7, message = "insufficient funds" })
    return
  end
  self:execute { kind = step.kind, service = step.service, method = step.method,
    arguments = step.arguments, gas = step.gas }
end

function doing:unpaid(step)
  table.insert(self.seen.failed, { step.service .. "." .. step.method, 5, "not enough gas" })
end

function doing:send(step)
  local amount = step.amount:tointeger()
  if not self:move(step.service, nil, amount) then
    return self.engine:sent("insufficient funds", 7)
  end
  self.outbox[#self.outbox + 1] = { kind = "call", from = step.service, to = step.to_service,
    method = step.method, arguments = step.arguments, gas = step.gas, amount = amount,
    call_id = step.call_id, context_id = step.context_id }
  self.engine:sent()
end

function doing:undo(step)
  self:restore(self.marks[step.level])
  table.insert(self.seen.failed, { self.names[step.level], step.code, step.message })
end

function doing:settle(step)
  self.engine:settled(step.gas)
end

function doing:read(step)
  self.engine:loaded(self.state[step.service][step.key] or "")
end

function doing:write(step) self:write(step.service, step.key, step.value) end

function doing:return_value(step)
  assert(self.returned == step.amount:tointeger(), "what comes back is what was sent")
  self:move(nil, step.service, step.amount:tointeger())
  self.returned = 0
end

function doing:refused(step)
  table.insert(self.seen.dropped, { self.round, step.reason })
end

function doing:answer(step)
  local request = step.request
  self.outbox[#self.outbox + 1] = { kind = "return", from = step.service,
    to = request.from_service, context_id = request.context_id, call_id = request.answered_id,
    code = step.code, message = step.message, values = step.values, gas = step.gas,
    amount = step.code ~= 0 and not step.late and self.amount or 0 }
end

function doing:completed(step)
  self.seen.refunded_later = self.seen.refunded_later + step.gas
end

-- Does what the engine says, until the execution of this level is over.
function Player:drive(level)
  while true do
    local step = assert(self.engine:next())
    if step.step == "closed" and step.level == level then return step end
    if step.step ~= "closed" then doing[step.step](self, step) end
  end
end

-- ---- runs ----

function Player:with_engine(action)
  local engine <close> = async.new { prices = self.prices, nesting = self.nesting, chain = 0 }
  self.engine, self.marks, self.names = engine, {}, {}
  local out = action(engine)
  self.journal = {}
  return out
end

-- Messages leave when their run is over.
function Player:leave()
  for _, message in ipairs(self.outbox) do
    table.insert(self.seen.messages, { self.round, message.kind, message.from,
      message.kind == "call" and message.to .. "." .. message.method or message.to })
    table.insert(self.queue, message)
    if message.kind == "return" then table.insert(self.returns, message) end
  end
  self.outbox = {}
end

function Player:note_stored()
  local names = {}
  for service, keys in pairs(self.state) do
    for key, value in pairs(keys) do
      if #key == #HEADER + 32 and key:sub(1, #HEADER) == HEADER then
        names[#names + 1] = service .. "." .. assert(async.decode_record("header", value)).method
      end
    end
  end
  table.sort(names)
  if #names > 0 then self.seen.stored[tostring(self.round)] = names end
  return #names
end

function Player:start()
  local start = self.graph.start
  local root = bytes32("root")
  local gas = start.gas or 1000000000
  self.closed = self:with_engine(function(engine)
    assert(engine:begin { service = start.to, method = start["function"],
      arguments = start.args, init = start.deploy,
      request = { id = root, root = root, signer = SIGNER, method = start["function"] } })
    self.marks[0] = self:checkpoint()
    self.names[0] = start.to .. "." .. start["function"]
    self:move(nil, start.to, start.value or 0)
    self:execute { kind = "direct", service = start.to, method = start["function"],
      arguments = start.args or {}, gas = gas, read_only = start.query }
    return self:drive(0)
  end)
end

local function begin_call(self, engine, message)
  assert(engine:begin { service = message.to, method = message.method,
    arguments = message.arguments,
    request = { kind = 11, id = message.call_id, root = bytes32("root"), signer = SIGNER,
      method = message.method, from_service = message.from,
      context_id = message.context_id, answered_id = message.call_id } })
  self.amount = message.amount
  self.marks[0] = self:checkpoint()
  self.names[0] = message.to .. "." .. message.method
  self:move(nil, message.to, message.amount)
  self.seen.ids[#self.seen.ids + 1] = message.call_id
  self:execute { kind = "async", service = message.to, method = message.method,
    arguments = message.arguments, gas = message.gas }
  self:drive(0)
end

function Player:deliver(message)
  if message.kind == "return" then
    self.returned = message.amount
    self:with_engine(function(engine)
      assert(engine:begin_answer { service = message.to, context_id = message.context_id,
        call_id = message.call_id, code = message.code, message = message.message,
        values = message.values, gas = message.gas })
      self:drive(0)
    end)
  elseif self.state[message.to] then
    self:with_engine(function(engine) begin_call(self, engine, message) end)
  else
    table.insert(self.seen.failed, { message.to .. "." .. message.method, 3,
      "contract not found" })
    table.insert(self.outbox, { kind = "return", from = message.to, to = message.from,
      context_id = message.context_id, call_id = message.call_id, code = 3,
      message = "contract not found", gas = 0, amount = message.amount })
  end
end

function Player:inject()
  for _, inject in ipairs(self.graph.inject or {}) do
    if inject.after_round == self.round then
      local message = inject.replay_return and self.returns[inject.replay_return + 1]
        or { kind = "return", to = inject.to, context_id = bytes32("root") .. "\0\0\0\1",
          call_id = ("?"):rep(32), code = 0, values = {}, gas = 0, amount = 0 }
      table.insert(self.queue, 1, message)
    end
  end
end

--- Runs a scenario to its end; `choose`, where given, picks the place of the next message.
function Player:play(choose)
  self:start()
  self:leave()
  self:note_stored()
  self:inject()
  while #self.queue > 0 do
    self.round = self.round + 1
    self:deliver(table.remove(self.queue, choose and choose(#self.queue) or 1))
    self:leave()
    self:note_stored()
    self:inject()
  end
  return self
end

--- The keys of all contracts but the protected ones.
function Player:plain_state()
  local out = {}
  for service, keys in pairs(self.state) do
    out[service] = {}
    for key, value in pairs(keys) do
      if key:sub(1, 1) ~= "\0" then out[service][key] = value end
    end
  end
  return out
end

function Player:balances()
  local out = {}
  for service, keys in pairs(self.state) do out[service] = keys["\0balance"] end
  return out
end

--- How many protected keys there are.
function Player:protected_count()
  local count = 0
  for _, keys in pairs(self.state) do
    for key in pairs(keys) do
      if key:sub(1, 8) == "\0vmhost\0" then count = count + 1 end
    end
  end
  return count
end

return player
