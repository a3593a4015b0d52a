-- A host, and a peer who proves whatever messages he likes: no set fails, value stays what it was,
-- and a host that was opened anew gives the same bytes. VMHOST_SEED repeats a run, VMHOST_SOAK=1
-- runs 4,000 sets.
local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"
local hostile_peer = require "spec.support.hostile_peer"
local new_random = require "spec.support.random"
local peers = require "spec.support.peer"
local vite_services = require "spec.support.vite_services"
local vm = require "vmhost.vm"
local word = require "vmhost.word"

local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local SET_COUNT <const> = os.getenv "VMHOST_SOAK" == "1" and 4000 or 200
local SETS_PER_CHAIN <const> = 100
local TOKEN <const> = "VITE TOKEN"
local ISSUED <const> = 10000

local CONTRACT <const> = [[
local c, state = sdk.contract {
  state = { count = "uint64", said = "string" },
  echo = "external write (text string) string, uint64",
  await = "external write (n uint64) uint64",
  await_all = "external write (n uint64)",
  register = "external write (n uint64)",
  mix = "external write (n uint64)",
  ask = "external write (n uint64)",
  noted = "callback",
  waiting = "callback",
  grouped = "callback",
}
local function data()
  return ("\0"):rep(11) .. sdk.address_of_service "A" .. "\1"
    .. sdk.blake2b("await(uint64)"):sub(1, 4) .. ("\0"):rep(31) .. "\3"
end

function c.echo(text)
  state.said = text
  return text, 7
end

function c.await(n)
  for round = 1, n % 4 do
    local good, text = pcall(sdk.await, { "X@43", round % 2 == 0 and "f(uint64)(string,uint64)"
      or "g(uint64)(uint64)", round, gas = 100000, lock = n % 3 == 0 and 300000 or nil,
      amount = n % 2 })
    state.count = state.count + 1
    if not good then state.said = tostring(text) end
  end
  return n
end

function c.await_all(n)
  local outcomes = sdk.await_all { { "X@43", "f(uint64)(string)", n },
    { "X@43", "g()(bytes)", amount = 1 }, { "B", "await(uint64)(uint64)", n, gas = 400000 },
    { "Nope", "q()" }, { "Asker", "call(bytes)", data(), gas = 1000000 }, lock = 200000 }
  for _, outcome in ipairs(outcomes) do state.count = state.count + #outcome end
  if n % 2 == 0 then sdk.await("X@43", "f(uint64)", n) end
end

function c.register(n)
  sdk.async.call { "X@43", "f(uint64)(string)", n, on_success = "noted", on_error = "waiting",
    gas = 100000, closure = "first", group = "all", amount = n % 3 }
  sdk.async.call { "X@43", "g()(bytes)", on_success = "waiting", on_error = "noted",
    gas = 100000, closure = "second", group = "all" }
  sdk.async.call { "B", "await(uint64)(uint64)", n, on_success = "waiting", on_error = "waiting",
    gas = 1000000, closure = "third", lock = 1000000 }
  sdk.async.on_group("all", "grouped", "all", 5000)
  sdk.async.set_return("(uint64)", n)
end

function c.mix(n)
  sdk.async.call { "B", "await(uint64)(uint64)", n, on_success = "noted", gas = 1000000 }
  sdk.await { "B", "register(uint64)", n, gas = 3000000, lock = 2000000 }
end

function c.ask(n)
  sdk.async.call { n % 2 == 0 and "Asker" or "Refuser", "call(bytes)", data(), on_success = "noted",
    on_error = "waiting", gas = 6000000 }
  if n % 3 == 0 then sdk.await { "Asker", "call(bytes)", data(), gas = 6000000, lock = 2000000 } end
end

function c.noted(code, value)
  state.said = sdk.async.closure() .. tostring(value)
  sdk.async.set_return("(string)", state.said)
end

function c.waiting()
  sdk.await { "X@43", "f(uint64)(string)", 5, gas = 10000, lock = 50000 }
  state.said = sdk.async.closure()
end

function c.grouped(data) state.said = data end

return c
]]

