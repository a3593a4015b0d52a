assert(_VERSION == "Lua 5.4")

local json = require "dkjson"
local word = require "vmhost.word"

local MAX = word.new("0x" .. ("f"):rep(64))

local function arithmetic_cases()
  local file <close> = assert(io.open("spec/vectors/word/arithmetic.json", "rb"))
  return assert(json.decode(file:read "a")).cases
end

-- The operations of spec/vectors/word/arithmetic.json on words.
local OPERATIONS = {
  add = function(a, b) return a + b end,
  sub = function(a, b) return a - b end,
  mul = function(a, b) return a * b end,
  idiv = function(a, b) return a // b end,
  mod = function(a, b) return a % b end,
  band = function(a, b) return a & b end,
  bor = function(a, b) return a | b end,
  bxor = function(a, b) return a ~ b end,
  bnot = function(a) return ~a end,
  unm = function(a) return -a end,
  shl = function(a, b) return a << b end,
  shr = function(a, b) return a >> b end,
  lt = function(a, b) return a < b end,
  le = function(a, b) return a <= b end,
  eq = function(a, b) return a == b end,
  sdiv = function(a, b) return a:sdiv(b) end,
  smod = function(a, b) return a:smod(b) end,
  slt = function(a, b) return a:slt(b) end,
  sar = function(a, b) return a:sar(b) end,
  signextend = function(a, b) return a:signextend(b) end,
  addmod = function(a, b, m) return a:addmod(b, m) end,
  mulmod = function(a, b, m) return a:mulmod(b, m) end,
  exp = function(a, b) return a:exp(b) end,
  bits = function(a) return a:bits() end,
  tostring = function(a) return tostring(a) end,
}

