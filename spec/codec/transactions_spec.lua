local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local function transaction_of(input)
  return {
    protocol_version = input.protocol_version,
    virtual_chain_id = input.virtual_chain_id,
    timestamp = input.timestamp_nano,
    signer = input.public_key and {
      eddsa = {
        network_type = input.network_type, signer_public_key = from_hex(input.public_key),
      },
    },
    contract_name = input.contract_name,
    method_name = input.method_name,
    input_argument_array = input.arguments and orbs_vectors.arguments(input.arguments)
      or from_hex(input.arguments_hex),
  }
end

describe("transactions of the JavaScript client #small", function()
  for _, case in ipairs(orbs_vectors.cases "transactions") do
    local signed = from_hex(case.signed_transaction_hex)

    it("are written byte for byte: " .. case.name, function()
      local transaction = transaction_of(case.input)
      local request = { signed_transaction = {
        transaction = transaction, signature = from_hex(case.signature_hex),
      } }

      assert.equal(case.unsigned_transaction_hex, to_hex(codec.encode("Transaction", transaction)))
      assert.equal(case.signer_hex, to_hex(codec.encode("Signer", transaction.signer)))
      assert.equal(case.expected_hex, to_hex(codec.encode("SendTransactionRequest", request)))
    end)

    it("are canonical and read back to the same bytes: " .. case.name, function()
      local fields = assert(codec.decode("SignedTransaction", signed, { canonical = true }))

      assert.equal(case.signed_transaction_hex, to_hex(codec.encode("SignedTransaction", fields)))
    end)

    it("have the client's hash, id and signature: " .. case.name, function()
      local hash = codec.transaction_hash(signed)

      assert.equal(case.tx_hash_hex, to_hex(hash))
      assert.equal(hash, codec.transaction_hash(from_hex(case.unsigned_transaction_hex)))
      assert.equal(case.tx_id:lower(), "0x" .. to_hex(codec.transaction_id(signed)))
      assert.is_true(crypto.ed25519.verify(from_hex(case.input.public_key), hash,
        from_hex(case.signature_hex)))
    end)
  end
end)

describe("queries of the JavaScript client #small", function()
  for _, case in ipairs(orbs_vectors.cases "queries") do
    it("are written byte for byte: " .. case.name, function()
      local query = transaction_of(case.input)

      assert.equal(case.query_hex, to_hex(codec.encode("Query", query)))
      assert.equal(case.expected_hex,
        to_hex(codec.encode("RunQueryRequest", { signed_query = { query = query } })))
    end)

    it("have one hash, signed or bare: " .. case.name, function()
      local query = from_hex(case.query_hex)
      local signed = codec.encode("SignedQuery",
        codec.decode("RunQueryRequest", from_hex(case.expected_hex)).signed_query)

      assert.equal(crypto.sha256(query), codec.query_hash(query))
      assert.equal(crypto.sha256(query), codec.query_hash(signed))
    end)
  end
end)

describe("transactions with unusual signers #small", function()
  for _, case in ipairs(orbs_vectors.cases "special_transactions") do
    local signed = from_hex(case.signed_transaction_hex)

    it("have the node's hash and id: " .. case.name, function()
      assert.equal(case.tx_hash_hex, to_hex(codec.transaction_hash(signed)))
      assert.equal(case.tx_id_hex, to_hex(codec.transaction_id(signed)))
      assert.equal(case.tx_hash_hex, to_hex(codec.transaction_hash(from_hex(case.expected_hex))))
    end)

    if case.name ~= "unknown_scheme_10000" then
      it("read back to the same bytes: " .. case.name, function()
        local fields = assert(codec.decode("SignedTransaction", signed, { canonical = true }))

        assert.equal(case.signed_transaction_hex, to_hex(codec.encode("SignedTransaction", fields)))
      end)
    end
  end

  local function signer_of(name)
    local case = orbs_vectors.case("special_transactions", name)
    return codec.decode("Transaction", from_hex(case.expected_hex)).signer
  end

  it("show an absent signer as nil", function()
    assert.is_nil(signer_of "trigger_without_signer")
  end)

  it("show a calling contract", function()
    assert.same({ smart_contract_caller = { contract_name = "Contract1" } },
      signer_of "smart_contract_caller_signer")
  end)

  it("show a short public key as it is", function()
    assert.same({ eddsa = { network_type = "TEST_NET", signer_public_key = ("\x44"):rep(31) } },
      signer_of "eddsa_short_public_key")
  end)

  it("show an unknown scheme as an empty signer, and are not canonical", function()
    local case = orbs_vectors.case("special_transactions", "unknown_scheme_10000")
    local _, message, code =
      codec.decode("Transaction", from_hex(case.expected_hex), { canonical = true })

    assert.same({}, signer_of "unknown_scheme_10000")
    assert.equal("malformed", code)
    -- The signer's length, 2, is the first byte that an absent signer writes otherwise.
    assert.equal("Transaction of 56 bytes is not canonical at offset 16", message)
  end)
end)

describe("requests of the Go client #small", function()
  for _, case in ipairs(orbs_vectors.cases "sdk_codec") do
    it("read canonically and are written again: " .. case.name, function()
      local bytes = from_hex(case.expected_hex)
      local fields = assert(codec.decode(case.message, bytes, { canonical = true }))

      assert.equal(case.expected_hex, to_hex(codec.encode(case.message, fields)))
    end)
  end

  it("show arguments and names", function()
    local case = orbs_vectors.case("sdk_codec", "st_req_2_scalar_inputs")
    local transaction = codec.decode("SendTransactionRequest", from_hex(case.expected_hex))
      .signed_transaction.transaction

    assert.equal(34727, transaction.virtual_chain_id)
    assert.equal(1605988800000000000, transaction.timestamp)
    assert.equal("SuperToken", transaction.contract_name)
    assert.same({ type = "bytes", value = "\1\2\3" }, transaction.input_argument_array[4])
  end)
end)

describe("requests over HTTP #small", function()
  local function fields_of(case)
    local bytes = from_hex(case.input.tx_id:sub(3))
    local head = { protocol_version = 1, virtual_chain_id = case.input.virtual_chain_id }
    if case.name == "request_GetBlock" then
      head.block_height = case.input.block_height
      return head
    end
    head.transaction_timestamp = ("<i8"):unpack(bytes)
    head.txhash = bytes:sub(9)
    return { transaction_ref = head }
  end

  for _, case in ipairs(orbs_vectors.cases "http") do
    it("have the body that the client sends: " .. case.name, function()
      local message = case.name:gsub("^request_", "") .. "Request"

      assert.equal(case.expected_hex, to_hex(codec.encode(message, fields_of(case))))
    end)
  end
end)

describe("transaction_hash #small", function()
  it("refuses bytes that are no transaction", function()
    local hash, message, code = codec.transaction_hash "abc"

    assert.is_nil(hash)
    assert.equal("3 bytes are no transaction or query", message)
    assert.equal("malformed", code)
  end)
end)

describe("request_id #small", function()
  it("is the hash of transaction hash, height and index", function()
    local txhash = ("h"):rep(32)

    assert.equal(crypto.sha256(txhash .. "\7\0\0\0\0\0\0\0" .. "\2\0\0\0"),
      codec.request_id(txhash, 7, 2))
  end)
end)
