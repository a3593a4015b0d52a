--- Shows what is wrong with a source on the standard error as it is: lines of the source, with
-- carets, which one line could not hold.
-- @module vmhost.operator.diagnosis
local record = require "vmhost.operator.record"

--- Shows a diagnosis, as an object after --json.
-- @tparam table out of the command line
-- @tparam string message
-- @tparam string code
-- @treturn boolean false: the work failed, and everything is said
return function(out, message, code)
  io.stderr:write(message, "\n")
  if out.json then
    out:show(record.object { { "error", message }, { "code", code } }, "")
  end
  return false
end
