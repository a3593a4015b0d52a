-- Random programs print the same from stock Lua and as contracts. VMHOST_SEED repeats a run.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local new_random = require "spec.support.random"
local random_lua = require "spec.support.random_lua"
local stock_lua = require "spec.support.stock_lua"

local COUNT <const> = os.getenv "VMHOST_SOAK" and 20000 or 300
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED")
  or os.getenv "VMHOST_SOAK" and os.time() % 1000000 or 1
local GAS <const> = 200000000

local function run_contract(source)
  local printed = {}
  local outcome, refusal = contract.run { name = "program", source = source, gas_limit = GAS,
    memory_limit = 64 << 20, print = function(text) printed[#printed + 1] = text end }
  if not outcome then return "", refusal end
  return table.concat(printed), outcome.error, outcome.stop
end

-- What the two disagree in, or nil. A program that names what it never made is none.
-- Which operand of `..` has its name told is left open, and that a method's result was indexed.
local function comparable(text)
  return text and text:gsub("(attempt to concatenate a %a+ value) %(%a+ '[^'\n]*'%)", "%1")
    :gsub("(attempt to index a %a+ value) %(method '[^'\n]*'%)", "%1")
end


local function difference(source)
  local stock = stock_lua.run(source)
  if not stock.is_whole then return nil, stock end
  local printed, problem, stop = run_contract(source)
  if stop then return "the contract stopped: " .. stop, stock end
  if comparable(printed) ~= comparable(stock.printed)
    or comparable(problem) ~= comparable(stock.error) then
    return ("stock prints:\n%s%s\nthe contract prints:\n%s%s"):format(stock.printed,
      stock.error or "", printed, problem or ""), stock
  end
  return nil, stock
end

describe("a random program of integers", function()
  it("prints as a contract what it prints from stock Lua 5.4", function()
    local source, lines = random_lua.new(new_random(SEED)), 0
    for number = 1, COUNT do
      local program = source.next_program()
      local problem, stock = difference(random_lua.text(program))
      assert(stock.is_whole or problem, ("program %d of seed %d is not a program: %s\n%s"):format(
        number, SEED, stock.error, random_lua.text(program)))
      lines = lines + stock.lines
      if problem then
        local text = random_lua.shrink(program, function(text) return difference(text) ~= nil end)
        error(("program %d of seed %d, shrunk:\n%s\n%s"):format(number, SEED, text,
          difference(text)), 0)
      end
    end

    local least, rarest, constructs = math.huge, nil, 0
    for name, count in pairs(source.counts) do
      constructs = constructs + 1
      if count < least then least, rarest = count, name end
    end
    print(("stock: seed %d, %d programs, %d lines on average, rarest of %d: %s, %d times")
      :format(SEED, COUNT, lines // COUNT, constructs, rarest, least))
    assert.is_true(lines // COUNT >= 200)
    assert.equal(random_lua.CONSTRUCTS, constructs)
    assert.is_true(least >= COUNT // 300, rarest)
  end)
end)
