assert(_VERSION == "Lua 5.4")
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local function run_specs(folder)
  return run_command { "busted", folder.path }
end

local function last_line(output)
  return output:match "([^\n]*)\n$"
end

describe("the report of the specs", function()
  it("ends with the counts and nothing else when all pass", function()
    local specs <close> = temporary_folder {
      ["a_spec.lua"] = "it('adds', function() assert.equal(2, 1 + 1) end)\n",
    }

    local output, status = run_specs(specs)

    assert.equal("1 passed, 0 failed, 0 skipped", last_line(output))
    assert.equal(0, status)
    assert.falsy(output:find "FAILED")
  end)

  it("shows where and why a spec failed, and fails", function()
    local specs <close> = temporary_folder {
      ["a_spec.lua"] = "describe('sum', function()\n"
        .. "  it('adds', function() assert.equal(3, 1 + 1) end)\nend)\n",
    }

    local output, status = run_specs(specs)

    assert.equal("0 passed, 1 failed, 0 skipped", last_line(output))
    assert.equal(1, status)
    assert.truthy(output:find("FAILED " .. specs.path .. "/a_spec.lua:2: sum adds\n", 1, true))
    assert.truthy(output:find("Expected objects to be equal.", 1, true))
  end)

  it("counts an error in a spec, in a set-up and of a file that does not load as failed", function()
    local specs <close> = temporary_folder {
      ["a_spec.lua"] = "it('stops', function() error 'broken' end)\n",
      ["b_spec.lua"] = "setup(function() error 'no set-up' end)\nit('runs', function() end)\n",
      ["c_spec.lua"] = "it('is no Lua\n",
    }

    local output, status = run_specs(specs)

    assert.equal("0 passed, 3 failed, 0 skipped", last_line(output))
    assert.equal(1, status)
  end)

  it("gives the reason of each skipped spec", function()
    local specs <close> = temporary_folder {
      ["a_spec.lua"] = "it('reads', function() pending 'no vectors here' end)\n",
    }

    local output, status = run_specs(specs)

    assert.equal("0 passed, 0 failed, 1 skipped", last_line(output))
    assert.equal(0, status)
    assert.truthy(output:find "skipped: [^\n]*: reads: [^\n]*no vectors here\n")
  end)

  it("fails when there is no spec to run", function()
    local specs <close> = temporary_folder()

    local output, status = run_specs(specs)

    assert.equal("0 passed, 1 failed, 0 skipped", last_line(output))
    assert.equal(1, status)
  end)
end)
