local parse_sources = require "spec.support.parse_sources"

local function parse(source, options) return parse_sources({ source }, options)[1] end

-- Every source of a table, by one process; `expected` may leave out the tail of a line.
local function check(cases, options)
  local sources = {}
  for index, case in ipairs(cases) do sources[index] = case[1] end
  for index, line in ipairs(parse_sources(sources, options)) do
    assert.equal(cases[index][2], line, "source: " .. cases[index][1])
  end
end

describe("a source that is not Lua", function()
  it("is refused where an expression is wrong", function()
    check {
      { "x = ", "syntax 1:5: expected an expression before end of source" },
      { "x = * 1", "syntax 1:5: expected an expression before '*'" },
      { "x = 1 +", "syntax 1:8: expected an expression before end of source" },
      { "x = not", "syntax 1:8: expected an expression before end of source" },
      { "x = }", "syntax 1:5: expected an expression before '}'" },
      { "f(a,)", "syntax 1:5: expected an expression before ')'" },
      { "f(", "syntax 1:3: expected an expression before end of source" },
      { "f(1", "syntax 1:4: unexpected end of source (the '(' of line 1 is not closed)" },
      { "x = a[1", "syntax 1:8: unexpected end of source (the '[' of line 1 is not closed)" },
      { "t = {1\n 2}", "syntax 2:2: unexpected '2' (the '{' of line 1 is not closed)" },
      { "x = (1\n+ 2\nend", "syntax 3:1: unexpected 'end' (the '(' of line 1 is not closed)" },
      { "x = {a = 1,,}", "syntax 1:12: expected an expression before ','" },
      { "x = {[1] 2}", "syntax 1:10: expected '=' before '2'" },
      { "x = {a.b = 1}", "syntax 1:10: unexpected '=' (the '{' of line 1 is not closed)" },
      { "x = 'a' 'b'", "syntax 1:9: unexpected ''b''" },
      { "x = function", "syntax 1:13: expected '(' before end of source" },
      { "x = function(a b) end", "syntax 1:16: unexpected 'b' (the '(' of line 1 is not closed)" },
      { "x = function(a, ..., b) end",
        "syntax 1:20: unexpected ',' (the '(' of line 1 is not closed)" },
      { "a:b = 1",
        "syntax 1:5: unexpected '=': a method can only be called: write '.' for a field" },
      { "x = a.end", "syntax 1:7: expected a name before 'end', which is a keyword" },
      { "local function f() return ... end",
        "syntax 1:27: unexpected '...': the function has no '...' among its parameters" },
    }
  end)

  it("is refused where a statement is wrong", function()
    check {
      { "x", "syntax 1:2: unexpected end of source: an expression alone is no statement" },
      { "x + 1", "syntax 1:3: unexpected '+': an expression alone is no statement" },
      { "x.y z", "syntax 1:5: unexpected 'z': an expression alone is no statement" },
      { "(f)", "syntax 1:4: unexpected end of source: an expression alone is no statement" },
      { "x = y = 1", "syntax 1:7: unexpected '='" },
      { "f() = 1", "syntax 1:2: cannot assign to a call" },
      { "a, b:f() = 1", "syntax 1:7: cannot assign to a call" },
      { "(a) = 1", "syntax 1:1: cannot assign to parentheses" },
      { "a, (b) = 1", "syntax 1:4: cannot assign to parentheses" },
      { "a, b", "syntax 1:5: expected '=' before end of source" },
      { "local end", "syntax 1:7: expected a name before 'end', which is a keyword" },
      { "local function a.b() end", "syntax 1:17: expected '(' before '.'" },
      { "local x <foo> = 1", "syntax 1:9: unknown attribute 'foo': there is only <const>" },
      { "local x <const = 1", "syntax 1:16: expected '>' before '='" },
      { "for i do end", "syntax 1:7: expected 'in' before 'do'" },
      { "for i = 1 do end", "syntax 1:11: expected ',' before 'do'" },
      { "for 1 = 1 do end", "syntax 1:5: expected a name before '1'" },
      { "return 1 x", "syntax 1:10: unexpected 'x': 'return' is the last statement of a block" },
      { "return;;", "syntax 1:8: unexpected ';': 'return' is the last statement of a block" },
      { "return return", "syntax 1:8: expected an expression before 'return'" },
      { "::a", "syntax 1:4: expected '::' before end of source" },
      { "goto 1", "syntax 1:6: expected a name before '1'" },
    }
  end)

  it("is refused with the line of the block that is not closed", function()
    check {
      { "if x then", "syntax 1:10: unexpected end of source (the 'if' of line 1 is not closed)" },
      { "\nif x then\nelse\nuntil x",
        "syntax 4:1: unexpected 'until' (the 'if' of line 2 is not closed)" },
      { "while x do\n",
        "syntax 2:1: unexpected end of source (the 'while' of line 1 is not closed)" },
      { "for i = 1, 2 do else",
        "syntax 1:17: unexpected 'else' (the 'for' of line 1 is not closed)" },
      { "repeat end", "syntax 1:8: unexpected 'end' (the 'repeat' of line 1 is not closed)" },
      { "do until x", "syntax 1:4: unexpected 'until' (the 'do' of line 1 is not closed)" },
      { "local function f()\n\nelseif",
        "syntax 3:1: unexpected 'elseif' (the 'function' of line 1 is not closed)" },
      { "end", "syntax 1:1: unexpected 'end': no block is open here" },
      { "if a then end end", "syntax 1:15: unexpected 'end': no block is open here" },
    }
  end)

  it("is told what Lua writes for it", function()
    check {
      { "x = a != b", "syntax 1:7: '!=' is not in Lua: write '~='" },
      { "x = !a", "syntax 1:5: '!' is not in Lua: write 'not'" },
      { "x = a && b", "syntax 1:7: '&&' is not in Lua: write 'and'" },
      { "x = a || b", "syntax 1:7: '||' is not in Lua: write 'or'" },
      { "x += 1", "syntax 1:3: '+=' is not in Lua: write 'x = x + value'" },
      { "x ..= 1", "syntax 1:3: '..=' is not in Lua: write 'x = x .. value'" },
      { "x.y /= 2", "syntax 1:5: '/=' is not in Lua: write 'x = x // value'" },
      { "x++", "syntax 1:2: '++' is not in Lua: write 'x = x + 1'" },
      { "x == 1", "syntax 1:3: unexpected '==': assign by '='" },
      { "if x = 1 then end", "syntax 1:6: expected 'then' before '=': compare by '=='" },
      { "while x = 1 do end", "syntax 1:9: expected 'do' before '=': compare by '=='" },
      { "for i = 1, 2 do continue end", "syntax 1:17: 'continue' is not in Lua: "
        .. "write 'goto continue', and '::continue::' at the end of the loop" },
      { "let x = 1", "syntax 1:1: 'let' is not in Lua: write 'local'" },
      { "var x = 1", "syntax 1:1: 'var' is not in Lua: write 'local'" },
      { "const x = 1", "syntax 1:1: 'const' is not in Lua: write 'local name <const>'" },
      { "if a then elif b then end", "syntax 1:11: 'elif' is not in Lua: write 'elseif'" },
      { "// comment", "syntax 1:1: unexpected '//': a comment begins with '--'" },
    }
  end)

  it("is refused where a name cannot be", function()
    check {
      { "x = @", "syntax 1:5: unexpected '@'" },
      { "x = \0", "syntax 1:5: unexpected byte \\x00" },
      { "x = \xc3\xa9",
        "syntax 1:5: unexpected byte \\xC3: names are of ASCII letters, digits and '_'" },
      { "a" .. ("b"):rep(50) .. " x",
        "syntax 1:53: unexpected 'x': an expression alone is no statement" },
      { "x = y " .. ("z"):rep(50) .. " 1",
        "syntax 1:58: unexpected '1': an expression alone is no statement" },
      { "x = 1 '" .. ("z"):rep(50) .. "'",
        "syntax 1:7: unexpected ''" .. ("z"):rep(39) .. "...'" },
    }
  end)
end)

