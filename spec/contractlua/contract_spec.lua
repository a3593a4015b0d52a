assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"

local function run(source, options)
  local printed = {}
  local program = { source = source, name = "token.lua",
    print = function(text) printed[#printed + 1] = text end }
  for name, value in pairs(options or {}) do program[name] = value end
  local outcome, message, code = contract.run(program)
  return outcome, table.concat(printed), message, code
end

describe("vmhost.contract.check", function()
  it("takes a good source", function()
    assert.is_true(contract.check("token.lua", "local function f(n) return n // 2 end return f"))
  end)

  it("refuses with name, line, column, the line and a caret", function()
    local good, message, code = contract.check("token.lua",
      "local total = 4\nlocal half = total / 2\n")

    assert.is_nil(good)
    assert.equal("invalid_input", code)
    assert.equal("token.lua:2:20: '/' makes a float: write '//'\n"
      .. "    local half = total / 2\n" .. "                       ^", message)
  end)

  it("refuses a function that needs more registers than there are", function()
    local many = {}
    for index = 1, 300 do many[index] = "f()" end

    local good, message = contract.check("token.lua",
      "local function f() end\nf(" .. table.concat(many, ",") .. ")")

    assert.is_nil(good)
    assert.matches("^token.lua:2:1: this function holds too many values at once", message)
  end)
end)

describe("vmhost.contract.run", function()
  it("gives results as texts, and what was printed", function()
    local outcome, printed = run "print('a', 1) return 7, 'x', nil, true, {}"

    assert.is_true(outcome.ok)
    assert.same({ "7", "x", "nil", "true", "table" }, outcome.results)
    assert.equal("a\t1\n", printed)
  end)

  it("costs the same gas and memory each time", function()
    local source = "local t = {} for i = 1, 100 do t[i] = 'k' .. i end return #t"
    local first, second = run(source), run(source)

    assert.equal(first.gas_used, second.gas_used)
    assert.equal(first.memory, second.memory)
  end)

  it("adds two locals for 1", function()
    local function gas(expression)
      return run("local a, b = 1, 2 local c = " .. expression).gas_used
    end

    assert.equal(1, gas "a + b" - gas "a")
  end)

  it("tells an error with the functions it passed, the innermost first", function()
    local outcome = run [[
local function inner(x)
  return x.y
end
function outer() return 1 + inner(nil) end
local r = outer()]]

    assert.is_false(outcome.ok)
    assert.equal("attempt to index a nil value (local 'x')", outcome.error)
    assert.same({ { name = "inner", line = 2 }, { name = "outer", line = 4 }, { line = 5 } },
      outcome.trace)
  end)

  it("ends out of gas past every pcall, with the limit used", function()
    local outcome = run("while true do pcall(function() while true do end end) end",
      { gas_limit = 10000 })

    assert.equal("gas", outcome.stop)
    assert.equal("out of gas", outcome.error)
    assert.equal(10000, outcome.gas_used)
  end)

  it("ends out of memory past every pcall", function()
    local outcome = run([[
      local s = "x"
      pcall(function() while true do s = s .. s end end)
      return "caught"]], { memory_limit = 100000 })

    assert.equal("memory", outcome.stop)
    assert.equal("out of memory", outcome.error)
  end)

  it("shows its results with just the memory that it took", function()
    local source = "return 12, uint256(34), true, 'x' .. 5, {}"
    local memory = run(source).memory

    local outcome = run(source, { memory_limit = memory })

    assert.same({ "12", "34", "true", "x5", "table" }, outcome.results)
    assert.equal(memory, outcome.memory)
  end)

  it("leaves nothing for the next run", function()
    run "x = 1"

    assert.equal("no global 'y'", (run "x = 2 return y").error)
  end)

  it("ends with the failure of the function that prints", function()
    local outcome, _, message, code = run("print(1)", { print = function() error("full", 0) end })

    assert.is_nil(outcome)
    assert.equal("print: full", message)
    assert.equal("script_error", code)
  end)

  it("refuses a field that it does not know", function()
    assert.error_matches(function() contract.run { source = "", gas = 1 } end, "unknown key 'gas'")
  end)
end)
