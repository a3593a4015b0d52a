--- A chain in a folder, as operators use it: what a call changes is committed when it returns.
-- @module vmhost.operator.chain
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"

local chain = {}

local SECOND = 1000000000
local PROTOCOL_VERSION = 1

local Chain = {}
Chain.__index = Chain

--- Closes host and storage; twice is quiet.
function Chain:close()
  if self.host then self.host:close() end
  self.storage:close()
end
Chain.__close = Chain.close

local function open(options)
  local storage, message, code = state_storage.open(options)
  if not storage then return nil, message, code end
  local host
  host, message, code = vm.open { storage = storage }
  if not host then
    storage:close()
    return nil, message, code
  end
  return setmetatable({ storage = storage, host = host }, Chain)
end

--- Opens a chain that is there.
-- @tparam string path its folder
-- @tparam[opt] integer|string history how many heights a commit leaves readable, or "all"; without
-- it the chain is opened to be read, and all heights that are kept can be
-- @treturn[1] Chain
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of `state_storage.open` and `vm.open`
function chain.open(path, history)
  return open { path = path, create = false, history = history or "all" }
end

--- Makes a new chain.
-- @tparam string path a folder that is absent or holds no chain
-- @tparam table genesis
-- @treturn[1] Chain at height 0
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `invalid_input` for a folder that holds a chain, `genesis_failed`
function chain.create(path, genesis)
  local there = state_storage.open { path = path, create = false }
  if there then
    local is_new = there:is_new()
    there:close()
    if not is_new then
      return nil, ("%s holds a chain already"):format(path), "invalid_input"
    end
  end
  -- A genesis that fails is found out in memory, before anything is made on disk.
  local trial, message = open { memory = true, genesis = genesis }
  if not trial then return nil, message, "genesis_failed" end
  trial:close()
  return open { path = path, genesis = genesis }
end

--- The time of the next block: that of the clock, and always after the last one.
-- @tparam[opt] integer wanted in ns, instead of the clock's
-- @treturn[1] integer ns
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `usage` for a wanted time that is not after the last block
function Chain:next_timestamp(wanted)
  local last = self.storage:last_committed_block_info().timestamp
  if not wanted then return math.max(os.time() * SECOND, last + 1) end
  if wanted // SECOND > 0xffffffff then
    return nil, ("--timestamp %d is after the year 2106"):format(wanted), "usage"
  end
  if wanted <= last then
    return nil, ("--timestamp %d is not after that of the last block, %d"):format(wanted, last),
      "usage"
  end
  return wanted
end

local function fields_of(self, call, timestamp)
  return {
    protocol_version = PROTOCOL_VERSION,
    virtual_chain_id = self.storage:genesis().virtual_chain_id,
    timestamp = timestamp,
    signer = call.key and { eddsa = { network_type = "TEST_NET",
      signer_public_key = call.key.public_key } },
    contract_name = call.contract_name,
    method_name = call.method_name,
    input_argument_array = call.arguments,
  }
end

--- Signs a transaction.
-- @tparam table call key, contract_name, method_name, arguments
-- @tparam integer timestamp ns
-- @treturn string SignedTransaction message
function Chain:sign(call, timestamp)
  local transaction = fields_of(self, call, timestamp)
  local hash = codec.transaction_hash(codec.encode("Transaction", transaction))
  return codec.encode("SignedTransaction", { transaction = transaction,
    signature = assert(crypto.ed25519.sign(call.key.seed, hash)) })
end

--- Pre-orders, runs and commits one transaction set as the next block.
-- @tparam {string,...} signed_transactions
-- @tparam integer timestamp of the block, ns
-- @treturn[1] table what `process_transaction_set` gives, and `height`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `pre_order` where a transaction is refused: nothing is run then
function Chain:commit(signed_transactions, timestamp)
  local last = self.storage:last_committed_block_info()
  local set = {
    height = last.height + 1,
    timestamp = timestamp,
    reference_time = timestamp // SECOND,
    prev_reference_time = last.reference_time,
    signed_transactions = signed_transactions,
  }
  local statuses, failure, code = self.host:transaction_set_pre_order(set)
  if not statuses then return nil, failure, code end
  if failure then return nil, "refused before ordering: " .. failure.message, "pre_order" end

  set.block_proposer = ""
  local out, message
  out, message, code = self.host:process_transaction_set(set)
  if not out then return nil, message, code end
  local next_height
  next_height, message, code = self.storage:commit_state_diff(out.block)
  if not next_height then return nil, message, code end
  out.height = set.height
  return out
end

--- Runs a query.
-- @tparam table call contract_name, method_name, arguments, and the key of who asks, if any
-- @tparam[opt] integer height
-- @treturn[1] table as of `process_query`
-- @treturn[1] ?string text of a failure
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:query(call, height)
  local query = fields_of(self, call, os.time() * SECOND)
  return self.host:process_query { height = height,
    signed_query = codec.encode("SignedQuery", { query = query }) }
end

--- The height that an operator names.
-- @tparam string text a height, a block hash in hex, or `last`
-- @treturn[1] integer
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found`, or `usage` for another text
function Chain:height_of(text)
  local last = self.storage:last_committed_block_info().height
  if text == "last" then return last end
  if text:find "^%d+$" and #text < 19 then return math.tointeger(text) end
  local hash = crypto.unhex((text:gsub("^0x", "")))
  if not hash or #hash ~= 32 then
    return nil, ("'%s' is neither a height nor a block hash"):format(text), "usage"
  end
  return self.storage:find_block(hash)
end

return chain
