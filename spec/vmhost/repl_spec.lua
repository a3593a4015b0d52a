local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"
local repl = require "vmhost.repl"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local function read_all(file)
  file:seek "set"
  return file:read "a"
end

-- Gives output, errors and exit code of a prompt without a terminal that gets these lines.
local function run(lines, given)
  local input <close> = io.tmpfile()
  local output <close> = io.tmpfile()
  local errors <close> = io.tmpfile()
  input:write(lines)
  input:seek "set"
  given = given or {}
  given.input, given.output, given.errors = input, output, errors
  local code = assert(repl.run(given))
  return read_all(output), read_all(errors), code
end

describe("the prompt, from a pipe", function()
  it("prints the values of an expression and no prompt", function()
    assert.same({ '3\n3\t"abc"\ttrue\nnil\n', "", 0 }, { run '1 + 2\n3, "abc", true\nnil\n' })
  end)

  it("runs statements and keeps their globals", function()
    assert.equal("42\n", (run "x = 40\n\nx = x + 2\n= x\nx\n"))
  end)

  it("goes on in the next line until a chunk is whole", function()
    assert.equal("1\n2\n6\n", (run "for i = 1, 2 do\nprint(i)\nend\n1 +\n2 +\n3\n"))
  end)

  it("tells a chunk that the input cuts off", function()
    assert.same({ "", "error: the input ends inside of a chunk\n", 1 }, { run "for i = 1, 2 do\n" })
  end)

  it("prints one line for an error, goes on, and exits with 1", function()
    assert.same({ "3\n", "error: attempt to index a nil value (local 't')\n", 1 },
      { run "local t; t.x = 1\n1 + 2\n" })
  end)

  it("names the line in a chunk of several", function()
    local _, errors = run "do local t\nt = t + 1 end\n"

    assert.equal("error: line 2: attempt to perform arithmetic on a nil value (local 't')\n",
      errors)
  end)

  it("tells an expression that is wrong as one", function()
    assert.same({ "", "error: unexpected symbol near '*'\n", 1 }, { run "1 +* 2\n" })
  end)

  it("takes a failure of a module for one", function()
    assert.same({ "", "error: contract not deployed ('Nothing')\n", 1 },
      { run 'query("Nothing", "get")\n' })
  end)

  it("shows what came of a call that awaits, below its receipt", function()
    local folder <close> = temporary_folder { ["asker.lua"] = [[
      local asker = sdk.contract { go = "external write (to string)" }
      function asker.go(to) sdk.await(to, "nothing()") end
      return asker ]] }

    local output = run(('r = chain:deploy("asker", "%s/asker.lua")\nasker.go("Nobody")\n'):format(
      folder.path))

    assert.truthy(output:find '\n  transaction asker.go, block 2, gas %d+, waits\n')
    assert.truthy(output:find '\n        direct asker.go:2, .* failed 10: "contract not deployed"')
  end)

  it("tells a wrong call without a place in vmhost", function()
    local output = run_command { "sh", "-c",
      "echo 'BenchmarkToken.getBalance(nil)' | scripts/bin/vmhost repl" }

    assert.equal("error: fixture: BenchmarkToken.getBalance: argument 1 is nil\n", output)
  end)

  it("shows no escapes of a contract's text to the terminal", function()
    local _, errors = run 'error("\\27[2J")\n'

    assert.equal("error: \\x1b[2J\n", errors)
  end)
end)

describe("a name at the prompt", function()
  it("that is unknown gets one line and the name that was meant", function()
    assert.same({ "", "error: unknown name 'BenchmarkTokn'; did you mean BenchmarkToken?\n", 1 },
      { run "BenchmarkTokn.getBalance(bob)\n" })
    assert.same({ "", "error: unknown name 'qqqqqq'\n", 1 }, { run "qqqqqq\n" })
  end)

  it("that is no method gets the method that was meant", function()
    local _, errors = run "BenchmarkToken.getBalanc(bob)\n"

    assert.equal("error: BenchmarkToken has no method 'getBalanc'; did you mean getBalance?\n",
      errors)
  end)

  it("that is no account gets the account that was meant", function()
    local _, errors = run 'as "bbo"\nas "zoe"\n'

    assert.equal("error: no account 'bbo'; did you mean bob?\nerror: no account 'zoe'\n", errors)
  end)

  it("of an account is its address", function()
    assert.equal("0x227E135857639cAbe1ff50C2FD487feaE07127c6\n", (run "alice\n"))
  end)
end)

