-- How a network is kept: snapshots in memory, and a folder that holds all of it.
local crypto = require "vmhost.crypto"
local json = require "dkjson"
local snapshot = require "vmhost.fixture.snapshot"

local keeping = {}

local VERSION <const> = 1
local FILE <const> = "/network.json"

local function quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Makes a folder with those that it lies in; true, or nil, message, code.
function keeping.make_folder(path)
  local shell <close> = assert(io.popen("mkdir -p -- " .. quoted(path) .. " 2>&1"))
  local said = shell:read "a"
  if shell:close() then return true end
  return nil, ("%s: no folder can be made (%s)"):format(path,
    said:match ": ([^:\n]+)\n*$" or "mkdir failed"), "store_io"
end

local function shallow(list)
  local copy = {}
  for key, value in pairs(list) do copy[key] = value end
  return copy
end

local function copies(list)
  local copy = {}
  for index, item in ipairs(list) do copy[index] = shallow(item) end
  return copy
end

-- Snapshots

-- What is known of a transaction at this moment.
local function moment_of(tx)
  return { tx = tx, receipt = tx.receipt, last_receipt = tx.last_receipt, height = tx.height,
    count = #tx.receipts }
end

-- What was submitted behind the snapshot has never been.
local function forget_later(network, moments)
  local kept = {}
  for _, moment in ipairs(moments) do kept[moment.tx] = true end
  for tx in pairs(network.submitted) do
    if not kept[tx] then
      tx.receipt, tx.last_receipt, tx.height, tx.receipts = nil, nil, nil, {}
      tx.is_undone, network.submitted[tx] = true, nil
    end
  end
end

local function go_back(moment)
  local tx = moment.tx
  tx.receipt, tx.last_receipt, tx.height = moment.receipt, moment.last_receipt, moment.height
  for index = #tx.receipts, moment.count + 1, -1 do tx.receipts[index] = nil end
end

function keeping.snapshot(network)
  local kept = { chains = {}, pools = {}, transactions = {}, flights = copies(network.flights),
    round = network.round, blocks = network.blocks, flight_number = network.flight_number,
    random = network.random.state, refusals = #network.refusals }
  for _, name in ipairs(network.names) do
    kept.chains[name] = network.hosts[name]:snapshot()
    kept.pools[name] = shallow(network.pools[name])
    for _, tx in ipairs(network.pools[name]) do table.insert(kept.transactions, moment_of(tx)) end
  end
  for _, tx in pairs(network.by_root) do table.insert(kept.transactions, moment_of(tx)) end
  table.insert(network.snapshots, kept)
  return #network.snapshots
end

function keeping.revert(network, id)
  local kept = network.snapshots[id]
  for _, name in ipairs(network.names) do
    local reverted, message, code = network.hosts[name]:revert(kept.chains[name])
    if not reverted then return nil, ("host %s: %s"):format(name, message), code end
    network.pools[name] = shallow(kept.pools[name])
    network.seen[name] = network.hosts[name]:height()
  end
  forget_later(network, kept.transactions)
  for _, moment in ipairs(kept.transactions) do go_back(moment) end
  network.flights = copies(kept.flights)
  network.round, network.blocks = kept.round, kept.blocks
  network.flight_number, network.random.state = kept.flight_number, kept.random
  for index = #network.refusals, kept.refusals + 1, -1 do network.refusals[index] = nil end
  for later = #network.snapshots, id + 1, -1 do network.snapshots[later] = nil end
  return true
end

-- A folder

-- Integers go as decimal text, bytes as hex: JSON has neither.
local FLIGHT_NUMBERS <const> = { "sequence", "height", "newest", "kind", "due", "number" }
local FLIGHT_TEXTS <const> = { "list", "from", "to" }
local RECORD_FIELDS <const> = { "header", "signature", "message", "taken", "proof" }

local function write_flight(flight)
  local written = {}
  for _, field in ipairs(FLIGHT_TEXTS) do written[field] = flight[field] end
  for _, field in ipairs(FLIGHT_NUMBERS) do
    written[field] = flight[field] and tostring(flight[field])
  end
  written.root = flight.root and crypto.hex(flight.root)
  if flight.copy then
    written.copy = {}
    for _, field in ipairs(RECORD_FIELDS) do
      written.copy[field] = flight.copy[field] and crypto.hex(flight.copy[field])
    end
  end
  return written
end

local function list_of(items, convert)
  local list = setmetatable({}, { __jsontype = "array" })
  for index, item in ipairs(items) do list[index] = convert(item) end
  return list
end

local function state_text(network)
  local hosts = {}
  for _, name in ipairs(network.names) do
    local chain = network.hosts[name]
    hosts[name] = { time = tostring(chain.time), nonce = tostring(chain.nonce),
      pool = list_of(network.pools[name], function(tx) return crypto.hex(tx.bytes) end) }
  end
  return json.encode({ version = VERSION, round = tostring(network.round),
    blocks = tostring(network.blocks), flight_number = tostring(network.flight_number),
    random = tostring(network.random.state), hosts = hosts,
    flights = list_of(network.flights, write_flight) }, { indent = true })
end

local function is_empty(path)
  local listing <close> = assert(io.popen("ls -A -- " .. quoted(path) .. " 2>/dev/null"))
  return listing:read "a" == ""
end

function keeping.save(network, path)
  if not is_empty(path) then
    return nil, ("%s: the folder is not empty"):format(path), "invalid_input"
  end
  local made, why, fault = keeping.make_folder(path)
  if not made then return nil, why, fault end
  for _, name in ipairs(network.names) do
    local saved, message, code = snapshot.save(network.hosts[name], path .. "/" .. name)
    if not saved then return nil, ("host %s: %s"):format(name, message), code end
  end
  local file, message = io.open(path .. FILE, "w")
  if not file then return nil, message, "store_io" end
  local written <close> = file
  if not written:write(state_text(network), "\n") then
    return nil, path .. FILE .. ": cannot be written", "store_io"
  end
  return true
end

local malformed = {}

local function refuse(format, ...)
  error(setmetatable({ text = format:format(...) }, malformed), 0)
end

local function integer(value, what)
  local number = type(value) == "string" and value:find "^-?%d+$" and math.tointeger(value)
  if not number then refuse("%s: no integer as text", what) end
  return number
end

local function bytes(value, what)
  local read = type(value) == "string" and crypto.unhex(value)
  if not read then refuse("%s: no hex", what) end
  return read
end

local function table_of(value, what)
  if type(value) ~= "table" then refuse("%s: no table", what) end
  return value
end

local function read_copy(copy, what)
  local record = {}
  for _, field in ipairs(RECORD_FIELDS) do
    record[field] = copy[field] and bytes(copy[field], what .. "." .. field)
  end
  return record
end

local function read_flight(network, written, what)
  table_of(written, what)
  local flight = { list = written.list, from = written.from, to = written.to }
  if flight.list ~= "incoming" and flight.list ~= "acknowledgements" then
    refuse("%s.list: incoming or acknowledgements", what)
  end
  if not network.hosts[flight.from] or not network.hosts[flight.to] then
    refuse("%s: from and to are hosts", what)
  end
  for _, field in ipairs(FLIGHT_NUMBERS) do
    local needed = field == "height" or field == "due" or field == "number"
      or flight.list == "incoming" and field ~= "newest"
      or flight.list == "acknowledgements" and field == "newest" and not written.copy
    if written[field] or needed then
      flight[field] = integer(written[field], what .. "." .. field)
    end
  end
  flight.root = written.root and bytes(written.root, what .. ".root")
  flight.copy = written.copy and read_copy(table_of(written.copy, what .. ".copy"),
    what .. ".copy")
  return flight
end

local function take_up(network, state)
  network.round, network.blocks = integer(state.round, "round"), integer(state.blocks, "blocks")
  network.flight_number = integer(state.flight_number, "flight_number")
  network.random.state = integer(state.random, "random")
  for name in pairs(table_of(state.hosts, "hosts")) do
    if not network.hosts[name] then refuse("hosts.%s: no host that was opened", name) end
  end
  for _, name in ipairs(network.names) do
    local what = "hosts." .. name
    local host = table_of(state.hosts[name], what)
    network.hosts[name].time = integer(host.time, what .. ".time")
    network.hosts[name].nonce = integer(host.nonce, what .. ".nonce")
    for index, tx in ipairs(table_of(host.pool, what .. ".pool")) do
      network.pools[name][index] = { host = name, receipts = {},
        bytes = bytes(tx, ("%s.pool[%d]"):format(what, index)) }
    end
  end
  for index, flight in ipairs(table_of(state.flights, "flights")) do
    network.flights[index] = read_flight(network, flight, ("flights[%d]"):format(index))
  end
end

-- The state in a folder, or nil, message, code.
function keeping.read(path)
  local file <close> = io.open(path .. FILE)
  if not file then return nil, ("%s: no network was saved there"):format(path), "not_found" end
  local state, _, wrong = json.decode(file:read "a")
  if type(state) ~= "table" or state.version ~= VERSION then
    return nil, ("%s%s: %s"):format(path, FILE, wrong or "another version"), "malformed"
  end
  return state
end

-- Hosts were opened with other keys than they were made with.
local function check_keys(network)
  for _, name in ipairs(network.names) do
    local genesis = network.hosts[name].genesis
    if genesis.host_key ~= network.keys[name].public_key then
      refuse("host %s: not the key it was made with; give its host_seed", name)
    end
  end
end

-- Puts a state into a network whose hosts are open.
function keeping.take_up(network, state)
  local good, wrong = pcall(function()
    network.by_chain = {}
    for _, name in ipairs(network.names) do
      network.ids[name] = network.hosts[name].genesis.virtual_chain_id
      network.by_chain[network.ids[name]] = name
    end
    check_keys(network)
    take_up(network, state)
  end)
  if good then return true end
  if getmetatable(wrong) ~= malformed then error(wrong, 0) end
  return nil, wrong.text, "malformed"
end

return keeping
