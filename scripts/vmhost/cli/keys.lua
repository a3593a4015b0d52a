-- vmhost keys new NAME, vmhost keys list
local inspect = require "vmhost.inspect"
local key_file = require "vmhost.operator.key_file"
local record = require "vmhost.operator.record"

local keys = { summary = "Make and list the keys that sign transactions." }

local DEFAULT_FILE = "vmhost-keys.json"

function keys.configure(parser)
  parser:require_command(true):command_target "keys_command"
  local new = parser:command("new", "Make a key and add it to the file.")
  new:argument("name", "Name of the key.")
  local list = parser:command("list", "List names and addresses.")
  for _, command in ipairs { new, list } do
    command:option("--file", "The key file.", DEFAULT_FILE)
    command:flag("--json", "Print JSON, one object a line.")
  end
end

local function show(key, out)
  out:show(record.object { { "name", key.name }, { "address", inspect.address(key.address) },
    { "public_key", record.hex(key.public_key) } },
    ("%-12s %s"):format(key.name, inspect.address(key.address)))
end

function keys.run(given, out)
  if given.keys_command == "new" then
    local key, message, code = key_file.add(given.file, given.name)
    if not key then return nil, message, code end
    show(key, out)
    return true
  end
  local all, message, code = key_file.read(given.file)
  if not all then return nil, message, code end
  for _, name in ipairs(key_file.sorted_names(all)) do show(all[name], out) end
  return true
end

return keys
