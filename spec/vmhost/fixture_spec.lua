local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local processor = require "vmhost.processor"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"
local word = require "vmhost.word"

local COUNTER = {
  add = function(sdk, amount)
    if amount == 0 then sdk.fail "nothing to add" end
    sdk.state.write_uint64("total", sdk.state.read_uint64 "total" + amount)
  end,
  add_then_fail = function(sdk, amount)
    sdk.state.write_uint64("total", sdk.state.read_uint64 "total" + amount)
    sdk.fail "changed my mind"
  end,
  add_through = function(sdk, amount) sdk.service.call("Counter", "add", { amount }) end,
  get = function(sdk) return sdk.state.read_uint64 "total" end,
  signer = function(sdk) return { bytes = sdk.address.signer() } end,
  time = function(sdk) return sdk.env.block_timestamp() end,
}

local function uint64(value) return string.pack("<I8", value) end

local function counter_chain(given)
  given = given or {}
  given.contracts = given.contracts or { Counter = COUNTER }
  return assert(fixture.new(given))
end

-- Folder and chain under one name: closed in the right order.
local function counter_chain_in(folder)
  return counter_chain { path = folder.path .. "/chain", sync = false }
end

describe("fixture.new", function()
  it("makes keys that follow from the names of the accounts", function()
    local chain <close> = fixture.new { accounts = { "alice", "bob" } }

    -- Computed with Python's hashlib and openssl pkey.
    local alice = chain.accounts.alice
    assert.equal("781782a492ec7b51f31254bbd6659abde39e620bc2eecb4c880dd564960157a8",
      crypto.hex(alice.seed))
    assert.equal("61977639f51adb5de6f3d0835c294d55efd5abef384eba4600a92c58f5b25f69",
      crypto.hex(alice.public_key))
    assert.equal("227e135857639cabe1ff50c2fd487feae07127c6", crypto.hex(alice.address))
    assert.equal("9f76f370d842ee0300efd55fbb32048bed4b5597",
      crypto.hex(chain.accounts.bob.address))
  end)

  it("takes an account with a seed of its own", function()
    -- RFC 8032, 7.1, test 1.
    local seed = crypto.unhex "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"

    local chain <close> = fixture.new { accounts = { "alice", carl = seed } }

    assert.equal("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
      crypto.hex(chain.accounts.carl.public_key))
  end)

  it("makes a chain at height 0 with a clock that stands at the start of 2020", function()
    local chain <close> = fixture.new()

    assert.equal(0, chain:height())
    assert.equal(1577836800000000000, chain:now())
    assert.equal(42, chain.genesis.virtual_chain_id)
    assert.equal("vmhost-1", chain.genesis.rule_set)
  end)

  it("takes the rule set, native contracts and fields of the genesis", function()
    local chain <close> = fixture.new { rule_set = "reference", native_contracts = { "Probe" },
      genesis = { virtual_chain_id = 7, limits = { key_size = 9 } } }

    assert.equal("reference", chain.genesis.rule_set)
    assert.same({ "Probe" }, chain.genesis.native_contracts)
    assert.equal(7, chain.genesis.virtual_chain_id)
    assert.equal(9, chain.genesis.limits.key_size)
  end)

  it("lists the known options for an unknown one", function()
    assert.error_matches(function() fixture.new { contract = {} } end,
      "fixture%.new: unknown option 'contract'; known: rule_set, genesis, .*contracts")
  end)

  it("refuses options of another kind, at the line of the script", function()
    for message, wrong in pairs {
      ["fixture.new: accounts: table expected, got 'alice'"] = { accounts = "alice" },
      ["fixture.new: clock: function expected, got 3"] = { clock = 3 },
      ["fixture.new: genesis: table expected, got 3"] = { genesis = 3 },
      ["fixture: the name of an account is a string, got 3"] = { accounts = { 3 } },
      ["fixture: account 'alice': a seed of 32 bytes expected, got 5 bytes"] =
        { accounts = { alice = "short" } },
      ["fixture: path: expected string, got number 3"] = { path = 3 },
      ["fixture: genesis.limits: expected table, got number 3"] = { genesis = { limits = 3 } },
      ["fixture: trace: expected table, got number 3"] = { trace = 3 },
    } do
      local _, fault = pcall(function() fixture.new(wrong) end)

      assert.equal(message, fault:match "^spec/vmhost/fixture_spec%.lua:%d+: (.*)$")
    end
  end)

  it("gives the failure of a genesis", function()
    local chain, message, code = fixture.new { contracts = {
      Broken = { _init = function(sdk) sdk.fail "not today" end } } }

    assert.is_nil(chain)
    assert.matches("Broken.*not today", message)
    assert.equal("genesis_failed", code)
  end)

  it("leaves the folder unlocked when the host does not open", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/chain"
    assert.has_error(function() fixture.new { path = path, processors = { LUA = 1 } } end)

    local chain <close> = fixture.new { path = path }

    assert.equal(0, chain:height())
  end)

  it("refuses an account by the name of a contract", function()
    assert.error_matches(function()
      fixture.new { accounts = { "Counter" }, contracts = { Counter = COUNTER } }
    end, "'Counter' is both an account and a contract")
  end)

  it("opens the same folder again with the same options", function()
    local folder <close> = temporary_folder()
    do
      local chain <close> = counter_chain_in(folder)
      chain:expect_success(chain:send("Counter", "add", 5))
    end

    local chain <close> = counter_chain_in(folder)

    assert.equal(5, chain:query("Counter", "get"))
    assert.equal(1577836801000000000, chain:now())
  end)
end)

