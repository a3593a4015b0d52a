-- The model that random graphs of asynchronous calls are held against, held itself against the
-- scenarios that others worked out by hand.
local call_graph_model = require "spec.support.call_graph_model"
local json = require "dkjson"

local FILE <const> = "spec/vectors/async/graphs.json"
local SCENARIO_COUNT <const> = 52

local LEVELS <const> = { any = { false, true }, ["single-level"] = { true },
  ["multi-level"] = { false } }

local function scenarios()
  local file <close> = assert(io.open(FILE, "rb"))
  return assert(json.decode(file:read "a")).scenarios
end

-- Balances are told of the contracts that the scenario gives one.
local function only_expected(predicted, expected)
  local kept = {}
  for name in pairs(expected) do kept[name] = predicted[name] end
  return kept
end

describe("the model of asynchronous calls", function()
  it("gives what every scenario expects, nested calls allowed or forbidden", function()
    local compared = 0
    for _, scenario in ipairs(scenarios()) do
      for _, single_level in ipairs(LEVELS[scenario.profile]) do
        local predicted = call_graph_model.predict(scenario, single_level)

        for field, expected in pairs(scenario.expect) do
          local actual = predicted[field]
          if field == "balances" then actual = only_expected(actual, expected) end
          assert.same(expected, actual, ("%s, %s, %s"):format(scenario.id,
            single_level and "single level" or "any level", field))
        end
        compared = compared + 1
      end
    end

    -- 45 scenarios hold with nested calls allowed and forbidden alike.
    assert.equal(SCENARIO_COUNT + 45, compared)
  end)
end)
