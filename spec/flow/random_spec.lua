-- Random transaction sets against a naive model of the host: the same receipts, diffs and roots.
-- VMHOST_SEED repeats a run, VMHOST_SOAK=1 runs ten times as many sets, VMHOST_RANDOM_SETS says
-- how many.
local crypto = require "vmhost.crypto"
local model = require "spec.support.model"
local naive = require "spec.support.naive_membuffers"
local programs = require "spec.support.programs"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"
local vm = require "vmhost.vm"

local SEED = tonumber(os.getenv "VMHOST_SEED") or os.time() % 1000000
local SET_COUNT = tonumber(os.getenv "VMHOST_RANDOM_SETS")
  or (os.getenv "VMHOST_SOAK" == "1" and 10000 or 1000)
local SETS_BETWEEN_OPENINGS <const> = 100
local HISTORY <const> = 5
local CHAIN_ID <const> = 42
local TIME <const> = 1600000000000000000
local CODE <const> = "a program"

local SERVICES <const> = { "alpha", "beta", "gamma" }
local NATIVES <const> = { "Probe", "Probe2", "ProbeSystem", "BenchmarkToken", "BenchmarkContract" }
-- Names that some transaction may deploy: one differs from another by its case alone.
local DEPLOYABLE <const> = { "delta", "Delta", "epsilon", "zeta", "eta", "theta", "bad name", "",
  "_Info", "probe", "alpha" }

local DEPLOYED_OFTEN <const> = { "delta", "epsilon", "zeta", "eta" }

local PUBLIC_KEYS <const> = {}
local SIGNERS <const> = {}
for number = 1, 3 do
  PUBLIC_KEYS[number] = crypto.ed25519.public_key(string.char(number):rep(32))
  SIGNERS[number] = crypto.sha256(PUBLIC_KEYS[number]):sub(-20)
end

-- A random choice out of a list, or by weight: choose { write = 5, read = 3 }.

