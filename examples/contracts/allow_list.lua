-- An allow-list: an owner names members, and others ask whether somebody is one.
local allow_list, state = sdk.contract {
  state = {
    owner = "bytes20",
    members = "counted(bytes20, string)", -- address to a note
  },

  _init = "internal write (members bytes20...)",
  add = "external write (note string, members bytes20...)",
  remove = "external write (member bytes20)",
  is_member = "external read (somebody bytes20) bool",
  note_of = "external read (member bytes20) string",
  members = "external read () bytes20[]",
}

local function check_owner()
  assert(sdk.caller() == state.owner, "only the owner may do this")
end

local function add(note, ...)
  for _, member in ipairs { ... } do
    state.members[member] = note
  end
end

function allow_list._init(...)
  state.owner = sdk.caller()
  add("founder", ...)
end

function allow_list.add(note, ...)
  check_owner()
  add(note, ...)
end

function allow_list.remove(member)
  check_owner()
  assert(sdk.has(state.members, member), "no member")
  state.members[member] = nil
end

function allow_list.is_member(somebody)
  return sdk.has(state.members, somebody)
end

function allow_list.note_of(member)
  return assert(state.members[member], "no member")
end

function allow_list.members()
  local list = {}
  for member in pairs(state.members) do
    list[#list + 1] = member
  end
  return list
end

return allow_list
