import type { Redis } from '@runnel/redis'
import { isLostConnection, isLostLock } from './bullmq-internals/lock.ts'

/** What a logger must do here; pino's does. */
export interface Log {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface QueueLog extends Log {
  /** Logs a fault of the queue once, however often BullMQ meets it, and not at all where it is said elsewhere. */
  readonly report: (error: unknown) => void
  /** All is well again: the next fault is news. */
  settle(): void
}

/** `redis` is the queue's connection: that it is away is logged by its owner, once. */
export const createQueueLog = (redis: Redis, log: Log): QueueLog => {
  let last = ''
  return {
    warn: (details, message) => log.warn(details, message),
    error: (details, message) => log.error(details, message),
    report(given) {
      const error =
        given instanceof Error ? given : new Error('Something that is no error was thrown', { cause: given })
      if (redis.status !== 'ready' || isLostConnection(error) || isLostLock(error) || error.message === last) return
      last = error.message
      log.error({ err: error }, 'The queue reported an error')
    },
    settle() {
      last = ''
    },
  }
}
