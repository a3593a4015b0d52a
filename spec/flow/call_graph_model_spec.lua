-- The model that random graphs of asynchronous calls are held against, held itself against the
-- scenarios that others worked out by hand.
local call_graph_model = require "spec.support.call_graph_model"
local json = require "dkjson"

local LEVELS <const> = { any = { false, true }, ["single-level"] = { true },
  ["multi-level"] = { false } }

local function scenarios_of(name)
  local file <close> = assert(io.open("spec/vectors/async/" .. name .. ".json", "rb"))
  return assert(json.decode(file:read "a")).scenarios
end

-- Balances are told of the contracts that the scenario gives one.
local function only_expected(predicted, expected)
  local kept = {}
  for name in pairs(expected) do kept[name] = predicted[name] end
  return kept
end

local function check(scenario, single_level)
  local predicted = call_graph_model.predict(scenario, single_level)
  for field, expected in pairs(scenario.expect) do
    local actual = predicted[field]
    if field == "balances" then actual = only_expected(actual, expected) end
    assert.same(expected, actual, ("%s, %s, %s"):format(scenario.id,
      single_level and "single level" or "any level", field))
  end
end

describe("the model of asynchronous calls", function()
  for name, least in pairs { graphs = 52, own = 47 } do
    it("gives what every scenario of " .. name .. " expects, on each level of nesting", function()
      local scenarios = scenarios_of(name)
      assert(#scenarios >= least)

      for _, scenario in ipairs(scenarios) do
        for _, single_level in ipairs(LEVELS[scenario.profile]) do check(scenario, single_level) end
      end
    end)
  end
end)
