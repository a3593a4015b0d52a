local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local HEADERS = {
  transactions_block_header = "TransactionsBlockHeader",
  results_block_header = "ResultsBlockHeader",
}

local function header_fields(input)
  local fields = {}
  for name, value in pairs(input) do
    fields[name] = name ~= "timestamp" and type(value) == "string" and from_hex(value) or value
  end
  return fields
end

local function header_bytes(name)
  return from_hex(orbs_vectors.case("blocks", name).expected_hex)
end

describe("block headers #small", function()
  for name, message in pairs(HEADERS) do
    local case = orbs_vectors.case("blocks", name)

    it("are written byte for byte: " .. message, function()
      local bytes = codec.encode(message, header_fields(case.input))

      assert.equal(case.expected_hex, to_hex(bytes))
      assert.equal(case.hash_hex, to_hex(crypto.sha256(bytes)))
    end)

    it("read canonically and are written again: " .. message, function()
      local fields = assert(codec.decode(message, header_bytes(name), { canonical = true }))

      assert.equal(7, fields.block_height)
      assert.equal(1600000000123000000, fields.timestamp)
      assert.equal(case.expected_hex, to_hex(codec.encode(message, fields)))
    end)
  end

  it("give the block hash together", function()
    local hash = codec.block_hash(header_bytes "transactions_block_header",
      header_bytes "results_block_header")

    assert.equal(orbs_vectors.case("blocks", "block_pair_hash").expected_hex, to_hex(hash))
  end)

  it("have metadata of zero bytes", function()
    local case = orbs_vectors.case("blocks", "transactions_block_metadata_empty")
    local bytes = codec.encode("TransactionsBlockMetadata", {})

    assert.equal("", bytes)
    assert.equal(case.hash_hex, to_hex(crypto.sha256(bytes)))
    assert.same({}, codec.decode("TransactionsBlockMetadata", "", { canonical = true }))
  end)
end)

describe("proofs #small", function()
  it("of a receipt are written byte for byte", function()
    local case = orbs_vectors.case("blocks", "receipt_proof")
    local header = orbs_vectors.case("blocks", "results_block_header")
    local proof = codec.encode("ReceiptProof", {
      header = header_fields(header.input),
      block_proof = {
        transactions_block_hash = from_hex(case.input.transactions_block_hash),
        lean_helix = from_hex(case.input.lean_helix_hex),
      },
      receipt_proof = from_hex(case.input.receipt_proof_hex),
    })

    assert.equal(case.expected_hex, to_hex(proof))
  end)

  it("of a receipt read back", function()
    local case = orbs_vectors.case("blocks", "receipt_proof")
    local proof = codec.decode("ReceiptProof", from_hex(case.expected_hex), { canonical = true })

    assert.equal("\1\2\3\4", proof.block_proof.lean_helix)
    assert.is_nil(proof.block_proof.benchmark_consensus)
  end)

  it("without fields are of the first type and empty", function()
    local case = orbs_vectors.case("blocks", "results_block_proof_empty")

    assert.equal(case.expected_hex, to_hex(codec.encode("ResultsBlockProof", {})))
    assert.same({ transactions_block_hash = "", benchmark_consensus = "" },
      codec.decode("ResultsBlockProof", from_hex(case.expected_hex), { canonical = true }))
  end)

  it("of two types at once are refused", function()
    assert.has_error(function()
      codec.encode("ResultsBlockProof", { lean_helix = "", benchmark_consensus = "" })
    end, "ResultsBlockProof: both benchmark_consensus and lean_helix are given")
  end)
end)

describe("state diffs #small", function()
  local function diff_of(input)
    local diff = {}
    for index, contract in ipairs(input) do
      local records = {}
      for i, record in ipairs(contract.records) do
        records[i] = { key = from_hex(record.key_hex), value = from_hex(record.value_hex) }
      end
      diff[index] = { contract_name = contract.contract, state_diffs = records }
    end
    return diff
  end

  for _, case in ipairs(orbs_vectors.cases "state_diffs") do
    it("are written byte for byte: " .. case.name, function()
      local messages = {}
      for index, contract in ipairs(diff_of(case.input)) do
        messages[index] = to_hex(codec.encode("ContractStateDiff", contract))
      end

      assert.same(case.contract_state_diffs_hex, messages)
    end)

    it("have the hash of the results block: " .. case.name, function()
      assert.equal(case.expected_hex, to_hex(codec.state_diff_hash(diff_of(case.input))))
    end)
  end

  it("raise with the path of a wrong value", function()
    assert.has_error(function()
      codec.state_diff_hash { { contract_name = "C", state_diffs = { { key = 1 } } } }
    end, "state_diff[1].state_diffs[1].key: expected string, got number 1")
  end)
end)
