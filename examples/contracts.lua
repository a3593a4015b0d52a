-- Contracts in Lua: a token and a crowdfunding, deployed, called, and called wrongly.
-- Run by `make run`, or `vmhost run examples/contracts.lua`. The sources are in contracts/. All
-- keys and times are fixed, so it prints the same text each time.
local vmhost = require "vmhost"
local fixture, inspect = vmhost.fixture, vmhost.inspect

local TOKEN <const> = "VITE TOKEN"
local DAY <const> = 24 * 3600

local folder = arg[0]:match "^(.*)/" or "."

local function source(name) return ("%s/contracts/%s.lua"):format(folder, name) end

local function show(chain, what, receipt)
  local run = chain:run_of(receipt)
  print("\n" .. what)
  print((inspect.receipt(receipt, run and run.record):gsub("[^\n]+", "  %0")))
end

-- Who owns what of the chain's own token, from the start.
local accounts <const> = { "alice", "bob", "carol" }
local function issues()
  local list = {}
  for _, name in ipairs(accounts) do
    local key = vmhost.crypto.ed25519.public_key(
      vmhost.crypto.sha256("vmhost fixture account " .. name))
    list[#list + 1] = { to = vmhost.crypto.address_of_client(key), token = TOKEN, amount = 1000 }
  end
  return list
end

local chain <close> = assert(fixture.new { accounts = accounts, genesis = { issues = issues() } })
local bob, carol = chain.accounts.bob.address, chain.accounts.carol.address

local token, deployed = chain:deploy("token", source "token", 1000000)
assert(token, deployed)
print(("token: deployed for %d gas"):format(deployed.gas_used))
show(chain, "alice sends 250 to bob", token:transfer(bob, 250))
print(("\nbob has %s of %s"):format(token:balanceOf(bob), token:totalSupply()))
show(chain, "bob sends more than he has", chain:contract("token", "bob"):transfer(carol, 251))

local funding = assert(chain:deploy("funding", source "crowdfunding", carol, 500, DAY))
show(chain, "alice pledges 300", chain:contract("funding", "alice", 300):pledge())
show(chain, "bob pledges 250", chain:contract("funding", "bob", 250):pledge())
show(chain, "carol is in a hurry", chain:contract("funding", "carol"):pay_out())
chain:advance(DAY)
show(chain, "a day later", chain:contract("funding", "carol"):pay_out())
local raised, backers = funding:status()
print(("\n%s raised from %d backers; carol has %s"):format(raised, backers,
  chain:query("_Ledger", "getBalance", carol, TOKEN)))
print("state root " .. inspect.hash(chain.storage:state_hash()))
