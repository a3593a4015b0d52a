-- VMHOST_SEED repeats a run.
assert(_VERSION == "Lua 5.4")
local contract_lua = require "spec.support.contract_lua"
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

describe("a key that is deleted and set again and again", function()
  it("takes the same time at the end, with room for many keys left", function()
    local begin = os.clock()

    contract_lua.run [[
      local t = {}
      for i = 1, 60000 do t["k" .. i] = i end
      for i = 1, 60000 do t["k" .. i] = nil end
      for i = 1, 35000 do t.x = i t.x = nil end
    ]]

    assert.is_true(os.clock() - begin < 3) -- a hundredth of it, but for a row of slots for `x`
  end)
end)
