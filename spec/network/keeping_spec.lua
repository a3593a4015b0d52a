-- Snapshots of a whole network, and the folder that holds one.
local banks = require "spec.support.banks"
local crypto = require "vmhost.crypto"
local network = require "vmhost.network"
local temporary_folder = require "spec.support.temporary_folder"

local UNRELIABLE <const> = { seed = 9, loss = 0.4, duplication = 0.4, latency = { 0, 2 },
  order = "seed" }

local function with(...)
  local options = {}
  for _, given in ipairs { ... } do
    for name, value in pairs(given) do options[name] = value end
  end
  return options
end

-- A network in the middle of something.
local function busy(given)
  local net = assert(network.new(banks.options(given)))
  banks.deploy(net)
  net:submit("a", "alice", "Bank", "pay_and_wait", "Bank@43", 5)
  net:submit("b", "alice", "Bank", "ask_further", "Bank@44", "Bank@43", 3)
  assert(net:mine())
  assert(net:mine())
  net:submit("c", "alice", "Bank", "wait_in_vain", "Bank@42", 8)
  return net
end

local function finish(net)
  assert(net:drain())
  return net:roots()
end

describe("a snapshot of a network", function()
  local function goes_on_the_same(given)
    local net <close> = busy(given)
    local before = net:roots()
    local id = net:snapshot()
    local first = finish(net)
    assert.not_same(before, first)

    assert.is_true(assert(net:revert(id)))

    assert.same(before, net:roots())
    assert.same(first, finish(net))
    assert.is_true(assert(net:revert(id)))
    assert.same(first, finish(net))
  end

  it("holds all hosts and what is under way, in memory", function()
    goes_on_the_same(UNRELIABLE)
  end)

  it("holds all hosts and what is under way, on LevelDB", function()
    local folder <close> = temporary_folder()
    goes_on_the_same(with(UNRELIABLE, { path = folder.path .. "/net" }))
  end)

  it("brings a transaction back that ran since", function()
    local net <close> = assert(network.new(banks.options()))
    banks.deploy(net)
    local tx = net:submit("a", "alice", "Bank", "ask", "Bank@43", 5)
    local id = net:snapshot()
    local first = net:mine_until(tx)

    assert(net:revert(id))

    assert.is_nil(tx.receipt)
    assert.same({}, tx.receipts)
    assert.same(first, net:mine_until(tx))
  end)

  it("takes a transaction away that was submitted since, and tells so", function()
    local net <close> = assert(network.new(banks.options()))
    banks.deploy(net)
    local id = net:snapshot()
    local tx = net:submit("a", "alice", "Bank", "ask", "Bank@43", 5)
    net:mine_until(tx)

    assert(net:revert(id))

    assert.is_nil(tx.receipt)
    local good, wrong = pcall(net.mine_until, net, tx)
    assert.is_false(good)
    assert.truthy(wrong:find("the transaction was undone by revert; submit it again", 1, true))
  end)

  it("is forgotten when an earlier one is gone back to", function()
    local net <close> = busy()
    local first = net:snapshot()
    local second = net:snapshot()
    assert(net:revert(first))

    local good, wrong = pcall(net.revert, net, second)

    assert.is_false(good)
    assert.truthy(wrong:find("network: no snapshot 2", 1, true))
  end)
end)

