-- Runs that wait for several calls, of any processor; and what comes to them that should not.
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local players = require "spec.support.players"
local word = require "vmhost.word"

local TOKEN <const> = players.TOKEN
local PROTECTED <const> = "\0vmhost\0"

local function open(services, genesis)
  local fields = { services = players.services(services), issues = {} }
  for index, service in ipairs(fields.services) do
    fields.issues[index] = { to = crypto.address_of_contract(service.name), token = TOKEN,
      amount = 1000 }
  end
  for name, value in pairs(genesis or {}) do fields[name] = value end
  return assert(chains.open { genesis = fields,
    processors = { LUA = players.processor(services) } })
end

local function balance(chain, service)
  local value = chain.storage:read("_Ledger", crypto.address_of_contract(service) .. TOKEN)
  return value == "" and 0 or word.from_bytes(value):tointeger()
end

local function protected(chain)
  return #chain.storage:keys("Asker", { prefix = PROTECTED .. "suspended" })
    + #chain.storage:keys("Asker", { prefix = PROTECTED .. "async" })
end

-- "0:" and values, or code and text, of each outcome.
local function shown(resume)
  local list = {}
  for index, outcome in ipairs(resume.outcomes) do
    if outcome.code == 0 then
      local values = chains.values(codec.unpack_arguments(outcome.values))
      list[index] = table.concat(values, ",")
    else
      list[index] = ("!%d %s"):format(outcome.code, outcome.values)
    end
  end
  return table.concat(list, " | ")
end

local function services_of(ask)
  return {
    Asker = function(sdk, call)
      if call.resume then
        assert(call.resume.succeeded and call.resume.stored == "here")
        sdk.write("came", sdk.read "came" .. shown(call.resume))
        sdk.write("caller", sdk.address "getCallerAddress")
        return { { string = "done" } }
      end
      return ask(sdk, call)
    end,
    Doubler = function(sdk, call)
      if call.method_name == "fail" then sdk.fail "no" end
      if call.method_name == "later" then
        if call.resume then return { { uint64 = 99 } } end
        return sdk.suspend("Doubler", "twice", { 1 })
      end
      return { { uint64 = 2 * call.input_arguments[1].value } }
    end,
  }
end

local function three(sdk)
  return sdk.await_all { { "Doubler", "twice", { 4 }, 10 }, { "Doubler", "fail", {}, 20 },
    { "Doubler", "later" } }
end

