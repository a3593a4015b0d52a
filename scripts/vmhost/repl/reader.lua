-- Where the lines of the prompt come from: lua-readline on a terminal where it is installed, else
-- the plain input.
local completion = require "vmhost.repl.completion"

local reader = {}

local HISTORY_LINES <const> = 1000

-- lua-readline talks to the terminal itself, whatever the descriptors are.
local function find_readline(session)
  if not session.interactive or session.input ~= io.stdin then return nil end
  local found, readline = pcall(require, "readline")
  return found and readline
end

local function set_up(readline, session, history_file)
  local home = os.getenv "HOME"
  readline.set_options { keeplines = HISTORY_LINES, completion = true,
    histfile = history_file or home and home .. "/.vmhost_history" or "" }
  readline.set_complete_function(function(text, from, to)
    -- Asked for at each completion: readline forgets it.
    readline.set_completion_append_character ""
    local worked, words = pcall(completion.words, session, text:sub(1, to), from)
    return worked and words or {}
  end)
end

-- Whether Ctrl-C was pressed while a line was read; its hook is taken off the main thread again.
local function take_interrupt(session)
  local interrupted = debug.gethook(session.main_thread) ~= nil
  debug.sethook(session.main_thread)
  return interrupted
end

-- Lines are read in a coroutine: there the hook that Ctrl-C sets on the main thread cannot raise.
local function read_with_readline(readline, session, history_file)
  return coroutine.wrap(function(prompt)
    set_up(readline, session, history_file)
    while true do
      local line = readline.readline(prompt)
      prompt = coroutine.yield(line, take_interrupt(session))
    end
  end)
end

-- A read that Ctrl-C cut short gives an empty line.
local function read_plain(session)
  return coroutine.wrap(function(prompt)
    while true do
      if session.interactive then
        session.output:write(prompt)
        session.output:flush()
      end
      local line, message = session.input:read "l"
      local interrupted = take_interrupt(session)
      -- Ctrl-C and Ctrl-D leave the cursor behind the prompt.
      if not line and session.interactive then session.output:write "\n" end
      if not line and message and interrupted then line = "" end
      prompt = coroutine.yield(line, interrupted)
    end
  end)
end

-- Gives `{ line = function(prompt) }`; to be closed, which saves the history. `line` gives nil at
-- the end, and as second value whether Ctrl-C was pressed meanwhile.
function reader.new(session, history_file)
  local readline = find_readline(session)
  local read = readline and read_with_readline(readline, session, history_file)
    or read_plain(session)
  return setmetatable({
    line = read,
  }, { __close = function() if readline then readline.save_history() end end })
end

return reader
