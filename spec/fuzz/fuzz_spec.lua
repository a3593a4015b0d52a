-- The harnesses of `make fuzz`, over the inputs that it found and that are kept, and over random
-- changes of them. VMHOST_SEED repeats a run.
local lfs = require "lfs"
local new_random = require "spec.support.random"
local run_command = require "spec.support.run_command"
local temporary_folder = require "spec.support.temporary_folder"

local BUILD <const> = (os.getenv "VMHOST_BUILD" or "build") .. "/fuzz/"
local CHANGED_COUNT <const> = os.getenv "VMHOST_SOAK" and 20000 or 400
local LARGEST <const> = 4096
local SEED <const> = math.tointeger(os.getenv "VMHOST_SEED") or os.time() % 1000000

local function folder_of(harness) return "spec/vectors/fuzz/" .. harness end

local function read_inputs(harness)
  local names, inputs = {}, {}
  for name in lfs.dir(folder_of(harness)) do
    if not name:find "^%." then names[#names + 1] = name end
  end
  table.sort(names)
  for index, name in ipairs(names) do
    local file <close> = assert(io.open(folder_of(harness) .. "/" .. name, "rb"))
    inputs[index] = file:read "a"
  end
  return inputs
end

-- An input is printed before it runs: of a failure the last lines tell.
local function replay(harness, folder)
  local output, status = run_command { BUILD .. harness, folder }
  assert(status == 0, ("seed %d: %s"):format(SEED, output:sub(-4000)))
  return math.tointeger(output:match "(%d+) inputs\n$")
end

local function byte(random) return string.char(random(256) - 1) end

local function replace(input, at, size, with)
  return input:sub(1, at - 1) .. with .. input:sub(at + size)
end

local CHANGES = {
  function(input, random) return replace(input, random(#input), 1, byte(random)) end,
  function(input, random) -- one bit
    local at = random(#input)
    return replace(input, at, 1, string.char(input:byte(at) ~ 1 << random(8) - 1))
  end,
  function(input, random) return replace(input, random(#input + 1), 0, byte(random)) end,
  function(input, random) return replace(input, random(#input), random(16), "") end,
  function(input, random)
    return replace(input, random(#input), 0, byte(random):rep(random(40)))
  end,
  function(input, random) -- a part again, elsewhere
    local start = random(#input)
    return replace(input, random(#input), 0, input:sub(start, start + random(64)))
  end,
  function(input, random, inputs) -- a part of another one
    local other = inputs[random(#inputs)]
    local start = random(#other + 1)
    return replace(input, random(#input), random(64), other:sub(start, start + random(64)))
  end,
}

local function change(inputs, random)
  local input = inputs[random(#inputs)]
  for _ = 1, random(5) do
    if input == "" then input = byte(random) end
    input = CHANGES[random(#CHANGES)](input, random, inputs)
  end
  return input:sub(1, LARGEST)
end

describe("hostile input", function()
  for _, harness in ipairs { "abi", "accounts", "frozen", "interpreter", "messages", "metadata",
    "source" } do
    it("of the kept kind is withstood by " .. harness, function()
      assert.equal(#read_inputs(harness), replay(harness, folder_of(harness)))
    end)

    it(("of %d random changes is withstood by %s"):format(CHANGED_COUNT, harness), function()
      local inputs, random, files = read_inputs(harness), new_random(SEED), {}
      for number = 1, CHANGED_COUNT do files[("%05d"):format(number)] = change(inputs, random) end
      local folder <close> = temporary_folder(files)

      assert.equal(CHANGED_COUNT, replay(harness, folder.path))
      print(("fuzz: seed %d, %s: %d inputs and %d changed ones"):format(SEED, harness, #inputs,
        CHANGED_COUNT))
    end)
  end
end)
