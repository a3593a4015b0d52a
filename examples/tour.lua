-- The tour: a chain on LevelDB, from its genesis to a proof, and open again after it was closed.
-- Run by `make run`, or `vmhost run examples/tour.lua`. All keys and times are fixed, so it prints
-- the same text each time.
local json = require "dkjson"
local vmhost = require "vmhost"
local crypto, fixture, inspect = vmhost.crypto, vmhost.fixture, vmhost.inspect

local function title(format, ...)
  print(("\n== " .. format):format(...))
end

local function fresh_folder()
  local path = os.tmpname()
  os.remove(path)
  return setmetatable({ path = path }, { __close = function()
    os.execute("rm -rf -- '" .. path .. "'")
  end })
end

-- Transactions that a JavaScript client of the Orbs network made and signed for chain 42.
local function read_client_transactions()
  local folder = arg[0]:match "^(.*)/" or "."
  local file <close> = assert(io.open(folder .. "/data/client_transactions.json"))
  local transactions = assert(json.decode(file:read "a")).transactions
  for _, transaction in ipairs(transactions) do
    transaction.bytes = assert(crypto.unhex(transaction.signed_transaction))
    transaction.signer = crypto.address_of_client(assert(crypto.unhex(transaction.public_key)))
  end
  return transactions
end

local function check_pre_order(chain, set)
  local statuses, failure = chain:pre_order(set)
  local count = {}
  for _, status in ipairs(assert(statuses, failure)) do count[status] = (count[status] or 0) + 1 end
  for _, status in ipairs { "PRE_ORDER_VALID", "REJECTED_SIGNATURE_MISMATCH" } do
    if count[status] then print(("  %d %s"):format(count[status], status)) end
  end
  if failure then
    print(("  transaction %d is refused: %s"):format(failure.index, failure.status))
  end
end

local succeeded = 0

local function run(chain, set)
  local out = assert(chain:process(set))
  print(inspect.receipts(out.receipts, out.records))
  print "State diff"
  print((inspect.state_diffs(out.state_diffs):gsub("[^\n]+", "  %0")))
  print("State root " .. inspect.hash(chain.storage:state_hash()))
  for _, receipt in ipairs(out.receipts) do
    if receipt.execution_result == "SUCCESS" then succeeded = succeeded + 1 end
  end
end

local function show_balances(chain, holders)
  local balances = {}
  for index, holder in ipairs(holders) do
    balances[index] = assert(chain:query("BenchmarkToken", "getBalance", holder.address))
    print(("  %-10s %s  %11d"):format(holder.name, inspect.address(holder.address),
      balances[index]))
  end
  return balances
end

local folder <close> = fresh_folder()
local clients = read_client_transactions()
local first_client, second_client = clients[1].signer, clients[3].signer

title "A chain from a genesis table, in LevelDB"
local chain <close> = assert(fixture.new {
  path = folder.path,
  accounts = { "alice", "bob" },
  genesis = {
    virtual_chain_id = 42,
    rule_set = "vmhost-1",
    native_contracts = { "BenchmarkToken", "BenchmarkContract" },
    limits = { events_per_transaction = 1 },
  },
})
local alice, bob = chain.accounts.alice, chain.accounts.bob
print("Genesis hash " .. inspect.hash(chain.storage:genesis_hash()))
print("State root   " .. inspect.hash(chain.storage:state_hash()))
print("Height       " .. chain:height())

title "Block 1: alice deploys the token by using it first, and pays two clients"
run(chain, {
  { "alice", "BenchmarkToken", "transfer", 1000, first_client },
  { "alice", "BenchmarkToken", "transfer", 500, second_client },
})

title "Block 2: what a real client signed for chain 42"
local set = {}
for index, transaction in ipairs(clients) do
  set[index] = transaction.bytes
  print(("  %d. %-18s %s"):format(index, transaction.name, transaction.what))
end
print "Pre-order check"
check_pre_order(chain, set)
print "The same with one bit of the last signature changed"
local last = set[#set]
check_pre_order(chain, { set[1], last:sub(1, -2) .. string.char(last:byte(-1) ~ 1) })
run(chain, set)

title "Block 3: alice and bob; the third transaction asks for more than there is"
run(chain, {
  { "alice", "BenchmarkToken", "transfer", 250, bob.address },
  { "bob", "BenchmarkToken", "transfer", 50, first_client },
  { "bob", "BenchmarkToken", "transfer", 1000000, alice.address },
  { "bob", "BenchmarkContract", "set", 17 },
  { "alice", "BenchmarkContract", "giveBirth", "Ada" },
})

title "Queries"
local holders = {
  { name = "alice", address = alice.address },
  { name = "bob", address = bob.address },
  { name = "client 1", address = first_client },
  { name = "client 2", address = second_client },
  { name = "their shop", address = crypto.unhex "00112233445566778899aabbccddeeff00112233" },
}
print "BenchmarkToken.getBalance"
local balances = show_balances(chain, holders)
print("BenchmarkContract.get           " .. chain:query("BenchmarkContract", "get"))
print("BenchmarkContract.add(2, 40)    " .. chain:query("BenchmarkContract", "add", 2, 40))

title "A proof of bob's balance, checked with the store closed"
local proof = assert(chain:proof("BenchmarkToken", bob.address))
local root, height = proof.root, chain:height()
chain:close()
print(inspect.proof(proof))
print("verified: " .. tostring(vmhost.state_storage.verify_proof(proof)))
proof.value = string.pack("<I8", 1000000)
print("verified with another value: " .. tostring(vmhost.state_storage.verify_proof(proof)))

title "Opened again"
local reopened <close> = assert(fixture.open { path = folder.path })
print(("Height %d, state root %s"):format(
  reopened:height(), inspect.hash(reopened.storage:state_hash())))
assert(reopened:height() == height and reopened.storage:state_hash() == root)
assert(reopened.storage:rebuild_root() == root)
print "The root is the same, also when it is computed again from all keys."
for index, balance in ipairs(show_balances(reopened, holders)) do
  assert(balance == balances[index])
end
print(("The balances are the same. %d transactions succeeded."):format(succeeded))
