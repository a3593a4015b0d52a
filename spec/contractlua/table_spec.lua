-- VMHOST_SEED repeats a run.
assert(_VERSION == "Lua 5.4")
local contract_lua = require "spec.support.contract_lua"
local run_command = require "spec.support.run_command"

local BUILD <const> = os.getenv "VMHOST_BUILD" or "build"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000

local function run(...)
  local output, status = run_command { BUILD .. "/c/" .. (...), select(2, ...) }
  assert(status == 0, output)
  return output
end

local function run_tables(mode, count)
  return (run("tables", mode, tostring(SEED), tostring(count)):gsub("\n", ""))
end

-- Cases of spec/c/table_cases.c, by what they show.
local CASES <const> = {
  { "value", "equals another by number or bytes", "compare_values" },
  { "value", "has the name of its type in stock Lua", "name_types" },
  { "value", "is hashed by what it is", "hash_alike" },

  { "heap", "counts what spec/lua.md 4 names, and nothing else", "count_as_written" },
  { "heap", "stops at the limit and not before", "stop_at_the_limit" },
  { "heap", "keeps its first chunk and gives back the others", "keep_the_first_chunk" },
  { "heap", "uses released parts again and extends the last one", "reuse_parts" },
  { "heap", "aligns parts of each size", "align_parts" },
  { "heap", "gives room ahead of need within bounds", "reserve_within_bounds" },

  { "table", "is traversed by integers, then in order of insertion", "traverse_in_order" },
  { "table", "takes over what follows when the first integer comes last", "move_followers" },
  { "table", "lets integers wait behind a hole until it is filled", "wait_behind_a_hole" },
  { "table", "knows deleted keys until a key is inserted", "know_deleted_keys" },
  { "table", "forgets deleted keys when the array gets a key", "forget_at_an_append" },
  { "table", "always knows the integers of its array", "know_the_array" },
  { "table", "puts a key that was deleted and set again at the end", "insert_at_the_end" },
  { "table", "tells how many absent keys were passed", "pay_for_skipped" },
  { "table", "takes a small uint256 for the integer", "normalize_words" },
  { "table", "tells keys of different types apart", "tell_keys_apart" },
  { "table", "takes no memory for what is before a great key", "keep_great_keys_apart" },
  { "table", "asks a metatable again when it got a key", "forget_absent_events" },
  { "table", "finds a key whatever the hint says", "find_with_hints" },
}

for _, case in ipairs(CASES) do
  describe("a " .. case[1] .. " of the contract machine", function()
    it(case[2], function() run("table_cases", case[3]) end)
  end)
end

describe("a table of the contract machine", function()
  it("shows what a naive model shows", function()
    print(("tables: seed %d, %s"):format(SEED, run_tables("model", IS_SOAK and 300000 or 3000)))
  end)

  it("fails cleanly where there is no memory", function()
    local output = run_tables("memory", IS_SOAK and 100000 or 1000)

    print("tables: " .. output)
    assert.truthy(math.tointeger(output:match "^(%d+) allocations failed$") > 100)
  end)

  it("keeps memory and time in bounds where someone chooses the keys", function()
    local output = run("table_cost", tostring((IS_SOAK and 64 or 2) * 1024 * 1024))

    print("tables: " .. output:match "([^\n]*)\n$")
  end)
end)

describe("the hash of a key", function()
  it("is another one in each process, of integers and of texts", function()
    local seen = {}
    for _ = 1, 3 do
      for hash in run_tables("hash", 1):gmatch "%x+" do
        assert.is_nil(seen[hash])
        seen[hash] = true
      end
    end
  end)
end)

describe("a key that is deleted and set again and again", function()
  it("takes the same time at the end, with room for many keys left", function()
    local begin = os.clock()

    contract_lua.run [[
      local t = {}
      for i = 1, 60000 do t["k" .. i] = i end
      for i = 1, 60000 do t["k" .. i] = nil end
      for i = 1, 35000 do t.x = i t.x = nil end
    ]]

    assert.is_true(os.clock() - begin < 3) -- a hundredth of it, but for a row of slots for `x`
  end)
end)
