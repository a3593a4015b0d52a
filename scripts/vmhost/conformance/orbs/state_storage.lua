-- Operations in order on one state storage, over each backend.
local conformance = require "vmhost.conformance"
local state_storage = require "vmhost.state_storage"
local values = require "vmhost.conformance.orbs.values"

-- Success is null; the wording of a failure is not compared.
local function error_like(expected, failed, message)
  if not failed then return conformance.null end
  return type(expected) == "string" and expected or message
end

local OPERATIONS = {}

function OPERATIONS.commit(storage, operation)
  local diffs = {}
  for index, record in ipairs(operation.records) do
    values.check_keys(record, "contract key value", "record")
    diffs[index] = { contract_name = record.contract,
      state_diffs = { { key = record.key, value = record.value } } }
  end
  local next_height = assert(storage:commit_state_diff {
    height = operation.height, timestamp = operation.timestamp,
    block_proposer = values.bytes(operation.proposer_hex),
    reference_time = operation.reference_time,
    transactions = {}, receipts = {}, state_diffs = diffs,
  })
  return { next_desired_height = next_height, height = operation.height,
    timestamp = operation.timestamp, proposer_hex = operation.proposer_hex,
    reference_time = operation.reference_time, records = operation.records }
end

function OPERATIONS.read(storage, operation)
  local found, message = storage:read_keys(operation.contract, operation.keys, operation.height)
  local records
  for index, value in ipairs(found or {}) do
    records = records or {}
    records[index] = { key = operation.keys[index], value = value }
  end
  return { error = error_like(operation.error, not found, message), records = records,
    contract = operation.contract, height = operation.height, keys = operation.keys }
end

function OPERATIONS.hash(storage, operation)
  local root, message = storage:state_hash(operation.height)
  return { error = error_like(operation.error, not root, message),
    root_hex = root and values.hex(root), height = operation.height }
end

function OPERATIONS.info(storage)
  local info = storage:last_committed_block_info()
  return {
    height = info.height,
    timestamp = info.timestamp,
    proposer_hex = values.hex(info.block_proposer),
    current_reference_time = info.reference_time,
    prev_reference_time = info.prev_reference_time,
    num_keys = info.num_keys,
    size_mib = info.size_mib,
  }
end

local function run_operations(case, options)
  local storage <close> = assert(state_storage.open(options))
  assert(storage:commit_genesis {})
  local results = {}
  for index, operation in ipairs(case.operations) do
    local run = OPERATIONS[operation.op]
    if not run then
      values.fault("operations[%d]: unknown op '%s'", index, tostring(operation.op))
    end
    results[index] = run(storage, operation)
    results[index].op = operation.op
  end
  return results
end

local Folder = { __close = function(folder) os.execute("rm -rf '" .. folder.path .. "'") end }

-- A name for a store that is removed again; the store makes the folder itself.
local function temporary_folder()
  local path = os.tmpname()
  os.remove(path)
  return setmetatable({ path = path }, Folder)
end

local function run_state_storage(case)
  values.check_keys(case.input, "history grace_distance grace_timeout_ms", "input")
  local folder <close> = temporary_folder()
  local genesis = { virtual_chain_id = 42, rule_set = "reference" }
  local options = { genesis = genesis, history = case.input.history, sync = false }
  options.memory = true
  local in_memory = run_operations(case, options)
  options.memory, options.path = nil, folder.path
  return { operations = run_operations(case, options) }, { operations = in_memory }
end

return {
  {
    name = "state_storage",
    inputs = { "input" },
    fits = function(case) return type(case.operations) == "table" end,
    run = run_state_storage,
  },
}
