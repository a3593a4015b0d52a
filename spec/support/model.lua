--- A second, naive host: what spec/host.md 3 to 6 says, in plain tables. A checkpoint is a deep
-- copy, the root is built anew from all keys. It shares no code with the host; of the project it
-- uses SHA-256, and the text form of an address.
--
--     local chain = model.new { rule_set = "vmhost-1", programs = list }
--     local outcomes, diffs = chain:process(height, transactions)
--     chain:commit(diffs)
local crypto = require "vmhost.crypto"
local naive = require "spec.support.naive_membuffers"
local naive_trie = require "spec.support.naive_trie"
local natives = require "spec.support.model_natives"
local programs = require "spec.support.programs"

local sha256 = crypto.sha256

local model = {}

local STACK_SIZE <const> = 64
local TRANSACTION_GAS <const> = 50000000
local NATIVE <const>, LUA <const> = 1, 3

-- Records: contract names, and the keys of each, in the order in which they came.

local function new_records()
  return { names = {}, contracts = {} }
end

local function copy(value)
  if type(value) ~= "table" then return value end
  local result = {}
  for key, item in pairs(value) do result[key] = copy(item) end
  return result
end

local function find_record(records, name, key)
  local contract = records.contracts[name]
  return contract and contract.records[key]
end

local function set_record(records, name, key, value, dirty)
  if not records.contracts[name] then
    records.contracts[name] = { keys = {}, records = {} }
    table.insert(records.names, name)
  end
  local contract = records.contracts[name]
  if not contract.records[key] then table.insert(contract.keys, key) end
  contract.records[key] = { value = value, dirty = dirty }
end

local function each_dirty(records, visit)
  for _, name in ipairs(records.names) do
    local contract = records.contracts[name]
    for _, key in ipairs(contract.keys) do
      local record = contract.records[key]
      if record.dirty then visit(name, key, record.value) end
    end
  end
end

