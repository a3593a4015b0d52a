-- vmhost disassemble FILE [--contract NAME] [--init]
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
local disassembler = require "vmhost.disassembler"
local file = require "vmhost.file"
local record = require "vmhost.operator.record"

local disassemble = { summary = "Show code of the Vite VM as assembly." }

function disassemble.configure(parser)
  parser:argument("file", "A compiled JSON file, a file of hex digits, or 0x and digits.")
  parser:option("--contract", "Which one of the JSON file.")
  parser:flag("--init", "The init code of the JSON file, and not what it deploys.")
end

-- Addresses of libraries that are not linked show as zero.
local function bytes_of(hex, place)
  local digits = hex:gsub("%s", ""):gsub("^0x", ""):gsub("__%$%x+%$_*", ("0"):rep(42))
  local bytes, why = crypto.unhex(digits)
  if not bytes then return nil, ("%s: %s"):format(place, why), "malformed" end
  if bytes == "" then return nil, place .. ": no code", "malformed" end
  return bytes
end

-- The code, and the signatures of its methods by selector.
local function of_compiled(given)
  local compiled, message, code = compiled_file.read(given.file)
  if not compiled then return nil, message, code end
  local contract, found, fault_code = compiled_file.contract(compiled, given.contract)
  if not contract then return nil, ("%s: %s"):format(given.file, found), fault_code end
  local names = {}
  for signature, selector in pairs(contract.methodIdentifiers or {}) do
    names[selector] = signature
  end
  local part = given.init and "bytecode" or "runtime"
  if not contract[part] then return nil, ("%s: no '%s'"):format(given.file, part), "malformed" end
  local bytes, why, why_code = bytes_of(contract[part], ("%s: contract '%s'"):format(given.file,
    found))
  if not bytes then return nil, why, why_code end
  return bytes, names
end

local function code_of(given)
  if given.file:find "%.json$" then return of_compiled(given) end
  if given.contract or given.init then
    return nil, "--contract and --init are for a JSON file", "usage"
  end
  if given.file:find "^0x" then return bytes_of(given.file, "the hex digits") end
  local text, message, code = file.read(given.file)
  if not text then return nil, message, code end
  return bytes_of(text, given.file)
end

function disassemble.run(given, out)
  local code, names, failure_code = code_of(given)
  if not code then return nil, names, failure_code end
  local text = disassembler.disassemble(code, { names = names })
  out:show(record.object { { "assembly", text } }, (text:gsub("\n$", "")))
  return true
end

return disassemble
