--- A second, plain reader and writer of all messages, written from the sheets
-- alone (spec/host.md 2 and 8.1, spec/joins.md 4 and 6) to compare vmhost.codec
-- with. It shares no code and no schema with it.
local naive = {}

naive.enums = {
  network = { RESERVED = 0, MAIN_NET = 77, TEST_NET = 84 },
  result = {
    RESERVED = 0, SUCCESS = 1, ERROR_SMART_CONTRACT = 2, ERROR_INPUT = 3,
    ERROR_CONTRACT_NOT_DEPLOYED = 4, ERROR_UNEXPECTED = 5, NOT_EXECUTED = 6,
  },
  status = {
    RESERVED = 0, COMMITTED = 1, DUPLICATE_TRANSACTION_ALREADY_COMMITTED = 2, PENDING = 3,
    DUPLICATE_TRANSACTION_ALREADY_PENDING = 4, PRE_ORDER_VALID = 5, NO_RECORD_FOUND = 6,
    REJECTED_UNSUPPORTED_VERSION = 7, REJECTED_VIRTUAL_CHAIN_MISMATCH = 8,
    REJECTED_TIMESTAMP_WINDOW_EXCEEDED = 9, REJECTED_SIGNATURE_MISMATCH = 10,
    REJECTED_UNKNOWN_SIGNER_SCHEME = 11, REJECTED_GLOBAL_PRE_ORDER = 12,
    REJECTED_VIRTUAL_CHAIN_PRE_ORDER = 13, REJECTED_SMART_CONTRACT_PRE_ORDER = 14,
    REJECTED_TIMESTAMP_AHEAD_OF_NODE_TIME = 15, REJECTED_CONGESTION = 16,
    REJECTED_NODE_OUT_OF_SYNC = 17,
  },
  request = {
    RESERVED = 0, COMPLETED = 1, IN_PROCESS = 2, BAD_REQUEST = 3, CONGESTION = 4,
    SYSTEM_ERROR = 5, OUT_OF_SYNC = 6, NOT_FOUND = 7,
  },
}

naive.argument_types = {
  "uint32", "uint64", "string", "bytes", "bool", "uint256", "bytes20", "bytes32",
  "uint32[]", "uint64[]", "string[]", "bytes[]", "bool[]", "uint256[]", "bytes20[]", "bytes32[]",
}

-- "type name": a trailing * is a repeated message, a capital a nested one, e: an enum,
-- a | b alternatives of a union, ? a field that is written with all its like or not at all.
local transaction = [[u32 protocol_version; u32 virtual_chain_id; u64 timestamp; Signer signer;
  bytes contract_name; bytes method_name; args input_argument_array]]
local receipt_response = "RequestResult request_result; e:status transaction_status; "
  .. "TransactionReceipt transaction_receipt"

