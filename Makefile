# `make run` and `make test` do everything on a fresh Debian 12; `make help` lists the rest.

LUA = lua5.4
CC = gcc
CFLAGS = -O2 -g
BUILD = build
SPECS = spec
SUITE = block lua storage
TARGET = $(HARNESSES)
FUZZ_MINUTES = 30
TREE = $(if $(PREFIX),--tree $(abspath $(PREFIX)),--local)

# Lua's rocks of the distribution; plain `lua`, `luarocks` and `busted` are not 5.4 there.
PACKAGES = gcc libc6-dev make pkg-config lua5.4 liblua5.4-dev libleveldb-dev libssl-dev luarocks \
    lua-busted lua-check lua-ldoc lua-argparse lua-cjson lua-dkjson lua-filesystem lua-readline \
    lua-luv lua-term lua-system valgrind gcovr cppcheck zip unzip expect tmux

# The tree is the list. The rockspec, which is data, lists the same files; a spec compares the two.
SOURCES := $(sort $(wildcard core/*/*.c bindings/*.c))
HEADERS := $(sort $(wildcard core/*/*.h bindings/*.h))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
CHECKS := $(patsubst spec/c/%.c,$(BUILD)/c/%,$(sort $(wildcard spec/c/*.c)))
HARNESSES = abi accounts frozen interpreter messages metadata source
FUZZERS := $(HARNESSES:%=$(BUILD)/fuzz/%)
# What feeds a harness: a main that replays files, unless FUZZ_DRIVER names another.
FUZZ_OBJECTS = $(filter $(BUILD)/core/%,$(OBJECTS)) $(BUILD)/spec/fuzz/harness.o \
    $(if $(FUZZ_DRIVER),,$(BUILD)/spec/fuzz/replay.o)

WARNINGS = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wconversion
# Asked when used: on a fresh machine there is no pkg-config before `deps`.
LUA_CFLAGS = $(shell pkg-config --cflags lua5.4)
LUA_LIBS = $(shell pkg-config --libs lua5.4)
COMPILE = $(CC) -std=c11 -D_GNU_SOURCE -fPIC -fvisibility=hidden $(WARNINGS) \
    -Icore $(LUA_CFLAGS) $(CFLAGS)
LIBS = -lleveldb -lcrypto -lpthread

SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc))
BUSTED = VMHOST_BUILD=$(abspath $(1)) $(2) $(LUA) "$$(command -v busted)" --ignore-lua
LUAROCKS = LUAROCKS_CONFIG=$(CURDIR)/tools/rocks_of_debian.lua luarocks-5.4
# readdir_r, which cppcheck would like better than readdir, is what libc advises against.
CPPCHECK = cppcheck --quiet --error-exitcode=1 --std=c11 --library=posix --inline-suppr \
    --enable=warning,performance,portability --suppress=readdirCalled -D_GNU_SOURCE -Icore
# Kept loaded to the end, so that a leak found there still has its lines.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -Wl,-z,nodelete
# Without the last one the leak check itself crashed in short processes (gcc 12).
ASAN_OPTIONS = detect_leaks=1:allocator_may_return_null=1:intercept_tls_get_addr=0
FUZZ = build/fuzz-clang
# No time at all would mean no end.
FUZZ_SECONDS = $$((60 * $(FUZZ_MINUTES) + 1))
# Clang's own, and silent about a pragma that only gcc has.
FUZZ_CFLAGS = -O2 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined \
    -fno-sanitize-recover=all -Wno-unknown-pragmas
export VMHOST_VECTORS ?= ../shared/vectors

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.PHONY: run test deps all check check-layers asan valgrind coverage soak crash fuzz mutants bench \
    doc install uninstall clean help with-checks always

run: all ## runs the tour: a chain on LevelDB, from genesis to a proof; an await; contracts in Lua
	@scripts/bin/vmhost run examples/tour.lua
	@printf '\n== Three contracts that await each other, one message a block\n'
	@scripts/bin/vmhost run examples/await.lua
	@printf '\n== Contracts in Lua: a token and a crowdfunding\n'
	@scripts/bin/vmhost run examples/contracts.lua

test: deps ## builds and runs all specs (SPECS=spec/state for some of them)
	@+$(SUBMAKE) with-checks
	@$(call BUSTED,$(BUILD)) $(SPECS)

deps: ## installs the Debian packages that are missing
	@tools/install_packages.sh $(PACKAGES)

all: deps ## builds build/vmhost.so
	@+$(SUBMAKE) $(BUILD)/vmhost.so

check: deps check-layers ## lints Lua and C, compiles with warnings as errors, lints the rockspec
	@luacheck --formatter plain scripts scripts/bin/vmhost spec examples tools
	@$(CPPCHECK) core bindings spec/c spec/fuzz
	@for header in $(HEADERS); do $(COMPILE) -Werror -fsyntax-only -x c $$header || exit 1; done
	@+$(SUBMAKE) BUILD=build/check CFLAGS='-O2 -Werror' with-checks
	@$(LUAROCKS) lint vmhost-scm-1.rockspec
	@echo "check: nothing found"

check-layers: deps ## holds the includes of core and bindings against the floors of the house
	@$(LUA) tools/check_layers.lua

asan: deps ## runs all specs under the address, leak and undefined behaviour sanitizers
	@+$(SUBMAKE) BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZE)' with-checks
	@$(call BUSTED,build/asan,LD_PRELOAD="$$($(CC) -print-file-name=libasan.so)" \
	    ASAN_OPTIONS=$(ASAN_OPTIONS)) --exclude-tags=install $(SPECS)

valgrind: deps ## runs the specs tagged `small` under valgrind
	@+$(SUBMAKE) with-checks
	@$(call BUSTED,$(BUILD),valgrind -q --error-exitcode=9 --leak-check=full \
	    --errors-for-leak-kinds=definite --keep-debuginfo=yes) --tags=small $(SPECS)

coverage: deps ## shows the lines of core that the specs run; fails below 90 %
	@+$(SUBMAKE) BUILD=build/coverage CFLAGS='-O0 -g --coverage -fprofile-update=atomic' \
	    with-checks
	@! grep -rnE "(LCOV|GCOVR?)_EXCL" core
	@find build/coverage -name '*.gcda' -delete
	@$(call BUSTED,build/coverage) --exclude-tags=install $(SPECS)
	@gcovr --root . --filter core/ --sort-percentage --print-summary --fail-under-line 90 \
	    build/coverage

soak: deps ## runs all specs with their full numbers
	@+$(SUBMAKE) with-checks
	@$(call BUSTED,$(BUILD),VMHOST_SOAK=1) $(SPECS)

crash: deps ## kills a committing process 2,000 times
	@+$(SUBMAKE) with-checks
	@$(call BUSTED,$(BUILD),VMHOST_CRASH_RUNS=2000) spec/flow/crash_spec.lua

fuzz: deps ## fuzzes each harness for FUZZ_MINUTES, from the kept inputs (TARGET=abi for one)
	@tools/install_packages.sh clang libclang-rt-dev
	@+$(SUBMAKE) BUILD=$(FUZZ) CC=clang FUZZ_DRIVER=-fsanitize=fuzzer CFLAGS='$(FUZZ_CFLAGS)' \
	    $(TARGET:%=$(FUZZ)/fuzz/%)
	@for target in $(TARGET); do \
	    mkdir -p $(FUZZ)/found/$$target && \
	    ASAN_OPTIONS=$(ASAN_OPTIONS) $(FUZZ)/fuzz/$$target -max_total_time=$(FUZZ_SECONDS) \
	        -max_len=4096 -timeout=20 -rss_limit_mb=2048 \
	        -dict=spec/fuzz/$$(test $$target = source && echo source || echo words).dict \
	        -print_final_stats=1 -artifact_prefix=$(FUZZ)/found/$$target- \
	        $(FUZZ)/found/$$target spec/vectors/fuzz/$$target || exit 1; \
	done

mutants: deps ## plants bugs, takes guards away, and expects a test to find each
	@$(LUA) tools/mutants.lua

bench: all ## measures (SUITE=block for one suite)
	@for suite in $(SUITE); do scripts/bin/vmhost bench $$suite || exit 1; done

doc: deps ## writes the Lua reference to docs/lua-api
	@ldoc --fatalwarnings .

install: deps ## installs the rock for this user, or into PREFIX
	@rm -rf $(BUILD)/rock && mkdir -p $(BUILD)/rock
	@cp -r vmhost-scm-1.rockspec LICENSE core bindings scripts $(BUILD)/rock
	@cd $(BUILD)/rock && $(LUAROCKS) make $(TREE) vmhost-scm-1.rockspec

uninstall: deps ## removes the rock again
	@$(LUAROCKS) remove $(TREE) vmhost

clean: ## removes all that was built
	@rm -rf build docs/lua-api lua_modules vmhost.so *.rock
	@find core bindings -name '*.o' -delete

help: ## lists these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "%-14s%s\n", $$1, $$2 }' Makefile

with-checks: $(BUILD)/vmhost.so $(CHECKS) $(FUZZERS)

$(BUILD)/vmhost.so: $(OBJECTS) $(BUILD)/objects
	@echo "link $@"
	@$(CC) -shared $(CFLAGS) -o $@ $(OBJECTS) $(LIBS)

$(BUILD)/%.o: %.c $(BUILD)/command
	@mkdir -p $(@D)
	@echo "compile $<"
	@$(COMPILE) -MMD -MP -c $< -o $@

# A check may define __wrap_NAME for a function of libc: every call of it in the house goes there.
$(BUILD)/c/%: spec/c/%.c $(OBJECTS) $(BUILD)/objects
	@mkdir -p $(@D)
	@echo "check $@"
	@$(COMPILE) -MMD -MP -o $@ $< $(OBJECTS) $(LIBS) $(LUA_LIBS) \
	    $$(grep -o '__wrap_[a-z_]*' $< | sort -u | sed 's/__wrap_/-Wl,--wrap=/')

# Allocations of the house are counted.
$(FUZZERS): $(BUILD)/fuzz/%: $(BUILD)/spec/fuzz/%.o $(FUZZ_OBJECTS) $(BUILD)/objects
	@mkdir -p $(@D)
	@echo "link $@"
	@$(CC) $(CFLAGS) -o $@ $< $(FUZZ_OBJECTS) $(FUZZ_DRIVER) $(LIBS) \
	    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free

# Change when the compiler or its flags do, or the list of sources, so that objects never mix.
$(BUILD)/command: CONTENT = $(COMPILE)
$(BUILD)/objects: CONTENT = $(OBJECTS)
$(BUILD)/command $(BUILD)/objects: always
	@mkdir -p $(@D)
	@echo '$(CONTENT)' | cmp -s - $@ || echo '$(CONTENT)' > $@

-include $(OBJECTS:.o=.d) $(CHECKS:=.d) $(wildcard $(BUILD)/spec/fuzz/*.d)
