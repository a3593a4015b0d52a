local assembler = require "vmhost.assembler"
local compiled_contracts = require "spec.support.compiled_contracts"
local disassembler = require "vmhost.disassembler"
local new_random = require "spec.support.random"

local from_hex, to_hex = compiled_contracts.from_hex, compiled_contracts.to_hex

local RANDOM_COUNT <const> = os.getenv "VMHOST_SOAK" and 50000 or 1000
local SEED <const> = tonumber(os.getenv "VMHOST_SEED") or 4711

local function assert_round_trip(code)
  local assembled, message = assembler.assemble(disassembler.disassemble(code))
  assert.truthy(assembled, message)
  assert.equal(to_hex(code), to_hex(assembled.runtime))
end

local function count(text, pattern)
  return select(2, text:gsub(pattern, ""))
end

describe("disassembler.disassemble", function()
  it("writes instructions with their addresses, and bytes that are none as data", function()
    local text = disassembler.disassemble(from_hex "6001610203550c60")

    assert.equal([[
    PUSH1 0x01                           ; 0000
    PUSH2 0x0203                         ; 0002
    SSTORE                               ; 0005
    DATA 0x0c                            ; 0006
    DATA 0x60                            ; 0007
]], text)
  end)

  it("gives jump destinations a label, which jumps name", function()
    local text = disassembler.disassemble(from_hex "6004565b5b")

    assert.equal([[
    PUSH1 @jump_0004                     ; 0000
    JUMP                                 ; 0002

jump_0003:
    JUMPDEST                             ; 0003

jump_0004:
    JUMPDEST                             ; 0004
]], text)
  end)

  it("marks the functions and callbacks of the dispatcher", function()
    -- CALLDATALOAD(0) >> 224; 11223344 to 0x1a, 3c to 0x1b; STOP.
    local code = from_hex("60003560e01c" .. "80" .. "6311223344" .. "14" .. "601a" .. "57"
      .. "80" .. "603c" .. "14" .. "601b" .. "57" .. "00" .. "00" .. "00" .. "5b" .. "5b" .. "f8")

    local text = disassembler.disassemble(code, { signatures = { "other()" } })

    assert.truthy(text:find("\n; function 11223344\nfunction_11223344:\n    JUMPDEST", 1, true))
    assert.truthy(text:find("\n; callback 3c\ncallback_3c:\n    JUMPDEST", 1, true), text)
    assert.truthy(text:find("PUSH1 @function_11223344", 1, true))
  end)

  it("names functions whose signatures are given", function()
    local contract = compiled_contracts.read("compiled/await_once.json").contracts.Adder

    local text = disassembler.disassemble(compiled_contracts.code(contract.runtime),
      { signatures = { "add(uint256,uint256)" } })

    assert.truthy(text:find("\n; function f26dafb6 add(uint256,uint256)\n", 1, true))
    assert.truthy(text:find("\n; function e2448e6b\n", 1, true))
    assert.truthy(text:find "\n; metadata of the compiler\n    DATA 0xfea165627a7a72305820")
  end)

  it("shows init code and what it deploys as two sections", function()
    local contract = compiled_contracts.read("compiled/await_once.json").contracts.Client

    local text = disassembler.disassemble(compiled_contracts.code(contract.bytecode))

    assert.equal(1, count(text, "\n%.section runtime\n    PUSH1 0x80 +; 0000\n"))
    assert.truthy(text:find "\ninit_jump_0010:\n")
    assert.truthy(text:find "\ncallback_3a:\n    JUMPDEST +; 009d\n    CALLBACKDEST")
  end)

  for _, scenario in ipairs(compiled_contracts.all()) do
    it("marks the entries of " .. scenario.name .. " and gives its code again", function()
      for _, contract in pairs(scenario.contracts) do
        local runtime = compiled_contracts.code(contract.runtime)
        assert_round_trip(runtime)
        assert_round_trip(compiled_contracts.code(contract.bytecode))
        local text = disassembler.disassemble(runtime)
        local method_count = 0
        for _, selector in pairs(contract.methodIdentifiers) do
          method_count = method_count + 1
          assert.is_true(#runtime == 0 or text:find("\n; function " .. selector, 1, true) ~= nil)
        end
        assert.equal(#runtime == 0 and 0 or method_count, count(text, "\n; function %x"))
        assert.equal(count(text, " CALLBACKDEST "), count(text, "\ncallback_%x+:"))
      end
    end)
  end

  it("gives random bytes again", function()
    local random = new_random(SEED)
    -- Bytes of which dispatchers, jumps and deployments are made come up more often.
    local likely = from_hex "5b5b60616314575680818039f3f80035601c"

    for number = 1, RANDOM_COUNT do
      local bytes = {}
      for index = 1, random(200) do
        local pick = random(#likely)
        bytes[index] = number % 2 == 0 and likely:sub(pick, pick) or string.char(random(256) - 1)
      end
      assert_round_trip(table.concat(bytes))
    end
    assert_round_trip ""
  end)

  it("gives code again that deploys code that deploys code", function()
    local inner = "600180600b6000396000f300"
    assert_round_trip(from_hex("600c80600b6000396000f3" .. inner))
    assert_round_trip(from_hex("600c80600b6000396000f3" .. inner .. "aabb"))
  end)

  it("keeps labels apart when two entries have one selector", function()
    local row = "80" .. "6311223344" .. "14"

    assert_round_trip(from_hex("60003560e01c" .. row .. "601a" .. "57" .. row .. "601b" .. "57"
      .. "5b5b"))
  end)

  it("refuses what is no code", function()
    assert.error_matches(function() disassembler.disassemble(nil) end,
      "disassembler.disassemble: code: string expected, got nil$")
    assert.error_matches(function() disassembler.disassemble { 0x60 } end,
      "disassembler.disassemble: code: string expected, got table$")
    assert.error_matches(function()
      disassembler.disassemble("\0", { signatures = { "f()", "f(uint)" } })
    end, "disassembler.disassemble: signatures[2]: no signature: 'f(uint)'", 1, true)
  end)
end)
