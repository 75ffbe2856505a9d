import { createLuaScript, type Redis, type RedisKeys } from '@runnel/redis'
import { FINISHED_JOBS_LUA } from './bullmq-internals/finished-jobs.ts'
import { JOB_KEYS_LUA } from './bullmq-internals/job-keys.ts'
import { READY_LIST_LUA } from './bullmq-internals/ready-list.ts'

/**
 * How many jobs stand ready in BullMQ's own list, for workers to take. Workers take them in that order, so the
 * next tenant waits for these first: few of them keep the queue fair. With none, a worker that has just finished a job
 * would wait for a round trip.
 */
const READY_JOBS = 4

/** The keys that every script gets, under the names that it knows them by. */
const KEY_NAMES = [
  'waiting',
  'admitted',
  'rotation',
  'bounds',
  'swept',
  'wait',
  'active',
  'delayed',
  'completed',
  'marker',
  'jobNumber',
] as const

/**
 * Theory of operation: who is next.
 *
 * BullMQ's list is first come, first served. So only the next few jobs are put into it; all others wait in front, and
 * tenants take turns: a tenant's first job goes in, then the tenant goes to the end of the rotation.
 *
 *   submitted ──▶ waiting ── its tenant's turn, and room ──▶ admitted: BullMQ's wait ⇄ active ⇄ delayed ──▶ finished
 *
 *   waiting   a sorted set, `<tenant>\0<number><job id>` in text order: a tenant's jobs are a range, first come first
 *   admitted  a sorted set, `<tenant>\0<job id>`: all that BullMQ has and that has not ended
 *   rotation  exactly the tenants that have jobs waiting and fewer admitted than they may run at once
 *   bounds    a hash: how many of a tenant's jobs may be admitted, as its latest submission said
 *
 * Nothing is counted beside the jobs: every number is the size of one of these ranges, or of BullMQ's lists. So a place
 * cannot leak; it is free when the job is no longer there.
 *
 * Every step that may make room (a submission, a job taken, ended or removed) fills BullMQ's list again within itself:
 * it costs nobody a round trip, and no process can die between. A job that ends is let go just before BullMQ's own
 * finishing, which then finds the next one in the list. What a dead process left to be done, any worker's sweep does.
 * BullMQ requeues, tries again and recovers stalled jobs within its own lists; such a job stays admitted.
 */
const FAIR_QUEUE_LUA = `
local READY, FIRST_OWN_KEY = ${READY_JOBS}, ${KEY_NAMES.length + 2}
local ${KEY_NAMES.join(', ')} = unpack(KEYS, 1, ${KEY_NAMES.length})
local firstJob = KEYS[${KEY_NAMES.length + 1}]
${JOB_KEYS_LUA}${READY_LIST_LUA}${FINISHED_JOBS_LUA}
local function first(tenant) return '[' .. tenant .. '\\0' end
local function last(tenant) return '(' .. tenant .. '\\1' end
local function count(set, tenant) return redis.call('ZLEXCOUNT', set, first(tenant), last(tenant)) end
local function tenantOf(member) return string.sub(member, 1, string.find(member, '\\0', 1, true) - 1) end
local function toWaiting(tenant, number, id) return tenant .. '\\0' .. string.format('%016.0f', number) .. id end
local function toAdmitted(tenant, id) return tenant .. '\\0' .. id end

local function hasRoom(tenant)
  local bound = redis.call('HGET', bounds, tenant)
  return not bound or count(admitted, tenant) < tonumber(bound)
end

-- Puts a tenant at the end of the rotation, leaves it where it is, or takes it out, as it is due.
local function line(tenant)
  if count(waiting, tenant) == 0 or not hasRoom(tenant) then
    redis.call('ZREM', rotation, tenant)
  elseif not redis.call('ZSCORE', rotation, tenant) then
    local tail = redis.call('ZREVRANGE', rotation, 0, 0, 'WITHSCORES')[2]
    redis.call('ZADD', rotation, (tonumber(tail) or 0) + 1, tenant)
  end
end

local function admit(tenant, id)
  redis.call('ZADD', admitted, 0, toAdmitted(tenant, id))
  pushReady(id)
end

-- Makes READY jobs ready, and one more for each job that is no longer admitted and that BullMQ still has: its worker takes
-- the next one in a moment.
local function fill()
  if redis.call('ZCARD', rotation) == 0 then return end
  local ready = redis.call('LLEN', wait)
  local held = ready + redis.call('LLEN', active) + redis.call('ZCARD', delayed)
  for _ = ready + 1, READY + math.max(0, held - redis.call('ZCARD', admitted)) do
    local tenant = redis.call('ZRANGE', rotation, 0, 0)[1]
    if not tenant then return end
    redis.call('ZREM', rotation, tenant)
    local member = redis.call('ZRANGEBYLEX', waiting, first(tenant), last(tenant), 'LIMIT', 0, 1)[1]
    if member then
      redis.call('ZREM', waiting, member)
      admit(tenant, string.sub(member, #tenant + 18))
      line(tenant)
    end
  end
end
`

/** One step on the queue. `ownKeys` are further keys of the script: it finds the first of them at KEYS[FIRST_OWN_KEY]. */
export type FairQueueScript = (
  redis: Redis,
  keys: RedisKeys,
  args?: readonly (string | number)[],
  ownKeys?: readonly string[],
) => Promise<unknown>

export const createFairQueueScript = (source: string): FairQueueScript => {
  const script = createLuaScript(`${FAIR_QUEUE_LUA}${source}`)
  return (redis, keys, args = [], ownKeys = []) =>
    script(redis, [...KEY_NAMES.map((name) => keys[name]), keys.queuedJob(''), ...ownKeys], args)
}
