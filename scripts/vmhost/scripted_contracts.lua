--- Contracts made of Lua tables of functions, for tests and experiments.
--
--     local COUNTER = {
--       add = function(sdk, amount)
--         if amount == 0 then sdk.fail "nothing to add" end
--         sdk.state.write_uint64("total", sdk.state.read_uint64 "total" + amount)
--       end,
--       get = function(sdk) return sdk.state.read_uint64 "total" end,
--     }
--     local processor = scripted_contracts.processor { Counter = COUNTER }
--
-- These functions run in the Lua of the script that drives the host: nothing is metered, checked
-- or made repeatable for them. They stand in for contracts, they are no way to write one.
--
-- A method gets `sdk`, then the values of its arguments; what it returns are the results: values
-- that arguments can be made of, so an integer is a uint64, a string a string, and anything else
-- is said, as in `{ bytes = "\1\2" }`. A method whose name begins with `_` is for callers with
-- system permission; `_init`, when the contract has none, does nothing.
--
-- A contract fails by `sdk.fail(text)`, and by an SDK call that is refused. Both raise a value
-- that `pcall` catches and whose `tostring` is the text. Any other Lua error is a bug of the
-- script: it is a failure of the host, and the whole set ends without receipts.
--
-- The `sdk` of a method:
--
--  * `state.read(key)`, `state.write(key, bytes)`, `state.clear(key)`, and for `uint32`, `uint64`,
--    `bool` and `uint256`: `state.read_uint64(key)`, `state.write_uint64(key, value)`. A value of
--    another size reads as zero.
--  * `service.call(contract, method, { arguments }, { gas = limit })`: gives the results as values;
--    the last may be left out, and the limit too
--  * `events.emit(name, ...)`
--  * `address.signer()`, `address.caller()`, `address.own()`, `address.of_contract(name)`: 20 bytes
--  * `env.block_height()`, `env.block_timestamp()` (ns), `env.block_proposer()`,
--    `env.block_committee()`, `env.next_block_committee()`, `env.virtual_chain_id()`
--  * `ethereum.call(method, ...)`: a method of `Sdk.Ethereum`; gives its results as values
--  * `gas.limit`, `gas.left()`, `gas.burn(amount)`: nothing is metered but what is burnt here
--  * `async.call(service, method, { arguments }, options)`: registers an asynchronous call; a
--    service of another chain is `Name@42`. Options: `value`, `token`, `gas` (default: a share of
--    what the method leaves), `lock` (gas for the callback, beside the minimum), `on_success`,
--    `on_error` (names of functions of the contract), `group`, `closure`
--  * `async.group_callback(group, method, data, gas)`: what runs behind the last call of a group
--  * `async.legacy(service, data, { value =, token = })`: the one legacy call, at which the method
--    ends; its callback is `callBack`
--  * `async.set_return(...)`: the results, in place of those that the method returns; in a callback
--    those of the execution that it belongs to
--  * `async.closure()`: in a callback, what came with the call
--  * `async.kind`: `direct`, `sync`, `async`, `callback` or `group`; `async.group_name` of the last
--  * `wait.call(stored, service, method, { arguments }, options)`: calls by a message, and waits
--    for its answer: behind it the method must end. When the answer is there it is called once
--    more, without arguments. Options: `value`, `token`, `gas`, and `lock`, gas that is kept for it
--  * `wait.all(stored, { { service, method, { arguments }, options }, ... }, lock)`: waits for
--    several calls
--  * `resumed`: nothing, or of a method that goes on `stored`, the bytes that it left, and what it
--    waited for: `code` (0 is good) and `values`, of a failure its text; of several calls
--    `outcomes`, a list of such
--  * `fail(text)`
--
-- A callback gets the result code (0 is good), then the values or the text of the failure; that of
-- a group gets its data. Every function whose name does not begin with `_` may be one.
-- @module vmhost.scripted_contracts
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"
local wrong_use = require "vmhost.wrong_use"

local scripted_contracts = {}

