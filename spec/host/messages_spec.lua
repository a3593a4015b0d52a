assert(_VERSION == "Lua 5.4")
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local players = require "spec.support.players"
local word = require "vmhost.word"

local TOKEN <const> = players.TOKEN

local function address_of(service)
  return crypto.address_of_contract(service)
end

-- A chain of players; each service has 1000 of the token.
local function open(services, genesis)
  local fields = { services = players.services(services), issues = {} }
  for index, service in ipairs(fields.services) do
    fields.issues[index] = { to = address_of(service.name), token = TOKEN, amount = 1000 }
  end
  for name, value in pairs(genesis or {}) do fields[name] = value end
  return assert(chains.open { genesis = fields,
    processors = { LUA = players.processor(services) } })
end

local function balance(chain, address)
  local value = chain.storage:read("_Ledger", address .. TOKEN)
  return value == "" and 0 or word.from_bytes(value):tointeger()
end

local function results(out)
  local list = {}
  for index, receipt in ipairs(out.receipts) do list[index] = receipt.execution_result end
  return list
end

local function outputs(receipt)
  return chains.values(receipt.output_argument_array)
end

local function keys(chain, contract, prefix)
  return chain.storage:keys(contract, { prefix = prefix })
end

describe("a message without answer #small", function()
  local services = {
    Sender = function(sdk, call)
      sdk.write("sent", "yes")
      sdk.send("Receiver", "note", { { string = "hello" } }, call.method_name == "pay" and 30 or 0)
      if call.method_name == "fail" then sdk.fail "changed my mind" end
    end,
    Receiver = function(sdk, call)
      if call.method_name == "refuse" then sdk.fail "no" end
      sdk.write("note", call.input_arguments[1].value)
      sdk.write("caller", sdk.address "getCallerAddress")
      sdk.write("signer", sdk.address "getSignerAddress")
    end,
  }

  it("runs in the set that sent it, behind the transactions, with a receipt", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Sender", "go" }, { "Sender", "go" } }

    assert.same({ "SUCCESS", "SUCCESS", "SUCCESS", "SUCCESS" }, results(out))
    assert.equal("hello", chain.storage:read("Receiver", "note"))
    assert.equal(address_of "Sender", chain.storage:read("Receiver", "caller"))
    assert.equal(chains.accounts[1].address, chain.storage:read("Receiver", "signer"))
  end)

  it("has a receipt that names its root and the run that sent it", function()
    local chain <close> = open(services)

    local sent, run = table.unpack(chain:commit { { "Sender", "go" } }.receipts)

    assert.equal(sent.message_id, run.root)
    assert.equal(sent.message_id, run.parent)
    assert.equal(run.message_id, run.txhash)
    assert.equal("", sent.parent)
  end)

  it("leaves no record when it is sent and run in one set, but its number", function()
    local chain <close> = open(services)

    chain:commit { { "Sender", "go" } }

    assert.same({ { key = "Next_\0\0\0\42", value = string.pack("<I8", 1) } },
      keys(chain, "_Mailbox"))
  end)

  it("is not sent by a transaction that fails, and takes no number", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Sender", "fail" }, failing = true }

    assert.same({ "ERROR_SMART_CONTRACT" }, results(out))
    assert.same({}, keys(chain, "_Mailbox"))
    assert.equal("", chain.storage:read("Sender", "sent"))
  end)

  it("moves its amount from the sending service to the receiving one", function()
    local chain <close> = open(services)

    chain:commit { { "Sender", "pay" } }

    assert.equal(970, balance(chain, address_of "Sender"))
    assert.equal(1030, balance(chain, address_of "Receiver"))
  end)
end)

