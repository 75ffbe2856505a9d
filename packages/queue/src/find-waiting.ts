import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

/** A job that no live worker has. */
export interface WaitingJob {
  readonly jobId: string
  /** How many times a worker took it. */
  readonly attempts: number
}

/**
 * Read only. Looks in every list that a job can wait in, and for active jobs without a lock. ARGV: submitted before when
 * (ms since 1970), how many at most. Returns the ids, each followed by how many times a worker took the job.
 */
const waitingScript = createFairQueueScript(`
local before, most, found = tonumber(ARGV[1]), tonumber(ARGV[2]) * 2, {}
local function look(id)
  local at, attempts = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.timestamp}', '${JOB_FIELDS.attemptsStarted}'))
  if #found < most and at and tonumber(at) <= before then
    found[#found + 1] = id
    found[#found + 1] = attempts or '0'
  end
end
for _, id in ipairs(redis.call('LRANGE', active, 0, -1)) do
  if redis.call('EXISTS', lockKey(id)) == 0 then look(id) end
end
for _, id in ipairs(redis.call('LRANGE', wait, 0, -1)) do look(id) end
for _, id in ipairs(redis.call('ZRANGE', delayed, 0, -1)) do look(id) end
for _, member in ipairs(redis.call('ZRANGE', waiting, 0, -1)) do
  if #found >= most then break end
  look(string.sub(member, string.find(member, '\\0', 1, true) + 17))
end
return found
`)

const MOST_JOBS = 1_000

export const findWaiting = async (redis: Redis, keys: RedisKeys, before: Date): Promise<readonly WaitingJob[]> => {
  const found = await waitingScript(redis, keys, [before.getTime(), MOST_JOBS])
  const pairs = Array.isArray(found) ? found.map(String) : []
  return pairs.flatMap((jobId, at) => (at % 2 === 0 ? [{ jobId, attempts: Number(pairs[at + 1]) }] : []))
}
