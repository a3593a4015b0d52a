local new_crashing_store = require "spec.support.crashing_store"
local orbs_vectors = require "spec.support.orbs_vectors"
local state_storage = require "vmhost.state_storage"
local storages = require "spec.support.storages"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local function diff_of(records)
  local diffs = {}
  for index, record in ipairs(records) do
    diffs[index] = {
      contract_name = record.contract,
      state_diffs = { { key = record.key, value = record.value } },
    }
  end
  return diffs
end

local function one(contract, key, value)
  return diff_of { { contract = contract, key = key, value = value } }
end

-- What each operation of a case in state_storage.json asks, and what must come out.
local run_operation = {}

function run_operation.info(storage, operation)
  local info = storage:last_committed_block_info()
  assert.same({
    operation.height, operation.timestamp, from_hex(operation.proposer_hex),
    operation.current_reference_time, operation.prev_reference_time, operation.num_keys,
    operation.size_mib,
  }, {
    info.height, info.timestamp, info.block_proposer, info.reference_time,
    info.prev_reference_time, info.num_keys, info.size_mib,
  })
end

function run_operation.commit(storage, operation)
  assert.equal(operation.next_desired_height, storage:commit_state_diff {
    height = operation.height, timestamp = operation.timestamp,
    block_proposer = from_hex(operation.proposer_hex),
    reference_time = operation.reference_time, state_diffs = diff_of(operation.records),
  })
end

function run_operation.read(storage, operation)
  local values = storage:read_keys(operation.contract, operation.keys, operation.height)
  if operation.error then return assert.is_nil(values) end
  local expected = {}
  for index, record in ipairs(operation.records) do expected[index] = record.value end
  assert.same(expected, values)
end

function run_operation.hash(storage, operation)
  local root = storage:state_hash(operation.height)
  if operation.error then return assert.is_nil(root) end
  assert.equal(operation.root_hex, to_hex(root))
end

