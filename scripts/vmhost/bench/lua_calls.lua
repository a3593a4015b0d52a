--- What a call of a contract in Lua takes beyond the same call of a native contract: both read two
-- keys and write two, without signatures, in sets that are run in turns and not committed.
-- @module vmhost.bench.lua_calls
local bench = require "vmhost.bench"
local fixture = require "vmhost.fixture"

local lua_calls = {}

local CALLS <const> = 1000

local SOURCE <const> = [[
local mover, state = sdk.contract {
  state = { from = "uint64", to = "uint64" },
  move = "external write (amount uint64)",
}
function mover.move(amount)
  state.from = state.from + amount
  state.to = state.to + amount
end
return mover
]]

local function make_set(chain, ...)
  local set = {}
  for index = 1, CALLS do set[index] = chain:transaction(...) end
  return set
end

-- Of this process: a difference is too small for a clock that others' work moves.
local function clock() return os.clock() * 1e9 end

-- Nanoseconds of one call in a set, and whether all of them went well.
local function timed(chain, set)
  local last = chain.storage:last_committed_block_info()
  local block = { height = last.height + 1, timestamp = chain:now() + 1, signed_transactions = set,
    block_proposer = ("\0"):rep(20), reference_time = last.reference_time,
    prev_reference_time = last.reference_time }
  collectgarbage()
  local start = clock()
  local out = assert(chain.host:process_transaction_set(block))
  local time = (clock() - start) / CALLS
  for _, receipt in ipairs(out.receipts) do
    if receipt.execution_result ~= "SUCCESS" then return time, false end
  end
  return time, true
end

--- Measures it.
-- @tparam integer rounds
-- @treturn table as a suite reports: ns beyond the native call, ratio of both
function lua_calls.measure(rounds)
  local chain <close> = assert(fixture.new {})
  chain:expect_success(chain:deploy("mover", { SOURCE }))
  local bob = chain.accounts.bob.address
  chain:expect_success(chain:send("BenchmarkToken", "transfer", 1, bob))
  local ours = make_set(chain, "mover", "move", { uint64 = 3 })
  local theirs = make_set(chain, "BenchmarkToken", "transfer", 1, bob)
  local beyond, ratios, ok = {}, {}, true
  for round = 1, rounds do
    local our_time, our_ok = timed(chain, ours)
    local their_time, their_ok = timed(chain, theirs)
    beyond[round], ratios[round] = our_time - their_time, our_time / their_time
    ok = ok and our_ok and their_ok
  end
  return { name = "call beyond a native one", ok = ok, ns = bench.median(beyond) // 1,
    ratio = bench.median(ratios), peer = "native contract" }
end

return lua_calls
