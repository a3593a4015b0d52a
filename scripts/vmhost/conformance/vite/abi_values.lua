-- Values of contract calls as scenarios write them: numbers in decimal text, bytes in hex,
-- accounts as `$contract` or `@user`, tokens as their text.
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local abi_values = {}

-- The canonical text of a type of an ABI, components in place of `tuple`.
-- @tparam table parameter of an ABI
-- @treturn string
function abi_values.type_text(parameter)
  local suffix = parameter.type:match "^tuple(.*)$"
  if not suffix then return parameter.type end
  return abi_values.types_text(parameter.components) .. suffix
end

-- The same of a list, in parentheses.
-- @tparam {table,...} parameters
-- @treturn string
function abi_values.types_text(parameters)
  local texts = {}
  for index, parameter in ipairs(parameters) do texts[index] = abi_values.type_text(parameter) end
  return "(" .. table.concat(texts, ",") .. ")"
end

-- Element type of an array, or nil.
local function element_of(parameter)
  local element = parameter.type:match "^(.*)%[%d*%]$"
  return element and { type = element, components = parameter.components }
end

local to_json

local function list_to_json(parameters, list, names)
  local out = setmetatable({}, { __jsontype = "array" })
  for index, value in ipairs(list) do
    out[index] = to_json(parameters[index] or parameters.each, value, names)
  end
  return out
end

local function integer_text(type_name, value)
  if math.type(value) == "integer" then
    if type_name:sub(1, 1) == "i" then return ("%d"):format(value) end
    return tostring(word.from_bytes(("\0"):rep(24) .. string.pack(">i8", value)))
  end
  if type_name:sub(1, 1) == "i" and value:bits() == 256 then return "-" .. tostring(-value) end
  return tostring(value)
end

function to_json(parameter, value, names)
  local element = element_of(parameter)
  local kind = parameter.type
  if element then return list_to_json({ each = element }, value, names) end
  if kind == "tuple" then return list_to_json(parameter.components, value, names) end
  if kind:find "^u?int" then return integer_text(kind, value) end
  if kind == "address" then return names:of(value) end
  if kind == "tokenId" then return vite_core.token_text(value) end
  if kind == "bool" or kind == "string" then return value end
  return values.hex(value)
end

-- Decoded values as a scenario writes them.
-- @tparam {table,...} parameters of an ABI
-- @tparam table list decoded values
-- @tparam table names with a method `of` that names an address
-- @treturn table
abi_values.to_json = list_to_json

local from_json

local function list_from_json(parameters, list, names)
  local out = {}
  for index, value in ipairs(list) do
    out[index] = from_json(parameters[index] or parameters.each, value, names)
  end
  return out
end

function from_json(parameter, value, names)
  local element = element_of(parameter)
  local kind = parameter.type
  if element then return list_from_json({ each = element }, value, names) end
  if kind == "tuple" then return list_from_json(parameter.components, value, names) end
  if kind == "address" then return names:address(value) end
  if kind == "tokenId" then return values.token(value) end
  if kind:find "^u?int" then return tostring(value) end
  if kind == "bool" then return value == true or value == "true" end
  if kind == "string" then return value end
  return values.bytes(value)
end

-- Values of a scenario as the encoder takes them.
-- @tparam {table,...} parameters of an ABI
-- @tparam table list values
-- @tparam table names with a method `address`
-- @treturn table
abi_values.from_json = list_from_json

return abi_values
