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
local chain_call = require "vmhost.fixture.call"
local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"
local opening = require "vmhost.fixture.opening"
local options = require "vmhost.options"
local wrong_use = require "vmhost.wrong_use"

local delivery = require "vmhost.network.delivery"
local genesis = require "vmhost.network.genesis"
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

-- Those of `fixture.new`, and those of a host alone.
local HOST_OPTIONS <const> = table.move(opening.NEW_OPTIONS, 1, #opening.NEW_OPTIONS, 3,
  { "host_seed", "allowances" })

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
  if type(number) ~= "number" or not (number >= 0 and number < 1) then
    raise("%s: a number from 0 to below 1 expected, got %s", name, wrong_use.shown(number))
  end
end

local function is_count(number)
  return math.type(number) == "integer" and number >= 0
end

local function check_latency(latency)
  if latency ~= nil and type(latency) ~= "function" and not delivery.is_latency(latency) then
    raise("latency: rounds, { least, most } or a function expected, got %s",
      wrong_use.shown(latency))
  end
end

local function check_boolean(given, name)
  if given[name] ~= nil and type(given[name]) ~= "boolean" then
    raise("%s: true or false expected, got %s", name, wrong_use.shown(given[name]))
  end
end

local function check_path(what, path)
  wrong_use.check(what .. ": path", path, "string")
  if path == "" then wrong_use.raise("%s: path: a folder expected, got ''", what) end
end

local ORDERS <const> = { fifo = true, seed = true, hand = true }

local function check_options(what, given)
  given = options.check(what, given, OPTIONS)
  wrong_use.check(what .. ": hosts", given.hosts, "table")
  for _, name in ipairs { "loss", "duplication", "restarts" } do check_probability(given, name) end
  for _, name in ipairs { "threads", "check_value" } do check_boolean(given, name) end
  check_latency(given.latency)
  if given.seed ~= nil and math.type(given.seed) ~= "integer" then
    raise("seed: an integer expected, got %s", wrong_use.shown(given.seed))
  end
  if given.order ~= nil and not ORDERS[given.order] and type(given.order) ~= "function" then
    raise("order: 'fifo', 'seed', 'hand' or a function expected, got %s",
      wrong_use.shown(given.order))
  end
  if given.path ~= nil then check_path(what, given.path) end
  return given
end

-- What the network decides for a host is not said by its options.
local function check_host_options(name, host)
  wrong_use.check("network: hosts." .. name, host, "table")
  options.check("network: hosts." .. name, host, HOST_OPTIONS)
  if host.path ~= nil then raise("hosts.%s.path: it is the network that has a path", name) end
  if host.genesis == nil then return end
  wrong_use.check(("network: hosts.%s.genesis"):format(name), host.genesis, "table")
  if host.genesis.host_key ~= nil then
    raise("hosts.%s.genesis.host_key: it follows from host_seed", name)
  end
  if host.genesis.peers ~= nil then
    wrong_use.check(("network: hosts.%s.genesis.peers"):format(name), host.genesis.peers, "table")
  end
end

local function check_allowances(hosts, name)
  local what = ("network: hosts.%s.allowances"):format(name)
  local allowances = hosts[name].allowances
  if allowances == nil then return end
  wrong_use.check(what, allowances, "table")
  for peer, tokens in pairs(allowances) do
    if peer == name or not hosts[peer] then
      wrong_use.raise("%s: another host expected, got %s", what, wrong_use.shown(peer))
    end
    wrong_use.check(what .. "." .. peer, tokens, "table")
    for token in pairs(tokens) do
      if type(token) ~= "string" then
        wrong_use.raise("%s.%s: a token expected, got %s", what, peer, wrong_use.shown(token))
      end
    end
  end
end

local function rule_set_of(host)
  return host.rule_set or "vmhost-1"
end

