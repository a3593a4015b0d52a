-- A token: balances, and who may spend how much of another's.
local token, state, emit = sdk.contract {
  state = {
    supply = "uint256",
    balances = "map(bytes20, uint256)",
    allowances = "map(bytes20, map(bytes20, uint256))",
  },
  events = {
    Transfer = "from bytes20, to bytes20, amount uint256",
    Approval = "owner bytes20, spender bytes20, amount uint256",
  },

  _init = "internal write (supply uint256)",
  transfer = "external write (to bytes20, amount uint256)",
  approve = "external write (spender bytes20, amount uint256)",
  transferFrom = "external write (owner bytes20, to bytes20, amount uint256)",
  totalSupply = "external read () uint256",
  balanceOf = "external read (holder bytes20) uint256",
  allowance = "external read (owner bytes20, spender bytes20) uint256",
}

local function move(from, to, amount)
  local balance = state.balances[from]
  if balance < amount then
    error("balance of " .. balance .. " is less than " .. amount)
  end
  state.balances[from] = balance - amount
  state.balances[to] = state.balances[to] + amount
  emit.Transfer(from, to, amount)
end

function token._init(supply)
  state.supply = supply
  state.balances[sdk.caller()] = supply
end

function token.transfer(to, amount)
  move(sdk.caller(), to, amount)
end

function token.approve(spender, amount)
  local owner = sdk.caller()
  state.allowances[owner][spender] = amount
  emit.Approval(owner, spender, amount)
end

function token.transferFrom(owner, to, amount)
  local spender = sdk.caller()
  local allowed = state.allowances[owner][spender]
  assert(allowed >= amount, "not allowed to spend so much")
  state.allowances[owner][spender] = allowed - amount
  move(owner, to, amount)
end

function token.totalSupply()
  return state.supply
end

function token.balanceOf(holder)
  return state.balances[holder]
end

function token.allowance(owner, spender)
  return state.allowances[owner][spender]
end

return token
