import type { Redis } from '@runnel/redis'
import type { WorkerDirectory } from '@runnel/registry'

/** Three beats fit into the time after which a silent worker counts as dead. */
const BEAT_MS = 4_000

export interface Listed extends AsyncDisposable {
  /** Whether this worker is ready has changed: says so at once. */
  tell(): void
}

/**
 * Tells everybody, beat by beat, that this worker is alive, and whether it takes jobs; that it has died when it is
 * disposed. Until then nobody may take its containers for a dead worker's, so it comes before and goes after them.
 */
export const keepListed = (options: {
  readonly directory: WorkerDirectory
  readonly redis: Redis
  readonly id: string
  readonly isReady: () => boolean
}): Listed => {
  const { directory, redis, id, isReady } = options
  // A beat that Redis does not hear is logged by the connection and made good by the next one.
  const tell = () => void directory.beat({ id, isReady: isReady() }).catch(() => {})
  tell()
  redis.on('ready', tell)
  const timer = setInterval(tell, BEAT_MS)
  return {
    tell,
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      redis.off('ready', tell)
      await directory.leave(id).catch(() => {})
    },
  }
}
