-- vmhost state DIR [CONTRACT] [--prefix KEY] [--limit N] [--height HEIGHT]
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local state = { summary = "List the keys and values of a contract, or the contracts." }

function state.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("contract", "Name of the service (default: list those that have keys)."):args "?"
  parser:option("--prefix", "Only keys that begin so; 0x... is hex."):convert(arguments.bytes)
  parser:option("--limit", "At most so many keys."):convert(arguments.integer)
  parser:option("--height", "At this height (default: the last one)."):convert(arguments.integer)
end

local function show_contracts(opened, out)
  local names, message, code = opened.storage:contracts()
  if not names then return nil, message, code end
  for _, name in ipairs(names) do
    out:show(record.object { { "contract_name", inspect.text(name) } }, inspect.text(name))
  end
  return true
end

function state.run(given, out)
  if not given.contract and (given.prefix or given.limit or given.height) then
    return nil, "--prefix, --limit and --height need a contract", "usage"
  end
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  if not given.contract then return show_contracts(opened, out) end
  local keys, why, why_code = opened.storage:keys(given.contract, { prefix = given.prefix,
    limit = given.limit, height = given.height })
  if not keys then return nil, why, why_code end
  for _, pair in ipairs(out.json and keys or {}) do
    out:show(record.object { { "key", record.hex(pair.key) }, { "value", record.hex(pair.value) } })
  end
  if not out.json then out:show(nil, inspect.state(keys)) end
  return true
end

return state
