local crypto = require "vmhost.crypto"
local lua_chain = require "spec.support.lua_chain"
local vite_services = require "spec.support.vite_services"

-- Keeps its call data's first word under slot 1, and answers it where it gets none.
local KEEPER <const> = vite_services.bytecode [[
    PUSH 4 CALLDATASIZE EQ PUSH @get JUMPI
    PUSH 4 CALLDATALOAD PUSH 1 SSTORE STOP
  get:
    JUMPDEST PUSH 1 SLOAD PUSH 0 MSTORE PUSH 32 PUSH 0 RETURN]]

local LUA <const> = [[
local c, state = sdk.contract {
  state = { note = "string" },
  add = "external read (a uint64, b uint64) uint64",
  fail = "external write (text string)",
  note = "external write (note string)",
  noted = "external read () string",
  echo = "external write () uint256, string",
  narrow = "external write () uint256, bytes20",
  refused = "external write () bool, string",
  wait = "external write ()",
  tell = "external write (number uint256)", outlast = "external write (rounds uint64)",
  late = "external write () uint256", fail_first = "external write ()",
  gone = "callback",
}
local echo = sdk.service("Echo", { echo = "(uint256,string)(uint256,string)" })
function c.add(a, b) return a + b end
function c.fail(text) error(text) end
function c.late()
  sdk.async.call { "Nobody", "x()", on_error = "gone", gas = 100000 }
  return uint256 "1"
end
function c.gone(code) sdk.async.set_return("(uint256)", 40 + code) end
function c.note(note) state.note = note end
function c.noted() return state.note end
function c.echo() return echo.echo(uint256 "12345678901234567890123", "text") end
function c.narrow()
  return sdk.call("Echo", "of(uint8,address)(uint8,address)", 200, sdk.address_of_service "Echo")
end
function c.refused() return pcall(sdk.call, "Refuser", "refuse(uint256)", 7) end
function c.wait()
  pcall(sdk.call, "Asker", "ask(bytes32,bytes32)", ("\0"):rep(32), ("\0"):rep(32))
  while true do end
end
function c.tell(number) sdk.send("Keeper", "keep(uint256)", number) end
function c.fail_first()
  sdk.async.call { "Lua", "outlast(uint64)", 3, gas = 3000000 }
  sdk.await { "Lua", "noted()(string)", gas = 1000000, lock = 1000000 }
  error "first"
end
function c.outlast(rounds)
  for _ = 1, rounds do sdk.await("Lua", "noted()(string)") end
  error "later"
end
return c
]]

local function selector(signature) return crypto.blake2b(signature, 32):sub(1, 4) end

local function word_of(number) return string.pack(">I16I16", 0, number) end

local function service_word(name)
  return ("\0"):rep(11) .. crypto.address_of_contract(name) .. "\1"
end

describe("contracts in Lua and bytecode #small", function()
  local chain

  before_each(function()
    chain = lua_chain.open { Lua = LUA }
    for name, code in pairs { Asker = vite_services.ASKER, Echo = vite_services.ECHO,
      Keeper = KEEPER, Refuser = vite_services.REFUSER } do
      chain:expect_success(chain.fixture:deploy(name, code, "VITE"))
    end
  end)

  after_each(function() chain:close() end)

  -- What bytecode is answered: whether well, and the bytes.
  local function ask(data)
    local out = assert(chain.fixture:process { { "Asker", "call",
      { bytes = service_word "Lua" .. data } } })
    local receipt = out.receipts[#out.receipts]
    assert.equal("SUCCESS", receipt.execution_result)
    local answer = receipt.output_argument_array[1].value
    return answer:byte(32) == 1, answer:sub(33), out
  end

  it("answer bytecode by what a callback has set, in its form", function()
    local good, answer = ask(selector "late()")

    assert.is_true(good)
    assert.equal(word_of(43), answer)
  end)

  it("answer bytecode with the text of a failure, also where a call outlasts it", function()
    local good, answer, out = ask(selector "fail_first()")
    local failures = {}
    for _, record in ipairs(out.records) do failures[#failures + 1] = record.error end

    assert.same({ "first", "later" }, failures)
    assert.is_false(good)
    assert.equal(selector "Error(string)" .. word_of(32) .. word_of(5) .. "first"
      .. ("\0"):rep(27), answer)
  end)

  it("call each other: bytecode from Lua", function()
    local number, text = chain:ok("Lua", "echo")

    assert.equal("12345678901234567890123", tostring(number))
    assert.equal("text", text)
  end)

  it("call each other with types that only bytecode has", function()
    local number, address = chain:ok("Lua", "narrow")

    assert.equal("200", tostring(number))
    assert.equal(crypto.address_of_contract "Echo", address)
  end)

  it("fail into each other: a revert, caught in Lua", function()
    local good, text = chain:ok("Lua", "refused")

    assert.is_false(good)
    assert.equal("reverted: 0x" .. ("%064x"):format(7), text)
  end)

  it("cannot wait inside a call from Lua, past every pcall", function()
    assert.equal("async: not allowed here", (chain:fail("Lua", "wait")))
  end)

  it("call each other: Lua from bytecode that awaits", function()
    local good, answer = ask(selector "add(uint64,uint64)" .. word_of(40) .. word_of(2))

    assert.is_true(good)
    assert.equal(word_of(42), answer)
  end)

  it("fail into each other: an error of Lua, as Error(string)", function()
    local good, answer, out = ask(selector "fail(string)" .. word_of(32) .. word_of(5) .. "wrong"
      .. ("\0"):rep(27))

    assert.is_false(good)
    assert.equal(selector "Error(string)" .. word_of(32) .. word_of(5) .. "wrong"
      .. ("\0"):rep(27), answer)
    assert.equal("wrong", out.records[2].error)
    assert.same({ contract_name = "Lua", method_name = "fail", line = 17 }, out.records[2].calls[1])
  end)

  it("do not know selectors that no method has", function()
    local good = ask(selector "add(uint64)" .. word_of(40))

    assert.is_false(good)
  end)

  it("send each other messages: bytecode from Lua", function()
    chain:ok("Lua", "tell", 77)

    local answer = chain:ok("Keeper", "get()(uint256)")
    assert.equal("77", tostring(answer))
  end)

  it("are named by a signature in every language", function()
    assert.equal(5, chain:ok("Lua", "add(uint64,uint64)(uint64)", { uint64 = 2 }, { uint64 = 3 }))
  end)
end)
