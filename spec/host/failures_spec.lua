-- What the host itself cannot do ends the whole set, without receipts, past everything that
-- catches.
local chains = require "spec.support.chain"
local new_crashing_store = require "spec.support.crashing_store"
local new_failing_store = require "spec.support.failing_store"
local scripted_contracts = require "vmhost.scripted_contracts"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local function script_broke() error "the script broke" end

local CATCHER = {}

function CATCHER.broken() script_broke() end

function CATCHER.catch_call(sdk, method)
  pcall(sdk.service.call, "Catcher", method)
  return "caught"
end

function CATCHER.catch_ethereum(sdk)
  pcall(sdk.ethereum.call, "getBlockNumber")
  return "caught"
end

function CATCHER.catch_committee(sdk)
  pcall(sdk.env.block_committee)
  return "caught"
end

function CATCHER.touch(sdk)
  pcall(sdk.state.write, "key", "value")
  pcall(sdk.state.read, "key")
  pcall(sdk.events.emit, "Event", 1)
  return "caught"
end

function CATCHER.read(sdk) return #sdk.state.read "absent" end

function CATCHER.read_below(sdk) return sdk.service.call("Catcher", "read") end

local function open(further)
  local given = { contracts = { Catcher = CATCHER } }
  for name, value in pairs(further or {}) do given[name] = value end
  return assert(chains.open(given))
end

-- The set has a good transaction in front, which gets no receipt either.
local function expect_failure(chain, ...)
  local out, message, code = chain:process { { "Probe", "readW" }, { "Catcher", ... } }
  assert.is_nil(out)
  assert.equal("script_error", code)
  assert.truthy(message:find("transaction 2 of block 1: ", 1, true))
  assert.truthy(message:find("the script broke", 1, true))
  assert.truthy(message:find("stack traceback:", 1, true))
  assert.truthy(message:find("spec/host/failures_spec.lua:10: in", 1, true))
  -- The host is as good as before.
  assert.same({ "SUCCESS", "" },
    chains.outcome(assert(chain:process { { "Probe", "readW" } }).receipts[1]))
end

describe("a Lua error ends the set with a traceback #small", function()
  it("in a method of a scripted contract", function()
    local chain <close> = open()

    expect_failure(chain, "broken")
  end)

  it("in a nested call that the caller catches", function()
    local chain <close> = open()

    expect_failure(chain, "catch_call", "broken")
  end)

  it("in the connector, where the contract catches it", function()
    local chain <close> = open { connector = { call = script_broke } }

    expect_failure(chain, "catch_ethereum")
  end)

  it("in the committee, where the contract catches it", function()
    local chain <close> = open { committee = script_broke }

    expect_failure(chain, "catch_committee")
  end)

  for _, name in ipairs { "state_write", "state_read", "event" } do
    it("in trace." .. name .. ", where the contract catches it", function()
      local trace = {}
      trace[name] = function(contract) if contract == "Catcher" then script_broke() end end
      local chain <close> = open { trace = trace }

      expect_failure(chain, "touch")
    end)
  end

  for _, name in ipairs { "call_begin", "call_end" } do
    it("in trace." .. name .. " of a nested call, where the contract catches it", function()
      local trace = {}
      trace[name] = function(call) if call.method_name == "touch" then script_broke() end end
      local chain <close> = open { trace = trace }

      expect_failure(chain, "catch_call", "touch")
    end)
  end

  it("in get_contract_info of a NATIVE processor made of functions", function()
    local chain <close> = assert(chains.open { genesis = { native_contracts = {} },
      processors = { NATIVE = { get_contract_info = script_broke,
        process_call = function()
          return { call_result = "ERROR_SMART_CONTRACT", error = "contract not deployed" }
        end } } })

    local out, message, code = chain:process { { "Any", "run" } }

    assert.is_nil(out)
    assert.equal("script_error", code)
    assert.truthy(message:find("spec/host/failures_spec.lua:10: in", 1, true))
  end)
end)

