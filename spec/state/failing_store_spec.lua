local crypto = require "vmhost.crypto"
local naive_trie = require "spec.support.naive_trie"
local new_crashing_store = require "spec.support.crashing_store"
local new_failing_store = require "spec.support.failing_store"
local new_random = require "spec.support.random"
local state_storage = require "vmhost.state_storage"

local GENESIS <const> = { virtual_chain_id = 42 }
local HEIGHTS <const> = 4

local function records_of(height)
  local records = {}
  for index = 1, 5 do
    records[index] = { key = "k" .. (height * 3 + index) % 9, value = "v" .. height .. index }
  end
  records[6] = { key = "k" .. height, value = "" }
  return records
end

local function block(height)
  return {
    height = height, timestamp = height,
    state_diffs = { { contract_name = "c", state_diffs = records_of(height) } },
  }
end

-- Values and root after a height, from the records alone.
local function expected_at(height)
  local values, by_path = {}, {}
  for each = 1, height do
    for _, record in ipairs(records_of(each)) do
      values[record.key] = record.value ~= "" and record.value or nil
    end
  end
  for key, value in pairs(values) do
    by_path[state_storage.trie_path("vmhost-1", "c", key)] = value
  end
  return values, naive_trie.root(by_path)
end

local function assert_height(storage, height)
  local values, root = expected_at(height)
  assert.equal(height, storage:last_committed_block_info().height)
  local listed = {}
  for _, record in ipairs(assert(storage:keys "c")) do listed[record.key] = record.value end
  assert.same(values, listed)
  assert.equal(root, storage:state_hash())
  assert.equal(root, storage:rebuild_root())
end

local function open(double, options)
  local all = { store = double.store, genesis = GENESIS, history = 2 }
  for name, value in pairs(options or {}) do all[name] = value end
  return state_storage.open(all)
end

-- A storage at a height that has nothing in memory, over a store that does what it is told.
local function open_at(height)
  local double = new_failing_store(new_crashing_store().store)
  do
    local storage <close> = assert(open(double))
    for each = 1, height do assert(storage:commit_state_diff(block(each))) end
  end
  return assert(open(double)), double
end

