local json = require "dkjson"
local run_example = require "spec.support.run_example"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

describe("examples/await.lua", function()
  it("prints what the golden file holds", function()
    local output, status = run_example(nil, "examples/await.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/await.golden", output)
  end)

  it("prints the same from another folder", function()
    local output, status = run_example("/", "examples/await.lua")

    assert.equal(0, status, output)
    assert.equal(read "spec/examples/await.golden", output)
  end)

  -- C asks B; B asks A for 1 + 2, then for 3 + 3; B answers C. Kind 8 asks, kind 9 answers.
  it("gives one object per run with --json", function()
    local output, status = run_example(nil, "examples/await.lua", "--json")

    assert.equal(0, status, output)
    local runs, by_id = {}, {}
    for text in output:gmatch "[^\n]+" do
      local object = assert(json.decode(text))
      runs[#runs + 1] = ("%d %s>%s%s"):format(object.kind, object.from, object.to,
        object.suspended and " suspends" or "")
      by_id[#by_id + 1] = object
    end
    assert.same({ "2 alice>C suspends", "8 C>B suspends", "8 B>A", "9 A>B suspends", "8 B>A",
      "9 A>B", "9 B>C" }, runs)
    -- An answer refers to the call that it answers, and brings its callback id.
    for answer, call in pairs { [4] = 3, [6] = 5, [7] = 2 } do
      assert.equal(by_id[call].message_id, by_id[answer].referrer)
      assert.equal(by_id[call].callback_id, by_id[answer].callback_id)
      assert.equal(by_id[call].stack_items, by_id[answer].stack_items)
    end
    -- What B waits for goes on from the request of C, also behind its first await.
    assert.equal(by_id[2].message_id, by_id[3].referrer)
    assert.equal(by_id[2].message_id, by_id[5].referrer)
  end)
end)
