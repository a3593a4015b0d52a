-- The contracts of a scenario: scripted ones, whose functions interpret lists of steps.
local fields = require "vmhost.conformance.async.fields"
local word = require "vmhost.word"

local steps = {}

local FAILED_SYNC <const> = "execution failed"
local CALLED_DIRECTLY <const> = "callback called directly"
local CODE_UNKNOWN_METHOD <const> = 1
local CODE_CONTRACT_FAILED <const> = 4
local CODE_OUT_OF_GAS <const> = 5
local CODE_FAILED <const> = 10

-- Legacy calls come back by this name, whoever made them.
local LEGACY_CALLBACK <const> = "callBack"

-- The fields of each step with what they hold; those with a question mark may be absent.
local FIELDS = {
  write = { key = "text", value = "scalar" },
  add = { key = "text", by = "integer" },
  emit = { name = "text", data = "scalar" },
  burn = { gas = "count" },
  fail = { message = "text" },
  ["return"] = { values = "scalars" },
  set_return = { values = "scalars" },
  sync = { to = "text", ["function"] = "text", args = "scalars?", gas = "count?", into = "text?",
    catch = "flag?" },
  async = { to = "text", ["function"] = "text", args = "scalars?", value = "amount?",
    gas = "count?", lock = "count?", on_success = "text?", on_error = "text?", group = "text?",
    closure = "text?" },
  group_callback = { group = "text", ["function"] = "text", data = "text?", lock = "count?" },
  legacy_async = { to = "text", data = "text", value = "amount?" },
  await = { to = "text", ["function"] = "text", args = "scalars?", value = "amount?",
    gas = "count?", lock = "count?" },
  await_all = { calls = "calls", lock = "count?" },
}

-- One of the calls of `await_all`.
local CALL = { to = "text", ["function"] = "text", args = "scalars?", value = "amount?",
  gas = "count?" }

local CONTRACT = { shard = "shard", balance = "amount?", functions = "object", storage = "object?" }

local function fault(format, ...)
  error(format:format(...), 0)
end

local function check_step(step, place)
  local known = type(step) == "table" and FIELDS[step.op]
  if not known then fault("%s: no such step", place) end
  local given = {}
  for key, value in pairs(step) do
    if key ~= "op" then given[key] = value end
  end
  fields.check(given, known, ("%s: %s"):format(place, step.op))
  for index, call in ipairs(step.op == "await_all" and step.calls or {}) do
    fields.check(call, CALL, ("%s: %s: call %d"):format(place, step.op, index))
  end
end

local function check_functions(contract, name)
  for function_name, list in pairs(contract.functions) do
    if not fields.is_list(list) then
      fault("%s.%s: a list of steps expected", name, tostring(function_name))
    end
    for index, step in ipairs(list) do
      check_step(step, ("%s.%s: step %d"):format(name, function_name, index))
    end
  end
end

-- Refuses contracts of another form.
function steps.check(contracts)
  for name, contract in pairs(contracts) do
    fields.check(contract, CONTRACT, ("contract %s"):format(tostring(name)))
    check_functions(contract, name)
  end
end

local function texts_of(values)
  local texts = {}
  for index, value in ipairs(values) do texts[index] = tostring(value) end
  return texts
end

