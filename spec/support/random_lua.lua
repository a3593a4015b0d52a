--- Random programs that print the same from stock Lua 5.4 and as contracts: integers only, ending
-- for sure whatever is left out of them. What spec/lua.md 2 has otherwise is kept out: an operand
-- never changes what another one reads, a table has no holes, what `pairs` gives of other keys than
-- 1 to n is summed up, text is no number, sorted values that are equal look the same.
--
-- A program is a block: a list of statements, each a list of texts and blocks. That is what lets a
-- failing one be shrunk.
local Generator = {}
Generator.__index = Generator

local INTEGERS <const> = { "0", "1", "2", "3", "5", "7", "8", "10", "16", "31", "63", "64", "65",
  "100", "255", "256", "1000", "4096", "32767", "32768", "65535", "65537", "0xff", "0x7fffffff",
  "0x80000000", "0xffffffff", "math.maxinteger", "math.mininteger", "0x7fffffffffffffff",
  "0x8000000000000000", "0xffffffffffffffff", "0x123456789abcdef0", "1000000007",
  "9223372036854775807", "(-1)", "(-2)", "(-7)", "(-64)", "(-32768)", "(-32769)" }
local STRINGS <const> = { [[""]], [["a"]], [["lua"]], [['it''s']], [["tab\tend"]], [["\65\066c"]],
  [["\x41\x7a"]], [["a\z
      b"]], "[[long]]", "[==[ ]] ]==]", [["\u{48}\u{e9}"]], [["key=value"]], [["one two  three"]],
  [["x.y.z"]], [["(nested (brackets) here)"]], [["AbCdEf"]], [["zz\0zz"]], [["aaaa"]], [["%d+"]],
  [["line\nnext"]], [["[tag] "]] }
STRINGS[4] = [['it\'s']]
local WORDS <const> = { "abc", "hello world", "aXbXc", "2024-11-25", "key = value", "((a)(b))",
  "  spaced  ", "aaa", "", "x", "foo(bar)baz", "THE (quick) fox", "f(a,b),g(c)", "0x1F" }
local ARITHMETIC <const> = { "+", "-", "*", "//", "%" }
local BITWISE <const> = { "&", "|", "~", "<<", ">>" }
local COMPARISONS <const> = { "<", "<=", ">", ">=", "==", "~=" }
local EVENTS <const> = { "__add", "__sub", "__mul", "__idiv", "__mod", "__band", "__bor", "__bxor",
  "__shl", "__shr" }
local EVENT_OPERATORS <const> = { __add = "+", __sub = "-", __mul = "*", __idiv = "//",
  __mod = "%", __band = "&", __bor = "|", __bxor = "~", __shl = "<<", __shr = ">>" }
local SAFE_OPERATORS <const> = { "+", "-", "*", "&", "|", "~" }
local LETTERS <const> = { i = "integer", s = "string", b = "boolean", t = "array" }

-- ---- what everything is made of

function Generator:use(name)
  self.counts[name] = (self.counts[name] or 0) + 1
end

