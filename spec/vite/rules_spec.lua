assert(_VERSION == "Lua 5.4")
local bytecode = require "spec.support.bytecode"
local vite_core = require "vmhost.vite_core"

local number = bytecode.number
local CONTRACT, PEER = bytecode.contract(0xc0), bytecode.contract(0xd0)
local SYNCCALL = "0 0 0 0 0 7 SYNCCALL"

local function run(rule_set, text, options)
  local given = { rule_set = rule_set, request = { to = CONTRACT } }
  for key, value in pairs(options or {}) do given[key] = value end
  return bytecode.run(text, given)
end

local function both(text, options)
  return run("vmhost-1", text, options), run("reference", text, options)
end

-- A contract that delegates to `text`.
local LIBRARY = bytecode.contract(0x11)
local DELEGATE = "0 0 0 0 0x" .. ("11"):rep(20) .. "01 DELEGATECALL"
local function with_library(text)
  return function(world)
    world:set_contract(LIBRARY, { code = "\1" .. bytecode.assemble(text) })
  end
end

-- The answer of kind 9 to a suspended run of CONTRACT that left `context`.
local CALL_HASH, ANSWER_HASH, ORIGIN_HASH = ("\1"):rep(32), ("\2"):rep(32), ("\3"):rep(32)
local function resume(rule_set, text, stack, memory, options)
  return run(rule_set, text, {
    request = { kind = 9, from = PEER, to = CONTRACT, data = "\0\0\0\7answer", hash = ANSWER_HASH },
    prepare = function(world)
      if options and options.prepare then options.prepare(world) end
      world:put_request({ kind = 2, from = bytecode.user(5), to = CONTRACT, hash = ORIGIN_HASH })
      world:put_request({ kind = 8, from = CONTRACT, to = PEER, hash = CALL_HASH }, 1,
        vite_core.encode_context { referrer = ORIGIN_HASH, callback_id = 7, stack = stack,
          memory = memory })
      world:put_request({ kind = 9, from = PEER, to = CONTRACT, hash = ANSWER_HASH }, 2,
        vite_core.encode_context { referrer = CALL_HASH })
    end,
    quota = options and options.quota, commit = true,
  })
end

