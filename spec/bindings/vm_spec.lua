local chains = require "spec.support.chain"
local processor = require "vmhost.processor"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local function text(value) return { string = value } end

local function new_storage()
  return assert(state_storage.open { memory = true,
    genesis = { virtual_chain_id = 42, native_contracts = { "Probe" } } })
end

describe("the handle of a VM #small", function()
  it("closes twice, and tells whether it is open", function()
    local storage = new_storage()
    local host = assert(vm.open { storage = storage })

    assert.equal("vmhost.VM (open)", tostring(host))
    host:close()
    host:close()
    assert.equal("vmhost.VM (closed)", tostring(host))
    storage:close()
  end)

  it("is closed by <close>, and leaves the storage open", function()
    local storage = new_storage()
    do
      local host <close> = assert(vm.open { storage = storage })
      assert.equal(storage, host:storage())
    end

    assert.equal(0, storage:last_committed_block_info().height)
    storage:close()
  end)

  it("raises when it is used after closing", function()
    local storage = new_storage()
    local host = assert(vm.open { storage = storage })
    host:close()

    for _, method in ipairs { "process_transaction_set", "transaction_set_pre_order",
      "process_query", "call_system_contract", "handle_sdk_call", "describe", "storage" } do
      assert.error_matches(function() host[method](host, {}) end, "vmhost.VM is closed")
    end
    storage:close()
  end)

  it("keeps its storage from being closed", function()
    local storage = new_storage()
    local host = assert(vm.open { storage = storage })

    assert.error_matches(function() storage:close() end,
      "vmhost.StateStorage cannot be closed: 1 open handle needs it", 1, true)
    host:close()
    storage:close()
  end)

  it("cannot be closed by what it runs", function()
    local chain, message
    chain = assert(chains.open { contracts = { Closing = { run = function()
      message = select(2, pcall(chain.host.close, chain.host))
    end } } })
    local guard <close> = chain

    assert(guard:process { { "Closing", "run" } })

    assert.equal("vmhost.VM cannot be closed: a call is running", message)
  end)

  it("opens nothing over a storage that is closed", function()
    local storage = new_storage()
    storage:close()

    assert.error_matches(function() vm.open { storage = storage } end,
      "vmhost.StateStorage is closed")
  end)
end)

