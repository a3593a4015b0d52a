-- Bytecode that tries to hang or to fill the machine. VMHOST_SEED repeats the random part.
assert(_VERSION == "Lua 5.4")
local bytecode = require "spec.support.bytecode"
local crypto = require "vmhost.crypto"
local hostile = require "spec.support.hostile_bytecode"
local new_random = require "spec.support.random"
local opcodes = require "vmhost.assembler.opcodes"
local random_bytecode = require "spec.support.random_bytecode"
local vite_core = require "vmhost.vite_core"

local COUNT <const> = os.getenv "VMHOST_SOAK" and 100000 or 1000
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local QUOTA <const> = 1000000
-- Of the time that the loop below takes for as much quota.
local TIMES_ALLOWED <const> = 20
local MEMORY_ALLOWED_KB <const> = 64 * 1024
-- What newest prices ask for a slot that was empty, and for a byte of a context.
local SLOT_PRICE <const>, CONTEXT_BYTE_PRICE <const> = 15000, 28
local CONTEXTS_ALLOWED <const> = 8 * 1024 * 1024

-- acc = 3 * acc + i - 7, i = i + 1, for ever
local LOOP <const> = bytecode.assemble
  "1 0 JUMPDEST SWAP1 3 MUL DUP2 ADD 7 SWAP1 SUB SWAP1 1 ADD 4 JUMP"

local function run(rule_set, program)
  local world <close> = vite_core.world { rule_set = rule_set }
  world:set_contract(hostile.CONTRACT, { code = "\1" .. program.code })
  if program.prepare then program.prepare(world) end
  local start = os.clock()
  local outcome = assert(world:run { quota = QUOTA, commit = true,
    request = program.request or { from = hostile.LIBRARY, to = hostile.CONTRACT } })
  local seconds = os.clock() - start
  local slots = 0
  for _ in pairs(world:storage(hostile.CONTRACT)) do slots = slots + 1 end
  return outcome, seconds, slots
end

local function seconds_of_loop()
  local _, seconds = run("vmhost-1", { code = LOOP })
  return seconds
end

local loop_seconds = seconds_of_loop()

-- A sanitizer keeps what was freed and slows some work more than other: memory and time under it
-- say nothing.
local is_sanitized = (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true)

-- Others may have had the processor meanwhile: what looks slow is measured again beside the loop,
-- and has to be slow each time.
local function assert_fast(rule_set, program, seconds)
  if is_sanitized then return end
  for _ = 1, 20 do
    if seconds <= TIMES_ALLOWED * loop_seconds then return end
    loop_seconds = seconds_of_loop()
    seconds = select(2, run(rule_set, program))
  end
  assert.is_true(seconds <= TIMES_ALLOWED * loop_seconds,
    ("%s, %s: %.1f ms, %.1f times the loop"):format(rule_set, program.name, 1000 * seconds,
      seconds / loop_seconds))
end

local function context_bytes(outcome)
  local size = 0
  for _, triggered in ipairs(outcome.triggered) do size = size + #(triggered.context or "") end
  return size
end

local function assert_paid(rule_set, program, outcome, slots)
  local contexts = context_bytes(outcome)
  assert.is_true(contexts <= CONTEXTS_ALLOWED, program.name)
  if rule_set == "reference" then return end
  assert.is_true(slots * SLOT_PRICE + contexts * CONTEXT_BYTE_PRICE <= QUOTA - outcome.quota_left,
    ("%s: %d slots and %d bytes of contexts for %d"):format(program.name, slots, contexts,
      QUOTA - outcome.quota_left))
end

local function resident_kb(name)
  local status <close> = assert(io.open "/proc/self/status")
  return math.tointeger(status:read "a":match(name .. ":%s*(%d+)"))
end

-- From here on VmHWM is the peak since now, where the system lets a process say so.
local function forget_peak()
  local file = io.open("/proc/self/clear_refs", "w")
  if not file then return end
  file:write "5"
  file:close()
end

-- Runs all of them under both rule sets: the slowest time in loops, and the growth in kB.
local function assert_bounded(next_program, count)
  collectgarbage()
  forget_peak()
  local before, slowest = resident_kb "VmRSS", 0
  for number = 1, count do
    local program = next_program(number)
    for _, rule_set in ipairs { "vmhost-1", "reference" } do
      local outcome, seconds, slots = run(rule_set, program)
      assert_fast(rule_set, program, seconds)
      assert_paid(rule_set, program, outcome, slots)
      slowest = math.max(slowest, seconds / loop_seconds)
    end
  end
  local growth = resident_kb "VmHWM" - before
  if not is_sanitized then assert.is_true(growth < MEMORY_ALLOWED_KB, growth .. " kB") end
  return slowest, growth
end

local OPCODES = {}
for name in pairs(opcodes.by_name) do OPCODES[#OPCODES + 1] = name end
table.sort(OPCODES)

-- Opcodes of all kinds with operands that lie in reach, and what jumps back.
local function random_opcodes(random)
  local parts = { bytecode.assemble(("32 "):rep(random(20))), "\x5b" }
  local start = #parts[1]
  for _ = 1, random(60) do
    local name = OPCODES[random(#OPCODES)]
    local opcode = opcodes.by_name[name]
    local pushes = {}
    for index = 1, opcode.pops do
      pushes[index] = "\x61" .. (">I2"):pack(random(3) == 1 and random(4096) or random(64))
    end
    parts[#parts + 1] = table.concat(pushes) .. string.char(opcode.byte)
    if name:find "^PUSH" then
      parts[#parts] = string.char(opcode.byte) .. ("\7"):rep(opcode.byte - 0x5f)
    end
    if opcode.pushes > opcode.pops and random(2) == 1 then parts[#parts + 1] = "\x50" end
  end
  parts[#parts + 1] = "\x61" .. (">I2"):pack(start) .. "\x56"
  return table.concat(parts)
end

local function random_bytes(random)
  local bytes = {}
  for index = 1, random(200) do bytes[index] = string.char(random(256) - 1) end
  return table.concat(bytes)
end

describe("hostile bytecode", function()
  it("ends within 20 times the time of plain arithmetic, in little memory, for what it paid",
    function()
      assert.is_true(#hostile.programs >= 150)

      local slowest, growth = assert_bounded(function(number) return hostile.programs[number] end,
        #hostile.programs)

      print(("hostile bytecode: %d programs, the slowest %.1f times the loop, %d kB"):format(
        #hostile.programs, slowest, growth))
    end)

  it("does so at random too", function()
    local random = new_random(SEED)
    local kinds = { random_bytes, random_opcodes, random_bytecode.program }

    local slowest, growth = assert_bounded(function(number)
      local code = kinds[number % #kinds + 1](random)
      return { code = code,
        name = ("program %d of seed %d: %s"):format(number, SEED, crypto.hex(code)) }
    end, COUNT)

    print(("hostile bytecode: %d random programs of seed %d, the slowest %.1f times the loop, "
      .. "%d kB"):format(COUNT, SEED, slowest, growth))
  end)
end)
