-- The same contracts in processes that differ in whatever a process may differ in: the same
-- results, gas and memory, and on a chain the same receipts, frozen bytes and root. Builds by other
-- compilers are made with VMHOST_SOAK.
assert(_VERSION == "Lua 5.4")
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local PROCESSES <const> = 20

-- How a process is started: words in front of it, and the locale that its script sets.
local SURROUNDINGS <const> = {
  { name = "no address is random", words = { "setarch", "-R" } },
  { name = "no randomness",
    words = { "env", ("LD_PRELOAD=%s $FOLDER/no_randomness.so"):format(os.getenv "LD_PRELOAD"
      or "") } },
  { name = "a locale of many letters", locale = "C.utf8" },
  { name = "a locale of other letters", locale = "tr_TR", words = { "env", "LOCPATH=$FOLDER" } },
  { name = "memory that is never zero",
    words = { "env", "MALLOC_PERTURB_=165", "MALLOC_ARENA_MAX=1" } },
  { name = "memory that is mapped in small parts",
    words = { "env", "MALLOC_MMAP_THRESHOLD_=4096", "MALLOC_TOP_PAD_=0" } },
  { name = "memory that is never given back",
    words = { "env", "MALLOC_TRIM_THRESHOLD_=1000000000", "MALLOC_MMAP_MAX_=0" } },
  { name = "no caches of the allocator",
    words = { "env", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0" } },
  { name = "a small stack", words = { "sh", "-c", 'ulimit -s 512; exec "$@"', "sh" } },
  { name = "a time zone and a long environment",
    words = { "env", "TZ=Asia/Kathmandu", "X=" .. ("x"):rep(5000) } },
}

local COMPILERS <const> = {
  { name = "gcc-O0", words = { "CC=gcc", "CFLAGS=-O0 -g" } },
  { name = "gcc-O3", words = { "CC=gcc", "CFLAGS=-O3 -march=native" } },
  { name = "clang-O3", words = { "CC=clang", "CFLAGS=-O3 -Wno-unknown-pragmas" } },
  { name = "clang-O0", words = { "CC=clang", "CFLAGS=-O0 -Wno-unknown-pragmas" } },
}

local function prepare(folder)
  assert(os.execute(("env -u LD_PRELOAD gcc -shared -fPIC -o %s/no_randomness.so "
    .. "spec/support/no_randomness.c"):format(folder)))
  return os.execute(("localedef -i tr_TR -f ISO-8859-9 %s/tr_TR >%s/localedef 2>&1"):format(folder,
    folder))
end

-- Whether this compiler is here, and where what it made is.
local function make(compiler)
  local build = "build/" .. compiler.name
  if not os.execute(("command -v %s >/dev/null"):format(compiler.words[1]:sub(4))) then return end
  local words = { "env", "-u", "MAKEFLAGS", "-u", "LD_PRELOAD", "make", "-j2", "BUILD=" .. build }
  table.move(compiler.words, 1, #compiler.words, #words + 1, words)
  words[#words + 1] = build .. "/vmhost.so"
  local output, status = run_command(words)
  assert.equal(0, status, output)
  return build
end

local SCRIPTS <const> = { "spec/support/run_determined.lua",
  "spec/support/run_determined_chain.lua" }

local function run_script(script, build, folder, surroundings)
  local words = {}
  for index, word in ipairs(surroundings.words or {}) do
    words[index] = word:gsub("%$FOLDER", folder)
  end
  table.move({ "env", "LUA_PATH=./scripts/?.lua;./?.lua;;", ("LUA_CPATH=%s/?.so;;"):format(build),
    "timeout", "600", "lua5.4", script, surroundings.locale }, 1, 8, #words + 1, words)
  local output, status = run_command(words)
  assert(status == 0, ("%s: %s"):format(surroundings.name, output))
  return output
end

local function run(build, folder, surroundings)
  local outputs = {}
  for index, script in ipairs(SCRIPTS) do
    outputs[index] = run_script(script, build, folder, surroundings)
  end
  return table.concat(outputs)
end

-- Tells the first line in which two runs differ.
local function compare(name, expected, got)
  local theirs = got:gmatch "[^\n]*"
  for line in expected:gmatch "[^\n]*" do
    local other = theirs()
    if line ~= other then error(("%s:\n%s\n%s"):format(name, line, other), 0) end
  end
end

describe("a contract", function()
  it("gives the same, for the same gas and memory, in every process", function()
    local folder <close> = temporary_folder()
    local has_locale = prepare(folder.path)
    local expected = run(BUILD, folder.path, { name = "as it is" })
    local _, contracts = expected:gsub("\n", "")
    assert.is_true(contracts >= 400)
    assert.matches("\nroot %x+\n$", expected)
    local count = IS_SOAK and PROCESSES or 3

    for number = 1, count do
      local chosen = IS_SOAK and number or math.random(#SURROUNDINGS)
      local surroundings = SURROUNDINGS[(chosen - 1) % #SURROUNDINGS + 1]
      if has_locale or surroundings.locale ~= "tr_TR" then
        compare(surroundings.name, expected, run(BUILD, folder.path, surroundings))
      end
    end

    print(("determinism: %d contracts in %d processes"):format(contracts, count))
  end)

  if not IS_SOAK then return end

  for _, compiler in ipairs(COMPILERS) do
    it("gives the same in a build by " .. compiler.name, function()
      local folder <close> = temporary_folder()
      prepare(folder.path)
      local build = make(compiler)
      if not build then pending("there is no " .. compiler.name) end
      local expected = run(BUILD, folder.path, { name = "as it is" })

      for number = 1, 5 do
        local surroundings = SURROUNDINGS[number]
        compare(surroundings.name, expected, run(build, folder.path, surroundings))
      end
    end)
  end
end)
