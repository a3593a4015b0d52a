-- What things cost: which prices of docs/gas.md are paid, and how often, added up by hand. Where
-- more is paid than what is asked for here, that is at least paid.
local contract_lua = require "spec.support.contract_lua"

-- The prices by their names.
local PRICE <const> = {}
for line in io.lines "core/contractlua/gas.def" do
  local name, gas = line:match "^X%(([%u%d_]+), (%d+), "
  if name then PRICE[name] = math.tointeger(gas) end
end

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

local function at_least(price, first, second, before)
  local paid = more(first, second, before)
  assert(paid >= price, ("%d for %s, less than %d"):format(paid, second, price))
end

describe("a turn", function()
  it("of a numeric for is paid", function()
    assert.equal(1000 * PRICE.TURN, more("for i = 1, 1000 do end", "for i = 1, 2000 do end"))
  end)

  it("of a generic for is paid, and the call of its iterator", function()
    local before <const> = "local t = table.pack(('x'):rep(2001):byte(1, -1)) t.n = nil "
    assert.equal(1000 * (PRICE.TURN + PRICE.FOR_IN_TURN),
      more("for i in next, t, 1001 do end", "for i in next, t, 1 do end", before))
  end)

  it("of a goto is what it computes, its condition and the jump", function()
    local source <const> = "local n = %d ::again:: n = n - 1 if n > 0 then goto again end"
    -- `-`, the value given to n; `>`, `if`; `goto`
    assert.equal(1000 * (2 * PRICE.OPERATION + PRICE.MOVE + PRICE.IF + PRICE.JUMP),
      more(source:format(1000), source:format(2000)))
  end)

  it("of two gotos is each of them", function()
    local source <const> = "local n = %d ::again:: n = n - 1 if n < 0 then goto done end "
      .. "goto again ::done::"
    assert.equal(1000 * (2 * PRICE.OPERATION + PRICE.MOVE + PRICE.IF + PRICE.JUMP),
      more(source:format(1000), source:format(2000)))
  end)
end)

describe("a call", function()
  local FILLED <const> = "local t = { ('x'):rep(2000):byte(1, -1) } "
  local LOOP <const> = "%s for i = 1, %d do %s end"

  -- What 1,000 turns more pay with a second body more than with the first.
  local function per_turn(before, first, second)
    return (more(LOOP:format(before, 1000, second), LOOP:format(before, 2000, second))
      - more(LOOP:format(before, 1000, first), LOOP:format(before, 2000, first))) / 1000
  end

  it("is paid, and what the function computes", function()
    assert.equal(PRICE.CALL, per_turn("local function f() end", "", "f()"))
    assert.equal(PRICE.CALL + PRICE.MOVE, per_turn("local function f() local x = 1 end", "", "f()"))
  end)

  it("leads back to what is paid behind it", function()
    local one <const>, none <const> = "local x local function f() return 1 end",
      "local x local function f() end"
    assert.equal(PRICE.MOVE, per_turn(one, "x = f()", "x = f() x = 1"))
    assert.equal(PRICE.MOVE, per_turn(none, "f()", "f() x = 1"))
  end)

  it("pays the values of `...`, and those that are handed on", function()
    local before <const> = FILLED .. "local function none(...) end "
      .. "local function pass(...) none(...) end local function both(...) none(...) none(...) end "
    at_least(1000 * PRICE.PER_VALUE, "none(table.unpack(t, 1, 1))",
      "none(table.unpack(t, 1, 1001))", before)
    local once = more("pass(table.unpack(t, 1, 1))", "pass(table.unpack(t, 1, 1001))", before)
    local twice = more("both(table.unpack(t, 1, 1))", "both(table.unpack(t, 1, 1001))", before)
    assert.is_true(twice - once >= 1000 * PRICE.PER_VALUE)
  end)

  it("through pcall, a coroutine, __call or a return pays its values again", function()
    local before <const> = FILLED .. "local function none(...) end "
      .. "local called = setmetatable({}, { __call = none }) "
      -- whose stacks have been high enough
      .. "local takes = coroutine.wrap(function() while true do coroutine.yield() end end) "
      .. "local gives = coroutine.wrap(function(n) while true do "
      .. "n = coroutine.yield(table.unpack(t, 1, n)) end end) "
      .. "for _ = 1, 3 do takes(table.unpack(t)) gives(2000) end "
      .. "local function list(n) return 1, table.unpack(t, 1, n) end "
    local direct <const> = more("none(table.unpack(t, 1, 4))", "none(table.unpack(t, 1, 1004))",
      before)
    -- How often they are handed on: into a coroutine, and out of the `yield` that waits there.
    local times <const> = { ["pcall(none, %s)"] = 1, ["called(%s)"] = 1, ["takes(%s)"] = 2,
      ["none(gives(%d))"] = 1, ["none(list(%d))"] = 1 }
    for call, count in pairs(times) do
      local few, many = "table.unpack(t, 1, 4)", "table.unpack(t, 1, 1004)"
      if call:find "%%d" then few, many = 4, 1004 end
      local paid = more(call:format(few), call:format(many), before)
      assert(paid - direct >= count * 1000 // 4 * PRICE.PER_MOVED, ("%s: %d, directly %d"):format(
        call, paid, direct))
    end
  end)
