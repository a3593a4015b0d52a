local lfs = require "lfs"
local command_line = require "spec.support.command_line"
local run_command = require "spec.support.run_command"

local function lua(source, ...)
  local place <close> = command_line.new { ["job.lua"] = source }
  return place:vmhost("lua", "job.lua", ...)
end

local TWICE <const> = [[
local base = 10
local function twice(n)
  return n * base
end
for i = 1, 1 do print(twice(i)) end
]]

describe("vmhost lua", function()
  it("runs a file in the contract machine and shows what it prints", function()
    local output, status = lua "print(7 // 2, uint256(1) << 64)"

    assert.equal("3\t18446744073709551616\n", output)
    assert.equal(0, status)
  end)

  it("tells what the file cost with --gas", function()
    local output, status = lua("local a = 1", "--gas")

    assert.equal("gas 21, memory 80 bytes\n", output)
    assert.equal(0, status)
  end)

  it("shows what the compiler refuses with the line and a caret", function()
    local output, status = lua "print(1)\nprint(1 / 2)"

    assert.equal("job.lua:2:9: '/' makes a float: write '//'\n"
      .. "    print(1 / 2)\n            ^\n", output)
    assert.equal(1, status)
  end)

  it("tells file and line of an error, and the functions it passed", function()
    local output, status = lua "local function f(t)\n  t.x = 1\nend\nlocal r = 1\nf(nil)"

    assert.equal("job.lua:2: attempt to index a nil value (local 't')\n"
      .. "    job.lua:2: in function 'f'\n" .. "    job.lua:5: in the main chunk\n", output)
    assert.equal(1, status)
  end)

  it("ends at the limit of gas", function()
    local output, status = lua("while true do end", "--limit", "1000")

    assert.matches("^job.lua:1: out of gas\n", output)
    assert.equal(1, status)
  end)

  it("refuses a limit that is no number", function()
    local output, status = lua("print(1)", "--limit", "much")

    assert.matches("'much'", output)
    assert.equal(2, status)
  end)

  it("shows how often each line ran with --coverage, and its gas with --profile", function()
    local source = "for i = 1, 2 do\n  local twice = i * 2\nend\nif false then\n  print(1)\nend\n"

    assert.equal("       3     1  for i = 1, 2 do\n       2     2    local twice = i * 2\n"
      .. "             3  end\n       1     4  if false then\n   never     5    print(1)\n"
      .. "             6  end\n3 of 4 lines ran\n", (lua(source, "--coverage")))
    assert.equal("          30  85.7%     1  for i = 1, 2 do\n"
      .. "           4  11.4%     2    local twice = i * 2\n"
      .. "                        3  end\n           1   2.8%     4  if false then\n"
      .. "                        5    print(1)\n                        6  end\ngas 35\n",
      (lua(source, "--profile")))
    assert.equal('{"lines":[{"line":1,"count":1,"gas":21}]}\n', (lua("local x = 1", "--profile",
      "--json")))
  end)

  it("stops at a line with --break, and evaluates what is typed", function()
    local place <close> = command_line.new { ["job.lua"] = TWICE,
      ["typed.txt"] = "n + 1, base\nup\ni\nwhere\nnext\nn = 2\n" }
    local output, status = run_command({ "sh", "-c", "env -u LUA_PATH -u LUA_CPATH "
      .. lfs.currentdir() .. "/scripts/bin/vmhost lua job.lua --break 3 < typed.txt" },
      place.folder.path)

    assert.equal([[
job.lua:3:   return n * base
    n = 1
    base = 10
(break) 2, 10
(break) job.lua:5: for i = 1, 1 do print(twice(i)) end
    i = 1
    twice = function
    base = 10
(break) 1
(break) job.lua:3: in function 'twice'
job.lua:5: in the main chunk
(break) ]] .. "10\n" .. [[
job.lua:5: for i = 1, 1 do print(twice(i)) end
    twice = function
    base = 10
(break) unexpected '=': 'return' is the last statement of a block
(break) ]], output)
    assert.equal(0, status)
  end)
end)