--- What the code of a scripted contract is in the state: its functions are not there.
scripted_contracts.CODE = "scripted"

local CODE_CONTRACT_FAILED <const> = 4
local CODE_UNKNOWN_METHOD <const> = 1

-- What a failing contract raises. A table, so that no text of a Lua error is taken for one.
local failure = { __name = "contract failure" }
failure.__tostring = function(self) return self.text end

local function fail(text, code, is_final)
  error(setmetatable({ text = text, code = code or CODE_CONTRACT_FAILED,
    is_final = is_final or nil }, failure), 0)
end

local function values_of(arguments)
  local values = {}
  for index, argument in ipairs(arguments) do values[index] = argument.value end
  return values
end

-- The "with header" form of an argument array: its length stands before it.
local function pack_with_header(arguments)
  return string.pack("<s4", codec.pack_arguments(arguments))
end

local function unpack_with_header(bytes)
  return values_of(assert(codec.unpack_arguments((string.unpack("<s4", bytes)))))
end

-- How a value of a type is kept in the state (spec of the contract SDK): pack, unpack.
local STORED = {
  uint32 = {
    function(value) return string.pack("<I4", value) end,
    function(bytes) return #bytes < 4 and 0 or (string.unpack("<I4", bytes)) end,
  },
  uint64 = {
    function(value) return string.pack("<i8", value) end,
    function(bytes) return #bytes < 8 and 0 or (string.unpack("<i8", bytes)) end,
  },
  bool = {
    function(value) return value and "\1" or "\0" end,
    function(bytes) return #bytes == 1 and bytes ~= "\0" end,
  },
  uint256 = {
    function(value) return word.new(value):to_bytes() end,
    function(bytes) return #bytes == 32 and word.from_bytes(bytes) or word.new(0) end,
  },
}

local function new_state(ask)
  local state = {}
  function state.read(key) return ask("State", "read", { bytes = key })[1] end
  function state.write(key, value) ask("State", "write", { bytes = key }, { bytes = value }) end
  function state.clear(key) state.write(key, "") end
  for type_name, form in pairs(STORED) do
    local pack, unpack = table.unpack(form)
    state["read_" .. type_name] = function(key) return unpack(state.read(key)) end
    state["write_" .. type_name] = function(key, value) state.write(key, pack(value)) end
  end
  return state
end

local function new_env(ask)
  return {
    block_height = function() return ask("Env", "getBlockHeight")[1] end,
    block_timestamp = function() return ask("Env", "getBlockTimestamp")[1] end,
    block_proposer = function() return ask("Env", "getBlockProposerAddress")[1] end,
    block_committee = function() return ask("Env", "getBlockCommittee")[1] end,
    next_block_committee = function() return ask("Env", "getNextBlockCommittee")[1] end,
    virtual_chain_id = function() return ask("Env", "getVirtualChainId")[1] end,
  }
end

local function new_address(ask)
  return {
    signer = function() return ask("Address", "getSignerAddress")[1] end,
    caller = function() return ask("Address", "getCallerAddress")[1] end,
    own = function() return ask("Address", "getOwnAddress")[1] end,
    of_contract = crypto.address_of_contract,
  }
end

-- The gas of a call: what it burns itself, and what was taken for what it asked for.
local function new_meter(call)
  return { limit = call.gas_limit, burnt = 0, taken = 0 }
end

-- `ask(area, method, ...)` makes an SDK call and gives the list of its results; it raises a
-- contract failure where the call was refused. An abort is raised likewise: the host ends the
-- execution whatever the contract does with it.
local function new_ask(handler, call, meter)
  return function(area, method, ...)
    local outputs, text, kind, taken, code = handler:handle_sdk_call {
      context_id = call.context_id, operation_name = "Sdk." .. area, method_name = method,
      input_arguments = { ... }, permission_scope = "SERVICE", gas_used = meter.burnt,
    }
    if outputs then
      meter.taken = meter.taken + text
      return values_of(outputs)
    end
    if kind == "sdk_error" or kind == "sdk_abort" then
      meter.taken = meter.taken + taken
      fail(text, code, kind == "sdk_abort")
    end
    error(text, 0)
  end
