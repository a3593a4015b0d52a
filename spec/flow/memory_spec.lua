local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local BLOCKS <const> = 100
local UPDATES_PER_BLOCK <const> = 1000
local LIMIT_KB <const> = 200 * 1000
local SEED <const> = 1

-- Resident memory in kB after each block of updates.
local function run(key_count)
  local folder <close> = temporary_folder()
  local output, status = run_command {
    "env", "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath,
    "lua5.4", "spec/support/grow_and_update.lua", folder.path .. "/store",
    tostring(key_count), tostring(BLOCKS), tostring(UPDATES_PER_BLOCK), tostring(SEED),
  }
  assert(status == 0, output)
  local sizes = {}
  for block, size in output:gmatch "(%d+)\t(%d+)\n" do
    sizes[math.tointeger(block)] = math.tointeger(size)
  end
  return sizes
end

local function assert_bounded(key_count)
  local sizes = run(key_count)

  assert.equal(BLOCKS, #sizes)
  local least, most = math.min(table.unpack(sizes)), math.max(table.unpack(sizes))
  print(("memory: %d keys, seed %d, resident %.1f to %.1f MB over %d blocks of %d updates"):format(
    key_count, SEED, least / 1000, most / 1000, BLOCKS, UPDATES_PER_BLOCK))
  for block, size in ipairs(sizes) do
    assert.is_true(size < LIMIT_KB, ("block %d: %d kB"):format(block, size))
  end
end

-- A sanitizer keeps what was freed, so that memory under it says nothing.
local is_sanitized = (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true)

describe("state storage on LevelDB", function()
  it("stays below 200 MB of resident memory over 100 blocks of 1,000 updates", function()
    if is_sanitized then return pending "a sanitizer keeps what was freed" end

    assert_bounded(20000)
  end)

  it("stays there with a million keys", function()
    if not os.getenv "VMHOST_SOAK" then return pending "a million keys: make soak" end
    if is_sanitized then return pending "a sanitizer keeps what was freed" end

    assert_bounded(1000000)
  end)
end)
