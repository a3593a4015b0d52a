local codec = require "vmhost.codec"
local chains = require "spec.support.chain"

local function text(value) return { string = value } end

local CALLER = {}

function CALLER.catch(sdk, service, method)
  sdk.state.write("before", "b")
  local ok, failure = pcall(sdk.service.call, service, method)
  sdk.state.write("after", "a")
  return ok, text(tostring(failure))
end

function CALLER.read_then_catch(sdk, key)
  pcall(sdk.service.call, "Callee", "read_and_fail")
  sdk.service.call("Callee", "write", { "other", "1" })
  sdk.service.call("Callee", "write", { key, "2" })
end

function CALLER.propagate(sdk, service, method) sdk.service.call(service, method) end

function CALLER.twice(sdk)
  sdk.service.call("Callee", "write", { "first", "1" })
  pcall(sdk.service.call, "Callee", "rewrite_and_fail")
  return { bytes = sdk.service.call("Callee", "get", { "first" }) }
end

local CALLEE = {}

function CALLEE.write(sdk, key, value) sdk.state.write(key, value) end
function CALLEE.get(sdk, key) return { bytes = sdk.state.read(key) } end

function CALLEE.write_and_fail(sdk)
  sdk.state.write("half", "done")
  sdk.fail "on purpose"
end

function CALLEE.rewrite_and_fail(sdk)
  sdk.state.write("second", "2")
  sdk.state.write("first", "changed")
  sdk.fail "on purpose"
end

function CALLEE.read_and_fail(sdk)
  sdk.state.read "read"
  sdk.fail "on purpose"
end

function CALLEE.deploy_and_fail(sdk)
  sdk.service.call("BenchmarkContract", "set", { 5 })
  sdk.fail "after deploying"
end

local function open(rule_set)
  return assert(chains.open { rule_set = rule_set,
    contracts = { Caller = CALLER, Callee = CALLEE } })
end

describe("a nested call that fails and is caught #small", function()
  it("leaves nothing of the callee's writes under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local out = chain:process { { "Caller", "catch", "Callee", "write_and_fail" } }

    assert.same({ "SUCCESS", false, "on purpose" }, chains.outcome(out.receipts[1]))
    assert.same({ Caller = { "before=b", "after=a" } }, chains.diff(out))
  end)

  it("leaves the callee's writes under reference", function()
    local chain <close> = open "reference"

    local out = chain:process { { "Caller", "catch", "Callee", "write_and_fail" } }

    assert.same({ "SUCCESS", false, "on purpose" }, chains.outcome(out.receipts[1]))
    assert.same({ Caller = { "before=b", "after=a" }, Callee = { "half=done" } },
      chains.diff(out))
  end)

  it("gives back the value that a key had before the call under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local out = chain:process { { "Caller", "twice" } }

    assert.same({ "SUCCESS", "1" }, chains.outcome(out.receipts[1]))
    assert.same({ Callee = { "first=1" } }, chains.diff(out))
  end)

  it("keeps the changed value under reference", function()
    local chain <close> = open "reference"

    local out = chain:process { { "Caller", "twice" } }

    assert.same({ "SUCCESS", "changed" }, chains.outcome(out.receipts[1]))
    assert.same({ Callee = { "first=changed", "second=2" } }, chains.diff(out))
  end)

  it("gives up the place of a key that the callee had read under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local out = chain:process { { "Caller", "read_then_catch", "read" } }

    assert.same({ Callee = { "other=1", "read=2" } }, chains.diff(out))
  end)

  it("keeps the place of a key that the callee had read under reference", function()
    local chain <close> = open "reference"

    local out = chain:process { { "Caller", "read_then_catch", "read" } }

    assert.same({ Callee = { "read=2", "other=1" } }, chains.diff(out))
  end)

  it("takes back an auto-deployment under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local out = chain:process { { "Caller", "catch", "Callee", "deploy_and_fail" } }

    assert.same({ "SUCCESS", false, "after deploying" }, chains.outcome(out.receipts[1]))
    assert.same({ Caller = { "before=b", "after=a" } }, chains.diff(out))
  end)

  it("takes back an auto-deployment whose method does not exist under vmhost-1", function()
    local chain <close> = open "vmhost-1"

    local out = chain:process { { "Caller", "catch", "BenchmarkContract", "nothing" } }

    assert.same({ "SUCCESS", false, "method 'nothing' not found on contract 'BenchmarkContract'" },
      chains.outcome(out.receipts[1]))
    assert.same({ Caller = { "before=b", "after=a" } }, chains.diff(out))
  end)

  it("leaves an auto-deployment under reference", function()
    local chain <close> = open "reference"

    local out = chain:process { { "Caller", "catch", "BenchmarkContract", "nothing" } }

    -- Caller and Callee are number 0 and 1 of the genesis.
    assert.same({ Caller = { "before=b", "after=a" },
      BenchmarkContract = { "initialized=\1\0\0\0\0\0\0\0" },
      _Deployments = { "BenchmarkContract.Processor=\1\0\0\0", "Service_Count=\3\0\0\0",
        "Service_At_2=benchmarkcontract", "BenchmarkContract.Code=" } }, chains.diff(out))
  end)
end)

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("a nested call under " .. rule_set .. " #small", function()
    it("fails its transaction when nobody catches it, with the callee's text", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "Caller", "propagate", "Callee", "write_and_fail" } }

      assert.same({ "ERROR_SMART_CONTRACT", "on purpose" }, chains.outcome(out.receipts[1]))
      assert.same({}, out.state_diffs)
      assert.same({ error = "on purpose", calls = {
        { contract_name = "Caller", method_name = "propagate" },
        { contract_name = "Callee", method_name = "write_and_fail" },
      } }, out.records[1])
    end)

    it("of a service that does not exist can be caught", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "Caller", "catch", "Nobody", "nothing" } }

      assert.same({ "SUCCESS", false, "contract not deployed" }, chains.outcome(out.receipts[1]))
    end)

    it("is told of with the call that asked for a missing service", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "Caller", "propagate", "Nobody", "nothing" } }

      assert.same({ error = "contract not deployed", detail = "'Nobody'", calls = {
        { contract_name = "Caller", method_name = "propagate" },
        { contract_name = "Nobody", method_name = "nothing" },
      } }, out.records[1])
    end)

    it("uses the callee's own keys and sees its own writes", function()
      local chain <close> = open(rule_set)

      local out = chain:process {
        { "Callee", "write", "key", "callee" },
        { "Callee", "get", "key" },
        { "Probe", "writeEmit", text "probe" },
        { "Probe2", "callOk", text "Probe", text "again" },
      }

      assert.same({ "SUCCESS", "callee" }, chains.outcome(out.receipts[2]))
      assert.same({ "SUCCESS", "again" }, chains.outcome(out.receipts[4]))
      assert.same({ "w=again" }, chains.diff(out).Probe)
      assert.is_nil(chains.diff(out).Probe2)
    end)
  end)
