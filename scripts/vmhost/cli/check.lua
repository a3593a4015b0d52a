-- vmhost check FILE... [--strict]
local contract = require "vmhost.contract"
local file = require "vmhost.file"
local record = require "vmhost.operator.record"

local check = { summary = "Show what is wrong with a contract in Lua, without a chain." }

function check.configure(parser)
  parser:description("Show all that the compiler refuses in a contract, with what to write "
    .. "instead, and warn of what runs but is hardly meant. Exit status 1: something is refused.")
  parser:argument("files", "The Lua files."):args "+"
  parser:flag("--strict", "Fail for warnings, too.")
end

local function finding_object(name, finding)
  return record.object { { "file", name }, { "kind", finding.kind }, { "line", finding.line },
    { "column", finding.column }, { "text", finding.text }, { "hint", finding.hint } }
end

local function plural(count, noun)
  return ("%d %s%s"):format(count, noun, count == 1 and "" or "s")
end

local function summary_of(count)
  local parts = {}
  for _, noun in ipairs { "refusal", "warning" } do
    if count[noun] > 0 then parts[#parts + 1] = plural(count[noun], noun) end
  end
  return #parts > 0 and table.concat(parts, ", ") or "nothing found"
end

function check.run(given, out)
  local count = { refusal = 0, warning = 0 }
  for _, name in ipairs(given.files) do
    local source, message, code = file.read(name)
    if not source then return nil, message, code end
    local findings, fault, fault_code = contract.findings(name, source)
    if not findings then return nil, fault, fault_code end
    for _, finding in ipairs(findings) do
      count[finding.kind] = count[finding.kind] + 1
      out:show(finding_object(name, finding), finding.shown)
    end
  end
  if not out.json then out:show(nil, summary_of(count)) end
  return count.refusal == 0 and not (given.strict and count.warning > 0)
end

return check
