local new_random = require "spec.support.random"
local storages = require "spec.support.storages"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED" or os.time())
local HEIGHTS <const> = 12

local function new_records(random)
  local records = {}
  for index = 1, random(8) do
    local key = ("\0ab"):sub(random(3), random(3)) .. ("\0\255"):rep(random(2) - 1) .. random(3)
    records[index] = { key = key, value = random(3) == 1 and "" or "v" .. random(1000) }
  end
  return records
end

-- The state after some records, as a new table.
local function apply(state, records)
  local applied = {}
  for key, value in pairs(state) do applied[key] = value end
  for _, record in ipairs(records) do
    applied[record.key] = record.value ~= "" and record.value or nil
  end
  return applied
end

local function sorted(state, prefix)
  local list = {}
  for key, value in pairs(state) do
    if key:sub(1, #prefix) == prefix then list[#list + 1] = { key = key, value = value } end
  end
  table.sort(list, function(a, b) return a.key < b.key end)
  return list
end

local function assert_state(state, storage, height, all_keys)
  for _, prefix in ipairs { "", "a", "\0" } do
    assert.same(sorted(state, prefix), storage:keys("c", { height = height, prefix = prefix }))
  end
  local expected = {}
  for index, key in ipairs(all_keys) do expected[index] = state[key] or "" end
  assert.same(expected, storage:read_keys("c", all_keys, height))
end

for _, backend in ipairs(storages) do
  describe("heights kept " .. backend.name .. " #small", function()
    for _, history in ipairs { 1, 3, 5, "all" } do
      it(("read as they were, the newest %s of them (seed %d)"):format(history, SEED), function()
        local random = new_random(SEED)
        local place <close> = backend.new()
        local storage <close> = place.open { history = history }
        local states, keys, known = { [0] = {} }, {}, {}

        for height = 1, HEIGHTS do
          local records = new_records(random)
          for _, record in ipairs(records) do
            if not known[record.key] then keys[#keys + 1] = record.key end
            known[record.key] = true
          end
          states[height] = apply(states[height - 1], records)
          storage:commit_state_diff {
            height = height, state_diffs = { { contract_name = "c", state_diffs = records } },
          }

          local oldest = history == "all" and 0 or math.max(0, height - history + 1)
          assert.equal(oldest, storage:oldest_height())
          for kept = oldest, height do assert_state(states[kept], storage, kept, keys) end
          if oldest > 0 then
            local _, message, code = storage:read("c", "a1", oldest - 1)
            assert.equal("snapshot_pruned", code)
            assert.equal(("height %d is too old: the oldest kept is %d"):format(oldest - 1, oldest),
              message)
          end
        end
      end)
    end

    it("do not answer for a height that is not committed", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      storage:commit_state_diff { height = 1 }

      for _, read in ipairs {
        function() return storage:read("c", "k", 2) end,
        function() return storage:keys("c", { height = 2 }) end,
        function() return storage:state_hash(2) end,
        function() return storage:block_info(2) end,
        function() return storage:prove("c", "k", 2) end,
        function() return storage:block(2) end,
      } do
        local value, message, code = read()
        assert.is_nil(value)
        assert.equal("height 2 is not committed: the last one is 1", message)
        assert.equal("height_ahead", code)
      end
    end)

    it("walk past the former values of a key that changes at every height", function()
      local place <close> = backend.new()
      local storage <close> = place.open { history = "all" }
      for height = 1, 60 do
        storage:commit_state_diff { height = height, state_diffs = { {
          contract_name = "c",
          state_diffs = {
            { key = "hot", value = "v" .. height }, { key = "k" .. height, value = "1" },
          },
        } } }
      end

      for _, height in ipairs { 1, 17, 18, 40, 59 } do
        local listed = storage:keys("c", { height = height })
        assert.equal(height + 1, #listed)
        assert.same({ key = "hot", value = "v" .. height }, listed[1])
      end
    end)

    if backend.keeps then
      it("become fewer at once when the storage is opened with a shorter history", function()
        local place <close> = backend.new()
        do
          local storage <close> = place.open { history = "all" }
          for height = 1, 40 do
            storage:commit_state_diff { height = height, state_diffs = { {
              contract_name = "c", state_diffs = { { key = "k", value = "v" .. height } },
            } } }
          end
        end

        local storage <close> = place.open { history = 3 }

        assert.equal(38, storage:oldest_height())
        assert.equal("v38", storage:read("c", "k", 38))
        for height = 41, 45 do
          storage:commit_state_diff { height = height, state_diffs = { {
            contract_name = "c", state_diffs = { { key = "k", value = "v" .. height } },
          } } }
          assert.equal(height - 2, storage:oldest_height())
          assert.equal("v" .. height - 2, storage:read("c", "k", height - 2))
        end
        assert.equal("v45", storage:read("c", "k"))
      end)

      it("stay gone when the storage is opened with a longer history", function()
        local place <close> = backend.new()
        do
          local storage <close> = place.open { history = 1 }
          for height = 1, 4 do
            storage:commit_state_diff { height = height, state_diffs = { {
              contract_name = "c", state_diffs = { { key = "k", value = "v" .. height } },
            } } }
          end
        end

        local storage <close> = place.open { history = 5 }
        storage:commit_state_diff { height = 5, state_diffs = { {
          contract_name = "c", state_diffs = { { key = "k", value = "" } },
        } } }

        assert.equal(4, storage:oldest_height())
        assert.equal("v4", storage:read("c", "k", 4))
        local _, _, code = storage:read("c", "k", 3)
        assert.equal("snapshot_pruned", code)
      end)
    end
  end)
end

describe("a pruned height #small", function()
  it("leaves no record of its own behind but its block", function()
    local values = {}
    local storage <close> = assert(require "vmhost.state_storage".open {
      genesis = { virtual_chain_id = 42 }, history = 2,
      store = {
        get = function(key) return values[key] end,
        write = function(operations)
          for _, operation in ipairs(operations) do
            values[operation.key] = not operation.delete and operation.value or nil
          end
        end,
        seek = function(from)
          local keys = {}
          for key in pairs(values) do if key >= from then keys[#keys + 1] = key end end
          table.sort(keys)
          local place = 0
          return function()
            place = place + 1
            return keys[place], keys[place] and values[keys[place]]
          end
        end,
      },
    })
    local function count()
      local counts = {}
      for key in pairs(values) do
        local kind = key:sub(1, 1)
        counts[kind] = (counts[kind] or 0) + 1
      end
      return counts
    end

    for height = 1, 10 do
      storage:commit_state_diff { height = height, state_diffs = { {
        contract_name = "c",
        state_diffs = {
          { key = "k", value = "v" .. height }, { key = "l", value = "v" .. height },
        },
      } } }
    end

    -- Two heights: two keys with a former value each, two roots of two leaves, one list of the
    -- nodes that the newer height replaced.
    local counts = count()
    assert.same({ s = 2, h = 2, n = 6, o = 1, i = 2 },
      { s = counts.s, h = counts.h, n = counts.n, o = counts.o, i = counts.i })
    assert.equal(10, counts.b)
  end)
end)
