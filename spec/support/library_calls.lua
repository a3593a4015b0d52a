--- Random calls of string, utf8 and table functions, as source text, that mean the same in stock
-- Lua and in a contract. `library_calls(random)` gives a function that makes one.
local SUBJECT <const> = { "a", "b", "c", "A", "1", " ", "(", ")", "[", "]", "%", "x", "\0", "\255",
  ".", "-", "_", "ab", "aa" }
local ITEMS <const> = { "a", "b", "c", ".", "%a", "%d", "%s", "%w", "%p", "%x", "%A", "%S", "[ab]",
  "[^a]", "[a-c]", "[%a_]", "[]a]", "[^]]", "[a-]", "[%w-]", "(", ")", "()", "%1", "%b()",
  "%f[%a]", "%f[^%s]", "^", "$", "-", "+", "*", "?", "%%", "%.", "x", "[", "%", "A", "[\0-\31]",
  "\0", "%z", "\255", "[^%d%s]", "%g", "%c", "%l", "%u", "[b-a]", "%f[", "%b(", "[^", "[]" }
local GOOD_ITEMS <const> = { "a", "b", "c", ".", "%a", "%d", "%s", "%w", "[ab]", "[^a]", "[a-c]",
  "%b()", "%f[%a]", "ab", "(a)", "(.)", "()", "(a*)", "(.-)", "(b?)", "[%w_]" }
local REPLACEMENTS <const> = { "x", "%0", "%1", "%2", "%%", "y", "%", "%x", "ab" }
local CALLBACKS <const> = { "...", "nil", "false", "12", "'<' .. literal((...)) .. '>'",
  "select('#', ...)", "{}", "true" }
local INTEGERS <const> = { "0", "1", "-1", "127", "128", "255", "256", "-128", "-129", "65535",
  "32767", "-32768", "2147483647", "math.maxinteger", "math.mininteger", "123456" }
local TEXTS <const> = { "'hello'", "12", "nil", "true", "('x'):rep(120)",
  "setmetatable({}, { __tostring = function() return 'object' end })" }
local LITERALS <const> = { [['a\n\0b\r1"\\\200']], "math.mininteger", "-5", "nil", "true", "{}",
  [['\0012']] }
local PACK_OPTIONS <const> = { "b", "B", "i1", "i2", "i3", "i4", "i7", "i8", "i9", "i16", "I1",
  "I2", "I4", "I8", "I12", "I16", "s1", "s2", "s4", "z", "c0", "c3", "c10", "x", "Xi4", "Xi8", " ",
  "<", ">", "!4", "!8", "!2", "i17", "i0", "X", "Xz", "Xc1", "y", "c", "!16" }
local CHARACTERS <const> = { "a", "é", "€", "😀", "\u{7FFFFFFF}", "\u{200000}", "\u{D800}", "\x80",
  "\xFF", "\xC0\x80", "\xE0\x80\x80", "\0", "z", "\xF4\x90\x80\x80", "\xED\xA0\x80", "\xFE",
  "\xC3" }
local CODES <const> = { "65", "0x7F", "0x80", "0x7FF", "0x800", "0xFFFF", "0x10000", "0x10FFFF",
  "0x1FFFFF", "0x200000", "0x3FFFFFF", "0x4000000", "0x7FFFFFFF", "0x80000000", "-1" }

local function quote(text) return (("%q"):format(text):gsub("\\\n", "\\n")) end

