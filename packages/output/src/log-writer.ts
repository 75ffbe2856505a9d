import type { JobEnd, QueuedJob, SandboxRun } from '@runnel/contract/internal'
import {
  createRedisKeys,
  JOB_BASE_BYTES,
  KEPT_FIELDS,
  type KeptBounds,
  type Redis,
  type RedisCommand,
  toCommandArgs,
  toCommandKeys,
  toTenantField,
} from '@runnel/redis'
import type { EndCommands } from './end-commands.ts'
import { toEntry, toFields, toMessage } from './log-entry.ts'
import {
  acceptRunScript,
  cancelScript,
  endRunScript,
  endUntakenScript,
  logKeys,
  makeRoomScript,
  undoRunScript,
} from './log-scripts.ts'
import { roomKeys } from './room-lua.ts'

export type { EndCommands }

/** What is too full for another job. */
export type FullStore = 'tenant' | 'all' | 'memory'

/** What the API writes to a job's log: the start, and the end if no worker has the job. */
export interface LogWriter {
  /** The commands that write the event `0-1 queued` and count the job's bytes. They are sent in the same step as the job itself. */
  startCommands(job: QueuedJob | SandboxRun): readonly RedisCommand[]
  /**
   * Writes the start of a run that goes to no queue, with the commands, in one step. Drops finished jobs if that makes room. Returns
   * what is still too full, and then nothing was written.
   */
  acceptRun(run: SandboxRun, commands: readonly RedisCommand[]): Promise<FullStore | undefined>
  /** Removes a run that no worker has started, with the commands, in one step. False if one has: then all stays as it is. */
  undoRun(runId: string, commands: readonly RedisCommand[]): Promise<boolean>
  /**
   * Ends a run whose sandbox was lost, because its worker cannot end it any more, and keeps its output. False if it has finished. One
   * step, with the commands.
   */
  endLostRun(runId: string, toCommands?: EndCommands): Promise<boolean>
  /**
   * Drops finished jobs, oldest first, if Redis has no room for so many bytes more of this tenant. Returns what is still too
   * full: the tenant's bytes, those of all tenants, or the memory of Redis. Undefined if there is room.
   */
  makeRoom(tenantId: string, bytes: number): Promise<FullStore | undefined>
  /** Ends the job as canceled, unless an attempt has started or the job has finished. One step, with the commands. */
  cancelQueued(jobId: string, toCommands?: EndCommands): Promise<boolean>
  /**
   * Ends the job as `sandbox-failed`, unless it has finished or has been started more than `attempts` times. One step,
   * with the commands. If an earlier attempt still runs somewhere, its writes are refused from then on.
   */
  endUntaken(
    jobId: string,
    attempts: number,
    options: { readonly reference: string; readonly toCommands?: EndCommands },
  ): Promise<boolean>
}

/** What a job costs Redis without its output: its program and its records. */
export const countJobBytes = ({ program: { files, stdin, args, env } }: QueuedJob): number =>
  [...files.map(({ content }) => content), stdin, ...args, ...Object.entries(env).flat()].reduce(
    (sum, text) => sum + Buffer.byteLength(text),
    JOB_BASE_BYTES,
  )

/** The message of `<attempt>-2 finished`. */
const toFinished = (jobId: string, attempt: number, end: Pick<JobEnd, 'finishedAt' | 'outcome' | 'usage'>): string => {
  const { finishedAt: at, outcome, usage } = end
  return toMessage(toEntry({ jobId, position: { attempt, n: 2 }, at }, { type: 'finished', outcome, usage }))
}

export const toFullStore = (full: unknown): FullStore | undefined =>
  full === 'tenant' || full === 'all' || full === 'memory' ? full : undefined

