local command_line = require "spec.support.command_line"

describe("vmhost send", function()
  it("commits a block and shows the receipt", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "add", "12", "27")

    assert.equal(0, status)
    assert.truthy(output:find "^SUCCESS  0x%x+\n  output   uint64 39\nblock 1  root 0x%x+\n$")
  end)

  it("gives the receipt as JSON", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("--json", "BenchmarkContract", "add", "12", "27")

    assert.equal(0, status)
    assert.truthy(output:find '^{"block_height":"1","txhash":"0x%x+","execution_result":"SUCCESS",')
    assert.truthy(output:find('"output_argument_array":[{"type":"uint64","value":"39"}]', 1, true))
  end)

  it("exits 1 when the transaction fails, and commits its receipt", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "throw")

    assert.equal(1, status)
    assert.truthy(output:find("example error returned by contract", 1, true))
    assert.truthy(output:find("\nblock 1 ", 1, true))
  end)

  it("gives the same bytes for the same keys, words and time", function()
    local function send()
      local place <close> = command_line.new()
      place:init()
      return place:send("--timestamp", command_line.first_time, "BenchmarkContract", "add", "1",
        "2")
    end

    assert.equal(send(), send())
  end)

  it("refuses a time that is not after the last block", function()
    local place <close> = command_line.with_payment()

    local output, status = place:send("--timestamp", command_line.first_time, "BenchmarkContract",
      "get")

    assert.equal("vmhost send: --timestamp 1600000001000000000 is not after that of the last "
      .. "block, 1600000001000000000\n", output)
    assert.equal(2, status)
  end)

  it("takes the types of bare words from the method", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "argTypes", "1", "2", "3", "0x04")

    assert.equal(0, status)
    assert.truthy(output:find('output   uint32 2, uint64 3, string "31", bytes 0x0401', 1, true),
      output)
  end)

  it("takes the type that a word names, also a wrong one", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "add", "uint64:1", "string:2")

    assert.equal(1, status)
    assert.truthy(output:find("method 'BenchmarkContract.add' expects arg 1 to be uint64 but it "
      .. "has string", 1, true), output)
  end)

  it("names the argument that is no value of its type", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "add", "1", "two")

    assert.equal("vmhost send: argument 2: 'two' as uint64: not a number\n", output)
    assert.equal(2, status)
  end)

  it("refuses a number below 0, whatever the type", function()
    local place <close> = command_line.new()
    place:init()

    for words, text in pairs {
      [{ "BenchmarkContract", "add", "1", "uint64:-1" }] = "argument 2: 'uint64:-1' as uint64",
      [{ "BenchmarkContract", "add", "1", "uint32:-5" }] = "argument 2: 'uint32:-5' as uint32",
      [{ "BenchmarkContract", "add", "1", "uint64[]:3,-7" }] =
        "argument 2: 'uint64[]:3,-7' as uint64[]: item 2",
      [{ "Unknown", "note", "uint64:-3" }] = "argument 1: 'uint64:-3' as uint64",
    } do
      local output, status = place:send(table.unpack(words))

      assert.equal(("vmhost send: %s: a number below 0\n"):format(text), output)
      assert.equal(2, status)
    end
  end)

  it("does not take a number below 0 for an option", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:send("BenchmarkContract", "add", "1", "-3")

    assert.equal("vmhost send: '-3' is a number below 0, and no argument holds one; a text is "
      .. "string:-3 (see vmhost send --help)\n", output)
    assert.equal(2, status)
  end)

  it("takes no time that a block cannot have", function()
    local place <close> = command_line.new()
    place:init()

    for time, fault in pairs {
      ["18446744073709551616"] = "'18446744073709551616': not an integer from 0 to 2^63 - 1",
      ["4294967296000000000"] = "--timestamp 4294967296000000000 is after the year 2106",
    } do
      local output, status = place:send("--timestamp", time, "BenchmarkContract", "get")

      assert.truthy(output:find("vmhost send: " .. fault, 1, true), output)
      assert.equal(2, status)
    end
  end)

  it("asks for a key where the file has several", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:vmhost("send", "chain", "BenchmarkContract", "get")

    assert.equal("vmhost send: vmhost-keys.json has 2 keys (alice, bob): name one with --key\n",
      output)
    assert.equal(2, status)
  end)

  it("lists the keys when the named one is not there", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:vmhost("send", "chain", "--key", "carol", "X", "y")

    assert.equal("vmhost send: vmhost-keys.json has no key 'carol' (it has: alice, bob)\n", output)
    assert.equal(2, status)
  end)

  it("takes a key file of one key as the key", function()
    local place <close> = command_line.new {
      ["one.json"] = ('{"carol":{"seed":"%s"}}'):format(("03"):rep(32)) }
    place:init()

    local output, status = place:vmhost("send", "chain", "--key", "one.json", "BenchmarkContract",
      "add", "1", "2")

    assert.equal(0, status, output)
  end)

  it("sends a file of transactions as one set", function()
    local place <close> = command_line.new { ["set.jsonl"] = [[
      {"contract":"BenchmarkContract","method":"add","arguments":["1","2"],"key":"alice"}

      {"contract":"BenchmarkContract","method":"add","arguments":["1","2"],"key":"alice"}
      {"contract":"BenchmarkContract","method":"throw","key":"bob"}
    ]] }
    place:init()

    local output, status = place:vmhost("send", "chain", "--set", "set.jsonl")

    local _, good = output:gsub("SUCCESS  ", "")
    assert.equal(1, status)
    assert.equal(2, good)
    assert.truthy(output:find("example error returned by contract", 1, true))
    assert.truthy(output:find("\nblock 1 ", 1, true))
  end)

  it("sends what a client has signed", function()
    -- vm_scenarios.json, benchmark_contract: BenchmarkContract.set(41), signed for chain 42.
    local place <close> = command_line.new { ["set.jsonl"] = '{"signed_transaction":"'
      .. "78000000010000002a0000000000a0d88557341630000000000000002800000054000000200000"
      .. "00dfc06c5be24a67adee80b35ab4f147bb1a35c55ff85eda69f40ef827bddec173110000004265"
      .. "6e63686d61726b436f6e74726163740000000300000073657400100000000c0000000100000029"
      .. "0000000000000040000000f60ec01a0b2213c8f7aae16a80bc9e2ff6bda253c499ece0e0e6007f"
      .. "c065a97ef8cc21ee3ed94f591c0f15eddab8ab83c3c4a35806459bba156f8d36c4cfde00"
      .. '"}' }
    place:init()

    local output, status = place:vmhost("send", "chain", "--set", "set.jsonl")

    assert.equal(0, status)
    assert.equal("SUCCESS  0xfdf71e9874b216b0471bafca40a8fce6ff395aa0d722c499db7c0f24ec54b342",
      output:match "^[^\n]*")
  end)

  for line, fault in pairs {
    ['{"contract":"A","metod":"b"}'] = "unknown field 'metod'",
    ['{"contract":"A"}'] = "contract and method, or signed_transaction expected",
    ['{"contract":"A","method":7}'] = "method: text expected",
    ['{"contract":"A","arguments":[]}'] = "contract and method, or signed_transaction expected",
    ['{"contract":null,"method":"b"}'] = "contract: text expected",
    ['{"contract":"A","method":"b","arguments":["1",null]}'] = "arguments[2]: text expected",
    ['{"contract":"A","method":"b","arguments":[7]}'] = "arguments[1]: text expected",
    ['{"contract":"A","method":"b","arguments":{"to":"c"}}'] = "arguments: list expected",
    ['{"contract":"A","signed_transaction":"00"}'] = "signed_transaction and contract are given",
    ['{"contract":"A","method":"b"} {}'] = "no JSON object",
    ['["A","b"]'] = "no JSON object",
    ["null"] = "no JSON object",
    ["nothing"] = "no JSON object",
  } do
    it("names the line " .. line .. " and commits nothing", function()
      local place <close> = command_line.new { ["set.jsonl"] = "\n" .. line }
      place:init()

      local output, status = place:vmhost("send", "chain", "--set", "set.jsonl")

      assert.equal("vmhost send: set.jsonl:2: " .. fault .. "\n", output)
      assert.equal(1, status)
    end)
  end

  it("runs nothing when pre-order refuses a transaction", function()
    -- special_transactions.json, trigger_without_signer.
    local place <close> = command_line.new { ["set.jsonl"] = '{"signed_transaction":"'
      .. "34000000010000002a000000c0d4f4df8557341600000000090000005f547269676765727300000007000000"
      .. "74726967676572000000000000000000" .. '"}' }
    place:init()

    local output, status = place:vmhost("send", "chain", "--set", "set.jsonl")

    assert.equal("vmhost send: refused before ordering: transaction 1: "
      .. "REJECTED_UNKNOWN_SIGNER_SCHEME\n", output)
    assert.equal(1, status)
    local _, block_status = place:vmhost("block", "chain", "1")
    assert.equal(1, block_status)
  end)
end)
