local lfs = require "lfs"
local command_line = require "spec.support.command_line"

-- The root of a trie without keys (state_trie.json, empty_trie).
local EMPTY_ROOT = "0x5df6e0e2761359d30a8275058e299fcc0381534545f55cf43e41983f5d4c9456"

describe("vmhost init", function()
  it("makes a chain and shows what it is", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("init", "genesis.lua", "chain")

    assert.equal(0, status)
    assert.truthy(output:find("^chain 42 in chain\n  rules    vmhost%-1\n  genesis  0x%x+\n"))
    assert.truthy(output:find("\n  root     " .. EMPTY_ROOT .. "\n", 1, true))
  end)

  it("gives the same as JSON", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("init", "--json", "genesis.lua", "chain")

    assert.equal(0, status)
    assert.truthy(output:find('^{"virtual_chain_id":42,"rule_set":"vmhost%-1",'
      .. '"genesis_hash":"0x%x+","height":"0","state_root":"' .. EMPTY_ROOT .. '"}\n$'))
  end)

  it("refuses a folder that holds a chain", function()
    local place <close> = command_line.new()
    place:init()

    local output, status = place:vmhost("init", "genesis.lua", "chain")

    assert.equal("vmhost init: chain holds a chain already\n", output)
    assert.equal(1, status)
  end)

  it("offers hex, word and read to the genesis file, and nothing else", function()
    local place <close> = command_line.new { ["rich.lua"] = [[
      local bytes, number, text = hex "0x6162", word "7", read "note"
      if bytes == "ab" and number + 1 == word "8" and text == "text" then print "hello" end
    ]], note = "text" }

    local output, status = place:vmhost("init", "rich.lua", "chain")

    assert.equal("vmhost init: rich.lua:2: attempt to call a nil value (global 'print')\n", output)
    assert.equal(1, status)
  end)

  it("takes amounts, owners and code from the helpers", function()
    local place <close> = command_line.new { ["rich.lua"] = ([[
      local owner = hex "%s"
      return {
        virtual_chain_id = 7,
        ledger_owner = owner,
        issues = { { to = owner, token = hex "5649544520544f4b454e", amount = word "1000000" } },
      }
    ]]):format(command_line.alice) }

    local output, status = place:vmhost("init", "rich.lua", "chain")

    assert.equal(0, status, output)
    local state = place:vmhost("state", "chain")
    assert.equal("_Ledger\n", state)
  end)

  local FAULTS = {
    { "a file that is not there", nil, "cannot read genesis2.lua" },
    { "a syntax error", "return {\n  virtual_chain_id = = 42 }",
      "genesis2.lua:2: unexpected symbol near '='" },
    { "a runtime error", "\n\nreturn { virtual_chain_id = nothing.at_all }",
      "genesis2.lua:3: attempt to index a nil value (global 'nothing')" },
    { "digits that are no hex", 'local owner = hex "0xzz"\nreturn owner',
      "genesis2.lua:1: hex: not a hex digit at offset 0: 'z'" },
    { "something else than a table", "return 42",
      "genesis2.lua: returns a number, and not a genesis table" },
    { "an unknown native contract",
      'return { virtual_chain_id = 42, native_contracts = { "Nope" } }',
      "genesis2.lua: genesis names an unknown native contract 'Nope'" },
    { "a binary chunk", string.dump(function() end), "genesis2.lua: attempt to load a binary chunk "
      .. "(mode is 't')" },
  }
  for _, fault in ipairs(FAULTS) do
    it("names the file of " .. fault[1] .. ", and makes no chain", function()
      local place <close> = command_line.new { ["genesis2.lua"] = fault[2] }

      local output, status = place:vmhost("init", "genesis2.lua", "chain")

      assert.equal("vmhost init: " .. fault[3] .. "\n", output)
      assert.equal(1, status)
      assert.is_nil(lfs.attributes(place.folder.path .. "/chain"))
    end)
  end

  it("names the unknown field of a genesis table", function()
    local place <close> = command_line.new {
      ["genesis2.lua"] = "return { virtual_chain_id = 42, limitz = {} }" }

    local output, status = place:vmhost("init", "genesis2.lua", "chain")

    assert.truthy(output:find("^vmhost init: genesis2%.lua: genesis: unknown key 'limitz'"))
    assert.equal(1, status)
  end)
end)
