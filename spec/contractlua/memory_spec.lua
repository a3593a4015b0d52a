-- What is counted, by spec/lua.md 4: each figure here is added up by hand.
local contract_lua = require "spec.support.contract_lua"

local function memory(source)
  local _, outcome = contract_lua.run(source)
  assert(outcome.ok, outcome.error)
  return outcome.memory
end

-- What `source` counts behind `before`.
local function count(source, before)
  before = before or ""
  return memory(before .. " " .. source) - memory(before)
end

describe("a value", function()
  -- The stack has been higher than any of the functions below makes it.
  local BEFORE <const> = [[
    local r, s, u, t = nil, ("x"):rep(100), uint256(5), { 1, 2, 3, k = 4 }
    local a, b = 1, 2
    local function never() return a, b, t, u end
    local function high(...) end
    high(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
  ]]

  it("is counted when it is made", function()
    for source, bytes in pairs {
      ["r = 5"] = 0, ["r = 'constant'"] = 0, ["r = s"] = 0,
      ["r = s .. 'y'"] = 32 + 101, ["r = s:rep(3)"] = 32 + 300, ["r = s:sub(1, 9)"] = 32 + 9,
      ["r = s:upper()"] = 32 + 100, ["r = (s:gsub('x', 'yz'))"] = 32 + 200,
      ["r = ('%s|'):format(s)"] = 32 + 101, ["r = tostring(12345)"] = 32 + 5,
      ["r = table.concat({ s, s }, ',')"] = 64 + 2 * 40 + 32 + 201,
      ["r = s:match('x*')"] = 32 + 100, ["r = string.pack('<i8', 1)"] = 32 + 8,
      ["r = utf8.char(8364)"] = 32 + 3, ["r = string.char(1, 2, 3)"] = 32 + 3,
      ["r = u + 1"] = 48, ["r = ~u"] = 48, ["r = uint256 '99'"] = 48, ["r = u << 3"] = 48,
      ["r = {}"] = 64, ["r = { 1, 2 }"] = 64 + 80, ["r = { a = 1, b = 2 }"] = 64 + 80,
      ["r = { a = 1, a = 2 }"] = 64 + 40, ["r = { high(1) }"] = 64,
      ["r = function() end"] = 48, ["r = function() return a, b end"] = 48 + 2 * 16,
      ["r = coroutine.create(high)"] = 512, ["r = coroutine.wrap(high)"] = 512 + 48,
      ["r = s:gmatch('y')"] = 48 + 4 * 16, ["r = table.pack(1, 2)"] = 64 + 3 * 40,
      ["r = setmetatable({}, t)"] = 64, ["r = select('#', 1)"] = 0, ["r = s:byte(1)"] = 0,
      ["r = #s == 100 and s < 'y' and next(t)"] = 0,
      ["pcall(error, 'text')"] = 0, ["pcall(error)"] = 0,
      ["pcall(function() return r.x end)"] = 48 + 16 + 32
        + #"attempt to index a nil value (upvalue 'r')",
    } do
      local before = BEFORE .. (source:find "r.x" and " local function r2() return r end " or "")
      assert.equal(bytes, count(source, before), source)
    end
  end)

  it("of a key is counted where the key was absent", function()
    for source, bytes in pairs { ["t.k = 5"] = 0, ["t[1] = 5"] = 0, ["t.new = 5"] = 40,
      ["t[4] = 5"] = 40, ["t[9] = 5"] = 40, ["t.k = nil"] = 0, ["t.k = nil t.k = 1"] = 40,
      ["t[2] = nil t[2] = 1"] = 40, ["t.absent = nil"] = 0, ["rawset(t, 'new', 1)"] = 40,
      ["table.insert(t, 7)"] = 40, ["table.insert(t, 1, 7)"] = 40 } do
      assert.equal(bytes, count(source, BEFORE), source)
    end
  end)

  it("that functions name is counted each time it is declared", function()
    local body <const> = "for i = 1, %d do local v = i if never == 1 then r = function() return %s "
      .. "end end end"
    assert.equal(0, count(body:format(100, "a"), BEFORE) - count(body:format(10, "a"), BEFORE))
    assert.equal(90 * 16, count(body:format(100, "v"), BEFORE) - count(body:format(10, "v"),
      BEFORE))
  end)
end)

describe("a stack", function()
  -- A function waits for its arguments, and each of them for the call; the left side of an
  -- operation for the right one; a table and a key for their value; three values in a `for`, four
  -- in one of an iterator.
  it("counts 16 for each operand beyond four that waits at once in a frame", function()
    for body, operands in pairs {
      ["f(1, 2, 3)"] = 4, ["f(1, 2, 3, 4)"] = 5, ["f(1, 2, 3, 4, 5, 6)"] = 7,
      ["f(1, 2, f(3, 4, f(5)))"] = 8, ["s.a.b.c.d = 1"] = 2, ["return 1 + (2 + (3 + f(4)))"] = 5,
      ["local t = { 1, 2, 3, 4, 5, 6 }"] = 7, ["local t = { a = { b = { c = f(1) } } }"] = 8,
      ["for i = 1, 2 do f(i) end"] = 5, ["for k in next, {} do f(k, k) end"] = 7,
      ["return 'a' .. 'b' .. s .. 'c' .. s .. 'd'"] = 5, ["s:x(1, 2, 3)"] = 5,
      ["s.a, s.b, s.c = 1, 2, 3"] = 9, ["local a, b, c = f(1, 2, 3, 4)"] = 5,
    } do
      local locals = body:find "^local a" and 3 or body:find "^local t" and 1
        or body:find "^for" and 1 or 0
      assert.equal(64 + 16 * (locals + math.max(0, operands - 4)),
        count("g()", ("local s = 's' local function f() end local function g() if not s then %s "
          .. "end end"):format(body)), body)
    end
  end)

  it("counts 64 for a frame, and 16 for each parameter, local and passed value", function()
    for source, bytes in pairs {
      ["f()"] = 64, ["f() f() f()"] = 64, ["f(1, 2, 3)"] = 64, ["f3(1)"] = 64 + 48,
      ["f3(1, 2, 3)"] = 64 + 48, ["l2()"] = 64 + 32, ["v()"] = 64, ["v(1, 2)"] = 64 + 32,
      ["v1(1, 2, 3)"] = 64 + 48, ["type(1)"] = 64 + 16 + 32 + 6, ["nest()"] = 2 * 64,
      ["down(10)"] = 11 * (64 + 16), ["down(10) down(5)"] = 11 * (64 + 16),
      ["loop(100)"] = 64 + 16, ["pcall(f)"] = 64 + 16 + 64,
    } do
      assert.equal(bytes, count(source, [[
        local function f() end
        local function f3(a, b, c) end
        local function l2() local a, b end
        local function v(...) end
        local function v1(a, ...) end
        local function nest() f() return 1 end
        local function down(n) if n > 0 then down(n - 1) end end
        local function loop(n) if n > 0 then return loop(n - 1) end end
      ]]), source)
    end
  end)

  it("counts what unpack and sort hold", function()
    local before <const> = "local t = { ('x'):rep(1000):byte(1, -1) } "
      .. "local function f() end table.sort { 2, 1 }"
    local small, large = count("local x = table.unpack(t, 1, 1)", before),
      count("local x = table.unpack(t)", before)
    assert.equal(16, small) -- `x`; the stack has been higher
    assert.equal(0, large - small) -- for byte, which held as many

    local without <const> = "local t = {} for i = 1, 1000 do t[i] = i end "
    assert.equal(999 * 16, count("table.unpack(t, 1, 1000)", without)
      - count("table.unpack(t, 1, 1)", without))
    assert.equal(64 + 16 + 1000 * 16, count("table.sort(t)", without))
  end)

  it("of a coroutine counts by itself", function()
    local before <const> = "local function f(a) end local function down(n) "
      .. "if n > 0 then down(n - 1) end end down(20)"
    -- resume and wrap stand on the stack of who resumes
    assert.equal(512 + 48 + 64 + 16, count("coroutine.wrap(f)(1)", before))
    assert.equal(512 + 48 + 11 * (64 + 16), count("coroutine.wrap(down)(10)", before))
  end)
end)
