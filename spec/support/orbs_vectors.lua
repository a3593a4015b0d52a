--- Cases of the files in spec/vectors/orbs, and the hex and value forms they use.
local json = require "dkjson"

local orbs_vectors = {}

--- All cases of one file.
-- @tparam string name such as "arguments"
-- @treturn {table,...} cases, each with `name`
function orbs_vectors.cases(name)
  local file <close> = assert(io.open("spec/vectors/orbs/" .. name .. ".json", "rb"))
  local content = assert(json.decode(file:read "a"))
  assert(#content.cases > 0)
  return content.cases
end

--- The case of that name.
function orbs_vectors.case(file, name)
  for _, case in ipairs(orbs_vectors.cases(file)) do
    if case.name == name then return case end
  end
  error(("no case %s in %s.json"):format(name, file))
end

function orbs_vectors.from_hex(hex)
  return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

function orbs_vectors.to_hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function is_bytes(type_name)
  return type_name:find "^bytes" ~= nil
end

local function scalar(type_name, value)
  if type_name == "uint256" then return "0x" .. value end
  return is_bytes(type_name) and orbs_vectors.from_hex(value) or value
end

--- Arguments of a case in the form that vmhost.codec takes.
function orbs_vectors.arguments(list)
  local arguments = {}
  for index, argument in ipairs(list) do
    local element, array = argument.type:gsub("Array$", "")
    local value
    if array == 0 then
      value = scalar(element, argument.value)
    else
      value = {}
      for i, item in ipairs(argument.value) do value[i] = scalar(element, item) end
    end
    arguments[index] = { type = element .. (array == 0 and "" or "[]"), value = value }
  end
  return arguments
end

return orbs_vectors
