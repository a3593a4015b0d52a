local fixture = require "vmhost.fixture"

describe("examples/contracts/allow_list.lua", function()
  local chain, list, alice, bob, carol

  before_each(function()
    chain = fixture.new {}
    alice, bob = chain.accounts.alice.address, chain.accounts.bob.address
    carol = chain.accounts.carol.address
    list = assert(chain:deploy("alice", "list", "examples/contracts/allow_list.lua", alice, bob))
  end)

  after_each(function() chain:close() end)

  it("begins with those that it was deployed with", function()
    assert.is_true(list:is_member(alice))
    assert.is_true(list:is_member(bob))
    assert.is_false(list:is_member(carol))
    assert.equal("founder", list:note_of(bob))
  end)

  it("lists its members, the newest first", function()
    list:add("friend", carol)

    assert.same({ carol, bob, alice }, list:members())
  end)

  it("forgets a member, and keeps the others", function()
    chain:expect_success(list:remove(alice))

    assert.same({ bob }, list:members())
    assert.is_false(list:is_member(alice))
    chain:expect_failure(list:remove(alice), "no member")
  end)

  it("obeys its owner alone", function()
    chain:expect_failure(chain:contract("list", "bob"):add("me", carol),
      "only the owner may do this")
  end)

  it("says why a query fails", function()
    local value, message = list:note_of(carol)

    assert.is_nil(value)
    assert.equal("no member", message)
  end)
end)
