-- What can be reserved, and given back.
local stock, state = sdk.contract {
  state   = { left = "map(string, uint64)" },
  put     = "external write (item string, count uint64)",
  reserve = "external write (item string, count uint64)",
  release = "external write (item string, count uint64)",
  left    = "external read (item string) uint64",
}

function stock.put(item, count) state.left[item] = sdk.uint64.add(state.left[item], count) end

function stock.reserve(item, count)
  local left = state.left[item]
  if left < count then error(left .. " of " .. item .. " left, " .. count .. " wanted") end
  state.left[item] = left - count
end

-- A real one would know who reserved what, and take it back from him alone.
function stock.release(item, count) state.left[item] = sdk.uint64.add(state.left[item], count) end

function stock.left(item) return state.left[item] end

return stock
