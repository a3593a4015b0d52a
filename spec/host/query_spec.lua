local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"

local COUNTER = {}

function COUNTER.set(sdk, value) sdk.state.write_uint64("value", value) end

function COUNTER.look(sdk)
  return sdk.state.read_uint64 "value", sdk.env.block_height(), sdk.env.block_timestamp()
end

function COUNTER.committee(sdk) return { ["bytes[]"] = sdk.env.block_committee() } end
function COUNTER.proposer(sdk) return { bytes = sdk.env.block_proposer() } end

local function open(rule_set, further)
  local given = { rule_set = rule_set, contracts = { Counter = COUNTER },
    storage = { history = 3 } }
  for name, value in pairs(further or {}) do given[name] = value end
  return assert(chains.open(given))
end

-- Blocks 1 to 5; block n sets the value to 10 n.
local function chain_of_five(rule_set, further)
  local chain = open(rule_set, further)
  for height = 1, 5 do
    chain:commit { proposer = string.char(height):rep(20), { "Counter", "set", 10 * height } }
  end
  return chain
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("process_query under " .. rule_set .. " #small", function()
    it("shows the last committed block and names it", function()
      local chain <close> = chain_of_five(rule_set)

      local result, failure = chain:query { "Counter", "look" }

      assert.is_nil(failure)
      assert.same({ 50, 5, chains.time(5) }, chains.values(result.output_arguments))
      assert.equal(5, result.reference_height)
      assert.equal(chains.time(5), result.reference_timestamp)
      assert.equal(0, result.code)
    end)

    it("shows a past block that is kept, and names that one", function()
      local chain <close> = chain_of_five(rule_set)

      local result = chain:query { "Counter", "look", height = 3 }

      assert.same({ 30, 3, chains.time(3) }, chains.values(result.output_arguments))
      assert.equal(3, result.reference_height)
      assert.equal(chains.time(3), result.reference_timestamp)
    end)

    for _, height in ipairs { 2, 6 } do
      it("refuses height " .. height .. " of five with three kept, and names the last", function()
        local chain <close> = chain_of_five(rule_set)

        local result, failure = chain:query { "Counter", "look", height = height }

        assert.equal("ERROR_INPUT", result.execution_result)
        assert.same({}, result.output_arguments)
        assert.equal("", result.output_argument_bytes)
        assert.equal(5, result.reference_height)
        assert.equal(chains.time(5), result.reference_timestamp)
        assert.truthy(failure:find("height " .. height, 1, true))
      end)
    end

    it("names the last block when the service is missing", function()
      local chain <close> = chain_of_five(rule_set)

      local result, failure = chain:query { "Nobody", "look" }

      assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", result.execution_result)
      assert.equal("contract not deployed", failure)
      assert.equal("", result.output_argument_bytes)
      assert.equal(5, result.reference_height)
    end)

    it("shows the committee by the reference time of the past block", function()
      local chain <close> = chain_of_five(rule_set, {
        committee = function(reference_time) return { ("<I4"):pack(reference_time) } end })

      local last = chain:query { "Counter", "committee" }
      local past = chain:query { "Counter", "committee", height = 4 }

      -- By the previous reference time: that of the block before.
      assert.same({ { ("<I4"):pack(1600000004) } }, chains.values(last.output_arguments))
      assert.same({ { ("<I4"):pack(1600000003) } }, chains.values(past.output_arguments))
    end)

    it("shows the proposer to an unsigned query", function()
      local chain <close> = chain_of_five(rule_set)

      local result = chain:query { "Counter", "proposer", signer = false }

      assert.same({ ("\5"):rep(20) }, chains.values(result.output_arguments))
    end)

    it("does not look at the signature", function()
      local chain <close> = chain_of_five(rule_set)
      local query = chain:sign { "Counter", "look" }.transaction

      local result = chain.host:process_query { signed_query = codec.encode("SignedQuery",
        { query = query, signature = "wrong" }) }

      assert.equal("SUCCESS", result.execution_result)
    end)

    it("takes the fields of a signed query as a table", function()
      local chain <close> = chain_of_five(rule_set)
      local query = chain:sign { "Counter", "look" }.transaction

      local result = chain.host:process_query { signed_query = { query = query, signature = "" } }

      assert.equal("SUCCESS", result.execution_result)
    end)

    it("commits nothing and changes no root", function()
      local chain <close> = chain_of_five(rule_set)
      local root = chain.storage:state_hash()

      chain:query { "Counter", "set", 1 }

      assert.equal(crypto.hex(root), crypto.hex(chain.storage:state_hash()))
      assert.same({ 50 }, { chain:query { "Counter", "look" }.output_arguments[1].value })
    end)

    it("works on the genesis", function()
      local chain <close> = open(rule_set)

      local result = chain:query { "Counter", "look" }

      assert.same({ 0, 0, 0 }, chains.values(result.output_arguments))
      assert.equal(0, result.reference_height)
    end)
  end)
end

describe("a malformed query", function()
  local function bytes_of(chain)
    local query = chain:sign { "Counter", "look" }.transaction
    return codec.encode("SignedQuery", { query = query, signature = "" })
  end

  it("is a failure of the host under vmhost-1", function()
    local chain <close> = chain_of_five "vmhost-1"

    local result, message, code = chain.host:process_query { signed_query = bytes_of(chain) .. "x" }

    assert.is_nil(result)
    assert.equal("malformed", code)
    assert.truthy(message:find "^signed query: ")
  end)

  it("is read as it can be under reference", function()
    local chain <close> = chain_of_five "reference"

    local result = chain.host:process_query { signed_query = bytes_of(chain) .. "x" }

    assert.equal("SUCCESS", result.execution_result)
  end)
end)
