--- Random scenarios of asynchronous calls, of the form of spec/vectors/async: 2 to 6 contracts on
-- 1 to 3 shards, up to 20 executions, calls nested up to 4 deep.
--
-- `call_graphs.new(seed)` gives a scenario without `expect`, its prediction by the model, and
-- facts for a histogram. The same seed gives the same graph. A graph of the flavour `plain` has
-- ample gas, no value, a key of its own for each function and no replaced answers: where its
-- contracts live changes the order alone.
local call_graph_model = require "spec.support.call_graph_model"
local new_random = require "spec.support.random"

local call_graphs = {}

local MOST_EXECUTIONS <const> = 20
local MOST_DEPTH <const> = 4
local NAMES <const> = { "A", "B", "C", "D", "E", "F" }
local MISSING_CONTRACT <const> = "X"
local MISSING_FUNCTION <const> = "nope"
local LEGACY_CALLBACK <const> = "callBack"

-- What a flavour allows, and how often it comes (percent).
local FLAVOURS <const> = {
  { name = "plain", weight = 25 },
  { name = "value", weight = 35, value = true, shared_keys = true, replaces = true },
  { name = "tight", weight = 15, tight = true, shared_keys = true },
  { name = "wild", weight = 25, value = true, tight = true, shared_keys = true, replaces = true },
}

local FIRST_GROUPS <const> = { "", "g", "g", "h" }
local LATER_GROUPS <const> = { "i", "i", "j" }

-- How often a function waits, by how deep it is (percent).
local WAITING <const> = { 35, 12, 8, 5 }

local Graph = {}
Graph.__index = Graph

-- Choices

function Graph:chance(percent) return self.random(100) <= percent end

function Graph:between(least, most) return least + self.random(most - least + 1) - 1 end

