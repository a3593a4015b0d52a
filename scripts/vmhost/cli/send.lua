-- vmhost send DIR CONTRACT METHOD [ARGUMENT...], vmhost send DIR --set FILE
local arguments = require "vmhost.operator.arguments"
local crypto = require "vmhost.crypto"
local record = require "vmhost.operator.record"
local sending = require "vmhost.operator.sending"

local send = { summary = "Sign transactions and commit them as a block." }

function send.configure(parser)
  parser:description("Sign a transaction, pre-order and run it, commit the block and show the "
    .. "receipt. Arguments are written as TYPE:VALUE (uint64:17, bytes:0x0102, uint32[]:1,2) or as "
    .. "a bare word, which takes the type of the parameter where that is known; else an integer is "
    .. "a uint64, 0x... bytes, and the rest a string.")
  parser:argument("dir", "Folder of the chain.")
  parser:argument("contract", "Name of the service."):args "?"
  parser:argument("method", "Method."):args "?"
  parser:argument("arguments", "Arguments of the method."):args "*"
  parser:option("--set", "Send many as one set: a file of JSON, one object a line, with contract, "
    .. "method, arguments and key, or with signed_transaction in hex."):argname "FILE"
  sending.configure(parser)
end

local function sign(chain, given, call, timestamp)
  local key, message, code = sending.key(given, call.key)
  if not key then return nil, message, code end
  local list, why, why_code = arguments.read(call.arguments or {},
    chain.host:describe(call.contract), call.method)
  if not list then return nil, why, why_code end
  return chain:sign({ key = key, contract_name = call.contract, method_name = call.method,
    arguments = list }, timestamp)
end

local FIELDS = { contract = true, method = true, arguments = true, key = true,
  signed_transaction = true }

-- As on the command line, each argument is a word.
local function check_arguments(list)
  if list == nil then return true end
  if not record.is_list(list) then return nil, "arguments: list expected" end
  for index, text in ipairs(list) do
    if type(text) ~= "string" then return nil, ("arguments[%d]: text expected"):format(index) end
  end
  return true
end

local function check_call(call)
  if not call or record.is_list(call) then return nil, "no JSON object" end
  for name, value in pairs(call) do
    if not FIELDS[name] then return nil, ("unknown field '%s'"):format(name) end
    if name ~= "arguments" and type(value) ~= "string" then
      return nil, ("%s: text expected"):format(name)
    end
    if call.signed_transaction and name ~= "signed_transaction" then
      return nil, ("signed_transaction and %s are given"):format(name)
    end
  end
  if call.signed_transaction then return true end
  if call.contract and call.method then return check_arguments(call.arguments) end
  return nil, "contract and method, or signed_transaction expected"
end

local function signed_of_line(chain, given, line, timestamp)
  local call = record.decode(line)
  local good, why = check_call(call)
  if not good then return nil, why, "invalid_input" end
  if not call.signed_transaction then return sign(chain, given, call, timestamp) end
  local bytes, fault = crypto.unhex((call.signed_transaction:gsub("^0x", "")))
  if not bytes then return nil, "signed_transaction: " .. fault, "malformed" end
  return bytes
end

-- Each transaction has a time of its own, so that two equal ones have two hashes.
local function signed_of_file(chain, given, timestamp)
  local file <close> = io.open(given.set, "rb")
  local content = file and file:read "a"
  if not content then return nil, "cannot read " .. given.set, "not_found" end
  local signed, number = {}, 0
  for line in content:gmatch "[^\n]*" do
    number = number + 1
    if line:find "%S" then
      local bytes, why, code = signed_of_line(chain, given, line, timestamp + #signed)
      if not bytes then return nil, ("%s:%d: %s"):format(given.set, number, why), code end
      signed[#signed + 1] = bytes
    end
  end
  return signed
end

function send.run(given, out)
  if given.set and given.contract then
    return nil, "either --set or a contract and method, not both", "usage"
  elseif not given.set and not given.method then
    return nil, "a contract and a method are needed, or --set FILE", "usage"
  end
  return sending.commit(given, out, function(chain, timestamp)
    if given.set then return signed_of_file(chain, given, timestamp) end
    local signed, message, code = sign(chain, given, given, timestamp)
    if not signed then return nil, message, code end
    return { signed }
  end)
end

return send