describe("a numeral", function()
  it("is an integer, and a hexadecimal one wraps", function()
    check({
      { "return 0, 007, 9223372036854775807",
        'ok (function 0 "" () ... () (return 0 7 9223372036854775807)) globals' },
      { "return 0x7fffffffffffffff, 0Xffffffffffffffff, 0xA00000000000000001",
        'ok (function 0 "" () ... () (return 9223372036854775807 -1 1)) globals' },
    }, "--tree")
  end)

  it("that is a float is refused with the integer that may be meant", function()
    check {
      { "x = 1.0", "left_out 1:5: '1.0' is a float: write 1" },
      { "x = 5.", "left_out 1:5: '5.' is a float: write 5" },
      { "x = 1e3", "left_out 1:5: '1e3' is a float: write 1000" },
      { "x = 1.50E+2", "left_out 1:5: '1.50E+2' is a float: write 150" },
      { "x = 100e-2", "left_out 1:5: '100e-2' is a float: write 1" },
      { "x = 0001020.50e1", "left_out 1:5: '0001020.50e1' is a float: write 10205" },
      { "x = 10000000000000000001.0",
        "left_out 1:5: '10000000000000000001.0' is a float: there are only integers" },
      { "x = 99999999999999999999.0",
        "left_out 1:5: '99999999999999999999.0' is a float: there are only integers" },
      { "x = 9e18", "left_out 1:5: '9e18' is a float: write 9000000000000000000" },
      { "x = 1e19", "left_out 1:5: '1e19' is a float: there are only integers" },
      { "x = 1e99999999999999999999", "left_out 1:5: '1e99999999999999999999' is a float: "
        .. "there are only integers" },
      { "x = 0e9999999999999999999", "left_out 1:5: '0e9999999999999999999' is a float: write 0" },
      { "x = 0.5", "left_out 1:5: '0.5' is a float: there are only integers" },
      { "x = .5", "left_out 1:5: '.5' is a float: there are only integers" },
      { "x = 0x1p4", "left_out 1:5: '0x1p4' is a float: there are only integers" },
      { "x = 0x.8", "left_out 1:5: '0x.8' is a float: there are only integers" },
    }
  end)

  it("above 2^63 - 1 is refused with the uint256 that may be meant", function()
    -- 2^256 - 1
    local largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    check {
      { "x = 9223372036854775808", "left_out 1:5: 9223372036854775808 is above 2^63-1: "
        .. 'write uint256 "9223372036854775808"' },
      { "x = 0018446744073709551616", "left_out 1:5: 18446744073709551616 is above 2^63-1: "
        .. 'write uint256 "18446744073709551616"' },
      { "x = " .. largest, ('left_out 1:5: %s is above 2^63-1: write uint256 "%s"'):format(largest,
        largest) },
      { "x = " .. largest:sub(1, -2) .. "6", "left_out 1:5: '" .. largest:sub(1, 40)
        .. "...' is above 2^256-1" },
    }
  end)

  it("of another form is refused", function()
    check {
      { "x = 0x", "syntax 1:5: '0x' is no numeral" },
      { "x = 3x", "syntax 1:5: '3x' is no numeral" },
      { "x = 3a", "syntax 1:5: '3a' is no numeral" },
      { "x = 1e", "syntax 1:5: '1e' is no numeral" },
      { "x = 1e+", "syntax 1:5: '1e+' is no numeral" },
      { "x = 0xep1", "left_out 1:5: '0xep1' is a float: there are only integers" },
      { "x = 0x1pf", "syntax 1:5: '0x1pf' is no numeral" },
      { "x = 1.2.3", "syntax 1:5: '1.2.3' is no numeral" },
      { "x = 1..2", "syntax 1:5: '1..2' is no numeral: write a space before '..'" },
      { "x = 9223372036854775808x", "syntax 1:5: '9223372036854775808x' is no numeral" },
    }
  end)
end)