describe("a failure of the host #small", function()
  local function open_answering(answer)
    return assert(chains.open {
      genesis = { services = { { name = "Told", processor = "LUA", code = "x" } } },
      processors = { LUA = { process_call = function(call)
        if call.method_name == "_init" then return { call_result = "SUCCESS" } end
        return answer
      end } } })
  end

  local WRONG_ANSWERS = {
    ["nothing"] = { nil, "result" },
    ["an unknown result"] = { { call_result = "SPLENDID" }, "result.call_result" },
    ["a result that no call has"] = { { call_result = "RESERVED" }, "no call ends with RESERVED" },
    ["a result of a number without a name"] = { { call_result = 77 }, "no call ends with unknown" },
    ["success with a code"] = { { call_result = "SUCCESS", code = 4 },
      "code 4 does not go with SUCCESS" },
    ["a failure without a code"] = { { call_result = "ERROR_INPUT", error = "no", code = 0 },
      "code 0 does not go with ERROR_INPUT" },
    ["an unknown field"] = { { call_result = "SUCCESS", outputs = {} }, "outputs" },
    ["an argument of the wrong range"] = {
      { call_result = "SUCCESS", output_arguments = { { uint32 = -1 } } }, "output_arguments[1]" },
  }

  for form, case in pairs(WRONG_ANSWERS) do
    it("is a processor that answers " .. form, function()
      local chain <close> = open_answering(case[1])

      local out, message, code = chain:process { { "Told", "run" } }

      assert.is_nil(out)
      assert.equal("script_error", code)
      assert.truthy(message:find(case[2], 1, true))
    end)
  end

  it("is a connector that refuses without a text", function()
    local chain <close> = open { connector = { call = function() return nil, "" end } }

    local out, message = chain:process { { "Catcher", "catch_ethereum" } }

    assert.is_nil(out)
    assert.truthy(message:find("a connector that answers nil says why", 1, true))
  end)

  it("in a query is nil, message, code", function()
    local chain <close> = open()

    local result, message, code = chain:query { "Catcher", "broken" }

    assert.is_nil(result)
    assert.equal("script_error", code)
    assert.truthy(message:find("the script broke", 1, true))
  end)

  it("is a yield out of a contract", function()
    local contracts = { Yielding = { run = function() coroutine.yield() end } }
    local chain <close> = assert(chains.open { contracts = contracts })
    local run = coroutine.wrap(function()
      return chain:process { { "Yielding", "run" } }
    end)

    local out, message, code = run()

    assert.is_nil(out)
    assert.equal("script_error", code)
    assert.truthy(message:find("yield across a C-call boundary", 1, true))
  end)

  it("in a text longer than a failure holds is cut, and ends the set", function()
    local contracts = { Long = { run = function() error(("long "):rep(2000)) end } }
    local chain <close> = assert(chains.open { contracts = contracts })

    local out, message, code = chain:process { { "Long", "run" } }

    assert.is_nil(out)
    assert.equal("script_error", code)
    assert.truthy(message:find("long long", 1, true))
  end)
end)

describe("a store that fails", function()
  it("ends the set at each read, whatever the contract catches", function()
    local double = new_failing_store(new_crashing_store().store)
    local chain <close> = open { storage = { store = double.store } }
    local reads = 0

    while true do
      double.fail_at(reads + 1)
      local out, message, code = chain:process { { "Catcher", "touch" },
        { "Catcher", "catch_call", "touch" } }
      if out then break end
      assert.equal("store_io", code)
      assert.truthy(message:find("the disk does not answer", 1, true))
      reads = reads + 1
    end
    double.heal()

    -- Where the mailbox begins and ends; then each transaction looks its service up; what it
    -- touches is written before it is read.
    assert.equal(4, reads)
    assert.is_table(chain:process { { "Catcher", "touch" } })
  end)

  it("stays what the failure is where scripted contracts pass it on", function()
    local double = new_failing_store(new_crashing_store().store)
    local chain <close> = open { storage = { store = double.store } }

    -- The mailbox is read twice, then comes the lookup of the service, then the contract's own.
    double.fail_at(4)
    local out, message, code = chain:process { { "Catcher", "read_below" } }

    assert.is_nil(out)
    assert.equal("store_io", code)
    assert.equal("transaction 1 of block 1: scripted store: the disk does not answer", message)
  end)

  it("fails to open the host in a new chain, and the chain stays new", function()
    local double = new_failing_store(new_crashing_store().store)
    local storage = assert(state_storage.open { store = double.store,
      genesis = { virtual_chain_id = 1,
        services = { { name = "A", processor = "LUA", code = "x" } } } })
    local options = { storage = storage,
      processors = { LUA = scripted_contracts.processor { A = {} } } }

    double.fail_at(1)
    local host, _, code = vm.open(options)
    double.heal()

    assert.is_nil(host)
    assert.equal("store_io", code)
    assert.is_true(storage:is_new())
    vm.open(options):close()
    assert.is_false(storage:is_new())
    storage:close()
  end)
end)
