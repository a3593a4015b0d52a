-- A hotel: rooms at a price, for contracts of any chain.
local hotel, state = sdk.contract {
  state = { rooms = "uint64", price = "uint256", guests = "map(bytes20, uint64)" },

  _init = "internal write (rooms uint64, price uint256)",
  book = "external write () uint64",
  cancel = "external write (back string)",
  free = "external read () uint64",
}

function hotel._init(rooms, price)
  state.rooms, state.price = rooms, price
end

function hotel.book()
  if state.rooms == 0 then error "sold out" end
  if sdk.call_value() < state.price then error "too little" end
  local guest = sdk.caller()
  state.rooms = state.rooms - 1
  state.guests[guest] = state.guests[guest] + 1
  return state.rooms
end

-- A room is free again, and its price goes to the service that is named, on its chain.
function hotel.cancel(back)
  local guest = sdk.caller()
  if state.guests[guest] == 0 then error "not a guest" end
  state.rooms = state.rooms + 1
  state.guests[guest] = state.guests[guest] - 1
  sdk.send_with_value(state.price, nil, back, "returned()")
end

function hotel.free() return state.rooms end

return hotel
