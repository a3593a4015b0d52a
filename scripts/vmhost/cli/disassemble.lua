-- vmhost disassemble FILE [--contract NAME] [--init]
local compiled_file = require "vmhost.compiled_file"
local disassembler = require "vmhost.disassembler"
local record = require "vmhost.operator.record"

local disassemble = { summary = "Show code of the Vite VM as assembly." }

function disassemble.configure(parser)
  parser:argument("file", "A compiled JSON file, a file of hex digits, or 0x and digits.")
  parser:option("--contract", "Which one of the JSON file.")
  parser:flag("--init", "The init code of the JSON file, and not what it deploys.")
end

-- Addresses of libraries that are not linked show as zero.
local function bytes_of(hex)
  local digits = hex:gsub("%s", ""):gsub("^0x", ""):gsub("__%$%x+%$_*", ("0"):rep(42))
  if digits:find "%X" or #digits % 2 ~= 0 then
    return nil, "the code is not hex digits, two a byte", "malformed"
  end
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function of_compiled(given)
  local compiled, message, code = compiled_file.read(given.file)
  if not compiled then return nil, message, code end
  local contract, fault, fault_code = compiled_file.contract(compiled, given.contract)
  if not contract then return nil, fault, fault_code end
  local signatures = {}
  for signature in pairs(contract.methodIdentifiers or {}) do
    signatures[#signatures + 1] = signature
  end
  local part = given.init and "bytecode" or "runtime"
  if not contract[part] then return nil, ("%s: no '%s'"):format(given.file, part), "malformed" end
  local bytes, bad, bad_code = bytes_of(contract[part])
  if not bytes then return nil, bad, bad_code end
  return bytes, signatures
end

local function code_of(given)
  if given.file:find "^0x" then return bytes_of(given.file) end
  if given.file:find "%.json$" then return of_compiled(given) end
  local file <close>, message = io.open(given.file, "rb")
  if not file then return nil, message, "not_found" end
  local text, unreadable = file:read "a"
  if not text then
    return nil, ("cannot read %s: %s"):format(given.file, unreadable), "store_io"
  end
  return bytes_of(text)
end

function disassemble.run(given, out)
  local code, signatures, failure_code = code_of(given)
  if not code then return nil, signatures, failure_code end
  local text = disassembler.disassemble(code, { signatures = signatures })
  out:show(record.object { { "assembly", text } }, (text:gsub("\n$", "")))
  return true
end

return disassemble
