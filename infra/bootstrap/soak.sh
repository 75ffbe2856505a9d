#!/bin/sh
# npm run soak: random faults for ten minutes, or `-- --minutes 60`; `--seed` repeats the order of an earlier run.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

lock_preparing
need_toolchain
need_packages
need_engine
need_images
unlock_preparing
exec node infra/bootstrap/soak.ts "$@"
