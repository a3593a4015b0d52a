assert(_VERSION == "Lua 5.4")
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local players = require "spec.support.players"

local services = {
  Asker = function(sdk, call)
    if call.resume then return {} end
    return sdk.suspend("Doubler", "twice", { 21 }, 30, "kept")
  end,
  Doubler = function(_, call) return { call.input_arguments[1].value * 2 } end,
}

local function records(chain)
  return chain.storage:keys("Asker", { prefix = "\0vmhost\0suspended" })
end

-- A chain in which Asker waits and its answer lies in the mailbox: one message runs in a set.
local function open_waiting()
  local fields = { services = players.services(services), limits = { messages_per_set = 1 },
    issues = { { to = require "vmhost.crypto".address_of_contract "Asker", token = players.TOKEN,
      amount = 100 } } }
  local chain = assert(chains.open { genesis = fields,
    processors = { LUA = players.processor(services) } })
  local out = chain:commit { { "Asker", "go" } }
  return chain, records(chain)[1], out
end

-- Puts other bytes into the place of a record.
local function write(chain, key, value)
  local height = chain.storage:last_committed_block_info().height + 1
  assert(chain.storage:commit_state_diff {
    height = height, timestamp = chains.time(height), block_proposer = "", reference_time = 0,
    transactions = {}, receipts = {},
    state_diffs = { { contract_name = "Asker", state_diffs = { { key = key, value = value } } } },
  })
end

describe("the record of a suspended run #small", function()
  it("holds the call and what the first run answers to, field by field", function()
    local _ <close>, record, out = open_waiting()
    local fields = { string.unpack("<!4 I4 I2 s4 I4 s4 s4 Xi4 c32 I8 I8 I2 Xi4 c32 c32 I4 s4 "
      .. "Xi4 c20 s4 s4 s4", record.value) }

    -- The gas: 50,000,000 less 28 for each of the 12 bytes of the argument and the 4 that are kept,
    -- of which a million stays here.
    local packed = codec.pack_arguments { 21 }
    local gas = 50000000 - 28 * (#packed + #"kept")
    local id = out.receipts[1].message_id
    assert.same({ 1, 3, "kept", 42, "Doubler", players.TOKEN, ("\0"):rep(31) .. "\30",
      gas - 1000000, 1000000, 0, id, id, 0, "", chains.accounts[1].address, "go", "", "" },
      table.move(fields, 1, #fields - 1, 1, {}))
    assert.equal(#record.value + 1, fields[#fields])
    assert.equal(out.receipts[2].message_id, record.key:sub(-32))
  end)

  it("is a corrupt store when it is cut at any byte", function()
    local chain <close>, record = open_waiting()

    for size = 1, #record.value - 1 do
      write(chain, record.key, record.value:sub(1, size))
      local out, message, code = chain:process {}

      assert.is_nil(out)
      assert.equal("store_corrupt", code)
      assert.truthy(message:find("suspended run", 1, true))
    end
  end)

  for name, change in pairs {
    ["has a byte behind its end"] = function(value) return value .. "\0" end,
    ["is of another version"] = function(value) return "\2" .. value:sub(2) end,
    ["has padding that is not zero"] = function(value)
      return value:sub(1, 6) .. "\1" .. value:sub(8)
    end,
  } do
    it("is a corrupt store when it " .. name, function()
      local chain <close>, record = open_waiting()
      write(chain, record.key, change(record.value))

      local out, _, code = chain:process {}

      assert.is_nil(out)
      assert.equal("store_corrupt", code)
    end)
  end

  it("lets the run go on when it is as it was written, and ends with it", function()
    local chain <close>, record = open_waiting()
    write(chain, record.key, "\1")
    write(chain, record.key, record.value)

    local out = chain:commit {}

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.same({}, records(chain))
  end)
end)
