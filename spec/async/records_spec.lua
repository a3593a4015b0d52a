assert(_VERSION == "Lua 5.4")
local async = require "vmhost.async"
local new_random = require "spec.support.random"
local word = require "vmhost.word"

local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local ID <const> = ("i"):rep(32)
local ROOT <const> = ("r"):rep(32)
local SIGNER <const> = ("s"):rep(20)
local ZEROS <const> = ("\0"):rep(32)

-- Each record, as docs/formats.md lays it out, beside the bytes that string.pack makes of it.
local RECORDS <const> = {
  header = {
    { kind = "callback", nesting = 2, method = "cb",
      request = { kind = 12, id = ID, root = ROOT, from_chain = 7, from_service = "B",
        signer = SIGNER, method = "cb", answered_id = "", context_id = "" },
      parent_service = "A", parent_id = ROOT, parent_index = 3, parent_call_id = ID,
      open_count = 4, child_count = 5, record_count = 6, gas_accumulated = 8, suspended = true,
      awaited_first = 2, awaited_count = 3, awaited_open = 1,
      has_values = true, code = 10, message = "no", gas = 9 },
    string.pack("<!4 I4 I2 Xi4 I4 s4 I2 Xi4 c32 c32 I4 s4 Xi4 c20 s4 Xi4 s4 s4 B Xi4 s4 Xi4 c32 I4 "
      .. "c32 I8 I8 I4 I8 B Xi4 I4 I4 I4 B Xi4 I4 s4 Xi4 I8 B", 1, 3, 2, "cb", 12, ID, ROOT, 7,
      "B", SIGNER, "cb", "", "", 1, "A", ROOT, 3, ID, 4, 5, 6, 8, 1, 2, 3, 1, 1, 10, "no", 9, 1),
  },
  values = {
    { text_size = 5, packed = "abc" },
    string.pack("<!4 I4 I8 s4", 1, 5, "abc"),
  },
  call = {
    { id = ID, status = "rejected", remote = true, to_chain = 7, to_service = "B", method = "g",
      gas_limit = 10, gas_locked = 150, token = "VITE TOKEN", amount = word.new(258),
      on_success = "ok", on_error = "", closure = "note", group_index = 2 },
    string.pack("<!4 I4 I2 Xi4 c32 I2 I2 I4 s4 Xi4 s4 Xi4 I8 I8 s4 Xi4 c32 s4 Xi4 s4 Xi4 s4 Xi4 I4",
      1, 1, ID, 2, 4, 7, "B", "g", 10, 150, "VITE TOKEN", ("\0"):rep(30) .. "\1\2", "ok", "",
      "note", 2),
  },
  group = {
    { identifier = "x", callback = "all", data = "t", gas_locked = 157, open_count = 2 },
    string.pack("<!4 I4 I2 Xi4 s4 Xi4 s4 Xi4 s4 Xi4 I8 I8", 1, 2, "x", "all", "t", 157, 2),
  },
  outcome = {
    { code = 0, packed = "abc", gas = 5 },
    string.pack("<!4 I4 I2 Xi4 I4 s4 Xi4 I8", 1, 3, 0, "abc", 5),
  },
}

local function is_corrupt(sort, bytes)
  local record, message, code = async.decode_record(sort, bytes)
  assert.is_nil(record)
  assert.equal("store_corrupt", code)
  assert.is_truthy(message:find(sort, 1, true))
end

local function plain(record)
  local out = {}
  for name, value in pairs(record) do out[name] = name == "amount" and value:hex() or value end
  return out
end

local function copy(record, changes)
  local out = {}
  for name, value in pairs(record) do out[name] = value end
  for name, value in pairs(changes) do
    if value == "nil" then out[name] = nil else out[name] = value end
  end
  return out
end

