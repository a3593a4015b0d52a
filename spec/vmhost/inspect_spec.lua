local codec = require "vmhost.codec"
local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"
local word = require "vmhost.word"

local HASH <const> = ("\xab"):rep(32)
local HASH_TEXT <const> = "0x" .. ("ab"):rep(32)

describe("inspect.bytes", function()
  it("quotes text", function()
    assert.equal('"abc"', inspect.bytes "abc")
    assert.equal([["a \"b\" \\"]], inspect.bytes [[a "b" \]])
    assert.equal('""', inspect.bytes "")
  end)

  it("shows other bytes in hex", function()
    assert.equal("0x00ff", inspect.bytes "\0\xff")
    assert.equal(HASH_TEXT, inspect.bytes(HASH))
  end)

  it("shows 20 bytes as an address with its checksum", function()
    -- EIP-55, first example.
    local bytes = "\x5a\xae\xb6\x05\x3f\x3e\x94\xc9\xb9\xa0"
      .. "\x9f\x33\x66\x94\x35\xe7\xef\x1b\xea\xed"

    assert.equal("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", inspect.bytes(bytes))
  end)

  it("shortens what is longer than a hash", function()
    assert.equal("0x0101010101010101..0202020202020202 (33 bytes)",
      inspect.bytes(("\1"):rep(17) .. ("\2"):rep(16)))
  end)

  it("shortens long text", function()
    assert.equal('"' .. ("x"):rep(200) .. '..." (201 bytes)', inspect.bytes(("x"):rep(201)))
  end)
end)

describe("inspect.text", function()
  it("shows what would act on a terminal as an escape", function()
    assert.equal("\\x1b[31mred\\nline\\x07", inspect.text "\27[31mred\nline\7")
    assert.equal("\\xc2\\x9b", inspect.text "\xc2\x9b")
  end)

  it("leaves UTF-8 as it is and escapes other bytes", function()
    assert.equal("Zoë", inspect.text "Zoë")
    assert.equal("a\\xff", inspect.text "a\xff")
  end)
end)

describe("inspect.state_value", function()
  it("adds the number that 4, 8 or 32 bytes may be", function()
    assert.equal("0x11000000 (uint32 17)", inspect.state_value "\x11\0\0\0")
    assert.equal("0x1100000000000000 (uint64 17)", inspect.state_value "\x11\0\0\0\0\0\0\0")
    assert.equal("0xffffffffffffffff (uint64 18446744073709551615)",
      inspect.state_value(("\xff"):rep(8)))
    assert.equal("0x" .. ("0"):rep(62) .. "11 (uint256 17)",
      inspect.state_value(("\0"):rep(31) .. "\x11"))
  end)

  it("takes 32 bytes of a hash for no number", function()
    assert.equal(HASH_TEXT, inspect.state_value(HASH))
  end)

  it("shows text as text and nothing as empty", function()
    assert.equal('"counter1"', inspect.state_value "counter1")
    assert.equal("(empty)", inspect.state_value "")
  end)
end)

describe("inspect.argument", function()
  it("shows type and value", function()
    assert.equal("uint64 17", inspect.argument { type = "uint64", value = 17 })
    assert.equal("uint64 18446744073709551615", inspect.argument { type = "uint64", value = -1 })
    assert.equal('string "a"', inspect.argument { type = "string", value = "a" })
    assert.equal("bytes 0x61", inspect.argument { type = "bytes", value = "a" })
    assert.equal("bool true", inspect.argument { type = "bool", value = true })
    assert.equal("uint256 5", inspect.argument { type = "uint256", value = word.new(5) })
  end)

  it("shows arrays", function()
    assert.equal('string[] {"a", "b"}',
      inspect.argument { type = "string[]", value = { "a", "b" } })
    assert.equal("uint32[] {}", inspect.argument { type = "uint32[]", value = {} })
  end)
end)

describe("inspect.arguments", function()
  it("reads a list and packed bytes", function()
    local list = { { type = "uint32", value = 1 }, { type = "string", value = "b" } }

    assert.equal('uint32 1, string "b"', inspect.arguments(list))
    assert.equal('uint32 1, string "b"', inspect.arguments(codec.pack_arguments(list)))
  end)

  it("shows bytes that are no arguments in hex", function()
    assert.equal("0x020000006300", inspect.arguments "\2\0\0\0\x63\0")
  end)
end)

describe("inspect.receipt", function()
  it("shows result, hash, outputs and events", function()
    assert.equal(table.concat({
      "SUCCESS  " .. HASH_TEXT,
      "  output   uint64 17",
      '  event    Token.Paid(string "bob", uint64 17)',
    }, "\n"), inspect.receipt {
      txhash = HASH, execution_result = "SUCCESS",
      output_argument_array = { { type = "uint64", value = 17 } },
      output_events_array = { { contract_name = "Token", event_name = "Paid",
        output_argument_array = { { type = "string", value = "bob" },
          { type = "uint64", value = 17 } } } },
      code = 0, gas_used = 0, suspended = false, logs = {},
    })
  end)

  it("shows the text, code and chain of calls of a failure", function()
    assert.equal(table.concat({
      "ERROR_SMART_CONTRACT  " .. HASH_TEXT,
      "  error    no \\x1b[2J more",
      "  in       A.a > B.b",
      "  code     10",
      "  gas      99",
    }, "\n"), inspect.receipt({
      txhash = HASH, execution_result = "ERROR_SMART_CONTRACT",
      output_argument_array = { { type = "string", value = "no \27[2J more" } },
      output_events_array = {}, code = 10, gas_used = 99,
    }, { calls = { { contract_name = "A", method_name = "a" },
      { contract_name = "B", method_name = "b" } } }))
  end)

  it("shows the error of the record where the receipt has no outputs", function()
    assert.equal(
      "ERROR_CONTRACT_NOT_DEPLOYED  " .. HASH_TEXT .. "\n  error    contract not deployed",
      inspect.receipt({ txhash = HASH, execution_result = "ERROR_CONTRACT_NOT_DEPLOYED",
        output_argument_array = {}, output_events_array = {} },
        { error = "contract not deployed", calls = {} }))
  end)
end)

