local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"
local word = require "vmhost.word"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local MESSAGE = {
  version = 1, from_chain = 1, from_service = "a", to_chain = 2, to_service = "bc", sequence = 3,
  kind = 8, root = ("r"):rep(32), parent = ("p"):rep(32), signer = ("s"):rep(20),
  method = "add", input = "\1\2", token = "VITE TOKEN", amount = word.new(258), gas = 772,
  answered_id = "", context_id = "x", code = 5,
}

-- Field by field, with the padding in front of each.
local HEAD = "01000000" .. "01000000" .. "0100000061" .. "000000" .. "02000000"
  .. "020000006263" .. "0000" .. "0300000000000000" .. "0800" .. "0000"
  .. ("72"):rep(32) .. ("70"):rep(32) .. ("73"):rep(20) .. "03000000616464" .. "00"
  .. "020000000102" .. "0000" .. "0a000000" .. "5649544520544f4b454e" .. "0000"
  .. ("00"):rep(30) .. "0102"
local TAIL = "00000000" .. "0100000078" .. "000000" .. "05000000"

describe("messages between services #small", function()
  it("are written field by field", function()
    assert.equal(HEAD .. "0403000000000000" .. TAIL, to_hex(codec.encode("Message", MESSAGE)))
  end)

  it("read back as they were", function()
    local bytes = from_hex(HEAD .. "0403000000000000" .. TAIL)
    local message = assert(codec.decode("Message", bytes, { canonical = true }))

    assert.equal(MESSAGE.amount, message.amount)
    message.amount = MESSAGE.amount
    assert.same(MESSAGE, message)
  end)

  it("have an id that does not cover their gas", function()
    assert.equal(crypto.sha256(from_hex(HEAD .. "0000000000000000" .. TAIL)),
      codec.message_id(MESSAGE))
  end)

  it("refuse a signer of 19 bytes", function()
    assert.has_error(function() codec.encode("Message", { signer = ("s"):rep(19) }) end,
      "Message.signer: bytes20 expected 20 bytes, got 19")
  end)

  it("refuse a kind above 65535", function()
    assert.has_error(function() codec.encode("Message", { kind = 65536 }) end,
      "Message.kind: uint16 out of range: 65536")
  end)
end)
