local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local scripted_contracts = require "vmhost.scripted_contracts"

local STORE = {}

function STORE.write(sdk, key_size, value_size)
  sdk.state.write(("k"):rep(key_size), ("v"):rep(value_size))
end

function STORE.write_raw(sdk, key) sdk.state.write(key, "v") end
function STORE.read_raw(sdk, key) return { bytes = sdk.state.read(key) } end
function STORE.take(_, bytes) return #bytes end

function STORE.catch(sdk, key)
  local ok, failure = pcall(sdk.state.write, key, "v")
  return ok, tostring(failure)
end

function STORE.pass_on(sdk, size)
  sdk.service.call("Store", "take", { { bytes = ("a"):rep(size) } })
end

-- Large enough for the keys and values of _Deployments.
local LIMITS = { key_size = 60, value_size = 70, code_size = 30, argument_array_size = 100 }

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("the limits of the genesis under " .. rule_set .. " #small", function()
    local function run(...)
      -- New is not deployed by the genesis.
      local chain <close> = assert(chains.open { rule_set = rule_set, contracts = { Store = STORE },
        processors = { LUA = scripted_contracts.processor { Store = STORE, New = {} } },
        genesis = { limits = LIMITS } })
      local out = assert(chain:process { { ... } })
      return chains.outcome(out.receipts[1]), out.receipts[1].code
    end

    it("let a key and a value be as long as they say", function()
      assert.same({ "SUCCESS" }, (run("Store", "write", 60, 70)))
    end)

    it("refuse a key that is longer, as an SDK error", function()
      assert.same({ "ERROR_SMART_CONTRACT", "key of 61 bytes is longer than the limit of 60" },
        (run("Store", "write", 61, 70)))
    end)

    it("refuse a value that is longer, as an SDK error", function()
      assert.same({ "ERROR_SMART_CONTRACT", "value of 71 bytes is longer than the limit of 70" },
        (run("Store", "write", 60, 71)))
    end)

    it("refuse to read a key that is longer", function()
      assert.same({ "ERROR_SMART_CONTRACT", "key of 61 bytes is longer than the limit of 60" },
        (run("Store", "read_raw", ("k"):rep(61))))
    end)

    it("let an argument array be as long as they say", function()
      -- One argument of bytes: 4 (size), 4 (type), 4 (length), 88 bytes.
      assert.same({ "SUCCESS", 88 }, (run("Store", "take", { bytes = ("a"):rep(88) })))
    end)

    it("make an argument array that is longer ERROR_INPUT, its code is not entered", function()
      local outcome, code = run("Store", "take", { bytes = ("a"):rep(89) })

      assert.same({ "ERROR_INPUT", "argument array of 101 bytes is longer than the limit of 100" },
        outcome)
      assert.equal(rule_set == "vmhost-1" and 2 or nil, code)
    end)

    it("hold for the arguments of a nested call", function()
      assert.same({ "SUCCESS" }, (run("Store", "pass_on", 88)))
      assert.same({ "ERROR_SMART_CONTRACT",
        "argument array of 101 bytes is longer than the limit of 100" },
        (run("Store", "pass_on", 89)))
    end)

    it("refuse a protected key, for reading and writing", function()
      assert.same({ "ERROR_SMART_CONTRACT", "protected key" },
        (run("Store", "write_raw", "\0vmhost\0")))
      assert.same({ "ERROR_SMART_CONTRACT", "protected key" },
        (run("Store", "read_raw", "\0vmhost\0c")))
      assert.same({ "SUCCESS" }, (run("Store", "write_raw", "\0vmhost")))
    end)

    it("can be caught", function()
      assert.same({ "SUCCESS", false, "protected key" },
        (run("Store", "catch", "\0vmhost\0")))
    end)

    it("count the code of all parts", function()
      local function deploy(...)
        return (run("_Deployments", "deployService", { string = "New" }, { uint32 = 3 }, ...))
      end

      assert.same({ "SUCCESS" }, deploy({ bytes = ("c"):rep(15) }, { bytes = ("c"):rep(15) }))
      assert.same({ "ERROR_SMART_CONTRACT",
        "contract code of 31 bytes is longer than the limit of 30" },
        deploy({ bytes = ("c"):rep(15) }, { bytes = ("c"):rep(16) }))
    end)
  end)
end

describe("the limits that a genesis does not name #small", function()
  local function run(...)
    local chain <close> = assert(chains.open { contracts = { Store = STORE } })
    return chains.outcome(assert(chain:process { { ... } }).receipts[1])
  end

  it("are 1 KiB for a key and 1 MiB for a value", function()
    assert.same({ "SUCCESS" }, run("Store", "write", 1024, 1048576))
    assert.same({ "ERROR_SMART_CONTRACT", "key of 1025 bytes is longer than the limit of 1024" },
      run("Store", "write", 1025, 1))
    assert.same({ "ERROR_SMART_CONTRACT",
      "value of 1048577 bytes is longer than the limit of 1048576" },
      run("Store", "write", 1, 1048577))
  end)

  it("are 1 MiB for an argument array", function()
    assert.same({ "SUCCESS", 1048564 },
      run("Store", "take", { bytes = ("a"):rep(1048564) }))
    assert.equal("ERROR_INPUT", run("Store", "take", { bytes = ("a"):rep(1048565) })[1])
    assert.equal(1048576, #codec.pack_arguments { { bytes = ("a"):rep(1048564) } })
  end)
end)
