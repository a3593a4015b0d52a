-- VMHOST_SEED repeats a run.
local run_command = require "spec.support.run_command"

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/bignum"
local COUNT <const> = os.getenv "VMHOST_SOAK" and 100000 or 2000
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000

describe("arithmetic of 256-bit words", function()
  it("gives what the big numbers of libcrypto give", function()
    local output, status = run_command { CHECK, tostring(SEED), tostring(COUNT) }

    assert.equal(0, status, ("seed %d: %s"):format(SEED, output))
    print(("words: seed %d, %s"):format(SEED, output:gsub("\n", "")))
  end)
end)
