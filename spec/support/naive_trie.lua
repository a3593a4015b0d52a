--- The state trie written down as the sheet says it, rebuilt from all keys each time.
-- `naive_trie.root { [path] = value }`, paths of 32 bytes, values not empty.
local crypto = require "vmhost.crypto"

local naive_trie = {}

-- A byte as its eight bits, each a byte.
local BITS = {}
for byte = 0, 255 do
  local bits = {}
  for bit = 7, 0, -1 do bits[#bits + 1] = string.char(byte >> bit & 1) end
  BITS[string.char(byte)] = table.concat(bits)
end

local function bits_of(path)
  return (path:gsub(".", BITS))
end

-- `entries` have `bits` and `value`; all agree before `first`.
local function subtree_hash(entries, first)
  if #entries == 1 then
    return crypto.sha256(crypto.sha256(entries[1].value) .. entries[1].bits:sub(first))
  end
  local branching = first
  while true do
    local sides = { ["\0"] = {}, ["\1"] = {} }
    for _, entry in ipairs(entries) do
      local side = sides[entry.bits:sub(branching, branching)]
      side[#side + 1] = entry
    end
    if #sides["\0"] > 0 and #sides["\1"] > 0 then
      return crypto.sha256(subtree_hash(sides["\0"], branching + 1)
        .. subtree_hash(sides["\1"], branching + 1) .. entries[1].bits:sub(first, branching - 1))
    end
    branching = branching + 1
  end
end

function naive_trie.root(values)
  local entries = {}
  for path, value in pairs(values) do
    entries[#entries + 1] = { bits = bits_of(path), value = value }
  end
  if #entries == 0 then return crypto.sha256(crypto.sha256 "") end
  return subtree_hash(entries, 1)
end

return naive_trie
