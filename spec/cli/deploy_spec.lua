local command_line = require "spec.support.command_line"

local function deploy(...)
  local place <close> = command_line.new { ["token.lua"] = "return {}", ["token.txt"] = "?",
    ["odd.hex"] = "0x0g" }
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
    assert.truthy(output:find("service 'Token' has processor type 4", 1, true), output)
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
