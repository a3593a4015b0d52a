local codec = require "vmhost.codec"
local naive = require "spec.support.naive_membuffers"
local orbs_vectors = require "spec.support.orbs_vectors"

local from_hex = orbs_vectors.from_hex
local SEED = math.tointeger(os.getenv "VMHOST_SEED") or os.time()

local NAMES = {}
for name in pairs(naive.schemas) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

-- What a random table is made of: lengths around the alignment, numbers around the limits.
local random_value

local function random_bytes()
  local bytes = {}
  for index = 1, math.random(0, 9) do bytes[index] = string.char(math.random(0, 255)) end
  return table.concat(bytes)
end

local function random_fixed(size)
  return string.char(math.random(0, 255)):rep(size)
end

local function random_list(make)
  local list = {}
  for index = 1, math.random(0, 3) do list[index] = make() end
  return list
end

local function random_scalar(kind)
  if kind == "bool" then return math.random(2) == 1 end
  if kind == "u16" then return math.random(0, 65535) end
  if kind == "u32" or kind == "uint32" then return math.random(0, 4294967295) end
  if kind == "u64" or kind == "uint64" then return math.random(0) end
  if kind == "bytes20" then return random_fixed(20) end
  if kind == "bytes32" or kind == "uint256" then return random_fixed(32) end
  return random_bytes()
end

