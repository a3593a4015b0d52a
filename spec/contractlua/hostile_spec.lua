-- Programs that try to hang, to crash or to fill the machine of contracts: each has its process,
-- ends as it must, and says what it took. An eighth of them, by seed; all with VMHOST_SOAK, and
-- with VMHOST_HOSTILE those whose name has that text.
assert(_VERSION == "Lua 5.4")
local programs = require "spec.support.hostile_lua"
local run_command = require "spec.support.run_command"

local NAMED <const> = os.getenv "VMHOST_HOSTILE"
local SHARE <const> = (os.getenv "VMHOST_SOAK" or NAMED) and 1 or 8
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local SECONDS <const> = 120
-- Less is over before its time can be told.
local LEAST_GAS <const> = 100000
local SHOWN <const> = 5
-- Others may have the processor; what is walked again and again takes hundreds of times.
local TIMES_ALLOWED <const> = 100
-- A sanitizer keeps what was freed, and slows some work more than other.
local IS_SANITIZED <const> = (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true) ~= nil
-- What a process takes beside four times what is counted: its own, and for a byte of the source.
local ROOM <const>, ROOM_OF_A_BYTE <const> = 8 << 20, 160

local function run(number)
  local output, status = run_command { "env", "LUA_PATH=./scripts/?.lua;./?.lua;;",
    ("LUA_CPATH=%s/?.so;;"):format(BUILD), "timeout", tostring(SECONDS), "lua5.4",
    "spec/support/run_hostile.lua", tostring(number) }
  local pattern = "^(%S+) (%S+) (%d+) (%d+) (%-?%d+)\n(.*)$"
  local nanoseconds, fib, gas, counted, grown, ends = output:match(pattern)
  assert(status == 0 and ends, ("%s: status %d\n%s"):format(programs[number].name, status, output))
  return { name = programs[number].name, ends = ends, gas = math.tointeger(gas),
    ratio = tonumber(nanoseconds) / tonumber(fib), counted = math.tointeger(counted),
    grown = math.tointeger(grown) }
end

local function size_of(program)
  local source = program.source
  return #(type(source) == "function" and source() or source)
end

-- The worst first, one line each.
local function show(title, runs, measure)
  table.sort(runs, function(a, b) return measure(a) > measure(b) end)
  for index = 1, math.min(SHOWN, #runs) do
    print(("hostile: %s %.1f, %s"):format(title, measure(runs[index]), runs[index].name))
  end
end

describe("a hostile program", function()
  it("has a name that no other has", function()
    local seen = {}
    for _, program in ipairs(programs) do
      assert.is_nil(seen[program.name], program.name)
      seen[program.name] = true
    end
    assert.is_true(#programs >= 150)
  end)

  it("ends as an ordinary failure within its limits", function()
    local timed, large = {}, {}
    for number, program in ipairs(programs) do
      local is_named = not NAMED or program.name:find(NAMED, 1, true)
      if is_named and (number + SEED) % SHARE == 0 then
        local found = run(number)
        assert.equal(program.ends:sub(1, 200), found.ends, program.name)
        local room = ROOM + ROOM_OF_A_BYTE * size_of(program)
        assert(IS_SANITIZED or found.grown <= 4 * found.counted + room,
          ("%s: %d bytes for %d counted ones"):format(program.name, found.grown, found.counted))
        if found.gas >= LEAST_GAS then
          timed[#timed + 1] = found
          assert(IS_SANITIZED or found.ratio <= TIMES_ALLOWED, ("%s: %.0f times what fib takes")
            :format(program.name, found.ratio))
        end
        if found.counted >= 1 << 20 then large[#large + 1] = found end
      end
    end

    print(("hostile: seed %d"):format(SEED))
    show("nanoseconds per gas, of fib's:", timed, function(each) return each.ratio end)
    show("bytes per counted byte:", large, function(each) return each.grown / each.counted end)
  end)
end)
