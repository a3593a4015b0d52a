assert(_VERSION == "Lua 5.4")
local bytecode = require "spec.support.bytecode"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local ALICE = bytecode.user(0xa1)
local VITE = "VITE TOKEN"
-- Public group, contract type 1, latency 0, degree 0, ratio 10.
local HEAD = ("\0"):rep(9) .. "\2\1\0\0\10"

local function open(options)
  local given = { rule_set = "reference", has_status = true }
  for key, value in pairs(options or {}) do given[key] = value end
  local world = vite_core.world(given)
  world:set_balance(ALICE, VITE, 1000)
  return world
end

-- Init code that gives `text` as the code.
local function init(text)
  local code = bytecode.assemble(text)
  return bytecode.assemble(("%d 12 0 CODECOPY %d 0 RETURN"):format(#code, #code)) .. code
end

local function deliver(world, request)
  local queue, responses = { request }, {}
  while #queue > 0 do
    local response = assert(world:respond { hash = table.remove(queue, 1).hash })
    responses[#responses + 1] = response
    table.move(response.triggered, 1, #response.triggered, #queue + 1, queue)
  end
  return responses
end

local function deploy(world, text, amount)
  local sent = assert(world:send { kind = 1, from = ALICE, data = HEAD .. init(text),
    amount = amount or 0 })
  local responses = deliver(world, sent.request)
  return sent.request.to, responses[1]
end

local function call(world, to, data, amount)
  return deliver(world, assert(world:send { from = ALICE, to = to, data = data,
    amount = amount or 0 }).request)
end

local function balance(world, account)
  return tostring(world:balances(account)[VITE] or word.new(0))
end

local function created(data)
  local world <close> = open()
  return world:send { kind = 1, from = ALICE, data = data }.error
end

describe("a request that creates a contract", function()
  it("stores what the init code gives, with the type byte", function()
    local world <close> = open()

    local address, response = deploy(world, "STOP")

    assert.equal("ok", response.status)
    assert.equal("\1\0", world:contract(address).code)
    assert.equal(0, response.quota_used)
  end)

  it("is refused with data that is no creation", function()
    assert.equal("invalid method param", created "")
    assert.equal("invalid method param", created(("\0"):rep(9) .. "\1\1\0\0\10"))
    assert.equal("invalid method param", created(("\0"):rep(9) .. "\2\2\0\0\10"))
    assert.equal("invalid response latency", created(("\0"):rep(9) .. "\2\1\76\0\10"))
    assert.equal("invalid random degree", created(("\0"):rep(9) .. "\2\1\75\76\10"))
    assert.equal("invalid random degree", created(("\0"):rep(9) .. "\2\1\1\2\10"))
    assert.equal("invalid quota multiplier", created(("\0"):rep(9) .. "\2\1\0\0\9"))
    assert.equal("invalid quota multiplier", created(("\0"):rep(9) .. "\2\1\0\0\101"))
    assert.is_nil(created(("\0"):rep(9) .. "\2\1\75\75\100"))
  end)

  it("needs latency for HEIGHT, and a degree for RANDOM, outside of operands", function()
    assert.equal("invalid response latency", created(HEAD .. bytecode.assemble "HEIGHT"))
    assert.equal("invalid random degree", created(("\0"):rep(9) .. "\2\1\1\0\10"
      .. bytecode.assemble "RANDOM"))
    assert.is_nil(created(HEAD .. bytecode.assemble "0x43"))
  end)

  it("gives the amount back when the init code fails", function()
    local world <close> = open()
    local sent = world:send { kind = 1, from = ALICE, data = HEAD .. "\xfe", amount = 30 }

    local responses = deliver(world, sent.request)

    assert.equal("invalid opcode", responses[1].error)
    assert.equal(6, responses[1].triggered[1].kind)
    assert.equal("1000", balance(world, ALICE))
  end)

  it("fails with code above 24,575 bytes", function()
    local function size_of(size)
      local world <close> = open()
      local sent = world:send { kind = 1, from = ALICE,
        data = HEAD .. bytecode.assemble(size .. " 0 RETURN") }
      return deliver(world, sent.request)[1].error
    end

    assert.is_nil(size_of(24575))
    assert.equal("invalid code length", size_of(24576))
  end)
end)

describe("value", function()
  it("goes to the contract, and comes back by a refund when it fails", function()
    local world <close> = open()
    local good, bad = deploy(world, "STOP"), deploy(world, "0 0 REVERT")

    call(world, good, "", 100)
    local responses = call(world, bad, "", 50)

    assert.equal("100", balance(world, good))
    assert.equal("0", balance(world, bad))
    assert.equal("900", balance(world, ALICE))
    assert.equal("execution reverted", responses[1].error)
    assert.equal(6, responses[1].triggered[1].kind)
  end)

  it("that a contract does not have fails the whole run", function()
    local world <close> = open()
    local address = deploy(world, ("1 0 SSTORE 0 0 11 0x%s 0x%s CALL")
      :format("56495445" .. "20544f4b454e", ("a1"):rep(20) .. "00"))

    local responses = call(world, address, "", 10)

    assert.equal("insufficient balance for transfer", responses[1].error)
    assert.same({}, world:storage(address))
    assert.equal("1000", balance(world, ALICE))
  end)

  it("is refused to a user who has less", function()
    local world <close> = open()

    assert.equal("insufficient balance for transfer",
      world:send { from = ALICE, to = ALICE, amount = 1001 }.error)
  end)

  it("is refused without a receiver, and as of a kind that there is not", function()
    local world <close> = open()

    assert.error_matches(function() world:send { from = ALICE } end,
      "request.to: expected address, got nil", 1, true)
    assert.error_matches(function() world:send { from = ALICE, to = ALICE, kind = 11 } end,
      "request.kind: no kind of request: 11", 1, true)
  end)
end)

describe("a response", function()
  it("costs 21,000 before the code runs", function()
    local world <close> = open()
    local address = deploy(world, "1 POP")

    assert.equal(21002, call(world, address, "")[1].quota_used)
  end)

  it("out of quota is of kind 5, records no quota and refunds", function()
    local world <close> = open()
    local address = deploy(world, "JUMPDEST 0 JUMP")

    local response = call(world, address, "", 5)[1]

    assert.equal(5, response.kind)
    assert.equal("out of quota", response.error)
    assert.equal(0, response.quota_used)
    assert.equal("1000", balance(world, ALICE))
  end)

  it("out of quota is put off while blocks of the account are unconfirmed", function()
    local world <close> = open()
    local address = deploy(world, "JUMPDEST 0 JUMP")
    local request = assert(world:send { from = ALICE, to = address, data = "", amount = 9 }).request

    local response = world:respond { hash = request.hash, has_unconfirmed = true }

    assert.is_false(response.is_block)
    assert.is_true(response.is_retry)
    assert.equal("out of quota", response.error)
    assert.same({}, response.triggered)
    assert.equal("0", balance(world, address))
    assert.equal("991", balance(world, ALICE))
    assert.equal(5, world:respond({ hash = request.hash }).kind)
  end)

  it("without budget for its base cost is out of quota too", function()
    local world <close> = open()
    local address = deploy(world, "STOP")
    local sent = world:send { from = ALICE, to = address }

    local response = world:respond { hash = sent.request.hash, budget = 20999 }

    assert.equal("out of quota", response.error)
  end)

  it("to a request of depth 512 keeps the amount and runs no code", function()
    local world <close> = open()
    local address = deploy(world, "1 0 SSTORE")
    local request = { kind = 2, from = ALICE, to = address, amount = 7, hash = ("\9"):rep(32) }
    world:put_request(request, 512)

    local response = world:respond { hash = request.hash }

    assert.equal("depth", response.status)
    assert.equal("max call depth exceeded", response.error)
    assert.equal("7", balance(world, address))
    assert.same({}, world:storage(address))
    assert.same({}, response.triggered)
  end)

  it("tells status and receipt hash in its data", function()
    local world <close> = open()
    local silent, failing = deploy(world, "STOP"), deploy(world, "0 0 REVERT")

    assert.equal(("\0"):rep(33), call(world, silent, "")[1].data)
    assert.equal(("\0"):rep(32) .. "\1", call(world, failing, "")[1].data)
  end)
end)

describe("a synchronous call that fails", function()
  it("is answered with kind 10 behind the refund, the id and the data of REVERT", function()
    local world <close> = open()
    local callee = deploy(world, "1 0 REVERT")
    local digits = callee:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)
    local caller = deploy(world,
      ("0 0 3 0x5649544520544f4b454e 0x%s 7 SYNCCALL STOP"):format(digits))

    local responses = call(world, caller, "", 3)

    local refund, failure = table.unpack(responses[2].triggered)
    assert.equal(6, refund.kind)
    assert.equal("3", tostring(refund.amount))
    assert.equal(10, failure.kind)
    assert.equal("\0\0\0\7\0", failure.data)
    assert.equal("3", balance(world, caller))
  end)

  it("for lack of quota at its base cost is answered too", function()
    local world <close> = open()
    local callee = deploy(world, "STOP")
    local request = { kind = 8, from = bytecode.contract(1), to = callee, hash = ("\9"):rep(32) }
    world:put_request(request, 1, vite_core.encode_context { callback_id = 5 })

    local response = world:respond { hash = request.hash, budget = 1000 }

    assert.equal(10, response.triggered[1].kind)
    assert.equal("\0\0\0\5", response.triggered[1].data)
  end)
end)
