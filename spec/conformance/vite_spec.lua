assert(_VERSION == "Lua 5.4")
local json = require "dkjson"
local lfs = require "lfs"
local conformance = require "vmhost.conformance"
local temporary_folder = require "spec.support.temporary_folder"

local OURS = "spec/vectors/vite"
local PUBLIC = (os.getenv "VMHOST_VECTORS" or "../shared/vectors") .. "/vite"
-- Data of another project, which is read where it lies.
local NOT_COPIED = { "interpreter", "run", "offchain", "legacy_metadata/interpreter",
  "legacy_metadata/run" }

local function run(paths)
  local failed = {}
  local counts = assert(conformance.run("vite", paths, function(path, case, result, passed)
    if not passed then
      failed[#failed + 1] = ("%s: %s: %s"):format(path, tostring(case),
        result.fault or result.mismatches[1].path)
    end
  end))
  return counts, failed
end

describe("vmhost conformance vite", function()
  it("passes all that the project holds", function()
    local counts, failed = run { OURS }

    assert.same({}, failed)
    assert.same({ passed = 84, failed = 0 }, counts)
  end)

  for _, folder in ipairs(NOT_COPIED) do
    it("passes the public cases of " .. folder, function()
      local path = PUBLIC .. "/" .. folder
      if lfs.attributes(path, "mode") ~= "directory" then
        return pending(path .. " is not there: set VMHOST_VECTORS")
      end

      local counts, failed = run { path }

      assert.same({}, failed)
      assert.truthy(counts.passed > 0)
    end)
  end
end)

-- Runs one file with a changed content, below the folders that decide its form.
local function run_changed(name, change)
  local file <close> = assert(io.open(OURS .. "/" .. name))
  local content = json.decode(file:read "a", 1, json.null)
  change(content)
  local folder <close> = temporary_folder { [name] = json.encode(content) }
  return (run { folder.path })
end

describe("a vector file of vite with one expected value changed", function()
  for what, case in pairs {
    ["quota of a response"] = { "compiled/await_once.json", function(content)
      content.scenario[3].flow[2].quotaSpent = content.scenario[3].flow[2].quotaSpent + 1
    end },
    ["the stack of a suspended run"] = { "compiled/await_once.json", function(content)
      content.scenario[3].flow[2].contextStackItems = 7
    end },
    ["what a query gives"] = { "compiled/await_once.json", function(content)
      content.scenario[5].expect[1] = "124"
    end },
    ["a selector"] = { "compiled/await_once.json", function(content)
      content.contracts.Adder.methodIdentifiers["calls()"] = "e2448e6c"
    end },
    ["the code that is stored"] = { "compiled/await_once.json", function(content)
      content.contracts.Adder.runtime = content.contracts.Adder.runtime:gsub("^60", "61")
    end },
    ["an encoded context"] = { "contexts.json", function(content)
      content[3].encoded = content[3].encoded:gsub("08$", "09")
    end },
    ["metadata"] = { "legacy_metadata/codec.json", function(content)
      content[2].metadataLength = 78
    end },
    ["a request's hash"] = { "primitives.json", function(content)
      content.requestHashes[1].hash = content.requestHashes[2].hash
    end },
  } do
    it("fails: " .. what, function()
      local counts = run_changed(case[1], case[2])

      assert.truthy(counts.failed > 0)
    end)
  end

  it("fails for a field that nobody knows", function()
    local counts = run_changed("compiled/await_once.json", function(content)
      content.scenario[3].colour = "blue"
    end)

    assert.equal(1, counts.failed)
  end)

  it("fails where no folder tells the form", function()
    local folder <close> = temporary_folder { ["add.json"] = "{}" }

    local counts = run { folder.path }

    assert.same({ passed = 0, failed = 1 }, counts)
  end)
end)
