#!/bin/sh
# npm stop: stops what `npm start` of this folder started, also when that run was killed.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

if [ ! -e .runnel/run.json ]; then
  echo 'Runnel is not running.'
  exit
fi
need_toolchain
exec node infra/bootstrap/stop.ts
