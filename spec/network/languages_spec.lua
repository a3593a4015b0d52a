-- Contracts of different languages on different hosts: neither side can tell.
local crypto = require "vmhost.crypto"
local network = require "vmhost.network"
local vite_services = require "spec.support.vite_services"

-- Gives the address that calls it, and then the amount that it was given.
local CALLER_OF <const> = [[
  CALLER PUSH 0 MSTORE CALLVALUE PUSH 32 MSTORE PUSH 64 PUSH 0 RETURN]]

local LUA <const> = [[
local c, state = sdk.contract {
  state = { said = "string" },
  echo = "external write (target string, n uint256, text string) uint256, string",
  who = "external write (target string) bytes32, uint256",
  relay = "external write (n uint64) uint64",
  twice = "external write (n uint64) uint64",
  caught = "external write (target string) string",
  known = "external write (by string) bool, bool",
  ask_known = "external write (target string, by string) bool, bool",
}
function c.echo(target, n, text)
  return sdk.await(target, "echo(uint256,string)(uint256,string)", n, text)
end
function c.who(target)
  return sdk.await_with_value(9, nil, target, "who()(bytes32,uint256)")
end
function c.relay(n) return sdk.await("Lua@42", "twice(uint64)(uint64)", n) + 1 end
function c.twice(n) return 2 * n end
function c.known(by)
  return sdk.caller() == sdk.address_of_service(by), sdk.signer() == ("\0"):rep(20)
end
function c.ask_known(target, by)
  return sdk.await(target, "known(string)(bool,bool)", by)
end
function c.caught(target)
  local good, text = pcall(sdk.await, target, "echo(uint256)", uint256(1))
  return tostring(good) .. " " .. tostring(text)
end
return c ]]

describe("languages on two hosts #small", function()
  local net

  before_each(function()
    net = assert(network.new { hosts = { a = { genesis = { issues = { {
      to = crypto.address_of_contract "Lua", token = "VITE TOKEN", amount = 100 } } } }, b = {} } })
    for _, name in ipairs(net.names) do
      local chain = net.hosts[name]
      chain:expect_success(chain:deploy("Lua", { LUA }))
      chain:expect_success(chain:deploy("Echo", vite_services.ECHO, "VITE"))
      chain:expect_success(chain:deploy("Who", vite_services.bytecode(CALLER_OF), "VITE"))
      chain:expect_success(chain:deploy("Asker", vite_services.ASKER, "VITE"))
    end
  end)

  after_each(function() net:close() end)

  local function results(...)
    local receipt = net:expect_success(net:mine_until(net:submit(...)))
    local values = {}
    for index, argument in ipairs(receipt.output_argument_array) do
      values[index] = type(argument.value) == "userdata" and tostring(argument.value)
        or argument.value
    end
    return values
  end

  it("Lua awaits bytecode of another chain", function()
    assert.same({ "5", "abc" }, results("a", "alice", "Lua", "echo", "Echo@43", 5, "abc"))
  end)

  it("bytecode sees a caller whom nobody on its chain can be, and the amount", function()
    -- 21 bytes: the last 20 of SHA-256 of 00, chain, name; and 01 for a service.
    local caller = crypto.sha256("\0\42\0\0\0Lua"):sub(-20) .. "\1"

    assert.same({ ("\0"):rep(11) .. caller, "9" }, results("a", "alice", "Lua", "who", "Who@43"))
    assert.equal(9, net.hosts.b:balance(crypto.address_of_contract "Who",
      "VITE TOKEN"):tointeger())
  end)

  it("bytecode awaits Lua, which awaits Lua of another chain", function()
    local function word_of(number) return string.pack(">I16I16", 0, number) end
    local data = ("\0"):rep(11) .. crypto.address_of_contract "Lua" .. "\1"
      .. crypto.blake2b("relay(uint64)", 32):sub(1, 4) .. word_of(20)

    assert.same({ word_of(1) .. word_of(41) },
      results("b", "alice", "Asker", "call", { bytes = data }))
  end)

  it("Lua knows a caller of another chain by the name with the chain", function()
    assert.same({ true, true }, results("a", "alice", "Lua", "ask_known", "Lua@43", "Lua@42"))
    assert.same({ false, true }, results("a", "alice", "Lua", "ask_known", "Lua@43", "Lua"))
    assert.same({ false, true }, results("a", "alice", "Lua", "ask_known", "Lua@43", "Lua@43"))
    assert.same({ true, false }, results("a", "alice", "Lua", "ask_known", "Lua@42", "Lua@42"))
  end)

  it("tells Lua of a service that is not there", function()
    assert.same({ "false contract not deployed" },
      results("a", "alice", "Lua", "caught", "Nobody@43"))
    assert.same({ "false unknown virtual chain 77" },
      results("a", "alice", "Lua", "caught", "Echo@77"))
  end)
end)
