--- Texts that are read line by line, and what is wrong at a place in them.
-- @module vmhost.assembler.source
local inspect = require "vmhost.inspect"

local source = {}

local Fault = {}
Fault.__index = Fault

local WIDTH <const> = 100 -- bytes of a line that are shown
local LONGEST_MESSAGE <const> = 200

-- The first place from a byte on where a character begins.
local function character_start(text, position)
  for _ = 1, 3 do
    local byte = text:byte(position)
    if not byte or byte < 0x80 or byte >= 0xc0 then break end
    position = position + 1
  end
  return position
end

-- What would act on a terminal as an escape; tabs stay, and the caret below counts them.
local function shown(text)
  return (text:gsub("[^\t]+", inspect.text))
end

local function shown_message(text)
  if #text > LONGEST_MESSAGE then
    text = text:sub(1, LONGEST_MESSAGE // 2) .. " ... " .. text:sub(-LONGEST_MESSAGE // 2)
  end
  return inspect.text(text)
end

-- The line around a column, and what stands in it before the column.
local function excerpt(text, column)
  local first = 1
  if #text > WIDTH then first = character_start(text, math.max(1, column - WIDTH // 2)) end
  local stop = character_start(text, first + WIDTH)
  local front = (first > 1 and "..." or "") .. shown(text:sub(first, column - 1))
  return front .. shown(text:sub(column, stop - 1)) .. (stop <= #text and "..." or ""), front
end

function Fault:__tostring()
  local line, column = self.place.line, self.place.column
  local text, front = excerpt(line.text, column)
  local indent = front:gsub(utf8.charpattern, function(character)
    return character == "\t" and character or " "
  end)
  return ("%s:%d:%d: %s\n  %s\n  %s^"):format(line.source_name, line.number, column,
    shown_message(self.message), text, indent)
end

--- Takes a text to lines.
-- @tparam string text
-- @tparam string name what a fault calls it
-- @treturn {table,...} `{ text =, number =, source_name = }`
function source.lines(text, name)
  local lines = {}
  for line in (text .. "\n"):gmatch "([^\n]*)\n" do
    lines[#lines + 1] = { text = line:gsub("\r$", ""), number = #lines + 1, source_name = name }
  end
  return lines
end

--- Raises a fault; `source.run` gives it as a text that shows the line with a caret.
-- @tparam table place `{ line =, column = }`, such as a token
-- @tparam string message
function source.fault(place, message, ...)
  error(setmetatable({ place = place, message = message:format(...) }, Fault), 0)
end

--- Calls a function that may raise faults.
-- @treturn[1] any what it returns
-- @return[2] nil
-- @treturn[2] string message: file, line and column, what is wrong, the line, a caret; of a long
-- line the part around the caret, and control bytes as escapes
-- @treturn[2] string code `malformed`
function source.run(work, ...)
  local good, result = pcall(work, ...)
  if good then return result end
  if getmetatable(result) == Fault then return nil, tostring(result), "malformed" end
  error(result, 0)
end

return source
