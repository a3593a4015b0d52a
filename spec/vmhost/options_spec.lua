local options = require "vmhost.options"

describe("options.check", function()
  it("takes no options for an empty table", function()
    assert.same({}, options.check("draw", nil, { "colour" }))
  end)

  it("gives the table back", function()
    local given = { colour = "red" }

    assert.equal(given, options.check("draw", given, { "colour", "width" }))
  end)

  it("names an unknown option and lists the known ones", function()
    local known = { "colour", "width" }

    assert.error_matches(function() options.check("draw", { color = "red" }, known) end,
      "draw: unknown option 'color'; known: colour, width$")
  end)

  it("refuses what is no table", function()
    assert.error_matches(function() options.check("draw", "red", { "colour" }) end,
      "draw: options must be a table, got string$")
  end)
end)
