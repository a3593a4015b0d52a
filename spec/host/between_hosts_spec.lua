-- Messages between hosts: what leaves, and what a host takes from its peers (spec/joins.md 10).
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local peers = require "spec.support.peer"
local players = require "spec.support.players"
local word = require "vmhost.word"

local TOKEN <const> = players.TOKEN
local OURS <const>, THEIRS <const> = peers.OURS, peers.CHAIN

local u32, u64 = peers.u32, peers.u64

local function amount(number) return word.new(number):to_bytes() end

local function account(service, chain)
  return (chain and crypto.address_of_foreign_contract(chain, service)
    or crypto.address_of_contract(service)) .. TOKEN
end

-- A chain of players that knows the chain THEIRS; each service has 1000 of the token.
local function open(services, given)
  given = given or {}
  local genesis = { services = players.services(services), issues = {},
    peers = { { virtual_chain_id = THEIRS, host_key = peers.KEY, allowances = given.allowances } } }
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

  it("stays here where the genesis names this chain as a peer, too", function()
    local chain <close> = open({
      Sender = function(sdk) sdk.send("Receiver@42", "note", {}, 10) end,
      Receiver = function() end,
    }, { genesis = { peers = { { virtual_chain_id = OURS, host_key = peers.KEY } } } })

    chain:commit { { "Sender", "go" } }

    assert.equal(1010, balance(chain, account "Receiver"))
  end)

  it("is no number beyond 2^32-1", function()
    local chain <close> = open({
      Sender = function(sdk) sdk.send("Token@4294967296", "note") end,
    }, { genesis = { peers = { { virtual_chain_id = 0, host_key = peers.KEY } } } })

    chain:commit { { "Sender", "go" }, failing = true }

    assert.is_nil(mailbox(chain)["Open_" .. u32(0)])
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

-- ---- what a host takes ----

local OURS_ONLY <const> = {
  Ours = function(sdk, call)
    if call.resume then
      local resume = call.resume
      sdk.write("came", resume.succeeded and "answer" or "failure")
      sdk.send("Theirs@43", "came")
      return { { bytes = resume.answer }, { uint32 = resume.code } }
    end
    if call.method_name == "refuse" then sdk.fail "no" end
    if call.method_name == "ask" then return sdk.suspend("Theirs@43", "twice", { 4 }, 10) end
    if call.method_name == "pay" then
      sdk.send("Theirs@43", "note", {}, call.input_arguments[1].value)
      return {}
    end
    sdk.write("ran", (sdk.read "ran") .. call.method_name:sub(1, 1))
    sdk.write("caller", sdk.address "getCallerAddress")
    sdk.write("signer", sdk.address "getSignerAddress")
    return { 5 }
  end,
}

local function ran(chain) return #chain.storage:read("Ours", "ran") end

local function out_message(chain, sequence)
  local bytes = mailbox(chain)["Out_" .. u32(THEIRS) .. u64(sequence)]
  return bytes and codec.decode("Message", bytes)
end

describe("a message of a peer that proves itself #small", function()
  it("runs before the transactions of its set, and is taken", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)

    local out = chain:commit { { "Ours", "note" }, incoming = { peer:message { method = "meet" } } }

    assert.same({}, out.refused)
    assert.equal(2, #out.receipts)
    assert.equal("mn", chain.storage:read("Ours", "ran"))
    assert.equal(peers.taken(1), mailbox(chain)["Taken_" .. u32(THEIRS)])
    assert.equal(("r"):rep(32), out.receipts[2].root)
  end)

  it("comes from an address that nobody here can have, and has no signer", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)

    chain:commit { incoming = { peer:message {} } }

    -- Last 20 bytes of SHA-256 of 00, chain 43 as 4 bytes, the name.
    assert.equal(crypto.sha256("\0\43\0\0\0Theirs"):sub(-20), chain.storage:read("Ours", "caller"))
    assert.equal(chains.ZERO_ADDRESS, chain.storage:read("Ours", "signer"))
  end)

  it("may come in any order, each once", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)
    local second = peer:message { sequence = 1 }
    local first = peer:message { sequence = 0 }

    chain:commit { incoming = { second } }
    assert.equal(peers.taken(0, 1), mailbox(chain)["Taken_" .. u32(THEIRS)])
    chain:commit { incoming = { first } }

    assert.equal(peers.taken(2), mailbox(chain)["Taken_" .. u32(THEIRS)])
    assert.equal(2, ran(chain))
  end)

  it("waits where the set has no room for it", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY, { genesis = { limits = { messages_per_set = 0 } } })

    chain:commit { incoming = { peer:message {} } }

    assert.equal(0, ran(chain))
    assert.equal(peers.taken(1), mailbox(chain)["Taken_" .. u32(THEIRS)])
    assert.truthy(mailbox(chain)["In_" .. u64(0)])
  end)

  it("is answered by what leaves again", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)
    local call = peer:message { kind = 8 }

    chain:commit { incoming = { call } }

    local answer = out_message(chain, 0)
    local id = crypto.sha256(peer:bytes { kind = 8, gas = 0 })
    assert.same({ 9, OURS, "Ours", THEIRS, "Theirs", id }, { answer.kind, answer.from_chain,
      answer.from_service, answer.to_chain, answer.to_service, answer.answered_id })
    assert.equal(codec.pack_arguments { 5 }, answer.input)
  end)

  it("brings its amount, and takes it back with a failure", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY, { issues = false })

    chain:commit { incoming = { peer:message { amount = 30 } } }
    assert.equal(30, balance(chain, account "Ours"))
    assert.equal(amount(30), mailbox(chain)["Taken_" .. u32(THEIRS) .. TOKEN])
    chain:commit { incoming = { peer:message { sequence = 1, kind = 8, amount = 4,
      method = "refuse" } }, failing = true }

    local failure = out_message(chain, 0)
    assert.same({ 10, "4", 4 }, { failure.kind, tostring(failure.amount), failure.code })
    assert.equal(30, balance(chain, account "Ours"))
    assert.equal(amount(4), mailbox(chain)["Sent_" .. u32(THEIRS) .. TOKEN])
  end)

  it("credits a client here", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY, { issues = false })
    local client = ("\7"):rep(20)

    chain:commit { incoming = { peer:message { to_service = "@" .. crypto.hex(client) .. "00",
      amount = 9 } } }

    assert.equal(9, balance(chain, client .. TOKEN))
  end)
