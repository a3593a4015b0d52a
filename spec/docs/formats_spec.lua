local codec = require "vmhost.codec"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local formats = read "docs/formats.md"

-- The lines under a heading, up to the next one of the same or a higher level.
local function section(heading)
  local level = #heading:match "^#+"
  local lines = {}
  for line in formats:gmatch "([^\n]*)\n" do
    local hashes = line:match "^(#+) "
    if hashes and #lines > 0 and #hashes <= level then break end
    if line == heading or #lines > 0 then lines[#lines + 1] = line end
  end
  assert(#lines > 0, "docs/formats.md has no " .. heading)
  return lines
end

-- The rows of the tables in a section, those of the headings included, each a list of cells.
local function rows(heading)
  local list = {}
  for _, line in ipairs(section(heading)) do
    if line:find "^| " then
      local cells = {}
      for cell in line:sub(2):gmatch "%s*([^|]*)|" do cells[#cells + 1] = cell:gsub("%s+$", "") end
      list[#list + 1] = cells
    end
  end
  return list
end

local function type_text(field)
  local text = field.type
  if field.message then text = text .. " " .. field.message end
  if field.alternatives then
    local alternatives = {}
    for place, alternative in ipairs(field.alternatives) do
      alternatives[place] = alternative.name .. " " .. type_text(alternative)
    end
    text = text .. ": " .. table.concat(alternatives, "; ")
  end
  return field.optional and "optional " .. text or text
end

describe("docs/formats.md", function()
  for _, name in ipairs(codec.messages()) do
    it("lists the fields of " .. name .. " in the order of the bytes", function()
      local documented, expected = {}, {}
      for _, row in ipairs(rows("### " .. name)) do
        if row[1] ~= "field" then documented[#documented + 1] = row[1] .. ": " .. row[2] end
      end
      for place, field in ipairs(codec.fields(name)) do
        expected[place] = field.name .. ": " .. type_text(field)
      end

      assert.same(expected, documented)
    end)
  end

  it("lists every message once, and no other", function()
    local headings = {}
    for _, line in ipairs(section "## Messages") do
      headings[#headings + 1] = line:match "^### (.+)$"
    end

    assert.same(codec.messages(), headings)
  end)

  it("lists the host texts as the host has them", function()
    local documented, expected = {}, {}
    for _, line in ipairs(section "## Host texts") do
      local name, text = line:match "^| ([%u_%d]+) | `(.*)` |$"
      if name then documented[name] = text end
    end
    local header = read("core/types/host_texts.h"):gsub("\\\n", " ")
    for name, text in header:gmatch '#define VMH_TEXT_([%u_%d]+)%s+"([^\n]*)"' do
      expected[name] = text
    end

    assert.truthy(next(expected))
    assert.same(expected, documented)
  end)

  it("lists the enums as the host has them", function()
    local header = read("core/types/enums.h"):gsub("%s*\\\n%s*", " ")
    local prefixes = {
      ExecutionResult = "RESULT", TransactionStatus = "STATUS", RequestStatus = "REQUEST",
      NetworkType = "NETWORK", ProcessorType = "PROCESSOR",
    }
    local documented = {}
    for _, row in ipairs(rows "## Enums") do documented[row[1]] = row[2] end
    for name, prefix in pairs(prefixes) do
      local values = {}
      for number, text in header:gmatch("X%(" .. prefix .. '_[%u_]+, (%d+), "([%u_]+)"%)') do
        values[#values + 1] = number .. " " .. text
      end

      assert.equal(table.concat(values, ", "), documented[name])
    end
  end)

  it("lists the limits of a genesis with their defaults", function()
    local documented, expected = {}, {}
    for _, row in ipairs(rows "## Genesis") do
      local default = row[2] == "uint64" and row[3]:match "^%d+"
      if default then documented[#documented + 1] = row[1] .. " " .. default end
    end
    local list = read("core/types/genesis.h"):match "VMH_GENESIS_LIMIT_LIST%(X%)(.-)\n\n"
    for name, default in list:gmatch "X%(([%l_]+), ([%d *]+)%)" do
      expected[#expected + 1] = ("%s %d"):format(name, load("return " .. default)())
    end

    assert.truthy(expected[1])
    assert.same(expected, documented)
  end)

  it("shows packed arguments as the codec packs them", function()
    local documented = ""
    for _, line in ipairs(section "## Arguments and events") do
      local bytes = line:match "^    ([%x ]+)   %s*%l%l%l%l"
      documented = documented .. (bytes or ""):gsub("%X", "")
    end

    local packed = codec.pack_arguments { { uint32 = 17 }, "hi" }

    assert.equal((packed:gsub(".", function(byte) return ("%02x"):format(byte:byte()) end)),
      documented)
  end)
end)
