--- Stops at lines of contracts in Lua, shows what is there, and evaluates what is typed.
--
--     (break) balance + 1      the values of an expression
--     (break) up, down         the function that called, and back
--     (break) next             goes on to the next line that runs
--     (break)                  goes on, as `continue` does
--
-- @module vmhost.debugger
local debugger = {}

local Stop = {}
Stop.__index = Stop

local function text_of(value)
  return value.type == "string" and ("%q"):format(value.text):gsub("\\\n", "\\n") or value.text
end

local function show_frame(self, event)
  local place = event:frames()[self.frame]
  local line = self.source_lines[place.line] or ""
  self.write(("%s:%d: %s\n"):format(place.contract_name, place.line, line))
  for _, variable in ipairs(event:variables(self.frame)) do
    self.write(("    %s = %s\n"):format(variable.name, text_of(variable)))
  end
end

local function evaluate(self, event, expression)
  local values, message = event:evaluate(expression, self.frame)
  if not values then
    self.write(message, "\n")
    return
  end
  local texts = {}
  for index, value in ipairs(values) do texts[index] = text_of(value) end
  self.write(table.concat(texts, ", "), "\n")
end

-- Each gives true where the contract goes on.
local commands = {}

function commands.continue() return true end

function commands.next(self)
  self.is_stepping = true
  return true
end

function commands.up(self, event)
  if self.frame < #event:frames() then self.frame = self.frame + 1 end
  show_frame(self, event)
end

function commands.down(self, event)
  if self.frame > 1 then self.frame = self.frame - 1 end
  show_frame(self, event)
end

function commands.where(self, event)
  self.write(event:traceback(), "\n")
end

local function stop(self, event)
  self.frame, self.is_stepping = 1, false
  show_frame(self, event)
  local goes_on
  repeat
    self.write "(break) "
    local typed = self.read()
    if not typed or typed == "" then return end
    local command = commands[typed]
    if command then
      goes_on = command(self, event)
    else
      evaluate(self, event, typed)
    end
  until goes_on
end

--- Makes a tracer that stops.
-- @tparam table options `lines`, a list of numbers; `source`, to show its lines; `read`, which
-- gives a line that was typed, or nil at the end; `write`, which shows texts
-- @treturn table a tracer
function debugger.new(options)
  local self = setmetatable({ read = options.read, write = options.write, source_lines = {} }, Stop)
  local is_wanted = {}
  for _, number in ipairs(options.lines) do is_wanted[number] = true end
  for text in (options.source .. "\n"):gmatch "([^\n]*)\n" do
    self.source_lines[#self.source_lines + 1] = text
  end
  return { line = function(event)
    if is_wanted[event.line] or self.is_stepping then stop(self, event) end
  end }
end

return debugger
