local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local TOKEN, OTHER = "VITE TOKEN", "OTHERTOKEN"
local ALICE, BOB = chains.accounts[1].address, chains.accounts[2].address
local MOST = word.new("0x" .. ("f"):rep(64))

local function address_of(name) return crypto.sha256(name):sub(-20) end

-- As Service.callMethod has it: the length stands before the array.
local function packed(...) return ("<s4"):pack(codec.pack_arguments { ... }) end

local SHOP = {}

function SHOP.buy(sdk, what)
  sdk.state.write("sold", what)
  return what, { bytes = sdk.address.caller() }
end

function SHOP.refuse(sdk)
  sdk.state.write("sold", "nothing")
  sdk.fail "sold out"
end

function SHOP.pay(sdk, to, token, amount)
  sdk.service.call("_Ledger", "transfer", { { bytes20 = to }, { bytes = token }, word.new(amount) })
end

function SHOP.order(sdk, method, amount)
  local ok, failure = pcall(sdk.service.call, "_Ledger", "callWithValue",
    { "Baker", method, { bytes = packed() }, { bytes = TOKEN }, word.new(amount) })
  return ok, ok and "" or tostring(failure)
end

local function open(rule_set, genesis)
  genesis = genesis or {}
  genesis.ledger_owner = ALICE
  genesis.issues = { { to = ALICE, token = TOKEN, amount = word.new(100) },
    { to = address_of "Shop", token = TOKEN, amount = word.new(50) } }
  -- Services come from the contracts.
  return assert(chains.open { rule_set = rule_set, genesis = genesis,
    contracts = { Shop = SHOP, Baker = SHOP } })
end

local function balance(chain, address, token)
  local result = assert(chain:query { "_Ledger", "getBalance", { bytes20 = address },
    { bytes = token or TOKEN } })
  return tostring(result.output_arguments[1].value)
end

local function transfer(to, amount, token)
  return { "_Ledger", "transfer", { bytes20 = to }, { bytes = token or TOKEN },
    word.new(amount) }
end

local function issue(to, amount, token)
  return { "_Ledger", "issue", { bytes20 = to }, { bytes = token or TOKEN }, word.new(amount) }
end

local function with_value(service, method, arguments, amount)
  return { "_Ledger", "callWithValue", service, method, { bytes = arguments },
    { bytes = TOKEN }, word.new(amount) }
end

local BREAD, NOTHING = packed "bread", packed()

