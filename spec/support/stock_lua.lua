--- Runs a program on the Lua that runs the specs, with what contracts have and nothing else, and
-- with the differences that spec/lua.md 2 wants: errors without positions, no addresses.
local NAME <const> = "stock"
local LIBRARY <const> = { "assert", "getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget",
  "rawlen", "rawset", "select", "setmetatable", "tonumber", "type", "coroutine", "math", "string",
  "table", "utf8" }
-- More than any program needs: one that goes on is none.
local MOST_LINES <const> = 200000
local HIGH_STACK <const> = 5000

-- What this Lua says, and what contracts say.
local TEXTS <const> = {
  { "^attempt to perform 'n%%0'$", "attempt to perform 'n%%%%0'" },
  { "%(thread expected", "(coroutine expected" },
  { "^(attempt to call a %a+ value) %(for iterator 'for iterator'%)$", "%1" },
  { "^bad argument #1 to 'remove' (%(position out)", "bad argument #2 to 'remove' %1" },
  { "^attempt to divide by zero$", "attempt to perform 'n//0'" },
  { "^bad 'for' (%a+ ?%a*) %(number expected, got .*%)$", "'for' %1 must be a number" },
}

local function strip(problem)
  if type(problem) ~= "string" then return problem end
  local count
  repeat
    problem, count = problem:gsub("^stock:%d+: ", "")
    if count == 0 then problem, count = problem:gsub("^%S*stock_lua%.lua:%d+: ", "") end
  until count == 0
  for _, text in ipairs(TEXTS) do problem = problem:gsub(text[1], text[2]) end
  return problem
end

-- No stack moves once it is so high, but one that an error was caught on is made low again.
local function make_stack_high() select("#", table.unpack({}, 1, HIGH_STACK)) end

local function caught(good, ...)
  if not good then make_stack_high() end
  return good, ...
end

local function stripped(good, ...)
  if good then return good, ... end
  return caught(good, strip((...)))
end

local function text_of(...)
  local text, value = tostring(...), ...
  local metatable = type(value) == "table" and getmetatable(value)
  if type(value) == "string" or type(metatable) == "table" and rawget(metatable, "__tostring") then
    return text
  end
  return (text:gsub(": builtin: %x+$", ""):gsub(": 0x%x+$", ""))
end

local stock_lua = {}

--- Lua 5.4.4 of Debian 12 reads a stack that was moved, and freed, by what it calls for `..`
-- (valgrind shows where): now and then a program lost a value, or ended the process. So no stack
-- moves here: each is made high enough at its begin, and where an error was caught, and nothing is
-- collected till the end.
-- @tparam[opt] boolean counts_lines
-- @treturn table `printed`, `error` (the text), `lines` that were executed, `seen`, a set of their
-- numbers, and `is_whole`: it compiles, ends, and names no global that is not there.
function stock_lua.run(source, counts_lines)
  local result = { lines = 0, seen = {}, is_whole = true }
  local printed, known = {}, {}
  for _, name in ipairs(LIBRARY) do known[name] = _G[name] end
  known.tostring = text_of
  function known.error(value) error(value, 0) end
  function known.pcall(...) return stripped(pcall(...)) end
  function known.xpcall(called, handler, ...)
    if handler == nil then return xpcall(called) end
    return caught(xpcall(called, function(problem, ...)
      return handler(strip(problem), ...)
    end, ...))
  end
  function known.print(...)
    local texts = table.pack(...)
    for index = 1, texts.n do texts[index] = text_of(texts[index]) end
    printed[#printed + 1] = table.concat(texts, "\t", 1, texts.n) .. "\n"
  end
  known.coroutine = setmetatable({}, { __index = coroutine })
  function known.coroutine.resume(...) return stripped(coroutine.resume(...)) end
  function known.coroutine.close(...) return stripped(coroutine.close(...)) end

  local environment = setmetatable({}, {
    __index = function(_, name)
      if known[name] == nil then result.is_whole = false end
      return known[name]
    end,
    __newindex = function(_, name, value)
      if not name:find "^G%d$" then result.is_whole = false end
      known[name] = value
    end,
  })
  local chunk, problem = load(source, "=" .. NAME, "t", environment)
  if not chunk then return { lines = 0, is_whole = false, error = problem } end

  local function count(_, line)
    result.lines = result.lines + 1
    result.seen[line] = true
    if result.lines > MOST_LINES and debug.getinfo(2, "S").source == "=" .. NAME then
      result.is_whole = false
      error "too long"
    end
  end
  local function begin()
    make_stack_high()
    if counts_lines then debug.sethook(count, "l") end
  end
  local function beginning(called)
    if type(called) ~= "function" then return called end
    return function(...)
      begin()
      return called(...)
    end
  end
  function known.coroutine.create(...) return coroutine.create(beginning((...)), select(2, ...)) end
  function known.coroutine.wrap(...) return coroutine.wrap(beginning((...)), select(2, ...)) end
  collectgarbage "stop"
  begin()
  local good, value = pcall(chunk)
  debug.sethook()
  collectgarbage "restart"
  result.printed = table.concat(printed)
  if not good then
    value = strip(value)
    result.error = (type(value) == "string" or type(value) == "number") and tostring(value)
      or type(value)
  end
  return result
end

return stock_lua
