local assembler = require "vmhost.assembler"
local fixture = require "vmhost.fixture"
local wrong_use = require "vmhost.wrong_use"

-- The line of the function's body, and what it raises.
local function raised_by(wrong)
  local _, message = pcall(wrong)
  return debug.getinfo(wrong, "S").linedefined + 1, message
end

local function at(line, text)
  return ("spec/vmhost/wrong_use_spec.lua:%d: %s"):format(line, text)
end

describe("wrong use", function()
  it("is told at the line of the script that calls a module", function()
    local line, message = raised_by(function()
      assembler.assemble("STOP", { fyle = "a.vasm" })
    end)

    assert.equal(at(line, "assembler.assemble: unknown option 'fyle'; known: file, header"),
      message)
  end)

  it("is told at that line however deep it is found out", function()
    local line, message = raised_by(function()
      fixture.new { contracts = { Counter = { add = 5 } } }
    end)

    assert.equal(at(line, "scripted contract 'Counter': 'add' must be a function"), message)
  end)

  it("is told at that line also where pcall calls the module", function()
    local chain <close> = fixture.new()

    local line, message = raised_by(function()
      error((select(2, pcall(chain.send, chain, "BenchmarkToken"))), 0)
    end)

    assert.equal(at(line, "fixture: a call is [account,] contract, method, arguments..."), message)
  end)
end)

describe("wrong_use.check", function()
  it("names what is checked, the type and the value", function()
    for text, value in pairs { ["3"] = 3, ["'a'"] = "a", ["true"] = true, ["table"] = {} } do
      assert.error_matches(function() wrong_use.check("draw: colour", value, "function") end,
        "draw: colour: function expected, got " .. text .. "$")
    end
  end)

  it("cuts a long text, and shows control bytes as escapes", function()
    assert.error_matches(function() wrong_use.check("draw: colour", ("x"):rep(81), "table") end,
      "got '" .. ("x"):rep(80) .. "...'", 1, true)
    assert.error_matches(function() wrong_use.check("draw: colour", "\27[31m", "table") end,
      "got '\\x1b[31m'", 1, true)
  end)
end)
