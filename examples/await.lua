-- Await, message by message: contract C awaits B, and B awaits A twice. Each block runs at most one
-- message, and the store is closed and opened again between any two blocks: what waits is state.
-- Run by `vmhost run examples/await.lua`; with `--json` it prints one object per run. The sources
-- are in await/three_contracts. All keys and times are fixed, so it prints the same each time.
local json = require "dkjson"
local vmhost = require "vmhost"
local abi = require "vmhost.abi"
local vite = require "vmhost.vite"
local vite_core = require "vmhost.vite_core"
local codec, crypto, fixture = vmhost.codec, vmhost.crypto, vmhost.fixture

local SUSPENDED <const> = "^\0vmhost\0suspended"

local folder = arg[0]:match "^(.*)/" or "."
local as_json = arg[1] == "--json"

local function fresh_folder()
  local path = os.tmpname()
  os.remove(path)
  return setmetatable({ path = path }, { __close = function()
    os.execute("rm -rf -- '" .. path .. "'")
  end })
end

local function deploy(chain)
  local deployed = {}
  for _, each in ipairs { { "A" }, { "B", "A" }, { "C", "B" } } do
    local name, peer = each[1], each[2]
    local contract = assert(vite.load {
      file = folder .. "/await/three_contracts/await.json", contract = name })
    deployed[name] = assert(contract:deploy(chain, name, { deployed[peer] }))
  end
  return deployed
end

-- The record of a suspended run (docs/formats.md): version, language, what bytecode goes on from,
-- chain and name of the service that was asked.
local function read_suspended(service, record)
  local _, _, stored, _, to_service = ("<!4 I4 I2 s4 I4 s4"):unpack(record)
  local context = assert(vite_core.decode_context(stored))
  return { from = service, to = to_service, referrer = crypto.hex(context.referrer),
    callback_id = context.callback_id, stack_items = #context.stack,
    memory_bytes = #context.memory }
end

local function remember_record(seen, service, key, value)
  if key:find(SUSPENDED) then
    seen.suspended[key:sub(-32)] = read_suspended(service, value)
  elseif service == "_Mailbox" and key:find "^In_" then
    local message = assert(codec.decode("Message", value))
    seen.messages[assert(codec.message_id(message))] = message
  end
end

-- Remembers by message id the runs that suspended in a block, and the messages that wait behind it.
local function remember(seen, state_diff)
  for service, records in pairs(state_diff) do
    for key, value in pairs(records) do
      if value ~= "" then remember_record(seen, service, key, value) end
    end
  end
end

-- What a receipt is of: a transaction, a synchronous call (kind 8), or its answer (9, or 10 for a
-- failure).
local function run_of(seen, receipt)
  local id = receipt.message_id
  local called = seen.suspended[id]
  if receipt.parent == "" then return { kind = 2, from = "alice", to = "C" } end
  if called then
    return { kind = 8, from = called.from, to = called.to, context = called }
  end
  local message = seen.messages[id]
  return { kind = message.kind, from = message.from_service, to = message.to_service,
    value = message.input, answered_id = message.answered_id,
    context = seen.suspended[message.answered_id] }
end

local function line(format, ...)
  if not as_json then print(format:format(...)) end
end

local function show_answer(run)
  local values = abi.decode("(uint256)", run.value)
  line("  answer    %s -> %s  %s", run.from, run.to, values and tostring(values[1])
    or "failure " .. crypto.hex(run.value))
  line("  callback  %s       id 0x%x", run.to, run.context.callback_id)
  line("  resume    %s       %d stack items, %d bytes of memory", run.to, run.context.stack_items,
    run.context.memory_bytes)
end

local function show(run, receipt)
  if run.kind == 2 then
    line("  request   %s -> %s", run.from, run.to)
  elseif run.kind == 8 then
    line("  request   %s -> %s  and %s suspends: callback 0x%x, %d stack items, %d bytes of memory",
      run.from, run.to, run.from, run.context.callback_id, run.context.stack_items,
      run.context.memory_bytes)
  else
    show_answer(run)
  end
  if receipt.execution_result ~= "SUCCESS" then line("  %s", receipt.execution_result) end
end

local FIELDS = { "height", "kind", "from", "to", "message_id", "parent", "execution_result",
  "suspended", "referrer", "callback_id", "stack_items", "memory_bytes" }

local function show_json(height, run, receipt)
  local context = run.context or {}
  print(json.encode({ height = height, kind = run.kind, from = run.from, to = run.to,
    message_id = crypto.hex(receipt.message_id), parent = crypto.hex(receipt.parent),
    execution_result = receipt.execution_result, suspended = receipt.suspended,
    referrer = run.answered_id and crypto.hex(run.answered_id) or context.referrer,
    callback_id = context.callback_id, stack_items = context.stack_items,
    memory_bytes = context.memory_bytes }, { keyorder = FIELDS }))
end

local function process(chain, seen, set)
  local out = assert(chain:process(set))
  remember(seen, out.state_diff)
  if #out.receipts > 0 then line("Block %d", chain:height()) end
  for _, receipt in ipairs(out.receipts) do
    local run = run_of(seen, receipt)
    if as_json then show_json(chain:height(), run, receipt) else show(run, receipt) end
  end
  return #out.receipts
end

local place <close> = fresh_folder()
local options = { path = place.path, genesis = { limits = { messages_per_set = 1 } } }

do
  local chain <close> = assert(fixture.new(options))
  deploy(chain)
end

local seen = { suspended = {}, messages = {} }
local set = { { "alice", "C", "call", { bytes = abi.encode_call("test()", {}) } } }
local count
repeat
  local chain <close> = assert(fixture.new(options))
  count = process(chain, seen, set)
  set = {}
until count == 0

local chain <close> = assert(fixture.new(options))
local c = assert(vite.load {
  file = folder .. "/await/three_contracts/await.json", contract = "C" }):at(chain, "C")
line("C.data is %s", tostring(assert(c:query "data")))