describe("expect_success", function()
  it("follows a method that waits to where it came in its block", function()
    local chain <close> = fixture.new {}
    assert(chain:deploy("waiter", { [[
      local c = sdk.contract { go = "external write (fails bool)", step = "external write ()" }
      function c.step() end
      function c.go(fails)
        sdk.await("waiter", "step()")
        if fails then error "too late" end
      end
      return c ]] }))

    assert.is_true(chain:expect_success(chain:send("waiter", "go", false)).suspended)
    assert.error_matches(function() chain:expect_success(chain:send("waiter", "go", true)) end,
      "expected success, but waiter.go waited, and then: ERROR_SMART_CONTRACT: too late\n"
        .. "  in waiter.go:5")
  end)
end)

describe("fixture.open", function()
  it("opens a chain whatever its genesis was", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/chain"
    do
      local chain <close> = fixture.new { path = path, genesis = { virtual_chain_id = 9 } }
      chain:expect_success(chain:send("BenchmarkContract", "set", 17))
    end

    local chain <close> = fixture.open { path = path }

    assert.equal(9, chain.genesis.virtual_chain_id)
    assert.equal(17, chain:query("BenchmarkContract", "get"))
  end)

  it("makes no chain where there is none", function()
    local folder <close> = temporary_folder()

    local chain, message, code = fixture.open { path = folder.path .. "/chain" }

    assert.is_nil(chain)
    assert.matches("chain", message)
    assert.equal("not_found", code)
  end)

  it("needs a path", function()
    assert.error_matches(function() fixture.open {} end, "open needs a 'path'")
  end)
end)