describe("a store that fails #small", function()
  it("at any call of a commit loses nothing, and the commit can be done again", function()
    local call, failed = 0, true
    while failed do
      call = call + 1
      local storage <close>, double = open_at(HEIGHTS - 1)
      double.fail_at(call)

      local next_height, message, code = storage:commit_state_diff(block(HEIGHTS))

      failed = double.failed
      double.heal()
      if failed then
        assert.is_nil(next_height)
        assert.matches("the disk", message)
        assert.equal("store_io", code)
        assert_height(storage, HEIGHTS - 1)
      end
      assert.equal(HEIGHTS + 1, storage:commit_state_diff(block(HEIGHTS)))
      assert_height(storage, HEIGHTS)
    end
    assert.is_true(call > 10)
  end)

  it("at any call while it is opened can be opened after", function()
    local call, failed = 0, true
    while failed do
      call = call + 1
      local double = new_failing_store(new_crashing_store().store)
      double.fail_at(call)

      local storage, _, code = open(double)

      failed = double.failed
      double.heal()
      if failed then
        assert.equal("store_io", code)
        storage = assert(open(double))
      end
      assert.equal(0, storage:last_committed_block_info().height)
      storage:close()
    end
    assert.is_true(call > 3)
  end)

  it("at any call of a read fails that read alone", function()
    local reads = {
      function(storage) return storage:read("c", "k4") end,
      function(storage) return storage:read("c", "k4", HEIGHTS - 1) end,
      function(storage) return storage:keys "c" end,
      function(storage) return storage:keys("c", { height = HEIGHTS - 1 }) end,
      function(storage) return storage:contracts() end,
      function(storage) return storage:state_hash(HEIGHTS - 1) end,
      function(storage) return storage:rebuild_root() end,
      function(storage) return storage:block(2) end,
    }
    for _, read in ipairs(reads) do
      local storage <close>, double = open_at(HEIGHTS)
      local expected = assert(read(storage))
      local call, failed = 0, true
      while failed do
        call = call + 1
        double.fail_at(call)
        local value, _, code = read(storage)
        failed = double.failed
        double.heal()
        if failed then
          assert.is_nil(value)
          assert.equal("store_io", code)
        end
        assert.same(expected, read(storage))
      end
      assert_height(storage, HEIGHTS)
    end
  end)

  it("after it has written all the same is at the new height, and says so", function()
    local storage <close>, double = open_at(2)
    double.fail_applied_write()

    local next_height, _, code = storage:commit_state_diff(block(3))

    assert.is_nil(next_height)
    assert.equal("store_io", code)
    assert_height(storage, 3)
    assert.equal(4, storage:commit_state_diff(block(3)))
    assert.equal(5, storage:commit_state_diff(block(4)))
    assert_height(storage, 4)
  end)

  it("is asked for its head before anything else when the write and the look after it failed",
    function()
      local inner = new_crashing_store()
      local broken = false
      local storage = assert(state_storage.open {
        genesis = GENESIS,
        store = {
          get = function(key)
            if broken then return nil, "no answer" end
            return inner.store.get(key)
          end,
          write = function(operations, sync)
            inner.store.write(operations, sync)
            broken = #operations > 5
            if broken then return nil, "no answer" end
          end,
          seek = inner.store.seek,
        },
      })
      local _, message = storage:commit_state_diff(block(1))
      assert.equal("scripted store: no answer", message)
      assert.equal(0, storage:last_committed_block_info().height)

      broken = false

      assert.equal(2, storage:commit_state_diff(block(1)))
      assert_height(storage, 1)
      storage:close()
    end)

  it("that forgets writes which were not synced opens at an older height, whole", function()
    for seed = 1, 20 do
      local random = new_random(seed)
      local inner = new_crashing_store()
      do
        local storage <close> = assert(state_storage.open {
          store = inner.store, genesis = GENESIS, sync = true,
        })
        storage:commit_state_diff(block(1))
      end
      do
        local storage <close> = assert(state_storage.open { store = inner.store, sync = false })
        for height = 2, HEIGHTS do storage:commit_state_diff(block(height)) end
      end
      local lost = inner.crash(random)

      local storage <close> = assert(state_storage.open { store = inner.store })

      assert_height(storage, HEIGHTS - lost)
      for height = HEIGHTS - lost + 1, HEIGHTS do
        assert.equal(height + 1, storage:commit_state_diff(block(height)))
      end
      assert_height(storage, HEIGHTS)
    end
  end)

  it("that raises fails with the traceback of the script", function()
    local inner, raises = new_crashing_store(), false
    local storage <close> = assert(state_storage.open {
      genesis = GENESIS,
      store = {
        get = function(key)
          if raises then error "the test double is broken" end
          return inner.store.get(key)
        end,
        write = inner.store.write, seek = inner.store.seek,
      },
    })
    raises = true

    local value, message, code = storage:read("c", "k")

    assert.is_nil(value)
    assert.equal("script_error", code)
    assert.matches("the test double is broken", message)
    assert.matches("stack traceback", message)
  end)

  it("may not use or close the storage that it serves", function()
    local inner, storage = new_crashing_store(), nil
    local outcomes = {}
    storage = assert(state_storage.open {
      genesis = GENESIS,
      store = {
        get = function(key)
          if storage then
            outcomes[1] = select(3, storage:read("c", "k"))
            outcomes[2] = select(2, pcall(storage.close, storage))
          end
          return inner.store.get(key)
        end,
        write = inner.store.write, seek = inner.store.seek,
      },
    })

    assert.equal("", storage:read("c", "k"))

    assert.equal("script_error", outcomes[1])
    assert.matches("a call is running", outcomes[2])
    storage:close()
  end)

  it("serves a storage that was opened in a coroutine that is gone", function()
    local inner = new_crashing_store()
    local storage = coroutine.wrap(function()
      return assert(state_storage.open { store = inner.store, genesis = GENESIS })
    end)()
    collectgarbage()

    assert.equal(2, storage:commit_state_diff(block(1)))
    coroutine.wrap(function() assert_height(storage, 1) end)()
    storage:close()
  end)
end)

