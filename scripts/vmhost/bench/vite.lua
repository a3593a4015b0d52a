--- How long bytecode runs: the programs of `$VMHOST_BENCH/programs`, with metering on, analysed
-- before, each run with fresh storage.
-- @module vmhost.bench.vite
local bench = require "vmhost.bench"
local crypto = require "vmhost.crypto"
local json = require "dkjson"
local vite_core = require "vmhost.vite_core"

local vite = { summary = "programs of Vite bytecode, in time per program" }

local ACCOUNT = ("\192"):rep(20) .. "\1"
local QUOTA = 1000000000000
-- A measure takes about this long, so that the call from Lua does not count.
local MEASURE_NS = 20000000
local PROGRAMS = { "p00_call_overhead", "p01_arith_loop", "p02_wide_modmath", "p03_modexp",
  "p04_exp", "p05_memcopy_words", "p07_memmix", "p08_stack_juggle", "p09_sieve",
  "p11_dispatch_chain", "p13_token_transfer", "p14_keccak_chain", "p15_blake2b_chain",
  "p20_sol_fib", "p21_sol_fib_rec", "p23_sol_quicksort", "p24_sol_bigmul", "p25_sol_matmul",
  "p27_sol_storage_array", "p28_sol_erc20" }

local function read_program(path)
  local file <close> = assert(io.open(path, "rb"))
  return assert(json.decode(file:read "a"))
end

-- The files given, else all of the programs that are there.
local function program_paths(options)
  if options.files and #options.files > 0 then return options.files end
  local paths = {}
  for _, name in ipairs(PROGRAMS) do
    paths[#paths + 1] = bench.peer_source("programs/" .. name .. ".json")
  end
  return paths
end

local function open_program(program)
  local world = vite_core.world()
  world:set_contract(ACCOUNT, { code = "\1" .. assert(crypto.unhex(program.code)) })
  local run = { request = { to = ACCOUNT, data = assert(crypto.unhex(program.input)) },
    quota = QUOTA }
  return world, run
end

local function is_right(program, outcome)
  return not outcome.error and crypto.hex(outcome.output) == program.expected_output
end

local function measure(world, run, clock)
  local start = clock()
  local outcome = assert(world:run(run))
  return (clock() - start) / (run.times or 1), outcome
end

local function measure_program(program, rounds, clock)
  local world <close>, run = open_program(program)
  local once, outcome = measure(world, run, clock)
  local ok = is_right(program, outcome)
  local times = {}
  run.times = math.max(1, math.floor(MEASURE_NS / once))
  for round = 1, rounds do
    times[round], outcome = measure(world, run, clock)
    ok = ok and is_right(program, outcome)
  end
  return { name = program.name, ok = ok, ns = bench.median(times) // 1,
    instructions = program.instructions, quota = QUOTA - outcome.quota_left }
end

--- Runs the suite.
-- @tparam table options files (default: all programs), rounds (default 7)
-- @tparam function clock nanoseconds
-- @tparam function report gets each result
function vite.run(options, clock, report)
  local paths = program_paths(options)
  if #paths == 0 then
    report { name = "no programs: set VMHOST_BENCH", ok = false, ns = 0 }
  end
  for _, path in ipairs(paths) do
    report(measure_program(read_program(path), options.rounds or 7, clock))
  end
end

return vite
