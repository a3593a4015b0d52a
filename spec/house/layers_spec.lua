assert(_VERSION == "Lua 5.4")
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local function check_layers(root)
  return run_command { "lua5.4", "tools/check_layers.lua", root }
end

local function check_planted(files)
  local house <close> = temporary_folder(files)
  return check_layers(house.path)
end

describe("make check-layers", function()
  it("finds nothing in the house", function()
    local output, status = check_layers "."

    assert.equal("", output)
    assert.equal(0, status)
  end)

  it("lets a room look into itself, down, and into the C library", function()
    local output, status = check_planted {
      ["core/state/trie.c"] = '#include <stdio.h>\n#include "state/trie.h"\n'
        .. '#include "ports/store.h"\n#include "codec/reader.h"\n#include "crypto/digest.h"\n',
      ["core/vite/analysis.c"] = '#include "vite/opcodes.def"\n',
      ["bindings/vm.c"] = '#include <lua.h>\n#include "handle.h"\n#include "host/host.h"\n',
    }

    assert.equal("", output)
    assert.equal(0, status)
  end)

  local breaches = {
    { name = "an include of a higher floor", path = "core/state/trie.c",
      include = '"host/host.h"',
      rule = "core/state is below core/host and may not look up (includes host/host.h)" },
    { name = "a door between two rooms of the first floor", path = "core/async/mailbox.h",
      include = '"vite/suspension.h"',
      rule = "core/async and core/vite are side by side, without a door between them "
        .. "(includes vite/suspension.h)" },
    { name = "types that include crypto", path = "core/types/genesis.h",
      include = '"crypto/digest.h"',
      rule = "core/types and core/crypto are side by side, without a door between them "
        .. "(includes crypto/digest.h)" },
    { name = "a seam below the codec", path = "core/codec/reader.c",
      include = '"ports/sdk.h"',
      rule = "core/codec is below core/ports and may not look up (includes ports/sdk.h)" },
    { name = "a binding seen from core", path = "core/host/host.c",
      include = '"../bindings/handle.h"',
      rule = "core/../bindings is no room of the house (includes ../bindings/handle.h)" },
    { name = "Lua in core", path = "core/native/registry.c",
      include = "<lauxlib.h>",
      rule = "only bindings include Lua (includes lauxlib.h)" },
    { name = "Lua in core, between quotes", path = "core/native/registry.c",
      include = '"lua.h"',
      rule = "only bindings include Lua (includes lua.h)" },
    { name = "an include in core that names no room", path = "core/vite/quota.c",
      include = '"quota.h"',
      rule = 'an include names the room: "vite/quota.h" (includes quota.h)' },
    { name = "a source that includes a source", path = "bindings/word.c",
      include = '"base/word.c"',
      rule = "no file includes a .c file: all are linked as separate objects "
        .. "(includes base/word.c)" },
    { name = "a breach in a table of lines", path = "core/vite/opcodes.def",
      include = '"state/trie.h"',
      rule = "core/vite and core/state are side by side, without a door between them "
        .. "(includes state/trie.h)" },
  }

  for _, breach in ipairs(breaches) do
    it("reports " .. breach.name .. " with its line", function()
      local output, status = check_planted {
        [breach.path] = "/* A file. */\n#  include " .. breach.include .. "\n",
      }

      assert.equal(("%s:2: %s\n"):format(breach.path, breach.rule), output)
      assert.equal(1, status)
    end)
  end

  it("reports code among the seams", function()
    local output, status = check_planted { ["core/ports/store.c"] = "int store;\n" }

    assert.equal("core/ports/store.c:1: core/ports holds vtables and nothing else, so no .c file\n",
      output)
    assert.equal(1, status)
  end)

  it("reports a room that is not on the list", function()
    local output, status = check_planted {
      ["core/utils/misc.c"] = "",
      ["core/base/status.c"] = '#include "utils/misc.h"\n',
    }

    assert.equal("core/base/status.c:1: core/utils is no room of the house "
      .. "(includes utils/misc.h)\n"
      .. "core/utils:1: is no room of the house: give it a floor in tools/check_layers.lua\n",
      output)
    assert.equal(1, status)
  end)

  it("refuses a folder without C files, where nothing would be checked", function()
    local folder <close> = temporary_folder()

    local output, status = check_layers(folder.path)

    assert.equal(("check_layers: no C files below %s\n"):format(folder.path), output)
    assert.equal(2, status)
  end)
end)
