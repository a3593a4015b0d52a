--- Arguments as words of a command line.
--
-- `TYPE:VALUE` names the type: `uint64:17`, `string:abc`, `bytes:0x0102`, `bool:true`,
-- `uint32[]:1,2`. A bare word takes the type of the method's parameter where that is known; else an
-- integer is a uint64, `0x...` bytes, and the rest a string.
-- @module vmhost.operator.arguments
local call_data = require "vmhost.vite.call_data"
local crypto = require "vmhost.crypto"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local arguments = {}

local function number(bits)
  return function(text)
    if text:find "^%-%d" then return nil, "a number below 0" end
    local good, value = pcall(word.new, text)
    if not good then return nil, "not a number" end
    if value:bits() > bits then return nil, ("above 2^%d - 1"):format(bits) end
    if bits > 64 then return value end
    return (string.unpack(">i8", value:to_bytes(), 25))
  end
end

local function hex(text)
  local digits = text:match "^0x(.*)$"
  if not digits then return nil, "bytes are written as 0x and hex digits" end
  return crypto.unhex(digits)
end

-- Hex digits of any case; 20 bytes are taken for an address, whose case is a checksum.
local function bytes(size)
  return function(text)
    local digits = text:match "^0x(.*)$"
    if not digits then return nil, "bytes are written as 0x and hex digits" end
    local read = #digits == 40 and crypto.parse_address or crypto.unhex
    local value, why = read(digits)
    if not value then return nil, why end
    if size and #value ~= size then
      return nil, ("%d bytes expected, got %d"):format(size, #value)
    end
    return value
  end
end

local READ = {
  uint32 = number(32),
  uint64 = number(64),
  uint256 = number(256),
  string = function(text) return text end,
  bool = function(text)
    if text ~= "true" and text ~= "false" then return nil, "true or false expected" end
    return text == "true"
  end,
  bytes = bytes(),
  bytes20 = bytes(20),
  bytes32 = bytes(32),
}

local function read_list(read_item, text)
  local list = {}
  for item in (text ~= "" and text .. "," or ""):gmatch "([^,]*)," do
    local value, why = read_item(item)
    if value == nil then return nil, ("item %d: %s"):format(#list + 1, why) end
    list[#list + 1] = value
  end
  return list
end

local function read_value(type_name, text)
  local element = type_name:match "^(.*)%[%]$"
  if not element then return READ[type_name](text) end
  return read_list(READ[element], text)
end

-- The type that a bare word has by its looks. No type holds a number below 0.
local function guess(text)
  if text:find "^%-?%d+$" then return "uint64" end
  return text:find "^0x" and "bytes" or "string"
end

local function read(text, declared)
  local type_name, value_text = text:match "^([a-z0-9]+%[?%]?):(.*)$"
  if not (type_name and READ[type_name:gsub("%[%]$", "")]) then
    type_name, value_text = declared or guess(text), text
  end
  local value, why = read_value(type_name, value_text)
  if value == nil then return nil, ("'%s' as %s: %s"):format(text, type_name, why) end
  return { type = type_name, value = value }
end

-- The parameter types of a method, or nil where nothing is known of it.
local function parameters_of(methods, name)
  for _, method in ipairs(methods or {}) do
    if method.name == name then return method end
  end
  return nil
end

--- Reads words as the arguments of a method.
-- @tparam {string,...} words
-- @tparam ?{table,...} methods what `host:describe` says of the contract
-- @tparam string method_name
-- @treturn[1] {table,...} arguments
-- @return[2] nil
-- @treturn[2] string message naming the word
-- @treturn[2] string code `usage`
function arguments.read(words, methods, method_name)
  local method = parameters_of(methods, method_name)
  local list = {}
  for index, text in ipairs(words) do
    local declared = method and method.parameters[index]
    if method and method.variadic and index >= #method.parameters then
      declared = method.parameters[#method.parameters]:gsub("%[%]$", "")
    end
    local argument, why = read(text, declared)
    if not argument then return nil, ("argument %d: %s"):format(index, why), "usage" end
    list[index] = argument
  end
  return list
end

-- Values for `vmhost.abi`, which checks ranges and sizes: by the type without its digits.

local function abi_number(text)
  if text:find "^%-?%d+$" or text:find "^%-?0x%x+$" then return text end
  return nil, "not a number"
end

-- An address of 20 bytes is that of an account.
local function abi_address(text)
  if text:find "^vite_" then return vite_core.parse_address(text) end
  local value, why = READ.bytes(text)
  if value and #value ~= 20 and #value ~= 21 then
    return nil, ("20 or 21 bytes expected, got %d"):format(#value)
  end
  return value and call_data.address_of { address = value }, why
end

local function abi_token(text)
  if text:find "^tti_" then return vite_core.parse_token(text) end
  return hex(text)
end

local READ_ABI = { uint = abi_number, int = abi_number, bool = READ.bool, string = READ.string,
  address = abi_address, tokenId = abi_token, bytes = hex, gid = hex, ["function"] = hex }

local function read_abi_value(type_name, text)
  local element = type_name:match "^(.*)%[%d*%]$"
  local read_item = READ_ABI[(element or type_name):gsub("%d+$", "")]
  if not read_item then
    return nil, "lists of lists and tuples are given by a script, with vmhost.vite"
  end
  if not element then return read_item(text) end
  return read_list(read_item, text)
end

--- Reads words as values of the parameters of a Vite contract. A word may name the type, as in
-- `uint8:5`, but only that of its parameter.
-- @tparam string what takes them, for messages
-- @tparam {string,...} words
-- @tparam {table,...} parameters of `vmhost.vite.interface`
-- @treturn[1] table values for `call_data.encode`, which checks their number
-- @return[2] nil
-- @treturn[2] string message naming the parameter and the word
function arguments.of_parameters(what, words, parameters)
  local values = { n = #words }
  for index, text in ipairs(words) do
    local parameter = parameters[index]
    if not parameter then break end
    local prefix = parameter.text .. ":"
    local bare = text:sub(1, #prefix) == prefix and text:sub(#prefix + 1) or text
    local value, why = read_abi_value(parameter.type, bare)
    if value == nil then
      return nil, ("%s: %s: '%s': %s"):format(what, call_data.argument_text(index, parameter), text,
        why)
    end
    values[index] = value
  end
  return values
end

--- Reads a key, prefix or value of the state: `0x...` is hex, the rest is itself.
-- @tparam string text
-- @treturn[1] string bytes
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `usage`
function arguments.bytes(text)
  local digits = text:match "^0x(.*)$"
  if not digits then return text end
  local value, why = crypto.unhex(digits)
  if not value then return nil, ("'%s': %s"):format(text, why), "usage" end
  return value
end

--- Reads a hash or id.
-- @tparam string text hex digits, with or without `0x`
-- @treturn ?string bytes, nil for another text
function arguments.hash(text)
  return (crypto.unhex((text:gsub("^0x", ""))))
end

--- Reads an integer of an option: a height, a time or a count, up to 2^63 - 1.
-- @tparam string text
-- @treturn[1] integer
-- @return[2] nil
-- @treturn[2] string message
function arguments.integer(text)
  local value = text:find "^%d+$" and math.tointeger(tonumber(text))
  if not value then return nil, ("'%s': not an integer from 0 to 2^63 - 1"):format(text) end
  return value
end

return arguments
