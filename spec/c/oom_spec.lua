local codec = require "vmhost.codec"
local peers = require "spec.support.peer"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local CHECK <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/c/oom"
local IS_SOAK <const> = os.getenv "VMHOST_SOAK" ~= nil

-- Which allocations fail outside of `make soak`: every third, and fewer on disk.
local STEPS <const> = { memory = 3, scripted = 3, leveldb = 11, none = 3 }
local LEAST_FAILED <const> = 500

-- Writes what a peer brings to the scenario's chain.
local function write_brought(folder)
  local peer <close> = peers.open()
  local values = {}
  for sequence, amount in pairs { [0] = 5, [2] = 1 } do
    values[peers.out_key(sequence)] = peer:bytes { sequence = sequence, kind = 8, amount = amount,
      to_service = "counter", method = "count", gas = 1000000,
      input = codec.pack_arguments { { ["uint32[]"] = { 5 } } } }
  end
  local height = peer:write(values)
  local records = { peer:prove(peers.out_key(0), "message", height),
    peer:prove(peers.out_key(2), "message", height), peer:acknowledge(0, 1) }
  local file <close> = assert(io.open(folder .. "/brought", "wb"))
  file:write(("<s4"):pack(peers.KEY))
  for _, record in ipairs(records) do
    file:write(("<s4s4s4s4"):pack(record.header, record.signature, record.message or record.taken,
      record.proof))
  end
end

describe("a chain for which there is no memory", function()
  local total = 0

  local function fail_allocations(backend, mode)
    local folder <close> = temporary_folder()
    if backend == "memory" then write_brought(folder.path) end
    local step = IS_SOAK and 1 or STEPS[backend]
    local output, status = run_command { CHECK, backend, mode, "1", tostring(step), folder.path }
    assert(status == 0, output)
    total = total + math.tointeger(output:match ": (%d+) of %d+ allocations failed\n$")
  end

  for _, backend in ipairs { "memory", "scripted", "leveldb", "none" } do
    it("fails cleanly at each single allocation, store: " .. backend, function()
      fail_allocations(backend, "one")
    end)

    it("fails cleanly from each allocation on, store: " .. backend, function()
      fail_allocations(backend, "all")
    end)
  end

  it("was tried at 500 allocations at least", function()
    print(("oom: %d allocations failed, each cleanly"):format(total))
    assert.is_true(total >= LEAST_FAILED)
  end)
end)
