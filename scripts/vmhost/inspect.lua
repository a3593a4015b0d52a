--- State, receipts, events and blocks as text for people.
-- Every function gives a string without colours and without a newline at its end; the same value
-- always gives the same text. What is long is shortened in the middle, so a script takes values
-- themselves and not this text.
-- @module vmhost.inspect
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local word = require "vmhost.word"

local inspect = {}

-- Bytes

local SHOWN_WHOLE <const> = 32 -- bytes of hex that are not shortened
local SHOWN_EDGE <const> = 8 -- bytes on each side of what is
local TEXT_SIZE <const> = 200 -- bytes of text that are not shortened

local function is_text(bytes)
  return #bytes > 0 and not bytes:find "[^\x20-\x7e]"
end

local function escape(character)
  if character == "\n" then return "\\n" end
  return (character:gsub(".", function(byte) return ("\\x%02x"):format(byte:byte()) end))
end

--- Text that contracts and clients chose: what would act on a terminal is shown as an escape.
-- UTF-8 stays as it is, any other byte outside of ASCII becomes an escape too.
-- @tparam string text
-- @treturn string
function inspect.text(text)
  if not utf8.len(text) then text = text:gsub("[\x80-\xff]", escape) end
  return (text:gsub("[\0-\x1f\x7f]", escape):gsub("\xc2[\x80-\x9f]", escape))
end