local function diff_of(batch)
  local diffs = {}
  each_dirty(batch, function(name, key, value)
    local last = diffs[#diffs]
    if not last or last.contract_name ~= name then
      last = { contract_name = name, state_diffs = {} }
      table.insert(diffs, last)
    end
    table.insert(last.state_diffs, { key = key, value = value })
  end)
  return diffs
end

-- One run of a transaction or a query.

local Run = {}
Run.__index = Run

local function failed(result, code, text)
  return { result = result, code = code, text = text,
    outputs = { { type = "string", value = text } } }
end

local function ended_well(outputs)
  return { result = "SUCCESS", code = 0, outputs = outputs or {} }
end

function Run:abort(text)
  self.aborted = text
  programs.fail(text, 4)
end

function Run:read(name, key)
  local record = find_record(self.transient, name, key)
    or self.batch and find_record(self.batch, name, key)
  if record then return record.value end
  local value = self.state[name] and self.state[name][key] or ""
  set_record(self.transient, name, key, value, false)
  return value
end

function Run:write(name, key, value)
  if not self.batch then
    self:abort(self.chain.is_reference
      and "write attempted without write access: ACCESS_SCOPE_READ_ONLY"
      or "ERROR_STATE_WRITE_IN_READONLY_CALL: write attempted without write access")
  end
  set_record(self.transient, name, key, value, true)
end

function Run:emit(name, scope, event_name, arguments)
  if self.batch and scope == "SERVICE" and not self.chain.is_reference then
    if self.counted_events == 1 then self:abort "more than 1 event in one transaction" end
    self.counted_events = self.counted_events + 1
  end
  table.insert(self.events, { contract_name = name, event_name = event_name,
    output_argument_array = arguments })
end

function Run:call(scope, service, method, arguments)
  local checkpoint = copy(self.transient)
  local outcome = self:look_up_and_run(service, method, arguments, scope)
  if outcome.result == "SUCCESS" then return outcome.outputs end
  if not self.chain.is_reference then self.transient = checkpoint end
  programs.fail(outcome.text, self.aborted and 4 or outcome.code == 8 and 8 or 10)
end

-- What the code of the service on top of the stack can do; nothing, once the run is aborted.
function Run:sdk(name, scope)
  local function guarded(body)
    return function(...)
      if self.aborted then programs.fail(self.aborted, 4) end
      return body(...)
    end
  end
  return {
    read = guarded(function(key) return self:read(name, key) end),
    write = guarded(function(key, value) self:write(name, key, value) end),
    emit = guarded(function(...) self:emit(name, scope, ...) end),
    call = guarded(function(...) return self:call(scope, ...) end),
    signer = guarded(function() return self.signer end),
    caller = guarded(function()
      local caller = self.stack[#self.stack - 1]
      return caller and model.address(caller) or self.signer
    end),
    own = guarded(function() return model.address(name) end),
    height = guarded(function() return self.height end),
  }
end

-- A program that calls a service sees code 10, whatever the reason was: it is not told more.
local function program_sdk(sdk)
  local call = sdk.call
  sdk.call = function(...)
    local outputs, failure = programs.catch(call, ...)
    if outputs then return outputs end
    programs.fail(failure.text, 10)
  end
  return sdk
end

local function recurse(name, sdk, remaining)
  local outputs, failure = programs.catch(function()
    sdk.write("depth", ("<I4"):pack(remaining))
    if remaining > 0 then
      sdk.call(name, programs.RECURSION, { { type = "uint64", value = remaining - 1 } })
    end
    return {}
  end)
  return outputs and ended_well() or failed("ERROR_SMART_CONTRACT", 10, failure.text)
end

function Run:run_program(name, method, arguments)
  if method == "_init" then return ended_well() end
  local sdk = program_sdk(self:sdk(name, "SERVICE"))
  if method == programs.RECURSION then return recurse(name, sdk, arguments[1].value) end
  if method ~= programs.METHOD then return failed("ERROR_INPUT", 1, "no such method") end
  local program = self.chain.programs[arguments[1].value]
  local outputs, failure = programs.catch(programs.run, program, sdk)
  local outcome = outputs and ended_well(outputs)
    or failed("ERROR_SMART_CONTRACT", failure.code, failure.text)
  outcome.gas = programs.gas(program)
  return outcome
end

function Run:run_native(name, method, arguments, scope)
  local contract = natives[name]
  if not contract then
    return failed("ERROR_CONTRACT_NOT_DEPLOYED", 3, ("Contract %s was not found"):format(name))
  end
  local refusal, code = natives.check(contract, name, method, arguments, scope, {
    read_only = not self.batch, is_reference = self.chain.is_reference })
  if refusal then return failed("ERROR_INPUT", code, refusal) end
  local sdk = self:sdk(name, contract.scope)
  sdk.is_reference = self.chain.is_reference
  local outputs, failure = programs.catch(contract.methods[method].run, sdk,
    table.unpack(natives.values(arguments)))
  if outputs then return ended_well(outputs) end
  return failed("ERROR_SMART_CONTRACT", failure.code or 4, failure.text)
end

function Run:run_on_processor(processor, name, method, arguments, scope)
  if #self.stack == STACK_SIZE then
    return failed("ERROR_SMART_CONTRACT", 8, "service stack of 64 calls is full")
  end
  table.insert(self.stack, name)
  local outcome
  if processor == NATIVE then
    outcome = self:run_native(name, method, arguments, scope)
  else
    outcome = self:run_program(name, method, arguments)
  end
  self.gas = self.gas + (outcome.gas or 0)
  table.remove(self.stack)
  return self.aborted and failed("ERROR_SMART_CONTRACT", 4, self.aborted) or outcome
end

function Run:deployments(method, ...)
  return self:run_on_processor(NATIVE, "_Deployments", method, { ... }, "SERVICE")
end

-- The type of the service's processor, or nil and why there is none.
function Run:find_processor(service)
  local name = { type = "string", value = service }
  local outcome = self:deployments("getInfo", name)
  if outcome.result == "SUCCESS" then
    local processor = outcome.outputs[1].value
    if processor == NATIVE or processor == LUA then return processor end
    return nil, failed("ERROR_CONTRACT_NOT_DEPLOYED", 3,
      ("service '%s' has processor type %d, which this host does not run"):format(service,
        processor))
  end
  if self.aborted or outcome.code == 8 then return nil, outcome end
  outcome.code = 3
  if not self.batch or not natives[service] then return nil, outcome end
  local deployed = self:deployments("deployService", name, { type = "uint32", value = NATIVE },
    { type = "bytes", value = "" })
  if deployed.result ~= "SUCCESS" then return nil, outcome end
  return NATIVE
end

function Run:look_up_and_run(service, method, arguments, scope)
  local processor, refusal = self:find_processor(service)
  if not processor then
    refusal.not_found = true
    return refusal
  end
  return self:run_on_processor(processor, service, method, arguments, scope)
end

-- The chain.

local Chain = {}
Chain.__index = Chain

--- Address of a service (spec/host.md 8.5).
function model.address(name)
  return sha256(name):sub(-20)
end

--- Makes a chain in which the named services were deployed by the genesis.
-- @tparam table options rule_set, programs (list), services (names, in order)
function model.new(options)
  local self = setmetatable({
    is_reference = options.rule_set == "reference", programs = options.programs,
    state = {},
  }, Chain)
  local batch = new_records()
  for _, service in ipairs(options.services) do
    local run = self:new_run { height = 0, signer = ("\0"):rep(20), batch = batch }
    run:run_on_processor(NATIVE, "_Deployments", "deployService", {
      { type = "string", value = service }, { type = "uint32", value = LUA },
      { type = "bytes", value = options.code },
    }, "SYSTEM")
    self.merge(run, batch)
  end
  self:commit(diff_of(batch))
  return self
end

function Chain:new_run(given)
  return setmetatable({
    chain = self, state = given.state or self.state, height = given.height,
    signer = given.signer, batch = given.batch, transient = new_records(), stack = {}, events = {},
    counted_events = 0, gas = 0,
  }, Run)
end

function Chain.merge(run, batch)
  each_dirty(run.transient, function(name, key, value)
    set_record(batch, name, key, value, true)
  end)
end

local function receipt_of(self, run, outcome, transaction, height, index)
  local txhash = sha256(transaction.message)
  local receipt = {
    txhash = txhash,
    execution_result = outcome.not_found and "ERROR_CONTRACT_NOT_DEPLOYED" or outcome.result,
    output_argument_array = outcome.not_found and {} or outcome.outputs,
    output_events_array = outcome.not_found and {} or run.events,
  }
  if self.is_reference then return receipt end
  receipt.code = outcome.code
  receipt.gas_used = math.min(run.gas, TRANSACTION_GAS)
  receipt.message_id = sha256(txhash .. ("<I8I4"):pack(height, index - 1))
  receipt.root = receipt.message_id
  receipt.parent = ""
  receipt.suspended = false
  receipt.logs = {}
  return receipt
end

--- Runs transactions: `{ message =, signer = address, contract =, method =, arguments = }`.
-- @treturn {table,...} per transaction: receipt (bytes), result, error
-- @treturn {table,...} the state diff
function Chain:process(height, transactions)
  local batch, outcomes = new_records(), {}
  for index, transaction in ipairs(transactions) do
    local run = self:new_run { height = height, signer = transaction.signer, batch = batch }
    local outcome = run:look_up_and_run(transaction.contract, transaction.method,
      transaction.arguments, "SERVICE")
    if outcome.result == "SUCCESS" then self.merge(run, batch) end
    local receipt = receipt_of(self, run, outcome, transaction, height, index)
    outcomes[index] = { receipt = naive.encode("TransactionReceipt", receipt),
      result = receipt.execution_result, error = outcome.text }
  end
  return outcomes, diff_of(batch)
end

--- Runs a query on a state.
-- @treturn table result, outputs (packed), text
function Chain:query(state, height, query)
  local run = self:new_run { state = state, height = height, signer = query.signer }
  local outcome = run:look_up_and_run(query.contract, query.method, query.arguments, "SERVICE")
  local found = not outcome.not_found
  return {
    result = found and outcome.result or "ERROR_CONTRACT_NOT_DEPLOYED",
    outputs = naive.arguments(found and outcome.outputs or {}), text = outcome.text,
  }
end

--- Applies a diff; an empty value deletes.
function Chain:commit(diffs)
  self.state = copy(self.state)
  for _, contract in ipairs(diffs) do
    local keys = self.state[contract.contract_name] or {}
    for _, record in ipairs(contract.state_diffs) do
      keys[record.key] = record.value ~= "" and record.value or nil
    end
    self.state[contract.contract_name] = next(keys) and keys or nil
  end
end

-- Where a key is in the trie (spec/host.md 7.1; vmhost-1 puts the length of the name first).
local function path_of(self, name, key)
  local prefix = self.is_reference and "" or ("<I4"):pack(#name)
  return sha256(prefix .. name .. key)
end

--- The merkle root, from all keys.
function Chain:root()
  local values = {}
  for name, keys in pairs(self.state) do
    for key, value in pairs(keys) do values[path_of(self, name, key)] = value end
  end
  return naive_trie.root(values)
end

return model
