local lua_chain = require "spec.support.lua_chain"

local KEEPER <const> = [[
local keeper, state = sdk.contract {
  state = {
    on = "bool", small = "uint32", long = "uint64", signed = "int64", big = "uint256",
    text = "string", data = "bytes", who = "bytes20", hash = "bytes32",
    by_name = "map(string, uint64)", of_two = "map(uint64, map(bool, string))",
    log = "list(string)", rows = "map(uint32, list(uint64))",
    known = "counted(string, uint64)", groups = "map(string, counted(int64, string))",
  },
  run = "external write (source string) string",
}

local tests = {}
function keeper.run(name) return tests[name]() end

local function join(...)
  local list = { ... }
  for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
  return table.concat(list, " ")
end
-- What an error says.
local function why(f, ...) return (select(2, pcall(f, ...))) end

function tests.zero()
  return join(state.on, state.small, state.long, state.signed, state.big, #state.text, #state.data,
    state.who == ("\0"):rep(20), state.hash == ("\0"):rep(32), state.by_name.x,
    state.of_two[1][true])
end
function tests.kept()
  state.on, state.small, state.signed = true, 4294967295, -5
  state.long = uint256 "18446744073709551615"
  state.big, state.text, state.data = uint256 "0xff", "a\0b", "\255"
  state.who, state.hash = ("x"):rep(20), ("y"):rep(32)
  state.by_name.x, state.by_name[""] = 7, 8
  state.of_two[1][true] = "yes"
  state.of_two[1][false] = "no"
  return join(state.on, state.small, state.long, state.signed, state.big, state.text == "a\0b",
    state.data == "\255", state.who, state.hash, state.by_name.x, state.by_name[""],
    state.of_two[1][true], state.of_two[1][false], #state.of_two[2][true])
end
function tests.wrong()
  return table.concat({
    why(function() state.small = 4294967296 end), why(function() state.small = -1 end),
    why(function() state.signed = uint256 "9223372036854775808" end),
    why(function() state.on = 1 end), why(function() state.who = "short" end),
    why(function() state.by_name[5] = 1 end), why(function() return state.unknown end),
    why(function() state.unknown = 1 end), why(function() state.log = {} end),
    why(function() state.of_two[1] = {} end), why(function() return #state.by_name end),
    why(function() return pairs(state) end), why(function() state.big = "5" end),
    why(function() return state[5] end), why(function() return state.log.x.y end),
  }, "\n")
end
function tests.list()
  local log = state.log
  log[1] = "one"
  log[2] = ""
  log[#log + 1] = "three"
  local seen = {}
  for place, text in ipairs(log) do seen[#seen + 1] = place .. "=" .. text end
  for place, text in pairs(log) do seen[#seen + 1] = place .. ":" .. text end
  log[3] = nil
  log[2] = "two"
  seen[#seen + 1] = join(#log, log[0], log[1], log[2], log[3], log["1"])
  seen[#seen + 1] = why(function() log[4] = "far" end)
  seen[#seen + 1] = why(function() log[1] = nil end)
  table.insert(log, "end")
  seen[#seen + 1] = table.concat({ table.unpack(log) }, ",")
  seen[#seen + 1] = join(table.remove(log), #log)
  state.rows[1][1] = 5
  state.rows[2][1] = 6
  seen[#seen + 1] = join(#state.rows[1], state.rows[1][1], state.rows[2][1], #state.rows[3])
  return table.concat(seen, "\n")
end
function tests.counted()
  local known = state.known
  known.a = 1
  known.b = 0
  known.c = 3
  known.d = 4
  local function all()
    local list = {}
    for key, value in pairs(known) do list[#list + 1] = key .. value end
    return #known .. ": " .. table.concat(list, " ")
  end
  local seen = { all() }
  known.b = nil
  known.x = nil
  seen[#seen + 1] = all()
  known.c = 33
  known.b = 2
  seen[#seen + 1] = all()
  seen[#seen + 1] = join(known.b, known.none, sdk.has(known, "a"), sdk.has(known, "x"),
    sdk.key_at(known, 1), sdk.key_at(known, 5), sdk.key_at(known, 0))
  for key, value in pairs(known) do if value > 2 then known[key] = nil end end
  seen[#seen + 1] = all()
  state.groups.x[-1] = "minus"
  state.groups.x[9223372036854775807] = ""
  state.groups.y[0] = "zero"
  seen[#seen + 1] = join(#state.groups.x, #state.groups.y, #state.groups.z,
    state.groups.x[-1], #state.groups.x[9223372036854775807], state.groups.z[0])
  return table.concat(seen, "\n")
end
function tests.identity()
  return join(state.log == state.log, state.rows[1] == state.rows[1], type(state), type(state.log),
    tostring(state.known), getmetatable(state), rawequal(state.known, state.known))
end
return keeper
]]

describe("state of a contract in Lua #small", function()
  local chain

  before_each(function() chain = lua_chain.open { Keeper = KEEPER } end)
  after_each(function() chain:close() end)

  it("is zero where nothing was written", function()
    assert.equal("false 0 0 0 0 0 0 true true 0 ", chain:ok("Keeper", "run", "zero"))
  end)

  it("keeps values of every type, and of maps in maps", function()
    assert.equal("true 4294967295 18446744073709551615 -5 255 true true " .. ("x"):rep(20) .. " "
      .. ("y"):rep(32) .. " 7 8 yes no 0", chain:ok("Keeper", "run", "kept"))
  end)

  it("says what does not fit", function()
    assert.equal(table.concat({
      "value: uint32 expected, got integer 4294967296", "value: uint32 expected, got integer -1",
      "value: int64 expected, got uint256 9223372036854775808",
      "value: bool expected, got integer 1",
      "value: bytes20 expected, got string of 5 bytes", "key: string expected, got integer 5",
      "no state 'unknown' is declared", "no state 'unknown' is declared",
      "a collection of state cannot be assigned, its items can",
      "a collection of state cannot be assigned, its items can",
      "a map does not know its keys: declare it 'counted(...)'",
      "state cannot be counted or traversed, what is declared in it can",
      "value: uint256 expected, got string of 1 bytes",
      "state is named by a string, not by a number",
      "attempt to index a nil value (field 'x')",
    }, "\n"), chain:ok("Keeper", "run", "wrong"))
  end)

  it("has lists", function()
    assert.equal(table.concat({
      "1=one", "2=", "3=three", "1:one", "2:", "3:three", "2 nil one two nil nil",
      "a list of 2 items has no such place",
      "only the last of the 2 items of a list can be removed",
      "one,two,end", "end 2", "1 5 6 0",
    }, "\n"), chain:ok("Keeper", "run", "list"))
  end)

  it("has counted maps, which go on while their keys are removed", function()
    assert.equal(table.concat({
      "4: d4 c3 b0 a1", "3: c3 d4 a1", "4: b2 c33 d4 a1", "2 nil true false a nil nil", "2: b2 a1",
      "2 1 0 minus 0 nil",
    }, "\n"), chain:ok("Keeper", "run", "counted"))
  end)

  it("is one handle for each collection that is declared", function()
    assert.equal("true false state state state nil true", chain:ok("Keeper", "run", "identity"))
  end)

  it("leaves nothing behind of what is written and taken back", function()
    local source = [[
      local c, state = sdk.contract {
        state = { a = "uint64", l = "list(bytes)", m = "counted(uint64, bool)",
          n = "map(bool, bool)" },
        fill = "external write ()", clear = "external write ()",
      }
      function c.fill()
        state.a, state.l[1], state.m[5], state.m[6], state.n[true] = 1, "", false, true, true
      end
      function c.clear() state.a, state.l[1], state.m[5], state.m[6], state.n[true] = 0 end
      return c ]]
    local before = chain:deploy("Clean", source) and chain.storage:state_hash()
    chain:ok("Clean", "fill")
    assert.not_equal(before, chain.storage:state_hash())

    chain:ok("Clean", "clear")

    assert.equal(before, chain.storage:state_hash())
  end)

  it("lies under the keys that docs/formats.md tells", function()
    local source = [[
      local c, state = sdk.contract {
        state = { count = "uint64", names = "map(string, uint32)", l = "list(string)",
          m = "counted(bytes, bool)", deep = "map(bool, map(int64, uint256))" },
        fill = "external write ()",
      }
      function c.fill()
        state.count, state.names.bob, state.l[1], state.m.k = 258, 7, "x", true
        state.deep[true][-1] = uint256(9)
      end
      return c ]]
    chain:deploy("Keys", source)
    local out = assert(chain.fixture:process { { "Keys", "fill" } })

    assert.same({
      ["\5count"] = ("\0"):rep(6) .. "\1\2",
      ["\5names\0\0\0\3bob"] = "\0\0\0\7",
      ["\1l"] = ("\0"):rep(7) .. "\1",
      ["\1l" .. ("\0"):rep(7) .. "\1"] = "\1x",
      ["\1m"] = ("\0"):rep(7) .. "\1",
      ["\1m\0\0\0\0\1k"] = ("\0"):rep(7) .. "\1\1",
      ["\1m\1" .. ("\0"):rep(7) .. "\1"] = "\1k",
      ["\4deep\1" .. ("\255"):rep(8)] = ("\0"):rep(31) .. "\9",
    }, out.state_diff.Keys)
  end)
end)
