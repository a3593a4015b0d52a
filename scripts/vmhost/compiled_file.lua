--- Files of compiled contracts: JSON with `contracts` by name, each with `abi`, `bytecode` (init
-- code, hex), `runtime` (hex) and `methodIdentifiers`, as the compiler and the assembler write it.
-- @module vmhost.compiled_file
local file = require "vmhost.file"
local interface = require "vmhost.vite.interface"
local json = require "dkjson"

local compiled_file = {}

-- The same with the keys of each object in order, so that a file does not depend on the run.
local function ordered(value)
  if type(value) ~= "table" then return value end
  local meta = getmetatable(value)
  local is_list = meta and meta.__jsontype == "array" or not meta and #value > 0
  local copy, keys = {}, {}
  for key, item in pairs(value) do
    keys[#keys + 1] = key
    copy[key] = ordered(item)
  end
  if is_list then return setmetatable(copy, { __jsontype = "array" }) end
  table.sort(keys)
  return setmetatable(copy, { __jsontype = "object", __jsonorder = keys })
end

--- What a file holds, with the keys of every object in order.
-- @tparam table compiled as of `vmhost.solppc.compile`; `warnings` are left out
-- @treturn table
function compiled_file.ordered(compiled)
  local kept = {}
  for key, value in pairs(compiled) do
    if key ~= "warnings" then kept[key] = value end
  end
  return ordered(kept)
end

--- The text of a file.
-- @tparam table compiled
-- @treturn string
function compiled_file.encode(compiled)
  return json.encode(compiled_file.ordered(compiled), { indent = true })
end

--- Writes a file.
-- @tparam string path
-- @tparam table compiled
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `store_io`
function compiled_file.write(path, compiled)
  local opened, message = io.open(path, "wb")
  if not opened then return nil, message, "store_io" end
  local written, fault = opened:write(compiled_file.encode(compiled), "\n")
  local closed, close_fault = opened:close()
  if not (written and closed) then return nil, fault or close_fault, "store_io" end
  return true
end

local FIELDS <const> = { { "abi", "table" }, { "bytecode", "string" }, { "runtime", "string" },
  { "methodIdentifiers", "table" } }

-- What is wrong with a contract of a file, nil if nothing is.
local function misshapen(contract)
  if type(contract) ~= "table" then return "object expected, got " .. type(contract) end
  for _, field in ipairs(FIELDS) do
    local name, kind = field[1], field[2]
    if contract[name] ~= nil and type(contract[name]) ~= kind then
      return ("%s: %s expected, got %s"):format(name, kind, type(contract[name]))
    end
  end
  local _, fault = interface.read(contract.abi or {})
  return fault
end

--- Reads a file.
-- @tparam string path
-- @treturn[1] table with `contracts`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of `vmhost.file`, or `malformed`
function compiled_file.read(path)
  local text, message, code = file.read(path)
  if not text then return nil, message, code end
  local compiled, _, fault = json.decode(text)
  if type(compiled) ~= "table" or type(compiled.contracts) ~= "table" then
    return nil, ("%s: no compiled contracts%s"):format(path, fault and ": " .. fault or ""),
      "malformed"
  end
  for name, contract in pairs(compiled.contracts) do
    local bad = misshapen(contract)
    if bad then
      return nil, ("%s: contract '%s': %s"):format(path, name, bad), "malformed"
    end
  end
  return compiled
end

--- One contract of compiled ones.
-- @tparam table compiled
-- @tparam[opt] string name may be left out where there is only one
-- @treturn[1] table the contract
-- @treturn[1] string its name
-- @return[2] nil
-- @treturn[2] string message that lists the contracts
-- @treturn[2] string code `not_found`
function compiled_file.contract(compiled, name)
  local names = {}
  for each in pairs(compiled.contracts) do names[#names + 1] = each end
  table.sort(names)
  if #names == 0 then return nil, "it holds no contract", "not_found" end
  name = name or #names == 1 and names[1]
  if name and compiled.contracts[name] then return compiled.contracts[name], name end
  return nil, ("%s: %s"):format(name and ("no contract '%s' among these"):format(name)
    or "name one of the contracts", table.concat(names, ", ")), "not_found"
end

return compiled_file
