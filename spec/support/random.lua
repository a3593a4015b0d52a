--- Random numbers that are the same on every machine for the same seed.
-- `local random = new_random(7); random(10)` gives 1 to 10.
return function(seed)
  local state = seed * 0x9e3779b97f4a7c15 | 1

  -- xorshift64*
  local function next_word()
    state = state ~ state >> 12
    state = state ~ state << 25
    state = state ~ state >> 27
    return state * 0x2545f4914f6cdd1d
  end

  return function(limit)
    return (next_word() >> 1) % limit + 1
  end
end
