-- Seams from Lua: contracts made of Lua functions, a processor made of one function, a cross-chain
-- connector and a tracer. This is how tests stand in for what they do not want to run.
local vmhost = require "vmhost"
local inspect = vmhost.inspect

-- A scripted contract: a table of functions.
local VAULT = {
  put = function(sdk, amount)
    if amount == 0 then sdk.fail "nothing to put" end
    local key = sdk.address.signer()
    sdk.state.write_uint64(key, sdk.state.read_uint64(key) + amount)
    sdk.events.emit("Put", { bytes20 = key }, amount)
  end,
  put_or_not = function(sdk, amount)
    local stored, failure = pcall(sdk.service.call, "Vault", "put", { amount })
    return stored and "stored" or "not stored: " .. tostring(failure)
  end,
  block_of_ethereum = function(sdk) return sdk.ethereum.call "getBlockNumber" end,
}

-- A processor by hand, for services of type LUA: it answers every method with its name.
local echo = {
  process_call = function(call)
    return { call_result = "SUCCESS",
      output_arguments = { call.contract_name .. "." .. call.method_name } }
  end,
}

print "The genesis deploys the vault, seen by the tracer"
local chain <close> = assert(vmhost.fixture.new {
  contracts = { Vault = VAULT },
  processors = { LUA = echo },
  connector = { call = function(call)
    if call.method_name == "getBlockNumber" then return { 1234567 } end
    return nil, "this connector knows no " .. call.method_name
  end },
  trace = {
    state_write = function(contract, key, value)
      print(("  write %s %s = %s"):format(contract, inspect.bytes(key), inspect.state_value(value)))
    end,
  },
})

print "A call"
print(inspect.receipt(chain:send("alice", "Vault", "put", 5)))
print "A nested call that fails and is caught"
print(inspect.receipt(chain:send("alice", "Vault", "put_or_not", 0)))
print "The connector"
print(chain:query("Vault", "block_of_ethereum"))
print "The processor by hand"
chain:expect_success(chain:deploy("Parrot", "no code that matters", "LUA"))
print(chain:query("Parrot", "hello"))
