local fixture = require "vmhost.fixture"

local TOKEN <const> = "VITE TOKEN"
local HOUR <const> = 3600

describe("examples/contracts/auction.lua", function()
  local chain, auction, alice, bob

  local function bid(account, amount)
    return chain:contract("auction", account, amount):bid()
  end

  local function balance(address)
    return tostring(chain:query("_Ledger", "getBalance", address, TOKEN))
  end

  before_each(function()
    local accounts = require "vmhost.fixture.call".new_accounts { "alice", "bob", "carol" }
    local issues = {}
    for _, name in ipairs { "alice", "bob", "carol" } do
      issues[#issues + 1] = { to = accounts[name].address, token = TOKEN, amount = 1000 }
    end
    chain = fixture.new { genesis = { issues = issues } }
    alice, bob = chain.accounts.alice.address, chain.accounts.bob.address
    assert(chain:deploy("list", "examples/contracts/allow_list.lua", alice, bob))
    auction = assert(chain:deploy("carol", "auction", "examples/contracts/auction.lua", "list",
      HOUR))
  end)

  after_each(function() chain:close() end)

  it("knows the highest bid and those before it", function()
    chain:expect_success(bid("alice", 10))
    chain:expect_success(bid("bob", 20))
    chain:expect_failure(bid("alice", 20), "a higher bid is there")

    local bidder, amount = auction:highest()
    assert.equal(bob, bidder)
    assert.equal("20", tostring(amount))
    local history = auction:history()
    assert.equal("10", tostring(history[1]))
    assert.equal("20", tostring(history[2]))
    assert.is_nil(history[3])
  end)

  it("is for those on the allow-list", function()
    local receipt = bid("carol", 50)

    chain:expect_failure(receipt, "not on the allow-list")
    assert.equal("1000", balance(chain.accounts.carol.address))
  end)

  it("gives back what was outbid, and the highest bid to the seller", function()
    bid("alice", 10)
    bid("bob", 20)
    chain:expect_success(chain:contract("auction", "alice"):withdraw())
    assert.equal("1000", balance(alice))
    chain:expect_failure(auction:close(), "the auction is not over")
    chain:advance(HOUR)

    chain:expect_success(auction:close())
    assert.equal("1020", balance(chain.accounts.carol.address))
    chain:expect_failure(auction:close(), "it is closed")
    chain:expect_failure(bid("alice", 30), "the auction is over")
  end)
end)
