-- Random programs print the same from stock Lua and as contracts. VMHOST_SEED repeats a run.
assert(_VERSION == "Lua 5.4")
local contract = require "vmhost.contract"
local new_random = require "spec.support.random"
local random_lua = require "spec.support.random_lua"
local stock_process = require "spec.support.stock_process"

local COUNT <const> = os.getenv "VMHOST_SOAK" and 20000 or 1000
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
-- Hundreds of times what a program takes: one in ten thousand has no end, and is no program.
local GAS <const> = 20000000
-- How often each construct and each function of the library is met.
local LEAST <const> = os.getenv "VMHOST_SOAK" and COUNT // 40 or 1
local BATCH <const> = 100 -- programs in a process of stock Lua
local COUNTED <const> = 20 -- of them those whose lines are counted

local function run_contract(source)
  local printed = {}
  local outcome, refusal = contract.run { name = "program", source = source, gas_limit = GAS,
    memory_limit = 64 << 20, print = function(text) printed[#printed + 1] = text end }
  if not outcome then return "", refusal end
  return table.concat(printed), outcome.error, outcome.stop
end

-- Which operand of `..` has its name told is left open, and that a method's result was indexed.
local function comparable(text)
  return text and text:gsub("(attempt to concatenate a %a+ value) %(%a+ '[^'\n]*'%)", "%1")
    :gsub("(attempt to index a %a+ value) %(method '[^'\n]*'%)", "%1")
end

-- What the two disagree in, or nil. A program that names what it never made is none.
local function difference(source, stock)
  if not stock.is_whole then return nil end
  local printed, problem, stop = run_contract(source)
  if stop then return "the contract stopped: " .. stop end
  if comparable(printed) ~= comparable(stock.printed)
    or comparable(problem) ~= comparable(stock.error) then
    return ("stock prints:\n%s%s\nthe contract prints:\n%s%s"):format(stock.printed,
      stock.error or "", printed, problem or "")
  end
  return nil
end

local function stock_of(source) return stock_process("run", { source })[1] end

local function report(program, number)
  local text = random_lua.shrink(program, function(text)
    return difference(text, stock_of(text)) ~= nil
  end)
  error(("program %d of seed %d, shrunk:\n%s\n%s"):format(number, SEED, text,
    difference(text, stock_of(text))), 0)
end

-- Lines that are executed by those of some programs that are counted.
local function count_lines(texts)
  local lines = 0
  for _, stock in ipairs(stock_process("count", table.move(texts, 1, COUNTED, 1, {}))) do
    lines = lines + stock.lines
  end
  return lines
end

-- The next program that ends, its text, and how many before it do not.
local function next_program(source)
  local dropped = 0
  while true do
    local program = source.next_program()
    local text = random_lua.text(program)
    if select(3, run_contract(text)) ~= "gas" then return program, text, dropped end
    dropped = dropped + 1
  end
end

-- Compares the next `count` programs; gives the lines that were counted, and how often stock Lua
-- died, or said what it did not mean, or a program had no end.
local function compare(source, first, count)
  local programs, texts, deaths = {}, {}, 0
  for index = 1, count do
    local dropped
    programs[index], texts[index], dropped = next_program(source)
    deaths = deaths + dropped
  end
  for index, stock in ipairs(stock_process("run", texts)) do
    local number = first + index - 1
    if stock.died then
      -- It may be whatever ran before in the same process: compared with nothing, nor shrunk.
      print(("stock: seed %d, stock Lua dies (%d) of program %d"):format(SEED, stock.died, number))
      deaths = deaths + 1
    else
      assert(stock.is_whole, ("program %d of seed %d is not a program: %s\n%s"):format(number, SEED,
        stock.error, texts[index]))
      if difference(texts[index], stock) then
        -- What stock Lua says where it runs nothing else is what it means.
        if difference(texts[index], stock_of(texts[index])) then report(programs[index], number) end
        print(("stock: seed %d, stock Lua says two things to program %d"):format(SEED, number))
        deaths = deaths + 1
      end
    end
  end
  return count_lines(texts), deaths
end

describe("a random program of integers", function()
  it("prints as a contract what it prints from stock Lua 5.4", function()
    local source, lines, deaths = random_lua.new(new_random(SEED)), 0, 0
    for first = 1, COUNT, BATCH do
      local more, died = compare(source, first, math.min(BATCH, COUNT - first + 1))
      lines, deaths = lines + more, deaths + died
    end

    lines = lines // (COUNT // BATCH * COUNTED)
    local least, rarest, constructs = math.huge, nil, 0
    for name, count in pairs(source.counts) do
      constructs = constructs + 1
      if count < least then least, rarest = count, name end
    end
    print(("stock: seed %d, %d programs, %d lines on average, rarest of %d: %s, %d times")
      :format(SEED, COUNT, lines, constructs, rarest, least))
    assert.is_true(deaths <= COUNT // 100)
    assert.is_true(lines >= 200)
    assert.equal(random_lua.CONSTRUCTS, constructs)
    assert.is_true(least >= LEAST, rarest)
  end)
end)
