--- Code with labels -> bytes.
--
-- An item is one of
--
--     { bytes = "..." }
--     { label = name, token = }                   an address, from where its section begins
--     { section = name, token = }
--     { push = terms, size = n or nil, token = }  without size the shortest that does
--
-- A term is `{ kind = "number", value = a word }`, or
-- `{ kind = "label", "size" or "offset", name =, token = }`; with `negative` it is taken away.
-- @module vmhost.assembler.layout
local source = require "vmhost.assembler.source"
local word = require "vmhost.word"

local Layout = {}
Layout.__index = Layout

local FIRST_PUSH <const> = 0x5f
local ZERO <const> = word.new(0)

local function byte_count(value)
  return math.max(1, (value:bits() + 7) // 8)
end

function Layout:place_label(item)
  if self.labels[item.label] then
    source.fault(item.token, "label '%s' is there already", item.label)
  end
  self.labels[item.label] = { item = item, address = 0 }
end

function Layout:place_section(item)
  if self.sections[item.section] then
    source.fault(item.token, "section '%s' is there already", item.section)
  end
  self.sections[item.section] = { item = item, offset = 0, size = 0 }
end

-- All names, and a size to begin with for each PUSH.
function Layout:collect()
  for _, item in ipairs(self.items) do
    if item.label then self:place_label(item) end
    if item.section then self:place_section(item) end
    if item.push then self.sizes[item] = item.size or 1 end
  end
end

-- Addresses, as the sizes are now.
function Layout:place()
  local offset, section = 0, { offset = 0 }
  for _, item in ipairs(self.items) do
    if item.section then
      section = self.sections[item.section]
      section.offset = offset
    elseif item.label then
      self.labels[item.label].address = offset - section.offset
    else
      offset = offset + (item.bytes and #item.bytes or 1 + self.sizes[item])
    end
    section.size = offset - section.offset
  end
end

function Layout:term(term)
  if term.kind == "number" then return term.value end
  if term.kind == "label" then
    local label = self.labels[term.name]
    if not label then source.fault(term.token, "no label '%s'", term.name) end
    return word.new(label.address)
  end
  local section = self.sections[term.name]
  if not section then source.fault(term.token, "no section '%s'", term.name) end
  return word.new(section[term.kind])
end

function Layout:value(item)
  local value, taken = ZERO, ZERO
  for _, term in ipairs(item.push) do
    local amount = self:term(term)
    if term.negative then taken = taken + amount else value = value + amount end
  end
  if taken > value then source.fault(item.token, "value is below zero") end
  return value - taken
end

-- Sizes only grow, so this ends; that a shorter one would do in the end is possible and harmless.
function Layout:settle()
  local changed
  repeat
    self:place()
    changed = false
    for _, item in ipairs(self.items) do
      if item.push then
        local needed = byte_count(self:value(item))
        if needed > self.sizes[item] then
          if item.size then
            source.fault(item.token, "%s does not fit PUSH%d", self:value(item):hex(), item.size)
          end
          self.sizes[item] = needed
          changed = true
        end
      end
    end
  until not changed
end

function Layout:bytes()
  local pieces = {}
  for _, item in ipairs(self.items) do
    if item.bytes then
      pieces[#pieces + 1] = item.bytes
    elseif item.push then
      local size = self.sizes[item]
      pieces[#pieces + 1] = string.char(FIRST_PUSH + size)
      pieces[#pieces + 1] = self:value(item):to_bytes():sub(-size)
    end
  end
  return table.concat(pieces)
end

local layout = {}

--- Gives items their places. Raises faults.
-- @tparam {table,...} items
-- @treturn string code
-- @treturn {string=integer} address of each label
function layout.code(items)
  local self = setmetatable({ items = items, labels = {}, sections = {}, sizes = {} }, Layout)
  self:collect()
  self:settle()
  local addresses = {}
  for name, label in pairs(self.labels) do addresses[name] = label.address end
  return self:bytes(), addresses
end

return layout
