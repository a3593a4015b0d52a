--- Lines of assembly -> tokens.
--
-- A token is `{ kind =, text =, line =, column = }`; `kind` is "name", "number", "text" (with
-- `value`), or the sign itself. Comments run from `;` or `//` to the end of the line. `<strong>`
-- and `</strong>`, the marks in published listings, count as nothing.
-- @module vmhost.assembler.lexer
local source = require "vmhost.assembler.source"

local lexer = {}

local SIGNS <const> = { ":=", "==", "!=", "(", ")", ",", ":", "=", "<", ">", "@", "+", "-" }

local function sign_at(text, column)
  for _, sign in ipairs(SIGNS) do
    if text:sub(column, column + #sign - 1) == sign then return sign end
  end
end

-- The kind and the text of what begins at a column.
local function match(text, column)
  local name = text:match("^[%a_$][%w_$]*", column)
  if name then return "name", name end
  local number = text:match("^%d[%w]*", column)
  if number then return "number", number end
  local quoted = text:match('^"[^"]*"', column)
  if quoted then return "text", quoted end
  local sign = sign_at(text, column)
  return sign, sign
end

-- Where the next token begins, or nil, and the width of the white space passed.
local function skip(text, column)
  local indent = 0
  while true do
    local blank = text:match("^[ \t]+", column)
    local mark = text:match("^</?strong>", column)
    if not blank and not mark then break end
    indent = indent + #(blank or "")
    column = column + #(blank or mark)
  end
  local ends = column > #text or text:find("^;", column) or text:find("^//", column)
  return not ends and column or nil, indent
end

local function check_number(token)
  if not token.text:find "^%d+$" and not token.text:find "^0x%x+$" then
    source.fault(token, "'%s' is no number", token.text)
  end
end

--- The tokens of a line, as a list with `indent`. A directive, a line that begins with a point, is
-- one token of kind "directive" whose `argument` is the rest of the line, without comment.
-- @tparam table line of `source.lines`
-- @treturn {table,...}
function lexer.tokens(line)
  local text = line.text
  local column, indent = skip(text, 1)
  local tokens = { indent = indent, line = line }
  local directive, argument = text:match("^%.(%a+)%s*([^;]*)", column or #text + 1)
  if directive then
    argument = argument:gsub("//.*$", ""):gsub("%s+$", "")
    tokens[1] = { kind = "directive", text = directive, argument = argument, line = line,
      column = column }
    return tokens
  end
  while column do
    local kind, found = match(text, column)
    local token = { kind = kind, text = found, line = line, column = column }
    if not kind then
      source.fault(token, "unexpected '%s'", text:match("^" .. utf8.charpattern, column) or "byte")
    end
    if kind == "number" then check_number(token) end
    if kind == "text" then token.value = found:sub(2, -2) end
    tokens[#tokens + 1] = token
    column = skip(text, column + #found)
  end
  return tokens
end

return lexer
