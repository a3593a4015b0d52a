--- Instructions of the Vite VM: byte, name, and how many items each takes from and leaves on the
-- stack. Rule: core/vite/opcodes.def, whose names and bytes a spec compares with these.
-- @module vmhost.assembler.opcodes
local opcodes = {
  --- By name: `{ byte =, name =, pops =, pushes =, push_size = bytes of a PUSHn that follow }`.
  by_name = {},
  --- The same by byte.
  by_byte = {},
}

local TABLE <const> = {
  { 0x00, "STOP", 0, 0 }, { 0x01, "ADD", 2, 1 }, { 0x02, "MUL", 2, 1 }, { 0x03, "SUB", 2, 1 },
  { 0x04, "DIV", 2, 1 }, { 0x05, "SDIV", 2, 1 }, { 0x06, "MOD", 2, 1 }, { 0x07, "SMOD", 2, 1 },
  { 0x08, "ADDMOD", 3, 1 }, { 0x09, "MULMOD", 3, 1 }, { 0x0a, "EXP", 2, 1 },
  { 0x0b, "SIGNEXTEND", 2, 1 }, { 0x10, "LT", 2, 1 }, { 0x11, "GT", 2, 1 },
  { 0x12, "SLT", 2, 1 }, { 0x13, "SGT", 2, 1 }, { 0x14, "EQ", 2, 1 }, { 0x15, "ISZERO", 1, 1 },
  { 0x16, "AND", 2, 1 }, { 0x17, "OR", 2, 1 }, { 0x18, "XOR", 2, 1 }, { 0x19, "NOT", 1, 1 },
  { 0x1a, "BYTE", 2, 1 }, { 0x1b, "SHL", 2, 1 }, { 0x1c, "SHR", 2, 1 }, { 0x1d, "SAR", 2, 1 },
  { 0x20, "SHA3", 2, 1 }, { 0x21, "BLAKE2B", 2, 1 }, { 0x30, "ADDRESS", 0, 1 },
  { 0x31, "BALANCE", 1, 1 }, { 0x33, "CALLER", 0, 1 }, { 0x34, "CALLVALUE", 0, 1 },
  { 0x35, "CALLDATALOAD", 1, 1 }, { 0x36, "CALLDATASIZE", 0, 1 }, { 0x37, "CALLDATACOPY", 3, 0 },
  { 0x38, "CODESIZE", 0, 1 }, { 0x39, "CODECOPY", 3, 0 }, { 0x3d, "RETURNDATASIZE", 0, 1 },
  { 0x3e, "RETURNDATACOPY", 3, 0 }, { 0x42, "TIMESTAMP", 0, 1 }, { 0x43, "HEIGHT", 0, 1 },
  { 0x46, "TOKENID", 0, 1 }, { 0x47, "ACCOUNTHEIGHT", 0, 1 }, { 0x48, "PREVHASH", 0, 1 },
  { 0x49, "FROMHASH", 0, 1 }, { 0x4a, "SEED", 0, 1 }, { 0x4b, "RANDOM", 0, 1 },
  { 0x50, "POP", 1, 0 }, { 0x51, "MLOAD", 1, 1 }, { 0x52, "MSTORE", 2, 0 },
  { 0x53, "MSTORE8", 2, 0 }, { 0x54, "SLOAD", 1, 1 }, { 0x55, "SSTORE", 2, 0 },
  { 0x56, "JUMP", 1, 0 }, { 0x57, "JUMPI", 2, 0 }, { 0x58, "PC", 0, 1 }, { 0x59, "MSIZE", 0, 1 },
  { 0x5b, "JUMPDEST", 0, 0 }, { 0xf1, "CALL", 5, 0 }, { 0xf2, "CALL2", 5, 1 },
  { 0xf3, "RETURN", 2, 0 }, { 0xf4, "DELEGATECALL", 5, 1 }, { 0xf7, "SYNCCALL", 6, 0 },
  { 0xf8, "CALLBACKDEST", 0, 1 }, { 0xfd, "REVERT", 2, 0 },
}

local function add(byte, name, pops, pushes, push_size)
  local opcode = { byte = byte, name = name, pops = pops, pushes = pushes,
    push_size = push_size or 0 }
  opcodes.by_name[name], opcodes.by_byte[byte] = opcode, opcode
end

for _, row in ipairs(TABLE) do add(table.unpack(row)) end
for size = 1, 32 do add(0x5f + size, "PUSH" .. size, 0, 1, size) end
for depth = 1, 16 do
  add(0x7f + depth, "DUP" .. depth, depth, depth + 1)
  add(0x8f + depth, "SWAP" .. depth, depth + 1, depth + 1)
end
for topics = 0, 4 do add(0xa0 + topics, "LOG" .. topics, 2 + topics, 0) end

return opcodes