describe("inspect.state_diffs", function()
  it("shows contract by contract, keys aligned, in their order", function()
    assert.equal(table.concat({
      "Zebra",
      "  total                                      = 0x1100000000000000 (uint64 17)",
      "  0x0101010101010101010101010101010101010101 = (empty)",
      "Ant",
      '  k = "v"',
    }, "\n"), inspect.state_diffs {
      { contract_name = "Zebra", state_diffs = {
        { key = "total", value = "\x11\0\0\0\0\0\0\0" },
        { key = ("\1"):rep(20), value = "" } } },
      { contract_name = "Ant", state_diffs = { { key = "k", value = "v" } } },
    })
  end)

  it("says when nothing changed", function()
    assert.equal("(no changes)", inspect.state_diffs {})
  end)
end)

describe("inspect.time", function()
  it("shows nanoseconds only where there are some", function()
    assert.equal("2020-01-01 00:00:01 UTC", inspect.time(1577836801000000000))
    assert.equal("2020-01-01 00:00:01.000000005 UTC", inspect.time(1577836801000000005))
  end)
end)

describe("inspect.block", function()
  it("shows height, time, transactions with their receipts, and changes", function()
    local chain <close> = fixture.new()
    chain:process { { "BenchmarkContract", "set", 17 }, { "BenchmarkContract", "throw" } }

    local text = inspect.block(chain.storage:block(1))

    assert.matches("^block 1  2020%-01%-01 00:00:01 UTC\n  hash         0x%x+\n", text)
    assert.matches("\n1%. BenchmarkContract%.set%(uint64 17%)\n   SUCCESS  0x%x+\n", text)
    assert.matches("\n2%. BenchmarkContract%.throw%(%)\n   ERROR_SMART_CONTRACT  0x%x+\n"
      .. "     error    example error returned by contract\n", text)
    assert.matches("\n  example%-key = 0x1100000000000000 %(uint64 17%)$", text)
  end)
end)

describe("inspect.proof", function()
  it("says what is proved against which root", function()
    local proof = { contract = "Token", key = "k", value = "\1\0\0\0", root = HASH,
      rule_set = "vmhost-1", proof = "\1\2" }

    assert.equal(table.concat({
      'proof that Token has "k" = 0x01000000 (uint32 1)',
      "  root     " .. HASH_TEXT,
      "  rules    vmhost-1",
      "  proof    0x0102",
    }, "\n"), inspect.proof(proof))
    proof.value = ""
    assert.matches('^proof that Token has no value at "k"\n', inspect.proof(proof))
  end)
end)

describe("inspect.value", function()
  it("shows plain values", function()
    assert.equal("17", inspect.value(17))
    assert.equal("nil", inspect.value(nil))
    assert.equal('"a"', inspect.value "a")
    assert.equal("5", inspect.value(word.new(5)))
    assert.equal("function", inspect.value(print))
  end)

  it("shows tables with numbers first, then keys in the order of the alphabet", function()
    assert.equal('{ 1, 2, [7] = 3, a = {}, b = true, ["c d"] = "x" }',
      inspect.value { 1, 2, [7] = 3, b = true, a = {}, ["c d"] = "x" })
  end)

  it("puts the entries of a long table on lines of their own", function()
    local long = ("x"):rep(50)

    assert.equal(('{\n  "%s",\n  "%s"\n}'):format(long, long), inspect.value { long, long })
  end)

  it("knows what the modules give by its fields", function()
    assert.equal("SUCCESS  " .. HASH_TEXT, inspect.value { txhash = HASH,
      execution_result = "SUCCESS", output_argument_array = {}, output_events_array = {} })
    assert.equal("uint64 17", inspect.value { type = "uint64", value = 17 })
    assert.equal('A\n  k = "v"', inspect.value {
      { contract_name = "A", state_diffs = { { key = "k", value = "v" } } } })
    assert.equal("E.e()", inspect.value { contract_name = "E", event_name = "e",
      output_argument_array = {} })
  end)

  it("shows a query with its failure's chain and height", function()
    assert.equal("SUCCESS  at height 3\n  output   uint64 17", inspect.value {
      execution_result = "SUCCESS", reference_height = 3, calls = {},
      output_arguments = { { type = "uint64", value = 17 } }, output_events = {} })
  end)

  it("ends at a table that holds itself", function()
    local loop = {}
    loop.loop = loop

    assert.matches("{%.%.%.}", inspect.value(loop))
  end)
end)