end)

describe("an answer of a peer #small", function()
  -- A chain on which a run waits for the peer; the id it waits for.
  local function waiting()
    local chain = open(OURS_ONLY)
    chain:commit { { "Ours", "ask" } }
    local message = out_message(chain, 0)
    message.gas = 0
    return chain, crypto.sha256(codec.encode("Message", message)), message
  end

  local function answer(id, fields)
    local message = { kind = 9, method = false, to_service = "Ours", answered_id = id,
      input = codec.pack_arguments { 8 } }
    for name, value in pairs(fields or {}) do message[name] = value end
    return message
  end

  it("goes on with the run that waits", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()

    local out = chain:commit { incoming = { peer:message(answer(id)) } }

    assert.equal("answer", chain.storage:read("Ours", "came"))
    assert.same({ "SUCCESS", codec.pack_arguments { 8 }, 0 }, chains.outcome(out.receipts[1]))
  end)

  it("brings no more gas than the call had", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()

    chain:commit { incoming = { peer:message(answer(id, { gas = 1 << 62 })) } }

    -- What the run has sends on: the call's gas and the lock, 50,000,000 less 28 a byte of 16 + 4.
    assert.equal(50000000 - 28 * 20, out_message(chain, 1).gas)
  end)

  it("may bring less gas than the call had", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()

    chain:commit { incoming = { peer:message(answer(id, { gas = 5000 })) } }

    assert.equal(1000000 + 5000, out_message(chain, 1).gas)
  end)

  it("brings no more of the amount than the call had", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()
    assert.equal(990, balance(chain, account "Ours"))

    chain:commit { incoming = { peer:message(answer(id, { kind = 10, amount = 5000, code = 4,
      input = codec.pack_arguments { "no" } })) } }

    assert.equal("failure", chain.storage:read("Ours", "came"))
    assert.equal(1000, balance(chain, account "Ours"))
  end)

  it("brings nothing of another token", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()

    chain:commit { incoming = { peer:message(answer(id, { kind = 10, amount = 10, code = 4,
      token = "OTHERTOKEN", input = codec.pack_arguments { "no" } })) } }

    assert.equal(990, balance(chain, account "Ours"))
    assert.equal("", chain.storage:read("_Ledger", crypto.address_of_contract "Ours"
      .. "OTHERTOKEN"))
  end)

  it("is no answer where it comes from another service than was asked", function()
    local peer <close> = peers.open()
    local chain <close>, id = waiting()

    local out = chain:commit { incoming = { peer:message(answer(id,
      { from_service = "Other" })) }, failing = true }

    assert.same({ "ERROR_SMART_CONTRACT", "no_context" }, chains.outcome(out.receipts[1]))
    assert.equal("", chain.storage:read("Ours", "came"))
  end)

  it("is no answer where another peer gives it", function()
    local other <close> = peers.open(44)
    local chain <close> = open(OURS_ONLY, { genesis = { peers = {
      { virtual_chain_id = THEIRS, host_key = peers.KEY },
      { virtual_chain_id = 44, host_key = peers.KEY } } } })
    chain:commit { { "Ours", "ask" } }
    local asked = out_message(chain, 0)
    asked.gas = 0
    local id = crypto.sha256(codec.encode("Message", asked))

    local out = chain:commit { incoming = { other:message(answer(id)) }, failing = true }

    assert.same({}, out.refused)
    assert.same({ "ERROR_SMART_CONTRACT", "no_context" }, chains.outcome(out.receipts[1]))
  end)
end)

