local eval = require "spec.support.contract_lua".eval

-- The bytes of what an expression gives, as hexadecimal text.
local function packed(arguments)
  return eval(("(string.pack(%s):gsub('.', function(c) return ('%%02x '):format(c:byte()) end))")
    :format(arguments))
end

describe("string.pack", function()
  it("writes integers in the order that is said", function()
    assert.equal('good "05 fb ff 00 01 02 01 "',
      packed "'bbB>I2<I2', 5, -5, 255, 1, 258")
    assert.equal('good "ff ff ff 80 00 00 "', packed "'<i3>i3', -1, -0x800000")
    assert.equal('good "fe ff ff ff ff ff ff ff "', packed "'<i8', -2")
    assert.equal('good "01 00 00 00 00 00 00 00 00 ff ff ff ff ff ff ff ff fe "',
      packed "'<i9>i9', 1, -2")
    assert.equal('good "fe ff ff ff ff ff ff ff 00 00 "', packed "'<I10', -2")
  end)

  it("writes strings: with a size, ended by a zero, filled up", function()
    assert.equal('good "02 61 62 00 02 61 62 "', packed "'s1>s2', 'ab', 'ab'")
    assert.equal('good "61 62 00 00 "', packed "'zz', 'ab', ''")
    assert.equal('good "61 62 00 00 "', packed "'c4', 'ab'")
    assert.equal('good ""', packed "'c0', ''")
    assert.equal('good "01 35 "', packed "'s1', 5")
  end)

  it("aligns as far as it is told, and not at all at first", function()
    assert.equal('good "01 02 00 00 00 "', packed "'<b i4', 1, 2")
    assert.equal('good "01 00 00 00 02 00 00 00 "', packed "'<!4 b i4', 1, 2")
    assert.equal('good "01 00 02 00 00 00 00 00 00 00 "', packed "'<!2 b i8', 1, 2")
    assert.equal('good "01 00 00 00 "', packed "'<!4 b Xi4', 1")
    assert.equal('good "01 00 02 "', packed "'b x b', 1, 2")
  end)

  it("refuses what does not fit", function()
    for arguments, message in pairs {
      ["'b', 128"] = "bad argument #2 to 'pack' (integer overflow)",
      ["'b', -129"] = "bad argument #2 to 'pack' (integer overflow)",
      ["'B', 256"] = "bad argument #2 to 'pack' (unsigned overflow)",
      ["'B', -1"] = "bad argument #2 to 'pack' (unsigned overflow)",
      ["'<i7', 1 << 55"] = "bad argument #2 to 'pack' (integer overflow)",
      ["'s1', ('x'):rep(256)"] =
        "bad argument #2 to 'pack' (string length does not fit in given size)",
      ["'z', 'a\\0'"] = "bad argument #2 to 'pack' (string contains zeros)",
      ["'c1', 'ab'"] = "bad argument #2 to 'pack' (string longer than given size)",
      ["'b'"] = "bad argument #2 to 'pack' (number expected, got no value)",
      ["'b', '1'"] = "bad argument #2 to 'pack' (number expected, got string)",
      ["'<I8', uint256(1)"] = "bad argument #2 to 'pack' (number expected, got uint256)",
    } do
      assert.equal(("error %q"):format(message), eval(("string.pack(%s)"):format(arguments)))
    end
  end)

  it("refuses sizes and orders that are not said", function()
    for format, message in pairs {
      ["i"] = "missing size for format option 'i'",
      ["I"] = "missing size for format option 'I'",
      ["s"] = "missing size for format option 's'",
      ["!"] = "missing size for format option '!'",
      ["c"] = "missing size for format option 'c'",
      ["i4"] = "bad argument #1 to 'pack' (format says no order of bytes, '<' or '>')",
      ["s2"] = "bad argument #1 to 'pack' (format says no order of bytes, '<' or '>')",
      ["<i0"] = "integral size (0) out of limits [1,16]",
      ["<i17"] = "integral size (17) out of limits [1,16]",
      ["!17"] = "integral size (17) out of limits [1,16]",
      ["<!4i3"] = "bad argument #1 to 'pack' (format asks for alignment not power of 2)",
      ["X"] = "bad argument #1 to 'pack' (invalid next option for option 'X')",
      ["Xz"] = "bad argument #1 to 'pack' (invalid next option for option 'X')",
      ["Xc1"] = "bad argument #1 to 'pack' (invalid next option for option 'X')",
    } do
      assert.equal(("error %q"):format(message), eval(("string.pack(%q, 1)"):format(format)))
    end
    for letter in ("hHlLjJTfdn=y"):gmatch "." do
      assert.equal(("error %q"):format(("invalid format option '%s'"):format(letter)),
        eval(("string.pack(%q, 1)"):format(letter)))
    end
    assert.equal([[good "\1" "\1"]], eval "string.pack('i1', 1), string.pack('I1', 1)")
  end)
end)

