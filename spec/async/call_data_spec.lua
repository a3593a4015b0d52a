assert(_VERSION == "Lua 5.4")
local async = require "vmhost.async"

-- All of it is section 9 of the sheet on asynchronous calls.
describe("a call data string #small", function()
  local read = {
    { "f", "f", {} },
    { "f@", "f", { "" } },
    { "f@@01", "f", { "", "\1" } },
    { "f@@", "f", { "", "" } },
    { "g@6f6e65@74776f", "g", { "one", "two" } },
    { "g@aBCd", "g", { "\xab\xcd" } },
    { "no hex!@00", "no hex!", { "\0" } },
    { "\0@01", "\0", { "\1" } },
  }
  for _, case in ipairs(read) do
    it(("is read: %q"):format(case[1]), function()
      assert.same({ case[2], case[3] }, { async.parse_call_data(case[1]) })
      assert.same({ case[2], case[3] }, { async.parse_call_data(case[1], true) })
    end)
  end

  for _, text in ipairs { "", "@", "@01", "f@0", "f@012", "f@0g", "f@01@x", "f@ 01", "f@0\0",
    "f@01@0" } do
    it(("is none: %q"):format(text), function()
      assert.same({ nil, "tokenize failed", "malformed" }, { async.parse_call_data(text) })
    end)
  end

  it("of arguments only may begin with an empty piece, which is kept raw", function()
    assert.same({ "", { "\0", "42" } }, { async.parse_call_data("@00@3432", true) })
    assert.same({ "zz", { "" } }, { async.parse_call_data("zz@", true) })
    assert.same({ nil, "tokenize failed", "malformed" }, { async.parse_call_data("", true) })
    assert.same({ nil, "tokenize failed", "malformed" }, { async.parse_call_data("@0", true) })
  end)

  it("is written in lower case, two digits a byte, whatever the name is", function()
    assert.equal("f", async.build_call_data "f")
    assert.equal("f@", async.build_call_data("f", { "" }))
    assert.equal("f@@01", async.build_call_data("f", { "", "\1" }))
    assert.equal("@abcdef", async.build_call_data("", { "\xab\xcd\xef" }))
    assert.error(function() async.build_call_data("f", { 1 }) end)
  end)

  it("of 100,000 arguments is read and written", function()
    local arguments = {}
    for i = 1, 100000 do arguments[i] = i % 3 == 0 and "" or ("a"):rep(i % 3) end

    local name, read_back = async.parse_call_data(async.build_call_data("f", arguments))

    assert.equal("f", name)
    assert.same(arguments, read_back)
  end)
end)