describe("vmhost.word arithmetic #small", function()
  local by_operation = {}
  for _, case in ipairs(arithmetic_cases()) do
    local list = by_operation[case[1]] or {}
    list[#list + 1] = case
    by_operation[case[1]] = list
  end

  for name, operation in pairs(OPERATIONS) do
    it("gives the exact result of " .. name .. " on edges and random operands", function()
      local wrong = {}

      for _, case in ipairs(by_operation[name]) do
        local operands = {}
        for i, text in ipairs(case[2]) do operands[i] = word.new(text) end
        local result = operation(table.unpack(operands))
        if type(result) == "userdata" then result = result:hex() end
        if result ~= case[3] then
          wrong[#wrong + 1] = table.concat(case[2], ", ") .. " -> " .. tostring(result)
        end
      end

      assert.same({}, wrong)
    end)
  end

  it("has a case of every operation and no other", function()
    for name in pairs(by_operation) do assert.is_function(OPERATIONS[name], name) end
    for name in pairs(OPERATIONS) do assert.is_table(by_operation[name], name) end
  end)

  it("wraps at 2^256", function()
    assert.equal("0", tostring(MAX + 1))
    assert.equal(MAX, word.new(0) - 1)
    assert.equal(MAX, -word.new(1))
    assert.equal("1", tostring(MAX * MAX))
  end)

  it("takes an integer or a text on either side", function()
    assert.equal("12", tostring(word.new(5) + 7))
    assert.equal("12", tostring(7 + word.new(5)))
    assert.equal("12", tostring(word.new(5) + "7"))
    assert.equal("12", tostring("0x7" + word.new(5)))
    assert.is_true(word.new(5) < 6)
    assert.is_true(5 <= word.new(5))
    assert.equal("20", tostring(word.new(5) << word.new(2)))
  end)

  it("does not change its operands", function()
    local a, b = word.new(12), word.new(5)

    local _ = { a + b, a - b, a * b, a // b, a % b, a << b, a:exp(b), a:sdiv(b) }

    assert.equal("12", tostring(a))
    assert.equal("5", tostring(b))
  end)

  it("refuses a division by zero as Lua does", function()
    local one = word.new(1)

    assert.error_matches(function() return one // 0 end, "attempt to perform 'n//0'$")
    assert.error_matches(function() return one % 0 end, "attempt to perform 'n%%%%0'$")
    assert.error_matches(function() return one:sdiv(0) end, "attempt to perform 'n//0'$")
    assert.error_matches(function() return one:smod(0) end, "attempt to perform 'n%%%%0'$")
    assert.error_matches(function() return one:addmod(1, 0) end, "attempt to perform 'n%%%%0'$")
    assert.error_matches(function() return one:mulmod(1, 0) end, "attempt to perform 'n%%%%0'$")
  end)

  it("shifts everything out at 256 and above, however large the count", function()
    local top = word.new(1) << 255

    assert.equal(top, word.new(1) << "255")
    assert.equal(word.new(0), word.new(1) << 256)
    assert.equal(word.new(0), top >> MAX)
    assert.equal(MAX, top:sar(MAX))
    assert.equal(MAX, top:sar("0x10000000000000000"))
  end)

  it("refuses a negative shift count", function()
    assert.error_matches(function() return word.new(1) << -1 end, "must not be negative, got %-1")
  end)

  it("wraps the most negative word divided by -1 to itself", function()
    local lowest = word.new(1) << 255

    assert.equal(lowest, lowest:sdiv(MAX))
    assert.equal(word.new(0), lowest:smod(MAX))
  end)

  it("gives a signed remainder the sign of the dividend", function()
    assert.equal(-word.new(1), (-word.new(7)):smod(3))
    assert.equal(word.new(1), word.new(7):smod(-word.new(3)))
    assert.equal(-word.new(2), (-word.new(7)):sdiv(3))
  end)

  it("raises zero to the power of zero to one", function()
    assert.equal(word.new(1), word.new(0):exp(0))
  end)
end)

describe("vmhost.word.new #small", function()
  it("reads integers, decimal text, hex text and words", function()
    assert.equal("17", tostring(word.new(17)))
    assert.equal("17", tostring(word.new "17"))
    assert.equal("17", tostring(word.new "0x11"))
    assert.equal("17", tostring(word.new(word.new(17))))
    assert.equal("9223372036854775807", tostring(word.new(math.maxinteger)))
    assert.equal("171", tostring(word.new "0xaB"))
  end)

  it("reads leading zeros up to the longest text", function()
    assert.equal("1", tostring(word.new(("0"):rep(77) .. "1")))
    assert.equal("1", tostring(word.new("0x" .. ("0"):rep(63) .. "1")))
  end)

  it("reads 2^256 - 1 and refuses 2^256", function()
    local largest = "115792089237316195423570985008687907853269984665640564039457584007913129639935"
    local above = "115792089237316195423570985008687907853269984665640564039457584007913129639936"

    assert.equal(MAX, word.new(largest))
    assert.error_matches(function() word.new(above) end, "not a decimal or 0x number below 2^256",
      1, true)
    assert.has_error(function() word.new(("9"):rep(78)) end)
  end)

  local refused = {
    ["an empty text"] = "",
    ["a sign"] = "-1",
    ["a space"] = " 1",
    ["a fraction"] = "1.0",
    ["an exponent"] = "1e3",
    ["0x without digits"] = "0x",
    ["an upper-case 0X"] = "0X1",
    ["hex digits without 0x"] = "ff",
    ["a character after g in 0x text"] = "0xg",
    ["65 hex digits"] = "0x" .. ("0"):rep(65),
    ["79 decimal digits"] = ("0"):rep(79),
    ["a zero byte"] = "1\0",
    ["a negative integer"] = -1,
    ["a float"] = 1.0,
    ["a boolean"] = true,
    ["a table"] = {},
  }
  for what, value in pairs(refused) do
    it("refuses " .. what, function()
      assert.error_matches(function() word.new(value) end, "bad argument #1")
    end)
  end

  it("refuses nothing at all and other userdata", function()
    assert.has_error(function() word.new() end)
    assert.has_error(function() word.new(io.stdout) end)
  end)
end)

describe("a word #small", function()
  it("is a vmhost.Word without writable fields", function()
    local value = word.new(1)

    assert.equal("userdata", type(value))
    assert.equal("vmhost.Word", getmetatable(value).__name)
    assert.has_error(function() value.x = 1 end)
  end)

  it("equals a word of the same value and nothing else", function()
    assert.is_true(word.new(5) == word.new "0x5")
    assert.is_false(word.new(5) == word.new(6))
    assert.is_false(word.new(5) == 5)
    assert.is_false(word.new(5) == io.stdout)
  end)

  it("goes to 32 bytes, most significant first, and back", function()
    local bytes = ("\1"):rep(8) .. ("\2"):rep(8) .. ("\3"):rep(8) .. ("\4"):rep(8)

    assert.equal(("\0"):rep(30) .. "\1\2", word.new(258):to_bytes())
    assert.equal(bytes, word.from_bytes(bytes):to_bytes())
    assert.equal("0x" .. ("01"):rep(8) .. ("02"):rep(8) .. ("03"):rep(8) .. ("04"):rep(8),
      "0x0" .. word.from_bytes(bytes):hex():sub(3))
  end)

  it("is not made of 31 or 33 bytes", function()
    for _, size in ipairs { 31, 33 } do
      assert.error_matches(function() word.from_bytes(("\0"):rep(size)) end,
        "expected 32 bytes, got " .. size)
    end
  end)

  it("prints hex without leading zeros", function()
    assert.equal("0x0", word.new(0):hex())
    assert.equal("0xf", word.new(15):hex())
    assert.equal("0x10", word.new(16):hex())
    assert.equal("0x10000000000000000", word.new("18446744073709551616"):hex())
  end)

  it("becomes an integer only if it fits", function()
    assert.equal(0, word.new(0):tointeger())
    assert.equal(math.maxinteger, word.new("9223372036854775807"):tointeger())
    assert.is_nil(word.new("9223372036854775808"):tointeger())
    assert.is_nil(MAX:tointeger())
  end)

  it("joins a text as its decimal digits", function()
    assert.equal("balance 5 of 6", "balance " .. word.new(5) .. " of " .. word.new(6))
    assert.equal("56", word.new(5) .. 6)
    assert.error_matches(function() return word.new(5) .. {} end, "attempt to concatenate a table")
  end)

  it("does not compare with what is no number", function()
    assert.has_error(function() return word.new(1) < {} end)
    assert.has_error(function() return word.new(1) < 1.5 end)
  end)
end)
