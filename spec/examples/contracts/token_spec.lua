local fixture = require "vmhost.fixture"

describe("examples/contracts/token.lua", function()
  local chain, token, alice, bob, carol

  before_each(function()
    chain = fixture.new {}
    token = assert(chain:deploy("alice", "token", "examples/contracts/token.lua", 1000))
    alice, bob = chain.accounts.alice.address, chain.accounts.bob.address
    carol = chain.accounts.carol.address
  end)

  after_each(function() chain:close() end)

  it("gives the supply to who deploys it", function()
    assert.equal("1000", tostring(token:totalSupply()))
    assert.equal("1000", tostring(token:balanceOf(alice)))
  end)

  it("moves an amount and tells of it", function()
    local receipt = chain:expect_success(token:transfer(bob, 300))

    assert.equal("700", tostring(token:balanceOf(alice)))
    assert.equal("300", tostring(token:balanceOf(bob)))
    local event = receipt.output_events_array[1]
    assert.equal("token", event.contract_name)
    assert.equal("Transfer", event.event_name)
    assert.equal(bob, event.output_argument_array[2].value)
    assert.equal("300", tostring(event.output_argument_array[3].value))
  end)

  it("moves nothing that is not there", function()
    chain:expect_failure(token:transfer(bob, 1001), "balance of 1000 is less than 1001")

    assert.equal("1000", tostring(token:balanceOf(alice)))
    assert.equal("0", tostring(token:balanceOf(bob)))
  end)

  it("lets another spend what was allowed, and no more", function()
    chain:expect_success(token:approve(bob, 100))
    local by_bob = chain:contract("token", "bob")

    chain:expect_success(by_bob:transferFrom(alice, carol, 60))
    assert.equal("40", tostring(token:allowance(alice, bob)))
    chain:expect_failure(by_bob:transferFrom(alice, carol, 41), "not allowed to spend so much")
    assert.equal("60", tostring(token:balanceOf(carol)))
  end)

  it("costs less than 5,000 gas a transfer", function()
    chain:expect_success(token:transfer(bob, 1))

    assert.is_true(token:transfer(bob, 1).gas_used < 5000)
  end)
end)
