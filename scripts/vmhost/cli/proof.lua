-- vmhost proof DIR CONTRACT KEY [--height HEIGHT]
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local inspect = require "vmhost.inspect"
local record = require "vmhost.operator.record"

local proof = { summary = "Prove the value of a key, or that it has none." }

function proof.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("contract", "Name of the service.")
  parser:argument("key", "Key; 0x... is hex."):convert(arguments.bytes)
  parser:option("--height", "At this height (default: the last one)."):convert(arguments.integer)
end

-- The proof itself in full, so that it can be handed on; vmhost verify reads the JSON form.
local function text_of(claim)
  return (inspect.proof(claim):gsub("(\n +proof +)[^\n]*$", "%1" .. record.hex(claim.proof)))
end

function proof.run(given, out)
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  local storage = opened.storage
  local height = given.height or storage:last_committed_block_info().height
  local value, no_value, no_value_code = storage:read(given.contract, given.key, height)
  if not value then return nil, no_value, no_value_code end
  local bytes, no_proof, no_proof_code = storage:prove(given.contract, given.key, height)
  if not bytes then return nil, no_proof, no_proof_code end

  local claim = { root = assert(storage:state_hash(height)), rule_set = storage:genesis().rule_set,
    contract = given.contract, key = given.key, value = value, proof = bytes }
  out:show(record.object { { "block_height", record.uint64(height) },
    { "root", record.hex(claim.root) }, { "rule_set", claim.rule_set },
    { "contract", claim.contract }, { "key", record.hex(claim.key) },
    { "value", record.hex(value) }, { "proof", record.hex(bytes) } }, text_of(claim))
  return true
end

return proof
