#!/bin/sh
# Two accounts, the token deployed and called, receipts and state: everything on a sled store in a fresh folder.
# usage: cli/demo.sh SMART51
set -eu
smart51=$(realpath "$1")
token=$(realpath "$(dirname "$0")/../firmware-samples/token/token.ihx")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
cp "$token" .

# Shows a command and runs it on the store. A refusal, status 1, is part of the demonstration.
show() {
    echo "\$ smart51 $*"
    "$smart51" "$@" --store chain || [ $? = 1 ]
    echo
}

# What the token takes: an action, the registered id of an account, an amount (8 bytes).
mint=u8:1
give=u8:2

show account new alice --balance 1_000_000_000
show account new bob --balance 1_000_000_000
show deploy token.ihx --from alice --name token
show call token --from alice --input $mint --input regid:alice --input u64:100
show call token --from alice --input $give --input regid:bob --input u64:30
show call token --from bob --input $give --input regid:alice --input u64:100
show state token
show account list
