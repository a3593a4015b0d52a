assert(_VERSION == "Lua 5.4")
local suite = require "vmhost.bench.lua"
local programs = require "vmhost.bench.lua_programs"

local function results_of(options)
  local results, now = {}, 0
  -- A second passes between two looks at the clock.
  local function clock()
    now = now + 1000000000
    return now
  end
  suite.run(options, clock, function(result) results[#results + 1] = result end)
  return results
end

describe("vmhost bench lua", function()
  it("compares each program with Lua 5.4, and gives their mean", function()
    local results = results_of { rounds = 3, programs = {
      { name = "a sum", source = "local s = 0 for i = 1, 9 do s = s + i end return s",
        result = 45 },
      { name = "a text", source = "return ('x'):rep(3)", result = "xxx" },
    } }

    assert.same({
      { name = "a sum", ok = true, ns = 1000000000, ratio = 1.0, peer = "Lua 5.4" },
      { name = "a text", ok = true, ns = 1000000000, ratio = 1.0, peer = "Lua 5.4" },
      { name = "geometric mean", ok = true, ns = 1000000000, ratio = 1.0, peer = "Lua 5.4" },
    }, results)
  end)

  it("tells a program that gives something else in one of the two", function()
    local results = results_of { rounds = 1, programs = {
      { name = "right", source = "return 1", result = 1 },
      { name = "wrong for both", source = "return 2", result = 1 },
      { name = "wrong for Lua 5.4", source = "return math.isqrt and 1 or 2", result = 1 },
      { name = "an error", source = "return math.floor and 1 or error 'x'", result = 1 },
    } }
    local ok = {}
    for index, result in ipairs(results) do ok[index] = result.ok end

    assert.same({ true, false, false, false, false }, ok)
  end)

  it("has the programs of its goal, each of which compiles in both", function()
    local names = {}
    for index, program in ipairs(programs) do
      names[index] = program.name
      assert(load(program.source, "=" .. program.name, "t"))
      assert(require "vmhost.contract".check(program.name, program.source))
    end

    assert.same({ "fib", "integer loop", "table sort", "string building", "token transfer",
      "queens", "map of records" }, names)
  end)
end)
