local lfs = require "lfs"
local command_line = require "spec.support.command_line"

local AWAIT <const> = lfs.currentdir() .. "/examples/await/two_contracts/await.json"

describe("vmhost disassemble", function()
  it("says what is wrong with a JSON file, or that it cannot be read", function()
    for content, message in pairs {
      ["3"] = "no compiled contracts",
      ['{"contracts":{"A":3}}'] = "contract 'A': object expected, got number",
      ['{"contracts":{"A":{"runtime":3}}}'] = "contract 'A': runtime: string expected, got number",
      ['{"contracts":{"A":{"abi":[3]}}}'] = "contract 'A': abi[1]: object expected, got number",
      ['{"contracts":{"A":{}}}'] = "no 'runtime'",
    } do
      local place <close> = command_line.new { ["a.json"] = content }

      local output, status = place:vmhost("disassemble", "a.json")

      assert.equal("vmhost disassemble: a.json: " .. message .. "\n", output)
      assert.equal(1, status)
    end
    local place <close> = command_line.new()
    assert.equal("vmhost disassemble: cannot read .: Is a directory\n",
      (place:vmhost("disassemble", ".")))
  end)

  it("takes hex digits as they are", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("disassemble", "0x6001600255")

    assert.equal("    PUSH1 0x01                           ; 0000\n"
      .. "    PUSH1 0x02                           ; 0002\n"
      .. "    SSTORE                               ; 0004\n", output)
    assert.equal(0, status)
  end)

  it("takes a file of hex digits", function()
    local place <close> = command_line.new { ["code.hex"] = "60 01\n" }

    assert.equal("    PUSH1 0x01                           ; 0000\n",
      (place:vmhost("disassemble", "code.hex")))
  end)

  it("names the methods of a compiled JSON file", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("disassemble", AWAIT, "--contract", "B")

    assert.equal(0, status)
    assert.truthy(output:find("\n; function 3c1147b5 test()\nfunction_3c1147b5:\n", 1, true))
    assert.truthy(output:find "\n; callback %x+\ncallback_%x+:\n")
    assert.is_nil(output:find(".section runtime", 1, true))
  end)

  it("shows init code when that is wanted", function()
    local place <close> = command_line.new()

    local output = place:vmhost("disassemble", AWAIT, "--contract", "A", "--init")

    assert.truthy(output:find("\n.section runtime\n", 1, true))
  end)

  it("asks which contract of several", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("disassemble", AWAIT)

    assert.equal("vmhost disassemble: " .. AWAIT .. ": name one of the contracts: A, B\n", output)
    assert.equal(1, status)
  end)

  it("refuses what is no hex", function()
    local place <close> = command_line.new { ["code.hex"] = "600",
      ["a.json"] = '{"contracts":{"A":{"runtime":"0g"}}}' }

    for file, message in pairs {
      ["code.hex"] = "code.hex: odd number of hex digits: half a byte at offset 2",
      ["0x0g"] = "the hex digits: not a hex digit at offset 1: 'g'",
      ["a.json"] = "a.json: contract 'A': not a hex digit at offset 1: 'g'",
    } do
      local output, status = place:vmhost("disassemble", file)

      assert.equal("vmhost disassemble: " .. message .. "\n", output)
      assert.equal(1, status)
    end
  end)

  it("refuses what is nothing", function()
    local place <close> = command_line.new { ["code.hex"] = "\n",
      ["a.json"] = '{"contracts":{"A":{"runtime":""}}}', ["b.json"] = '{"contracts":{}}' }

    for file, message in pairs {
      ["code.hex"] = "code.hex: no code",
      ["0x"] = "the hex digits: no code",
      ["a.json"] = "a.json: contract 'A': no code",
      ["b.json"] = "b.json: it holds no contract",
    } do
      local output, status = place:vmhost("disassemble", file)

      assert.equal("vmhost disassemble: " .. message .. "\n", output)
      assert.equal(1, status)
    end
  end)

  it("refuses options of a JSON file where there is none", function()
    local place <close> = command_line.new { ["code.hex"] = "00" }

    for _, words in ipairs { { "0x00", "--init" }, { "code.hex", "--contract", "A" } } do
      local output, status = place:vmhost("disassemble", table.unpack(words))

      assert.equal("vmhost disassemble: --contract and --init are for a JSON file\n", output)
      assert.equal(2, status)
    end
  end)

  -- As the compiler writes a public method of a library that takes its enum.
  it("names methods of a library whose types call data cannot hold", function()
    local place <close> = command_line.new { ["a.json"] = '{"contracts":{"Lib":{"runtime":'
      .. '"60003560e01c630102030414601057fe5b00",'
      .. '"methodIdentifiers":{"f(Lib.Kind)":"01020304"}}}}' }

    local output, status = place:vmhost("disassemble", "a.json")

    assert.truthy(output:find("; function 01020304 f(Lib.Kind)\nfunction_01020304:\n", 1, true),
      output)
    assert.equal(0, status)
  end)
end)
