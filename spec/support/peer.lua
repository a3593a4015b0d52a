--- Another host as the one under test sees it: signed headers, and proofs of its `_Mailbox`. It
-- runs nothing: its state is what the spec says, right or wrong.
--
--     local peer <close> = peers.open()
--     chain:commit { incoming = { peer:message { kind = 2, ... } } }
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local state_storage = require "vmhost.state_storage"

local peers = {}

peers.CHAIN = 43
peers.SEED = ("p"):rep(32)
peers.KEY = crypto.ed25519.public_key(peers.SEED)
peers.OURS = 42

local Peer = {}
Peer.__index = Peer

function peers.open(chain)
  return setmetatable({ chain = chain or peers.CHAIN, storage = assert(state_storage.open {
    memory = true, history = 50, genesis = { virtual_chain_id = chain or peers.CHAIN } }) }, Peer)
end

function Peer:close() self.storage:close() end
Peer.__close = Peer.close

function peers.u32(number) return string.pack(">I4", number) end
function peers.u64(number) return string.pack(">I8", number) end

function peers.out_key(sequence, chain)
  return "Out_" .. peers.u32(chain or peers.OURS) .. peers.u64(sequence)
end

--- What was taken of ours: base, then those above it.
function peers.taken(...)
  local bytes = ""
  for _, number in ipairs { ... } do bytes = bytes .. string.pack("<I8", number) end
  return bytes
end

--- A Message of this peer, as bytes; fields that are not given are those of a simple kind 2.
function Peer:bytes(fields)
  local message = { version = 1, from_chain = self.chain, from_service = "Theirs",
    to_chain = peers.OURS, to_service = "Ours", sequence = 0, kind = 2, root = ("r"):rep(32),
    parent = ("q"):rep(32), signer = ("s"):rep(20), method = "note", token = "VITE TOKEN",
    gas = 100000 }
  for name, value in pairs(fields) do message[name] = value end
  if fields.method == false then message.method = nil end
  return codec.encode("Message", message)
end

--- Commits a block that writes keys of `_Mailbox`; the height it has.
function Peer:write(values)
  local keys, records = {}, {}
  for key in pairs(values) do keys[#keys + 1] = key end
  table.sort(keys)
  for index, key in ipairs(keys) do records[index] = { key = key, value = values[key] } end
  local height = self.storage:last_committed_block_info().height + 1
  assert(self.storage:commit_state_diff { height = height, timestamp = height,
    state_diffs = #records > 0 and { { contract_name = "_Mailbox", state_diffs = records } }
      or {} })
  return height
end

function peers.sign(header, seed)
  return crypto.ed25519.sign(seed or peers.SEED, crypto.sha256(header))
end

--- A record that is proved under the header of the block after `height`, which is made if it must.
function Peer:prove(key, value_name, height)
  height = height or self.storage:last_committed_block_info().height
  if self.storage:last_committed_block_info().height == height then self:write {} end
  local header = self.storage:block(height + 1).results_header
  return { header = header, signature = peers.sign(header),
    [value_name] = self.storage:read("_Mailbox", key, height),
    proof = assert(self.storage:prove("_Mailbox", key, height)) }
end

--- An incoming message, right in all.
function Peer:message(fields)
  local key = peers.out_key(fields.sequence or 0)
  self:write { [key] = self:bytes(fields) }
  return self:prove(key, "message")
end

--- An acknowledgement: that this was taken.
function Peer:acknowledge(...)
  local key = "Taken_" .. peers.u32(peers.OURS)
  self:write { [key] = peers.taken(...) }
  return self:prove(key, "taken")
end

return peers
