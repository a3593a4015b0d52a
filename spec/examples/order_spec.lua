local run_example = require "spec.support.run_example"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("examples/order.lua", function()
  it("prints what the golden file holds", function()
    local output, status = run_example(nil, "examples/order.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/order.golden", output)
  end)

  it("prints the same from another folder", function()
    local output, status = run_example("/", "examples/order.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/order.golden", output)
  end)
end)
