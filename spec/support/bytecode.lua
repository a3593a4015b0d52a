--- Bytecode for the Vite VM from a line of words, and single runs of it.
-- A word is the name of an opcode, or a number in decimal or 0x text, which is pushed in as few
-- bytes as hold it; `x:` and digits are bytes as they are.
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local bytecode = {}

local NOBODY <const> = ("\0"):rep(21)

local BYTES = {}
for _, opcode in ipairs(vite_core.opcodes()) do BYTES[opcode.name] = string.char(opcode.byte) end

--- An account: 20 bytes of one value, then 01 of a contract or 00 of a user.
function bytecode.contract(value) return string.char(value):rep(20) .. "\1" end
function bytecode.user(value) return string.char(value):rep(20) .. "\0" end

local function from_hex(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

local function push(text)
  local bytes = word.new(text):to_bytes():gsub("^\0+", "")
  if bytes == "" then bytes = "\0" end
  return string.char(0x5f + #bytes) .. bytes
end

--- Assembles.
-- @tparam string text
-- @treturn string
function bytecode.assemble(text)
  local parts = {}
  for item in text:gmatch "%S+" do
    if item:sub(1, 2) == "x:" then
      parts[#parts + 1] = from_hex(item:sub(3))
    else
      parts[#parts + 1] = BYTES[item] or push(item)
    end
  end
  return table.concat(parts)
end

--- The number in 32 bytes, most significant first.
function bytecode.number(value)
  return word.new(value):to_bytes()
end

bytecode.RETURN_TOP = " 0 MSTORE 32 0 RETURN"

--- Runs code once in a new world.
-- @tparam string text to assemble
-- @tparam[opt] table options rule_set, fork, metadata, seed; prepare, a function that gets the
-- world; all else goes to ViteWorld:run. Without a request the account of 21 zero bytes runs
-- @treturn table the outcome
function bytecode.run(text, options)
  local given, world_options = { code = bytecode.assemble(text), request = { to = NOBODY } }, {}
  for key, value in pairs(options or {}) do given[key] = value end
  for _, key in ipairs { "rule_set", "fork", "metadata", "seed" } do
    world_options[key], given[key] = given[key], nil
  end
  local prepare = given.prepare
  given.prepare = nil
  local world <close> = vite_core.world(world_options)
  if prepare then prepare(world) end
  local outcome = assert(world:run(given))
  outcome.storage = world:storage(given.request.to)
  return outcome
end

return bytecode
