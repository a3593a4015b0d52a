-- The suite `vite`: bytecode, requests and responses, compiled contracts, bytes of suspended state.
-- The folder that a file lies in decides its form: `run` holds other rules than
-- `legacy_metadata/run`.
local bytes_forms = require "vmhost.conformance.vite.encodings"

local FORMS = {
  ["interpreter"] = require "vmhost.conformance.vite.interpreter",
  ["run"] = require "vmhost.conformance.vite.run",
  ["offchain"] = require "vmhost.conformance.vite.offchain",
  ["compiled"] = require "vmhost.conformance.vite.compiled",
}
local LEGACY = { ["interpreter"] = true, ["run"] = true }

local function folders_of(path)
  local folder, base = path:match "^(.-)/?([^/]*)%.json$"
  if not folder then return nil end
  local above, parent = ("/" .. folder):match "([^/]*)/([^/]*)$"
  return base, parent, above
end

local function in_order(cases)
  local names = {}
  for name in pairs(cases) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- A case for each entry of a map, or the whole file.
local function cases_of_form(form, content, state, base)
  if form.is_whole_file then
    return { { name = content.name or base, case = content, form = form, state = state } }
  end
  local list = {}
  for _, name in ipairs(in_order(content)) do
    list[#list + 1] = { name = name, case = form.read(content[name]), form = form, state = state }
  end
  return list
end

-- Cases that lie in lists, or in lists under the names of their forms.
local function cases_of_list(form, list, prefix)
  local cases = {}
  for index, case in ipairs(list) do
    cases[index] = { name = ("%s%d"):format(prefix, index), case = case, form = form, state = {} }
  end
  return cases
end

local function cases_of_primitives(content)
  local cases = {}
  for _, name in ipairs(in_order(content)) do
    local form = bytes_forms.primitives[name] or bytes_forms.unknown
    local entries = type(content[name]) == "table" and content[name] or {}
    table.move(cases_of_list(form, entries, name .. " "), 1, #entries, #cases + 1, cases)
    if #entries == 0 then
      cases[#cases + 1] = { name = name, case = {}, form = bytes_forms.unknown, state = {} }
    end
  end
  return cases
end

-- The cases of a file.
-- @tparam string path whose folders decide
-- @tparam table content the decoded file
-- @treturn[1] {table,...} name, case, form, state
-- @return[2] nil
-- @treturn[2] string what is wrong
local function cases_of(path, content)
  local base, parent, above = folders_of(path)
  if base == "primitives" then return cases_of_primitives(content) end
  if base == "contexts" then return cases_of_list(bytes_forms.context, content, "case ") end
  if base == "codec" then return cases_of_list(bytes_forms.metadata, content, "case ") end
  local form = FORMS[parent or ""]
  if not form then
    return nil, "the folder tells no form: interpreter, run, offchain or compiled expected"
  end
  local state = { metadata = LEGACY[parent] and above == "legacy_metadata" }
  return cases_of_form(form, content, state, base)
end

return { cases_of = cases_of }
