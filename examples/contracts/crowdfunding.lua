-- A crowdfunding: value is pledged until a time. If the goal is reached the beneficiary takes
-- all of it, else each backer takes back what he gave.
local funding, state, emit = sdk.contract {
  state = {
    beneficiary = "bytes20",
    goal = "uint256",
    ends_at = "uint64",
    raised = "uint256",
    is_paid_out = "bool",
    pledges = "counted(bytes20, uint256)",
  },
  events = {
    Pledged = "backer bytes20, amount uint256",
    PaidOut = "beneficiary bytes20, amount uint256",
    Refunded = "backer bytes20, amount uint256",
  },

  _init = "internal write (beneficiary bytes20, goal uint256, duration uint64)",
  pledge = "external write ()",
  pay_out = "external write ()",
  refund = "external write ()",
  pledge_of = "external read (backer bytes20) uint256",
  status = "external read () raised uint256, backers uint64, is_over bool",
}

local NANOSECONDS <const> = 1000000000

local function is_over()
  return sdk.block_time() >= state.ends_at
end

function funding._init(beneficiary, goal, duration)
  state.beneficiary = beneficiary
  state.goal = goal
  state.ends_at = sdk.block_time() + duration * NANOSECONDS
end

function funding.pledge()
  local amount = sdk.call_value()
  assert(not is_over(), "the funding is over")
  assert(amount > 0, "a pledge needs a value")
  local backer = sdk.caller()
  state.pledges[backer] = (state.pledges[backer] or 0) + amount
  state.raised = state.raised + amount
  emit.Pledged(backer, amount)
end

function funding.pay_out()
  assert(is_over(), "the funding is not over")
  assert(state.raised >= state.goal, "the goal was not reached")
  assert(not state.is_paid_out, "all was paid out")
  state.is_paid_out = true
  emit.PaidOut(state.beneficiary, state.raised)
  sdk.transfer(state.beneficiary, state.raised)
end

function funding.refund()
  assert(is_over(), "the funding is not over")
  assert(state.raised < state.goal, "the goal was reached")
  local backer = sdk.caller()
  local amount = assert(state.pledges[backer], "nothing was pledged")
  state.pledges[backer] = nil
  emit.Refunded(backer, amount)
  sdk.transfer(backer, amount)
end

function funding.pledge_of(backer)
  return state.pledges[backer] or 0
end

function funding.status()
  return state.raised, #state.pledges, is_over()
end

return funding
