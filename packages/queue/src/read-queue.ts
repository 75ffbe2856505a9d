import type { Queue, QueuedTenant } from '@runnel/contract/public'
import type { Redis, RedisKeys } from '@runnel/redis'
import type { QueueBounds } from './bounds.ts'
import { JOB_FIELDS } from './bullmq-internals/job-record.ts'
import { createFairQueueScript } from './fair-queue-script.ts'

/** How many jobs wait and run, of all tenants. */
export interface QueueSize {
  readonly waiting: number
  readonly running: number
}

/** Each script looks at about this many tenants, so that it blocks Redis for a millisecond or two. */
const PAGE = 200
/** Tenants beyond these are counted and not looked at. */
const MOST_TENANTS = 10_000
/** Usually four are ready. There are more when a worker died, and many workers may have died. */
const READY_READ = 1_000

/** Read only. Returns how many jobs wait for their turn, are ready, wait for another try, and run; and how many tenants have jobs. */
const sizeScript = createFairQueueScript(`
return { redis.call('ZCARD', waiting), redis.call('LLEN', wait), redis.call('ZCARD', delayed), redis.call('LLEN', active),
  redis.call('HLEN', bounds) }
`)

/** Read only. Returns the tenant and the time of submission of each job that is ready or waits for another try. */
const readyScript = createFairQueueScript(`
local found = {}
local function look(ids)
  for _, id in ipairs(ids) do
    local tenant, at = unpack(redis.call('HMGET', jobKey(id), '${JOB_FIELDS.name}', '${JOB_FIELDS.timestamp}'))
    if tenant and at then found[#found + 1] = { tenant, at } end
  end
end
look(redis.call('LRANGE', wait, 0, ${READY_READ - 1}))
look(redis.call('ZRANGE', delayed, 0, ${READY_READ - 1}))
return found
`)

/**
 * Read only. ARGV: the cursor of HSCAN, how many tenants. Returns the next cursor, and for each tenant: its id, how many of its
 * jobs may run, wait for their turn and are admitted, and the number and id of the oldest one that waits for its turn.
 */
const tenantsScript = createFairQueueScript(`
local cursor, page = unpack(redis.call('HSCAN', bounds, ARGV[1], 'COUNT', ARGV[2]))
local found = {}
for at = 1, #page, 2 do
  local tenant = page[at]
  local oldest = redis.call('ZRANGEBYLEX', waiting, first(tenant), last(tenant), 'LIMIT', 0, 1)[1]
  found[#found + 1] = { tenant, page[at + 1], count(waiting, tenant), count(admitted, tenant),
    oldest and string.sub(oldest, #tenant + 2) or '' }
end
return { cursor, found }
`)

const NUMBER_DIGITS = 16

/** A tenant while it is counted. `next` is the number and the id of its oldest job that waits for its turn; '' if none does. */
interface Counted {
  readonly tenant: string
  readonly runningBound: number
  waiting: number
  running: number
  oldestMs: number | undefined
  readonly next: string
}

const toList = (answer: unknown): readonly unknown[] => (Array.isArray(answer) ? answer : [])

const toCounted = (entry: unknown): Counted => {
  const [tenant, bound, waiting, admitted, next] = toList(entry)
  return {
    tenant: String(tenant),
    runningBound: Number(bound),
    waiting: Number(waiting),
    running: Number(admitted),
    oldestMs: undefined,
    next: String(next),
  }
}

const readTenants = async (redis: Redis, keys: RedisKeys): Promise<Counted[]> => {
  const found = new Map<string, Counted>()
  let cursor = '0'
  do {
    const [next, page] = toList(await tenantsScript(redis, keys, [cursor, PAGE]))
    // A tenant may come twice.
    for (const one of toList(page).map(toCounted)) found.set(one.tenant, one)
    cursor = String(next)
  } while (cursor !== '0' && found.size < MOST_TENANTS)
  return [...found.values()]
}

