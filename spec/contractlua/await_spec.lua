-- Contracts in Lua that wait for answers: the execution is frozen, and goes on in another block.
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local lua_chain = require "spec.support.lua_chain"
local temporary_folder = require "spec.support.temporary_folder"
local vite_services = require "spec.support.vite_services"

local CALLEE <const> = [[
local c, state = sdk.contract {
  state = { total = "uint64", said = "string" },
  add = "external write (amount uint64) uint64",
  fail = "external write (text string)",
  pair = "external read (a uint64, b string) string, uint64",
  total = "external read () uint64",
  paid = "external write () uint256",
  relay = "external write (name string, amount uint64) uint64",
  list = "external read (n uint64) uint64[], string",
  take = "external write ()",
}
function c.add(amount) state.total = state.total + amount return state.total end
function c.fail(text) state.total = 999 error(text) end
function c.pair(a, b) return b, a end
function c.total() return state.total end
function c.list(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list, ("x"):rep(n)
end
function c.take() error "keep it" end
function c.paid() return (sdk.call_value()) end
function c.relay(name, amount) return sdk.await(name, "add(uint64)(uint64)", amount) + 1 end
return c ]]

local CALLER <const> = [[
local c, state = sdk.contract {
  state = { log = "list(string)", result = "string" },
  run = "external write (name string, n uint64)",
  returned = "external write () uint64, string",
  log = "external read () string",
  reads = "external read ()",
  _init = "internal write (waits bool)",
}
local steps = {}
local function note(...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  state.log[#state.log + 1] = table.concat(list, " ")
end
function c._init(waits) if waits then sdk.await("Callee", "total()(uint64)") end end
function c.run(name, n) steps[name](n) end
function c.log()
  local list = {}
  for i, line in ipairs(state.log) do list[i] = line end
  return table.concat(list, "\n")
end
function c.reads() sdk.await("Callee", "total()(uint64)") end
function c.returned() return sdk.await("Callee", "add(uint64)(uint64)", 3), "given" end

function steps.once(n)
  note("before", n)
  note("after", sdk.await("Callee", "add(uint64)(uint64)", n), n)
end
function steps.results() note(sdk.await("Callee", "pair(uint64,string)(string,uint64)", 7, "x")) end
function steps.none() note("none", select("#", sdk.await("Callee", "add(uint64)", 1))) end
function steps.loop(n)
  local sum = 0
  for i = 1, n do sum = sum + sdk.await("Callee", "add(uint64)(uint64)", i) end
  note("sum", sum)
end
function steps.nested(n)
  local function deep(level)
    if level == 0 then return sdk.await("Callee", "total()(uint64)") end
    local value = deep(level - 1)
    return value + level
  end
  note("deep", deep(n))
end
function steps.caught()
  local good, text = pcall(sdk.await, "Callee", "fail(string)", "no way")
  note("caught", good, text, sdk.await("Callee", "total()(uint64)"))
end
function steps.uncaught()
  note "lost?"
  sdk.await("Callee", "fail(string)", "no way")
  note "never"
end
function steps.in_pcall()
  note(pcall(function()
    local x = sdk.await("Callee", "add(uint64)(uint64)", 2)
    error("x" .. x)
  end))
end
function steps.nobody() note(pcall(sdk.await, "Nobody", "x()")) end
function steps.paid()
  note(sdk.await_with_value(25, nil, "Callee", "paid()(uint256)"))
end
function steps.broke()
  note(pcall(sdk.await_with_value, 9999, nil, "Callee", "paid()(uint256)"))
end
function steps.in_coroutine()
  coroutine.wrap(function() pcall(sdk.await, "Callee", "total()(uint64)") end)()
end
function steps.in_sort()
  table.sort({ 2, 1 }, function(a, b) sdk.await("Callee", "total()(uint64)") return a < b end)
end
function steps.wrong() note(pcall(sdk.await, "Callee", "total()(string)")) end
function steps.relay() note(sdk.await("Callee", "relay(string,uint64)(uint64)", "Other", 5)) end
function steps.bytecode()
  note(sdk.await("Echo", "echo(uint256,string)(uint256,string)", 5, "abc"))
end
function steps.big()
  local s = ("x"):rep(1 << 21)
  sdk.await("Callee", "total()(uint64)")
  note(#s)
end
function steps.itself(n)
  if n > 1 then sdk.await("Caller", "run(string,uint64)", "itself", n - 1) end
  note("level", n)
end
function steps.list(n)
  local list, text = sdk.await("Callee", "list(uint64)(uint64[],string)", n)
  note(#list, list[n], #text)
end
function steps.value_back()
  note(pcall(sdk.await_with_value, 40, nil, "Callee", "take()"))
  note(sdk.balance())
end
function steps.out_of_gas()
  sdk.await("Callee", "total()(uint64)")
  note "lost"
  while true do end
end
function steps.out_of_memory()
  local s = ("x"):rep(10000)
  sdk.await("Callee", "total()(uint64)")
  while true do s = s .. s end
end
function steps.forever() while true do sdk.await("Callee", "add(uint64)(uint64)", 1) end end
return c ]]

local NO <const> = require "vmhost.codec".pack_arguments { { bool = false } }

local function deploy(chain)
  assert(chain:deploy("Callee", { CALLEE }))
  assert(chain:deploy("Other", { CALLEE }))
  chain:expect_success(chain:deploy("Caller", { CALLER, NO }))
  assert(chain:deploy("Echo", vite_services.ECHO, "VITE"))
end

describe("sdk.await #small", function()
  local chain

  before_each(function()
    local accounts = require "vmhost.fixture.call".new_accounts { "alice" }
    chain = fixture.new { genesis = { issues = { { to = crypto.address_of_contract "Caller",
      token = "VITE TOKEN", amount = 100 }, { to = accounts.alice.address, token = "VITE TOKEN",
      amount = 100 } } } }
    deploy(chain)
  end)

  after_each(function() chain:close() end)

  -- All receipts of the block of one call.
  local function run(name, n)
    return assert(chain:process { { "Caller", "run", name, n or 1 } }).receipts
  end

  local function log() return chain:query("Caller", "log") end

  it("goes on with the answer", function()
    local receipts = run("once", 5)

    assert.is_true(receipts[1].suspended)
    assert.equal("SUCCESS", receipts[1].execution_result)
    assert.equal("before 5\nafter 5 5", log())
    assert.equal(5, chain:query("Callee", "total"))
  end)

  for name, expected in pairs {
    results = "x 7", none = "none 0", caught = "caught false no way 0", in_pcall = "false x2",
    nobody = "false contract not deployed", paid = "25",
    wrong = "false 'Callee.total' gave a uint64 as result 1, string is declared",
    relay = "6", bytecode = "5 abc", value_back = "false keep it\n100",
  } do
    it("gives what it should: " .. name, function()
      for _, receipt in ipairs(run(name)) do chain:run_of(receipt) end

      assert.equal(expected, log())
    end)
  end

  it("waits in a loop, and in calls in calls", function()
    run("loop", 20)
    assert.equal("sum 1540", log())

    run("nested", 9)
    assert.equal("sum 1540\ndeep 255", log())
  end)

  it("calls itself, and gets long lists", function()
    run("itself", 5)
    assert.equal("level 1\nlevel 2\nlevel 3\nlevel 4\nlevel 5", log())

    run("list", 5000)
    assert.matches("\n5000 5000 5000$", log())
  end)

  it("ends with the gas and the memory of its going on", function()
    for name, text in pairs { out_of_gas = "out of gas", out_of_memory = "out of memory" } do
      local receipts = run(name)
      local last, used = receipts[#receipts], 0

      assert.equal("ERROR_SMART_CONTRACT", last.execution_result)
      assert.equal(text, last.output_argument_array[1].value)
      for _, receipt in ipairs(receipts) do used = used + receipt.gas_used end
      assert.is_true(used <= 50000000)
      assert.equal("", log())
    end
  end)

  it("goes on where the call came with an amount", function()
    chain:expect_success(chain:contract("Caller", "alice", 30):run("once", 5))

    assert.equal("before 5\nafter 5 5", log())
    assert.equal("130", tostring(chain:query("_Ledger", "getBalance",
      crypto.address_of_contract "Caller", "VITE TOKEN")))
  end)

  it("keeps what was done before, and undoes the part that fails", function()
    local receipts = run "uncaught"

    local last = receipts[#receipts]
    assert.equal("lost?", log())
    assert.equal("no way", last.output_argument_array[1].value)
    assert.equal(10, last.code)
    assert.equal(0, chain:query("Callee", "total"))
  end)

  it("gives the results of the method in the receipt of its end", function()
    local receipts = assert(chain:process { { "Caller", "returned" } }).receipts

    assert.same({}, receipts[1].output_argument_array)
    assert.same({ { type = "uint64", value = 3 }, { type = "string", value = "given" } },
      receipts[#receipts].output_argument_array)
  end)

  for name, ends in pairs {
    in_coroutine = { 10, "async: not allowed here" }, in_sort = { 10, "async: not allowed here" },
    broke = { 7, "insufficient balance for transfer" }, big = { 5, "out of gas" },
  } do
    it("ends the run where it cannot be: " .. name, function()
      local receipts = run(name)

      assert.equal("ERROR_SMART_CONTRACT", receipts[1].execution_result)
      assert.equal(ends[1], receipts[1].code)
      assert.matches(ends[2], receipts[1].output_argument_array[1].value, 1, true)
      assert.equal(1, #receipts)
      assert.equal("", log())
    end)
  end

  it("is not for queries, methods that only read, _init and nested calls", function()
    assert.equal("async: read-only", (select(2, chain:query("Caller", "reads"))))
    chain:expect_failure(chain:send("Caller", "reads"), "async: read-only")
    local yes = require "vmhost.codec".pack_arguments { { bool = true } }
    chain:expect_failure(chain:deploy("Waits", { CALLER, yes }), "async: not allowed here")
    assert(chain:deploy("Nest", { [=[
      local c = sdk.contract { go = "external write ()" }
      function c.go()
        pcall(sdk.call, "Caller", "run(string,uint64)", "once", 1)
        while true do end
      end
      return c ]=] }))
    chain:expect_failure(chain:send("Nest", "go"), "async: not allowed here")
  end)

  it("ends once the gas of its root is used up", function()
    local out = assert(chain:process { { "Caller", "run", "forever", 1 } })

    local used = 0
    for _, receipt in ipairs(out.receipts) do used = used + receipt.gas_used end
    assert.is_true(used <= 50000000)
    assert.equal("ERROR_SMART_CONTRACT", out.receipts[#out.receipts].execution_result)
  end)
end)

describe("sdk.await across blocks, stores and processes #small", function()
  -- One message a block; the store is closed and opened again between any two.
  local function run_slowly(path, names)
    local chain = assert(fixture.new { path = path,
      genesis = { limits = { messages_per_set = 1 } } })
    deploy(chain)
    for _, name in ipairs(names) do assert(chain:process { { "Caller", "run", name, 3 } }) end
    for _ = 1, 60 do
      chain:close()
      chain = assert(fixture.open { path = path })
      chain:mine()
    end
    local log, root = chain:query("Caller", "log"), chain.storage:state_hash()
    chain:close()
    return log, root
  end

  it("gives what it gives at once", function()
    local first <close> = temporary_folder()
    local second <close> = temporary_folder()
    local names = { "once", "loop", "nested", "caught", "relay" }

    local log, root = run_slowly(first.path .. "/chain", names)
    local again, same_root = run_slowly(second.path .. "/chain", names)

    for _, line in ipairs { "before 3", "after ", "sum ", "deep ", "caught false no way " } do
      assert.truthy(log:find(line, 1, true), log)
    end
    assert.equal(log, again)
    assert.equal(root, same_root)
  end)

  it("answers bytecode that awaits a method that awaits", function()
    local chain <close> = lua_chain.open { Callee = CALLEE, Other = CALLEE }
    chain:expect_success(chain.fixture:deploy("Asker", vite_services.ASKER, "VITE"))
    local function word_of(number) return string.pack(">I16I16", 0, number) end
    local data = ("\0"):rep(11) .. crypto.address_of_contract "Callee" .. "\1"
      .. crypto.blake2b("relay(string,uint64)", 32):sub(1, 4) .. word_of(64) .. word_of(41)
      .. word_of(5) .. "Other" .. ("\0"):rep(27)

    local receipts = assert(chain:process { { "Asker", "call", { bytes = data } } }).receipts

    local last = receipts[#receipts]
    assert.equal("SUCCESS", last.execution_result)
    assert.equal(word_of(1) .. word_of(42), last.output_argument_array[1].value)
  end)
end)