describe("vm.open #small", function()
  local WRONG = {
    { "an unknown option", { storage = true, procesors = {} }, "procesors" },
    { "no storage", {}, "option 'storage' is missing" },
    { "a storage that is none", { storage = io.stdout }, "vmhost.StateStorage" },
    { "no thread", { verify_threads = 0 }, "verify_threads must be 1 to 256" },
    { "257 threads", { verify_threads = 257 }, "verify_threads must be 1 to 256" },
    { "a processor without process_call", { processors = { LUA = {} } },
      "processor.process_call: expected function, got nil" },
    { "a processor with another key", { processors = { LUA = { process = print } } }, "process" },
    { "a processor that is no table", { processors = { LUA = 1 } },
      "a value is neither a Processor nor a table of functions" },
    { "an unknown processor type", { processors = { COBOL = { process_call = print } } },
      "COBOL" },
    { "a connector without call", { connector = {} },
      "connector.call: expected function, got nil" },
    { "a committee that is a text", { committee = "all" },
      "committee: expected a list of addresses or a function, got string" },
    { "a trace with another key", { trace = { calls = print } }, "trace: unknown key 'calls'" },
    { "a trace whose field is no function", { trace = { event = 1 } },
      "trace.event: expected function, got number 1" },
  }

  for _, case in ipairs(WRONG) do
    it("raises for " .. case[1], function()
      local storage = new_storage()
      local options = case[2]
      if options.storage == nil and case[1] ~= "no storage" or options.storage == true then
        options.storage = storage
      end

      local ok, message = pcall(vm.open, options)

      assert.is_false(ok)
      assert.truthy(message:find(case[3], 1, true), message)
      storage:close()
    end)
  end

  it("takes processors by number and by name, but not one type twice", function()
    local storage = new_storage()
    local one = { process_call = function() return { call_result = "SUCCESS" } end }

    local host, message, code = vm.open { storage = storage,
      processors = { LUA = one, [3] = one } }

    assert.is_nil(host)
    assert.equal("invalid_input", code)
    assert.equal("two processors of type 3 (LUA)", message)
    storage:close()
  end)

  it("hands its SDK handler to each processor once", function()
    local counts = { NATIVE = 0, LUA = 0, VITE = 0 }
    local processors = {}
    for name in pairs(counts) do
      processors[name] = {
        process_call = function() return { call_result = "SUCCESS" } end,
        contract_sdk_call_handler = function(handler)
          assert.is_function(handler.handle_sdk_call)
          counts[name] = counts[name] + 1
        end,
      }
    end
    local storage = new_storage()

    vm.open({ storage = storage, processors = processors }):close()

    assert.same({ NATIVE = 1, LUA = 1, VITE = 1 }, counts)
    storage:close()
  end)

  it("keeps its storage from being closed by what the opening runs", function()
    local storage <close> = assert(state_storage.open { memory = true,
      genesis = { virtual_chain_id = 42 } })
    local message

    local host <close> = assert(vm.open { storage = storage, processors = { LUA = {
      process_call = function() end,
      contract_sdk_call_handler = function()
        message = select(2, pcall(storage.close, storage))
      end } } })

    assert.equal("vmhost.StateStorage cannot be closed: a call is running", message)
    assert.equal("vmhost.VM (open)", tostring(host))
  end)

  it("fails where taking the handler raises", function()
    local storage = new_storage()

    local host, message, code = vm.open { storage = storage, processors = { LUA = {
      process_call = print, contract_sdk_call_handler = function() error "no, thanks" end } } }

    assert.is_nil(host)
    assert.equal("script_error", code)
    assert.truthy(message:find("no, thanks", 1, true))
    storage:close()
  end)

  it("takes a Processor for one VM at a time, and gives it free again", function()
    local first, second = new_storage(), new_storage()
    local native = processor.native { virtual_chain_id = 42, native_contracts = { "Probe" } }
    local host = assert(vm.open { storage = first, processors = { NATIVE = native } })

    assert.error_matches(function()
      vm.open { storage = second, processors = { NATIVE = native } }
    end, "a Processor serves one VM at a time")
    assert.error_matches(function() native:close() end, "cannot be closed")
    host:close()
    vm.open({ storage = second, processors = { NATIVE = native } }):close()

    native:close()
    first:close()
    second:close()
  end)

  it("holds no Processor when it raises", function()
    local storage = new_storage()
    local native = processor.native { virtual_chain_id = 42 }

    assert.is_false(pcall(vm.open, { storage = storage, processors = { NATIVE = native },
      committee = 1 }))

    native:close()
    storage:close()
  end)

  it("does not let a Processor that it uses change its handler", function()
    local storage = new_storage()
    local native = processor.native { virtual_chain_id = 42 }
    local host = assert(vm.open { storage = storage, processors = { NATIVE = native } })

    assert.error_matches(function()
      native:contract_sdk_call_handler { handle_sdk_call = print }
    end, "a Processor cannot change its handler now: it serves a VM")
    host:close()
    native:contract_sdk_call_handler { handle_sdk_call = print }

    native:close()
    storage:close()
  end)

  it("takes its handler from a Processor when it closes", function()
    local storage = new_storage()
    local native = processor.native { virtual_chain_id = 42, native_contracts = { "Probe" } }
    vm.open({ storage = storage, processors = { NATIVE = native } }):close()

    local out, _, code = native:process_call { contract_name = "Probe", method_name = "readW" }

    assert.is_nil(out)
    assert.equal("unknown_context", code)
    native:close()
    storage:close()
  end)
end)

describe("what a VM is given #small", function()
  local chain

  before_each(function() chain = assert(chains.open()) end)
  after_each(function() chain:close() end)

  local function expect_raise(pattern, method, ...)
    local ok, message = pcall(chain.host[method], chain.host, ...)
    assert.is_false(ok)
    assert.truthy(message:find(pattern, 1, true), message)
  end

  it("raises for an unknown field of a set", function()
    local set = chain:set {}
    set.heigth = 1

    expect_raise("heigth", "process_transaction_set", set)
    expect_raise("heigth", "transaction_set_pre_order", set)
  end)

  it("raises for a set without transactions, and with something else among them", function()
    local set = chain:set {}
    set.signed_transactions = nil
    expect_raise("signed_transactions", "process_transaction_set", set)
    set.signed_transactions = { 1 }
    expect_raise("signed_transactions[1]", "process_transaction_set", set)
  end)

  it("raises with the path of an argument that does not fit", function()
    local signed = chain:sign { "Probe", "readW" }
    signed.transaction.input_argument_array = { 1, { uint32 = 4294967296 } }
    local set = chain:set {}
    set.signed_transactions = { signed }

    expect_raise("signed_transactions[1].transaction.input_argument_array[2]",
      "process_transaction_set", set)
  end)

  it("raises for a query without a message", function()
    expect_raise("signed_query", "process_query", {})
    expect_raise("hight", "process_query", { signed_query = "", hight = 1 })
  end)

  it("raises for a system call without names", function()
    expect_raise("contract_name", "call_system_contract", { height = 1 })
    expect_raise("method_name", "call_system_contract", { height = 1, contract_name = "_Info" })
    expect_raise("input_arguments[1]", "call_system_contract", { height = 1,
      contract_name = "_Info", method_name = "isAlive", input_arguments = { {} } })
  end)

  it("raises for an SDK call without names", function()
    expect_raise("call.context_id", "handle_sdk_call", {})
    expect_raise("call.permission_scope", "handle_sdk_call", { context_id = "",
      operation_name = "Sdk.State", method_name = "read", permission_scope = "GOD" })
  end)

  it("knows no context outside of a call", function()
    local outputs, _, code = chain.host:handle_sdk_call { context_id = ("x"):rep(32),
      operation_name = "Sdk.State", method_name = "read", input_arguments = { { bytes = "" } } }

    assert.is_nil(outputs)
    assert.equal("unknown_context", code)
  end)
end)

