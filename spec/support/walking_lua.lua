--- Walks in random order over more memory than caches hold.
local programs = {}

-- A list `order` of 1..n that is one cycle, and `n`.
local SHUFFLE <const> = [=[
local function shuffle(n)
  local order, seed = {}, 42
  for i = 1, n do order[i] = i end
  for i = n, 2, -1 do
    seed = seed * 6364136223846793005 + 1442695040888963407
    local j = (seed >> 33) %% (i - 1) + 1
    order[i], order[j] = order[j], order[i]
  end
  return order
end
local N <const> = %d
local order = shuffle(N)
]=]

local function add(name, count, source)
  programs[#programs + 1] = { name = name, source = SHUFFLE:format(count) .. source }
end

add("an array of a million", 1000000, [=[
local at = 1
for _ = 1, 10000000 do at = order[at] end]=])

programs[#programs + 1] = { name = "a map of a million integers", source = [=[
local t, a = {}, 1 << 62
for _ = 1, 1000000 do
  local b = a * 6364136223846793005 + 1442695040888963407 | 1 << 62
  t[a] = b
  a = b
end
t[a] = 1 << 62
a = 1 << 62
for _ = 1, 6000000 do a = t[a] end]=] }

programs[#programs + 1] = { name = "stores to a map of a million", source = [=[
local t, a = {}, 1 << 62
for i = 1, 1000000 do
  a = a * 6364136223846793005 + 1442695040888963407 | 1 << 62
  t[a] = i
end
for _ = 1, 5 do
  a = 1 << 62
  for i = 1, 1000000 do
    a = a * 6364136223846793005 + 1442695040888963407 | 1 << 62
    t[a] = i
  end
end]=] }

programs[#programs + 1] = { name = "keys that a map of a million has not", source = [=[
local t, a = {}, 1 << 62
for i = 1, 1000000 do
  a = a * 6364136223846793005 + 1442695040888963407 | 1 << 62
  t[a] = i
end
for _ = 1, 6000000 do
  a = a * 6364136223846793005 + 1442695040888963407 | 1 << 62
  local x = t[a]
end]=] }

add("a map of 350,000 strings", 350000, [=[
local names, map = {}, {}
for i = 1, N do names[i] = "n" .. i end
for i = 1, N do map[names[i]] = names[order[i]] end
local name = names[1]
for _ = 1, 6000000 do name = map[name] end]=])

add("a list of 280,000 tables", 280000, [=[
local nodes = {}
for i = 1, N do nodes[i] = { next = i } end
for i = 1, N do nodes[i].next = nodes[order[i]] end
local node = nodes[1]
for _ = 1, 10000000 do node = node.next end]=])

add("a list of 280,000 pairs", 280000, [=[
local nodes = {}
for i = 1, N do nodes[i] = { i } end
for i = 1, N do nodes[i][1] = nodes[order[i]] end
local node = nodes[1]
for _ = 1, 10000000 do node = node[1] end]=])

add("stores to a list of 280,000 tables", 280000, [=[
local nodes = {}
for i = 1, N do nodes[i] = { next = i, count = 0 } end
for i = 1, N do nodes[i].next = nodes[order[i]] end
local node = nodes[1]
for i = 1, 6000000 do node.count = i node = node.next end]=])

add("objects with a class each", 180000, [=[
local objects = {}
for i = 1, N do
  objects[i] = setmetatable({}, { __index = { next = i } })
end
for i = 1, N do getmetatable(objects[i]).__index.next = objects[order[i]] end
local object = objects[1]
for _ = 1, 5000000 do object = object.next end]=])

add("closures that know the next", 280000, [=[
local nodes = {}
local function make()
  local following
  return function(set) following = set or following return following end
end
for i = 1, N do nodes[i] = make() end
for i = 1, N do nodes[i](nodes[order[i]]) end
local node = nodes[1]
for _ = 1, 5000000 do node = node() end]=])

add("sizes of 280,000 strings", 280000, [=[
local names = {}
for i = 1, N do names[i] = "name" .. i end
local at, sum = 1, 0
for _ = 1, 5000000 do
  at = order[at]
  sum = sum + #names[at]
end]=])

add("sort of 280,000 strings", 280000, [=[
local names, mixed = {}, {}
for i = 1, N do names[i] = "name" .. i end
for i = 1, N do mixed[i] = names[order[i]] end
table.sort(mixed)]=])

add("concat of 280,000 strings", 280000, [=[
local names, mixed = {}, {}
for i = 1, N do names[i] = "name" .. i end
for i = 1, N do mixed[i] = names[order[i]] end
for _ = 1, 5 do local text = table.concat(mixed) end]=])

add("sums of 280,000 uint256", 280000, [=[
local numbers, mixed = {}, {}
for i = 1, N do numbers[i] = uint256(1) << 80 | i end
for i = 1, N do mixed[i] = numbers[order[i]] end
local count = 0
for _ = 1, 10 do
  for i = 1, N do if mixed[i] < mixed[1] then count = count + 1 end end
end]=])

add("equal strings of different making", 200000, [=[
local names, mixed = {}, {}
for i = 1, N do names[i] = "name" .. i end
for i = 1, N do mixed[i] = "name" .. order[i] end
local count = 0
for _ = 1, 10 do
  for i = 1, N do if names[order[i]] == mixed[i] then count = count + 1 end end
end]=])

return programs
