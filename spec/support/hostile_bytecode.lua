--- Programs that try to take more machine time, memory or state than their quota pays for. Each is
--
--     { name =, code =, request = what is answered, prepare = function that gets the world }
--
-- Loops begin at position 0. `CONTRACT` runs them; `LIBRARY` and `PEER` are other contracts.
local bytecode = require "spec.support.bytecode"
local vite_core = require "vmhost.vite_core"

local assemble = bytecode.assemble
local CONTRACT, LIBRARY, PEER = bytecode.contract(0xc0), bytecode.contract(0x11),
  bytecode.contract(0xd0)
local CALL_HASH, ANSWER_HASH, ORIGIN_HASH = ("\1"):rep(32), ("\2"):rep(32), ("\3"):rep(32)

local function address(value) return "0x" .. (("%02x"):format(value)):rep(20) .. "01" end
local SELF, OTHER = address(0xc0), address(0x11)
local ALL_BITS <const> = "0 NOT"

local programs = {}

local function add(name, text, fields)
  local program = { name = name, code = assemble(text) }
  for key, value in pairs(fields or {}) do program[key] = value end
  programs[#programs + 1] = program
end

local function add_loop(name, body, fields) add(name, "JUMPDEST " .. body .. " 0 JUMP", fields) end

local function with_library(text)
  return { prepare = function(world)
    world:set_contract(LIBRARY, { code = "\1" .. assemble(text) })
  end }
end

-- What answers a suspended run of CONTRACT under which `context` was found.
local function resumed(context, call, answer_context)
  return {
    request = { kind = 9, from = PEER, to = CONTRACT, data = "\0\0\0\7answer",
      hash = ANSWER_HASH },
    prepare = function(world)
      world:put_request({ kind = 2, from = bytecode.user(5), to = CONTRACT, hash = ORIGIN_HASH })
      world:put_request(call or { kind = 8, from = CONTRACT, to = PEER, hash = CALL_HASH }, 1,
        context)
      world:put_request({ kind = 9, from = PEER, to = CONTRACT, hash = ANSWER_HASH }, 2,
        answer_context or vite_core.encode_context { referrer = CALL_HASH })
    end,
  }
end

local function context(stack_count, memory_size)
  local stack = {}
  for index = 1, stack_count do stack[index] = index end
  return vite_core.encode_context { referrer = ORIGIN_HASH, callback_id = 7, stack = stack,
    memory = ("\7"):rep(memory_size) }
end

for _, name in ipairs { "SHA3", "BLAKE2B" } do
  for _, size in ipairs { 0, 32, 135, 136, 137, 1024, 32768, 262144 } do
    add_loop(("%s of %d bytes"):format(name, size), ("%d 0 %s POP"):format(size, name))
  end
  add_loop(name .. " of what it gave", "4096 0 " .. name .. " 0 MSTORE")
  add(name .. " in delegated code", "JUMPDEST 0 0 0 0 " .. OTHER .. " DELEGATECALL POP 0 JUMP",
    with_library("32768 0 " .. name))
end

for _, body in ipairs {
  ALL_BITS .. " DUP1 EXP POP", "255 DUP1 NOT EXP POP", "3 " .. ALL_BITS .. " DIV POP",
  "0x100000000000000000000000000000000000000000000000001 " .. ALL_BITS .. " DIV POP",
  "0x100000000000000000000000000000001 " .. ALL_BITS .. " MOD POP",
  "0x1000000000000000000000000000000000001 1 1 255 SHL SUB SDIV POP",
  "0x10000000000000000000000000000000000000000000000001 " .. ALL_BITS .. " DUP1 MULMOD POP",
  "0x10000000000000000000000000000000000000000000000001 " .. ALL_BITS .. " DUP1 ADDMOD POP",
  "0x7fffffffffffffffffffffffffffffffffffffffffffffffff " .. ALL_BITS .. " SMOD POP",
  "255 " .. ALL_BITS .. " SHR POP", ALL_BITS .. " 30 SIGNEXTEND POP", "RANDOM POP", "SEED POP",
  "0 BALANCE POP", "0 SLOAD POP", "1 0 SSTORE 0 0 SSTORE", "0 0 SSTORE", "0 0 LOG0",
  "1 2 3 4 0 0 LOG4", "1024 0 LOG0", "0 0 0 0 0 CALL", "1024 0 0 0 0 CALL", "0 0 0 0 0 CALL2 POP",
  "4096 0 0 CALLDATACOPY", "131072 0 0 CODECOPY", "0 0 0 RETURNDATACOPY",
  "0 0 0 0 " .. SELF .. " CALL", "0 1 0 0 " .. SELF .. " CALL", "MSIZE MLOAD POP",
  "MSIZE DUP1 ADD 1 ADD MLOAD POP", "1 MSIZE MSTORE8",
} do
  add_loop("loop of " .. body, body)
end
add("fresh slots read", "0 JUMPDEST DUP1 SLOAD POP 1 ADD 2 JUMP")
add("fresh slots written", "0 JUMPDEST DUP1 DUP1 SSTORE 1 ADD 2 JUMP")
add("jump destinations alone", ("JUMPDEST "):rep(20000) .. "0 JUMP")
add("pushes cut by the end", ("PUSH32 "):rep(3) .. "x:7f")
add("a long block", ("1 POP "):rep(8000) .. "0 JUMP")
add("a stack filled", "JUMPDEST 1 0 JUMP")
add("jump into a PUSH", "x:605b 1 JUMP")
for _, to in ipairs { "0x4000000000000000", "0xffffffffffffffff", "0x10000000000000000",
  "0x100000000", "24576" } do
  add("jump to " .. to, to .. " JUMP")
end

local GIANTS <const> = { "0xffffffff", "0xffffffffe0", "0x7fffffffffffffff", "0xffffffffffffffff",
  "0x10000000000000000", "0x8000000000000000000000000000000000000000000000000000000000000000" }
for _, giant in ipairs(GIANTS) do
  for _, text in ipairs {
    "%s MLOAD", "1 %s MSTORE", "1 %s MSTORE8", "1 %s SHA3", "%s 0 SHA3", "1 0 %s CALLDATACOPY",
    "%s 0 0 CALLDATACOPY", "32 %s 0 CODECOPY", "1 %s 0 RETURNDATACOPY", "1 %s LOG1", "%s 0 LOG0",
    "%s 0 RETURN", "1 %s REVERT", "%s 0 0 0 0 CALL", "1 %s 0 0 0 CALL2", "%s 0 0 0 0 7 SYNCCALL",
    "1 %s 0 0 0 7 SYNCCALL", "0 0 0 0 0 %s SYNCCALL", "1 %s 0 0 " .. OTHER .. " DELEGATECALL",
    "0 0 %s 0 " .. OTHER .. " DELEGATECALL", "%s CALLDATALOAD",
  } do
    add("giant: " .. text:format(giant), text:format(giant), with_library "STOP")
  end
end

local SYNCCALL <const> = " 0 0 0 0 7 SYNCCALL"
add_loop("SYNCCALL loop", "0" .. SYNCCALL)
add_loop("SYNCCALL loop that grows memory", "MSIZE 32 ADD" .. SYNCCALL)
add_loop("SYNCCALL loop to itself", "0 0 0 0 " .. SELF .. " 7 SYNCCALL")
add("SYNCCALL loop with a full stack", ("1 "):rep(1015) .. "JUMPDEST 0" .. SYNCCALL .. " 2030 JUMP")
add("SYNCCALL with memory for nothing", "0x800000" .. SYNCCALL .. " 0x800000 0 RETURN")
add_loop("SYNCCALL in delegated code", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library("0x80000" .. SYNCCALL))
add_loop("failing SYNCCALL in delegated code", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library("0xfff000" .. SYNCCALL))
add_loop("undone SYNCCALLs in delegated code", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library(("0x1000" .. SYNCCALL .. " "):rep(20) .. "0 0 REVERT"))

local DELEGATE <const> = "0 0 0 0 " .. SELF .. " DELEGATECALL POP "
add("delegates to itself", DELEGATE)
add("delegates to itself, branching", DELEGATE:rep(2))
add_loop("delegates to itself in a loop", DELEGATE)
add("delegates to itself with memory", "1 4096 MSTORE " .. DELEGATE:rep(2))
add("delegates to itself with a full stack", ("1 "):rep(1000) .. DELEGATE)
add("delegates to itself, then fails", DELEGATE .. "x:fe")
add("delegates to itself, writing", "1 SLOAD 1 ADD DUP1 1 SSTORE 7 SSTORE " .. DELEGATE:rep(2))
add("delegates to itself, logging", "0 0 LOG0 " .. DELEGATE:rep(2))
add_loop("delegates to code that stops", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library "STOP")
add_loop("delegates to code that fails", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library "x:fe")
add_loop("delegates to code that gives much", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  with_library "65536 0 RETURN")
add_loop("delegates to nothing", "0 0 0 0 " .. address(0x22) .. " DELEGATECALL POP")
add("delegates to many", address(0x22) .. " JUMPDEST 0 0 0 0 DUP5 DELEGATECALL POP 256 ADD 22 JUMP")
add("delegates to one that delegates back", DELEGATE:gsub(SELF, OTHER):rep(2),
  with_library(DELEGATE:rep(2)))

for _, stack_count in ipairs { 0, 1000, 1023, 1024 } do
  for _, before in ipairs { 0, 23, 24, 1023 } do
    add(("resume of %d items onto %d"):format(stack_count, before),
      ("1 "):rep(before) .. "CALLBACKDEST POP", resumed(context(stack_count, 0)))
  end
end
add_loop("resumes again and again", "CALLBACKDEST POP", resumed(context(0, 65536)))
add_loop("resumes again and again, in delegated code", "0 0 0 0 " .. OTHER .. " DELEGATECALL POP",
  { request = resumed("").request, prepare = function(world)
    resumed(context(0, 65536)).prepare(world)
    with_library("CALLBACKDEST").prepare(world)
  end })
add("resumes with much memory", "CALLBACKDEST POP 0 0 RETURN", resumed(context(0, 8 * 1024 * 1024)))
add_loop("awaits again with much memory", "CALLBACKDEST POP 0" .. SYNCCALL,
  resumed(context(0, 65536)))
add("forged: own answer awaited", "CALLBACKDEST POP",
  resumed(context(1, 1), { kind = 8, from = PEER, to = PEER, hash = CALL_HASH }))
add("forged: refers to itself", "CALLBACKDEST POP", resumed(context(1, 1), nil,
  vite_core.encode_context { referrer = ANSWER_HASH }))
add("forged: origin unknown", "CALLBACKDEST POP",
  resumed(vite_core.encode_context { referrer = ("\9"):rep(32), callback_id = 7 }))
do
  local good = context(3, 70)
  for _, size in ipairs { 0, 1, 31, 32, 35, 36, 37, 40, #good - 71, #good - 1 } do
    add(("forged: context cut at %d"):format(size), "CALLBACKDEST POP", resumed(good:sub(1, size)))
  end
  for _, position in ipairs { 33, 37, 38, 39, #good - 71, #good - 70 } do
    add(("forged: byte %d of the context raised"):format(position), "CALLBACKDEST POP",
      resumed(good:sub(1, position - 1) .. "\xff" .. good:sub(position + 1)))
  end
  add("forged: context continued", "CALLBACKDEST POP", resumed(good .. "\0"))
  add("forged: context of noise", "CALLBACKDEST POP", resumed(("\xff"):rep(1000)))
end

return { programs = programs, CONTRACT = CONTRACT, LIBRARY = LIBRARY }
