local command_line = require "spec.support.command_line"

-- Code that returns 42.
local ANSWER <const> = "PUSH 42 PUSH 0 MSTORE PUSH 32 PUSH 0 RETURN"

local OLD <const> = '{"contracts":{"Old":{'
  .. '"abi":[{"type":"constructor","inputs":[{"type":"bool"}]}],"bytecode":"00"},'
  .. '"Loose":{"abi":[],"bytecode":"73__$ab$__00"},"Abstract":{"abi":[],"bytecode":""}}}'

-- Its constructor keeps what it is given, and its methods give it back.
local ADDER <const> = ".function add(uint256)(uint256)\n.argument base uint256\n"
  .. "a := abi_decode(calldata)\nreturn(checked_add(base, a))\n"

-- Init code that returns one zero byte, whatever is behind it.
local TYPES <const> = '{"contracts":{"Types":{"bytecode":"60016000f3","abi":'
  .. '[{"type":"constructor","inputs":[{"name":"limit","type":"uint8"},'
  .. '{"name":"owner","type":"address"},{"name":"flags","type":"bool[2]"},'
  .. '{"name":"shift","type":"int16"},{"name":"token","type":"tokenId"},'
  .. '{"name":"data","type":"bytes"},{"name":"text","type":"string"}]}]}}}'

local TOKEN <const> = [[
local token, state = sdk.contract {
  state = { owner = "bytes20", supply = "uint256" },
  _init = "internal write (owner bytes20, supply uint256)",
  owner = "external read () bytes20, uint256",
}
function token._init(owner, supply) state.owner, state.supply = owner, supply end
function token.owner() return state.owner, state.supply end
return token
]]
local WRONG <const> = "local half = 1 / 2\nreturn {}\n"

local function deploy(...)
  local place <close> = command_line.new { ["token.lua"] = TOKEN, ["wrong.lua"] = WRONG,
    ["token.txt"] = "?",
    ["odd.hex"] = "0x0g", ["old.json"] = OLD, ["types.json"] = TYPES, ["empty.hex"] = "\n" }
  place:init()
  return place:vmhost("deploy", "chain", "--key", "alice", ...)
end

