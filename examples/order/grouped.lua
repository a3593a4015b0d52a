-- The same order at once: both calls leave together, and when both are answered the callback of
-- their group undoes the one that went well where the other did not.
local shop, state = sdk.contract {
  state    = { status = "list(string)", reserved = "map(uint64, bool)",
    charged = "map(uint64, bool)", texts = "map(uint64, string)" },
  order    = "external write (item string, count uint64, price uint64) uint64",
  status   = "external read (number uint64) string",
  on_stock = "callback",
  on_bank  = "callback",
  on_fault = "callback",
  settle   = "callback",
}

-- A callback has what its call left over, nothing where that failed, and what was locked for it;
-- that of a group has its lock alone, which pays for the calls that undo.
local GAS <const>, LOCK <const>, SETTLE_GAS <const> = 500000, 200000, 2000000

local NOTE <const> = "<I8I8I8s1s4"

local function number_of() return (string.unpack("<I8", sdk.async.closure())) end

function shop.order(item, count, price)
  local number = #state.status + 1
  local note = string.pack(NOTE, number, count, price, sdk.caller(), item)
  local group = "order " .. number
  state.status[number] = "open"
  sdk.async.call { "stock", "reserve(string,uint64)", item, count, group = group, gas = GAS,
    lock = LOCK, on_success = "on_stock", on_error = "on_fault", closure = note }
  sdk.async.call { "bank", "charge(bytes20,uint64)", sdk.caller(), count * price, group = group,
    gas = GAS, lock = LOCK, on_success = "on_bank", on_error = "on_fault", closure = note }
  sdk.async.on_group(group, "settle", note, SETTLE_GAS)
  return number
end

function shop.on_stock() state.reserved[number_of()] = true end

function shop.on_bank() state.charged[number_of()] = true end

function shop.on_fault(_, text) state.texts[number_of()] = text end

function shop.settle(note)
  local number, count, price, client, item = string.unpack(NOTE, note)
  local reserved, charged = state.reserved[number], state.charged[number]
  if reserved and charged then
    state.status[number] = "done"
    return
  end
  if reserved then sdk.async.call("stock", "release(string,uint64)", item, count) end
  if charged then sdk.async.call("bank", "refund(bytes20,uint64)", client, count * price) end
  state.status[number] = "refused: " .. state.texts[number]
end

function shop.status(number) return state.status[number] end

return shop
