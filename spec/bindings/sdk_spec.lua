local sdk = require "vmhost.sdk"

describe("vmhost.sdk #small", function()
  it("lists every operation with its arguments", function()
    local operations = {}
    for _, operation in ipairs(sdk.operations()) do
      operations[operation.operation_name .. "." .. operation.method_name] = operation.arguments
    end

    -- spec/host.md 5, getVirtualChainId, messages, asynchronous calls, and what the host's own
    -- contracts and the processors of bytecode and Lua use.
    assert.same({
      ["Sdk.State.read"] = "bytes", ["Sdk.State.write"] = "bytes, bytes",
      ["Sdk.Service.callMethod"] = "string, string, bytes",
      ["Sdk.Service.callMethodWithGas"] = "string, string, bytes, uint64",
      ["Sdk.Service.callOnBehalf"] = "string, string, bytes, bytes, bytes, uint256",
      ["Sdk.Service.getCallValue"] = "", ["Sdk.Service.findName"] = "bytes",
      ["Sdk.Service.getCode"] = "string", ["Sdk.Service.putCode"] = "bytes",
      ["Sdk.Service.getParts"] = "string",
      ["Sdk.Service.getBalance"] = "bytes, bytes",
      ["Sdk.Events.emitLog"] = "bytes, bytes",
      ["Sdk.Events.emitEvent"] = "string, bytes",
      ["Sdk.Address.getSignerAddress"] = "", ["Sdk.Address.getCallerAddress"] = "",
      ["Sdk.Address.getOwnAddress"] = "", ["Sdk.Address.getDeployerAddress"] = "",
      ["Sdk.Env.getBlockHeight"] = "", ["Sdk.Env.getBlockTimestamp"] = "",
      ["Sdk.Env.getBlockProposerAddress"] = "", ["Sdk.Env.getBlockCommittee"] = "",
      ["Sdk.Env.getNextBlockCommittee"] = "", ["Sdk.Env.getVirtualChainId"] = "",
      ["Sdk.Env.getSeed"] = "",
      ["Sdk.Async.call"] = "string, string, bytes, bytes, uint256, bool, uint64, uint64, string, "
        .. "string, string, bytes",
      ["Sdk.Async.callLegacy"] = "string, string, bytes, uint256",
      ["Sdk.Async.setGroupCallback"] = "string, string, bytes, uint64",
      ["Sdk.Async.awaitAll"] = "string[], string[], bytes[], bytes[], uint256[], uint64[], bytes, "
        .. "uint64",
      ["Sdk.Async.setReturn"] = "bytes", ["Sdk.Async.getClosure"] = "",
      ["Sdk.Message.identify"] = "string, bytes, bytes, uint256, uint32",
      ["Sdk.Message.send"] = "string, string, bytes, bytes, uint256",
      ["Sdk.Message.suspend"] = "string, string, bytes, bytes, uint256, bytes, uint64, uint64",
      ["Sdk.Ethereum.callMethod"] = "string, string, uint64, string, bytes",
      ["Sdk.Ethereum.getTransactionLog"] = "string, string, string, string",
      ["Sdk.Ethereum.getBlockNumber"] = "", ["Sdk.Ethereum.getBlockNumberByTime"] = "uint64",
      ["Sdk.Ethereum.getBlockTime"] = "", ["Sdk.Ethereum.getBlockTimeByNumber"] = "uint64",
    }, operations)
  end)

  it("says which one writes and which one is for system contracts", function()
    local writing, system = {}, {}
    for _, operation in ipairs(sdk.operations()) do
      if operation.needs_write then writing[#writing + 1] = operation.method_name end
      if operation.needs_system then system[#system + 1] = operation.method_name end
    end

    assert.same({ "write", "putCode", "emitLog", "identify", "send" }, writing)
    assert.same({ "callOnBehalf", "findName", "getCode", "getParts", "putCode", "getBalance",
      "emitLog", "identify", "getDeployerAddress", "getSeed" }, system)
  end)

  it("checks a handler and gives it back", function()
    local handler = { handle_sdk_call = function() return {} end }

    assert.equal(handler, sdk.handler(handler))
    assert.error_matches(function() sdk.handler {} end,
      "an SDK handler needs a function 'handle_sdk_call'")
    assert.error_matches(function() sdk.handler { handle = print } end, "handle")
  end)
end)
