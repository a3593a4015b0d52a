--- Runs a source as contracts run, and in stock Lua to be compared with: what both print.
local contract = require "vmhost.contract"

local contract_lua = {}

-- Prints whether a call was good, and what it gave or raised, each value as a literal.
local SHOW <const> = [[
local function literal(value)
  if type(value) == "string" then return string.format("%q", value) end
  return tostring(value)
end
local function show(ok, ...)
  local parts = { ok and "good" or "error" }
  for i = 1, select("#", ...) do parts[i + 1] = literal((select(i, ...))) end
  print(table.concat(parts, " "))
end
]]

--- Runs `source` as a contract does; gives what it printed, and the outcome.
function contract_lua.run(source, options)
  local printed = {}
  local program = { source = source, print = function(text) printed[#printed + 1] = text end }
  for name, option in pairs(options or {}) do program[name] = option end
  local outcome, message = contract.run(program)
  assert(outcome, message)
  return table.concat(printed), outcome
end

--- What a source prints, which must be good.
function contract_lua.print_of(source)
  local printed, outcome = contract_lua.run(source)
  assert(outcome.ok, outcome.error)
  return printed
end

--- What an expression gives: `good` and its values, or `error` and what it raises, as literals.
-- `prelude` are statements before it.
function contract_lua.eval(expression, prelude)
  local source = ("%s%s\nshow(pcall(function() return %s end))"):format(SHOW, prelude or "",
    expression)
  return (contract_lua.print_of(source):gsub("\n$", ""))
end

local function print_of_stock(source)
  local printed = {}
  local globals = setmetatable({}, { __index = _G })
  function globals.print(...)
    local parts = table.pack(...)
    for i = 1, parts.n do parts[i] = tostring(parts[i]) end
    printed[#printed + 1] = table.concat(parts, "\t") .. "\n"
  end
  assert(load(source, "=source", "t", globals))()
  return (table.concat(printed):gsub("source:%d+: ", ""))
end

-- Stock Lua calls a function as it finds it first among all modules: "pl.List.push" is insert.
local function without_names(printed)
  return (printed:gsub("(bad argument #%d+ to) '[^']*'", "%1 it"))
end

--- A source that prints, in a line each, what some calls give or raise.
-- `calls` are what goes into `pcall(...)`, and `prelude` is before them.
function contract_lua.source_of(calls, prelude)
  local lines = { SHOW .. (prelude or "") }
  for i, call in ipairs(calls) do lines[i + 1] = ("show(pcall(%s))"):format(call) end
  return table.concat(lines, "\n")
end

--- The first of some calls that prints another line in stock Lua, with both lines; or nil.
-- Names of functions in errors are not compared.
-- `is_same` may forgive two lines that differ.
function contract_lua.difference(calls, prelude, is_same)
  local source = contract_lua.source_of(calls, prelude)
  local ours = without_names(contract_lua.print_of(source)):gmatch "[^\n]*\n"
  local theirs = without_names(print_of_stock(source)):gmatch "[^\n]*\n"
  for _, call in ipairs(calls) do
    local our_line, their_line = ours(), theirs()
    if our_line ~= their_line and not (is_same and is_same(our_line, their_line)) then
      return ("%s\ncontract: %sstock:    %s"):format(call, our_line, their_line)
    end
  end
end

return contract_lua
