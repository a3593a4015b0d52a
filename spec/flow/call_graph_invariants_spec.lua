-- That the invariants of call graphs can fail: a good run, and runs in which one thing is told
-- otherwise than it was.
local call_graph_invariants = require "spec.support.call_graph_invariants"
local call_graph_observer = require "spec.support.call_graph_observer"
local call_graph_trace = require "spec.support.call_graph_trace"

-- A calls B and D on its own host, and C elsewhere; the two near calls are a group. D calls C too,
-- so that its answer is late; E fails.
local SCENARIO <const> = {
  id = "all kinds", title = "all kinds", profile = "multi-level", start = { to = "A",
    ["function"] = "f", gas = 100000 },
  contracts = {
    A = { shard = 0, balance = 100, functions = {
      f = {
        { op = "sync", to = "A", ["function"] = "near", into = "r" },
        { op = "async", to = "B", ["function"] = "g", on_success = "cb", group = "x", value = 3 },
        { op = "async", to = "D", ["function"] = "j", on_success = "cb", group = "x" },
        { op = "group_callback", group = "x", ["function"] = "done", data = "X" },
        { op = "async", to = "C", ["function"] = "h", on_success = "cb", on_error = "err",
          value = 4 },
        { op = "async", to = "E", ["function"] = "bad", on_success = "cb", on_error = "err" },
        { op = "return", values = { "f" } },
      },
      near = { { op = "burn", gas = 3 }, { op = "return", values = { "n" } } },
      cb = { { op = "add", key = "n", by = 1 }, { op = "burn", gas = 5 } },
      err = { { op = "write", key = "err", value = "$args" } },
      done = { { op = "emit", name = "done", data = "" } },
    } },
    B = { shard = 0, balance = 0, functions = { g = { { op = "return", values = { "b" } } } } },
    C = { shard = 1, balance = 0, functions = {
      h = { { op = "write", key = "h", value = "1" } } } },
    D = { shard = 0, balance = 0, functions = { j = {
      { op = "async", to = "C", ["function"] = "h", on_success = "late" } },
      late = { { op = "burn", gas = 1 } } } },
    E = { shard = 0, balance = 0, functions = { bad = { { op = "write", key = "e", value = "1" },
      { op = "fail", message = "no" } } } },
  },
}

-- A waits for W, behind that it calls near synchronously, which registers a call, and waits for two
-- more, of which one fails.
local WAITING <const> = {
  id = "legs", title = "legs", profile = "multi-level", start = { to = "A",
    ["function"] = "f", gas = 100000 },
  contracts = {
    A = { shard = 0, balance = 100, functions = {
      f = {
        { op = "sync", to = "A", ["function"] = "near" },
        { op = "await", to = "W", ["function"] = "w", gas = 9000, lock = 30000, value = 5 },
        { op = "sync", to = "A", ["function"] = "near" },
        { op = "await_all", lock = 2000, calls = {
          { to = "B", ["function"] = "g", gas = 300 },
          { to = "W", ["function"] = "bad", gas = 400, value = 6 },
        } },
        { op = "write", key = "came", value = "$args" },
      },
      near = { { op = "async", to = "B", ["function"] = "g", on_success = "cb", gas = 500 } },
      cb = { { op = "add", key = "n", by = 1 } },
    } },
    B = { shard = 0, balance = 0, functions = { g = { { op = "return", values = { "b" } } } } },
    W = { shard = 1, balance = 0, functions = {
      w = { { op = "await", to = "W", ["function"] = "x", gas = 50, lock = 60 },
        { op = "burn", gas = 4 }, { op = "return", values = { "w" } } },
      x = { { op = "burn", gas = 2 } },
      bad = { { op = "fail", message = "no" } },
    } },
  },
}

local function run(scenario) return call_graph_observer.run(scenario or SCENARIO) end

-- The execution of that name, its round and place.
local function find(told, name)
  for round = 0, told.last do
    for place, execution in ipairs(told.rounds[round].executions) do
      if execution.name == name then return execution, told.rounds[round].executions, place end
    end
  end
end

local function remove(told, name)
  local _, list, place = find(told, name)
  table.remove(list, place)
end

local function swap(told, name, other)
  local _, list, place = find(told, name)
  local _, _, other_place = find(told, other)
  list[place], list[other_place] = list[other_place], list[place]
end

-- The n-th leg of a function.
local function leg_of(told, name, number)
  for round = 0, told.last do
    for place, execution in ipairs(told.rounds[round].executions) do
      if execution.kind == "leg" and execution.name == name then
        number = number - 1
        if number == 0 then return execution, told.rounds[round].executions, place end
      end
    end
  end
end

