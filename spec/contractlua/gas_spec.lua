-- What things cost, by docs/gas.md: each figure here is added up by hand.
local contract_lua = require "spec.support.contract_lua"

local function gas(source)
  local _, outcome = contract_lua.run(source, { memory_limit = 256 << 20 })
  assert(outcome.ok, outcome.error)
  return outcome.gas_used
end

-- What `source` costs behind `before`.
local function cost(source, before)
  before = before or ""
  return gas(before .. " " .. source) - gas(before)
end

-- How much more the second of two sources costs than the first.
local function more(first, second, before)
  return cost(second, before) - cost(first, before)
end

describe("a turn", function()
  it("of a numeric for costs 1", function()
    assert.equal(1000, more("for i = 1, 1000 do end", "for i = 1, 2000 do end"))
  end)

  it("of a generic for costs 7", function()
    local before <const> = "local t = table.pack(('x'):rep(2001):byte(1, -1)) t.n = nil "
    assert.equal(7000, more("for i in next, t, 1001 do end", "for i in next, t, 1 do end", before))
  end)

  it("of a goto costs what it computes, its condition and the jump", function()
    -- `-`, the value given to n, `if`, `>`, `goto`
    local source <const> = "local n = %d ::again:: n = n - 1 if n > 0 then goto again end"
    assert.equal(5000, more(source:format(1000), source:format(2000)))
  end)
end)

describe("a call", function()
  local FILLED <const> = "local t = { ('x'):rep(2000):byte(1, -1) } "
  local LOOP <const> = "%s for i = 1, 1000 do %s end"

  it("costs 8, and what the function computes", function()
    assert.equal(8000, more(LOOP:format("local function f() end", ""),
      LOOP:format("local function f() end", "f()")))
    assert.equal(1000, more(LOOP:format("local function f() end", "f()"),
      LOOP:format("local function f() local x = 1 end", "f()")))
  end)

  it("leads back to what is paid behind it", function()
    assert.equal(1000, more(LOOP:format("local x local function f() return 1 end", "x = f()"),
      LOOP:format("local x local function f() return 1 end", "x = f() x = 1")))
    assert.equal(1000, more(LOOP:format("local x local function f() end", "f()"),
      LOOP:format("local x local function f() end", "f() x = 1")))
  end)

  it("of all values pays each beyond the first", function()
    local before <const> = FILLED .. "local function none(...) end "
      .. "local function list(n) return table.unpack(t, 1, n) end "
    -- read by unpack; its results, which are those of list
    assert.equal(2000, more("none(list(1))", "none(list(1001))", before .. "list(9) "))
    -- and `...`
    assert.equal(3000, more("pass(list(1))", "pass(list(1001))",
      before .. "local function pass(...) none(...) end "))
  end)

  it("through pcall, a coroutine or __call pays its values again", function()
    local before <const> = FILLED .. "local function none(...) end "
      .. "local called = setmetatable({}, { __call = none }) "
    local direct <const> = more("none(table.unpack(t, 1, 1))", "none(table.unpack(t, 1, 1001))",
      before)
    assert.equal(2000, direct)
    for _, call in ipairs { "pcall(none, %s)", "called(%s)", "coroutine.wrap(none)(%s)" } do
      assert.equal(direct + 1000, more(call:format "table.unpack(t, 1, 2)",
        call:format "table.unpack(t, 1, 1002)", before), call)
    end
    assert.equal(direct + 1000, more("none(coroutine.wrap(table.unpack)(t, 1, 1))",
      "none(coroutine.wrap(table.unpack)(t, 1, 1001))", before), "out of it")
  end)
end)

describe("a coroutine", function()
  it("costs 20 for each resume and each yield", function()
    -- turn, call, function of the library, resume; condition, turn, global, key, call, function of
    -- the library, yield
    local per_turn <const> = 1 + 8 + 4 + 20 + 1 + 1 + 1 + 2 + 8 + 4 + 20
    local source <const> = "local y = 1 local f = coroutine.wrap(function() "
      .. "while y do coroutine.yield() end end) for i = 1, %d do f() end"
    assert.equal(1000 * (per_turn + 1), more(source:format(1000), source:format(2000)),
      "and `y`, which the function names")
  end)
end)

