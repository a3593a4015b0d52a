-- A store whose contracts wait is copied, and goes on elsewhere: in a fresh process, under another
-- path and environment, by a library built without optimisation. It ends in the same root.
assert(_VERSION == "Lua 5.4")
local fixture = require "vmhost.fixture"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"
local vite_services = require "spec.support.vite_services"

local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local BLOCKS <const> = { 1, 2, 3, 7, 12 }

local WAITER <const> = [[
local c, state = sdk.contract {
  state = { lines = "list(string)", total = "uint64" },
  run = "external write (turns uint64)", add = "external write (amount uint64) uint64",
  fail = "external write (text string)", log = "external read () string",
}
local function note(text) state.lines[#state.lines + 1] = text end
local function deep(level, f, ...)
  if level == 0 then return f(...) end
  return deep(level - 1, f, ...)
end
function c.add(amount) state.total = state.total + amount return state.total end
function c.fail(text) error(text) end
function c.run(turns)
  local seen = setmetatable({}, { __index = function(_, k) return k * 2 end })
  local big = uint256(1) << 200
  for turn = 1, turns do
    local sum = deep(turn % 4, sdk.await, "Waiter", "add(uint64)(uint64)", turn)
    seen[turn] = sum
    local good, text = pcall(sdk.await, "Waiter", "fail(string)", "no " .. turn)
    note(("%d %d %s %s %s"):format(turn, sum, good, text, big + turn))
    local echoed = sdk.await("Echo", "echo(string)(string)",
      ("%d,"):format(turn):rep(turn))
    for part in echoed:gmatch "%d+" do seen[#seen + 1] = tonumber(part) end
  end
  note(#seen .. " " .. seen[1000])
end
function c.log()
  local list = {}
  for i, line in ipairs(state.lines) do list[i] = line end
  return table.concat(list, "\n")
end
return c ]]

-- The library without optimisation, made once.
local function plain_build()
  local build = "build/plain"
  local output, status = run_command { "env", "-u", "MAKEFLAGS", "-u", "LD_PRELOAD", "make", "-j2",
    "BUILD=" .. build, "CFLAGS=-O0", build .. "/vmhost.so" }
  assert.equal(0, status, output)
  return build
end

local function resume(build, folder, words)
  words = table.move(words, 1, #words, 1, {})
  table.move({ "env", "LUA_PATH=./scripts/?.lua;./?.lua;;", ("LUA_CPATH=%s/?.so;;"):format(build),
    "lua5.4", "spec/support/resume_copied.lua", folder }, 1, 6, #words + 1, words)
  local output, status = run_command(words)
  assert.equal(0, status, output)
  return output
end

-- The chain, stopped after so many blocks; each has one message.
local function start(path, blocks)
  local chain <close> = assert(fixture.new { path = path,
    genesis = { limits = { messages_per_set = 1 } } })
  assert(chain:deploy("Waiter", { WAITER }))
  assert(chain:deploy("Echo", vite_services.ECHO, "VITE"))
  chain:expect_success(chain:send("Waiter", "run", 4))
  assert(chain:mine(blocks))
end

describe("a copied store with contracts that wait", function()
  it("ends in the same root, wherever it goes on", function()
    local folder <close> = temporary_folder()
    local plain = (os.getenv "LD_PRELOAD" or "") == "" and plain_build() or BUILD
    local expected
    for number, blocks in ipairs(BLOCKS) do
      local first = ("%s/chain%d"):format(folder.path, number)
      local second = ("%s/elsewhere/under another name %d"):format(folder.path, number)
      start(first, blocks)
      assert(os.execute(("mkdir -p '%s/elsewhere' && cp -r '%s' '%s'"):format(folder.path, first,
        second)))

      local here = resume(BUILD, first, {})
      local there = resume(plain, second, { "env", "-i", "PATH=" .. os.getenv "PATH",
        "TZ=Asia/Tokyo", "MALLOC_PERTURB_=77", "GLIBC_TUNABLES=glibc.malloc.tcache_count=0" })

      assert.equal(here, there)
      assert.matches("\n11 2000\n", here, 1, true)
      expected = expected or here
      assert.equal(expected:match "^(.*)\n%x+\n$", here:match "^(.*)\n%x+\n$")
    end
  end)
end)
