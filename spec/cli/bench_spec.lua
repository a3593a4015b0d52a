assert(_VERSION == "Lua 5.4")
local command_line = require "spec.support.command_line"

local function run(words)
  local place <close> = command_line.new()
  local output, status = place:vmhost(table.unpack(words))
  return { output = output, status = status }
end

describe("vmhost bench", function()
  it("prints a figure for each measure of a suite", function()
    local result = run { "bench", "storage", "--keys", "2000", "--rounds", "2" }

    assert.equal(0, result.status)
    for _, name in ipairs { "commit of a changed key", "read of a key", "checking a proof" } do
      assert.truthy(result.output:find(name .. "%s+[%d.]+ us"), name)
    end
  end)

  it("measures what waiting costs", function()
    local result = run { "bench", "async", "--rounds", "1" }

    assert.equal(0, result.status)
    for _, name in ipairs { "await, Lua", "await, bytecode", "2000 awaits in awaits",
      "2000 awaits in a loop" } do
      assert.truthy(result.output:find(name .. "%s+[%d.]+ us  %-?[%d.]+ times"), name)
    end
  end)

  it("prints one object a line with --json", function()
    local result = run { "bench", "block", "--keys", "1000", "--rounds", "1", "--json" }

    assert.equal(0, result.status)
    local lines = 0
    for line in result.output:gmatch "[^\n]+" do
      lines = lines + 1
      assert.truthy(line:find '^{"name":"[^"]+","ok":true,"ns":"?%d+')
    end
    assert.equal(5, lines)
  end)

  it("refuses a number of rounds that measures nothing", function()
    local result = run { "bench", "block", "--rounds", "0" }

    assert.equal(2, result.status)
    assert.truthy(result.output:find("'0': not an integer from 1", 1, true))
  end)

  it("refuses a suite that there is not, with the exit status of wrong use", function()
    local result = run { "bench", "speed" }

    assert.equal(2, result.status)
    assert.truthy(result.output:find("suite", 1, true))
  end)
end)
