import { createLuaScript, type Redis, type RedisKeys } from '@runnel/redis'
import { JOB_KEYS_LUA } from './bullmq-internals/job-keys.ts'
import { JOB_TIMES_LUA } from './bullmq-internals/job-times.ts'
import { READY_LIST_LUA } from './bullmq-internals/ready-list.ts'
import { SHARE_LUA } from './share-rule.ts'

/**
 * How many jobs are ready in BullMQ's own list, for workers to take. Workers take them in that order, so another tenant's
 * job waits behind them: the fewer, the fairer. With none, a worker that has just finished a job would have to wait for
 * a round trip.
 */
const READY_JOBS = 4

/** With more tenants in the rotation, a script looks only at so many of the first. */
export const TURNS_READ = 1_000

/** The keys that every script gets. The names are local variables in the script. */
const KEY_NAMES = [
  'waiting',
  'admitted',
  'rotation',
  'bounds',
  'places',
  'share',
  'swept',
  'wait',
  'active',
  'delayed',
  'completed',
  'marker',
  'jobNumber',
] as const

/**
 * Decides which job is next. BullMQ's list is first come, first served. So only the next few jobs are put into it. All others
 * wait before it, and tenants take turns: a tenant's first job goes in, then the tenant goes to the end of the rotation.
 *
 *   submitted ──▶ waiting ── its tenant's turn, and room ──▶ admitted: BullMQ's wait ⇄ active ⇄ delayed ──▶ finished
 *
 *   waiting   a sorted set, `<tenant>\0<number><job id>` in text order: a tenant's jobs are a range, oldest first
 *   admitted  a sorted set, `<tenant>\0<job id>`: all jobs that BullMQ has and that have not ended
 *   rotation  exactly the tenants that have waiting jobs, and fewer admitted ones than they may run at once
 *   bounds    a hash: how many of a tenant's jobs may be admitted, from its latest submission
 *   places    a hash: how many jobs each worker runs at once, and until when that counts
 *   share     a hash: the sum of those, from the latest sweep, and how many tenants there are, from the latest submission
 *
 * 1. There are no counters: every number is the size of one of these ranges, or of BullMQ's lists. So a place cannot leak;
 *    it is free when the job is no longer there.
 * 2. Every step that can make room (a job is submitted, taken, ended or removed) also fills BullMQ's list again. That costs
 *    no extra round trip, and no process can die in between.
 * 3. A job that ends leaves `admitted` just before BullMQ finishes it, so BullMQ finds the next job in the list.
 * 4. If a process died before it could do its part, the sweep of any worker does it.
 * 5. BullMQ requeues, retries and recovers stalled jobs within its own lists. Such a job stays admitted.
 * 6. The last free places are for tenants that have nothing running: `share-rule.ts`. A tenant that has to leave them free
 *    keeps its turn in the rotation.
 */
const FAIR_QUEUE_LUA = `
local READY, FIRST_OWN_KEY = ${READY_JOBS}, ${KEY_NAMES.length + 2}
local ${KEY_NAMES.join(', ')} = unpack(KEYS, 1, ${KEY_NAMES.length})
local firstJob = KEYS[${KEY_NAMES.length + 1}]
${JOB_KEYS_LUA}${READY_LIST_LUA}${JOB_TIMES_LUA}${SHARE_LUA}
local function first(tenant) return '[' .. tenant .. '\\0' end
local function last(tenant) return '(' .. tenant .. '\\1' end
local function count(set, tenant) return redis.call('ZLEXCOUNT', set, first(tenant), last(tenant)) end
local function toWaiting(tenant, number, id) return tenant .. '\\0' .. string.format('%016.0f', number) .. id end
local function toAdmitted(tenant, id) return tenant .. '\\0' .. id end

local function hasRoom(tenant)
  local bound = redis.call('HGET', bounds, tenant)
  return not bound or count(admitted, tenant) < tonumber(bound)
end

-- Adds a tenant at the end of the rotation if it may have a turn and is not there, and removes it if it may not.
local function line(tenant)
  if count(waiting, tenant) == 0 or not hasRoom(tenant) then
    redis.call('ZREM', rotation, tenant)
  elseif not redis.call('ZSCORE', rotation, tenant) then
    local tail = redis.call('ZREVRANGE', rotation, 0, 0, 'WITHSCORES')[2]
    redis.call('ZADD', rotation, (tonumber(tail) or 0) + 1, tenant)
  end
end

local function countBusy()
  local busy, from = 0, '-'
  while true do
    local member = redis.call('ZRANGEBYLEX', admitted, from, '+', 'LIMIT', 0, 1)[1]
    if not member then return busy end
    busy, from = busy + 1, '[' .. string.sub(member, 1, string.find(member, '\\0', 1, true) - 1) .. '\\1'
  end
end

local function readShare()
  local found = redis.call('HMGET', share, 'places', 'tenants')
  return tonumber(found[1] or 0), tonumber(found[2] or 1)
end

local function whoIsNext()
  local sum, tenants = readShare()
  return whoMayHaveNext(sum, tenants, redis.call('ZCARD', admitted), countBusy)
end

local function isNew(tenant) return count(admitted, tenant) == 0 end

local function mayBeNext(tenant)
  local who = whoIsNext()
  return who == 'all' or who == 'new' and isNew(tenant)
end

-- The tenant that has the next turn, if there is a place for it.
local function nextTenant()
  local who = whoIsNext()
  if who == 'none' then return end
  for _, tenant in ipairs(redis.call('ZRANGE', rotation, 0, who == 'all' and 0 or ${TURNS_READ - 1})) do
    if who == 'all' or isNew(tenant) then return tenant end
  end
end

local function admit(tenant, id)
  redis.call('ZADD', admitted, 0, toAdmitted(tenant, id))
  pushReady(id)
end

-- Makes READY jobs ready, and one more for each job that BullMQ still has but that is no longer admitted, because its worker
-- takes the next job in a moment.
local function fill()
  if redis.call('ZCARD', rotation) == 0 then return end
  local ready = redis.call('LLEN', wait)
  local held = ready + redis.call('LLEN', active) + redis.call('ZCARD', delayed)
  for _ = ready + 1, READY + math.max(0, held - redis.call('ZCARD', admitted)) do
    local tenant = nextTenant()
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

/** One step on the queue. `ownKeys` are more keys for the script; the first one is KEYS[FIRST_OWN_KEY]. */
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
