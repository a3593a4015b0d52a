-- One transaction: a request of a user, or a response of an account.
local conformance = require "vmhost.conformance"
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"

local run = {
  name = "run",
  inputs = { "sbheight", "sbtime", "sendblocktype", "fromaddress", "data", "amount", "tokenid",
    "fee", "sendblockhash", "executioncontext", "pledgebeneficialamount", "prestorage",
    "prebalancemap", "precontractmetamap", "needglobalstatus", "blockheight", "seed" },
}

local REQUEST_KINDS = { [1] = true, [2] = true }
local PREVIOUS_HASH =
  values.bytes "82a8ecfe0df3dea6256651ee3130747386d4d6ab61201ce0050a6fe394a0f595"
local BUDGET = 1000000
local MAPS = { "storage", "balancemap", "contractmetamap" }
-- What is looked at where a block is produced; absent means none, or no retry.
local OF_BLOCK = { "quota", "quotaused", "sendblocklist", "loglist", "storage", "balancemap",
  "contractmetamap", "code", "toaddress", "blocktype", "loghash" }

function run.read(case)
  local read = values.lower_keys(case)
  if type(read) ~= "table" then return read end
  read.err = read.err or ""
  read.isretry = read.isretry or false
  read.success = read.success or false
  for _, name in ipairs(MAPS) do read[name] = read[name] or {} end
  read.sendblocklist = values.read_requests(read.sendblocklist)
  read.loglist = values.read_logs(read.loglist)
  read.code = read.code and values.hex(values.bytes(read.code))
  return read
end

function run.fits(case)
  return case.blocktype ~= nil and case.fromaddress ~= nil
end

local function put_contracts(world, case)
  for address, meta in pairs(case.precontractmetamap or {}) do
    local given = values.lower_keys(meta)
    world:set_contract(values.address(address), { quota_ratio = given.quotaratio,
      latency = given.responselatency or given.sendconfirmedtimes,
      random_degree = given.randomdegree or given.seedconfirmedtimes })
  end
end

-- The account whose block it is: the sender of a request, the receiver of a response.
local function account_of(case)
  local text = REQUEST_KINDS[case.blocktype] and case.fromaddress or case.toaddress
  return values.address(text)
end

local function open_world(case, state)
  local world = vite_core.world {
    rule_set = "reference", fork = values.fork_at(case.sbheight), metadata = state.metadata,
    has_status = case.needglobalstatus or false, seed = case.seed or 0,
  }
  local account = account_of(case)
  put_contracts(world, case)
  values.put_storage(world, account, case.prestorage)
  for token, amount in pairs(case.prebalancemap or {}) do
    world:set_balance(account, values.token(token), values.amount(amount))
  end
  if case.sendblocktype ~= 1 then
    world:set_place(account, (case.blockheight or 2) - 1, PREVIOUS_HASH)
  end
  return world, account
end

local function request_of(case, kind)
  return {
    kind = kind, from = values.address(case.fromaddress),
    to = case.toaddress and case.toaddress ~= "" and values.address(case.toaddress) or nil,
    token = values.token(case.tokenid), amount = values.amount(case.amount),
    fee = values.amount(case.fee), data = values.bytes(case.data),
  }
end

local function budget_of(case)
  local stake = values.amount(case.pledgebeneficialamount)
  return stake:bits() == 0 and 0 or BUDGET
end

local function send(world, case)
  local request = request_of(case, case.blocktype)
  request.budget = budget_of(case)
  local sent = assert(world:send(request))
  return {
    err = sent.error or "", isretry = false, success = sent.error == nil,
    blocktype = request.kind, quota = sent.quota_used, quotaused = sent.quota_used,
    sendblocklist = {}, loglist = {},
    toaddress = sent.error and case.toaddress or values.address_text(sent.request.to),
  }
end

local function respond(world, case)
  local request = request_of(case, case.sendblocktype)
  request.hash = case.sendblockhash and values.bytes(case.sendblockhash) or nil
  if case.code and case.sendblocktype ~= 1 then
    world:set_contract(request.to, { code = values.bytes(case.code),
      quota_ratio = (world:contract(request.to) or {}).quota_ratio })
  end
  world:put_request(request, 0,
    case.executioncontext and values.bytes(case.executioncontext) or nil)
  local response = assert(world:respond { hash = request.hash or ("\0"):rep(32),
    budget = budget_of(case), height = case.sbheight, time = case.sbtime or 0 })
  return {
    err = response.error or "", isretry = response.is_retry, success = response.is_block,
    blocktype = response.kind, quota = response.quota_used, quotaused = response.quota_used,
    sendblocklist = values.requests(response.triggered, case.sendblocklist),
    loglist = values.logs(response.logs), loghash = values.logs_hash(response.logs),
    toaddress = case.toaddress,
  }
end

local function balances(world, account)
  local map = {}
  for token, amount in pairs(world:balances(account)) do
    map[values.token_text(token)] = values.amount_text(amount)
  end
  return map
end

local function contracts(world, case, actual)
  local map = {}
  local candidates = { [actual.toaddress or ""] = true }
  for _, list in ipairs { case.precontractmetamap or {}, case.contractmetamap } do
    for address in pairs(list) do candidates[address] = true end
  end
  for address in pairs(candidates) do
    local contract = address ~= "" and world:contract(values.address(address))
    if contract then map[address] = { quotaRatio = contract.quota_ratio } end
  end
  return map
end

-- Balances are written with or without leading zeros.
local function trimmed(map)
  local copy = {}
  for token, amount in pairs(map) do copy[token] = values.amount_text(values.amount(amount)) end
  return copy
end

function run.run(case, state)
  local world <close>, account = open_world(case, state)
  local actual = (REQUEST_KINDS[case.blocktype] and send or respond)(world, case)
  actual.storage = conformance.exact(values.storage(world, account))
  actual.balancemap = conformance.exact(balances(world, account))
  actual.contractmetamap = conformance.exact(contracts(world, case, actual))
  actual.code = values.hex((world:contract(values.address(actual.toaddress)) or {}).code or "")
  case.balancemap = trimmed(case.balancemap)
  if not case.success then
    for _, name in ipairs(OF_BLOCK) do actual[name] = case[name] end
  end
  return actual
end

return run
