local abi = require "vmhost.abi"
local compiled_contracts = require "spec.support.compiled_contracts"
local conformance = require "vmhost.conformance"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local temporary_folder = require "spec.support.temporary_folder"
local vite = require "vmhost.vite"
local word = require "vmhost.word"

local THREE <const> = "examples/await/three_contracts/await.json"
local VITE <const> = "VITE TOKEN"

local from_hex = compiled_contracts.from_hex

local function path_of(name)
  return conformance.default_folder "vite" .. "/compiled/" .. name .. ".json"
end

local function load(name, contract)
  return assert(vite.load { file = path_of(name), contract = contract })
end

-- Alice owns 10^6 of VITE.
local function open(limits)
  local seed = crypto.sha256 "alice"
  local alice = crypto.address_of_client(assert(crypto.ed25519.public_key(seed)))
  return assert(fixture.new { accounts = { "bob", alice = seed }, genesis = { limits = limits,
    issues = { { to = alice, token = VITE, amount = word.new(1000000) } } } })
end

local function deploy_three(chain)
  local deployed = {}
  for _, each in ipairs { { "A" }, { "B", "A" }, { "C", "B" } } do
    local name, peer = each[1], each[2]
    local contract = assert(vite.load { file = THREE, contract = name })
    deployed[name] = assert(contract:deploy(chain, name, { deployed[peer] }))
  end
  return deployed
end

local function texts(values)
  local list = {}
  for index, value in ipairs(values) do list[index] = tostring(value) end
  return list
end

-- The message of a fault that is told at a line of this file, which is the script.
local function told_here(fault)
  return tostring(fault):match "^spec/vite/vite_module_spec%.lua:%d+: (.*)$"
    or "elsewhere: " .. tostring(fault)
end

