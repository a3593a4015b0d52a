-- What stands beside a receipt: texts that every host must have alike name nothing, so the host
-- tells apart from them what they are about, and where.
local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"

local BANK <const> = [[
local c = sdk.contract { get = "external read () uint64", spin = "external write ()",
  fail = "external write ()" }
function c.get() return 1 end
function c.spin() while true do end end
function c.fail() error("no money", 0) end
return c]]

-- Line 3 is the first step, and each step has a line of its own.
local SHOP <const> = [[
local c = sdk.contract { run = "external write (step uint64)", ok = "callback", bad = "callback" }
local steps = {
  function() sdk.async.call { "Bank", "get()", on_success = "done" } end,
  function() sdk.async.call { "Bank", "get()", on_success = "ok", on_error = "run" } end,
  function() sdk.async.call { "Bank", "get()", on_success = "ok", gas = 50000000 } end,
  function() sdk.async.call { "Bank", "get()", gas = 10 } end,
  function() sdk.await { "Bank", "get()", gas = 60000000, lock = 5 } end,
  function() sdk.await_all { { "Bank", "get()", gas = 100000 }, lock = 60000000 } end,
  function() sdk.async.on_group("orders", "ok") end,
  function() sdk.async.call("Bank", "get()") sdk.async.on_group("", "nobody") end,
  function() sdk.async.call("Bank", "get()") sdk.async.on_group("", "") end,
  function() sdk.call("Nobody", "get()") end,
  function() sdk.await("Nobody", "get()") end,
  function() sdk.await("Bank", "fail()") end,
  function() pcall(sdk.call, "Nobody", "get()") error("too late", 0) end,
}
function c.run(step) steps[step]() end
function c.ok() end
function c.bad() end
return c]]

local LACK <const> = "^needs (%d+), has (%d+)$"

describe("a failure with a fixed text", function()
  local chain

  setup(function()
    chain = fixture.new {}
    assert(chain:deploy("Bank", { BANK }))
    assert(chain:deploy("Shop", { SHOP }))
  end)
  teardown(function() chain:close() end)

  -- Text, detail and calls of the last run of a step.
  local function last(step)
    local out = assert(chain:process { { "Shop", "run", step } })
    local record = out.records[#out.records]
    return record.error, record.detail, inspect.calls(record.calls)
  end

  for step, expected in pairs {
    [1] = { "async: bad callback", "'Shop' has no callback 'done'", "Shop.run:3" },
    [2] = { "async: bad callback", "'Shop' has no callback 'run'", "Shop.run:4" },
    [7] = { "async: no such group", "'orders'", "Shop.run:9" },
    [8] = { "async: bad callback", "'Shop' has no callback 'nobody'", "Shop.run:10" },
    [9] = { "async: bad callback", "none is named for group ''", "Shop.run:11" },
    [10] = { "contract not deployed", "'Nobody'", "Shop.run:12 > Nobody.get()" },
    [11] = { "contract not deployed", "the answer of 'Nobody'", "Shop.run:13" },
    [12] = { "no money", "the answer of 'Bank'", "Shop.run:14" },
    [4] = { "not enough gas", "needs 1001, has 10", "" },
  } do
    it(("says what it is about: %s (step %d)"):format(expected[2], step), function()
      assert.same(expected, { last(step) })
    end)
  end

  -- Of the limit of 50,000,000 a little is used where the call stands. A local call takes its step
  -- of 1,000, the minimum lock of 100,000 and what was asked for.
  for step, row in pairs {
    [3] = { needs = 50101000, least = 49900000, calls = "Shop.run:5" },
    [5] = { needs = 60000005, least = 49900000, calls = "Shop.run:7" },
    [6] = { needs = 60000000, least = 49800000, calls = "Shop.run:8" },
  } do
    it(("says how much gas was asked for, and was left: %d"):format(row.needs), function()
      local text, detail, calls = last(step)

      local needs, has = detail:match(LACK)
      assert.same({ "not enough gas", row.needs, row.calls }, { text, tonumber(needs), calls })
      assert.is_true(tonumber(has) > row.least and tonumber(has) < 50000000, has)
    end)
  end

  it("says nothing of an earlier one that was caught", function()
    local text, detail = last(13)

    assert.equal("too late", text)
    assert.is_nil(detail)
  end)

  it("names the contract where nothing is deployed, in a transaction and in a query", function()
    local out = assert(chain:process { { "Nobody", "get" } })

    assert.equal("'Nobody'", out.records[1].detail)
    assert.matches("\n  error    contract not deployed ('Nobody')\n",
      inspect.receipt(out.receipts[1], out.records[1]), 1, true)
    assert.equal("contract not deployed ('Nobody')", (select(2, chain:query("Nobody", "get"))))
    assert.has_error(function() chain:expect_success(out.receipts[1]) end,
      "expected success, got Nobody.get by alice: ERROR_CONTRACT_NOT_DEPLOYED: "
      .. "contract not deployed ('Nobody')")
  end)
end)

describe("a callback that is not paid", function()
  -- Bank.spin burns all of its 200,000, so the callback would have the lock of 50. It takes the
  -- step of 10, 3 for each byte of "bad@05@" and 14 bytes in hex ("not enough gas"), and 1 to run.
  it("is told with the gas that it needs", function()
    local chain <close> = fixture.new { genesis = { limits = { async_step_gas = 10,
      async_lock_gas = 50, async_argument_gas = 3 } } }
    assert(chain:deploy("Bank", { BANK }))
    assert(chain:deploy("Shop", { [[
      local c = sdk.contract { run = "external write ()", bad = "callback" }
      function c.run() sdk.async.call { "Bank", "spin()", gas = 200000, on_error = "bad" } end
      function c.bad() end
      return c]] }))
    local out = assert(chain:process { { "Shop", "run" } })

    local execution = out.records[1].executions[3]
    assert.same({ "callback", "not enough gas", "needs 116, has 50" },
      { execution.kind, execution.error, execution.detail })
  end)
end)
