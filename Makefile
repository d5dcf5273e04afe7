# What people type. Everything else is cargo: `cargo build --release` makes target/release/smart51.

# rust-toolchain.toml names 1.95.0. Where rustup has it under the name `stable` alone, that is taken and nothing has to
# be downloaded.
ifneq ($(shell rustup toolchain list 2>/dev/null | grep '^1\.95\.0'),)
else ifneq ($(shell rustc +stable --version 2>/dev/null | grep '^rustc 1\.95\.0 '),)
export RUSTUP_TOOLCHAIN := stable
endif

# Commands that the tests run, and the Debian packages that bring them. s51 is SDCC's own simulator.
TOOLS := sdcc:sdcc s51:sdcc-ucsim clang:clang wasm-ld:lld m4:m4 xz:xz-utils python3:python3 lcov:lcov valgrind:valgrind

JOBS ?= 2
SEED ?= 1
PROGRAMS ?= 2000
FUZZ_SECONDS ?= 600

# Two accounts, the token deployed and called: receipts and state, in a fresh temporary folder.
run:
	cargo build --release --locked -p smart51
	cli/demo.sh target/release/smart51

# All that is checked without running a test: format, lints, documentation, licences, and builds for other places.
check:
	.ci/check

test: tools
	cargo test --workspace --locked

# Writes the figures in pages and snapshots anew, after a price or an image has changed. Read the difference before it
# is committed: only what was meant to change may have changed.
refresh: tools
	INSTA_UPDATE=always SMART51_REFRESH_PAGES=1 SMART51_BLESS=1 cargo test --workspace --locked --no-fail-fast

# The long forms of what `make test` tries for seconds.
long: tools
	SMART51_SEQUENCES=100000 cargo test --locked -p smart51-chain --test local_chain no_sequence
	SMART51_LONG=100000 cargo test --locked -p smart51-chain --test local_chain damaged_states_never_panic
	SMART51_TREES=100000 cargo test --locked -p smart51-chain --test local_chain random_call_trees
	SMART51_TREES=400000 cargo test --locked -p smart51-chain --test local_chain random_actions
	SMART51_ABI_VALUES=10000 cargo test --locked -p smart51-tests --test abi_judges -- --nocapture
	SMART51_FRAMES=1000 cargo test --locked -p smart51-bridge --features wasmtime --test wasm_engines random_frames

# The second WebAssembly engine: it computes, asks and costs what the first one does, with any state of its cache.
test-wasmtime: tools
	cargo test --locked -p smart51-bridge --features wasmtime
	cargo test --locked -p smart51-tests --features wasmtime --test parity
	cargo test --locked -p smart51 --features wasmtime --test run_and_replay

# The descriptions of other people's contracts in the folder ABI_DIR, files ending with .abi: they read and write back.
abi-public: tools
	cargo test --locked -p smart51-tests --test abi_judges public -- --nocapture

# The crates below the command on 32-bit x86, the golden tests on 64-bit ARM: receipts, gas and states are the same.
other-machines: tools
	.ci/other-machines

# SDCC's regression suite on our core, compared with s51. PORTS=mcs51-small,mcs51-large takes some of the six ports.
conformance: tools
	cargo run --locked -q -p smart51-tests --bin conformance -- --jobs $(JOBS) --s51 20 $(if $(PORTS),--ports $(PORTS))

# Random programs on our core and on s51, compared after every instruction.
lockstep: tools
	cargo run --locked -q -p smart51-tests --bin lockstep -- --seed $(SEED) --programs $(PROGRAMS)

# Our core and its peers on the same work: the tables of docs/performance.md.
bench: tools
	cargo bench --locked -q -p smart51-tests --bench peers

# What a gas takes in processor time, of everything that costs gas, beside a gas of plain code: the table of
# docs/performance.md. It fails if anything takes more than 8 times as long. SCHEDULE=wayki and the like print the
# ratios of another gas schedule, with a warning.
gas-time: tools
	cargo run --release --locked -q -p smart51-tests --bin gas-time -- $(if $(SCHEDULE),--schedule $(SCHEDULE))

# Each fuzz target for FUZZ_SECONDS; needs a nightly toolchain and cargo-fuzz. No sanitizer: there is no unsafe code to
# watch here, and without it a target tries many times as much.
fuzz:
	for target in $$(cargo +nightly fuzz list); do \
		cargo +nightly fuzz run --sanitizer none $$target -- -max_total_time=$(FUZZ_SECONDS) || exit 1; \
	done

# Installs what is missing of TOOLS, and nothing else.
tools:
	@missing=; for tool in $(TOOLS); do \
		command -v $${tool%%:*} >/dev/null || missing="$$missing $${tool#*:}"; \
	done; \
	[ -z "$$missing" ] && exit 0; \
	sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	echo "installing$$missing"; \
	{ $$sudo apt-get update -q && $$sudo apt-get install -qy --no-install-recommends $$missing; } || { \
		echo "make test needs these Debian packages, and could not install them:$$missing" >&2; exit 1; }

.PHONY: run check test refresh long test-wasmtime abi-public other-machines conformance lockstep bench gas-time fuzz tools
