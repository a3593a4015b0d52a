-- _Info and the contracts for tests (spec/host.md 9.2, 9.6).
local chains = require "spec.support.chain"

local function text(value) return { string = value } end

local ALICE, BOB = chains.accounts[1].address, chains.accounts[2].address

for _, rule_set in ipairs(chains.RULE_SETS) do
  local function run(...)
    local chain <close> = assert(chains.open { rule_set = rule_set })
    local out
    for _, call in ipairs { ... } do out = chain:commit { failing = true, call } end
    return chains.outcome(out.receipts[1]), out
  end

  local function arguments_text(form, ...)
    local names = { bytes = "[]uint8" }
    local parts = { ... }
    for index, part in ipairs(parts) do
      parts[index] = rule_set == "reference" and names[part] or part
    end
    return form:format(table.unpack(parts))
  end

  describe("native contracts under " .. rule_set .. " #small", function()
    it("_Info is alive and knows the signer", function()
      assert.same({ "SUCCESS", "alive" }, (run { "_Info", "isAlive" }))
      assert.same({ "SUCCESS", ALICE }, (run { "_Info", "getSignerAddress" }))
    end)

    it("with an _init that does nothing let a system contract run it", function()
      for _, name in ipairs { "_Committee", "_Triggers" } do
        assert.same({ "SUCCESS" }, (run { "ProbeSystem", "callInit", text(name) }))
      end
    end)

    it("Probe knows the proposer where nobody signed", function()
      assert.same({ "SUCCESS", "" }, (run { "Probe", "proposer", signer = false }))
    end)

    it("BenchmarkContract adds, and wraps around at 64 bits", function()
      assert.same({ "SUCCESS", 9 }, (run { "BenchmarkContract", "add", 4, 5 }))
      assert.same({ "SUCCESS", 1 }, (run { "BenchmarkContract", "add", -1, 2 }))
    end)

    it("BenchmarkContract keeps a number", function()
      assert.same({ "SUCCESS", 7 },
        (run({ "BenchmarkContract", "set", 7 }, { "BenchmarkContract", "get" })))
    end)

    it("BenchmarkContract gives back every type of argument, one more", function()
      assert.same({ "SUCCESS", 2, 3, "x1", "y\1" },
        (run { "BenchmarkContract", "argTypes", { uint32 = 1 }, 2, text "x", { bytes = "y" } }))
    end)

    it("BenchmarkContract emits a birth", function()
      local _, out = run { "BenchmarkContract", "giveBirth", text "Ada" }

      local event = out.receipts[1].output_events_array[1]
      assert.equal("BabyBorn", event.event_name)
      assert.same({ { type = "string", value = "Ada" }, { type = "uint32", value = 3 } },
        event.output_argument_array)
    end)

    it("BenchmarkToken moves from the caller, the sender's record first", function()
      local outcome, out = run({ "BenchmarkToken", "transfer", 17, { bytes = BOB } })

      assert.same({ "SUCCESS" }, outcome)
      assert.same({ ALICE .. "=" .. ("<i8"):pack(9999999983), BOB .. "=" .. ("<i8"):pack(17) },
        chains.diff(out).BenchmarkToken)
    end)

    it("BenchmarkToken refuses more than there is, and names both", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "transfer of 10000000001 failed since balance is only 10000000000" },
        (run { "BenchmarkToken", "transfer", 10000000001, { bytes = BOB } }))
    end)

    it("BenchmarkToken reads amounts as unsigned", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "transfer of 18446744073709551615 failed since balance is only 10000000000" },
        (run { "BenchmarkToken", "transfer", -1, { bytes = BOB } }))
    end)

    it("BenchmarkToken refuses an address of another length", function()
      assert.same({ "ERROR_SMART_CONTRACT", "valid address length is 20 bytes, received 19 bytes" },
        (run { "BenchmarkToken", "transfer", 1, { bytes = ("a"):rep(19) } }))
    end)

    it("BenchmarkToken moves an amount to its sender", function()
      assert.same({ "SUCCESS", 10000000000 }, (run(
        { "BenchmarkToken", "transfer", 5, { bytes = ALICE } },
        { "BenchmarkToken", "getBalance", { bytes = ALICE } })))
    end)

    local WRONG = {
      { "too few", { "BenchmarkContract", "add", 1 },
        "method 'BenchmarkContract.add' takes 2 args but received less" },
      { "too many", { "BenchmarkContract", "add", 1, 2, 3 },
        "method 'BenchmarkContract.add' takes 2 args but received more" },
      { "a narrower number", { "BenchmarkContract", "add", 1, { uint32 = 2 } },
        "method 'BenchmarkContract.add' expects arg 1 to be uint64 but it has uint32" },
      { "bytes for a string", { "Probe", "writeEmit", { bytes = "x" } },
        arguments_text("method 'Probe.writeEmit' expects arg 0 to be string but it has %s",
          "bytes") },
      { "none where one is the least", { "Probe", "variadic" },
        "method 'Probe.variadic' takes at least 1 args but received less" },
      { "another type among the variadic", { "Probe", "variadic", { uint32 = 1 }, text "a", 5 },
        "method 'Probe.variadic' expects arg 2 to be string but it has uint64" },
    }

    for _, case in ipairs(WRONG) do
      it("refuse " .. case[1] .. " arguments", function()
        local outcome, out = run(case[2])

        assert.same({ "ERROR_INPUT", case[3] }, outcome)
        assert.same({}, out.state_diffs)
      end)
    end

    for count = 0, 3 do
      it("take " .. count .. " variadic arguments", function()
        local call = { "Probe", "variadic", { uint32 = 10 } }
        for _ = 1, count do call[#call + 1] = text "more" end

        assert.same({ "SUCCESS", 10 + count }, (run(call)))
      end)
    end

    it("write every type of value as the reference does", function()
      local _, out = run { "Probe", "types" }

      assert.same({ "u32=\4\3\2\1", "u64=\8\7\6\5\4\3\2\1", "bt=\1", "bf=\0", "s=hello",
        "by=\1\2\3", "b20=\1\2\3" .. ("\0"):rep(17), "b32=\1\2\3" .. ("\0"):rep(29),
        "zero=\0\0\0\0", "empty=" }, chains.diff(out).Probe)
      assert.same({ "u256=" .. ("\0"):rep(30) .. "\1\2" },
        chains.diff(select(2, run { "Probe", "bigint", 258 })).Probe)
    end)
  end)
end
