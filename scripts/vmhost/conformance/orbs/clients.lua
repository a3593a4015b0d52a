-- What real clients send, and what they make of the answers.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local conformance = require "vmhost.conformance"
local values = require "vmhost.conformance.orbs.values"

-- JavaScript's Buffer as JSON.
local function buffer(bytes)
  return { type = "Buffer", data = { bytes:byte(1, -1) } }
end

local function decimal(number)
  return ("%s"):format(number)
end

local TO_CLIENT = {
  uint32 = function(number) return number end,
  uint64 = function(number) return conformance.decimal(number) end,
  uint256 = decimal,
  string = function(text) return text end,
  bool = function(value) return value end,
  bytes = buffer,
  bytes20 = buffer,
  bytes32 = buffer,
}

local function argument_of_client(argument)
  local element = argument.type:match "^(.*)%[%]$"
  local convert = TO_CLIENT[element or argument.type]
  if not element then return { type = argument.type, value = convert(argument.value) } end
  local list = {}
  for index, value in ipairs(argument.value) do list[index] = convert(value) end
  return { type = element .. "Array", value = list }
end

local function arguments_of_client(list)
  if type(list) == "string" then list = codec.unpack_arguments(list) end
  local converted = {}
  for index, argument in ipairs(list) do converted[index] = argument_of_client(argument) end
  return converted
end

local function events_of_client(list)
  if type(list) == "string" then list = codec.unpack_events(list) end
  local converted = {}
  for index, event in ipairs(list) do
    converted[index] = { contractName = event.contract_name, eventName = event.event_name,
      arguments = arguments_of_client(event.output_argument_array) }
  end
  return converted
end

-- The outcome of a run, or what the client says when there was none.
local function outcome_of_client(result)
  if not result then
    return { executionResult = "NOT_EXECUTED", outputArguments = {}, outputEvents = {} }
  end
  return {
    executionResult = result.execution_result,
    outputArguments = arguments_of_client(result.output_argument_array),
    outputEvents = events_of_client(result.output_events_array),
  }
end

local function request_of_client(result, into)
  into.requestStatus = result.request_status
  into.blockHeight = conformance.decimal(result.block_height)
  into.blockTimestamp = values.iso_time(result.block_timestamp)
  return into
end

local function transaction_response(response)
  local receipt = response.transaction_receipt
  local converted = request_of_client(response.request_result, outcome_of_client(receipt))
  converted.txHash = receipt and buffer(receipt.txhash) or ""
  converted.transactionStatus = response.transaction_status
  return converted
end

local function receipt_proof_response(response)
  local receipt = response.transaction_receipt
  local converted = transaction_response(response)
  converted.packedProof = buffer(response.packed_proof)
  converted.packedReceipt = buffer(receipt and codec.encode("TransactionReceipt", receipt) or "")
  return converted
end

local function query_response(response)
  return request_of_client(response.request_result, outcome_of_client(response.query_result))
end

local function header_of_client(header)
  return {
    protocolVersion = header.protocol_version,
    virtualChainId = header.virtual_chain_id,
    blockHeight = conformance.decimal(header.block_height),
    prevBlockHash = buffer(header.prev_block_hash_ptr),
    timestamp = values.iso_time(header.timestamp),
    blockProposerAddress = buffer(header.block_proposer_address),
    referenceTime = header.reference_time,
  }
end

local function block_transaction(signed, receipts)
  local transaction = signed.transaction
  local bytes = codec.encode("Transaction", transaction)
  local hash = codec.transaction_hash(bytes)
  local converted = outcome_of_client(receipts[hash])
  converted.txHash = values.hex(hash)
  converted.txId = values.hex(codec.transaction_id(bytes))
  converted.protocolVersion = transaction.protocol_version
  converted.virtualChainId = transaction.virtual_chain_id
  converted.timestamp = values.iso_time(transaction.timestamp)
  converted.signerPublicKey = buffer(transaction.signer.eddsa.signer_public_key)
  converted.contractName = transaction.contract_name
  converted.methodName = transaction.method_name
  converted.inputArguments = arguments_of_client(transaction.input_argument_array)
  return converted
end

local function block_response(response)
  local transactions_header = response.transactions_block_header
  local results_header = response.results_block_header
  local transactions_client = header_of_client(transactions_header)
  transactions_client.numTransactions = transactions_header.num_signed_transactions
  local results_client = header_of_client(results_header)
  results_client.transactionsBlockHash = buffer(results_header.transactions_block_hash_ptr)
  results_client.numTransactionReceipts = results_header.num_transaction_receipts

  local receipts, transactions = {}, {}
  for _, receipt in ipairs(response.transaction_receipts) do receipts[receipt.txhash] = receipt end
  for index, signed in ipairs(response.signed_transactions) do
    transactions[index] = block_transaction(signed, receipts)
  end
  local function hash_of(message, header)
    return values.hex(crypto.sha256(codec.encode(message, header)))
  end
  return request_of_client(response.request_result, {
    transactionsBlockHash = hash_of("TransactionsBlockHeader", transactions_header),
    transactionsBlockHeader = transactions_client,
    resultsBlockHash = hash_of("ResultsBlockHeader", results_header),
    resultsBlockHeader = results_client,
    transactions = transactions,
  })
end

local RESPONSES = {
  SendTransactionResponse = transaction_response,
  GetTransactionStatusResponse = transaction_response,
  GetTransactionReceiptProofResponse = receipt_proof_response,
  RunQueryResponse = query_response,
  GetBlockResponse = block_response,
}

local function run_responses(case)
  local convert = RESPONSES[case.message]
  if not convert then values.fault("message: unknown response '%s'", tostring(case.message)) end
  local response = codec.decode(case.message, values.bytes(case.input_hex))
  return {
    expected = conformance.exact(convert(response)),
    input_hex = values.hex(codec.encode(case.message, response)),
  }
