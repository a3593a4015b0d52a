--- Which lines of contracts in Lua ran, how often, and what gas they took.
--
--     local seen = coverage.new()
--     contract.run { source = source, name = "token.lua", trace = seen.trace }
--     print(coverage.show(source, seen:lines "token.lua"))
--
-- The tracer goes wherever a tracer goes; several runs add up.
-- @module vmhost.coverage
local coverage = {}

local Coverage = {}
Coverage.__index = Coverage

-- What is known of a line of a contract; a line is listed where a statement begins in it.
local function line_of(self, name, number)
  local lines = self.by_contract[name]
  if not lines then
    lines = {}
    self.by_contract[name] = lines
  end
  local line = lines[number]
  if not line then
    line = { count = 0, gas = 0 }
    lines[number] = line
  end
  return line
end

--- Makes a coverage, with a tracer in the field `trace`.
-- @treturn Coverage
function coverage.new()
  local self = setmetatable({ by_contract = {} }, Coverage)
  self.trace = {
    wants_line = function(name, number)
      line_of(self, name, number)
      return true
    end,
    line = function(event)
      local line = line_of(self, event.contract_name, event.line)
      line.count = line.count + 1
    end,
    charge = function(name, number, gas)
      local line = line_of(self, name, number)
      line.gas = line.gas + gas
    end,
  }
  return self
end

--- The names of the contracts that ran.
-- @treturn {string,...} sorted
function Coverage:names()
  local names = {}
  for name in pairs(self.by_contract) do names[#names + 1] = name end
  table.sort(names)
  return names
end

--- What is known of the lines of a contract.
-- @tparam string name
-- @treturn {integer=table} by number: `count`, how often a statement began there, and `gas`
function Coverage:lines(name)
  return self.by_contract[name] or {}
end

--- Sums of lines.
-- @tparam {integer=table} lines
-- @treturn table `lines`, in which statements begin, `covered` ones, and `gas`
function coverage.sum(lines)
  local sum = { lines = 0, covered = 0, gas = 0 }
  for _, line in pairs(lines) do
    sum.lines = sum.lines + 1
    sum.covered = sum.covered + (line.count > 0 and 1 or 0)
    sum.gas = sum.gas + line.gas
  end
  return sum
end

local function count_column(line)
  if not line then return (" "):rep(8) end
  return line.count == 0 and "   never" or ("%8d"):format(line.count)
end

local function gas_column(line, total)
  if not line or line.gas == 0 then return (" "):rep(19) end
  local tenths = line.gas * 1000 // total
  return ("%12d %3d.%d%%"):format(line.gas, tenths // 10, tenths % 10)
end

--- A source with what is known of its lines beside it.
-- @tparam string source
-- @tparam {integer=table} lines
-- @tparam[opt] {string=boolean} columns `count` and `gas`; both, if it is left out
-- @treturn string
function coverage.show(source, lines, columns)
  columns = columns or { count = true, gas = true }
  local sum, shown, number = coverage.sum(lines), {}, 0
  for text in (source:find "\n$" and source or source .. "\n"):gmatch "([^\n]*)\n" do
    number = number + 1
    shown[number] = ((columns.count and count_column(lines[number]) or "")
      .. (columns.gas and gas_column(lines[number], sum.gas) or "")
      .. ("%6d  %s"):format(number, text)):gsub("%s+$", "")
  end
  if columns.count then
    shown[#shown + 1] = ("%d of %d lines ran"):format(sum.covered, sum.lines)
  end
  if columns.gas then shown[#shown + 1] = ("gas %d"):format(sum.gas) end
  return table.concat(shown, "\n")
end

return coverage
