local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"

-- The reference node's tests use these; their order at a height follows from SHA-256 of it.
local MEMBERS = {}
for index = 1, 4 do MEMBERS[index] = string.char(index):rep(20) end

-- The order by hand (spec/host.md 9.5): `weights` are 2^(4 - reputation).
local function expected_order(height, weights)
  local remaining, total = { table.unpack(weights) }, 0
  for _, weight in ipairs(weights) do total = total + weight end
  local random, order = ("<I8"):pack(height), {}
  for _ = 1, #weights do
    random = crypto.sha256(random)
    local ticket = ("<I4"):unpack(random, 29) % total + 1
    local index = 0
    repeat
      index = index + 1
      ticket = ticket - remaining[index]
    until ticket <= 0
    order[#order + 1] = MEMBERS[index]
    total, remaining[index] = total - remaining[index], 0
  end
  return order
end

local function open(rule_set, committee)
  return assert(chains.open { rule_set = rule_set, committee = committee or MEMBERS })
end

-- Closes the next block by the member of that place in the order, or by an address.
local function close_block(chain, place, weights)
  local height = chain.storage:last_committed_block_info().height + 1
  local proposer = type(place) == "string" and place
    or expected_order(height, weights or { 16, 16, 16, 16 })[place]
  local out = assert(chain:process { { "_Triggers", "trigger", signer = false },
    proposer = proposer })
  assert(chain.storage:commit_state_diff(out.block))
  return out, height
end

local function events_of(receipt)
  local events = {}
  for index, event in ipairs(receipt.output_events_array) do
    events[index] = { event.event_name, event.output_argument_array[1].value }
  end
  return events
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("_Committee under " .. rule_set .. " #small", function()
    local function ask(chain, height, method, arguments)
      local out = chain.host:call_system_contract { height = height, prev_reference_time = 1,
        contract_name = "_Committee", method_name = method, input_arguments = arguments }
      return chains.values(out.output_arguments)
    end

    it("orders its members by the height", function()
      local chain <close> = open(rule_set)

      for height = 0, 1 do
        assert.same({ expected_order(height, { 16, 16, 16, 16 }) },
          ask(chain, height, "getOrderedCommittee"))
      end
    end)

    it("of nobody is empty", function()
      local chain <close> = open(rule_set, {})

      assert.same({ {} }, ask(chain, 1, "getOrderedCommittee"))
      assert.same({ {}, {} }, ask(chain, 1, "getAllCommitteeMisses"))
    end)

    it("counts a miss for those before the proposer, and clears the proposer", function()
      local chain <close> = open(rule_set)

      local out, height = close_block(chain, 3)

      local order = expected_order(height, { 16, 16, 16, 16 })
      assert.same({ "SUCCESS" }, chains.outcome(out.receipts[1]))
      assert.same({ { "CommitteeMemberMissed", order[1] }, { "CommitteeMemberMissed", order[2] },
        { "CommitteeMemberClosedBlock", order[3] } }, events_of(out.receipts[1]))
      -- Keys in the order of the committee: their reputations were read before.
      local lines = {
        ("Address_%s_Misses=\1\0\0\0"):format(crypto.hex(order[1])),
        ("Address_%s_Misses=\1\0\0\0"):format(crypto.hex(order[2])),
        ("Address_%s_Misses="):format(crypto.hex(order[3])),
      }
      table.sort(lines)
      assert.same(lines, chains.diff(out)._Committee)
      assert.same({ 1 }, ask(chain, 2, "getMisses", { { bytes = order[1] } }))
      assert.same({ 0 }, ask(chain, 2, "getMisses", { { bytes = order[3] } }))
    end)

    it("tolerates two misses; six are as bad as it gets", function()
      local chain <close> = open(rule_set, { MEMBERS[1], MEMBERS[2] })
      -- A contract that writes misses does not exist: they are committed as they would be.
      local function reputation_after(misses)
        local height = chain.storage:last_committed_block_info().height + 1
        assert(chain.storage:commit_state_diff { height = height, state_diffs = {
          { contract_name = "_Committee", state_diffs = { {
            key = ("Address_%s_Misses"):format(crypto.hex(MEMBERS[1])),
            value = ("<I4"):pack(misses) } } } } })
        return ask(chain, height + 1, "getReputation", { { bytes = MEMBERS[1] } })[1]
      end

      local reputations = {}
      for misses = 0, 8 do reputations[misses + 1] = reputation_after(misses) end

      assert.same({ 0, 0, 0, 1, 2, 3, 4, 4, 4 }, reputations)
      assert.same({ { MEMBERS[1], MEMBERS[2] }, { 4, 0 } },
        ask(chain, 10, "getAllCommitteeReputations"))
      assert.same({ { MEMBERS[1], MEMBERS[2] }, { 8, 0 } },
        ask(chain, 10, "getAllCommitteeMisses"))
    end)

    it("lets those who missed come later", function()
      local chain <close> = open(rule_set)
      assert(chain.storage:commit_state_diff { height = 1, state_diffs = {
        { contract_name = "_Committee", state_diffs = { {
          key = ("Address_%s_Misses"):format(crypto.hex(MEMBERS[2])),
          value = "\9\0\0\0" } } } } })

      assert.same({ expected_order(2, { 16, 1, 16, 16 }) }, ask(chain, 2, "getOrderedCommittee"))
    end)

    it("clears members that the next committee does not have", function()
      -- The block's own reference time, 1600000001, gives the next committee.
      local chain <close> = open(rule_set, function(reference_time)
        return reference_time >= 1600000001 and { MEMBERS[1], MEMBERS[2], MEMBERS[3] } or MEMBERS
      end)

      local out, height = close_block(chain, 1)

      assert.same({
        { "CommitteeMemberClosedBlock", expected_order(height, { 16, 16, 16, 16 })[1] },
        { "CommitteeMemberLeavesNextBlock", MEMBERS[4] },
      }, events_of(out.receipts[1]))
    end)

    it("refuses a proposer that is no member", function()
      local chain <close> = open(rule_set)

      local out = close_block(chain, ("x"):rep(20))

      assert.same({ "ERROR_SMART_CONTRACT", "block proposer address from " .. ("78"):rep(20)
        .. " was not found in committee of block height 1" }, chains.outcome(out.receipts[1]))
      assert.same({}, out.receipts[1].output_events_array)
    end)

    it("is updated by _Triggers alone", function()
      local chain <close> = open(rule_set)

      local out = assert(chain:process { { "_Committee", "updateMisses", signer = false },
        proposer = MEMBERS[1] })

      assert.same({ "ERROR_SMART_CONTRACT", "must be called from _Triggers contract only" },
        chains.outcome(out.receipts[1]))
    end)

    it("does not tell a signed trigger who the proposer is", function()
      local chain <close> = open(rule_set)

      local out = assert(chain:process { { "_Triggers", "trigger" }, proposer = MEMBERS[1] })

      assert.same({ "ERROR_SMART_CONTRACT", "invalid call to SDK env getBlockProposerAddress can "
        .. "only be called by system contract" }, chains.outcome(out.receipts[1]))
    end)
  end)
end
