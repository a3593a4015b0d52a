local command_line = require "spec.support.command_line"

local function run(script, ...)
  local place <close> = command_line.new { ["job.lua"] = script }
  return place:vmhost("run", "job.lua", ...)
end

describe("vmhost run", function()
  it("runs a script with vmhost at hand", function()
    -- FIPS 180-4: SHA-256 of "abc" begins with ba7816bf.
    local output, status = run [[
      local crypto = require "vmhost".crypto
      print(crypto.hex(crypto.sha256 "abc"):sub(1, 8))
    ]]

    assert.equal("ba7816bf\n", output)
    assert.equal(0, status)
  end)

  it("hands all words behind the script to it", function()
    local output, status = run("print(arg[0], #arg, arg[1], arg[2], ...)", "one", "--json", "-h")

    assert.equal("job.lua\t3\tone\t--json\tone\t--json\t-h\n", output)
    assert.equal(0, status)
  end)

  it("tells file and line of an error in one line", function()
    local output, status = run "print 'before'\nlocal t = nil\nt.x = 1"

    assert.equal("before\nvmhost run: job.lua:3: attempt to index a nil value (local 't')\n",
      output)
    assert.equal(1, status)
  end)

  it("tells file and line of a syntax error", function()
    local output, status = run "x = = 1"

    assert.equal("vmhost run: job.lua:1: unexpected symbol near '='\n", output)
    assert.equal(1, status)
  end)

  it("names a script that is not there", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("run", "none.lua")

    assert.equal("vmhost run: cannot open none.lua: No such file or directory\n", output)
    assert.equal(1, status)
  end)
end)
