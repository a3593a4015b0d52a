-- The values that Vite vectors hold as JSON, and what the machine takes in their place.
local crypto = require "vmhost.crypto"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local values = {}

values.hex = crypto.hex
values.VITE = "VITE TOKEN"

-- A fault of a vector: the message alone, without a place in this program.
function values.fault(format, ...)
  error(format:format(...), 0)
end

-- Hex digits with or without 0x; spaces, which long codes have, do not count.
function values.bytes(text)
  if text == nil then return "" end
  if type(text) ~= "string" then values.fault("hex digits expected, got a %s", type(text)) end
  local bytes, why = crypto.unhex((text:gsub("%s", ""):gsub("^0x", "")))
  return bytes or values.fault("%s", why)
end

-- Hex digits of a number, of which there may be an odd count, or none.
function values.amount(text)
  if text == nil or text == "" then return word.new(0) end
  local good, amount = pcall(word.new, "0x" .. text)
  return good and amount or values.fault("hex number expected, got %s", tostring(text))
end

-- The digits of a number without leading zeros; none for 0.
function values.amount_text(amount)
  return (amount:hex():gsub("^0x", ""):gsub("^0+", ""))
end

function values.address(text)
  local address, why = vite_core.parse_address(text or "")
  return address or values.fault("%s", why)
end

function values.token(text)
  if text == nil or text == "" then return values.VITE end
  local token, why = vite_core.parse_token(text)
  return token or values.fault("%s", why)
end

values.address_text = vite_core.address_text
values.token_text = vite_core.token_text

-- Heights at which the forks of the vectors begin.
local FORKS = { { 1100, 11 }, { 1000, 10 }, { 600, 9 }, { 500, 6 }, { 400, 5 }, { 300, 4 },
  { 250, 3 }, { 200, 2 }, { 100, 1 } }

function values.fork_at(height)
  for _, fork in ipairs(FORKS) do
    if height >= fork[1] then return fork[2] end
  end
  return 0
end

-- Field names differ in the case of their letters from file to file.
function values.lower_keys(object)
  if type(object) ~= "table" then return object end
  local lowered = {}
  for key, value in pairs(object) do
    local name = type(key) == "string" and key:lower() or key
    if lowered[name] ~= nil then values.fault("field '%s' stands twice", name) end
    lowered[name] = value
  end
  return setmetatable(lowered, getmetatable(object))
end

-- A list of triggered requests with what may be left out filled in.
function values.read_requests(list)
  local requests = setmetatable({}, { __jsontype = "array" })
  for index, entry in ipairs(list or {}) do
    local request = values.lower_keys(entry)
    request.data = values.hex(values.bytes(request.data))
    request.amount = values.amount_text(values.amount(request.amount))
    request.tokenid = request.tokenid or values.token_text(values.VITE)
    requests[index] = request
  end
  return requests
end

-- Triggered requests in the same form; `expected` tells which contexts are looked at.
function values.requests(triggered, expected)
  local list = setmetatable({}, { __jsontype = "array" })
  for index, request in ipairs(triggered) do
    list[index] = {
      blocktype = request.kind,
      toaddress = values.address_text(request.to),
      amount = values.amount_text(request.amount),
      tokenid = values.token_text(request.token),
      data = values.hex(request.data),
    }
    local other = expected and expected[index]
    if other and other.executioncontext then
      list[index].executioncontext = request.kind >= 8 and values.hex(request.context or "")
        or other.executioncontext
    end
  end
  return list
end

function values.read_logs(list)
  local logs = setmetatable({}, { __jsontype = "array" })
  for index, entry in ipairs(list or {}) do
    local log = values.lower_keys(entry)
    local topics = setmetatable({}, { __jsontype = "array" })
    for number, topic in ipairs(log.topics or {}) do
      topics[number] = values.hex(values.bytes(topic))
    end
    log.topics = topics
    log.data = values.hex(values.bytes(log.data))
    logs[index] = log
  end
  return logs
end

function values.logs(logs)
  local list = setmetatable({}, { __jsontype = "array" })
  for index, log in ipairs(logs) do
    local topics = setmetatable({}, { __jsontype = "array" })
    for number, topic in ipairs(log.topics) do topics[number] = values.hex(topic) end
    list[index] = { topics = topics, data = values.hex(log.data) }
  end
  return list
end

function values.logs_hash(logs)
  local parts = {}
  for _, log in ipairs(logs) do
    parts[#parts + 1] = table.concat(log.topics)
    parts[#parts + 1] = log.data
  end
  return values.hex(crypto.blake2b(table.concat(parts)))
end

local BALANCE = "$BALANCE"

-- Storage of a vector into an account; balances stand in it under their token's text.
function values.put_storage(world, account, storage)
  for key, value in pairs(storage or {}) do
    if key:sub(1, #BALANCE) == BALANCE then
      world:set_balance(account, values.token(key:sub(#BALANCE + 1)), values.amount(value))
    else
      local bytes = #value % 2 == 1 and "" or values.bytes(value)
      world:set_storage(account, values.bytes(key), bytes)
    end
  end
end

function values.storage(world, account)
  local storage = {}
  for key, value in pairs(world:storage(account)) do
    storage[values.hex(key)] = values.hex(value)
  end
  return storage
end

return values
