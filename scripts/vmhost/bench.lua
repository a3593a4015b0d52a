--- Measures vmhost, beside a peer program where there is one.
-- A suite is a module `vmhost.bench.NAME` that returns `{ summary =, run = }`;
-- `run` hands each result to a function. Times are medians of several rounds on
-- the monotonic clock; ratios compare with a peer that ran in the same minute.
-- @module vmhost.bench
local bench = {}

--- Names of the suites.
bench.suites = { "async", "block", "lua", "storage", "vite" }

--- Nanoseconds of the monotonic clock.
-- @treturn[1] function
-- @return[2] nil
-- @treturn[2] string what is missing
function bench.clock()
  local found, luv = pcall(require, "luv")
  if not found then return nil, "measuring needs the Lua module luv (Debian: lua-luv)" end
  return function() return math.tointeger(luv.hrtime()) end
end

--- The middle of some numbers.
-- @tparam {number,...} values at least one
-- @treturn number
function bench.median(values)
  local sorted = table.move(values, 1, #values, 1, {})
  table.sort(sorted)
  return sorted[(#sorted + 1) // 2]
end

--- The source of a peer program, in `$VMHOST_BENCH` or ../shared/bench.
-- @tparam string name as "limits/blockfloor.c"
-- @treturn ?string path, nil where there is none
function bench.peer_source(name)
  local path = (os.getenv "VMHOST_BENCH" or "../shared/bench") .. "/" .. name
  local file = io.open(path)
  if not file then return nil end
  file:close()
  return path
end

--- Builds a peer program with gcc.
-- @tparam string source path
-- @tparam string target path of the program
-- @treturn boolean whether it was built
function bench.build_peer(source, target)
  return os.execute(("gcc -O2 -w -o '%s' '%s' -lcrypto -lleveldb -lpthread >/dev/null 2>&1")
    :format(target, source)) == true
end

--- Runs a suite.
-- @tparam string name one of `bench.suites`
-- @tparam table options folder (for stores), keys, rounds
-- @tparam function report gets each result: name, ok, ns, ratio (or nil) and peer, and more
-- @treturn[1] boolean whether every result is ok
-- @return[2] nil
-- @treturn[2] string what is missing
function bench.run(name, options, report)
  local clock, missing = bench.clock()
  if not clock then return nil, missing end
  local all_ok = true
  require("vmhost.bench." .. name).run(options, clock, function(result)
    all_ok = all_ok and result.ok
    report(result)
  end)
  return all_ok
end

return bench
