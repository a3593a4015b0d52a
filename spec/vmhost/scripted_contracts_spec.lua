local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local scripted_contracts = require "vmhost.scripted_contracts"
local word = require "vmhost.word"

local function chain_of(contract, given)
  given = given or {}
  given.contracts = { Probe = contract, Callee = given.callee }
  given.callee = nil
  return assert(fixture.new(given))
end

local function outputs(receipt)
  local values = {}
  for index, argument in ipairs(receipt.output_argument_array) do values[index] = argument.value end
  return values
end

describe("a scripted contract #small", function()
  it("gets the values of its arguments and answers with what it returns", function()
    local chain <close> = chain_of {
      echo = function(_, number, text, flag) return flag, text, number end,
    }

    local receipt = chain:send("Probe", "echo", 17, "abc", true)

    assert.equal("SUCCESS", receipt.execution_result)
    assert.same({ { type = "bool", value = true }, { type = "string", value = "abc" },
      { type = "uint64", value = 17 } }, receipt.output_argument_array)
  end)

  it("answers with no results when it returns none", function()
    local chain <close> = chain_of { nothing = function() end }

    assert.same({}, chain:send("Probe", "nothing").output_argument_array)
  end)

  it("keeps numbers in the state as the contract SDK does", function()
    local chain <close> = chain_of { fill = function(sdk)
      sdk.state.write_uint32("u32", 0x01020304)
      sdk.state.write_uint64("u64", 0x0102030405060708)
      sdk.state.write_bool("yes", true)
      sdk.state.write_bool("no", false)
      sdk.state.write_uint256("u256", word.new "0x0102")
      sdk.state.write("bytes", "\1\2")
    end }

    local out = chain:process { { "Probe", "fill" } }

    assert.same({ Probe = {
      u32 = "\4\3\2\1", u64 = "\8\7\6\5\4\3\2\1", yes = "\1", no = "\0",
      u256 = ("\0"):rep(30) .. "\1\2", bytes = "\1\2",
    } }, out.state_diff)
  end)

  it("reads what it wrote, and zero where a value has another size", function()
    local chain <close> = chain_of { look = function(sdk)
      sdk.state.write_uint32("n", 7)
      sdk.state.write_uint256("w", 9)
      return sdk.state.read_uint32 "n", sdk.state.read_uint64 "n", sdk.state.read_bool "n",
        sdk.state.read_uint256 "n", sdk.state.read_uint256 "w", sdk.state.read "absent"
    end }

    local values = outputs(chain:send("Probe", "look"))

    assert.same({ 7, 0, false }, { table.unpack(values, 1, 3) })
    assert.equal(word.new(0), values[4])
    assert.equal(word.new(9), values[5])
    assert.equal("", values[6])
  end)

  it("removes a key that it clears", function()
    local chain <close> = chain_of {
      write = function(sdk) sdk.state.write("key", "value") end,
      clear = function(sdk) sdk.state.clear "key" end,
    }
    chain:send("Probe", "write")

    chain:send("Probe", "clear")

    assert.same({}, chain.storage:keys "Probe")
  end)

  it("fails with the text that it gives", function()
    local chain <close> = chain_of { stop = function(sdk)
      sdk.state.write("key", "value")
      sdk.fail "no more"
    end }

    local receipt = chain:send("Probe", "stop")

    assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)
    assert.equal(4, receipt.code)
    assert.same({ "no more" }, outputs(receipt))
    assert.equal("", chain:read("Probe", "key"))
  end)

  it("ends the set with a traceback to the method when it has a bug", function()
    local chain <close> = chain_of { bug = function(sdk) return sdk.nowhere.at_all end }

    local receipt, message, code = chain:send("Probe", "bug")

    assert.is_nil(receipt)
    assert.equal("script_error", code)
    assert.matches("attempt to index a nil value %(field 'nowhere'%)", message)
    assert.matches("scripted_contracts_spec%.lua:%d+: in function", message)
    assert.equal(0, chain:height())
  end)

  it("calls another service and gets the values of its results", function()
    local chain <close> = chain_of(
      { ask = function(sdk) return sdk.service.call("Callee", "double", { 21 }) end },
      { callee = { double = function(_, number) return number * 2, "done" end } })

    assert.same({ 42, "done" }, outputs(chain:send("Probe", "ask")))
  end)

  it("catches the failure of a service that it calls", function()
    local chain <close> = chain_of(
      { ask = function(sdk)
        local worked, failure = pcall(sdk.service.call, "Callee", "stop")
        return worked, tostring(failure)
      end },
      { callee = { stop = function(sdk) sdk.fail "closed today" end } })

    assert.same({ false, "closed today" }, outputs(chain:send("Probe", "ask")))
  end)

  it("fails with code 10 where it does not catch it", function()
    local chain <close> = chain_of(
      { ask = function(sdk) sdk.service.call("Callee", "stop") end },
      { callee = { stop = function(sdk) sdk.fail "closed today" end } })

    local receipt = chain:send("Probe", "ask")

    assert.same({ "ERROR_SMART_CONTRACT", 10 }, { receipt.execution_result, receipt.code })
    assert.same({ "closed today" }, outputs(receipt))
  end)

  it("cannot catch a write in a query", function()
    local chain <close> = chain_of { sneak = function(sdk)
      pcall(sdk.state.write, "key", "value")
      return "went on"
    end }

    local value, failure = chain:query("Probe", "sneak")

    assert.is_nil(value)
    assert.matches("^ERROR_STATE_WRITE_IN_READONLY_CALL", failure)
  end)

  it("emits an event with arguments of any type", function()
    local chain <close> = chain_of { tell = function(sdk)
      sdk.events.emit("Told", { bytes20 = ("\1"):rep(20) }, 5)
    end }

    local receipt = chain:send("Probe", "tell")

    assert.same({ { contract_name = "Probe", event_name = "Told", output_argument_array = {
      { type = "bytes20", value = ("\1"):rep(20) }, { type = "uint64", value = 5 },
    } } }, receipt.output_events_array)
  end)

  it("knows signer, caller and itself", function()
    local chain <close> = chain_of(
      { ask = function(sdk) return sdk.service.call("Callee", "who") end },
      { callee = { who = function(sdk)
        return { bytes = sdk.address.signer() }, { bytes = sdk.address.caller() },
          { bytes = sdk.address.own() }, { bytes = sdk.address.of_contract "Probe" }
      end } })

    local values = outputs(chain:send("bob", "Probe", "ask"))

    local probe = crypto.sha256 "Probe":sub(-20)
    assert.same({ chain.accounts.bob.address, probe, crypto.sha256 "Callee":sub(-20), probe },
      values)
  end)

  it("knows the block that is built and the chain", function()
    local chain <close> = chain_of { look = function(sdk)
      return sdk.env.block_height(), sdk.env.block_timestamp(), sdk.env.virtual_chain_id()
    end }

    assert.same({ 1, 1577836801000000000, 42 }, outputs(chain:send("Probe", "look")))
  end)

  it("sees the committee that the script gave", function()
    local members = { ("\1"):rep(20), ("\2"):rep(20) }
    local chain <close> = chain_of(
      { look = function(sdk) return { ["bytes[]"] = sdk.env.block_committee() } end },
      { committee = members })

    assert.same({ members }, outputs(chain:send("Probe", "look")))
  end)

  it("reaches the connector, and fails with what the connector says", function()
    local chain <close> = chain_of(
      { ask = function(sdk, method) return sdk.ethereum.call(method) end },
      { connector = { call = function(call)
        if call.method_name == "getBlockNumber" then return { 77 } end
        return nil, "no such block"
      end } })

    assert.same({ 77 }, outputs(chain:send("Probe", "ask", "getBlockNumber")))
    assert.same({ "no such block" }, outputs(chain:send("Probe", "ask", "getBlockTime")))
  end)

  it("fails with all of what the connector says, whatever its bytes", function()
    local said = ("long "):rep(200) .. "\0end"
    local chain <close> = chain_of({ ask = function(sdk) sdk.ethereum.call "getBlockTime" end },
      { connector = { call = function() return nil, said end } })

    assert.same({ said }, outputs(chain:send("Probe", "ask")))
  end)

  it("refuses a method that it does not have", function()
    local chain <close> = chain_of {}

    local receipt = chain:send("Probe", "absent")

    assert.same({ "ERROR_INPUT", 1 }, { receipt.execution_result, receipt.code })
    assert.same({ "method 'absent' not found on contract 'Probe'" }, outputs(receipt))
  end)

  it("keeps its system methods from clients", function()
    local chain <close> = chain_of { _init = function(sdk) sdk.state.write("ready", "yes") end }

    local receipt = chain:send("Probe", "_init")

    assert.equal("ERROR_INPUT", receipt.execution_result)
    assert.same({ "only system contracts can run method '_init'" }, outputs(receipt))
    assert.equal("yes", chain:read("Probe", "ready"))
  end)

  it("refuses arguments that it cannot read", function()
    local chain <close> = chain_of { take = function() end }
    local message = codec.decode("SignedTransaction", chain:transaction("Probe", "take"))
    message.transaction.input_argument_array = string.pack("<I4I2", 2, 99)

    local out = chain:process { codec.encode("SignedTransaction", message) }

    assert.equal("ERROR_INPUT", out.receipts[1].execution_result)
  end)
