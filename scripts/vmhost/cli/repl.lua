-- vmhost repl [DIR]
local repl = { summary = "Talk to a chain in Lua." }

function repl.configure(parser)
  parser:argument("dir", "Folder of the chain (default: a new one in memory)."):args "?"
end

function repl.run(given)
  local status, message, code = require("vmhost.repl").run { dir = given.dir }
  if not status then return nil, message, code end
  return status == 0
end

return repl