describe("a contract at the prompt", function()
  it("is sent to where a method gives nothing, and asked where it gives a value", function()
    local output = run "BenchmarkToken.transfer(17, bob)\nBenchmarkToken.getBalance(bob)\n"

    assert.matches("^SUCCESS  0x%x+\n17\n$", output)
  end)

  it("takes a colon for a dot", function()
    local output = run "BenchmarkToken:transfer(17, bob)\nBenchmarkToken:getBalance(bob)\n"

    assert.matches("^SUCCESS  0x%x+\n17\n$", output)
  end)

  it("shows its methods", function()
    assert.equal("BenchmarkToken\n  transfer(uint64, bytes)\n  getBalance(bytes) -> uint64\n",
      (run "BenchmarkToken\n"))
  end)

  it("is signed for by the account that was chosen", function()
    local output = run [[
      BenchmarkToken.transfer(17, bob)
      as "bob"
      BenchmarkToken.transfer(7, carol)
      BenchmarkToken.getBalance(bob)
    ]]

    assert.matches("\n10\n$", output)
  end)

  it("is one of the contracts", function()
    local output = run [[
      count = 0
      for name in pairs(contracts) do count = count + 1 end
      count
      contracts.BenchmarkToken
      contracts
    ]]

    assert.matches("^8\nBenchmarkToken\n", output)
    assert.matches("\n_Ledger\n", output)
  end)
end)

