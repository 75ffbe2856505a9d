import { randomUUID } from 'node:crypto'
import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { COUNT_PLACES_LUA } from './count-places.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

/** What workers do to keep the queue fair. Not awaited: each call is sent before BullMQ's own next command. */
export interface FairQueue {
  /** Call it when a job was taken: makes the next one ready. */
  fill(): Promise<void>
  /** Call it when a job has ended, before BullMQ ends it. Changes nothing if another worker has the lock. */
  end(jobId: string, token: string): Promise<void>
  /** Says how many jobs this worker runs at once (0: it leaves), and completes the steps that a dead process left undone. */
  sweep(places: number): Promise<void>
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

/** ARGV: for how many ms no other worker needs to sweep; the worker, its places, and for how many ms they count. */
const sweepScript = createFairQueueScript(`
${COUNT_PLACES_LUA}
countPlaces(ARGV[2], ARGV[3], ARGV[4])
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

/** The jobs of a worker that died are back in the queue after at most 1.25 times their lock. */
const PLACES_KEPT_LOCKS = 1.25

export const createFairQueue = (options: {
  readonly redis: Redis
  readonly keys: RedisKeys
  readonly lockMs: number
}): FairQueue => {
  const { redis, keys, lockMs } = options
  const worker = randomUUID()
  return {
    async fill() {
      await fillScript(redis, keys)
    },
    async end(jobId, token) {
      await endScript(redis, keys, [jobId, token])
    },
    async sweep(places) {
      await sweepScript(redis, keys, [SWEEP_MS, worker, places, Math.ceil(lockMs * PLACES_KEPT_LOCKS)])
    },
  }
}
