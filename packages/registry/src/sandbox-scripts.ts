import { createLuaScript } from '@runnel/redis'

/**
 * KEYS: the record, the channel. ARGV: the sandbox, startedAt, endsAt, for how long the record is kept, in ms. Returns 1 if the
 * sandbox was queued and runs now.
 */
export const startScript = createLuaScript(`
if redis.call('HGET', KEYS[1], 'status') ~= 'queued' then return 0 end
redis.call('HSET', KEYS[1], 'status', 'running', 'startedAt', ARGV[2], 'endsAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[2], ARGV[1] .. ' running')
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

/**
 * KEYS: the record, the sandboxes that live, the channel. ARGV: the sandbox, its ending, endedAt, for how long the record is
 * kept, in ms. The first ending stays: returns 1 if this is it.
 */
export const endScript = createLuaScript(`
local status, tenant = unpack(redis.call('HMGET', KEYS[1], 'status', 'tenant'))
if not status or status == 'ended' then return 0 end
redis.call('ZREM', KEYS[2], tenant .. '\\0' .. ARGV[1])
redis.call('HSET', KEYS[1], 'status', 'ended', 'ending', ARGV[2], 'endedAt', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PUBLISH', KEYS[3], ARGV[1] .. ' ended ' .. ARGV[2])
return 1`)
