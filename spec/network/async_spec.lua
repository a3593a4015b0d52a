-- Asynchronous calls between hosts: calls, callbacks, groups, amounts, whatever happens on the way.
local crypto = require "vmhost.crypto"
local inspect = require "vmhost.inspect"
local network = require "vmhost.network"

local TOKEN <const> = "VITE TOKEN"
local SHOP <const> = crypto.address_of_contract "Shop"

local CONTRACT <const> = [[
local c, state = sdk.contract {
  state = { log = "list(string)", count = "uint64" },
  run = "external write (name string, target string)",
  log = "external read () string",
  add = "external write (n uint64) uint64, uint256",
  fail = "external write (text string)",
  further = "external write (target string) uint64",
  who = "external read () bytes20, bytes20",
  good = "callback", bad = "callback", done = "callback", passed = "callback",
}
local async = sdk.async
local steps = {}
local function note(...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  state.log[#state.log + 1] = table.concat(list, " ")
end
local function ask(call)
  call.on_success, call.on_error, call.gas = "good", "bad", call.gas or 500000
  async.call(call)
end
function c.run(name, target) steps[name](target) end
function c.log()
  local list = {}
  for i, line in ipairs(state.log) do list[i] = line end
  return table.concat(list, "\n")
end
function c.add(n)
  state.count = state.count + n
  return state.count, (sdk.call_value())
end
function c.fail(text) state.count = 99 error(text, 0) end
function c.who() return sdk.caller(), sdk.signer() end
function c.further(target)
  async.call { target, "add(uint64)(uint64,uint256)", 5, on_success = "passed", gas = 200000 }
  return 1
end
function c.passed(code, n) async.set_return("(uint64)", n + 100) end
function c.good(...) note("good", ...) end
function c.bad(...) note("bad", ...) end
function c.done(data) note("done", data) end

function steps.add(target) ask { target, "add(uint64)(uint64,uint256)", 3, amount = 7 } end
function steps.fail(target) ask { target, "fail(string)", "no", amount = 7 } end
function steps.further(target)
  ask { target, "further(string)(uint64)", "Shop@44", gas = 2000000 }
end
function steps.back(target)
  ask { target, "further(string)(uint64)", "Shop@42", gas = 2000000 }
end
function steps.who(target) ask { target, "who()" } end
function steps.group(target)
  async.group "all"
  ask { target, "add(uint64)", 1 }
  ask { "Shop@44", "add(uint64)", 2 }
  ask { "Shop", "add(uint64)", 3 }
  async.on_group("all", "done", "all of them", 100000)
end
return c ]]

local function open(given)
  given = given or {}
  given.hosts = {}
  for _, name in ipairs { "a", "b", "c" } do
    given.hosts[name] = {
      genesis = { issues = { { to = SHOP, token = TOKEN, amount = 100 } } },
      allowances = {},
    }
    for _, peer in ipairs { "a", "b", "c" } do
      if peer ~= name then given.hosts[name].allowances[peer] = { [TOKEN] = 1000 } end
    end
  end
  local net = assert(network.new(given))
  for _, chain in pairs(net.hosts) do
    chain:expect_success(chain:deploy("Shop", CONTRACT))
  end
  return net
end

-- What the callbacks on host `a` noted of one step.
local function noted(net, step, target)
  net:submit("a", "alice", "Shop", "run", step, target)
  assert(net:drain())
  return (net.hosts.a:query("Shop", "log"))
end

local function balances(net)
  local list = {}
  for index, name in ipairs { "a", "b", "c" } do
    list[index] = net.hosts[name]:balance(SHOP, TOKEN):tointeger()
  end
  return list
end

-- What no context, no suspended run and no message leaves behind.
local function assert_nothing_waits(net)
  for _, chain in pairs(net.hosts) do
    assert.same({}, chain.storage:keys("Shop", { prefix = "\0vmhost\0async" }))
    assert.same({}, chain.storage:keys("_Mailbox", { prefix = "Out_" }))
  end
end

describe("an asynchronous call to another host #small", function()
  it("brings value there, and results back", function()
    local net <close> = open()

    assert.equal("good 0 3 7", noted(net, "add", "Shop@43"))
    assert.same({ 93, 107, 100 }, balances(net))
    assert_nothing_waits(net)
  end)

  it("brings a failure and its value back", function()
    local net <close> = open()

    assert.equal("bad 4 no", noted(net, "fail", "Shop@43"))
    assert.same({ 100, 100, 100 }, balances(net))
    assert_nothing_waits(net)
  end)

  it("waits for what its callee asks of a third host, or of the first", function()
    local net <close> = open()

    assert.equal("good 0 105", noted(net, "further", "Shop@43"))
    assert.equal("good 0 105\ngood 0 105", noted(net, "back", "Shop@43"))
    assert_nothing_waits(net)
  end)

  it("is one of a service that there is not, where nobody knows the chain or the name", function()
    local net <close> = open()

    assert.equal("bad 3 contract not found", noted(net, "fail", "Shop@77"))
    assert.equal("bad 3 contract not found\nbad 3 contract not found",
      noted(net, "add", "Nobody@44"))
    assert.same({ 100, 100, 100 }, balances(net))
    assert_nothing_waits(net)
  end)

  it("shows the caller as one of its chain, and no signer", function()
    local net <close> = open()

    -- joins.md 1: last 20 bytes of SHA-256(byte 00, chain id, name).
    local caller = crypto.sha256("\0" .. ("<I4"):pack(42) .. "Shop"):sub(-20)
    assert.equal(("good 0 %s %s"):format(caller, ("\0"):rep(20)), noted(net, "who", "Shop@43"))
  end)

  it("ends its group where the last of it has ended", function()
    local net <close> = open()

    local lines = {}
    for line in noted(net, "group", "Shop@43"):gmatch "[^\n]+" do lines[#lines + 1] = line end
    assert.equal("good 0 3 0", lines[1])
    assert.equal("done all of them", lines[4])
    table.sort(lines)
    assert.same({ "done all of them", "good 0 1 0", "good 0 2 0", "good 0 3 0" }, lines)
  end)

  it("is remembered by each host as far as it went there", function()
    local net <close> = open()
    local tx = net:submit("a", "alice", "Shop", "run", "add", "Shop@43")
    assert(net:drain())
    local root = tx.receipt.root

    local here = inspect.messages(assert(net.hosts.a.host:messages(root))):gsub("gas %d+", "gas N")
      :gsub("of %d+", "of N"):gsub("came back: %d+", "came back: N")
    local there = assert(net.hosts.b.host:messages(root)).tops

    assert.truthy(here:find("async answer from Shop to Shop", 1, true), here)
    assert.same({ 1, "async", "Shop", 42, 0 },
      { #there, there[1].kind, there[1].from, there[1].from_chain, there[1].code })
  end)

  it("is pending until its answer has come", function()
    local net <close> = open { order = "hand" }
    local tx = net:submit("a", "alice", "Shop", "run", "add", "Shop@43")
    assert(net:mine())
    local function tree(name) return assert(net.hosts[name].host:messages(tx.receipt.root)) end

    assert.truthy(inspect.messages(tree "a"):find("\n  pending: async Shop.add, chain 43", 1, true))

    for _ = 1, 6 do
      assert(net:mine())
      for _, flight in ipairs(net:deliverable()) do net:deliver(flight) end
    end

    assert.is_nil(tree "a".tops[1].pending)
    assert.equal(2, #tree "a".tops)
    assert.truthy(inspect.messages(tree "b"):find("\n  sent: async answer Shop, chain 42", 1, true))
  end)

  it("gives the same, whatever is lost, comes twice or restarts", function()
    local texts = {}
    for seed = 1, 4 do
      local net <close> = open { seed = seed, loss = 0.3, duplication = 0.3, restarts = 0.2,
        latency = { 0, 2 } }
      texts[seed] = noted(net, "further", "Shop@43")
      assert.same({ 100, 100, 100 }, balances(net))
      assert_nothing_waits(net)
    end

    assert.same({ "good 0 105", "good 0 105", "good 0 105", "good 0 105" }, texts)
  end)
end)
