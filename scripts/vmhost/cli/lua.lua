-- vmhost lua FILE [--gas] [--limit N] [--coverage] [--profile] [--break LINE]
local arguments = require "vmhost.operator.arguments"
local contract = require "vmhost.contract"
local coverage = require "vmhost.coverage"
local debugger = require "vmhost.debugger"
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
  parser:flag("--coverage", "Show the source with how often each line ran.")
  parser:flag("--profile", "Show the source with the gas that each line took.")
  parser:option("--break", "Stop at a line, show its variables, and evaluate what is typed; "
    .. "'next' goes on by a line, an empty line to the next stop."):count("*")
    :convert(arguments.integer):target "lines"
end

-- What watches, if anything was asked for: a tracer, and a coverage.
local function watcher(given, source)
  if #given.lines > 0 then
    return debugger.new { lines = given.lines, source = source, read = io.read,
      write = function(...) io.stdout:write(...) end }
  elseif given.coverage or given.profile then
    local seen = coverage.new()
    return seen.trace, seen
  end
end

local function line_objects(lines)
  local numbers = {}
  for number in pairs(lines) do numbers[#numbers + 1] = number end
  table.sort(numbers)
  return record.list(numbers, function(number)
    local line = lines[number]
    return record.object { { "line", number }, { "count", line.count }, { "gas", line.gas } }
  end)
end

local function show_coverage(out, given, source, lines)
  out:show(record.object { { "lines", line_objects(lines) } },
    coverage.show(source, lines, { count = given.coverage, gas = given.profile }))
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
  local trace, seen = watcher(given, source)
  local outcome, fault, fault_code = contract.run { source = source, name = given.file,
    gas_limit = given.limit, print = function(text) io.stdout:write(text) end, trace = trace }
  if not outcome then return diagnosis(out, fault, fault_code) end
  if seen then show_coverage(out, given, source, seen:lines(given.file)) end
  if given.gas then
    out:show(record.object { { "gas_used", outcome.gas_used }, { "memory", outcome.memory } },
      ("gas %d, memory %d bytes"):format(outcome.gas_used, outcome.memory))
  end
  if not outcome.ok then return diagnosis(out, fault_of(given.file, outcome), "script_error") end
  return true
end

return lua
