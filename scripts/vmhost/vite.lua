--- Compiled Vite contracts on a chain of `vmhost.fixture`.
--
--     local vite = require "vmhost.vite"
--     local contract = assert(vite.load { file = "counter.json" })
--     local counter = assert(contract:deploy(chain, "Counter", { 5 }))
--     local outcome = assert(counter:call("add", 2))
--     print(outcome.execution_result, outcome.outputs[1], counter:query "total")
--
-- Values are those of `vmhost.abi`. Wherever an address is wanted, also inside a list or a tuple, a
-- deployed contract or an account of the chain is as good as its 21 bytes.
-- @module vmhost.vite
local abi = require "vmhost.abi"
local call_data = require "vmhost.vite.call_data"
local codec = require "vmhost.codec"
local compiled_file = require "vmhost.compiled_file"
local crypto = require "vmhost.crypto"
local interface = require "vmhost.vite.interface"
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

-- Methods and their arguments

local function method_names(signatures)
  local names = {}
  for signature in pairs(signatures) do names[#names + 1] = signature end
  table.sort(names)
  return #names > 0 and table.concat(names, ", ") or "none"
end

-- A method by its name, or by its signature where several share one.
local function find_method(self, name, count)
  local known = self.contract.interface
  if known.signatures[name] then return known.signatures[name] end
  local found = known.methods[name]
  if not found then
    raise("%s has no method %s; it has %s", self.name, wrong_use.shown(name),
      method_names(known.signatures))
  end
  local fitting = {}
  for _, method in ipairs(found) do
    if method.inputs and #method.inputs == count then fitting[#fitting + 1] = method end
  end
  if #fitting == 1 then return fitting[1] end
  if #found == 1 then return found[1] end
  raise("%s has several methods '%s': name one by its signature, of %s", self.name, name,
    method_names(known.signatures))
end

-- The method, and its call data.
local function encode_call(self, name, ...)
  local method = find_method(self, name, select("#", ...))
  local what = self.name .. "." .. method.name
  if method.refusal then raise("%s: %s", what, method.refusal) end
  local data, message = call_data.encode(what, method.inputs, table.pack(...))
  if not data then raise("%s", message) end
  return method, abi.selector(method.signature) .. data
end

-- Sending

local SENDING_OPTIONS = { "from", "value", "token" }

local function amount_of(what, value)
  local good, amount = pcall(word.new, value or 0)
  if good then return amount end
  raise("%s: value: a number from 0 to 2^256 - 1 expected, got %s", what, wrong_use.shown(value))
end

local function token_of(what, given)
  local token = given.token
  if token == nil then return VITE_TOKEN end
  if given.value == nil then raise("%s: 'token' without 'value'", what) end
  if type(token) ~= "string" then
    raise("%s: token: 10 bytes or tti_... expected, got %s", what, wrong_use.shown(token))
  end
  if #token == #VITE_TOKEN then return token end
  local bytes, message = vite_core.parse_token(token)
  if not bytes then raise("%s: token: %s", what, message) end
  return bytes
end

-- The name of the account that signs; nil is the chain's first.
local function check_signer(chain, name)
  if name == nil or chain.accounts[name] then return name end
  local names = {}
  for each in pairs(chain.accounts) do names[#names + 1] = each end
  table.sort(names)
  raise("no account %s; there are %s", wrong_use.shown(name), table.concat(names, ", "))
end

-- Who sends what with a call: `from`, `value` as a word, `token` as bytes.
local function sending_of(what, chain, given)
  return { from = check_signer(chain, given.from), value = amount_of(what, given.value),
    token = token_of(what, given) }
end

-- The words of a call as the fixture takes it, through the ledger where there is a value.
local function words_of(sending, service, method, arguments)
  local words = { sending.from }
  local function add(...)
    for index = 1, select("#", ...) do words[#words + 1] = (select(index, ...)) end
  end
  if sending.value == word.new(0) then
    add(service, method, table.unpack(arguments))
    return words
  end
  -- As callWithValue takes arguments: the length stands before the array.
  local packed = ("<s4"):pack(codec.pack_arguments(arguments))
  add("_Ledger", "callWithValue", { string = service }, { string = method }, { bytes = packed },
    { bytes = sending.token }, { uint256 = sending.value })
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

-- The interface that an ABI, or its JSON text, tells.
local function read_interface(entries)
  if type(entries) == "string" then
    entries = json.decode(entries)
    if type(entries) ~= "table" then return nil, "'abi' is no JSON list" end
  end
  if type(entries) ~= "table" then return nil, "'abi' must be a list, or its JSON text" end
  return interface.read(entries)
end

local function is_place(place, code)
  return type(place) == "table" and place.length == SIZE_OF_ADDRESS
    and math.type(place.start) == "integer" and place.start >= 0
    and 2 * (place.start + place.length) <= #code
end

-- Where the address of each library belongs, by name.
local function library_places(code, link_references)
  local places = {}
  for file, by_name in pairs(link_references) do
    if type(by_name) ~= "table" then
      return nil, ("link references of %s: table expected, got %s"):format(
        tostring(file), type(by_name))
    end
    for name, list in pairs(by_name) do
      places[name] = places[name] or {}
      for index, place in ipairs(type(list) == "table" and list or { list }) do
        if not is_place(place, code) then
          return nil, ("link reference %d of library '%s': no place of %d bytes in the code")
            :format(index, tostring(name), SIZE_OF_ADDRESS)
        end
        table.insert(places[name], place)
      end
    end
  end
  return places
end

-- The code with an address at each place of a library.
local function with_addresses(code, places, address_of)
  for name, list in pairs(places) do
    local digits = crypto.hex(address_of(name))
    for _, place in ipairs(list) do
      code = code:sub(1, 2 * place.start) .. digits
        .. code:sub(2 * (place.start + place.length) + 1)
    end
  end
  return code
end

local function no_address() return ("\0"):rep(SIZE_OF_ADDRESS) end

local function new_contract(entries, bytecode, link_references)
  local read, message = read_interface(entries)
  if not read then return nil, message end
  if type(bytecode) ~= "string" then return nil, "'bytecode' must be hex text" end
  if type(link_references or {}) ~= "table" then return nil, "link references must be a table" end
  local code = bytecode:gsub("^0x", "")
  local places
  places, message = library_places(code, link_references or {})
  if not places then return nil, message end
  local _, fault = crypto.unhex(with_addresses(code, places, no_address))
  if fault then
    return nil, "'bytecode' is no hex text, or a library is not linked: " .. fault
  end
  return setmetatable({ interface = read, bytecode = code, places = places }, Contract)
end

local function contract_of(compiled, place, name)
  local contract, message = new_contract(compiled.abi, compiled.bytecode, compiled.linkReferences)
  if contract then return contract end
  return nil, ("%s: contract '%s': %s"):format(place, name, message), "malformed"
end

local function load_file(path, name)
  local compiled, message, code = compiled_file.read(path)
  if not compiled then return nil, message, code end
  local contract, found
  contract, found, code = compiled_file.contract(compiled, name)
  if not contract then return nil, ("%s: %s"):format(path, found), code end
  return contract_of(contract, path, found)
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
-- @raise for an unknown option, for options that exclude each other, and for an `abi`, a `bytecode`
-- or `link_references` that are none, naming the entry
function vite.load(given)
  given = options.check("vite.load", given, LOAD_OPTIONS)
  if given.file == nil then
    if given.contract ~= nil then raise "load: 'contract' without 'file'" end
    local contract, message = new_contract(given.abi, given.bytecode, given.link_references)
    if not contract then raise("%s", message) end
    return contract
  end
  for _, other in ipairs { "abi", "bytecode", "link_references" } do
    if given[other] ~= nil then raise("load: both 'file' and '%s' are given", other) end
  end
  wrong_use.check("vite.load: file", given.file, "string")
  if given.contract ~= nil then wrong_use.check("vite.load: contract", given.contract, "string") end
  return load_file(given.file, given.contract)
end

--- Compiles Solidity++ with the compiler of `vmhost.solppc`.
-- @tparam string source
-- @tparam[opt] table given as `solppc.compile` takes it
-- @treturn[1] table Contract by name
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of `solppc.compile`
-- @raise as `solppc.compile`
function vite.compile(source, given)
  local compiled, message, code = solppc.compile(source, given)
  if not compiled then return nil, message, code end
  local contracts = {}
  for name, contract in pairs(compiled.contracts) do
    contracts[name], message, code = contract_of(contract, "compiler", name)
    if not contracts[name] then return nil, message, code end
  end
  return contracts
end

--- A contract that may be deployed.
-- @type Contract

-- A method that is called with a point gets its first argument in place of the contract.
local function check_self(self, class, name)
  if getmetatable(self) ~= class then raise("%s: call it with a colon, :%s(...)", name, name) end
end

local function check_place(what, chain, name)
  local class = getmetatable(chain)
  if type(class) ~= "table" or class.__name ~= "vmhost.fixture.Chain" then
    raise("%s: a chain of vmhost.fixture expected, got %s", what, wrong_use.shown(chain))
  end
  if type(name) ~= "string" then
    raise("%s: the name of the service expected, got %s", what, wrong_use.shown(name))
  end
  if chain.accounts[name] then raise("%s: '%s' is the name of an account", what, name) end
end

local function check_libraries(self, libraries)
  wrong_use.check("deploy: libraries", libraries, "table")
  local names = {}
  for name in pairs(self.places) do names[#names + 1] = name end
  table.sort(names)
  for name in pairs(libraries) do
    if not self.places[name] then
      raise("deploy: the contract links no library %s; it links %s", wrong_use.shown(name),
        #names > 0 and table.concat(names, ", ") or "none")
    end
  end
end

-- The init code with the addresses of libraries at their places.
local function linked(self, libraries)
  check_libraries(self, libraries)
  local code = with_addresses(self.bytecode, self.places, function(name)
    local address = call_data.address_of(libraries[name])
    if type(address) == "string" and #address == SIZE_OF_ADDRESS then return address end
    raise("the contract needs the address of library '%s' in 'libraries', got %s", name,
      wrong_use.shown(libraries[name]))
  end)
  if code == "" then raise "deploy: the contract has no code: it is abstract, or an interface" end
  return crypto.unhex(code)
end

-- Arguments of the constructor with their number.
local function counted(arguments)
  if arguments == nil then return { n = 0 } end
  wrong_use.check("deploy: arguments", arguments, "table")
  local counted_ones = { n = 0 }
  for key, value in pairs(arguments) do
    if math.type(key) ~= "integer" or key < 1 then
      raise("deploy: the arguments are a list, got the key %s; options come behind it",
        wrong_use.shown(key))
    end
    counted_ones[key], counted_ones.n = value, math.max(counted_ones.n, key)
  end
  return counted_ones
end

--- The contract as it is deployed already, on a chain that was opened again for instance.
-- @tparam Chain chain of `vmhost.fixture`
-- @tparam string name of the service
-- @treturn Deployed
-- @raise for what is no chain or no name
function Contract:at(chain, name)
  check_self(self, Contract, "at")
  check_place("at", chain, name)
  return setmetatable({ contract = self, chain = chain, name = name,
    sending = sending_of("at", chain, {}),
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
-- @raise for what is no chain or no name, for an unknown option, account or library, a library that
-- is not given, a `token` without `value`, and arguments that do not fit
function Contract:deploy(chain, name, arguments, given)
  check_self(self, Contract, "deploy")
  check_place("deploy", chain, name)
  given = options.check("deploy", given, { "from", "value", "token", "libraries" })
  local sending = sending_of("deploy", chain, given)
  local data, refusal = call_data.encode(name .. ".constructor", self.interface.constructor,
    counted(arguments))
  if not data then raise("%s", refusal) end
  local code = linked(self, given.libraries or {}) .. data
  local tree, message, failure = run_tree(chain, words_of(sending, "_Deployments",
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
-- @raise for an unknown option or account, and a `token` without `value`
function Deployed:with(given)
  check_self(self, Deployed, "with")
  given = options.check("with", given, SENDING_OPTIONS)
  local copy = self.contract:at(self.chain, self.name)
  copy.sending = sending_of("with", self.chain, given)
  return copy
end

local function send(self, data, outputs)
  local words = words_of(self.sending, self.name, "call", { { bytes = data } })
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
-- @raise for an unknown method, and arguments that do not fit
function Deployed:call(name, ...)
  check_self(self, Deployed, "call")
  local method, data = encode_call(self, name, ...)
  return send(self, data, method.outputs)
end

--- Sends call data as it is; empty data is a plain transfer of the value.
-- @tparam[opt=""] string data
-- @return as `call`, without `outputs`
-- @raise for data that are no string
function Deployed:raw(data)
  check_self(self, Deployed, "raw")
  if data == nil then data = "" end
  wrong_use.check(self.name .. ": raw: data", data, "string")
  return send(self, data, nil)
end

--- Asks a method at the last height.
-- @tparam string name as of `call`
-- @param ... arguments
-- @return[1] the outputs as values
-- @return[2] nil
-- @treturn[2] string why it failed
-- @treturn[2] string execution result, or the code of a host failure
-- @raise as `call`, and with a value, which a query cannot carry
function Deployed:query(name, ...)
  check_self(self, Deployed, "query")
  local method, data = encode_call(self, name, ...)
  if self.sending.value ~= word.new(0) then
    raise("%s.%s: a query carries no value", self.name, method.name)
  end
  local words = { self.sending.from }
  for _, each in ipairs { self.name, "query", { bytes = data } } do words[#words + 1] = each end
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
  for _, input in ipairs(event.inputs) do
    if not input.indexed then unindexed[#unindexed + 1] = input end
  end
  local others = abi.decode(interface.types(unindexed), data)
  if not others or #topics - 1 ~= #event.inputs - #unindexed then return nil end
  local values, next_topic, next_other = {}, 2, 1
  for index, input in ipairs(event.inputs) do
    if input.indexed then
      values[index] = topic_value(input.text, topics[next_topic])
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
-- @raise for what is no list of receipts
function Deployed:logs(receipts)
  check_self(self, Deployed, "logs")
  wrong_use.check(self.name .. ": logs: receipts", receipts, "table")
  local logs = {}
  for index, receipt in ipairs(receipts) do
    wrong_use.check(("%s: logs: receipts[%d]"):format(self.name, index), receipt, "table")
    for _, log in ipairs(receipt.logs or {}) do
      if log.address == self.address:sub(1, 20) then logs[#logs + 1] = decode_log(self, log) end
    end
  end
  return logs
end

return vite
