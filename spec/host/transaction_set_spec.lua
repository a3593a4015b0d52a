local chains = require "spec.support.chain"
local codec = require "vmhost.codec"
local crypto = require "vmhost.crypto"

local function text(value) return { string = value } end

local function hex(bytes) return crypto.hex(bytes) end

for _, rule_set in ipairs(chains.RULE_SETS) do
  describe("process_transaction_set under " .. rule_set .. " #small", function()
    local function open(further)
      local given = { rule_set = rule_set }
      for name, value in pairs(further or {}) do given[name] = value end
      return assert(chains.open(given))
    end

    it("gives one receipt per transaction, in order, with its hash", function()
      local chain <close> = open()
      local calls = { { "Probe", "writeEmit", text "a" }, { "Probe", "writeEmitFail", text "b" },
        { "Nobody", "nothing" } }
      local set = chain:set(calls)

      local out = assert(chain.host:process_transaction_set(set))

      assert.equal(3, #out.receipts)
      for index, signed in ipairs(set.signed_transactions) do
        -- SHA-256 of the Transaction message, which follows its size.
        local size = ("<I4"):unpack(signed)
        assert.equal(hex(crypto.sha256(signed:sub(5, 4 + size))),
          hex(out.receipts[index].txhash))
      end
      assert.same({ "SUCCESS" }, chains.outcome(out.receipts[1]))
      assert.same({ "ERROR_SMART_CONTRACT", "boom b" }, chains.outcome(out.receipts[2]))
      assert.same({ "ERROR_CONTRACT_NOT_DEPLOYED" }, chains.outcome(out.receipts[3]))
      assert.same({}, out.receipts[3].output_events_array)
    end)

    it("gives what commit_state_diff takes, receipts and transactions too", function()
      local chain <close> = open()
      local set = chain:set { { "Probe", "writeEmit", text "a" } }

      local out = assert(chain.host:process_transaction_set(set))
      assert.equal(2, chain.storage:commit_state_diff(out.block))

      local block = chain.storage:block(1)
      assert.same({ hex(set.signed_transactions[1]) }, { hex(block.transactions[1]) })
      assert.same({ hex(out.receipts[1].message) }, { hex(block.receipts[1]) })
      assert.equal("a", chain.storage:read("Probe", "w"))
    end)

    it("commits nothing itself", function()
      local chain <close> = open()

      assert(chain:process { { "Probe", "writeEmit", text "a" } })

      assert.equal(0, chain.storage:last_committed_block_info().height)
      assert.equal("", chain.storage:read("Probe", "w"))
    end)

    it("gives the same bytes for the same set", function()
      local chain <close> = open()
      local set = chain:set { { "Probe", "orderTest" }, { "BenchmarkToken", "transfer", 1,
        { bytes = chains.accounts[2].address } } }

      local first = assert(chain.host:process_transaction_set(set))
      local second = assert(chain.host:process_transaction_set(set))

      assert.equal(hex(first.receipts[2].message), hex(second.receipts[2].message))
      assert.same(first.state_diffs, second.state_diffs)
    end)

    for _, height in ipairs { 0, 1, 3 } do
      it("refuses height " .. height .. " when the next is 2", function()
        local chain <close> = open()
        chain:commit {}
        local set = chain:set {}
        set.height = height

        local out, message, code = chain.host:process_transaction_set(set)

        assert.is_nil(out)
        assert.equal("invalid_input", code)
        assert.equal(("transaction set for height %d, but the next is 2"):format(height), message)
      end)
    end

    it("takes transactions as tables of their fields", function()
      local chain <close> = open()
      local set = chain:set {}
      local signed = chain:sign { "Probe", "writeEmit", text "a" }
      set.signed_transactions = { signed }

      local out = assert(chain.host:process_transaction_set(set))

      assert.same({ "SUCCESS" }, chains.outcome(out.receipts[1]))
      assert.equal(hex(crypto.sha256(codec.encode("Transaction", signed.transaction))),
        hex(out.receipts[1].txhash))
    end)

    it("does not check signatures", function()
      local chain <close> = open()
      local signed = chain:sign { "Probe", "writeEmit", text "a" }
      signed.signature = ("\0"):rep(64)
      local set = chain:set {}
      set.signed_transactions = { signed }

      assert.same({ "SUCCESS" },
        chains.outcome(assert(chain.host:process_transaction_set(set)).receipts[1]))
    end)

    it("shows the zero address as the signer of an unsigned transaction", function()
      local chain <close> = open()

      local out = chain:process { { "_Info", "getSignerAddress", signer = false } }

      assert.same({ "SUCCESS", chains.ZERO_ADDRESS }, chains.outcome(out.receipts[1]))
    end)

    it("shows no signer where a contract is the signer", function()
      local chain <close> = open()
      local signed = chain:sign { "_Info", "getSignerAddress" }
      signed.transaction.signer = { smart_contract_caller = { contract_name = "Probe" } }
      local set = chain:set {}
      set.signed_transactions = { signed }

      local out = assert(chain.host:process_transaction_set(set))

      assert.same({ "ERROR_SMART_CONTRACT", "transaction is not signed by any Signer" },
        chains.outcome(out.receipts[1]))
    end)

    it("shows no signer where the public key has 31 bytes", function()
      local chain <close> = open()
      local signed = chain:sign { "_Info", "getSignerAddress" }
      signed.transaction.signer.eddsa.signer_public_key = ("k"):rep(31)
      local set = chain:set {}
      set.signed_transactions = { signed }

      local out = assert(chain.host:process_transaction_set(set))

      assert.same({ "ERROR_SMART_CONTRACT", "public key of 31 bytes is not an Ed25519 key" },
        chains.outcome(out.receipts[1]))
    end)

    it("deploys a native contract once in a set", function()
      local chain <close> = open()

      local out = assert(chain:process { { "Probe", "writeEmit", text "a" },
        { "Probe", "writeEmit", text "b" } })

      local expected = { "Probe.Processor=\1\0\0\0", "Service_Count=\1\0\0\0",
        "Service_At_0=probe", "Probe.Code=" }
      if rule_set == "vmhost-1" then
        -- The address is the last 20 bytes of SHA-256("Probe").
        table.insert(expected, 4,
          "Address_" .. hex(crypto.sha256("Probe"):sub(-20)) .. "=Probe")
      end
      assert.same(expected, chains.diff(out)._Deployments)
      assert.same({ "w=b" }, chains.diff(out).Probe)
    end)

    it("does not deploy a native contract in a transaction that fails", function()
      local chain <close> = open()

      local out = assert(chain:process { { "BenchmarkContract", "throw" },
        { "BenchmarkContract", "get" } })

      assert.same({ "ERROR_SMART_CONTRACT", "example error returned by contract" },
        chains.outcome(out.receipts[1]))
      assert.same({ "SUCCESS", 0 }, chains.outcome(out.receipts[2]))
      assert.same({ "initialized=\1\0\0\0\0\0\0\0" }, chains.diff(out).BenchmarkContract)
    end)

    it("runs _init with the signer of the transaction that deploys", function()
      local chain <close> = open()

      local out = assert(chain:process { { "BenchmarkToken", "getBalance",
        { bytes = chains.accounts[3].address }, signer = 3 } })

      assert.same({ "SUCCESS", 10000000000 }, chains.outcome(out.receipts[1]))
    end)

    it("fails a service whose processor this host does not have", function()
      local chain <close> = open { processors = { JAVASCRIPT = {
        process_call = function() return { call_result = "SUCCESS" } end } } }
      chain:commit { { "_Deployments", "deployService", text "Lonely", { uint32 = 2 },
        { bytes = "code" } } }
      chain.host:close()
      chain.host = assert(require "vmhost.vm".open { storage = chain.storage })

      local out = assert(chain:process { { "Lonely", "run" } })

      assert.same({ "ERROR_CONTRACT_NOT_DEPLOYED" }, chains.outcome(out.receipts[1]))
      assert.equal("service 'Lonely' has processor type 2, which this host does not run",
        out.records[1].error)
    end)
  end)
end

describe("the results of a processor #small", function()
  local function run(answer, rule_set)
    local chain <close> = assert(chains.open { rule_set = rule_set,
      genesis = { services = { { name = "Told", processor = "LUA", code = "x" } } },
      processors = { LUA = { process_call = function(call)
        return call.method_name == "_init" and { call_result = "SUCCESS" } or answer
      end } } })
    local out = assert(chain:process { { "Told", "run" }, { "Probe", "readW" } })
    assert.same({ "SUCCESS", "" }, chains.outcome(out.receipts[2]))
    return out.receipts[1], out.records[1]
  end

  for result, code in pairs { ERROR_SMART_CONTRACT = 4, ERROR_INPUT = 2,
    ERROR_CONTRACT_NOT_DEPLOYED = 3 } do
    it("are those of the receipt: " .. result, function()
      local receipt, record = run { call_result = result, error = "why" }

      assert.same({ result, "why" }, chains.outcome(receipt))
      assert.equal(code, receipt.code)
      assert.equal("why", record.error)
    end)
  end

  it("may be ERROR_UNEXPECTED, which has no outputs, and the set goes on", function()
    local receipt, record = run { call_result = "ERROR_UNEXPECTED", error = "broken" }

    assert.same({ "ERROR_UNEXPECTED" }, chains.outcome(receipt))
    assert.equal("broken", record.error)
  end)

  it("may name a code and gas of their own", function()
    local receipt = run { call_result = "ERROR_SMART_CONTRACT", error = "e", code = 77,
      gas_used = 1234 }

    assert.equal(77, receipt.code)
    assert.equal(1234, receipt.gas_used)
  end)

  it("use no more gas than a transaction has", function()
    local receipt = run { call_result = "SUCCESS", gas_used = 50000001 }

    assert.equal(50000000, receipt.gas_used)
  end)

  it("keep the four fields of the node under reference", function()
    local receipt = run({ call_result = "SUCCESS", output_arguments = { 17 } }, "reference")

    assert.is_nil(receipt.code)
    assert.is_nil(receipt.message_id)
    -- 20000000, hash, 0100 (SUCCESS), padding, outputs (16 bytes), no events.
    assert.equal(hex(receipt.txhash), hex(receipt.message:sub(5, 36)))
    assert.equal("01000000" .. "10000000" .. "0c000000" .. "01000000" .. "1100000000000000"
      .. "00000000", hex(receipt.message:sub(37)))
  end)
end)

describe("the further fields of a receipt under vmhost-1", function()
  it("name the request: SHA-256 of hash, height and index", function()
    local chain <close> = assert(chains.open())
    chain:commit {}

    local out = assert(chain:process { { "Probe", "readW" }, { "Probe", "readW" } })

    for index, receipt in ipairs(out.receipts) do
      local id = crypto.sha256(receipt.txhash .. ("<I8I4"):pack(2, index - 1))
      assert.equal(hex(id), hex(receipt.message_id))
      assert.equal(hex(id), hex(receipt.root))
      assert.equal("", receipt.parent)
      assert.is_false(receipt.suspended)
      assert.same({}, receipt.logs)
      assert.equal(0, receipt.gas_used)
    end
  end)

  it("give two ids to a transaction that is in the set twice", function()
    local chain <close> = assert(chains.open())
    local signed = codec.encode("SignedTransaction", chain:sign { "Probe", "readW" })

    local out = assert(chain:process { signed, signed })

    assert.equal(hex(out.receipts[1].txhash), hex(out.receipts[2].txhash))
    assert.not_equal(hex(out.receipts[1].message_id), hex(out.receipts[2].message_id))
  end)

  it("read as the four fields and these behind them", function()
    local chain <close> = assert(chains.open())

    local receipt = assert(chain:process { { "Nobody", "nothing" } }).receipts[1]

    local id = hex(receipt.message_id)
    assert.equal("20000000" .. hex(receipt.txhash) .. "04000000" .. "00000000" .. "00000000"
      .. "03000000" .. "0000000000000000" .. id .. id .. "00000000" .. "00000000" .. "00000000",
      hex(receipt.message))
  end)
end)

describe("a malformed transaction", function()
  local function set_with(chain, bytes)
    local set = chain:set { { "Probe", "readW" }, { "Probe", "readW" } }
    set.signed_transactions[2] = bytes(set.signed_transactions[2])
    return set
  end

  local FORMS = {
    ["with a byte behind it"] = function(signed) return signed .. "\0" end,
    ["cut short"] = function(signed) return signed:sub(1, -2) end,
    ["that is empty"] = function() return "" end,
    ["of noise"] = function() return ("\255"):rep(50) end,
  }

  for form, change in pairs(FORMS) do
    it(form .. " fails the set and is named under vmhost-1", function()
      local chain <close> = assert(chains.open())

      local out, message, code = chain.host:process_transaction_set(set_with(chain, change))

      assert.is_nil(out)
      assert.equal("malformed", code)
      assert.truthy(message:find "^signed transaction 2: ")
    end)

    it(form .. " is read as it can be under reference", function()
      local chain <close> = assert(chains.open { rule_set = "reference" })

      local out = assert(chain.host:process_transaction_set(set_with(chain, change)))

      assert.equal(2, #out.receipts)
      assert.same({ "SUCCESS", "" }, chains.outcome(out.receipts[1]))
    end)
  end

  it("whose arguments have an unknown type is ERROR_INPUT, under any rules", function()
    for _, rule_set in ipairs(chains.RULE_SETS) do
      local chain <close> = assert(chains.open { rule_set = rule_set })

      local out = assert(chain:process { { "Probe", "writeEmit",
        packed = ("<I4I2I2"):pack(4, 16, 0) } })

      assert.same({ "ERROR_INPUT", "argument 0 has an unknown type" },
        chains.outcome(out.receipts[1]))
    end
  end)
end)
