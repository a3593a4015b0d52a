--- The compiled contracts and scenarios of spec/vectors/vite/compiled, or of $VMHOST_VECTORS, and
-- the textual forms of their values.
local conformance = require "vmhost.conformance"
local json = require "dkjson"
local lfs = require "lfs"

local compiled_contracts = {}

local function folder()
  return assert(conformance.default_folder "vite", "no vectors: set VMHOST_VECTORS")
end

function compiled_contracts.read(name)
  local file <close> = assert(io.open(folder() .. "/" .. name, "rb"))
  return assert(json.decode(file:read "a"))
end

--- All scenarios, in the order of their file names.
function compiled_contracts.all()
  local names, list = {}, {}
  for name in lfs.dir(folder() .. "/compiled") do
    if name:find "%.json$" then names[#names + 1] = name end
  end
  table.sort(names)
  for index, name in ipairs(names) do
    list[index] = compiled_contracts.read("compiled/" .. name)
  end
  assert(#list > 0)
  return list
end

function compiled_contracts.from_hex(hex)
  return (hex:gsub("%x%x", function(digits) return string.char(tonumber(digits, 16)) end))
end

function compiled_contracts.to_hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

--- Bytecode as bytes; the addresses of libraries are zero.
function compiled_contracts.code(hex)
  return compiled_contracts.from_hex((hex:gsub("__%$%x+%$_*", ("0"):rep(42))))
end

-- Any 21 bytes do for the address of a contract or user, as long as they are its own.
local function address(name)
  return (name .. ("."):rep(20)):sub(1, 20) .. (name:find "^@" and "\0" or "\1")
end

--- Hex text in which `{$x}` and `{@y}` stand for addresses.
function compiled_contracts.bytes(hex)
  return compiled_contracts.from_hex((hex:gsub("{(.-)}", function(name)
    return ("00"):rep(11) .. compiled_contracts.to_hex(address(name))
  end)))
end

--- A value as a scenario writes it.
function compiled_contracts.value(type_name, text)
  if type_name == "bool" or type_name == "string" then return text end
  if type_name == "address" then return address(text) end
  if type_name == "tokenId" then
    return compiled_contracts.from_hex(text:match "^tti_(%x+)%x%x%x%x$")
  end
  if type_name:find "^bytes" then return compiled_contracts.from_hex((text:gsub("^0x", ""))) end
  return text
end

--- The types of the parameters of an entry of the ABI, or of its results.
function compiled_contracts.types(parameters)
  local types = {}
  for index, parameter in ipairs(parameters or {}) do types[index] = parameter.type end
  return types
end

return compiled_contracts
