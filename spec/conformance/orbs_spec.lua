assert(_VERSION == "Lua 5.4")
local json = require "dkjson"
local conformance = require "vmhost.conformance"
local temporary_folder = require "spec.support.temporary_folder"

local VECTORS = "spec/vectors/orbs"

-- Runs what is written into a file, and gives the counts and the results of cases that failed.
local function run_content(content, name)
  local folder <close> = temporary_folder { [name or "some.json"] = content }
  local failures = {}
  local counts = assert(conformance.run("orbs", { folder.path }, function(_, case, result, passed)
    if not passed then failures[#failures + 1] = { case = case, result = result } end
  end))
  return counts, failures
end

local function run_cases(cases, name)
  return run_content(json.encode { source = "hand-made", note = "", cases = cases }, name)
end

-- Published: the address of contract "a" is the last 20 bytes of SHA-256("a"), FIPS 180-4.
local ADDRESS = {
  name = "contract_a",
  input = { kind = "contract_name", contract_name = "a" },
  expected_hex = "9a23dc4da786eff8147c4e72b9807785afee48bb",
}

local function changed(case, changes)
  local copy = {}
  for key, value in pairs(case) do copy[key] = value end
  for key, value in pairs(changes) do copy[key] = value end
  return copy
end

describe("vmhost conformance orbs", function()
  it("passes all 179 cases", function()
    local failed = {}
    local counts = assert(conformance.run("orbs", { VECTORS }, function(path, case, _, passed)
      if not passed then failed[#failed + 1] = ("%s: %s"):format(path, case) end
    end))

    assert.same({}, failed)
    assert.same({ passed = 179, failed = 0 }, counts)
  end)

  it("knows the form of a file by its cases, whatever the file is called", function()
    for _, name in ipairs { "arguments", "events", "queries", "state_trie", "state_diffs", "blocks",
      "vm_scenarios", "http", "hex_text" } do
      local file <close> = assert(io.open(("%s/%s.json"):format(VECTORS, name)))

      local counts = run_content(file:read "a", "further cases of " .. name .. ".json")

      assert.equal(0, counts.failed, name)
    end
  end)

  it("takes cases as a map of their names too", function()
    local counts = run_cases { one = ADDRESS, two = changed(ADDRESS, { name = "other" }) }

    assert.same({ passed = 2, failed = 0 }, counts)
  end)

  it("tells path, expected and actual of what differs", function()
    local counts, failures = run_cases { changed(ADDRESS, {
      expected_hex = "9a23dc4da786eff8147c4e72b9807785afee48bc" }) }

    assert.same({ passed = 0, failed = 1 }, counts)
    assert.equal("contract_a", failures[1].case)
    assert.same({ {
      path = "expected_hex",
      expected = '"9a23dc4da786eff8147c4e72b9807785afee48bc"',
      actual = '"9a23dc4da786eff8147c4e72b9807785afee48bb"',
    } }, failures[1].result.mismatches)
  end)

  it("fails a case with an unknown field", function()
    local _, failures = run_cases { changed(ADDRESS, { colour = "blue" }) }

    assert.same({ { path = "colour", expected = '"blue"', actual = "nothing (unknown field)" } },
      failures[1].result.mismatches)
  end)

  it("fails a case with an unknown field in its input", function()
    local _, failures = run_cases { changed(ADDRESS, {
      input = { kind = "contract_name", contract_name = "a", colour = "blue" } }) }

    assert.equal("input: unknown field 'colour'", failures[1].result.fault)
  end)

  it("fails a case of no known form, and one that holds nothing to compare", function()
    local counts, failures = run_cases {
      { name = "strange", colour = "blue" },
      { name = "bare", input = { kind = "contract_name", contract_name = "a" } },
    }

    assert.same({ passed = 0, failed = 2 }, counts)
    assert.equal("no form of this suite has these fields", failures[1].result.fault)
    assert.equal("holds no value to compare", failures[2].result.fault)
  end)

  for name, fault in pairs {
    ["{"] = "unterminated object at line 1, column 1",
    ["[]"] = "holds no cases",
    ['{"cases":[]}'] = "holds no cases",
    ['{"cases":[],"sauce":1}'] = "unknown field 'sauce'",
  } do
    it("fails the file " .. name, function()
      local counts, failures = run_content(name)

      assert.equal(0, counts.passed)
      assert.equal(fault, failures[1].result.fault)
    end)
  end

  it("fails a file that is not there", function()
    local fault
    local counts = assert(conformance.run("orbs", { "no/such.json" }, function(_, _, result)
      fault = result.fault
    end))

    assert.same({ passed = 0, failed = 1 }, counts)
    assert.equal("No such file or directory", fault)
  end)

  it("refuses suites that are unknown", function()
    assert.same({ nil, "unknown suite 'orb' (there is: orbs, vite, async)", "invalid_input" },
      { conformance.run("orb", {}, print) })
  end)
end)

-- _Info.isAlive gives the string "alive" (9.2 of the VM host sheet): size 13, type 2, length 5.
local ALIVE = "0d000000" .. "0200" .. "0000" .. "05000000" .. "616c697665"

describe("a scenario of vmhost conformance orbs", function()
  for _, key in ipairs { "system_call", "call_system_contract", "call_system" } do
    it("may call a system contract as " .. key, function()
      local step = {
        [key] = { contract = "_Info", method = "isAlive", arguments_hex = "" },
        error = "", execution_result = 1, output_argument_array_hex = ALIVE,
        outputs = { { string = "alive" } },
      }

      local counts = run_cases { { name = "alive", steps = { step } } }

      assert.same({ passed = 1, failed = 0 }, counts)
    end)
  end

  it("compares what a system contract answers", function()
    local step = {
      system_call = { contract = "_Info", method = "isAlive", arguments_hex = "" },
      outputs = { { string = "dead" } },
    }

    local _, failures = run_cases { { name = "dead", steps = { step } } }

    assert.same({
      { path = "steps[1].outputs[1].string", expected = '"dead"', actual = '"alive"' },
    }, failures[1].result.mismatches)
  end)

  it("shows the committee as a list of addresses in any of the usual notations", function()
    local members
    for _, name in ipairs { "bytes[]", "bytesArray", "bytes_array", "[]bytes" } do
      local step = {
        system_call = { contract = "_Committee", method = "getOrderedCommittee",
          arguments_hex = "" },
        outputs = { { [name] = { "", "", "", "" } } },
      }

      local _, failures = run_cases { { name = "committee", steps = { step } } }

      members = failures[1].result.mismatches
      assert.equal(4, #members)
      assert.equal(("steps[1].outputs[1].%s[4]"):format(name), members[4].path)
    end
  end)

  it("fails at a step that is none of block, query and system call", function()
    local _, failures = run_cases { { name = "strange", steps = { { sleep = 1 } } } }

    assert.equal("steps[1]: neither a block, nor a query, nor a system call",
      failures[1].result.fault)
  end)
end)

-- What a case only reads: with another input the same can come out. All else is expected, and no
-- change of it may be missed.
local INPUTS = {
  "^%.name$", "^%.input$", "^%.input[%.%[]", "^%.input_hex$",
  "^%.steps%[%]%.query%.", "^%.steps%[%]%.proposer$",
}

local INPUTS_OF_OPERATION = {
  commit = "height timestamp proposer_hex reference_time records",
  read = "height contract keys",
  hash = "height",
  info = "",
}

local function is_input(path, parent, key)
  for _, pattern in ipairs(INPUTS) do
    if path:find(pattern) then return true end
  end
  local inputs = parent.op and INPUTS_OF_OPERATION[parent.op]
  if not inputs then return false end
  -- Success is null; how a failure is worded is free.
  return inputs:find("%f[%w_]" .. key .. "%f[^%w_]") or key == "error" and parent[key] ~= json.null
end

local function collect_expected(parent, path, found)
  local keys = {}
  for key in pairs(parent) do keys[#keys + 1] = key end
  table.sort(keys)
  for _, key in ipairs(keys) do
    local value = parent[key]
    local place = path .. (type(key) == "number" and "[]" or "." .. key)
    if is_input(place, parent, key) then
      goto continue
    elseif type(value) == "table" and value ~= json.null then
      collect_expected(value, place, found)
    else
      found[#found + 1] = { path = place, value = value, parent = parent, key = key }
    end
    ::continue::
  end
  return found
end

-- Another value of the same sort: one character, digit or truth value differs.
local function change(value)
  if type(value) == "boolean" then return not value end
  if type(value) == "number" then return value + 1 end
  if value == json.null then return "some failure" end
  if value == "" then return "00" end
  local at = math.random(#value)
  local other = value:sub(at, at) == "1" and "2" or "1"
  return value:sub(1, at - 1) .. other .. value:sub(at + 1)
end

-- Cases of headers name headers of earlier ones, so there the whole file is kept.
local function is_noticed(content, case, leaf, name)
  leaf.parent[leaf.key] = change(leaf.value)
  local counts = run_cases(name == "blocks" and content.cases or { case }, name .. ".json")
  leaf.parent[leaf.key] = leaf.value
  return counts.failed > 0
end

describe("a vector file with one expected value changed", function()
  local share = os.getenv "VMHOST_SOAK" and 1 or 0.05
  local seed = os.time()

  for _, name in ipairs { "addresses", "arguments", "blocks", "events", "hex_text", "http",
    "ordered_tree", "queries", "receipts", "responses", "sdk_codec", "special_transactions",
    "state_diffs", "state_storage", "state_trie", "state_trie_proofs", "transactions",
    "vm_scenarios" } do
    it(("fails: %s (seed %d)"):format(name, seed), function()
      math.randomseed(seed)
      local file <close> = assert(io.open(("%s/%s.json"):format(VECTORS, name)))
      local content = json.decode(file:read "a", 1, json.null)
      local missed, tried = {}, 0
      for _, case in ipairs(content.cases) do
        local leaves = collect_expected(case, "", {})
        local sure = tried == 0 and #leaves > 0 and math.random(#leaves)
        for index, leaf in ipairs(leaves) do
          if index == sure or math.random() < share then
            tried = tried + 1
            if not is_noticed(content, case, leaf, name) then
              missed[#missed + 1] = ("%s%s: %s"):format(case.name, leaf.path, tostring(leaf.value))
            end
          end
        end
      end

      assert.same({}, missed)
      assert.truthy(tried > 0)
    end)
  end
end)
