-- Names that a person may have meant.
local names = {}

-- How many letters to insert, remove, change or swap with their neighbour, whatever their case.
local function distance(a, b)
  a, b = a:lower(), b:lower()
  local rows = { [0] = {} }
  for j = 0, #b do rows[0][j] = j end
  for i = 1, #a do
    rows[i] = { [0] = i }
    for j = 1, #b do
      local change = a:byte(i) == b:byte(j) and 0 or 1
      local steps = math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + change)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        steps = math.min(steps, rows[i - 2][j - 2] + 1)
      end
      rows[i][j] = steps
    end
  end
  return rows[#a][#b]
end

local MIN_BEGINNING <const> = 3

-- The one of `known` that begins so, or nil where it is none or not the only one.
local function begun(name, known)
  local found
  for _, candidate in ipairs(known) do
    if #name >= MIN_BEGINNING and candidate:sub(1, #name):lower() == name:lower() then
      if found then return nil end
      found = candidate
    end
  end
  return found
end

-- The nearest of `known`, or nil where none is near: a third of the letters may be wrong, or all
-- behind a beginning that only one has.
function names.nearest(name, known)
  local best, best_distance
  for _, candidate in ipairs(known) do
    local steps = distance(name, candidate)
    if steps <= math.max(1, #name // 3) and (not best or steps < best_distance) then
      best, best_distance = candidate, steps
    end
  end
  return best or begun(name, known)
end

-- `what 'name'`, and the name that may have been meant.
function names.unknown(what, name, known)
  local nearest = names.nearest(name, known)
  return ("%s '%s'%s"):format(what, name,
    nearest and ("; did you mean %s?"):format(nearest) or "")
end

return names
