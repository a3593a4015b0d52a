local vmhost = require "vmhost"

local chain <close> = assert(vmhost.fixture.new { accounts = { "alice", "bob" } })
local bob = chain.accounts.bob.address
local token = chain:contract("BenchmarkToken", "alice")

print(vmhost.inspect.receipt(token:transfer(17, bob)))
print("bob owns " .. token:getBalance(bob))
print("state root " .. vmhost.inspect.hash(chain.storage:state_hash()))
print("proved: " .. tostring(vmhost.state_storage.verify_proof(chain:proof("BenchmarkToken", bob))))
