local command_line = require "spec.support.command_line"

local function block_hash(place)
  return place:vmhost("block", "chain", "1", "--json"):match '"block_hash":"(0x%x+)"'
end

describe("vmhost block", function()
  it("shows the last block: transactions, receipts, changes", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("block", "chain")

    assert.equal(0, status)
    assert.truthy(output:find("^block 1  2020%-09%-13 12:26:41 UTC\n"))
    assert.truthy(output:find("\n1. BenchmarkToken.transfer(uint64 17, bytes 0x", 1, true))
    assert.truthy(output:find("\n   SUCCESS  0x", 1, true))
    assert.truthy(output:find("= 0x1100000000000000 (uint64 17)\n", 1, true))
  end)

  it("finds a block by height and by hash", function()
    local place <close> = command_line.with_payment()
    place:send("BenchmarkContract", "get")

    local by_height = place:vmhost("block", "chain", "1")
    local by_hash, status = place:vmhost("block", "chain", block_hash(place))

    assert.equal(0, status)
    assert.equal(by_height, by_hash)
  end)

  it("gives headers, transactions, receipts and diffs as JSON in a fixed order", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("block", "chain", "1", "--json")

    assert.equal(0, status)
    local at = 0
    for _, key in ipairs { "block_height", "block_hash", "transactions_block_header",
      "results_block_header", "signed_transactions", "transaction_receipts",
      "contract_state_diffs" } do
      local found = output:find('"' .. key .. '":', at + 1, true)
      assert.truthy(found, key)
      at = found
    end
    assert.truthy(output:find('"timestamp":"1600000001000000000"', 1, true))
  end)

  for word, fault in pairs {
    ["2"] = { "height 2 is not committed: the last one is 1", 1 },
    ["soon"] = { "'soon' is neither a height nor a block hash", 2 },
    ["0x1234"] = { "'0x1234' is neither a height nor a block hash", 2 },
  } do
    it("says what is wrong with " .. word, function()
      local place <close> = command_line.with_payment()

      local output, status = place:vmhost("block", "chain", word)

      assert.equal("vmhost block: " .. fault[1] .. "\n", output)
      assert.equal(fault[2], status)
    end)
  end
end)

describe("vmhost diff", function()
  it("shows what a block changed, contract by contract", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("diff", "chain", "1")

    assert.equal(0, status)
    assert.truthy(output:find("^_Deployments\n"))
    assert.truthy(output:find("\nBenchmarkToken\n", 1, true))
    assert.truthy(output:lower():find(command_line.bob .. " = 0x1100000000000000 (uint64 17)\n", 1,
      true))
  end)

  it("gives keys and values as hex in JSON", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("diff", "chain", "1", "--json")

    assert.equal(0, status)
    local record = ('{"key":"%s","value":"0x1100000000000000"}'):format(command_line.bob)
    assert.truthy(output:find(record, 1, true))
  end)

  it("says so when a block changed nothing", function()
    local place <close> = command_line.with_payment()
    place:send("BenchmarkToken", "nothing")

    local output, status = place:vmhost("diff", "chain")

    assert.equal("(no changes)\n", output)
    assert.equal(0, status)
  end)
end)
