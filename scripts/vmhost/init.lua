--- The facade: all modules of vmhost as fields, each loaded when it is first named.
--
--     local vmhost = require "vmhost"
--     local chain <close> = vmhost.fixture.new()
--
-- Modules: `vm`, `state_storage`, `processor`, `sdk`, `crypto`, `codec`, `abi`, `word`,
-- `vite_core` in C; `fixture`, `network`, `scripted_contracts`, `vite`, `assembler`,
-- `disassembler`, `solppc`, `inspect`, `repl`, `cli` in Lua.
-- @module vmhost
local MODULES = { "abi", "assembler", "cli", "codec", "crypto", "disassembler", "fixture",
  "inspect", "network", "processor", "repl", "scripted_contracts", "sdk", "solppc",
  "state_storage", "vite", "vite_core", "vm", "word" }

local is_module = {}
for _, name in ipairs(MODULES) do is_module[name] = true end

local vmhost = {
  --- The version of this release, that of the rock.
  version = "scm",
}

return setmetatable(vmhost, {
  __index = function(_, name)
    if not is_module[name] then
      error(("vmhost has no module '%s'; it has %s"):format(
        tostring(name), table.concat(MODULES, ", ")), 2)
    end
    local module = require("vmhost." .. name)
    rawset(vmhost, name, module)
    return module
  end,
})
