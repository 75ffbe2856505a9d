#!/bin/sh
# npm run bench: prepares the machine as a start does, then measures.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

lock_preparing
need_toolchain
need_packages
need_engine
need_images
unlock_preparing
exec node apps/bench/src/main.ts "$@"
