--- A network of banks, one a host, that ask and pay each other. Whatever the order in which things
-- arrive, once all is done the state of the banks and the ledgers is the same.
--
--     local net <close> = network.new(banks.options { seed = 7, loss = 0.3 })
--     banks.deploy(net)
--     for _, call in ipairs(banks.calls(random, 20)) do net:submit(table.unpack(call)) end
local crypto = require "vmhost.crypto"

local banks = {}

banks.TOKEN = "VITE TOKEN"
banks.NAMES = { "a", "b", "c" }
banks.CHAINS = { a = 42, b = 43, c = 44 }
banks.ISSUED = 1000000
local ALLOWED <const> = 1000000000

banks.SOURCE = [[
local bank, state = sdk.contract {
  state = { asked = "uint64", sum = "uint64", failures = "uint64", got = "uint256" },
  ask = "external write (target string, n uint64)",
  ask_further = "external write (target string, next string, n uint64)",
  relay = "external write (target string, n uint64) uint64",
  twice = "external write (n uint64) uint64",
  refuse = "external write ()",
  try = "external write (target string)",
  pay = "external write (target string, amount uint64)",
  pay_and_wait = "external write (target string, amount uint64)",
  pay_in_vain = "external write (target string, amount uint64)",
  wait_in_vain = "external write (target string, amount uint64)",
  take = "external write ()",
  figures = "external read () uint64, uint64, uint64, uint256",
}
function bank.ask(target, n)
  local answer = sdk.await(target, "twice(uint64)(uint64)", n)
  state.sum = state.sum + answer
end
function bank.ask_further(target, next, n)
  local answer = sdk.await(target, "relay(string,uint64)(uint64)", next, n)
  state.sum = state.sum + answer
end
function bank.relay(target, n)
  return sdk.await(target, "twice(uint64)(uint64)", n) + 1
end
function bank.twice(n)
  state.asked = state.asked + 1
  return 2 * n
end
function bank.refuse() error "no" end
function bank.try(target)
  local good = pcall(sdk.await, target, "refuse()")
  if not good then state.failures = state.failures + 1 end
end
function bank.pay(target, amount) sdk.send_with_value(amount, nil, target, "take()") end
function bank.pay_and_wait(target, amount)
  sdk.await_with_value(amount, nil, target, "take()")
  state.sum = state.sum + amount
end
function bank.pay_in_vain(target, amount) sdk.send_with_value(amount, nil, target, "refuse()") end
function bank.wait_in_vain(target, amount)
  local good = pcall(sdk.await_with_value, amount, nil, target, "refuse()")
  if not good then state.failures = state.failures + 1 end
end
function bank.take() state.got = state.got + sdk.call_value() end
function bank.figures() return state.asked, state.sum, state.failures, state.got end
return bank ]]

local function allowances_of(name)
  local allowances = {}
  for _, peer in ipairs(banks.NAMES) do
    if peer ~= name then allowances[peer] = { [banks.TOKEN] = ALLOWED } end
  end
  return allowances
end

--- Options of a network; those of `given` are its own, `hosts` replaces names and their options.
function banks.options(given)
  local options = { hosts = {} }
  for name, value in pairs(given or {}) do options[name] = value end
  for _, name in ipairs(banks.NAMES) do
    local host = { allowances = allowances_of(name),
      genesis = { issues = { { to = crypto.address_of_contract "Bank", token = banks.TOKEN,
        amount = banks.ISSUED } } } }
    for option, value in pairs((given and given.hosts or {})[name] or {}) do
      host[option] = value
    end
    options.hosts[name] = host
  end
  return options
end

function banks.deploy(net)
  for _, name in ipairs(net.names) do
    local chain = net.hosts[name]
    if chain:height() == 0 then
      chain:expect_success(chain:deploy("Bank", { banks.SOURCE }))
    end
  end
end

local METHODS <const> = { "ask", "ask_further", "try", "pay", "pay_and_wait", "pay_in_vain",
  "wait_in_vain" }

local function other_than(random, name)
  local peers = {}
  for _, peer in ipairs(banks.NAMES) do
    if peer ~= name then peers[#peers + 1] = "Bank@" .. banks.CHAINS[peer] end
  end
  return peers[random(#peers)]
end

--- Calls as `Network:submit` takes them: host, account, contract, method, arguments.
-- @tparam function random `random(n)`: 1 to n
-- @tparam integer count
function banks.calls(random, count)
  local calls = {}
  for index = 1, count do
    local host = banks.NAMES[random(#banks.NAMES)]
    local method = METHODS[random(#METHODS)]
    local call = { host, "alice", "Bank", method, other_than(random, host) }
    if method == "ask_further" then call[#call + 1] = "Bank@" .. banks.CHAINS[host] end
    if method ~= "try" then call[#call + 1] = random(50) end
    calls[index] = call
  end
  return calls
end

--- What is the same in the end: the banks' figures, and the ledgers, as one text per host.
function banks.outcome(net)
  local outcome = {}
  for _, name in ipairs(net.names) do
    outcome[name] = banks.outcome_of(net.hosts[name])
  end
  return outcome
end

function banks.outcome_of(chain)
  local figures = table.pack(assert(chain:query("Bank", "figures")))
  local lines = { ("asked %s, sum %s, failures %s, got %s"):format(table.unpack(figures)) }
  for _, contract in ipairs { "Bank", "_Ledger" } do
    for _, record in ipairs(assert(chain.storage:keys(contract))) do
      lines[#lines + 1] = contract .. " " .. crypto.hex(record.key) .. " "
        .. crypto.hex(record.value)
    end
  end
  return table.concat(lines, "\n")
end

return banks
