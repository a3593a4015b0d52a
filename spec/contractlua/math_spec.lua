local eval = require "spec.support.contract_lua".eval

local WORD <const> = 'uint256 "0xffffffffffffffffffffffffffffffff"'

describe("math of contract Lua", function()
  it("has the greatest and the least integer as values", function()
    assert.equal("good 9223372036854775807 -9223372036854775808",
      eval "math.maxinteger, math.mininteger")
  end)

  it("has nothing that floats or chance would come from", function()
    for _, name in ipairs { "pi", "huge", "floor", "ceil", "sqrt", "modf", "random" } do
      assert.equal("good nil", eval("math." .. name))
    end
  end)

  it("wraps the absolute value of the least integer", function()
    assert.equal("good 5 5 0 -9223372036854775808",
      eval "math.abs(5), math.abs(-5), math.abs(0), math.abs(math.mininteger)")
  end)

  it("cuts fmod toward zero", function()
    assert.equal("good 1 -1 1 -1 0 0", eval([[math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3),
      math.fmod(-7, -3), math.fmod(math.mininteger, -1), math.fmod(6, 3)]]))
    assert.equal([[error "bad argument #2 to 'fmod' (zero)"]], eval "math.fmod(1, 0)")
  end)

  it("finds extremes, of equal ones the first", function()
    assert.equal("good 3 -2", eval "math.max(1, 3, -2), math.min(1, 3, -2)")
    assert.equal("good 7 7", eval "math.max(7), math.min(7)")
    assert.equal([[error "bad argument #1 to 'max' (number expected, got no value)"]],
      eval "math.max()")
    assert.equal([[error "bad argument #2 to 'min' (number expected, got string)"]],
      eval "math.min(1, '2')")
  end)

  it("finds extremes among integers and uint256", function()
    assert.equal("good 340282366920938463463374607431768211455 -1",
      eval("math.max(-1, WORD, 5), math.min(-1, WORD, 5)", "local WORD = " .. WORD))
    assert.equal('good "number" "uint256"',
      eval "type(math.max(5, uint256(5))), type(math.max(uint256(5), 5))")
  end)

  it("takes integer square roots", function()
    assert.equal("good 0 1 1 1 2 3037000499", eval([[math.isqrt(0), math.isqrt(1), math.isqrt(2),
      math.isqrt(3), math.isqrt(4), math.isqrt(math.maxinteger)]]))
    assert.equal("good 3037000498 3037000499",
      eval "math.isqrt(3037000499 * 3037000499 - 1), math.isqrt(3037000499 * 3037000499)")
    assert.equal([[error "bad argument #1 to 'isqrt' (negative)"]], eval "math.isqrt(-1)")
  end)

  it("makes an integer of what is one, and nothing of text", function()
    assert.equal("good 3 5 nil nil nil",
      eval("math.tointeger(3), math.tointeger(uint256(5)), math.tointeger(WORD), "
        .. "math.tointeger('3'), math.tointeger({})", "local WORD = " .. WORD))
    assert.equal("good 9223372036854775807 nil", eval([[math.tointeger(uint256(math.maxinteger)),
      math.tointeger(uint256(math.maxinteger) + 1)]]))
    assert.equal([[error "bad argument #1 to 'tointeger' (value expected)"]],
      eval "math.tointeger()")
  end)

  it("calls an integer by its type, and nothing else", function()
    assert.equal('good "integer" nil nil nil',
      eval "math.type(1), math.type('1'), math.type(nil), math.type(uint256(1))")
    assert.equal([[error "bad argument #1 to 'type' (value expected)"]], eval "math.type()")
  end)

  it("compares without signs", function()
    assert.equal("good true false false true",
      eval "math.ult(1, 2), math.ult(2, 1), math.ult(-1, 1), math.ult(1, -1)")
    assert.equal([[error "bad argument #2 to 'ult' (number expected, got no value)"]],
      eval "math.ult(1)")
  end)

  it("makes no number of text, and refuses uint256 where it computes", function()
    assert.equal([[error "bad argument #1 to 'abs' (number expected, got string)"]],
      eval "math.abs('5')")
    assert.equal([[error "bad argument #1 to 'abs' (number expected, got uint256)"]],
      eval "math.abs(uint256(5))")
    assert.equal([[error "bad argument #1 to 'isqrt' (number expected, got uint256)"]],
      eval "math.isqrt(uint256(5))")
  end)
end)
