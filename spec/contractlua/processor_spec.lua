local lua_chain = require "spec.support.lua_chain"

local word = require "vmhost.word"

local OPEN <const> = [==[
local c, state, emit = sdk.contract {
  state = { note = "string" },
  _init = "internal write ()",
  hidden = "internal read ()",
  look = "external read () string",
  set = "external write (note string)",
  sneak = "external read (note string)",
  sneak_caught = "external read (note string)",
  echo = [=[external read (a uint32, b uint64, c string, d bytes, e bool, f uint256, g bytes20,
    h bytes32) uint32, uint64, string, bytes, bool, uint256, bytes20, bytes32]=],
  lists = [=[external read (a uint32[], b uint64[], c string[], d bytes[], e bool[], f uint256[],
    g bytes20[], h bytes32[]) uint32[], uint64[], string[], bytes[], bool[], uint256[], bytes20[],
    bytes32[]]=],
  many = "external read (first string, rest uint64...) uint64, string",
  kinds = "external read (a uint64, b uint256) string",
  none = "external read () uint64",
  wrong = "external read () uint32",
  extra = "external read () uint32",
}
function c._init() state.note = "made" end
function c.hidden() end
function c.look() return state.note end
function c.set(note) state.note = note end
function c.sneak(note) state.note = note end
function c.sneak_caught(note) pcall(c.sneak, note) while true do end end
function c.echo(...) return ... end
function c.lists(...) return ... end
function c.many(first, ...)
  local sum = 0
  for _, value in ipairs { ... } do sum = sum + value end
  return sum, first .. select("#", ...)
end
function c.kinds(a, b) return type(a) .. " " .. type(b) end
function c.none() end
function c.wrong() return -1 end
function c.extra() return 1, "more" end
return c
]==]

