--- Parses sources of contract Lua by the check `parse`, all in one process.
-- @tparam {string,...} sources
-- @tparam[opt] string options as build/c/parse takes them
-- @treturn {string,...} a line for each source, in order: `ok`, `syntax 1:2: unexpected 'x'`
local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/parse"

return function(sources, options)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  for _, source in ipairs(sources) do file:write(#source, "\n", source) end
  file:close()
  local pipe <close> = assert(io.popen(("%s %s - < %s 2>&1"):format(CHECK, options or "", path)))
  local lines = {}
  for line in pipe:lines() do lines[#lines + 1] = line end
  assert(os.remove(path))
  if #lines ~= #sources then
    error(("%d lines for %d sources, the last: %s"):format(#lines, #sources, lines[#lines]))
  end
  return lines
end
