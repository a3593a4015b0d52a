--- Random programs that await: one of random_lua.lua, whose expressions pass through functions that
-- await in one way or another, between a part that makes all there is to be kept (`zoo`) and a part
-- that looks at all of it again. `await_if_allowed` gives back what it gets.
local random_lua = require "spec.support.random_lua"

-- Each awaits with something else around it: frames, operands, loops.
local WAYS <const> = {
  await_plain = "local function await_plain(x) return (await_if_allowed(x)) end",
  await_protected = [[
local function await_protected(x) local _, y = pcall(await_if_allowed, x) return y end]],
  await_handled = [[
local function await_handled(x)
  local _, y = xpcall(function(a) return (await_if_allowed(a)) end, tostring, x)
  return y
end]],
  await_looped = [[
local function await_looped(x)
  for step = 3, 1, -1 do
    for _, value in pairs { x } do
      for at, other in ipairs { value, value } do
        if at + step > 2 then return (await_if_allowed(other)) end
      end
    end
  end
end]],
  await_operand = [[
local function await_operand(x, ...)
  local list = { 1, { n = x, await_if_allowed(x), "end" }, [3] = 4, #"x" + 1 }
  local text = "a" .. 1 .. list[1] .. tostring(await_if_allowed(list[1])) .. "b"
  local one, two = #text, list[2]
  two.n, one = await_if_allowed(two[1]), one + #list
  return two.n
end]],
  await_iterated = [[
local function await_iterated(x)
  local last
  for _, value in function(state, control)
    if control < 2 then return control + 1, await_if_allowed(state) end
  end, x, 0 do last = value end
  return last
end]],
  await_variadic = [[
local function await_variadic(...)
  local function inner(n, ...)
    if n == 0 then return await_if_allowed((...)) end
    return (inner(n - 1, ..., n, nil))
  end
  return (inner(2, ...))
end]],
  await_captured = [[
local function await_captured(x)
  local kept, calls = x, 0
  local function get() calls = calls + 1 return kept end
  kept = await_if_allowed(get())
  return calls == 1 and get()
end]],
  await_method = [[
local object = setmetatable({ value = 0 }, { __index = { pass = function(self, x)
  self.value = self.value + 1
  return x, self
end } })
local function await_method(x) return (object:pass(await_if_allowed(x))) end]],
  await_failing = [[
local function await_failing(x)
  assert(not pcall(function() for _ = 1, 2 do await_if_allowed "fail" error "not allowed" end end))
  return x
end]],
  await_walked = [[
local function await_walked(x)
  local keys = { a = x, b = x, c = x, x }
  for key in pairs(keys) do
    keys[key] = nil
    keys.d = keys.d and await_if_allowed(x)
  end
  return x
end]],
  await_matched = [[
local function await_matched(x)
  for word, at in ("one two three"):gmatch "(%a+)()" do
    if at > 5 then return (await_if_allowed(x)) end
  end
end]],
}

local NAMES <const> = {}
for name in pairs(WAYS) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local ZOO <const> = [[
zoo.big, zoo.little = uint256 "0x1%d000000000000000000000000000001", uint256(%d)
zoo.text, zoo.bytes = "some text", ("\0\255"):rep(%d)
zoo.holes = {}
for at = 1, 4 + %d do zoo.holes[at] = at * 7 end
zoo.holes[2], zoo.holes[4], zoo.holes[40] = nil, nil, "far"
zoo.keys = { a = 1, b = false, c = "x", [zoo] = zoo.holes, [zoo.big] = 5, [-1] = 6, [true] = 7 }
zoo.keys.b, zoo.keys[-1] = nil, nil
zoo.self = { zoo, zoo.keys, zoo.keys }
do
  local n, step = %d, uint256(1)
  function zoo.add() n = n + 1 step = step * 2 return n, step end
  function zoo.get() return n, step end
end
zoo.library = { string.rep, next, (pairs {}), (ipairs {}), (utf8.codes ""), (utf8.codes("", true)),
  string, getmetatable "", tostring, coroutine.wrap }
zoo.token, zoo.state, zoo.emit = sdk.contract { state = { count = "uint64", all = "list(bytes)",
  map = "map(uint32, map(string, counted(bool, uint64)))" }, events = { Paid = "amount uint64" } }
zoo.other = sdk.service("Other", { pay = "(uint32)" })
zoo.safe = sdk.uint32.add
await_if_allowed "declared"
zoo.map = zoo.state.map
zoo.part = zoo.map[%d]
zoo.inner = zoo.part["key"]
zoo.items, zoo.entries = (pairs(zoo.state.all)), (pairs(zoo.inner))
zoo.main = coroutine.running()
zoo.fresh = coroutine.create(function(...) return "fresh", select("#", ...), ... end)
zoo.dead = coroutine.create(function() return 1 end)
coroutine.resume(zoo.dead)
zoo.failed = coroutine.create(function() error { code = %d } end)
coroutine.resume(zoo.failed)
zoo.wrap = coroutine.wrap(function(first, ...)
  local sum = first
  while true do sum = sum + coroutine.yield(sum, ...) end
end)
zoo.wrap(%d, "rest", nil)
zoo.words = ("one two, three four"):gmatch("%%a+", %d)
zoo.words()
function change()
  local old = assert
  assert = function(...) return old(...) end
end
type, G1, G2, G3 = type, 1, 2, 3
]]

-- What a coroutine is suspended in; each is resumed with 7 again and again.
local BODIES <const> = {
  "return 1 + (o + 1) + n", "local v = -o return v, n", "return o.field, n",
  "return #o .. n", "o.new = n return n", "o[n], n = n, o.other return n",
  "if o < n then return 'less' end return 'not less'", "return (o <= 1) == true",
  "return o == p, o ~= p", "return 'a' .. n .. o .. 'b' .. 2",
  "local s = n .. (o .. n) .. o return s",
  "for k, v in pairs(o) do return k, v end return 'none'",
  "for k, v in ipairs(o) do if k > 2 then return v end end",
  "return pcall(function(...) return (o + 1) .. 'x', ... end, n, nil)",
  "return xpcall(function() return coroutine.yield(n) end, print)",
  "return xpcall(error, function(e) return e, coroutine.yield(e) end, 'boom')",
  "return o(1, n)", "return (function(...) return n, coroutine.yield('va'), ... end)(1, nil, o.x)",
  "for at = 2, 1, -1 do coroutine.yield(at) n = n + at end return n",
  "local a, b = n a, o.x, b = o.y, 2, a return a, b",
  "local t = { n, o.z, k = coroutine.yield(n), [n] = 1, n } return #t, t[1]",
  "return o:method(n)",
  "local x <const> = 5 local function f() n = n + x return coroutine.yield(n) end return f()",
  "repeat local m = n n = coroutine.yield(m) until m > 5 return n",
  "while true do n = n + 1 if coroutine.yield(n) > 5 then break end end return n",
  "local r <const> = { x = 1 } return r.x, coroutine.yield(r.x + n)",
}

local INSIDE <const> = [[
do
  local events = {}
  for _, event in ipairs { "add", "unm", "len", "lt", "le", "eq", "concat", "call" } do
    events["__" .. event] = function() return coroutine.yield(event) end
  end
  function events.__index(_, key)
    if key == "method" then coroutine.yield(key) return function(_, x) return x end end
    return coroutine.yield(key)
  end
  function events.__newindex(_, key, value) coroutine.yield(key) rawset(zoo, "stored", value) end
  function events.__pairs(t) return next, coroutine.yield "pairs" and { t = 1 } end
  local o, p = setmetatable({}, events), setmetatable({}, events)
  zoo.inside = {}
]]

-- What stands around each of the random programs, which are chunks: they may return.
local AROUND <const> = {
  [[
print(xpcall(function(...)
PROGRAM
end, tostring, 1, nil, "vararg"))]],
  [[
for at = 1, 2 - 1 do
  local text, list = "at", { at, at * 2 }
  list[at] = (list[1] + at) .. text .. 1 .. tostring(pcall(function(...)
PROGRAM
  end, at, text)) .. text
  print(list[1])
end]],
  [[
for done, value in function(state, control)
  if control then return end
  return true, "done" .. tostring(pcall(function(...)
PROGRAM
  end, state, 1))
end, "state" do print(done, value) end]],
  [[
do
  local function run(called, ...)
    local one, two = pcall(called, ...), #{ ... }
    return one, two
  end
  local list = {}
  list.x, list.y, list[zoo] = 1, "y", run(function(...)
PROGRAM
    do return "end" end
  end, list, zoo)
  print(list.x, list.y, list[zoo])
end]],
}

local LOOK <const> = [[
print(zoo.big, zoo.little + 1, zoo.text, #zoo.bytes, #zoo.holes, next(zoo.keys, "b"))
for key, value in pairs(zoo.holes) do print(key, value) end
zoo.holes[2] = 2
print(#zoo.holes, next(zoo.keys, -1))
for key, value in pairs(zoo.keys) do print(type(key), value == zoo.holes or value) end
print(zoo.self[1] == zoo, zoo.self[2] == zoo.self[3], zoo.add(), zoo.get())
print(zoo.library[1] == string.rep, zoo.library[2] == next, zoo.library[3] == next,
  zoo.library[4] == ipairs {}, zoo.library[5] == utf8.codes "", zoo.library[7] == string,
  zoo.library[8] == getmetatable "", zoo.library[9](5))
print(zoo.main == coroutine.running(), coroutine.resume(zoo.fresh, nil, 1, nil))
print(coroutine.status(zoo.dead), coroutine.close(zoo.dead), coroutine.close(zoo.failed))
print(zoo.wrap(1), zoo.wrap(2), zoo.words(), zoo.words(), zoo.words(), zoo.stored)
print(zoo.state.count, zoo.map == zoo.state.map, #zoo.inner, #zoo.part["x"], zoo.items(),
  zoo.entries(), pcall(zoo.emit.Paid, 5), pcall(zoo.other.pay, 5), pcall(rawset, zoo.emit, 1, 1),
  zoo.safe == sdk.uint32.add, zoo.token)
for at, inside in ipairs(zoo.inside) do
  local parts = { at }
  while coroutine.status(inside) == "suspended" and #parts < 40 do
    for _, part in ipairs { coroutine.resume(inside, 7, "more") } do
      parts[#parts + 1] = tostring(part)
    end
  end
  print(table.concat(parts, " "))
end
]]

local random_awaits = {}

local function shuffled(list, random)
  local copy = table.move(list, 1, #list, 1, {})
  for at = #copy, 2, -1 do
    local other = random(at)
    copy[at], copy[other] = copy[other], copy[at]
  end
  return copy
end

--- Gives a function that gives one program after the other.
-- @tparam function random of spec.support.random
-- @tparam integer percent how many expressions of a program await
function random_awaits.new(random, percent)
  local source = random_lua.new(random, NAMES, percent)
  return function()
    local lines = { "local zoo = {}" }
    for _, name in ipairs(shuffled(NAMES, random)) do lines[#lines + 1] = WAYS[name] end
    local numbers = {}
    for at = 1, 9 do numbers[at] = random(9) end
    lines[#lines + 1] = ZOO:format(table.unpack(numbers))
    if random(2) == 1 then lines[#lines + 1] = "change()" end
    lines[#lines + 1] = INSIDE
    for at, body in ipairs(shuffled(BODIES, random)) do
      lines[#lines + 1] = ("zoo.inside[%d] = coroutine.create(function(n) %s end)"):format(at, body)
      lines[#lines + 1] = ("coroutine.resume(zoo.inside[%d], %d)"):format(at, random(5))
    end
    lines[#lines + 1] = "end"
    for _, around in ipairs(shuffled(AROUND, random)) do
      local program = random_lua.text(source.next_program())
      lines[#lines + 1] = (around:gsub("PROGRAM", function() return program end))
    end
    lines[#lines + 1] = LOOK
    return table.concat(lines, "\n")
  end
end

return random_awaits
