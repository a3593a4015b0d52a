local chains = require "spec.support.chain"
local new_crashing_store = require "spec.support.crashing_store"
local new_failing_store = require "spec.support.failing_store"

local STORE = {}

-- "r:key" reads, "w:key=value" writes, "c:key" clears.
function STORE.run(sdk, steps)
  local results = {}
  for step in steps:gmatch "[^,]+" do
    local kind, key, value = step:match "^(%a):([^=]*)=?(.*)$"
    if kind == "r" then results[#results + 1] = sdk.state.read(key) end
    if kind == "w" then sdk.state.write(key, value) end
    if kind == "c" then sdk.state.clear(key) end
  end
  return table.concat(results, ",")
end

function STORE.fail(sdk, steps)
  STORE.run(sdk, steps)
  sdk.fail "on purpose"
end

function STORE.across(sdk)
  sdk.service.call("StoreB", "run", { "r:k" })
  sdk.state.write("a", "1")
  sdk.service.call("StoreB", "run", { "w:b=2" })
end

local function open(rule_set, further)
  local given = { rule_set = rule_set, contracts = { Store = STORE, StoreB = STORE } }
  for name, value in pairs(further or {}) do given[name] = value end
  return assert(chains.open(given))
end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("the state diff under " .. rule_set .. " #small", function()
    local function diff(calls)
      local chain <close> = open(rule_set)
      return chains.diff(assert(chain:process(calls)))
    end

    it("has keys in the order in which a transaction first touched them", function()
      assert.same({ Store = { "k2=3", "k1=2" } },
        diff { { "Store", "run", "r:k2,w:k1=1,w:k2=3,w:k1=2" } })
    end)

    it("keeps the place of a key that a later transaction writes again", function()
      assert.same({ Store = { "a=3", "b=2", "c=4" } },
        diff { { "Store", "run", "w:a=1,w:b=2" }, { "Store", "run", "w:c=4,w:a=3" } })
    end)

    it("is not moved by a read that reached the set and not the storage", function()
      assert.same({ Store = { "a=1", "c=3", "b=2" } },
        diff { { "Store", "run", "w:a=1" }, { "Store", "run", "r:a,r:b,w:c=3" },
          { "Store", "run", "w:b=2" } })
    end)

    it("has what was only read in no place", function()
      assert.same({}, diff { { "Store", "run", "r:a,r:b" } })
    end)

    it("has a write of the value that was there", function()
      local chain <close> = open(rule_set)
      chain:commit { { "Store", "run", "w:a=1" } }

      assert.same({ Store = { "a=1" } }, chains.diff(chain:process { { "Store", "run", "w:a=1" } }))
    end)

    it("has a clear as an empty value, also of a key that was absent", function()
      assert.same({ Store = { "a=" } }, diff { { "Store", "run", "c:a" } })
    end)

    it("has the empty key", function()
      assert.same({ Store = { "=1" } }, diff { { "Store", "run", "w:=1" } })
    end)

    it("has contracts in the order of their first touch, not of their names", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "Store", "across" } }

      assert.equal("StoreB", out.state_diffs[1].contract_name)
      assert.equal("Store", out.state_diffs[2].contract_name)
    end)

    it("has contracts of a later transaction behind those of an earlier one", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "StoreB", "run", "w:a=1" }, { "Store", "run", "w:a=1" },
        { "StoreB", "run", "w:b=1" } }

      assert.same({ "StoreB", "Store" },
        { out.state_diffs[1].contract_name, out.state_diffs[2].contract_name })
    end)

    it("has nothing of a failed transaction, nor do later ones see it", function()
      local chain <close> = open(rule_set)

      local out = chain:process { { "Store", "run", "w:a=1" }, { "Store", "fail", "w:a=2,w:z=9" },
        { "Store", "run", "r:a,r:z,w:b=1" } }

      assert.same({ "SUCCESS", "1," }, chains.outcome(out.receipts[3]))
      assert.same({ Store = { "a=1", "b=1" } }, chains.diff(out))
    end)

    it("is empty for an empty set", function()
      local chain <close> = open(rule_set)

      local out = assert(chain:process {})

      assert.same({}, out.receipts)
      assert.same({}, out.state_diffs)
    end)
  end)

  describe("state under " .. rule_set .. " #small", function()
    it("shows a transaction its own writes, then those of the set, then storage", function()
      local chain <close> = open(rule_set)
      chain:commit { { "Store", "run", "w:a=stored,w:b=stored,w:c=stored" } }

      local out = chain:process { { "Store", "run", "w:b=set,w:c=set" },
        { "Store", "run", "w:c=own,r:a,r:b,r:c" } }

      assert.same({ "SUCCESS", "stored,set,own" }, chains.outcome(out.receipts[2]))
    end)

    it("shows a cleared key as empty", function()
      local chain <close> = open(rule_set)
      chain:commit { { "Store", "run", "w:a=1" } }

      local out = chain:process { { "Store", "run", "c:a,r:a" }, { "Store", "run", "r:a" } }

      assert.same({ "SUCCESS", "" }, chains.outcome(out.receipts[1]))
      assert.same({ "SUCCESS", "" }, chains.outcome(out.receipts[2]))
    end)

    it("is the same in a query as what was committed", function()
      local chain <close> = open(rule_set)
      chain:commit { { "Store", "run", "w:a=1" } }

      local result = chain:query { "Store", "run", "r:a,r:b" }

      assert.same({ "1," }, chains.values(result.output_arguments))
    end)
  end)
end

describe("a key that was read", function()
  local function reads_of(steps)
    local double = new_failing_store(new_crashing_store().store)
    local chain <close> = open("vmhost-1", { storage = { store = double.store } })
    local before = double.calls
    assert(chain:process { { "Store", "run", steps } })
    return double.calls - before
  end

  it("is asked of the store once in a transaction, also when it is absent", function()
    assert.equal(reads_of "r:absent", reads_of "r:absent,r:absent,r:absent")
    assert.is_true(reads_of "r:absent,r:other" > reads_of "r:absent")
  end)
end)
