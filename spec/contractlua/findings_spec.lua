local contract = require "vmhost.contract"
local new_random = require "spec.support.random"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local ROUNDS <const> = os.getenv "VMHOST_SOAK" and 20000 or 300

-- "2:5 text: hint" of each.
local function findings(source, kind)
  local list = {}
  for _, finding in ipairs(assert(contract.findings("token.lua", source))) do
    if finding.kind == (kind or finding.kind) then
      list[#list + 1] = ("%d:%d %s%s"):format(finding.line, finding.column, finding.text,
        finding.hint and ": " .. finding.hint or "")
    end
  end
  return list
end

describe("vmhost.contract.findings", function()
  it("finds nothing in a good source", function()
    assert.same({}, findings "local function f(n) return n // 2 end return f")
  end)

  it("gives each part of a finding, and all of it as a user reads it", function()
    assert.same({ { kind = "refusal", line = 2, column = 12, text = "'/' makes a float",
      hint = "write '//'", excerpt = "      return 1 / 2\n               ^",
      shown = "token.lua:2:12: '/' makes a float: write '//'\n      return 1 / 2\n               ^",
    } }, contract.findings("token.lua", "-- half\n  return 1 / 2"))
    assert.equal("token.lua:1:7: warning: local 'x' is never used\n    local x\n          ^",
      contract.findings("token.lua", "local x")[1].shown)
  end)

  it("takes sdk for a global", function()
    assert.same({}, findings "return sdk.caller()")
  end)
end)

