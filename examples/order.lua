-- One order in three forms: a method that waits, callbacks, and a group of calls. Each reserves
-- stock and charges an account, and undoes what it did where one of them is refused.
-- Run by `vmhost run examples/order.lua`. The contracts are in order/; docs/async.md compares them.
-- All keys and times are fixed, so it prints the same text each time.
local vmhost = require "vmhost"
local fixture, inspect = vmhost.fixture, vmhost.inspect

local folder = arg[0]:match "^(.*)/" or "."

local function deploy(chain, name)
  local contract, message = chain:deploy(name, ("%s/order/%s.lua"):format(folder, name))
  return assert(contract, message)
end

local function show(chain, what, receipt)
  print("\n" .. what)
  print((inspect.messages(chain.host:messages(receipt.root)):gsub("[^\n]+", "  %0")))
end

-- Orders of one form: one that goes well, one that the stock refuses, one that the bank refuses.
local function run(name)
  local chain <close> = assert(fixture.new {})
  local alice = chain.accounts.alice.address
  local stock, bank, shop = deploy(chain, "stock"), deploy(chain, "bank"), deploy(chain, name)
  stock:put("chair", 10)
  bank:deposit(100)

  print(("== %s"):format(name))
  for _, order in ipairs { { "chair", 4, 20 }, { "chair", 7, 1 }, { "chair", 3, 30 } } do
    local receipt = chain:expect_success(shop:order(table.unpack(order)))
    show(chain, ("%d of %s at %d"):format(order[2], order[1], order[3]), receipt)
  end
  print()
  for number = 1, 3 do print(("order %d: %s"):format(number, (shop:status(number)))) end
  print(("%s left, alice has %s\n"):format(stock:left "chair", bank:balance(alice)))
  return { shop:status(1), shop:status(2), shop:status(3), stock:left "chair", bank:balance(alice) }
end

local results = {}
for index, name in ipairs { "awaiting", "callbacks", "grouped" } do
  results[index] = table.concat(run(name), " | ")
end
assert(results[1] == results[2])
print "All three end alike:"
for _, result in ipairs(results) do print("  " .. result) end
