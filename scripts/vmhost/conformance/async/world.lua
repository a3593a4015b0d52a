-- The hosts of a scenario, one per shard, what waits between them, and what is seen.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local scripted_contracts = require "vmhost.scripted_contracts"
local state_storage = require "vmhost.state_storage"
local steps = require "vmhost.conformance.async.steps"
local vm = require "vmhost.vm"
local word = require "vmhost.word"

local World = {}
World.__index = World

local SECOND <const> = 1000000000
local FIRST_TIME <const> = 1600000000 * SECOND
local TOKEN <const> = "VITE TOKEN"
local DEFAULT_GAS <const> = 1000000000
local CONTEXT_PREFIX <const> = "\0vmhost\0async"
local CONTEXT_KEY_SIZE <const> = #CONTEXT_PREFIX + 32
local PROTECTED_PREFIX <const> = "\0vmhost\0"
local NEVER <const> = "contract not found"
-- What fails where the messages of a method are paid.
local SETTLED <const> = { [5] = "not enough gas", [7] = "insufficient funds" }
local LACK_OF_FUNDS <const> = 7
local CODE_NOT_FOUND <const> = 3

-- Keys of the user follow from a name, as those of a fixture.
local USER_KEY <const> = assert(crypto.ed25519.public_key(crypto.sha256 "vmhost async user"))

-- Prices of the host: what a scenario calls them, the limit, and what it is by itself.
local PRICES <const> = {
  step = { "async_step_gas", 0 }, lock = { "async_lock_gas", 150 },
  argument = { "async_argument_gas", 0 }, record = { "async_record_gas", 0 },
}

World.PRICE_FIELDS = { step = "count?", lock = "count?", argument = "count?", record = "count?" }

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function limits_of(scenario, single_level)
  local limits = { events_per_transaction = 0, async_single_level = single_level and 1 or 0,
    transaction_gas = scenario.start.gas or DEFAULT_GAS, message_gas_per_set = 1 << 62 }
  for name, price in pairs(PRICES) do
    limits[price[1]] = (scenario.prices or {})[name] or price[2]
  end
  return limits
end

local function issue(to, amount)
  return { to = to, token = TOKEN, amount = word.new(amount) }
end

-- The other shards; nobody proves anything to them, so any key will do.
local function peers_of(scenario, own)
  local peers, seen = {}, { [own] = true }
  for _, name in ipairs(sorted_keys(scenario.contracts)) do
    local shard = scenario.contracts[name].shard
    if not seen[shard] then
      peers[#peers + 1] = { virtual_chain_id = shard + 1, host_key = crypto.sha256(name),
        allowances = { { token = TOKEN, amount = word.new(1) << 255 } } }
    end
    seen[shard] = true
  end
  return peers
end

