-- The dot commands of the prompt. Each row: what follows the name, what it does, its function,
-- which gets session and argument and gives the text to print.
local environment = require "vmhost.repl.environment"
local inspect = require "vmhost.inspect"
local names = require "vmhost.repl.names"

local commands = {}

local HELP <const> = [[
Lua is run as it is typed; the values of an expression are printed.
  BenchmarkToken.getBalance(bob)    a query, or a transaction where the method gives no result
  send("alice", "NAME", "METHOD")   a transaction of an account; its receipt
  query("NAME", "METHOD", ...)      a query of any contract
  as "bob"                          who signs from now on
  alice, bob, address "0x.."        addresses; unhex "00ff" bytes; word "12" a 256-bit word
  state.NAME, state.NAME[key]       keys and values of a contract
  contracts, chain, vmhost, inspect contracts with their methods; the chain and the modules
]]

local function list_commands()
  local lines = {}
  for _, name in ipairs(commands.names()) do
    local row = commands.ROWS[name]
    lines[#lines + 1] = ("  .%-32s %s"):format(name .. (row[1] ~= "" and " " .. row[1] or ""),
      row[2])
  end
  return table.concat(lines, "\n")
end

local function show_accounts(session)
  local lines = {}
  for index, name in ipairs(environment.account_names(session.chain)) do
    local signs = name == (session.account or session.chain.first_account) and "  (signs)" or ""
    lines[index] = ("%-10s %s%s"):format(
      name, inspect.address(session.chain.accounts[name].address), signs)
  end
  return table.concat(lines, "\n")
end

local function show_block(session, argument)
  local height = argument == "" and session.chain:height() or math.tointeger(argument)
  if not height or height < 0 then
    error(("'%s' is no block height"):format(argument), 0)
  end
  local block, message = session.chain.storage:block(height)
  if not block then error(message, 0) end
  return inspect.block(block)
end

local function show_state(session, argument)
  if argument == "" then return tostring(session.builtins.state) end
  local known = assert(session.chain.storage:contracts())
  local text = environment.state_text(session.chain, argument)
  for _, name in ipairs(known) do
    if name == argument then return text end
  end
  error(names.unknown("no state of a contract", argument, known), 0)
end

commands.ROWS = {
  accounts = { "", "accounts and their addresses", show_accounts },
  block = { "[HEIGHT]", "a block with its transactions; default the last", show_block },
  contracts = { "", "contracts and their methods",
    function(session) return tostring(session.builtins.contracts) end },
  help = { "", "this text", function() return HELP .. list_commands() end },
  quit = { "", "leaves, as Ctrl-D does" },
  state = { "[CONTRACT]", "keys of a contract; or the contracts that have some", show_state },
}

function commands.names()
  local list = {}
  for name in pairs(commands.ROWS) do list[#list + 1] = name end
  table.sort(list)
  return list
end

-- Runs a command; false if it leaves the prompt.
function commands.run(session, name, argument)
  local row = commands.ROWS[name]
  if name == "quit" then return false end
  if not row then error(names.unknown("no command", name, commands.names()), 0) end
  session.output:write(row[3](session, argument), "\n")
  session.output:flush()
  return true
end

return commands
