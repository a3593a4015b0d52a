-- The suite `orbs`: bytes, trees, state storage and whole runs under the rule set `reference`.
local forms = {}
for _, group in ipairs { "addresses", "messages", "transactions", "clients", "trees",
  "state_storage", "vm_scenarios" } do
  for _, form in ipairs(require("vmhost.conformance.orbs." .. group)) do
    forms[#forms + 1] = form
  end
end

return { forms = forms }
