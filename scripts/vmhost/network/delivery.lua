-- What is under way in a network: flights. A flight is a message, or word of what was taken, that
-- one host's state holds for another one. It ends when the other one has taken it.
local codec = require "vmhost.codec"
local mailbox = require "vmhost.network.mailbox"
local wrong_use = require "vmhost.wrong_use"

local delivery = {}

local LONGEST_LATENCY <const> = 1 << 32

local function is_rounds(number)
  return math.type(number) == "integer" and number >= 0 and number <= LONGEST_LATENCY
end

-- Whether a latency is a number of rounds, or the least and the most.
function delivery.is_latency(latency)
  if type(latency) ~= "table" then return is_rounds(latency) end
  for key in pairs(latency) do
    if key ~= 1 and key ~= 2 then return false end
  end
  return is_rounds(latency[1]) and is_rounds(latency[2]) and latency[1] <= latency[2]
end

-- How many rounds a flight takes longer than it must.
local function latency(network, flight)
  local wanted = network.options.latency or 0
  if type(wanted) == "function" then
    wanted = wanted(flight)
    if not delivery.is_latency(wanted) then
      wrong_use.raise("network: latency: the function gives rounds or { least, most }, got %s",
        wrong_use.shown(wanted))
    end
  end
  if type(wanted) == "table" then
    wanted = wanted[1] + network.random:below(wanted[2] - wanted[1] + 1) - 1
  end
  return wanted
end

