import { type Job, type Outcome, type TerminalSize, toChunk, type Usage } from '@runnel/contract/public'
import {
  createRedisKeys,
  type KeptBounds,
  type Redis,
  type RedisCommand,
  toCommandArgs,
  toCommandKeys,
} from '@runnel/redis'
import type { EndCommands } from './end-commands.ts'
import { type LogEntry, toEntry, toMessage } from './log-entry.ts'
import { LogLostError } from './log-lost-error.ts'
import { appendScript, logKeys, startScript } from './log-scripts.ts'
import { createOutputBuffer, type OutputStream } from './output-buffer.ts'
import { retryWhileAway } from './retry-while-away.ts'

export { type EndCommands, LogLostError }

/** The files that a job kept, for its event `finished`. */
export type KeptArtifacts = Pick<Job, 'artifacts' | 'artifactsLeftOut'>

export interface JobLog {
  /**
   * Writes the event `started`, with the size of the program's terminal if it has one. Run the job only if this resolves with
   * `started`. `finished`: the job has an outcome already. `stale`: a later attempt has started.
   */
  start(terminal?: TerminalSize): Promise<'started' | 'finished' | 'stale'>
  /** Resolves when more may be written. Throws LogLostError if this attempt can no longer write. */
  write(stream: OutputStream, bytes: Uint8Array): Promise<void>
  /**
   * Writes pending output, then that a port was opened or closed. Not after `dropped`, nor after `finish`. Throws LogLostError as
   * `write` does.
   */
  port(change: { readonly sandboxId: string; readonly port: number; readonly open: boolean }): Promise<void>
  /** Writes pending output, then `dropped`. What is written after that is discarded until `finish`. */
  drop(): Promise<void>
  /**
   * Writes pending output, then `finished`, sets the log's expiry and runs the commands, all in one step. Throws LogLostError if
   * Redis stays away or has lost the log.
   */
  finish(
    outcome: Outcome,
    usage: Usage | null,
    toCommands?: EndCommands,
    kept?: KeptArtifacts,
  ): Promise<'finished' | 'stale'>
}

export interface Publisher {
  open(jobId: string, attempt: number): JobLog
}

/** Nobody notices 5 ms. A program that prints a line every 10 µs makes 200 events a second instead of 100,000. */
const FLUSH_MS = 5
/** The largest event: small enough to be sent quickly, large enough that 1 MiB of output is only 16 events. */
const PART_BYTES = 64 * 1024
/** How far a program may run ahead of Redis before it has to wait. */
const BUFFER_BYTES = 256 * 1024

/**
 * The worker's side of the event log.
 *
 *   write ─▶ buffer ─▶ flush: one script call, several events ─▶ log and channel
 *
 * 1. Only one flush runs at a time, so events stay in order. Output that is written during a flush goes with the next one.
 * 2. The first bytes after a silence are flushed at once. Later ones wait until `flushMs` after the last flush, or until there
 *    are 64 KiB of one stream and nothing of the other.
 * 3. A flush has at most 16 events, and one more for every 64 KiB in it. That is at most 3,200 events a second, and one more
 *    for every 64 KiB. A program that changes between its streams more often waits, once 256 changes or 256 KiB wait to be
 *    published.
 * 4. A flush that is repeated keeps its ids, so it adds nothing twice.
 * 5. While Redis is away a flush is repeated and writers wait. If Redis stays away, a later attempt has taken over, or entries
 *    are missing, the log is lost: nothing more is written, and every writer gets a LogLostError.
 * 6. Another event goes with the output before it, as a flush.
 * 7. If Redis is full, and no finished job is left to drop, one event `dropped` takes the place of a flush. The program goes on,
 *    and what it prints after that is discarded until its end.
 */