describe("a string", function()
  local function strings(source)
    return parse("return " .. source, "--tree"):match '%(return (.*)%)%) globals$'
  end

  it("knows the escapes of Lua", function()
    assert.equal([["\007\008\012\010\013\009\011\092\034'"]], strings [["\a\b\f\n\r\t\v\\\"\'"]])
    assert.equal('"\\000\\255A1 J"', strings [['\0\255\0651\x20\x4A']])
    assert.equal('"ab"', strings '"a\\z \t\r\n  b"')
    assert.equal('"a\\010b\\010c"', strings '"a\\\nb\\\r\nc"')
    assert.equal('""', strings '"\\z"')
  end)

  it("knows code points up to 2^31 - 1", function()
    assert.equal([["\127" "\194\128" "\226\130\172" "\240\159\152\128"]],
      strings [["\u{7f}", "\u{80}", "\u{20AC}", "\u{1F600}"]])
    assert.equal([["\253\191\191\191\191\191" "\252\132\128\128\128\128" "\251\191\191\191\191"]],
      strings [["\u{7FFFFFFF}", "\u{4000000}", "\u{3FFFFFF}"]])
    assert.equal('"A"', strings [["\u{00000000000041}"]])
  end)

  it("may be long, with any line break as a newline", function()
    assert.equal('"a" "\\010a" "]]" "]=" ""',
      strings "[[\na]], [[\r\n\r\na]], [=[]]]=], [==[]=]==], [[]]")
    assert.equal('"a\\010b\\010c\\010\\010d"', strings "[[a\rb\n\rc\n\nd]]")
  end)

  it("that is not closed is refused where it begins", function()
    check {
      { "x = 'abc", "syntax 1:5: the string is not closed" },
      { "x = 'abc\\", "syntax 1:5: the string is not closed" },
      { "x = 'abc\\z", "syntax 1:5: the string is not closed" },
      { "x = 'abc\n'", "syntax 1:5: the string is not closed on its line" },
      { "x = 'a\\n\r'", "syntax 1:5: the string is not closed on its line" },
      { "\nx = [[abc]", "syntax 2:5: the long string is not closed" },
      { "x = [==[abc]=]", "syntax 1:5: the long string is not closed" },
      { "x = [=abc", "syntax 1:5: '[=' opens no long string: write '[=['" },
      { "\n --[[ abc", "syntax 2:2: the long comment is not closed" },
    }
  end)

  it("with an escape that is none is refused there", function()
    check {
      { "x = 'a\\q'", "syntax 1:7: '\\q' is no escape: write '\\\\' for a backslash" },
      { "x = '\\\xff'", "syntax 1:6: '\\?' is no escape: write '\\\\' for a backslash" },
      { "x = '\\256'", "syntax 1:6: the escape is above '\\255'" },
      { "x = '\\xg1'", "syntax 1:6: '\\x' takes two hexadecimal digits" },
      { "x = '\\x1", "syntax 1:6: '\\x' takes two hexadecimal digits" },
      { "x = '\\u123'", "syntax 1:6: '\\u' takes hexadecimal digits between braces" },
      { "x = '\\u{}'", "syntax 1:6: '\\u' takes hexadecimal digits between braces" },
      { "x = '\\u{12'", "syntax 1:6: '\\u' takes hexadecimal digits between braces" },
      { "x = '\\u{80000000}'", "syntax 1:6: the escape is above '\\u{7FFFFFFF}'" },
      { "x = '\n", "syntax 1:5: the string is not closed on its line" },
      { "x = 'a\\\n\\q'", "syntax 2:1: '\\q' is no escape: write '\\\\' for a backslash" },
    }
  end)
end)

