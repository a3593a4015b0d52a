--- Statements -> items of `vmhost.assembler.layout`.
--
-- Variables of a listing lie in memory, each at a place of its own from 0x40 on, so they survive
-- an await with it; below is scratch. What abi_encode gives has the word in front of its place
-- for the selector:
--
--     ... | 28 bytes, selector | word 1 | word 2 | ...
-- @module vmhost.assembler.generator
local abi = require "vmhost.abi"
local opcodes = require "vmhost.assembler.opcodes"
local source = require "vmhost.assembler.source"
local word = require "vmhost.word"

local Generator = {}
Generator.__index = Generator

local FIRST_VARIABLE <const> = 0x40
local SELECTOR_SIZE <const> = 4
local PANIC_SELECTOR <const> = word.new "0xe0f8f855" << 224
local OVERFLOW <const> = 0x11

local fault = source.fault

-- Emitting.

function Generator:emit(item)
  self.items[#self.items + 1] = item
end

function Generator:op(...)
  for _, name in ipairs { ... } do
    self:emit { bytes = string.char(opcodes.by_name[name].byte) }
  end
end

local function number_term(value)
  return { kind = "number", value = word.new(value) }
end

function Generator:push(value)
  self:emit { push = { number_term(value) } }
end

function Generator:push_label(name, token)
  self:emit { push = { { kind = "label", name = name, token = token } } }
end

-- No name of a source has a space in it.
function Generator:new_label()
  self.label_count = self.label_count + 1
  return "label " .. self.label_count
end

function Generator:destination(name)
  self:emit { label = name }
  self:op "JUMPDEST"
end

-- A piece of code behind the listing, there once if it is used.
function Generator:shared(name)
  self.used[name] = true
  return "shared " .. name
end

-- Values that are known while assembling: operands of PUSH.

local function text_word(token)
  if #token.value > 32 then fault(token, "text is longer than a word") end
  return word.from_bytes(("\0"):rep(32 - #token.value) .. token.value)
end

local function number_word(token)
  local good, value = pcall(word.new, token.text)
  if not good then fault(token, "number is above 2^256 - 1") end
  return value
end

local function check_count(call, count)
  if #call.arguments ~= count then
    fault(call.token, "%s takes %d argument%s, got %d", call.token.text, count,
      count == 1 and "" or "s", #call.arguments)
  end
end

local function hashed(call, hash)
  local argument = call.arguments[1]
  if argument.kind ~= "text" then fault(argument.token, "signature in quotes expected") end
  local good, bytes = pcall(hash, argument.token.value)
  if not good then fault(argument.token, "%s", tostring(bytes):match "%((.*)%)$") end
  return word.from_bytes(("\0"):rep(32 - #bytes) .. bytes)
end

-- A word or a term of the layout, nil for what only a run knows.
local CONSTANT_CALLS = {
  selector = function(call) return hashed(call, abi.selector) end,
  topic = function(call) return hashed(call, abi.topic) end,
  size = function(call)
    return { kind = "size", name = call.arguments[1].token.text, token = call.arguments[1].token }
  end,
  offset = function(call)
    return { kind = "offset", name = call.arguments[1].token.text, token = call.arguments[1].token }
  end,
}

function Generator:constant_call(call)
  if call.token.text == "sig_hash" then return self:sig_hash(call) end
  local known = CONSTANT_CALLS[call.token.text]
  if not known then return nil end
  check_count(call, 1)
  return known(call)
end

function Generator:sig_hash(call)
  check_count(call, 1)
  local name = call.arguments[1].token
  local method = self.declared.methods[name.text]
  if not method then
    fault(name, "no method '%s': declare it with .function or .external", name.text)
  end
  return word.from_bytes(("\0"):rep(28) .. method.selector)
end

function Generator:constant(expression)
  local kind, token = expression.kind, expression.token
  if kind == "number" then return number_word(token) end
  if kind == "text" then return text_word(token) end
  if kind == "label" then return { kind = "label", name = token.text, token = token } end
  if kind == "call" then return self:constant_call(expression) end
  local symbol = kind == "name" and self.declared.symbols[token.text]
  return symbol and symbol.kind == "constant" and symbol.value or nil
end

local function as_term(constant)
  return type(constant) == "userdata" and number_term(constant) or constant
end

-- The terms of a sum.
function Generator:terms(expression)
  if expression.kind ~= "+" and expression.kind ~= "-" then
    local constant = self:constant(expression)
    if not constant then fault(expression.token, "PUSH takes what is known before the run") end
    return { as_term(constant) }
  end
  local terms = self:terms(expression.left)
  for _, term in ipairs(self:terms(expression.right)) do
    if expression.kind == "-" then term.negative = not term.negative end
    terms[#terms + 1] = term
  end
  return terms
end

-- Variables.

function Generator:reserve(word_count)
  local at = self.next_free
  self.next_free = at + 32 * word_count
  return at
end

function Generator:check_variable_name(token)
  if self.declared.symbols[token.text] then
    fault(token, "'%s' is declared in the header and no variable", token.text)
  end
end

function Generator:word_variable(token)
  self:check_variable_name(token)
  local places = self.word_places
  places[token.text] = places[token.text] or self:reserve(1)
  self.variables[token.text] = { kind = "word", at = places[token.text] }
  return places[token.text]
end

-- A new place each time: what was encoded before may still be wanted.
function Generator:encode(call)
  local at = self:reserve(1 + #call.arguments) + 32
  for index, argument in ipairs(call.arguments) do
    self:value(argument)
    self:push(at + 32 * (index - 1))
    self:op "MSTORE"
  end
  return { kind = "data", at = at, size = 32 * #call.arguments }
end

local function is_call(expression, name)
  return expression.kind == "call" and expression.token.text == name
end

-- What abi_encode gave: a variable, or the call itself.
function Generator:data(expression)
  if is_call(expression, "abi_encode") then return self:encode(expression) end
  local variable = expression.kind == "name" and self.variables[expression.token.text]
  return variable and variable.kind == "data" and variable or nil
end

-- Values of a run: each leaves one word on the stack.

local CHECKED = {
  -- b a -> a + b, which is below b if it wrapped
  checked_add = { "DUP2", "ADD", "DUP1", "SWAP2", "GT" },
  -- b a -> a b (b > a)
  checked_sub = { "DUP2", "DUP2", "LT" },
  -- b a -> a*b, and not (a = 0 or a*b / a = b)
  checked_mul = { "DUP2", "DUP2", "MUL", "DUP1", "DUP3", "SWAP1", "DIV", "DUP4", "EQ", "DUP3",
    "ISZERO", "OR", "ISZERO" },
}

local CHECKED_END = {
  checked_add = {},
  checked_sub = { "SUB" },
  checked_mul = { "SWAP2", "POP", "POP" },
}

function Generator:checked(call)
  local name = call.token.text
  check_count(call, 2)
  self:value(call.arguments[2])
  self:value(call.arguments[1])
  self:op(table.unpack(CHECKED[name]))
  self:push_label(self:shared "overflow")
  self:op "JUMPI"
  self:op(table.unpack(CHECKED_END[name]))
end

-- The bytes from an offset on, as a number.
function Generator:calldata(call)
  check_count(call, 2)
  local offset, size = self:constant(call.arguments[1]), self:constant(call.arguments[2])
  if type(size) ~= "userdata" or size < 1 or size > 32 then
    fault(call.arguments[2].token, "calldata takes 1 to 32 bytes")
  end
  if type(offset) ~= "userdata" then fault(call.arguments[1].token, "offset is a number") end
  self:push(offset)
  self:op "CALLDATALOAD"
  if size < 32 then
    self:push(word.new(256) - size * 8)
    self:op "SHR"
  end
end

-- Any instruction that leaves at most one word, written as a call: its operands, top first.
local function callable(name)
  local opcode = name == name:lower() and opcodes.by_name[name:upper()]
  local is_plain = opcode and opcode.push_size == 0 and opcode.pushes <= 1
    and not opcode.name:find "^JUMP" and not opcode.name:find "^DUP"
  return is_plain and opcode or nil
end

function Generator:instruction_call(call, opcode)
  check_count(call, opcode.pops)
  for index = #call.arguments, 1, -1 do self:value(call.arguments[index]) end
  self:op(opcode.name)
end

function Generator:call_value(call)
  local name = call.token.text
  local constant = self:constant_call(call)
  if constant then return self:emit { push = { as_term(constant) } } end
  if CHECKED[name] then return self:checked(call) end
  if name == "calldata" then return self:calldata(call) end
  if name == "abi_encode" or name == "abi_decode" then
    fault(call.token, "%s is assigned to a variable", name)
  end
  local opcode = callable(name)
  if not opcode or opcode.pushes == 0 then fault(call.token, "'%s' gives no value", name) end
  self:instruction_call(call, opcode)
end

function Generator:name_value(token)
  local symbol = self.declared.symbols[token.text]
  if symbol and symbol.kind == "constant" then return self:push(symbol.value) end
  if symbol then
    self:push(symbol.slot)
    return self:op "SLOAD"
  end
  local variable = self.variables[token.text]
  if not variable then fault(token, "'%s' is neither declared nor assigned", token.text) end
  if variable.kind ~= "word" then
    fault(token, "'%s' is encoded data and no single value", token.text)
  end
  self:push(variable.at)
  self:op "MLOAD"
end

local OPERATORS <const> = { ["<"] = "LT", [">"] = "GT", ["+"] = "ADD", ["-"] = "SUB" }

function Generator:operation(expression)
  if expression.kind == "==" or expression.kind == "!=" then
    self:value(expression.left)
    self:value(expression.right)
    self:op "EQ"
    if expression.kind == "!=" then self:op "ISZERO" end
  else
    self:value(expression.right)
    self:value(expression.left)
    self:op(OPERATORS[expression.kind])
  end
end

function Generator:value(expression)
  if expression.kind == "name" then
    self:name_value(expression.token)
  elseif expression.kind == "call" then
    self:call_value(expression)
  elseif expression.left then
    self:operation(expression)
  else
    self:emit { push = { as_term(self:constant(expression)) }, token = expression.token }
  end
end

-- Decoding: one word for each target.

function Generator:check_size(size, instruction)
  self:push(size)
  self:op(instruction, "LT")
  self:push_label(self:shared "malformed")
  self:op "JUMPI"
end

function Generator:decode_calldata(targets)
  self:check_size(SELECTOR_SIZE + 32 * #targets, "CALLDATASIZE")
  for index, target in ipairs(targets) do
    self:push(SELECTOR_SIZE + 32 * (index - 1))
    self:op "CALLDATALOAD"
    self:push(self:word_variable(target))
    self:op "MSTORE"
  end
end

function Generator:decode_returndata(targets)
  self:check_size(32 * #targets, "RETURNDATASIZE")
  for index, target in ipairs(targets) do
    self:push(32)
    self:push(32 * (index - 1))
    self:push(self:word_variable(target))
    self:op "RETURNDATACOPY"
  end
end

function Generator:decode(targets, call)
  check_count(call, 1)
  local origin = call.arguments[1].token
  if origin.text == "calldata" then
    self:decode_calldata(targets)
  elseif origin.text == "returndata" then
    self:decode_returndata(targets)
  else
    fault(origin, "abi_decode reads calldata or returndata")
  end
end

-- Statements.

function Generator:assign(statement)
  local targets, value = statement.targets, statement.value
  if is_call(value, "abi_decode") then return self:decode(targets, value) end
  if #targets > 1 then fault(targets[2], "only abi_decode gives several values") end
  local target = targets[1]
  self:check_variable_name(target)
  local data = self:data(value)
  if data then
    self.variables[target.text] = data
    return
  end
  self:value(value)
  self:push(self:word_variable(target))
  self:op "MSTORE"
end

function Generator:store(statement)
  local target = statement.target
  local symbol = self.declared.symbols[target.text]
  if not symbol or symbol.kind ~= "storage" then
    fault(target, "'%s' is no state variable: declare it with .storage, or assign with ':='",
      target.text)
  end
  self:value(statement.value)
  self:push(symbol.slot)
  self:op "SSTORE"
end

-- RETURN or REVERT of nothing, of encoded data, or of one word.
function Generator:finish(name, arguments)
  if #arguments == 0 then
    self:push(0)
    return self:op("DUP1", name)
  end
  local data = self:data(arguments[1])
  if not data then
    self:value(arguments[1])
    self:push(0)
    self:op "MSTORE"
    data = { at = 0, size = 32 }
  end
  self:push(data.size)
  self:push(data.at)
  self:op(name)
end

-- Selector and parameters, then the operands that CALL and SYNCCALL share, top last.
function Generator:call_operands(call)
  local address, method, parameters = table.unpack(call.arguments)
  local data = self:data(parameters)
  if not data then fault(parameters.token, "parameters are what abi_encode gives") end
  self:value(method)
  self:push(data.at - 32)
  self:op "MSTORE"
  self:push(SELECTOR_SIZE + data.size)
  self:push(data.at - SELECTOR_SIZE)
  self:push(self.declared.amount)
  self:push(self.declared.token)
  self:value(address)
end

local ACTIONS = {}

function ACTIONS.jump(self, call)
  check_count(call, 1)
  self:push_label(call.arguments[1].token.text, call.arguments[1].token)
  self:op "JUMP"
end

function ACTIONS.fallback(self, call)
  check_count(call, 0)
  if not self.declared.fallback then
    fault(call.token, "what fallback() does is not declared: .fallback stop, or revert")
  elseif self.declared.fallback == "stop" then
    self:op "STOP"
  else
    self:finish("REVERT", {})
  end
end

ACTIONS["return"] = function(self, call)
  if #call.arguments > 1 then check_count(call, 1) end
  self:finish("RETURN", call.arguments)
end

function ACTIONS.revert(self, call)
  if #call.arguments > 1 then check_count(call, 1) end
  self:finish("REVERT", call.arguments)
end

function ACTIONS.call(self, call)
  check_count(call, 3)
  self:call_operands(call)
  self:op "CALL"
end

function ACTIONS.synccall(self, call)
  check_count(call, 4)
  self:call_operands(call)
  self:value(call.arguments[4])
  self:op "SYNCCALL"
end

-- A failed answer fails this run with the same data, as the compiler has it.
function ACTIONS.callbackdest(self, call)
  check_count(call, 0)
  self:op("CALLBACKDEST", "ISZERO")
  self:push_label(self:shared "failed")
  self:op "JUMPI"
end

function Generator:act(expression)
  if expression.kind ~= "call" and expression.kind ~= "name" then
    fault(expression.token, "statement expected")
  end
  local call = { token = expression.token, arguments = expression.arguments or {} }
  local action, opcode = ACTIONS[call.token.text], callable(call.token.text)
  if action then return action(self, call) end
  if not opcode then fault(call.token, "no statement '%s'", call.token.text) end
  self:instruction_call(call, opcode)
  if opcode.pushes == 1 then self:op "POP" end
end

local function single_jump(body)
  local only = #body == 1 and body[1]
  return only and only.kind == "do" and is_call(only.value, "jump") and only.value or nil
end

-- A row of a dispatcher is one JUMPI; any other body is jumped over.
function Generator:arm(arm, end_label)
  self:value(arm.condition)
  local jump = single_jump(arm.body)
  if jump then
    check_count(jump, 1)
    self:push_label(jump.arguments[1].token.text, jump.arguments[1].token)
    return self:op "JUMPI"
  end
  local next_label = self:new_label()
  self:op "ISZERO"
  self:push_label(next_label)
  self:op "JUMPI"
  self:statements(arm.body)
  self:push_label(end_label)
  self:op "JUMP"
  self:destination(next_label)
  self.end_used[end_label] = true
end

function Generator:if_statement(statement)
  local end_label = self:new_label()
  for _, arm in ipairs(statement.arms) do self:arm(arm, end_label) end
  self:statements(statement.otherwise or {})
  if self.end_used[end_label] then self:destination(end_label) end
end

function Generator:machine_instruction(statement)
  if statement.operand then
    local size = tonumber(statement.name:match "^PUSH(%d+)$")
    return self:emit { push = self:terms(statement.operand), size = size,
      token = statement.operand.token }
  end
  self:op(statement.name)
end

function Generator:machine_data(statement)
  for _, part in ipairs(statement.parts) do
    local digits = part.kind == "number" and part.token.text:match "^0x(%x+)$"
    if part.kind == "text" then
      self:emit { bytes = part.token.value }
    elseif digits and #digits % 2 == 0 then
      self:emit { bytes = digits:gsub("%x%x", function(pair)
        return string.char(tonumber(pair, 16))
      end) }
    else
      fault(part.token, "DATA takes texts and 0x with an even number of digits")
    end
  end
end

local STATEMENTS = {
  assign = Generator.assign,
  store = Generator.store,
  instruction = Generator.machine_instruction,
  data = Generator.machine_data,
  ["if"] = Generator.if_statement,
  ["do"] = function(self, statement) self:act(statement.value) end,
}

function STATEMENTS.label(self, statement, following)
  self:emit { label = statement.name, token = statement.token }
  local has_own = following and following.name == "JUMPDEST"
  if self.jumped_to[statement.name] and not has_own then self:op "JUMPDEST" end
end

function STATEMENTS.directive(self, statement)
  if statement.name == "section" then
    self:emit { section = statement.argument, token = statement.token }
  end
end

function Generator:statements(list)
  for index, statement in ipairs(list) do
    STATEMENTS[statement.kind](self, statement, list[index + 1])
  end
end

-- The labels that `jump` names anywhere: they begin with a JUMPDEST.
local function collect_jumps(list, found)
  for _, statement in ipairs(list) do
    local value = statement.kind == "do" and statement.value
    if value and is_call(value, "jump") and value.arguments[1] then
      found[value.arguments[1].token.text] = true
    end
    for _, arm in ipairs(statement.arms or {}) do collect_jumps(arm.body, found) end
    collect_jumps(statement.otherwise or {}, found)
  end
  return found
end

-- Pieces behind the listing.

local SHARED = {}

function SHARED.malformed(self)
  self:finish("REVERT", {})
end

function SHARED.failed(self)
  self:op "RETURNDATASIZE"
  self:push(0)
  self:op("DUP1", "RETURNDATACOPY", "RETURNDATASIZE")
  self:push(0)
  self:op "REVERT"
end

-- Panic(uint256) with the code of an overflow.
function SHARED.overflow(self)
  self:push(PANIC_SELECTOR)
  self:push(0)
  self:op "MSTORE"
  self:push(OVERFLOW)
  self:push(SELECTOR_SIZE)
  self:op "MSTORE"
  self:push(SELECTOR_SIZE + 32)
  self:push(0)
  self:op "REVERT"
end

local SHARED_ORDER <const> = { "failed", "malformed", "overflow" }

function Generator:shared_pieces()
  if not next(self.used) then return end
  -- A listing that runs off its end stops, and not in what follows.
  self:op "STOP"
  for _, name in ipairs(SHARED_ORDER) do
    if self.used[name] then
      self:destination("shared " .. name)
      SHARED[name](self)
    end
  end
end

local function new(declared)
  return setmetatable({ declared = declared, items = {}, variables = {}, word_places = {},
    next_free = FIRST_VARIABLE, label_count = 0, used = {}, end_used = {}, jumped_to = {} },
    Generator)
end

local generator = {}

--- The items of statements. Raises faults.
-- @tparam {table,...} statements of the parser
-- @tparam table declared of `vmhost.assembler.declarations`
-- @treturn {table,...} items
function generator.items(statements, declared)
  local self = new(declared)
  self.jumped_to = collect_jumps(statements, {})
  self:statements(statements)
  self:shared_pieces()
  return self.items
end

--- Code that keeps the constructor's arguments, which follow it, and gives a contract its code.
-- @tparam string runtime
-- @tparam integer argument_count
-- @treturn {table,...} items
function generator.init_items(runtime, argument_count)
  local self = new {}
  if argument_count > 0 then
    self:push(32 * argument_count)
    self:emit { push = { { kind = "offset", name = "arguments" } } }
    self:push(0)
    self:op "CODECOPY"
  end
  for slot = 0, argument_count - 1 do
    self:push(32 * slot)
    self:op "MLOAD"
    self:push(slot)
    self:op "SSTORE"
  end
  self:push(#runtime)
  self:op "DUP1"
  self:emit { push = { { kind = "offset", name = "runtime" } } }
  self:push(0)
  self:op "CODECOPY"
  self:push(0)
  self:op "RETURN"
  self:emit { section = "runtime" }
  self:emit { bytes = runtime }
  self:emit { section = "arguments" }
  return self.items
end

return generator