local texts = {
  ArgumentArray = "args arguments",
  StateRecord = "bytes key; bytes value",
  ContractStateDiff = "bytes contract_name; StateRecord* state_diffs",
  Event = "bytes contract_name; bytes event_name; args output_argument_array",
  EventsArray = "Event* events",
  EdDSA01Signer = "e:network network_type; bytes signer_public_key",
  SmartContractCaller = "bytes contract_name",
  Signer = "EdDSA01Signer eddsa | SmartContractCaller smart_contract_caller",
  Transaction = transaction,
  Query = transaction,
  SignedTransaction = "Transaction transaction; bytes signature",
  SignedQuery = "Query query; bytes signature",
  Log = "bytes20 address; bytes topics; bytes data",
  TransactionReceipt = [[bytes txhash; e:result execution_result; args output_argument_array;
    events output_events_array; ?u32 code; ?u64 gas_used; ?bytes32 message_id; ?bytes32 root;
    ?bytes parent; ?bool suspended; ?Log* logs]],
  QueryResult = "e:result execution_result; args output_argument_array; "
    .. "events output_events_array",
  RequestResult = "e:request request_status; u64 block_height; u64 block_timestamp",
  TransactionRef = "u32 protocol_version; u32 virtual_chain_id; u64 transaction_timestamp; "
    .. "bytes txhash",
  SendTransactionRequest = "SignedTransaction signed_transaction",
  RunQueryRequest = "SignedQuery signed_query",
  SendTransactionResponse = receipt_response,
  GetTransactionStatusResponse = receipt_response,
  RunQueryResponse = "RequestResult request_result; QueryResult query_result",
  GetTransactionStatusRequest = "TransactionRef transaction_ref",
  GetTransactionReceiptProofRequest = "TransactionRef transaction_ref",
  GetTransactionReceiptProofResponse = receipt_response .. "; bytes packed_proof",
  GetBlockRequest = "u32 protocol_version; u32 virtual_chain_id; u64 block_height",
  GetBlockResponse = [[RequestResult request_result;
    TransactionsBlockHeader transactions_block_header;
    TransactionsBlockMetadata transactions_block_metadata;
    SignedTransaction* signed_transactions; TransactionsBlockProof transactions_block_proof;
    ResultsBlockHeader results_block_header; TransactionReceipt* transaction_receipts;
    ContractStateDiff* contract_state_diffs; ResultsBlockProof results_block_proof]],
  TransactionsBlockHeader = [[u32 protocol_version; u32 virtual_chain_id; u64 block_height;
    bytes prev_block_hash_ptr; u64 timestamp; bytes transactions_merkle_root_hash;
    bytes metadata_hash; u32 num_signed_transactions; bytes block_proposer_address;
    u32 reference_time]],
  TransactionsBlockMetadata = "",
  ResultsBlockHeader = [[u32 protocol_version; u32 virtual_chain_id; u64 block_height;
    bytes prev_block_hash_ptr; u64 timestamp; bytes receipts_merkle_root_hash;
    bytes state_diff_hash; bytes transactions_block_hash_ptr;
    bytes pre_execution_state_merkle_root_hash; u32 num_transaction_receipts;
    u32 num_contract_state_diffs; bytes block_proposer_address; u32 reference_time]],
  TransactionsBlockProof = "bytes results_block_hash; "
    .. "bytes benchmark_consensus | bytes lean_helix",
  ResultsBlockProof = "bytes transactions_block_hash; "
    .. "bytes benchmark_consensus | bytes lean_helix",
  ReceiptProof = "ResultsBlockHeader header; ResultsBlockProof block_proof; bytes receipt_proof",
  Message = [[u32 version; u32 from_chain; bytes from_service; u32 to_chain; bytes to_service;
    u64 sequence; u16 kind; bytes32 root; bytes32 parent; bytes20 signer; bytes method;
    bytes input; bytes token; uint256 amount; u64 gas; bytes answered_id; bytes context_id;
    u32 code]],
}

local function parse_field(text)
  local optional, kind, name = text:match "^%s*(%??)(%S+)%s+(%S+)%s*$"
  local field = { name = name, kind = kind, optional = optional == "?" }
  if kind:sub(1, 2) == "e:" then
    field.kind, field.enum = "u16", naive.enums[kind:sub(3)]
  elseif kind:find "^%u.*%*$" then
    field.kind, field.message = "list", kind:sub(1, -2)
  elseif kind:find "^%u" then
    field.kind, field.message = "message", kind
  end
  return field
end

