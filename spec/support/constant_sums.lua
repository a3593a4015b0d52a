--- Loaded before any spec (.busted): after every block that a spec commits, what accounts and
-- waiting messages hold of each token is what they held before, but for what the block issued,
-- and what it counts as taken from other hosts or sent to them.
-- Blocks that no host made (without receipts) may do what they want.
local codec = require "vmhost.codec"
local state_storage = require "vmhost.state_storage"
local word = require "vmhost.word"

local ADDRESS_SIZE <const>, KEY_SIZE <const> = 20, 30
local ZERO <const> = word.new(0)

local function is_peer(storage, chain)
  local genesis = storage:genesis()
  for _, peer in ipairs(genesis.peers) do
    if peer.virtual_chain_id == chain and chain ~= genesis.virtual_chain_id then return true end
  end
  return false
end

-- Token and amount of a record of the ledger or the mailbox; nil for any other. What a peer's
-- message brings counts from when it runs.
local function worth(storage, contract_name, key, value)
  if value == "" then return nil end
  if contract_name == "_Ledger" and #key == KEY_SIZE then
    return key:sub(ADDRESS_SIZE + 1), word.from_bytes(value)
  elseif contract_name == "_Ledger" and key:find "^Foreign_" then
    return key:sub(#"Foreign_" + 1), ZERO - word.from_bytes(value)
  elseif contract_name == "_Mailbox" and key:find "^In_" then
    local message = assert(codec.decode("Message", value))
    if is_peer(storage, message.from_chain) then return nil end
    return message.token, message.amount
  end
end

-- By how much the diff moves the sum of each token; words wrap, so that less is a large word.
local function moved(storage, state_diffs)
  local sums = {}
  local function add(token, amount)
    if token then sums[token] = (sums[token] or ZERO) + amount end
  end
  for _, contract in ipairs(state_diffs) do
    for _, record in ipairs(contract.state_diffs) do
      local token, amount = worth(storage, contract.contract_name, record.key, record.value)
      add(token, amount)
      local before = storage:read(contract.contract_name, record.key)
      token, amount = worth(storage, contract.contract_name, record.key, before or "")
      if token then add(token, ZERO - amount) end
    end
  end
  return sums
end

local function issues(bytes)
  local signed = codec.decode("SignedTransaction", bytes)
  return signed and signed.transaction.contract_name == "_Ledger"
    and signed.transaction.method_name == "issue"
end

-- Whether the block issues, or refuses a message that no host sent.
local function may_move(block)
  for _, transaction in ipairs(block.transactions) do
    if issues(transaction) then return true end
  end
  for _, receipt in ipairs(block.receipts) do
    if receipt:find("no_context", 1, true) then return true end
  end
  return false
end

local function check(storage, block)
  if #block.receipts == 0 or may_move(block) then return end
  for token, amount in pairs(moved(storage, block.state_diffs)) do
    if amount ~= ZERO then
      error(("block %d moves the sum of token %q by %s"):format(block.height, token, amount), 0)
    end
  end
end

do
  local storage <close> = assert(state_storage.open { memory = true,
    genesis = { virtual_chain_id = 42 } })
  local methods = debug.getmetatable(storage).__index
  local commit = methods.commit_state_diff

  function methods.commit_state_diff(self, block, ...)
    if type(block) == "table" and block.receipts and block.transactions and block.state_diffs then
      check(self, block)
    end
    return commit(self, block, ...)
  end
end