function Generator:pick(list) return list[self.random(#list)] end

function Generator:chance(percent) return self.random(100) <= percent end

function Generator:name(letter)
  self.last_name = self.last_name + 1
  return letter .. self.last_name
end

function Generator:declare(kind, letter, fields)
  local variable = fields or {}
  variable.name, variable.kind = variable.name or self:name(letter or kind), kind
  self.variables[#self.variables + 1] = variable
  return variable.name
end

-- A variable of a kind that is in scope, or nil; one that may be assigned for `is_target`.
function Generator:variable(kind, is_target)
  local found = {}
  for _, variable in ipairs(self.variables) do
    if variable.kind == kind and not (is_target and variable.is_fixed)
      and not (is_target and self.is_pure and variable.level ~= self.level) then
      found[#found + 1] = variable
    end
  end
  return #found > 0 and found[self.random(#found)] or nil
end

-- ---- expressions without effects

local integer_forms, string_forms, boolean_forms

function Generator:small() return tostring(self.random(12)) end

-- An expression as it is, or, where programs await, passed through one of these functions.
function Generator:awaited(text)
  if not (self.awaits and self:chance(self.awaits_percent)) then return text end
  return ("%s(%s)"):format(self:pick(self.awaits), text)
end

function Generator:integer(depth) return self:awaited(self:plain_integer(depth)) end

function Generator:plain_integer(depth)
  depth = depth or 3
  if depth <= 0 or self:chance(25) then
    local variable = self:variable "i"
    if variable and self:chance(75) then return variable.name end
    self:use "numeral"
    return self:chance(50) and self:small() or self:pick(INTEGERS)
  end
  return self:pick(integer_forms)(self, depth - 1)
end

function Generator:string(depth) return self:awaited(self:plain_string(depth)) end

function Generator:plain_string(depth)
  depth = depth or 2
  if depth <= 0 or self:chance(30) then
    local variable = self:variable "s"
    if variable and self:chance(60) then return variable.name end
    self:use "string literal"
    return self:pick(STRINGS)
  end
  return self:pick(string_forms)(self, depth - 1)
end

function Generator:boolean(depth) return self:awaited(self:plain_boolean(depth)) end

function Generator:plain_boolean(depth)
  depth = depth or 2
  if depth <= 0 then
    local variable = self:variable "b"
    if variable then return variable.name end
    return self:pick { "true", "false" }
  end
  return self:pick(boolean_forms)(self, depth - 1)
end

-- Any value that prints the same.
function Generator:any(depth)
  local kind = self.random(8)
  if kind <= 4 then return self:integer(depth) end
  if kind <= 6 then return self:string(depth) end
  if kind == 7 then return self:boolean(depth) end
  return "nil"
end

function Generator:of_kind(kind, depth)
  if kind == "i" then return self:integer(depth) end
  if kind == "s" then return self:string(depth) end
  if kind == "b" then return self:boolean(depth) end
  if kind == "t" then return self:array() end
  return self:any(depth)
end

function Generator:list(count, make)
  local items = {}
  for index = 1, count do items[index] = make(self, index) end
  return table.concat(items, ", ")
end

function Generator:array()
  local variable = self:variable "t"
  if variable and self:chance(50) then return variable.name end
  self:use "table constructor"
  local separator = self:pick { ", ", "; " }
  local items = {}
  for index = 1, self.random(6) - 1 do items[index] = self:integer(1) end
  return "{ " .. table.concat(items, separator) .. " }"
end

-- A call of a function that has no effects, if one is in scope and not too dear here.
function Generator:pure_call(kind, depth)
  local called = self:variable("f" .. kind)
  if not called or called.cost * self.weight > 600 then return self:of_kind(kind, 0) end
  self.spent = self.spent + called.cost * self.weight
  self:use "function call"
  local arguments = {}
  for index, parameter in ipairs(called.parameters) do
    arguments[index] = parameter == "n" and tostring(self.random(8))
      or self:of_kind(parameter, depth - 1)
  end
  return called.name .. "(" .. table.concat(arguments, ", ") .. ")"
end

local function math_call(self, name, count, depth)
  self:use("math." .. name)
  return ("math.%s(%s)"):format(name, self:list(count, function() return self:integer(depth) end))
end

integer_forms = {
  function(self, depth)
    local operator = self:pick(ARITHMETIC)
    self:use("operator " .. operator)
    local right = self:integer(depth)
    if operator == "//" or operator == "%" then
      right = self:chance(50) and self:pick { "3", "7", "(-5)", "10", "1", "(-1)",
          "math.mininteger" }
        or "(" .. right .. " | 1)"
    end
    return ("(%s %s %s)"):format(self:integer(depth), operator, right)
  end,
  function(self, depth)
    local operator = self:pick(BITWISE)
    self:use("operator " .. operator)
    return ("(%s %s %s)"):format(self:integer(depth), operator,
      self:chance(40) and self:pick(INTEGERS) or self:integer(depth))
  end,
  function(self, depth)
    local operator = self:pick { "-", "~" }
    self:use("unary " .. operator)
    return ("(%s%s%s)"):format(operator, operator == "-" and " " or "", self:integer(depth))
  end,
  function(self, depth) -- precedence, without parentheses inside
    self:use "precedence"
    local parts = { self:integer(depth) }
    for _ = 1, 1 + self.random(4) do
      parts[#parts + 1] = self:pick(SAFE_OPERATORS)
      parts[#parts + 1] = self:integer(depth - 1)
    end
    return "(" .. table.concat(parts, " ") .. ")"
  end,
  function(self, depth)
    self:use "operator #"
    return self:chance(50) and "#" .. self:string(depth):gsub("^[^%a]", "(%0") and
      "#(" .. self:string(depth) .. ")" or "#" .. (self:variable "t" or { name = "{}" }).name
  end,
  function(self, depth)
    self:use "and or"
    return ("(%s and %s or %s)"):format(self:boolean(depth), self:integer(depth),
      self:integer(depth))
  end,
  function(self, depth)
    self:use "or chain"
    local parts = {}
    for index = 1, 1 + self.random(4) do
      parts[index] = self:pick { "nil", "false", "nil", self:boolean(0) .. " and nil" }
    end
    parts[#parts + 1] = self:integer(depth)
    return "(" .. table.concat(parts, " or ") .. ")"
  end,
  function(self, depth)
    local array = self:variable "t"
    if not array then return self:integer(depth) end
    self:use "index"
    return ("(%s[%s] or %s)"):format(array.name, self:integer(depth), self:integer(0))
  end,
  function(self, depth)
    local record = self:variable "r"
    if not record then return self:integer(depth) end
    self:use "field"
    return self:chance(60) and record.name .. ".a" or record.name .. '["b"]'
  end,
  function(self, depth) return math_call(self, self:pick { "max", "min" }, self.random(4),
      depth) end,
  function(self, depth) return math_call(self, "abs", 1, depth) end,
  function(self, depth)
    self:use "math.fmod"
    return ("math.fmod(%s, %s)"):format(self:integer(depth), self:pick { "3", "(-4)", "(-1)",
        "10" })
  end,
  function(self, depth) return math_call(self, "tointeger", 1, depth) end,
  function(self, depth)
    self:use "tonumber"
    if self:chance(40) then
      return ('(tonumber(%s, %d) or %s)'):format(
        self:pick { '"zz"', '"-ff"', '"777"', '"12"', '""', '" 1010 "', '"8"', '"-7FFF"' },
        self:pick { 2, 8, 10, 16, 36 }, self:integer(0))
    end
    return self:chance(50) and ("tonumber(tostring(%s))"):format(self:integer(depth))
      or ("(tonumber(%s) or %s)"):format(
        self:pick { '"12"', '"0x10"', '" 7 "', '"-0xff"', '"abc"', '""', '"1 2"', '"+5"', '"--1"' },
        self:integer(0))
  end,
  function(self, depth)
    self:use "string.byte"
    return ("(string.byte(%s, %d) or %s)"):format(self:string(depth), self.random(9) - 4,
      self:integer(0))
  end,
  function(self, depth)
    self:use "select #"
    return ('select("#", %s)'):format(self:list(self.random(4),
        function() return self:any(depth) end))
  end,
  function(self, depth)
    self:use "select n"
    local count = self.random(4)
    return ("(select(%d, %s))"):format(self.random(count) * (self:chance(30) and -1 or 1),
      self:list(count, function() return self:integer(depth) end))
  end,
  function(self, depth)
    self:use "string.find"
    return ("(string.find(%s, %s, %d, true) or 0)"):format(self:string(depth),
      self:pick { '"a"', '"."', '"lu"', '" "', '""', '"]]"' }, self.random(4) - 2)
  end,
  function(self, depth)
    self:use "string.len"
    return ("string.len(%s)"):format(self:string(depth))
  end,
  function(self) self:use "rawlen" return ("rawlen(%s)"):format(self:array()) end,
  function(self, depth) return self:pure_call("i", depth) end,
  function(self, depth) return self:pure_call("i", depth) end,
  function(self, depth)
    self:use "function expression called"
    local name = self:name "x"
    return ("(function(%s) return %s %s %s end)(%s)"):format(name, name,
      self:pick(SAFE_OPERATORS), self:integer(0), self:integer(depth))
  end,
  function(self, depth)
    self:use "deep parentheses"
    local count = self.random(20)
    return ("("):rep(count) .. self:integer(depth) .. (")"):rep(count)
  end,
}

-- A conversion of string.format for integers and what it takes.
function Generator:integer_format()
  local flags = self:pick { "", "", "-", "0", "+", " ", "#", "-+" }
  local width, precision = self:pick { "", "", "3", "8", "12" }, self:pick { "", "", ".3", ".0",
      ".12" }
  local letter = self:pick { "d", "i", "x", "X", "o" }
  if letter ~= "x" and letter ~= "X" and letter ~= "o" then flags = flags:gsub("#", "") end
  if letter ~= "d" and letter ~= "i" then flags = flags:gsub("[+ ]", "") end
  if flags:find "0" and (width == "" or precision ~= "") then flags = flags:gsub("0", "") end
  return "%" .. flags .. width .. precision .. letter
end

string_forms = {
  function(self, depth)
    self:use "operator .."
    local parts = {}
    for index = 1, 1 + self.random(3) do
      parts[index] = self:chance(35) and "(" .. self:integer(depth) .. ")" or self:string(depth)
    end
    return "(" .. table.concat(parts, " .. ") .. ")"
  end,
  function(self, depth)
    self:use "string.sub"
    return ("string.sub(%s, %d, %d)"):format(self:string(depth), self.random(9) - 4,
      self.random(12) - 4)
  end,
  function(self, depth)
    local name = self:pick { "upper", "lower", "reverse" }
    self:use("string." .. name)
    self:use "string method"
    return ("(%s):%s()"):format(self:string(depth), name)
  end,
  function(self, depth)
    self:use "string.rep"
    local count, separator = self.random(5) - 2, self:chance(50) and ", " .. self:string(0) or ""
    local form = self:chance(50) and "(%s):sub(1, 9):rep(%d%s)"
      or "string.rep((%s):sub(1, 9), %d%s)"
    return form:format(self:string(depth), count, separator)
  end,
  function(self, depth)
    self:use "string.format %d"
    return ('string.format("%s", %s)'):format(self:integer_format() .. self:pick { "", "|", "%%" },
      self:integer(depth))
  end,
  function(self, depth)
    self:use "string.format %s"
    return ('string.format("<%%%ss %%s>", %s, %s)'):format(
      self:pick { "", "10", "-10", ".3", "5.2" }, "(" .. self:string(depth) .. '):gsub("%z", "0")'
      == "" and "" or ("tostring(%s)"):format(self:integer(depth)), self:any(depth))
  end,
  function(self, depth)
    self:use "string.format %q"
    return ('string.format("%%q", %s)'):format(self:chance(40) and self:integer(depth)
      or self:string(depth))
  end,
  function(self)
    self:use "string.format %c"
    return ('("%%c%%c"):format(%d, %d)'):format(64 + self.random(26), 96 + self.random(26))
  end,
  function(self, depth)
    self:use "tostring"
    return ("tostring(%s)"):format(self:any(depth))
  end,
  function(self, depth)
    self:use "and or"
    return ("(%s and %s or %s)"):format(self:boolean(depth), self:string(depth), self:string(depth))
  end,
  function(self)
    self:use "table.concat"
    return ("table.concat(%s, %s)"):format(self:array(), self:string(0))
  end,
  function(self)
    self:use "string.char"
    return ("string.char(%s)"):format(self:list(self.random(4) - 1,
      function() return tostring(self.random(256) - 1) end))
  end,
  function(self, depth) self:use "type" return ("type(%s)"):format(self:any(depth)) end,
  function(self, depth) self:use "math.type" return ("tostring(math.type(%s))"):format(
    self:any(depth)) end,
  function(self, depth) return self:pure_call("s", depth) end,
  function(self, depth)
    self:use "string.gsub"
    return ('(string.gsub(%s, %s, %s))'):format(self:string(depth),
      self:pick { '"%a"', '"[aeiou]"', '"(.)(.)"', '"%s+"', '"^."', '".$"', '"%W"' },
      self:pick { '"<%0>"', '"%%"', '""', '"%1"', '"x"' })
  end,
  function(self)
    self:use "utf8.char"
    return ("utf8.char(%s)"):format(self:list(self.random(3),
      function() return self:pick { "65", "233", "8364", "128512", "0x7ff", "0x800" } end))
  end,
}

boolean_forms = {
  function(self, depth)
    local operator = self:pick(COMPARISONS)
    self:use("comparison " .. operator)
    return ("(%s %s %s)"):format(self:integer(depth), operator, self:integer(depth))
  end,
  function(self, depth) -- with a numeral, either side
    local operator = self:pick(COMPARISONS)
    self:use("comparison " .. operator)
    if self:chance(50) then
      return ("%s %s %s"):format(self:integer(depth), operator, self:small())
    end
    return ("%s %s %s"):format(self:small(), operator, self:integer(depth))
  end,
  function(self, depth)
    local operator = self:pick(COMPARISONS)
    self:use("comparison of strings " .. operator)
    return ("(%s %s %s)"):format(self:string(depth), operator, self:string(depth))
  end,
  function(self, depth)
    self:use "equality of kinds"
    return ("(%s %s %s)"):format(self:any(depth), self:pick { "==", "~=" }, self:any(depth))
  end,
  function(self, depth)
    self:use "not"
    return "not " .. self:pick { self:boolean(depth), self:integer(0), "nil" }
  end,
  function(self, depth)
    local parts = { self:boolean(depth) }
    self:use "condition chain"
    for _ = 1, self.random(5) do
      parts[#parts + 1] = self:pick { "and", "or" }
      parts[#parts + 1] = self:boolean(depth - 1)
    end
    return "(" .. table.concat(parts, " ") .. ")"
  end,
  function(self, depth)
    self:use "math.ult"
    return ("math.ult(%s, %s)"):format(self:integer(depth), self:integer(depth))
  end,
  function(self, depth)
    self:use "rawequal"
    return ("rawequal(%s, %s)"):format(self:any(depth), self:any(depth))
  end,
  function(self) return self:pick { "true", "false" } end,
}

-- ---- statements

-- Statements in a scope of their own. `before` and `after` are added to it.
function Generator:block(count, times, fill)
  local block, kept = { is_block = true }, #self.variables
  local weight = self.weight
  self.weight, self.depth = weight * (times or 1), self.depth + 1
  if fill then fill(block) end
  for _ = 1, count or self.random(4) do block[#block + 1] = self:statement() end
  self.weight, self.depth = weight, self.depth - 1
  for index = #self.variables, kept + 1, -1 do self.variables[index] = nil end
  return block
end

-- The same as the body of a function, whose loops do not know of those around it.
function Generator:body(parameters, count, times, fill)
  local loop, level, kept, is_yielding = self.loop, self.level, #self.variables, self.is_yielding
  self.loop, self.level, self.is_yielding = nil, level + 1, false
  for _, parameter in ipairs(parameters) do
    self:declare(parameter.kind, nil, { name = parameter.name, level = self.level })
  end
  local block = self:block(count, times, fill)
  self.loop, self.level, self.is_yielding = loop, level, is_yielding
  for index = #self.variables, kept + 1, -1 do self.variables[index] = nil end
  return block
end

function Generator:print()
  self:use "print"
  return { ("print(%s)"):format(self:list(self.random(3), function() return self:any() end)) }
end

local function declare_local(self)
  local letter = self:pick { "i", "i", "i", "s", "s", "b", "t" }
  self:use("local of " .. LETTERS[letter])
  local is_fixed = self:chance(20)
  if letter == "s" then
    local text = ("(%s):sub(1, 40)"):format(self:string())
    local name = self:declare(letter, nil, { is_fixed = is_fixed, level = self.level })
    return { ("local %s%s = %s"):format(name, is_fixed and " <const>" or "", text) }
  end
  if letter == "t" then
    local items = self:list(self.random(6) - 1, function() return self:integer(2) end)
    self:use "table constructor"
    return { ("local %s = { %s }"):format(
      self:declare(letter, nil, { is_fixed = true, level = self.level }), items) }
  end
  local value = self:of_kind(letter)
  local name = self:declare(letter, nil, { is_fixed = is_fixed, level = self.level })
  if is_fixed then self:use "const" end
  return { ("local %s%s = %s"):format(name, is_fixed and " <const>" or "", value) }
end

local function declare_several(self)
  self:use "multiple local"
  local count = 1 + self.random(3)
  local values = self:list(count + self.random(2) - 1, function() return self:integer(2) end)
  local names = {}
  for index = 1, count do names[index] = self:declare("i", nil, { level = self.level }) end
  return { ("local %s = %s"):format(table.concat(names, ", "), values) }
end

local function declare_record(self)
  self:use "record"
  local text = ("{ a = %s, [%s] = %s, %s, c = { d = %s } }"):format(self:integer(1), '"b"',
    self:integer(1), self:any(1), self:any(1))
  return { ("local %s = %s"):format(self:declare("r", nil, { is_fixed = true,
    level = self.level }), text) }
end

local function assign(self)
  local variable = self:variable(self:pick { "i", "i", "s", "b" }, true)
  if not variable then return declare_local(self) end
  self:use "assignment"
  local value = self:of_kind(variable.kind)
  if variable.kind == "s" then value = ("(%s):sub(1, 40)"):format(value) end
  return { ("%s = %s"):format(variable.name, value) }
end

local function assign_several(self)
  local targets, values = {}, {}
  for index = 1, 1 + self.random(3) do
    local variable = self:variable("i", true)
    if not variable then return declare_several(self) end
    local record = not self.is_pure and self:chance(30) and self:variable "r"
    targets[index] = record and record.name .. self:pick { ".a", '["b"]' } or variable.name
    values[index] = self:integer(2)
  end
  self:use "multiple assignment"
  return { ("%s = %s"):format(table.concat(targets, ", "), table.concat(values, ", ")) }
end

local function assign_field(self)
  local record, array = self:variable "r", self:variable "t"
  if self.is_pure or not (record and array) then return declare_record(self) end
  self:use "store"
  return { self:pick {
    ("%s.a = %s"):format(record.name, self:integer()),
    ('%s["b"] = %s'):format(record.name, self:integer()),
    ("%s.c.d = %s"):format(record.name, self:any()),
    ("%s[#%s + 1] = %s"):format(array.name, array.name, self:integer()),
    ("if #%s > 0 then %s[#%s] = %s end"):format(array.name, array.name, array.name, self:integer()),
    ("%s[true] = %s print(%s[true])"):format(record.name, self:any(), record.name),
  } }
end

local function global(self)
  if self.is_pure then return assign(self) end
  self:use "global"
  local name = "G" .. self.random(3)
  if self.globals[name] and self:chance(60) then
    return { ("print(%s, %s + 1)"):format(name, name) }
  end
  if self.globals[name] or self.level > 0 or self.depth > 0 then
    return self.globals[name] and { ("%s = %s"):format(name, self:integer()) } or assign(self)
  end
  self.globals[name] = true
  return { ("%s = %s"):format(name, self:integer()) }
end

local function branch(self)
  self:use "if"
  local statement = { ("if %s then"):format(self:boolean()), self:block() }
  for _ = 1, self.random(3) - 1 do
    self:use "elseif"
    statement[#statement + 1] = ("elseif %s then"):format(self:boolean())
    statement[#statement + 1] = self:block(self.random(2))
  end
  if self:chance(50) then
    self:use "else"
    statement[#statement + 1] = "else"
    statement[#statement + 1] = self:block(self.random(3))
  end
  statement[#statement + 1] = "end"
  return statement
end

-- A block inside a loop: `fill` declares its variables.
function Generator:turns(times, fill)
  local outer = self.loop
  self.loop = { label = self:name "continue_" }
  local block = self:block(self.random(5), times, fill)
  if self.loop.is_used then block[#block + 1] = { "::" .. self.loop.label .. "::" } end
  self.loop = outer
  return block
end

local function numeric_for(self)
  local times = self.random(8)
  self:use "numeric for"
  local step = self.random(5) - 3
  local first = self:chance(70) and tostring(self.random(20) - 10) or self:integer(1)
  local header
  if self:chance(15) then
    self:use "for at the edge"
    header = self:pick { "math.maxinteger - 3, math.maxinteger",
      "math.mininteger + 3, math.mininteger, -1",
      "math.maxinteger - 10, math.maxinteger, 4", "math.mininteger, math.mininteger + 5, 2",
      "math.mininteger, math.maxinteger, math.maxinteger", "1, 0", "3, 3", "1, -1, -1",
      "math.maxinteger, math.mininteger, math.mininteger" }
  elseif step == 0 or first:find "[^%d%-]" or #first > 15 then
    header = ("%s & 0xff, (%s & 0xff) + %d"):format(first, first, times)
  else
    header = ("%s, %s, %d"):format(first, tostring(math.tointeger(first) + step * times), step)
  end
  local name = self:name "i"
  return { ("for %s = %s do"):format(name, header), self:turns(times, function()
    self:declare("i", nil, { name = name, level = self.level, is_fixed = self:chance(70) })
  end), "end" }
end

local function while_loop(self)
  local times, counter = self.random(7), self:name "n"
  self:use "while"
  return { ("local %s = 0"):format(counter), ("while %s < %d and (%s or %s < 2) do"):format(counter,
    times, self:boolean(), counter), ("%s = %s + 1"):format(counter, counter),
    self:turns(times, function()
      self:declare("i", nil, { name = counter, level = self.level, is_fixed = true })
    end), "end" }
end

local function repeat_loop(self)
  local times, counter, inner = self.random(6), self:name "n", self:name "i"
  self:use "repeat"
  local body = self:block(self.random(3), times, function(block)
    block[1] = { ("local %s = %s + %d"):format(inner, counter, self.random(5)) }
    self:declare("i", nil, { name = inner, level = self.level })
    if self:chance(40) and self:variable "h" then
      self:use "closure of repeat"
      block[2] = { ("%s[#%s + 1] = function() %s = %s + 1 return %s end"):format(
        self.last_list or "handlers", self.last_list or "handlers", inner, inner, inner) }
    end
  end)
  return { ("local %s = 0"):format(counter), "repeat", ("%s = %s + 1"):format(counter, counter),
      body,
    ("until %s >= %d or %s > %s"):format(counter, times, inner, self:pick { "1000", "4", inner }),
    }
end

-- Only what is before `until` may be named there: the local of the block is part of the loop.
local function repeat_with_local(self)
  local times, counter, inner = self.random(6), self:name "n", self:name "i"
  self:use "repeat with a local in its condition"
  return { ("local %s, %s = 0, {}"):format(counter, inner .. "s"), "repeat",
    ("%s = %s + 1"):format(counter, counter),
    ("local %s = %s * %d"):format(inner, counter, self.random(5)),
    ("%ss[#%ss + 1] = function() %s = %s + 1 return %s end"):format(inner, inner, inner, inner,
      inner),
    ("until %s >= %d or %s > %d"):format(counter, times, inner, self.random(9)),
    ("for _, each in ipairs(%ss) do print(each(), each()) end"):format(inner) }
end

local function leave_loop(self)
  if not self.loop then return numeric_for(self) end
  if self:chance(50) then
    self:use "break"
    return { ("if %s then break end"):format(self:boolean()) }
  end
  self:use "continue"
  self.loop.is_used = true
  return { ("if %s then goto %s end"):format(self:boolean(), self.loop.label) }
end

local function nested_goto(self)
  self:use "goto out of loops"
  local label, a, b = self:name "done_", self:name "i", self:name "i"
  local left = self:name "n"
  return { "do", ("local %s = 0"):format(left),
    ("for %s = 1, %d do"):format(a, self.random(5)), ("for %s = 1, %d do"):format(b,
        self.random(5)),
    ("%s = %s + 1"):format(left, left), self:block(self.random(2), 9, function()
      self:declare("i", nil, { name = a, level = self.level, is_fixed = true })
      self:declare("i", nil, { name = b, level = self.level, is_fixed = true })
    end), ("if %s * %s > %d then goto %s end"):format(a, b, self.random(12), label), "end", "end",
    ("::%s:: print(%s)"):format(label, left), "end" }
end

local function backward_goto(self)
  self:use "goto backward"
  local label, counter, list = self:name "again_", self:name "n", self:name "t"
  return { "do", ("local %s, %s = 0, {}"):format(counter, list), ("::%s::"):format(label),
    "do", ("local fresh = %s * 2"):format(counter),
    ("%s[#%s + 1] = function() fresh = fresh + 1 return fresh end"):format(list, list),
    self:block(self.random(2), 4), "end", ("%s = %s + 1"):format(counter, counter),
    ("if %s < %d then goto %s end"):format(counter, self.random(5), label),
    ("for _, each in ipairs(%s) do print(each(), each()) end"):format(list), "end" }
end

local function scope(self)
  self:use "do"
  return { "do", self:block(), "end" }
end

local function shadow(self)
  self:use "shadowing"
  local name = self:name "i"
  return { ("local %s = %s"):format(name, self:integer(1)), "do",
    ("local %s = %s + 1"):format(name, name), ("print(%s)"):format(name),
    ("local %s <const> = %s * 2"):format(name, name), ("print(%s)"):format(name), "end",
    ("print(%s)"):format(name) }
end

-- ---- functions

-- A function without effects that always ends; `n` is a parameter for how deep it recurses.
local function pure_function(self)
  if self.level > 1 or self.is_pure then return assign(self) end
  local kind = self:pick { "i", "i", "s" }
  local parameters, kinds, is_recursive = {}, {}, self:chance(35)
  local name = self:name "f"
  if is_recursive then parameters[1], kinds[1] = { name = "depth", kind = "n" }, "n" end
  for _ = 1, self.random(3) do
    local parameter = { kind = self:pick { "i", "i", "s", "b" } }
    parameter.name = self:name(parameter.kind)
    parameters[#parameters + 1], kinds[#kinds + 1] = parameter, parameter.kind
  end
  local names = {}
  for index, parameter in ipairs(parameters) do names[index] = parameter.name end
  local weight, spent = self.weight, self.spent
  self.weight, self.spent, self.is_pure = 1, 0, true
  local final
  local body = self:body(parameters, self.random(4), 1)
  local kept = #self.variables
  for _, parameter in ipairs(parameters) do
    self:declare(parameter.kind, nil, { name = parameter.name, level = self.level + 1 })
  end
  final = kind == "s" and ("(%s):sub(1, 20)"):format(self:string()) or self:integer()
  local arguments = {}
  for index, parameter in ipairs(parameters) do
    arguments[index] = parameter.kind == "n" and "depth - 1" or self:of_kind(parameter.kind, 1)
  end
  for index = #self.variables, kept + 1, -1 do self.variables[index] = nil end
  local cost = (#body * 4 + self.spent + 3) * (is_recursive and 9 or 1)
  self.weight, self.spent, self.is_pure = weight, spent, false
  self:use "local function"
  local statement = { ("local function %s(%s)"):format(name, table.concat(names, ", ")) }
  if is_recursive then
    self:use "recursion"
    statement[#statement + 1] = ("if depth <= 0 then return %s end"):format(
      kind == "s" and '"end"' or "1")
  end
  statement[#statement + 1] = body
  if is_recursive then
    statement[#statement + 1] = kind == "s"
      and ("return (%s .. %s(%s)):sub(1, 30)"):format(final, name, table.concat(arguments, ", "))
      or ("return %s %s %s(%s)"):format(final, self:pick(SAFE_OPERATORS), name,
        table.concat(arguments, ", "))
  else
    statement[#statement + 1] = "return " .. final
  end
  statement[#statement + 1] = "end"
  self:declare("f" .. kind, nil, { name = name, parameters = kinds, cost = cost, is_fixed = true })
  return statement
end

local function early_return(self)
  if self.level == 0 or self.is_pure or self.is_yielding then return branch(self) end
  self:use "return in a block"
  return { ("if %s then return %s end"):format(self:boolean(), self:list(self.random(4) - 1,
    function() return self:any(1) end)) }
end

local function shared_upvalues(self)
  self:use "shared upvalues"
  local value, add, get, each = self:name "i", self:name "add", self:name "get", self:name "i"
  local body = self:body({ { name = each, kind = "i" } }, self.random(2), 2)
  return { ("local %s, %s"):format(add, get), "do", ("local %s = %s"):format(value,
      self:integer(1)),
    ("%s = function(%s)"):format(add, each), ("%s = %s %s %s"):format(value, value,
      self:pick(SAFE_OPERATORS), each), body, ("do return %s, %s end end"):format(value, each),
    ("function %s() return %s end"):format(get, value), "end",
    ("print(%s(%s), %s())"):format(add, self:integer(1), get),
    ("print(%s(), (%s(%s)))"):format(get, add, self:integer(1)) }
end

local function captured_loop(self)
  self:use "closures of a loop"
  local list, name, other = self:name "t", self:name "i", self:name "i"
  return { ("local %s = {}"):format(list), self:pick {
    ("for %s = 1, %d do"):format(name, self.random(5)),
    ("for _, %s in ipairs({ %s }) do"):format(name, self:list(3, function()
      return self:integer(1) end)) },
    ("local %s = %s %s %s"):format(other, name, self:pick(SAFE_OPERATORS), self:integer(0)),
    ("%s[#%s + 1] = function(by) %s = %s + (by or 1) return %s, %s end"):format(list, list, other,
      other, other, name),
    ("%s[#%s + 1] = function() %s = %s * 3 return %s end"):format(list, list, other, other, other),
    "end", ("for at = 1, #%s do print(at, %s[at]()) end"):format(list, list),
    ("for at = #%s, 1, -1 do print(%s[at](at)) end"):format(list, list) }
end

local function deep_upvalues(self)
  self:use "upvalues through functions"
  local a, b, c = self:name "i", self:name "i", self:name "i"
  return { ("local function %s_outer(%s)"):format(a, a), ("local %s = %s"):format(b, a),
    "return function(step)", ("local %s = step"):format(c), "return function()",
    ("%s, %s, %s = %s + %s, %s ~ %s, %s * 2"):format(a, b, c, a, c, b, a, c),
    ("return %s, %s, %s"):format(a, b, c), "end end end",
    ("local %s_made = %s_outer(%s)"):format(a, a, self:integer(1)),
    ("local %s_one, %s_two = %s_made(%s), %s_made(%s)"):format(a, a, a, self:integer(0), a,
      self:integer(0)),
    ("print(%s_one()) print(%s_two()) print(%s_one())"):format(a, a, a) }
end

local function varargs(self)
  self:use "varargs"
  local name = self:name "v"
  local uses = {
    function() return "print(select('#', ...), ...)" end,
    function() return "local first, second = ... print(first, second)" end,
    function() return "print((...))" end,
    function() self:use "table.pack" return
        "local all = table.pack(...) print(all.n, all[1], all[all.n])" end,
    function() return "local all = { n = 0, ... } print(rawequal(all[1], (...)))" end,
    function() return "print(select(-1, 0, ...))" end,
    function() return "for at = 1, select('#', ...) do print(at, (select(at, ...))) end" end,
    function() return "(function(...) print('inner', ...) end)(..., 'end')" end,
    function()
      self:use "table.unpack"
      return "local all = { ... } print(table.unpack(all, 1, select('#', ...)))"
    end,
  }
  local statement = { ("local function %s(%s...)"):format(name, self:chance(40) and "named, "
      or "") }
  for _ = 1, self.random(4) do statement[#statement + 1] = { is_block = true,
      { self:pick(uses)() } } end
  statement[#statement + 1] = self:pick { "return ...", "return (...)",
      "return select('#', ...), ...",
    "return 'first', ...", "return" }
  statement[#statement + 1] = "end"
  local function arguments()
    return self:list(self.random(5) - 1, function() return self:any(1) end)
  end
  statement[#statement + 1] = ("print(%s(%s))"):format(name, arguments())
  statement[#statement + 1] = ("print(%s(%s(%s)), (%s(%s)))"):format(name, name, arguments(), name,
    arguments())
  statement[#statement + 1] = ("print(rawequal({ %s(1), %s(1, 2) }, 1), %s('x', %s(%s)))")
      :format(name, name, name, name,
    arguments())
  return statement
end

local function tail_calls(self)
  self:use "tail call"
  local name, even = self:name "loop", self:name "even"
  local count = self.random(60)
  self.spent = self.spent + count * self.weight
  return { ("local function %s(n, sum, ...)"):format(name),
    ("if n == 0 then return sum, select('#', ...) end"),
    ("return %s(n - 1, sum %s n, n, ...)"):format(name, self:pick(SAFE_OPERATORS)), "end",
    ("print(%s(%d, %s))"):format(name, count, self:integer(1)),
    ("local %s, %s_odd"):format(even, even),
    ("function %s(n) if n == 0 then return true end return %s_odd(n - 1) end"):format(even, even),
    ("function %s_odd(n) if n == 0 then return false end return %s(n - 1) end"):format(even, even),
    ("print(%s(%d))"):format(even, self.random(40)) }
end

local function methods(self)
  self:use "method"
  local name = self:name "object"
  return { ("local %s = { total = %s, inner = { parts = {} } }"):format(name, self:integer(1)),
    ("function %s:add(value, ...)"):format(name),
    ("self.total = self.total %s value"):format(self:pick(SAFE_OPERATORS)),
    self:body({ { name = "value", kind = "i" } }, self.random(2), 2),
    "do return self, ... end end",
    ("function %s.inner.parts.count(first, ...) return select('#', ...), first end"):format(name),
    ("print(%s:add(%s):add(%s, 'extra').total)"):format(name, self:integer(1), self:integer(1)),
    ("print(select(2, %s:add(1, 'a', nil)))"):format(name),
    ("print(%s.inner.parts.count(%s))"):format(name, self:list(self.random(4), function()
      return self:any(1) end)) }
end

-- ---- errors

local function error_value(self)
  local value = self:pick { '"failed"', "42", "nil", "{}", "true", '{ code = 7 }',
      '"with \\0 zero"' }
  return value
end

local function protected(self)
  self:use "pcall"
  local raise = self:pick { "error(%s)", "error(%s, 0)", "assert(false, %s)", "assert(nil)",
    "return 'fine', %s", "error(%s, 2)", "error()" }
  if raise:find "^error" then self:use "error"
  elseif raise:find "^assert" then self:use "assert" end
  local name = self:name "e"
  local body = self:body({ { name = name, kind = "i" } }, self.random(3), 1)
  return { "print(pcall(function(" .. name .. ", ...)", body,
    ("do %s end"):format((raise:gsub("%%s", function() return error_value(self) end))),
    ("end, %s))"):format(self:list(1 + self.random(2), function() return self:integer(1) end)) }
end

local function protected_nested(self)
  self:use "nested pcall"
  return { "do local good, problem = pcall(function()", self:body({}, self.random(2), 1),
    "local inner_good, inner_problem = pcall(function(...)", self:body({}, self.random(2), 1),
    ("error(%s)"):format(error_value(self)), "end, 1, 2)",
        "print('inner', inner_good, inner_problem)",
    self:pick { "error(inner_problem)", "error('again')", "return inner_problem",
      "error({ inner_problem })" }, "end)", "print(good, type(problem), problem) end" }
end

local function handled(self)
  self:use "xpcall"
  return { "print(xpcall(function(...)", self:body({}, self.random(2), 1),
    self:pick { "error(%s)", "local a = nil; return a.b", "return ...", "return 1 + {}" }
      :gsub("%%s", function() return error_value(self) end),
    "end, function(problem, ...)", "print('handler', type(problem), ...)",
    self:pick { "return problem, 'second'", "return 'handled'", "return", "return { problem }" },
    ("end, %s))"):format(self:list(self.random(3), function() return self:any(1) end)) }
end

-- What goes wrong by itself, with its text.
local FAULTS <const> = {
  "local a = nil return a.b", "local a = { b = {} } return a.b.c.d", "local a = 5 return a()",
  "local a = { b = 1 } return a.b()", "local a = { b = 1 } return a:b()",
  "local a = {} return a:missing()", "local a, b = {}, 1 return a + b",
      "local a, b = 1, nil return a * b",
  "local a = {} return a.x + 1", "local a, b = true, 3 return a // b",
      "local a, b = 7, 0 return a // b",
  "local a, b = 7, 0 return a % b", "local a = {} return -a", "local a = {} return ~a",
  "local a, b = 1, {} return a & b", "local a, b = nil, 2 return a | b", "local a = 5 return #a",
  "local a, b = 'x', {} return a .. b", "local a, b = nil, 'y' return a .. b",
  "local a, b = 1, 'x' return a < b", "local a, b = {}, {} return a < b",
  "local a, b = nil, 1 return a <= b", "local a, b = {}, 'x' return a > b",
  "local a, b = true, false return a >= b", "local a = {} a[nil] = 1", "for i = 1, 10, 0 do end",
  "for i = 'a', 10 do end", "for i = 1, {} do end", "for i = 1, 2, {} do end",
  "for a in nil do end", "for a in 5 do end", "local a = print a.b.c = 1", "local a = nil a.b = 1",
  "local a = 5 a.b = 1", "local a = true a[1] = 2", "return up.x", "return up + 1", "return up()",
  "up.x = 1", "return #up", "return up .. 'x'",
  "string.rep()", "string.rep('x', {})", "string.char(256)", "string.char(-1)",
  "table.concat({ {} })", "table.concat({ 1, 2, true }, ',')", "table.concat({}, ',', 1, 2)",
  "table.insert({}, 5, 1)", "table.insert({}, 1, 2, 3)", "table.insert({})", "table.remove({}, 7)",
  "table.insert(nil, 1)", "table.unpack()", "setmetatable(1, {})", "setmetatable({}, 1)",
  "setmetatable({})", "getmetatable()", "rawset({}, nil, 1)", "rawget(1, 2)", "rawlen(5)",
  "rawequal(1)", "select(0)", "select(-5, 1)", "select('x')", "next({}, 'missing')", "ipairs()",
  "tonumber()", "tonumber('1', 99)", "tonumber(5, 10)", "tostring()", "type()",
  "math.abs({})", "math.fmod(1, 0)", "math.ult(1)", "string.format('%d', {})",
  "string.format('%d')", "string.format('%y', 1)", "string.format('%')", "string.format()",
  "string.sub()", "('x'):bad()", "string.find('x', '[a')", "string.find('x', '%')",
  "string.find('x', '(')", "string.find('x', ')')",
  "string.gsub('x', 'x', true)", "string.gsub('x', 'x')", "string.find('x', '%f')",
  "string.match('x', '%b')", "string.gsub('x', 'x', '%')",
      "string.gsub('x', '.', function() return {} end)",
  "string.find('x', '%1')", "coroutine.create(1)", "coroutine.resume(1)", "coroutine.status({})",
  "coroutine.wrap(nil)", "coroutine.yield(1)", "utf8.char(-1)", "utf8.codepoint('\\xff')",
  "utf8.codepoint('abc', 10)", "utf8.len('abc', 10)", "utf8.offset('abc', 1, 10)",
  "string.pack('<i17', 1)", "string.pack('<i1', 300)", "string.unpack('<i4', 'abc')",
  "string.unpack('<s1', '')", "string.pack('<s1', ('x'):rep(300))", "error()", "error(nil)",
      "assert()",
  "assert(false)", "assert(nil, nil)", "assert(1 > 2, 'text')", "pcall()", "xpcall(print)",
  "math.tointeger()", "math.type()", "table.move({}, 1, math.maxinteger, 2)",
      "table.sort({ 1, 'x' })",
  "table.sort({ 3, 2, 1 }, 5)", "table.unpack({}, 1, 10000000)", "string.byte()",
  "local t = setmetatable({}, { __index = 5 }) return t.x",
  "local t = setmetatable({}, { __newindex = 5 }) t.x = 1",
  "local t = setmetatable({}, { __call = 5 }) t()",
      "local t = setmetatable({}, { __metatable = 1 }) setmetatable(t, {})",
  "local t = setmetatable({}, { __tostring = function() return {} end }) return tostring(t)",
  "local t = setmetatable({}, { __len = function() error('in len') end }) return #t",
  "local t = setmetatable({}, { __index = function(_, k) error('no ' .. k) end }) return t.name",
  "local t = setmetatable({}, { __len = function() return 'x' end }) return table.unpack(t)",
}

-- Several in turn, since there are many.
local function fault(self)
  self:use "fault"
  local statement = { "do local up" }
  for index = 1, 3 do
    self.fault = self.fault % #FAULTS + 1
    local text = FAULTS[self.fault]
    self:use("fault: " .. text)
    statement[index + 1] = { is_block = true, { ("print(pcall(function() %s end))"):format(text) } }
  end
  statement[#statement + 1] = "end"
  return statement
end

-- ---- metatables

local function class(self)
  self:use "class"
  local name, make = self:name "Class", self:name "new"
  local statement = { ("local %s = { kind = %s }"):format(name, '"' .. name .. '"'),
    ("local function %s(v) return setmetatable({ v = v }, %s) end"):format(make, name) }
  local function add(event, parameters, result)
    self:use(event)
    local is_traced = self:chance(30)
    statement[#statement + 1] = { is_block = true,
        { ("%s.%s = function(%s) %sreturn %s end"):format(
      name, event, parameters, is_traced and ("print('%s') "):format(event) or "", result) } }
  end
  for _, event in ipairs(EVENTS) do
    add(event, "a, b", ("%s(num(a) %s num(b))"):format(make, self:pick(SAFE_OPERATORS)))
  end
  add("__unm", "a, b", make .. "(-num(a))")
  add("__bnot", "a", make .. "(~num(a))")
  add("__len", "a", "num(a) & 0xff")
  add("__concat", "a, b", self:pick { "num(a) .. '&' .. num(b)", make .. "(num(a) ~ num(b))" })
  add("__eq", "a, b", self:pick { "num(a) == num(b)", "num(a) & 1 == num(b) & 1", "1", "nil" })
  add("__lt", "a, b", self:pick { "num(a) < num(b)", "num(a) & 15 < num(b) & 15 and 'yes'" })
  add("__le", "a, b", self:pick { "num(a) <= num(b)", "num(a) & 15 <= num(b) & 15 or nil" })
  add("__call", "self, ...", "num(self), select('#', ...), ...")
  if self:chance(80) then add("__tostring", "a", "'<' .. num(a) .. '>'") end
  if self:chance(50) then
    self:use "__index table"
    statement[#statement + 1] = { is_block = true, { ("%s.__index = %s"):format(name, name) } }
  else
    add("__index", "t, k", ("%s[k] or tostring(k) .. '?'"):format(name))
  end
  if self:chance(50) then
    add("__newindex", "t, k, x", "rawset(t, k, num(x) + 1)")
  elseif self:chance(50) then
    self:use "__newindex table"
    statement[#statement + 1] = { is_block = true,
      { ("%s.shadow = {} %s.__newindex = %s.shadow"):format(name, name, name) } }
  end
  statement[#statement + 1] =
      ("function %s:get(by) return (rawget(self, 'v') or 0) + (by or 0) end")
    :format(name)
  self:declare("c", nil, { name = make, class = name, is_fixed = true })
  return statement
end

local function operand(self, make)
  return self:pick { ("%s(%s)"):format(make, self:integer(1)), ("%s(%s)"):format(make,
      self:small()),
    self:integer(1), ("%s(%s)"):format(make, self:integer(0)), '"text"' }
end

local function use_class(self)
  local found = self:variable "c"
  if not found or self.is_pure then return class(self) end
  self:use "metamethods at work"
  local make = found.name
  local a, b = self:name "o", self:name "o"
  local statement = { ("do local %s, %s = %s(%s), %s"):format(a, b, make, self:integer(1),
    operand(self, make)) }
  local forms = {
    function()
      local event = self:pick(EVENTS)
      return self:chance(50) and ("print(num(%s %s %s))"):format(a, EVENT_OPERATORS[event], b)
        or ("print(num(%s %s %s))"):format(b, EVENT_OPERATORS[event], a)
    end,
    function()
      return ("print(num(%s %s (%s %s %s)))"):format(a, self:pick(SAFE_OPERATORS), b,
        self:pick(SAFE_OPERATORS), a)
    end,
    function()
      return ("print(num(%s %s %s), num(%s %s %s))"):format(a, self:pick(SAFE_OPERATORS),
        self:small(), self:small(), self:pick(SAFE_OPERATORS), a)
    end,
    function() return ("print(num(-%s), num(~%s), #%s)"):format(a, a, a) end,
    function()
      return ("print(pcall(function() return num(%s .. %s), num('x' .. %s .. 1 .. %s) end))")
          :format(
        a, b, a, b)
    end,
    function()
      return ("print(%s == %s, %s ~= %s, %s == %s)"):format(a, b, a, b, a, a)
    end,
    function()
      return ("print(pcall(function() return %s < %s, %s <= %s, %s > %s, %s >= %s end))"):format(a,
          b,
        a, b, a, b, a, b)
    end,
    function()
      return ("if pcall(function() assert(%s < %s) end) then print 'less' else print 'not' end")
        :format(a, b)
    end,
    function() return ("print(%s(%s))"):format(a, self:list(self.random(4) - 1, function()
      return self:any(1) end)) end,
    function() return ("print(%s.v, %s.kind, %s.missing, %s[1])"):format(a, a, a, a) end,
    function()
      return ("%s.fresh = %s print(%s.fresh, rawget(%s, 'fresh'))"):format(a, self:integer(1), a, a)
    end,
    function() return ("%s.v = %s print(%s.v, num(%s))"):format(a, self:integer(1), a, a) end,
    function()
      return ("print(getmetatable(%s) == %s, rawequal(%s, %s), rawlen(%s))"):format(a, found.class,
        a, b, a)
    end,
    function() return ("print(tostring(%s), tostring(%s))"):format(a, b) end,
    function() return ("print(pcall(%s.get, %s, %s))"):format(found.class, a, self:integer(1)) end,
    function() return ("print(rawget(%s, 'v'), rawset(%s, 'w', 5) == %s)"):format(a, a, a) end,
  }
  for _ = 1, 2 + self.random(4) do
    statement[#statement + 1] = { is_block = true, { self:pick(forms)() } }
  end
  statement[#statement + 1] = "end"
  return statement
end

local function inheritance(self)
  self:use "inheritance"
  local base = self:name "Base"
  local depth = self.random(6)
  return { ("local %s = {} %s.__index = %s"):format(base, base, base),
    ("function %s:name() return 'base' .. self.id end"):format(base),
    ("function %s.new(id) return setmetatable({ id = id }, %s) end"):format(base, base),
    ("local %s_last = %s"):format(base, base), ("for level = 1, %d do"):format(depth),
    ("local parent = %s_last local derived = setmetatable({}, { __index = parent })"):format(base),
    "derived.__index = derived",
    "if level % 2 == 0 then function derived:name() return level .. parent.name(self) end end",
    ("%s_last = derived"):format(base), "end",
    ("local %s_made = setmetatable({ id = %s }, %s_last)"):format(base, self:integer(1), base),
    ("print(%s_made:name(), %s_made.absent, %s.new(3):name())"):format(base, base, base) }
end

local function odd_metatables(self)
  local forms = {
    { "__pairs", [[
      local t = setmetatable({}, { __pairs = function(t) return function(_, k) k = (k or 0) + 1 if
      k < 4 then return k, k * k end end, t, nil end }) for k, v in pairs(t) do print(k, v) end]] },
    { "__metatable", [[
      local t = setmetatable({}, { __metatable = 'locked' }) print(getmetatable(t),
      pcall(setmetatable, t, {}))]] },
    { "__name", "local t = setmetatable({}, { __name = 'Named' }) print(tostring(t))" },
    { "__index", [[
      local log = {} local t = setmetatable({}, { __index = function(t, k) log[#log + 1] = k
      rawset(t, k, #log) return -#log end }) print(t.a, t.b, t.a, t[1], t[1], #log)]] },
    { "__newindex", [[
      local store = {} local t = setmetatable({}, { __newindex = function(_, k, v) store[k] = v
      end, __index = store }) t.a, t.b, t[1] = 1, 2, 3 t.a = 9 print(t.a, t.b, t[1], rawget(t,
      'a'), store.a)]] },
    { "__call", [[
      local inner = setmetatable({}, { __call = function(self, ...) return 'inner', select('#',
      ...), ... end }) local t = setmetatable({}, { __call = inner }) print(select('#', t(1,
      nil)), (t(2)))]] },
    { "__len", [[
      local t = setmetatable({ 1, 2, 3 }, { __len = function() return 2 end }) print(#t,
      rawlen(t), table.concat(t, ','), table.unpack(t))]] },
    { "__index", [[
      local proxy = setmetatable({}, { __index = function(_, k) return k <= 5 and k * 10 or nil
      end, __len = function() return 5 end }) print(table.concat(proxy, ' ')) for k, v in
      ipairs(proxy) do print(k, v) end print(table.unpack(proxy))]] },
    { "__lt", [[
      local M = { __lt = function(a, b) return a.v < b.v end } local list = {} for at = 1, 9 do
      list[at] = setmetatable({ v = at * 7 % 10 }, M) end table.sort(list) for _, each in
      ipairs(list) do print(each.v) end]] },
    { "__concat", [[
      local M = {} M.__concat = function(a, b) return setmetatable({ t = (type(a) == 'table' and
      a.t or a) .. '+' .. (type(b) == 'table' and b.t or b) }, M) end local a, b = setmetatable({
      t = 'a' }, M), setmetatable({ t = 'b' }, M) print((a .. b).t, (1 .. a).t, (a .. 2).t, ('x'
      .. a .. 'y' .. b .. 3).t)]] },
    { "__eq", [[
      local calls = 0 local M = { __eq = function() calls = calls + 1 return true end } local a, b
      = setmetatable({}, M), setmetatable({}, M) print(a == b, a ~= b, a == a, a == 1, a == {},
      rawequal(a, b), calls)]] },
    { "__unm", [[
      local t = setmetatable({}, { __unm = function(a, b) return rawequal(a, b) end, __bnot =
      function(a, b) return rawequal(a, b) end, __len = function(...) return select('#', ...) > 0
      end }) print(-t, ~t, #t)]] },
    { "yield in a metamethod", [[
      local M = { __add = function(a, b) return coroutine.yield('add') end, __index = function(_,
      k) return coroutine.yield(k) end, __lt = function() return coroutine.yield('lt') end, __call
      = function(_, x) return coroutine.yield(x) end, __concat = function() return
      coroutine.yield('concat') end, __eq = function() return coroutine.yield('eq') end,
      __newindex = function(_, k, v) coroutine.yield(k, v) end } local t, u = setmetatable({}, M),
      setmetatable({}, M) local co = coroutine.wrap(function() local r = t + 1 print(r, t.name,
      t(5), t .. 'x', 'y' .. t) if t < u then print 'less' end t.new = 4 print(t == u) return
      'end' end) local v = co() for at = 1, 12 do if v == 'end' then break end print('yielded', v)
      v = co(at) end]] },
    { "__index of a method", [[
      local t = setmetatable({}, { __index = function(_, k) return function(self, ...) return k,
      select('#', ...), ... end end }) print(t:anything(1, 2)) print(t.other(t))]] },
    { "metatable of strings",
        "print(('x').len, #('abc'):rep(2), getmetatable('').__index == string, ('%d'):format(7))" },
  }
  local form = self:pick(forms)
  self:use(form[1])
  self:use "metatable by hand"
  return { "do", form[2], "end" }
end

-- ---- loops with iterators

local function generic_for(self)
  local k, v = self:name "i", self:name "i"
  local array = self:array()
  local forms = {
    function()
      self:use "ipairs"
      return { ("for %s, %s in ipairs(%s) do"):format(k, v, array) }, 6
    end,
    function()
      self:use "pairs"
      return { ("for %s, %s in pairs({ %s }) do"):format(k, v, self:list(self.random(5), function()
        return self:integer(1) end)) }, 5
    end,
    function()
      self:use "next"
      return { ("for %s, %s in next, { %s } do"):format(k, v, self:list(self.random(5), function()
        return self:integer(1) end)) }, 5
    end,
    function()
      self:use "iterator closure"
      return { ("for %s, %s in (function(n) local at = 0 return function() at = at + 1 if at "
        .. "<= n then return at, at * at end end end)(%d) do")
        :format(k, v, self.random(6)) }, 6
    end,
    function()
      self:use "stateless iterator"
      return { ("for %s, %s in function(limit, at) if at < limit then return at + 1, limit - "
        .. "at end end, %d, 0 do")
        :format(k, v, self.random(6)) }, 6
    end,
    function()
      self:use "coroutine.wrap"
      return { ("for %s, %s in coroutine.wrap(function() for at = 1, %d do "
        .. "coroutine.yield(at, at %s %s) end end) do")
        :format(k, v, self.random(6), self:pick(SAFE_OPERATORS), self:integer(1)) }, 6
    end,
    function()
      self:use "utf8.codes"
      return { ("for %s, %s in utf8.codes(%s) do"):format(k, v,
        self:pick { '"ab"', '"h\\u{e9}!"', '"\\u{20ac}\\u{10ffff}"', '""' }) }, 3
    end,
  }
  local header, times = self:pick(forms)()
  header[#header + 1] = self:turns(times, function()
    self:declare("i", nil, { name = k, level = self.level, is_fixed = self:chance(50) })
    self:declare("i", nil, { name = v, level = self.level })
  end)
  header[#header + 1] = "end"
  return header
end

local function sum_pairs(self)
  self:use "pairs of a record"
  local name = self:name "t"
  local statement = { ("local %s = {}"):format(name) }
  for _ = 1, 2 + self.random(8) do
    statement[#statement + 1] = { is_block = true, { ("%s[(%s)] = %s"):format(name,
      self:pick { self:integer(1), self:string(0) .. " .. ''", "true", "'k" .. self.random(5)
          .. "'" },
      self:chance(15) and "nil" or self:integer(1)) } }
  end
  if self:chance(50) then
    self:use "deletion in pairs"
    statement[#statement + 1] =
        ("for k, v in pairs(%s) do if num(v) & 1 == %d then %s[k] = nil else %s[k] = num(v) "
          .. "+ 1 end end")
      :format(name, self.random(2) - 1, name, name)
  end
  statement[#statement + 1] =
      ("do local count, sum = 0, 0 for k, v in pairs(%s) do count, sum = count + 1, sum ~ "
        .. "num(v) + num(k) end print(count, sum, next(%s) == nil) end")
    :format(name, name)
  return statement
end

-- ---- coroutines

local function coroutine_of(self)
  self:use "coroutine.create"
  self:use "coroutine.resume"
  self:use "coroutine.status"
  local co, value = self:name "co", self:name "i"
  local fill = function(block)
    for _ = 1, self.random(3) do
      block[#block + 1] = { self:pick {
        ("print('got', coroutine.yield(%s))"):format(self:list(self.random(3), function()
          return self:any(1) end)),
        ("for at = 1, %d do print(coroutine.yield(at, %s)) end"):format(self.random(3),
          self:integer(1)),
        ("print(pcall(function() local x = coroutine.yield('in pcall') error(x) end))"),
        ("print(select('#', coroutine.yield()), coroutine.isyieldable())"),
        ("print(pcall(pcall, function() coroutine.yield('deep') error({}) end))"),
        ("local t = { coroutine.yield(1), coroutine.yield(2) } print(#t > 0, t[1])"),
        ("print(xpcall(function() coroutine.yield('in xpcall') error('x') end, function(m) "
          .. "return m .. '!' end))"),
      } }
    end
  end
  self:use "coroutine.yield"
  local body = self:body({ { name = value, kind = "i" } }, self.random(3), 1, fill)
  local last = self:pick { "return 'done', %s", "error('inside')", "error({})", "return",
    "local n = nil; return n.x", "error(%s)" }
  last = last:gsub("%%s", function() return self:integer(1) end)
  local statement = { ("local %s = coroutine.create(function(%s, ...)"):format(co, value), body,
    ("do %s end"):format(last), "end)",
    ("for at = 1, %d do"):format(2 + self.random(6)), ("print(coroutine.status(%s))"):format(co),
    ("local results = table.pack(coroutine.resume(%s, at, 'value'))"):format(co),
    "print(table.unpack(results, 1, results.n))", "if not results[1] then break end", "end",
    ("print(coroutine.status(%s))"):format(co) }
  if self:chance(50) then
    self:use "coroutine.close"
    statement[#statement + 1] =
        ("print(coroutine.close(%s)) print(coroutine.status(%s), coroutine.resume(%s))")
      :format(co, co, co)
  end
  return statement
end

local COROUTINES <const> = {
  [[
    local function walk(t) if type(t) == 'table' then for _, each in ipairs(t) do walk(each) end
    else coroutine.yield(t) end end for v in coroutine.wrap(function() walk({ 1, { 2, { 3, 4 } },
    {}, 5 }) end) do print(v) end]],
  [[
    local outer = coroutine.wrap(function() local inner = coroutine.wrap(function()
    coroutine.yield(1) coroutine.yield(2) end) print('a', inner()) coroutine.yield('mid')
    print('b', inner()) return 'end' end) print(outer()) print(outer())]],
  [[
    local co co = coroutine.create(function() print(coroutine.status(co), coroutine.running() ==
    co, select(2, coroutine.running())) print(coroutine.resume(co)) local other =
    coroutine.create(function() print(coroutine.status(co)) print(coroutine.resume(co)) end)
    print(coroutine.resume(other)) end) print(coroutine.resume(co)) print(coroutine.status(co))]],
  "local f = coroutine.wrap(function() error('oops') end) print(pcall(f)) print(pcall(f))",
  [[
    local f = coroutine.wrap(function() error({ code = 3 }) end) local ok, e = pcall(f) print(ok,
    type(e), e.code)]],
  [[
    local f = coroutine.wrap(function(...) local n = select('#', ...) while true do n = n +
    select('#', coroutine.yield(n)) end end) print(f(1, nil), f(), f(nil, nil), f(2))]],
  [[
    local function producer(n) return coroutine.create(function() for at = 1, n do
    coroutine.yield(at) end return nil end) end local function filter(source) return
    coroutine.create(function() while true do local ok, v = coroutine.resume(source) if not v then
    return nil end if v % 2 == 0 then coroutine.yield(v * v) end end end) end local last =
    filter(producer(9)) while true do local ok, v = coroutine.resume(last) if not v then break end
    print(v) end]],
  [[
    local log = {} local tasks = {} for id = 1, 3 do tasks[id] = coroutine.create(function() for
    step = 1, id do log[#log + 1] = id .. ':' .. step coroutine.yield() end end) end while #tasks
    > 0 do for at = #tasks, 1, -1 do coroutine.resume(tasks[at]) if coroutine.status(tasks[at]) ==
    'dead' then table.remove(tasks, at) end end end print(table.concat(log, ' '))]],
  "print(coroutine.isyieldable(), select(2, coroutine.running())) print(pcall(coroutine.yield, 1))",
  [[
    local co = coroutine.create(function(...) return select('#', ...), ... end)
    print(coroutine.resume(co, nil, 2, nil)) print(coroutine.resume(co))]],
  [[
    local co = coroutine.create(function() coroutine.yield() end) coroutine.resume(co)
    print(coroutine.close(co), coroutine.status(co)) print(coroutine.resume(co))]],
  [[
    local co = coroutine.create(function() error('x') end) coroutine.resume(co)
    print(coroutine.close(co)) print(coroutine.close(co))]],
  [[
    local function gen(n) return coroutine.wrap(function() for at = 1, n do coroutine.yield(at)
    end end) end local sum = 0 for a in gen(4) do for b in gen(a) do sum = sum + a * b end end
    print(sum)]],
  [[
    local co = coroutine.wrap(function() local ok, e = pcall(function() local ok, e = pcall(error,
    coroutine.yield(1)) print(ok, e) error(coroutine.yield(2)) end) print(ok, e) return 3 end)
    print(co()) print(co('first')) print(co('second'))]],
  [[
    local function permute(list, n) if n == 0 then coroutine.yield(list) else for at = 1, n do
    list[n], list[at] = list[at], list[n] permute(list, n - 1) list[n], list[at] = list[at],
    list[n] end end end for list in coroutine.wrap(function() permute({ 1, 2, 3 }, 3) end) do
    print(table.concat(list, ',')) end]],
  [[
    local x = 0 local co = coroutine.wrap(function() while true do x = x + 1 coroutine.yield() end
    end) for _ = 1, 5 do co() end print(x)]],
  [[
    local co = coroutine.wrap(function(a) local t = setmetatable({}, { __index = function(_, k)
    return coroutine.yield(k) end }) return t.one + t.two end) print(co()) print(co(5))
    print(co(6))]],
  [[
    print(select('#', table.unpack({ coroutine.resume(coroutine.create(function() return nil, nil
    end)) }, 1, 3)))]],
  [[
    local depth = 0 local function nest(n) if n == 0 then return 'bottom' end return
    coroutine.wrap(function() depth = depth + 1 return nest(n - 1) end)() end print(nest(15),
    depth)]],
}

local function coroutines(self)
  self:use "coroutine by hand"
  self.coroutine = self.coroutine % #COROUTINES + 1
  local text = COROUTINES[self.coroutine]
  for name in text:gmatch "coroutine%.(%a+)" do self:use("coroutine." .. name) end
  return { "do", text, "end" }
end

-- ---- strings

local function pattern_item(self, depth)
  local item = self:pick { "a", "b", ".", "%a", "%d", "%s", "%w", "%p", "%l", "%u", "%x", "%c",
      "%A",
    "%S", "[abc]", "[^a-c]", "[%w_]", "[^%s]", "[]]", "[a-]", "%.", "%%", "X", "o" }
  if depth > 0 and self:chance(20) then
    return "(" .. pattern_item(self, depth - 1) .. pattern_item(self, depth - 1) .. ")"
  end
  if self:chance(6) then return "()" end
  if self:chance(6) then return self:pick { "%b()", "%f[%w]", "%f[%W]", "%b{}" } end
  return item .. self:pick { "", "", "*", "+", "-", "?" }
end

function Generator:pattern()
  local parts = { self:chance(15) and "^" or "" }
  for _ = 1, self.random(4) do parts[#parts + 1] = pattern_item(self, 1) end
  if self:chance(10) then parts[#parts + 1] = "$" end
  return table.concat(parts)
end

local function patterns(self)
  local pattern, subject = self:pattern(), self:pick(WORDS)
  if self:chance(30) then subject = subject .. self:pick(WORDS) end
  local has_capture = pattern:find("(", 1, true) and not pattern:find "%%b"
  local forms = {
    { "string.find", ('print(string.find(%q, %q%s))'):format(subject, pattern,
      self:pick { "", ", 2", ", -3", ", 100" }) },
    { "string.match", ('print(string.match(%q, %q%s))'):format(subject, pattern,
      self:pick { "", ", 3", ", -1" }) },
    { "string.gmatch", ('for a, b in string.gmatch(%q, %q) do print(a, b) end'):format(subject,
      pattern) },
    { "string.gsub", ('print(string.gsub(%q, %q, %q%s))'):format(subject, pattern,
      self:pick { "<%0>", "", "%%", has_capture and "[%1]" or "_" }, self:pick { "", ", 1",
          ", 0" }) },
    { "string.gsub of function",
        ('print(string.gsub(%q, %q, function(a, b) print(a, b) return %s end))')
      :format(subject, pattern, self:pick { "'!'", "nil", "false", "tostring(a):upper()",
          "#tostring(a)" }) },
    { "string.gsub of table",
        ('print(string.gsub(%q, %q, { a = "A", [" "] = "_", o = false, hello = 5 }))')
      :format(subject, pattern) },
    { "string.find plain", ('print(string.find(%q, %q, %d, true))'):format(subject,
      self:pick { "a", " ", "(", "lo", "" }, self.random(5) - 2) },
    { "string.match method", ('print((%q):match(%q))'):format(subject, pattern) },
  }
  local form = self:pick(forms)
  self:use(form[1])
  return { form[2] }
end

local function string_library(self)
  local forms = {
    { "string.byte", ("print(string.byte(%s, %d, %d))"):format(self:string(), self.random(6) - 3,
      self.random(8) - 3) },
    { "string.pack", ('print(("%%q"):format(string.pack("%s%s", %s)))'):format(self:pick { "<",
        ">" },
      self:pick { "i8", "j", "I8" } == "j" and "i8" or "i8", self:integer(1)) },
    { "string.pack",
        ('print(string.unpack("<i4 >I2 <s2 z", string.pack("<i4 >I2 <s2 z", %s >> 33, %d, '
          .. '%s, "zero")))')
      :format(self:integer(1), self.random(60000), self:string(0)) },
    { "string.unpack", ('print(string.unpack("%s%s", "\\1\\2\\xff\\x80\\0\\7\\8\\9\\x0a", %d))')
      :format(self:pick { "<", ">" }, self:pick { "i1", "I1", "i2", "I2", "i3", "I4", "i8", "b",
          "B",
      "I5" }, self:pick { 1, 2, -9 }) },
    { "string.packsize", ('print(string.packsize("<i4 %s I8 c10 b"))'):format(self:pick { "", "x",
        "!4" }) },
    { "string.format", ('print(string.format("%s %s %%s|", %s, %s, %s))'):format(
      self:integer_format(), self:integer_format(), self:integer(1), self:integer(1),
          self:any(1)) },
    { "string.format %5s", ('print(("%%5s|%%-5s|%%.2s|%%%%|%%c"):format(%s, "b", "cdef", 65))')
      :format('"' .. self:pick { "", "a", "abcdefgh" } .. '"') },
    { "utf8.len", ('print(utf8.len(%s))'):format(self:pick { '"abc"', '"h\\u{e9}"', '"\\xff"', '""',
      '"a\\u{20ac}b", 2', '"\\u{20ac}", -1' }) },
    { "utf8.codepoint", ('print(utf8.codepoint("h\\u{e9}\\u{20ac}!", %s))'):format(
      self:pick { "1, -1", "1", "2", "2, 4", "-1" }) },
    { "utf8.offset", ('print(utf8.offset("h\\u{e9}\\u{20ac}!", %d))'):format(self.random(8) - 4) },
    { "utf8.charpattern", 'for c in ("a\\u{e9}z"):gmatch(utf8.charpattern) do print(#c, c) end' },
    { "string.rep", ("print((%s):rep(%d, %s))"):format(self:string(0), self.random(5) - 1,
      self:string(0)) },
    { "string.reverse", ("print((%s):reverse():upper():lower():len())"):format(self:string()) },
    { "string.sub", ("for at = -3, 3 do print((%s):sub(at), (%s):sub(at, -2), (%s):sub(1, at)) end")
      :format(self:string(0), self:string(0), self:string(0)) },
    { "string comparison", ("print(%s < %s, %s <= %s)"):format(self:string(), self:string(),
      self:string(), self:string()) },
    { "tostring", ("print(tostring(%s) .. tostring(%s) .. tostring(nil) .. tostring(true))"):format(
      self:integer(), self:string()) },
    { "long string",
        "print([[\nfirst\nsecond]], [==[a]]b]=]c]==], '\\\n', \"\\'\\\"\\\\\\a\\b\\f\\v\\r\")" },
  }
  local form = self:pick(forms)
  self:use(form[1])
  return { form[2] }
end

-- ---- tables

local function table_library(self)
  local name = self:name "t"
  local statement = { ("do local %s = { %s }"):format(name, self:list(1 + self.random(6), function()
    return self:integer(1) end)) }
  local forms = {
    { "table.insert", "table.insert(%s, " .. self:integer(1) .. ")" },
    { "table.insert at", "table.insert(%s, " .. self.random(2) .. ", " .. self:integer(1) .. ")" },
    { "table.remove", "print(table.remove(%s))" },
    { "table.remove at", "if #%s > 0 then print(table.remove(%s, 1)) end" },
    { "table.move",
        "table.move(%s, 1, #%s, #%s + 1) print(#%s) table.move(%s, 2, #%s, 1) print(#%s)" },
    { "table.move to another", "print(table.concat(table.move(%s, 1, #%s, 1, {}), '+'))" },
    { "table.concat", "print(table.concat(%s, '" .. self:pick { "", ",", " - " } .. "'" ..
      self:pick { "", ", 2", ", 1, 1", ", 3, 2" } .. "))" },
    { "table.unpack", "print(table.unpack(%s" .. self:pick { "", ", 2", ", 1, 3", ", -1, 1" }
        .. "))" },
    { "table.sort", "table.sort(%s) print(table.concat(%s, ' '))" },
    { "table.sort by", "table.sort(%s, function(a, b) return " .. self:pick { "a > b",
      "a & 15 < b & 15 or a & 15 == b & 15 and a < b", "math.ult(a, b)" }
          .. " end) print(table.concat(%s, ' '))" },
    { "table.pack", "local packed = table.pack(table.unpack(%s)) print(packed.n, #packed)" },
    { "operator #", "print(#%s)" },
    { "store", "%s[#%s + 1] = " .. self:integer(1) },
    { "select #", "print(select('#', table.unpack(%s)))" },
  }
  for _ = 1, 2 + self.random(5) do
    local form = self:pick(forms)
    self:use(form[1])
    statement[#statement + 1] = { is_block = true, { (form[2]:gsub("%%s", name)) } }
  end
  statement[#statement + 1] = ("print(table.concat(%s, ' ')) end"):format(name)
  return statement
end

local function sorting(self)
  self:use "table.sort"
  local name, count = self:name "t", self.random(60)
  self.spent = self.spent + count * self.weight
  return { ("do local %s, seed = {}, %s"):format(name, self:integer(1)),
    ("for at = 1, %d do seed = seed * 1103515245 + 12345 %s[at] = (seed >> 16) %% %d end"):format(
      count, name, self:pick { 5, 50, 100000 }),
    self:pick {
      ("table.sort(%s)"):format(name),
          ("table.sort(%s, function(a, b) return a > b end)"):format(name),
      ("table.sort(%s, function(a, b) return tostring(a) < tostring(b) end)"):format(name),
      ("for at, v in ipairs(%s) do %s[at] = 'w' .. v end table.sort(%s)"):format(name, name, name),
      ("table.sort(%s, function(a, b) if a %% 3 ~= b %% 3 then return a %% 3 < b %% 3 end "
        .. "return a < b end)")
        :format(name) }, ("print(table.concat(%s, ' ')) end"):format(name) }
end

local function nested_tables(self)
  self:use "nested tables"
  local name = self:name "t"
  return { ("local %s = { { %s, { x = %s } }, n = { [1] = { %s } }, %s }"):format(name,
    self:integer(1), self:integer(1), self:integer(1), self:integer(1)),
    ("print(%s[1][1], %s[1][2].x, %s.n[1][1], %s[2], #%s)"):format(name, name, name, name, name),
    ("%s[1][2].x, %s.n[1][2] = %s, %s"):format(name, name, self:integer(1), self:integer(1)),
    ("print(%s[1][2].x, #%s.n[1], %s.absent)"):format(name, name, name) }
end

local function growing_table(self)
  self:use "growing table"
  local name, count = self:name "t", self.random(80)
  self.spent = self.spent + count * self.weight
  return { ("do local %s = {}"):format(name), self:pick {
    ("for at = 1, %d do %s[at] = at * at end"):format(count, name),
    ("for at = %d, 1, -1 do %s[at] = at ~ 5 end"):format(count, name),
    ("for at = 1, %d do %s['k' .. at] = at end for at = 1, %d do %s['k' .. at] = nil end"):format(
      count, name, count - 1, name),
    ("for at = 1, %d do %s[#%s + 1] = at if at %% 3 == 0 then %s[#%s] = nil end end"):format(count,
      name, name, name, name) },
    ("local sum, count = 0, 0 for k, v in pairs(%s) do sum, count = sum + num(v), count + 1 "
      .. "end print(sum, count) end")
      :format(name) }
end

local function edge_arithmetic(self)
  self:use "integer edges"
  local a, b = self:pick(INTEGERS), self:pick(INTEGERS)
  return { ("do local a, b = %s, %s"):format(a, b),
    "print(a + b, a - b, a * b, a & b, a | b, a ~ b, a << (b & 127), a >> (b & 127), -a, ~a)",
    "print(pcall(function() return a // b, a % b end))",
    "print(a < b, a <= b, a > b, a >= b, a == b, math.ult(a, b), a << b, a >> b)",
    ("print(%s + %s, %s - %s, %s * %s, %s & %s, %s << 1, %s >> 1, -(%s), ~(%s)) end"):format(a, b,
        a,
      b, a, b, a, b, a, a, a, a) }
end

-- Any operator on any two values; strings only where text is no number in either.
local function wild(self)
  self:use "operator on anything"
  local values = { "nil", "true", "5", "{}", "print", "math.maxinteger", "''", "'abc'" }
  local operators = { "..", "==", "~=", "<", "<=", ">", ">=", "&", "|", "~", "<<", ">>", "+", "-",
      "*",
    "//", "%" }
  local a, b, operator = self:pick(values), self:pick(values), self:pick(operators)
  if operator:find "^[%+%-%*/%%]" then
    if a:find "'" then a = "false" end
    if b:find "'" then b = "{}" end
  end
  local form = self:pick { "local a, b = %s, %s return a %s b",
      "local t = { a = %s, b = %s } return t.a %s t.b",
    "local a, b = %s, %s return (function() return a %s b end)()",
    "local a, b = %s, %s if a %s b then return 'yes' else return 'no' end",
    "local a, b = %s, %s return not (a %s b) and 1 or 2" }
  if form:find "t%.a" and a == "nil" then a = "1" end
  return { "print(pcall(function() " .. form:format(a, b, operator) .. " end))" }
end

local function long_chain(self)
  self:use "long and/or chain"
  local parts = {}
  for index = 1, 5 + self.random(25) do
    parts[index] = self:pick { "nil", "false", self:integer(0), self:boolean(0), self:boolean(1),
      "(" .. self:boolean(1) .. " and " .. self:any(0) .. ")" }
  end
  local text = parts[1]
  for index = 2, #parts do text = text .. self:pick { " and ", " or " } .. parts[index] end
  return { self:pick { "print(%s)", "if %s then print 'true' else print 'false' end",
    "print(not (%s))", "local v = %s print(v)", "print((%s) == nil)" }:gsub("%%s", function()
      return text end) .. "" }
end

local function deep_nesting(self)
  self:use "deep nesting"
  local depth = 5 + self.random(25)
  local statement = { "do local level = 0" }
  for index = 1, depth do
    statement[#statement + 1] = self:pick { "do", "if true then", "for _ = 1, 1 do",
      ("while level < %d do level = level + 1"):format(index) }
  end
  statement[#statement + 1] = "level = level + 1 print(level)"
  for _ = 1, depth do statement[#statement + 1] = "end" end
  statement[#statement + 1] = "end"
  return statement
end

local function nested_functions(self)
  self:use "nested functions"
  local depth = 2 + self.random(8)
  local text = "return level"
  for index = depth, 1, -1 do
    text = ("local v%d = level level = level + %d local r = (function() %s end)() return r + v%d")
      :format(index, index, text, index)
  end
  return { ("do local level = %s print((function() %s end)()) end"):format(self:integer(1), text) }
end

local function yield_here(self)
  if not self.is_yielding then return self:print() end
  return { "coroutine.yield()" }
end

local STATEMENTS <const> = { declare_local, declare_local, declare_local, declare_several,
  declare_record, assign, assign, assign, assign_several, assign_several, assign_field, global,
  branch, branch, numeric_for, numeric_for, while_loop, repeat_loop, repeat_with_local, leave_loop,
  leave_loop, nested_goto, backward_goto, scope, shadow, pure_function, pure_function, early_return,
  shared_upvalues, captured_loop, deep_upvalues, varargs, tail_calls, methods, protected,
  protected_nested, handled, fault, fault, fault, class, use_class, use_class, use_class,
  inheritance, odd_metatables, generic_for, generic_for, generic_for, sum_pairs, coroutine_of,
  coroutines, patterns, patterns, patterns, string_library, string_library, table_library,
  table_library, sorting, nested_tables, growing_table, edge_arithmetic, wild, wild, long_chain,
  deep_nesting, nested_functions, yield_here, Generator.print, Generator.print }
-- In a function without effects.
local PURE_STATEMENTS <const> = { declare_local, declare_several, assign, assign, assign_several,
  branch, numeric_for, while_loop, leave_loop, repeat_loop }
local SIMPLE_STATEMENTS <const> = { declare_local, assign, assign_several, Generator.print,
  leave_loop }

function Generator:statement()
  local is_cheap = self.depth > 4 or self.spent > 700 or self.weight > 30
  self.spent = self.spent + self.weight
  if self.is_pure then
    return (self:pick(is_cheap and { assign, declare_local } or PURE_STATEMENTS))(self)
  end
  if is_cheap then
    if self.spent > 1200 then return assign(self) end
    return (self:pick(self.loop and SIMPLE_STATEMENTS or { declare_local, assign,
      assign_several, Generator.print }))(self)
  end
  return self:pick(STATEMENTS)(self)
end

-- What programs are made of, the library by its names; all of it is counted.
local LIBRARY <const> = {
  "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall", "print", "rawequal",
  "rawget", "rawlen", "rawset", "select", "setmetatable", "tonumber", "tostring", "type", "xpcall",
  "coroutine.close", "coroutine.create", "coroutine.isyieldable", "coroutine.resume",
  "coroutine.running", "coroutine.status", "coroutine.wrap", "coroutine.yield", "math.abs",
  "math.fmod", "math.max", "math.maxinteger", "math.min", "math.mininteger", "math.tointeger",
  "math.type", "math.ult", "string.byte", "string.char", "string.find", "string.format",
  "string.gmatch", "string.gsub", "string.len", "string.match", "string.pack", "string.packsize",
  "string.rep", "string.sub", "string.unpack", "table.concat", "table.insert", "table.move",
  "table.pack", "table.remove", "table.sort", "table.unpack", "utf8.char", "utf8.charpattern",
  "utf8.codepoint", "utf8.codes", "utf8.len", "utf8.offset",
}

local random_lua = { CONSTRUCTS = 388 }

local PRELUDE <const> = [[
local function num(x)
  local kind = type(x)
  if kind == "number" then return x end
  if kind == "string" then return #x end
  return kind == "table" and rawget(x, "v") or 1
end]]

--- Makes a source of programs: `next_program()` gives one as a block; `counts` says how often each
-- construct was used so far.
-- @tparam function random of spec.support.random
-- @tparam[opt] {string,...} awaits names of functions that give back what they get: some
-- expressions are passed through them
-- @tparam[optchain] integer percent how many
function random_lua.new(random, awaits, percent)
  local source = { counts = {} }
  local self = setmetatable({ random = random, counts = source.counts, fault = random(#FAULTS),
    coroutine = random(#COROUTINES), awaits = awaits, awaits_percent = percent }, Generator)

  function source.next_program()
    self.variables, self.globals, self.last_name = {}, {}, 0
    self.weight, self.spent, self.depth, self.level = 1, 0, 0, 0
    self.loop, self.is_pure, self.is_yielding = nil, false, false
    local block = { is_block = true }
    for _, kind in ipairs { "i", "s", "b" } do
      local value = self:of_kind(kind, 1)
      block[#block + 1] = { ("local %s = %s"):format(self:declare(kind, nil, { level = 0 }),
          value) }
    end
    for _ = 1, 12 + random(20) do block[#block + 1] = self:statement() end
    for _, variable in ipairs(self.variables) do
      if variable.kind == "i" or variable.kind == "s" or variable.kind == "b" then
        block[#block + 1] = { ("print(%s)"):format(variable.name) }
      end
    end
    local text = random_lua.text(block)
    for _, name in ipairs(LIBRARY) do
      if text:find("%f[%w]" .. name .. "%f[%W]") then self:use("library: " .. name) end
    end
    return block
  end

  return source
end

--- The text of a program.
function random_lua.text(block)
  local lines = { PRELUDE }
  local function add(node)
    for _, part in ipairs(node) do
      if type(part) == "string" then lines[#lines + 1] = part else add(part) end
    end
  end
  add(block)
  return table.concat(lines, "\n") .. "\n"
end

-- Every block in a program, outer ones first.
local function blocks_of(node, found)
  if node.is_block then found[#found + 1] = node end
  for _, part in ipairs(node) do
    if type(part) == "table" then blocks_of(part, found) end
  end
  return found
end

--- Leaves out of a program, in place, whatever it still differs without.
-- @tparam table block
-- @tparam function differs of the text; true while it is worth keeping
-- @treturn string the text that is left
function random_lua.shrink(block, differs)
  local tries, has_changed = 3000, true
  local function try(list, first, count, inserted)
    local removed = table.move(list, first, first + count - 1, 1, {})
    local old_size, kept = #list, table.move(list, 1, #list, 1, {})
    table.move(list, first + count, old_size + count, first)
    if inserted then for index = #inserted, 1, -1 do table.insert(list, first,
        inserted[index]) end end
    tries = tries - 1
    if tries > 0 and differs(random_lua.text(block)) then return #removed > 0 end
    for index = #list, 1, -1 do list[index] = nil end
    table.move(kept, 1, #kept, 1, list)
    return false
  end
  while has_changed and tries > 0 do
    has_changed = false
    for _, list in ipairs(blocks_of(block, {})) do
      local size = #list
      while size >= 1 do
        local first = 1
        while first + size - 1 <= #list do
          if try(list, first, size) then has_changed = true else first = first + size end
        end
        size = size // 2
      end
      for index = #list, 1, -1 do
        for _, part in ipairs(list[index] or {}) do
          if type(part) == "table" and try(list, index, 1, part) then has_changed = true break end
        end
      end
    end
  end
  return random_lua.text(block)
end

return random_lua
