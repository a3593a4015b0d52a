--- A store made of Lua functions, for `state_storage.open { store = double.store }`, that behaves
-- like a disk at a power cut: `crash(random)` forgets some of the newest writes, those that were
-- not synced, whole ones only. A write is synced when it or a later one asked for it.
-- While `refusal` is set, each write fails with it.
return function()
  local double = { refusal = nil }
  local written, synced_count = {}, 0
  local values, keys

  local function apply(operations, map)
    for _, operation in ipairs(operations) do
      map[operation.key] = not operation.delete and operation.value or nil
    end
  end

  local function replay()
    values, keys = {}, nil
    for _, operations in ipairs(written) do apply(operations, values) end
  end

  local function sorted_keys()
    if keys then return keys end
    local list = {}
    for key in pairs(values) do list[#list + 1] = key end
    table.sort(list)
    keys = list
    return list
  end

  -- The first place whose key is not less than `from`.
  local function lower_bound(list, from)
    local low, high = 1, #list + 1
    while low < high do
      local middle = (low + high) // 2
      if list[middle] < from then low = middle + 1 else high = middle end
    end
    return low
  end

  double.store = {
    get = function(key) return values[key] end,
    write = function(operations, sync)
      if double.refusal then return nil, double.refusal end
      local next_values = {}
      for key, value in pairs(values) do next_values[key] = value end
      apply(operations, next_values)
      -- Nothing below can fail once there was memory for one more write: all of it or none.
      written[#written + 1] = operations
      if sync then synced_count = #written end
      values, keys = next_values, nil
    end,
    seek = function(from)
      local list = sorted_keys()
      local place = lower_bound(list, from) - 1
      return function()
        place = place + 1
        return list[place], list[place] and values[list[place]]
      end
    end,
  }

  --- Gives how many writes were forgotten.
  function double.crash(random)
    local count = #written
    local kept = synced_count + random(count - synced_count + 1) - 1
    for place = count, kept + 1, -1 do written[place] = nil end
    replay()
    return count - kept
  end

  replay()
  return double
end
