-- Random programs of what the Vite VM shares with Ethereum do the same on @ethereumjs/evm.
-- VMHOST_SEED repeats a run.
local crypto = require "vmhost.crypto"
local json = require "dkjson"
local new_random = require "spec.support.random"
local random_bytecode = require "spec.support.random_bytecode"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"
local vite_core = require "vmhost.vite_core"

local COUNT <const> = os.getenv "VMHOST_SOAK" and 10000 or 500
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000
local ACCOUNT <const> = ("\xc0"):rep(20) .. "\1"
local QUOTA <const> = 1 << 60

local function new_programs()
  local random, programs = new_random(SEED), {}
  for number = 1, COUNT do
    local data = {}
    for index = 1, random(200) do data[index] = string.char(random(256) - 1) end
    programs[number] = { code = random_bytecode.program(random), data = table.concat(data) }
  end
  return programs
end

local function run_here(program)
  local world <close> = vite_core.world()
  assert(world:set_contract(ACCOUNT, { code = "\1" .. program.code }))
  local outcome = assert(world:run {
    request = { to = ACCOUNT, data = program.data }, quota = QUOTA, commit = true })
  local found, slots = world:storage(ACCOUNT), {}
  for slot = 0, random_bytecode.SLOTS - 1 do
    slots[slot + 1] = crypto.hex(found[(">I16I16"):pack(0, slot)] or "")
  end
  return { storage = slots, output = crypto.hex(outcome.output or ""), error = outcome.error,
    status = not outcome.error and "success" or outcome.error == "execution reverted" and "revert"
      or "failure" }
end

-- nil where node or the package is not there.
local function run_there(programs)
  local folder <close> = temporary_folder()
  local job_path, answer_path = folder.path .. "/job.json", folder.path .. "/answer.json"
  local job = { slots = random_bytecode.SLOTS, programs = {} }
  for number, program in ipairs(programs) do
    job.programs[number] = { code = crypto.hex(program.code), data = crypto.hex(program.data) }
  end
  local file = assert(io.open(job_path, "wb"))
  file:write(json.encode(job))
  file:close()
  local output, status = run_command { "node", "spec/support/run_ethereum.js", job_path,
    answer_path }
  if status == 127 then return nil end
  assert(status == 0, output)
  local answer <close> = assert(io.open(answer_path, "rb"))
  return json.decode(answer:read "a")
end

describe("random bytecode", function()
  it("gives the status, output and storage that @ethereumjs/evm gives", function()
    local programs = new_programs()
    local theirs = run_there(programs)
    if not theirs or not theirs.results then
      return pending "@ethereumjs/evm is not there: npm install @ethereumjs/evm (it needs node)"
    end

    local statuses = { success = 0, revert = 0, failure = 0 }
    for number, program in ipairs(programs) do
      local ours, their = run_here(program), theirs.results[number]
      local context = ("program %d of seed %d, %s: %s"):format(number, SEED, tostring(ours.error),
        crypto.hex(program.code))
      statuses[their.status] = statuses[their.status] + 1
      assert.equal(their.status, ours.status, context)
      if their.status ~= "failure" then assert.equal(their.output, ours.output, context) end
      for slot, value in ipairs(ours.storage) do
        local expected = their.status == "success" and their.storage[slot] or ""
        assert.equal(expected, value, context)
      end
    end

    local total, least, rarest = 0, math.huge, nil
    for name, count in pairs(theirs.counts) do
      total = total + count
      if count < least and name ~= "INVALID" then least, rarest = count, name end
    end
    print(("ethereum: seed %d, %d programs, %d instructions on average, rarest %s %d times; "
      .. "%d succeed, %d revert, %d fail"):format(SEED, COUNT, total // COUNT, rarest, least,
      statuses.success, statuses.revert, statuses.failure))
    assert.is_true(total // COUNT >= 200)
    assert.is_true(least >= COUNT // 10, rarest)
  end)
end)