describe("state at the prompt", function()
  it("is a table of contracts and keys", function()
    local output = run [[
      BenchmarkContract.set(17)
      state.BenchmarkContract
      state.BenchmarkContract["example-key"]
      state.BenchmarkContract.nothing
      for key, value in pairs(state.BenchmarkContract) do print(key, #value) end
    ]]

    assert.equal(table.concat({
      "BenchmarkContract",
      "  example-key = 0x1100000000000000 (uint64 17)",
      "  initialized = 0x0100000000000000 (uint64 1)",
      "0x1100000000000000",
      "nil",
      "example-key\t8",
      "initialized\t8\n",
    }, "\n"), output:match "\n(.*)$")
  end)

  it("lists the contracts that have keys", function()
    local output = run "BenchmarkContract.set(17)\nstate\n"

    assert.matches("\nBenchmarkContract\n_Deployments\n$", output)
  end)

  it("cannot be assigned to", function()
    local _, errors = run "state.BenchmarkContract.x = 1\nstate.y = 2\n"

    assert.equal(("error: state is changed by transactions only\n"):rep(2), errors)
  end)
end)

describe("a command at the prompt", function()
  it(".help lists the commands", function()
    local output = run ".help\n"

    for _, name in ipairs { "accounts", "block", "contracts", "deploy", "help", "messages", "quit",
      "state" } do
      assert.matches("\n  %." .. name, output)
    end
  end)

  it("that takes nothing refuses what stands behind it", function()
    local _, errors = run ".accounts alice\n.quit now\n"

    assert.equal("error: .accounts takes nothing behind it, got 'alice'\n"
      .. "error: .quit takes nothing behind it, got 'now'\n", errors)
  end)

  it(".contracts shows one, and names the one that was meant", function()
    local output, errors = run ".contracts BenchmarkToken\n.contracts BenchmarkTokn\n"

    assert.equal("BenchmarkToken\n  transfer(uint64, bytes)\n  getBalance(bytes) -> uint64\n",
      output)
    assert.equal("error: no contract 'BenchmarkTokn'; did you mean BenchmarkToken?\n", errors)
  end)

  it(".quit leaves", function()
    assert.same({ "1\n", "", 0 }, { run "1\n.quit\n2\n" })
  end)

  it(".accounts shows addresses and who signs", function()
    assert.equal("alice      0x227E135857639cAbe1ff50C2FD487feaE07127c6\n"
      .. "bob        0x9f76f370d842Ee0300EFD55Fbb32048BeD4b5597  (signs)\n",
      (run('as "bob"\n.accounts\n', { accounts = { "alice", "bob" } })))
  end)

  it(".block shows the last block, or that of a height", function()
    local output = run "chain:mine(2)\n.block\n.block 1\n"

    assert.matches("block 2  2020%-01%-01 00:00:02 UTC\n.*block 1  2020%-01%-01 00:00:01 UTC\n",
      output)
  end)

  it(".block tells a height that is none", function()
    local _, errors = run ".block one\n"

    assert.equal("error: 'one' is no block height\n", errors)
  end)

  it(".state shows the keys of a contract, and tells where there are none", function()
    local output, errors = run "BenchmarkContract.set(1)\n.state BenchmarkContract\n.state Bench\n"

    assert.matches("\nBenchmarkContract\n  example%-key = 0x01", output)
    assert.equal("error: no state of a contract 'Bench'; did you mean BenchmarkContract?\n", errors)
  end)

  it("that is unknown gets the one that was meant", function()
    local _, errors = run ".hlp\n"

    assert.equal("error: no command 'hlp'; did you mean help?\n", errors)
  end)
end)

describe("repl.run", function()
  it("works on the chain in a folder and commits there", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/chain"
    fixture.new { path = path, genesis = { virtual_chain_id = 9 } }:close()

    run("BenchmarkContract.set(17)\n", { dir = path })

    assert.equal("9\t1\t17\n",
      (run("chain.genesis.virtual_chain_id, chain:height(), BenchmarkContract.get()\n",
        { dir = path })))
  end)

  it("gives the failure of a folder without a chain", function()
    local folder <close> = temporary_folder()

    local code, message, failure = repl.run { dir = folder.path .. "/nothing" }

    assert.is_nil(code)
    assert.is_string(message)
    assert.equal("not_found", failure)
  end)

  it("leaves a chain open that it was given", function()
    local chain <close> = fixture.new()

    run("chain:mine()\n", { chain = chain })

    assert.equal(1, chain:height())
  end)

  it("refuses an unknown option", function()
    assert.error_matches(function() repl.run { folder = "x" } end,
      "repl%.run: unknown option 'folder'; known: dir, chain")
  end)
end)

-- A terminal is made by expect; the history is kept out of the home of who runs the specs.
local EXPECT = [[
set timeout 20
proc see {text} {
  expect {
    -ex $text {}
    timeout { puts "\nNOT SEEN: $text"; exit 1 }
    eof { puts "\nENDED BEFORE: $text"; exit 1 }
  }
}
spawn env LUA_INIT= TERM=dumb lua5.4 PROGRAM
see "vmhost:0> "
%s
see "EXIT 0"
]]

local PROGRAM = [[
package.path, package.cpath = %q, %q
%s
local code = require("vmhost.repl").run { history_file = %q }
print("EXIT " .. code)
]]

-- Lets expect type at a prompt; gives what was seen and its exit status.
local function type_at_terminal(dialogue, before)
  local folder <close> = temporary_folder()
  local function write(name, text)
    local file <close> = assert(io.open(folder.path .. "/" .. name, "w"))
    file:write(text)
    return folder.path .. "/" .. name
  end
  local program = write("program.lua", PROGRAM:format(package.path, package.cpath,
    before or "", folder.path .. "/history"))
  local script = write("script", (EXPECT:format(dialogue):gsub("PROGRAM", program)))
  return run_command { "expect", "-f", script }
end

local WITHOUT_READLINE <const> = 'package.preload.readline = function() error "none" end'
local TERMINALS = { { "with readline", "" }, { "without readline", WITHOUT_READLINE } }
local _, expect_status = run_command { "expect", "-c", "spawn true; expect eof" }
local _, readline_status = run_command { "lua5.4", "-e", "require 'readline'" }

for _, terminal in ipairs(TERMINALS) do
  local name, before = table.unpack(terminal)

  describe("the prompt, on a terminal " .. name, function()
    local function check(dialogue)
      if expect_status ~= 0 then return pending "expect and a terminal for it are needed" end
      if before == "" and readline_status ~= 0 then return pending "no lua-readline" end
      local output, status = type_at_terminal(dialogue, before)
      assert.equal(0, status, output)
    end

    it("shows the height and leaves by Ctrl-D", function()
      check [[
        send "chain:mine(3)\r"
        see "vmhost:3> "
        send "\004"
      ]]
    end)

    it("shows another prompt inside of a chunk, which Ctrl-C gives up", function()
      check [[
        send "for i = 1, 2 do\r"
        see "... "
        send "\003"
        sleep 0.2
        send "\r"
        see "vmhost:0> "
        send "20 + 22\r"
        see "42"
        see "vmhost:0> "
        send ".quit\r"
      ]]
    end)

    it("stops a loop by Ctrl-C and goes on", function()
      check [[
        send "while true do end\r"
        sleep 0.3
        send "\003"
        see "error: interrupted"
        see "vmhost:0> "
        send "chain:mine()\r"
        see "vmhost:1> "
        send ".quit\r"
      ]]
    end)

    it("stops a loop in a scripted contract", function()
      check [[
        send "loop = { run = function() while true do end end }\r"
        see "vmhost:0> "
        send "vmhost.fixture.new { contracts = { Loop = loop } }:send('Loop', 'run')\r"
        sleep 0.3
        send "\003"
        see "error: transaction 1 of block 1: processor.process_call: interrupted"
        see "vmhost:0> "
        send "20 + 22\r"
        see "42"
        see "vmhost:0> "
        send ".quit\r"
      ]]
    end)

    it("stops a loop in a coroutine, and one of host calls", function()
      check [[
        send "coroutine.wrap(function() while true do end end)()\r"
        sleep 0.3
        send "\003"
        see "error: interrupted"
        see "vmhost:0> "
        send "while true do chain:query('_Info', 'isAlive') end\r"
        sleep 0.3
        send "\003"
        see "error: interrupted"
        see "vmhost:0> "
        send ".quit\r"
      ]]
    end)

    it("takes Ctrl-C at the prompt for nothing", function()
      check [[
        send "\003"
        sleep 0.2
        send "20 + 22\r"
        see "42"
        see "vmhost:0> "
        send "chain:mine()\r"
        see "vmhost:1> "
        send ".quit\r"
      ]]
    end)

    it("exits with 0 although a line failed", function()
      check [[
        send "nonsense\r"
        see "error: unknown name 'nonsense'"
        see "vmhost:0> "
        send "\004"
      ]]
    end)

    if before == "" then
      it("completes names, methods, contracts of the state and commands", function()
        check [[
          send "BenchmarkT\t"
          see "BenchmarkToken"
          send ".getB\t"
          see "getBalance"
          send "(bob)\r"
          see "contract not deployed"
          see "vmhost:0> "
          send "BenchmarkToken.transfer(17, bob)\r"
          see "vmhost:1> "
          send "state._D\t"
          see "state._Deployments"
          send "\r"
          see "Service_Count"
          see "vmhost:1> "
          send ".acc\t"
          see ".accounts"
          send "\r"
          see "(signs)"
          see "vmhost:1> "
          send ".quit\r"
        ]]
      end)

      it("goes on when the chain was closed", function()
        check [[
          send "chain:close()\r"
          see "vmhost> "
          send "20 + 22\r"
          see "42"
          see "vmhost> "
          send ".quit\r"
        ]]
      end)

      it("remembers lines", function()
        check [[
          send "20 + 22\r"
          see "42"
          see "vmhost:0> "
          send "\020\r"
          see "20 + 22"
          see "42"
          see "vmhost:0> "
          send ".quit\r"
        ]]
      end)
    end
  end)
end

describe("a contract in Lua at the prompt", function()
  local SHOP <const> = [[
local c, state = sdk.contract {
  state = { stock = "uint64" },
  _init = "internal write (stock uint64, owner bytes20)",
  order = "external write (amount uint64)",
  bad = "external write ()",
  left = "external read () uint64",
  paid = "callback",
}
function c._init(stock) state.stock = stock end
function c.order(amount)
  sdk.async.call { "bank", "charge(uint64)", amount, on_error = "paid", gas = 200000 }
end
function c.bad() sdk.async.call { "bank", "charge(uint64)", 1, on_success = "payed" } end
function c.left() return state.stock end
function c.paid(code) state.stock = state.stock - code end
return c
]]
  local SHOWN <const> = "shop\n  order(amount uint64)\n  bad()\n  left() -> uint64\n"
    .. "  paid  callback, for the host alone\n"

  -- Runs lines in which SHOP.lua is the file of the contract.
  local function run_shop(lines)
    local folder <close> = temporary_folder { ["shop.lua"] = SHOP }
    local output, errors = run((lines:gsub("SHOP", folder.path .. "/shop")))
    return output, (errors:gsub("[^\n]*/shop%.lua", "shop.lua"))
  end

  it("is deployed from its file, with arguments of _init", function()
    local output, errors = run_shop [[
      as "bob"
      .deploy shop SHOP.lua 5 + 1, address "0x227E135857639cAbe1ff50C2FD487feaE07127c6"
      shop.left()
      .deploy other "SHOP.lua" 7, alice
    ]]
    local _, again = run_shop(".deploy shop SHOP.lua 1, bob\n.deploy shop SHOP.lua 1, bob\n")


    assert.equal("", errors)
    assert.equal("shop is deployed in block 1, by bob\n" .. SHOWN .. "6\n"
      .. "other is deployed in block 2, by bob\n" .. SHOWN:gsub("shop", "other"), output)
    assert.equal("error: shop: a contract with same name (case insensitive) already exists\n",
      again)
  end)

  it("is told what is wrong where it is not", function()
    local output, errors = run_shop [[
.deploy
.deploy shop
.deploy shop SHOP.lau
.deploy shop SHOP.lua
.deploy shop SHOP.lua 1, bbo
.deploy shop SHOP.lua 1,
.deploy shop SHOP.lua -1, bob
.deploy shop SHOP.lua 1, "x"
]]

    local use = "error: a name and a file are needed, as in .deploy token token.lua 1000, bob\n"
    assert.equal("", output)
    assert.equal(use .. use
      .. "error: 'FOLDER/shop.lau' is no .lua file; chain:deploy takes code of other languages\n"
      .. "error: fixture: shop._init takes 2 arguments, got 0\n"
      .. "error: unknown name 'bbo'; did you mean bob?\n"
      .. "error: arguments of _init: unexpected symbol near <eof>\n"
      .. "error: fixture: shop._init: argument 1 ('stock'): uint64 expected, got -1; 2^63 and more "
      .. "are given as a word or as text\n"
      .. "error: fixture: shop._init: argument 2: bytes20 expected 20 bytes, got 1\n",
      (errors:gsub("'[^']*/shop%.lau'", "'FOLDER/shop.lau'")))
  end)

  it("calls no callback and no _init", function()
    local _, errors = run_shop [[
      .deploy shop SHOP.lua 5, bob
      shop.paid(1)
      shop._init(1, bob)
      shop.pad()
      shop.ord("x")
      shop.order("x")
    ]]

    assert.equal("error: shop.paid is a callback: the host calls it with the answer to a call of "
      .. "shop, and nobody else\n"
      .. "error: shop._init runs once, when the contract is deployed\n"
      .. "error: shop has no method 'pad'; did you mean bad?\n"
      .. "error: shop has no method 'ord'; did you mean order?\n"
      .. "error: fixture: shop.order: argument 1 ('amount'): uint64 out of range or no decimal "
      .. "text: x\n", errors)
  end)

  it("shows what a transaction led to", function()
    local output, errors = run_shop [[
      .messages
      .deploy shop SHOP.lua 5, bob
      receipt = chain:send("shop", "order", 7)
      chain:send("alice", "BenchmarkToken", "transfer", 1, bob).execution_result
      .messages
    ]]

    assert.equal("", errors)
    assert.matches("^no transaction here has sent a message or called asynchronously\n", output)
    assert.equal([[
transaction shop.order, block 2, gas N, good
  async bank.charge, block 2, gas N, failed 3: "contract not deployed" ('bank')
    async answer from bank to shop, block 2, gas N, good
      callback shop.paid, gas N of N, good
      gas that came back: N
]], (output:match "\n(transaction.*)$":gsub("gas %d+", "gas N"):gsub("of %d+", "of N")
      :gsub("back: %d+", "back: N")))
  end)

  it("shows what the transaction of a hash led to", function()
    local folder <close> = temporary_folder { ["shop.lua"] = SHOP }
    local chain <close> = fixture.new {}
    assert(chain:deploy("shop", folder.path .. "/shop.lua", 5, chain.accounts.bob.address))
    local first = inspect.hash(chain:send("shop", "bad").txhash)
    chain:send("shop", "order", 1)
    local moved = inspect.hash(chain:send("BenchmarkToken", "transfer", 1,
      chain.accounts.bob.address).txhash)

    local output, errors = run((".messages %s\n.messages %s\n.messages 0x12\n.mesages\n"):format(
      first, moved), { chain = chain })

    assert.matches("^transaction shop.bad, block 2, gas %d+, failed 10: \"async: bad callback\" "
      .. "%('shop' has no callback 'payed'%) in shop.bad:13\n$", output)
    assert.equal(("error: nothing is known of what came of %s: it sent no message and called "
      .. "nothing asynchronously, or another process ran it\n"
      .. "error: '0x12' is no transaction hash: 64 hex digits, as a receipt shows them\n"
      .. "error: no command 'mesages'; did you mean messages?\n"):format(moved), errors)
  end)

  it("is told of with the line where it failed", function()
    local output = run_shop ".deploy shop SHOP.lua 5, bob\nshop.bad()\n"

    assert.matches("\n  error    async: bad callback %('shop' has no callback 'payed'%)\n"
      .. "  in       shop.bad:13\n", output)
  end)
end)
