-- Counted maps and lists against a naive model of them, by random settings, removals and failed
-- settings that the contract catches; VMHOST_SEED gives the run again.
local lua_chain = require "spec.support.lua_chain"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local CALLS <const> = os.getenv "VMHOST_SOAK" and 2000 or 60
local STEPS <const> = 12

-- Names of maps whose path leaves room for the keys of entries (1 + 1 bytes behind it), and does
-- or does not for those of places (1 + 8 bytes): 1 + 5 for the declared name, 4 for its length.
local FITS <const>, CUT <const> = 1024 - 10 - 9, 1024 - 10 - 8

local CONTRACT <const> = [==[
local c, state = sdk.contract {
  state = { known = "counted(string, string)", flags = "map(string, counted(bool, string))",
    items = "list(string)" },
  run = "external write (steps string[]) string[]",
  show = "external read () string",
}
local maps = { known = function() return state.known end,
  fits = function() return state.flags[("x"):rep(]==] .. FITS .. [==[)] end,
  cut = function() return state.flags[("x"):rep(]==] .. CUT .. [==[)] end }
local function key_of(map, key)
  if map == "known" then return key == "long" and ("k"):rep(1020) or key end
  return key < "m"
end
local BIG <const> = ("v"):rep(1048576)
function c.run(steps)
  local outcomes = {}
  for i = 1, #steps do
    local map, key, value = steps[i]:match "^(%w+) (%w+) ?(%w*)$"
    if value == "" then value = nil elseif value == "big" then value = BIG end
    local good
    if map == "items" then
      local place = #state.items + (value and tonumber(key) or 0)
      good = pcall(function() state.items[place] = value end)
    else
      good = pcall(function() maps[map]()[key_of(map, key)] = value end)
    end
    outcomes[i] = good and "done" or "failed"
  end
  return outcomes
end
function c.show()
  local out = {}
  for _, name in ipairs { "known", "fits", "cut" } do
    local map = maps[name]()
    out[#out + 1] = name .. " " .. #map
    if name ~= "cut" then
      for place = 1, #map do
        local key = sdk.key_at(map, place)
        out[#out + 1] = tostring(key):sub(1, 5) .. "=" .. map[key]
      end
      local back = {}
      for key, value in pairs(map) do back[#back + 1] = tostring(key):sub(1, 5) .. "=" .. value end
      out[#out + 1] = "back " .. table.concat(back, ",")
    else
      out[#out + 1] = tostring(map[true]) .. tostring(map[false])
    end
  end
  out[#out + 1] = "items " .. #state.items
  for _, item in ipairs(state.items) do out[#out + 1] = item end
  return table.concat(out, "\n")
end
return c ]==]

-- A map: its keys by place, and their values.
local function new_map() return { keys = {}, values = {} } end

local function set(map, key, value)
  if map.values[key] == nil and value ~= nil then
    map.keys[#map.keys + 1] = key
  elseif map.values[key] ~= nil and value == nil then
    for place, known in ipairs(map.keys) do
      if known == key then
        map.keys[place] = map.keys[#map.keys]
        map.keys[#map.keys] = nil
        break
      end
    end
  end
  map.values[key] = value
end

local function show(name, map)
  local out, back = { name .. " " .. #map.keys }, {}
  for place, key in ipairs(map.keys) do
    local text = key:sub(1, 5) .. "=" .. map.values[key]
    out[#out + 1] = text
    table.insert(back, 1, text)
    assert(place <= #map.keys)
  end
  out[#out + 1] = "back " .. table.concat(back, ",")
  return table.concat(out, "\n")
end

local function show_all(model)
  return table.concat({ show("known", model.known), show("fits", model.fits), "cut 0", "nilnil",
    "items " .. #model.items, table.unpack(model.items) }, "\n")
end

-- One step, what the contract is told of it, and what must come of it.
local function step(model, random)
  local name = ({ "known", "known", "fits", "cut", "items", "items" })[random(6)]
  local value = random(3) > 1 and "v" .. random(99) or nil
  if random(12) == 1 then value = "big" end
  if name == "items" then
    local ahead = random(4) == 1 and 2 or 1
    local fails = value == "big" or (value and ahead == 2) or (not value and #model.items == 0)
    if not fails then model.items[#model.items + (value and 1 or 0)] = value end
    return ("items %d %s"):format(ahead, value or ""), fails
  end
  local key = ({ "a", "b", "c", "d", "x", "y", "z", "long" })[random(8)]
  local text = ("%s %s %s"):format(name, key, value or "")
  if name == "known" then
    local fails = key == "long" or value == "big"
    if not fails then set(model.known, key, value) end
    return text, fails
  end
  -- A key that is not there can be removed where none can be added.
  local fails = value == "big" or (name == "cut" and value ~= nil)
  if not fails and name == "fits" then set(model.fits, tostring(key < "m"), value) end
  return text, fails
end

describe("counted maps and lists of state", function()
  it("are what a naive model makes of random settings", function()
    local random_state = SEED
    local function random(n)
      random_state = (random_state * 6364136223846793005 + 1442695040888963407)
      return (random_state >> 33) % n + 1
    end
    local chain <close> = lua_chain.open { C = CONTRACT }
    local model = { known = new_map(), fits = new_map(), items = {} }

    for _ = 1, CALLS do
      local steps, expected = {}, {}
      for i = 1, STEPS do
        local fails
        steps[i], fails = step(model, random)
        expected[i] = fails and "failed" or "done"
      end

      assert.same(expected, chain:ok("C", "run", steps), table.concat(steps, "\n"))
      assert.equal(show_all(model), (chain:query("C", "show")), table.concat(steps, "\n"))
    end
    print(("counted maps: seed %d, %d calls"):format(SEED, CALLS))
  end)
end)
