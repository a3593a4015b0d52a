--- Asserts that a storage of crash_blocks holds one committed height with all that belongs to it:
-- root, state, and every block. Gives the height.
local assert = require "luassert"
local codec = require "vmhost.codec"
local crash_blocks = require "spec.support.crash_blocks"
local crypto = require "vmhost.crypto"

local function state_in(storage)
  local state = {}
  for _, contract_name in ipairs(crash_blocks.contracts) do
    local values = {}
    for _, record in ipairs(assert(storage:keys(contract_name))) do
      values[record.key] = record.value
    end
    state[contract_name] = values
  end
  return state
end

local function assert_block(storage, height)
  local expected, found = crash_blocks.block(height), assert(storage:block(height))
  assert.same(expected.transactions, found.transactions)
  assert.same(expected.receipts, found.receipts)
  assert.same(expected.state_diffs, found.state_diffs)
  for index, transaction in ipairs(expected.transactions) do
    local found_height, place = storage:find_receipt(codec.transaction_hash(transaction))
    assert.same({ height, index }, { found_height, place })
  end
  local block_hash = crypto.sha256(
    crypto.sha256(found.transactions_header) .. crypto.sha256(found.results_header))
  assert.equal(height, storage:find_block(block_hash))
end

return function(storage)
  local height = storage:last_committed_block_info().height
  assert.equal(assert(storage:rebuild_root()), assert(storage:state_hash()))
  assert.same(crash_blocks.state_at(height), state_in(storage))
  for each = 1, height do assert_block(storage, each) end
  local _, _, code = storage:block(height + 1)
  assert.equal("height_ahead", code)
  return height
end
