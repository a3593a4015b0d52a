local command_line = require "spec.support.command_line"

local function chain_with_births()
  local place = command_line.with_payment()
  place:send("BenchmarkContract", "giveBirth", "Ann")
  place:send("BenchmarkContract", "giveBirth", "Ben")
  return place
end

local ANN = '     2  BenchmarkContract.BabyBorn(string "Ann", uint32 3)\n'
local BEN = '     3  BenchmarkContract.BabyBorn(string "Ben", uint32 3)\n'

describe("vmhost events", function()
  it("lists the events of all blocks", function()
    local place <close> = chain_with_births()

    local output, status = place:vmhost("events", "chain")

    assert.equal(ANN .. BEN, output)
    assert.equal(0, status)
  end)

  it("lists those of a contract, of a name, of some heights", function()
    local place <close> = chain_with_births()

    local function events(...)
      return (place:vmhost("events", "chain", ...))
    end

    assert.equal("", events("--contract", "BenchmarkToken"))
    assert.equal(ANN .. BEN, events("--contract", "BenchmarkContract"))
    assert.equal(ANN .. BEN, events("--event", "BabyBorn"))
    assert.equal("", events("--event", "BabyLost"))
    assert.equal(BEN, events("--from", "3"))
    assert.equal(ANN, events("--to", "2"))
    assert.equal("", events("--from", "4", "--to", "99"))
  end)

  it("gives each event as a line of JSON", function()
    local place <close> = chain_with_births()

    local output, status = place:vmhost("events", "chain", "--json", "--from", "3")

    assert.equal(0, status)
    assert.truthy(output:find('^{"block_height":"3","txhash":"0x%x+","event":{"contract_name":'))
    assert.truthy(output:find('"output_argument_array":[{"type":"string","value":"Ben"},'
      .. '{"type":"uint32","value":3}]}}\n', 1, true))
  end)
end)
