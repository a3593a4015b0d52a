assert(_VERSION == "Lua 5.4")
local async = require "vmhost.async"
local word = require "vmhost.word"

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- The example of the sheet, section 3: a root of 31 zero bytes and 01, and ids of its children.
local ROOT <const> = ("\0"):rep(31) .. "\1"
local CHILD_1 <const> =
  bytes_of "0f31abef92c6818b886c7c870dc537c1d548b4aa6a86ba87552dd02e2106c640"
local CHILD_2 <const> =
  bytes_of "4dc245d53d3204d29dfc5dc13dd0147b7c3586d922870369471329514ab1ff2f"
local CHILD_256 <const> =
  bytes_of "461f1324041cf883471660aec85e9fb661d67fac44b4c39b54651bc618115d4e"
local CALLBACK_OF_1 <const> =
  bytes_of "4a9a898e4322c1df1d03fada642d3658585b33b4df42382561c98f0620f4eb1e"

local FREE <const> = {}
local LOCK <const> = { minimum_lock = 150 }

-- An engine whose root execution, `A.f`, runs its body.
local function begin(prices, options)
  options = options or {}
  options.prices = prices or FREE
  local engine = async.new(options)
  assert(engine:begin { service = "A", method = "f", arguments = { "one", "" },
    request = { id = ROOT, root = ROOT, signer = ("s"):rep(20) } })
  return engine
end

local function call(fields)
  local out = { to_service = "B", method = "g", gas = 10 }
  for name, value in pairs(fields or {}) do out[name] = value ~= "none" and value or nil end
  return out
end

-- No result, text and code of a refusal, without the gas that is left.
local function first_three(gas, message, code) return { gas, message, code } end

-- The next step, but for those that close what the engine itself had started.
local function advance(engine)
  local step
  repeat
    step = assert(engine:next())
  until step.step ~= "closed" or step.level == 0 or step.kind == "sync"
  return step
end

-- The next step, which must be of this sort.
local function expect(engine, sort)
  local step = advance(engine)
  assert.equal(sort, step.step)
  return step
end

-- Ends the body that runs, well.
local function done(engine, gas, values)
  assert(engine:end_body { gas = gas or 0, values = values })
end

local function failed(engine, code, message)
  assert(engine:end_body { code = code, message = message, gas = 0 })
end

-- Steps to the end of the outermost execution; the names of those on the way.
local function rest(engine, state)
  local names = {}
  while true do
    local step = advance(engine)
    names[#names + 1] = step.step
    if step.step == "closed" then return step, names end
    if step.step == "settle" then engine:settled(step.gas) end
    if step.step == "send" then engine:sent() end
    if step.step == "read" then engine:loaded(state and state[step.key] or "") end
    if step.step == "write" and state then
      state[step.key] = step.value ~= "" and step.value or nil
    end
    assert.not_equal("run", step.step)
  end
end

-- A context of `A.f` that waits for one remote call; its records, and what was sent.
local function stored_call(prices, fields, values)
  local engine <close> = begin(prices or LOCK)
  local state = {}
  fields = call(fields)
  fields.remote = true
  local gas = assert(engine:register(fields, 1000))
  done(engine, gas, values)
  local sent = expect(engine, "send")
  engine:sent()
  local closed = rest(engine, state)
  assert.is_false(closed.complete)
  return state, sent
end

local function count(state)
  local n = 0
  for _ in pairs(state) do n = n + 1 end
  return n
end

local function answered(state, sent, fields)
  local engine = async.new { prices = LOCK }
  local answer = { service = "A", context_id = sent.context_id, call_id = sent.call_id }
  for name, value in pairs(fields) do answer[name] = value end
  assert(engine:begin_answer(answer))
  local function step()
    while true do
      local out = advance(engine)
      if out.step == "read" then
        engine:loaded(state[out.key] or "")
      elseif out.step == "write" then
        state[out.key] = out.value ~= "" and out.value or nil
      else
        return out
      end
    end
  end
  return engine, step
end

describe("ids #small", function()
  it("are made of the parent's id and the child's number in its shortest form", function()
    assert.equal(CHILD_1, async.child_id(ROOT, 1))
    assert.equal(CHILD_2, async.child_id(ROOT, 2))
    assert.equal(CHILD_256, async.child_id(ROOT, 256))
    assert.equal(CALLBACK_OF_1, async.remote_callback_id(CHILD_1))
  end)

  it("number callee, callback and group callback of a context in the order of their start",
    function()
      local engine <close> = begin()
      assert(engine:register(call { on_success = "cb", lock = 5 }, 100))
      assert(engine:set_group_callback({ method = "all", gas = 3 }, 85))
      done(engine)
      local ids = {}
      for i = 1, 3 do
        ids[i] = expect(engine, "run").id
        done(engine)
      end
      assert.same({ CHILD_1, CHILD_2, async.child_id(ROOT, 3) }, ids)
    end)

  it("leave the earlier numbers to service calls of the body", function()
    local engine <close> = begin()
    assert(engine:register(call(), 100))
    for _ = 1, 255 do
      engine:push("B", "sync")
      done(engine, 5)
      assert.equal("closed", engine:next().step)
    end
    done(engine)
    assert.equal(CHILD_256, expect(engine, "run").id)
  end)

  it("use the number of a service call that failed", function()
    local engine <close> = begin()
    assert(engine:register(call(), 100))
    engine:push("B", "sync")
    failed(engine, 4, "no")
    assert.same({ "undo", "closed" }, { engine:next().step, engine:next().step })
    done(engine)
    assert.equal(CHILD_2, expect(engine, "run").id)
  end)

  it("give a remote call its number when it is sent, and its callback an id of its own", function()
    local engine <close> = begin()
    assert(engine:register(call { remote = true }, 100))
    assert(engine:register(call(), 90))
    done(engine)
    assert.equal(CHILD_1, expect(engine, "run").id)
    done(engine)
    local sent = expect(engine, "send")
    assert.equal(CHILD_2, sent.call_id)
    assert.equal(ROOT .. "\0\0\0\1", sent.context_id)
    engine:sent()
  end)

  it("of nested executions grow from the execution around them", function()
    local engine <close> = begin()
    engine:push("B", "g")
    engine:push("C", "h")
    assert(engine:register(call(), 100))
    done(engine)
    assert.equal(async.child_id(async.child_id(CHILD_1, 1), 1), expect(engine, "run").id)
    assert.equal(CHILD_1, engine:context(1).id)
    assert.equal(4, engine:depth())
  end)
end)

describe("registering a call #small", function()
  it("takes the lock, then the limit", function()
    local engine <close> = begin(LOCK)
    assert.equal(500 - 150 - 35, engine:register(call { gas = 35, on_success = "cb" }, 500))
    assert.equal(315 - 170 - 35,
      engine:register(call { gas = 35, on_error = "cb", lock = 20 }, 315))
    assert.equal(110 - 35, engine:register(call { gas = 35, lock = 20 }, 110))
    assert.equal(75, engine:register(call { gas = "none" }, 75))
  end)

  it("takes the step, and of a remote call 28 for each byte of its record and input", function()
    local engine <close> = begin { step = 1000, minimum_lock = 100000, argument_byte = 1,
      record_byte = 28 }
    -- The record as it is laid out in docs/formats.md.
    local record = #string.pack("<!4 I4 I2 Xi4 c32 I2 I2 I4 s4 Xi4 s4 Xi4 I8 I8 s4 Xi4 c32 s4 Xi4 "
      .. "s4 Xi4 s4 Xi4 I4", 1, 1, ROOT, 0, 4, 0, "B", "g", 10, 100000, "", ROOT, "cb", "",
      "note", 0)
    -- Packed: the argument's length, its union's selector, the length of the bytes, and the bytes.
    local input = #string.pack("<!4 I4 I2 Xi4 s4", 0, 3, "abc")
    assert.equal(900000 - 1000 - 100000 - 10,
      engine:register(call { on_success = "cb", closure = "note", arguments = { "abc" } }, 900000))
    assert.equal(900000 - 1000 - 100000 - 10 - 28 * (record + input),
      engine:register(call { on_success = "cb", closure = "note", arguments = { "abc" },
        remote = true }, 900000))
  end)

  local refusals = {
    { "with too little for the lock", call { on_success = "cb" }, 149, "not enough gas", 5 },
    { "with too little for the limit", call { on_success = "cb" }, 159, "not enough gas", 5 },
    { "with a lock beyond all gas", call { on_success = "cb", lock = -1 }, 1000,
      "not enough gas", 5 },
    { "in a read-only execution, whatever else", call { read_only = true, bad_callback = true,
      on_success = "x", group = "LegacyAsync" }, 0, "async: read-only", 10 },
    { "into the reserved group", call { group = "LegacyAsync", bad_callback = true,
      on_success = "x" }, 0, "async: not allowed here", 10 },
    { "with a bad callback, before it looks at the gas", call { bad_callback = true,
      on_error = "x" }, 0, "async: bad callback", 10 },
  }
  for _, refusal in ipairs(refusals) do
    it("is refused " .. refusal[1] .. ", and fails the execution", function()
      local engine <close> = begin(LOCK)
      assert.same({ nil, refusal[4], refusal[5] },
        first_three(engine:register(refusal[2], refusal[3])))
      assert.same({ nil, refusal[4], refusal[5] },
        first_three(engine:register(refusal[2], refusal[3])))
      done(engine, 7)
      local undo = expect(engine, "undo")
      assert.same({ 0, refusal[5], refusal[4] }, { undo.level, undo.code, undo.message })
      assert.equal(refusal[4], expect(engine, "closed").message)
    end)
  end

  it("tells the gas that is left of a refusal: none where there was too little", function()
    local engine <close> = begin(LOCK, { nesting = 0 })
    assert.equal(0, select(4, engine:register(call(), 9)))
    assert.equal(9, select(4, engine:register(call { read_only = true }, 9)))
    local nested <close> = async.new { prices = FREE, nesting = 0 }
    nested:begin { service = "B", request = { kind = 11, id = ROOT } }
    assert.equal(5, select(4, nested:register(call(), 15)))
  end)

  it("may spend all that there is", function()
    local engine <close> = begin(LOCK)
    assert.equal(0, engine:register(call { on_success = "cb" }, 160))
  end)

  it("is refused where a contract is set up", function()
    local engine <close> = async.new { prices = FREE }
    engine:begin { service = "A", method = "_init", init = true, request = { id = ROOT } }
    assert.same({ nil, "async: not allowed here", 10 },
      first_three(engine:register(call { bad_callback = true, on_error = "x" }, 0)))
    failed(engine, 4, "own")
    assert.equal("own", expect(engine, "undo").message)
  end)

  it("is refused in a service call that sets a contract up, and allowed after it", function()
    local engine <close> = begin()
    engine:push("B", "_init", {}, true)
    assert.same({ nil, "async: not allowed here", 10 }, first_three(engine:register(call(), 50)))
    done(engine)
    expect(engine, "undo")
    expect(engine, "closed")
    assert.equal(40, engine:register(call(), 50))
  end)

  it("names a target that is the caller itself, and the same call twice", function()
    local engine <close> = begin()
    assert(engine:register(call { to_service = "A" }, 100))
    assert(engine:register(call { to_service = "A" }, 90))
    done(engine)
    local first = expect(engine, "run")
    done(engine)
    local second = expect(engine, "run")
    assert.same({ "A", "A", CHILD_1, CHILD_2 },
      { first.service, second.service, first.id, second.id })
  end)
end)