local function sorted_names(hosts)
  local names = {}
  for name, host in pairs(hosts) do
    if type(name) ~= "string" or not name:find "^[%w_-]+$" then
      raise("hosts: a name of letters, digits, '_' and '-' expected, got %s", wrong_use.shown(name))
    end
    check_host_options(name, host)
    names[#names + 1] = name
  end
  if #names == 0 then raise "hosts: at least one" end
  table.sort(names)
  for _, name in ipairs(names) do
    check_allowances(hosts, name)
    local own, first = rule_set_of(hosts[name]), rule_set_of(hosts[names[1]])
    if own ~= first then
      raise("hosts.%s.rule_set: all hosts of a network use one, and %s has %s", name, names[1],
        wrong_use.shown(first))
    end
  end
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

-- Opening and closing

local function new_network(given)
  local names = sorted_names(given.hosts)
  local self = setmetatable({
    options = given, names = names, hosts = {}, keys = {}, round = 0, flights = {},
    flight_number = 0, pools = {}, seen = {}, refusals = {}, snapshots = {}, blocks = 0,
    random = random.new(given.seed or 1), by_root = setmetatable({}, { __mode = "v" }),
    submitted = setmetatable({}, { __mode = "k" }), runs = setmetatable({}, { __mode = "k" }),
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
--    in the order of the names unless the genesis of a host says its own. Peers of its genesis
--    stand beside those of the network; `path` and the genesis' `host_key` are the network's
--  * `seed`: an integer, default 1; what chance decides follows from it
--  * `latency`: rounds that what is under way takes longer than it must: a number up to 2^32,
--    `{ least, most }`, or a function of the flight that gives either; default 0
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
  if given.path then
    local made, why, fault = keeping.make_folder(given.path)
    if not made then return nil, why, fault end
  end
  local opened, message, code = open_all(self, function(name)
    return fixture.new(genesis.fixture_options(self, name, true))
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
  if given.path then
    local made, why = keeping.make_folder(given.path)
    if not made then raise("host_options: %s", why) end
  end
  return { fixture = genesis.fixture_options(self, name, true), key = self.keys[name],
    peers = self:peers_of(name) }
end

--- Opens the network that `save` wrote, in its folder, at the moment of `save`.
-- @function load
-- @tparam string path
-- @tparam table options as of `new`, without `path`; `hosts` names the hosts that were saved. What
-- a genesis decides was decided when the network was made: `genesis`, `allowances`, `rule_set` and
-- `native_contracts` of a host are all left out, or are as they were then
-- @treturn[1] Network
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found`, `malformed` or `genesis_mismatch`, or of a host
-- @raise for an unknown or wrong option
function network.load(path, given)
  check_path("network.load", path)
  given = check_options("network.load", given)
  if given.path ~= nil then raise("load: path: it stands before the options") end
  local copy = {}
  for name, of_option in pairs(given) do copy[name] = of_option end
  copy.path = path
  local self = new_network(copy)
  local state, message, code = keeping.read(path)
  if not state then return nil, message, code end
  local opened
  opened, message, code = open_all(self, function(name)
    return fixture.open(genesis.fixture_options(self, name, false))
  end)
  if not opened then return nil, message, code end
  local taken_up
  taken_up, message, code = keeping.take_up(self, state)
  if taken_up then taken_up, message, code = genesis.check(self) end
  if not taken_up then
    self:close()
    return nil, message, code
  end
  return self
end

local function check_self(self)
  if getmetatable(self) ~= Network then
    raise "a method of a network is called with a colon, as in net:mine()"
  end
end

--- A network.
-- @type Network

--- Closes all hosts. Twice is fine; `<close>` does it too.
function Network:close()
  check_self(self)
  for _, name in ipairs(self.names) do
    if self.hosts[name] then self.hosts[name]:close() end
  end
end

Network.__close = Network.close

function Network:__tostring()
  return ("vmhost.network.Network (%s; round %d)"):format(table.concat(self.names, ", "),
    self.round)
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
  check_self(self)
  return self.ids[name] or check_host(self, name)
end

--- The other hosts, in the order of their names.
-- @tparam string name
-- @treturn {table,...} `name` and `chain_id` of each
-- @raise for an unknown host
function Network:peers_of(name)
  check_self(self)
  if not self.ids[name] then check_host(self, name) end
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
-- @treturn table for `mine_until`: `host`, `bytes`, `name` (contract and
-- method); once it ran `receipt`, `height`,
-- `last_receipt` (of a method that waited: where it went on last) and `receipts`, those of all
-- runs that came of it, in all hosts: `{ host=, height=, receipt= }`
-- @raise for an unknown host or account, and wrong arguments
function Network:submit(host, ...)
  local chain = check_host(self, host)
  local bytes = chain:transaction(...)
  local wanted = chain_call.parse(chain, table.pack(...))
  local tx = { host = host, bytes = bytes, receipts = {},
    name = ("%s.%s"):format(wanted.contract, wanted.method) }
  table.insert(self.pools[host], tx)
  self.submitted[tx] = true
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
-- @raise for an unknown host, and one that is named twice
function Network:mine(...)
  check_self(self)
  local names, seen = { ... }, {}
  for index = 1, select("#", ...) do
    local name = names[index]
    check_host(self, name)
    if seen[name] then raise("mine: host %s twice", wrong_use.shown(name)) end
    seen[name] = true
  end
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
    wrong_use.raise("%s: max_blocks: a number of blocks expected, got %s", what,
      wrong_use.shown(limit))
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
-- @raise for what `submit` of this network did not give, or what `revert` has undone
function Network:mine_until(tx, limits)
  check_self(self)
  wrong_use.check("network: mine_until: transaction", tx, "table")
  if not self.submitted[tx] then
    raise(tx.is_undone and "mine_until: the transaction was undone by revert; submit it again"
      or "mine_until: a transaction of submit expected")
  end
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
  check_self(self)
  local before = self.blocks
  local limit = limit_of("network: drain", limits)
  local done, message, code = mine_while_needed(self, limit, function()
    return #self:pending() == 0
  end)
  if not done then return nil, message, code end
  return self.blocks - before
end

-- Host, method, result, text, and the calls that led to the failure.
local function describe_run(self, receipt)
  local first, run = receipt.output_argument_array[1], self.runs[receipt]
  local record = run and run.record or {}
  local text = first and tostring(first.value) or record.error or "no text"
  if record.detail then text = inspect.failure(text, record.detail) end
  local calls = inspect.calls(record.calls)
  return ("%s%s: %s%s"):format(run and ("%s on host %s: "):format(run.tx.name, run.tx.host) or "",
    receipt.execution_result, text, calls == "" and "" or "\n  in " .. calls)
end

--- Raises unless a transaction ended well.
-- @tparam table receipt
-- @tparam[opt] string message of a failure: `net:expect_success(net:mine_until(tx))` names it
-- @treturn table the receipt
-- @raise with contract, method, host, result, text, and the chain of calls that led to the failure
function Network:expect_success(receipt, message)
  check_self(self)
  if receipt == nil then error("the network failed: " .. tostring(message), 2) end
  if type(receipt) ~= "table" or receipt.execution_result == nil then
    raise("expect_success: a receipt expected, got %s", wrong_use.shown(receipt))
  end
  if receipt.execution_result ~= "SUCCESS" then
    error("expected success, got " .. describe_run(self, receipt), 2)
  end
  return receipt
end

-- What is under way

--- What is to be done yet.
-- @treturn {string,...} a line for each
function Network:pending()
  check_self(self)
  round.catch_up(self)
  return round.pending(self)
end

--- The same as one text.
-- @treturn string
function Network:pending_text()
  check_self(self)
  return table.concat(self:pending(), "\n")
end

--- The flights that a header of their sender shows, so that `deliver` takes them.
-- @treturn {table,...} of `flights`, in their order
function Network:deliverable()
  check_self(self)
  round.catch_up(self)
  local list = {}
  for _, flight in ipairs(self.flights) do
    if delivery.has_header(self, flight) then list[#list + 1] = flight end
  end
  return list
end

--- Lets a flight arrive with the next block of its receiver, whatever the order and latency; it
-- must be shown by a header of its sender, so mine that one first.
-- @tparam table flight of `flights`
-- @raise where it is not under way, and where no header shows it yet
function Network:deliver(flight)
  check_self(self)
  for _, other in ipairs(self.flights) do
    if other == flight then
      if not delivery.has_header(self, flight) then
        raise("deliver: %s: it is of block %d of %s, and no header shows that block yet; mine %s "
          .. "first", round.flight_text(flight), flight.height, flight.from, flight.from)
      end
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
  check_self(self)
  round.catch_up(self)
  local good, message = value.check(self)
  if not good then return nil, message, "value" end
  return true
end

-- Snapshots

--- Remembers this moment of all hosts, and of what is under way.
-- @treturn integer id for `revert`; it stays good after that
function Network:snapshot()
  check_self(self)
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
  check_self(self)
  if not self.snapshots[id] then raise("no snapshot %s", wrong_use.shown(id)) end
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
  check_self(self)
  check_path("network: save", path)
  round.catch_up(self)
  return keeping.save(self, path)
end

--- The state roots of all hosts.
-- @treturn table host -> 32 bytes
function Network:roots()
  check_self(self)
  local roots = {}
  for _, name in ipairs(self.names) do
    if not self.hosts[name].storage then raise("the network is closed") end
    roots[name] = assert(self.hosts[name].storage:state_hash())
  end
  return roots
end

return network
