--- What the header of a listing declares: its directives.
--
--     .contract NAME                  the name in compiled JSON
--     .function NAME(types)(types)    a method of this contract
--     .external NAME(types)(types)    a method of another one
--     .constant NAME VALUE            a number
--     .argument NAME TYPE             an argument of the constructor, kept in storage
--     .storage NAME                   a state variable
--     .fallback stop | revert         what fallback() does
--     .token VALUE                    token of calls; VITE if not said
--     .amount VALUE                   amount of calls; 0 if not said
--     .section NAME                   addresses count from here
-- @module vmhost.assembler.declarations
local abi = require "vmhost.abi"
local source = require "vmhost.assembler.source"
local word = require "vmhost.word"

local Declarations = {}
Declarations.__index = Declarations

local NAME <const> = "^[%a_$][%w_$]*$"

local function check_name(token, name)
  if not name:find(NAME) then source.fault(token, "'%s' is no name", name) end
  return name
end

function Declarations:declare(token, name, symbol)
  check_name(token, name)
  if self.symbols[name] then source.fault(token, "'%s' is declared already", name) end
  self.symbols[name] = symbol
end

local function check_one_word(token, type_name)
  if type_name:find "[%[(]" or type_name == "bytes" or type_name == "string" then
    source.fault(token, "%s does not fit one word, which is all that a listing handles", type_name)
  end
end

local function parse_signature(token)
  local good, parsed = pcall(abi.parse, token.argument)
  if not good then
    source.fault(token, "%s", tostring(parsed):match "%((.*)%)$" or tostring(parsed))
  end
  for _, list in ipairs { parsed.inputs, parsed.outputs or {} } do
    for _, type_name in ipairs(list) do check_one_word(token, type_name) end
  end
  return parsed
end

local function parse_value(token, text)
  local good, value = pcall(word.new, text)
  if not good then source.fault(token, "'%s' is no number", text) end
  return value
end

local function two_words(token)
  local first, second = token.argument:match "^(%S+)%s+(.+)$"
  if not first then source.fault(token, ".%s takes a name and a value", token.text) end
  return first, second
end

local DIRECTIVES = {}

function DIRECTIVES.contract(self, token)
  self.contract = check_name(token, token.argument)
end

-- The same method may be declared as the contract's own and as another's.
local function add_method(self, token)
  local parsed = parse_signature(token)
  local known = self.methods[parsed.name]
  if known and known.text ~= parsed.text then
    source.fault(token, "'%s' is declared already, as %s", parsed.name, known.text)
  end
  self.methods[parsed.name] = parsed
  return parsed
end

DIRECTIVES["function"] = function(self, token)
  self.functions[#self.functions + 1] = add_method(self, token)
end

DIRECTIVES.external = add_method

function DIRECTIVES.constant(self, token)
  local name, text = two_words(token)
  self:declare(token, name, { kind = "constant", value = parse_value(token, text) })
end

function DIRECTIVES.argument(self, token)
  local name, type_name = two_words(token)
  if not pcall(abi.parse, "f(" .. type_name .. ")") then
    source.fault(token, "'%s' is no type", type_name)
  end
  check_one_word(token, type_name)
  self:declare(token, name, { kind = "storage", slot = #self.arguments, is_argument = true })
  self.arguments[#self.arguments + 1] = { name = name, type = type_name }
end

function DIRECTIVES.storage(self, token)
  local symbol = { kind = "storage" }
  self:declare(token, token.argument, symbol)
  self.variables[#self.variables + 1] = symbol
end

function DIRECTIVES.fallback(self, token)
  if token.argument ~= "stop" and token.argument ~= "revert" then
    source.fault(token, ".fallback is stop or revert")
  end
  self.fallback = token.argument
end

function DIRECTIVES.token(self, token)
  self.token = parse_value(token, token.argument)
end

function DIRECTIVES.amount(self, token)
  self.amount = parse_value(token, token.argument)
end

local declarations = {}

local VITE <const> = "0x5649544520544f4b454e"

--- Collects the directives among statements, `section` apart. Raises faults.
-- @tparam {table,...} statements of the parser
-- @treturn table `functions`, `methods` by name, `symbols` by name, `arguments`, `contract`,
-- `fallback`, `token` and `amount`
function declarations.collect(statements)
  local self = setmetatable({ functions = {}, methods = {}, symbols = {}, arguments = {},
    variables = {}, token = word.new(VITE), amount = word.new(0) }, Declarations)
  for _, statement in ipairs(statements) do
    if statement.kind == "directive" and statement.name ~= "section" then
      local directive = DIRECTIVES[statement.name]
      if not directive then source.fault(statement.token, "no directive '.%s'", statement.name) end
      directive(self, statement.token)
    end
  end
  -- Behind the arguments, whatever the order of the lines.
  for index, symbol in ipairs(self.variables) do symbol.slot = #self.arguments + index - 1 end
  return self
end

return declarations
