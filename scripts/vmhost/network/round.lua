-- A round of a network: which hosts mine, with what, and what comes of it.
local block = require "vmhost.fixture.block"
local codec = require "vmhost.codec"
local delivery = require "vmhost.network.delivery"
local mailbox = require "vmhost.network.mailbox"
local value = require "vmhost.network.value"
local vm = require "vmhost.vm"

local round = {}

-- Takes up what blocks of one host wrote, also those that a script made by itself.
local function catch_up_host(network, name)
  local chain = network.hosts[name]
  for height = network.seen[name] + 1, chain:height() do
    local stored = assert(chain.storage:block(height))
    delivery.note(network, name, height, stored.state_diffs)
    round.note_receipts(network, name, height, stored)
    network.seen[name] = height
  end
end

function round.catch_up(network)
  for _, name in ipairs(network.names) do catch_up_host(network, name) end
end

-- Gives transactions that were submitted their receipts, and those of all that came of them.
function round.note_receipts(network, name, height, stored)
  local by_bytes = {}
  for _, tx in ipairs(network.pools[name]) do by_bytes[tx.bytes] = tx end
  for index, message in ipairs(stored.receipts) do
    local receipt = assert(codec.decode("TransactionReceipt", message))
    local tx = by_bytes[stored.transactions[index]]
    if tx then
      tx.receipt, tx.last_receipt, tx.height = receipt, receipt, height
      network.by_root[receipt.message_id] = tx
    end
    local root_tx = network.by_root[receipt.root]
    if root_tx then
      table.insert(root_tx.receipts, { host = name, height = height, receipt = receipt })
    end
  end
end

