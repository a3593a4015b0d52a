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
local KIND_ANSWER <const> = 12
local DEFAULT_GAS <const> = 1000000000

local Observed = setmetatable({}, { __index = World })
Observed.__index = Observed
Observed.__close = World.close

function Observed:begin_body(contract, method, sdk, values)
  World.begin_body(self, contract, method, sdk, values)
  if sdk.async.kind == "callback" or sdk.async.kind == "group" then
    self.begun[#self.begun + 1] = { group = sdk.async.group_name, arguments = values }
  end
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

-- Executions as the host tells them; the outermost one has its code in the receipt, and what a
-- message gave it in the message.
local function executions_of(world, record, receipt, delivered)
  local list = {}
  for _, told in ipairs(record.executions or {}) do
    if told.contract_name:sub(1, 1) ~= "_" then
      -- A callback without an id was not paid: it did not begin.
      local is_callback = told.id and (told.kind == "callback" or told.kind == "group")
      local begun = is_callback and table.remove(world.begun, 1) or {}
      list[#list + 1] = { id = told.id, parent = told.parent, answered = told.answered,
        kind = told.kind, contract = told.contract_name, method = told.method_name,
        name = told.contract_name .. "." .. told.method_name, code = told.code,
        error = told.error, gas = told.gas_given, gas_used = told.gas_used, round = world.round,
        group = begun.group, arguments = begun.arguments }
    end
  end
  local outermost = list[1]
  if not delivered then
    outermost.kind, outermost.code, outermost.parent = "direct", receipt.code, nil
    outermost.gas, outermost.gas_used = world.gas_of_start, receipt.gas_used
  elseif delivered.kind ~= KIND_ANSWER then
    outermost.parent = delivered.context_id:sub(1, ID_SIZE)
    outermost.code, outermost.gas = receipt.code, delivered.gas
  end
  return list
end

function Observed:run_set(host, transactions, unproved, messages)
  local sent_before, events_before = #self.sent, #self.events
  local out = World.run_set(self, host, transactions, unproved, messages)
  local roots = {}
  for shard, other in pairs(self.hosts) do roots[shard] = other.storage:state_hash() end
  local receipt, record = out.receipts[1], out.records[1]
  self.rounds[self.round] = {
    host = host.shard, code = receipt.code, delivered = self.delivered,
    is_refused = record.is_refused, refusal = record.error,
    executions = executions_of(self, record, receipt, self.delivered),
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

-- A message that the host must refuse, in a set of its own that is no round.
function Observed:deliver_again(message, bytes)
  local host = self.hosts[message.to_chain - 1]
  local before = host.storage:state_hash()
  local kept = { rounds = self.rounds, stored = self.stored, refunded = self.refunded }
  self.rounds, self.stored = {}, {}
  local out = World.run_set(self, host, {}, { bytes }, 1)
  self.rounds, self.stored, self.refunded = kept.rounds, kept.stored, kept.refunded
  return {
    round = self.round, is_refused = out.records[1].is_refused, reason = out.records[1].error,
    is_changed = host.storage:state_hash() ~= before,
  }
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
  world.rounds, world.sent, world.begun = {}, {}, {}
  world.gas_of_start = scenario.start.gas or DEFAULT_GAS
  local first_total = world:ledger_total()
  local first_state, first_balances = world:state(), world:balances()
  world:start()
  while #world.queue > 0 do
    if options.folder then world:reopen() end
    local place = options.pick and options.pick(world.queue) or 1
    world.delivered = world.queue[place].message
    world:deliver_next(place)
    if options.between then options.between(world, world.delivered) end
  end
  return { rounds = world.rounds, last = world.round, observed = world:observed(),
    scenario = scenario, first_total = first_total, first_state = first_state,
    first_balances = first_balances }
end

--- The message with other ids: of a call, or of a context, that nobody has.
-- @tparam table message a return message
-- @tparam string seed
-- @treturn {string,...} encoded messages
function call_graph_observer.with_ids_of_nobody(message, seed)
  local call, context = {}, {}
  for name, value in pairs(message) do call[name], context[name] = value, value end
  call.bytes, context.bytes = nil, nil
  call.answered_id = crypto.sha256(seed .. "call")
  context.context_id = crypto.sha256(seed .. "context") .. message.context_id:sub(ID_SIZE + 1)
  return { codec.encode("Message", call), codec.encode("Message", context) }
end

return call_graph_observer
