--- Runs a program that awaits from stop to stop: each await gives back what it got, but that of
-- "fail", which raises; a stop is every so many awaits.
local await_legs = {}

local function answer(execution, good, first, ...)
  if first == "fail" then return execution:resume(false, "refused") end
  return execution:resume(good, first, ...)
end

--- Goes on, after a stop, to the next one or the end.
-- @tparam Execution execution suspended
-- @tparam integer count of awaits
-- @treturn string status
function await_legs.run(execution, count)
  local status = execution:status()
  for _ = 1, count do
    if status ~= "suspended" then break end
    status = answer(execution, true, execution:values())
  end
  return status
end

--- As `run` of one that was thawed: the values of its await are not in its bytes.
function await_legs.run_thawed(execution, count, values)
  local status
  if values[1] == "fail" then
    status = execution:resume(false, "refused")
  else
    status = execution:resume(true, table.unpack(values, 1, values.n))
  end
  if status ~= "suspended" then return status end
  return await_legs.run(execution, count - 1)
end

--- What can be compared of a stop or an end. `used` is the gas of what was before, default 0.
function await_legs.result(execution, printed, used)
  local outcome = execution:outcome()
  local results = outcome.results and table.concat(outcome.results, "\n")
  return string.pack("<s4s4s4s4i8", execution:status(), table.concat(printed), outcome.error or "",
    results or "", outcome.gas_used - (used or 0))
end

return await_legs
