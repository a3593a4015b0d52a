local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"

local function address_of(name) return crypto.sha256(name):sub(-20) end

local ASKING = {}

function ASKING.who(sdk)
  return { bytes = sdk.address.signer() }, { bytes = sdk.address.caller() },
    { bytes = sdk.address.own() }
end

function ASKING.who_through(sdk, service)
  local signer, caller, own = sdk.service.call(service, "who")
  return { bytes = signer }, { bytes = caller }, { bytes = own }
end

function ASKING.env(sdk)
  return sdk.env.block_height(), sdk.env.block_timestamp(), sdk.env.virtual_chain_id()
end

function ASKING.committee(sdk) return { ["bytes[]"] = sdk.env.block_committee() } end
function ASKING.next_committee(sdk) return { ["bytes[]"] = sdk.env.next_block_committee() } end
function ASKING.proposer(sdk) return { bytes = sdk.env.block_proposer() } end
function ASKING.ethereum(sdk, method, ...) return sdk.ethereum.call(method, ...) end

for _, rule_set in ipairs(chains.RULE_SETS) do
  local function run(given, ...)
    given.rule_set, given.contracts = rule_set, { Asking = ASKING, Other = ASKING }
    local chain <close> = assert(chains.open(given))
    local call = { ... }
    call.signer = given.signer
    local out = assert(chain:process { call, proposer = ("p"):rep(20) })
    return chains.outcome(out.receipts[1])
  end

  describe("Sdk.Address under " .. rule_set .. " #small", function()
    it("shows a client as signer and caller", function()
      local alice = chains.accounts[1].address

      assert.same({ "SUCCESS", alice, alice, address_of "Asking" }, run({}, "Asking", "who"))
    end)

    it("shows the calling service as the caller, and the signer at any depth", function()
      assert.same({ "SUCCESS", chains.accounts[1].address, address_of "Asking",
        address_of "Other" }, run({}, "Asking", "who_through", "Other"))
    end)

    it("shows a service that calls itself as its own caller", function()
      assert.same({ "SUCCESS", chains.accounts[1].address, address_of "Asking",
        address_of "Asking" }, run({}, "Asking", "who_through", "Asking"))
    end)

    it("shows zeros to an unsigned transaction", function()
      assert.same({ "SUCCESS", chains.ZERO_ADDRESS, chains.ZERO_ADDRESS, address_of "Asking" },
        run({ signer = false }, "Asking", "who"))
    end)
  end)

  describe("Sdk.Env under " .. rule_set .. " #small", function()
    local function committee(reference_time)
      return { ("<I4"):pack(reference_time), "second" }
    end

    it("shows the block that is being built", function()
      assert.same({ "SUCCESS", 1, chains.time(1), 42 }, run({}, "Asking", "env"))
    end)

    it("shows the committee of the previous reference time", function()
      assert.same({ "SUCCESS", { ("<I4"):pack(1600000000), "second" } },
        run({ committee = committee }, "Asking", "committee"))
    end)

    it("shows the next committee, of the reference time, to the unsigned", function()
      assert.same({ "SUCCESS", { ("<I4"):pack(1600000001), "second" } },
        run({ committee = committee, signer = false }, "Asking", "next_committee"))
    end)

    it("shows the proposer to the unsigned", function()
      assert.same({ "SUCCESS", ("p"):rep(20) }, run({ signer = false }, "Asking", "proposer"))
    end)

    for method, name in pairs { proposer = "getBlockProposerAddress",
      next_committee = "getNextBlockCommittee" } do
      it("does not show " .. name .. " to the signed", function()
        assert.same({ "ERROR_SMART_CONTRACT", ("invalid call to SDK env %s can only be called by "
          .. "system contract"):format(name) }, run({ committee = committee }, "Asking", method))
      end)
    end

    it("is an SDK error where no committee source is configured", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "Env.getBlockCommittee: no committee source is configured" },
        run({}, "Asking", "committee"))
    end)

    it("takes a list of addresses as the committee of all times", function()
      assert.same({ "SUCCESS", { "one" } },
        run({ committee = { "one" } }, "Asking", "committee"))
    end)
  end)

  describe("Sdk.Ethereum under " .. rule_set .. " #small", function()
    it("is an SDK error where no connector is configured", function()
      assert.same({ "ERROR_SMART_CONTRACT",
        "Ethereum.getBlockNumber: no cross-chain connector is configured" },
        run({}, "Asking", "ethereum", "getBlockNumber"))
    end)

    it("hands method, arguments and the block's time to the connector", function()
      local seen
      local connector = { call = function(call)
        seen = call
        return { 77 }
      end }

      assert.same({ "SUCCESS", 77 },
        run({ connector = connector }, "Asking", "ethereum", "getBlockTimeByNumber", 12))
      assert.same({ method_name = "getBlockTimeByNumber", reference_timestamp = chains.time(1),
        input_arguments = { { type = "uint64", value = 12 } } }, seen)
    end)

    it("gives the connector's refusal to the contract", function()
      local connector = { call = function() return nil, "block is not final" end }

      assert.same({ "ERROR_SMART_CONTRACT", "block is not final" },
        run({ connector = connector }, "Asking", "ethereum", "getBlockNumber"))
    end)
  end)
end

