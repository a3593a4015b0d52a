local command_line = require "spec.support.command_line"

local function lua(source, ...)
  local place <close> = command_line.new { ["job.lua"] = source }
  return place:vmhost("lua", "job.lua", ...)
end

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
end)
