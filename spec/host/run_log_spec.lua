-- What a host remembers of its runs, where a peer names their roots.
local chains = require "spec.support.chain"
local peers = require "spec.support.peer"
local players = require "spec.support.players"

local SETS <const>, MESSAGES <const> = 5, 1000

-- Seconds that the last set takes of those in which each message has a root of its own.
local function time_of(root_of)
  local services = { Ours = function() return {} end }
  local chain <close> = assert(chains.open { genesis = { services = players.services(services),
    peers = { { virtual_chain_id = peers.CHAIN, host_key = peers.KEY } } },
    processors = { LUA = players.processor(services) } })
  local peer <close> = peers.open()
  local sequence, seconds = 0, nil
  for _ = 1, SETS do
    local values, incoming = {}, {}
    for index = 1, MESSAGES do
      values[peers.out_key(sequence + index - 1)] = peer:bytes { kind = 8, sequence =
        sequence + index - 1, root = root_of(sequence + index) }
    end
    local height = peer:write(values)
    for index = 1, MESSAGES do
      incoming[index] = peer:prove(peers.out_key(sequence + index - 1), "message", height)
    end
    sequence = sequence + MESSAGES
    local set, before = chain:set { incoming = incoming }, os.clock()
    local out = assert(chain.host:process_transaction_set(set))
    seconds = os.clock() - before
    assert.equal(MESSAGES, #out.receipts)
    assert(chain.storage:commit_state_diff(out.block))
  end
  return seconds
end

describe("the memory of runs", function()
  it("takes no longer for roots that begin and end alike", function()
    local usual = time_of(function(number)
      return string.pack("<I4", number * 2654435761 % (1 << 32)) .. ("r"):rep(28)
    end)
    local alike = time_of(function(number)
      return ("r"):rep(14) .. string.pack("<I4", number) .. ("r"):rep(14)
    end)

    assert(alike < 4 * usual, ("%.3f s, and %.3f s"):format(alike, usual))
  end)
end)
