-- What the fields of a scenario may hold: a fault names the field and what stands there.
local json = require "dkjson"
local word = require "vmhost.word"

local fields = {}

local LARGEST_SHARD <const> = 0xfffffffe

local function is_scalar(value)
  local kind = type(value)
  return kind == "string" or kind == "boolean" or math.type(value) == "integer"
end

function fields.is_list(value)
  if type(value) ~= "table" or value == json.null then return false end
  for key in pairs(value) do
    if math.type(key) ~= "integer" then return false end
  end
  return true
end

local function is_list_of_scalars(value)
  if not fields.is_list(value) then return false end
  for _, item in ipairs(value) do
    if not is_scalar(item) then return false end
  end
  return true
end

local function is_count(value)
  return math.type(value) == "integer" and value >= 0
end

local function is_amount(value)
  return is_count(value) or type(value) == "string" and (pcall(word.new, value))
end

-- What each kind is called where another value stands, and what is of it.
local KINDS <const> = {
  text = { "text", function(value) return type(value) == "string" end },
  scalar = { "text, integer or boolean", is_scalar },
  scalars = { "a list of texts, integers and booleans", is_list_of_scalars },
  integer = { "an integer", function(value) return math.type(value) == "integer" end },
  count = { "an integer from 0 on", is_count },
  amount = { "an amount", is_amount },
  shard = { "an integer from 0 on, the number of a shard", function(value)
    return is_count(value) and value <= LARGEST_SHARD
  end },
  calls = { "a list of calls", fields.is_list },
  flag = { "true or false", function(value) return type(value) == "boolean" end },
  object = { "an object", function(value)
    return type(value) == "table" and value ~= json.null
  end },
}

local function check_one(value, kind, place)
  local name, is_of = KINDS[kind][1], KINDS[kind][2]
  if not is_of(value) then
    error(("%s: %s expected, got %s"):format(place, name, json.encode(value)), 0)
  end
end

--- Raises for what is no object, has unknown fields, lacks one, or has another value in one.
-- @tparam table object
-- @tparam table known field -> kind; with a question mark behind it the field may be absent
-- @tparam string place
function fields.check(object, known, place)
  check_one(object, "object", place)
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  for name in pairs(object) do
    if not known[name] then
      error(("%s: unknown field '%s'"):format(place, tostring(name)), 0)
    end
  end
  for _, name in ipairs(names) do
    local kind, may_be_absent = known[name]:match "^(%w+)(%??)$"
    if object[name] == nil then
      if may_be_absent == "" then error(("%s: field '%s' is missing"):format(place, name), 0) end
    else
      check_one(object[name], kind, ("%s: %s"):format(place, name))
    end
  end
end

return fields
