#!/bin/sh
# npm run soak: random faults for ten minutes, or `-- --minutes 60`; `--seed` repeats the order of an earlier run.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

prepare_all
exec node infra/bootstrap/soak.ts "$@"