describe("what a peer may have here #small", function()
  it("is nothing of a token that is issued here, but what was sent to him", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)
    chain:commit { { "Ours", "pay", { uint64 = 30 } } }

    local more = chain:commit { incoming = { peer:message { kind = 8, amount = 31 } },
      failing = true }
    chain:commit { incoming = { peer:message { sequence = 1, amount = 10 } } }
    chain:commit { incoming = { peer:message { sequence = 2, amount = 20 } } }

    assert.equal("more than the peer is allowed", chains.outcome(more.receipts[1])[2])
    assert.equal(7, more.receipts[1].code)
    local failure = out_message(chain, 1)
    assert.same({ 10, "31", 7 }, { failure.kind, tostring(failure.amount), failure.code })
    assert.equal(1000, balance(chain, account "Ours"))
    assert.equal(2, ran(chain))
  end)

  it("is what the genesis allows him beyond that", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY,
      { allowances = { { token = TOKEN, amount = 20 } } })

    chain:commit { incoming = { peer:message { amount = 20 } } }
    local more = chain:commit { incoming = { peer:message { sequence = 1, amount = 1 } },
      failing = true }

    assert.equal(7, more.receipts[1].code)
    assert.equal(1020, balance(chain, account "Ours"))
  end)

  it("is without limit of a token that is not issued here, up to 2^256-1 in all", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY, { issues = false })
    local most = word.new(0) - word.new(1)

    chain:commit { incoming = { peer:message { amount = most } } }
    local more = chain:commit { incoming = { peer:message { sequence = 1, amount = 1 } },
      failing = true }

    assert.equal(7, more.receipts[1].code)
    assert.equal(most:to_bytes(), chain.storage:read("_Ledger", account "Ours"))
  end)

  it("is up to 2^256-1 of all peers together", function()
    local peer <close> = peers.open()
    local other <close> = peers.open(44)
    local chain <close> = open(OURS_ONLY, { issues = false, genesis = { peers = {
      { virtual_chain_id = THEIRS, host_key = peers.KEY },
      { virtual_chain_id = 44, host_key = peers.KEY } } } })
    local most = word.new(0) - word.new(1)

    chain:commit { incoming = { peer:message { amount = most } } }
    local more = chain:commit { incoming = { other:message { amount = 1 } }, failing = true }

    assert.equal(7, more.receipts[1].code)
    assert.equal(most:to_bytes(), chain.storage:read("_Ledger", account "Ours"))
  end)

  it("may go to and fro without end", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY, { issues = false })
    local most = word.new(0) - word.new(1)

    for sequence = 0, 3 do
      chain:commit { incoming = { peer:message { sequence = sequence, amount = most } } }
      assert.equal(most:to_bytes(), chain.storage:read("_Ledger", account "Ours"))
      chain:commit { { "Ours", "pay", { uint256 = most } } }
      assert.equal("", chain.storage:read("_Ledger", account "Ours"))
    end
  end)

  it("makes a refund that he has not of nothing", function()
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY)

    local out = chain:commit { incoming = { peer:message { kind = 6, method = false, gas = 0,
      amount = 5, answered_id = ("x"):rep(32) } } }

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.equal(1000, balance(chain, account "Ours"))
  end)

  it("keeps the owner from issuing beyond 2^256-1 with what is here of peers", function()
    local owner = chains.accounts[1].address
    local peer <close> = peers.open()
    local chain <close> = open(OURS_ONLY,
      { issues = false, genesis = { ledger_owner = owner } })
    local most = word.new(0) - word.new(1)
    chain:commit { incoming = { peer:message { amount = most } } }

    local out = chain:commit { { "_Ledger", "issue", { bytes20 = owner }, { bytes = TOKEN },
      { uint256 = 1 } }, failing = true }

    assert.equal("ERROR_SMART_CONTRACT", out.receipts[1].execution_result)
    assert.equal("", chain.storage:read("_Ledger", owner .. TOKEN))
  end)
