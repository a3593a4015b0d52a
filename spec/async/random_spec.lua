-- Random call graphs on the engine against a naive model by plain recursion, and what must hold
-- without a model. VMHOST_SEED repeats a run, VMHOST_SOAK=1 runs twenty times as many.
assert(_VERSION == "Lua 5.4")
local graphs = require "spec.support.async_graphs"
local model = require "spec.support.async_model"
local new_random = require "spec.support.random"
local player = require "spec.support.async_player"

local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local COUNT <const> = os.getenv "VMHOST_SOAK" and 20000 or 1000

local function options_of(random)
  return {
    prices = { step = random(4) - 1, minimum_lock = random(200) - 1,
      argument_byte = random(3) == 1 and 2 or 0, record_byte = 0 },
    nesting = random(8) == 1 and random(2) - 1 or nil,
  }
end

local function outcome_of(run)
  local closed = run.closed
  if closed.code ~= 0 then return { code = closed.code, message = closed.message } end
  return { code = 0, values = closed.values, gas = closed.gas }
end

local function plain(state)
  local out = {}
  for service, keys in pairs(state) do
    out[service] = {}
    for key, value in pairs(keys) do
      if key == "\0balance" or key:sub(1, 1) ~= "\0" then out[service][key] = value end
    end
  end
  return out
end

local function seen_of(run)
  return { order = run.seen.order, callbacks = run.seen.callbacks, failed = run.seen.failed,
    messages = run.seen.messages, executions = run.seen.executions, stored = run.seen.stored,
    refunded_later = run.seen.refunded_later, state = plain(run.state), events = run.events,
    outcome = outcome_of(run) }
end

local function assert_sound(run, graph)
  local ids, total, given = {}, 0, 0
  for _, id in ipairs(run.seen.ids) do
    assert(not ids[id], "an id was given twice")
    ids[id] = true
  end
  for name, contract in pairs(graph.contracts) do
    total = total + run.state[name]["\0balance"]
    given = given + contract.balance
  end
  assert.equal(given, total)
  assert.equal(0, run:protected_count())
  if run.closed.code == 0 then
    assert.is_true(run.closed.gas + run.seen.refunded_later <= graph.start.gas)
  end
end

describe("random call graphs", function()
  print(("async: seed %d, %d graphs"):format(SEED, COUNT))
  local random = new_random(SEED)
  local shapes = { callback = 0, group = 0, async = 0, sync = 0, failed = 0, later = 0, stored = 0 }

  local function note(run)
    for _, place in ipairs(run.seen.order) do
      if shapes[place[3]] then shapes[place[3]] = shapes[place[3]] + 1 end
    end
    shapes.failed = shapes.failed + #run.seen.failed
    shapes.later = shapes.later + (run.seen.refunded_later > 0 and 1 or 0)
    shapes.stored = shapes.stored + (next(run.seen.stored) and 1 or 0)
  end

  it("go as the model says, in whatever order messages come, and leave nothing behind",
    function()
      for _ = 1, COUNT do
        local graph, options = graphs.new(random), options_of(random)
        local order = random(2) == 1 and random(1000000) or nil
        local function choose() return order and new_random(order) or nil end

        local run = player.new(graph, options):play(choose())

        assert.same(seen_of(model.new(graph, options):play(choose())), seen_of(run))
        assert_sound(run, graph)
        note(run)
      end
    end)

  it("held enough of everything", function()
    for name, count in pairs(shapes) do
      assert.is_true(count > COUNT / 20, ("%s: %d in %d graphs"):format(name, count, COUNT))
    end
  end)

  it("change nothing when an answer comes again", function()
    for _ = 1, COUNT // 5 do
      local graph, options = graphs.new(random), options_of(random)
      local once = player.new(graph, options):play()
      local twice = player.new(graph, options)
      local deliver, refused = twice.deliver, 0
      function twice:deliver(message)
        deliver(self, message)
        if message.kind ~= "return" then return end
        local before = #self.seen.dropped
        deliver(self, message)
        refused = refused + #self.seen.dropped - before
      end

      twice:play()

      assert.same(seen_of(once), seen_of(twice))
      assert.equal(#twice.returns, refused)
    end
  end)
end)
