--- A chain in a table, for tests and first steps.
--
--     local chain <close> = fixture.new { accounts = { "alice", "bob" } }
--     local bob = chain.accounts.bob.address
--     chain:expect_success(chain:send("alice", "BenchmarkToken", "transfer", 17, { bytes = bob }))
--     assert(chain:query("BenchmarkToken", "getBalance", bob) == 17)
--
-- All of it is deterministic: keys follow from names, time from the number of blocks, so the same
-- script gives the same bytes each time. Failures of the host are `nil, message, code`, as in the
-- modules below; what is asked wrongly raises.
--
-- **Calls** are `[account,] contract, method, arguments...`; without the name of an account the
-- first one signs. Where the host knows the method's parameters (contracts in C), plain values
-- take their types; elsewhere an integer is a uint64, a string a string, a boolean a bool, a word
-- a uint256. `{ bytes = "\1" }` and the like say a type. A uint64 from 2^63 on, which Lua has no
-- integer for, is a word: given and as a result of a query.
--
-- **Fields** of a chain: `storage` (StateStorage), `host` (of `vmhost.vm`), `accounts` (name ->
-- `{ name=, seed=, public_key=, address= }`).
-- @module vmhost.fixture
local inspect = require "vmhost.inspect"
local lua_contract = require "vmhost.lua_contract"
local options = require "vmhost.options"
local scripted_contracts = require "vmhost.scripted_contracts"
local wrong_use = require "vmhost.wrong_use"

local block = require "vmhost.fixture.block"
local call = require "vmhost.fixture.call"
local opening = require "vmhost.fixture.opening"
local snapshot = require "vmhost.fixture.snapshot"

local fixture = {}

local NANOSECONDS <const> = 1000000000
-- 2020-01-01 00:00:00 UTC. The first block comes one interval later.
local START <const> = 1577836800 * NANOSECONDS

-- Those that are read here; the others are checked where they go.
local KINDS <const> = { accounts = "table", contracts = "table", processors = "table",
  genesis = "table", clock = "function" }

local function check_options(what, given, known)
  given = options.check(what, given, known)
  for name, kind in pairs(KINDS) do
    if given[name] ~= nil then wrong_use.check(what .. ": " .. name, given[name], kind) end
  end
  return given
end

local Chain = {}
Chain.__index = Chain
Chain.__name = "vmhost.fixture.Chain"

local DEFAULT_TOKEN <const> = "VITE TOKEN"
local PROCESSOR_TYPES = { NATIVE = 1, JAVASCRIPT = 2, LUA = 3, VITE = 4 }

-- Opening and closing

local function take_accounts(self, wanted)
  wanted = wanted or { "alice", "bob", "carol" }
  self.accounts = call.new_accounts(wanted)
  self.first_account = wanted[1] or call.sorted_names(self.accounts)[1]
  if not self.first_account then call.raise "a chain needs an account" end
  for name in pairs(self.contracts or {}) do
    if self.accounts[name] then
      call.raise("'%s' is both an account and a contract", name)
    end
  end
end

local function start(self)
  take_accounts(self, self.options.accounts)
  local storage, host, code = opening.both(self, self.options.path)
  if not storage then return nil, host, code end
  self.storage, self.host = storage, host
  self.genesis = storage:genesis()
  local last = storage:last_committed_block_info()
  self.time = math.max(START, last.timestamp)
  return self
end

local function new_chain(given, genesis)
  return setmetatable({
    options = given, genesis = genesis, contracts = snapshot.copy_contracts(given.contracts),
    nonce = 0, snapshots = {},
    -- What the host knows of a receipt beside it, for as long as someone holds the receipt.
    runs = setmetatable({}, { __mode = "k" }),
  }, Chain)
end

--- Makes a chain, or opens the one that the same options made in `path` before.
-- @function new
-- @tparam[opt] table options
--
--  * `path`: folder of a LevelDB; default: in memory
--  * `rule_set`: `vmhost-1` (default) or `reference`
--  * `genesis`: fields of a genesis table that replace those made here
--  * `native_contracts`: default BenchmarkToken and BenchmarkContract
--  * `contracts`: name -> scripted contract (`vmhost.scripted_contracts`), deployed by the genesis.
--    Without it there is no processor for them, and a host as anywhere else; `{}` is enough for
--    `deploy`
--  * `accounts`: a list of names; a key of it may be a name with a 32-byte seed of its own.
--    Default alice, bob, carol. Seed of a name: SHA-256 of "vmhost fixture account " and the name
--  * `block_proposer`: 20 bytes, default zeros
--  * `clock`: function giving the time of the next block in ns, instead of one second a block
--  * `history`, `sync`: as in `state_storage.open`
--  * `processors`, `connector`, `committee`, `trace`, `verify_threads`: as in `vm.open`
-- @treturn[1] Chain
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @raise for an unknown option
function fixture.new(given)
  given = check_options("fixture.new", given, opening.NEW_OPTIONS)
  return start(new_chain(given, opening.genesis(given)))
