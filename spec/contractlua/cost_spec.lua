-- What the machine itself takes for what is counted and paid, as far as that has no noise: memory,
-- and with VMHOST_SOAK instructions, and the time of compiling. An eighth of the programs, by seed;
-- all in a soak. tools/measure_prices.lua measures the time of running too.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local hostile = require "spec.support.hostile_lua"
local large = require "spec.support.large_lua"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"
local walking = require "spec.support.walking_lua"

local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local SHARE <const> = IS_SOAK and 1 or 8
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local CHECK <const>, CODES <const> = BUILD .. "/c/prices", BUILD .. "/c/codes"
local IS_SANITIZED <const> = (os.getenv "LD_PRELOAD" or ""):find("asan", 1, true) ~= nil
-- What the compiler keeps for the next source: a tree, and lists.
local ROOM <const> = 110 << 20
local GAS <const>, MEMORY <const> = 4000000, 64 << 20
local ROUNDS <const> = 9
local FIB <const> = [[
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end return fib(20)]]

local function source_of(program)
  return type(program.source) == "function" and program.source() or program.source
end

-- What `prices` says of each program of a share of the list.
local function measure(programs, gas)
  local chosen, files = {}, {}
  for index, program in ipairs(programs) do
    if (index + SEED) % SHARE == 0 then
      chosen[#chosen + 1] = program
      files[("%04d.lua"):format(#chosen)] = source_of(program)
    end
  end
  local folder <close> = temporary_folder(files)
  local output, status = run_command { "sh", "-c",
    ("%s %d %d 0 %s/*.lua"):format(CHECK, gas, MEMORY, folder.path) }
  assert.equal(0, status, output)

  local found = {}
  for ends, counted, bytes, size, compile_bytes, details_bytes in
    output:gmatch "(%a+) %d+ (%d+) (%d+) %d+ (%d+) (%d+) %d+ (%d+) %d+ [%d.]+\n" do
    found[#found + 1] = { name = chosen[#found + 1].name, ends = ends,
      counted = tonumber(counted), bytes = tonumber(bytes), size = tonumber(size),
      compile_bytes = math.max(tonumber(compile_bytes), tonumber(details_bytes)) }
  end
  assert.equal(#chosen, #found, output)
  return found
end

-- Instructions per gas, counted by callgrind.
local function instructions(source)
  local folder <close> = temporary_folder { ["source.lua"] = source }
  local output, status = run_command { "valgrind", "--tool=callgrind",
    "--callgrind-out-file=/dev/null", "--toggle-collect=vmh_lua_run", CHECK, "1000000",
    tostring(MEMORY), "0", folder.path .. "/source.lua" }
  assert.equal(0, status, output)
  return tonumber(output:match "Collected : (%d+)") / tonumber(output:match "\n%a+ (%d+)")
end

print(("cost: seed %d"):format(SEED))

describe("memory of the system", function()
  for title, programs in pairs { hostile = hostile, walking = walking } do
    it("stays below four times the logical bytes: " .. title, function()
      for _, each in ipairs(measure(programs, GAS)) do
        if each.counted >= 1 << 20 then
          assert.is_true(each.bytes < 4 * each.counted, ("%s: %d for %d"):format(each.name,
            each.bytes, each.counted))
        end
      end
    end)
  end

  it("stays below 128 bytes for each byte of a source", function()
    for _, each in ipairs(measure(large, 0)) do
      assert.is_true(each.compile_bytes < 128 * each.size + 65536, ("%s: %d for %d"):format(
        each.name, each.compile_bytes, each.size))
    end
  end)

  -- The dropped one leaves the compiler much memory: none of it is for ever the kept one's.
  for title, dropped in pairs {
    ["that compiled"] = "x=a" .. ("<a"):rep(500000),
    ["that was refused"] = "x=a" .. ("<a"):rep(500000) .. " return a" .. (",a"):rep(300),
  } do
    it("is what codes say, but for the room, behind a source " .. title, function()
      local folder <close> = temporary_folder { ["dropped.lua"] = dropped,
        ["kept.lua"] = "x=a" .. ("<a"):rep(44000) .. (" "):rep(300000) }
      local output, status = run_command { CODES, "20", folder.path .. "/dropped.lua",
        folder.path .. "/kept.lua" }
      assert.equal(0, status, output)
      local words = {}
      for number, word in output:gmatch "(%-?%d+) (%a+)" do words[word] = tonumber(number) end
      assert.is_true(IS_SANITIZED or words.grown - words.said < ROOM, output)
      assert.is_true(IS_SANITIZED or words.without - words.said < 8 << 20, output)
      assert.is_true(IS_SANITIZED or words.at < 8 << 20, output)
    end)
  end
end)

if IS_SOAK then
  describe("time", function()
    it("of compiling a mebibyte is at most 50 ms, whatever its shape", function()
      local slowest, its_name = 0, nil
      for _, shape in ipairs(large) do
        local source, least = shape.source(), math.huge
        for _ = 1, ROUNDS do
          collectgarbage()
          local begin = os.clock()
          contract.compile(shape.name, source) -- some are refused, most behind all of it
          least = math.min(least, (os.clock() - begin) * 1000)
        end
        if least > slowest then slowest, its_name = least, shape.name end
      end
      print(("cost: slowest to compile: %s, %.1f ms at the least of %d"):format(its_name, slowest,
        ROUNDS))
      assert.is_true(slowest <= 50, ("%s: %.1f ms"):format(its_name, slowest))
    end)
  end)

  describe("instructions per gas", function()
    it("are at most 10 times those of fib", function()
      local of_fib = instructions(FIB)

      for _, program in ipairs(hostile) do
        local source = source_of(program)
        -- Larger ones are about compiling.
        if program.ends ~= "refused" and #source < 10000 then
          local ratio = instructions(source) / of_fib
          assert.is_true(ratio <= 10, ("%s: %.1f"):format(program.name, ratio))
        end
      end
    end)
  end)
end