describe("a record of an async context #small", function()
  for sort, case in pairs(RECORDS) do
    it("has the bytes of docs/formats.md: " .. sort, function()
      assert.equal(case[2], async.encode_record(sort, case[1]))
      assert.same(plain(case[1]), plain(async.decode_record(sort, case[2])))
    end)

    it("is corrupt when it is cut at any byte, or longer: " .. sort, function()
      for size = 0, #case[2] - 1 do is_corrupt(sort, case[2]:sub(1, size)) end
      is_corrupt(sort, case[2] .. "\0")
    end)

    it("is corrupt as another version, and as another sort: " .. sort, function()
      is_corrupt(sort, "\2" .. case[2]:sub(2))
      for other in pairs(RECORDS) do
        if other ~= sort then is_corrupt(sort, RECORDS[other][2]) end
      end
    end)

    it("reads what it writes, and nothing else, whatever byte is changed: " .. sort, function()
      for place = 1, #case[2] do
        local byte = case[2]:byte(place)
        local changed = case[2]:sub(1, place - 1) .. string.char(byte ~ (1 << place % 8))
          .. case[2]:sub(place + 1)
        local record, _, code = async.decode_record(sort, changed)
        if record then
          assert.equal(changed, async.encode_record(sort, record))
        else
          assert.equal("store_corrupt", code)
        end
      end
    end)
  end

  it("says only what is possible", function()
    local header, call, group = RECORDS.header[1], RECORDS.call[1], RECORDS.group[1]
    local function check(sort, record) is_corrupt(sort, async.encode_record(sort, record)) end

    check("header", copy(header, { parent_service = "nil", parent_id = ZEROS }))
    check("header", copy(header, { parent_index = 0 }))
    check("header", copy(header, { kind = "sync" }))
    check("header", copy(header, { kind = "direct", parent_service = "nil" }))
    check("header", copy(header, { kind = "group", parent_index = 0 }))
    check("group", copy(group, { open_count = 0 }))
    check("header", copy(header, { suspended = false }))
    check("header", copy(header, { awaited_count = 0 }))
    check("header", copy(header, { awaited_count = 0, awaited_open = 0 }))
    check("header", copy(header, { awaited_first = 0 }))
    check("header", copy(header, { awaited_first = 5 })) -- up to 7 of 6
    check("header", copy(header, { awaited_first = 0xffffffff }))
    check("header", copy(header, { awaited_count = 7 }))
    check("header", copy(header, { awaited_open = 0 }))
    check("header", copy(header, { awaited_open = 4 }))
    check("header", copy(header, { awaited_open = 3, open_count = 2 }))
    local bytes = async.encode_record("call", call)
    is_corrupt("call", bytes:sub(1, 40) .. "\3\0" .. bytes:sub(43)) -- status
    is_corrupt("call", bytes:sub(1, 42) .. "\1\0" .. bytes:sub(45)) -- mode
    bytes = async.encode_record("header", header)
    is_corrupt("header", bytes:sub(1, 4) .. "\5\0" .. bytes:sub(7)) -- kind
  end)

  it("lies under the protected prefix, the context's id, and its index", function()
    assert.equal("\0vmhost\0async" .. ID, async.record_key(ID))
    assert.equal("\0vmhost\0async" .. ID .. "\0\0\0\0", async.record_key(ID, 0))
    assert.equal("\0vmhost\0async" .. ID .. "\1\2\3\4", async.record_key(ID, 0x01020304))
    assert.error(function() async.record_key("short") end)
    assert.error(function() async.record_key(ID, 1 << 32) end)
  end)
end)

describe("a record of an outcome #small", function()
  it("is that of a failure too", function()
    local bytes = string.pack("<!4 I4 I2 Xi4 I4 s4 Xi4 I8", 1, 3, 7, "no", 0)
    assert.equal(bytes, async.encode_record("outcome", { code = 7, message = "no", gas = 0 }))
    assert.same({ code = 7, message = "no", gas = 0 }, async.decode_record("outcome", bytes))
  end)
end)

-- What an engine is given to read when a message comes for its context.
local function feed(state, answer)
  local engine <close> = async.new()
  assert(engine:begin_answer(answer))
  for _ = 1, 100 do
    local step, message, code = engine:next()
    if not step then
      assert.equal("store_corrupt", code)
      assert.error_matches(function() engine:next() end, "no more use")
      return "corrupt", message
    end
    if step.step == "closed" then return "closed" end
    if step.step == "run" then assert(engine:end_body { gas = 0 }) end
    if step.step == "read" then engine:loaded(state[step.key] or "") end
    if step.step == "write" then state[step.key] = step.value end
  end
  error "it never ends"
end

