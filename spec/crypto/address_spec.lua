local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local hex, unhex = crypto.hex, crypto.unhex

-- The addresses of EIP-55.
local EIP55 = {
  "0x52908400098527886E0F7030069857D2E4169EE7",
  "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
  "0xde709f2102306220921060314715629080e2fb77",
  "0x27b1fdb04752bbc536007a920d24acb045561c26",
  "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
  "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
  "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
  "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
}

describe("address_of_client and address_of_contract #small", function()
  it("give what a real client computes, and its checksummed text", function()
    for _, case in ipairs(orbs_vectors.cases "addresses") do
      local address
      if case.input.kind == "ed25519_public_key" then
        address = crypto.address_of_client(unhex(case.input.public_key))
      else
        assert.equal("contract_name", case.input.kind)
        address = crypto.address_of_contract(case.input.contract_name)
      end

      assert.equal(case.expected_hex, hex(address), case.name)
      assert.equal(case.text, crypto.address_text(address, "sha256"), case.name)
      assert.equal(address, crypto.parse_address(case.text), case.name)
    end
  end)

  -- Addresses that are asked for again are remembered: names of all sizes, more than are kept.
  it("give the end of the hash of a name, asked once and again", function()
    for _ = 1, 3 do
      for number = 0, 300 do
        local name = ("name"):rep(number % 12) .. number
        assert.equal(crypto.sha256(name):sub(-20), crypto.address_of_contract(name))
        assert.equal(crypto.sha256(name):sub(-20), crypto.address_of_contract(name))
      end
    end
    assert.equal(crypto.sha256(""):sub(-20), crypto.address_of_contract "")
  end)

  it("refuse a client key that is not 32 bytes", function()
    assert.error_matches(function() crypto.address_of_client "key" end, "expected 32 bytes, got 3")
  end)
end)

describe("address_of_foreign_contract #small", function()
  -- SHA-256 of 00, the chain id and the name; computed with Python's hashlib.
  it("tells a service of another chain from one of the own", function()
    assert.equal("9b7da5e79a2ac6769af5875a1866a125f2b882e2",
      hex(crypto.address_of_foreign_contract(42, "admin")))
    assert.equal("4dee15dfb167a9c873fc4bb8a81f6f2ab448a918",
      hex(crypto.address_of_contract "admin"))
  end)

  it("takes chain ids up to 2^32 - 1", function()
    assert.equal("efa55ed6929efbd26a954eb6b94ef1216e564fa1",
      hex(crypto.address_of_foreign_contract(4294967295, "")))
    assert.error_matches(function() crypto.address_of_foreign_contract(4294967296, "") end,
      "chain id above 4294967295")
    assert.error_matches(function() crypto.address_of_foreign_contract(-1, "") end,
      "must not be negative")
  end)
end)

describe("address_of_node #small", function()
  -- The first node of the test networks of orbs-network-go.
  it("gives the address of a known node", function()
    local key = unhex("30fccea741dd34c7afb146a543616bcb361247148f0c8542541c01da6d6cadf1"
      .. "86515f1d851978fc94a6a641e25dec74a6ec28c5ae04c651a0dc2e6104b3ac24")

    assert.equal("a328846cd5b4979d68a8c58a9bdfeee657b34de7", hex(crypto.address_of_node(key)))
  end)

  -- The first account of Ganache's fixed mnemonic.
  it("is the Ethereum address of the same secret", function()
    local secret = unhex "4f3edf983ac636a65a842ce7c78d9aa706d3b113bce9c46f30d7d21715b23b1d"

    local address = crypto.address_of_node(crypto.secp256k1.public_key(secret))

    assert.equal("0x90F8bf6A479f320ead074411a4B0e7944Ea8c9C1", crypto.address_text(address))
  end)
end)

describe("address_text #small", function()
  it("prints the checksum of EIP-55 unless told otherwise", function()
    for _, text in ipairs(EIP55) do
      assert.equal(text, crypto.address_text(unhex(text:sub(3))))
      assert.equal(text, crypto.address_text(unhex(text:sub(3)), "eip55"))
    end
  end)

  it("prints other lengths as the Go library does", function()
    for _, case in ipairs(orbs_vectors.cases "hex_text") do
      assert.equal(case.expected_text, crypto.address_text(unhex(case.input)), case.name)
    end
    assert.equal("0x", crypto.address_text "")
  end)

  it("prints a transaction id as the JavaScript client does", function()
    local printed = 0

    for _, case in ipairs(orbs_vectors.cases "transactions") do
      if case.tx_id then
        printed = printed + 1
        assert.equal(case.tx_id, crypto.address_text(unhex(case.tx_id:sub(3)), "sha256"), case.name)
      end
    end

    assert.is_true(printed > 0)
  end)

  -- 40 bytes a0 to c7; digests from Python, each used again from its first nibble on.
  it("begins the digest again after 32 bytes", function()
    local bytes = {}
    for i = 0xa0, 0xc7 do bytes[#bytes + 1] = string.char(i) end
    bytes = table.concat(bytes)

    assert.equal("0xa0A1A2a3A4a5A6A7a8A9AaaBacaDAeaFB0B1b2B3B4B5B6B7B8b9bABbbcBDBeBf"
      .. "c0C1C2c3C4c5C6C7", crypto.address_text(bytes))
    assert.equal("0xA0a1a2a3A4a5A6a7A8A9AaaBacADAEaFb0B1b2B3b4b5B6b7B8b9babBbCBdbebf"
      .. "C0c1c2c3C4c5C6c7", crypto.address_text(bytes, "sha256"))
  end)

  it("knows two checksums", function()
    assert.error_matches(function() crypto.address_text("", "md5") end, "invalid option 'md5'")
  end)
end)

describe("parse_address #small", function()
  local text = EIP55[5]
  local address = unhex(text:sub(3))

  it("reads a checksummed text with or without 0x", function()
    assert.equal(address, crypto.parse_address(text))
    assert.equal(address, crypto.parse_address(text:sub(3)))
  end)

  it("reads all-lower and all-upper text without a checksum", function()
    assert.equal(address, crypto.parse_address(text:lower()))
    assert.equal(address, crypto.parse_address("0x" .. text:sub(3):upper()))
  end)

  it("reads text without letters", function()
    assert.equal("\x12\x34", crypto.parse_address "0x1234")
    assert.equal("", crypto.parse_address "0x")
  end)

  it("refuses mixed case that fits neither checksum", function()
    local result, message, code = crypto.parse_address "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"

    assert.is_nil(result)
    assert.equal("address '0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed': "
      .. "the case of its letters fits no checksum", message)
    assert.equal("malformed", code)
  end)

  it("names the text and the fault", function()
    local _, message, code = crypto.parse_address "0x12g4"
    assert.equal("address '0x12g4': not a hex digit at offset 2: 'g'", message)
    assert.equal("malformed", code)

    _, message = crypto.parse_address "0x123"
    assert.equal("address '0x123': odd number of hex digits: half a byte at offset 2", message)
    _, message = crypto.parse_address "0X12"
    assert.equal("address '0X12': not a hex digit at offset 1: 'X'", message)
  end)
end)
