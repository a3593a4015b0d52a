assert(_VERSION == "Lua 5.4")
local bytecode = require "spec.support.bytecode"
local vite_core = require "vmhost.vite_core"

local OPCODES = vite_core.opcodes()
local NEWEST = 12

local function is_push(opcode) return opcode.name:find "^PUSH" ~= nil end

-- Code with `count` items of 0 on the stack, then the opcode, with zeros as its operand.
local function with_items(count, opcode)
  return bytecode.assemble(("0 "):rep(count) .. opcode.name) .. ("\0"):rep(32)
end

local function run(code, options)
  local given = { code = code, request = { to = bytecode.contract(7) } }
  for key, value in pairs(options or {}) do given[key] = value end
  local fork = given.fork
  given.fork = nil
  local world <close> = vite_core.world { rule_set = "reference", fork = fork, knows_all = true }
  return assert(world:run(given))
end

describe("the opcodes of the Vite VM", function()
  it("are 134, each with its own byte", function()
    local seen = {}
    for _, opcode in ipairs(OPCODES) do
      assert.is_nil(seen[opcode.byte], opcode.name)
      seen[opcode.byte] = true
    end

    assert.equal(134, #OPCODES)
  end)

  it("fail with stack underflow one item short of what they take", function()
    for _, opcode in ipairs(OPCODES) do
      if opcode.pops > 0 then
        local outcome = run(with_items(opcode.pops - 1, opcode))

        assert.equal("stack underflow", outcome.error, opcode.name)
      end
    end
  end)

  it("fail with stack limit reached where they would leave 1,025 items", function()
    for _, opcode in ipairs(OPCODES) do
      if opcode.pushes > opcode.pops then
        local outcome = run(with_items(1024, opcode))

        assert.equal("stack limit reached", outcome.error, opcode.name)
      end
    end
  end)

  it("cost what their table says, and one less is out of quota", function()
    for _, fork in ipairs { { number = 1, price = "quota_a" },
      { number = NEWEST, price = "quota_b" } } do
      for _, opcode in ipairs(OPCODES) do
        local price = opcode[fork.price]
        local pushed = (fork.number == 1 and 3 or 1) * opcode.pops
        if price > 0 and fork.number >= opcode.fork then
          local code = with_items(opcode.pops, opcode)
          local outcome = run(code, { fork = fork.number, quota = pushed + price - 1 })

          assert.equal("out of quota", outcome.error, opcode.name)
          assert.equal(0, outcome.quota_left, opcode.name)
        end
      end
    end
  end)

  it("are invalid below the fork that brought them", function()
    for _, opcode in ipairs(OPCODES) do
      if opcode.fork > 0 then
        local code = with_items(opcode.pops, opcode)

        assert.equal("invalid opcode", run(code, { fork = opcode.fork - 1 }).error, opcode.name)
        assert.not_equal("invalid opcode", run(code, { fork = opcode.fork }).error, opcode.name)
      end
    end
  end)

  it("leave all other bytes invalid, with the quota that was left", function()
    local known = {}
    for _, opcode in ipairs(OPCODES) do known[opcode.byte] = true end
    for byte = 0, 255 do
      if not known[byte] then
        local outcome = run("\x60\0" .. string.char(byte), { quota = 100 })

        assert.equal("invalid opcode", outcome.error)
        assert.equal(99, outcome.quota_left)
      end
    end
  end)

  it("read zeros where a PUSH passes the end of the code, and stop there", function()
    for _, opcode in ipairs(OPCODES) do
      if is_push(opcode) then
        assert.equal("stop", run(string.char(opcode.byte)).ended, opcode.name)
      end
    end
  end)
end)
