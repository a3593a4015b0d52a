-- Functions of the library on random input, in a contract and in stock Lua 5.4. VMHOST_SEED
-- repeats a run.
local contract_lua = require "spec.support.contract_lua"
local library_calls = require "spec.support.library_calls"
local new_random = require "spec.support.random"

local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local ROUNDS <const>, CALLS <const> = IS_SOAK and 2000 or 20, 300

-- What the calls name. Each table is told apart from the one that a function gives back, and a
-- table that is spied on tells of each access.
local PRELUDE <const> = [[
local angled = setmetatable({}, { __index = function(_, key)
  return type(key) == "string" and "<" .. key .. ">" or key end })
local function each_match(...)
  local found = {}
  for a, b, c in string.gmatch(...) do
    found[#found + 1] = literal(a) .. literal(b) .. literal(c)
    if #found > 100 then break end
  end
  return table.concat(found, ",")
end
-- Stock Lua 5.4.4 overlooks continuation bytes between characters.
local function each_code(text, is_lax)
  local found = {}
  if utf8.len(text, 1, -1, is_lax) then
    for at, code in utf8.codes(text, is_lax) do found[#found + 1] = at .. ":" .. code end
  end
  return table.concat(found, ",")
end
local function pack_and_back(format, ...)
  local text = string.pack(format, ...)
  return text, string.unpack(format, text)
end
local seen
local function itself(t) return t, t end
local function spy(t)
  return setmetatable({}, {
    __index = function(_, key) seen[#seen + 1] = "r" .. key return t[key] end,
    __newindex = function(_, key, value)
      seen[#seen + 1] = "w" .. key .. tostring(value) t[key] = value end,
    __len = function() seen[#seen + 1] = "#" return #t end,
  }), t
end
-- The first half is its own, the rest behind it.
local function half(t)
  local own = {}
  for i = 1, #t // 2 do own[i] = t[i] t[i] = "hidden" end
  return setmetatable(own, { __index = t, __newindex = t, __len = function() return #t end }), t
end
local function dump(t)
  local parts = {}
  for i = -12, 30 do
    if rawget(t, i) ~= nil then parts[#parts + 1] = i .. ":" .. tostring(rawget(t, i)) end
  end
  return table.concat(parts, " ")
end
local function try(make, items, f, ...)
  seen = {}
  local t, inner = make(items)
  local results = table.pack(pcall(f, t, ...))
  for i = 1, results.n do
    local result = results[i]
    results[i] = rawequal(result, t) and "itself" or type(result) == "table" and dump(result)
      or literal(result)
  end
  return table.concat(results, " "), dump(t), dump(inner), table.concat(seen, " ")
end]]

-- Where both raise, they may tell of different faults: of a format that is wrong in two ways, of a
-- capture that a replacement names, of the argument that is out of bounds.
local function is_same(ours, theirs)
  local function is_of(text, ...)
    for _, part in ipairs { ... } do
      if text:find(part, 1, true) then return true end
    end
    return false
  end
  if ours:find "^error" and theirs:find "^error" then
    return is_of(ours, "conversion", "invalid format", "specifier", "replacement string")
  end
  return is_of(ours, "(position out of") and is_of(theirs, "(position out of")
end

describe("the library of contract Lua", function()
  it("gives what stock Lua gives", function()
    local new_call = library_calls(new_random(SEED))
    for _ = 1, ROUNDS do
      local calls = {}
      for i = 1, CALLS do calls[i] = new_call() end

      local difference = contract_lua.difference(calls, PRELUDE, is_same)
      assert.is_nil(difference, ("seed %d: %s"):format(SEED, difference))
    end
    print(("library: seed %d, %d calls as in stock Lua"):format(SEED, ROUNDS * CALLS))
  end)

  it("ends by gas or memory anywhere, and nowhere else", function()
    local random = new_random(SEED + 1)
    local new_call = library_calls(random)
    for _ = 1, ROUNDS do
      local calls = {}
      for i = 1, 20 do calls[i] = new_call() end
      local source = contract_lua.source_of(calls, PRELUDE)
      local printed, whole = contract_lua.run(source)

      local function expect(stop, limits)
        local begun, outcome = contract_lua.run(source, limits)
        local case = ("seed %d: %s"):format(SEED, source)
        assert.equal(stop, outcome.stop, case)
        assert.equal(begun, printed:sub(1, #begun), case)
      end
      expect(nil, { gas_limit = whole.gas_used, memory_limit = whole.memory })
      expect("gas", { gas_limit = whole.gas_used - 1 })
      expect("memory", { memory_limit = whole.memory - 1 })
      for _ = 1, 20 do
        expect("gas", { gas_limit = random(whole.gas_used) - 1 })
        expect("memory", { memory_limit = random(whole.memory) - 1 })
      end
    end
  end)
end)
