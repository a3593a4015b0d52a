--- Assembly -> statements.
--
--     { kind = "label", name =, token = }
--     { kind = "instruction", name = "PUSH2", operand = expression or nil }
--     { kind = "data", parts = { expression, ... } }
--     { kind = "assign", targets = { token, ... }, value = expression }      a, b := ...
--     { kind = "store", target = token, value = expression }                 a = ...
--     { kind = "if", arms = { { condition =, body = }, ... }, otherwise = body or nil }
--     { kind = "do", value = expression }                                    stop, jump(tag), ...
--     { kind = "directive", name =, argument =, token = }
--
-- Expressions have a `token` and a `kind`: "number" and "text" (of that token), "name", "label",
-- "call" with `arguments`, and the operators "==", "!=", "<", ">", "+", "-" with `left` and
-- `right`. A body is what is indented deeper than its `if` or `else`.
-- @module vmhost.assembler.parser
local lexer = require "vmhost.assembler.lexer"
local opcodes = require "vmhost.assembler.opcodes"
local source = require "vmhost.assembler.source"

local Parser = {}
Parser.__index = Parser

local BINARY <const> = { ["=="] = 1, ["!="] = 1, ["<"] = 1, [">"] = 1, ["+"] = 2, ["-"] = 2 }

-- Deeper expressions and bodies than anybody writes would overflow the stack of C.
local MAX_DEPTH <const> = 100

-- The tokens of the present line.

function Parser:peek(kind)
  local token = self.tokens[self.position]
  return token and (kind == nil or token.kind == kind) and token or nil
end

function Parser:take(kind)
  local token = self:peek(kind)
  if token then self.position = self.position + 1 end
  return token
end

-- Behind the last token of the line.
function Parser:line_end()
  local line = self.tokens.line
  local last = self.tokens[#self.tokens]
  return { line = line, column = last and last.column + #last.text or 1 }
end

function Parser:expect(kind, what)
  return self:take(kind) or source.fault(self:peek() or self:line_end(), "%s expected", what)
end

function Parser:expect_line_end()
  local token = self:peek()
  if token then source.fault(token, "unexpected '%s'", token.text) end
end

function Parser:deeper(token)
  self.depth = self.depth + 1
  if self.depth > MAX_DEPTH then source.fault(token, "nested too deep") end
end

function Parser:arguments()
  local arguments = {}
  if self:take ")" then return arguments end
  repeat arguments[#arguments + 1] = self:expression(1) until not self:take ","
  self:expect(")", "',' or ')'")
  return arguments
end

function Parser:primary()
  local token = self:take "number" or self:take "text"
  if token then return { kind = token.kind, token = token } end
  if self:take "@" then
    return { kind = "label", token = self:expect("name", "name of a label") }
  end
  if self:take "(" then
    local inner = self:expression(1)
    self:expect(")", "')'")
    return inner
  end
  token = self:expect("name", "value")
  if self:take "(" then return { kind = "call", token = token, arguments = self:arguments() } end
  return { kind = "name", token = token }
end

--- An expression of operators that bind at least as strong as `level`.
function Parser:expression(level)
  self:deeper(self:peek() or self:line_end())
  local left = self:primary()
  while true do
    local token = self:peek()
    local strength = token and BINARY[token.kind]
    if not strength or strength < level then break end
    self.position = self.position + 1
    left = { kind = token.kind, token = token, left = left,
      right = self:expression(strength + 1) }
  end
  self.depth = self.depth - 1
  return left
end

-- Statements of one line.

local function is_instruction(token)
  return token and token.kind == "name"
    and (token.text == "PUSH" or token.text == "DATA" or opcodes.by_name[token.text] ~= nil)
end

function Parser:instruction()
  local token = self:take "name"
  if token.text == "DATA" then
    local parts = {}
    repeat parts[#parts + 1] = self:primary() until not self:peek() or is_instruction(self:peek())
    return { kind = "data", token = token, parts = parts }
  end
  local is_push = token.text:find "^PUSH"
  return { kind = "instruction", token = token, name = token.text,
    operand = is_push and self:expression(2) or nil }
end

function Parser:assignment()
  local targets = {}
  repeat targets[#targets + 1] = self:expect("name", "name") until not self:take ","
  self:expect(":=", "':='")
  return { kind = "assign", targets = targets, value = self:expression(1) }
end

function Parser:simple_statement()
  local following = self.tokens[self.position + 1]
  local kind = self:peek "name" and following and following.kind
  if kind == ":=" or kind == "," then return self:assignment() end
  if kind == "=" then
    local target = self:take "name"
    self:take "="
    return { kind = "store", target = target, value = self:expression(1) }
  end
  return { kind = "do", value = self:expression(1) }
end

function Parser:label()
  local following = self.tokens[self.position + 1]
  if not (self:peek "name" and following and following.kind == ":") then return nil end
  local token = self:take "name"
  self:take ":"
  return { kind = "label", name = token.text, token = token }
end

-- Lines and bodies.

function Parser:next_line()
  repeat
    self.index = self.index + 1
    local line = self.lines[self.index]
    self.tokens = line and lexer.tokens(line)
  until not self.tokens or #self.tokens > 0
  self.position = 1
end

function Parser:is_word(text)
  local token = self.tokens and self:peek "name"
  return token and token.text == text
end

function Parser:body(indent, token)
  self:expect_line_end()
  self:next_line()
  if not self.tokens or self.tokens.indent <= indent then
    source.fault(token, "nothing is indented under '%s'", token.text)
  end
  self:deeper(token)
  local body = self:block(indent + 1)
  self.depth = self.depth - 1
  return body
end

function Parser:arm(indent)
  local token = self:take "name"
  local condition = self:expression(1)
  return { condition = condition, body = self:body(indent, token) }
end

function Parser:if_statement()
  local indent = self.tokens.indent
  local statement = { kind = "if", token = self:peek(), arms = { self:arm(indent) } }
  while not statement.otherwise and self:is_word "else" and self.tokens.indent == indent do
    local token = self:take "name"
    if self:is_word "if" then
      statement.arms[#statement.arms + 1] = self:arm(indent)
    else
      statement.otherwise = self:body(indent, token)
    end
  end
  return statement
end

function Parser:line_into(statements)
  local directive = self:take "directive"
  if directive then
    statements[#statements + 1] = { kind = "directive", name = directive.text,
      argument = directive.argument, token = directive }
  end
  statements[#statements + 1] = self:label()
  while is_instruction(self:peek()) do statements[#statements + 1] = self:instruction() end
  if self:is_word "if" then
    statements[#statements + 1] = self:if_statement()
  else
    if self:is_word "else" then source.fault(self:peek(), "'else' without 'if'") end
    if self:peek() then statements[#statements + 1] = self:simple_statement() end
    self:expect_line_end()
    self:next_line()
  end
end

--- The statements of the lines from here on that are indented by `indent` or more.
function Parser:block(indent)
  local statements = {}
  while self.tokens and self.tokens.indent >= indent do self:line_into(statements) end
  return statements
end

local parser = {}

--- Reads lines of assembly. Raises faults.
-- @tparam {table,...} lines of `source.lines`
-- @treturn {table,...} statements
function parser.parse(lines)
  local self = setmetatable({ lines = lines, index = 0, depth = 0 }, Parser)
  self:next_line()
  return self:block(0)
end

return parser