end

local function new_gas(meter)
  local gas = { limit = meter.limit }
  function gas.left() return meter.limit - meter.burnt - meter.taken end
  function gas.burn(amount) meter.burnt = meter.burnt + math.min(amount, gas.left()) end
  return gas
end

local function new_async(ask, call)
  local async = { kind = call.execution_kind, group_name = call.group }
  function async.call(service, method, arguments, options)
    options = options or {}
    ask("Async", "call", service, method, { bytes = pack_with_header(arguments or {}) },
      { bytes = options.token or "" }, word.new(options.value or 0), options.gas ~= nil,
      options.gas or 0, options.lock or 0, options.on_success or "", options.on_error or "",
      options.group or "", { bytes = options.closure or "" })
  end
  function async.group_callback(group, method, data, gas)
    ask("Async", "setGroupCallback", group, method, { bytes = data }, gas or 0)
  end
  function async.legacy(service, data, options)
    options = options or {}
    ask("Async", "callLegacy", service, data, { bytes = options.token or "" },
      word.new(options.value or 0))
  end
  function async.set_return(...)
    ask("Async", "setReturn", { bytes = pack_with_header { ... } })
  end
  function async.closure() return ask("Async", "getClosure")[1] end
  return async
end

-- 2^64-1 is gas that is not given.
local NO_GAS <const> = -1

local function new_wait(ask)
  local wait = {}
  function wait.call(stored, service, method, arguments, options)
    options = options or {}
    ask("Message", "suspend", service, method, { bytes = pack_with_header(arguments or {}) },
      { bytes = options.token or "" }, word.new(options.value or 0), { bytes = stored },
      options.gas or NO_GAS, options.lock or NO_GAS)
  end
  function wait.all(stored, calls, lock)
    local services, methods, inputs, tokens, amounts, limits = {}, {}, {}, {}, {}, {}
    for index, each in ipairs(calls) do
      local service, method, arguments, options = table.unpack(each, 1, 4)
      options = options or {}
      services[index], methods[index] = service, method
      inputs[index] = pack_with_header(arguments or {})
      tokens[index], amounts[index] = options.token or "", word.new(options.value or 0)
      limits[index] = options.gas or NO_GAS
    end
    ask("Async", "awaitAll", { ["string[]"] = services }, { ["string[]"] = methods },
      { ["bytes[]"] = inputs }, { ["bytes[]"] = tokens }, { ["uint256[]"] = amounts },
      { ["uint64[]"] = limits }, { bytes = stored }, lock or NO_GAS)
  end
  return wait
end

local function outcome_of(code, packed)
  return { code = code, values = values_of(assert(codec.unpack_arguments(packed))) }
end

local function resumed_of(resume)
  if not resume then return nil end
  if not resume.outcomes then
    local resumed = outcome_of(resume.code, resume.answer)
    resumed.stored = resume.stored
    return resumed
  end
  local outcomes = {}
  for index, outcome in ipairs(resume.outcomes) do
    outcomes[index] = outcome.code == 0 and outcome_of(0, outcome.values)
      or { code = outcome.code, values = { outcome.values } }
  end
  return { stored = resume.stored, outcomes = outcomes }
end

local function new_sdk(handler, call, meter)
  local ask = new_ask(handler, call, meter)
  return {
    fail = function(text, code) fail(text, code) end,
    state = new_state(ask),
    env = new_env(ask),
    address = new_address(ask),
    events = {
      emit = function(name, ...)
        ask("Events", "emitEvent", name, { bytes = pack_with_header { ... } })
      end,
    },
    service = {
      call = function(contract, method, arguments, options)
        local packed = { bytes = pack_with_header(arguments or {}) }
        local limit = options and options.gas
        local results = limit and ask("Service", "callMethodWithGas", contract, method, packed,
          limit) or ask("Service", "callMethod", contract, method, packed)
        return table.unpack(unpack_with_header(results[1]))
      end,
    },
    gas = new_gas(meter),
    async = new_async(ask, call),
    wait = new_wait(ask),
    resumed = resumed_of(call.resume),
    ethereum = {
      call = function(method, ...) return table.unpack(ask("Ethereum", method, ...)) end,
    },
  }
