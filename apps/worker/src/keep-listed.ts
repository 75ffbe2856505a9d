import type { Redis } from '@runnel/process'
import type { WorkerDirectory } from '@runnel/registry'

/** Three beats fit into the time after which a silent worker no longer counts. */
const BEAT_MS = 4_000

/** Tells the API, beat by beat, that this worker takes jobs; takes it off the list when it stops. */
export const keepListed = (options: {
  readonly directory: WorkerDirectory
  readonly redis: Redis
  readonly id: string
  readonly isTaking: () => boolean
}): AsyncDisposable => {
  const { directory, redis, id, isTaking } = options
  // A beat that Redis does not hear is logged by the connection and made good by the next one.
  const beat = () => void (isTaking() ? directory.beat({ id }) : directory.leave(id)).catch(() => {})
  beat()
  redis.on('ready', beat)
  const timer = setInterval(beat, BEAT_MS)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      redis.off('ready', beat)
      await directory.leave(id).catch(() => {})
    },
  }
}