describe("vmhost.vite", function()
  it("gives the outputs of a method that returns at once", function()
    local chain <close> = open()
    local a = deploy_three(chain).A

    local outcome = assert(a:call("add", 2, 3))

    assert.equal("SUCCESS", outcome.execution_result)
    assert.same({ "5" }, texts(outcome.outputs))
    assert.equal(1, #outcome.receipts)
    assert.is_false(outcome.suspended)
  end)

  -- C asks B, which asks A twice: 7 runs, of which the transaction and two of B suspend.
  it("gives the outputs of a method that awaits, from its last resume", function()
    local chain <close> = open()
    local c = deploy_three(chain).C

    local outcome = assert(c:call "test")

    assert.equal("SUCCESS", outcome.execution_result)
    assert.same({ "6" }, texts(outcome.outputs))
    assert.equal(7, #outcome.receipts)
    assert.is_true(outcome.receipts[1].suspended)
    assert.equal(outcome.receipts[7], outcome.receipt)
    assert.equal("6", tostring(c:query "data"))
  end)

  it("mines until the answer is there", function()
    local chain <close> = open { messages_per_set = 1 }
    local c = deploy_three(chain).C
    local height = chain:height()

    local outcome = assert(c:call "test")

    assert.same({ "6" }, texts(outcome.outputs))
    assert.equal(height + 6, chain:height())
  end)

  it("tells that a method still waits when no message runs", function()
    local chain <close> = open { messages_per_set = 0 }
    local c = deploy_three(chain).C

    local outcome = assert(c:call "test")

    assert.is_true(outcome.suspended)
    assert.is_nil(outcome.receipt)
    assert.is_nil(outcome.outputs)
  end)

  it("gives the text of a failed method", function()
    local chain <close> = open()
    local a = deploy_three(chain).A

    local outcome = assert(a:call("add", "0x" .. ("f"):rep(64), 1))

    assert.equal("ERROR_SMART_CONTRACT", outcome.execution_result)
    assert.equal("panic 0x11: arithmetic overflow or underflow", outcome.error)
    assert.is_nil(outcome.outputs)
  end)

  it("gives the text of a callee's failure that the caller does not catch", function()
    local chain <close> = open()
    local picky = assert(load("await_fail", "Picky"):deploy(chain, "Picky"))
    local client = assert(load("await_fail", "Client"):deploy(chain, "Client", { picky }))

    local outcome = assert(client:call("go", 10))

    assert.is_true(outcome.receipts[1].suspended)
    assert.equal("ERROR_SMART_CONTRACT", outcome.execution_result)
    assert.equal("limit exceeded", outcome.error)
    assert.equal("1", tostring(client:query "stage"))
  end)

  it("gives a deployment that failed as nil, text and result", function()
    local chain <close> = open()
    deploy_three(chain)
    local contract = assert(vite.load { file = THREE, contract = "A" })

    local deployed, message, code = contract:deploy(chain, "A")

    assert.is_nil(deployed)
    assert.equal("a contract with same name (case insensitive) already exists", message)
    assert.equal("ERROR_SMART_CONTRACT", code)
  end)

  it("finds a contract again on a chain that was opened again", function()
    local folder <close> = temporary_folder()
    local options = { path = folder.path .. "/chain" }
    do
      local chain <close> = assert(fixture.new(options))
      deploy_three(chain).C:call "test"
    end

    local chain <close> = assert(fixture.new(options))
    local c = assert(vite.load { file = THREE, contract = "C" }):at(chain, "C")

    assert.equal("6", tostring(c:query "data"))
    assert.same({ "6" }, texts(assert(c:call "test").outputs))
  end)

  it("takes deployed contracts and accounts as addresses", function()
    local chain <close> = open()
    local ledger = assert(load("mappings", "Ledger"):deploy(chain, "Ledger"))

    assert(ledger:call("credit", ledger, 10))
    assert(ledger:call("credit", chain.accounts.bob, 4))

    assert.equal("10", tostring(ledger:query("balances", ledger.address)))
    assert.equal("4", tostring(ledger:query("balances", chain.accounts.bob.address .. "\0")))
    assert.equal(chain.accounts.bob.address .. "\0", ledger:query("holders", 1))
  end)

  it("calls by another account", function()
    local chain <close> = open()
    local calc = assert(load("library_call", "Calc"):deploy(chain, "Calc"))
    local user = assert(load("library_call", "User"):deploy(chain, "User", {},
      { libraries = { Calc = calc } }))

    assert(user:with { from = "alice" }:call("go", 14))

    assert.equal("42", tostring(user:query "r"))
    assert.equal(chain.accounts.alice.address .. "\0", user:query "keep")
  end)

  it("asks for a library that is not given", function()
    local chain <close> = open()
    local contract = load("library_call", "User")

    assert.error_matches(function() contract:deploy(chain, "User") end,
      "the contract needs the address of library 'Calc' in 'libraries', got nil", 1, true)
  end)

  it("refuses a library that is not to be linked", function()
    local chain <close> = open()
    local contract = load("library_call", "User")
    local calc = assert(load("library_call", "Calc"):deploy(chain, "Calc"))

    assert.error_matches(function()
      contract:deploy(chain, "User", {}, { libraries = { Calc = calc, Calk = calc } })
    end, "deploy: the contract links no library 'Calk'; it links Calc", 1, true)
  end)

  describe("value", function()
    local function deploy_payer(chain)
      local vault = assert(load("value_transfer", "Vault"):deploy(chain, "Vault"))
      local payer = assert(load("value_transfer", "Payer"):deploy(chain, "Payer", { vault },
        { from = "alice", value = 1000 }))
      return payer, vault
    end

    local function balance(chain, contract)
      return tostring(chain:balance(contract.address:sub(1, 20), VITE))
    end

    it("goes to a contract with its deployment", function()
      local chain <close> = open()

      local payer = deploy_payer(chain)

      assert.equal("1000", balance(chain, payer))
      assert.equal("999000", tostring(chain:balance("alice", VITE)))
    end)

    it("goes with a call, also with one that awaits", function()
      local chain <close> = open()
      local payer, vault = deploy_payer(chain)

      local deposited = assert(vault:with { from = "alice", value = "33" }:call "deposit")
      local resumed = assert(payer:with { from = "alice", value = 9 }:call "resumeValue")

      assert.same({ "66" }, texts(deposited.outputs))
      assert.equal("SUCCESS", resumed.execution_result)
      assert.same({}, resumed.outputs)
      assert.equal("33", balance(chain, vault))
      assert.equal("1009", balance(chain, payer))
    end)

    it("stays with the account when the constructor refuses it", function()
      local chain <close> = open()
      local vault = assert(load("value_transfer", "Vault"):deploy(chain, "Vault"))

      local deployed, message, code = load("await_once", "Client"):deploy(chain, "Client",
        { vault }, { from = "alice", value = 5 })

      assert.is_nil(deployed)
      assert.equal("reverted: 0x", message)
      assert.equal("ERROR_SMART_CONTRACT", code)
      assert.equal("1000000", tostring(chain:balance("alice", VITE)))
    end)

    -- Init code that is one STOP returns nothing, and empty code stops at once.
    it("stays with a contract whose code is empty", function()
      local chain <close> = open()
      local empty = assert(vite.load { abi = {}, bytecode = "00" }:deploy(chain, "Empty"))

      local outcome = assert(empty:with { from = "alice", value = 5 }:raw "abcd")

      assert.equal("SUCCESS", outcome.execution_result)
      assert.equal("", outcome.output)
      assert.equal("5", balance(chain, empty))
    end)

    it("is in the logs of a plain transfer", function()
      local chain <close> = open()
      local _, vault = deploy_payer(chain)

      local outcome = assert(vault:with { from = "alice", value = word.new(25),
        token = "tti_5649544520544f4b454e6e40" }:raw())

      assert.equal("", outcome.output)
      assert.equal("Got", outcome.logs[1].event)
      assert.equal(chain.accounts.alice.address .. "\0", outcome.logs[1].fields.from)
      assert.equal(VITE, outcome.logs[1].fields.token)
      assert.equal("25", tostring(outcome.logs[1].fields.amount))
    end)

    it("of another token is refused where the account has none", function()
      local chain <close> = open()
      local _, vault = deploy_payer(chain)

      local outcome = assert(vault:with { from = "alice", value = 5,
        token = "0123456789" }:call "deposit")

      assert.equal("ERROR_SMART_CONTRACT", outcome.execution_result)
      assert.equal("lack of funds: transfer of 5 failed since balance is only 0", outcome.error)
    end)

    it("needs a token that is one", function()
      local chain <close> = open()
      local _, vault = deploy_payer(chain)

      assert.error_matches(function()
        vault:with { value = 5, token = "tti_5649544520544f4b454e6e41" }:call "deposit"
      end, "vite: ")
    end)
  end)

  describe("logs", function()
    -- The scenario of events.json, whose values were derived from the source.
    it("are decoded by the interface", function()
      local chain <close> = open()
      local events = assert(load("events", "Ev"):deploy(chain, "Ev"))
      local user = chain.accounts.bob

      local plain = assert(events:call("plain", 7, "hello")).logs
      local indexed = assert(events:with { from = "bob" }:call("indexed_", 5, -3)).logs
      local dynamic = assert(events:call("dyn", "my_topic", "\1\2")).logs

      assert.equal("Plain", plain[1].event)
      assert.same({ "7", "hello" }, texts(plain[1].values))
      assert.equal("Nothing", plain[2].event)
      assert.same({}, plain[2].values)
      assert.equal("Indexed", indexed[1].event)
      assert.same({ user.address .. "\0", "5", VITE, "-3" }, texts(indexed[1].values))
      assert.equal(VITE, indexed[1].fields.t)
      assert.equal("DynIndexed", dynamic[1].event)
      assert.same({
        from_hex "afd7f7d4710d29fbfc539d707a42ff910cd4d41a4c9eae3356180f074e8c3da1", "\1\2",
      }, dynamic[1].values)
    end)

    it("of anonymous events keep topics and data", function()
      local chain <close> = open()
      local events = assert(load("events", "Ev"):deploy(chain, "Ev"))

      local logs = assert(events:call("hidden", 8, 9)).logs

      assert.equal(1, #logs)
      assert.is_nil(logs[1].event)
      assert.same({ ("\0"):rep(31) .. "\8" }, logs[1].topics)
      assert.equal(("\0"):rep(31) .. "\9", logs[1].data)
    end)

    it("of a failed method are none", function()
      local chain <close> = open()
      local events = assert(load("events", "Ev"):deploy(chain, "Ev"))

      local outcome = assert(events:call("thenFail", 1))

      assert.equal("no log", outcome.error)
      assert.same({}, outcome.logs)
    end)
  end)

  describe("wrong use", function()
    local function refuses(message, wrong)
      local chain <close> = open()
      local a = assert(vite.load { file = THREE, contract = "A" }):deploy(chain, "A")
      local ok, fault = pcall(wrong, a, chain)
      assert.is_false(ok)
      assert.equal(message, told_here(fault))
    end

    it("raises for an unknown method and lists the known ones", function()
      refuses("vite: A has no method 'sub'; it has add(uint256,uint256)",
        function(a) a:call("sub", 1, 2) end)
    end)

    it("raises for arguments too few and too many", function()
      refuses("vite: A.add takes 2 arguments (uint256,uint256), got 1",
        function(a) a:query("add", 1) end)
      refuses("vite: A.add takes 2 arguments (uint256,uint256), got 3",
        function(a) a:query("add", 1, 2, 3) end)
      refuses("vite: A2.constructor takes 0 arguments (), got 1", function(_, chain)
        assert(vite.load { file = THREE, contract = "A" }):deploy(chain, "A2", { 1 })
      end)
    end)

    it("raises for an unknown option and lists the known ones", function()
      refuses("with: unknown option 'gas'; known: from, value, token",
        function(a) a:with { gas = 1 } end)
      refuses("deploy: unknown option 'gas'; known: from, value, token, libraries",
        function(a, chain) a.contract:deploy(chain, "A2", {}, { gas = 1 }) end)
      refuses("vite.load: unknown option 'path'; known: abi, bytecode, file, contract, "
        .. "link_references", function() vite.load { path = THREE } end)
    end)

    it("raises for an account that is none, also where a contract has its name", function()
      for _, name in ipairs { "bobb", "_Ledger", "A" } do
        local message = ("vite: no account '%s'; there are alice, bob"):format(name)
        refuses(message, function(a) a:with { from = name }:call("add", 1, 2) end)
        refuses(message, function(a) a:with { from = name }:query("add", 1, 2) end)
        refuses(message, function(a) a:with { from = name, value = 1 }:raw "" end)
        refuses(message, function(a, chain)
          a.contract:deploy(chain, "A2", {}, { from = name })
        end)
      end
    end)

    it("raises for an interface and a code that are none", function()
      refuses("vite: 'abi' is no JSON list",
        function() vite.load { abi = "add", bytecode = "00" } end)
      refuses("vite: 'abi' must be a list, or its JSON text",
        function() vite.load { bytecode = "00" } end)
      refuses("vite: 'bytecode' must be hex text", function() vite.load { abi = {} } end)
      refuses("vite: 'bytecode' is no hex text, or a library is not linked: "
        .. "not a hex digit at offset 1: 'g'",
        function() vite.load { abi = {}, bytecode = "0g" } end)
    end)

    it("gives nil for a file or a contract that is not there", function()
      local no_file, _, no_file_code = vite.load { file = "none.json" }
      local no_contract, message, code = vite.load { file = THREE, contract = "D" }

      assert.is_nil(no_file)
      assert.equal("not_found", no_file_code)
      assert.is_nil(no_contract)
      assert.equal(THREE .. ": no contract 'D' among these: A, B, C", message)
      assert.equal("not_found", code)
    end)
  end)

  describe("values that do not fit", function()
    local ENTRIES <const> = {
      { type = "constructor", inputs = { { name = "limit", type = "uint8" } } },
      { type = "function", name = "set", inputs = { { name = "limit", type = "uint8" } } },
      { type = "function", name = "pay", inputs = { { name = "to", type = "address" },
        { type = "bool" } } },
      { type = "function", name = "all", inputs = { { name = "shares", type = "tuple[]",
        components = { { name = "to", type = "address" }, { name = "part", type = "uint8" } } } } },
    }

    -- CALLDATASIZE 0 0 CALLDATACOPY CALLDATASIZE 0 RETURN, in init code.
    local ECHO <const> = "600a80600b6000396000f3" .. "36600060003736" .. "6000f3"

    -- Init code that returns one zero byte: every call ends well.
    local contract = vite.load { abi = ENTRIES, bytecode = "60016000f3" }

    local function refuses(message, wrong)
      local chain <close> = open()
      local safe = assert(contract:deploy(chain, "Safe", { 1 }))
      local height = chain:height()

      local good, fault = pcall(wrong, safe, chain)

      assert.is_false(good)
      assert.equal("vite: " .. message,
        told_here(fault))
      assert.equal(height, chain:height())
    end

    it("are told with contract, method and argument", function()
      refuses("Safe.set: argument 1 (limit, uint8): uint8 out of range: 300",
        function(safe) safe:call("set", 300) end)
      refuses("Safe.set: argument 1 (limit, uint8): uint8 out of range: -1",
        function(safe) safe:call("set", -1) end)
      refuses("Safe.set: argument 1 (limit, uint8): expected uint8, got boolean",
        function(safe) safe:query("set", true) end)
      refuses("Safe.pay: argument 2 (bool): expected boolean, got number 1",
        function(safe) safe:call("pay", safe, 1) end)
    end)

    it("are told of a constructor", function()
      refuses("Safe2.constructor: argument 1 (limit, uint8): uint8 out of range: 256",
        function(_, chain) contract:deploy(chain, "Safe2", { 256 }) end)
      refuses("Safe2.constructor takes 1 argument (uint8), got 2",
        function(_, chain) contract:deploy(chain, "Safe2", { 1, 2 }) end)
      refuses("Safe2.constructor takes 1 argument (uint8), got 0",
        function(_, chain) contract:deploy(chain, "Safe2") end)
    end)

    it("are told with their place inside a list or tuple", function()
      refuses("Safe.all: argument 1 (shares, (address,uint8)[])[2][2]: uint8 out of range: 256",
        function(safe) safe:call("all", { { safe, 1 }, { safe, 256 } }) end)
      refuses("Safe.all: argument 1 (shares, (address,uint8)[])[1]: unknown key 'part' in a list",
        function(safe) safe:call("all", { { safe, part = 1 } }) end)
    end)

    it("are told where they are nil", function()
      refuses("Safe.pay: argument 1 (to, address) is nil",
        function(safe, chain) safe:call("pay", chain.accounts.carol, true) end)
    end)

    it("are told of an address", function()
      refuses("Safe.pay: argument 1 (to, address): address expected 21 bytes, got 3",
        function(safe) safe:call("pay", "bob", true) end)
      refuses("Safe.pay: argument 1 (to, address): expected address, got number 5",
        function(safe) safe:call("pay", 5, true) end)
    end)

    it("are told of an amount and a token", function()
      refuses("with: value: a number from 0 to 2^256 - 1 expected, got -1",
        function(safe) safe:with { value = -1 } end)
      refuses("deploy: value: a number from 0 to 2^256 - 1 expected, got 'ten'",
        function(_, chain) contract:deploy(chain, "Safe2", { 1 }, { value = "ten" }) end)
      refuses("with: token: 10 bytes or tti_... expected, got 5",
        function(safe) safe:with { value = 1, token = 5 } end)
      refuses("with: token: token abc: expected tti_ and 24 hex digits",
        function(safe) safe:with { value = 1, token = "abc" } end)
    end)

    it("are those of a token without a value, and of a query with one", function()
      refuses("with: 'token' without 'value'", function(safe) safe:with { token = VITE } end)
      refuses("deploy: 'token' without 'value'",
        function(_, chain) contract:deploy(chain, "Safe2", { 1 }, { token = VITE }) end)
      refuses("Safe.set: a query carries no value",
        function(safe) safe:with { value = 1 }:query("set", 1) end)
    end)

    it("may be deployed contracts and accounts also inside lists and tuples", function()
      local chain <close> = open()
      local echo = vite.load { abi = ENTRIES, bytecode = ECHO }
      local safe = assert(echo:deploy(chain, "Safe", { 1 }))

      local outcome = safe:call("all", { { safe, 1 }, { chain.accounts.bob, 2 } })

      assert.same({ { { safe.address, 1 }, { chain.accounts.bob.address .. "\0", 2 } } },
        abi.decode_call("all((address,uint8)[])", outcome.output))
    end)
  end)

  describe("arguments of another kind", function()
    local function refuses(message, wrong)
      local chain <close> = open()
      local contract = vite.load { abi = {}, bytecode = "00" }
      local empty = assert(contract:deploy(chain, "Empty"))

      local good, fault = pcall(wrong, empty, contract, chain)

      assert.is_false(good)
      assert.equal(message, told_here(fault))
    end

    it("are refused where a contract is deployed or found", function()
      refuses("vite: deploy: a chain of vmhost.fixture expected, got nil",
        function(_, contract) contract:deploy() end)
      refuses("vite: deploy: a chain of vmhost.fixture expected, got 'Empty2'",
        function(_, contract, chain) contract:deploy("Empty2", chain) end)
      refuses("vite: deploy: the name of the service expected, got nil",
        function(_, contract, chain) contract:deploy(chain) end)
      refuses("vite: at: the name of the service expected, got nil",
        function(_, contract, chain) contract:at(chain) end)
      refuses("vite: deploy: 'alice' is the name of an account",
        function(_, contract, chain) contract:deploy(chain, "alice") end)
      refuses("deploy: arguments: table expected, got 5",
        function(_, contract, chain) contract:deploy(chain, "Empty2", 5) end)
    end)

    it("are refused where options stand in place of the constructor's arguments", function()
      refuses("vite: deploy: the arguments are a list, got the key 'from'; options come behind it",
        function(_, contract, chain) contract:deploy(chain, "Empty2", { from = "bob" }) end)
    end)

    it("are refused where a contract is called", function()
      refuses("Empty: raw: data: string expected, got 5", function(empty) empty:raw(5) end)
      refuses("Empty: logs: receipts: table expected, got nil", function(empty) empty:logs() end)
      refuses("Empty: logs: receipts[1]: table expected, got 1",
        function(empty) empty:logs { 1 } end)
      refuses("vite: Empty has no method nil; it has none", function(empty) empty:call() end)
    end)

    it("are refused where a method is called with a point", function()
      refuses("vite: call: call it with a colon, :call(...)",
        function(empty) empty.call("add", 1) end)
      refuses("vite: deploy: call it with a colon, :deploy(...)",
        function(_, contract, chain) contract.deploy(chain, "Empty2") end)
    end)

    it("are refused where a contract is loaded or compiled", function()
      refuses("vite.load: file: string expected, got table", function() vite.load { file = {} } end)
      refuses("vite.load: contract: string expected, got 5",
        function() vite.load { file = THREE, contract = 5 } end)
      refuses("solppc.compile: source: string expected, got 3", function() vite.compile(3) end)
    end)

    it("are refused where options exclude each other", function()
      refuses("vite: load: both 'file' and 'abi' are given",
        function() vite.load { file = THREE, abi = {} } end)
      refuses("vite: load: 'contract' without 'file'",
        function() vite.load { abi = {}, bytecode = "00", contract = "A" } end)
    end)

    it("are refused once the chain is closed", function()
      refuses("fixture: the chain is closed", function(empty, _, chain)
        chain:close()
        empty:raw()
      end)
    end)
  end)

  describe("an interface", function()
    for message, entries in pairs {
      ["abi[2]: object expected, got number"] = { { type = "receive" }, 2 },
      ["abi: list expected, got table"] = { add = { type = "function" } },
      ["abi[1]: no such kind of entry 'functoin'"] = { { type = "functoin", name = "add" } },
      ["abi[1] (function): no name: nil"] = { { type = "function" } },
      ["abi[2] (add): there is one before it"] = { { name = "add" }, { name = "add" } },
      ["abi[2] (constructor): there is one before it"] =
        { { type = "constructor" }, { type = "constructor" } },
      ["abi[1] (event): no name: a b"] = { { type = "event", name = "a b" } },
      ["abi[1] (add): inputs: list expected, got string"] =
        { { type = "function", name = "add", inputs = "uint8" } },
      ["abi[1] (add): inputs[1]: object expected, got string"] =
        { { type = "function", name = "add", inputs = { "uint8" } } },
      ["abi[1] (add): inputs[2]: no such type 'uint'"] = { { type = "function", name = "add",
        inputs = { { type = "bool" }, { type = "uint" } } } },
      ["abi[1] (add): inputs[1]: no such type 'bool,bool'"] =
        { { type = "function", name = "add", inputs = { { type = "bool,bool" } } } },
      ["abi[1] (add): inputs[1].type: string expected, got nil"] =
        { { type = "function", name = "add", inputs = { { name = "a" } } } },
      ["abi[1] (add): outputs[1]: no such type 'uint257'"] =
        { { type = "function", name = "add", outputs = { { type = "uint257" } } } },
      ["abi[1] (add): inputs[1].components: list expected, got nil"] =
        { { type = "function", name = "add", inputs = { { type = "tuple[]" } } } },
      ["abi[1] (add): inputs[1].components[1]: no such type 'int'"] =
        { { type = "function", name = "add",
          inputs = { { type = "tuple", components = { { type = "int" } } } } } },
      ["abi[1] (constructor): inputs[1]: no such type 'uint'"] =
        { { type = "constructor", inputs = { { type = "uint" } } } },
      ["abi[1] (Added): inputs[1].name: string expected, got number"] =
        { { type = "event", name = "Added", inputs = { { type = "bool", name = 1 } } } },
    } do
      it("is refused with " .. message, function()
        assert.error_matches(function() vite.load { abi = entries, bytecode = "00" } end,
          "vite: " .. message, 1, true)
      end)
    end

    it("that holds itself is refused", function()
      local tuple = { type = "tuple" }
      tuple.components = { tuple }

      assert.error_matches(function()
        vite.load { abi = { { name = "add", inputs = { tuple } } }, bytecode = "00" }
      end, "tuples nested more than 16 deep", 1, true)
    end)

    it("of a file is refused with the file and the contract", function()
      local folder <close> = temporary_folder { ["a.json"] =
        '{"contracts":{"A":{"abi":[{"type":"function"}],"bytecode":"00"}}}' }
      local path = folder.path .. "/a.json"

      local contract, message, code = vite.load { file = path }

      assert.is_nil(contract)
      assert.equal(path .. ": contract 'A': abi[1] (function): no name: nil", message)
      assert.equal("malformed", code)
    end)

    -- As the compiler writes `function f(Kind)` and `function g(Token)` of a library.
    it("may hold a library's own types, in methods that call data cannot reach", function()
      local chain <close> = open()
      local library = vite.load { bytecode = "60016000f3", abi = {
        { type = "function", name = "f", inputs = { { name = "kind", type = "Lib.Kind" } } },
        { type = "function", name = "g", outputs = { { type = "Token[2]" } } },
        { type = "function", name = "h" },
      } }
      local deployed = assert(library:deploy(chain, "Lib"))

      assert.equal("SUCCESS", deployed:call("h").execution_result)
      assert.error_matches(function() deployed:call("f", 1) end,
        "Lib.f: inputs[1]: no such type 'Lib.Kind' outside of libraries", 1, true)
      assert.error_matches(function() deployed:query "g" end,
        "Lib.g: outputs[1]: no such type 'Token[2]' outside of libraries", 1, true)
    end)
  end)

  describe("code", function()
    it("is refused where a library is to be linked beyond its end, or at another size", function()
      for message, places in pairs {
        ["link references of a.solpp: table expected, got number"] = 5,
        ["link reference 1 of library 'Calc': no place of 21 bytes in the code"] =
          { Calc = { { start = 1, length = 21 } } },
        ["link reference 2 of library 'Calc': no place of 21 bytes in the code"] =
          { Calc = { { start = 0, length = 21 }, { start = -1, length = 21 } } },
        ["link reference 1 of library 'Math': no place of 21 bytes in the code"] =
          { Math = { { start = 0, length = 20 } } },
      } do
        assert.error_matches(function()
          vite.load { abi = {}, bytecode = ("00"):rep(21),
            link_references = { ["a.solpp"] = places } }
        end, "vite: " .. message, 1, true)
      end
    end)

    it("is not needed to call what is deployed already, but to deploy it", function()
      local chain <close> = open()
      deploy_three(chain)
      local adds = vite.load { bytecode = "", abi = { { type = "function", name = "add",
        inputs = { { type = "uint256" }, { type = "uint256" } },
        outputs = { { type = "uint256" } } } } }

      assert.equal("5", tostring(adds:at(chain, "A"):query("add", 2, 3)))
      assert.error_matches(function() adds:deploy(chain, "A2") end,
        "vite: deploy: the contract has no code: it is abstract, or an interface", 1, true)
    end)

    it("of a file without any contract is not found", function()
      local folder <close> = temporary_folder { ["a.json"] = '{"contracts":{}}' }

      local contract, message, code = vite.load { file = folder.path .. "/a.json" }

      assert.is_nil(contract)
      assert.equal(folder.path .. "/a.json: it holds no contract", message)
      assert.equal("not_found", code)
    end)
  end)

  describe("methods that share a name", function()
    local INTERFACE <const> = [[ [
      { "type": "function", "name": "set", "inputs": [ { "name": "v", "type": "uint256" } ] },
      { "type": "function", "name": "set", "inputs": [ { "name": "v", "type": "string" } ] },
      { "type": "function", "name": "set", "inputs": [] },
      { "type": "function", "name": "put", "inputs": [ { "name": "v", "type": "tuple[2]",
        "components": [ { "name": "a", "type": "uint256" }, { "name": "b", "type": "bool" } ] } ] }
    ] ]]

    -- Init code that returns one zero byte: STOP, so every call ends well.
    local function deploy(chain)
      return assert(vite.load { abi = INTERFACE, bytecode = "0x60016000f3" }:deploy(chain, "Empty"))
    end

    it("are told apart by the number of arguments, else by signature", function()
      local chain <close> = open()
      local empty = deploy(chain)

      assert.equal("SUCCESS", empty:call("set").execution_result)
      assert.equal("SUCCESS", empty:call("set(string)", "a").execution_result)
      assert.error_matches(function() empty:call("set", "a") end,
        "Empty has several methods 'set': name one by its signature, of "
        .. "put((uint256,bool)[2]), set(), set(string), set(uint256)", 1, true)
    end)

    it("take tuples as lists", function()
      local chain <close> = open()
      local empty = deploy(chain)

      local outcome = empty:call("put", { { 1, true }, { 2, false } })

      assert.equal("SUCCESS", outcome.execution_result)
      assert.error_matches(function() empty:call("put", { { 1, true } }) end,
        "Empty.put: argument 1 (v, (uint256,bool)[2]): (uint256,bool)[2] expected 2 values, got 1",
        1, true)
    end)
  end)
end)
