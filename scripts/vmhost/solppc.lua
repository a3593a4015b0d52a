--- The Solidity++ compiler: drives the npm package `@vite/solppc` with node.
--
-- The package is looked for where VMHOST_SOLPPC says (its folder), in `node_modules` from the
-- current folder up, and among the global ones.
-- @module vmhost.solppc
local file = require "vmhost.file"
local json = require "dkjson"
local options = require "vmhost.options"
local wrong_use = require "vmhost.wrong_use"

local solppc = {}

local INSTALL <const> = "install it with `npm install @vite/solppc` (it needs node), "
  .. "or name its folder in VMHOST_SOLPPC"

-- Reads the job of the named file, writes what came of it to the standard output.
local DRIVER <const> = [[
const fs = require("fs"), path = require("path");
function found(request, paths) {
  try { return require.resolve(request, { paths: paths }); } catch (error) { return null; }
}
function find() {
  if (process.env.VMHOST_SOLPPC)
    return found(path.resolve(process.env.VMHOST_SOLPPC), [process.cwd()]);
  const prefix = path.resolve(path.dirname(process.execPath), "..");
  const roots = [prefix, "/usr/local", "/usr", process.env.npm_config_prefix || prefix];
  return found("@vite/solppc", [process.cwd()].concat(
    roots.map((root) => path.join(root, "lib"))));
}
const job = JSON.parse(fs.readFileSync(process.argv[1], "utf8"));
const place = find();
const answer = {};
if (place) {
  const compiler = require(place);
  answer.version = compiler.version();
  const wants_pragma = /^0\.8\.0/.test(answer.version);
  if (job.with_pragma)
    answer.output = compiler.compile(
      JSON.stringify(wants_pragma ? job.with_pragma : job.without_pragma));
}
process.stdout.write(JSON.stringify(answer));
]]

