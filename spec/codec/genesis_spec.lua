local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"
local word = require "vmhost.word"

local to_hex = orbs_vectors.to_hex

local function u64(...)
  local bytes = ""
  for _, value in ipairs { ... } do bytes = bytes .. ("<i8"):pack(value) end
  return to_hex(bytes)
end

local LIMITS = u64(1, 1048576, 1048576, 1048576, 1024, 50000000, 67108864, 16777216, 10000,
  500000000, 1000, 100000, 1, 28, 0)
local HEAD = "01000000" .. "2a000000" .. "08000000" .. "766d686f73742d31" .. "01000000"
local SMALL = HEAD .. LIMITS .. ("00000000"):rep(6)

local FULL = {
  virtual_chain_id = 42,
  rule_set = "reference",
  revision = 2,
  limits = { events_per_transaction = 0 },
  host_key = ("k"):rep(32),
  ledger_owner = ("o"):rep(20),
  peers = { { virtual_chain_id = 43, host_key = ("p"):rep(32) } },
  native_contracts = { "BenchmarkToken" },
  services = {
    { name = "one", processor = "LUA", code = "x" },
    { name = "two", processor = 4, code = { "a", "", "b" } },
  },
  issues = { { to = ("t"):rep(20), token = "VITE TOKEN", amount = 258 } },
}

