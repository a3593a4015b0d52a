-- A peer names the ids of his asynchronous calls himself: they lead to no context of this host.
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local peers = require "spec.support.peer"
local players = require "spec.support.players"

local GAS <const> = 10000000

local function call_local(sdk, service, method)
  sdk.call("Async", "call", { { string = service }, { string = method },
    { bytes = string.pack("<s4", codec.pack_arguments {}) }, { bytes = players.TOKEN },
    { uint256 = 0 }, { bool = true }, { uint64 = GAS // 4 }, { uint64 = 0 }, { string = "" },
    { string = "" }, { string = "" }, { bytes = "" } })
  return {}
end

local function ask(sdk, call)
  if call.resume then return {} end
  return sdk.suspend("Theirs@43", "ask")
end

describe("an asynchronous call of a peer #small", function()
  local services = {
    Ours = function(sdk, call)
      if call.method_name == "ask" then return ask(sdk, call) end
      return call_local(sdk, "Waiting", "ask")
    end,
    Waiting = ask,
  }
  local chain, peer, sequence

  before_each(function()
    chain = assert(chains.open { genesis = { services = players.services(services),
      peers = { { virtual_chain_id = peers.CHAIN, host_key = peers.KEY } } },
      processors = { LUA = players.processor(services) } })
    peer, sequence = peers.open(), -1
  end)
  after_each(function()
    chain:close()
    peer:close()
  end)

  local function incoming(fields)
    sequence = sequence + 1
    fields.sequence = sequence
    return chain:commit { incoming = { peer:message(fields) } }
  end

  local function call(method, id)
    return incoming { kind = 11, method = method, answered_id = id, context_id = id, gas = GAS }
  end

  local function sent(number)
    local key = peers.out_key(number, peers.CHAIN)
    return codec.decode("Message", chain.storage:read("_Mailbox", key))
  end

  -- Answers the call of kind 8 that left as that one.
  local function answer(number)
    local asked = sent(number)
    asked.gas = 0
    return incoming { kind = 9, method = false, gas = 1000, to_service = asked.from_service,
      answered_id = crypto.sha256(codec.encode("Message", asked)) }
  end

  local function contexts_left()
    return #chain.storage:keys "Ours" + #chain.storage:keys "Waiting"
  end

  it("may have the id of one that is under way: both are answered", function()
    local id = ("x"):rep(32)
    call("go", id)
    call("ask", id)
    answer(1)
    answer(0)

    local first, second = sent(2), sent(3)
    assert.same({ 12, 12, id, id, 0, 0 }, { first.kind, second.kind, first.answered_id,
      second.answered_id, first.code, second.code })
    assert.equal(0, contexts_left())
  end)

  it("may have the id of a transaction that waits for a call: both are answered", function()
    local root = chain:commit { { "Ours", "go" } }.receipts[1].message_id
    call("ask", root)
    answer(1)
    local out = answer(0)

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.equal(12, sent(2).kind)
    assert.equal(0, contexts_left())
  end)

  it("may have the id that a transaction is about to have: both are answered", function()
    local ahead = assert(chains.open { genesis = { services = players.services(services),
      peers = { { virtual_chain_id = peers.CHAIN, host_key = peers.KEY } } },
      processors = { LUA = players.processor(services) } })
    ahead:commit {}
    local root = ahead:commit { { "Ours", "ask" } }.receipts[1].message_id
    ahead:close()
    call("go", root)
    local receipt = chain:commit { { "Ours", "ask" } }.receipts[1]
    assert.equal(root, receipt.message_id)
    local out = answer(1)
    answer(0)

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.equal(12, sent(2).kind)
    assert.equal(0, contexts_left())
  end)
end)
