--- The kinds of stores that state storage runs over, for specs that hold for each.
-- Each has `name` and `new()`, which gives a place with `open(options)`. With `keeps`, the same
-- place opened again has what was committed there. An option that is false is left out.
local new_crashing_store = require "spec.support.crashing_store"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"

local GENESIS <const> = { virtual_chain_id = 42, rule_set = "reference" }

-- `folder`, if any, goes with the place.
local function new_place(backend, folder)
  local place = {}
  function place.open(options)
    local all = { genesis = GENESIS }
    for name, value in pairs(backend) do all[name] = value end
    for name, value in pairs(options or {}) do all[name] = value or nil end
    return assert(state_storage.open(all))
  end
  return setmetatable(place, {
    __close = function()
      local _ <close> = folder
    end,
  })
end

return {
  { name = "in memory", new = function() return new_place { memory = true } end },
  {
    name = "on LevelDB", keeps = true,
    new = function()
      local folder = temporary_folder()
      return new_place({ path = folder.path .. "/store", sync = false }, folder)
    end,
  },
  {
    name = "over Lua functions", keeps = true,
    new = function() return new_place { store = new_crashing_store().store } end,
  },
}
