local crypto = require "vmhost.crypto"

describe("hex", function()
  it("prints two lower-case digits a byte", function()
    assert.equal("", crypto.hex "")
    assert.equal("00ff10ab", crypto.hex "\0\xff\x10\xab")
  end)

  it("takes strings only", function()
    assert.error_matches(function() crypto.hex(12) end, "string expected, got number")
  end)
end)

describe("unhex", function()
  it("reads digits of either case", function()
    assert.equal("", crypto.unhex "")
    assert.equal("\0\xff\x10\xab\xab", crypto.unhex "00fF10abAB")
  end)

  it("gives every byte back", function()
    local bytes = {}
    for i = 0, 255 do bytes[#bytes + 1] = string.char(i) end
    bytes = table.concat(bytes)

    assert.equal(bytes, crypto.unhex(crypto.hex(bytes)))
  end)

  it("names the offset of a character that is no digit", function()
    local faults = {
      ["0x12"] = "not a hex digit at offset 1: 'x'",
      ["12 34"] = "not a hex digit at offset 2: byte 20",
      ["g0"] = "not a hex digit at offset 0: 'g'",
      ["00:0"] = "not a hex digit at offset 2: ':'",
      ["00/0"] = "not a hex digit at offset 2: '/'",
      ["00@0"] = "not a hex digit at offset 2: '@'",
      ["00`0"] = "not a hex digit at offset 2: '`'",
      ["00\0"] = "not a hex digit at offset 2: byte 00",
      ["0\xc3\xa4"] = "not a hex digit at offset 1: byte c3",
    }

    for text, fault in pairs(faults) do
      local bytes, message, code = crypto.unhex(text)

      assert.is_nil(bytes)
      assert.equal(fault, message)
      assert.equal("malformed", code)
    end
  end)

  it("names the offset of half a byte", function()
    local bytes, message, code = crypto.unhex "123"

    assert.is_nil(bytes)
    assert.equal("odd number of hex digits: half a byte at offset 2", message)
    assert.equal("malformed", code)
  end)
end)

describe("new_seed", function()
  it("gives 32 bytes that differ each time and make a working key", function()
    local seed = crypto.new_seed()

    local signature = crypto.ed25519.sign(seed, "message")

    assert.equal(32, #seed)
    assert.not_equal(seed, crypto.new_seed())
    assert.is_true(crypto.ed25519.verify(crypto.ed25519.public_key(seed), "message", signature))
  end)
end)

describe("vmhost.crypto", function()
  it("offers what its documentation lists and nothing else", function()
    local names = {}
    for name, value in pairs(crypto) do
      if type(value) == "table" then
        for inner in pairs(value) do names[#names + 1] = name .. "." .. inner end
      else
        names[#names + 1] = name
      end
    end
    table.sort(names)

    assert.same({
      "address_of_client", "address_of_contract", "address_of_foreign_contract",
      "address_of_node", "address_text", "blake2b",
      "ed25519.public_key", "ed25519.sign", "ed25519.verify", "ed25519.verify_all",
      "hex", "keccak256", "new_seed",
      "ordered_tree_proof", "ordered_tree_root", "ordered_tree_verify",
      "parse_address", "ripemd160",
      "secp256k1.public_key", "secp256k1.recover", "secp256k1.sign", "secp256k1.verify",
      "sha256", "sha256_count", "sha3_256", "unhex",
    }, names)
  end)
end)
