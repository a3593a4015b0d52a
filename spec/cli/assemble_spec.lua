local command_line = require "spec.support.command_line"

local ADDER <const> = ".function add(uint256)(uint256)\n.argument base uint256\n"
  .. "a := abi_decode(calldata)\nreturn(checked_add(base, a))\n"

local function read(place, name)
  local file <close> = assert(io.open(place.folder.path .. "/" .. name))
  return file:read "a"
end

describe("vmhost assemble", function()
  it("prints the code", function()
    local place <close> = command_line.new { ["a.vasm"] = "PUSH 1\nPUSH 2\nSSTORE" }

    local output, status = place:vmhost("assemble", "a.vasm")

    assert.equal("6001600255\n", output)
    assert.equal(0, status)
  end)

  it("prints code and init code as JSON", function()
    local place <close> = command_line.new { ["a.vasm"] = "STOP" }

    local output = place:vmhost("assemble", "a.vasm", "--json")

    assert.equal('{"runtime":"0x00","bytecode":"0x600180600b6000396000f300"}\n', output)
  end)

  it("takes the header from a file of its own", function()
    local place <close> = command_line.new { ["a.vasm"] = "x = 7", ["a.header"] = ".storage x" }

    local output = place:vmhost("assemble", "a.vasm", "--header", "a.header")

    assert.equal("6007600055\n", output)
  end)

  it("writes a compiled JSON file", function()
    local place <close> = command_line.new { ["adder.vasm"] = ADDER }

    local output, status = place:vmhost("assemble", "adder.vasm", "-o", "adder.json")

    assert.equal(0, status)
    assert.truthy(output:find "^adder +%d+ bytes\n$", output)
    local contract = require("dkjson").decode(read(place, "adder.json")).contracts.adder
    assert.same({ "constructor", "function" }, { contract.abi[1].type, contract.abi[2].type })
    assert.same({ ["add(uint256)"] = "5bb30f77" }, contract.methodIdentifiers)
    assert.equal(contract.runtime, contract.bytecode:sub(-#contract.runtime))
  end)

  it("shows the line of a fault with a caret", function()
    local place <close> = command_line.new { ["a.vasm"] = "STOP\n  jump(x)" }

    local output, status = place:vmhost("assemble", "a.vasm")

    assert.equal("a.vasm:2:8: no label 'x'\n    jump(x)\n         ^\n", output)
    assert.equal(1, status)
  end)

  it("says that a file is not there", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("assemble", "none.vasm")

    assert.equal("vmhost assemble: none.vasm: No such file or directory\n", output)
    assert.equal(1, status)
  end)

  it("refuses to write code with sections of its own as a contract", function()
    local place <close> = command_line.new { ["a.vasm"] = "STOP\n.section x\nSTOP" }

    local output, status = place:vmhost("assemble", "a.vasm", "-o", "a.json")

    assert.equal("vmhost assemble: a text with sections of its own is no contract to write\n",
      output)
    assert.equal(1, status)
  end)

  it("refuses a text that gives no code", function()
    for _, text in ipairs { "", "; nothing\n", ".function f()" } do
      local place <close> = command_line.new { ["a.vasm"] = text }

      local output, status = place:vmhost("assemble", "a.vasm", "-o", "a.json")

      assert.equal("vmhost assemble: a.vasm: no code\n", output)
      assert.equal(1, status)
    end
  end)

  it("names a folder in place of a file or a header", function()
    local place <close> = command_line.new { ["a.vasm"] = "STOP" }

    for _, words in ipairs { { "." }, { "a.vasm", "--header", "." } } do
      local output, status = place:vmhost("assemble", table.unpack(words))

      assert.equal("vmhost assemble: cannot read .: Is a directory\n", output)
      assert.equal(1, status)
    end
  end)
end)
