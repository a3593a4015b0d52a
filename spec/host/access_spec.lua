local chains = require "spec.support.chain"

local function text(value) return { string = value } end

local WRITER = {}

function WRITER.read(sdk) return { bytes = sdk.state.read "key" } end
function WRITER.write(sdk) sdk.state.write("key", "value") end

function WRITER.catch_write(sdk)
  local ok = pcall(sdk.state.write, "key", "value")
  return ok, "went on"
end

function WRITER.catch_nested_write(sdk)
  pcall(sdk.service.call, "Writer", "write")
  return "went on"
end

function WRITER.call_internal(sdk, name) sdk.service.call(name, "_init") end

local REFUSED = {
  ["vmhost-1"] = "ERROR_STATE_WRITE_IN_READONLY_CALL: write attempted without write access",
  reference = "write attempted without write access: ACCESS_SCOPE_READ_ONLY",
}

local function open(rule_set)
  return assert(chains.open { rule_set = rule_set, contracts = { Writer = WRITER } })
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("a read-only call under " .. rule_set .. " #small", function()
    local function query(...)
      local chain <close> = open(rule_set)
      local result, failure = chain:query { ... }
      return { result.execution_result, table.unpack(chains.values(result.output_arguments)) },
        failure, result
    end

    it("may read", function()
      assert.same({ "SUCCESS", "" }, (query("Writer", "read")))
    end)

    it("ends at a write", function()
      local outcome, failure, result = query("Writer", "write")

      assert.same({ "ERROR_SMART_CONTRACT", REFUSED[rule_set] }, outcome)
      assert.equal(REFUSED[rule_set], failure)
      assert.equal(4, result.code)
    end)

    it("ends at a write that the contract catches", function()
      assert.same({ "ERROR_SMART_CONTRACT", REFUSED[rule_set] },
        (query("Writer", "catch_write")))
    end)

    it("ends at a write of a nested call that the contract catches", function()
      local outcome, _, result = query("Writer", "catch_nested_write")

      assert.same({ "ERROR_SMART_CONTRACT", REFUSED[rule_set] }, outcome)
      assert.same({ contract_name = "Writer", method_name = "catch_nested_write" },
        result.calls[1])
      assert.same({ contract_name = "Writer", method_name = "write" }, result.calls[2])
    end)

    it("does not deploy a native contract", function()
      local outcome, failure, result = query("BenchmarkToken", "getBalance",
        { bytes = chains.ZERO_ADDRESS })

      assert.same({ "ERROR_CONTRACT_NOT_DEPLOYED" }, outcome)
      assert.equal("contract not deployed", failure)
      assert.equal(3, result.code)
    end)
  end)

  describe("permissions under " .. rule_set .. " #small", function()
    local function run(...)
      local chain <close> = open(rule_set)
      local out = assert(chain:process { { ... } })
      return chains.outcome(out.receipts[1]), out.receipts[1].code
    end

    local ONLY_SYSTEM = "only system contracts can run method '_init'"

    it("let a client run a public method", function()
      assert.same({ "SUCCESS", "" }, (run("Probe", "readW")))
    end)

    it("refuse a client an internal method", function()
      local outcome, code = run("Probe", "_init")

      assert.same({ "ERROR_INPUT", ONLY_SYSTEM }, outcome)
      assert.equal(rule_set == "vmhost-1" and 4 or nil, code)
    end)

    it("refuse a client an internal method of a system contract", function()
      assert.same({ "ERROR_INPUT", ONLY_SYSTEM }, (run("ProbeSystem", "_init")))
    end)

    it("refuse a service an internal method", function()
      assert.same({ "ERROR_SMART_CONTRACT", ONLY_SYSTEM },
        (run("Probe", "callInit", text "Probe2")))
    end)

    it("refuse a service its own internal method", function()
      assert.same({ "ERROR_SMART_CONTRACT", ONLY_SYSTEM },
        (run("Probe", "callInit", text "Probe")))
    end)

    it("let a system contract run an internal method", function()
      assert.same({ "SUCCESS" }, (run("ProbeSystem", "callInit", text "Probe")))
    end)

    it("do not know a private method, for anybody", function()
      assert.same({ "ERROR_INPUT", "method 'nop' not found on contract 'BenchmarkContract'" },
        (run("BenchmarkContract", "nop")))
    end)

    it("do not let a scripted service claim more than it has", function()
      assert.same({ "ERROR_SMART_CONTRACT", ONLY_SYSTEM },
        (run("Writer", "call_internal", text "Probe")))
    end)

    it("refuse a scripted contract's internal method to a client", function()
      assert.same({ "ERROR_INPUT", ONLY_SYSTEM }, (run("Writer", "_init")))
    end)
  end)
end

describe("a method that is declared to write, in a query", function()
  it("is refused before its code under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local result, failure = chain:query { "_Deployments", "lockNativeDeployment" }

    assert.equal("ERROR_INPUT", result.execution_result)
    assert.equal("method '_Deployments.lockNativeDeployment' writes state and was called read-only",
      failure)
    assert.equal(2, result.code)
  end)

  it("ends at its first write under reference", function()
    local chain <close> = open "reference"

    local result, failure = chain:query { "_Deployments", "lockNativeDeployment" }

    assert.equal("ERROR_SMART_CONTRACT", result.execution_result)
    assert.equal(REFUSED.reference, failure)
  end)
end)