describe("handle_sdk_call", function()
  local TOKEN = "VITE TOKEN"

  -- Runs `body(call, handler, host)` as the only method of a service, which `set` calls.
  local function inside(body, set)
    local handler, chain
    local processor = { contract_sdk_call_handler = function(given) handler = given end }
    function processor.process_call(call)
      if call.method_name ~= "_init" then body(call, handler, chain and chain.host) end
      return { call_result = "SUCCESS" }
    end
    chain = assert(chains.open { processors = { LUA = processor },
      genesis = { services = { { name = "Bare", processor = "LUA", code = "x" } },
        issues = { { to = chains.accounts[1].address, token = TOKEN, amount = 9 } } } })
    local guard <close> = chain
    local out = assert(guard:process(set or { { "Bare", "run" } }))
    return out, guard
  end

  local function ask(call, handler, operation, method, arguments, scope)
    return handler:handle_sdk_call { context_id = call.context_id, operation_name = operation,
      method_name = method, input_arguments = arguments, permission_scope = scope }
  end

  it("refuses operations and methods that it does not know", function()
    local answers = {}
    inside(function(call, handler)
      for _, name in ipairs { "Sdk.Nothing", "Sdk.State", "sdk.State" } do
        answers[#answers + 1] = { ask(call, handler, name, "nothing") }
      end
    end)

    assert.same({
      { nil, "unknown SDK operation Sdk.Nothing.nothing", "sdk_error", 0, 4 },
      { nil, "unknown SDK operation Sdk.State.nothing", "sdk_error", 0, 4 },
      { nil, "unknown SDK operation sdk.State.nothing", "sdk_error", 0, 4 },
    }, answers)
  end)

  it("refuses too few, too many and other arguments, naming those that it takes", function()
    local texts = {}
    inside(function(call, handler)
      for _, arguments in ipairs { {}, { { bytes = "k" }, { bytes = "v" } }, { "k" } } do
        local _, text = ask(call, handler, "Sdk.State", "read", arguments)
        texts[#texts + 1] = text
      end
      local _, text = ask(call, handler, "Sdk.Env", "getBlockHeight", { 1 })
      texts[#texts + 1] = text
    end)

    local bytes = "SDK call Sdk.State.read takes bytes"
    assert.same({ bytes, bytes, bytes, "SDK call Sdk.Env.getBlockHeight takes no arguments" },
      texts)
  end)

  it("keeps callOnBehalf for system contracts", function()
    local text
    inside(function(call, handler)
      text = select(2, ask(call, handler, "Sdk.Service", "callOnBehalf", {}))
    end)

    assert.equal("SDK call Sdk.Service.callOnBehalf is for system contracts only", text)
  end)

  it("wants an address as the caller on whose behalf a system contract calls", function()
    local text
    inside(function(call, handler)
      text = select(2, ask(call, handler, "Sdk.Service", "callOnBehalf", { "Probe", "readW",
        { bytes = "\0\0\0\0" }, { bytes = "short" }, { bytes = "" }, { uint256 = 0 } },
        "SYSTEM"))
    end)

    assert.equal("valid address length is 20 bytes, received 5 bytes", text)
  end)

  it("shows the value that came with a call, and no token where none did", function()
    local values = {}
    inside(function(call, handler)
      local outputs = ask(call, handler, "Sdk.Service", "getCallValue", {})
      values[#values + 1] = { outputs[1].value, tostring(outputs[2].value) }
    end, { { "Bare", "run" }, { "_Ledger", "callWithValue", "Bare", "run",
      { bytes = "\0\0\0\0" }, { bytes = TOKEN }, { uint256 = 4 } } })

    assert.same({ { "", "0" }, { TOKEN, "4" } }, values)
  end)

  it("is the same through the VM", function()
    local outputs
    inside(function(call, _, host)
      outputs = host:handle_sdk_call { context_id = call.context_id,
        operation_name = "Sdk.Env", method_name = "getBlockHeight" }
    end)

    assert.same({ { type = "uint64", value = 1 } }, outputs)
  end)

  it("does not know a context once its call is over", function()
    local id, kept
    local _, chain = inside(function(call, handler) id, kept = call.context_id, handler end)

    local outputs, message, code = kept:handle_sdk_call { context_id = id,
      operation_name = "Sdk.Env", method_name = "getBlockHeight" }

    assert.is_nil(outputs)
    assert.equal("SDK call outside of a running call", message)
    assert.equal("unknown_context", code)
    assert.equal(32, #id)
    assert.truthy(tostring(chain.host):find "closed")
  end)

  it("does not know the context of the transaction before", function()
    local ids, codes = {}, {}
    local handler
    local chain <close> = assert(chains.open {
      genesis = { services = { { name = "Bare", processor = "LUA", code = "x" } } },
      processors = { LUA = {
        contract_sdk_call_handler = function(given) handler = given end,
        process_call = function(call)
          if call.method_name == "_init" then return { call_result = "SUCCESS" } end
          ids[#ids + 1] = call.context_id
          local _, _, code = ask({ context_id = ids[1] }, handler, "Sdk.Env", "getBlockHeight")
          codes[#codes + 1] = code or "known"
          return { call_result = "SUCCESS" }
        end } } })

    local out, message, code = chain:process { { "Bare", "run" }, { "Bare", "run" } }

    assert.same({ "known", "unknown_context" }, codes)
    assert.not_equal(ids[1], ids[2])
    assert.same({ { "SUCCESS" }, { "SUCCESS" } },
      { chains.outcome(out.receipts[1]), chains.outcome(out.receipts[2]) })
    assert.is_nil(message or code)
  end)
end)
