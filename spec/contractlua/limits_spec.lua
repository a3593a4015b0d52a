-- What the parser bounds, and what it does with sources that are made to hurt.
local parse_sources = require "spec.support.parse_sources"

local LARGEST <const> = 1024 * 1024
local NESTED <const> = "nested more than 200 levels deep"

local function parse(source, options) return parse_sources({ source }, options)[1] end

local function places_left(line) return (line:gsub(" %d+:%d+:", "")) end

-- `at_most` of `unit` are taken, one more is refused.
local function check_limit(at_most, build, refusal)
  local lines = parse_sources { build(at_most), build(at_most + 1) }
  assert.equal("ok", lines[1])
  assert.equal("limit " .. refusal, places_left(lines[2]))
end

describe("nesting", function()
  it("of blocks is at most 200", function()
    check_limit(200, function(n) return ("do "):rep(n) .. ("end "):rep(n) end, NESTED)
    check_limit(200, function(n)
      return ("repeat "):rep(n - 1) .. "f() " .. ("until x "):rep(n - 1)
    end, NESTED)
  end)

  it("of expressions is at most 200, the statement included", function()
    for open, close in pairs {
      ["("] = ")", ["{"] = "}", ["not "] = "", ["f("] = ")", ["a["] = "]",
    } do
      check_limit(198, function(n) return "x = " .. open:rep(n) .. "x" .. close:rep(n) end, NESTED)
    end
    check_limit(199, function(n) return "x = a" .. (" .. a"):rep(n - 1) end,
      NESTED .. ": write table.concat")
  end)

  it("of functions counts statement and expression", function()
    check_limit(200, function(n) return ("function f() "):rep(n) .. ("end "):rep(n) end, NESTED)
    check_limit(100, function(n)
      return ("return function() "):rep(n) .. ("end "):rep(n)
    end, NESTED)
  end)

  it("of chains and arms is not bounded", function()
    local count = 20000
    for _, source in ipairs {
      "x = a" .. (" + a"):rep(count),
      "x = a" .. (" and a or a < a"):rep(count),
      "x = a" .. (".b[c]"):rep(count),
      "a" .. ("(b)"):rep(count),
      "a" .. (":b{}"):rep(count),
      "if a then " .. ("elseif a then "):rep(count) .. "end",
      ("a, "):rep(count) .. "a = 1",
      "x = { " .. ("a, "):rep(count) .. "}",
    } do
      assert.equal("ok", parse(source), source:sub(1, 40))
    end
  end)
end)

describe("names", function()
  local function list(format, count)
    local names = {}
    for index = 1, count do names[index] = format:format(index) end
    return table.concat(names, ", ")
  end

  it("of locals in scope are at most 200 in a function", function()
    for source, at_most in pairs {
      ["local %s"] = 200, ["local y do local %s end"] = 199, ["function f(%s) end"] = 200,
      ["function t:f(%s) end"] = 199, ["for %s in f do end"] = 200,
    } do
      check_limit(at_most, function(n) return source:format(list("x%d", n)) end,
        "more than 200 locals in scope: put some into 'do ... end'")
    end
    assert.equal("ok", parse(("do local a end "):rep(1000)))
    assert.equal("ok", parse(("local %s local function f(%s) local %s end"):format(list("x%d", 199),
      list("x%d", 100), list("x%d", 100))))
  end)

  it("of outer locals are at most 255 in a function", function()
    check_limit(255, function(n)
      local outer, inner = list("x%d", 130), list("y%d", n - 130)
      local source = "local %s local function f() local %s local function g() return %s, %s end end"
      return source:format(outer, inner, outer, inner)
    end, "the function of line 1 names more than 255 outer locals")
  end)

  it("of outer locals are bounded in all functions together", function()
    local unit = "local %s " .. ("function f() "):rep(150) .. "return %s end "
      .. ("end "):rep(149)
    local source = ("do " .. unit .. " end "):format(list("x%d", 199), list("x%d", 199)):rep(10)

    assert.equal("limit the functions of this source name more than 262144 outer locals",
      places_left(parse(source)))
  end)
end)

