local chains = require "spec.support.chain"

local COMMITTEE = { ("a"):rep(20), ("b"):rep(20) }

local function text(value) return { string = value } end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("call_system_contract under " .. rule_set .. " #small", function()
    local function open()
      return assert(chains.open { rule_set = rule_set, committee = COMMITTEE,
        genesis = { services = { { name = "Probe", processor = 1, code = "x" } } } })
    end

    local function call(chain, contract, method, arguments)
      return chain.host:call_system_contract { height = 7, timestamp = 99, reference_time = 5,
        prev_reference_time = 4, contract_name = contract, method_name = method,
        input_arguments = arguments }
    end

    it("runs a method and gives its outputs", function()
      local chain <close> = open()

      local out, failure = call(chain, "_Info", "isAlive")

      assert.is_nil(failure)
      assert.equal("SUCCESS", out.execution_result)
      assert.equal(0, out.code)
      assert.same({ { type = "string", value = "alive" } }, out.output_arguments)
      assert.equal(("<I4I2I2s4"):pack(13, 2, 0, "alive"), out.output_argument_bytes)
    end)

    it("shows the block that was asked for", function()
      local chain <close> = open()

      local out = chain.host:call_system_contract { height = 1, timestamp = 99,
        contract_name = "Probe", method_name = "envNow" }

      assert.same({ 1, 99, 42 }, chains.values(out.output_arguments))
    end)

    it("reads the state of the height before", function()
      local chain <close> = open()
      chain:commit { { "Probe", "writeEmit", text "one" } }
      chain:commit { { "Probe", "writeEmit", text "two" } }

      local function read(height)
        return chains.values(chain.host:call_system_contract { height = height,
          contract_name = "Probe", method_name = "readW" }.output_arguments)
      end

      assert.same({ "one" }, read(2))
      assert.same({ "two" }, read(3))
    end)

    it("takes packed arguments", function()
      local chain <close> = open()

      local out = chain.host:call_system_contract { height = 1, contract_name = "_Deployments",
        method_name = "getInfo", input_arguments = ("<I4I2I2s4"):pack(13, 2, 0, "Probe") }

      assert.same({ 1 }, chains.values(out.output_arguments))
    end)

    it("has no transaction and so no signer", function()
      local chain <close> = open()

      local out, failure = chain.host:call_system_contract { height = 1,
        contract_name = "_Info", method_name = "getSignerAddress" }

      assert.equal("ERROR_SMART_CONTRACT", out.execution_result)
      assert.equal("operation does not contain a transaction or query", failure)
    end)

    it("has no proposer", function()
      local chain <close> = open()

      local _, failure = chain.host:call_system_contract { height = 1,
        contract_name = "Probe", method_name = "proposer" }

      assert.equal("operation does not contain a transaction or query", failure)
    end)

    it("may not write", function()
      local chain <close> = open()

      local out = chain.host:call_system_contract { height = 1, contract_name = "Probe",
        method_name = "writeEmit", input_arguments = { text "x" } }

      assert.equal("ERROR_SMART_CONTRACT", out.execution_result)
    end)

    it("has the rights of a service", function()
      local chain <close> = open()

      local out, failure = chain.host:call_system_contract { height = 1,
        contract_name = "ProbeSystem", method_name = "_init" }

      assert.equal("ERROR_INPUT", out.execution_result)
      assert.equal("only system contracts can run method '_init'", failure)
    end)

    it("does not know a contract that is not there", function()
      local chain <close> = open()

      local out, failure = chain.host:call_system_contract { height = 1,
        contract_name = "Nobody", method_name = "nothing" }

      assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", out.execution_result)
      assert.equal("Contract Nobody was not found", failure)
    end)

    it("gives the committee in the order of the height", function()
      local chain <close> = open()

      local out = chain.host:call_system_contract { height = 1, prev_reference_time = 4,
        contract_name = "_Committee", method_name = "getOrderedCommittee" }

      assert.equal("SUCCESS", out.execution_result)
      assert.equal(2, #out.output_arguments[1].value)
    end)

    it("at height 0 reads the genesis", function()
      local chain <close> = open()

      local out = chain.host:call_system_contract { height = 0, contract_name = "Probe",
        method_name = "readW" }

      assert.same({ "" }, chains.values(out.output_arguments))
    end)
  end)
end

describe("call_system_contract", function()
  it("at a height whose state is not there yet is a failure of the host", function()
    local chain <close> = assert(chains.open())

    local out, _, code = chain.host:call_system_contract { height = 9,
      contract_name = "_GlobalPreOrder", method_name = "approve" }

    assert.is_nil(out)
    assert.equal("height_ahead", code)
  end)
end)
