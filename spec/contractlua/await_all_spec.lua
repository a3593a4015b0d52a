-- Several calls that a method waits for at once: `sdk.await_all`.
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local network = require "vmhost.network"
local new_random = require "spec.support.random"
local temporary_folder = require "spec.support.temporary_folder"
local vite_services = require "spec.support.vite_services"

local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil

local CALLEE <const> = [[
local c, state = sdk.contract {
  state = { total = "uint64", order = "string" },
  add = "external write (amount uint64) uint64",
  fail = "external write (text string)",
  pair = "external read (a uint64, b string) string, uint64",
  total = "external read () uint64",
  paid = "external write () uint256, string",
  relay = "external write (name string, amount uint64) uint64",
  both = "external write (name string, n uint64) uint64",
  list = "external read (n uint64) uint64[], string",
  take = "external write ()",
  spin = "external write ()",
  who = "external read () bytes20, bytes20",
  note = "external write (text string)",
  order = "external read () string",
  none = "external write ()",
}
function c.add(amount) state.total = state.total + amount return state.total end
function c.fail(text) state.total = 999 error(text, 0) end
function c.pair(a, b) return b, a end
function c.total() return state.total end
function c.paid() return sdk.call_value() end
function c.relay(name, amount) return sdk.await(name, "add(uint64)(uint64)", amount) + 1 end
function c.both(name, n)
  local sum = 0
  for _, one in ipairs(sdk.await_all { { name, "add(uint64)(uint64)", n },
    { name, "add(uint64)(uint64)", n } }) do sum = sum + one[1] end
  return sum
end
function c.list(n)
  local list = {}
  for i = 1, n do list[i] = i end
  return list, ("x"):rep(n)
end
function c.take() error("keep it", 0) end
function c.spin() while true do end end
function c.who() return sdk.caller(), sdk.signer() end
function c.note(text) state.order = state.order .. text end
function c.order() return state.order end
function c.none() end
return c ]]

