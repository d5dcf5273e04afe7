# What people type. Everything else is cargo: `cargo build --release` makes target/release/smart51.

# Commands that the tests run, and the Debian packages that bring them. s51 is SDCC's own simulator.
TOOLS := sdcc:sdcc s51:sdcc-ucsim clang:clang wasm-ld:lld m4:m4 xz:xz-utils python3:python3

# Two accounts, the token deployed and called: receipts and state, in a fresh temporary folder.
run:
	cargo build --release --locked -p smart51
	cli/demo.sh target/release/smart51

test: tools
	cargo test --workspace --locked

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

.PHONY: run test tools
