-- Each allocation of compiling and running a source fails, one at a time and with all behind it.
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/library"

-- A sum of so many numbers, no two the same.
local function numbers(count)
  local parts = {}
  for i = 1, count do parts[i] = " + " .. (1 << 40) + i .. (" "):rep(20) end
  return table.concat(parts)
end

-- `refused` ones never run.
local SOURCES <const> = {
  functions = [[
    local function counter(...)
      local count, list = 0, { ... }
      return function(by) count = count + by return count, list end, function() return count end
    end
    local adds = {}
    for i = 1, 40 do adds[i] = counter(table.unpack(adds)) end
    local function sum(n, ...) if n == 0 then return select("#", ...) end
      return sum(n - 1, n, ...) end
    local function deep(n) if n == 0 then return 0 end return 1 + deep(n - 1) end
    return adds[7](5) + sum(90) + deep(300)]],
  coroutines = [[
    local function walk(n) if n > 0 then walk(n - 1) coroutine.yield(n, ("x"):rep(n)) end end
    local total, waiting = 0, {}
    for i = 1, 12 do
      local next = coroutine.wrap(walk)
      total = total + next(i * 9) + next()
      waiting[i] = next
    end
    local dying = coroutine.create(function() error({ total }) end)
    local ok, problem = coroutine.resume(dying)
    coroutine.close(dying)
    return total + problem[1] + #waiting]],
  objects = [[
    local Set = {}
    Set.__index = Set
    Set.__add = function(a, b) local r = Set.new() for k in pairs(a.of) do r.of[k] = true end
      for k in pairs(b.of) do r.of[k] = true end return r end
    Set.__len = function(s) local n = 0 for _ in pairs(s.of) do n = n + 1 end return n end
    Set.__concat = function(a, b) return tostring(a) .. tostring(b) end
    Set.__tostring = function(s) return "set of " .. #s end
    function Set.new(...) local s = setmetatable({ of = {} }, Set)
      for _, v in ipairs { ... } do s.of[v] = true end return s end
    local all = Set.new()
    for i = 1, 20 do all = all + Set.new(i, "k" .. i, uint256(i) << 200) end
    return all .. all .. Set.new()]],
  errors = [[
    local log = {}
    local function fail(n)
      if n == 0 then error { "deep" } end
      local ok, problem = pcall(fail, n - 1)
      log[#log + 1] = ok
      error(n % 3 == 0 and problem or "level " .. n, 0)
    end
    local ok, problem = xpcall(fail, function(m) return tostring(m) .. "!" end, 50)
    for _ = 1, 20 do pcall(function() local t = nil return t.x.y end) end
    return problem .. #log]],
  numbers = [[
    local a, t = uint256 "0xffffffffffffffff", {}
    for i = 1, 60 do
      t[a << i] = a * i // 3
      t[i] = tostring(a * a - i)
      pcall(function() return a - (a << i) end)
    end
    local n = 0
    for k, v in pairs(t) do n = n + #(k .. "") + #(v .. "") end
    return n]],
  control = [[
    local count = 0
    for i = 1, 30 do
      for j = i, 1, -1 do
        if j % 7 == 0 then goto continue end
        if j > 20 then break end
        repeat local k = count count = k + 1 until k % 2 == 0 or k > 5
        ::continue::
      end
    end
    local i = 0
    while true do i = i + 1 if i > 9 then break elseif i == 3 then count = count * 2 end end
    return count]],
  -- With room for more than two megabytes in each list of the compiler; the function never runs.
  long = "local function f()" .. ("\nlocal a = a + b"):rep(150) .. ("\na = a + b"):rep(40000) ..
    " return b" .. numbers(9000) .. " end return 'whole'",
  -- With as much in the code and its lines, as the code keeps them.
  compared = "local function f(a, x) x = a" .. ("<a"):rep(60000) .. " end return 'whole'",
  lined = "local function f(a, x) x = a" .. ("<\na"):rep(270000) .. " end return 'whole'",
  refused = "local t = { 1, 2, { a = function(x) return x / 2 end } } return t",
}

-- Of many names, constants and functions.
local function large()
  local lines = {}
  for i = 1, 120 do
    lines[i] = ("g%d = { name%d = 'text %d', %d, function(a) local b = a return function() "
      .. "return a + b + %d end end }"):format(i, i, i, i * 1000003, i)
  end
  return table.concat(lines, "\n") .. "\nreturn g7[2](5)()"
end

describe("a machine without memory", function()
  for name, source in pairs(SOURCES) do
    it("fails cleanly and can go on: " .. name, function()
      local folder <close> = temporary_folder { ["source.lua"] = source }
      local output, status = run_command { CHECK, "1", folder.path .. "/source.lua" }

      assert.equal(0, status, output)
      assert.is_true(math.tointeger(output:match "^(%d+) allocations failed\n$") >= 10, output)
    end)
  end

  it("fails cleanly and can go on: a large source", function()
    local folder <close> = temporary_folder { ["source.lua"] = large() }
    local output, status = run_command { CHECK, "1", folder.path .. "/source.lua" }

    assert.equal(0, status, output)
    assert.is_true(math.tointeger(output:match "^(%d+) allocations failed\n$") >= 20, output)
  end)
end)