local CALLER <const> = [[
local c, state = sdk.contract {
  state = { log = "list(string)", count = "uint64" },
  run = "external write (name string, n uint64)",
  returned = "external write (n uint64) uint64, string",
  log = "external read () string",
  reads = "external read ()",
  came = "callback",
  done = "callback",
  _init = "internal write (waits bool)",
}
local steps = {}
local function note(...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  state.log[#state.log + 1] = table.concat(list, " ")
end
-- An outcome as text: "5 abc", "!4 no way".
local function text_of(outcome)
  local list = {}
  for i, value in ipairs(outcome) do list[i] = tostring(value) end
  local text = table.concat(list, " ")
  return outcome.ok and text or ("!%d %s"):format(outcome.code, text)
end
local function note_all(list)
  local texts = {}
  for i, outcome in ipairs(list) do texts[i] = text_of(outcome) end
  note(table.concat(texts, " | "))
end
local function add(name, n) return { name, "add(uint64)(uint64)", n } end

function c._init(waits) if waits then sdk.await_all { add("Callee", 1) } end end
function c.run(name, n) steps[name](n) end
function c.log()
  local list = {}
  for i, line in ipairs(state.log) do list[i] = line end
  return table.concat(list, "\n")
end
function c.reads() sdk.await_all { add("Callee", 1) } end
function c.returned(n)
  local list = sdk.await_all { add("Callee", n), add("Callee", n), { "Nobody", "x()" } }
  return list[1][1] + list[2][1], text_of(list[3])
end
function c.came(code, ...) note("came", code, ...) end
function c.done(data) note("done", data) end

function steps.two(n)
  note("before", n)
  note_all(sdk.await_all { add("Callee", n),
    { "Callee", "pair(uint64,string)(string,uint64)", 7, "x" } })
end
function steps.mixed()
  note_all(sdk.await_all { add("Callee", 1), { "Callee", "fail(string)", "no way" },
    { "Nobody", "x()" }, { "Callee", "nothing()" }, add("Other", 2) })
end
function steps.empty() note("empty", #sdk.await_all {}, #sdk.await_all { lock = 5 }) end
function steps.one() note_all(sdk.await_all { add("Callee", 3) }) end
function steps.none() note("none", text_of(sdk.await_all { { "Callee", "none()" } }[1]) == "") end
function steps.fits_not()
  note_all(sdk.await_all { { "Callee", "add(uint64)(string)", 4 }, { "Callee", "add(uint64)()", 1 },
    { "Callee", "add(uint64)", 1 }, { "Callee", "add(uint64)(uint64,uint64)", 1 } })
end
function steps.loop(n)
  local sum = 0
  for i = 1, n do
    local list = sdk.await_all { add("Callee", i), add("Other", i) }
    sum = sum + list[1][1] + list[2][1]
  end
  note("sum", sum)
end
function steps.between(n)
  local a = sdk.await("Callee", "add(uint64)(uint64)", n)
  local list = sdk.await_all { add("Callee", n), add("Other", n) }
  local b = sdk.await("Other", "add(uint64)(uint64)", n)
  note("between", a, list[1][1], list[2][1], b)
end
function steps.many(n)
  local calls = {}
  for i = 1, n do calls[i] = { "Callee", "pair(uint64,string)(string,uint64)", i, "x" } end
  local list = sdk.await_all(calls)
  local sum = 0
  for i, outcome in ipairs(list) do sum = sum + outcome[2] * (outcome[2] == i and 1 or 1000000) end
  note("many", #list, sum)
end
function steps.after_sends(n)
  for _ = 1, 10 do sdk.send("Callee", "none()") end
  steps.many(n)
end
function steps.waiting_callees()
  note_all(sdk.await_all { { "Callee", "relay(string,uint64)(uint64)", "Other", 5 },
    { "Callee", "both(string,uint64)(uint64)", "Other", 7 } })
end
function steps.languages()
  note_all(sdk.await_all { { "Echo", "echo(uint256,string)(uint256,string)", 5, "abc" },
    { "_Ledger", "getBalance(bytes20,bytes)(uint256)", sdk.own_address(), "VITE TOKEN" },
    add("Callee", 1), { "Reverts", "x()" } })
end
function steps.itself(n)
  if n > 1 then
    note_all(sdk.await_all { { "Caller", "run(string,uint64)", "itself", n - 1 },
      { "Caller", "run(string,uint64)", "itself", n - 2 } })
  end
  note("level", n)
end
function steps.paid()
  note_all(sdk.await_all { { "Callee", "paid()(uint256,string)", amount = 7 },
    { "Callee", "paid()(uint256,string)", amount = uint256 "8", token = "OTHER TOKN" } })
  note(sdk.balance())
end
function steps.value_back()
  note_all(sdk.await_all { { "Callee", "take()", amount = 40 },
    { "Nobody", "take()", amount = 30 }, { "Callee", "paid()(uint256,string)", amount = 20 } })
  note(sdk.balance())
end
function steps.chains()
  note_all(sdk.await_all { { "Callee@7", "none()", amount = 30 }, add("Callee", 1),
    { "Callee@42", "none()" } })
  note(sdk.balance())
end
function steps.clients()
  note_all(sdk.await_all { { "@" .. ("ab"):rep(20) .. "00", "none()", amount = 5 } })
  note(sdk.balance(("\xab"):rep(20)))
end
function steps.broke()
  note "lost"
  sdk.async.call(add("Callee", 1))
  note(pcall(sdk.await_all, { add("Callee", 1), { "Callee", "paid()", amount = 9999 } }))
end
function steps.failing()
  note "kept"
  sdk.await_all { add("Callee", 3), add("Other", 4) }
  note "lost"
  sdk.await_all { 5 }
end
function steps.failing_sent()
  sdk.await_all { add("Callee", 3) }
  sdk.await_all { add("Callee", 100), { "Callee", "paid()", amount = 9999 } }
end
function steps.in_pcall()
  note(pcall(function()
    local list = sdk.await_all { add("Callee", 2) }
    error("x" .. list[1][1], 0)
  end))
end
function steps.beside(n)
  sdk.async.call { "Callee", "pair(uint64,string)", 1, "a", on_success = "came", gas = 500000 }
  sdk.async.call { "Nobody", "x()", on_error = "came", gas = 500000 }
  sdk.async.call { "Other", "pair(uint64,string)", 2, "b", on_success = "came", gas = 500000,
    group = "g" }
  sdk.async.on_group("g", "done", "data")
  note_all(sdk.await_all { add("Callee", n), add("Other", n) })
end
function steps.local_state(n)
  local a, b = { n }, ("s"):rep(n)
  local function count() a[1] = a[1] + 1 return a[1] end
  count()
  local list = sdk.await_all { add("Callee", count()), add("Callee", count()) }
  note("state", count(), #b, list[1][1], list[2][1])
end
function steps.list(n)
  local out = sdk.await_all { { "Callee", "list(uint64)(uint64[],string)", n } }[1]
  note(out.ok, #out[1], out[1][n], #out[2])
end
function steps.shape()
  local list = sdk.await_all { add("Callee", 1), { "Callee", "fail(string)", "no" } }
  for _, outcome in ipairs(list) do
    local keys = {}
    for key, value in pairs(outcome) do keys[#keys + 1] = key .. "=" .. tostring(value) end
    note(table.concat(keys, " "))
  end
end
function steps.who()
  local list = sdk.await_all { { "Callee", "who()(bytes20,bytes20)" } }
  note(sdk.signer() == list[1][2], list[1][1] == sdk.own_address(), sdk.caller() == sdk.signer(),
    sdk.call_value())
end
function steps.order()
  sdk.await_all { { "Callee", "note(string)", "a" }, { "Callee", "note(string)", "b" },
    { "Callee", "note(string)", "c" } }
  note(sdk.await("Callee", "order()(string)"))
end
function steps.in_coroutine()
  coroutine.wrap(function() pcall(sdk.await_all, { add("Callee", 1) }) end)()
end
function steps.in_sort()
  table.sort({ 2, 1 }, function(a, b) sdk.await_all { add("Callee", 1) } return a < b end)
end
function steps.big()
  local s = ("x"):rep(1 << 21)
  sdk.await_all { add("Callee", 1) }
  note(#s)
end
function steps.long_names()
  local name = ("n"):rep(50000)
  local calls = {}
  for i = 1, 22 do calls[i] = { name, "x()" } end
  sdk.await_all(calls)
end
function steps.given(lock)
  pcall(sdk.await_all, { { "Callee", "spin()", gas = 30000 }, { "Other", "spin()", gas = 40000 },
    lock = lock })
  while true do end
end
function steps.all_given()
  sdk.await_all { { "Callee", "spin()", gas = 30000 } }
  while true do end
end
function steps.shares(lock)
  sdk.await_all { { "Callee", "spin()" }, { "Other", "spin()", gas = 40000 },
    { "Callee", "spin()" }, lock = lock }
  while true do end
end
function steps.holding(n)
  local text = ("x"):rep(n)
  sdk.await_all { add("Callee", 1) }
  note(#text)
end
function steps.default_lock()
  sdk.await_all { { "Callee", "spin()" } }
  while true do end
end
function steps.gas_back()
  sdk.await_all { { "Callee", "none()", gas = 10000000 }, { "Callee", "none()", gas = 20000000 },
    lock = 1000 }
  while true do end
end
function steps.with_send()
  sdk.send("Callee", "spin()")
  sdk.await_all { { "Other", "spin()", gas = 30000 } }
  while true do end
end
local BAD = {
  function() sdk.await_all() end, function() sdk.await_all(5) end,
  function() sdk.await_all { 5 } end, function() sdk.await_all { {} } end,
  function() sdk.await_all { add("Callee", 1), { "Callee" } } end,
  function() sdk.await_all { add("Callee", 1), nil, add("Callee", 1) } end,
  function() sdk.await_all { add("Callee", 1), gas = 5 } end,
  function() sdk.await_all { add("Callee", 1), [true] = 5 } end,
  function() sdk.await_all { add("Callee", 1), lock = -1 } end,
  function() sdk.await_all { add("Callee", 1), lock = "x" } end,
  function() sdk.await_all { { "Callee", "spin()", lock = 1 } } end,
  function() sdk.await_all { add("Callee", 1), { "Callee", "spin()", gas = -1 } } end,
  function() sdk.await_all { { "Callee", "spin()", amount = -1 } } end,
  function() sdk.await_all { { "Callee", "spin()", token = "short" } } end,
  function() sdk.await_all { { "Callee", "spin()", on_success = "came" } } end,
  function() sdk.await_all { { "Callee", "add(uint64)", "x" } } end,
  function() sdk.await_all({ add("Callee", 1) }, 5) end,
  function() sdk.await_all { { 5, "spin()" } } end,
}
function steps.bad(which) BAD[which]() end
return c ]]

local REVERTS <const> = "PUSH 0 PUSH 0 REVERT"

local codec = require "vmhost.codec"
local NO <const> = codec.pack_arguments { { bool = false } }
local LIMIT <const> = 50000000

local function deploy(chain)
  assert(chain:deploy("Callee", { CALLEE }))
  assert(chain:deploy("Other", { CALLEE }))
  chain:expect_success(chain:deploy("Caller", { CALLER, NO }))
  assert(chain:deploy("Echo", vite_services.ECHO, "VITE"))
  assert(chain:deploy("Reverts", vite_services.bytecode(REVERTS), "VITE"))
end

local function issues()
  local own = crypto.address_of_contract "Caller"
  return { { to = own, token = "VITE TOKEN", amount = 100 },
    { to = own, token = "OTHER TOKN", amount = 9 } }
end

local function open(options)
  options = options or {}
  options.genesis = options.genesis or {}
  options.genesis.issues = issues()
  local chain = assert(fixture.new(options))
  deploy(chain)
  return chain
end

-- Keys of the host that are left of runs which wait, of all services.
local function waiting_keys(chain)
  local count = 0
  for _, name in ipairs { "Caller", "Callee", "Other" } do
    for _, record in ipairs(assert(chain.storage:keys(name))) do
      if record.key:match "^%z?vmhost%zsuspended" or record.key:match "^%z?vmhost%zasync" then
        count = count + 1
      end
    end
  end
  return count
end

describe("sdk.await_all #small", function()
  local chain

  before_each(function() chain = open() end)
  after_each(function() chain:close() end)

  -- All receipts of the block of one call.
  local function run(name, n)
    return assert(chain:process { { "Caller", "run", name, n or 1 } }).receipts
  end

  local function log() return chain:query("Caller", "log") end

  it("goes on with the outcomes, in the order of the calls", function()
    local receipts = run("two", 5)

    assert.is_true(receipts[1].suspended)
    assert.equal("SUCCESS", receipts[1].execution_result)
    assert.equal("before 5\n5 | x 7", log())
    assert.equal(0, waiting_keys(chain))
    -- The run, two calls, the first answer, and the second, which is the rest of the method.
    assert.equal(5, #receipts)
  end)

  for name, expected in pairs {
    mixed = "1 | !4 no way | !3 contract not found | !1 function not found | 2",
    empty = "empty 0 0", one = "3", none = "none true",
    fits_not = "!0 'Callee.add' gave a uint64 as result 1, string is declared | "
      .. "!0 'Callee.add' gave 1 results, 0 are declared |  | "
      .. "!0 'Callee.add' gave 1 results, 2 are declared",
    in_pcall = "false x2", waiting_callees = "6 | 31", order = "abc",
    languages = "5 abc | 100 | 1 | !4 reverted: 0x",
    paid = "7 VITE TOKEN | 8 OTHER TOKN\n93", value_back = "!4 keep it | !3 contract not found | "
      .. "20 VITE TOKEN\n80",
    chains = "!3 contract not found | 1 | \n100", clients = "\n5",
    shape = "1=1 ok=true\n1=no ok=false code=4", who = "true true true 0 nil",
  } do
    it("gives what it should: " .. name, function()
      for _, receipt in ipairs(run(name)) do chain:run_of(receipt) end

      assert.equal(expected, log())
      assert.equal(0, waiting_keys(chain))
    end)
  end

  it("does not stop for no calls", function()
    local receipts = run "empty"

    assert.equal(1, #receipts)
    assert.is_false(receipts[1].suspended)
  end)

  it("waits again and again, and between awaits of one call", function()
    run("loop", 10)
    assert.equal("sum 440", log())

    run("between", 3)
    assert.equal("sum 440\nbetween 58 61 58 61", log())

    run("local_state", 5)
    assert.equal("sum 440\nbetween 58 61 58 61\nstate 9 5 68 76", log())
  end)

  it("calls itself, and gets long lists", function()
    run("itself", 4)
    local lines = {}
    for line in log():gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal("level 4", lines[#lines])
    assert.equal(0, waiting_keys(chain))

    run("list", 5000)
    assert.matches("\ntrue 5000 5000 5000$", log())
  end)

  it("takes 256 calls, and no more", function()
    run("many", 256)
    assert.equal("many 256 32896", log())

    for name, n in pairs { many = 257, after_sends = 247 } do
      local receipts = run(name, n)
      assert.equal(1, #receipts)
      assert.equal("too many requests", receipts[1].output_argument_array[1].value)
      assert.equal(10, receipts[1].code)
    end
    run("after_sends", 246)
    assert.equal("many 256 32896\nmany 246 30381", log())
  end)

  it("goes on where the call came with an amount", function()
    chain:close()
    local accounts = require "vmhost.fixture.call".new_accounts { "alice" }
    local more = issues()
    more[3] = { to = accounts.alice.address, token = "VITE TOKEN", amount = 100 }
    chain = assert(fixture.new { genesis = { issues = more } })
    deploy(chain)
    chain:expect_success(chain:contract("Caller", "alice", 30):run("two", 5))

    assert.equal("before 5\n5 | x 7", log())
    assert.equal("130", tostring(chain:query("_Ledger", "getBalance",
      crypto.address_of_contract "Caller", "VITE TOKEN")))
  end)

  it("stands beside calls with callbacks", function()
    run("beside", 5)

    local lines = {}
    for line in log():gmatch "[^\n]+" do lines[#lines + 1] = line end
    table.sort(lines)
    assert.same({ "5 | 5", "came 0 a 1", "came 0 b 2", "came 3 contract not found", "done data" },
      lines)
    assert.equal(0, waiting_keys(chain))
  end)

  it("gives the results of the method in the receipt of its end, and to who awaits it", function()
    local receipts = assert(chain:process { { "Caller", "returned", 3 } }).receipts

    assert.same({}, receipts[1].output_argument_array)
    assert.same({ { type = "uint64", value = 9 }, { type = "string",
      value = "!3 contract not found" } }, receipts[#receipts].output_argument_array)
    for index = 2, #receipts do assert.equal(receipts[1].root, receipts[index].root) end
  end)

  it("keeps what was done before, and undoes the part that fails", function()
    local receipts = run "failing"

    local last = receipts[#receipts]
    assert.equal("kept", log())
    assert.equal("ERROR_SMART_CONTRACT", last.execution_result)
    assert.matches("call 1: table expected, got number", last.output_argument_array[1].value, 1,
      true)
    assert.same({ 3, 4 }, { chain:query("Callee", "total"), chain:query("Other", "total") })
    assert.equal(0, waiting_keys(chain))

    receipts = run "failing_sent"
    last = receipts[#receipts]
    assert.same({ 7, "insufficient funds" }, { last.code, last.output_argument_array[1].value })
    assert.equal(6, chain:query("Callee", "total"))
    assert.equal(0, waiting_keys(chain))
  end)

  for name, ends in pairs {
    in_coroutine = { 10, "async: not allowed here" }, in_sort = { 10, "async: not allowed here" },
    broke = { 7, "insufficient funds" }, big = { 5, "out of gas" },
    long_names = { 5, "out of gas" },
  } do
    it("ends the run where it cannot be: " .. name, function()
      local receipts = run(name)

      assert.equal("ERROR_SMART_CONTRACT", receipts[1].execution_result)
      assert.same(ends, { receipts[1].code, receipts[1].output_argument_array[1].value })
      assert.equal(1, #receipts)
      assert.equal("", log())
      assert.equal(0, chain:query("Callee", "total"))
      assert.equal(0, waiting_keys(chain))
    end)
  end

  it("is not for queries, methods that only read, _init and nested calls", function()
    assert.equal("async: read-only", (select(2, chain:query("Caller", "reads"))))
    chain:expect_failure(chain:send("Caller", "reads"), "async: read-only")
    local yes = codec.pack_arguments { { bool = true } }
    chain:expect_failure(chain:deploy("Waits", { CALLER, yes }), "async: not allowed here")
    assert(chain:deploy("Nest", { [=[
      local c = sdk.contract { go = "external write (name string)" }
      function c.go(name)
        pcall(sdk.call, "Caller", "run(string,uint64)", name, 1)
        while true do end
      end
      return c ]=] }))
    chain:expect_failure(chain:send("Nest", "go", "one"), "async: not allowed here")
    -- No calls, no waiting.
    chain:expect_failure(chain:send("Nest", "go", "empty"), "out of gas")
  end)

  it("waits inside of a callee and of a callback too", function()
    assert(chain:deploy("Starts", { [=[
      local c, state = sdk.contract { state = { said = "string" },
        go = "external write ()", back = "callback", said = "external read () string" }
      function c.go()
        sdk.async.call { "Callee", "both(string,uint64)", "Other", 3, on_success = "back",
          gas = 20000000, lock = 10000000 }
      end
      function c.back(code, sum)
        local list = sdk.await_all { { "Other", "add(uint64)(uint64)", 1 },
          { "Callee", "total()(uint64)" } }
        state.said = ("%d %d %d %d"):format(code, sum, list[1][1], list[2][1])
      end
      function c.said() return state.said end
      return c ]=] }))

    chain:expect_success(chain:send("Starts", "go"))

    assert.equal("0 9 7 0", chain:query("Starts", "said"))
    assert.equal(0, waiting_keys(chain))
  end)

  it("is refused in any other form", function()
    local begins <const> = "a call begins with a service and a signature, and its arguments follow "
      .. "without holes"
    local list <const> = "a list of calls without holes, and 'lock'"
    for which, text in ipairs { "table expected, got no value", "table expected, got number",
      "call 1: table expected, got number", "call 1: " .. begins, "call 2: " .. begins, list,
      list .. "; there is no field 'gas'", list, "'lock' is an integer from 0 on, got -1",
      "'lock' is an integer from 0 on, got 'x'",
      "call 1: a call has no field 'lock'", "call 2: 'gas' is an integer from 0 on, got -1",
      "call 1: 'amount' is a uint256 or an integer from 0 on, got -1",
      "call 1: 'token' is a string of 10 bytes, got 'short'",
      "call 1: a call has no field 'on_success'",
      "method 'add': value 1: uint64 expected, got string",
      "bad argument #2 to 'await_all' (no such argument; it takes at most 1)",
      "call 1: 'service' is a string, got 5" } do
      local receipts = run("bad", which)
      local got = receipts[1].output_argument_array[1].value
      assert.is_truthy(got:find(text, 1, true), which .. ": " .. got)
      assert.equal(1, #receipts)
    end
  end)
end)

describe("gas of sdk.await_all", function()
  local chain

  setup(function() chain = open() end)
  teardown(function() chain:close() end)

  -- Gas that each run of the block used that was more than a message, in order.
  local function used(name, n)
    local list, sum = {}, 0
    local out = assert(chain:process { { "Caller", "run", name, n or 1 } })
    for _, receipt in ipairs(out.receipts) do
      list[#list + 1] = receipt.gas_used ~= 0 and receipt.gas_used or nil
      sum = sum + receipt.gas_used
    end
    assert.is_true(sum <= LIMIT, "no more is used than there is")
    return list, sum
  end

  it("is what is given, for the calls and for what follows", function()
    local gas = used("given", 20000)

    assert.same({ 30000, 40000, 20000 }, { gas[2], gas[3], gas[4] })
    assert.is_true(gas[1] < 200000)
  end)

  it("stays behind where none is kept by name, and all calls have their own", function()
    local gas, sum = used "all_given"

    assert.equal(30000, gas[2])
    assert.equal(LIMIT - 30000 - gas[1], gas[3])
    assert.equal(LIMIT, sum)
  end)

  it("is shared by the calls without gas, after what is kept", function()
    local gas = used("shares", 20000)

    local share = (LIMIT - gas[1] - 20000 - 40000) // 2
    assert.same({ share, 40000, share, 20000 }, { gas[2], gas[3], gas[4], gas[5] })
  end)

  it("keeps a million where calls share the rest, or half of less", function()
    local gas = used "default_lock"

    assert.same({ LIMIT - gas[1] - 1000000, 1000000 }, { gas[2], gas[3] })
  end)

  it("comes back to what goes on", function()
    local gas, sum = used "gas_back"

    assert.equal(gas[1] + 30000000 + 1000, sum)
  end)

  it("is shared with messages where no call takes a share", function()
    local gas = used "with_send"

    local share = (LIMIT - gas[1] - 30000) // 2
    assert.same({ share, 30000, share }, { gas[2], gas[3], gas[4] })
  end)

  it("pays 28 for each byte that waits", function()
    local less, more = used("holding", 1000), used("holding", 2000)

    -- The text itself takes a byte of gas or two for each of its bytes.
    local price = (more[1] - less[1]) / 1000
    assert.is_true(price > 28 and price < 31, price)
  end)

  it("ends the run where it is more than there is", function()
    for _, lock in ipairs { LIMIT, LIMIT - 70000, math.maxinteger } do
      local receipts = assert(chain:process { { "Caller", "run", "given", lock } }).receipts

      assert.equal(1, #receipts)
      assert.equal("not enough gas", receipts[1].output_argument_array[1].value)
      assert.equal(5, receipts[1].code)
      assert.equal(LIMIT, receipts[1].gas_used)
    end
  end)
end)

local NAMES <const> = { "two", "mixed", "between", "waiting_callees", "value_back", "beside",
  "failing" }

describe("sdk.await_all across blocks, stores and processes #small", function()
  -- One message a block; the store is closed and opened again between any two.
  local function run_slowly(path)
    local chain = open { path = path, genesis = { limits = { messages_per_set = 1 } } }
    for _, name in ipairs(NAMES) do assert(chain:process { { "Caller", "run", name, 3 } }) end
    while #chain.storage:keys("_Mailbox", { prefix = "In_" }) > 0 do
      chain:close()
      chain = assert(fixture.open { path = path })
      chain:mine()
    end
    local log, root = chain:query("Caller", "log"), chain.storage:state_hash()
    assert.equal(0, waiting_keys(chain))
    chain:close()
    return log, root
  end

  it("gives what it gives at once", function()
    local first <close> = temporary_folder()
    local second <close> = temporary_folder()

    local log, root = run_slowly(first.path .. "/chain")
    local again, same_root = run_slowly(second.path .. "/chain")

    for _, line in ipairs { "before 3", "contract not found", "between ", "keep it", "came 0 a 1",
      "kept" } do
      assert.truthy(log:find(line, 1, true), log)
    end
    assert.equal(log, again)
    assert.equal(root, same_root)
  end)

  it("waits as state, in a key of its own, and in one for each call that is open", function()
    local chain <close> = open { genesis = { limits = { messages_per_set = 1 } } }
    assert(chain:process { { "Caller", "run", "mixed", 1 } })

    local counts, last = {}, nil
    for _ = 1, 30 do
      local count = waiting_keys(chain)
      if count ~= last then counts[#counts + 1] = count end
      last = count
      chain:mine()
    end
    -- The suspended run, the context, five calls or outcomes of them; then nothing.
    assert.same({ 7, 0 }, counts)
  end)

  -- Two calls wait, one of them is answered; how mining goes on after a change of that record.
  local function mine_on(name, change)
    local folder <close> = temporary_folder()
    local path = folder.path .. "/chain"
    local chain = open { path = path, genesis = { limits = { messages_per_set = 1 } } }
    assert(chain:process { { "Caller", "run", "two", 1 } })
    chain:mine(2)
    local found
    for _, record in ipairs(chain.storage:keys "Caller") do
      local sort = record.key:match "^%z?vmhost%z(%l+)"
      if sort and sort .. #record.key == name and not found then found = record end
    end
    assert.is_truthy(found, name)
    local value = change(found.value)
    assert.not_equal(found.value, value)
    local height = chain.storage:last_committed_block_info().height
    assert(chain.storage:commit_state_diff { height = height + 1, timestamp = 1,
      block_proposer = "", reference_time = 0, transactions = {}, receipts = {}, state_diffs = {
      { contract_name = "Caller", state_diffs = { { key = found.key, value = value } } } } })
    chain:close()
    chain = assert(fixture.open { path = path })
    local _, message, code = chain:mine(5)
    local log = chain:query("Caller", "log")
    chain:close()
    return message, code, log, found
  end

  local SUSPENDED <const>, HEADER <const>, CALL <const> = "suspended53", "async45", "async49"

  local function version_of_one_call(value)
    return (value:gsub("\2\0\0\0\3\0\0\0run", "\1\0\0\0\3\0\0\0run", 1))
  end
  local function another_name(value) return (value:gsub("pair%(", "p%%ir(", 1)) end
  for name, case in pairs {
    ["the processor's part is of one call"] = { SUSPENDED, version_of_one_call,
      "a suspended execution is none" },
    ["the signature is none"] = { SUSPENDED, another_name, "a suspended execution" },
    ["the run is gone"] = { SUSPENDED, function() return "" end, "suspended run" },
    ["the run is cut"] = { SUSPENDED, function(value) return value:sub(1, -2) end,
      "suspended run: does not decode" },
    ["the context is cut"] = { HEADER, function(value) return value:sub(1, -2) end,
      "async context: its header does not decode" },
    ["the outcome is gone"] = { CALL, function() return "" end,
      "async context: its outcome does not decode" },
  } do
    it("fails where " .. name .. ", and changes nothing", function()
      local message, code, log = mine_on(case[1], case[2])

      assert.is_truthy(tostring(message):find(case[3], 1, true), message)
      assert.equal("store_corrupt", code)
      assert.equal("before 1", log)
    end)
  end

  it("tells of results that are none", function()
    local message, _, log = mine_on(CALL, function(value)
      return value:sub(1, 12) .. "\4\0\0\0\255\255\255\255" .. value:sub(-8)
    end)

    assert.is_nil(message)
    assert.equal("before 1\n!0 'Callee.add' gave a result of unknown type | x 7", log)
  end)

  it("reads frozen executions strictly, whatever byte is another", function()
    print("await_all: spoiled runs, seed " .. SEED)
    local random <const> = new_random(SEED)
    local seen = { corrupt = 0, good = 0 }
    for number = 1, IS_SOAK and 400 or 12 do
      local message, code = mine_on(SUSPENDED, function(value)
        -- The first one is the version: a few others may all be in what no reader can tell.
        local place = number == 1 and 1 or random(#value)
        return value:sub(1, place - 1) .. string.char(value:byte(place) ~ (1 << random(8) - 1))
          .. value:sub(place + 1)
      end)
      assert.is_true(message == nil or code == "store_corrupt" or code == "invalid_input", message)
      seen[message and "corrupt" or "good"] = seen[message and "corrupt" or "good"] + 1
    end
    assert.is_true(seen.corrupt > 0)
  end)
end)

describe("sdk.await_all to other chains", function()
  local CALLS <const> = [[
    local c = sdk.contract { go = "external write (n uint64) string",
      known = "external write () bytes20, bytes20",
      money = "external write () string" }
    local function texts(list)
      local out = {}
      for i, one in ipairs(list) do out[i] = one.ok and tostring(one[1]) or "!" .. one.code end
      return table.concat(out, " ")
    end
    function c.go(n)
      local list = {}
      for i, place in ipairs { "Callee@43", "Callee", "Callee@44", "Nobody@43", "Callee@45" } do
        list[i] = { place, "add(uint64)(uint64)", n + i }
      end
      local first = texts(sdk.await_all(list))
      return first .. " / " .. texts(sdk.await_all { { "Callee@44", "total()(uint64)" },
        { "Callee@44", "relay(string,uint64)(uint64)", "Callee@43", 1 } })
    end
    function c.known()
      local list = sdk.await_all { { "Callee@43", "who()(bytes20,bytes20)" } }
      return list[1][1], list[1][2]
    end
    function c.money()
      local before = sdk.balance()
      local list = sdk.await_all { { "Callee@43", "paid()(uint256,string)", amount = 6 },
        { "Callee@44", "take()", amount = 5 }, { "Nobody@43", "x()", amount = 4 },
        { "Callee@45", "x()", amount = 3 } }
      return texts(list) .. " " .. tostring(before - sdk.balance())
    end
    return c ]]

  local function new_network(options)
    options.hosts = { a = { genesis = { issues = { { to = crypto.address_of_contract "Calls",
      token = "VITE TOKEN", amount = 100 } } } }, b = {}, c = {} }
    local net = assert(network.new(options))
    for _, name in ipairs(net.names) do
      net.hosts[name]:expect_success(net.hosts[name]:deploy("Callee", { CALLEE }))
    end
    net.hosts.a:expect_success(net.hosts.a:deploy("Calls", { CALLS }))
    return net
  end

  local function result(net, ...)
    local receipt = net:expect_success(net:mine_until(net:submit("a", "alice", "Calls", ...)))
    local values = receipt.output_argument_array
    return values[1].value, values[2] and values[2].value
  end

  it("waits for hosts that answer at different times", function()
    local net <close> = new_network {}

    assert.equal("6 7 8 !3 !3 / 8 8", result(net, "go", 5))
    -- The last 20 bytes of SHA-256 of 00, chain, name; and no signer that another chain could know.
    local caller, signer = result(net, "known")
    assert.same({ crypto.sha256("\0\42\0\0\0Calls"):sub(-20), ("\0"):rep(20) }, { caller, signer })
    assert.equal("6 !4 !3 !3 6", result(net, "money"))
    assert(net:drain())
    net:check_value()
  end)

  it("counts what is lost, comes twice, late, or after a restart, once", function()
    print("await_all: seed " .. SEED)
    local random <const> = new_random(SEED)
    for number = 1, IS_SOAK and 60 or 4 do
      local net <close> = new_network { seed = SEED + number, loss = random(6) / 10,
        duplication = random(6) / 10, restarts = random(4) / 10, latency = { 0, random(4) },
        order = "seed" }

      assert.equal("6 7 8 !3 !3 / 8 8", result(net, "go", 5))
      assert.equal("6 !4 !3 !3 6", result(net, "money"))
      assert(net:drain { max_blocks = 400 })
      net:check_value()
    end
  end)
end)
