-- Hosts that run at once, each on a thread of its own.
local banks = require "spec.support.banks"
local network = require "vmhost.network"
local new_random = require "spec.support.random"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local ROUNDS <const> = os.getenv "VMHOST_SOAK" and 60 or 5
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time()

local function run(calls, threads)
  local net <close> = assert(network.new(banks.options { seed = SEED, loss = 0.2, order = "seed",
    duplication = 0.2, restarts = 0.1, latency = { 0, 1 }, threads = threads }))
  banks.deploy(net)
  local roots = {}
  for index, call in ipairs(calls) do
    net:submit(table.unpack(call))
    if index % 6 == 0 then
      assert(net:mine())
      roots[#roots + 1] = net:roots()
    end
  end
  assert(net:drain())
  roots[#roots + 1] = net:roots()
  return roots
end

describe("hosts on threads of their own", function()
  it("make the same roots as one after the other, block by block", function()
    print(("threads: seed %d"):format(SEED))
    local calls = banks.calls(new_random(SEED), 6 * ROUNDS)

    assert.same(run(calls, false), run(calls, true))
  end)

  it("stand beside hosts with functions of Lua in them", function()
    local notes = {}
    local net <close> = assert(network.new { threads = true, hosts = {
      a = { contracts = { Note = { add = function(_, n) notes[#notes + 1] = n end } } },
      b = {}, c = {},
    } })
    net.hosts.b:expect_success(net.hosts.b:deploy("Bank", { banks.SOURCE }))
    local note = net:submit("a", "alice", "Note", "add", 7)
    local ask = net:submit("b", "alice", "Bank", "twice", 7)

    assert(net:mine())

    assert.equal("SUCCESS", ask.receipt.execution_result)
    assert.equal("SUCCESS", note.receipt.execution_result)
    assert.same({ 7 }, notes)
  end)
end)

describe("vm.commit_sets", function()
  local function open()
    local storage = assert(state_storage.open { memory = true,
      genesis = { virtual_chain_id = 42 } })
    return storage, assert(vm.open { storage = storage })
  end

  local function set(height)
    return { height = height, timestamp = height, reference_time = 0, prev_reference_time = 0,
      block_proposer = "", signed_transactions = {} }
  end

  it("gives per host its result, or why it failed", function()
    local first, first_host = open()
    local second, second_host = open()

    local out = vm.commit_sets { { host = first_host, set = set(1) },
      { host = second_host, set = set(3) } }

    assert.same({ 1, {} }, { out[1].block.height, out[1].receipts })
    assert.same({ message = "transaction set for height 3, but the next is 1",
      code = "invalid_input" }, out[2])
    assert.equal(1, first:last_committed_block_info().height)
    assert.equal(0, second:last_committed_block_info().height)
    first_host:close()
    second_host:close()
  end)

  it("names what is wrong, and does nothing", function()
    local storage, host = open()
    local function raises(text, sets)
      local good, wrong = pcall(vm.commit_sets, sets)
      assert.is_false(good)
      assert.truthy(wrong:find(text, 1, true), wrong)
      assert.equal(0, storage:last_committed_block_info().height)
    end

    raises("sets: expected list", 5)
    raises("sets[1]: expected table", { 5 })
    raises("sets[1].host: expected a VM", { { host = 5, set = set(1) } })
    raises("sets[1].set: expected a table", { { host = host } })
    raises("sets[1]: unknown key 'x'", { { host = host, set = set(1), x = 1 } })
    raises("sets[2].host: the same chain as in sets[1]",
      { { host = host, set = set(1) }, { host = host, set = set(2) } })
    host:close()
    raises("is closed", { { host = host, set = set(1) } })
  end)
end)
