-- vmhost bench SUITE
local arguments = require "vmhost.operator.arguments"
local suites = require "vmhost.bench"
local record = require "vmhost.operator.record"

local function count(text)
  local number = arguments.integer(text)
  if number and number > 0 then return number end
  return nil, ("'%s': not an integer from 1"):format(text)
end

local bench = { summary = "Measure how fast vmhost is." }

function bench.configure(parser)
  parser:description("Measure a suite and print its figures: medians, and where a peer program "
    .. "could be built and ran beside it, the ratio of the two. Numbers hold for the machine and "
    .. "the minute; compare ratios.")
  parser:argument("suite", "What to measure: " .. table.concat(suites.suites, ", ") .. ".")
    :choices(suites.suites)
  parser:option("--keys", "How many keys the state has."):convert(count)
  parser:option("--rounds", "How often a measure is taken."):convert(count)
end

-- A folder of its own for the stores; removed afterwards.
local function with_folder(run)
  local pipe <close> = assert(io.popen "mktemp -d")
  local folder = pipe:read "l"
  local results = table.pack(pcall(run, folder))
  os.execute(("rm -rf -- '%s'"):format(folder))
  if not results[1] then error(results[2], 0) end
  return table.unpack(results, 2, results.n)
end

local function number(value)
  return value and tonumber(("%.3f"):format(value))
end

local function object_of(result)
  return record.object { { "name", result.name }, { "ok", result.ok }, { "ns", result.ns },
    { "ratio", number(result.ratio) }, { "hashes", number(result.hashes) },
    { "reads", number(result.reads) } }
end

local function text_of(result)
  local text = ("%-30s %10.1f us"):format(result.name, result.ns / 1000)
  if result.ratio then
    text = ("%s  %.2f times %s"):format(text, result.ratio, result.peer or "the floor")
  end
  if result.hashes then
    text = text .. ("  %.1f hashes, %.1f reads"):format(result.hashes, result.reads)
  end
  return result.ok and text or text .. "  WRONG OUTPUT"
end

function bench.run(given, out)
  return with_folder(function(folder)
    local options = { folder = folder, keys = given.keys, rounds = given.rounds }
    local all_ok, missing = suites.run(given.suite, options, function(result)
      out:show(object_of(result), text_of(result))
    end)
    if all_ok == nil then return nil, missing, "invalid_input" end
    return all_ok
  end)
end

return bench
