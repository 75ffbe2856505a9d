import { setTimeout as delay } from 'node:timers/promises'
import { RequestError } from '@runnel/contract/public'
import { JobNotFoundError } from '@runnel/output/subscriber'
import type { FastifyBaseLogger } from 'fastify'
import type { Audit } from '../access/audit.ts'
import type { Backend } from '../backend.ts'
import { isRedisOutage } from '../errors/redis-outage.ts'
import { cancelJob } from './cancel-job.ts'

/** A Redis that restarts is back within seconds. */
const TRIES = 30
const PAUSE_MS = 1_000

const isOutage = (error: unknown): boolean =>
  isRedisOutage(error) || (error instanceof RequestError && error.code === 'redis-unavailable')
const isNowhere = (error: unknown): boolean =>
  error instanceof JobNotFoundError || (error instanceof RequestError && error.code === 'job-not-found')

/**
 * Cancels a job whose client has gone, or will hear no more of it, trying again while Redis is away. Nobody waits for it,
 * so it never throws. A server that closes lets it be: its clients come back to another.
 */
export const cancelAbandoned = async (
  backend: Backend,
  jobId: string,
  { closing, log, audit }: { readonly closing: AbortSignal; readonly log: FastifyBaseLogger; readonly audit: Audit },
): Promise<void> => {
  for (let tries = 1; !closing.aborted; tries += 1) {
    try {
      await cancelJob(backend, jobId, audit)
      return
    } catch (error) {
      if (isNowhere(error)) return
      if (tries < TRIES && isOutage(error)) await delay(PAUSE_MS, undefined, { signal: closing }).catch(() => {})
      else return log.error({ err: error, jobId }, 'A job whose client has gone could not be canceled')
    }
  }
}
