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

describe("vmhost.contract.compile and describe #small", function()
  local SOURCE <const> = [[
local c, state, emit = sdk.contract {
  state = { owner = "bytes20", votes = "counted(bytes20, uint64)" },
  events = { Voted = "voter bytes20, uint64" },
  _init = "internal write ()",
  vote = "external write (amount uint64, string...) total uint64",
}
function c._init() state.owner = sdk.caller() end
function c.vote(amount) emit.Voted(sdk.caller(), amount) return amount end
return c ]]

  it("tell what came of a source", function()
    local compiled = contract.compile("votes", SOURCE)

    assert.equal(require "vmhost.crypto".sha256(SOURCE), compiled.code_hash)
    assert.equal(3, compiled.functions)
    assert.is_true(compiled.instructions > 20 and compiled.size > #SOURCE)
    assert.equal(20 * #SOURCE, compiled.deployment_gas)
  end)

  it("tell what a contract declares, in its order", function()
    assert.same({
      methods = {
        { name = "_init", internal = true, writes = true, variadic = false, parameters = {},
          parameter_names = {}, results = {} },
        { name = "vote", internal = false, writes = true, variadic = true,
          parameters = { "uint64", "string" }, parameter_names = { "amount", "" },
          results = { "uint64" } },
      },
      events = { { name = "Voted", fields = { "bytes20", "uint64" },
        field_names = { "voter", "" } } },
      state = { { name = "owner", type = "bytes20" },
        { name = "votes", type = "counted(bytes20, uint64)" } },
    }, contract.describe("votes", SOURCE))
  end)

  it("refuse what does not compile, and say what a main chunk does wrong", function()
    for _, name in ipairs { "compile", "describe" } do
      local value, text, code = contract[name]("half", "return 1 / 2")

      assert.is_nil(value)
      assert.matches("^half:1:10: '/' makes a float", text)
      assert.equal("invalid_input", code)
    end
    assert.equal("x: the main chunk declares no contract: call sdk.contract",
      select(2, contract.describe("x", "return {}")))
    assert.equal("x: out of gas", select(2, contract.describe("x", "while true do end")))
  end)
end)
