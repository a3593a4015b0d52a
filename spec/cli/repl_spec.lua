local lfs = require "lfs"
local command_line = require "spec.support.command_line"
local run_command = require "spec.support.run_command"

local function talk(place, lines, ...)
  local words = {}
  for index, word in ipairs { ... } do words[index] = " '" .. word .. "'" end
  return run_command({ "sh", "-c", ("printf '%s' | %s/scripts/bin/vmhost repl%s"):format(lines,
    lfs.currentdir(), table.concat(words)) }, place.folder.path)
end

describe("vmhost repl", function()
  it("answers from a pipe", function()
    local place <close> = command_line.new()

    local output, status = talk(place, "1 + 1\\n")

    assert.equal("2\n", output)
    assert.equal(0, status)
  end)

  it("exits 1 when a line from a pipe failed", function()
    local place <close> = command_line.new()

    local _, status = talk(place, "nothing.at_all\\n")

    assert.equal(1, status)
  end)

  it("exits 1 where there is no chain", function()
    local place <close> = command_line.new()

    local output, status = talk(place, "", "nowhere")

    assert.equal("vmhost repl: no store in nowhere\n", output)
    assert.equal(1, status)
  end)
end)
