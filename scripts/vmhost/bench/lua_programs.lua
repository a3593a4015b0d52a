--- The programs of `vmhost bench lua`: sources that run alike as contract Lua and in Lua 5.4,
-- each for 0.3 seconds or more, and what each returns.
-- @module vmhost.bench.lua_programs
return {
  { name = "fib", result = 5702887, source = [=[
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
return fib(34)]=] },

  { name = "integer loop", result = 549450, source = [=[
local sum = 0
for i = 1, 30000000 do sum = (sum * 3 + i) % 1000003 end
return sum]=] },

  { name = "table sort", result = 96873821286, source = [=[
local seed, sum = 42, 0
local function random()
  seed = seed * 1103515245 + 12345 & 0x7fffffff
  return seed
end
for round = 1, 12 do
  local list = {}
  for i = 1, 50000 do list[i] = random() end
  if round % 2 == 0 then
    table.sort(list)
  else
    table.sort(list, function(a, b) return a > b end)
  end
  sum = sum + list[1] + list[25000] * round
end
return sum]=] },

  { name = "string building", result = 6881003, source = [=[
local count = 0
for round = 1, 12 do
  local parts = {}
  for i = 1, 100000 do parts[#parts + 1] = "item" .. i * round end
  local text = table.concat(parts, ",")
  for digits in text:gmatch "%d+" do count = count + #digits end
end
return count]=] },

  { name = "token transfer", result = 988003, source = [=[
local balances, names = {}, {}
for i = 1, 1000 do
  names[i] = "account" .. i
  balances[names[i]] = 1000000
end
local function transfer(from, to, amount)
  local balance = balances[from]
  assert(balance >= amount, "insufficient balance")
  balances[from] = balance - amount
  balances[to] = balances[to] + amount
end
for round = 1, 4000 do
  for i = 1, 999 do transfer(names[i], names[i + 1], round % 7) end
end
return balances[names[1]]]=] },

  { name = "queens", result = 352, source = [=[
local SIZE, count = 9, 0
local function is_free(board, row, column)
  for i = 1, row - 1 do
    local other = board[i]
    if other == column or other - i == column - row or other + i == column + row then
      return false
    end
  end
  return true
end
local function place(board, row)
  if row > SIZE then
    count = count + 1
    return
  end
  for column = 1, SIZE do
    if is_free(board, row, column) then
      board[row] = column
      place(board, row + 1)
    end
  end
end
for _ = 1, 40 do
  count = 0
  place({}, 1)
end
return count]=] },

  { name = "map of records", result = 1200024, source = [=[
local sum = 0
for _ = 1, 8 do
  local records = {}
  for i = 1, 150000 do
    local key = "k" .. i * 7919 % 50021
    local record = records[key]
    if record == nil then
      record = { id = i, hits = 0 }
      records[key] = record
    end
    record.hits = record.hits + 1
  end
  for _, record in pairs(records) do sum = sum + record.hits * (record.id % 3) end
end
return sum]=] },
}
