local crypto = require "vmhost.crypto"

local secp256k1, hex, unhex = crypto.secp256k1, crypto.hex, crypto.unhex

-- SEC 2: field, order and generator.
local P = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f"
local N = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
local N_LESS_1 = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140"
local N_PLUS_1 = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364142"
local G = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
  .. "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"
local ZERO = ("0"):rep(64)

local function number(value)
  return ("%064x"):format(value)
end

-- Signatures of RFC 6979 over secp256k1 known from the test suites of Bitcoin libraries, and the
-- first key pair and signature of the tests of orbs-network crypto-lib-go; v worked out with
-- Python from R.
local SIGNATURES = {
  {
    secret = number(1),
    message = "Satoshi Nakamoto",
    public_key = G,
    signature = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
      .. "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e501",
  },
  {
    secret = number(1),
    message = "All those moments will be lost in time, like tears in rain. Time to die...",
    public_key = G,
    signature = "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b"
      .. "547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc2100",
  },
  {
    secret = N_LESS_1,
    message = "Satoshi Nakamoto",
    public_key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
      .. "b7c52588d95c3b9aa25b0403f1eef75702e84bb7597aabe663b82f6f04ef2777",
    signature = "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d0"
      .. "6b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed500",
  },
  {
    secret = "f8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181",
    message = "Alan Turing",
    public_key = "92df7b245b81aa637ab4e867c8d511008f79161a97d64f2ac709600352f7acbc"
      .. "e9bfdf1b13fa0cb1de4521e5386cde3a1cd26c5ab584989d07bbed58a5419f62",
    signature = "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c"
      .. "58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea00",
  },
  {
    secret = "901a1a0bfbe217593062a054e561e708707cb814a123474c25fd567a0fe088f8",
    message = "this is what we want to sign",
    public_key = "30fccea741dd34c7afb146a543616bcb361247148f0c8542541c01da6d6cadf1"
      .. "86515f1d851978fc94a6a641e25dec74a6ec28c5ae04c651a0dc2e6104b3ac24",
    signature = "e894703fa57f2080ab6890fcc3bb138ff5fee7dfcb1c1ad5bc23e9ae882546ca"
      .. "1072b78b600afbe0f1292b648674fa4a4e8af11e1e0436f73873748ef508dae100",
  },
}

local FIRST = SIGNATURES[1]
local FIRST_DIGEST = crypto.sha256(FIRST.message)
-- The first signature with n - s and the other parity; Python.
local FIRST_HIGH = "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
  .. "dbbd3162d46e9f9bef7feb87c16dc13b4f6568a87f4e83f728e2443ba586675c00"

describe("secp256k1 #small", function()
  it("derives keys and signs as other libraries do", function()
    for _, one in ipairs(SIGNATURES) do
      local secret, digest = unhex(one.secret), crypto.sha256(one.message)

      assert.equal(one.public_key, hex(secp256k1.public_key(secret)))
      assert.equal(one.signature, hex(secp256k1.sign(secret, digest)))
    end
  end)

  for what, secret in pairs { zero = ZERO, ["the order"] = N, ["above the order"] = N_PLUS_1 } do
    it("refuses a secret that is " .. what, function()
      local _, message, code = secp256k1.sign(unhex(secret), FIRST_DIGEST)
      assert.equal("invalid_input", code)
      assert.matches("secp256k1 secret is not a number from 1", message, 1, true)

      _, message, code = secp256k1.public_key(unhex(secret))
      assert.equal("invalid_input", code)
      assert.matches("secp256k1 secret is not a number from 1", message, 1, true)
    end)
  end

  it("refuses a secret or digest of another length", function()
    assert.error_matches(function() secp256k1.sign("", FIRST_DIGEST) end,
      "expected 32 bytes, got 0")
    assert.error_matches(function() secp256k1.sign(unhex(number(1)), "abc") end,
      "expected 32 bytes, got 3")
  end)
end)

