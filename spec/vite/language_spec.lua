assert(_VERSION == "Lua 5.4")
local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local players = require "spec.support.players"
local vite_services = require "spec.support.vite_services"
local word = require "vmhost.word"

-- Answers all of the call data, selector included.
local MIRROR = "CALLDATASIZE PUSH 0 PUSH 0 CALLDATACOPY CALLDATASIZE PUSH 0 RETURN"

-- As vite_services.ASKER, but awaits with its own call data what it then answers alone.
local RELAY = [[
    PUSH 0 CALLDATALOAD PUSH 224 SHR PUSH 7 EQ PUSH @answer JUMPI
    CALLDATASIZE PUSH 0 PUSH 0 CALLDATACOPY
    CALLDATASIZE PUSH 0 PUSH 0 PUSH "VITE TOKEN" PUSH %s PUSH 7 SYNCCALL
  answer:
    JUMPDEST CALLBACKDEST POP
    PUSH 4 CALLDATASIZE SUB
    DUP1 PUSH 4 PUSH 0 CALLDATACOPY
    PUSH 0 RETURN]]

local function address_of(service)
  return crypto.address_of_contract(service)
end

local function hex(bytes)
  return crypto.hex(bytes)
end

-- The 21 bytes of a service in a word, as hex.
local function service_word(service)
  return ("00"):rep(11) .. hex(address_of(service)) .. "01"
end

local function number_word(number)
  return ("%064x"):format(number)
end

