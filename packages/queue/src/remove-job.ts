import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

/**
 * One step, so either a worker takes the waiting job or we remove it, never both. ARGV: the job, and for how many ms its record
 * stays. Returns 1 if it waited and was removed.
 */
const removeScript = createFairQueueScript(`
local id = ARGV[1]
local tenant, number = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.number}'))
if not tenant then return 0 end
local taken = number and redis.call('ZREM', waiting, toWaiting(tenant, number, id)) or 0
if taken == 0 then
  taken = redis.call('LREM', wait, 1, id) + redis.call('ZREM', delayed, id)
end
if taken == 0 then return 0 end
redis.call('PEXPIRE', jobKey(id), ARGV[2])
redis.call('ZREM', admitted, toAdmitted(tenant, id))
line(tenant)
fill()
return 1
`)

/** `keepMs`: how long the job can still be found. 0: it cannot. */
export const removeJob = async (redis: Redis, keys: RedisKeys, jobId: string, keepMs: number): Promise<boolean> =>
  (await removeScript(redis, keys, [jobId, keepMs])) === 1
