--- Guards of the machine of Lua contracts, each taken away, and the specs that have to notice.
-- `hostile`: the hostile program by that name is to notice; `checks`: programs to be built for it.
local CORE <const>, SPEC <const> = "core/contractlua/", "spec/contractlua/"
local LANGUAGE <const> = { "language" }
local HOSTILE <const> = { "hostile" }
-- What spec/contractlua/table_spec runs.
local TABLES <const> = "tables table_cases table_cost table_speed"

local mutants = {}

-- `specs` by their names in spec/contractlua.
local function guard(name, file, old, new, specs, extra)
  local tests = {}
  for index, spec in ipairs(specs) do tests[index] = SPEC .. spec .. "_spec.lua" end
  local mutant = { name = name, file = CORE .. file, old = old, new = new,
    test = table.concat(tests, " ") }
  for key, value in pairs(extra or {}) do mutant[key] = value end
  mutants[#mutants + 1] = mutant
end

local function hostile(name, file, old, new, program)
  guard(name, file, old, new, HOSTILE, { hostile = program })
end

-- ---- the source

hostile("sources nest without end", "parse_state.h",
  "if (parser->level++ < VMH_LUA_MAX_NESTING)", "if (parser->level++ < 2 * VMH_LUA_MAX_NESTING)",
  "250 nested parentheses")
hostile("sources of any size are read", "parser.c",
  "    if (source_size > VMH_LUA_MAX_SOURCE) {", "    if (source_size > 2u * VMH_LUA_MAX_SOURCE) {",
  "a byte more than a megabyte")
hostile("a function has any number of locals", "scope.c",
  "first_local == VMH_LUA_MAX_LOCALS &&", "first_local == 2 * VMH_LUA_MAX_LOCALS &&",
  "220 locals in scope")
hostile("a function names any number of outer locals", "scope.c",
  "capture_count == VMH_LUA_MAX_CAPTURES &&", "capture_count == 2 * VMH_LUA_MAX_CAPTURES &&",
  "a function that names 256 outer locals")
guard("functions together name any number of outer locals", "scope.c",
  "capture_count++ != VMH_LUA_MAX_ALL_CAPTURES ||", "capture_count++ != SIZE_MAX ||",
  { "limits" }, { checks = "parse" })
hostile("a statement holds any number of values", "emitter.h",
  "if (count > VMH_LUA_MAX_REGISTERS - first)", "if (count > 5000 - first)",
  "a call of 300 arguments")

guard("any operator has an instruction for 32,767", "compile_operator.c",
  "NONE = INT32_MAX", "NONE = INT16_MAX", LANGUAGE)
guard("an operator leaves those that bind as much on its left", "parse_expression.c",
  "of->bindings & ((1u << rule->left) - 1)", "of->bindings & ((2u << rule->left) - 1)", LANGUAGE)
guard("operators in a row count as deep as one", "parse_expression.c",
  "    parser->level = of->level[around];\n", "    parser->level = of->level[0];\n", { "limits" },
  { checks = "parse" })
guard("what a function names stays hidden behind it", "emitter.c",
  "        hidden->name->constant_holder = hidden->holder;\n", "", LANGUAGE)
guard("a constant of a function around is not hidden", "emitter.c",
  "(to->compiler->is_open[name->constant_holder] && !hide_constant(to, name))", "false",
  LANGUAGE)

-- ---- memory of the compiler

guard("a code keeps what another source touched", "items.c",
  "    vmh_lua_slab_use(piece->slab, used);\n", "", { "cost" }, { checks = "prices codes" })
guard("slabs are kept without end", "room.c", "slab.memory != NULL ? slab : map(",
  "false ? slab : map(", { "cost" }, { checks = "prices codes" })
guard("a list larger than asked for is told by what was asked", "items.c",
  "    *capacity = (uint32_t)(slab.size / size);\n", "    *capacity = (uint32_t)count;\n",
  { "cost" }, { checks = "prices codes" })

-- ---- depth and lists

guard("frames are not counted by the loop", "interpreter_steps.h",
  "        L->depth >= VMH_LUA_MAX_FRAMES || running", "        running", LANGUAGE)
guard("frames are not counted on the slow road", "call.c",
  "if (L->depth >= VMH_LUA_MAX_FRAMES) {", "if (L->depth >= 2 * VMH_LUA_MAX_FRAMES) {", LANGUAGE)
hostile("a resumed coroutine is not counted", "call.c",
  "if (L->depth > VMH_LUA_MAX_FRAMES)", "if (false)", "deep coroutines that are resumed from deep")
guard("frames that ended stay counted", "call.c",
  "    L->running->frame_count--;\n    L->depth--;\n", "    L->running->frame_count--;\n", LANGUAGE)
guard("a call takes any number of arguments", "call.c",
  "        return vmh_lua_raise_plain(L, \"too many values\");\n    if (argument_count != named",
  "        (void)0;\n    if (argument_count != named", LANGUAGE)
guard("a tail call takes any number of arguments", "call.c",
  "        return vmh_lua_raise_plain(L, \"too many values\");\n"
    .. "    if (!vmh_lua_charge_moved(L, arg",
  "        (void)0;\n    if (!vmh_lua_charge_moved(L, arg", LANGUAGE)
guard("a function gives any number of results", "call.c",
  "    if (count > VMH_LUA_MAX_VALUES)\n", "    if (false)\n", LANGUAGE)
guard("table.unpack gives any number of results", "lib_table.c",
  "(uint64_t)frame->numbers[NEXT] >= VMH_LUA_MAX_VALUES)",
  "(uint64_t)frame->numbers[NEXT] >= INT32_MAX)", LANGUAGE)
hostile("string.byte gives any number of results", "lib_string.c",
  "if (to - from >= VMH_LUA_MAX_VALUES)", "if (false)", "a list of more bytes than may be")
guard("string.unpack gives any number of results", "pack.c",
  "if (*count + 1 >= VMH_LUA_MAX_VALUES) {", "if (false) {", { "pack" })
guard("utf8.codepoint gives any number of results", "lib_utf8.c",
  "if (count == VMH_LUA_MAX_VALUES)", "if (false)", { "utf8" })
guard("__index chains without end", "call.c",
  "    vmh_lua_value first = object;\n\n"
    .. "    for (int hops = 0; hops < VMH_LUA_MAX_CHAIN; hops++) {\n"
    .. "        vmh_lua_value method, value",
  "    vmh_lua_value first = object;\n\n    for (int hops = 0; hops < 100000; hops++) {\n"
    .. "        vmh_lua_value method, value", LANGUAGE)
guard("__newindex chains without end", "call.c",
  "hops < VMH_LUA_MAX_CHAIN; hops++) {\n        vmh_lua_value method = vmh_lua_nil();",
  "hops < 100000; hops++) {\n        vmh_lua_value method = vmh_lua_nil();", LANGUAGE)
guard("__call chains without end", "call.c",
  "hops < VMH_LUA_MAX_CHAIN; hops++) {\n        vmh_lua_value called",
  "hops < 100000; hops++) {\n        vmh_lua_value called", LANGUAGE)
guard("the library follows __index without end", "access.c",
  "hops < VMH_LUA_MAX_CHAIN; hops++) {\n        vmh_lua_value method;\n",
  "hops < 100000; hops++) {\n        vmh_lua_value method;\n", LANGUAGE)
guard("the library follows __newindex without end", "access.c",
  "hops < VMH_LUA_MAX_CHAIN; hops++) {\n        vmh_lua_value method = vmh_lua_nil();",
  "hops < 100000; hops++) {\n        vmh_lua_value method = vmh_lua_nil();", LANGUAGE)
guard("ipairs follows __index without end", "lib_base.c", "if (hops == VMH_LUA_MAX_CHAIN)",
  "if (hops == 100000)", LANGUAGE)

-- ---- gas

guard("out of gas in the loop is an error", "interpreter_loop.h",
  "    L->gas = 0;\n    L->stop = VMH_LUA_STOP_GAS;\n    frame->ip = ip;\n    return;\n",
  "    L->gas = 100;\n    frame->ip = ip;\n    act = VMH_LUA_ACT_RAISE;\n    goto changed;\n",
  LANGUAGE)
guard("out of gas elsewhere can be caught", "state.c",
  "    L->gas = 0;\n    L->stop = VMH_LUA_STOP_GAS;\n    return false;\n",
  "    L->gas = 0;\n    return false;\n", LANGUAGE)
guard("a turn of a numeric for is free", "interpreter_loop.h",
  "    PAY(i.d);\n    at[1].as.integer", "    at[1].as.integer", { "gas" })
guard("a turn of a generic for is free", "interpreter_loop.h",
  "    PAY(VMH_LUA_GAS_FOR_IN_TURN);\n", "", { "gas" })
guard("a jump is free", "interpreter_loop.h", "do_JUMP:\n    PAY(i.d);\n", "do_JUMP:\n", { "gas" })
guard("the first stretch of a function is free", "interpreter_loop.h",
  "        PAY(proto->entry_charge);\n", "", { "gas" })
guard("the stretch behind a call is free", "interpreter_loop.h", "        PAY(ip[-1].d);\n", "",
  { "gas" })
guard("steps of a pattern are free", "match.c",
  "(steps - s->matcher.steps) * VMH_LUA_GAS_PER_STEP", "(uint64_t)0", { "gas" })
guard("reading a pattern is free", "match.c",
  "vmh_lua_charge(L, pattern.size * VMH_LUA_GAS_PER_STEP)", "vmh_lua_charge(L, 0)", { "gas" })
guard("a plain find is free", "match.c",
  "(at == SIZE_MAX ? rest.size + 3 : at + needle.size + 3) / 4 *\n"
    .. "                               VMH_LUA_GAS_PER_SOUGHT", "(uint64_t)0", { "gas" })
guard("the needle of a plain find is free", "match.c",
  "vmh_lua_charge(L, needle.size * VMH_LUA_GAS_PER_STEP)", "vmh_lua_charge(L, 0)", { "gas" })
guard("string.rep is free", "lib_string.c",
  "    if (!vmh_lua_charge_made(L, size))\n        return vmh_lua_stopped(L);\n    made = ",
  "    made = ", { "gas" })
guard("`..` is free", "arithmetic.c",
  "    if (!vmh_lua_charge_made(L, size))\n        return false;\n    joined", "    joined",
  { "gas" })
guard("built strings are free", "builder.c", "    if (!vmh_lua_charge_made(L, size))\n",
  "    if (false)\n", { "gas" })
guard("strings are compared for nothing", "arithmetic.c",
  "        if (!vmh_lua_charge_bytes(L, size))\n"
    .. "            return VMH_LUA_ACT_STOP;\n        order",
  "        order", { "gas" })
guard("equal strings are compared for nothing", "arithmetic.c",
  "        !vmh_lua_charge_bytes(L, left.as.string->size))\n", "        false)\n", { "gas" })
guard("a sort is free", "sort.c", "vmh_lua_charge(s->L, s->count * VMH_LUA_GAS_PER_STEP)",
  "vmh_lua_charge(s->L, 0)", { "gas" })
guard("moved elements are free", "lib_table.c",
  "vmh_lua_charge(L, (uint64_t)numbers[COUNT] * VMH_LUA_GAS_PER_STEP)", "vmh_lua_charge(L, 0)",
  { "gas" })
guard("read elements are free", "lib_table.c",
  "    int64_t index = frame->numbers[NEXT];\n\n"
    .. "    if (!vmh_lua_charge(L, 2 * VMH_LUA_GAS_PER_STEP)) {",
  "    int64_t index = frame->numbers[NEXT];\n\n    if (!vmh_lua_charge(L, 0)) {", { "gas" })
guard("a large table costs what a small one does", "call.c", "size <= 4096     ? 0",
  "size <= 4096000  ? 0", { "gas" })
guard("a long key costs what a short one does", "call.c", "key.as.string->size > 40)",
  "key.as.string->size > 4000000)", { "gas" })
guard("a new key costs what an old one does", "state.c",
  "!vmh_lua_charge(L, VMH_LUA_GAS_NEW_KEY))", "!vmh_lua_charge(L, 0))", { "gas" })
guard("`next` passes slots for nothing", "lib_base.c",
  "    case VMH_LUA_NEXT_FOUND:\n        break;\n    }\n    if (!vmh_lua_charge_slots(L, work))",
  "    case VMH_LUA_NEXT_FOUND:\n        break;\n    }\n    if (false)", { "gas" })
guard("hops of __index are free", "call.c",
  "        vmh_lua_value method, value = vmh_lua_nil();\n\n"
    .. "        if (hops > 0 && !vmh_lua_charge(L, VMH_LUA_GAS_PER_HOP))",
  "        vmh_lua_value method, value = vmh_lua_nil();\n\n        if (false)", { "gas" })
guard("a uint256 costs what an integer does", "arithmetic.c",
  "is_division ? VMH_LUA_GAS_UINT256_DIVISION : VMH_LUA_GAS_UINT256", "is_division ? 0 : 0",
  { "gas" })
guard("the text of a uint256 costs what that of an integer does", "state.c",
  "value.tag != VMH_LUA_UINT256 || vmh_lua_charge(L, VMH_LUA_GAS_UINT256_TEXT)",
  "value.tag != VMH_LUA_UINT256 || vmh_lua_charge(L, VMH_LUA_GAS_INTEGER_TEXT)", { "gas" })
guard("a resume is free", "call.c",
  "if (!vmh_lua_charge(L, VMH_LUA_GAS_RESUME) || !vmh_lua_charge_moved(L, count))",
  "if (!vmh_lua_charge_moved(L, count))", { "gas" })
guard("values of a resume are free", "call.c",
  "if (!vmh_lua_charge(L, VMH_LUA_GAS_RESUME) || !vmh_lua_charge_moved(L, count))",
  "if (!vmh_lua_charge(L, VMH_LUA_GAS_RESUME))", { "gas" })
guard("results are handed on for nothing", "call.c",
  "    if (!vmh_lua_charge_moved(L, count))\n        return VMH_LUA_ACT_STOP;\n    ended.back",
  "    ended.back", { "gas" })
guard("varargs are free", "interpreter_steps.h",
  "(uint64_t)VMH_LUA_GAS_PER_VALUE * count) ||", "(uint64_t)0) ||", { "gas" })
guard("the library hands arguments on for nothing", "call.c",
  "        if (!vmh_lua_charge_moved(L, frame->call_count))\n"
    .. "            return VMH_LUA_ACT_STOP;\n",
  "", { "gas" })

-- ---- memory

for _, part in ipairs {
  { "strings are not counted", "string.c", "VMH_LUA_STRING_COST + size))", "0))" },
  { "uint256 values are not counted", "string.c", "vmh_lua_heap_count(heap, VMH_LUA_UINT256_COST)",
    "vmh_lua_heap_count(heap, 0)" },
  { "tables are not counted", "table.c", "vmh_lua_heap_count(heap, VMH_LUA_TABLE_COST)",
    "vmh_lua_heap_count(heap, 0)" },
  { "keys by name are not counted", "table.c",
    "    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))\n"
      .. "        return false;\n    table->epoch++;\n"
      .. "    if (old", "    table->epoch++;\n    if (old" },
  { "appended keys are not counted", "table.c",
    "    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))\n"
      .. "        return false;\n    table->epoch++;\n"
      .. "    if (!push", "    table->epoch++;\n    if (!push" },
  { "filled holes are not counted", "table.c",
    "    if (!vmh_lua_heap_count(heap, VMH_LUA_KEY_COST))\n"
      .. "        return false;\n    table->epoch++;\n"
      .. "    table->items", "    table->epoch++;\n    table->items" },
  { "closures are not counted", "interpreter_steps.h", "VMH_LUA_CLOSURE_COST +", "0 +" },
  { "captures are not counted", "interpreter_steps.h", "(uint64_t)VMH_LUA_CAPTURE_COST *",
    "(uint64_t)0 *" },
  { "captured locals are not counted", "interpreter_steps.h",
    "vmh_lua_heap_count(&L->heap, VMH_LUA_CELL_COST)", "vmh_lua_heap_count(&L->heap, 0)" },
  { "coroutines are not counted", "lib_coroutine.c",
    "vmh_lua_heap_count(&L->heap, VMH_LUA_COROUTINE_COST)", "vmh_lua_heap_count(&L->heap, 0)" },
  { "what wrap gives is not counted", "lib_coroutine.c",
    "vmh_lua_heap_count(&L->heap, VMH_LUA_CLOSURE_COST)", "vmh_lua_heap_count(&L->heap, 0)" },
  { "what gmatch gives is not counted", "match.c",
    "VMH_LUA_CLOSURE_COST + KEPT_COUNT * VMH_LUA_CAPTURE_COST", "0" },
  { "frames are not counted", "compile.c",
    "VMH_LUA_FRAME_COST + VMH_LUA_SLOT_COST * (of->variable_count + operands)",
    "VMH_LUA_SLOT_COST * (of->variable_count + operands)" },
  { "locals are not counted", "compile.c",
    "VMH_LUA_SLOT_COST * (of->variable_count + operands)", "VMH_LUA_SLOT_COST * operands" },
  { "operands that wait are not counted", "compile.c",
    "VMH_LUA_SLOT_COST * (of->variable_count + operands)",
    "VMH_LUA_SLOT_COST * of->variable_count" },
  { "passed values are not counted", "call.c",
    "proto->frame_cost + VMH_LUA_SLOT_COST * frame->vararg_count", "proto->frame_cost" },
  { "frames of the library are not counted", "call.c",
    "VMH_LUA_FRAME_COST + VMH_LUA_SLOT_COST * argument_count", "0" },
  { "unpacked values are not counted", "lib_table.c",
    "vmh_lua_count_frame(L, frame, (uint64_t)count * VMH_LUA_SLOT_COST)",
    "vmh_lua_count_frame(L, frame, 0)" },
  { "sorted values are not counted", "sort.c",
    "vmh_lua_count_frame(L, frame, (uint64_t)count * VMH_LUA_SLOT_COST)",
    "vmh_lua_count_frame(L, frame, 0)" },
  { "built strings are not counted", "builder.c",
    "vmh_lua_heap_count(&L->heap, size + (builder->string == NULL ? VMH_LUA_STRING_COST : 0))",
    "vmh_lua_heap_count(&L->heap, 0)" },
  { "strings that are built on are not counted", "builder.c",
    "    if (!vmh_lua_heap_count(&L->heap, size))\n", "    if (false)\n" },
} do
  guard(part[1], part[2], part[3], part[4], { "memory" })
end
guard("out of memory can be caught", "state.c",
  "        L->stop = VMH_LUA_STOP_MEMORY;\n",
  "        L->heap.is_over = false;\n        return VMH_LUA_STEP_RAISE;\n", LANGUAGE)
hostile("deleted keys are walked again and again", "table.c",
  "        entry->value = deleted(epoch, live);\n", "        (void)epoch;\n        (void)entry;\n",
  "next over deleted keys")
guard("a key that comes again takes another slot", "table.c",
  "add_to_index(table, hash, table->entry_count, old);",
  "add_to_index(table, hash, table->entry_count, NOWHERE);", { "table" }, { checks = TABLES })
guard("`next` takes any key", "table.c",
  "    if (position == NOWHERE || !vmh_lua_table_knows(table, &table->entries[position]))\n",
  "    if (position == NOWHERE)\n", LANGUAGE)
mutants[#mutants + 1] = { name = "hashes are the same in every process",
  file = "core/base/siphash.c", new = "",
  old = "if (getrandom(key, sizeof key, 0) != (ssize_t)sizeof key)",
  test = SPEC .. "table_spec.lua", checks = TABLES }

-- ---- the library

guard("string.rep does not look at its size", "lib_string.c",
  "if (unit != 0 && unit > INT64_MAX / count)", "if (false)", { "string" })
guard("a directive has any length", "format.c", "if (end - f->at > MAX_DIRECTIVE) {",
  "if (false) {", { "format" })
guard("a width has any number of digits", "format.c", "for (int i = 0; i < 2 && *at",
  "for (int i = 0; i < 9 && *at", { "format" })
guard("pack takes integers of any size", "pack.c", "if (*size >= 1 && *size <= MAX_INTEGER_SIZE)",
  "if (*size >= 1)", { "pack" })
guard("pack cuts signed integers", "pack.c", "if (number < -limit || number >= limit)",
  "if (false)", { "pack" })
guard("pack cuts unsigned integers", "pack.c",
  "(uint64_t)number >> o->size * 8 != 0) {", "false) {", { "pack" })
guard("packsize gives any size", "pack.c", "if (total > INT32_MAX)", "if (false)", { "pack" })
guard("unpack reads behind the data", "pack.c",
  "if (o->to_align + o->size > data.size - *at)", "if (false)", { "pack" })
guard("unpack reads strings behind the data", "pack.c",
  "if ((uint64_t)size > data.size - *at)", "if (false)", { "pack" })
guard("utf8.char takes any code", "lib_utf8.c", "if ((uint64_t)code > MAX_CODE)", "if (false)",
  { "utf8" })
guard("surrogates are characters", "lib_utf8.c", "(read >= 0xD800 && read <= 0xDFFF)", "false",
  { "utf8" })
guard("characters are as long as they like", "lib_utf8.c", "if (read < least[size] ||\n",
  "if (", { "utf8" })
guard("table.move wraps around", "lib_table.c", "if (to > INT64_MAX - count + 1) {", "if (false) {",
  { "table_functions" })
guard("table.move counts more than there are", "lib_table.c",
  "if (from <= 0 && last >= INT64_MAX + from) {", "if (false) {", { "table_functions" })
guard("a sort takes all integers", "sort.c", "if (count >= INT32_MAX / 2) {", "if (false) {",
  { "sort" })
guard("patterns have any number of items", "pattern.c",
  "pattern->item_count < VMH_LUA_MAX_PATTERN_ITEMS\n", "true\n", { "pattern" })
guard("patterns have any number of captures", "pattern.c",
  "if (pattern->capture_count == VMH_LUA_MAX_MATCH_CAPTURES)", "if (false)", { "pattern" })

-- ---- numbers

for _, part in ipairs {
  { "uint256 sums wrap", 'vmh_word_add(a, b, out) ? "uint256 overflow" : NULL',
    "vmh_word_add(a, b, out) ? NULL : NULL" },
  { "uint256 differences wrap", 'vmh_word_sub(a, b, out) ? "uint256 underflow" : NULL',
    "vmh_word_sub(a, b, out) ? NULL : NULL" },
  { "uint256 products wrap", 'vmh_word_mul(a, b, out) ? "uint256 overflow" : NULL',
    "vmh_word_mul(a, b, out) ? NULL : NULL" },
  { "uint256 are divided by zero",
    "        if (vmh_word_is_zero(b))\n            return \"attempt to perform 'n//0'\";\n", "" },
  { "uint256 have a rest by zero",
    "        if (vmh_word_is_zero(b))\n            return \"attempt to perform 'n%%0'\";\n", "" },
  { "a uint256 has a negative", "    else if (vmh_word_is_zero(value.as.word))\n",
    "    else if (true)\n" },
  { "a negative integer meets a uint256", "if (!take_word(left, &a) || !take_word(right, &b)) {",
    "if (take_word(left, &a) + take_word(right, &b) > 2) {" },
} do
  guard(part[1], "arithmetic.c", part[2], part[3], { "uint256" }, { checks = "uint256" })
end
guard("integers are divided by zero", "arithmetic.c",
  "        if (b == 0) {\n            *text = \"attempt to perform 'n//0'\";",
  "        if (false) {\n            *text = \"attempt to perform 'n//0'\";", LANGUAGE)
guard("integers have a rest by zero", "arithmetic.c",
  "        if (b == 0) {\n            *text = \"attempt to perform 'n%%0'\";",
  "        if (false) {\n            *text = \"attempt to perform 'n%%0'\";", LANGUAGE)
guard("the least integer is divided by -1", "arithmetic.c",
  "    if (b == -1)\n        return wrap(0 - (uint64_t)a);\n", "", LANGUAGE)

-- ---- what nobody may change, and who may not wait

for _, part in ipairs {
  { "a contract changes the library", "call.c",
    "    if (vmh_lua_is_fixed(L, table))\n        return vmh_lua_raise_plain(",
    "    if (false)\n        return vmh_lua_raise_plain(" },
  { "the library changes the library", "access.c", "    if (vmh_lua_is_fixed(L, table)) {",
    "    if (false) {" },
  { "rawset changes the library", "lib_base.c",
    "        return vmh_lua_raise_text(L, \"table index is nil\");\n"
      .. "    if (vmh_lua_is_fixed(L, table))",
    "        return vmh_lua_raise_text(L, \"table index is nil\");\n    if (false)" },
  { "setmetatable changes the library", "lib_base.c",
    "protected metatable\");\n    if (vmh_lua_is_fixed(L, table))",
    "protected metatable\");\n    if (false)" },
  { "a key changes the library", "interpreter_loop.h",
    "value->tag != VMH_LUA_NIL && !IS_FIXED(object->as.table) &&\n               is_plain",
    "value->tag != VMH_LUA_NIL &&\n               is_plain" },
  { "a field changes the library", "interpreter_loop.h",
    "        !IS_FIXED(object->as.table) && is_plain_access(", "        is_plain_access(" },
  { "the metatable of strings changes", "library.c", "    metatable->is_read_only = true;\n", "" },
  { "a protected metatable changes", "lib_base.c",
    "        return vmh_lua_raise_text(L, \"cannot change a protected metatable\");",
    "        (void)0;" },
  { "a callback of the library waits", "access.c", "    frame->is_callback_barrier = true;\n", "" },
  { "the main chunk waits", "call.c", "    return running != L->main;\n", "    return true;\n" },
  { "a running coroutine is resumed", "lib_coroutine.c",
    "    if (which->status != VMH_LUA_COROUTINE_SUSPENDED) {",
    "    if (which->status == VMH_LUA_COROUTINE_DEAD) {" },
  { "wrap resumes a running coroutine", "lib_coroutine.c",
    "    if (which->status != VMH_LUA_COROUTINE_SUSPENDED)\n", "    if (false)\n" },
  { "a running coroutine is closed", "lib_coroutine.c",
    "    if (which->status == VMH_LUA_COROUTINE_RUNNING || ", "    if (false && " },
} do
  guard(part[1], part[2], part[3], part[4], { "language", "protected" })
end

-- ---- contracts on a chain

for _, part in ipairs {
  { "a method that only reads writes", "sdk.c", "        .is_read_only = sdk->is_read_only,\n", "",
    { "processor" } },
  { "gas of what is called is forgotten", "sdk.c", "    L->gas -= (int64_t)result.gas_used;\n", "",
    { "sdk" } },
  { "the main chunk asks the host", "sdk.c", "    if (!L->sdk->is_declaring)\n",
    "    if (true)\n", { "processor" } },
  { "memory of what is called is forgotten", "invocation.c",
    "        vmh_lua_heap_count(&outer->L->heap, call->L->heap.counted);\n", "", { "sdk" } },
  { "a caller catches that the gas is out", "invocation.c",
    "call->out->ends_execution = outcome->stop != VMH_LUA_STOP_NONE;",
    "call->out->ends_execution = false;", { "sdk" } },
  { "a large source is entered for nothing", "invocation.c",
    "size > USUAL_SOURCE ? size - USUAL_SOURCE : 0", "0", { "processor" } },
  { "what waits is stored for nothing", "invocation_await.c",
    "L, size * VMH_LUA_GAS_MESSAGE_BYTE", "L, 0", { "await" } },
  { "what waits for several is stored for nothing", "invocation_await.c",
    "stored.size * VMH_LUA_GAS_MESSAGE_BYTE", "0", { "await_all" } },
  { "anybody calls internal methods", "lua_processor.c",
    "method->method.is_internal && input->calling_permission_scope != VMH_PERMISSION_SYSTEM",
    "false", { "processor" } },
  { "zero is kept", "handle.c", "    if (vmh_lua_is_zero_scalar(scalar, bytes))\n",
    "    if (false)\n", { "kept" } },
  { "a list has holes", "handle.c", "is_removal ? place != count : place > count + 1",
    "is_removal ? place != count : false", { "kept" } },
  { "an event is emitted for nothing", "lib_sdk.c",
    "    if (!vmh_lua_charge(L, VMH_LUA_GAS_EVENT))\n", "    if (false)\n", { "sdk" } },
} do
  guard(part[1], part[2], part[3], part[4], part[5])
end

return mutants
