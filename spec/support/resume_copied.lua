--- `resume_copied.lua FOLDER`: opens the chain in a folder, goes on until nothing waits any more,
-- and prints what its contract wrote and the state root, as a process that knows nothing else.
local fixture = require "vmhost.fixture"

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local chain <close> = assert(fixture.open { path = arg[1] })
for _ = 1, 60 do assert(chain:mine()) end
print((chain:query("Waiter", "log")))
print(hex(chain.storage:state_hash()))