describe("a record that is damaged", function()
  local function sealed(key, value) return value .. crypto.sha256(key .. value):sub(1, 4) end

  -- For a store of another make: the damaged value has a seal that fits it.
  local function sealed_again(damage)
    return function(value, key) return sealed(key, damage(value:sub(1, -5))) end
  end

  -- Runs `use` over a store that damages the value of one kind of record.
  local function with_damage(kind, damage, use)
    local inner = new_crashing_store()
    do
      local storage <close> = assert(open(inner))
      for height = 1, HEIGHTS do storage:commit_state_diff(block(height)) end
    end
    local store = {
      write = inner.store.write,
      get = function(key)
        local value = inner.store.get(key)
        if value and key:sub(1, #kind) == kind then return damage(value, key) end
        return value
      end,
      seek = function(from)
        local next_record = inner.store.seek(from)
        return function()
          local key, value = next_record()
          if key and key:sub(1, #kind) == kind then value = damage(value, key) end
          return key, value
        end
      end,
    }
    local storage, _, code = state_storage.open { store = store, history = 2 }
    if not storage then return code end
    _, _, code = use(storage)
    storage:close()
    return code
  end

  local function cut(value) return value:sub(1, -2) end
  local function lengthen(value) return value .. "\0" end
  local function newer(value) return "\2" .. value:sub(2) end

  local function commit(storage) return storage:commit_state_diff(block(HEIGHTS + 1)) end
  local function read_older(storage) return storage:keys("c", { height = HEIGHTS - 1 }) end
  local function read_block(storage) return storage:block(2) end
  local function find_block(storage)
    return storage:find_block(storage:block(2).block_hash)
  end

  local cases = {
    ["the format"] = { "mformat", commit, cut, lengthen },
    ["the genesis"] = { "mgenesis", commit, cut, lengthen },
    ["the head"] = { "mhead", commit, cut, lengthen, newer },
    ["a block info"] = { "i", commit, cut, lengthen, newer },
    ["a trie node"] = { "n", commit, cut, lengthen, newer },
    ["a list of stale nodes"] = { "o", commit, cut, lengthen, newer },
    ["headers"] = { "b", commit, cut, lengthen, newer },
    ["transactions"] = { "t", read_block, cut, lengthen, newer },
    ["receipts"] = { "r", read_block, cut, lengthen, newer },
    ["state diffs"] = { "d", read_block, cut, lengthen, newer },
    ["a block hash"] = { "k", find_block, cut, lengthen, newer },
    ["a former value"] = { "h", read_older, function() return "" end, newer },
    ["a state value"] = { "s", function(storage) return storage:keys "c" end,
      function() return "" end },
  }
  for name, case in pairs(cases) do
    it("is told as such: " .. name, function()
      for place = 3, #case do
        assert.equal("store_corrupt", with_damage(case[1], sealed_again(case[place]), case[2]))
      end
    end)

    it("shows at every byte of " .. name, function()
      for place = 1, 60 do
        local function flip(value)
          if place > #value then return value .. "x" end
          return value:sub(1, place - 1) .. string.char(value:byte(place) ~ 1)
            .. value:sub(place + 1)
        end
        assert.equal("store_corrupt", with_damage(case[1], flip, case[2]))
      end
    end)

    it("shows where nothing is left of " .. name, function()
      assert.equal("store_corrupt", with_damage(case[1], function() return "" end, case[2]))
    end)
  end

  it("shows in a trie node whose seal is right", function()
    local function flip(value) return value:sub(1, -2) .. string.char(value:byte(-1) ~ 1) end

    assert.equal("store_corrupt", with_damage("n", sealed_again(flip), commit))
  end)

  it("shows where the value of another key lies", function()
    local first
    local function same_for_all(value)
      first = first or value
      return first
    end

    assert.equal("store_corrupt",
      with_damage("s", same_for_all, function(storage) return storage:keys "c" end))
  end)

  it("of a newer format is told apart from damage", function()
    local function newer_format() return "\2\0\0\0" end

    assert.equal("store_version", with_damage("mformat", sealed_again(newer_format), commit))
  end)
end)
