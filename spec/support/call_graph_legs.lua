--- Methods of an observed run that waited: what they waited for, and how they went on.
local call_graph_trace = require "spec.support.call_graph_trace"

local call_graph_legs = {}

local KIND_WAITED_CALL <const> = 8
local ANSWERS <const> = { [9] = true, [10] = true, [12] = true }

local function wrong(format, ...) return format:format(...) end

--- An execution and its legs, of which one is given.
function call_graph_legs.parts_of(execution)
  local first = execution.first or execution
  return table.move(first.legs, 1, #first.legs, 2, { first })
end

local where = call_graph_trace.where

--- The message that a part of an execution sent to wait for its answer.
function call_graph_legs.message_of(trace, part)
  for _, message in ipairs(trace.rounds[part.round].sent) do
    if message.kind == KIND_WAITED_CALL and call_graph_trace.sender(trace, message) == part then
      return message
    end
  end
end

local function round_of(trace, message)
  for round = 0, trace.last do
    local told = trace.rounds[round]
    if told.delivered and told.delivered.bytes == message.bytes and not told.is_refused then
      return round
    end
  end
end

-- The rounds in which answers of a call came that were taken.
local function answer_rounds(trace, id)
  local rounds = {}
  for round = 0, trace.last do
    local told = trace.rounds[round]
    if told.delivered and ANSWERS[told.delivered.kind] and told.delivered.answered_id == id
      and not told.is_refused then
      rounds[#rounds + 1] = round
    end
  end
  return rounds
end

--- What a part of an execution waited for, in order: messages, and the rounds of their answers.
function call_graph_legs.waits_of(trace, part)
  local wait, list = call_graph_trace.wait_of(trace.scenario, part), {}
  if wait.op == "await" then
    local message = call_graph_legs.message_of(trace, part)
    local round = message and round_of(trace, message)
    if round then
      list[1] = { message = message, answers = answer_rounds(trace, trace.rounds[round].run_id) }
    end
    return list
  end
  for _, call in ipairs(part.calls) do
    if call.registered and call.registered.is_kept then
      list[#list + 1] = { message = call.message, answers = answer_rounds(trace, call.id) }
    end
  end
  return list
end

local function wrong_leg(trace, part, leg, wait)
  local list, last = call_graph_legs.waits_of(trace, part), 0
  if #list ~= (wait.calls and #wait.calls or 1) then
    return wrong("%s waits for %d calls, and sent %d", where(part), wait.calls and #wait.calls or 1,
      #list)
  end
  for index, each in ipairs(list) do
    if #each.answers ~= 1 then
      return wrong("call %d that %s waits for was answered %d times", index, where(part),
        #each.answers)
    end
    local answer = trace.rounds[each.answers[1]].delivered
    last = math.max(last, each.answers[1])
    local text = leg.arguments[index]
    if not text or tostring(answer.code) ~= text:match "^%d+" then
      return wrong("%s goes on with '%s' for an answer of code %d", where(leg), tostring(text),
        answer.code)
    end
  end
  if leg.round ~= last then
    return wrong("%s goes on in round %d, its last answer came in round %d", where(part), leg.round,
      last)
  end
end

--- What stays and waits goes on once, with the last of its answers and the outcomes in the order
-- of its calls; what is undone does not.
function call_graph_legs.fault(trace)
  for _, first in ipairs(trace.executions) do
    local parts = first.first and {} or call_graph_legs.parts_of(first)
    for index, part in ipairs(parts) do
      local wait = part.survives and call_graph_trace.wait_of(trace.scenario, part)
      local leg = parts[index + 1]
      if wait and not leg then return wrong("%s waits for ever", where(part)) end
      if leg and not wait then
        return wrong("%s goes on as %s, and waited for nothing", where(part), where(leg))
      end
      local fault = leg and wrong_leg(trace, part, leg, wait)
      if fault then return fault end
    end
    if first.kind == "leg" and not first.first then
      return wrong("%s goes on of nobody", where(first))
    end
  end
end

return call_graph_legs
