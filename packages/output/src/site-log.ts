import type { SandboxRun } from '@runnel/contract/internal'
import type { Outcome, Usage } from '@runnel/contract/public'
import {
  createRedisKeys,
  type KeptBounds,
  type Redis,
  type RedisCommand,
  toCommandArgs,
  toCommandKeys,
  toDigest,
} from '@runnel/redis'
import type { EndCommands } from './end-commands.ts'
import { type EventBody, toEntry, toFields, toMessage } from './log-entry.ts'
import { acceptOnceScript, endRunScript, logKeys, printScript } from './log-scripts.ts'
import { countJobBytes, type FullStore, type LogWriter, toFullStore } from './log-writer.ts'
import { roomKeys } from './room-lua.ts'

/** A piece of what a page writes to its console. */
export interface Printed {
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** What the API writes to the log of a site. No worker has it, and several API processes may write. */
export interface SiteLog {
  /**
   * Writes the start of a site that runs at once, with its port and the commands, in one step. Drops finished jobs if that makes room.
   * `key-reused`: another program was submitted under this idempotency key. Unless the answer has this job's id, nothing was written.
   */
  accept(
    run: SandboxRun,
    commands: readonly RedisCommand[],
    idempotency: { readonly key: string; readonly fingerprint: string } | undefined,
  ): Promise<{ readonly id: string } | { readonly full: FullStore } | 'key-reused'>
  /**
   * Adds what pages print. When that is more than `limitBytes` in all, one sentence takes its place, and no more is taken. `full`: no more
   * is taken, by this limit or because Redis has no room.
   */
  print(runId: string, printed: readonly Printed[], limitBytes: number): Promise<'printed' | 'full' | 'ended'>
  /** False if it has ended. One step, with the commands. */
  end(runId: string, outcome: Outcome, usage: Usage, toCommands: EndCommands): Promise<boolean>
}

/** The port of every site. */
const SITE_PORT = 80

export const createSiteLog = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
  readonly keptBounds: KeptBounds
  readonly logWriter: Pick<LogWriter, 'startCommands'>
}): SiteLog => {
  const { redis, prefix, retentionMs, keptBounds, logWriter } = options
  const keys = createRedisKeys(prefix)

  const startCommands = ({ id: jobId, sandboxId, submittedAt: at }: SandboxRun): readonly RedisCommand[] => {
    const bodies: readonly EventBody[] = [{ type: 'started' }, { type: 'port', sandboxId, port: SITE_PORT, open: true }]
    return bodies.flatMap((body, n) => {
      const entry = toEntry({ jobId, position: { attempt: 1, n: n + 1 }, at }, body)
      return [
        ['XADD', keys.events(jobId), entry.id, ...toFields(entry)],
        ['PUBLISH', keys.eventsChannel(jobId), toMessage(entry)],
      ] as const
    })
  }

  /** The script puts the id in. */
  const toJson = (jobId: string, at: string, body: EventBody): string =>
    toEntry({ jobId, position: { attempt: 0, n: 0 }, at }, body).json

  return {
    async accept(run, others, idempotency) {
      const commands = [...logWriter.startCommands(run), ...startCommands(run), ...others]
      const head = [run.tenantId, countJobBytes(run), keptBounds.all, keptBounds.tenant]
      const args = [...head, idempotency?.fingerprint ?? '', retentionMs, run.id, ...toCommandArgs(commands)]
      const submission = idempotency === undefined ? [] : [keys.submission(run.tenantId, toDigest(idempotency.key))]
      const answer = await acceptOnceScript(redis, [...roomKeys(keys), ...toCommandKeys(commands), ...submission], args)
      const [verdict, word]: readonly unknown[] = Array.isArray(answer) ? answer : []
      if (verdict === 'key-reused') return verdict
      const full = verdict === 'full' ? toFullStore(word) : undefined
      return full === undefined ? { id: String(word) } : { full }
    },

    async print(jobId, printed, limitBytes) {
      const at = new Date().toISOString()
      const toOutput = (stream: Printed['stream'], data: string) =>
        toJson(jobId, at, { type: stream, encoding: 'utf8', data })
      const notice = toOutput(
        'stderr',
        `What this page writes to its console is not shown any more: it is over the output limit of ${limitBytes} bytes.\n`,
      )
      const entries = printed.flatMap(({ stream, text }) => [Buffer.byteLength(text), stream, toOutput(stream, text)])
      const args = [limitBytes, keptBounds.all, keptBounds.tenant, notice, printed.length, ...entries]
      const answer = await printScript(redis, logKeys(keys, jobId), args)
      return answer === 'full' || answer === 'ended' ? answer : 'printed'
    },

    async end(jobId, outcome, usage, toCommands) {
      const finishedAt = new Date().toISOString()
      const startedAt = new Date(Date.parse(finishedAt) - usage.wallMs).toISOString()
      const commands = toCommands({ attempt: 1, startedAt, finishedAt, outcome, usage })
      const args = [
        retentionMs,
        toJson(jobId, finishedAt, { type: 'finished', outcome, usage }),
        ...toCommandArgs(commands),
      ]
      return (await endRunScript(redis, [...logKeys(keys, jobId), ...toCommandKeys(commands)], args)) === 1
    },
  }
}