end)

describe("scripted contracts that call each other", function()
  -- Calls itself until that fails, and answers how often it went well.
  local DIVER = {}
  function DIVER.dive(sdk, depth)
    local good, deepest = pcall(sdk.service.call, "Probe", "dive", { depth + 1 })
    return good and deepest or depth
  end

  local function from_depth(depth, run)
    if depth == 0 then return run() end
    return select(2, pcall(from_depth, depth - 1, run))
  end

  it("fill the service stack, however deep the script stands that sends", function()
    local chain <close> = chain_of(DIVER)

    for _, depth in ipairs { 0, 20, 100 } do
      local receipt = from_depth(depth, function() return chain:send("Probe", "dive", 0) end)

      -- The 64th service is entered with 63; looking up one more fails.
      assert.same({ 63 }, outputs(receipt))
    end
  end)

  it("end the set where their Lua calls leave too little of the C stack", function()
    local chain <close> = chain_of { dive = function(sdk)
      return from_depth(150, function() return sdk.service.call("Probe", "dive") end)
    end }

    local receipt, message, code = chain:send("Probe", "dive")

    assert.is_nil(receipt)
    assert.equal("script_error", code)
    assert.truthy(message:find("too many calls inside of each other", 1, true))
  end)
end)

describe("scripted_contracts.processor #small", function()
  it("refuses what is no table of functions", function()
    assert.error_matches(function() scripted_contracts.processor { Probe = "x" } end,
      "scripted contract 'Probe' must be a table of functions$")
    assert.error_matches(function() scripted_contracts.processor { Probe = { get = 1 } } end,
      "scripted contract 'Probe': 'get' must be a function$")
  end)

  it("tells whose code it has", function()
    local processor = scripted_contracts.processor { Probe = {} }

    assert.same({ permission_scope = "SERVICE" },
      processor.get_contract_info { contract_name = "Probe" })
    assert.is_nil(processor.get_contract_info { contract_name = "Other" })
  end)

  it("answers not deployed for code that it does not have", function()
    local chain <close> = assert(fixture.new { contracts = {},
      genesis = { services = { } } })
    chain:deploy("Later", {})
    chain.contracts.Later = nil

    local receipt = chain:send("Later", "get")

    assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", receipt.execution_result)
    assert.same({ "Contract Later was not found" }, outputs(receipt))
  end)
end)
