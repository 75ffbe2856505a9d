#!/bin/sh
# npm run bench: prepares the machine as a start does, then measures.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

prepare_all
# What is measured starts as it does elsewhere.
unset NODE_COMPILE_CACHE
exec node apps/bench/src/main.ts "$@"