describe("a run that waits for several calls #small", function()
  it("gets their outcomes in order, with signer, caller and stored bytes of its first run",
    function()
      local chain <close> = open(services_of(three))
      local out = chain:commit { { "Asker", "go" }, failing = true }

      assert.equal("8 | !4 no | 99", chain.storage:read("Asker", "came"))
      assert.is_true(out.receipts[1].suspended)
      local last = out.receipts[#out.receipts]
      assert.same({ "done" }, chains.values(last.output_argument_array))
      assert.equal(20, #chain.storage:read("Asker", "caller"))
      assert.equal(990, balance(chain, "Asker"))
      assert.equal(1010, balance(chain, "Doubler"))
      assert.equal(0, protected(chain))
    end)

  for name, changes in pairs {
    ["with lists of different lengths"] = { [6] = { 1 } },
    ["with no method"] = { [2] = { "twice", "" } },
    ["with a token of another size"] = { [4] = { TOKEN, "short" } },
    ["of none"] = { {}, {}, {}, {}, {}, {} },
  } do
    it("is refused " .. name, function()
      local chain <close> = open(services_of(function(sdk)
        return sdk.await_all({ { "Doubler", "twice", { 1 } }, { "Doubler", "twice", { 2 } } }, "x",
          changes)
      end))
      local out = chain:commit { { "Asker", "go" }, failing = true }

      assert.equal(1, #out.receipts)
      assert.equal("bad call data",
        chains.values(out.receipts[1].output_argument_array)[1])
      assert.equal(0, protected(chain))
    end)
  end

  it("waits for one thing only", function()
    local function one(sdk) return sdk.suspend("Doubler", "twice", { 1 }) end
    for _, second in ipairs { three, one } do
      local chain <close> = open(services_of(function(sdk)
        three(sdk)
        return second(sdk)
      end))
      local out = chain:commit { { "Asker", "go" }, failing = true }

      assert.equal(1, #out.receipts)
      assert.equal("async: not allowed here",
        chains.values(out.receipts[1].output_argument_array)[1])
    end
  end)

  it("is undone with what it has sent when it fails after that", function()
    local chain <close> = open(services_of(function(sdk)
      three(sdk)
      sdk.fail "changed my mind"
    end))
    local out = chain:commit { { "Asker", "go" }, failing = true }

    assert.equal(1, #out.receipts)
    assert.equal(1000, balance(chain, "Asker"))
    assert.equal(0, protected(chain))
  end)
end)

describe("an answer to one of several calls #small", function()
  -- Puts a message into the mailbox as no host would.
  local function forge(chain, fields)
    local message = { version = 1, from_chain = 42, to_chain = 42, from_service = "Doubler",
      to_service = "Asker", sequence = 99, kind = 12, token = TOKEN,
      input = codec.pack_arguments { 7 } }
    for name, value in pairs(fields) do message[name] = value end
    local height = chain.storage:last_committed_block_info().height + 1
    local tail = chain.storage:read("_Mailbox", "Tail")
    local stored = tail == "" and 0 or string.unpack("<I8", tail)
    assert(chain.storage:commit_state_diff {
      height = height, timestamp = chains.time(height), block_proposer = "", reference_time = 0,
      transactions = {}, receipts = {},
      state_diffs = { { contract_name = "_Mailbox", state_diffs = {
        { key = "In_" .. string.pack(">I8", stored), value = codec.encode("Message", message) },
        { key = "Tail", value = string.pack("<I8", stored + 1) } } } },
    })
  end

  -- Two calls to a chain that never answers; context id, and the ids of the calls.
  local function waiting()
    local chain = open(services_of(function(sdk)
      return sdk.await_all { { "Doubler@7", "twice", { 1 }, 100 }, { "Doubler@7", "twice", { 2 } } }
    end), { peers = { { virtual_chain_id = 7, host_key = ("k"):rep(32) } } })
    chain:commit { { "Asker", "go" } }
    local ids = {}
    for index, record in ipairs(chain.storage:keys("_Mailbox", { prefix = "Out_" })) do
      local message = assert(codec.decode("Message", record.value))
      ids[index] = { call = message.answered_id, context = message.context_id }
    end
    assert(#ids == 2)
    return chain, ids
  end

  local function state_of(chain)
    local list = {}
    for index, record in ipairs(chain.storage:keys "Asker") do
      list[index] = record.key .. "=" .. record.value
    end
    return list
  end

  local function mine(chain)
    local out = chain:commit { failing = true }
    assert.equal(1, #out.receipts)
    return out.receipts[1]
  end

  it("is taken once, in any order, and the last one lets the run go on", function()
    local chain <close>, ids = waiting()
    forge(chain, { from_chain = 7, answered_id = ids[2].call, context_id = ids[2].context,
      gas = 5 })
    local receipt = mine(chain)
    assert.equal("SUCCESS", receipt.execution_result)
    local before = state_of(chain)

    forge(chain, { from_chain = 7, answered_id = ids[2].call, context_id = ids[2].context })
    receipt = mine(chain)
    assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)
    assert.same({ "call_not_found" }, chains.values(receipt.output_argument_array))
    assert.same(before, state_of(chain))

    forge(chain, { from_chain = 7, answered_id = ids[1].call, context_id = ids[1].context,
      code = 4, input = codec.pack_arguments { "no" } })
    receipt = mine(chain)
    assert.same({ "done" }, chains.values(receipt.output_argument_array))
    assert.equal("!4 no | 7", chain.storage:read("Asker", "came"))
    assert.equal(0, protected(chain))

    forge(chain, { from_chain = 7, answered_id = ids[1].call, context_id = ids[1].context })
    receipt = mine(chain)
    assert.same({ "no_context" }, chains.values(receipt.output_argument_array))
    assert.equal("!4 no | 7", chain.storage:read("Asker", "came"))
  end)

  it("brings the amount of its call back, and no more", function()
    local chain <close>, ids = waiting()
    assert.equal(900, balance(chain, "Asker"))
    forge(chain, { from_chain = 7, answered_id = ids[1].call, context_id = ids[1].context,
      code = 4, input = codec.pack_arguments { "no" }, amount = 500 })
    mine(chain)
    assert.equal(1000, balance(chain, "Asker"))

    forge(chain, { from_chain = 7, answered_id = ids[2].call, context_id = ids[2].context,
      code = 4, input = codec.pack_arguments { "no" }, amount = 500 })
    mine(chain)
    assert.equal(1000, balance(chain, "Asker"))
  end)

  it("that is another's, or in another form, changes nothing", function()
    local chain <close>, ids = waiting()
    local before = state_of(chain)
    local context = ids[1].context
    for reason, list in pairs {
      call_not_found = {
        { context_id = context .. "x" }, { context_id = context:sub(1, 32) },
        { context_id = context, answered_id = ids[2].call },
        { context_id = context, answered_id = "" },
        { context_id = context:sub(1, 32) .. "\0\0\0\0" },
        { context_id = context:sub(1, 32) .. "\0\0\0\3" },
        { context_id = context:sub(1, 32) .. "\255\255\255\255" },
      },
      no_context = {
        { context_id = "" }, { context_id = ("x"):rep(36) },
        { context_id = context, from_service = "Other" },
        { context_id = context, from_chain = 42 },
        { kind = 9, answered_id = context:sub(1, 32), context_id = "" },
        { kind = 9, answered_id = context, context_id = "" },
        { kind = 10, answered_id = ids[1].call, context_id = "", code = 4 },
      },
    } do
      for _, fields in ipairs(list) do
        local message = { from_chain = 7, answered_id = ids[1].call }
        for name, value in pairs(fields) do message[name] = value end
        forge(chain, message)
        local receipt = mine(chain)
        assert.same({ reason }, chains.values(receipt.output_argument_array))
        assert.same(before, state_of(chain))
      end
    end
  end)

  it("whose input is none counts as a failure", function()
    local chain <close>, ids = waiting()
    for index, id in ipairs(ids) do
      forge(chain, { from_chain = 7, answered_id = id.call, context_id = id.context,
        input = index == 1 and "\255\255\255\255" or "" })
      mine(chain)
    end
    assert.equal("!10 bad call data | ", chain.storage:read("Asker", "came"))
  end)
end)
