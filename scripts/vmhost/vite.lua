--- Compiled Vite contracts on a chain of `vmhost.fixture`.
--
--     local vite = require "vmhost.vite"
--     local contract = assert(vite.load { file = "counter.json" })
--     local counter = assert(contract:deploy(chain, "Counter", { 5 }))
--     local outcome = assert(counter:call("add", 2))
--     print(outcome.execution_result, outcome.outputs[1], counter:query "total")
--
-- Values are those of `vmhost.abi`. Where a method takes an address, 21 bytes are as good as a
-- deployed contract or an account of the chain.
-- @module vmhost.vite
local abi = require "vmhost.abi"
local codec = require "vmhost.codec"
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
local json = require "dkjson"
local options = require "vmhost.options"
local solppc = require "vmhost.solppc"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"
local wrong_use = require "vmhost.wrong_use"

local vite = {}

local PROCESSOR_VITE <const> = 4
local VITE_TOKEN <const> = "VITE TOKEN"
local SIZE_OF_ADDRESS <const> = 21

-- Raises at the line of the script.
local function raise(format, ...)
  wrong_use.raise("vite: " .. format, ...)
end

-- The interface

-- `tuple[2]` with its components is `(uint256,bool)[2]`.
local function type_text(parameter)
  local dimensions = parameter.type:match "^tuple(.*)$"
  if not dimensions then return parameter.type end
  local types = {}
  for index, component in ipairs(parameter.components) do types[index] = type_text(component) end
  return "(" .. table.concat(types, ",") .. ")" .. dimensions
end

local function type_list(parameters)
  local types = {}
  for index, parameter in ipairs(parameters or {}) do types[index] = type_text(parameter) end
  return types
end

local function joined(types)
  return "(" .. table.concat(types, ",") .. ")"
end

