-- vmhost events DIR [--contract NAME] [--event NAME] [--from HEIGHT] [--to HEIGHT]
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local events = { summary = "List the events of a range of blocks." }

function events.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:option("--contract", "Only events of this service.")
  parser:option("--event", "Only events of this name.")
  parser:option("--from", "First height (default: 1)."):convert(arguments.integer)
  parser:option("--to", "Last height (default: the last one)."):convert(arguments.integer)
end

local function wanted(given, event)
  return (not given.contract or event.contract_name == given.contract)
    and (not given.event or event.event_name == given.event)
end

local function show(out, height, receipt, event)
  out:show(record.object { { "block_height", record.uint64(height) },
    { "txhash", record.hex(receipt.txhash) }, { "event", record.message("Event", event) } },
    ("%6d  %s"):format(height, inspect.event(event)))
end

local function show_block(given, out, block)
  for _, bytes in ipairs(block.receipts) do
    local receipt = codec.decode("TransactionReceipt", bytes)
    local list = receipt.output_events_array
    if type(list) == "string" then list = codec.unpack_events(list) end
    for _, event in ipairs(list) do
      if wanted(given, event) then show(out, block.height, receipt, event) end
    end
  end
end

function events.run(given, out)
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  local last = opened.storage:last_committed_block_info().height
  for height = math.max(given.from or 1, 1), math.min(given.to or last, last) do
    local block, why, why_code = opened.storage:block(height)
    if not block then return nil, why, why_code end
    show_block(given, out, block)
  end
  return true
end

return events
