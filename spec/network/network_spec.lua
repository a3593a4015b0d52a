-- Hosts whose contracts call each other (vmhost.network).
local crypto = require "vmhost.crypto"
local network = require "vmhost.network"
local banks = require "spec.support.banks"
local word = require "vmhost.word"

local BANK <const> = crypto.address_of_contract "Bank"

local function open(given)
  local net = assert(network.new(banks.options(given)))
  banks.deploy(net)
  return net
end

local function figures(net, name)
  local asked, sum, failures, got = net.hosts[name]:query("Bank", "figures")
  return { asked, sum, failures, tostring(got) }
end

local function balance(net, name)
  return net.hosts[name]:balance(BANK, banks.TOKEN):tointeger()
end

describe("a network #small", function()
  it("brings a call to another host, and its answer back", function()
    local net <close> = open()

    local tx = net:submit("a", "alice", "Bank", "ask", "Bank@43", 21)
    net:expect_success(net:mine_until(tx))

    assert.same({ 1, 0, 0, "0" }, figures(net, "b"))
    assert.same({ 0, 42, 0, "0" }, figures(net, "a"))
    assert.is_true(tx.receipt.suspended)
    assert.same({ "a", "b", "a" }, { tx.receipts[1].host, tx.receipts[2].host,
      tx.receipts[3].host })
  end)

  it("brings a call further, to a third host and to the first", function()
    local net <close> = open()

    net:expect_success(net:mine_until(
      net:submit("a", "alice", "Bank", "ask_further", "Bank@43", "Bank@44", 5)))
    net:expect_success(net:mine_until(
      net:submit("a", "alice", "Bank", "ask_further", "Bank@43", "Bank@42", 5)))

    assert.same({ 1, 22, 0, "0" }, figures(net, "a"))
    assert.same({ 1, 0, 0, "0" }, figures(net, "c"))
  end)

  it("brings a failure back, which the caller catches", function()
    local net <close> = open()

    net:expect_success(net:mine_until(net:submit("b", "alice", "Bank", "try", "Bank@44")))

    assert.same({ 0, 0, 1, "0" }, figures(net, "b"))
  end)

  it("moves amounts from ledger to ledger", function()
    local net <close> = open()

    net:expect_success(net:mine_until(net:submit("a", "alice", "Bank", "pay", "Bank@43", 300)))
    net:expect_success(net:mine_until(
      net:submit("a", "alice", "Bank", "pay_and_wait", "Bank@44", 7)))

    assert.same({ 999693, 1000300, 1000007 },
      { balance(net, "a"), balance(net, "b"), balance(net, "c") })
    assert.equal("300", figures(net, "b")[4])
  end)

  it("brings amounts back where the call fails", function()
    local net <close> = open()

    net:submit("a", "alice", "Bank", "pay_in_vain", "Bank@43", 300)
    net:submit("a", "alice", "Bank", "wait_in_vain", "Bank@44", 30)
    assert(net:drain())

    assert.same({ 1000000, 1000000, 1000000 },
      { balance(net, "a"), balance(net, "b"), balance(net, "c") })
    assert.equal(1, figures(net, "a")[3])
  end)

  it("credits a client of another chain", function()
    local net <close> = open()
    local bob = net.hosts.b.accounts.bob.address

    net:submit("a", "alice", "Bank", "pay", "@" .. crypto.hex(bob) .. "00@43", 12)
    assert(net:drain())

    assert.equal(word.new(12), net.hosts.b:balance("bob", banks.TOKEN))
  end)

  it("leaves no record of messages behind when it is drained", function()
    local net <close> = open()
    for _ = 1, 3 do net:submit("a", "alice", "Bank", "ask", "Bank@43", 1) end

    assert.is_true(assert(net:drain()) > 0)

    assert.same({}, net:pending())
    for _, name in ipairs(net.names) do
      for _, prefix in ipairs { "Out_", "In_", "Open_" } do
        assert.same({}, net.hosts[name].storage:keys("_Mailbox", { prefix = prefix }))
      end
    end
    assert.equal(0, net:drain())
  end)

  it("mines one block on every host, or on those that are named", function()
    local net <close> = open()

    net:mine()
    local out = assert(net:mine "b")

    assert.same({ 2, 3, 2 }, { net.hosts.a:height(), net.hosts.b:height(), net.hosts.c:height() })
    assert.same({}, out.b.receipts)
    assert.is_nil(out.a)
  end)

  it("takes up what a script sent on one host by itself", function()
    local net <close> = open()

    net.hosts.a:expect_success(net.hosts.a:send("Bank", "ask", "Bank@43", 4))
    assert(net:drain())

    assert.same({ 0, 8, 0, "0" }, figures(net, "a"))
  end)

  it("gives the same bytes each time", function()
    local roots = {}
    for index = 1, 2 do
      local net <close> = open { seed = 5, loss = 0.3, duplication = 0.3, restarts = 0.2,
        latency = { 0, 2 }, order = "seed" }
      for _ = 1, 4 do net:submit("c", "alice", "Bank", "pay_and_wait", "Bank@42", 1) end
      assert(net:drain())
      roots[index] = net:roots()
    end
    assert.same(roots[1], roots[2])
  end)
end)

