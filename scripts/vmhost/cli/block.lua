-- vmhost block DIR [HEIGHT|HASH]
local chain = require "vmhost.operator.chain"
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local block = { summary = "Show a block: header, transactions, receipts, state diff." }

function block.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("block", "Height or block hash (default: the last block)."):args "?"
end

local function decoded(message)
  return function(bytes) return record.message(message, codec.decode(message, bytes)) end
end

local function block_object(found)
  return record.object {
    { "block_height", record.uint64(found.height) },
    { "block_hash", record.hex(found.block_hash) },
    { "transactions_block_header", decoded "TransactionsBlockHeader"(found.transactions_header) },
    { "results_block_header", decoded "ResultsBlockHeader"(found.results_header) },
    { "signed_transactions", record.list(found.transactions, decoded "SignedTransaction") },
    { "transaction_receipts", record.list(found.receipts, decoded "TransactionReceipt") },
    { "contract_state_diffs", record.state_diffs(found.state_diffs) },
  }
end

function block.run(given, out)
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  local height, no_height, no_height_code = opened:height_of(given.block or "last")
  if not height then return nil, no_height, no_height_code end
  local found, why, why_code = opened.storage:block(height)
  if not found then return nil, why, why_code end
  out:show(block_object(found), inspect.block(found))
  return true
end

return block
