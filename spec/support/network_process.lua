--- One host of a network as a process of its own: `network_process.lua FOLDER NAME SEED CALLS`.
-- It commits its share of the calls of that seed, one a block, each once; offers its peers what it
-- has for them in FOLDER/NAME.offer; and takes what they offer. It may be killed at any moment and
-- started again. When nothing is left to do for a while it ends. What it says goes to stdout.
local banks = require "spec.support.banks"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local mailbox = require "vmhost.network.mailbox"
local network = require "vmhost.network"
local new_random = require "spec.support.random"

local folder, name = arg[1], arg[2]
local seed, count = math.tointeger(arg[3]), math.tointeger(arg[4])
local QUIET_ROUNDS <const> = 15

io.stdout:setvbuf "no"
print((assert(io.open "/proc/self/stat"):read "a"):match "^%d+")

-- The network's own options, with this host alone in a folder.
local given = network.host_options(banks.options { path = folder }, name)
local chain <close> = assert(fixture.new(given.fixture))
if chain:height() == 0 then
  chain:expect_success(chain:deploy("Bank", { banks.SOURCE }))
end

-- The calls of this host, signed as they always are: time and number follow from their place.
local transactions = {}
for index, call in ipairs(banks.calls(new_random(seed), count)) do
  if call[1] == name then
    chain.time, chain.nonce = index * 1000000000, index
    transactions[#transactions + 1] = chain:transaction(table.unpack(call, 2))
  end
end
chain.time = math.max(chain.time, chain.storage:last_committed_block_info().timestamp)

local function transaction_hash(bytes)
  -- The transaction lies behind its size.
  return crypto.sha256((("<s4"):unpack(bytes)))
end

local function next_transaction()
  while transactions[1] and chain.storage:find_receipt(transaction_hash(transactions[1])) do
    table.remove(transactions, 1)
  end
  return transactions[1]
end

-- Offers: records as they are taken, written beside and moved into place, so that a reader never
-- sees half of one.

local RECORD <const> = "<s4s4s4s4s4s4"

local function add_offer(offers, peer, list, record)
  offers[#offers + 1] = RECORD:pack(peer.name, list, record.header, record.signature,
    record.message or record.taken, record.proof)
end

local function make_offers()
  local offers, header = {}, mailbox.header(chain, given.key.seed)
  for _, peer in ipairs(header and given.peers or {}) do
    for _, out in ipairs(mailbox.keys(chain, "Out_" .. (">I4"):pack(peer.chain_id))) do
      local record = mailbox.prove(chain, header, out.key, "message")
      if record then add_offer(offers, peer, "incoming", record) end
    end
    local taken = mailbox.prove(chain, header, mailbox.taken_key(peer.chain_id), "taken")
    if taken then add_offer(offers, peer, "acknowledgements", taken) end
  end
  return table.concat(offers)
end

local function write_offers()
  local path = ("%s/%s.offer"):format(folder, name)
  do
    local file <close> = assert(io.open(path .. ".new", "wb"))
    file:write(make_offers())
  end
  assert(os.rename(path .. ".new", path))
end

-- What peers offer that this host does not know yet.
local function read_offers(known)
  local set = { incoming = {}, acknowledgements = {} }
  local names = { incoming = {}, acknowledgements = {} }
  for _, peer in ipairs(given.peers) do
    local file <close> = io.open(("%s/%s.offer"):format(folder, peer.name), "rb")
    local offers, place = file and file:read "a" or "", 1
    while place <= #offers do
      local to, list, header, signature, value, proof
      to, list, header, signature, value, proof, place = RECORD:unpack(offers, place)
      local what = peer.name .. list .. value
      if to == name and not known[what] then
        local field = list == "incoming" and "message" or "taken"
        table.insert(set[list], { header = header, signature = signature, [field] = value,
          proof = proof })
        table.insert(names[list], what)
        known[what] = true
      end
    end
  end
  return set, names
end

-- What was refused may be taken from a later offer, unless it was taken before.
local function forget_refused(known, names, refused)
  for _, entry in ipairs(refused) do
    if entry.reason ~= "message: taken before" then
      known[names[entry.list][entry.index]] = nil
    end
  end
end

local function wait()
  os.execute "sleep 0.005"
end

-- A block is needed where there is something for it, or where the state has moved since the
-- newest header.
local known, quiet, header_is_behind = {}, 0, true
while quiet < QUIET_ROUNDS do
  local set, names = read_offers(known)
  set[1] = next_transaction()
  local has_work = set[1] or #set.incoming > 0 or #set.acknowledgements > 0
    or mailbox.waiting(chain) > 0
  if has_work or header_is_behind then
    local out = assert(chain:process(set))
    forget_refused(known, names, out.refused)
    header_is_behind = has_work
    write_offers()
    quiet = 0
  else
    quiet = quiet + 1
    wait()
  end
end
print "done"
