-- vmhost deploy DIR NAME [FILE [ARGUMENT...]]
local arguments = require "vmhost.operator.arguments"
local call_data = require "vmhost.vite.call_data"
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
local diagnosis = require "vmhost.operator.diagnosis"
local file = require "vmhost.file"
local interface = require "vmhost.vite.interface"
local lua_contract = require "vmhost.lua_contract"
local sending = require "vmhost.operator.sending"

local deploy = { summary = "Deploy a contract as a service." }

local PROCESSORS = { native = 1, javascript = 2, lua = 3, vite = 4 }
local BY_EXTENSION = { js = "javascript", lua = "lua", hex = "vite", bin = "vite",
  json = "vite" }

function deploy.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("name", "Name of the service.")
  parser:argument("code", "File of its code, .lua, .hex or a compiled .json; a native contract "
    .. "has none."):args "?"
  parser:argument("arguments", "Arguments of the constructor of a compiled .json, or of `_init` of "
    .. "a .lua: they have the types of its parameters."):args "*"
  parser:option("--processor", "What runs it (default: by the file's extension)."):choices {
    "native", "javascript", "lua", "vite" }
  parser:option("--contract", "Which one of a compiled JSON file.")
  sending.configure(parser)
end

local function processor_of(given)
  if given.processor then return PROCESSORS[given.processor] end
  if not given.code then return PROCESSORS.native end
  local name = BY_EXTENSION[given.code:match "%.(%w+)$" or ""]
  if not name then
    return nil, ("no processor is known by the name of %s: give --processor"):format(given.code),
      "usage"
  end
  return PROCESSORS[name]
end

-- What the constructor is to be called with, encoded.
local function constructor_data(contract, given)
  local parameters = assert(interface.read(contract.abi or {})).constructor
  local what = given.name .. ".constructor"
  local values, message = arguments.of_parameters(what, given.arguments, parameters)
  if not values then return nil, message, "usage" end
  local data
  data, message = call_data.encode(what, parameters, values)
  if not data then return nil, message, "usage" end
  return data
end

-- The init code of a compiled JSON file, with the constructor's arguments behind it.
local function read_compiled(given)
  local path = given.code
  local compiled, message, code = compiled_file.read(path)
  if not compiled then return nil, message, code end
  local contract, fault, fault_code = compiled_file.contract(compiled, given.contract)
  if not contract then return nil, ("%s: %s"):format(path, fault), fault_code end
  local data, wrong, wrong_code = constructor_data(contract, given)
  if not data then return nil, wrong, wrong_code end
  if not contract.bytecode then return nil, path .. ": no 'bytecode'", "malformed" end
  local bytes, why = crypto.unhex((contract.bytecode:gsub("^0x", "")))
  if not bytes then
    return nil, ("%s: no code, or its libraries are not linked: %s"):format(path, why), "malformed"
  end
  if bytes == "" then
    return nil, path .. ": no code: the contract is abstract, or an interface", "malformed"
  end
  return bytes .. data
end

-- A contract in Lua and what its `_init` is called with.
local function read_lua(given)
  return lua_contract.parts(given.code, function(init)
    local values, message, code = arguments.read(given.arguments, { init }, "_init")
    if not values then return nil, ("%s._init: %s"):format(given.name, message), code end
    if #values ~= #init.parameters and not init.variadic then
      return nil, ("%s._init takes %d argument%s, got %d"):format(given.name, #init.parameters,
        #init.parameters == 1 and "" or "s", #values), "usage"
    end
    return values
  end)
end

-- The parts of the code. A .hex file holds bytecode as hex digits. A native contract's code is one
-- empty part.
local function read_code(given, processor)
  local path = given.code
  local is_compiled = path and path:find "%.json$"
  if is_compiled and (given.processor or "vite") == "vite" then
    local init_code, message, failure = read_compiled(given)
    return init_code and { init_code }, message, failure
  end
  if given.contract then return nil, "--contract is for a compiled JSON file", "usage" end
  if processor == PROCESSORS.lua and path then return read_lua(given) end
  if #given.arguments > 0 then
    return nil, "arguments are for a compiled JSON file and a contract in Lua", "usage"
  end
  if not path then return { "" } end
  local code, message, failure = file.read(path)
  if not code then return nil, message, failure end
  if path:find "%.hex$" then
    local bytes, why = crypto.unhex((code:gsub("%s", ""):gsub("^0x", "")))
    if not bytes then return nil, ("%s: %s"):format(path, why), "malformed" end
    code = bytes
  end
  if code == "" then return nil, path .. ": no code", "malformed" end
  return { code }
end

function deploy.run(given, out)
  local processor, message, code = processor_of(given)
  if not processor then return nil, message, code end
  local parts, why, why_code = read_code(given, processor)
  if not parts and why_code == "invalid_input" then return diagnosis(out, why, why_code) end
  if not parts then return nil, why, why_code end
  local key, no_key, no_key_code = sending.key(given)
  if not key then return nil, no_key, no_key_code end

  local words = { { string = given.name }, { uint32 = processor } }
  for _, part in ipairs(parts) do words[#words + 1] = { bytes = part } end
  return sending.commit(given, out, function(chain, timestamp)
    return { chain:sign({
      key = key,
      contract_name = "_Deployments",
      method_name = "deployService",
      arguments = words,
    }, timestamp) }
  end)
end

return deploy
