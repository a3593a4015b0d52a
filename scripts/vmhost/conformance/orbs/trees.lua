-- The ordered tree of transactions and receipts, and the state trie with its proofs.
local crypto = require "vmhost.crypto"
local state_storage = require "vmhost.state_storage"
local values = require "vmhost.conformance.orbs.values"

local trees = {}

local function run_ordered_tree(case)
  values.check_keys(case.input, "leaf_hashes", "input")
  local leaves = values.bytes_list(case.input.leaf_hashes)
  local root, proofs = crypto.ordered_tree_root(leaves), {}
  for index, leaf in ipairs(leaves) do
    proofs[index] = crypto.ordered_tree_proof(leaves, index)
    if not crypto.ordered_tree_verify(root, leaf, proofs[index]) then
      values.fault("the proof of leaf %d does not verify", index)
    end
  end
  return { expected_hex = values.hex(root), proofs_hex = values.hex_list(proofs) }
end

-- A store as the vectors have it, at height 0.
local function new_storage()
  local storage = assert(state_storage.open {
    memory = true, genesis = { virtual_chain_id = 42, rule_set = "reference" } })
  assert(storage:commit_genesis {})
  return storage
end

-- Each record as a diff of its own: those of one contract are combined by the storage.
local function diffs_of(records)
  local diffs = {}
  for index, record in ipairs(records) do
    diffs[index] = { contract_name = record.contract,
      state_diffs = { { key = record.key, value = record.value } } }
  end
  return diffs
end

local function commit(storage, height, diffs)
  assert(storage:commit_state_diff { height = height, timestamp = height, reference_time = height,
    transactions = {}, receipts = {}, state_diffs = diffs })
end

local function run_state_trie(case)
  local blocks = case.input.blocks or {}
  values.check_keys(case.input, "blocks", "input")
  local storage <close> = new_storage()
  local roots = {}
  for height, block in ipairs(blocks) do
    local records = {}
    for index, record in ipairs(block) do
      values.check_keys(record, "contract key_hex value_hex", "record")
      records[index] = { contract = record.contract, key = values.bytes(record.key_hex),
        value = values.bytes(record.value_hex) }
    end
    commit(storage, height, diffs_of(records))
    roots[height] = values.hex(assert(storage:state_hash()))
  end
  local root = storage:state_hash()
  if storage:rebuild_root() ~= root then
    values.fault "the root differs from the one rebuilt from all keys"
  end
  return { expected_hex = values.hex(root), roots_per_block = roots }
end

-- The proof as the vectors show it.
local function proof_of_vector(proof)
  local nodes = {}
  for index, node in ipairs(proof.nodes) do
    nodes[index] = { hash_hex = values.hex(node.hash), path_bits = node.path_bits }
  end
  return { nodes = nodes, path_hex = values.hex(proof.path),
    last_left_or_value_hex = values.hex(proof.left_or_value),
    last_right_hex = values.hex(proof.right) }
end

local function proof_bytes(proof)
  local nodes = {}
  for index, node in ipairs(proof.nodes) do
    nodes[index] = { hash = values.bytes(node.hash_hex), path_bits = node.path_bits }
  end
  return state_storage.encode_proof { nodes = nodes, path = values.bytes(proof.path_hex),
    left_or_value = values.bytes(proof.last_left_or_value_hex),
    right = values.bytes(proof.last_right_hex) }
end

local function run_state_trie_proofs(case)
  local input = case.input
  values.check_keys(input, "claimed_value contract entries key", "input")
  for _, entry in ipairs(input.entries) do
    values.check_keys(entry, "contract key value", "entry")
  end
  local storage <close> = new_storage()
  if #input.entries > 0 then commit(storage, 1, diffs_of(input.entries)) end
  local proof = assert(storage:prove(input.contract, input.key))
  local verified = state_storage.verify_proof { root = values.bytes(case.root_hex),
    rule_set = "reference", contract = input.contract, key = input.key,
    value = input.claimed_value, proof = proof_bytes(case.proof) }
  return {
    root_hex = values.hex(storage:state_hash()),
    trie_key_hex = values.hex(state_storage.trie_path("reference", input.contract, input.key)),
    proof = proof_of_vector(assert(state_storage.decode_proof(proof))),
    verifies = verified == true,
  }
end

trees[1] = {
  name = "ordered_tree",
  inputs = { "input" },
  fits = function(case) return type(case.input) == "table" and case.input.leaf_hashes ~= nil end,
  run = run_ordered_tree,
}
trees[2] = {
  name = "state_trie",
  inputs = { "input" },
  fits = function(case)
    return type(case.input) == "table"
      and (case.input.blocks ~= nil or next(case.input) == nil and case.hash_hex == nil)
  end,
  run = run_state_trie,
}
trees[3] = {
  name = "state_trie_proofs",
  inputs = { "input" },
  fits = function(case) return type(case.proof) == "table" and type(case.input) == "table" end,
  run = run_state_trie_proofs,
}

return trees