end

describe("the service stack", function()
  -- Without pcall between the levels: Lua itself stops at 200 calls from C.
  local function recursing()
    local processor, handler = { deepest = 0 }, nil

    function processor.contract_sdk_call_handler(given) handler = given end

    function processor.process_call(call)
      if call.method_name == "_init" then return { call_result = "SUCCESS" } end
      local depth, limit = table.unpack(chains.values(call.input_arguments))
      processor.deepest = math.max(processor.deepest, depth)
      if depth == limit then return { call_result = "SUCCESS" } end
      local packed = codec.pack_arguments { depth + 1, limit }
      local outputs, text_of_failure = handler:handle_sdk_call { context_id = call.context_id,
        operation_name = "Sdk.Service", method_name = "callMethod",
        input_arguments = { "Deep", "go", { bytes = ("<s4"):pack(packed) } } }
      if outputs then return { call_result = "SUCCESS" } end
      return { call_result = "ERROR_SMART_CONTRACT", error = text_of_failure }
    end

    return processor
  end

  for _, rule_set in ipairs(chains.RULE_SETS) do
    local function run(limit)
      local processor = recursing()
      local chain <close> = assert(chains.open { rule_set = rule_set, processors = {
        LUA = { process_call = processor.process_call,
          contract_sdk_call_handler = processor.contract_sdk_call_handler } },
        genesis = { services = { { name = "Deep", processor = "LUA", code = "deep" } } } })
      local out = assert(chain:process { { "Deep", "go", 1, limit } })
      return out, processor.deepest
    end

    it("holds 64 services under " .. rule_set, function()
      local out, deepest = run(64)

      assert.same({ "SUCCESS" }, chains.outcome(out.receipts[1]))
      assert.equal(64, deepest)
    end)

    it("refuses the 65th under " .. rule_set, function()
      local out, deepest = run(65)

      assert.same({ "ERROR_SMART_CONTRACT", "service stack of 64 calls is full" },
        chains.outcome(out.receipts[1]))
      assert.equal(64, deepest)
      assert.equal(64, #out.records[1].calls)
    end)
  end
end)
