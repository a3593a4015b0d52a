local command_line = require "spec.support.command_line"

local function check(source, ...)
  local place <close> = command_line.new { ["token.lua"] = source }
  return place:vmhost("check", "token.lua", ...)
end

local WRONG <const> = "local half = 1 / 2\nif half != 0 then print(half) end\n"
local DOUBTFUL <const> = "local function f(to) pirnt(to) end\nreturn f\n"

describe("vmhost check", function()
  it("finds nothing in a good contract", function()
    local output, status = check "return 1 // 2"

    assert.equal("nothing found\n", output)
    assert.equal(0, status)
  end)

  it("shows all that is refused, with the lines, carets, and what to write instead", function()
    local output, status = check(WRONG)

    assert.equal([[
token.lua:1:16: '/' makes a float: write '//'
    local half = 1 / 2
                   ^
token.lua:2:9: '!=' is not in Lua: write '~='
    if half != 0 then print(half) end
            ^
2 refusals
]], output)
    assert.equal(1, status)
  end)

  it("warns, and succeeds all the same", function()
    local output, status = check(DOUBTFUL)

    assert.equal([[
token.lua:1:22: warning: there is no global 'pirnt': 'print' may be meant
    local function f(to) pirnt(to) end
                         ^
1 warning
]], output)
    assert.equal(0, status)
  end)

  it("fails for warnings with --strict", function()
    local _, status = check(DOUBTFUL, "--strict")

    assert.equal(1, status)
  end)

  it("prints an object for each with --json", function()
    local output, status = check(WRONG, "--json")

    assert.equal('{"file":"token.lua","kind":"refusal","line":1,"column":16,'
      .. '"text":"\'/\' makes a float","hint":"write \'//\'"}\n'
      .. '{"file":"token.lua","kind":"refusal","line":2,"column":9,'
      .. '"text":"\'!=\' is not in Lua","hint":"write \'~=\'"}\n', output)
    assert.equal(1, status)
  end)

  it("checks several files", function()
    local place <close> = command_line.new { ["a.lua"] = "local x", ["b.lua"] = "y = 1.5" }
    local output, status = place:vmhost("check", "a.lua", "b.lua")

    assert.matches("^a.lua:1:7: warning.*\nb.lua:1:5: '1.5'.*\n1 refusal, 1 warning\n$", output)
    assert.equal(1, status)
  end)

  it("tells of a file that is not there", function()
    local place <close> = command_line.new()
    local output, status = place:vmhost("check", "none.lua")

    assert.matches("none.lua", output)
    assert.equal(1, status)
  end)
end)
