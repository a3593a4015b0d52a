local compiled_contracts = require "spec.support.compiled_contracts"
local temporary_folder = require "spec.support.temporary_folder"
local vite_scenario = require "spec.support.vite_scenario"

local function word_hex(number)
  return ("%064x"):format(number)
end

-- Where vmhost-1 answers differently than the scenario says: by scenario and step, the fields that
-- stand in place of the file's. All of them follow from DESIGN 5.
local DIFFERENCES = {
  -- A depth of 512 ends the flow there; here gas alone bounds a chain of messages, so all 300
  -- turns are made: 1 + 4 + ... + 300 * 300 = 300 * 301 * 601 / 6 = 9,045,050.
  await_loop_deep = {
    [4] = { returnData = word_hex(9045050) },
    [5] = { returnData = word_hex(300) },
    [6] = { returnData = word_hex(300) },
  },
  -- The host answers for a callee that stops without an answer, so a third response resumes the
  -- caller, which goes on to `stage = 2`.
  silent_callee = {
    [3] = { outcomes = "ok ok ok" },
    [5] = { returnData = word_hex(2) },
  },
}

local function run(scenario, options)
  options = options or {}
  local started <close> = vite_scenario.open {
    scenario = scenario, messages_per_set = options.messages_per_set, path = options.path,
  }
  started:all(DIFFERENCES[scenario.name])
  return { faults = started.faults, roots = started.roots, end_state = started:end_state() }
end

describe("a compiled contract that runs as a service", function()
  for _, scenario in ipairs(compiled_contracts.all()) do
    it("does what the scenario expects, " .. scenario.name, function()
      local outcome = run(scenario)

      assert.same({}, outcome.faults)
    end)

    it("comes to the same state with one message in a set, " .. scenario.name, function()
      local at_once = run(scenario)

      local one_by_one = run(scenario, { messages_per_set = 1 })

      assert.same({}, one_by_one.faults)
      assert.same(at_once.end_state, one_by_one.end_state)
    end)

    it("has the same roots when the store is closed and opened after each block, "
      .. scenario.name, function()
      local folder <close> = temporary_folder()
      local kept_open = run(scenario, { messages_per_set = 1 })

      local reopened = run(scenario, { messages_per_set = 1, path = folder.path .. "/chain" })

      assert.same({}, reopened.faults)
      assert.same(kept_open.roots, reopened.roots)
    end)
  end
end)

describe("the runner of scenarios", function()
  local function scenario_with(change)
    local scenario = compiled_contracts.read "compiled/value_transfer.json"
    change(scenario.scenario)
    return run(scenario).faults
  end

  it("tells of a result that is not the expected one", function()
    local faults = scenario_with(function(steps)
      steps[5].returnData = word_hex(601)
    end)

    assert.same({ ("step 5 (query): answer: expected %s, got %s"):format(
      word_hex(601), word_hex(600)) }, faults)
  end)

  it("tells of a balance that is not the expected one", function()
    local faults = scenario_with(function(steps) steps[31].expect = "76" end)

    assert.same({ "step 31 (balance): @bob: expected 76, got 75" }, faults)
  end)

  it("tells of a failure that was not expected, and of its text", function()
    local faults = scenario_with(function(steps)
      steps[19].expect.status = "ok"
      steps[42].expect.reason = "thanks"
      steps[19].flow, steps[42].flow = nil, nil
    end)

    assert.same({ "step 19 (call): status: expected ok, got failed",
      "step 42 (call): error: expected thanks, got no thanks" }, faults)
  end)

  it("tells of a log that is not the expected one", function()
    local faults = scenario_with(function(steps)
      steps[27].expect[1].topics[1] = word_hex(1)
    end)

    assert.equal(1, #faults)
    assert.matches("^step 27 %(events%): topics: expected 0+1, got fe43a615", faults[1])
  end)

  it("tells of a sum that is not what was issued", function()
    local scenario = compiled_contracts.read "compiled/silent_callee.json"
    local started <close> = vite_scenario.open { scenario = scenario }
    started.issued["VITE TOKEN"] = started.issued["VITE TOKEN"] + 1

    started:all(DIFFERENCES.silent_callee)

    assert.equal("step 1: 1000000000000000000000000000000 of token 5649544520544f4b454e, but "
      .. "1000000000000000000000000000001 were issued", started.faults[1])
  end)

  it("sets the balance of a user", function()
    local faults = scenario_with(function(steps)
      table.insert(steps, 1, { op = "fund", user = "@carol", value = "40" })
      table.insert(steps, 2, { op = "balance", of = "@carol", expect = "40" })
    end)

    assert.same({}, faults)
  end)

  it("refuses a step that it does not know", function()
    local faults = scenario_with(function(steps) steps[31].op = "weigh" end)

    assert.same({ "step 31 (weigh): operation: expected a known one, got weigh" }, faults)
  end)
end)
