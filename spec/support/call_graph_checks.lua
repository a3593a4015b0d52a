--- All that is asked of one scenario of asynchronous calls: that it goes as the model says, and
-- that it holds the invariants, also in another order of delivery, with messages that come again,
-- with hosts that are stopped between any two messages, and with all contracts on one host.
local World = require "vmhost.conformance.async.world"
local call_graph_invariants = require "spec.support.call_graph_invariants"
local call_graph_model = require "spec.support.call_graph_model"
local call_graph_observer = require "spec.support.call_graph_observer"
local call_graph_trace = require "spec.support.call_graph_trace"
local new_random = require "spec.support.random"
local temporary_folder = require "spec.support.temporary_folder"

local call_graph_checks = {}

-- Of what is made smaller, nothing may grow without end.
local MOST_EXECUTIONS <const> = 60
local KIND_ANSWER <const> = 12
local ANSWERS <const> = { [9] = true, [10] = true, [KIND_ANSWER] = true }
local MOST_AGAIN <const> = 5

local ANY_ORDER <const> = { "starts", "finishes", "waits", "legs", "gas", "value", "undoing",
  "contexts", "ids" }

local text_of = call_graph_invariants.text_of

local function traced(scenario, options)
  return call_graph_trace.of(call_graph_observer.run(scenario, options))
end

local function against_model(scenario)
  local single_level = scenario.profile == "single-level"
  local expected = call_graph_model.predict(scenario, single_level, MOST_EXECUTIONS)
  if not expected then return nil end
  local world <close> = World.open(scenario, single_level)
  world:start()
  world:deliver()
  local observed = world:observed()
  observed.ids = world:ids_like(expected.ids)
  for field, value in pairs(expected) do
    local wanted, got = text_of(value), text_of(observed[field])
    if wanted ~= got then return ("%s\n  expected %s\n  actual   %s"):format(field, wanted, got) end
  end
end

local function holding(trace, names)
  for _, name in ipairs(names) do
    local fault = call_graph_invariants[name](trace)
    if fault then return name .. ": " .. fault end
  end
end

-- An answer of the call that a message is or answers, for somebody to be named in it.
local function answer_like(message)
  if ANSWERS[message.kind] then return message end
  local answer = {}
  for name, value in pairs(message) do answer[name] = value end
  answer.kind, answer.method, answer.input, answer.bytes = KIND_ANSWER, "", "", nil
  answer.from_chain, answer.to_chain = message.to_chain, message.from_chain
  answer.from_service, answer.to_service = message.to_service, message.from_service
  return answer
end

-- Now and then a message that was taken comes again, and answers that nobody waits for: of calls
-- that are open, but for their ids.
local function new_echo(random, again)
  local taken = {}
  return function(world, message)
    if ANSWERS[message.kind] then taken[#taken + 1] = message end
    if #again >= MOST_AGAIN or random(2) == 1 then return end
    local echo = #taken > 0 and taken[random(#taken)]
    if echo then
      again[#again + 1] = world:deliver_again("an answer that came before", echo, echo.bytes)
    end
    local waiting = #world.queue > 0 and world.queue[random(#world.queue)].message or message
    local answer = answer_like(waiting)
    local call, context = call_graph_observer.with_ids_of_nobody(answer, tostring(random(1 << 30)))
    again[#again + 1] = world:deliver_again("an answer to no call", answer, call)
    again[#again + 1] = world:deliver_again("an answer to no context", answer, context)
  end
end

-- Messages of one host stay in order, those of several come as they like.
local function new_picker(random)
  return function(queue)
    local senders, places = {}, {}
    for place, entry in ipairs(queue) do
      local sender = entry.message.from_chain
      if not places[sender] then senders[#senders + 1] = sender end
      places[sender] = places[sender] or place
    end
    return places[senders[random(#senders)]]
  end
end

local function with_echo(scenario, seed, trace, pick)
  local again = {}
  local other = traced(scenario,
    { pick = pick, between = new_echo(new_random(seed), again) })
  return call_graph_invariants.again(again) or call_graph_invariants.repeats(trace, other)
    or call_graph_invariants.same_end(trace, other)
end

local function in_any_order(scenario, seed)
  local trace = traced(scenario, { pick = new_picker(new_random(seed)) })
  return holding(trace, ANY_ORDER)
    or with_echo(scenario, seed, trace, new_picker(new_random(seed)))
end

local function with_restarts(scenario, trace)
  local folder <close> = temporary_folder()
  local other = traced(scenario, { folder = folder.path })
  return call_graph_invariants.repeats(trace, other)
    or call_graph_invariants.same_end(trace, other)
end

local function moved_to_one_host(scenario)
  local contracts = {}
  for name, contract in pairs(scenario.contracts) do
    contracts[name] = setmetatable({ shard = 0 }, { __index = contract })
  end
  return setmetatable({ contracts = contracts }, { __index = scenario })
end

local function on_one_host(scenario, trace)
  if not scenario.title:find "plain" or not call_graph_invariants.may_move(trace) then return end
  local moved = traced(moved_to_one_host(scenario))
  return call_graph_invariants.may_move(moved) and call_graph_invariants.place(trace, moved) or nil
end

--- The checks, each a name and a function of scenario, seed and the trace of a plain run.
call_graph_checks.LIST = {
  { "model", function(scenario) return against_model(scenario) end },
  { "invariant", function(_, _, trace) return holding(trace, ANY_ORDER) end },
  { "order", function(_, _, trace) return call_graph_invariants.order(trace) end },
  { "echo", function(scenario, seed, trace) return with_echo(scenario, seed, trace) end },
  { "restart", function(scenario, _, trace) return with_restarts(scenario, trace) end },
  { "any order", function(scenario, seed) return in_any_order(scenario, seed) end },
  { "one host", function(scenario, _, trace) return on_one_host(scenario, trace) end },
}

--- Runs the checks until one finds something.
-- @tparam table scenario
-- @tparam integer seed for orders of delivery and what comes again
-- @tparam function wanted takes the name of a check and says whether it is made
-- @tparam[opt] function count called with the name of each check that is made
-- @treturn[1] nil
-- @treturn[2] string name of the check; `run` where the scenario could not be run at all
-- @treturn[2] string what is wrong
function call_graph_checks.fault(scenario, seed, wanted, count)
  local can_run, trace = pcall(traced, scenario)
  if not can_run then return "run", tostring(trace) end
  for _, check in ipairs(call_graph_checks.LIST) do
    local name, action = check[1], check[2]
    if wanted(name) then
      if count then count(name) end
      local is_good, fault = pcall(action, scenario, seed, trace)
      if not is_good or fault then return name, tostring(fault) end
    end
  end
end

--- A scenario with what the model expects, where it expects anything.
function call_graph_checks.with_expectation(scenario)
  local expected = call_graph_model.predict(scenario, scenario.profile == "single-level",
    MOST_EXECUTIONS)
  scenario.expect = expected
  return scenario
end

return call_graph_checks
