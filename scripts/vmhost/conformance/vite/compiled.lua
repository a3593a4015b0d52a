-- A scenario over contracts that were compiled from Solidity++; one file is one case.
local abi = require "vmhost.abi"
local abi_values = require "vmhost.conformance.vite.abi_values"
local scenario = require "vmhost.conformance.vite.scenario"
local values = require "vmhost.conformance.vite.values"
local word = require "vmhost.word"

local compiled = {
  name = "compiled", is_whole_file = true,
  inputs = { "about", "compilerVersion", "optimizer", "source", "sourceFile" },
}

function compiled.fits(case)
  return type(case.contracts) == "table" and type(case.scenario) == "table"
end

local function find_entry(contract, kind, name, count)
  for _, entry in ipairs(contract.abi) do
    if entry.type == kind and entry.name == name and (not count or #entry.inputs == count) then
      return entry
    end
  end
  return nil
end

-- Call data made from the values of a step; its own where the ABI does not tell.
local function calldata_of(run, step, contract)
  local entry = find_entry(contract, "function", step.method, #step.args)
  if not entry then values.fault("no method %s of %d values", step.method, #step.args) end
  local signature = step.method .. abi_values.types_text(entry.inputs)
  local data = assert(abi.encode_call(signature,
    abi_values.from_json(entry.inputs, step.args, run)))
  return data, entry
end

local function contract_of(run, name)
  local id = name:gsub("^%$", "")
  return run.contracts[run.of_id[id]]
end

-- What the user of a failed request is told.
local function reason_of(output)
  local told = abi.decode_error(output)
  if told.kind == "Error" then return told.message end
  if told.kind == "Panic" then return "panic:" .. tostring(told.code) end
  return nil
end

local function expectation(run, step, sent, responses)
  if sent.error then return { status = "failed", error = sent.error } end
  local response = responses[sent.request.hash]
  local reverted = response.error == "execution reverted"
  local expected = type(step.expect) == "table" and step.expect or {}
  return {
    status = response.status, error = response.error,
    reason = reverted and reason_of(response.output) or nil,
    revertData = reverted and run:hex(response.output, expected.revertData) or nil,
  }
end

-- A long flow is cut in its middle, where it tells how many entries are left out.
local function cut_like(flow, expected)
  local at
  for index, entry in ipairs(expected or {}) do
    if entry.omitted then at = index end
  end
  if not at then return flow end
  local omitted = #flow - (#expected - 1)
  local cut = table.move(flow, 1, at - 1, 1, {})
  cut[at] = { omitted = omitted }
  return table.move(flow, at + omitted, #flow, at + 1, cut)
end

local STEPS = {}

function STEPS.deploy(run, step)
  local sent = run:send(run:creation(step))
  run.of_id[step.id] = step.contract
  if not sent.error then run:name(sent.request.to, "$" .. step.id) end
  local flow, responses = run:deliver()
  local entry = find_entry(run.contracts[step.contract], "constructor") or { inputs = {} }
  local arguments = assert(abi.encode(abi_values.types_text(entry.inputs),
    abi_values.from_json(entry.inputs, step.args or {}, run)))
  return {
    id = step.id, contract = step.contract, from = step.from, args = step.args,
    value = step.value, token = step.token, libraries = step.libraries,
    constructorArgs = run:hex(arguments, step.constructorArgs),
    expect = expectation(run, step, sent, responses), flow = cut_like(flow, step.flow),
  }
end

local function send_step(run, step)
  local data = ""
  if step.op == "raw" then data = run:bytes(step.data) end
  if step.op == "call" then data = calldata_of(run, step, contract_of(run, step.to)) end
  return run:send(run:request(step, data)), data
end

local function echo_step(run, step, sent, data, responses)
  return {
    op = step.op, from = step.from, to = step.to, method = step.method, args = step.args,
    value = step.value, token = step.token, data = step.data,
    calldata = step.op == "call" and run:hex(data, step.calldata) or nil,
    expect = expectation(run, step, sent, responses),
  }
end

local function run_request(run, step)
  local sent, data = send_step(run, step)
  local flow, responses = run:deliver()
  local actual = echo_step(run, step, sent, data, responses)
  actual.flow = cut_like(flow, step.flow)
  return actual
end

STEPS.call, STEPS.raw, STEPS.transfer = run_request, run_request, run_request

function STEPS.parallel(run, step)
  local sent, data = {}, {}
  for index, call in ipairs(step.calls) do sent[index], data[index] = send_step(run, call) end
  local flow, responses = run:deliver()
  local calls = {}
  for index, call in ipairs(step.calls) do
    calls[index] = echo_step(run, call, sent[index], data[index], responses)
  end
  return { calls = calls, flow = cut_like(flow, step.flow) }
end

local function query_expectation(run, entry, result)
  if result.error then return { status = "failed", error = result.error } end
  local types = abi_values.types_text(entry.outputs)
  local decoded, why = abi.decode(types, result.output)
  if not decoded then values.fault("%s", why) end
  return abi_values.to_json(entry.outputs, decoded, run)
end

function STEPS.query(run, step)
  local data, entry = calldata_of(run, step, contract_of(run, step.to))
  local result = assert(run.world:run { query = true,
    request = { to = run:address(step.to), data = data } })
  return {
    to = step.to, method = step.method, args = step.args,
    calldata = run:hex(data, step.calldata), returnData = run:hex(result.output, step.returnData),
    expect = query_expectation(run, entry, result),
  }
end

function STEPS.balance(run, step)
  local amount = run.world:balances(run:address(step.of))[values.token(step.token)]
  return { of = step.of, token = step.token, expect = tostring(amount or word.new(0)) }
end

local FUND_FIELDS = { "op", "of", "to", "user", "account", "token", "value", "amount", "note" }

function STEPS.fund(run, step)
  local user = step.user or step.of or step.to or step.account
    or values.fault "fund: nobody is named"
  run.world:set_balance(run:address(user), values.token(step.token),
    word.new(step.value or step.amount or values.fault "fund: no amount is given"))
  local actual = {}
  for _, name in ipairs(FUND_FIELDS) do actual[name] = step[name] end
  return actual
end

function STEPS.note(_, step)
  return { text = step.text, note = step.note, about = step.about, value = step.value }
end

local function event_types(inputs)
  local indexed, plain = {}, {}
  for _, input in ipairs(inputs) do
    local list = input.indexed and indexed or plain
    list[#list + 1] = input
  end
  return indexed, plain
end

local function is_dynamic(kind)
  return kind == "string" or kind == "bytes" or kind:find "%[" ~= nil or kind == "tuple"
end

-- Values in the order of their declaration; an indexed one of dynamic size is its topic.
local function event_values(run, entry, log)
  local _, plain = event_types(entry.inputs)
  local decoded, why = abi.decode(abi_values.types_text(plain), log.data)
  if not decoded then values.fault("%s", why) end
  local shown = abi_values.to_json(plain, decoded, run)
  local list = setmetatable({}, { __jsontype = "array" })
  local topic, next_plain = 1, 0
  for index, input in ipairs(entry.inputs) do
    if not input.indexed then
      next_plain = next_plain + 1
      list[index] = shown[next_plain]
    else
      topic = topic + 1
      list[index] = is_dynamic(input.type) and values.hex(log.topics[topic])
        or abi_values.to_json({ input },
          assert(abi.decode("(" .. input.type .. ")", log.topics[topic])), run)[1]
    end
  end
  return list
end

local function event_entry(contract, log)
  for _, entry in ipairs(contract.abi) do
    if entry.type == "event" and not entry.anonymous and log.topics[1]
      and abi.topic(entry.name .. abi_values.types_text(entry.inputs)) == log.topics[1] then
      return entry
    end
  end
  return nil
end

local function show_event(run, contract, log, expected)
  local topics = setmetatable({}, { __jsontype = "array" })
  for index, topic in ipairs(log.topics) do
    topics[index] = run:hex(topic, expected.topics and expected.topics[index])
  end
  local entry = event_entry(contract, log)
  return {
    event = entry and entry.name or scenario.null,
    values = entry and event_values(run, entry, log) or nil,
    topics = topics, data = run:hex(log.data, expected.data),
  }
end

function STEPS.events(run, step)
  local contract = contract_of(run, step.of)
  local shown = setmetatable({}, { __jsontype = "array" })
  for _, log in ipairs(run.logs[run:address(step.of)] or {}) do
    if log.height >= (step.fromHeight or 0) and log.height <= (step.toHeight or math.huge) then
      local expected = step.expect[#shown + 1] or {}
      shown[#shown + 1] = show_event(run, contract, log, expected)
    end
  end
  return { of = step.of, fromHeight = step.fromHeight, toHeight = step.toHeight, expect = shown }
end

local function run_step(run, step)
  local operation = STEPS[step.op]
  if not operation then values.fault("unknown operation '%s'", tostring(step.op)) end
  local actual = operation(run, step)
  actual.op, actual.note = step.op, actual.note or step.note
  return actual
end

local function selectors(contract)
  local map = {}
  for signature in pairs(contract.methodIdentifiers) do
    map[signature] = values.hex(abi.selector(signature))
  end
  return map
end

-- The code of a contract that was deployed; as the compiler gave it, where the rest is equal.
local function runtime_of(run, name, contract)
  for id, deployed in pairs(run.of_id) do
    local found = deployed == name and run.addresses["$" .. id]
      and run.world:contract(run.addresses["$" .. id])
    if found and found.code then
      local expected = contract.runtime
      local actual = values.hex(found.code:sub(2))
      return run.same_but_for_open_places(expected, actual) and expected or actual
    end
  end
  return contract.runtime
end

local function contract_facts(run)
  local facts = {}
  for name, contract in pairs(run.contracts) do
    facts[name] = {
      abi = contract.abi, bytecode = contract.bytecode, linkReferences = contract.linkReferences,
      methodIdentifiers = selectors(contract), runtime = runtime_of(run, name, contract),
    }
  end
  return facts
end

function compiled.run(case)
  local run <close> = scenario.open(case.contracts)
  local steps = {}
  for index, step in ipairs(case.scenario) do steps[index] = run_step(run, step) end
  return { scenario = steps, contracts = contract_facts(run) }
end

return compiled