describe("secp256k1.verify #small", function()
  local function verify(public_key, digest, signature)
    return secp256k1.verify(unhex(public_key), digest, unhex(signature))
  end

  it("accepts what was signed, with v and without", function()
    for _, one in ipairs(SIGNATURES) do
      local digest = crypto.sha256(one.message)

      assert.is_true(verify(one.public_key, digest, one.signature))
      assert.is_true(verify(one.public_key, digest, one.signature:sub(1, 128)))
    end
  end)

  it("rejects another message, key, r or s", function()
    local r, s = FIRST.signature:sub(1, 64), FIRST.signature:sub(65, 128)

    assert.is_false(verify(G, crypto.sha256 "", FIRST.signature))
    assert.is_false(verify(SIGNATURES[3].public_key, FIRST_DIGEST, FIRST.signature))
    assert.is_false(verify(G, FIRST_DIGEST, SIGNATURES[2].signature:sub(1, 64) .. s))
    assert.is_false(verify(G, FIRST_DIGEST, r .. SIGNATURES[2].signature:sub(65, 128)))
  end)

  it("rejects the second form of a signature, with a high s", function()
    assert.is_false(verify(G, FIRST_DIGEST, FIRST_HIGH))
  end)

  it("rejects r or s that is zero, the order or above it", function()
    local r, s = FIRST.signature:sub(1, 64), FIRST.signature:sub(65, 128)

    for _, wrong in ipairs { ZERO, N, N_PLUS_1, P, ("f"):rep(64) } do
      assert.is_false(verify(G, FIRST_DIGEST, wrong .. s))
      assert.is_false(verify(G, FIRST_DIGEST, r .. wrong))
    end
  end)

  it("rejects a key or signature of another length", function()
    assert.is_false(verify(G:sub(1, 126), FIRST_DIGEST, FIRST.signature))
    assert.is_false(verify("04" .. G, FIRST_DIGEST, FIRST.signature))
    assert.is_false(verify("", FIRST_DIGEST, FIRST.signature))
    for size = 0, 63 do
      assert.is_false(verify(G, FIRST_DIGEST, FIRST.signature:sub(1, 2 * size)))
    end
    assert.is_false(verify(G, FIRST_DIGEST, FIRST.signature .. "00"))
  end)

  -- z + r d = 0 (mod n) with d = 1, z = 1, r = n - 1: the sum is the point at infinity.
  it("rejects a signature whose point is at infinity", function()
    assert.is_false(verify(G, unhex(number(1)), N_LESS_1 .. number(1)))
  end)

  -- Q = (1, y), R = G + Q, r = R.x, s = r, z = s: valid without anyone knowing the secret. Python.
  describe("with a key at x = 1", function()
    local y = "4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee"
    local z = "57d783579d03d9ab67a8aa7ad9b75a66ebca4ebce1b5be71442db1307f9146a8"

    it("accepts the key in its only form", function()
      assert.is_true(verify(number(1) .. y, unhex(z), z .. z))
    end)

    it("rejects it with x not reduced", function()
      local p_plus_1 = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30"

      assert.is_false(verify(p_plus_1 .. y, unhex(z), z .. z))
    end)

    it("rejects a key off the curve", function()
      assert.is_false(verify(number(1) .. y:sub(1, 63) .. "f", unhex(z), z .. z))
      assert.is_false(verify(ZERO .. ZERO, unhex(z), z .. z))
      assert.is_false(verify(P .. P, unhex(z), z .. z))
    end)
  end)

  -- Secret 2, nonce 3, z = 1. Python.
  it("takes the digest modulo the order", function()
    local key = "c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5"
      .. "1ae168fea63dc339a3c58419466ceaeef7f632653266d0e1236431a950cfe52a"
    local signature = "f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9"
      .. "048a4ea99e6f7df52487cafc04ec73e358fe0dc0c7e6045cd1359e50b78eb185"

    assert.is_true(verify(key, unhex(number(1)), signature))
    assert.is_true(verify(key, unhex(N_PLUS_1), signature))
    assert.is_false(verify(key, unhex(number(2)), signature))
  end)
end)

