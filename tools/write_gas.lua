--- Writes docs/gas.md from core/contractlua/gas.def, which the machine is made of.
-- Usage: lua5.4 tools/write_gas.lua > docs/gas.md
local HEAD <const> = [[
# What contract Lua costs

Made from `core/contractlua/gas.def` by `tools/write_gas.lua`; a spec compares the two.

Static prices are of the source: they are added up for each stretch of it, and paid when that is
entered. A stretch begins at the entry of a function, behind a call, at each turn of a loop, at an
arm of a branch, at the right side of `and` and `or`, at a label that a `goto` names, and where the
stretch before it would cost more than 60,000. It stays paid when an error interrupts it. What is
not in the table costs nothing: constants, locals that no inner function names, parentheses.

Prices by what is done are paid when it is done.

| name | gas | for |
|---|---|---|
]]

local file <close> = assert(io.open("core/contractlua/gas.def", "rb"))
local rows = {}
for name, gas, text in file:read "a":gmatch '\nX%(([%u%d_]+), (%d+), "([^\n]*)"%)' do
  rows[#rows + 1] = ("| %s | %s | %s |\n"):format(name, gas, text)
end
io.write(HEAD, table.concat(rows))
