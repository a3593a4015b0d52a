--- Plants bugs into a copy of the tree, one at a time, and expects a test to find each: the random
-- test, where a bug does not name another. Those of the machine of Lua contracts stand in
-- machine_mutants.lua, those of the async engine in async_mutants.lua.
-- Usage: lua5.4 tools/mutants.lua [TEXT]    those with TEXT in their names or files
-- Prints, for each, where the test found it; exits 1 if one was not found, could not be built, or
-- no longer matches the source. VMHOST_RANDOM_SETS and VMHOST_SEED are passed on.
local lfs = require "lfs"

local RANDOM <const> = "spec/flow/random_spec.lua"
local MESSAGES <const> = "spec/host/messages_spec.lua"
local COPIED = "core bindings scripts spec tools Makefile .busted"

-- A bug is the one text of a file that another replaces.
local MUTANTS = {
  { name = "a failed nested call is not undone", file = "core/host/sdk_service.c",
    old = "vmh_execution_context_undo(context, mark);",
    new = "(void)mark;" },
  { name = "a failed transaction is merged", file = "core/host/set_run.c",
    old = "if (found && output->call_result == VMH_RESULT_SUCCESS) {",
    new = "if (found) {" },
  { name = "cached reads are in the diff", file = "core/host/transient_state.c",
    old = "            if (!record->dirty)\n                continue;\n",
    new = "" },
  { name = "the event of a failed transaction is dropped",
    file = "core/host/set_run.c",
    old = "        if (status == VMH_OK)\n            status = keep_events(",
    new = "        if (status == VMH_OK && output->call_result == VMH_RESULT_SUCCESS)\n"
      .. "            status = keep_events(" },
  { name = "a checkpoint keeps the keys that came after it", file = "core/host/transient_state.c",
    old = "            vmh_ordmap_truncate(&contract->keys, contract->keys.count - 1);\n",
    new = "            contract->records[contract->keys.count - 1].record.value.size = 0;\n" },
  { name = "a checkpoint leaves a cached read dirty", file = "core/host/transient_state.c",
    old = "            contract->records[change->key].dirty = change->old_dirty;\n",
    new = "" },
  { name = "the first of two writes stays", file = "core/host/transient_state.c",
    old = "    record->record.value = copy;\n",
    new = "" },
  { name = "a transaction does not see the set before it", file = "core/host/execution_context.c",
    old = "if (context->batch != NULL && vmh_transient_state_get(context->batch,",
    new = "if (false && vmh_transient_state_get(context->batch," },
  { name = "a second event is let through", file = "core/host/sdk_events.c",
    old = "context->limited_event_count >= limit)",
    new = "context->limited_event_count > limit)" },
  { name = "the service stack is one call short", file = "core/host/execution_context.c",
    old = "if (context->depth == VMH_SERVICE_STACK_SIZE)",
    new = "if (context->depth == VMH_SERVICE_STACK_SIZE - 1)" },
  { name = "the caller is the outermost service", file = "core/host/sdk_address.c",
    old = "stack[depth - 2].service",
    new = "stack[0].service" },
  { name = "request ids count from one", file = "core/host/process_transaction_set.c",
    old = "(uint32_t)index,\n",
    new = "(uint32_t)index + 1,\n" },
  { name = "internal methods are open to services", file = "core/native/native_processor.c",
    old = "input->calling_permission_scope != VMH_PERMISSION_SYSTEM)",
    new = "input->calling_permission_scope == VMH_PERMISSION_SYSTEM)" },
  { name = "history is off by one", file = "core/state/flat_state.c",
    old = "vmh_former_key(contract_name, key, height + 1, &flat->key);",
    new = "vmh_former_key(contract_name, key, height, &flat->key);" },
  { name = "a delete does not merge the sibling upward", file = "core/state/trie.c",
    old = "    if (left_over->kind == STORED) {\n",
    new = "    if (false) {\n" },
  { name = "the amount of a failed message is lost", file = "core/host/answer.c", test = MESSAGES,
    old = "message.amount = plan->returned_amount;",
    new = "message.amount = vmh_word_of(0);" },
  { name = "the record of an answered run stays", file = "core/host/process_message.c",
    test = MESSAGES,
    old = "vmh_bytes_of(key, sizeof key), (vmh_bytes){0}, why);",
    new = "vmh_bytes_of(key, sizeof key), vmh_bytes_of(key, 1), why);" },
  { name = "the number of a message that is undone is skipped", file = "core/host/outbox.c",
    test = MESSAGES,
    old = "vmh_transient_state_write(&((context_state *)state)->context->transient, mailbox_name,",
    new = "vmh_transient_state_write(((context_state *)state)->context->batch, mailbox_name," },
}

