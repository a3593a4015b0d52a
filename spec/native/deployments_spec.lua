local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"

local function text(value) return { string = value } end
local function code(value) return { bytes = value } end
local NATIVE, LUA = { uint32 = 1 }, { uint32 = 3 }

-- Service keeps what is on the processor LUA and not in the genesis.
local CONTRACTS = { Service = {}, Other = {}, Failing = { _init = function(sdk)
  sdk.fail "not today"
end } }

local function open(rule_set)
  return assert(chains.open { rule_set = rule_set, processors = {
    LUA = require "vmhost.scripted_contracts".processor(CONTRACTS) } })
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  local function run(...)
    local chain <close> = open(rule_set)
    local out
    for _, call in ipairs { ... } do out = chain:commit { failing = true, call } end
    return chains.outcome(out.receipts[1]), out
  end

  local function deploy(...) return { "_Deployments", "deployService", ... } end

  describe("_Deployments.deployService under " .. rule_set .. " #small", function()
    it("writes three code parts, their counter behind the second", function()
      local outcome, out = run(deploy(text "Service", LUA, code "a", code "b", code "c"))

      -- By first touch: the list first, then the processor.
      local expected = { "Service_Count=\1\0\0\0", "Service_At_0=service",
        "Service.Processor=\3\0\0\0", "Service.Code=a", "Service.Code.1=b",
        "Service.CodeParts=\2\0\0\0", "Service.Code.2=c" }
      if rule_set == "vmhost-1" then
        table.insert(expected, 4,
          "Address_" .. crypto.hex(crypto.sha256("Service"):sub(-20)) .. "=Service")
      end
      assert.same({ "SUCCESS" }, outcome)
      assert.same(expected, chains.diff(out)._Deployments)
    end)

    local REFUSALS = {
      { "a system name", "a contract with this name exists", deploy(text "_Info", LUA, code "c") },
      { "a name with a space", "contract name must be non empty and contain alpha-numeric "
        .. "characters only", deploy(text "a b", LUA, code "c") },
      { "an empty name", "contract name must be non empty and contain alpha-numeric "
        .. "characters only", deploy(text "", LUA, code "c") },
      { "no code at all", "contract doesn't have any code", deploy(text "Service", LUA) },
      { "a native name without code", "Contract Service was not found",
        deploy(text "Service", NATIVE, code "c") },
      { "an _init that fails", "not today", deploy(text "Failing", LUA, code "c") },
      { "a processor that is not here",
        "service 'Service' has processor type 2, which this host does not run",
        deploy(text "Service", { uint32 = 2 }, code "c") },
    }

    for _, case in ipairs(REFUSALS) do
      it("refuses " .. case[1], function()
        local outcome, out = run(case[3])

        assert.same({ "ERROR_SMART_CONTRACT", case[2] }, outcome)
        assert.same({}, out.state_diffs)
      end)
    end

    it("refuses a name that differs from another by case alone", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "a contract with same name (case insensitive) already exists" },
        (run(deploy(text "Service", LUA, code "c"), deploy(text "SERVICE", LUA, code "c"))))
    end)

    it("refuses to deploy twice", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "a contract with same name (case insensitive) already exists" },
        (run(deploy(text "Service", LUA, code "c"), deploy(text "Service", LUA, code "c"))))
    end)

    it("takes a code part that is empty", function()
      assert.same({ "SUCCESS" }, (run(deploy(text "Service", LUA, code ""))))
    end)

    it("wants at least a name and a processor", function()
      assert.same({ "ERROR_INPUT",
        "method '_Deployments.deployService' takes at least 2 args but received less" },
        (run(deploy(text "Service"))))
    end)

    it("names the type of an argument that does not fit", function()
      local names = rule_set == "reference" and { "[]uint8", "string" } or { "bytes", "string" }

      assert.same({ "ERROR_INPUT", ("method '_Deployments.deployService' expects arg 3 to be %s "
        .. "but it has %s"):format(table.unpack(names)) },
        (run(deploy(text "Service", LUA, code "c", text "d"))))
    end)

    it("lets _Deployments be the caller of _init, and the signer stay", function()
      local seen
      CONTRACTS.Other._init = function(sdk)
        seen = { sdk.address.signer(), sdk.address.caller() }
      end

      run(deploy(text "Other", LUA, code "c"))

      CONTRACTS.Other._init = nil
      assert.same({ chains.accounts[1].address, crypto.sha256("_Deployments"):sub(-20) }, seen)
    end)
  end)

  describe("_Deployments' readers under " .. rule_set .. " #small", function()
    local function query(chain, ...)
      local result, failure = chain:query { "_Deployments", ... }
      return chains.values(result.output_arguments), failure
    end

    it("give processor, code and parts", function()
      local chain <close> = open(rule_set)
      chain:commit { deploy(text "Service", LUA, code "a", code "b", code "c") }

      assert.same({ 3 }, (query(chain, "getInfo", text "Service")))
      assert.same({ "a" }, (query(chain, "getCode", text "Service")))
      assert.same({ "a" }, (query(chain, "getCodePart", text "Service", { uint32 = 0 })))
      assert.same({ "c" }, (query(chain, "getCodePart", text "Service", { uint32 = 2 })))
      assert.same({ 3 }, (query(chain, "getCodeParts", text "Service")))
    end)

    it("know system contracts without a record", function()
      local chain <close> = open(rule_set)

      assert.same({ 1 }, (query(chain, "getInfo", text "_Info")))
      assert.equal("contract not deployed", select(2, query(chain, "getCodeParts", text "_Info")))
    end)

    it("refuse what is not there", function()
      local chain <close> = open(rule_set)
      chain:commit { deploy(text "Service", LUA, code "a") }

      local function refusal(...) return select(2, query(chain, ...)) end

      assert.equal("contract not deployed", refusal("getInfo", text "Nobody"))
      assert.equal("contract not deployed", refusal("getCodeParts", text "Nobody"))
      assert.equal("contract code not available", refusal("getCode", text "Nobody"))
      assert.equal("contract code not available",
        refusal("getCodePart", text "Service", { uint32 = 1 }))
      assert.same({ 1 }, (query(chain, "getCodeParts", text "Service")))
    end)

    it("are case-sensitive", function()
      local chain <close> = open(rule_set)
      chain:commit { deploy(text "Service", LUA, code "a") }

      assert.equal("contract not deployed",
        select(2, query(chain, "getInfo", text "service")))
    end)
  end)

  describe("the lock of native deployments under " .. rule_set .. " #small", function()
    local LOCK, UNLOCK = { "_Deployments", "lockNativeDeployment" },
      { "_Deployments", "unlockNativeDeployment" }
    local OWNER = crypto.address_text(chains.accounts[1].address)

    local function by(signer, call)
      local signed = table.move(call, 1, #call, 1, {})
      signed.signer = signer
      return signed
    end

    it("keeps the signer, and unlocking writes empty", function()
      local _, locked = run(LOCK)
      local _, unlocked = run(LOCK, UNLOCK)

      assert.same({ "NativeDeploymentOwner=" .. chains.accounts[1].address },
        chains.diff(locked)._Deployments)
      assert.same({ "NativeDeploymentOwner=" }, chains.diff(unlocked)._Deployments)
    end)

    it("keeps others from deploying native contracts, and names the owner", function()
      assert.same({ "ERROR_SMART_CONTRACT", "native deployment is locked to owner " .. OWNER },
        (run(LOCK, by(2, deploy(text "BenchmarkToken", NATIVE, code "")))))
    end)

    it("lets its owner deploy", function()
      assert.same({ "SUCCESS" }, (run(LOCK, deploy(text "BenchmarkToken", NATIVE, code ""))))
    end)

    it("keeps others from deploying by using", function()
      local outcome, out = run(LOCK, by(2, { "Probe", "readW" }))

      assert.same({ "ERROR_CONTRACT_NOT_DEPLOYED" }, outcome)
      assert.equal("contract not deployed", out.records[1].error)
    end)

    it("lets others use what is deployed", function()
      assert.same({ "SUCCESS", "" }, (run({ "Probe", "readW" }, LOCK, by(2, { "Probe", "readW" }))))
    end)

    it("is ignored by other processors", function()
      assert.same({ "SUCCESS" }, (run(LOCK, by(2, deploy(text "Service", LUA, code "c")))))
    end)

    it("cannot be taken twice, not even by its owner", function()
      local held = { "ERROR_SMART_CONTRACT",
        ("current owner %s must unlockNativeDeployment first"):format(OWNER) }

      assert.same(held, (run(LOCK, LOCK)))
      assert.same(held, (run(LOCK, by(2, LOCK))))
    end)

    it("is not opened by another", function()
      assert.same({ "ERROR_SMART_CONTRACT", "native deployment is locked to owner " .. OWNER },
        (run(LOCK, by(2, UNLOCK))))
    end)

    it("that nobody holds is opened by anyone", function()
      assert.same({ "SUCCESS" }, (run(by(2, UNLOCK))))
    end)

    it("compares signers, not callers", function()
      assert.same({ "SUCCESS", "" }, (run(LOCK, { "ProbeSystem", "readW" },
        { "ProbeSystem", "callOk", text "Probe", text "" })))
    end)
  end)
end
