-- Messages from their fields, byte for byte, and their hashes.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local values = require "vmhost.conformance.orbs.values"

local function first_entry(case)
  return type(case.input) == "table" and case.input[1]
end

local function is_empty_list(case)
  return type(case.input) == "table" and next(case.input) == nil and case.expected_hex == ""
end

local function run_arguments(case)
  local packed = codec.pack_arguments(values.arguments(case.input))
  if codec.pack_arguments(codec.unpack_arguments(packed)) ~= packed then
    values.fault "the arguments are not the same when they are read and packed again"
  end
  return { expected_hex = values.hex(packed) }
end

local function run_events(case)
  local events = {}
  for index, entry in ipairs(case.input) do
    values.check_keys(entry, "contract event args", "input")
    events[index] = { contract_name = entry.contract, event_name = entry.event,
      output_argument_array = values.arguments(entry.args) }
  end
  local packed = codec.pack_events(events)
  if codec.pack_events(codec.unpack_events(packed)) ~= packed then
    values.fault "the events are not the same when they are read and packed again"
  end
  return { expected_hex = values.hex(packed) }
end

local function run_receipts(case)
  if case.input.receipt_hashes then
    values.check_keys(case.input, "receipt_hashes", "input")
    local root = crypto.ordered_tree_root(values.bytes_list(case.input.receipt_hashes))
    return { expected_hex = values.hex(root) }
  end
  local receipt = values.encode("TransactionReceipt",
    values.message_fields("TransactionReceipt", case.input))
  return { expected_hex = values.hex(receipt),
    receipt_hash_hex = values.hex(crypto.sha256(receipt)) }
end

-- The message that a case of headers and proofs is about: its name begins with that of the
-- message, or else its fields tell.
local function block_message(case)
  local found = ""
  for _, message in ipairs(codec.messages()) do
    local name = message:gsub("%u", "_%0"):lower():sub(2)
    if tostring(case.name):sub(1, #name) == name and #message > #found then found = message end
  end
  if found ~= "" then return found end
  local input = case.input
  if input.transactions_merkle_root_hash then return "TransactionsBlockHeader" end
  if input.receipts_merkle_root_hash then return "ResultsBlockHeader" end
  if input.receipt_proof_hex then return "ReceiptProof" end
  return case.hash_hex and "TransactionsBlockMetadata" or "ResultsBlockProof"
end

-- A header of its own fields, or in words the last one of the file.
local function results_header(header, file)
  if type(header) == "table" then return values.message_fields("ResultsBlockHeader", header) end
  if not file.ResultsBlockHeader then
    values.fault "no ResultsBlockHeader comes before this case"
  end
  return (codec.decode("ResultsBlockHeader", file.ResultsBlockHeader))
end

local function proof_fields(input, file)
  local kind = input.block_proof_type
  values.check_keys(input, "block_proof_type header receipt_proof_hex transactions_block_hash "
    .. tostring(kind) .. "_hex", "input")
  local proof = { transactions_block_hash = values.bytes(input.transactions_block_hash),
    [kind] = values.bytes(input[kind .. "_hex"]) }
  return { header = results_header(input.header, file), block_proof = proof,
    receipt_proof = values.bytes(input.receipt_proof_hex) }
end

local function run_blocks(case, file)
  if type(case.input) == "string" then
    local transactions, results = file.TransactionsBlockHeader, file.ResultsBlockHeader
    if not (transactions and results) then values.fault "no two headers come before this case" end
    return { expected_hex = values.hex(codec.block_hash(transactions, results)) }
  end
  local message = block_message(case)
  local fields = message == "ReceiptProof" and proof_fields(case.input, file)
    or values.message_fields(message, case.input)
  local bytes = values.encode(message, fields)
  file[message] = bytes
  return { expected_hex = values.hex(bytes), hash_hex = values.hex(crypto.sha256(bytes)) }
end

local function run_state_diffs(case)
  local diffs, messages = {}, {}
  for index, entry in ipairs(case.input) do
    values.check_keys(entry, "contract records", "input")
    local records = {}
    for number, record in ipairs(entry.records) do
      values.check_keys(record, "key_hex value_hex", "record")
      records[number] = { key = values.bytes(record.key_hex),
        value = values.bytes(record.value_hex) }
    end
    diffs[index] = { contract_name = entry.contract, state_diffs = records }
    messages[index] = values.hex(values.encode("ContractStateDiff", diffs[index]))
  end
  return { contract_state_diffs_hex = messages,
    expected_hex = values.hex(codec.state_diff_hash(diffs)) }
end

return {
  {
    name = "arguments",
    inputs = { "input" },
    fits = function(case)
      local entry = first_entry(case)
      return is_empty_list(case) or type(entry) == "table" and entry.type ~= nil
    end,
    run = run_arguments,
  },
  {
    name = "events",
    inputs = { "input" },
    fits = function(case)
      local entry = first_entry(case)
      return is_empty_list(case) or type(entry) == "table" and entry.event ~= nil
    end,
    run = run_events,
  },
  {
    name = "receipts",
    inputs = { "input" },
    fits = function(case)
      return type(case.input) == "table"
        and (case.input.execution_result ~= nil or case.input.receipt_hashes ~= nil)
    end,
    run = run_receipts,
  },
  {
    name = "state_diffs",
    inputs = { "input" },
    fits = function(case) return case.contract_state_diffs_hex ~= nil end,
    run = run_state_diffs,
  },
  {
    name = "blocks",
    inputs = { "input" },
    fits = function(case)
      local input = case.input
      if type(input) ~= "table" then return type(input) == "string" and case.expected_hex ~= nil end
      return next(input) == nil or input.block_proposer_address ~= nil
        or input.block_proof_type ~= nil
    end,
    run = run_blocks,
  },
}
