-- vmhost query DIR CONTRACT METHOD [ARGUMENT...]
local arguments = require "vmhost.operator.arguments"
local chain = require "vmhost.operator.chain"
local inspect = require "vmhost.inspect"
local key_file = require "vmhost.operator.key_file"
local record = require "vmhost.operator.record"

local query = { summary = "Run a read-only method." }

function query.configure(parser)
  parser:argument("dir", "Folder of the chain.")
  parser:argument("contract", "Name of the service.")
  parser:argument("method", "Method.")
  parser:argument("arguments", "Arguments of the method, as of vmhost send."):args "*"
  parser:option("--height", "Ask the state of this height."):convert(arguments.integer)
  parser:option("--key", "Who asks: a name in the key file, or a key file of one key.")
  parser:option("--file", "The key file.", "vmhost-keys.json")
end

function query.run(given, out)
  local key, no_key, no_key_code
  if given.key then
    key, no_key, no_key_code = key_file.find(given.file, given.key)
    if not key then return nil, no_key, no_key_code end
  end
  local opened <close>, message, code = chain.open(given.dir)
  if not opened then return nil, message, code end
  local list, why, why_code = arguments.read(given.arguments,
    opened.host:describe(given.contract), given.method)
  if not list then return nil, why, why_code end

  local result, failure, failure_code = opened:query({ key = key, contract_name = given.contract,
    method_name = given.method, arguments = list }, given.height)
  if not result then return nil, failure, failure_code end
  out:show(record.object {
    { "execution_result", result.execution_result },
    { "output_arguments", record.list(result.output_arguments, record.argument) },
    { "output_events", record.list(result.output_events, function(event)
      return record.message("Event", event)
    end) },
    { "reference_block_height", record.uint64(result.reference_height) },
    { "reference_block_timestamp", record.uint64(result.reference_timestamp) },
    { "error", failure and record.text(failure) },
  }, inspect.query(result, failure))
  return not failure
end

return query
