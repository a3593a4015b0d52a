--- Programs that try to hang, to crash or to fill the machine that runs contracts, each with how it
-- must end: "gas", "memory", "refused", or the text of an error. `source` is the text or makes it.
-- No two try the same.
local MIB <const> = 1 << 20

local programs = {}

local function add(name, ends, source)
  programs[#programs + 1] = { name = name, ends = ends, source = source }
end

-- Does `body` for ever, after `before`.
local function forever(name, ends, before, body)
  add(name, ends, before .. "\nwhile true do " .. body .. " end")
end

-- ---- loops without end

add("an empty while", "gas", "while true do end")
add("an empty repeat", "gas", "repeat until false")
add("a goto back", "gas", "::again:: goto again")
add("a goto back over locals", "gas", "::again:: do local a, b, c goto again end")
add("a for over all integers", "gas", "for i = math.mininteger, math.maxinteger do end")
add("a for down all integers", "gas", "for i = math.maxinteger, math.mininteger, -1 do end")
add("nested fors of one turn", "gas",
  "while true do for _ = 1, 1 do for _ = 1, 1 do for _ = 1, 1 do end end end end")
add("a for that never turns", "gas", "while true do for _ = 1, 0 do end end")
add("a generic for of a function that gives 1", "gas", "for _ in function() return 1 end do end")
add("a generic for of a callable table", "gas",
  "for _ in setmetatable({}, { __call = function() return 1 end }) do end")
add("a generic for over next of a table that is kept", "gas",
  "local t = { a = 1 } for _ in function() return next(t) end do end")
add("a tail call of itself", "gas", "local function f() return f() end f()")
add("a tail call with more arguments each time", "gas",
  "local function f(...) return f(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, ...) end f()")
add("tail calls of two functions", "gas",
  "local g local function f() return g() end function g() return f() end f()")
add("a tail call of a method", "gas", "local o = {} function o:m() return self:m() end o:m()")
add("a tail call through pcall", "gas",
  "local function f() return pcall(f) end local function g() f() return g() end g() "
  .. "local function h() return assert(pcall(h)) end assert(pcall(h))")
add("a tail call of a callable table", "gas",
  "local t = {} setmetatable(t, { __call = function(self) return self() end }) t()")
add("an endless coroutine", "gas",
  "coroutine.resume(coroutine.create(function() while true do end end))")
forever("a coroutine that yields for ever", "gas",
  "local f = coroutine.wrap(function() while true do coroutine.yield() end end)", "f()")
add("an endless loop in pcall", "gas", "pcall(function() while true do end end) print 'on'")
add("an endless loop in pcalls in a loop", "gas",
  "while true do pcall(pcall, pcall, function() while true do end end) end")
add("an endless loop in a handler of xpcall", "gas",
  "xpcall(error, function() while true do end end)")
add("an endless comparator", "gas",
  "table.sort({ 1, 2 }, function() while true do end end)")
add("an endless callback of gsub", "gas", "('x'):gsub('x', function() while true do end end)")
add("an endless __tostring of print", "gas",
  "print(setmetatable({}, { __tostring = function() while true do end end }))")
add("an endless __pairs", "gas",
  "for _ in pairs(setmetatable({}, { __pairs = function() return function() return 1 end end })) "
  .. "do end")
for _, event in ipairs { "index", "newindex", "call", "add", "concat", "eq", "lt", "le", "len",
  "unm", "bnot" } do
  local use = ({ index = "local x = t.x", newindex = "t.x = 1", call = "t()",
      add = "local x = t + 1",
    concat = "local x = t .. 1", eq = "local x = t == u", lt = "local x = t < u",
    le = "local x = t <= u", len = "local x = #t", unm = "local x = -t",
        bnot = "local x = ~t" })[event]
  add("an endless __" .. event, "gas", ([[
    local M = { __%s = function() while true do end end }
    local t, u = setmetatable({}, M), setmetatable({}, M)
    pcall(function() %s end)]]):format(event, use))
end
forever("ipairs over what __index always has", "gas",
  "local t = setmetatable({}, { __index = function() return 1 end })", "for _ in ipairs(t) do end")
forever("errors that are caught", "gas", "", "pcall(error, 'x')")
forever("errors with a new text each", "memory", "local n = 0", "n = n + 1 pcall(error, 'x' .. n)")
forever("runtime errors with names", "memory", "local t = {}", "pcall(function() t.x.y = 1 end)")
forever("errors that pass 900 frames", "gas",
  "local function deep(n) if n == 0 then error(0) end deep(n - 1) return 1 end", "pcall(deep, 900)")

-- ---- recursion

add("recursion", "stack overflow", "local function f() f() return 1 end f()")
add("recursion with 200 locals a frame", "stack overflow", function()
  return "local function f() local " .. ("a, "):rep(150) .. "b f() return 1 end f()"
end)
add("recursion with 250 arguments a frame", "stack overflow", function()
  return "local function f(...) f(" .. ("1, "):rep(220) .. "1) return 1 end f()"
end)
add("recursion that passes all its arguments on", "memory",
  "local function f(...) f(1, ...) return 1 end f(table.unpack({}, 1, 50000))")
forever("recursion to the limit again and again", "gas",
  "local function f(n) return 1 + f(n + 1) end", "pcall(f, 0)")
add("recursion in main coroutines", "stack overflow",
  "local function f() assert(coroutine.resume(coroutine.create(f))) end f()")
add("wrap in wrap", "stack overflow", "local function f() coroutine.wrap(f)() end f()")
add("pcall in pcall", "stack overflow",
  "local function f() local ok, e = pcall(f) if not ok then error(e) end return 1 end f() "
  .. "assert(select(2, pcall(f)) == 1) error 'stack overflow'")
add("pcall of pcall of pcall", "memory",
  "local args = {} for i = 1, 2000 do args[i] = pcall end while true do "
    .. "pcall(table.unpack(args)) end")
add("xpcall whose handler fails again", "again",
  "local function h() error 'again' end local function f() return xpcall(f, h) and 1 end f() "
  .. "local function g() assert(xpcall(g, h)) return 1 end g() error 'stack overflow'")
local USES <const> = { __index = "return t[k]", __newindex = "t[k] = 1", __call = "t() return 1",
  __concat = "return t .. 'x' .. 1", __eq = "return t == {} or t == setmetatable({}, M)",
  __lt = "return not (t < t)", __le = "return not (t <= t)", __len = "return #t + 1",
  __unm = "return 1 + -t", __bnot = "return 1 + ~t", __add = "return 1 + (t + 1)",
  __idiv = "return 1 + t // 1", __shl = "return 1 + (t << 1)", __band = "return 1 + (t & 1)" }
-- The same number is the same program in every process.
local EVENTS <const> = {}
for event in pairs(USES) do EVENTS[#EVENTS + 1] = event end
table.sort(EVENTS)
for _, event in ipairs(EVENTS) do
  local use = USES[event]
  local start = ({ __index = "t.x = t.y", __newindex = "t.x = 1", __call = "t()",
    __eq = "print(t == setmetatable({}, M))", __lt = "print(t < t)", __le = "print(t <= t)",
    __len = "print(#t)", __unm = "print(-t)", __bnot = "print(~t)" })[event]
    or "print(" .. use:gsub("return ", "") .. ")"
  add("recursion through " .. event, "stack overflow",
    ("local M = {} local t = setmetatable({}, M) M.%s = function(_, k) %s end %s"):format(event,
        use,
      start))
end
add("recursion through tostring", "stack overflow",
  "local M = {} M.__tostring = function(t) return 'x' .. tostring(t) end "
  .. "print(setmetatable({}, M))")
add("recursion through format", "stack overflow",
  "local M = {} M.__tostring = function(t) return ('%s'):format(t) end "
  .. "print(setmetatable({}, M))")
add("recursion through print", "stack overflow",
  "local M = {} M.__tostring = function(t) print(t) return '' end print(setmetatable({}, M))")
add("recursion through comparators", "stack overflow",
  "local function less() table.sort({ 2, 1 }, less) return true end table.sort({ 2, 1 }, less)")
add("recursion through __lt of sort", "stack overflow",
  "local M = {} local t = { setmetatable({}, M), setmetatable({}, M) } "
  .. "M.__lt = function() table.sort(t) return false end table.sort(t)")
add("recursion through callbacks of gsub", "stack overflow",
  "local function f() return (('x'):gsub('x', f)) end f()")
add("recursion through gmatch in callbacks", "stack overflow",
  "local function f() for _ in ('x'):gmatch 'x' do ('y'):gsub('y', f) end return 'z' end f()")
add("recursion through __pairs", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__pairs = function() for _ in pairs(t) do end "
  .. "return next, {} end for _ in pairs(t) do end")
add("recursion through ipairs and __index", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__index = function() for _ in ipairs(t) do end end "
  .. "for _ in ipairs(t) do end")
add("recursion through table.concat and __index", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__index = function() return table.concat(t, "
    .. "'', 1, 1)"
  .. " end table.concat(t, '', 1, 1)")
add("recursion through table.unpack and __index", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__index = function() return (table.unpack(t, "
    .. "1, 1)) "
  .. "end table.unpack(t, 1, 1)")
add("recursion through table.insert and __newindex", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__newindex = function() table.insert(t, 1) end "
  .. "table.insert(t, 1)")
add("recursion through table.move", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__index = function() table.move(t, 1, 1, 2, "
    .. "{}) end "
  .. "table.move(t, 1, 1, 2, {})")
add("recursion through __len of table.remove", "stack overflow",
  "local M = {} local t = setmetatable({}, M) M.__len = function() table.remove(t) return 0 end "
  .. "table.remove(t)")
add("recursion through an iterator", "stack overflow",
  "local function f() for _ in f do end return nil end f()")
add("recursion through select and varargs", "stack overflow",
  "local function f(...) return 1 + select(-1, f(...)) end f(1, 2)")
add("a handler of errors that recurses", "stack overflow",
  "local function h(e) return error(h(e)) end print(xpcall(error, h)) error 'stack overflow'")
add("a chain of 1000 callable tables", "'__call' chain too long",
  "local t = print for _ = 1, 1000 do t = setmetatable({}, { __call = t }) end t()")
add("a chain of 50,000 __index", "'__index' chain too long",
  "local t = {} for _ = 1, 50000 do t = setmetatable({}, { __index = t }) end print(t.x)")
add("a table that is its own __newindex", "'__newindex' chain too long",
  "local t = {} t.__newindex = t setmetatable(t, t) t.x = 1")
forever("chains of 99 __index", "gas",
  "local t = {} for _ = 1, 98 do t = setmetatable({}, { __index = t }) end", "local x = t.absent")
forever("chains of 99 __index with long keys", "gas",
  "local t = {} for _ = 1, 98 do t = setmetatable({}, { __index = t }) end "
  .. "local key = ('k'):rep(100000)", "local x = t[key]")
forever("chains of 98 __call", "gas",
  "local t = function() end for _ = 1, 98 do t = setmetatable({}, { __call = t }) end", "t()")
forever("ipairs over a chain of __index", "gas",
  "local t = { 1, 2, 3 } for _ = 1, 98 do t = setmetatable({}, { __index = t }) end",
  "for _ in ipairs(t) do end")

-- ---- patterns

local function pattern(name, ends, subject, text, call)
  forever(name, ends, ("local subject, text = %s, %s"):format(subject, text),
    call or "local x = subject:find(text)")
end
pattern("patterns of more items than lie nearby", "gas", "'a'", "('~*'):rep(33)")
pattern("patterns of more sets than lie nearby", "gas", "'a'", "('[a~]?'):rep(20) .. ('b-'):rep(9)")
pattern("20 lazy dots", "gas", "('a'):rep(100000)", "('.-'):rep(20) .. 'b'")
pattern("30 greedy letters", "gas", "('a'):rep(100000)", "('a*'):rep(30) .. 'b'")
pattern("captures that are tried in vain", "gas", "('a'):rep(100000)", "('(.-)'):rep(30) .. 'b'")
pattern("200 options", "gas", "('a'):rep(300)", "('a?'):rep(199) .. ('a'):rep(199) .. 'b'")
pattern("200,000 options", "pattern too complex", "('a'):rep(300)", "('a?'):rep(100000)")
pattern("a balance that never closes", "gas", "('('):rep(100000)", "'%b()'")
pattern("frontiers without end", "gas", "('a'):rep(100000)", "('%f[b]'):rep(10)")
pattern("frontiers of large sets", "gas", "('a'):rep(100000)",
  "'%f[' .. ('bcdefgh'):rep(1000) .. ']'")
pattern("a set of 100,000 letters", "gas", "('a'):rep(1000)", "'[' .. ('b'):rep(100000) .. ']'")
pattern("a set of ranges", "gas", "('a'):rep(1000)", "'[^' .. ('b-z'):rep(10000) .. '%w]'")
pattern("a back reference to a long capture", "gas", "('a'):rep(10000)", "'(a+)%1b'")
pattern("31 back references", "gas", "('a'):rep(2000)", "'(a-)' .. ('%1'):rep(100) .. 'b'")
pattern("a plain needle that almost fits everywhere", "gas", "('a'):rep(100000)",
  "('a'):rep(50000) .. 'b'", "local x = subject:find(text, 1, true)")
pattern("the same needle as a pattern", "gas", "('a'):rep(100000)", "('a'):rep(1000) .. 'b'")
pattern("a needle with its miss in front", "gas", "('a'):rep(100000)",
  "'b' .. ('a'):rep(50000)", "local x = subject:find(text, 1, true)")
pattern("a needle of a repeated word", "gas", "('ab'):rep(50000)",
  "('ab'):rep(20000) .. 'b'", "local x = subject:find(text, 1, true)")
pattern("matches of nothing, everywhere", "memory", "('a'):rep(100000)", "''",
  "for _ in subject:gmatch(text) do end")
pattern("gsub of nothing, everywhere", "gas", "('a'):rep(100000)", "''",
  "local x = subject:gsub(text, '-')")
pattern("gsub that doubles", "memory", "'ab'", "'.+'",
  "subject = subject:gsub(text, '%0%0')")
pattern("gsub with a long replacement", "memory", "('a'):rep(1000)", "('b'):rep(100000)",
  "local x = subject:gsub('a', text)")
pattern("gsub with a table", "memory", "('abc'):rep(10000)", "{ a = 'x', b = false }",
  "local x = subject:gsub('%w', text)")
pattern("gsub with a function", "memory", "('abc'):rep(10000)", "function() end",
  "local x = subject:gsub('%w', text)")
pattern("gsub with %9 percent signs", "memory", "('a'):rep(1000)", "('%%'):rep(5000)",
  "local x = subject:gsub('b', text)")
pattern("match from each position", "gas", "('a'):rep(3000)", "'a*b'",
  "for at = 1, #subject do local x = subject:match(text, at) end")
pattern("anchored matches", "gas", "('a'):rep(100000)", "'^b'")
pattern("33 captures", "too many captures", "'a'", "('()'):rep(33)")
pattern("32 captures of positions", "gas", "('a'):rep(100)", "('()'):rep(32) .. 'b'")
pattern("an unclosed set of 100,000 bytes", "malformed pattern (missing ']')", "('a'):rep(10)",
  "'[' .. ('a'):rep(100000)")
pattern("lazy dots between letters", "gas", "('ab'):rep(5000)", "('a.-b'):rep(50) .. 'c'")
pattern("finds beyond the end", "gas", "'a'", "'a'",
  "local x = subject:find(text, math.maxinteger) or subject:find(text, math.mininteger)")

-- ---- text

add("1 GB by rep", "gas", "local x = ('x'):rep(1 << 30)")
add("more than there are bytes by rep", "resulting string too large",
    "local x = ('xx'):rep(math.maxinteger)")
add("nothing, repeated for ever", "memory",
  "local x = (''):rep(math.maxinteger) while true do x = (''):rep(1 << 40) end")
add("separators beyond all bounds", "resulting string too large",
    "local x = (''):rep(1 << 62, 'abcd')")
add("200 MB by ..", "memory", "local x = 'x' while true do x = x .. x end")
add("a megabyte and a letter by ..", "memory",
  "local x = ('x'):rep(1000000) while true do local y = x .. 'y' end")
add("a line that grows by a letter", "memory",
  "local x = '' while true do x = x .. 'x' end")
forever("a long chain of ..", "memory", "local x = 'xxxxxxxx'",
  "local y = " .. ("x .. "):rep(150) .. "x")
forever("numbers to text by ..", "memory", "", "local x = 1 .. 2")
forever("upper case", "memory", "local x = ('x'):rep(100000)", "local y = x:upper()")
forever("reversal", "memory", "local x = ('x'):rep(100000)", "local y = x:reverse()")
forever("slices of a megabyte", "memory", "local x = ('x'):rep(1000000)", "local y = x:sub(2)")
forever("slices of one byte", "memory", "local x = ('x'):rep(1000)", "local y = x:sub(5, 5)")
forever("slices of nothing", "gas", "local x = ('x'):rep(1000)",
  "local y = x:sub(math.maxinteger, math.mininteger)")
forever("bytes", "gas", "local x = ('x'):rep(90000)", "local y = select('#', x:byte(1, -1))")
forever("characters of bytes", "gas", "local x = ('x'):rep(90000)",
  "local y = string.char(x:byte(1, -1))")
add("a list of more bytes than may be", "string slice too long",
  "local x = ('x'):rep(1000000):byte(1, -1)")
forever("equal megabytes", "gas", "local a, b = ('x'):rep(500000) .. 'y', ('x'):rep(500000) .. 'y'",
  "local x = a == b")
forever("the order of equal megabytes", "gas",
  "local a, b = ('x'):rep(500000) .. 'y', ('x'):rep(500000) .. 'z'", "local x = a < b or a <= b")
forever("formats of 99 digits", "memory", "", "local x = ('%99d'):format(1)")
forever("a format of 10,000 conversions", "gas",
  "local f, list = ('%d'):rep(10000), {} for i = 1, 10000 do list[i] = i end",
  "local x = f:format(table.unpack(list))")
forever("a format of a megabyte", "memory", "local x = ('x'):rep(1000000)",
  "local y = ('%s'):format(x)")
forever("a cut format of a megabyte", "gas", "local x = ('x'):rep(1000000)",
  "local y = ('%.1s'):format(x)")
forever("quoting of zeros", "memory", "local x = ('\\0'):rep(100000)",
  "local y = ('%q'):format(x)")
forever("a format with a wrong end", "gas", "local f = ('%%'):rep(50000) .. '%y'",
  "pcall(string.format, f)")
forever("tostring of integers", "memory", "local n = math.mininteger", "local x = tostring(n)")
forever("tonumber of long digits", "gas", "local x = ('0'):rep(1000000) .. '1'",
  "local y = tonumber(x)")
forever("tonumber of spaces", "gas", "local x = (' '):rep(1000000)", "local y = tonumber(x)")
forever("tonumber with a base", "gas", "local x = ('z'):rep(1000000)", "local y = tonumber(x, 36)")
forever("pack of strings", "memory", "local x = ('x'):rep(60000)",
  "local y = string.pack('<s4s4s4', x, x, x)")
forever("a format of pack with 50,000 items", "gas", "local f = ('b'):rep(50000)",
  "pcall(string.pack, f)")
forever("unpack of 10,000 integers", "gas",
  "local f, x = '<' .. ('i1'):rep(10000), ('x'):rep(10000)", "local y = string.unpack(f, x)")
forever("a pack of padding", "gas", "local f = '<!16' .. ('bXi16'):rep(1000)",
  "pcall(string.pack, f, 1, 2, 3)")
forever("packsize", "gas", "local f = '<' .. ('i8'):rep(10000)", "local x = string.packsize(f)")
add("a packsize beyond all bounds", "memory",
  "while true do pcall(string.packsize, ('c2147483647'):rep(100)) end")
add("a pack of a fixed size beyond all bounds", "gas",
  "local x = string.pack('c4611686018427387904', 'x')")
forever("utf8.len of a megabyte", "gas", "local x = ('\\u{20ac}'):rep(300000)",
  "local y = utf8.len(x)")
forever("utf8.codepoint of many", "gas", "local x = ('\\u{e9}'):rep(90000)",
  "local y = select('#', utf8.codepoint(x, 1, -1))")
forever("utf8.char of many", "memory",
  "local list = {} for i = 1, 50000 do list[i] = 0x10ffff end",
  "local x = utf8.char(table.unpack(list))")
forever("utf8.offset from the end", "gas", "local x = ('\\u{20ac}'):rep(300000)",
  "local y = utf8.offset(x, 290000)")
forever("utf8.offset among continuations", "gas", "local x = 'a' .. ('\\x80'):rep(1000000)",
  "local y = utf8.offset(x, 0, #x)")
forever("utf8.codes", "gas", "local x = ('a'):rep(100000)", "for _ in utf8.codes(x) do end")
forever("print of a megabyte", "gas", "local x = ('x'):rep(1000000)", "print(x)")
forever("print of many values", "memory", "", "print(table.unpack({}, 1, 50000))")

-- ---- tables

add("a billion entries", "memory", "local t = {} for i = 1, 1000000000 do t[i] = i end")
add("a billion names", "memory", "local t = {} for i = 1, 1000000000 do t['k' .. i] = i end")
add("a billion keys far apart", "memory",
  "local t = {} for i = 1, 1000000000 do t[i << 32] = i end")
add("a billion tables", "memory", "local t = {} while true do t = { t } end")
add("a billion empty tables", "memory", "while true do local t = {} end")
add("a table from its end", "memory", "local t = {} for i = 1 << 40, 1, -1 do t[i] = i end")
add("keys that are powers of two apart", "memory",
  "local t = {} for i = 1, 1 << 40 do t[i * 4096] = 1 end")
add("keys that are a large prime apart", "memory",
  "local t = {} for i = 1, 1 << 40 do t[i * 0x7fffffffffffffe7] = 1 end")
add("negative keys", "memory", "local t = {} for i = -1, math.mininteger, -1 do t[i] = 1 end")
add("keys that are uint256", "memory",
  "local t, n = {}, uint256(1) << 200 while true do n = n + 1 t[n] = 1 end")
add("keys that are functions", "memory", "local t = {} while true do t[function() end] = 1 end")
add("keys that are coroutines", "memory",
  "local t = {} while true do t[coroutine.create(print)] = 1 end")
add("long keys that differ at their ends", "memory",
  "local t, x = {}, ('x'):rep(1000) for i = 1, 1 << 40 do t[x .. i] = 1 end")
forever("delete and insert in a full table", "memory",
  "local t = {} for i = 1, 60000 do t['k' .. i] = i end local n = 0",
  "n = n % 60000 + 1 local k = 'k' .. n t[k] = nil t[k] = n")
forever("delete and insert of integers far apart", "memory",
  "local t = {} for i = 1, 60000 do t[i << 20] = i end local n = 0",
  "n = n % 60000 + 1 t[n << 20] = nil t[n << 20] = n")
forever("new keys for deleted ones", "memory",
  "local t = {} for i = 1, 30000 do t[-i] = i end local n = -30000",
  "t[n + 30000] = nil n = n - 1 t[n] = 1")
forever("the only key of a table that was full", "memory",
  "local t = {} for i = 1, 60000 do t['k' .. i] = i end for i = 1, 60000 do t['k' .. i] = nil end",
  "t.x = 1 t.x = nil")
forever("next over deleted keys", "gas",
  "local t = {} for i = 1, 60000 do t['k' .. i] = i end for i = 1, 60000 do t['k' .. i] = nil end",
  "local x = next(t)")
forever("next over absent integers", "gas",
  "local t = {} for i = 1, 60000 do t[i] = i end for i = 1, 60000 do t[i] = nil end",
  "local x = next(t)")
forever("next from each key", "gas", "local t = {} for i = 1, 50000 do t[-i] = i end",
  "for i = 1, 50000 do local x = next(t, -i) end")
forever("pairs over a table with one value", "gas",
  "local t = {} for i = 1, 60000 do t[i] = i end for i = 1, 59999 do t[i] = nil end",
  "for _ in pairs(t) do end")
forever("a border that jumps to and fro", "memory",
  "local t = {} for i = 1, 60000 do t[i] = i end", "t[1] = nil local a = #t t[1] = 1 local b = #t")
forever("two holes that open and close", "gas",
  "local t = {} for i = 1, 60000 do t[i] = i end",
  "t[30000] = nil t[59999] = nil local a = #t t[30000] = 1 local b = #t t[59999] = 1")
forever("a table that grows and shrinks at its end", "memory", "local t = {}",
  "for i = 1, 1000 do t[i] = i end for i = 1000, 1, -1 do t[i] = nil end")
add("followers that move at once, again and again", "memory",
  "while true do local t = {} for i = 2, 5000 do t[i] = i end t[1] = 1 end")
forever("reading a large table at random", "gas",
  "local t = {} for i = 1, 120000 do t[i] = i end local n = 1",
  "n = (n * 5 + 12345) % 120000 + 1 local x = t[n]")
forever("reading names at random", "gas",
  "local t, names = {}, {} for i = 1, 60000 do names[i] = 'k' .. i t[names[i]] = i end local n = 1",
  "n = (n * 5 + 12345) % 60000 + 1 local x = t[names[n]]")
forever("reading what is absent", "gas",
    "local t = {} for i = 1, 100000 do t[-i] = i end local n = 0",
  "n = n + 1 local x = t[n << 20]")
forever("hashes of a long key", "gas", "local t, x = { a = 1 }, ('x'):rep(1000000)",
  "local y = t[x]")
forever("table.insert in front", "gas", "local t = {} for i = 1, 10000 do t[i] = i end",
  "table.insert(t, 1, 0)")
forever("table.remove in front", "gas", "local t = {} for i = 1, 100000 do t[i] = i end",
  "table.remove(t, 1)")
add("table.move of all integers", "gas", "table.move({}, 1, math.maxinteger - 1, 2)")
add("table.move of all integers to another", "gas",
  "table.move({}, math.mininteger, -2, 1, {})")
add("table.move beyond the integers", "bad argument #4 to 'move' (destination wrap around)",
  "table.move({}, 1, 10, math.maxinteger)")
add("table.move that copies for ever", "memory",
  "local t = { 1, 2, 3 } while true do table.move(t, 1, #t, #t + 1) end")
add("table.unpack of all integers", "too many results to unpack",
  "table.unpack({}, math.mininteger, math.maxinteger)")
forever("table.unpack of 99,000", "gas", "local t = {}", "table.unpack(t, 1, 99000)")
add("table.concat of all integers", "invalid value (nil) at index 1 in table for 'concat'",
  "table.concat({}, '', 1, math.maxinteger)")
forever("table.concat of 10,000", "gas",
  "local t = {} for i = 1, 10000 do t[i] = 'x' end", "local x = table.concat(t, ',')")
add("table.concat with a megabyte between", "memory",
  "local t = {} for i = 1, 10000 do t[i] = 'x' end table.concat(t, ('x'):rep(1000000))")
forever("sorts of what is sorted", "gas", "local t = {} for i = 1, 10000 do t[i] = i end",
  "table.sort(t)")
forever("sorts of what is turned around", "gas", "local t = {} for i = 1, 10000 do t[i] = i end",
  "for i = 1, 10000 do t[i] = 10001 - i end table.sort(t)")
forever("sorts of equals", "gas", "local t = {} for i = 1, 10000 do t[i] = 1 end", "table.sort(t)")
forever("sorts of long strings", "gas",
  "local t, x = {}, ('x'):rep(10000) for i = 1, 500 do t[i] = x .. i end", "table.sort(t)")
forever("sorts with a comparator that always says yes", "gas",
  "local t = {} for i = 1, 1000 do t[i] = i end", "table.sort(t, function() return true end)")
forever("sorts with a comparator that changes the table", "memory",
  "local t = {} for i = 1, 1000 do t[i] = i end",
  "table.sort(t, function(a, b) t[1] = nil t[#t + 1] = 1 return a < b end)")
forever("sorts with library comparators", "gas", "local t = {} for i = 1, 1000 do t[i] = i end",
  "table.sort(t, math.ult)")
forever("sorts that fail", "gas", "local t = {} for i = 1, 1000 do t[i] = i end t[777] = 'x'",
  "pcall(table.sort, t)")
add("a sort of what says to have all integers", "bad argument #1 to 'sort' (array too big)",
  "table.sort(setmetatable({}, { __len = function() return math.maxinteger end }))")
add("an insert into what says to have all integers", "gas",
  "local t = setmetatable({}, { __len = function() return math.maxinteger - 1 end }) "
  .. "table.insert(t, 1, 1)")
add("a remove from what says to have all integers", "gas",
  "local t = setmetatable({}, { __len = function() return math.maxinteger end }) "
    .. "table.remove(t, 1)")
forever("constructors of 2,000 items", "memory", "",
  "local t = { " .. ("1, "):rep(2000) .. " }")
forever("constructors of 200 names", "gas", "",
  "local t = { " .. ("a = 1, b = 2, c = 3, d = 4, "):rep(50) .. " }")
forever("constructors of open lists", "gas",
    "local function f() return table.unpack({}, 1, 9000) end",
  "local t = { f() }")
forever("table.pack", "gas", "local t = {}", "local x = table.pack(table.unpack(t, 1, 9000))")
forever("rawset and rawget", "gas", "local t = {}", "rawset(t, 1, rawget(t, 1) or 1)")
forever("metatables set again and again", "gas", "local t, m = {}, {}", "setmetatable(t, m)")
forever("a metatable with a megabyte of names", "gas",
  "local m = {} for i = 1, 50000 do m['__' .. i] = i end local t = setmetatable({}, m)",
  "local x = t.x")
forever("a metatable that changes at each turn", "memory",
    "local m = {} local t = setmetatable({}, m)",
  "m.__index = nil m.x = nil local a = t.y m.__index = m m.x = 1 local b = t.x")

-- ---- functions and values

add("a million closures", "memory", "local t = {} while true do t = function() return t end end")
forever("closures of two outer locals", "memory", "local a, b = 1, 2",
  "local f = function() return a + b end")
add("closures that name 100 outer locals", "memory", function()
  local names = {}
  for index = 1, 100 do names[index] = "v" .. index end
  return "local " .. table.concat(names, ", ") .. " = 1 while true do local f = function() return "
    .. table.concat(names, " or ") .. " end end"
end)
forever("locals that a function would name, were it made", "memory", "local f, made",
  "local a, b, c = 1, 2, 3 if made then f = function() return a + b + c end end")
forever("parameters that a function would name, were it made", "memory",
  "local f, made local function g(a, b) if made then f = function() return a + b end end end",
  "g(1, 2)")
forever("captured locals in a loop", "memory", "local f",
  "local a, b, c = 1, 2, 3 f = function() return a + b + c end")
forever("varargs of 90,000", "gas",
  "local function f(...) return select('#', ...) end local t = {}", "f(table.unpack(t, 1, 90000))")
forever("select from 90,000", "gas",
  "local function f(...) for i = 1, 90000 do local x = select(i, ...) end end local t = {}",
  "f(table.unpack(t, 1, 90000))")
forever("select from the end", "gas",
  "local function f(...) for i = 1, 900 do local x = (select(-1, ...)) end end local t = {}",
  "f(table.unpack(t, 1, 90000))")
forever("varargs in tables", "gas", "local function f(...) local t = { ... } end local t = {}",
  "f(table.unpack(t, 1, 9000))")
forever("varargs that are cut to one", "gas",
  "local function f(...) local x = ... return (...) end local t = {}",
      "f(table.unpack(t, 1, 90000))")
forever("results of 90,000", "gas",
    "local t = {} local function f() return table.unpack(t, 1, 90000) end",
  "f()")
add("varargs that double", "gas",
  "local function f(...) return f(..., ...) end local t = {} local function g(n, ...) "
  .. "if n == 0 then return ... end local p = table.pack(...) for i = 1, p.n do p[p.n + i] = 1 end "
  .. "return g(n - 1, table.unpack(p, 1, 2 * p.n)) end "
  .. "local function h(...) return h(1, 2, 3, 4, 5, 6, 7, 8, 9, 0, ...) end h()")
add("200 parts of math.max", "gas", function()
  return "while true do local x = math.max(" .. ("1, "):rep(200) .. "2) end"
end)
forever("math.max of 90,000", "gas", "local t = {} for i = 1, 90000 do t[i] = i end",
  "local x = math.max(table.unpack(t))")
forever("square roots", "gas", "local n = math.maxinteger", "local x = math.isqrt(n)")
forever("remainders", "gas", "local n = math.maxinteger",
    "local x = n % 12345 // 7 + math.fmod(n, 991)")
forever("type of everything", "memory", "", "local x = type(1) .. type('') .. type(print)")
forever("comparisons that fail", "memory", "", "pcall(function() return {} < {} end)")
forever("long and and or", "gas", "local a, b = nil, 1",
  "local x = " .. ("a and b or "):rep(500) .. "b")
forever("20 chained comparisons", "gas", "local a = 1",
  "local x = " .. ("a < 2 and a > 0 and a ~= 5 and "):rep(20) .. "a")
forever("multiple assignment", "gas", "local t = {}",
  "t[1], t[2], t[3], t[4], t[5], t[6], t[7], t[8] = t[8], t[7], t[6], t[5], t[4], t[3], t[2], t[1]")
forever("products of uint256", "memory", "local a = (uint256(1) << 127) - 1", "local x = a * a")
forever("quotients of uint256", "memory",
  "local a, b = ~uint256(0), (uint256(1) << 128) + 1", "local x = a // b")
forever("remainders of uint256 by one word", "memory", "local a, b = ~uint256(0), 3",
    "local x = a % b")
forever("texts of uint256", "memory", "local a = ~uint256(0)", "local x = tostring(a)")
forever("uint256 of texts", "memory", "local a = ('9'):rep(77)", "local x = uint256(a)")
forever("uint256 of hex texts", "memory", "local a = '0x' .. ('f'):rep(64)", "local x = uint256(a)")
forever("uint256 of a megabyte", "memory", "local a = ('9'):rep(1000000)", "pcall(uint256, a)")
forever("overflow of uint256", "memory", "local a = ~uint256(0)",
    "pcall(function() return a + 1 end)")
forever("shifts of uint256", "memory", "local a = ~uint256(0)", "local x = a << 255 >> 255")
forever("order of uint256", "gas", "local a, b = ~uint256(0), ~uint256(1)",
  "local x = a < b or a <= b and a == b")
forever("keys of uint256", "gas", "local a = ~uint256(0) local t = { [a] = 1 }", "local x = t[a]")
forever("a max of uint256 and integers", "gas", "local a = ~uint256(0)",
    "local x = math.max(a, 1, 2)")

add("results that each function adds to", "too many values", function()
  return "local function f(n) if n == 0 then return 1 end return " .. ("n, "):rep(200)
    .. "f(n - 1) end f(900)"
end)

-- ---- coroutines

add("a million coroutines", "memory", "while true do coroutine.create(print) end")
add("a million coroutines that wait", "memory",
  "local t = {} while true do local c = coroutine.create(function() coroutine.yield() end) "
  .. "coroutine.resume(c) t[#t + 1] = c end")
add("coroutines of deep stacks", "memory", [[
  local function deep(n) if n == 0 then coroutine.yield() end return 1 + deep(n - 1) end
  local t = {}
  while true do
    local c = coroutine.create(deep)
    coroutine.resume(c, 900)
    t[#t + 1] = c
  end]])
add("coroutines of frames full of operands", "memory", ([[
  local function deep(n) if n == 0 then coroutine.yield() end return (select("#", %s,
    deep(n - 1))) end
  local t = {}
  while true do
    local c = coroutine.create(deep)
    coroutine.resume(c, 5)
    t[#t + 1] = c
  end]]):format(("1, "):rep(239) .. "1"))
add("coroutines that built a wide table before", "memory", ([[
  local t = {}
  while true do
    local c = coroutine.create(function() local l = select("#", %s) coroutine.yield() end)
    coroutine.resume(c)
    t[#t + 1] = c
  end]]):format(("1, "):rep(239) .. "1"))
add("coroutines of loops in loops", "memory", [[
  local d, t = 0, {}
  local function deep()
    if d == 16 then coroutine.yield() end
    d = d + 1
    for _ = 1, 1 do deep() end
  end
  while true do
    local c = coroutine.create(deep)
    d = 0
    coroutine.resume(c)
    t[#t + 1] = c
  end]])
add("coroutines of wide stacks", "memory", [[
  local list, t = {}, {}
  while true do
    local c = coroutine.create(function(...) coroutine.yield(...) return ... end)
    coroutine.resume(c, table.unpack(list, 1, 90000))
    t[#t + 1] = c
  end]])
forever("resumes of the dead", "memory",
    "local c = coroutine.create(function() end) coroutine.resume(c)",
  "coroutine.resume(c)")
forever("resumes of itself", "memory", "", "coroutine.resume(coroutine.running())")
forever("yields of 90,000 values", "gas",
  "local t = {} local f = coroutine.wrap(function() while true do "
    .. "coroutine.yield(table.unpack(t, 1, "
  .. "90000)) end end)", "f()")
forever("resumes with 90,000 values", "gas",
  "local t = {} local f = coroutine.wrap(function() while true do coroutine.yield() end end) f()",
  "f(table.unpack(t, 1, 90000))")
forever("a yield from 900 frames", "gas", [[
  local function deep(n) if n == 0 then while true do coroutine.yield() end end
    return 1 + deep(n - 1) end
  local f = coroutine.wrap(deep) f(900)]], "f()")
add("deep coroutines that are resumed from deep", "stack overflow", [[
  local function wait(n) if n == 0 then coroutine.yield() return 0 end return 1 + wait(n - 1) end
  local waiting = coroutine.create(wait)
  coroutine.resume(waiting, 600)
  local function deep(n)
    if n == 0 then return assert(coroutine.resume(waiting)) end
    return deep(n - 1) or 1
  end
  deep(600)]])
forever("an error through 300 coroutines", "memory", [[
  local function nest(n) if n == 0 then error 'x' end coroutine.wrap(nest)(n - 1) end]],
  "pcall(nest, 300)")
forever("a yield through 90 generators", "gas", [[
  local function nest(n) if n == 0 then while true do coroutine.yield(1) end end
    for v in coroutine.wrap(function() nest(n - 1) end) do coroutine.yield(v) end end
  local f = coroutine.wrap(nest) f(90)]], "f()")
add("a list of results that goes through 900 frames", "gas",
  "local t = {} local function f(n) if n == 0 then return table.unpack(t, 1, 90000) end "
  .. "return n, f(n - 1) end while true do f(900) end")
add("a list of arguments that goes through 900 pcalls", "memory",
  "local t, list = {}, { n = 90000 } for i = 1, 900 do list[i] = pcall end "
  .. "while true do pcall(table.unpack(list, 1, 90000)) end")
add("a list of arguments for a chain of __call", "gas",
  "local f = function() end for _ = 1, 98 do f = setmetatable({}, { __call = f }) end local t = {} "
  .. "while true do f(table.unpack(t, 1, 90000)) end")
add("a list that goes in and out of nested coroutines", "memory",
  "local t = {} local function f(n, ...) if n == 0 then return ... end "
  .. "return coroutine.wrap(f)(n - 1, ...) end while true do f(300, table.unpack(t, 1, 9000)) end")
forever("coroutines that are closed", "memory", "",
  "local c = coroutine.create(function() coroutine.yield() end) coroutine.resume(c) "
    .. "coroutine.close(c)")
forever("status and running", "memory", "local c = coroutine.create(print)",
  "local x, y = coroutine.status(c), coroutine.running()")
forever("yields outside", "memory", "", "pcall(coroutine.yield, 1)")
forever("yields from comparators", "memory", "local t = { 2, 1 }",
  "coroutine.resume(coroutine.create(function() table.sort(t, coroutine.yield) end))")
forever("a wrap that resumes itself", "memory",
  "", "local f f = coroutine.wrap(function() f() end) pcall(f)")

-- ---- errors

add("an error of a megabyte", ("x"):rep(1000), "error(('x'):rep(1000000))")
add("an error object with metamethods", "table",
  "error(setmetatable({}, { __tostring = function() while true do end end, "
  .. "__index = function() while true do end end, __name = ('x'):rep(100000) }))")
add("an error object that raises when it is asked", "gas",
  "local M = {} M.__index = function(t) error(t) end M.__tostring = M.__index "
  .. "local t = setmetatable({}, M) while true do pcall(error, t) pcall(tostring, t) "
  .. "pcall(function() return t.x end) end")
add("an error in a handler, for ever", "memory",
  "while true do xpcall(error, function(e) error(e) end, 1) end")
add("a handler that is no function",
    "bad argument #2 to 'xpcall' (function expected, got no value)",
  "xpcall(error)")
add("an assertion with many values", "gas",
  "while true do local x = table.pack(assert(1, table.unpack({}, 1, 9000))) end")
add("a name of a megabyte that is nil", "attempt to index a nil value (field '"
  .. ("x"):rep(200) .. "')", function()
  return "local t = {} return t." .. ("x"):rep(MIB - 30) .. ".y"
end)
forever("errors that name long fields", "memory", "local t = {}",
  "pcall(function() return t." .. ("x"):rep(10000) .. ".y end)")
add("a __name of a megabyte", "memory",
  "local t = setmetatable({}, { __name = ('x'):rep(1000000) }) while true do "
  .. "local x = tostring(t) .. 'y' end")
forever("pcall of what cannot be called", "memory", "", "pcall(1)")
forever("pcall that gives 90,000 values", "gas", "local t = {}", "pcall(table.unpack, t, 1, 90000)")
forever("wrong arguments", "memory", "", "pcall(string.rep) pcall(math.max) pcall(setmetatable, 1)")

-- ---- sources

add("250 nested parentheses", "refused", function()
  return "return " .. ("("):rep(250) .. "1" .. (")"):rep(250)
end)
add("a megabyte of open parentheses", "refused", function() return ("("):rep(MIB) end)
add("a megabyte of open braces", "refused", function() return "return " .. ("{"):rep(MIB - 7) end)
add("a megabyte of open brackets", "refused", function() return "return t"
    .. ("[t"):rep(MIB // 3) end)
add("a megabyte of not", "refused", function() return "return " .. ("not "):rep(MIB // 5)
    .. "1" end)
add("a megabyte of minus", "refused", function() return "return " .. ("- "):rep(MIB // 3)
    .. "1" end)
add("a megabyte of do", "refused", function() return ("do "):rep(MIB // 3) end)
add("a megabyte of function", "refused", function()
  return "return " .. ("function() return "):rep(MIB // 18)
end)
add("a megabyte of if", "refused", function() return ("if x then "):rep(MIB // 11) end)
add("a megabyte of calls", "refused", function() return "f" .. ("(f"):rep(MIB // 2 - 1) end)
add("a megabyte of right sides", "refused", function()
  return "return " .. ("1 .. "):rep(MIB // 6) .. "1"
end)
add("a number of a megabyte", "refused", function() return "return " .. ("9"):rep(MIB - 7) end)
add("a hex number of a megabyte", "good", function() return "return 0x" .. ("f"):rep(MIB - 9) end)
add("a string of a megabyte", "good", function()
  return "return #'" .. ("x"):rep(MIB - 10) .. "'"
end)
add("a long string of a megabyte", "good", function()
  return "return #[[" .. ("x\n"):rep(MIB // 2 - 10) .. "]]"
end)
add("a string of a megabyte of escapes", "good", function()
  return "return #'" .. ("\\x41"):rep(MIB // 4 - 10) .. "'"
end)
add("a string that never ends", "refused", function() return "return '" .. ("x"):rep(MIB - 8) end)
add("a level of a long bracket of a megabyte", "refused", function()
  return "return [" .. ("="):rep(MIB - 9) .. "["
end)
add("a comment of a megabyte", "good", function() return "--" .. ("x"):rep(MIB - 2) end)
add("a name of a megabyte", "good", function() return "local " .. ("x"):rep(MIB - 6) end)
add("a megabyte of lines", "good", function() return ("\n"):rep(MIB) end)
add("a megabyte of semicolons", "good", function() return (";"):rep(MIB) end)
add("a byte more than a megabyte", "refused", function() return (" "):rep(MIB + 1) end)
add("a left spine of a megabyte", "good", function()
  return "local a = 1 return a" .. ("+a"):rep(MIB // 2 - 20)
end)
add("a chain of and of a megabyte", "good", function()
  return "local a = 1 return a" .. (" and a"):rep(MIB // 6 - 20)
end)
add("a chain of fields of a megabyte", "good", function()
  return "local a = {} a.a = a return a" .. (".a"):rep(MIB // 2 - 20) .. " == a"
end)
add("a chain of calls of a megabyte", "good", function()
  return "local f f = function() return f end return f" .. ("()"):rep(MIB // 2 - 30) .. " == f"
end)
add("a chain of methods of a megabyte", "good", function()
  return "local o = {} function o:m() return self end return o" .. (":m()"):rep(MIB // 4 - 20)
    .. " == o"
end)
add("a chain of string calls of a megabyte", "refused", function()
  return "return f" .. ("''"):rep(MIB // 2)
end)
add("100,000 locals in blocks", "good", function()
  return ("do local a = 1 end "):rep(MIB // 20)
end)
add("100,000 locals of one name", "refused", function() return ("local a "):rep(MIB // 9) end)
add("220 locals in scope", "refused", function()
  local lines = {}
  for index = 1, 220 do lines[index] = ("local v%d"):format(index) end
  return table.concat(lines, " ")
end)
add("a function that names 256 outer locals", "refused", function()
  local names, outer = {}, {}
  for index = 1, 256 do names[index] = "v" .. index end
  for index = 1, 256, 128 do
    outer[#outer + 1] = "local " .. table.concat(names, ", ", index, index + 127)
  end
  return outer[1] .. " return function() " .. outer[2] .. " return function() f("
    .. table.concat(names, ") f(") .. ") end end"
end)
add("a local of 300 names", "refused", function() return "local " .. ("a, "):rep(300) .. "a" end)
add("100,000 labels", "good", function()
  local lines = {}
  for index = 1, 60000 do lines[index] = ("::l%d::"):format(index) end
  return table.concat(lines)
end)
add("10,000 gotos to one label", "gas", function()
  return ("if x then goto over end "):rep(10000) .. "::over:: x = nil while true do end"
end)
add("gotos to labels that are not there", "refused", function()
  local lines = {}
  for index = 1, 20000 do lines[index] = ("do goto l%d end"):format(index) end
  return table.concat(lines, " ")
end)
add("10,000 elseif", "good", function()
  return "local x = 5 if x then" .. (" elseif x then"):rep(50000) .. " end"
end)
add("a constructor of 300,000 items", "memory", function()
  return "return #{" .. ("1,"):rep(MIB // 2 - 10) .. "}"
end)
add("a constructor of 100,000 names", "good", function()
  local items = {}
  for index = 1, 60000 do items[index] = ("k%d=%d"):format(index, index) end
  return "local t = {" .. table.concat(items, ",") .. "} return t.k500"
end)
add("50,000 functions", "good", function() return ("do local function f() end end "):rep(30000) end)
add("50,000 constants", "good", function()
  local lines = {}
  for index = 1, 60000 do lines[index] = ("x='%d'"):format(index) end
  return table.concat(lines, " ")
end)
add("20,000 globals", "good", function()
  local lines = {}
  for index = 1, 60000 do lines[index] = ("g%d=1"):format(index) end
  return table.concat(lines, " ")
end)
add("a call of 300 arguments", "refused", function() return "f(" .. ("1,"):rep(300) .. "1)" end)
add("an assignment to 1,000 fields", "refused", function()
  return "local t = {} t.x" .. (",t.x"):rep(100000) .. " = 1"
end)
add("a return of 100,000 values", "refused", function() return "return 1" .. (",1"):rep(100000) end)
add("zeros in the source", "refused", function() return ("\0"):rep(1000) end)
add("bytes that are no text", "refused", function() return ("\xff\xfe"):rep(1000) end)
add("compiled code", "refused", function() return string.dump(function() end) end)

return programs
