-- Calls that a body waits for together: their outcomes are kept until the last one is there.
local async = require "vmhost.async"
local word = require "vmhost.word"

local ROOT <const> = ("\0"):rep(31) .. "\1"
local FREE <const> = {}

local function begin(options)
  options = options or {}
  local engine = async.new { prices = options.prices or FREE }
  assert(engine:begin { service = "A", method = "f",
    request = { id = ROOT, root = ROOT, kind = options.kind, signer = ("s"):rep(20) } })
  return engine
end

local function kept(fields)
  local out = { to_service = "B", method = "g", gas = 10, kept = true }
  for name, value in pairs(fields or {}) do out[name] = value ~= "none" and value or nil end
  return out
end

-- Does what the engine says with records and messages in plain tables, up to a step that is
-- something else.
local function advance(engine, state, sent)
  while true do
    local step = assert(engine:next())
    if step.step == "read" then
      engine:loaded(state[step.key] or "")
    elseif step.step == "write" then
      state[step.key] = step.value ~= "" and step.value or nil
    elseif step.step == "send" then
      sent[#sent + 1] = step
      engine:sent()
    elseif step.step == "settle" then
      engine:settled(step.gas)
    else
      return step
    end
  end
end

-- A context of `A.f` that waits for these calls, and its records; what was sent.
local function waiting(calls, options)
  local engine <close> = begin(options)
  local gas = 100000
  for _, call in ipairs(calls) do gas = assert(engine:register(call, gas)) end
  assert(engine:end_body { gas = gas, suspended = true })
  local state, sent = {}, {}
  local closed = advance(engine, state, sent)
  assert.equal("closed", closed.step)
  assert.is_false(closed.complete)
  return state, sent, closed
end

-- Names of the steps of the run of an answer, and what goes on where it does.
local function answer(state, sent, fields)
  local engine <close> = async.new { prices = FREE }
  local given = { service = "A", context_id = sent.context_id, call_id = sent.call_id, code = 0 }
  for name, value in pairs(fields) do given[name] = value end
  assert(engine:begin_answer(given))
  local names, goes_on = {}, nil
  repeat
    local step = advance(engine, state, {})
    names[#names + 1] = step.step == "refused" and step.reason or step.step
    if step.step == "go_on" then goes_on = step end
    if step.step == "run" then assert(engine:end_body { gas = step.gas }) end
  until step.step == "closed" and step.level == 0
  return names, goes_on
end

local function resumed(state)
  local engine = async.new { prices = FREE }
  assert(engine:begin_resumed { service = "A", method = "f",
    request = { id = ROOT, root = ROOT } })
  assert.equal("ready", advance(engine, state, {}).step)
  return engine
end

local function count(state)
  local n = 0
  for _ in pairs(state) do n = n + 1 end
  return n
end

describe("calls that a body waits for #small", function()
  it("are sent in order, and leave the context suspended", function()
    local state, sent = waiting { kept(), kept { to_service = "C", gas = 7 } }

    assert.equal(2, #sent)
    assert.same({ "B", "C" }, { sent[1].to_service, sent[2].to_service })
    assert.equal(ROOT .. "\0\0\0\1", sent[1].context_id)
    local header = async.decode_record("header", state[async.record_key(ROOT)])
    assert.is_true(header.suspended)
    assert.same({ 1, 2, 2, 2 }, { header.awaited_first, header.awaited_count,
      header.awaited_open, header.open_count })
    assert.equal(3, count(state))
  end)

  it("are messages on the own chain too, and make the body a suspended one", function()
    local engine <close> = begin()
    assert(engine:register(kept(), 100))
    assert(engine:end_body { gas = 90, values = { "early" } })
    assert.equal("send", engine:next().step)
    engine:sent()
    assert.is_false(engine:next().complete)
  end)

  it("keep each outcome, and let the body go on with the last", function()
    local state, sent = waiting { kept(), kept(), kept() }

    assert.same({ "closed" }, (answer(state, sent[2], { values = { "two", "" }, gas = 4 })))
    assert.same({ code = 0, gas = 4 }, { code = async.decode_record("outcome",
      state[async.record_key(ROOT, 2)]).code, gas = async.decode_record("outcome",
      state[async.record_key(ROOT, 2)]).gas })
    assert.same({ "closed" }, (answer(state, sent[3], { code = 7, message = "no", gas = 9 })))
    local names, goes_on = answer(state, sent[1], { values = {}, gas = 3 })

    assert.same({ "go_on", "closed" }, names)
    assert.same({ { code = 0, gas = 3, values = {} },
      { code = 0, gas = 4, values = { "two", "" } },
      { code = 7, gas = 0, message = "no" } }, goes_on.outcomes)
    assert.same({ "A", ROOT, 1, 7 }, { goes_on.service, goes_on.id, goes_on.first, goes_on.gas })
    assert.equal(1, count(state))
  end)

  it("go on in the same context, which is gone when the body is complete", function()
    local state, sent = waiting { kept() }
    answer(state, sent[1], { values = {} })

    local engine <close> = resumed(state)
    assert(engine:end_body { gas = 1, values = { "done" } })
    local step
    repeat step = advance(engine, state, {}) until step.step == "closed"

    assert.is_true(step.complete)
    assert.equal(0, count(state))
  end)

  it("may be followed by others, whose numbers go on", function()
    local state, first = waiting { kept(), kept() }
    for i = 1, 2 do answer(state, first[i], { values = {} }) end
    local engine <close> = resumed(state)
    assert(engine:register(kept(), 50))
    assert(engine:end_body { gas = 1 })
    local sent = {}
    assert.equal("closed", advance(engine, state, sent).step)

    assert.equal(ROOT .. "\0\0\0\3", sent[1].context_id)
    assert.not_equal(first[1].call_id, sent[1].call_id)
    assert.same({ "call_not_found", "closed" }, (answer(state, first[1], { values = {} })))
    local _, goes_on = answer(state, sent[1], { values = { "x" } })
    assert.equal(3, goes_on.first)
  end)

  it("drop what a body registered that fails when it goes on", function()
    local state, sent = waiting({ kept() }, { kind = 8 })
    answer(state, sent[1], { values = {} })
    local engine <close> = resumed(state)
    assert(engine:register(kept(), 50))
    assert(engine:end_body { code = 4, message = "no", gas = 1 })
    local names = {}
    repeat
      local step = advance(engine, state, {})
      names[#names + 1] = step.step
    until step.step == "closed"

    assert.same({ "undo", "answer", "closed" }, names)
    assert.equal(0, count(state))
  end)

  it("are forgotten with the part that failed, while calls before it are open", function()
    local state, sent = waiting({ { to_service = "B", method = "g", gas = 10, remote = true,
      on_success = "cb" }, kept() }, { kind = 8 })
    answer(state, sent[2], { values = {} })
    local engine <close> = resumed(state)
    assert(engine:register(kept(), 50))
    assert(engine:end_body { code = 4, message = "no", gas = 1 })
    repeat local step = advance(engine, state, {}) until step.step == "closed"
    local header = async.decode_record("header", state[async.record_key(ROOT)])
    assert.same({ false, 0, 1, 4 }, { header.suspended, header.awaited_count, header.open_count,
      header.code })

    assert.same({ "unpaid", "answer", "closed" }, (answer(state, sent[1], { values = {} })))
    assert.equal(0, count(state))
  end)

  it("are answered once: what comes again, or for another call, changes nothing", function()
    local state, sent = waiting { kept(), kept() }
    answer(state, sent[1], { values = { "first" } })
    local before = {}
    for key, value in pairs(state) do before[key] = value end

    for _, fields in ipairs { { values = { "again" } }, { code = 4, message = "no" },
      { call_id = sent[2].call_id }, { context_id = ROOT .. "\0\0\0\3" },
      { context_id = ROOT .. "\0\0\0\2" }, { context_id = ROOT } } do
      fields.gas = 10
      assert.same({ "call_not_found", "closed" }, (answer(state, sent[1], fields)))
    end
    assert.same({ "no_context", "closed" }, (answer(state, sent[2],
      { from_service = "C", from_chain = 0, values = {} })))
    assert.same(before, state)
    local _, goes_on = answer(state, sent[2], { values = {} })
    assert.same({ "first" }, goes_on.outcomes[1].values)
    assert.same({ "call_not_found", "closed" }, (answer(state, sent[2], { values = {} })))
  end)

  it("give the value of a failed call back, before the body goes on", function()
    local state, sent = waiting { kept { token = "VITE TOKEN", amount = word.new(5) },
      kept { token = "VITE TOKEN", amount = word.new(6) } }

    assert.same({ "return_value", "closed" }, (answer(state, sent[2], { code = 3, message = "" })))
    assert.same({ "go_on", "closed" }, (answer(state, sent[1], { values = {} })))
  end)

  it("give back at most the gas that each call had, and a failure none", function()
    local state, sent = waiting { kept { gas = 10 }, kept { gas = 20 }, kept { gas = 30 } }
    answer(state, sent[1], { values = {}, gas = 11 })
    answer(state, sent[2], { code = 5, message = "not enough gas", gas = 20 })
    local _, goes_on = answer(state, sent[3], { values = {}, gas = 29 })

    assert.equal(10 + 29, goes_on.gas)
  end)

  it("share the gas that is left with other calls that have none of their own", function()
    local _, sent = waiting { kept { gas = "none" }, kept { gas = 40 }, kept { gas = "none" } }

    assert.same({ (100000 - 40) // 2, 40, (100000 - 40) // 2 },
      { sent[1].gas, sent[2].gas, sent[3].gas })
  end)

  it("stand beside calls with callbacks, in any order of answers", function()
    for _, order in ipairs { { 1, 2, 3 }, { 2, 3, 1 }, { 3, 1, 2 } } do
      local state, sent = waiting { { to_service = "B", method = "g", gas = 10, remote = true,
        on_success = "cb" }, kept(), kept() }
      local header = async.decode_record("header", state[async.record_key(ROOT)])
      assert.same({ 2, 2, 3 }, { header.awaited_first, header.awaited_count, header.open_count })

      local seen, went_on = {}, 0
      for _, place in ipairs(order) do
        local names, goes_on = answer(state, sent[place], { values = {}, gas = 5 })
        for _, name in ipairs(names) do seen[name] = true end
        if goes_on then went_on = went_on + 1 end
      end

      assert.is_true(seen.run)
      assert.equal(1, went_on)
      local engine <close> = resumed(state)
      assert(engine:end_body { gas = 0 })
      repeat local step = advance(engine, state, {}) until step.step == "closed"
      assert.equal(0, count(state))
    end
  end)

  it("cannot be resumed before the last outcome is there", function()
    local state = waiting { kept(), kept() }
    local engine <close> = async.new { prices = FREE }
    assert(engine:begin_resumed { service = "A", request = { id = ROOT } })
    engine:next()
    engine:loaded(state[async.record_key(ROOT)])

    assert.equal("store_corrupt", select(3, engine:next()))
  end)

  it("are allowed where nesting is refused", function()
    local engine <close> = async.new { prices = FREE, nesting = 0 }
    engine:begin { service = "B", request = { kind = 11, id = ROOT } }
    assert.equal(5, engine:register(kept(), 15))
  end)

  it("cost the step, 28 for each byte of record and input, and their gas", function()
    local engine <close> = begin { prices = { step = 1000, minimum_lock = 100000,
      argument_byte = 1, record_byte = 28 } }
    local record = #string.pack("<!4 I4 I2 Xi4 c32 I2 I2 I4 s4 Xi4 s4 Xi4 I8 I8 s4 Xi4 c32 s4 Xi4 "
      .. "s4 Xi4 s4 Xi4 I4", 1, 1, ROOT, 0, 4, 0, "B", "g", 10, 0, "", ROOT, "", "", "", 0)
    assert.equal(90000 - 1000 - 10 - 28 * record, engine:register(kept(), 90000))
  end)

  for name, case in pairs {
    ["in a read-only execution"] = { { kept { read_only = true } }, 50, "async: read-only", 10 },
    ["with a callback"] = { { kept { on_success = "cb" } }, 50, "async: not allowed here", 10 },
    ["behind another sort of call"] = { { kept(), { to_service = "B", method = "g", gas = 1 },
      kept() }, 500, "async: not allowed here", 10 },
    ["with too little gas"] = { { kept() }, 9, "not enough gas", 5 },
  } do
    it("are refused " .. name, function()
      local engine <close> = begin()
      local gas, text, code = case[2], nil, nil
      for _, call in ipairs(case[1]) do gas, text, code = engine:register(call, gas) end
      assert.same({ nil, case[3], case[4] }, { gas, text, code })
      assert(engine:end_body { gas = 0 })
      assert.equal("undo", engine:next().step)
    end)
  end

  it("fail the body, and all that it sent, where one cannot be sent", function()
    local engine <close> = begin()
    assert(engine:register(kept(), 100))
    assert(engine:register(kept(), 90))
    assert(engine:end_body { gas = 1 })
    assert.equal("send", engine:next().step)
    engine:sent()
    assert.equal("send", engine:next().step)
    engine:sent("insufficient funds", 7)
    local undo = engine:next()
    assert.same({ "undo", 7 }, { undo.step, undo.code })
    local state = {}
    assert.equal("closed", advance(engine, state, {}).step)
    assert.equal(0, count(state))
  end)
end)

describe("an engine that reads outcomes that no engine wrote #small", function()
  it("says that the store is corrupt", function()
    for _, bytes in ipairs { "", "x", "call" } do
      local state, sent = waiting { kept(), kept() }
      answer(state, sent[1], { values = {} })
      local key = async.record_key(ROOT, 1)
      state[key] = bytes == "call" and state[async.record_key(ROOT, 2)] or bytes
      local engine <close> = async.new { prices = FREE }
      assert(engine:begin_answer { service = "A", context_id = sent[2].context_id,
        call_id = sent[2].call_id, code = 0, values = {} })
      local failure
      for _ = 1, 20 do
        local step, message, code = engine:next()
        if not step then
          failure = { message, code }
          break
        end
        if step.step == "read" then engine:loaded(state[step.key] or "") end
      end
      assert.same({ "async context: its outcome does not decode", "store_corrupt" }, failure)
    end
  end)
end)
