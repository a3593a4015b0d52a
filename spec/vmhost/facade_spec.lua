describe("vmhost", function()
  it("gives each module when it is named", function()
    local vmhost = require "vmhost"

    assert.equal(require "vmhost.codec", vmhost.codec)
    assert.equal(require "vmhost.fixture", vmhost.fixture)
    assert.equal(require "vmhost.state_storage", vmhost.state_storage)
  end)

  it("loads nothing before it is named", function()
    local program = [[require "vmhost" for name in pairs(package.loaded) do
      if name:find "^vmhost%." then print(name) end end]]

    local pipe <close> = assert(io.popen(("LUA_PATH='%s' lua5.4 -e '%s' 2>&1"):format(
      package.path, program)))

    assert.equal("", pipe:read "a")
  end)

  it("has the version of the rock", function()
    local file <close> = assert(io.open "vmhost-scm-1.rockspec")
    local version = file:read "a":match 'version = "([^"]+)%-%d+"'

    assert.equal(version, require("vmhost").version)
  end)

  it("names the modules when one does not exist", function()
    assert.error_matches(function() return require("vmhost").fixtures end,
      "vmhost has no module 'fixtures'; it has abi, assembler, cli, .*fixture, inspect")
  end)
end)
