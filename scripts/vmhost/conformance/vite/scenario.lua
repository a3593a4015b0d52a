-- The world of one scenario: users, contracts, and requests that are answered first in, first out.
local crypto = require "vmhost.crypto"
local json = require "dkjson"
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"
local word = require "vmhost.word"

local KINDS = { "SendCreate", "SendCall", "SendReward", "Receive", "ReceiveError", "SendRefund",
  "GenesisReceive", "SendSyncCall", "SendCallback", "SendFailureCallback" }
local DEPLOYER = "@deployer"
local SECOND_TOKEN = values.token "tti_2445f6e5cde8c2c70e446c83"
local PLENTY = word.new("1" .. ("0"):rep(30))
-- Public group, contract type 1, response latency 0, random degree 0, quota ratio 10.
local CREATION = ("\0"):rep(9) .. "\2\1\0\0\10"

local Scenario = {}
Scenario.__index = Scenario

local scenario = {}

-- Opens the world of a scenario.
-- @tparam table contracts by name, as the file holds them
-- @treturn table
function scenario.open(contracts)
  local self = setmetatable({
    world = vite_core.world { rule_set = "reference", fork = 12, has_status = true },
    contracts = contracts, queue = {}, addresses = {}, names = {}, of_id = {}, logs = {},
    heights = {},
  }, Scenario)
  self.world:set_balance(self:address(DEPLOYER), values.VITE, PLENTY)
  self.world:set_balance(self:address(DEPLOYER), SECOND_TOKEN, PLENTY)
  return self
end

function Scenario:__close()
  self.world:close()
end

function Scenario:name(address, name)
  self.addresses[name], self.names[address] = address, name
end

-- The address that a name stands for: `@user`, `$contract`, or an address's own text.
function Scenario:address(name)
  if self.addresses[name] then return self.addresses[name] end
  if name:sub(1, 1) == "@" then
    self:name(crypto.blake2b(name, 20) .. "\0", name)
    return self.addresses[name]
  end
  if name:sub(1, 5) == "vite_" then return values.address(name) end
  return self.addresses["$" .. name:gsub("^%$", "")]
    or values.fault("unknown account '%s'", name)
end

-- The name of an address, or its text.
function Scenario:of(address)
  return self.names[address] or vite_core.address_text(address)
end

local function word_of_address(address)
  return ("\0"):rep(11) .. address
end

-- Hex digits with `{@user}` and `{$contract}` in them, as bytes.
function Scenario:bytes(text)
  local filled = (text or ""):gsub("{([@$][^}]*)}", function(name)
    return values.hex(word_of_address(self:address(name)))
  end)
  return values.bytes(filled)
end

-- Bytes as hex digits, with names where an expected text has them.
function Scenario:hex(bytes, expected)
  local text = values.hex(bytes)
  if type(expected) == "string" and expected:find "{" and self:bytes(expected) == bytes then
    return expected
  end
  return text
end

local function entry_of(self, request, response)
  local entry = {
    kind = KINDS[request.kind], from = self:of(request.from), to = self:of(request.to),
    amount = tostring(request.amount), token = vite_core.token_text(request.token),
    selector = values.hex(request.data:sub(1, 4)), dataLength = #request.data,
    status = response.status, error = response.error, triggered = #response.triggered,
  }
  if request.kind == 8 then
    entry.contextStackItems, entry.contextMemoryBytes = request.stack_count, request.memory_size
    entry.callbackId = request.callback_id
  end
  if request.to:byte(21) == 1 and response.status ~= "depth" then
    entry.quotaSpent = response.quota_spent
  end
  return entry
end

function Scenario:keep_logs(account, logs)
  local list = self.logs[account] or {}
  self.logs[account] = list
  for _, log in ipairs(logs) do
    list[#list + 1] = { topics = log.topics, data = log.data, height = self:height_of(account) }
  end
end

-- Blocks of an account so far: those that answered, and those that it sent.
function Scenario:height_of(account)
  return self.heights[account] or 0
end

function Scenario:count_block(account)
  self.heights[account] = self:height_of(account) + 1
end

-- Sends a request of a user.
-- @treturn table what became of it; on its way unless it has an error
function Scenario:send(request)
  local sent = assert(self.world:send(request))
  if not sent.error then
    self:count_block(request.from)
    self.queue[#self.queue + 1] = sent.request
  end
  return sent
end

-- Answers what is on its way until nothing is.
-- @treturn {table,...} an entry for each answer, in order
-- @treturn table response by the hash of its request
function Scenario:deliver()
  local flow = setmetatable({}, { __jsontype = "array" })
  local responses = {}
  while #self.queue > 0 do
    local request = table.remove(self.queue, 1)
    local response = assert(self.world:respond { hash = request.hash })
    self:count_block(request.to)
    self:keep_logs(request.to, response.logs)
    flow[#flow + 1] = entry_of(self, request, response)
    responses[request.hash] = response
    table.move(response.triggered, 1, #response.triggered, #self.queue + 1, self.queue)
  end
  return flow, responses
end

-- What the compiler leaves open in code: addresses of libraries, 42 characters of a placeholder; a
-- library's own address, zeros behind PUSH21; what the constructor computes, zeros behind PUSH32.
local OPEN_PLACES = { "^74(0+)$", "^74(__%$.*)$", "^7f(0+)$" }
local OPEN_SIZES = { 44, 44, 66 }

-- Digits of the open place that begins here, 0 where none does.
local function open_size(code, at)
  for index, size in ipairs(OPEN_SIZES) do
    if code:sub(at, at + size - 1):find(OPEN_PLACES[index]) then return size end
  end
  return 0
end

-- Whether code is the compiler's but for the places that it leaves open.
function Scenario.same_but_for_open_places(expected, actual)
  local at = 1
  if #expected ~= #actual then return false end
  while at <= #expected do
    if expected:sub(at, at + 1) ~= actual:sub(at, at + 1) then return false end
    at = at + math.max(open_size(expected, at), 2)
  end
  return true
end

-- Writes addresses of libraries into the places that the compiler left for them.
local function link(self, contract, libraries)
  local bytecode = contract.bytecode
  for library, id in pairs(libraries or {}) do
    local digits = values.hex(self:address(id))
    for _, names in pairs(contract.linkReferences or {}) do
      for _, place in ipairs(names[library] or {}) do
        local at = 2 * place.start
        bytecode = bytecode:sub(1, at) .. digits .. bytecode:sub(at + #digits + 1)
      end
    end
  end
  return bytecode
end

-- A request that creates a contract of the file.
-- @tparam table step
-- @treturn table
function Scenario:creation(step)
  local contract = self.contracts[step.contract]
    or values.fault("unknown contract '%s'", tostring(step.contract))
  return {
    kind = 1, from = self:address(step.from or DEPLOYER), token = values.token(step.token),
    amount = word.new(step.value or "0"),
    data = CREATION .. values.bytes(link(self, contract, step.libraries))
      .. self:bytes(step.constructorArgs),
  }
end

-- A request with data, or with none.
-- @tparam table step
-- @tparam string data
-- @treturn table
function Scenario:request(step, data)
  return {
    kind = 2, from = self:address(step.from or DEPLOYER), to = self:address(step.to),
    token = values.token(step.token), amount = word.new(step.value or "0"), data = data,
  }
end

scenario.null = json.null

return scenario
