-- VMHOST_SEED repeats a run.
local run_command = require "spec.support.run_command"

local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000

local function run_tables(mode, count)
  local output, status = run_command { BUILD .. "/c/tables", mode, tostring(SEED), tostring(count) }
  assert.equal(0, status, output)
  return (output:gsub("\n", ""))
end

describe("a table of the contract machine", function()
  it("shows what a naive model shows", function()
    print(("tables: seed %d, %s"):format(SEED, run_tables("model", IS_SOAK and 1000000 or 4000)))
  end)

  it("fails cleanly where there is no memory", function()
    local output = run_tables("memory", IS_SOAK and 100000 or 1000)

    print("tables: " .. output)
    assert.truthy(math.tointeger(output:match "^(%d+) allocations failed$") > 100)
  end)
end)
