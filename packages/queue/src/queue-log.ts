import type { Redis } from '@runnel/redis'
import { isLostConnection, isLostLock } from './bullmq-internals/lock.ts'

/** The part of a pino logger that is needed here. */
export interface Log {
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface QueueLog extends Log {
  /** Logs an error of the queue once, even if BullMQ repeats it. Skips errors that are logged elsewhere. */
  readonly report: (error: unknown) => void
  /** The queue works again: log the next error even if it is the same. */
  settle(): void
}

/** `redis` is the queue's connection. Its owner logs when it is away, so errors of that time are skipped. */
export const createQueueLog = (redis: Redis, log: Log): QueueLog => {
  let last = ''
  return {
    warn: (details, message) => log.warn(details, message),
    error: (details, message) => log.error(details, message),
    report(given) {
      const error =
        given instanceof Error ? given : new Error('A value that is not an Error was thrown', { cause: given })
      if (redis.status !== 'ready' || isLostConnection(error) || isLostLock(error) || error.message === last) return
      last = error.message
      log.error({ err: error }, 'The queue reported an error')
    },
    settle() {
      last = ''
    },
  }
}
