--- The command line: `vmhost COMMAND`.
--
-- A command is a module `vmhost.cli.NAME` that returns
--
--     { summary = "shows a block",
--       configure = function(parser) ... end,      -- its arguments, with argparse
--       run = function(given, out) ... end }       -- given: what was written; out: see Output
--
-- `run` gives true, or false where the work failed and everything is said, or nil, message, code.
-- Only this module prints and ends the program: 0 good, 1 the work failed, 2 wrong use.
-- @module vmhost.cli
local argparse = require "argparse"
local record = require "vmhost.operator.record"

local cli = {}

local GOOD, FAILED, WRONG_USE = 0, 1, 2

local function is_command(name)
  return name:find "^%l+$" and package.searchpath("vmhost.cli." .. name, package.path)
end

-- The commands are the files beside each other; Lua cannot list a folder, so the shell is asked.
local function command_names()
  local folder = package.searchpath("vmhost.cli", package.path):gsub("%.lua$", "")
  local names <close> = assert(io.popen("LC_ALL=C ls -1 -- '" .. folder:gsub("'", "'\\''") .. "'"))
  local list = {}
  for file in names:lines() do list[#list + 1] = file:match "^(%l+)%.lua$" end
  return list
end

-- Output: what a command shows, as text for people or, after --json, as one object a line.

local Output = {}
Output.__index = Output

--- Shows one thing.
-- @tparam table object for programs, made with `vmhost.operator.record`
-- @tparam string text for people; an empty one shows nothing
function Output:show(object, text)
  if self.json then
    io.stdout:write(record.encode(object), "\n")
  elseif text ~= "" then
    io.stdout:write(text, "\n")
  end
end

-- One line, whatever the message holds.
local function complain(program, message)
  io.stderr:write(program, ": ", (message:gsub("%s*\n%s*", "; ")), "\n")
end

local function report_failure(out, name, message, code)
  complain("vmhost " .. name, message)
  if out.json then
    out:show(record.object { { "error", record.text(message) }, { "code", code } })
  end
  return code == "usage" and WRONG_USE or FAILED
end

local function command_module(name)
  return require("vmhost.cli." .. name)
end

-- A parser of the named command, or of all of them: for help, and to guess what was meant.
local function new_parser(name)
  local parser = argparse("vmhost", "A smart-contract VM host that is driven from Lua.",
    "Exit status: 0 good, 1 the work failed, 2 wrong use.")
  parser:require_command(true):command_target "command"
  parser:flag("--version", "Show the version."):action(function()
    print("vmhost " .. require("vmhost").version)
    os.exit(GOOD, true)
  end)
  parser:help_max_width(96):usage_max_width(96)
  for _, command_name in ipairs(name and { name } or command_names()) do
    local command = command_module(command_name)
    local command_parser = parser:command(command_name, command.summary)
    command_parser:flag("--json", "Print JSON, one object a line.")
    command.configure(command_parser)
    command_parser:summary(command.summary)
  end
  return parser
end

-- Words behind the first one that is no option belong to the script of `run`.
local function split_script_words(words)
  local own, rest = {}, {}
  for index = 1, #words do
    local is_own = words[1] ~= "run" or #rest == 0 and not own.script
    local list = is_own and own or rest
    list[#list + 1] = words[index]
    if is_own and index > 1 and words[index]:sub(1, 1) ~= "-" then own.script = true end
  end
  return own, rest
end

-- A number below 0 looks like an option, and no argument holds one.
local function wrong_use(name, message)
  local program = name and "vmhost " .. name or "vmhost"
  message = message:gsub("^unknown option '(%-%d+)'.*", "'%1' is a number below 0, and no argument "
    .. "holds one; a text is string:%1")
  complain(program, ("%s (see %s --help)"):format(message:gsub("\nDid you", ", did you"), program))
  return WRONG_USE
end

--- Runs a command line.
-- @tparam {string,...} words those behind the name of the program
-- @treturn integer exit status
function cli.main(words)
  local own, script_words = split_script_words(words)
  own.script = nil
  local name = own[1] and is_command(own[1]) and own[1] or nil
  local good, given = new_parser(name):pparse(own)
  if not good then return wrong_use(name, given) end

  given.script_words = script_words
  local out = setmetatable({ json = given.json }, Output)
  local ran, done, message, code = pcall(command_module(given.command).run, given, out)
  if not ran then return report_failure(out, given.command, tostring(done), "script_error") end
  if done == nil then return report_failure(out, given.command, message, code) end
  return done and GOOD or FAILED
end

return cli