local function genesis_of(scenario, shard, single_level)
  local genesis = { virtual_chain_id = shard + 1, services = {}, issues = {},
    limits = limits_of(scenario, single_level), peers = peers_of(scenario, shard) }
  local start = scenario.start
  for _, name in ipairs(sorted_keys(scenario.contracts)) do
    local contract = scenario.contracts[name]
    if contract.shard == shard then
      if not (start.deploy and start.to == name) then
        genesis.services[#genesis.services + 1] = { name = name, processor = "JAVASCRIPT",
          code = scripted_contracts.CODE }
      end
      if (contract.balance or 0) ~= 0 then
        genesis.issues[#genesis.issues + 1] = issue(crypto.address_of_contract(name),
          contract.balance)
      end
    end
  end
  if (start.value or 0) ~= 0 then
    genesis.issues[#genesis.issues + 1] = issue(crypto.address_of_client(USER_KEY), start.value)
  end
  return genesis
end

-- Functions may be callbacks, `init` may not.
local function processor_of(scenario, contracts)
  local processor = scripted_contracts.processor(contracts)
  function processor.may_call_back(given)
    local contract = scenario.contracts[given.contract_name]
    return given.method_name ~= "init" and contract ~= nil
      and contract.functions[given.method_name] ~= nil
  end
  return processor
end

-- Opens a host, or opens it again: what a store on disk holds is there still.
local function open_host(world, shard)
  local scenario, folder = world.scenario, world.folder
  local storage = assert(state_storage.open {
    memory = not folder or nil, path = folder and ("%s/%d"):format(folder, shard), sync = false,
    genesis = genesis_of(scenario, shard, world.single_level),
  })
  local host = assert(vm.open {
    storage = storage,
    processors = { JAVASCRIPT = processor_of(scenario, world.contracts_by_name) },
    trace = {
      call_begin = function(call) world:call_begins(call) end,
      call_end = function(call, result) world:call_ends(call, result) end,
    },
  })
  world.hosts[shard] = { shard = shard, chain = shard + 1, storage = storage, host = host }
end

local function next_block(host)
  local last = host.storage:last_committed_block_info()
  local timestamp = FIRST_TIME + (last.height + 1) * SECOND
  return {
    height = last.height + 1, timestamp = timestamp, reference_time = timestamp // SECOND,
    prev_reference_time = last.reference_time, signed_transactions = {},
  }
end

local function commit_keys(host, contract, keys)
  local block, records = next_block(host), {}
  for _, key in ipairs(sorted_keys(keys)) do
    records[#records + 1] = { key = key, value = tostring(keys[key]) }
  end
  block.prev_reference_time = nil
  block.transactions, block.receipts, block.signed_transactions = {}, {}, nil
  block.block_proposer = ("\0"):rep(20)
  block.state_diffs = { { contract_name = contract, state_diffs = records } }
  assert(host.storage:commit_state_diff(block))
end

-- Keys that contracts have before the start.
local function write_start_state(world, scenario)
  for name, contract in pairs(scenario.contracts) do
    if contract.storage and next(contract.storage) then
      commit_keys(world.hosts[contract.shard], name, contract.storage)
    end
  end
end

--- Opens the hosts of a scenario: in memory, or with stores in a folder.
function World.open(scenario, single_level, folder)
  local world = setmetatable({
    scenario = scenario, single_level = single_level, folder = folder, hosts = {}, round = 0,
    queue = {}, returns = {}, names = {}, stack = {},
    order = {}, callbacks = {}, failed = {}, messages = {}, events = {}, dropped = {},
    executions = {}, ids = {}, carried = {}, stored = {}, refunded = 0,
    waits = 0, wait_ids = {},
  }, World)
  steps.check(scenario.contracts)
  world.contracts_by_name = steps.contracts(world, scenario.contracts,
    scenario.start.deploy and scenario.start.to)
  for _, contract in pairs(scenario.contracts) do
    if not world.hosts[contract.shard] then open_host(world, contract.shard) end
  end
  -- What is not there yet may be the only one of its shard.
  write_start_state(world, scenario)
  return world
end

function World:close()
  for _, host in pairs(self.hosts) do
    host.host:close()
    host.storage:close()
  end
end

--- Closes the hosts, whose stores are in a folder, and opens them again.
function World:reopen()
  self:close()
  for shard in pairs(self.hosts) do open_host(self, shard) end
end

World.__close = World.close

local function chain_of(world, name)
  return world.scenario.contracts[name].shard + 1
end

-- How a contract is named by another one; who is not there is of the chain of who asks.
function World:target_of(name, asking)
  local target = self.scenario.contracts[name]
  if not target or target.shard == self.scenario.contracts[asking].shard then return name end
  return ("%s@%d"):format(name, target.shard + 1)
end

function World.is_contract_failure(raised)
  return scripted_contracts.is_failure(raised)
end

-- What is seen while contracts run

local function function_name(contract, method)
  return contract .. "." .. (method == "_init" and "init" or method)
end

-- Whether a contract is part of the scenario: the host's own are not.
local function is_known(contract)
  return contract:sub(1, 1) ~= "_"
end

-- Whether a contract of the scenario is running.
function World:has_known()
  for _, entry in ipairs(self.stack) do
    if entry.known then return true end
  end
  return false
end

function World:call_begins(call)
  self.stack[#self.stack + 1] = { name = function_name(call.contract_name, call.method_name),
    known = is_known(call.contract_name), is_outermost = not self:has_known() }
end

function World:call_ends(_, result)
  local ended = table.remove(self.stack)
  -- That of the run's own method, behind those of others that it called.
  if ended.known and ended.is_outermost and not self.method_ended then
    self.method_ended = ended
    ended.code, ended.failures = result.code, #self.failed
  end
  if not ended.known or result.code == 0 then return end
  if ended.execution then ended.execution[3] = 0 end
  local text = result.output_arguments[1]
  self.failed[#self.failed + 1] = { ended.name, result.code,
    result.code == LACK_OF_FUNDS and SETTLED[result.code] or text and text.value or "" }
end

-- A synchronous call of something that is not there is told by nobody else.
function World:note_sync(from, to, method)
  local target = self.scenario.contracts[to]
  if target and target.shard == self.scenario.contracts[from].shard then return end
  self.failed[#self.failed + 1] = { function_name(to, method), CODE_NOT_FOUND, NEVER }
end

function World:begin_body(contract, method, sdk, values)
  local name = function_name(contract, method)
  local execution = { name, sdk.gas.limit, 0 }
  -- Who creates a contract calls its `init`, whatever does it for him.
  local kind = method == "init" and "direct" or sdk.async.kind
  self.order[#self.order + 1] = { self.round, name, kind }
  self.executions[#self.executions + 1] = execution
  self.stack[#self.stack].execution = execution
  if not sdk.resumed and (kind == "callback" or kind == "group") then
    self.callbacks[#self.callbacks + 1] = { ["in"] = contract, ["function"] = method,
      args = table.move(values, 1, #values, 1, {}), group = sdk.async.group_name }
  end
end

function World:end_body(sdk)
  self.stack[#self.stack].execution[3] = sdk.gas.left()
end

local CALL_AND_WAIT <const> = 8
local ANSWER <const> = 12

local function texts(arguments)
  local list = {}
  for index, argument in ipairs(arguments) do list[index] = argument.value end
  return list
end

-- Of kind 9, 10 and 12.
local function is_answer(message)
  return message.kind == 9 or message.kind == 10 or message.kind == ANSWER
end

function World:take_messages(sent)
  for _, bytes in ipairs(sent) do
    local message = codec.decode("Message", bytes)
    local kind = is_answer(message) and "return" or "call"
    local to = is_answer(message) and message.to_service
      or function_name(message.to_service, message.method)
    self.messages[#self.messages + 1] = { self.round, kind, message.from_service, to }
    self.carried[#self.carried + 1] = { self.round, kind, message.gas,
      message.amount:tointeger() }
    self.queue[#self.queue + 1] = { message = message, bytes = bytes }
    if message.kind == CALL_AND_WAIT then
      self.waits = self.waits + 1
      self.queue[#self.queue].wait = self.waits
    end
    if is_answer(message) then
      self.returns[#self.returns + 1] = self.queue[#self.queue]
    end
  end
end

function World:take_events(receipt, record)
  for index, event in ipairs(receipt.output_events_array) do
    if not (record.undone_events and record.undone_events[index]) then
      local data = event.output_argument_array[1]
      self.events[#self.events + 1] = { event.contract_name, event.event_name,
        data and data.value or "" }
    end
  end
end

function World:take_record(record)
  for _, execution in ipairs(record.executions or {}) do
    local name = function_name(execution.contract_name, execution.method_name)
    -- A callback that could not be paid never had one.
    if execution.id then self.names[execution.id] = name end
    if execution.id and execution.kind ~= "direct" and execution.kind ~= "sync" then
      self.ids[#self.ids + 1] = { name, execution.id }
    end
  end
  self:take_messages(record.messages or {})
  if self.round > 0 then self.refunded = self.refunded + (record.gas_refunded or 0) end
end

-- Names of the contexts that wait in all hosts, sorted.
function World:contexts()
  local names = {}
  for name, contract in pairs(self.scenario.contracts) do
    local storage = self.hosts[contract.shard].storage
    for _, entry in ipairs(assert(storage:keys(name, { prefix = CONTEXT_PREFIX }))) do
      if #entry.key == CONTEXT_KEY_SIZE then
        names[#names + 1] = self.names[entry.key:sub(#CONTEXT_PREFIX + 1)] or name .. ".?"
      end
    end
  end
  table.sort(names)
  return names
end

-- Whether a run is of a method, not of an answer to a callback, whose receipt is that one's.
function World:is_of_method(record)
  return record.first_run_id ~= nil or self.delivered_kind ~= ANSWER
end

-- Failures that no call tells: of what is not there, and of what a method sends, which is settled
-- behind its end.
function World:take_failure(receipt, record)
  local ended = self.method_ended
  if receipt.execution_result == "ERROR_CONTRACT_NOT_DEPLOYED" then
    local call = record.calls[#record.calls]
    self.failed[#self.failed + 1] = { function_name(call.contract_name, call.method_name),
      receipt.code, NEVER }
  elseif SETTLED[receipt.code] and ended and ended.code == 0 and self:is_of_method(record) then
    table.insert(self.failed, ended.failures + 1,
      { ended.name, receipt.code, SETTLED[receipt.code] })
    if ended.execution then ended.execution[3] = 0 end
  end
end

-- A call that somebody waits for has begun, or the user's call went on.
function World:take_wait(receipt, record)
  if self.delivered_wait then self.wait_ids[self.delivered_wait] = receipt.message_id end
  if not self.root_id or record.first_run_id ~= self.root_id or receipt.suspended then return end
  self.result = receipt.code == 0 and { code = 0, data = texts(receipt.output_argument_array) }
    or { code = receipt.code, message = SETTLED[receipt.code] or record.error }
end

-- A set in which `messages` messages may run, those of `unproved` first.
function World:run_set(host, transactions, unproved, messages)
  local set = next_block(host)
  set.signed_transactions, set.unproved_messages = transactions, unproved
  set.message_limit = messages
  self.method_ended = nil
  local out = assert(host.host:process_transaction_set(set))
  assert(#out.receipts == #transactions + messages, "a message did not run")
  assert(host.storage:commit_state_diff(out.block))
  for index, record in ipairs(out.records) do
    local receipt = out.receipts[index]
    self:take_failure(receipt, record)
    self:take_events(receipt, record)
    self:take_record(record)
    self:take_wait(receipt, record)
  end
  local contexts = self:contexts()
  if #contexts > 0 then self.stored[("%d"):format(self.round)] = contexts end
  return out
end

-- Round 0

local function message_of(host, contract, method, arguments)
  return {
    protocol_version = 1, virtual_chain_id = host.chain, timestamp = FIRST_TIME,
    signer = { eddsa = { network_type = "TEST_NET", signer_public_key = USER_KEY } },
    contract_name = contract, method_name = method, input_argument_array = arguments,
  }
end

-- Contract, method and arguments of the user's call, whatever carries its value.
local function call_of(start)
  local contract, method, arguments = start.to, start["function"], {}
  for index, text in ipairs(start.args or {}) do arguments[index] = { bytes = tostring(text) } end
  if start.deploy then
    contract, method = "_Deployments", "deployService"
    arguments = { start.to, { uint32 = 2 }, { bytes = scripted_contracts.CODE } }
  end
  if (start.value or 0) ~= 0 then
    arguments = { contract, method, { bytes = ("<s4"):pack(codec.pack_arguments(arguments)) },
      { bytes = TOKEN }, word.new(start.value) }
    contract, method = "_Ledger", "callWithValue"
  end
  return contract, method, arguments
end

-- What a call with value answers is packed once more.
local function results_of(start, arguments)
  if (start.value or 0) == 0 then return texts(arguments) end
  return texts(assert(codec.unpack_arguments((("<s4"):unpack(arguments[1].value)))))
end

function World:query(host)
  local query = message_of(host, call_of(self.scenario.start))
  local result, failure = assert(host.host:process_query {
    signed_query = codec.encode("SignedQuery", { query = query }) })
  self.result = { code = result.code, message = failure,
    data = not failure and texts(result.output_arguments) or nil }
  self.root_left = 0
end

--- Runs the call of the user.
function World:start()
  local start = self.scenario.start
  local target = self.scenario.contracts[start.to]
  local host = self.hosts[target and target.shard or next(self.hosts)]
  if start.query then return self:query(host) end
  local transaction = codec.encode("SignedTransaction", {
    transaction = message_of(host, call_of(start)) })
  local out = self:run_set(host, { transaction }, nil, 0)
  local receipt = out.receipts[1]
  self.root_id = receipt.message_id
  self.root_left = (start.gas or DEFAULT_GAS) - receipt.gas_used
  local outputs = receipt.output_argument_array
  if receipt.code == 0 then
    self.result = { code = 0,
      data = (start.deploy or receipt.suspended) and {} or results_of(start, outputs) }
  else
    -- What carries a value fails because the function did, which was told before.
    local last = self.failed[#self.failed]
    self.result = { code = (start.value or 0) ~= 0 and last[2] or receipt.code,
      message = SETTLED[receipt.code] or out.records[1].error }
  end
end

-- Later rounds

-- A return message for the user's call with an id that it does not hold.
local function unknown_return(self, entry)
  local from, to = chain_of(self, entry.from), chain_of(self, entry.to)
  return { message = { to_chain = to }, injected = true, bytes = codec.encode("Message", {
    version = 1, from_chain = from, from_service = entry.from, to_chain = to,
    to_service = entry.to, sequence = 1 << 40, kind = 12, root = self.root_id,
    parent = self.root_id, signer = ("\0"):rep(20), method = "", input = "", token = TOKEN,
    amount = word.new(0), gas = 0, answered_id = crypto.sha256 "an id of no call",
    context_id = self.root_id, code = 0,
  }) }
end

function World:inject()
  local injected = {}
  for _, entry in ipairs(self.scenario.inject or {}) do
    if entry.after_round == self.round then
      if entry.unknown_call_id then
        injected[#injected + 1] = unknown_return(self, entry)
      else
        local again = self.returns[entry.replay_return + 1]
          or error(("inject: there is no return message %d yet"):format(entry.replay_return), 0)
        injected[#injected + 1] = { message = again.message, bytes = again.bytes,
          injected = true }
      end
    end
  end
  table.move(self.queue, 1, #self.queue, #injected + 1, injected)
  self.queue = injected
end

--- Delivers a message of those that wait, in a round of its own.
-- @tparam[opt=1] integer place of the message; those of one host stay in order
function World:deliver_next(place)
  local entry = table.remove(self.queue, place or 1)
  local host = self.hosts[entry.message.to_chain - 1]
  self.round = self.round + 1
  self.delivered_kind = entry.message.kind
  self.delivered_wait = not entry.injected and entry.wait or nil
  local is_own = not entry.injected and entry.message.from_chain == entry.message.to_chain
  local out = self:run_set(host, {}, not is_own and { entry.bytes } or nil, 1)
  local record = out.records[1]
  if record.is_refused then self.dropped[#self.dropped + 1] = { self.round, record.error } end
  self:inject()
end

--- Delivers messages until none waits.
function World:deliver()
  self:inject()
  while #self.queue > 0 do self:deliver_next() end
end

--- Raises where a message was to be injected after a round that there was not.
function World:check_injected()
  for index, entry in ipairs(self.scenario.inject or {}) do
    if entry.after_round > self.round then
      error(("inject[%d]: after_round: there are %d rounds, got %d"):format(index, self.round,
        entry.after_round), 0)
    end
  end
end

-- The end

function World:state()
  local state = {}
  for name, contract in pairs(self.scenario.contracts) do
    local values = {}
    for _, entry in ipairs(assert(self.hosts[contract.shard].storage:keys(name))) do
      if entry.key:sub(1, #PROTECTED_PREFIX) ~= PROTECTED_PREFIX then
        values[entry.key] = entry.value
      end
    end
    state[name] = values
  end
  return state
end

-- The id of an execution, by the numbers of async.md 3 on the way to it; 0 is the callback of a
-- call that came back from elsewhere. A number below 0 begins anew: -1 is the first call that
-- somebody waits for, which has the id of its message.
local function id_of(root, wait_ids, path)
  for _, number in ipairs(path) do
    if math.type(number) ~= "integer" then return nil end
    local shortest = number == 0 and "\0" or (">I8"):pack(number):gsub("^\0+", "")
    root = number < 0 and wait_ids[-number] or root and crypto.sha256(root .. shortest)
  end
  return root
end

-- The ids in the order in which executions began: as expected where they are those of the paths.
function World:ids_like(expected)
  local list = {}
  for index, entry in ipairs(self.ids) do
    local entry_expected = expected and expected[index]
    local path = type(entry_expected) == "table" and entry_expected[2]
    local same = type(path) == "table" and id_of(self.root_id, self.wait_ids, path) == entry[2]
    list[index] = { entry[1], same and path or crypto.hex(entry[2]) }
  end
  return list
end

function World:balances()
  local balances = {}
  for name, contract in pairs(self.scenario.contracts) do
    local value = assert(self.hosts[contract.shard].storage:read("_Ledger",
      crypto.address_of_contract(name) .. TOKEN))
    balances[name] = value == "" and 0 or word.from_bytes(value):tointeger()
  end
  return balances
end

--- What was seen, under the names of `expect`.
function World:observed()
  return {
    order = self.order, callbacks = self.callbacks, state = self:state(), result = self.result,
    failed = self.failed, messages = self.messages, stored_contexts = self.stored,
    contexts_left = #self:contexts(), events = self.events, balances = self:balances(),
    dropped = self.dropped, carried = self.carried,
    gas = { executions = self.executions, root_left = self.root_left,
      refunded_later = self.refunded },
  }
end

return World
