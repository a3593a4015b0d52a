--- How long state storage takes for an update, a read, a proof.
-- @module vmhost.bench.storage
local bench = require "vmhost.bench"
local crypto = require "vmhost.crypto"
local state_storage = require "vmhost.state_storage"

local storage_suite = { summary = "updates, reads and proofs of 100,000 keys in LevelDB" }

local CHANGES = 2000
local READS = 2000

local function key_of(number)
  return crypto.sha256("key " .. number):sub(1, 20)
end

local function records(first, count, keys, value)
  local list = {}
  for i = 1, count do
    list[i] = { key = key_of((first + i * 104729) % keys + 1), value = value }
  end
  return list
end

local function commit(storage, height, list)
  assert(storage:commit_state_diff {
    height = height, timestamp = height, block_proposer = "", reference_time = 0,
    transactions = {}, receipts = {},
    state_diffs = { { contract_name = "Token", state_diffs = list } },
  })
end

local function fill(storage, keys)
  local list = {}
  for i = 1, keys do list[i] = { key = key_of(i), value = string.rep("v", 32) } end
  commit(storage, 1, list)
end

local function measure_updates(storage, keys, rounds, clock, report)
  local times, before = {}, storage:trie_counters()
  for round = 1, rounds do
    local list = records(round * 7919, CHANGES, keys, string.rep(string.char(round), 32))
    local start = clock()
    commit(storage, round + 1, list)
    times[round] = (clock() - start) // CHANGES
  end
  local after = storage:trie_counters()
  report { name = "commit of a changed key", ok = storage:rebuild_root() == storage:state_hash(),
    ns = bench.median(times),
    hashes = (after.hashes - before.hashes) / rounds / CHANGES,
    reads = (after.reads - before.reads) / rounds / CHANGES }
end

local function measure_reads(storage, keys, rounds, clock, report)
  local times, ok = {}, true
  for round = 1, rounds do
    local wanted = {}
    for i = 1, READS do wanted[i] = key_of((round * 31 + i * 15485863) % keys + 1) end
    local start = clock()
    for _, key in ipairs(wanted) do ok = ok and #storage:read("Token", key) == 32 end
    times[round] = (clock() - start) // READS
  end
  report { name = "read of a key", ok = ok, ns = bench.median(times) }
end

local function measure_proofs(storage, keys, rounds, clock, report)
  local making, checking, ok = {}, {}, true
  local root = storage:state_hash()
  for round = 1, rounds do
    local key = key_of(round * 15485863 % keys + 1)
    local start = clock()
    local proof = storage:prove("Token", key)
    making[round] = clock() - start
    start = clock()
    local proven = state_storage.verify_proof { root = root, rule_set = "vmhost-1",
      contract = "Token", key = key, value = storage:read("Token", key), proof = proof }
    checking[round] = clock() - start
    ok = ok and proven == true
  end
  report { name = "making a proof", ok = ok, ns = bench.median(making) }
  report { name = "checking a proof", ok = ok, ns = bench.median(checking) }
end

--- Runs the suite.
-- @tparam table options folder, keys (default 100,000), rounds (default 7)
-- @tparam function clock nanoseconds
-- @tparam function report gets each result
function storage_suite.run(options, clock, report)
  local keys, rounds = options.keys or 100000, options.rounds or 7
  local storage <close> = assert(state_storage.open {
    path = options.folder .. "/storage", genesis = { virtual_chain_id = 42 }, sync = false })
  assert(storage:commit_genesis {})
  fill(storage, keys)
  measure_updates(storage, keys, rounds, clock, report)
  measure_reads(storage, keys, rounds, clock, report)
  measure_proofs(storage, keys, rounds, clock, report)
end

return storage_suite