describe("a source", function()
  it("has at most 1 MiB", function()
    check_limit(LARGEST, function(n) return "x = 1" .. (" "):rep(n - 5) end,
      "the source has 1048577 bytes, more than 1048576")
  end)

  it("is parsed in time that grows with its size, whatever it holds", function()
    -- A source of almost 1 MiB: `unit` again and again, %d counting, between two ends.
    local function fill(unit, before, after)
      local room = LARGEST - #(before or "") - #(after or "")
      local body = unit:rep(room // (#unit + (unit:find "%%d" and 6 or 0)))
      local count = 0
      body = body:gsub("%%d", function() count = count + 1 return tostring(count) end)
      return (before or "") .. body .. (after or "")
    end
    local names = {}
    for index = 1, 199 do names[index] = "x" .. index end
    local many = table.concat(names, ",")
    local sources = {
      fill "a()", fill "a{}", fill ";", fill "--\n", fill "a=-a ", fill "do local a end ",
      fill("a,", "f(", "a)"), fill("+a", "x=a"), fill(" and a", "x=a"), fill(".a", "x=a"),
      fill("a%d,", "f(", "a)"), fill("abcdefghijk%d,", "f(", "a)"), fill "a%d=1 ",
      fill("a", "", "()"), fill "::a%d::", fill("goto a ", "", "::a::"),
      fill("goto a%d ", "do end "), fill("goto a ", ("do "):rep(199), ("end "):rep(199) .. "::a::"),
      fill("break ", "while a do " .. ("do "):rep(190), ("end "):rep(191)),
      fill(("do local %s end "):format(many)), fill "function a()end ",
      fill(("do local %s function f() return %s end end "):format(many, many)),
      fill("function f()a=b end ", "local a,b "),
      fill("\\n", 'x="', '"'), fill('"\\n",', "f(", "1)"),
      fill("\\u{7fffffff}", 'x="', '"'), fill("a", 'x="', '"'), fill("]=", "x=[==[", "]==]"),
      fill("\r", "x=[[", "]]"), fill("\n", "--[[", "]]"), fill("f", "x=0x"), fill("0", "x="),
      fill("9", "x="), fill("0", "x=1."), fill("1,", "x={", "}"), fill("a=1,", "x={", "}"),
      fill("elseif a then ", "if a then ", "end"), fill("a,", "", "a=1"),
      fill("x=a" .. ("..a"):rep(190) .. " "),
      fill("x=" .. ("("):rep(190) .. "a" .. (")"):rep(190) .. " "),
      fill(("do "):rep(199) .. ("end "):rep(199)), fill(" "), fill "[=", fill "x='\\",
      fill("a.", "", "b=function()end"), fill(("a."):rep(1000) .. "b=function()end "),
    }

    -- One that is quadratic in any of these takes a hundred times as long.
    for index, line in ipairs(parse_sources(sources, "--time")) do
      local ms = tonumber(line:match "([%d.]+) ms$")
      assert(not line:find "^limit the source")
      assert(ms < 2000, ("%s... took %d ms"):format(sources[index]:sub(1, 60), ms // 1))
    end
  end)
end)

describe("an allocation that fails", function()
  it("is told, wherever it is", function()
    local file <close> = assert(io.open("spec/contractlua/luac_spec.lua", "rb"))
    local source = file:read "a":gsub("<close>", "<const>")
    local sources = {
      "", "x = 1", "x = @", "x = 'a\\n'", "goto a ::a:: local x function f() return x end",
      source, source .. " goto", ("a%d = { 'b\\n', function() return c end } "):rep(3000),
      "goto l local a ::l::" .. ("do local x function f() x = 1 end end "):rep(2000),
    }

    for index, line in ipairs(parse_sources(sources, "--memory")) do
      assert.matches(" %d+ allocations$", line, sources[index]:sub(1, 60))
    end
  end)
end)

describe("a refusal", function()
  local function format(source)
    local path = os.tmpname()
    local file <close> = assert(io.open(path, "wb"))
    file:write(source)
    file:close()
    local check = (os.getenv "VMHOST_BUILD" or "build") .. "/c/parse"
    local pipe <close> = assert(io.popen(check .. " --format " .. path))
    local text = pipe:read "a"
    os.remove(path)
    return text
  end

  it("is shown with its line and a mark below the place", function()
    assert.equal([[
source.lua:2:21: '/' makes a float: write '//'
     local half = total / 2
                        ^
]], format "local total = 3\n\tlocal half = total / 2\nreturn half")
  end)

  it("is shown at the end of a source, of a line, and of no line", function()
    local text = "expected an expression before end of source\n"
    assert.equal("source.lua:1:5: " .. text .. "    x = \n        ^\n", format "x = ")
    assert.equal("source.lua:2:1: " .. text .. "    \n    ^\n", format "x =\r\n")
    assert.equal("source.lua:3:1: expected an expression before 'end'\n    end\n    ^\n",
      format "\rx =\n\rend\rx = 1")
  end)

  it("cuts a long line around the place", function()
    local before, after = ("x = 1 "):rep(30), (" x = 2"):rep(30)
    assert.equal("source.lua:1:181: unexpected '@'\n    ..."
      .. before:sub(-50) .. "@" .. after:sub(1, 29) .. "...\n" .. (" "):rep(4 + 3 + 50) .. "^\n",
      format(before .. "@" .. after))
    assert.equal("source.lua:1:1: unexpected '@'\n    @" .. after:sub(1, 79) .. "...\n    ^\n",
      format("@" .. after))
    assert.equal("source.lua:1:181: unexpected '@'\n    ..." .. before:sub(-50) .. "@\n"
      .. (" "):rep(4 + 3 + 50) .. "^\n", format(before .. "@"))
  end)

  it("shows what cannot be printed as question marks", function()
    assert.equal("source.lua:1:9: unexpected '@'\n    x = '??'@\n            ^\n",
      format "x = '\xc3\xa9'@")
    assert.equal("source.lua:1:7: unexpected ''a?[31m'' (the '{' of line 1 is not closed)\n"
      .. "    x = {1'a?[31m' 1\n          ^\n", format "x = {1'a\27[31m' 1")
  end)
end)