-- Which transactions of the pool are not in a block yet.
local function drop_finished(network, name)
  local left = {}
  for _, tx in ipairs(network.pools[name]) do
    if not tx.receipt then left[#left + 1] = tx end
  end
  network.pools[name] = left
end

local function restart_some(network, names)
  for _, name in ipairs(names) do
    if network.random:happens(network.options.restarts) then
      local restarted, message, code = network.hosts[name]:restart()
      if not restarted then return nil, ("host %s: %s"):format(name, message), code end
    end
  end
  return true
end

-- The set of each host, of what there is before the round.
local function prepare(network, names)
  local jobs = {}
  for index, name in ipairs(names) do
    local loaded = delivery.load(network, name)
    local set = { incoming = loaded.incoming, acknowledgements = loaded.acknowledgements }
    for place, tx in ipairs(network.pools[name]) do set[place] = tx.bytes end
    jobs[index] = { name = name, chain = network.hosts[name], loaded = loaded,
      prepared = block.prepare(network.hosts[name], set) }
  end
  return jobs
end

local function run_one(job)
  local out, message, code = job.chain.host:process_transaction_set(job.prepared.block)
  if not out then return { message = message, code = code } end
  local committed
  committed, message, code = job.chain.storage:commit_state_diff(out.block)
  return committed and out or { message = message, code = code }
end

-- Where a transaction that waited went on, and what the host knows of its runs beside receipts.
local function note_records(network, out)
  for index, record in ipairs(out.records) do
    local tx = network.by_root[record.first_run_id or out.receipts[index].message_id]
    if tx and record.first_run_id then tx.last_receipt = out.receipts[index] end
    if tx then network.runs[tx.last_receipt] = { tx = tx, record = record } end
  end
end

local function note_refusals(network, job, refused)
  for _, entry in ipairs(refused) do
    local flight = job.loaded.flights[entry.list][entry.index]
    table.insert(network.refusals, { host = job.name, height = job.prepared.block.height,
      list = entry.list, reason = entry.reason, is_copy = flight.copy ~= nil })
  end
end

local function finish(network, job, out)
  network.blocks = network.blocks + 1
  block.finish(job.chain, job.prepared, out)
  delivery.unload(network, job.loaded, out.refused)
  note_refusals(network, job, out.refused)
  catch_up_host(network, job.name)
  note_records(network, out)
  drop_finished(network, job.name)
end

local function check_value(network)
  if network.options.check_value == false then return true end
  local good, wrong = value.check(network)
  if not good then return nil, ("round %d: %s"):format(network.round, wrong), "value" end
  return true
end

local function fail(job, out)
  return nil, ("host %s: %s"):format(job.name, out.message), out.code
end

-- One host after the other: what they hold is checked behind each block.
local function run_in_turn(network, jobs)
  local results = {}
  for _, job in ipairs(jobs) do
    local out = run_one(job)
    if not out.receipts then return fail(job, out) end
    finish(network, job, out)
    results[job.name] = out
    local good, message, code = check_value(network)
    if not good then return nil, message, code end
  end
  return results
end

local function run_at_once(network, jobs)
  local sets, results, failed = {}, {}, nil
  for index, job in ipairs(jobs) do
    sets[index] = { host = job.chain.host, set = job.prepared.block }
  end
  for index, out in ipairs(vm.commit_sets(sets)) do
    local job = jobs[index]
    if out.receipts then
      finish(network, job, out)
      results[job.name] = out
    else
      failed = failed or table.pack(fail(job, out))
    end
  end
  if failed then return table.unpack(failed, 1, 3) end
  local good, message, code = check_value(network)
  if not good then return nil, message, code end
  return results
end

-- Mines one block on each of these hosts; host -> result.
function round.run(network, names)
  network.round = network.round + 1
  local restarted, message, code = restart_some(network, names)
  if not restarted then return nil, message, code end
  local jobs = prepare(network, names)
  return (network.options.threads and run_at_once or run_in_turn)(network, jobs)
end

-- What is to be done

-- Hosts with something to do in the next round: their own work, or a header that a flight needs.
function round.busy_hosts(network)
  local is_busy, names = {}, {}
  local by_hand = network.options.order == "hand"
  for _, flight in ipairs(network.flights) do
    if not delivery.has_header(network, flight) then
      is_busy[flight.from] = true
    elseif flight.is_chosen or not by_hand and flight.due <= network.round + 1 then
      is_busy[flight.to] = true
    end
  end
  for _, name in ipairs(network.names) do
    if is_busy[name] or #network.pools[name] > 0 or mailbox.waiting(network.hosts[name]) > 0 then
      names[#names + 1] = name
    end
  end
  return names
end

-- Whether something may arrive later though nobody has anything to do now.
function round.has_flights(network)
  return #network.flights > 0 and network.options.order ~= "hand"
end

-- What messages between hosts are called, as in `inspect.messages`.
local KIND_NAMES <const> = { [2] = "send", [6] = "refund", [8] = "await", [9] = "await answer",
  [10] = "await answer", [11] = "async", [12] = "async answer" }

-- A flight, as in `message 0 (await) a -> b`.
function round.flight_text(flight)
  local what = flight.list == "incoming"
    and ("message %d (%s)"):format(flight.sequence, KIND_NAMES[flight.kind]) or "acknowledgement"
  return ("%s %s -> %s%s%s"):format(what, flight.from, flight.to,
    flight.copy and " (a copy)" or "",
    flight.refused and ", refused: " .. flight.refused or "")
end

function round.pending(network)
  local lines = {}
  local function line(...) lines[#lines + 1] = string.format(...) end
  for _, name in ipairs(network.names) do
    local chain = network.hosts[name]
    if #network.pools[name] > 0 then
      line("host %s: %d transaction(s) submitted", name, #network.pools[name])
    end
    if mailbox.waiting(chain) > 0 then
      line("host %s: %d message(s) in the mailbox", name, mailbox.waiting(chain))
    end
    for _, peer in ipairs(network:peers_of(name)) do
      local count = mailbox.open(chain, peer.chain_id)
      if count > 0 then line("host %s: %d record(s) for %s", name, count, peer.name) end
    end
  end
  for _, flight in ipairs(network.flights) do
    if not flight.copy then line("%s", round.flight_text(flight)) end
  end
  return lines
end

return round
