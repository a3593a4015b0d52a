-- What the hosts of a network are made from, and whether one that is opened again was.
local codec = require "vmhost.codec"
local inspect = require "vmhost.inspect"
local opening = require "vmhost.fixture.opening"

local genesis = {}

local function allowances_of(given, peer)
  local list = {}
  for token, amount in pairs((given or {})[peer] or {}) do
    list[#list + 1] = { token = token, amount = amount }
  end
  table.sort(list, function(a, b) return a.token < b.token end)
  return #list > 0 and list or nil
end

local function genesis_of(self, name, given)
  local fields = {}
  for field, of_field in pairs(given.genesis or {}) do fields[field] = of_field end
  fields.virtual_chain_id, fields.host_key = self.ids[name], self.keys[name].public_key
  local peers = {}
  for _, peer in ipairs(self:peers_of(name)) do
    peers[#peers + 1] = { virtual_chain_id = peer.chain_id,
      host_key = self.keys[peer.name].public_key,
      allowances = allowances_of(given.allowances, peer.name) }
  end
  for _, peer in ipairs(fields.peers or {}) do peers[#peers + 1] = peer end
  fields.peers = peers
  return fields
end

-- Options of the fixture for one host.
function genesis.fixture_options(self, name, with_genesis)
  local given = {}
  for option, of_option in pairs(self.options.hosts[name]) do given[option] = of_option end
  given.host_seed, given.allowances = nil, nil
  if not with_genesis then
    for _, option in ipairs(opening.GENESIS_OPTIONS) do given[option] = nil end
  end
  given.genesis = with_genesis and genesis_of(self, name, self.options.hosts[name]) or nil
  given.path = self.options.path and self.options.path .. "/" .. name
  return given
end

-- What the genesis of a host is called by who gives it.
local function genesis_field(field)
  if field == "peers" then return "genesis.peers or allowances" end
  return (field == "rule_set" or field == "native_contracts") and field or "genesis." .. field
end

-- The first field in which two genesis tables differ.
local function find_difference(wanted, made)
  local names = {}
  for field in pairs(wanted) do names[#names + 1] = field end
  for field in pairs(made) do
    if wanted[field] == nil then names[#names + 1] = field end
  end
  table.sort(names)
  for _, field in ipairs(names) do
    if inspect.value(wanted[field]) ~= inspect.value(made[field]) then
      return genesis_field(field)
    end
  end
  return "genesis"
end

-- What a host was made from was decided then: where its options say it again, they say the same.
local function check_genesis(self, name)
  local says = self.options.hosts[name].allowances ~= nil
  for _, option in ipairs(opening.GENESIS_OPTIONS) do
    says = says or self.options.hosts[name][option] ~= nil
  end
  if not says then return true end
  local wanted = opening.genesis(genesis.fixture_options(self, name, true))
  local good, hash = pcall(codec.genesis_hash, wanted)
  if not good then return nil, ("host %s: %s"):format(name, hash), "invalid_input" end
  if hash == self.hosts[name].storage:genesis_hash() then return true end
  local field = find_difference(codec.unpack_genesis(codec.pack_genesis(wanted)),
    self.hosts[name].genesis)
  return nil, ("host %s: %s is not what it was made with; without any of genesis, allowances, "
    .. "rule_set and native_contracts it is opened as it is"):format(name, field),
    "genesis_mismatch"
end

-- True, or nil, message, code of the first host whose options say something else.
function genesis.check(self)
  for _, name in ipairs(self.names) do
    local good, message, code = check_genesis(self, name)
    if not good then return nil, message, code end
  end
  return true
end

return genesis