describe("a network in a folder", function()
  it("goes on as the one that wrote it", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/saved"
    local net <close> = busy(UNRELIABLE)
    assert.is_true(assert(net:save(path)))
    local expected = finish(net)

    local options = banks.options(UNRELIABLE)
    for _, host in pairs(options.hosts) do host.genesis, host.allowances = nil, nil end
    local loaded <close> = assert(network.load(path, options))

    assert.equal(1, #loaded.pools.c)
    assert.same(expected, finish(loaded))
  end)

  it("is found again by the same options, with what is under way", function()
    local folder <close> = temporary_folder()
    local expected
    do
      local net <close> = busy()
      assert(net:drain())
      expected = banks.outcome(net)
    end
    do
      local net <close> = busy { path = folder.path .. "/net" }
      assert.is_true(#net.flights > 0)
    end

    local net <close> = assert(network.new(banks.options { path = folder.path .. "/net" }))
    assert.is_true(#net.flights > 0)
    net:submit("c", "alice", "Bank", "wait_in_vain", "Bank@42", 8)
    assert(net:drain())

    assert.same(expected, banks.outcome(net))
  end)

  it("is not written over something", function()
    local folder <close> = temporary_folder { ["net/x"] = "" }
    local net <close> = busy()

    local saved, message, code = net:save(folder.path .. "/net")

    assert.same({ nil, folder.path .. "/net: the folder is not empty", "invalid_input" },
      { saved, message, code })
  end)

  it("is not loaded from a folder without one", function()
    local folder <close> = temporary_folder()
    local loaded, message, code = network.load(folder.path, banks.options())
    assert.same({ nil, folder.path .. ": no network was saved there", "not_found" },
      { loaded, message, code })
  end)

  local function saved_with(change)
    local folder = temporary_folder()
    local path = folder.path .. "/net"
    local net <close> = busy()
    assert(net:save(path))
    local text
    do
      local file <close> = assert(io.open(path .. "/network.json"))
      text = change(file:read "a")
    end
    local file <close> = assert(io.open(path .. "/network.json", "w"))
    file:write(text)
    return folder, path
  end

  local CHANGES <const> = {
    ["network.json: "] = function() return "{" end,
    ["another version"] = function(text) return (text:gsub('"version":1', '"version":2')) end,
    ["round: no integer as text"] = function(text)
      return (text:gsub('"round":"%d+"', '"round":1.5'))
    end,
    ["hosts.d: no host that was opened"] = function(text)
      return (text:gsub('"c":{', '"d":{}, "c":{'))
    end,
    ["flights%[1%].list: incoming or acknowledgements"] = function(text)
      return (text:gsub('"list":"%l+"', '"list":"other"'))
    end,
    ["flights%[1%]: from and to are hosts"] = function(text)
      return (text:gsub('"from":"%l"', '"from":"z"'))
    end,
    ["hosts.c.pool%[1%]: no hex"] = function(text)
      return (text:gsub('"pool":%["%x+"', '"pool":["zz"'))
    end,
  }
  for expected, change in pairs(CHANGES) do
    it("is refused where it was changed: " .. expected, function()
      local folder <close>, path = saved_with(change)
      local loaded, message, code = network.load(path, banks.options())
      assert.is_nil(loaded)
      assert.equal("malformed", code)
      assert.truthy(message:find(expected), message)
      assert.truthy(folder)
    end)
  end

  describe("and options that say again what a host was made from", function()
    local function load_with(change)
      local folder <close>, path = saved_with(function(text) return text end)
      local options = banks.options()
      change(options.hosts)
      local loaded, message, code = network.load(path, options)
      if loaded then loaded:close() end
      assert.truthy(folder)
      return loaded ~= nil, message, code
    end

    it("is loaded where they say the same, or nothing", function()
      assert.is_true((load_with(function() end)))
      assert.is_true((load_with(function(hosts)
        hosts.b.genesis, hosts.b.allowances = nil, nil
      end)))
    end)

    for what, change in pairs {
      ["genesis.issues"] = function(host) host.genesis.issues[1].amount = 5 end,
      ["genesis.peers or allowances"] = function(host) host.allowances.a[banks.TOKEN] = 5 end,
      ["genesis.limits"] = function(host) host.genesis.limits = { key_size = 5 } end,
      ["native_contracts"] = function(host) host.native_contracts = { "BenchmarkToken" } end,
    } do
      it("is refused where they do not: " .. what, function()
        local good, message, code = load_with(function(hosts) change(hosts.b) end)

        assert.is_false(good)
        assert.equal(("host b: %s is not what it was made with; without any of genesis, "
          .. "allowances, rule_set and native_contracts it is opened as it is"):format(what),
          message)
        assert.equal("genesis_mismatch", code)
      end)
    end
  end)

  it("is refused where a host is opened with another key", function()
    local folder <close>, path = saved_with(function(text) return text end)
    local options = banks.options { hosts = { b = { host_seed = crypto.sha256 "other" } } }
    for _, host in pairs(options.hosts) do host.genesis, host.allowances = nil, nil end

    local loaded, message, code = network.load(path, options)

    assert.is_nil(loaded)
    assert.equal("malformed", code)
    assert.equal("host b: not the key it was made with; give its host_seed", message)
    assert.truthy(folder)
  end)
end)