describe("chain:send", function()
  it("mines a block with one transaction and gives its receipt", function()
    local chain <close> = counter_chain()

    local receipt = chain:send("bob", "Counter", "signer")

    assert.equal("SUCCESS", receipt.execution_result)
    assert.equal(chain.accounts.bob.address, receipt.output_argument_array[1].value)
    assert.equal(1, chain:height())
  end)

  it("signs for the first account when none is named", function()
    local chain <close> = counter_chain { accounts = { "zoe", "alice" } }

    local receipt = chain:send("Counter", "signer")

    assert.equal(chain.accounts.zoe.address, receipt.output_argument_array[1].value)
  end)

  it("gives plain values the types of the method's parameters", function()
    local chain <close> = fixture.new()

    local receipt = chain:send("BenchmarkContract", "argTypes", 1, 2, "three", "four")

    assert.same({ { type = "uint32", value = 2 }, { type = "uint64", value = 3 },
      { type = "string", value = "three1" }, { type = "bytes", value = "four\1" } },
      receipt.output_argument_array)
  end)

  it("repeats the last type of a variadic method", function()
    local chain <close> = fixture.new()

    local receipt = chain:send("_Deployments", "deployService", "Later", 2, "part 1", "part 2")

    assert.matches("processor type 2", receipt.output_argument_array[1].value)
  end)

  it("takes a value that says its type as it is", function()
    local chain <close> = fixture.new()

    local receipt = chain:send("BenchmarkContract", "set", { uint32 = 1 })

    assert.equal("ERROR_INPUT", receipt.execution_result)
  end)

  it("names a wrong value with its place", function()
    local chain <close> = fixture.new()

    assert.error_matches(function() chain:send("BenchmarkContract", "argTypes", 2 ^ 32 | 0) end,
      "fixture: BenchmarkContract.argTypes: argument 1: uint32 out of range: 4294967296", 1, true)
    assert.error_matches(function() chain:send("BenchmarkContract", "add", nil, 3) end,
      "BenchmarkContract%.add: argument 1 is nil")
  end)

  it("names the accounts when one is misspelt", function()
    local chain <close> = counter_chain { accounts = { "alice", "bob" } }

    local _, message = pcall(function() local _ = chain:send("alcie", "Counter", "add", 1) end)

    assert.matches("fixture_spec%.lua:%d+: fixture: no account 'alcie'; there are alice, bob",
      message)
  end)

  it("refuses what is no set, key, processor or chain", function()
    local chain <close> = fixture.new()

    assert.error_matches(function() chain:process(5) end,
      "fixture: process: set: table expected, got 5", 1, true)
    assert.error_matches(function() chain:read("_Info", 5) end,
      "fixture: read: key: string expected, got 5", 1, true)
    assert.error_matches(function() chain:deploy("Counter", "code", "RUST") end,
      "fixture: no processor 'RUST'; there are JAVASCRIPT, LUA, NATIVE, VITE", 1, true)
    assert.error_matches(function() chain.send("alice", "BenchmarkToken", "transfer") end,
      "fixture: a method of a chain is called with a colon, as in chain:send(...)", 1, true)
  end)

  it("says what a call is made of", function()
    local chain <close> = counter_chain()

    assert.error_matches(function() chain:send("Counter") end,
      "a call is %[account,%] contract, method, arguments")
  end)

  it("gives two equal calls two hashes", function()
    local chain <close> = counter_chain()

    local out = chain:process { { "Counter", "add", 1 }, { "Counter", "add", 1 } }

    assert.not_equal(out.receipts[1].txhash, out.receipts[2].txhash)
  end)

  it("gives the same bytes in each run of the same script", function()
    local function run()
      local chain <close> = counter_chain()
      local receipt = chain:send("bob", "Counter", "add", 3)
      return receipt.message .. chain.storage:state_hash()
    end

    assert.equal(run(), run())
  end)
end)

describe("chain:process", function()
  it("gives receipts, and the state diff by contract and key", function()
    local chain <close> = counter_chain()

    local out = chain:process {
      { "alice", "Counter", "add", 5 }, { "Counter", "add_then_fail", 7 } }

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    assert.equal("ERROR_SMART_CONTRACT", out.receipts[2].execution_result)
    assert.same({ Counter = { total = uint64(5) } }, out.state_diff)
    assert.equal("changed my mind", out.records[2].error)
    assert.equal(5, chain:query("Counter", "get"))
  end)

  it("takes the bytes of signed transactions", function()
    local chain <close> = counter_chain()
    local bytes = chain:transaction("bob", "Counter", "add", 4)

    local out = chain:process { bytes }

    assert.equal("SUCCESS", out.receipts[1].execution_result)
    local transaction = codec.encode("Transaction",
      codec.decode("SignedTransaction", bytes).transaction)
    assert.equal(crypto.sha256(transaction), out.receipts[1].txhash)
  end)

  it("gives a host failure as nil, message and code and mines nothing", function()
    local chain <close> = counter_chain()

    local out, message, code = chain:process { { "Counter", "add", 1 }, "no transaction" }

    assert.is_nil(out)
    assert.matches("2", message)
    assert.equal("malformed", code)
    assert.equal(0, chain:height())
  end)

  it("refuses what is neither a call nor bytes", function()
    local chain <close> = counter_chain()

    assert.error_matches(function() chain:process { 5 } end,
      "^fixture: a set holds calls .* got number$")
  end)
end)

describe("chain:pre_order", function()
  it("gives a status for each transaction and names the first that is refused", function()
    local chain <close> = counter_chain()
    local good = chain:transaction("Counter", "add", 1)
    local bad = good:sub(1, -2) .. string.char(good:byte(-1) ~ 1)

    local statuses, failure = chain:pre_order { good, bad }

    assert.same({ "PRE_ORDER_VALID", "REJECTED_SIGNATURE_MISMATCH" }, statuses)
    assert.equal(2, failure.index)
    assert.equal(0, chain:height())
  end)
end)

