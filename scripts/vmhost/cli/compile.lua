-- vmhost compile FILE [-o FILE] [--optimize] [--runs N]
local arguments = require "vmhost.operator.arguments"
local compiled_file = require "vmhost.compiled_file"
local diagnosis = require "vmhost.operator.diagnosis"
local record = require "vmhost.operator.record"
local solppc = require "vmhost.solppc"

local compile = { summary = "Compile Solidity++ for the Vite VM." }

function compile.configure(parser)
  parser:argument("file", "The source.")
  parser:option("-o --output", "The JSON file to write; default the standard output.")
  parser:flag("--optimize", "Run the optimizer.")
  parser:option("--runs", "How often code will run, to the optimizer.", "200"):convert(
    arguments.integer)
end

local function show_contracts(compiled, out)
  local names = {}
  for name in pairs(compiled.contracts) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    local size = #compiled.contracts[name].runtime // 2
    out:show(record.object { { "contract", name }, { "runtime_size", size } },
      ("%-20s %6d bytes"):format(name, size))
  end
end

function compile.run(given, out)
  local compiled, message, code = solppc.compile_file(given.file, { optimize = given.optimize,
    runs = given.runs })
  if code == "invalid_input" then return diagnosis(out, message, code) end
  if not compiled then return nil, message, code end
  if not given.output then
    out:show(compiled_file.ordered(compiled), compiled_file.encode(compiled))
    return true
  end
  local written, fault, fault_code = compiled_file.write(given.output, compiled)
  if not written then return nil, fault, fault_code end
  show_contracts(compiled, out)
  return true
end

return compile
