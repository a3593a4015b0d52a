-- Transactions and queries: bytes, hash, id, and a signature made and verified.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local values = require "vmhost.conformance.orbs.values"

local function keys_of(input)
  local seed, public_key = values.bytes(input.private_key_seed), values.bytes(input.public_key)
  if crypto.ed25519.public_key(seed) ~= public_key then
    values.fault "the public key is not that of the seed"
  end
  return seed, public_key
end

local function fields_of(input)
  values.check_keys(input, "protocol_version virtual_chain_id timestamp_nano network_type "
    .. "public_key private_key_seed contract_name method_name arguments", "input")
  local _, public_key = keys_of(input)
  return {
    protocol_version = values.integer(input.protocol_version),
    virtual_chain_id = values.integer(input.virtual_chain_id),
    timestamp = values.integer(input.timestamp_nano),
    signer = { eddsa = { network_type = input.network_type, signer_public_key = public_key } },
    contract_name = input.contract_name,
    method_name = input.method_name,
    input_argument_array = values.arguments(input.arguments),
  }
end

-- Signs with the seed of the input, and shows that its public key verifies the signature.
local function sign(input, hash)
  local seed, public_key = keys_of(input)
  local signature = crypto.ed25519.sign(seed, hash)
  if not crypto.ed25519.verify(public_key, hash, signature) then
    values.fault "the signature does not verify"
  end
  return signature
end

local function run_transactions(case)
  local fields = fields_of(case.input)
  local transaction = values.encode("Transaction", fields)
  local hash = codec.transaction_hash(transaction)
  local signature = sign(case.input, hash)
  local signed = { transaction = fields, signature = signature }
  local signed_bytes = values.encode("SignedTransaction", signed)
  return {
    unsigned_transaction_hex = values.hex(transaction),
    signer_hex = values.hex(values.encode("Signer", fields.signer)),
    tx_hash_hex = values.hex(hash),
    tx_id = crypto.address_text(codec.transaction_id(signed_bytes), "sha256"),
    signature_hex = values.hex(signature),
    signed_transaction_hex = values.hex(signed_bytes),
    expected_hex = values.hex(values.encode("SendTransactionRequest",
      { signed_transaction = signed })),
  }
end

-- The clients send queries unsigned; a case that holds a signature is signed.
local function run_queries(case)
  local fields = fields_of(case.input)
  local query = values.encode("Query", fields)
  local hash = codec.query_hash(query)
  local signed = (case.signature_hex or "") ~= ""
  local signature = signed and sign(case.input, hash) or ""
  return {
    query_hex = values.hex(query),
    query_hash_hex = values.hex(hash),
    signature_hex = values.hex(signature),
    expected_hex = values.hex(values.encode("RunQueryRequest",
      { signed_query = { query = fields, signature = signature } })),
  }
end

-- The signer lies behind version, chain and timestamp, and may be one that no writer gives: of an
-- unknown scheme. So it is put into a transaction that was written without one.
local SIGNER_OFFSET = 4 + 4 + 8

local function with_signer(transaction, signer)
  local padding = ("\0"):rep(-#signer % 4)
  return transaction:sub(1, SIGNER_OFFSET) .. ("<s4"):pack(signer) .. padding
    .. transaction:sub(SIGNER_OFFSET + 4 + 1)
end

local function unsigned_fields(input)
  values.check_keys(input, "protocol_version virtual_chain_id timestamp_nano contract_name "
    .. "method_name arguments_hex", "input")
  return {
    protocol_version = values.integer(input.protocol_version),
    virtual_chain_id = values.integer(input.virtual_chain_id),
    timestamp = values.integer(input.timestamp_nano),
    contract_name = input.contract_name,
    method_name = input.method_name,
    input_argument_array = values.bytes(input.arguments_hex),
  }
end

-- A known signer is also read and written.
local function check_known_signer(fields, signer, transaction)
  local known = codec.decode("Signer", signer)
  if next(known) == nil then return end
  fields.signer = known
  if values.encode("Transaction", fields) ~= transaction then
    values.fault "the signer is not the same when it is read and written again"
  end
end

local function run_special_transactions(case)
  local fields, signer = unsigned_fields(case.input), values.bytes(case.signer_hex)
  local transaction = with_signer(codec.encode("Transaction", fields), signer)
  check_known_signer(fields, signer, transaction)
  local signed = ("<s4"):pack(transaction) .. ("\0"):rep(-#transaction % 4) .. ("<s4"):pack ""
  return {
    expected_hex = values.hex(transaction),
    signed_transaction_hex = values.hex(signed),
    tx_hash_hex = values.hex(codec.transaction_hash(signed)),
    tx_id_hex = values.hex(codec.transaction_id(transaction)),
  }
end

return {
  {
    name = "transactions",
    inputs = { "input" },
    fits = function(case)
      return case.unsigned_transaction_hex ~= nil and type(case.input) == "table"
    end,
    run = run_transactions,
  },
  {
    name = "queries",
    inputs = { "input" },
    fits = function(case) return case.query_hex ~= nil and type(case.input) == "table" end,
    run = run_queries,
  },
  {
    name = "special_transactions",
    inputs = { "input", "signer_hex" },
    fits = function(case)
      return type(case.input) == "table" and case.input.arguments_hex ~= nil
        and case.signer_hex ~= nil
    end,
    run = run_special_transactions,
  },
}
