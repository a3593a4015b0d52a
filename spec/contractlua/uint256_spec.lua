-- VMHOST_SEED repeats a run.
local run_command = require "spec.support.run_command"

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/uint256"
local COUNT <const> = os.getenv "VMHOST_SOAK" and 100000 or 600
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000

describe("a uint256 of a contract", function()
  it("is calculated, compared, read and shown as the big numbers of libcrypto", function()
    local output, status = run_command { CHECK, tostring(SEED), tostring(COUNT) }

    assert.equal(0, status, ("seed %d: %s"):format(SEED, output))
    print(("uint256: seed %d, %d pairs, %s"):format(SEED, COUNT, output:gsub("\n", "")))
    local good, tried = output:match "^(%d+) of (%d+)"
    assert.is_true(3 * math.tointeger(good) >= math.tointeger(tried))
  end)
end)
