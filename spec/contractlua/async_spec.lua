-- Contracts in Lua that call asynchronously: `sdk.async`, callbacks, groups. Prices are those of
-- joins.md 7: step 1,000, lock 100,000, 1 for a byte of a callback's arguments.
local contract = require "vmhost.contract"
local lua_chain = require "spec.support.lua_chain"
local vite_services = require "spec.support.vite_services"

local BANK <const> = [[
local c, state = sdk.contract {
  state = { total = "uint64" },
  pay = "external write (amount uint64, who string) uint64, string, bool",
  all = "external write () uint64[], uint256, bytes20",
  total = "external read () uint64",
  fail = "external write (text string)",
  spin = "external write ()",
  took = "external write () uint256",
  later = "external write () uint64",
  ask = "external write () uint64",
  asked = "callback",
  caller = "external read () bytes20, bytes20",
  again = "external write (n uint64) uint64",
  back = "callback",
  hidden = "internal write ()",
}
function c.pay(amount, who) state.total = state.total + amount return state.total, who, true end
function c.all() return { 1, 2 }, uint256 "7", ("b"):rep(20) end
function c.total() return state.total end
function c.fail(text) state.total = 999 error(text, 0) end
function c.spin() while true do end end
function c.took() return (sdk.call_value()) end
function c.later() return sdk.await("Bank2", "get()(uint64)") + 1 end
function c.ask()
  sdk.async.call { "Bank2", "get()", on_success = "asked", gas = 100000 }
  return 1
end
function c.asked(code, value) sdk.async.set_return("(uint64, string)", value, "late") end
function c.caller() return sdk.caller(), sdk.signer() end
function c.again(n)
  state.total = n
  sdk.async.call { "Bank", "again(uint64)", n + 1, on_success = "back", on_error = "back" }
  return n
end
function c.back(code, text) if code ~= 0 then state.total = 1000 * state.total + code end end
function c.hidden() end
return c ]]

local BANK2 <const> = [[
local c = sdk.contract { get = "external read () uint64" }
function c.get() return 41 end
return c ]]

