-- The names that a chunk at the prompt sees.
local inspect = require "vmhost.inspect"
local names = require "vmhost.repl.names"

local environment = {}

local KEYS_SHOWN <const> = 50

local function sorted(list)
  table.sort(list)
  return list
end

function environment.account_names(chain)
  local list = {}
  for name in pairs(chain.accounts) do list[#list + 1] = name end
  return sorted(list)
end

-- Contracts that can be called: those in C, and all that have a record in `_Deployments`.
function environment.contract_names(chain)
  local is_there = {}
  for _, name in ipairs { "_Committee", "_Deployments", "_GlobalPreOrder", "_Info", "_Ledger",
    "_Triggers" } do
    is_there[name] = chain.host:describe(name) ~= nil
  end
  for _, name in ipairs(chain.genesis.native_contracts) do is_there[name] = true end
  for _, record in ipairs(chain.storage:keys "_Deployments") do
    local name = record.key:match "^(%w+)%.Processor$"
    if name then is_there[name] = true end
  end
  local list = {}
  for name, there in pairs(is_there) do
    if there then list[#list + 1] = name end
  end
  return sorted(list)
end

local function names_where(methods, is_one)
  local list = {}
  for _, method in ipairs(methods) do
    if is_one(method) then list[#list + 1] = method.name end
  end
  return sorted(list)
end

-- Methods that a client may call, then callbacks; nil for a contract that does not describe itself.
function environment.method_names(chain, contract)
  local methods = chain.host:describe(contract)
  if not methods then return nil end
  local function is_callable(method) return not method.internal and not method.callback end
  return names_where(methods, is_callable),
    names_where(methods, function(method) return method.callback end)
end

local function contains(list, name)
  for _, entry in ipairs(list) do
    if entry == name then return true end
  end
  return false
end

-- Contracts

local function signature(method)
  if method.callback then return method.name .. "  callback, for the host alone" end
  local words = {}
  for index, type_name in ipairs(method.parameters) do
    local name = (method.parameter_names or {})[index] or ""
    words[index] = name == "" and type_name or name .. " " .. type_name
  end
  local parameters = table.concat(words, ", ") .. (method.variadic and "..." or "")
  local results = #method.results > 0 and " -> " .. table.concat(method.results, ", ") or ""
  return ("%s(%s)%s"):format(method.name, parameters, results)
end

local function contract_text(chain, name)
  local lines = { name }
  for _, method in ipairs(chain.host:describe(name) or {}) do
    if not method.internal then lines[#lines + 1] = "  " .. signature(method) end
  end
  return table.concat(lines, "\n")
end

-- A contract as a table of its methods, each a query or a transaction of the session's account.
local function new_contract(session, name)
  local contract = {}
  return setmetatable(contract, {
    __name = "contract",
    __tostring = function() return contract_text(session.chain, name) end,
    __index = function(_, method)
      local known, callbacks = environment.method_names(session.chain, name)
      if known and contains(callbacks, method) then
        error(("%s.%s is a callback: the host calls it with the answer to a call of %s, and nobody "
          .. "else"):format(name, method, name), 0)
      end
      if known and method == "_init" then
        error(name .. "._init runs once, when the contract is deployed", 0)
      end
      if known and not contains(known, method) then
        error(names.unknown(name .. " has no method", tostring(method), known), 0)
      end
      return function(...)
        local handle = session.chain:contract(name, session.account)
        -- A colon instead of the dot is taken as well.
        if rawequal((...), contract) then return handle[method](handle, select(2, ...)) end
        return handle[method](handle, ...)
      end
    end,
  })
end

local function new_contracts(session)
  return setmetatable({}, {
    __name = "contracts",
    __index = function(_, name) return new_contract(session, name) end,
    __pairs = function()
      local map = {}
      for _, name in ipairs(environment.contract_names(session.chain)) do
        map[name] = new_contract(session, name)
      end
      return next, map
    end,
    __tostring = function()
      local texts = {}
      for index, name in ipairs(environment.contract_names(session.chain)) do
        texts[index] = contract_text(session.chain, name)
      end
      return table.concat(texts, "\n")
    end,
  })
end

-- State

-- The keys of a contract as text; a long list is cut.
function environment.state_text(chain, contract)
  local records = assert(chain.storage:keys(contract, { limit = KEYS_SHOWN + 1 }))
  local has_more = #records > KEYS_SHOWN
  records[KEYS_SHOWN + 1] = nil
  return contract .. "\n" .. inspect.state(records)
    .. (has_more and ("\n  ... the first %d keys"):format(KEYS_SHOWN) or "")
end

local function new_contract_state(session, contract)
  return setmetatable({}, {
    __name = "state of a contract",
    __index = function(_, key)
      local value = assert(session.chain:read(contract, key))
      return value ~= "" and value or nil
    end,
    __newindex = function()
      error("state is changed by transactions only", 0)
    end,
    __pairs = function()
      local records, index = assert(session.chain.storage:keys(contract)), 0
      return function()
        index = index + 1
        local record = records[index]
        if record then return record.key, record.value end
        return nil
      end
    end,
    __tostring = function() return environment.state_text(session.chain, contract) end,
  })
end

local function new_state(session)
  return setmetatable({}, {
    __name = "state",
    __index = function(_, contract) return new_contract_state(session, contract) end,
    __newindex = function() error("state is changed by transactions only", 0) end,
    __tostring = function()
      return table.concat(sorted(assert(session.chain.storage:contracts())), "\n")
    end,
  })
end

-- Names

-- Ctrl-C sets a hook on the main thread only. A coroutine looks for it now and then.
local function new_coroutine_library(session)
  local function watch()
    if debug.gethook(session.main_thread) then error("interrupted", 0) end
  end
  local library = setmetatable({}, { __index = coroutine })
  function library.create(body)
    local thread = coroutine.create(body)
    debug.sethook(thread, watch, "", 1000)
    return thread
  end
  function library.wrap(body)
    local thread = library.create(body)
    return function(...)
      local outcome = table.pack(coroutine.resume(thread, ...))
      if not outcome[1] then error(outcome[2], 0) end
      return table.unpack(outcome, 2, outcome.n)
    end
  end
  return library
end

local function new_builtins(session)
  local chain = session.chain
  local crypto = require "vmhost.crypto"
  return {
    chain = chain, vmhost = require "vmhost", inspect = inspect,
    word = require("vmhost.word").new,
    coroutine = new_coroutine_library(session),
    contracts = new_contracts(session), state = new_state(session),
    send = function(...) return chain:send(...) end,
    query = function(...) return chain:query(...) end,
    hex = crypto.hex, unhex = crypto.unhex,
    address = function(text) return assert(crypto.parse_address(text)) end,
    as = function(name)
      if not chain.accounts[name] then
        error(names.unknown("no account", tostring(name), environment.account_names(chain)), 0)
      end
      session.account = name
    end,
    print = function(...)
      local texts = {}
      for index = 1, select("#", ...) do texts[index] = tostring((select(index, ...))) end
      session.output:write(table.concat(texts, "\t"), "\n")
    end,
  }
end

-- A contract with its methods.
function environment.contract_text(session, name)
  return contract_text(session.chain, name)
end

-- All names, for completion and for guessing what was meant.
function environment.names(session)
  local list = environment.contract_names(session.chain)
  for _, map in ipairs { session.environment, session.builtins, session.chain.accounts, _G } do
    for name in pairs(map) do
      if type(name) == "string" then list[#list + 1] = name end
    end
  end
  return sorted(list)
end

-- The table of globals: what the chunks assigned, then what the prompt offers, accounts (their
-- addresses), Lua's own, and contracts, last because they are looked up in the state. A name that
-- is none of them raises.
function environment.new(session)
  session.builtins = new_builtins(session)
  return setmetatable({}, { __index = function(_, name)
    local builtin = session.builtins[name]
    if builtin ~= nil then return builtin end
    local account = session.chain.accounts[name]
    if account then return account.address end
    if _G[name] ~= nil then return _G[name] end
    if contains(environment.contract_names(session.chain), name) then
      return new_contract(session, name)
    end
    error(names.unknown("unknown name", tostring(name), environment.names(session)), 0)
  end })
end

return environment