end)

describe("a coroutine", function()
  it("pays each resume and each yield", function()
    local source <const> = "local y = 1 local f = coroutine.wrap(function() "
      .. "while y do coroutine.yield() end end) for i = 1, %d do f() end"
    -- two turns; `y`, which the function names, and its condition; `coroutine` and its key
    local around <const> = 2 * PRICE.TURN + PRICE.OUTER + PRICE.IF + PRICE.GLOBAL + PRICE.INDEX
    assert.equal(1000 * (2 * (PRICE.RESUME + PRICE.CALL + PRICE.NATIVE) + around),
      more(source:format(1000), source:format(2000)))
  end)
end)

describe("bytes", function()
  local BEFORE <const> = [[
    local s, l = ("a"):rep(1000), ("a"):rep(33000)
    local s2, l2, t, n = ("a"):rep(1000), ("a"):rep(33000), {}, nil
    local f = string.format
  ]]

  it("of a string that is made are paid", function()
    for _, pair in ipairs {
      { "n = ('a'):rep(1000)", "n = ('a'):rep(33000)" }, { "n = s .. 'a'", "n = l .. 'a'" },
      { "n = s:upper()", "n = l:upper()" }, { "n = s:reverse()", "n = l:reverse()" },
      { "n = s:sub(1)", "n = l:sub(1)" }, { "n = f('%s', s)", "n = f('%s', l)" },
      { "n = table.concat({ s, '' })", "n = table.concat({ l, '' })" },
      { "n = string.pack('z', s)", "n = string.pack('z', l)" },
    } do
      at_least(32000 // 8 * PRICE.PER_MADE, pair[1], pair[2], BEFORE)
    end
  end)

  it("that are compared or printed are paid", function()
    for _, pair in ipairs {
      { "n = s == s2", "n = l == l2" }, { "n = s < s2", "n = l < l2" }, { "print(s)", "print(l)" },
      { "table.sort { s, s2 }", "table.sort { l, l2 }" },
    } do
      at_least(32000 // 32 * PRICE.PER_WORD, pair[1], pair[2], BEFORE)
    end
  end)

  it("that are searched or sought are paid", function()
    at_least(32000 // 4 * PRICE.PER_SOUGHT, "n = s:find('b', 1, true)", "n = l:find('b', 1, true)",
      BEFORE)
    at_least(32000 * PRICE.PER_STEP, "n = ('c'):find(s, 1, true)", "n = ('c'):find(l, 1, true)",
      BEFORE)
    at_least(32000 * PRICE.PER_DIGIT, "n = tonumber(s, 16)", "n = tonumber(l, 16)", BEFORE)
  end)

  it("of a pattern are paid, and so are its steps", function()
    local joined <const> = more("n = 'x' .. s .. '+'", "n = 'x' .. l .. '+'", BEFORE)
    local read <const> = more("n = ('c'):find('x' .. s .. '+')", "n = ('c'):find('x' .. l .. '+')",
      BEFORE)
    assert.is_true(read - joined >= 32000 * PRICE.PER_STEP)
    at_least(32000 * PRICE.PER_STEP, "n = s:find('b+')", "n = l:find('b+')", BEFORE)
    at_least(32000 * PRICE.PER_STEP, "n = s:gsub('a', '')", "n = l:gsub('a', '')", BEFORE)
    at_least(32000 * PRICE.PER_STEP, "for _ in s:gmatch('a') do end",
      "for _ in l:gmatch('a') do end", BEFORE)
  end)

  it("that become values are paid", function()
    at_least(32000 * PRICE.PER_STEP, "n = s:byte(1, -1)", "n = l:byte(1, -1)", BEFORE)
    at_least(32000 * PRICE.PER_STEP, "n = utf8.len(s)", "n = utf8.len(l)", BEFORE)
  end)
end)

describe("elements", function()
  local BEFORE <const> = [[
    local function list(n) local t = {} for i = 1, n do t[i] = i end return t end
    local n
  ]]

  it("that the table library reads or moves are paid", function()
    local before <const> = BEFORE .. "local t, u = list(3000), list(3000) "
    assert.equal(1000 * PRICE.PER_STEP, more("table.move(t, 1, 1000, 1, u)",
      "table.move(t, 1, 2000, 1, u)", before))
    at_least(1000 * PRICE.PER_STEP, "n = table.unpack(t, 1, 1000)", "n = table.unpack(t, 1, 2000)",
      before)
  end)

  it("that are sorted are paid twice, and each time that runs are merged", function()
    at_least((1024 * 12 - 512 * 11) * PRICE.PER_STEP, "table.sort(t)", "table.sort(u)",
      BEFORE .. "local t, u = list(512), list(1024) ")
  end)

  it("that `next` passes are paid", function()
    local before <const> = BEFORE .. "local t, u = list(9), list(809) "
      .. "for i = 1, 808 do u[i] = nil end "
    at_least(808 // 8 * PRICE.PER_SLOTS, "n = next(t)", "n = next(u)", before)
    at_least(808 // 8 * PRICE.PER_SLOTS, "for _ in pairs(t) do break end",
      "for _ in pairs(u) do break end", before)
  end)
end)

describe("an access by key", function()
  local BEFORE <const> = [[
    local function names(n) local t = {} for i = 1, n do t["k" .. i] = i end return t end
    local small, n = names(9), nil
  ]]

  it("pays for a table of more than 4,096 keys, and of more than 65,536", function()
    for count, price in pairs { [4096] = 0, [4097] = PRICE.LARGE_TABLE, [65536] = PRICE.LARGE_TABLE,
      [65537] = PRICE.HUGE_TABLE } do
      local before = BEFORE .. ("local large = names(%d) "):format(count)
      for _, access in ipairs { "n = %s.k1", "n = %s['k' .. 1]", "%s.k1 = 5",
        "n = rawget(%s, 'k1')", "rawset(%s, 'k1', 5)" } do
        assert.equal(price, more(access:format "small", access:format "large", before), access)
      end
    end
  end)

  it("pays for each 32 bytes of the key above 40", function()
    local before <const> = BEFORE .. "local k40, k41, k73 = ('k'):rep(40), ('k'):rep(41), "
      .. "('k'):rep(73) "
    assert.equal(PRICE.LONG_KEY, more("n = small[k40]", "n = small[k41]", before))
    assert.equal(2 * PRICE.LONG_KEY, more("n = small[k40]", "n = small[k73]", before))
  end)

  it("pays for a key that it makes", function()
    assert.equal(PRICE.NEW_KEY, more("small.k1 = 1", "small.new = 1", BEFORE))
    assert.equal(PRICE.NEW_KEY, more("small.k1 = 1", "small[1] = 1", BEFORE))
  end)

  it("pays for each table of a chain", function()
    local before <const> = BEFORE .. "local one = setmetatable({}, { __index = small }) "
      .. "local two = setmetatable({}, { __index = one }) "
    assert.equal(PRICE.PER_HOP, more("n = small.k1", "n = one.k1", before))
    assert.equal(2 * PRICE.PER_HOP, more("n = small.k1", "n = two.k1", before))
  end)
end)

describe("a uint256", function()
  local BEFORE <const> = "local a, b, u, v, n = 9, 5, uint256(9), uint256(5) "

  it("pays each operation, and more where it is divided", function()
    for operator, price in pairs { ["+"] = PRICE.UINT256, ["-"] = PRICE.UINT256,
      ["*"] = PRICE.UINT256, ["&"] = PRICE.UINT256, ["<<"] = PRICE.UINT256,
      ["//"] = PRICE.UINT256_DIVISION, ["%"] = PRICE.UINT256_DIVISION } do
      assert.equal(price, more(("n = a %s b"):format(operator), ("n = u %s v"):format(operator),
        BEFORE), operator)
    end
    assert.equal(PRICE.UINT256, more("n = ~a", "n = ~u", BEFORE))
  end)

  it("pays its text in place of that of an integer", function()
    for _, source in ipairs { "n = tostring(%s)", "n = %s .. ''", "print(%s)" } do
      assert.equal(PRICE.UINT256_TEXT - PRICE.INTEGER_TEXT, more(source:format "a",
        source:format "u", BEFORE), source)
    end
  end)
end)
