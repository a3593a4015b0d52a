-- vmhost init GENESIS.lua DIR
local chain = require "vmhost.operator.chain"
local genesis_file = require "vmhost.operator.genesis_file"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local init = { summary = "Make a new chain from a genesis file." }

function init.configure(parser)
  parser:argument("genesis", "Lua file that returns a genesis table.")
  parser:argument("dir", "Folder of the chain; made when it is absent.")
end

function init.run(given, out)
  local genesis, message, code = genesis_file.read(given.genesis)
  if not genesis then return nil, message, code end
  local made <close>, why, failure_code = chain.create(given.dir, genesis)
  if not made then
    -- Any other failure is one of the folder, and names it.
    local place = failure_code == "genesis_failed" and given.genesis .. ": " or ""
    return nil, place .. why, failure_code
  end

  local storage = made.storage
  local whole = storage:genesis()
  local hash, root = storage:genesis_hash(), storage:state_hash()
  out:show(record.object { { "virtual_chain_id", whole.virtual_chain_id },
    { "rule_set", whole.rule_set }, { "genesis_hash", record.hex(hash) },
    { "height", "0" }, { "state_root", record.hex(root) } },
    ("chain %d in %s\n  rules    %s\n  genesis  %s\n  root     %s"):format(
      whole.virtual_chain_id, given.dir, whole.rule_set, inspect.hash(hash), inspect.hash(root)))
  return true
end

return init
