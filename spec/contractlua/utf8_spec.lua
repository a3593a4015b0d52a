local eval = require "spec.support.contract_lua".eval

describe("utf8.char and utf8.charpattern", function()
  it("encode a character in one to six bytes", function()
    local codes = { 0, 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF, 0x10000, 0x1FFFFF, 0x200000, 0x3FFFFFF,
      0x4000000, 0x7FFFFFFF }
    local texts = {}
    for i, code in ipairs(codes) do texts[i] = utf8.char(code) end

    assert.equal("good " .. ("%q"):format(table.concat(texts)),
      eval("utf8.char(" .. table.concat(codes, ", ") .. ")"))
    assert.equal([[good ""]], eval "utf8.char()")
    assert.equal([[error "bad argument #2 to 'char' (value out of range)"]],
      eval "utf8.char(65, 0x80000000)")
    assert.equal([[error "bad argument #1 to 'char' (value out of range)"]], eval "utf8.char(-1)")
    assert.equal([[error "bad argument #1 to 'char' (number expected, got string)"]],
      eval "utf8.char('65')")
  end)

  it("match each other", function()
    assert.equal("good 4 true", eval([[select(2, ("aé€😀"):gsub(utf8.charpattern, "")),
      utf8.charpattern == "[\0-\x7F\xC2-\xFD][\x80-\xBF]*"]]))
  end)
end)

describe("utf8.codepoint", function()
  it("gives codes by position", function()
    assert.equal("good 97 233 8364 128512", eval "utf8.codepoint('aé€😀', 1, -1)")
    assert.equal("good 97", eval "utf8.codepoint('aé')")
    assert.equal("good 233", eval "utf8.codepoint('aé', 2)")
    assert.equal("good", eval "utf8.codepoint('aé', 2, 1)")
    assert.equal([[error "bad argument #2 to 'codepoint' (out of bounds)"]],
      eval "utf8.codepoint('abc', 0)")
    assert.equal([[error "bad argument #3 to 'codepoint' (out of bounds)"]],
      eval "utf8.codepoint('abc', 1, 4)")
    assert.equal([[error "bad argument #3 to 'codepoint' (out of bounds)"]],
      eval "utf8.codepoint('abc', 4)")
  end)

  it("takes no continuation, no long form, no end too early", function()
    for _, text in ipairs { [[\x80]], [[\xC3]], [[\xC0\x80]], [[\xE0\x80\x80]], [[\xFF]], [[\xFE]],
      [[\xE2\x82]], [[\xF0\x80\x80\x80]], [[\xC3a]] } do
      for _, lax in ipairs { "false", "true" } do
        assert.equal([[error "invalid UTF-8 code"]],
          eval(('utf8.codepoint("%s", 1, 1, %s)'):format(text, lax)))
      end
    end
  end)

  it("takes surrogates and what is beyond Unicode where it is lax", function()
    for text, code in pairs { ["\\u{D800}"] = 0xD800, ["\\u{DFFF}"] = 0xDFFF,
      ["\\u{110000}"] = 0x110000, ["\\u{7FFFFFFF}"] = 0x7FFFFFFF } do
      assert.equal([[error "invalid UTF-8 code"]], eval(('utf8.codepoint("%s")'):format(text)))
      assert.equal("good " .. code, eval(('utf8.codepoint("%s", 1, 1, true)'):format(text)))
    end
    assert.equal("good 1114111 55295", eval [[utf8.codepoint("\u{10FFFF}\u{D7FF}", 1, -1)]])
  end)

  it("gives at most 100,000 values", function()
    assert.equal("good 100000", eval("#{ utf8.codepoint(('x'):rep(100000), 1, -1) }"))
    assert.equal([[error "string slice too long"]],
      eval "utf8.codepoint(('x'):rep(100001), 1, -1)")
  end)
end)

