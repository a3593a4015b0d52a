-- Stock Lua, which runs this, takes and refuses the same sources as the parser, but for what the
-- language leaves out. VMHOST_SEED repeats a run.
local new_random = require "spec.support.random"
local parse_sources = require "spec.support.parse_sources"
local random_chunk = require "spec.support.random_chunk"
local run_command = require "spec.support.run_command"
local stock_process = require "spec.support.stock_process"
local temporary_folder = require "spec.support.temporary_folder"

local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local SCALE <const> = os.getenv "VMHOST_SOAK" and 50 or 1
local BATCH <const> = 2000 -- sources at once

-- What stock Lua refuses for its own limits.
local STOCK_LIMITS <const> = { "C stack overflow", "too many", "limit is", "overflow" }

local function is_refused_by_limit(message)
  for _, text in ipairs(STOCK_LIMITS) do
    if message:find(text, 1, true) then return true end
  end
  return false
end

-- What stock Lua says to each source as `lua FILE` reads it: without a byte order mark and a first
-- line for a shell.
local function load_as_files(sources)
  local texts = {}
  for index, source in ipairs(sources) do
    source = source:gsub("^\xef\xbb\xbf", "")
    if source:sub(1, 1) == "#" then source = source:gsub("^[^\n]*", "", 1) end
    texts[index] = source
  end
  return stock_process("load", texts)
end

local function show(source)
  return #source > 3000 and source:sub(1, 3000) .. "..." or source
end

-- Where the place told is that of a begin, stock Lua tells the line where it noticed.
local BEGINS <const> = { "is not closed", "cannot assign", "outside of a loop", "label '",
  "goto '", "is not in Lua", "unknown attribute", "may be meant", "a comment begins" }

-- Whether a refusal of both is told of the same line. Of a token of several lines, stock Lua tells
-- the last; of a binary chunk none.
local function is_same_line(message, line)
  if message:find("\n", 1, true) or message:find("binary", 1, true) then return true end
  -- Nor does it show a line break that opens one.
  if line:find "unexpected '%[=*%[" then return true end
  for _, text in ipairs(BEGINS) do
    if line:find(text, 1, true) then return true end
  end
  return message:match ":(%d+):" == line:match "^syntax (%d+):"
end

-- How many sources were compared, and how many of them both refuse.
local function compare(sources)
  local counts = { accepted = 0, refused = 0, left_out = 0 }
  local loaded = load_as_files(sources)
  for index, line in ipairs(parse_sources(sources)) do
    local is_accepted, message = loaded[index].is_whole, loaded[index].error
    if loaded[index].died then
      print(("luac: seed %d, stock Lua dies (%d) of:\n%s"):format(SEED, loaded[index].died,
        show(sources[index])))
      counts.left_out = counts.left_out + 1
    elseif line:find "^left_out" or line:find "^limit"
      or message and is_refused_by_limit(message) then
      counts.left_out = counts.left_out + 1
    elseif is_accepted ~= (line == "ok") or not is_accepted and not is_same_line(message, line) then
      error(("seed %d: stock says %s, we say %s, of:\n%s"):format(SEED, message or "ok", line,
        show(sources[index])))
    else
      local count = is_accepted and "accepted" or "refused"
      counts[count] = counts[count] + 1
    end
  end
  return counts
end

local function report(what, counts)
  print(("luac: seed %d, %s: %d accepted, %d refused, %d not compared"):format(SEED, what,
    counts.accepted, counts.refused, counts.left_out))
end

