-- Three chains that call each other: a trip is booked at home, its rooms are in Lisbon and Porto.
-- The first trip finds rooms; for the second one Porto is sold out, and Lisbon gives its room up.
-- Run by `vmhost run examples/network.lua`. The contracts are in network/. All keys and times are
-- fixed, so it prints the same text each time.
local vmhost = require "vmhost"
local crypto, network = vmhost.crypto, vmhost.network

local TOKEN <const> = "VITE TOKEN"
local KINDS <const> = { [2] = "message", [6] = "refund", [8] = "call", [9] = "answer",
  [10] = "failure" }

local folder = arg[0]:match "^(.*)/" or "."

local function source(name) return ("%s/network/%s.lua"):format(folder, name) end

local trip_address = crypto.address_of_contract "trip"
local net <close> = assert(network.new {
  hosts = {
    home = { genesis = { issues = { { to = trip_address, token = TOKEN, amount = 1000 } } } },
    lisbon = {},
    porto = {},
  },
})

local function deploy(host, name, ...)
  local contract, message = net.hosts[host]:deploy(name, source(name), ...)
  return assert(contract, message)
end

local trip = deploy("home", "trip")
local lisbon, porto = deploy("lisbon", "hotel", 2, 80), deploy("porto", "hotel", 1, 60)

local function show_block(name, out)
  local lines = {}
  for _, receipt in ipairs(out.receipts) do
    lines[#lines + 1] = ("    run      %s%s"):format(receipt.execution_result,
      receipt.suspended and ", and it waits" or "")
  end
  for _, flight in ipairs(net.flights) do
    if flight.from == name and flight.height == out.block.height and flight.kind then
      lines[#lines + 1] = ("    sends    %s to %s"):format(KINDS[flight.kind], flight.to)
    end
  end
  if #lines > 0 then
    print(("  %s, block %d"):format(name, out.block.height))
    print(table.concat(lines, "\n"))
  end
end

-- Rounds of all hosts until nothing is left to do.
local function book(what)
  print("\n" .. what)
  local tx = net:submit("home", "alice", "trip", "book", "hotel@" .. net:chain_id "lisbon",
    "hotel@" .. net:chain_id "porto", 100)
  while #net:pending() > 0 do
    local out = assert(net:mine())
    for _, name in ipairs(net.names) do show_block(name, out[name]) end
  end
  print("  " .. net:mine_until(tx).output_argument_array[1].value)
end

local function show_amounts()
  for _, name in ipairs(net.names) do
    local owner = name == "home" and trip_address or crypto.address_of_contract "hotel"
    print(("  %-8s %s"):format(name, net.hosts[name]:balance(owner, TOKEN)))
  end
end

book "Alice books a trip"
show_amounts()
book "Alice books another one"
show_amounts()

local booked, back = trip:status()
print(("\n%d trip booked, %s came back; rooms: Lisbon %d, Porto %d"):format(booked, back,
  lisbon:free(), porto:free()))
assert(net:check_value())
