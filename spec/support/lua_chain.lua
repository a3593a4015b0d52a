--- A chain whose contracts are sources of contract Lua, given as texts.
--
--     local chain <close> = lua_chain.open { Counter = [[...]] }
--     chain:ok("Counter", "add", { uint64 = 5 })
--
-- `deploy` gives the receipt; `ok` the results of a call that must succeed, `fail` the text of
-- one that must not, and its receipt.
local codec = require "vmhost.codec"
local fixture = require "vmhost.fixture"

local lua_chain = {}

local Chain = {}
-- What is not said here is of the fixture.
Chain.__index = function(self, key)
  local value = Chain[key] or self.fixture[key]
  if Chain[key] or type(value) ~= "function" then return value end
  return function(_, ...) return value(self.fixture, ...) end
end
Chain.__close = function(self) self.fixture:close() end

--- Opens a chain and deploys each contract; `options` are those of `fixture.new`.
function lua_chain.open(contracts, options)
  local self = setmetatable({ fixture = fixture.new(options or {}) }, Chain)
  local names = {}
  for name in pairs(contracts) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    self.fixture:expect_success(self:deploy(name, contracts[name]))
  end
  return self
end

function Chain:deploy(name, source, arguments)
  local parts = { source, arguments and codec.pack_arguments(arguments) }
  return assert(self.fixture:deploy(name, parts))
end

function Chain:ok(...)
  local receipt = self.fixture:expect_success(self.fixture:send(...))
  local values = {}
  for index, argument in ipairs(receipt.output_argument_array) do values[index] = argument.value end
  return table.unpack(values)
end

function Chain:fail(...)
  local receipt = assert(self.fixture:send(...))
  assert(receipt.execution_result ~= "SUCCESS", "the call succeeded")
  local first = receipt.output_argument_array[1]
  return first and first.value, receipt
end

function Chain:query(...) return self.fixture:query(...) end

--- Sites of the calls that led to a failure: { "A.x:3", "B.y:7" }.
function Chain:sites(receipt)
  local sites = {}
  for index, call in ipairs(self.fixture:run_of(receipt).record.calls) do
    sites[index] = ("%s.%s:%d"):format(call.contract_name, call.method_name, call.line or 0)
  end
  return sites
end

return lua_chain