describe("utf8.len", function()
  it("counts characters between positions", function()
    assert.equal("good 4 0 3 2 1", eval [[utf8.len("aé€😀"), utf8.len(""), utf8.len("aé€😀", 2),
      utf8.len("aé€😀", 1, 3), utf8.len("aé€😀", -4)]])
    assert.equal("good 0 0", eval "utf8.len('abc', 4), utf8.len('abc', 3, 2)")
  end)

  it("tells where the first invalid byte is", function()
    assert.equal("good nil 3", eval [[utf8.len("ab\xffcd")]])
    assert.equal("good nil 1", eval [[utf8.len("\u{D800}")]])
    assert.equal("good 1", eval [[utf8.len("\u{D800}", 1, -1, true)]])
  end)

  it("wants positions in the string", function()
    assert.equal([[error "bad argument #2 to 'len' (initial position out of bounds)"]],
      eval "utf8.len('abc', 5)")
    assert.equal([[error "bad argument #2 to 'len' (initial position out of bounds)"]],
      eval "utf8.len('abc', 0)")
    assert.equal([[error "bad argument #3 to 'len' (final position out of bounds)"]],
      eval "utf8.len('abc', 1, 4)")
  end)
end)

describe("utf8.offset", function()
  it("finds the n-th character from a position", function()
    assert.equal("good 1 2 4 7 11 nil", eval [[utf8.offset("aé€😀", 1), utf8.offset("aé€😀", 2),
      utf8.offset("aé€😀", 3), utf8.offset("aé€😀", 4), utf8.offset("aé€😀", 5),
      utf8.offset("aé€😀", 6)]])
    assert.equal("good 7 4 1 nil", eval [[utf8.offset("aé€😀", -1), utf8.offset("aé€😀", -2),
      utf8.offset("aé€😀", -4), utf8.offset("aé€😀", -5)]])
    assert.equal("good 4 2 nil", eval [[utf8.offset("aé€", 2, 2), utf8.offset("aé€", -1, 4),
      utf8.offset("aé€", math.mininteger)]])
  end)

  it("finds the beginning of a character for 0", function()
    assert.equal("good 4 4 4 1 7", eval [[utf8.offset("aé€", 0, 4), utf8.offset("aé€", 0, 5),
      utf8.offset("aé€", 0, 6), utf8.offset("aé€", 0), utf8.offset("aé€", 0, 7)]])
  end)

  it("wants a position where a character begins", function()
    assert.equal([[error "initial position is a continuation byte"]],
      eval "utf8.offset('aé', 1, 3)")
    assert.equal([[error "bad argument #3 to 'offset' (position out of bounds)"]],
      eval "utf8.offset('abc', 1, 5)")
    assert.equal([[error "bad argument #2 to 'offset' (number expected, got no value)"]],
      eval "utf8.offset('abc')")
  end)
end)

describe("utf8.codes", function()
  local each = [[
    local function each(...)
      local found = {}
      for at, code in utf8.codes(...) do found[#found + 1] = at .. ":" .. code end
      return table.concat(found, " ")
    end]]

  it("goes through positions and codes", function()
    assert.equal([[good "1:97 2:233 4:8364 7:128512"]], eval("each('aé€😀')", each))
    assert.equal([[good ""]], eval("each('')", each))
    assert.equal([[good "1:55296"]], eval([[each("\u{D800}", true)]], each))
  end)

  it("raises at an invalid byte, a continuation behind a character too", function()
    assert.equal([[error "invalid UTF-8 code"]], eval([[each("a\xff")]], each))
    assert.equal([[error "invalid UTF-8 code"]], eval([[each("é\x80")]], each))
    assert.equal([[error "invalid UTF-8 code"]], eval([[each("\u{D800}")]], each))
    assert.equal([[error "bad argument #1 to 'codes' (invalid UTF-8 code)"]],
      eval([[each("\x80a")]], each))
  end)

  it("gives the same iterator each time", function()
    assert.equal("good true false", eval
      "utf8.codes('a') == utf8.codes('b'), utf8.codes('a') == utf8.codes('a', true)")
    assert.equal([[good "b" 0]], eval "select(2, utf8.codes('b'))")
  end)
end)