describe("what the language leaves out", function()
  it("is refused with what to write instead", function()
    check {
      { "x = 1 / 2", "left_out 1:7: '/' makes a float: write '//'" },
      { "x = 2 ^ 8", "left_out 1:7: '^' makes a float: multiply, or write '~' for exclusive or" },
      { "local f <close> = 1",
        "left_out 1:9: there is no <close>: a suspended call would hold it open" },
    }
  end)

  it("is the environment as a value, but not as a field", function()
    local env = "there is no '_ENV': globals are the names that the main chunk assigns"
    check {
      { "x = _ENV", "left_out 1:5: " .. env },
      { "_ENV.x = 1", "left_out 1:1: " .. env },
      { "local _ENV = {}", "left_out 1:7: " .. env },
      { "local function f(_ENV) end", "left_out 1:18: " .. env },
      { "function _ENV.f() end", "left_out 1:10: " .. env },
      { "for _G in x do end", "left_out 1:5: " .. env:gsub("_ENV", "_G") },
      { "t._ENV = { _G = t:_G() } goto _G ::_G::", "ok" },
    }
  end)
end)

describe("labels", function()
  it("are found where Lua finds them", function()
    check {
      { "goto a ::a::", "ok" },
      { "::a:: goto a", "ok" },
      { "do goto a end ::a::", "ok" },
      { "while x do if y then goto a end local z ::a:: end", "ok" },
      { "goto a; local x; ::a:: ; ; ::b::", "ok" },
      { "do ::a:: end do ::a:: end ::a::", "ok" },
      { "::a:: local function f() goto a ::a:: end goto a", "ok" },
      { "::a:: do local x goto a end", "ok" },
      { "do goto a; local x ::b:: ::a:: end ::c:: ::d:: goto c", "ok" },
      { "repeat if x then goto a end; local y; do goto a end ::b:: until y ::a::",
        "ok" },
      { "for i = 1, 2 do goto a; local x; ::a:: end", "ok" },
    }
  end)

  it("are not found elsewhere", function()
    check {
      { "goto a", "syntax 1:6: no label 'a' is visible here" },
      { "goto continue", "syntax 1:6: no label 'continue' is visible here: "
        .. "write '::continue::' at the end of the loop" },
      { "do ::a:: end goto a", "syntax 1:19: no label 'a' is visible here" },
      { "goto a do ::a:: end", "syntax 1:6: no label 'a' is visible here" },
      { "::a:: local function f() goto a end", "syntax 1:31: no label 'a' is visible here" },
      { "goto a\nlocal function f() ::a:: end", "syntax 1:6: no label 'a' is visible here" },
      { "goto b goto a", "syntax 1:6: no label 'b' is visible here" },
    }
  end)

  it("are not jumped to over the declaration of a local", function()
    check {
      { "goto a local b ::a:: print()",
        "syntax 1:6: goto 'a' jumps into the scope of local 'b' of line 1" },
      { "do goto a end\nlocal b, c\n::a:: print()",
        "syntax 1:9: goto 'a' jumps into the scope of local 'b' of line 2" },
      { "repeat goto c; local x; ::c:: until x",
        "syntax 1:13: goto 'c' jumps into the scope of local 'x' of line 1" },
      { "local z goto a local function f() end ::a:: ::b:: f()",
        "syntax 1:14: goto 'a' jumps into the scope of local 'f' of line 1" },
    }
  end)

  it("stand once where they are visible", function()
    check {
      { "::a::\n::a::", "syntax 2:1: label 'a' stands in line 1 already" },
      { "::a:: do ::a:: end", "syntax 1:10: label 'a' stands in line 1 already" },
      { "do ::a:: ; ::b:: ::a:: end", "syntax 1:18: label 'a' stands in line 1 already" },
    }
  end)

  it("and break need a loop of the same function", function()
    check {
      { "break", "syntax 1:1: 'break' is outside of a loop" },
      { "while x do local function f() break end end",
        "syntax 1:31: 'break' is outside of a loop" },
      { "repeat if x then break end until x break", "syntax 1:36: 'break' is outside of a loop" },
      { "for i in x do while x do end break; do break end end", "ok" },
    }
  end)
end)

