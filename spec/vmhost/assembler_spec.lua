local assembler = require "vmhost.assembler"
local compiled_contracts = require "spec.support.compiled_contracts"
local lfs = require "lfs"
local opcodes = require "vmhost.assembler.opcodes"

local to_hex = compiled_contracts.to_hex

local function code(text, header)
  return to_hex(assert(assembler.assemble(text, { header = header })).runtime)
end

local function assert_fault(expected, text, header)
  local assembled, message, failure_code = assembler.assemble(text, { header = header,
    file = "a.vasm" })
  assert.is_nil(assembled)
  assert.equal(expected, message)
  assert.equal("malformed", failure_code)
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

describe("the opcodes of the assembler", function()
  it("are those of core/vite/opcodes.def", function()
    if not lfs.attributes "core/vite/opcodes.def" then return pending "no core/vite" end

    local count = 0
    for byte, name, pops, pushes in read "core/vite/opcodes.def":gmatch
      "\nX%((0x%x%x), ([%u%d]+), (%d+), (%d+)," do
      local opcode = opcodes.by_name[name]
      assert.same({ tonumber(byte), tonumber(pops), tonumber(pushes) },
        { opcode.byte, opcode.pops, opcode.pushes }, name)
      count = count + 1
    end
    local known = 0
    for _ in pairs(opcodes.by_byte) do known = known + 1 end
    assert.equal(count, known)
  end)
end)

describe("assembler.assemble", function()
  it("gives the bytes of instructions, one or many a line", function()
    assert.equal("6080604052005b",
      code "PUSH1 0x80 PUSH1 64 MSTORE ; free pointer\nSTOP // end\nJUMPDEST")
  end)

  it("sizes a PUSH by its number, and keeps the size that is written", function()
    assert.equal("6000" .. "60ff" .. "610100" .. "62010000" .. "63000000ff",
      code "PUSH 0\nPUSH 255\nPUSH 0x0100\nPUSH 65536\nPUSH4 0xff")
    assert.equal("7f" .. ("ff"):rep(32), code("PUSH 0x" .. ("f"):rep(64)))
  end)

  it("pushes texts, selectors and topics", function()
    assert.equal("695649544520544f4b454e" .. "63f26dafb6"
      .. "7f39640800641ff14f27e6ee36d0dfbb8c8f2c07210eaf70325753ca1f7f3aa8a3",
      code 'PUSH "VITE TOKEN"\nPUSH selector("add(uint256,uint256)")\nPUSH topic("Nothing()")')
  end)

  it("keeps data as it is written", function()
    assert.equal("fea165" .. "616263" .. "00", code 'DATA 0xfea165 "abc"\nSTOP')
  end)

  it("resolves labels before and after", function()
    local assembled = assert(assembler.assemble
      "start:\n  PUSH @end\n  JUMP\n  PUSH @start\nend: JUMPDEST")

    assert.equal("600556" .. "6000" .. "5b", to_hex(assembled.runtime))
    assert.same({ start = 0, ["end"] = 5 }, assembled.labels)
  end)

  it("grows a PUSH when its label is above 255", function()
    local function text(count) return "PUSH @x" .. (" JUMPDEST"):rep(count) .. "\nx: STOP" end

    assert.equal("60ff" .. ("5b"):rep(253) .. "00", code(text(253)))
    assert.equal("610101" .. ("5b"):rep(254) .. "00", code(text(254)))
  end)

  it("pushes sums and differences of labels", function()
    assert.equal("6001" .. "6002" .. "5b5b",
      code "PUSH @b - @a\nPUSH @b + 1 - @a\na: JUMPDEST\nb: JUMPDEST")
  end)

  it("counts addresses from the beginning of a section", function()
    local text = "PUSH size(runtime) DUP1 PUSH offset(runtime) PUSH 0 CODECOPY PUSH 0 RETURN\n"
      .. ".section runtime\nhere: JUMPDEST PUSH @here JUMP"

    local assembled = assert(assembler.assemble(text))

    assert.equal("600480600b6000396000f3" .. "5b600056", to_hex(assembled.runtime))
    assert.is_nil(assembled.bytecode)
  end)

  it("wraps code without sections for deployment", function()
    local assembled = assert(assembler.assemble "STOP\nSTOP")

    assert.equal("600280600b6000396000f3" .. "0000", to_hex(assembled.bytecode))
  end)

  it("lets init code keep the arguments that follow it", function()
    local assembled = assert(assembler.assemble("STOP", {
      header = ".argument peer address\n.argument limit uint8",
    }))

    -- 30 bytes of init code, one of runtime: the arguments are from 31 on.
    assert.equal("6040601f600039600051600055602051600155600180601e6000396000f3" .. "00",
      to_hex(assembled.bytecode))
    assert.same({ { name = "peer", type = "address" }, { name = "limit", type = "uint8" } },
      assembled.arguments)
  end)
end)

