assert(_VERSION == "Lua 5.4")
local lfs = require "lfs"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

-- The command line itself has its own specs: here it only tells that it was found.
local CLI = [[
return { main = function(words) print("main", table.unpack(words)) return 3 end }
]]

local function read_command()
  local file <close> = assert(io.open "scripts/bin/vmhost")
  return file:read "a"
end

local function checkout()
  return temporary_folder {
    ["house/scripts/bin/vmhost"] = read_command(),
    ["house/scripts/vmhost/cli.lua"] = CLI,
    ["house/core/empty"] = "",
    ["tree/lib/luarocks/rocks-5.4/vmhost/scm-1/bin/vmhost"] = read_command(),
    ["tree/share/lua/5.4/vmhost/cli.lua"] = CLI,
  }
end

describe("scripts/bin/vmhost", function()
  it("is executable and names the interpreter", function()
    assert.matches("^rwx", lfs.attributes("scripts/bin/vmhost", "permissions"))
    assert.equal("#!/usr/bin/env lua5.4", read_command():match "^[^\n]+")
  end)

  for name, words in pairs {
    ["the root of its checkout"] = { "house", "scripts/bin/vmhost" },
    ["a folder of its checkout"] = { "house/core", "../scripts/bin/vmhost" },
    ["its own folder"] = { "house/scripts/bin", "vmhost" },
    ["another folder"] = { "tree", "../house/scripts/bin/vmhost" },
    ["an installed tree"] = { "", "tree/lib/luarocks/rocks-5.4/vmhost/scm-1/bin/vmhost" },
  } do
    it("finds its modules from " .. name, function()
      local folder <close> = checkout()

      local output, status = run_command({ "lua5.4", words[2], "query", "a b" },
        folder.path .. "/" .. words[1])

      assert.equal("main\tquery\ta b\n", output)
      assert.equal(3, status)
    end)
  end

  it("finds its modules through a link, whatever the link is called", function()
    local folder <close> = checkout()
    assert(lfs.link(folder.path .. "/house/scripts/bin/vmhost", folder.path .. "/it's here", true))

    local output, status = run_command({ "lua5.4", folder.path .. "/it's here" }, "/")

    assert.equal("main\n", output)
    assert.equal(3, status)
  end)
end)
