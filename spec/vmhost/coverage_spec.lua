local contract = require "vmhost.contract"
local coverage = require "vmhost.coverage"

local SOURCE <const> = [[
local total = 0
for i = 1, 2 do
  total = total + i
end
if total == 4 then
  total = 0
end
return total]]

local function run(source, name, seen)
  assert(contract.run { source = source, name = name, trace = seen.trace })
end

describe("vmhost.coverage", function()
  it("counts how often lines ran, and what gas they took", function()
    local seen = coverage.new()
    run(SOURCE, "a.lua", seen)

    -- Stack for a frame with two locals 24, a value for a local 1, a `for` 4 and each turn 1, an
    -- operation 1, an `if` 1.
    assert.same({
      [1] = { count = 1, gas = 24 + 1 },
      [2] = { count = 3, gas = 6 },
      [3] = { count = 2, gas = 4 },
      [5] = { count = 1, gas = 2 },
      [6] = { count = 0, gas = 0 },
      [8] = { count = 1, gas = 1 },
    }, seen:lines "a.lua")
    assert.same({ lines = 6, covered = 5, gas = 38 }, coverage.sum(seen:lines "a.lua"))
  end)

  it("adds up several runs, each contract for itself", function()
    local seen = coverage.new()
    run(SOURCE, "a.lua", seen)
    run(SOURCE, "a.lua", seen)
    run("x = 1", "b.lua", seen)

    assert.equal(4, seen:lines("a.lua")[3].count)
    assert.equal(1, seen:lines("b.lua")[1].count)
    assert.same({ "a.lua", "b.lua" }, seen:names())
    assert.same({}, seen:lines "c.lua")
  end)

  it("shows them beside the source", function()
    local seen = coverage.new()
    run(SOURCE, "a.lua", seen)

    assert.equal([[
       1          25  65.7%     1  local total = 0
       3           6  15.7%     2  for i = 1, 2 do
       2           4  10.5%     3    total = total + i
                                4  end
       1           2   5.2%     5  if total == 4 then
   never                        6    total = 0
                                7  end
       1           1   2.6%     8  return total
5 of 6 lines ran
gas 38]], coverage.show(SOURCE, seen:lines "a.lua"))
  end)
end)
