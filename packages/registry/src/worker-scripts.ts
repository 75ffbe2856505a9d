import { DEAD_WORKER_KEPT_MS } from '@runnel/contract/public'
import { createLuaScript } from '@runnel/redis'

/** Three missed beats of four seconds, and a little more. */
const ALIVE_MS = 15_000
/** Longer than any container lives, because until then `findDead` may be called for its worker. */
const KNOWN_MS = 24 * 60 * 60 * 1_000

/** Uses the time of Redis, so that hosts with different clocks agree. KEYS[1]: when each worker was seen. */
const NOW = `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)
local alive, kept, known = now - ${ALIVE_MS}, now - ${DEAD_WORKER_KEPT_MS}, now - ${KNOWN_MS}
`

/**
 * KEYS: seen, ready, drained, the worker's report, sandboxes, the weaker isolation. ARGV: the worker, 1 or 0 for ready, the report,
 * its sandboxes as `<running> <bound>`, what it serves instead of isolation `job`, or nothing. Returns 1 if it is drained.
 */
export const beatScript = createLuaScript(`${NOW}
local id = ARGV[1]
local drained = redis.call('ZSCORE', KEYS[3], id)
if drained then redis.call('ZADD', KEYS[3], now, id) end
redis.call('ZADD', KEYS[1], now, id)
if ARGV[2] == '1' and not drained then redis.call('ZADD', KEYS[2], now, id) else redis.call('ZREM', KEYS[2], id) end
redis.call('SET', KEYS[4], ARGV[3], 'PX', ${DEAD_WORKER_KEPT_MS})
redis.call('HSET', KEYS[5], id, ARGV[4])
redis.call('PEXPIRE', KEYS[5], ${KNOWN_MS})
if ARGV[5] then redis.call('SET', KEYS[6], ARGV[5], 'PX', ${ALIVE_MS}) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', known)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', alive)
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', known)
redis.call('PEXPIRE', KEYS[1], ${KNOWN_MS})
redis.call('PEXPIRE', KEYS[2], ${ALIVE_MS})
redis.call('PEXPIRE', KEYS[3], ${KNOWN_MS})
return drained and 1 or 0`)

/** KEYS as above, without the last. ARGV: the worker. It is dead from now on, and no longer listed. */
export const leaveScript = createLuaScript(`${NOW}
redis.call('ZADD', KEYS[1], 'XX', kept, ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('DEL', KEYS[4])
redis.call('HDEL', KEYS[5], ARGV[1])`)

/**
 * KEYS: seen, ready, sandboxes by worker, those that live. Returns how many sandboxes there may be, how many there are (those of
 * workers that take no more, and those that are queued, count too), and how many workers are ready.
 */
export const sandboxRoomScript = createLuaScript(`${NOW}
local bound, ready = 0, 0
local all = redis.call('HGETALL', KEYS[3])
for at = 1, #all, 2 do
  local id, running, most = all[at], string.match(all[at + 1], '^(%d+) (%d+)$')
  local seen = tonumber(redis.call('ZSCORE', KEYS[1], id) or 0)
  if seen > alive then
    local isReady = redis.call('ZSCORE', KEYS[2], id)
    bound = bound + tonumber(isReady and most or running)
    if isReady then ready = ready + 1 end
  end
end
return { bound, redis.call('ZCARD', KEYS[4]), ready }`)

/** KEYS: seen, ready, drained, the weaker isolation. Returns how many workers are alive, ready, and drained, and that isolation. */
export const countScript = createLuaScript(`${NOW}
local found = {}
for at = 1, 3 do found[at] = redis.call('ZCOUNT', KEYS[at], '(' .. alive, '+inf') end
found[4] = redis.call('GET', KEYS[4])
return found`)

/**
 * Read only. KEYS: seen, drained, what comes before a worker's id in the key of its report. ARGV: how many at most; one
 * worker's id, or nothing for all. Returns how many there are, and for each: its id, when it was seen, 1 if it is alive, 1 if it is drained,
 * its report.
 */
export const listScript = createLuaScript(`${NOW}
local ids, total = { ARGV[2] }, 1
if not ARGV[2] then
  ids = redis.call('ZREVRANGEBYSCORE', KEYS[1], '+inf', '(' .. kept, 'LIMIT', 0, ARGV[1])
  total = redis.call('ZCOUNT', KEYS[1], '(' .. kept, '+inf')
end
local found = {}
for _, id in ipairs(ids) do
  local seen, report = tonumber(redis.call('ZSCORE', KEYS[1], id) or 0), redis.call('GET', KEYS[3] .. id)
  if report and seen > kept then
    local drained = redis.call('ZSCORE', KEYS[2], id) and 1 or 0
    found[#found + 1] = { id, seen, seen > alive and 1 or 0, drained, report }
  end
end
return { total, found }`)

/** KEYS: seen, ready, drained, the channel. ARGV: the worker, 1 or 0 for drained. Changes nothing unless it is alive. */
export const drainScript = createLuaScript(`${NOW}
local id = ARGV[1]
if tonumber(redis.call('ZSCORE', KEYS[1], id) or 0) <= alive then return end
if ARGV[2] == '1' then
  redis.call('ZADD', KEYS[3], now, id)
  redis.call('PEXPIRE', KEYS[3], ${KNOWN_MS})
  redis.call('ZREM', KEYS[2], id)
else
  redis.call('ZREM', KEYS[3], id)
end
redis.call('PUBLISH', KEYS[4], id)`)

/** KEYS: seen. ARGV: workers. Returns those that are dead. */
export const findDeadScript = createLuaScript(`${NOW}
local dead = {}
for _, id in ipairs(ARGV) do
  local seen = redis.call('ZSCORE', KEYS[1], id)
  if seen and tonumber(seen) <= alive then dead[#dead + 1] = id end
end
return dead`)