for _, rule_set in ipairs(chains.RULE_SETS) do
  local function run(...)
    local chain = open(rule_set)
    local out
    for _, call in ipairs { ... } do out = chain:commit { failing = true, call } end
    return chains.outcome(out.receipts[1]), chain, out
  end

  describe("_Ledger under " .. rule_set .. " #small", function()
    it("moves an amount from the caller", function()
      local outcome, chain <close> = run(transfer(BOB, 30))

      assert.same({ "SUCCESS" }, outcome)
      assert.equal("70", balance(chain, ALICE))
      assert.equal("30", balance(chain, BOB))
    end)

    it("keeps accounts under address and token, 32 bytes big-endian", function()
      local _, chain <close> = run(transfer(BOB, 30))

      assert.equal(("00"):rep(31) .. "1e", crypto.hex(chain.storage:read("_Ledger", BOB .. TOKEN)))
    end)

    it("deletes an account that comes to zero", function()
      local outcome, chain <close> = run(transfer(BOB, 100))

      assert.same({ "SUCCESS" }, outcome)
      assert.equal("", chain.storage:read("_Ledger", ALICE .. TOKEN))
      assert.equal("0", balance(chain, ALICE))
    end)

    it("refuses more than there is, and names both amounts", function()
      local outcome, chain <close>, out = run(transfer(BOB, 101))

      assert.same({ "ERROR_SMART_CONTRACT",
        "lack of funds: transfer of 101 failed since balance is only 100" }, outcome)
      assert.equal(rule_set == "vmhost-1" and 7 or nil, out.receipts[1].code)
      assert.equal("100", balance(chain, ALICE))
    end)

    it("moves nothing and touches no account for 0", function()
      local outcome, chain <close>, out = run(transfer(BOB, 0))

      assert.same({ "SUCCESS" }, outcome)
      assert.same({}, out.state_diffs)
      assert.equal("100", balance(chain, ALICE))
    end)

    it("moves an amount to oneself and back", function()
      local outcome, chain <close> = run(transfer(ALICE, 100))

      assert.same({ "SUCCESS" }, outcome)
      assert.equal("100", balance(chain, ALICE))
    end)

    for _, token in ipairs { "", "SHORT", "ELEVENBYTES" } do
      it("refuses a token of " .. #token .. " bytes", function()
        local outcome, chain <close> = run(transfer(BOB, 1, token))

        assert.same({ "ERROR_SMART_CONTRACT",
          ("valid token length is 10 bytes, received %d bytes"):format(#token) }, outcome)
        assert.equal("100", balance(chain, ALICE))
      end)
    end

    it("keeps tokens apart", function()
      local _, chain <close> = run(issue(BOB, 5, OTHER))

      assert.equal("5", balance(chain, BOB, OTHER))
      assert.equal("0", balance(chain, BOB))
    end)

    it("pays from the calling service, not from the signer", function()
      local outcome, chain <close> = run { "Shop", "pay", { bytes = BOB }, { bytes = TOKEN }, 20 }

      assert.same({ "SUCCESS" }, outcome)
      assert.equal("100", balance(chain, ALICE))
      assert.equal("30", balance(chain, address_of "Shop"))
      assert.equal("20", balance(chain, BOB))
    end)

    it("issues to anybody when the genesis owner asks", function()
      local outcome, chain <close> = run(issue(BOB, 7))

      assert.same({ "SUCCESS" }, outcome)
      assert.equal("7", balance(chain, BOB))
    end)

    it("does not issue for another", function()
      local call = issue(BOB, 7)
      call.signer = 2
      local outcome, chain <close> = run(call)

      assert.same({ "ERROR_SMART_CONTRACT", "only the ledger owner can issue" }, outcome)
      assert.equal("0", balance(chain, BOB))
    end)

    it("issues up to 2^256-1 in total, and not one more", function()
      local outcome, chain <close> = run(issue(BOB, MOST - 150))

      assert.same({ "SUCCESS" }, outcome)
      assert.same({ "ERROR_SMART_CONTRACT", "issue of 1 would pass 2^256-1 in total" },
        chains.outcome(chain:process { issue(BOB, 1) }.receipts[1]))
    end)

    it("does not let a client use what the genesis uses", function()
      local outcome, chain <close> = run { "_Ledger", "_issueGenesis", { bytes20 = BOB },
        { bytes = TOKEN }, word.new(1) }

      assert.same({ "ERROR_INPUT", "only system contracts can run method '_issueGenesis'" },
        outcome)
      assert.equal("0", balance(chain, BOB))
    end)
  end)

  describe("_Ledger.callWithValue under " .. rule_set .. " #small", function()
    it("moves the amount, runs the method and packs its results", function()
      local outcome, chain <close> = run(with_value("Baker", "buy", BREAD, 10))

      assert.same({ "SUCCESS", packed("bread", { bytes = ALICE }) },
        outcome)
      assert.equal("90", balance(chain, ALICE))
      assert.equal("10", balance(chain, address_of "Baker"))
      assert.equal("bread", chain.storage:read("Baker", "sold"))
    end)

    it("undoes all of it when the method fails", function()
      local outcome, chain <close>, out = run(with_value("Baker", "refuse", NOTHING, 10))

      assert.same({ "ERROR_SMART_CONTRACT", "sold out" }, outcome)
      assert.same({}, out.state_diffs)
      assert.equal("100", balance(chain, ALICE))
    end)

    it("undoes the amount too when a service catches the failure", function()
      local outcome, chain <close> = run { "Shop", "order", "refuse", 10 }

      assert.same({ "SUCCESS", false, "sold out" }, outcome)
      assert.equal("50", balance(chain, address_of "Shop"))
      assert.equal("0", balance(chain, address_of "Baker"))
      assert.equal("", chain.storage:read("Baker", "sold"))
    end)

    it("runs nothing where there is too little", function()
      local outcome, chain <close> = run(with_value("Baker", "buy", BREAD, 101))

      assert.same({ "ERROR_SMART_CONTRACT",
        "lack of funds: transfer of 101 failed since balance is only 100" }, outcome)
      assert.equal("", chain.storage:read("Baker", "sold"))
    end)

    for _, service in ipairs { "_Info", "_Ledger", "_unheard_of" } do
      it("gives no value to " .. service, function()
        local outcome, chain <close> = run(with_value(service, "isAlive", NOTHING, 1))

        assert.same({ "ERROR_SMART_CONTRACT", ("service '%s' takes no value"):format(service) },
          outcome)
        assert.equal("100", balance(chain, ALICE))
      end)
    end

    it("runs the method with the rights of a service", function()
      local outcome, chain <close> = run(with_value("Probe", "_init", NOTHING, 1))

      assert.same({ "ERROR_SMART_CONTRACT", "only system contracts can run method '_init'" },
        outcome)
      assert.equal("100", balance(chain, ALICE))
    end)

    it("deploys a service and passes the value on to it", function()
      local arguments = packed("Probe", { uint32 = 1 }, { bytes = "" })
      local outcome, chain <close> = run(with_value("_Deployments", "deployService", arguments, 9))

      assert.equal("SUCCESS", outcome[1])
      assert.equal("9", balance(chain, address_of "Probe"))
      assert.equal("0", balance(chain, address_of "_Deployments"))
    end)

    it("fails for a service that is missing, and the amount stays", function()
      local outcome, chain <close> = run(with_value("Nobody", "run", NOTHING, 1))

      assert.same({ "ERROR_SMART_CONTRACT", "contract not deployed" }, outcome)
      assert.equal("100", balance(chain, ALICE))
    end)

    it("is not seen by a service that the method calls", function()
      local outcome, chain <close> = run(with_value("Probe", "whoamiVia",
        packed "Probe2", 1))

      local results = codec.unpack_arguments((("<s4"):unpack(outcome[2])))
      assert.same({ ALICE, address_of "Probe", address_of "Probe2" }, chains.values(results))
      assert.equal("1", balance(chain, address_of "Probe"))
    end)
  end)
end
