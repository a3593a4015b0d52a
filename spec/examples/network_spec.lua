local run_example = require "spec.support.run_example"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("examples/network.lua", function()
  it("prints what the golden file holds", function()
    local output, status = run_example(nil, "examples/network.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/network.golden", output)
  end)

  it("prints the same from another folder", function()
    local output, status = run_example("/", "examples/network.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/network.golden", output)
  end)
end)
