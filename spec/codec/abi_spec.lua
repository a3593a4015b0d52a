local abi = require "vmhost.abi"
local compiled_contracts = require "spec.support.compiled_contracts"
local naive_abi = require "spec.support.naive_abi"
local new_random = require "spec.support.random"
local word = require "vmhost.word"

local from_hex, to_hex = compiled_contracts.from_hex, compiled_contracts.to_hex

local PAIR_COUNT <const> = os.getenv "VMHOST_SOAK" and 100000 or 2000
local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or 20240617

-- Words of hex digits without the zeros in front ("2a"), or behind ("616263..").
local function words(...)
  local hex = {}
  for index, text in ipairs { ... } do
    local left = text:match "^(%x*)%.%.$"
    hex[index] = left and left .. ("0"):rep(64 - #left) or ("0"):rep(64 - #text) .. text
  end
  return from_hex(table.concat(hex))
end

local function assert_raises(text, ...)
  local good, message = pcall(...)
  assert.is_false(good)
  assert.truthy(message:find(text, 1, true), message)
end

local function assert_malformed(text, types, data)
  local values, message, code = abi.decode(types, data)
  assert.is_nil(values)
  assert.equal(text, message)
  assert.equal("malformed", code)
end

local function texts(values)
  local list = {}
  for index, value in ipairs(values) do
    list[index] = type(value) == "table" and texts(value)
      or type(value) == "userdata" and tostring(value) or value
  end
  return list
end

describe("abi.parse", function()
  for _, case in ipairs(compiled_contracts.read "primitives.json".signatures) do
    it("hashes " .. case.signature .. " as the published primitives do", function()
      assert.equal(case.blake2b256, to_hex(abi.topic(case.signature)))
      assert.equal(case.selector, to_hex(abi.selector(case.signature)))
    end)
  end

  it("gives name, types and hashes", function()
    local parsed = abi.parse "add(uint256,(bool,string)[2][])(uint256)"

    assert.equal("add", parsed.name)
    assert.same({ "uint256", "(bool,string)[2][]" }, parsed.inputs)
    assert.same({ "uint256" }, parsed.outputs)
    assert.equal("add(uint256,(bool,string)[2][])", parsed.text)
    assert.equal(parsed.topic:sub(1, 4), parsed.selector)
  end)

  it("does not hash the results", function()
    assert.equal(abi.selector "add(uint256,uint256)",
      abi.selector "add(uint256,uint256)(uint256)")
    assert.same({}, abi.parse "stop()()".outputs)
    assert.is_nil(abi.parse "stop()".outputs)
  end)

  for signature, fault in pairs {
    ["add(uint)"] = "add(uint): no such type at character 5",
    ["add(uint257)"] = "no such type at character 5",
    ["add(uint0)"] = "no such type at character 5",
    ["add(uint08)"] = "no such type at character 5",
    ["add(int12)"] = "no such type at character 5",
    ["add(bytes33)"] = "no such type at character 5",
    ["add(bytes0)"] = "no such type at character 5",
    ["add(vitetoken)"] = "no such type at character 5",
    ["add(uint256, bool)"] = "no such type at character 13",
    ["add(uint256,)"] = "no such type at character 13",
    ["add(uint256"] = "',' or ')' expected at character 12",
    ["add(uint256))"] = "end expected at character 13",
    ["add(bool) "] = "end expected at character 10",
    ["add"] = "'(' expected at character 4",
    ["(bool)"] = "name expected at character 1",
    ["1a(bool)"] = "name expected at character 1",
    ["add(())"] = "no such type at character 6",
    ["add(bool[0])"] = "number of items",
    ["add(bool[01])"] = "number of items",
    ["add(bool[524289])"] = "number of items",
    ["add(bool[1)"] = "']' expected at character 11",
    ["add(bool[524288],bool)"] = "type is too large",
    ["add(bool[1000][1000])"] = "number of items",
  } do
    it("refuses " .. signature, function()
      assert_raises(fault, abi.parse, signature)
    end)
  end

  it("refuses a text of more than 16,384 characters", function()
    local longest = "f(" .. ("bool,"):rep(3276) .. "a"

    assert_raises("no such type at character 16383", abi.parse, longest)
    assert_raises("text is too long", abi.parse, longest .. "))")
  end)

  it("takes arrays and tuples 16 deep, and none deeper", function()
    local lists, tuples = "f(bool" .. ("[]"):rep(16) .. ")", "f" .. ("("):rep(17) .. "bool"
      .. (")"):rep(17)

    assert.same({ lists:sub(3, -2) }, abi.parse(lists).inputs)
    assert.same({ tuples:sub(3, -2) }, abi.parse(tuples).inputs)
    assert_raises("type is nested too deep", abi.parse, "f(bool" .. ("[]"):rep(17) .. ")")
    assert_raises("type is nested too deep", abi.parse, "f" .. ("("):rep(16000))
    assert_raises("type is nested too deep", abi.parse,
      "f" .. ("("):rep(16) .. "bool[][]" .. (")"):rep(16))
  end)
end)

describe("abi.encode", function()
  it("puts numbers on the right and fixed bytes on the left of their words", function()
    local data = abi.encode("(uint8,int16,bool,bytes3)", { 255, -2, true, "abc" })

    assert.equal(words("ff", ("f"):rep(63) .. "e", "1", "616263.."), data)
  end)

  it("puts address, tokenId and gid on the right, and a function on the left", function()
    local address, token = ("\xaa"):rep(20) .. "\1", "VITE TOKEN"

    local data = abi.encode("(address,tokenId,gid,function)",
      { address, token, ("\0"):rep(9) .. "\2", address .. "\1\2\3\4" })

    assert.equal(words(("aa"):rep(20) .. "01", "5649544520544f4b454e", "2",
      ("aa"):rep(20) .. "01" .. "01020304.."), data)
  end)

  -- The example of the Solidity documentation, "f(uint256,uint32[],bytes10,bytes)".
  it("lays out heads and tails as the Solidity documentation shows", function()
    local data = abi.encode("(uint256,uint32[],bytes10,bytes)",
      { 0x123, { 0x456, 0x789 }, "1234567890", "Hello, world!" })

    assert.equal(words("123", "80", "31323334353637383930..", "e0", "2", "456", "789", "d",
      "48656c6c6f2c20776f726c6421.."), data)
  end)

  -- The example of the Solidity documentation, "g(uint256[][],string[])".
  it("counts offsets of nested lists from where their items begin", function()
    local data = abi.encode("(uint256[][],string[])",
      { { { 1, 2 }, { 3 } }, { "one", "two", "three" } })

    assert.equal(words("40", "140", "2", "40", "a0", "2", "1", "2", "1", "3", "3", "60", "a0",
      "e0", "3", "6f6e65..", "3", "74776f..", "5", "7468726565.."), data)
  end)

  it("gives a tuple with a string an offset, and one without its place in the head", function()
    local data = abi.encode("((uint8,string),(uint8,bool))", { { 1, "a" }, { 2, false } })

    assert.equal(words("60", "2", "0", "1", "40", "1", "61.."), data)
  end)

  it("encodes nothing to nothing", function()
    assert.equal("", abi.encode("()", {}))
    assert.equal(abi.selector "stop()", abi.encode_call("stop()", {}))
  end)

  it("takes large numbers as words and as text", function()
    local all = ("f"):rep(64)

    assert.equal(words(all, all, "80" .. ("0"):rep(62), "ff", ("f"):rep(62) .. "fd"),
      abi.encode("(uint256,int256,int256,uint64,int72)",
        { "0x" .. all, word.new("0x" .. all),
          "-57896044618658097711785492504343953926634992332820282019728792003956564819968", "0xff",
          "-3" }))
  end)

  it("writes a negative uint64 as the same 64 bits", function()
    assert.equal(words(("f"):rep(16)), abi.encode("(uint64)", { -1 }))
  end)

  for _, case in ipairs {
    { "(uint8)", { 256 }, "values[1]: uint8 out of range: 256" },
    { "(uint8)", { -1 }, "values[1]: uint8 out of range: -1" },
    { "(uint8)", { "-1" }, "values[1]: uint8 out of range: -1" },
    { "(uint72)", { -1 }, "values[1]: uint72 out of range: -1" },
    { "(uint64)", { "18446744073709551616" },
      "values[1]: uint64 out of range: 18446744073709551616" },
    { "(int8)", { 128 }, "values[1]: int8 out of range: 128" },
    { "(int8)", { -129 }, "values[1]: int8 out of range: -129" },
    { "(int256)", { "0x8" .. ("0"):rep(63) }, "values[1]: int256 out of range: 0x80000000" },
    { "(uint256)", { "12a" }, "values[1]: uint256 out of range or no number: 12a" },
    { "(uint256)", { 1.5 }, "values[1]: expected uint256, got number 1.5" },
    { "(uint256)", { true }, "values[1]: expected uint256, got boolean" },
    { "(bool)", { 1 }, "values[1]: expected boolean, got number 1" },
    { "(address)", { ("x"):rep(20) }, "values[1]: address expected 21 bytes, got 20" },
    { "(tokenId)", { ("x"):rep(11) }, "values[1]: tokenId expected 10 bytes, got 11" },
    { "(function)", { "" }, "values[1]: function expected 25 bytes, got 0" },
    { "(bytes4)", { "abc" }, "values[1]: bytes4 expected 4 bytes, got 3" },
    { "(bytes)", { 7 }, "values[1]: expected string, got number 7" },
    { "(address)", { 7 }, "values[1]: expected address, got number 7" },
    { "(bytes4)", { {} }, "values[1]: expected bytes4, got table" },
    { "(bool,bool)", { true }, "values: (bool,bool) expected 2 values, got 1" },
    { "(bool)", { true, true }, "values: (bool) expected 1 values, got 2" },
    { "(bool[2])", { { true } }, "values[1]: bool[2] expected 2 values, got 1" },
    { "((bool,uint8[])[])", { { { true, { 1, 256 } } } },
      "values[1][1][2][2]: uint8 out of range: 256" },
    { "(bool[])", { { x = true } }, "values[1]: unknown key 'x' in a list" },
    { "(bool[])", { "x" }, "values[1]: expected list, got string" },
  } do
    it("says " .. case[3], function()
      assert_raises(case[3], abi.encode, case[1], case[2])
    end)
  end

  it("refuses more than 16 MiB", function()
    local data, message, code = abi.encode("(bytes)", { ("x"):rep(16 * 1024 * 1024) })

    assert.is_nil(data)
    assert.equal("encoded values take more than 16777216 bytes", message)
    assert.equal("limit", code)
    assert.equal(16 * 1024 * 1024, #abi.encode("(bytes)", { ("x"):rep(16 * 1024 * 1024 - 64) }))
  end)
end)

describe("abi.decode", function()
  it("gives numbers up to 64 bits as integers, and larger ones as words", function()
    local values = abi.decode("(uint8,int16,uint64,uint72,int72)",
      words("ff", ("f"):rep(64), ("f"):rep(16), "5", ("f"):rep(64)))

    assert.same({ 255, -1, -1 }, { values[1], values[2], values[3] })
    assert.equal(word.new(5), values[4])
    assert.equal(-word.new(1), values[5])
  end)

  for _, case in ipairs {
    { "a bool of 2", "(bool)", words "2", "bool at byte 0: out of range" },
    { "a uint8 of 256", "(uint8)", words "100", "uint8 at byte 0: out of range" },
    { "an int8 whose sign is not extended", "(int8)", words "80", "int8 at byte 0: out of range" },
    { "dirty bytes in front of an address", "(bool,address)", words("1", "01" .. ("0"):rep(42)),
      "address at byte 32: padding is not zero" },
    { "dirty bytes in front of a tokenId", "(tokenId)", words("01" .. ("0"):rep(20)),
      "tokenId at byte 0: padding is not zero" },
    { "dirty bytes behind a bytes3", "(bytes3)", words "61626364..",
      "bytes3 at byte 0: padding is not zero" },
    { "dirty bytes behind a function", "(function)", words(("0"):rep(50) .. "01.."),
      "function at byte 0: padding is not zero" },
    { "dirty bytes behind a string", "(string)", words("20", "1", "6162.."),
      "string at byte 32: padding is not zero" },
    { "an offset behind the end", "(string)", words("40", "0"),
      "string at byte 0: offset leaves a gap before the tail" },
    { "an offset out of the data", "(string)", words("60", "0"),
      "string at byte 0: offset is out of range" },
    { "an offset above 2^64", "(string)", words("1" .. ("0"):rep(16), "0"),
      "string at byte 0: offset is out of range" },
    { "an offset into the head", "(string)", words("0", "0"),
      "string at byte 0: offset overlaps what is before the tail" },
    { "two strings in one place", "(string,string)", words("40", "40", "1", "61.."),
      "string at byte 32: offset overlaps what is before the tail" },
    { "an unused word between tails", "(string)", words("40", "7", "0"),
      "string at byte 0: offset leaves a gap before the tail" },
    { "an offset between words", "(string)", words("21", "0", "0"),
      "string at byte 0: offset leaves a gap before the tail" },
    { "a list longer than the data", "(bool[])", words("20", "2", "1"),
      "bool[] at byte 32: length runs past the end" },
    { "a list of 2^255 items", "(bool[])", words("20", "80" .. ("0"):rep(62)),
      "bool[] at byte 32: length runs past the end" },
    { "a string longer than the data", "(string)", words("20", "21", "61.."),
      "string at byte 32: length runs past the end" },
    { "a string of 2^64 - 1 bytes", "(string)", words("20", ("f"):rep(16), "0"),
      "string at byte 32: length runs past the end" },
    { "bytes left over", "(bool)", words("1", "0"), "(bool) at byte 32: bytes are left over" },
    { "bytes for no types", "()", "x", "() at byte 0: bytes are left over" },
    { "no data", "(bool)", "", "(bool) at byte 0: data ends within" },
    { "half a word", "(bool)", words "1":sub(1, 31), "(bool) at byte 0: data ends within" },
    { "a string without length", "(string)", words "20", "string at byte 32: data ends within" },
    { "a tuple that is cut", "((string,bool))", words("20", "40"),
      "(string,bool) at byte 32: data ends within" },
  } do
    it("refuses " .. case[1], function()
      assert_malformed(case[4], case[2], case[3])
    end)
  end

  it("refuses more than 16 MiB", function()
    local _, message, code = abi.decode("(bytes)", ("\0"):rep(16 * 1024 * 1024 + 1))

    assert.equal("16777217 bytes of encoded values, more than 16777216", message)
    assert.equal("limit", code)
  end)

  -- 16 MiB are 2^19 words. Each may lie in 15 arrays and tuples of one item, which are tables.
  it("refuses more than 2^20 values, those inside each other counted each", function()
    local data = words("20", "40000") .. words "7":rep(0x40000)

    local values = abi.decode("(((uint256))[])", data)
    local refused, message, code = abi.decode("((((uint256)))[])", data)

    assert.equal(0x40000, #values[1])
    assert.is_nil(refused)
    assert.equal("more than 1048576 values in encoded data", message)
    assert.equal("limit", code)
  end)

  it("refuses a call of another method", function()
    local call = abi.encode_call("add(bool)", { true })

    assert.same({ true }, abi.decode_call("add(bool)", call))
    local values, message, code = abi.decode_call("sub(bool)", call)
    assert.is_nil(values)
    assert.equal("data is no call of sub(bool)", message)
    assert.equal("malformed", code)
    assert.is_nil(abi.decode_call("sub(bool)", ""))
  end)
end)

describe("encoding and decoding", function()
  it(("agrees with a naive encoder on %d random types and values"):format(PAIR_COUNT), function()
    local random = new_random(SEED)

    for number = 1, PAIR_COUNT do
      local types = naive_abi.random_tuple(random, 3, random(4) - 1)
      local values = naive_abi.random_value(random, types)
      local place = ("seed %d, pair %d: %s"):format(SEED, number, types.text)
      local expected = naive_abi.encode(types, values)
      local encoded = abi.encode(types.text, values)
      assert.truthy(expected == encoded, place)
      local decoded, message = abi.decode(types.text, encoded)
      assert.truthy(decoded, message)
      assert.truthy(naive_abi.encode(types, decoded) == expected, place)
      if number % 50 == 0 then assert.same(texts(values), texts(decoded)) end
    end
  end)

  it("refuses random data that is cut at any byte", function()
    local random = new_random(SEED)

    for _ = 1, 40 do
      local types = naive_abi.random_tuple(random, 3, random(3))
      local data = naive_abi.encode(types, naive_abi.random_value(random, types))
      for size = 0, #data - 1 do
        local values, _, code = abi.decode(types.text, data:sub(1, size))
        assert.is_nil(values)
        assert.equal("malformed", code)
      end
    end
  end)

  it("reads no word that was changed as what it was", function()
    local random = new_random(SEED)

    for _ = 1, 200 do
      local types = naive_abi.random_tuple(random, 3, random(3))
      local data = naive_abi.encode(types, naive_abi.random_value(random, types))
      for at = 1, #data, 32 do
        for _, change in ipairs { 1, 32, math.mininteger, -1, random(math.maxinteger) } do
          local place = at + 8 * (random(4) - 1)
          local mutated = data:sub(1, place - 1)
            .. (">i8"):pack((">i8"):unpack(data, place) ~ change) .. data:sub(place + 8)
          local values = abi.decode(types.text, mutated)
          assert.truthy(values == nil or naive_abi.encode(types, values) == mutated, types.text)
        end
      end
    end
  end)
end)

describe("decode_error", function()
  it("reads the text of Error(string)", function()
    local data = from_hex "4b2bae7e" .. words("20", "5", "6e6f7065" .. "21..")

    assert.same({ kind = "Error", message = "nope!" }, abi.decode_error(data))
  end)

  for code, meaning in pairs {
    ["0"] = "generic panic",
    ["1"] = "assertion failed",
    ["11"] = "arithmetic overflow or underflow",
    ["12"] = "division or modulo by zero",
    ["21"] = "value out of range of an enum",
    ["22"] = "storage byte array is encoded wrongly",
    ["31"] = "pop from an empty array",
    ["32"] = "array index out of bounds",
    ["41"] = "too much memory allocated",
    ["51"] = "call of a function variable that is not set",
  } do
    it("tells the meaning of panic 0x" .. code, function()
      local found = abi.decode_error(from_hex "e0f8f855" .. words(code))

      assert.equal("Panic", found.kind)
      assert.equal(word.new("0x" .. code), found.code)
      assert.equal(meaning, found.meaning)
    end)
  end

  it("gives a panic without known meaning its code alone", function()
    local found = abi.decode_error(from_hex "e0f8f855" .. words "99")

    assert.equal(word.new(0x99), found.code)
    assert.is_nil(found.meaning)
  end)

  for name, data in pairs {
    ["no data"] = "",
    ["three bytes"] = from_hex "4b2bae",
    ["the keccak selector of Error(string)"] = from_hex "08c379a0" .. words("20", "0"),
    ["an Error(string) that is cut"] = from_hex "4b2bae7e" .. words "20",
    ["an Error(string) without data"] = from_hex "4b2bae7e",
    ["a Panic(uint256) with bytes left over"] = from_hex "e0f8f855" .. words("1", "0"),
    ["a Panic(uint256) that is cut"] = from_hex "e0f8f855" .. words "1":sub(1, 31),
  } do
    it("takes " .. name .. " for neither", function()
      assert.same({ kind = "other" }, abi.decode_error(data))
    end)
  end
end)

-- What the scenarios of compiled contracts hold beside the flow.
describe("compiled contracts", function()
  local function entry(contract, kind, name)
    for _, each in ipairs(contract.abi) do
      if each.type == kind and (name == nil or each.name == name) then return each end
    end
  end

  local function types_text(types)
    return "(" .. table.concat(types, ",") .. ")"
  end

  local function values(types, list)
    local converted = {}
    for index, text in ipairs(list) do
      converted[index] = compiled_contracts.value(types[index], text)
    end
    return converted
  end

  local function comparable(types, list)
    local compared = {}
    for index, value in ipairs(values(types, list)) do
      compared[index] = type(value) == "string" and types[index]:find "int" and tostring(value)
        or value
    end
    return compared
  end

  local function decimal(types, list)
    local texts_of = {}
    for index, value in ipairs(list) do
      if types[index]:find "^int" and type(value) == "userdata" and value:slt(0) then
        texts_of[index] = "-" .. tostring(-value)
      else
        texts_of[index] = types[index]:find "int" and tostring(value) or value
      end
    end
    return texts_of
  end

  local function check_deploy(contract, step)
    local constructor = entry(contract, "constructor")
    local types = compiled_contracts.types(constructor and constructor.inputs)
    assert.equal(to_hex(compiled_contracts.bytes(step.constructorArgs)),
      to_hex(abi.encode(types_text(types), values(types, step.args))))
  end

  local function check_call(contract, step)
    local method = entry(contract, "function", step.method)
    local types = compiled_contracts.types(method.inputs)
    local signature = step.method .. types_text(types)
    local data = compiled_contracts.bytes(step.calldata)
    assert.equal(to_hex(data), to_hex(abi.encode_call(signature, values(types, step.args))))
    local decoded = assert(abi.decode_call(signature, data))
    assert.same(comparable(types, step.args), decimal(types, decoded))
    local reverted = step.expect.revertData
    if reverted then
      local found = abi.decode_error(compiled_contracts.bytes(reverted))
      assert.equal(step.expect.reason, found.message or "panic:" .. tostring(found.code))
    end
  end

  local function check_query(contract, step)
    check_call(contract, step)
    if step.expect.status then return end
    local types = compiled_contracts.types(entry(contract, "function", step.method).outputs)
    local returned = compiled_contracts.bytes(step.returnData)
    assert.same(comparable(types, step.expect),
      decimal(types, assert(abi.decode(types_text(types), returned))))
    local encoded = abi.encode(types_text(types), values(types, step.expect))
    assert.equal(to_hex(returned), to_hex(encoded))
  end

  local function check_event(contract, event)
    local declared = entry(contract, "event", event.event)
    local signature = event.event .. types_text(compiled_contracts.types(declared.inputs))
    assert.equal(event.topics[1], to_hex(abi.topic(signature)))
    local types, expected = {}, {}
    for index, parameter in ipairs(declared.inputs) do
      if not parameter.indexed then
        types[#types + 1] = parameter.type
        expected[#expected + 1] = event.values[index]
      end
    end
    local decoded = assert(abi.decode(types_text(types), compiled_contracts.bytes(event.data)))
    assert.same(comparable(types, expected), decimal(types, decoded))
  end

  local function check(scenario, deployed, step)
    if step.op == "deploy" then
      deployed[step.id] = scenario.contracts[step.contract]
      check_deploy(deployed[step.id], step)
    elseif step.op == "call" then
      check_call(deployed[step.to], step)
    elseif step.op == "query" then
      check_query(deployed[step.to], step)
    elseif step.op == "parallel" then
      for _, call in ipairs(step.calls) do check(scenario, deployed, call) end
    elseif step.op == "events" then
      for _, event in ipairs(step.expect) do
        if event.event then check_event(deployed[step.of], event) end
      end
    end
  end

  for _, scenario in ipairs(compiled_contracts.all()) do
    it("have the call data, results and events of " .. scenario.name, function()
      local deployed = {}

      for _, contract in pairs(scenario.contracts) do
        for signature, selector in pairs(contract.methodIdentifiers) do
          assert.equal(selector, to_hex(abi.selector(signature)))
        end
      end
      for _, step in ipairs(scenario.scenario) do check(scenario, deployed, step) end
    end)
  end
end)
