--- Wraps the functions of a store, for `state_storage.open { store = double.store }`, so that one
-- call of them fails: `double.fail_at(n)` for the n-th from now, unless `double.heal()` comes
-- before it. A call that fails does nothing. `double.fail_applied_write()` lets the next write say
-- that it failed when it has not.
-- `double.calls` counts all calls: gets, writes, seeks and steps of what a seek gave.
return function(store)
  local double = { calls = 0, failed = false }
  local failing, write_fails_applied = 0, false

  local function fails()
    double.calls = double.calls + 1
    double.failed = double.failed or double.calls == failing
    return double.calls == failing
  end

  function double.fail_at(n)
    double.failed = false
    failing = double.calls + n
  end

  function double.heal() failing = 0 end

  function double.fail_applied_write() write_fails_applied = true end

  double.store = {
    get = function(key)
      if fails() then return nil, "the disk does not answer" end
      return store.get(key)
    end,
    write = function(operations, sync)
      if fails() then return nil, "the disk is full" end
      local message = write_fails_applied and "the disk does not answer" or nil
      write_fails_applied = false
      store.write(operations, sync)
      return nil, message
    end,
    seek = function(from)
      if fails() then return nil, "the disk does not answer" end
      local next_record = store.seek(from)
      return function()
        if fails() then return nil, "the disk does not answer" end
        return next_record()
      end
    end,
  }
  return double
end
