local command_line = require "spec.support.command_line"

local function write(place, name, content)
  local file <close> = assert(io.open(place.folder.path .. "/" .. name, "w"))
  file:write(content)
end

local function proof_file(place, key)
  local output, status = place:vmhost("proof", "chain", "BenchmarkToken", key, "--json")
  assert.equal(0, status)
  write(place, "proof.json", output)
  return output
end

describe("vmhost proof", function()
  it("shows a value with root, rules and the whole proof", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("proof", "chain", "BenchmarkToken", command_line.bob)

    assert.equal(0, status)
    assert.truthy(output:find "^proof that BenchmarkToken has 0x%x+ = 0x1100000000000000 ")
    assert.truthy(output:find "\n  root     0x%x+\n  rules    vmhost%-1\n  proof    0x%x+\n$")
  end)

  it("shows that a key has no value", function()
    local place <close> = command_line.with_payment()

    local output, status = place:vmhost("proof", "chain", "BenchmarkToken", "nobody")

    assert.equal(0, status)
    assert.truthy(output:find '^proof that BenchmarkToken has no value at "nobody"\n')
  end)

  it("proves the value of a past height", function()
    local place <close> = command_line.with_payment()
    place:send("BenchmarkToken", "transfer", "4", command_line.bob)

    local output = place:vmhost("proof", "chain", "BenchmarkToken", command_line.bob, "--height",
      "1", "--json")

    assert.truthy(output:find('"value":"0x1100000000000000"', 1, true))
  end)
end)

describe("vmhost verify", function()
  it("takes what proof printed, of a value and of an absent one, without a chain", function()
    local place <close> = command_line.with_payment()
    for _, key in ipairs { command_line.bob, "nobody" } do
      proof_file(place, key)

      local output, status = place:vmhost("verify", "proof.json")

      assert.equal(0, status)
      assert.truthy(output:find "\nverified\n$")
    end
  end)

  it("takes the parts as options", function()
    local place <close> = command_line.with_payment()
    local json = proof_file(place, command_line.bob)

    local output, status = place:vmhost("verify", "--json", "--contract", "BenchmarkToken", "--key",
      command_line.bob, "--value", "0x1100000000000000", "--root", json:match '"root":"(0x%x+)"',
      "--proof", json:match '"proof":"(0x%x+)"')

    assert.equal('{"verified":true}\n', output)
    assert.equal(0, status)
  end)

  it("exits 1 for another value, key, root or contract, and for bytes that are no proof", function()
    local place <close> = command_line.with_payment()
    proof_file(place, command_line.bob)

    for _, words in ipairs {
      { "--value", "0x1200000000000000" }, { "--value", "" }, { "--key", command_line.alice },
      { "--root", ("00"):rep(32) }, { "--contract", "BenchmarkContract" },
      { "--rule-set", "reference" }, { "--proof", "0x00" },
    } do
      local output, status = place:vmhost("verify", "proof.json", table.unpack(words))

      assert.equal(1, status, words[1])
      assert.truthy(output:find "^not verified: [^\n]+\n$", output)
    end
  end)

  for content, fault in pairs { ["{} {}"] = "more than one JSON value",
    [("["):rep(100000)] = "nested too deep", ["null"] = "no JSON object" } do
    it("exits 1 for a file with " .. fault, function()
      local place <close> = command_line.new { ["proof.json"] = content }

      local output, status = place:vmhost("verify", "proof.json")

      assert.equal("vmhost verify: proof.json: " .. fault .. "\n", output)
      assert.equal(1, status)
    end)
  end

  for name, case in pairs {
    ["a missing part"] = { { "--contract", "A" }, "--root is missing" },
    ["a root of another size"] = { { "--root", "12", "--contract", "A", "--key", "k", "--proof",
      "00" }, "root: 32 bytes expected" },
    ["digits that are no hex"] = { { "--root", "xyz" }, "root: hex digits expected" },
    ["an unknown rule set"] = { { "--root", ("00"):rep(32), "--contract", "A", "--key", "k",
      "--proof", "00", "--rule-set", "old" }, "unknown rule set 'old'" },
  } do
    it("exits 2 for " .. name, function()
      local place <close> = command_line.new()

      local output, status = place:vmhost("verify", table.unpack(case[1]))

      assert.equal("vmhost verify: " .. case[2] .. "\n", output)
      assert.equal(2, status)
    end)
  end
end)
