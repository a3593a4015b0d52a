local new_random = require "spec.support.random"
local orbs_vectors = require "spec.support.orbs_vectors"
local state_storage = require "vmhost.state_storage"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED" or os.time())

local function open_with(entries, rule_set)
  local storage = assert(state_storage.open {
    memory = true, genesis = { virtual_chain_id = 42, rule_set = rule_set or "reference" },
  })
  local diffs = {}
  for index, entry in ipairs(entries) do
    diffs[index] = {
      contract_name = entry.contract, state_diffs = { { key = entry.key, value = entry.value } },
    }
  end
  assert(storage:commit_state_diff { height = 1, state_diffs = diffs })
  return storage
end

local function proof_of(case)
  local nodes = {}
  for index, node in ipairs(case.proof.nodes) do
    nodes[index] = { hash = from_hex(node.hash_hex), path_bits = node.path_bits }
  end
  return {
    nodes = nodes, path = from_hex(case.proof.path_hex),
    left_or_value = from_hex(case.proof.last_left_or_value_hex),
    right = from_hex(case.proof.last_right_hex),
  }
end

local function claim_of(case)
  return {
    root = from_hex(case.root_hex), rule_set = "reference", contract = case.input.contract,
    key = case.input.key, value = case.input.claimed_value,
    proof = state_storage.encode_proof(proof_of(case)),
  }
end

local function with(claim, changes)
  local changed = {}
  for name, value in pairs(claim) do changed[name] = value end
  for name, value in pairs(changes) do changed[name] = value end
  return changed
end

