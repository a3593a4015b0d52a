-- Where contract Lua is not Lua 5.4, or says more than its manual: spec/lua.md 2.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local contract_lua = require "spec.support.contract_lua"
local eval, print_of = contract_lua.eval, contract_lua.print_of

local MAX <const> = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
local LIBRARY_TABLE <const> = [[error "attempt to change a table of the library"]]

-- What refuses a source, without its place.
local function refusal(source)
  local good, message = contract.check("c", source)
  return not good and message:match "^c:%d+:%d+: ([^\n]*)" or nil
end

local function raised(source)
  local _, outcome = contract_lua.run(source)
  return not outcome.ok and outcome.error or nil
end

-- Each expression gives what stands beside it.
local function check(cases, prelude)
  for at = 1, #cases, 2 do assert.equal(cases[at + 1], eval(cases[at], prelude), cases[at]) end
end

describe("a global", function()
  it("is a name that the main chunk assigns", function()
    assert.equal("3\n", print_of "total = 3 local function f() return total end print(f())")
  end)

  it("exists before the statement that assigns it", function()
    assert.equal("nil\n", print_of "print(later) later = 1")
  end)

  it("may be a function of the main chunk", function()
    assert.equal("120\n", print_of [[
      function factorial(n) return n < 2 and 1 or n * factorial(n - 1) end
      print(factorial(5))
    ]])
  end)

  it("that nothing assigns is an error of the function that reads it", function()
    assert.equal([[error "no global 'missing'"]], eval "missing")
  end)

  it("cannot be made by a function", function()
    assert.equal([[error "no global 'made': the main chunk assigns none of that name"]],
      eval("make()", "local function make() made = 1 end"))
  end)

  it("that only a block of the main chunk assigns exists", function()
    assert.equal("5\n", print_of "do if true then inner = 5 end end print(inner)")
  end)

  it("may take the place of a library function", function()
    assert.equal("mine\n", print_of "function tostring() return 'mine' end print((tostring(1)))")
  end)

  it("is in no table", function()
    for _, name in ipairs { "_G", "_ENV" } do
      assert.matches(name, refusal(("return %s.x"):format(name)), nil, true)
    end
  end)

  it("of what contracts lack does not exist", function()
    for _, name in ipairs { "load", "require", "dofile", "loadstring", "debug", "io", "os",
      "collectgarbage", "package" } do
      assert.equal(("error \"no global '%s'\""):format(name), eval(name))
    end
  end)
end)

