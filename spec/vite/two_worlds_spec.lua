-- Where the rules around bytecode differ: a host under `vmhost-1`, beside the account chain of the
-- Vite node, which `reference` is for bytecode. Rules of the machine alone are in rules_spec.
assert(_VERSION == "Lua 5.4")
local assembler = require "vmhost.assembler"
local bytecode = require "spec.support.bytecode"
local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local TOKEN <const> = "VITE TOKEN"
local number = bytecode.number

local function service(name) return crypto.address_of_contract(name) .. "\1" end
local function literal(address) return "0x" .. crypto.hex(address) end

-- A chain of services, each one program of opcodes with labels; `Caller` has 100 of the token.
local function open_host(programs, genesis)
  local fields = { services = {},
    issues = { { to = service "Caller":sub(1, 20), token = TOKEN, amount = 100 } } }
  for _, name in ipairs(programs) do
    table.insert(fields.services, { name = name, processor = "VITE",
      code = assert(assembler.assemble(programs[name])).bytecode })
  end
  for name, value in pairs(genesis or {}) do fields[name] = value end
  return assert(chains.open { genesis = fields })
end

local function run_host(chain, name, data)
  return chain:commit { { name, "call", { bytes = data or "" } }, failing = true }.receipts
end

local function slot(chain, name, key) return chain.storage:read(name, number(key)) end
local function slot_number(chain, name, key)
  return tonumber(crypto.hex(slot(chain, name, key)), 16)
end

local function tokens(chain, address)
  local value = chain.storage:read("_Ledger", address:sub(1, 20) .. TOKEN)
  return value == "" and 0 or word.from_bytes(value):tointeger()
end

-- The same on an account chain: contracts stand at the addresses that the host gives services.
local function open_world(programs)
  local world = vite_core.world { rule_set = "reference", has_status = true }
  for _, name in ipairs(programs) do
    world:set_contract(service(name),
      { code = "\1" .. assert(assembler.assemble(programs[name])).runtime })
  end
  world:set_balance(service "Caller", TOKEN, 100)
  return world
end

local USER <const> = bytecode.user(0xa1)