end)

-- ---- what a host refuses ----

-- Commits the set beside one without what was brought: the reasons, and that nothing else is left.
local function refused(chain_services, set, before)
  local chain <close> = open(chain_services)
  local plain <close> = open(chain_services)
  for _, earlier in ipairs(before or {}) do
    chain:commit(earlier)
    plain:commit(earlier)
  end
  local out = chain:commit(set)
  plain:commit {}

  local reasons = {}
  for index, entry in ipairs(out.refused) do
    reasons[index] = ("%s[%d] %s"):format(entry.list, entry.index, entry.reason)
  end
  assert.equal(plain.storage:state_hash(), chain.storage:state_hash())
  assert.same({}, out.receipts)
  return table.unpack(reasons)
end

local function changed(record, fields)
  local copy = {}
  for name, value in pairs(record) do copy[name] = value end
  for name, value in pairs(fields) do copy[name] = value end
  return copy
end

local function flipped(bytes, place)
  return bytes:sub(1, place - 1) .. string.char(bytes:byte(place) ~ 1) .. bytes:sub(place + 1)
end

local function decoded_header(record)
  return codec.decode("ResultsBlockHeader", record.header)
end

-- A record with its header changed and signed anew.
local function with_header(record, fields)
  local header = codec.encode("ResultsBlockHeader", changed(decoded_header(record), fields))
  return changed(record, { header = header, signature = peers.sign(header) })
end

