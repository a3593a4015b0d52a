--- Several hosts in a table, whose contracts call each other.
--
--     local net <close> = network.new { hosts = { a = {}, b = {} } }
--     net.hosts.b:deploy("Token", "token.lua")
--     local tx = net:submit("a", "alice", "Shop", "order", 5)  -- awaits "Token@43"
--     net:expect_success(net:mine_until(tx))
--     assert(net:drain())
--
-- Each host is a chain of `vmhost.fixture` with a store, a chain id and a host key of its own, and
-- knows the others as peers. What they have for each other lies in their states and is carried by
-- the network as real hosts would carry it: a message with a proof under a signed header, and word
-- back of what was taken. It may be late, out of order, lost and sent again, or come twice, and
-- hosts may be restarted in between; all of it follows from the seed, so that the same script gives
-- the same bytes each time. docs/network.md tells more.
--
-- **Rounds.** In a round each host that takes part mines one block: with what was submitted to
-- it, what arrives, and what waits in its mailbox. What a block sends can arrive once its host has
-- mined another block, whose header shows it.
--
-- **Fields** of a network: `hosts` (name -> Chain), `names` (sorted), `round`, `flights` (what is
-- under way), `refusals` (what hosts refused, with `host`, `height`, `list`, `reason`).
-- @module vmhost.network
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local options = require "vmhost.options"
local wrong_use = require "vmhost.wrong_use"

local delivery = require "vmhost.network.delivery"
local keeping = require "vmhost.network.keeping"
local mailbox = require "vmhost.network.mailbox"
local random = require "vmhost.network.random"
local round = require "vmhost.network.round"
local value = require "vmhost.network.value"

local network = {}

local FIRST_CHAIN <const> = 42
local DEFAULT_MAX_BLOCKS <const> = 10000
local SIZE_OF_SEED <const> = 32

local OPTIONS <const> = { "hosts", "seed", "latency", "order", "loss", "duplication", "restarts",
  "threads", "path", "check_value" }

local Network = {}
Network.__index = Network
Network.__name = "vmhost.network.Network"

local function raise(format, ...)
  wrong_use.raise("network: " .. format, ...)
end

-- Options

local function check_probability(given, name)
  local number = given[name]
  if number == nil then return end
  if type(number) ~= "number" or number < 0 or number >= 1 then
    raise("%s: a number from 0 to below 1 expected, got %s", name, wrong_use.shown(number))
  end
end

local function is_count(number)
  return math.type(number) == "integer" and number >= 0
end

local function check_latency(latency)
  local good = latency == nil or is_count(latency) or type(latency) == "function"
    or type(latency) == "table" and is_count(latency[1]) and is_count(latency[2])
      and latency[1] <= latency[2]
  if not good then
    raise("latency: rounds, { least, most } or a function expected, got %s",
      wrong_use.shown(latency))
  end
end

local ORDERS <const> = { fifo = true, seed = true, hand = true }

local function check_options(what, given)
  given = options.check(what, given, OPTIONS)
  wrong_use.check(what .. ": hosts", given.hosts, "table")
  for _, name in ipairs { "loss", "duplication", "restarts" } do check_probability(given, name) end
  check_latency(given.latency)
  if given.seed ~= nil and math.type(given.seed) ~= "integer" then
    raise("seed: an integer expected, got %s", wrong_use.shown(given.seed))
  end
  if given.order ~= nil and not ORDERS[given.order] and type(given.order) ~= "function" then
    raise("order: 'fifo', 'seed', 'hand' or a function expected, got %s",
      wrong_use.shown(given.order))
  end
  if given.path ~= nil then wrong_use.check(what .. ": path", given.path, "string") end
  return given
end

