local crypto = require "vmhost.crypto"

local hex = crypto.hex

-- Bytes 0, 1, 2, ... 250, 0, ...: the digests of these come from Python 3.11, from hashlib for SHA3
-- and BLAKE2b, and for Keccak from a bit-level model of FIPS 202 that agrees with hashlib on SHA3.
local function pattern(size)
  local bytes = {}
  for i = 1, size do bytes[i] = string.char((i - 1) % 251) end
  return table.concat(bytes)
end

describe("sha256 #small", function()
  it("gives the digests of FIPS 180-4", function()
    assert.equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      hex(crypto.sha256 ""))
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      hex(crypto.sha256 "abc"))
    assert.equal("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      hex(crypto.sha256 "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"))
    assert.equal("cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
      hex(crypto.sha256(("a"):rep(1000000))))
  end)

  it("is counted once a digest, an address included", function()
    local before = crypto.sha256_count()

    crypto.sha256 "a"
    crypto.sha256(("a"):rep(1000))
    crypto.address_of_contract "name"
    crypto.keccak256 "a"

    assert.equal(3, crypto.sha256_count() - before)
  end)

  it("takes strings only", function()
    assert.error_matches(function() crypto.sha256(1) end, "string expected, got number")
    assert.has_error(function() crypto.sha256() end)
  end)
end)

describe("sha3_256 #small", function()
  it("gives the digests of FIPS 202", function()
    assert.equal("a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
      hex(crypto.sha3_256 ""))
    assert.equal("3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
      hex(crypto.sha3_256 "abc"))
  end)

  it("pads at and around whole blocks of 136 bytes", function()
    local expected = {
      [1] = "5d53469f20fef4f8eab52b88044ede69c77a6a68a60728609fc4a65ff531e7d0",
      [135] = "fded8fd9d6551c601eeb3b7c6bc5e5cfd8aad1d015b7e9aaa9c9b9475231d5e2",
      [136] = "cf3ccff92480a29160c2d38317c430e14749bfee1788106957dfe73f8c4930e5",
      [137] = "ce9d7dc90913ee5d92745019479a5352c6d6279bef18ed07dc0a83ee8084daca",
      [271] = "0153fcdb6825d836b10835ccb3999dc1d8b68492f77e7e38afa31f8e244bd7af",
      [272] = "b7ccd55b6c2c3fa144c9e0624059294975a348b02f321abe289701d3012f7794",
      [273] = "4827800416bd25b01f53360454943ef688112eaee40422929a59af596a2c0be7",
      [1000] = "48e66a01861d0eadaacdb7a6ae7db6b9ac79242ecced4154a9fbb33c4e3cc571",
    }

    for size, digest in pairs(expected) do
      assert.equal(digest, hex(crypto.sha3_256(pattern(size))), size .. " bytes")
    end
  end)
end)

describe("keccak256 #small", function()
  it("gives the digests that Ethereum is known by", function()
    assert.equal("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470",
      hex(crypto.keccak256 ""))
    assert.equal("4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45",
      hex(crypto.keccak256 "abc"))
    assert.equal("5f16f4c7f149ac4f9510d9cf8cf384038ad348b3bcdc01915f95de12df9d1b02",
      hex(crypto.keccak256 "testing"))
    assert.equal("a9059cbb", hex(crypto.keccak256("transfer(address,uint256)"):sub(1, 4)))
  end)

  it("pads at and around whole blocks of 136 bytes", function()
    local expected = {
      [1] = "bc36789e7a1e281436464229828f817d6612f7b477d66591ff96a9e064bcc98a",
      [135] = "cbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62",
      [136] = "7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e",
      [137] = "ac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db",
      [271] = "27eceb59ebc3dc8a04a5b135be641591a7278540e4556a2ba9f408194e666ec3",
      [272] = "8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc",
      [273] = "3f02f134370e4debb95140ef49ddd3aed8c65ff1ed83a43f1b269421f179c5f9",
      [1000] = "af692982e84a5a9688359025660a7857cd28ee7c8d867cfa1677baf2e6d1f63b",
    }

    for size, digest in pairs(expected) do
      assert.equal(digest, hex(crypto.keccak256(pattern(size))), size .. " bytes")
    end
  end)
end)

describe("ripemd160 #small", function()
  it("gives the digests of its authors' page", function()
    assert.equal("9c1185a5c5e9fc54612808977ee8f548b2258d31", hex(crypto.ripemd160 ""))
    assert.equal("8eb208f7e05d987a9b044a8e98c6b087f15a0bfc", hex(crypto.ripemd160 "abc"))
    assert.equal("f71c27109c692c1b56bbdceb5b9d2865b3708dbc",
      hex(crypto.ripemd160 "abcdefghijklmnopqrstuvwxyz"))
    assert.equal("9b752e45573d4b39f4dbd3323cab82bf63326bfb",
      hex(crypto.ripemd160(("1234567890"):rep(8))))
    assert.equal("52783243c1697bdbe16d37f97f68f08325dc1528",
      hex(crypto.ripemd160(("a"):rep(1000000))))
  end)
end)

describe("blake2b #small", function()
  it("gives the digest of RFC 7693, appendix A", function()
    assert.equal("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
      .. "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923",
      hex(crypto.blake2b("abc", 64)))
  end)

  it("gives 32 bytes unless told otherwise", function()
    assert.equal("bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319",
      hex(crypto.blake2b "abc"))
    assert.equal(crypto.blake2b("abc", 32), crypto.blake2b "abc")
  end)

  it("mixes the size into the digest", function()
    assert.equal("6b", hex(crypto.blake2b("abc", 1)))
    assert.equal("44229fc0ef", hex(crypto.blake2b("abc", 5)))
    assert.equal("384264f676f39536840523f284921cdc68b6846b", hex(crypto.blake2b("abc", 20)))
    assert.equal("eb5324bb0b0f9ca27381f22f5e49604d7c341b77371fe5bf61fb643c8ab481c7"
      .. "555ef17c9b9e7c92f0daafff6c0d748cab97d2b267bf53f8225c173ea26f3e",
      hex(crypto.blake2b("abc", 63)))
  end)

  it("hashes at and around whole blocks of 128 bytes", function()
    local expected = {
      [0] = "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8",
      [1] = "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314",
      [127] = "f2fe67ff342e21b8f45e8f2e0bcd1d9243245d50ee6c78042e9c491388791c72",
      [128] = "c3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1",
      [129] = "f7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9",
      [255] = "d9ef0fc521b4266d16df662bec231bc2ec3989e7adeaf63169c295dc239dbbea",
      [256] = "582f782226018ec33076bd8d1c42413530ac7e1126260ffc0f306ba3befc3f24",
      [257] = "227e15ed64ee8e93eb7bc53828f76eed974f2c4ab1408c3d08f212b7f8d69904",
      [1000] = "b372d0608f720c8c3dd41e9c8eecb10143b41abe520b616607e754bf79c08331",
    }

    for size, digest in pairs(expected) do
      assert.equal(digest, hex(crypto.blake2b(pattern(size))), size .. " bytes")
    end
  end)

  it("refuses a size that is not 1 to 64", function()
    for _, size in ipairs { 0, 65, -1 } do
      assert.error_matches(function() crypto.blake2b("", size) end, "size must be 1 to 64")
    end
  end)
end)