describe("an engine that reads records that no engine wrote", function()
  local function header(changes)
    local record = { kind = "direct", method = "f", open_count = 1, child_count = 1,
      record_count = 2, request = { id = ID, root = ROOT } }
    return async.encode_record("header", copy(record, changes or {}))
  end

  local function call(changes)
    return async.encode_record("call", copy({ id = ROOT, remote = true, to_service = "B",
      method = "g", gas_limit = 10 }, changes or {}))
  end

  local ANSWER <const> = { service = "A", context_id = ID .. "\0\0\0\1", call_id = ROOT,
    code = 0, gas = 0 }
  local KEY <const>, CALL <const>, GROUP <const> = async.record_key(ID), async.record_key(ID, 1),
    async.record_key(ID, 2)

  it("says that the store is corrupt, and of whom", function()
    local function corrupt(state, text)
      local outcome, message = feed(state, ANSWER)
      assert.equal("corrupt", outcome)
      assert.is_truthy(message:find(text, 1, true), message)
    end

    corrupt({ [KEY] = "x" }, "header does not decode")
    corrupt({ [KEY] = header { request = { id = ROOT } } }, "its header is another's")
    corrupt({ [KEY] = header { has_values = true }, [CALL] = call() }, "values does not decode")
    corrupt({ [KEY] = header(), [CALL] = call() .. "\0" }, "call does not decode")
    corrupt({ [KEY] = header(), [CALL] = call { group_index = 2 } }, "group does not decode")
    corrupt({ [KEY] = header(), [CALL] = call { group_index = 2 }, [GROUP] = call() },
      "group does not decode")
    local above = { kind = "async", parent_service = "Z", parent_id = ROOT, parent_index = 1,
      parent_call_id = ROOT }
    corrupt({ [KEY] = header(above), [CALL] = call() },
      "async context of 'Z': its header is missing")
    above.kind = "sync"
    above.parent_index = 0
    above.parent_call_id = ZEROS
    corrupt({ [KEY] = header(above), [CALL] = call(),
      [async.record_key(ROOT)] = header { request = { id = ROOT }, open_count = 0 } },
      "no child is open")
    above.kind = "async"
    above.parent_index = 1
    corrupt({ [KEY] = header(above), [CALL] = call(),
      [async.record_key(ROOT)] = header { request = { id = ROOT } },
      [async.record_key(ROOT, 1)] = call() }, "a child answers a call that is another's")
  end)

  it("is resumed only where something waits", function()
    local engine <close> = async.new()
    engine:begin_resumed { service = "A", request = { id = ID } }
    assert.equal("read", engine:next().step)
    engine:loaded(header())
    assert.same({ nil, "async context of 'A': what waits for an answer is not suspended",
      "store_corrupt" }, { engine:next() })
  end)

  it("survives any bytes", function()
    print("seed of the spoiled records: " .. SEED)
    local random <const> = new_random(SEED)
    local seen = { corrupt = 0, closed = 0 }
    local rounds = os.getenv "VMHOST_SOAK" and 100000 or 3000

    local function spoil(bytes)
      local place = random(#bytes)
      local how = random(4)
      if how == 1 then return bytes:sub(1, place - 1) end
      if how == 2 then return bytes:sub(1, place) .. bytes end
      return bytes:sub(1, place - 1) .. string.char(random(256) - 1)
        .. bytes:sub(place + 1)
    end

    for _ = 1, rounds do
      local parent = random(2) == 1 and { kind = "async", parent_service = "Z",
        parent_id = ID, parent_index = 1, parent_call_id = ROOT } or {}
      parent.has_values = random(3) == 1
      local state = {
        [KEY] = header(parent), [CALL] = call { group_index = random(3) - 1,
          on_success = random(2) == 1 and "cb" or "", gas_locked = 100000 },
        [GROUP] = RECORDS.group[2], [async.record_key(ID, 0)] = RECORDS.values[2],
      }
      local keys = { KEY, CALL, GROUP, async.record_key(ID, 0) }
      local spoiled = keys[random(#keys)]
      state[spoiled] = spoil(state[spoiled])
      local outcome = feed(state, ANSWER)
      seen[outcome] = seen[outcome] + 1
    end
    assert.is_true(seen.corrupt > rounds / 20 and seen.closed > rounds / 20,
      ("%d corrupt, %d closed"):format(seen.corrupt, seen.closed))
  end)
end)
