--- Random Lua that mostly compiles, of few names, so that scopes, labels and captures meet.
-- `random_chunk(random)`, see spec.support.random.
-- @treturn string source of one chunk
local NAMES <const> = { "a", "b", "c", "d" }
local LABELS <const> = { "a", "x", "y" }
local BINARY <const> = { "+", "-", "*", "//", "%", "&", "|", "~", "<<", ">>", "..", "==", "~=",
  "<", "<=", ">", ">=", "and", "or" }
local UNARY <const> = { "- ", "not ", "#", "~" } -- two without spaces begin a comment

return function(random)
  local expression, block
  local has_varargs = { true }

  local function pick(list) return list[random(#list)] end
  local function name() return pick(NAMES) end

  local function names(separator)
    local list = {}
    for index = 1, random(3) do list[index] = name() end
    return table.concat(list, separator or ", ")
  end

  local function expressions(depth)
    local list = {}
    for index = 1, random(2) do list[index] = expression(depth) end
    return table.concat(list, ", ")
  end

  local function body(depth)
    local is_variadic = random(3) == 1
    has_varargs[#has_varargs + 1] = is_variadic
    local parameters = random(2) == 1 and names() or ""
    if is_variadic then parameters = parameters .. (parameters == "" and "..." or ", ...") end
    local text = ("(%s) %s end"):format(parameters, block(depth + 1))
    has_varargs[#has_varargs] = nil
    return text
  end

  local function prefix(depth)
    local text = random(8) == 1 and "(" .. expression(depth + 1) .. ")" or name()
    for _ = 2, random(3) do
      text = text .. pick { "." .. name(), "[" .. expression(depth + 1) .. "]",
        "(" .. expressions(depth + 1) .. ")", ":" .. name() .. "{}", " 's'" }
    end
    return text
  end

  function expression(depth)
    local kind = random(depth > 3 and 5 or 11)
    if kind <= 3 then return name() end
    if kind == 4 then return tostring(random(9)) end
    if kind == 5 then
      return pick { "nil", "true", "'s'", has_varargs[#has_varargs] and "..." or "1" }
    end
    if kind == 6 then return pick(UNARY) .. expression(depth + 1) end
    if kind == 7 then return "function" .. body(depth) end
    if kind == 8 then
      return ("{ %s, %s = %s, [%s] = %s }"):format(expression(depth + 1), name(),
        expression(depth + 1), expression(depth + 1), expression(depth + 1))
    end
    if kind == 9 then return prefix(depth) end
    return ("%s %s %s"):format(expression(depth + 1), pick(BINARY), expression(depth + 1))
  end

  local STATEMENTS <const> = {
    function(depth)
      local separator = random(4) == 1 and " <const>, " or ", "
      return "local " .. names(separator) .. " = " .. expressions(depth)
    end,
    function() return "local " .. names() end,
    function(depth) return names() .. " = " .. expressions(depth) end,
    function(depth) return prefix(depth) .. "." .. name() .. " = " .. expression(depth) end,
    function(depth) return prefix(depth) .. "(" .. expression(depth) .. ")" end,
    function(depth) return "local function " .. name() .. body(depth) end,
    function(depth)
      return "function " .. names "." .. (random(3) == 1 and ":m" or "") .. body(depth)
    end,
    function(depth) return "do " .. block(depth + 1) .. " end" end,
    function(depth) return ("while %s do %s end"):format(expression(depth), block(depth + 1)) end,
    function(depth) return ("repeat %s until %s"):format(block(depth + 1), expression(depth)) end,
    function(depth)
      return ("if %s then %s elseif %s then %s else %s end"):format(expression(depth),
        block(depth + 1), expression(depth), block(depth + 1), block(depth + 1))
    end,
    function(depth)
      return ("for %s = %s, %s do %s end"):format(name(), expression(depth), expression(depth),
        block(depth + 1))
    end,
    function(depth)
      return ("for %s in %s do %s end"):format(names(), expressions(depth), block(depth + 1))
    end,
    function() return random(4) == 1 and "goto " .. pick(LABELS) or ";" end,
    function() return random(3) == 1 and "::" .. pick(LABELS) .. "::" or ";" end,
    function(depth)
      local label = pick(LABELS)
      local inner = random(3) == 1 and "local " .. names() or "do " .. block(depth + 1) .. " end"
      return ("do goto %s; %s ::%s:: %s end"):format(label, inner, label, pick { "", ";", "a()" })
    end,
    function() return random(5) == 1 and "break" or ";" end,
  }

  function block(depth)
    local list = {}
    for index = 1, random(4) do
      list[index] = depth > 4 and ";" or pick(STATEMENTS)(depth)
    end
    if random(4) == 1 then list[#list + 1] = "::" .. pick(LABELS) .. "::" end
    if random(6) == 1 then list[#list + 1] = "return " .. expressions(depth) end
    return table.concat(list, " ")
  end

  return block(0)
end
