-- What stock_process starts: `lua5.4 run_stock.lua TASK FILE FIRST`.
local stock_lua = require "spec.support.stock_lua"
local stock_process = require "spec.support.stock_process"

local TASKS <const> = {
  run = stock_lua.run,
  count = function(source) return stock_lua.run(source, true) end,
  load = function(source)
    local chunk, problem = load(source, "=source", "t")
    return { is_whole = chunk ~= nil, error = problem }
  end,
}

local task, first = TASKS[arg[1]], math.tointeger(arg[3])
local file <close> = assert(io.open(arg[2], "rb"))
local bytes, at, number = file:read "a", 1, 0
while at <= #bytes do
  local source
  source, at = string.unpack("<s4", bytes, at)
  number = number + 1
  if number >= first then
    io.stdout:write(stock_process.encode(task(source)))
    io.stdout:flush()
  end
end