describe("nesting #small", function()
  local function callee(nesting)
    local engine = begin(nil, { nesting = nesting })
    assert(engine:register(call(), 100))
    done(engine)
    expect(engine, "run")
    return engine
  end

  it("is refused under a callee where the host allows one level", function()
    local engine <close> = callee(0)
    assert.same({ nil, "async: nested call not allowed", 10 },
      first_three(engine:register(call(), 10)))
  end)

  it("is refused in a service call of a callee, after its gas was looked at", function()
    local engine <close> = callee(0)
    engine:push("C", "h")
    assert.same({ nil, "not enough gas", 5 }, first_three(engine:register(call(), 9)))
    assert.same({ nil, "async: nested call not allowed", 10 },
      first_three(engine:register(call(), 10)))
  end)

  it("is refused in callback, group callback, and the callee of a message", function()
    local engine <close> = begin(nil, { nesting = 0 })
    assert(engine:register(call { on_success = "cb", lock = 10 }, 100))
    assert(engine:set_group_callback({ method = "all", gas = 10 }, 80))
    done(engine)
    expect(engine, "run")
    done(engine)
    for _ = 1, 2 do
      expect(engine, "run")
      assert.same({ nil, "async: nested call not allowed", 10 },
        first_three(engine:register(call(), 10)))
      done(engine)
      expect(engine, "undo")
    end
    local other <close> = async.new { prices = FREE, nesting = 0 }
    other:begin { service = "B", request = { kind = 11, id = ROOT } }
    assert.same({ nil, "async: nested call not allowed", 10 },
      first_three(other:register(call(), 10)))
  end)

  it("is allowed up to a limit, and without one at any depth", function()
    local engine <close> = callee(1)
    assert(engine:register(call(), 10))
    done(engine)
    expect(engine, "run")
    assert.same({ nil, "async: nested call not allowed", 10 },
      first_three(engine:register(call(), 10)))
    local deep <close> = callee(nil)
    for level = 2, 2000 do
      assert(deep:register(call(), 10))
      done(deep)
      assert.equal(level, expect(deep, "run").level)
    end
    done(deep)
    rest(deep)
  end)
end)