local function bytes_of(digits)
  return (digits:gsub("%s", ""):gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function relay_to(service)
  return vite_services.bytecode(RELAY:format("0x" .. hex(address_of(service)) .. "01"))
end

local CODES <const> = { Mirror = vite_services.bytecode(MIRROR), Echo = vite_services.ECHO,
  Refuser = vite_services.REFUSER, Asker = vite_services.ASKER, Relay = relay_to "Echo",
  Relay2 = relay_to "Relay" }

-- A chain of all this bytecode and of some players.
local function open(services, methods, genesis)
  local fields = { services = players.services(services or {}) }
  for name, value in pairs(genesis or {}) do fields[name] = value end
  local names = {}
  for name in pairs(CODES) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do
    table.insert(fields.services, { name = name, processor = "VITE",
      code = CODES[name] })
  end
  return assert(chains.open { genesis = fields,
    processors = { LUA = players.processor(services or {}, methods) } })
end

-- The receipt of one transaction, which may fail; the last one where messages follow.
local function run(chain, call)
  local receipts = chain:commit { call, failing = true }.receipts
  return receipts[#receipts], receipts
end

local function arguments_of(receipt)
  local list = {}
  for index, argument in ipairs(receipt.output_argument_array) do
    local value = argument.value
    if argument.type == "uint256" then value = tostring(value) end
    list[index] = { argument.type, value }
  end
  return list
end

local function failure_of(receipt)
  return { receipt.execution_result, receipt.code, receipt.output_argument_array[1].value }
end

describe("a method of bytecode that is named by its signature #small", function()
  it("gets its selector and its arguments in words", function()
    local chain <close> = open()

    local receipt = run(chain, { "Mirror", "add(uint256,uint256)",
      { uint256 = 258 }, { uint256 = word.new "0x100000000000000000000000000000000" } })

    -- f26dafb6: the first bytes of the BLAKE2b-256 of "add(uint256,uint256)".
    assert.same({ { "bytes", bytes_of("f26dafb6" .. number_word(258)
      .. "0000000000000000000000000000000100000000000000000000000000000000") } },
      arguments_of(receipt))
  end)

  it("gets strings and arrays behind offsets", function()
    local chain <close> = open()

    local receipt = run(chain, { "Mirror", "text(string,uint64[])", { string = "abc" },
      { ["uint64[]"] = { 5, 6 } } })

    assert.equal("55e9dcae" .. number_word(64) .. number_word(128)
      .. number_word(3) .. "616263" .. ("00"):rep(29)
      .. number_word(2) .. number_word(5) .. number_word(6),
      hex(receipt.output_argument_array[1].value))
  end)

  local address = ("\7"):rep(20)
  for name, case in pairs {
    uint32 = { { "uint32", 4294967295 } },
    uint64 = { { "uint64", 17 } },
    uint256 = { { "uint256", "0x100" } },
    bool = { { "bool", true } },
    string = { { "string", "hello" } },
    bytes = { { "bytes", ("\0\255"):rep(40) } },
    bytes20 = { { "bytes20", address } },
    bytes32 = { { "bytes32", ("\9"):rep(32) } },
    ["uint32[]"] = { { "uint32[]", { 1, 2, 3 } } },
    ["string[]"] = { { "string[]", { "a", "", "c" } } },
    ["bytes20[]"] = { { "bytes20[]", { address } } },
    ["uint64[2]"] = { { "uint64[]", { 8, 9 } } },
    uint8 = { { "uint256", "0xff" } },
    int8 = { { "uint256", "0x" .. ("f"):rep(62) .. "80" } },
    address = { { "bytes20", address } },
    ["address[2]"] = { { "bytes20[]", { address, address } } },
    bytes4 = { { "bytes", "abcd" } },
    tokenId = { { "bytes", "VITE TOKEN" } },
    ["uint64,string"] = { { "uint64", 1 }, { "string", "x" } },
    [""] = {},
  } do
    it("takes and gives (" .. name .. ") as arguments", function()
      local chain <close> = open()
      local call = { "Echo", ("echo(%s)(%s)"):format(name, name) }
      for _, argument in ipairs(case) do
        call[#call + 1] = { [argument[1]] = argument[2] }
      end

      local receipt = run(chain, call)

      local expected = {}
      for index, argument in ipairs(case) do
        expected[index] = { argument[1], argument[2] }
        if argument[1] == "uint256" then expected[index][2] = tostring(word.new(argument[2])) end
      end
      assert.same(expected, arguments_of(receipt))
    end)
  end

  it("sees 01 behind the address of a service, and 00 behind any other", function()
    local chain <close> = open()

    for address_bytes, last in pairs { [address_of "Echo"] = "01", [address_of "_Ledger"] = "01",
      [("\7"):rep(20)] = "00" } do
      local receipt = run(chain, { "Mirror", "take(address)", { bytes20 = address_bytes } })

      assert.equal("f92f10fd" .. ("00"):rep(11) .. hex(address_bytes) .. last,
        hex(receipt.output_argument_array[1].value))
    end
  end)

  for case, expected in pairs {
    ["too few arguments"] = { "echo(uint8)",
      text = "method 'Echo.echo(uint8)' takes 1 args but received less" },
    ["too many arguments"] = { "echo()", { uint256 = 1 },
      text = "method 'Echo.echo()' takes 0 args but received more" },
    ["an argument of another type"] = { "echo(uint8)", { uint64 = 1 },
      text = "method 'Echo.echo(uint8)' expects arg 0 to be uint256 but it has uint64" },
    ["a number out of range"] = { "echo(uint8)", { uint256 = 256 },
      text = "method 'Echo.echo(uint8)' expects arg 0 to fit into uint8" },
    ["a negative number out of range"] = { "echo(int8)",
      { uint256 = "0x" .. ("f"):rep(62) .. "7f" },
      text = "method 'Echo.echo(int8)' expects arg 0 to fit into int8" },
    ["bytes of another size"] = { "echo(bytes4)", { bytes = "abc" },
      text = "method 'Echo.echo(bytes4)' expects arg 0 to fit into bytes4" },
    ["an array of another size"] = { "echo(uint64[2])", { ["uint64[]"] = { 1 } },
      text = "method 'Echo.echo(uint64[2])' expects arg 0 to fit into uint64[2]" },
    ["an item out of range"] = { "echo(uint8[])", { ["uint256[]"] = { 1, 256 } },
      text = "method 'Echo.echo(uint8[])' expects arg 0 to fit into uint8[]" },
    ["a tuple"] = { "echo((uint64,uint64))", { uint64 = 1 },
      text = "method 'Echo.echo((uint64,uint64))' has a (uint64,uint64), "
        .. "which only raw call data carry" },
    ["an array of arrays among the results"] = { "echo()(uint64[][])",
      text = "method 'Echo.echo()(uint64[][])' has a uint64[][], which only raw call data carry" },
    ["an array of tuples"] = { "echo((bool)[])",
      text = "method 'Echo.echo((bool)[])' has a (bool)[], which only raw call data carry" },
  } do
    it("refuses " .. case .. " with code 2", function()
      local chain <close> = open()

      local receipt = run(chain, { "Echo", table.unpack(expected) })

      assert.same({ "ERROR_INPUT", 2, expected.text }, failure_of(receipt))
    end)
  end

  for _, name in ipairs { "echo", "echo(uint)", "echo(uint256", "echo(uint256)x", "(uint256)" } do
    it("is not found by the name " .. name, function()
      local chain <close> = open()

      local receipt = run(chain, { "Echo", name })

      assert.same({ "ERROR_INPUT", 1, ("method '%s' not found on contract 'Echo'"):format(name) },
        failure_of(receipt))
    end)
  end

  it("is made once, when it is deployed", function()
    local chain <close> = open()

    local receipt = run(chain, { "Echo", "_init" })

    assert.same({ "ERROR_INPUT", 4, "only system contracts can run method '_init'" },
      failure_of(receipt))
  end)

  it("fails when its output is not what was said", function()
    local chain <close> = open()

    local receipt = run(chain, { "Echo", "echo(uint256)(bool)", { uint256 = 2 } })

    assert.same({ "ERROR_SMART_CONTRACT", 4,
      "method 'Echo.echo(uint256)(bool)' returned data that are not (bool)" }, failure_of(receipt))
  end)

  it("is answered by the run that it awaits, with results of its own types", function()
    local chain <close> = open()

    local receipt, receipts = run(chain, { "Relay", "echo(string)(string)", { string = "hello" } })

    assert.is_true(receipts[1].suspended)
    assert.same({ { "string", "hello" } }, arguments_of(receipt))
  end)

  it("goes on by its own signature where callWithValue named it", function()
    local chain <close> = open({}, nil, { issues = { { to = chains.accounts[1].address,
      token = players.TOKEN, amount = 10 } } })
    local arguments = string.pack("<s4", codec.pack_arguments { { string = "hello" } })

    local receipt = run(chain, { "_Ledger", "callWithValue", "Relay", "echo(string)(string)",
      { bytes = arguments }, { bytes = players.TOKEN }, word.new(10) })

    assert.same({ { "string", "hello" } }, arguments_of(receipt))
  end)

  it("fails when the answer that it goes on with is not what was said", function()
    local chain <close> = open()

    local receipt = run(chain, { "Relay", "echo(uint256)(bool)", { uint256 = 2 } })

    assert.same({ "ERROR_SMART_CONTRACT", 4,
      "method 'Relay.echo(uint256)(bool)' returned data that are not (bool)" }, failure_of(receipt))
  end)
end)

describe("a service of another language that calls bytecode #small", function()
  local function strip(answer)
    return arguments_of { output_argument_array =
      assert(codec.unpack_arguments(answer)) }
  end

  it("gets the results of a synchronous call", function()
    local chain <close> = open {
      Caller = function(sdk)
        local outputs = sdk.service("Echo", "echo(uint64,string)(uint64,string)",
          { { uint64 = 3 }, { string = "x" } })
        return assert(codec.unpack_arguments(outputs[1].value:sub(5)))
      end,
    }

    local receipt = run(chain, { "Caller", "go" })

    assert.same({ { "uint64", 3 }, { "string", "x" } }, arguments_of(receipt))
  end)

  it("can catch what a synchronous call reverts with", function()
    local chain <close> = open {
      Caller = function(sdk)
        local _, failure = pcall(sdk.service, "Refuser", "no(uint8)", { { uint256 = 5 } })
        return { { string = failure.text } }
      end,
    }

    local receipt = run(chain, { "Caller", "go" })

    assert.same({ { "string", "reverted: 0x" .. number_word(5) } }, arguments_of(receipt))
  end)

  local asking = {
    Caller = function(sdk, call)
      if call.resume then
        return { { bool = call.resume.succeeded }, { bytes = call.resume.answer } }
      end
      local asked = call.input_arguments
      return sdk.suspend(asked[1].value, asked[2].value, { asked[3] })
    end,
  }

  for name, service in pairs { ["at once"] = "Echo", ["after it has waited itself"] = "Relay2" } do
    it("gets the results of a call that it awaits, answered " .. name, function()
      local chain <close> = open(asking)

      local receipt = run(chain, { "Caller", "go", service, "echo(uint64)(uint64)", 12 })

      local outputs = receipt.output_argument_array
      assert.is_true(outputs[1].value)
      assert.same({ { "uint64", 12 } }, strip(outputs[2].value))
    end)
  end

  it("gets bytes where the signature names no results", function()
    local chain <close> = open(asking)

    local receipt = run(chain, { "Caller", "go", "Echo", "echo(uint64)", 12 })

    assert.same({ { "bytes", bytes_of(number_word(12)) } },
      strip(receipt.output_argument_array[2].value))
  end)

  it("gets the text of what it awaits when that refuses its arguments", function()
    local chain <close> = open(asking)

    local receipt = run(chain, { "Caller", "go", "Echo", "echo(bool)", 12 })

    assert.is_false(receipt.output_argument_array[1].value)
    assert.same({ { "string",
      "method 'Echo.echo(bool)' expects arg 0 to be bool but it has uint64" } },
      strip(receipt.output_argument_array[2].value))
  end)

  it("writes by a message without answer", function()
    local chain <close> = open {
      Caller = function(sdk) sdk.send("Echo", "echo(string)", { { string = "x" } }) end,
    }

    local receipt = run(chain, { "Caller", "go" })

    assert.equal("SUCCESS", receipt.execution_result)
    assert.same({ "bytes" }, { receipt.output_argument_array[1].type })
  end)
end)

describe("bytecode that calls a service of another language #small", function()
  -- What vite_services.ASKER answers: whether the answer was good, and the answer.
  local function ask(chain, service, data)
    local _, receipts = run(chain, { "Asker", "call",
      { bytes = bytes_of(service_word(service) .. data) } })
    local last = receipts[#receipts]
    assert.equal("SUCCESS", last.execution_result)
    return hex(last.output_argument_array[1].value), receipts
  end

  local GOOD <const>, BAD <const> = number_word(1), number_word(0)

  -- Error(string) of a text, as revert data.
  local function error_data(text)
    local padding = -#text % 32
    return "4b2bae7e" .. number_word(32) .. number_word(#text) .. hex(text)
      .. ("00"):rep(padding)
  end

  it("gets the sum that a native method returns", function()
    local chain <close> = open()

    -- add(uint64,uint64)
    local answer = ask(chain, "BenchmarkContract",
      "b64f78ae" .. number_word(40) .. number_word(2))

    assert.equal(GOOD .. number_word(42), answer)
  end)

  it("gets the sum that a native method returns which was called before", function()
    local chain <close> = open()
    chain:commit { { "BenchmarkContract", "get" } }

    local answer = ask(chain, "BenchmarkContract",
      "b64f78ae" .. number_word(1) .. number_word(2))

    assert.equal(GOOD .. number_word(3), answer)
  end)

  it("gets nothing of a native contract that the genesis does not name", function()
    local chain <close> = open({}, nil, { native_contracts = {} })

    local answer, receipts = ask(chain, "BenchmarkContract",
      "b64f78ae" .. number_word(1) .. number_word(2))

    assert.equal(BAD, answer)
    assert.equal(3, receipts[2].code)
  end)

  it("gets as many results as there are", function()
    local chain <close> = open({
      Many = function()
        local results = {}
        for index = 1, 3000 do results[index] = { uint64 = index } end
        return results
      end,
    }, { Many = { { name = "many", parameters = {} } } })

    -- many()
    local answer = ask(chain, "Many", "6b4664f7")

    assert.equal(GOOD .. number_word(1), answer:sub(1, 128))
    assert.equal(number_word(3000), answer:sub(-64))
  end)

  it("gets every kind of result in its place", function()
    local chain <close> = open()

    -- argTypes(uint32,uint64,string,bytes) adds one to each.
    local answer = ask(chain, "BenchmarkContract", "24d377c1"
      .. number_word(1) .. number_word(2) .. number_word(128) .. number_word(192)
      .. number_word(1) .. "61" .. ("00"):rep(31)
      .. number_word(1) .. "62" .. ("00"):rep(31))

    assert.equal(GOOD .. number_word(2) .. number_word(3) .. number_word(128) .. number_word(192)
      .. number_word(2) .. "6131" .. ("00"):rep(30)
      .. number_word(2) .. "6201" .. ("00"):rep(30), answer)
  end)

  it("gets no data of a method without results, which has written", function()
    local chain <close> = open()

    -- set(uint64)
    local answer = ask(chain, "BenchmarkContract", "8076282a" .. number_word(7))

    assert.equal(GOOD, answer)
    assert.equal(string.pack("<I8", 7), chain.storage:read("BenchmarkContract", "example-key"))
  end)

  it("gets the text of a failure as Error(string)", function()
    local chain <close> = open()

    -- throw()
    local answer, receipts = ask(chain, "BenchmarkContract", "6d3d1ce8")

    assert.equal(BAD .. error_data "example error returned by contract", answer)
    assert.equal(4, receipts[2].code)
  end)

  for name, case in pairs {
    ["an unknown selector"] = { data = "12345678" .. number_word(1), code = 1,
      text = "selector 0x12345678 not found on contract 'BenchmarkContract'" },
    ["no selector"] = { data = "1234", code = 1,
      text = "selector 0x1234 not found on contract 'BenchmarkContract'" },
    ["no data"] = { data = "", code = 1,
      text = "selector 0x not found on contract 'BenchmarkContract'" },
    ["data that are cut"] = { data = "b64f78ae" .. number_word(40), code = 2,
      text = "call data of method 'BenchmarkContract.add' are not (uint64,uint64)" },
    ["a number out of range"] = { data = "8076282a" .. number_word(1):gsub("^00", "01"), code = 2,
      text = "call data of method 'BenchmarkContract.set' are not (uint64)" },
  } do
    it("is refused for " .. name .. " with code " .. case.code, function()
      local chain <close> = open()

      local answer, receipts = ask(chain, "BenchmarkContract", case.data)

      assert.same({ "ERROR_INPUT", case.code, case.text }, failure_of(receipts[2]))
      assert.equal(BAD .. error_data(case.text), answer)
    end)
  end

  local methods = { Doubler = { { name = "none", parameters = {} },
    { name = "twice", parameters = { "uint64" } } } }

  it("selects a method that a Lua-made processor describes", function()
    local chain <close> = open({
      Doubler = function(_, call)
        return { { string = call.method_name }, call.input_arguments[1].value * 2 }
      end,
    }, methods)

    -- twice(uint64)
    local answer = ask(chain, "Doubler", "58b4b502" .. number_word(21))

    assert.equal(GOOD .. number_word(64) .. number_word(42)
      .. number_word(5) .. hex "twice" .. ("00"):rep(27), answer)
  end)

  it("gets the answer that such a service gives after it has waited itself", function()
    local chain <close> = open({
      Doubler = function(sdk, call)
        if call.resume then return codec.unpack_arguments(call.resume.answer) end
        return sdk.suspend("Echo", "echo(uint64)(uint64)", { call.input_arguments[1] })
      end,
    }, methods)

    local answer = ask(chain, "Doubler", "58b4b502" .. number_word(21))

    assert.equal(GOOD .. number_word(21), answer)
  end)

  it("gets an empty failure of a service that there is not", function()
    local chain <close> = open()

    local answer, receipts = ask(chain, "Nobody", "58b4b502")

    assert.equal(BAD, answer)
    assert.equal(3, receipts[2].code)
  end)

  it("gets the raw output of other bytecode", function()
    local chain <close> = open()

    assert.equal(GOOD .. "58b4b502", (ask(chain, "Mirror", "58b4b502")))
  end)
end)

describe("a processor that describes methods wrongly #small", function()
  for name, case in pairs {
    ["with a type that is none"] = { method = { name = "twice", parameters = { "uint8" } },
      text = "method.parameters[1]: no type of an argument" },
    ["without parameters"] = { method = { name = "twice" }, text = "method.parameters" },
    ["with an unknown key"] = { method = { name = "twice", parameters = {}, result = "x" },
      text = "result" },
    ["by no table"] = { method = 7, text = "method" },
  } do
    it("ends the set, " .. name, function()
      local chain <close> = open({ Doubler = function() return {} end },
        { Doubler = { case.method } })

      local out, message, code = chain:process { { "Asker", "call",
        { bytes = bytes_of(service_word "Doubler" .. "58b4b502") } } }

      assert.is_nil(out)
      assert.equal("script_error", code)
      assert.truthy(message:find(case.text, 1, true))
    end)
  end
end)

describe("an answer of more than 16 MiB to bytecode", function()
  it("is a failure of the method that gives it", function()
    local chain <close> = open({
      Doubler = function() return { { bytes = ("x"):rep(16 * 1024 * 1024) } } end,
    }, { Doubler = { { name = "twice", parameters = { "uint64" } } } })

    local _, receipts = run(chain, { "Asker", "call",
      { bytes = bytes_of(service_word "Doubler" .. "58b4b502" .. number_word(1)) } })

    assert.same({ "ERROR_SMART_CONTRACT", 4,
      "data of method 'Doubler.twice' are longer than 16777216 bytes" }, failure_of(receipts[2]))
    assert.equal(number_word(0), hex(receipts[3].output_argument_array[1].value))
  end)
end)

describe("bytecode that meets SYNCCALL #small", function()
  local data = bytes_of(service_word "Echo" .. "58b4b502")

  it("fails under a synchronous call, whatever its caller catches", function()
    local chain <close> = open {
      Caller = function(sdk)
        pcall(sdk.service, "Asker", "call", { { bytes = data } })
        return {}
      end,
    }

    local receipt, receipts = run(chain, { "Caller", "go" })

    assert.equal(1, #receipts)
    assert.same({ "ERROR_SMART_CONTRACT", 10, "async: not allowed here" }, failure_of(receipt))
  end)

  it("fails in a query", function()
    local chain <close> = open()

    local result, failure = chain:query { "Asker", "call", { bytes = data } }

    assert.equal("ERROR_SMART_CONTRACT", result.execution_result)
    assert.equal("ERROR_STATE_WRITE_IN_READONLY_CALL", failure)
  end)
end)
