--- Random messages of a peer who proves what he likes: calls of services and methods that are there
-- and are not, with ids that others have, and answers to what waits for him, right and wrong.
--
--     local hostile = hostile_peer.open(seed, chain, { services = { "A" }, methods = { "go" } })
--     chain:process { incoming = hostile:records(5) }
--     hostile:note(out)
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local peers = require "spec.support.peer"
local new_random = require "spec.support.random"

local hostile_peer = {}

local CONTEXT <const> = "\0vmhost\0async"
local NOBODY <const> = ("i"):rep(32)
local MOST_KNOWN <const> = 40
local STRANGE_SERVICES <const> = { "_Ledger", "_Deployments", "_Mailbox", "Nope", "%n", "@",
  "@" .. ("0"):rep(42), "Echo@43", ("z"):rep(300) }
local STRANGE_METHODS <const> = { "_init", "callBack", "nope", "f(", "%s%s", "x\0y", "call",
  "query", "transfer(bytes20,bytes,uint256)", "callWithValue", "deployService",
  "x(uint256)(uint256)", "f((uint256,bool)[])(string)" }

local Hostile = {}
Hostile.__index = Hostile

--- `services` and `methods` are those that it calls and answers, as a rule.
function hostile_peer.open(seed, chain, options)
  return setmetatable({ chain = chain, peer = peers.open(), random = new_random(seed),
    services = options.services, methods = options.methods, ids = { NOBODY }, known = {},
    sequence = 0, seen = {} }, Hostile)
end

function Hostile:close() self.peer:close() end
Hostile.__close = Hostile.close

function Hostile:chance(percent) return self.random(100) <= percent end
function Hostile:pick(list) return list[self.random(#list)] end

function Hostile:bytes(most)
  local bytes = {}
  for index = 1, self.random(most + 1) - 1 do bytes[index] = string.char(self.random(256) - 1) end
  return table.concat(bytes)
end

-- Call data of bytecode that asks: whom, and what it sends to him.
function Hostile:raw()
  return ("\0"):rep(11) .. crypto.address_of_contract(self:pick(self.services)) .. "\1"
    .. crypto.blake2b(self:pick(self.methods) .. "(uint64)", 32):sub(1, 4)
    .. string.pack(">I16I16", 0, self.random(10) - 1) .. (self:chance(30) and self:bytes(40) or "")
end

local VALUES <const> = { { uint64 = 3 }, { string = "text" }, { bytes = "x" }, { uint32 = 3 },
  { bool = true }, { ["uint64[]"] = { 1, 2 } }, { uint256 = 5 }, { ["string[]"] = { "a" } } }

function Hostile:input()
  if self:chance(40) then return codec.pack_arguments { { uint64 = self.random(10) - 1 } } end
  if self:chance(20) then return self:raw() end
  if self:chance(20) then return codec.pack_arguments { { bytes = self:raw() } } end
  if self:chance(20) then return self:bytes(60) end
  local values = {}
  for index = 1, self.random(4) - 1 do values[index] = self:pick(VALUES) end
  local packed = codec.pack_arguments(values)
  if #packed == 0 or self:chance(60) then return packed end
  local place = self.random(#packed)
  return packed:sub(1, place - 1) .. (self:chance(50) and self:bytes(1) .. packed:sub(place + 1)
    or "")
end

-- The id of a context that the service has, or any id.
function Hostile:id_at(service)
  local list = {}
  for _, entry in ipairs(self.chain.storage:keys(service, { prefix = CONTEXT })) do
    if #entry.key == #CONTEXT + 32 then list[#list + 1] = entry.key:sub(-32) end
  end
  return self:pick(#list > 0 and self:chance(60) and list or self.ids)
end

function Hostile:call(message)
  message.to_service = self:pick(self:chance(80) and self.services or STRANGE_SERVICES)
  message.method = not self:chance(10)
    and self:pick(self:chance(70) and self.methods or STRANGE_METHODS)
  message.input = self:input()
  message.gas = self.random(self:chance(30) and 200000 or 20000000)
  message.amount = self:pick { 0, 0, 0, 1, 3 }
  if message.kind == 11 then
    message.answered_id = self:id_at(message.to_service)
    message.context_id = self:pick(self.ids) .. self:pick { "", "\0\0\0\1", "\0\0\0\2" }
  end
end

-- An answer: mostly to a call that waits, of its kind and from its target.
function Hostile:answer(message)
  local call = #self.known > 0 and self:chance(85) and self:pick(self.known)
  message.method = false
  message.to_service = call and call.from_service or self:pick(self.services)
  if call and self:chance(85) then
    message.from_service = call.to_service
    message.kind = call.kind == 11 and 12 or call.kind == 8 and self:pick { 9, 10 } or 6
  end
  message.gas = message.kind == 6 and 0 or self:pick { 0, 1000, 5000000, -1, 7,
    call and call.gas or 7 }
  message.input = message.kind ~= 6 and self:input() or nil
  if message.kind == 10 or message.kind == 12 and self:chance(50) then
    message.code = self:pick { 1, 3, 4, 5, 7, 10, 12, 0xffffffff }
  end
  if message.kind ~= 9 then message.amount = self:pick { 0, 1, 2, 1000000 } end
  message.answered_id = call and call.id or self:pick(self.ids)
  if message.kind == 12 then
    message.answered_id = call and call.kind == 11 and call.answered_id or self:pick(self.ids)
    message.context_id = call and call.kind == 11 and call.context_id
      or self:pick(self.ids) .. "\0\0\0" .. string.char(self.random(6) - 1)
  end
end

local KINDS <const> = { 2, 6, 8, 9, 9, 10, 10, 11, 11, 12, 12 }

--- Some incoming messages, proved.
function Hostile:records(count)
  local list = {}
  for index = 1, count do
    local message = { sequence = self.sequence, kind = self:pick(KINDS),
      from_service = self:pick { "X", "X", "Y", "A", "%s", "@" .. ("1"):rep(42) },
      root = self:pick(self.ids), parent = self:pick(self.ids) }
    if message.kind == 2 or message.kind == 8 or message.kind == 11 then
      self:call(message)
    else
      self:answer(message)
    end
    list[index] = self.peer:message(message)
    self.sequence = self.sequence + 1
  end
  return list
end

function Hostile:note_sent(bytes)
  local message, without_gas = codec.decode("Message", bytes), codec.decode("Message", bytes)
  without_gas.gas = 0
  message.id = crypto.sha256(codec.encode("Message", without_gas))
  self.known[#self.known + 1] = message
  if #self.known > MOST_KNOWN then table.remove(self.known, 1) end
  table.move({ message.id, message.parent }, 1, 2, #self.ids + 1, self.ids)
end

--- Takes up what a committed set has shown: ids, and what left for the peer.
function Hostile:note(out)
  for _, receipt in ipairs(out.receipts) do self.ids[#self.ids + 1] = receipt.message_id end
  for _, record in ipairs(out.records) do
    for _, execution in ipairs(record.executions or {}) do
      self.ids[#self.ids + 1] = execution.id
    end
  end
  for _, entry in ipairs(self.chain.storage:keys("_Mailbox", { prefix = "Out_" })) do
    if not self.seen[entry.key] then
      self.seen[entry.key] = true
      self:note_sent(entry.value)
    end
  end
end

return hostile_peer