end

local function refuse(result, code, format, ...)
  return { call_result = result, code = code, error = format:format(...) }
end

--- Whether a value that was raised is the failure of a contract.
-- @param raised any value; where it has a true `is_final` the execution is over, whoever catches it
-- @treturn boolean
function scripted_contracts.is_failure(raised)
  return getmetatable(raised) == failure
end

-- Keeps where a bug of the script was, down to the method; the host tells how it came there. A
-- contract failure needs no traceback.
local function add_traceback(raised)
  if getmetatable(raised) == failure then return raised end
  return (debug.traceback(tostring(raised), 2):gsub("\n\t%[C%]: in function 'xpcall'.*", ""))
end

local function run_method(method, sdk, arguments, meter)
  local outcome = table.pack(xpcall(method, add_traceback, sdk,
    table.unpack(values_of(arguments))))
  if outcome[1] then
    return { call_result = "SUCCESS", gas_used = meter.burnt,
      output_arguments = table.move(outcome, 2, outcome.n, 1, {}) }
  end
  local raised = outcome[2]
  if getmetatable(raised) ~= failure then error(raised, 0) end
  return { call_result = "ERROR_SMART_CONTRACT", code = raised.code, error = raised.text,
    gas_used = meter.burnt }
end

local function check_contracts(contracts)
  for name, contract in pairs(contracts) do
    if type(name) ~= "string" or type(contract) ~= "table" then
      wrong_use.raise("scripted contract '%s' must be a table of functions", tostring(name))
    end
    for method_name, method in pairs(contract) do
      if type(method_name) ~= "string" or type(method) ~= "function" then
        wrong_use.raise("scripted contract '%s': '%s' must be a function", name,
          tostring(method_name))
      end
    end
  end
end

--- Makes a processor of scripted contracts, for the `processors` of `vm.open`.
-- The table is read at each call, so contracts can be added while the host is open.
-- @tparam {[string]=table,...} contracts contract name -> method name -> function
-- @treturn table a processor
-- @raise if a contract is no table of functions
function scripted_contracts.processor(contracts)
  check_contracts(contracts)
  local processor, handler = {}, nil

  function processor.contract_sdk_call_handler(given) handler = given end

  function processor.get_contract_info(info)
    return contracts[info.contract_name] and { permission_scope = "SERVICE" }
  end

  function processor.process_call(call)
    local contract_name, method_name = call.contract_name, call.method_name
    local contract = contracts[contract_name]
    if not contract then
      return refuse("ERROR_CONTRACT_NOT_DEPLOYED", nil, "Contract %s was not found", contract_name)
    end
    local method = contract[method_name]
    if not method and method_name == "_init" then method = function() end end
    if not method then
      return refuse("ERROR_INPUT", CODE_UNKNOWN_METHOD, "method '%s' not found on contract '%s'",
        method_name, contract_name)
    end
    if method_name:sub(1, 1) == "_" and call.calling_permission_scope ~= "SYSTEM" then
      local code = method_name == "_init" and CODE_CONTRACT_FAILED or CODE_UNKNOWN_METHOD
      return refuse("ERROR_INPUT", code,
        "only system contracts can run method '%s'", method_name)
    end
    if not call.input_arguments then
      return refuse("ERROR_INPUT", nil, "an argument has an unknown type")
    end
    local meter = new_meter(call)
    return run_method(method, new_sdk(handler, call, meter), call.input_arguments, meter)
  end

  function processor.may_call_back(given)
    local contract = contracts[given.contract_name]
    return contract ~= nil and given.method_name:sub(1, 1) ~= "_"
      and contract[given.method_name] ~= nil
  end

  return processor
end

return scripted_contracts
