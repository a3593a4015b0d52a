-- vmhost run SCRIPT [WORD...]
local run = { summary = "Run a Lua script, with vmhost at hand." }

function run.configure(parser)
  parser:description "Run a Lua script with vmhost on its path and the words behind it in arg."
  parser:argument("script", "Lua file.")
  parser:argument("words", "What the script finds in arg."):args "*"
end

function run.run(given)
  local chunk, message = loadfile(given.script, "t")
  if not chunk then return nil, message, "invalid_input" end
  _G.arg = { [0] = given.script, table.unpack(given.script_words) }
  local good, why = pcall(chunk, table.unpack(given.script_words))
  if not good then return nil, tostring(why), "script_error" end
  return true
end

return run
