-- Accounts of clients, who let the shops charge them: this one trusts every caller.
local bank, state = sdk.contract {
  state   = { balances = "map(bytes20, uint64)" },
  deposit = "external write (amount uint64)",
  charge  = "external write (who bytes20, amount uint64)",
  refund  = "external write (who bytes20, amount uint64)",
  balance = "external read (who bytes20) uint64",
}

function bank.deposit(amount)
  state.balances[sdk.caller()] = sdk.uint64.add(state.balances[sdk.caller()], amount)
end

function bank.charge(who, amount)
  local balance = state.balances[who]
  if balance < amount then error("balance of " .. balance .. " is less than " .. amount) end
  state.balances[who] = balance - amount
end

function bank.refund(who, amount)
  state.balances[who] = sdk.uint64.add(state.balances[who], amount)
end

function bank.balance(who) return state.balances[who] end

return bank
