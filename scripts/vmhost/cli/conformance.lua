-- vmhost conformance SUITE [FILE...]
local conformance_runner = require "vmhost.conformance"
local record = require "vmhost.operator.record"

local conformance = { summary = "Run vector files and report each case that fails." }

function conformance.configure(parser)
  parser:argument("suite", "The form of the files: "
    .. table.concat(conformance_runner.suites(), ", ") .. ".")
  parser:argument("files", "JSON files, or folders of them (default: the folder of the suite in "
    .. "VMHOST_VECTORS, or that of the checkout)."):args "*"
end

-- Of a long text only the part around the first difference, which is what a reader looks for.
local WHOLE, BEFORE, AFTER = 200, 40, 100

local function window(text, first_difference)
  if #text <= WHOLE then return text end
  local from = math.max(first_difference - BEFORE, 1)
  local part = text:sub(from, first_difference + AFTER)
  return ("%s%s%s"):format(from > 1 and "..." or "", part,
    first_difference + AFTER < #text and "..." or "")
end

local function first_difference(a, b)
  local index = 1
  while index <= #a and a:byte(index) == b:byte(index) do index = index + 1 end
  return index
end

local function text_of(path, name, result)
  local lines = { ("FAILED %s%s"):format(path, name and ": " .. name or "") }
  if result.fault then lines[2] = "  " .. result.fault end
  for _, mismatch in ipairs(result.mismatches) do
    local at = first_difference(mismatch.expected, mismatch.actual)
    lines[#lines + 1] = ("  %s\n    expected  %s\n    actual    %s"):format(mismatch.path,
      window(mismatch.expected, at), window(mismatch.actual, at))
  end
  return table.concat(lines, "\n")
end

local function object_of(path, name, result)
  return record.object { { "file", path }, { "case", name }, { "fault", result.fault },
    { "mismatches", record.list(result.mismatches, function(mismatch)
      return record.object { { "path", mismatch.path }, { "expected", mismatch.expected },
        { "actual", mismatch.actual } }
    end) } }
end

function conformance.run(given, out)
  local files = given.files
  if #files == 0 then files = { conformance_runner.default_folder(given.suite) } end
  local counts, message = conformance_runner.run(given.suite, files,
    function(path, name, result, passed)
      if not passed then out:show(object_of(path, name, result), text_of(path, name, result)) end
    end)
  if not counts then return nil, message, "usage" end
  if counts.passed + counts.failed == 0 then
    return nil, "no vector files are found: name them, or their folder in VMHOST_VECTORS", "usage"
  end
  out:show(record.object { { "passed", counts.passed }, { "failed", counts.failed } },
    ("%d passed, %d failed"):format(counts.passed, counts.failed))
  return counts.failed == 0
end

return conformance
