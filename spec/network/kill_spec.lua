-- Three hosts in three processes, each on its own LevelDB, one of which is killed at any moment: in
-- the end contracts and ledgers are as if it had not been.
local banks = require "spec.support.banks"
local network = require "vmhost.network"
local new_random = require "spec.support.random"
local temporary_folder = require "spec.support.temporary_folder"

local KILLS <const> = os.getenv "VMHOST_SOAK" and 100 or 10
local CALLS <const> = 30
local LONGEST_MS <const> = 500
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time()

local function start(folder, name, seed)
  local pipe = assert(io.popen(("LUA_PATH='%s' LUA_CPATH='%s' "
    .. "exec lua5.4 spec/support/network_process.lua %s %s %d %d"):format(package.path,
    package.cpath, folder, name, seed, CALLS)))
  return { pipe = pipe, id = assert(math.tointeger(pipe:read "l")), name = name }
end

-- Whether it went on to its end.
local function finish(process)
  local last
  for line in process.pipe:lines() do last = line end
  local _, how, number = process.pipe:close()
  return last == "done" and how == "exit" and number == 0, how, number
end

local function unkilled(calls)
  local net <close> = assert(network.new(banks.options()))
  banks.deploy(net)
  for _, call in ipairs(calls) do net:submit(table.unpack(call)) end
  assert(net:drain())
  return banks.outcome(net)
end

local function drained(folder)
  local net <close> = assert(network.new(banks.options { path = folder }))
  local blocks = assert(net:drain())
  assert(net:check_value())
  return banks.outcome(net), blocks
end

local counts = { killed = 0, drained = 0 }

local function run(seed, random)
  local folder <close> = temporary_folder()
  local processes = {}
  for _, name in ipairs(banks.NAMES) do
    processes[#processes + 1] = start(folder.path, name, seed)
  end
  local victim = table.remove(processes, random(#processes))
  os.execute(("sleep %.3f; kill -9 %d 2>/dev/null"):format(random(LONGEST_MS) / 1000, victim.id))
  local ended, how, signal = finish(victim)
  assert.is_true(ended or how == "signal" and signal == 9)
  processes[#processes + 1] = start(folder.path, victim.name, seed)
  for _, process in ipairs(processes) do assert.is_true((finish(process)), process.name) end

  local outcome, blocks = drained(folder.path)
  counts.killed = counts.killed + (ended and 0 or 1)
  counts.drained = counts.drained + blocks
  return outcome
end

describe("a host that is killed", function()
  it("goes on where it was, and the network ends as without that", function()
    for number = 1, KILLS do
      local seed = SEED + number
      local random = new_random(seed)
      local expected = unkilled(banks.calls(new_random(seed), CALLS))

      assert.same(expected, run(seed, random), ("seed %d"):format(seed))
    end
    print(("network: seed %d, %d of %d killed under way, %d blocks mined to drain"):format(SEED,
      counts.killed, KILLS, counts.drained))
    -- How many are still at work when they are killed is up to the machine.
    assert.is_true(counts.killed >= math.max(1, KILLS // 10))
  end)
end)
