-- The form of a scenario: what it reads, and what comes of it.
local World = require "vmhost.conformance.async.world"
local fields = require "vmhost.conformance.async.fields"
local conformance = require "vmhost.conformance"

local PROFILES = {
  ["any"] = { false, true },
  ["single-level"] = { true },
  ["multi-level"] = { false },
}

-- What a scenario says of itself; the other fields are checked where they are read.
local ABOUT = { id = "text", title = "text?", check_gas = "flag?", confirmed_by = "object?",
  derived = "text?" }

local START = { to = "text", ["function"] = "text?", args = "scalars?", value = "amount?",
  gas = "count?", query = "flag?", deploy = "flag?" }
local UNKNOWN_CALL = { after_round = "count", from = "text", to = "text",
  unknown_call_id = "flag" }
local REPLAY = { after_round = "count", replay_return = "count" }

local function check_injected(case, entry, place)
  if type(entry) ~= "table" then error(place .. ": object expected", 0) end
  if not entry.unknown_call_id then
    if entry.replay_return == nil then error(place .. ": no such message", 0) end
    return fields.check(entry, REPLAY, place)
  end
  fields.check(entry, UNKNOWN_CALL, place)
  for _, name in ipairs { entry.from, entry.to } do
    if not case.contracts[name] then error(("%s: no contract '%s'"):format(place, name), 0) end
  end
end

local function check_about(case)
  local about = {}
  for name in pairs(ABOUT) do about[name] = case[name] end
  fields.check(about, ABOUT, "scenario")
end

local function check_scenario(case)
  check_about(case)
  fields.check(case.start, START, "start")
  if case.inject ~= nil and not fields.is_list(case.inject) then
    error("inject: a list expected", 0)
  end
  for index, entry in ipairs(case.inject or {}) do
    check_injected(case, entry, ("inject[%d]"):format(index))
  end
  if case.prices ~= nil then
    fields.check(case.prices, World.PRICE_FIELDS, "prices")
  end
  if case.expect.ids ~= nil and not fields.is_list(case.expect.ids) then
    error("expect.ids: a list expected", 0)
  end
  if not PROFILES[case.profile] then
    error(("unknown profile '%s'"):format(tostring(case.profile)), 0)
  end
end

local function run(case, single_level)
  local world <close> = World.open(case, single_level)
  world:start()
  world:deliver()
  world:check_injected()
  local expect = world:observed()
  expect.ids = world:ids_like(case.expect.ids)
  for field, value in pairs(expect) do
    -- Balances are told of the contracts that have one at the start.
    if type(value) == "table" and field ~= "balances" then conformance.exact(value) end
  end
  return { expect = expect }
end

return {
  name = "graphs",
  inputs = { "id", "title", "profile", "contracts", "start", "inject", "check_gas",
    "confirmed_by", "derived", "prices" },
  fits = function(case)
    return type(case.contracts) == "table" and type(case.start) == "table"
      and type(case.expect) == "table"
  end,
  run = function(case)
    check_scenario(case)
    local results = {}
    for index, single_level in ipairs(PROFILES[case.profile]) do
      results[index] = run(case, single_level)
    end
    return table.unpack(results)
  end,
}
