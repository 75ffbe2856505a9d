#!/bin/sh
# npm test: prepares the machine as a start does, then hands over to test.ts.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

lock_preparing
need_toolchain
need_packages
need_engine
need_images
unlock_preparing
exec node infra/bootstrap/test.ts
