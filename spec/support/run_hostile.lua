--- `run_hostile.lua NUMBER`: runs one of the hostile programs in a process of its own and prints
-- how it ended, and what it took: CPU nanoseconds per gas, those of fib before and after, gas,
-- counted bytes, and bytes of memory that the process grew by.
local contract = require "vmhost.contract"
local programs = require "spec.support.hostile_lua"

local GAS <const>, MEMORY <const> = 40000000, 16 << 20
local GAS_OF_A_BYTE <const> = 20
local FIB <const> = [[
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
return fib(%d)
]]

local function timed(source)
  local begin = os.clock()
  local outcome = contract.run { source = source, name = "hostile", gas_limit = GAS,
    memory_limit = MEMORY, print = function() end }
  return os.clock() - begin, outcome
end

local function peak()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s+(%d+)"
    if kilobytes then return kilobytes * 1024 | 0 end
  end
end

-- Of what each run costs, whatever it runs.
local function seconds_of_nothing()
  local least = math.huge
  for _ = 1, 5 do least = math.min(least, (timed "")) end
  return least
end

local function nanoseconds_of_fib()
  local least = math.huge
  for _ = 1, 3 do
    local seconds, outcome = timed(FIB:format(20))
    least = math.min(least, seconds * 1e9 / outcome.gas_used)
  end
  return least
end

local program = programs[math.tointeger(arg[1])]
local source = program.source
if type(source) == "function" then source = source() end
local fib = nanoseconds_of_fib()
local nothing, before = seconds_of_nothing(), peak()
local seconds, outcome = timed(source)
local after = peak()
fib = math.min(fib, nanoseconds_of_fib())

local gas = outcome and outcome.gas_used or 0
local ends = not outcome and "refused" or outcome.stop or outcome.ok and "good" or outcome.error
print(("%.3f %.3f %d %d %d"):format(
  math.max(0, seconds - nothing) * 1e9 / (gas + GAS_OF_A_BYTE * #source), fib, gas,
  outcome and outcome.memory or 0, after - before))
io.write(ends:sub(1, 200))
