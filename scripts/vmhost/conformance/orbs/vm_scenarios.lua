-- Whole runs: blocks pre-ordered, executed and committed, with queries and calls of system
-- contracts between them. The set-up is that of the files' note.
local codec = require "vmhost.codec"
local conformance = require "vmhost.conformance"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"
local values = require "vmhost.conformance.orbs.values"

local SECOND = 1000000000
local FIRST_TIME = 1600000000 * SECOND
local HISTORY = 5

local GENESIS = {
  virtual_chain_id = 42,
  rule_set = "reference",
  native_contracts = { "BenchmarkToken", "BenchmarkContract", "Probe", "Probe2", "ProbeSystem" },
}

-- By number of the signer; -1 is none.
local PUBLIC_KEYS = {
  [0] = values.bytes "dfc06c5be24a67adee80b35ab4f147bb1a35c55ff85eda69f40ef827bddec173",
  [1] = values.bytes "92d469d7c004cc0b24a192d9457836bf38effa27536627ef60718b00b0f33152",
  [2] = values.bytes "a899b318e65915aa2de02841eeb72fe51fddad96014b73800ca788a547f8cce0",
}

local COMMITTEE = values.bytes_list {
  "a328846cd5b4979d68a8c58a9bdfeee657b34de7",
  "d27e2e7398e2582f63d0800330010b3e58952ff6",
  "6e2cb55e4cbe97bf5b1e731d51cc2c285d83cbf9",
  "c056dfc0d1fbc7479db11e61d1b0b57612bf7f17",
}

local function signer_of(number)
  if number == -1 or number == nil then return nil end
  local public_key = PUBLIC_KEYS[number]
  if not public_key then values.fault("unknown signer %s", tostring(number)) end
  return { eddsa = { network_type = "TEST_NET", signer_public_key = public_key } }
end

local function number_of_signer(signer)
  if not signer then return -1 end
  for number, public_key in pairs(PUBLIC_KEYS) do
    if signer.eddsa and signer.eddsa.signer_public_key == public_key then return number end
  end
  return values.hex(codec.encode("Signer", signer))
end

-- The vectors hold enums as numbers. These messages begin with the enum, the second one behind a
-- nested message that is absent: a length of 0.
local function result_number(name)
  return (("<I2"):unpack(codec.encode("QueryResult", { execution_result = name })))
end

local function status_number(name)
  return (("<I2"):unpack(codec.encode("SendTransactionResponse", { transaction_status = name }), 5))
end

local function text_of_value(type_name, value)
  local element = type_name:match "^(.*)%[%]$"
  if element then
    local list = {}
    for index, entry in ipairs(value) do list[index] = text_of_value(element, entry) end
    return list
  elseif type_name:find "^bytes" then
    return values.hex(value)
  elseif math.type(value) == "integer" then
    return conformance.decimal(value)
  end
  return type_name == "bool" and value or tostring(value)
end

-- An output is an object of its type and its value as text; a truth value may be text or not, and
-- a uint256 decimal or 32 bytes in hex.
local function output_like(expected, argument)
  local name, text = next(type(expected) == "table" and expected or {})
  local value = text_of_value(argument.type, argument.value)
  if type(name) ~= "string" or values.type_of(name) ~= argument.type then
    return { [argument.type] = value }
  end
  if argument.type == "bool" and type(text) == "string" then
    value = tostring(value)
  elseif argument.type == "uint256" and #tostring(text) == 64 then
    value = values.hex(argument.value:to_bytes())
  end
  return { [name] = value }
end

local function outputs_like(expected, arguments)
  local outputs = {}
  for index, argument in ipairs(arguments) do
    outputs[index] = output_like((expected or {})[index], argument)
  end
  return outputs
end

local function last_block(chain)
  return chain.storage:last_committed_block_info()
end

-- What Env shows at a height, unless the step says otherwise.
local function block_at(step, height)
  local timestamp = values.integer(step.timestamp or FIRST_TIME + height * SECOND)
  local reference_time = step.reference_time or timestamp // SECOND
  return {
    height = height,
    timestamp = timestamp,
    reference_time = reference_time,
    prev_reference_time = step.prev_reference_time or reference_time - 1,
  }