local SERVICES <const> = { "A", "B", "Asker", "Refuser" }
local METHODS <const> = { "await", "await_all", "register", "mix", "ask", "echo", "noted",
  "waiting", "grouped", "await(uint64)(uint64)", "call" }
local OWN_METHODS <const> = { "await", "await_all", "register", "mix", "ask" }

local function open(seed)
  local issues = {}
  for index, service in ipairs { "A", "B" } do
    issues[index] = { to = crypto.address_of_contract(service), token = TOKEN, amount = ISSUED }
  end
  return assert(chains.open { genesis = { issues = issues,
    peers = { { virtual_chain_id = peers.CHAIN, host_key = peers.KEY,
      allowances = { { token = TOKEN, amount = seed % 2 * 100000 } } } },
    services = {
      { name = "A", processor = "LUA", code = CONTRACT },
      { name = "B", processor = "LUA", code = CONTRACT },
      { name = "Asker", processor = "VITE", code = vite_services.ASKER },
      { name = "Refuser", processor = "VITE", code = vite_services.REFUSER },
    } } })
end

-- What is on the ledger, and what is with the peer.
local function value_of(chain)
  local function sum(service, prefix, size)
    local total = 0
    for _, entry in ipairs(chain.storage:keys(service, { prefix = prefix })) do
      if #entry.key == size then total = total + word.from_bytes(entry.value):tointeger() end
    end
    return total
  end
  local counted = peers.u32(peers.CHAIN) .. TOKEN
  return sum("_Ledger", "", 20 + #TOKEN) + sum("_Mailbox", "Sent_" .. counted, 5 + #counted)
    - sum("_Mailbox", "Taken_" .. counted, 6 + #counted)
end

local function own_calls(random)
  local calls = {}
  for index = 1, random(3) - 1 do
    calls[index] = { SERVICES[random(2)], OWN_METHODS[random(#OWN_METHODS)],
      { uint64 = random(10) - 1 } }
  end
  return calls
end

-- Runs sets on two chains, one of which is now and then opened anew; counts what came of them.
local function run(seed, counts)
  local chain <close> = open(seed)
  local twin <close> = open(seed)
  local hostile <close> = hostile_peer.open(seed, chain, { services = SERVICES,
    methods = METHODS })
  local random = new_random(seed + 1)
  for number = 1, SETS_PER_CHAIN do
    local calls = own_calls(random)
    calls.incoming = hostile:records(random(6))
    local set = chain:set(calls)
    local out, message = chain.host:process_transaction_set(set)
    assert(out, ("seed %d, set %d: %s"):format(seed, number, message))
    if random(3) == 1 then
      twin.host:close()
      twin.host = assert(vm.open { storage = twin.storage })
    end
    local again = assert(twin.host:process_transaction_set(set))
    assert.same(out.block, again.block)
    assert(chain.storage:commit_state_diff(out.block))
    assert(twin.storage:commit_state_diff(again.block))
    assert.equal(2 * ISSUED, value_of(chain), ("value; seed %d, set %d"):format(seed, number))
    hostile:note(out)
    for _, receipt in ipairs(out.receipts) do
      local name = receipt.suspended and "suspended" or receipt.execution_result
      counts[name] = (counts[name] or 0) + 1
    end
    counts.refused = (counts.refused or 0) + #(out.refused or {})
  end
end

describe("a hostile peer", function()
  it("makes no set fail, takes nothing, and makes no two hosts differ", function()
    local counts = {}
    for index = 1, SET_COUNT // SETS_PER_CHAIN do run(SEED * 1000 + index, counts) end

    print(("hostile peer, seed %d: %d good, %d that wait, %d that fail, %d refused"):format(SEED,
      counts.SUCCESS, counts.suspended, counts.ERROR_SMART_CONTRACT, counts.refused))
    assert(counts.SUCCESS >= SET_COUNT // 4 and counts.suspended >= SET_COUNT // 4)
  end)
end)
