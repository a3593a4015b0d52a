local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local orbs_vectors = require "spec.support.orbs_vectors"
local word = require "vmhost.word"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

-- The client prints bytes as { type = "Buffer", data = {...} } and uint64 as text.
local function client_bytes(value)
  return value == "" and "" or string.char(table.unpack(value.data))
end

-- The integer of the same 64 bits, least significant byte first.
local function uint64(text)
  return (("<i8"):unpack((word.new(text):to_bytes():reverse())))
end

local function client_scalar(type_name, value)
  if type_name == "uint256" then return word.new(value) end
  if type_name == "uint64" then return uint64(value) end
  return type(value) == "table" and client_bytes(value) or value
end

local function client_arguments(list)
  local arguments = {}
  for index, argument in ipairs(list) do
    local element, array = argument.type:gsub("Array$", "")
    local value
    if array == 0 then
      value = client_scalar(element, argument.value)
    else
      value = {}
      for i, item in ipairs(argument.value) do value[i] = client_scalar(element, item) end
    end
    arguments[index] = { type = element .. (array == 0 and "" or "[]"), value = value }
  end
  return arguments
end

local function client_events(list)
  local events = {}
  for index, event in ipairs(list) do
    events[index] = {
      contract_name = event.contractName, event_name = event.eventName,
      output_argument_array = client_arguments(event.arguments),
    }
  end
  return events
end

-- Words compare by value, inside lists too.
local function plain(value)
  if type(value) == "userdata" then return tostring(value) end
  if type(value) ~= "table" then return value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = plain(item) end
  return copy
end

describe("responses to a client #small", function()
  for _, case in ipairs(orbs_vectors.cases "responses") do
    local bytes = from_hex(case.input_hex)
    local expected = case.expected

    it("show what the client shows: " .. case.name, function()
      local fields = codec.decode(case.message, bytes)
      local result = fields.query_result or fields.transaction_receipt

      assert.equal(expected.requestStatus, fields.request_result.request_status)
      assert.equal(expected.blockHeight, tostring(fields.request_result.block_height))
      assert.equal(expected.transactionStatus, fields.transaction_status)
      if result then
        assert.equal(expected.executionResult:gsub("NOT_EXECUTED", "RESERVED"),
          result.execution_result:gsub("NOT_EXECUTED", "RESERVED"))
        assert.same(plain(client_arguments(expected.outputArguments)),
          plain(result.output_argument_array))
        assert.same(plain(client_events(expected.outputEvents)), plain(result.output_events_array))
      elseif case.message ~= "GetBlockResponse" then
        assert.equal("NOT_EXECUTED", expected.executionResult)
      end
      if fields.transaction_receipt then
        assert.equal(client_bytes(expected.txHash), fields.transaction_receipt.txhash)
      end
      if expected.packedProof then
        assert.equal(client_bytes(expected.packedProof), fields.packed_proof)
      end
    end)

    it("read canonically and are written again: " .. case.name, function()
      local fields = assert(codec.decode(case.message, bytes, { canonical = true }))

      assert.equal(case.input_hex, to_hex(codec.encode(case.message, fields)))
    end)
  end

  it("show a block with its transactions, receipts and state diffs", function()
    local case = orbs_vectors.case("responses", "block_one_tx")
    local block = codec.decode("GetBlockResponse", from_hex(case.input_hex))

    assert.equal(7, block.results_block_header.block_height)
    assert.equal(1, #block.signed_transactions)
    local shown = case.expected.transactions[1]
    assert.equal(shown.txHash, to_hex(codec.transaction_hash(
      codec.encode("SignedTransaction", block.signed_transactions[1]))))
    assert.same(client_arguments(shown.inputArguments),
      block.signed_transactions[1].transaction.input_argument_array)
    assert.equal(shown.executionResult, block.transaction_receipts[1].execution_result)
    assert.equal(case.expected.transactionsBlockHash, to_hex(crypto.sha256(
      codec.encode("TransactionsBlockHeader", block.transactions_block_header))))
  end)
end)

describe("request statuses #small", function()
  local OF_RESULT = {
    RESERVED = "RESERVED", SUCCESS = "COMPLETED", ERROR_SMART_CONTRACT = "COMPLETED",
    ERROR_INPUT = "BAD_REQUEST", ERROR_CONTRACT_NOT_DEPLOYED = "BAD_REQUEST",
    ERROR_UNEXPECTED = "SYSTEM_ERROR", NOT_EXECUTED = "RESERVED",
  }
  local OF_TRANSACTION = {
    [0] = "RESERVED", "SYSTEM_ERROR", "SYSTEM_ERROR", "IN_PROCESS", "IN_PROCESS", "RESERVED",
    "NOT_FOUND", "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST",
    "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST", "BAD_REQUEST", "CONGESTION", "OUT_OF_SYNC",
    "RESERVED",
  }
  local HTTP = {
    RESERVED = 500, COMPLETED = 200, IN_PROCESS = 202, BAD_REQUEST = 400, CONGESTION = 503,
    SYSTEM_ERROR = 500, OUT_OF_SYNC = 503, NOT_FOUND = 404,
  }

  it("follow from execution results", function()
    for result, status in pairs(OF_RESULT) do
      assert.equal(status, codec.request_status_of_result(result))
    end
  end)

  it("follow from transaction statuses, of committed ones from the receipt", function()
    for number, status in pairs(OF_TRANSACTION) do
      assert.equal(status, codec.request_status_of_transaction(number, "ERROR_UNEXPECTED"))
    end
  end)

  it("have the HTTP codes of the node", function()
    for status, code in pairs(HTTP) do assert.equal(code, codec.http_status(status)) end
    assert.equal(501, codec.http_status(8))
  end)

  it("agree with the responses of the node", function()
    for _, case in ipairs(orbs_vectors.cases "responses") do
      local fields = codec.decode(case.message, from_hex(case.input_hex))
      local receipt = fields.transaction_receipt
      if case.name:find "^send_" then
        assert.equal(fields.request_result.request_status, codec.request_status_of_transaction(
          fields.transaction_status, receipt and receipt.execution_result))
      end
    end
  end)

  it("refuse an unknown name", function()
    assert.has_error(function() codec.http_status "GONE" end,
      "request_status: unknown enum value 'GONE'")
  end)
end)
