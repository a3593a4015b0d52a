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

local function run() return call_graph_observer.run(SCENARIO) end

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
  local PLAIN <const> = { "starts", "finishes", "waits", "order", "gas", "value", "undoing",
    "contexts", "ids" }

  for _, name in ipairs(PLAIN) do
    it("(" .. name .. ") finds nothing in a good run", function()
      assert.is_nil(call_graph_invariants[name](call_graph_trace.of(run())))
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