end

-- A SignedTransaction with the padding between its parts as it is written: of zeros.
local function with_padding(bytes)
  local transaction, behind = ("<s4"):unpack(bytes)
  local padding = ("\0"):rep(-#transaction % 4)
  local signature = ("<s4"):unpack(bytes, behind + #padding)
  return ("<s4"):pack(transaction) .. padding .. ("<s4"):pack(signature)
end

local function transaction_of_vector(bytes)
  local transaction = codec.decode("SignedTransaction", bytes).transaction
  return {
    signed_transaction_hex = values.hex(with_padding(bytes)),
    contract = transaction.contract_name,
    method = transaction.method_name,
    arguments_hex = values.hex(values.packed_arguments(transaction.input_argument_array)),
    signer = number_of_signer(transaction.signer),
  }
end

local function receipts_of_vector(step, transactions, receipts)
  local list = {}
  for index, bytes in ipairs(receipts) do
    local expected = step.receipts[index] or {}
    local receipt = codec.decode("TransactionReceipt", bytes)
    local packed = values.packed_arguments(receipt.output_argument_array)
    list[index] = {
      transaction = transaction_of_vector(transactions[index]),
      execution_result = result_number(receipt.execution_result),
      outputs = outputs_like(expected.outputs, codec.unpack_arguments(packed)),
      output_argument_array_hex = values.hex(packed),
      output_events_array_hex = values.hex(values.packed_events(receipt.output_events_array)),
      receipt_hex = values.hex(bytes),
    }
  end
  return list
end

local function diffs_of_vector(diffs)
  local list = {}
  for index, diff in ipairs(diffs) do
    local records = {}
    for number, record in ipairs(diff.state_diffs) do
      records[number] = { key_hex = values.hex(record.key), value_hex = values.hex(record.value),
        key_text = record.key }
    end
    list[index] = { contract = diff.contract_name, records = records,
      raw_hex = values.hex(codec.encode("ContractStateDiff", diff)) }
  end
  return list
end

local function pre_order(chain, set)
  local numbers = {}
  for index, status in ipairs(assert(chain.host:transaction_set_pre_order(set))) do
    numbers[index] = status_number(status)
  end
  return numbers
end

-- What the committed block says of itself.
local function committed_block(chain)
  local info = last_block(chain)
  local block = assert(chain.storage:block(info.height))
  local transactions = codec.decode("TransactionsBlockHeader", block.transactions_header)
  local results = codec.decode("ResultsBlockHeader", block.results_header)
  return {
    block = info.height,
    timestamp = info.timestamp,
    reference_time = info.reference_time,
    proposer = values.hex(info.block_proposer),
    state_root_after = values.hex(info.root),
    num_keys_after = info.num_keys,
    state_diffs = diffs_of_vector(block.state_diffs),
    state_diff_hash = values.hex(results.state_diff_hash),
    receipts_merkle_root = values.hex(results.receipts_merkle_root_hash),
    transactions_merkle_root = values.hex(transactions.transactions_merkle_root_hash),
  }
end

local function run_block(chain, step)
  local set = block_at(step, values.integer(step.block))
  set.block_proposer = values.bytes(step.proposer)
  set.signed_transactions = {}
  for index, receipt in ipairs(step.receipts) do
    set.signed_transactions[index] = values.bytes(receipt.transaction.signed_transaction_hex)
  end
  local statuses = pre_order(chain, set)
  local out = assert(chain.host:process_transaction_set(set))
  assert(chain.storage:commit_state_diff(out.block))

  local result = committed_block(chain)
  result.timestamp = FIRST_TIME + result.block * SECOND
  result.pre_order = statuses
  result.receipts = receipts_of_vector(step, set.signed_transactions, out.block.receipts)
  result.prev_reference_time = set.prev_reference_time
  return result
end

local function run_query(chain, step)
  local query = step.query
  values.check_keys(query, "contract method arguments_hex signer", "query")
  local signed_query = codec.encode("SignedQuery", { query = {
    protocol_version = 1,
    virtual_chain_id = GENESIS.virtual_chain_id,
    timestamp = FIRST_TIME,
    signer = signer_of(query.signer),
    contract_name = query.contract,
    method_name = query.method,
    input_argument_array = values.bytes(query.arguments_hex),
  } })
  local result, failure = assert(chain.host:process_query { signed_query = signed_query })
  return {
    error = failure or "",
    execution_result = result_number(result.execution_result),
    output_argument_array_hex = values.hex(result.output_argument_bytes),
    output_events_array_hex = values.hex(result.output_event_bytes),
    outputs = outputs_like(step.outputs, result.output_arguments),
    reference_block_height = result.reference_height,
    reference_block_timestamp = result.reference_timestamp,
  }
end

-- The first of these fields that the object or the step holds.
local function first_of(names, ...)
  for _, fields in ipairs { ... } do
    for _, name in ipairs(names) do
      if fields[name] ~= nil then return values.integer(fields[name]) end
    end
  end
  return nil
end

local HEIGHT = { "block_height", "height", "block" }
local TIMESTAMP = { "block_timestamp", "timestamp" }
local REFERENCE_TIME = { "current_block_reference_time", "reference_time" }
local PREV_REFERENCE_TIME = { "prev_block_reference_time", "prev_reference_time" }

-- A call of a system contract: at the next height, unless it says otherwise.
local function run_system_call(chain, step, call)
  values.check_keys(call, "contract method arguments_hex signer " .. table.concat(HEIGHT, " ")
    .. " " .. table.concat(TIMESTAMP, " ") .. " " .. table.concat(REFERENCE_TIME, " ") .. " "
    .. table.concat(PREV_REFERENCE_TIME, " "), "system call")
  local last = last_block(chain)
  local block = block_at({
    timestamp = first_of(TIMESTAMP, call, step),
    reference_time = first_of(REFERENCE_TIME, call, step),
    prev_reference_time = first_of(PREV_REFERENCE_TIME, call, step),
  }, first_of(HEIGHT, call, step) or last.height + 1)
  block.contract_name, block.method_name = call.contract, call.method
  block.input_arguments = values.bytes(call.arguments_hex or "")
  local result, failure = assert(chain.host:call_system_contract(block))
  return {
    error = failure or "",
    execution_result = result_number(result.execution_result),
    call_result = result_number(result.execution_result),
    output_argument_array_hex = values.hex(result.output_argument_bytes),
    output_events_array_hex = "",
    outputs = outputs_like(step.outputs, result.output_arguments),
    reference_block_height = last.height,
    reference_block_timestamp = last.timestamp,
    block_height = block.height, height = block.height, block = block.height,
    block_timestamp = block.timestamp, timestamp = block.timestamp,
    current_block_reference_time = block.reference_time, reference_time = block.reference_time,
    prev_block_reference_time = block.prev_reference_time,
    prev_reference_time = block.prev_reference_time,
  }
end

-- The field of a call of a system contract: system_call, call_system_contract and the like.
local function system_call_field(step)
  for name, value in pairs(step) do
    if name:find("system", 1, true) and type(value) == "table" and value.method then return name end
  end
  return nil
end

-- What was called is an input: it is compared with itself.
local function run_step(chain, step)
  if step.query ~= nil then
    local result = run_query(chain, step)
    result.query = step.query
    return result
  end
  local name = system_call_field(step)
  if name then
    local result = run_system_call(chain, step, step[name])
    result[name] = step[name]
    return result
  end
  if step.block ~= nil and step.receipts ~= nil then return run_block(chain, step) end
  return values.fault "neither a block, nor a query, nor a system call"
end

local function run_vm_scenarios(case)
  local storage <close> = assert(state_storage.open {
    memory = true, genesis = GENESIS, history = HISTORY })
  local host <close> = assert(vm.open { storage = storage, committee = COMMITTEE })
  local chain, steps = { storage = storage, host = host }, {}
  for index, step in ipairs(case.steps) do
    local good, result = pcall(run_step, chain, step)
    if not good then values.fault("steps[%d]: %s", index, tostring(result)) end
    steps[index] = result
  end
  return { steps = steps }
end

return {
  {
    name = "vm_scenarios",
    inputs = {},
    fits = function(case) return type(case.steps) == "table" end,
    run = run_vm_scenarios,
  },
}
