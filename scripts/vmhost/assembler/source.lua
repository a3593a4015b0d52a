--- Texts that are read line by line, and what is wrong at a place in them.
-- @module vmhost.assembler.source
local source = {}

local Fault = {}
Fault.__index = Fault

function Fault:__tostring()
  local place, text = self.place, self.place.line.text
  local indent = text:sub(1, place.column - 1):gsub(utf8.charpattern, function(character)
    return character == "\t" and character or " "
  end)
  return ("%s:%d:%d: %s\n  %s\n  %s^"):format(place.line.source_name, place.line.number,
    place.column, self.message, text, indent)
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
-- @treturn[2] string message: file, line and column, what is wrong, the line, a caret
-- @treturn[2] string code `malformed`
function source.run(work, ...)
  local good, result = pcall(work, ...)
  if good then return result end
  if getmetatable(result) == Fault then return nil, tostring(result), "malformed" end
  error(result, 0)
end

return source
