-- vmhost deploy DIR NAME [FILE]
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
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

-- The init code of a compiled JSON file. What it needs besides is given by a script.
local function read_compiled(path, name)
  local compiled, message, code = compiled_file.read(path)
  if not compiled then return nil, message, code end
  local contract, fault, fault_code = compiled_file.contract(compiled, name)
  if not contract then return nil, ("%s: %s"):format(path, fault), fault_code end
  for _, entry in ipairs(contract.abi or {}) do
    if entry.type == "constructor" and entry.inputs and #entry.inputs > 0 then
      return nil, ("%s: its constructor takes arguments: deploy it by a script, with vmhost.vite")
        :format(path), "usage"
    end
  end
  if not contract.bytecode then return nil, path .. ": no 'bytecode'", "malformed" end
  local bytes, why = crypto.unhex((contract.bytecode:gsub("^0x", "")))
  if not bytes then
    return nil, ("%s: no code, or its libraries are not linked: %s"):format(path, why), "malformed"
  end
  return bytes
end

-- A .hex file holds bytecode as hex digits. A native contract's code is one empty part.
local function read_code(path, name)
  if not path then return "" end
  if path:find "%.json$" then return read_compiled(path, name) end
  local file <close> = io.open(path, "rb")
  local code = file and file:read "a"
  if not code then return nil, "cannot read " .. path, "not_found" end
  if not path:find "%.hex$" then return code end
  local bytes, why = crypto.unhex((code:gsub("%s", ""):gsub("^0x", "")))
  if not bytes then return nil, ("%s: %s"):format(path, why), "malformed" end
  return bytes
end

function deploy.run(given, out)
  local processor, message, code = processor_of(given)
  if not processor then return nil, message, code end
  local content, why, why_code = read_code(given.code, given.contract)
  if not content then return nil, why, why_code end
  local key, no_key, no_key_code = sending.key(given)
  if not key then return nil, no_key, no_key_code end

  return sending.commit(given, out, function(chain, timestamp)
    return { chain:sign({
      key = key,
      contract_name = "_Deployments",
      method_name = "deployService",
      arguments = { { string = given.name }, { uint32 = processor }, { bytes = content } },
    }, timestamp) }
  end)
end

return deploy
