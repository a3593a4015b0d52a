local lfs = require "lfs"
local command_line = require "spec.support.command_line"

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
