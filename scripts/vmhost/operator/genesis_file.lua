--- Genesis files: Lua that returns a genesis table, and sees nothing but the names below.
--
-- `hex "0x0102"` gives bytes, `word "1000000"` a uint256, `read "token.lua"` the content of a file
-- beside the genesis file.
-- @module vmhost.operator.genesis_file
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local genesis_file = {}

-- Raises where the genesis file called.
local function hex(text)
  local bytes, why = crypto.unhex((tostring(text):gsub("^0x", "")))
  return bytes or error(("hex: %s"):format(why), 2)
end

local function reader(folder)
  return function(name)
    local path = name:find "^/" and name or folder .. name
    local file <close> = io.open(path, "rb")
    local content = file and file:read "a"
    return content or error(("read: cannot read %s"):format(path), 2)
  end
end

-- A binary chunk, or a tail call, leaves no file and line to name.
local function with_file(path, message)
  message = tostring(message)
  return message:find(path, 1, true) == 1 and message or path .. ": " .. message
end

-- Where this program found the fault is nothing to the author of the file.
local function without_place(message)
  return (tostring(message):gsub("^[^%s]+%.lua:%d+: ", ""))
end

--- Reads and checks a genesis file.
-- @tparam string path
-- @treturn[1] table genesis
-- @return[2] nil
-- @treturn[2] string message with the file, and the line of an error in it
-- @treturn[2] string code `not_found` or `invalid_input`
function genesis_file.read(path)
  local file <close> = io.open(path, "rb")
  local text = file and file:read "a"
  if not text then return nil, "cannot read " .. path, "not_found" end
  local environment = { hex = hex, word = word.new, read = reader(path:match "^(.*/)" or "") }
  local chunk, why = load(text, "@" .. path, "t", environment)
  if not chunk then return nil, with_file(path, why), "invalid_input" end
  local good, genesis = pcall(chunk)
  if not good then return nil, with_file(path, genesis), "invalid_input" end
  if type(genesis) ~= "table" then
    return nil, ("%s: returns a %s, and not a genesis table"):format(path, type(genesis)),
      "invalid_input"
  end
  good, why = pcall(codec.pack_genesis, genesis)
  if not good then return nil, ("%s: %s"):format(path, without_place(why)), "invalid_input" end
  return genesis
end

return genesis_file
