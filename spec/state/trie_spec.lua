local naive_trie = require "spec.support.naive_trie"
local new_random = require "spec.support.random"
local orbs_vectors = require "spec.support.orbs_vectors"
local state_storage = require "vmhost.state_storage"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED" or os.time())
-- A soak run takes the numbers of keys that a chain has.
local KEY_COUNTS <const> = os.getenv "VMHOST_SOAK" and { 10000, 100000, 1000000 } or { 10000 }

local function open(options)
  local all = { memory = true, genesis = { virtual_chain_id = 42, rule_set = "reference" } }
  for name, value in pairs(options or {}) do all[name] = value end
  return assert(state_storage.open(all))
end

local function commit(storage, contract, records)
  local height = storage:last_committed_block_info().height + 1
  assert(storage:commit_state_diff {
    height = height, state_diffs = { { contract_name = contract, state_diffs = records } },
  } == height + 1)
end

describe("the state trie #small", function()
  for _, case in ipairs(orbs_vectors.cases "state_trie") do
    it("has the roots of the reference in " .. case.name, function()
      local storage <close> = open()

      for height, block in ipairs(case.input.blocks or {}) do
        local diffs = {}
        for index, entry in ipairs(block) do
          diffs[index] = { contract_name = entry.contract, state_diffs = {
            { key = from_hex(entry.key_hex), value = from_hex(entry.value_hex) },
          } }
        end
        storage:commit_state_diff { height = height, state_diffs = diffs }
        assert.equal(case.roots_per_block[height], to_hex(storage:state_hash()))
        assert.equal(case.roots_per_block[height], to_hex(storage:rebuild_root()))
      end

      assert.equal(case.expected_hex, to_hex(storage:state_hash()))
    end)
  end

  it("has the root of the empty set again when all keys are deleted", function()
    local storage <close> = open()
    commit(storage, "c", { { key = "a", value = "1" }, { key = "b", value = "2" } })

    commit(storage, "c", { { key = "b", value = "" }, { key = "a", value = "" } })

    assert.equal(state_storage.empty_root, storage:state_hash())
  end)

  it("hashes the length of the contract name into a path of vmhost-1", function()
    local function path(rule_set)
      return to_hex(state_storage.trie_path(rule_set, "ab", "c"))
    end

    -- SHA-256 of the bytes 02000000616263, and of "abc" (FIPS 180-2, appendix B.1).
    assert.equal("18ceb0f3cee682622e29efe8ab8e35b9fc243888b510ac17eb5659b2d935b336",
      path "vmhost-1")
    assert.equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      path "reference")
  end)

  it(("equals a naive rebuild after each of many random commits (seed %d)"):format(SEED),
    function()
      local random = new_random(SEED)
      local storage <close> = open { history = 3 }
      local values, roots = {}, { [0] = state_storage.empty_root }
      for height = 1, 60 do
        local records = {}
        for index = 1, random(12) do
          local key = "k" .. random(40)
          local value = random(3) == 1 and "" or "v" .. random(5)
          records[index] = { key = key, value = value }
          values[state_storage.trie_path("reference", "c", key)] = value ~= "" and value or nil
        end
        commit(storage, "c", records)
        roots[height] = naive_trie.root(values)

        for kept = math.max(0, height - 2), height do
          assert.equal(to_hex(roots[kept]), to_hex(storage:state_hash(kept)))
        end
        assert.equal(to_hex(roots[height]), to_hex(storage:rebuild_root()))
      end
    end)

  it(("has the same root whatever the order of the commits (seed %d)"):format(SEED), function()
    local random = new_random(SEED)
    local records = {}
    for index = 1, 200 do records[index] = { key = "key" .. index, value = "value" .. index } end
    local roots = {}

    for try = 1, 3 do
      for index = #records, 2, -1 do
        local other = random(index)
        records[index], records[other] = records[other], records[index]
      end
      local storage <close> = open()
      local first = 1
      while first <= #records do
        local last = math.min(#records, first + random(50) - 1)
        commit(storage, "c", table.move(records, first, last, 1, {}))
        first = last + 1
      end
      roots[try] = to_hex(storage:state_hash())
    end

    assert.same({ roots[1], roots[1], roots[1] }, roots)
  end)

  for _, key_count in ipairs(KEY_COUNTS) do
    it(("reads and hashes k(log2 n + 4) nodes at most, n = %d"):format(key_count), function()
      local random = new_random(1)
      local storage <close> = open { history = 1 }
      for first = 1, key_count, 1000 do
        local records = {}
        for index = first, first + 999 do
          records[#records + 1] = { key = "key" .. index, value = "value" }
        end
        commit(storage, "c", records)
      end

      local bound = math.log(key_count, 2) + 4
      for _, change_count in ipairs { 100, 1000 } do
        for kind, change in pairs {
          update = function(place) return "key" .. random(key_count), "other" .. place end,
          insert = function(place) return "new" .. change_count .. "," .. place, "value" end,
          delete = function(place) return "new" .. change_count .. "," .. place, "" end,
        } do
          local records = {}
          for place = 1, change_count do
            local key, value = change(place)
            records[place] = { key = key, value = value }
          end
          local before = storage:trie_counters()
          commit(storage, "c", records)
          local after = storage:trie_counters()

          local hashes, reads = after.hashes - before.hashes, after.reads - before.reads
          assert.is_true(hashes <= change_count * bound, kind .. " hashes " .. hashes)
          assert.is_true(reads <= change_count * bound, kind .. " reads " .. reads)
        end
      end
    end)
  end
end)
