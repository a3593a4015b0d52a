local command_line = require "spec.support.command_line"
local compiled_file = require "vmhost.compiled_file"
local solppc = require "vmhost.solppc"

local SOURCE <const> = "// SPDX-License-Identifier: MIT\npragma soliditypp >=0.8.0;\n"
  .. "contract Counter { uint public count; function add() external { count += 1; } }\n"

describe("vmhost compile", function()
  it("names a folder in place of the source", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("compile", ".")

    assert.equal("vmhost compile: cannot read .: Is a directory\n", output)
    assert.equal(1, status)
  end)

  it("takes a number of runs", function()
    local place <close> = command_line.new { ["a.solpp"] = "" }

    local output, status = place:vmhost("compile", "a.solpp", "--runs", "many")

    assert.equal("vmhost compile: 'many': not an integer from 0 to 2^63 - 1 "
      .. "(see vmhost compile --help)\n", output)
    assert.equal(2, status)
  end)

  if not solppc.version() then
    it("writes what it compiles", function()
      return pending "the Solidity++ compiler is not there: npm install @vite/solppc"
    end)
    return
  end

  -- What runs in another folder finds the compiler by the same path.
  it("writes a compiled JSON file", function()
    local place <close> = command_line.new { ["counter.solpp"] = SOURCE }
    local compiled = assert(solppc.compile(SOURCE, { file = "counter.solpp" }))

    local output, status = place:vmhost("compile", "counter.solpp", "-o", "counter.json")

    assert.equal(0, status, output)
    assert.truthy(output:find "^Counter +%d+ bytes\n$", output)
    local written = assert(compiled_file.read(place.folder.path .. "/counter.json"))
    assert.equal(compiled.contracts.Counter.runtime, written.contracts.Counter.runtime)
    assert.equal(compiled.compilerVersion, written.compilerVersion)
  end)

  it("prints the JSON without a file to write", function()
    local place <close> = command_line.new { ["counter.solpp"] = SOURCE }

    local output = place:vmhost("compile", "counter.solpp")

    assert.truthy(output:find '^{\n  "compilerVersion":')
  end)

  it("shows the compiler's message for a wrong source", function()
    local place <close> = command_line.new { ["bad.solpp"] = "pragma soliditypp >=0.8.0;\nx" }

    local output, status = place:vmhost("compile", "bad.solpp")

    assert.truthy(output:find("bad.solpp:2:1", 1, true), output)
    assert.equal(1, status)
  end)

  it("says that a file is not there", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("compile", "none.solpp")

    assert.equal("vmhost compile: none.solpp: No such file or directory\n", output)
    assert.equal(1, status)
  end)
end)
