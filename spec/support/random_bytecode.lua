--- Random programs of the instructions that the Vite VM shares with Ethereum: valid, ending for
-- sure, with loops, branches, memory and storage. What they computed is what they return.
-- Ethereum's gas differs, so nothing asks for what is left; SAR by 256 or more of zero is left out,
-- which the Vite VM answers with all ones.
local opcodes = require "vmhost.assembler.opcodes"

local SLOTS <const> = 8
local MEMORY <const> = 2048
local OPERATIONS <const> = { "ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD", "ADDMOD", "MULMOD",
  "EXP", "SIGNEXTEND", "LT", "GT", "SLT", "SGT", "EQ", "ISZERO", "AND", "OR", "XOR", "NOT", "BYTE",
  "SHL", "SHR", "CALLDATALOAD", "POP", "CALLDATASIZE", "CODESIZE", "PC", "MSIZE", "CALLVALUE",
  "JUMPDEST" }
-- Opcodes that neither machine has, one that takes more than is there, a jump into nothing.
local FAULTS <const> = { "\x0c", "\xfe", "\x50", "\x61\xff\xff\x56" }

-- A program under construction: `depth` items are on the stack, those above `floor` may be used.
local Builder = {}
Builder.__index = Builder

local function byte_of(name) return string.char(opcodes.by_name[name].byte) end

function Builder:emit(text)
  self.parts[#self.parts + 1] = text
  self.size = self.size + #text
end

function Builder:op(name)
  local opcode = opcodes.by_name[name]
  self:emit(string.char(opcode.byte))
  self.depth = self.depth - opcode.pops + opcode.pushes
end

function Builder:push(bytes)
  self:emit(string.char(0x5f + #bytes) .. bytes)
  self.depth = self.depth + 1
end

function Builder:push_number(number) self:push((">I2"):pack(number)) end

-- Words that meet edges: small ones, powers of two and what is beside them, all bits, random bytes.
function Builder:push_random()
  local random, kind = self.random, self.random(6)
  if kind == 1 then return self:push(string.char(random(256) - 1)) end
  if kind == 2 then return self:push(("\xff"):rep(random(32))) end
  if kind == 3 then return self:push("\x80" .. ("\0"):rep(random(32) - 1)) end
  if kind == 4 then return self:push("\x01" .. ("\0"):rep(random(32) - 1)) end
  local bytes = {}
  for index = 1, random(32) do bytes[index] = string.char(random(256) - 1) end
  return self:push(table.concat(bytes))
end

-- The top item, made smaller than a power of two.
function Builder:push_masked(mask)
  if self.depth > self.floor then
    self:emit(byte_of "DUP1")
    self.depth = self.depth + 1
  else
    self:push_random()
  end
  self:push((">I2"):pack(mask))
  self:op "AND"
end

local function need(self, count)
  while self.depth - self.floor < count do self:push_random() end
end

local STEPS = {
  function(self) self:push_random() end,
  function(self)
    local place = self.random(16)
    need(self, place)
    self:op("DUP" .. place)
  end,
  function(self)
    local place = self.random(16)
    need(self, place + 1)
    self:op("SWAP" .. place)
  end,
  function(self) -- SAR of anything by less than 256, or of what is not zero by anything
    need(self, 2)
    if self.random(2) == 1 then
      self:push "\xff"
      self:op "AND"
    else
      self:op "SWAP1"
      self:push "\1"
      self:op "OR"
      self:op "SWAP1"
    end
    self:op "SAR"
  end,
  function(self) self:push_masked(MEMORY - 1) self:op "MLOAD" end,
  function(self) need(self, 1) self:push_masked(MEMORY - 1) self:op "MSTORE" end,
  function(self) need(self, 1) self:push_masked(MEMORY - 1) self:op "MSTORE8" end,
  function(self) self:push_masked(SLOTS - 1) self:op "SLOAD" end,
  function(self) need(self, 1) self:push_masked(SLOTS - 1) self:op "SSTORE" end,
  function(self)
    for _ = 1, 2 do self:push_masked(255) end
    self:op "SHA3"
  end,
  function(self)
    for _ = 1, 3 do self:push_masked(255) end
    self:op(self.random(2) == 1 and "CALLDATACOPY" or "CODECOPY")
  end,
  function(self) -- a jump over what never runs
    self:push_number(self.size + 3 + 1 + 2)
    self:op "JUMP"
    self:emit "\xfe\x5b" -- data, and then a destination that is none of the jump
    self:op "JUMPDEST"
  end,
}

-- Leaves `depth` items.
function Builder:level(depth)
  while self.depth > depth do self:op "POP" end
  while self.depth < depth do self:push_random() end
end

function Builder:step()
  if self.random(5) <= 3 then
    local name = OPERATIONS[self.random(#OPERATIONS)]
    need(self, opcodes.by_name[name].pops)
    return self:op(name)
  end
  return STEPS[self.random(#STEPS)](self)
end

-- What stands on the stack is left in place, so that any way through meets the same depth.
function Builder:branch(length)
  need(self, 1)
  self:push "\x03"
  self:op "AND"
  local body = self:nested(length, self.depth - 1, self.size + 3 + 1)
  self:push_number(self.size + 3 + 1 + #body)
  self:op "JUMPI"
  self:emit(body)
  self:op "JUMPDEST"
end

function Builder:loop(length)
  self:push(string.char(self.random(12)))
  local start = self.size
  self:op "JUMPDEST"
  self:emit(self:nested(length, self.depth, self.size))
  self:push "\1"
  self:op "SWAP1"
  self:op "SUB"
  self:op "DUP1"
  self:push_number(start)
  self:op "JUMPI"
  self:op "POP"
end

-- Steps that use nothing below `depth` and leave that many, for a place in the code.
function Builder:nested(length, depth, place)
  local inner = setmetatable({ parts = {}, size = place, depth = depth, floor = depth,
    random = self.random }, Builder)
  for _ = 1, length do inner:step() end
  inner:level(depth)
  return table.concat(inner.parts)
end

-- Stores what is left on the stack, and ends.
function Builder:finish()
  local count = math.min(self.depth, 16)
  for index = 0, count - 1 do
    self:push_number(32 * index)
    self:op "MSTORE"
  end
  if self.random(12) == 1 then
    self:level(0)
    return self:emit(FAULTS[self.random(#FAULTS)])
  end
  if self.random(5) == 1 then return self:op "STOP" end
  self:push_number(MEMORY)
  self:push "\0"
  return self:op(self.random(4) == 1 and "REVERT" or "RETURN")
end

local random_bytecode = { SLOTS = SLOTS }

--- One program.
-- @tparam function random of spec.support.random
-- @treturn string code
function random_bytecode.program(random)
  local self = setmetatable({ parts = {}, size = 0, depth = 0, floor = 0, random = random },
    Builder)
  for _ = 1, random(17) do self:push_random() end
  for _ = 1, 4 + random(12) do
    local kind = random(5)
    if kind == 1 then self:branch(random(10)) elseif kind == 2 then self:loop(random(15))
    else for _ = 1, random(10) do self:step() end end
  end
  self:finish()
  return table.concat(self.parts)
end

return random_bytecode
