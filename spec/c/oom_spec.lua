local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/oom"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil

-- Which allocations fail outside of `make soak`: every third, and fewer on disk.
local STEPS <const> = { memory = 3, scripted = 3, leveldb = 11, none = 3 }
local LEAST_FAILED <const> = 500

describe("a chain for which there is no memory", function()
  local total = 0

  local function fail_allocations(backend, mode)
    local folder <close> = temporary_folder()
    local step = IS_SOAK and 1 or STEPS[backend]
    local output, status = run_command { CHECK, backend, mode, "1", tostring(step), folder.path }
    assert(status == 0, output)
    total = total + math.tointeger(output:match ": (%d+) of %d+ allocations failed\n$")
  end

  for _, backend in ipairs { "memory", "scripted", "leveldb", "none" } do
    it("fails cleanly at each single allocation, store: " .. backend, function()
      fail_allocations(backend, "one")
    end)

    it("fails cleanly from each allocation on, store: " .. backend, function()
      fail_allocations(backend, "all")
    end)
  end

  it("was tried at 500 allocations at least", function()
    print(("oom: %d allocations failed, each cleanly"):format(total))
    assert.is_true(total >= LEAST_FAILED)
  end)
end)