describe("a network that is not done #small", function()
  it("lists what is pending where the blocks are not enough", function()
    local net <close> = open { latency = 3 }
    net:submit("a", "alice", "Bank", "ask", "Bank@43", 4)
    net:submit("b", "alice", "Bank", "twice", 4)

    local done, message, code = net:drain { max_blocks = 2 }

    assert.is_nil(done)
    assert.equal("pending", code)
    assert.equal("2 blocks, and still pending:\nhost a: 1 record(s) for b\n"
      .. "message 0 (await) a -> b", message)
    assert.same({ "host a: 1 record(s) for b", "message 0 (await) a -> b" }, net:pending())
  end)

  it("tells a transaction that was submitted", function()
    local net <close> = open()
    net:submit("b", "alice", "Bank", "twice", 4)

    assert.same({ "host b: 1 transaction(s) submitted" }, net:pending())
    assert.is_nil((net:drain { max_blocks = 0 }))
  end)

  it("tells messages that wait in a mailbox", function()
    local net <close> = open { hosts = { a = { genesis = { limits = { messages_per_set = 0 } } } } }
    net.hosts.a:expect_success(net.hosts.a:send("Bank", "ask", "Bank", 4))

    assert.same({ "host a: 1 message(s) in the mailbox" }, net:pending())
    local done, message = net:drain { max_blocks = 5 }
    assert.is_nil(done)
    assert.truthy(message:find("5 blocks, and still pending:\nhost a: 1 message", 1, true))
  end)
end)

