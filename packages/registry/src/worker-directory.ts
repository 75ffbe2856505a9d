import type { Redis } from 'ioredis'

export interface WorkerEntry {
  readonly id: string
}

export interface WorkerDirectory {
  /** Says that the worker is alive; to be repeated well within 15 s. */
  beat(worker: WorkerEntry): Promise<void>
  leave(id: string): Promise<void>
  /** How many workers were alive within the last 15 s. */
  count(): Promise<number>
}

/** Three missed beats of five seconds. */
const ALIVE_MS = 15_000

/** Redis tells the time, so that hosts whose clocks differ agree on who is alive. */
const NOW = `local time = redis.call('TIME') local now = time[1] * 1000 + math.floor(time[2] / 1000)`
const BEAT = `${NOW}
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])`
const COUNT = `${NOW}
return redis.call('ZCOUNT', KEYS[1], '(' .. (now - ARGV[1]), '+inf')`

export const createWorkerDirectory = (options: { readonly redis: Redis; readonly prefix: string }): WorkerDirectory => {
  const { redis, prefix } = options
  const key = `${prefix}:workers`
  return {
    async beat({ id }) {
      await redis.eval(BEAT, 1, key, id, ALIVE_MS)
    },
    async leave(id) {
      await redis.zrem(key, id)
    },
    async count() {
      return Number(await redis.eval(COUNT, 1, key, ALIVE_MS))
    },
  }
}