local LEGS <const> = {
  { "legs", "a method that waits for ever", function(told)
    local _, list, place = leg_of(told, "A.f", 2)
    table.remove(list, place)
  end },
  { "legs", "a method that goes on twice", function(told)
    local leg = leg_of(told, "A.f", 2)
    local list = told.rounds[told.last].executions
    list[#list + 1] = setmetatable({}, { __index = leg })
  end },
  { "legs", "a method that goes on though it failed", function(told)
    find(told, "A.f").code = 4
  end },
  { "legs", "outcomes in another order", function(told)
    local arguments = leg_of(told, "A.f", 2).arguments
    arguments[1], arguments[2] = arguments[2], arguments[1]
  end },
  { "legs", "a method that goes on before its last answer", function(told)
    local leg, list, place = leg_of(told, "A.f", 2)
    table.remove(list, place)
    leg.round = leg.round - 1
    table.insert(told.rounds[leg.round].executions, leg)
  end },
  { "legs", "a call that was not sent", function(told)
    for index, message in ipairs(told.rounds[0].sent) do
      if message.kind == 8 then return table.remove(told.rounds[0].sent, index) end
    end
  end },
  { "gas", "gas that comes to a method from nowhere", function(told)
    local leg = leg_of(told, "A.f", 1)
    leg.gas = leg.gas + 1
  end },
  { "gas", "gas of a method that is gone", function(told)
    local leg = leg_of(told, "A.f", 2)
    leg.gas_used = leg.gas_used + 1
  end },
  { "value", "value of a call that waits", function(told)
    told.rounds[0].total = told.rounds[0].total + 5
  end },
  { "undoing", "a key of a leg that failed", function(told)
    leg_of(told, "A.f", 2).code = 4
  end },
  { "undoing", "value of a failed call that stays away", function(told)
    for round = leg_of(told, "A.f", 2).round, told.last do
      told.rounds[round].balances.A = told.rounds[round].balances.A - 6
    end
  end },
  { "contexts", "a context of a method that waits for several calls that is not stored",
    function(told)
      told.rounds[leg_of(told, "A.f", 1).round].contexts[find(told, "A.f").id] = nil
    end },
  { "starts", "a call of several that does not start", function(told)
    local round = leg_of(told, "A.f", 1).round
    table.remove(told.rounds[round].sent)
  end },
  { "finishes", "a call of a leg without its callback", function(told)
    local round = leg_of(told, "A.f", 1).round
    for place, execution in ipairs(told.rounds[round].executions) do
      if execution.name == "A.cb" then return table.remove(told.rounds[round].executions, place) end
    end
  end },
}

local CASES <const> = {
  { "starts", "a call that does not start", function(told) remove(told, "B.g") end },
  { "starts", "a call that starts in another order", function(told) swap(told, "B.g", "D.j") end },
  { "starts", "a message that is not sent", function(told) table.remove(told.rounds[0].sent) end },
  { "starts", "a message that is sent by what failed", function(told)
    find(told, "D.j").code = 4
  end },
  { "finishes", "a call without its callback", function(told) remove(told, "A.err") end },
  { "finishes", "the callback of the other outcome", function(told)
    find(told, "A.err").method = "cb"
  end },
  { "finishes", "two callbacks of one call", function(told)
    local callback, list = find(told, "A.err")
    list[#list + 1] = setmetatable({ id = ("i"):rep(32) }, { __index = callback })
  end },
  { "finishes", "a call that is answered twice", function(told)
    told.last = told.last + 1
    told.rounds[told.last] = setmetatable({ executions = {}, sent = {} },
      { __index = told.rounds[told.last - 1] })
  end },
  { "waits", "a callback before its callee", function(told) swap(told, "A.err", "E.bad") end },
  { "waits", "a callback of a group before its last call", function(told)
    local done, list, place = find(told, "A.done")
    table.remove(list, place)
    table.insert(told.rounds[0].executions, done)
  end },
  { "waits", "a group without its callback", function(told) remove(told, "A.done") end },
  { "order", "local calls the other way round", function(told)
    local _, list = find(told, "D.j")
    local bad, _, place = find(told, "E.bad")
    table.remove(list, place)
    table.insert(list, 3, bad)
  end },
  { "order", "a callback that does not come right behind", function(told)
    local callback, list, place = find(told, "A.err")
    table.remove(list, place)
    table.insert(told.rounds[1].executions, callback)
  end },
  { "gas", "gas from nowhere", function(told)
    told.observed.gas.refunded_later = told.observed.gas.refunded_later + 1
  end },
  { "gas", "more left than given", function(told)
    told.observed.gas.executions[2][3] = 1 << 40
  end },
  { "value", "value that is gone for a round", function(told)
    told.rounds[1].total = told.rounds[1].total - 1
  end },
  { "undoing", "a key of what failed", function(told) told.rounds[0].state.E.e = "1" end },
  { "undoing", "an event that nobody emitted", function(told)
    table.insert(told.rounds[0].events, { "A", "done", "" })
  end },
  { "undoing", "an event that is lost", function(told)
    for round = 0, told.last do told.rounds[round].events = {} end
  end },
  { "undoing", "a message of what failed", function(told) find(told, "A.f").code = 4 end },
  { "undoing", "a context of what failed", function(told)
    told.rounds[0].contexts[find(told, "E.bad").id] = "E"
  end },
  { "undoing", "a balance that moved by itself", function(told)
    told.rounds[0].balances.B = told.rounds[0].balances.B + 1
  end },
  { "contexts", "a context that is not stored", function(told)
    told.rounds[0].contexts[find(told, "A.f").id] = nil
  end },
  { "contexts", "a context that waits for nothing", function(told)
    told.rounds[0].contexts[find(told, "B.g").id] = "B"
  end },
  { "contexts", "a context that is left in the end", function(told)
    told.rounds[told.last].contexts[find(told, "A.f").id] = "A"
  end },
  { "contexts", "a message that leads to nobody", function(told)
    find(told, "D.j").parent = nil
    find(told, "D.j").around = nil
  end },
  { "ids", "an id that comes twice", function(told)
    find(told, "A.done").id = find(told, "B.g").id
  end },
}

describe("an invariant of call graphs", function()
  local PLAIN <const> = { "starts", "finishes", "waits", "legs", "order", "gas", "value", "undoing",
    "contexts", "ids" }

  for _, name in ipairs(PLAIN) do
    it("(" .. name .. ") finds nothing in a good run", function()
      assert.is_nil(call_graph_invariants[name](call_graph_trace.of(run())))
    end)

    it("(" .. name .. ") finds nothing in a good run of methods that wait", function()
      local told = run(WAITING)
      assert(leg_of(told, "A.f", 2) and leg_of(told, "W.w", 1))
      assert.is_nil(call_graph_invariants[name](call_graph_trace.of(told)))
    end)
  end

  for _, case in ipairs(LEGS) do
    local name, what, change = table.unpack(case)
    it("(" .. name .. ") finds " .. what, function()
      local told = run(WAITING)
      change(told)
      assert.is_string(call_graph_invariants[name](call_graph_trace.of(told)))
    end)
  end

  for _, case in ipairs(CASES) do
    local name, what, change = table.unpack(case)
    it("(" .. name .. ") finds " .. what, function()
      local told = run()
      change(told)
      assert.is_string(call_graph_invariants[name](call_graph_trace.of(told)))
    end)
  end

  it("(repeats) finds another message, id or root", function()
    local first = run()
    assert.is_nil(call_graph_invariants.repeats(first, run()))
    local changes = {
      function(told) told.rounds[0].sent[1].bytes = "another" end,
      function(told) find(told, "A.done").id = ("i"):rep(32) end,
      function(told) told.rounds[1].roots[0] = "another" end,
      function(told) told.last = told.last + 1 end,
    }
    for _, change in ipairs(changes) do
      local other = run()
      change(other)
      assert.is_string(call_graph_invariants.repeats(first, other))
    end
  end)

  it("(again) finds a message that is taken or changes something", function()
    local function told(is_refused, is_changed)
      return call_graph_invariants.again { { what = "an answer", round = 1,
        is_refused = is_refused, is_changed = is_changed } }
    end
    assert.is_nil(told(true, false))
    assert.is_string(told(false, false))
    assert.is_string(told(true, true))
  end)

  it("(same_end) finds another key or root in the end", function()
    local first, key, root = run(), run(), run()
    key.observed.state.A.n = "7"
    root.rounds[root.last].roots[1] = "another"
    assert.is_nil(call_graph_invariants.same_end(first, run()))
    assert.is_string(call_graph_invariants.same_end(first, key))
    assert.is_string(call_graph_invariants.same_end(first, root))
  end)

  it("(place) finds other arguments, other executions or other keys", function()
    local function traced(change)
      local told = run()
      if change then change(told) end
      return call_graph_trace.of(told)
    end
    local first = traced()
    assert.is_nil(call_graph_invariants.place(first, traced()))
    assert.is_string(call_graph_invariants.place(first, traced(function(told)
      find(told, "A.err").arguments[2] = "another text"
    end)))
    assert.is_string(call_graph_invariants.place(first, traced(function(told)
      remove(told, "A.err")
    end)))
    assert.is_string(call_graph_invariants.place(first, traced(function(told)
      told.observed.state.C.h = "2"
    end)))
  end)
end)
