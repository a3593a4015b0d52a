-- vmhost lua FILE [--gas] [--limit N]
local arguments = require "vmhost.operator.arguments"
local contract = require "vmhost.contract"
local diagnosis = require "vmhost.operator.diagnosis"
local file = require "vmhost.file"
local record = require "vmhost.operator.record"

local lua = { summary = "Run a Lua file in the contract machine, without a chain." }

function lua.configure(parser)
  parser:description("Run a Lua file as the machine of contracts runs it: integers, uint256, "
    .. "ordered tables, no sdk. What it prints goes to the terminal.")
  parser:argument("file", "The Lua file.")
  parser:flag("--gas", "Tell afterwards what it cost.")
  parser:option("--limit", "End it once it has used so much gas; default: none.")
    :convert(arguments.integer)
end

-- "token.lua:3: in function 'transfer'", one line for each function.
local function place_of(name, entry)
  local where = ("%s:%d: in "):format(name, entry.line)
  if not entry.name then return where .. "the main chunk" end
  return where .. (entry.name == "" and "a function" or ("function '%s'"):format(entry.name))
end

local function fault_of(name, outcome)
  local lines = { ("%s:%d: %s"):format(name, outcome.trace[1] and outcome.trace[1].line or 0,
    outcome.error) }
  for _, entry in ipairs(outcome.trace) do lines[#lines + 1] = "    " .. place_of(name, entry) end
  return table.concat(lines, "\n")
end

function lua.run(given, out)
  local source, message, code = file.read(given.file)
  if not source then return nil, message, code end
  local outcome, fault, fault_code = contract.run { source = source, name = given.file,
    gas_limit = given.limit, print = function(text) io.stdout:write(text) end }
  if not outcome then return diagnosis(out, fault, fault_code) end
  if given.gas then
    out:show(record.object { { "gas_used", outcome.gas_used }, { "memory", outcome.memory } },
      ("gas %d, memory %d bytes"):format(outcome.gas_used, outcome.memory))
  end
  if not outcome.ok then return diagnosis(out, fault_of(given.file, outcome), "script_error") end
  return true
end

return lua