local function read_entry(interface, entry)
  local inputs = type_list(entry.inputs)
  if entry.type == "constructor" then
    interface.constructor = inputs
  elseif entry.type == "function" then
    local method = { name = entry.name, inputs = inputs, outputs = joined(type_list(entry.outputs)),
      signature = entry.name .. joined(inputs) }
    local same_name = interface.methods[entry.name] or {}
    interface.methods[entry.name] = same_name
    same_name[#same_name + 1] = method
    interface.signatures[method.signature] = method
  elseif entry.type == "event" and not entry.anonymous then
    interface.events[abi.topic(entry.name .. joined(inputs))] = { name = entry.name,
      inputs = entry.inputs or {}, types = inputs }
  end
end

local function read_interface(entries)
  local interface = { constructor = {}, methods = {}, signatures = {}, events = {} }
  for _, entry in ipairs(entries) do read_entry(interface, entry) end
  return interface
end

local function method_names(interface)
  local names = {}
  for signature in pairs(interface.signatures) do names[#names + 1] = signature end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or "none"
end

-- A method by its name, or by its signature where several share one.
local function find_method(self, name, count)
  local interface = self.contract.interface
  local exact = interface.signatures[name]
  if exact then return exact end
  local found = interface.methods[name]
  if not found then
    raise("%s has no method '%s'; it has %s", self.name, tostring(name), method_names(interface))
  end
  local fitting = {}
  for _, method in ipairs(found) do
    if #method.inputs == count then fitting[#fitting + 1] = method end
  end
  if #fitting == 1 then return fitting[1] end
  if #found == 1 then return found[1] end
  raise("%s has several methods '%s': name one by its signature, of %s", self.name, name,
    method_names(interface))
end

-- Values

local function address_of(value)
  if type(value) ~= "table" or type(value.address) ~= "string" then return value end
  -- An account of a chain holds the 20 bytes that the ledger knows.
  return #value.address == SIZE_OF_ADDRESS and value.address or value.address .. "\0"
end

-- Values with addresses as bytes; a list of addresses is one whose elements are.
local function plain_value(type_name, value)
  if type_name == "address" then return address_of(value) end
  if not type_name:find "^address%[" or type(value) ~= "table" then return value end
  local plain = {}
  for index, element in ipairs(value) do
    plain[index] = plain_value((type_name:gsub("%[%d*%]$", "")), element)
  end
  return plain
end

local function plain_values(what, types, values)
  if #types ~= values.n then
    raise("%s takes %d arguments %s, got %d", what, #types, joined(types), values.n)
  end
  local plain = {}
  for index, type_name in ipairs(types) do
    plain[index] = plain_value(type_name, values[index])
  end
  return plain
end

-- Sending

local SENDING_OPTIONS = { "from", "value", "token" }

local function token_of(token)
  if token == nil then return VITE_TOKEN end
  if type(token) ~= "string" then raise("a token is 10 bytes or tti_..., got %s", type(token)) end
  if #token == #VITE_TOKEN then return token end
  local bytes, message = vite_core.parse_token(token)
  if not bytes then raise("%s", message) end
  return bytes
end

-- The name of the account that signs; nil is the chain's first.
local function signer_of(chain, sending)
  if sending.from ~= nil and not chain.accounts[sending.from] then
    local names = {}
    for name in pairs(chain.accounts) do names[#names + 1] = name end
    table.sort(names)
    raise("no account '%s'; there are %s", tostring(sending.from), table.concat(names, ", "))
  end
  return sending.from
end

-- The words of a call as the fixture takes it, through the ledger where there is a value.
local function words_of(chain, sending, service, method, arguments)
  local words = { signer_of(chain, sending) }
  local function add(...)
    for index = 1, select("#", ...) do words[#words + 1] = (select(index, ...)) end
  end
  local amount = word.new(sending.value or 0)
  if amount == word.new(0) then
    add(service, method, table.unpack(arguments))
    return words
  end
  -- As callWithValue takes arguments: the length stands before the array.
  local packed = ("<s4"):pack(codec.pack_arguments(arguments))
  add("_Ledger", "callWithValue", { string = service }, { string = method }, { bytes = packed },
    { bytes = token_of(sending.token) }, { uint256 = amount })
  return words
end

local function has_waiting_messages(chain)
  return chain:read("_Mailbox", "Head") ~= chain:read("_Mailbox", "Tail")
end

-- Adds the receipts and records of one set that belong to a tree.
local function add_to_tree(tree, out)
  for index, receipt in ipairs(out.receipts) do
    if receipt.root == tree.root then
      tree.receipts[#tree.receipts + 1] = receipt
      tree.records[receipt] = out.records[index]
    end
  end
end

-- Sends one transaction and mines until no message waits, or none runs. `receipts` of its tree, in
-- order, and `records` by receipt.
local function run_tree(chain, words)
  local out, message, code = chain:process { words }
  if not out then return nil, message, code end
  local tree = { root = out.receipts[1].root, receipts = {}, records = {} }
  add_to_tree(tree, out)
  while #out.receipts > 0 and has_waiting_messages(chain) do
    out, message, code = chain:process {}
    if not out then return nil, message, code end
    add_to_tree(tree, out)
  end
  return tree
end

-- Which receipt goes on from which. A run that suspends sends its synchronous call last, and one
-- that answers sends the answer last; so the last child of a suspended run is what it called, and
-- the last child of the run that ended that one is what resumed it.
local function last_run(last_child, receipt)
  while receipt and receipt.suspended do
    local called = last_child[receipt.message_id]
    local ended = called and last_run(last_child, called)
    receipt = ended and last_child[ended.message_id]
  end
  return receipt
end

-- The receipt with which the first run of a tree ended, or nil while it waits.
local function find_end(receipts)
  local last_child = {}
  for _, receipt in ipairs(receipts) do last_child[receipt.parent] = receipt end
  return last_run(last_child, receipts[1])
end

-- What a good run gave, as raw output.
local function output_of(receipt, is_through_ledger)
  local first = receipt.output_argument_array[1]
  local bytes = first and first.value or ""
  if not is_through_ledger then return bytes end
  local results = codec.unpack_arguments((("<s4"):unpack(bytes)))
  return results and results[1] and results[1].value or ""
end

-- Contracts

local Contract = {}
Contract.__index = Contract
Contract.__name = "vmhost.vite.Contract"

local Deployed = {}
Deployed.__index = Deployed
Deployed.__name = "vmhost.vite.Deployed"

local LOAD_OPTIONS = { "abi", "bytecode", "file", "contract", "link_references" }

local function new_contract(entries, bytecode, link_references)
  if type(entries) == "string" then
    local decoded = json.decode(entries)
    if type(decoded) ~= "table" then raise "'abi' is no JSON list" end
    entries = decoded
  end
  if type(entries) ~= "table" then raise "'abi' must be a list, or its JSON text" end
  if type(bytecode) ~= "string" or #bytecode % 2 ~= 0 then
    raise "'bytecode' must be hex text"
  end
  return setmetatable({ interface = read_interface(entries),
    bytecode = (bytecode:gsub("^0x", "")), link_references = link_references or {} }, Contract)
end

local function contract_of(compiled)
  return new_contract(compiled.abi, compiled.bytecode, compiled.linkReferences)
end

--- Makes a contract of its interface and code.
-- @tparam table given either `abi`, a list as the compiler gives it or its JSON text, and
-- `bytecode`, init code as hex text, with `link_references` where libraries are to be linked; or
-- `file`, the path of a compiled JSON file, with the name of a `contract` in it, which may be left
-- out where there is only one
-- @treturn[1] Contract
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code `not_found`, `malformed`
-- @raise for an unknown option, and for an `abi` or a `bytecode` that is none
function vite.load(given)
  given = options.check("vite.load", given, LOAD_OPTIONS)
  if not given.file then
    return new_contract(given.abi, given.bytecode, given.link_references)
  end
  local compiled, message, code = compiled_file.read(given.file)
  if not compiled then return nil, message, code end
  local contract
  contract, message, code = compiled_file.contract(compiled, given.contract)
  if not contract then return nil, message, code end
  return contract_of(contract)
end

--- Compiles Solidity++ with the compiler of `vmhost.solppc`.
-- @tparam string source
-- @tparam[opt] table given as `solppc.compile` takes it
-- @treturn[1] table Contract by name
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of `solppc.compile`
function vite.compile(source, given)
  local compiled, message, code = solppc.compile(source, given)
  if not compiled then return nil, message, code end
  local contracts = {}
  for name, contract in pairs(compiled.contracts) do contracts[name] = contract_of(contract) end
  return contracts
end

--- A contract that may be deployed.
-- @type Contract

-- The code with the addresses of libraries at their places.
local function linked(self, libraries)
  local code = self.bytecode
  for _, by_name in pairs(self.link_references) do
    for name, places in pairs(by_name) do
      local address = address_of(libraries and libraries[name])
      if type(address) ~= "string" or #address ~= SIZE_OF_ADDRESS then
        raise("the contract needs the address of library '%s' in 'libraries'", name)
      end
      for _, place in ipairs(places) do
        code = code:sub(1, 2 * place.start) .. crypto.hex(address)
          .. code:sub(2 * (place.start + place.length) + 1)
      end
    end
  end
  local bytes = crypto.unhex(code)
  if not bytes then raise "'bytecode' is no hex text, or a library is not linked" end
  return bytes
end

--- The contract as it is deployed already, on a chain that was opened again for instance.
-- @tparam Chain chain of `vmhost.fixture`
-- @tparam string name of the service
-- @treturn Deployed
function Contract:at(chain, name)
  return setmetatable({ contract = self, chain = chain, name = name, sending = {},
    address = crypto.address_of_contract(name) .. "\1" }, Deployed)
end

--- Deploys the contract in a block of its own.
-- @tparam Chain chain of `vmhost.fixture`
-- @tparam string name of the service
-- @tparam[opt] table arguments of the constructor, a list
-- @tparam[opt] table given `from`: account that signs, default the first one; `value`: amount that
-- the contract is given, an integer, a word or decimal text; `token`: 10 bytes or `tti_` text,
-- default VITE; `libraries`: name -> Deployed or 21 bytes
-- @treturn[1] Deployed
-- @return[2] nil
-- @treturn[2] string why it failed
-- @treturn[2] string execution result, or the code of a host failure
-- @raise for an unknown option or account, a library that is not given, and arguments that do not
-- fit
function Contract:deploy(chain, name, arguments, given)
  given = options.check("deploy", given, { "from", "value", "token", "libraries" })
  arguments = arguments or {}
  local types = self.interface.constructor
  local values = plain_values("the constructor", types, table.pack(table.unpack(arguments)))
  local code = linked(self, given.libraries) .. assert(abi.encode(joined(types), values))
  local tree, message, failure = run_tree(chain, words_of(chain, given, "_Deployments",
    "deployService", { { string = name }, { uint32 = PROCESSOR_VITE }, { bytes = code } }))
  if not tree then return nil, message, failure end
  local receipt = tree.receipts[1]
  if receipt.execution_result ~= "SUCCESS" then
    return nil, tree.records[receipt].error, receipt.execution_result
  end
  return self:at(chain, name)
end

--- A contract on a chain. Fields: `name` of the service, `address` (21 bytes), `chain`.
-- @type Deployed

--- The same contract, called by another account or with a value.
-- @tparam table given `from`, `value`, `token` as of `Contract:deploy`
-- @treturn Deployed
-- @raise for an unknown option
function Deployed:with(given)
  given = options.check("with", given, SENDING_OPTIONS)
  local copy = self.contract:at(self.chain, self.name)
  copy.sending = given
  return copy
end

local function send(self, data, outputs)
  local words = words_of(self.chain, self.sending, self.name, "call", { { bytes = data } })
  local tree, message, code = run_tree(self.chain, words)
  if not tree then return nil, message, code end
  local receipts, last = tree.receipts, find_end(tree.receipts)
  local outcome = { receipts = receipts, receipt = last, suspended = last == nil,
    logs = self:logs(receipts) }
  if not last then return outcome end
  outcome.execution_result = last.execution_result
  if last.execution_result ~= "SUCCESS" then
    outcome.error = tree.records[last].error
    return outcome
  end
  outcome.output = output_of(last, last == receipts[1] and words[#words].uint256 ~= nil)
  if outputs then outcome.outputs, outcome.error = abi.decode(outputs, outcome.output) end
  return outcome
end

--- Calls a method in a block of its own, and mines until no message waits.
-- @tparam string name of the method, or its signature where several share one name
-- @param ... arguments
-- @treturn[1] table `receipts` of the transaction and of all messages that came of it, in order;
-- `suspended`: whether the method still waits for an answer. Where it does not: `receipt`, that of
-- its last resume or of the transaction; `execution_result`; `output`, raw, and `outputs`, decoded,
-- of a good one; `error`, text of a failed one, or of outputs that do not decode. `logs`: what this
-- contract logged in these receipts, as of `logs`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code of a host failure
-- @raise for an unknown method or account, and arguments that do not fit
function Deployed:call(name, ...)
  local method = find_method(self, name, select("#", ...))
  local values = plain_values(self.name .. "." .. method.name, method.inputs, table.pack(...))
  return send(self, assert(abi.encode_call(method.signature, values)), method.outputs)
end

--- Sends call data as it is; empty data is a plain transfer of the value.
-- @tparam[opt=""] string data
-- @return as `call`, without `outputs`
function Deployed:raw(data)
  return send(self, data or "", nil)
end

--- Asks a method at the last height.
-- @tparam string name as of `call`
-- @param ... arguments
-- @return[1] the outputs as values
-- @return[2] nil
-- @treturn[2] string why it failed
-- @treturn[2] string execution result, or the code of a host failure
-- @raise as `call`
function Deployed:query(name, ...)
  local method = find_method(self, name, select("#", ...))
  local values = plain_values(self.name .. "." .. method.name, method.inputs, table.pack(...))
  local words = { signer_of(self.chain, self.sending) }
  for _, each in ipairs { self.name, "query",
    { bytes = assert(abi.encode_call(method.signature, values)) } } do
    words[#words + 1] = each
  end
  local output, message, code = self.chain:query(table.unpack(words))
  if not output then return nil, message, code end
  local outputs
  outputs, message, code = abi.decode(method.outputs, output)
  if not outputs then return nil, message, code end
  return table.unpack(outputs)
end

-- Logs

local function topics_of(log)
  local topics = {}
  for place = 1, #log.topics, 32 do topics[#topics + 1] = log.topics:sub(place, place + 31) end
  return topics
end

-- A topic holds a value of one word, and of anything longer only the hash.
local function topic_value(type_name, topic)
  local is_word = not type_name:find "[%[%(]" and type_name ~= "string" and type_name ~= "bytes"
  local decoded = is_word and abi.decode("(" .. type_name .. ")", topic)
  if decoded then return decoded[1] end
  return topic
end

-- Values in the order of the declaration; nil where the log is not of that event after all.
local function event_values(event, topics, data)
  local unindexed = {}
  for index, input in ipairs(event.inputs) do
    if not input.indexed then unindexed[#unindexed + 1] = event.types[index] end
  end
  local others = abi.decode(joined(unindexed), data)
  if not others or #topics - 1 ~= #event.inputs - #unindexed then return nil end
  local values, next_topic, next_other = {}, 2, 1
  for index, input in ipairs(event.inputs) do
    if input.indexed then
      values[index] = topic_value(event.types[index], topics[next_topic])
      next_topic = next_topic + 1
    else
      values[index] = others[next_other]
      next_other = next_other + 1
    end
  end
  return values
end

local function decode_log(self, log)
  local decoded = { topics = topics_of(log), data = log.data }
  local event = self.contract.interface.events[decoded.topics[1]]
  local values = event and event_values(event, decoded.topics, log.data)
  if not values then return decoded end
  decoded.event, decoded.values, decoded.fields = event.name, values, {}
  for index, input in ipairs(event.inputs) do
    if input.name ~= "" then decoded.fields[input.name] = values[index] end
  end
  return decoded
end

--- What this contract logged, decoded.
-- @tparam {table,...} receipts
-- @treturn {table,...} logs with `topics` (32 bytes each) and `data`, and where the event is one of
-- the interface, `event`, its name, `values` in the order of its declaration, and `fields`, the
-- same by name. Of an indexed value longer than a word there is only its topic. Anonymous events
-- are not decoded
function Deployed:logs(receipts)
  local logs = {}
  for _, receipt in ipairs(receipts) do
    for _, log in ipairs(receipt.logs or {}) do
      if log.address == self.address:sub(1, 20) then logs[#logs + 1] = decode_log(self, log) end
    end
  end
  return logs
end

return vite
