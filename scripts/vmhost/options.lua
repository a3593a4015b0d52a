--- Tables of named options.
-- @module vmhost.options
local wrong_use = require "vmhost.wrong_use"

local options = {}

--- Raises for a key that is not among the known ones, and lists those.
-- @tparam string what whose options they are, as in "fixture.new"
-- @tparam ?table given the options; nil is an empty table
-- @tparam {string,...} known names, in the order in which a message lists them
-- @treturn table `given`, or an empty table
-- @raise for an unknown key, and if `given` is no table
function options.check(what, given, known)
  if given == nil then return {} end
  if type(given) ~= "table" then
    wrong_use.raise("%s: options must be a table, got %s", what, type(given))
  end
  local is_known, unknown = {}, {}
  for _, name in ipairs(known) do is_known[name] = true end
  for name in pairs(given) do
    if not is_known[name] then unknown[#unknown + 1] = tostring(name) end
  end
  if #unknown > 0 then
    table.sort(unknown)
    wrong_use.raise("%s: unknown option '%s'; known: %s", what, unknown[1],
      table.concat(known, ", "))
  end
  return given
end

return options
