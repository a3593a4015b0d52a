-- Completion at the prompt: names, methods of contracts, fields of tables, dot commands.
local commands = require "vmhost.repl.commands"
local environment = require "vmhost.repl.environment"

local completion = {}

local function starting_with(list, start)
  local words, seen = {}, {}
  for _, name in ipairs(list) do
    if name:sub(1, #start) == start and not seen[name] then
      words[#words + 1], seen[name] = name, true
    end
  end
  table.sort(words)
  return words
end

local function add_string_keys(list, map)
  for key in pairs(map) do
    if type(key) == "string" then list[#list + 1] = key end
  end
end

-- What may stand behind `owner.`: methods of a contract, contracts with state, fields.
local function fields_of(session, owner)
  if owner == "state" then return session.chain.storage:contracts() end
  if owner == "contracts" then return environment.contract_names(session.chain) end
  local methods = environment.method_names(session.chain, owner)
  if methods then return methods end
  local value = rawget(session.environment, owner) or session.builtins[owner] or _G[owner]
  local fields = {}
  if type(value) ~= "table" then return fields end
  add_string_keys(fields, value)
  local metatable = getmetatable(value)
  if metatable and type(metatable.__index) == "table" then
    add_string_keys(fields, metatable.__index)
  end
  return fields
end

-- The words that may replace what stands from position `from` to the end of `text`.
function completion.words(session, text, from)
  local word = text:sub(from)
  if text:find "^%s*%.%a*$" then
    local dotted = word:sub(1, 1) == "."
    local list = starting_with(commands.names(), (word:gsub("^%.", "")))
    for index, name in ipairs(list) do list[index] = (dotted and "." or "") .. name end
    return list
  end
  local owner, separator, start = text:match "([%a_][%w_]*)([.:])([%w_]*)$"
  if not owner then return starting_with(environment.names(session), word) end
  local list = starting_with(fields_of(session, owner), start)
  -- Readline may take the owner for a part of the word.
  local prefix = #word > #start and owner .. separator or ""
  for index, name in ipairs(list) do list[index] = prefix .. name end
  return list
end

return completion
