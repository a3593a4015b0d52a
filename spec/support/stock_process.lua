--- Gives sources to stock Lua in a process of its own, so that one that kills it kills no more.
-- `stock_process("run", sources)`: see spec.support.stock_lua; `"count"`: the lines they execute;
-- `"load"`: whether they compile.
-- @treturn {table,...} a result for each source, in order; `died`, the status, is all there is of
-- one that ended the process
local RECORD <const> = "<I1i8s4s4I1"
local SECONDS <const> = 600

local stock_process = {}

--- For the other side: a result as bytes.
function stock_process.encode(result)
  return string.pack("<s4", string.pack(RECORD, result.is_whole and 1 or 0, result.lines or 0,
    result.printed or "", result.error or "", result.error and 1 or 0))
end

local function decode(bytes)
  local is_whole, lines, printed, problem, has_problem = string.unpack(RECORD, bytes)
  return { is_whole = is_whole == 1, lines = lines, printed = printed,
    error = has_problem == 1 and problem or nil }
end

-- Takes the results that are whole.
local function read_results(pipe, results)
  while true do
    local size = pipe:read(4)
    if not size or #size < 4 then return end
    size = string.unpack("<I4", size)
    local bytes = pipe:read(size)
    if not bytes or #bytes < size then return end
    results[#results + 1] = decode(bytes)
  end
end

local function run(task, sources)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "wb"))
  for _, source in ipairs(sources) do file:write(string.pack("<s4", source)) end
  file:close()
  local results = {}
  while #results < #sources do
    local pipe = assert(io.popen(("LUA_PATH='./?.lua;;' timeout %d lua5.4 "
      .. "spec/support/run_stock.lua %s %s %d 2>&1"):format(SECONDS, task, path, #results + 1)))
    read_results(pipe, results)
    local _, _, status = pipe:close()
    if #results < #sources then results[#results + 1] = { died = status, lines = 0 } end
  end
  assert(os.remove(path))
  return results
end

return setmetatable(stock_process, { __call = function(_, ...) return run(...) end })
