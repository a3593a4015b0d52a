local run_example = require "spec.support.run_example"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("examples/tour.lua", function()
  it("prints what the golden file holds", function()
    local output, status = run_example(nil, "examples/tour.lua")

    assert.equal(read "spec/examples/tour.golden", output)
    assert.equal(0, status)
  end)

  it("prints the same from another folder", function()
    local output, status = run_example("/", "examples/tour.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/tour.golden", output)
  end)

  it("runs transactions that the vectors hold, unchanged", function()
    local json = require "dkjson"
    local by_name = {}
    for _, case in ipairs(json.decode(read "spec/vectors/orbs/transactions.json").cases) do
      by_name[case.name] = case
    end

    local sample = json.decode(read "examples/data/client_transactions.json").transactions

    assert.equal(6, #sample)
    for _, transaction in ipairs(sample) do
      local case = by_name[transaction.name]
      assert.equal(42, case.input.virtual_chain_id)
      assert.equal(case.signed_transaction_hex, transaction.signed_transaction)
      assert.equal(case.input.public_key, transaction.public_key)
    end
  end)
end)

describe("examples/token.lua", function()
  it("prints a receipt, a balance, a root and a proof", function()
    local output, status = run_example(nil, "examples/token.lua")

    assert.equal(0, status)
    assert.matches("^SUCCESS  0x%x+\nbob owns 17\nstate root 0x%x+\nproved: true\n$", output)
  end)
end)

describe("examples/proofs.lua", function()
  it("verifies three proofs and refuses one against another root", function()
    local output, status = run_example(nil, "examples/proofs.lua")

    assert.equal(0, status)
    local _, count = output:gsub("verified: true\n", "")
    assert.equal(3, count)
    assert.matches("\nagainst the last root: nil\nbad_proof: [^\n]+\n$", output)
  end)
end)

describe("examples/scripted_processor.lua", function()
  it("shows each seam at work", function()
    local output, status = run_example(nil, "examples/scripted_processor.lua")

    assert.equal(0, status)
    assert.matches("\nA call\n  write Vault 0x%x+ = 0x05%x+ %(uint64 5%)\nSUCCESS", output)
    assert.matches('output   string "not stored: nothing to put"\n', output)
    assert.matches("\nThe connector\n1234567\n", output)
    assert.matches("\nParrot%.hello\n$", output)
  end)
end)
