import type { Redis, RedisKeys } from '@runnel/redis'
import { createTurnScript } from './turn-script.ts'

/** What workers do for the order of jobs. None of it is waited for: it goes out before BullMQ's own next command. */
export interface Turns {
  /** A job was taken: whoever is next stands ready. */
  fill(): Promise<void>
  /** A job has ended, and BullMQ is about to be told. Changes nothing where the lock is another's by now. */
  end(jobId: string, token: string): Promise<void>
  /** Does what a process that died has left to be done. */
  sweep(): Promise<void>
}

/** Across all workers. What it mends is rare, and until then a tenant runs one job less than it may. */
const SWEEP_MS = 5_000

const fillScript = createTurnScript('fill()')

const endScript = createTurnScript(`
local id, token = ARGV[1], ARGV[2]
local tenant, finishedOn = unpack(redis.call('HMGET', jobKey(id), 'name', 'finishedOn'))
if not tenant then return end
if not finishedOn and redis.call('GET', lockKey(id)) ~= token then return end
redis.call('ZREM', admitted, toAdmitted(tenant, id))
line(tenant)
fill()
`)

/** ARGV: how long no other sweep is needed. */
const sweepScript = createTurnScript(`
fill()
if not redis.call('SET', swept, 1, 'NX', 'PX', ARGV[1]) then return end
for _, member in ipairs(redis.call('ZRANGE', admitted, 0, -1)) do
  local job = jobKey(string.sub(member, string.find(member, '\\0', 1, true) + 1))
  if redis.call('EXISTS', job) == 0 or redis.call('HEXISTS', job, 'finishedOn') == 1 then
    redis.call('ZREM', admitted, member)
  end
end
for _, tenant in ipairs(redis.call('HKEYS', bounds)) do
  line(tenant)
  if count(waiting, tenant) == 0 and count(admitted, tenant) == 0 then redis.call('HDEL', bounds, tenant) end
end
fill()
`)

export const createTurns = ({ redis, keys }: { readonly redis: Redis; readonly keys: RedisKeys }): Turns => ({
  async fill() {
    await fillScript(redis, keys)
  },
  async end(jobId, token) {
    await endScript(redis, keys, [jobId, token])
  },
  async sweep() {
    await sweepScript(redis, keys, [SWEEP_MS])
  },
})
