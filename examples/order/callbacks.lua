-- The same order in steps: each answer comes to a callback, which knows of the order what its
-- closure says.
local shop, state = sdk.contract {
  state    = { status = "list(string)", texts = "map(uint64, string)" },
  order    = "external write (item string, count uint64, price uint64) uint64",
  status   = "external read (number uint64) string",
  reserved = "callback",
  charged  = "callback",
  declined = "callback",
  released = "callback",
  refused  = "callback",
}

-- A call that fails burns all the gas that it was given, and its callback has what was locked for
-- it alone: each lock pays for all the steps that may follow.
local GAS <const> = 500000
local RELEASE_LOCK <const> = 500000
local CHARGE_LOCK <const> = RELEASE_LOCK + GAS + 500000
local RESERVE_LOCK <const> = CHARGE_LOCK + GAS + 500000

-- What a step tells the next one: number, count, price, client, item.
local NOTE <const> = "<I8I8I8s1s4"

local function read_note() return string.unpack(NOTE, sdk.async.closure()) end

function shop.order(item, count, price)
  local number = #state.status + 1
  state.status[number] = "open"
  sdk.async.call { "stock", "reserve(string,uint64)", item, count,
    on_success = "reserved", on_error = "refused", gas = GAS, lock = RESERVE_LOCK,
    closure = string.pack(NOTE, number, count, price, sdk.caller(), item) }
  return number
end

function shop.reserved()
  local _, count, price, client = read_note()
  sdk.async.call { "bank", "charge(bytes20,uint64)", client, count * price,
    on_success = "charged", on_error = "declined", gas = GAS, lock = CHARGE_LOCK,
    closure = sdk.async.closure() }
end

function shop.charged() state.status[read_note()] = "done" end

function shop.declined(_, text)
  local number, count, _, _, item = read_note()
  state.texts[number] = text
  sdk.async.call { "stock", "release(string,uint64)", item, count, on_success = "released",
    gas = GAS, lock = RELEASE_LOCK, closure = sdk.async.closure() }
end

function shop.released()
  local number = read_note()
  state.status[number] = "refused: " .. state.texts[number]
end

function shop.refused(_, text) state.status[read_note()] = "refused: " .. text end

function shop.status(number) return state.status[number] end

return shop
