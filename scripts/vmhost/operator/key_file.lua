--- The keys that sign: a JSON file of names, each with seed, public key and address.
-- Seeds are secret: the file is made readable for its owner alone.
-- @module vmhost.operator.key_file
local json = require "dkjson"
local crypto = require "vmhost.crypto"
local record = require "vmhost.operator.record"

local key_file = {}

local function sorted_names(keys)
  local names = {}
  for name in pairs(keys) do names[#names + 1] = name end
  table.sort(names)
  return names
end
key_file.sorted_names = sorted_names

local function key_of(path, name, entry)
  local seed = type(entry) == "table" and type(entry.seed) == "string" and crypto.unhex(entry.seed)
  if not seed or #seed ~= 32 then
    return nil, ("%s: the seed of '%s' is not 64 hex digits"):format(path, name), "malformed"
  end
  local public_key = assert(crypto.ed25519.public_key(seed))
  return { name = name, seed = seed, public_key = public_key,
    address = crypto.address_of_client(public_key) }
end

local function no_file(path)
  return nil, ("no key file %s: make a key with 'vmhost keys new NAME'"):format(path), "not_found"
end

--- Reads a key file.
-- @tparam string path
-- @treturn[1] table name -> `{ name=, seed=, public_key=, address= }`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found` or `malformed`
function key_file.read(path)
  local file <close> = io.open(path, "rb")
  if not file then return no_file(path) end
  local entries, why = record.decode(file:read "a" or "")
  if not entries then return nil, ("%s is no key file: %s"):format(path, why), "malformed" end
  local keys = {}
  for _, name in ipairs(sorted_names(entries)) do
    local key, message, code = key_of(path, name, entries[name])
    if not key then return nil, message, code end
    keys[name] = key
  end
  return keys
end

local function quote(path)
  return "'" .. path:gsub("'", "'\\''") .. "'"
end

-- Makes the file that takes the place of the old one, for this program alone. The shell does it:
-- only a umask keeps others from reading it at any time, and `set -C` takes no file that is there,
-- so that two programs that each add a key do not lose one of them.
local function make_new_file(path)
  local new_path = path .. ".new"
  if os.execute("umask 077 && set -C && : 2>/dev/null > " .. quote(new_path)) then
    return new_path
  end
  local is_there <close> = io.open(new_path)
  if not is_there then return nil, "cannot write " .. path, "store_io" end
  return nil, ("%s is there: keys are being added, or that was broken off; then remove it"):format(
    new_path), "store_locked"
end

-- Written beside and then renamed: a failure leaves the old file.
local function write(path, new_path, keys)
  local content = {}
  for name, key in pairs(keys) do
    content[name] = setmetatable({ seed = crypto.hex(key.seed),
      public_key = crypto.hex(key.public_key), address = crypto.address_text(key.address) },
      { __jsonorder = { "seed", "public_key", "address" } })
  end
  local text = json.encode(content, { indent = true, keyorder = sorted_names(keys) })
  local file <close> = io.open(new_path, "wb")
  if not (file and file:write(text, "\n") and file:close() and os.rename(new_path, path)) then
    return nil, "cannot write " .. path, "store_io"
  end
  return true
end

local function add(path, new_path, name)
  local keys, message, code = key_file.read(path)
  if not keys and code ~= "not_found" then return nil, message, code end
  keys = keys or {}
  if keys[name] then
    return nil, ("%s has a key '%s' already"):format(path, name), "invalid_input"
  end
  local key
  key, message, code = key_of(path, name, { seed = crypto.hex(assert(crypto.new_seed())) })
  if not key then return nil, message, code end
  keys[name] = key
  local written
  written, message, code = write(path, new_path, keys)
  if not written then return nil, message, code end
  return key
end

--- Makes a key and adds it to a file, which is made when it is absent.
-- @tparam string path
-- @tparam string name
-- @treturn[1] table the key
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `usage` for a name that `find` would take for a file, `invalid_input`
-- for one that is taken, `store_locked` where another program adds a key, or as of `read`
function key_file.add(path, name)
  if name == "" or name:find "[%c/]" or name:find "%.json$" then
    return nil, ("'%s' cannot name a key: it is empty, or looks like a file"):format(name), "usage"
  end
  local new_path, message, code = make_new_file(path)
  if not new_path then return nil, message, code end
  local key
  key, message, code = add(path, new_path, name)
  if not key then os.remove(new_path) end
  return key, message, code
end

local function only_key(path, keys)
  local names = sorted_names(keys)
  if #names == 1 then return keys[names[1]] end
  if #names == 0 then return nil, path .. " has no keys", "not_found" end
  return nil, ("%s has %d keys (%s): name one with --key"):format(path, #names,
    table.concat(names, ", ")), "usage"
end

--- Finds the key that signs.
-- @tparam string path key file
-- @tparam[opt] string wanted name of a key, or another key file of one key; default the only one
-- @treturn[1] table key
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `usage` for a key that is not there, or as of `read`
function key_file.find(path, wanted)
  local is_file = wanted and (wanted:find "/" or wanted:find "%.json$")
  if is_file then path = wanted end
  local keys, message, code = key_file.read(path)
  if not keys then return nil, message, code end
  if is_file or not wanted then return only_key(path, keys) end
  if not keys[wanted] then
    return nil, ("%s has no key '%s' (it has: %s)"):format(path, wanted,
      table.concat(sorted_names(keys), ", ")), "usage"
  end
  return keys[wanted]
end

return key_file
