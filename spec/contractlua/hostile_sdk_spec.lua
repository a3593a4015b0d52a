-- What a hostile contract can ask of the host, each an ordinary failed receipt that leaves
-- nothing, with the host going on.
local lua_chain = require "spec.support.lua_chain"

local CONTRACT <const> = [==[
local c, state, emit = sdk.contract {
  state = { n = "uint64", text = "string", list = "list(bytes)", map = "map(string, string)",
    known = "counted(uint64, uint64)", named = "counted(string, uint64)",
    deep = "map(uint64, map(uint64, list(uint64)))" },
  events = { E = "data bytes", List = "data bytes[]" },
  attack = "external write (name string, n uint64, data bytes)",
  query = "external read () uint64",
  echo = "external read (data bytes) bytes",
  many = "external write (data bytes...)",
  give = "external read () bytes[]",
}
local attack = {}
function c.attack(name, n, data) attack[name](n, data) end
function c.query() return state.n end
function c.echo(data) return data end
function c.many(...) return select("#", ...) end
-- One string many times: what is packed of it is far larger than what there is.
local function often(count, s)
  local t = {}
  for i = 1, count do t[i] = s end
  return t
end
function c.give() return often(3, ("x"):rep(1 << 19)) end

function attack.reads() while true do local _ = state.n end end
function attack.writes() while true do state.n = state.n + 1 end end
function attack.keys() local i = 0 while true do i = i + 1 state.map[i .. ""] = "x" end end
function attack.handles() while true do local _ = state.deep[1][2] end end
function attack.lists() while true do state.list[#state.list + 1] = "" end end
function attack.counted() local i = 0 while true do i = i + 1 state.known[i] = i end end
function attack.removals() while true do state.known[1] = 1 state.known[1] = nil end end
function attack.pairs()
  for i = 1, 100 do state.known[i] = i end
  while true do for _ in pairs(state.known) do end end
end
function attack.big_values() while true do state.text = ("x"):rep(1 << 19) end end
function attack.big_value() state.text = ("x"):rep((1 << 20) + 1) end
function attack.big_key() state.map[("k"):rep(2000)] = "x" end
function attack.big_key_read()
  local key = ("k"):rep(20 << 20)
  while true do pcall(function() return state.map[key] end) end
end
function attack.big_key_sought()
  local key = ("k"):rep(20 << 20)
  while true do pcall(sdk.has, state.named, key) end
end
function attack.big_names()
  local name = ("n"):rep(1 << 20)
  while true do pcall(sdk.call, name, "m()") end
end
function attack.one_often()
  local t = often(30, ("x"):rep(1 << 20))
  while true do pcall(sdk.call, "Evil", "echo(bytes[])", t) end
end
function attack.one_in_an_event() emit.List(often(5000, ("x"):rep(1 << 20))) end
function attack.big_results() sdk.call("Evil", "give()(bytes[])") end
function attack.types_of_bytecode()
  local signature = "m(" .. ("uint8,"):rep(60) .. "uint8)"
  while true do pcall(sdk.call, "Evil", signature) end
end
function attack.caught_writes()
  while true do pcall(function() state.map[("k"):rep(2000)] = "" end) end
end
function attack.events() emit.E(("x"):rep(1 << 20)) end
function attack.hashes() local s = ("x"):rep(1 << 16) while true do sdk.keccak256(s) end end
function attack.recovers()
  while true do sdk.secp256k1_recover(("\1"):rep(32), ("\1"):rep(64) .. "\0") end
end
function attack.verifies()
  while true do sdk.ed25519_verify(("\1"):rep(32), "", ("\1"):rep(64)) end
end
function attack.itself(n) sdk.call("Evil", "attack(string,uint64,bytes)", "itself", n, "") end
function attack.itself_caught(n)
  while true do pcall(sdk.call, "Evil", "attack(string,uint64,bytes)", "itself_caught", n, "") end
end
function attack.calls() while true do sdk.call("Evil", "query()(uint64)") end end
function attack.nobody() while true do pcall(sdk.call, "Nobody", "x()") end end
function attack.big_arguments()
  local s = ("x"):rep(1 << 19)
  while true do sdk.call("Evil", "echo(bytes)(bytes)", s) end
end
function attack.too_long() sdk.call("Evil", "echo(bytes)(bytes)", ("x"):rep(1 << 20)) end
function attack.many_arguments()
  local t = {}
  for i = 1, 99990 do t[i] = "" end
  sdk.call("Evil", "many(bytes...)", table.unpack(t))
end
function attack.lists_of_lists()
  local t = {}
  for i = 1, 200000 do t[i] = 1 end
  sdk.call("Evil", "echo(uint64[])", t)
end
function attack.sends() while true do sdk.send("Evil", "query()") end end
function attack.big_sends()
  while true do sdk.send("Evil", "echo(bytes)", ("x"):rep(100000)) end
end
function attack.signatures()
  sdk.call("Evil", "m(" .. ("uint64,"):rep(100) .. "uint64)", 1)
end
function attack.long_signatures() while true do pcall(sdk.call, "Evil", ("m"):rep(1 << 18)) end end
function attack.odd_names() sdk.call("Ev\0il\n" .. ("x"):rep(2000), "m()") end
function attack.odd_methods()
  sdk.call("Evil", "attack(string,uint64,bytes)(uint64)", "nil", 1, "")
end
function attack.services()
  local t = {}
  for i = 1, 1000 do t["m" .. i] = "(uint64) uint64" end
  while true do sdk.service("Evil", t) end
end
function attack.protected()
  sdk.call("_Deployments", "deployService(string,uint32,bytes)", "N", 3, "x")
end
function attack.ledger() sdk.transfer(sdk.caller(), uint256 "1") end
function attack.forged_value()
  sdk.call_with_value(1, nil, "_Deployments", "getInfo(string)", "x")
end
function attack.in_coroutine() coroutine.wrap(function() while true do state.n = 1 end end)() end
function attack.in_metamethod()
  local t = setmetatable({}, { __index = function() while true do state.n = 1 end end })
  return t.x
end
function attack.raise_handle() error(state.list) end
function attack.handle_as_key()
  local t = { [state.list] = 1 }
  t[state.map] = nil
  error(t[state.list] .. "")
end
function attack.compare_handles() return state.list < state.map end
function attack.change_emit() emit.E = nil end
function attack.change_sdk() sdk.caller = nil end
function attack.redeclare() sdk.contract {} end
return c ]==]

local MEMORY <const>, GAS <const> = "out of memory", "out of gas"

local ATTACKS <const> = {
  reads = GAS, writes = GAS, keys = GAS, handles = MEMORY, lists = GAS, counted = GAS,
  removals = GAS, pairs = GAS, big_values = GAS, caught_writes = GAS, hashes = GAS,
  recovers = GAS, verifies = GAS,
  itself_caught = GAS, calls = GAS, nobody = GAS, big_arguments = MEMORY,
  long_signatures = GAS, services = GAS, in_coroutine = GAS, in_metamethod = GAS,
  big_key_read = GAS, big_key_sought = GAS, big_names = GAS,
  one_often = GAS, one_in_an_event = GAS, types_of_bytecode = GAS,
  -- 4 bytes of length, 4 of type, 4 of length, and 3 strings behind 4 bytes each
  big_results = ("argument array of %d bytes is longer than the limit of 1048576"):format(
    12 + 3 * (4 + (1 << 19))),
  big_value = "value of 1048577 bytes is longer than the limit of 1048576",
  big_key = "key of 2008 bytes is longer than the limit of 1024",
  events = false, -- an event of a megabyte is an ordinary one
  itself = "service stack of 64 calls is full",
  too_long = "argument array of 1048588 bytes is longer than the limit of 1048576",
  many_arguments = "argument array of 1199880 bytes is longer than the limit of 1048576",
  lists_of_lists = "argument array of 1600012 bytes is longer than the limit of 1048576",
  sends = "too many requests", big_sends = GAS,
  signatures = "'uint64' is one of too many",
  odd_names = "key of 2016 bytes is longer than the limit of 1024",
  odd_methods = "attempt to call a nil value",
  protected = "N:1:2: unexpected end of source: an expression alone is no statement",
  ledger = "lack of funds: transfer of 1 failed since balance is only 0",
  forged_value = "lack of funds: transfer of 1 failed since balance is only 0",
  raise_handle = "state", handle_as_key = "1",
  compare_handles = "attempt to compare two state values",
  change_emit = "attempt to change a table of the library",
  change_sdk = "attempt to change a table of the library",
  redeclare = "'contract' is for the main chunk",
}

describe("a contract that asks too much of its host #small", function()
  local chain

  setup(function() chain = lua_chain.open { Evil = CONTRACT } end)
  teardown(function() chain:close() end)

  local names = {}
  for name in pairs(ATTACKS) do names[#names + 1] = name end
  table.sort(names)

  for _, name in ipairs(names) do
    it("fails by itself: " .. name, function()
      local before = chain.storage:state_hash()
      local receipt = assert(chain:send("Evil", "attack", name, 1, "data"))
      local first = receipt.output_argument_array[1]
      local text = first and first.value

      if ATTACKS[name] then
        assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)
        assert.truthy(text:find(ATTACKS[name], 1, true), text)
        assert.equal(before, chain.storage:state_hash())
      else
        assert.equal("SUCCESS", receipt.execution_result, text)
      end
      assert.is_true(receipt.gas_used <= 50000000)
      assert.equal(0, chain:query("Evil", "query"))
    end)
  end
end)
