-- Addresses and their checksummed texts.
local crypto = require "vmhost.crypto"
local values = require "vmhost.conformance.orbs.values"

local function address_of(input)
  if input.kind == "ed25519_public_key" then
    values.check_keys(input, "kind public_key", "input")
    return crypto.address_of_client(values.bytes(input.public_key))
  elseif input.kind == "contract_name" then
    values.check_keys(input, "kind contract_name", "input")
    return crypto.address_of_contract(input.contract_name)
  end
  return values.fault("input.kind: unknown kind '%s'", tostring(input.kind))
end

local function text_of(bytes, checksum)
  local text = crypto.address_text(bytes, checksum)
  if crypto.parse_address(text) ~= bytes then
    values.fault("%s does not read as what was written", text)
  end
  return text
end

return {
  {
    name = "addresses",
    inputs = { "input" },
    fits = function(case) return type(case.input) == "table" and case.input.kind ~= nil end,
    run = function(case)
      local address = address_of(case.input)
      return { expected_hex = values.hex(address), text = text_of(address, "sha256") }
    end,
  },
  {
    name = "hex_text",
    inputs = { "input" },
    fits = function(case) return type(case.input) == "string" and case.expected_text ~= nil end,
    run = function(case)
      return { expected_text = text_of(values.bytes(case.input), "eip55") }
    end,
  },
}
