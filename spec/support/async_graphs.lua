--- Random call graphs in the form of the vectors: contracts on some shards, each execution a
-- function of its own, with failures, callbacks, groups, value and gas that is now and then short.
local graphs = {}

--- `random(limit)` gives 1 to limit.
function graphs.new(random, options)
  options = options or {}
  local function chance(one_in) return random(one_in) == 1 end

  local contracts, names, count = {}, {}, 0
  local shards = options.one_shard and 1 or random(3)
  for i = 1, 1 + random(5) do
    names[i] = string.char(64 + i)
    contracts[names[i]] = { shard = random(shards), balance = 20, functions = {} }
  end

  local write_function

  local function new_function(service, depth, prefix)
    count = count + 1
    local name = prefix .. count
    contracts[service].functions[name] = {}
    contracts[service].functions[name] = write_function(service, depth, prefix)
    return name
  end

  local function callback(service, depth)
    return new_function(service, depth + 1, "c")
  end

  local function edge(service, depth)
    local is_sync = chance(4)
    local to = chance(25) and "X" or names[random(#names)]
    if is_sync and (to == "X" or contracts[to].shard ~= contracts[service].shard) then
      to = service
    end
    local method = chance(25) and "none" or nil
    if not method then method = to == "X" and "f" or new_function(to, depth + 1, "f") end
    local ample = 10 ^ (6 - depth) // 1 | 0
    if is_sync then
      return { op = "sync", to = to, ["function"] = method, gas = ample, catches = chance(2) }
    end
    local out = { op = "async", to = to, ["function"] = method,
      gas = not chance(6) and (chance(10) and random(12) - 1 or ample) or nil,
      lock = not chance(6) and ample // 2 or nil, value = chance(5) and random(12) or nil,
      group = not chance(3) and ("xy"):sub(random(2), -1) or nil }
    if chance(2) then out.on_success = callback(service, depth) end
    if chance(2) then
      out.on_error = chance(3) and out.on_success or callback(service, depth)
    end
    return out
  end

  function write_function(service, depth, prefix)
    local steps = { { op = "add", key = "k" .. count, by = 1 } }
    local function add(step) steps[#steps + 1] = step end
    local groups = {}
    if chance(4) then add { op = "emit", name = "e" .. count, data = "" } end
    if depth < 5 and count < 20 then
      for _ = 1, random(depth == 0 and 4 or 3) - (depth == 0 and 0 or 1) do
        local step = edge(service, depth)
        add(step)
        if step.op == "async" then groups[#groups + 1] = step.group or "" end
      end
    end
    if #groups > 0 and chance(2) then
      add { op = "group_callback", group = groups[random(#groups)], data = "t" .. count,
        ["function"] = new_function(service, depth + 1, "g"), gas = not chance(5) and 2000 or nil }
    end
    if chance(3) then add { op = "burn", gas = random(30) - 1 } end
    if chance(4) then
      add { op = "set_return", values = { prefix == "c" and "$result" or "s", "late" .. count } }
    end
    if chance(7) then add { op = "fail", message = "failure " .. count } end
    if chance(2) then add { op = "return", values = { "r" .. count } } end
    return steps
  end

  local method = new_function("A", 0, "f")
  return { contracts = contracts,
    start = { to = "A", ["function"] = method,
      gas = chance(10) and random(5000) or 10 ^ 8 // 1 | 0 } }
end

return graphs
