-- Whatever happens between hosts, in the end their contracts and ledgers are as if nothing had.
local banks = require "spec.support.banks"
local network = require "vmhost.network"
local new_random = require "spec.support.random"

local RUNS <const> = os.getenv "VMHOST_SOAK" and 300 or 6
local CALLS <const> = 12
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time()

local function run(calls, given)
  local net <close> = assert(network.new(banks.options(given)))
  banks.deploy(net)
  for index, call in ipairs(calls) do
    net:submit(table.unpack(call))
    if index % 3 == 0 then assert(net:mine()) end
  end
  assert(net:drain())
  assert(net:check_value())
  local counts = { refused = 0, copies = 0 }
  for _, refusal in ipairs(net.refusals) do
    local kind = refusal.is_copy and "copies" or "refused"
    counts[kind] = counts[kind] + 1
  end
  return banks.outcome(net), counts
end

describe("a network that loses, doubles, delays and reorders, and whose hosts restart", function()
  it("ends as one that does not", function()
    print(("network: seed %d"):format(SEED))
    local copies = 0
    for number = 1, RUNS do
      local random = new_random(SEED + number)
      local calls = banks.calls(random, CALLS)
      local expected = run(calls)

      local got, counts = run(calls, { seed = SEED + number, loss = random(6) / 10,
        duplication = random(6) / 10, restarts = random(4) / 10, latency = { 0, random(4) },
        order = random(2) == 1 and "seed" or "fifo" })

      assert.same(expected, got, ("seed %d"):format(SEED + number))
      assert.equal(0, counts.refused, "what comes once is not refused")
      copies = copies + counts.copies
    end
    assert.is_true(copies > 0)
  end)
end)
