local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"
local state_storage = require "vmhost.state_storage"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local TRANSFER <const> = orbs_vectors.case("transactions", "transfer")
local TRANSACTION <const> = from_hex(TRANSFER.signed_transaction_hex)
local RECEIPT <const> = orbs_vectors.case("receipts", "success_uint64")
local NO_HASH <const> = ("\0"):rep(32)

local function open(rule_set)
  return assert(state_storage.open {
    memory = true, genesis = { virtual_chain_id = 42, rule_set = rule_set or "reference" },
  })
end

-- The state diff of the vectors "one_record" and "single_entry" have one form.
local function diffs_of(value)
  return { { contract_name = "Contract1", state_diffs = { { key = "\1", value = value } } } }
end

local function commit_two(storage)
  storage:commit_state_diff {
    height = 1, timestamp = 1600000000123000000, block_proposer = ("p"):rep(20),
    reference_time = 1599999400, state_diffs = diffs_of "\2",
  }
  storage:commit_state_diff {
    height = 2, timestamp = 1600000001123000000, block_proposer = ("q"):rep(20),
    reference_time = 1599999401, transactions = { TRANSACTION },
    receipts = { from_hex(RECEIPT.expected_hex) }, state_diffs = diffs_of "\5\6",
  }
end

describe("a committed block #small", function()
  it("has a transactions header of its transactions", function()
    local storage <close> = open()
    commit_two(storage)

    local header = codec.decode("TransactionsBlockHeader", storage:block(2).transactions_header)

    assert.same({
      protocol_version = 1, virtual_chain_id = 42, block_height = 2,
      prev_block_hash_ptr = crypto.sha256(storage:block(1).transactions_header),
      timestamp = 1600000001123000000,
      transactions_merkle_root_hash = from_hex(TRANSFER.tx_hash_hex),
      metadata_hash =
        from_hex(orbs_vectors.case("blocks", "transactions_block_metadata_empty").hash_hex),
      num_signed_transactions = 1, block_proposer_address = ("q"):rep(20),
      reference_time = 1599999401,
    }, header)
  end)

  it("has a results header of its receipts, its diffs and the state before", function()
    local storage <close> = open()
    commit_two(storage)

    local block = storage:block(2)
    local header = codec.decode("ResultsBlockHeader", block.results_header)

    assert.same({
      protocol_version = 1, virtual_chain_id = 42, block_height = 2,
      prev_block_hash_ptr = crypto.sha256(storage:block(1).results_header),
      timestamp = 1600000001123000000,
      receipts_merkle_root_hash = from_hex(RECEIPT.receipt_hash_hex),
      state_diff_hash = from_hex(orbs_vectors.case("state_diffs", "one_record").expected_hex),
      transactions_block_hash_ptr = crypto.sha256(block.transactions_header),
      pre_execution_state_merkle_root_hash =
        from_hex(orbs_vectors.case("state_trie", "single_entry").expected_hex),
      num_transaction_receipts = 1, num_contract_state_diffs = 1,
      block_proposer_address = ("q"):rep(20), reference_time = 1599999401,
    }, header)
  end)

  it("points to zeros when it is the first, and has the roots of nothing when empty", function()
    local storage <close> = open()
    storage:commit_state_diff { height = 1 }

    local block = storage:block(1)
    local transactions = codec.decode("TransactionsBlockHeader", block.transactions_header)
    local results = codec.decode("ResultsBlockHeader", block.results_header)

    assert.equal(NO_HASH, transactions.prev_block_hash_ptr)
    assert.equal(NO_HASH, transactions.transactions_merkle_root_hash)
    assert.equal(NO_HASH, results.prev_block_hash_ptr)
    assert.equal(NO_HASH, results.receipts_merkle_root_hash)
    assert.equal(orbs_vectors.case("state_diffs", "none").expected_hex,
      to_hex(results.state_diff_hash))
    assert.equal(state_storage.empty_root, results.pre_execution_state_merkle_root_hash)
  end)

  it("is given back as it was committed", function()
    local storage <close> = open()
    commit_two(storage)

    local block = storage:block(2)

    assert.same({ TRANSACTION }, block.transactions)
    assert.same({ from_hex(RECEIPT.expected_hex) }, block.receipts)
    assert.same(diffs_of "\5\6", block.state_diffs)
    assert.equal(crypto.sha256(crypto.sha256(block.transactions_header)
      .. crypto.sha256(block.results_header)), block.block_hash)
  end)

  it("is found by its hash, and no other hash is", function()
    local storage <close> = open()
    commit_two(storage)

    assert.equal(1, storage:find_block(storage:block(1).block_hash))
    assert.equal(2, storage:find_block(storage:block(2).block_hash))
    local _, _, code = storage:find_block(NO_HASH)
    assert.equal("not_found", code)
  end)

  it("is kept when its height can no longer be read", function()
    local storage <close> = open()
    commit_two(storage)
    for height = 3, 10 do storage:commit_state_diff { height = height } end

    assert.equal(6, storage:oldest_height())
    assert.same({ TRANSACTION }, storage:block(2).transactions)
  end)

  it("does not exist at height 0", function()
    local storage <close> = open()

    local _, _, code = storage:block(0)

    assert.equal("not_found", code)
  end)
end)

describe("a receipt #small", function()
  local function receipt(txhash, message_id)
    return codec.encode("TransactionReceipt", {
      txhash = txhash, execution_result = "SUCCESS", message_id = message_id,
    })
  end

  it("is found by transaction hash, where it was first", function()
    local storage <close> = open()
    local one, two, three = ("1"):rep(32), ("2"):rep(32), ("3"):rep(32)
    storage:commit_state_diff { height = 1, receipts = { receipt(one), receipt(two) } }
    storage:commit_state_diff { height = 2, receipts = { receipt(two), receipt(three) } }

    assert.same({ 1, 1 }, { storage:find_receipt(one) })
    assert.same({ 1, 2 }, { storage:find_receipt(two) })
    assert.same({ 2, 2 }, { storage:find_receipt(three) })
    local _, _, code = storage:find_receipt(NO_HASH)
    assert.equal("not_found", code)
  end)

  it("is found by request id too where receipts carry one", function()
    local storage <close> = open "vmhost-1"
    local txhash, id_one, id_two = ("t"):rep(32), ("1"):rep(32), ("2"):rep(32)
    storage:commit_state_diff {
      height = 1, receipts = { receipt(txhash, id_one), receipt(txhash, id_two) },
    }

    assert.same({ 1, 1 }, { storage:find_receipt(txhash) })
    assert.same({ 1, 1 }, { storage:find_receipt(id_one) })
    assert.same({ 1, 2 }, { storage:find_receipt(id_two) })
  end)
end)