for _, backend in ipairs(storages) do
  describe("state storage " .. backend.name .. " #small", function()
    for _, case in ipairs(orbs_vectors.cases "state_storage") do
      it("does as the reference node in " .. case.name, function()
        local place <close> = backend.new()
        local storage <close> = place.open { history = case.input.history }

        for _, operation in ipairs(case.operations) do
          run_operation[operation.op](storage, operation)
        end
      end)
    end

    it("changes nothing for a height that is not the next and says which is", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      storage:commit_state_diff { height = 1, state_diffs = one("c", "k", "v1") }

      for _, height in ipairs { 0, 1, 3, 100 } do
        assert.equal(2, storage:commit_state_diff {
          height = height, state_diffs = one("c", "k", "other"),
        })
      end
      assert.equal("v1", storage:read("c", "k"))
    end)

    it("refuses a diff of a contract without a name, and changes nothing", function()
      local place <close> = backend.new()
      local storage <close> = place.open()

      local next_height, message, code = storage:commit_state_diff {
        height = 1, state_diffs = one("", "k", "v"),
      }

      assert.same({ nil, "state diff 1: missing contract name", "invalid_input" },
        { next_height, message, code })
      assert.equal(0, storage:last_committed_block_info().height)
    end)

    it("lets the last of several diffs of one contract win", function()
      local place <close> = backend.new()
      local storage <close> = place.open()

      storage:commit_state_diff { height = 1, state_diffs = diff_of {
        { contract = "c", key = "k", value = "first" },
        { contract = "d", key = "k", value = "of d" },
        { contract = "c", key = "k", value = "second" },
        { contract = "c", key = "l", value = "gone" },
        { contract = "c", key = "l", value = "" },
      } }

      assert.same({ "second", "" }, storage:read_keys("c", { "k", "l" }))
      assert.equal(2, storage:last_committed_block_info().num_keys)
      assert.equal(#"second" + #"of d", storage:last_committed_block_info().size)
    end)

    it("counts nothing for the deletion of a key that is absent", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      storage:commit_state_diff { height = 1, state_diffs = one("c", "k", "v") }
      local root = storage:state_hash()

      storage:commit_state_diff { height = 2, state_diffs = one("c", "absent", "") }

      assert.equal(root, storage:state_hash())
      assert.equal(1, storage:last_committed_block_info().num_keys)
      assert.same(one("c", "absent", ""), storage:block(2).state_diffs)
    end)

    it("counts keys and bytes as values grow, shrink and go", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      local sizes = {}

      for height, value in ipairs { "12345", "123", "1234567", "", "1" } do
        storage:commit_state_diff { height = height, state_diffs = one("c", "k", value) }
        local info = storage:last_committed_block_info()
        sizes[height] = info.num_keys .. "/" .. info.size
      end

      assert.same({ "1/5", "1/3", "1/7", "0/0", "1/1" }, sizes)
      assert.equal("1/7", storage:block_info(3).num_keys .. "/" .. storage:block_info(3).size)
    end)

    it("tells contracts apart whose name and key run together the same", function()
      local place <close> = backend.new()
      local storage <close> = place.open { genesis = { virtual_chain_id = 42 } }

      storage:commit_state_diff { height = 1, state_diffs = diff_of {
        { contract = "ab", key = "c", value = "1" }, { contract = "a", key = "bc", value = "2" },
      } }

      assert.equal("1", storage:read("ab", "c"))
      assert.equal("2", storage:read("a", "bc"))
      assert.equal(storage:state_hash(), storage:rebuild_root())
    end)

    it("keeps both values of colliding paths under reference, the last one in the trie", function()
      local place <close> = backend.new()
      local storage <close> = place.open()

      storage:commit_state_diff { height = 1, state_diffs = diff_of {
        { contract = "ab", key = "c", value = "1" }, { contract = "a", key = "bc", value = "76" },
        { contract = "a", key = "bc", value = "v" },
      } }

      assert.equal("1", storage:read("ab", "c"))
      assert.equal("v", storage:read("a", "bc"))
      local vector = orbs_vectors.case("state_trie", "name_key_boundary_b")
      assert.equal(vector.expected_hex, to_hex(storage:state_hash()))
    end)

    it("lists keys in order, with prefix, first key and limit", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      local records = {}
      for index, key in ipairs { "b", "a\0", "a", "ab", "\255", "", "a\0\255", "c" } do
        records[index] = { contract = "c", key = key, value = key .. "!" }
      end
      records[#records + 1] = { contract = "d", key = "a", value = "of d" }
      storage:commit_state_diff { height = 1, state_diffs = diff_of(records) }

      local function keys(options)
        local list = {}
        for index, record in ipairs(storage:keys("c", options)) do
          assert.equal(record.key .. "!", record.value)
          list[index] = record.key
        end
        return list
      end

      assert.same({ "", "a", "a\0", "a\0\255", "ab", "b", "c", "\255" }, keys())
      assert.same({ "a", "a\0", "a\0\255", "ab" }, keys { prefix = "a" })
      assert.same({ "a\0\255", "ab" }, keys { prefix = "a", from = "a\0\1" })
      assert.same({ "b", "c", "\255" }, keys { from = "ac" })
      assert.same({ "", "a" }, keys { limit = 2 })
      assert.same({}, keys { limit = 0 })
      assert.same({}, keys { prefix = "x" })
    end)

    it("names the option of keys that is wrong", function()
      local place <close> = backend.new()
      local storage <close> = place.open()

      for option, text in pairs {
        height = "height: expected an integer that is not negative, got number %-1",
        limit = "limit: expected an integer that is not negative, got number %-1" } do
        assert.error_matches(function() storage:keys("c", { [option] = -1 }) end, text)
      end
    end)

    it("lists the contracts that have keys", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      storage:commit_state_diff { height = 1, state_diffs = diff_of {
        { contract = "beta", key = "1", value = "v" },
        { contract = "beta", key = "2", value = "v" },
        { contract = "alpha", key = "1", value = "v" },
        { contract = "z\255", key = "", value = "v" },
        { contract = "gone", key = "1", value = "v" },
        { contract = "gone", key = "1", value = "" },
      } }

      assert.same({ "z\255", "beta", "alpha" }, storage:contracts())
    end)

    it("writes the state of height 0 once", function()
      local place <close> = backend.new()
      local storage <close> = place.open()
      assert.is_true(storage:is_new())

      assert.is_true(storage:commit_genesis(one("Contract1", "\1", "\2")))

      assert.is_false(storage:is_new())
      assert.equal(0, storage:last_committed_block_info().height)
      assert.equal("\2", storage:read("Contract1", "\1", 0))
      local vector = orbs_vectors.case("state_trie", "single_entry")
      assert.equal(vector.expected_hex, to_hex(storage:state_hash(0)))
      local _, _, code = storage:commit_genesis {}
      assert.equal("invalid_input", code)
    end)

    it("settles height 0 as empty when the first block comes without it", function()
      local place <close> = backend.new()
      local storage <close> = place.open()

      storage:commit_state_diff { height = 1, state_diffs = one("c", "k", "v") }

      assert.is_false(storage:is_new())
      assert.equal(state_storage.empty_root, storage:state_hash(0))
    end)

    it("refuses every use once it is closed, and a second close is quiet", function()
      local place <close> = backend.new()
      local storage = place.open()
      storage:close()
      storage:close()

      assert.equal("vmhost.StateStorage (closed)", tostring(storage))
      assert.error_matches(function() storage:read("c", "k") end, "is closed")
    end)

    if backend.keeps then
      it("has everything again when it is opened again", function()
        local place <close> = backend.new()
        local before
        do
          local storage <close> = place.open()
          for height = 1, 3 do
            storage:commit_state_diff {
              height = height, timestamp = height * 10, block_proposer = "p" .. height,
              reference_time = height * 100, state_diffs = one("c", "k" .. height, "v" .. height),
            }
          end
          before = { storage:last_committed_block_info(), storage:block(2), storage:state_hash(1) }
        end

        local storage <close> = place.open()

        assert.same(before,
          { storage:last_committed_block_info(), storage:block(2), storage:state_hash(1) })
        assert.same({ "v1", "v2", "v3" }, storage:read_keys("c", { "k1", "k2", "k3" }))
        assert.equal("", storage:read("c", "k2", 1))
        assert.equal(5, storage:commit_state_diff { height = 4, state_diffs = one("c", "k1", "") })
        assert.equal(storage:rebuild_root(), storage:state_hash())
      end)

      it("remembers its genesis when none is given", function()
        local place <close> = backend.new()
        place.open():close()

        local storage <close> = place.open { genesis = false }

        assert.equal(42, storage:genesis().virtual_chain_id)
        assert.equal("reference", storage:genesis().rule_set)
      end)
    end
  end)
end

describe("the list of contracts #small", function()
  local function storage_over(store)
    return assert(state_storage.open { store = store, genesis = { virtual_chain_id = 42 } })
  end

  local function records(contract, count)
    local list = {}
    for index = 1, count do list[index] = { key = "k" .. index, value = "v" } end
    return { contract_name = contract, state_diffs = list }
  end

  it("has those of many keys and those of one", function()
    local storage <close> = storage_over(new_crashing_store().store)
    storage:commit_state_diff { height = 1, state_diffs = {
      records("a", 16), records("b", 17), records("c", 1), records("d\255", 40),
      records("\255", 18),
    } }

    assert.same({ "a", "b", "c", "\255", "d\255" }, storage:contracts())
  end)

  -- Each seek in LevelDB was a new iterator: 100,000 contracts took 40 seconds.
  it("is one walk where contracts are small, and passes large ones with a seek", function()
    local store, seeks = new_crashing_store().store, 0
    local seek = store.seek
    function store.seek(from)
      seeks = seeks + 1
      return seek(from)
    end
    local storage <close> = storage_over(store)
    local diffs = { records("large", 100) }
    for index = 1, 50 do diffs[index + 1] = records("c" .. index, 1 + index % 3) end
    storage:commit_state_diff { height = 1, state_diffs = diffs }
    seeks = 0

    assert.equal(51, #storage:contracts())
    assert.equal(2, seeks)
  end)
end)
