--- Makes a failing scenario of asynchronous calls smaller, as long as it fails, and writes it as a
-- vector: an entry of the list `scenarios` in the form of spec/vectors/async.
local json = require "dkjson"

local call_graph_shrink = {}

-- No graph needs more: each attempt runs the scenario.
local MOST_ATTEMPTS <const> = 3000

local function deep_copy(value)
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = deep_copy(item) end
  return copy
end

local function sorted_keys(map)
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local OPTIONAL <const> = { "args", "value", "lock", "group", "closure", "on_success", "on_error",
  "catch", "into", "gas" }
local NUMBERS <const> = { "gas", "value", "lock", "by" }

-- Changes are functions that alter a copy of the scenario.
local function step_changes(changes, name, function_name, index, step)
  local function change(action)
    changes[#changes + 1] = function(scenario)
      action(scenario.contracts[name].functions[function_name], index)
    end
  end
  change(function(steps) table.remove(steps, index) end)
  for _, field in ipairs(OPTIONAL) do
    if step[field] ~= nil and not (step.op == "burn" and field == "gas")
      and not (step.op == "group_callback" and field == "group")
      and not (step.op == "write" and field == "value") then
      change(function(steps) steps[index][field] = nil end)
    end
  end
  for _, field in ipairs(NUMBERS) do
    local number = step[field]
    if math.type(number) == "integer" and number > 1 then
      change(function(steps) steps[index][field] = 1 end)
      change(function(steps) steps[index][field] = number // 2 end)
    end
  end
  for place = #(step.calls or {}), 1, -1 do
    if #step.calls > 1 then
      change(function(steps) table.remove(steps[index].calls, place) end)
    end
    for _, field in ipairs { "args", "value", "gas" } do
      if step.calls[place][field] ~= nil then
        change(function(steps) steps[index].calls[place][field] = nil end)
      end
    end
  end
  if step.values and #step.values > 0 then
    change(function(steps) table.remove(steps[index].values) end)
  end
end

local function contract_changes(changes, name, contract, is_start)
  local function change(action)
    changes[#changes + 1] = function(scenario) action(scenario.contracts[name]) end
  end
  if not is_start then
    changes[#changes + 1] = function(scenario) scenario.contracts[name] = nil end
  end
  if contract.storage then change(function(changed) changed.storage = nil end) end
  if contract.balance then
    change(function(changed) changed.balance = nil end)
    change(function(changed) changed.balance = contract.balance // 2 end)
  end
  if contract.shard > 0 then
    change(function(changed) changed.shard = 0 end)
    change(function(changed) changed.shard = contract.shard - 1 end)
  end
  for _, function_name in ipairs(sorted_keys(contract.functions)) do
    change(function(changed) changed.functions[function_name] = nil end)
  end
  for _, function_name in ipairs(sorted_keys(contract.functions)) do
    local steps = contract.functions[function_name]
    for index = #steps, 1, -1 do
      step_changes(changes, name, function_name, index, steps[index])
    end
  end
end

local function changes_of(scenario)
  local changes = {}
  for _, field in ipairs { "prices", "inject" } do
    if scenario[field] then changes[#changes + 1] = function(changed) changed[field] = nil end end
  end
  for index = #(scenario.inject or {}), 1, -1 do
    changes[#changes + 1] = function(changed) table.remove(changed.inject, index) end
  end
  for _, field in ipairs { "args", "value", "gas" } do
    if scenario.start[field] then
      changes[#changes + 1] = function(changed) changed.start[field] = nil end
    end
  end
  if scenario.start.gas then
    changes[#changes + 1] = function(changed) changed.start.gas = scenario.start.gas // 2 end
  end
  for _, name in ipairs(sorted_keys(scenario.contracts)) do
    contract_changes(changes, name, scenario.contracts[name], name == scenario.start.to)
  end
  return changes
end

--- The smallest scenario found that still fails.
-- @tparam table scenario one that fails
-- @tparam function fails takes a scenario
-- @treturn table
function call_graph_shrink.smallest(scenario, fails)
  local attempts = 0
  local function try(change)
    attempts = attempts + 1
    local smaller = deep_copy(scenario)
    change(smaller)
    if fails(smaller) then
      scenario = smaller
      return true
    end
  end
  repeat
    local has_shrunk = false
    local changes = changes_of(scenario)
    local index = 1
    while index <= #changes and attempts < MOST_ATTEMPTS do
      if try(changes[index]) then
        has_shrunk = true
        -- What was listed may be gone: the list is made anew, and goes on where it was.
        changes = changes_of(scenario)
      else
        index = index + 1
      end
    end
  until not has_shrunk or attempts >= MOST_ATTEMPTS
  return scenario
end

local FIELD_ORDER <const> = { "id", "title", "profile", "contracts", "shard", "balance", "storage",
  "functions", "op", "to", "function", "start", "prices", "inject", "expect", "order" }

-- Lists that are empty say so: JSON knows a list from a map.
local LISTS <const> = { order = true, callbacks = true, failed = true, messages = true,
  events = true, dropped = true, args = true, values = true, data = true, executions = true }

local function mark_lists(value, key, above)
  if type(value) ~= "table" then return value end
  local is_list = #value > 0 or LISTS[key] or above == "functions"
  local marked = setmetatable({}, { __jsontype = is_list and "array" or "object" })
  for name, item in pairs(value) do marked[name] = mark_lists(item, name, key) end
  return marked
end

--- A scenario as text, ready to be put into a file of vectors.
function call_graph_shrink.vector(scenario)
  return json.encode(mark_lists(scenario), { keyorder = FIELD_ORDER })
end

return call_graph_shrink
