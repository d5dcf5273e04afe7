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

# What the token takes: an action (1 mint, 2 transfer), an account's registered id, an amount (LE64).
alice=010000000000 # 1-0: the first account, made in block 1
bob=020000000000   # 2-0
hundred=6400000000000000
thirty=1e00000000000000

show account new alice --balance 1_000_000_000
show account new bob --balance 1_000_000_000
show deploy token.ihx --from alice --name token
show call token --from alice --input 01_${alice}_$hundred
show call token --from alice --input 02_${bob}_$thirty
show call token --from bob --input 02_${alice}_$hundred
show state token
show account list