describe("a message of a peer is refused, listed and without effect #small", function()
  local peer

  before_each(function() peer = peers.open() end)
  after_each(function() peer:close() end)

  local function refuses(reason, record, before)
    assert.equal("incoming[1] " .. reason, (refused(OURS_ONLY, { incoming = { record } }, before)))
  end

  it("where the header is signed by another key", function()
    local good = peer:message {}
    refuses("header: not signed by the peer's host key",
      changed(good, { signature = peers.sign(good.header, ("x"):rep(32)) }))
  end)

  it("where the signature is of another header, short, or not there", function()
    local good = peer:message {}
    local other = peer:message { sequence = 1 }
    local reason = "header: not signed by the peer's host key"
    refuses(reason, changed(good, { signature = other.signature }))
    refuses(reason, changed(good, { signature = good.signature:sub(1, 63) }))
    refuses(reason, changed(good, { signature = "" }))
  end)

  it("where any byte of the header was changed", function()
    local good = peer:message {}
    for place = 1, #good.header do
      local bad = changed(good, { header = flipped(good.header, place) })
      assert.truthy(refused(OURS_ONLY, { incoming = { bad } }))
    end
  end)

  it("where the header is cut, longer, or of a transactions block", function()
    local good = peer:message {}
    local reason = "header: not a results block header"
    local function signed(header) return { header = header, signature = peers.sign(header) } end
    refuses(reason, changed(good, signed(good.header:sub(1, -2))))
    refuses(reason, changed(good, signed(good.header .. "\0")))
    refuses(reason, changed(good, signed ""))
    refuses(reason, changed(good, signed(peer.storage:block(2).transactions_header)))
  end)

  it("where the header is of a chain that is no peer, or of this one", function()
    local good = peer:message {}
    refuses("header: not of a peer", with_header(good, { virtual_chain_id = 44 }))
    refuses("header: not of a peer", with_header(good, { virtual_chain_id = OURS }))
  end)

  it("where the root has another size", function()
    refuses("header: not a results block header",
      with_header(peer:message {}, { pre_execution_state_merkle_root_hash = ("x"):rep(31) }))
  end)

  it("where the proof is of another key", function()
    local bytes = peer:bytes {}
    peer:write { [peers.out_key(0)] = bytes, ["Out_" .. u32(7) .. u64(0)] = bytes }
    local other = peer:prove("Out_" .. u32(7) .. u64(0), "message")
    refuses("proof: does not show the record under the header's root", other)
  end)

  it("where the proof is of a record under another contract", function()
    peer.storage:commit_state_diff { height = 1, state_diffs = { { contract_name = "Theirs",
      state_diffs = { { key = peers.out_key(0), value = peer:bytes {} } } } } }
    peer:write {}
    local header = peer.storage:block(2).results_header
    refuses("proof: does not show the record under the header's root", {
      header = header, signature = peers.sign(header), message = peer:bytes {},
      proof = peer.storage:prove("Theirs", peers.out_key(0), 1) })
  end)

  it("where the proof is of another root", function()
    local good = peer:message {}
    local later = peer:message { sequence = 1 }
    refuses("proof: does not show the record under the header's root",
      changed(good, { header = later.header, signature = later.signature }))
  end)

  it("where the proof is cut, longer, empty, or has a changed byte", function()
    local good = peer:message {}
    local reason = "proof: does not show the record under the header's root"
    for size = 0, #good.proof - 1 do
      refuses(reason, changed(good, { proof = good.proof:sub(1, size) }))
    end
    refuses(reason, changed(good, { proof = good.proof .. "\0" }))
    for place = 1, #good.proof, 7 do
      refuses(reason, changed(good, { proof = flipped(good.proof, place) }))
    end
  end)

  it("where the proof shows that there is no such record", function()
    peer:write { Other = "x" }
    local absent = peer:prove(peers.out_key(0), "message")
    refuses("proof: does not show the record under the header's root",
      changed(absent, { message = peer:bytes {} }))
  end)

  it("where a byte of the message was changed", function()
    local good = peer:message {}
    for place = 1, #good.message, 3 do
      local bad = changed(good, { message = flipped(good.message, place) })
      assert.truthy(refused(OURS_ONLY, { incoming = { bad } }))
    end
  end)

  it("where the record is no message", function()
    for _, bytes in ipairs { "x", peer:bytes {} .. "\0", peer:bytes({}):sub(1, -2) } do
      peer:write { [peers.out_key(0)] = bytes }
      refuses("message: not a message", peer:prove(peers.out_key(0), "message"))
    end
  end)

  it("where the message is for another chain, or from another", function()
    refuses("message: to_chain is not this chain", peer:message { to_chain = 44 })
    refuses("message: from_chain is not the header's", peer:message { from_chain = OURS })
    refuses("message: from_chain is not the header's", peer:message { from_chain = 44 })
  end)

  it("where the header is of another protocol version", function()
    for _, version in ipairs { 0, 2, 0xffffffff } do
      refuses("header: of another protocol version",
        with_header(peer:message {}, { protocol_version = version }))
    end
  end)

  it("where the header is older than one that was seen", function()
    local first = peer:message {}
    local second = peer:message { sequence = 1 }
    refuses("header: older than one that was seen", first, { { incoming = { second } } })
  end)

  it("where another header of that height was seen", function()
    local first = peer:message {}
    local second = with_header(first, { timestamp = 77 })
    refuses("header: another one of that height was seen", second, { { incoming = { first } } })
  end)

  it("where it was taken before, in this set or another", function()
    local record = peer:message {}
    refuses("message: taken before", record, { { incoming = { record } } })
    local chain <close> = open(OURS_ONLY)
    local out = chain:commit { incoming = { record, record } }
    assert.same({ { list = "incoming", index = 2, reason = "message: taken before" } },
      out.refused)
    assert.equal(1, ran(chain))
  end)

  it("where its number lies beyond the window", function()
    refuses("message: sequence beyond the window", peer:message { sequence = 10000 })
    refuses("message: sequence beyond the window", peer:message { sequence = -1 })
    local chain <close> = open(OURS_ONLY)
    assert.same({}, chain:commit { incoming = { peer:message { sequence = 9999 } } }.refused)
  end)

  it("where it is longer than 16 MiB", function()
    local record = peer:message { input = ("x"):rep(16 * 1024 * 1024) }
    refuses("message: longer than 16 MiB", record)
  end)

  -- A mailbox of that many messages, none of which is looked at.
  local function open_full(count)
    local chain = open(OURS_ONLY, { genesis = { limits = { messages_per_set = 0 } } })
    assert(chain.storage:commit_state_diff { height = 1, state_diffs = { {
      contract_name = "_Mailbox", state_diffs = { { key = "Tail",
        value = string.pack("<I8", count) } } } } })
    return chain
  end

  it("where the mailbox is full, unless it is an answer or a refund", function()
    local full <close> = open_full(100000)
    local answer = peer:message { sequence = 1, kind = 9, method = false,
      answered_id = ("i"):rep(32) }

    local out = full:commit { incoming = { peer:message {}, answer } }
    assert.same({ { list = "incoming", index = 1, reason = "message: mailbox full" } },
      out.refused)
    local room <close> = open_full(99999)
    assert.same({}, room:commit({ incoming = { peer:message {} } }).refused)
  end)

  it("where it is of an unknown kind or version", function()
    for _, kind in ipairs { 0, 1, 3, 7, 13, 65535 } do
      refuses("message: kind", peer:message { kind = kind })
    end
    refuses("message: kind", peer:message { version = 2 })
  end)

  local ID <const> = ("i"):rep(32)
  local REFUND <const> = { kind = 6, method = false, gas = 0, answered_id = ID }
  local ANSWER <const> = { kind = 9, method = false, answered_id = ID }
  local FAILURE <const> = { kind = 10, method = false, answered_id = ID, code = 4 }
  local ASYNC_CALL <const> = { kind = 11, answered_id = ID, context_id = ID }
  local ASYNC_ANSWER <const> = { kind = 12, method = false, answered_id = ID, context_id = ID }

  local EXTRA <const> = {
    [2] = { {}, { answered_id = ID }, { context_id = ID }, { code = 1 } },
    [6] = { REFUND, { method = "x" }, { input = "x" }, { gas = 1 }, { context_id = ID },
      { code = 1 } },
    [8] = { { kind = 8 }, { answered_id = ID }, { context_id = ID }, { code = 1 } },
    [9] = { ANSWER, { method = "x" }, { amount = 1 }, { context_id = ID }, { code = 1 } },
    [10] = { FAILURE, { method = "x" }, { context_id = ID } },
    [11] = { ASYNC_CALL, { code = 1 } },
    [12] = { ASYNC_ANSWER, { method = "x" } },
  }
  for kind, list in pairs(EXTRA) do
    it("where a message of kind " .. kind .. " has a field that its kind does not have", function()
      for index = 2, #list do
        refuses("message: a field that its kind does not have",
          peer:message(changed(list[1], list[index])))
      end
    end)
  end

  local LACKING <const> = {
    { { to_service = "" }, { from_service = "" }, { token = "short" }, { token = "" } },
    { changed(REFUND, { answered_id = "" }), changed(REFUND, { answered_id = "x" }) },
    { changed(ANSWER, { answered_id = "" }), changed(FAILURE, { code = 0 }) },
    { changed(ASYNC_CALL, { context_id = "" }), changed(ASYNC_CALL, { answered_id = "x" }),
      changed(ASYNC_ANSWER, { context_id = ID .. "x" }),
      changed(ASYNC_ANSWER, { context_id = ID .. "12345" }) },
  }
  it("where a field is not there that its kind has", function()
    for _, list in ipairs(LACKING) do
      for _, fields in ipairs(list) do
        refuses("message: without a field that its kind has", peer:message(fields))
      end
    end
  end)

  it("where a call brings more gas than a transaction may have", function()
    local reason = "message: more gas than a transaction may have"
    refuses(reason, peer:message { gas = 50000001 })
    refuses(reason, peer:message { kind = 8, gas = -1 })
    refuses(reason, peer:message(changed(ASYNC_CALL, { gas = 50000001 })))
    local chain <close> = open(OURS_ONLY)
    local good = peer:message { gas = 50000000 }
    assert.same({}, chain:commit { incoming = { good } }.refused)
  end)

  it("where a thousand were taken in the set", function()
    local chain <close> = open({ Ours = function() end })
    local values = {}
    for sequence = 0, 1000 do
      values[peers.out_key(sequence)] = peer:bytes { sequence = sequence }
    end
    local height = peer:write(values)
    local incoming = {}
    for sequence = 0, 1000 do
      incoming[sequence + 1] = peer:prove(peers.out_key(sequence), "message", height)
    end

    local out = chain:commit { incoming = incoming }
    assert.same({ { list = "incoming", index = 1001,
      reason = "message: more than 1000 in one set" } }, out.refused)
    assert.same({}, chain:commit({ incoming = { incoming[1001] } }).refused)
    assert.equal(peers.taken(1001), mailbox(chain)["Taken_" .. u32(THEIRS)])
  end)
end)