naive.schemas = {}
for name, text in pairs(texts) do
  local fields = {}
  for part in text:gmatch "[^;]+" do
    if part:find "|" then
      local union = { kind = "union" }
      for choice in part:gmatch "[^|]+" do union[#union + 1] = parse_field(choice) end
      fields[#fields + 1] = union
    else
      fields[#fields + 1] = parse_field(part)
    end
  end
  naive.schemas[name] = fields
end

local packs = { bool = "B", u16 = "<I2", u32 = "<I4", u64 = "<i8" }
local sizes = { bool = 1, u16 = 2, u32 = 4, u64 = 8, bytes20 = 20, bytes32 = 32, uint256 = 32 }
local alignments = { bool = 1, u16 = 2, union = 2 }

local function pad(bytes, alignment)
  return bytes .. ("\0"):rep(-#bytes % alignment)
end

local function prefixed(bytes)
  return ("<s4"):pack(bytes)
end

local function list_of(items)
  local content = ""
  for _, item in ipairs(items) do content = pad(content, 4) .. prefixed(item) end
  return content
end

local wire_kinds = { uint32 = "u32", uint64 = "u64", string = "bytes" }

local function scalar(kind, value)
  if kind == "bool" then return value and "\1" or "\0" end
  if packs[kind] then return packs[kind]:pack(value) end
  return sizes[kind] and value or prefixed(value)
end

--- One Argument message of `{ type =, value = }`; a uint256 is 32 bytes here.
function naive.argument(argument)
  for index, type_name in ipairs(naive.argument_types) do
    if type_name == argument.type then
      local element, array = type_name:gsub("%[%]$", "")
      local kind = wire_kinds[element] or element
      local content
      if array == 0 then
        content = scalar(kind, argument.value)
      else
        local items = ""
        for _, item in ipairs(argument.value) do
          items = pad(items, alignments[kind] or 4) .. scalar(kind, item)
        end
        content = prefixed(items)
      end
      local alignment = array == 0 and alignments[kind] or 4
      return pad(("<I2"):pack(index - 1), alignment) .. content
    end
  end
  error "no such type"
end

function naive.arguments(list)
  local items = {}
  for index, argument in ipairs(list) do items[index] = naive.argument(argument) end
  return list_of(items)
end

local function messages(name, tables)
  local items = {}
  for index, item in ipairs(tables) do items[index] = naive.encode(name, item) end
  return list_of(items)
end

local function field_bytes(field, value)
  if field.kind == "message" then
    return prefixed(value and naive.encode(field.message, value) or "")
  elseif field.kind == "list" then
    return prefixed(messages(field.message, value))
  elseif field.kind == "args" then
    return prefixed(naive.arguments(value))
  elseif field.kind == "events" then
    return prefixed(messages("Event", value))
  end
  return scalar(field.kind, field.enum and (field.enum[value] or value) or value)
end

function naive.encode(name, fields)
  local bytes = ""
  for _, field in ipairs(naive.schemas[name]) do
    if field.kind == "union" then
      for selector, choice in ipairs(field) do
        if fields[choice.name] ~= nil then
          bytes = pad(bytes, 2) .. ("<I2"):pack(selector - 1)
          bytes = pad(bytes, 4) .. field_bytes(choice, fields[choice.name])
        end
      end
    elseif not field.optional or fields[field.name] ~= nil then
      bytes = pad(bytes, alignments[field.kind] or 4) .. field_bytes(field, fields[field.name])
    end
  end
  return bytes
end

-- Reading: a cursor that gives nil once a field is absent and fails for what does not fit.
local function take(cursor, alignment, size)
  if cursor.at == #cursor.bytes then return nil end
  local start = cursor.at + -cursor.at % alignment
  if start + size > #cursor.bytes then error(cursor) end
  cursor.at = start + size
  return cursor.bytes:sub(start + 1, start + size)
end

local function take_bytes(cursor)
  local length = take(cursor, 4, 4)
  if not length then return "" end
  local size = ("<I4"):unpack(length)
  if cursor.at + size > #cursor.bytes then error(cursor) end
  cursor.at = cursor.at + size
  return cursor.bytes:sub(cursor.at - size + 1, cursor.at)
end

--- Items of an array; a cut one is empty and the last.
function naive.items(content)
  local items, at = {}, 0
  while at < #content do
    local size = at + 4 <= #content and ("<I4"):unpack(content, at + 1)
    if not size or at + 4 + size > #content then
      items[#items + 1] = ""
      break
    end
    items[#items + 1] = content:sub(at + 5, at + 4 + size)
    at = at + 4 + size
    at = at + -at % 4
  end
  return items
end

local function take_field(cursor, field)
  local kind = field.kind
  if not sizes[kind] then return take_bytes(cursor) end
  local content = take(cursor, alignments[kind] or 4, sizes[kind])
  if kind == "bool" then return content == "\1" end
  if packs[kind] then return content and (packs[kind]:unpack(content)) or 0 end
  return content or ("\0"):rep(sizes[kind])
end

local function take_union(cursor, union)
  local content = take(cursor, 2, 2)
  if not content then return nil end
  local choice = union[("<I2"):unpack(content) + 1]
  if not choice or cursor.at == #cursor.bytes then error(cursor) end
  return choice, take_field(cursor, choice)
end

local function raw_fields(cursor, schema)
  local raw = {}
  for _, field in ipairs(schema) do
    if field.kind == "union" then
      local choice, content = take_union(cursor, field)
      if choice then raw[#raw + 1] = { choice, content } end
    elseif not field.optional or cursor.at < #cursor.bytes or cursor.extended then
      cursor.extended = cursor.extended or field.optional
      raw[#raw + 1] = { field, take_field(cursor, field) }
    end
  end
  return raw
end

local function enum_name(enum, number)
  for name, value in pairs(enum) do
    if value == number then return name end
  end
  return number
end

local function value_of(field, content)
  if field.enum then return enum_name(field.enum, content) end
  if field.kind == "message" then
    return content ~= "" and naive.decode(field.message, content) or nil
  elseif field.kind == "list" then
    local list = {}
    for index, item in ipairs(naive.items(content)) do
      list[index] = naive.decode(field.message, item)
    end
    return list
  end
  return content
end

--- Reads a message leniently; arguments and events stay packed bytes.
function naive.decode(name, bytes)
  local schema = naive.schemas[name]
  local cursor = { bytes = bytes, at = 0 }
  local good, raw = pcall(raw_fields, cursor, schema)
  if not good and raw ~= cursor then error(raw) end
  if not good or bytes == "" then raw = raw_fields({ bytes = "", at = 0 }, schema) end
  local fields = {}
  for _, pair in ipairs(raw) do fields[pair[1].name] = value_of(pair[1], pair[2]) end
  return fields
end

return naive
