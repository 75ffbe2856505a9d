import type { QueuedSandbox } from '@runnel/contract/internal'
import { RequestError, type Tenant, utf8Length } from '@runnel/contract/public'
import type { EnqueueOptions } from '@runnel/queue/producer'
import { isRedisOutage, type RedisCommand } from '@runnel/redis'
import { enqueueWithRoom } from '../jobs/enqueue-with-room.ts'
import { findEndCommands } from '../jobs/find-end-commands.ts'
import { requireRedis } from '../request-errors.ts'
import type { SandboxParts } from './sandbox-parts.ts'

/** A sandbox ends within minutes as a rule. */
const RETRY_MS = 5_000

/** What its entry in the queue and its record cost, besides its texts. */
const BASE_BYTES = 2_048

const countBytes = ({ files, env, metadata }: QueuedSandbox): number =>
  [...files.flatMap(({ path, content }) => [path, content]), ...Object.entries({ ...env, ...metadata }).flat()].reduce(
    (sum, text) => sum + utf8Length(text),
    BASE_BYTES,
  )

const boundOf = ({ sandboxesPerTenant }: SandboxParts, { limits }: Tenant): number =>
  limits.sandboxes ?? sandboxesPerTenant

const tooManyOfTenant = (living: number, bound: number): RequestError =>
  new RequestError(
    'too-many-sandboxes',
    `Cannot make another sandbox: you have ${living}, and ${bound} may live at once, paused ones included; delete one, or let one end`,
    { retryAfterMs: RETRY_MS },
  )

const requireRoom = async (parts: SandboxParts, tenant: Tenant): Promise<void> => {
  const [own, room] = await Promise.all([parts.records.countLiving(tenant.id), parts.workers.sandboxRoom()])
  const bound = boundOf(parts, tenant)
  if (own >= bound) throw tooManyOfTenant(own, bound)
  if (room.bound === 0 && room.ready > 0) {
    throw new RequestError(
      'too-many-sandboxes',
      'Cannot make a sandbox here: no worker of this deployment takes any. An operator sets RUNNEL_MAX_SANDBOXES; workers that cannot isolate programs by namespaces, or use RUNNEL_SANDBOX=local, take none (GET /v1/workers)',
    )
  }
  // Without any worker it waits in the queue, as a job does.
  if (room.bound > 0 && room.living >= room.bound) {
    throw new RequestError(
      'too-many-sandboxes',
      `Cannot make another sandbox now: ${room.living} live, and the workers have room for ${room.bound}; try again when some have ended`,
      { retryAfterMs: RETRY_MS },
    )
  }
}

/**
 * Takes back what was accepted: the record first, so that a worker that takes it at this moment does not start it. The job that it
 * would have run is canceled.
 */
export const removeQueuedSandbox = async (parts: SandboxParts, id: string): Promise<void> => {
  const { records, producer, history, logWriter, recorder } = parts
  await records.end(id, 'deleted')
  for (const runId of await history.findRuns(id)) {
    if (await logWriter.cancelQueued(runId, await findEndCommands(parts, runId))) recorder.ended('canceled', {})
  }
  await producer.remove(id)
}

/** For a sandbox that runs a job. */
interface AcceptOptions {
  /** What is written in the same step, and its bytes. */
  readonly commands?: readonly RedisCommand[]
  readonly bytes?: number
  readonly idempotency?: EnqueueOptions['idempotency']
  /** Removes what the commands have written, because there are too many sandboxes after all. */
  readonly takeBack?: () => Promise<void>
}

/**
 * Puts a sandbox into the queue. The record, the lists and the place in the queue are one step. Returns its id, or with an idempotency
 * key that was used before what is remembered for that.
 *
 *   tenant or workers are full   refused before anything is written
 *   queue or Redis is full       refused by that step, as a job is
 *   several creates at once      those that went over the tenant's bound are taken back, so the bound holds
 *   answer lost                  Redis may have done it, and nobody knows the id: it is taken back. With an idempotency key it is left
 *                                alone: the caller submits again
 */
export const acceptSandbox = async (
  parts: SandboxParts,
  tenant: Tenant,
  sandbox: QueuedSandbox,
  options: AcceptOptions = {},
): Promise<string> => {
  requireRedis(parts)
  const { records, tenantCount } = parts
  const { commands: more = [], bytes = 0, idempotency, takeBack } = options
  await requireRoom(parts, tenant)
  const commands = [...records.acceptCommands(sandbox), ...more]
  const tenants = await tenantCount.read()
  const optional = idempotency === undefined ? {} : { idempotency }
  const enqueueOptions = {
    tenants,
    commands,
    bytes: countBytes(sandbox) + bytes,
    tenantBounds: tenant.limits,
    ...optional,
  }
  const id = await enqueueWithRoom(parts, sandbox, enqueueOptions).catch(async (error: unknown) => {
    const canSubmitAgain = idempotency !== undefined && isRedisOutage(error)
    if (!(error instanceof RequestError || canSubmitAgain)) await removeQueuedSandbox(parts, sandbox.id).catch(() => {})
    throw error
  })
  if (id !== sandbox.id) return id
  const bound = boundOf(parts, tenant)
  const living = await records.countLiving(tenant.id)
  if (living <= bound) return id
  await takeBack?.()
  await removeQueuedSandbox(parts, sandbox.id)
  throw tooManyOfTenant(living - 1, bound)
}
