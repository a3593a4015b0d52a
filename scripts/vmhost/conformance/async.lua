-- The suite `async`: graphs of asynchronous calls. A scenario is a case; its form is that of the
-- file itself, which tells it under `format`.
local graph = require "vmhost.conformance.async.graph"

local FILE_FIELDS = { title = true, format = true, scenarios = true }
local VERSION <const> = 1

local function check_file(content)
  for key in pairs(content) do
    if not FILE_FIELDS[key] then return ("unknown field '%s'"):format(key) end
  end
  if type(content.format) ~= "table" or content.format.version ~= VERSION then
    return ("format.version is not %d"):format(VERSION)
  end
  if type(content.scenarios) ~= "table" then return "holds no scenarios" end
  return nil
end

-- The cases of a file.
-- @tparam string _ path, which decides nothing
-- @tparam table content the decoded file
-- @treturn[1] {table,...} name, case, form, state
-- @return[2] nil
-- @treturn[2] string what is wrong
local function cases_of(_, content)
  local wrong = check_file(content)
  if wrong then return nil, wrong end
  local cases = {}
  for index, scenario in ipairs(content.scenarios) do
    local id = type(scenario) == "table" and scenario.id
    cases[index] = { name = tostring(id or "scenario " .. index), case = scenario, form = graph,
      state = {} }
  end
  return cases
end

return { cases_of = cases_of }
