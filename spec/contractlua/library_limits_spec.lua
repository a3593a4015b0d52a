local contract_lua = require "spec.support.contract_lua"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"
local run = contract_lua.run

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/library"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil

-- Each grows through whatever it holds: strings, stacks, patterns, choices, tables.
local GROWING <const> = {
  strings = [[
    local s = ("x"):rep(500) .. ("ab1"):rep(200):upper():lower():reverse():sub(2)
    local bytes = table.pack(s:byte(1, -1))
    local back = string.char(table.unpack(bytes, 1, 250))
    return #s + #back]],
  patterns = [[
    local s = ("key=value;"):rep(60)
    local count = 0
    for k, v in s:gmatch "(%w+)=(%w+)" do count = count + #k + #v end
    s:find(("[a-z]%d*.-"):rep(30))
    local t = s:gsub("%w+", { key = "k" }):gsub("k", function(c) return c:rep(40) end)
    return count + #t]],
  formats = [[
    local object = setmetatable({}, { __tostring = function() return ("object "):rep(20) end })
    local text = ("%s %q %99d|"):rep(9):format(object, "a\0b", 1, object, nil, 2, object, 3, 4,
      object, 5, 6, object, 7, 8, object, 9, 10, object, 11, 12, object, 13, 14, object, 15, 16)
    local packed = string.pack(("<i4s2z"):rep(3), 1, "ab", "c", 2, "de", "f", 3, "g", "h")
    return #text + #packed + select("#", string.unpack(("<i4s2z"):rep(3), packed))
      + #utf8.char(1, 300, 70000) + #{ utf8.codepoint(("é"):rep(300), 1, -1) }]],
  tables = [[
    local t = {}
    for i = 1, 200 do table.insert(t, i * 7919 % 211) end
    for i = 1, 20 do table.insert(t, 1, i) table.remove(t, 9) end
    table.sort(t)
    table.sort(t, function(a, b) return a > b end)
    local copy = table.move(t, 1, 200, 100, {})
    local seen = setmetatable({}, { __index = t, __len = function() return #t end })
    return #table.concat(seen, ", ") + #copy + table.pack(table.unpack(seen)).n]],
  freezing = [[
    local t, co = { n = uint256(5), [3] = "x" }, coroutine.create(function(...)
      return pcall(function(...) for i = 1, 2 do coroutine.yield(i, ...) end end, ...)
    end)
    for i = 1, 50 do t["key" .. i], t[i] = { i, t }, function() return t, i end end
    coroutine.resume(co, table.unpack(t, 1, 40))
    local words = ("a b c"):gmatch "%a"
    local function deep(n, ...)
      if n == 0 then await() return select("#", ...) end
      return (deep(n - 1, n, ...)) + 1
    end
    local depth = deep(30)
    await()
    coroutine.resume(co)
    return depth + #t + #words()]],
}

describe("the library", function()
  it("ends by memory, before it takes it, what makes too much", function()
    for _, source in ipairs {
      "return ('x'):rep(1 << 30)", "return ('x'):rep(1 << 40)", "return (''):rep(1 << 40, 'x')",
      "return ('%99d'):rep(1000000):rep(100)", "return string.pack('c200000000', '')",
      "return (('x'):rep(1000000):gsub('x', ('y'):rep(1000)))",
      "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(40000) end return table.concat(t, t[1])",
      "return (('x'):rep(20000000):gsub('x', function() return 'yyyyyyyy' end))",
    } do
      local _, outcome = run(source)

      assert.equal("memory", outcome.stop, source)
      assert.equal("out of memory", outcome.error)
    end
  end)

  it("counts a string by 32 and its size, however it was made", function()
    local function memory(expression)
      local _, outcome = run(("local s, t, f = ('x'):rep(1000), {}, string.format local v = %s")
        :format(expression))
      assert(outcome.ok, outcome.error)
      return outcome.memory
    end
    local without = memory "s:len()"

    for _, expression in ipairs { "s:upper()", "s:reverse()", "s:sub(1)", "s:rep(1)",
      "s:gsub('y', 'z')", "s:gsub('x', 'y')", "s:match('.*')", "f('%s', s)" } do
      local extra = memory(expression) - without
      assert.is_true(extra >= 1032 and extra < 1200, ("%s: %d"):format(expression, extra))
    end
  end)

  it("pays what it made in the middle of a callback that raises", function()
    local _, outcome = run [[
      local s = ("x"):rep(1000)
      while true do
        pcall(s.gsub, s, "()x", function(at)
          if at < 999 then return ("y"):rep(100) end
          error(1)
        end)
      end]]

    assert.equal("memory", outcome.stop)
  end)

  for name, source in pairs(GROWING) do
    it("fails cleanly where the machine has no memory: " .. name, function()
      local folder <close> = temporary_folder { ["source.lua"] = source }
      local output, status = run_command { CHECK, IS_SOAK and "1" or "9",
        folder.path .. "/source.lua" }

      assert.equal(0, status, output)
      assert.is_true(math.tointeger(output:match "^(%d+) allocations failed\n$") >= 20, output)
    end)
  end
end)