describe("a message that fails #small", function()
  local services = {
    Sender = function(sdk, call)
      sdk.send(call.method_name, "refuse", {}, 30)
    end,
    Receiver = function(sdk)
      sdk.write("note", "half done")
      sdk.fail "no"
    end,
  }

  it("leaves nothing and gives its amount back", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Sender", "Receiver" }, failing = true }

    assert.same({ "SUCCESS", "ERROR_SMART_CONTRACT", "SUCCESS" }, results(out))
    assert.equal("", chain.storage:read("Receiver", "note"))
    assert.equal(1000, balance(chain, address_of "Sender"))
    assert.equal(1000, balance(chain, address_of "Receiver"))
  end)

  it("gives its amount back from a service that there is not", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Sender", "Nobody" }, failing = true }

    assert.same({ "SUCCESS", "ERROR_CONTRACT_NOT_DEPLOYED", "SUCCESS" }, results(out))
    assert.equal(3, out.receipts[2].code)
    assert.equal(1000, balance(chain, address_of "Sender"))
  end)

  it("fails the run that sends more than the service has", function()
    local chain <close> = open {
      Sender = function(sdk)
        sdk.send("Sender", "again", {}, 600)
        sdk.send("Sender", "again", {}, 600)
      end,
    }

    local out = chain:commit { { "Sender", "go" }, failing = true }

    assert.same({ "ERROR_SMART_CONTRACT" }, results(out))
    assert.equal(7, out.receipts[1].code)
    assert.same({ "insufficient balance for transfer" }, outputs(out.receipts[1]))
    assert.equal(1000, balance(chain, address_of "Sender"))
  end)
end)

describe("a message to a client's address #small", function()
  local client = ("\7"):rep(20)

  it("credits, and a waiting run goes on with an empty answer", function()
    local target = "@" .. crypto.hex(client) .. "00"
    local chain <close> = open {
      Payer = function(sdk, call)
        if call.resume then return { { bool = call.resume.succeeded } } end
        return sdk.suspend(target, "x", {}, 25)
      end,
    }

    local out = chain:commit { { "Payer", "pay" } }

    assert.same({ true }, outputs(out.receipts[3]))
    assert.equal(25, balance(chain, client))
    assert.equal(975, balance(chain, address_of "Payer"))
  end)
end)