describe("chain:query", function()
  it("gives the results as plain values", function()
    local chain <close> = fixture.new()
    chain:send("BenchmarkContract", "set", 17)

    assert.same({ 18 + 24 }, { chain:query("BenchmarkContract", "add", 18, 24) })
    assert.same({}, { chain:query("BenchmarkContract", "giveBirth", "Ann") })
  end)

  it("gives nil, the text and the result when it fails", function()
    local chain <close> = counter_chain()

    local value, text, result = chain:query("Counter", "add", 0)

    assert.is_nil(value)
    assert.equal("nothing to add", text)
    assert.equal("ERROR_SMART_CONTRACT", result)
  end)

  it("has no signer unless an account is named", function()
    local chain <close> = counter_chain()

    assert.equal(("\0"):rep(20), (chain:query("Counter", "signer")))
    assert.equal(chain.accounts.bob.address, (chain:query("bob", "Counter", "signer")))
  end)

  it("reads an earlier height that is kept", function()
    local chain <close> = counter_chain { history = 3 }
    for _ = 1, 4 do chain:send("Counter", "add", 10) end

    assert.equal(20, chain:query_at(2, "Counter", "get"))
    local value, text = chain:query_at(1, "Counter", "get")
    assert.is_nil(value)
    assert.is_string(text)
  end)
end)

describe("chain:deploy", function()
  it("deploys a scripted contract, whose _init sees the account", function()
    local chain <close> = counter_chain()

    local receipt = chain:deploy("bob", "Owned", {
      _init = function(sdk) sdk.state.write("owner", sdk.address.signer()) end,
    })

    chain:expect_success(receipt)
    assert.equal(chain.accounts.bob.address, chain:read("Owned", "owner"))
  end)

  it("does not take functions for a name that is refused", function()
    local chain <close> = counter_chain()

    chain:expect_failure(chain:deploy("counter", {}), "same name (case insensitive)")

    assert.is_nil(chain.contracts.counter)
  end)

  it("tells what does not fit _init of a contract in Lua before anything is sent", function()
    local chain <close> = fixture.new {}
    local function deploy(...)
      local given = table.pack("token", "examples/contracts/token.lua", ...)
      return function() chain:deploy(table.unpack(given, 1, given.n)) end
    end
    local HERE <const> = "^fixture: "

    assert.error_matches(deploy(), HERE .. "token._init takes 1 argument, got 0")
    assert.error_matches(deploy(-1), HERE .. "token._init: argument 1: uint256 out of range: %-1")
    assert.error_matches(deploy(nil), HERE .. "token._init: argument 1 is nil")
    assert.error_matches(function() chain:deploy(nil, "examples/contracts/token.lua", 1) end,
      HERE .. "deploy: name: string expected, got nil")
  end)

  it("deploys code as bytes for a processor", function()
    local chain <close> = fixture.new { processors = { LUA = {
      process_call = function(call)
        return { call_result = "SUCCESS", output_arguments = { call.method_name } }
      end,
    } } }

    chain:expect_success(chain:deploy("Echo", { "part 1", "part 2" }, "LUA"))

    assert.equal("hello", chain:query("Echo", "hello"))
    assert.equal("part 2", chain:query("_Deployments", "getCodePart", "Echo", 1))
  end)

  it("refuses functions on a chain without scripted contracts", function()
    local chain <close> = fixture.new()

    assert.error_matches(function() chain:deploy("Counter", COUNTER) end,
      "this chain was opened without 'contracts'")
  end)
end)

describe("chain:mine", function()
  it("commits empty blocks, one second apart", function()
    local chain <close> = fixture.new()

    assert.equal(3, chain:mine(3))
    assert.equal(1577836803000000000, chain:now())
    assert.equal(1577836803000000000, chain.storage:last_committed_block_info().timestamp)
  end)

  it("gives each block the reference time of the one before", function()
    local chain <close> = fixture.new()
    chain:mine(2)

    local info = chain.storage:last_committed_block_info()

    assert.equal(1577836802, info.reference_time)
    assert.equal(1577836801, info.prev_reference_time)
  end)
end)

