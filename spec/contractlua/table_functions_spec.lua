local contract_lua = require "spec.support.contract_lua"
local eval, run = contract_lua.eval, contract_lua.run

-- `list(t)` shows the elements; `spy(t)` stands for t and tells of each access.
local PRELUDE <const> = [[
local function list(t)
  local items = {}
  for i = 1, #t do items[i] = tostring(t[i]) end
  return table.concat(items, " ")
end
local seen = {}
local function spy(t)
  return setmetatable({}, {
    __index = function(_, key) seen[#seen + 1] = "r" .. key return t[key] end,
    __newindex = function(_, key, value) seen[#seen + 1] = "w" .. key t[key] = value end,
    __len = function() seen[#seen + 1] = "#" return #t end,
  })
end]]

-- What `t` is after some statements.
local function after(statements, items)
  return (eval("list(t)", ("%s local t = { %s } %s"):format(PRELUDE, items or "", statements)))
end

-- The accesses of a call to a table that it sees by metamethods alone.
local function accesses(call, items)
  return (eval("table.concat(seen, ' ')",
    ("%s local t = spy { %s } %s"):format(PRELUDE, items or "", call)))
end

describe("table.insert", function()
  it("appends, or moves elements up", function()
    assert.equal([[good "1 2 3"]], after("table.insert(t, 3)", "1, 2"))
    assert.equal([[good "0 1 2"]], after("table.insert(t, 1, 0)", "1, 2"))
    assert.equal([[good "1 9 2"]], after("table.insert(t, 2, 9)", "1, 2"))
    assert.equal([[good "1 2 9"]], after("table.insert(t, 3, 9)", "1, 2"))
    assert.equal([[good "7"]], after("table.insert(t, 7)"))
    assert.equal("good", eval "table.insert({}, 1)")
    assert.equal([[good "1 2"]], after("table.insert(t, nil)", "1, 2"))
  end)

  it("wants a position in 1..#t+1, and two or three arguments", function()
    for _, position in ipairs { "0", "4", "-1", "math.maxinteger", "math.mininteger" } do
      assert.equal([[error "bad argument #2 to 'insert' (position out of bounds)"]],
        eval("table.insert({ 1, 2 }, " .. position .. ", 9)"))
    end
    assert.equal([[error "wrong number of arguments to 'insert'"]], eval "table.insert({})")
    assert.equal([[error "wrong number of arguments to 'insert'"]],
      eval "table.insert({}, 1, 2, 3)")
    assert.equal([[error "bad argument #2 to 'insert' (number expected, got string)"]],
      eval "table.insert({ 1 }, '1', 2)")
    assert.equal([[error "bad argument #1 to 'insert' (table expected, got nil)"]],
      eval "table.insert(nil, 1)")
    assert.equal([[error "bad argument #1 to 'insert' (table expected, got string)"]],
      eval "table.insert('x', 1)")
  end)

  it("asks metamethods, element by element from the end", function()
    assert.equal([[good "# r3 w4 r2 w3 w2"]], accesses("table.insert(t, 2, 'x')", "1, 2, 3"))
    assert.equal([[good "# w1"]], accesses("table.insert(t, 'x')"))
  end)
end)

describe("table.remove", function()
  it("takes the last one, or moves elements down", function()
    assert.equal("good 3", eval "table.remove({ 1, 2, 3 })")
    assert.equal([[good "1 2"]], after("table.remove(t)", "1, 2, 3"))
    assert.equal([[good "2 3"]], after("table.remove(t, 1)", "1, 2, 3"))
    assert.equal([[good "1 3"]], after("table.remove(t, 2)", "1, 2, 3"))
    assert.equal("good nil nil nil",
      eval "table.remove({}), table.remove({}, 0), table.remove({}, 1)")
    assert.equal("good nil", eval "table.remove({ 1, 2 }, 3)")
    assert.equal("good 7 nil", eval("table.remove(t, 0), t[0]", "local t = { [0] = 7 }"))
  end)

  it("wants a position in 1..#t+1", function()
    for _, position in ipairs { "0", "4", "-1" } do
      assert.equal([[error "bad argument #2 to 'remove' (position out of bounds)"]],
        eval("table.remove({ 1, 2 }, " .. position .. ")"))
    end
  end)

  it("asks metamethods, element by element from the beginning", function()
    assert.equal([[good "# r2 r3 w2 w3"]], accesses("table.remove(t, 2)", "1, 2, 3"))
    assert.equal([[good "# r3 w3"]], accesses("table.remove(t)", "1, 2, 3"))
  end)
end)

describe("table.move", function()
  it("copies elements within a table, overlapping ones too", function()
    assert.equal([[good "1 1 2 3"]], after("table.move(t, 1, 3, 2)", "1, 2, 3"))
    assert.equal([[good "2 3 3"]], after("table.move(t, 2, 3, 1)", "1, 2, 3"))
    assert.equal([[good "1 2 3"]], after("table.move(t, 2, 1, 9)", "1, 2, 3"))
    assert.equal([[good "1 2 3 1 2"]], after("table.move(t, 1, 2, 4)", "1, 2, 3"))
    assert.equal([[good "1 2 3"]], after("table.move(t, 4, 9, 5)", "1, 2, 3"))
    assert.equal([[good "1"]], after("table.move(t, 4, 5, 2)", "1, 2, 3"))
  end)

  it("copies into another table, which it gives back", function()
    assert.equal([[good "0 2 3" true]], eval("list(u), rawequal(u, v)",
      PRELUDE .. " local u = { 0 } local v = table.move({ 1, 2, 3 }, 2, 3, 2, u)"))
    assert.equal("good 2 nil 1", eval("u[-1], u[0], u[-2]",
      "local u = table.move({ 1, 2 }, 1, 3, -2, {})"))
  end)

  it("refuses ranges that wrap around", function()
    assert.equal([[error "bad argument #3 to 'move' (too many elements to move)"]],
      eval "table.move({}, 0, math.maxinteger, 2)")
    assert.equal([[error "bad argument #3 to 'move' (too many elements to move)"]],
      eval "table.move({}, -1, math.maxinteger, 2)")
    assert.equal([[error "bad argument #4 to 'move' (destination wrap around)"]],
      eval "table.move({}, 1, 3, math.maxinteger - 1)")
    assert.equal([[error "bad argument #4 to 'move' (number expected, got no value)"]],
      eval "table.move({}, 1, 2)")
    assert.equal([[error "bad argument #5 to 'move' (table expected, got number)"]],
      eval "table.move({}, 1, 2, 3, 4)")
  end)

  it("asks metamethods in the order that overlapping needs", function()
    assert.equal([[good "r2 w3 r1 w2"]], accesses("table.move(t, 1, 2, 2)", "1, 2, 3"))
    assert.equal([[good "r2 w1 r3 w2"]], accesses("table.move(t, 2, 3, 1)", "1, 2, 3"))
    assert.equal([[good "r1 r2"]], accesses("table.move(t, 1, 2, 1, {})", "1, 2, 3"))
  end)

  it("ends by gas, before it is done, where the range is vast", function()
    local _, outcome = run("table.move({}, 1, math.maxinteger - 1, 2)", { gas_limit = 1000000 })

    assert.equal("gas", outcome.stop)
  end)
end)

describe("table.concat", function()
  it("joins texts and numbers", function()
    assert.equal([[good "a1b" "a, 1, b" "" "1, b" "1"]], eval([[table.concat(t),
      table.concat(t, ", "), table.concat({}, ","), table.concat(t, ", ", 2),
      table.concat(t, ", ", 2, 2)]], "local t = { 'a', 1, 'b' }"))
    assert.equal([[good "102" "115"]],
      eval "table.concat({ 1, 2 }, 0), table.concat { uint256(115) }")
    assert.equal([[good ""]], eval "table.concat({}, ',', 5, 4)")
    assert.equal([[good "z"]], eval
      "table.concat({ [math.maxinteger] = 'z' }, ',', math.maxinteger, math.maxinteger)")
  end)

  it("refuses anything else", function()
    assert.equal([[error "invalid value (table) at index 2 in table for 'concat'"]],
      eval "table.concat { 1, {} }")
    assert.equal([[error "invalid value (nil) at index 3 in table for 'concat'"]],
      eval "table.concat({ 1, 2 }, '', 1, 3)")
    assert.equal([[error "bad argument #2 to 'concat' (string expected, got table)"]],
      eval "table.concat({ 1, 2 }, {})")
    assert.equal([[error "bad argument #1 to 'concat' (table expected, got no value)"]],
      eval "table.concat()")
  end)

  it("asks metamethods", function()
    assert.equal([[good "# r1 r2"]], accesses("table.concat(t)", "1, 2"))
    assert.equal([[good "a-b"]], eval
      "table.concat(setmetatable({}, { __index = { 'a', 'b' } }), '-', 1, 2)")
  end)
end)

describe("table.pack and table.unpack", function()
  it("make a table of values, with their number, and back", function()
    assert.equal("good 3 1 nil 3", eval("t.n, t[1], t[2], t[3]", "local t = table.pack(1, nil, 3)"))
    assert.equal("good 0 nil", eval("t.n, t[1]", "local t = table.pack()"))
    assert.equal("good 1 2 3", eval "table.unpack { 1, 2, 3 }")
    assert.equal("good 2 3", eval "table.unpack({ 1, 2, 3 }, 2)")
    assert.equal("good 1 nil nil", eval "table.unpack({ 1 }, 1, 3)")
    assert.equal("good", eval "table.unpack({ 1 }, 2, 1)")
    assert.equal("good nil 7", eval
      "table.unpack({ [math.maxinteger] = 7 }, math.maxinteger - 1, math.maxinteger)")
  end)

  it("give at most 100,000 values", function()
    assert.equal("good 100000", eval "table.pack(table.unpack({}, 1, 100000)).n")
    assert.equal([[error "too many results to unpack"]], eval "table.unpack({}, 1, 100001)")
    assert.equal([[error "too many results to unpack"]],
      eval "table.unpack({}, math.mininteger, math.maxinteger)")
    assert.equal([[error "too many results to unpack"]],
      eval "table.unpack({}, 0, math.maxinteger)")
  end)

  it("ask metamethods", function()
    assert.equal([[good "# r1 r2"]], accesses("table.unpack(t)", "1, 2"))
    assert.equal([[good "r1 r2"]], accesses("table.unpack(t, 1, 2)", "1, 2"))
    assert.equal([[error "attempt to get length of a nil value"]], eval "table.unpack()")
    assert.equal([[error "attempt to index a nil value"]], eval "table.unpack(nil, 1, 2)")
    assert.equal([[error "object length is not an integer"]],
      eval "table.unpack(setmetatable({}, { __len = function() return 'x' end }))")
  end)
end)

describe("a function of table", function()
  it("goes along chains of tables, and no further than 100", function()
    assert.equal("good 7", eval("(table.unpack(t, 1, 1))", [[
      local t = { 7 }
      for _ = 1, 99 do t = setmetatable({}, { __index = t }) end]]))
    assert.equal([[error "'__index' chain too long"]], eval("(table.unpack(t, 1, 1))", [[
      local t = { 7 }
      for _ = 1, 100 do t = setmetatable({}, { __index = t }) end]]))
    assert.equal([[error "'__newindex' chain too long"]], eval("table.insert(t, 1)", [[
      local t = {}
      for _ = 1, 100 do t = setmetatable({}, { __newindex = t }) end]]))
  end)

  it("changes no table of the library", function()
    for _, call in ipairs { "table.insert(string, 1)", "table.move({ 1 }, 1, 1, 1, math)",
      "table.remove(table)" } do
      assert.equal([[error "attempt to change a table of the library"]], eval(call))
    end
    assert.equal("good", eval "table.sort(string)")
  end)

  it("lets no yield out of a metamethod, and errors through", function()
    assert.equal([[error "attempt to yield across a callback"]], eval [[coroutine.wrap(function()
      return table.concat(setmetatable({}, { __len = function() coroutine.yield() end }))
    end)()]])
    assert.equal("error 7", eval
      "table.unpack(setmetatable({}, { __index = function() error(7) end }), 1, 2)")
  end)

  it("costs a step, 2 gas, for each element that it moves", function()
    local function gas(count)
      local _, outcome = run(([[local t = {} for i = 1, %d do t[i] = i end
        table.insert(t, 1, 0) table.remove(t, 1)]]):format(count))
      local _, without = run(("local t = {} for i = 1, %d do t[i] = i end"):format(count))
      return outcome.gas_used - without.gas_used
    end

    assert.equal(2 * 2000, gas(1100) - gas(100))
  end)
end)
