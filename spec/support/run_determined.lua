--- `run_determined.lua [LOCALE]`: runs the same contracts wherever it is started and prints a line
-- for each: gas, counted memory, how it ended, and the hash of all it printed, gave or raised.
local crypto = require "vmhost.crypto"
local contract = require "vmhost.contract"
local hostile = require "spec.support.hostile_lua"

local GAS <const>, MEMORY <const> = 300000, 4 << 20
local MOST_SOURCE <const> = 20000

-- What is measured elsewhere: one program for each part of the machine.
local MEASURED <const> = {
  { name = "fib", source = [[
    local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
    return fib(24)]] },
  { name = "sieve", source = [[
    local is_composite, primes = {}, {}
    for i = 2, 5000 do
      if not is_composite[i] then
        primes[#primes + 1] = i
        for j = i * i, 5000, i do is_composite[j] = true end
      end
    end
    return #primes, primes[ #primes ] ]] },
  { name = "words", source = [[
    local text, counts = ("the quick brown fox jumps over the lazy dog "):rep(50), {}
    for word in text:gmatch "%a+" do counts[word] = (counts[word] or 0) + 1 end
    for word, count in pairs(counts) do print(word, count, #word) end
    print(text:upper():gsub("%s+", "_"):sub(1, 100))]] },
  { name = "order of keys", source = [[
    local t = {}
    for i = 1, 300 do t[i * 7919 % 1009] = i t["k" .. i] = -i t[uint256(i) << 200] = i end
    for i = 1, 300, 3 do t["k" .. i] = nil end
    for k, v in pairs(t) do print(k, v) end
    for object in pairs { [print] = 1, [{}] = 2, [function() end] = 3, [true] = 4 } do
      print(object)
    end]] },
  { name = "sorts", source = [[
    local t, names = {}, {}
    for i = 1, 500 do t[i] = i * 7919 % 611 names[i] = ("\xC3%c%d"):format(i % 128 + 128, i) end
    table.sort(t, function(a, b) return a % 100 < b % 100 end)
    table.sort(names)
    print(table.concat(t, " "), table.concat(names, " "))]] },
  { name = "letters", source = [[
    for i = 0, 255 do
      local c = string.char(i)
      print(i, c:upper():byte(), c:lower():byte(), c:find "%a", c:find "%s", c:find "%p",
        c:find "[%w_]", c < "m", ("%5d|%q"):format(i, c))
    end]] },
  { name = "token", source = [[
    local balances = { a = uint256 "1000000000000000000000000" }
    local function transfer(from, to, amount)
      assert((balances[from] or uint256(0)) >= amount, "insufficient balance")
      balances[from] = balances[from] - amount
      balances[to] = (balances[to] or uint256(0)) + amount
    end
    for i = 1, 300 do print(pcall(transfer, "a", "h" .. i % 7, uint256(10) * i << i % 80)) end
    for holder, balance in pairs(balances) do print(holder, balance) end]] },
  { name = "generators", source = [[
    local function generate(n) return coroutine.wrap(function()
      for i = 1, n do coroutine.yield(i, ("x"):rep(i)) end end) end
    for a in generate(20) do for b, text in generate(a) do print(a, b, #text) end end]] },
  { name = "errors", source = [[
    for _, called in ipairs { function() return nil + 1 end, function() local t = {} t.x.y = 1 end,
      function() return {} < {} end, function() error { 1 } end, function() return #5 end,
      function() return uint256(1) - 2 end, function() return ("x"):rep(-1, {}) end } do
      print(pcall(called))
      print(xpcall(called, function(m) return type(m), m end))
    end]] },
}

local function add_all(programs)
  for _, program in ipairs(hostile) do
    local source = program.source
    if type(source) == "function" then source = source() end
    if #source <= MOST_SOURCE then
      programs[#programs + 1] = { name = program.name, source = source, gas = GAS }
    end
  end
  return programs
end

local function hex(bytes)
  return (bytes:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end))
end

local function show(program)
  local parts = {}
  local outcome, refusal = contract.run { source = program.source, name = program.name,
    gas_limit = program.gas or 100 * GAS, memory_limit = MEMORY,
    print = function(text) parts[#parts + 1] = text end }
  if not outcome then return ("refused %s"):format(hex(crypto.sha256(refusal))) end
  for _, result in ipairs(outcome.results or {}) do parts[#parts + 1] = "\0result " .. result end
  for _, entry in ipairs(outcome.trace or {}) do
    parts[#parts + 1] = ("\0at %s:%d"):format(entry.name, entry.line)
  end
  parts[#parts + 1] = "\0error " .. tostring(outcome.error)
  return ("%d %d %s %s"):format(outcome.gas_used, outcome.memory, outcome.stop or outcome.ok,
    hex(crypto.sha256(table.concat(parts))))
end

if arg[1] then assert(os.setlocale(arg[1])) end
for _, program in ipairs(add_all(MEASURED)) do
  print(("%s: %s"):format(program.name, show(program)))
end
