-- One run of the interpreter, with no account's response around it.
local conformance = require "vmhost.conformance"
local values = require "vmhost.conformance.vite.values"
local vite_core = require "vmhost.vite_core"

local interpreter = {
  name = "interpreter",
  inputs = { "sbheight", "sbtime", "blocktype", "fromaddress", "toaddress", "inputdata", "amount",
    "tokenid", "code", "quotatotal", "prestorage", "seed" },
}

function interpreter.read(case)
  local read = values.lower_keys(case)
  if type(read) ~= "table" then return read end
  read.err = read.err or ""
  if read.quotaleft == 0 then read.quotaleft = nil end
  -- The public runner looks at requests only where no logs are expected.
  read.sendblocklist = read.sendblocklist and values.read_requests(read.sendblocklist)
  read.loglist = read.loglist and values.read_logs(read.loglist)
  read.returndata = read.returndata and values.hex(values.bytes(read.returndata))
  return read
end

function interpreter.fits(case)
  return case.code ~= nil and case.quotatotal ~= nil
end

local function balances_into(storage, world, account)
  for token, amount in pairs(world:balances(account)) do
    storage["$BALANCE" .. values.token_text(token)] = values.amount_text(amount)
  end
  return storage
end

-- Amounts are written with an even count of digits.
local function even_digits(storage)
  for key, text in pairs(storage) do
    storage[key] = #text % 2 == 1 and "0" .. text or text
  end
  return storage
end

local function open_world(case, state)
  return vite_core.world {
    rule_set = "reference", fork = values.fork_at(case.sbheight or 1), metadata = state.metadata,
    seed = case.seed or 0, knows_all = true,
  }
end

local function request_of(case)
  return {
    kind = case.blocktype or 2,
    from = values.address(case.fromaddress), to = values.address(case.toaddress),
    token = values.token(case.tokenid), amount = values.amount(case.amount),
    data = values.bytes(case.inputdata),
  }
end

local function credit(world, request)
  local before = world:balances(request.to)[request.token]
  world:set_balance(request.to, request.token,
    before and before + request.amount or request.amount)
end

local function storage_of(world, account)
  return conformance.exact(even_digits(balances_into(values.storage(world, account), world,
    account)))
end

function interpreter.run(case, state)
  local world <close> = open_world(case, state)
  local request = request_of(case)
  values.put_storage(world, request.to, case.prestorage)
  credit(world, request)
  local result = assert(world:run {
    code = values.bytes(case.code), request = request, quota = case.quotatotal,
    height = case.sbheight or 1, time = case.sbtime or 0, commit = true,
  })
  local err = result.error or ""
  if err ~= "" and err ~= "execution reverted" then
    -- Nothing else is looked at.
    return { err = err, quotaleft = case.quotaleft, returndata = case.returndata,
      storage = case.storage, loghash = case.loghash, loglist = case.loglist,
      sendblocklist = case.sendblocklist }
  end
  local looks_at_requests = not case.loghash and not case.loglist
  return {
    err = err,
    quotaleft = result.quota_left,
    returndata = values.hex(result.output),
    storage = case.storage and storage_of(world, request.to),
    loghash = values.logs_hash(result.logs),
    loglist = case.loghash and case.loglist or values.logs(result.logs),
    sendblocklist = looks_at_requests and values.requests(result.triggered, case.sendblocklist)
      or case.sendblocklist,
  }
end

return interpreter
