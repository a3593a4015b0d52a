-- vmhost assemble FILE [--header FILE] [-o FILE]
local assembler = require "vmhost.assembler"
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
local diagnosis = require "vmhost.operator.diagnosis"
local file = require "vmhost.file"
local record = require "vmhost.operator.record"

local assemble = { summary = "Assemble code for the Vite VM." }

function assemble.configure(parser)
  parser:argument("file", "The assembly.")
  parser:option("--header", "A file of directives that come before it.")
  parser:option("-o --output", "The JSON file to write, as of compile.")
end

local function show(assembled, out)
  local bytecode = assembled.bytecode and record.hex(assembled.bytecode)
  out:show(record.object { { "runtime", record.hex(assembled.runtime) },
    { "bytecode", bytecode } }, crypto.hex(assembled.runtime))
end

local function write(path, assembled, name, out)
  local compiled = assembler.compiled(assembled, name)
  local written, message, code = compiled_file.write(path, compiled)
  if not written then return nil, message, code end
  out:show(record.object { { "contract", name }, { "runtime_size", #assembled.runtime } },
    ("%-20s %6d bytes"):format(name, #assembled.runtime))
  return true
end

function assemble.run(given, out)
  local text, message, code = file.read(given.file)
  if not text then return nil, message, code end
  local header
  if given.header then
    header, message, code = file.read(given.header)
    if not header then return nil, message, code end
  end
  local assembled, fault, fault_code = assembler.assemble(text, { file = given.file,
    header = header })
  if not assembled then return diagnosis(out, fault, fault_code) end
  if assembled.runtime == "" then return nil, given.file .. ": no code", "invalid_input" end
  if given.output and not assembled.bytecode then
    return nil, "a text with sections of its own is no contract to write", "invalid_input"
  end
  if given.output then
    local name = assembled.name or given.file:match "([^/.]+)[^/]*$" or "contract"
    return write(given.output, assembled, name, out)
  end
  show(assembled, out)
  return true
end

return assemble
