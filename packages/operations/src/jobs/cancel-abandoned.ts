import { setTimeout as delay } from 'node:timers/promises'
import { toRequestError } from '../request-errors.ts'
import type { Requester } from '../requester.ts'
import type { SandboxParts } from '../sandboxes/sandbox-parts.ts'
import { cancelJob } from './cancel-job.ts'

/** A Redis that restarts is back within seconds. */
const TRIES = 30
const PAUSE_MS = 1_000

/**
 * Cancels a job whose client has gone. It tries again while Redis is away, and never throws. It stops when `closing`
 * aborts: the clients of a server that stops come back to another one.
 */
export const cancelAbandoned = async (
  parts: SandboxParts,
  requester: Requester,
  jobId: string,
  closing: AbortSignal,
): Promise<void> => {
  for (let tries = 1; !closing.aborted; tries += 1) {
    try {
      await cancelJob(parts, requester, jobId)
      return
    } catch (error) {
      const { code } = toRequestError(error)
      if (code === 'job-not-found') return
      if (tries < TRIES && code === 'redis-unavailable') {
        await delay(PAUSE_MS, undefined, { signal: closing }).catch(() => {})
      } else return parts.log.error({ err: error, jobId }, 'A job whose client has gone could not be canceled')
    }
  }
}
