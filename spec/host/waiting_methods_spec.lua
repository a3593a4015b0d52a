-- Methods that wait for answers, of contracts that meter nothing but what they say: gas that comes
-- back, values set before the wait, events of what runs behind a leg that fails.
local fixture = require "vmhost.fixture"

local BYTE <const> = 28 -- gas of a byte that is kept or sent
local GIVEN <const>, KEPT <const> = 10000, 500

-- `Shop.run` waits for `Other.ask` in one of two ways, and notes what it goes on with.
local FORMS <const> = {
  ["one call"] = function(sdk)
    sdk.wait.call("", "Other", "ask", {}, { gas = GIVEN, lock = KEPT })
  end,
  ["several calls"] = function(sdk)
    sdk.wait.all("", { { "Other", "ask", {}, { gas = GIVEN } } }, KEPT)
  end,
}

-- The gas and the code that `Shop` goes on with, where `ask` is that of `Other`.
local function gone_on_with(form, ask)
  local gas, code
  local chain <close> = fixture.new { contracts = {
    Shop = { run = function(sdk)
      if not sdk.resumed then return form(sdk) end
      gas = sdk.gas.limit
      code = (sdk.resumed.outcomes or { sdk.resumed })[1].code
    end },
    Other = { ask = ask, nothing = function() end },
  } }
  assert(chain:process { { "Shop", "run" } })
  return gas, code
end

describe("a method that waits #small", function()
  for name, form in pairs(FORMS) do
    it("answers with the gas that it had left before and behind the wait, to " .. name, function()
      local gas, code = gone_on_with(form, function(sdk)
        if sdk.resumed then return sdk.gas.burn(7) end
        sdk.gas.burn(11)
        sdk.wait.call("x", "Other", "nothing", {}, { gas = 100, lock = 50 })
      end)

      assert.equal(0, code)
      assert.equal(GIVEN + KEPT - 11 - 7 - BYTE, gas)
    end)

    it("uses all of its gas up where that does not reach for the wait, to " .. name, function()
      local gas, code = gone_on_with(form, function(sdk)
        sdk.async.set_return "a value"
        sdk.wait.call("x", "Other", "nothing", {}, { gas = 100, lock = GIVEN })
      end)

      assert.equal(5, code)
      assert.equal(KEPT, gas)
    end)

    it("pays for bytes from what it has not used yet, to " .. name, function()
      local _, code = gone_on_with(form, function(sdk)
        if sdk.resumed then return end
        sdk.gas.burn(GIVEN - 2 * BYTE + 1)
        sdk.wait.call("xx", "Other", "nothing")
      end)

      assert.equal(5, code)
    end)
  end

  it("sees what its bytes cost", function()
    local before, after
    local chain <close> = fixture.new { contracts = { Shop = {
      run = function(sdk)
        if sdk.resumed then return end
        before = sdk.gas.left()
        sdk.wait.call("xyz", "Shop", "nothing")
        after = sdk.gas.left()
      end,
      nothing = function() end,
    } } }
    assert(chain:process { { "Shop", "run" } })

    assert.equal(3 * BYTE, before - after)
  end)

  it("owes the values that it set before the wait", function()
    local chain <close> = fixture.new { contracts = { Shop = {
      run = function(sdk)
        if sdk.resumed then return end
        sdk.async.set_return("early")
        sdk.wait.call("", "Shop", "nothing")
      end,
      nothing = function() end,
    } } }
    local receipts = assert(chain:process { { "Shop", "run" } }).receipts

    assert.equal("early", receipts[#receipts].output_argument_array[1].value)
  end)

  for name, ending in pairs {
    ["waits where it may not"] = function(sdk) sdk.service.call("Other", "asks") end,
    ["has too little gas for a message"] = function(sdk)
      sdk.gas.burn(sdk.gas.left())
      sdk.wait.call("x", "Other", "nothing")
    end,
  } do
    it("is heard of by the callback of its call where it is ended: it " .. name, function()
      local heard
      local chain <close> = fixture.new { contracts = {
        Shop = {
          run = function(sdk) sdk.async.call("Other", "ask", {}, { on_error = "failed" }) end,
          failed = function(sdk, code)
            sdk.state.write("code", tostring(code))
            heard = sdk.state.read "code"
          end,
        },
        Other = {
          ask = function(sdk)
            if not sdk.resumed then return sdk.wait.call("", "Other", "nothing") end
            ending(sdk)
          end,
          asks = function(sdk) sdk.wait.call("", "Other", "nothing") end,
          nothing = function() end,
        },
      } }
      local out = assert(chain:process { { "Shop", "run" } })

      assert.is_string(heard)
      assert.equal(heard, chain.storage:read("Shop", "code"))
      assert.equal(heard, tostring(out.receipts[#out.receipts].code))
    end)
  end

  it("answers with its own text where the failure of its callee completes it", function()
    local heard
    local chain <close> = fixture.new { contracts = {
      Shop = { run = function(sdk)
        if not sdk.resumed then return sdk.wait.call("", "Other", "ask") end
        heard = sdk.resumed.values[1]
      end },
      Other = {
        ask = function(sdk)
          if sdk.resumed then sdk.fail "of the method" end
          sdk.async.call("Other", "outlast", {}, { gas = 2000000 })
          sdk.wait.call("", "Other", "nothing", {}, { gas = 100000, lock = 100000 })
        end,
        outlast = function(sdk)
          if sdk.resumed then sdk.fail "of the callee" end
          sdk.wait.call("", "Other", "wait", {}, { gas = 500000, lock = 500000 })
        end,
        wait = function(sdk)
          if not sdk.resumed then sdk.wait.call("", "Other", "nothing") end
        end,
        nothing = function() end,
      },
    } }
    local out = assert(chain:process { { "Shop", "run" } })
    local failed = {}
    for _, record in ipairs(out.records) do failed[#failed + 1] = record.error end

    assert.same({ "of the method", "of the callee" }, failed)
    assert.equal("of the method", heard)
  end)

  it("that fails behind the wait leaves the events of the callback that hears of it", function()
    local chain <close> = fixture.new { contracts = {
      Shop = {
        run = function(sdk) sdk.async.call("Other", "ask", {}, { on_error = "failed" }) end,
        failed = function(sdk, code, text) sdk.events.emit("failed", code, text) end,
      },
      Other = {
        ask = function(sdk)
          if not sdk.resumed then return sdk.wait.call("", "Other", "nothing") end
          sdk.events.emit "gone"
          sdk.fail "no"
        end,
        nothing = function() end,
      },
    } }
    local out = assert(chain:process { { "Shop", "run" } })
    local events = out.receipts[#out.receipts].output_events_array
    local record = out.records[#out.records]

    assert.same({ "gone", "failed" }, { events[1].event_name, events[2].event_name })
    assert.same({ true, false }, record.undone_events)
  end)
end)
