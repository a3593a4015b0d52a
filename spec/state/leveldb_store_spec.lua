local lfs = require "lfs"
local run_command = require "spec.support.run_command"
local state_storage = require "vmhost.state_storage"
local temporary_folder = require "spec.support.temporary_folder"

local GENESIS <const> = { virtual_chain_id = 42 }

local function open(path, options)
  local all = { path = path, sync = false }
  for name, value in pairs(options or {}) do all[name] = value end
  return state_storage.open(all)
end

local function value_of(height, index)
  return ("value %d %d "):format(height, index):rep(20)
end

local function commit(storage, height)
  local records = {}
  for index = 1, 50 do
    records[index] = { key = "key" .. index, value = value_of(height, index) }
  end
  return storage:commit_state_diff {
    height = height, state_diffs = { { contract_name = "c", state_diffs = records } },
  }
end

local function lua_command(script)
  return {
    "env", "LUA_PATH=" .. package.path, "LUA_CPATH=" .. package.cpath, "lua5.4", "-e", script,
  }
end

local function files_of(path, ending)
  local list = {}
  for name in lfs.dir(path) do
    if name:sub(-#ending) == ending then list[#list + 1] = path .. "/" .. name end
  end
  table.sort(list)
  return list
end

local function read_file(path)
  local file <close> = assert(io.open(path, "rb"))
  return file:read "a"
end

local function write_file(path, content)
  local file <close> = assert(io.open(path, "wb"))
  file:write(content)
end

-- Committed, and moved out of the log into tables by opening again.
local function make_tables(path)
  for attempt = 1, 3 do
    local storage <close> = assert(open(path, { genesis = GENESIS }))
    commit(storage, attempt)
  end
  open(path):close()
end

describe("a store on LevelDB #small", function()
  it("is made in a folder that is not there, and only when that is wanted", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"

    local storage, message, code = open(path, { genesis = GENESIS, create = false })
    assert.is_nil(storage)
    assert.equal("no store in " .. path, message)
    assert.equal("not_found", code)
    assert.is_nil(lfs.attributes(path))

    assert(open(path, { genesis = GENESIS })):close()
    assert(open(path, { create = false })):close()
  end)

  it("does not fill a folder of something else when a store must be there", function()
    local folder <close> = temporary_folder { ["notes.txt"] = "mine" }

    local _, _, code = open(folder.path, { genesis = GENESIS, create = false })

    assert.equal("not_found", code)
    assert.same({}, files_of(folder.path, "LOCK"))
  end)

  it("needs a genesis when it is empty, and takes no other later", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"

    local _, message, code = open(path)
    assert.equal("the store is empty: a genesis is needed", message)
    assert.equal("invalid_input", code)

    assert(open(path, { genesis = GENESIS })):close()
    for _, other in ipairs {
      { virtual_chain_id = 43 },
      { virtual_chain_id = 42, rule_set = "reference" },
      { virtual_chain_id = 42, limits = { key_size = 100 } },
    } do
      _, message, code = open(path, { genesis = other })
      assert.equal("genesis_mismatch", code)
      assert.matches("^the store is of the genesis %x+, not of %x+$", message)
    end
    assert(open(path, { genesis = GENESIS })):close()
  end)

  it("is open once, in this process and in others", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"
    local storage <close> = assert(open(path, { genesis = GENESIS }))

    local _, message, code = open(path)
    assert.equal("store_locked", code)
    assert.matches(path, message, 1, true)

    local output = run_command(lua_command(([[
      local _, _, code = require "vmhost.state_storage".open { path = %q }
      print(code)
    ]]):format(path)))
    assert.equal("store_locked\n", output)

    storage:close()
    assert(open(path)):close()
  end)

  it("that is something else's database is refused", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"
    make_tables(path)
    for _, name in ipairs(files_of(path, "CURRENT")) do os.remove(name) end

    local _, message, code = open(path, { genesis = GENESIS })

    assert.equal("store_corrupt", code)
    assert.matches("has data but no CURRENT file", message)
  end)

  it("gives right values or says that it is damaged, whichever byte of a table is another",
    function()
      local folder <close> = temporary_folder()
      local path = folder.path .. "/store"
      make_tables(path)
      local seen = { right = 0, store_corrupt = 0 }

      for _, name in ipairs(files_of(path, ".ldb")) do
        local content = read_file(name)
        for place = 1, #content, math.max(1, #content // 25) do
          write_file(name, content:sub(1, place - 1)
            .. string.char(content:byte(place) ~ 0x10) .. content:sub(place + 1))
          local storage, _, code = open(path)
          local outcome = code
          if storage then
            local records
            records, _, outcome = storage:keys "c"
            for index, record in ipairs(records or {}) do
              assert.equal(value_of(3, math.tointeger(record.key:match "%d+")), record.value)
              outcome = index == 50 and "right" or outcome
            end
            storage:close()
          end
          seen[outcome] = seen[outcome] + 1
          write_file(name, content)
        end
      end

      assert.is_true(seen.store_corrupt > 10)
      local storage <close> = assert(open(path))
      assert.equal(3, storage:last_committed_block_info().height)
    end)

  it("refuses a log that is damaged before its end", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"
    do
      local storage <close> = assert(open(path, { genesis = GENESIS }))
      for height = 1, 3 do commit(storage, height) end
    end
    local log = files_of(path, ".log")[1]
    local content = read_file(log)
    local middle = #content // 2
    write_file(log, content:sub(1, middle - 1) .. string.char(content:byte(middle) ~ 1)
      .. content:sub(middle + 1))

    local _, _, code = open(path)

    assert.equal("store_corrupt", code)
  end)

  it("opens at an older height, whole, when the end of its log is cut", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"
    do
      local storage <close> = assert(open(path, { genesis = GENESIS }))
      for height = 1, 3 do commit(storage, height) end
    end
    local log = files_of(path, ".log")[1]
    write_file(log, read_file(log):sub(1, -100))

    local storage <close> = assert(open(path))

    assert.equal(2, storage:last_committed_block_info().height)
    assert.equal(value_of(2, 7), storage:read("c", "key7"))
    assert.equal(storage:rebuild_root(), storage:state_hash())
    assert.equal(4, commit(storage, 3))
  end)

  it("on a full disk stops at a height, and goes on from there when there is room", function()
    local folder <close> = temporary_folder()
    local path = folder.path .. "/store"
    local script = ([[
      local storage = assert(require "vmhost.state_storage".open {
        path = %q, genesis = { virtual_chain_id = 42 }, sync = false,
      })
      local height, code = 0, nil
      repeat
        local records = {}
        for index = 1, 50 do
          records[index] = {
            key = "key" .. index,
            value = ("value %%d %%d "):format(height + 1, index):rep(20),
          }
        end
        local next_height
        next_height, _, code = storage:commit_state_diff {
          height = height + 1, state_diffs = { { contract_name = "c", state_diffs = records } },
        }
        height = next_height and height + 1 or height
      until code
      print(code, height)
      storage:close()
    ]]):format(path)
    local command = lua_command(script)
    local words = { "sh", "-c", "trap '' XFSZ; ulimit -f 200; exec \"$@\"", "sh" }
    table.move(command, 1, #command, #words + 1, words)

    local output = run_command(words)

    local code, height = output:match "^(%g+)%s+(%d+)\n$"
    height = assert(math.tointeger(height), output)
    assert.equal("store_io", code)
    local storage <close> = assert(open(path))
    local found = storage:last_committed_block_info().height
    assert.is_true(found == height or found == height + 1)
    assert.equal(value_of(found, 7), storage:read("c", "key7"))
    assert.equal(storage:rebuild_root(), storage:state_hash())
    assert.equal(found + 2, commit(storage, found + 1))
  end)
end)

describe("options #small", function()
  it("that are unknown raise and list the known ones", function()
    assert.error_matches(function() state_storage.open { memori = true } end,
      "unknown option 'memori'.*path, memory, store, genesis, history, sync, create")
  end)

  it("name a folder by a text that a file system can hold", function()
    for wrong, text in pairs { [12345] = "path: expected string, got number 12345",
      ["a\0b"] = "path: a zero byte in the name of a folder" } do
      assert.error_matches(function()
        state_storage.open { path = wrong, create = false, genesis = GENESIS }
      end, text)
    end
  end)

  it("name one place for the store", function()
    for _, options in ipairs { {}, { path = "x", memory = true }, { memory = false } } do
      assert.error_matches(function() state_storage.open(options) end,
        "one of path, memory = true and store is needed")
    end
  end)

  it("take a history of 1 or more heights", function()
    for _, history in ipairs { 0, -1, "none", 1.5 } do
      assert.error_matches(function() state_storage.open { memory = true, history = history } end,
        "history")
    end
  end)

  it("take a store only of functions", function()
    assert.error_matches(function() state_storage.open { store = { get = 1 } } end,
      "get must be a function")
    assert.error_matches(function() state_storage.open { store = { put = print } } end,
      "unknown option 'put'")
  end)
end)