export const createLogWriter = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
  readonly keptBounds: KeptBounds
}): LogWriter => {
  const { redis, prefix, retentionMs, keptBounds } = options
  const keys = createRedisKeys(prefix)

  const startCommands: LogWriter['startCommands'] = (job) => {
    const { id: jobId, tenantId, submittedAt: at, program, extracted, limits } = job
    const { language, interactive, terminal } = program
    const tty = terminal === undefined ? {} : { tty: true }
    const head = { jobId, position: { attempt: 0, n: 1 }, at }
    const bytes = countJobBytes(job)
    const entry = toEntry(head, {
      type: 'queued',
      language,
      ...(extracted && { extracted }),
      limits,
      interactive,
      ...tty,
      ...('sandboxId' in job ? { sandboxId: job.sandboxId } : {}),
      ...(job.serve && { serve: true }),
      ...(job.serves && { serves: true }),
    })
    return [
      ['HSET', keys.keptJob(jobId), KEPT_FIELDS.tenant, tenantId, KEPT_FIELDS.rest, bytes],
      ['HINCRBY', keys.kept, 'all', bytes],
      ['HINCRBY', keys.kept, toTenantField(tenantId), bytes],
      ['XADD', keys.events(jobId), entry.id, ...toFields(entry)],
      ['PUBLISH', keys.eventsChannel(jobId), toMessage(entry)],
    ]
  }

  return {
    startCommands,

    async acceptRun(run, others) {
      const commands = [...startCommands(run), ...others]
      const args = [run.tenantId, countJobBytes(run), keptBounds.all, keptBounds.tenant, ...toCommandArgs(commands)]
      return toFullStore(await acceptRunScript(redis, [...roomKeys(keys), ...toCommandKeys(commands)], args))
    },

    async undoRun(runId, commands) {
      const allKeys = [...logKeys(keys, runId), ...toCommandKeys(commands)]
      return (await undoRunScript(redis, allKeys, toCommandArgs(commands))) === 1
    },

    async endLostRun(runId, toCommands = () => []) {
      const finishedAt = new Date().toISOString()
      const outcome = { type: 'sandbox-ended', ending: 'lost' } as const
      const commands = toCommands({ attempt: 1, finishedAt, outcome, usage: null })
      const { json } = toEntry(
        { jobId: runId, position: { attempt: 0, n: 0 }, at: finishedAt },
        { type: 'finished', outcome, usage: null },
      )
      const args = [retentionMs, json, ...toCommandArgs(commands)]
      return (await endRunScript(redis, [...logKeys(keys, runId), ...toCommandKeys(commands)], args)) === 1
    },

    async makeRoom(tenantId, bytes) {
      const args = [tenantId, bytes, keptBounds.all, keptBounds.tenant]
      return toFullStore(await makeRoomScript(redis, roomKeys(keys), args))
    },

    async cancelQueued(jobId, toCommands = () => []) {
      const end = {
        attempt: 0,
        finishedAt: new Date().toISOString(),
        outcome: { type: 'canceled' },
        usage: null,
      } as const
      const commands = toCommands(end)
      const args = [retentionMs, toFinished(jobId, 0, end), ...toCommandArgs(commands)]
      return (await cancelScript(redis, [...logKeys(keys, jobId), ...toCommandKeys(commands)], args)) === 1
    },

    async endUntaken(jobId, attempts, { reference, toCommands = () => [] }) {
      const finishedAt = new Date().toISOString()
      const next = attempts + 1
      const end = { finishedAt, outcome: { type: 'sandbox-failed', reference }, usage: null } as const
      const restarted = toEntry({ jobId, position: { attempt: next, n: 1 }, at: finishedAt }, { type: 'restarted' })
      const messages = [toFinished(jobId, 0, end), toMessage(restarted), toFinished(jobId, next, end)]
      // A worker may have taken the job and died before it started the log. Then `attempt` is 0 in the log, and more here.
      const commands = toCommands({ ...end, attempt: attempts === 0 ? 0 : next })
      const args = [retentionMs, attempts, ...messages, ...toCommandArgs(commands)]
      return (await endUntakenScript(redis, [...logKeys(keys, jobId), ...toCommandKeys(commands)], args)) === 1
    },
  }
}