local function deliver(world, request)
  local queue, responses = { request }, {}
  while #queue > 0 do
    local response = assert(world:respond { hash = table.remove(queue, 1).hash })
    responses[#responses + 1] = response
    table.move(response.triggered, 1, #response.triggered, #queue + 1, queue)
  end
  return responses
end

local function run_world(world, name, data)
  return deliver(world, assert(world:send { from = USER, to = service(name), data = data or "",
    amount = 0 }).request)
end

local function kinds(responses)
  local list = {}
  for _, response in ipairs(responses) do
    for _, triggered in ipairs(response.triggered) do list[#list + 1] = triggered.kind end
  end
  return list
end

-- Awaits `target` with an amount; any call data select the continuation, which stores the flag + 1.
local function awaiting(target, amount)
  return ([[
      CALLDATASIZE PUSH @answer JUMPI
      PUSH 0 PUSH 0 PUSH %d PUSH "VITE TOKEN" PUSH %s PUSH 7 SYNCCALL STOP
    answer:
      JUMPDEST CALLBACKDEST PUSH 1 ADD
      PUSH 3 SLOAD PUSH 1 ADD PUSH 3 SSTORE
      PUSH 1 SSTORE STOP]]):format(amount or 0, literal(target))
end

describe("bytecode on a host", function()
  it("sees block, request id and a seed of state and request, and no chain of its own", function()
    local chain <close> = open_host { "Caller", Caller = [[
      HEIGHT PUSH 1 SSTORE TIMESTAMP PUSH 2 SSTORE
      ACCOUNTHEIGHT PUSH 1 ADD PUSH 3 SSTORE PREVHASH PUSH 1 ADD PUSH 4 SSTORE
      FROMHASH PUSH 5 SSTORE SEED PUSH 6 SSTORE
      RANDOM PUSH 7 SSTORE RANDOM PUSH 8 SSTORE STOP]] }
    local root = chain.storage:state_hash()
    local out = chain:commit { { "Caller", "call", { bytes = "" } } }
    local transaction_hash = out.receipts[1].txhash
    local request_id = crypto.sha256(transaction_hash .. ("<I8I4"):pack(1, 0))
    local seed = crypto.sha256(root .. request_id):sub(1, 8)
    local function draw(index)
      return (crypto.sha256(seed .. (">I8"):pack(index)):sub(1, 8):gsub("^\0+", ""))
    end

    assert.equal("\1", slot(chain, "Caller", 1))
    assert.equal(chains.time(1) // 1000000000, slot_number(chain, "Caller", 2))
    assert.equal("\1", slot(chain, "Caller", 3))
    assert.equal("\1", slot(chain, "Caller", 4))
    assert.equal((request_id:gsub("^\0+", "")), slot(chain, "Caller", 5))
    assert.equal((seed:gsub("^\0+", "")), slot(chain, "Caller", 6))
    assert.equal(draw(0), slot(chain, "Caller", 7))
    assert.equal(draw(1), slot(chain, "Caller", 8))
  end)

  it("pays for its instructions alone; a response pays 21,000 before them", function()
    local programs = { "Caller", Caller = "PUSH 1 POP STOP" }
    local chain <close> = open_host(programs)
    local world <close> = open_world(programs)

    assert.equal(2, run_host(chain, "Caller")[1].gas_used)
    assert.equal(21002, run_world(world, "Caller")[1].quota_used)
  end)

  it("ends out of quota for good; on an account chain it may be tried again", function()
    local programs = { "Caller", Caller = "JUMPDEST PUSH 0 JUMP" }
    local chain <close> = open_host(programs, { limits = { transaction_gas = 40000 } })
    local world <close> = open_world(programs)
    local sent = assert(world:send { from = USER, to = service "Caller", data = "", amount = 0 })

    local receipt = run_host(chain, "Caller")[1]
    local response = assert(world:respond { hash = sent.request.hash, has_unconfirmed = true })

    assert.same({ "ERROR_SMART_CONTRACT", 5, 40000 },
      { receipt.execution_result, receipt.code, receipt.gas_used })
    assert.same({ "out of quota", true }, { response.error, response.is_retry })
  end)
end)

describe("a run that is awaited and stops without an answer", function()
  local programs = { "Caller", "Silent", Silent = "STOP", Caller = awaiting(service "Silent") }

  it("is answered by the host with empty data", function()
    local chain <close> = open_host(programs)

    local receipts = run_host(chain, "Caller")

    assert.equal(3, #receipts)
    assert.equal("\2", slot(chain, "Caller", 1))
  end)

  it("leaves its caller waiting on an account chain", function()
    local world <close> = open_world(programs)

    assert.same({ 8 }, kinds(run_world(world, "Caller")))
    assert.same({}, world:storage(service "Caller"))
  end)
end)

describe("a continuation that fails before CALLBACKDEST", function()
  local programs = { "Caller", "Middle", "Last", Last = "PUSH 0 PUSH 0 RETURN",
    Caller = awaiting(service "Middle"), Middle = ([[
      CALLDATASIZE PUSH @answer JUMPI
      PUSH 0 PUSH 0 PUSH 0 PUSH "VITE TOKEN" PUSH %s PUSH 7 SYNCCALL STOP
    answer:
      JUMPDEST PUSH 0 PUSH 0 REVERT]]):format(literal(service "Last")) }

  it("is a failure to who awaits it, told by the host", function()
    local chain <close> = open_host(programs)

    local receipts = run_host(chain, "Caller")

    assert.equal("\1", slot(chain, "Caller", 1))
    assert.equal(5, #receipts)
  end)

  it("leaves who awaits it waiting on an account chain", function()
    local world <close> = open_world(programs)

    assert.same({ 8, 8, 9 }, kinds(run_world(world, "Caller")))
    assert.same({}, world:storage(service "Caller"))
  end)
end)

describe("a synchronous call to what has no code", function()
  local programs = { "Caller", Caller = awaiting(service "Nobody", 30) }
  local to_client = { "Caller", Caller = awaiting(USER, 30) }

  it("fails with code 3 and brings the value back", function()
    local chain <close> = open_host(programs)

    local receipts = run_host(chain, "Caller")

    assert.equal(3, receipts[2].code)
    assert.equal("\1", slot(chain, "Caller", 1))
    assert.equal(100, tokens(chain, service "Caller"))
  end)

  it("keeps the value and never answers on an account chain", function()
    local world <close> = open_world(programs)

    assert.same({ 8 }, kinds(run_world(world, "Caller")))
    assert.same({}, world:storage(service "Caller"))
    assert.equal("70", tostring(world:balances(service "Caller")[TOKEN]))
  end)

  it("credits a client, and goes on", function()
    local chain <close> = open_host(to_client)

    run_host(chain, "Caller")

    assert.equal("\2", slot(chain, "Caller", 1))
    assert.equal(30, tokens(chain, USER))
  end)

  it("credits a user of an account chain, and waits for ever", function()
    local world <close> = open_world(to_client)

    assert.same({ 8 }, kinds(run_world(world, "Caller")))
    assert.same({}, world:storage(service "Caller"))
  end)

  it("by CALL to an unknown contract fails later on a host, at once on an account chain", function()
    local call = { "Caller", Caller = ([[PUSH 1 PUSH 1 SSTORE
      PUSH 0 PUSH 0 PUSH 30 PUSH "VITE TOKEN" PUSH %s CALL STOP]]):format(
        literal(service "Nobody")) }
    local chain <close> = open_host(call)
    local world <close> = open_world(call)

    local receipts = run_host(chain, "Caller")
    local responses = run_world(world, "Caller")

    assert.same({ 0, 3 }, { receipts[1].code, receipts[2].code })
    assert.equal("\1", slot(chain, "Caller", 1))
    assert.equal(100, tokens(chain, service "Caller"))
    assert.equal("contract not exists", responses[1].error)
    assert.same({}, world:storage(service "Caller"))
  end)
end)

describe("an answer that comes a second time", function()
  local programs = { "Caller", "Echo", Echo = "PUSH 0 PUSH 0 RETURN",
    Caller = awaiting(service "Echo") }

  it("finds nothing on a host, which keeps no record of a run that went on", function()
    local chain <close> = open_host(programs)

    run_host(chain, "Caller")

    assert.equal("\1", slot(chain, "Caller", 3))
    assert.same({}, chain.storage:keys("Caller", { prefix = "\0vmhost\0suspended" }))
  end)

  it("goes on again on an account chain, where contexts are kept", function()
    local world <close> = open_world(programs)
    local responses = run_world(world, "Caller")
    local call = responses[1].triggered[1]
    local again = { kind = 9, from = service "Echo", to = service "Caller", data = "\0\0\0\7",
      hash = ("\9"):rep(32) }
    world:put_request(again, 2, vite_core.encode_context { referrer = call.hash })

    assert(world:respond { hash = again.hash })

    assert.equal("\2", world:storage(service "Caller")[number(3)])
  end)
end)

describe("a user's call with an amount that fails", function()
  local programs = { "Caller", Caller = "PUSH 0 PUSH 0 REVERT" }

  it("is one transaction, undone", function()
    local sender = crypto.address_of_client(chains.accounts[1].public_key)
    local chain <close> = open_host(programs,
      { issues = { { to = sender, token = TOKEN, amount = 50 } } })

    local out = chain:commit { { "_Ledger", "callWithValue", "Caller", "call",
      { bytes = "\0\0\0\0" }, { bytes = TOKEN }, { uint256 = 20 } }, failing = true }

    assert.equal(1, #out.receipts)
    assert.equal(50, tokens(chain, sender))
    assert.equal(0, tokens(chain, service "Caller"))
  end)

  it("is request, response and refund on an account chain", function()
    local world <close> = open_world(programs)
    world:set_balance(USER, TOKEN, 50)
    local sent = assert(world:send { from = USER, to = service "Caller", data = "", amount = 20 })

    assert.equal("30", tostring(world:balances(USER)[TOKEN]))
    assert.same({ 6 }, kinds(deliver(world, sent.request)))
    assert.equal("50", tostring(world:balances(USER)[TOKEN]))
  end)
end)

describe("CALL2 whose data lie past memory", function()
  for _, rule_set in ipairs { "vmhost-1", "reference" } do
    it("fails the run under " .. rule_set, function()
      local function error_of(text)
        return bytecode.run(text, { rule_set = rule_set,
          request = { to = bytecode.contract(0xc0) } }).error
      end

      assert.is_nil(error_of "0 0 MSTORE 32 0 0 0 0 CALL2")
      assert.equal("memory out of bounds", error_of "0 0 MSTORE 33 0 0 0 0 CALL2")
    end)
  end
end)
