local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local ed25519, unhex = crypto.ed25519, crypto.unhex

-- RFC 8032, 7.1: TEST 1, 2, 3 and SHA(abc).
local RFC8032 = {
  {
    seed = unhex "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    public_key = unhex "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message = "",
    signature = unhex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
      .. "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
  },
  {
    seed = unhex "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    public_key = unhex "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message = unhex "72",
    signature = unhex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da0"
      .. "85ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
  },
  {
    seed = unhex "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    public_key = unhex "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message = unhex "af82",
    signature = unhex("6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac1"
      .. "8ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
  },
  {
    seed = unhex "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
    public_key = unhex "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message = unhex("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
      .. "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
    signature = unhex("dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b5890"
      .. "9351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"),
  },
}

local function flip_bit(bytes, bit)
  local at = bit // 8 + 1
  return bytes:sub(1, at - 1) .. string.char(bytes:byte(at) ~ 1 << bit % 8) .. bytes:sub(at + 1)
end

describe("ed25519 #small", function()
  it("derives keys and signs as RFC 8032 does", function()
    for _, vector in ipairs(RFC8032) do
      assert.equal(vector.public_key, ed25519.public_key(vector.seed))
      assert.equal(vector.signature, ed25519.sign(vector.seed, vector.message))
    end
  end)

  it("signs and verifies the transaction hashes of a real client", function()
    local signed = 0

    for _, case in ipairs(orbs_vectors.cases "transactions") do
      if case.signature_hex then
        local seed = unhex(case.input.private_key_seed)
        local public_key = unhex(case.input.public_key)
        local hash, signature = unhex(case.tx_hash_hex), unhex(case.signature_hex)
        signed = signed + 1

        assert.equal(hash, crypto.sha256(unhex(case.unsigned_transaction_hex)), case.name)
        assert.equal(public_key, ed25519.public_key(seed), case.name)
        assert.equal(signature, ed25519.sign(seed, hash), case.name)
        assert.is_true(ed25519.verify(public_key, hash, signature), case.name)
      end
    end

    assert.is_true(signed > 0)
  end)

  it("refuses a seed that is not 32 bytes", function()
    assert.error_matches(function() ed25519.sign(("s"):rep(64), "") end,
      "expected 32 bytes, got 64")
    assert.error_matches(function() ed25519.public_key "" end, "expected 32 bytes, got 0")
  end)
end)

describe("ed25519.verify #small", function()
  local test = RFC8032[3]

  it("accepts the signatures of RFC 8032", function()
    for _, vector in ipairs(RFC8032) do
      assert.is_true(ed25519.verify(vector.public_key, vector.message, vector.signature))
    end
  end)

  it("rejects a signature with any one bit changed", function()
    for bit = 0, 511, 7 do
      assert.is_false(ed25519.verify(test.public_key, test.message, flip_bit(test.signature, bit)),
        "bit " .. bit)
    end
  end)

  it("rejects a signature of another message or key", function()
    assert.is_false(ed25519.verify(test.public_key, test.message .. "\0", test.signature))
    assert.is_false(ed25519.verify(test.public_key, "", test.signature))
    assert.is_false(ed25519.verify(RFC8032[1].public_key, test.message, test.signature))
  end)

  it("rejects a key or signature cut at any byte, or too long", function()
    for size = 0, 31 do
      assert.is_false(ed25519.verify(test.public_key:sub(1, size), test.message, test.signature))
    end
    for size = 0, 63 do
      assert.is_false(ed25519.verify(test.public_key, test.message, test.signature:sub(1, size)))
    end
    assert.is_false(ed25519.verify(test.public_key .. "\0", test.message, test.signature))
    assert.is_false(ed25519.verify(test.public_key, test.message, test.signature .. "\0"))
  end)

  -- s of TEST 1 plus the order 2^252 + 27742317777372353535851937790883648493.
  it("rejects the second form of a signature, with the group order added to s", function()
    local r = RFC8032[1].signature:sub(1, 32)
    local s = unhex "4c8c7872aa064e049dbb3013fbf29380d25bf5f0595bbe24655141438e7a101b"

    assert.is_false(ed25519.verify(RFC8032[1].public_key, "", r .. s))
  end)

  it("rejects a key that is not a point", function()
    -- y = 2 is on no point of the curve.
    assert.is_false(ed25519.verify("\2" .. ("\0"):rep(31), "", RFC8032[1].signature))
  end)

  -- With A the neutral element, R = sB - hA is sB whatever the message, so s = 0 needs R neutral.
  -- libcrypto, like Go's library, does not refuse such keys, and takes y of A modulo p; R it
  -- compares byte for byte. Nodes agree only as long as none of this changes.
  describe("with a key of small order", function()
    local neutral = "\1" .. ("\0"):rep(31)
    local neutral_above_p = "\xee" .. ("\xff"):rep(30) .. "\x7f"
    local zero = ("\0"):rep(32)

    it("accepts one signature for every message", function()
      assert.is_true(ed25519.verify(neutral, "a", neutral .. zero))
      assert.is_true(ed25519.verify(neutral, "b", neutral .. zero))
      assert.is_false(ed25519.verify(neutral, "a", neutral .. "\1" .. ("\0"):rep(31)))
    end)

    it("accepts the key, but not R, with y not reduced", function()
      assert.is_true(ed25519.verify(neutral_above_p, "a", neutral .. zero))
      assert.is_false(ed25519.verify(neutral, "a", neutral_above_p .. zero))
    end)

    -- A = (0, -1) has order 2, so hA is neutral for even h: with R neutral and s = 0 about half
    -- of all messages verify. A check with the cofactor would accept all of them.
    it("does not multiply by the cofactor", function()
      local order_two = "\xec" .. ("\xff"):rep(30) .. "\x7f"
      local accepted = 0

      for i = 1, 64 do
        if ed25519.verify(order_two, "message " .. i, neutral .. zero) then
          accepted = accepted + 1
        end
      end

      assert.is_true(accepted > 0 and accepted < 64, accepted .. " of 64")
    end)
  end)
end)

describe("ed25519.verify_all #small", function()
  -- 23 signatures: every third wrong in one way or another.
  local function mixed()
    local list, expected = {}, {}
    for i = 1, 23 do
      local vector = RFC8032[i % 4 + 1]
      local one = {
        public_key = vector.public_key,
        message = vector.message,
        signature = vector.signature,
      }
      if i % 3 == 0 then
        if i % 9 == 0 then
          one.signature = one.signature:sub(1, 63)
        elseif i % 6 == 0 then
          one.message = one.message .. "x"
        else
          one.public_key = RFC8032[(i + 1) % 4 + 1].public_key
        end
      end
      list[i], expected[i] = one, i % 3 ~= 0
    end
    return list, expected
  end

  for _, threads in ipairs { 1, 2, 7, 23, 100 } do
    it(("finds the wrong ones on %d threads"):format(threads), function()
      local list, expected = mixed()

      assert.same(expected, ed25519.verify_all(list, threads))
    end)
  end

  it("uses one thread unless told otherwise", function()
    local list, expected = mixed()

    assert.same(expected, ed25519.verify_all(list))
  end)

  it("gives nothing for an empty list", function()
    assert.same({}, ed25519.verify_all({}, 7))
  end)

  it("names the entry and field that is missing", function()
    local list = mixed()
    list[2].message = nil

    assert.error_matches(function() ed25519.verify_all(list) end,
      "verifications[2].message: string expected, got nil", 1, true)
    assert.error_matches(function() ed25519.verify_all { 1 } end,
      "verifications[1]: table expected, got number", 1, true)
    assert.error_matches(function() ed25519.verify_all({}, 0) end, "one thread or more")
  end)
end)
