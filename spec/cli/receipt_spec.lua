local command_line = require "spec.support.command_line"

describe("vmhost receipt", function()
  it("finds a receipt by the hash and by the id of its transaction", function()
    local place <close> = command_line.new()
    place:init()
    local sent = place:send("--timestamp", command_line.first_time, "BenchmarkContract", "add", "1",
      "2")
    local hash = sent:match "0x(%x+)"

    local by_hash, status = place:vmhost("receipt", "chain", "0x" .. hash)
    -- An id is the time, 8 bytes little-endian, and the hash: 1600000001000000000.
    local by_id = place:vmhost("receipt", "chain", "00caf3ac85573416" .. hash)

    assert.equal(0, status)
    assert.equal(("SUCCESS  0x%s\n  output   uint64 3\n  block    1, receipt 1\n"):format(hash),
      by_hash)
    assert.equal(by_hash, by_id)
  end)

  it("tells a hash that is not there from one that cannot be", function()
    local place <close> = command_line.with_payment()

    local absent, absent_status = place:vmhost("receipt", "chain", ("00"):rep(32))
    local wrong, wrong_status = place:vmhost("receipt", "chain", "1234")

    assert.truthy(absent:find "^vmhost receipt: no [^\n]+\n$", absent)
    assert.equal(1, absent_status)
    assert.equal("vmhost receipt: '1234' is neither 32 bytes (hash) nor 40 bytes (id) in hex\n",
      wrong)
    assert.equal(2, wrong_status)
  end)
end)
