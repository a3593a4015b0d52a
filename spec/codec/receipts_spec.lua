local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

describe("receipts of the node #small", function()
  for _, case in ipairs(orbs_vectors.cases "receipts") do
    if case.receipt_hash_hex then
      it("are written byte for byte: " .. case.name, function()
        local receipt = codec.encode("TransactionReceipt", {
          txhash = from_hex(case.input.txhash),
          execution_result = case.input.execution_result,
          output_argument_array = from_hex(case.input.output_argument_array_hex),
          output_events_array = from_hex(case.input.output_events_array_hex),
        })

        assert.equal(case.expected_hex, to_hex(receipt))
        assert.equal(case.receipt_hash_hex, to_hex(crypto.sha256(receipt)))
      end)

      it("read canonically and are written again: " .. case.name, function()
        local bytes = from_hex(case.expected_hex)
        local fields = assert(codec.decode("TransactionReceipt", bytes, { canonical = true }))

        assert.is_nil(fields.code)
        assert.equal(case.expected_hex, to_hex(codec.encode("TransactionReceipt", fields)))
      end)
    end
  end
end)

describe("receipts with further fields #small", function()
  local RECEIPT = {
    txhash = ("t"):rep(32), execution_result = "ERROR_SMART_CONTRACT",
    output_argument_array = {}, output_events_array = {},
    code = 5, gas_used = 258, message_id = ("m"):rep(32), root = ("r"):rep(32),
    parent = "p", suspended = true,
    logs = { { address = ("a"):rep(20), topics = "", data = "d" } },
  }
  local BYTES = from_hex("20000000" .. ("74"):rep(32) .. "02000000" .. "00000000" .. "00000000"
    .. "05000000" .. "0201000000000000" .. ("6d"):rep(32) .. ("72"):rep(32)
    .. "01000000" .. "7001" .. "0000" .. "21000000"
    .. "1d000000" .. ("61"):rep(20) .. "00000000" .. "01000000" .. "64")

  it("have them behind the four of the node", function()
    assert.equal(to_hex(BYTES), to_hex(codec.encode("TransactionReceipt", RECEIPT)))
  end)

  it("read back as they were", function()
    assert.same(RECEIPT, codec.decode("TransactionReceipt", BYTES, { canonical = true }))
  end)

  it("are written whole when one further field is given", function()
    local receipt = codec.decode("TransactionReceipt",
      codec.encode("TransactionReceipt", { code = 0 }), { canonical = true })

    assert.equal(0, receipt.gas_used)
    assert.equal(("\0"):rep(32), receipt.root)
    assert.same({}, receipt.logs)
  end)

  it("read as a plain receipt by what knows four fields", function()
    local result = codec.decode("QueryResult",
      codec.encode("TransactionReceipt", RECEIPT):sub(37))

    assert.equal("ERROR_SMART_CONTRACT", result.execution_result)
  end)

  it("are not canonical with some further fields only", function()
    local plain = codec.encode("TransactionReceipt", { txhash = ("t"):rep(32) })
    local _, message, code =
      codec.decode("TransactionReceipt", plain .. "\1\0\0\0", { canonical = true })

    assert.equal("TransactionReceipt of 52 bytes is not canonical at offset 52", message)
    assert.equal("malformed", code)
  end)
end)
