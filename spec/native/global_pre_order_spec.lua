local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local CONTRACT = "0x57a1ed9d7a1b1b1b1b1b1b1b1b1b1b1b1b1b1b1b"

local function word_bytes(number) return ("\0"):rep(24) .. (">I8"):pack(number) end

-- Tokens are counted in units of 10^-18.
local function tokens_bytes(whole)
  return word.new(whole .. ("0"):rep(18)):to_bytes()
end

-- What the Ethereum contract answers: id, offset of the plan, start, tokens, length, plan.
local function subscription(fields)
  fields = fields or {}
  return word_bytes(fields.chain_id or 42) .. word_bytes(fields.offset or 128)
    .. word_bytes(fields.start or 1500000000) .. (fields.tokens or tokens_bytes(450))
    .. word_bytes(fields.length or 2) .. (fields.plan or "B0") .. ("\0"):rep(30)
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("_GlobalPreOrder under " .. rule_set .. " #small", function()
    local answer, seen

    local function open()
      seen = nil
      return assert(chains.open { rule_set = rule_set, connector = { call = function(call)
        seen = call
        return { { bytes = answer } }
      end } })
    end

    local function refresh(chain, contract)
      local out = chain:commit { failing = true, { "_GlobalPreOrder", "refreshSubscription",
        contract or CONTRACT } }
      return chains.outcome(out.receipts[1]), out
    end

    local function approve(chain)
      local _, failure = chain:query { "_GlobalPreOrder", "approve" }
      return failure
    end

    it("approves a chain that nobody looked at", function()
      local chain <close> = open()

      assert.is_nil(approve(chain))
    end)

    it("approves a chain that is paid for, and keeps the contract", function()
      answer = subscription()
      local chain <close> = open()

      local outcome, out = refresh(chain)

      assert.same({ "SUCCESS" }, outcome)
      assert.same({ "SubscriptionContract=" .. CONTRACT, "SubscriptionProblem=" },
        chains.diff(out)._GlobalPreOrder)
      assert.is_nil(approve(chain))
    end)

    it("asks Ethereum for the chain", function()
      answer = subscription()
      local chain <close> = open()

      refresh(chain)

      local values = chains.values(seen.input_arguments)
      assert.equal("callMethod", seen.method_name)
      assert.equal(CONTRACT, values[1])
      assert.equal(0, values[3])
      assert.equal("getSubscriptionData", values[4])
      assert.equal(crypto.keccak256("getSubscriptionData(bytes32)"):sub(1, 4)
        .. word_bytes(42), values[5])
      assert.equal(chains.time(1), seen.reference_timestamp)
    end)

    local PROBLEMS = {
      { "another chain", { chain_id = 43 },
        "subscription id 43 differs from my virtual chain id (42)" },
      { "a start that is to come", { start = 1600000001 },
        "subscription isn't valid because it only starts at 1600000001" },
      { "a plan that nobody knows", { plan = "B9" }, "plan with name B9 is not recognized" },
      { "too few tokens", { tokens = tokens_bytes(449) },
        "plan with name B0 costs 450 tokens but subscription only paid 449 tokens" },
      { "too few tokens for a dear plan", { plan = "B5", tokens = tokens_bytes(6600) },
        "plan with name B5 costs 13200 tokens but subscription only paid 6600 tokens" },
    }

    for _, case in ipairs(PROBLEMS) do
      it("refuses " .. case[1], function()
        answer = subscription(case[2])
        local chain <close> = open()

        local outcome, out = refresh(chain)

        assert.same({ "SUCCESS" }, outcome)
        assert.equal("SubscriptionProblem=" .. case[3], chains.diff(out)._GlobalPreOrder[2])
        assert.equal(case[3], approve(chain))
      end)
    end

    it("takes every plan at its price", function()
      local chain <close> = open()

      for plan, price in pairs { B0 = 450, B1 = 850, B2 = 1650, B3 = 3300, B4 = 6600 } do
        answer = subscription { plan = plan, tokens = tokens_bytes(price) }
        refresh(chain)
        assert.is_nil(approve(chain))
        answer = subscription { plan = plan, tokens = tokens_bytes(price - 1) }
        refresh(chain)
        assert.is_string(approve(chain))
      end
    end)

    it("approves again once the problem is gone", function()
      local chain <close> = open()
      answer = subscription { plan = "B9" }
      refresh(chain)
      answer = subscription()
      refresh(chain)

      assert.is_nil(approve(chain))
    end)

    it("stays with the first contract", function()
      answer = subscription()
      local chain <close> = open()
      refresh(chain)

      assert.same({ "ERROR_SMART_CONTRACT", "can only refresh current contract " .. CONTRACT },
        (refresh(chain, "0xother")))
    end)

    local MALFORMED = { ["nothing"] = "", ["too few bytes"] = ("\0"):rep(159),
      ["an offset behind the end"] = subscription { offset = 1000 },
      ["a length behind the end"] = subscription { length = 33 } }

    for form, bytes in pairs(MALFORMED) do
      it("fails at an answer with " .. form, function()
        answer = bytes
        local chain <close> = open()

        assert.same({ "ERROR_SMART_CONTRACT", "subscription contract answered malformed bytes" },
          (refresh(chain)))
      end)
    end

    it("fails at a connector that refuses", function()
      local chain <close> = assert(chains.open { rule_set = rule_set,
        connector = { call = function() return nil, "no such contract" end } })

      assert.same({ "ERROR_SMART_CONTRACT", "no such contract" }, (refresh(chain)))
    end)
  end)
end
