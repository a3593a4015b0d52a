assert(_VERSION == "Lua 5.4")
local vite_core = require "vmhost.vite_core"

local REFERRER = ("\x61"):rep(32)

local function context()
  return { referrer = REFERRER, callback_id = 60, stack = { 1, 0, 0x1234 },
    memory = ("\0"):rep(31) .. "\128" .. "abc" }
end

describe("the bytes of a suspended run", function()
  it("hold referrer, id, stack and memory", function()
    local memory_word = "\32abc" .. ("\0"):rep(29)

    assert.equal(REFERRER .. "\0\0\0\60" .. "\0\6" .. "\1\1\0\2\x12\x34" .. "\1\35" .. "\1\128"
      .. memory_word, vite_core.encode_context(context()))
  end)

  it("read back, without the zeros at the end of memory", function()
    local given = context()
    given.memory = given.memory .. ("\0"):rep(40)
    local read = vite_core.decode_context(vite_core.encode_context(given))

    assert.equal(REFERRER, read.referrer)
    assert.equal(60, read.callback_id)
    assert.equal(context().memory, read.memory)
    assert.equal(0x1234, read.stack[3]:tointeger())
  end)

  it("are refused when cut at any byte, and with a byte too many", function()
    local bytes = vite_core.encode_context(context())

    for size = 0, #bytes - 1 do
      local read, _, code = vite_core.decode_context(bytes:sub(1, size))
      assert.is_nil(read, size)
      assert.equal("malformed", code)
    end
    assert.is_nil(vite_core.decode_context(bytes .. "\0"))
  end)

  for what, tail in pairs {
    ["a leading zero"] = "\0\2\1\0" .. "\0",
    ["a word of 33 bytes"] = "\0\34\33" .. ("\1"):rep(33) .. "\0",
    ["a word that passes the end of the stack"] = "\0\2\2\1" .. "\0",
    ["a stack longer than the rest"] = "\0\3\1\1",
    ["a memory longer than said"] = "\0\0\0\0",
    ["a memory shorter than said"] = "\0\0\1\5\1\1",
    ["a memory length of 32 bytes"] = "\0\0\32" .. ("\255"):rep(32),
  } do
    it("are refused with " .. what, function()
      local read, _, code = vite_core.decode_context(REFERRER .. "\0\0\0\1" .. tail)

      assert.is_nil(read)
      assert.equal("malformed", code)
    end)
  end

  it("cannot hold a stack of more than 65,535 bytes", function()
    local given = context()
    for index = 1, 4000 do given.stack[index] = "0x" .. ("ff"):rep(32) end

    local encoded, _, code = vite_core.encode_context(given)

    assert.is_nil(encoded)
    assert.equal("limit", code)
  end)

  it("survive 10,000 random changes without being read as anything else", function()
    local bytes = vite_core.encode_context(context())
    local seed = os.time()
    math.randomseed(seed)

    for _ = 1, 10000 do
      local at = math.random(#bytes)
      local changed = bytes:sub(1, at - 1) .. string.char(math.random(0, 255)) .. bytes:sub(at + 1)
      local read = vite_core.decode_context(changed)
      if read then
        -- Trailing zeros of memory are lost; what is left is a normal form.
        local again = vite_core.encode_context(read)
        assert.equal(again, vite_core.encode_context(vite_core.decode_context(again)),
          "seed " .. seed)
      end
    end
  end)
end)

describe("metadata in front of call data", function()
  local function metadata(kind)
    local given = context()
    given.type, given.call_data = kind, "\0\0\0\60data"
    return given
  end

  it("reads back", function()
    for kind = 1, 3 do
      local read = vite_core.decode_metadata(vite_core.encode_metadata(metadata(kind)))

      assert.equal(kind, read.type)
      assert.equal(60, read.callback_id)
      assert.equal("\0\0\0\60data", read.call_data)
    end
  end)

  it("is plain data with another type, another head or too few bytes", function()
    for _, data in ipairs { "\0\0\0\0\x76\1\4abcdefgh", "\0\0\0\0\x76\2\1abcdefgh",
      "\0\0\0\0\x76\1\1abc", "" } do
      assert.same({ type = 0, size = 0, call_data = data }, vite_core.decode_metadata(data))
    end
  end)

  it("is refused when it announces more than there is", function()
    local bytes = vite_core.encode_metadata(metadata(1))

    for size = 11, #bytes - #metadata(1).call_data - 1 do
      assert.is_nil((vite_core.decode_metadata(bytes:sub(1, size))), size)
    end
  end)
end)
