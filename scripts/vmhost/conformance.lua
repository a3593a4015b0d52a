--- Runs vector files: JSON files of cases, each with the values that it must give.
--
-- A suite is a module `vmhost.conformance.NAME` that returns `{ forms = {form, ...} }`. A form is
--
--     { name = "addresses",             -- also the base name of its file
--       inputs = { "input" },           -- fields of a case that are only read
--       fits = function(case) ... end,  -- whether a case has this shape
--       run = function(case, file) ... return values end }
--
-- `run` gives what the fields of the case must be, under their names, once for each way to compute
-- them; `file` is a table that lives as long as the file is run. Every field of a case is a name,
-- an input or compared: one that is none of these fails the case. A value that the case does not
-- hold is not compared.
--
-- A suite whose files hold no `cases` has a function `cases_of(path, content)` in place of the
-- forms; it gives a list of `{ name =, case =, form =, state = }`, or nil and what is wrong.
-- @module vmhost.conformance
local json = require "dkjson"

local conformance = {}

-- The suites of the whole design; one whose module is absent is not part of this release.
local SUITES = { "orbs", "vite", "async" }
local FILE_FIELDS = { source = true, note = true, cases = true }

local EXACT = {}

--- Marks a table of values: it is compared whole, so that a value absent from the case is a fault.
-- @tparam table values
-- @treturn table the same table
function conformance.exact(values)
  return setmetatable(values, EXACT)
end

--- JSON's null, as cases hold it.
conformance.null = json.null

local function module_of(suite)
  return "vmhost.conformance." .. suite
end

