local lfs = require "lfs"
local command_line = require "spec.support.command_line"

local GOOD = [[{"cases":[{"name":"a","input":"abcdef","expected_text":"0xABCdEf"}]}]]
local BAD = [[{"cases":[{"name":"a","input":"abcdef","expected_text":"0xABCdEe"}]}]]

describe("vmhost conformance", function()
  it("passes all vectors of the checkout, from any folder", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("conformance", "orbs",
      lfs.currentdir() .. "/spec/vectors/orbs")

    assert.equal("179 passed, 0 failed\n", output)
    assert.equal(0, status)
  end)

  it("finds the vectors itself when none are named", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("conformance", "orbs")

    assert.equal("179 passed, 0 failed\n", output)
    assert.equal(0, status)
  end)

  it("prints each failing case with expected and actual, and exits 1", function()
    local place <close> = command_line.new { ["good.json"] = GOOD, ["bad.json"] = BAD }

    local output, status = place:vmhost("conformance", "orbs", "good.json", "bad.json")

    assert.equal('FAILED bad.json: a\n  expected_text\n    expected  "0xABCdEe"\n'
      .. '    actual    "0xABCdEf"\n1 passed, 1 failed\n', output)
    assert.equal(1, status)
  end)

  it("prints the same as JSON", function()
    local place <close> = command_line.new { ["bad.json"] = BAD }

    local output, status = place:vmhost("conformance", "orbs", "bad.json", "--json")

    assert.equal('{"file":"bad.json","case":"a","mismatches":[{"path":"expected_text",'
      .. '"expected":"\\"0xABCdEe\\"","actual":"\\"0xABCdEf\\""}]}\n{"passed":0,"failed":1}\n',
      output)
    assert.equal(1, status)
  end)

  it("counts a file that is not there as failed", function()
    local place <close> = command_line.new { ["good.json"] = GOOD }

    local output, status = place:vmhost("conformance", "orbs", "none.json", "good.json")

    assert.equal("FAILED none.json\n  No such file or directory\n1 passed, 1 failed\n", output)
    assert.equal(1, status)
  end)

  for suite, fault in pairs {
    orb = "unknown suite 'orb' (there is: orbs, vite, async)",
  } do
    it("exits 2 for the suite " .. suite, function()
      local place <close> = command_line.new()

      local output, status = place:vmhost("conformance", suite)

      assert.equal("vmhost conformance: " .. fault .. "\n", output)
      assert.equal(2, status)
    end)
  end

  it("exits 2 where a folder holds no vectors", function()
    local place <close> = command_line.new { ["empty/readme"] = "" }

    local output, status = place:vmhost("conformance", "orbs", "empty")

    assert.equal("vmhost conformance: no vector files are found: name them, or their folder in "
      .. "VMHOST_VECTORS\n", output)
    assert.equal(2, status)
  end)
end)
