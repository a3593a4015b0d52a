-- vmhost diff DIR [HEIGHT|HASH]
local chain = require "vmhost.operator.chain"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local diff = { summary = "Show what a block changed in the state." }

function diff.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("block", "Height or block hash (default: the last block)."):args "?"
end

function diff.run(given, out)
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  local height, no_height, no_height_code = opened:height_of(given.block or "last")
  if not height then return nil, no_height, no_height_code end
  local found, why, why_code = opened.storage:block(height)
  if not found then return nil, why, why_code end
  out:show(record.object { { "block_height", record.uint64(height) },
    { "contract_state_diffs", record.state_diffs(found.state_diffs) } },
    inspect.state_diffs(found.state_diffs))
  return true
end

return diff