describe("vmhost deploy", function()
  it("deploys a native contract by its name", function()
    local output, status = deploy "BenchmarkToken"

    assert.equal(0, status)
    assert.truthy(output:find "^SUCCESS  0x%x+\nblock 1  root 0x%x+\n$")
  end)

  it("shows why a deployment failed, and where", function()
    local output, status = deploy("Nothing", "--json")

    assert.equal(1, status)
    assert.truthy(output:find('"execution_result":"ERROR_SMART_CONTRACT"', 1, true))
    assert.truthy(output:find('"value":"Contract Nothing was not found"', 1, true))
  end)

  it("knows the processor by the extension of the file", function()
    local output, status = deploy("Token", "token.lua", "0x" .. ("ab"):rep(20), "5")

    assert.equal(0, status, output)
    assert.matches("^SUCCESS", output)
  end)

  it("calls _init of a contract in Lua with its arguments", function()
    local place <close> = command_line.new { ["token.lua"] = TOKEN }
    place:init()
    place:vmhost("deploy", "chain", "--key", "alice", "Token", "token.lua", "0x" .. ("ab"):rep(20),
      "12345678901234567890123")

    local output = place:vmhost("query", "chain", "Token", "owner")

    assert.matches("12345678901234567890123", output, 1, true)
    assert.matches(("ab"):rep(20), output:lower(), 1, true)
  end)

  it("shows what is wrong with a contract in Lua, and sends nothing", function()
    local output, status = deploy("Token", "wrong.lua")

    assert.equal("wrong.lua:1:16: '/' makes a float: write '//'\n"
      .. "    local half = 1 / 2\n                   ^\n", output)
    assert.equal(1, status)
  end)

  it("says how many arguments _init takes, and which one is wrong", function()
    assert.equal("vmhost deploy: Token._init takes 2 arguments, got 1\n",
      (deploy("Token", "token.lua", "0x" .. ("ab"):rep(20))))
    assert.matches("^vmhost deploy: Token._init: argument 2: ",
      (deploy("Token", "token.lua", "0x" .. ("ab"):rep(20), "much")))
  end)

  it("asks for the processor of another file", function()
    local output, status = deploy("Token", "token.txt")

    assert.equal("vmhost deploy: no processor is known by the name of token.txt: "
      .. "give --processor\n", output)
    assert.equal(2, status)
  end)

  it("takes the processor that is named", function()
    local output, status = deploy("Token", "token.txt", "--processor", "vite")

    assert.equal(1, status)
    assert.truthy(output:find("error    invalid opcode\n  in       _Deployments.deployService > "
      .. "Token._init\n", 1, true), output)
  end)

  it("names the contract of a JSON file, and what keeps it from being deployed", function()
    for arguments, expected in pairs {
      [{}] = { 1, "name one of the contracts: Abstract, Loose, Old" },
      [{ "--contract", "New" }] = { 1, "no contract 'New' among these: Abstract, Loose, Old" },
      [{ "--contract", "Loose" }] = { 1, "no code, or its libraries are not linked: not a hex "
        .. "digit at offset 2: '_'" },
      [{ "--contract", "Abstract" }] = { 1, "no code: the contract is abstract, or an interface" },
    } do
      local output, status = deploy("Token", "old.json", table.unpack(arguments))

      assert.equal("vmhost deploy: old.json: " .. expected[2] .. "\n", output)
      assert.equal(expected[1], status)
    end
  end)

  it("deploys what was assembled to a JSON file", function()
    local place <close> = command_line.new { ["answer.vasm"] = ANSWER }
    place:init()
    place:vmhost("assemble", "answer.vasm", "-o", "answer.json")

    local deployed = place:vmhost("deploy", "chain", "--key", "alice", "Answer", "answer.json")
    local output, status = place:vmhost("query", "chain", "Answer", "answer()(uint256)")

    assert.truthy(deployed:find "^SUCCESS", deployed)
    assert.equal("SUCCESS  at height 1\n  output   uint256 42\n", output)
    assert.equal(0, status)
  end)

  it("takes twenty bytes for bytes, whatever the case of their digits", function()
    local place <close> = command_line.new { ["keeper.json"] = '{"contracts":{"Keeper":{'
      .. '"bytecode":"60016000f3","abi":[{"type":"constructor","inputs":'
      .. '[{"name":"data","type":"bytes"}]}]}}}' }
    place:init()

    local output, status = place:vmhost("deploy", "chain", "--key", "alice", "Keeper",
      "keeper.json", "0x" .. ("aB"):rep(20))

    assert.matches("^SUCCESS", output)
    assert.equal(0, status)
  end)

  it("has no use for arguments where another processor runs the file", function()
    local output, status = deploy("Token", "types.json", "5", "--processor", "javascript")

    assert.equal("vmhost deploy: arguments are for a compiled JSON file and a contract in Lua\n",
      output)
    assert.equal(2, status)
  end)

  it("gives the constructor its arguments", function()
    local place <close> = command_line.new { ["adder.vasm"] = ADDER }
    place:init()
    place:vmhost("assemble", "adder.vasm", "-o", "adder.json")

    local deployed = place:vmhost("deploy", "chain", "--key", "alice", "Adder", "adder.json", "40")
    local output = place:vmhost("query", "chain", "Adder", "add(uint256)(uint256)", "uint256:2")

    assert.truthy(deployed:find "^SUCCESS", deployed)
    assert.equal("SUCCESS  at height 1\n  output   uint256 42\n", output)
  end)

  it("takes arguments of any type that has no others inside, and lists of them", function()
    local output, status = deploy("Types", "types.json", "uint8:255", command_line.alice,
      "true,false", "0x7fff", "tti_5649544520544f4b454e6e40", "0x0102", "a text")

    assert.truthy(output:find "^SUCCESS", output)
    assert.equal(0, status)
  end)

  it("takes a negative argument behind --", function()
    local output, status = deploy("Types", "types.json", "5", "--", command_line.alice,
      "true,false", "-1", "0x5649544520544f4b454e", "0x", "")

    assert.truthy(output:find "^SUCCESS", output)
    assert.equal(0, status)
  end)

  it("refuses arguments of the constructor by name, and by their number", function()
    local good = { "5", command_line.alice, "true,false", "1", "0x5649544520544f4b454e", "0x", "" }
    for message, change in pairs {
      ["argument 1 (limit, uint8): uint8 out of range: 256"] = { 1, "256" },
      ["argument 1 (limit, uint8): 'five': not a number"] = { 1, "five" },
      ["argument 1 (limit, uint8): 'uint16:5': not a number"] = { 1, "uint16:5" },
      ["argument 2 (owner, address): '0x0102': 20 or 21 bytes expected, got 2"] = { 2, "0x0102" },
      ["argument 2 (owner, address): 'bob': bytes are written as 0x and hex digits"] = { 2, "bob" },
      ["argument 3 (flags, bool[2]): 'true,1': item 2: true or false expected"] = { 3, "true,1" },
      ["argument 3 (flags, bool[2]): bool[2] expected 2 values, got 1"] = { 3, "true" },
      ["argument 5 (token, tokenId): tokenId expected 10 bytes, got 1"] = { 5, "0x01" },
      ["argument 6 (data, bytes): '0x0g': not a hex digit at offset 1: 'g'"] = { 6, "0x0g" },
    } do
      local words = { table.unpack(good) }
      words[change[1]] = change[2]

      local output, status = deploy("Types", "types.json", table.unpack(words))

      assert.equal("vmhost deploy: Types.constructor: " .. message .. "\n", output)
      assert.equal(2, status)
    end
    local output, status = deploy("Token", "old.json", "--contract", "Old", "true", "false")
    assert.equal("vmhost deploy: Token.constructor takes 1 argument (bool), got 2\n", output)
    assert.equal(2, status)
  end)

  it("leaves tuples and lists of lists to scripts", function()
    local place <close> = command_line.new { ["a.json"] = '{"contracts":{"A":{"bytecode":"00",'
      .. '"abi":[{"type":"constructor","inputs":[{"name":"rows","type":"uint8[][]"}]}]}}}' }
    place:init()

    local output, status = place:vmhost("deploy", "chain", "--key", "alice", "A", "a.json", "1,2")

    assert.equal("vmhost deploy: A.constructor: argument 1 (rows, uint8[][]): '1,2': lists of "
      .. "lists and tuples are given by a script, with vmhost.vite\n", output)
    assert.equal(2, status)
  end)

  it("refuses what only a JSON file has use for", function()
    for _, words in ipairs { { "Token", "token.lua", "--contract", "A" },
      { "Token", "odd.hex", "--contract", "A" }, { "BenchmarkToken", "--contract", "A" } } do
      local output, status = deploy(table.unpack(words))

      assert.equal("vmhost deploy: --contract is for a compiled JSON file\n", output)
      assert.equal(2, status)
    end
  end)

  it("refuses a file without code", function()
    local output, status = deploy("Token", "empty.hex")

    assert.equal("vmhost deploy: empty.hex: no code\n", output)
    assert.equal(1, status)
  end)

  it("reads a .hex file as bytes", function()
    local output, status = deploy("Token", "odd.hex")

    assert.equal("vmhost deploy: odd.hex: not a hex digit at offset 1: 'g'\n", output)
    assert.equal(1, status)
  end)

  it("names a file that it cannot read", function()
    local output, status = deploy("Token", "none.lua")

    assert.equal("vmhost deploy: none.lua: No such file or directory\n", output)
    assert.equal(1, status)
  end)
end)
