-- What programs pay (spec/lua.md 3): bounds that hold whatever single prices are.
local contract_lua = require "spec.support.contract_lua"

local run = contract_lua.run

-- Gas of a body beside an empty one.
local function gas(body, prelude)
  local _, with = run((prelude or "") .. "\n" .. body)
  local _, without = run(prelude or "")
  assert(with.ok, with.error)
  return with.gas_used - without.gas_used
end

-- The price of an entry of the list, from the page that is made of it.
local function price(name)
  for line in io.lines "docs/gas.md" do
    local found = line:match("^| " .. name .. " | (%d+) |")
    if found then return math.tointeger(found) end
  end
  error("no price " .. name)
end

describe("the price of", function()
  it("fib(27) is below 20 million", function()
    local fib = gas [[
      local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
      fib(27)]]

    assert.is_true(fib < 20000000, fib)
  end)

  it("a token transfer is below 5,000", function()
    local transfer = gas("transfer('alice', 'bob', uint256(5))", [[
      local balances = { alice = uint256(100), bob = uint256(1) }
      local function transfer(from, to, amount)
        assert(balances[from] >= amount, "insufficient balance")
        balances[from] = balances[from] - amount
        balances[to] = balances[to] + amount
      end]])

    assert.is_true(transfer < 500, transfer)
  end)

  it("adding two locals is 1", function()
    assert.equal(1, gas("a = b + c", "local a, b, c = 1, 2, 3") - gas("a = b",
      "local a, b, c = 1, 2, 3"))
  end)

  -- Beside what the function does: the call, and that it gives a value.
  it("a metamethod is at least a call, whoever calls it", function()
    local prelude = [[
      local function first() return "x" end
      local function is_called() return first, 1, 2 end
      local plain = { 1 }
      local t = setmetatable({ 1 }, { __tostring = first, __pairs = is_called })
      local empty = setmetatable({}, { __index = function() return nil end })
      tostring(t) for _ in ipairs(empty) do end -- so that the stack is as high as it gets]]
    local call = price "CALL"

    assert.is_true(gas("tostring(t)", prelude) - gas("tostring(plain)", prelude) >= call)
    assert.is_true(gas("print(t)", prelude) - gas("print('x')", prelude) >= call)
    assert.is_true(gas("for _ in ipairs(empty) do end", prelude)
      - gas("for _ in ipairs({}) do end", prelude) >= call - price "TABLE")
    assert.is_true(gas("pairs(t)", prelude) - gas("pairs(plain)", prelude) >= call)
  end)

  it("each hop of a chain is the same", function()
    local function chain(length)
      return gas("local x = t.x", ([[
        local t = { x = 1 }
        for _ = 1, %d do t = setmetatable({}, { __index = t }) end]]):format(length))
    end

    assert.equal(chain(2) - chain(1), chain(90) - chain(89))
    assert.equal(price "PER_HOP", chain(90) - chain(89))
  end)

  it("a string grows with each 8 bytes", function()
    local function made(size)
      return gas(("local x = ('a'):rep(%d)"):format(size))
    end

    assert.equal(1000 * price "PER_MADE", made(8008) - made(8))
    assert.equal(price "PER_MADE", made(9) - made(8))
  end)

  it("what passes many values on grows with them", function()
    local prelude = "local function nothing() end local t = {}"
      .. " pcall(nothing, table.unpack(t, 1, 9000))"
    local function passed(count)
      return gas(("pcall(nothing, table.unpack(t, 1, %d))"):format(count), prelude)
    end

    assert.is_true(passed(8000) - passed(4000) >= 4000 * (price "PER_VALUE" // 2))
    assert.is_true(passed(8000) - passed(4000) >= 2 * 4000 // 4 * price "PER_MOVED")
  end)

  it("an error pays its text", function()
    local prelude = "pcall(type, 1)" -- so that the stack is as high as it gets

    assert.is_true(gas("pcall(error)", prelude) < gas("pcall(nil)", prelude))
    assert.is_true(gas("pcall(nil)", prelude) - gas("pcall(type, 1)", prelude)
      >= price "ERROR" // 2)
  end)
end)