/** Jobs that are ready are admitted, and wait all the same. */
const addReady = (tenants: readonly Counted[], ready: readonly unknown[]): void => {
  const byId = new Map(tenants.map((one) => [one.tenant, one]))
  for (const [id, at] of ready.map(toList)) {
    const one = byId.get(String(id))
    if (one === undefined) continue
    one.waiting += 1
    one.running = Math.max(0, one.running - 1)
    one.oldestMs = Math.min(one.oldestMs ?? Number.POSITIVE_INFINITY, Number(at))
  }
}

/** Adds the time of the oldest job that waits for its turn. */
const addOldest = async (redis: Redis, keys: RedisKeys, tenants: readonly Counted[]): Promise<void> => {
  const withNext = tenants.filter(({ next }) => next !== '')
  if (withNext.length === 0) return
  const pipeline = redis.pipeline()
  for (const { next } of withNext) pipeline.hget(keys.queuedJob(next.slice(NUMBER_DIGITS)), JOB_FIELDS.timestamp)
  const answers = (await pipeline.exec()) ?? []
  for (const [at, one] of withNext.entries()) {
    const submittedMs = Number(answers[at]?.[1] ?? Number.NaN)
    if (submittedMs > 0) one.oldestMs = Math.min(one.oldestMs ?? Number.POSITIVE_INFINITY, submittedMs)
  }
}

/** Numbers are given in the order of submission, over all tenants. */
const findFirst = (tenants: readonly Counted[]): readonly Counted[] => {
  const waiting = tenants.filter(({ next }) => next !== '')
  return waiting.length === 0 ? [] : [waiting.reduce((one, other) => (other.next < one.next ? other : one))]
}

const toOldestAt = (tenants: readonly Counted[]): string | null => {
  const times = tenants.flatMap(({ oldestMs }) => oldestMs ?? [])
  return times.length === 0 ? null : new Date(times.reduce((one, other) => Math.min(one, other))).toISOString()
}

export const countJobs = async (redis: Redis, keys: RedisKeys): Promise<QueueSize & { readonly tenants: number }> => {
  const counts = toList(await sizeScript(redis, keys)).map(Number)
  const [turn = 0, ready = 0, delayed = 0, running = 0, tenants = 0] = counts
  return { waiting: turn + ready + delayed, running, tenants }
}

/**
 * The queue as an operator sees it, with the `limit` tenants that have the most waiting jobs. It takes several steps, and jobs
 * move between them, so the sums may differ by a few jobs. Ten thousand tenants with jobs are looked at; more are only counted.
 */
export const readQueue = async (redis: Redis, keys: RedisKeys, bounds: QueueBounds, limit: number): Promise<Queue> => {
  const [size, ready, tenants] = await Promise.all([
    countJobs(redis, keys),
    readyScript(redis, keys).then(toList),
    readTenants(redis, keys),
  ])
  addReady(tenants, ready)
  const busy = tenants.filter(({ waiting, running }) => waiting + running > 0)
  const listed = busy
    .toSorted(
      (one, other) =>
        other.waiting - one.waiting || other.running - one.running || (one.tenant < other.tenant ? -1 : 1),
    )
    .slice(0, limit)
  await addOldest(redis, keys, [...new Set([...listed, ...findFirst(tenants)])])
  const toQueued = (one: Counted): QueuedTenant => ({
    tenant: one.tenant,
    waiting: one.waiting,
    oldestAt: toOldestAt([one]),
    running: one.running,
    waitingBound: bounds.tenant.queued,
    runningBound: one.runningBound,
  })
  return {
    waiting: size.waiting,
    oldestAt: toOldestAt(tenants),
    running: size.running,
    waitingBound: bounds.queued,
    tenants: listed.map(toQueued),
    tenantsLeftOut: busy.length - listed.length + Math.max(0, size.tenants - tenants.length),
  }
}
