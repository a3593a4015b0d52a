local chains = require "spec.support.chain"
local crypto = require "vmhost.crypto"
local fixture = require "vmhost.fixture"
local scripted_contracts = require "vmhost.scripted_contracts"
local state_storage = require "vmhost.state_storage"
local vm = require "vmhost.vm"
local word = require "vmhost.word"

local TOKEN = "VITE TOKEN"
local OWNER = ("o"):rep(20)

local function open(genesis, contracts)
  genesis.virtual_chain_id = 42
  local storage = assert(state_storage.open { memory = true, genesis = genesis })
  local host, message, code = vm.open { storage = storage,
    processors = contracts and { LUA = scripted_contracts.processor(contracts) } }
  return storage, host, message, code
end

local function close(storage, host)
  if host then host:close() end
  storage:close()
end

describe("the genesis of a new chain #small", function()
  it("without services and issues has the empty root", function()
    local storage, host = open {}

    -- SHA-256 of SHA-256 of nothing, spec/host.md 7.1.
    assert.equal("5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456",
      crypto.hex(storage:state_hash(0)))
    assert.equal(0, storage:last_committed_block_info().height)
    assert.is_false(storage:is_new())
    close(storage, host)
  end)

  it("deploys its services in order, with their code parts", function()
    local inits = {}
    local function init(name)
      return { _init = function(sdk)
        inits[#inits + 1] = name
        sdk.state.write("by", sdk.address.signer())
      end }
    end
    local storage, host = open({ services = {
      { name = "Second", processor = "LUA", code = { "one", "two" } },
      { name = "First", processor = 3, code = "code" },
    } }, { First = init "First", Second = init "Second" })

    assert.same({ "Second", "First" }, inits)
    assert.equal("second", storage:read("_Deployments", "Service_At_0"))
    assert.equal("first", storage:read("_Deployments", "Service_At_1"))
    assert.equal("one", storage:read("_Deployments", "Second.Code"))
    assert.equal("two", storage:read("_Deployments", "Second.Code.1"))
    assert.equal("\1\0\0\0", storage:read("_Deployments", "Second.CodeParts"))
    assert.equal("\3\0\0\0", storage:read("_Deployments", "First.Processor"))
    -- Nobody signed.
    assert.equal(chains.ZERO_ADDRESS, storage:read("First", "by"))
    close(storage, host)
  end)

  it("issues its amounts, those of one account together", function()
    local amount = word.new "0x100000000000000000000000000000000"
    local storage, host = open { issues = {
      { to = OWNER, token = TOKEN, amount = amount }, { to = OWNER, token = TOKEN, amount = 5 },
      { to = ("p"):rep(20), token = TOKEN, amount = 7 },
    } }

    assert.equal(("00"):rep(15) .. "01" .. ("00"):rep(15) .. "05",
      crypto.hex(storage:read("_Ledger", OWNER .. TOKEN)))
    assert.equal(("00"):rep(15) .. "01" .. ("00"):rep(15) .. "0c",
      crypto.hex(storage:read("_Ledger", "Issued_" .. TOKEN)))
    close(storage, host)
  end)

  it("is not applied again when the chain is opened again", function()
    local count = 0
    local contracts = { A = { _init = function() count = count + 1 end } }
    local storage, host = open({ services = { { name = "A", processor = "LUA", code = "x" } } },
      contracts)
    host:close()

    vm.open({ storage = storage,
      processors = { LUA = scripted_contracts.processor(contracts) } }):close()

    assert.equal(1, count)
    storage:close()
  end)

  it("does not open a host where a service fails, and names it", function()
    local storage, host, message, code = open({ services = {
      { name = "Good", processor = "LUA", code = "x" },
      { name = "Bad", processor = "LUA", code = "x" },
    } }, { Good = {}, Bad = { _init = function(sdk) sdk.fail "not today" end } })

    assert.is_nil(host)
    assert.equal("genesis_failed", code)
    assert.equal("genesis service 2 'Bad': not today", message)
    assert.is_true(storage:is_new())
    close(storage)
  end)

  it("does not open a host where an issue fails, and names it", function()
    local most = word.new("0x" .. ("f"):rep(64))
    local storage, host, message, code = open { issues = {
      { to = OWNER, token = TOKEN, amount = most }, { to = OWNER, token = TOKEN, amount = 1 },
    } }

    assert.is_nil(host)
    assert.equal("genesis_failed", code)
    assert.equal("genesis issue 2: issue of 1 would pass 2^256-1 in total", message)
    close(storage)
  end)

  it("is a script error where a scripted _init breaks", function()
    local storage, host, message, code = open({ services = {
      { name = "Bad", processor = "LUA", code = "x" } } },
      { Bad = { _init = function() error "broken" end } })

    assert.is_nil(host)
    assert.equal("script_error", code)
    assert.truthy(message:find("broken", 1, true))
    close(storage)
  end)

  it("does not open a host that knows no such native contract", function()
    local storage, host, message, code = open { native_contracts = { "Nonsense" } }

    assert.is_nil(host)
    assert.equal("invalid_input", code)
    assert.equal("genesis names an unknown native contract 'Nonsense'", message)
    close(storage)
  end)

  it("has only the native contracts that it names", function()
    local storage, host = open { native_contracts = { "Probe" } }

    assert.is_table(host:describe "Probe")
    assert.is_nil(host:describe "BenchmarkToken")
    assert.is_table(host:describe "_Deployments")
    close(storage, host)
  end)

  it("runs code that its constructor looked for before it was kept", function()
    -- MSTORE 42, RETURN 32 bytes; in front of it a constructor that calls itself by DELEGATECALL
    -- and returns what stands behind it.
    local runtime = crypto.unhex "602a60005260206000f3"
    local own = crypto.hex(crypto.address_of_contract "Itself") .. "01"
    local constructor = crypto.unhex("600060006000600074" .. own .. "f450"
      .. "600a602c600039600a6000f3")
    assert.equal(0x2c, #constructor)
    local chain <close> = fixture.new { genesis = { services = {
      { name = "Itself", processor = "VITE", code = constructor .. runtime } } } }

    assert.equal(("\0"):rep(31) .. "\42", (chain:query("Itself", "query", { bytes = "" })))
  end)
end)