-- A path as a text of 0 and 1, back, and as the bytes that are hashed.
local function bits_of(path)
  return (path:gsub(".", function(character)
    local byte, bits = character:byte(), {}
    for bit = 7, 0, -1 do bits[#bits + 1] = byte >> bit & 1 end
    return table.concat(bits)
  end))
end

local function path_of(bits)
  return (bits:gsub(("."):rep(8), function(byte) return string.char(tonumber(byte, 2)) end))
end

local function inflated(bits)
  return (bits:gsub(".", { ["0"] = "\0", ["1"] = "\1" }))
end

local function big_case() return orbs_vectors.case("state_trie_proofs", "inclusion_of_twenty") end

describe("a proof #small", function()
  for _, case in ipairs(orbs_vectors.cases "state_trie_proofs") do
    it("is that of the reference in " .. case.name, function()
      local storage <close> = open_with(case.input.entries)

      local proof = state_storage.decode_proof(storage:prove(case.input.contract, case.input.key))

      assert.same(proof_of(case), proof)
    end)

    it("verifies, or does not, as the reference says in " .. case.name, function()
      assert.equal(case.verifies, state_storage.verify_proof(claim_of(case)))
    end)
  end

  it("begins with its form and the number of its nodes", function()
    local storage <close> = open_with { { contract = "Contract1", key = "k", value = "v" } }
    local case = orbs_vectors.case("state_trie_proofs", "inclusion_single")

    local proof = to_hex(storage:prove("Contract1", "k"))

    assert.equal("01" .. "0100" .. case.proof.nodes[1].hash_hex .. "0001" .. case.proof.path_hex
      .. "01" .. case.proof.last_left_or_value_hex, proof)
  end)

  it("of an absent key ends in a branch where the key leaves the trie in its path", function()
    local entries = {}
    for index = 1, 300 do
      entries[index] = { contract = "c", key = "key" .. index, value = "v" }
    end
    local storage <close> = open_with(entries)
    local ended_in_branch = 0

    for index = 1, 300 do
      local proof = storage:prove("c", "absent" .. index)
      local ends_in_branch = state_storage.decode_proof(proof).right ~= ""
      ended_in_branch = ended_in_branch + (ends_in_branch and 1 or 0)
      assert.is_true(state_storage.verify_proof {
        root = storage:state_hash(), rule_set = "reference", contract = "c",
        key = "absent" .. index, proof = proof,
      })
    end

    assert.is_true(ended_in_branch > 0)
  end)

  it("shows what a key had at an older height that is kept", function()
    local storage <close> = open_with { { contract = "c", key = "k", value = "old" } }
    storage:commit_state_diff { height = 2, state_diffs = {
      { contract_name = "c", state_diffs = {
        { key = "k", value = "new" }, { key = "l", value = "also new" },
      } },
    } }
    local claim = {
      root = storage:state_hash(1), rule_set = "reference", contract = "c", key = "k",
      value = "old", proof = storage:prove("c", "k", 1),
    }

    assert.is_true(state_storage.verify_proof(claim))
    assert.is_false(state_storage.verify_proof(with(claim, { value = "new" })))
    local _, _, code = state_storage.verify_proof(with(claim, { root = storage:state_hash(2) }))
    assert.equal("bad_proof", code)
  end)

  it("of the empty trie shows absence against the empty root only", function()
    local claim = claim_of(orbs_vectors.case("state_trie_proofs", "exclusion_empty_trie"))

    assert.is_true(state_storage.verify_proof(claim))
    assert.is_false(state_storage.verify_proof(with(claim, { value = "v" })))
    local _, _, code = state_storage.verify_proof(
      with(claim, { root = from_hex(big_case().root_hex) }))
    assert.equal("bad_proof", code)
  end)

  it("does not show that a key is absent which it shows to be there", function()
    assert.is_false(state_storage.verify_proof(with(claim_of(big_case()), { value = "" })))
  end)

  -- What is hashed for a leaf is its value hash and its path, a byte for each bit. Read as a
  -- branch, the first 32 of these bytes are its right child and the others its own path, so the
  -- hash is right while the way has become another.
  for _, rule_set in ipairs { "vmhost-1", "reference" } do
    it("that passes a leaf off as a branch does not show its key absent under " .. rule_set,
      function()
        local storage <close> = open_with({
          { contract = "c", key = "k", value = "v" }, { contract = "c", key = "l", value = "w" },
        }, rule_set)
        local proof = state_storage.decode_proof(storage:prove("c", "k"))
        local leaf = proof.nodes[#proof.nodes]
        local start = 256 - leaf.path_bits
        local bits = bits_of(proof.path)
        proof.right = inflated(bits:sub(start + 1, start + 32))
        leaf.path_bits = leaf.path_bits - 32
        proof.path = path_of(bits:sub(1, start) .. bits:sub(start + 33) .. bits:sub(-32))

        local shown, _, code = state_storage.verify_proof {
          root = storage:state_hash(), rule_set = rule_set, contract = "c", key = "k",
          proof = state_storage.encode_proof(proof),
        }

        assert.is_nil(shown)
        assert.equal("bad_proof", code)
      end)
  end

  it("of one key shows nothing of another", function()
    for _, value in ipairs { "", "value-5", "value-6" } do
      local _, _, code = state_storage.verify_proof(
        with(claim_of(big_case()), { key = "key6", value = value }))
      assert.equal("bad_proof", code)
    end
  end)

  it("shows nothing once any of its bytes is another", function()
    for _, name in ipairs {
      "inclusion_of_twenty", "exclusion_of_twenty", "exclusion_of_twenty_c",
    } do
      local claim = claim_of(orbs_vectors.case("state_trie_proofs", name))
      for place = 1, #claim.proof do
        local byte = claim.proof:byte(place)
        for bit = 0, 7 do
          local damaged = claim.proof:sub(1, place - 1) .. string.char(byte ~ 1 << bit)
            .. claim.proof:sub(place + 1)
          assert.is_not_true(state_storage.verify_proof(with(claim, { proof = damaged })))
        end
      end
    end
  end)

  it("that is cut at any byte or goes on is malformed", function()
    local claim = claim_of(big_case())
    for size = 0, #claim.proof - 1 do
      local _, _, code = state_storage.verify_proof(
        with(claim, { proof = claim.proof:sub(1, size) }))
      assert.equal("malformed", code)
    end
    local _, _, code = state_storage.verify_proof(with(claim, { proof = claim.proof .. "\0" }))
    assert.equal("malformed", code)
  end)

  it("whose path lengths do not sum to a way through the trie is malformed", function()
    local proof = proof_of(big_case())
    for _, bits in ipairs { 0, 248, 250, 256 } do
      proof.nodes[#proof.nodes].path_bits = bits
      local _, _, code = state_storage.decode_proof(state_storage.encode_proof(proof))
      assert.equal("malformed", code)
    end
  end)

  it(("verifies for every key there and not there of a random trie (seed %d)"):format(SEED),
    function()
      local random = new_random(SEED)
      local entries, values = {}, {}
      for index = 1, 1 + random(200) do
        local key = "k" .. random(300)
        entries[index] = { contract = "c", key = key, value = "v" .. index }
        values[key] = "v" .. index
      end
      local storage <close> = open_with(entries)

      for index = 1, 300 do
        local key = "k" .. index
        local claim = {
          root = storage:state_hash(), rule_set = "reference", contract = "c", key = key,
          value = values[key], proof = storage:prove("c", key),
        }
        assert.is_true(state_storage.verify_proof(claim))
        assert.is_false(state_storage.verify_proof(
          with(claim, { value = values[key] and "" or "v1" })))
      end
    end)
end)
