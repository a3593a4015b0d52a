local fixture = require "vmhost.fixture"

describe("examples/contracts/counter.lua", function()
  local chain, counter

  before_each(function()
    chain = fixture.new {}
    counter = assert(chain:deploy("counter", "examples/contracts/counter.lua"))
  end)

  after_each(function() chain:close() end)

  it("begins at zero", function()
    assert.equal(0, counter:get())
  end)

  it("adds, and gives what it has then", function()
    counter:add(5)
    local receipt = chain:expect_success(counter:add(7))

    assert.same({ { type = "uint64", value = 12 } }, receipt.output_argument_array)
    assert.equal(12, counter:get())
  end)

  it("counts up to 2^64 - 1 and no further", function()
    chain:expect_success(counter:add("18446744073709551615"))

    chain:expect_failure(counter:add(1), "uint64 overflow in 'add'")
  end)
end)
