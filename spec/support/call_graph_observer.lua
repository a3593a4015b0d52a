--- Runs a scenario of asynchronous calls and keeps what the hosts tell of each round: executions
-- with their ids, messages, what waits, stored contexts, balances, keys, roots. Nothing here says
-- what is right: call_graph_invariants.lua does.
local World = require "vmhost.conformance.async.world"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local call_graph_observer = {}

local CONTEXT_PREFIX <const> = "\0vmhost\0async"
local ID_SIZE <const> = 32
local LEDGER_KEY_SIZE <const> = 30
local KIND_WAITED_CALL <const> = 8
local KIND_CALL <const> = 11
local KIND_ANSWER <const> = 12
local DEFAULT_GAS <const> = 1000000000

-- The host's own contracts are no part of a scenario.
local function is_known(contract) return contract:sub(1, 1) ~= "_" end

local Observed = setmetatable({}, { __index = World })
Observed.__index = Observed
Observed.__close = World.close

-- Frames: what the trace tells, from the outermost in. Only a synchronous call is known as one when
-- it begins; what the rest was, and its ids, the record tells in the end.

function Observed:note_sync(from, to, method)
  World.note_sync(self, from, to, method)
  local target = self.scenario.contracts[to]
  self.is_sync_next = target ~= nil and target.shard == self.scenario.contracts[from].shard
end

