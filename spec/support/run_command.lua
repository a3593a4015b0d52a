--- Runs a program and gives all it prints, errors included, and its exit status.
-- `run_command { "env", "A=1", "vmhost", "--help" }`: each word arrives as it is written.
-- @tparam {string,...} words program and arguments
-- @tparam[opt] string folder current folder of the program
-- @treturn string output
-- @treturn integer exit status
local function quote(word)
  return "'" .. word:gsub("'", "'\\''") .. "'"
end

return function(words, folder)
  local quoted = {}
  for index, word in ipairs(words) do quoted[index] = quote(word) end
  local enter = folder and ("cd %s && "):format(quote(folder)) or ""
  local pipe = assert(io.popen(enter .. table.concat(quoted, " ") .. " 2>&1"))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  return output, status
end
