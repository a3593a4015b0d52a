--- A folder in which `vmhost` is run as a user would: with keys of alice and bob, and a genesis.
--
--     local place <close> = command_line.new()
--     place:init()
--     local output, status = place:vmhost("query", "chain", "BenchmarkToken", "getBalance", "0x..")
local lfs = require "lfs"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local command_line = {}

local GENESIS = [[
return { virtual_chain_id = 42, native_contracts = { "BenchmarkToken", "BenchmarkContract" } }
]]

-- Seeds of 32 equal bytes.
local KEYS = ('{"alice":{"seed":"%s"},"bob":{"seed":"%s"}}'):format(("01"):rep(32), ("02"):rep(32))

-- Of these seeds, by OpenSSL: the public key, and of its SHA-256 the last 20 bytes.
command_line.alice = "0xaabe933be154a4b5094e1c4abf42866505f3c97e"
command_line.alice_key = "0x8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c"
command_line.bob = "0x9ba4729212f7caac08634cc3ae76b27529f03827"

-- 2020-09-13 12:26:41 UTC, and one second later.
command_line.first_time = "1600000001000000000"
command_line.second_time = "1600000002000000000"

local Place = {}
Place.__index = Place
Place.__close = function(place) getmetatable(place.folder).__close(place.folder) end

--- Opens a folder with further files.
-- @tparam[opt] {string=string} files
function command_line.new(files)
  local all = { ["genesis.lua"] = GENESIS, ["vmhost-keys.json"] = KEYS }
  for name, content in pairs(files or {}) do all[name] = content end
  return setmetatable({ folder = temporary_folder(all) }, Place)
end

--- Runs vmhost in the folder.
-- @treturn string what it prints, errors included
-- @treturn integer exit status
function Place:vmhost(...)
  return run_command({ "env", "-u", "LUA_PATH", "-u", "LUA_CPATH",
    lfs.currentdir() .. "/scripts/bin/vmhost", ... }, self.folder.path)
end

--- Makes the chain `chain`.
function Place:init()
  local output, status = self:vmhost("init", "genesis.lua", "chain")
  assert(status == 0, output)
end

--- Sends a transaction of alice.
-- @treturn string output
-- @treturn integer exit status
function Place:send(...)
  return self:vmhost("send", "chain", "--key", "alice", ...)
end

--- Makes the chain, and a block in which alice, who owns all tokens, pays 17 to bob.
function command_line.with_payment(files)
  local place = command_line.new(files)
  place:init()
  local output, status = place:send("--timestamp", command_line.first_time, "BenchmarkToken",
    "transfer", "17", command_line.bob)
  assert(status == 0, output)
  return place
end

return command_line
