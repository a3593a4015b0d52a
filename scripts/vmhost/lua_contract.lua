--- What a contract in Lua is deployed as: its source, and packed arguments of `_init`.
-- @module vmhost.lua_contract
local codec = require "vmhost.codec"
local contract = require "vmhost.contract"
local file = require "vmhost.file"

local lua_contract = {}

local function find_init(interface)
  for _, method in ipairs(interface.methods) do
    if method.name == "_init" then return method end
  end
  return { name = "_init", parameters = {} }
end

--- Reads the source of a contract and makes its parts.
-- @tparam string path of the source
-- @tparam function make_arguments of the `_init` method as `vmhost.contract.describe` gives it:
-- its arguments, as `codec.pack_arguments` takes them; nil and a message where they are wrong
-- @treturn[1] {string,...} parts, as `_Deployments.deployService` takes them
-- @return[2] nil
-- @treturn[2] string message: a refusal with file, line and column
-- @treturn[2] string code
function lua_contract.parts(path, make_arguments)
  local source, message, code = file.read(path)
  if not source then return nil, message, code end
  local interface
  interface, message, code = contract.describe(path, source)
  if not interface then return nil, message, code end
  local arguments
  arguments, message, code = make_arguments(find_init(interface))
  if not arguments then return nil, message, code end
  if #arguments == 0 then return { source } end
  return { source, codec.pack_arguments(arguments) }
end

return lua_contract
