--- A processor of services that send messages and wait for answers: each is a Lua function.
--
--     local player = players.processor {
--       Asker = function(sdk, call)
--         if call.resume then return { call.resume.answer } end
--         return sdk.suspend("Answerer", "twice", { 21 })
--       end,
--     }
--
-- A function gets `sdk` and the call, and returns its results (a list of arguments). It fails by
-- `sdk.fail(text)`. `_init` does nothing. With `methods`, those of some services, raw call data
-- reach them as arguments: `{ Answerer = { { name = "twice", parameters = { "uint64" } } } }`.
local codec = require "vmhost.codec"

local players = {}

players.TOKEN = "VITE TOKEN"
players.CODE = "player"

local failure = {}

local function pack_with_header(arguments)
  return string.pack("<s4", codec.pack_arguments(arguments))
end

local function new_sdk(handler, call)
  local sdk = {}

  -- One SDK call; an error can be caught, the end of the execution ends the function at once.
  function sdk.call(operation, method, arguments)
    local outputs, text = handler:handle_sdk_call {
      context_id = call.context_id, operation_name = "Sdk." .. operation, method_name = method,
      input_arguments = arguments, permission_scope = "SERVICE",
    }
    if not outputs then error(setmetatable({ text = text }, failure), 0) end
    return outputs
  end

  local NO_GAS <const> = -1 -- 2^64-1: a share of what is left
  local function message(method, service, name, arguments, amount, stored)
    local list = { { string = service }, { string = name },
      { bytes = pack_with_header(arguments or {}) }, { bytes = players.TOKEN },
      { uint256 = amount or 0 } }
    if stored then
      table.move({ { bytes = stored }, { uint64 = NO_GAS }, { uint64 = NO_GAS } }, 1, 3, 6, list)
    end
    return sdk.call("Message", method, list)[1].value
  end

  function sdk.send(service, name, arguments, amount)
    return message("send", service, name, arguments, amount)
  end

  function sdk.suspend(service, name, arguments, amount, stored)
    message("suspend", service, name, arguments, amount, stored or "here")
    return {}
  end

  -- Calls are { service, name, arguments, amount }; `changes` replaces whole lists of them.
  function sdk.await_all(calls, stored, changes)
    local lists = { { "string[]", {} }, { "string[]", {} }, { "bytes[]", {} }, { "bytes[]", {} },
      { "uint256[]", {} }, { "uint64[]", {} } }
    for index, each in ipairs(calls) do
      for place, value in ipairs { each[1], each[2], pack_with_header(each[3] or {}),
        players.TOKEN, each[4] or 0, NO_GAS } do
        lists[place][2][index] = value
      end
    end
    local list = {}
    for place, pair in ipairs(lists) do
      list[place] = { [pair[1]] = changes and changes[place] or pair[2] }
    end
    list[7], list[8] = { bytes = stored or "here" }, { uint64 = NO_GAS }
    sdk.call("Async", "awaitAll", list)
    return {}
  end

  function sdk.write(key, value)
    sdk.call("State", "write", { { bytes = key }, { bytes = value } })
  end

  function sdk.read(key)
    return sdk.call("State", "read", { { bytes = key } })[1].value
  end

  function sdk.service(service, name, arguments)
    return sdk.call("Service", "callMethod",
      { { string = service }, { string = name }, { bytes = pack_with_header(arguments or {}) } })
  end

  function sdk.address(method)
    return sdk.call("Address", method, {})[1].value
  end

  function sdk.fail(text)
    error(setmetatable({ text = text }, failure), 0)
  end

  return sdk
end

function players.processor(services, methods)
  local handler
  return {
    describe_method = methods and function(asked)
      return (methods[asked.contract_name] or {})[asked.index]
    end,
    contract_sdk_call_handler = function(given) handler = given end,
    process_call = function(call)
      if call.method_name == "_init" then return { call_result = "SUCCESS" } end
      local good, result = pcall(services[call.contract_name], new_sdk(handler, call), call)
      if good then return { call_result = "SUCCESS", output_arguments = result or {} } end
      if getmetatable(result) ~= failure then error(result, 0) end
      return { call_result = "ERROR_SMART_CONTRACT", error = result.text }
    end,
  }
end

--- What a genesis deploys for some services, in order of their names.
function players.services(services)
  local names, list = {}, {}
  for name in pairs(services) do names[#names + 1] = name end
  table.sort(names)
  for index, name in ipairs(names) do
    list[index] = { name = name, processor = "LUA", code = players.CODE }
  end
  return list
end

return players