--- Lists the suites.
-- @treturn {string,...} those of this release
-- @treturn {string,...} those that are not part of it
function conformance.suites()
  local present, absent = {}, {}
  for _, suite in ipairs(SUITES) do
    local list = package.searchpath(module_of(suite), package.path) and present or absent
    list[#list + 1] = suite
  end
  return present, absent
end

--- An unsigned 64-bit integer in decimal.
-- @tparam integer number negative for the upper half
-- @treturn string
function conformance.decimal(number)
  if number >= 0 then return ("%d"):format(number) end
  local tenth = (number >> 1) // 5
  return ("%d%d"):format(tenth, number - tenth * 10)
end
local decimal = conformance.decimal

local function is_list(value)
  local kind = getmetatable(value) and getmetatable(value).__jsontype
  return kind == "array" or (kind == nil and #value > 0)
end

local function sorted_keys(...)
  local seen, keys = {}, {}
  for _, map in ipairs { ... } do
    for key in pairs(map) do
      if not seen[key] then keys[#keys + 1] = key end
      seen[key] = true
    end
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) then return a < b end
    return type(a) == "number"
  end)
  return keys
end

local function in_path(path, key)
  if type(key) == "number" then return ("%s[%d]"):format(path, key) end
  return path == "" and key or path .. "." .. key
end

local function text_of(value)
  if value == nil then return "nothing" end
  if math.type(value) == "integer" then return decimal(value) end
  return json.encode(value)
end

local compare

-- A list is compared whole; of a map the fields that the case holds, unless it is exact.
local function compare_tables(expected, actual, path, result, exact)
  exact = exact or getmetatable(actual) == EXACT
  local whole = exact or is_list(expected)
  for _, key in ipairs(sorted_keys(expected, whole and actual or {})) do
    local place = in_path(path, key)
    if expected[key] == nil then
      result:differ(place, "nothing", text_of(actual[key]))
    elseif actual[key] == nil then
      result:differ(place, text_of(expected[key]),
        type(key) == "string" and "nothing (unknown field)" or "nothing")
    else
      compare(expected[key], actual[key], place, result, exact)
    end
  end
end

local function same(expected, actual)
  if math.type(actual) == "integer" and type(expected) == "string" then
    return decimal(actual) == expected
  end
  return math.type(expected) == math.type(actual) and expected == actual
end

function compare(expected, actual, path, result, exact)
  if type(expected) == "table" and type(actual) == "table" and expected ~= json.null
    and actual ~= json.null then
    if next(expected) == nil and next(actual) == nil then result.checked = result.checked + 1 end
    compare_tables(expected, actual, path, result, exact)
    return
  end
  result.checked = result.checked + 1
  if not same(expected, actual) then result:differ(path, text_of(expected), text_of(actual)) end
end

local Result = {}
Result.__index = Result

function Result:differ(path, expected, actual)
  self.mismatches[#self.mismatches + 1] = { path = path, expected = expected, actual = actual }
end

local function form_of(suite, file, case)
  if file.form and file.form.fits(case) then return file.form end
  for _, form in ipairs(suite.forms) do
    if form.fits(case) then return form end
  end
  return nil
end

local function check_case(form, case, state)
  local result = setmetatable({ checked = 0, mismatches = {} }, Result)
  if not form then
    result.fault = "no form of this suite has these fields"
    return result
  end
  local runs = table.pack(pcall(form.run, case, state))
  if not runs[1] then
    result.fault = tostring(runs[2])
    return result
  end
  local compared = {}
  for key, value in pairs(case) do compared[key] = value end
  compared.name = nil
  for _, input in ipairs(form.inputs) do compared[input] = nil end
  for index = 2, runs.n do compare_tables(compared, runs[index], "", result) end
  if result.checked == 0 and #result.mismatches == 0 then
    result.fault = "holds no value to compare"
  end
  return result
end

-- The cases as a list of { name =, case = }: those of a map in the order of their names.
local function list_cases(cases)
  local list = {}
  if is_list(cases) then
    for index, case in ipairs(cases) do
      local name = type(case) == "table" and case.name or "case " .. index
      list[index] = { name = tostring(name), case = case }
    end
    return list
  end
  for _, name in ipairs(sorted_keys(cases)) do
    list[#list + 1] = { name = tostring(name), case = cases[name] }
  end
  return list
end

-- The form that a file is named after, else the one that fits most of its cases: some cases are so
-- bare that they have the shape of several.
local function form_of_file(suite, path, cases)
  local base = path:match "([^/]+)$":gsub("%.json$", "")
  local best, best_count = nil, 0
  for _, form in ipairs(suite.forms) do
    local count = 0
    for _, entry in ipairs(cases) do
      if type(entry.case) == "table" and form.fits(entry.case) then count = count + 1 end
    end
    if form.name == base and count > 0 then return form end
    if count > best_count then best, best_count = form, count end
  end
  return best
end

local function read_file(path)
  local file <close>, why = io.open(path, "rb")
  if not file then return nil, (why:gsub("^.-: ", "")) end
  local text, fault = file:read "a"
  if not text then return nil, fault end
  -- It raises for what lies too deep.
  local good, content, _, message = pcall(json.decode, text, 1, json.null)
  if not good then return nil, "nested too deep" end
  if type(content) ~= "table" then return nil, message or "holds no JSON object" end
  return content
end

-- The cases of a file with their forms; `outcome` learns of faults of the file.
local function cases_in(suite, path, content, outcome)
  if type(content.cases) ~= "table" or content.cases == json.null then
    return nil, "holds no cases"
  end
  for _, key in ipairs(sorted_keys(content)) do
    if not FILE_FIELDS[key] then
      outcome(path, nil, { fault = ("unknown field '%s'"):format(key), mismatches = {} })
    end
  end
  local cases = list_cases(content.cases)
  local file = { form = form_of_file(suite, path, cases), state = {} }
  for _, entry in ipairs(cases) do
    entry.form = type(entry.case) == "table" and form_of(suite, file, entry.case)
    entry.state = file.state
  end
  return cases
end

-- Of a suite that reads its files itself; a fault of one is a fault of the whole file.
local function cases_of_suite(suite, path, content)
  local good, cases, why = pcall(suite.cases_of, path, content)
  if not good then return nil, tostring(cases) end
  for _, entry in ipairs(cases or {}) do
    if type(entry.case) ~= "table" or not entry.form.fits(entry.case) then entry.form = nil end
  end
  return cases, why
end

local function run_file(suite, path, outcome)
  local cases
  local content, why = read_file(path)
  if content and suite.cases_of then
    cases, why = cases_of_suite(suite, path, content)
  elseif content then
    cases, why = cases_in(suite, path, content, outcome)
  end
  if not cases then
    outcome(path, nil, { fault = why, mismatches = {} })
    return
  end
  if #cases == 0 then outcome(path, nil, { fault = "holds no cases", mismatches = {} }) end
  local seen = {}
  for index, entry in ipairs(cases) do
    if seen[entry.name] then
      outcome(path, entry.name, { fault = ("is the name of case %d too; this is case %d"):format(
        seen[entry.name], index), mismatches = {} })
    end
    seen[entry.name] = seen[entry.name] or index
    outcome(path, entry.name, check_case(entry.form, entry.case, entry.state))
  end
end

local function is_folder(path)
  local file <close> = io.open(path, "rb")
  return file ~= nil and select(3, file:read(0)) == 21
end

local function shell_quoted(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Where a file lies, whatever it is called by; links are followed.
local function place_of(path)
  local place <close> = assert(io.popen("readlink -f -- " .. shell_quoted(path) .. " 2>/dev/null"))
  return place:read "l" or path
end

-- Lua cannot list a folder, so the shell is asked.
local function files_of(folder)
  local quoted = shell_quoted(folder)
  local paths <close> = assert(io.popen(("find %s -type f -name '*.json' | LC_ALL=C sort")
    :format(quoted)))
  local files = {}
  for path in paths:lines() do files[#files + 1] = path end
  return files
end

--- The folder in which a suite is looked for when no file is named.
-- `$VMHOST_VECTORS/SUITE`, `../shared/vectors/SUITE`, or what the checkout itself holds.
-- @tparam string suite
-- @treturn ?string the first of them that is there
function conformance.default_folder(suite)
  local here = package.searchpath("vmhost.conformance", package.path):match "^(.*)/" or "."
  for _, folder in ipairs { os.getenv "VMHOST_VECTORS" or "../shared/vectors",
    here .. "/../../spec/vectors" } do
    if is_folder(folder .. "/" .. suite) then return folder .. "/" .. suite end
  end
  return nil
end

--- Runs vector files.
-- @tparam string name suite
-- @tparam {string,...} paths files, or folders of `.json` files
-- @tparam function outcome called after each case with the path of the file, the name of the case
-- (nil for a fault of the whole file) and the result `{ mismatches = { { path=, expected=,
-- actual= }, ... }, fault = text or nil }`; a case passed if there is neither
-- @treturn[1] table `{ passed =, failed = }`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `invalid_input` for a suite that is unknown or not part of this release
function conformance.run(name, paths, outcome)
  local present, absent = conformance.suites()
  for _, suite in ipairs(absent) do
    if suite == name then
      return nil, ("suite '%s' is not part of this release (it has: %s)"):format(name,
        table.concat(present, ", ")), "invalid_input"
    end
  end
  if not (" " .. table.concat(present, " ") .. " "):find(" " .. name .. " ", 1, true) then
    return nil, ("unknown suite '%s' (there is: %s)"):format(name, table.concat(present, ", ")),
      "invalid_input"
  end

  local suite = require(module_of(name))
  local counts = { passed = 0, failed = 0 }
  local function count(path, case_name, result)
    local passed = not result.fault and #result.mismatches == 0
    counts[passed and "passed" or "failed"] = counts[passed and "passed" or "failed"] + 1
    outcome(path, case_name, result, passed)
  end
  local called = {}
  for _, path in ipairs(paths) do
    for _, file in ipairs(is_folder(path) and files_of(path) or { path }) do
      local place = place_of(file)
      if called[place] then
        count(file, nil, { fault = "is named twice, as " .. called[place] .. " too",
          mismatches = {} })
      else
        called[place] = file
        run_file(suite, file, count)
      end
    end
  end
  return counts
end

return conformance
