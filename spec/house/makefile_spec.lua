assert(_VERSION == "Lua 5.4")
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

describe("make help", function()
  it("lists each target with what it does", function()
    -- The specs may themselves be run by make, whose options are not meant for this one.
    local output, status = run_command {
      "env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "help",
    }

    assert.equal(0, status)
    for _, target in ipairs {
      "run", "test", "deps", "all", "check", "check%-layers", "asan", "valgrind", "coverage",
      "soak", "crash", "fuzz", "mutants", "bench", "doc", "install", "uninstall", "clean", "help",
    } do
      local line = "\n" .. target .. " +%l[^\n]+\n"
      assert.truthy(("\n" .. output):find(line), target .. " is missing")
    end
  end)
end)

describe("make check", function()
  it("lints places that are in a clone, where there is no empty folder", function()
    local makefile <close> = assert(io.open "Makefile")

    local places = assert(makefile:read "a":match "@luacheck %-%-formatter %a+ ([^\n]+)")

    for place in places:gmatch "%S+" do
      local output = run_command { "find", place, "-type", "f", "-print", "-quit" }
      assert.matches("^" .. place:gsub("%p", "%%%0"), output)
    end
  end)
end)

-- A machine on which only gcc is installed. apt-get writes down what it is asked.
local function machine(programs)
  local folder = temporary_folder {
    ["bin/dpkg-query"] = "#!/bin/sh\necho 'installed gcc'\necho 'config-files expect'\n",
    ["bin/apt-get"] = '#!/bin/sh\necho "$@" >> "${0%/*}/../asked"\n',
    ["asked"] = "",
  }
  for name, script in pairs(programs) do
    local file <close> = assert(io.open(folder.path .. "/bin/" .. name, "w"))
    file:write("#!/bin/sh\n", script, "\n")
  end
  return folder
end

-- Without a terminal, as on a build server; and without a preloaded sanitizer, since sed leaks.
local function install_packages(folder, packages)
  local script = ([[
    chmod +x FOLDER/bin/*
    PATH="FOLDER/bin:$PATH" tools/install_packages.sh PACKAGES </dev/null
  ]]):gsub("FOLDER", folder.path):gsub("PACKAGES", packages)
  local output, status = run_command { "env", "-u", "LD_PRELOAD", "sh", "-c", script }
  local asked <close> = assert(io.open(folder.path .. "/asked"))
  return output, status, asked:read "a"
end

describe("make deps", function()
  it("says and asks nothing when nothing is missing", function()
    local folder <close> = machine { id = "echo 1000", sudo = "exit 1" }

    local output, status, asked = install_packages(folder, "gcc")

    assert.equal("", output)
    assert.equal(0, status)
    assert.equal("", asked)
  end)

  it("installs only what is missing, also what was removed before", function()
    local folder <close> = machine { id = "echo 0" }

    local output, status, asked = install_packages(folder, "gcc expect lua5.4")

    assert.equal("deps: installing expect lua5.4 (this may take a few minutes)\n", output)
    assert.equal(0, status)
    assert.equal("-qq update\n-qq install -y --no-install-recommends expect lua5.4\n", asked)
  end)

  it("goes through sudo when the user is not root", function()
    local folder <close> = machine { id = "echo 1000", sudo = '[ "$1" = -n ] || exec "$@"' }

    local _, status, asked = install_packages(folder, "lua5.4")

    assert.equal(0, status)
    assert.equal("-qq update\n-qq install -y --no-install-recommends lua5.4\n", asked)
  end)

  it("names the missing packages when neither root nor sudo is possible", function()
    local folder <close> = machine { id = "echo 1000", sudo = "exit 1" }

    local output, status, asked = install_packages(folder, "gcc expect lua5.4")

    assert.equal(
      "deps: these packages are missing, and only root can install them: expect lua5.4\n", output)
    assert.equal(1, status)
    assert.equal("", asked)
  end)

  it("shows what apt-get said when an installation fails", function()
    local folder <close> = machine {
      id = "echo 0",
      ["apt-get"] = "echo 'E: Unable to locate package lua5.4'; exit 100",
    }

    local output, status = install_packages(folder, "lua5.4")

    assert.truthy(output:find("E: Unable to locate package lua5.4\n", 1, true))
    assert.truthy(output:find("deps: could not install: lua5.4\n", 1, true))
    assert.equal(1, status)
  end)
end)

describe("build/vmhost.so", function()
  it("exports the openers of its Lua modules and nothing else", function()
    local object = assert(package.searchpath("vmhost", package.cpath))

    local output, status = run_command { "nm", "-D", "--defined-only", object }

    assert.equal(0, status)
    for name in output:gmatch "%x+ %a (%S+)" do
      local of_gcov = name:find "^__gcov" or name == "mangle_path"
      assert.truthy(name:find "^luaopen_vmhost_%l" or of_gcov, name .. " is exported")
    end
    assert.truthy(output:find "luaopen_vmhost_")
  end)
end)