describe("genesis #small", function()
  it("is written with the default limits and empty lists", function()
    assert.equal(SMALL, to_hex(codec.pack_genesis { virtual_chain_id = 42 }))
  end)

  it("has the hash of its bytes", function()
    assert.equal(crypto.sha256(orbs_vectors.from_hex(SMALL)),
      codec.genesis_hash { virtual_chain_id = 42 })
  end)

  it("writes keys, peers, services and issues in order", function()
    local expected = {
      "01000000", "2a000000", "09000000", to_hex "reference", "000000", "02000000",
      u64(0, 1048576, 1048576, 1048576, 1024, 50000000, 67108864, 16777216, 10000, 500000000,
        1000, 100000, 1, 28, 0),
      "20000000", ("6b"):rep(32), "14000000", ("6f"):rep(20),
      "28000000", "24000000", "2b000000", ("70"):rep(32),
      "12000000", "0e000000", to_hex "BenchmarkToken", "0000",
      "41000000",
      "15000000", "03000000", to_hex "one", "00", "03000000",
      "05000000", "01000000", "78", "000000",
      "21000000", "03000000", to_hex "two", "00", "04000000",
      "11000000", "01000000", "61", "000000", "00000000", "01000000", "62", "000000",
      "48000000", "44000000", ("74"):rep(20), "0a000000", to_hex "VITE TOKEN", "0000",
      ("00"):rep(30), "0102",
    }

    assert.equal(table.concat(expected), to_hex(codec.pack_genesis(FULL)))
  end)

  it("reads back to the same bytes", function()
    local bytes = codec.pack_genesis(FULL)
    local genesis = assert(codec.unpack_genesis(bytes))

    assert.equal("VITE", genesis.services[2].processor)
    assert.same({ "a", "", "b" }, genesis.services[2].code)
    assert.equal(word.new(258), genesis.issues[1].amount)
    assert.equal(0, genesis.limits.events_per_transaction)
    assert.equal(bytes, codec.pack_genesis(genesis))
  end)

  local function assert_malformed(text, hex)
    local _, message, code = codec.unpack_genesis(orbs_vectors.from_hex(hex))
    assert.equal(text, message)
    assert.equal("malformed", code)
  end

  local ALLOWING <const> = { virtual_chain_id = 42, peers = { { virtual_chain_id = 43,
    host_key = ("p"):rep(32), allowances = { { token = "VITE TOKEN", amount = 258 } } } } }

  it("writes what a peer may have here behind his key, where there is any", function()
    local peer = "60000000" .. "5c000000" .. "2b000000" .. ("70"):rep(32)
      .. "34000000" .. "30000000" .. "0a000000" .. to_hex "VITE TOKEN" .. "0000"
      .. ("00"):rep(30) .. "0102"

    assert.equal(HEAD .. LIMITS .. "00000000" .. "00000000" .. peer .. ("00000000"):rep(3),
      to_hex(codec.pack_genesis(ALLOWING)))
    local genesis = assert(codec.unpack_genesis(codec.pack_genesis(ALLOWING)))
    assert.same({ { token = "VITE TOKEN", amount = word.new(258) } }, genesis.peers[1].allowances)
    assert.is_nil(assert(codec.unpack_genesis(codec.pack_genesis(FULL))).peers[1].allowances)
  end)

  it("is refused with an empty list of what a peer may have", function()
    assert_malformed("Genesis of 212 bytes is not canonical at offset 152",
      HEAD .. LIMITS .. ("00000000"):rep(2) .. "2c000000" .. "28000000" .. "2b000000"
        .. ("70"):rep(32) .. ("00000000"):rep(4))
  end)

  it("is refused when cut at any byte", function()
    for _, full in ipairs { FULL, ALLOWING } do
      local bytes = codec.pack_genesis(full)
      for size = 0, #bytes - 1 do
        local genesis, _, code = codec.unpack_genesis(bytes:sub(1, size))
        assert.is_nil(genesis)
        assert.equal("malformed", code)
      end
    end
  end)

  it("is refused when a byte follows it", function()
    local bytes = codec.pack_genesis { virtual_chain_id = 42 }
    local _, message = codec.unpack_genesis(bytes .. "\0")

    assert.equal(("Genesis of %d bytes is not canonical at offset %d"):format(#bytes + 1, #bytes),
      message)
  end)

  it("is refused with an unknown version or rule set", function()
    assert_malformed("Genesis: version 2, not 1", (SMALL:gsub("^01", "02")))
    assert_malformed("Genesis: unknown rule set 'vmhost-2'", (SMALL:gsub("2d31", "2d32", 1)))
  end)

  it("is refused with a host key of another length", function()
    assert_malformed("Genesis: host key has 4 bytes, not 32",
      HEAD .. LIMITS .. "04000000" .. "6b6b6b6b" .. ("00000000"):rep(5))
  end)

  local function assert_raises(text, genesis)
    assert.has_error(function() codec.genesis_hash(genesis) end, text)
  end

  it("raises with the path of a wrong value", function()
    assert_raises("genesis.virtual_chain_id: expected uint32, got nil", {})
    assert_raises("genesis.rule_set: unknown rule set 'x'",
      { virtual_chain_id = 1, rule_set = "x" })
    assert_raises("genesis.limits.key_size: limit out of range: -1",
      { virtual_chain_id = 1, limits = { key_size = -1 } })
    assert_raises("genesis.peers[1].host_key: bytes32 expected 32 bytes, got 1",
      { virtual_chain_id = 1, peers = { { virtual_chain_id = 2, host_key = "k" } } })
    assert_raises("genesis.peers[1].allowances[1].token: token expected 10 bytes, got 1",
      { virtual_chain_id = 1, peers = { { virtual_chain_id = 2, host_key = ("k"):rep(32),
        allowances = { { token = "t", amount = 1 } } } } })
    assert_raises("genesis.services[1].processor: unknown enum value 'PERL'",
      { virtual_chain_id = 1, services = { { name = "a", processor = "PERL" } } })
    assert_raises("genesis.issues[1].token: token expected 10 bytes, got 0",
      { virtual_chain_id = 1, issues = { { to = ("t"):rep(20), token = "", amount = 1 } } })
  end)

  it("raises for an unknown key and lists the known ones", function()
    assert_raises("genesis: unknown key 'chain' (known: virtual_chain_id, rule_set, revision, "
      .. "limits, host_key, ledger_owner, peers, native_contracts, services, issues)",
      { chain = 1 })
  end)
end)
