local processor = require "vmhost.processor"

local GENESIS = { virtual_chain_id = 42, native_contracts = { "Probe", "BenchmarkContract" } }

-- What a contract reads and writes, and the calls that it made.
local function memory_handler(state)
  local calls = {}
  return { handle_sdk_call = function(call)
    calls[#calls + 1] = call
    local key = call.input_arguments[1] and call.input_arguments[1].value
    if call.method_name == "read" then return { { bytes = state[key] or "" } } end
    if call.method_name == "write" then state[key] = call.input_arguments[2].value end
    return {}
  end }, calls
end

local function open(handler)
  local native = assert(processor.native(GENESIS))
  if handler then native:contract_sdk_call_handler(handler) end
  return native
end

describe("a native Processor by itself #small", function()
  it("runs a method with an SDK handler made of functions", function()
    local state = {}
    local handler, calls = memory_handler(state)
    local native <close> = open(handler)

    local out = assert(native:process_call { contract_name = "Probe", method_name = "writeEmit",
      context_id = "any bytes", input_arguments = { "hello" } })

    assert.same({ call_result = "SUCCESS", code = 0, gas_used = 0, output_arguments = {} }, out)
    assert.equal("hello", state.w)
    assert.same({ context_id = "any bytes", operation_name = "Sdk.State", method_name = "write",
      permission_scope = "SERVICE",
      input_arguments = { { type = "bytes", value = "w" }, { type = "bytes", value = "hello" } } },
      calls[1])
    assert.equal("emitEvent", calls[2].method_name)
  end)

  it("passes a refusal of the handler on, and lets the contract catch it", function()
    local native <close> = open { handle_sdk_call = function(call)
      if call.operation_name == "Sdk.Service" then return nil, "refused" end
      return {}
    end }

    local caught = native:process_call { contract_name = "Probe", method_name = "callAndCatch",
      input_arguments = { "Any", "v" } }
    local raised = native:process_call { contract_name = "Probe",
      method_name = "callAndPropagate", input_arguments = { "Any", "v" } }

    assert.equal("refused", caught.output_arguments[1].value)
    assert.same({ "ERROR_SMART_CONTRACT", "refused" }, { raised.call_result, raised.error })
  end)

  it("does not let the contract catch an abort", function()
    local native <close> = open { handle_sdk_call = function(call)
      if call.operation_name == "Sdk.Service" then return nil, "over", "sdk_abort" end
      return {}
    end }

    local out = native:process_call { contract_name = "Probe", method_name = "callAndCatch",
      input_arguments = { "Any", "v" } }

    assert.same({ "ERROR_SMART_CONTRACT", "over" }, { out.call_result, out.error })
  end)

  it("fails with a traceback where the handler raises", function()
    local native <close> = open { handle_sdk_call = function() error "handler broke" end }

    local out, message, code = native:process_call { contract_name = "Probe",
      method_name = "readW" }

    assert.is_nil(out)
    assert.equal("script_error", code)
    assert.truthy(message:find("handler broke", 1, true))
    assert.truthy(message:find("stack traceback", 1, true))
  end)

  it("fails where the handler answers something else", function()
    for _, answer in ipairs { {}, { 1 }, { "text" } } do
      local native <close> = open { handle_sdk_call = function() return answer end }

      local out, message, code = native:process_call { contract_name = "Probe",
        method_name = "readW" }

      assert.is_nil(out)
      assert.equal("script_error", code)
      assert.equal("SDK handler answered no bytes to State.read", message)
    end
  end)

  it("needs a handler for contracts that ask", function()
    local native <close> = open()

    local out, _, code = native:process_call { contract_name = "Probe", method_name = "readW" }

    assert.is_nil(out)
    assert.equal("unknown_context", code)
  end)

  it("refuses methods, scopes and arguments as in a host", function()
    local native <close> = open(memory_handler {})
    local function run(method, scope, ...)
      local out = native:process_call { contract_name = "Probe", method_name = method,
        calling_permission_scope = scope, input_arguments = { ... } }
      return { out.call_result, out.error }
    end

    assert.same({ "ERROR_INPUT", "method 'nothing' not found on contract 'Probe'" },
      run("nothing"))
    assert.same({ "ERROR_INPUT", "only system contracts can run method '_init'" }, run("_init"))
    assert.same({ "SUCCESS" }, run("_init", "SYSTEM"))
    assert.same({ "ERROR_INPUT", "method 'Probe.readW' takes 0 args but received more" },
      run("readW", "SERVICE", 1))
  end)

  it("refuses a contract that the genesis does not name", function()
    local native <close> = open(memory_handler {})

    local out = native:process_call { contract_name = "BenchmarkToken", method_name = "transfer" }

    assert.same({ "ERROR_CONTRACT_NOT_DEPLOYED", "Contract BenchmarkToken was not found", 3 },
      { out.call_result, out.error, out.code })
  end)

  it("takes packed arguments", function()
    local native <close> = open(memory_handler {})

    local out = native:process_call { contract_name = "BenchmarkContract", method_name = "add",
      input_arguments = (("<I4I2I2i8"):pack(12, 1, 0, 2)):rep(2) }

    assert.equal(4, out.output_arguments[1].value)
  end)

  it("tells the permission of a contract", function()
    local native <close> = open()

    assert.same({ permission_scope = "SERVICE" },
      native:get_contract_info { contract_name = "Probe" })
    assert.same({ permission_scope = "SYSTEM" },
      native:get_contract_info { contract_name = "_Deployments" })
    assert.same({ nil, "not_found" }, { (native:get_contract_info { contract_name = "Nobody" }),
      select(3, native:get_contract_info { contract_name = "Nobody" }) })
  end)

  it("closes twice, tells so, and raises afterwards", function()
    local native = open()
    assert.equal("vmhost.Processor (open)", tostring(native))

    native:close()
    native:close()

    assert.equal("vmhost.Processor (closed)", tostring(native))
    assert.error_matches(function() native:process_call {} end, "vmhost.Processor is closed")
  end)

  it("cannot be closed by what it runs", function()
    local native, message
    native = open { handle_sdk_call = function()
      message = select(2, pcall(native.close, native))
      return { { bytes = "" } }
    end }

    assert(native:process_call { contract_name = "Probe", method_name = "readW" })

    assert.equal("vmhost.Processor cannot be closed: a call is running", message)
    native:close()
  end)

  it("raises for what it does not know", function()
    local native <close> = open()

    assert.error_matches(function() native:process_call { contract = "x" } end, "contract")
    assert.error_matches(function() native:contract_sdk_call_handler { handle = print } end,
      "handle")
    assert.error_matches(function() processor.native { virtual_chain = 1 } end, "virtual_chain")
  end)

  it("goes on after a nested call of itself", function()
    local native
    local handler = memory_handler { w = "stored" }
    native = open { handle_sdk_call = function(call)
      if call.operation_name == "Sdk.Service" then
        assert(native:process_call { contract_name = "Probe", method_name = "readW" })
        return { { bytes = "\0\0\0\0" } }
      end
      return handler.handle_sdk_call(call)
    end }

    -- callOk calls twice: the second is asked for when the first has ended.
    local out, message = native:process_call { contract_name = "Probe", method_name = "callOk",
      input_arguments = { "Probe", "v" } }

    assert.is_nil(message)
    assert.equal("SUCCESS", out.call_result)
    native:close()
  end)

  it("keeps its handler while a call is running", function()
    local native, message
    native = open { handle_sdk_call = function()
      message = select(2, pcall(native.contract_sdk_call_handler, native, memory_handler {}))
      return { { bytes = "" } }
    end }

    assert(native:process_call { contract_name = "Probe", method_name = "readW" })

    assert.equal("a Processor cannot change its handler now: a call is running", message)
    native:close()
  end)

  it("keeps what a call named when its handler takes it out of the table", function()
    local seen = {}
    local call = { contract_name = "Probe", method_name = "orderTest" }
    local native <close> = open { handle_sdk_call = function(sdk_call)
      seen[#seen + 1] = sdk_call.context_id
      for name in pairs(call) do call[name] = nil end
      collectgarbage()
      return sdk_call.method_name == "read" and { { bytes = "" } } or {}
    end }
    -- A string of this size has no other owner than the table.
    call.context_id = ("x"):rep(100) .. #seen

    local out = assert(native:process_call(call))

    assert.equal("SUCCESS", out.call_result)
    for index = 1, 5 do assert.equal(("x"):rep(100) .. "0", seen[index]) end
  end)

  it("reads calls raw: no metamethod gives what is in no table", function()
    local native <close> = open(memory_handler {})
    local call = setmetatable({}, { __index = function() return "Probe" end })

    assert.error_matches(function() native:process_call(call) end,
      "call.contract_name: expected string, got nil")
  end)

  for _, case in ipairs {
    { "nothing", {}, "_Ledger", "callWithValue",
      { "Any", "run", { bytes = "\0\0\0\0" }, { bytes = "ATOKENTEST" }, { uint256 = 0 } },
      "SDK handler answered no bytes to callOnBehalf" },
    { "a list for bytes", { { ["uint64[]"] = { 1, 2 } } }, "_Info", "getSignerAddress", {},
      "SDK handler answered no bytes to getSignerAddress" },
    { "a string for a number", { "7" }, "Probe", "envNow", {},
      "SDK handler answered no uint64 to getBlockHeight" },
  } do
    local what, answer, contract, method, arguments, expected = table.unpack(case)
    it("is failed by a handler that answers " .. what, function()
      local native <close> = open { handle_sdk_call = function(call)
        if call.method_name == "getCallerAddress" then return { { bytes = ("a"):rep(20) } } end
        return answer
      end }

      local out, message, code = native:process_call { contract_name = contract,
        method_name = method, input_arguments = arguments }

      assert.is_nil(out)
      assert.same({ expected, "script_error" }, { message, code })
    end)
  end

  it("lists the contracts that a genesis may name", function()
    assert.same({ "BenchmarkContract", "BenchmarkToken", "Probe", "Probe2", "ProbeSystem" },
      processor.native_contracts)
  end)
end)
