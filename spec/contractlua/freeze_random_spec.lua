-- Random programs that stop again and again: what is frozen goes on in another process as if it had
-- never stopped, whatever the compiler makes of the source. VMHOST_SEED repeats a run.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local await_legs = require "spec.support.await_legs"
local new_random = require "spec.support.random"
local random_awaits = require "spec.support.random_awaits"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local SOAK <const> = os.getenv "VMHOST_SOAK"
local COUNT <const> = SOAK and 500 or 5
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local EVERY <const>, PERCENT <const>, GAS <const> = 50, 45, 50000000
-- How many stops each kind of value and frame is live at.
-- A few programs may miss one of them altogether.
local LEAST <const> = SOAK and 1000 or 0

local function packed(...)
  local parts = {}
  for at, value in ipairs(table.pack(...)) do
    parts[at] = math.type(value) and "i" .. value
      or type(value) == "string" and "s" .. value:gsub(".", function(byte)
        return ("%02x"):format(byte:byte())
      end) or "b" .. tostring(value)
    parts[at] = parts[at] .. ";"
  end
  return select("#", ...) == 1 and ... == nil and "n;" or table.concat(parts)
end

-- Runs a program without freezing it away: a list of its stops, each with what the next leg comes
-- to, and the kinds that were live at each.
local function stops_of(source, first, is_optimised, census)
  local printed, stops = {}, {}
  local execution = assert(contract.start { source = source, gas_limit = GAS, sdk = true,
    optimise = is_optimised, print = function(text) printed[#printed + 1] = text end })
  await_legs.run(execution, first)
  local used = execution:outcome().gas_used
  while execution:status() == "suspended" do
    local stop = { bytes = assert(execution:freeze()), gas = GAS - used,
      values = packed(execution:values()) }
    for name, count in pairs(census and execution:census() or {}) do
      census[name] = (census[name] or 0) + (count > 0 and 1 or 0)
    end
    for at = #printed, 1, -1 do printed[at] = nil end
    local status = await_legs.run(execution, EVERY)
    stop.result = await_legs.result(execution, printed, used)
      .. (status == "suspended" and execution:freeze() or "")
    used = execution:outcome().gas_used
    stops[#stops + 1] = stop
  end
  return stops
end

-- The legs behind some stops, in a process of their own.
local function thawed_legs(source, stops, is_optimised)
  local jobs = {}
  for at, stop in ipairs(stops) do
    jobs[at] = string.pack("<s4s4s4i8i8B", source, stop.bytes, stop.values, EVERY, stop.gas,
      is_optimised and 1 or 0)
  end
  local folder <close> = temporary_folder { jobs = table.concat(jobs) }
  local output, status = run_command { "lua5.4", "-e", ("package.cpath = %q"):format(package.cpath),
    "-e", ("package.path = %q"):format(package.path), "spec/support/thaw_legs.lua",
    folder.path .. "/jobs", folder.path .. "/results" }
  assert(status == 0, output)
  local file <close> = assert(io.open(folder.path .. "/results", "rb"))
  local results, at, text = {}, 1, file:read "a"
  while at <= #text do results[#results + 1], at = string.unpack("<s4", text, at) end
  return results
end

local function keep(number, source)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(source)
  return ("program %d of seed %d (%s)"):format(number, SEED, path)
end

describe("a random program that awaits", function()
  it("goes on in another process as if it had not stopped, optimised or not", function()
    local random = new_random(SEED)
    local next_program, census, stop_count, largest = random_awaits.new(random, PERCENT), {}, 0, 0
    for number = 1, COUNT do
      local source, first = next_program(), random(EVERY)
      local stops = stops_of(source, first, true, census)
      local plain_stops = stops_of(source, first, false)
      stop_count = stop_count + #stops
      for at, stop in ipairs(stops) do
        largest = math.max(largest, #stop.bytes)
        if stop.bytes ~= plain_stops[at].bytes or stop.result ~= plain_stops[at].result then
          error(keep(number, source) .. (": stop %d differs without the optimiser"):format(at))
        end
      end
      for _, is_optimised in ipairs { true, false } do
        local results = thawed_legs(source, stops, is_optimised)
        for at, stop in ipairs(stops) do
          if results[at] ~= stop.result then
            error(("%s: stop %d goes on otherwise when thawed%s: %q"):format(keep(number, source),
              at, is_optimised and "" or " without the optimiser", results[at] or "not at all"))
          end
        end
      end
    end

    local rarest, least = nil, math.huge
    for name, count in pairs(census) do
      if count < least then rarest, least = name, count end
    end
    print(("freeze: seed %d, %d programs, %d stops, at most %d bytes, rarest: %s at %d stops")
      :format(SEED, COUNT, stop_count, largest, rarest, least))
    assert.is_true(least >= LEAST, rarest)
  end)
end)
