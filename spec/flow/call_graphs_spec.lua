-- Random graphs of asynchronous calls beside a model, and the invariants that hold without one
-- (spec/async.md 16). VMHOST_SEED repeats a run, VMHOST_SOAK=1 runs 2,000 graphs,
-- VMHOST_RANDOM_GRAPHS says how many. A graph that fails is made smaller and told as a vector.
local call_graph_checks = require "spec.support.call_graph_checks"
local call_graph_shrink = require "spec.support.call_graph_shrink"
local call_graphs = require "spec.support.call_graphs"

local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local SOAK <const> = os.getenv "VMHOST_SOAK" == "1"
local GRAPH_COUNT <const> = tonumber(os.getenv "VMHOST_RANDOM_GRAPHS") or (SOAK and 2000 or 200)
local GRAPHS_PER_SEED <const> = 100000
-- Hosts on disk take most of the time.
local GRAPHS_PER_RESTART <const> = SOAK and 4 or 10

-- How many graphs of a thousand must be of a kind, at least.
local SHARES <const> = {
  { "executions", 8, 500 }, { "hosts", 3, 250 }, { "depth", 4, 150 }, { "value", 1, 150 },
  { "group callbacks that register", 1, 150 }, { "failures", 1, 300 }, { "unpaid", 1, 10 },
  { "sync", 1, 300 }, { "late local answers", 1, 100 }, { "legacy", 1, 50 },
  { "out of funds", 1, 30 }, { "out of gas", 1, 100 }, { "missing", 1, 50 },
  { "legs", 1, 400 }, { "registering behind a wait", 1, 150 },
  { "registering on both sides", 1, 30 }, { "waits for several", 1, 150 },
  { "several with failures", 1, 40 }, { "several with value", 1, 50 },
  { "several near and far", 1, 50 }, { "refused waits", 1, 5 },
}

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function wants(index)
  return function(name) return name ~= "restart" or index % GRAPHS_PER_RESTART == 0 end
end

local function report_of(scenario, seed, name, text)
  local function fault(smaller)
    return call_graph_checks.fault(smaller, seed, function(other) return other == name end)
  end
  local smallest = call_graph_shrink.smallest(scenario, function(smaller)
    return fault(smaller) == name
  end)
  local _, told = fault(smallest)
  return ("graph %d: %s: %s\nmade smaller: %s\nas a vector: %s"):format(seed, name, text,
    told or text, call_graph_shrink.vector(call_graph_checks.with_expectation(smallest)))
end

local function add_facts(histogram, facts)
  for name, number in pairs(facts) do
    local entry = histogram[name] or { sum = 0, graphs = 0, most = 0, numbers = {} }
    histogram[name] = entry
    entry.sum = entry.sum + number
    entry.graphs = entry.graphs + (number > 0 and 1 or 0)
    entry.most = math.max(entry.most, number)
    entry.numbers[number] = (entry.numbers[number] or 0) + 1
  end
end

local function graphs_with(histogram, name, least)
  local count = 0
  for number, graphs in pairs(histogram[name].numbers) do
    if number >= least then count = count + graphs end
  end
  return count
end

local function histogram_text(histogram)
  local parts = {}
  for index, name in ipairs(sorted_keys(histogram)) do
    local entry = histogram[name]
    parts[index] = ("%s %d in %d"):format(name, entry.sum, entry.graphs)
  end
  return table.concat(parts, ", ")
end

local function counts_text(counts)
  local parts = {}
  for index, name in ipairs(sorted_keys(counts)) do
    parts[index] = ("%s %d"):format(name, counts[name])
  end
  return table.concat(parts, ", ")
end

describe("random graphs of asynchronous calls", function()
  it("go as the model says and hold the invariants", function()
    local histogram, checks = {}, {}
    local function count(name) checks[name] = (checks[name] or 0) + 1 end

    for index = 1, GRAPH_COUNT do
      local seed = SEED * GRAPHS_PER_SEED + index
      local scenario, _, facts = call_graphs.new(seed)
      add_facts(histogram, facts)

      local name, text = call_graph_checks.fault(scenario, seed, wants(index), count)

      assert(not name, name and report_of(scenario, seed, name, text))
    end

    print(("random call graphs, seed %d: %d graphs; %s; checks: %s"):format(SEED, GRAPH_COUNT,
      histogram_text(histogram), counts_text(checks)))
    for _, share in ipairs(SHARES) do
      local name, least, wanted = table.unpack(share)
      assert(graphs_with(histogram, name, least) * 1000 >= wanted * GRAPH_COUNT,
        ("too few graphs have %d %s: %d"):format(least, name, graphs_with(histogram, name, least)))
    end
  end)
end)
