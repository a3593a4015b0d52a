--- Files that are read whole.
-- @module vmhost.file
local file = {}

--- Reads a file.
-- @tparam string path
-- @treturn[1] string content
-- @return[2] nil
-- @treturn[2] string message that names the path
-- @treturn[2] string code `not_found`; `store_io` for what cannot be read, such as a folder
function file.read(path)
  local opened <close>, message = io.open(path, "rb")
  if not opened then return nil, message, "not_found" end
  local content, fault = opened:read "a"
  if not content then return nil, ("cannot read %s: %s"):format(path, fault), "store_io" end
  return content
end

return file