return function(random)
  local function pick(list) return list[random(#list)] end
  local function near_zero(limit) return random(2 * limit + 1) - limit - 1 end

  local function several(most, make)
    local parts = {}
    for i = 1, random(most + 1) - 1 do parts[i] = make() end
    return parts
  end

  local function subject(most)
    return quote(table.concat(several(most, function() return pick(SUBJECT) end)))
  end

  local function pattern()
    local items = random(3) == 1 and ITEMS or GOOD_ITEMS
    local parts = several(5, function()
      return pick(items) .. (random(3) == 1 and pick { "*", "+", "-", "?" } or "")
    end)
    return quote((random(8) == 1 and "^" or "") .. table.concat(parts)
      .. (random(10) == 1 and "$" or "") .. (random(8) == 1 and "%1" or ""))
  end

  -- A text of few letters that repeats itself, and a part of it in which a byte may be wrong.
  local function haystack()
    local unit = table.concat(several(12, function() return pick { "a", "b" } end)) .. "a"
    local text = unit:rep(random(30)) .. table.concat(several(60, function()
      return pick { "a", "b", "c" }
    end)) .. unit:rep(random(9))
    local from = random(#text)
    local needle = text:sub(from, from + random(random(2) == 1 and 12 or 200) - 1)
    if random(3) == 1 then
      local wrong = random(#needle)
      needle = needle:sub(1, wrong - 1) .. pick { "a", "b", "c" } .. needle:sub(wrong + 1)
    end
    return text, needle
  end

  local function directive()
    local letter = pick { "d", "d", "i", "u", "x", "X", "o", "c", "s", "s", "q", "%", "y" }
    local flags = table.concat(several(3, function() return pick { "-", "+", " ", "#", "0" } end))
    local width, precision = pick { "", "", "5", "12", "1", "0", "99", "100" },
      pick { "", "", "", ".", ".0", ".3", ".10", ".99", ".100" }
    if letter == "q" and random(4) > 1 or letter == "%" and random(5) > 1 or random(3) == 1 then
      flags, width, precision = "", "", ""
    end
    return letter, pick { "", "a", "\0", " " } .. "%" .. flags .. width .. precision .. letter
  end

  local function format()
    local arguments = {}
    local parts = several(3, function()
      local letter, text = directive()
      if letter ~= "%" and random(20) > 1 then
        arguments[#arguments + 1] = ", " .. pick(letter == "s" and TEXTS
          or letter == "q" and LITERALS or INTEGERS)
      end
      return text
    end)
    return ("string.format, %s%s"):format(quote(table.concat(parts)), table.concat(arguments))
  end

  -- A format of pack, and arguments for it.
  local function packing()
    local arguments = {}
    local options = several(5, function()
      local option = pick(PACK_OPTIONS)
      if option:find "^[bBiI]" then arguments[#arguments + 1] = pick(INTEGERS) end
      -- No text of a number, which stock Lua would take for one.
      if option:find "^[szc]" then
        arguments[#arguments + 1] = subject(6):gsub("^.", "%0t")
      end
      return option
    end)
    return quote(pick { "<", ">" } .. table.concat(options)),
      #arguments > 0 and table.concat(arguments, ", ") or "1"
  end

  local function characters()
    local most = random(3) == 1 and #CHARACTERS or 4
    return quote(table.concat(several(5, function() return CHARACTERS[random(most)] end)))
  end

  local function items(kind)
    return "{ " .. table.concat(several(9, function()
      if kind == "integers" then return tostring(near_zero(20)) end
      if kind == "texts" then return quote(pick { "a", "b", "ab", "", "B", "\255", "abc" }) end
      return pick { "1", "-5", "'a'", "'bb'", "true" }
    end), ", ") .. " }"
  end

  local function table_call(text, ...)
    return ("try, %s, %s, " .. text):format(pick { "itself", "itself", "spy", "half" }, ...)
  end

  local makers = {
    function() return ("string.find, %s, %s, %d"):format(subject(12), pattern(), near_zero(14)) end,
    function()
      return ("string.find, %s, %s, %d, true"):format(subject(20), subject(3), near_zero(14))
    end,
    function()
      local text, needle = haystack()
      return ("string.find, %s, %s, %d, true"):format(quote(text), quote(needle), pick { 1, 1, 40 })
    end,
    function() return ("string.match, %s, %s"):format(subject(20), pattern()) end,
    function()
      return ("string.match, %s, %s, %d"):format(subject(12), pattern(), near_zero(14))
    end,
    function()
      local text = quote(table.concat(several(3, function() return pick(REPLACEMENTS) end)))
      return ("string.gsub, %s, %s, %s, %s"):format(subject(20), pattern(), text,
        pick { "nil", near_zero(3) })
    end,
    function()
      return ("string.gsub, %s, %s, function(...) return %s end"):format(subject(20), pattern(),
        pick(CALLBACKS))
    end,
    function()
      return ("string.gsub, %s, %s, { a = 'x', b = 12, ab = false, c = {}, 'one', 'two' }"):format(
        subject(20), pattern())
    end,
    function() return ("string.gsub, %s, %s, angled"):format(subject(20), pattern()) end,
    function() return ("each_match, %s, %s, %d"):format(subject(12), pattern(), near_zero(14)) end,
    function()
      return ("string.%s, %s, %d, %d"):format(pick { "sub", "byte" }, subject(20), near_zero(20),
        near_zero(20))
    end,
    function() return ("string.rep, %s, %d, %s"):format(subject(9), near_zero(5), subject(3)) end,
    function()
      return ("string.%s, %s"):format(pick { "upper", "lower", "reverse" }, subject(40))
    end,
    function()
      return ("string.char, %s"):format(table.concat({ random(280), random(260) - 1 }, ", "))
    end,
    format, format, format,
    function() return ("string.pack, %s, %s"):format(packing()) end,
    function() return ("string.packsize, %s"):format((packing())) end,
    function() return ("pack_and_back, %s, %s"):format(packing()) end,
    function()
      local data = several(40, function() return pick { "\0", "\0", "\1", "\2", "\255", "a" } end)
      return ("string.unpack, %s, %s, %d"):format((packing()), quote(table.concat(data)),
        pick { 1, 1, 1, 2, near_zero(45) })
    end,
    function()
      return ("utf8.%s, %s, %d, %d, %s"):format(pick { "len", "codepoint" }, characters(),
        pick { 1, 1, near_zero(10) }, pick { -1, near_zero(12) }, pick { "true", "false", "nil" })
    end,
    function()
      return ("utf8.offset, %s, %d, %s"):format(characters(), near_zero(6),
        pick { "nil", near_zero(10) })
    end,
    function() return "utf8.char, " .. table.concat({ pick(CODES), pick(CODES) }, ", ") end,
    function() return ("each_code, %s, %s"):format(characters(), pick { "true", "false" }) end,
    function() return table_call("table.insert, %d, 'v'", items(), near_zero(12)) end,
    function() return table_call("table.insert, 'v'", items()) end,
    function() return table_call("table.remove", items()) end,
    function() return table_call("table.remove, %d", items(), near_zero(12)) end,
    function()
      return table_call("table.move, %d, %d, %d, %s", items(), near_zero(12), near_zero(12),
        near_zero(12), pick { "nil", "{}", "spy {}" })
    end,
    function()
      return table_call("table.concat, %s, %d, %s", items(pick { "integers", "texts", "any" }),
        pick { "','", "''", "nil", "5" }, pick { 1, 1, near_zero(5) },
        pick { "nil", near_zero(12) })
    end,
    function() return table_call("table.unpack, %d, %d", items(), near_zero(12), near_zero(12)) end,
    function() return table_call("table.unpack", items()) end,
    function()
      return ("try, itself, %s, table.sort, %s"):format(items(pick { "integers", "texts" }),
        pick { "nil", "nil", "function(a, b) return a > b end", "5" })
    end,
  }

  return function() return pick(makers)() end
end