describe("a contract in Lua #small", function()
  local chain

  before_each(function() chain = lua_chain.open { Open = OPEN } end)
  after_each(function() chain:close() end)

  it("runs _init when it is deployed, and never again", function()
    assert.equal("made", chain:query("Open", "look"))

    local text, receipt = chain:fail("Open", "_init")
    assert.equal("ERROR_INPUT", receipt.execution_result)
    assert.equal("only system contracts can run method '_init'", text)
    assert.equal(4, receipt.code)
  end)

  it("keeps what its methods write", function()
    chain:ok("Open", "set", "said")

    assert.equal("said", chain:query("Open", "look"))
  end)

  it("hides its internal methods", function()
    local text, receipt = chain:fail("Open", "hidden")

    assert.equal("only system contracts can run method 'hidden'", text)
    assert.equal(1, receipt.code)
  end)

  it("has no other methods than it declares", function()
    local text, receipt = chain:fail("Open", "undeclared")

    assert.equal("ERROR_INPUT", receipt.execution_result)
    assert.equal("method 'undeclared' not found on contract 'Open'", text)
    assert.equal(0, receipt.gas_used)
  end)

  it("lets no method that writes into a query", function()
    local value, text, result = chain:query("Open", "set", "said")

    assert.is_nil(value)
    assert.equal("method 'Open.set' writes state and was called read-only", text)
    assert.equal("ERROR_INPUT", result)
  end)

  it("ends at once where a method that only reads writes, past every pcall", function()
    local text, receipt = chain:fail("Open", "sneak", "said")
    assert.matches("^ERROR_STATE_WRITE_IN_READONLY_CALL", text)
    assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)

    text, receipt = chain:fail("Open", "sneak_caught", "said")
    assert.matches("^ERROR_STATE_WRITE_IN_READONLY_CALL", text)
    assert.is_true(receipt.gas_used < 100000)
    assert.equal("made", chain:query("Open", "look"))
  end)

  it("takes and gives every kind of argument", function()
    local address, hash = ("\1"):rep(20), ("\2"):rep(32)
    local big = word.new("0x" .. ("f"):rep(64))

    local a, b, c, d, e, f, g, h = chain:ok("Open", "echo", 4294967295,
      "18446744073709551615", "text", "by\0tes", true, big, address, hash)

    assert.equal(4294967295, a)
    assert.equal(-1, b) -- 64 bits, as Lua's integers hold them
    assert.same({ "text", "by\0tes", true }, { c, d, e })
    assert.equal(big, f)
    assert.same({ address, hash }, { g, h })
  end)

  it("takes and gives lists of every kind", function()
    local address, hash = ("\1"):rep(20), ("\2"):rep(32)

    local a, b, c, d, e, f, g, h = chain:ok("Open", "lists", { 1, 2 }, { 3 }, { "x", "" },
      { "\0" }, { true, false }, { word.new(7) }, { address }, {})

    assert.same({ 1, 2 }, a)
    assert.same({ 3 }, b)
    assert.same({ "x", "" }, c)
    assert.same({ "\0" }, d)
    assert.same({ true, false }, e)
    assert.equal(word.new(7), f[1])
    assert.same({ address }, g)
    assert.same({}, h)
    assert.equal(32, #hash)
  end)

  it("takes any number of last arguments", function()
    assert.same({ 0, "a0" }, { chain:ok("Open", "many", "a") })
    assert.same({ 6, "b3" }, { chain:ok("Open", "many", "b", 1, 2, 3) })

    local text = chain:fail("Open", "many")
    assert.equal("method 'Open.many' takes at least 1 args but received less", text)
  end)

  it("shows numbers of at least 2^63 as uint256", function()
    assert.equal("number uint256", chain:ok("Open", "kinds", 5, 5))
    assert.equal("uint256 uint256", chain:ok("Open", "kinds", "9223372036854775808", 5))
  end)

  it("refuses arguments of another number or type", function()
    local text, receipt = chain:fail("Open", "set")
    assert.equal("method 'Open.set' takes 1 args but received less", text)
    assert.equal(2, receipt.code)

    assert.equal("method 'Open.set' takes 1 args but received more",
      (chain:fail("Open", "set", { string = "a" }, { string = "b" })))
    assert.equal("method 'Open.set' expects arg 0 to be string but it has uint64",
      (chain:fail("Open", "set", { uint64 = 5 })))
  end)

  it("fails where results are not what it declares", function()
    assert.equal("result of 'none' has 1 value, got 0", (chain:fail("Open", "none")))
    assert.equal("result of 'wrong': value 1: uint32 expected, got integer -1",
      (chain:fail("Open", "wrong")))
    assert.equal(1, chain:ok("Open", "extra"))
  end)

  it("has the code of what ended it, whatever was caught before, here or elsewhere", function()
    local own <close> = lua_chain.open { Big = [==[
local c = sdk.contract { grow = "external write (catches bool)", catch = "external write ()" }
function c.catch() pcall(sdk.call, "Nobody", "x()") end
function c.grow(catches)
  if catches then c.catch() end
  local list = {}
  while true do list[#list + 1] = ("x"):rep(1 << 20) .. #list end
end
return c ]==] }
    local CONTRACT_FAILED <const> = 4

    local _, alone = own:fail("Big", "grow", false)
    local _, catching = own:fail("Big", "grow", true)
    own:ok("Big", "catch")
    local _, later = own:fail("Big", "grow", false)

    assert.same({ CONTRACT_FAILED, CONTRACT_FAILED, CONTRACT_FAILED },
      { alone.code, catching.code, later.code })
  end)
end)

describe("deployment of a contract in Lua #small", function()
  local function refusal(source, arguments)
    local chain <close> = lua_chain.open {}
    local receipt = chain:deploy("New", source, arguments)
    assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)
    assert.is_nil((chain:query("New", "x")))
    return receipt.output_argument_array[1].value
  end

  it("refuses what does not compile, with the text of check", function()
    local source = "local x = 1\nlocal y = x / 2\nreturn {}"
    local _, text = require "vmhost.contract".check("New", source)

    assert.equal(text, refusal(source))
    assert.matches("^New:2:13: '/' makes a float: write '//'\n    local y = x / 2\n", text)
  end)

  it("refuses a main chunk that declares or returns nothing", function()
    assert.equal("the main chunk declares no contract: call sdk.contract", refusal "return {}")
    assert.equal("the main chunk gives no table: return the contract at its end",
      refusal "sdk.contract {}")
    assert.equal("method 'a' is declared, and no function of that name returned",
      refusal "return (sdk.contract { a = 'external read ()' })")
    assert.equal("sdk.contract: called twice", refusal "sdk.contract {} return sdk.contract {}")
  end)

  it("refuses a main chunk that fails, and one that asks for more than declarations", function()
    assert.equal("no way", refusal "error 'no way'")
    assert.equal("'caller' cannot be used in the main chunk, which only declares",
      refusal "local c = sdk.contract {} sdk.caller() return c")
    assert.equal("'state' cannot be used in the main chunk, which only declares",
      refusal "local c, s = sdk.contract { state = { a = 'uint64' } } s.a = 1 return c")
  end)

  for text, wrong in pairs {
    ["external read"] = "'(' expected at the end",
    ["read ()"] = "'external', 'internal' or 'callback' expected before 'read'",
    ["external ()"] = "'read' or 'write' expected before '('",
    ["external read (a)"] = "there is no type 'a' of arguments",
    ["external read (a uint64 b)"] = "',' or ')' expected before 'b'",
    ["external read (a uint64, a uint64)"] = "two are called 'a'",
    ["external read (a uint64...,b uint64)"] = "',' or ')' expected before ','",
    ["external read () uint8"] = "there is no type 'uint8' of arguments",
    ["external read () (uint64) x"] = "nothing more expected before 'x'",
  } do
    it("refuses the declaration " .. text, function()
      assert.equal("sdk.contract: method 'm': " .. wrong,
        refusal(("return (sdk.contract { m = %q })"):format(text)))
    end)
  end

  for text, wrong in pairs {
    ["uint8"] = "there is no type 'uint8' to keep",
    ["map(bytes20)"] = "',' expected before ')'",
    ["map(list(uint64), uint64)"] = "there is no type 'list' to keep",
    ["list(map(uint64, uint64))"] = "only a map holds collections, not what holds 'map'",
    ["list(uint64) x"] = "nothing more expected before 'x'",
    [""] = "a type expected at the end",
  } do
    it("refuses to keep " .. text, function()
      assert.equal("sdk.contract: state 's': " .. wrong,
        refusal(("return (sdk.contract { state = { s = %q } })"):format(text)))
    end)
  end

  it("refuses names that are none, and what is no text", function()
    assert.equal("sdk.contract: method 'a-b': not a name of letters, digits and _, of at most 64 "
      .. "bytes",
      refusal "return (sdk.contract { ['a-b'] = 'external read ()' })")
    assert.equal("sdk.contract: method 'm': declared by a text",
      refusal "return (sdk.contract { m = function() end })")
    assert.equal("sdk.contract: methods: names are strings, not numbers",
      refusal "return (sdk.contract { 'external read ()' })")
    assert.equal("sdk.contract: 'state' is a table of names and texts",
      refusal "return (sdk.contract { state = 'uint64' })")
    assert.equal("sdk.contract: method '_init': it is 'internal write'",
      refusal "local c = sdk.contract { _init = 'external write ()' } return c")
  end)

  it("checks the arguments of _init", function()
    local source = "local c = sdk.contract { _init = 'internal write (a uint64)' } "
      .. "function c._init() end return c"

    assert.equal("method 'New._init' takes 1 args but received less", refusal(source))
    assert.equal("method 'New._init' expects arg 0 to be uint64 but it has string",
      refusal(source, { { string = "a" } }))
    assert.equal("method 'New._init' takes 0 args but received more",
      refusal("return (sdk.contract {})", { { string = "a" } }))
  end)

  it("pays for each byte of the source", function()
    local chain <close> = lua_chain.open {}
    local short = chain:deploy("Short", "return (sdk.contract {})")
    local long = chain:deploy("Long", "return (sdk.contract {})" .. (" "):rep(1000))

    local prices <close> = io.open "core/contractlua/gas.def"
    local price = tonumber(prices:read "a":match "PER_SOURCE_BYTE, (%d+)")
    assert.equal(1000 * price, long.gas_used - short.gas_used)
  end)

  it("refuses a source without bytes, and a third part", function()
    local SOURCE <const> = "local c = sdk.contract {} return c"
    local chain <close> = lua_chain.open {}
    local before = chain.storage:state_hash()
    local function refused(...)
      return (chain:fail("_Deployments", "deployService", "Empty", { uint32 = 3 }, ...))
    end

    assert.equal("the main chunk declares no contract: call sdk.contract", refused { bytes = "" })
    assert.equal("a Lua contract is deployed as its source and packed arguments of _init",
      refused({ bytes = SOURCE }, { bytes = "" }, { bytes = "x" }))
    assert.equal(before, chain.storage:state_hash())

    chain:ok("_Deployments", "deployService", "Full", { uint32 = 3 }, { bytes = SOURCE },
      { bytes = "" })
  end)

  it("fails like any call where the service stack has no room", function()
    local deployer = [==[
local c = sdk.contract { go = "external write (depth uint64) string" }
function c.go(depth)
  if depth > 1 then return (sdk.call("Deployer", "go(uint64)(string)", depth - 1)) end
  local good, text = pcall(sdk.call, "_Deployments", "deployService(string,uint32,bytes)", "New", 3,
    "local c = sdk.contract {} return c")
  return good and "deployed" or text
end
return c ]==]
    local chain <close> = lua_chain.open { Deployer = deployer }

    -- Beside it on the stack of 64: _Deployments, and the new service.
    assert.equal("service stack of 64 calls is full", chain:ok("Deployer", "go", 63))
    assert.equal("deployed", chain:ok("Deployer", "go", 62))
  end)
end)

describe("a large contract in Lua #small", function()
  it("pays for its source at each call, whatever comes of it", function()
    local function source(size)
      local text = "local c = sdk.contract { a = 'external read ()' } function c.a() end return c"
      return text .. (" "):rep(size - #text)
    end
    local chain <close> = lua_chain.open { Usual = source(4096), Large = source(5096) }
    local usual, large = chain:send("Usual", "a").gas_used, chain:send("Large", "a").gas_used

    assert.equal(14000, large - usual)
    local _, receipt = chain:fail("Large", "b")
    assert.equal(14000, receipt.gas_used)
    assert.equal("ERROR_INPUT", receipt.execution_result)
    assert.equal(0, select(2, chain:fail("Usual", "b")).gas_used)
  end)
end)