-- The text with comments and quoted texts blanked: what is left is code, at its places.
local function code_of(source)
  local function blank(text) return (text:gsub("[^\n]", " ")) end
  local position, pieces = 1, {}
  while position <= #source do
    local piece = source:match("^//[^\n]*", position) or source:match("^/%*.-%*/", position)
      or source:match('^"[^"\n]*"', position) or source:match("^'[^'\n]*'", position)
    pieces[#pieces + 1] = piece and blank(piece) or source:sub(position, position)
    position = position + #pieces[#pieces]
  end
  return table.concat(pieces)
end

local PRAGMA <const> = "pragma%s+()experimental(%s+)()Await(%s*;)"

-- Release 0.8.0 knows await only with `pragma experimental Await`, later ones do not know the
-- pragma. Ids of callbacks count the nodes before a call, so the pragma is exchanged for another
-- of the same length, or added behind everything: the code does not change.
local function with_pragma(source)
  local code = code_of(source)
  local needs = code:find "%f[%w_]await%f[^%w_]" and code:find "pragma%s+soliditypp"
    and not code:find(PRAGMA)
  return needs and source .. "\npragma experimental Await;\n" or source
end

local function without_pragma(source)
  local code = code_of(source)
  local language = code:match "pragma%s+(solidity%l*)" or "soliditypp"
  local feature, _, name = code:match(PRAGMA)
  while feature do
    local function put(place, old, new)
      source = source:sub(1, place - 1) .. new .. (" "):rep(#old - #new)
        .. source:sub(place + #old)
    end
    put(feature, "experimental", language)
    put(name, "Await", ">=0.0")
    feature, _, name = code:match(PRAGMA, name)
  end
  return source
end

local function input(sources, given, change)
  local texts = {}
  for name, text in pairs(sources) do texts[name] = { content = change(text) } end
  return {
    language = "Solidity",
    sources = texts,
    settings = {
      optimizer = { enabled = given.optimize or false, runs = given.runs or 200 },
      outputSelection = { ["*"] = { ["*"] = { "abi", "evm.bytecode", "evm.deployedBytecode",
        "evm.methodIdentifiers" } } },
    },
  }
end

local function quote(text)
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

local function failure_of_node(status, complaint)
  if status == 127 then
    return nil, "the Solidity++ compiler needs node: " .. INSTALL, "not_found"
  end
  return nil, "node failed: " .. complaint:sub(1, 1000), "script_error"
end

-- Runs the driver on a job.
local function run_node(job)
  local job_path, complaint_path = os.tmpname(), os.tmpname()
  local job_file = assert(io.open(job_path, "wb"))
  job_file:write(json.encode(job))
  job_file:close()
  local pipe = assert(io.popen(("node -e %s %s 2>%s"):format(quote(DRIVER), quote(job_path),
    quote(complaint_path))))
  local answer = json.decode(pipe:read "a")
  local _, _, status = pipe:close()
  local complaint = file.read(complaint_path) or ""
  os.remove(job_path)
  os.remove(complaint_path)
  if status ~= 0 or not answer then return failure_of_node(status, complaint) end
  if not answer.version then
    local place = os.getenv "VMHOST_SOLPPC"
    return nil, (place and "no compiler in VMHOST_SOLPPC=" .. place
      or "the Solidity++ compiler is not installed") .. ": " .. INSTALL, "not_found"
  end
  return answer
end

--- The version of the compiler.
-- @treturn[1] string such as "0.8.1-ci.2022.2.7+commit.a866dc5a.mod.Emscripten.clang"
-- @return[2] nil
-- @treturn[2] string message that says how to install it
-- @treturn[2] string code `not_found`
function solppc.version()
  local answer, message, code = run_node { version = true }
  if not answer then return nil, message, code end
  return answer.version
end

local function messages(output, severity)
  local list = {}
  for _, message in ipairs(output.errors or {}) do
    if message.severity == severity then
      list[#list + 1] = (message.formattedMessage or message.message):gsub("%s+$", "")
    end
  end
  return list
end

local function compiled_contract(contract)
  local links = contract.evm.bytecode.linkReferences
  return {
    abi = contract.abi,
    bytecode = contract.evm.bytecode.object,
    runtime = contract.evm.deployedBytecode.object,
    methodIdentifiers = contract.evm.methodIdentifiers,
    linkReferences = links and next(links) and links or nil,
  }
end

-- Contracts of all files by name; those of the file itself last, so that they stay.
local function contracts_of(output, main)
  local names, contracts = {}, {}
  for name in pairs(output.contracts or {}) do names[#names + 1] = name end
  table.sort(names, function(a, b)
    if (a == main) ~= (b == main) then return b == main end
    return a < b
  end)
  for _, source_name in ipairs(names) do
    for name, contract in pairs(output.contracts[source_name]) do
      contracts[name] = compiled_contract(contract)
    end
  end
  return contracts
end

--- Compiles Solidity++.
-- `pragma experimental Await` may stand in the source or not, whichever the release wants.
-- @tparam string source
-- @tparam[opt] table given `file`: its name, default "source.solpp"; `sources`: texts of
-- imported files by name; `optimize`, boolean; `runs`: of the optimizer, default 200
-- @treturn[1] table what a compiled JSON file holds: `compilerVersion`, `optimizer`, and
-- `contracts` by name, each with `abi`, `bytecode` (init code, hex), `runtime` (hex),
-- `methodIdentifiers`, and `linkReferences` where libraries are to be linked; and `warnings`
-- @return[2] nil
-- @treturn[2] string message, the compiler's own if the source is wrong
-- @treturn[2] string code `invalid_input`; `not_found` if there is no compiler; `script_error`
-- @raise for an unknown option, and for a source or an option of another type
function solppc.compile(source, given)
  given = options.check("solppc.compile", given, { "file", "sources", "optimize", "runs" })
  local name = given.file or "source.solpp"
  wrong_use.check("solppc.compile: source", source, "string")
  wrong_use.check("solppc.compile: file", name, "string")
  wrong_use.check("solppc.compile: sources", given.sources or {}, "table")
  wrong_use.check("solppc.compile: optimize", given.optimize or false, "boolean")
  wrong_use.check("solppc.compile: runs", given.runs or 0, "number")
  local sources = { [name] = source }
  for imported, text in pairs(given.sources or {}) do
    wrong_use.check(("solppc.compile: sources['%s']"):format(imported), text, "string")
    sources[imported] = sources[imported] or text
  end
  local answer, message, code = run_node {
    with_pragma = input(sources, given, with_pragma),
    without_pragma = input(sources, given, without_pragma),
  }
  if not answer then return nil, message, code end
  local output = assert(json.decode(answer.output))
  local faults = messages(output, "error")
  if #faults > 0 then return nil, table.concat(faults, "\n"), "invalid_input" end
  return {
    compilerVersion = answer.version,
    optimizer = given.optimize or false,
    contracts = contracts_of(output, name),
    warnings = messages(output, "warning"),
  }
end

-- "a/./b/../c.solpp" -> "a/c.solpp"; an import is relative to the file that it stands in.
local function join(folder, path)
  local parts = {}
  for part in (path:find "^/" and path or folder .. path):gmatch "[^/]+" do
    if part == ".." and #parts > 0 and parts[#parts] ~= ".." then
      parts[#parts] = nil
    elseif part ~= "." then
      parts[#parts + 1] = part
    end
  end
  return ((path:find "^/" or folder:find "^/") and "/" or "") .. table.concat(parts, "/")
end

-- The paths that a source imports, in order.
local function imports(source)
  local code, list = code_of(source), {}
  for start in code:gmatch "()%f[%w_]import%f[^%w_]" do
    local statement = source:sub(start, (code:find(";", start, true)))
    list[#list + 1] = statement:match '"([^"]*)"' or statement:match "'([^']*)'"
  end
  return list
end

local function read_imports(source, folder, sources)
  for _, path in ipairs(imports(source)) do
    local name = path:find "^%.%.?/" and join(folder, path) or path
    if not sources[name] then
      sources[name] = file.read(name)
      if sources[name] then read_imports(sources[name], name:match "^(.*/)" or "", sources) end
    end
  end
end

--- Compiles a file together with the files that it imports.
-- @tparam string path
-- @tparam[opt] {optimize=boolean,runs=integer} given
-- @treturn[1] table as of `compile`
-- @return[2] nil
-- @treturn[2] string message
-- @treturn[2] string code as of `compile`, or of `vmhost.file` if the file cannot be read
-- @raise as `compile`
function solppc.compile_file(path, given)
  given = options.check("solppc.compile_file", given, { "optimize", "runs" })
  wrong_use.check("solppc.compile_file: path", path, "string")
  local source, message, code = file.read(path)
  if not source then return nil, message, code end
  local sources = {}
  read_imports(source, path:match "^(.*/)" or "", sources)
  return solppc.compile(source, { file = path, sources = sources, optimize = given.optimize,
    runs = given.runs })
end

return solppc
