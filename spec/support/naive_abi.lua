--- Call data of the Vite VM, encoded the slow and obvious way: heads and tails as strings.
-- Also makes random types and values. Shares nothing with vmhost.abi but the form of the values.
--
-- A type is a table: `{ kind = "uint", bits = 8 }`, `int`; `bool`; `left` and `right` with `size`
-- (fixed bytes, by side); `bytes`; `list` with `item`; `array` with `item` and `count`; `tuple`
-- with its members as items. `text` is its name.
local word = require "vmhost.word"

local naive_abi = {}

local ZERO = "\0"

local function is_dynamic(type)
  if type.kind == "array" then return is_dynamic(type.item) end
  if type.kind == "tuple" then
    for _, member in ipairs(type) do
      if is_dynamic(member) then return true end
    end
  end
  return type.kind == "bytes" or type.kind == "list"
end

local function number_bytes(value, is_signed)
  if math.type(value) ~= "integer" then return value:to_bytes() end
  local fill = is_signed and value < 0 and "\xff" or ZERO
  return fill:rep(24) .. (">i8"):pack(value)
end

local function member_types(type, count)
  if type.kind == "tuple" then return type end
  local types = {}
  for index = 1, count do types[index] = type.item end
  return types
end

local encode_members

local function encode(type, value)
  local kind = type.kind
  if kind == "uint" or kind == "int" then return number_bytes(value, kind == "int") end
  if kind == "bool" then return ZERO:rep(31) .. (value and "\1" or ZERO) end
  if kind == "left" then return value .. ZERO:rep(32 - #value) end
  if kind == "right" then return ZERO:rep(32 - #value) .. value end
  if kind == "bytes" then return number_bytes(#value) .. value .. ZERO:rep(-#value % 32) end
  local members = encode_members(member_types(type, #value), value)
  return kind == "list" and number_bytes(#value) .. members or members
end

function encode_members(types, values)
  local encoded, head_size = {}, 0
  for index, type in ipairs(types) do
    encoded[index] = encode(type, values[index])
    head_size = head_size + (is_dynamic(type) and 32 or #encoded[index])
  end
  local heads, tails = "", ""
  for index, type in ipairs(types) do
    if is_dynamic(type) then
      heads = heads .. number_bytes(head_size + #tails)
      tails = tails .. encoded[index]
    else
      heads = heads .. encoded[index]
    end
  end
  return heads .. tails
end

--- Encodes one value for each member of a tuple.
naive_abi.encode = encode_members

local function tuple_text(types)
  local texts = {}
  for index, type in ipairs(types) do texts[index] = type.text end
  return "(" .. table.concat(texts, ",") .. ")"
end

local FIXED_RIGHT = { address = 21, tokenId = 10, gid = 10 }
local FIXED_RIGHT_NAMES = { "address", "tokenId", "gid" }

local LEAVES = {
  function(random)
    local bits = 8 * random(32)
    return { kind = "uint", bits = bits, text = "uint" .. bits }
  end,
  function(random)
    local bits = 8 * random(32)
    return { kind = "int", bits = bits, text = "int" .. bits }
  end,
  function() return { kind = "bool", text = "bool" } end,
  function(random)
    local size = random(32)
    return { kind = "left", size = size, text = "bytes" .. size }
  end,
  function() return { kind = "left", size = 25, text = "function" } end,
  function(random)
    local name = FIXED_RIGHT_NAMES[random(3)]
    return { kind = "right", size = FIXED_RIGHT[name], text = name }
  end,
  function() return { kind = "bytes", text = "bytes" } end,
  function() return { kind = "bytes", text = "string" } end,
}

local function random_type(random, depth)
  local choice = depth == 0 and 1 or random(6)
  if choice == 4 then
    local item = random_type(random, depth - 1)
    return { kind = "list", item = item, text = item.text .. "[]" }
  elseif choice == 5 then
    local item, count = random_type(random, depth - 1), random(3)
    return { kind = "array", item = item, count = count,
      text = ("%s[%d]"):format(item.text, count) }
  elseif choice == 6 then
    return naive_abi.random_tuple(random, depth - 1, random(3))
  end
  return LEAVES[random(#LEAVES)](random)
end

--- A tuple of random types.
-- @tparam function random
-- @tparam integer depth levels of lists, arrays and tuples inside it, at most
-- @tparam integer count members
function naive_abi.random_tuple(random, depth, count)
  local tuple = { kind = "tuple" }
  for index = 1, count do tuple[index] = random_type(random, depth) end
  tuple.text = tuple_text(tuple)
  return tuple
end

local function random_bytes(random, size)
  local bytes = {}
  for index = 1, size do bytes[index] = string.char(random(256) - 1) end
  return table.concat(bytes)
end

-- Zero, the ends of the range, and anything between, as an integer up to 64 bits and else a word.
local function random_number(random, type)
  local size = type.bits // 8
  local edges = { ZERO:rep(size), "\xff" .. ("\xff"):rep(size - 1), "\x80" .. ZERO:rep(size - 1),
    "\x7f" .. ("\xff"):rep(size - 1), random_bytes(random, size), random_bytes(random, size) }
  local bytes = edges[random(#edges)]
  local is_negative = type.kind == "int" and bytes:byte() >= 128
  local whole = (is_negative and "\xff" or ZERO):rep(32 - size) .. bytes
  if type.bits <= 64 then return ((">i8"):unpack(whole, 25)) end
  return word.from_bytes(whole)
end

--- A random value of a type.
function naive_abi.random_value(random, type)
  if type.kind == "uint" or type.kind == "int" then return random_number(random, type) end
  if type.kind == "bool" then return random(2) == 1 end
  if type.size then return random_bytes(random, type.size) end
  if type.kind == "bytes" then
    return random_bytes(random, random(5) == 1 and 32 or random(70) - 1)
  end
  local values = {}
  local types = member_types(type, type.kind == "list" and random(4) - 1 or type.count)
  for index, member in ipairs(types) do values[index] = naive_abi.random_value(random, member) end
  return values
end

return naive_abi
