-- An auction for members of an allow-list, which is another contract. Who was outbid takes his
-- value back; the highest bid is the seller's when the time is over.
local auction, state, emit = sdk.contract {
  state = {
    seller = "bytes20",
    allow_list = "string",
    ends_at = "uint64",
    bidder = "bytes20",
    bid = "uint256",
    returns = "map(bytes20, uint256)",
    bids = "list(uint256)",
    is_closed = "bool",
  },
  events = {
    Bid = "bidder bytes20, amount uint256",
    Closed = "winner bytes20, amount uint256",
  },

  _init = "internal write (allow_list string, duration uint64)",
  bid = "external write ()",
  withdraw = "external write () uint256",
  close = "external write ()",
  highest = "external read () bidder bytes20, amount uint256",
  history = "external read () uint256[]",
}

local NANOSECONDS <const> = 1000000000

local function is_over()
  return sdk.block_time() >= state.ends_at
end

function auction._init(allow_list, duration)
  state.seller = sdk.caller()
  state.allow_list = allow_list
  state.ends_at = sdk.block_time() + duration * NANOSECONDS
end

function auction.bid()
  local bidder, amount = sdk.caller(), sdk.call_value()
  assert(not is_over(), "the auction is over")
  assert(sdk.call(state.allow_list, "is_member(bytes20)(bool)", bidder), "not on the allow-list")
  assert(amount > state.bid, "a higher bid is there")
  if state.bid > 0 then
    state.returns[state.bidder] = state.returns[state.bidder] + state.bid
  end
  state.bidder = bidder
  state.bid = amount
  state.bids[#state.bids + 1] = amount
  emit.Bid(bidder, amount)
end

function auction.withdraw()
  local caller = sdk.caller()
  local amount = state.returns[caller]
  assert(amount > 0, "nothing to withdraw")
  state.returns[caller] = nil
  sdk.transfer(caller, amount)
  return amount
end

function auction.close()
  assert(is_over(), "the auction is not over")
  assert(not state.is_closed, "it is closed")
  state.is_closed = true
  emit.Closed(state.bidder, state.bid)
  sdk.transfer(state.seller, state.bid)
end

function auction.highest()
  return state.bidder, state.bid
end

function auction.history()
  local bids = {}
  for place, amount in ipairs(state.bids) do
    bids[place] = amount
  end
  return bids
end

return auction
