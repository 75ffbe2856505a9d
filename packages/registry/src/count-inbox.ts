import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'
import { z } from 'zod'

/** Batches of all workers that wait for an API. Without an API for longer, the oldest are lost. */
const BATCHES = 10_000
const KEPT_MS = 3_600_000
/** A batch may be repeated for this long, and is counted once. */
const REPEAT_MS = 3_600_000
const PAGE = 100
const PAGES_AT_ONCE = 10

/** KEYS: the inbox, the last batch of this process. ARGV: the number of the batch, the batch. */
const sendScript = createLuaScript(`
if redis.call('GET', KEYS[2]) == ARGV[1] then return end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ${REPEAT_MS})
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ${BATCHES}, '*', 'counts', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ${KEPT_MS})`)

/** KEYS: the inbox. Returns the first batches, and removes them. */
const takeScript = createLuaScript(`
local taken = {}
for at, entry in ipairs(redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ${PAGE})) do
  taken[at] = entry[2][2]
  redis.call('XDEL', KEYS[1], entry[1])
end
return taken`)

/** What a worker may count. Everything else in a batch is dropped: a worker that was taken over must not fill the numbers. */
const FIELD_OF_WORKER = /^(?:ended:[a-z-]{1,32}|(?:wait|first|run):(?:\d{1,7}|over))$/
const batchSchema = z.array(z.tuple([z.string(), z.int().min(0).max(1_000_000)])).max(500)

export type Counts = readonly (readonly [field: string, count: number])[]

const readBatch = (json: unknown): Counts => {
  try {
    return batchSchema.parse(JSON.parse(String(json))).filter(([field]) => FIELD_OF_WORKER.test(field))
  } catch {
    return []
  }
}

/**
 * The way of a worker's counts to the numbers: workers cannot reach those in Redis, so they leave batches here, and any API
 * takes each batch once. An API that is killed between the two loses what it took in the last two seconds.
 */
export const createCountInbox = ({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }) => {
  const keys = createRedisKeys(prefix)
  return {
    /** Sending the same number again adds nothing. */
    async send(writerId: string, number: number, counts: Counts): Promise<void> {
      await sendScript(redis, [keys.counts, keys.countsBatch(writerId)], [number, JSON.stringify(counts)])
    },
    async take(): Promise<Counts> {
      const counts: (readonly [string, number])[] = []
      for (let page = 0; page < PAGES_AT_ONCE; page += 1) {
        const taken = await takeScript(redis, [keys.counts])
        const batches: readonly unknown[] = Array.isArray(taken) ? taken : []
        counts.push(...batches.flatMap(readBatch))
        if (batches.length < PAGE) break
      }
      return counts
    },
  }
}
