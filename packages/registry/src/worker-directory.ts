import { createLuaScript, createRedisKeys, type Redis } from '@runnel/redis'

export interface WorkerEntry {
  readonly id: string
  /** Whether it takes jobs. A worker is alive but not ready while its engine does not answer, and while it stops. */
  readonly isReady: boolean
}

export interface WorkerCount {
  readonly ready: number
  readonly notReady: number
}

export interface WorkerDirectory {
  /** Reports that the worker is alive. Repeat it well within 15 s. */
  beat(worker: WorkerEntry): Promise<void>
  /** The worker counts as dead from now on. */
  leave(id: string): Promise<void>
  /** The workers that were alive within the last 15 s. */
  count(): Promise<WorkerCount>
  /** Which of these are dead: known here, and silent for 15 s. An unknown worker is not reported: it may use another Redis. */
  findDead(ids: readonly string[]): Promise<readonly string[]>
}

/** Three missed beats of five seconds. */
const ALIVE_MS = 15_000
/** Longer than any container lives, because until then `findDead` may be called for its worker. */
const KNOWN_MS = 24 * 60 * 60 * 1_000

/** Uses the time of Redis, so that hosts with different clocks agree. KEYS: when each worker was seen, and which are ready. */
const NOW = `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)
local alive = now - ${ALIVE_MS}
`
/** ARGV: the worker, 1 or 0 for ready. */
const beatScript = createLuaScript(`${NOW}
redis.call('ZADD', KEYS[1], now, ARGV[1])
if ARGV[2] == '1' then redis.call('ZADD', KEYS[2], now, ARGV[1]) else redis.call('ZREM', KEYS[2], ARGV[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ${KNOWN_MS})
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', alive)
redis.call('PEXPIRE', KEYS[1], ${KNOWN_MS})
redis.call('PEXPIRE', KEYS[2], ${ALIVE_MS})`)
const leaveScript = createLuaScript(`${NOW}
redis.call('ZADD', KEYS[1], 'XX', alive, ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])`)
const countScript = createLuaScript(`${NOW}
return { redis.call('ZCOUNT', KEYS[1], '(' .. alive, '+inf'), redis.call('ZCOUNT', KEYS[2], '(' .. alive, '+inf') }`)
const findDeadScript = createLuaScript(`${NOW}
local dead = {}
for _, id in ipairs(ARGV) do
  local seen = redis.call('ZSCORE', KEYS[1], id)
  if seen and tonumber(seen) <= alive then dead[#dead + 1] = id end
end
return dead`)

export const createWorkerDirectory = (options: { readonly redis: Redis; readonly prefix: string }): WorkerDirectory => {
  const { redis, prefix } = options
  const { workers, readyWorkers } = createRedisKeys(prefix)
  const keys = [workers, readyWorkers]
  return {
    async beat({ id, isReady }) {
      await beatScript(redis, keys, [id, isReady ? '1' : '0'])
    },
    async leave(id) {
      await leaveScript(redis, keys, [id])
    },
    async count() {
      const counts = await countScript(redis, keys)
      const [alive, ready] = Array.isArray(counts) ? counts.map(Number) : []
      return { ready: ready ?? 0, notReady: (alive ?? 0) - (ready ?? 0) }
    },
    async findDead(ids) {
      if (ids.length === 0) return []
      const dead = await findDeadScript(redis, keys, ids)
      return Array.isArray(dead) ? dead.map(String) : []
    },
  }
}
