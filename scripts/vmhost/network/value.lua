-- What all hosts of a network hold of each token, and what is under way between them.
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local mailbox = require "vmhost.network.mailbox"
local word = require "vmhost.word"

local value = {}

local ADDRESS_SIZE <const>, KEY_SIZE <const> = 20, 30
local ZERO <const> = word.new(0)

local function add(sums, token, amount)
  sums[token] = (sums[token] or ZERO) + amount
end

local function add_message(sums, bytes)
  local message = assert(codec.decode("Message", bytes))
  if message.amount ~= ZERO then add(sums, message.token, message.amount) end
end

local function add_ledger(chain, held, issued)
  for _, record in ipairs(assert(chain.storage:keys "_Ledger")) do
    if #record.key == KEY_SIZE then
      add(held, record.key:sub(ADDRESS_SIZE + 1), word.from_bytes(record.value))
    elseif record.key:find "^Issued_" then
      add(issued, record.key:sub(#"Issued_" + 1), word.from_bytes(record.value))
    end
  end
end

-- What waits in the queue, and what left and was not taken.
local function add_under_way(network, name, chain, under_way)
  if mailbox.waiting(chain) > 0 then
    for _, record in ipairs(mailbox.keys(chain, "In_")) do add_message(under_way, record.value) end
  end
  for _, peer in ipairs(network:peers_of(name)) do
    if mailbox.open(chain, peer.chain_id) > 0 then
      local taken = mailbox.taken(network.hosts[peer.name], network:chain_id(name))
      for _, record in ipairs(mailbox.keys(chain, "Out_" .. (">I4"):pack(peer.chain_id))) do
        local _, sequence = mailbox.read_out_key(record.key)
        if not taken.has(sequence) then add_message(under_way, record.value) end
      end
    end
  end
end

-- Per token what is held, under way and was issued.
function value.sums(network)
  local held, under_way, issued = {}, {}, {}
  for _, name in ipairs(network.names) do
    local chain = network.hosts[name]
    add_ledger(chain, held, issued)
    add_under_way(network, name, chain, under_way)
  end
  return held, under_way, issued
end

local function all_tokens(...)
  local seen, tokens = {}, {}
  for _, sums in ipairs { ... } do
    for token in pairs(sums) do
      if not seen[token] then tokens[#tokens + 1] = token end
      seen[token] = true
    end
  end
  table.sort(tokens)
  return tokens
end

-- True, or nil and a text with the first token whose sum is wrong.
function value.check(network)
  local held, under_way, issued = value.sums(network)
  for _, token in ipairs(all_tokens(held, under_way, issued)) do
    local has, moves, had = held[token] or ZERO, under_way[token] or ZERO, issued[token] or ZERO
    if has + moves ~= had then
      return nil, ("token '%s': %s issued, but %s held and %s under way"):format(
        inspect.text(token), had, has, moves)
    end
  end
  return true
end

return value