describe("a listing", function()
  local HEADER <const> = ".function f(uint256)(uint256)\n.external g(uint256)(uint256)\n"

  it("keeps what it assigns in memory, and decodes call data behind the selector", function()
    assert.equal(code [[
      PUSH 0x24 CALLDATASIZE LT PUSH @short JUMPI
      PUSH 4 CALLDATALOAD PUSH 0x40 MSTORE
      PUSH 7 PUSH 0x40 MLOAD ADD PUSH 0x60 MSTORE
      STOP
      short: JUMPDEST PUSH 0 DUP1 REVERT
    ]], code "a := abi_decode(calldata)\nb := add(a, 7)")
  end)

  it("takes operands top first", function()
    assert.equal("6002600103600055", code("x = sub(1, 2)", ".storage x"))
    assert.equal("6002600110600055", code("x = 1 < 2", ".storage x"))
    assert.equal("6001600214600055", code("x = 1 == 2", ".storage x"))
  end)

  it("reads bytes of call data as a number", function()
    assert.equal("600035" .. "60e01c" .. "604052", code "id := calldata(0, 4)")
    assert.equal("602435" .. "604052", code "word := calldata(36, 32)")
  end)

  it("jumps from a row of the dispatcher, and begins what is jumped to with JUMPDEST", function()
    assert.equal(code [[
      PUSH 0 CALLDATALOAD PUSH 224 SHR PUSH 0x40 MSTORE
      PUSH 0x40 MLOAD PUSH selector("f(uint256)") EQ PUSH @tag JUMPI
      PUSH 0 DUP1 REVERT
      STOP
      tag: JUMPDEST STOP
    ]], code("id := calldata(0, 4)\nif id == sig_hash(f)\n  jump(tag)\nelse\n  fallback()\nstop\n"
      .. "tag:\nstop", HEADER .. ".fallback revert"))
  end)

  it("jumps over a body whose condition does not hold", function()
    assert.equal(code [[
      CALLVALUE ISZERO PUSH @else JUMPI
      PUSH 1 PUSH 0 SSTORE
      PUSH @end JUMP
      else: JUMPDEST PUSH 2 PUSH 0 SSTORE
      end: JUMPDEST STOP
    ]], code("if callvalue()\n  x = 1\nelse\n  x = 2\nstop", ".storage x"))
  end)

  it("sends selector and parameters, the operands of SYNCCALL top first", function()
    assert.equal(code [[
      PUSH 5 PUSH 0x60 MSTORE
      PUSH selector("g(uint256)") PUSH 0x40 MSTORE
      PUSH 0x24 PUSH 0x5c PUSH 3 PUSH 0x5649544520544f4b454e PUSH 0xabcd PUSH 1 SYNCCALL STOP
    ]], code("p := abi_encode(5)\nsynccall(peer, sig_hash(g), p, 1)\nstop",
      HEADER .. ".constant peer 0xabcd\n.amount 3"))
  end)

  it("fails with the answer's data behind callbackdest", function()
    assert.equal(code [[
      CALLBACKDEST ISZERO PUSH @failed JUMPI STOP STOP
      failed: JUMPDEST RETURNDATASIZE PUSH 0 DUP1 RETURNDATACOPY RETURNDATASIZE PUSH 0 REVERT
    ]], code "callbackdest\nstop")
  end)

  it("returns nothing, a word, or encoded words", function()
    assert.equal("600080f3", code "return")
    assert.equal("600760005260206000f3", code "return(7)")
    assert.equal("6001606052600260805260406060f3", code "return(abi_encode(1, 2))")
  end)

  it("panics when a checked sum, difference or product overflows", function()
    local panic = " STOP\noverflow: JUMPDEST PUSH 0xe0f8f855" .. ("0"):rep(56)
      .. " PUSH 0 MSTORE PUSH 0x11 PUSH 4 MSTORE PUSH 0x24 PUSH 0 REVERT"

    assert.equal(code("PUSH 2 PUSH 1 DUP2 ADD DUP1 SWAP2 GT PUSH @overflow JUMPI PUSH 0 SSTORE"
      .. panic), code("x = checked_add(1, 2)", ".storage x"))
    assert.equal(code("PUSH 2 PUSH 1 DUP2 DUP2 LT PUSH @overflow JUMPI SUB PUSH 0 SSTORE"
      .. panic), code("x = checked_sub(1, 2)", ".storage x"))
    assert.equal(code("PUSH 2 PUSH 1 DUP2 DUP2 MUL DUP1 DUP3 SWAP1 DIV DUP4 EQ DUP3 ISZERO OR "
      .. "ISZERO PUSH @overflow JUMPI SWAP2 POP POP PUSH 0 SSTORE" .. panic),
      code("x = checked_mul(1, 2)", ".storage x"))
  end)

  it("reads constructor arguments and state variables from storage", function()
    assert.equal("600154" .. "600055" .. "600254" .. "600155", code("a = b\nb = c",
      ".storage c\n.argument a uint256\n.argument b uint256"))
  end)
end)

