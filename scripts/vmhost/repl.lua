--- A Lua prompt on a chain: `vmhost repl [DIR]`.
--
--     vmhost:0> BenchmarkToken.transfer(17, bob)
--     SUCCESS  0x8f1e...
--     vmhost:1> BenchmarkToken.getBalance(bob)
--     17
--
-- Values of an expression are printed at a glance, by `vmhost.inspect`. A chunk that is not
-- finished goes on in the next line. Globals stay from one chunk to the next, locals do not.
-- Contracts are tables of their methods, `state.NAME` is a table of keys, and `.help` tells the
-- rest. A line that fails prints one line and changes nothing else.
--
-- On a terminal there is a prompt with the height, with history and completion where lua-readline
-- is installed; Ctrl-C stops what runs, Ctrl-D leaves. From a pipe there is no prompt, every chunk
-- is run, and the exit code is 1 if one of them failed.
-- @module vmhost.repl
local fixture = require "vmhost.fixture"
local inspect = require "vmhost.inspect"
local options = require "vmhost.options"
local vm = require "vmhost.vm"

local commands = require "vmhost.repl.commands"
local environment = require "vmhost.repl.environment"
local reader = require "vmhost.repl.reader"

local repl = {}

local KNOWN_OPTIONS = { "dir", "chain", "accounts", "input", "output", "errors", "interactive",
  "history_file" }

-- What is typed is compiled under this name; it is cut off again from messages.
local CHUNK_NAME <const> = "prompt"

-- One line, without the place in vmhost's own scripts or on a single line of input.
local function one_line(raised)
  local text = tostring(raised):match "^[^\n]*"
  text = text:gsub("^%S*vmhost/[%w_/]+%.lua:%d+: ", "")
  -- `return f()` leaves no frame of the chunk: then the command itself is blamed.
  text = text:gsub("^%S*bin/vmhost:%d+: ", "")
  text = text:gsub("^" .. CHUNK_NAME .. ":1: ", "")
  return (text:gsub("^" .. CHUNK_NAME .. ":(%d+): ", "line %1: "))
end

local function report(self, raised)
  self.failed = true
  self.errors:write("error: ", inspect.text(one_line(raised)), "\n")
  self.errors:flush()
end

-- What a Ctrl-C has left behind must not end the next call.
local function forget_interrupt(self)
  if not self.interactive then return end
  debug.sethook(self.main_thread)
  vm.interrupt_on_sigint(false)
  vm.interrupt_on_sigint(true)
end

local function is_unfinished(message)
  return message:find "<eof>$" ~= nil
end

-- An expression that is wrong is told as one: as a statement, its first word would be blamed.
local function blames_first_word(message, chunk)
  local first = chunk:match "^%s*([%w_]+)" or chunk:match "^%s*(%p)"
  return first and message:find("near '" .. first .. "'", 1, true) ~= nil
end

-- The function of a chunk; nil and a message; or nil where more lines are needed.
local function compile(self, chunk)
  local run, as_expression = load("return " .. chunk, "=" .. CHUNK_NAME, "t", self.environment)
  if run then return run end
  local as_statement
  run, as_statement = load(chunk, "=" .. CHUNK_NAME, "t", self.environment)
  if run then return run end
  if is_unfinished(as_statement) or is_unfinished(as_expression) then return nil end
  return nil, blames_first_word(as_statement, chunk) and as_expression or as_statement
end

-- What a receipt does not say: what its messages and asynchronous calls came to.
local function messages_text(self, value)
  if type(value) ~= "table" or not rawget(value, "execution_result") then return "" end
  local root = rawget(value, "root")
  local tree = type(root) == "string" and #root == 32 and self.chain.host:messages(root)
  return tree and "\n  " .. inspect.messages(tree):gsub("\n", "\n  ") or ""
end

-- A receipt with what the host knows beside it; other values as they are.
local function value_text(self, value)
  local run = type(value) == "table" and self.chain:run_of(value)
  return run and inspect.receipt(value, run.record) or inspect.value(value)
end

local function print_values(self, values)
  -- A failure of the host, as all modules give it.
  if values.n == 3 and values[1] == nil and type(values[2]) == "string" then
    return report(self, values[2])
  end
  local texts = {}
  for index = 1, values.n do
    texts[index] = value_text(self, values[index]) .. messages_text(self, values[index])
  end
  if values.n > 0 then self.output:write(table.concat(texts, "\t"), "\n") end
