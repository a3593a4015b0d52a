-- Asynchronous calls on a host: events, limits, receipts, prices, what is remembered of them.
local codec = require "vmhost.codec"
local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"
local lua_chain = require "spec.support.lua_chain"
local temporary_folder = require "spec.support.temporary_folder"

local PROTECTED <const> = "\0vmhost\0"

local function values(arguments)
  local list = {}
  for index, argument in ipairs(arguments) do list[index] = argument.value end
  return list
end

local function kinds(executions)
  local list = {}
  for index, execution in ipairs(executions or {}) do
    list[index] = ("%s %s.%s %d"):format(execution.kind, execution.contract_name,
      execution.method_name, execution.code)
  end
  return list
end

local function resident_kilobytes()
  collectgarbage()
  collectgarbage()
  for line in io.lines "/proc/self/status" do
    local size = line:match "^VmRSS:%s+(%d+)"
    if size then return math.tointeger(size) end
  end
end

-- Codes of the receipts of a set.
local function codes(out)
  local list = {}
  for index, receipt in ipairs(out.receipts) do list[index] = receipt.code end
  return list
end

-- A contract that notes what comes back, beside what a test gives it.
local function noting(methods)
  function methods.noted(sdk) return sdk.state.read "note" end
  function methods.good(sdk, code, ...)
    sdk.state.write("note", table.concat({ "good", code, ... }, " "))
  end
  function methods.bad(sdk, code, text)
    sdk.state.write("note", ("bad %d %s"):format(code, text))
  end
  return methods
end

local CALLBACKS <const> = { on_success = "good", on_error = "bad", gas = 100000 }

local function call(sdk, service, method, arguments, more)
  local options = {}
  for key, value in pairs(CALLBACKS) do options[key] = value end
  for key, value in pairs(more or {}) do options[key] = value end
  sdk.async.call(service, method, arguments, options)
end

local function noted(chain)
  return (chain:query("Shop", "noted"))
end

describe("events of asynchronous calls", function()
  local contracts = {
    Shop = noting {
      run = function(sdk, method)
        sdk.events.emit("Ran", 1)
        call(sdk, "Bank", method)
      end,
    },
    Bank = {
      one = function(sdk) sdk.events.emit("Paid", 2) end,
      two = function(sdk)
        sdk.events.emit("Paid", 2)
        pcall(sdk.events.emit, "Again", 3)
      end,
    },
  }
  contracts.Shop.good = function(sdk) sdk.events.emit("Came", 4) end

  local function names(receipt)
    local list = {}
    for index, event in ipairs(receipt.output_events_array) do list[index] = event.event_name end
    return list
  end

  it("are limited for each execution alone", function()
    local chain <close> = fixture.new { contracts = contracts }

    local out = assert(chain:process { { "Shop", "run", "one" } })

    assert.same({ "Ran", "Paid", "Came" }, names(out.receipts[1]))
    assert.is_nil(out.records[1].undone_events)
  end)

  it("stay in the receipt when their callee is undone, and are marked in the record", function()
    local chain <close> = fixture.new { contracts = contracts }

    local out = assert(chain:process { { "Shop", "run", "two" } })

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.same({ "Ran", "Paid" }, names(out.receipts[1]))
    assert.same({ false, true }, out.records[1].undone_events)
    assert.equal("bad 4 more than 1 event in one transaction", noted(chain))
  end)
end)

describe("a callee of an asynchronous call", function()
  it("may be a contract in C", function()
    local chain <close> = fixture.new { contracts = { Shop = noting {
      run = function(sdk)
        call(sdk, "BenchmarkToken", "getBalance", { { bytes = ("a"):rep(20) } })
      end,
    } } }
    chain:expect_success(chain:send("Shop", "run"))

    assert.equal("good 0 0", noted(chain))
  end)

  it("may be the contract itself", function()
    local chain <close> = fixture.new { contracts = { Shop = noting {
      run = function(sdk) call(sdk, "Shop", "again", { 7 }) end,
      again = function(_, number) return number + 1 end,
    } } }
    chain:expect_success(chain:send("Shop", "run"))

    assert.equal("good 0 8", noted(chain))
  end)
end)

