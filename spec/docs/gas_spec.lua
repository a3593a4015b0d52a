local run_command = require "spec.support.run_command"

describe("docs/gas.md", function()
  it("has the prices that the machine is made of", function()
    local file <close> = assert(io.open("docs/gas.md", "rb"))

    assert.equal(run_command { "lua5.4", "tools/write_gas.lua" }, file:read "a")
  end)
end)