end

local function inputs_as_arguments(input)
  local list, types = {}, input.InputArgumentsTypes
  if #types ~= #input.InputArguments then
    values.fault "InputArguments and InputArgumentsTypes are not of one length"
  end
  for index, value in ipairs(input.InputArguments) do
    list[index] = values.argument(types[index], value)
  end
  return list
end

local function client_fields(input)
  values.check_keys(input, "ProtocolVersion VirtualChainId Timestamp NetworkType PublicKey "
    .. "ContractName MethodName InputArguments InputArgumentsTypes", "input")
  return {
    protocol_version = values.integer(input.ProtocolVersion),
    virtual_chain_id = values.integer(input.VirtualChainId),
    timestamp = values.nanoseconds(input.Timestamp),
    signer = { eddsa = { network_type = input.NetworkType,
      signer_public_key = values.base64(input.PublicKey) } },
    contract_name = input.ContractName,
    method_name = input.MethodName,
    input_argument_array = inputs_as_arguments(input),
  }
end

-- A client keeps seed and public key as one private key.
local function seed_of(case, public_key)
  local private_key = values.base64(case.private_key_base64)
  if private_key:sub(33) ~= public_key
    or crypto.ed25519.public_key(private_key:sub(1, 32)) ~= public_key then
    values.fault "private_key_base64 is not the key of PublicKey"
  end
  return private_key:sub(1, 32)
end

local function send_request(case)
  local fields = client_fields(case.input)
  local bytes = codec.encode("Transaction", fields)
  local seed = seed_of(case, fields.signer.eddsa.signer_public_key)
  local signature = crypto.ed25519.sign(seed, codec.transaction_hash(bytes))
  return { signed_transaction = { transaction = fields, signature = signature } },
    { tx_id_hex = values.hex(codec.transaction_id(bytes)), signature_length = #signature }
end

local function query_request(case)
  local query, signature = client_fields(case.input), ""
  if case.private_key_base64 then
    local seed = seed_of(case, query.signer.eddsa.signer_public_key)
    signature = crypto.ed25519.sign(seed, codec.query_hash(codec.encode("Query", query)))
  end
  return { signed_query = { query = query, signature = signature } },
    { signature_length = #signature }
end

local function transaction_ref(protocol_version, virtual_chain_id, id)
  if #id ~= 40 then values.fault("a transaction id is 40 bytes, got %d", #id) end
  return { transaction_ref = {
    protocol_version = protocol_version,
    virtual_chain_id = virtual_chain_id,
    transaction_timestamp = ("<i8"):unpack(id),
    txhash = id:sub(9),
  } }
end

local function status_request(case)
  values.check_keys(case.input, "ProtocolVersion VirtualChainId TxId", "input")
  local id = values.base64(case.input.TxId)
  return transaction_ref(values.integer(case.input.ProtocolVersion),
    values.integer(case.input.VirtualChainId), id), { tx_id_hex = values.hex(id) }
end

local function block_request(case)
  values.check_keys(case.input, "ProtocolVersion VirtualChainId BlockHeight", "input")
  return {
    protocol_version = values.integer(case.input.ProtocolVersion),
    virtual_chain_id = values.integer(case.input.VirtualChainId),
    block_height = values.integer(case.input.BlockHeight),
  }, {}
end

local REQUESTS = {
  SendTransactionRequest = send_request,
  RunQueryRequest = query_request,
  GetTransactionStatusRequest = status_request,
  GetTransactionReceiptProofRequest = status_request,
  GetBlockRequest = block_request,
}

local function run_sdk_codec(case)
  local build = REQUESTS[case.message]
  if not build then values.fault("message: unknown request '%s'", tostring(case.message)) end
  local fields, expected = build(case)
  expected.expected_hex = values.hex(values.encode(case.message, fields))
  return expected
end

-- The protocol version that this client sends.
local CLIENT_PROTOCOL_VERSION = 1

local function http_fields(message, input)
  values.check_keys(input, "virtual_chain_id tx_id block_height", "input")
  if message == "GetBlockRequest" then
    return {
      protocol_version = CLIENT_PROTOCOL_VERSION,
      virtual_chain_id = input.virtual_chain_id,
      block_height = values.integer(input.block_height),
    }
  elseif message == "GetTransactionStatusRequest"
    or message == "GetTransactionReceiptProofRequest" then
    return transaction_ref(CLIENT_PROTOCOL_VERSION, input.virtual_chain_id,
      values.bytes(tostring(input.tx_id):gsub("^0x", "")))
  end
  return values.fault("unknown request '%s'", message)
end

-- GetBlock is sent to get-block.
local function run_http(case)
  local request = tostring(case.name):match "^request_(%a+)$"
  if not request then values.fault "name: request_ and the name of a request expected" end
  local message = request .. "Request"
  return {
    method = "POST",
    path = "/api/v1/" .. request:gsub("%u", "-%0"):sub(2):lower(),
    content_type = "application/membuffers",
    expected_hex = values.hex(values.encode(message, http_fields(message, case.input))),
  }
end

return {
  {
    name = "responses",
    inputs = { "message" },
    fits = function(case) return case.input_hex ~= nil and case.expected ~= nil end,
    run = run_responses,
  },
  {
    name = "sdk_codec",
    inputs = { "message", "input", "private_key_base64" },
    fits = function(case) return case.message ~= nil and type(case.input) == "table" end,
    run = run_sdk_codec,
  },
  {
    name = "http",
    inputs = { "input" },
    fits = function(case) return case.path ~= nil and case.content_type ~= nil end,
    run = run_http,
  },
}
