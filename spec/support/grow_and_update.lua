--- Fills a store with keys, then updates some of them block by block; run as a program of its own,
-- so that what it takes of memory is its own.
-- Prints for each block of updates its number and the resident memory in kB.
-- Usage: grow_and_update.lua FOLDER KEYS BLOCKS UPDATES_PER_BLOCK SEED
local new_random = require "spec.support.random"
local state_storage = require "vmhost.state_storage"

local folder = arg[1]
local key_count, block_count, update_count, seed =
  math.tointeger(arg[2]), math.tointeger(arg[3]), math.tointeger(arg[4]), math.tointeger(arg[5])
local KEYS_PER_BLOCK <const> = 2000

local random = new_random(seed)

-- 20 to 64 bytes that follow from the index, so that no list of keys is held.
local function key_of(index)
  return ("%020d"):format(index) .. ("k"):rep(index * 7919 % 45)
end

local function new_value()
  local word = ("<i8"):pack(random(math.maxinteger))
  return word:rep(32):sub(1, 31 + random(225))
end

local function commit(storage, records)
  local height = storage:last_committed_block_info().height + 1
  assert(storage:commit_state_diff {
    height = height, timestamp = height,
    state_diffs = { { contract_name = "Ledger", state_diffs = records } },
  } == height + 1)
end

local function grow(storage)
  for first = 1, key_count, KEYS_PER_BLOCK do
    local records = {}
    for index = first, math.min(first + KEYS_PER_BLOCK - 1, key_count) do
      records[#records + 1] = { key = key_of(index), value = new_value() }
    end
    commit(storage, records)
  end
end

local function resident_kb()
  for line in io.lines "/proc/self/status" do
    local size = line:match "^VmRSS:%s+(%d+) kB"
    if size then return math.tointeger(size) end
  end
end

local storage <close> = assert(state_storage.open {
  path = folder, genesis = { virtual_chain_id = 42 },
})
grow(storage)
assert(storage:last_committed_block_info().num_keys == key_count)
for block = 1, block_count do
  local records = {}
  for place = 1, update_count do
    records[place] = { key = key_of(random(key_count)), value = new_value() }
  end
  commit(storage, records)
  print(block, resident_kb())
end