end

local function run_chunk(self, run)
  local outcome = table.pack(pcall(run))
  forget_interrupt(self)
  if not outcome[1] then return report(self, outcome[2]) end
  print_values(self, table.pack(table.unpack(outcome, 2, outcome.n)))
end

-- Reads on until the chunk is whole. nil at the end of the input, and where Ctrl-C gave it up.
local function read_chunk(self, first)
  local chunk = first
  local run, message = compile(self, chunk)
  while not run and not message do
    local line, interrupted = self.read "... "
    if interrupted then return nil end
    if not line then
      report(self, "the input ends inside of a chunk")
      return nil
    end
    chunk = chunk .. "\n" .. line
    run, message = compile(self, chunk)
  end
  if not run then report(self, message) end
  return run
end

-- A chain that a chunk has closed has no height.
local function prompt(self)
  local is_open, height = pcall(self.chain.height, self.chain)
  return is_open and ("vmhost:%d> "):format(height) or "vmhost> "
end

-- Reads and runs one chunk or command; false at the end.
local function step(self)
  local line = self.read(self.interactive and prompt(self) or "")
  forget_interrupt(self)
  if not line then return false end
  if line:find "^%s*$" then return true end
  local name, argument = line:match "^%s*%.(%a+)%s*(.-)%s*$"
  if name then return commands.run(self, name, argument) end
  local run = read_chunk(self, line)
  if run then run_chunk(self, run) end
  self.output:flush()
  return true
end

local function loop(self)
  local goes_on = true
  while goes_on do
    local done, result = pcall(step, self)
    goes_on = not done or result
    if not done then
      forget_interrupt(self)
      report(self, result)
    end
  end
end

local function open_chain(given)
  if given.chain then return given.chain end
  if not given.dir then return fixture.new { accounts = given.accounts } end
  return fixture.open { path = given.dir, accounts = given.accounts,
    clock = function() return os.time() * 1000000000 end }
end

-- Input and output are a terminal; the shell's test asks the descriptors that it inherits.
local function is_terminal()
  return os.execute "test -t 0 && test -t 1" == true
end

local function greet(self, given)
  self.output:write(("chain %d, %s. Accounts: %s. .help tells more, .quit leaves.\n"):format(
    self.chain.genesis.virtual_chain_id, given.dir or "in memory",
    table.concat(environment.account_names(self.chain), ", ")))
  self.output:flush()
end

--- Reads and runs chunks until the input ends.
-- @function run
-- @tparam[opt] table options
--
--  * `dir`: folder of a chain that `vmhost init` made; what is sent here is committed there, with
--    the time of the machine. Default: a chain in memory with the benchmark contracts
--  * `chain`: a chain of `vmhost.fixture` instead; it stays open
--  * `accounts`: as in `fixture.new`
--  * `input`, `output`, `errors`: files; default those of the process
--  * `interactive`: prompt, history and Ctrl-C; default: whether input and output are a terminal
--  * `history_file`: default `~/.vmhost_history`
-- @treturn[1] integer exit code: 1 if a chunk failed and the input was no terminal, else 0
-- @return[2] nil
-- @treturn[2] string message; the chain could not be opened
-- @treturn[2] string code
-- @raise for an unknown option
function repl.run(given)
  given = options.check("repl.run", given, KNOWN_OPTIONS)
  local chain, message, code = open_chain(given)
  if not chain then return nil, message, code end

  local self = {
    chain = chain, failed = false, interactive = given.interactive,
    input = given.input or io.stdin, output = given.output or io.stdout,
    errors = given.errors or io.stderr, main_thread = coroutine.running(),
  }
  if self.interactive == nil then self.interactive = not given.input and is_terminal() end
  self.environment = environment.new(self)
  local read <close> = reader.new(self, given.history_file)
  self.read = read.line
  if self.interactive then
    vm.interrupt_on_sigint(true)
    greet(self, given)
  end
  loop(self)
  if self.interactive then vm.interrupt_on_sigint(false) end
  if not given.chain then chain:close() end
  return self.failed and not self.interactive and 1 or 0
end

return repl
