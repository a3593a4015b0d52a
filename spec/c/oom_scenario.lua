--- What spec/c/oom.c runs while it lets allocations fail: the life of a small chain.
-- A failure of the host is raised as its code.
local new_crashing_store = require "spec.support.crashing_store"

local function bytes_of(hex)
  return (hex:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

-- Init code of two services: one answers the arguments that it gets, the other sends its call data
-- to `counter`, awaits the answer and gives it back.
local ECHO <const> = bytes_of "600d80600b6000396000f3600436038060046000376000f3"
local RELAY <const> = bytes_of("604b80600b6000396000f360003560e01c600714603b57366000600037366000"
  .. "6000695649544520544f4b454e74f0228c0c25bddb7871d80bd34ac8b33c030b3698016007f75bf8506004360380"
  .. "60046000376000f3")

local GENESIS <const> = {
  virtual_chain_id = 42, native_contracts = { "BenchmarkToken", "Probe", "Probe2" },
  services = { { name = "counter", processor = "JAVASCRIPT", code = "counter" },
    { name = "echo", processor = "VITE", code = ECHO },
    { name = "relay", processor = "VITE", code = RELAY } },
}
-- Waits for several calls at once, one of which fails, beside one that comes back to it.
local WAITER <const> = [[
local c = sdk.contract { wait = "external write () string", back = "callback" }
function c.back() end
function c.wait()
  sdk.async.call { "nowhere", "x()", on_error = "back", gas = 100000 }
  local list = sdk.await_all { { "echo", "echo(uint256,string)(uint256,string)", 5, ("x"):rep(40) },
    { "nowhere", "x()" }, lock = 3000000 }
  return list[1][2] .. list[2][1]
end
return c ]]
local JAVASCRIPT <const>, LUA <const> = 2, 3
local BOB <const> = ("b"):rep(20)

local scenario = {}

-- What survives a failure: the scripted store, and the storage as long as it is open.
local double, storage

local function check(first, message, code)
  if first == nil and code then error(code == "no_memory" and code or message, 0) end
  return first
end

local function open_storage(backend, folder)
  local options = { genesis = GENESIS, history = 2, sync = false }
  if backend == "leveldb" then
    options.path = folder
  elseif backend == "memory" then
    options.memory = true
  else
    double = double or new_crashing_store()
    options.store = double.store
  end
  return check(require "vmhost.state_storage".open(options))
end

-- Counts up in state, calls another service that fails, and emits an event.
local function new_processor()
  local processor, handler = {}, nil

  local function ask(call, operation, method, ...)
    local outputs, text, kind = handler:handle_sdk_call {
      context_id = call.context_id, operation_name = operation, method_name = method,
      input_arguments = { ... }, permission_scope = "SERVICE",
    }
    if not outputs and kind ~= "sdk_error" then error(text, 0) end
    return outputs, text
  end

  function processor.contract_sdk_call_handler(given) handler = given end

  function processor.get_contract_info() return { permission_scope = "SERVICE" } end

  function processor.describe_method(asked)
    return asked.index == 1 and { name = "count", parameters = { "uint32[]" } } or nil
  end

  function processor.process_call(call)
    if call.method_name == "_init" then return { call_result = "SUCCESS" } end
    local word = require "vmhost.word"
    local before = ask(call, "Sdk.State", "read", { bytes = "count" })[1].value
    local count = (before == "" and word.new(0) or word.from_bytes(before)) + word.new(1)
    ask(call, "Sdk.State", "write", { bytes = "count" }, { bytes = count:to_bytes() })
    local outputs = ask(call, "Sdk.Service", "callMethod", "Probe", "writeEmitFail",
      { bytes = "" })
    if outputs then error("a call without arguments went well", 0) end
    ask(call, "Sdk.Events", "emitEvent", "Counted", { bytes = "" })
    return { call_result = "SUCCESS", output_arguments = { count, { type = "bytes[]",
      value = { "a", "b" } } } }
  end

  return processor
end

local function open_host()
  return check(require "vmhost.vm".open {
    storage = storage, processors = { JAVASCRIPT = new_processor() }, verify_threads = 1,
    committee = { ("c"):rep(20) },
    connector = { call = function() return "" end },
    trace = { call_begin = function() end, event = function() end },
  })
end

local function new_transaction(nonce, contract_name, method_name, arguments)
  return {
    transaction = {
      protocol_version = 1, virtual_chain_id = 42, timestamp = nonce,
      signer = { eddsa = { network_type = "TEST_NET", signer_public_key = ("k"):rep(32) } },
      contract_name = contract_name, method_name = method_name,
      input_argument_array = arguments,
    },
    signature = ("s"):rep(64),
  }
end

local function commit(host, transactions, expected, brought)
  local height = storage:last_committed_block_info().height + 1
  local set = {
    height = height, timestamp = height, block_proposer = ("p"):rep(20),
    reference_time = height, prev_reference_time = height - 1,
    signed_transactions = transactions,
    incoming = brought and brought.incoming,
    acknowledgements = brought and brought.acknowledgements,
  }
  check(host:transaction_set_pre_order {
    height = height, timestamp = height, reference_time = height,
    signed_transactions = transactions,
  })
  local out = check(host:process_transaction_set(set))
  for index, receipt in ipairs(out.receipts) do
    if receipt.execution_result ~= expected[index] then
      error(("transaction %d of height %d: %s %s"):format(index, height,
        receipt.execution_result, out.records[index].error), 0)
    end
  end
  check(storage:commit_state_diff(out.block))
  return out
end

local function deploy_and_fail_inside(host)
  commit(host, {
    new_transaction(1, "_Deployments", "deployService",
      { "second", { uint32 = JAVASCRIPT }, { bytes = "code" } }),
    new_transaction(2, "BenchmarkToken", "transfer", { 17, { bytes = BOB } }),
  }, { "SUCCESS", "SUCCESS" })
  commit(host, {
    new_transaction(3, "Probe", "callAndCatch", { "Probe2", "x" }),
    new_transaction(4, "Probe", "callAndPropagate", { "Probe2", "y" }),
    new_transaction(5, "second", "count", { { ["uint32[]"] = { 1, 2 } } }),
    new_transaction(6, "nowhere", "count", {}),
  }, { "SUCCESS", "ERROR_SMART_CONTRACT", "SUCCESS", "ERROR_CONTRACT_NOT_DEPLOYED" })
end

-- By signature into bytecode, and from there by selector, awaited, into the scripted service.
local function call_between_languages(host)
  commit(host, {
    new_transaction(8, "echo", "echo(address,uint64[])(address,uint64[])",
      { { bytes20 = BOB }, { ["uint64[]"] = { 1, 2 } } }),
    new_transaction(9, "echo", "echo(address)", { 1 }),
    new_transaction(10, "relay", "count(uint32[])(uint256,bytes[])", { { ["uint32[]"] = { 5 } } }),
    new_transaction(11, "relay", "other()", {}),
  }, { "SUCCESS", "ERROR_INPUT", "SUCCESS", "SUCCESS", "SUCCESS", "ERROR_INPUT", "SUCCESS",
    "SUCCESS" })
end

-- A method in Lua stops, and goes on with what came of three calls.
local function wait_for_all(host)
  commit(host, { new_transaction(13, "_Deployments", "deployService",
    { "waiter", { uint32 = LUA }, { bytes = WAITER } }) }, { "SUCCESS" })
  local out = commit(host, { new_transaction(12, "waiter", "wait", {}) }, { "SUCCESS",
    "ERROR_CONTRACT_NOT_DEPLOYED", "SUCCESS", "ERROR_CONTRACT_NOT_DEPLOYED", "SUCCESS", "SUCCESS",
    "SUCCESS" })
  local last = out.receipts[#out.receipts].output_argument_array[1]
  if last.value ~= ("x"):rep(40) .. "contract not found" then error("another result", 0) end
end

-- What a peer brings, out of the file that oom_spec.lua wrote: its key; two messages and word of
-- what he took.
local function read_brought(folder)
  local file <close> = assert(io.open(folder:match "^(.*)/" .. "/brought", "rb"))
  local bytes, records = file:read "a", {}
  local key, place = ("<s4"):unpack(bytes)
  for index, value in ipairs { "message", "message", "taken" } do
    local record = {}
    record.header, record.signature, record[value], record.proof, place =
      ("<s4s4s4s4"):unpack(bytes, place)
    records[index] = record
  end
  return key, records
end

-- A call with an amount, one above what the peer may have, and one that is refused.
local function take_from_peer(host, records)
  local out = commit(host, {}, { "SUCCESS", "ERROR_SMART_CONTRACT" },
    { incoming = { records[1], records[2], records[1] } })
  if #out.refused ~= 1 then error("one message is refused", 0) end
  out = commit(host, {}, {}, { acknowledgements = { records[3] } })
  if #out.refused ~= 0 then error("an acknowledgement is refused", 0) end
end

local function query_balance(host)
  local query = new_transaction(7, "BenchmarkToken", "getBalance", { { bytes = BOB } })
  local result = check(host:process_query {
    signed_query = check(require "vmhost.codec".encode("SignedQuery", {
      query = query.transaction, signature = query.signature,
    })),
  })
  if result.output_arguments[1].value ~= 17 then error("bob has another balance", 0) end
end

local function ask_committee(host)
  local height = storage:last_committed_block_info().height + 1
  local result = check(host:call_system_contract {
    height = height, timestamp = height, reference_time = height, prev_reference_time = height - 1,
    contract_name = "_Committee", method_name = "getOrderedCommittee", input_arguments = {},
  })
  if #result.output_arguments[1].value ~= 1 then error("the committee has another size", 0) end
end

local function prove()
  local info = storage:last_committed_block_info()
  local proofs = require "vmhost.state_storage"
  for _, name in ipairs(check(storage:contracts())) do
    for _, record in ipairs(check(storage:keys(name))) do
      local proof = check(storage:prove(name, record.key))
      local copy = check(proofs.encode_proof(check(proofs.decode_proof(proof))))
      local proven = check(proofs.verify_proof {
        root = info.root, contract = name, key = record.key, value = record.value, proof = copy,
      })
      if not proven then error("a proof does not prove", 0) end
    end
  end
end

local function read_blocks()
  check(require "vmhost.codec".genesis_hash(storage:genesis()))
  for height = 1, storage:last_committed_block_info().height do
    local block = check(storage:block(height))
    check(storage:find_block(block.block_hash))
    for _, receipt in ipairs(block.receipts) do
      local fields = check(require "vmhost.codec".decode("TransactionReceipt", receipt))
      check(storage:find_receipt(fields.txhash))
    end
  end
end

-- Calls, callbacks and groups without a host: what is saved is more than one chunk of memory.
local ASYNC_GRAPH <const> = {
  start = { to = "A", ["function"] = "f" },
  contracts = {
    A = { shard = 0, balance = 10, functions = {
      f = {
        { op = "sync", to = "B", ["function"] = "g", gas = 1000 },
        { op = "async", to = "B", ["function"] = "g", on_success = "cb", closure = ("c"):rep(30000),
          gas = 1000, group = "x" },
        { op = "async", to = "C", ["function"] = "h", on_error = "cb", group = "x", value = 3 },
        { op = "async", to = "C", ["function"] = "none", on_error = "cb" },
        { op = "group_callback", group = "x", ["function"] = "all", data = "t" },
        { op = "return", values = { ("v"):rep(40000) } },
      },
      cb = { { op = "set_return", values = { "$result" } } },
      all = { { op = "fail", message = "no" } },
    } },
    B = { shard = 0, functions = { g = {
      { op = "async", to = "C", ["function"] = "h", on_success = "done", gas = 300 },
      { op = "return", values = { ("w"):rep(50000) } },
    }, done = { { op = "set_return", values = { "late" } } } } },
    C = { shard = 1, functions = { h = { { op = "return", values = { "c" } } } } },
  },
}

local function call_asynchronously()
  local run = require "spec.support.async_player".new(ASYNC_GRAPH):play()
  if #run.seen.callbacks ~= 5 then error("other callbacks ran", 0) end
  if run:protected_count() ~= 0 then error("a context is left", 0) end
end

local function close()
  storage:close()
  storage = nil
end

function scenario.run(backend, folder)
  if backend == "none" then return call_asynchronously() end
  local records
  if backend == "memory" then
    local key
    key, records = read_brought(folder)
    GENESIS.peers = { { virtual_chain_id = 43, host_key = key,
      allowances = { { token = "VITE TOKEN", amount = 5 } } } }
  end
  storage = open_storage(backend, folder)
  local host = open_host()
  deploy_and_fail_inside(host)
  if backend == "memory" then
    call_between_languages(host)
    take_from_peer(host, records)
    wait_for_all(host)
  end
  host:close()
  if backend ~= "memory" then
    close()
    storage = open_storage(backend, folder)
  end
  host = open_host()
  query_balance(host)
  ask_committee(host)
  prove()
  read_blocks()
  host:close()
  close()
end

local function assert_whole()
  local height = storage:last_committed_block_info().height
  assert(height <= 7, "another height than was committed")
  assert(assert(storage:rebuild_root()) == assert(storage:state_hash()), "another root")
  for each = 1, height do assert(storage:block(each)) end
  return height
end

--- Run once memory is there again. A storage that is still open must be whole and take the next
-- block; opened again it must have the same height.
function scenario.check(backend, folder)
  local height
  collectgarbage()
  if storage then
    height = assert_whole()
    assert(storage:commit_state_diff { height = height + 1 } == height + 2)
    height = height + 1
    close()
  end
  if backend == "memory" or backend == "none" then return end
  storage = open_storage(backend, folder)
  local reopened_height = storage:last_committed_block_info().height
  assert(not height or reopened_height == height, "another height after reopening")
  assert(assert(storage:rebuild_root()) == assert(storage:state_hash()), "another root")
  close()
end

return scenario
