assert(_VERSION == "Lua 5.4")
local bytecode = require "spec.support.bytecode"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local run, number = bytecode.run, bytecode.number
local CONTRACT, USER = bytecode.contract(0xc0), bytecode.user(0x05)
local ONES = ("\xff"):rep(32)

local function value_of(text, options)
  local outcome = run(text .. bytecode.RETURN_TOP, options)
  assert.is_nil(outcome.error)
  return outcome.output
end

-- The top plus 10 where the condition jumps, plus 20 where it does not.
local function value_behind_jump(condition)
  local stay = " 20 ADD" .. bytecode.RETURN_TOP
  local destination = #bytecode.assemble(condition) + 3 + #bytecode.assemble(stay)

  return value_of(condition .. " " .. destination .. " JUMPI" .. stay .. " JUMPDEST 10 ADD")
end

describe("a run of Vite bytecode", function()
  it("sees the hash of its request, and height and hash of the account's last block", function()
    local hash, previous = ("\x11"):rep(32), ("\x22"):rep(32)
    local options = {
      request = { to = CONTRACT, hash = hash },
      prepare = function(world) world:set_place(CONTRACT, 41, previous) end,
    }

    assert.equal(hash, value_of("FROMHASH", options))
    assert.equal(number(41), value_of("ACCOUNTHEIGHT", options))
    assert.equal(previous, value_of("PREVHASH", options))
  end)

  it("sees 0 where the account has no block yet", function()
    assert.equal(number(0), value_of "ACCOUNTHEIGHT")
    assert.equal(number(0), value_of "PREVHASH")
  end)

  it("tells who sent what to whom", function()
    local request = { from = USER, to = CONTRACT, amount = 7, token = "ABCDEFGHIJ", data = "abcd" }
    local options = { request = request, height = 5, time = 6, seed = 9 }

    assert.equal(("\0"):rep(11) .. CONTRACT, value_of("ADDRESS", options))
    assert.equal(("\0"):rep(11) .. USER, value_of("CALLER", options))
    assert.equal(number(7), value_of("CALLVALUE", options))
    assert.equal(("\0"):rep(22) .. "ABCDEFGHIJ", value_of("TOKENID", options))
    assert.equal(number(4), value_of("CALLDATASIZE", options))
    assert.equal("abcd" .. ("\0"):rep(28), value_of("0 CALLDATALOAD", options))
    assert.equal(number(5), value_of("HEIGHT", options))
    assert.equal(number(6), value_of("TIMESTAMP", options))
    assert.equal(number(9), value_of("SEED", options))
  end)

  it("draws other random numbers each time, the same in each run", function()
    local first, again = value_of("RANDOM", { seed = 1 }), value_of("RANDOM", { seed = 1 })
    local second = value_of("RANDOM POP RANDOM", { seed = 1 })

    assert.equal(first, again)
    assert.not_equal(first, second)
  end)

  it("shifts zero and negative values right by 256 and more to all ones", function()
    assert.equal(ONES, value_of "0 256 SAR")
    assert.equal(ONES, value_of("0x" .. ("f"):rep(64) .. " 300 SAR"))
    assert.equal(number(0), value_of "5 256 SAR")
    assert.equal(number(0), value_of "0 255 SAR")
  end)

  it("subtracts the second item from the top, also behind SWAP1", function()
    assert.equal(number(3), value_of "4 7 SUB")
    assert.equal(number(3), value_of "7 4 SWAP1 SUB")
    assert.equal(number(3), value_of "4 0 ADD 7 SUB")
  end)

  it("gives the same for constants and for what stands on the stack", function()
    for name, expected in pairs {
      ADD = "11", MUL = "24", SUB = word.new(0) - word.new(5), AND = "0", EQ = "0", LT = "1",
      GT = "0", SHL = "64", SHR = "1",
    } do
      local plain = value_of("8 0 ADD 3 0 ADD " .. name)

      assert.equal(number(expected), plain, name)
      assert.equal(plain, value_of("8 3 " .. name), name)
      assert.equal(plain, value_of("3 8 DUP2 " .. name), name)
    end
  end)

  it("jumps where a comparison with a copy holds, or does not, and keeps the item", function()
    for _, case in ipairs {
      { "3 8", "LT", 3, true }, { "8 3", "LT", 8, false }, { "3 3", "LT", 3, false },
      { "8 3", "GT", 8, true }, { "3 8", "GT", 3, false }, { "3 3", "GT", 3, false },
    } do
      local items, comparison, kept, holds = table.unpack(case)
      local condition = items .. " DUP2 " .. comparison

      assert.equal(number(kept + (holds and 10 or 20)), value_behind_jump(condition), condition)
      assert.equal(number(kept + (holds and 20 or 10)),
        value_behind_jump(condition .. " ISZERO"), condition .. " ISZERO")
    end
  end)

  it("drops items one after the other, and below the top", function()
    assert.equal(number(1), value_of "1 2 3 4 5 POP POP POP POP")
    assert.equal(number(5), value_of "1 2 3 4 5 SWAP1 POP")
    assert.equal(number(3), value_of "1 2 3 4 5 SWAP1 POP POP")
    assert.equal(number(4), value_of "1 2 3 4 5 SWAP2 POP")
    assert.equal(number(5), value_of "1 2 3 4 5 SWAP2 POP POP")
    assert.equal(number(2), value_of "1 2 3 4 5 SWAP4 POP POP POP")
    assert.equal("stack underflow", run("1 2 POP POP POP").error)
  end)

  it("ignores a wrong destination of JUMPI when it does not jump", function()
    assert.equal("stop", run("0 1000 JUMPI STOP").ended)
    assert.equal("invalid jump destination", run("1 1000 JUMPI STOP").error)
  end)

  it("does not jump into the operand of a PUSH", function()
    assert.equal("invalid jump destination", run("4 JUMP x:605b STOP").error)
  end)

  it("does not grow memory for an empty range, wherever that lies", function()
    local outcome = run("0 0x" .. ("f"):rep(64) .. " SHA3 POP MSIZE" .. bytecode.RETURN_TOP)

    assert.equal(number(0), outcome.output)
  end)

  it("refuses offsets that no memory has", function()
    local far = "0x" .. ("f"):rep(16)

    assert.equal("memory size uint64 overflow", run(far .. " MLOAD").error)
    assert.equal("memory size uint64 overflow", run("0x1" .. ("0"):rep(16) .. " MLOAD").error)
    assert.equal("gas uint64 overflow", run("0x10000000000 MLOAD").error)
    assert.equal("out of quota", run("0xffffffff MLOAD").error)
  end)

  it("refuses offsets that no memory has before it runs out of quota", function()
    for instruction, cost in pairs {
      MLOAD = 1, ["1 SWAP1 MSTORE"] = 4, ["1 SWAP1 MSTORE8"] = 4, ["32 SWAP1 SHA3"] = 4,
      ["32 SWAP1 LOG0"] = 4, ["32 SWAP1 0 SWAP1 CALLDATACOPY"] = 7,
    } do
      local far, out_of_reach = "0x" .. ("f"):rep(16) .. " ", "0x10000000000 "

      local outcome = run(far .. instruction, { quota = cost })
      assert.equal("memory size uint64 overflow", outcome.error, instruction)
      assert.equal(0, outcome.quota_left)
      assert.equal("gas uint64 overflow", run(out_of_reach .. instruction, { quota = cost }).error)
      assert.equal("out of quota", run("0 " .. instruction, { quota = cost }).error)
    end
  end)

  it("keeps the quota of what was not run when an instruction in the middle fails", function()
    -- 1 + 1 + 1 + 1 + 3 for the copy that fails; nothing for the twenty behind it.
    local outcome = run("1 0 0 RETURNDATACOPY" .. (" 0"):rep(20), { quota = 1000 })

    assert.equal("vm: return data out of bounds", outcome.error)
    -- three PUSH, the copy, a word of memory and a word copied
    assert.equal(1000 - 3 - 3 - 1 - 3, outcome.quota_left)
  end)

  it("fails to copy from an answer that is too short for an id", function()
    local request = { kind = 9, to = CONTRACT, data = "abc" }

    assert.equal("bad calldata of a callback, the length is less than 4",
      run("1 0 0 RETURNDATACOPY", { request = request }).error)
    assert.is_nil(run("RETURNDATASIZE", { request = request }).error)
  end)

  it("does not charge an instruction whose size makes no sense", function()
    local outcome = run("1 1 ADD POP 0x" .. ("f"):rep(16) .. " MLOAD" .. (" 0"):rep(20),
      { quota = 1000 })

    assert.equal("memory size uint64 overflow", outcome.error)
    assert.equal(1000 - 1 - 1 - 2 - 1 - 1, outcome.quota_left)
  end)

  it("goes on where the credit of an SSTORE pays for what follows", function()
    -- Writing and undoing gives back 14,600 of 15,000.
    local code = "1 0 SSTORE 0 0 SSTORE" .. (" 1 POP"):rep(100)
    local cost = 4 + 15000 - 14600 + 200

    assert.equal(0, run(code, { quota = cost }).quota_left)
    assert.is_nil(run(code, { quota = 15004 }).error)
    assert.equal("out of quota", run(code, { quota = 15001 }).error)
  end)

  it("refuses the 101st key that SSTORE names", function()
    local parts = {}
    for key = 1, 101 do parts[key] = ("0 %d SSTORE"):format(key) end

    assert.equal("contract storage modify count limit reached",
      run(table.concat(parts, " ")).error)
    assert.is_nil(run(table.concat(parts, " ", 1, 100)).error)
    assert.is_nil(run(table.concat(parts, " "), { fork = 5 }).error)
  end)

  it("drops what it wrote, logged and sent when it fails", function()
    local outcome = run("1 0 SSTORE 0 0 LOG0 0 0 0 0 0 CALL x:fe", { commit = true })

    assert.equal("invalid opcode", outcome.error)
    assert.same({}, outcome.storage)
    assert.same({}, outcome.logs)
    assert.same({}, outcome.triggered)
  end)

  it("answers nobody in a query", function()
    local call = vite_core.encode_metadata { type = 1, referrer = ("r"):rep(32), callback_id = 1,
      stack = {}, memory = "", call_data = "" }

    for _, rule_set in ipairs { "reference", "vmhost-1" } do
      for query, answers in pairs { [false] = 1, [true] = 0 } do
        local outcome = run("1 0 RETURN", { rule_set = rule_set, metadata = true, query = query,
          request = { from = USER, to = CONTRACT, data = call } })

        assert.equal("\0", outcome.output)
        assert.equal(answers, #outcome.triggered)
      end
    end
  end)

  it("pushes the hash that the request of CALL2 will have", function()
    local outcome = run("0 0 0 0 0 CALL2" .. bytecode.RETURN_TOP, { request = { to = CONTRACT } })

    assert.equal(vite_core.triggered_hash {
      kind = 2, from = CONTRACT, to = ("\0"):rep(21), token = ("\0"):rep(10), amount = 0,
      data = "", host_height = 1, host_previous_hash = ("\0"):rep(32), index = 0,
    }, outcome.output)
  end)
end)

-- A library at `address` whose code is `text`, and a call of it that leaves its flag and data.
local LIBRARY = bytecode.contract(0x11)
local function with_library(text)
  return function(world)
    world:set_contract(LIBRARY, { code = "\1" .. bytecode.assemble(text) })
  end
end
local DELEGATE = "0 0 0 0 0x" .. ("11"):rep(20) .. "01 DELEGATECALL"

describe("DELEGATECALL", function()
  it("runs other code on the storage, request and account of the caller", function()
    local outcome = run(DELEGATE, {
      request = { from = USER, to = CONTRACT, amount = 3 }, commit = true,
      prepare = with_library "ADDRESS 1 SSTORE CALLER 2 SSTORE CALLVALUE 3 SSTORE",
    })

    assert.same({ [number(1)] = CONTRACT, [number(2)] = USER, [number(3)] = "\3" },
      outcome.storage)
  end)

  for rule_set, left in pairs { reference = true, ["vmhost-1"] = true } do
    it("undoes storage, logs and requests of a failed frame under " .. rule_set, function()
      local outcome = run("1 1 SSTORE " .. DELEGATE .. bytecode.RETURN_TOP, {
        rule_set = rule_set, commit = left, request = { to = CONTRACT },
        prepare = with_library "2 1 SSTORE 2 2 SSTORE 0 0 LOG0 0 0 0 0 0 CALL x:fe",
      })

      assert.equal(number(0), outcome.output)
      assert.same({ [number(1)] = "\1" }, outcome.storage)
      assert.same({}, outcome.logs)
      assert.same({}, outcome.triggered)
    end)
  end

  it("gives the data of REVERT and 0", function()
    local outcome = run(DELEGATE .. " RETURNDATASIZE ADD" .. bytecode.RETURN_TOP,
      { prepare = with_library "5 0 REVERT" })

    assert.equal(number(5), outcome.output)
  end)

  it("is a success where there is no code", function()
    assert.equal(number(1), value_of(DELEGATE))
  end)

  it("fails the run where its ranges are not in memory", function()
    assert.equal("memory out of bounds", run("0 0 32 0 0 DELEGATECALL").error)
    assert.equal("memory out of bounds", run("32 0 0 0 0 DELEGATECALL").error)
  end)

  it("of itself without end fails at the deepest frame alone", function()
    local outcome = run(DELEGATE .. bytecode.RETURN_TOP, {
      frame_limit = 5, prepare = with_library(DELEGATE .. " 0 SLOAD 1 ADD 0 SSTORE"),
      commit = true,
    })

    assert.equal(number(1), outcome.output)
    assert.same({ [number(0)] = "\5" }, outcome.storage)
  end)

  it("reaches the code of 64 accounts in one run and no more", function()
    local calls = {}
    for index = 1, 65 do
      calls[index] = ("0 0 0 0 %d DELEGATECALL 0 SLOAD ADD 0 SSTORE"):format(index)
    end
    local outcome = run(table.concat(calls, " "), { commit = true })

    assert.same({ [number(0)] = "\64" }, outcome.storage)
  end)
end)

describe("a machine", function()
  it("reads a code once for 1,000 runs, and allocates nothing after the first", function()
    local world <close> = vite_core.world()
    world:set_contract(CONTRACT, { code = "\1" .. bytecode.assemble(
      "1 0 SSTORE 0 SLOAD 4096 MSTORE 64 4096 LOG0 0 0 0 0 0 CALL 32 4096 RETURN") })
    world:run { request = { to = CONTRACT } }
    local before = world:counters()

    world:run { request = { to = CONTRACT }, times = 1000 }

    assert.same({ analyses = 1, allocations = before.allocations }, world:counters())
  end)

  it("reads a code anew where it reads differently", function()
    local world <close> = vite_core.world()
    world:set_contract(CONTRACT, { code = "\1\0" })

    world:run { request = { to = CONTRACT } }
    world:run { request = { to = CONTRACT }, query = true }

    assert.equal(2, world:counters().analyses)
  end)

  it("refuses to be used once it is closed", function()
    local world = vite_core.world()
    world:close()
    world:close()

    assert.has_error(function() world:counters() end, "vmhost.ViteWorld is closed")
  end)

  it("refuses what it cannot run, by name", function()
    local world <close> = vite_core.world()

    assert.error_matches(function() world:run() end,
      "run: expected table, got no value", 1, true)
    for message, given in pairs {
      ["run.request: expected table, got nil"] = { code = "\0" },
      ["run.request: expected table, got number 3"] = { request = 3 },
      ["run.request: unknown key 'too' (known: kind, from, to, token, amount, fee, data, hash)"] =
        { request = { too = CONTRACT } },
      ["run.request.to: expected address, got nil"] = { request = { kind = 2 } },
      ["run.request.to: address expected 21 bytes, got 3"] = { request = { to = "abc" } },
      ["run.request.kind: no kind of request: 99"] = { request = { to = CONTRACT, kind = 99 } },
      ["run.quota: expected uint64, got boolean"] = { request = { to = CONTRACT }, quota = true },
    } do
      assert.error_matches(function() world:run(given) end, message, 1, true)
    end
  end)
end)
