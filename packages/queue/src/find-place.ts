import type { Redis, RedisKeys } from '@runnel/redis'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

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
 * With more than a thousand tenants waiting, those at the end of the rotation are left out. A tenant that already runs as many
 * jobs as it may has to wait for one of its own to end, so its estimate is at least the time that takes.
 */
const placeScript = createFairQueueScript(`
local id = ARGV[1]
local tenant, number = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.number}'))
if not tenant then return nil end
local before = jobsBefore(id)
if before then return { before, pace(), '' } end

local member = number and toWaiting(tenant, number, id)
if not member or not redis.call('ZSCORE', waiting, member) then return nil end
local own = redis.call('ZLEXCOUNT', waiting, first(tenant), '(' .. member)
local position, isBefore = redis.call('LLEN', wait) + own, true
for _, other in ipairs(redis.call('ZRANGE', rotation, 0, 999)) do
  if other == tenant then
    isBefore = false
  else
    position = position + math.min(count(waiting, other), own + (isBefore and 1 or 0))
  end
end
if hasRoom(tenant) then return { position, pace(), '' } end
local running = redis.call('LLEN', active)
local ofOwn = (tonumber(pace()) or 0) * running * (own + 1) / count(admitted, tenant)
return { position, pace(), ofOwn > 0 and tostring(ofOwn) or '' }
`)

const toMs = (text: unknown): number => (text === '' ? 0 : Number(text))

export const findPlace = async (redis: Redis, keys: RedisKeys, jobId: string): Promise<Place | undefined> => {
  const found = await placeScript(redis, keys, [jobId])
  if (!Array.isArray(found)) return undefined
  const [place, paceMs, ownMs]: readonly unknown[] = found
  const position = Number(place)
  if (paceMs === '') return { position }
  return { position, estimatedWaitMs: Math.ceil(Math.max(toMs(paceMs) * (position + 1), toMs(ownMs))) }
}
