local command_line = require "spec.support.command_line"

describe("vmhost query", function()
  it("shows what the method gives", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "chain", "BenchmarkToken", "getBalance",
      command_line.bob)

    assert.equal("SUCCESS  at height 1\n  output   uint64 17\n", output)
    assert.equal(0, status)
  end)

  it("gives the same as JSON, numbers of 64 bits as text", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "--json", "chain", "BenchmarkToken", "getBalance",
      command_line.bob)

    assert.equal('{"execution_result":"SUCCESS",'
      .. '"output_arguments":[{"type":"uint64","value":"17"}],"output_events":[],'
      .. '"reference_block_height":"1",'
      .. '"reference_block_timestamp":"1600000001000000000"}\n', output)
    assert.equal(0, status)
  end)

  it("asks a past height", function()
    local place <close> = command_line.with_payment()
    place:send("BenchmarkToken", "transfer", "4", command_line.bob)

    local now = place:vmhost("query", "chain", "BenchmarkToken", "getBalance", command_line.bob)
    local past = place:vmhost("query", "chain", "BenchmarkToken", "getBalance", command_line.bob,
      "--height", "1")

    assert.equal("SUCCESS  at height 2\n  output   uint64 21\n", now)
    assert.equal("SUCCESS  at height 1\n  output   uint64 17\n", past)
  end)

  it("asks as the owner of a key", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "chain", "_Info", "getSignerAddress",
      "--key", "alice")

    assert.equal("SUCCESS  at height 1\n  output   bytes " .. command_line.alice .. "\n",
      output:gsub("0x%x+", string.lower))
    assert.equal(0, status)
  end)

  it("exits 1 with the reason when it fails", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "chain", "Nowhere", "get")

    assert.equal("ERROR_CONTRACT_NOT_DEPLOYED  at height 1\n"
      .. "  error    contract not deployed ('Nowhere')\n", output)
    assert.equal(1, status)
  end)

  it("prints JSON that can be read, whatever bytes the reason holds", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "--json", "chain", "BenchmarkToken", "a\xff\27b")

    assert.equal(1, status)
    assert.truthy(utf8.len(output))
    assert.truthy(output:find([[method 'a\ufffd\u001bb' not found]], 1, true), output)
  end)

  it("refuses an address whose case fits no checksum", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("query", "chain", "BenchmarkToken", "getBalance",
      "0xAabe933be154a4b5094e1c4abf42866505f3c97e")

    assert.truthy(output:find "^vmhost query: argument 1: .*fits no checksum\n$")
    assert.equal(2, status)
  end)
end)