function Observed:call_begins(call)
  World.call_begins(self, call)
  local frame = { contract = call.contract_name, method = call.method_name,
    name = call.contract_name .. "." .. call.method_name,
    around = self.open_frames[#self.open_frames] }
  self.open_frames[#self.open_frames + 1] = frame
  -- Those of system contracts, which look up the callee, lie between.
  if not is_known(call.contract_name) then return end
  frame.kind = self.is_sync_next and "sync" or nil
  self.is_sync_next = false
  self.frames[#self.frames + 1] = frame
end

function Observed:call_ends(call, result)
  World.call_ends(self, call, result)
  local frame = table.remove(self.open_frames)
  local text = result.output_arguments[1]
  frame.code, frame.error = result.code, text and text.value
end

function Observed:begin_body(contract, method, sdk, values)
  World.begin_body(self, contract, method, sdk, values)
  local frame = self.open_frames[#self.open_frames]
  frame.gas, frame.arguments, frame.group = sdk.gas.limit, values, sdk.async.group_name
end

function Observed:end_body(sdk)
  World.end_body(self, sdk)
  self.open_frames[#self.open_frames].left = sdk.gas.left()
end

function Observed:context_ids()
  local ids = {}
  for name, contract in pairs(self.scenario.contracts) do
    local storage = self.hosts[contract.shard].storage
    for _, entry in ipairs(assert(storage:keys(name, { prefix = CONTEXT_PREFIX }))) do
      if #entry.key == #CONTEXT_PREFIX + ID_SIZE then
        ids[entry.key:sub(#CONTEXT_PREFIX + 1)] = name
      end
    end
  end
  return ids
end

-- All that is on the ledgers of all hosts, whoever has it.
function Observed:ledger_total()
  local total = 0
  for _, host in pairs(self.hosts) do
    for _, entry in ipairs(assert(host.storage:keys "_Ledger")) do
      if #entry.key == LEDGER_KEY_SIZE then
        total = total + word.from_bytes(entry.value):tointeger()
      end
    end
  end
  return total
end

local function in_flight(queue)
  local messages = {}
  for index, entry in ipairs(queue) do messages[index] = entry.message end
  return messages
end

local function may_be(frame, told)
  if frame.name ~= told.contract_name .. "." .. told.method_name then return false end
  if frame.kind and frame.kind ~= told.kind then return false end
  return not (frame.around and frame.around.id and told.parent)
    or frame.around.id == told.parent or told.kind ~= "sync"
end

local function take_record(execution, told)
  execution.kind, execution.id, execution.parent = told.kind, told.id, told.parent
  execution.answered, execution.is_told = told.answered, true
  execution.gas, execution.gas_used = told.gas_given, told.gas_used
end

-- Gas of what the host does not list: a synchronous call in which nothing was registered.
local function measure(frame)
  if frame.is_told then return end
  frame.kind = frame.kind or "direct"
  frame.gas = frame.gas or 0
  frame.gas_used = frame.gas - (frame.left or 0)
end

-- Joins the frames of a round with the host's record of it, which lists a part of them in the same
-- order, and beside them at most a call of a contract that there is not.
local function executions_of(world, record)
  local place, list = 1, world.frames
  for _, told in ipairs(record.executions or {}) do
    if is_known(told.contract_name) then
      while list[place] and not may_be(list[place], told) do place = place + 1 end
      if not list[place] then
        list[place] = { contract = told.contract_name, method = told.method_name,
          name = told.contract_name .. "." .. told.method_name, code = told.code }
      end
      take_record(list[place], told)
      place = place + 1
    end
  end
  for _, frame in ipairs(list) do
    measure(frame)
    frame.round = world.round
  end
  return list
end

-- The outermost execution has its code in the receipt; what a message gave it is in the message.
-- A leg of a method that waited has no id: that is the one of its first run.
local function complete_outermost(world, outermost, receipt, record, delivered)
  if record.first_run_id then
    outermost.kind, outermost.first_id, outermost.id = "leg", record.first_run_id, nil
    outermost.code, outermost.parent, outermost.around = receipt.code, nil, nil
    outermost.gas_used = receipt.gas_used
  elseif not delivered then
    outermost.kind, outermost.id = "direct", receipt.message_id
    -- What carries a value fails in its own way because the function did.
    local has_failed = receipt.code ~= 0 and (outermost.code or 0) ~= 0
    outermost.code = has_failed and outermost.code or receipt.code
    outermost.parent, outermost.around = nil, nil
    outermost.gas, outermost.gas_used = world.gas_of_start, receipt.gas_used
  elseif delivered.kind == KIND_WAITED_CALL then
    outermost.kind, outermost.id, outermost.parent = "direct", receipt.message_id, nil
    outermost.code, outermost.gas, outermost.gas_used = receipt.code, delivered.gas,
      receipt.gas_used
  elseif delivered.kind == KIND_CALL then
    outermost.parent = delivered.context_id:sub(1, ID_SIZE)
    outermost.code, outermost.gas = receipt.code, delivered.gas
  end
end

function Observed:run_set(host, transactions, unproved, messages)
  local sent_before, events_before = #self.sent, #self.events
  self.frames, self.open_frames = {}, {}
  local out = World.run_set(self, host, transactions, unproved, messages)
  local roots = {}
  for shard, other in pairs(self.hosts) do roots[shard] = other.storage:state_hash() end
  local receipt, record = out.receipts[1], out.records[1]
  local executions = executions_of(self, record)
  if executions[1] then
    complete_outermost(self, executions[1], receipt, record, self.delivered)
  end
  self.rounds[self.round] = {
    host = host.shard, code = receipt.code, run_id = receipt.message_id, delivered = self.delivered,
    is_refused = record.is_refused, refusal = record.error,
    executions = executions,
    sent = table.move(self.sent, sent_before + 1, #self.sent, 1, {}),
    events = table.move(self.events, events_before + 1, #self.events, 1, {}),
    waiting = in_flight(self.queue), contexts = self:context_ids(), total = self:ledger_total(),
    balances = self:balances(), state = self:state(), roots = roots,
  }
  return out
end

function Observed:take_messages(sent)
  for _, bytes in ipairs(sent) do
    local message = codec.decode("Message", bytes)
    message.bytes = bytes
    self.sent[#self.sent + 1] = message
  end
  World.take_messages(self, sent)
end

--- Delivers a message that the host must refuse, in a set of its own that is no round.
-- @tparam string what it is
-- @tparam table message
-- @tparam string bytes of the message, or of another one to the same host
-- @treturn table `what`, `round`, `is_refused`, `is_changed`
function Observed:deliver_again(what, message, bytes)
  local host = self.hosts[message.to_chain - 1]
  local before = host.storage:state_hash()
  local kept = { rounds = self.rounds, stored = self.stored, refunded = self.refunded }
  self.rounds, self.stored, self.frames, self.open_frames = {}, {}, {}, {}
  local out = World.run_set(self, host, {}, { bytes }, 1)
  self.rounds, self.stored, self.refunded = kept.rounds, kept.stored, kept.refunded
  return { what = what, round = self.round, is_refused = out.records[1].is_refused == true,
    is_changed = host.storage:state_hash() ~= before }
end

--- Runs a scenario; what it injects is left out.
-- @tparam table scenario
-- @tparam[opt] table options `folder`: of stores that are closed and opened again between any two
-- messages; `pick(queue)`: gives the place of the message to deliver; `between(world, message)`:
-- called behind each delivered message
-- @treturn table `rounds` from 0, `observed` as `expect` has it, `scenario`, `folder`
function call_graph_observer.run(scenario, options)
  options = options or {}
  local plain = setmetatable({ inject = false }, { __index = scenario })
  local single_level = scenario.profile == "single-level"
  local world <close> = setmetatable(World.open(plain, single_level, options.folder), Observed)
  world.rounds, world.sent = {}, {}
  world.gas_of_start = scenario.start.gas or DEFAULT_GAS
  local first_total = world:ledger_total()
  local first_state, first_balances = world:state(), world:balances()
  world:start()
  while #world.queue > 0 do
    if options.folder then world:reopen() end
    local place = options.pick and options.pick(world.queue) or 1
    world.delivered = world.queue[place].message
    world.delivered.bytes = world.queue[place].bytes
    world:deliver_next(place)
    if options.between then options.between(world, world.delivered) end
  end
  return { rounds = world.rounds, last = world.round, observed = world:observed(),
    scenario = scenario, first_total = first_total, first_state = first_state,
    first_balances = first_balances }
end

--- The message with other ids: of a call, and of a context, that nobody has.
-- @tparam table message a return message; one of a method that waits has no other context
-- @tparam string seed
-- @treturn string encoded, with a call of nobody
-- @treturn string encoded, with a context of nobody
function call_graph_observer.with_ids_of_nobody(message, seed)
  local call, context = {}, {}
  for name, value in pairs(message) do call[name], context[name] = value, value end
  call.bytes, context.bytes = nil, nil
  call.answered_id = crypto.sha256(seed .. "call")
  if message.kind ~= KIND_ANSWER then context.answered_id = call.answered_id end
  context.context_id = crypto.sha256(seed .. "context") .. message.context_id:sub(ID_SIZE + 1)
  return codec.encode("Message", call), codec.encode("Message", context)
end

return call_graph_observer
