-- Stopped executions as bytes: docs/formats.md, "Frozen execution", by hand.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local crypto = require "vmhost.crypto"
local new_random = require "spec.support.random"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local CHANGES <const> = os.getenv "VMHOST_SOAK" and 100000 or 3000

local function bytes_of(hex)
  return (hex:gsub("%s+", ""):gsub("%x%x", function(byte)
    return string.char(tonumber(byte, 16))
  end))
end

local function hex_of(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function start(source, options)
  local program = { source = source, print = function() end }
  for name, value in pairs(options or {}) do program[name] = value end
  return assert(contract.start(program))
end

local function thaw(source, bytes, options)
  local frozen = { source = source, bytes = bytes, gas_limit = 100000, memory_limit = 1 << 20 }
  for name, value in pairs(options or {}) do frozen[name] = value end
  return contract.thaw(frozen)
end

-- Frozen bytes of `source` whose parts behind the hash of the source are given in hex.
local function frozen(source, hex)
  return "\1" .. crypto.sha256(source) .. bytes_of(hex)
end

-- What an execution gives that is frozen and thawed at each stop; `await` gives what it gets.
local function results_of(source, is_optimised)
  local execution = start(source, { optimise = is_optimised })
  while execution:status() == "suspended" do
    local values = table.pack(execution:values())
    execution = assert(thaw(source, assert(execution:freeze()), { optimise = is_optimised }))
    execution:resume(true, table.unpack(values, 1, values.n))
  end
  local outcome = execution:outcome()
  return outcome.results and table.concat(outcome.results, " ") or "error: " .. outcome.error
end

-- Programs that stop where the thing is live, and what they return.
local LIVE <const> = {
  { "nil and booleans", "local a, b, c = nil, false, true await() return a, b, c", "nil false true"
    },
  { "integers of all sizes", [[
    local t = { 0, -1, 63, -64, 64, math.maxinteger, math.mininteger } await()
    return table.unpack(t)]], "0 -1 63 -64 64 9223372036854775807 -9223372036854775808" },
  { "uint256", [[
    local a, b = uint256(0), uint256
      "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    await() return a, b // 2 == uint256(1) << 255, ~b]], "0 false 0" },
  { "strings with any bytes", [[local s = "a\0\255" .. ("x"):rep(200) await()
    return #s, s:byte(1, 3)]], "203 97 0 255" },
  { "a table with its order", [[
    local t = { b = 1, a = 2, [3] = 3, [true] = 4, 10, 20 } t.b = nil t.b = 5 await()
    local keys = {} for k, v in pairs(t) do keys[#keys + 1] = tostring(k) .. "=" .. v end
    return table.concat(keys, ",")]], "1=10,2=20,3=3,a=2,true=4,b=5" },
  { "the greatest border of a table with holes", [[
    local t = { 1, 2, 3, 4, 5 } t[2], t[5], t[7] = nil, nil, 7 await()
    local keys = {} for k in pairs(t) do keys[#keys + 1] = k end
    t[2] = 2 t[5] = 5 t[6] = 6
    return #keys, keys[4], #t]], "4 7 7" },
  { "deleted keys that next knows", [[
    local t = { a = 1, b = 2, c = 3 } t.b = nil await() return next(t, "b")]], "c 3" },
  { "and not those it no longer knows", [[
    local t = { a = 1, b = 2, c = 3 } t.b = nil t.d = 4 await() return (pcall(next, t, "b"))]],
    "false" },
  { "cycles and shared tables", [[
    local t, u = {}, {} t.t, t.u, u.t, t[u] = t, u, t, u await()
    return t.t == t, t.u.t == t, t[u] == u, rawequal(t, u)]], "true true true false" },
  { "metatables", [[
    local m = {} m.__index, m.__metatable = function(_, k) return k .. "!" end, m
    local t = setmetatable({}, m) await() return t.x, getmetatable(t) == m]], "x! true" },
  { "closures over one cell", [[
    local n = 1 local function up() n = n + 1 return n end local function get() return n end
    await() up() n = n * 10 return up(), get(), n]], "21 21 21" },
  { "a cell of each turn of a loop", [[
    local list = {} for i = 1, 3 do local j = i list[i] = function() j = j + 1 return i, j end
    await() end list[2]() local a, b = list[2]() return a, b, list[3]()]], "2 4 3 4" },
  { "a function that names itself", [[
    local function fact(n) await() return n < 2 and 1 or n * fact(n - 1) end return fact(5)]],
    "120" },
  { "library functions and tables", [[
    local t = { pcall, string.rep, string, (pairs {}), (ipairs {}), (utf8.codes ""), getmetatable
      "",
      (utf8.codes("", true)) } await()
    return t[1] == pcall, t[2] == string.rep, t[3] == string, t[4] == next, t[5] == ipairs {},
      t[6] == utf8.codes "", t[7] == getmetatable "", t[6] == t[8] ]],
    "true true true true true true true false" },
  { "globals", [[
    local function change() type = tostring end G, H = 1 change() await() G = G + 1
    return G, H, type(5), math.maxinteger > 0]], "2 nil 5 true" },
  { "the main coroutine", [[
    local main = coroutine.running() await()
    return main == coroutine.running(), coroutine.status(main)]], "true running" },
  { "coroutines that have not begun", [[
    local c, d = coroutine.create(function(...) return select("#", ...) end),
      coroutine.create(math.max) await()
    return coroutine.resume(c, 1, nil), coroutine.resume(d, 1, 5)]], "true true 5" },
  { "dead coroutines", [[
    local c, d = coroutine.create(function() end), coroutine.create(function() error "why" end)
    coroutine.resume(c) coroutine.resume(d) await()
    return coroutine.status(c), coroutine.close(c), coroutine.close(d)]], "dead true false why" },
  { "a coroutine in loops and calls", [[
    local function walk(t, ...) for _, v in ipairs(t) do
      if type(v) == "table" then walk(v, v, ...) else coroutine.yield(v, select("#", ...)) end end
        end
    local c = coroutine.wrap(walk) local out = { c { 1, { 2, { 3 } }, 4 } } await()
    for n, m in c do out[#out + 1] = n * 10 + m await() end
    return table.concat(out, " ")]], "1 0 21 32 40" },
  { "a coroutine that pcall protects", [[
    local c = coroutine.wrap(function() return pcall(function(...) error(coroutine.yield(...)) end,
      1) end)
    c() await() return c "no"]], "false no" },
  { "a coroutine that xpcall protects", [[
    local c = coroutine.wrap(function() return xpcall(function() error(coroutine.yield()) end,
      function(e) return e .. "?" end) end)
    c() await() return c "no"]], "false no?" },
  { "a handler that yields", [[
    local c = coroutine.wrap(function() return xpcall(error, function(e) return coroutine.yield(e)
      .. e end, "x") end)
    c() await() return c "y"]], "false yx" },
  { "varargs", [[
    local function f(a, ...) await() return a, select("#", ...), ... end return f(1, nil, 2, nil)]],
    "1 3 nil 2 nil" },
  { "fewer arguments than parameters", [[
    local function f(a, b, ...) await() b = b or "none" return a, b, select("#", ...) end
    return f(1)]], "1 none 0" },
  { "numeric loops", [[
    local n = 0 for i = 1, 3 do for j = 10, 1, -4 do await() n = n * 10 + j + i end end return n]],
    "1174285395" },
  { "a numeric loop at the edge", [[
    local n = 0 for i = math.maxinteger - 1, math.maxinteger do await() n = n + 1 end
    for i = math.mininteger, math.maxinteger, math.maxinteger do await() n = n + 1 end return n]],
    "5" },
  { "generic loops over next, ipairs, gmatch, wrap and closures", [[
    local out = {} local function add(...) await() out[#out + 1] = table.concat({ ... }, "") end
    for k, v in pairs { 5, x = 6 } do add(k, v) end
    for k, v in ipairs { 7, 8 } do add(k, v) end
    for w, at in ("ab cd"):gmatch "(%a+)()" do add(w, at) end
    for v in coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) do add(v) end
    for v in (function(n) return function() n = n - 1 return n > 0 and n or nil end end)(3) do
      add(v) end
    for at, code in utf8.codes "h\u{e9}" do add(at, code) end
    return table.concat(out, " ")]], "15 x6 17 28 ab3 cd6 1 2 2 1 1104 2233" },
  { "keys deleted while they are walked", [[
    local t, out = { a = 1, b = 2, c = 3 }, "" for k in pairs(t) do t[k] = nil await() out = out ..
      k end
    return out, next(t)]], "abc nil" },
  { "an iterator that stops", [[
    local n = 0 for i, j in function(s, c) c = await((c or 0) + 1) if c < s then return c, c end
      end, 4 do
    n = n * 10 + j end return n]], "123" },
  { "operands of operations", [[
    local a, b = 5, { 7 } local function g() a = a + 1 return 0 end
    return a + await(1) * b[1] - (2 + await(3)) .. await "x" .. 4, -a < await(1) + #b, g() + a]],
    "7x4 true 6" },
  { "operands of a call, a method and an index", [[
    local t = { k = { n = 1 } } function t:f(...) return self == t, ... end
    return t:f(1, await(2), t.k["n" .. await ""], (await(3)))]], "true 1 2 1 3" },
  { "arguments that are locals and literals", [[
    local a, b = "a", "b" local function f(...) return table.concat({ ... }, "") end
    return f(a, 1, "s", b, await "x", a, await "y")]], "a1sbxay" },
  { "items of a constructor", [[
    local t = { 1, x = await(2), await(3), [await(4)] = 5, 6, await(7) }
    return t.x, t[1], t[2], t[4] .. "", #t, t[3] ]], "2 1 3 7 4 6" },
  { "more items than wait at once", [[
    local t = { ]] .. ("1, "):rep(60) .. [[ await(2), ]] .. ("3, "):rep(45) .. [[ await(4) }
    return #t, t[60], t[61], t[62], t[107] ]], "107 1 2 3 4" },
  { "targets and values of an assignment", [[
    local t, i = { n = 0 }, 1
    t[i], i, t.x, t[await "k"] = await "a", await(2), i, "last"
    return t[1], i, t.x, t.k, t[2] ]], "a 2 1 last nil" },
  { "a declaration of several", [[
    local a, b, c, d = await(1), 2, await(3) return a, b, c, d]], "1 2 3 nil" },
  { "a condition", [[
    local n = 0 if await(1) == 1 and (await(false) or await "x") then n = 1 end
    while await(n) < 3 do n = n + 1 end repeat local m = n + 1 n = m until await(m) > 5
    return n, await(nil) or await(7), await(8) and await(9)]], "6 7 9" },
  { "a tail call", "local function f(n) return await(n) end return f(3)", "3" },
  { "pcall and xpcall around it", [[
    local function f(x) return await(x), "behind" end
    local a, b, c = pcall(f, 1) local d, e, g = xpcall(f, error, 2)
    return a, b, c, d, e, g, pcall(pcall, await, 3)]], "true 1 behind true 2 behind true true 3" },
  { "an error behind it", [[
    local function f() await() error { text = "late" } end
    local ok, e = pcall(f) local _, h = xpcall(f, function(x) return x.text .. "!" end)
    return ok, e.text, h]], "false late late!" },
  { "backward jumps", [[
    local n = 0 ::again:: do local x <const> = n n = x + await(1) end if n < 3 then goto again end
    return n]], "3" },
  { "gmatch in the middle and at its end", [[
    local a, b, c = ("x1y22"):gmatch "%d+", ("ab"):gmatch "", ("q"):gmatch "q" a() b() c() c()
      await()
    return a(), a(), b(), b(), c()]], "22 nil  " },
  { "the order of strings as keys", [[
    local t = {} for i = 1, 30 do t["k" .. i * 7 % 30] = i end await() local s = 0
    for k, v in pairs(t) do s = s * 3 % 1000003 + v + #k end return s]], "863721" },
}

-- Bodies of coroutines that stop in a metamethod of `o`, resumed with 7, and what they return.
local INSIDE <const> = {
  { "1 + (o + 1) + 2", 10 }, { "-o", 7 }, { "~o", 7 }, { "#o", 7 }, { "o.x", 7 }, { "o[n]", 7 },
  { "o:m(n)", 7 }, { "o(n)", 7 }, { "o < n", true }, { "n <= o", true }, { "o == p", true },
  { "o ~= p", false }, { "n .. 'a' .. o .. 'b' .. n", "5a7" }, { "'x' .. (o .. 'y')", "x7" },
  { "(function() o.x = n return n end)()", 5 }, { "(function() o[n], n = n, 6 return n end)()", 6 },
  { "n + o // 2 % 3", 6 }, { "(n << o) | 8", 15 }, {
    "(function() if o > n then return 1 end end)()", 1 },
  { "(function() for k, v in pairs(o) do return k .. v end end)()", "kv" },
  { "(function() for i, v in ipairs(o) do return i * v end end)()", 7 },
  { "(function(...) return n, select('#', ...) + o end)(1, 2)", 5 },
}

local function inside_source(body)
  return ([[
    local M = {}
    for _, event in ipairs { "add", "sub", "mul", "idiv", "mod", "shl", "unm", "bnot", "len", "lt",
      "le", "eq", "concat", "newindex", "call" } do
      M["__" .. event] = function() return (coroutine.yield(event)) end
    end
    function M.__index(_, key)
      local value = coroutine.yield(key)
      return key == "m" and function(self, n) return value end or value
    end
    function M.__pairs() coroutine.yield() return next, { k = "v" } end
    local o, p = setmetatable({}, M), setmetatable({}, M)
    local c = coroutine.create(function(n) return (%s) end)
    coroutine.resume(c, 5)
    assert(coroutine.status(c) == "suspended")
    await()
    local ok, value
    repeat ok, value = coroutine.resume(c, 7) until not ok or coroutine.status(c) == "dead"
    return ok, value
  ]]):format(body)
end

-- Where a contract may not stop.
local NOT_ALLOWED <const> = {
  { "a coroutine", "coroutine.wrap(await)()" },
  { "a comparator", "table.sort({ 2, 1 }, await)" },
  { "a callback of gsub", "local _ = ('x'):gsub('x', await)" },
  { "a table of gsub", "local _ = ('x'):gsub('x', setmetatable({}, { __index = await }))" },
  { "a handler of xpcall", "xpcall(error, await)" },
  { "__add", "local _ = o + 1" }, { "__unm", "local _ = -o" }, { "__len", "local _ = #o" },
  { "__lt", "local _ = o < 1" }, { "__le", "local _ = o <= 1" }, { "__eq", "local _ = o == p" },
  { "__concat", "local _ = o .. 1" }, { "__index", "local _ = o.x" },
  { "__index of a method", "o:x()" }, { "__newindex", "o.x = 1" }, { "__call", "o()" },
  { "__call of a tail call", "return o()" }, { "__call through pcall", "pcall(o)" },
  { "__tostring", "tostring(o)" }, { "__tostring of print", "print(o)" },
  { "__tostring of format", "('%s'):format(o)" }, { "__pairs", "pairs(o)" },
  { "__index of ipairs", "for _ in ipairs(o) do end" }, { "__len of unpack", "table.unpack(o)" },
  { "__index of concat", "table.concat(o, '', 1, 2)" },
  { "a function that a metamethod calls",
    "local q = setmetatable({}, { __index = function() local x = await() return x end }) q = q.x" },
}

describe("a stopped execution", function()
  for _, live in ipairs(LIVE) do
    it("keeps " .. live[1], function()
      assert.equal(live[3], results_of(live[2]))
      assert.equal(live[3], results_of(live[2], false))
    end)
  end

  for _, inside in ipairs(INSIDE) do
    it("keeps a coroutine that is suspended in " .. inside[1], function()
      local source = inside_source(inside[1])

      assert.equal("true " .. tostring(inside[2]), results_of(source))
      assert.equal("true " .. tostring(inside[2]), results_of(source, false))
    end)
  end

  for _, place in ipairs(NOT_ALLOWED) do
    it("is not to be in " .. place[1], function()
      local run = start(([[
        local M = {}
        for _, event in ipairs { "add", "unm", "len", "lt", "le", "eq", "concat", "index",
          "newindex",
          "call", "tostring", "pairs" } do M["__" .. event] = function() return (await()) end end
        local o, p = setmetatable({}, M), setmetatable({}, M)
        return pcall(pcall, function() %s end)]]):format(place[2]))

      assert.equal("failed", run:status())
      assert.equal("async: not allowed here", run:outcome().error)
      assert.equal("abort", run:outcome().stop)
    end)
  end

  it("gives the values it was stopped with", function()
    local run = start "await(1, nil, 'x', true, uint256(5), {}, print) await()"

    local values = table.pack(run:values())
    assert.equal(7, values.n)
    assert.equal("1 nil x true 5 table function", ("%s %s %s %s %s %s %s"):format(
      table.unpack(values, 1, 7)))
    run:resume(true)
    assert.equal(0, select("#", run:values()))
  end)

  it("goes on with an error that can be caught where it stands", function()
    local run = start [[
      local function pay() return await "pay" end
      local ok, why = pcall(pay)
      return ok, why, await "again"]]

    assert.equal("suspended", run:resume(false, "refused"))
    assert.equal("failed", run:resume(false, 7))
    assert.equal("7", run:outcome().error)
  end)

  it("takes each kind of value", function()
    local run = start "return await()"

    assert.equal("good", run:resume(true, nil, true, -5, "a\0b", require "vmhost.word".new(7)))
    assert.same({ "nil", "true", "-5", "a\0b", "7" }, run:outcome().results)
  end)

  it("costs no gas of its own", function()
    local source = "local n = 0 for i = 1, 10 do n = n + await(i) end return n"
    local straight, frozen_gas = start(source), 0
    while straight:status() == "suspended" do straight:resume(true, (straight:values())) end
    local run = start(source)
    while run:status() == "suspended" do
      local value = run:values()
      frozen_gas = frozen_gas + run:outcome().gas_used
      run = assert(thaw(source, run:freeze()))
      run:resume(true, value)
    end

    assert.equal(straight:outcome().gas_used, frozen_gas + run:outcome().gas_used)
  end)

  it("compares strings that were one object at the price of two", function()
    local function gas_of(source, is_frozen)
      local run, used = start(source), 0
      if is_frozen then
        used = run:outcome().gas_used
        run = assert(thaw(source, run:freeze()))
      end
      run:resume(true)
      assert.equal("true", run:outcome().results[1])
      return used + run:outcome().gas_used
    end

    for _, comparison in ipairs { "s == t", "not (s ~= t)", "s <= t", "rawequal(s, t)",
      "u == 'a literal of more than thirty-two bytes'" } do
      local source = ([[
        local s = ("x"):rep(1000) local t, u = s, "a literal of more than thirty-two bytes"
        await() return %s]]):format(comparison)
      assert.equal(gas_of(source, false), gas_of(source, true), comparison)
    end
  end)

  it("runs out of gas and memory as others do", function()
    local source = "await() while true do end"
    local grows = "await() local s = 'x' while true do s = s .. s end"

    local run = assert(thaw(source, start(source):freeze(), { gas_limit = 500 }))
    assert.equal("failed", run:resume(true))
    assert.equal("gas 500", run:outcome().stop .. " " .. run:outcome().gas_used)
    run = assert(thaw(grows, start(grows):freeze(), { gas_limit = 10000000 }))
    assert.equal("failed", run:resume(true))
    assert.equal("memory", run:outcome().stop)
  end)

  it("counts memory from the price of what was thawed", function()
    -- The main chunk: its frame 64, four locals of 16, and of six operands (three of the loop,
    -- `rep`, 'y' and 99) those beyond four, as a function 48; rep, which was called
    -- before, 64 and two arguments of 16; a table 64 and two keys of 40; strings 32 + 3 and, the
    -- key, 32 + 1.
    local source =
      "local t, s = { 1, x = 2 }, 'abc' for _ = 1, 9 do local _ = ('y'):rep(99) end await()"
    local price = 64 + 4 * 16 + 2 * 16 + 48 + 64 + 2 * 16 + 64 + 2 * 40 + 32 + 3 + 32 + 1
    local bytes = start(source):freeze()

    for limit, status in pairs { [price] = "good", [price - 1] = "failed" } do
      local run = assert(thaw(source, bytes, { memory_limit = limit }))
      assert.equal(status, run:resume(true))
      assert.equal(status == "failed" and "memory" or nil, run:outcome().stop)
      if status == "good" then assert.equal(price, run:outcome().memory) end
    end
  end)

  it("counts all keys up to the greatest border, and nothing for what is not kept", function()
    local source = [[
      local t = {} for i = 1, 1000 do t[i] = i end for i = 1, 1000 do t[i] = nil end
      t[500] = 1 await()]]
    local bytes = start(source):freeze()
    local run = assert(thaw(source, bytes))
    run:resume(true)

    assert.equal("good", run:status())
    assert.equal(64 + 3 * 16 + 16 + 48 + 64 + 64 + 1000 * 40, run:outcome().memory)
    assert.is_true(#bytes < 100)
  end)

  it("is refused above 1 MiB, and not at it", function()
    local function size_of(count)
      return start(("local s = ('x'):rep(%07d) await()"):format(count)):freeze()
    end
    local overhead = #size_of(1000000) - 1000000
    local most = (1 << 20) - overhead

    assert.equal(1 << 20, #size_of(most))
    local bytes, message, code = size_of(most + 1)
    assert.same({ nil, "a frozen execution has at most 1048576 bytes", "limit" },
      { bytes, message, code })
    assert.equal(nil, (start
      "local t = {} for i = 1, 300000 do t[i] = 'four' end await()":freeze()))
  end)

  it("cannot go on twice, nor before it is stopped", function()
    local run = start "return 1"

    assert.has_error(function() run:resume(true) end)
    assert.has_error(function() run:freeze() end)
    assert.has_error(function() run:values() end)
  end)

  it("is closed twice in quiet, and of no use then", function()
    local run = start "await()"
    run:close()
    run:close()

    assert.has_error(function() run:status() end, "vmhost.contract.Execution is closed")
  end)
end)

describe("the bytes of a stopped execution", function()
  it("of nothing but a call are its frames", function()
    local source = "await()"

    assert.equal(hex_of(frozen(source, "02 08" .. "01 0a00 00 00" .. "08" .. "00")),
      hex_of(start(source):freeze()))
  end)

  it("are as docs/formats.md has them, value by value", function()
    local source = [[
      local a, b, c, d, e = nil, true, -1, 300, uint256(258)
      local s, l, t = "hi", string.rep, { 5, nil, 7, x = a, y = false }
      t.t = t
      G = t
      await(1)
    ]]

    assert.equal(hex_of(frozen(source, [[
      02 14
      01 0a00 04 00    00 02 0301 03d804 04020102   05026869 060a737472696e672e726570 09
      08
      0801    00
      01 01 030a   03 050179 01   0306 030e   050174 0801   00]])),
      hex_of(start(source):freeze()))
  end)

  it("tell a loop by its counters, operands by those that are not in the source", function()
    local source = "local x = 5 for i = 10, 3, -3 do x = x + await(i) end"

    local run = start(source)
    run:resume(true, 0)

    -- The chunk (its second point is the call): x, the loop at 7 with one turn left, i.
    assert.equal(hex_of(frozen(source, "02 0d 01 0a00 01 00 030a  0e 01 05  030e  08 00")),
      hex_of(run:freeze()))
  end)

  it("tell cells, varargs and a coroutine in a row of `..`", function()
    local source = [[
      local n = 1
      local o = setmetatable({}, { __concat = coroutine.yield })
      local c = coroutine.create(function(...) return ... .. n .. o .. "z" end)
      coroutine.resume(c, 2, 3)
      n = await()]]

    -- Objects: 0 main, 1 cell of n, 2 cell of o, 3 c, 4 table o, 5 the function, 6 metatable.
    assert.equal(hex_of(frozen(source, [[
      02 0f
      01 0a00 06 00   0e 0e 0b
      08
      00
      0302
      09
      01 02 0c   01 0a01 00 02 0304 0306 03 0304 0302   07
      00 00 09
      0801 0802
      00 01 05085f5f636f6e636174 060f636f726f7574696e652e7969656c64 00]])),
      hex_of(start(source):freeze()))
  end)

  it("are those of the compiler without its shortcuts", function()
    for _, live in ipairs(LIVE) do
      local one, other = start(live[2]), start(live[2], { optimise = false })
      repeat
        local values = table.pack(one:values())
        assert.equal(hex_of(one:freeze()), hex_of(other:freeze()))
        one:resume(true, table.unpack(values, 1, values.n))
        other:resume(true, table.unpack(values, 1, values.n))
      until one:status() ~= "suspended"
      assert.same(one:outcome(), other:outcome())
    end
  end)

  it("are refused of another source, and of another version", function()
    local bytes = start "local a = 1 await()":freeze()

    assert.same({ nil, "frozen execution, byte 1: it is of another source", "malformed" },
      { thaw("local a = 2 await()", bytes) })
    assert.same({ nil, "frozen execution, byte 1: another version", "malformed" },
      { thaw("local a = 1 await()", "\2" .. bytes:sub(2)) })
    assert.same({ nil, "frozen execution, byte 0: it ends too early", "malformed" },
      { thaw("local a = 1 await()", "") })
  end)

  -- One local, in a chunk that awaits at its only point: `02 20 010a000000 VALUE 08 00
  -- BODIES`, its stack at most 512 bytes high.
  local ONE <const> = "local a = 1 await()"

  local function with_value(value, bodies)
    return ("02 20 010a000000 %s 08 00 %s"):format(value, bodies or "")
  end

  local function refusal_of(source, hex)
    local run, message, code = thaw(source, frozen(source, hex))
    if run then return "taken" end
    return code .. ": " .. message:gsub("^frozen execution, byte %d+: ", "")
  end

  it("are taken as they are made by hand", function()
    for value, bodies in pairs { ["03d804"] = "", ["09"] = "000000", ["0e 00"] = false,
      ["0d"] = "016101610100", ["0b"] = "02", ["0c"] = "0b 02", ["0605706169727301"] = false } do
      if bodies then
        local run, message = thaw(ONE, frozen(ONE, with_value(value, bodies)))
        assert(run, message)
        assert.equal(hex_of(frozen(ONE, with_value(value, bodies))), hex_of(run:freeze()))
      end
    end
  end)

  for _, wrong in ipairs {
    { "no frames", "00 00" },
    { "more frames than there may be", "e907" },
    { "it ends too early", "02" },
    { "it ends too early", "02 20" },
    { "no height of a stack", "02 8080808001 01" },
    { "a stack above its greatest height", "02 08 010a000000 0302 08 00" },
    { "more values than there may be", "03 20 010a000000 0302 02a18d06 08 00" },
    { "no shortest number", "8200 20 010a000000 0302 08 00" },
    { "no shortest number", with_value "03 ffffffffffffffffff02" },
    { "no kind of frame", "01 20 00" },
    { "no kind of frame", "02 20 09" },
    { "a frame that is not suspended, or not on top", "01 20 010a000000 0302 00" },
    { "a frame that is not suspended, or not on top", "02 20 08 08 00" },
    { "a frame that is not suspended, or not on top", "01 20 07 00" },
    { "a metamethod or handler in the main coroutine", "03 20 010a000000 0302 0400 08 00" },
    { "a metamethod or handler in the main coroutine", "03 20 010a000000 0302 0500 08 00" },
    { "a metamethod or handler in the main coroutine", "03 20 010a000000 0302 060002 08 00" },
    { "no function of the contract", "02 20 0109" },
    { "no function of the contract", "02 20 01 06 05 7063616c6c" },
    { "a function that is not there", "02 20 010a01" },
    { "no point of the function", "02 20 010a0001" },
    { "more than there is", "02 20 010a0000 7f 0302" },
    { "no function", "03 20 010a000000 0302 0300 0302 08 00" },
    { "an object that was not met", with_value "0801" },
    { "no kind of value", with_value "16" },
    { "nothing is declared", with_value "0f00" },
    { "no kind of value", with_value("0e", "0302") },
    { "nothing of the library", with_value "06 03 666f6f" },
    { "nothing of the library", with_value "06 0f 6d6174682e6d6178696e7465676572" },
    { "nothing of the library", with_value "06 00" },
    { "no shortest uint256", with_value "04 02 0001" },
    { "no shortest uint256", with_value("04 21" .. ("01"):rep(33)) },
    { "more than there is", with_value "05 7f 61" },
    { "no changed global of the library", "02 20 010a000000 0302 08 01 01 61 0302" },
    { "no changed global of the library", "02 20 010a000000 0302 08 01 04 74797065 06 04 74797065"
      },
    { "no changed global of the library",
      "02 20 010a000000 0302 08 02 04 74797065 0302 05 7063616c6c 0302" },
    { "no changed global of the library",
      "02 20 010a000000 0302 08 02 05 7063616c6c 0302 05 7063616c6c 0302" },
    { "no row of items", with_value("09", "01 02 0302 0302 00 00") },
    { "no row of items", with_value("09", "02 20 01 0302 00 01 0302 00 00") },
    { "no item", with_value("09", "01 01 00 00 00") },
    { "no key of a table", with_value("09", "00 01 00 0302 00") },
    { "no key of a table", with_value("09", "00 01 0302 0302 00") },
    { "no key of a table", with_value("09", "01 01 0302 01 0302 0302 00") },
    { "no key of a table", with_value("09", "01 01 0302 01 0304 0302 00") },
    { "no key of a table", with_value("09", "00 01 04 01 05 0302 00") },
    { "no key of a table", with_value("09", "00 02 0501 61 0302 0501 61 0302 00") },
    { "no key of a table", with_value("09", "00 02 0501 61 00 0501 61 0302 00") },
    { "no metatable", with_value("09", "00 00 0302") },
    { "no state of a coroutine", with_value("0b", "04") },
    { "no function", with_value("0b", "00 0302") },
    { "no frames", with_value("0b", "01 00 00") },
    { "a frame that is not suspended, or not on top", with_value("0b", "01 20 01 08") },
    { "a frame that is not suspended, or not on top", with_value("0b", "01 02 20 07 07") },
    { "no coroutine", with_value("0c", "09 000000") },
    { "no position of gmatch", with_value("0d", "0161 0161 03 01") },
    { "no position of gmatch", with_value("0d", "0161 0161 01 03") },
    { "no position of gmatch", with_value("0d", "0161 0161 01 04") },
    { "bytes behind its end", with_value "0302" .. "00" },
    { "no point of the function", "02 20 010a0003",
      "local a = 1 local function f() end f(await(f))" },
    { "a function that calls nothing", "02 20 010a01", "local function f() end await(f)" },
    { "a metamethod in the main coroutine", "02 20 010a000000",
      "local a = 1 local b = a + 1 await()" },
    { "no counters of a loop", "02 20 010a000000 fdffffffffffffffff01 02 01 0302 08 00",
      "for i = 1, 3 do await() end" },
    { "no counters of a loop", "02 20 010a000000 02 01 00 0302 08 00",
      "for i = 1, 3 do await() end" },
    { "no counters of a loop", "02 20 010a000000 feffffffffffffffff01 01 02 0302 08 00",
      "for i = 1, 3 do await() end" },
    { "no cell", "02 20 010a000000 0302", "local n = 1 await(function() return n end)" },
    { "a cell in place of a value", "02 20 010a000000 0e 0801",
      "local n, o = 1 await(function() return n end)" },
    { "no operands", "02 20 010a000200 0b 08 00 010220 01 0a01 00 00 00 07",
      "local c = coroutine.create(function(...) return ... .. 1 .. {} end) await()" },
    { "more operands than there are", "02 20 010a000200 0b 08 00 010220 01 0a01 00 00 03 07",
      "local c = coroutine.create(function(...) return ... .. 1 .. {} end) await()" },
  } do
    it(("are refused for %s: %s"):format(wrong[1], wrong[2]:sub(1, 70)), function()
      assert.equal("malformed: " .. wrong[1], refusal_of(wrong[3] or ONE, wrong[2]))
    end)
  end

  -- A contract that declares collections; `a` is its only local behind what sdk.contract gives.
  local DECLARED <const> = [[
local token, state, emit = sdk.contract { state = { count = "uint64", all = "list(bytes)",
  map = "map(uint32, map(string, counted(bool, uint64)))" }, events = { Paid = "amount uint64" } }
local a await() a = nil]]

  -- The await is point 2. Objects are the chunk, token, emit, what `a` is if it is one, and Paid.
  local function declared_with(value, body)
    return frozen(DECLARED,
      ("02 20 010a000200 09 0f00 15 %s 08 00 000000 00010504506169641300 %s 00")
      :format(value, body or ""))
  end

  it("tell state by declarations and keys", function()
    for value, body in pairs { ["00"] = "", ["0f02"] = "", ["0f03"] = "",
      ["1002010400000007"] = "", ["11"] = "0f02 05", ["14"] = "0173 016d 08 2875696e74333229" } do
      local bytes = declared_with(value, body)
      local run, message = thaw(DECLARED, bytes, { sdk = true })
      assert(run, message)
      assert.equal(hex_of(bytes), hex_of(run:freeze()))
      assert.equal("good", run:resume(true))
    end
  end)

  for _, wrong in ipairs {
    { "nothing is declared", "0f04" }, { "no collection", "0f01" },
    { "nothing is declared", "1003010400000007" }, { "no keys of state", "100200 00" },
    { "no keys of state", "1002010300000007" }, { "no keys of state", "1002010500000007aa" },
    { "no keys of state", "1001010400000007" }, { "no keys of state", "10020209000000070000000261"
      },
    { "no keys of state", "100203 0a 00000007 0000000161 01" },
    { "no place in a collection", "11", "0f03 00" }, { "no place in a collection", "11", "0f00 00"
      },
    { "no place in a collection", "12", "0f02 00" }, { "no collection", "11", "0302 00" },
    { "no event is declared", "13", "01" },
  } do
    it(("are refused for state, %s: %s %s"):format(wrong[1], wrong[2], wrong[3] or ""), function()
      local run, message = thaw(DECLARED, declared_with(wrong[2], wrong[3]), { sdk = true })

      assert.equal(nil, run)
      assert.equal(wrong[1], (message:gsub("^frozen execution, byte %d+: ", "")))
    end)
  end

  it("keep collections and iterators of state, events and methods of services", function()
    local source = DECLARED:gsub("local a .*", "") .. [[

      local s = sdk.service("Other", { pay = "(uint32)" })
      await()
      local part = state.map[7]
      local inner, list, counted = part["a"], (pairs(state.all)), (pairs(part["b"]))
      await()
      return state.count, state.map == state.map, part == part, list(), counted(), #inner,
        pcall(rawset, emit, "x", 1), select("#", emit.Paid, s.pay, token)]]
    local run = start(source, { sdk = true })
    repeat
      run = assert(thaw(source, run:freeze(), { sdk = true }))
      run:resume(true)
    until run:status() ~= "suspended"

    assert.equal("0 true true nil nil 0 false 3", table.concat(run:outcome().results, " "))
  end)

  it("are refused where they are cut, and where something follows", function()
    local source = LIVE[8][2]
    local bytes = start(source):freeze()

    for size = 0, #bytes - 1 do
      assert.equal(nil, (thaw(source, bytes:sub(1, size))), size)
    end
    assert.equal(nil, (thaw(source, bytes .. "\0")))
  end)

  it("are refused, or another good execution, where they are changed", function()
    local random, taken = new_random(SEED), 0
    local sources = {}
    for at, live in ipairs(LIVE) do sources[at] = live[2] end
    for _, inside in ipairs(INSIDE) do sources[#sources + 1] = inside_source(inside[1]) end

    for _ = 1, CHANGES do
      local source = sources[random(#sources)]
      local bytes = start(source):freeze()
      for _ = 1, random(2) do
        local at = 33 + random(#bytes - 33)
        local byte = random(2) == 1 and bytes:byte(at) ~ 1 << random(8) - 1 or random(256) - 1
        bytes = bytes:sub(1, at - 1) .. string.char(byte) .. bytes:sub(at + 1)
      end
      local run, _, code = thaw(source, bytes)
      assert.is_true(run and true or code == "malformed")
      local again, limit
      if run then again, _, limit = run:freeze() end
      assert.is_true(not run or again == bytes or limit == "limit")
      if again then
        taken = taken + 1
        for _ = 1, 3 do
          if run:status() == "suspended" then run:resume(random(3) > 1, 1) end
        end
      end
    end
    print(("frozen: seed %d, %d changed bytes, %d taken"):format(SEED, CHANGES, taken))
    assert.is_true(taken > CHANGES // 20)
  end)
end)
