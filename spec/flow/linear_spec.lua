-- Twice as many waiting calls take twice the time and twice the bytes: in each other, in a loop, in
-- one group, on one host and between two.
assert(_VERSION == "Lua 5.4")
local assembler = require "vmhost.assembler"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local network = require "vmhost.network"

local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local IS_WATCHED <const> = (os.getenv "LD_PRELOAD" or "") ~= ""
local LESS <const> = IS_SOAK and 1000 or 150
local MOST_GROWTH <const> = 2.5
-- Others may have the processor, and small numbers are noise.
local MOST_TIME <const> = IS_SOAK and 2.5 or 6
local MOST_MESSAGES <const> = 50
local LIMITS <const> = { transaction_gas = 1 << 40, message_gas_per_set = 1 << 40,
  messages_per_set = 1 << 20 }

local WAITER <const> = [[
local waiter, state = sdk.contract {
  state = { count = "uint64" },
  add = "external write (amount uint64)",
  nest = "external write (levels uint64, here string, there string) uint64",
  loop = "external write (turns uint64, where string)",
  fan = "external write (calls uint64, where string)",
  done = "callback", count = "external read () uint64",
}
function waiter.add(amount) state.count = state.count + amount end
function waiter.nest(levels, here, there)
  if levels == 0 then state.count = state.count + 1 return 0 end
  return sdk.await(there, "nest(uint64,string,string)(uint64)", levels - 1, there, here) + 1
end
function waiter.loop(turns, where)
  for _ = 1, turns do sdk.await(where, "add(uint64)", 1) end
end
function waiter.fan(calls, where)
  for _ = 1, calls do
    sdk.async.call { where, "add(uint64)", 1, gas = 1000000, group = "fan" }
  end
  sdk.async.on_group("fan", "done", "", 100000)
end
function waiter.done() state.count = state.count + 1000000 end
function waiter.count() return state.count end
return waiter
]]

-- Awaits itself so often, and keeps the selector of what it was called with below its counter in
-- each turn, as compiled loops do.
local LOOP <const> = [[
    CALLDATASIZE PUSH @asked JUMPI STOP
  asked:
    JUMPDEST PUSH 32 CALLDATASIZE SUB PUSH @answer JUMPI
    PUSH 0 CALLDATALOAD
  turn:
    JUMPDEST PUSH 0x12345678 SWAP1
    PUSH 0 PUSH 0 PUSH 0 PUSH "VITE TOKEN" PUSH 0x%s01 PUSH 7 SYNCCALL
  answer:
    JUMPDEST CALLBACKDEST POP
    PUSH 1 SWAP1 SUB DUP1 PUSH @turn JUMPI
    PUSH 1 PUSH 0 SSTORE STOP]]

local function bytes_of(out)
  local bytes = 0
  for _, contract in ipairs(out.state_diffs) do
    for _, record in ipairs(contract.state_diffs) do bytes = bytes + #record.key + #record.value end
  end
  for _, receipt in ipairs(out.block.receipts) do bytes = bytes + #receipt end
  return bytes
end

local function on_one_host(count, method, ...)
  local chain <close> = assert(fixture.new { genesis = { limits = LIMITS } })
  chain:expect_success(chain:deploy("Waiter", { WAITER }))
  local start = os.clock()
  local out = assert(chain:process { { "Waiter", method, { uint64 = count }, ... } })
  local time = os.clock() - start
  return time, bytes_of(out), chain:query("Waiter", "count")
end

local function between_two(count, method, ...)
  local net <close> = assert(network.new { check_value = false, hosts = {
    a = { genesis = { limits = LIMITS } }, b = { genesis = { limits = LIMITS } } } })
  for _, chain in pairs(net.hosts) do
    chain:expect_success(chain:deploy("Waiter", { WAITER }))
  end
  local start, bytes, left = os.clock(), 0, count
  -- No run sends more than 256 messages.
  local at_once = method == "fan" and MOST_MESSAGES or count
  while left > 0 do
    net:submit("a", "alice", "Waiter", method, { uint64 = math.min(left, at_once) }, ...)
    left = left - at_once
  end
  for _ = 1, 20 * count + 20 do
    if #net:pending() == 0 then break end
    for _, out in pairs(assert(net:mine())) do bytes = bytes + bytes_of(out) end
  end
  assert.same({}, net:pending())
  return os.clock() - start, bytes, net.hosts.a:query("Waiter", "count")
    + net.hosts.b:query("Waiter", "count")
end

-- The ratio of times is the least of three.
local function check(name, run, expected)
  local least, growth = math.huge, nil
  for _ = 1, 3 do
    local less, few, first = run(LESS)
    local more, many, second = run(2 * LESS)
    assert.equal(expected(LESS), first)
    assert.equal(expected(2 * LESS), second)
    least, growth = math.min(least, more / less), many / few
    if least <= MOST_GROWTH then break end
  end
  print(("linear: %d to %d %s: %.2f times the time, %.2f times the bytes"):format(LESS, 2 * LESS,
    name, least, growth))
  assert.is_true(growth <= MOST_GROWTH, growth)
  assert.is_true(IS_WATCHED or least <= MOST_TIME, least)
end

local function once() return 1 end
local function each(count) return count end
local function fanned(count) return 1000000 + count end
local function fanned_by(transactions)
  return function(count) return count // transactions * 1000000 + count end
end

describe("twice as many calls that wait", function()
  it("take twice the time in each other", function()
    check("awaits in each other", function(count)
      return on_one_host(count, "nest", "Waiter", "Waiter")
    end, once)
    check("awaits in each other between two hosts", function(count)
      return between_two(count, "nest", "Waiter@42", "Waiter@43")
    end, once)
  end)

  it("take twice the time in a loop", function()
    check("awaits in a loop", function(count) return on_one_host(count, "loop", "Waiter") end, each)
    check("awaits in a loop to another host", function(count)
      return between_two(count, "loop", "Waiter@43")
    end, each)
  end)

  it("take twice the time in one group", function()
    check("calls in one group", function(count) return on_one_host(count, "fan", "Waiter") end,
      fanned)
    check("calls in groups of 50 to another host", function(count)
      return between_two(count, "fan", "Waiter@43")
    end, fanned_by(MOST_MESSAGES))
  end)

  it("end in bytecode that keeps a word per turn", function()
    local chain <close> = assert(fixture.new { genesis = { limits = LIMITS } })
    local code = LOOP:format(crypto.hex(crypto.address_of_contract "Loop"))
    chain:expect_success(chain:deploy("Loop", assert(assembler.assemble(code)).bytecode, "VITE"))

    local out = assert(chain:process { { "Loop", "call",
      { bytes = string.pack(">I16I16", 0, 1000) } } })

    assert.equal(2001, #out.receipts)
    assert.equal("SUCCESS", out.receipts[2001].execution_result)
    assert.equal("\1", chain.storage:read_keys("Loop", { ("\0"):rep(32) })[1])
  end)
end)
