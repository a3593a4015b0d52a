--- Runs a scenario of vectors/vite/compiled (its README has the form) on a host, and tells what
-- differs from what it expects.
--
--     local run <close> = vite_scenario.open { scenario = scenario, messages_per_set = 1 }
--     run:all()
--     assert.same({}, run.faults)
--
-- Contracts are services named by their id; users sign, and own the accounts that they name.
-- After every block the sum over accounts and waiting messages of each token is compared with what
-- was issued.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local json = require "dkjson"
local word = require "vmhost.word"

local compiled_contracts = require "spec.support.compiled_contracts"

local vite_scenario = {}

local VITE <const> = "VITE TOKEN"
local DEPLOYER <const> = "@deployer"
-- Plenty, as the README says: 10^30 of each token.
local PLENTY <const> = "1000000000000000000000000000000"
local PROTECTED_PREFIX <const> = "\0vmhost\0"

local Run = {}
Run.__index = Run

function Run:fault(step, what, expected, actual)
  self.faults[#self.faults + 1] = ("step %d (%s): %s: expected %s, got %s"):format(
    self.step, step.op, what, tostring(expected), tostring(actual))
end

local function check(self, step, what, expected, actual)
  if expected ~= actual then self:fault(step, what, expected, actual) end
end

-- Blocks

local function apply(self, state_diffs)
  for _, contract in ipairs(state_diffs) do
    local kept = self.state[contract.contract_name] or {}
    self.state[contract.contract_name] = kept
    for _, record in ipairs(contract.state_diffs) do
      kept[record.key] = record.value ~= "" and record.value or nil
    end
  end
end

-- What each token amounts to, on the ledger and in messages that wait.
local function totals(self)
  local sums = {}
  local function add(token, amount)
    sums[token] = (sums[token] or word.new(0)) + amount
  end
  for key, value in pairs(self.state._Ledger or {}) do
    if #key == 30 then add(key:sub(21), word.from_bytes(value)) end
  end
  for key, value in pairs(self.state._Mailbox or {}) do
    if key:find "^In_" then
      local message = assert(codec.decode("Message", value))
      add(message.token, message.amount)
    end
  end
  return sums
end

local function check_totals(self)
  local sums = totals(self)
  for token, issued in pairs(self.issued) do
    local sum = sums[token] or word.new(0)
    sums[token] = nil
    if sum ~= issued then
      self.faults[#self.faults + 1] = ("step %d: %s of token %s, but %s were issued"):format(
        self.step, tostring(sum), compiled_contracts.to_hex(token), tostring(issued))
    end
  end
  assert(next(sums) == nil, "a token that nobody issued")
end

-- Transactions are told apart by the chain's count of them, which a new Chain begins anew: it is
-- carried on, so that a run with and one without reopening sign the same bytes.
local function open_chain(self)
  local count = self.chain and self.chain.nonce or 0
  self.chain = assert(fixture.new(self.chain_options))
  self.chain.nonce = count
end

