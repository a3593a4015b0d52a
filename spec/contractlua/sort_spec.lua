local contract_lua = require "spec.support.contract_lua"
local eval, run = contract_lua.eval, contract_lua.run

local function sorted(items, comparator)
  return eval("table.concat(t, ' ')", ("local t = { %s } table.sort(t%s)"):format(items,
    comparator and ", " .. comparator or ""))
end

describe("table.sort", function()
  it("sorts numbers of either kind, and texts by their bytes", function()
    assert.equal([[good "1 2 3 5 8"]], sorted "5, 3, 8, 1, 2")
    assert.equal([[good "-1 2 3 7"]], sorted "uint256(7), 3, -1, uint256(2)")
    assert.equal([[good "A B a aa b"]], sorted "'b', 'a', 'B', 'aa', 'A'")
    assert.equal([[good "3 2 1"]], sorted("1, 2, 3", "function(a, b) return a > b end"))
    assert.equal([[good ""]], sorted "")
    assert.equal([[good "1"]], sorted "1")
  end)

  it("keeps equal ones in their order", function()
    assert.equal([[good "a1 b1 c1 d2 e2 f3"]], sorted("'f3', 'a1', 'd2', 'b1', 'e2', 'c1'",
      "function(a, b) return a:sub(2) < b:sub(2) end"))
  end)

  it("merges runs of 1, 2, 4, asking whether the right one is less than the left one", function()
    assert.equal([[good "b<a d<c c<a d<a e<c e<d e<a e<b" "c d a e b"]],
      eval("table.concat(asked, ' '), table.concat(t, ' ')", [[
        local rank = { a = 2, b = 3, c = 1, d = 1, e = 2 }
        local asked, t = {}, { "a", "b", "c", "d", "e" }
        table.sort(t, function(x, y)
          asked[#asked + 1] = x .. "<" .. y
          return rank[x] < rank[y]
        end)]]))
  end)

  it("makes at most n ceil(log2 n) comparisons", function()
    for count = 2, 40 do
      local most, passes = 0, 0
      while 1 << passes < count do passes = passes + 1 end
      for seed = 1, 5 do
        local asked = math.tointeger((eval("asked", ([[
          local asked, t, r = 0, {}, %d
          for i = 1, %d do r = (r * 1103515245 + 12345) & 0x7fffffff t[i] = r end
          table.sort(t, function(a, b) asked = asked + 1 return a < b end)
          for i = 2, #t do assert(t[i - 1] <= t[i]) end]]):format(seed, count)):gsub("good ", "")))
        most = math.max(most, asked)
      end
      assert.is_true(most <= count * passes, ("%d: %d comparisons"):format(count, most))
    end
  end)

  it("ends, whatever a comparator answers", function()
    assert.equal([[good "4 3 2 1"]], sorted("1, 2, 3, 4", "function() return true end"))
    assert.equal([[good "1 2 3 4"]], sorted("1, 2, 3, 4", "function() return false end"))
    assert.equal([[good "1 2 3 4"]], sorted("1, 2, 3, 4", "function() end"))
  end)

  it("leaves the table as it was where something raises", function()
    assert.equal([[good false "attempt to compare number with string" "3 2 x 1"]], eval(
      "good, message, table.concat(t, ' ')",
      "local t = { 3, 2, 'x', 1 } local good, message = pcall(table.sort, t)"))
    assert.equal([[good false 7 "3 2 1"]], eval("good, message, table.concat(t, ' ')", [[
      local t = { 3, 2, 1 }
      local good, message = pcall(table.sort, t, function(a) if a == 1 then error(7) end end)]]))
    assert.equal([[error "attempt to compare two table values"]], eval "table.sort { {}, {} }")
    assert.equal([[error "attempt to compare two nil values"]],
      eval "table.sort(setmetatable({}, { __len = function() return 2 end }))")
  end)

  it("compares by __lt", function()
    assert.equal([[good "1 2 3"]], eval("list", [[
      local meta = { __lt = function(a, b) return a[1] < b[1] end }
      local function new(x) return setmetatable({ x }, meta) end
      local t = { new(3), new(1), new(2) }
      table.sort(t)
      local list = t[1][1] .. " " .. t[2][1] .. " " .. t[3][1]
    ]]))
  end)

  it("reads and writes by metamethods, each element once", function()
    assert.equal([[good "# r1 r2 r3 w1=1 w2=2 w3=3"]], eval("table.concat(seen, ' ')", [[
      local seen, inner = {}, { 3, 1, 2 }
      table.sort(setmetatable({}, {
        __len = function() seen[#seen + 1] = "#" return #inner end,
        __index = function(_, key) seen[#seen + 1] = "r" .. key return inner[key] end,
        __newindex = function(_, key, value) seen[#seen + 1] = "w" .. key .. "=" .. value end,
      }))]]))
  end)

  it("lets a comparator change the table, and writes over it", function()
    assert.equal([[good "1 2 3" 3]], eval("table.concat(t, ' '), #t", [[
      local t = { 3, 1, 2 }
      table.sort(t, function(a, b) t[1], t[2], t[3] = nil, nil, nil return a < b end)]]))
    assert.equal([[good "1 2 3" "5 6"]], eval("table.concat(t, ' '), table.concat(u, ' ')", [[
      local t, u = { 3, 1, 2 }, { 6, 5 }
      table.sort(t, function(a, b) table.sort(u) return a < b end)]]))
  end)

  it("wants a table and a function", function()
    assert.equal([[error "bad argument #1 to 'sort' (table expected, got no value)"]],
      eval "table.sort()")
    assert.equal([[error "bad argument #2 to 'sort' (function expected, got number)"]],
      eval "table.sort({ 1, 2 }, 3)")
    assert.equal([[error "bad argument #1 to 'sort' (array too big)"]],
      eval "table.sort(setmetatable({}, { __len = function() return math.maxinteger end }))")
    assert.equal([[error "object length is not an integer"]],
      eval "table.sort(setmetatable({}, { __len = function() return 'x' end }))")
  end)

  it("lets no yield out of a comparator", function()
    assert.equal([[error "attempt to yield across a callback"]], eval [[coroutine.wrap(function()
      table.sort({ 2, 1 }, function() coroutine.yield() end) end)()]])
  end)

  it("counts 16 bytes for each element, no longer than it runs", function()
    local function memory(sorts)
      local _, outcome = run("local t = {} for i = 1, 1000 do t[i] = -i end "
        .. ("table.sort(t) "):rep(sorts))
      return outcome.memory
    end

    assert.is_true(memory(1) - memory(0) >= 16000)
    assert.is_true(memory(1) - memory(0) < 17000)
    assert.equal(memory(1), memory(5))
  end)

  it("ends by memory or gas, before it is done, where there is too much", function()
    local vast = "setmetatable({}, { __len = function() return 1 << 29 end })"
    local _, outcome = run("table.sort(" .. vast .. ")")
    assert.equal("memory", outcome.stop)

    _, outcome = run("table.sort(" .. vast .. ")", { gas_limit = 1000000 })
    assert.equal("gas", outcome.stop)
  end)
end)