describe("a source with several faults", function()
  it("is read on behind what has no meaning here", function()
    assert.same({
      "1:13 '/' makes a float: write '//'",
      "2:13 '^' makes a float: multiply, or write '~' for exclusive or",
      "3:9 there is no <close>: a suspended call would hold it open",
      "3:19 '1.5' is a float: there are only integers",
      "4:1 there is no '_ENV': globals are the names that the main chunk assigns",
      "6:1 cannot assign to 'c': it is <const> (line 5)",
      "7:1 'break' is outside of a loop",
      "8:6 no label 'on' is visible here",
    }, findings([[
local a = 4 / 2
local b = 2 ^ a
local d <close> = 1.5
_ENV.x = 3
local c <const> = b
c = d
break
goto on]], "refusal"))
  end)

  it("takes '//' for the begin of a comment, unless it may be part of a text", function()
    assert.same({ "1:14 this is no statement: a comment begins with '--'" },
      findings "x = 1 // set the user")
    assert.same({ "1:24 'enb' is no statement: 'end' may be meant" },
      findings "do x = f('//', 'a//b') enb")
  end)

  it("tells what to write for habits of other languages", function()
    assert.same({
      "1:6 '!=' is not in Lua: write '~='",
      "1:11 '&&' is not in Lua: write 'and'",
      "1:14 '!' is not in Lua: write 'not'",
      "1:19 '||' is not in Lua: write 'or'",
      "2:3 '+=' is not in Lua: write 'x = x + value'",
      "3:2 '++' is not in Lua: write 'x = x + 1'",
      "4:1 'let' is not in Lua: write 'local'",
      "5:22 'continue' is not in Lua: write 'goto continue', and '::continue::' at the end of the "
        .. "loop",
      "6:5 unexpected 'q': a local is declared by 'local', without a type",
      "7:13 this is no statement: a comment begins with '--'",
      "9:4 unexpected '=': assign by '=' alone",
      "10:8 expected an expression before '=': '===' is not in Lua, write '=='",
      "11:7 expected an expression before '>': '<>' is not in Lua, write '~='",
      "12:7 unexpected '?': write 'condition and this or that'",
      "13:6 expected 'then' before '=': compare by '=='",
      "14:1 'def' is not in Lua: write 'function'",
      "15:3 'retrun' is no statement: 'return' may be meant",
    }, findings [[
if a != b && !(c) || d then x = 1 end
x += 1
x++
let y = 2
while x do if y then continue end end
int q = 4
x = 1 // is one

x := 3
if x === 1 then x = 2 end
if x <> 1 then x = 2 end
x = a ? b : c
if x = 1 then x = 2 end
def f(x)
  retrun x
end
x = 4]])
  end)

  it("reads on behind blocks in braces", function()
    assert.same({
      "1:15 unexpected '{': a body ends with 'end', it has no braces",
      "5:15 expected 'then' before '{': a block ends with 'end', it has no braces",
      "10:13 '1.5' is a float: there are only integers",
    }, findings [[
function f(x) {
  var y = x;
  return y;
}
if x + 1 == 2 {
  y();
} else {
  z();
}
local one = 1.5
return one]])
  end)

  it("is read on behind the head of a block, up to its end", function()
    assert.same({
      "2:3 expected 'then' before 'x'",
      "4:11 expected ',' before 'to'",
      "5:7 '3y' is no numeral",
    }, findings [[
if x == 1
  x = 2
end
for i = 1 to 10 do
  x = 3y
end
for i in pairs(x) do x = i end
while x do x = nil end]])
  end)

  it("says the same thing once", function()
    assert.same({
      "1:9 unexpected ')' (the '{' of line 1 is not closed)",
      "3:7 the string is not closed on its line",
      "6:5 unexpected '*': an expression alone is no statement",
    }, findings [[
f({ a, b)
x = 1
print("abc)
x = 2
y = { 1, 2 }
x.y * z ) ) ( end
x = 3]])
  end)

  it("tells by the indentation which block is not closed", function()
    assert.same({ "8:1 unexpected end of source (the 'function' of line 1 is not closed): by its "
      .. "indentation the 'end' of line 4 is not of the 'if' of line 2" },
      findings "function a(x)\n  if x then\n    x()\nend\nfunction b()\n  return 1\nend\n")
    assert.same({ "7:1 unexpected 'end': by its indentation the 'end' of line 5 is not of the "
      .. "'function' of line 1" },
      findings "function a(x)\n  if x then\n    x()\n  end\n  end\n  x = 2\nend\n")
    assert.same({ "8:1 unexpected end of source (the 'function' of line 1 is not closed): the "
      .. "'else if' of line 4 needs an 'end' more, or write 'elseif'" },
      findings "function f(x)\n  if x then\n    x()\n  else if y then\n    y()\n  end\nend\n")
  end)

  it("is read to its end, whatever it holds", function()
    for _, unit in ipairs { "end ", "end\n", "a b ", "a b\n", "( ", "{ ", "function f( ",
      "if a then\n", "a%d = { 'b' } ", "else if a then ", "else if a then\n", 'x = "\n', "/* a */ ",
      "x = 1 // a b ", "? ", "@ ", "goto x ", "::x:: ", "f(x y\n", "do x y end ", "do ) end\n",
      "repeat ", "for i = 1\n", "a.", "a:b ", "\x80", "&& ", "} else { ", "f {", "x = {\n",
      "IF x\n", "funtion (\n", "local function\n", "nobody()\n" } do
      assert.is_true(#findings(unit:rep(100000 // #unit)) > 0, unit)
    end
  end)

  it("is told of up to a hundred", function()
    assert.equal(100, #findings(("x = 1.5\n"):rep(101)))
  end)
end)

describe("a warning", function()
  it("tells of globals that nobody assigns, with what may be meant", function()
    assert.same({
      "2:10 there is no global 'totl' (2 times): 'total' may be meant",
      "3:3 there is no global 'pirnt': 'print' may be meant",
      "3:9 there is no global 'null': write 'nil'",
      "3:15 there is no global 'os': a contract sees no clock and no system",
      "4:3 there is no global 'count' to assign: write 'local', or assign it in the main chunk "
        .. "first",
      "5:10 there is no global 'who': the local of line 7 is not in scope here",
      "5:15 there is no global 'nobody': the main chunk assigns none of that name",
    }, findings [[
function add()
  totl = totl + 1
  pirnt(null, os)
  count = 1
  return who, nobody
end
do local who = total print(who) end
total = 1]])
  end)

  it("tells of locals that nobody reads", function()
    assert.same({
      "1:7 local 'unused' is never used",
      "2:7 local 'never' is assigned, but never read",
      "4:16 local function 'helper' is never used",
    }, findings [[
local unused = 1
local never
never = 2
local function helper() end
local _ignored = 3
for i = 1, 2 do print(1) end
local ok, value = pcall(print)
print(value)
function f(parameter) end
local token, state, emit = sdk.contract { }
return token]])
  end)

  it("tells of statements that are never reached", function()
    assert.same({ "1:25 this is never reached", "3:1 this is never reached",
      "6:1 this is never reached" }, findings [[
while x do do break end print(x) end
do goto on end
print(2)
::on::
if x then return 1 else return 2 end
x = 1]])
  end)

  it("tells of methods without types or function, and of what is declared wrongly", function()
    local list = findings [[
local token, state, emit = sdk.contract {
  state = { total = "uint256", owners = "map(bytes20)" },
  events = { Good = "", Paid = "amount float" },
  forgotten = "external read ()",
  pay = "public write (to bytes20)",
  good = "external read () uint64",
}
function token.pay(to) end
function token.helper() end
token.good = function() return 1 end
token.constant = 3
return token]]

    assert.equal("2:41 the declaration of 'owners' cannot be read: ',' expected before ')'",
      list[1])
    assert.matches("^3:32 the declaration of 'Paid' cannot be read: .*float", list[2])
    assert.equal("4:3 method 'forgotten' is declared, but has no function", list[3])
    assert.matches("^5:9 the declaration of 'pay' cannot be read: .*public", list[4])
    assert.equal("9:16 method 'helper' has no types: declare it in sdk.contract, or make it a "
      .. "local function", list[5])
    assert.equal(5, #list)
  end)

  it("says nothing of methods where only running it tells their names", function()
    assert.same({}, findings [[
local token = sdk.contract { twice = "external read ()", ["x" .. 1] = "external read ()" }
function token.other() end
return token]])
  end)

  it("waits until the syntax is right", function()
    assert.same({ "2:3 '+=' is not in Lua: write 'x = x + value'" }, findings "local x\ny += 1")
  end)
end)

-- Sources that somebody broke: words and symbols left out, doubled, put elsewhere.
local function break_source(source, random)
  local words = {}
  for word in source:gmatch "%s*[%w_]+%s*" do words[#words + 1] = word end
  for _ = 1, random(4) do
    local at = random(#source)
    local size = random(random(2) == 1 and 2 or 30)
    local kind = random(4)
    local middle = kind == 1 and "" or kind == 2 and words[random(#words)]
      or kind == 3 and ("\"'{}()[]=+-!?/*\n,;:.%~<>"):sub(at % 24 + 1, at % 24 + 1)
      or source:sub(at, at + size) .. source:sub(at, at + size)
    source = source:sub(1, at - 1) .. middle .. source:sub(at + (kind == 1 and size or 0))
  end
  return source
end

describe("any source that somebody broke", function()
  it("is refused by the check where the compiler refuses it, for that, too", function()
    local random = new_random(SEED)
    local source = assert(require "vmhost.file".read "spec/contractlua/findings_spec.lua")
      :gsub(" <const>", "")
    local refused = 0

    for _ = 1, ROUNDS do
      local broken = break_source(source, random)
      local good, first = contract.check("x", broken)
      local shown = {}
      for _, finding in ipairs(assert(contract.findings("x", broken))) do
        if finding.kind == "refusal" then shown[#shown + 1] = finding.shown end
      end

      refused = refused + (good and 0 or 1)
      if good then
        assert.same({}, shown, ("seed %d: %s"):format(SEED, broken))
      else
        assert.truthy(("\n" .. table.concat(shown, "\n") .. "\n"):find("\n" .. first .. "\n", 1,
          true), ("seed %d: %s\n%s"):format(SEED, first, broken))
      end
    end
    print(("findings: seed %d, %d of %d broken sources refused"):format(SEED, refused, ROUNDS))
  end)
end)
