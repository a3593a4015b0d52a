local chains = require "spec.support.chain"
local codec = require "vmhost.codec"

local function text(value) return { string = value } end

-- A connector whose subscription is paid with so few tokens that the chain is refused: plan B0,
-- 0 tokens, started at second 1, chain 42.
local function word_bytes(number) return ("\0"):rep(24) .. (">I8"):pack(number) end
local UNPAID = word_bytes(42) .. word_bytes(128) .. word_bytes(1) .. word_bytes(0) .. word_bytes(2)
  .. "B0" .. ("\0"):rep(30)
local REFUSAL = "plan with name B0 costs 450 tokens but subscription only paid 0 tokens"

local function open(rule_set, further)
  local given = { rule_set = rule_set,
    connector = { call = function() return { { bytes = UNPAID } } end } }
  for name, value in pairs(further or {}) do given[name] = value end
  return assert(chains.open(given))
end

local function refuse_chain(chain)
  chain:commit { { "_GlobalPreOrder", "refreshSubscription", text "0x00" } }
end

local function set_of(chain)
  local set = chain:set {}
  local good, wrong = chain:sign { "Probe", "readW" }, chain:sign { "Probe", "readW" }
  wrong.signature = ("\1"):rep(64)
  local short_key = chain:sign { "Probe", "readW" }
  short_key.transaction.signer.eddsa.signer_public_key = ("k"):rep(31)
  local short_signature = chain:sign { "Probe", "readW" }
  short_signature.signature = "short"
  local contract = chain:sign { "Probe", "readW" }
  contract.transaction.signer = { smart_contract_caller = { contract_name = "Probe" } }
  set.signed_transactions = { good, wrong, short_key, short_signature, contract,
    chain:sign { "Probe", "readW", signer = false }, chain:sign { "Nobody", "nothing" } }
  return set
end

local STATUSES = { "PRE_ORDER_VALID", "REJECTED_SIGNATURE_MISMATCH",
  "REJECTED_SIGNATURE_MISMATCH", "REJECTED_SIGNATURE_MISMATCH",
  "REJECTED_UNKNOWN_SIGNER_SCHEME", "REJECTED_UNKNOWN_SIGNER_SCHEME", "PRE_ORDER_VALID" }

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("transaction_set_pre_order under " .. rule_set .. " #small", function()
    it("gives a status per transaction, and names the first that is not valid", function()
      local chain <close> = open(rule_set)

      local statuses, failure = chain.host:transaction_set_pre_order(set_of(chain))

      assert.same(STATUSES, statuses)
      assert.same({ index = 2, status = "REJECTED_SIGNATURE_MISMATCH",
        message = "transaction 2: REJECTED_SIGNATURE_MISMATCH" }, failure)
    end)

    it("has no failure where all are valid", function()
      local chain <close> = open(rule_set)

      local statuses, failure =
        chain.host:transaction_set_pre_order(chain:set { { "Probe", "readW" } })

      assert.same({ "PRE_ORDER_VALID" }, statuses)
      assert.is_nil(failure)
    end)

    it("of an empty set is empty", function()
      local chain <close> = open(rule_set)

      local statuses, failure = chain.host:transaction_set_pre_order(chain:set {})

      assert.same({}, statuses)
      assert.is_nil(failure)
    end)

    it("replaces VALID when _GlobalPreOrder refuses, and keeps rejections", function()
      local chain <close> = open(rule_set)
      refuse_chain(chain)

      local statuses, failure = chain.host:transaction_set_pre_order(set_of(chain))

      local expected = table.move(STATUSES, 1, #STATUSES, 1, {})
      expected[1], expected[7] = "REJECTED_GLOBAL_PRE_ORDER", "REJECTED_GLOBAL_PRE_ORDER"
      assert.same(expected, statuses)
      assert.same({ index = 1, status = "REJECTED_GLOBAL_PRE_ORDER",
        message = "transaction 1: REJECTED_GLOBAL_PRE_ORDER: " .. REFUSAL }, failure)
    end)

    it("changes nothing", function()
      local chain <close> = open(rule_set)
      local root = chain.storage:state_hash()

      chain.host:transaction_set_pre_order(set_of(chain))

      assert.equal(root, chain.storage:state_hash())
    end)
  end)
end

describe("transaction_set_pre_order", function()
  it("does not depend on the number of threads: 200 transactions", function()
    local expected, wrong = {}, { [1] = true, [57] = true, [58] = true, [200] = true }
    for index = 1, 200 do
      expected[index] = wrong[index] and "REJECTED_SIGNATURE_MISMATCH" or "PRE_ORDER_VALID"
    end

    for _, threads in ipairs { 1, 2, 7 } do
      local chain <close> = open("vmhost-1", { verify_threads = threads })
      local set = chain:set {}
      for index = 1, 200 do
        local signed = chain:sign { "Probe", "readW", signer = index % 3 + 1 }
        if wrong[index] then signed.transaction.timestamp = 1 end
        set.signed_transactions[index] = signed
      end

      local statuses, failure = chain.host:transaction_set_pre_order(set)

      assert.same(expected, statuses)
      assert.equal(1, failure.index)
    end
  end)

  it("names a malformed transaction under vmhost-1", function()
    local chain <close> = open "vmhost-1"
    local set = chain:set { { "Probe", "readW" }, { "Probe", "readW" } }
    set.signed_transactions[2] = set.signed_transactions[2] .. "\0"

    local statuses, message, code = chain.host:transaction_set_pre_order(set)

    assert.is_nil(statuses)
    assert.equal("malformed", code)
    assert.truthy(message:find "^signed transaction 2: ")
  end)

  it("rejects a transaction that cannot be read under reference", function()
    local chain <close> = open "reference"
    local set = chain:set {}
    set.signed_transactions = { "noise" }

    assert.same({ "REJECTED_UNKNOWN_SIGNER_SCHEME" },
      (chain.host:transaction_set_pre_order(set)))
  end)

  it("shows the transaction's bytes as they came to the signature", function()
    local chain <close> = open "reference"
    local signed = codec.encode("SignedTransaction", chain:sign { "Probe", "readW" })
    local set = chain:set {}
    set.signed_transactions = { signed .. "behind the message" }

    assert.same({ "PRE_ORDER_VALID" }, (chain.host:transaction_set_pre_order(set)))
  end)
end)