describe("VM:describe #small", function()
  it("lists the methods of a native contract", function()
    local chain <close> = assert(chains.open())

    local methods = {}
    for _, method in ipairs(chain.host:describe "_Deployments") do methods[method.name] = method end

    assert.same({ name = "deployService", internal = false, writes = true, variadic = true,
      parameters = { "string", "uint32", "bytes" }, results = {} }, methods.deployService)
    assert.same({ "bytes" }, methods.getCodePart.results)
    assert.is_nil(chain.host:describe "Nobody")
  end)
end)

describe("a tracer #small", function()
  it("sees calls with their depth, reads, writes and events in order", function()
    local seen = {}
    local function see(...) seen[#seen + 1] = table.concat({ ... }, " ") end
    local chain <close> = assert(chains.open { trace = {
      call_begin = function(call)
        see("begin", call.depth, call.contract_name, call.method_name,
          call.calling_permission_scope)
      end,
      call_end = function(call, result)
        see("end", call.contract_name, result.execution_result, result.code)
      end,
      state_read = function(contract, key, value) see("read", contract, key, #value) end,
      state_write = function(contract, key, value) see("write", contract, key, value) end,
      event = function(contract, name, arguments) see("event", contract, name,
        arguments[1].value) end,
    } })
    chain:commit { { "Probe", "readW" } }
    seen = {}

    assert(chain:process { { "Probe", "callAndCatch", text "Probe", text "v" } })

    assert.same({
      "begin 1 _Deployments getInfo SERVICE", "read _Deployments Probe.Processor 4",
      "end _Deployments SUCCESS 0",
      "begin 1 Probe callAndCatch SERVICE", "write Probe before v",
      "begin 2 _Deployments getInfo SERVICE", "read _Deployments Probe.Processor 4",
      "end _Deployments SUCCESS 0",
      "begin 2 Probe writeEmitFail SERVICE", "write Probe w v", "event Probe E v",
      "end Probe ERROR_SMART_CONTRACT 4",
      "write Probe after caught", "end Probe SUCCESS 0",
    }, seen)
  end)
end)

describe("a VM that is called from within itself", function()
  it("runs a query out of a callback, with the committed state, and goes on", function()
    local answers, chain = {}, nil
    chain = assert(chains.open { trace = { call_begin = function(call)
      if call.method_name == "writeEmit" then
        local result, failure = chain:query { "Probe", "readW" }
        answers[#answers + 1] = failure or result.output_arguments[1].value
      end
    end } })
    local guard <close> = chain
    guard:commit { { "Probe", "writeEmit", text "first" } }

    local out = guard:commit { { "Probe2", "callOk", text "Probe", text "second" } }

    assert.same({ "contract not deployed", "first" }, answers)
    assert.same({ "SUCCESS", "second" }, chains.outcome(out.receipts[1]))
  end)

  it("does not let the outer context be reached with the inner one's rights", function()
    local outer, refusal, chain
    chain = assert(chains.open { contracts = { Outer = {}, Inner = {} }, processors = { LUA = {
      process_call = function(call)
        if call.method_name == "_init" then return { call_result = "SUCCESS" } end
        if call.contract_name == "Outer" then
          outer = call.context_id
          chain:query { "Inner", "run" }
          return { call_result = "SUCCESS" }
        end
        refusal = select(3, chain.host:handle_sdk_call { context_id = call.context_id,
          operation_name = "Sdk.State", method_name = "write",
          input_arguments = { { bytes = "k" }, { bytes = "v" } } })
        -- The outer one is a transaction, and still running.
        assert(chain.host:handle_sdk_call { context_id = outer, operation_name = "Sdk.State",
          method_name = "write", input_arguments = { { bytes = "k" }, { bytes = "v" } } })
        return { call_result = "SUCCESS" }
      end } } })
    local guard <close> = chain

    local out = assert(guard:process { { "Outer", "run" } })

    assert.equal("sdk_abort", refusal)
    assert.same({ Outer = { "k=v" } }, chains.diff(out))
  end)

  it("takes an event that a tracer of events emits", function()
    local id, chain
    local emitted = false
    chain = assert(chains.open { rule_set = "reference", trace = {
      call_begin = function(call) id = call.context_id end,
      event = function()
        if emitted then return end
        emitted = true
        for number = 1, 20 do
          assert(chain.host:handle_sdk_call { context_id = id, operation_name = "Sdk.Events",
            method_name = "emitEvent", input_arguments = { "Inner" .. number,
              { bytes = "\0\0\0\0" } } })
        end
      end } })
    local guard <close> = chain

    local out = assert(guard:process { { "Probe", "writeEmit", text "x" } })

    local names = {}
    for _, event in ipairs(out.receipts[1].output_events_array) do
      names[#names + 1] = event.event_name
    end
    assert.equal(21, #names)
    assert.equal("E", names[1])
    assert.equal("Inner20", names[21])
  end)

  it("works from coroutines, and one inside of another", function()
    local chain <close> = assert(chains.open { contracts = { Coroutine = {
      run = function(sdk)
        return { bytes = coroutine.wrap(function()
          sdk.state.write("key", "from a coroutine")
          return sdk.state.read "key"
        end)() }
      end } } })

    local out = coroutine.wrap(function()
      return coroutine.wrap(function() return chain:process { { "Coroutine", "run" } } end)()
    end)()

    assert.same({ "SUCCESS", "from a coroutine" }, chains.outcome(out.receipts[1]))
  end)
end)

describe("a VM under a restless garbage collector", function()
  for _, mode in ipairs { "incremental", "generational" } do
    it("gives the same receipts: " .. mode, function()
      local contracts = { Gc = { run = function(sdk, depth)
        collectgarbage()
        sdk.state.write("key" .. depth, ("v"):rep(depth))
        if depth > 0 then sdk.service.call("Gc", "run", { depth - 1 }) end
        collectgarbage "step"
        return { bytes = sdk.state.read("key" .. depth) }
      end } }
      local collect = function() collectgarbage "step" end
      local function run()
        local chain <close> = assert(chains.open { contracts = contracts,
          committee = function() collectgarbage() return {} end,
          trace = { call_begin = collect, state_write = collect, event = collect } })
        local out = assert(chain:process { { "Gc", "run", 10 }, { "Probe", "orderTest" } })
        return out.receipts[1].message, chains.diff(out)
      end
      local before = collectgarbage(mode)

      local message, diff = run()
      local again = run()

      collectgarbage(before)
      assert.equal(message, again)
      assert.equal("key10=vvvvvvvvvv", diff.Gc[1])
      assert.equal(11, #diff.Gc)
    end)
  end
end)

describe("interrupt_on_sigint", function()
  -- popen does not keep the signal away, as os.execute does.
  local function send_interrupt() io.popen("kill -INT $PPID"):close() end

  it("ends running Lua, and the next call into a host", function()
    local chain <close> = assert(chains.open())
    vm.interrupt_on_sigint(true)

    local ok, message = pcall(function()
      send_interrupt()
      for _ = 1, 10000000 do end -- luacheck: ignore 542
    end)
    local out, _, code = chain:process { { "Probe", "readW" } }
    local again = chain:process { { "Probe", "readW" } }
    vm.interrupt_on_sigint(false)

    assert.is_false(ok)
    assert.truthy(message:find("interrupted", 1, true))
    assert.is_nil(out)
    assert.equal("interrupted", code)
    assert.same({ "SUCCESS", "" }, chains.outcome(again.receipts[1]))
  end)

  it("forgets an interrupt that nobody met when it is switched off", function()
    local chain <close> = assert(chains.open())
    vm.interrupt_on_sigint(true)
    pcall(function()
      send_interrupt()
      for _ = 1, 10000000 do end -- luacheck: ignore 542
    end)
    vm.interrupt_on_sigint(false)

    assert.is_table(chain:process { { "Probe", "readW" } })
  end)

  it("takes a boolean", function()
    assert.is_false(pcall(vm.interrupt_on_sigint, "yes"))
  end)
end)
