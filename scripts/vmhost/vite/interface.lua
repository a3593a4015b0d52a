--- The interface of a contract, read from its ABI: a list of entries as the compiler gives it.
--
-- An interface has `constructor`, the parameters of it; `methods`, lists by name; `signatures`,
-- methods by signature; `events` by topic. A method is `{ name =, signature =, inputs =,
-- outputs = }` with `outputs` as `abi.decode` takes types. A parameter is `{ name =, type =,
-- components =, indexed =, text = }`, where the text of a `tuple[2]` is `(uint256,bool)[2]`.
-- @module vmhost.vite.interface
local abi = require "vmhost.abi"

local interface = {}

local function joined(parameters)
  local texts = {}
  for index, parameter in ipairs(parameters) do texts[index] = parameter.text end
  return "(" .. table.concat(texts, ",") .. ")"
end

--- The types of parameters as `abi.encode` takes them.
-- @tparam {table,...} parameters
-- @treturn string such as "(uint256,bool)"
interface.types = joined

-- A table whose keys are 1 to its length.
local function is_list(value)
  if type(value) ~= "table" then return false end
  local count = 0
  for _ in pairs(value) do count = count + 1 end
  return count == #value
end

local function is_type(text)
  local good, parsed = pcall(abi.parse, "f(" .. text .. ")")
  return good and parsed.inputs[1] == text
end

-- The public methods of a library may take its own types, which call data cannot hold: an enum
-- `Lib.Kind`, a contract `Token`. Types of call data are small letters and digits.
local function is_library_type(text)
  return text:find "^[%a_$][%w_.$]*[%[%]%d]*$" ~= nil and text:find "[%u_.$]" ~= nil
end

local read_parameters

-- As deep as vmhost.abi reads types; a table of Lua may also hold itself.
local MAX_DEPTH <const> = 16

-- A parameter, or nil, what is wrong with it, and whether that is a type of libraries.
local function read_parameter(given, depth)
  if type(given) ~= "table" then return nil, ": object expected, got " .. type(given) end
  local parameter = { name = given.name or "", type = given.type, text = given.type,
    indexed = given.indexed }
  for _, field in ipairs { "name", "type" } do
    if type(parameter[field]) ~= "string" then
      return nil, (".%s: string expected, got %s"):format(field, type(parameter[field]))
    end
  end
  local dimensions = given.type:match "^tuple([%[%]%d]*)$"
  if dimensions then
    if depth == MAX_DEPTH then return nil, (": tuples nested more than %d deep"):format(depth) end
    local components, message, is_library = read_parameters("components", given.components,
      depth + 1)
    if not components then return nil, "." .. message, is_library end
    parameter.components, parameter.text = components, joined(components) .. dimensions
  end
  if is_type(parameter.text) then return parameter end
  return nil, (": no such type '%s'"):format(parameter.text), is_library_type(given.type)
end

function read_parameters(field, list, depth)
  if not is_list(list) then
    return nil, ("%s: list expected, got %s"):format(field, type(list))
  end
  local parameters = {}
  for index, given in ipairs(list) do
    local parameter, message, is_library = read_parameter(given, depth or 0)
    if not parameter then return nil, ("%s[%d]%s"):format(field, index, message), is_library end
    parameters[index] = parameter
  end
  return parameters
end

local function add_method(read, method)
  local same_name = read.methods[method.name] or {}
  read.methods[method.name] = same_name
  same_name[#same_name + 1] = method
end

-- Each reads one kind of entry into `read`; gives true, or nil and what is wrong.

local function read_function(read, entry)
  local inputs, outputs, message, is_library
  inputs, message, is_library = read_parameters("inputs", entry.inputs or {})
  if inputs then
    outputs, message, is_library = read_parameters("outputs", entry.outputs or {})
  end
  if is_library then
    add_method(read, { name = entry.name, refusal = message .. " outside of libraries" })
    return true
  end
  if not (inputs and outputs) then return nil, message end
  local method = { name = entry.name, inputs = inputs, outputs = joined(outputs),
    signature = entry.name .. joined(inputs) }
  if read.signatures[method.signature] then return nil, "there is one before it" end
  add_method(read, method)
  read.signatures[method.signature] = method
  return true
end

local function read_event(read, entry)
  local inputs, message = read_parameters("inputs", entry.inputs or {})
  if not inputs then return nil, message end
  if not entry.anonymous then
    local topic = abi.topic(entry.name .. joined(inputs))
    read.events[topic] = { name = entry.name, inputs = inputs }
  end
  return true
end

local function read_constructor(read, entry)
  local inputs, message = read_parameters("inputs", entry.inputs or {})
  if not inputs then return nil, message end
  if read.constructor then return nil, "there is one before it" end
  read.constructor = inputs
  return true
end

local function read_nothing() return true end

local READ <const> = { constructor = read_constructor, event = read_event,
  ["function"] = read_function, callback = read_nothing, error = read_nothing,
  fallback = read_nothing, offchain = read_nothing, receive = read_nothing,
  variable = read_nothing }

local NAMED <const> = { event = true, ["function"] = true }

local function read_entry(read, entry)
  if type(entry) ~= "table" then return nil, ": object expected, got " .. type(entry) end
  local kind = entry.type or "function"
  if not READ[kind] then return nil, (": no such kind of entry '%s'"):format(tostring(kind)) end
  local name = NAMED[kind] and entry.name or kind
  if NAMED[kind] and not (type(entry.name) == "string" and pcall(abi.parse, entry.name .. "()"))
  then
    return nil, (" (%s): no name: %s"):format(kind, tostring(entry.name))
  end
  local good, message = READ[kind](read, entry)
  if good then return true end
  return nil, (" (%s): %s"):format(name, message)
end

--- Reads an ABI.
-- @tparam table entries
-- @treturn[1] table the interface
-- @return[2] nil
-- @treturn[2] string message that names the entry, as in
-- "abi[2] (add): inputs[1]: no such type 'uint'"
function interface.read(entries)
  if not is_list(entries) then return nil, "abi: list expected, got " .. type(entries) end
  local read = { methods = {}, signatures = {}, events = {} }
  for index, entry in ipairs(entries) do
    local good, message = read_entry(read, entry)
    if not good then return nil, ("abi[%d]%s"):format(index, message) end
  end
  read.constructor = read.constructor or {}
  return read
end

return interface
