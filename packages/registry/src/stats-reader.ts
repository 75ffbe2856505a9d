import { STATS, type Stats } from '@runnel/contract/public'
import { createRedisKeys, type Redis } from '@runnel/redis'
import { addNumbers, type Numbers, toNumbers } from './stats-numbers.ts'
import { type StatsQuery, type StatsRange, toStatsRange } from './stats-range.ts'
import { toStats } from './stats-series.ts'

export interface StatsReader {
  /** The numbers of all processes. Throws a RequestError for a range that is not kept, or has too many steps. */
  read(query: StatsQuery): Promise<Stats>
}

/** Hashes in one round trip. Reading them takes this process a few milliseconds; other requests have their turn in between. */
const PAGE = 100
/** Numbers are added to the current minute and hour only, so those that are over do not change. The rest is for clocks. */
const SETTLED_MS = 60_000
/** All minutes and hours that are kept. */
const MOST_SETTLED = STATS.minute.keptMs / STATS.minute.stepMs + STATS.hour.keptMs / STATS.hour.stepMs + 200

/** The minutes or hours of a range that have begun: the number of each, and in which step it is. */
const toUnits = ({ fromMs, stepMs, steps, unit }: StatsRange, nowMs: number) => {
  const unitMs = STATS[unit].stepMs
  const first = fromMs / unitMs
  const count = Math.min((steps * stepMs) / unitMs, Math.floor(nowMs / unitMs) - first + 1)
  return Array.from({ length: count }, (_, at) => ({ number: first + at, step: Math.floor((at * unitMs) / stepMs) }))
}

export const createStatsReader = (options: { readonly redis: Redis; readonly prefix: string }): StatsReader => {
  const { redis, prefix } = options
  const keys = createRedisKeys(prefix)
  const keyOf = { minute: keys.statsMinute, hour: keys.statsHour }
  /** Numbers that no longer change, by key. A page that asks every few seconds costs only reads of the last minute. */
  const settled = new Map<string, Numbers>()

  const settle = (key: string, numbers: Numbers): void => {
    settled.set(key, numbers)
    const [oldest] = settled.keys()
    if (settled.size > MOST_SETTLED && oldest !== undefined) settled.delete(oldest)
  }

  const readHashes = async (wanted: readonly string[]): Promise<[string, Numbers][]> => {
    if (wanted.length === 0) return []
    const pipeline = redis.pipeline()
    for (const key of wanted) pipeline.hgetall(key)
    const answers = (await pipeline.exec()) ?? []
    const failed = answers.find(([error]) => error !== null)?.[0]
    if (failed) throw failed
    return wanted.map((key, at) => [key, toNumbers(Object(answers[at]?.[1]))])
  }

  return {
    async read(query) {
      const [seconds] = await redis.time()
      const nowMs = Number(seconds) * 1_000
      const range = toStatsRange(query, nowMs)
      const steps = Array.from({ length: range.steps }, (): Numbers[] => [])
      const units = toUnits(range, nowMs)
      for (let at = 0; at < units.length; at += PAGE) {
        const page = units.slice(at, at + PAGE).map((unit) => ({ ...unit, key: keyOf[range.unit](unit.number) }))
        const known = page.flatMap(({ key }) => (settled.has(key) ? [[key, settled.get(key)] as const] : []))
        const read = await readHashes(page.flatMap(({ key }) => (settled.has(key) ? [] : [key])))
        const found = new Map([...known, ...read])
        for (const { key, number, step } of page) {
          const numbers = found.get(key)
          if (numbers === undefined) continue
          steps[step]?.push(numbers)
          const endMs = (number + 1) * STATS[range.unit].stepMs
          if (endMs + SETTLED_MS < nowMs) settle(key, numbers)
        }
      }
      return toStats(range, steps.map(addNumbers))
    },
  }
}