local function pick(list)
  return list[math.random(#list)]
end

local function choose(weights)
  local names, total = {}, 0
  for name, weight in pairs(weights) do
    names[#names + 1] = name
    total = total + weight
  end
  table.sort(names)
  local ticket = math.random(total)
  for _, name in ipairs(names) do
    ticket = ticket - weights[name]
    if ticket <= 0 then return name end
  end
end

local function chance(percent)
  return math.random(100) <= percent
end

local function text(value) return { type = "string", value = value } end
local function bytes(value) return { type = "bytes", value = value } end
local function uint64(value) return { type = "uint64", value = value } end

local function random_key()
  return chance(3) and "" or "key" .. math.random(8)
end

local function random_value()
  if chance(4) then return "" end
  return pick { "a", "b", ("c"):rep(math.random(70)), string.char(math.random(0, 255)) }
end

-- What the test does, and how often: told at the end of the run.
local Generator = {}
Generator.__index = Generator

local function new_generator()
  return setmetatable({ programs = {}, operations = {} }, Generator)
end

function Generator:count(operation)
  self.operations[operation] = (self.operations[operation] or 0) + 1
end

local NATIVE_CALLS = {
  BenchmarkToken = {
    function() return "transfer", { uint64(math.random(100)), bytes(pick(SIGNERS)) } end,
    function() return "transfer", { uint64(10000000001), bytes(pick(SIGNERS)) } end,
    function() return "transfer", { uint64(1), bytes "short" } end,
    function() return "getBalance", { bytes(pick(SIGNERS)) } end,
  },
  BenchmarkContract = {
    function() return "set", { uint64(math.random(1000)) } end,
    function() return "get", {} end,
    function() return "add", { uint64(math.random(9)), uint64(7) } end,
    function() return "giveBirth", { text "name" } end,
    function() return "throw", {} end,
  },
}

local PROBE_CALLS = {
  function() return "orderTest", {} end,
  function() return "writeEmit", { text(random_value()) } end,
  function() return "writeEmitFail", { text "x" } end,
  function() return "readW", {} end,
  function() return "clearW", {} end,
  function() return "callAndCatch", { text(pick { "Probe", "Probe2", "nobody" }), text "y" } end,
  function() return "callAndPropagate", { text(pick { "Probe2", "ProbeSystem" }), text "z" } end,
  function() return "callOk", { text(pick(NATIVES)), text(random_value()) } end,
  function() return "callInit", { text(pick(NATIVES)) } end,
}

-- Calls that do not reach a method.
local WRONG_CALLS = {
  function() return "nobody", "method", {} end,
  function() return "BenchmarkToken", "noSuchMethod", {} end,
  function() return "BenchmarkToken", "_init", {} end,
  function() return "BenchmarkToken", "transfer", { uint64(1) } end,
  function() return "BenchmarkContract", "set", { text "1" } end,
  function() return "BenchmarkContract", "get", { uint64(1) } end,
  function() return "_Deployments", "getInfo", { text "nobody" } end,
  function() return pick(SERVICES), "noSuchMethod", {} end,
}

function Generator:native_call()
  self:count "native call"
  local name = pick(NATIVES)
  local method, arguments = pick(NATIVE_CALLS[name] or PROBE_CALLS)()
  return name, method, arguments
end

function Generator:wrong_call()
  self:count "wrong call"
  return pick(WRONG_CALLS)()
end

function Generator:deployment()
  self:count "deploy"
  local arguments = { text(pick(DEPLOYABLE)),
    { type = "uint32", value = pick { 1, 3, 3, 3, 3, 7 } } }
  for _ = 1, pick { 0, 1, 1, 1, 3 } do arguments[#arguments + 1] = bytes(CODE) end
  return "_Deployments", "deployService", arguments
end

function Generator:lock()
  self:count "lock"
  return "_Deployments", pick { "lockNativeDeployment", "unlockNativeDeployment",
    "unlockNativeDeployment" }, {}
end

-- A program and all that it calls, as a call of a service.
function Generator:program(depth)
  local operations = {}
  for index = 1, math.random(6) do operations[index] = self:operation(depth) end
  self.programs[#self.programs + 1] = operations
  local service = pick(chance(90) and SERVICES or DEPLOYED_OFTEN)
  return service, programs.METHOD, { uint64(#self.programs) }
end

-- Calls itself until the service stack is full, or nearly so.
function Generator:recursion()
  self:count "recursion"
  return pick(SERVICES), programs.RECURSION, { uint64(math.random(62, 64)) }
end

local NESTED = { program = 12, native_call = 4, wrong_call = 1, deployment = 1 }

function Generator:operation(depth)
  local kind = choose { write = 40, read = 30, delete = 14, who = 4, emit = 4,
    fail = depth > 1 and 5 or 1, call = depth < 4 and 15 or 0 }
  self:count(kind)
  if kind == "write" then return { kind, random_key(), random_value() } end
  if kind == "read" or kind == "delete" then return { kind, random_key() } end
  if kind == "emit" then return { kind, pick { "E", "F" }, random_value() } end
  if kind == "fail" then return { kind, "failed on purpose" } end
  if kind == "who" then return { kind } end
  local service, method, arguments = self[choose(NESTED)](self, depth + 1)
  return { kind, service, method, arguments, chance(70) }
end

function Generator:transaction(number)
  local kind = choose { program = 80, native_call = 14, wrong_call = 2, deployment = 3, lock = 2,
    recursion = 1 }
  local signer = math.random(3)
  local service, method, arguments = self[kind](self, 1)
  local fields = { protocol_version = 1, virtual_chain_id = CHAIN_ID, timestamp = TIME + number,
    signer = { eddsa = { network_type = "TEST_NET", signer_public_key = PUBLIC_KEYS[signer] } },
    contract_name = service, method_name = method, input_argument_array = arguments }
  return {
    message = naive.encode("Transaction", fields),
    signed = naive.encode("SignedTransaction", { transaction = fields,
      signature = ("s"):rep(64) }),
    signer = SIGNERS[signer], contract = service, method = method, arguments = arguments,
  }
end

-- The host and the model, side by side.
local Pair = {}
Pair.__index = Pair

function Pair:open()
  self.storage = assert(state_storage.open { path = self.folder.path .. "/chain", sync = false,
    history = HISTORY, genesis = self.genesis })
  self.host = assert(vm.open { storage = self.storage,
    processors = { LUA = programs.processor(self.generator.programs) } })
end

function Pair:close()
  if self.host then self.host:close() end
  if self.storage then self.storage:close() end
end

Pair.__close = Pair.close

local function new_pair(rule_set, folder)
  local services = {}
  for index, name in ipairs(SERVICES) do
    services[index] = { name = name, processor = "LUA", code = CODE }
  end
  local generator = new_generator()
  local self = setmetatable({
    folder = folder, generator = generator, height = 0, transaction_count = 0, nested_count = 0,
    results = {}, errors = {}, states = {}, sets = 0,
    genesis = { virtual_chain_id = CHAIN_ID, rule_set = rule_set, native_contracts = NATIVES,
      services = services },
    model = model.new { rule_set = rule_set, programs = generator.programs, services = SERVICES,
      code = CODE },
  }, Pair)
  self.states[0] = self.model.state
  self:open()
  return self
end

local function count(counts, name)
  counts[name] = (counts[name] or 0) + 1
end

local function hex(value)
  return value and (value:gsub(".", function(char) return ("%02x"):format(char:byte()) end))
end

function Pair:where(index)
  return ("seed %d, %s, height %d, transaction %d"):format(SEED, self.genesis.rule_set,
    self.height, index or 0)
end

function Pair:compare_receipts(out, outcomes)
  assert.equal(#outcomes, #out.receipts, self:where())
  for index, outcome in ipairs(outcomes) do
    assert.equal(hex(outcome.receipt), hex(out.receipts[index].message), self:where(index))
    assert.equal(outcome.error, out.records[index].error, self:where(index))
    count(self.results, outcome.result)
    if outcome.error then
      count(self.errors, (outcome.error:gsub("0x%x+", "A"):gsub("%d+", "N")))
    end
  end
end

function Pair:compare_state()
  assert.equal(hex(self.model:root()), hex(self.storage:state_hash()), self:where())
  local key_count, size = 0, 0
  for name, keys in pairs(self.model.state) do
    for key, value in pairs(keys) do
      key_count, size = key_count + 1, size + #value
      assert.equal(value, self.storage:read(name, key), self:where())
    end
  end
  local info = self.storage:last_committed_block_info()
  assert.equal(key_count, info.num_keys, self:where())
  assert.equal(size, info.size, self:where())
end

-- A query, mostly at a past height that is kept, and a read there.
function Pair:compare_query()
  local height = math.max(1, self.height - math.random(0, HISTORY - 1))
  local query = self.generator:transaction(0)
  local out, failure = self.host:process_query { signed_query = query.signed, height = height }
  local expected = self.model:query(self.states[height], height, query)
  assert.equal(expected.result, out.execution_result, self:where())
  assert.equal(hex(expected.outputs), hex(out.output_argument_bytes), self:where())
  assert.equal(expected.text, failure, self:where())
  local service, key = pick(SERVICES), random_key()
  local kept = self.states[height][service]
  assert.equal(kept and kept[key] or "", self.storage:read(service, key, height), self:where())
end

function Pair:run_set()
  local transactions, signed = {}, {}
  for index = 1, math.random(20) do
    local before = self.generator.operations.call
    transactions[index] = self.generator:transaction(self.transaction_count + index)
    signed[index] = transactions[index].signed
    if self.generator.operations.call ~= before then self.nested_count = self.nested_count + 1 end
  end
  self.height = self.height + 1
  self.transaction_count = self.transaction_count + #transactions
  local out = assert(self.host:process_transaction_set { height = self.height,
    timestamp = TIME + self.height, signed_transactions = signed })
  local outcomes, diffs = self.model:process(self.height, transactions)
  self:compare_receipts(out, outcomes)
  assert.same(diffs, out.state_diffs, self:where())
  assert.equal(self.height + 1, assert(self.storage:commit_state_diff(out.block)))
  self.model:commit(diffs)
  self.states[self.height] = self.model.state
  self.states[self.height - HISTORY] = nil
  assert.equal(hex(self.model:root()), hex(self.storage:state_hash()), self:where())
  self:compare_query()
end

function Pair:reopen()
  self:close()
  self:open()
  self:compare_state()
end

local function counts_text(counts)
  local names, parts = {}, {}
  for name in pairs(counts) do names[#names + 1] = name end
  table.sort(names)
  for index, name in ipairs(names) do parts[index] = ("%s %d"):format(name, counts[name]) end
  return table.concat(parts, ", ")
end

function Pair:report()
  local failing = self.transaction_count - (self.results.SUCCESS or 0)
  return ("random sets, seed %d, %s: %d sets, %d transactions (%d %% nested, %d %% failing); "
    .. "operations: %s; results: %s; failures: %s"):format(SEED, self.genesis.rule_set,
    self.height, self.transaction_count, self.nested_count * 100 // self.transaction_count,
    failing * 100 // self.transaction_count, counts_text(self.generator.operations),
    counts_text(self.results), counts_text(self.errors))
end

describe("random transaction sets", function()
  for offset, rule_set in ipairs { "vmhost-1", "reference" } do
    it("give receipts, diffs and roots of the naive model under " .. rule_set, function()
      math.randomseed(SEED, offset)
      local folder <close> = temporary_folder()
      local pair <close> = new_pair(rule_set, folder)
      pair:compare_state()

      for set = 1, SET_COUNT do
        pair:run_set()
        if set % SETS_BETWEEN_OPENINGS == 0 then pair:reopen() end
      end
      pair:compare_state()

      print(pair:report())
    end)
  end
end)