end

--- Opens the chain in a folder, whatever genesis it was made from.
-- `contracts` are those that are deployed there already.
-- @function open
-- @tparam table options `path`, and others of `new` but those of the genesis
-- @treturn[1] Chain
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found` if there is no chain
-- @raise for an unknown option, or without a path
function fixture.open(given)
  given = check_options("fixture.open", given, opening.OPEN_OPTIONS)
  if type(given.path) ~= "string" then call.raise "open needs a 'path'" end
  return start(new_chain(given, nil))
end

--- A chain.
-- @type Chain

--- Closes host and storage. Twice is fine; `<close>` does it too.
function Chain:close()
  if self.host then self.host:close() end
  if self.storage then self.storage:close() end
  self.host, self.storage = nil, nil
end

Chain.__close = Chain.close

function Chain:__tostring()
  if not self.storage then return "vmhost.fixture.Chain (closed)" end
  return ("vmhost.fixture.Chain (chain %d, height %d)"):format(
    self.genesis.virtual_chain_id, self:height())
end

local function check_open(self)
  if getmetatable(self) ~= Chain then
    call.raise "a method of a chain is called with a colon, as in chain:send(...)"
  end
  if not self.host then call.raise "the chain is closed" end
end

-- Time

--- Height of the last block; 0 is the genesis.
-- @treturn integer
function Chain:height()
  check_open(self)
  return self.storage:last_committed_block_info().height
end

--- The chain's time, in ns since 1970: that of the last block, or later after `advance`.
-- @treturn integer
function Chain:now()
  return self.time
end

--- Moves the clock forward; the next block shows it.
-- @tparam integer seconds
function Chain:advance(seconds)
  if math.type(seconds) ~= "integer" or seconds < 0 then
    call.raise "advance takes seconds, an integer that is not negative"
  end
  self.time = self.time + seconds * NANOSECONDS
end

--- Signs a transaction without running it.
-- @tparam string,... call `[account,] contract, method, arguments...`
-- @treturn string SignedTransaction bytes
-- @raise for an unknown account and wrong arguments
function Chain:transaction(...)
  check_open(self)
  return call.sign(self, call.parse(self, table.pack(...)))
end

-- Running and committing

--- Runs a set of transactions in one block and commits it.
-- The pre-order check is not asked, see `pre_order`.
-- @tparam {table|string,...} set calls, as in `{ { "alice", "Counter", "add", 5 } }`, or
-- SignedTransaction bytes; its fields `incoming` and `acknowledgements`, of other hosts, are those
-- of `process_transaction_set`
-- @treturn[1] table with `receipts`, `state_diffs`, `records`, `block`, `refused` as in
-- `process_transaction_set`, and `state_diff`: contract -> key -> value
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:process(set)
  check_open(self)
  wrong_use.check("fixture: process: set", set, "table")
  local prepared = block.prepare(self, set)
  local out, message, code = self.host:process_transaction_set(prepared.block)
  if not out then return nil, message, code end
  local committed
  committed, message, code = self.storage:commit_state_diff(out.block)
  if not committed then return nil, message, code end
  return block.finish(self, prepared, out)
end

--- Runs one transaction in a block of its own and commits it.
-- @tparam string,... call `[account,] contract, method, arguments...`
-- @treturn[1] table the receipt
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:send(...)
  check_open(self)
  local out, message, code = self:process { table.pack(...) }
  if not out then return nil, message, code end
  return out.receipts[1]
end

--- Commits empty blocks.
-- @tparam[opt=1] integer count
-- @treturn[1] integer the height reached
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:mine(count)
  for _ = 1, count or 1 do
    local out, message, code = self:process {}
    if not out then return nil, message, code end
  end
  return self:height()
end

--- Checks a set as it would be before it is ordered, for the next block.
-- @tparam {table|string,...} set as `process` takes it
-- @treturn[1] {string,...} statuses
-- @treturn[1] ?table failure: `index`, `status` and `message` of the first that is not valid
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:pre_order(set)
  check_open(self)
  wrong_use.check("fixture: pre_order: set", set, "table")
  local next_block = block.prepare(self, set).block
  return self.host:transaction_set_pre_order {
    height = next_block.height, timestamp = next_block.timestamp,
    reference_time = next_block.reference_time,
    signed_transactions = next_block.signed_transactions,
  }
end

local function send_deployment(self, account, name, processor, code)
  local words = { account, "_Deployments", "deployService", name, { uint32 = processor } }
  for _, part in ipairs(type(code) == "table" and code or { code }) do
    words[#words + 1] = { bytes = part }
  end
  return self:send(table.unpack(words))
end

-- The functions are there before `_init` is called, and only stay if all went well.
local function deploy_scripted(self, account, name, functions)
  if not self.contracts then call.raise "this chain was opened without 'contracts'" end
  local before = self.contracts[name]
  self.contracts[name] = functions
  local receipt, message, code = send_deployment(
    self, account, name, PROCESSOR_TYPES.JAVASCRIPT, scripted_contracts.CODE)
  if not receipt or receipt.execution_result ~= "SUCCESS" then self.contracts[name] = before end
  return receipt, message, code
end

-- A contract in Lua, from its file, with arguments of `_init`. What is wrong is told before
-- anything is sent.
local function deploy_file(self, account, name, path, ...)
  local values = table.pack(...)
  local parts, message, code = lua_contract.parts(path, function(init)
    if values.n ~= #init.parameters and not init.variadic then
      call.raise("%s._init takes %d argument%s, got %d", name, #init.parameters,
        #init.parameters == 1 and "" or "s", values.n)
    end
    return call.init_arguments(name, init, values)
  end)
  if not parts then return nil, message, code end
  local receipt
  receipt, message, code = send_deployment(self, account, name, PROCESSOR_TYPES.LUA, parts)
  if not receipt then return nil, message, code end
  if receipt.execution_result ~= "SUCCESS" then
    return nil, receipt.output_argument_array[1].value, receipt.execution_result
  end
  return self:contract(name, account), receipt
end

--- Registers a contract and deploys it in a block of its own.
--
-- With the path of a Lua file: `chain:deploy("token", "contracts/token.lua", arguments...)`. The
-- arguments, those of its `_init`, take the types that it declares. This gives the contract as
-- an object (see `contract`) and the receipt, and for a deployment that fails nil, the text
-- with file, line and column, and a code or the execution result.
-- @tparam[opt] string account who signs; default the first account
-- @tparam string name
-- @tparam table|string code the path of a Lua file, the functions of a scripted contract, or code
-- as bytes, or a list of its parts
-- @tparam[opt="LUA"] string|integer processor processor of code that is bytes
-- @treturn[1] table the receipt, or for a Lua file the contract, then the receipt
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
-- @raise for a scripted contract on a chain that was opened without `contracts`, and for an unknown
-- processor
function Chain:deploy(...)
  check_open(self)
  local words = table.pack(...)
  local account = self.first_account
  if self.accounts[words[1]] then
    account = table.remove(words, 1)
    words.n = words.n - 1
  end
  local name, code, processor = words[1], words[2], words[3] or "LUA"
  wrong_use.check("fixture: deploy: name", name, "string")
  if type(code) == "string" and code:find "^[^\n]*%.lua$" then
    return deploy_file(self, account, name, table.unpack(words, 2, words.n))
  end
  if type(code) == "table" and #code == 0 then return deploy_scripted(self, account, name, code) end
  local number = PROCESSOR_TYPES[processor] or processor
  if math.type(number) ~= "integer" then
    call.raise("no processor %s; there are %s", wrong_use.shown(processor),
      table.concat(call.sorted_names(PROCESSOR_TYPES), ", "))
  end
  return send_deployment(self, account, name, number, code)
end

-- Reading

-- Texts of contracts stay as they are.
local function with_detail(text, detail)
  return detail and inspect.failure(text, detail) or text
end

local function run_query(self, height, words)
  local result, failure, code = self.host:process_query {
    signed_query = call.query(self, call.parse(self, words)), height = height,
  }
  if not result then return nil, failure, code end
  if result.execution_result ~= "SUCCESS" then
    return nil, with_detail(failure, result.detail), result.execution_result
  end
  local values = {}
  for index, argument in ipairs(result.output_arguments) do
    values[index] = call.result(argument)
  end
  return table.unpack(values)
end

--- Runs a query at the last height.
-- The contract sees no signer, or the account that is named first.
-- @tparam string,... call `[account,] contract, method, arguments...`
-- @return[1] the results as plain values, none for a method without results
-- @return[2] nil
-- @treturn[2] string why it failed
-- @treturn[2] string execution result, or the code of a host failure
function Chain:query(...)
  check_open(self)
  return run_query(self, nil, table.pack(...))
end

--- Runs a query at an earlier height that is still kept.
-- @tparam integer height
-- @tparam string,... call as in `query`
-- @return as `query`
function Chain:query_at(height, ...)
  check_open(self)
  return run_query(self, height, table.pack(...))
end

--- A value of the state.
-- @tparam string contract
-- @tparam string key
-- @tparam[opt] integer height
-- @treturn[1] string value; empty for a key that is not there
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:read(contract, key, height)
  check_open(self)
  wrong_use.check("fixture: read: contract", contract, "string")
  wrong_use.check("fixture: read: key", key, "string")
  return self.storage:read(contract, key, height)
end

--- What an address owns on the ledger.
-- @tparam string owner name of an account, or 20 bytes
-- @tparam string token 10 bytes
-- @treturn[1] Word
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:balance(owner, token)
  local account = self.accounts[owner]
  return self:query("_Ledger", "getBalance", { bytes20 = account and account.address or owner },
    { bytes = token })
end

--- A proof of a value against the state root, as `state_storage.verify_proof` takes it.
-- @tparam string contract
-- @tparam string key
-- @tparam[opt] integer height default the last one
-- @treturn[1] table with `root`, `rule_set`, `contract`, `key`, `value`, `proof`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code
function Chain:proof(contract, key, height)
  check_open(self)
  height = height or self:height()
  local value, message, code = self.storage:read(contract, key, height)
  if not value then return nil, message, code end
  local proof
  proof, message, code = self.storage:prove(contract, key, height)
  if not proof then return nil, message, code end
  return { root = self.storage:state_hash(height), rule_set = self.genesis.rule_set,
    contract = contract, key = key, value = value, proof = proof }
end

-- Expectations

--- What the host knows of a receipt of this chain beside its bytes.
-- @tparam table receipt
-- @treturn ?table `account` (if it signed here), `contract`, `method`, and `record`: `error`,
-- `detail` (what its text leaves out), and `calls`, where the failure began
function Chain:run_of(receipt)
  return self.runs[receipt]
end

local function outcome_text(receipt, record)
  local first = receipt.output_argument_array[1]
  local text = first and tostring(first.value) or record and record.error
  if receipt.execution_result == "SUCCESS" or not text then return receipt.execution_result end
  return receipt.execution_result .. ": " .. with_detail(text, record and record.detail)
end

local function describe_run(self, receipt)
  local run = self.runs[receipt]
  if not run then return outcome_text(receipt) end
  local text = ("%s.%s%s: %s"):format(run.contract, run.method,
    run.account and " by " .. run.account or "", outcome_text(receipt, run.record))
  local calls = inspect.calls(run.record.calls)
  return calls == "" and text or text .. "\n  in " .. calls
end

local function check_receipt(receipt, message)
  if receipt == nil then error("the host failed: " .. tostring(message), 3) end
end

--- Raises unless a transaction succeeded; where its method waited, as far as it came in its block.
-- @tparam table receipt
-- @tparam[opt] string message of a host failure: `chain:expect_success(chain:send(...))` names it
-- @treturn table the receipt
-- @raise with contract, method, result, text, and the chain of calls that led to the failure
function Chain:expect_success(receipt, message)
  check_receipt(receipt, message)
  if receipt.execution_result ~= "SUCCESS" then
    error("expected success, got " .. describe_run(self, receipt), 2)
  end
  local run = self.runs[receipt]
  if run and run.last and run.last.execution_result ~= "SUCCESS" then
    local calls = inspect.calls(run.last_record.calls)
    error(("expected success, but %s.%s waited, and then: %s%s"):format(run.contract, run.method,
      outcome_text(run.last, run.last_record), calls == "" and "" or "\n  in " .. calls), 2)
  end
  return receipt
end

--- Raises unless a transaction failed, and with a text that contains `text`.
-- @tparam table receipt
-- @tparam[opt] string text plain, no pattern
-- @treturn table the receipt
-- @raise with contract, method, result and text
function Chain:expect_failure(receipt, text)
  check_receipt(receipt, text)
  if receipt.execution_result == "SUCCESS" then
    error("expected a failure, got " .. describe_run(self, receipt), 2)
  end
  local first = receipt.output_argument_array[1]
  if text and not (first and tostring(first.value):find(text, 1, true)) then
    error(("expected a failure with '%s', got %s"):format(text, describe_run(self, receipt)), 2)
  end
  return receipt
end

-- Contracts as objects

local function check_value(amount, token)
  if amount ~= nil and not (type(amount) == "userdata" or type(amount) == "string"
      or math.type(amount) == "integer" and amount >= 0) then
    call.raise("an amount is an integer that is not negative, or a word, got %s",
      wrong_use.shown(amount))
  end
  if token ~= nil and (type(token) ~= "string" or #token ~= #DEFAULT_TOKEN) then
    call.raise("a token is a string of %d bytes, got %s", #DEFAULT_TOKEN, wrong_use.shown(token))
  end
end

--- A contract as an object: each of its methods is a method of the object.
-- A method that the contract declares with results and as not writing is asked as a query and
-- gives its values; any other is sent by `account`, in a block of its own, and gives its receipt.
-- Contracts that do not describe themselves, scripted ones too, are only sent to; ask them with
-- `query`.
-- @tparam string name
-- @tparam[opt] string account default the first account
-- @tparam[opt] integer|Word amount that comes with each call that is sent
-- @tparam[opt] string token of the amount, 10 bytes
-- @treturn table as in `token:transfer(17, address)`, `token:getBalance(address)`
-- @raise for an unknown account, and an amount or token that is none
function Chain:contract(name, account, amount, token)
  check_open(self)
  account = account or self.first_account
  if not self.accounts[account] then call.raise_no_account(self, account) end
  check_value(amount, token)
  local function send(method_name, ...)
    if not amount then return self:send(account, name, method_name, ...) end
    local arguments = call.packed_arguments(self, name, method_name, ...)
    return self:send(account, "_Ledger", "callWithValue", name, method_name, arguments,
      token or DEFAULT_TOKEN, amount)
  end
  return setmetatable({}, {
    __name = name,
    __tostring = function() return "contract " .. name end,
    __index = function(_, method_name)
      return function(_, ...)
        local method = call.find_method(self, name, method_name)
        if method and #method.results > 0 and not method.writes then
          return self:query(account, name, method_name, ...)
        end
        return send(method_name, ...)
      end
    end,
  })
end

-- Snapshots

--- Closes host and storage and opens them again, as another process would. In memory the storage
-- stays as it is.
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message; the chain is closed
-- @treturn[2] string code
function Chain:restart()
  check_open(self)
  local restarted, message, code = opening.restart(self)
  if not restarted then
    self:close()
    return nil, message, code
  end
  return true
end

--- Remembers this moment: state, blocks, clock and scripted contracts.
-- @treturn integer id for `revert`; it stays good after that
function Chain:snapshot()
  check_open(self)
  self.snapshots[#self.snapshots + 1] = snapshot.take(self)
  return #self.snapshots
end

--- Goes back to a snapshot: state, blocks, clock and scripted contracts together.
-- The genesis is applied again in a fresh store and the blocks up to the snapshot are committed
-- there as they were, without running them; then it takes the place of the present one. So the
-- work grows with the number of blocks, and on LevelDB the folder `PATH.revert` lies beside
-- the chain's while it goes on. Snapshots taken later than this one are forgotten.
-- @tparam integer id
-- @treturn[1] boolean true
-- @return[2] nil
-- @treturn[2] string message; the chain is as it was before
-- @treturn[2] string code
-- @raise for an unknown id
function Chain:revert(id)
  check_open(self)
  local wanted = self.snapshots[id]
  if not wanted then call.raise("no snapshot %s", tostring(id)) end
  local reverted, message, code = snapshot.revert(self, wanted)
  if not reverted then return nil, message, code end
  for later = #self.snapshots, id + 1, -1 do self.snapshots[later] = nil end
  return true
end

return fixture