describe("a run that waits for an answer #small", function()
  -- Asks the service that its argument names, then returns what came.
  local function ask(sdk, call)
    local resume = call.resume
    if not resume then
      sdk.write("before", "1")
      return sdk.suspend(call.input_arguments[1].value, "twice", { 21 }, 30, "kept")
    end
    sdk.write("after", "1")
    return { { bool = resume.succeeded }, { bytes = resume.answer }, { bytes = resume.stored },
      { uint32 = resume.code }, { bytes = sdk.address "getSignerAddress" } }
  end
  local services = {
    Asker = ask,
    Chain = function(sdk, call)
      if not call.resume then return sdk.suspend("Doubler", "twice", { 4 }) end
      local answer = assert(codec.unpack_arguments(call.resume.answer))
      return { answer[1].value + 1 }
    end,
    Doubler = function(_, call) return { call.input_arguments[1].value * 2 } end,
    Refuser = function(sdk)
      sdk.write("x", "1")
      sdk.fail "not today"
    end,
  }

  it("has a receipt that says so, and its results in that of the last resume", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Asker", "go", "Doubler" } }

    assert.same({ "SUCCESS", "SUCCESS", "SUCCESS" }, results(out))
    assert.same({ true, false, false },
      { out.receipts[1].suspended, out.receipts[2].suspended, out.receipts[3].suspended })
    assert.same({}, outputs(out.receipts[1]))
    assert.same({ true, codec.pack_arguments { 42 }, "kept", 0, chains.accounts[1].address },
      outputs(out.receipts[3]))
    assert.equal(1030, balance(chain, address_of "Doubler"))
  end)

  it("keeps no record once its answer was processed", function()
    local chain <close> = open(services)

    chain:commit { { "Asker", "go", "Doubler" } }

    assert.same({}, keys(chain, "Asker", "\0vmhost\0"))
  end)

  it("goes on with the text, the code and the amount when the callee fails", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Asker", "go", "Refuser" }, failing = true }

    assert.same({ "SUCCESS", "ERROR_SMART_CONTRACT", "SUCCESS" }, results(out))
    assert.same({ false, codec.pack_arguments { { string = "not today" } }, "kept", 4,
      chains.accounts[1].address }, outputs(out.receipts[3]))
    assert.equal("", chain.storage:read("Refuser", "x"))
    assert.equal(1000, balance(chain, address_of "Asker"))
    assert.equal(1000, balance(chain, address_of "Refuser"))
  end)

  it("goes on with code 3 and the amount when the callee is not there", function()
    local chain <close> = open(services)

    local out = chain:commit { { "Asker", "go", "Nobody" }, failing = true }

    assert.same({ false, 3 }, { outputs(out.receipts[3])[1], outputs(out.receipts[3])[4] })
    assert.equal(1000, balance(chain, address_of "Asker"))
  end)

  it("answers who waits for it when it has gone on itself", function()
    local chain <close> = open {
      Outer = function(sdk, call)
        if not call.resume then return sdk.suspend("Chain", "x") end
        return codec.unpack_arguments(call.resume.answer)
      end,
      Chain = services.Chain, Doubler = services.Doubler,
    }

    local out = chain:commit { { "Outer", "go" } }

    assert.same({ 9 }, outputs(out.receipts[#out.receipts]))
    assert.equal(5, #out.receipts)
  end)

  it("keeps what it wrote before when it fails after", function()
    local chain <close> = open {
      Asker = function(sdk, call)
        if not call.resume then
          sdk.write("before", "1")
          return sdk.suspend("Doubler", "twice", { 1 })
        end
        sdk.write("after", "1")
        sdk.fail "too late"
      end,
      Doubler = services.Doubler,
    }

    local out = chain:commit { { "Asker", "go" }, failing = true }

    assert.same({ "SUCCESS", "SUCCESS", "ERROR_SMART_CONTRACT" }, results(out))
    assert.same({ "1", "" },
      { chain.storage:read("Asker", "before"), chain.storage:read("Asker", "after") })
    assert.same({}, keys(chain, "Asker", "\0vmhost\0"))
  end)

  it("cannot stop under a synchronous call, whatever its caller catches", function()
    local chain <close> = open {
      Outer = function(sdk)
        pcall(sdk.service, "Asker", "go", { { string = "Doubler" } })
        return { 1 }
      end,
      Asker = ask, Doubler = services.Doubler,
    }

    local out = chain:commit { { "Outer", "go" }, failing = true }

    assert.same({ "ERROR_SMART_CONTRACT" }, results(out))
    assert.same({ "async: not allowed here" }, outputs(out.receipts[1]))
  end)

  it("cannot stop in a query", function()
    local chain <close> = open {
      Asker = function(sdk) return sdk.suspend("Asker", "x") end,
    }

    local result, failure = chain:query { "Asker", "go" }

    assert.equal("ERROR_SMART_CONTRACT", result.execution_result)
    assert.equal("async: read-only", failure)
  end)
end)

describe("an answer that nobody waits for #small", function()
  -- Puts a message into the mailbox as no host would.
  local function forge(chain, fields)
    local message = { version = 1, from_chain = 42, to_chain = 42, from_service = "Doubler",
      to_service = "Asker", sequence = 99, kind = 9, token = TOKEN, input = "" }
    for name, value in pairs(fields) do message[name] = value end
    local height = chain.storage:last_committed_block_info().height + 1
    local stored = #keys(chain, "_Mailbox", "In_")
    assert(chain.storage:commit_state_diff {
      height = height, timestamp = chains.time(height), block_proposer = "", reference_time = 0,
      transactions = {}, receipts = {},
      state_diffs = { { contract_name = "_Mailbox", state_diffs = {
        { key = "In_" .. string.pack(">I8", stored), value = codec.encode("Message", message) },
        { key = "Tail", value = string.pack("<I8", stored + 1) } } } },
    })
  end

  local services = {
    Asker = function(sdk, call)
      if call.resume then
        sdk.write("resumed", "1")
        return {}
      end
      return sdk.suspend("Doubler", "twice", { 1 })
    end,
    Doubler = function() return { 2 } end,
  }

  for name, fields in pairs {
    ["for an unknown id"] = { answered_id = ("\1"):rep(32) },
    ["without an id"] = { answered_id = "" },
    ["that claims a failure with an amount"] =
      { kind = 10, answered_id = ("\1"):rep(32), amount = 500 },
  } do
    it(name .. " is refused before code runs", function()
      local chain <close> = open(services)
      forge(chain, fields)

      local out = chain:commit { failing = true }

      assert.same({ "ERROR_SMART_CONTRACT" }, results(out))
      assert.same({ "no_context" }, outputs(out.receipts[1]))
      assert.is_true(out.records[1].is_refused)
      assert.equal("", chain.storage:read("Asker", "resumed"))
      assert.equal(1000, balance(chain, address_of "Asker"))
    end)
  end

  it("from another service than the one that was called is refused, and the run still waits",
    function()
      local chain <close> = open(services, { limits = { messages_per_set = 0 } })
      local out = chain:commit { { "Asker", "go" } }
      local id = keys(chain, "Asker", "\0vmhost\0suspended")[1].key:sub(-32)

      assert.is_true(out.receipts[1].suspended)
      assert.equal(32, #id)
      assert.equal(1, #keys(chain, "_Mailbox", "In_"))
    end)
end)

describe("the mailbox #small", function()
  local services = {
    Counter = function(sdk, call)
      local left = call.input_arguments[1].value
      sdk.write("count", sdk.read "count" .. left)
      if left > 0 then sdk.send("Counter", "go", { left - 1 }) end
    end,
  }

  it("runs as many messages a set as the genesis allows and keeps the others in order", function()
    local chain <close> = open(services, { limits = { messages_per_set = 2 } })

    local first = chain:commit { { "Counter", "go", 5 }, { "Counter", "go", 0 } }
    assert.equal(4, #first.receipts)
    assert.equal(1, #keys(chain, "_Mailbox", "In_"))
    local second = chain:commit {}
    local third = chain:commit {}

    assert.same({ 2, 1 }, { #second.receipts, #third.receipts })
    assert.equal("504321" .. "0", chain.storage:read("Counter", "count"))
    assert.same({}, keys(chain, "_Mailbox", "In_"))
  end)

  it("divides the gas that is left equally over the messages, and locks a share of a call",
    function()
      local seen = {}
      local chain <close> = open {
        Sender = function(sdk, call)
          if call.resume then return {} end
          sdk.send("Receiver", "a")
          sdk.send("Receiver", "b")
          return sdk.suspend("Receiver", "c")
        end,
        Receiver = function(_, call) seen[call.method_name] = call.gas_limit end,
      }

      chain:commit { { "Sender", "go" } }

      -- 50,000,000, less 28 for each of the 4 bytes that are kept, over three messages; of the
      -- last one's share a million stays locked.
      local share = (50000000 - 28 * 4) // 3
      assert.same({ a = share, b = share, c = share - 1000000 }, seen)
    end)

  it("refuses the 257th message of a run", function()
    local chain <close> = open({
      Sender = function(sdk)
        for _ = 1, 256 do sdk.send("Sender", "more") end
        local good, why = pcall(sdk.send, "Sender", "more")
        return { { bool = good }, { string = why.text } }
      end,
    }, { limits = { messages_per_set = 0 } })

    local out = chain:commit { { "Sender", "go" } }

    assert.same({ false, "too many requests" }, outputs(out.receipts[1]))
  end)

  it("charges 28 for each byte of a message's input", function()
    local chain <close> = open {
      Sender = function(sdk) sdk.send("Sender", "x", { { bytes = ("x"):rep(2000000) } }) end,
    }

    local out = chain:commit { { "Sender", "go" }, failing = true }

    assert.same({ "out of gas" }, outputs(out.receipts[1]))
    assert.equal(5, out.receipts[1].code)
    assert.equal(50000000, out.receipts[1].gas_used)
  end)
end)
