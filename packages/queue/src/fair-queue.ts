import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

/** What workers do to keep the queue fair. Not awaited: each call is sent before BullMQ's own next command. */
export interface FairQueue {
  /** Call it when a job was taken: makes the next one ready. */
  fill(): Promise<void>
  /** Call it when a job has ended, before BullMQ ends it. Changes nothing if another worker has the lock. */
  end(jobId: string, token: string): Promise<void>
  /** Completes the steps that a dead process left undone. */
  sweep(): Promise<void>
}

/** For all workers together. A repair is rarely needed; until it is done a tenant runs one job less than it may. */
const SWEEP_MS = 5_000

const fillScript = createFairQueueScript('fill()')

const endScript = createFairQueueScript(`
local id, token = ARGV[1], ARGV[2]
local tenant, finishedOn = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.finishedOn}'))
if not tenant then return end
if not finishedOn and redis.call('GET', lockKey(id)) ~= token then return end
redis.call('ZREM', admitted, toAdmitted(tenant, id))
line(tenant)
fill()
`)

/** ARGV: for how many ms no other worker needs to sweep. */
const sweepScript = createFairQueueScript(`
fill()
if not redis.call('SET', swept, 1, 'NX', 'PX', ARGV[1]) then return end
for _, member in ipairs(redis.call('ZRANGE', admitted, 0, -1)) do
  local job = jobKey(string.sub(member, string.find(member, '\\0', 1, true) + 1))
  if redis.call('EXISTS', job) == 0 or redis.call('HEXISTS', job, '${JOB_FIELDS.finishedOn}') == 1 then
    redis.call('ZREM', admitted, member)
  end
end
for _, tenant in ipairs(redis.call('HKEYS', bounds)) do
  line(tenant)
  if count(waiting, tenant) == 0 and count(admitted, tenant) == 0 then redis.call('HDEL', bounds, tenant) end
end
fill()
`)

export const createFairQueue = ({ redis, keys }: { readonly redis: Redis; readonly keys: RedisKeys }): FairQueue => ({
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