local function block(self, set)
  local out = assert(self.chain:process(set))
  apply(self, out.state_diffs)
  for index, receipt in ipairs(out.receipts) do
    self.receipts[#self.receipts + 1] = receipt
    self.heights[#self.heights + 1] = self.chain:height()
    self.errors[receipt] = out.records[index].error
  end
  check_totals(self)
  self.roots[#self.roots + 1] = compiled_contracts.to_hex(self.chain.storage:state_hash())
  if self.reopen then
    self.chain:close()
    open_chain(self)
  end
  return out.receipts
end

-- Runs a set, then empty ones until no message waits; the receipts of all of them.
local function settle(self, set)
  local receipts = block(self, set)
  local all = table.move(receipts, 1, #receipts, 1, {})
  while #receipts > 0 do
    receipts = block(self, {})
    table.move(receipts, 1, #receipts, #all + 1, all)
  end
  return all
end

-- Names, addresses, amounts

local function account_of(self, name)
  if name:find "^@" then
    return assert(self.chain.accounts[name], "the runner has no user " .. name).address
  end
  return crypto.address_of_contract((name:gsub("^%$", "")))
end

local function address_of(self, name)
  return account_of(self, name) .. (name:find "^@" and "\0" or "\1")
end

-- Hex in which `{$x}` and `{@y}` stand for addresses as words.
local function hex_of(self, text)
  return (text:gsub("{(.-)}", function(name)
    return ("00"):rep(11) .. compiled_contracts.to_hex(address_of(self, name))
  end))
end

local function bytes_of(self, text)
  return compiled_contracts.from_hex(hex_of(self, text or ""))
end

local function token_of(text)
  return text and compiled_contracts.value("tokenId", text) or VITE
end

-- As `callWithValue` takes arguments: the length stands before the array.
local function with_length(packed)
  return ("<s4"):pack(packed)
end

-- A call by `from`, through the ledger where it carries a value.
local function transaction(from, service, method, arguments, step)
  local words = { from or DEPLOYER, service, method, table.unpack(arguments) }
  if step.value == nil or step.value == "0" then return words end
  return { words[1], "_Ledger", "callWithValue", { string = service }, { string = method },
    { bytes = with_length(codec.pack_arguments(arguments)) }, { bytes = token_of(step.token) },
    { uint256 = step.value } }
end

local function service_of(step)
  return (step.to:gsub("^%$", ""))
end

local function call_of(self, step)
  if step.to:find "^@" then
    return { step.from or DEPLOYER, "_Ledger", "transfer",
      { bytes20 = account_of(self, step.to) }, { bytes = token_of(step.token) },
      { uint256 = step.value } }
  end
  local data = bytes_of(self, step.calldata or step.data)
  return transaction(step.from, service_of(step), "call", { { bytes = data } }, step)
end

-- Expectations

-- The text of a failure, and whether it goes on. A revert shows what its data says, so nothing is
-- known of one whose data is not given.
local function failure_text(self, expect)
  local reason = expect.reason
  local panic = reason and reason:match "^panic:(%d+)$"
  if panic then return ("panic 0x%02x: "):format(tonumber(panic)), true end
  if reason then return reason end
  if expect.error ~= "execution reverted" then return expect.error end
  return expect.revertData and "reverted: 0x" .. hex_of(self, expect.revertData)
end

local function check_outcome(self, step, receipt)
  local expect = step.expect
  local status = receipt.execution_result == "SUCCESS" and "ok" or "failed"
  check(self, step, "status", expect.status, status)
  local text, is_start = failure_text(self, expect)
  if not text then return end
  local actual = tostring(self.errors[receipt])
  check(self, step, "error", text, is_start and actual:sub(1, #text) or actual)
end

-- No refund is a request of its own here: that of a user's transaction is undone with it, and that
-- of a synchronous call comes back with the failure.
local function is_own_refund(flow, index)
  local entry, follows = flow[index], flow[index + 1]
  return entry.kind == "SendRefund"
    and (entry.to:find "^@" or follows and follows.kind == "SendFailureCallback")
end

-- The outcome of each response of a step, in order; nil for a flow that was cut.
local function flow_outcomes(flow)
  local outcomes = {}
  for index, entry in ipairs(flow) do
    if not entry.kind then return nil end
    if not is_own_refund(flow, index) then outcomes[#outcomes + 1] = entry.status end
  end
  return table.concat(outcomes, " ")
end

local function check_flow(self, step, receipts)
  local expected = step.outcomes or step.flow and flow_outcomes(step.flow)
  if not expected then return end
  local outcomes = {}
  for index, receipt in ipairs(receipts) do
    outcomes[index] = receipt.execution_result == "SUCCESS" and "ok" or "failed"
  end
  check(self, step, "responses", expected, table.concat(outcomes, " "))
end

-- Steps

local operations = {}

local function link(self, contract, libraries)
  local code = contract.bytecode
  for _, by_name in pairs(contract.linkReferences or {}) do
    for name, places in pairs(by_name) do
      for _, place in ipairs(places) do
        code = code:sub(1, 2 * place.start)
          .. compiled_contracts.to_hex(address_of(self, libraries[name]))
          .. code:sub(2 * (place.start + place.length) + 1)
      end
    end
  end
  return code
end

function operations.deploy(self, step)
  local code = link(self, self.scenario.contracts[step.contract], step.libraries)
  code = compiled_contracts.from_hex(code) .. bytes_of(self, step.constructorArgs)
  local receipts = settle(self, { transaction(step.from, "_Deployments", "deployService",
    { { string = step.id }, { uint32 = 4 }, { bytes = code } }, step) })
  check_outcome(self, step, receipts[1])
  check_flow(self, step, receipts)
end

function operations.call(self, step)
  local receipts = settle(self, { call_of(self, step) })
  check_outcome(self, step, receipts[1])
  check_flow(self, step, receipts)
end

operations.transfer = operations.call
operations.raw = operations.call

function operations.parallel(self, step)
  local set = {}
  for index, each in ipairs(step.calls) do set[index] = call_of(self, each) end
  local receipts = settle(self, set)
  for index, each in ipairs(step.calls) do check_outcome(self, each, receipts[index]) end
  check_flow(self, step, receipts)
end

function operations.query(self, step)
  local output, message = self.chain:query(service_of(step), "query",
    { bytes = bytes_of(self, step.calldata) })
  check(self, step, step.method or "query", hex_of(self, step.returnData),
    output and compiled_contracts.to_hex(output) or message)
end

function operations.balance(self, step)
  local amount = assert(self.chain:balance(account_of(self, step.of), token_of(step.token)))
  check(self, step, step.of, step.expect, tostring(amount))
end

local function logs_of(self, step)
  local logs, address = {}, account_of(self, step.of)
  for index, receipt in ipairs(self.receipts) do
    local height = self.heights[index]
    if height >= (step.fromHeight or 0) and height <= (step.toHeight or math.maxinteger) then
      for _, log in ipairs(receipt.logs) do
        if log.address == address then logs[#logs + 1] = log end
      end
    end
  end
  return logs
end

function operations.events(self, step)
  local logs = logs_of(self, step)
  check(self, step, "number of logs", #step.expect, #logs)
  for index, expected in ipairs(step.expect) do
    local log = logs[index] or { topics = "", data = "" }
    check(self, step, "topics", hex_of(self, table.concat(expected.topics)),
      compiled_contracts.to_hex(log.topics))
    check(self, step, "data", hex_of(self, expected.data), compiled_contracts.to_hex(log.data))
  end
end

local function issue(self, to, token, amount)
  local receipts = settle(self, { { "@owner", "_Ledger", "issue",
    { bytes20 = account_of(self, to) }, { bytes = token }, { uint256 = amount } } })
  assert(receipts[1].execution_result == "SUCCESS", self.errors[receipts[1]])
end

local function issue_more(self, to, token, amount)
  self.issued[token] = (self.issued[token] or word.new(0)) + word.new(amount)
  issue(self, to, token, amount)
end

-- To a balance: what is missing is issued.
function operations.fund(self, step)
  local to = step.user or step.of or step.to or step.account
  local token = token_of(step.token)
  local has = assert(self.chain:balance(account_of(self, to), token))
  issue_more(self, to, token, word.new(step.value or step.amount) - has)
end

function operations.note() end

-- Whole runs

-- The users that the steps name, in order.
local function users_of(scenario)
  local names, is_known = { DEPLOYER }, { [DEPLOYER] = true }
  for name in json.encode(scenario.scenario):gmatch "@%w+" do
    if not is_known[name] then
      names[#names + 1] = name
      is_known[name] = true
    end
  end
  table.sort(names)
  return names
end

--- Opens a chain for a scenario.
-- @tparam table options `scenario`, a decoded file; `messages_per_set`, default 10,000; `path` of
-- a LevelDB, which is closed and opened again after every block
-- @treturn table with `faults`, texts; `roots`, one per block; `receipts`
function vite_scenario.open(options)
  local owner_seed = crypto.sha256 "owner of the ledger"
  local accounts = users_of(options.scenario)
  accounts["@owner"] = owner_seed
  local self = setmetatable({
    scenario = options.scenario, step = 0, reopen = options.path ~= nil,
    state = {}, issued = {}, receipts = {}, heights = {}, errors = {}, faults = {}, roots = {},
    chain_options = {
      path = options.path,
      accounts = accounts,
      genesis = {
        ledger_owner = crypto.address_of_client(assert(crypto.ed25519.public_key(owner_seed))),
        limits = { messages_per_set = options.messages_per_set or 10000 },
      },
    },
  }, Run)
  open_chain(self)
  for _, token in ipairs { VITE, token_of "tti_2445f6e5cde8c2c70e446c83" } do
    issue_more(self, DEPLOYER, token, PLENTY)
  end
  return self
end

--- Runs the steps; `faults` tells what differed.
-- @tparam[opt] table changes step number -> fields of that step that this host answers differently
function Run:all(changes)
  for index, step in ipairs(self.scenario.scenario) do
    self.step = index
    local changed = setmetatable(changes and changes[index] or {}, { __index = step })
    local operation = operations[step.op]
    if operation then
      operation(self, changed)
    else
      self:fault(step, "operation", "a known one", step.op)
    end
  end
end

--- What the contracts and their accounts hold at the end: slots by service and key, amounts by
-- account and token. What the host keeps for itself is left out: it names message ids.
function Run:end_state()
  local held = {}
  for service, records in pairs(self.state) do
    if service == "_Ledger" or not service:find "^_" then
      for key, value in pairs(records) do
        if key:sub(1, #PROTECTED_PREFIX) ~= PROTECTED_PREFIX then
          held[service .. "." .. compiled_contracts.to_hex(key)] = compiled_contracts.to_hex(value)
        end
      end
    end
  end
  return held
end

function Run:__close()
  self.chain:close()
end

return vite_scenario
