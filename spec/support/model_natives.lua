--- The contracts of the native processor for the naive model (`spec.support.model`), from
-- spec/host.md 9: `_Deployments` and the contracts for tests. A method gets an sdk and its values.
local crypto = require "vmhost.crypto"
local programs = require "spec.support.programs"

local natives = {}

local GO_NAMES = { uint32 = "uint32", uint64 = "uint64", string = "string", bytes = "[]uint8" }

-- Numbers are as in the state: little-endian, and 0 where there are too few bytes.
local function read_number(sdk, key, format, size)
  local bytes = sdk.read(key)
  return #bytes < size and 0 or (format:unpack(bytes))
end

local function read_u32(sdk, key) return read_number(sdk, key, "<I4", 4) end
local function read_u64(sdk, key) return read_number(sdk, key, "<i8", 8) end
local function write_u32(sdk, key, value) sdk.write(key, ("<I4"):pack(value)) end
local function write_u64(sdk, key, value) sdk.write(key, ("<i8"):pack(value)) end

local function fail(format, ...)
  programs.fail(format:format(...), 4)
end

local function text(value) return { type = "string", value = value } end

function natives.values(arguments)
  local values = {}
  for index, argument in ipairs(arguments) do values[index] = argument.value end
  return values
end

--- Why a call does not reach its method, and the code; nil where it does (spec/host.md 4.4, 5.7).
function natives.check(contract, name, method_name, arguments, scope, context)
  local method = contract.methods[method_name]
  if not method then
    return ("method '%s' not found on contract '%s'"):format(method_name, name), 1
  elseif method.internal and scope ~= "SYSTEM" then
    return ("only system contracts can run method '%s'"):format(method_name),
      method_name == "_init" and 4 or 1
  elseif method.writes and context.read_only and not context.is_reference then
    return ("method '%s.%s' writes state and was called read-only"):format(name, method_name), 2
  end
  local types = method.types or {}
  local count = method.variadic and #types - 1 or #types
  local where = ("method '%s.%s' "):format(name, method_name)
  if #arguments < count then
    local form = method.variadic and "takes at least %d args but received less"
      or "takes %d args but received less"
    return where .. form:format(count), 2
  elseif #arguments > count and not method.variadic then
    return where .. ("takes %d args but received more"):format(count), 2
  end
  for index, argument in ipairs(arguments) do
    local wanted = types[math.min(index, #types)]
    if argument.type ~= wanted then
      local names = context.is_reference and GO_NAMES or {}
      return where .. ("expects arg %d to be %s but it has %s"):format(index - 1,
        names[wanted] or wanted, names[argument.type] or argument.type), 2
    end
  end
end

-- _Deployments

local OWNER <const> = "NativeDeploymentOwner"

local function check_lock(sdk)
  local owner = sdk.read(OWNER)
  if owner ~= "" and owner ~= sdk.signer() then
    fail("native deployment is locked to owner %s", crypto.address_text(owner))
  end
end

local function list_name(sdk, name)
  if natives[name] and natives[name].implicit then fail "a contract with this name exists" end
  if not name:find "^[0-9A-Za-z]+$" then
    fail "contract name must be non empty and contain alpha-numeric characters only"
  end
  local count = read_u32(sdk, "Service_Count")
  for index = 0, count - 1 do
    if sdk.read("Service_At_" .. index) == name:lower() then
      fail "a contract with same name (case insensitive) already exists"
    end
  end
  sdk.write("Service_At_" .. count, name:lower())
  write_u32(sdk, "Service_Count", count + 1)
end

local function deploy(sdk, name, processor, ...)
  if processor == 1 then check_lock(sdk) end
  list_name(sdk, name)
  if read_u32(sdk, name .. ".Processor") ~= 0 then fail "contract already deployed" end
  write_u32(sdk, name .. ".Processor", processor)
  if not sdk.is_reference then
    local hex = crypto.sha256(name):sub(-20):gsub(".", function(char)
      return ("%02x"):format(char:byte())
    end)
    sdk.write("Address_" .. hex, name)
  end
  local parts = table.pack(...)
  if parts.n == 0 then fail "contract doesn't have any code" end
  for index, part in ipairs(parts) do
    sdk.write(name .. (index == 1 and ".Code" or ".Code." .. index - 1), part)
    if index > 1 then write_u32(sdk, name .. ".CodeParts", index - 1) end
  end
  sdk.call(name, "_init", {})
  return {}
end

natives._Deployments = { scope = "SYSTEM", implicit = true, methods = {
  getInfo = { types = { "string" }, run = function(sdk, name)
    local processor = natives[name] and natives[name].implicit and 1
      or read_u32(sdk, name .. ".Processor")
    if processor == 0 then fail "contract not deployed" end
    return { { type = "uint32", value = processor } }
  end },
  getCode = { types = { "string" }, run = function(sdk, name)
    local code = sdk.read(name .. ".Code")
    if code == "" then fail "contract code not available" end
    return { { type = "bytes", value = code } }
  end },
  deployService = { types = { "string", "uint32", "bytes" }, variadic = true, writes = true,
    run = deploy },
  lockNativeDeployment = { writes = true, run = function(sdk)
    local owner = sdk.read(OWNER)
    if owner ~= "" then
      fail("current owner %s must unlockNativeDeployment first", crypto.address_text(owner))
    end
    sdk.write(OWNER, sdk.signer())
    return {}
  end },
  unlockNativeDeployment = { writes = true, run = function(sdk)
    check_lock(sdk)
    sdk.write(OWNER, "")
    return {}
  end },
} }

natives._Info = { scope = "SYSTEM", implicit = true, methods = {
  isAlive = { run = function() return { text "alive" } end },
} }

-- BenchmarkToken and BenchmarkContract

local function check_address(address)
  if #address ~= 20 then
    fail("valid address length is 20 bytes, received %d bytes", #address)
  end
end

natives.BenchmarkToken = { scope = "SERVICE", methods = {
  _init = { internal = true, run = function(sdk)
    write_u64(sdk, sdk.signer(), 10000000000)
    return {}
  end },
  transfer = { types = { "uint64", "bytes" }, run = function(sdk, amount, target)
    local caller = sdk.caller()
    local balance = read_u64(sdk, caller)
    if balance < amount then
      fail("transfer of %d failed since balance is only %d", amount, balance)
    end
    write_u64(sdk, caller, balance - amount)
    check_address(target)
    write_u64(sdk, target, read_u64(sdk, target) + amount)
    return {}
  end },
  getBalance = { types = { "bytes" }, run = function(sdk, address)
    check_address(address)
    return { { type = "uint64", value = read_u64(sdk, address) } }
  end },
} }

natives.BenchmarkContract = { scope = "SERVICE", methods = {
  _init = { internal = true, run = function(sdk)
    write_u64(sdk, "initialized", 1)
    return {}
  end },
  add = { types = { "uint64", "uint64" }, run = function(_, a, b)
    return { { type = "uint64", value = a + b } }
  end },
  set = { types = { "uint64" }, run = function(sdk, value)
    write_u64(sdk, "example-key", value)
    return {}
  end },
  get = { run = function(sdk)
    return { { type = "uint64", value = read_u64(sdk, "example-key") } }
  end },
  throw = { run = function() fail "example error returned by contract" end },
  giveBirth = { types = { "string" }, run = function(sdk, name)
    sdk.emit("BabyBorn", { text(name), { type = "uint32", value = 3 } })
    return {}
  end },
} }

-- Probe, Probe2 and ProbeSystem

local function write_emit(sdk, value)
  sdk.write("w", value)
  sdk.emit("E", { text(value) })
  return {}
end

local probe_methods = {
  _init = { internal = true, run = function() return {} end },
  orderTest = { run = function(sdk)
    sdk.read "k2"
    sdk.write("k1", "a")
    sdk.write("k2", "b")
    sdk.write("k0", "c")
    sdk.write("k1", "d")
    return {}
  end },
  writeEmit = { types = { "string" }, run = write_emit },
  writeEmitFail = { types = { "string" }, run = function(sdk, value)
    write_emit(sdk, value)
    fail("boom %s", value)
  end },
  readW = { run = function(sdk) return { text(sdk.read "w") } end },
  clearW = { run = function(sdk)
    sdk.write("w", "")
    return {}
  end },
  callAndCatch = { types = { "string", "string" }, run = function(sdk, target, value)
    sdk.write("before", value)
    local _, caught = programs.catch(sdk.call, target, "writeEmitFail", { text(value) })
    sdk.write("after", "caught")
    return { text(caught.text) }
  end },
  callAndPropagate = { types = { "string", "string" }, run = function(sdk, target, value)
    sdk.write("before", value)
    sdk.call(target, "writeEmitFail", { text(value) })
    return {}
  end },
  callOk = { types = { "string", "string" }, run = function(sdk, target, value)
    sdk.call(target, "writeEmit", { text(value) })
    return sdk.call(target, "readW", {})
  end },
  callInit = { types = { "string" }, run = function(sdk, target)
    sdk.call(target, "_init", {})
    return {}
  end },
}

natives.Probe = { scope = "SERVICE", methods = probe_methods }
natives.Probe2 = { scope = "SERVICE", methods = probe_methods }
natives.ProbeSystem = { scope = "SYSTEM", methods = probe_methods }

return natives
