#!/bin/sh
# npm run bench: prepares the machine as a start does, then measures.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

prepare_all
exec node apps/bench/src/main.ts "$@"
