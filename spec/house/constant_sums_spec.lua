local chains = require "spec.support.chain"
local word = require "vmhost.word"

describe("a block that a spec commits", function()
  it("cannot make a token out of nothing", function()
    local chain <close> = chains.open()
    local out = assert(chain:process { { "BenchmarkContract", "get" } })
    table.insert(out.block.state_diffs, { contract_name = "_Ledger", state_diffs = {
      { key = ("\1"):rep(20) .. "VITE TOKEN", value = word.new(5):to_bytes() } } })

    assert.error_matches(function() chain.storage:commit_state_diff(out.block) end,
      'block 1 moves the sum of token "VITE TOKEN" by 5')
  end)
end)
