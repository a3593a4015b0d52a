--- What waiting costs: an await beside a plain transaction, and whether many of them stay linear.
-- Sets are processed and committed in memory; nothing is signed.
-- @module vmhost.bench.async
local assembler = require "vmhost.assembler"
local bench = require "vmhost.bench"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"

local async = { summary = "awaits beside plain transactions, and how they grow" }

local CALLS <const> = 300
local LESS <const>, MORE <const> = 1000, 2000
-- Where a thousand awaits lie inside each other, each keeps gas for what follows it.
local LIMITS <const> = { transaction_gas = 1 << 40, message_gas_per_set = 1 << 40,
  messages_per_set = 1 << 20 }

local WAITER <const> = [[
local waiter, state = sdk.contract {
  state = { from = "uint64", to = "uint64" },
  move = "external write (amount uint64)",
  wait = "external write (amount uint64)",
  nest = "external write (levels uint64) uint64",
  loop = "external write (turns uint64)",
}
function waiter.move(amount)
  state.from = state.from + amount
  state.to = state.to + amount
end
function waiter.wait(amount) sdk.await("waiter", "move(uint64)", amount) end
function waiter.nest(levels)
  if levels == 0 then return 0 end
  return sdk.await("waiter", "nest(uint64)(uint64)", levels - 1) + 1
end
function waiter.loop(turns)
  for _ = 1, turns do sdk.await("waiter", "move(uint64)", 1) end
end
return waiter
]]

-- Counts at slot 0 where its call data are empty; where they are a byte it awaits itself.
local BYTECODE <const> = [[
    CALLDATASIZE PUSH @asked JUMPI
    PUSH 1 PUSH 0 SLOAD ADD PUSH 0 SSTORE STOP
  asked:
    JUMPDEST PUSH 1 CALLDATASIZE SUB PUSH @answer JUMPI
    PUSH 0 PUSH 0 PUSH 0 PUSH "VITE TOKEN" PUSH 0x%s01 PUSH 7 SYNCCALL
  answer:
    JUMPDEST CALLBACKDEST STOP
]]

local function bytecode_of(name)
  local source = BYTECODE:format(crypto.hex(crypto.address_of_contract(name)))
  return assert(assembler.assemble(source)).bytecode
end

-- Time of the whole block, bytes of its diff and receipts, and whether all went well.
local function timed(chain, clock, set)
  collectgarbage()
  local start = clock()
  local out = assert(chain:process(set))
  local time, bytes, good = clock() - start, 0, true
  for _, contract in ipairs(out.state_diffs) do
    for _, record in ipairs(contract.state_diffs) do bytes = bytes + #record.key + #record.value end
  end
  for _, receipt in ipairs(out.block.receipts) do bytes = bytes + #receipt end
  for _, receipt in ipairs(out.receipts) do
    good = good and receipt.execution_result == "SUCCESS"
  end
  return time, bytes, good
end

local function set_of(chain, count, ...)
  local set = {}
  for index = 1, count do set[index] = chain:transaction(...) end
  return set
end

-- What an await adds to a transaction, in transactions that do what its callee does.
local function measure_round_trip(chain, clock, rounds, name, plain, awaiting)
  local beyond, ratios, ok = {}, {}, true
  for round = 1, rounds do
    local less, _, plain_ok = timed(chain, clock, set_of(chain, CALLS, table.unpack(plain)))
    local more, _, await_ok = timed(chain, clock, set_of(chain, CALLS, table.unpack(awaiting)))
    beyond[round] = (more - less) / CALLS
    ratios[round] = (more - less) / less
    ok = ok and plain_ok and await_ok
  end
  return { name = name, ok = ok, ns = bench.median(beyond) // 1, ratio = bench.median(ratios),
    peer = "a plain transaction" }
end

-- One transaction with so many awaits, and the same with twice as many.
local function measure_growth(chain, clock, rounds, name, method)
  local times, ratios, ok, growth = {}, {}, true, nil
  for round = 1, rounds do
    local less, few, less_ok = timed(chain, clock, { { "waiter", method, { uint64 = LESS } } })
    local more, many, more_ok = timed(chain, clock, { { "waiter", method, { uint64 = MORE } } })
    times[round], ratios[round], growth = more, more / less, many / few
    ok = ok and less_ok and more_ok and growth <= 2.5
  end
  return { name = name, ok = ok, ns = bench.median(times) // 1, ratio = bench.median(ratios),
    peer = ("%d, %.2f times the bytes"):format(LESS, growth) }
end

--- Runs the suite.
-- @tparam table options rounds (default 7)
-- @tparam function clock nanoseconds
-- @tparam function report gets each result
function async.run(options, clock, report)
  local rounds = options.rounds or 7
  local chain <close> = assert(fixture.new { genesis = { limits = LIMITS } })
  chain:expect_success(chain:deploy("waiter", { WAITER }))
  chain:expect_success(chain:deploy("machine", bytecode_of "machine", "VITE"))

  report(measure_round_trip(chain, clock, rounds, "await, Lua",
    { "waiter", "move", { uint64 = 3 } }, { "waiter", "wait", { uint64 = 3 } }))
  report(measure_round_trip(chain, clock, rounds, "await, bytecode",
    { "machine", "call", { bytes = "" } }, { "machine", "call", { bytes = "\1" } }))
  report(measure_growth(chain, clock, rounds, ("%d awaits in awaits"):format(MORE), "nest"))
  report(measure_growth(chain, clock, rounds, ("%d awaits in a loop"):format(MORE), "loop"))
end

return async