function Graph:pick(list) return list[self.random(#list)] end

function Graph:flavour()
  local ticket = self.random(100)
  for _, flavour in ipairs(FLAVOURS) do
    ticket = ticket - flavour.weight
    if ticket <= 0 then return flavour end
  end
end

function Graph:texts(most)
  local list = {}
  for index = 1, self.random(most + 1) - 1 do
    list[index] = self:pick { "a", "b", "cc", "7", "10", "long text" }
  end
  return list
end

-- Small steps

local function add(steps, step) steps[#steps + 1] = step end

function Graph:key(name)
  if self.allows.shared_keys then return self:pick { "k", "l", "m" } end
  return name .. "_" .. self.random(2)
end

function Graph:burn()
  return { op = "burn", gas = self:between(1, self.allows.tight and 60 or 30) }
end

function Graph:small_step(steps, name, role)
  local kind = self.random(10)
  if kind <= 3 then
    add(steps, self:burn())
  elseif kind <= 5 then
    add(steps, { op = "emit", name = name, data = self:pick { "", "x", "$args" } })
  elseif kind <= 7 then
    -- A number behind a text of `write` would be lost or not, by who came first.
    add(steps, { op = "add", key = self.allows.shared_keys and self:key(name) or name .. "_n",
      by = self.random(5) })
  else
    local value = role == "callback" and self.has_closure[name] and self:chance(50) and "$closure"
      or self:pick { "1", "$args", "$args", "text" }
    add(steps, { op = "write", key = self:key(name), value = value })
  end
end

-- Functions

function Graph:new_name(letter)
  self.counter = self.counter + 1
  return letter .. self.counter
end

local LETTERS <const> = { callee = "f", callback = "c", group = "d" }

-- One that is there already, for calls that meet in one function.
function Graph:known_function(contract, role)
  local list = self.known[role][contract]
  if not self.allows.shared_keys or not list or #list == 0 or not self:chance(12) then return end
  return self:pick(list)
end

function Graph:callback_of(contract, depth, role, has_closure)
  local known = self:known_function(contract, role)
  if known then return known end
  return self:new_function(contract, depth, role, has_closure)
end

function Graph:amount(contract)
  if not self.allows.value or not self:chance(45) then return nil end
  local balance = self.contracts[contract].balance
  if self:chance(5) then return balance + self:between(1, 50) end
  return self:between(1, math.max(1, balance // 4))
end

-- Plenty for a call that deep, and for all that it may begin.
local function ample_gas(depth) return 100000000 // 30 ^ depth | 0 end

function Graph:explicit_gas(depth)
  if self.allows.tight then
    if self:chance(70) then return nil end
    return self:chance(1) and 0 or self:between(60, self:pick { 400, 1500, 4000 })
  end
  return self:chance(30) and self:between(3, 5) * ample_gas(depth) // 10 or nil
end

-- The contracts that share a shard with one, itself among them, or those that do not.
function Graph:neighbours(contract, wanted)
  local list = {}
  for _, name in ipairs(self.names) do
    local same = self.contracts[name].shard == self.contracts[contract].shard
    if same == wanted then list[#list + 1] = name end
  end
  return list
end

function Graph:target(contract, depth)
  if self:chance(2) then return MISSING_CONTRACT, MISSING_FUNCTION end
  local near, far = self:neighbours(contract, true), self:neighbours(contract, false)
  local to = self:pick(#far > 0 and self:chance(60) and far or near)
  if self:chance(3) then return to, MISSING_FUNCTION end
  return to, self:known_function(to, "callee") or self:new_function(to, depth + 1, "callee")
end

-- What is called synchronously may not wait, but for a few that find out. With `registers` it
-- calls asynchronously.
function Graph:sync_edge(steps, contract, depth, name, registers)
  local to = self:pick(self:neighbours(contract, true))
  self.left = self.left - 1
  local may_wait, must_wait, must_register = self.may_wait, self.must_wait, self.must_register
  -- Behind a wait of a callee that ends more than the callee.
  local refused = self.groups_of_leg == LATER_GROUPS and depth > 0 and 30 or 5
  self.must_wait, self.must_register = self:chance(refused), registers
  self.may_wait = self.must_wait
  local step = { op = "sync", to = to, args = self:arguments(),
    ["function"] = not registers and (self:chance(2) and MISSING_FUNCTION
      or self:known_function(to, "sync")) or self:new_function(to, depth + 1, "callee") }
  self.may_wait, self.must_wait, self.must_register = may_wait, must_wait, must_register
  if self:chance(depth == 0 and 60 or 30) then step.catch = true end
  if self:chance(30) then step.into = self:key(name) end
  if self:chance(25) then
    step.gas = self.allows.tight and self:between(60, 1500) or ample_gas(depth)
  end
  add(steps, step)
end

function Graph:arguments()
  if self:chance(40) then return nil end
  return self:chance(25) and { "$args" } or self:texts(2)
end

function Graph:name_callbacks(step, contract, depth)
  local sides = self.random(100)
  if sides <= 12 then return end
  self.left = self.left - 1
  local function new_callback()
    return self:callback_of(contract, depth + 1, "callback", step.closure ~= nil)
  end
  if sides <= 50 then
    step.on_success = new_callback()
    step.on_error = step.on_success
  else
    if sides <= 64 or sides > 74 then step.on_success = new_callback() end
    if sides > 64 then step.on_error = new_callback() end
  end
  if self:chance(1) then step.on_error = "nobody" end
end

function Graph:async_edge(steps, contract, depth)
  self.left = self.left - 1
  local step = { op = "async", args = self:arguments(), gas = self:explicit_gas(depth),
    value = self:amount(contract) }
  step.to, step["function"] = self:target(contract, depth)
  if self:chance(25) then step.closure = self:pick { "note", "ticket 7" } end
  self:name_callbacks(step, contract, depth)
  if step.on_success or step.on_error then step.lock = self:callback_lock(depth) end
  if self.groups_of_leg ~= FIRST_GROUPS or self:chance(60) then
    step.group = self:pick(self.groups_of_leg)
  end
  add(steps, step)
  return step.group or ""
end

-- Beside the least, which pays for callbacks that register nothing.
function Graph:callback_lock(depth)
  if not self.allows.tight then return ample_gas(depth) // 2 end
  return self:chance(40) and self:between(1, 400) or nil
end

-- Calls itself on what is left until that does not pay for one more.
function Graph:recursive_edge(steps, contract)
  local name = self:new_name "r"
  local callback = self:callback_of(contract, MOST_DEPTH, "callback")
  self.contracts[contract].functions[name] = {
    { op = "burn", gas = self:between(40, 200) },
    { op = "add", key = "depth", by = 1 },
    { op = "async", to = contract, ["function"] = name, on_success = callback,
      on_error = self:chance(50) and callback or nil },
  }
  self.left = self.left - 5
  local group = self.groups_of_leg ~= FIRST_GROUPS and self:pick(self.groups_of_leg) or nil
  add(steps, { op = "async", to = contract, ["function"] = name, gas = self:between(200, 800),
    on_error = self:chance(50) and callback or nil, group = group })
  return group or ""
end

function Graph:legacy_edge(steps, contract, depth)
  local functions = self.contracts[contract].functions
  if not functions[LEGACY_CALLBACK] and self:chance(60) then
    functions[LEGACY_CALLBACK] = {}
    functions[LEGACY_CALLBACK] = self:body(contract, depth + 1, "callback", LEGACY_CALLBACK)
  end
  self.left = self.left - 2
  local to, method = self:target(contract, depth)
  local data = method .. self:pick { "", "@01", "@6f6e65@74776F", "@" }
  if self:chance(4) then data = self:pick { "", "@00", method .. "@0", method .. "@zz" } end
  add(steps, { op = "legacy_async", to = to, data = data, value = self:amount(contract) })
end

-- Waits for one call, or for several: what follows is another leg of the function.
function Graph:await_edge(steps, contract, depth)
  self.left = self.left - 2
  local step = { op = "await", args = self:arguments(), value = self:amount(contract) }
  step.to, step["function"] = self:target(contract, depth)
  -- What comes of a contract that there is not is another text for each sort of call.
  if step.to == MISSING_CONTRACT then step.to = contract end
  self:gas_of_wait(step, depth)
  add(steps, step)
end

function Graph:gas_of_wait(step, depth)
  if self.allows.tight then
    if self:chance(60) then step.gas = self:between(100, 6000) end
    if self:chance(60) then step.lock = self:between(100, 6000) end
  else
    step.gas, step.lock = ample_gas(depth), 2 * ample_gas(depth)
  end
end

function Graph:await_all_edge(steps, contract, depth)
  local calls = {}
  for index = 1, self:pick { 1, 2, 2, 3 } do
    self.left = self.left - 1
    local call = { args = self:arguments(), value = self:amount(contract) }
    call.to, call["function"] = self:target(contract, depth)
    if self.allows.tight then
      call.gas = self:chance(40) and self:between(60, 3000) or nil
    else
      call.gas = ample_gas(depth)
    end
    calls[index] = call
  end
  local lock
  if not self.allows.tight then lock = 2 * ample_gas(depth)
  elseif self:chance(50) then lock = self:between(60, 5000) end
  add(steps, { op = "await_all", calls = calls, lock = lock })
end

-- A synchronous call on one side of a wait or on both, whose callee registers.
function Graph:waiting_edges(steps, contract, depth, name)
  local kind = self.wants_behind and self:between(1, 6) or self.random(10)
  local function sync()
    if self.left > 0 or self.wants_behind then
      self:sync_edge(steps, contract, depth, name, true)
    end
  end
  local function wait()
    if self:chance(self.wants_several and 75 or 45) then
      self:await_all_edge(steps, contract, depth)
    else
      self:await_edge(steps, contract, depth)
    end
  end
  if kind <= 4 then sync() end
  wait()
  if self:chance(30) then self:small_step(steps, name, "callee") end
  if kind <= 7 then sync() end
  -- What the leg between registers, it registers by that call.
  if self:chance(25) then wait() end
end

-- How many calls a function makes: fewer further down, none where nothing is left.
function Graph:edge_count(depth, role)
  if depth >= MOST_DEPTH or self.left <= 0 then return 0 end
  if role == "callee" then
    if depth == 0 then return self:between(2, 4) end
    return self:pick(self.deep and { 1, 1, 2 } or { 0, 1, 1, 2, 3 })
  end
  if role == "group" then return self:pick { 0, 1, 1, 2 } end
  return self:pick { 0, 0, 1 }
end

function Graph:group_callbacks(steps, contract, depth, groups)
  for _, group in ipairs(groups) do
    if self:chance(group == "" and 40 or 75) then
      self.left = math.max(self.left, 2)
      add(steps, { op = "group_callback", group = group, data = self:pick { "G", "ticket", "" },
        ["function"] = self:callback_of(contract, depth + 1, "group"),
        lock = self:group_lock(depth) })
    end
  end
  if #groups > 0 and self:chance(1) then
    add(steps, { op = "group_callback", group = self:pick { "nobody's", groups[1] },
      ["function"] = self:new_function(contract, MOST_DEPTH, "group"), data = "" })
  end
end

-- What a group callback registers is paid from its lock alone.
function Graph:group_lock(depth)
  if not self.allows.tight then return ample_gas(depth) // 2 end
  return self:chance(80) and self:between(50, 900) or nil
end

function Graph:wait_chance(depth)
  if depth == 0 and (self.wants_behind or self.wants_several) then return 85 end
  return WAITING[depth + 1] or 0
end

function Graph:edges(steps, contract, depth, role, name)
  local may_wait, must_wait, must_register = self.may_wait, self.must_wait, self.must_register
  self.may_wait, self.must_wait, self.must_register = true, false, false
  local count = self:edge_count(depth, role)
  local waits = may_wait and count > 0
    and (must_wait or self:chance(self:wait_chance(depth)))
  self.waits = self.waits or waits
  if must_register then
    self:async_edge(steps, contract, depth)
    count = math.min(count, 1)
  end
  if not must_register and not waits and count > 0 and role ~= "callback" and self:chance(4) then
    if self:chance(15) then self:async_edge(steps, contract, depth) end
    return self:legacy_edge(steps, contract, depth)
  end
  local groups_before = self.groups_of_leg
  self.groups_of_leg = FIRST_GROUPS
  local wait_at = waits and self:between(1, count)
  local groups, seen = {}, {}
  for index = 1, count do
    if index == wait_at then
      self:group_callbacks(steps, contract, depth, groups)
      groups, seen = {}, {}
      -- Groups of the next leg have other names.
      self.groups_of_leg = LATER_GROUPS
      self:waiting_edges(steps, contract, depth, name)
    end
    if self:chance(50) then self:small_step(steps, name, role) end
    if self.left > 0 and self:chance(role == "group" and 10 or 20) then
      self:sync_edge(steps, contract, depth, name)
    elseif self.left > 0 then
      local recurs = self.allows.shared_keys and self:chance(2)
      local group = recurs and self:recursive_edge(steps, contract)
        or self:async_edge(steps, contract, depth)
      if not seen[group] then groups[#groups + 1] = group end
      seen[group] = true
    end
  end
  self:group_callbacks(steps, contract, depth, groups)
  self.groups_of_leg = groups_before
end

local FAILING <const> = { callee = 6, callback = 5, group = 6 }

function Graph:ending(steps, depth, role)
  if self:chance(depth == 0 and 2 or FAILING[role]) then
    local place = self.random(#steps + 1)
    table.insert(steps, place, { op = "fail", message = self:pick { "no", "boom", "not today" } })
  end
  if self.allows.replaces and self:chance(role == "callee" and 10 or 30) then
    add(steps, { op = "set_return", values = { "$result", "late" .. self.random(9) } })
  end
  if self:chance(role == "callee" and 75 or 10) then
    local values = self:chance(20) and { "$args" } or self:texts(3)
    add(steps, { op = "return", values = values })
  end
end

function Graph:body(contract, depth, role, name)
  local steps = {}
  for _ = 1, self.random(3) - 1 do self:small_step(steps, name, role) end
  if role ~= "callee" then add(steps, { op = "write", key = self:key(name), value = "$args" }) end
  self:edges(steps, contract, depth, role, name)
  if self:chance(40) then self:small_step(steps, name, role) end
  self:ending(steps, depth, role)
  return steps
end

function Graph:new_function(contract, depth, role, has_closure)
  local name = self:new_name(LETTERS[role])
  self.has_closure[name] = has_closure
  local is_sync = not self.may_wait or self.must_wait
  local steps = self:body(contract, depth, role, name)
  self.contracts[contract].functions[name] = steps
  local known = self.known[is_sync and "sync" or role]
  known[contract] = known[contract] or {}
  -- What is known may be called again: without a closure, and from no deeper than it was made for.
  if not has_closure and (depth == MOST_DEPTH or role ~= "callee") then
    table.insert(known[contract], name)
  end
  return name
end

-- The whole

function Graph:place_contracts()
  local shard_count = self:pick { 1, 2, 2, 3, 3, 3, 3 }
  local count = self:between(math.max(2, shard_count), #NAMES)
  self.names, self.contracts = {}, {}
  for index = 1, count do
    local name = NAMES[index]
    self.names[index] = name
    self.contracts[name] = { functions = {},
      shard = index <= shard_count and index - 1 or self.random(shard_count) - 1,
      balance = self.allows.value and self:pick { 0, 40, 100, 1000 } or nil }
    if self:chance(10) then self.contracts[name].storage = { k = "5" } end
  end
end

function Graph:start_of(root)
  local start = { to = "A", ["function"] = root }
  if self.allows.tight then
    start.gas = self:between(2000, self:pick { 6000, 30000, 90000 })
    if self.waits then start.gas = start.gas + self:between(0, 60000) end
  end
  if self.allows.value and self:chance(20) then start.value = self:between(1, 200) end
  if self:chance(40) then start.args = self:texts(2) end
  return start
end

function Graph:scenario()
  self.allows = self:flavour()
  self.counter, self.left = 0, self:between(8, 20)
  self.deep = self:chance(30)
  self.has_closure = {}
  self.may_wait, self.waits, self.groups_of_leg = true, false, FIRST_GROUPS
  self.known = { callee = {}, callback = {}, group = {}, sync = {} }
  self:place_contracts()
  local root = self:new_function("A", 0, "callee")
  local scenario = { title = "random graph, " .. self.allows.name, contracts = self.contracts,
    profile = self.profile, start = self:start_of(root) }
  -- With a price by the byte a callback with many results is not paid by the least lock.
  if self.allows.tight and self:chance(60) then
    scenario.prices = { argument = self:between(2, 12), step = self.random(30) - 1 }
  end
  return scenario
end

-- Facts

-- Synchronous calls whose callee registered something that ran, by whether their caller had waited:
-- how many callers made some behind a wait, and how many on both sides of one.
local function sides_of_waits(trace)
  local by_context, registers = {}, {}
  for _, execution in ipairs(trace) do
    if execution.kind ~= "leg" then by_context[execution.context] = execution end
    local above = by_context[execution.parent]
    if execution.kind == "async" and above and above.kind == "sync" then
      registers[above.context] = true
    end
  end
  local has_waited, before, behind, both = {}, {}, 0, 0
  for _, execution in ipairs(trace) do
    local caller = execution.parent
    if execution.kind == "leg" then
      has_waited[execution.context] = true
    elseif registers[execution.context] and not has_waited[caller] then
      before[caller] = true
    elseif registers[execution.context] then
      behind, both = behind + 1, both + (before[caller] and 1 or 0)
    end
  end
  return behind, both
end

local function depths_of(trace)
  local depth, deepest, kinds = {}, 0, {}
  for _, execution in ipairs(trace) do
    if execution.kind ~= "leg" then
      local above = execution.parent and depth[execution.parent] or -1
      depth[execution.context] = above + 1
      kinds[execution.context] = execution.kind
      deepest = math.max(deepest, above + 1)
    end
  end
  return deepest, kinds
end

local function count_where(list, condition)
  local count = 0
  for _, item in ipairs(list) do
    if condition(item) then count = count + 1 end
  end
  return count
end

local function of_kind(kind)
  return function(execution) return execution.kind == kind end
end

local function host_count(scenario, trace)
  local seen, count = {}, 0
  for _, execution in ipairs(trace) do
    local shard = scenario.contracts[execution.contract].shard
    count = count + (seen[shard] and 0 or 1)
    seen[shard] = true
  end
  return count
end

local function has_step(scenario, condition)
  for _, contract in pairs(scenario.contracts) do
    for _, steps in pairs(contract.functions) do
      for _, step in ipairs(steps) do
        if condition(step) then return true end
      end
    end
  end
  return false
end

local function failed_with(code)
  return function(failure) return failure[2] == code end
end

--- What kind of graph a scenario is: numbers by name.
-- @tparam table scenario
-- @tparam table expect what comes of it
-- @tparam table more what the model tells beside
-- @treturn {[string]=integer,...}
function call_graphs.facts(scenario, expect, more)
  local trace = more.trace
  local deepest, kinds = depths_of(trace)
  local function registers(kind)
    return count_where(trace, function(execution)
      return execution.kind == "async" and kinds[execution.parent] == kind
    end)
  end
  local behind, both = sides_of_waits(trace)
  local missing = count_where(expect.failed, failed_with(3))
    + count_where(expect.failed, failed_with(1))
  return {
    executions = #trace, depth = deepest, hosts = host_count(scenario, trace),
    rounds = more.rounds,
    value = count_where(trace, function(execution) return execution.value > 0 end),
    sync = count_where(trace, of_kind "sync"), async = count_where(trace, of_kind "async"),
    callbacks = count_where(trace, of_kind "callback"),
    legs = count_where(trace, of_kind "leg"),
    ["legs of callbacks"] = count_where(trace, function(execution)
      return execution.kind == "leg" and kinds[execution.context] ~= "direct"
        and kinds[execution.context] ~= "async"
    end), ["registering behind a wait"] = behind,
    ["registering on both sides"] = both, ["waits for several"] = more.several.sent,
    ["several with failures"] = more.several.failed, ["several with value"] = more.several.value,
    ["several near and far"] = more.several.mixed,
    ["refused waits"] = count_where(expect.failed, function(failure)
      return failure[2] == 10 and failure[3] == "async: not allowed here"
    end),
    ["group callbacks"] = count_where(trace, of_kind "group"),
    ["callbacks that register"] = registers "callback",
    ["group callbacks that register"] = registers "group",
    failures = #expect.failed, ["out of gas"] = count_where(expect.failed, failed_with(5)),
    ["out of funds"] = count_where(expect.failed, failed_with(7)), missing = missing,
    refusals = count_where(expect.failed, function(failure)
      return failure[3]:find("^async: ") ~= nil
    end),
    unpaid = more.unpaid, ["start fails"] = expect.result.code ~= 0 and 1 or 0,
    replays = #expect.dropped, ["late local answers"] = more.late_local,
    legacy = has_step(scenario, function(step) return step.op == "legacy_async" end) and 1 or 0,
    ["single level"] = scenario.profile == "single-level" and 1 or 0,
  }
end

-- Return messages again, when their time has come, or one with an id of nobody.
local function add_injections(graph, scenario, returns)
  local inject = {}
  if graph:chance(30) then
    inject[1] = { after_round = graph.random(4) - 1, unknown_call_id = true,
      from = graph:pick(graph.names), to = scenario.start.to }
  end
  -- Each injected message takes a round, so that what follows comes later.
  for index, message in ipairs(returns) do
    if graph:chance(30) then
      inject[#inject + 1] = { after_round = message.delivered + #inject + graph.random(6) - 1,
        replay_return = index - 1 }
    end
  end
  if #inject > 0 then scenario.inject = inject end
end

local function reaches(facts, least)
  for name, number in pairs(least) do
    if facts[name] < number then return false end
  end
  return true
end

--- A random graph.
-- @tparam integer seed
-- @treturn table scenario, without `expect`
-- @treturn table what the model expects of it
-- @treturn {[string]=integer,...} facts
function call_graphs.new(seed)
  local graph = setmetatable({ random = new_random(seed) }, Graph)
  for _ = 1, 8 do graph.random(2) end
  -- Most are small by themselves: many are asked to be of a kind that is rare.
  graph.profile = graph:chance(8) and "single-level" or "multi-level"
  local least = { executions = graph:pick { 2, 2, 8, 9 }, hosts = graph:pick { 1, 1, 3 },
    ["group callbacks that register"] = graph:pick { 0, 0, 0, 1 } }
  local sort = graph.random(100)
  if sort <= 30 then least["registering behind a wait"] = 1
  elseif sort <= 48 then least["waits for several"] = 1 end
  graph.wants_behind, graph.wants_several = sort <= 30, sort > 30 and sort <= 48
  -- There only synchronous calls nest.
  if graph.profile == "single-level" then
    least.hosts, least["group callbacks that register"] = 1, 0
  end
  while true do
    local scenario = graph:scenario()
    scenario.id = ("seed %d"):format(seed)
    local single = scenario.profile == "single-level"
    local expect, more = call_graph_model.predict(scenario, single, MOST_EXECUTIONS)
    local facts = expect and call_graphs.facts(scenario, expect, more)
    if facts and facts.depth <= MOST_DEPTH and reaches(facts, least) then
      if not graph:chance(10) then return scenario, expect, facts end
      add_injections(graph, scenario, more.returns)
      expect, more = call_graph_model.predict(scenario, single)
      return scenario, expect, call_graphs.facts(scenario, expect, more)
    end
  end
end

return call_graphs
