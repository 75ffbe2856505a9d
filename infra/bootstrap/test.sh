#!/bin/sh
# npm test: prepares the machine as a start does, then hands over to test.ts.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

prepare_all
exec node infra/bootstrap/test.ts
