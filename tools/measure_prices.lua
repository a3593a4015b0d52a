--- Measures what programs of contract Lua take for what they pay, and writes the table of
-- docs/performance.md that lies between its marks.
--
-- Usage: lua5.4 tools/measure_prices.lua [--count] [--write] [PATTERN]
--
--     PATTERN   of the programs by kind and name, as "hostile: ", "bench: ", "walk: ", "source: "
--     --count   instructions too, by callgrind: this takes half an hour, without it three minutes
--     --write   to the page instead of the terminal
--
-- Programs are the hostile ones, those of `vmhost bench lua`, walks over memory that no cache
-- holds, and sources of a mebibyte. Each has a process of its own, with fib before and behind it.
package.path = "./scripts/?.lua;./?.lua;" .. package.path
local term = require "term"

local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local GAS <const>, MEMORY <const> = 10000000, 64 << 20
-- Instructions are counted over less: the count is exact, and fifty times as slow.
local COUNTED_GAS <const> = 1000000
local COUNTED_SIZE <const> = 64 << 10
local ROUNDS <const> = 3
-- Rows of the page: the worst, and all of bench and walk.
local SHOWN <const> = 40
local PAGE <const> = "docs/performance.md"
local BEGIN <const>, END <const> = "<!-- prices -->\n", "<!-- end of prices -->\n"

local function price_of(name)
  for line in io.lines "core/contractlua/gas.def" do
    local gas = line:match("^X%(" .. name .. ", (%d+),")
    if gas then return math.tointeger(gas) end
  end
end

local GAS_OF_BYTE <const> = price_of "PER_SOURCE_BYTE"
local GAS_OF_ENTERED_BYTE <const> = price_of "PER_ENTERED_BYTE"

local function programs()
  local list = {}
  local function add(kind, program, gas, memory)
    list[#list + 1] = { kind = kind, name = program.name, source = program.source,
      gas = gas or GAS, memory = memory or MEMORY }
  end
  for _, each in ipairs(require "spec.support.hostile_lua") do add("hostile", each) end
  for _, each in ipairs(require "vmhost.bench.lua_programs") do
    add("bench", each, 1 << 60, 1 << 40)
  end
  for _, each in ipairs(require "spec.support.walking_lua") do add("walk", each, 1 << 60) end
  for _, each in ipairs(require "spec.support.large_lua") do add("source", each, 0) end
  return list
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, text)
  local file <close> = assert(io.open(path, "wb"))
  file:write(text)
end

local function lines_of(command)
  local pipe <close> = assert(io.popen(command))
  return pipe:read "a"
end

local FIELDS <const> = { "gas", "counted", "bytes", "ns", "size", "compile_bytes", "compile_ns",
  "details_bytes", "details_ns", "fib" }

local function write_source(program, folder, size)
  local path = folder .. "/source.lua"
  local source = program.source
  if type(source) == "function" then source = source(size) end
  write(path, source)
  return path, #source
end

