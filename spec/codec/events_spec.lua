local codec = require "vmhost.codec"
local orbs_vectors = require "spec.support.orbs_vectors"

local from_hex, to_hex = orbs_vectors.from_hex, orbs_vectors.to_hex

local function events_of(input)
  local events = {}
  for index, event in ipairs(input) do
    events[index] = {
      contract_name = event.contract, event_name = event.event,
      output_argument_array = orbs_vectors.arguments(event.args),
    }
  end
  return events
end

describe("pack_events #small", function()
  for _, case in ipairs(orbs_vectors.cases "events") do
    it("packs " .. case.name .. " as the node does", function()
      assert.equal(case.expected_hex, to_hex(codec.pack_events(events_of(case.input))))
    end)

    it("reads " .. case.name .. " back", function()
      assert.same(events_of(case.input), codec.unpack_events(from_hex(case.expected_hex)))
    end)
  end

  it("takes packed arguments as they are", function()
    local packed = codec.pack_events {
      { contract_name = "C", event_name = "E", output_argument_array = from_hex "03000000040001" },
    }

    assert.equal("1b000000" .. "01000000" .. "43000000" .. "01000000" .. "45000000"
      .. "07000000" .. "03000000040001", to_hex(packed))
  end)

  it("raises with the path of a wrong argument", function()
    local good, message = pcall(codec.pack_events,
      { { event_name = "E", output_argument_array = { {} } } })

    assert.is_false(good)
    assert.equal("events[1].output_argument_array[1]: expected { type =, value = } or one key "
      .. "that names the type", message:match "events.*$")
  end)
end)

describe("unpack_events #small", function()
  it("gives arguments of unknown type as packed bytes", function()
    local packed = from_hex("0e000000" .. "00000000" .. "00000000" .. "02000000" .. "0100")

    assert.same({ { contract_name = "", event_name = "", output_argument_array = "\1\0" } },
      codec.unpack_events(packed))
  end)

  it("reads a cut event as empty", function()
    assert.same({ { contract_name = "", event_name = "", output_argument_array = {} } },
      codec.unpack_events(from_hex "31000000090000"))
  end)
end)
