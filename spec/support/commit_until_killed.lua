--- Commits block after block until it is killed; run as a program of its own.
-- Prints its process id, and `open` once the storage is. The log gets a line before and one after
-- each commit; log_writes.c adds one before and after each write of LevelDB.
-- Usage: commit_until_killed.lua FOLDER LOG
local crash_blocks = require "spec.support.crash_blocks"
local state_storage = require "vmhost.state_storage"

local log = assert(io.open(arg[2], "a"))
log:setvbuf "no"
io.stdout:setvbuf "no"

local stat <close> = assert(io.open "/proc/self/stat")
print((stat:read "a"):match "^%d+")

local storage = assert(state_storage.open { path = arg[1], genesis = crash_blocks.genesis })
print "open"
while true do
  local height = storage:last_committed_block_info().height + 1
  local block = crash_blocks.block(height)
  log:write(("begin %d\n"):format(height))
  assert(storage:commit_state_diff(block) == height + 1)
  log:write(("end %d\n"):format(height))
end
