local chains = require "spec.support.chain"

local EMITTER = {}

function EMITTER.emit(sdk, name) sdk.events.emit(name, 7) end

function EMITTER.emit_and_fail(sdk, name)
  sdk.events.emit(name, 7)
  sdk.fail "after the event"
end

function EMITTER.emit_two(sdk)
  sdk.events.emit("First", 1)
  sdk.events.emit("Second", 2)
end

function EMITTER.emit_three(sdk)
  EMITTER.emit_two(sdk)
  sdk.events.emit("Third", 3)
end

function EMITTER.catch_second(sdk)
  sdk.state.write("key", "value")
  sdk.events.emit("First", 1)
  local caught, after = pcall(sdk.events.emit, "Second", 2), pcall(sdk.state.read, "key")
  return caught, after
end

function EMITTER.emit_behind_failed_call(sdk)
  pcall(sdk.service.call, "Emitter", "emit_and_fail", { "Undone" })
  pcall(sdk.events.emit, "Mine", 2)
end

function EMITTER.catch_failed_call(sdk)
  pcall(sdk.service.call, "Emitter", "emit_and_fail", { "Undone" })
  sdk.state.write("key", "value")
end

function EMITTER.emit_and_call(sdk)
  sdk.events.emit("Mine", 1)
  sdk.service.call("Emitter", "emit", { "Nested" })
end

local function open(rule_set, limit)
  return assert(chains.open { rule_set = rule_set, contracts = { Emitter = EMITTER },
    committee = { ("c"):rep(20), ("d"):rep(20) },
    genesis = { limits = limit and { events_per_transaction = limit } } })
end

local function event_names(receipt)
  local names = {}
  for index, event in ipairs(receipt.output_events_array) do names[index] = event.event_name end
  return names
end

local function run(rule_set, limit, method, ...)
  local chain <close> = open(rule_set, limit)
  local out = assert(chain:process { { "Emitter", method, ... } })
  return chains.outcome(out.receipts[1]), event_names(out.receipts[1]), out
end

local SECOND = { "ERROR_SMART_CONTRACT", "more than 1 event in one transaction" }

describe("the events of a transaction under vmhost-1 #small", function()
  it("fail it when there are two, and the first stays in the receipt", function()
    local outcome, names, out = run("vmhost-1", nil, "emit_two")

    assert.same(SECOND, outcome)
    assert.same({ "First" }, names)
    assert.equal(4, out.receipts[1].code)
  end)

  it("fail it when a contract catches the second, and nothing goes on after that", function()
    local outcome, names, out = run("vmhost-1", nil, "catch_second")

    assert.same(SECOND, outcome)
    assert.same({ "First" }, names)
    assert.same({}, out.state_diffs)
  end)

  it("count over all nested services", function()
    local outcome, names = run("vmhost-1", nil, "emit_and_call")

    assert.same(SECOND, outcome)
    assert.same({ "Mine" }, names)
  end)

  it("count when the call that emitted them was undone", function()
    local outcome, names = run("vmhost-1", nil, "emit_behind_failed_call")

    assert.same(SECOND, outcome)
    assert.same({ "Undone" }, names)
  end)

  it("may be two with a limit of 2", function()
    assert.same({ "SUCCESS" }, (run("vmhost-1", 2, "emit_two")))
  end)

  it("fail it when there are three with a limit of 2", function()
    local outcome, names = run("vmhost-1", 2, "emit_three")

    assert.same({ "ERROR_SMART_CONTRACT", "more than 2 event in one transaction" }, outcome)
    assert.same({ "First", "Second" }, names)
  end)

  it("are as many as one likes with a limit of 0", function()
    local outcome, names = run("vmhost-1", 0, "emit_three")

    assert.same({ "SUCCESS" }, outcome)
    assert.same({ "First", "Second", "Third" }, names)
  end)

  it("of system contracts do not count", function()
    local chain <close> = open "vmhost-1"

    local out = assert(chain:process { proposer = ("d"):rep(20),
      { "_Triggers", "trigger", signer = false } })

    assert.same({ "SUCCESS" }, chains.outcome(out.receipts[1]))
    assert.is_true(#out.receipts[1].output_events_array >= 1)
  end)

  it("of ProbeSystem do not use up the one of a service", function()
    local chain <close> = open "vmhost-1"

    local out = assert(chain:process { { "ProbeSystem", "callOk", { string = "ProbeSystem" },
      { string = "v" } }, { "ProbeSystem", "callOk", { string = "Probe" }, { string = "v" } } })

    assert.same({ "SUCCESS", "v" }, chains.outcome(out.receipts[1]))
    assert.same({ "SUCCESS", "v" }, chains.outcome(out.receipts[2]))
  end)
end)

describe("the events of a transaction under reference #small", function()
  it("are as many as one likes", function()
    local outcome, names = run("reference", nil, "emit_three")

    assert.same({ "SUCCESS" }, outcome)
    assert.same({ "First", "Second", "Third" }, names)
  end)
end)

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("an event under " .. rule_set .. " #small", function()
    it("shows its service, its name and its arguments", function()
      local _, _, out = run(rule_set, nil, "emit", "Named")

      assert.same({ { contract_name = "Emitter", event_name = "Named",
        output_argument_array = { { type = "uint64", value = 7 } } } },
        out.receipts[1].output_events_array)
    end)

    it("stays in the receipt of a transaction that fails", function()
      local outcome, names = run(rule_set, nil, "emit_and_fail", "Kept")

      assert.same({ "ERROR_SMART_CONTRACT", "after the event" }, outcome)
      assert.same({ "Kept" }, names)
    end)

    it("stays in the receipt when the nested call that emitted it was undone", function()
      local outcome, names = run(rule_set, nil, "catch_failed_call")

      assert.same({ "SUCCESS" }, outcome)
      assert.same({ "Undone" }, names)
    end)

    it("of a query is returned, and so is a second one", function()
      local chain <close> = open(rule_set)

      local result = chain:query { "Emitter", "emit_two" }

      assert.equal("SUCCESS", result.execution_result)
      assert.equal(2, #result.output_events)
      assert.equal("Second", result.output_events[2].event_name)
    end)
  end)
end
