local contract = require "vmhost.contract"
local lua_chain = require "spec.support.lua_chain"
local new_random = require "spec.support.random"
local random_lua = require "spec.support.random_lua"
local stock_lua = require "spec.support.stock_lua"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local COUNT <const> = os.getenv "VMHOST_SOAK" and 1000 or 25

-- By docs/gas.md, each 16 bytes of stack; a frame has 64, and 16 for each local.
local STACK <const> = 4

-- Runs with a tracer; gives the outcome.
local function run(source, trace, options)
  local program = { source = source, name = "token.lua", trace = trace, print = function() end }
  for name, value in pairs(options or {}) do program[name] = value end
  return assert(contract.run(program))
end

-- Lines in the order in which statements begin: "1 2 2 3".
local function lines_of(source)
  local lines = {}
  run(source, { line = function(event) lines[#lines + 1] = event.line end })
  return table.concat(lines, " ")
end

-- Calls `look` at the first event of a line.
local function at_line(source, line, look)
  local seen = false
  local outcome = run(source, {
    wants_line = function(_, number) return number == line end,
    line = function(event)
      if not seen then look(event) end
      seen = true
    end })
  assert.is_true(seen, "the line was never reached")
  return outcome
end

-- "name=text" of what can be seen in a frame.
local function variables(event, frame)
  local list = {}
  for index, variable in ipairs(event:variables(frame)) do
    list[index] = ("%s%s=%s"):format(variable.is_upvalue and "^" or "", variable.name,
      variable.text)
  end
  table.sort(list)
  return table.concat(list, " ")
end

local TOTAL <const> = [[
local total = 0
local function add(n)
  local twice = n * 2
  total = total + twice
  return total
end
for i = 1, 2 do
  add(i)
end
return total]]

describe("who watches lines", function()
  it("is told of each statement that begins, and of turns of loops", function()
    assert.equal("1 2 7 8 3 4 5 7 8 3 4 5 7 10", lines_of(TOTAL))
    assert.equal("1 1 2 3 1 2 3 1 5",
      lines_of "for _, v in ipairs { 1, 2 } do\nlocal x = v\nx = 1\nend\ny = 1")
    assert.equal("1 2 3 2 3 2 5", lines_of "local n = 2\nwhile n > 0 do\nn = n - 1\nend\nx = n")
    assert.equal("1 3 4 3 4 5", lines_of "local n = 0\nrepeat\nn = n + 1\nuntil n == 2\nx = n")
  end)

  it("is told of the arms that are taken, alone", function()
    assert.equal("1 3 4 8", lines_of [[
if false then
  x = 1
elseif true then
  x = 2
else
  x = 3
end
x = 4]])
  end)

  it("is told of a goto, and of a break", function()
    assert.equal("1 2 5", lines_of "while true do\nbreak\nend\n\nx = 1")
    assert.equal("1 3", lines_of "goto on\nx = 1\n::on:: x = 2")
  end)

  it("is told once of several statements in a line", function()
    assert.equal("1 2", lines_of "local a = 1 local b = 2 if a then b = a end\nreturn b")
  end)

  it("is told where that is", function()
    local seen = {}
    run(TOTAL, { line = function(event)
      if event.line == 4 and #seen == 0 then
        seen = { event.contract_name, event.function_name, event.function_line, event.depth }
      end
    end }, { gas_limit = 1000 })

    assert.same({ "token.lua", "add", 2, 2 }, seen)
  end)

  it("chooses lines to stop at", function()
    local asked, told = {}, {}
    run(TOTAL, {
      wants_line = function(name, line)
        asked[#asked + 1] = name .. ":" .. line
        return line == 4
      end,
      line = function(event) told[#told + 1] = event.line end })

    table.sort(asked)
    assert.equal("token.lua:1 token.lua:10 token.lua:2 token.lua:3 token.lua:4 token.lua:5 "
      .. "token.lua:7 token.lua:7 token.lua:8", table.concat(asked, " "))
    assert.same({ 4, 4 }, told)
  end)

  it("sees what gas is left", function()
    local left = {}
    local outcome = run("local a = 1\nprint(a)\nlocal b = 2", {
      line = function(event) left[#left + 1] = event.gas_left end }, { gas_limit = 100 })

    -- A frame with two locals; a local 1; the call 8, the global 2, its argument 1; print more when
    -- it runs.
    assert.equal(100 - 6 * STACK - 1 - 11, left[1])
    assert.equal(left[1], left[2])
    assert.is_true(left[3] < left[2])
    assert.equal(outcome.gas_used, 100 - left[3])
  end)
end)

describe("who watches calls", function()
  local function calls_of(source)
    local calls = {}
    local function note(word)
      return function(event)
        local name = event.function_line and event.function_name or "main"
        calls[#calls + 1] = word .. name .. (event.is_error and "!" or "")
      end
    end
    run(source, { enter = note "+", leave = note "-" })
    return table.concat(calls, " ")
  end

  it("is told of functions that are entered and left", function()
    assert.equal("+main +f +g -g -f -main", calls_of [[
local function g() end
local function f() g() end
f()]])
  end)

  it("is told of a call in place of the caller, of one by the library, of a metamethod", function()
    assert.equal("+main +f -f +g -g -main",
      calls_of "local function g() end local function f() return g() end f()")
    assert.equal("+main +less -less -main",
      calls_of "local function less(a, b) return a < b end table.sort({ 2, 1 }, less)")
    assert.equal("+main +__index -__index -main",
      calls_of "local t = setmetatable({}, { __index = function() end }) local x = t.y")
  end)

  it("is told which functions an error passes", function()
    assert.equal("+main +f +g -g! -f! +h -h -main", calls_of [[
local function g() error "bad" end
local function f() g() end
pcall(f)
local function h() end
h()]])
    assert.equal("+main -main!", calls_of "local x = nil + 1")
  end)

  it("is told of coroutines when their functions begin and end", function()
    assert.equal("+main +f -f -main", calls_of [[
local function f() coroutine.yield() end
local co = coroutine.create(f)
coroutine.resume(co)
coroutine.resume(co)]])
  end)

  it("is told of a jump to the begin of a function as no call", function()
    assert.equal("+main +f -f -main", calls_of [[
local n = 0
local function f()
  ::again::
  n = n + 1
  if n < 3 then goto again end
end
f()]])
  end)
end)

describe("an event", function()
  it("shows variables by name: locals in scope, then outer ones", function()
    at_line(TOTAL, 4, function(event)
      assert.equal("^total=0 n=1 twice=2", variables(event))
      assert.equal("i=1 total=0", variables(event, 2):gsub("add=function ", ""))
    end)
  end)

  it("shows of equal names the one that is meant", function()
    at_line("local x = 1\ndo local x = 2\nlocal y = x\ny = 3 end\nreturn x", 4, function(event)
      assert.equal("x=2 y=2", variables(event))
    end)
    at_line("local x = 1\ndo local x = 2 end\nreturn x", 3, function(event)
      assert.equal("x=1", variables(event))
    end)
  end)

  it("shows values as text", function()
    at_line([==[
local t = { 1, "a\n", x = { y = { z = 1 } }, [10] = true, ["a b"] = {} }
local u = uint256(1) << 64
return t]==], 3, function(event)
      assert.equal('t={1, "a\\x0A", x = {y = {...}}, [10] = true, ["a b"] = {}} '
        .. 'u=18446744073709551616', variables(event))
    end)
    at_line("local t = {} for i = 1, 9 do t[i] = i end\nlocal s = 'text'\nreturn t", 3,
      function(event)
        assert.equal("s=text t={1, 2, 3, 4, 5, 6, 7, 8, ...}", variables(event))
        assert.equal("string", event:evaluate("s")[1].type)
      end)
  end)

  it("shows frames, and a traceback", function()
    at_line(TOTAL, 4, function(event)
      assert.same({
        { contract_name = "token.lua", function_name = "add", function_line = 2, line = 4 },
        { contract_name = "token.lua", function_name = "", line = 8 },
      }, event:frames())
      assert.equal("token.lua:4: in function 'add'\ntoken.lua:8: in the main chunk",
        event:traceback())
    end)
  end)

  it("shows the frames of who resumed a coroutine", function()
    at_line("local co = coroutine.wrap(function()\nlocal x = 1\nreturn x end)\nco()", 3,
      function(event)
        assert.equal("token.lua:3: in the function of line 1\ntoken.lua:4: in the main chunk",
          event:traceback())
      end)
  end)

  it("is over with the function that is told", function()
    local kept
    run("x = 1", { line = function(event) kept = event end })

    assert.error_matches(function() kept:variables() end, "the event is over")
  end)

  it("has frames from 1 to as many as there are", function()
    at_line("x = 1", 1, function(event)
      assert.error_matches(function() event:variables(2) end, "there is no such frame")
      assert.error_matches(function() event:variables(0) end, "there is no such frame")
    end)
  end)
end)

describe("an expression in a frame", function()
  local function evaluated(source, line, expression, frame)
    local texts = {}
    at_line(source, line, function(event)
      local values, message = event:evaluate(expression, frame)
      if not values then
        texts[1] = "error: " .. message
        return
      end
      for index, value in ipairs(values) do texts[index] = value.text end
    end)
    return table.concat(texts, ", ")
  end

  it("sees locals, outer ones, globals and the library", function()
    local source = "base = 10\nlocal outer = 5\nlocal function f(n)\nreturn n + outer\nend\nf(2)"

    assert.equal("17, 2, number", evaluated(source, 4, "n + outer + base, n, type(n)"))
    assert.equal("nil", evaluated(source, 6, "nobody == nil and nil"):gsub("error.*", "nil"))
    assert.equal("5", evaluated(source, 4, "outer", 2))
  end)

  it("calls functions of the contract, which see their own globals and outer ones", function()
    local source = [[
base = 10
local calls = 0
function price(n) return n * base + calls end
local t = setmetatable({}, { __index = function(_, key) return key .. "!" end })
return price(1)]]

    assert.equal("30, x!", evaluated(source, 5, "price(3), t.x"))
  end)

  it("lets a local hide a global of its name", function()
    assert.equal("2, 1", evaluated("x = 1\nfunction g() return x end\nlocal x = 2\nreturn g()", 4,
      "x, g()"))
  end)

  it("changes only what it has made", function()
    local source = [[
counter, t = 0, { 1 }
local n = 0
local function bump() n = n + 1 return n end
local function count() counter = counter + 1 return counter end
local co = coroutine.create(function() coroutine.yield(1) end)
local wrapped = coroutine.wrap(function() coroutine.yield(1) end)
local matches = string.gmatch("a b", "%a")
local function result()
  return n, counter, #t, coroutine.status(co), wrapped(), matches()
end
return result()]]
    local refused = "error: attempt to change what is watched"

    for _, expression in ipairs { "bump()", "count()", "(function() t[1] = 2 end)()",
      "(function() t.x = 2 end)()", "rawset(t, 1, 2)", "table.insert(t, 2)", "table.remove(t)",
      "table.sort(t)", "setmetatable(t, {})", "coroutine.resume(co)", "coroutine.close(co)",
      "wrapped()", "matches()", "(function() counter = 1 end)()", "table.move({ 5 }, 1, 1, 1, t)",
      "(function() local _ = nil n = 4 end)()" } do
      if expression ~= "table.sort(t)" then
        assert.equal(refused, evaluated(source, 11, expression):gsub("^false, ", "error: "),
          expression)
      end
    end
    assert.equal("3, 6", evaluated(source, 11,
      "#(function() local own = { 1, 2 } own[3] = 3 return own end)(), "
      .. "(function() local sum = 0 for _, v in ipairs { 1, 2, 3 } do sum = sum + v end return sum "
      .. "end)()"))
    local outcome = at_line(source, 11, function(event)
      for _, expression in ipairs { "bump()", "count()", "wrapped()", "matches()", "t" } do
        event:evaluate(expression)
      end
    end)
    assert.same({ "0", "0", "1", "suspended", "1", "a" }, outcome.results)
  end)

  it("ends where it takes too long, or is wrong", function()
    assert.equal("error: it takes too long", evaluated("x = 1", 1, "(function() while true do end "
      .. "end)()"))
    assert.equal("error: it takes too much memory", evaluated("x = 1", 1,
      "string.rep('x', 2000000)"))
    assert.equal("error: attempt to index a nil value", evaluated("x = 1", 1, "x.y"):gsub(
      " %(.*", ""))
    assert.matches("^error: expected an expression", evaluated("x = 1", 1, "1 +"))
    assert.matches("^error: no global 'nobody'", evaluated("x = 1", 1, "nobody"))
  end)
end)

describe("gas by line", function()
  local function gas_by_line(source, options)
    local gas, sum = {}, 0
    local outcome = run(source, { charge = function(name, line, amount)
      assert(name == "token.lua")
      gas[line] = (gas[line] or 0) + amount
      sum = sum + amount
    end }, options)
    assert.equal(outcome.gas_used, sum)
    return gas, outcome
  end

  it("is what the statements of a line cost", function()
    -- By docs/gas.md: a `for` 4 and a turn 1; a call 8, an argument 1; an operation 1, a value for
    -- a local 1, an outer local 1 to read, write or declare; a function 6, and 2 for what it
    -- captures; 1 for what `return` gives. Stack of the main chunk is 128 bytes (64, three locals,
    -- and of five operands one beyond four: three of the loop, `add`, `i`); once that of `add`, 96.
    assert.same({ [1] = 2 + 8 * STACK, [2] = 9, [3] = 4, [4] = 8, [5] = 4, [7] = 6,
      [8] = 18 + 6 * STACK, [10] = 2 }, (gas_by_line(TOTAL)))
  end)

  it("has what the library takes in the line that calls it", function()
    local gas = gas_by_line "local s = 'x'\ns = string.rep(s, 3200)\nreturn #s"

    assert.equal(1 + 5 * STACK, gas[1])
    assert.is_true(gas[2] >= 100)
    assert.equal(2, gas[3])
  end)

  it("is all there was when it runs out", function()
    local gas, outcome = gas_by_line("local n = 0\nwhile true do\nn = n + 1\nend",
      { gas_limit = 1000 })

    assert.equal("gas", outcome.stop)
    assert.equal(1 + 5 * STACK, gas[1])
  end)
end)

describe("who watches", function()
  it("fails the run by an error, with a traceback", function()
    local outcome, message, code = contract.run { source = "x = 1", trace = {
      line = function() error "tired" end } }

    assert.is_nil(outcome)
    assert.matches("tired", message)
    assert.equal("script_error", code)
  end)

  it("names an unknown function", function()
    assert.error_matches(function()
      contract.run { source = "", trace = { lines = function() end } }
    end, "lines")
  end)

  it("changes nothing: results, gas, memory, errors; and sees lines that stock Lua runs", function()
    local source = random_lua.new(new_random(SEED))
    local events, evaluations = 0, 0

    for _ = 1, COUNT do
      local text = random_lua.text(source.next_program())
      local is_seen = stock_lua.run(text, true).seen
      local number = 0
      for line in text:gmatch "[^\n]*" do
        number = number + 1
        -- It has no line for what it folds, and another one for a function.
        local is_alike = line:find "%w%(" and not line:find "function"
        is_seen[number] = is_seen[number] or not is_alike
      end
      local printed, watched = {}, {}
      local sum, depth = 0, 0
      local alone = run(text, nil, { print = function(part) printed[#printed + 1] = part end })
      local seen = run(text, {
        line = function(event)
          events = events + 1
          if not is_seen[event.line] then
            error(("line %d never runs in stock Lua:\n%s"):format(event.line, text), 0)
          end
          if events % 50 == 0 then
            evaluations = evaluations + 1
            local shown = event:variables()
            if shown[1] then event:evaluate(shown[1].name .. ", type(" .. shown[1].name .. ")") end
          end
        end,
        enter = function() depth = depth + 1 end,
        leave = function() depth = depth - 1 end,
        charge = function(_, _, gas) sum = sum + gas end,
      }, { print = function(part) watched[#watched + 1] = part end })

      assert.equal(table.concat(printed), table.concat(watched))
      assert.same({ alone.gas_used, alone.memory, alone.error, alone.trace },
        { seen.gas_used, seen.memory, seen.error, seen.trace }, text)
      assert.equal(seen.gas_used, sum, text)
    end
    print(("watch: seed %d, %d programs, %d events, %d evaluations"):format(SEED, COUNT, events,
      evaluations))
    assert.is_true(evaluations > 0)
  end)
end)

describe("a contract on a chain that is watched", function()
  local COUNTER <const> = [[
local counter, state, emit = sdk.contract {
  state = { total = "uint64", of = "map(string, uint64)" },
  events = { Added = "value uint64" },
  add = "external write (value uint64) uint64",
  fail = "external write ()",
}

function counter.add(value)
  state.total = state.total + value
  state.of.all = state.total
  emit.Added(value)
  return state.total
end

function counter.fail() error "no" end

return counter
]]

  local function watched(trace, contracts)
    return lua_chain.open(contracts or { Counter = COUNTER }, { trace = trace })
  end

  it("tells lines, calls and gas, by the name of the service", function()
    local calls, lines, gas = {}, {}, 0
    local is_told = false
    local chain <close> = watched {
      enter = function(event)
        if is_told then calls[#calls + 1] = "+" .. event.function_name end
      end,
      leave = function(event)
        if is_told then
          calls[#calls + 1] = (event.is_error and "!" or "-") .. event.function_name
        end
      end,
      line = function(event)
        assert(event.contract_name == "Counter")
        if is_told then lines[#lines + 1] = event.line end
      end,
      charge = function(_, _, amount) if is_told then gas = gas + amount end end,
    }
    is_told = true

    assert.equal(5, chain:ok("Counter", "add", { uint64 = 5 }))
    assert.equal("+ - +counter.add -counter.add", table.concat(calls, " "))
    assert.equal("1 8 15 17 9 10 11 12", table.concat(lines, " "))
    assert.is_true(gas > 3 * 1000)

    calls = {}
    chain:fail("Counter", "fail")
    assert.equal("+ - +counter.fail !counter.fail", table.concat(calls, " "))
  end)

  it("comes to the same receipts and state root", function()
    local roots = {}
    for index, trace in ipairs { {}, { line = function(event) event:evaluate "state.total" end,
      charge = function() end, enter = function() end } } do
      local chain <close> = watched(trace)
      chain:ok("Counter", "add", { uint64 = 5 })
      local _, receipt = chain:fail("Counter", "fail")
      roots[index] = { chain.storage:state_hash(chain:height()), receipt.gas_used }
    end

    assert.same(roots[1], roots[2])
  end)

  it("lets an expression read state and ask the host, and nothing else", function()
    local answers = {}
    local chain <close> = watched { line = function(event)
      if event.line ~= 11 then return end
      for _, expression in ipairs { "state.total, value, state.of.all", "#sdk.caller()",
        "(function() state.total = 1 end)()", "emit.Added(1)", "sdk.contract { }" } do
        local values, message = event:evaluate(expression)
        for position, value in ipairs(values or {}) do values[position] = value.text end
        answers[#answers + 1] = values and table.concat(values, " ") or message
      end
    end }
    chain:ok("Counter", "add", { uint64 = 5 })

    assert.equal("5 5 5", answers[1])
    assert.equal("20", answers[2])
    assert.equal("attempt to change what is watched", answers[3])
    assert.equal("attempt to change what is watched", answers[4])
    assert.is_string(answers[5])
    assert.equal(7, chain:ok("Counter", "add", { uint64 = 2 }))
  end)
end)
