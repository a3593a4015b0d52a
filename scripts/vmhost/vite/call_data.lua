--- Values of a script -> call data.
-- @module vmhost.vite.call_data
local abi = require "vmhost.abi"
local interface = require "vmhost.vite.interface"

local call_data = {}

local SIZE_OF_CLIENT_ADDRESS <const> = 20

--- The address that a value stands for: 21 bytes of a deployed contract, or of an account of a
-- chain, which knows the 20 that the ledger does.
-- @param value
-- @return the address, or the value itself where it is neither
function call_data.address_of(value)
  if type(value) ~= "table" or type(value.address) ~= "string" then return value end
  return #value.address == SIZE_OF_CLIENT_ADDRESS and value.address .. "\0" or value.address
end

local plain_value

-- The values of a list or tuple, whatever else its keys are: `abi` tells what is wrong with them.
local function plain_values(values, parameter_of)
  if type(values) ~= "table" then return values end
  local plain = {}
  for key, value in pairs(values) do
    local parameter = parameter_of(key)
    plain[key] = parameter and plain_value(parameter, value) or value
  end
  return plain
end

-- A value with bytes for its addresses.
function plain_value(parameter, value)
  local element = parameter.type:match "^(.*)%[%d*%]$"
  if element then
    local item = { type = element, components = parameter.components }
    return plain_values(value, function() return item end)
  end
  if parameter.type == "tuple" then
    return plain_values(value, function(key) return parameter.components[key] end)
  end
  if parameter.type == "address" then return call_data.address_of(value) end
  return value
end

--- An argument as messages name it.
-- @tparam integer index
-- @tparam table parameter
-- @treturn string such as "argument 1 (amount, uint8)"
function call_data.argument_text(index, parameter)
  return ("argument %d (%s%s)"):format(index, parameter.name ~= "" and parameter.name .. ", " or "",
    parameter.text)
end

--- Encodes arguments.
-- @tparam string what takes them, for messages, as in "Counter.add"
-- @tparam {table,...} parameters of `vmhost.vite.interface`
-- @tparam table values with their number `n`
-- @treturn[1] string
-- @return[2] nil
-- @treturn[2] string message, as in
-- "Counter.add: argument 1 (amount, uint8): uint8 out of range: 300"
function call_data.encode(what, parameters, values)
  if values.n ~= #parameters then
    return nil, ("%s takes %d argument%s %s, got %d"):format(what, #parameters,
      #parameters == 1 and "" or "s", interface.types(parameters), values.n)
  end
  local plain = {}
  for index, parameter in ipairs(parameters) do
    if values[index] == nil then
      return nil, ("%s: %s is nil"):format(what, call_data.argument_text(index, parameter))
    end
    plain[index] = plain_value(parameter, values[index])
  end
  local good, data, message = pcall(abi.encode, interface.types(parameters), plain)
  if good and data then return data end
  if good then return nil, ("%s: %s"):format(what, message) end
  local digits, wrong = tostring(data):match "^values%[(%d+)%](.*)$"
  if not digits then error(data, 0) end
  local index = math.tointeger(tonumber(digits))
  return nil, ("%s: %s%s"):format(what, call_data.argument_text(index, parameters[index]), wrong)
end

return call_data
