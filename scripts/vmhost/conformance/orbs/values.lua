-- The values that vectors hold as JSON, and what the host takes in their place.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local values = {}

values.hex = crypto.hex

-- A fault of a vector: the message alone, without a place in this program.
function values.fault(format, ...)
  error(format:format(...), 0)
end

function values.bytes(text)
  if type(text) ~= "string" then values.fault("hex digits expected, got a %s", type(text)) end
  local bytes, why = crypto.unhex(text)
  return bytes or values.fault("%s", why)
end

-- A list of hex texts as bytes.
function values.bytes_list(texts)
  local list = {}
  for index, text in ipairs(texts) do list[index] = values.bytes(text) end
  return list
end

function values.hex_list(list)
  local texts = {}
  for index, bytes in ipairs(list) do texts[index] = values.hex(bytes) end
  return texts
end

-- An integer written as a JSON number or as decimal text, up to 2^64 - 1.
function values.integer(value)
  local number = math.tointeger(value)
  if type(value) == "string" and value:find "^%d+$" then
    local good, exact = pcall(word.new, value)
    if good and exact:bits() <= 64 then
      number = string.unpack(">i8", exact:to_bytes(), 25)
    end
  end
  return number or values.fault("integer expected, got %s", tostring(value))
end

function values.check_keys(object, known, what)
  if type(object) ~= "table" then values.fault("%s: object expected", what) end
  for key in pairs(object) do
    if not (" " .. known .. " "):find(" " .. tostring(key) .. " ", 1, true) then
      values.fault("%s: unknown field '%s'", what, tostring(key))
    end
  end
end

-- Types are named as here (uint32[]), as in the clients (uint32Array, uint32_array) or as in Go
-- ([]uint32).
function values.type_of(name)
  return (name:gsub("_?[Aa]rray$", "[]"):gsub("^(%[%])(.*)$", "%2%1"))
end

local function word_of(text)
  return #text == 64 and word.from_bytes(values.bytes(text)) or word.new(text)
end

local FROM_JSON = {
  uint32 = values.integer,
  uint64 = values.integer,
  string = function(text) return text end,
  bytes = values.bytes,
  bool = function(value)
    if type(value) == "boolean" then return value end
    return tostring(value) == "1"
  end,
  uint256 = word_of,
  bytes20 = values.bytes,
  bytes32 = values.bytes,
}

local function from_json(type_name, value)
  local element = type_name:match "^(.*)%[%]$"
  local read = FROM_JSON[element or type_name]
  if not read then values.fault("unknown type '%s'", type_name) end
  if not element then return read(value) end
  local list = {}
  for index, entry in ipairs(value) do list[index] = read(entry) end
  return list
end

function values.argument(type_name, value)
  type_name = values.type_of(type_name)
  return { type = type_name, value = from_json(type_name, value) }
end

-- A list of { type =, value = } as the host takes it.
function values.arguments(entries)
  local list = {}
  for index, entry in ipairs(entries) do
    values.check_keys(entry, "type value", "argument")
    list[index] = values.argument(entry.type, entry.value)
  end
  return list
end

-- What the codec gives for a packed array is a list, unless it would not give the same bytes again.
function values.packed_arguments(list)
  return type(list) == "string" and list or codec.pack_arguments(list)
end

function values.packed_events(list)
  return type(list) == "string" and list or codec.pack_events(list)
end

local MEMBER = {
  bytes = values.bytes,
  string = function(text) return text end,
  arguments = values.bytes,
  events = values.bytes,
  uint32 = values.integer,
  uint64 = values.integer,
  enum = function(value) return value end,
}

-- The fields of a message from those of a vector, whose names may end in _hex.
function values.message_fields(message, input)
  local types = {}
  for _, field in ipairs(codec.fields(message)) do types[field.name] = field.type end
  local fields = {}
  for key, value in pairs(input) do
    local name = key:gsub("_hex$", "")
    local read = MEMBER[types[name]]
    if not read then values.fault("unknown field '%s' of %s", key, message) end
    fields[name] = read(value)
  end
  return fields
end

-- Bytes that the host has read and written again; a fault where it refuses them.
function values.round_trip(message, bytes)
  if bytes == "" then return bytes end
  local fields, why = codec.decode(message, bytes, { canonical = true })
  if not fields then values.fault("%s", why) end
  return codec.encode(message, fields)
end

-- Encodes, and shows that the bytes read as what was written.
function values.encode(message, fields)
  local bytes = codec.encode(message, fields)
  if values.round_trip(message, bytes) ~= bytes then
    values.fault("%s is not the same when it is read and written again", message)
  end
  return bytes
end

local SECOND = 1000000000

-- Nanoseconds as ISO 8601 with milliseconds, as JavaScript prints them.
function values.iso_time(nanoseconds)
  local seconds = (nanoseconds >> 1) // (SECOND // 2)
  local rest = nanoseconds - seconds * SECOND
  return os.date("!%Y-%m-%dT%H:%M:%S", seconds) .. (".%03dZ"):format(rest // 1000000)
end

-- Days since 1970-01-01 of a date of the Gregorian calendar; the year begins in March.
local function days_of(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  local era = year // 400
  local year_of_era = year - era * 400
  local day_of_year = (153 * (month - 3) + 2) // 5 + day - 1
  return era * 146097 + year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    - 719468
end

function values.nanoseconds(iso_time)
  local year, month, day, hour, minute, second, millisecond =
    tostring(iso_time):match "^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)%.(%d%d%d)Z$"
  if not year then values.fault("time expected, got '%s'", tostring(iso_time)) end
  local seconds = days_of(math.tointeger(year), math.tointeger(month), math.tointeger(day)) * 86400
    + hour * 3600 + minute * 60 + second
  return math.tointeger(seconds) * SECOND + math.tointeger(millisecond) * 1000000
end

local BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

function values.base64(text)
  local digits = text:gsub("=*$", "")
  local bits, count, bytes = 0, 0, {}
  for digit in digits:gmatch "." do
    local value = BASE64:find(digit, 1, true)
    if not value then values.fault("not base64: %s", text) end
    bits, count = bits << 6 | value - 1, count + 6
    if count >= 8 then
      count = count - 8
      bytes[#bytes + 1] = string.char(bits >> count & 255)
      bits = bits & (1 << count) - 1
    end
  end
  if bits ~= 0 or count >= 6 then values.fault("not base64: %s", text) end
  return table.concat(bytes)
end

return values
