local assert_whole = require "spec.support.assert_whole"
local crash_blocks = require "spec.support.crash_blocks"
local new_crashing_store = require "spec.support.crashing_store"
local new_random = require "spec.support.random"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"

local RUNS <const> = math.tointeger(os.getenv "VMHOST_CRASH_RUNS" or 200)
local RUNS_PER_CHAIN <const> = 10
local SEED <const> = 11

local function build_log_writes(folder)
  local library = folder .. "/log_writes.so"
  assert(os.execute(("env -u LD_PRELOAD gcc -shared -fPIC -o %s spec/support/log_writes.c "
    .. "-Wl,--no-as-needed -lleveldb"):format(library)))
  return library
end

-- Starts a process that commits and kills it: in every second run a while after it said that it
-- has opened the storage, else a while after it started, so that opening is hit as well.
local function kill_a_committing_process(folder, log_writes, wait_for_open, delay_ms)
  local pipe = assert(io.popen((
    "LUA_PATH='%s' LUA_CPATH='%s' VMHOST_WRITE_LOG=%s/log LD_PRELOAD=\"$LD_PRELOAD %s\" "
    .. "exec lua5.4 spec/support/commit_until_killed.lua %s/store %s/log"):format(
    package.path, package.cpath, folder, log_writes, folder, folder)))
  local process = pipe:read "l"
  if wait_for_open then pipe:read "l" end
  os.execute(("sleep %.3f; kill -9 %s"):format(delay_ms / 1000, process))
  local _, how, signal = pipe:close()
  assert.same({ "signal", 9 }, { how, signal })
end

-- The last height that the log says was committed, whether a later one was begun, and whether
-- the last thing that was begun is a write of LevelDB for it.
local function read_log(path)
  local committed, begun, writing = 0, 0, false
  local log <close> = io.open(path)
  for word, what in (log and log:read "a" or ""):gmatch "(%l+) (%w+)\n" do
    if word == "end" then committed = math.tointeger(what) end
    if word == "begin" then begun = math.tointeger(what) end
    if word == "write" then writing = what == "begins" end
  end
  return committed, begun > committed, begun > committed and writing
end

-- Writes into the log what was found, as the next process starts from there.
local function write_log(path, height)
  local log <close> = assert(io.open(path, "w"))
  log:write("end ", height, "\n")
end

local counts = { inside = 0, survived = 0, lost = 0, heights = 0 }

local function run(folder, log_writes, random, number)
  kill_a_committing_process(folder, log_writes, number % 2 == 0,
    random(number % 2 == 0 and 20 or 50))
  local committed, committing, inside = read_log(folder .. "/log")

  local storage <close> = assert(state_storage.open {
    path = folder .. "/store", genesis = crash_blocks.genesis,
  })
  local height = assert_whole(storage)

  assert.is_true(height == committed or committing and height == committed + 1,
    ("height %d, log says %d"):format(height, committed))
  write_log(folder .. "/log", height)
  counts.inside = counts.inside + (inside and 1 or 0)
  counts.survived = counts.survived + (height > committed and 1 or 0)
  counts.lost = counts.lost + (committing and height == committed and 1 or 0)
  return height
end

describe("a process that is killed while it commits", function()
  it("leaves a store that opens at a committed height, whole", function()
    local random = new_random(SEED)
    local tools <close> = temporary_folder()
    local log_writes = build_log_writes(tools.path)
    for first = 1, RUNS, RUNS_PER_CHAIN do
      local folder <close> = temporary_folder()
      local height
      for number = first, math.min(first + RUNS_PER_CHAIN - 1, RUNS) do
        height = run(folder.path, log_writes, random, number)
      end
      counts.heights = counts.heights + height
    end

    print(("crash: seed %d, %d kills, %d inside the write call; of the blocks under way %d stayed "
      .. "and %d did not; %d blocks committed"):format(SEED, RUNS, counts.inside, counts.survived,
      counts.lost, counts.heights))
    assert.is_true(counts.inside >= RUNS / 4)
    assert.is_true(counts.heights >= RUNS)
  end)
end)

describe("a power cut", function()
  local function open(double, sync)
    return assert(state_storage.open {
      store = double.store, sync = sync, genesis = crash_blocks.genesis,
    })
  end

  -- Commits some blocks, cuts the power, and gives how many writes were lost, the height before,
  -- and the height after.
  local function cut(double, sync, random)
    local storage = open(double, sync)
    for _ = 1, random(6) do
      local next_height = storage:last_committed_block_info().height + 1
      assert(storage:commit_state_diff(crash_blocks.block(next_height)))
    end
    local before = storage:last_committed_block_info().height
    storage:close()
    local lost = double.crash(random)
    local reopened <close> = open(double, sync)
    return lost, before, assert_whole(reopened)
  end

  it("loses no block that was committed with sync = true", function()
    local double, random = new_crashing_store(), new_random(SEED)
    for _ = 1, 20 do
      local lost, before, after = cut(double, true, random)

      assert.equal(0, lost)
      assert.equal(before, after)
    end
  end)

  it("loses whole blocks only with sync = false", function()
    local double, random = new_crashing_store(), new_random(SEED)
    local lost_blocks = 0
    for _ = 1, 20 do
      local lost, before, after = cut(double, false, random)

      -- One write a block; in a new chain the first write is that of the genesis.
      assert.equal(math.max(before - lost, 0), after)
      lost_blocks = lost_blocks + before - after
    end
    assert.is_true(lost_blocks > 0)
  end)
end)
