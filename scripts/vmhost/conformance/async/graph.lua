-- The form of a scenario: what it reads, and what comes of it.
local World = require "vmhost.conformance.async.world"
local conformance = require "vmhost.conformance"

local PROFILES = {
  ["any"] = { false, true },
  ["single-level"] = { true },
  ["multi-level"] = { false },
}

local function check_fields(object, known, what)
  if type(object) ~= "table" then error(what .. ": object expected", 0) end
  for key in pairs(object) do
    if not (" " .. known .. " "):find(" " .. tostring(key) .. " ", 1, true) then
      error(("%s: unknown field '%s'"):format(what, tostring(key)), 0)
    end
  end
end

local function check_scenario(case)
  check_fields(case.start, "to function args value gas query deploy", "start")
  for index, entry in ipairs(case.inject or {}) do
    local place = ("inject[%d]"):format(index)
    check_fields(entry, entry.unknown_call_id and "after_round from to unknown_call_id"
      or "after_round replay_return", place)
    if not entry.unknown_call_id and math.type(entry.replay_return) ~= "integer" then
      error(place .. ": no such message", 0)
    end
  end
  if not PROFILES[case.profile] then
    error(("unknown profile '%s'"):format(tostring(case.profile)), 0)
  end
end

local function run(case, single_level)
  local world <close> = World.open(case, single_level)
  world:start()
  world:deliver()
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
