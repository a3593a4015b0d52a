-- The dot commands of the prompt. Each row: what follows the name, what it does, its function,
-- which gets session and argument and gives the text to print.
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
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

-- A word, or what stands in quotes, and what follows it.
local function take_word(text)
  local quoted, behind = text:match '^"([^"]*)"%s*(.*)$'
  if quoted then return quoted, behind end
  return text:match "^(%S+)%s*(.*)$"
end

-- The values of a list of expressions, as a chunk at the prompt has them.
local function values_of(session, text)
  local run, message = load("return " .. text, "=arguments", "t", session.environment)
  if not run then error((message:gsub("^arguments:1: ", "arguments of _init: ")), 0) end
  return table.pack(run())
end

local DEPLOY_USE <const> = "a name and a file are needed, as in .deploy token token.lua 1000, bob"

local function deploy(session, argument)
  local name, rest = take_word(argument)
  local path, arguments
  if name then path, arguments = take_word(rest) end
  if not path then error(DEPLOY_USE, 0) end
  if not path:find "%.lua$" then
    error(("'%s' is no .lua file; chain:deploy takes code of other languages"):format(path), 0)
  end
  local values = values_of(session, arguments)
  local account = session.account or session.chain.first_account
  local contract, message = session.chain:deploy(account, name, path,
    table.unpack(values, 1, values.n))
  if not contract then
    local is_named = message:find(name, 1, true) or message:find(path, 1, true)
    error(is_named and message or name .. ": " .. message, 0)
  end
  return ("%s is deployed in block %d, by %s\n%s"):format(name, session.chain:height(), account,
    environment.contract_text(session, name))
end

local MESSAGES_BLOCKS <const> = 256

-- The tree of the newest transaction that sent messages or called asynchronously, or nil.
local function last_tree(chain)
  local height = chain:height()
  for number = height, math.max(1, height - MESSAGES_BLOCKS + 1), -1 do
    local block = chain.storage:block(number)
    for index = block and #block.transactions or 0, 1, -1 do
      local receipt = codec.decode("TransactionReceipt", block.receipts[index])
      local tree = receipt.root and #receipt.root > 0 and chain.host:messages(receipt.root)
      if tree then return tree end
    end
  end
  return nil
end

-- The root of a transaction that is named by its hash, or the id itself.
local function root_of(chain, text)
  local digits = text:match "^0x(%x+)$" or text:match "^%x+$"
  local hash = digits and #digits == 64 and crypto.unhex(digits)
  if not hash then
    error(("'%s' is no transaction hash: 64 hex digits, as a receipt shows them"):format(text), 0)
  end
  local height, index = chain.storage:find_receipt(hash)
  if not height then return hash end
  return codec.decode("TransactionReceipt", chain.storage:block(height).receipts[index]).root
end

local function show_messages(session, argument)
  local chain = session.chain
  if argument == "" then
    local tree = last_tree(chain)
    return tree and inspect.messages(tree)
      or "no transaction here has sent a message or called asynchronously"
  end
  local tree = chain.host:messages(root_of(chain, argument))
  if not tree then
    error(("nothing is known of what came of %s: it sent no message and called nothing "
      .. "asynchronously, or another process ran it"):format(argument), 0)
  end
  return inspect.messages(tree)
end

local function show_contracts(session, argument)
  if argument == "" then return tostring(session.builtins.contracts) end
  local known = environment.contract_names(session.chain)
  for _, name in ipairs(known) do
    if name == argument then return environment.contract_text(session, name) end
  end
  error(names.unknown("no contract", argument, known), 0)
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
  contracts = { "[CONTRACT]", "contracts and their methods", show_contracts },
  deploy = { "NAME FILE [ARG, ...]", "deploys a contract in Lua, with arguments of _init", deploy },
  help = { "", "this text", function() return HELP .. list_commands() end },
  messages = { "[HASH]", "what a transaction sent and called; default the last that did",
    show_messages },
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
  if row and row[1] == "" and argument ~= "" then
    error((".%s takes nothing behind it, got '%s'"):format(name, argument), 0)
  end
  if name == "quit" then return false end
  if not row then error(names.unknown("no command", name, commands.names()), 0) end
  session.output:write(row[3](session, argument), "\n")
  session.output:flush()
  return true
end

return commands