local function read_files(folders)
  local sources = {}
  local output = run_command { "find", "-L", table.unpack(folders) }
  for path in output:gmatch "[^\n]+%.lua" do
    local file = io.open(path, "rb")
    local source = file and file:read "a"
    if source then sources[#sources + 1] = source end
    if file then file:close() end
  end
  assert(#sources > 100)
  return sources
end

local FILES <const> = read_files { "scripts", "spec", "examples", "tools", "/usr/share/lua/5.4" }

-- Cuts a source into tokens and what stands between them; roughly, for mutations.
local function cut(source)
  local tokens, at = {}, 1
  while at <= #source do
    local _, last = source:find("^%s+", at)
    if not last then _, last = source:find("^%-%-[^\n]*", at) end
    if not last then _, last = source:find("^[%a_][%w_]*", at) end
    if not last then _, last = source:find("^%d[%w.]*", at) end
    if not last then _, last = source:find('^"[^"\n\\]*"', at) end
    if not last then _, last = source:find("^'[^'\n\\]*'", at) end
    if not last then _, last = source:find("^[=~<>]=", at) end
    if not last then _, last = source:find("^%.%.%.?", at) end
    if not last then _, last = source:find("^::", at) end
    last = last or at
    tokens[#tokens + 1] = source:sub(at, last)
    at = last + 1
  end
  return tokens
end

local REPLACED <const> = { close = "const", ["/"] = "//", ["^"] = "*", _G = "G", _ENV = "ENV" }

-- The tokens, but for what is left out others that are not, so that the rest can be compared.
local function translate(source)
  local tokens = cut(source)
  for index, token in ipairs(tokens) do
    local is_float = token:find "^%d" and math.type(tonumber(token)) ~= "integer"
    tokens[index] = REPLACED[token] or is_float and "1" or token
  end
  return tokens
end

local WORDS <const> = { "and", "break", "do", "else", "elseif", "end", "false", "for", "function",
  "goto", "if", "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until",
  "while", "+", "-", "*", "//", "%", "#", "&", "~", "|", "<<", ">>", "..", "...", "==", "~=", "<",
  "<=", ">", ">=", "=", "(", ")", "{", "}", "[", "]", "::", ";", ":", ",", ".", "x", "1", "'s'",
  "<const>", "[[", "]]", "--", "--[[", "\\", "0x", "\n", "'", '"', "$" }

local MUTATIONS <const> = {
  function(tokens, random) table.remove(tokens, random(#tokens)) end,
  function(tokens, random)
    local one, other = random(#tokens), random(#tokens)
    tokens[one], tokens[other] = tokens[other], tokens[one]
  end,
  function(tokens, random)
    local at = random(#tokens)
    table.insert(tokens, at, tokens[at])
  end,
  function(tokens, random)
    table.insert(tokens, random(#tokens), " " .. WORDS[random(#WORDS)] .. " ")
  end,
  function(tokens, random) tokens[random(#tokens)] = " " .. WORDS[random(#WORDS)] .. " " end,
  function(tokens, random)
    table.insert(tokens, random(#tokens), tokens[random(#tokens)])
  end,
  function(tokens, random) -- a byte
    local at = random(#tokens)
    local token, place = tokens[at], random(#tokens[at])
    tokens[at] = token:sub(1, place - 1) .. string.char(random(256) - 1) .. token:sub(place + 1)
  end,
}

local function mutate(tokens, random)
  tokens = table.move(tokens, 1, #tokens, 1, {})
  for _ = 1, random(2) do
    if #tokens > 0 then MUTATIONS[random(#MUTATIONS)](tokens, random) end
  end
  return table.concat(tokens)
end

-- Compares `count` sources that `make` gives, in batches.
local function compare_many(what, count, make)
  local all = { accepted = 0, refused = 0, left_out = 0 }
  for first = 1, count, BATCH do
    local sources = {}
    for index = 1, math.min(BATCH, count - first + 1) do sources[index] = make() end
    for key, number in pairs(compare(sources)) do all[key] = all[key] + number end
  end
  report(what, all)
  return all
end

describe("the parser beside stock Lua", function()
  it("takes the files of this repository and of this machine", function()
    compare(FILES)
    local sources = {}
    for index, source in ipairs(FILES) do sources[index] = table.concat(translate(source)) end

    local counts = compare(sources)

    report("files", counts)
    assert(counts.left_out <= 0.02 * #FILES and counts.accepted >= 0.9 * #FILES)
  end)

  it("takes and refuses the same files with changed tokens", function()
    local random, files = new_random(SEED), {}
    for _, source in ipairs(FILES) do
      if #source < 5000 then files[#files + 1] = translate(source) end
    end

    local counts = compare_many("changed files", 2000 * SCALE, function()
      return mutate(files[random(#files)], random)
    end)

    assert(counts.refused > counts.left_out and counts.accepted > 0)
  end)

  it("takes and refuses the same random chunks", function()
    local random = new_random(SEED)

    local counts = compare_many("random chunks", 2000 * SCALE, function()
      local source = random_chunk(random)
      return random(4) == 1 and mutate(cut(source), random) or source
    end)

    assert(counts.refused > 0 and counts.accepted > 0)
  end)

  it("takes and refuses the same files cut at each byte", function()
    local random, sources = new_random(SEED), {}
    for _ = 1, SCALE == 1 and 3 or 30 do
      local source
      repeat source = FILES[random(#FILES)] until #source < 2000
      source = table.concat(translate(source))
      for size = 0, #source do sources[#sources + 1] = source:sub(1, size) end
    end

    report("cut files", compare(sources))
  end)
end)

-- The names of the outer locals of each function, in order of first mention.
local function captures_by_luac(path)
  local output, status = run_command { "luac5.4", "-l", "-l", "-p", path }
  assert(status == 0, output)
  local functions = {}
  for rows in output:gmatch "\nupvalues [^\n]*\n([\t%w_\n]*)" do
    local list = {}
    for name, in_stack in rows:gmatch "\t%d+\t([%w_]+)\t([01])\t%d+\n" do
      if name ~= "_ENV" then list[#list + 1] = name .. (in_stack == "1" and "#" or "^") end
    end
    functions[#functions + 1] = list
  end
  for index, list in ipairs(functions) do functions[index] = table.concat(list, " ") end
  return functions
end

local function captures_by_parser(source)
  local functions = {}
  local tree = parse_sources({ source }, "--tree")[1]
  for parts in tree:gmatch '%(function %d+ "[^"]*" %([^()]*%)[ .]* (%([^()]*%))' do
    functions[#functions + 1] = parts:sub(2, -2):gsub("<(.)%d+", "%1")
  end
  return functions
end

-- A function of each of 300 random chunks that stock Lua takes.
local function random_functions(random)
  local chunks = {}
  while #chunks < 300 do
    local drawn = {}
    for index = 1, 300 do drawn[index] = "local a, b, c = f() " .. random_chunk(random) end
    for index, loaded in ipairs(stock_process("load", drawn)) do
      -- Stock Lua keeps a constant with a constant value in no variable.
      if loaded.is_whole and not drawn[index]:find "<const>" and #chunks < 300 then
        chunks[#chunks + 1] = drawn[index]
      end
    end
  end
  return "f(function(...) " .. table.concat(chunks, " end)\nf(function(...) ") .. " end)"
end

describe("a function of a random chunk", function()
  it("captures what it does in stock Lua, in the same order", function()
    local random, count = new_random(SEED), 0
    for _ = 1, SCALE do
      local source = random_functions(random)
      local folder <close> = temporary_folder { ["chunks.lua"] = source }

      local by_luac = captures_by_luac(folder.path .. "/chunks.lua")
      local by_parser = captures_by_parser(source)

      assert.equal(#by_luac, #by_parser)
      for index, expected in ipairs(by_luac) do
        if expected ~= by_parser[index] then
          error(("seed %d, function %d: stock captures %s, we %s"):format(SEED, index - 1, expected,
            by_parser[index]))
        end
      end
      count = count + #by_luac
    end
    print(("luac: seed %d, captures of %d functions"):format(SEED, count))
  end)
end)
