--- Holds the #include lines of core and bindings against the floors of the house.
-- Usage: lua5.4 tools/check_layers.lua [ROOT]
-- Prints file:line and the rule for each breach; exits 1 if there was one.
local lfs = require "lfs"

-- From the ground up. A room may include itself and every room on a lower floor.
local FLOORS = {
  { "core/base" },
  { "core/types", "core/crypto" },
  { "core/codec" },
  { "core/ports" },
  { "core/state", "core/native", "core/contractlua", "core/vite", "core/async" },
  { "core/host" },
  { "bindings" },
}

local LUA_HEADERS = { ["lua.h"] = true, ["lauxlib.h"] = true, ["lualib.h"] = true,
  ["luaconf.h"] = true, ["lua.hpp"] = true }

local floor_of = {}
for floor, rooms in ipairs(FLOORS) do
  for _, room in ipairs(rooms) do floor_of[room] = floor end
end

-- The room that an include names, nil when it names none: core/ is on the include path.
local function included_room(room, name)
  local folder = name:match "^(.*)/[^/]+$"
  if folder then return "core/" .. folder end
  return room == "bindings" and room or nil
end

local function breach_by_quotes(room, name)
  local target = included_room(room, name)
  if name:match "%.c$" then
    return "no file includes a .c file: all are linked as separate objects"
  elseif not target then
    return ('an include names the room: "%s/%s"'):format(room:match "[^/]+$", name)
  elseif not floor_of[target] then
    return ("%s is no room of the house"):format(target)
  elseif target == room or floor_of[target] < floor_of[room] then
    return nil
  elseif floor_of[target] == floor_of[room] then
    return ("%s and %s are side by side, without a door between them"):format(room, target)
  end
  return ("%s is below %s and may not look up"):format(room, target)
end

local function breach_by_brackets(room, name)
  if LUA_HEADERS[name] and room ~= "bindings" then return "only bindings include Lua" end
  return nil
end

local function entries(folder)
  local names = {}
  if lfs.attributes(folder, "mode") == "directory" then
    for name in lfs.dir(folder) do
      if not name:match "^%." then names[#names + 1] = name end
    end
  end
  table.sort(names)
  return names
end

local breach_count, file_count = 0, 0

local function report(path, line, rule)
  breach_count = breach_count + 1
  print(("%s:%d: %s"):format(path, line, rule))
end

local function check_file(root, room, name)
  local path = room .. "/" .. name
  local line_number = 0
  file_count = file_count + 1
  if room == "core/ports" and name:match "%.c$" then
    report(path, 1, "core/ports holds vtables and nothing else, so no .c file")
  end
  for line in io.lines(root .. "/" .. path) do
    line_number = line_number + 1
    local mark, included = line:match '^%s*#%s*include%s*([<"])([^>"]+)'
    if mark then
      local breach_by = mark == '"' and not LUA_HEADERS[included] and breach_by_quotes
        or breach_by_brackets
      local rule = breach_by(room, included)
      if rule then report(path, line_number, ("%s (includes %s)"):format(rule, included)) end
    end
  end
end

local function check_room(root, room)
  if not floor_of[room] then
    report(room, 1, "is no room of the house: give it a floor in tools/check_layers.lua")
    return
  end
  for _, name in ipairs(entries(root .. "/" .. room)) do
    if name:match "%.[ch]$" or name:match "%.def$" then check_file(root, room, name) end
  end
end

local root = arg[1] or "."
for _, name in ipairs(entries(root .. "/core")) do check_room(root, "core/" .. name) end
check_room(root, "bindings")

if file_count == 0 then
  io.stderr:write(("check_layers: no C files below %s\n"):format(root))
  os.exit(2)
end
os.exit(breach_count == 0)