export const createPublisher = (options: {
  readonly redis: Redis
  readonly prefix: string
  readonly retentionMs: number
  readonly keptBounds: KeptBounds
  readonly flushMs?: number
}): Publisher => {
  const { redis, prefix, retentionMs, keptBounds, flushMs = FLUSH_MS } = options
  const redisKeys = createRedisKeys(prefix)

  const open = (jobId: string, attempt: number): JobLog => {
    const keys = logKeys(redisKeys, jobId)
    const buffer = createOutputBuffer(PART_BYTES, BUFFER_BYTES)
    let n = 0
    /** How many entries the log has, those of earlier attempts included. */
    let length = 0
    let startedAt: string | undefined
    let lost: LogLostError | undefined
    /** There was no room for the output: the log has the event `dropped`. */
    let isDropped = false
    let isFinishing = false
    let flushing: Promise<void> | undefined
    let nextFlush = Promise.withResolvers<void>()
    let flushedAt = Number.NEGATIVE_INFINITY
    let timer: NodeJS.Timeout | undefined

    const now = (): string => new Date().toISOString()
    const entryAt = (position: number, at: string, body: Parameters<typeof toEntry>[1]): LogEntry =>
      toEntry({ jobId, position: { attempt, n: position }, at }, body)

    const takeOutput = (atEnd: boolean): LogEntry[] => {
      const parts = buffer.take(atEnd)
      if (isDropped) return []
      return parts.map(({ stream, bytes }) => {
        n += 1
        return entryAt(n, now(), { type: stream, ...toChunk(bytes) })
      })
    }

    /** Never throws. A failure is stored in `lost`. `end`: with these entries the job ends. */
    const send = async (entries: readonly LogEntry[], end?: readonly RedisCommand[]): Promise<void> => {
      if (entries.length === 0 || lost !== undefined) return
      const texts = entries.flatMap((entry) => [entry.id, entry.type, toMessage(entry)])
      const isEnd = end !== undefined
      const bounds = [keptBounds.all, keptBounds.tenant]
      const head = [isEnd ? retentionMs : 0, length, ...bounds, entries.length]
      const args = [...head, ...texts, ...(isEnd ? toCommandArgs(end) : [])]
      const allKeys = isEnd ? [...keys, ...toCommandKeys(end)] : keys
      try {
        const written = await retryWhileAway(() => appendScript(redis, allKeys, args))
        isDropped ||= written === 'dropped'
        length += written === 'dropped' ? 1 : entries.length
        if (written !== 1 && written !== 'dropped') lost = new LogLostError(written === 'gone' ? 'gone' : 'taken-over')
      } catch (error) {
        lost = new LogLostError('redis-away', { cause: error })
      }
    }

    /** With the output before it, one more event. */
    const flush = (toEvent?: () => LogEntry): Promise<void> => {
      clearTimeout(timer)
      timer = undefined
      const output = takeOutput(false)
      flushing = send(toEvent === undefined ? output : [...output, toEvent()]).then(() => {
        flushing = undefined
        flushedAt = performance.now()
        nextFlush.resolve()
        nextFlush = Promise.withResolvers()
        schedule()
      })
      return flushing
    }

    const append = async (toBody: (id: string) => Parameters<typeof toEntry>[1]): Promise<void> => {
      while (flushing !== undefined) await flushing
      if (isFinishing || isDropped) return
      await flush(() => {
        n += 1
        return entryAt(n, now(), toBody(`${attempt}-${n}`))
      })
      if (lost !== undefined) throw lost
    }

    const schedule = (): void => {
      if (flushing !== undefined || buffer.bytes === 0 || lost !== undefined) return
      const waitMs = flushedAt + flushMs - performance.now()
      if (waitMs <= 0 || buffer.isLargePart) void flush()
      else timer ??= setTimeout(() => void flush(), waitMs)
    }

    return {
      async start(terminal) {
        const at = now()
        const started = entryAt(1, at, { type: 'started', ...terminal })
        const restarted = entryAt(1, at, { type: 'restarted' })
        const second = entryAt(2, at, { type: 'started', ...terminal })
        const args = [attempt, ...[started, restarted, second].map(toMessage)]
        const reached = await retryWhileAway(() => startScript(redis, keys, args))
        if (reached === 'finished' || reached === 'stale') {
          lost = new LogLostError('taken-over')
          return reached
        }
        const [first, count]: readonly unknown[] = Array.isArray(reached) ? reached : []
        n = Number(first)
        length = Number(count)
        startedAt = at
        return 'started'
      },

      async write(stream, bytes) {
        if (lost !== undefined) throw lost
        buffer.add(stream, bytes)
        schedule()
        while (buffer.isFull && lost === undefined) await nextFlush.promise
        if (lost !== undefined) throw lost
      },

      port: (change) => append(() => ({ type: 'port', ...change })),

      drop: () =>
        append((id) => {
          isDropped = true
          return { type: 'dropped', first: id }
        }),

      async finish(outcome, usage, toCommands = () => [], kept = {}) {
        isFinishing = true
        clearTimeout(timer)
        // `flush` schedules the next one when it ends, so wait until none runs.
        while (flushing !== undefined) await flushing
        clearTimeout(timer)
        const output = takeOutput(true)
        n += 1
        const finishedAt = now()
        const finished = entryAt(n, finishedAt, { type: 'finished', outcome, usage, ...kept })
        const end = { attempt, ...(startedAt === undefined ? {} : { startedAt }), finishedAt, outcome, usage }
        await send([...output, finished], toCommands(end))
        if (lost === undefined) return 'finished'
        if (lost.why !== 'taken-over') throw lost
        return 'stale'
      },
    }
  }

  return { open }
}
