--- `thaw_legs.lua JOBS RESULTS`: thaws stopped programs in a process that knows nothing but their
-- sources and their bytes, and tells what the next leg of each comes to. A job is packed as source,
-- bytes, what `await` gives, how many awaits, gas, and whether to optimise.
local contract = require "vmhost.contract"
local await_legs = require "spec.support.await_legs"

local function values_of(packed)
  local values = { n = 0 }
  for kind, text in packed:gmatch "(%a)([^;]*);" do
    values.n = values.n + 1
    if kind == "i" then values[values.n] = math.tointeger(text) end
    if kind == "s" then values[values.n] = text:gsub("%x%x", function(hex)
      return string.char(tonumber(hex, 16))
    end) end
    if kind == "b" then values[values.n] = text == "true" end
  end
  return values
end

local function leg_of(source, bytes, packed, count, gas, is_optimised)
  local printed = {}
  local execution, message = contract.thaw { source = source, bytes = bytes, gas_limit = gas, sdk =
    true,
    optimise = is_optimised, print = function(text) printed[#printed + 1] = text end }
  if not execution then return message end
  if execution:freeze() ~= bytes then return "what was thawed is frozen to other bytes" end
  local status = await_legs.run_thawed(execution, count, values_of(packed))
  return await_legs.result(execution, printed)
    .. (status == "suspended" and execution:freeze() or "")
end

local jobs_file <close> = assert(io.open(arg[1], "rb"))
local results_file <close> = assert(io.open(arg[2], "wb"))
local jobs, at = jobs_file:read "a", 1
while at <= #jobs do
  local source, bytes, packed, count, gas, optimise
  source, bytes, packed, count, gas, optimise, at = string.unpack("<s4s4s4i8i8B", jobs, at)
  results_file:write(string.pack("<s4", leg_of(source, bytes, packed, count, gas, optimise == 1)))
end