describe("chain:advance", function()
  it("moves the time that the next block shows", function()
    local chain <close> = counter_chain()

    chain:advance(3600)

    local receipt = chain:send("Counter", "time")
    assert.equal((1577836800 + 3600 + 1) * 1000000000, receipt.output_argument_array[1].value)
  end)

  it("refuses to go back", function()
    local chain <close> = counter_chain()

    assert.error_matches(function() chain:advance(-1) end, "an integer that is not negative")
  end)

  it("gives way to a clock of the script, and blocks are still in order", function()
    local now = 1600000000000000000
    local chain <close> = counter_chain { clock = function() return now end }

    chain:mine()
    chain:mine()

    assert.equal(1600000000000000001, chain:now())
  end)
end)

for _, place in ipairs { "in memory", "on LevelDB" } do
  describe("chain:revert " .. place, function()
    local folder, chain

    before_each(function()
      folder = temporary_folder()
      chain = place == "in memory" and counter_chain() or counter_chain_in(folder)
    end)

    after_each(function()
      chain:close()
      getmetatable(folder).__close()
    end)

    it("brings back state, blocks and clock together", function()
      chain:send("Counter", "add", 5)
      local root, id = chain.storage:state_hash(), chain:snapshot()
      chain:send("Counter", "add", 7)
      chain:advance(100)
      chain:mine(2)

      assert.is_true(chain:revert(id))

      assert.equal(1, chain:height())
      assert.equal(5, chain:query("Counter", "get"))
      assert.equal(root, chain.storage:state_hash())
      assert.equal(1577836801000000000, chain:now())
      assert.is_nil((chain.storage:block(2)))
    end)

    it("goes on as if nothing had been", function()
      chain:send("Counter", "add", 5)
      local id = chain:snapshot()
      local first = chain:send("Counter", "add", 7).message
      local first_block = chain.storage:block(2).block_hash

      chain:revert(id)

      assert.equal(first, chain:send("Counter", "add", 7).message)
      assert.equal(first_block, chain.storage:block(2).block_hash)
    end)

    it("can go back to the same snapshot more than once", function()
      local id = chain:snapshot()
      for _ = 1, 2 do
        chain:send("Counter", "add", 3)
        assert.is_true(chain:revert(id))
      end

      assert.equal(0, chain:height())
    end)

    it("forgets the snapshots that were taken later", function()
      local id = chain:snapshot()
      chain:mine()
      local later = chain:snapshot()
      chain:revert(id)

      assert.error_matches(function() chain:revert(later) end, "no snapshot 2")
    end)

    it("forgets contracts that were deployed later", function()
      local id = chain:snapshot()
      chain:deploy("Later", { get = function() return 1 end })

      chain:revert(id)

      assert.is_nil(chain.contracts.Later)
      local receipt = chain:send("Later", "get")
      assert.equal("ERROR_CONTRACT_NOT_DEPLOYED", receipt.execution_result)
    end)
  end)
end

