#!/bin/sh
# npm run keys: makes, lists and revokes API keys. Needs no Docker: what it changes is in Redis.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

lock_preparing
need_toolchain
need_packages
unlock_preparing
exec node infra/bootstrap/keys.ts "$@"
