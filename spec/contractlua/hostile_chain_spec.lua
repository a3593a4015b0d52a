-- The hostile programs as contracts: each is deployed, its main chunk tries what it tries, and the
-- receipt is an ordinary failed one; the host goes on. A part of them, by seed; all with
-- VMHOST_SOAK.
assert(_VERSION == "Lua 5.4")
local lua_chain = require "spec.support.lua_chain"
local programs = require "spec.support.hostile_lua"

local SHARE <const> = os.getenv "VMHOST_SOAK" and 1 or 16
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local GAS <const>, MEMORY <const>, GAS_OF_A_BYTE <const> = 40000000, 16 << 20, 20
-- Codes of outcomes, DESIGN 4: a nested call that failed, and out of gas.
local FAILED <const>, OUT_OF_GAS <const> = 10, 5

-- As much of a text as the programs say.
local SHOWN <const> = 200

local TEXTS <const> = { gas = "out of gas", memory = "out of memory" }

local COUNTER <const> = [[
local counter, state = sdk.contract { state = { n = "uint64" }, add = "external write () uint64" }
function counter.add() state.n = state.n + 1 return state.n end
return counter ]]

-- What the receipt must say: the text of a program that ends by itself, and what a chain
-- makes of one that ends well or is no contract.
local function expected(program, text)
  if program.ends == "refused" then return text:find "^Hostile:%d+:%d+: " and text end
  if program.ends == "good" then return "the main chunk declares no contract: call sdk.contract" end
  return TEXTS[program.ends] or program.ends
end

local function attack(program)
  local source = program.source
  if type(source) == "function" then source = source() end
  local chain <close> = lua_chain.open({ Counter = COUNTER }, { genesis = { limits = {
    transaction_gas = GAS + GAS_OF_A_BYTE * #source, lua_memory_size = MEMORY,
    code_size = 2 << 20, argument_array_size = 3 << 20, value_size = 2 << 20 } } })
  local before = chain.storage:state_hash()

  local receipt = chain:deploy("Hostile", source)

  local text = receipt.output_argument_array[1] and receipt.output_argument_array[1].value
  assert.equal("ERROR_SMART_CONTRACT", receipt.execution_result, program.name)
  assert.is_true(#text <= 1024)
  assert.equal(expected(program, text):sub(1, SHOWN), text:sub(1, SHOWN), program.name)
  assert.equal(program.ends == "gas" and OUT_OF_GAS or receipt.code, receipt.code, program.name)
  if program.ends == "refused" then assert.equal(FAILED, receipt.code, program.name) end
  assert.equal(before, chain.storage:state_hash(), program.name)
  assert.equal(1, chain:ok("Counter", "add"))
end

describe("a hostile contract", function()
  it("gets an ordinary failed receipt, leaves nothing, and the host goes on", function()
    local count = 0
    for number, program in ipairs(programs) do
      if (number + SEED) % SHARE == 0 then
        attack(program)
        count = count + 1
      end
    end

    print(("hostile contracts: seed %d, %d of %d"):format(SEED, count, #programs))
  end)
end)
