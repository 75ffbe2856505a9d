import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { estimateWaitMs } from './estimate-wait.ts'
import { createFairQueueScript, TURNS_READ } from './fair-queue-script.ts'
import { readJobTimes } from './read-job-times.ts'

/** The place of a job that waits. */
export interface Place {
  /** How many jobs start before it, if no other job is submitted. */
  readonly position: number
  /** How long it will probably wait. Undefined if no job runs, or none has finished yet: there is nothing to estimate from. */
  readonly estimatedWaitMs?: number
}

/**
 * Read only. Three groups of jobs start before this one:
 *
 * 1. the jobs that are ready
 * 2. the earlier jobs of its own tenant
 * 3. for every other tenant, one job for each turn until then; a tenant before its own in the rotation has one turn more
 *
 * With several tenants, one that has nothing running comes before those that have: the last free places are kept for it.
 * With more than a thousand tenants waiting, those at the end of the rotation are left out. A tenant that already runs as many
 * jobs as it may has to wait for its own jobs to end, so its estimate is at least the time that takes.
 *
 * Returns the position, the times of jobs, and how many jobs of its own have to end before; -1 if none has to.
 */
const placeScript = createFairQueueScript(`
local id = ARGV[1]
local tenant, number = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.number}'))
if not tenant then return nil end
local before = jobsBefore(id)
if before then return { before, readTimes(tenant), -1 } end

local member = number and toWaiting(tenant, number, id)
if not member or not redis.call('ZSCORE', waiting, member) then return nil end
local own = redis.call('ZLEXCOUNT', waiting, first(tenant), '(' .. member)
local sum, tenants = readShare()
local isShared, isFirst = sum > 1 and tenants > 1, own == 0 and isNew(tenant)
local position, isBefore = redis.call('LLEN', wait) + own, true
for _, other in ipairs(redis.call('ZRANGE', rotation, 0, ${TURNS_READ - 1})) do
  if other == tenant then
    isBefore = false
  else
    local turns = own + (isBefore and 1 or 0)
    if isShared and isFirst and not isNew(other) then turns = 0 end
    if isShared and not isFirst and isNew(other) then turns = math.max(turns, 1) end
    position = position + math.min(count(waiting, other), turns)
  end
end
return { position, readTimes(tenant), hasRoom(tenant) and -1 or own }
`)

export const findPlace = async (redis: Redis, keys: RedisKeys, jobId: string): Promise<Place | undefined> => {
  const found = await placeScript(redis, keys, [jobId])
  if (!Array.isArray(found)) return undefined
  const [place, answer, before]: readonly unknown[] = found
  const [position, ownBefore] = [Number(place), Number(before)]
  const times = readJobTimes(answer)
  const waitMs = estimateWaitMs(position, times.all)
  if (waitMs === undefined) return { position }
  const ownWaitMs = ownBefore < 0 ? 0 : (estimateWaitMs(ownBefore, times.own) ?? 0)
  return { position, estimatedWaitMs: Math.max(waitMs, ownWaitMs) }
}