local function quote(text)
  local shown = inspect.text(text:sub(1, TEXT_SIZE):gsub('[\\"]', "\\%0"))
  if #text <= TEXT_SIZE then return '"' .. shown .. '"' end
  return ('"%s..." (%d bytes)'):format(shown, #text)
end

local function hex(bytes)
  if #bytes == 20 then return (assert(crypto.address_text(bytes))) end
  if #bytes <= SHOWN_WHOLE then return "0x" .. assert(crypto.hex(bytes)) end
  return ("0x%s..%s (%d bytes)"):format(assert(crypto.hex(bytes:sub(1, SHOWN_EDGE))),
    assert(crypto.hex(bytes:sub(-SHOWN_EDGE))), #bytes)
end

--- Bytes: text in quotes where all of it is printable ASCII, else hex.
-- 20 bytes are printed as an address, with its checksum.
-- @tparam string bytes
-- @treturn string
function inspect.bytes(bytes)
  if bytes == "" then return '""' end
  return is_text(bytes) and quote(bytes) or hex(bytes)
end

--- A hash or root: all of its hex digits.
-- @tparam string bytes
-- @treturn string
function inspect.hash(bytes)
  return "0x" .. assert(crypto.hex(bytes))
end

--- An address with its checksum.
-- @tparam string bytes 20 bytes
-- @treturn string
function inspect.address(bytes)
  return (assert(crypto.address_text(bytes)))
end

-- An unsigned 64-bit number: Lua's integer may be negative.
local function unsigned(value)
  if value >= 0 then return tostring(value) end
  return tostring(word.from_bytes(("\0"):rep(24) .. string.pack(">i8", value)))
end

-- What a state value may be as a number, by its size; 32 bytes are taken for one only below 2^128.
local function number_in(value)
  if #value == 4 then return "uint32", tostring((string.unpack("<I4", value))) end
  if #value == 8 then return "uint64", unsigned((string.unpack("<i8", value))) end
  if #value == 32 and value:sub(1, 16) == ("\0"):rep(16) then
    return "uint256", tostring(word.from_bytes(value))
  end
  return nil
end

--- A value of the state: its bytes, and the number they may be where they are no text.
-- @tparam string value
-- @treturn string as in `0x1100000000000000 (uint64 17)`
function inspect.state_value(value)
  if value == "" then return "(empty)" end
  local type_name, number = number_in(value)
  if not type_name or is_text(value) then return inspect.bytes(value) end
  return ("%s (%s %s)"):format(hex(value), type_name, number)
end

-- Arguments

local function argument_value(type_name, value)
  if type_name == "string" then return quote(value) end
  if type_name == "uint64" then return unsigned(value) end
  if type(value) == "string" then return value == "" and '""' or hex(value) end
  return tostring(value)
end

--- An argument with its type.
-- @tparam table argument `{ type =, value = }`
-- @treturn string as in `uint64 17` and `string[] {"a", "b"}`
function inspect.argument(argument)
  local element = argument.type:match "^(.*)%[%]$"
  if not element then
    return argument.type .. " " .. argument_value(argument.type, argument.value)
  end
  local items = {}
  for index, value in ipairs(argument.value) do items[index] = argument_value(element, value) end
  return ("%s {%s}"):format(argument.type, table.concat(items, ", "))
end

-- Arrays cross as lists, and as bytes where they could not be read.
local function read_list(list, unpack)
  if type(list) ~= "string" then return list or {} end
  return unpack(list)
end

--- A list of arguments.
-- @tparam {table,...}|string arguments a list, or packed bytes
-- @treturn string in one line, separated by commas
function inspect.arguments(arguments)
  local list = read_list(arguments, codec.unpack_arguments)
  if not list then return hex(arguments) end
  local texts = {}
  for index, argument in ipairs(list) do texts[index] = inspect.argument(argument) end
  return table.concat(texts, ", ")
end

-- Events

--- An event.
-- @tparam table event with the fields of Event
-- @treturn string as in `BenchmarkContract.BabyBorn(string "Ann", uint32 3)`
function inspect.event(event)
  return ("%s.%s(%s)"):format(inspect.text(event.contract_name), inspect.text(event.event_name),
    inspect.arguments(event.output_argument_array))
end

--- Events, one a line.
-- @tparam {table,...}|string events a list, or packed bytes
-- @treturn string
function inspect.events(events)
  local texts = {}
  for index, event in ipairs(read_list(events, codec.unpack_events)) do
    texts[index] = inspect.event(event)
  end
  return table.concat(texts, "\n")
end

-- Receipts

local function add(lines, label, text)
  lines[#lines + 1] = ("  %-8s %s"):format(label, (text:gsub("\n", "\n" .. (" "):rep(11))))
end

--- The calls that led to a failure, the outermost first, with lines of sources in Lua.
-- @tparam ?{table,...} calls of a record or a query's result
-- @treturn string as in `Shop.buy:12 > Token.transfer:7`; empty where one call without a line says
-- nothing
function inspect.calls(calls)
  local texts, is_telling = {}, false
  for index, call in ipairs(calls or {}) do
    texts[index] = inspect.text(call.contract_name .. "." .. call.method_name)
      .. (call.line and ":" .. call.line or "")
    is_telling = is_telling or index > 1 or call.line ~= nil
  end
  return is_telling and table.concat(texts, " > ") or ""
end

--- The text of a failure, with what it leaves out: texts that every host must have alike name
-- nothing, and what they are about stands beside the receipt.
-- @tparam string text
-- @tparam ?string detail of a record, an execution or a query's result
-- @treturn string as in `contract not deployed ('Shop')`
function inspect.failure(text, detail)
  return inspect.text(text) .. (detail and " (" .. inspect.text(detail) .. ")" or "")
end

local function add_outcome(lines, receipt, record)
  local outputs = read_list(receipt.output_argument_array, codec.unpack_arguments)
  local failed = receipt.execution_result ~= "SUCCESS"
  local detail = record and record.detail
  if failed and outputs and #outputs == 1 and outputs[1].type == "string" then
    add(lines, "error", inspect.failure(outputs[1].value, detail))
  elseif not outputs or #outputs > 0 then
    add(lines, "output", inspect.arguments(receipt.output_argument_array))
  elseif failed and record and record.error then
    add(lines, "error", inspect.failure(record.error, detail))
  end
  local calls = inspect.calls(record and record.calls)
  if calls ~= "" then add(lines, "in", calls) end
end

--- A receipt.
-- @tparam table receipt with the fields of TransactionReceipt
-- @tparam[opt] table record what the host knows of it beside: `error`, `detail` and `calls`
-- @treturn string result and transaction hash, then a line for each thing there is to tell
function inspect.receipt(receipt, record)
  local lines = { ("%s  %s"):format(receipt.execution_result, inspect.hash(receipt.txhash)) }
  add_outcome(lines, receipt, record)
  local events = inspect.events(receipt.output_events_array)
  if events ~= "" then add(lines, "event", events) end
  if receipt.code and receipt.code ~= 0 then add(lines, "code", tostring(receipt.code)) end
  if receipt.gas_used and receipt.gas_used ~= 0 then
    add(lines, "gas", unsigned(receipt.gas_used))
  end
  if receipt.suspended then add(lines, "waits", "for the answer to a message") end
  for _, log in ipairs(receipt.logs or {}) do
    add(lines, "log", ("%s topics %s data %s"):format(
      inspect.address(log.address), hex(log.topics), hex(log.data)))
  end
  return table.concat(lines, "\n")
end

--- Receipts, numbered.
-- @tparam {table,...} receipts
-- @tparam[opt] {table,...} records as `process_transaction_set` gives them
-- @treturn string
function inspect.receipts(receipts, records)
  local texts = {}
  for index, receipt in ipairs(receipts) do
    texts[index] = ("%d. %s"):format(index, inspect.receipt(receipt, records and records[index]))
  end
  return table.concat(texts, "\n")
end

-- Messages and what came of them

local function outcome_text(of)
  if of.code == 0 then return "good" end
  return ("failed %d: %s%s"):format(of.code, quote(of.error or ""),
    of.detail and " (" .. inspect.text(of.detail) .. ")" or "")
end

local function execution_line(execution)
  local line = execution.line and ":" .. execution.line or ""
  return ("%s %s.%s%s, gas %s of %s, %s"):format(execution.kind,
    inspect.text(execution.contract_name), inspect.text(execution.method_name), line,
    unsigned(execution.gas_used), unsigned(execution.gas_given),
    outcome_text(execution))
end

local function name_of(service, method)
  if method == "" then return inspect.text(service) end
  return inspect.text(service) .. "." .. inspect.text((method:gsub("%(.*", "")))
end

local function node_line(node)
  local name = node.kind == "transaction" and name_of(node.contract_name, node.method_name)
    or node.kind:find "answer" and ("from %s to %s"):format(inspect.text(node.from),
      inspect.text(node.to))
    or name_of(node.to, node.method)
  local outcome = node.suspended and "waits" or outcome_text(node)
  local calls = inspect.calls(node.calls)
  if calls ~= "" then outcome = outcome .. " in " .. calls end
  return ("%s %s, block %d, gas %s, %s%s"):format(node.kind, name, node.height,
    unsigned(node.gas_used), outcome, node.is_refused and ", refused" or "")
end

-- What the line of a run says already is not said again by its first execution.
local function is_told(node, execution)
  return execution.id == node.id
end

-- Each below the execution whose call or callback it is.
local function add_executions(lines, node, indent)
  local depths = { [node.id] = 0 }
  for _, execution in ipairs(node.executions or {}) do
    local depth = (depths[execution.parent] or 0)
    if not is_told(node, execution) then
      lines[#lines + 1] = indent .. ("  "):rep(depth) .. execution_line(execution)
      depths[execution.id] = depth + 1
    end
  end
end

local function add_node(lines, node, indent)
  lines[#lines + 1] = indent .. node_line(node)
  indent = indent .. "  "
  add_executions(lines, node, indent)
  if node.gas_refunded then
    lines[#lines + 1] = ("%sgas that came back: %s"):format(indent, unsigned(node.gas_refunded))
  end
  for _, child in ipairs(node.children or {}) do add_node(lines, child, indent) end
  for _, message in ipairs(node.pending or {}) do
    -- Nobody tells what comes of a message to another chain that has no answer.
    local is_sent = message.to_chain ~= message.from_chain and message.kind ~= "await"
      and message.kind ~= "async"
    lines[#lines + 1] = ("%s%s: %s %s, chain %d"):format(indent, is_sent and "sent" or "pending",
      message.kind, name_of(message.to, message.method), message.to_chain)
  end
  for _, waiting in ipairs(node.waiting or {}) do
    lines[#lines + 1] = ("%swaiting: %s for %s"):format(indent,
      inspect.text(waiting.contract_name),
      waiting.kind == "calls" and "its calls" or "an answer")
  end
end

--- What came of a transaction: its runs and messages, one below the other.
-- @tparam table tree of `VM:messages`
-- @treturn string
function inspect.messages(tree)
  if type(tree) ~= "table" then
    error(("inspect.messages: a tree of VM:messages expected, got %s"):format(tostring(tree)), 2)
  end
  local lines = {}
  for _, node in ipairs(tree.tops) do add_node(lines, node, "") end
  return table.concat(lines, "\n")
end

--- What came of a query.
-- @tparam table result as `process_query` gives it
-- @tparam[opt] string failure
-- @treturn string
function inspect.query(result, failure)
  local lines = { ("%s  at height %d"):format(result.execution_result, result.reference_height) }
  if failure then
    add(lines, "error", inspect.failure(failure, result.detail))
  elseif #result.output_arguments > 0 then
    add(lines, "output", inspect.arguments(result.output_arguments))
  end
  local calls = inspect.calls(result.calls)
  if calls ~= "" then add(lines, "in", calls) end
  local events = inspect.events(result.output_events)
  if events ~= "" then add(lines, "event", events) end
  return table.concat(lines, "\n")
end

-- State

local function records_text(records)
  local keys, width = {}, 0
  for index, record in ipairs(records) do
    keys[index] = is_text(record.key) and record.key or hex(record.key)
    width = math.max(width, #keys[index])
  end
  local lines = {}
  for index, record in ipairs(records) do
    local value = inspect.state_value(record.value)
    lines[index] = ("  %s%s = %s"):format(keys[index], (" "):rep(width - #keys[index]), value)
  end
  return lines
end

--- State diffs, contract by contract, in their order. An empty value deletes.
-- @tparam {table,...} state_diffs
-- @treturn string
function inspect.state_diffs(state_diffs)
  local lines = {}
  for _, contract in ipairs(state_diffs) do
    lines[#lines + 1] = inspect.text(contract.contract_name)
    local records = records_text(contract.state_diffs)
    table.move(records, 1, #records, #lines + 1, lines)
  end
  return #lines > 0 and table.concat(lines, "\n") or "(no changes)"
end

--- Keys and values of one contract.
-- @tparam {table,...} records `{ key =, value = }` each, as `storage:keys` gives them
-- @treturn string
function inspect.state(records)
  if #records == 0 then return "  (no keys)" end
  return table.concat(records_text(records), "\n")
end

-- Blocks and proofs

--- A time in ns as date and time, UTC.
-- @tparam integer timestamp
-- @treturn string as in `2020-01-01 00:00:01.000000005 UTC`
function inspect.time(timestamp)
  local seconds, rest = timestamp // 1000000000, timestamp % 1000000000
  local fraction = rest == 0 and "" or (".%09d"):format(rest)
  return os.date("!%Y-%m-%d %H:%M:%S", seconds) .. fraction .. " UTC"
end

local function transaction_text(bytes)
  local transaction = codec.decode("SignedTransaction", bytes).transaction
  if not transaction then return hex(bytes) end
  return ("%s.%s(%s)"):format(
    inspect.text(transaction.contract_name), inspect.text(transaction.method_name),
    inspect.arguments(transaction.input_argument_array))
end

--- A stored block: height, time, hashes, transactions with their receipts, changes.
-- @tparam table block as `storage:block` gives it
-- @treturn string
function inspect.block(block)
  local header = codec.decode("TransactionsBlockHeader", block.transactions_header)
  local results = codec.decode("ResultsBlockHeader", block.results_header)
  local lines = {
    ("block %s  %s"):format(unsigned(header.block_height), inspect.time(header.timestamp)),
    "  hash         " .. inspect.hash(block.block_hash),
    "  root before  " .. inspect.hash(results.pre_execution_state_merkle_root_hash),
    "  proposer     " .. hex(header.block_proposer_address),
  }
  for index, bytes in ipairs(block.transactions) do
    lines[#lines + 1] = ("%d. %s"):format(index, transaction_text(bytes))
    local receipt = codec.decode("TransactionReceipt", block.receipts[index])
    lines[#lines + 1] = "   " .. inspect.receipt(receipt):gsub("\n", "\n   ")
  end
  for index = #block.transactions + 1, #block.receipts do
    local receipt = codec.decode("TransactionReceipt", block.receipts[index])
    lines[#lines + 1] = "message " .. inspect.receipt(receipt)
  end
  lines[#lines + 1] = inspect.state_diffs(block.state_diffs)
  return table.concat(lines, "\n")
end

--- A proof with what it shows.
-- @tparam table proof as `state_storage.verify_proof` takes it
-- @treturn string
function inspect.proof(proof)
  local lines = { ("proof that %s %s"):format(proof.contract,
    proof.value == "" and "has no value at " .. inspect.bytes(proof.key)
    or ("has %s = %s"):format(inspect.bytes(proof.key), inspect.state_value(proof.value))) }
  add(lines, "root", inspect.hash(proof.root))
  add(lines, "rules", proof.rule_set)
  add(lines, "proof", hex(proof.proof))
  return table.concat(lines, "\n")
end

-- Anything

-- Numbers, then strings, then the rest: never the order of the hash.
local function rank(key)
  return math.type(key) and 1 or type(key) == "string" and 2 or 3
end

local function sorted_keys(value)
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if rank(a) ~= rank(b) then return rank(a) < rank(b) end
    if rank(a) < 3 then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function key_text(key)
  if type(key) ~= "string" then
    return ("[%s]"):format(rank(key) == 1 and tostring(key) or type(key))
  end
  return key:find "^[%a_][%w_]*$" and key or "[" .. inspect.bytes(key) .. "]"
end

local MAX_DEPTH <const> = 6
local LINE_SIZE <const> = 80

local value_text

local function table_text(value, depth)
  if depth > MAX_DEPTH then return "{...}" end
  local items, size = {}, 0
  local is_list = {}
  for index = 1, #value do is_list[index] = true end
  for _, key in ipairs(sorted_keys(value)) do
    local text = value_text(value[key], depth + 1)
    items[#items + 1] = is_list[key] and text or key_text(key) .. " = " .. text
    size = size + #items[#items]
  end
  if #items == 0 then return "{}" end
  local whole = table.concat(items, ", ")
  if size <= LINE_SIZE and not whole:find "\n" then return "{ " .. whole .. " }" end
  local inner = table.concat(items, ",\n"):gsub("\n", "\n  ")
  return "{\n  " .. inner .. "\n}"
end

local function transaction_set_text(out)
  if #out.receipts == 0 then return inspect.state_diffs(out.state_diffs) end
  return inspect.receipts(out.receipts, out.records) .. "\n"
    .. inspect.state_diffs(out.state_diffs)
end

-- Tables that a module gives, known by their fields: what shows them.
local KNOWN = {
  { { "execution_result", "txhash" }, inspect.receipt },
  { { "execution_result", "reference_height" }, inspect.query },
  { { "transactions_header", "block_hash" }, inspect.block },
  { { "proof", "root", "key" }, inspect.proof },
  { { "receipts", "records", "state_diffs" }, transaction_set_text },
  { { "contract_name", "event_name" }, inspect.event },
  { { "type", "value" }, inspect.argument },
}

local function has_fields(value, names)
  for _, name in ipairs(names) do
    if rawget(value, name) == nil then return false end
  end
  return true
end

local function is_state_diff(value)
  return type(value[1]) == "table" and rawget(value[1], "state_diffs") ~= nil
end

function value_text(value, depth)
  if type(value) == "string" then return inspect.bytes(value) end
  if type(value) == "function" or type(value) == "thread" then return type(value) end
  if type(value) ~= "table" then return tostring(value) end
  local metatable = getmetatable(value)
  if metatable and metatable.__tostring then return tostring(value) end
  for _, row in ipairs(KNOWN) do
    local names, show = table.unpack(row)
    if has_fields(value, names) then return show(value) end
  end
  if is_state_diff(value) then return inspect.state_diffs(value) end
  return table_text(value, depth)
end

--- Any value. Receipts, query results, blocks, events, proofs, arguments and state diffs are
-- known by their fields.
-- @param value
-- @treturn string
function inspect.value(value)
  return value_text(value, 1)
end

return inspect
