--- `run_determined_chain.lua [LOCALE]`: runs the same blocks of contracts in Lua wherever it is
-- started: the examples, calls of them, and the hostile programs as contracts. Prints a line for
-- each receipt, with the hash of its bytes and of what the host knows beside it, a line for each
-- stopped execution, with the hash of its frozen bytes, and the state root.
local contract = require "vmhost.contract"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local hostile = require "spec.support.hostile_lua"
local inspect = require "vmhost.inspect"

local GAS <const>, MEMORY <const> = 1000000, 4 << 20
local MOST_SOURCE <const> = 20000
local IN_A_BLOCK <const> = 50
local TOKEN <const> = "VITE TOKEN"

local STOPPED <const> = { [[
  local t = setmetatable({ 1, 2, nil, 4, x = "y", [uint256(7)] = uint256 "99999999999999999999" },
    { __index = function(_, key) return key end })
  local function fill(...) local a, b = ... local c = await(a) return a, b, c, select("#", ...) end
  for k, v in pairs(t) do t[k] = fill(k, v, await(k)) end
  return #t]], [[
  local wrapped = coroutine.wrap(function(a) local b = coroutine.yield(a) return b .. a end)
  local first = wrapped "a"
  local good, text = pcall(function() await(first) error { first } end)
  return wrapped(tostring(good)), await(text, string.gmatch("a,b", "%a"))]] }

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function show(chain, receipt)
  local record = chain:run_of(receipt).record
  print(("%s %d %s %s"):format(receipt.execution_result, receipt.gas_used,
    hex(crypto.sha256(receipt.message)):sub(1, 16),
    hex(crypto.sha256((record.error or "") .. inspect.calls(record.calls))):sub(1, 16)))
end

local function process(chain, set)
  local out = assert(chain:process(set))
  for _, receipt in ipairs(out.receipts) do show(chain, receipt) end
end

-- The examples, and one or more calls of each.
local function run_examples(chain)
  local bob = chain.accounts.bob.address
  local alice, carol = chain.accounts.alice.address, chain.accounts.carol.address
  for _, each in ipairs { { "counter" }, { "token", 1000 }, { "crowdfunding", bob, 100, 60 },
    { "allow_list", alice, bob }, { "auction", "allowlist", 60 } } do
    local name = each[1]:gsub("_", "")
    assert(chain:deploy(name, ("examples/contracts/%s.lua"):format(each[1]),
      table.unpack(each, 2)))
  end
  process(chain, { { "counter", "add", 5 }, { "counter", "add", "18446744073709551615" },
    { "token", "transfer", bob, 1 }, { "bob", "token", "transfer", bob, 2 },
    { "bob", "token", "transfer", carol, 9 }, { "allowlist", "add", "note", carol },
    { "allowlist", "remove", bob }, { "auction", "bid" }, { "crowdfunding", "pledge" } })
  show(chain, chain:contract("crowdfunding", "alice", 60):pledge())
  show(chain, chain:contract("auction", "alice", 5):bid())
  chain:advance(60)
  process(chain, { { "crowdfunding", "refund" }, { "auction", "close" },
    { "auction", "withdraw" } })
end

local function run_hostile(chain)
  local set = {}
  for number, program in ipairs(hostile) do
    local source = program.source
    if type(source) == "function" then source = source() end
    if #source <= MOST_SOURCE then
      set[#set + 1] = { "_Deployments", "deployService", "Hostile" .. number, 3, source }
    end
    if #set == IN_A_BLOCK or number == #hostile then
      process(chain, set)
      set = {}
    end
  end
end

local function freeze(source)
  local run = assert(contract.start { source = source, name = "stopped", gas_limit = GAS,
    memory_limit = MEMORY })
  local hashes = {}
  while run:status() == "suspended" do
    hashes[#hashes + 1] = hex(crypto.sha256(run:freeze())):sub(1, 16)
    run:resume(true, #hashes)
  end
  print(("frozen %s %s"):format(run:status(), table.concat(hashes, " ")))
end

if arg[1] then assert(os.setlocale(arg[1])) end
local accounts = require "vmhost.fixture.call".new_accounts { "alice" }
local chain <close> = assert(fixture.new { genesis = {
  limits = { transaction_gas = GAS, lua_memory_size = MEMORY },
  issues = { { to = accounts.alice.address, token = TOKEN, amount = 1000 } } } })
run_examples(chain)
run_hostile(chain)
for _, source in ipairs(STOPPED) do freeze(source) end
print("root " .. hex(chain.storage:state_hash()))
