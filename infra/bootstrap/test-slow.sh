#!/bin/sh
# npm run test:slow: the tests that take minutes each, and so are not a part of `npm test`.
set -eu
cd "$(dirname "$0")/../.."
. infra/bootstrap/prepare.sh

prepare_all
exec node_modules/.bin/vitest run --project slow
