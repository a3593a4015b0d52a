-- vmhost verify FILE, or the parts of a proof as options
local arguments = require "vmhost.operator.arguments"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"
local state_storage = require "vmhost.state_storage"

local verify = { summary = "Check a proof; no chain is needed." }

local FIELDS = { "root", "rule_set", "contract", "key", "value", "proof" }
function verify.configure(parser)
  parser:argument("proof_file", "What vmhost proof --json printed; - reads it from the input.")
    :args "?"
  parser:option("--root", "State root, in hex.")
  parser:option("--rule-set", "Rule set of the chain (default: vmhost-1).")
  parser:option("--contract", "Name of the service.")
  parser:option("--key", "Key; 0x... is hex.")
  parser:option("--value", "Value; 0x... is hex; empty or left out: that the key has none.")
  parser:option("--proof", "The proof, in hex.")
end

local function read_file(path)
  if not path then return {} end
  local file = path == "-" and io.stdin or io.open(path, "rb")
  if not file then return nil, "cannot read " .. path, "not_found" end
  local content, why = record.decode(file:read "a" or "")
  if path ~= "-" then file:close() end
  if not content then return nil, ("%s: %s"):format(path, why), "malformed" end
  return content
end

local function read_part(name, text)
  if type(text) ~= "string" then return nil, name .. ": text expected", "usage" end
  if name == "contract" then
    return text
  elseif name == "rule_set" then
    if not pcall(state_storage.trie_path, text, "", "") then
      return nil, ("unknown rule set '%s'"):format(text), "usage"
    end
    return text
  elseif name == "root" or name == "proof" then
    local bytes = arguments.hash(text)
    if not bytes then return nil, name .. ": hex digits expected", "usage" end
    return bytes
  end
  return arguments.bytes(text)
end

-- The options, and from the file what they leave open.
local function read_claim(given)
  local content, message, code = read_file(given.proof_file)
  if not content then return nil, message, code end
  local claim = { rule_set = "vmhost-1", value = "" }
  for _, name in ipairs(FIELDS) do
    local text = given[name] or content[name]
    if text ~= nil then
      claim[name], message, code = read_part(name, text)
      if not claim[name] then return nil, message, code end
    end
  end
  for _, name in ipairs(FIELDS) do
    if not claim[name] then return nil, ("--%s is missing"):format(name), "usage" end
  end
  if #claim.root ~= 32 then return nil, "root: 32 bytes expected", "usage" end
  return claim
end

function verify.run(given, out)
  local claim, message, code = read_claim(given)
  if not claim then return nil, message, code end
  local good, why = state_storage.verify_proof(claim)
  out:show(record.object { { "verified", good == true }, { "error", why } },
    good and inspect.proof(claim) .. "\nverified"
    or "not verified: " .. (why or "the proof shows something else"))
  return good == true
end

return verify
