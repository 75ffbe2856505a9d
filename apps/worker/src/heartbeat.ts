import type { Redis } from '@runnel/redis'
import type { WorkerDirectory } from '@runnel/registry'

/** A worker counts as dead after three missed beats and a little more. */
const BEAT_MS = 4_000

export interface Heartbeat extends AsyncDisposable {
  /** Sends one now, because the state has changed. */
  send(): void
}

/**
 * Reports every few seconds that this worker is alive and whether it takes jobs, and that it has left when it is disposed.
 * Other workers remove the containers of a worker whose heartbeat stops, so it starts before the first container is made
 * and ends after the last one is removed.
 */
export const startHeartbeat = (options: {
  readonly directory: WorkerDirectory
  readonly redis: Redis
  readonly id: string
  readonly isReady: () => boolean
}): Heartbeat => {
  const { directory, redis, id, isReady } = options
  // The connection logs that Redis is away, and the next beat replaces a lost one.
  const send = () => void directory.beat({ id, isReady: isReady() }).catch(() => {})
  send()
  redis.on('ready', send)
  const timer = setInterval(send, BEAT_MS)
  return {
    send,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      redis.off('ready', send)
      await directory.leave(id).catch(() => {})
    },
  }
}
