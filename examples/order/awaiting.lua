-- An order as one method that waits: reserve, charge, and undo where that fails.
local shop, state = sdk.contract {
  state  = { status = "list(string)" },
  order  = "external write (item string, count uint64, price uint64) uint64",
  status = "external read (number uint64) string",
}

function shop.order(item, count, price)
  -- What others may ask for meanwhile is written before the first await.
  local number = #state.status + 1
  state.status[number] = "open"

  local good, text = pcall(sdk.await, "stock", "reserve(string,uint64)", item, count)
  if not good then
    state.status[number] = "refused: " .. text
    return number
  end
  good, text = pcall(sdk.await, "bank", "charge(bytes20,uint64)", sdk.caller(), count * price)
  if not good then
    sdk.await("stock", "release(string,uint64)", item, count)
    state.status[number] = "refused: " .. text
    return number
  end
  state.status[number] = "done"
  return number
end

function shop.status(number) return state.status[number] end

return shop
