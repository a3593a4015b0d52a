local assert_whole = require "spec.support.assert_whole"
local crash_blocks = require "spec.support.crash_blocks"
local new_crashing_store = require "spec.support.crashing_store"
local run_command = require "spec.support.run_command"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"

local function commit_next(storage)
  local height = storage:last_committed_block_info().height + 1
  return storage:commit_state_diff(crash_blocks.block(height))
end

describe("a storage that is closed and opened again", function()
  local function open(folder, create)
    return assert(state_storage.open {
      path = folder.path .. "/store", create = create,
      genesis = create and crash_blocks.genesis or nil,
    })
  end

  it("has everything that was committed, and needs no genesis", function()
    local folder <close> = temporary_folder()
    local storage = open(folder, true)
    for height = 1, 5 do assert.equal(height + 1, commit_next(storage)) end
    local root, genesis = storage:state_hash(), storage:genesis()
    storage:close()

    local reopened <close> = open(folder, false)

    assert.equal(5, assert_whole(reopened))
    assert.equal(root, reopened:state_hash())
    assert.same(genesis, reopened:genesis())
  end)

  it("goes on at the next height, as if it had never been closed", function()
    local folder <close> = temporary_folder()
    local always_open <close> = assert(state_storage.open {
      memory = true, genesis = crash_blocks.genesis,
    })
    for height = 1, 8 do
      local storage <close> = open(folder, true)
      commit_next(storage)
      commit_next(always_open)

      assert.equal(height, storage:last_committed_block_info().height)
      assert.equal(always_open:state_hash(), storage:state_hash())
      assert.equal(always_open:block(height).block_hash, storage:block(height).block_hash)
    end
  end)
end)

describe("a disk that is full", function()
  -- Commits until the disk refuses; the height before is what the storage must keep.
  local function fill(storage, limit)
    for _ = 1, limit do
      local next_height, message, code = commit_next(storage)
      if not next_height then return message, code end
    end
  end

  it("fails a commit, keeps the last one, and lets it be tried again", function()
    local double = new_crashing_store()
    local storage <close> = assert(state_storage.open {
      store = double.store, genesis = crash_blocks.genesis,
    })
    commit_next(storage)

    double.refusal = "No space left on device"
    local next_height, message, code = commit_next(storage)

    assert.is_nil(next_height)
    assert.truthy(message:find("No space left on device", 1, true))
    assert.equal("store_io", code)
    assert.equal(1, assert_whole(storage))
    double.refusal = nil
    assert.equal(3, commit_next(storage))
    assert.equal(2, assert_whole(storage))
  end)

  it("gives a store that opens at the last commit", function()
    local double = new_crashing_store()
    local storage = assert(state_storage.open {
      store = double.store, genesis = crash_blocks.genesis,
    })
    commit_next(storage)
    double.refusal = "No space left on device"
    assert.is_nil(commit_next(storage))
    storage:close()

    local reopened <close> = assert(state_storage.open { store = double.store })

    assert.equal(1, assert_whole(reopened))
  end)

  -- A file system of its own in memory, so that it can be full; gone when the variable ends.
  local function small_disk(folder)
    local output, status = run_command {
      "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder,
    }
    if status ~= 0 then return nil, output end
    return setmetatable({}, { __close = function() run_command { "umount", folder } end })
  end

  it("fails a commit on LevelDB, which goes on when there is space again", function()
    local folder <close> = temporary_folder()
    local disk <close>, refusal = small_disk(folder.path)
    if not disk then return pending("a small file system cannot be mounted: " .. refusal) end
    local storage <close> = assert(state_storage.open {
      path = folder.path .. "/store", genesis = crash_blocks.genesis,
    })

    local message, code = fill(storage, 1000)

    assert.truthy(message:find("No space left on device", 1, true), message)
    assert.equal("store_io", code)
    local full_at = storage:last_committed_block_info().height
    assert.is_true(full_at > 0)
    local _, _, second_code = commit_next(storage)
    assert.equal("store_io", second_code)

    local _, status = run_command { "mount", "-o", "remount,size=64m", folder.path }
    assert.equal(0, status)
    assert.equal(full_at, assert_whole(storage))
    for height = full_at + 1, full_at + 10 do
      assert.equal(height + 1, commit_next(storage))
    end
    assert.equal(full_at + 10, assert_whole(storage))
  end)
end)
