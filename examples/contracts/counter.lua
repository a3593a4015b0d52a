-- A counter: the smallest contract that keeps something.
local counter, state = sdk.contract {
  state = { count = "uint64" },

  add = "external write (amount uint64) uint64",
  get = "external read () uint64",
}

function counter.add(amount)
  state.count = sdk.uint64.add(state.count, amount)
  return state.count
end

function counter.get()
  return state.count
end

return counter
