assert(_VERSION == "Lua 5.4")
local json = require "dkjson"
local player = require "spec.support.async_player"

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local VECTORS <const> = json.decode(read "spec/vectors/async/graphs.json")

-- The form of the vectors for what was seen.
local function result_of(closed)
  if closed.code ~= 0 then return { code = closed.code, message = closed.message } end
  return { code = 0, data = closed.values }
end

local function plain(value)
  if type(value) ~= "table" then return value end
  local out = {}
  for key, field in pairs(value) do out[key] = plain(field) end
  return out
end

local function compare(scenario, run)
  local seen, expected = run.seen, plain(scenario.expect)
  local gas, balances = {}, {}
  for name, balance in pairs(run:balances()) do
    balances[name] = scenario.contracts[name].balance and balance or nil
  end
  if scenario.check_gas then
    gas = { executions = seen.executions, root_left = run.closed.gas,
      refunded_later = seen.refunded_later }
  end
  assert.same(expected, {
    order = seen.order, callbacks = seen.callbacks, state = run:plain_state(),
    result = result_of(run.closed), failed = seen.failed, messages = seen.messages,
    stored_contexts = seen.stored, contexts_left = run:note_stored(),
    events = expected.events and run.events, balances = expected.balances and balances,
    dropped = expected.dropped and seen.dropped, gas = scenario.check_gas and gas or nil,
  })
  assert.equal(0, run:protected_count())
end

describe("a call graph of the vectors", function()
  assert(#VECTORS.scenarios == 52, "52 scenarios are known")
  for _, scenario in ipairs(VECTORS.scenarios) do
    local modes = { any = { "single-level", "multi-level" } }
    for _, mode in ipairs(modes[scenario.profile] or { scenario.profile }) do
      it(("%s, %s: %s"):format(scenario.id, mode, scenario.title), function()
        local nesting = mode == "single-level" and 0 or nil
        local run = player.new(scenario, { nesting = nesting }):play()
        compare(scenario, run)
      end)
    end
  end
end)
