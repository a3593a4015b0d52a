-- Bytes: addresses, tokens, hashes, contexts and metadata of suspended runs.
local abi = require "vmhost.abi"
local crypto = require "vmhost.crypto"
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local encodings = { primitives = {} }

encodings.unknown = {
  name = "unknown", inputs = {},
  fits = function() return false end, run = function() return {} end,
}

local function form(inputs, run)
  return { name = "encodings", inputs = inputs, fits = function() return true end, run = run }
end

encodings.primitives.addresses = form({}, function(case)
  local bytes = values.address(case.text)
  local text = vite_core.address_text(values.bytes(case.bytes))
  return { bytes = values.hex(bytes), text = text,
    kind = bytes:byte(21) == 1 and "contract" or "user" }
end)

encodings.primitives.tokens = form({}, function(case)
  return { bytes = values.hex(values.token(case.text)),
    text = vite_core.token_text(values.bytes(case.bytes)) }
end)

encodings.primitives.signatures = form({ "signature" }, function(case)
  return { blake2b256 = values.hex(abi.topic(case.signature)),
    selector = values.hex(abi.selector(case.signature)) }
end)

encodings.primitives.hashes = form({ "utf8" }, function(case)
  return {
    blake2b256 = values.hex(crypto.blake2b(case.utf8)),
    keccak256 = values.hex(crypto.keccak256(case.utf8)),
    blake2b160 = values.hex(crypto.blake2b(case.utf8, 20)),
    blake2b40 = values.hex(crypto.blake2b(case.utf8, 5)),
    blake2b16 = values.hex(crypto.blake2b(case.utf8, 2)),
  }
end)

encodings.primitives.contractAddresses = form({ "from", "height", "prevHash" }, function(case)
  return { contract = vite_core.address_text(vite_core.contract_address(
    values.address(case.from), case.height, values.bytes(case.prevHash))) }
end)

local function fields_of(case)
  return {
    kind = case.blockType, from = values.address(case.accountAddress),
    to = values.address(case.toAddress), token = values.token(case.tokenId),
    amount = word.new(case.amount), fee = word.new(case.fee), data = values.bytes(case.data),
  }
end

encodings.primitives.requestHashes = form({ "what", "blockType", "prevHash", "height",
  "accountAddress", "toAddress", "amount", "tokenId", "data", "dataHash", "fee", "nonce",
  "hostPrevHash", "hostHeight", "index" }, function(case)
  local request = fields_of(case)
  if case.hostHeight then
    request.host_height, request.index = case.hostHeight, case.index
    request.host_previous_hash = values.bytes(case.hostPrevHash)
    return { hash = values.hex(vite_core.triggered_hash(request)) }
  end
  request.height, request.previous_hash = case.height, values.bytes(case.prevHash)
  request.nonce = case.nonce and values.bytes(case.nonce)
  request.data_hash = case.dataHash and values.bytes(case.dataHash)
  return { hash = values.hex(vite_core.request_hash(request)) }
end)

local function words(texts)
  local list = {}
  for index, text in ipairs(texts) do list[index] = word.new(text) end
  return list
end

local function word_texts(list)
  local texts = setmetatable({}, { __jsontype = "array" })
  for index, item in ipairs(list) do
    local digits = item:hex():gsub("^0x", ""):gsub("^0+", "")
    texts[index] = "0x" .. (digits == "" and "0" or digits)
  end
  return texts
end

local function context_of(case)
  return { referrer = values.bytes(case.referrer), callback_id = case.callbackId,
    stack = words(case.stack or {}), memory = values.bytes(case.memory) }
end

local function checked(result, why)
  return result or values.fault("%s", why)
end

encodings.context = form({ "memory" }, function(case)
  local decoded = checked(vite_core.decode_context(values.bytes(case.encoded)))
  return {
    encoded = values.hex(checked(vite_core.encode_context(context_of(case)))),
    referrer = values.hex(decoded.referrer), callbackId = decoded.callback_id,
    stack = word_texts(decoded.stack), memoryAfterDecoding = values.hex(decoded.memory),
  }
end)

-- Plain call data has no form of its own: it is written as it is.
local function encode_metadata(case)
  if case.type == 0 then return values.bytes(case.callData) end
  local metadata = context_of(case)
  metadata.type, metadata.call_data = case.type, values.bytes(case.callData)
  return checked(vite_core.encode_metadata(metadata))
end

encodings.metadata = form({ "note", "memory" }, function(case)
  local decoded = checked(vite_core.decode_metadata(values.bytes(case.encoded)))
  local actual = { encoded = values.hex(encode_metadata(case)), type = decoded.type,
    callData = values.hex(decoded.call_data), metadataLength = decoded.size }
  if decoded.type ~= 0 then
    actual.referrer, actual.callbackId = values.hex(decoded.referrer), decoded.callback_id
    actual.headLength = decoded.head_size
  end
  if decoded.type == 1 then
    actual.stack, actual.contextLength = word_texts(decoded.stack), decoded.context_size
  end
  return actual
end)

return encodings
