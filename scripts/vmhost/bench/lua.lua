--- How fast contract Lua runs, metered, beside Lua 5.4: programs that run alike in both, in turns;
-- and what a call of a contract takes beyond that of a native one.
-- @module vmhost.bench.lua
local bench = require "vmhost.bench"
local contract = require "vmhost.contract"
local lua_calls = require "vmhost.bench.lua_calls"

local lua = { summary = "contract Lua beside Lua 5.4" }

-- More than any of the programs uses.
local LIMIT <const> = 1 << 60

local function run_ours(source)
  local outcome = assert(contract.run { source = source, name = "bench", gas_limit = LIMIT,
    memory_limit = LIMIT })
  return outcome.ok and outcome.results[1]
end

local function run_theirs(source)
  return tostring(assert(load(source, "=bench", "t"))())
end

local function timed(clock, run, source)
  collectgarbage()
  local start = clock()
  local result = run(source)
  return clock() - start, result
end

-- The middle of the ratios of pairs, so that what slows both down does not count.
local function measure(program, rounds, clock)
  local times, ratios, ok = {}, {}, true
  for round = 1, rounds do
    local ours, our_result = timed(clock, run_ours, program.source)
    local theirs, their_result = timed(clock, run_theirs, program.source)
    times[round], ratios[round] = ours, ours / theirs
    ok = ok and our_result == their_result and our_result == tostring(program.result)
  end
  return { name = program.name, ok = ok, ns = bench.median(times) // 1,
    ratio = bench.median(ratios), peer = "Lua 5.4" }
end

local function mean_of(results)
  local ns, logarithms, ok = 0, 0, true
  for _, result in ipairs(results) do
    ns = ns + result.ns
    logarithms = logarithms + math.log(result.ratio)
    ok = ok and result.ok
  end
  return { name = "geometric mean", ok = ok, ns = ns // #results,
    ratio = math.exp(logarithms / #results), peer = "Lua 5.4" }
end

--- Runs the suite.
-- @tparam table options rounds (default 7), programs (default `vmhost.bench.lua_programs`)
-- @tparam function clock nanoseconds
-- @tparam function report gets each result, their mean, and, where no programs are given, that of
-- calls
function lua.run(options, clock, report)
  local results = {}
  for index, program in ipairs(options.programs or require "vmhost.bench.lua_programs") do
    results[index] = measure(program, options.rounds or 7, clock)
    report(results[index])
  end
  report(mean_of(results))
  if not options.programs then report(lua_calls.measure(options.rounds or 15)) end
end

return lua
