--- What a run of the specs prints: each failure as it happens, a line per folder of specs, why
-- each skipped spec was skipped, and last of all `N passed, N failed, N skipped`.
-- On a terminal the file that runs is shown meanwhile. `busted --verbose` adds tracebacks.
local term = require "term"

local ERASE_LINE = "\r\27[K"

local function indent(text)
  return "    " .. (text:gsub("%s+$", ""):gsub("\n", "\n    "))
end

local function place_of(report)
  local trace = report.element.trace
  if not (trace and trace.short_src) then return "" end
  return ("%s:%d: "):format(trace.short_src, trace.currentline)
end

return function(options)
  local busted = require "busted"
  local handler = require "busted.outputHandlers.base"()
  local on_terminal = term.isatty(io.stdout)
  local progress_shown = false
  local folder, folder_start, counted_before = nil, 0, nil

  -- An error outside of any spec (a file that does not load, a failed set-up) counts as failed.
  local function counts()
    return {
      passed = handler.successesCount,
      failed = handler.failuresCount + handler.errorsCount,
      skipped = handler.pendingsCount,
    }
  end

  local function show_progress(text)
    if not on_terminal then return end
    io.write(ERASE_LINE, text)
    io.flush()
    progress_shown = true
  end

  local function print_line(text)
    if progress_shown then io.write(ERASE_LINE) end
    progress_shown = false
    io.write(text, "\n")
    io.flush()
  end

  local function end_folder()
    if not folder then return end
    local now, line = counts(), {}
    for _, outcome in ipairs { "passed", "failed", "skipped" } do
      local count = now[outcome] - counted_before[outcome]
      if count > 0 or outcome == "passed" then line[#line + 1] = count .. " " .. outcome end
    end
    print_line(("%-24s %7.1f s   %s"):format(folder, busted.monotime() - folder_start,
      table.concat(line, ", ")))
  end

  local function start_file(file)
    local next_folder = file.name:match "^(.*)/" or "."
    if next_folder ~= folder then
      end_folder()
      folder, folder_start, counted_before = next_folder, busted.monotime(), counts()
    end
    show_progress(file.name)
    return nil, true
  end

  local function report_failure(element, parent, message, trace)
    local report = handler.format(element, parent, message, trace)
    local reason = tostring(message or "no reason given")
    if options.verbose and trace and trace.traceback then reason = reason .. trace.traceback end
    print_line(("\nFAILED %s%s\n%s\n"):format(place_of(report), report.name, indent(reason)))
    return nil, true
  end

  local function end_suite()
    end_folder()
    for _, report in ipairs(handler.pendings) do
      print_line(("skipped: %s%s: %s"):format(place_of(report), report.name,
        (tostring(report.message or "no reason given"):gsub("^[^%s:]*busted:%d+: ", ""))))
    end
    local total = counts()
    print_line(("%d passed, %d failed, %d skipped"):format(total.passed, total.failed,
      total.skipped))
    return nil, true
  end

  busted.subscribe({ "file", "start" }, start_file)
  busted.subscribe({ "failure" }, report_failure)
  busted.subscribe({ "error" }, report_failure)
  busted.subscribe({ "suite", "end" }, end_suite)
  return handler
end