describe("the published listings", function()
  local examples = {}
  for _, folder in ipairs { "two_contracts", "three_contracts" } do
    for name in lfs.dir("examples/await/" .. folder) do
      if name:find "%.vasm$" then examples[#examples + 1] = folder .. "/" .. name end
    end
  end
  table.sort(examples)

  for _, name in ipairs(examples) do
    it("assemble: " .. name, function()
      local assembled = assert(assembler.assemble(read("examples/await/" .. name)))

      assert.is_true(#assembled.runtime > 100)
      assert.equal(1, #assembled.functions)
    end)
  end

  it("are five", function()
    assert.equal(5, #examples)
  end)

  it("add with the code that this assembly says", function()
    local expected = code [[
      PUSH 0 CALLDATALOAD PUSH 224 SHR PUSH 0x40 MSTORE
      PUSH 0x40 MLOAD PUSH selector("add(uint256,uint256)") EQ PUSH @add JUMPI
      STOP
      STOP
      add: JUMPDEST
      PUSH 68 CALLDATASIZE LT PUSH @short JUMPI
      PUSH 4 CALLDATALOAD PUSH 0x60 MSTORE
      PUSH 36 CALLDATALOAD PUSH 0x80 MSTORE
      PUSH 0x80 MLOAD PUSH 0x60 MLOAD DUP2 ADD DUP1 SWAP2 GT PUSH @overflow JUMPI
      PUSH 0xa0 MSTORE
      PUSH 0xa0 MLOAD PUSH 0xe0 MSTORE
      PUSH 32 PUSH 0xe0 RETURN
      STOP
      short: JUMPDEST PUSH 0 DUP1 REVERT
      overflow: JUMPDEST
      PUSH32 0xe0f8f85500000000000000000000000000000000000000000000000000000000
      PUSH 0 MSTORE PUSH 0x11 PUSH 4 MSTORE PUSH 0x24 PUSH 0 REVERT
    ]]

    assert.equal(expected, code(read "examples/await/two_contracts/a.vasm"))
  end)

  it("await with the code that this assembly says", function()
    local expected = code [[
      PUSH 0 CALLDATALOAD PUSH 224 SHR PUSH 0x40 MSTORE
      PUSH 0x40 MLOAD PUSH selector("test()") EQ PUSH @test JUMPI
      PUSH 0x40 MLOAD PUSH 1 EQ PUSH @callback JUMPI
      STOP
      STOP
      test: JUMPDEST
      PUSH 0 SLOAD PUSH 0x60 MSTORE
      PUSH selector("add(uint256,uint256)") PUSH 0x40 MSTORE
      PUSH 1 PUSH 0xa0 MSTORE PUSH 2 PUSH 0xc0 MSTORE
      PUSH 1 PUSH 0xe0 MSTORE
      PUSH 0x40 MLOAD PUSH 0x80 MSTORE
      PUSH 68 PUSH 0x9c PUSH 0 PUSH 0x5649544520544f4b454e PUSH 0x60 MLOAD PUSH 0xe0 MLOAD
      SYNCCALL
      STOP
      callback: JUMPDEST
      CALLBACKDEST ISZERO PUSH @failed JUMPI
      PUSH 36 CALLDATASIZE LT PUSH @short JUMPI
      PUSH 4 CALLDATALOAD PUSH 0x100 MSTORE
      PUSH 0x100 MLOAD PUSH 0 MSTORE PUSH 32 PUSH 0 RETURN
      STOP
      failed: JUMPDEST RETURNDATASIZE PUSH 0 DUP1 RETURNDATACOPY RETURNDATASIZE PUSH 0 REVERT
      short: JUMPDEST PUSH 0 DUP1 REVERT
    ]]

    assert.equal(expected, code(read "examples/await/two_contracts/b.vasm"))
  end)
end)

describe("a fault", function()
  it("shows file, line, column, the line and a caret", function()
    assert_fault("a.vasm:2:10: no label 'x'\n  \tPUSH   @x\n  \t        ^",
      "STOP\n\tPUSH   @x")
  end)

  it("shows of a long line what is around the caret", function()
    assert_fault("a.vasm:1:205: unexpected 'ADD'\n  ...D " .. ("ADD "):rep(11) .. "FOO "
      .. ("ADD "):rep(12) .. "AD...\n" .. (" "):rep(53) .. "  ^",
      ("ADD "):rep(50) .. "FOO" .. (" ADD"):rep(50))
  end)

  it("shows control bytes as escapes", function()
    assert_fault("a.vasm:1:5: unexpected '\\x1b'\n  ADD \\x1b[31m \\xff\n      ^",
      "ADD \27[31m \xff")
  end)

  it("cuts what is long in a message", function()
    local _, message = assembler.assemble("PUSH @" .. ("x"):rep(100000), { file = "a.vasm" })

    assert.truthy(message:find "^a.vasm:1:7: no label 'x+ %.%.%. x+'\n")
    assert.truthy(#message < 500)
  end)

  it("names the header where the fault is there", function()
    assert_fault("header of a.vasm:1:1: no directive '.method'\n  .method f()\n  ^", "STOP",
      ".method f()")
  end)

  for _, case in ipairs {
    { "ADD FOO", "1:5: no statement 'FOO'" },
    { "PUSH", "1:5: value expected" },
    { "PUSH1 256", "1:7: 0x100 does not fit PUSH1" },
    { "PUSH 0x1g", "1:6: '0x1g' is no number" },
    { "PUSH 0x1" .. ("0"):rep(64), "1:6: number is above 2^256 - 1" },
    { "PUSH x", "1:6: PUSH takes what is known before the run" },
    { "PUSH 1 - 2", "1:8: value is below zero" },
    { "PUSH @a", "1:7: no label 'a'" },
    { "PUSH size(a)", "1:11: no section 'a'" },
    { 'PUSH selector("f(uint)")', "1:15: f(uint): no such type at character 3" },
    { "PUSH selector(f)", "1:15: signature in quotes expected" },
    { 'PUSH "' .. ("x"):rep(33) .. '"', "1:6: text is longer than a word" },
    { "DATA 0x123", "1:6: DATA takes texts and 0x with an even number of digits" },
    { "DATA 12", "1:6: DATA takes texts and 0x with an even number of digits" },
    { "a: STOP\na: STOP", "2:1: label 'a' is there already" },
    { ".section a\n.section a", "2:1: section 'a' is there already" },
    { "jump(a)", "1:6: no label 'a'" },
    { "jump()", "1:1: jump takes 1 argument, got 0" },
    { "x := y", "1:6: 'y' is neither declared nor assigned" },
    { "x = 1", "1:1: 'x' is no state variable: declare it with .storage, or assign with ':='" },
    { "x := sstore(1, 2)", "1:6: 'sstore' gives no value" },
    { "x := add(1)", "1:6: add takes 2 arguments, got 1" },
    { "x := sig_hash(f)", "1:15: no method 'f': declare it with .function or .external" },
    { "x, y := 1", "1:4: only abi_decode gives several values" },
    { "x := abi_decode(memory)", "1:17: abi_decode reads calldata or returndata" },
    { "x := calldata(0, 33)", "1:18: calldata takes 1 to 32 bytes" },
    { "x := abi_encode(1)\ny := add(x, 1)", "2:10: 'x' is encoded data and no single value" },
    { "fallback()",
      "1:1: what fallback() does is not declared: .fallback stop, or revert" },
    { "synccall(1, 2, 3, 4)", "1:16: parameters are what abi_encode gives" },
    { "if 1\nstop", "1:1: nothing is indented under 'if'" },
    { "else\n  stop", "1:1: 'else' without 'if'" },
    { "stop stop", "1:6: unexpected 'stop'" },
    { "STOP $%", "1:7: unexpected '%'" },
    { "x := (1", "1:8: ')' expected" },
    { "x := add(1 2)", "1:12: ',' or ')' expected" },
    { ".function f(uint)", "1:1: f(uint): no such type at character 3" },
    { ".function f(string)",
      "1:1: string does not fit one word, which is all that a listing handles" },
    { ".function f()\n.external f(bool)", "2:1: 'f' is declared already, as f()" },
    { ".storage a\n.constant a 1", "2:1: 'a' is declared already" },
    { ".constant a", "1:1: .constant takes a name and a value" },
    { ".constant a b", "1:1: 'b' is no number" },
    { ".argument a uint", "1:1: 'uint' is no type" },
    { ".fallback jump", "1:1: .fallback is stop or revert" },
    { ".storage a\na := 1", "2:1: 'a' is declared in the header and no variable" },
  } do
    it("says " .. case[2], function()
      local _, message = assembler.assemble(case[1], { file = "a.vasm" })

      assert.equal("a.vasm:" .. case[2], tostring(message):match "^[^\n]*")
    end)
  end

  it("is told of what is nested too deep, and not a full stack", function()
    for _, text in ipairs { ("("):rep(100000), "PUSH " .. ("("):rep(100000),
      ("add("):rep(100000) } do
      local assembled, message = assembler.assemble(text)
      assert.is_nil(assembled)
      assert.truthy(message:find "nested too deep")
    end
  end)

  it("refuses what is no text", function()
    assert.error_matches(function() assembler.assemble(nil) end,
      "assembler.assemble: text: string expected, got nil$")
    assert.error_matches(function() assembler.assemble("STOP", { file = 5 }) end,
      "assembler.assemble: file: string expected, got 5$")
    assert.error_matches(function() assembler.assemble("STOP", { header = {} }) end,
      "assembler.assemble: header: string expected, got table$")
  end)
end)
