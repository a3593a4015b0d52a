local codec = require "vmhost.codec"
local orbs_vectors = require "spec.support.orbs_vectors"
local word = require "vmhost.word"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local function assert_raises(text, arguments)
  local good, message = pcall(codec.pack_arguments, arguments)
  assert.is_false(good)
  assert.equal(text, message:match "arguments.*$")
end

describe("pack_arguments #small", function()
  for _, case in ipairs(orbs_vectors.cases "arguments") do
    it("packs " .. case.name .. " as a client does", function()
      local packed = codec.pack_arguments(orbs_vectors.arguments(case.input))

      assert.equal(case.expected_hex, to_hex(packed))
    end)

    it("reads " .. case.name .. " back to the same bytes", function()
      local packed = from_hex(case.expected_hex)

      assert.equal(packed, codec.pack_arguments(assert(codec.unpack_arguments(packed))))
    end)
  end

  it("takes one key that names the type", function()
    local packed = codec.pack_arguments { { uint32 = 1 }, { ["bool[]"] = { true } } }

    assert.equal("080000000000000001000000" .. "090000000c0000000100000001", to_hex(packed))
  end)

  it("takes integers as uint64, strings, booleans and words as they are", function()
    local packed = codec.pack_arguments { 10, "a", true, word.new(1) }

    assert.equal("0c000000010000000a00000000000000" .. "090000000200000001000000" .. "61000000"
      .. "0300000004000100" .. "2400000005000000" .. ("00"):rep(31) .. "01", to_hex(packed))
  end)

  it("writes a negative uint64 as the same 64 bits", function()
    local packed = codec.pack_arguments { { uint64 = -1 } }

    assert.equal("0c00000001000000ffffffffffffffff", to_hex(packed))
  end)

  it("reads values of the types that were packed", function()
    local list = codec.unpack_arguments(codec.pack_arguments {
      { uint32 = 1 }, { bytes20 = ("x"):rep(20) }, { ["string[]"] = { "a", "" } }, { uint256 = 5 },
    })

    assert.same({ type = "uint32", value = 1 }, list[1])
    assert.same({ type = "bytes20", value = ("x"):rep(20) }, list[2])
    assert.same({ type = "string[]", value = { "a", "" } }, list[3])
    assert.equal(word.new(5), list[4].value)
  end)

  it("refuses a uint32 above 4294967295 with the path", function()
    assert_raises("arguments[2]: uint32 out of range: 4294967296", { 1, { uint32 = 4294967296 } })
  end)

  it("refuses an item of an array with its path", function()
    assert_raises("arguments[1][2]: uint32 out of range: -1", { { ["uint32[]"] = { 1, -1 } } })
  end)

  it("refuses a uint64 text above 18446744073709551615", function()
    assert_raises("arguments[1]: uint64 out of range or no decimal text: 18446744073709551616",
      { { uint64 = "18446744073709551616" } })
  end)

  it("refuses a bytes20 of 19 bytes", function()
    assert_raises("arguments[1]: bytes20 expected 20 bytes, got 19",
      { { bytes20 = ("x"):rep(19) } })
  end)

  it("refuses a float", function()
    assert_raises("arguments[1]: expected uint64, got number 1.5", { 1.5 })
  end)

  it("refuses an unknown type", function()
    assert_raises("arguments[1]: unknown argument type 'uint8'", { { uint8 = 1 } })
  end)

  it("refuses unknown keys beside type and value", function()
    assert_raises("arguments[1]: unknown key 'x' (known: type, value)",
      { { type = "uint32", value = 1, x = 1 } })
  end)

  it("refuses two short forms in one table", function()
    assert_raises("arguments[1]: expected one key that names the type, got more",
      { { uint32 = 1, uint64 = 1 } })
  end)

  it("refuses a list with a hole", function()
    assert_raises("arguments: list has a hole at 2", { 1, nil, 3 })
  end)

  it("refuses anything but a list", function()
    assert_raises("arguments: expected list, got nil", nil)
  end)
end)

describe("unpack_arguments #small", function()
  local function assert_unknown(number, packed_hex)
    local list, message, code = codec.unpack_arguments(from_hex(packed_hex))
    assert.is_nil(list)
    assert.equal(("argument %d has an unknown type"):format(number), message)
    assert.equal("malformed", code)
  end

  it("tells which argument has an unknown selector", function()
    assert_unknown(2, "0300000004000100" .. "0300000010000100")
  end)

  it("reads a cut argument as an empty message, which has no type", function()
    assert_unknown(2, "0300000004000100" .. "0c00000001000000")
  end)

  it("reads a cut length as an empty message", function()
    assert_unknown(1, "030000")
  end)

  it("refuses lengths near 2^32", function()
    assert_unknown(1, "ffffffff04000100")
    assert_unknown(1, "0c00000002000000ffffffff00000000")
  end)

  it("refuses an argument that ends behind its selector", function()
    assert_unknown(1, "020000000400")
  end)

  it("ignores bytes behind an argument's value", function()
    local list = codec.unpack_arguments(from_hex "05000000040001ffff")

    assert.same({ { type = "bool", value = true } }, list)
  end)

  it("ignores padding that is not zero", function()
    local list = codec.unpack_arguments(from_hex "080000000000ffff01000000")

    assert.same({ { type = "uint32", value = 1 } }, list)
  end)

  it("reads a bool that is neither 0 nor 1 as false", function()
    local list = codec.unpack_arguments(from_hex "03000000040002")

    assert.same({ { type = "bool", value = false } }, list)
  end)

  it("reads the cut last item of a scalar array as zero", function()
    local list = codec.unpack_arguments(from_hex "0e000000080000000600000001000000ffff")

    assert.same({ { type = "uint32[]", value = { 1, 0 } } }, list)
  end)

  it("reads the cut last item of a string array as empty", function()
    local list = codec.unpack_arguments(
      from_hex "140000000a0000000c0000000100000061000000ff000000")

    assert.same({ { type = "string[]", value = { "a", "" } } }, list)
  end)

  it("reads the cut last item of a bytes32 array as zero bytes", function()
    local list = codec.unpack_arguments(from_hex("0c0000000f00000004000000" .. "ffffffff"))

    assert.same({ { type = "bytes32[]", value = { ("\0"):rep(32) } } }, list)
  end)
end)
