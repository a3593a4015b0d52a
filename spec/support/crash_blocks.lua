--- The blocks of a chain that is killed again and again: what height h holds follows from h alone,
-- so that whoever finds the store afterwards knows what must be in it.
local codec = require "vmhost.codec"
local new_random = require "spec.support.random"

local crash_blocks = {}

crash_blocks.genesis = { virtual_chain_id = 42 }
crash_blocks.contracts = { "Ledger", "LedgerLog" }

local KEYS <const> = 40
local RECORDS <const> = 30

local function new_transaction(height, index)
  return codec.encode("SignedTransaction", {
    transaction = {
      protocol_version = 1, virtual_chain_id = 42, timestamp = height * 1000 + index,
      contract_name = "Ledger", method_name = "set",
    },
    signature = "",
  })
end

local function new_receipt(transaction)
  return codec.encode("TransactionReceipt", {
    txhash = codec.transaction_hash(transaction), execution_result = "SUCCESS",
  })
end

local function new_diff(random, contract_name)
  local records = {}
  for place = 1, RECORDS do
    -- One record in five deletes.
    local value = random(5) == 1 and "" or ("v"):rep(random(60)) .. random(1000000)
    records[place] = { key = "key" .. random(KEYS), value = value }
  end
  return { contract_name = contract_name, state_diffs = records }
end

--- What `storage:commit_state_diff` takes.
function crash_blocks.block(height)
  local random = new_random(height)
  local transactions, receipts, state_diffs = {}, {}, {}
  for index = 1, height % 4 do
    transactions[index] = new_transaction(height, index)
    receipts[index] = new_receipt(transactions[index])
  end
  for place, contract_name in ipairs(crash_blocks.contracts) do
    state_diffs[place] = new_diff(random, contract_name)
  end
  return {
    height = height, timestamp = height * 1000000000, block_proposer = ("p"):rep(20),
    reference_time = height * 2,
    transactions = transactions, receipts = receipts, state_diffs = state_diffs,
  }
end

--- The state of a height as a plain table: contract name, key, value.
function crash_blocks.state_at(height)
  local state = {}
  for _, contract_name in ipairs(crash_blocks.contracts) do state[contract_name] = {} end
  for each = 1, height do
    for _, diff in ipairs(crash_blocks.block(each).state_diffs) do
      for _, record in ipairs(diff.state_diffs) do
        state[diff.contract_name][record.key] = record.value ~= "" and record.value or nil
      end
    end
  end
  return state
end

return crash_blocks
