--- How long a block of 1,000 token transfers takes, phase by phase.
-- @module vmhost.bench.block
local bench = require "vmhost.bench"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local block = { summary = "a block of 1,000 token transfers over LevelDB" }

local TRANSFERS = 1000
local FIRST_BALANCE = 1000000000
local GENESIS = { virtual_chain_id = 42, native_contracts = { "BenchmarkToken" } }

local function account(number)
  return crypto.sha256("holder " .. number):sub(1, 20)
end

local function senders()
  local list = {}
  for i = 1, TRANSFERS do
    local seed = crypto.sha256("sender " .. i)
    list[i] = { seed = seed, public_key = crypto.ed25519.public_key(seed) }
  end
  return list
end

local function commit(storage, height, state_diffs)
  assert(storage:commit_state_diff {
    height = height, timestamp = height, block_proposer = "", reference_time = 0,
    transactions = {}, receipts = {}, state_diffs = state_diffs,
  })
end

-- Height 1: the token as deployed, and every holder and sender with a balance.
local function fill(storage, from, keys)
  local records = {}
  for i = 1, keys do
    records[i] = { key = account(i), value = string.pack("<I8", FIRST_BALANCE) }
  end
  for _, sender in ipairs(from) do
    records[#records + 1] = { key = crypto.address_of_client(sender.public_key),
      value = string.pack("<I8", FIRST_BALANCE) }
  end
  commit(storage, 1, {
    { contract_name = "_Deployments", state_diffs = {
      { key = "BenchmarkToken.Processor", value = string.pack("<I4", 1) } } },
    { contract_name = "BenchmarkToken", state_diffs = records },
  })
end

-- Receivers spread over all keys, the same ones in every run.
local function transfers(from, height, keys)
  local list = {}
  for i, sender in ipairs(from) do
    local transaction = {
      protocol_version = 1, virtual_chain_id = 42, timestamp = height * TRANSFERS + i,
      signer = { eddsa = { network_type = "TEST_NET", signer_public_key = sender.public_key } },
      contract_name = "BenchmarkToken", method_name = "transfer",
      input_argument_array = { { uint64 = 1 },
        { bytes = account((height * 7919 + i * 104729) % keys + 1) } },
    }
    local hash = crypto.sha256(codec.encode("Transaction", transaction))
    list[i] = codec.encode("SignedTransaction",
      { transaction = transaction, signature = crypto.ed25519.sign(sender.seed, hash) })
  end
  return list
end

local function measure_block(host, storage, set, clock)
  local start = clock()
  local statuses, failure = host:transaction_set_pre_order(set)
  local checked = clock()
  local out = assert(host:process_transaction_set(set))
  local processed = clock()
  assert(storage:commit_state_diff(out.block))
  local committed = clock()
  local ok = statuses ~= nil and failure == nil
  for _, receipt in ipairs(out.receipts) do ok = ok and receipt.execution_result == "SUCCESS" end
  return ok, checked - start, processed - checked, committed - processed
end

-- Microseconds per transfer of the floor program: with signatures, and without.
local function floor_of(folder, keys, rounds)
  local source = bench.peer_source "limits/blockfloor.c"
  local program = folder .. "/blockfloor"
  if not source or not bench.build_peer(source, program) then return nil end
  local pipe = io.popen(("'%s' '%s/floor' %d 1 0 %d"):format(program, folder, keys, rounds))
  local text = pipe:read "a"
  pipe:close()
  return tonumber(text:match "sync=0: ([%d.]+) us/tx"),
    tonumber(text:match "without signatures ([%d.]+) us/tx")
end

local function per_transfer(nanoseconds)
  return bench.median(nanoseconds) // TRANSFERS
end

--- Runs the suite.
-- @tparam table options folder, keys (default 10,000), rounds (default 7)
-- @tparam function clock nanoseconds
-- @tparam function report gets each result
function block.run(options, clock, report)
  local keys, rounds = options.keys or 10000, options.rounds or 7
  local storage <close> = assert(state_storage.open {
    path = options.folder .. "/block", genesis = GENESIS, sync = false })
  local host <close> = assert(vm.open { storage = storage, verify_threads = 1 })
  local from = senders()
  fill(storage, from, keys)
  local all_ok, checks, runs, commits = true, {}, {}, {}
  for round = 1, rounds do
    local height = round + 1
    local ok, check, run, commit_time = measure_block(host, storage, {
      height = height, timestamp = height, reference_time = 0, prev_reference_time = 0,
      block_proposer = "", signed_transactions = transfers(from, height, keys),
    }, clock)
    all_ok = all_ok and ok
    checks[round], runs[round], commits[round] = check, run, commit_time
  end
  local check, run, commit_time = per_transfer(checks), per_transfer(runs), per_transfer(commits)
  local floor, floor_unsigned = floor_of(options.folder, keys, rounds)
  report { name = "pre-order of a transfer", ok = all_ok, ns = check }
  report { name = "run of a transfer", ok = all_ok, ns = run }
  report { name = "commit of a transfer", ok = all_ok, ns = commit_time }
  report { name = "transfer, all of it", ok = all_ok, ns = check + run + commit_time,
    ratio = floor and (check + run + commit_time) / (floor * 1000) }
  report { name = "transfer without signature", ok = all_ok, ns = run + commit_time,
    ratio = floor_unsigned and (run + commit_time) / (floor_unsigned * 1000) }
end

return block
