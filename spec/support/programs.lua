--- Contracts for the random test: every service runs little programs. A program is a list of
-- operations, a call hands over its number, and the interpreter below runs it against an `sdk`:
-- that of a host, or that of the model (`spec.support.model`).
--
--     { "write", key, value }, { "read", key }, { "delete", key }, { "emit", name, value },
--     { "call", service, method, arguments, catches }, { "fail", text }, { "who" }
local programs = {}

--- The method of a service that runs a program; its argument is the program's number.
programs.METHOD = "run"

--- The method that writes a key and calls itself as often as its argument says. It is not a
-- program, since Lua allows 200 calls from C into each other, and a program needs three of them.
programs.RECURSION = "recurse"

-- A contract that fails raises one of these; anything else that is raised is a bug of the specs.
local failure = {}

function programs.fail(text, code)
  error(setmetatable({ text = text, code = code }, failure), 0)
end

--- Runs a function: its results, or nil and the failure that it raised.
function programs.catch(body, ...)
  local outcome = table.pack(pcall(body, ...))
  if outcome[1] then return table.unpack(outcome, 2, outcome.n) end
  if getmetatable(outcome[2]) ~= failure then error(outcome[2], 0) end
  return nil, outcome[2]
end

local function bytes(value)
  return { type = "bytes", value = value }
end

local operations = {}

function operations.write(sdk, _, key, value) sdk.write(key, value) end
function operations.delete(sdk, _, key) sdk.write(key, "") end
function operations.emit(sdk, _, name, value) sdk.emit(name, { bytes(value) }) end
function operations.fail(_, _, text) programs.fail(text, 4) end

function operations.read(sdk, results, key)
  results[#results + 1] = bytes(sdk.read(key))
end

function operations.who(sdk, results)
  for _, address in ipairs { sdk.signer(), sdk.caller(), sdk.own() } do
    results[#results + 1] = bytes(address)
  end
  results[#results + 1] = { type = "uint64", value = sdk.height() }
end

function operations.call(sdk, results, service, method, arguments, catches)
  local outputs, caught
  if catches then
    outputs, caught = programs.catch(sdk.call, service, method, arguments)
  else
    outputs = sdk.call(service, method, arguments)
  end
  if outputs then
    table.move(outputs, 1, #outputs, #results + 1, results)
  else
    results[#results + 1] = { type = "string", value = caught.text }
  end
end

--- Runs a program and gives its results: a list of arguments with their types.
function programs.run(program, sdk)
  local results = {}
  for _, operation in ipairs(program) do
    operations[operation[1]](sdk, results, table.unpack(operation, 2, 5))
  end
  return results
end

--- What a run of a program costs, whether it ends well or not.
function programs.gas(program)
  return 100 + #program
end

local function plain(argument)
  return { type = argument.type, value = argument.value }
end

-- The sdk of a program that a host runs.
local function host_sdk(codec, handler, call)
  local function ask(operation, method, ...)
    local outputs, text, kind = handler:handle_sdk_call {
      context_id = call.context_id, operation_name = operation, method_name = method,
      input_arguments = { ... },
    }
    if outputs then return outputs[1] and outputs[1].value end
    if kind ~= "sdk_error" and kind ~= "sdk_abort" then error(text, 0) end
    programs.fail(text, operation == "Sdk.Service" and 10 or 4)
  end
  return {
    read = function(key) return ask("Sdk.State", "read", bytes(key)) end,
    write = function(key, value) ask("Sdk.State", "write", bytes(key), bytes(value)) end,
    emit = function(name, arguments)
      ask("Sdk.Events", "emitEvent", name, bytes(("<s4"):pack(codec.pack_arguments(arguments))))
    end,
    call = function(service, method, arguments)
      local packed = bytes(("<s4"):pack(codec.pack_arguments(arguments)))
      local answer = ask("Sdk.Service", "callMethod", service, method, packed)
      local outputs = assert(codec.unpack_arguments((("<s4"):unpack(answer))))
      for index, output in ipairs(outputs) do outputs[index] = plain(output) end
      return outputs
    end,
    signer = function() return ask("Sdk.Address", "getSignerAddress") end,
    caller = function() return ask("Sdk.Address", "getCallerAddress") end,
    own = function() return ask("Sdk.Address", "getOwnAddress") end,
    height = function() return ask("Sdk.Env", "getBlockHeight") end,
  }
end

--- A processor, for `vm.open`, of services that run the programs of a list.
function programs.processor(list)
  local codec = require "vmhost.codec"
  local processor, handler = {}, nil

  function processor.contract_sdk_call_handler(given) handler = given end

  local function recurse(call)
    local function ask(operation, method, ...)
      return handler:handle_sdk_call { context_id = call.context_id, operation_name = operation,
        method_name = method, input_arguments = { ... } }
    end
    local remaining = call.input_arguments[1].value
    local done, text = ask("Sdk.State", "write", bytes "depth", bytes(("<I4"):pack(remaining)))
    if done and remaining > 0 then
      local packed = codec.pack_arguments { remaining - 1 }
      done, text = ask("Sdk.Service", "callMethod", call.contract_name, programs.RECURSION,
        bytes(("<s4"):pack(packed)))
    end
    if done then return { call_result = "SUCCESS" } end
    return { call_result = "ERROR_SMART_CONTRACT", code = 10, error = text }
  end

  function processor.process_call(call)
    if call.method_name == "_init" then return { call_result = "SUCCESS" } end
    if call.method_name == programs.RECURSION then return recurse(call) end
    if call.method_name ~= programs.METHOD then
      return { call_result = "ERROR_INPUT", code = 1, error = "no such method" }
    end
    local program = list[call.input_arguments[1].value]
    local results, failed = programs.catch(programs.run, program, host_sdk(codec, handler, call))
    if results then
      return { call_result = "SUCCESS", output_arguments = results,
        gas_used = programs.gas(program) }
    end
    return { call_result = "ERROR_SMART_CONTRACT", code = failed.code, error = failed.text,
      gas_used = programs.gas(program) }
  end

  return processor
end

return programs