package.path = "./?.lua;" .. package.path
for _, list in ipairs { "tools.machine_mutants", "tools.async_mutants" } do
  table.move(require(list), 1, #require(list), #MUTANTS + 1, MUTANTS)
end

local function read(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write(path, content)
  local file <close> = assert(io.open(path, "wb"))
  file:write(content)
end

local function quoted(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

-- Runs a command in a folder: whether it ended well, and what it printed.
local function run(folder, command)
  local pipe <close> = assert(io.popen(("cd '%s' && { %s; } 2>&1"):format(folder, command)))
  local output = pipe:read "a"
  return pipe:close() == true, output
end

-- Objects are copied with their times, so that only what a bug changes is compiled again.
local function copy_tree(folder)
  local command = ("cp -a %s %s/"):format(COPIED, quoted(folder))
  if lfs.attributes "build/objects" and lfs.attributes "build/vmhost.so" then
    command = command .. (" && mkdir %s/build && cp -a build/core build/bindings build/command "
      .. "build/objects build/vmhost.so %s/build/"):format(quoted(folder), quoted(folder))
  end
  return assert(run(".", command))
end

local function build(folder, checks)
  return run(folder, "make --no-print-directory build/vmhost.so "
    .. (checks or ""):gsub("%S+", "build/c/%0"))
end

-- A program that never ends is found too.
local function test(folder, spec, hostile)
  local sets, seed = os.getenv "VMHOST_RANDOM_SETS" or "300", os.getenv "VMHOST_SEED" or "1"
  return run(folder, ("env -u VMHOST_BUILD VMHOST_RANDOM_SETS=%s VMHOST_SEED=%s %s timeout 300 "
    .. "lua5.4 \"$(command -v busted)\" --ignore-lua %s"):format(sets, seed,
    hostile and "VMHOST_HOSTILE=" .. quoted(hostile) or "", spec))
end

-- Plants the bug into `source`, the content of its file; nil and why not.
local function plant(mutant, source)
  local from, to = source:find(mutant.old, 1, true)
  if not from then return nil, "the text to replace is not in " .. mutant.file end
  if source:find(mutant.old, to + 1, true) then
    return nil, "the text to replace is in " .. mutant.file .. " twice"
  end
  return source:sub(1, from - 1) .. mutant.new .. source:sub(to + 1)
end

-- Whether the bug is found, and where, or why it is not.
local function try(folder, mutant)
  local path = folder .. "/" .. mutant.file
  local source = read(path)
  local changed, fault = plant(mutant, source)
  if not changed then return false, fault end
  write(path, changed)
  local built, output = build(folder, mutant.checks)
  local passed = true
  if built then passed, output = test(folder, mutant.test or RANDOM, mutant.hostile) end
  write(path, source)
  if not built then return false, "does not build:\n" .. output end
  if passed then return false, "not found" end
  return true, output:match "FAILED ([^\n]*)" or "the test broke off"
end

local function chosen(text)
  local mutants = {}
  for _, mutant in ipairs(MUTANTS) do
    if not text or mutant.name:find(text, 1, true) or mutant.file:find(text, 1, true) then
      mutants[#mutants + 1] = mutant
    end
  end
  return mutants
end

local function try_all(folder, mutants)
  local found_count = 0
  for _, mutant in ipairs(mutants) do
    local found, text = try(folder, mutant)
    if found then found_count = found_count + 1 end
    print(("%-9s %s: %s"):format(found and "found" or "NOT FOUND", mutant.name, text))
    io.stdout:flush()
  end
  print(("%d mutants, %d found"):format(#mutants, found_count))
  return found_count == #mutants
end

-- A test that fails without a bug would find every one.
local function check_tree(folder, mutants)
  local specs, hostile, checks = {}, false, {}
  for _, mutant in ipairs(mutants) do
    for spec in (mutant.test or RANDOM):gmatch "%S+" do
      specs[spec] = true
      hostile = hostile or mutant.hostile
    end
    for check in (mutant.checks or ""):gmatch "%S+" do checks[check] = true end
  end
  local function joined(set)
    local names = {}
    for name in pairs(set) do names[#names + 1] = name end
    return table.concat(names, " ")
  end
  local good, output = build(folder, joined(checks))
  if good then good, output = test(folder, joined(specs), hostile or nil) end
  if not good then print("without a bug:\n" .. output) end
  return good
end

local function main()
  local folder = os.tmpname()
  assert(os.remove(folder))
  assert(lfs.mkdir(folder))
  local _ <close> = setmetatable({}, { __close = function()
    run(".", "rm -rf " .. quoted(folder))
  end })
  copy_tree(folder)
  local mutants = chosen(arg[1])
  return check_tree(folder, mutants) and try_all(folder, mutants)
end

os.exit(main() and 0 or 1, true)
