import { createLuaScript, KEPT_FIELDS, KEPT_LUA } from '@runnel/redis'

/**
 * KEYS: the record. ARGV: the sandbox, startedAt, endsAt, for how long the record is kept, in ms, the channel. Returns 1 if the
 * sandbox was queued and runs now. A channel is no key: Redis' users are granted the two apart.
 */
export const startScript = createLuaScript(`
if redis.call('HGET', KEYS[1], 'status') ~= 'queued' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'running', 'startedAt', ARGV[2], 'endsAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[1] .. ' running')
return 1`)

/**
 * KEYS: the record. ARGV: for how long it is kept, in ms, then fields and their values. Changes nothing, and returns 0, if the
 * sandbox does not live.
 */
export const changeScript = createLuaScript(`
local status = redis.call('HGET', KEYS[1], 'status')
if status ~= 'running' and status ~= 'paused' then return 0 end
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`)

/** Its bytes are counted no more. `kept` and `keptOwn` are the counters of all, and its own. */
const RELEASE_BYTES = `${KEPT_LUA}
local function releaseBytes(keptOwn)
  local tenant, rest = unpack(redis.call('HMGET', keptOwn, '${KEPT_FIELDS.tenant}', '${KEPT_FIELDS.rest}'))
  if tenant then addKept(tenant, -tonumber(rest)) end
  redis.call('DEL', keptOwn)
end
`

/**
 * KEYS: the record, the sandboxes that live, the counters of bytes, its own. ARGV: the sandbox, its ending, endedAt, for how long
 * the record is kept, in ms, the channel, its ending in words or ''. The first ending stays: returns 1 if this is it.
 */
export const endScript = createLuaScript(`
local kept = KEYS[3]
${RELEASE_BYTES}
local status, tenant = unpack(redis.call('HMGET', KEYS[1], 'status', 'tenant'))
if not status or status == 'ended' then return 0 end
redis.call('ZREM', KEYS[2], tenant .. '\\0' .. ARGV[1])
redis.call('HSET', KEYS[1], 'status', 'ended', 'ending', ARGV[2], 'endedAt', ARGV[3])
if ARGV[6] ~= '' then redis.call('HSET', KEYS[1], 'endingMessage', ARGV[6]) end
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', ARGV[5], ARGV[1] .. ' ended ' .. ARGV[2])
releaseBytes(KEYS[4])
return 1`)

/** KEYS: the sandboxes that live, the counters of bytes, its own. ARGV: its member of the first. There is no record of it. */
export const forgetScript = createLuaScript(`
local kept = KEYS[2]
${RELEASE_BYTES}
redis.call('ZREM', KEYS[1], ARGV[1])
releaseBytes(KEYS[3])`)
