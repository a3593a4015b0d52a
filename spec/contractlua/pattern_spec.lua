local contract_lua = require "spec.support.contract_lua"
local eval, run = contract_lua.eval, contract_lua.run

describe("string.find", function()
  it("gives where a match begins and ends, and its captures", function()
    assert.equal("good 2 4", eval "('abcde'):find('bcd')")
    assert.equal("good 3 5 3 6", eval "('abcde'):find('()cde()')")
    assert.equal([[good 1 5 "ab" "de"]], eval "('abcde'):find('(..)c(.+)')")
    assert.equal("good nil", eval "('abcde'):find('x')")
  end)

  it("begins where it is told, behind the end never", function()
    assert.equal("good 4 nil 1 1", eval
      "('abcabc'):find('a', 2), ('abc'):find('a', 2), ('abc'):find('a', -10)")
    assert.equal("good 4 3", eval "('abc'):find('', 4)")
    assert.equal("good nil", eval "('abc'):find('', 5)")
    assert.equal("good nil", eval "('abc'):find('', 5, true)")
    assert.equal("good 4 3", eval "('abc'):find('', 4, true)")
    assert.equal("good 1 0", eval "(''):find('')")
    assert.equal("good 3 3", eval "('a.b'):find('b', -1)")
  end)

  it("anchors at where it begins", function()
    assert.equal("good 3 4", eval "('abab'):find('^ab', 3)")
    assert.equal("good nil", eval "('abab'):find('^ba')")
    assert.equal("good 2 2", eval "('a^b'):find('[%^]')")
    assert.equal("good 2 3", eval "('a^b'):find('^b', 2, true)")
    assert.equal("good 1 2", eval "('b^'):find('b^')")
    assert.equal("good 2 2", eval "('a$'):find('$', 1, true)")
  end)

  it("takes a plain text as it is", function()
    assert.equal("good 2 3", eval "('a.+b'):find('.+', 1, true)")
    assert.equal("good nil", eval "('aaa'):find('.+', 1, true)")
    assert.equal("good 3 4", eval [[("a\0b\0c"):find("b\0", 1, true)]])
    assert.equal("good 2 2", eval "string.find(123, 2)")
  end)
end)