local function random_argument()
  local type_name = naive.argument_types[math.random(#naive.argument_types)]
  local element, array = type_name:gsub("%[%]$", "")
  if array == 0 then return { type = type_name, value = random_scalar(type_name) } end
  return { type = type_name, value = random_list(function() return random_scalar(element) end) }
end

local function random_message(name)
  local fields, extended = {}, math.random(2) == 1
  for _, field in ipairs(naive.schemas[name]) do
    if field.kind == "union" then field = field[math.random(#field)] end
    if not field.optional or extended then
      fields[field.name] = random_value(field)
    end
  end
  return fields
end

function random_value(field)
  if field.enum then
    local names = {}
    for name in pairs(field.enum) do names[#names + 1] = name end
    table.sort(names)
    return names[math.random(#names)]
  elseif field.kind == "message" then
    return random_message(field.message)
  elseif field.kind == "list" then
    return random_list(function() return random_message(field.message) end)
  elseif field.kind == "args" then
    return random_list(random_argument)
  elseif field.kind == "events" then
    return random_list(function() return random_message "Event" end)
  end
  return random_scalar(field.kind)
end

-- The naive form keeps a uint256 as 32 bytes; the codec takes it as hex text.
local function hex_word(bytes)
  return "0x" .. orbs_vectors.to_hex(bytes)
end

local function with_words(name, value)
  if type(value) ~= "table" then return name == "amount" and hex_word(value) or value end
  local copy = {}
  for key, item in pairs(value) do copy[key] = with_words(key, item) end
  if value.type == "uint256" then copy.value = hex_word(value.value) end
  if value.type == "uint256[]" then
    for index, item in ipairs(value.value) do copy.value[index] = hex_word(item) end
  end
  return copy
end

-- The naive form keeps arrays of arguments and events packed and words as bytes.
local function packed(name, value)
  if type(value) == "userdata" then return value:to_bytes() end
  if type(value) ~= "table" then return value end
  if name == "output_argument_array" or name == "input_argument_array" or name == "arguments" then
    return codec.pack_arguments(value)
  elseif name == "output_events_array" then
    return codec.pack_events(value)
  end
  local copy = {}
  for key, item in pairs(value) do copy[key] = packed(key, item) end
  return copy
end

local function assert_reads_like_naive(name, bytes)
  local expected = naive.decode(name, bytes)
  local fields = codec.decode(name, bytes)
  -- The naive reader knows an events array as a list of messages.
  if name == "EventsArray" then
    expected.events, fields.events = nil, nil
  end
  assert.same(expected, packed(name, fields), orbs_vectors.to_hex(bytes))
end

-- Canonical bytes are exactly those that their fields give again.
local function assert_canonical_means_rewritten(name, bytes)
  local fields, _, code = codec.decode(name, bytes, { canonical = true })
  if fields then
    assert.equal(bytes, codec.encode(name, fields))
  else
    assert.equal("malformed", code)
  end
end

local SAMPLES = {
  SignedTransaction = from_hex(
    orbs_vectors.case("transactions", "transfer").signed_transaction_hex),
  Transaction = from_hex(
    orbs_vectors.case("special_transactions", "smart_contract_caller_signer").expected_hex),
  TransactionReceipt = codec.encode("TransactionReceipt", {
    txhash = ("t"):rep(32), execution_result = "SUCCESS", output_argument_array = { 1, true },
    suspended = true, logs = { { topics = ("t"):rep(32), data = "d" } },
  }),
  ResultsBlockHeader = from_hex(orbs_vectors.case("blocks", "results_block_header").expected_hex),
  ReceiptProof = from_hex(orbs_vectors.case("blocks", "receipt_proof").expected_hex),
  GetBlockResponse = from_hex(orbs_vectors.case("responses", "block_one_tx").input_hex),
  Message = codec.encode("Message", { from_service = "a", kind = 8, input = "xyz", code = 1 }),
}

describe("all messages #small", function()
  it("are listed by name", function()
    local names = codec.messages()
    table.sort(names)

    local expected = { "Argument", table.unpack(NAMES) }
    table.sort(expected)
    assert.same(expected, names)
  end)

  it("describe their fields in order", function()
    assert.same({
      { name = "network_type", type = "enum" },
      { name = "signer_public_key", type = "bytes" },
    }, codec.fields "EdDSA01Signer")
    assert.same({
      { name = "scheme", type = "union", alternatives = {
        { name = "eddsa", type = "message", message = "EdDSA01Signer" },
        { name = "smart_contract_caller", type = "message", message = "SmartContractCaller" },
      } },
    }, codec.fields "Signer")
    assert.is_nil(codec.fields "TransactionReceipt"[4].optional)
    assert.is_true(codec.fields "TransactionReceipt"[5].optional)
  end)

  for _, name in ipairs(NAMES) do
    it(("agree with a naive writer on random tables: %s (seed %d)"):format(name, SEED), function()
      math.randomseed(SEED)
      for _ = 1, 15 do
        local fields = random_message(name)
        local bytes = naive.encode(name, fields)

        assert.equal(orbs_vectors.to_hex(bytes),
          orbs_vectors.to_hex(codec.encode(name, with_words(name, fields))))
        assert_canonical_means_rewritten(name, bytes)
        assert_reads_like_naive(name, bytes)
      end
    end)
  end

  for name, bytes in pairs(SAMPLES) do
    it("read leniently when cut at any byte, and are refused as canonical: " .. name, function()
      for size = 0, #bytes - 1 do
        local cut = bytes:sub(1, size)
        -- A receipt that ends after the fourth field is a plain one.
        local plain = name == "TransactionReceipt" and cut == codec.encode(name,
          { txhash = ("t"):rep(32), execution_result = "SUCCESS",
            output_argument_array = { 1, true } })

        assert_reads_like_naive(name, cut)
        assert.equal(plain, codec.decode(name, cut, { canonical = true }) ~= nil)
      end
    end)

    it(("survive hostile bytes: %s (seed %d)"):format(name, SEED), function()
      math.randomseed(SEED)
      for _ = 1, 200 do
        local at = math.random(#bytes)
        local length = ({ "", "\xff\xff\xff\xff", "\xfc\xff\xff\xff" })[math.random(3)]
        local hostile = bytes:sub(1, at - 1) .. random_bytes() .. length
          .. bytes:sub(at + math.random(0, 8))

        assert_reads_like_naive(name, hostile)
        assert_canonical_means_rewritten(name, hostile)
      end
    end)
  end

  it("take no lengths near 2^32", function()
    assert_reads_like_naive("SignedTransaction", "\xff\xff\xff\xff")
    assert_reads_like_naive("SignedTransaction", "\xfc\xff\xff\xff\0\0\0\0")
    assert_reads_like_naive("SignedTransaction", "\0\0\0\0\xf8\xff\xff\xff\0\0\0\0")
    assert_reads_like_naive("ContractStateDiff", "\0\0\0\0\xff\xff\xff\x7f\0\0\0\0")
  end)
end)

describe("encode #small", function()
  it("writes fields that are nil as zero or empty", function()
    assert.equal(("\0"):rep(4), codec.encode("SendTransactionRequest", {}))
    assert.equal(("\0"):rep(16), codec.encode("GetBlockRequest", {}))
  end)

  it("raises for an unknown message", function()
    assert.has_error(function() codec.encode("Block", {}) end,
      "bad argument #1 to 'encode' (unknown message 'Block')")
  end)

  it("raises for an unknown field and lists the known ones", function()
    assert.has_error(function() codec.encode("StateRecord", { ky = "" }) end,
      "StateRecord: unknown key 'ky' (known: key, value)")
  end)

  it("raises with the path into lists", function()
    assert.has_error(function()
      codec.encode("GetBlockResponse",
        { signed_transactions = { {}, { transaction = { timestamp = true } } } })
    end, "GetBlockResponse.signed_transactions[2].transaction.timestamp: "
      .. "expected uint64, got boolean")
  end)

  it("raises for a signer of no scheme", function()
    assert.has_error(function() codec.encode("Transaction", { signer = {} }) end,
      "Transaction.signer: none of the scheme alternatives is given (the first is eddsa)")
  end)
end)

describe("decode #small", function()
  it("refuses what follows the last field only as canonical", function()
    local bytes = codec.encode("GetBlockRequest", { block_height = 7 }) .. "x"
    local fields, message, code = codec.decode("GetBlockRequest", bytes, { canonical = true })

    assert.equal(7, codec.decode("GetBlockRequest", bytes).block_height)
    assert.is_nil(fields)
    assert.equal("GetBlockRequest of 17 bytes is not canonical at offset 16", message)
    assert.equal("malformed", code)
  end)

  it("refuses padding that is not zero only as canonical", function()
    local bytes = "\1\0\0\0a\0\0\1\0\0\0\0"
    local _, message = codec.decode("StateRecord", bytes, { canonical = true })

    assert.same({ key = "a", value = "" }, codec.decode("StateRecord", bytes))
    assert.equal("StateRecord of 12 bytes is not canonical at offset 7", message)
  end)

  it("takes argument arrays as bytes, canonical or not", function()
    local argument_array = codec.encode("ArgumentArray", { arguments = "\1\2\3" })

    assert.same({ arguments = "\1\2\3" },
      codec.decode("ArgumentArray", argument_array, { canonical = true }))
  end)

  it("reads and writes one argument alone", function()
    local bytes = codec.encode("Argument", { uint32 = 17 })

    assert.equal("\0\0\0\0\17\0\0\0", bytes)
    assert.same({ type = "uint32", value = 17 },
      codec.decode("Argument", bytes, { canonical = true }))
    assert.same({}, codec.decode("Argument", "\16\0\0\0\0\0\0\0"))
    assert.is_nil(codec.decode("Argument", "\16\0\0\0\0\0\0\0", { canonical = true }))
  end)

  it("refuses unknown options", function()
    assert.has_error(function() codec.decode("StateRecord", "", { strict = true }) end,
      "bad argument #3 to 'decode' (unknown option 'strict' (known: canonical))")
  end)
end)
