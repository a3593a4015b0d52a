-- One query: a read-only run.
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"

local offchain = {
  name = "offchain",
  inputs = { "sbheight", "sbtime", "toaddress", "code", "inputdata", "prestorage" },
}

function offchain.read(case)
  local read = values.lower_keys(case)
  if type(read) ~= "table" then return read end
  read.err = read.err or ""
  return read
end

function offchain.fits(case)
  return case.code ~= nil and case.toaddress ~= nil
end

function offchain.run(case)
  local world <close> = vite_core.world {
    rule_set = "reference", fork = values.fork_at(case.sbheight or 1), knows_all = true,
  }
  local account = values.address(case.toaddress)
  values.put_storage(world, account, case.prestorage)
  local result = assert(world:run {
    code = values.bytes(case.code), query = true, height = case.sbheight or 1,
    request = { to = account, data = values.bytes(case.inputdata) },
  })
  return { err = result.error or "", returndata = values.hex(result.output) }
end

return offchain
