--- One chain for the specs of the host: storage and VM together, without more comfort than that.
--
--     local chain <close> = chains.open { rule_set = "reference", contracts = { Counter = {...} } }
--     local out = chain:process { { "Counter", "add", 5 }, { "Counter", "get", signer = 2 } }
--
-- A call is `{ contract, method, arguments... }`; `signer` is the number of an account, or false
-- for none. `process` commits nothing, `commit` processes and commits.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local scripted_contracts = require "vmhost.scripted_contracts"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local chains = {}

chains.RULE_SETS = { "vmhost-1", "reference" }
chains.ZERO_ADDRESS = ("\0"):rep(20)

--- Three accounts; their seeds are 32 times their number.
chains.accounts = {}
for number = 1, 3 do
  local seed = string.char(number):rep(32)
  local public_key = crypto.ed25519.public_key(seed)
  chains.accounts[number] = { seed = seed, public_key = public_key,
    address = crypto.sha256(public_key):sub(-20) }
end

--- Time of a block and of its transactions, ns.
function chains.time(height)
  return 1600000000000000000 + height * 1000000000
end

local Chain = {}
Chain.__index = Chain

local function services_of(contracts)
  local names, services = {}, {}
  for name in pairs(contracts) do names[#names + 1] = name end
  table.sort(names)
  for index, name in ipairs(names) do
    services[index] = { name = name, processor = "LUA", code = "scripted" }
  end
  return services
end

local NATIVES = { "BenchmarkToken", "BenchmarkContract", "Probe", "Probe2", "ProbeSystem" }
local VM_OPTIONS = { "connector", "committee", "trace", "verify_threads" }

--- Opens a new chain in memory, or nil, message, code.
-- @tparam[opt] table given rule_set; contracts (scripted ones, deployed by the genesis on the
--   processor LUA); genesis (further fields); storage (options of `state_storage.open`);
--   processors, connector, committee, trace, verify_threads (as in `vm.open`)
function chains.open(given)
  given = given or {}
  local genesis = { virtual_chain_id = 42, rule_set = given.rule_set, native_contracts = NATIVES,
    services = services_of(given.contracts or {}) }
  for name, value in pairs(given.genesis or {}) do genesis[name] = value end
  local storage_options = { memory = not (given.storage and given.storage.store) or nil,
    genesis = genesis }
  for name, value in pairs(given.storage or {}) do storage_options[name] = value end
  local storage = assert(state_storage.open(storage_options))
  local options = { storage = storage, processors = {} }
  for _, name in ipairs(VM_OPTIONS) do options[name] = given[name] end
  if given.contracts then
    options.processors.LUA = scripted_contracts.processor(given.contracts)
  end
  for name, processor in pairs(given.processors or {}) do options.processors[name] = processor end
  local host, message, code = vm.open(options)
  if not host then
    storage:close()
    return nil, message, code
  end
  return setmetatable({ storage = storage, host = host, nonce = 0 }, Chain)
end

function Chain:close()
  self.host:close()
  self.storage:close()
end

Chain.__close = Chain.close

local function signer_of(account)
  return { eddsa = { network_type = "TEST_NET", signer_public_key = account.public_key } }
end

--- The fields of a transaction, signed.
function Chain:sign(call)
  local account = call.signer ~= false and chains.accounts[call.signer or 1]
  self.nonce = self.nonce + 1
  local transaction = {
    protocol_version = 1, virtual_chain_id = 42, timestamp = chains.time(0) + self.nonce,
    signer = account and signer_of(account) or nil,
    contract_name = call[1], method_name = call[2],
    input_argument_array = call.packed or table.move(call, 3, #call, 1, {}),
  }
  local hash = crypto.sha256(codec.encode("Transaction", transaction))
  return { transaction = transaction,
    signature = account and crypto.ed25519.sign(account.seed, hash) or "" }
end

--- The set of some calls (or SignedTransaction bytes) for the next block; `incoming` and
-- `acknowledgements` of the list are those of the set.
function Chain:set(calls)
  local signed = {}
  for index, call in ipairs(calls) do
    signed[index] = type(call) == "table" and codec.encode("SignedTransaction", self:sign(call))
      or call
  end
  local height = self.storage:last_committed_block_info().height + 1
  return { height = height, timestamp = chains.time(height),
    block_proposer = calls.proposer or "", reference_time = 1600000000 + height,
    prev_reference_time = 1600000000 + height - 1, signed_transactions = signed,
    incoming = calls.incoming, acknowledgements = calls.acknowledgements }
end

function Chain:process(calls)
  return self.host:process_transaction_set(self:set(calls))
end

--- Processes and commits; all have to end well unless `calls.failing`.
function Chain:commit(calls)
  local out = assert(self:process(calls))
  for index, receipt in ipairs(out.receipts) do
    if receipt.execution_result ~= "SUCCESS" and not calls.failing then
      error(("transaction %d: %s"):format(index, out.records[index].error), 2)
    end
  end
  assert(self.storage:commit_state_diff(out.block))
  return out
end

--- Runs a query of an account; `call.height` for a past one.
function Chain:query(call)
  local signed = self:sign(call)
  return self.host:process_query { height = call.height, signed_query = codec.encode("SignedQuery",
    { query = signed.transaction, signature = signed.signature }) }
end

--- The values of a list of arguments.
function chains.values(arguments)
  local values = {}
  for index, argument in ipairs(arguments) do values[index] = argument.value end
  return values
end

--- What a test compares of a receipt: its result, and its outputs' values.
function chains.outcome(receipt)
  return { receipt.execution_result, table.unpack(chains.values(receipt.output_argument_array)) }
end

--- The diff with one level less: contract name -> list of `key=value` texts, in order.
function chains.diff(out)
  local contracts = {}
  for _, contract in ipairs(out.state_diffs) do
    local lines = {}
    for index, record in ipairs(contract.state_diffs) do
      lines[index] = record.key .. "=" .. record.value
    end
    contracts[contract.contract_name] = lines
  end
  return contracts
end

return chains