describe("delivery by hand #small", function()
  it("brings only what was chosen, once a header shows it", function()
    local net <close> = open { order = "hand" }
    net:submit("a", "alice", "Bank", "ask", "Bank@43", 1)
    net:submit("a", "alice", "Bank", "ask", "Bank@43", 2)
    net:mine()
    assert.equal(2, #net.flights)
    net:mine()
    assert.equal(0, figures(net, "b")[1])

    net:deliver(net.flights[2])
    net:mine()
    assert.equal(1, figures(net, "b")[1])

    assert.equal(0, net.flights[1].sequence)
    net:deliver(net.flights[1])
    net:mine()
    assert.equal(2, figures(net, "b")[1])
  end)

  it("says which header is missing, and of whom", function()
    local net <close> = open { order = "hand" }
    net:submit("a", "alice", "Bank", "ask", "Bank@43", 1)
    net:mine()
    local height = net.hosts.a:height()
    assert.same({}, net:deliverable())

    local good, wrong = pcall(net.deliver, net, net.flights[1])

    assert.is_false(good)
    assert.truthy(wrong:find(("deliver: message 0 (await) a -> b: it is of block %d of a, and no "
      .. "header shows that block yet; mine a first"):format(height), 1, true), wrong)
    net:mine "a"
    assert.same({ net.flights[1] }, net:deliverable())
    net:deliver(net.flights[1])
    net:mine "b"
    assert.equal(1, figures(net, "b")[1])
  end)

  it("refuses what is not under way", function()
    local net <close> = open { order = "hand" }
    local good, wrong = pcall(net.deliver, net, {})
    assert.is_false(good)
    assert.truthy(wrong:find "deliver: not under way")
  end)

  it("may be in an order of the script's own, which leaves some out", function()
    local seen = {}
    local net <close> = open { order = function(flights)
      local list = {}
      for index = #flights, 1, -1 do
        if flights[index].list == "incoming" then
          seen[#seen + 1] = flights[index].sequence
          list[#list + 1] = flights[index]
        end
      end
      return list
    end }
    for _ = 1, 3 do net:submit("a", "alice", "Bank", "pay", "Bank@43", 1) end
    net:mine()
    net:mine()
    net:mine()

    assert.same({ 2, 1, 0 }, seen)
    assert.equal(1000003, balance(net, "b"))
    assert.equal("host a: 3 record(s) for b", net:pending()[1])
  end)
end)

describe("the sum of all amounts #small", function()
  it("is what was issued, wherever it is", function()
    local net <close> = open { order = "hand" }
    net:submit("a", "alice", "Bank", "pay", "Bank@43", 300)
    net:mine()

    assert.equal(999700, balance(net, "a"))
    assert.is_true(assert(net:check_value()))
  end)

  it("is checked after every block, and a block that moves it is told", function()
    local net <close> = open()
    -- A block that nobody ran takes something away.
    local chain = net.hosts.b
    assert(chain.storage:commit_state_diff { height = 2, state_diffs = { {
      contract_name = "_Ledger", state_diffs = { { key = BANK .. banks.TOKEN,
        value = word.new(5):to_bytes() } } } } })

    local out, message, code = net:mine()

    assert.is_nil(out)
    assert.equal("value", code)
    assert.equal("round 1: token 'VITE TOKEN': 3000000 issued, but 2000005 held and 0 under way",
      message)
    assert.equal("value", select(3, net:check_value()))
  end)
end)

describe("net:expect_success #small", function()
  local SOURCE <const> = [[
local c = sdk.contract { bad = "external write ()", waits = "external write ()",
  ok = "external write ()" }
function c.ok() end
function c.bad()
  sdk.async.call { "Nobody", "x()", on_success = "missing" }
end
function c.waits()
  sdk.await("Nobody@43", "x()")
end
return c]]

  it("names method, host, text, and the line where it failed", function()
    local net <close> = network.new { hosts = { a = {}, b = {} } }
    assert(net.hosts.a:deploy("Shop", { SOURCE }))
    for method, expected in pairs {
      bad = "expected success, got Shop.bad on host a: ERROR_SMART_CONTRACT: async: bad callback "
        .. "('Shop' has no callback 'missing')\n  in Shop.bad:5",
      waits = "expected success, got Shop.waits on host a: ERROR_SMART_CONTRACT: contract not "
        .. "deployed (the answer of 'Nobody')\n  in Shop.waits:8",
    } do
      local receipt = assert(net:mine_until(net:submit("a", "alice", "Shop", method)))
      assert.has_error(function() net:expect_success(receipt) end, expected)
    end
    local good = net:mine_until(net:submit("a", "alice", "Shop", "ok"))
    assert.equal(good, net:expect_success(good))
  end)
end)

describe("network.host_options #small", function()
  it("refuses an option of a host that there is not, as the others do", function()
    for _, work in ipairs { network.host_options, function(given) network.load("x", given) end } do
      local good, wrong = pcall(work, { hosts = { a = { histry = 5 } } }, "a")
      assert.is_false(good)
      assert.truthy(wrong:find("hosts.a: unknown option 'histry'", 1, true), wrong)
    end
  end)
end)

describe("network.new #small", function()
  local function raises(text, given)
    local good, wrong = pcall(network.new, given)
    assert.is_false(good)
    assert.truthy(wrong:find(text, 1, true), wrong)
  end

  it("names the option and the value that are wrong", function()
    raises("network.new: unknown option 'host'", { host = {} })
    raises("network.new: hosts: table expected, got nil", {})
    raises("hosts: at least one", { hosts = {} })
    raises("hosts: a name of letters", { hosts = { ["a/b"] = {} } })
    raises("hosts: a name of letters", { hosts = { {} } })
    raises("hosts.a: table expected, got 5", { hosts = { a = 5 } })
    raises("hosts.a: unknown option 'colour'", { hosts = { a = { colour = 1 } } })
    raises("hosts.b: unknown option 'allowance'; known: host_seed, allowances, rule_set, genesis,",
      { hosts = { a = {}, b = { allowance = {} } } })
    raises("hosts.b: chain 42 is that of a",
      { hosts = { a = {}, b = { genesis = { virtual_chain_id = 42 } } } })
    raises("hosts.a.host_seed: 32 bytes expected, got 3 bytes",
      { hosts = { a = { host_seed = "abc" } } })
    raises("seed: an integer expected, got 1.5", { hosts = { a = {} }, seed = 1.5 })
    raises("loss: a number from 0 to below 1 expected, got 1", { hosts = { a = {} }, loss = 1 })
    raises("latency: rounds", { hosts = { a = {} }, latency = -1 })
    raises("latency: rounds", { hosts = { a = {} }, latency = { 2, 1 } })
    raises("latency: rounds", { hosts = { a = {} }, latency = { 1, 2, 3 } })
    raises("latency: rounds", { hosts = { a = {} }, latency = math.maxinteger })
    raises("order: 'fifo', 'seed', 'hand' or a function expected, got 'lifo'",
      { hosts = { a = {} }, order = "lifo" })
    raises("loss: a number from 0 to below 1 expected", { hosts = { a = {} }, loss = 0 / 0 })
    raises("threads: true or false expected, got 'no'", { hosts = { a = {} }, threads = "no" })
    raises("check_value: true or false expected, got 0", { hosts = { a = {} }, check_value = 0 })
    raises("network.new: path: a folder expected, got ''", { hosts = { a = {} }, path = "" })
  end)

  it("names what is wrong in the options of a host", function()
    local function of_a(text, a) raises(text, { hosts = { a = a, b = {} } }) end
    of_a("hosts.a.path: it is the network", { path = "somewhere" })
    of_a("hosts.a.genesis: table expected, got 5", { genesis = 5 })
    of_a("hosts.a.genesis.peers: table expected, got 5", { genesis = { peers = 5 } })
    of_a("hosts.a.genesis.host_key: it follows from host_seed",
      { genesis = { host_key = ("k"):rep(32) } })
    of_a("hosts.a.allowances: table expected, got 5", { allowances = 5 })
    of_a("hosts.a.allowances: another host expected, got 'c'", { allowances = { c = {} } })
    of_a("hosts.a.allowances: another host expected, got 'a'", { allowances = { a = {} } })
    of_a("hosts.a.allowances.b: table expected, got 5", { allowances = { b = 5 } })
    of_a("hosts.a.allowances.b: a token expected, got 1", { allowances = { b = { 7 } } })
    of_a("hosts.b.rule_set: all hosts of a network use one, and a has 'reference'",
      { rule_set = "reference" })
  end)

  it("fails where its folder cannot be made", function()
    local net, message, code = network.new { hosts = { a = {} }, path = "/proc/none" }
    assert.is_nil(net)
    assert.equal("/proc/none: no folder can be made (No such file or directory)", message)
    assert.equal("store_io", code)
  end)

  it("names a host that there is not", function()
    local net <close> = open()
    for _, wrong_call in ipairs { function() net:submit("z", "Bank", "twice", 1) end,
      function() net:mine "z" end, function() net:peers_of "z" end } do
      local good, wrong = pcall(wrong_call)
      assert.is_false(good)
      assert.truthy(wrong:find("no host 'z'; there are a, b, c", 1, true), wrong)
    end
  end)

  it("names other arguments that are wrong", function()
    local net <close> = open()
    local function wrong_use(text, ...)
      local good, wrong = pcall(...)
      assert.is_false(good)
      assert.truthy(wrong:find(text, 1, true), wrong)
    end
    wrong_use("no host nil", net.mine, net, nil)
    wrong_use("mine: host 'a' twice", net.mine, net, "a", "a")
    wrong_use("mine_until: a transaction of submit expected", net.mine_until, net, { host = "a" })
    wrong_use("expect_success: a receipt expected, got table", net.expect_success, net, {})
    wrong_use("no snapshot 'x'", net.revert, net, "x")
    wrong_use("network: drain: max_blocks: a number of blocks expected, got -1", net.drain, net,
      { max_blocks = -1 })
    wrong_use("load: path: it stands before the options", network.load, "somewhere",
      { path = "elsewhere", hosts = { a = {} } })
    net:close()
    wrong_use("the network is closed", net.roots, net)
  end)

  it("names what functions of the script give wrongly", function()
    for option, texts in pairs {
      latency = { [-1] = "the function gives rounds or { least, most }, got -1",
        soon = "the function gives rounds or { least, most }, got 'soon'" },
      order = { [5] = "the list of the function: table expected, got 5",
        [{ {} }] = "entry 1 is no flight of the list, or stands twice" },
    } do
      for given, text in pairs(texts) do
        local net <close> = open { [option] = function() return given end }
        local tx = net:submit("a", "alice", "Bank", "ask", "Bank@43", 21)
        local good, wrong = pcall(net.mine_until, net, tx)
        assert.is_false(good)
        assert.truthy(wrong:find(text, 1, true), wrong)
      end
    end
  end)

  it("tells a method that is called without a colon", function()
    local net <close> = open()
    for _, wrong_call in ipairs { function() net.submit("a", "Bank", "twice", 1) end,
      function() net.expect_success({}) end, function() net.pending() end,
      function() net.mine "a" end, function() net.roots() end } do
      local good, wrong = pcall(wrong_call)
      assert.is_false(good)
      assert.truthy(wrong:find("called with a colon", 1, true), wrong)
    end
  end)

  it("gives hosts the chains 42, 43 and so on, and each the keys of the others", function()
    local net <close> = open()

    local genesis = net.hosts.b.genesis

    assert.equal(43, genesis.virtual_chain_id)
    local peer = genesis.peers[2]
    assert.equal(44, peer.virtual_chain_id)
    assert.equal(crypto.ed25519.public_key(crypto.sha256 "vmhost network host c"), peer.host_key)
    assert.equal(net.hosts.c.genesis.host_key, peer.host_key)
  end)
end)