describe("a method that somebody awaits", function()
  it("answers when the calls that it registered are finished", function()
    local chain <close> = lua_chain.open {
      Middle = [[
        local c = sdk.contract { get = "external write () uint64", gone = "callback" }
        function c.get()
          sdk.async.call { "Nobody", "x()", on_error = "gone", gas = 100000 }
          return 1
        end
        function c.gone(code) sdk.async.set_return("(uint64)", 40 + code) end
        return c ]],
      Waiter = [[
        local c, state = sdk.contract { state = { got = "uint64" }, run = "external write ()",
          got = "external read () uint64" }
        function c.run() state.got = sdk.await("Middle", "get()(uint64)") end
        function c.got() return state.got end
        return c ]],
    }
    chain:ok("Waiter", "run")

    assert.equal(43, chain:query("Waiter", "got"))
  end)
end)

describe("messages of asynchronous calls", function()
  local function sender(count)
    return { Shop = noting { run = function(sdk)
      for _ = 1, count do sdk.async.call("Nobody", "x", {}, { gas = 1 }) end
    end } }
  end

  it("are 256 at most", function()
    local chain <close> = fixture.new { contracts = sender(256) }
    local out = assert(chain:process { { "Shop", "run" } })

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.equal(256, #out.records[1].messages)

    local other <close> = fixture.new { contracts = sender(257) }
    out = assert(other:process { { "Shop", "run" } })

    assert.same({ "too many requests" }, values(out.receipts[1].output_argument_array))
    assert.equal(10, out.receipts[1].code)
    assert.equal(1, #out.receipts)
  end)

  it("have receipts with codes, root and who sent them", function()
    local chain <close> = fixture.new { contracts = { Shop = noting {
      run = function(sdk) call(sdk, "Nobody", "x") end,
    } } }
    local out = assert(chain:process { { "Shop", "run" } })
    local transaction, request, answer = table.unpack(out.receipts)
    local sent = codec.decode("Message", out.records[1].messages[1])

    assert.same({ 0, 3, 0 }, codes(out))
    assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", request.execution_result)
    assert.equal(transaction.message_id, request.root)
    assert.equal(transaction.message_id, request.parent)
    -- The request id of an asynchronous call is the id of the call.
    assert.equal(sent.answered_id, request.message_id)
    assert.equal(request.message_id, answer.parent)
    assert.equal("bad 3 contract not found", noted(chain))
  end)

  it("have no effect where the transaction fails behind them", function()
    local chain <close> = fixture.new { contracts = { Shop = noting {
      run = function(sdk)
        call(sdk, "Nobody", "x")
        sdk.fail "no"
      end,
    } } }
    local out = assert(chain:process { { "Shop", "run" } })

    assert.same({ 4 }, codes(out))
    assert.same({}, out.state_diff)
  end)

  it("cost 28 for each byte of their record and their input", function()
    local left = {}
    local chain <close> = fixture.new {
      genesis = { limits = { messages_per_set = 0 } },
      contracts = { Shop = noting { run = function(sdk)
        left[1] = sdk.gas.left()
        call(sdk, "Nobody", "x", { "an argument" }, { lock = 5, closure = "note" })
        left[2] = sdk.gas.left()
      end } },
    }
    local out = assert(chain:process { { "Shop", "run" } })
    local records = chain.storage:keys("Shop", { prefix = PROTECTED .. "async" })
    local input = codec.decode("Message", out.records[1].messages[1]).input

    -- The header, and behind it the call.
    assert.equal(2, #records)
    assert.equal(1000 + 100005 + 100000 + 28 * (#records[2].value + #input), left[1] - left[2])
  end)
end)

describe("a context that is kept", function()
  it("goes on where the store is closed between any two messages", function()
    local folder <close> = temporary_folder()
    local contracts = { Shop = noting { run = function(sdk) call(sdk, "Nobody", "x") end } }
    local path = folder.path .. "/chain"
    do
      local chain <close> = fixture.new { path = path, contracts = contracts,
        genesis = { limits = { messages_per_set = 1 } } }
      chain:expect_success(chain:send("Shop", "run"))
      assert.equal("", noted(chain))
      assert.equal(2, #chain.storage:keys("Shop", { prefix = PROTECTED .. "async" }))
    end
    local chain <close> = fixture.open { path = path, contracts = contracts }
    chain:mine()

    assert.equal("bad 3 contract not found", noted(chain))
    assert.same({}, chain.storage:keys("Shop", { prefix = PROTECTED }))
  end)
end)

describe("a method that goes on", function()
  local SHOP <const> = [[
local c, state = sdk.contract {
  state = { log = "list(string)" },
  run = "external write ()", open = "external write (name string)",
  slow = "external write ()", nothing = "external write ()",
  log = "external read () string", answered = "callback",
}
local function wait(lock) sdk.await { "Shop", "nothing()", gas = 10000, lock = lock } end
function c.nothing() end
function c.slow() wait(100000) wait(50000) end
function c.open(name)
  if name == "second" then sdk.async.call { "Shop", "nothing()", gas = 20000 } end
  sdk.async.call { "Shop", "slow()", gas = 300000, on_success = "answered", closure = name }
end
function c.answered() state.log[#state.log + 1] = sdk.async.closure() end
function c.run()
  sdk.async.call { "Shop", "open(string)", "first", gas = 1000000 }
  wait(3000000)
  sdk.call("Shop", "open(string)", "second")
end
function c.log()
  local list = {}
  for i, line in ipairs(state.log) do list[i] = line end
  return table.concat(list, " ")
end
return c ]]

  -- Two with one id would share their records: that of the second is the last one's.
  it("gives its calls other ids than those that it made before", function()
    local chain <close> = lua_chain.open { Shop = SHOP }
    chain:ok("Shop", "run")
    for _ = 1, 5 do assert(chain:process {}) end

    assert.equal("first second", (chain:query("Shop", "log")))
    assert.same({}, chain.storage:keys("Shop", { prefix = PROTECTED .. "async" }))
    assert.same({}, chain.storage:keys("Shop", { prefix = PROTECTED .. "suspended" }))
  end)
end)

describe("VM:messages", function()
  local contracts = {
    Shop = noting { run = function(sdk)
      call(sdk, "Bank", "pay")
      call(sdk, "Nobody", "x")
    end },
    Bank = { pay = function() return 3 end },
  }

  it("gives what came of a transaction, one below the other", function()
    local chain <close> = fixture.new { contracts = contracts }
    local out = assert(chain:process { { "Shop", "run" } })
    local tree = assert(chain.host:messages(out.receipts[1].root))
    local top = tree.tops[1]

    assert.equal(out.receipts[1].root, tree.root)
    assert.same({ 1, "transaction", "Shop", "run", 1 },
      { #tree.tops, top.kind, top.contract_name, top.method_name, top.height })
    assert.same({ "direct Shop.run 0", "async Bank.pay 0", "callback Shop.good 0" },
      kinds(top.executions))
    local request = top.children[1]
    assert.same({ "async", "Shop", "Nobody", "x", 3 },
      { request.kind, request.from, request.to, request.method, request.code })
    local answer = request.children[1]
    assert.same({ "async answer", "Nobody", "Shop", 0 },
      { answer.kind, answer.from, answer.to, answer.code })
    assert.same({ "callback Shop.bad 0" }, kinds(answer.executions))
    assert.is_nil(top.pending)
    assert.is_nil(top.waiting)
  end)

  it("tells what is pending, and who waits for it", function()
    local chain <close> = fixture.new { contracts = contracts,
      genesis = { limits = { messages_per_set = 1 } } }
    local out = assert(chain:process { { "Shop", "run" } })
    local root = out.receipts[1].root
    local top = assert(chain.host:messages(root)).tops[1]

    assert.same({ { "calls", "Shop" } }, { { top.waiting[1].kind, top.waiting[1].contract_name } })
    assert.equal("async answer", top.children[1].pending[1].kind)

    chain:mine()
    top = assert(chain.host:messages(root)).tops[1]
    assert.is_nil(top.waiting)
    assert.is_nil(top.children[1].pending)
  end)

  it("is printed", function()
    local chain <close> = fixture.new { contracts = contracts,
      genesis = { limits = { messages_per_set = 1 } } }
    local root = assert(chain:process { { "Shop", "run" } }).receipts[1].root

    local text = inspect.messages(assert(chain.host:messages(root))):gsub("gas %d+", "gas N")
      :gsub("of %d+", "of N")

    assert.equal([[
transaction Shop.run, block 1, gas N, good
  async Bank.pay, gas N of N, good
  callback Shop.good, gas N of N, good
  async Nobody.x, block 1, gas N, failed 3: "contract not deployed" ('Nobody')
    pending: async answer Shop, chain 42
  waiting: Shop for its calls]], text)
  end)

  it("forgets what a set has done that is processed anew", function()
    local chain <close> = fixture.new { contracts = contracts }
    local set = { height = 1, timestamp = 1577836801000000000, reference_time = 1577836801,
      prev_reference_time = 0, signed_transactions = { chain:transaction("Shop", "run") } }
    local first = assert(chain.host:process_transaction_set(set))
    assert(chain.host:process_transaction_set(set))
    local tree = assert(chain.host:messages(first.receipts[1].root))

    assert.equal(1, #tree.tops)
    assert.equal(1, #tree.tops[1].children)
  end)

  -- Else a set that is proposed again and again fills the memory of those who check it.
  it("keeps nothing of it either", function()
    if (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true) then
      return pending "a sanitizer keeps what was freed"
    end
    local chain <close> = fixture.new { contracts = {
      Shop = { run = function(sdk) for _ = 1, 500 do call(sdk, "Bank", "pay") end end,
        good = function() end, bad = function() end },
      Bank = contracts.Bank,
    }, genesis = { limits = { transaction_gas = 1000000000 } } }
    local set = { height = 1, timestamp = 1577836801000000000, reference_time = 1577836801,
      prev_reference_time = 0, signed_transactions = { chain:transaction("Shop", "run") } }
    local function process()
      local out = assert(chain.host:process_transaction_set(set))
      assert.equal(1001, #out.records[1].executions)
    end
    for _ = 1, 10 do process() end
    local before = resident_kilobytes()
    for _ = 1, 40 do process() end

    -- Each pass is some 200 kB.
    assert.is_true(resident_kilobytes() - before < 4000)
  end)

  it("knows no root of another host, nor one of which nothing came", function()
    local chain <close> = fixture.new { contracts = contracts }
    local receipt = chain:send("Shop", "good", 0)

    assert.same({ nil, "no runs of that root are remembered", "not_found" },
      { chain.host:messages(receipt.root) })
    assert.has_error(function() chain.host:messages "short" end)
  end)
end)

describe("a set that is stepped through", function()
  it("runs no more messages than it is told to, and unproved ones first", function()
    local chain <close> = fixture.new { contracts = { Shop = noting {
      run = function(sdk) call(sdk, "Nobody", "x") end,
    } } }
    local function set(height, more)
      local made = { height = height, timestamp = 1577836800000000000 + height,
        reference_time = 1577836800, prev_reference_time = 0, signed_transactions = {} }
      for key, value in pairs(more) do made[key] = value end
      return made
    end
    local out = assert(chain.host:process_transaction_set(set(1, { message_limit = 0,
      signed_transactions = { chain:transaction("Shop", "run") } })))
    assert(chain.storage:commit_state_diff(out.block))
    assert.equal(1, #out.receipts)

    local answer = codec.decode("Message", out.records[1].messages[1])
    answer.kind, answer.code, answer.input = 12, 0, codec.pack_arguments { 9 }
    answer.from_service, answer.to_service = "Anybody", "Shop"
    local forged = codec.encode("Message", answer)
    answer.answered_id = ("z"):rep(32)
    out = assert(chain.host:process_transaction_set(set(2, { message_limit = 0,
      unproved_messages = { codec.encode("Message", answer), forged, forged } })))
    assert(chain.storage:commit_state_diff(out.block))

    assert.same({ "call_not_found", true }, { out.records[1].error, out.records[1].is_refused })
    assert.same({ 4, 0, 4 }, codes(out))
    assert.same({ "no_context" }, values(out.receipts[3].output_argument_array))
    assert.equal("good 0 9", noted(chain))
  end)
end)
