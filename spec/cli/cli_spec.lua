assert(_VERSION == "Lua 5.4")
local lfs = require "lfs"
local command_line = require "spec.support.command_line"

local function commands()
  local names = {}
  for file in lfs.dir "scripts/vmhost/cli" do names[#names + 1] = file:match "^(.+)%.lua$" end
  table.sort(names)
  return names
end

describe("vmhost", function()
  it("lists each command with what it does", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost "--help"

    assert.equal(0, status)
    for _, name in ipairs(commands()) do
      assert.truthy(output:find("\n   " .. name .. " +%u[^\n]+%."), name .. " is missing")
    end
  end)

  for _, name in ipairs(commands()) do
    it("explains " .. name .. " with --help, and offers --json", function()
      local place <close> = command_line.new()

      local output, status = place:vmhost(name, "--help")

      assert.equal(0, status)
      assert.truthy(output:find("^Usage: vmhost " .. name .. " "))
      assert.truthy(output:find("--json", 1, true))
    end)
  end

  for name, case in pairs {
    ["no command"] = { {}, "vmhost: a command is required (see vmhost --help)\n" },
    ["a typo"] = { { "blok" },
      "vmhost: unknown command 'blok', did you mean 'block'? (see vmhost --help)\n" },
    ["another word"] = { { "42" }, "vmhost: unknown command '42' (see vmhost --help)\n" },
    ["a missing argument"] = { { "block" },
      "vmhost block: missing argument 'dir' (see vmhost block --help)\n" },
    ["one argument too many"] = { { "diff", "chain", "1", "2" },
      "vmhost diff: too many arguments (see vmhost diff --help)\n" },
    ["an unknown option"] = { { "block", "chain", "--jsno" },
      "vmhost block: unknown option '--jsno', did you mean '--json'? (see vmhost block --help)\n" },
    ["a number that is none"] = { { "events", "chain", "--from", "two" },
      "vmhost events: 'two': not an integer from 0 to 2^63 - 1 (see vmhost events --help)\n" },
  } do
    it("answers " .. name .. " with one line and exit status 2", function()
      local place <close> = command_line.new()

      local output, status = place:vmhost(table.unpack(case[1]))

      assert.equal(case[2], output)
      assert.equal(2, status)
    end)
  end

  it("names what is wrong with a chain in one line and exits 1", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("block", "nowhere")

    assert.equal("vmhost block: no store in nowhere\n", output)
    assert.equal(1, status)
  end)

  it("gives a failure as JSON too", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("block", "nowhere", "--json")

    assert.equal("vmhost block: no store in nowhere\n"
      .. '{"error":"no store in nowhere","code":"not_found"}\n', output)
    assert.equal(1, status)
  end)

  it("makes no folder of a chain that it is only to read", function()
    local place <close> = command_line.new()

    place:vmhost("state", "nowhere")

    assert.is_nil(lfs.attributes(place.folder.path .. "/nowhere"))
  end)

  it("shows its version", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost "--version"

    assert.equal("vmhost scm\n", output)
    assert.equal(0, status)
  end)
end)
