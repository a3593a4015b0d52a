-- What chance decides in a network: a generator (splitmix64) whose state is one integer, so that
-- a snapshot can keep it.
local random = {}

local Random = {}
Random.__index = Random

function random.new(seed)
  return setmetatable({ state = seed }, Random)
end

function Random:next()
  self.state = self.state + 0x9e3779b97f4a7c15
  local z = self.state
  z = (z ~ (z >> 30)) * 0xbf58476d1ce4e5b9
  z = (z ~ (z >> 27)) * 0x94d049bb133111eb
  return z ~ (z >> 31)
end

-- An integer from 1 to `limit`.
function Random:below(limit)
  return (self:next() >> 1) % limit + 1
end

-- True with a probability; without one chance is not asked.
function Random:happens(probability)
  if not probability or probability <= 0 then return false end
  return (self:next() >> 11) * 2.0 ^ -53 < probability
end

function Random:shuffle(list)
  for index = #list, 2, -1 do
    local other = self:below(index)
    list[index], list[other] = list[other], list[index]
  end
  return list
end

return random
