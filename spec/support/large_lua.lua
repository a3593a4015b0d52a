--- Sources of many shapes, for what compiling takes: `source(size)` makes one of about that size,
-- by default the greatest that is taken.
local new_random = require "spec.support.random"

local MIB <const> = 1 << 20

local sources = {}

-- `unit` as often as it fits between `head` and `tail`.
local function add(name, unit, head, tail)
  head, tail = head or "", tail or ""
  sources[#sources + 1] = { name = name, source = function(size)
    return head .. unit:rep(((size or MIB) - #head - #tail) // #unit) .. tail
  end }
end

-- Lines made by number, `%d` standing for it, until the size is reached.
local function add_numbered(name, line, head, tail)
  head, tail = head or "", tail or ""
  sources[#sources + 1] = { name = name, source = function(size)
    local parts, left, count = { head }, (size or MIB) - #head - #tail - 100, 0
    repeat
      count = count + 1
      parts[count + 1] = line:gsub("%%d", count)
      left = left - #parts[count + 1]
    until left < 0
    return table.concat(parts) .. tail
  end }
end

add("a sum without end", "+a", "local a = 1 return a")
add("a product of minus", "*-a", "local a = 1 return a")
add("and without end", " and a", "local a = 1 return a")
add("or without end", " or a", "local a return a")
add("fields of fields", ".a", "local a = {} return a")
add("items of items", "[1]", "local a = {} return a")
add("items by name", "[a]", "local a = {} return a")
add("calls of calls", "()", "local f f = function() return f end return f")
add("calls of calls with texts", "''", "local f f")
add("calls of calls with tables", "{}", "local f f")
add("a sum of globals", "+a", "a = 1 return a")
add("a sum of captures", "+a", "local a = 1 return function() return a", " end")
add("methods of methods with texts", ":m''", "local a return a")
add("sixty stores to fields", ("a.a,"):rep(59) .. "a.a=1 ", "local a ")
add("sixty stores to items", ("a[1],"):rep(59) .. "a[1]=1 ", "local a ")
add("three stores to fields", "a.a,a.a,a.a=1 ", "local a = {} ")
add("methods of methods", ":m()", "local o = {} return o")
add("concatenations in statements", "x=a..a..a..a..a..a ", "local a = 1 x = 1 ")
add("comparisons without end", "<a", "local a return a")
add("comparisons of globals", "<a", "a = 1 return a")
add("comparisons of captures", "<a", "local a return function() return a", " end")
add("comparisons with numbers", "<1", "local a return a")
add("comparisons with texts", "<''", "local a return a")
add("comparisons with tables", "<{}", "local a return a")
add("comparisons with lengths", "<####a", "local a return a")
add("comparisons behind names", "a=" .. ("1<"):rep(20) .. "1 ", "local a ")
add("comparisons", "x=a<b ", "local a, b = 1, 2 x = 1 ")
add("tests", "if a<b then x=a end ", "local a, b = 1, 2 x = 1 ")
add("ifs of nothing", "if a then end ", "local a ")
add("empty loops", "while a do end ", "local a ")
add("repeats", "repeat until a ", "local a = 1 ")
add("numeric loops", "for i=1,2 do end ")
add("generic loops", "for i in f do end ", "local f = next ")
add("blocks", "do end ")
add("blocks with a local", "do local a end ")
add("locals of very many names", "do local a" .. (",a"):rep(179) .. " end ")
add("locals of many names", "do local a,b,c,d,e,f,g,h end ")
add("small assignments", "a=b ", "local a, b ")
add("assignments of small numbers", "a=1 ", "local a ")
add("assignments of strings", "a='' ", "local a ")
add("global assignments", "a=a ")
add("swaps of many", ("a,"):rep(99) .. "a=" .. ("a,"):rep(99) .. "a ")
add("swaps", "a,b=b,a ", "local a, b ")
add("calls", "f()", "local f = print ", "f()")
add("calls with arguments", "f(a,1,'') ", "local f, a = print ")
add("calls of text by globals", "f''", "f = print ")
add("calls of text by parentheses", "(f)''", "local f = print ")
add("calls of text by fields", "f.f''", "local f ")
add("calls of tables", "f{}", "local f ")
add("calls of tables with calls", "f{f''}", "local f ")
add("calls of text", "f'' ", "local f = print ")
add("calls of fields", "f.a.b(c.d) ", "local f, c = {}, {} ")
add("stores to fields", "t.x=1 ", "local t = {} ")
add("stores to items", "t[1]=1 ", "local t = {} ")
add("empty functions", "f=function()end ", "local f ")
add("local functions", "do local function f()end end ")
add("functions with parameters", "f=function(a,b,c)return a end ", "local f ")
add("functions with very many parameters", "f(function(a" .. (",a"):rep(179) .. ")end)",
  "local f ")
add("functions that capture", "f=function()return a end ", "local f, a ")
add("methods of objects", "function t:m()end ", "local t = {} ")
add("empty tables", "t={} ", "local t ")
add("a table of numbers", "1,", "return #{", "}")
add("a table of strings", "'',", "return #{", "}")
add("a table of comparisons", "a<a,", "local a return #{", "}")
add("a table of tables", "{},", "return #{", "}")
add("a table of names", "a=1,", "return {", "}")
add("a table of functions", "function()end,", "return #{", "}")
add("a table of keys", "[1]=1,", "return {", "}")
add("labels and gotos", "do goto a ::a:: end ")
add("nots", "a=not not not not a ", "local a ")
add("parentheses", "a=((((a)))) ", "local a ")
add("vararg", "f(...)", "local f = print ", "f()")
add("spaces", " ")
add("newlines", "\n")
add("semicolons", ";")
add("comments", "--\n")
add("long comments", "--[[]]")
add("one comment", "x", "--")
add("one string", "x", "return #'", "'")
add("a string of escapes", "\\x41", "return #'", "'")
add("a string of decimal escapes", "\\065", "return #'", "'")
add("a string of characters", "\\u{7FFFFFFF}", "return #'", "'")
add("a long string of lines", "\n", "return #[[", "]]")
add("one name", "x", "local ")
add("one hexadecimal number", "f", "return 0x")
add_numbered("global names", "g%d=1 ")
add_numbered("global names that are read", "f(g%d)", "local f = print ", "f()")
add_numbered("local names", "do local l%d end ")
add_numbered("texts", "x='%d' ", "local x ")
add_numbered("numbers", "x=%d ", "local x ")
add_numbered("great numbers", "x=0x7fffffffffff%d ", "local x ")
add_numbered("fields", "t.f%d=1 ", "local t = {} ")
add_numbered("a table of other names", "k%d=%d,", "return {", "}")
add_numbered("other fields of fields", ".f%d", "local a = {} return a")
add_numbered("a sum of other fields", "+a.f%d", "local a = {} return a")
add_numbered("a sum of other globals", "+g%d", "return 1")
add_numbered("a table of other texts", "'%d',", "return #{", "}")
add_numbered("labels", "::l%d::")
add_numbered("labels that are used", "goto l%d ::l%d::")
add_numbered("functions of other names", "function f%d()end ")

local LETTERS <const> = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
local KEYWORDS <const> = { ["and"] = true, ["end"] = true, ["for"] = true, ["nil"] = true,
  ["not"] = true }

local function letter(number)
  return LETTERS:sub(number % #LETTERS + 1, number % #LETTERS + 1)
end

local function three_letters(number)
  local tens <const> = number // #LETTERS
  local word = letter(tens // #LETTERS) .. letter(tens) .. letter(number)
  return KEYWORDS[word] and "x" .. word:sub(2) or word
end

-- `new_part()` gives a function that gives one part after another; after each `every` of them, if
-- that is given, stands `between`.
local function add_parts(name, new_part, head, tail, every, between)
  sources[#sources + 1] = { name = name, source = function(size)
    local next_part <const> = new_part()
    local parts, left, count = { head }, (size or MIB) - #head - #tail, 0
    while true do
      local part = next_part()
      if every and count > 0 and count % every == 0 then part = between .. part end
      left, count = left - #part, count + 1
      if left < 0 then return table.concat(parts) .. tail end
      parts[#parts + 1] = part
    end
  end }
end

-- Each word once, as close as they can stand, between `before` and `after`.
local function add_dense(name, before, after, head, tail)
  add_parts(name, function()
    local count = -1
    return function()
      count = count + 1
      return before .. three_letters(count) .. after
    end
  end, head, tail)
end

add_dense("a sum of close globals", "+", "", "return 1", "")
add_dense("comparisons of close globals", "<", "", "return 1", "")
add_dense("calls of text by close globals", "", "''", "", "")
add_dense("close globals", "", "=1 ", "", "")
add_dense("close fields of fields", ".", "", "local a return a", "")
add_dense("comparisons of close fields", "<a.", "", "local a return a", "")
add_dense("a table of close names", "", "=1,", "return {", "}")
add_dense("a table of close texts", "'", "',", "return #{", "}")

-- Parts by chance, so that a processor foresees none: part(pick, word) gives one, where pick(list)
-- is one of a list, and word() a word out of so many that no cache holds them.
local function add_chance(name, part, ...)
  add_parts(name, function()
    local random <const> = new_random(1)
    local function pick(list) return list[random(#list)] end
    local function word() return three_letters(random(100000)) end
    return function() return part(pick, word) end
  end, ...)
end

-- The same in functions of 3,000 parts, each of which begins with `begin`.
local function add_functions(name, part, begin)
  add_chance("functions of " .. name, part, "a=1 local c,f f=" .. begin, " end", 3000,
    " end f=" .. begin)
end

local function add_cold(name, before, after, head, tail)
  add_chance(name, function(_, word) return before .. word() .. after end, head, tail)
end

add_cold("a sum of cold globals", "+", "", "return 1", "")
add_cold("comparisons of cold globals", "<", "", "return 1", "")
add_cold("calls of text by cold globals", "", "''", "", "")
add_cold("cold globals", "", "=1 ", "", "")
add_cold("cold fields of fields", ".", "", "local a return a", "")
add_cold("comparisons of cold fields", "<a.", "", "local a return a", "")
add_cold("arguments that are cold globals", "f(", ")", "local f ", "")
add_cold("a table of cold globals", "", ",", "return {", "}")

local function comparison(_, word) return "<" .. word() end
local function field(_, word) return "<" .. word() .. "." .. word() end
local function call_of_text(_, word) return word() .. "''" end
local function call_of_table(_, word) return word() .. "{" .. word() .. "}" end
local function assignment(_, word) return word() .. "=" .. word() .. "<" .. word() .. " " end
local function length(pick, word) return "<" .. pick { "", "", "#", "##", "###" } .. word() end

add_functions("comparisons of cold globals", comparison, "function()return 1")
add_functions("comparisons of fields of cold globals", field, "function()return 1")
add_functions("cold fields of fields", function(_, word) return "." .. word() end,
  "function()return f")
add_functions("calls of text by cold globals", call_of_text, "function()")
add_functions("calls of tables by cold globals", call_of_table, "function()")
add_functions("assignments of cold globals", assignment, "function()")
add_functions("comparisons of lengths of cold globals", length, "function()return 1")

local OPERATORS <const> = { "<", ">", "+", "-", "*", "%", "|", "&", "~" }
-- A global, a parameter, a capture, two cells, a number.
local OPERANDS <const> = { "a", "b", "c", "d", "e", "1" }
local FIVE <const> = "function(b)local d,e local function i()return d,e end return a"

local function operation(pick) return pick(OPERATORS) .. pick(OPERANDS) end
local function cold_operation(pick, word) return pick(OPERATORS) .. word() end
local function any_comparison(pick)
  return "<" .. pick { "a", "b", "c", "d", "e", "g", "-a", "#g", "~c", "''", "1" }
end
local function operation_of_length(pick)
  return pick(OPERATORS) .. pick { "", "", "", "", "#" } .. pick(OPERANDS)
end
local function suffixed_operation(pick)
  return pick { "", "", "", "", "[1]", "[a]", "{}", "''" } .. pick(OPERATORS) ..
    pick { "a", "b", "c", "d", "e" }
end

local ONE <const> = "a=1 local c,f f=" .. FIVE
add_chance("operations of all kinds", operation, ONE, " end")
add_chance("operations on cold globals", cold_operation, "return 1", "")
add_chance("comparisons of all kinds", any_comparison, ONE, " end")
add_chance("operations of all kinds, some on lengths", operation_of_length, ONE, " end")
add_chance("operations of all kinds behind indices and calls", suffixed_operation, ONE, " end")
add_functions("operations of all kinds", operation, FIVE)
add_functions("operations on cold globals", cold_operation, "function()return 1")

-- Functions that are just too large for a little memory.
add("functions of 12,000 instructions", "f=function()return a" .. ("<a"):rep(2000) .. " end ",
  "a = 1 local f ")
add("functions of 8,200 instructions", "f=function()return a" .. ("<a"):rep(1366) .. " end ",
  "a = 1 local f ")

-- As deep as it goes, again and again.
add("deep parentheses", "a=" .. ("("):rep(150) .. "a" .. (")"):rep(150) .. " ", "local a ")
add("deep lengths", "a=" .. ("#"):rep(190) .. "a ", "local a ")
add("deep complements", "a=" .. ("~"):rep(190) .. "a ", "local a ")
add("deep calls of tables", "f" .. ("{f"):rep(95) .. ("}"):rep(95), "local f ")
add("deep calls of tables with comparisons", "f" .. ("{f<f"):rep(45) .. ("}"):rep(45), "f=1 ")
add("calls of deep tables", "f" .. ("{"):rep(150) .. ("}"):rep(150), "local f ")
add("deep tables", "a=" .. ("{"):rep(150) .. ("}"):rep(150) .. " ", "local a ")
add("deep tables of comparisons", "f" .. ("{f<f"):rep(45) .. ("}"):rep(45), "f=1 ")
add("deep functions", "a=" .. ("function()return "):rep(95) .. "1" .. (" end"):rep(95) .. " ",
  "local a ")
add("deep blocks", ("do "):rep(150) .. ("end "):rep(150))
add("deep calls", "f" .. ("(f"):rep(150) .. (")"):rep(150) .. " ", "local f ")
add("deep concatenations", "a=a" .. ("..a"):rep(150) .. " ", "local a ")
add("deep nots", "a=" .. ("not "):rep(150) .. "a ", "local a ")
add("captures through functions",
  "do local v f=" .. ("function()return "):rep(95) .. "v" .. (" end"):rep(95) .. " end ",
  "local f ")

-- Refused, but not before the end.
add("elseifs", "elseif a then ", "local a if a then ", "end end")
add("an argument list", "a,", "local f, a f(", "a)")
add("a list of results", "a,", "local a return ", "a")
add("a list of names", "a,", "local ", "a")
add("open parentheses", "(")
add("minus signs", "- ")

return sources
