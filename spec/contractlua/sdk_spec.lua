local crypto = require "vmhost.crypto"
local lua_chain = require "spec.support.lua_chain"
local word = require "vmhost.word"

local TOKEN <const> = "VITE TOKEN"

-- One contract that runs what it is told, by name.
local function contract(body, declared)
  return ([[
    local c, state, emit = sdk.contract {
      state = { note = "string", count = "uint64" },
      events = { Said = "text string, number uint64", Two = "a bool" },
      run = "external write (what string, arguments bytes...) string", %s
    }
    local run = {}
    local function join(...)
      local list = { ... }
      for i = 1, select("#", ...) do list[i] = tostring(list[i]) end
      return table.concat(list, " ")
    end
    local function why(f, ...) return (select(2, pcall(f, ...))) end
    function c.run(what, ...) return tostring((run[what](...))) end
    %s
    return c ]]):format(declared or "", body)
end

describe("sdk #small", function()
  it("knows who calls, signs and runs, and when", function()
    local chain <close> = lua_chain.open {
      Inner = contract [[
        function run.who()
          return join(sdk.caller() == sdk.address_of_service "Outer", sdk.signer() == sdk.caller(),
            sdk.own_address() == sdk.address_of_service "Inner")
        end ]],
      Outer = contract [[
        function run.who() return sdk.caller() .. sdk.signer() end
        function run.inner() return sdk.call("Inner", "run(string)(string)", "who") end
        function run.block() return join(sdk.block_height(), sdk.block_time(), sdk.chain_id()) end
        function run.committee() return join(#sdk.committee(), sdk.committee()[1]) end ]],
    }
    local alice = chain.accounts.alice.address

    assert.equal(alice .. alice, chain:ok("Outer", "run", "who"))
    assert.equal("true false true", chain:ok("Outer", "run", "inner"))
    assert.equal(("%d %d %d"):format(chain:height() + 1, chain:now() + 1000000000,
      chain.genesis.virtual_chain_id), chain:ok("Outer", "run", "block"))
    assert.equal("Env.getBlockCommittee: no committee source is configured",
      (chain:fail("Outer", "run", "committee")))
  end)

  it("knows the committee", function()
    local chain <close> = lua_chain.open({ C = contract
      "function run.committee() return join(#sdk.committee(), sdk.committee()[2]) end" },
      { committee = { ("a"):rep(20), ("b"):rep(20) } })

    assert.equal("2 " .. ("b"):rep(20), chain:ok("C", "run", "committee"))
  end)

  it("tells _init who deploys", function()
    local chain <close> = lua_chain.open {}
    chain:deploy("Mine", [[
      local c, state = sdk.contract { state = { owner = "bytes20" }, _init = "internal write ()",
        owner = "external read () bytes20" }
      function c._init() state.owner = sdk.caller() end
      function c.owner() return state.owner end
      return c ]])

    assert.equal(chain.accounts.alice.address, chain:query("Mine", "owner"))
  end)

  it("hashes, verifies and makes addresses", function()
    local seed = ("\7"):rep(32)
    local key = crypto.ed25519.public_key(seed)
    local secret, digest = ("\9"):rep(32), crypto.sha256 "message"
    local signature = crypto.secp256k1.sign(secret, digest)
    local chain <close> = lua_chain.open { C = contract [[
      function run.sha256(x) return sdk.sha256(x) end
      function run.keccak256(x) return sdk.keccak256(x) end
      function run.blake2b(x) return sdk.blake2b(x) end
      function run.ripemd160(x) return sdk.ripemd160(x) end
      function run.ed25519(key, message, signature)
        return sdk.ed25519_verify(key, message, signature)
      end
      function run.secp256k1(key, digest, signature)
        return sdk.secp256k1_verify(key, digest, signature)
      end
      function run.recover(digest, signature) return sdk.secp256k1_recover(digest, signature) end
      function run.address(key)
        local address = sdk.address_of_key(key)
        local text = sdk.address_text(address)
        return join(text, sdk.address(text) == address, sdk.address(text:sub(1, 41)),
          sdk.address("0x" .. ("g"):rep(40)))
      end ]] }

    for _, name in ipairs { "sha256", "keccak256", "ripemd160" } do
      assert.equal(crypto[name]("some bytes"), chain:ok("C", "run", name, "some bytes"))
    end
    assert.equal(crypto.blake2b("some bytes", 32), chain:ok("C", "run", "blake2b", "some bytes"))
    local good = crypto.ed25519.sign(seed, "said")
    assert.equal("true", chain:ok("C", "run", "ed25519", key, "said", good))
    assert.equal("false", chain:ok("C", "run", "ed25519", key, "other", good))
    assert.matches("bad argument #3 to 'ed25519_verify' %(64 bytes expected, got 1%)",
      (chain:fail("C", "run", "ed25519", key, "said", "x")))
    local public = crypto.secp256k1.public_key(secret)
    assert.equal("true", chain:ok("C", "run", "secp256k1", public, digest, signature))
    assert.equal("false", chain:ok("C", "run", "secp256k1", public, crypto.sha256 "x", signature))
    assert.equal(public, chain:ok("C", "run", "recover", digest, signature))
    assert.equal(crypto.address_text(crypto.address_of_client(key)) .. " true nil nil",
      chain:ok("C", "run", "address", key))
  end)

  it("has arithmetic of 32 and 64 bits that raises", function()
    local chain <close> = lua_chain.open { C = contract [[
      function run.all()
        local a, b = sdk.uint32, sdk.uint64
        return table.concat({
          join(a.add(4294967290, 5), a.sub(5, 5), a.mul(65535, 65537), a.div(7, 2), a.mod(7, 2)),
          join(b.add(9223372036854775807, 1), b.sub(uint256 "18446744073709551615", 1),
            b.mul(4294967296, 4294967295), b.div(uint256 "18446744073709551615", 10),
            b.mod(uint256 "18446744073709551615", 10)),
          why(a.add, 4294967295, 1), why(a.sub, 1, 2), why(a.mul, 65536, 65536), why(a.div, 1, 0),
          why(b.add, uint256 "18446744073709551615", 1), why(b.sub, 0, 1), why(b.mod, 1, 0),
          why(a.add, 4294967296, 0), why(b.add, -1, 0),
          why(b.add, uint256 "18446744073709551616", 0),
          why(a.add, "1", 0),
        }, "\n")
      end ]] }

    assert.equal(table.concat({ "4294967295 0 4294967295 3 1",
      "9223372036854775808 18446744073709551614 18446744069414584320 1844674407370955161 5",
      "uint32 overflow in 'add'", "uint32 overflow in 'sub'", "uint32 overflow in 'mul'",
      "division by zero", "uint64 overflow in 'add'", "uint64 overflow in 'sub'",
      "division by zero",
      "bad argument #1 to 'add' (no uint32)", "bad argument #1 to 'add' (no uint64)",
      "bad argument #1 to 'add' (no uint64)",
      "bad argument #1 to 'add' (number expected, got string)" }, "\n"),
      chain:ok("C", "run", "all"))
  end)

  it("emits events with the declared types, one in a transaction", function()
    local chain <close> = lua_chain.open { C = contract [[
      function run.said() emit.Said("hello", 5) end
      function run.wrong() return join(why(emit.Said, "x"), why(emit.Said, "x", -1)) end
      function run.twice() emit.Two(true) pcall(emit.Two, false) while true do end end
      function run.changed() return why(function() emit.Other = 1 end) end ]] }

    local receipt = chain:expect_success(chain:send("C", "run", "said"))
    local event = receipt.output_events_array[1]
    assert.same({ "C", "Said" }, { event.contract_name, event.event_name })
    assert.same({ { type = "string", value = "hello" }, { type = "uint64", value = 5 } },
      event.output_argument_array)
    assert.equal("event 'Said' has 2 values, got 1 event 'Said': value 2 ('number'): uint64 "
      .. "expected, got integer -1", chain:ok("C", "run", "wrong"))
    assert.equal("more than 1 event in one transaction", (chain:fail("C", "run", "twice")))
    assert.equal("attempt to change a table of the library", chain:ok("C", "run", "changed"))
  end)
end)

describe("a service call of a contract in Lua #small", function()
  local CALLEE <const> = contract([[
    function run.set(x) state.note = x return "set" end
    function run.get() return state.note end
    function run.fail() state.note = "lost" error "inner trouble" end
    function run.spend() local n = 0 for i = 1, 100000 do n = n + i end end
    function run.forever() while true do end end
    function c.typed(a, b, ...) return a + 1, b .. select("#", ...), { a, a } end
    function c.reads() return state.note end
    function c.writes() state.note = "x" end ]],
    [[typed = "external read (a uint64, b string, rest bool...) uint64, string, uint64[]",
      reads = "external read () string", writes = "external write ()",]])
  local CALLER <const> = contract([[
    local callee = sdk.service("Callee", { run = "(string, bytes...) string",
      typed = "(uint64, string, bool...) (uint64, string, uint64[])", none = "()" })
    function run.set(x) return callee.run("set", x) end
    function run.typed()
      local a, b, list = callee.typed(41, "x", true, false)
      return join(a, b, list[1], #list, select("#", callee.typed(1, "")))
    end
    function run.caught()
      state.note = "kept"
      local good, text = pcall(callee.run, "fail")
      return join(good, text, callee.run("get"), state.note)
    end
    function run.fail() callee.run("fail") end
    function run.deep(n)
      if n == "0" then callee.run("fail") end
      sdk.call("Caller", "run(string,bytes)(string)", "deep", tostring(tonumber(n) - 1))
    end
    function run.spend() callee.run("spend") end
    function run.forever() pcall(callee.run, "forever") state.note = "on" end
    function run.wrong()
      return table.concat({ why(callee.run), why(callee.typed, -1, "x"), why(callee.none),
        why(sdk.call, "Callee", "run"), why(sdk.call, "Callee", "run(strin)"),
        why(sdk.call, "Callee", "run(string)(uint64)", "get"),
        why(sdk.call, "Callee", "reads()()"), why(sdk.call, "Nobody", "x()"),
        why(sdk.call, "Callee", "run(uint64)", 5), why(sdk.service, "X", { "a" }),
        why(sdk.service, "X", { a = "(" }) }, "\n")
    end
    function run.dropped() return select("#", sdk.call("Callee", "run(string)", "get")) end
    function c.looks() return (sdk.call("Callee", "reads()(string)")) end
    function c.sneaks() sdk.call("Callee", "writes()") return "" end ]],
    [[looks = "external read () string", sneaks = "external read () string",]])
  local chain

  before_each(function() chain = lua_chain.open { Callee = CALLEE, Caller = CALLER } end)
  after_each(function() chain:close() end)

  it("gives results of their types", function()
    assert.equal("set", chain:ok("Caller", "run", "set", "x"))
    assert.equal("42 x2 41 2 3", chain:ok("Caller", "run", "typed"))
    assert.equal("0", chain:ok("Caller", "run", "dropped"))
  end)

  it("undoes a callee that fails, and can be caught", function()
    chain:ok("Caller", "run", "set", "before")

    assert.equal("false inner trouble before kept", chain:ok("Caller", "run", "caught"))
  end)

  it("fails with the callee's text, and tells every line on the way", function()
    local text, receipt = chain:fail("Caller", "run", "fail")

    assert.equal("inner trouble", text)
    assert.equal(10, receipt.code)
    local sites = chain:sites(receipt)
    assert.equal(2, #sites)
    assert.matches("^Caller.run:%d%d$", sites[1])
    assert.matches("^Callee.run:%d%d$", sites[2])
  end)

  it("counts calls in calls, and names each of them", function()
    local text, receipt = chain:fail("Caller", "run", "deep", "3")
    assert.equal("inner trouble", text)
    assert.equal(5, #chain:sites(receipt))

    assert.equal("service stack of 64 calls is full", (chain:fail("Caller", "run", "deep", "99")))
  end)

  it("shares its gas", function()
    local alone = chain:send("Callee", "run", "spend").gas_used
    local nested = chain:send("Caller", "run", "spend").gas_used

    assert.is_true(nested > alone and nested < alone + 10000)
  end)

  it("cannot go on once the gas is gone", function()
    local text, receipt = chain:fail("Caller", "run", "forever")

    assert.equal("out of gas", text)
    assert.equal(5, receipt.code)
    assert.equal(50000000, receipt.gas_used)
  end)

  it("only reads where its method only reads", function()
    chain:ok("Caller", "run", "set", "seen")
    assert.equal("seen", chain:query("Caller", "looks"))
    assert.equal("seen", chain:ok("Caller", "looks"))

    local text = chain:fail("Caller", "sneaks")
    assert.equal("method 'Callee.writes' writes state and was called read-only", text)
  end)

  it("says what is wrong with it", function()
    assert.equal(table.concat({
      "method 'run' has at least 1 value, got 0",
      "method 'typed': value 1: uint64 expected, got integer -1",
      "method 'none' not found on contract 'Callee'",
      "method 'run': '(' expected at the end",
      "method 'run(strin)': there is no type 'strin' of arguments",
      "'Callee.run' gave a string as result 1, uint64 is declared",
      "'Callee.reads' gave 1 results, 0 are declared", "contract not deployed",
      "method 'Callee.run' expects arg 0 to be string but it has uint64",
      "bad argument #2 to 'service' (names of methods and their types)",
      "method '(': a type expected at the end",
    }, "\n"), chain:ok("Caller", "run", "wrong"))
  end)
end)

describe("value and messages of a contract in Lua #small", function()
  local chain

  local function balance(address)
    return tostring(chain:query("_Ledger", "getBalance", address, TOKEN))
  end

  before_each(function()
    local alice = require "vmhost.fixture.call".new_accounts { "alice" }.alice
    chain = lua_chain.open({
      Bank = contract([[
        function c.pay() local amount, token = sdk.call_value() return join(amount, token) end
        function c.refuse() error "no money" end
        function run.balance() return join(sdk.balance(), sdk.balance(sdk.signer())) end
        function run.transfer(to, amount) sdk.transfer(to, tonumber(amount)) end
        function run.pay_on(amount)
          return sdk.call_with_value(tonumber(amount), nil, "Till", "pay()(string)")
        end
        function run.pay_fail(amount)
          return join(pcall(sdk.call_with_value, tonumber(amount), nil, "Till", "refuse()"))
        end
        function run.send(text) return #sdk.send("Till", "note(string)", text) end
        function run.send_value(amount)
          sdk.send_with_value(tonumber(amount), nil, "Till", "note(string)", "paid")
        end
        function run.send_bad() sdk.send("Till", "refuse()") end
        function run.wrong()
          return table.concat({ why(sdk.transfer, "x", 1), why(sdk.transfer, sdk.signer(), -1),
            why(sdk.transfer, sdk.signer(), 1, "T"),
            why(sdk.transfer, sdk.signer(), 1000000) }, "\n")
        end ]], [[pay = "external write () string", refuse = "external write ()",]]),
      Till = contract([[
        function c.pay() return join(sdk.call_value()) end
        function c.refuse() error "no money" end
        function c.note(text) state.note = text .. tostring((sdk.call_value())) end
        function run.note() return state.note end ]], [[pay = "external write () string",
        refuse = "external write ()", note = "external write (text string)",]]),
    }, { genesis = { issues = { { to = alice.address, token = TOKEN, amount = 1000 } } } })
    chain:expect_success(chain:contract("Bank", "alice", 100):pay())
  end)

  after_each(function() chain:close() end)

  it("sees what came with a call, and what it owns", function()
    local receipt = chain:expect_success(chain:contract("Bank", "alice", 50):pay())
    local packed = receipt.output_argument_array[1].value
    assert.truthy(packed:find("50 " .. TOKEN, 1, true))
    assert.equal("150 850", chain:ok("Bank", "run", "balance"))
  end)

  it("transfers what it owns, and no more", function()
    local bob = chain.accounts.bob.address
    chain:ok("Bank", "run", "transfer", bob, "30")
    assert.equal("30", balance(bob))

    assert.equal("lack of funds: transfer of 71 failed since balance is only 70",
      (chain:fail("Bank", "run", "transfer", bob, "71")))
  end)

  it("calls with value, which comes back where the call fails", function()
    assert.equal("40 " .. TOKEN, chain:ok("Bank", "run", "pay_on", "40"))
    assert.equal("60 900", chain:ok("Bank", "run", "balance"))

    assert.equal("false no money", chain:ok("Bank", "run", "pay_fail", "40"))
    assert.equal("60 900", chain:ok("Bank", "run", "balance"))
  end)

  it("sends messages that run behind the transactions of the block", function()
    assert.equal("32", chain:ok("Bank", "run", "send", "hello"))
    assert.equal("hello0", chain:ok("Till", "run", "note"))

    chain:ok("Bank", "run", "send_value", "25")
    assert.equal("paid25", chain:ok("Till", "run", "note"))
    assert.equal("75 900", chain:ok("Bank", "run", "balance"))
  end)

  it("pays for each byte that it sends", function()
    local short = chain:expect_success(chain:send("Bank", "run", "send", ("x"):rep(100)))
    local long = chain:expect_success(chain:send("Bank", "run", "send", ("x"):rep(1100)))

    assert.is_true(long.gas_used - short.gas_used > 28 * 1000)
  end)

  it("says what is no address, amount or token", function()
    assert.equal(table.concat({
      "bad argument #1 to 'transfer' (an address has 20 bytes, got 1)",
      "bad argument #2 to 'transfer' (an amount is not negative)",
      "bad argument #3 to 'transfer' (a token has 10 bytes, got 1)",
      "lack of funds: transfer of 1000000 failed since balance is only 100",
    }, "\n"), chain:ok("Bank", "run", "wrong"))
    assert.equal(word.new(100), word.new(tonumber(balance(crypto.address_of_contract "Bank"))))
  end)
end)

describe("the limits of a contract in Lua #small", function()
  it("counts memory over all Lua in a transaction", function()
    local chain <close> = lua_chain.open({
      Inner = contract "function run.take() local s = ('x'):rep(300000) return #s end",
      Outer = contract [[function run.take()
        local n = 0
        for i = 1, 5 do
          pcall(function() sdk.call("Inner", "run(string)(string)", "take") n = n + 1 end)
        end
        return n
      end ]],
    }, { genesis = { limits = { lua_memory_size = 1000000 } } })

    local text, receipt = chain:fail("Outer", "run", "take")
    assert.equal("out of memory", text)
    assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result)
  end)

  it("tells what a contract raised, cut at 1 KiB", function()
    local chain <close> = lua_chain.open { C = contract [[
      function run.text() error "trouble" end
      function run.number() error(42) end
      function run.big() error(uint256 "99999999999999999999") end
      function run.table() error {} end
      function run.null() error(nil) end
      function run.long() error(("x"):rep(5000)) end
      function run.object()
        error(setmetatable({}, { __tostring = function() return "no" end }))
      end ]] }

    for name, text in pairs { text = "trouble", number = "42", big = "99999999999999999999",
      table = "table", null = "nil", long = ("x"):rep(1024), object = "table" } do
      assert.equal(text, (chain:fail("C", "run", name)), name)
    end
  end)

  it("gives print to who watches, and to nobody else", function()
    local printed = {}
    local function print(name, text) printed[name] = (printed[name] or "") .. text end
    local chain <close> = lua_chain.open({
      C = contract "function run.p() print('a', 1) print() end",
    }, { trace = { print = print } })

    chain:ok("C", "run", "p")

    assert.same({ C = "a\t1\n\n" }, printed)
  end)
end)

describe("what ends a contract in Lua #small", function()
  -- The method that Probe calls and catches.
  local ENDLESS <const> = [[
    local c = sdk.contract { writeEmitFail = "external write (what string)" }
    function c.writeEmitFail(what)
      local s = "x"
      while what == "gas" do end
      while what == "memory" do s = s .. s end
      error "caught"
    end
    return c ]]

  it("is past what a contract in C catches, too", function()
    local chain <close> = lua_chain.open({ Endless = ENDLESS },
      { native_contracts = { "Probe" }, genesis = { limits = { lua_memory_size = 1000000 } } })

    assert.equal("caught", chain:ok("Probe", "callAndCatch", "Endless", "fail"))
    local text, receipt = chain:fail("Probe", "callAndCatch", "Endless", "gas")
    assert.same({ "out of gas", 5 }, { text, receipt.code })
    text, receipt = chain:fail("Probe", "callAndCatch", "Endless", "memory")
    assert.same({ "out of memory", 4 }, { text, receipt.code })
  end)

  it("is the price of an event, among others", function()
    local chain <close> = lua_chain.open { C = contract [[
      function run.said() emit.Said("x", 1) end
      function run.nothing() end ]] }
    local nothing = chain:send("C", "run", "nothing").gas_used

    assert.is_true(chain:send("C", "run", "said").gas_used - nothing > 400)
  end)
end)