describe("what a peer tells that it took #small", function()
  local function sent(count)
    local chain = open(OURS_ONLY)
    for _ = 1, count do chain:commit { { "Ours", "pay", { uint64 = 1 } } } end
    return chain
  end

  local function left(chain)
    local list = {}
    for key in pairs(mailbox(chain)) do
      if key:find "^Out_" then list[#list + 1] = string.unpack(">I8", key, 9) end
    end
    table.sort(list)
    return list
  end

  it("is not kept any longer", function()
    local peer <close> = peers.open()
    local chain <close> = sent(5)

    chain:commit { acknowledgements = { peer:acknowledge(1, 3) } }
    assert.same({ 1, 2, 4 }, left(chain))
    assert.equal(string.pack("<I8", 3), mailbox(chain)["Open_" .. u32(THEIRS)])
    chain:commit { acknowledgements = { peer:acknowledge(5), peer:acknowledge(5) } }

    assert.same({}, left(chain))
    assert.is_nil(mailbox(chain)["Open_" .. u32(THEIRS)])
    assert.equal(string.pack("<I8", 5), mailbox(chain)["Next_" .. u32(THEIRS)])
  end)

  it("comes with a header behind which older ones are refused", function()
    local peer <close> = peers.open()
    local chain <close> = sent(1)
    local older = peer:message {}

    chain:commit { acknowledgements = { peer:acknowledge(1) } }

    assert.same({ { list = "incoming", index = 1,
      reason = "header: older than one that was seen" } },
      chain:commit({ incoming = { older } }).refused)
  end)

  it("makes room for more", function()
    local peer <close> = peers.open()
    local chain <close> = open {
      Ours = function(sdk, call)
        for _ = 1, call.input_arguments[1].value do sdk.send("Theirs@43", "note") end
      end,
    }
    local set = {}
    for number = 1, 39 do set[number] = { "Ours", "go", 256 } end
    set[40] = { "Ours", "go", 16 }
    chain:commit(set)

    chain:commit { { "Ours", "go", 1 }, acknowledgements = { peer:acknowledge(9000) } }

    assert.equal(string.pack("<I8", 1001), mailbox(chain)["Open_" .. u32(THEIRS)])
    assert.equal(1001, #left(chain))
  end)

  local CASES <const> = {
    ["taken: more than was sent"] = { { 3 }, { 0, 2 }, { -1 }, { 1, 1 << 62 } },
    ["taken: not a record of what was taken"] = { { 1, 1 }, { 1, 0 }, { 0, 9, 8 },
      { 0, 10000 } },
  }
  for reason, cases in pairs(CASES) do
    it("is refused: " .. reason, function()
      local pay = { "Ours", "pay", { uint64 = 1 } }
      local before = { { pay }, { pay } }
      for _, numbers in ipairs(cases) do
        local peer <close> = peers.open()
        local got = refused(OURS_ONLY,
          { acknowledgements = { peer:acknowledge(table.unpack(numbers)) } }, before)
        local expected = numbers[2] == 1 << 62 and "taken: not a record of what was taken" or reason
        assert.equal("acknowledgements[1] " .. expected, got)
      end
    end)
  end

  it("is refused where it is not proved", function()
    local peer <close> = peers.open()
    local before = { { { "Ours", "pay", { uint64 = 1 } } } }
    local good = peer:acknowledge(1)
    local proof = "acknowledgements[1] proof: does not show the record under the header's root"

    assert.equal(proof, refused(OURS_ONLY, { acknowledgements = {
      changed(good, { taken = peers.taken(0) }) } }, before))
    assert.equal(proof, refused(OURS_ONLY, { acknowledgements = {
      changed(good, { proof = good.proof:sub(2) }) } }, before))
    assert.equal("acknowledgements[1] header: not signed by the peer's host key",
      refused(OURS_ONLY, { acknowledgements = {
        changed(good, { signature = peers.sign(good.header, ("x"):rep(32)) }) } }, before))
  end)
end)

describe("process_transaction_set with what peers bring #small", function()
  local GOOD <const> = { header = "h", signature = "s", message = "m", proof = "p" }

  local function raises(text, set)
    local chain <close> = open(OURS_ONLY)
    local good, wrong = pcall(chain.process, chain, set)
    assert.is_false(good)
    assert.truthy(wrong:find(text, 1, true), wrong)
  end

  it("names the field and the value that are wrong", function()
    raises("incoming: expected list, got number 7", { incoming = 7 })
    raises("incoming[1]: expected table, got string", { incoming = { "x" } })
    raises("incoming[1].header", { incoming = { changed(GOOD, { header = 5 }) } })
    raises("incoming[2].proof", { incoming = { GOOD, { header = "h", signature = "s",
      message = "m" } } })
    raises("incoming[1]: unknown key 'taken'", { incoming = { changed(GOOD, { taken = "x" }) } })
    raises("acknowledgements[1]: unknown key 'message'", { acknowledgements = { GOOD } })
  end)
end)
