local contract_lua = require "spec.support.contract_lua"
local eval = contract_lua.eval

local WORD <const> = [[local big = uint256 "0xffffffffffffffffffffffffffffffffffffffffffffffffff"]]
local WORD_TEXT <const> = "1606938044258990275541962092341162602522202993782792835301375"

describe("string.format", function()
  it("writes integers in bases 10, 8 and 16", function()
    assert.equal([[good "5 -5 9223372036854775807 -9223372036854775808"]],
      eval "('%d %d %d %i'):format(5, -5, math.maxinteger, math.mininteger)")
    assert.equal([[good "ff FF 377 ffffffffffffffff 18446744073709551615"]],
      eval "('%x %X %o %x %u'):format(255, 255, 255, -1, -1)")
  end)

  it("heeds flags, widths and precisions", function()
    assert.equal([[good "    1|1    |00001|   +1|+0001| 1|    01"]],
      eval "('%5d|%-5d|%05d|%+5d|%+05d|% d|%6.2d'):format(1, 1, 1, 1, 1, 1, 1)")
    assert.equal([[good "0xff|  0xff|0xff  |0x00ff|0x0ff|0|0377|0XFF"]],
      eval "('%#x|%#6x|%-#6x|%#06x|%#.3x|%#x|%#o|%#X'):format(255,255,255,255,255,0,255,255)")
    assert.equal([[good "|  |0|00000|0"]], eval "('%.0d|%2.0d|%.1d|%.5d|%d'):format(0, 0, 0, 0, 0)")
    assert.equal([[good "0|0|00|   0"]], eval "('%#o|%#.0o|%#.2o|%#4o'):format(0, 0, 0, 0)")
    assert.equal([[good "ab|   ab|ab   |a|    a"]],
      eval "('%s|%5s|%-5s|%.1s|%5.1s'):format('ab', 'ab', 'ab', 'ab', 'ab')")
    assert.equal([[good "A|  A|A  "]], eval "('%c|%3c|%-3c'):format(65, 65, 65)")
  end)

  it("writes uint256 as integers, in base 10 alone", function()
    assert.equal(('good "%s|%s+%s"'):format(WORD_TEXT, (" "):rep(10), WORD_TEXT),
      eval("('%d|%+72d'):format(big, big)", WORD))
    assert.equal('good "0||007"',
      eval "('%d|%.0d|%.3d'):format(uint256(0), uint256(0), uint256(7))")
    assert.equal([[error "bad argument #2 to 'format' (number expected, got uint256)"]],
      eval "string.format('%x', uint256(1))")
  end)

  it("writes anything as text", function()
    assert.equal([[good "x 5 -5 nil true false table function"]],
      eval "('%s %s %s %s %s %s %s %s'):format('x', 5, -5, nil, true, false, {}, print)")
    assert.equal(('good %q'):format(WORD_TEXT), eval("('%s'):format(big)", WORD))
    assert.equal([[good "a\0b"]], eval [[("%s"):format("a\0b")]])
    assert.equal([[good " a\0b"]], eval [[("%4s"):format("a\0b")]])
    assert.equal([[good "Account"]], eval "('%s'):format(setmetatable({}, { __name = 'Account' }))")
  end)

  it("asks __tostring, and goes on where it was", function()
    local point = [[
      local point = { __tostring = function(p) return ("(%d, %s)"):format(p[1], p[2]) end }
      local function new(x, y) return setmetatable({ x, y }, point) end]]

    assert.equal([[good "a (1, (2, 3)) b    (4, 5) (6"]], eval(
      "('a %s b %9s %.2s'):format(new(1, new(2, 3)), new(4, 5), new(6, 7))", point))
    assert.equal([[error "'__tostring' must return a string"]],
      eval "('%s'):format(setmetatable({}, { __tostring = function() return {} end }))")
    assert.equal([[error "'__tostring' must return a string"]],
      eval "('%s'):format(setmetatable({}, { __tostring = function() end }))")
    assert.equal("error 7",
      eval "('%s'):format(setmetatable({}, { __tostring = function() error(7) end }))")
    assert.equal([[error "attempt to yield across a callback"]], eval [[coroutine.wrap(function()
      return ("%s"):format(setmetatable({}, { __tostring = coroutine.yield })) end)()]])
  end)

  it("writes literals that the compiler reads as the value", function()
    local values = { [["a\n\0001\r\"\\\200"]], "math.mininteger", "math.maxinteger", "-1", "nil",
      "true", "''", [["\1272"]] }
    local text = eval(("(('%s'):format(%s))"):format((" %q"):rep(#values),
      table.concat(values, ", ")))

    assert.equal([["a\]] .. "\n" .. [[\0001\13\"\\]] .. "\200" .. [[" 0x8000000000000000 ]]
      .. [[9223372036854775807 -1 nil true "" "\1272"]],
      load("return " .. text:match "^good (.*)$")():sub(2))
    assert.equal([[error "bad argument #2 to 'format' (value has no literal form)"]],
      eval "('%q'):format({})")
    assert.equal([[error "bad argument #2 to 'format' (value has no literal form)"]],
      eval "('%q'):format(uint256(1))")
    assert.equal([[error "specifier '%q' cannot have modifiers"]], eval "('%5q'):format('a')")
  end)

  it("writes a percent sign", function()
    assert.equal([[good "100%" "%d"]], eval "('100%%'):format(), ('%%d'):format(1)")
  end)

  it("wants an argument for each directive, of its kind", function()
    assert.equal([[error "bad argument #2 to 'format' (no value)"]], eval "('%d'):format()")
    assert.equal([[error "bad argument #3 to 'format' (no value)"]], eval "('%d%s'):format(1)")
    assert.equal([[error "bad argument #2 to 'format' (number expected, got string)"]],
      eval "('%d'):format('10')")
    assert.equal([[error "bad argument #2 to 'format' (number expected, got nil)"]],
      eval "('%c'):format(nil)")
    assert.equal([[good "1"]], eval "('%d'):format(1, 2, 3)")
  end)

  it("has no floats, no addresses, and refuses what it does not know", function()
    for _, letter in ipairs { "a", "A", "e", "E", "f", "F", "g", "G", "p", "y", "5", "l", "n" } do
      assert.equal(("error %q"):format(("invalid conversion '%%%s' to 'format'"):format(letter)),
        eval(("('%%%s'):format(1)"):format(letter)))
    end
    assert.equal([[error "invalid conversion '%' to 'format'"]], eval "('%'):format(1)")
    for _, directive in ipairs { "%123d", "%1.123d", "%#d", "%+x", "%05s", "%.3c", "%0c", "%+u" } do
      assert.equal(("error %q"):format("invalid conversion specification: '" .. directive .. "'"),
        eval(("('%s'):format(1)"):format(directive)))
    end
    assert.equal([[error "invalid format (too long)"]],
      eval "('%' .. ('-'):rep(25) .. 'd'):format(1)")
  end)

  it("takes a number for its format", function()
    assert.equal([[good "12"]], eval "string.format(12)")
    assert.equal([[error "bad argument #1 to 'format' (string expected, got no value)"]],
      eval "string.format()")
  end)
end)