local function sorted_names(hosts)
  local names = {}
  for name, host in pairs(hosts) do
    if type(name) ~= "string" or not name:find "^[%w_-]+$" then
      raise("hosts: a name of letters, digits, '_' and '-' expected, got %s", wrong_use.shown(name))
    end
    wrong_use.check("network: hosts." .. name, host, "table")
    names[#names + 1] = name
  end
  if #names == 0 then raise "hosts: at least one" end
  table.sort(names)
  return names
end

-- The key that signs a host's headers: given, or made of its name.
local function new_key(name, seed)
  if seed ~= nil and (type(seed) ~= "string" or #seed ~= SIZE_OF_SEED) then
    raise("hosts.%s.host_seed: %d bytes expected, got %s", name, SIZE_OF_SEED,
      type(seed) == "string" and #seed .. " bytes" or wrong_use.shown(seed))
  end
  seed = seed or crypto.sha256("vmhost network host " .. name)
  return { seed = seed, public_key = assert(crypto.ed25519.public_key(seed)) }
end

local function chain_ids(names, hosts)
  local ids, used = {}, {}
  for index, name in ipairs(names) do
    local id = (hosts[name].genesis or {}).virtual_chain_id or FIRST_CHAIN + index - 1
    if used[id] then raise("hosts.%s: chain %s is that of %s", name, tostring(id), used[id]) end
    ids[name], used[id] = id, name
  end
  return ids, used
end

local function allowances_of(given, peer)
  local list = {}
  for token, amount in pairs((given or {})[peer] or {}) do
    list[#list + 1] = { token = token, amount = amount }
  end
  table.sort(list, function(a, b) return a.token < b.token end)
  return #list > 0 and list or nil
end

local function genesis_of(self, name, given)
  local genesis = {}
  for field, of_field in pairs(given.genesis or {}) do genesis[field] = of_field end
  genesis.virtual_chain_id, genesis.host_key = self.ids[name], self.keys[name].public_key
  local peers = {}
  for _, peer in ipairs(self:peers_of(name)) do
    peers[#peers + 1] = { virtual_chain_id = peer.chain_id,
      host_key = self.keys[peer.name].public_key,
      allowances = allowances_of(given.allowances, peer.name) }
  end
  for _, peer in ipairs(genesis.peers or {}) do peers[#peers + 1] = peer end
  genesis.peers = peers
  return genesis
end

-- Options of the fixture for one host.
local function fixture_options(self, name, with_genesis)
  local given = {}
  for option, of_option in pairs(self.options.hosts[name]) do given[option] = of_option end
  given.host_seed, given.allowances = nil, nil
  given.genesis = with_genesis and genesis_of(self, name, self.options.hosts[name]) or nil
  given.path = self.options.path and self.options.path .. "/" .. name
  return given
end

-- Opening and closing

local function new_network(given)
  local names = sorted_names(given.hosts)
  local self = setmetatable({
    options = given, names = names, hosts = {}, keys = {}, round = 0, flights = {},
    flight_number = 0, pools = {}, seen = {}, refusals = {}, snapshots = {}, blocks = 0,
    random = random.new(given.seed or 1), by_root = setmetatable({}, { __mode = "v" }),
  }, Network)
  self.ids, self.by_chain = chain_ids(names, given.hosts)
  for _, name in ipairs(names) do
    self.keys[name] = new_key(name, given.hosts[name].host_seed)
    self.pools[name], self.seen[name] = {}, 0
  end
  return self
end

-- Opens all hosts with `open(name)`, or closes those that were opened.
local function open_all(self, open)
  for _, name in ipairs(self.names) do
    local chain, message, code = open(name)
    if not chain then
      self:close()
      return nil, ("host %s: %s"):format(name, message), code
    end
    self.hosts[name] = chain
    self.seen[name] = chain:height()
  end
  return self
end

--- Makes a network, or opens the one that the same options made in `path` before.
-- @function new
-- @tparam table options
--
--  * `hosts`: name -> options of `fixture.new` for its chain, and two more: `host_seed`, 32 bytes
--    of the key that signs its headers (default: SHA-256 of "vmhost network host " and the name),
--    and `allowances`, peer -> token -> amount (default: as joins.md 10). Chain ids are 42, 43, ...
--    in the order of the names unless the genesis of a host says its own
--  * `seed`: an integer, default 1; what chance decides follows from it
--  * `latency`: rounds that what is under way takes longer than it must: a number, `{ least,
--    most }`, or a function of the flight; default 0
--  * `order`: of what arrives together: `fifo` (default), `seed`, a function that gives the list
--    it gets in another order (what it leaves out stays under way), or `hand`: only what
--    `deliver` chose arrives
--  * `loss`, `duplication`: probability that a flight is lost, and comes again later, or comes
--    twice; `restarts`: that a host is restarted before a block
--  * `threads`: whether the hosts of a round run at once, each on a thread of its own (those with
--    functions of Lua in them stay on this one); the blocks are the same
--  * `path`: folder with one LevelDB per host; default: in memory
--  * `check_value`: false leaves `check_value` to the script; default: after every block, and with
--    `threads` after every round
-- @treturn[1] Network
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @raise for an unknown or wrong option
function network.new(given)
  given = check_options("network.new", given)
  local self = new_network(given)
  if given.path then keeping.make_folder(given.path) end
  local opened, message, code = open_all(self, function(name)
    return fixture.new(fixture_options(self, name, true))
  end)
  if not opened then return nil, message, code end
  delivery.find(self)
  return self
end

--- What one host of a network is opened with, for a process that runs only that one.
-- @function host_options
-- @tparam table options of the network, as of `new`
-- @tparam string name of the host
-- @treturn table `fixture`: options of `fixture.new`; `key`: `seed` and `public_key` of the host;
-- `peers`: `name` and `chain_id` of each
-- @raise for an unknown or wrong option, and an unknown host
function network.host_options(given, name)
  local self = new_network(check_options("network.host_options", given))
  if not self.keys[name] then
    raise("no host %s; there are %s", wrong_use.shown(name), table.concat(self.names, ", "))
  end
  if given.path then keeping.make_folder(given.path) end
  return { fixture = fixture_options(self, name, true), key = self.keys[name],
    peers = self:peers_of(name) }
end

--- Opens the network that `save` wrote, in its folder, at the moment of `save`.
-- @function load
-- @tparam string path
-- @tparam table options as of `new`, without `path` and without what a genesis decides; `hosts`
-- names the hosts that were saved
-- @treturn[1] Network
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found` or `malformed`, or of a host
-- @raise for an unknown or wrong option
function network.load(path, given)
  given = check_options("network.load", given)
  wrong_use.check("network.load: path", path, "string")
  local copy = {}
  for name, of_option in pairs(given) do copy[name] = of_option end
  copy.path = path
  local state, message, code = keeping.read(path)
  if not state then return nil, message, code end
  local self = new_network(copy)
  local opened
  opened, message, code = open_all(self, function(name)
    return fixture.open(fixture_options(self, name, false))
  end)
  if not opened then return nil, message, code end
  local taken_up
  taken_up, message, code = keeping.take_up(self, state)
  if not taken_up then
    self:close()
    return nil, message, code
  end
  return self
end

--- A network.
-- @type Network

--- Closes all hosts. Twice is fine; `<close>` does it too.
function Network:close()
  for _, name in ipairs(self.names) do
    if self.hosts[name] then self.hosts[name]:close() end
  end
end

Network.__close = Network.close

function Network:__tostring()
  return ("vmhost.network.Network (%s; round %d)"):format(table.concat(self.names, ", "),
    self.round)
end

local function check_self(self)
  if getmetatable(self) ~= Network then
    raise "a method of a network is called with a colon, as in net:mine()"
  end
end

local function check_host(self, name)
  check_self(self)
  if not self.hosts[name] then
    raise("no host %s; there are %s", wrong_use.shown(name), table.concat(self.names, ", "))
  end
  return self.hosts[name]
end

--- The chain id of a host.
-- @tparam string name
-- @treturn integer
function Network:chain_id(name)
  return self.ids[name] or check_host(self, name)
end

--- The other hosts, in the order of their names.
-- @tparam string name
-- @treturn {table,...} `name` and `chain_id` of each
function Network:peers_of(name)
  local peers = {}
  for _, other in ipairs(self.names) do
    if other ~= name then peers[#peers + 1] = { name = other, chain_id = self.ids[other] } end
  end
  return peers
end

-- Transactions

--- Signs a transaction for the next block of a host.
-- @tparam string host
-- @tparam string,... call as of `Chain:send`
-- @treturn table for `mine_until`: `host`, `bytes`; once it ran `receipt`, `height`,
-- `last_receipt` (of a method that waited: where it went on last) and `receipts`, those of all
-- runs that came of it, in all hosts: `{ host=, height=, receipt= }`
-- @raise for an unknown host or account, and wrong arguments
function Network:submit(host, ...)
  local chain = check_host(self, host)
  local tx = { host = host, bytes = chain:transaction(...), receipts = {} }
  table.insert(self.pools[host], tx)
  return tx
end

local function is_under_way(self, tx)
  if not tx.receipt then return true end
  local root = tx.receipt.root
  for _, flight in ipairs(self.flights) do
    if flight.root == root and not flight.copy then return true end
  end
  for _, name in ipairs(self.names) do
    local chain = self.hosts[name]
    local waiting = mailbox.waiting(chain) > 0 and mailbox.keys(chain, "In_") or {}
    for _, record in ipairs(waiting) do
      if assert(codec.decode("Message", record.value)).root == root then return true end
    end
  end
  return false
end

-- Blocks

--- Mines one block on every host, or on those that are named.
-- @tparam[opt] string,... hosts
-- @treturn[1] table host -> result, as of `Chain:process`
-- @return[2] nil
-- @treturn[2] string message; names the host that failed, or what `check_value` found
-- @treturn[2] string code
-- @raise for an unknown host
function Network:mine(...)
  local names = { ... }
  for _, name in ipairs(names) do check_host(self, name) end
  round.catch_up(self)
  return round.run(self, #names > 0 and names or self.names)
end

-- Mines rounds of the hosts that have something to do until `is_done`.
local function mine_while_needed(self, limit, is_done)
  local before = self.blocks
  round.catch_up(self)
  while not is_done() do
    local names = round.busy_hosts(self)
    if self.blocks - before + #names > limit or #names == 0 and not round.has_flights(self) then
      return nil, ("%d blocks, and still pending:\n%s"):format(self.blocks - before,
        self:pending_text()), "pending"
    end
    local out, message, code = round.run(self, names)
    if not out then return nil, message, code end
  end
  return true
end

local function limit_of(what, given)
  given = options.check(what, given, { "max_blocks" })
  local limit = given.max_blocks or DEFAULT_MAX_BLOCKS
  if not is_count(limit) then
    raise("%s: max_blocks: a number of blocks expected, got %s", what, wrong_use.shown(limit))
  end
  return limit
end

--- Mines until nothing of a transaction is left to be done on any host.
-- Only hosts with something to do mine; where a header is needed, an empty block.
-- @tparam table tx from `submit`
-- @tparam[opt] table limits `max_blocks`, of all hosts together, default 10000
-- @treturn[1] table the receipt: of a method that waited, its last one
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `pending` where the blocks were not enough, or of a host
function Network:mine_until(tx, limits)
  wrong_use.check("network: mine_until: transaction", tx, "table")
  check_host(self, tx.host)
  local done, message, code = mine_while_needed(self, limit_of("network: mine_until", limits),
    function() return not is_under_way(self, tx) end)
  if not done then return nil, message, code end
  return tx.last_receipt
end

--- Mines until nothing is left: no transaction, no message, nothing that a peer has not told
-- that he took.
-- @tparam[opt] table limits `max_blocks`, of all hosts together, default 10000
-- @treturn[1] integer how many blocks were mined
-- @return[2] nil
-- @treturn[2] string what is pending
-- @treturn[2] string code `pending`, or of a host
function Network:drain(limits)
  local before = self.blocks
  local limit = limit_of("network: drain", limits)
  local done, message, code = mine_while_needed(self, limit, function()
    return #self:pending() == 0
  end)
  if not done then return nil, message, code end
  return self.blocks - before
end

--- Raises unless a transaction ended well.
-- @tparam table receipt
-- @tparam[opt] string message of a failure: `net:expect_success(net:mine_until(tx))` names it
-- @treturn table the receipt
function Network:expect_success(receipt, message)
  check_self(self)
  if receipt == nil then error("the network failed: " .. tostring(message), 2) end
  if receipt.execution_result ~= "SUCCESS" then
    local first = receipt.output_argument_array[1]
    error(("expected success, got %s: %s"):format(receipt.execution_result,
      tostring(first and first.value)), 2)
  end
  return receipt
end

-- What is under way

--- What is to be done yet.
-- @treturn {string,...} a line for each
function Network:pending()
  round.catch_up(self)
  return round.pending(self)
end

--- The same as one text.
-- @treturn string
function Network:pending_text()
  return table.concat(self:pending(), "\n")
end

--- Lets a flight arrive with the next block of its receiver, whatever the order and latency; it
-- must be shown by a header of its sender, so mine that one first.
-- @tparam table flight of `flights`
-- @raise where it is not under way
function Network:deliver(flight)
  for _, other in ipairs(self.flights) do
    if other == flight then
      flight.is_chosen = true
      return
    end
  end
  raise "deliver: not under way"
end

-- Value

--- Whether what all hosts hold of each token, and what is under way, is what was issued.
-- It runs by itself after every block.
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `value`
function Network:check_value()
  round.catch_up(self)
  local good, message = value.check(self)
  if not good then return nil, message, "value" end
  return true
end

-- Snapshots

--- Remembers this moment of all hosts, and of what is under way.
-- @treturn integer id for `revert`; it stays good after that
function Network:snapshot()
  round.catch_up(self)
  return keeping.snapshot(self)
end

--- Goes back to a snapshot, all hosts together; see `Chain:revert`.
-- @tparam integer id
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @raise for an unknown id
function Network:revert(id)
  if not self.snapshots[id] then raise("no snapshot %s", tostring(id)) end
  return keeping.revert(self, id)
end

--- Writes the whole network into a folder, which `load` opens: a LevelDB per host, and what is
-- under way. The network goes on where it is.
-- @tparam string path a folder that is not there, or is empty
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Network:save(path)
  wrong_use.check("network: save: path", path, "string")
  round.catch_up(self)
  return keeping.save(self, path)
end

--- The state roots of all hosts.
-- @treturn table host -> 32 bytes
function Network:roots()
  local roots = {}
  for _, name in ipairs(self.names) do
    roots[name] = assert(self.hosts[name].storage:state_hash())
  end
  return roots
end

return network
