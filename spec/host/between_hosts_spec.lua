-- Messages between hosts: what leaves, and what a host takes from its peers (spec/joins.md 10).
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local players = require "spec.support.players"
local word = require "vmhost.word"

local TOKEN <const> = players.TOKEN
local OURS <const>, THEIRS <const> = 42, 43
local THEIR_SEED <const> = ("p"):rep(32)
local THEIR_KEY <const> = crypto.ed25519.public_key(THEIR_SEED)

local function u32(number) return string.pack(">I4", number) end
local function u64(number) return string.pack(">I8", number) end
local function amount(number) return word.new(number):to_bytes() end

local function account(service, chain)
  return (chain and crypto.address_of_foreign_contract(chain, service)
    or crypto.address_of_contract(service)) .. TOKEN
end

-- A chain of players that knows the chain THEIRS; each service has 1000 of the token.
local function open(services, given)
  given = given or {}
  local genesis = { services = players.services(services), issues = {},
    peers = { { virtual_chain_id = THEIRS, host_key = THEIR_KEY, allowances = given.allowances } } }
  if given.issues ~= false then
    for index, service in ipairs(genesis.services) do
      genesis.issues[index] = { to = crypto.address_of_contract(service.name), token = TOKEN,
        amount = 1000 }
    end
  end
  for name, value in pairs(given.genesis or {}) do genesis[name] = value end
  return assert(chains.open { genesis = genesis,
    processors = { LUA = players.processor(services) } })
end

local function balance(chain, key)
  local value = chain.storage:read("_Ledger", key)
  return value == "" and 0 or word.from_bytes(value):tointeger()
end

local function mailbox(chain)
  local keys = {}
  for _, entry in ipairs(chain.storage:keys "_Mailbox") do keys[entry.key] = entry.value end
  return keys
end

describe("a message to a service of a peer #small", function()
  local services = {
    Sender = function(sdk, call)
      if call.resume then
        sdk.write("came", call.resume.succeeded and "answer" or "failure")
        return
      end
      if call.method_name == "ask" then return sdk.suspend("Token@43", "twice", { 21 }, 5) end
      sdk.send("Token@43", "note", { { string = "hello" } }, 30)
      if call.method_name == "fail" then sdk.fail "changed my mind" end
    end,
  }

  it("is state of the sender until it is fetched", function()
    local chain <close> = open(services)

    local sent = chain:commit { { "Sender", "go" } }.receipts

    local keys = mailbox(chain)
    local record = codec.decode("Message", keys["Out_" .. u32(THEIRS) .. u64(0)])
    assert.equal(1, #sent)
    assert.same({ OURS, "Sender", THEIRS, "Token", 0, 2 }, { record.from_chain,
      record.from_service, record.to_chain, record.to_service, record.sequence, record.kind })
    assert.same({ sent[1].message_id, chains.accounts[1].address, "note", TOKEN, "30" },
      { record.root, record.signer, record.method, record.token, tostring(record.amount) })
    assert.equal(string.pack("<I8", 1), keys["Next_" .. u32(THEIRS)])
    assert.is_nil(keys["Next_" .. u32(OURS)])
  end)

  it("takes its amount off the ledger, and counts it", function()
    local chain <close> = open(services)

    chain:commit { { "Sender", "go" }, { "Sender", "go" } }

    assert.equal(940, balance(chain, account "Sender"))
    assert.equal(amount(60), mailbox(chain)["Sent_" .. u32(THEIRS) .. TOKEN])
    assert.equal(string.pack("<I8", 2), mailbox(chain)["Open_" .. u32(THEIRS)])
  end)

  it("carries the gas that is left, and the run waits", function()
    local chain <close> = open(services)

    local receipts = chain:commit { { "Sender", "ask" } }.receipts

    local record = codec.decode("Message", mailbox(chain)["Out_" .. u32(THEIRS) .. u64(0)])
    assert.is_true(receipts[1].suspended)
    assert.equal(8, record.kind)
    -- 50,000,000 less 28 for each byte of the argument (16) and of what is kept (4), and the lock.
    assert.equal(50000000 - 28 * (16 + 4) - 1000000, record.gas)
  end)

  it("is not sent by a transaction that fails", function()
    local chain <close> = open(services)

    chain:commit { { "Sender", "fail" }, failing = true }

    assert.same({}, mailbox(chain))
    assert.equal(1000, balance(chain, account "Sender"))
  end)

  it("may be refused where ten thousand wait for that peer", function()
    local chain <close> = open {
      Sender = function(sdk, call)
        for _ = 1, call.input_arguments[1].value do sdk.send("Token@43", "note") end
      end,
    }
    local set = {}
    for number = 1, 39 do set[number] = { "Sender", "go", 256 } end
    set[40] = { "Sender", "go", 16 }
    chain:commit(set)

    local out = chain:commit { { "Sender", "go", 1 }, failing = true }

    assert.same({ "ERROR_SMART_CONTRACT", "mailbox full" }, chains.outcome(out.receipts[1]))
    assert.equal(string.pack("<I8", 10000), mailbox(chain)["Open_" .. u32(THEIRS)])
  end)
end)

describe("a message that names a chain #small", function()
  it("stays here where it is this one", function()
    local chain <close> = open {
      Sender = function(sdk) sdk.send("Receiver@42", "note", {}, 10) end,
      Receiver = function() end,
    }

    chain:commit { { "Sender", "go" } }

    assert.equal(1010, balance(chain, account "Receiver"))
  end)

  it("fails with code 3 where nobody knows the chain, and its amount comes back", function()
    local chain <close> = open {
      Sender = function(sdk) sdk.send("Token@7", "note", {}, 10) end,
    }

    local out = chain:commit { { "Sender", "go" }, failing = true }

    assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", out.receipts[2].execution_result)
    assert.equal(3, out.receipts[2].code)
    assert.equal(1000, balance(chain, account "Sender"))
  end)

  it("answers a run that waits for a chain nobody knows, with code 3 and the amount", function()
    local chain <close> = open {
      Asker = function(sdk, call)
        if not call.resume then return sdk.suspend("Token@7", "twice", { 4 }, 10) end
        return { { bool = call.resume.succeeded }, { uint32 = call.resume.code } }
      end,
    }

    local out = chain:commit { { "Asker", "go" }, failing = true }

    assert.same({ "SUCCESS", false, 3 }, chains.outcome(out.receipts[3]))
    assert.equal(1000, balance(chain, account "Asker"))
  end)

  for _, name in ipairs { "Token@", "Token@043", "Token@4294967296", "Token@-1", "@43" } do
    it("names a service that there is not as " .. name, function()
      local chain <close> = open {
        Sender = function(sdk) sdk.send(name, "note") end,
      }

      local out = chain:commit { { "Sender", "go" }, failing = true }

      assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", out.receipts[2].execution_result)
      assert.is_nil(mailbox(chain)["Open_" .. u32(THEIRS)])
    end)
  end
end)
