--- What the commands that commit a block share: their options, and what they show.
-- @module vmhost.operator.sending
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local key_file = require "vmhost.operator.key_file"
local record = require "vmhost.operator.record"

local sending = {}

local function history(text)
  if text == "all" then return text end
  local number = arguments.integer(text)
  if number and number > 0 then return number end
  return nil, ("'%s' is neither a number of heights nor all"):format(text)
end

--- Adds the options to a command.
-- @param parser
function sending.configure(parser)
  parser:option("--key", "Who signs: a name in the key file, or a key file of one key.")
  parser:option("--file", "The key file.", "vmhost-keys.json")
  parser:option("--timestamp", "Time of the block in ns (default: the clock's)."):convert(
    arguments.integer)
  parser:option("--history", "How many heights stay readable, or all.", "5"):convert(history)
end

--- Finds the key that the options name.
-- @tparam table given options
-- @tparam[opt] string name instead of `--key`
-- @treturn[1] table key
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function sending.key(given, name)
  return key_file.find(given.file, name or given.key)
end

local function show_receipt(out, height, bytes, known)
  local receipt = codec.decode("TransactionReceipt", bytes)
  local object = record.message("TransactionReceipt", receipt)
  table.insert(getmetatable(object).__jsonorder, 1, "block_height")
  object.block_height = record.uint64(height)
  out:show(object, inspect.receipt(receipt, known))
  return receipt.execution_result == "SUCCESS"
end

--- Opens the chain, lets `build` make the transactions, commits them as a block and shows the
-- receipts.
-- @tparam table given options, with the folder `dir`
-- @param out
-- @tparam function build called with the chain and the time of the block; gives a list of
-- SignedTransaction messages, or nil, message, code
-- @treturn[1] boolean whether all of them succeeded
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function sending.commit(given, out, build)
  local opened <close>, message, code = chain.open(given.dir, given.history)
  if not opened then return nil, message, code end
  local timestamp, why, wrong = opened:next_timestamp(given.timestamp)
  if not timestamp then return nil, why, wrong end
  local signed, fault, fault_code = build(opened, timestamp)
  if not signed then return nil, fault, fault_code end
  local done, failure, failure_code = opened:commit(signed, timestamp)
  if not done then return nil, failure, failure_code end

  local all_good = true
  for index, bytes in ipairs(done.block.receipts) do
    local good = show_receipt(out, done.height, bytes, done.records[index])
    all_good = good and all_good
  end
  if not out.json then
    out:show(nil, ("block %d  root %s"):format(done.height,
      inspect.hash(opened.storage:state_hash())))
  end
  return all_good
end

return sending