describe("string.match", function()
  it("gives captures, or all of it", function()
    assert.equal([[good "abc"]], eval "('  abc '):match('%a+')")
    assert.equal([[good "key" "value"]], eval "('key = value'):match('^(%w+)%s*=%s*(%w+)$')")
    assert.equal([[good "" 1 4]],
      eval "('abc'):match('^'), ('abc'):match('()'), ('abc'):match('()$')")
    assert.equal("good nil", eval "('abc'):match('%d')")
  end)

  it("repeats as often as it can, or as seldom", function()
    assert.equal([[good "<a><b>" "<a>" "" "aab" "ab" "b"]], eval
      [[("<a><b>"):match("<.*>"), ("<a><b>"):match("<.->"), ("abc"):match("x*"),
        ("aab"):match("a+b"), ("ab"):match("a?b"), ("b"):match("a?b")]])
    assert.equal([[good "aaa" "aaaab" "a" "" "aaab"]], eval
      [[("aaaa"):match("^(a*)a$"), ("aaaab"):match(".-b$"), ("a"):match("^a-$"),
        ("aaa"):match("a-"), ("aaab"):match("^a-b$")]])
  end)

  it("knows classes of ASCII, and their opposites", function()
    local all = {}
    for class in ("acdglpsuwx"):gmatch "." do
      all[#all + 1] = ("#(bytes:gsub('%%%s', '')), #(bytes:gsub('%%%s', ''))"):format(class,
        class:upper())
    end
    local counts = { 52, 33, 10, 94, 26, 32, 6, 26, 62, 22 }
    local expected = { "good" }
    for _, count in ipairs(counts) do
      expected[#expected + 1] = ("%d %d"):format(256 - count, count)
    end

    assert.equal(table.concat(expected, " "), eval(table.concat(all, ", "), [[
      local bytes = {}
      for byte = 0, 255 do bytes[byte + 1] = string.char(byte) end
      bytes = table.concat(bytes)]]))
  end)

  it("reads sets: ranges, classes, their complement, brackets and dashes at the edges", function()
    assert.equal([=[good "bcd" "a-b" "x]y" "]" "abc" "12" "a" "z-" "%"]=], eval
      [=[("abcde"):match("[b-d]+"), ("a-b"):match("[a%-b]+"), ("x]y"):match("[]xy]+"),
        ("a]"):match("[]]"), ("abc1"):match("[^%d]+"), ("ab12"):match("[%d]+"),
        ("]a"):match("[^]]"), ("z-"):match("[a-z-]+"), ("%"):match("[%%]")]=])
    assert.equal([[good nil "b" "-"]], eval
      [=[("b"):match("[c-a]"), ("ab"):match("[%a-z]", 2), ("-"):match("[%a-z]")]=])
    assert.equal([[good "\0" nil]],
      eval [=[("a\0"):match("[\0-\1]"), ("a"):match("[^\0-\255]")]=])
  end)

  it("matches balanced texts, frontiers, and captures again", function()
    assert.equal([[good "(a(b)c)" "THE" nil]], eval
      [=[("x(a(b)c)d)"):match("%b()"), ("1 THE (quick) fox"):match("%f[%a]%a+%f[%A]"),
        ("((a)"):match("^%b()")]=])
    assert.equal("good 1 0", eval "('abc'):find('%f[%a]')")
    assert.equal("good 5 5", eval "('abc d'):find('%f[%a]d')")
    assert.equal("good 4 3", eval "('abc'):find('%f[^%a]')")
    assert.equal([[good "a=a" nil nil]], eval
      "('b=a=a'):match('(%w)=%1') and 'a=a', ('b=a'):match('(%w)=%1'), ('abc'):match('()%1')")
  end)

  it("captures 32 times, and no more", function()
    assert.equal("good 32", eval "select('#', ('x'):match(('()'):rep(32)))")
    assert.equal([[error "too many captures"]], eval "('x'):match(('()'):rep(33))")
  end)
end)

describe("a malformed pattern", function()
  it("is told when a match comes that far", function()
    for pattern, message in pairs {
      ["[a"] = "malformed pattern (missing ']')",
      ["["] = "malformed pattern (missing ']')",
      ["[^"] = "malformed pattern (missing ']')",
      ["[]"] = "malformed pattern (missing ']')",
      ["[^]"] = "malformed pattern (missing ']')",
      ["[%"] = "malformed pattern (missing ']')",
      ["[a-"] = "malformed pattern (missing ']')",
      ["[a%]"] = "malformed pattern (missing ']')",
      ["%"] = "malformed pattern (ends with '%')",
      ["%b"] = "malformed pattern (missing arguments to '%b')",
      ["%bx"] = "malformed pattern (missing arguments to '%b')",
      ["%f"] = "missing '[' after '%f' in pattern",
      ["%fa"] = "missing '[' after '%f' in pattern",
      ["%f[a"] = "malformed pattern (missing ']')",
      [".)"] = "invalid pattern capture",
      ["%1"] = "invalid capture index %1",
      ["%0"] = "invalid capture index %0",
      ["(%1)"] = "invalid capture index %1",
      ["(a)%2"] = "invalid capture index %2",
      ["(a"] = "unfinished capture",
    } do
      assert.equal(("error %q"):format(message), eval(("('a'):match(%q)"):format(pattern)), pattern)
    end
    assert.equal("good nil nil", eval "('b'):match('a['), ('b'):match('a%')")
  end)

  it("may have 10,000 items", function()
    assert.equal("good 1 5000", eval "('a'):rep(5000):find(('a?'):rep(10000))")
    assert.equal([[error "pattern too complex"]], eval "(''):find(('a?'):rep(10001))")
  end)
end)

describe("string.gmatch", function()
  it("goes from match to match, empty ones too", function()
    local each = [[
      local function each(...)
        local found = {}
        for a, b in string.gmatch(...) do
          found[#found + 1] = literal(a) .. (b and ":" .. b or "")
        end
        return table.concat(found, " ")
      end]]

    assert.equal([[good "\"one\" \"two\""]], eval("each('one, two', '%a+')", each))
    assert.equal([[good "\"a\":1 \"b\":2"]], eval("each('a=1, b=2', '(%w+)=(%w+)')", each))
    assert.equal([[good "1 2 3 4"]], eval("each('abc', '()')", each))
    assert.equal([[good "\"a\" \"\" \"b\""]], eval("each('a,,b', '%a*')", each))
    assert.equal([[good "\"bc\""]], eval("each('abc', '.*', 2)", each))
    assert.equal([[good ""]], eval("each('abc', '.*', 5)", each))
    assert.equal([[good "\"c\""]], eval("each('abc', '%a', -1)", each))
  end)

  it("takes ^ for a character", function()
    assert.equal("good nil 2", eval "(('aa'):gmatch('^a')()), ('x^a'):gmatch('()^a')()")
  end)

  it("gives nothing behind its last match, each time", function()
    assert.equal("good 0 0", eval("select('#', nxt()), select('#', nxt())",
      "local nxt = ('a'):gmatch('b')"))
  end)
end)

describe("string.gsub", function()
  it("replaces by a text with captures", function()
    assert.equal([[good "xbxb" 2]], eval "('abab'):gsub('a', 'x')")
    assert.equal([[good "<a>b<a>b" 2]], eval "('abab'):gsub('a', '<%0>')")
    assert.equal([[good "b-a d-c" 2]], eval "('a-b c-d'):gsub('(%w)-(%w)', '%2-%1')")
    assert.equal([[good "100%" 1]], eval "('x'):gsub('x', '100%%')")
    assert.equal([[good "1a2b3" 3]], eval "('ab'):gsub('()', '%1')")
    assert.equal([[good "7b7" 2]], eval "('aba'):gsub('a', 7)")
    assert.equal([[good "aa" 1]], eval "('a'):gsub('a', '%1%1')")
  end)

  it("replaces no more often than it is told, and at an anchor once", function()
    assert.equal([[good "xaa" 1]], eval "('aaa'):gsub('a', 'x', 1)")
    assert.equal([[good "aaa" 0]], eval "('aaa'):gsub('a', 'x', 0)")
    assert.equal([[good "aaa" 0]], eval "('aaa'):gsub('a', 'x', -1)")
    assert.equal([[good "xaa" 1]], eval "('aaa'):gsub('^a', 'x')")
    assert.equal([[good "xaa" 1]], eval "('aaa'):gsub('^a', function() return 'x' end)")
  end)

  it("replaces empty matches between characters, and none behind a match", function()
    assert.equal([[good "-a-b-" 3]], eval "('ab'):gsub('', '-')")
    assert.equal([[good "-b-" 2]], eval "('ab'):gsub('a*', '-')")
    assert.equal([[good "-" 1]], eval "(''):gsub('', '-')")
  end)

  it("asks a function, which may decline", function()
    assert.equal([[good "AbC" 3]], eval
      "('abc'):gsub('%a', function(c) if c ~= 'b' then return c:upper() end end)")
    assert.equal([[good "b=a d=c" 2]], eval
      "('a=b c=d'):gsub('(%w)=(%w)', function(k, v) return v .. '=' .. k end)")
    assert.equal([[good "ab" 2]], eval "('ab'):gsub('.', function() return false end)")
    assert.equal([[good "12" 2]], eval "('ab'):gsub('().', function(at) return at end)")
    assert.equal([[good "AB" 2]], eval "('ab'):gsub('.', string.upper)")
    assert.equal([[good "115" 1]], eval "('a'):gsub('a', function() return uint256(115) end)")
  end)

  it("asks a table, by __index too", function()
    assert.equal([[good "xb" 2]], eval "('ab'):gsub('.', { a = 'x', b = false })")
    assert.equal([[good "<a><b>" 2]], eval [[("ab"):gsub(".", setmetatable({},
      { __index = function(_, key) return "<" .. key .. ">" end }))]])
    assert.equal([[good "xy" 2]], eval
      "('ab'):gsub('.', setmetatable({ a = 'x' }, { __index = { b = 'y' } }))")
    assert.equal([[good "onetwo" 2]], eval "('ab'):gsub('().', { 'one', 'two' })")
  end)

  it("runs gsub in a callback, and goes on where it was", function()
    assert.equal([[good "[A][B]" 2]], eval [[("ab"):gsub(".", function(c)
      return (c:gsub(".", function(d) return "[" .. d:upper() .. "]" end)) end)]])
  end)

  it("tells what is wrong with a replacement", function()
    assert.equal([[error "invalid capture index %2 in replacement string"]],
      eval "('a'):gsub('a', '%2')")
    assert.equal([[error "invalid use of '%' in replacement string"]],
      eval "('a'):gsub('a', '%x')")
    assert.equal([[error "invalid use of '%' in replacement string"]], eval "('a'):gsub('a', '%')")
    assert.equal([[error "invalid replacement value (a table)"]],
      eval "('a'):gsub('a', function() return {} end)")
    assert.equal([[error "invalid replacement value (a boolean)"]],
      eval "('a'):gsub('a', { a = true })")
    assert.equal(
      [[error "bad argument #3 to 'gsub' (string/function/table expected, got nil)"]],
      eval "('a'):gsub('a', nil)")
    assert.equal("error 7", eval "('a'):gsub('a', function() error(7) end)")
  end)

  it("lets no yield out of a callback", function()
    assert.equal([[error "attempt to yield across a callback"]], eval [[coroutine.wrap(function()
      return ("a"):gsub("a", function() coroutine.yield(1) end)
    end)()]])
    assert.equal([[good "x" 1]], eval [[("a"):gsub("a", function()
      return coroutine.wrap(function() coroutine.yield("x") end)() end)]])
  end)
end)

describe("the gas of a search", function()
  -- What a body costs beside an empty one.
  local function gas(body, prelude)
    local _, with = run((prelude or "") .. " " .. body)
    local _, without = run(prelude or "")
    assert(with.ok, with.error)
    return with.gas_used - without.gas_used
  end

  it("ends a hopeless one", function()
    local _, outcome = run("return (('a'):rep(100000)):find((('.-'):rep(20)) .. 'b')",
      { gas_limit = 5000000 })

    assert.equal("gas", outcome.stop)
    assert.equal(5000000, outcome.gas_used)
  end)

  it("is what there has to be, and no more", function()
    for _, source in ipairs {
      "return ('hello world'):find('o w')", "return ('aaaa'):find('a-b')",
      "return ('hello'):find('l', 1, true)", "return ('hello'):find('xyz', 1, true)",
      "return ('key = value'):match('^(%w+)%s*=%s*(%w+)$')", "return ('((x)'):find('%b()')",
      "return ('abc'):gsub('%w', '%0%0')", "return ('aXb'):find('%f[%u]')",
      "return ('abab'):find('(a.)%1$')", "return ('x'):rep(100):find('x*y')",
    } do
      local _, outcome = run(source)
      local _, enough = run(source, { gas_limit = outcome.gas_used })
      local _, less = run(source, { gas_limit = outcome.gas_used - 1 })

      assert.is_true(enough.ok, source)
      assert.equal(outcome.gas_used, enough.gas_used)
      assert.equal("gas", less.stop, source)
    end
  end)

  it("grows with the steps of a pattern", function()
    local empty = "local s = ('a'):rep(0)"

    assert.equal(2 * 1000, gas("s:find('^.*')", "local s = ('a'):rep(1000)")
      - gas("s:find('^.*')", empty))
    -- At each position the repetition, what follows it, and that it takes no character.
    assert.equal(2 * 3000, gas("s:find('a-b')", "local s = ('c'):rep(1000)")
      - gas("s:find('a-b')", empty))
  end)

  it("pays three quarters for a byte that a plain find passes", function()
    local empty = "local s = ('a'):rep(0)"

    assert.equal(750, gas("s:find('b', 1, true)", "local s = ('a'):rep(1000)")
      - gas("s:find('b', 1, true)", empty))
    assert.equal(gas("s:find('b', 1, true)", "local s = ('a'):rep(99) .. 'b'"),
      gas("s:find('b', 1, true)", "local s = ('a'):rep(99) .. ('b'):rep(1000)"))
  end)
end)
