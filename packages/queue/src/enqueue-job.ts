import type { QueuedJob, QueuedSandbox } from '@runnel/contract/internal'
import { RequestError } from '@runnel/contract/public'
import {
  KEPT_LUA,
  type KeptBounds,
  MEMORY_SHARE,
  type Redis,
  type RedisCommand,
  type RedisKeys,
  RUN_COMMANDS_LUA,
  toCommandArgs,
  toCommandKeys,
} from '@runnel/redis'
import type { QueueBounds, TenantBounds } from './bounds.ts'
import { JOB_FIELDS, toJobOptions, toSandboxOptions } from './bullmq-internals/job-record.ts'
import { estimateWaitMs } from './estimate-wait.ts'
import { createFairQueueScript } from './fair-queue-script.ts'
import { readJobTimes } from './read-job-times.ts'
import { type Idempotency, keyReused, toSubmissionKey } from './submissions.ts'

export interface EnqueueOptions {
  /** The tenant's own bounds, if it has any. */
  readonly tenantBounds?: TenantBounds
  /** How many tenants there are that may submit. With more than one, places are kept free for those that have none. Default: 1. */
  readonly tenants?: number
  /** Run in the same step, before a worker can take the job; not run if the job is refused. */
  readonly commands?: readonly RedisCommand[]
  /** How many bytes the commands count for this job. It is refused if there is no room for them. */
  readonly bytes?: number
  /** `id`: the job that is remembered for it, if that is not the entry's own id. */
  readonly idempotency?: Idempotency & { readonly id?: string }
}

const { name, data, options, timestamp, delay, priority, number } = JOB_FIELDS

/**
 * One step: all of it happens, or nothing. The job's record is what BullMQ's own `add` would write (a test compares
 * them), with the tenant as the job's name.
 *
 * ARGV:  1 to 5  the job's id, tenant, data, options, time
 *        6 to 8  the bounds: all queued jobs, the tenant's queued jobs, the tenant's running jobs
 *        9, 10   the fingerprint of the submission, and how long it is remembered
 *        11      how many tenants there are
 *        12 to 14  the job's bytes, and the bounds of the bytes: of all tenants, of one
 *        15      the job that is remembered for this submission
 *        16      the commands
 * Own KEYS: the counters of bytes, the key of each command, then the key that remembers the submission, if it has an
 * idempotency key.
 */
const enqueueScript = createFairQueueScript(`
local kept, FIRST_COMMAND_KEY = KEYS[FIRST_OWN_KEY], FIRST_OWN_KEY + 1
${KEPT_LUA}${RUN_COMMANDS_LUA}
local id, tenant = ARGV[1], ARGV[2]
local job = jobKey(id)
local fingerprint, commands = ARGV[9], tonumber(ARGV[16])
local record = KEYS[FIRST_COMMAND_KEY + commands]

if record then
  local known = redis.call('HMGET', record, 'job', 'fingerprint')
  if known[1] and known[2] ~= fingerprint then return { 'key-reused' } end
  if known[1] then return { 'taken', known[1] } end
end
-- This step was done already, and its answer was lost.
if redis.call('EXISTS', job) == 1 then return { 'taken', id } end

local ready = redis.call('LRANGE', wait, 0, -1)
local length, bound = redis.call('ZCARD', waiting) + #ready, tonumber(ARGV[6])
if length >= bound then return { 'full', length, bound, 'all', readTimes(tenant) } end
local own = count(waiting, tenant)
length, bound = own, tonumber(ARGV[7])
for _, other in ipairs(ready) do
  if redis.call('ZSCORE', admitted, toAdmitted(tenant, other)) then length = length + 1 end
end
if length >= bound then return { 'full', length, bound, 'tenant', readTimes(tenant) } end

local storage = findFull(tenant, tonumber(ARGV[12]), ARGV[13], ARGV[14], ${MEMORY_SHARE.admission})
if storage then return { 'storage-full', storage } end

runCommands(16, FIRST_COMMAND_KEY)

if redis.call('HGET', bounds, tenant) ~= ARGV[8] then redis.call('HSET', bounds, tenant, ARGV[8]) end
if redis.call('HGET', share, 'tenants') ~= ARGV[11] then redis.call('HSET', share, 'tenants', ARGV[11]) end
redis.call('HSET', job, '${name}', tenant, '${data}', ARGV[3], '${options}', ARGV[4], '${timestamp}', ARGV[5],
  '${delay}', 0, '${priority}', 0)
-- The usual case: no job waits, so this one is ready at once.
if #ready < READY and own == 0 and redis.call('ZCARD', rotation) == 0 and hasRoom(tenant) and mayBeNext(tenant) then
  admit(tenant, id)
else
  local number = redis.call('INCR', jobNumber)
  redis.call('HSET', job, '${number}', number)
  redis.call('ZADD', waiting, 0, toWaiting(tenant, number, id))
  line(tenant)
  fill()
end
if record then
  redis.call('HSET', record, 'job', ARGV[15], 'fingerprint', fingerprint)
  redis.call('PEXPIRE', record, ARGV[10])
end
return { 'taken', id }
`)