local function add(network, flight)
  network.flight_number = network.flight_number + 1
  flight.number = network.flight_number
  flight.due = network.round + 1 + latency(network, flight)
  network.flights[#network.flights + 1] = flight
  return flight
end

function delivery.add_message(network, from, to, sequence, bytes, height)
  local message = assert(codec.decode("Message", bytes))
  add(network, { list = "incoming", from = from, to = to, sequence = sequence, height = height,
    kind = message.kind, root = message.root })
end

-- One such flight between two hosts is enough: it brings what was taken up to its header.
function delivery.add_acknowledgement(network, from, to, height)
  for _, flight in ipairs(network.flights) do
    if flight.list == "acknowledgements" and not flight.copy and flight.from == from
        and flight.to == to then
      flight.newest = height
      return
    end
  end
  add(network, { list = "acknowledgements", from = from, to = to, height = height,
    newest = height })
end

-- Takes up what a block wrote for others.
function delivery.note(network, name, height, state_diffs)
  for _, contract in ipairs(state_diffs) do
    for _, record in ipairs(contract.contract_name == "_Mailbox" and contract.state_diffs or {}) do
      local to_chain, sequence = mailbox.read_out_key(record.key)
      local of_chain = mailbox.read_taken_key(record.key)
      local peer = network.by_chain[to_chain or of_chain]
      if peer and to_chain and record.value ~= "" then
        delivery.add_message(network, name, peer, sequence, record.value, height)
      elseif peer and of_chain then
        delivery.add_acknowledgement(network, name, peer, height)
      end
    end
  end
end

-- Finds what is under way in the states of hosts that were opened.
function delivery.find(network)
  for _, name in ipairs(network.names) do
    local chain = network.hosts[name]
    local height = chain:height()
    for _, peer in ipairs(network:peers_of(name)) do
      local taken = mailbox.taken(network.hosts[peer.name], network:chain_id(name))
      local records = mailbox.keys(chain, "Out_" .. (">I4"):pack(peer.chain_id))
      local is_taken = false
      for _, record in ipairs(records) do
        local _, sequence = mailbox.read_out_key(record.key)
        if taken.has(sequence) then
          is_taken = true
        else
          delivery.add_message(network, name, peer.name, sequence, record.value, height)
        end
      end
      if is_taken then
        delivery.add_acknowledgement(network, peer.name, name,
          network.hosts[peer.name]:height())
      end
    end
  end
end

-- Whether the sender has a header that shows the state which the flight is of.
function delivery.has_header(network, flight)
  return flight.copy ~= nil or network.hosts[flight.from]:height() > flight.height
end

local function is_chosen(network, flight, name)
  if flight.to ~= name or not delivery.has_header(network, flight) then return false end
  if network.options.order == "hand" then return flight.is_chosen == true end
  return flight.is_chosen or flight.due <= network.round
end

-- What a function of the script made of a list: some of the flights, each once.
local function ordered_by(order, chosen)
  local given = {}
  for _, flight in ipairs(chosen) do given[flight] = true end
  local list = order(chosen)
  wrong_use.check("network: order: the list of the function", list, "table")
  for index, flight in ipairs(list) do
    if not given[flight] then
      wrong_use.raise("network: order: entry %d is no flight of the list, or stands twice", index)
    end
    given[flight] = nil
  end
  return list
end

-- The flights that would arrive at a host now, in the order in which they do.
function delivery.choose(network, name)
  local chosen, order = {}, network.options.order
  for _, flight in ipairs(network.flights) do
    if is_chosen(network, flight, name) then chosen[#chosen + 1] = flight end
  end
  if order == "seed" then return network.random:shuffle(chosen) end
  return type(order) == "function" and ordered_by(order, chosen) or chosen
end

-- The record that a flight brings.
local function record_of(network, flight, headers)
  if flight.copy then return flight.copy end
  local chain = network.hosts[flight.from]
  local own_id = network:chain_id(flight.to)
  headers[flight.from] = headers[flight.from]
    or mailbox.header(chain, network.keys[flight.from].seed)
  flight.header_height = headers[flight.from].height
  if flight.list == "incoming" then
    return mailbox.prove(chain, headers[flight.from], mailbox.out_key(own_id, flight.sequence),
      "message")
  end
  return mailbox.prove(chain, headers[flight.from], mailbox.taken_key(own_id), "taken")
end

-- Ends a flight, unless there is more to tell than its header showed.
local function land(network, flight)
  if flight.list == "acknowledgements" and not flight.copy
      and flight.newest >= flight.header_height then
    flight.height, flight.due = flight.newest, network.round + 1
  else
    flight.has_landed = true
  end
end

-- Those that have landed are no longer under way.
local function drop_landed(network)
  local left = {}
  for _, flight in ipairs(network.flights) do
    if not flight.has_landed then left[#left + 1] = flight end
  end
  network.flights = left
end

-- The same bytes once more, later: the receiver will refuse them.
local function duplicate(network, flight, record)
  add(network, { list = flight.list, from = flight.from, to = flight.to,
    sequence = flight.sequence, height = flight.height, kind = flight.kind, root = flight.root,
    copy = record })
end

-- What goes into the next set of a host, and the flights that it is of. Some is lost, and comes
-- again; some comes twice.
function delivery.load(network, name)
  local loaded = { incoming = {}, acknowledgements = {}, flights = { incoming = {},
    acknowledgements = {} } }
  local headers = {}
  for _, flight in ipairs(delivery.choose(network, name)) do
    local record = record_of(network, flight, headers)
    flight.is_chosen = nil
    if not record then
      land(network, flight) -- it was taken and acknowledged in the meantime
    elseif not flight.copy and network.random:happens(network.options.loss) then
      flight.due = network.round + 1 + latency(network, flight)
    else
      local list = loaded[flight.list]
      list[#list + 1] = record
      loaded.flights[flight.list][#list] = flight
      if not flight.copy and network.random:happens(network.options.duplication) then
        duplicate(network, flight, record)
      end
    end
  end
  drop_landed(network)
  return loaded
end

-- What became of it: what was taken is no longer under way, what was refused may come again.
function delivery.unload(network, loaded, refused)
  local reasons = { incoming = {}, acknowledgements = {} }
  for _, entry in ipairs(refused) do
    reasons[entry.list][entry.index] = entry.reason
  end
  for list, flights in pairs(loaded.flights) do
    for index = 1, #loaded[list] do
      local flight, reason = flights[index], reasons[list][index]
      flight.refused = reason
      if not reason or flight.copy then
        land(network, flight)
      else
        flight.due = network.round + 1
      end
    end
  end
  drop_landed(network)
end

return delivery
