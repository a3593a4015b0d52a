--- The part of the model of asynchronous calls that is about functions that wait. Such a function
-- is one context whose body runs in several legs. While it waits the context has `waiting`: what
-- it waits for, and where it goes on.
local failures = require "spec.support.call_graph_failures"
local naive = require "spec.support.naive_membuffers"

local OUT_OF_GAS <const> = "not enough gas"
local NO_FUNDS <const> = "insufficient funds"

-- joins.md 7: a byte of what is sent and stored to wait for an answer, and the most gas that is
-- kept by itself. What a function goes on from has 4 bytes.
local WAIT_BYTE <const> = 28
local MOST_KEPT <const> = 1000000
local STORED_SIZE <const> = 4

-- Who is waited for on his own host.
local HAS_PARENT <const> = { ["local"] = true, callback = true, group = true }

--- Adds the steps that wait, and what becomes of them, to the model.
-- @tparam table Model
-- @tparam table STEP steps by name
-- @tparam table base what the model has of its own: `spend`, `expand`, `is_callback`
return function(Model, STEP, base)
  local fail, spend, expand = failures.fail, base.spend, base.expand

  local function has_unlimited(context, leg)
    for _, group in ipairs(context.groups) do
      for _, call in ipairs(group.leg == leg and group.calls or {}) do
        if not call.gas then return true end
      end
    end
    return false
  end

  -- Waiting: of one function that no other one called, as the last that it does.

  local function as_arguments(texts)
    local list = {}
    for index, text in ipairs(texts) do list[index] = { type = "bytes", value = text } end
    return list
  end

  local function check_may_wait(run)
    if run.kind == "sync" then failures.abort(10, "async: not allowed here") end
  end

  function STEP.await(model, run, step)
    check_may_wait(run)
    local args = expand(run, step.args)
    local price = WAIT_BYTE * (#naive.arguments(as_arguments(args)) + STORED_SIZE)
    if price > run.gas then
      run.gas = 0
      failures.abort(5, "out of gas")
    end
    run.gas = run.gas - price
    model.waits = model.waits + 1
    local message = { kind = "await", from = run.contract, to = step.to, method = step["function"],
      args = args, value = step.value or 0, gas = step.gas, context = run.context,
      wait = model.waits }
    local outbox = model.world.outbox
    outbox[#outbox + 1] = message
    run.waiting = { message = model.waits, lock = step.lock }
    run.ended = true
  end

  -- Calls that are answered to the function itself: messages always, without callbacks.
  function STEP.await_all(model, run, step)
    check_may_wait(run)
    local waiting = { calls = {}, open = #step.calls, outcomes = {} }
    for index, each in ipairs(step.calls) do
      spend(run, model.step_price)
      if each.gas then spend(run, each.gas) end
      waiting.calls[index] = { id = model:next_id(), to = each.to, method = each["function"],
        args = expand(run, each.args), value = each.value or 0, gas = each.gas }
    end
    local shares = has_unlimited(model:context(run.context), run.leg)
    for _, call in ipairs(waiting.calls) do shares = shares or not call.gas end
    -- Half of what is left, where calls share the rest; else all that the function leaves.
    waiting.lock = step.lock or shares and math.min(run.gas // 2, MOST_KEPT) or nil
    if waiting.lock then spend(run, waiting.lock) end
    run.waiting = waiting
    run.ended = true
  end

  -- What waits for the answer is paid: gas for the call, and what is kept for going on. Calls that
  -- share the gas come first, where it is paid before them: for a wait that names none is nothing.
  function Model:settle_waiting(run, is_nested)
    local waiting = run.waiting
    local message
    for _, sent in ipairs(self.world.outbox) do
      if waiting.message and sent.wait == waiting.message then message = sent end
    end
    local gas = message and message.gas
    if not message then gas = 0 end
    local given = (gas or 0) + (waiting.lock and not waiting.calls and waiting.lock or 0)
    if given > run.gas then
      run.gas = 0
      fail(5, OUT_OF_GAS)
    end
    local before, rest, lock = run.gas, run.gas - given, waiting.lock
    if is_nested and has_unlimited(self:context(run.context), run.leg) then
      gas, lock = gas or 0, lock or 0
    elseif not gas and not lock then
      lock = math.min(rest // 2, MOST_KEPT)
      gas = rest - lock
      rest = 0
    elseif not gas then
      gas, rest = rest, 0
    elseif not lock then
      lock, rest = rest, 0
    end
    waiting.lock = lock
    run.gas = rest
    run.given = lock + gas
    if not message then return end
    message.gas = gas
    local balances = self.world.balances
    if balances[run.contract] < message.value then
      run.gas = before
      fail(7, NO_FUNDS)
    end
    balances[run.contract] = balances[run.contract] - message.value
  end

  -- Whether a context is stored that has no open call: its children have ids, gas came back to it,
  -- it owes values, or somebody on its host waits for it.
  function Model:is_kept(context, id)
    return context.is_kept or context.open > 0 or #context.groups > 0 or self.used[id]
      or context.accumulated > 0 or context.has_values or HAS_PARENT[context.parent.kind]
  end

  local function is_owed(context)
    return context.parent.kind == "remote" or context.parent.kind == "awaited"
      or context.parent.kind == "local"
  end

  function Model:count_several(run)
    local several, is_near, is_far, has_value = self.several, false, false, false
    for _, call in ipairs(run.waiting.calls) do
      local target = self.contracts[call.to]
      local same = target and target.shard == self.contracts[run.contract].shard
      is_near, is_far = is_near or same, is_far or target and not same
      has_value = has_value or call.value > 0
    end
    several.sent = several.sent + 1
    several.mixed = several.mixed + (is_near and is_far and 1 or 0)
    several.value = several.value + (has_value and 1 or 0)
  end

  function Model:keep_waiting(run)
    local context = self:context(run.context)
    local waiting = run.waiting
    if waiting.calls then self:count_several(run) end
    for _, call in ipairs(waiting.calls or {}) do run.given = run.given + call.gas end
    waiting.kind, waiting.method, waiting.first = run.kind, run.method, run.place + 1
    waiting.leg, waiting.group_name = (run.leg or 0) + 1, run.group_name
    waiting.closure = run.closure
    context.waiting = waiting
    if is_owed(context) then
      context.accumulated = context.accumulated + run.gas
    end
    context.is_kept = self:is_kept(context, run.context)
    if not context.is_kept then context.children = 0 end
  end

  --- Goes on with a function that waited, in a run of its own.
  function Model:go_on(id, values, gas)
    local context = self:context(id)
    local waiting = context.waiting
    context.waiting = nil
    local run = { kind = waiting.kind, contract = context.contract, method = waiting.method,
      args = values, gas = gas + waiting.lock, context = id, parent = context.parent, value = 0,
      leg = waiting.leg, first = waiting.first, group_name = waiting.group_name,
      closure = waiting.closure }
    if run.kind ~= "direct" then
      self.ids[#self.ids + 1] = { run.contract .. "." .. run.method, context.path }
    end
    local before = failures.deep_copy(self.world)
    self.stack[#self.stack + 1] = run
    local failure = failures.caught(self.run_whole, self, run)
    self.stack[#self.stack] = nil
    context = self:context(id)
    if failure then
      -- What was registered in earlier legs goes on; numbers that were given stay taken.
      local children = context.children
      self.world = before
      context = self:context(id)
      context.children = children
      run.entry[3] = 0
      context.result = { code = failure.code, message = failures.text_of(failure) }
      context.left = run.kind == "direct" and run.gas or 0
    elseif not context.waiting then
      context.left = run.gas
    end
    if base.is_callback(run.kind) and not failure then
      context.accumulated = context.accumulated + run.gas
    end
    if context.parent.kind == "root" and not context.waiting then
      self.result = failure and context.result or { code = 0, data = context.values }
    end
    -- A method ends behind the callbacks that run because it is over; what it sends is settled
    -- later.
    local is_settling = run.is_settling
    if failure and is_settling then
      self:note_failure(run.contract, run.method, failure.code, failure.message)
    end
    self:go_up(id)
    if failure and not is_settling then
      self:note_failure(run.contract, run.method, failure.code, failure.message)
    end
  end

  -- What `$args` are behind an answer. The texts of failures of a contract itself count.
  local function values_of(outcome)
    if outcome.code == 0 then return outcome.values end
    return outcome.code == 4 and { outcome.message } or {}
  end

  -- The answer of a call that a function waits for alone.
  function Model:run_awaited(message)
    local context = self.world.contexts[message.context]
    local waiting = context and context.waiting
    if not waiting or waiting.message ~= message.wait then return self:refuse "no_context" end
    local balances = self.world.balances
    balances[context.contract] = balances[context.contract] + message.value
    local values = values_of(message.outcome)
    return self:go_on(message.context, { tostring(message.outcome.code), table.unpack(values) },
      message.gas)
  end

  local function kept_call(context, id)
    for index, call in ipairs(context and context.waiting and context.waiting.calls or {}) do
      if call.id == id then return call, index end
    end
  end

  -- That of one of several.
  function Model:run_kept(message, index)
    local context = self:context(message.context)
    local waiting, outcome = context.waiting, message.outcome
    if waiting.outcomes[index] then return self:refuse "call_not_found" end
    local balances = self.world.balances
    balances[context.contract] = balances[context.contract] + message.value
    waiting.outcomes[index] = { gas = outcome.code == 0 and message.gas or 0,
      text = ("%d:%s"):format(outcome.code, table.concat(values_of(outcome), ",")) }
    waiting.open = waiting.open - 1
    self.several.failed = self.several.failed + (outcome.code ~= 0 and 1 or 0)
    if waiting.open > 0 then return end
    local values, gas = {}, 0
    for place = 1, #waiting.calls do
      values[place] = waiting.outcomes[place].text
      gas = gas + waiting.outcomes[place].gas
    end
    return self:go_on(message.context, values, gas)
  end

  -- Whether an answer is that of a call which a function waits for with others; it is taken then.
  function Model:takes_kept(message)
    local call, index = kept_call(self.world.contexts[message.context], message.call)
    if call then self:run_kept(message, index) end
    return call ~= nil
  end
end
