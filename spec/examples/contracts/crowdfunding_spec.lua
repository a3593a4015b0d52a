local fixture = require "vmhost.fixture"

local TOKEN <const> = "VITE TOKEN"
local DAY <const> = 24 * 3600

describe("examples/contracts/crowdfunding.lua", function()
  local chain, funding, carol

  local function pledge(account, amount)
    return chain:contract("funding", account, amount):pledge()
  end

  local function balance(address)
    return tostring(chain:query("_Ledger", "getBalance", address, TOKEN))
  end

  before_each(function()
    local accounts = require "vmhost.fixture.call".new_accounts { "alice", "bob" }
    chain = fixture.new { genesis = { issues = {
      { to = accounts.alice.address, token = TOKEN, amount = 1000 },
      { to = accounts.bob.address, token = TOKEN, amount = 1000 },
    } } }
    carol = chain.accounts.carol.address
    funding = assert(chain:deploy("funding", "examples/contracts/crowdfunding.lua", carol, 500,
      DAY))
  end)

  after_each(function() chain:close() end)

  it("keeps what is pledged", function()
    chain:expect_success(pledge("alice", 200))
    chain:expect_success(pledge("bob", 100))
    chain:expect_success(pledge("alice", 50))

    local raised, backers, is_over = funding:status()
    assert.equal("350", tostring(raised))
    assert.equal(2, backers)
    assert.is_false(is_over)
    assert.equal("250", tostring(funding:pledge_of(chain.accounts.alice.address)))
    assert.equal("750", balance(chain.accounts.alice.address))
  end)

  it("pays out once the time is over and the goal reached, and once only", function()
    pledge("alice", 300)
    pledge("bob", 200)
    chain:expect_failure(funding:pay_out(), "the funding is not over")
    chain:advance(DAY)

    chain:expect_success(funding:pay_out())
    assert.equal("500", balance(carol))
    chain:expect_failure(funding:pay_out(), "all was paid out")
    chain:expect_failure(funding:refund(), "the goal was reached")
  end)

  it("gives each backer his own back where the goal was missed", function()
    pledge("alice", 300)
    pledge("bob", 100)
    chain:advance(DAY)

    chain:expect_failure(funding:pay_out(), "the goal was not reached")
    chain:expect_success(funding:refund())
    assert.equal("1000", balance(chain.accounts.alice.address))
    chain:expect_failure(funding:refund(), "nothing was pledged")
    chain:expect_success(chain:contract("funding", "bob"):refund())
    assert.equal("1000", balance(chain.accounts.bob.address))
  end)

  it("takes no pledge without value, nor after its time", function()
    chain:expect_failure(funding:pledge(), "a pledge needs a value")
    chain:advance(DAY)

    chain:expect_failure(pledge("bob", 10), "the funding is over")
    assert.equal("1000", balance(chain.accounts.bob.address))
  end)
end)
