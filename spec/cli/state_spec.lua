local command_line = require "spec.support.command_line"

describe("vmhost state", function()
  it("lists the contracts that have keys", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("state", "chain")

    assert.equal("_Deployments\nBenchmarkToken\n", output)
    assert.equal(0, status)
  end)

  it("lists keys and values of a contract", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("state", "chain", "BenchmarkToken")

    assert.equal(0, status)
    -- 10000000000 - 17 and 17.
    assert.equal(("  %s = 0x1100000000000000 (uint64 17)\n"
      .. "  %s = 0xefe30b5402000000 (uint64 9999999983)\n"):format(command_line.bob,
      command_line.alice), output:gsub("0x%x+", string.lower))
  end)

  it("lists those with a prefix, as text or hex, and not more than a limit", function()
    local place <close> = command_line.with_payment()

    local function state(...)
      return (place:vmhost("state", "chain", ...))
    end

    assert.equal('  Service_At_0  = "benchmarktoken"\n  Service_Count = 0x01000000 (uint32 1)\n',
      state("_Deployments", "--prefix", "Service"))
    assert.equal('  Service_At_0 = "benchmarktoken"\n',
      state("_Deployments", "--prefix", "Service", "--limit", "1"))
    assert.truthy(state("BenchmarkToken", "--prefix", "0x9ba4"):find "^  0x%x+ = 0x11")
    assert.equal("  (no keys)\n", state("BenchmarkToken", "--prefix", "0x77"))
  end)

  it("gives keys and values as JSON, and nothing for none", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("state", "chain", "BenchmarkToken", "--json", "--prefix",
      "0x9ba4")
    local none = place:vmhost("state", "chain", "Nowhere", "--json")

    assert.equal(('{"key":"%s","value":"0x1100000000000000"}\n'):format(command_line.bob), output)
    assert.equal(0, status)
    assert.equal("", none)
  end)

  for _, option in ipairs { "--prefix", "--limit", "--height" } do
    it("takes " .. option .. " with a contract only", function()
      local place <close> = command_line.with_payment()

      local output, status = place:vmhost("state", "chain", option, "1")

      assert.equal("vmhost state: --prefix, --limit and --height need a contract\n", output)
      assert.equal(2, status)
    end)
  end

  it("shows a past height", function()
    local place <close> = command_line.with_payment()
    place:send("BenchmarkToken", "transfer", "4", command_line.bob)

    local output = place:vmhost("state", "chain", "BenchmarkToken", "--prefix", "0x9ba4",
      "--height", "1")

    assert.truthy(output:find("(uint64 17)\n", 1, true))
  end)

  it("keeps five past heights, or as many as are asked for at each block", function()
    local few <close> = command_line.with_payment()
    local all <close> = command_line.with_payment()
    for _ = 1, 5 do
      few:send("BenchmarkToken", "transfer", "1", command_line.bob)
      all:send("--history", "all", "BenchmarkToken", "transfer", "1", command_line.bob)
    end

    local pruned, pruned_status = few:vmhost("state", "chain", "BenchmarkToken", "--height", "1")
    local _, kept_status = all:vmhost("state", "chain", "BenchmarkToken", "--height", "1")

    assert.equal(1, pruned_status)
    assert.truthy(pruned:find "^vmhost state: [^\n]+\n$")
    assert.equal(0, kept_status)
  end)
end)
