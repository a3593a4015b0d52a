local eval = require "spec.support.contract_lua".eval

describe("string.byte and string.char", function()
  it("give bytes by position, from either end", function()
    assert.equal("good 97", eval "string.byte('abc')")
    assert.equal("good 98 99", eval "string.byte('abc', 2, 3)")
    assert.equal("good 99", eval "string.byte('abc', -1)")
    assert.equal("good 97 98 99", eval "string.byte('abc', -10, 10)")
    assert.equal("good", eval "string.byte('abc', 4)")
    assert.equal("good", eval "string.byte('abc', 3, 2)")
    assert.equal("good", eval "string.byte('')")
    assert.equal("good 0 255", eval [[string.byte("\0\255", 1, -1)]])
    assert.equal("good", eval "string.byte('abc', math.mininteger, math.mininteger)")
    assert.equal("good 97", eval "string.byte('abc', math.mininteger, 1)")
  end)

  it("give at most 100,000 values", function()
    assert.equal("good 100000", eval("#{ s:byte(1, -2) }", "local s = ('x'):rep(100001)"))
    assert.equal([[error "string slice too long"]],
      eval("s:byte(1, -1)", "local s = ('x'):rep(100001)"))
  end)

  it("make a string of bytes", function()
    assert.equal([[good "" "AB" "\0\255"]],
      (eval "string.char(), string.char(65, 66), string.char(0, 255)"):gsub("\255", "\\255"))
    assert.equal([[error "bad argument #2 to 'char' (value out of range)"]],
      eval "string.char(65, 256)")
    assert.equal([[error "bad argument #1 to 'char' (value out of range)"]],
      eval "string.char(-1)")
    assert.equal([[error "bad argument #1 to 'char' (number expected, got string)"]],
      eval "string.char('65')")
  end)
end)

describe("string.sub", function()
  it("cuts by positions, from either end", function()
    assert.equal([[good "ell" "lo" "h" "hello" "" "" "hello"]],
      eval [[("hello"):sub(2, 4), ("hello"):sub(-2), ("hello"):sub(-9, 1), ("hello"):sub(0),
        ("hello"):sub(4, 3), ("hello"):sub(6), ("hello"):sub(math.mininteger, math.maxinteger)]])
    assert.equal([[error "bad argument #2 to 'sub' (number expected, got no value)"]],
      eval "string.sub('x')")
  end)
end)

describe("string.lower, upper, reverse and len", function()
  it("know the case of ASCII letters alone", function()
    assert.equal([[good "az@[`{\195\132az" "AZ@[`{\195\164AZ"]], (eval
      [[("AZ@[`{\xC3\x84aZ"):lower(), ("az@[`{\xC3\xA4aZ"):upper()]]):gsub("[\128-\255]",
        function(byte) return "\\" .. byte:byte() end))
  end)

  it("change strings of any size", function()
    for size = 0, 20 do
      local text = ("aBcDeFgHiJkLmNoPqRsT"):sub(1, size)
      assert.equal(("good %q %q %q %d"):format(text:lower(), text:upper(), text:reverse(), size),
        eval("s:lower(), s:upper(), s:reverse(), s:len()", ("local s = %q"):format(text)))
    end
  end)

  it("take a number as its text", function()
    assert.equal([[good 3 "321" "115"]], eval
      [[string.len(123), string.reverse(123), string.upper(uint256(115))]])
    assert.equal([[error "bad argument #1 to 'upper' (string expected, got nil)"]],
      eval "string.upper(nil)")
    assert.equal([[error "bad argument #1 to 'len' (string expected, got no value)"]],
      eval "string.len()")
  end)
end)

describe("string.rep", function()
  it("repeats, with a separator", function()
    assert.equal([[good "ababab" "ab,ab,ab" "ab" "" "" "" ",,"]], eval
      [[("ab"):rep(3), ("ab"):rep(3, ","), ("ab"):rep(1, ","), ("ab"):rep(0, ","),
        ("ab"):rep(-1), (""):rep(100), (""):rep(3, ",")]])
    assert.equal([[good "121212" "1-1"]], eval [[string.rep(12, 3), string.rep(1, 2, "-")]])
  end)

  it("wants a number, and makes none of text", function()
    assert.equal([[error "bad argument #2 to 'rep' (number expected, got nil)"]],
      eval "string.rep('x', nil)")
    assert.equal([[error "bad argument #1 to 'rep' (string expected, got no value)"]],
      eval "string.rep()")
    assert.equal([[error "bad argument #2 to 'rep' (number expected, got string)"]],
      eval "string.rep('x', '3')")
    assert.equal([[error "bad argument #2 to 'rep' (number expected, got uint256)"]],
      eval "string.rep('x', uint256(3))")
  end)

  it("refuses a size that no number holds", function()
    assert.equal([[error "resulting string too large"]], eval "('xx'):rep(math.maxinteger)")
    assert.equal([[error "resulting string too large"]], eval "('x'):rep(1 << 62, 'yy')")
  end)

  it("repeats nothing for nothing, however often", function()
    assert.equal([[good "" ""]], eval "(''):rep(math.maxinteger), (''):rep(1 << 40, '')")
  end)
end)

describe("a string", function()
  it("has the library as its methods, which nobody changes", function()
    assert.equal([[good "xxx" 2 true]],
      eval [[("x"):rep(3), ("ab"):len(), ("x").rep == string.rep]])
    assert.equal([[error "attempt to change a table of the library"]],
      eval("rawset(string, 'len', 1)"))
    assert.equal([[error "attempt to change a table of the library"]],
      eval "rawset(getmetatable(''), '__index', {})")
  end)
end)