describe("SYNCCALL", function()
  it("ends the run under vmhost-1, and lets the next instruction run under reference", function()
    local ours, theirs = both(SYNCCALL .. " 1 0 SSTORE", { commit = true })

    assert.equal("suspended", ours.ended)
    assert.same({}, ours.storage)
    assert.equal("stop", theirs.ended)
    assert.same({ [number(0)] = "\1" }, theirs.storage)
  end)

  it("costs what CALL costs and 28 per byte of context under vmhost-1, else nothing", function()
    local ours, theirs = both(SYNCCALL, { quota = 100000 })

    -- 6 pushes; 21,000 less 13,500; a context of 32 + 4 + 2 + 1 bytes
    assert.equal(100000 - 6 - 7500 - 28 * 39, ours.quota_left)
    assert.equal(100000 - 6, theirs.quota_left)
  end)

  it("pays for memory that it grows under vmhost-1", function()
    local ours, theirs = both("64 0 0 0 0 7 SYNCCALL", { quota = 100000 })

    -- two words of memory, each one byte of context, and their count one byte longer
    assert.equal(100000 - 6 - 2 - 7500 - 28 * 64 - 28 * (39 + 3), ours.quota_left)
    assert.equal(100000 - 6, theirs.quota_left)
  end)

  it("fails with an id above 32 bits", function()
    for _, outcome in ipairs { both "0 0 0 0 0 0x100000000 SYNCCALL" } do
      assert.equal("callback id above 32 bits", outcome.error)
    end
  end)

  it("in delegated code fails that frame under vmhost-1", function()
    local ours, theirs = both(DELEGATE .. " 0 SSTORE",
      { prepare = with_library(SYNCCALL), commit = true })

    assert.same({}, ours.storage)
    assert.same({}, ours.triggered)
    assert.same({ [number(0)] = "\1" }, theirs.storage)
    assert.equal(1, #theirs.triggered)
  end)

  it("stores what lies on the stack and in memory", function()
    for _, outcome in ipairs { both("0x1234 255 1 MSTORE8 " .. SYNCCALL) } do
      local context = vite_core.decode_context(outcome.triggered[1].context)

      assert.equal(7, context.callback_id)
      assert.equal(1, #context.stack)
      assert.equal(0x1234, context.stack[1]:tointeger())
      assert.equal("\0\255", context.memory)
    end
  end)
end)

describe("CALLBACKDEST", function()
  it("puts the saved items on top of the stack, then 1", function()
    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      local outcome = resume(rule_set,
        "9 CALLBACKDEST 0 SSTORE 1 SSTORE 2 SSTORE 3 SSTORE", { 5, 6 }, "")

      assert.same({ [number(0)] = "\1", [number(1)] = "\6", [number(2)] = "\5",
        [number(3)] = "\9" }, outcome.storage)
    end
  end)

  it("lays the saved memory over what is there", function()
    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      local outcome = resume(rule_set,
        "0xffff 0 MSTORE CALLBACKDEST POP 0 MLOAD 0 SSTORE", {}, ("\7"):rep(31))

      assert.same({ [number(0)] = ("\7"):rep(31) .. "\255" }, outcome.storage)
    end
  end)

  it("grows memory to whole words under vmhost-1 alone", function()
    local code = "CALLBACKDEST POP MSIZE 0 SSTORE"

    assert.equal("\64", resume("vmhost-1", code, {}, ("\7"):rep(33)).storage[number(0)])
    assert.equal("\33", resume("reference", code, {}, ("\7"):rep(33)).storage[number(0)])
  end)

  it("pays for memory that it grows under vmhost-1", function()
    local memory = ("\7"):rep(64)

    assert.equal(1000 - 1 - 2,
      resume("vmhost-1", "CALLBACKDEST", {}, memory, { quota = 1000 }).quota_left)
    assert.equal(1000 - 1,
      resume("reference", "CALLBACKDEST", {}, memory, { quota = 1000 }).quota_left)
  end)

  it("fails onto more than 1,024 items under vmhost-1 alone", function()
    local saved = {}
    for index = 1, 1000 do saved[index] = index end
    local function onto(count) return ("1 "):rep(count) .. "CALLBACKDEST POP" end

    assert.is_nil(resume("vmhost-1", onto(23), saved, "").error)
    assert.equal("stack limit reached", resume("vmhost-1", onto(24), saved, "").error)
    assert.is_nil(resume("reference", onto(24), saved, "").error)
    -- There the next instruction meets the limit.
    assert.equal("stack limit reached", resume("reference", onto(25), saved, "").error)
  end)

  it("makes CALLER the sender of the origin", function()
    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      local outcome = resume(rule_set, "CALLER 0 SSTORE CALLBACKDEST POP CALLER 1 SSTORE", {}, "")

      assert.equal(PEER, outcome.storage[number(0)])
      assert.equal(bytecode.user(5), outcome.storage[number(1)])
    end
  end)

  it("does nothing where the request is no answer", function()
    for _, outcome in ipairs { both("CALLBACKDEST 1 0 SSTORE", { commit = true }) } do
      assert.same({ [number(0)] = "\1" }, outcome.storage)
    end
  end)

  it("refuses an answer that names no request, or that of another account", function()
    local refused = "the callback transaction references an invalid send block"
    for _, case in ipairs {
      { from = CONTRACT, to = PEER, error = nil },
      { from = PEER, to = PEER, error = refused },
      { from = CONTRACT, to = CONTRACT, error = refused },
    } do
      local outcome = run("reference", "CALLBACKDEST", {
        request = { kind = 9, from = PEER, to = CONTRACT, hash = ANSWER_HASH },
        prepare = function(world)
          world:put_request({ kind = 2, from = PEER, to = CONTRACT, hash = ORIGIN_HASH })
          world:put_request({ kind = 8, from = case.from, to = case.to, hash = CALL_HASH }, 0,
            vite_core.encode_context { referrer = ORIGIN_HASH })
          world:put_request({ kind = 9, hash = ANSWER_HASH }, 0,
            vite_core.encode_context { referrer = CALL_HASH })
        end,
      })

      assert.equal(case.error, outcome.error)
    end
  end)

  it("refuses an answer without context", function()
    local outcome = run("reference", "CALLBACKDEST",
      { request = { kind = 9, from = PEER, to = CONTRACT, hash = ANSWER_HASH } })

    assert.equal("cannot restore sync call execution context", outcome.error)
  end)

  it("cannot be repeated without end", function()
    local loop = "JUMPDEST CALLBACKDEST POP POP 0 JUMP"

    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      local outcome = resume(rule_set, loop, { 1 }, ("\7"):rep(4096), { quota = 1000000000 })

      assert.equal("memory limit reached", outcome.error)
    end
  end)
end)

describe("RETURN", function()
  local CALL = { kind = 8, from = PEER, to = CONTRACT, hash = CALL_HASH }
  local function awaited(prepare)
    return function(world)
      if prepare then prepare(world) end
      world:put_request(CALL, 0, vite_core.encode_context { callback_id = 7 })
    end
  end

  it("answers a synchronous call with id and output", function()
    for _, outcome in ipairs { both("2 0 RETURN", { request = CALL, prepare = awaited() }) } do
      local answer = outcome.triggered[1]

      assert.equal(9, answer.kind)
      assert.equal(PEER, answer.to)
      assert.equal("\0\0\0\7\0\0", answer.data)
      assert.equal(CALL_HASH, vite_core.decode_context(answer.context).referrer)
    end
  end)

  it("of delegated code answers too under reference alone", function()
    local ours, theirs = both(DELEGATE .. " 0 0 RETURN",
      { request = CALL, prepare = awaited(with_library "0 0 RETURN") })

    assert.equal(1, #ours.triggered)
    assert.equal(2, #theirs.triggered)
  end)

  it("pays 28 for each byte of an answer that is owed under vmhost-1", function()
    local options = { request = CALL, prepare = awaited(), owes_answer = true, quota = 1000 }
    local ours, theirs = both("10 0 RETURN", options)

    assert.equal(1000 - 2 - 1 - 280, ours.quota_left)
    assert.equal(1000 - 2 - 1, theirs.quota_left)
  end)
end)

describe("credits of SSTORE in delegated code that fails", function()
  it("are lost under vmhost-1 and kept under reference", function()
    local options = { quota = 100000, prepare = with_library "1 0 SSTORE 0 0 SSTORE x:fe" }
    local ours, theirs = both(DELEGATE, options)

    assert.equal(14600, theirs.quota_left - ours.quota_left)
  end)

  it("do not end a run of its own code, however many there are", function()
    -- A lock taken and given back 70 times before a failure: 14,600 credits each time.
    local outcome = run("reference",
      "70 JUMPDEST 1 0 SSTORE 0 0 SSTORE 1 SWAP1 SUB DUP1 2 JUMPI 0 0 REVERT", { quota = 1000000 })

    assert.equal("execution reverted", outcome.error)
    assert.is_true(outcome.quota_left > 900000)
  end)

  it("neither keep a run going without end nor outlive it", function()
    local options = { quota = 100000, prepare = with_library "0 0 SSTORE x:fe" }
    -- Each turn gives 14,400 back for what the failed frame undid, and costs less.
    local _, again = both("1 0 SSTORE JUMPDEST " .. DELEGATE .. " POP 5 JUMP", options)
    local _, often = both("1 0 SSTORE 500 JUMPDEST " .. DELEGATE
      .. " POP 1 SWAP1 SUB DUP1 8 JUMPI", options)

    assert.equal("out of quota", again.error)
    assert.is_nil(often.error)
    assert.equal(100000, often.quota_left)
  end)
end)

describe("memory of bytecode", function()
  it("is limited under vmhost-1, over all frames", function()
    local options = { quota = 100000000000, memory_limit = 65536 }

    assert.is_nil(run("vmhost-1", "65504 MLOAD", options).error)
    assert.equal("memory limit reached", run("vmhost-1", "65505 MLOAD", options).error)
    assert.is_nil(run("reference", "65505 MLOAD", options).error)
    options.prepare = with_library "32 MLOAD"
    assert.same({ [number(0)] = "\1" }, run("vmhost-1", "65440 MLOAD " .. DELEGATE .. " 0 SSTORE",
      { quota = 100000000000, memory_limit = 65536, commit = true,
        prepare = options.prepare }).storage)
    assert.same({}, run("vmhost-1", "65472 MLOAD " .. DELEGATE .. " 0 SSTORE",
      { quota = 100000000000, memory_limit = 65536, commit = true,
        prepare = options.prepare }).storage)
  end)
end)

describe("out of quota in delegated code", function()
  it("ends the run under vmhost-1, and fails that frame alone under reference", function()
    local options = { quota = 30000, prepare = with_library "JUMPDEST 0 JUMP" }
    local ours, theirs = both(DELEGATE, options)

    assert.equal("out of quota", ours.error)
    assert.equal(0, ours.quota_left)
    assert.is_nil(theirs.error)
  end)
end)

describe("a query", function()
  local WRITES = { "1 0 SSTORE", "0 0 LOG0", "0 0 0 0 0 CALL", "0 0 0 0 0 CALL2", SYNCCALL }

  it("fails at each write under vmhost-1", function()
    for _, text in ipairs(WRITES) do
      assert.equal("ERROR_STATE_WRITE_IN_READONLY_CALL",
        run("vmhost-1", text, { query = true }).error, text)
    end
  end)

  it("passes over writes under reference", function()
    for _, text in ipairs(WRITES) do
      local outcome = run("reference", text, { query = true, commit = true })

      assert.is_nil(outcome.error, text)
      assert.same({}, outcome.storage)
      assert.same({}, outcome.triggered)
    end
  end)

  it("fails with the data of REVERT under vmhost-1, and ends well without it else", function()
    local ours, theirs = both("2 0 REVERT", { query = true })

    assert.equal("execution reverted", ours.error)
    assert.equal("\0\0", ours.output)
    assert.is_nil(theirs.error)
    assert.equal("", theirs.output)
  end)

  it("runs delegated code under vmhost-1, and has no such opcode else", function()
    local options = { query = true, prepare = with_library "7 0 MSTORE 32 0 RETURN" }
    local ours, theirs = both(DELEGATE, options)

    assert.is_nil(ours.error)
    assert.equal("invalid opcode", theirs.error)
  end)

  it("reads storage", function()
    local outcome = run("vmhost-1", "3 SLOAD" .. bytecode.RETURN_TOP, { query = true,
      prepare = function(world) world:set_storage(CONTRACT, number(3), "\9") end })

    assert.equal(number(9), outcome.output)
  end)
end)

describe("SHA3 and BLAKE2B", function()
  local BLOCK <const> = 128
  local BLOCKS <const> = (65536 + 3 * 1000000) // BLOCK

  -- `whole` hashes of 64 KiB less one byte, and `rest` more blocks, all but one of them whole.
  local function hashes(name, whole, rest)
    return ("65535 0 " .. name .. " POP "):rep(whole) .. ("%d 0 %s POP 1 0 %s POP"):format(
      BLOCK * (rest - 1), name, name)
  end

  it("read 64 KiB and three bytes per quota in a run, in blocks, under both rule sets", function()
    for _, name in ipairs { "SHA3", "BLAKE2B" } do
      -- One block in the run's own code, all others in delegated code.
      local text = "0 0 " .. name .. " POP " .. DELEGATE .. " 0 SSTORE"
      local whole, rest = (BLOCKS - 1) // 512, (BLOCKS - 1) % 512
      for _, rule_set in ipairs { "vmhost-1", "reference" } do
        local function stored(last)
          return run(rule_set, text, { quota = 1000000, commit = true,
            prepare = with_library(hashes(name, whole, last)) }).storage
        end

        assert.same({ [number(0)] = "\1" }, stored(rest))
        assert.same({}, stored(rest + 1))
      end
    end
  end)

  it("tell when a run may read no more", function()
    assert.equal("hash limit reached",
      run("vmhost-1", hashes("SHA3", 3, 1), { quota = 16000 }).error)
  end)
end)

describe("requests of one run", function()
  -- So many SYNCCALLs, one item on the stack besides.
  local function synccalls(count, before)
    local head = bytecode.assemble(before .. " " .. count)
    return run("reference", before .. " " .. count .. " JUMPDEST " .. SYNCCALL
      .. " 1 SWAP1 SUB DUP1 " .. #head .. " JUMPI", { quota = 10000000 })
  end

  it("take 512 bytes each of 8 MiB, their contexts besides", function()
    local most = 8 * 1024 * 1024 // (512 + 32)

    assert.equal(most, #synccalls(most, "").triggered)
    assert.equal("request limit reached", synccalls(most + 1, "").error)
  end)

  it("take as much of it as memory in a context has, however short that is in bytes", function()
    local most = 8 * 1024 * 1024 // (512 + 32 + 1024)

    assert.equal(most, #synccalls(most, "1 992 MSTORE").triggered)
    assert.equal("request limit reached", synccalls(most + 1, "1 992 MSTORE").error)
  end)

  it("cost the same where they meet the limit, whatever stands behind them", function()
    -- Memory of 8 MiB in the context leaves room for few requests; a POP too many makes the
    -- machine run the last block instruction by instruction.
    local start = "32 8380000 0 0 0 0 SYNCCALL " .. ("0 0 0 0 0 CALL "):rep(15) .. "JUMPDEST "
    for _, last in ipairs { "0 0 0 0 0 CALL", "0 0 0 0 0 CALL2 POP" } do
      local function run_to(behind)
        return run("reference", start .. last .. behind, { quota = 1000000 })
      end

      assert.equal("request limit reached", run_to(" STOP").error)
      assert.equal(run_to(" POP STOP").quota_left, run_to(" STOP").quota_left)
    end
  end)

  it("fail for a size that no memory has before their price is asked", function()
    local nobody = "0x" .. ("c1"):rep(20) .. "01"
    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      for _, text in ipairs { "0x10000000000000000 0 0 0 0 CALL",
        "1 0x10000000000000000 0 0 " .. nobody .. " CALL",
        "0x10000000000000000 0 0 0 0 7 SYNCCALL" } do
        assert.equal("memory size uint64 overflow", run(rule_set, text).error, text)
      end
    end
  end)

  it("grow memory without charge by 16 MiB in all under reference", function()
    local grow = with_library "0x100000 0 0 0 0 0x100000000 SYNCCALL"
    local function after(count)
      return run("reference", (DELEGATE .. " POP "):rep(count) .. "32 0 0 0 0 7 SYNCCALL",
        { prepare = grow })
    end

    assert.is_nil(after(15).error)
    assert.equal("memory limit reached", after(16).error)
  end)

  it("end at the limit that is given", function()
    local outcome = run("vmhost-1", ("0 0 0 0 0 CALL "):rep(3), { request_limit = 2 })

    assert.equal("too many requests", outcome.error)
    assert.is_nil(run("vmhost-1", ("0 0 0 0 0 CALL "):rep(2), { request_limit = 2 }).error)
  end)
end)