local function measure(program, folder, rounds)
  local path = write_source(program, folder)
  local line = lines_of(("timeout 600 %s/c/prices %d %d %d %s"):format(BUILD, program.gas,
    program.memory, rounds, path))
  local found = { kind = program.kind, name = program.name, ends = line:match "^%a+" }
  local index = 0
  for number in line:gmatch " ([%d.]+)" do
    index = index + 1
    found[FIELDS[index]] = tonumber(number)
  end
  assert(index == #FIELDS, program.name .. ": " .. line)
  return found
end

-- Counted by callgrind in `of`, a function of the machine, and the gas that was paid meanwhile.
local function instructions(program, folder, of, gas)
  local path, size = write_source(program, folder, COUNTED_SIZE)
  local line = lines_of(("valgrind --tool=callgrind --callgrind-out-file=/dev/null "
    .. "--toggle-collect=%s %s/c/prices %d %d 0 %s 2>&1"):format(of, BUILD,
    math.min(gas, program.gas), program.memory, path))
  return tonumber(line:match "Collected : (%d+)"), tonumber(line:match "\n%a+ (%d+)"), size
end

-- Nanoseconds per gas of running, and of compiling, as fib's; nil where it is too short to tell.
local function rate(found)
  if found.gas >= 100000 then found.run = found.ns / found.gas / found.fib end
  if found.size >= 10000 then
    found.compile = found.compile_ns / (found.size * GAS_OF_BYTE) / found.fib
    found.enter = (found.compile_ns + found.details_ns) / (found.size * GAS_OF_ENTERED_BYTE)
      / found.fib
    found.held = math.max(found.compile_bytes, found.details_bytes) / found.size
  end
  -- What one chunk and a first stack take is the same for all.
  if found.counted >= 1 << 20 then found.real = found.bytes / found.counted end
  return found
end

local function of_fib(folder)
  local fib = { name = "fib", kind = "", gas = 1 << 60, memory = MEMORY,
    source = "local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end "
      .. "return fib(20)" }
  local count, gas = instructions(fib, folder, "vmh_lua_run", fib.gas)
  return count / gas
end

local function number(value)
  return value and ("%.1f"):format(value) or ""
end

local COLUMNS <const> = { "run", "run_count", "compile", "compile_count", "enter", "real", "held" }

local TITLES <const> = { run = "nanoseconds per gas, as fib's",
  run_count = "instructions per gas, as fib's",
  compile = "compiling: nanoseconds per gas, as fib's",
  compile_count = "compiling: instructions per gas, as fib's",
  enter = "calls that compile anew, with the details: nanoseconds per gas, as fib's",
  real = "bytes of the system per logical byte", held = "bytes of the compiler per byte of source" }

local function worst_of(found)
  return math.max(found.run or 0, found.compile or 0, found.run_count or 0,
    found.compile_count or 0, found.enter or 0)
end

local function row(found)
  local cells = {}
  for index, column in ipairs(COLUMNS) do cells[index] = number(found[column]) end
  return ("| %s: %s (%s) | %s |\n"):format(found.kind, found.name, found.ends,
    table.concat(cells, " | "))
end

local HEAD <const> = "| program | ns per gas | instructions per gas | compiling: ns per gas "
  .. "| instructions | calls that compile | real / logical bytes | compiler's bytes per byte |\n"
  .. "|---|---|---|---|---|---|---|---|\n"

local function count_into(found, program, folder, fib)
  if found.run and found.size < COUNTED_SIZE then
    local count, gas = instructions(program, folder, "vmh_lua_run", COUNTED_GAS)
    if gas >= 1000 then found.run_count = count / gas / fib end
  end
  -- The hostile sources of that size are of the same shapes.
  if found.compile and found.kind == "source" then
    local count, _, size = instructions(program, folder, "vmh_lua_compile", COUNTED_GAS)
    found.compile_count = count / (size * GAS_OF_BYTE) / fib
  end
end

local function chosen(pattern)
  local list = {}
  for _, program in ipairs(programs()) do
    if (program.kind .. ": " .. program.name):find(pattern) then list[#list + 1] = program end
  end
  return list
end

-- How far it is, where somebody looks on.
local function show(what, index, count)
  if not term.isatty(io.stderr) then return end
  io.stderr:write("\r", what, " ", index, " of ", count, index == count and "\n" or " ")
end

-- Times first, since they want a quiet machine: counting does not mind.
local function measure_all(pattern, counts, folder)
  local all, wanted = {}, chosen(pattern)
  if #wanted == 0 then error(("no program is called %q"):format(pattern), 0) end
  for index, program in ipairs(wanted) do
    all[index] = rate(measure(program, folder, ROUNDS))
    show("times", index, #wanted)
  end
  local fib = counts and of_fib(folder)
  for index, program in ipairs(counts and wanted or {}) do
    count_into(all[index], program, folder, fib)
    show("counts", index, #wanted)
  end
  table.sort(all, function(x, y) return worst_of(x) > worst_of(y) end)
  return all
end

local function table_of(all, shown)
  local rows = {}
  for index, found in ipairs(all) do
    if index <= shown or found.kind == "bench" or found.kind == "walk" then
      rows[#rows + 1] = row(found)
    end
  end
  return HEAD .. table.concat(rows)
end

-- The worst of each column over all programs.
local function summary_of(all)
  local parts = {}
  for _, column in ipairs(COLUMNS) do
    local worst = all[1]
    for _, found in ipairs(all) do
      if (found[column] or 0) > (worst[column] or 0) then worst = found end
    end
    if worst[column] then
      parts[#parts + 1] = ("| %s | %s | %s: %s |\n"):format(TITLES[column], number(worst[column]),
        worst.kind, worst.name)
    end
  end
  return ("Of %d programs:\n\n| worst | | program |\n|---|---|---|\n"):format(#all)
    .. table.concat(parts) .. "\n"
end

local function with_folder(run)
  local folder = lines_of "mktemp -d":match "[^\n]+"
  local ok, result = pcall(run, folder)
  os.execute(("rm -rf -- '%s'"):format(folder))
  if not ok then
    io.stderr:write("measure_prices: ", result, "\n")
    os.exit(1)
  end
  return result
end

local is_counted, is_written, pattern = false, false, ""
for _, word in ipairs(arg) do
  if word == "--count" then
    is_counted = true
  elseif word == "--write" then
    is_written = true
  else
    pattern = word
  end
end
local all = with_folder(function(folder) return measure_all(pattern, is_counted, folder) end)
if is_written then
  local page = read(PAGE)
  local from, to = select(2, page:find(BEGIN, 1, true)), page:find(END, 1, true)
  write(PAGE, page:sub(1, from) .. summary_of(all) .. table_of(all, SHOWN) .. page:sub(to))
else
  io.write(summary_of(all), table_of(all, math.huge))
end
