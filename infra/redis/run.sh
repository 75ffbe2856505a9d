#!/bin/sh
# run-redis [setting…]: Redis, and beside it a loop that syncs its log to the disk once a second. redis.conf says why Redis
# does not do that itself.
set -eu

while sleep 1; do sync --data appendonlydir/* 2>/dev/null || true; done &
exec redis-server /etc/redis/runnel.conf "$@"
