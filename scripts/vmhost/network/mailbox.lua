-- What a host's state says of others: records that wait for them, and what it took of theirs.
local crypto = require "vmhost.crypto"

local mailbox = {}

local SERVICE <const> = "_Mailbox"
local OUT_SIZE <const>, TAKEN_SIZE <const> = 16, 10

function mailbox.out_key(chain, sequence)
  return ("Out_" .. (">I4I8"):pack(chain, sequence))
end

function mailbox.taken_key(chain)
  return "Taken_" .. (">I4"):pack(chain)
end

-- Chain and sequence of an `Out_` record, or nil.
function mailbox.read_out_key(key)
  if #key == OUT_SIZE and key:find "^Out_" then return (">I4I8"):unpack(key, 5) end
  return nil
end

-- The chain whose messages a `Taken_` record is of, or nil. Longer ones count amounts.
function mailbox.read_taken_key(key)
  if #key == TAKEN_SIZE and key:find "^Taken_" then return ((">I4"):unpack(key, 7)) end
  return nil
end

-- A set of sequences: `has(sequence)`.
function mailbox.taken(chain, of_chain)
  local bytes = assert(chain.storage:read(SERVICE, mailbox.taken_key(of_chain)))
  local base = bytes == "" and 0 or ("<I8"):unpack(bytes)
  local above = {}
  for place = 9, #bytes, 8 do above[("<I8"):unpack(bytes, place)] = true end
  return { has = function(sequence) return sequence < base or above[sequence] == true end }
end

local function number(chain, key)
  local bytes = assert(chain.storage:read(SERVICE, key))
  return bytes == "" and 0 or ("<I8"):unpack(bytes)
end

-- How many messages wait in the queue of a host.
function mailbox.waiting(chain)
  return number(chain, "Tail") - number(chain, "Head")
end

-- How many records for a peer a host keeps.
function mailbox.open(chain, to_chain)
  return number(chain, "Open_" .. (">I4"):pack(to_chain))
end

function mailbox.keys(chain, prefix)
  return assert(chain.storage:keys(SERVICE, { prefix = prefix }))
end

-- The newest header of a host, signed; nil before the first block.
function mailbox.header(chain, seed)
  local height = chain:height()
  if height == 0 then return nil end
  local header = assert(chain.storage:block(height)).results_header
  return { height = height, header = header,
    signature = assert(crypto.ed25519.sign(seed, crypto.sha256(header))) }
end

-- A record as a peer takes it, proved under the header: that shows the state before its block.
-- Nil where the record is not there.
function mailbox.prove(chain, header, key, field)
  local value = assert(chain.storage:read(SERVICE, key, header.height - 1))
  if value == "" then return nil end
  return { header = header.header, signature = header.signature, [field] = value,
    proof = assert(chain.storage:prove(SERVICE, key, header.height - 1)) }
end

return mailbox