describe("gas #small", function()
  it("goes as in the sheet's example", function()
    local engine <close> = begin(LOCK)
    local left = assert(engine:register(call { gas = 35, on_success = "cb", on_error = "cb" }, 500))
    done(engine, left - 10)
    assert.equal(35, expect(engine, "run").gas)
    done(engine, 28, { "42" })
    local callback = expect(engine, "run")
    assert.same({ "A", "cb", 178, "\0", "42" }, { callback.service, callback.method, callback.gas,
      table.unpack(callback.arguments) })
    done(engine, 172)
    assert.equal(477, expect(engine, "settle").gas)
  end)

  it("of a failed callee is burnt, and its callback lives on the lock", function()
    local engine <close> = begin(LOCK)
    assert(engine:register(call { gas = 35, on_error = "cb", lock = 20 }, 500))
    done(engine, 285)
    expect(engine, "run")
    assert(engine:end_body { code = 5, message = "not enough gas", gas = 35 })
    assert.equal(1, expect(engine, "undo").level)
    local callback = expect(engine, "run")
    assert.same({ 170, "\5", "not enough gas" }, { callback.gas, table.unpack(callback.arguments) })
    done(engine, 164)
    assert.equal(449, expect(engine, "settle").gas)
  end)

  it("comes back, lock and all, where the outcome has no callback", function()
    local engine <close> = begin(LOCK)
    assert(engine:register(call { gas = 35, on_success = "cb" }, 500))
    assert(engine:register(call { gas = 35, on_error = "cb" }, 315))
    done(engine, 100)
    expect(engine, "run")
    failed(engine, 4, "no")
    expect(engine, "undo")
    expect(engine, "run")
    done(engine, 30)
    assert.equal(100 + 150 + 150 + 30, expect(engine, "settle").gas)
  end)

  it("that calls without a limit get is divided after the body, rounded down", function()
    local engine <close> = begin()
    assert(engine:register(call { gas = "none" }, 100))
    assert(engine:register(call { gas = 20 }, 100))
    assert(engine:register(call { gas = "none", group = "x" }, 80))
    assert(engine:register(call { gas = "none", remote = true }, 80))
    done(engine, 50)
    local given = {}
    for i = 1, 3 do
      given[i] = expect(engine, "run").gas
      done(engine)
    end
    given[4] = expect(engine, "send").gas
    assert.same({ 16, 20, 16, 16 }, given)
    engine:sent()
    assert.equal(2, expect(engine, "settle").gas)
  end)

  it("that does not give each call a share fails the caller before anything starts", function()
    local engine <close> = begin()
    assert(engine:register(call { gas = 1 }, 3))
    for _ = 1, 3 do assert(engine:register(call { gas = "none" }, 2)) end
    done(engine, 2)
    local undo = expect(engine, "undo")
    assert.same({ 0, 5, "not enough gas", 2 }, { undo.level, undo.code, undo.message, undo.gas })
  end)

  it("limit of 0 fails the caller, local and remote, when the call would start", function()
    local engine <close> = begin()
    assert(engine:register(call(), 10))
    assert(engine:register(call { gas = 0 }, 0))
    done(engine)
    expect(engine, "run")
    done(engine)
    assert.equal("not enough gas", expect(engine, "undo").message)
    local other <close> = begin()
    assert(other:register(call { gas = 0, remote = true }, 0))
    done(other)
    assert.same({ 5, 0 }, { expect(other, "undo").code, other:next().level })
  end)

  it("limit of a local call is above the step, or the caller fails", function()
    local function run_limit(limit)
      local engine <close> = begin { step = 10 }
      assert.equal(90 - limit, engine:register(call { gas = limit }, 100))
      done(engine)
      local step = engine:next()
      return step.step, step.gas
    end

    assert.same({ "run", 11 }, { run_limit(11) })
    assert.same({ "undo", 0 }, { run_limit(10) })
  end)

  -- `cb@00@` and four digits are 10 characters, of 3 gas each; the step is 7.
  it("of a callback is less the step and the characters of its call data string", function()
    local engine <close> = begin { step = 7, minimum_lock = 40, argument_byte = 3 }
    assert(engine:register(call { gas = 30, on_success = "cb", on_error = "cb" }, 77))
    done(engine)
    expect(engine, "run")
    done(engine, 5, { "xy" })
    assert.equal(40 + 5 - 7 - 10 * 3, expect(engine, "run").gas)
  end)

  it("of an error callback counts the message", function()
    local engine <close> = begin { step = 7, minimum_lock = 60, argument_byte = 3 }
    assert(engine:register(call { gas = 30, on_error = "err" }, 97))
    done(engine)
    expect(engine, "run")
    failed(engine, 4, "boom")
    expect(engine, "undo")
    -- err@04@626f6f6d
    assert.equal(60 - 7 - 15 * 3, expect(engine, "run").gas)
  end)

  it("that does not reach for a callback skips it; caller and callee are as they are", function()
    local engine <close> = begin { argument_byte = 1 }
    assert(engine:register(call { on_success = "cb", lock = 5 }, 15))
    done(engine, 3)
    expect(engine, "run")
    done(engine) -- cb@00 are 5: nothing would be left of them
    local unpaid = expect(engine, "unpaid")
    assert.same({ "callback", "A", "cb" }, { unpaid.kind, unpaid.service, unpaid.method })
    local closed = expect(engine, "settle")
    assert.same({ true, 0, 3 }, { closed.complete, closed.code, closed.gas })
  end)

  it("of 0 does not reach for a group callback", function()
    local engine <close> = begin()
    assert(engine:register(call(), 10))
    assert(engine:set_group_callback({ method = "all" }, 0))
    done(engine)
    expect(engine, "run")
    done(engine)
    local unpaid = expect(engine, "unpaid")
    assert.same({ "group", "all" }, { unpaid.kind, unpaid.method })
    assert.is_true(expect(engine, "settle").complete)
  end)

  it("of a failed callback is burnt", function()
    local engine <close> = begin(LOCK)
    assert(engine:register(call { gas = 35, on_success = "cb" }, 185))
    done(engine)
    expect(engine, "run")
    done(engine, 35)
    expect(engine, "run")
    assert(engine:end_body { code = 4, message = "no", gas = 100 })
    assert.equal(1, expect(engine, "undo").level)
    assert.equal(0, expect(engine, "settle").gas)
  end)
end)