describe("bytes", function()
  local BEFORE <const> = [[
    local s, l = ("a"):rep(1000), ("a"):rep(33000)
    local s2, l2, t, n = ("a"):rep(1000), ("a"):rep(33000), {}, nil
    local f = string.format
  ]]

  it("that are copied or compared cost 1 for each 32", function()
    for _, pair in ipairs {
      { "n = ('a'):rep(1000)", "n = ('a'):rep(33000)" }, { "n = s .. 'a'", "n = l .. 'a'" },
      { "n = s:upper()", "n = l:upper()" }, { "n = s:reverse()", "n = l:reverse()" },
      { "n = s:sub(1)", "n = l:sub(1)" }, { "n = s == s2", "n = l == l2" },
      { "n = s < s2", "n = l < l2" }, { "n = f('%s', s)", "n = f('%s', l)" },
      { "n = table.concat({ s, '' })", "n = table.concat({ l, '' })" },
      { "print(s)", "print(l)" },
      { "table.sort { s, s2 }", "table.sort { l, l2 }" },
    } do
      assert.equal(1000, more(pair[1], pair[2], BEFORE), pair[2])
    end
    -- for a zero, and to copy it
    assert.equal(2000, more("n = string.pack('z', s)", "n = string.pack('z', l)", BEFORE))
  end)

  it("that are searched cost 1 for each 4, those that are sought 1 each", function()
    assert.equal(8000, more("n = s:find('b', 1, true)", "n = l:find('b', 1, true)", BEFORE))
    assert.equal(32000, more("n = ('c'):find(s, 1, true)", "n = ('c'):find(l, 1, true)", BEFORE))
    assert.equal(8000, more("n = tonumber(s, 16)", "n = tonumber(l, 16)", BEFORE))
  end)

  it("of a pattern cost 1 each, and so do its steps", function()
    assert.equal(32000, more("n = ('c'):find('x' .. s .. '+')", "n = ('c'):find('x' .. l .. '+')",
      BEFORE) - 1000) -- less what joining costs
    assert.is_true(more("n = s:find('b+')", "n = l:find('b+')", BEFORE) >= 32000)
    assert.is_true(more("n = s:gsub('a', '')", "n = l:gsub('a', '')", BEFORE) >= 32000)
    assert.is_true(more("for _ in s:gmatch('a') do end", "for _ in l:gmatch('a') do end", BEFORE)
      >= 32000)
  end)

  it("that become values cost 1 each", function()
    assert.equal(32000, more("n = s:byte(1, -1)", "n = l:byte(1, -1)", BEFORE))
    assert.equal(32000, more("n = utf8.len(s)", "n = utf8.len(l)", BEFORE))
  end)
end)

describe("elements", function()
  local BEFORE <const> = [[
    local function list(n) local t = {} for i = 1, n do t[i] = i end return t end
    local n
  ]]

  it("that the table library moves cost 1 each", function()
    local before <const> = BEFORE .. "local t, u = list(3000), list(3000) "
    assert.equal(1000, more("table.move(t, 1, 1000, 1, u)", "table.move(t, 1, 2000, 1, u)", before))
    assert.equal(1000, more("n = table.unpack(t, 1, 1000)", "n = table.unpack(t, 1, 2000)", before))
  end)

  it("that are sorted cost 2 each, and 1 each time that runs are merged", function()
    assert.equal(1024 * 12 - 512 * 11, more("table.sort(t)", "table.sort(u)",
      BEFORE .. "local t, u = list(512), list(1024) "))
  end)

  it("that `next` passes cost 1 for 8", function()
    local before <const> = BEFORE .. "local t, u = list(9), list(809) "
      .. "for i = 1, 808 do u[i] = nil end "
    assert.equal(808 // 8, more("n = next(t)", "n = next(u)", before))
    assert.equal(808 // 8, more("for _ in pairs(t) do break end", "for _ in pairs(u) do break end",
      before))
  end)
end)

describe("an access by key", function()
  local BEFORE <const> = [[
    local function names(n) local t = {} for i = 1, n do t["k" .. i] = i end return t end
    local small, n = names(9), nil
  ]]

  it("costs 4 more above 4,096 keys, and 16 above 65,536", function()
    for count, price in pairs { [4096] = 0, [4097] = 4, [65536] = 4, [65537] = 16 } do
      local before = BEFORE .. ("local large = names(%d) "):format(count)
      for _, access in ipairs { "n = %s.k1", "n = %s['k' .. 1]", "%s.k1 = 5",
        "n = rawget(%s, 'k1')", "rawset(%s, 'k1', 5)" } do
        assert.equal(price, more(access:format "small", access:format "large", before), access)
      end
    end
  end)

  it("costs 1 for each 32 bytes of the key above 40", function()
    local before <const> = BEFORE .. "local k40, k41, k73 = ('k'):rep(40), ('k'):rep(41), "
      .. "('k'):rep(73) "
    assert.equal(1, more("n = small[k40]", "n = small[k41]", before))
    assert.equal(2, more("n = small[k40]", "n = small[k73]", before))
  end)

  it("costs 6 more where it makes the key", function()
    assert.equal(6, more("small.k1 = 1", "small.new = 1", BEFORE))
    assert.equal(6, more("small.k1 = 1", "small[1] = 1", BEFORE))
  end)

  it("costs 1 for each table of a chain", function()
    local before <const> = BEFORE .. "local one = setmetatable({}, { __index = small }) "
      .. "local two = setmetatable({}, { __index = one }) "
    assert.equal(1, more("n = small.k1", "n = one.k1", before))
    assert.equal(2, more("n = small.k1", "n = two.k1", before))
  end)
end)

describe("a uint256", function()
  local BEFORE <const> = "local a, b, u, v, n = 9, 5, uint256(9), uint256(5) "

  it("costs 6 for each operation, and 20 where it is divided", function()
    for operator, price in pairs { ["+"] = 6, ["-"] = 6, ["*"] = 6, ["&"] = 6, ["<<"] = 6,
      ["//"] = 20, ["%"] = 20 } do
      assert.equal(price, more(("n = a %s b"):format(operator), ("n = u %s v"):format(operator),
        BEFORE), operator)
    end
    assert.equal(6, more("n = ~a", "n = ~u", BEFORE))
  end)

  it("costs 20 for its text, and of a text", function()
    assert.equal(20, more("n = tostring(a)", "n = tostring(u)", BEFORE))
    assert.equal(20, more("n = a .. ''", "n = u .. ''", BEFORE))
    assert.equal(20, more("print(a)", "print(u)", BEFORE))
    assert.equal(14, more("n = uint256(9)", "n = uint256('9')", BEFORE))
  end)
end)
