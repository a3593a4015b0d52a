--- Wrong use of a module, raised at the line of the script that made it.
-- @module vmhost.wrong_use
local inspect = require "vmhost.inspect"

local wrong_use = {}

local LONGEST_TEXT <const> = 80

-- Where the files of vmhost lie: whatever runs from elsewhere is the script.
local HOME <const> = debug.getinfo(1, "S").source:match "^(.*)wrong_use%.lua$"

local function is_script(info)
  return info.what ~= "C" and info.source:sub(1, #HOME) ~= HOME
end

--- Raises at the line of the script, however deep in vmhost it is found out.
-- @tparam string format
-- @param ... as of `string.format`
function wrong_use.raise(format, ...)
  local level = 2
  local info = debug.getinfo(level, "S")
  while info and not is_script(info) do
    level = level + 1
    info = debug.getinfo(level, "S")
  end
  error(format:format(...), level)
end

--- A value as a message shows it.
-- @param value
-- @treturn string a number or a boolean itself, a text in quotes and cut, else the type
function wrong_use.shown(value)
  local kind = type(value)
  if kind == "string" then
    local is_long = #value > LONGEST_TEXT
    return "'" .. inspect.text(value:sub(1, LONGEST_TEXT)) .. (is_long and "..." or "") .. "'"
  end
  return (kind == "number" or kind == "boolean") and tostring(value) or kind
end

--- Raises unless a value is of a type.
-- @tparam string what that is checked, as in "assembler.assemble: text"
-- @param value
-- @tparam string kind as of `type`
function wrong_use.check(what, value, kind)
  if type(value) ~= kind then
    wrong_use.raise("%s: %s expected, got %s", what, kind, wrong_use.shown(value))
  end
end

return wrong_use