type Answer = readonly unknown[]

/** At most half a minute, so that a client soon notices when there is room again. */
const RETRY_MS = { unknown: 5_000, minimum: 1_000, maximum: 30_000 }

/** When a place in the queue is probably free. */
const toRetryAfterMs = (times: unknown): number => {
  const waitMs = estimateWaitMs(0, readJobTimes(times).all) ?? RETRY_MS.unknown
  return Math.min(Math.max(waitMs, RETRY_MS.minimum), RETRY_MS.maximum)
}

const refuse = ([, length, bound, whose, times]: Answer): RequestError => {
  const jobs = whose === 'tenant' ? 'jobs of yours wait' : 'jobs wait'
  return new RequestError(
    'queue-full',
    `Cannot take this job: ${length} ${jobs}, and ${bound} may; try again when some of them have run`,
    {
      details: [
        { path: 'queue.length', message: String(length) },
        { path: 'queue.bound', message: String(bound) },
      ],
      retryAfterMs: toRetryAfterMs(times),
    },
  )
}

/** Finished jobs may be dropped meanwhile, or end. */
const STORAGE_RETRY_MS = 5_000

const refuseBytes = (full: unknown, { tenant, all }: KeptBounds): RequestError => {
  const why = {
    tenant: `your jobs that have not ended fill the ${tenant} bytes that Redis keeps of a tenant's jobs`,
    all: `jobs that have not ended fill the ${all} bytes that Redis keeps of all jobs`,
  }
  const because = full === 'tenant' || full === 'all' ? why[full] : 'the memory of Redis is nearly full'
  return new RequestError('storage-full', `Cannot take this job: ${because}; try again when some of them have ended`, {
    retryAfterMs: STORAGE_RETRY_MS,
  })
}

/**
 * Adds the job, unless the queue is full or has it already. Returns the entry's own id, or, with the same idempotency key as before,
 * the job that is remembered for it.
 */
export const enqueueJob = async (
  parts: {
    readonly redis: Redis
    readonly keys: RedisKeys
    readonly retentionMs: number
    readonly bounds: QueueBounds
    readonly keptBounds: KeptBounds
  },
  job: QueuedJob | QueuedSandbox,
  { tenantBounds, tenants = 1, commands = [], bytes = 0, idempotency }: EnqueueOptions,
): Promise<string> => {
  const { redis, keys, retentionMs, bounds, keptBounds } = parts
  const args = [
    job.id,
    job.tenantId,
    JSON.stringify(job),
    'kind' in job ? toSandboxOptions(job.id) : toJobOptions(job.id),
    Date.now(),
    bounds.queued,
    tenantBounds?.queued ?? bounds.tenant.queued,
    tenantBounds?.running ?? bounds.tenant.running,
    idempotency?.fingerprint ?? '',
    retentionMs,
    tenants,
    bytes,
    keptBounds.all,
    keptBounds.tenant,
    idempotency?.id ?? job.id,
    ...toCommandArgs(commands),
  ]
  const ownKeys = [keys.kept, ...toCommandKeys(commands)]
  if (idempotency !== undefined) ownKeys.push(toSubmissionKey(keys, job.tenantId, idempotency.key))
  const answer = await enqueueScript(redis, keys, args, ownKeys)
  if (!Array.isArray(answer))
    throw new Error('Cannot read the answer of the script that enqueues a job: it is not a list')
  const [verdict, id]: Answer = answer
  if (verdict === 'key-reused') throw keyReused()
  if (verdict === 'full') throw refuse(answer)
  if (verdict === 'storage-full') throw refuseBytes(id, keptBounds)
  return String(id)
}