describe("the compiler", function()
  it("refuses what makes a float", function()
    for _, source in ipairs { "return 1.5", "return 1e3", "return .5", "return 3.", "return 0x1p4",
      "return 0x.8", "return 1 / 2", "return 2 ^ 8" } do
      assert.truthy(refusal(source), source)
    end
  end)

  it("refuses a decimal numeral above the greatest integer and wraps a hexadecimal one", function()
    assert.truthy(refusal "return 9223372036854775808")
    assert.is_nil(refusal "return 9223372036854775807")
    check { "0xffffffffffffffff", "good -1", "0x1ffffffffffffffff", "good -1",
      "0x8000000000000000 == math.mininteger", "good true" }
  end)

  it("refuses what would be closed", function()
    assert.truthy(refusal "local x <close> = nil")
  end)

  it("refuses to assign a constant", function()
    assert.truthy(refusal "local x <const> = 1 x = 2")
    assert.truthy(refusal "local x <const> = 1 local function f() x = 2 end")
  end)

  it("refuses a goto into the scope of a local or a block", function()
    assert.truthy(refusal "goto inside do ::inside:: end")
    assert.truthy(refusal "goto past local x = 1 ::past:: print(x)")
    assert.truthy(refusal "for i = 1, 2 do for j = 1, 2 do ::deep:: end goto deep end")
    assert.truthy(refusal "repeat goto continue local x = 1 ::continue:: until x")
    assert.is_nil(refusal "do goto past local x = 1 ::past:: end")
  end)

  it("refuses a second label of a name that can be seen", function()
    assert.truthy(refusal "::one:: do ::one:: end")
    assert.is_nil(refusal "do ::one:: end do ::one:: end")
  end)

  it("takes 200 locals in a function and no more", function()
    local function locals(count)
      local lines = {}
      for index = 1, count do lines[index] = ("local v%d = %d"):format(index, index) end
      lines[count + 1] = ("return v1 + v%d"):format(count)
      return table.concat(lines, "\n")
    end
    local _, outcome = contract_lua.run(locals(200))

    assert.same({ "201" }, outcome.results)
    assert.truthy(refusal(locals(201)))
  end)

  it("counts a name of a function once, however many inner ones have it too", function()
    local part <const> = "a:b():c():d() a=function()a:b():c():d()end "
    local source <const> = "local a " .. part:rep((1 << 20) // #part - 1)
    assert.is_true(select(2, source:gsub(":", "")) / 2 > 65536)
    assert.is_nil(refusal(source))
  end)

  it("takes varargs only in a function that has them", function()
    assert.truthy(refusal "local function f() return ... end")
    assert.is_nil(refusal "return ...")
  end)
end)

describe("evaluation", function()
  it("reads a local when it is reached", function()
    local prelude = "local a = 1 local function set(x) a = x return 10 end"
    check({ "a + set(2)", "good 11" }, prelude)
    check({ "set(5) + a", "good 15" }, prelude)
    check({ "a .. set(2) .. a", 'good "1102"' }, prelude)
    check({ "a == set(2) - 9, a", "good true 2" }, prelude)
    check({ "table.unpack({ a, set(3), a })", "good 1 10 3" }, prelude)
    check({ "select(1, a, set(3), a)", "good 1 10 3" }, prelude)
    check({ "-a + set(2)", "good 9" }, prelude)
  end)

  it("finds what is called before its arguments", function()
    check({ "f(swap())", "good 1" }, [[
      local f = function() return 1 end
      local function swap() f = function() return 2 end end
    ]])
    check({ "o:m(swap())", "good 1" }, [[
      local o = { m = function() return 1 end }
      local function swap() o.m = function() return 2 end end
    ]])
  end)

  it("finds table and key before the value that is stored", function()
    assert.equal("99\tnil\t2\n", print_of [[
      local list, at = {}, 1
      local function move() at = 2 return 99 end
      list[at] = move()
      print(list[1], list[2], at)
    ]])
  end)

  it("keeps table and key of a multiple assignment that assigns them", function()
    assert.equal("2\tx\tnil\n", print_of [[
      local list, at = {}, 1
      at, list[at] = 2, "x"
      print(at, list[1], list[2])
    ]])
  end)

  it("stores the values of an assignment from right to left", function()
    assert.equal("c\nb\na\n", print_of [[
      local log = setmetatable({}, { __newindex = function(_, key) print(key) end })
      log.a, log.b, log.c = 1, 2, 3
    ]])
    check({ "x", "good 1" }, "local x x, x = 1, 2")
  end)

  it("makes a new function each time", function()
    check({ "make() == make()", "good false" }, "local function make() return function() end end")
  end)

  it("joins from the right", function()
    check({ "a .. 'x' .. 'y'", 'good "a+xy"' },
      [[local a = setmetatable({}, { __concat = function(_, b) return "a+" .. b end })]])
  end)
end)

describe("#", function()
  it("is the first border", function()
    check { "#{ 1, 2, nil, 4 }", "good 2", "#{ nil, 2 }", "good 0", "#{ nil, nil, 3, n = 1 }",
      "good 0", "#{ [1] = 1, [2] = 2, [4] = 4 }", "good 2" }
  end)

  it("is the first border after deletions and insertions in any order", function()
    assert.equal("10\t4\t0\t4\t10\t11\n", print_of [[
      local t = {}
      for i = 10, 1, -1 do t[i] = i end
      local a = #t
      t[5] = nil local b = #t
      t[1] = nil local c = #t
      t[1] = 1 local d = #t
      t[5] = 5 local e = #t
      t[11] = 11
      print(a, b, c, d, e, #t)
    ]])
  end)

  it("of a string counts bytes", function()
    check { [[#"\u{20ac}\0x"]], "good 5" }
  end)
end)

describe("pairs", function()
  -- Keys and values in the order of the traversal.
  local ORDER <const> = [[
    local function order(t)
      local parts = {}
      for key, value in pairs(t) do parts[#parts + 1] = tostring(key) .. "=" .. tostring(value) end
      return table.concat(parts, " ")
    end
  ]]

  it("gives 1 to m ascending, then keys as they were inserted", function()
    check({ [[order { z = 1, "a", y = 2, "b", [true] = 3, [-1] = 4 }]],
      [[good "1=a 2=b z=1 y=2 true=3 -1=4"]] }, ORDER)
  end)

  it("gives integers beyond the border as they were inserted", function()
    check({ "order { [9] = 1, [3] = 2, [5] = 3 }", [[good "9=1 3=2 5=3"]] }, ORDER)
  end)

  it("moves a key that comes within 1 to m there", function()
    check({ "order(t)", [[good "1=one 2=two x=1"]] },
      ORDER .. "local t = {} t[2] = 'two' t.x = 1 t[1] = 'one'")
  end)

  it("skips what is absent within 1 to m", function()
    check({ "order(t)", [[good "1=1 3=3 a=0"]] },
      ORDER .. "local t = { 1, 2, 3, a = 0 } t[2] = nil")
  end)

  it("puts a key that was deleted and set again last", function()
    check({ "order(t)", [[good "b=2 c=3 a=4"]] },
      ORDER .. "local t = { a = 1 } t.b = 2 t.c = 3 t.a = nil t.a = 4")
  end)

  it("keeps the place of a key that gets another value", function()
    check({ "order(t)", [[good "a=9 b=2"]] }, ORDER .. "local t = { a = 1, b = 2 } t.a = 9")
  end)

  it("lets its table lose keys and change values", function()
    assert.equal("a\nb\nc\nd\nnil\n", print_of [[
      local t = { a = 1, b = 2, c = 3, d = 4 }
      for key in pairs(t) do
        print(key)
        t[key] = nil
        t.d = t.d and 9
      end
      print(next(t))
    ]])
  end)

  it("is an error after a key that was deleted before another came", function()
    assert.equal("invalid key to 'next'", raised [[
      local t = { a = 1, b = 2 }
      for key in pairs(t) do
        t[key] = nil
        t.fresh = 1
      end
    ]])
  end)

  it("gives three values of __pairs", function()
    check({ "select('#', pairs(t)), pairs(t)", "good 3 1 2 3" },
      "local t = setmetatable({}, { __pairs = function() return 1, 2, 3, 4 end })")
  end)

  it("knows no key that was never there", function()
    check { "next({}, 1)", [[error "invalid key to 'next'"]] }
  end)
end)

describe("uint256", function()
  local NUMBERS <const> = ([[
    local five, zero, max = uint256(5), uint256(0), uint256 "%s"
    local big = uint256(1) << 64
  ]]):format(MAX)

  it("is made of an integer, digits or hex digits", function()
    check { "uint256(5)", "good 5", "uint256 '123'", "good 123", "uint256 '0xfF'", "good 255",
      "uint256(math.maxinteger)", "good 9223372036854775807", "uint256(uint256(7))", "good 7",
      "uint256('0x' .. ('f'):rep(64))", "good " .. MAX,
      ("uint256 '%s'"):format(MAX), "good " .. MAX, "uint256(('0'):rep(78))", "good 0" }
  end)

  it("is made of nothing else", function()
    for _, value in ipairs { "''", "'0x'", "'-5'", "' 5'", "'5 '", "'1e3'", "'0x' .. ('0'):rep(65)",
      "('0'):rep(79)", "('9'):rep(78)", "-1", "{}", "nil", "true", "print" } do
      assert.matches("^error \"bad argument #1 to 'uint256'", eval(("uint256(%s)"):format(value)))
    end
  end)

  it("calculates with its own and with integers on either side", function()
    check({ "five + 3, 3 + five, five + five", "good 8 8 10", "five - 2, 7 - five", "good 3 2",
      "five * 4, 4 * five", "good 20 20", "five // 2, 11 // five", "good 2 2",
      "five % 2, 11 % five", "good 1 1", "five & 4, 12 & five", "good 4 4",
      "five | 8, 8 | five", "good 13 13", "five ~ 1, 1 ~ five", "good 4 4",
      "five << 3, five >> 1", "good 40 2", "1 << five, 64 >> five", "good 32 2",
      "big * big // big == big, big - 1", "good true 18446744073709551615",
      "max // big", "good 6277101735386680763835789423207666416102355444464034512895",
      "~zero == max, ~max", "good true 0", "-zero", "good 0", "type(five + 1)", 'good "uint256"' },
      NUMBERS)
  end)

  it("does not wrap around", function()
    check({ "max + 1", [[error "uint256 overflow"]], "max * 2", [[error "uint256 overflow"]],
      "big * big * big * big", [[error "uint256 overflow"]],
      "five - 6", [[error "uint256 underflow"]], "4 - five", [[error "uint256 underflow"]],
      "-five", [[error "uint256 underflow"]] }, NUMBERS)
  end)

  it("does not divide by zero", function()
    for _, expression in ipairs { "five // 0", "five // zero", "1 // zero", "max // zero" } do
      assert.equal([[error "attempt to perform 'n//0'"]], eval(expression, NUMBERS))
    end
    for _, expression in ipairs { "five % 0", "five % zero", "1 % zero" } do
      assert.matches("^error \"attempt to perform 'n%%+0'\"$", eval(expression, NUMBERS))
    end
  end)

  it("takes no negative integer for an operand", function()
    for _, expression in ipairs { "five + -1", "-1 + five", "five - -1", "five * -1", "-7 // five",
      "five % -2", "five & -1", "five | -1", "-1 ~ five", "five << -1", "five >> -1" } do
      assert.equal([[error "a negative number meets a uint256"]], eval(expression, NUMBERS))
    end
  end)

  it("drops the bits that are shifted out", function()
    check({ "max << 1 == max - 1", "good true", "max >> 255", "good 1", "max << 256, max >> 256",
      "good 0 0", "five << math.maxinteger, five >> max", "good 0 0" }, NUMBERS)
  end)

  it("has an order and an equality with integers that never raise", function()
    check({ "five == 5, 5 == five, five ~= 5, five == -5", "good true true false false",
      "max == -1, zero == 0, five == uint256(5)", "good false true true",
      "five < 6, five <= 5, five > -1, -1 < five, -1 >= zero", "good true true true true false",
      "five > math.mininteger, max > math.maxinteger, max <= math.maxinteger",
      "good true true false", "rawequal(five, 5)", "good true", "five == '5', five == nil",
      "good false false" }, NUMBERS)
  end)

  it("has no order with text", function()
    check({ "five < '6'", [[error "attempt to compare uint256 with string"]] }, NUMBERS)
  end)

  it("is the integer as a key, as far as there are integers", function()
    check({ "t[5], t[uint256(5)], #t", "good 1 1 0", "t[max], t[uint256('0x' .. ('f'):rep(64))]",
      "good 2 2", "math.type((next(t)))", 'good "integer"', "t[math.mininteger], t[big >> 1]",
      "good nil 3" },
      NUMBERS .. "local t = {} t[five] = 1 t[max] = 2 t[uint256(1) << 63] = 3")
  end)

  it("is what format's %d, tostring, tointeger, max and min take", function()
    check({ "('%d|%5d|%-4d|'):format(max, five, five)", ('good "%s|    5|5   |"'):format(MAX),
      "tostring(max)", ('good "%s"'):format(MAX), "max .. '', 'x' .. five, five .. five",
      ('good "%s" "x5" "55"'):format(MAX), "math.tointeger(five), math.tointeger(max)",
      "good 5 nil", "math.max(five, 7, zero), math.min(five, 7, zero)", "good 7 0" }, NUMBERS)
  end)

  it("is no integer for the library and no bound of a loop", function()
    for _, expression in ipairs { "('x'):rep(five)", "('x'):sub(five)", "select(five, 1)",
      "string.char(five)", "math.abs(five)", "('%x'):format(five)", "table.concat({}, '', five)",
      "table.unpack({}, five)" } do
      assert.matches("number expected, got uint256", eval(expression, NUMBERS), nil, true)
    end
    for part, header in pairs { ["initial value"] = "five, 9", limit = "1, five",
      step = "1, 9, five" } do
      assert.equal(("'for' %s must be a number"):format(part),
        raised(NUMBERS .. ("for i = %s do end"):format(header)))
    end
  end)

  it("is true, whatever it is", function()
    check({ "zero and 1, not zero", "good 1 false" }, NUMBERS)
  end)
end)

describe("division", function()
  it("floors, at the edges of the integers too", function()
    check({ "least // 3, least % 3", "good -3074457345618258603 1",
      "least // three, least % three", "good -3074457345618258603 1",
      "least // -1, least % -1", "good -9223372036854775808 0",
      "least // math.maxinteger, least % math.maxinteger", "good -2 9223372036854775806",
      "-7 // three, -7 % three, 7 // -3, 7 % -3", "good -3 2 -3 -2" },
      "local least, three = math.mininteger, 3 ")
  end)
end)

-- What stock Lua prints, which runs these specs.
local function stock_print_of(source)
  local printed = {}
  assert(load(source, "stock", "t", { print = function(...)
    local values = table.pack(...)
    for i = 1, values.n do values[i] = tostring(values[i]) end
    printed[#printed + 1] = table.concat(values, "\t") .. "\n"
  end }))()
  return table.concat(printed)
end

describe("operators", function()
  local ARITHMETIC <const> = "+ - * // % & | ~ << >>"
  local COMPARISONS <const> = "== ~= < <= > >="

  it("with numerals at the edges of what stands in an instruction give what they should", function()
    local lines = { "local a, b = 40961, -7" }
    for operator in (ARITHMETIC .. " " .. COMPARISONS):gmatch "%S+" do
      for numeral in ("-65537 -32769 -32768 -32767 -1 1 32766 32767 32768 65535 65536 2147483648")
        :gmatch "%S+" do
        local right, left = operator .. " " .. numeral, numeral .. " " .. operator
        lines[#lines + 1] = ("print(a %s, %s b, (a %s) == (b %s))"):format(right, left, right,
          right)
        lines[#lines + 1] = ("print(a %s and 1, not (b %s))"):format(right, right)
      end
    end
    local source = table.concat(lines, "\n")
    assert.equal(stock_print_of(source), print_of(source))
  end)

  it("bind each other as they should", function()
    local lines = { "local a, b, c, d = 41, 7, 3, 2" }
    for first in ARITHMETIC:gmatch "%S+" do
      for second in ARITHMETIC:gmatch "%S+" do
        lines[#lines + 1] = ("print(a %s b %s c, -a %s b %s ~c, a %s b %s c %s d)"):format(first,
          second, first, second, first, second, first)
      end
      for comparison in COMPARISONS:gmatch "%S+" do
        lines[#lines + 1] = ("print(a %s b %s c %s d, a %s b == not c or #'a' %s d)"):format(first,
          comparison, first, comparison, first)
        lines[#lines + 1] = ("print(a and b %s c %s d and c, a == b or c %s d %s a)"):format(
          comparison, first, first, comparison)
      end
    end
    for operator in ("+ - * // %"):gmatch "%S+" do
      lines[#lines + 1] = ("print(a %s b .. c %s d .. a, b .. c == c .. b %s 1)"):format(operator,
        operator, operator)
    end
    local source = table.concat(lines, "\n")
    assert.equal(stock_print_of(source), print_of(source))
  end)
end)

describe("text", function()
  it("turns into no number by itself", function()
    for _, expression in ipairs { "'1' + 1", "1 - '1'", "'2' * '3'", "'7' // 2", "'7' % 2", "-'1'",
      "'1' & 1", "~'1'", "'1' << 1", "1 < '2'", "math.max('1', 2)", "('x'):rep('3')",
      "math.abs '1'", "string.char '65'", "('%d'):format '1'" } do
      assert.matches("^error ", eval(expression), expression)
    end
  end)

  it("turns into a number by tonumber, floats into nil", function()
    check { "tonumber '10', tonumber ' -7 ', tonumber '0x10'", "good 10 -7 16",
      "tonumber '1.5', tonumber '1e2', tonumber '0x1p4', tonumber '5.', tonumber 'inf'",
      "good nil nil nil nil nil", "tonumber '9223372036854775807'", "good 9223372036854775807",
      "tonumber '9223372036854775808', tonumber '-9223372036854775808'",
      "good nil -9223372036854775808", "tonumber '0x1ffffffffffffffff'", "good -1",
      "tonumber('ffffffffffffffff', 16), tonumber('8', 8)", "good -1 nil" }
  end)

  it("is made of numbers by ..", function()
    check { "1 .. 2", 'good "12"', "-1 .. ''", 'good "-1"',
      "math.mininteger .. ''", 'good "-9223372036854775808"' }
  end)

  it("is ordered by its bytes", function()
    check { [["Z" < "a", "a" < "\xe9", "\0" < "\0\0", "a\0b" < "a\0c", "" < "\0"]],
      "good true true true true true", [["10" < "9"]], "good true" }
  end)

  it("has ASCII letters alone", function()
    check { [[("\xe9"):find "%a"]], "good nil", [[("\xe9"):upper() == "\xe9"]], "good true" }
  end)
end)

describe("tostring", function()
  it("shows no address", function()
    check { "tostring({}), tostring(print), tostring(function() end)",
      'good "table" "function" "function"', "tostring(coroutine.create(print)), tostring(string)",
      'good "thread" "table"', "('%s'):format({})", 'good "table"' }
  end)

  it("obeys __tostring and __name", function()
    check { "tostring(setmetatable({}, { __tostring = function() return 'mine' end }))",
      'good "mine"', "tostring(setmetatable({}, { __name = 'Named' }))", 'good "Named"',
      "tostring(setmetatable({}, { __tostring = function() return 1 end }))",
      [[error "'__tostring' must return a string"]] }
  end)
end)

describe("an error", function()
  it("has no position", function()
    check { "error 'text'", 'error "text"', "error('text', 1)", 'error "text"',
      "error('text', 2)", 'error "text"', "assert(false, 'text')", 'error "text"',
      "assert(nil)", 'error "assertion failed!"', "nil + 1",
      'error "attempt to perform arithmetic on a nil value"' }
  end)

  it("may be any value", function()
    check { "error(42)", "error 42", "error()", "error nil", "error(true)", "error true",
      "assert(false, 7)", "error 7", "assert(false, nil)", "error nil" }
    check({ "pcall(error, value) == false, select(2, pcall(error, value)) == value",
      "good true true" }, "local value = {}")
  end)

  it("ends a run with its text, a number's text or its type", function()
    for source, text in pairs { ["error 'failed'"] = "failed", ["error(12)"] = "12",
      ["error {}"] = "table", ["error()"] = "nil", ["error(print)"] = "function",
      ["error(uint256(9))"] = "9", ["error(true)"] = "boolean" } do
      assert.equal(text, raised(source))
    end
  end)

  it("asks for no __tostring where it ends a run", function()
    assert.equal("table", raised [[
      error(setmetatable({}, { __tostring = function() return "text" end, __name = "Name" }))
    ]])
  end)

  it("names what was wrong", function()
    check({ "a.b", [[error "attempt to index a nil value (upvalue 'a')"]],
      "t.x.y", [[error "attempt to index a nil value (field 'x')"]],
      "t.f()", [[error "attempt to call a nil value (field 'f')"]],
      "t:m()", [[error "attempt to call a nil value (method 'm')"]],
      "t + 1", [[error "attempt to perform arithmetic on a table value (upvalue 't')"]],
      "g()", [[error "attempt to call a number value (global 'g')"]] },
      "local a, t = nil, {} g = 5 ")
  end)

  it("in __index, or any other function, passes what called it", function()
    assert.equal("no x", raised [[
      local t = setmetatable({}, { __index = function(_, key) error("no " .. key) end })
      print(#{ t.x })
    ]])
  end)
end)

describe("a metatable", function()
  it("has no __gc, __mode or __close", function()
    for _, event in ipairs { "__gc", "__mode", "__close" } do
      assert.equal(("error \"there is no '%s' here\""):format(event),
        eval(("setmetatable({}, { %s = print })"):format(event)))
    end
  end)

  it("costs a call wherever the library asks it", function()
    local function gas(source)
      local _, outcome = contract_lua.run(
        "local M = { __tostring = type, __pairs = rawlen, __index = rawget } "
        .. "local with, without = setmetatable({}, M), {} " .. source)
      assert(outcome.ok, outcome.error)
      return outcome.gas_used
    end
    for _, call in ipairs { "tostring(%s)", "print(%s)", "pairs(%s)",
      "for _ in ipairs(%s) do end" } do
      local price = gas(call:format "with") - gas(call:format "without")
      assert(price >= 8 + 1 + 4, ("%s: %d"):format(call, price))
    end
  end)

  it("costs no memory when it is set, however often", function()
    local source = "local t, m = {}, {} for i = 1, %d do setmetatable(t, m) end"
    local _, once = contract_lua.run(source:format(1))
    local _, often = contract_lua.run(source:format(1000))

    assert.equal(once.memory, often.memory)
  end)

  it("of strings and the tables of the library do not change", function()
    for _, name in ipairs { "string", "table", "math", "utf8", "coroutine", "getmetatable('')" } do
      check { ("rawset(%s, 'x', 1)"):format(name), LIBRARY_TABLE,
        ("setmetatable(%s, {})"):format(name), LIBRARY_TABLE,
        ("(function() %s.__index = nil end)()"):format(name), LIBRARY_TABLE }
    end
    check { "table.insert(math, 1)", LIBRARY_TABLE }
    for name, field in pairs { string = "len", table = "insert", math = "abs", utf8 = "char",
      coroutine = "wrap", ["getmetatable('')"] = "__index" } do
      check { ("(function() %s.%s = 1 end)()"):format(name, field), LIBRARY_TABLE,
        ("(function(key) %s[key] = 1 end)('%s')"):format(name, field), LIBRARY_TABLE,
        ("rawset(%s, '%s', 1)"):format(name, field), LIBRARY_TABLE }
    end
  end)

  it("that is protected stays", function()
    check({ "setmetatable(guarded, {})", [[error "cannot change a protected metatable"]],
      "setmetatable(guarded, nil)", [[error "cannot change a protected metatable"]],
      "getmetatable(guarded)", [[good "hands off"]] },
      "local guarded = setmetatable({}, { __metatable = 'hands off' })")
  end)

  -- `top` has `count` tables below it, the last of which is `last`.
  local function chain(event, last, count)
    return ([[
      local last = %s
      local top = last
      for _ = 1, %d do top = setmetatable({}, { %s = top }) end
    ]]):format(last, count, event)
  end

  it("chains __index to 100 tables", function()
    check({ "top.deep", "good 1", "top.absent", "good nil" },
      chain("__index", "{ deep = 1 }", 99))
    check({ "top.deep", [[error "'__index' chain too long"]] },
      chain("__index", "{ deep = 1 }", 100))
  end)

  it("is followed as far by the library, and no further", function()
    local reads <const> = { "table.unpack(top, 1, 1)", "table.concat(top, '', 1, 1)",
      "(function() for _, v in ipairs(top) do return v end end)()" }
    for _, call in ipairs(reads) do
      assert.matches("^good .*deep", eval(call, chain("__index", "{ 'deep' }", 99)))
      check({ call, [[error "'__index' chain too long"]] }, chain("__index", "{ 'deep' }", 101))
    end
    local write <const> = "table.move({ 'deep' }, 1, 1, 1, top) == top and last[1]"
    check({ write, [[good "deep"]] }, chain("__newindex", "{}", 99))
    check({ write, [[error "'__newindex' chain too long"]] }, chain("__newindex", "{}", 101))
  end)

  it("chains __newindex to 100 tables", function()
    check({ "set(), last.x", "good nil 1" },
      chain("__newindex", "{}", 99) .. "local function set() top.x = 1 end")
    check({ "set()", [[error "'__newindex' chain too long"]] },
      chain("__newindex", "{}", 100) .. "local function set() top.x = 1 end")
  end)

  it("chains __call to 99 tables", function()
    check({ "top()", "good 99" }, chain("__call", "function(...) return select('#', ...) end", 99))
    check({ "top()", [[error "'__call' chain too long"]] }, chain("__call", "print", 100))
  end)

  it("that is its own __index ends with an error", function()
    check({ "t.x", [[error "'__index' chain too long"]] },
      "local t = {} setmetatable(t, t) t.__index = t")
  end)

  it("may yield from its functions", function()
    assert.equal("add\nindex\n7\n", print_of [[
      local t = setmetatable({}, { __add = function() return coroutine.yield "add" end,
        __index = function() return coroutine.yield "index" end })
      local resume = coroutine.wrap(function() return (t + 1) + t.x end)
      print(resume())
      print(resume(3))
      print(resume(4))
    ]])
  end)
end)

describe("print", function()
  it("pays for the text that __tostring gives", function()
    local source = "local s = ('x'):rep(%d) "
      .. "print(setmetatable({}, { __tostring = function() return s end }))"
    local _, small = contract_lua.run(source:format(32))
    local _, large = contract_lua.run(source:format(320032))

    local _, made = contract_lua.run("local s = ('x'):rep(320032)")
    local _, less = contract_lua.run("local s = ('x'):rep(32)")

    local printing = large.gas_used - small.gas_used - (made.gas_used - less.gas_used)
    assert.is_true(printing >= 320000 // 32)
  end)
end)

describe("a list of values", function()
  local LISTS <const> = [[
    local function list(n) return table.unpack({}, 1, n) end
    local function one_more(n) return 1, table.unpack({}, 1, n) end
  ]]

  it("holds at most 100,000, as arguments, results or both", function()
    check({ "(select('#', list(100000)))", [[error "too many values"]],
      "select('#', one_more(99998))", "good 99999", "select('#', list(99999))", "good 99999",
      "select('#', list(100000))", [[error "too many values"]],
      "#table.pack(one_more(99999))", "good 1", "one_more(100000)", [[error "too many values"]],
      "pcall(list, 100000)", [[error "too many values"]],
      "list(100001)", [[error "too many results to unpack"]] }, LISTS)
  end)

  it("does not grow by what each function adds to its results", function()
    check({ "grow(700)", [[error "too many values"]] }, [[
      local function grow(n)
        if n == 0 then return table.unpack({}, 1, 50000) end
        return n, ]] .. ("n, "):rep(200) .. [[grow(n - 1)
      end
    ]])
  end)
end)

describe("an integer", function()
  it("is not divided by zero", function()
    for _, divisor in ipairs { "zero", "0" } do
      check { ("(function(zero) return 7 // %s end)(0)"):format(divisor),
        [[error "attempt to perform 'n//0'"]],
        ("(function(zero) return 7 %% %s end)(0)"):format(divisor),
        [[error "attempt to perform 'n%%0'"]] }
    end
  end)
end)

describe("a yield", function()
  it("in a comparator, a gsub callback or __tostring is an error", function()
    local sources = { "table.sort({ 2, 1 }, function() coroutine.yield() end)",
      "('x'):gsub('x', function() coroutine.yield() end)",
      "tostring(setmetatable({}, { __tostring = function() coroutine.yield() end }))" }
    for _, source in ipairs(sources) do
      local text = eval(("coroutine.resume(coroutine.create(function() return %s end))")
        :format(source))
      assert.matches("^good false \"attempt to yield", text)
    end
  end)

  it("outside of a coroutine is an error", function()
    check { "coroutine.yield()", [[error "attempt to yield from outside a coroutine"]] }
  end)
end)

describe("a numeric for", function()
  it("wants integers", function()
    for header, part in pairs { ["'1', 2"] = "initial value", ["1, '2'"] = "limit",
      ["1, 2, nil"] = "step", ["nil, 2"] = "initial value", ["1, {}"] = "limit" } do
      assert.equal(("'for' %s must be a number"):format(part),
        raised(("for i = %s do end"):format(header)))
    end
    assert.equal("'for' step is zero", raised "for i = 1, 2, 0 do end")
  end)

  it("does not run over the edge of the integers", function()
    local COUNT <const> = [[
      local count, last = 0
      for i = %s do count, last = count + 1, i end
      print(count, last)
    ]]
    for header, expected in pairs {
      ["math.maxinteger - 1, math.maxinteger"] = "2\t9223372036854775807",
      ["math.mininteger + 1, math.mininteger, -1"] = "2\t-9223372036854775808",
      ["math.mininteger, math.maxinteger, math.maxinteger"] = "3\t9223372036854775806",
      ["math.maxinteger, math.mininteger, math.mininteger"] = "2\t-1",
      ["math.maxinteger, math.mininteger"] = "0\tnil", ["1, 10, math.maxinteger"] = "1\t1",
      ["-1, 1, 2"] = "2\t1", ["3, 1, -2"] = "2\t1",
    } do
      assert.equal(expected .. "\n", print_of(COUNT:format(header)))
    end
  end)

  it("counts on, whatever its body does with its variable", function()
    assert.equal("1\n2\n3\n", print_of "for i = 1, 3 do print(i) i = 10 end")
  end)
end)

describe("a generic for", function()
  it("takes no fourth value but nil", function()
    assert.is_nil(raised "for _ in next, {}, nil, nil do end")
    for _, value in ipairs { "1", "false", "{}", "print" } do
      assert.equal("'for' takes no fourth value",
        raised(("for _ in next, {}, nil, %s do end"):format(value)))
    end
  end)

  it("calls whatever can be called", function()
    assert.equal("2\n1\n", print_of [[
      local left = 3
      local iterator = setmetatable({}, { __call = function()
        left = left - 1
        return left > 0 and left or nil
      end })
      for value in iterator do print(value) end
    ]])
  end)

  it("cannot call anything else", function()
    assert.matches("^attempt to call a nil value", raised "for _ in nil do end")
  end)
end)

describe("depth", function()
  local RECURSE <const> = [[
    local function recurse(n) if n == 0 then return 0 end return 1 + recurse(n - 1) end
  ]]

  it("ends in an error that can be caught", function()
    check({ "pcall(recurse, 5000)", [[good false "stack overflow"]] }, RECURSE)
  end)

  it("is 1,000 frames", function()
    assert.equal("998\n", print_of(RECURSE .. "print(recurse(998))"))
    assert.equal("stack overflow", raised(RECURSE .. "print(recurse(999))"))
  end)

  it("is there again after the error", function()
    check({ "pcall(recurse, 5000) == false, recurse(900)", "good true 900" }, RECURSE)
  end)

  it("counts coroutines together", function()
    assert.equal("stack overflow", raised(RECURSE .. [[
      recurse(500)
      local function inside(n)
        if n == 0 then return coroutine.wrap(recurse)(600) end
        return 1 + inside(n - 1)
      end
      inside(500)
    ]]))
  end)

  it("counts a coroutine that was as deep before", function()
    assert.equal("stack overflow", raised(RECURSE .. [[
      local resume = coroutine.wrap(function()
        recurse(600)
        coroutine.yield()
        recurse(600)
      end)
      resume()
      local function inside(n) if n == 0 then return resume() end return 1 + inside(n - 1) end
      inside(500)
    ]]))
  end)

  it("does not grow with tail calls", function()
    check({ "loop(100000)", [[good "done"]] }, [[
      local function loop(n) if n == 0 then return "done" end return loop(n - 1) end
    ]])
  end)

  it("does not grow with tail calls of methods and of two functions", function()
    check({ "o:loop(50000), even(50001)", [[good "done" false]] }, [[
      local o = {}
      function o:loop(n) if n == 0 then return "done" end return self:loop(n - 1) end
      local odd
      local function even(n) if n == 0 then return true end return odd(n - 1) end
      function odd(n) if n == 0 then return false end return even(n - 1) end
    ]])
  end)
end)

describe("a limit", function()
  local CATCHERS <const> = { "%s", "pcall(function() %s end)",
    "pcall(pcall, pcall, function() %s end)",
    "xpcall(function() %s end, function() return 1 end)",
    "xpcall(error, function() %s end)",
    "coroutine.resume(coroutine.create(function() %s end))",
    "pcall(coroutine.wrap(function() pcall(function() %s end) end))",
    "pcall(table.sort, { 2, 1 }, function() %s end)",
    "pcall(string.gsub, 'x', 'x', function() %s end)",
    "pcall(tostring, setmetatable({}, { __tostring = function() %s end }))",
    "while true do pcall(function() %s end) end" }

  it("of gas passes every pcall", function()
    for _, catcher in ipairs(CATCHERS) do
      local _, outcome = contract_lua.run(
        catcher:gsub("%%s", "while true do end") .. " print 'on'", { gas_limit = 10000 })

      assert.equal("gas", outcome.stop, catcher)
      assert.equal(10000, outcome.gas_used, catcher)
    end
  end)

  it("of gas that the library reaches passes every pcall", function()
    for _, catcher in ipairs(CATCHERS) do
      local _, outcome = contract_lua.run(
        catcher:gsub("%%s", "('a'):rep(3000):find(('a*'):rep(30) .. 'b')") .. " print 'on'",
        { gas_limit = 10000 })

      assert.equal("gas", outcome.stop, catcher)
      assert.equal(10000, outcome.gas_used, catcher)
    end
  end)

  it("of memory passes every pcall", function()
    for _, catcher in ipairs(CATCHERS) do
      local _, outcome = contract_lua.run(
        catcher:gsub("%%s", "local t = {} for i = 1, 100000 do t[i] = {} end") .. " print 'on'",
        { gas_limit = 100000000, memory_limit = 1000000 })

      assert.equal("memory", outcome.stop, catcher)
    end
  end)

  it("of values in a list is 100,000, and can be caught", function()
    check({ "pcall(string.byte, ('x'):rep(100001), 1, -1)",
      [[good false "string slice too long"]] })
    check({ "select('#', table.unpack(t, 1, 99990))", "good 99990" }, "local t = {}")
    check({ "pcall(table.unpack, {}, 1, 100001)", [[good false "too many results to unpack"]] })
  end)
end)
