-- What `sdk.await { ..., gas =, lock = }` gives to the call and keeps for what follows it. Callee
-- and continuation run until their gas is used up, so that receipts show what each had.
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"

local SPINNER <const> = [[
local c = sdk.contract { spin = "external write ()", paid = "external write () uint256, string" }
function c.spin() while true do end end
function c.paid() return sdk.call_value() end
return c ]]

local CALLER <const> = [[
local c = sdk.contract {
  give = "external write (gas uint64, lock uint64)", gas = "external write (gas uint64)",
  lock = "external write (lock uint64)", shares = "external write ()",
  pay = "external write () uint256, string", bad = "external write (which uint64)",
}
local function spin() while true do end end
function c.give(gas, lock)
  pcall(sdk.await, { "Spinner", "spin()", gas = gas, lock = lock })
  spin()
end
function c.gas(gas) pcall(sdk.await, { "Spinner", "spin()", gas = gas }) spin() end
function c.lock(lock) pcall(sdk.await, { "Spinner", "spin()", lock = lock }) spin() end
function c.shares()
  sdk.send("Spinner", "spin()")
  pcall(sdk.await, { "Spinner", "spin()", gas = 30000, lock = 20000 })
  spin()
end
function c.pay()
  return sdk.await { "Spinner", "paid()(uint256,string)", amount = 7, token = "OTHER TOKN" }
end
local BAD = {
  function() sdk.await {} end, function() sdk.await { "Spinner" } end,
  function() sdk.await { "Spinner", 5 } end, function() sdk.await { "Spinner", "spin()", 1 } end,
  function() sdk.await { "Spinner", "spin()", gass = 1 } end,
  function() sdk.await { "Spinner", "spin()", gas = -1 } end,
  function() sdk.await { "Spinner", "spin()", lock = "1" } end,
  function() sdk.await { "Spinner", "spin()", amount = -1 } end,
  function() sdk.await { "Spinner", "spin()", token = "short" } end,
  function() sdk.await { "Spinner", "spin()", [4] = 1 } end,
  function() sdk.await { "Spinner", "spin()", [true] = 1 } end,
  function() sdk.await({ "Spinner", "spin()" }, 5) end,
}
function c.bad(which) BAD[which]() end
return c ]]

local LIMIT <const> = 50000000

describe("gas of sdk.await", function()
  local chain

  setup(function()
    chain = fixture.new { genesis = { issues = { { to = crypto.address_of_contract "Caller",
      token = "OTHER TOKN", amount = 9 } } } }
    assert(chain:deploy("Spinner", { SPINNER }))
    assert(chain:deploy("Caller", { CALLER }))
  end)

  teardown(function() chain:close() end)

  -- Gas that each run of the block used, in order.
  local function used(...)
    local list = {}
    for i, receipt in ipairs(assert(chain:process { { "Caller", ... } }).receipts) do
      list[i] = receipt.gas_used
    end
    return list
  end

  it("is what is given, for the call and for what follows", function()
    local gas = used("give", 30000, 20000)

    assert.equal(3, #gas)
    assert.equal(30000, gas[2])
    assert.equal(20000, gas[3])
    assert.is_true(gas[1] < 10000)
  end)

  it("stays behind where none is kept by name", function()
    local gas = used("gas", 30000)

    assert.equal(30000, gas[2])
    assert.equal(LIMIT - 30000 - gas[1], gas[3])
  end)

  it("goes all with the call but what is kept", function()
    local gas = used("lock", 20000)

    assert.equal(LIMIT - 20000 - gas[1], gas[2])
    assert.equal(20000, gas[3])
  end)

  it("leaves what was not given to the other messages of the run", function()
    local gas = used "shares"

    assert.equal(4, #gas)
    assert.equal(LIMIT - 50000 - gas[1], gas[2])
    assert.equal(30000, gas[3])
    assert.equal(20000, gas[4])
  end)

  it("ends the run where it is more than there is", function()
    for _, given in ipairs { { LIMIT, 0 }, { 1, LIMIT }, { LIMIT - 100, 0 },
      { math.maxinteger, math.maxinteger } } do
      local receipts = assert(chain:process { { "Caller", "give", given[1], given[2] } }).receipts

      assert.equal(1, #receipts)
      assert.equal("not enough gas", receipts[1].output_argument_array[1].value)
      assert.equal(5, receipts[1].code)
      assert.equal(LIMIT, receipts[1].gas_used)
    end
  end)

  it("comes beside an amount and its token", function()
    local receipts = assert(chain:process { { "Caller", "pay" } }).receipts

    local results = receipts[#receipts].output_argument_array
    assert.equal("7", tostring(results[1].value))
    assert.equal("OTHER TOKN", results[2].value)
  end)

  it("is refused in any other form", function()
    local begins <const> = "a call begins with a service and a signature, and its arguments follow "
      .. "without holes"
    for which, text in ipairs { begins, begins, "'signature' is a string, got 5",
      "method 'spin' has 0 values, got 1",
      "a call has no field 'gass'", "'gas' is an integer from 0 on",
      "'lock' is an integer from 0 on", "'amount' is a uint256 or an integer from 0 on",
      "'token' is a string of 10 bytes", "a call is a list without holes, and named fields",
      "a call is a list without holes, and named fields", "all of a call is in its table" } do
      local receipts = assert(chain:process { { "Caller", "bad", which } }).receipts
      assert.matches(text, receipts[1].output_argument_array[1].value, 1, true)
    end
  end)
end)