describe("the order of calls #small", function()
  it("closes each execution once, when its own calls are done, with the gas that is left",
    function()
      local engine <close> = begin()
      assert(engine:register(call { on_success = "cb", lock = 20 }, 100))
      done(engine, 70)
      assert.equal("run", engine:next().step)
      assert(engine:register(call { gas = 4 }, 10))
      done(engine, 6)
      local closed = {}
      for _, left in ipairs { 3, 7 } do
        assert.equal("run", engine:next().step)
        if left == 7 then failed(engine, 4, "no") else done(engine, left) end
        repeat
          local step = engine:next()
          if step.step == "closed" then
            closed[#closed + 1] = { step.level, step.kind, step.code, step.gas }
          end
        until engine:depth() == 1
      end
      assert.same({ { 2, "async", 0, 3 }, { 1, "async", 0, 9 }, { 1, "callback", 4, 0 } }, closed)
      assert.equal(70, engine:next().gas)
    end)

  it("is that of groups, then of registration; remote calls go last", function()
    local engine <close> = begin()
    local gas = 100
    local function register(name, group, remote)
      gas = assert(engine:register(call { method = name, group = group, remote = remote }, gas))
    end
    register("y1", "y", true)
    register("x1", "x", false)
    register("y2", "y", false)
    register("n1", nil, true)
    register("x2", "x", true)
    register("y3", "y", false)
    done(engine)
    local order = {}
    for _ = 1, 6 do
      local step = advance(engine)
      order[#order + 1] = step.step .. " " .. step.method
      if step.step == "run" then done(engine) else engine:sent() end
    end
    assert.same({ "run y2", "run y3", "run x1", "send y1", "send x2", "send n1" }, order)
  end)

  it("lets a callee work off its own calls before its callback runs", function()
    local engine <close> = begin()
    assert(engine:register(call { on_success = "cb", lock = 1 }, 100))
    assert(engine:register(call { method = "late" }, 80))
    done(engine)
    local order = {}
    local function take()
      local step = expect(engine, "run")
      order[#order + 1] = ("%d %s.%s %s"):format(step.level, step.service, step.method, step.kind)
    end
    take()
    assert(engine:register(call { to_service = "C", method = "h", gas = 3, on_success = "cb2",
      lock = 1 }, 10))
    done(engine)
    for _ = 1, 4 do
      take()
      done(engine)
    end
    assert.same({ "1 B.g async", "2 C.h async", "2 B.cb2 callback", "1 A.cb callback",
      "1 B.late async" }, order)
  end)

  it("tells a callback whom it hears from, and an execution who began all", function()
    local engine <close> = begin()
    assert(engine:register(call { on_success = "cb", lock = 1, to_chain = 3, token = "VITE TOKEN",
      amount = word.new(77), arguments = { "a", "" } }, 100))
    done(engine)
    local run = expect(engine, "run")
    assert.same({ "A", ROOT, ("s"):rep(20), { "a", "" }, "VITE TOKEN", 77, 2 },
      { run.caller_service, run.root, run.signer, run.arguments, run.token,
        run.amount:tointeger(), run.depth })
    done(engine)
    run = expect(engine, "run")
    assert.same({ 3, "B", CHILD_1, ROOT, ("s"):rep(20) },
      { run.caller_chain, run.caller_service, run.call_id, run.initiator_id, run.signer })
  end)
end)

describe("groups #small", function()
  it("are made by the first call, and found by their identifier", function()
    local engine <close> = begin()
    assert.is_nil(engine:group "")
    assert(engine:register(call(), 100))
    assert(engine:register(call { group = "x" }, 90))
    assert(engine:register(call { group = "x" }, 80))
    assert.same({ identifier = "", open_count = 1 }, engine:group "")
    assert.same({ identifier = "x", open_count = 2 }, engine:group "x")
    assert.is_nil(engine:group "y")
    assert.equal(2, engine:context().group_count)
  end)

  it("can be added once and deleted at any time", function()
    local engine <close> = begin()
    assert.is_true(engine:add_group "x")
    assert.same({ nil, "async call group exists already", "invalid_input" },
      { engine:add_group "x" })
    assert(engine:register(call { group = "x", method = "gone" }, 100))
    assert(engine:register(call { group = "x", gas = "none" }, 90))
    engine:delete_group "x"
    engine:delete_group "never"
    assert.is_nil(engine:group "x")
    assert.is_true(engine:add_group "x")
    assert(engine:register(call { group = "x", method = "there" }, 90))
    done(engine, 1)
    assert.equal("there", expect(engine, "run").method)
    done(engine)
    local closed = expect(engine, "settle")
    assert.same({ true, 1 }, { closed.complete, closed.gas })
  end)

  it("lock the minimum and the gas asked for their callback, which gets both", function()
    local engine <close> = begin(LOCK)
    assert(engine:register(call { group = "x" }, 1000))
    assert.equal(990 - 150 - 7,
      engine:set_group_callback({ group = "x", method = "all", data = "t", gas = 7 }, 990))
    assert.same({ identifier = "x", open_count = 1, callback = "all", data = "t",
      gas_locked = 157 }, engine:group "x")
    done(engine, 1)
    expect(engine, "run")
    done(engine, 4)
    local run = expect(engine, "run")
    assert.same({ "group", "A", "all", "x", { "t" }, 157 }, { run.kind, run.service, run.method,
      run.group, run.arguments, run.gas })
    done(engine, 57)
    assert.equal(1 + 4 + 57, expect(engine, "settle").gas)
  end)

  it("have one callback, set while there is a group", function()
    local engine <close> = begin(LOCK)
    local function set(fields, gas)
      fields.method = "all"
      local left, message, code = engine:set_group_callback(fields, gas or 1000)
      return { left or "refused", message, code }
    end
    assert.same({ "refused", "async: no such group", 10 }, set { group = "x", bad_callback = true })
    assert(engine:register(call { group = "x" }, 10))
    assert.same({ "refused", "async: bad callback", 10 },
      set({ group = "x", bad_callback = true }, 0))
    assert.same({ "refused", "not enough gas", 5 }, set({ group = "x" }, 149))
    assert.same({ 850 }, set { group = "x" })
    assert.same({ "refused", "async: group callback already set", 10 },
      set { group = "x", bad_callback = true })
    assert.same({ "refused", "async: read-only", 10 }, set { group = "y", read_only = true })
  end)

  it("are complete when the last call is, whatever came of it, and before later groups", function()
    local engine <close> = begin()
    assert(engine:register(call { group = "x", on_error = "err", lock = 1 }, 100))
    assert(engine:register(call { group = "y", method = "later" }, 80))
    assert(engine:set_group_callback({ group = "x", method = "all", gas = 2 }, 70))
    done(engine)
    expect(engine, "run")
    failed(engine, 4, "no")
    expect(engine, "undo")
    assert.equal("err", expect(engine, "run").method)
    failed(engine, 4, "again")
    expect(engine, "undo")
    assert.equal("all", expect(engine, "run").method)
    assert.is_nil(engine:group "x")
    failed(engine, 4, "and again")
    assert.equal("and again", expect(engine, "undo").message)
    assert.equal("later", expect(engine, "run").method)
    done(engine)
    assert.is_true(expect(engine, "settle").complete)
  end)

  it("that lost no call have no callback to run: their lock comes back", function()
    local engine <close> = begin(LOCK)
    engine:add_group "x"
    assert.equal(50, engine:set_group_callback({ group = "x", method = "all" }, 200))
    done(engine, 50)
    assert.equal(200, expect(engine, "settle").gas)
  end)

  it("wait for the calls that a group callback registered", function()
    local engine <close> = begin()
    assert(engine:register(call { group = "x" }, 100))
    assert(engine:set_group_callback({ group = "x", method = "all", gas = 20 }, 90))
    done(engine)
    expect(engine, "run")
    done(engine)
    expect(engine, "run")
    assert(engine:register(call { remote = true }, 20))
    done(engine, 6)
    expect(engine, "send")
    engine:sent()
    local state = {}
    local closed = rest(engine, state)
    assert.same({ false, 6 }, { closed.complete, closed.gas })
    -- Headers of A.f and of the group callback, and the call.
    assert.equal(3, count(state))
    assert.equal(1, async.decode_record("header", state[async.record_key(ROOT)]).open_count)
  end)
end)

describe("returned values #small", function()
  it("are the last list that was set, and a return is one", function()
    local engine <close> = begin()
    assert.same({}, engine:values())
    engine:set_values { "a", "" }
    assert.same({ "a", "" }, engine:values())
    engine:set_values { "b" }
    done(engine)
    assert.same({ "b" }, expect(engine, "settle").values)
    local other <close> = begin()
    other:set_values { "b" }
    done(other, 0, {})
    assert.same({}, expect(other, "settle").values)
  end)

  it("of the initiator are set by its callback, once that has ended well", function()
    local engine <close> = begin()
    engine:set_values { "early" }
    assert(engine:register(call { on_success = "cb", lock = 1 }, 100))
    assert(engine:register(call { on_success = "cb", lock = 1 }, 80))
    done(engine)
    expect(engine, "run")
    done(engine, 0, { "callee's own" })
    expect(engine, "run")
    assert.same({ "early" }, engine:values())
    engine:set_values { "late" }
    engine:push("C", "sync")
    assert.same({}, engine:values())
    engine:set_values { "of the service call" }
    done(engine)
    assert.same({ "of the service call" }, expect(engine, "closed").values)
    assert.same({ "late" }, engine:values())
    done(engine, 0, { "to nobody" })
    expect(engine, "run")
    done(engine)
    expect(engine, "run")
    assert.same({ "late" }, engine:values())
    engine:set_values { "lost" }
    failed(engine, 4, "no")
    expect(engine, "undo")
    assert.same({ "late" }, expect(engine, "settle").values)
  end)

  -- A random graph found that they went up to the context above, as an answer of it.
  it("that are set for a callback go nowhere", function()
    local engine <close> = begin()
    engine:set_values { "root's" }
    assert(engine:register(call { on_success = "cb", lock = 50 }, 100))
    done(engine)
    expect(engine, "run")
    done(engine)
    expect(engine, "run")
    assert(engine:register(call { on_success = "inner", lock = 20 }, 50))
    done(engine)
    expect(engine, "run")
    done(engine)
    assert.equal("inner", expect(engine, "run").method)
    engine:set_values { "nobody's" }
    done(engine)
    assert.same({ "root's" }, expect(engine, "settle").values)
  end)

  it("of a service call are those after its local calls", function()
    local engine <close> = begin()
    engine:push("S", "s")
    assert(engine:register(call { on_success = "cb", lock = 1 }, 100))
    done(engine, 50, { "early" })
    expect(engine, "run")
    done(engine, 0, {})
    expect(engine, "run")
    engine:set_values { "late" }
    done(engine, 1)
    local closed = expect(engine, "closed")
    assert.same({ "sync", true, { "late" }, 51 },
      { closed.kind, closed.complete, closed.values, closed.gas })
  end)
end)

describe("what a body may ask #small", function()
  it("its arguments", function()
    local engine <close> = begin()
    assert.same({ "one", "" }, engine:arguments())
    engine:push("B", "g", { "two" })
    assert.same({ "two" }, engine:arguments())
  end)

  it("the closure, in the callback of its call only", function()
    local engine <close> = begin()
    local refused = { nil, "no callback for closure, cannot call callback directly",
      "invalid_input" }
    assert(engine:register(call { on_success = "cb", lock = 1, closure = "note" }, 100))
    assert(engine:set_group_callback({ method = "all", gas = 1 }, 80))
    assert.same(refused, { engine:closure() })
    done(engine)
    expect(engine, "run")
    assert.same(refused, { engine:closure() })
    done(engine)
    expect(engine, "run")
    assert.equal("note", engine:closure())
    engine:push("C", "h")
    assert.same(refused, { engine:closure() })
    engine:pop()
    assert.equal("note", engine:closure())
    done(engine)
    expect(engine, "run")
    assert.same(refused, { engine:closure() })
  end)
end)

describe("push and pop #small", function()
  it("put an execution on the stack and take it off, with nothing left of it", function()
    local engine <close> = begin()
    assert.equal(1, engine:push("B", "g"))
    assert(engine:register(call(), 100))
    engine:set_values { "b" }
    assert.same({ "sync", "B", "g", 1, CHILD_1 }, { engine:context().kind,
      engine:context().service, engine:context().method, engine:context().open_count,
      engine:context().id })
    engine:pop()
    assert.same({ "direct", 0, 1 }, { engine:context().kind, engine:context().open_count,
      engine:context().child_count })
    assert.same({}, engine:values())
    assert.equal(1, engine:push("C", "h"))
    assert.same({ 0, 0 }, { engine:context().open_count, engine:context().group_count })
    assert.same({}, engine:values())
    assert.equal(CHILD_2, engine:context().id)
  end)

  it("is a no-op where one execution is there", function()
    local engine <close> = begin()
    engine:pop()
    assert.equal(1, engine:depth())
    assert.equal("A", engine:context().service)
  end)

  it("keep a service call's calls from its caller, and its failure to itself", function()
    local engine <close> = begin()
    assert(engine:register(call { method = "mine" }, 100))
    engine:push("S", "s")
    assert(engine:register(call { method = "its" }, 50))
    failed(engine, 4, "no")
    assert.equal(1, expect(engine, "undo").level)
    local closed = expect(engine, "closed")
    assert.same({ 4, "no" }, { closed.code, closed.message })
    done(engine)
    assert.equal("mine", expect(engine, "run").method)
    done(engine)
    expect(engine, "settle")
  end)
end)

describe("a legacy call #small", function()
  it("takes what the lock leaves, and has one callback for both outcomes", function()
    local engine <close> = begin(LOCK)
    assert.equal(0, engine:register_legacy(call { on_success = "callBack" }, 500))
    done(engine)
    assert.equal(350, expect(engine, "run").gas)
    failed(engine, 4, "child error")
    expect(engine, "undo")
    local run = expect(engine, "run")
    assert.same({ "callBack", 150, "\4", "child error" }, { run.method, run.gas,
      table.unpack(run.arguments) })
  end)

  it("locks nothing where the contract has no fixed callback", function()
    local engine <close> = begin(LOCK)
    assert.equal(0, engine:register_legacy(call(), 500))
    assert.same({ identifier = "LegacyAsync", open_count = 1 }, engine:group "LegacyAsync")
    done(engine)
    assert.equal(500, expect(engine, "run").gas)
    done(engine, 480)
    assert.equal(480, expect(engine, "settle").gas)
  end)

  it("is refused after a call, after another, and in callbacks", function()
    local refused = { nil, "async: legacy call not allowed here", 10 }
    local engine <close> = begin()
    assert(engine:register(call { on_success = "cb", lock = 50 }, 100))
    assert(engine:set_group_callback({ method = "all", gas = 5 }, 40))
    assert.same(refused, first_three(engine:register_legacy(call(), 0)))
    local other <close> = begin()
    assert(other:register_legacy(call(), 100))
    assert.same(refused, first_three(other:register_legacy(call(), 0)))
    assert.same({ nil, "async: not allowed here", 10 }, first_three(other:register(call(), 10)))
    local third <close> = begin()
    assert(third:register(call { on_success = "cb", lock = 50 }, 100))
    assert(third:set_group_callback({ method = "all", gas = 5 }, 40))
    done(third)
    expect(third, "run")
    done(third)
    for _ = 1, 2 do
      expect(third, "run")
      assert.same(refused, first_three(third:register_legacy(call(), 0)))
      done(third)
      expect(third, "undo")
    end
  end)

  it("is refused read-only, where a contract is set up, without gas, and nested", function()
    local engine <close> = begin(LOCK)
    assert.same({ nil, "async: read-only", 10 },
      first_three(engine:register_legacy(call { read_only = true }, 500)))
    assert.same({ nil, "not enough gas", 5 },
      first_three(engine:register_legacy(call { on_success = "callBack" }, 149)))
    engine:push("B", "_init", {}, true)
    assert.same({ nil, "async: not allowed here", 10 },
      first_three(engine:register_legacy(call(), 500)))
    local nested <close> = begin(nil, { nesting = 0 })
    assert(nested:register(call(), 100))
    done(nested)
    expect(nested, "run")
    assert.same({ nil, "async: nested call not allowed", 10 },
      first_three(nested:register_legacy(call(), 10)))
  end)

  it("whose call data cannot be read fails the caller when it is to be sent", function()
    local engine <close> = begin(LOCK)
    assert.equal(0, engine:register_legacy(call { method = "none" }, 500, true))
    done(engine)
    local undo = expect(engine, "undo")
    assert.same({ 0, 10, "bad call data" }, { undo.level, undo.code, undo.message })
  end)

  it("may be made by a service call, whose body alone it ends", function()
    local engine <close> = begin()
    assert(engine:register(call(), 100))
    engine:push("S", "s")
    assert.equal(0, engine:register_legacy(call { method = "legacy" }, 90))
    done(engine)
    assert.equal("legacy", expect(engine, "run").method)
    done(engine, 3)
    assert.equal(3, expect(engine, "closed").gas)
    assert(engine:register(call(), 10))
  end)
end)

describe("failures after the body #small", function()
  it("of a callee undo it with all below, and its caller hears of it", function()
    local engine <close> = begin()
    assert(engine:register(call { on_error = "err", lock = 1 }, 100))
    done(engine)
    expect(engine, "run")
    assert(engine:register(call { method = "inner", gas = 3 }, 10))
    assert(engine:register(call { method = "out", gas = 3, remote = true }, 7))
    done(engine, 4)
    expect(engine, "run")
    done(engine)
    assert.equal("out", expect(engine, "send").method)
    engine:sent("insufficient funds", 7)
    local undo = expect(engine, "undo")
    assert.same({ 1, 7, "insufficient funds" }, { undo.level, undo.code, undo.message })
    local run = expect(engine, "run")
    assert.same({ "err", "\7", "insufficient funds" }, { run.method, table.unpack(run.arguments) })
    done(engine)
    assert.is_true(expect(engine, "settle").complete)
  end)

  it("of what the host settles undo the run", function()
    local engine <close> = begin()
    done(engine, 9)
    expect(engine, "settle")
    engine:settled(9, "mailbox full", 10)
    assert.same({ "mailbox full", 0 }, { expect(engine, "undo").message,
      expect(engine, "closed").level })
  end)

  it("of a callback lose what it registered", function()
    local engine <close> = begin()
    assert(engine:register(call { on_success = "cb", lock = 50 }, 100))
    done(engine)
    expect(engine, "run")
    done(engine)
    expect(engine, "run")
    assert(engine:register(call { remote = true }, 50))
    failed(engine, 4, "no")
    expect(engine, "undo")
    assert.is_true(expect(engine, "settle").complete)
  end)
end)

describe("a remote call #small", function()
  it("leaves nothing of a local call beside it that is finished", function()
    local engine <close> = begin()
    local state = {}
    assert(engine:register(call { remote = true }, 100))
    assert(engine:register(call(), 90))
    done(engine)
    expect(engine, "run")
    done(engine)
    expect(engine, "send")
    engine:sent()
    rest(engine, state)
    assert.equal(2, count(state))
    assert.is_truthy(state[async.record_key(ROOT, 1)])
  end)

  it("leaves a header and its own record, and the values of the caller", function()
    local state, sent = stored_call(nil, { on_success = "cb", closure = "note" }, { "v" })
    assert.equal(3, count(state))
    local header = async.decode_record("header", state[async.record_key(ROOT)])
    assert.same({ "direct", "f", 1, 1, 1, false, true, nil }, { header.kind, header.method,
      header.open_count, header.child_count, header.record_count, header.suspended,
      header.has_values, header.parent_service })
    local record = async.decode_record("call", state[async.record_key(ROOT, 1)])
    assert.same({ CHILD_1, "pending", true, "B", 10, 150, "cb", "note" }, { record.id,
      record.status, record.remote, record.to_service, record.gas_limit, record.gas_locked,
      record.on_success, record.closure })
    assert.same({ CHILD_1, 10, "A" }, { sent.call_id, sent.gas, sent.service })
  end)

  it("is answered once: its callback has the gas of answer and lock", function()
    local state, sent = stored_call(nil, { on_success = "cb", on_error = "cb", closure = "note" })
    local engine <close>, step = answered(state, sent, { code = 0, values = { "42" }, gas = 6 })
    local run = step()
    assert.same({ "callback", "cb", CALLBACK_OF_1, 156, "note", "\0", "42" }, { run.kind,
      run.method, run.id, run.gas, engine:closure(), table.unpack(run.arguments) })
    assert.same({ "A", "B", CHILD_1, ("s"):rep(20) }, { run.service, run.caller_service,
      run.call_id, run.signer })
    done(engine, 100)
    local completed = step()
    assert.same({ "completed", "A", ROOT, 100 },
      { completed.step, completed.service, completed.id, completed.gas })
    assert.equal("closed", step().step)
    assert.equal(0, count(state))
    local again <close>, next_step = answered(state, sent, { code = 0, gas = 6 })
    assert.same({ "refused", "no_context" }, { "refused", next_step().reason })
    assert.equal("closed", next_step().step)
    assert.equal(0, again:depth())
  end)

  it("that failed brings its value back before its callback, and no gas", function()
    local state, sent = stored_call(nil, { on_error = "err", token = "VITE TOKEN",
      amount = word.new(5) })
    local _ <close>, step = answered(state, sent, { code = 3, message = "contract not found",
      gas = 9 })
    local value = step()
    assert.same({ "return_value", "A", "VITE TOKEN", 5 },
      { value.step, value.service, value.token, value.amount:tointeger() })
    local run = step()
    assert.same({ "err", 150, "\3", "contract not found" },
      { run.method, run.gas, table.unpack(run.arguments) })
  end)

  it("takes no more gas back than it was given", function()
    local state, sent = stored_call(nil, {})
    local _ <close>, step = answered(state, sent, { code = 0, gas = 1000 })
    assert.same({ "completed", 10 }, { "completed", step().gas })
  end)

  local state, sent = stored_call(nil, { on_success = "cb" })
  local hostile = {
    { "by a wrong id", { call_id = ("x"):rep(32) }, "call_not_found" },
    { "by an id that is cut", { call_id = sent.call_id:sub(1, 31) }, "call_not_found" },
    { "without an index", { context_id = ROOT }, "call_not_found" },
    { "by another index", { context_id = ROOT .. "\0\0\0\2" }, "call_not_found" },
    { "by the index of the values", { context_id = ROOT .. "\0\0\0\0" }, "call_not_found" },
    { "by another context", { context_id = CHILD_1 .. "\0\0\0\1" }, "no_context" },
    { "by no context", { context_id = "" }, "no_context" },
    { "for another service", { service = "B" }, "no_context" },
    { "from another service", { from_service = "C" }, "no_context" },
    { "from another chain", { from_service = "B", from_chain = 9 }, "no_context" },
  }
  for _, case in ipairs(hostile) do
    it("is not answered " .. case[1], function()
      local engine <close> = async.new()
      local answer = { service = "A", context_id = sent.context_id, call_id = sent.call_id,
        code = 0, values = {} }
      for name, value in pairs(case[2]) do answer[name] = value end
      assert(engine:begin_answer(answer))
      local step
      repeat
        step = assert(engine:next())
        if step.step == "read" then
          engine:loaded(step.service == "A" and state[step.key] or "")
        end
      until step.step ~= "read"
      assert.same({ "refused", case[3] }, { step.step, step.reason })
      assert.equal("closed", engine:next().step)
    end)
  end

  it("is answered by its own target where that is asked for", function()
    local kept, message = stored_call(nil, { on_success = "cb", to_chain = 9 })
    local engine <close>, step = answered(kept, message,
      { code = 0, gas = 0, from_service = "B", from_chain = 9 })
    assert.equal("run", step().step)
    done(engine)
  end)

  it("is not answered again while its callback has open calls", function()
    local kept, first = stored_call(nil, { on_success = "cb" })
    local engine <close>, step = answered(kept, first, { code = 0, gas = 0 })
    step()
    assert(engine:register(call { remote = true }, 100))
    done(engine, 7)
    local second = step()
    engine:sent()
    assert.equal("closed", step().step)
    assert.equal("resolved",
      async.decode_record("call", kept[async.record_key(ROOT, 1)]).status)
    assert.equal(7, async.decode_record("header", kept[async.record_key(ROOT)]).gas_accumulated)
    local again <close>, refused = answered(kept, first, { code = 0, gas = 0 })
    assert.equal("call_not_found", refused().reason)
    assert.equal("closed", refused().step)
    assert.equal(0, again:depth())
    -- The answer of the callback's call completes the callback, the call, and the root.
    local last <close>, finish = answered(kept, second, { code = 0, gas = 10 })
    local completed = finish()
    assert.same({ "completed", ROOT, 7 + 10 }, { completed.step, completed.id, completed.gas })
    assert.equal("closed", finish().step)
    assert.equal(0, count(kept))
    assert.equal(0, last:depth())
  end)
end)

describe("a callee of a message #small", function()
  local REQUEST <const> = { kind = 11, id = CHILD_1, root = ROOT, from_service = "A",
    method = "g", answered_id = CHILD_1, context_id = ROOT .. "\0\0\0\1" }

  local function callee()
    local engine = async.new { prices = LOCK }
    assert(engine:begin { service = "B", method = "g", request = REQUEST })
    return engine
  end

  it("is answered at once when it is complete", function()
    local engine <close> = callee()
    done(engine, 6, { "42" })
    assert.is_true(expect(engine, "settle").complete)
    engine:settled(6)
    local answer = expect(engine, "answer")
    assert.same({ "B", 0, { "42" }, 6, false, "A", ROOT .. "\0\0\0\1" }, { answer.service,
      answer.code, answer.values, answer.gas, answer.late, answer.request.from_service,
      answer.request.context_id })
    expect(engine, "closed")
  end)

  it("is answered when it fails, without gas", function()
    local engine <close> = callee()
    assert(engine:end_body { code = 4, message = "boom", gas = 6 })
    expect(engine, "undo")
    local answer = expect(engine, "answer")
    assert.same({ 4, "boom", 0, false }, { answer.code, answer.message, answer.gas, answer.late })
    assert.equal(4, expect(engine, "closed").code)
  end)

  it("answers late, when its own call is finished, with what it left and what came back",
    function()
      local engine <close> = callee()
      local state = {}
      assert(engine:register(call { to_service = "C", remote = true, on_success = "cb" }, 200))
      done(engine, 40, { "early" })
      local sent = expect(engine, "send")
      assert.equal(async.child_id(CHILD_1, 1), sent.call_id)
      engine:sent()
      assert.same({ "settle", "write", "write", "write", "closed" },
        select(2, rest(engine, state)))
      local late <close>, step = answered(state, sent, { service = "B", code = 0, gas = 10 })
      step()
      assert.same({ "early" }, late:values())
      late:set_values { "late" }
      done(late, 25)
      local answer = step()
      assert.same({ "answer", 0, { "late" }, 40 + 25, true, 11 }, { answer.step, answer.code,
        answer.values, answer.gas, answer.late, answer.request.kind })
      assert.equal("closed", step().step)
      assert.equal(0, count(state))
    end)

  it("answers with its own values, whatever its callbacks return and theirs set", function()
    local engine <close> = callee()
    local state = {}
    assert(engine:register(call { to_service = "C", remote = true, on_success = "cb" }, 200))
    done(engine, 0, { "early" })
    local sent = expect(engine, "send")
    engine:sent()
    rest(engine, state)
    local first <close>, step = answered(state, sent, { service = "B", code = 0, gas = 0 })
    assert.equal("cb", step().method)
    assert(first:register(call { to_service = "C", remote = true, gas = 1,
      on_success = "inner" }, 1000))
    done(first, 0, { "of the callback" })
    sent = step()
    first:sent()
    assert.equal("closed", step().step)
    local second <close>, last = answered(state, sent, { service = "B", code = 0, gas = 0 })
    assert.equal("inner", last().method)
    second:set_values { "for the callback" }
    done(second, 0, { "of the inner one" })
    assert.same({ "early" }, last().values)
    assert.equal("closed", last().step)
    assert.equal(0, count(state))
  end)

  it("answers a message of kind 8 likewise, and a failure with the gas that is left", function()
    local engine <close> = async.new { prices = LOCK }
    engine:begin { service = "B", method = "g", request = { kind = 8, id = CHILD_1 } }
    assert(engine:end_body { code = 4, message = "boom", gas = 6 })
    expect(engine, "undo")
    assert.same({ 4, 6, 8 }, { (function(answer)
      return answer.code, answer.gas, answer.request.kind
    end)(expect(engine, "answer")) })
  end)
end)

describe("late callees on the own shard #small", function()
  -- A.f calls B.g here, B.g calls C elsewhere.
  local function chain()
    local engine <close> = begin(LOCK)
    local state = {}
    assert(engine:register(call { gas = 300, on_success = "cb" }, 1000))
    done(engine, 550)
    expect(engine, "run")
    assert(engine:register(call { to_service = "C", remote = true, gas = 30 }, 300))
    done(engine, 200, { "g's" })
    local sent = expect(engine, "send")
    engine:sent()
    local closed, names = rest(engine, state)
    assert.same({ "write", "write", "write", "settle", "write", "write", "closed" }, names)
    assert.same({ false, 550 }, { closed.complete, closed.gas })
    return state, sent
  end

  it("keep their gas, and have their callback in the run of the last answer", function()
    local state, sent = chain()
    local engine <close>, step = answered(state, sent, { service = "B", code = 0, gas = 11 })
    local run = step()
    assert.same({ "callback", "A", "cb", async.child_id(ROOT, 2), 200 + 11 + 150, "\0", "g's", 1 },
      { run.kind, run.service, run.method, run.id, run.gas, run.arguments[1], run.arguments[2],
        run.depth })
    done(engine, 300)
    local completed = step()
    assert.same({ "completed", ROOT, 300 }, { completed.step, completed.id, completed.gas })
    assert.equal("closed", step().step)
    assert.equal(0, count(state))
  end)

  it("are not answered from outside", function()
    local state = chain()
    local engine <close>, step = answered(state,
      { context_id = ROOT .. "\0\0\0\1", call_id = CHILD_1 }, { code = 0 })
    assert.equal("call_not_found", step().reason)
    assert.equal("closed", step().step)
    assert.equal(0, engine:depth())
  end)

  it("complete 2,000 contexts one above the other in one run", function()
    local engine <close> = begin(FREE)
    local state = {}
    for _ = 1, 2000 do
      assert(engine:register(call { gas = 1000 }, 1000))
      done(engine, 0)
      expect(engine, "run")
    end
    assert(engine:register(call { remote = true }, 1000))
    done(engine, 0)
    local sent = expect(engine, "send")
    engine:sent()
    rest(engine, state)
    assert.equal(2001 * 2, count(state))
    local late <close>, step = answered(state, sent, { service = "B", code = 0, gas = 10 })
    assert.equal(10, step().gas)
    assert.equal("closed", step().step)
    assert.equal(0, count(state))
    assert.equal(0, late:depth())
  end)

  it("of service calls are waited for by their caller, which registered nothing", function()
    local engine <close> = begin(LOCK)
    local state = {}
    engine:push("B", "g")
    assert(engine:register(call { to_service = "C", remote = true, gas = 30 }, 300))
    done(engine, 100)
    local sent = expect(engine, "send")
    engine:sent()
    local step
    repeat
      step = engine:next()
      if step.step == "write" then state[step.key] = step.value end
    until step.step ~= "write"
    assert.same({ "closed", false, 100 }, { step.step, step.complete, step.gas })
    done(engine, 100)
    assert.is_false(rest(engine, state).complete)
    assert.same({ "direct", 1 }, { (function(header) return header.kind, header.open_count end)(
      async.decode_record("header", state[async.record_key(ROOT)])) })
    local _ <close>, next_step = answered(state, sent, { service = "B", code = 0, gas = 8 })
    assert.same({ "completed", 8 }, { "completed", next_step().gas })
    assert.equal("closed", next_step().step)
    assert.equal(0, count(state))
  end)

  it("let a group's callback run in the run that finishes its last call", function()
    local engine <close> = begin(LOCK)
    local state, sent = {}, {}
    assert(engine:register(call { group = "x", remote = true }, 1000))
    assert(engine:register(call { group = "x", remote = true }, 990))
    assert(engine:set_group_callback({ group = "x", method = "all", data = "t", gas = 5 }, 980))
    done(engine, 0)
    for i = 1, 2 do
      sent[i] = expect(engine, "send")
      engine:sent()
    end
    rest(engine, state)
    assert.equal(4, count(state))
    assert.same({ "x", "all", "t", 155, 2 }, { (function(group)
      return group.identifier, group.callback, group.data, group.gas_locked, group.open_count
    end)(async.decode_record("group", state[async.record_key(ROOT, 3)])) })
    local first <close>, step = answered(state, sent[2], { code = 0, gas = 0 })
    assert.equal("closed", step().step)
    assert.equal(3, count(state))
    assert.equal(0, first:depth())
    local second <close>, last = answered(state, sent[1], { code = 4, message = "no" })
    local run = last()
    assert.same({ "group", "all", "x", { "t" }, 155, async.child_id(ROOT, 3) },
      { run.kind, run.method, run.group, run.arguments, run.gas, run.id })
    done(second, 55)
    assert.same({ "completed", 55 }, { "completed", last().gas })
    assert.equal("closed", last().step)
    assert.equal(0, count(state))
  end)
end)

describe("an execution that waits for an answer of its own #small", function()
  local REQUEST <const> = { kind = 11, id = CHILD_1, root = ROOT, from_service = "A",
    answered_id = CHILD_1, context_id = ROOT .. "\0\0\0\1" }

  local function resumed(state)
    local engine = async.new { prices = LOCK }
    engine:begin_resumed { service = "B", method = "g", request = REQUEST }
    local step
    repeat
      step = assert(engine:next())
      if step.step == "read" then engine:loaded(state[step.key] or "") end
    until step.step ~= "read"
    assert.equal("ready", step.step)
    return engine
  end

  -- B.g registers a remote call and then waits.
  local function suspended()
    local engine <close> = async.new { prices = LOCK }
    local state = {}
    engine:begin { service = "B", method = "g", request = REQUEST }
    assert(engine:register(call { remote = true, to_service = "C" }, 100))
    assert(engine:end_body { gas = 0, suspended = true })
    local sent = expect(engine, "send")
    engine:sent()
    local closed, names = rest(engine, state)
    assert.same({ { "settle", "write", "write", "closed" }, false }, { names, closed.complete })
    return state, sent
  end

  it("leaves nothing where nothing of it is open, and is answered by its last run", function()
    local engine <close> = async.new()
    local state = {}
    engine:begin { service = "B", method = "g", request = REQUEST }
    assert(engine:end_body { gas = 0, suspended = true })
    local closed, names = rest(engine, state)
    assert.same({ { "settle", "closed" }, false, 0 }, { names, closed.complete, count(state) })
    local next_run <close> = resumed(state)
    done(next_run, 3, { "x" })
    expect(next_run, "settle")
    next_run:settled(3)
    local answer = expect(next_run, "answer")
    assert.same({ 0, { "x" }, 3, true }, { answer.code, answer.values, answer.gas, answer.late })
    expect(next_run, "closed")
  end)

  it("keeps the gas that it has left, and answers with all of it", function()
    local engine <close> = async.new()
    local state = {}
    engine:begin { service = "B", method = "g", request = REQUEST }
    assert(engine:end_body { gas = 5, suspended = true })
    rest(engine, state)
    assert.equal(1, count(state))
    local next_run <close> = resumed(state)
    done(next_run, 3, { "x" })
    local answer
    for _ = 1, 4 do
      local step = next_run:next()
      if step.step == "settle" then next_run:settled(step.gas) end
      if step.step == "write" then state[step.key] = step.value ~= "" and step.value or nil end
      answer = step.step == "answer" and step or answer
    end
    assert.same({ 0, { "x" }, 5 + 3 }, { answer.code, answer.values, answer.gas })
    assert.equal(0, count(state))
  end)

  it("is complete when its calls are finished and it has gone on", function()
    local state, sent = suspended()
    local first <close>, step = answered(state, sent, { service = "B", code = 0, gas = 4 })
    assert.equal("closed", step().step)
    assert.equal(0, first:depth())
    assert.equal(1, count(state))
    local engine <close> = resumed(state)
    assert.equal(1, engine:context().child_count)
    done(engine, 3, { "x" })
    assert.is_true(expect(engine, "settle").complete)
    engine:settled(3)
    local writes = {}
    local out
    repeat
      out = engine:next()
      if out.step == "write" then writes[#writes + 1] = out.value end
    until out.step ~= "write"
    assert.same({ "" }, writes)
    assert.same({ "answer", { "x" }, 3 + 4, true }, { out.step, out.values, out.gas, out.late })
    expect(engine, "closed")
  end)

  it("goes on in the same context, and numbers its children further", function()
    local state = suspended()
    local engine <close> = resumed(state)
    assert(engine:register(call(), 100))
    done(engine, 0)
    assert.equal(async.child_id(CHILD_1, 2), expect(engine, "run").id)
    done(engine, 0)
    rest(engine, state)
    assert.equal(2, count(state))
  end)

  it("that fails undoes itself, and answers so once its earlier calls are finished", function()
    local state, sent = suspended()
    local engine <close> = resumed(state)
    assert(engine:register(call { remote = true }, 100))
    engine:set_values { "lost" }
    failed(engine, 4, "no")
    expect(engine, "undo")
    local closed = rest(engine, state)
    assert.same({ 4, "no" }, { closed.code, closed.message })
    assert.equal(2, count(state))
    local _ <close>, step = answered(state, sent, { service = "B", code = 0, gas = 4 })
    local answer = step()
    assert.same({ "answer", 4, "no", 0, true },
      { answer.step, answer.code, answer.message, answer.gas, answer.late })
    assert.equal("closed", step().step)
    assert.equal(0, count(state))
  end)

  it("as a callee of the own shard is answered late", function()
    local engine <close> = begin(LOCK)
    local state = {}
    assert(engine:register(call { gas = 300, on_success = "cb" }, 450))
    done(engine)
    local run = expect(engine, "run")
    local request = engine:context().request
    assert.same({ 11, run.id, "A" }, { request.kind, request.id, request.from_service })
    assert(engine:end_body { gas = 7, suspended = true })
    assert.is_false(rest(engine, state).complete)
    assert.equal(3, count(state))
    local late <close> = async.new { prices = LOCK }
    late:begin_resumed { service = "B", method = "g", request = request }
    local function step()
      while true do
        local out = advance(late)
        if out.step == "read" then
          late:loaded(state[out.key] or "")
        elseif out.step == "write" then
          state[out.key] = out.value ~= "" and out.value or nil
        else
          return out
        end
      end
    end
    assert.equal("ready", step().step)
    done(late, 20, { "x" })
    assert.equal("settle", step().step)
    late:settled(20)
    run = step()
    assert.same({ "callback", "A", 150 + 20 + 7, "x" }, { run.kind, run.service, run.gas,
      run.arguments[2] })
    done(late, 100)
    assert.same({ "completed", 100 }, { "completed", step().gas })
    assert.equal("closed", step().step)
    assert.equal(0, count(state))
  end)

  it("as a callback sets what its initiator owes, and gives it the gas that is left", function()
    local engine <close> = async.new { prices = LOCK }
    local state = {}
    engine:begin { service = "B", method = "g", request = REQUEST }
    assert(engine:register(call { to_service = "C", gas = 30, on_success = "cb" }, 180))
    done(engine, 0, { "early" })
    expect(engine, "run")
    done(engine, 0)
    expect(engine, "run")
    local request = engine:context().request
    assert(engine:end_body { gas = 0, suspended = true })
    rest(engine, state)
    local late <close> = async.new { prices = LOCK }
    late:begin_resumed { service = "B", method = "cb", request = request }
    local out
    repeat
      out = advance(late)
      if out.step == "read" then late:loaded(state[out.key] or "") end
    until out.step ~= "read"
    late:set_values { "late" }
    done(late, 33)
    repeat
      out = advance(late)
      if out.step == "read" then late:loaded(state[out.key] or "") end
      if out.step == "settle" then late:settled(33) end
      if out.step == "write" then state[out.key] = out.value ~= "" and out.value or nil end
    until out.step == "answer"
    assert.same({ { "late" }, 33 }, { out.values, out.gas })
    expect(late, "closed")
    assert.equal(0, count(state))
  end)
end)

describe("records #small", function()
  it("are touched by a finished call only where they are its own, its group's or the header",
    function()
      local engine <close> = begin()
      local state, sent, gas = {}, {}, 10000
      for i = 1, 20 do
        gas = assert(engine:register(call { remote = true }, gas))
        sent[i] = true
      end
      done(engine, 0, { "kept" })
      for i = 1, 20 do
        sent[i] = expect(engine, "send")
        engine:sent()
      end
      rest(engine, state)
      assert.equal(22, count(state))
      local late <close> = async.new { prices = FREE }
      late:begin_answer { service = "A", context_id = sent[9].context_id,
        call_id = sent[9].call_id, code = 0, gas = 1 }
      local read, written = {}, {}
      while true do
        local step = assert(late:next())
        if step.step == "closed" then break end
        if step.step == "read" then
          read[#read + 1] = step.key
          late:loaded(state[step.key])
        else
          written[#written + 1] = step.key
        end
      end
      local header = async.record_key(ROOT)
      assert.same({ header, async.record_key(ROOT, 0), async.record_key(ROOT, 9) }, read)
      assert.same({ async.record_key(ROOT, 9), header }, written)
    end)
end)

describe("an engine that is used wrongly #small", function()
  it("raises, and goes on", function()
    local engine <close> = async.new()
    assert.error_matches(function() engine:next() end, "no run has begun")
    assert.error_matches(function() engine:register(call(), 1) end, "no body is running")
    assert.error_matches(function() engine:push("A", "f") end, "no body is running")
    engine:begin { service = "A", method = "f", request = { id = ROOT } }
    assert.error_matches(function() engine:begin { service = "A" } end, "a run has begun already")
    assert.error_matches(function() engine:next() end, "a body is running")
    assert.error_matches(function() engine:sent() end, "the last step was not 'send'")
    assert.error_matches(function() engine:register({ to_service = "B", gass = 1 }, 1) end,
      "gass")
    assert.error_matches(function() engine:register(call(), -1) end, "negative")
    done(engine)
    expect(engine, "settle")
    assert.error_matches(function() engine:next() end, "waits for the answer")
    assert.error_matches(function() engine:loaded "" end, "the last step was not 'read'")
    engine:settled(0)
    expect(engine, "closed")
    engine:close()
    engine:close()
    assert.error_matches(function() engine:next() end, "closed")
  end)

  it("serves another run once one is over", function()
    local engine <close> = begin()
    done(engine)
    rest(engine)
    assert(engine:begin { service = "A", method = "f", request = { id = CHILD_1 } })
    assert.equal(CHILD_1, engine:context().id)
  end)
end)