-- A list of values of a step, in which `$args` and `$result` stand for several.
local function expand(run, values)
  local list = {}
  for _, value in ipairs(values or {}) do
    if value == "$args" or value == "$result" then
      local texts = texts_of(run.values)
      table.move(texts, value == "$args" and 1 or 2, #texts, #list + 1, list)
    else
      list[#list + 1] = tostring(value)
    end
  end
  return list
end

-- Values are bytes, all of them.
local function as_bytes(texts)
  local arguments = {}
  for index, text in ipairs(texts) do arguments[index] = { bytes = text } end
  return arguments
end

local function text_of(run, value)
  if value == "$args" then return table.concat(texts_of(run.values), ",") end
  if value == "$closure" then return run.sdk.async.closure() end
  return tostring(value)
end

local STEP = {}

function STEP.write(run, step) run.sdk.state.write(step.key, text_of(run, step.value)) end

function STEP.add(run, step)
  local old = run.sdk.state.read(step.key)
  run.sdk.state.write(step.key, ("%d"):format((math.tointeger(old) or 0) + step.by))
end

function STEP.emit(run, step)
  run.sdk.events.emit(step.name, { bytes = text_of(run, step.data) })
end

function STEP.burn(run, step)
  if step.gas > run.sdk.gas.left() then
    run.sdk.gas.burn(run.sdk.gas.left())
    run.sdk.fail("not enough gas", CODE_OUT_OF_GAS)
  end
  run.sdk.gas.burn(step.gas)
end

function STEP.fail(run, step) run.sdk.fail(step.message, CODE_CONTRACT_FAILED) end

-- What a callback returns goes nowhere. Of others an empty list counts too.
STEP["return"] = function(run, step)
  local values = as_bytes(expand(run, step.values))
  local kind = run.sdk.async.kind
  if kind == "callback" or kind == "group" then
    run.returned = values
  else
    run.sdk.async.set_return(table.unpack(values))
  end
  run.ended = true
end

function STEP.set_return(run, step)
  run.sdk.async.set_return(table.unpack(as_bytes(expand(run, step.values))))
end

function STEP.sync(run, step)
  run.world:note_sync(run.name, step.to, step["function"])
  local good, first = pcall(run.sdk.service.call, step.to, step["function"],
    as_bytes(expand(run, step.args)), { gas = step.gas })
  if not good then
    if not run.world.is_contract_failure(first) then error(first, 0) end
    if first.is_final then error(first, 0) end
    if step.catch then return end
    run.sdk.fail(FAILED_SYNC, CODE_FAILED)
  end
  if step.into then run.sdk.state.write(step.into, first or "") end
end

local function amount_of(value)
  if value == nil then return nil end
  return word.new(math.type(value) == "integer" and value or tostring(value))
end

function STEP.async(run, step)
  run.sdk.async.call(run.world:target_of(step.to, run.name), step["function"],
    as_bytes(expand(run, step.args)), {
      value = amount_of(step.value), gas = step.gas, lock = step.lock,
      on_success = step.on_success, on_error = step.on_error, group = step.group,
      closure = step.closure,
    })
end

function STEP.group_callback(run, step)
  run.sdk.async.group_callback(step.group, step["function"], step.data or "", step.lock)
end

function STEP.legacy_async(run, step)
  run.sdk.async.legacy(run.world:target_of(step.to, run.name), step.data,
    { value = amount_of(step.value) })
end

-- What a function goes on from: the step behind which it stopped.
local function stored_of(run) return (">I4"):pack(run.place) end

function STEP.await(run, step)
  run.sdk.wait.call(stored_of(run), run.world:target_of(step.to, run.name), step["function"],
    as_bytes(expand(run, step.args)),
    { value = amount_of(step.value), gas = step.gas, lock = step.lock })
  run.ended = true
end

function STEP.await_all(run, step)
  local calls = {}
  for index, call in ipairs(step.calls) do
    calls[index] = { run.world:target_of(call.to, run.name), call["function"],
      as_bytes(expand(run, call.args)), { value = amount_of(call.value), gas = call.gas } }
  end
  run.sdk.wait.all(stored_of(run), calls, step.lock)
  run.ended = true
end

-- What `$args` are behind a call that was waited for: as of a callback. Of several calls each is
-- one text, `code:value,value`. Texts of failures differ by what failed; those of contracts count.
local function outcome_values(outcome)
  local values = texts_of(outcome.values)
  if outcome.code ~= 0 and outcome.code ~= CODE_CONTRACT_FAILED then values = {} end
  return values
end

local function values_behind(resumed)
  if not resumed.outcomes then
    return { tostring(resumed.code), table.unpack(outcome_values(resumed)) }
  end
  local values = {}
  for index, outcome in ipairs(resumed.outcomes) do
    values[index] = ("%d:%s"):format(outcome.code, table.concat(outcome_values(outcome), ","))
  end
  return values
end

-- A function of a contract: what it does, and what the world learns of it.
local function method_of(world, name, function_name, list)
  return function(sdk, ...)
    local resumed = sdk.resumed
    local run = { world = world, sdk = sdk, name = name,
      values = resumed and values_behind(resumed) or { ... } }
    if function_name == LEGACY_CALLBACK and not resumed and sdk.async.kind ~= "callback" then
      sdk.fail(CALLED_DIRECTLY, CODE_CONTRACT_FAILED)
    end
    world:begin_body(name, function_name, sdk, run.values)
    -- A legacy call leaves the function from within: it has ended then too.
    local _ <close> = setmetatable({}, { __close = function() world:end_body(sdk) end })
    for place = resumed and (">I4"):unpack(resumed.stored) + 1 or 1, #list do
      run.place = place
      STEP[list[place].op](run, list[place])
      if run.ended then break end
    end
    return table.unpack(run.returned or {})
  end
end

local function unknown_method(sdk)
  sdk.fail("function not found", CODE_UNKNOWN_METHOD)
end

local function called_directly(sdk)
  sdk.fail(CALLED_DIRECTLY, CODE_CONTRACT_FAILED)
end

-- Scripted contracts by name, as `vmhost.scripted_contracts` takes them. `deployed` names the one
-- whose `init` runs.
function steps.contracts(world, contracts, deployed)
  local scripted = {}
  for name, contract in pairs(contracts) do
    local methods = { _init = function() end }
    for function_name, list in pairs(contract.functions) do
      methods[function_name] = method_of(world, name, function_name, list)
    end
    if methods.init and name == deployed then methods._init = methods.init end
    methods.init = methods.init and called_directly
    scripted[name] = setmetatable(methods, { __index = function() return unknown_method end })
  end
  return scripted
end

return steps
