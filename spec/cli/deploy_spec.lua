local command_line = require "spec.support.command_line"

-- Code that returns 42.
local ANSWER <const> = "PUSH 42 PUSH 0 MSTORE PUSH 32 PUSH 0 RETURN"

local OLD <const> = '{"contracts":{"Old":{'
  .. '"abi":[{"type":"constructor","inputs":[{"type":"bool"}]}],"bytecode":"00"},'
  .. '"Loose":{"abi":[],"bytecode":"73__$ab$__00"}}}'

local function deploy(...)
  local place <close> = command_line.new { ["token.lua"] = "return {}", ["token.txt"] = "?",
    ["odd.hex"] = "0x0g", ["old.json"] = OLD }
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
    local output, status = deploy("Token", "token.lua")

    assert.equal(1, status)
    assert.truthy(output:find("service 'Token' has processor type 3", 1, true), output)
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
      [{}] = { 1, "name one of the contracts: Loose, Old" },
      [{ "--contract", "New" }] = { 1, "no contract 'New' among these: Loose, Old" },
      [{ "--contract", "Old" }] = { 2, "its constructor takes arguments: deploy it by a script, "
        .. "with vmhost.vite" },
      [{ "--contract", "Loose" }] = { 1, "no code, or its libraries are not linked: not a hex "
        .. "digit at offset 2: '_'" },
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

  it("reads a .hex file as bytes", function()
    local output, status = deploy("Token", "odd.hex")

    assert.equal("vmhost deploy: odd.hex: not a hex digit at offset 1: 'g'\n", output)
    assert.equal(1, status)
  end)

  it("names a file that it cannot read", function()
    local output, status = deploy("Token", "none.lua")

    assert.equal("vmhost deploy: cannot read none.lua\n", output)
    assert.equal(1, status)
  end)
end)