describe("secp256k1.recover #small", function()
  local function check_refused(digest, signature)
    local key, message, code = secp256k1.recover(digest, unhex(signature))

    assert.is_nil(key)
    assert.equal("no public key follows from the signature", message)
    assert.equal("invalid_input", code)
  end

  it("gives the key that signed", function()
    for _, one in ipairs(SIGNATURES) do
      assert.equal(one.public_key,
        hex(secp256k1.recover(crypto.sha256(one.message), unhex(one.signature))))
    end
  end)

  it("gives the same key for the form with a high s", function()
    assert.equal(G, hex(secp256k1.recover(FIRST_DIGEST, unhex(FIRST_HIGH))))
  end)

  it("gives another key for another v", function()
    local other = secp256k1.recover(FIRST_DIGEST, unhex(FIRST.signature:sub(1, 128) .. "00"))

    assert.is_string(other)
    assert.not_equal(G, hex(other))
  end)

  -- R.x = n + 2 lies below p, so r = 2 has four keys; s = 3. Keys worked out with Python.
  it("reads v 2 and 3 as R.x above the order", function()
    local digest = crypto.sha256 "large x"
    local signature = number(2) .. number(3)

    local even = secp256k1.recover(digest, unhex(signature .. "02"))
    local odd = secp256k1.recover(digest, unhex(signature .. "03"))

    assert.equal("0973ac9b7ee9707cc19adf6c36b1cfe7dd867c3ddb96c2f53879aa88a1a4aada"
      .. "5527dc27a451d85696bd37b09c7314d616217ac67da87ce04453003eab9d96d8", hex(even))
    assert.equal("7c89a0d749e0e4a686e00e82ce22625face1d237eb4909955e2d51f7dc076af8"
      .. "e75a5ce79aed483c816868f6fbf5a8fabef70c2488d9597b20531b2bd0f35b88", hex(odd))
    assert.is_true(secp256k1.verify(even, digest, unhex(signature)))
    assert.is_true(secp256k1.verify(odd, digest, unhex(signature)))
  end)

  it("refuses v 2 where r plus the order is p or above", function()
    -- p - n = 14551231950b75fc4402da1722fc9baee
    check_refused(FIRST_DIGEST,
      "000000000000000000000000000000014551231950b75fc4402da1722fc9baee" .. number(1) .. "02")
    check_refused(FIRST_DIGEST, FIRST.signature:sub(1, 128) .. "02")
    check_refused(FIRST_DIGEST, FIRST.signature:sub(1, 128) .. "03")
  end)

  it("refuses v above 3", function()
    for _, v in ipairs { "04", "1b", "1c", "ff" } do
      check_refused(FIRST_DIGEST, FIRST.signature:sub(1, 128) .. v)
    end
  end)

  it("refuses r that is no x of the curve", function()
    -- 5^3 + 7 is not a square modulo p.
    check_refused(FIRST_DIGEST, number(5) .. number(1) .. "00")
    check_refused(FIRST_DIGEST, number(5) .. number(1) .. "01")
  end)

  -- R = G and s = z: the two terms cancel.
  it("refuses a signature whose key would be at infinity", function()
    check_refused(unhex(number(7)), G:sub(1, 64) .. number(7) .. "00")
  end)

  it("refuses r or s that is zero, the order or above it", function()
    local r, s = FIRST.signature:sub(1, 64), FIRST.signature:sub(65, 128)

    for _, wrong in ipairs { ZERO, N, N_PLUS_1, ("f"):rep(64) } do
      check_refused(FIRST_DIGEST, wrong .. s .. "00")
      check_refused(FIRST_DIGEST, r .. wrong .. "00")
    end
  end)

  it("refuses a signature of another length", function()
    for size = 0, 64 do check_refused(FIRST_DIGEST, FIRST.signature:sub(1, 2 * size)) end
    check_refused(FIRST_DIGEST, FIRST.signature .. "00")
  end)
end)
