-- Protected calls, and what becomes of what failed.
assert(_VERSION == "Lua 5.4")
local contract_lua = require "spec.support.contract_lua"
local eval = contract_lua.eval

describe("xpcall", function()
  it("gives the first value of its handler alone", function()
    assert.equal('good false "handled"',
      eval "xpcall(error, function() return 'handled', 'more' end)")
  end)

  it("gives nil where its handler gives nothing", function()
    assert.equal("good false nil", eval "xpcall(error, function() end)")
  end)

  it("gives the error of a handler that fails", function()
    assert.equal('good false "second"',
      eval "xpcall(error, function() error 'second' end, 'first')")
  end)
end)

describe("coroutine.close", function()
  it("tells once what the coroutine died of", function()
    local printed = contract_lua.print_of [[
      local died = coroutine.create(function() error "broken" end)
      coroutine.resume(died)
      print(coroutine.close(died))
      print(coroutine.close(died))
    ]]

    assert.equal("false\tbroken\ntrue\n", printed)
  end)

  it("gives true for one that came to its end", function()
    assert.equal("good true", eval("coroutine.close(ended)",
      "local ended = coroutine.create(type) coroutine.resume(ended, 1)"))
  end)

  it("ends one that waits", function()
    local printed = contract_lua.print_of [[
      local waiting = coroutine.create(function() coroutine.yield(1) end)
      coroutine.resume(waiting)
      print(coroutine.close(waiting), coroutine.status(waiting))
      print(coroutine.resume(waiting))
    ]]

    assert.equal("true\tdead\nfalse\tcannot resume dead coroutine\n", printed)
  end)
end)

describe("a coroutine that runs, or resumed another", function()
  it("is neither resumed nor closed", function()
    local resumed <const> = 'good false "cannot resume non-suspended coroutine"'
    assert.equal(resumed, eval "coroutine.resume(coroutine.running())")
    assert.equal('error "cannot close a running coroutine"',
      eval "coroutine.close(coroutine.running())")
    assert.equal("false\tcannot resume non-suspended coroutine\nfalse\t"
      .. "cannot close a normal coroutine\nfalse\tcannot resume non-suspended coroutine\n",
      contract_lua.print_of [[
        local outer, wrapped
        outer = coroutine.create(function()
          coroutine.wrap(function()
            print(coroutine.resume(outer))
            print(pcall(coroutine.close, outer))
          end)()
        end)
        coroutine.resume(outer)
        wrapped = coroutine.wrap(function() print(pcall(wrapped)) end)
        wrapped()
      ]])
  end)
end)

describe("rawlen", function()
  it("tells what it got in place of a table or string", function()
    assert.equal([[error "bad argument #1 to 'rawlen' (table or string expected, got number)"]],
      eval "rawlen(5)")
  end)
end)
