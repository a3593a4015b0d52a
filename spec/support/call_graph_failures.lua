--- How the model of asynchronous calls fails: a step that cannot be done raises, and whoever runs
-- an execution catches.
local failures = {}

local OUT_OF_GAS <const> = 5
local TEXT_OUT_OF_GAS <const> = "not enough gas"

local Failure = {}

--- Fails the execution that runs.
function failures.fail(code, message)
  error(setmetatable({ code = code, message = message }, Failure), 0)
end

--- The same, and no function around it catches, down to the one that no other function called.
function failures.abort(code, message)
  error(setmetatable({ code = code, message = message, is_final = true }, Failure), 0)
end

--- As callbacks and callers hear of it.
function failures.text_of(failure)
  return failure.code == OUT_OF_GAS and TEXT_OUT_OF_GAS or failure.message
end

--- The failure that an action ends with, or nothing.
function failures.caught(action, ...)
  local is_good, raised = pcall(action, ...)
  if is_good then return nil end
  if getmetatable(raised) ~= Failure then error(raised, 0) end
  return raised
end

--- What there is before an action that may be undone.
function failures.deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = failures.deep_copy(item) end
  return copy
end

return failures
