--- Values as JSON for programs: bytes as hex with 0x, 64-bit numbers and larger ones as decimal
-- text, keys always in the same order.
-- @module vmhost.operator.record
local json = require "dkjson"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"

local record = {}

--- An object whose keys keep their order. Pairs without a value are left out.
-- @tparam {{string,any},...} pairs
-- @treturn table
function record.object(pairs)
  local object, order = {}, {}
  for index, pair in ipairs(pairs) do
    order[index] = pair[1]
    object[pair[1]] = pair[2]
  end
  return setmetatable(object, { __jsonorder = order, __jsontype = "object" })
end

--- A list, also when it is empty.
-- @tparam table items
-- @tparam[opt] function convert applied to each item
-- @treturn table
function record.list(items, convert)
  local list = {}
  for index, item in ipairs(items) do list[index] = convert and convert(item) or item end
  return setmetatable(list, { __jsontype = "array" })
end

--- Bytes.
-- @tparam string bytes
-- @treturn string `0x` and hex digits
function record.hex(bytes)
  return "0x" .. crypto.hex(bytes)
end

--- A 64-bit number.
-- @tparam integer number negative for the upper half
-- @treturn string
function record.uint64(number)
  if number >= 0 then return ("%d"):format(number) end
  local tenth = (number >> 1) // 5
  return ("%d%d"):format(tenth, number - tenth * 10)
end

--- A name or text, which is bytes to the host.
-- @tparam string bytes
-- @treturn string what is no UTF-8, and would make the JSON invalid, as U+FFFD
function record.text(bytes)
  if utf8.len(bytes) then return bytes end
  return (bytes:gsub("[\x80-\xff]", "\u{fffd}"))
end

local function argument_value(type_name, value)
  local element = type_name:match "^(.*)%[%]$"
  if element then
    return record.list(value, function(item) return argument_value(element, item) end)
  elseif type_name == "uint64" then
    return record.uint64(value)
  elseif type_name == "string" then
    return record.text(value)
  elseif type_name == "uint256" then
    return tostring(value)
  end
  return type(value) == "string" and record.hex(value) or value
end

--- An argument: `{ "type": ..., "value": ... }`.
-- @tparam table argument
-- @treturn table
function record.argument(argument)
  return record.object { { "type", argument.type },
    { "value", argument_value(argument.type, argument.value) } }
end

local function arguments(list)
  return type(list) == "string" and record.hex(list) or record.list(list, record.argument)
end

local function event(fields)
  return record.message("Event", fields)
end

local CONVERT = {
  bytes = record.hex,
  bytes20 = record.hex,
  bytes32 = record.hex,
  string = record.text,
  uint64 = record.uint64,
  uint256 = tostring,
  argument = record.argument,
  arguments = arguments,
  events = function(list)
    return type(list) == "string" and record.hex(list) or record.list(list, event)
  end,
}

local function field_pair(field, value)
  if value == nil then return { field.name, nil } end
  if field.type == "message" then return { field.name, record.message(field.message, value) } end
  if field.type == "messages" then
    return { field.name,
      record.list(value, function(item) return record.message(field.message, item) end) }
  end
  local convert = CONVERT[field.type]
  return { field.name, convert and convert(value) or value }
end

--- A message with its fields in their order.
-- @tparam string name message name, as of `vmhost.codec`
-- @tparam table fields
-- @treturn table
function record.message(name, fields)
  local pairs = {}
  for _, field in ipairs(codec.fields(name)) do
    for _, alternative in ipairs(field.alternatives or { field }) do
      pairs[#pairs + 1] = field_pair(alternative, fields[alternative.name])
    end
  end
  return record.object(pairs)
end

--- State diffs of a block.
-- @tparam {table,...} diffs
-- @treturn table
function record.state_diffs(diffs)
  return record.list(diffs, function(diff) return record.message("ContractStateDiff", diff) end)
end

--- Reads one JSON object or list.
-- @tparam string content
-- @treturn[1] table `null` in it is a table, so that no field and no item is lost
-- @return[2] nil
-- @treturn[2] string message
function record.decode(content)
  local good, value, after, why = pcall(json.decode, content, 1, json.null)
  if not good then return nil, "nested too deep" end
  if type(value) ~= "table" or value == json.null then return nil, why or "no JSON object" end
  if content:find("%S", after) then return nil, "more than one JSON value" end
  return value
end

--- Whether a value of `decode` is a list.
-- @param value
-- @treturn boolean
function record.is_list(value)
  local metatable = type(value) == "table" and getmetatable(value)
  return metatable and metatable.__jsontype == "array" or false
end

--- One line of JSON.
-- @tparam table object
-- @treturn string
function record.encode(object)
  return json.encode(object)
end

return record