describe("a local that is <const>", function()
  it("cannot be assigned to, from any function", function()
    check {
      { "local f <const> = 1\nf = 2", "syntax 2:1: cannot assign to 'f': it is <const> (line 1)" },
      { "local a, f <const> = 1\na, f = 2",
        "syntax 2:4: cannot assign to 'f': it is <const> (line 1)" },
      { "local f <const> = 1 function f() end",
        "syntax 1:30: cannot assign to 'f': it is <const> (line 1)" },
      { "local f <const> = 1 local function g() f = 1 end",
        "syntax 1:40: cannot assign to 'f': it is <const> (line 1)" },
      { "local f <const> = {} f.x = 1 local f f = 2", "ok" },
    }
  end)
end)

describe("the tree", function()
  local function tree(source, options)
    return parse(source, options or "--tree"):match '^ok %(function 0 "" %(%) %.%.%. %(%) ?(.*)%)'
  end

  it("binds operators as the manual says", function()
    for source, expected in pairs {
      ["a or b and c"] = "(or a (and b c))",
      ["a and b or c"] = "(or (and a b) c)",
      ["a or b or c"] = "(or (or a b) c)",
      ["a < b == c"] = "(== (< a b) c)",
      ["a == b < c"] = "(< (== a b) c)",
      ["a | b ~ c & d"] = "(| a (~ b (& c d)))",
      ["a & b ~ c | d"] = "(| (~ (& a b) c) d)",
      ["a & b << c .. d"] = "(& a (<< b (.. c d)))",
      ["a .. b .. c"] = "(.. a (.. b c))",
      ["a .. b + c"] = "(.. a (+ b c))",
      ["a << b >> c"] = "(>> (<< a b) c)",
      ["a + b - c"] = "(- (+ a b) c)",
      ["a + b * c"] = "(+ a (* b c))",
      ["a * b // c % d"] = "(% (// (* a b) c) d)",
      ["-a * b"] = "(* (neg a) b)",
      ["not a == b"] = "(== (not a) b)",
      ["- - ~#a.b"] = "(neg (neg (bnot (len (. a \"b\")))))",
      ["a ~= ~b"] = "(~= a (bnot b))",
      ["a >= b <= c > d"] = "(> (<= (>= a b) c) d)",
      ["(a + b) * c"] = "(* (paren (+ a b)) c)",
      ["2 - 1"] = "(- 2 1)",
      ["-9223372036854775807"] = "(neg 9223372036854775807)",
    } do
      assert.equal("(return " .. expected .. ")", tree("return " .. source), source)
    end
  end)

  it("holds indices, calls and tables", function()
    assert.equal([[(call (: (call (. (. a "b") c) d ...) m "s") (table))]],
      tree "a.b[c](d, ...):m 's' {}")
    assert.equal([[(assign (t) (table 1 (= "a" 2) (= b 3) (call f) (paren (call g))))]],
      tree "t = { 1, a = 2; [b] = 3, f(), (g()), }")
    assert.equal([[(call (paren f) (table (== a b)))]], tree "(f) { a == b }")
    assert.equal([[(call (call f "a") "b")]], tree "f [[a]]\n'b'")
  end)

  it("holds each statement", function()
    for source, expected in pairs {
      [";;; do ; end"] = "(do)",
      ["local a, b"] = "(local (a#0 b#1))",
      ["local a <const>, b = 1, f()"] = "(local (a#0 b#1) 1 (call f))",
      ["a, b.c, d[1] = 1, 2"] = '(assign (a (. b "c") (. d 1)) 1 2)',
      ["while a do f() break end"] = "(while a do (call f) (break))",
      ["repeat local x until x == 1"] = "(repeat (local (x#0)) until (== x#0 1))",
      ["if a then f() elseif b then else g() end"] = "(if (a (call f)) (b) (else (call g)))",
      ["if a then end"] = "(if (a))",
      ["for i = 1, 2 do f(i) end"] = "(for i#0 1 2 do (call f i#0))",
      ["for i = i, i, i do end"] = "(for i#0 i i i do)",
      ["for k, v in k, v do local k end"] = "(for (k#0 v#1) in k v do (local (k#2)))",
      ["return"] = "(return)",
      ["do return 1, 2; end"] = "(do (return 1 2))",
      ["do local a ::x:: goto x end"] = "(do (local (a#0)) (label x 1 used) (goto x 1))",
      ["local a\ndo local b goto x\n::x:: end"] =
        "(local (a#0)) (do (local (b#1)) (goto x 3) (label x 1 used))",
    } do
      assert.equal(expected, tree(source), source)
    end
  end)

  it("resolves a name to the local in scope there, else to a global", function()
    for source, expected in pairs {
      ["local a = a"] = "(local (a#0) a)",
      ["local a local a = a"] = "(local (a#0)) (local (a#1) a#0)",
      ["do local a end f(a)"] = "(do (local (a#0))) (call f a)",
      ["local a do local a f(a) end f(a)"] =
        "(local (a#0)) (do (local (a#1)) (call f a#1)) (call f a#0)",
      ["if x then local a else f(a) end"] = "(if (x (local (a#0))) (else (call f a)))",
      ["for i = 1, 2 do end f(i)"] = "(for i#0 1 2 do) (call f i)",
      ["local a, a = 1 f(a)"] = "(local (a#0 a#1) 1) (call f a#1)",
      ["local function f() f() end"] =
        '(local function f#0 (function 1 "f" () (f<#0) (call f^0)))',
      ["local f = function() f() end"] = '(local (f#0) (function 1 "f" () () (call f)))',
      ["function t:m(a) self(a) end"] =
        '(assign ((. t "m")) (function 1 "t.m" (self#0 a#1) () (call self#0 a#1)))',
      ["repeat local a until f(function() return a end)"] =
        '(repeat (local (a#0)) until (call f (function 1 "" () (a<#0) (return a^0))))',
    } do
      assert.equal(expected, tree(source), source)
    end
  end)

  it("leads captures through the functions between, in order of first mention", function()
    assert.equal('(local (a#0 b#1)) (local function f#2 (function 1 "f" (c#0) (b<#1 a<#0) '
      .. '(return (function 2 "" () (c<#0 b<^0 a<^1) (return c^0 b^1 a^2)) a^1)))',
      tree "local a, b local function f(c) return function() return c, b, a end, a end")
    assert.equal('(local (x#0)) (local (f#1) (function 1 "f" () (x<#0) (local (g#0) '
      .. '(function 2 "g" () (x<^0) (return (function 3 "" () (x<^0) (assign (x^0) 1)))))))',
      tree [[local x local f = function() local g = function()
        return function() x = 1 end end end]])
  end)

  it("knows which locals are captured, assigned, read and constant", function()
    for source, expected in pairs {
      ["local a, b <const> = 1, 2 a = b"] = "(local (a#0:a b#1:kr) 1 2) (assign (a#0) b#1)",
      ["local a a.x = 1"] = '(local (a#0:r)) (assign ((. a#0 "x")) 1)',
      ["local a a = a"] = "(local (a#0:ar)) (assign (a#0) a#0)",
      ["local a function f() a = 1 end"] =
        '(local (a#0:ca)) (assign (f) (function 1 "f" () (a<#0) (assign (a^0) 1)))',
      ["local a function a() end"] = '(local (a#0:a)) (assign (a#0) (function 1 "a" () ()))',
      ["local a function a.b() end"] =
        '(local (a#0:r)) (assign ((. a#0 "b")) (function 1 "a.b" () ()))',
      ["local a a()"] = "(local (a#0:r)) (call a#0)",
      ["local a (a)()"] = "(local (a#0:r)) (call (paren a#0))",
      ["for i, j in f do i = j end"] = "(for (i#0:a j#1:r) in f do (assign (i#0) j#1))",
      ["local a, b a, b = 1"] = "(local (a#0:a b#1:a)) (assign (a#0 b#1) 1)",
    } do
      assert.equal(expected, tree(source, "--flags"), source)
    end
  end)

  it("numbers functions by source order and names them by what they are assigned to", function()
    local names = {}
    local line = parse([==[
      local f, g = function() end, function() end
      function token.transfer() end
      function token . store --
        .get:all() return function() end end
      a, b.c["d"], e[1] = function() end, function() return function() end end, function() end
      local function h() end
      return { name = function() end, function() end, ["k"] = function() end, p = (function() end)
        }, function() local t = { inner = function() end } end
    ]==], "--tree")
    for number, name in line:gmatch '%(function (%d+) "([^"]*)"' do
      names[#names + 1] = number .. " " .. name
    end

    assert.same({
      "0 ", "1 f", "2 g", "3 token.transfer", "4 token.store.get.all", "5 ", "6 a", "7 b.c.d", "8 ",
      "9 ", "10 h", "11 name", "12 ", "13 ", "14 ", "15 ", "16 inner",
    }, names)
  end)

  it("lists the globals that statements of the main chunk assign", function()
    local source = [[
      a = 1
      function b() c = 1 end
      function d.e() end
      local f f = 1
      do local g g, h, a = 1 end
      if x then i.j = 1 elseif y then for k = 1, 2 do l = k end end
      return function() m = 1 end
    ]]

    assert.equal(" a b h l", parse(source, "--tree"):match "globals(.*)$")
  end)

  it("knows the places of statements and expressions", function()
    local places = tree("local a = b  + \n2 f(a-1)\n\tt.x:m's'\nt[1] = {-1}", "--places")

    assert.equal(table.concat({
      "1:1 (local (a#0) 1:14 (+ 1:11 b 2:1 2))",
      "2:3 2:4 (call 2:3 f 2:6 (- 2:5 a#0 2:7 1))",
      '3:2 3:7 (: 3:3 (. 3:2 t 3:4 "x") m 3:7 "s")',
      "4:1 (assign (4:2 (. 4:1 t 4:3 1)) 4:8 (table 4:9 (neg 4:10 1)))",
      "4:12 end",
    }, " "), places)
  end)

  it("knows where functions begin and end", function()
    assert.equal("1:1 (local function f#0 1:7 (function 1 \"f\" () () 1:20 end)) "
      .. "2:1 (assign (2:11 (. 2:10 a 2:12 \"b\")) 2:1 (function 2 \"a.b\" (self#0) () 3:2 end)) "
      .. "3:5 end",
      tree("local function f() end\nfunction a:b()\n end", "--places"))
  end)
end)

describe("the first line", function()
  it("may be for a shell, behind a byte order mark", function()
    check {
      { "#!/usr/bin/lua\nx = ?", "syntax 2:5: unexpected '?': write 'condition and this or that'" },
      { "\xef\xbb\xbf#!/usr/bin/lua\r\nx = ?",
        "syntax 2:5: unexpected '?': write 'condition and this or that'" },
      { "\xef\xbb\xbfx = 1", "ok" },
      { "#", "ok" },
      { "\xef\xbb\xbf", "ok" },
      { "", "ok" },
      { "\n#", "syntax 2:1: unexpected '#'" },
      { "\xef\xbbx = 1",
        "syntax 1:1: unexpected byte \\xEF: names are of ASCII letters, digits and '_'" },
    }
  end)
end)

describe("a line", function()
  it("ends as Lua says: two different break characters are one break", function()
    for breaks, line in pairs {
      ["\n"] = 2, ["\r"] = 2, ["\r\n"] = 2, ["\n\r"] = 2, ["\n\n"] = 3, ["\r\r"] = 3,
      ["\r\n\r"] = 3, ["\n\r\n"] = 3, ["\r\n\r\n"] = 3, ["--\r\n"] = 2, ["--[[\r\n]]\r"] = 3,
      ["x = '\\\r\n'"] = 2, ["x = '\\z\r\n\n'"] = 3, ["x = [[\n\r\r]]"] = 3,
    } do
      local expected = ("^syntax %d:%%d+: unexpected '@'$"):format(line)
      assert.matches(expected, (parse(breaks .. "@")), ("%q"):format(breaks))
    end
  end)
end)