describe("string.unpack", function()
  it("reads what was packed, and tells where the next would begin", function()
    assert.equal("good -5 255 258 6", eval [[string.unpack("<b I2 >I2", "\xfb\xff\0\1\2")]])
    assert.equal([[good "ab" "c" "de" 10]], eval [[string.unpack(">s2zc2x", "\0\2abc\0de\0")]])
    assert.equal("good 1", eval "string.unpack('', '')")
    assert.equal("good -1 -1 10", eval [[string.unpack("<i1i8", ("\xff"):rep(9))]])
  end)

  it("begins where it is told, from either end", function()
    assert.equal("good 3 4", eval [[string.unpack("B", "\1\2\3", 3)]])
    assert.equal("good 3 4", eval [[string.unpack("B", "\1\2\3", -1)]])
    assert.equal("good 4", eval [[string.unpack("", "abc", 4)]])
    assert.equal([[error "bad argument #3 to 'unpack' (initial position out of string)"]],
      eval "string.unpack('B', 'abc', 5)")
  end)

  it("reads integers beyond 8 bytes, if their value is not", function()
    assert.equal("good -1 17", eval [[string.unpack("<i16", ("\xff"):rep(16))]])
    assert.equal("good 1 17", eval [[string.unpack(">I16", ("\0"):rep(15) .. "\1")]])
    assert.equal("good -1 17", eval [[string.unpack("<I16", ("\xff"):rep(8) .. ("\0"):rep(8))]])
    assert.equal([[error "16-byte integer does not fit into Lua Integer"]],
      eval [[string.unpack("<i16", ("\1"):rep(16))]])
    assert.equal([[error "9-byte integer does not fit into Lua Integer"]],
      eval [[string.unpack(">I9", ("\xff"):rep(9))]])
  end)

  it("refuses data that ends too early", function()
    assert.equal([[error "bad argument #2 to 'unpack' (data string too short)"]],
      eval "string.unpack('<i4', 'abc')")
    assert.equal([[error "bad argument #2 to 'unpack' (data string too short)"]],
      eval [[string.unpack("<s4", "\5\0\0\0abc")]])
    assert.equal([[error "bad argument #2 to 'unpack' (data string too short)"]],
      eval [[string.unpack("<s8", ("\xff"):rep(8))]])
    assert.equal([[error "bad argument #2 to 'unpack' (unfinished string for format 'z')"]],
      eval "string.unpack('z', 'abc')")
    assert.equal([[error "bad argument #2 to 'unpack' (data string too short)"]],
      eval "string.unpack('c4', 'abc')")
  end)

  it("gives at most 100,000 values, the position included", function()
    local prelude <const> = "local function count(n) return select('#', "
      .. "string.unpack(('B'):rep(n), ('x'):rep(n))) end"
    assert.equal("good 99999", eval("(count(99998))", prelude))
    assert.equal('error "too many results"', eval("(count(100000))", prelude))
  end)
end)

describe("string.packsize", function()
  it("adds up what has always the same size", function()
    assert.equal("good 0 1 15 16 8", eval [[string.packsize(""), string.packsize("b"),
      string.packsize("<i4i8i3"), string.packsize("<!8 b i8"), string.packsize("<!4 i4 b Xi4")]])
    assert.equal([[error "bad argument #1 to 'packsize' (variable-length format)"]],
      eval "string.packsize('s1')")
    assert.equal([[error "bad argument #1 to 'packsize' (variable-length format)"]],
      eval "string.packsize('z')")
    assert.equal([[error "bad argument #1 to 'packsize' (format result too large)"]],
      eval "string.packsize(('c200000000'):rep(11))")
  end)
end)