describe("chain:revert", function()
  it("leaves the chain as it was where the genesis is not repeatable", function()
    local count = 0
    local chain <close> = fixture.new { contracts = { Odd = { _init = function(sdk)
      count = count + 1
      sdk.state.write_uint64("count", count)
    end } } }
    local id = chain:snapshot()
    chain:mine()

    local reverted, message, code = chain:revert(id)

    assert.is_nil(reverted)
    assert.matches("not repeatable", message)
    assert.equal("genesis_mismatch", code)
    assert.equal(2, chain:mine())
  end)

  it("works with a processor that serves one host at a time", function()
    local native <close> = processor.native {
      virtual_chain_id = 42, native_contracts = { "BenchmarkContract" } }
    local chain <close> = fixture.new { native_contracts = { "BenchmarkContract" },
      processors = { NATIVE = native } }
    local id = chain:snapshot()
    chain:send("BenchmarkContract", "set", 17)

    assert.is_true(chain:revert(id))

    assert.equal(0, chain:height())
  end)

  it("leaves nothing beside the folder of the chain", function()
    local folder <close> = temporary_folder()
    local chain <close> = counter_chain_in(folder)
    local id = chain:snapshot()
    chain:mine()
    chain:revert(id)

    local names = {}
    for name in require("lfs").dir(folder.path) do
      if name:find "^[^.]" then names[#names + 1] = name end
    end
    assert.same({ "chain" }, names)
  end)
end)

describe("chain:restart", function()
  local function goes_on(options)
    local chain <close> = counter_chain(options)
    chain:expect_success(chain:send("Counter", "add", 5))
    local root, storage = chain.storage:state_hash(), chain.storage

    assert.is_true(assert(chain:restart()))

    assert.equal(root, chain.storage:state_hash())
    chain:expect_success(chain:send("Counter", "add", 2))
    assert.equal(uint64(7), chain:read("Counter", "total"))
    return storage == chain.storage
  end

  it("goes on where the chain was, in memory with the storage that it has", function()
    assert.is_true(goes_on())
  end)

  it("goes on where the chain was, on LevelDB with one that was opened again", function()
    local folder <close> = temporary_folder()
    assert.is_false(goes_on { path = folder.path .. "/chain" })
  end)

  it("closes the chain where it cannot be opened again", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/chain"
    local chain <close> = counter_chain { path = path }
    assert(os.execute("rm -rf " .. path .. " && touch " .. path))

    local restarted, message, code = chain:restart()

    assert.is_nil(restarted)
    assert.truthy(message)
    assert.truthy(code)
    assert.equal("vmhost.fixture.Chain (closed)", tostring(chain))
  end)
end)

describe("chain:proof", function()
  it("gives what verify_proof takes", function()
    local chain <close> = counter_chain()
    chain:send("Counter", "add", 5)

    local proof = chain:proof("Counter", "total")

    assert.equal(uint64(5), proof.value)
    assert.is_true(state_storage.verify_proof(proof))
    proof.value = uint64(6)
    assert.is_false(state_storage.verify_proof(proof))
  end)

  it("proves that a key has no value", function()
    local chain <close> = counter_chain()
    chain:send("Counter", "add", 5)

    local proof = chain:proof("Counter", "nothing")

    assert.equal("", proof.value)
    assert.is_true(state_storage.verify_proof(proof))
  end)
end)

describe("chain:balance", function()
  it("is what the ledger says of an account or an address", function()
    local token = ("\7"):rep(10)
    local to = ("\1"):rep(20)
    local chain <close> = fixture.new { genesis = {
      issues = { { to = to, token = token, amount = 1000 } } } }

    assert.equal(word.new(1000), chain:balance(to, token))
    assert.equal(word.new(0), chain:balance("alice", token))
  end)
end)

describe("chain:expect_success", function()
  it("gives the receipt of a success", function()
    local chain <close> = counter_chain()
    local receipt = chain:send("Counter", "add", 1)

    assert.equal(receipt, chain:expect_success(receipt))
  end)

  it("names contract, method, account, text and the chain of calls of a failure", function()
    local chain <close> = counter_chain()
    local receipt = chain:send("bob", "Counter", "add_through", 0)

    assert.error_matches(function() chain:expect_success(receipt) end,
      "^expected success, got Counter%.add_through by bob: "
      .. "ERROR_SMART_CONTRACT: nothing to add\n  in Counter%.add_through > Counter%.add$")
  end)

  it("names the failure of the host when there is no receipt", function()
    local chain <close> = counter_chain()

    assert.error_matches(function() chain:expect_success(chain:send("Counter", "add", "x")) end,
      "the host failed: .*attempt to")
  end)
end)

describe("chain:expect_failure", function()
  it("gives the receipt of a failure with the text", function()
    local chain <close> = counter_chain()
    local receipt = chain:send("Counter", "add", 0)

    assert.equal(receipt, chain:expect_failure(receipt, "nothing"))
  end)

  it("raises for a success, and for another text", function()
    local chain <close> = counter_chain()
    local failed = chain:send("Counter", "add", 0)

    assert.error_matches(function() chain:expect_failure(chain:send("Counter", "add", 1)) end,
      "expected a failure, got Counter%.add by alice: SUCCESS$")
    assert.error_matches(function() chain:expect_failure(failed, "too much") end,
      "expected a failure with 'too much', got Counter%.add by alice: .*nothing to add")
  end)
end)

describe("chain:contract", function()
  it("sends what changes state and asks what gives a value", function()
    local chain <close> = fixture.new()
    local token = chain:contract("BenchmarkToken", "alice")
    local bob = chain.accounts.bob.address

    local receipt = token:transfer(17, bob)

    assert.equal("SUCCESS", receipt.execution_result)
    assert.equal(17, token:getBalance(bob))
    assert.equal(1, chain:height())
  end)

  it("sends all calls of a contract that does not describe itself", function()
    local chain <close> = counter_chain()

    local receipt = chain:contract("Counter"):get()

    assert.equal("SUCCESS", receipt.execution_result)
  end)

  it("refuses an unknown account", function()
    local chain <close> = fixture.new()

    assert.error_matches(function() chain:contract("BenchmarkToken", "zoe") end,
      "no account 'zoe'; there are alice, bob, carol")
  end)
end)

describe("a closed chain", function()
  it("says so", function()
    local chain = counter_chain()
    chain:close()
    chain:close()

    assert.error_matches(function() chain:send("Counter", "add", 1) end, "the chain is closed")
    assert.equal("vmhost.fixture.Chain (closed)", tostring(chain))
  end)
end)

describe("chain:contract with an amount #small", function()
  it("says at once what is no amount or token", function()
    local chain <close> = fixture.new()

    assert.error_matches(function() chain:contract("X", "alice", -1) end,
      "an amount is an integer that is not negative, or a word, got %-1")
    assert.error_matches(function() chain:contract("X", "alice", {}) end, "an amount is an integer")
    assert.error_matches(function() chain:contract("X", "alice", 1, "T") end,
      "a token is a string of 10 bytes, got 'T'")
  end)
end)

describe("a uint64 of a call #small", function()
  local SOURCE <const> = [[
local c = sdk.contract { give = "external read (first uint64, more uint64[]) uint64, uint64[]",
  take = "external write (uint64)", many = "external write (list uint64...)",
  _init = "internal write (start uint64)" }
function c._init() end
function c.give(first, more) return first, more end
function c.take() end
function c.many() end
return c]]
  local HERE <const> = "^fixture: "
  local LARGEST <const> = word.new "18446744073709551615"

  local chain, contract, path
  setup(function()
    chain = fixture.new { contracts = { Scripted = { note = function() end } } }
    path = os.tmpname()
    os.rename(path, path .. ".lua")
    path = path .. ".lua"
    local file <close> = io.open(path, "w")
    file:write(SOURCE)
    file:close()
    contract = assert(chain:deploy("Numbers", path, 1))
  end)
  teardown(function()
    chain:close()
    os.remove(path)
  end)

  it("that is negative is refused with the method, the name, the type and the value", function()
    for text, call in pairs {
      ["Numbers%.give: argument 1 %('first'%): uint64 expected, got %-1"] =
        function() contract:give(-1, {}) end,
      ["Numbers%.give: argument 2 %('more'%)%[2%]: uint64 expected, got %-7"] =
        function() chain:query("Numbers", "give", 1, { 1, -7 }) end,
      ["Numbers%.take: argument 1: uint64 expected, got %-1"] =
        function() chain:send("Numbers", "take", -1) end,
      ["Numbers%.many: argument 2: uint64 expected, got %-2"] =
        function() chain:send("Numbers", "many", 1, -2) end,
      ["Numbers%.take: argument 1: uint64 expected, got %-5"] =
        function() chain:process { { "Numbers", "take", { uint64 = -5 } } } end,
      ["Scripted%.note: argument 1: uint64 expected, got %-3"] =
        function() chain:send("Scripted", "note", -3) end,
      ["Other%._init: argument 1 %('start'%): uint64 expected, got %-1"] =
        function() chain:deploy("Other", path, -1) end,
    } do
      assert.error_matches(call, HERE .. text)
    end
  end)

  it("of 2^63 and more is a word, or text, and comes back as a word", function()
    local first, more = contract:give(LARGEST, { 5, "9223372036854775808" })

    assert.equal("18446744073709551615", tostring(first))
    assert.equal(5, more[1])
    assert.equal("9223372036854775808", tostring(more[2]))
    assert.same({ contract:give(first, more) }, { first, more })
  end)

  it("is none where it is larger", function()
    assert.error_matches(function() contract:give(LARGEST + 1, {}) end, HERE .. "Numbers%.give: "
      .. "argument 1 %('first'%): uint64 out of range or no decimal text: 18446744073709551616$")
  end)
end)
