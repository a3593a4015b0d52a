--- Runs a script by plain lua5.4, as someone does who has vmhost on the path.
-- @tparam[opt] string folder current folder of the program, and then `name` is found from here
-- @tparam string name of the script
-- @param ... its words
-- @treturn string output, errors included
-- @treturn integer exit status
local lfs = require "lfs"
local run_command = require "spec.support.run_command"

local function absolute(path)
  return path:find "^/" and path or lfs.currentdir() .. "/" .. path
end

return function(folder, name, ...)
  return run_command({ "env", "LUA_PATH=" .. package.path:gsub("[^;]+", absolute),
    "LUA_CPATH=" .. package.cpath:gsub("[^;]+", absolute), "lua5.4", absolute(name), ... }, folder)
end
