-- vmhost receipt DIR TXHASH|TXID
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local receipt = { summary = "Show the receipt of a transaction." }

function receipt.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("transaction", "Transaction hash, transaction id or request id, in hex.")
end

-- An id is a time, 8 bytes, and the hash.
local function hash_of(text)
  local bytes = arguments.hash(text)
  if bytes and (#bytes == 32 or #bytes == 40) then return bytes:sub(-32) end
  return nil, ("'%s' is neither 32 bytes (hash) nor 40 bytes (id) in hex"):format(text), "usage"
end

function receipt.run(given, out)
  local hash, message, code = hash_of(given.transaction)
  if not hash then return nil, message, code end
  local opened <close>, no_chain, no_chain_code = chain.open(given.dir)
  if not opened then return nil, no_chain, no_chain_code end
  local height, index, find_code = opened.storage:find_receipt(hash)
  if not height then return nil, index, find_code end
  local block, why, why_code = opened.storage:block(height)
  if not block then return nil, why, why_code end

  local found = codec.decode("TransactionReceipt", block.receipts[index])
  out:show(record.object { { "block_height", record.uint64(height) }, { "index", index },
    { "transaction_receipt", record.message("TransactionReceipt", found) } },
    ("%s\n  %-8s %d, receipt %d"):format(inspect.receipt(found), "block", height, index))
  return true
end

return receipt
