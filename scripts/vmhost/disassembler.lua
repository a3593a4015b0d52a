--- Code of the Vite VM -> assembly.
--
-- What it gives assembles to the same bytes. Every jump destination gets a label: `function_` with
-- a selector and `callback_` with the id of an awaited call where the dispatcher leads there,
-- `jump_` with the address elsewhere.
-- @module vmhost.disassembler
local abi = require "vmhost.abi"
local crypto = require "vmhost.crypto"
local inspect = require "vmhost.inspect"
local opcodes = require "vmhost.assembler.opcodes"
local options = require "vmhost.options"
local wrong_use = require "vmhost.wrong_use"

local disassembler = {}

-- The compiler's tail: INVALID, then CBOR with a hash of 32 bytes and its own length.
local METADATA <const> = "^\xfe\xa1\x65bzzr0\x58\x20" .. ("."):rep(32) .. "\x00%)$"
local METADATA_SIZE <const> = 44

-- Instructions in order: `{ address =, opcode = or nil, data = }`; without opcode it is data.

local function metadata_start(code)
  local start = #code - METADATA_SIZE
  return start >= 0 and code:find(METADATA, start + 1) and start or #code
end

local function read(code)
  local list, address, metadata = {}, 0, metadata_start(code)
  while address < metadata do
    local opcode = opcodes.by_byte[code:byte(address + 1)]
    local size = 1 + (opcode and opcode.push_size or 0)
    if not opcode or address + size > metadata then
      opcode, size = nil, math.min(size, metadata - address)
    end
    local first = opcode and address + 2 or address + 1
    list[#list + 1] = { address = address, opcode = opcode,
      data = code:sub(first, address + size) }
    address = address + size
  end
  if metadata < #code then
    list[#list + 1] = { address = metadata, data = code:sub(metadata + 1), is_metadata = true }
  end
  return list
end

local function is(instruction, name)
  return instruction and instruction.opcode and instruction.opcode.name == name
end

-- The number that a PUSH of at most `limit` bytes pushes.
local function pushed(instruction, limit)
  local size = instruction and instruction.opcode and instruction.opcode.push_size or 0
  if size == 0 or size > limit then return nil end
  return (">I" .. size):unpack(instruction.data)
end

-- The code that init code returns: where its last CODECOPY and RETURN say that it lies.
--     PUSH size, DUP1, PUSH offset, PUSH 0, CODECOPY, PUSH 0, RETURN
local function deployed_part(list, code)
  for index = #list, 7, -1 do
    if is(list[index], "RETURN") and is(list[index - 2], "CODECOPY")
      and is(list[index - 5], "DUP1") then
      local offset, size = pushed(list[index - 4], 4), pushed(list[index - 6], 4)
      local ends = offset and size and offset + size
      if ends and offset > list[index].address and size > 0 and ends <= #code then
        return offset, ends
      end
    end
  end
end

-- One stretch of code whose addresses count from its first byte.

local Stretch = {}
Stretch.__index = Stretch

local function new_stretch(code, names, prefix)
  local self = setmetatable({ code = code, list = read(code), names = names, prefix = prefix,
    destinations = {}, labels = {}, is_taken = {}, notes = {} }, Stretch)
  for index, instruction in ipairs(self.list) do
    if is(instruction, "JUMPDEST") then self.destinations[instruction.address] = index end
  end
  return self
end

function Stretch:is_callback(address)
  local index = self.destinations[address]
  return index and is(self.list[index + 1], "CALLBACKDEST")
end

function Stretch:label(address, name)
  if self.labels[address] then return end
  if self.is_taken[name] then name = ("%s_%04x"):format(name, address) end
  self.is_taken[name] = true
  self.labels[address] = self.prefix .. name
end

function Stretch:entry(address, name, note)
  self:label(address, name)
  local notes = self.notes[address] or {}
  notes[#notes + 1], self.notes[address] = note, notes
end

-- A row of a dispatcher: PUSH selector, EQ, PUSH entry, JUMPI; with DUP2 in front of EQ as well.
function Stretch:row(index)
  local list = self.list
  if not (is(list[index], "JUMPI") and is(list[index - 2], "EQ")) then return end
  local entry = pushed(list[index - 1], 4)
  local selector = pushed(list[is(list[index - 3], "DUP2") and index - 4 or index - 3], 4)
  if entry and selector and self.destinations[entry] then return selector, entry end
end

-- The rows lie together behind where the selector is taken: CALLDATALOAD, PUSH 224, SHR.
local IN_DISPATCHER <const> = { JUMPDEST = true, DUP1 = true, DUP2 = true, EQ = true, GT = true,
  LT = true, JUMPI = true, JUMP = true, MLOAD = true, MSTORE = true }

function Stretch:takes_selector(index)
  return is(self.list[index], "SHR") and pushed(self.list[index - 1], 1) == 224
    and is(self.list[index - 2], "CALLDATALOAD")
end

function Stretch:add_entry(selector, entry)
  if self:is_callback(entry) then
    return self:entry(entry, ("callback_%x"):format(selector), ("callback %x"):format(selector))
  end
  local bytes = (">I4"):pack(selector)
  local hex = crypto.hex(bytes)
  local signature = self.names[hex]
  self:entry(entry, "function_" .. hex,
    "function " .. hex .. (signature and " " .. inspect.text(signature) or ""))
end

function Stretch:find_entries()
  local is_inside = false
  for index, instruction in ipairs(self.list) do
    local opcode = instruction.opcode
    is_inside = self:takes_selector(index)
      or is_inside and opcode and (opcode.push_size > 0 or IN_DISPATCHER[opcode.name])
    local selector, entry
    if is_inside then selector, entry = self:row(index) end
    if selector then self:add_entry(selector, entry) end
  end
end

-- What a PUSH names, if it is a place to jump to: two bytes are how the compiler writes one.
function Stretch:target(index)
  local target = pushed(self.list[index], 4)
  local following = self.list[index + 1]
  if not target or not self.destinations[target] then return nil end
  local is_address = self.list[index].opcode.push_size == 2 or is(following, "JUMP")
    or is(following, "JUMPI")
  return is_address and target or nil
end

function Stretch:label_destinations()
  for address in pairs(self.destinations) do self:label(address, ("jump_%04x"):format(address)) end
end

local function data_text(instruction)
  return "DATA 0x" .. crypto.hex(instruction.data)
end

function Stretch:text(index)
  local instruction = self.list[index]
  local opcode = instruction.opcode
  if not opcode then return data_text(instruction) end
  if opcode.push_size == 0 then return opcode.name end
  local target = self:target(index)
  return opcode.name .. " "
    .. (target and "@" .. self.labels[target] or "0x" .. crypto.hex(instruction.data))
end

function Stretch:write_instruction(index, out)
  local instruction = self.list[index]
  local label = self.labels[instruction.address]
  if label then out[#out + 1] = "" end
  for _, note in ipairs(self.notes[instruction.address] or {}) do out[#out + 1] = "; " .. note end
  if label then out[#out + 1] = label .. ":" end
  if instruction.is_metadata then out[#out + 1] = "\n; metadata of the compiler" end
  out[#out + 1] = ("    %-36s ; %04x"):format(self:text(index), instruction.address)
end

function Stretch:write(out)
  self:find_entries()
  self:label_destinations()
  for index in ipairs(self.list) do self:write_instruction(index, out) end
end

-- Signatures by selector.
local function names_of(given)
  local names = {}
  for selector, name in pairs(given.names or {}) do names[selector] = name end
  for index, signature in ipairs(given.signatures or {}) do
    local good, parsed = pcall(abi.parse, signature)
    if not good then
      wrong_use.raise("disassembler.disassemble: signatures[%d]: no signature: %s", index,
        wrong_use.shown(signature))
    end
    names[crypto.hex(parsed.selector)] = parsed.text
  end
  return names
end

-- Init code, the code it deploys, and what is behind that, such as arguments.
local function write_parts(code, names, out)
  local offset, ends = deployed_part(read(code), code)
  if not offset then return new_stretch(code, names, ""):write(out) end
  new_stretch(code:sub(1, offset), {}, "init_"):write(out)
  out[#out + 1] = "\n.section runtime"
  new_stretch(code:sub(offset + 1, ends), names, ""):write(out)
  if ends < #code then
    out[#out + 1] = "\n.section behind"
    out[#out + 1] = "    DATA 0x" .. crypto.hex(code:sub(ends + 1))
  end
end

--- Disassembles code, or init code together with the code it deploys.
-- @tparam string code bytes
-- @tparam[opt] table given what comments name methods by: `signatures`, a list; `names`, signatures
-- by selector in hex, also of methods whose types call data cannot hold
-- @treturn string assembly that `vmhost.assembler` takes
-- @raise for an unknown option, for code that is no string, and if a signature is none
function disassembler.disassemble(code, given)
  given = options.check("disassembler.disassemble", given, { "signatures", "names" })
  wrong_use.check("disassembler.disassemble: code", code, "string")
  wrong_use.check("disassembler.disassemble: signatures", given.signatures or {}, "table")
  wrong_use.check("disassembler.disassemble: names", given.names or {}, "table")
  local out = {}
  write_parts(code, names_of(given), out)
  return table.concat(out, "\n"):gsub("^\n", "") .. "\n"
end

return disassembler
