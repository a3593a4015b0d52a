-- Proofs: that a key has its value, that another has none, and that nothing else can be shown.
-- A proof needs the state root and no store.
local vmhost = require "vmhost"
local inspect, verify = vmhost.inspect, vmhost.state_storage.verify_proof

local chain <close> = assert(vmhost.fixture.new { history = "all" })
for amount = 1, 5 do
  chain:expect_success(chain:send("BenchmarkContract", "set", amount))
end

local present = assert(chain:proof("BenchmarkContract", "example-key"))
print(inspect.proof(present))
print("verified: " .. tostring(verify(present)))

local absent = assert(chain:proof("BenchmarkContract", "another key"))
print(inspect.proof(absent))
print("verified: " .. tostring(verify(absent)))

-- With history every past height can be proved, against the root it had.
local past = assert(chain:proof("BenchmarkContract", "example-key", 2))
print(inspect.proof(past))
print("verified: " .. tostring(verify(past)))

-- The proof of height 2 says nothing about the root of height 5.
past.root = present.root
local verified, message, code = verify(past)
print("against the last root: " .. tostring(verified))
print(code .. ": " .. message)
