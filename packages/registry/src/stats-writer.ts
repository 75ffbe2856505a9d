import { randomBytes } from 'node:crypto'
import { STATS } from '@runnel/contract/public'
import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'
import { type Counts, createCountInbox } from './count-inbox.ts'
import type { JobRecorder } from './job-recorder.ts'
import { DURATIONS, type DurationName, FIELD, GAUGES } from './stats-fields.ts'

/** How often a process writes what it has counted. One that is killed loses as much. */
const FLUSH_MS = 2_000
/** A little longer than they are read, because clocks differ and a step may have started before. */
const SLACK_MS = 3_600_000
/** A batch may be repeated for this long, and is counted once. */
const REPEAT_MS = 3_600_000

export interface QueueSample {
  readonly waiting: number
  readonly running: number
}

export interface StatsWriter extends JobRecorder, AsyncDisposable {
  /** Writes what was counted until now. Never rejects. */
  flush(): Promise<void>
}

/**
 * Adds a batch to the current minute and hour, by the clock of Redis, so that hosts with different clocks agree. A batch that
 * was added already, and whose answer was lost, is not added again.
 *
 * KEYS: what comes before the number in the names of minutes and of hours; the last batch of this process. ARGV: the number of
 * the batch; how many sums; for each its field and what to add; then for each gauge its three fields and its value.
 */
const addScript = createLuaScript(`
if redis.call('GET', KEYS[3]) == ARGV[1] then return end
redis.call('SET', KEYS[3], ARGV[1], 'PX', ${REPEAT_MS})
local now = tonumber(redis.call('TIME')[1]) * 1000
local function add(key, keptMs)
  local firstGauge = 3 + 2 * tonumber(ARGV[2])
  for at = 3, firstGauge - 1, 2 do redis.call('HINCRBY', key, ARGV[at], ARGV[at + 1]) end
  for at = firstGauge, #ARGV, 4 do
    local highest, sum, samples, value = unpack(ARGV, at, at + 3)
    if tonumber(value) > tonumber(redis.call('HGET', key, highest) or -1) then redis.call('HSET', key, highest, value) end
    redis.call('HINCRBY', key, sum, value)
    redis.call('HINCRBY', key, samples, 1)
  end
  redis.call('PEXPIRE', key, keptMs)
end
add(KEYS[1] .. math.floor(now / ${STATS.minute.stepMs}), ${STATS.minute.keptMs + SLACK_MS})
add(KEYS[2] .. math.floor(now / ${STATS.hour.stepMs}), ${STATS.hour.keptMs + SLACK_MS})`)

interface Batch {
  readonly number: number
  readonly counts: Counts
  readonly measured: QueueSample | undefined
}

/**
 * Counts in memory, and sends what it has counted every two seconds, in one round trip: nothing is sent for a single job.
 *
 *   counted ──▶ batch 1 ──▶ Redis ──▶ batch 2 …
 *                 └─ no answer: the same batch again
 *
 * While Redis is away it counts on, and what it counted then belongs to the minute in which Redis is back. A process that is
 * killed loses the last two seconds.
 */
const createBatches = (options: {
  readonly send: (batch: Batch) => Promise<void>
  readonly sample?: (() => Promise<QueueSample>) | undefined
  /** What others have counted. Added to the next batch. */
  readonly take?: () => Promise<Counts>
}): StatsWriter => {
  const { send, sample, take = async () => [] } = options
  const counted = new Map<string, number>()
  let pending: Batch | undefined
  let number = 0
  let flushing: Promise<void> | undefined

  const count = (field: string, by = 1): void => void counted.set(field, (counted.get(field) ?? 0) + by)
  const countDuration = (name: DurationName, ms: number | undefined): void => {
    if (ms !== undefined) count(FIELD.duration(name, ms))
  }

  const takeBatch = (measured: QueueSample | undefined): Batch | undefined => {
    if (counted.size === 0 && measured === undefined) return undefined
    const counts = [...counted]
    counted.clear()
    number += 1
    return { number, counts, measured }
  }

  const write = async (): Promise<void> => {
    pending ??= takeBatch(await sample?.().catch(() => undefined))
    if (pending !== undefined) await send(pending)
    pending = undefined
    for (const [field, by] of await take()) count(field, by)
  }
  /** The connection's owner logs that Redis is away, and the next flush writes what this one could not. */
  const flush = (): Promise<void> => {
    flushing ??= write()
      .catch(() => {})
      .finally(() => {
        flushing = undefined
      })
    return flushing
  }

  const timer = setInterval(() => void flush(), FLUSH_MS)
  return {
    accepted: () => count(FIELD.accepted),
    refused: (code) => count(FIELD.refused(code)),
    ended(outcome, { waitMs, firstOutputMs, runMs }) {
      count(FIELD.ended(outcome))
      const [wait, first, run] = DURATIONS
      countDuration(wait, waitMs)
      countDuration(first, firstOutputMs)
      countDuration(run, runMs)
    },
    flush,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      // What was counted while the last batch was on its way is in the next one.
      await flush()
      if (counted.size > 0) await flush()
    },
  }
}

interface WriterOptions {
  /** A command connection. */
  readonly redis: Redis
  readonly prefix: string
}

const createWriterId = (): string => randomBytes(8).toString('hex')

/** The API's: adds to the numbers what it has counted, and what workers have sent. */
export const createStatsWriter = (
  options: WriterOptions & {
    /** Measures the queue, before each batch. Left out: this process does not measure it. */
    readonly sample?: () => Promise<QueueSample>
  },
): StatsWriter => {
  const { redis, prefix, sample } = options
  const keys = createRedisKeys(prefix)
  const batchKeys = [keys.statsMinute(''), keys.statsHour(''), keys.statsBatch(createWriterId())]
  const toGauges = (measured: QueueSample) =>
    GAUGES.flatMap((name) => [...Object.values(FIELD.gauge(name)), measured[name]])
  return createBatches({
    sample,
    take: createCountInbox({ redis, prefix }).take,
    async send({ number, counts, measured }) {
      const gauges = measured === undefined ? [] : toGauges(measured)
      await addScript(redis, batchKeys, [number, counts.length, ...counts.flat(), ...gauges])
    },
  })
}

/** A worker's: sends what it has counted to the APIs. */
export const createWorkerStatsWriter = ({ redis, prefix }: WriterOptions): StatsWriter => {
  const inbox = createCountInbox({ redis, prefix })
  const writerId = createWriterId()
  return createBatches({ send: ({ number, counts }) => inbox.send(writerId, number, counts) })
}
