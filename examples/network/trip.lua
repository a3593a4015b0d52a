-- A trip: a room in one town, then one in another, or none at all. The towns are on chains of their
-- own: a call waits until the other chain has answered.
local trip, state = sdk.contract {
  state = { booked = "uint64", back = "uint256" },

  book = "external write (first string, second string, price uint64) string",
  returned = "external write ()",
  status = "external read () uint64, uint256",
}

function trip.book(first, second, price)
  sdk.await_with_value(price, nil, first, "book()(uint64)")
  local good, text = pcall(sdk.await_with_value, price, nil, second, "book()(uint64)")
  if good then
    state.booked = state.booked + 1
    return "booked"
  end
  -- The price of the second room is back already; that of the first one comes by a message.
  sdk.send(first, "cancel(string)", "trip@" .. sdk.chain_id())
  return "no trip: " .. text
end

function trip.returned() state.back = state.back + sdk.call_value() end

function trip.status() return state.booked, state.back end

return trip
