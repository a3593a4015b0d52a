local lfs = require "lfs"
local command_line = require "spec.support.command_line"
local run_command = require "spec.support.run_command"

describe("vmhost keys", function()
  it("lists names and addresses in the order of names", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("keys", "list")

    assert.equal(0, status)
    local list = ("alice        %s\nbob          %s\n"):format(command_line.alice,
      command_line.bob)
    assert.equal(list, output:gsub("0x%x+", string.lower))
  end)

  it("lists public keys as JSON, and never a seed", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("keys", "list", "--json")

    assert.equal(0, status)
    assert.equal(('{"name":"alice","address":"%s","public_key":"%s"}'):format(command_line.alice,
      command_line.alice_key), output:match "^[^\n]*":gsub("0x%x+", string.lower))
    assert.is_nil(output:find(("01"):rep(32), 1, true))
  end)

  it("makes a key file that only its owner can read", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("keys", "new", "carol", "--file", "mine.json")

    assert.equal(0, status)
    assert.truthy(output:find "^carol        0x%x+\n$")
    assert.equal("rw-------", lfs.attributes(place.folder.path .. "/mine.json", "permissions"))
    assert.equal(output, (place:vmhost("keys", "list", "--file", "mine.json")))
  end)

  it("keeps the keys that were there", function()
    local place <close> = command_line.new()
    local before = place:vmhost("keys", "list")

    place:vmhost("keys", "new", "carol")

    local after = place:vmhost("keys", "list")
    assert.equal(before, after:sub(1, #before))
    assert.truthy(after:find("\ncarol", 1, true))
  end)

  it("refuses a name that is taken", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("keys", "new", "alice")

    assert.equal("vmhost keys: vmhost-keys.json has a key 'alice' already\n", output)
    assert.equal(1, status)
  end)

  it("loses none of the keys that several programs add at once", function()
    local place <close> = command_line.new()
    local script = [[for name in a b c d e f; do
      "$0" keys new $name --file many.json > $name.out 2> $name.err && echo $name >> good.txt &
    done; wait; cat good.txt | wc -l]]

    local output = run_command({ "sh", "-c", script, lfs.currentdir() .. "/scripts/bin/vmhost" },
      place.folder.path)
    local listed = place:vmhost("keys", "list", "--file", "many.json")

    assert.truthy(tonumber(output) >= 1)
    assert.equal(tonumber(output), select(2, listed:gsub("\n", "")))
    assert.is_nil(lfs.attributes(place.folder.path .. "/many.json.new"))
  end)

  it("refuses while a file of another program that adds a key is there", function()
    local place <close> = command_line.new { ["vmhost-keys.json.new"] = "" }

    local output, status = place:vmhost("keys", "new", "carol")

    assert.equal("vmhost keys: vmhost-keys.json.new is there: keys are being added, or that was "
      .. "broken off; then remove it\n", output)
    assert.equal(1, status)
  end)

  for _, name in ipairs { "", "a/b", "carol.json", "a\nb" } do
    it(("refuses the name %q, which --key would take for a file"):format(name), function()
      local place <close> = command_line.new()

      local _, status = place:vmhost("keys", "new", name)

      assert.equal(2, status)
      assert.is_nil(place:vmhost("keys", "list"):find("\n" .. name .. " ", 1, true))
    end)
  end

  it("says how to make a key where there is no file", function()
    local place <close> = command_line.new()

    local output, status = place:vmhost("keys", "list", "--file", "none.json")

    assert.equal("vmhost keys: no key file none.json: make a key with 'vmhost keys new NAME'\n",
      output)
    assert.equal(1, status)
  end)

  it("names the key whose seed is wrong", function()
    local place <close> = command_line.new { ["short.json"] = '{"dave":{"seed":"0102"}}' }

    local output, status = place:vmhost("keys", "list", "--file", "short.json")

    assert.equal("vmhost keys: short.json: the seed of 'dave' is not 64 hex digits\n", output)
    assert.equal(1, status)
  end)

  it("refuses a file that is no JSON", function()
    local place <close> = command_line.new { ["odd.json"] = "seeds" }

    local output, status = place:vmhost("keys", "new", "erin", "--file", "odd.json")

    assert.truthy(output:find "^vmhost keys: odd%.json is no key file: ")
    assert.equal(1, status)
  end)
end)
