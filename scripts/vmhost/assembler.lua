--- Assembly of the Vite VM -> code.
--
-- One language, from instructions with labels up to the listings in which the await operator was
-- published. docs/assembly.md describes it.
-- @module vmhost.assembler
local crypto = require "vmhost.crypto"
local declarations = require "vmhost.assembler.declarations"
local generator = require "vmhost.assembler.generator"
local layout = require "vmhost.assembler.layout"
local options = require "vmhost.options"
local parser = require "vmhost.assembler.parser"
local source = require "vmhost.assembler.source"
local wrong_use = require "vmhost.wrong_use"

local assembler = {}

local function parameters(types)
  local list = setmetatable({}, { __jsontype = "array" })
  for index, type_name in ipairs(types) do list[index] = { name = "", type = type_name } end
  return list
end

-- In the order of the compiler: the constructor first.
local function json_abi(assembled)
  local list = setmetatable({}, { __jsontype = "array" })
  if #assembled.arguments > 0 then
    list[1] = { type = "constructor", inputs = assembled.arguments,
      stateMutability = "nonpayable" }
  end
  for _, method in ipairs(assembled.functions) do
    list[#list + 1] = { type = "function", name = method.name,
      inputs = parameters(method.inputs), outputs = parameters(method.outputs or {}),
      stateMutability = "nonpayable" }
  end
  return list
end

local function has_section(statements)
  for _, statement in ipairs(statements) do
    if statement.kind == "directive" and statement.name == "section" then return true end
  end
  return false
end

-- Labels that a source wrote.
local function named(labels)
  local list = {}
  for name, address in pairs(labels) do
    if not name:find " " then list[name] = address end
  end
  return list
end

local function assemble(header, lines)
  local statements = parser.parse(header)
  for _, statement in ipairs(parser.parse(lines)) do statements[#statements + 1] = statement end
  local declared = declarations.collect(statements)
  local runtime, labels = layout.code(generator.items(statements, declared))
  return {
    name = declared.contract,
    runtime = runtime,
    bytecode = not has_section(statements)
      and layout.code(generator.init_items(runtime, #declared.arguments)) or nil,
    labels = named(labels),
    functions = declared.functions,
    arguments = declared.arguments,
  }
end

--- Assembles a text.
-- @tparam string text
-- @tparam[opt] {file=string,header=string} given `file`: what messages call the text, default
-- "assembly"; `header`: directives that come before it
-- @treturn[1] table `runtime`, the code; `bytecode`, init code that deploys it and is followed by
-- the constructor's arguments, nil where the text has sections of its own; `labels`, the address
-- of each; `functions`, as of `abi.parse`; `arguments` of the constructor, `{ name =, type = }`;
-- `name` of the contract, where it is said
-- @return[2] nil
-- @treturn[2] string message, as in
-- "a.vasm:3:10: no label 'tag_ad'", followed by the line and a caret
-- @treturn[2] string code `malformed`
-- @raise for an unknown option, and for what is no text
function assembler.assemble(text, given)
  given = options.check("assembler.assemble", given, { "file", "header" })
  local file, header = given.file or "assembly", given.header or ""
  wrong_use.check("assembler.assemble: text", text, "string")
  wrong_use.check("assembler.assemble: file", file, "string")
  wrong_use.check("assembler.assemble: header", header, "string")
  return source.run(assemble, source.lines(header, "header of " .. file),
    source.lines(text, file))
end

--- What was assembled in the form of a compiled JSON file.
-- @tparam table assembled of `assemble`, of a text without sections
-- @tparam string name of the contract
-- @treturn table as of `vmhost.solppc.compile`
function assembler.compiled(assembled, name)
  local identifiers = setmetatable({}, { __jsontype = "object" })
  for _, method in ipairs(assembled.functions) do
    identifiers[method.text] = crypto.hex(method.selector)
  end
  return { contracts = { [name] = {
    abi = json_abi(assembled),
    bytecode = crypto.hex(assembled.bytecode),
    runtime = crypto.hex(assembled.runtime),
    methodIdentifiers = identifiers,
  } } }
end

return assembler
