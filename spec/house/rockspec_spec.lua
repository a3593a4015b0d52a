assert(_VERSION == "Lua 5.4")
local lfs = require "lfs"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local ROCKSPEC = "vmhost-scm-1.rockspec"

local function read_rockspec()
  local fields = {}
  assert(loadfile(ROCKSPEC, "t", fields))()
  return fields
end

-- The files below a folder whose names end in `suffix`, sorted.
local function files_below(folder, suffix, found)
  found = found or {}
  for name in lfs.dir(folder) do
    local path = folder .. "/" .. name
    if name:sub(1, 1) == "." then
      goto continue
    elseif lfs.attributes(path, "mode") == "directory" then
      files_below(path, suffix, found)
    elseif name:sub(-#suffix) == suffix then
      found[#found + 1] = path
    end
    ::continue::
  end
  table.sort(found)
  return found
end

describe("the rockspec", function()
  it("lists each C file of the tree once, in order", function()
    local tree = files_below("core", ".c", files_below("bindings", ".c"))

    assert.same(tree, read_rockspec().build.modules.vmhost.sources)
  end)

  it("lists each Lua file of the tree under its module name", function()
    local modules = {}
    for _, path in ipairs(files_below("scripts/vmhost", ".lua")) do
      modules[path:match "^scripts/(.*)%.lua$":gsub("/", ".")] = path
    end

    local listed = read_rockspec().build.modules
    listed.vmhost = nil

    assert.same(modules, listed)
  end)

  it("names files that exist, and the command", function()
    local install = read_rockspec().build.install

    assert.same({ bin = { vmhost = "scripts/bin/vmhost" } }, install)
    assert.equal("file", lfs.attributes("scripts/bin/vmhost", "mode"))
  end)

  it("passes the lint of LuaRocks", function()
    local output, status = run_command {
      "env", "-u", "LD_PRELOAD", "LUAROCKS_CONFIG=tools/rocks_of_debian.lua",
      "luarocks-5.4", "lint", ROCKSPEC,
    }

    assert.equal("", output)
    assert.equal(0, status)
  end)
end)

-- Published: FIPS 180-4, example of SHA-256 over "abc".
local SCRIPT = [[
local vmhost = require "vmhost"
local crypto = require "vmhost.crypto"
local digest = crypto.sha256("abc"):gsub(".", function(byte)
  return ("%02x"):format(byte:byte())
end)
print(type(vmhost), digest)
print(package.searchpath("vmhost", package.path))
print(package.searchpath("vmhost", package.cpath))
]]

local function make(folder, target)
  return run_command {
    "env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "-u", "LUA_PATH", "-u", "LUA_CPATH",
    "make", target, "PREFIX=" .. folder .. "/tree", "BUILD=" .. folder .. "/build",
  }
end

describe("make install #install", function()
  it("gives a tree whose modules and command work without the checkout, and can go", function()
    local folder <close> = temporary_folder { ["script.lua"] = SCRIPT }
    local tree = folder.path .. "/tree"

    local log, status = make(folder.path, "install")
    assert.equal(0, status, log)

    assert.equal(table.concat({
      "table\tba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      tree .. "/share/lua/5.4/vmhost/init.lua",
      tree .. "/lib/lua/5.4/vmhost.so",
      "",
    }, "\n"), (run_command({
      "env", ("LUA_PATH=%s/share/lua/5.4/?.lua;%s/share/lua/5.4/?/init.lua;;"):format(tree, tree),
      ("LUA_CPATH=%s/lib/lua/5.4/?.so;;"):format(tree),
      "lua5.4", "script.lua",
    }, folder.path)))
    local help, help_status = run_command({ tree .. "/bin/vmhost", "--help" }, "/")
    assert.equal(0, help_status, help)
    assert.truthy(help:find("Usage: vmhost", 1, true), help)

    log, status = make(folder.path, "uninstall")
    assert.equal(0, status, log)
    assert.is_nil(lfs.attributes(tree .. "/bin/vmhost"))
    assert.is_nil(lfs.attributes(tree .. "/lib/lua/5.4/vmhost.so"))
    assert.is_nil(lfs.attributes(tree .. "/share/lua/5.4/vmhost/init.lua"))
  end)
end)
