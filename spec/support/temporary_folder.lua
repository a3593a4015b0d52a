--- A folder for one spec, removed with all it holds when its variable ends:
-- `local folder <close> = temporary_folder { ["core/base/a.c"] = "int a;\n" }`.
-- @treturn table with `path`
local lfs = require "lfs"

local function make_parents(path)
  for position in path:gmatch "()/" do
    if position > 1 then lfs.mkdir(path:sub(1, position - 1)) end
  end
end

local function remove(path)
  if lfs.symlinkattributes(path, "mode") == "directory" then
    for name in lfs.dir(path) do
      if name ~= "." and name ~= ".." then remove(path .. "/" .. name) end
    end
  end
  assert(os.remove(path))
end

return function(files)
  local path = os.tmpname()
  assert(os.remove(path))
  assert(lfs.mkdir(path))
  for name, content in pairs(files or {}) do
    local full_name = path .. "/" .. name
    make_parents(full_name)
    local file <close> = assert(io.open(full_name, "wb"))
    file:write(content)
  end
  return setmetatable({ path = path }, { __close = function() remove(path) end })
end
