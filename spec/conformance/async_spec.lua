assert(_VERSION == "Lua 5.4")
local json = require "dkjson"
local conformance = require "vmhost.conformance"
local temporary_folder = require "spec.support.temporary_folder"

local VECTORS = "spec/vectors/async"

local function read(name)
  local file <close> = assert(io.open(("%s/%s.json"):format(VECTORS, name)))
  return assert(json.decode(file:read "a", 1, json.null))
end

-- Runs what is written into a file, and gives the counts and the results of cases that failed.
local function run_content(content)
  local folder <close> = temporary_folder { ["some.json"] = content }
  local failures = {}
  local counts = assert(conformance.run("async", { folder.path }, function(_, case, result, passed)
    if not passed then failures[#failures + 1] = { case = case, result = result } end
  end))
  return counts, failures
end

local function run_scenarios(...)
  return run_content(json.encode { title = "hand-made", format = { version = 1 },
    scenarios = { ... } })
end

-- A.f calls B.g on the same shard; by hand from the sheet.
local function scenario()
  return {
    id = "one", title = "", profile = "any",
    contracts = {
      A = { shard = 0, functions = { f = { { op = "async", to = "B", ["function"] = "g" } } } },
      B = { shard = 0, functions = { g = { { op = "write", key = "k", value = "1" } } } },
    },
    start = { to = "A", ["function"] = "f" },
    expect = { order = { { 0, "A.f", "direct" }, { 0, "B.g", "async" } },
      state = { A = {}, B = { k = "1" } }, contexts_left = 0 },
  }
end

describe("vmhost conformance async", function()
  for name, count in pairs { graphs = 52, own = 48 } do
    it(("passes all scenarios of %s"):format(name), function()
      local failed = {}
      local counts = assert(conformance.run("async", { ("%s/%s.json"):format(VECTORS, name) },
        function(_, case, _, passed) if not passed then failed[#failed + 1] = case end end))

      assert.same({}, failed)
      assert.same({ passed = count, failed = 0 }, counts)
    end)
  end

  it("passes a scenario made by hand, and tells what differs from a changed one", function()
    assert.same({ passed = 1, failed = 0 }, run_scenarios(scenario()))

    local changed = scenario()
    changed.expect.state.B.k = "2"
    local counts, failures = run_scenarios(changed)

    assert.same({ passed = 0, failed = 1 }, counts)
    assert.same({ { path = "expect.state.B.k", expected = '"2"', actual = '"1"' },
      { path = "expect.state.B.k", expected = '"2"', actual = '"1"' } },
      failures[1].result.mismatches)
  end)

  it("fails what is in the state and is not expected", function()
    local changed = scenario()
    changed.expect.state.B = {}
    local _, failures = run_scenarios(changed)

    assert.same({ path = "expect.state.B.k", expected = "nothing", actual = '"1"' },
      failures[1].result.mismatches[1])
  end)

  -- Each adds something unknown; none may be passed over.
  local STRANGE = {
    ["unknown field 'colour'"] = function(case) case.start.colour = "blue" end,
    ["contract A: unknown field 'colour'"] = function(case) case.contracts.A.colour = "blue" end,
    ["A.f: step 1: async: unknown field 'colour'"] = function(case)
      case.contracts.A.functions.f[1].colour = "blue"
    end,
    ["A.f: step 1: no such step"] = function(case) case.contracts.A.functions.f[1].op = "jump" end,
    ["A.f: step 1: async: field 'to' is missing"] = function(case)
      case.contracts.A.functions.f[1].to = nil
    end,
    ["unknown profile 'both'"] = function(case) case.profile = "both" end,
    ["prices: unknown field 'colour'"] = function(case) case.prices = { colour = 1 } end,
    ["inject[1]: no such message"] = function(case) case.inject = { { after_round = 0 } } end,
    ["inject[1]: after_round: there are 0 rounds, got 9"] = function(case)
      case.inject = { { after_round = 9, from = "B", to = "A", unknown_call_id = true } }
    end,
    ["inject[1]: no contract 'C'"] = function(case)
      case.inject = { { after_round = 0, from = "C", to = "A", unknown_call_id = true } }
    end,
    ["inject: a list expected"] = function(case) case.inject = 5 end,
    ["contract A: shard: an integer from 0 on, the number of a shard expected, got \"zero\""] =
      function(case) case.contracts.A.shard = "zero" end,
    ["contract B: shard: an integer from 0 on, the number of a shard expected, got 4294967295"] =
      function(case) case.contracts.B.shard = 4294967295 end,
    ["contract A: an object expected, got 5"] = function(case) case.contracts.A = 5 end,
    ["contract A: balance: an amount expected, got -1"] = function(case)
      case.contracts.A.balance = -1
    end,
    ["A.f: step 1: await_all: call 2: unknown field 'lock'"] = function(case)
      case.contracts.A.functions.f[1] = { op = "await_all",
        calls = { { to = "B", ["function"] = "g" }, { to = "B", ["function"] = "g", lock = 1 } } }
    end,
    ["A.f: step 1: await_all: calls: a list of calls expected, got 5"] = function(case)
      case.contracts.A.functions.f[1] = { op = "await_all", calls = 5 }
    end,
    ["A.f: a list of steps expected"] = function(case)
      case.contracts.A.functions.f = { a = 1 }
    end,
    ["A.f: step 1: async: gas: an integer from 0 on expected, got \"much\""] = function(case)
      case.contracts.A.functions.f[1].gas = "much"
    end,
    ["A.f: step 1: async: value: an amount expected, got \"much\""] = function(case)
      case.contracts.A.functions.f[1].value = "much"
    end,
    ["A.f: step 1: async: to: text expected, got 5"] = function(case)
      case.contracts.A.functions.f[1].to = 5
    end,
    ["B.g: step 1: burn: gas: an integer from 0 on expected, got 1e+300"] = function(case)
      case.contracts.B.functions.g[1] = { op = "burn", gas = 1e300 }
    end,
    ["B.g: step 1: return: values: a list of texts, integers and booleans expected, got 5"] =
      function(case) case.contracts.B.functions.g[1] = { op = "return", values = 5 } end,
    ["start: args: a list of texts, integers and booleans expected, got 5"] = function(case)
      case.start.args = 5
    end,
    ["start: field 'to' is missing"] = function(case) case.start.to = nil end,
    ["prices: an object expected, got 5"] = function(case) case.prices = 5 end,
    ["prices: lock: an integer from 0 on expected, got -1"] = function(case)
      case.prices = { lock = -1 }
    end,
    ["expect.ids: a list expected"] = function(case) case.expect.ids = 5 end,
  }
  for fault, change in pairs(STRANGE) do
    it("fails a scenario with the fault: " .. fault, function()
      local case = scenario()
      change(case)
      local counts, failures = run_scenarios(case)

      assert.same({ passed = 0, failed = 1 }, counts)
      assert.truthy(failures[1].result.fault:find(fault, 1, true), failures[1].result.fault)
    end)
  end

  it("tells values that differ though they are no integers, or no ids", function()
    local case = scenario()
    case.expect.contexts_left, case.expect.ids = 1e300, { { "B.g", { "x" } } }
    local _, failures = run_scenarios(case)

    local texts = {}
    for _, mismatch in ipairs(failures[1].result.mismatches) do
      texts[mismatch.path] = mismatch.expected
    end
    assert.equal("1e+300", texts["expect.contexts_left"])
    assert.truthy(next(failures[1].result.mismatches))
  end)

  it("fails a file that is nested without end", function()
    local counts, failures = run_content(("["):rep(200000))

    assert.equal(0, counts.passed)
    assert.equal("nested too deep", failures[1].result.fault)
  end)

  it("fails a scenario with an unknown field, also in what is expected", function()
    local case = scenario()
    case.colour, case.expect.colour = "blue", "red"
    local _, failures = run_scenarios(case)

    assert.same({
      { path = "colour", expected = '"blue"', actual = "nothing (unknown field)" },
      { path = "expect.colour", expected = '"red"', actual = "nothing (unknown field)" },
    }, { failures[1].result.mismatches[1], failures[1].result.mismatches[2] })
  end)

  for field, row in pairs {
    check_gas = { "x", 'check_gas: true or false expected, got "x"' },
    title = { 5, "title: text expected, got 5" },
    confirmed_by = { "me", 'confirmed_by: an object expected, got "me"' },
    derived = { true, "derived: text expected, got true" },
    id = { 5, "id: text expected, got 5" },
  } do
    it("fails a scenario that says of itself: " .. row[2], function()
      local case = scenario()
      case[field] = row[1]
      local counts, failures = run_scenarios(case)

      assert.same({ passed = 0, failed = 1 }, counts)
      assert.equal("scenario: " .. row[2], failures[1].result.fault)
    end)
  end

  it("fails a scenario without an id", function()
    local case = scenario()
    case.id = nil
    local _, failures = run_scenarios(case)

    assert.equal("scenario: field 'id' is missing", failures[1].result.fault)
  end)

  it("fails the second scenario of one id", function()
    local other = scenario()
    other.id = "two"
    local counts, failures = run_scenarios(scenario(), other, scenario())

    assert.same({ passed = 3, failed = 1 }, counts)
    assert.same({ "one", "is the name of case 1 too; this is case 3" },
      { failures[1].case, failures[1].result.fault })
  end)

  it("fails a file that is named twice, and runs it once", function()
    local folder <close> = temporary_folder { ["some.json"] = json.encode {
      format = { version = 1 }, scenarios = { scenario() } } }
    local file, faults = folder.path .. "/some.json", {}
    local counts = assert(conformance.run("async", { file, folder.path .. "/./some.json" },
      function(_, _, result) faults[#faults + 1] = result.fault end))

    assert.same({ passed = 1, failed = 1 }, counts)
    assert.same({ "is named twice, as " .. file .. " too" }, faults)
  end)

  for content, fault in pairs {
    ["{"] = "unterminated object at line 1, column 1",
    ['{"format":{"version":1}}'] = "holds no scenarios",
    ['{"format":{"version":2},"scenarios":[]}'] = "format.version is not 1",
    ['{"format":{"version":1},"scenarios":[]}'] = "holds no cases",
    ['{"format":{"version":1},"scenarios":[],"cases":[]}'] = "unknown field 'cases'",
  } do
    it("fails the file " .. content, function()
      local counts, failures = run_content(content)

      assert.equal(0, counts.passed)
      assert.equal(fault, failures[1].result.fault)
    end)
  end
end)

-- All values below `expect`, with where they lie.
local function collect(parent, path, found)
  local keys = {}
  for key in pairs(parent) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
  for _, key in ipairs(keys) do
    local place = ("%s.%s"):format(path, key)
    if type(parent[key]) == "table" then
      collect(parent[key], place, found)
    else
      found[#found + 1] = { path = place, parent = parent, key = key, value = parent[key] }
    end
  end
  return found
end

-- Another value of the same sort.
local function change(value)
  if type(value) == "number" then return value + 1 end
  local at = math.random(#value + 1)
  local other = value:sub(at, at) == "1" and "2" or "1"
  return value:sub(1, at - 1) .. other .. value:sub(at + 1)
end

describe("a scenario with one expected value changed", function()
  local share = os.getenv "VMHOST_SOAK" and 1 or 0.05
  local seed = os.time()

  for _, name in ipairs { "graphs", "own" } do
    it(("fails: %s (seed %d)"):format(name, seed), function()
      math.randomseed(seed)
      local missed, tried = {}, 0
      for _, case in ipairs(read(name).scenarios) do
        for _, leaf in ipairs(collect(case.expect, case.id, {})) do
          if math.random() < share then
            tried = tried + 1
            leaf.parent[leaf.key] = change(leaf.value)
            if run_scenarios(case).failed == 0 then missed[#missed + 1] = leaf.path end
            leaf.parent[leaf.key] = leaf.value
          end
        end
      end

      assert.same({}, missed)
      assert.truthy(tried > 0)
    end)
  end
end)