local SHOP <const> = [[
local c, state = sdk.contract {
  state = { log = "list(string)" },
  run = "external write (name string)",
  give = "external write (name string) uint64, string",
  reads = "external read ()",
  log = "external read () string",
  nest = "external write () string",
  paid = "callback", failed = "callback", done = "callback", callBack = "callback",
  chained = "callback", waits = "callback", gathers = "callback", twice = "external write ()",
  peeks = "external write ()",
  plain = "external write ()",
  _init = "internal write (calls bool)",
}
local async = sdk.async
local steps = {}
local function note(...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  state.log[#state.log + 1] = table.concat(list, " ")
end
local function both(call)
  call.on_success, call.on_error = "paid", "failed"
  async.call(call)
end
local function limited(call)
  call.gas = call.gas or 200000
  both(call)
end
function c._init(calls) if calls then async.call("Bank", "total()") end end
function c.run(name) steps[name]() end
function c.give(name) return steps[name]() end
function c.reads() async.call("Bank", "total()") end
function c.nest()
  local good, text = pcall(sdk.call, "Shop", "run(string)", "bad_name")
  note("nest", good, text)
  return text
end
function c.log()
  local list = {}
  for i, line in ipairs(state.log) do list[i] = line end
  return table.concat(list, "\n")
end
function c.plain() end
function c.paid(...) note("paid", ...) end
function c.failed(...) note("failed", ...) end
function c.done(...) note("done", select("#", ...), ...) end
function c.callBack(...) note("callBack", ...) end
function c.waits(code, value)
  local closure = async.closure()
  local more = sdk.await("Bank2", "get()(uint64)")
  note("waited", code, value, more, closure, async.closure(), #sdk.caller())
  async.set_return("(uint64)", more + value)
end
function c.gathers(code, value)
  sdk.await_all { { "Bank2", "get()(uint64)" } }
  sdk.await("Bank2", "get()(uint64)")
  note("gathered", code, value, async.closure(), pcall(sdk.call, "Shop", "peeks()"))
end
function c.peeks() async.closure() end
function c.twice()
  async.call { "Shop", "run(string)", "waiting", on_success = "paid", gas = 5000000 }
end
function steps.waiting()
  async.call { "Bank", "pay(uint64,string)", 1, "x", on_success = "waits", gas = 2000000,
    closure = "kept" }
end
function steps.gathering()
  async.call { "Bank", "pay(uint64,string)", 2, "x", on_success = "gathers", gas = 3000000,
    closure = "first" }
  async.call { "Bank", "pay(uint64,string)", 3, "x", on_success = "gathers", gas = 3000000,
    closure = "second" }
end
function steps.late_waiting()
  async.call { "Bank", "later()", on_success = "waits", gas = 3000000, lock = 3000000,
    closure = "late" }
end
function c.chained(code, value)
  note("chained", code, value, async.closure())
  if value < 3 then
    async.call { "Bank", "pay(uint64,string)", 1, "x", on_success = "chained",
      gas = 900000 // value, closure = "after " .. value }
  end
end

function steps.pay() both { "Bank", "pay(uint64,string)(uint64)", 5, "me" } note "body" end
function steps.all() both { "Bank", "all()" } end
function steps.none() async.call("Bank", "pay(uint64,string)", 3, "x") end
function steps.fail() limited { "Bank", "fail(string)", "no money" } end
function steps.spin() limited { "Bank", "spin()" } end
function steps.gone() both { "Nobody", "get()" } end
function steps.no_method() limited { "Bank", "nothing()" } end
function steps.hidden() limited { "Bank", "hidden()" } end
function steps.wrong() limited { "Bank", "pay(uint64)", 1 } end
function steps.value() limited { "Bank", "took()", amount = 30 } end
function steps.poor() limited { "Bank", "took()", amount = uint256 "1000000" } end
function steps.late() limited { "Bank", "later()", gas = 3000000 } end
function steps.ask() limited { "Bank", "ask()", gas = 3000000 } end
function steps.who() limited { "Bank", "caller()" } end
function steps.deep() both { "Bank", "again(uint64)", 1 } end
function steps.chain()
  async.call { "Bank", "pay(uint64,string)", 1, "x", on_success = "chained", gas = 2000000,
    closure = "first" }
end
function steps.groups()
  note("group", "<" .. async.group "one" .. ">")
  limited { "Bank", "pay(uint64,string)", 1, "a" }
  note("group", async.group(), async.group "two", async.group())
  limited { "Bank", "fail(string)", "b" }
  limited { "Bank", "pay(uint64,string)", 1, "c", group = "one" }
  async.on_group("one", "done", "data one", 50000)
  async.on_group("two", "done")
end
function steps.kept_group()
  async.group "kept"
  sdk.await("Bank2", "get()")
  note("kept", async.group())
end
function steps.legacy()
  note "before"
  async.set_return("(uint64, string)", 7, "so far")
  async.legacy("Bank2", "get")
  note "never"
end
function steps.legacy_bad() async.legacy("Bank2", "get@0") end
function steps.two_kinds() async.call("Bank", "total()") async.legacy("Bank2", "get") end
function steps.set() async.set_return("(uint64, string)", 7, "set") return end
function steps.over() async.set_return("(uint64, string)", 7, "set") return 8, "said" end

local function refused(f, ...)
  local good = pcall(f, ...)
  note("went on", good)
end
function steps.bad_name() refused(async.call, { "Bank", "total()", on_success = "plain" }) end
function steps.no_name() refused(async.call, { "Bank", "total()", on_error = "nobody" }) end
function steps.reserved() refused(async.call, { "Bank", "total()", group = "LegacyAsync" }) end
function steps.no_group() refused(async.on_group, "none", "done") end
function steps.set_twice()
  async.call { "Bank", "total()", group = "g" }
  async.on_group("g", "done")
  refused(async.on_group, "g", "done")
end
function steps.bad_group()
  async.call { "Bank", "total()", group = "g" }
  refused(async.on_group, "g", "plain")
end
function steps.greedy() refused(async.call, { "Bank", "total()", gas = 60000000 }) end
function steps.closure() note("closure", pcall(async.closure)) end
function steps.zero() async.call { "Bank", "total()", gas = 0 } end
return c ]]

local function open(options)
  return lua_chain.open({ Bank = BANK, Bank2 = BANK2 }, options)
end

local function with_shop(options)
  local chain = open(options)
  chain.fixture:expect_success(chain:deploy("Shop", SHOP, { false }))
  return chain
end

local function log(chain)
  local text = chain:query("Shop", "log")
  return text == "" and {} or { text, lines = select(2, text:gsub("[^\n]+", "")) }
end

-- What the callbacks of one step note.
local function noted(step, chain)
  local own <close> = not chain and with_shop() or nil
  chain = chain or own
  chain:ok("Shop", "run", step)
  return (chain:query("Shop", "log"))
end

-- The text and the code with which a step fails; it notes nothing.
local function refusal(step)
  local chain <close> = with_shop()
  local text, receipt = chain:fail("Shop", "run", step)
  assert.same({}, log(chain))
  return text, receipt.code, receipt
end

describe("sdk.async", function()
  it("gives the callback the code, then the results, of whatever types", function()
    assert.equal("body\npaid 0 5 me true", noted "pay")
  end)

  it("gives lists, words and bytes too", function()
    assert.equal("paid 0 table 7 " .. ("b"):rep(20), noted "all")
  end)

  it("gives the code and the text of a failure, whose effects are gone", function()
    local chain <close> = with_shop()

    assert.equal("failed 4 no money", noted("fail", chain))
    assert.equal(0, chain:query("Bank", "total"))
  end)

  for step, expected in pairs {
    spin = "failed 5 not enough gas",
    gone = "failed 3 contract not found",
    no_method = "failed 1 function not found",
    hidden = "failed 1 function not found",
    wrong = "failed 2 method 'Bank.pay' takes 2 args but received less",
    poor = "failed 7 insufficient funds",
  } do
    it("tells a callback: " .. expected, function() assert.equal(expected, noted(step)) end)
  end

  it("needs no callback", function()
    local chain <close> = with_shop()
    chain:ok("Shop", "run", "none")

    assert.equal(3, chain:query("Bank", "total"))
  end)

  it("shows the callee the contract as its caller, and who signed", function()
    local chain <close> = with_shop()
    local crypto = require "vmhost.crypto"

    assert.equal(("paid 0 %s %s"):format(crypto.address_of_contract "Shop",
      chain.accounts.alice.address), noted("who", chain))
  end)

  it("moves value with the call", function()
    local crypto = require "vmhost.crypto"
    local chain <close> = with_shop { genesis = { issues = {
      { to = crypto.address_of_contract "Shop", token = "VITE TOKEN", amount = 50 } } } }

    assert.equal("paid 0 30", noted("value", chain))
    assert.equal(30, chain:balance(crypto.address_of_contract "Bank", "VITE TOKEN")
      :tointeger())
  end)

  it("waits for a callee that awaits, and for one whose calls are open", function()
    assert.equal("paid 0 42", noted "late")
  end)

  it("gives what a callback of the callee has set in place of its results", function()
    assert.equal("paid 0 41 late", noted "ask")
  end)

  it("lets a callback register calls, and read what came with its own", function()
    assert.equal("chained 0 1 first\nchained 0 2 after 1\nchained 0 3 after 2", noted "chain")
  end)

  it("lets a callback wait for an answer, and keeps whom it belongs to open", function()
    local chain <close> = with_shop()
    chain:ok("Shop", "twice")

    assert.equal("waited 0 1 41 kept kept 20\npaid 0 42", (chain:query("Shop", "log")))
    assert.equal(1, #chain.storage:keys("Shop", { prefix = "\0vmhost\0" }))
  end)

  it("lets a callback wait that runs because what it answers has waited", function()
    assert.equal("waited 0 42 41 late late 20", noted "late_waiting")
  end)

  it("lets a callback read what came with its call however often it has waited", function()
    assert.equal("gathered 0 2 first false async: not allowed here\n"
      .. "gathered 0 5 second false async: not allowed here", noted "gathering")
  end)

  it("reads no closure outside of a callback", function()
    assert.equal("closure false async: not allowed here", noted "closure")
  end)

  it("calls bytecode as it calls Lua", function()
    local chain <close> = with_shop()
    chain.fixture:expect_success(chain.fixture:deploy("Echo", { vite_services.ECHO }, "VITE"))
    chain.fixture:expect_success(chain:deploy("Asker", [[
      local c, state = sdk.contract { state = { note = "string" }, run = "external write ()",
        note = "external read () string", got = "callback" }
      function c.run()
        sdk.async.call { "Echo", "echo(uint256,string)(uint256,string)", 7, "text",
          on_success = "got", gas = 100000 }
      end
      function c.got(code, number, text)
        state.note = code .. " " .. tostring(number) .. " " .. text
      end
      function c.note() return state.note end
      return c ]]))
    chain:ok("Asker", "run")

    assert.equal("0 7 text", (chain:query("Asker", "note")))
  end)

  it("counts callees on the service stack, up to 64", function()
    local chain <close> = with_shop()
    chain:ok("Shop", "run", "deep")

    -- Shop lies at the bottom, and Bank 63 times above it. The call behind those does not start,
    -- and its callback finds the stack as full.
    assert.equal(63, chain:query("Bank", "total"))
  end)
end)

describe("groups of sdk.async", function()
  it("have a current one, run in their order, and end with their callbacks", function()
    assert.equal(table.concat({
      "group <>",
      "group one one two",
      "paid 0 1 a true",
      "paid 0 2 c true",
      "done 1 data one",
      "failed 4 b",
      "done 1 ",
    }, "\n"), noted "groups")
  end)

  it("keep the current one over an await", function()
    assert.equal("kept kept", noted "kept_group")
  end)
end)

describe("the results of a method", function()
  it("are what was set, where it returns none", function()
    local chain <close> = with_shop()

    assert.same({ 7, "set" }, { chain:ok("Shop", "run", "set") })
  end)

  it("are what it returns, behind all that was set", function()
    local chain <close> = with_shop()

    assert.same({ 8, "said" }, { chain:ok("Shop", "give", "over") })
  end)
end)

describe("a legacy call", function()
  it("ends the method, keeps what it did, and comes back to callBack", function()
    local chain <close> = with_shop()

    assert.same({ 7, "so far" }, { chain:ok("Shop", "run", "legacy") })
    assert.equal("before\ncallBack 0 41", (chain:query("Shop", "log")))
  end)

  for step, expected in pairs {
    legacy_bad = "bad call data", two_kinds = "async: legacy call not allowed here",
  } do
    it(("is refused with '%s'"):format(expected), function()
      local text, code = refusal(step)

      assert.same({ expected, 10 }, { text, code })
    end)
  end
end)

describe("a refused registration", function()
  for step, expected in pairs {
    bad_name = "async: bad callback", no_name = "async: bad callback",
    reserved = "async: not allowed here", no_group = "async: no such group",
    set_twice = "async: group callback already set", bad_group = "async: bad callback",
  } do
    it(("fails the method past its pcall: %s (%s)"):format(expected, step), function()
      local text, code = refusal(step)

      assert.same({ expected, 10 }, { text, code })
    end)
  end

  for _, step in ipairs { "greedy", "zero" } do
    it("takes all gas where that does not reach: " .. step, function()
      local text, code, receipt = refusal(step)

      assert.same({ "not enough gas", 5 }, { text, code })
      if step == "greedy" then assert.equal(50000000, receipt.gas_used) end
    end)
  end

  it("can be caught by who called the method", function()
    local chain <close> = with_shop()

    assert.equal("async: bad callback", (chain:ok("Shop", "nest")))
    assert.equal("nest false async: bad callback", (chain:query("Shop", "log")))
  end)

  it("is one while a contract is deployed, and where only is read", function()
    local chain <close> = with_shop()

    chain.fixture:expect_failure(chain:deploy("Other", SHOP, { true }), "async: not allowed here")
    assert.equal("async: read-only", (select(2, chain:query("Shop", "reads"))))
    assert.equal("async: read-only", (chain:fail("Shop", "reads")))
  end)
end)

describe("a callback", function()
  it("is called by nobody else", function()
    local chain <close> = with_shop()
    local text, receipt = chain:fail("Shop", "paid", 1)

    assert.same({ "callback called directly", 4, "ERROR_SMART_CONTRACT" },
      { text, receipt.code, receipt.execution_result })
    assert.equal("callback called directly", (select(2, chain:query("Shop", "paid"))))
  end)

  it("is told by the interface", function()
    local interface = assert(contract.describe("Shop", SHOP))
    local callbacks = {}
    for _, method in ipairs(interface.methods) do
      if method.callback then callbacks[#callbacks + 1] = method.name end
    end

    assert.same({ "paid", "failed", "done", "callBack", "chained", "waits", "gathers" },
      callbacks)
  end)

  for text, wrong in pairs {
    ["callback write ()"] = "nothing more expected before 'write'",
    ["callbacks"] = "'external', 'internal' or 'callback' expected before 'callbacks'",
  } do
    it(("is declared by one word, not by '%s'"):format(text), function()
      local chain <close> = open()
      local source = ([[local c = sdk.contract { x = "%s" } function c.x() end return c]])
        :format(text)

      chain.fixture:expect_failure(chain:deploy("Wrong", source),
        ("sdk.contract: method 'x': %s"):format(wrong))
    end)
  end
end)

describe("a field of a call", function()
  for code, expected in pairs {
    ["colour = 1"] = "a call has no field 'colour'",
    ["gas = -1"] = "'gas' is an integer from 0 on, got -1",
    ["lock = 'x'"] = "'lock' is an integer from 0 on, got 'x'",
    ["amount = -1"] = "'amount' is a uint256 or an integer from 0 on, got -1",
    ["token = 'x'"] = "'token' is a string of 10 bytes, got 'x'",
    ["on_error = 1"] = "'on_error' is a string, got 1",
    ["closure = {}"] = "'closure' is a string, got table",
    ["lock = 5"] = "'lock' is for a callback, and there is neither 'on_success' nor 'on_error'",
    ["on_succes = 'x'"] = "a call has no field 'on_succes'",
    ["[4] = 1"] = "a call is a list without holes, and named fields",
  } do
    it(("is refused: %s"):format(code), function()
      local chain <close> = open()
      chain.fixture:expect_success(chain:deploy("Tries", ([[
        local c = sdk.contract { run = "external write () string" }
        function c.run()
          local good, text = pcall(sdk.async.call, { "Bank", "total()", %s })
          return text
        end
        return c ]]):format(code)))

      assert.equal(("bad argument #1 to 'call' (%s)"):format(expected), (chain:ok("Tries", "run")))
    end)
  end
end)

describe("an argument of sdk is refused", function()
  for code, expected in pairs {
    ["sdk.async.group(5)"] = "#1 to 'group' (string expected, got number)",
    ["sdk.async.group('a', 5)"] = "#2 to 'group' (no such argument; it takes at most 1)",
    ["sdk.async.on_group(5, 'x')"] = "#1 to 'on_group' (string expected, got number)",
    ["sdk.async.on_group('a', 5)"] = "#2 to 'on_group' (string expected, got number)",
    ["sdk.async.on_group('a', 'x', 5)"] = "#3 to 'on_group' (string expected, got number)",
    ["sdk.async.on_group('a', 'x', '', -1)"] =
      "#4 to 'on_group' (gas is an integer from 0 on, got -1)",
    ["sdk.async.on_group('a', 'x', '', 1, 1)"] =
      "#5 to 'on_group' (no such argument; it takes at most 4)",
    ["sdk.async.legacy(5, 'x')"] = "#1 to 'legacy' (string expected, got number)",
    ["sdk.async.legacy('Bank', 'x', 1, 1)"] =
      "#4 to 'legacy' (no such argument; it takes at most 3)",
    ["sdk.async.call(5, 'total()')"] = "#1 to 'call' (string expected, got number)",
    ["sdk.async.call { 5, 'total()' }"] = "#1 to 'call' ('service' is a string, got 5)",
    ["sdk.async.closure(1)"] = "#1 to 'closure' (no such argument; it takes at most 0)",
    ["sdk.call(5, 'total()')"] = "#1 to 'call' (string expected, got number)",
    ["sdk.call('Bank', 5)"] = "#2 to 'call' (string expected, got number)",
    ["sdk.send(5, 'total()')"] = "#1 to 'send' (string expected, got number)",
    ["sdk.await(5, 'total()')"] = "#1 to 'await' (string expected, got number)",
    ["sdk.service(5, {})"] = "#1 to 'service' (string expected, got number)",
  } do
    it(code, function()
      local chain <close> = open()
      chain.fixture:expect_success(chain:deploy("Tries", ([[
        local c = sdk.contract { run = "external write () string" }
        function c.run()
          local good, text = pcall(function() %s end)
          return text
        end
        return c ]]):format(code)))

      assert.equal("bad argument " .. expected, (chain:ok("Tries", "run")))
    end)
  end
end)
